"""A buyer writes and issues an order, goods arrive and are taken back, and the stock follows; a manager only looks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from buyside.domain.access import Role
from tests.world import World


@dataclass(frozen=True)
class Company:
    """What the stories of this module start from."""

    order: str
    vendor: str
    warehouse: str
    bolt: str
    nut: str


@pytest.fixture(scope="module")
def company(database: Any) -> Company:
    """A vendor that sells bolts in packs of 100, and nuts; a draft of both."""
    with World.open() as world:
        world.organisation(name="Own Works")
        main = world.warehouse("Main")
        bolt, nut = world.item("Bolt"), world.item("Nut")
        acme = world.vendor("Acme").supplies(bolt, pack=100, price="12.50").supplies(nut, price="0.20")
        order, _ = world.order(acme, main, (bolt, 10, "12.50"), (nut, 40, "0.20"))
        return Company(order.number, acme.row.name, main.code, bolt.code, nut.code)


def _open_order(window: Any, company: Company) -> Page:
    window.open(f"/orders/{company.order}")
    expect(window.page.get_by_role("heading", name=f"Purchase order {company.order}")).to_be_visible()
    page: Page = window.page
    return page


def _receive(page: Page, **arrived: str) -> None:
    page.get_by_role("button", name="Receive goods").click()
    form = page.get_by_role("dialog", name="Receive")
    for line, quantity in arrived.items():
        form.get_by_label(f"Arrived of line {line.removeprefix('line')},").fill(quantity)
    form.get_by_role("button", name="Receive", exact=True).click()


@pytest.mark.rule("PO-1")
def test_a_draft_is_edited_on_its_paper(company: Company, visit: Callable[..., Any]) -> None:
    window = visit(Role.BUYER)
    page = _open_order(window, company)
    for theme in ("light", "dark"):
        assert window.violations(theme) == []
    quantity = page.get_by_label("Quantity of line 1")
    quantity.fill("many")
    quantity.press("Enter")
    expect(page.get_by_text("“many” is not a number.")).to_be_visible()
    quantity.press("Escape")
    expect(page.get_by_text("“many” is not a number.")).to_have_count(0)
    quantity.fill("12")
    quantity.press("Enter")
    expect(page.get_by_role("row", name=company.bolt).get_by_role("cell", name="150.00").first).to_be_visible()
    page.get_by_label("Title").fill("Fasteners for May")
    page.get_by_label("Title").press("Enter")
    expect(page.get_by_text("Title: Fasteners for May")).to_be_visible()


@pytest.mark.rule("PO-6")
def test_an_issued_order_is_frozen(company: Company, visit: Callable[..., Any]) -> None:
    window = visit(Role.BUYER)
    page = _open_order(window, company)
    page.get_by_role("button", name="Issue order").click()
    question = page.get_by_role("alertdialog")
    expect(question).to_contain_text(company.vendor)
    expect(question).to_contain_text("158.00 EUR")
    question.get_by_role("button", name="Issue order").click()
    expect(page.get_by_text(f"{company.order} is issued.")).to_be_visible()
    expect(page.get_by_text("Revision 1, frozen as")).to_be_visible()
    expect(page.get_by_label("Quantity of line 1")).to_have_count(0)
    expect(page.get_by_role("button", name="Issue order")).to_have_count(0)
    for theme in ("light", "dark"):
        assert window.violations(theme) == []
    assert window.problems == []


@pytest.mark.rule("STK-1")
@pytest.mark.rule("STK-2")
@pytest.mark.rule("STK-4")
def test_goods_arrive_partly_then_fully_and_one_receipt_is_voided(company: Company, visit: Callable[..., Any]) -> None:
    page = _open_order(visit(Role.BUYER), company)
    _receive(page, line1="5", line2="0")
    expect(page.get_by_text(f"{company.order}-R1 posted into {company.warehouse}.")).to_be_visible()
    expect(page.get_by_text("Partly received").first).to_be_visible()

    _receive(page, line1="8")
    form = page.get_by_role("dialog", name="Receive")
    expect(form.get_by_role("alert")).to_contain_text("8 pcs are too many. 7 of 12 are still open")
    form.get_by_label("Arrived of line 1,").fill("7")
    form.get_by_role("button", name="Receive", exact=True).click()
    expect(page.get_by_text("The order is complete.")).to_be_visible()
    expect(page.get_by_role("button", name="Receive goods")).to_have_count(0)

    page.get_by_role("button", name=f"Void {company.order}-R2").click()
    question = page.get_by_role("dialog", name="Void receipt")
    question.get_by_role("button", name="Void receipt").click()
    expect(question.get_by_role("alert")).to_contain_text("Say why")
    question.get_by_label("Reason").fill("Wrong pallet")
    question.get_by_role("button", name="Void receipt").click()
    expect(page.get_by_text(f"{company.order}-R2-VOID posted")).to_be_visible()
    expect(page.get_by_text(f"Reverse of {company.order}-R2")).to_be_visible()


@pytest.mark.rule("STK-5")
def test_a_manager_sees_what_moved_and_can_change_nothing(company: Company, visit: Callable[..., Any]) -> None:
    window = visit(Role.MANAGER)
    window.open("/stock")
    page = window.page
    page.locator("[row-index='0'] [col-id='code']", has_text=company.bolt).click()
    movements = page.get_by_role("region", name="Movements")
    expect(movements.get_by_role("row")).to_have_count(4)  # the head, two receipts, one reverse
    expect(movements.get_by_role("row").nth(1)).to_contain_text("-700")
    expect(page.get_by_role("button", name="Adjust")).to_have_count(0)
    page.get_by_role("button", name="Ledger").click()
    expect(page.locator("[row-index='0'] [col-id='reason']")).to_have_text("Receipt void")
    for theme in ("light", "dark"):
        assert window.violations(theme) == []
    window.open(f"/stock?article={company.bolt}")  # where a hit of the search leads
    expect(page.get_by_role("heading", name=f"{company.bolt} in {company.warehouse}")).to_be_visible()
    window.open("/stock?article=NOWHERE")
    expect(page.get_by_text("No warehouse has ever had NOWHERE.")).to_be_visible()
    _open_order(window, company)
    for label in ("Receive goods", "Put on hold", "Close short", "Cancel order"):
        expect(page.get_by_role("button", name=label)).to_have_count(0)
    expect(page.get_by_role("button", name=f"Void {company.order}-R1")).to_have_count(0)
    assert window.problems == []


@pytest.mark.rule("STK-1")
def test_a_receiver_posts_an_expected_delivery_in_one_press(company: Company, visit: Callable[..., Any]) -> None:
    window = visit(Role.RECEIVER)
    window.open("/receiving")
    page = window.page
    page.locator("[col-id='item_code']", has_text=company.bolt).click()
    panel = page.get_by_role("complementary", name="Receive")
    for theme in ("light", "dark"):
        assert window.violations(theme) == []
    panel.get_by_role("button", name="Receive", exact=True).dblclick()
    expect(page.get_by_text("The order is complete.")).to_be_visible()
    page.get_by_role("button", name="Receipts").click()
    expect(page.locator("[row-index='0'] [col-id='number']")).to_have_text(f"{company.order}-R4")
    assert window.problems == []


@pytest.mark.rule("STK-6")
def test_a_receiver_corrects_stock_and_says_why(company: Company, visit: Callable[..., Any]) -> None:
    window = visit(Role.RECEIVER)
    window.open("/stock")
    page = window.page
    page.locator("[col-id='code']", has_text=company.nut).click()
    page.get_by_role("button", name="Adjust").click()
    form = page.get_by_role("dialog", name="Adjust")
    form.get_by_label("Change by").fill("-100")
    form.get_by_label("Reason").fill("Counted")
    form.get_by_role("button", name="Adjust stock").click()
    expect(page.get_by_text("Only 40 are left there; 100 were to be taken.")).to_be_visible()
    form.get_by_label("Change by").fill("-3")
    form.get_by_role("button", name="Adjust stock").click()
    expect(page.get_by_text(f"The stock of {company.nut} is corrected.")).to_be_visible()
    expect(page.get_by_role("region", name="Movements").get_by_role("row").nth(1)).to_contain_text("Counted")


@pytest.mark.rule("PO-1")
def test_a_new_order_gets_its_number_and_its_first_line(company: Company, visit: Callable[..., Any]) -> None:
    window = visit(Role.BUYER)
    window.open("/orders")
    page = window.page
    page.get_by_role("button", name="New order").click()
    form = page.get_by_role("dialog", name="New order")
    form.get_by_label("Vendor", exact=True).select_option(index=0)
    form.get_by_role("button", name="Write draft").click()
    expect(page.get_by_role("heading", name="Purchase order", level=2)).to_be_visible()
    page.get_by_label("Item", exact=True).fill(company.bolt[:4])
    page.get_by_role("button", name=company.bolt).click()
    adding = page.get_by_role("form", name="Add a line")
    adding.get_by_label("Quantity").fill("3")
    adding.get_by_role("button", name="Add line").click()
    expect(page.get_by_label("Unit price of line 1")).to_have_value("12.50")
    page.get_by_role("button", name="Remove line").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Remove line").click()
    expect(page.get_by_text("No lines yet.")).to_be_visible()
    assert window.problems == []
