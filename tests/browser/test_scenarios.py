"""A buyer asks what if: from an item to a scenario with its change, calculated beside the plan; a manager only looks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from buyside.domain.access import Role
from buyside.operations.plans import run_plan, start_run
from buyside.operations.run import perform
from tests.world import NOW, TODAY, World


@dataclass(frozen=True)
class Shop:
    """Frames that Acme delivers in ten days, needed in thirty."""

    item: str
    vendor: str
    variant: str
    warehouse: str


@pytest.fixture(scope="module")
def shop(database: Any) -> Shop:
    with World.open() as world:
        world.organisation()
        buyer = world.user(Role.BUYER)
        main, frame, bike = world.warehouse("Main"), world.item("Frame"), world.variant("Bike")
        world.bom(bike, frame)
        for colour in ("red", "green"):
            world.option(bike.product_id, "colour", colour)
        world.option(world.variant("Boat").product_id, "colour", "blue")
        vendor = world.vendor("Acme").supplies(frame, price="40", lead_days=10)
        world.sales_order(main, (bike, 5, TODAY + timedelta(days=30)), customer="Otto")
    perform(run_plan, buyer, run_id=perform(start_run, buyer, as_of=TODAY, at=NOW).run_id)
    return Shop(frame.code, vendor.row.code, bike.sku, main.code)


@pytest.mark.rule("PLAN-15")
def test_a_link_asks_what_if_and_the_answer_stands_beside_the_plan(shop: Shop, visit: Callable[..., Any]) -> None:
    window = visit(Role.BUYER)
    page: Page = window.page
    window.open(f"/scenarios?new=1&kind=lead_time&item={shop.item}")
    ask = page.get_by_role("dialog")
    expect(ask.get_by_label("Name")).to_have_value(f"Lead time {shop.item}")
    page.keyboard.press("Enter")
    form = page.get_by_role("form", name="Change")
    expect(form.get_by_role("combobox", name="Item")).to_have_value(shop.item)
    form.get_by_role("combobox", name="Vendor").fill(shop.vendor[:4].lower())
    page.get_by_role("option", name=shop.vendor).click()
    form.get_by_label("New lead time").fill("-3")
    page.keyboard.press("Enter")
    expect(form.get_by_role("alert")).to_contain_text("between 0 and")
    form.get_by_label("New lead time").fill("33")
    page.keyboard.press("Enter")
    changes = page.get_by_role("list", name="Changes, in their order")
    expect(changes.get_by_role("listitem")).to_have_text([f"Lead time of {shop.item} from {shop.vendor} is 33 days"])
    _takes_options_of_what_is_sold(page, shop)
    page.get_by_role("button", name="Calculate").click()
    beside = page.get_by_role("region", name="Plan and scenarios side by side")
    late = beside.get_by_role("row", name="Sales lines served late")
    expect(late.get_by_role("cell")).to_have_text(["0", "11 more"])
    expect(late.locator("[data-tone=warn]")).to_be_visible()
    for theme in ("light", "dark"):
        page.mouse.move(700, 5)
        assert window.violations(theme) == []
    page.get_by_role("tab", name="Items").click()
    row = page.get_by_role("row", name=shop.item).first
    expect(row).to_contain_text("Later")
    row.get_by_role("gridcell", name="Later").click()
    expect(page.get_by_role("complementary")).to_contain_text("each coming when it really could")
    page.mouse.move(700, 5)
    assert window.violations("light", ".split-panel") == []
    assert window.problems == []


def _takes_options_of_what_is_sold(page: Page, shop: Shop) -> None:
    """Options are looked up among those of the variant; what it does not have is refused at the field."""
    page.get_by_label("Kind of change").select_option("demand/extra")
    form = page.get_by_role("form", name="Change")
    options = form.get_by_role("combobox", name="Options")
    options.click()
    expect(form.get_by_role("listbox", name="Options")).to_contain_text("Say first what is sold.")
    form.get_by_role("combobox", name="Variant").fill(shop.variant)
    page.keyboard.press("Escape")
    options.click()
    options.press("ArrowDown")
    expect(form.get_by_role("option")).to_have_text(["colour=green", "colour=red"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(options).to_have_value("colour=green")
    options.press("End")
    page.keyboard.type(", colour=blue")
    form.get_by_label("Quantity").fill("1")
    form.get_by_label("Needed on").fill((TODAY + timedelta(days=40)).isoformat())
    form.get_by_role("combobox", name="Warehouse").fill(shop.warehouse)
    page.keyboard.press("Escape")
    form.get_by_role("button", name="Add the change").click()
    expect(form.get_by_role("alert")).to_contain_text("does not offer colour=blue")
    form.get_by_role("button", name="Cancel").click()
