"""A buyer walks the tree with the keyboard, changes it, tries a configuration, and fixes what waits; a manager only looks."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from buyside.db.structure import OptionRule, OptionRuleCondition, Product
from buyside.domain.access import Role
from tests.world import World


@dataclass(frozen=True)
class Works:
    """What the stories of this module start from, by code."""

    product: str
    bike: str
    frame: str
    tube: str
    paint: str
    bare: str


@pytest.fixture(scope="module")
def works(database: Any) -> Works:
    """A bike of a frame of tubes; two rules that contradict each other; an order of what nothing covers."""
    with World.open() as world:
        bike, bare = world.variant("Bike"), world.variant("Bare")
        product = world.session.get_one(Product, bike.product_id)
        frame, tube, paint = world.item("Frame", supply="make"), world.item("Tube"), world.item("Paint")
        world.bom(bike, frame, 2)
        world.bom(frame, tube, 3, scrap_percent=Decimal(10))
        red, leather = world.option(product.id, "Colour", "Red"), world.option(product.id, "Seat", "Leather")
        for code, factor in (("TWICE", 2), ("THRICE", 3)):
            rule = world.add(
                OptionRule(
                    code=code, product_id=product.id, behaviour="scale", component_id=frame.id, quantity=Decimal(factor)
                )
            )
            world.add(OptionRuleCondition(rule_id=rule.id, option_value_id=leather.id))
        main = world.warehouse("Main")
        world.sales_order(main, (bare, 4), customer="Hill Riders")
        world.sales_order(main, (bike, 1), customer="Valley Riders", options=(red,))
        return Works(product.code, bike.sku, frame.code, tube.code, paint.code, bare.sku)


def _row(page: Page, code: str) -> Locator:
    return page.get_by_role("treegrid").get_by_role("row", name=code).first


def _press(page: Page, *keys: str) -> None:
    for each in keys:
        page.keyboard.press(each)


def _no_violations(window: Any) -> None:
    for theme in ("light", "dark"):
        window.page.mouse.move(700, 5)
        assert window.violations(theme) == []


@pytest.mark.rule("ITM-4")
def test_the_tree_is_walked_and_changed_with_the_keyboard(works: Works, visit: Callable[..., Any]) -> None:
    window = visit(Role.BUYER)
    page = window.page
    window.open(f"/structure?variant={works.bike}")
    expect(_row(page, works.frame)).to_be_visible()  # its level is open from the start
    _row(page, works.bike).focus()
    _press(page, "ArrowDown")
    expect(_row(page, works.frame)).to_be_focused()
    _press(page, "ArrowRight")
    expect(_row(page, works.tube)).to_contain_text("6.6 pcs")  # 2 x 3 x 1.1
    expect(_row(page, works.frame)).to_have_attribute("aria-expanded", "true")
    expect(_row(page, works.tube)).to_have_attribute("aria-level", "3")
    _press(page, "End")
    expect(page.get_by_role("treegrid").get_by_role("row").last).to_be_focused()
    page.keyboard.type(works.tube[:3].lower())
    expect(_row(page, works.tube)).to_be_focused()
    _press(page, "ArrowLeft")
    expect(_row(page, works.frame)).to_be_focused()
    _press(page, "ArrowLeft")
    expect(_row(page, works.tube)).to_have_count(0)
    _press(page, "Home")
    expect(_row(page, works.bike)).to_be_focused()
    _press(page, "ArrowDown", "ArrowRight", "ArrowRight")
    expect(_row(page, works.tube)).to_be_focused()
    _press(page, "F2")
    quantity = page.get_by_label("Quantity per")
    expect(quantity).to_be_focused()
    quantity.fill("lots")
    _press(page, "Enter")
    expect(page.get_by_text("“lots” is not a number.")).to_be_visible()
    quantity.fill("4")
    _press(page, "Enter")
    expect(_row(page, works.tube)).to_contain_text("8.8 pcs")
    _no_violations(window)
    assert window.problems == []


@pytest.mark.rule("ITM-4")
def test_a_circle_is_refused_in_place_and_a_component_is_added_and_taken_out(
    works: Works, visit: Callable[..., Any]
) -> None:
    window = visit(Role.BUYER)
    page = window.page
    window.open(f"/structure?item={works.frame}")
    _row(page, works.frame).focus()
    _press(page, "Insert")
    adding = page.get_by_role("form", name="Add a component")
    component = adding.get_by_role("combobox", name="Component")
    expect(component).to_be_focused()
    component.fill(works.frame)
    page.get_by_role("option", name=works.frame).click()
    adding.get_by_label("Quantity per").fill("1")
    adding.get_by_role("button", name="Add component").click()
    expect(adding.get_by_text(f"This makes a circle: {works.frame} › {works.frame}.")).to_be_visible()
    component.fill(works.paint)
    expect(page.get_by_role("option", name=works.paint)).to_be_visible()
    _press(page, "ArrowDown", "Enter")
    adding.get_by_label("Quantity per").fill("0.25")
    adding.get_by_role("button", name="Add component").click()
    expect(page.get_by_text(f"{works.paint} is a component of {works.frame} now.")).to_be_visible()
    expect(_row(page, works.paint)).to_contain_text("0.25 pcs")
    _row(page, works.paint).click()
    _press(page, "Delete")
    remove = page.get_by_role("button", name="Remove row")
    expect(remove).to_be_focused()
    _press(page, "Enter")
    page.get_by_role("alertdialog").get_by_role("button", name="Remove row").click()
    expect(_row(page, works.paint)).to_have_count(0)
    assert window.problems == []


@pytest.mark.rule("ITM-4")
def test_where_used_goes_up_to_what_is_sold_on_the_day(works: Works, visit: Callable[..., Any]) -> None:
    window = visit(Role.MANAGER)
    page = window.page
    window.open("/structure")
    find = page.get_by_role("combobox", name="Find a product, variant or item")
    find.fill(works.tube)
    expect(page.get_by_role("option", name=works.tube)).to_be_visible()
    find.press("Enter")
    page.get_by_role("button", name="Used in", exact=True).click()
    expect(_row(page, works.frame)).to_be_visible()
    assert "uses=1" in page.url
    _row(page, works.frame).focus()
    _press(page, "ArrowRight")
    expect(_row(page, works.bike)).to_be_visible()
    _row(page, works.frame).click()
    panel = page.get_by_role("complementary", name="Place in the structure")
    expect(panel.get_by_text("1 sold variants")).to_be_visible()
    expect(panel.get_by_role("button", name="Save row")).to_have_count(0)
    expect(panel.get_by_role("button", name="Add component")).to_have_count(0)
    _no_violations(window)
    window.open("/structure?item=NOWHERE")
    expect(page.get_by_text("There is no item NOWHERE.")).to_be_visible()
    assert window.problems == []


@pytest.mark.rule("ITM-5")
@pytest.mark.rule("ITM-6")
def test_a_configuration_is_tried_and_contradicting_rules_are_both_named(
    works: Works, visit: Callable[..., Any]
) -> None:
    window = visit(Role.BUYER)
    page = window.page
    window.open(f"/configurator?variant={works.bike}")
    chosen = page.get_by_role("form", name="Configuration")
    chosen.get_by_label("Quantity").fill("5")
    chosen.get_by_role("button", name="Explode").click()
    levels = page.get_by_role("region", name="Every level")
    expect(levels.get_by_role("row", name=works.tube)).to_contain_text(f"Row of item {works.frame}")
    _no_violations(window)
    page.get_by_role("tab", name="Totals per item").click()
    totals = page.get_by_role("region", name="Totals per item")
    expect(totals.get_by_role("row", name=works.frame)).to_contain_text("10 pcs")
    chosen.get_by_label("Seat").select_option("Leather")
    chosen.get_by_role("button", name="Explode").click()
    expect(page.get_by_text("Two rules contradict each other")).to_be_visible()
    expect(page.get_by_role("link", name="THRICE multiplies")).to_be_visible()
    expect(page.get_by_role("link", name="TWICE multiplies")).to_be_visible()
    _no_violations(window)
    window.open(page.url.removeprefix(window.address))  # the address holds what was tried
    expect(page.get_by_text("Two rules contradict each other")).to_be_visible()
    assert window.problems == []


@pytest.mark.rule("ITM-8")
def test_what_waits_is_fixed_in_place_and_leaves_the_queue(works: Works, visit: Callable[..., Any]) -> None:
    window = visit(Role.BUYER)
    page = window.page
    window.open("/unmapped")
    queue = page.get_by_role("region", name="Unmapped demand")
    queue.get_by_role("button", name=works.bare).click()
    panel = page.get_by_role("complementary", name="Unmapped demand")
    expect(panel.get_by_role("row", name="Hill Riders")).to_be_visible()
    row = panel.get_by_role("form", name="Add a row")
    row.get_by_role("combobox", name="Component").fill(works.tube)
    row.get_by_label("Quantity per").fill("0")
    row.get_by_role("button", name="Add row").click()
    expect(row.get_by_role("alert")).to_be_visible()
    _no_violations(window)
    row.get_by_label("Quantity per").fill("2")
    row.get_by_role("button", name="Add row").click()
    expect(page.get_by_text(f"{works.bare} left the queue.").first).to_be_visible()
    queue.get_by_role("button", name=f"Colour=Red of {works.product}").click()
    panel.get_by_role("button", name="Needs nothing").click()
    expect(page.get_by_text("Nothing waits")).to_be_visible()
    expect(page.get_by_text("Rules that may contradict each other")).to_be_visible()
    page.get_by_role("button", name="Run plan").click()
    expect(page.get_by_role("dialog", name="Run the plan")).to_be_visible()
    assert window.problems == []
