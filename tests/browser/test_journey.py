"""The main job on real data: AdventureWorks' open demand becomes a plan, the plan orders, an order stock, in a browser."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from buyside.cli.main import run
from buyside.config import ROOT
from buyside.domain.access import Role

SOURCE = ROOT.parent / "shared" / "data" / "adventureworks"

pytestmark = [
    pytest.mark.skipif(not SOURCE.is_dir(), reason="the AdventureWorks tables are not beside the project"),
    pytest.mark.timeout(900),
]


@pytest.fixture(scope="module")
def adventure(database: Any) -> None:
    """The bicycle maker's data by the command, with what was ordered from May 2014 on as open demand."""
    assert (
        run(["import", "adventureworks", str(SOURCE), "--open-from", "2014-05-01", "--assume-factor", "1", "--json"])
        == 0
    )


def _cell(page: Page, row: int, column: str) -> Any:
    return page.locator(f"[row-index='{row}'] [col-id='{column}']")


def _open(page: Page, row: int, column: str = "name") -> None:
    """Pick a row, once it is there."""
    expect(_cell(page, row, column)).to_contain_text(re.compile(r"\w"), timeout=20_000)
    _cell(page, row, column).click()


def _edit(page: Page, row: int, column: str, value: str, shown: str) -> None:
    """Change a cell by keyboard, and wait for what the server made of it."""
    _cell(page, row, column).click()
    page.keyboard.press("Enter")
    editor = _cell(page, row, column).locator("input")
    editor.fill(value)
    editor.press("Enter")
    expect(_cell(page, row, column)).to_contain_text(shown)


def test_a_buyer_plans_orders_and_receives_and_a_manager_looks(adventure: None, visit: Callable[..., Any]) -> None:
    window = visit(Role.BUYER)
    page = window.page

    # a run as of the first of May
    window.open("/requirements")
    expect(page.get_by_text("No plan yet")).to_be_visible()
    page.get_by_role("button", name="Run plan").click()
    question = page.get_by_role("dialog", name="Run the plan")
    question.get_by_label("As of").fill("2014-05-01")
    question.get_by_role("button", name="Run plan").click()
    expect(page.get_by_text("The plan is calculated.")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("10,756 open sales lines")).to_be_visible()

    # a requirement opens to its arithmetic and to the customers behind it
    page.get_by_role("searchbox", name="Item code or name in Requirements").fill("GL-H102-M")
    expect(page.get_by_text("1 item", exact=True)).to_be_visible()
    page.get_by_role("grid", name="Requirements over time").get_by_role("rowheader", name="GL-H102-M").click()
    panel = page.get_by_role("complementary", name="Requirement")
    expect(panel.get_by_role("region", name="Arithmetic by date").get_by_role("row").nth(1)).to_be_visible()
    expect(panel.get_by_role("region", name="Demand behind the requirement").get_by_role("link").first).to_contain_text(
        "SO"
    )

    # its plan lines are one press away, and all others one more
    panel.get_by_role("link", name="Plan lines").click()
    page.wait_for_url("**/plan**item=**")
    expect(_cell(page, 0, "item")).to_have_text("GL-H102-M")
    expect(page.locator("[row-index] [col-id='item']", has_not_text="GL-H102-M")).to_have_count(0)
    page.get_by_role("button", name="Show all lines").click()
    expect(page.get_by_text("222 lines")).to_be_visible()  # what late orders will bring is not ordered again
    page.get_by_role("link", name="Requirements").click()
    page.wait_for_url("**/requirements**")

    # two lines are decided otherwise; the suggestion stays beside the decision
    page.get_by_role("link", name="Open the plan").click()
    page.wait_for_url("**/plan**")
    page.get_by_role("group", name="Views of Lines of the draft plan").get_by_role("button", name="All").click()
    expect(_cell(page, 1, "quantity_packs")).not_to_be_empty()
    suggested = _cell(page, 0, "suggested_quantity").inner_text()
    _edit(page, 0, "quantity_packs", "1250", "1,250")
    _edit(page, 1, "quantity_packs", "1300", "1,300")
    expect(_cell(page, 0, "suggested_quantity")).to_have_text(suggested)
    _edit(page, 0, "quantity_packs", "0", "0")  # refused in place, as it was typed, until it is given up
    expect(page.get_by_text("Enter a number above zero.").first).to_be_visible()
    _cell(page, 0, "quantity_packs").click()
    page.keyboard.press("Escape")
    expect(_cell(page, 0, "quantity_packs")).to_contain_text("1,250")
    _open(page, 0)
    detail = page.get_by_role("complementary", name="Plan line")
    expect(detail.get_by_role("region", name="Vendors of this item")).to_be_visible()
    detail.get_by_role("button", name="Close").click()

    # they become draft orders, once however often the button is pressed
    for row in (0, 1):
        page.locator(f"[row-index='{row}'] input[type=checkbox]").check()
    page.get_by_role("button", name="Make orders of 2 lines").click()
    page.get_by_role("dialog", name="Make purchase orders").get_by_role("button", name="Make orders").dblclick()
    made = page.get_by_role("dialog", name="Draft orders")
    expect(made.get_by_role("row").nth(1)).to_be_visible()
    number = made.get_by_role("link").first.inner_text()
    count = made.get_by_role("link").count()
    made.get_by_role("link").first.click()

    # one is issued
    page.wait_for_url(f"**/orders/{number}**")
    page.get_by_role("button", name="Issue order").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Issue order").click()
    expect(page.get_by_text("Revision 1, frozen as")).to_be_visible()

    # and received: a part, too much, the rest
    page.get_by_role("button", name="Receive goods").click()
    form = page.get_by_role("dialog", name="Receive")
    form.get_by_label("Arrived of line 1,").fill("50")
    form.get_by_role("button", name="Receive", exact=True).click()
    expect(page.get_by_text(f"{number}-R1 posted into PLANT.")).to_be_visible()
    expect(page.get_by_text("Partly received").first).to_be_visible()
    page.get_by_role("button", name="Receive goods").click()
    form.get_by_label("Arrived of line 1,").fill("999999")
    form.get_by_role("button", name="Receive", exact=True).click()
    expect(form.get_by_role("alert").first).to_contain_text("too many")
    page.keyboard.press("Escape")
    expect(form).to_have_count(0)
    page.get_by_role("button", name="Receive goods").click()
    form.get_by_role("button", name="Receive", exact=True).click()
    expect(page.get_by_text("The order is complete.")).to_be_visible()

    # the ledger has it
    window.open("/stock")
    page.get_by_role("button", name="Ledger").click()
    sources = page.locator("[col-id='source']")
    expect(sources.filter(has_text=f"{number}-R").first).to_be_visible()
    window.open("/plan")
    page.get_by_role("group", name="Views of Lines of the draft plan").get_by_role("button", name="Ordered").click()
    expect(page.get_by_text("2 lines")).to_be_visible()
    assert count in {1, 2}
    assert window.problems == []

    # a manager sees the same and can change nothing
    looking = visit(Role.MANAGER)
    looking.open("/stock")
    expect(looking.page.locator("[row-index='0'] [col-id='code']")).to_be_visible()
    for label in ("Adjust", "Transfer"):
        expect(looking.page.get_by_role("button", name=label)).to_have_count(0)
    looking.open("/plan")
    expect(looking.page.locator("[row-index='0'] [col-id='item']")).to_be_visible()
    for label in ("Run plan", "Make orders"):
        expect(looking.page.get_by_role("button", name=label)).to_have_count(0)
    assert looking.problems == []


def test_a_hundred_thousand_lines_of_demand_scroll(adventure: None, visit: Callable[..., Any]) -> None:
    window = visit(Role.SALES)
    window.open("/sales-orders")
    page = window.page
    page.get_by_role("group", name="Views of Lines of sales orders").get_by_role("button", name="All").click()
    expect(page.get_by_text("121,317 lines")).to_be_visible()
    expect(_cell(page, 0, "order_number")).not_to_be_empty()
    first = _cell(page, 0, "order_number").inner_text()
    body = page.locator(".rows-body")
    body.hover()
    page.evaluate(
        """() => {
            const all = [...document.querySelectorAll('.rows-body *')];
            const scroller = all.filter((each) => each.scrollHeight > 100000).pop() ?? all[0];
            const inner = all.find((each) => each.scrollHeight > each.clientHeight + 100000 && each.clientHeight > 100);
            (inner ?? scroller).scrollTop = 2_000_000;
        }"""
    )
    deep = page.locator("[row-index] [col-id='order_number']")
    page.wait_for_function(
        "() => [...document.querySelectorAll('[row-index]')].some((row) => Number(row.getAttribute('row-index')) > 50000"
        " && /SO/.test(row.querySelector(\"[col-id='order_number']\")?.innerText ?? ''))"
    )
    expect(deep.first).not_to_have_text(first)
    assert window.problems == []
