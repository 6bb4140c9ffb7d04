"""Every sheet of master data is a page: a buyer builds what is to be bought with the keyboard alone, others change what is theirs."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlmodel import col, select

from buyside.db.engine import sessions
from buyside.db.items import Item, PriceBreak, VendorItem
from buyside.db.vendors import Vendor
from buyside.db.views import SavedView
from buyside.domain.access import GRANTS, Role
from buyside.domain.all_sheets import sheet_named
from buyside.pages.routes import SHEET_ROUTES
from tests.world import World

_MOST_TABS = 80


@pytest.fixture(scope="module")
def company(database: Any) -> None:
    """The own organisation, a unit and one item, made of nothing and bought from nobody."""
    with World.open() as world:
        world.organisation(name="Own Works")
        world.item("Washer", code="WASHER")


def _comes(heading: Locator) -> bool:
    try:
        expect(heading).to_be_visible(timeout=5_000)
    except AssertionError:
        return False
    return True


class Keys:
    """A keyboard, and no mouse."""

    def __init__(self, window: Any) -> None:
        self.window = window
        self.page: Page = window.page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def tab_to(self, name: str) -> None:
        """Go on with Tab until the thing of that name has the focus."""
        said = "(each => (each.getAttribute('aria-label') || each.textContent || '').trim())(document.activeElement)"
        for _ in range(_MOST_TABS):
            if self.page.evaluate(said) == name:
                return
            self.press("Tab")
        raise AssertionError(f"Tab does not lead to {name}")

    def go(self, letter: str, heading: str) -> None:
        """To a page of the navigation, by its letter."""
        there = self.page.get_by_role("heading", level=1, name=heading, exact=True)
        for _ in range(20):  # a grid that saved takes the focus back in its own time, and the letters with it
            self.page.evaluate("document.activeElement.blur()")
            self.page.wait_for_timeout(250)
            if self.page.evaluate("document.activeElement === document.body"):
                self.press("g", letter)
                if _comes(there):
                    return
        raise AssertionError(f"g and {letter} do not lead to {heading}")

    def tab(self, name: str, heading: str = "") -> None:
        """To another list of the family."""
        self.tab_to(name)
        self.press("Enter")
        expect(self.page.get_by_role("heading", level=1, name=heading or name, exact=True)).to_be_visible()

    def begin(self, one: str) -> None:
        """Begin a new row, once the list is there."""
        expect(self.page.locator(".rows-count")).not_to_be_empty()
        self.tab_to(f"New {one}")
        self.press("Enter")
        expect(self.page.locator("[row-index='t-0'] input").first).to_be_focused()

    def fill(self, **cells: str) -> None:
        """Type into cells of the new row, from left to right."""
        for column, text in cells.items():
            for _ in range(_MOST_TABS):
                if self._column == column:
                    break
                self.press("Tab")
            assert self._column == column, column
            self.press("Control+a")
            self.page.keyboard.type(text)
            listed = self.page.get_by_role("option")
            if self.page.evaluate("document.activeElement.getAttribute('role')") == "combobox":
                expect(listed.first).to_be_visible()

    @property
    def _column(self) -> str:
        found: str = self.page.evaluate("document.activeElement.closest('[col-id]')?.getAttribute('col-id') ?? ''")
        return found

    def save(self, what: str) -> None:
        """Save the new row and leave the next one."""
        self.press("Enter")
        expect(self.page.locator(".rows > [aria-live='polite']")).to_contain_text(f"Saved: {what}")
        expect(self.page.locator("[row-index='t-0'] input").first).to_be_focused()
        self.press("Escape")
        expect(self.page.locator("[row-index='t-0']")).to_have_count(0)


@pytest.mark.rule("VEN-1")
@pytest.mark.rule("VEN-3")
@pytest.mark.rule("ITM-1")
def test_a_buyer_builds_what_is_to_be_bought_with_the_keyboard_alone(company: None, visit: Callable[..., Any]) -> None:
    window = visit(Role.BUYER)
    window.open("/")
    keys = Keys(window)

    keys.go("f", "Warehouses")
    keys.tab("Units")
    keys.begin("unit")
    keys.fill(code="box", name="Box", category="count", factor="many")
    keys.press("Enter")
    refusal = window.page.locator("#cell-refusal")
    expect(refusal).to_contain_text("“many” is not a number.")
    for theme in ("light", "dark"):
        assert window.violations(theme) == [], theme
    keys.fill(factor="12")
    keys.save("new unit box")

    keys.go("i", "Items")
    keys.tab("Groups", "Item groups")
    keys.begin("item group")
    keys.fill(code="FAST", name="Fasteners")
    keys.save("new item group FAST")
    keys.tab("Items")
    keys.begin("item")
    keys.fill(code="BOLT", name="Bolt M8", group="FAST", unit="pcs")
    keys.save("new item BOLT")

    keys.go("v", "Vendors")
    keys.begin("vendor")
    keys.fill(code="ACME", name="Acme Bolts Ltd", currency="EUR", email="orders@acme.example")
    keys.save("new vendor ACME")
    keys.tab("Vendor items")
    keys.begin("vendor item")
    keys.fill(vendor="ACME", item="BOLT", vendor_part="A-8", purchase_unit="box", lead_days="5")
    keys.save("new vendor item")
    keys.tab("Prices")
    keys.begin("price")
    keys.fill(vendor="ACME", item="BOLT", unit_price="1,234.50", currency="EUR")
    keys.save("new price")

    with sessions()() as session:
        found = session.execute(
            select(Vendor.code, Item.code, VendorItem.vendor_part, VendorItem.lead_days, PriceBreak.unit_price)
            .join(VendorItem, col(VendorItem.vendor_id) == Vendor.id)
            .join(Item, col(Item.id) == VendorItem.item_id)
            .join(PriceBreak, col(PriceBreak.vendor_item_id) == VendorItem.id)
        ).all()
    assert [(*row[:4], f"{row[4]:.2f}") for row in found] == [("ACME", "BOLT", "A-8", 5, "1234.50")]
    assert window.problems == []


def test_views_find_what_is_missing_and_a_kept_one_is_ones_own(company: None, visit: Callable[..., Any]) -> None:
    window = visit(Role.BUYER)
    window.open("/items?view=no-vendor")
    page = window.page
    expect(page.locator("[row-index='0'] [col-id='code']")).to_have_text("WASHER")
    expect(page.locator("[row-index='1']")).to_have_count(0)
    page.get_by_role("button", name="Your views").click()
    page.get_by_label("Name of a new view").fill("Nobody sells")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_text("The view “Nobody sells” is kept.")).to_be_visible()
    with sessions()() as session:
        kept = session.exec(select(SavedView)).one()
    assert (kept.grid, kept.name, kept.content["view"]) == ("items", "Nobody sells", "no-vendor")
    window.open("/vendors")  # another list has views of its own
    page.get_by_role("button", name="Your views").click()
    expect(page.get_by_role("button", name="Nobody sells")).to_have_count(0)
    other = visit(Role.MANAGER)
    other.open("/items")
    other.page.get_by_role("button", name="Your views").click()
    expect(other.page.get_by_label("Name of a new view")).to_be_visible()
    expect(other.page.get_by_role("button", name="Nobody sells")).to_have_count(0)
    assert window.problems == []


_LOOKED_AT = {
    Role.BUYER: ("option-rules", "payment-term-events", "products"),
    Role.MANAGER: ("vendors", "units"),
    Role.FINANCE: ("vendor-items", "exchange-rates"),
    Role.ADMIN: ("warehouses",),
}


@pytest.mark.rule("ACC-2")
@pytest.mark.parametrize("role", list(_LOOKED_AT))
def test_a_list_offers_to_change_what_ones_roles_may_change_and_fits_a_narrow_screen(
    role: Role, company: None, visit: Callable[..., Any]
) -> None:
    window = visit(role, width=800)
    for name in _LOOKED_AT[role]:
        sheet = sheet_named(name)
        window.open(SHEET_ROUTES[name].path)
        expect(window.page.locator(".rows-count")).not_to_be_empty()
        expect(window.page.locator(".family-tab[aria-current='page']")).to_have_count(1)
        new = window.page.locator(".rows-bar").get_by_role("button", name="New ")
        expect(new).to_have_count(1 if sheet.edit is not None and sheet.edit in GRANTS[role] else 0)
        assert window.page.evaluate("document.documentElement.scrollWidth") <= 800, name
    assert window.problems == []


@pytest.mark.rule("ACC-2")
@pytest.mark.parametrize("role", [Role.REQUESTER, Role.APPROVER])
def test_who_has_nothing_to_do_with_master_data_sees_none_of_it(role: Role, visit: Callable[..., Any]) -> None:
    window = visit(role)
    window.open("/")
    expect(window.page.get_by_role("navigation", name="Main").get_by_text("Master data")).to_have_count(0)
