"""An administrator invites people, gives and takes access, and ends sessions; whoever is concerned feels it with the next click."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from playwright.sync_api import Error, Locator, Page, expect
from sqlmodel import col, select

from buyside.db.engine import sessions
from buyside.db.people import AppUser, UserRole, UserSession
from buyside.domain.access import OPERATOR, Role
from buyside.operations.people import add_user
from buyside.operations.run import perform
from tests.world import World


@pytest.fixture(scope="module")
def company(database: Any) -> str:
    """Who buys, a vendor, and a user of vendors; the vendor's code."""
    with World.open() as world:
        world.organisation(name="Own Works")
        acme = world.vendor("Acme")
    perform(add_user, OPERATOR, name="Vera Stone", roles=(Role.VENDOR,), email="vera@acme.example")
    return acme.row.code


def row(page: Page, text: str) -> Locator:
    """The row of a grid in which a text stands."""
    return page.locator(".ag-row", has_text=text).first


def open_row(page: Page, text: str) -> Locator:
    """The panel of the row in which a text stands."""
    row(page, text).click()
    panel = page.locator("aside.split-panel")
    expect(panel.get_by_role("heading", name=text)).to_be_visible()
    return panel


def confirm(page: Page, action: str) -> None:
    page.get_by_role("alertdialog").get_by_role("button", name=action, exact=True).click()


def _act(page: Page, act: Callable[[Page], Any]) -> None:
    """One more act on a page whose session has ended leads out; the closed socket may have led out already."""
    with suppress(Error):
        page.set_default_timeout(3_000)
        act(page)
    page.wait_for_url("**/auth/sign-in**", timeout=20_000)


def choose(form: Locator, label: str, option: str) -> None:
    form.get_by_label(label).select_option(label=option)


@pytest.mark.rule("ACC-8")
def test_somebody_new_is_added_and_invited(company: str, visit: Callable[..., Any]) -> None:
    window = visit(Role.ADMIN)
    window.open("/admin/users")
    page: Page = window.page
    page.get_by_role("button", name="Add staff").click()
    form = page.get_by_role("dialog", name="Add staff")
    form.get_by_label("Name").fill("Ada Quill")
    form.get_by_label("E-mail").fill("ada at example")
    form.get_by_role("button", name="Add", exact=True).click()
    expect(form.get_by_text("Give Ada Quill at least one role")).to_be_visible()
    form.get_by_label("Buyer").check()
    form.get_by_role("button", name="Add", exact=True).click()
    expect(form.get_by_text("“ada at example” is no e-mail address")).to_be_visible()
    form.get_by_label("E-mail").fill("Ada@Example.com")
    for theme in ("light", "dark"):
        assert window.violations(theme) == [], theme
    form.get_by_role("button", name="Add", exact=True).click()

    panel = page.locator("aside.split-panel")
    expect(panel.get_by_role("heading", name="Ada Quill")).to_be_visible()
    expect(panel.get_by_text("Invited", exact=True)).to_be_visible()
    text = panel.get_by_label("Text of the invitation").input_value()
    assert f"Open {window.address} and sign in with your account for ada@example.com." in text
    assert "you are invited to Buyside of Own Works" in text
    expect(panel.get_by_text("Buyside sends no mail yet")).to_be_visible()
    mail = panel.get_by_role("link", name="Open in mail program").get_attribute("href") or ""
    assert mail.startswith("mailto:ada%40example.com?subject=Your%20invitation")
    for theme in ("light", "dark"):
        assert window.violations(theme) == [], theme

    panel.get_by_role("button", name="Revoke").click()
    confirm(page, "Revoke")
    expect(panel.get_by_text("Not invited")).to_be_visible()
    panel.get_by_role("button", name="Invite").click()
    expect(panel.get_by_label("Text of the invitation")).to_be_visible()
    expect(row(page, "Ada Quill")).to_contain_text("Invited")
    assert window.problems == []


@pytest.mark.rule("ACC-1")
def test_roles_are_given_and_taken_and_nobody_takes_their_own(company: str, visit: Callable[..., Any]) -> None:
    perform(add_user, OPERATOR, name="Bo Lind", roles=(Role.BUYER,))
    window = visit(Role.ADMIN)
    window.open("/admin/users")
    page: Page = window.page
    panel = open_row(page, "Bo Lind")
    panel.get_by_role("button", name="Roles").click()
    form = page.get_by_role("dialog", name="Roles of Bo Lind")
    expect(form.get_by_label("Buyer")).to_be_checked()
    form.get_by_label("Buyer").uncheck()
    form.get_by_label("Receiver").check()
    form.get_by_label("Sales").check()
    form.get_by_role("button", name="Set roles").click()
    expect(panel.get_by_text("Receiver, Sales")).to_be_visible()
    expect(row(page, "Bo Lind")).to_contain_text("Receiver, Sales")

    panel = open_row(page, "Admin Person")
    expect(panel.get_by_role("button", name="Disable")).to_have_count(0)
    panel.get_by_role("button", name="Roles").click()
    form = page.get_by_role("dialog", name="Roles of Admin Person")
    form.get_by_label("Admin").uncheck()
    form.get_by_label("Buyer").check()
    form.get_by_role("button", name="Set roles").click()
    expect(form.get_by_text("Nobody can take administration from themselves.")).to_be_visible()
    with sessions()() as session:
        held = select(UserRole.role).join(AppUser, col(AppUser.id) == col(UserRole.user_id))
        assert session.exec(held.where(AppUser.name == "Admin Person")).all() == ["admin"]


@pytest.mark.rule("ACC-4")
def test_a_disabled_persons_open_page_is_refused_at_its_next_click(company: str, visit: Callable[..., Any]) -> None:
    colleague = visit(Role.FINANCE)
    colleague.open("/orders")
    window = visit(Role.ADMIN)
    window.open("/admin/users")
    panel = open_row(window.page, "Finance Person")
    expect(panel.get_by_role("link", name="In one browser")).to_be_visible()
    panel.get_by_role("button", name="Disable").click()
    confirm(window.page, "Disable")
    expect(panel.get_by_text("Disabled", exact=True)).to_be_visible()
    expect(panel.get_by_text("Nowhere")).to_be_visible()
    _act(colleague.page, lambda page: page.get_by_label("Search items").fill("Acme"))
    with sessions()() as session:
        ended = select(UserSession.ended_because).join(AppUser, col(AppUser.id) == col(UserSession.user_id))
        assert set(session.exec(ended.where(AppUser.name == "Finance Person")).all()) == {"user disabled"}
    panel.get_by_role("button", name="Enable").click()
    expect(panel.get_by_role("button", name="Disable")).to_be_visible()


@pytest.mark.rule("VEN-1")
def test_a_vendor_is_opened_to_a_person_and_closed_again(company: str, visit: Callable[..., Any]) -> None:
    window = visit(Role.ADMIN)
    window.open("/admin/memberships")
    page: Page = window.page
    page.get_by_role("button", name="Grant access").click()
    form = page.get_by_role("dialog", name="Grant access")
    choose(form, "Person", "Vera Stone · vera@acme.example")
    choose(form, "Vendor", f"Acme · {company}")
    for theme in ("light", "dark"):
        assert window.violations(theme) == [], theme
    form.get_by_role("button", name="Grant access").click()
    panel = page.locator("aside.split-panel")
    expect(panel.get_by_role("heading", name="Vera Stone")).to_be_visible()
    expect(panel.get_by_text("Active", exact=True)).to_be_visible()
    for theme in ("light", "dark"):
        assert window.violations(theme) == [], theme

    page.get_by_role("button", name="Grant access").click()
    choose(form, "Person", "Vera Stone · vera@acme.example")
    choose(form, "Vendor", f"Acme · {company}")
    form.get_by_role("button", name="Grant access").click()
    expect(form.get_by_text("Vera Stone acts for Acme already in that time.")).to_be_visible()
    form.get_by_role("button", name="Back").click()

    panel.get_by_role("button", name="End now").click()
    confirm(page, "End now")
    expect(panel.get_by_text("Ended", exact=True)).to_be_visible()
    expect(panel.get_by_role("button", name="End now")).to_have_count(0)
    panel.get_by_role("link", name="Vera Stone").click()
    page.wait_for_url("**/admin/users?user=*")
    expect(page.locator("aside.split-panel").get_by_role("heading", name="Vera Stone")).to_be_visible()
    assert window.problems == []


@pytest.mark.rule("ACC-4")
def test_a_session_is_ended_from_the_list_and_ones_own_is_marked(company: str, visit: Callable[..., Any]) -> None:
    colleague = visit(Role.MANAGER)
    colleague.open("/stock")
    window = visit(Role.ADMIN)
    window.open("/admin/sessions")
    page: Page = window.page
    expect(page.get_by_text("This browser").first).to_be_visible()
    panel = open_row(page, "Manager Person")
    for theme in ("light", "dark"):
        assert window.violations(theme) == [], theme
    panel.get_by_role("button", name="End session").click()
    confirm(page, "End session")
    expect(panel.get_by_text("ended by an administrator")).to_be_visible()
    expect(row(page, "Manager Person")).to_have_count(0)
    _act(colleague.page, lambda page: page.get_by_role("button", name="Ledger").click())

    row(page, "This browser").click()
    expect(panel.get_by_text("the session you are working in")).to_be_visible()
    expect(panel.get_by_role("button", name="End session")).to_have_count(0)
    assert window.problems == []


@pytest.mark.rule("ACC-2")
def test_the_heading_of_administration_is_there_for_administrators_alone(visit: Callable[..., Any]) -> None:
    for role, is_there in ((Role.ADMIN, True), (Role.BUYER, False), (Role.SALES, False)):
        window = visit(role)
        window.open("/")
        heading = window.page.get_by_role("navigation", name="Main").get_by_text("Administration")
        expect(heading).to_have_count(1 if is_there else 0)


def test_the_pages_of_people_are_used_by_keys_alone(company: str, visit: Callable[..., Any]) -> None:
    window = visit(Role.ADMIN)
    window.open("/")
    page: Page = window.page
    page.keyboard.press("g")
    page.keyboard.press("u")
    page.wait_for_url("**/admin/users**")
    expect(row(page, "Vera Stone")).to_be_visible()
    page.locator(".ag-row [col-id='name']").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("aside.split-panel")).to_be_visible()
    page.get_by_role("button", name="Add vendor's user").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Add vendor's user")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Add vendor's user")).to_have_count(0)
