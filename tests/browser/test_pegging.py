"""From a customer's line to what serves it, and from a bought line to the customers who wait for it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from buyside.domain.access import Role
from buyside.operations.plans import run_plan, start_run
from buyside.operations.run import perform
from tests.world import NOW, TODAY, World


@pytest.mark.rule("PLAN-14")
@pytest.mark.rule("PLAN-17")
def test_a_buyer_goes_from_a_customers_line_to_its_supply_and_back(database: Any, visit: Callable[..., Any]) -> None:
    with World.open() as world:
        world.organisation()
        planner, main = world.user(Role.BUYER), world.warehouse()
        frame, gem, bike = world.item("Frame"), world.item("Gem"), world.variant("Bike")
        world.bom(bike, frame)
        world.bom(bike, gem, 2)
        acme = world.vendor("Acme").supplies(frame, lead_days=7).supplies(gem, lead_days=7)
        world.stock(main, frame, 4)
        bought, _ = world.order(acme, main, (frame, 5), issued=True, expected_on=TODAY + timedelta(days=25))
        world.sales_order(main, (bike, 4, TODAY + timedelta(days=30)), customer="Valley Riders")
        sold, _ = world.sales_order(
            main, (bike, 6, TODAY + timedelta(days=20)), (bike, 1, TODAY + timedelta(days=60)), customer="Hill Riders"
        )
    perform(run_plan, planner, run_id=perform(start_run, planner, as_of=TODAY, at=NOW).run_id)

    window = visit(Role.BUYER)
    page = window.page
    window.open(f"/sales-orders/{sold.number}?line=1")
    expect(page.get_by_role("heading", name="What serves line 1")).to_be_visible()
    expect(page.get_by_text("5 days late").first).to_be_visible()
    lines = page.get_by_role("region", name="Lines", exact=True)
    expect(lines.get_by_role("row", name="Bike").first).to_contain_text("5 days late")
    parts = page.get_by_role("region", name="What serves each component")
    expect(parts.get_by_role("row", name="Stock")).to_contain_text("4")
    expect(parts.get_by_role("row", name=gem.code)).to_contain_text("Planned, not ordered")
    for theme in ("light", "dark"):
        assert window.violations(theme) == []
    page.get_by_role("navigation", name="Lines to look at").get_by_role("link", name="Line 2").click()
    expect(page.get_by_role("heading", name="What serves line 2")).to_be_visible()
    page.go_back()
    parts.get_by_role("link", name=f"{bought.number}, line 1").click()

    expect(page.get_by_role("heading", name="Who waits for line 1")).to_be_visible()
    expect(page.get_by_text("Endangers a customer's order, by up to 5 days")).to_be_visible()
    waiting = page.get_by_role("region", name="Customers' orders that wait for this line")
    expect(waiting.get_by_role("row", name="Hill Riders")).to_contain_text("5 days late")
    expect(waiting.get_by_role("row", name="Valley Riders")).to_contain_text("In time")
    for theme in ("light", "dark"):
        assert window.violations(theme) == []
    waiting.get_by_role("link", name=f"{sold.number}, line 1").click()
    expect(page.get_by_role("heading", name="What serves line 1")).to_be_visible()
    assert window.problems == []
