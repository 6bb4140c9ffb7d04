"""A vendor's page: its status moves with a reason, a field is edited in place, and its bank account takes a buyer and finance."""

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect

from buyside.db.vendors import VendorContact
from buyside.domain.access import Role
from tests.serving import SignedIn
from tests.world import World

pytestmark = pytest.mark.rule("ACC-7")

CANARY = "DE02120300000000202051"
"""An account whose number must stand nowhere but where it was asked for."""
PARTS = (CANARY, "DE02 1203 0000 0000 2020 51", CANARY[4:], "BYLADEM1001", "BYLADEM1")


@pytest.fixture(scope="module")
def acme(database: Any) -> str:
    """A vendor that sells bolts, with a contact and an open order; its code."""
    with World.open() as world:
        world.organisation(name="Own Works")
        bolt, main = world.item("Bolt"), world.warehouse()
        vendor = world.vendor("Acme", email="orders@acme.example").supplies(bolt)
        world.add(VendorContact(vendor_id=vendor.id, name="Cora", email="cora@acme.example"))
        world.order(vendor, main, (bolt, 5), issued=True)
    return vendor.row.code


def looks(window: Any, name: str) -> None:
    for theme in ("light", "dark"):
        assert window.violations(theme) == [], (name, theme)


def confirm(page: Page, action: str) -> None:
    page.get_by_role("alertdialog").get_by_role("button", name=action, exact=True).click()


def panel_of(page: Page) -> Locator:
    return page.locator("aside.split-panel")


@pytest.mark.rule("VEN-2")
def test_a_buyer_edits_in_place_and_moves_the_status(acme: str, visit: Callable[..., Any]) -> None:
    window = visit(Role.BUYER)
    window.open(f"/vendors/{acme}")
    page: Page = window.page
    expect(page.get_by_role("heading", name=acme).first).to_be_visible()
    expect(page.get_by_text("Receives new orders.")).to_be_visible()
    expect(page.get_by_role("table", name="Open orders").get_by_role("row")).to_have_count(2)
    legal = page.get_by_label("Legal name")
    legal.fill("Acme Works GmbH")
    legal.press("Enter")
    history = page.get_by_role("table", name="History of the vendor")
    expect(history.get_by_text("Acme Works GmbH")).to_be_visible()
    weekdays = page.get_by_label("Order weekdays")
    weekdays.fill("someday")
    weekdays.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="days such as mon,wed")).to_be_visible()
    weekdays.fill("mon,wed")
    weekdays.press("Enter")
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("tab", name="Contacts").click()
    page.get_by_role("button", name="New contact").first.click()
    expect(page.locator("[row-index='t-0'] input").first).to_be_focused()
    page.keyboard.type("Dora Lind")
    page.keyboard.press("Enter")
    expect(history.get_by_text("Dora Lind").first).to_be_visible()
    page.keyboard.press("Escape")
    looks(window, "vendor")

    page.get_by_role("button", name="Put on hold").click()
    asked = page.get_by_role("dialog", name="Put on hold")
    asked.get_by_role("button", name="Put on hold").click()
    expect(asked.get_by_text("Say why.")).to_be_visible()
    asked.get_by_label("Why").fill("Audit failed")
    asked.get_by_role("button", name="Put on hold").click()
    expect(page.get_by_text("Open orders go on; new ones are not issued. Why: Audit failed")).to_be_visible()
    expect(page.get_by_role("button", name="Set active")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Legal name")).to_have_value("Acme Works GmbH")
    expect(page.get_by_label("Order weekdays")).to_have_value("Mon, Wed")
    assert window.problems == []


def test_who_may_not_edit_reads_and_an_unknown_vendor_is_told(acme: str, visit: Callable[..., Any]) -> None:
    for role in (Role.MANAGER, Role.FINANCE):
        window = visit(role)
        window.open(f"/vendors/{acme}")
        page: Page = window.page
        expect(page.get_by_role("heading", name=acme).first).to_be_visible()
        expect(page.get_by_role("heading", name="Bank accounts")).to_be_visible()
        assert page.locator(".in-place").count() == 0
        assert page.get_by_role("button", name="Put on hold").count() == 0
        assert page.get_by_role("button", name="New vendor item").count() == 0
    window.open("/vendors/no-such-vendor")
    expect(page.get_by_text("There is no vendor no-such-vendor")).to_be_visible()
    looks(window, "unknown")
    assert window.problems == []


def test_an_account_takes_a_buyer_and_finance_and_its_number_stands_nowhere(
    acme: str, visit: Callable[..., Any], sign_in: Callable[..., SignedIn], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    window = visit(Role.BUYER)
    window.open(f"/vendors/{acme}")
    page: Page = window.page
    page.get_by_role("link", name="Enter account").click()
    asked = page.get_by_role("dialog", name="Enter account")
    expect(asked.get_by_label("Vendor")).to_have_value(acme)
    asked.get_by_label("IBAN", exact=True).fill(CANARY[:-1] + "2")
    asked.get_by_label("BIC").fill("BYLADEM1001")
    asked.get_by_label("Why").fill("Letter of today, called back")
    asked.get_by_role("button", name="Ask for approval").click()
    expect(asked.get_by_text("its check digits do not fit")).to_be_visible()
    looks(window, "enter")
    asked.get_by_label("IBAN", exact=True).fill(CANARY)
    asked.get_by_role("button", name="Ask for approval").click()
    expect(panel_of(page).get_by_text("You asked for this yourself")).to_be_visible()
    assert panel_of(page).get_by_role("button", name="Approve").count() == 0
    expect(page.locator(".ag-row", has_text="DE02 … 2051")).to_be_visible()
    looks(window, "own")

    other = visit(Role.FINANCE)
    frames: list[str] = []
    other.page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: frames.append(str(frame))))
    other.open("/bank-accounts")
    approver: Page = other.page
    approver.locator(".ag-row", has_text=acme).click()
    panel = panel_of(approver)
    expect(panel.get_by_role("table", name="The account before and after")).to_contain_text("DE02 … 2051")
    assert "cora%40acme.example" in (panel.get_by_role("link", name="Cora").get_attribute("href") or "")
    written = [panel.get_by_label("Text of the notice").input_value(), approver.content(), page.content(), *frames]
    panel.get_by_role("button", name="Show number: Proposed").click()
    expect(panel.get_by_text("DE02 1203 0000 0000 2020 51")).to_be_visible()
    looks(other, "revealed")
    panel.get_by_role("button", name="Hide").click()
    expect(panel.get_by_text("DE02 1203 0000 0000 2020 51")).to_have_count(0)
    expect(panel.get_by_text("seen whole")).to_be_visible()
    panel.get_by_role("button", name="Approve").click()
    confirm(approver, "Approve")
    expect(panel.get_by_text("Current", exact=True).first).to_be_visible()
    written += [approver.content(), panel.get_by_label("Text of the notice").input_value()]

    watcher = visit(Role.MANAGER)
    watcher.page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: written.append(str(frame))))
    for path in (f"/bank-accounts?vendor={acme}", f"/vendors/{acme}", "/vendors"):
        watcher.open(path)
        written.append(watcher.page.content())
    watcher.open("/bank-accounts")
    watcher.page.locator(".ag-row", has_text=acme).click()
    expect(panel_of(watcher.page).get_by_text("DE02 … 2051").first).to_be_visible()
    assert panel_of(watcher.page).get_by_role("button", name="Show number").count() == 0
    written.append(watcher.page.content())

    scope = quote(f'{{"vendor_code":"{acme}"}}')
    for path in (
        f"/api/grid/bank-accounts?scope={scope}",
        "/api/grid/bank-accounts.csv",
        "/api/grid/bank-accounts.xlsx",
    ):
        answer = watcher.page.request.get(watcher.address + path)
        written.append(answer.body().decode("utf-8", "replace"))
        assert path.endswith("xlsx") or "DE02 … 2051" in written[-1], (path, answer.status)
    assert not [part for part in PARTS for text in [*written, caplog.text] if part in text]
    assert window.problems == other.problems == watcher.problems == []
