"""The page of one item: read, edited in place, refused at the field, by one and by two people, in light and dark."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from buyside.domain.access import OPERATOR, Role
from buyside.operations.plans import run_plan, start_run
from buyside.operations.run import perform
from buyside.state.base import now
from tests.world import World

pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True)
class Shop:
    code: str
    order: str
    vendor: str


@pytest.fixture(scope="module")
def shop(database: Any) -> Shop:
    """A frame that is sold in a bike, bought from two vendors, on order, late, in stock and planned."""
    today = OPERATOR.today()
    with World.open() as world:
        world.organisation()
        main = world.warehouse("Main")
        frame = world.item("Frame", code="FR-1 a", safety_stock=Decimal(2), default_warehouse_id=main.id)
        bike = world.variant("Bike")
        world.bom(bike, frame)
        acme = world.vendor("Acme", code="ACME").supplies(frame, pack=4, price="80", breaks={10: "70"})
        world.vendor("Best", code="BEST").supplies(frame, price="21", preference=2)
        world.stock(main, frame, 10)
        order, _ = world.order(acme, main, (frame, 5, "78"), issued=True, expected_on=today - timedelta(days=2))
        world.sales_order(main, (bike, 6, today + timedelta(days=20)), (bike, 60, today + timedelta(days=50)))
        told = Shop(frame.code, order.number, "ACME")
    started = perform(start_run, OPERATOR, as_of=today, at=now())
    perform(run_plan, OPERATOR, run_id=started.run_id)
    return told


def _open(window: Any, code: str = "FR-1%20a") -> Page:
    window.open(f"/items/{code}")
    page: Page = window.page
    expect(page.get_by_role("heading", name="History", exact=True)).to_be_visible()
    return page


def _type(page: Page, field: str, text: str) -> Any:
    found = page.get_by_role("textbox", name=field, exact=True)
    found.fill(text)
    found.blur()
    return found


def _history(page: Page) -> Any:
    return page.get_by_role("region", name="History of the item")


def test_all_about_an_item_stands_on_one_page(shop: Shop, visit: Callable[..., Any]) -> None:
    window = visit(Role.BUYER)
    page = _open(window)
    expect(page.get_by_role("heading", name="FR-1 a Frame")).to_be_visible()
    expect(page.get_by_role("img", name="Stock of FR-1 a in")).to_be_visible()
    expect(page.get_by_role("img", name="Prices of FR-1 a over time")).to_be_visible()
    for numbers in page.get_by_text("Numbers", exact=True).all():
        numbers.click()
    projection = page.get_by_role("region", name="Projection by day")
    expect(projection.get_by_role("link", name=shop.order)).to_be_visible()  # every number leads to what it is made of
    expect(projection.get_by_text("overdue")).to_be_visible()
    expect(page.get_by_role("region", name="Prices of vendors").get_by_role("row")).to_have_count(3)
    expect(page.get_by_role("region", name="Prices paid").get_by_role("link", name=shop.order)).to_be_visible()
    expect(page.get_by_role("region", name="Open orders").get_by_text("2 d late")).to_be_visible()
    expect(page.get_by_role("region", name="Where used").get_by_role("row")).to_have_count(2)
    expect(page.locator("[row-index='0'] [col-id='vendor']").first).to_have_text("ACME")
    for theme in ("light", "dark"):
        assert window.violations(theme) == [], theme
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 1440
    assert window.problems == []


def test_a_field_is_changed_in_place_and_the_history_says_so(shop: Shop, visit: Callable[..., Any]) -> None:
    page = _open(visit(Role.BUYER))
    _type(page, "Name", "Frame, polished")
    expect(page.get_by_role("heading", name="FR-1 a Frame, polished")).to_be_visible()
    expect(_history(page)).to_contain_text("Frame → Frame, polished")
    _type(page, "Safety stock", "2,5 or so")
    expect(page.get_by_role("alert")).to_contain_text("2,5 or so")
    _type(page, "Safety stock", "3.5")
    expect(_history(page)).to_contain_text("2 → 3.5")
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("combobox", name="Inspection required", exact=True).select_option("Yes")
    expect(_history(page)).to_contain_text("Inspection required")
    _type(page, "Order up to", "1")
    _type(page, "Reorder point", "5")  # above the level that is ordered up to
    expect(page.get_by_role("alert")).to_be_visible()


def test_whoever_comes_second_sees_both_values_and_chooses(shop: Shop, visit: Callable[..., Any]) -> None:
    first, second = _open(visit(Role.BUYER)), _open(visit(Role.BUYER))
    first.get_by_role("textbox", name="Why").fill("asked by racing")
    _type(first, "Description", "for racing")
    expect(_history(first)).to_contain_text("for racing")
    expect(_history(first)).to_contain_text("asked by racing")
    _type(second, "Make lead days", "4")  # another field: both are kept
    expect(_history(second)).to_contain_text("Make lead days")
    expect(second.get_by_role("textbox", name="Description", exact=True)).to_have_value("for racing")
    _type(first, "Name", "Theirs")  # `first` is behind now by a field that it did not touch
    expect(_history(first)).to_contain_text("Theirs")
    _type(second, "Name", "Mine")
    asked = second.get_by_role("dialog")
    expect(asked).to_contain_text("Theirs")
    asked.get_by_role("button", name="Save mine").click()
    expect(second.get_by_role("heading", name="FR-1 a Mine")).to_be_visible()


def test_a_price_of_the_item_is_made_beside_it(shop: Shop, visit: Callable[..., Any]) -> None:
    page = _open(visit(Role.BUYER))
    page.get_by_role("tab", name="Prices", exact=True).click()
    price = page.locator("[row-index='0'] [col-id='unit_price']").last
    expect(price).to_contain_text("80")
    price.click()
    page.keyboard.press("Enter")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("76.5")
    page.keyboard.press("Enter")
    expect(price).to_contain_text("76.5")
    expect(_history(page)).to_contain_text("80.00 → 76.50")


def test_who_may_not_change_it_reads_it(shop: Shop, visit: Callable[..., Any]) -> None:
    window = visit(Role.MANAGER)
    page = _open(window)
    data = page.locator(".item-data")
    expect(data).to_contain_text("FR-1 a")
    expect(data.get_by_role("textbox")).to_have_count(0)
    expect(data.get_by_role("combobox")).to_have_count(0)
    expect(page.get_by_role("button", name="Retire")).to_have_count(0)
    assert window.violations("light") == []


def test_an_unknown_code_says_so_and_leads_to_the_list(shop: Shop, visit: Callable[..., Any]) -> None:
    window = visit(Role.BUYER)
    window.open("/items/no-such-item")
    expect(window.page.get_by_text("There is no item no-such-item")).to_be_visible()
    window.page.get_by_role("link", name="All items").click()
    window.page.wait_for_url("**/items")
