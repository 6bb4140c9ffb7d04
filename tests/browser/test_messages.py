"""A buyer works through what is to be done with orders, by keyboard, and lets the planning run by itself."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlmodel import select

from buyside.db.engine import sessions
from buyside.db.plans import ActionMessage, PlanningSchedule
from buyside.domain.access import Role
from buyside.operations.plans import run_plan, start_run
from buyside.operations.run import perform
from tests.world import NOW, TODAY, World


@pytest.mark.rule("PLAN-16")
@pytest.mark.rule("PLAN-6")
def test_messages_are_worked_off_and_the_next_plan_is_scheduled(database: Any, visit: Callable[..., Any]) -> None:
    with World.open() as world:
        world.organisation()
        planner, main = world.user(Role.BUYER), world.warehouse()
        bolt, nut, bike = world.item(), world.item("Nut"), world.variant()
        acme = world.vendor("Acme").supplies(bolt).supplies(nut)
        world.bom(bike, bolt, 1)
        world.bom(bike, nut, 1)
        world.sales_order(main, (bike, 4, TODAY + timedelta(days=10)), customer="Hill Riders")
        world.order(acme, main, (bolt, 4), (nut, 4), issued=True, expected_on=TODAY + timedelta(days=30))
    perform(run_plan, planner, run_id=perform(start_run, planner, as_of=TODAY, at=NOW).run_id)

    window = visit(Role.BUYER)
    page = window.page
    window.open("/messages")
    row = page.get_by_role("row", name=bolt.code).first
    expect(row).to_contain_text("Expedite")
    row.get_by_role("gridcell").nth(1).click()
    page.keyboard.press("Enter")
    panel = page.get_by_role("complementary", name="Action message")
    expect(panel).to_contain_text("Hill Riders")
    expect(panel).to_contain_text("Please deliver 4 pcs by")
    for theme in ("light", "dark"):
        assert window.violations(theme) == []
    panel.get_by_role("button", name="Take").click()
    expect(page.get_by_text("The message is taken.")).to_be_visible()
    panel.get_by_role("button", name="Snooze").click()
    page.get_by_role("dialog").get_by_role("button", name="Snooze").click()
    expect(panel).to_contain_text("Put aside until")
    expect(page.get_by_role("row", name=bolt.code)).to_have_count(0)
    page.get_by_role("row", name=nut.code).get_by_role("checkbox").check()
    page.get_by_role("group", name="With the chosen messages").get_by_role("button", name="Dismiss").click()
    page.get_by_label("Reason").fill("the customer can wait")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing to do")).to_be_visible()
    with sessions()() as session:
        found = {each.item_id: each for each in session.exec(select(ActionMessage)).all()}
    assert (found[nut.id].state, found[nut.id].closing_reason) == ("dismissed", "the customer can wait")
    assert found[bolt.id].owner_id is not None

    window.open("/plan/schedules")
    page.get_by_role("button", name="New schedule").first.click()
    page.get_by_label("Name").fill("Every morning")
    page.get_by_label("Sun").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row", name="Every morning")).to_contain_text("Mon, Tue, Wed, Thu, Fri, Sat at 06:00")
    for theme in ("light", "dark"):
        assert window.violations(theme) == []
    page.get_by_role("button", name="Run now").click()
    expect(page.get_by_role("row", name="Every morning")).to_contain_text("plan lines", timeout=30_000)
    with sessions()() as session:
        assert session.exec(select(PlanningSchedule)).one().last_run_id is not None
