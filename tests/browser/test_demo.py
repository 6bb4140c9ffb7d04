"""The demo as a person meets it: both surfaces and the provider's own process, in one Chromium."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from buyside.cli import demo_people
from buyside.config import ROOT, settings
from buyside.identity import oidc
from buyside.web.environments import of_demo_provider
from tests.browser.conftest import Visitor
from tests.conftest import Database
from tests.providers.house import invite, wait_until
from tests.serving import portal_running

VENDORS_PERSON = "Vera Lund"


@dataclass(frozen=True)
class Demo:
    """Where everything is."""

    internal: str
    portal: str
    provider: str


@pytest.fixture(scope="module")
def demo(database: Database, served: str, portal_built: None) -> Iterator[Demo]:
    """What `make demo` starts, with its staff and one vendor's person, who is invited."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BUYSIDE_DEMO", "1")
        settings.cache_clear()
        given = settings().with_demo_provider()
        knows = of_demo_provider(given)
        for name in [each for each in knows if "OIDC" in each]:
            patch.setenv(name, knows[name])  # as the supervisor hands them to a surface's process
        settings.cache_clear()
        oidc._provider.cache_clear()
        demo_people.people_can_sign_in()
        invite(database, "portal", VENDORS_PERSON, email="vera.lund@example.org")
        command = [sys.executable, "-m", "buyside.web.demo_provider"]
        with subprocess.Popen(command, cwd=ROOT, env=knows, stdin=subprocess.PIPE) as process:
            wait_until(f"{given.demo_issuer}/ping")
            with portal_running() as portal:
                yield Demo(served, portal.address, given.demo_issuer)
            assert process.stdin is not None
            process.stdin.close()
    settings.cache_clear()
    oidc._provider.cache_clear()


@pytest.fixture
def new_tab(browser: Browser, demo: Demo) -> Iterator[Callable[[], Page]]:
    """Opens one more tab of a browser that begins with nobody signed in."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    context.set_default_timeout(20_000)
    yield context.new_page
    context.close()


def comes_in(page: Page, address: str, button: str, *, path: str = "/") -> None:
    """From a page of a surface, by the provider's list, back to that page."""
    page.goto(address + path)
    page.get_by_role("button", name=button).click()
    page.wait_for_url(f"{address}{path}**")
    page.wait_for_selector("#who:not(:empty)", state="attached")


def signs_out(page: Page) -> None:
    page.locator(".who").click()
    page.get_by_role("menuitem", name="Sign out").click()


def test_the_list_of_people_can_be_read_by_everybody(new_tab: Callable[[], Page], demo: Demo) -> None:
    page = new_tab()
    for address, button in ((demo.internal, "Jonas Wiegand Buyer"), (demo.portal, f"{VENDORS_PERSON} Vendor of")):
        page.goto(address)
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        expect(page.get_by_role("button", name=button)).to_be_visible()
        window = Visitor(page, address, [])
        assert [window.violations(theme) for theme in ("light", "dark")] == [[], []]


@pytest.mark.rule("ACC-8")
def test_staff_come_in_by_a_click_and_leave_from_every_tab(new_tab: Callable[[], Page], demo: Demo) -> None:
    page, other = new_tab(), new_tab()
    comes_in(page, demo.internal, "Jonas Wiegand", path="/orders")
    assert "Jonas Wiegand" in page.locator("#who").inner_text()
    other.goto(demo.internal)
    other.wait_for_selector("#who:not(:empty)", state="attached")
    signs_out(page)
    page.wait_for_url(f"{demo.internal}/auth/signed-out?state=*")  # by way of the provider
    expect(other.get_by_role("heading", name="Signed out")).to_be_visible()
    page.goto(demo.provider)
    expect(page.get_by_text("Nobody is signed in")).to_be_visible()


@pytest.mark.rule("ACC-8")
def test_an_invited_vendor_comes_in_by_a_click_and_leaves_from_every_tab(
    new_tab: Callable[[], Page], demo: Demo
) -> None:
    page, other = new_tab(), new_tab()
    page.goto(demo.portal)
    expect(page.get_by_role("button", name=VENDORS_PERSON)).to_contain_text("invited")
    comes_in(page, demo.portal, VENDORS_PERSON)
    other.goto(demo.portal)
    other.wait_for_selector("#who:not(:empty)", state="attached")
    signs_out(page)
    page.wait_for_url(f"{demo.portal}/auth/signed-out?state=*")  # by way of the provider
    expect(other.get_by_role("heading", name="Signed out")).to_be_visible()
    page.get_by_role("link", name="Sign in").click()
    expect(page.get_by_role("button", name=VENDORS_PERSON)).not_to_contain_text("invited")


@pytest.mark.rule("ACC-8")
def test_who_signs_out_at_the_provider_leaves_that_surface_and_no_other(
    new_tab: Callable[[], Page], demo: Demo
) -> None:
    staff, vendor, at_provider = new_tab(), new_tab(), new_tab()
    comes_in(staff, demo.internal, "Marta Quintela")
    comes_in(vendor, demo.portal, VENDORS_PERSON)
    at_provider.goto(demo.provider)
    at_provider.get_by_role("button", name=f"Sign out {VENDORS_PERSON}").click()
    expect(at_provider.get_by_role("button", name="Sign out Marta Quintela")).to_be_visible()
    expect(at_provider.get_by_role("button", name=VENDORS_PERSON)).to_have_count(0)
    vendor.wait_for_url(f"{demo.provider}/**")  # asked anew, as the browser itself did not sign out
    staff.reload()
    staff.wait_for_selector("#who:not(:empty)", state="attached")
