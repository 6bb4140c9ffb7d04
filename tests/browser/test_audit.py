"""Administrators read what was done; everybody inside reads who may do what."""

import csv
import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from buyside.domain.access import GRANTS, Permission, Role
from buyside.operations.orders import save_order
from buyside.operations.run import perform
from tests.world import NOW, World


@pytest.fixture(scope="module")
def order(database: Any) -> dict[str, Any]:
    """An order that a buyer wrote, and whose head the same buyer changed."""
    with World.open() as world:
        world.organisation()
        acme, main, buyer = world.vendor("Acme"), world.warehouse(), world.user(Role.BUYER)
    head = {"vendor_id": acme.id, "warehouse_id": main.id, "currency_code": "EUR"}
    written = perform(save_order, buyer, head=head, at=NOW)
    changed = {"title": "=1+1 <b>spokes</b>", "shipping_costs": Decimal("12.5")}
    perform(save_order, buyer, order_id=written.order_id, version=written.version, head=changed, at=NOW)
    return {"number": written.number, "id": written.order_id, "buyer": buyer}


def grid_rows(page: Page) -> Any:
    return page.locator(".ag-row")


@pytest.mark.rule("ACC-6")
def test_an_administrator_finds_who_changed_a_record_and_what_it_was_before(
    visit: Callable[..., Any], order: dict[str, Any]
) -> None:
    window = visit(Role.ADMIN)
    window.open("/admin/audit")
    page: Page = window.page
    page.get_by_label("A word, a number, a name in Audit trail").fill("spokes")
    expect(grid_rows(page)).to_have_count(1)
    row = grid_rows(page).first
    expect(row).to_contain_text(order["number"])
    expect(row).to_contain_text(order["buyer"].name)
    row.locator("[col-id='operation']").click()
    entry = page.get_by_role("complementary", name="Entry of the audit trail")
    expect(entry).to_contain_text("Save order")
    expect(entry).to_contain_text("=1+1 <b>spokes</b>")  # as text, whatever it looks like
    expect(entry.locator("del").filter(has_text="0.00").first).to_be_visible()
    expect(entry.locator("ins").filter(has_text="12.50").first).to_be_visible()
    for theme in ("light", "dark"):
        assert window.violations(theme) == []
    assert window.problems == []


def test_an_address_leads_to_the_history_of_one_record(visit: Callable[..., Any], order: dict[str, Any]) -> None:
    window = visit(Role.ADMIN)
    window.open(f"/admin/audit?kind=purchase_order&record={order['id']}")
    expect(window.page.get_by_role("button", name=f"Only Purchase order {order['number']}")).to_be_visible()
    expect(grid_rows(window.page)).to_have_count(2)
    window.page.get_by_role("button", name=f"Only Purchase order {order['number']}").click()
    window.page.wait_for_url("**/admin/audit")
    window.open("/admin/audit?kind=purchase_order&record=999999999")
    expect(window.page.get_by_text("Nothing happened yet")).to_be_visible()


def test_the_file_has_what_the_list_shows_and_no_formulas(visit: Callable[..., Any], order: dict[str, Any]) -> None:
    window = visit(Role.ADMIN)
    window.open(f"/admin/audit?kind=purchase_order&record={order['id']}")
    expect(grid_rows(window.page)).to_have_count(2)
    with window.page.expect_download() as download:
        window.page.get_by_role("button", name="Export CSV").click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text(encoding="utf-8"))))
    assert [row["operation"] for row in rows] == ["save_order", "save_order"]
    assert "spokes" in rows[0]["changes"]
    assert not [cell for row in rows for cell in row.values() if cell[:1] in {"=", "+", "-", "@"}]


@pytest.mark.rule("ACC-2")
@pytest.mark.parametrize("role", [Role.RECEIVER, Role.REQUESTER])
def test_everybody_inside_reads_who_may_do_what(role: Role, visit: Callable[..., Any]) -> None:
    window = visit(role)
    window.open("/")
    window.page.locator(".who").click()
    window.page.get_by_role("menuitem", name="Permissions").click()
    window.page.wait_for_url("**/admin/permissions**")
    table = window.page.get_by_role("table", name="Who may do what")
    expect(table.locator("tbody tr")).to_have_count(len(Permission))
    marks = sum(len(granted) for granted in GRANTS.values())
    expect(table.locator("td.matrix-mark span[role=img]")).to_have_count(marks)
    expect(table.locator("th[data-own=true][scope=col]")).to_have_text(f"{role.value.capitalize()} (yours)")
    posting = table.locator("tr").filter(has_text="receipt.post")
    posting.locator("summary").click()
    expect(posting).to_contain_text("receive_order")
    for theme in ("light", "dark"):
        assert window.violations(theme) == []
    assert window.problems == []
