"""The requirements board in a browser: by keyboard from a number to the customer's order and back, and what axe says of it."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import expect

from buyside.domain.access import OPERATOR, Role
from buyside.operations.plans import run_plan, start_run
from buyside.operations.run import perform
from tests.world import NOW, TODAY, World


@pytest.fixture(scope="module")
def ordered(database: Any) -> str:
    """Seventy bolts in a plan; of the first one more is sold in a week than there is. Answers with that order's number."""
    with World.open() as world:
        main, bike = world.warehouse("Main"), world.variant("Bike")
        for number in range(70):
            bolt = world.item(f"Bolt {number:02}", code=f"BOLT-{number:02}", safety_stock=Decimal(2))
            world.vendor("Acme", code="ACME").supplies(bolt) if number == 0 else None
            world.stock(main, bolt, 5)
            world.bom(bike, bolt)
        order, _ = world.sales_order(main, (bike, 9, TODAY + timedelta(days=8)), customer="Jane Rider")
        sold = str(order.number)
    started = perform(start_run, OPERATOR, as_of=TODAY, at=NOW)
    perform(run_plan, OPERATOR, run_id=started.run_id)
    return sold


@pytest.mark.rule("PLAN-14")
def test_a_number_is_followed_by_keyboard_to_the_customers_order_and_back(
    ordered: str, visit: Callable[..., Any]
) -> None:
    window = visit(Role.BUYER)
    page = window.page
    window.open("/requirements?by=day&sort=code")
    grid = page.get_by_role("grid", name="Requirements over time")
    expect(page.get_by_text("70 items", exact=True)).to_be_visible()
    grid.get_by_role("rowheader", name="BOLT-00").focus()

    # rows that were never drawn are reached by keys, and the first again
    for key in ("PageDown", "PageDown", "Control+End"):
        page.keyboard.press(key)
    expect(grid.get_by_role("row").filter(has=page.locator(":focus"))).to_contain_text("BOLT-69")
    page.keyboard.press("Control+Home")
    expect(page.locator(":focus")).to_contain_text("BOLT-00")

    # its other measures open and close; the day on which it is short is told in a word
    page.keyboard.press("Space")
    expect(grid.get_by_role("rowheader", name="To order", exact=True)).to_be_visible()
    page.keyboard.press("Space")
    expect(grid.get_by_role("rowheader", name="To order", exact=True)).to_have_count(0)
    short = grid.get_by_role("row", name="BOLT-00").get_by_role("gridcell", name="-4 pcs below zero")
    for _ in range(40):
        page.keyboard.press("ArrowRight")
        if "below zero" in page.locator(":focus").inner_text():
            break
    expect(short.first).to_be_focused()

    # the number explains itself, and names who asks
    page.keyboard.press("Enter")
    panel = page.get_by_role("complementary", name="Requirement")
    sums = panel.get_by_role("table", name="Arithmetic of the number")
    expect(sums.get_by_role("row", name="Projected")).to_contain_text("-4")
    expect(sums.get_by_role("row", name="To order")).to_contain_text("6")
    asking = panel.get_by_role("table", name="Demand behind the requirement")
    expect(asking).to_contain_text("Jane Rider")
    page.wait_for_url("**item=BOLT-00**on=**")
    for theme in ("light", "dark"):
        assert window.violations(theme) == []
    asking.get_by_role("link", name=ordered).press("Enter")
    page.wait_for_url(f"**/sales-orders/{ordered}?line=1")
    page.go_back()

    # back is where it was, and Escape goes back to the number
    expect(sums.get_by_role("row", name="Projected")).to_contain_text("-4")
    expect(page.get_by_text("70 items", exact=True)).to_be_visible()
    grid.locator("[tabindex='0']").first.focus()
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    assert "item=" not in page.url
    page.get_by_role("group", name="Views of Requirements").get_by_role("button", name="Overdue supply").click()
    expect(page.get_by_text("No items match")).to_be_visible()
    page.wait_for_url("**view=overdue**")
    assert window.problems == []

    # an empty board can be scrolled by keys
    expect(grid).to_have_attribute("tabindex", "0")
    assert window.violations("light") == []
