"""A buyer decides on a draft plan by keyboard and with several lines at once, takes it back, and orders what is chosen."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from buyside.domain.access import Actor, Role
from buyside.operations.plans import run_plan, start_run
from buyside.operations.run import perform
from tests.world import NOW, TODAY, World

COLLEAGUE = Actor(user_id=None, name="Clara Colleague", roles=frozenset({Role.BUYER}))


@pytest.fixture(scope="module")
def planned(database: Any) -> None:
    """A run whose plan has three lines of Acme: ten bolts of 2 EUR, ten nuts of 1 EUR, ten rods of 5 EUR."""
    with World.open() as world:
        main, swing = world.warehouse("Main"), world.variant("Swing")
        acme = world.vendor("Acme", code="ACME")
        for code, price in (("BOLT", "2"), ("NUT", "1"), ("ROD", "5")):
            item = world.item(code.title(), code=code)
            acme.supplies(item, price=price, lead_days=5)
            world.bom(swing, item)
        world.sales_order(main, (swing, 10))
    begun = perform(start_run, COLLEAGUE, as_of=TODAY, at=NOW)
    perform(run_plan, COLLEAGUE, run_id=begun.run_id)


def _cell(page: Page, item: str, column: str) -> Any:
    row = page.locator("[row-index]").filter(has=page.locator("[col-id='item']", has_text=item)).first
    return page.locator(f"[row-index='{row.get_attribute('row-index')}'] [col-id='{column}']")


def _tick(page: Page, item: str) -> None:
    row = page.locator("[row-index]").filter(has=page.locator("[col-id='item']", has_text=item)).first
    page.locator(f"[row-index='{row.get_attribute('row-index')}'] input[type=checkbox]").click()


@pytest.mark.rule("PLAN-11")
@pytest.mark.rule("PLAN-13")
def test_a_buyer_decides_takes_back_and_orders_what_is_chosen(planned: None, visit: Callable[..., Any]) -> None:
    window = visit(Role.BUYER)
    page = window.page
    window.open("/plan")
    acts = page.get_by_role("group", name="Decide on the chosen lines")
    expect(page.get_by_text("3 open lines · 80.00 EUR")).to_be_visible()
    assert window.violations("light") == []

    # one is left out, with its reason, and is chosen no longer
    _tick(page, "NUT")
    acts.get_by_role("button", name="Leave out").click()
    question = page.get_by_role("dialog", name="Leave out")
    question.get_by_label("Reason").fill("Enough nuts in the drawer")
    question.get_by_role("button", name="Leave out").click()
    expect(page.get_by_text("1 line left out.", exact=True)).to_be_visible()
    expect(acts).to_be_hidden()

    # a quantity by keyboard; the suggestion stays beside it, and the totals follow
    _cell(page, "BOLT", "quantity_packs").click()
    page.keyboard.press("Enter")
    page.keyboard.press("Control+a")
    page.keyboard.type("12")
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 open lines · 74.00 EUR")).to_be_visible()
    expect(_cell(page, "BOLT", "suggested_quantity")).to_contain_text("10")

    # one way back, through the cells and what was decided outside of them, also of one line
    _tick(page, "BOLT")
    acts.get_by_role("button", name="Lock").first.click()
    undo = page.get_by_role("button", name=re.compile("^Undo"))
    expect(undo).to_have_text("Undo locking 1 line")
    undo.click()
    expect(page.get_by_text("Taken back.")).to_be_visible()
    expect(undo).to_have_text("Undo Order of BOLT")
    undo.click()
    expect(page.get_by_text("Chosen: 1 open line · 20.00 EUR")).to_be_visible()
    expect(undo).to_have_text("Undo leaving out 1 line")

    # what is chosen becomes an order; what was ordered is chosen no longer
    _tick(page, "ROD")
    expect(page.get_by_text("Chosen: 2 open lines · 70.00 EUR")).to_be_visible()
    page.get_by_role("button", name="Make orders of 2 lines").click()
    page.get_by_role("dialog", name="Make purchase orders").get_by_role("button", name="Make orders").click()
    made = page.get_by_role("dialog", name="Draft orders")
    expect(made.get_by_role("link")).to_have_text(f"{TODAY.year}-ACME-0001")
    made.get_by_role("button", name="Close").first.click()
    expect(page.get_by_role("button", name="Make orders", exact=True)).to_be_visible()
    expect(page.locator("[role=row] input[type=checkbox]:checked")).to_have_count(0)
    assert window.violations("dark") == []
    assert window.problems == []
