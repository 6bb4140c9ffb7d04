"""Scenarios as screens show them: the list, one with its changes, beside the plan (PLAN-15)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from buyside.domain.access import Actor, Role
from buyside.domain.refusals import Refused
from buyside.domain.scenarios import LeadTime
from buyside.operations.plans import run_plan, start_run
from buyside.operations.run import perform
from buyside.operations.scenarios import add_change, calculate_scenario, create_scenario, keep_scenario, remove_change
from buyside.queries.grids import GRIDS
from buyside.queries.plans import run_progress
from buyside.queries.read import ask
from buyside.queries.rows import RowsWanted, by_name, grid_page
from buyside.queries.scenario_items import late_lines, scenario_outlook
from buyside.queries.scenario_preview import Preview, scenario_preview
from buyside.queries.scenario_records import open_line_choices
from buyside.queries.scenarios import comparison, plans_to_start_from, scenario_detail, scenarios
from buyside.state.scenario_words import preview_says
from tests.world import NOW, TODAY, World

NEEDED = TODAY + timedelta(days=30)


@dataclass(frozen=True)
class Story:
    """A bike of one frame; Acme sells it in ten days, Cheap for less in sixty."""

    buyer: Actor
    other: Actor
    run_id: int
    codes: dict[str, str]
    ids: dict[str, int]


@pytest.fixture(scope="module")
def story(database: object) -> Story:
    with World.open() as world:
        buyer, other = world.user(Role.BUYER), world.user(Role.BUYER)
        main, frame, bike = world.warehouse("Main"), world.item("Frame"), world.variant("Bike")
        world.bom(bike, frame)
        acme = world.vendor("Acme").supplies(frame, price="40", lead_days=10)
        cheap = world.vendor("Cheap").supplies(frame, price="30", lead_days=60, preference=2)
        order, _ = world.sales_order(main, (bike, 5, NEEDED), customer="Otto")
        world.stock(main, frame, 1)
        codes = {
            "main": main.code,
            "acme": acme.row.code,
            "cheap": cheap.row.code,
            "frame": frame.code,
            "line": f"{order.number}/1",
            "rope": world.variant("Rope").sku,
        }
    run = perform(run_plan, buyer, run_id=perform(start_run, buyer, as_of=TODAY, at=NOW).run_id).run_id
    return Story(buyer, other, run, codes, {"frame": frame.id, "main": main.id, "acme": acme.id, "cheap": cheap.id})


def made(story: Story, name: str, *changes: tuple[str, str, dict[str, Any]], calculated: bool = True) -> int:
    saved = perform(create_scenario, story.buyer, run_id=story.run_id, name=name, at=NOW)
    for kind, act, said in changes:
        saved = perform(
            add_change, story.buyer, scenario_id=saved.scenario_id, version=saved.version, kind=kind, act=act, said=said
        )
    if calculated:
        begun = perform(calculate_scenario, story.buyer, scenario_id=saved.scenario_id, at=NOW)
        perform(run_plan, story.buyer, run_id=begun.run_id)
    return saved.scenario_id


def refusal(call: Callable[[], Any]) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.code


@pytest.mark.rule("PLAN-15")
def test_scenarios_stand_beside_the_plan_with_cost_lateness_and_vendors(story: Story) -> None:
    slow = made(story, "Acme slow", ("lead_time", "lead_time", {"vendor": story.codes["acme"], "days": 33}))
    gone = made(story, "Acme out", ("vendor", "out", {"vendor": story.codes["acme"]}))
    found = ask(comparison, story.buyer, scenario_ids=(slow, gone))
    assert [side.name for side in found.sides] == ["Acme slow", "Acme out"]
    figures = [found.base_figures, *(side.figures for side in found.sides)]
    assert [each["cost"] for each in figures] == ["160.00", "160.00", "120.00"]
    assert [(each["late_lines"], each["late_days"]) for each in figures] == [(0, 0), (1, 3), (1, 30)]
    assert [(each["late_demand"], each["late_demand_days"]) for each in figures] == [(0, 0), (1, 3), (1, 30)]
    assert [each["vendors"] for each in figures] == [
        [[story.ids["acme"], 1, "160.00"]], [[story.ids["acme"], 1, "160.00"]], [[story.ids["cheap"], 1, "120.00"]]
    ]  # fmt: skip
    assert found.vendors[story.ids["cheap"]][0] == story.codes["cheap"]
    [[line], count] = ask(late_lines, story.buyer, scenario_id=gone)
    assert (f"{line.order_number}/{line.line_number}", line.customer, line.base_days, line.days, count) == (
        story.codes["line"], "Otto", 0, 30, 1,
    )  # fmt: skip


@pytest.mark.rule("PLAN-15")
def test_items_that_are_ordered_otherwise_are_rows_with_what_differs_most(story: Story) -> None:
    calm = made(story, "Calm", ("vendor_policy", "sourcing", {"contracts_first": True}))
    more = made(story, "More", ("demand", "percent", {"percent": Decimal(100)}))
    source = by_name(GRIDS, "scenario-items")

    def rows(scenario_id: int) -> list[dict[str, Any]]:
        run = ask(scenario_detail, story.buyer, scenario_id=scenario_id).result_run_id
        return ask(grid_page, story.buyer, source=source, wanted=RowsWanted(scope={"run_id": run}), today=TODAY).rows

    assert rows(calm) == []
    [row] = rows(more)
    assert (row["item"], row["differs"]) == (story.codes["frame"], "more")
    unscoped = {"source": source, "wanted": RowsWanted(), "today": TODAY}
    assert refusal(lambda: ask(grid_page, story.buyer, **unscoped)) == "general.unreadable"


@pytest.mark.rule("PLAN-15")
def test_the_balance_of_an_item_over_time_under_plan_and_scenario(story: Story) -> None:
    slow = made(story, "Slow again", ("lead_time", "lead_time", {"item": story.codes["frame"], "days": 40}))
    run = ask(scenario_detail, story.buyer, scenario_id=slow).result_run_id
    places = {"item_id": story.ids["frame"], "warehouse_id": story.ids["main"]}
    found = ask(scenario_outlook, story.buyer, run_ids=(story.run_id, run), **places)
    assert [(each.on_date, each.balances) for each in found.days] == [
        (TODAY, (Decimal(1), Decimal(1))),
        (NEEDED, (Decimal(0), Decimal(-4))),
        (TODAY + timedelta(days=40), (Decimal(0), Decimal(0))),
    ]
    assert refusal(lambda: ask(scenario_outlook, story.buyer, run_ids=(0,), **places)) == "access.not-found"


@pytest.mark.rule("PLAN-15")
def test_own_scenarios_are_listed_and_those_that_anybody_keeps(story: Story) -> None:
    own = made(story, "Mine alone", ("vendor", "out", {"vendor": story.codes["cheap"]}), calculated=False)
    kept = made(story, "For all", ("vendor", "out", {"vendor": story.codes["cheap"]}))
    version = ask(scenario_detail, story.buyer, scenario_id=kept).version
    perform(keep_scenario, story.buyer, scenario_id=kept, version=version)
    mine = {each.id: each for each in ask(scenarios, story.buyer)}
    assert (mine[own].is_mine, mine[own].changes, mine[own].result_run_id) == (True, 1, 0)
    theirs = {each.id: each for each in ask(scenarios, story.other)}
    assert kept in theirs
    assert own not in theirs
    assert not theirs[kept].is_mine
    assert theirs[kept].figures["cost"] == "160.00"
    assert (story.run_id, TODAY) in [(key, as_of) for key, as_of, _ in ask(plans_to_start_from, story.buyer)]
    assert refusal(lambda: ask(comparison, story.buyer, scenario_ids=(own,))) == "scenarios.not-calculated"


@pytest.mark.rule("PLAN-15")
def test_a_result_of_other_changes_is_told_to_be_old(story: Story) -> None:
    longer = ("lead_time", "lead_time", {"vendor": story.codes["acme"], "more_days": 3})
    scenario = made(story, "Edited", longer, ("vendor", "out", {"vendor": story.codes["cheap"]}))
    detail = ask(scenario_detail, story.buyer, scenario_id=scenario)
    assert not detail.is_stale
    [(_, first), (second, _)] = detail.changes
    assert first == LeadTime(vendor_id=story.ids["acme"], more_days=3)
    assert detail.names["vendor", story.ids["acme"]].code == story.codes["acme"]
    perform(remove_change, story.buyer, change_id=second, version=detail.version)
    assert ask(scenario_detail, story.buyer, scenario_id=scenario).is_stale
    progress = ask(run_progress, story.buyer, run_id=detail.result_run_id)
    assert progress is not None
    assert progress.state == "done"


@pytest.mark.rule("PLAN-15")
def test_open_lines_are_found_by_number_customer_and_article(story: Story) -> None:
    def found(text: str) -> tuple[tuple[str, str], ...]:
        return ask(open_line_choices, story.buyer, among="sales-order-lines", text=text)

    assert [code for code, _ in found("otto")] == [story.codes["line"]]
    assert [code for code, _ in found(story.codes["line"])] == [story.codes["line"]]
    assert found("nobody") == ()
    assert ask(open_line_choices, story.buyer, among="purchase-order-lines", text="") == ()
    assert refusal(lambda: ask(open_line_choices, story.buyer, among="vendors", text="")) == "general.unreadable"


@pytest.mark.rule("PLAN-15")
def test_what_changes_would_do_is_told_before_any_run_and_is_what_the_run_finds(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = ("vendor", "out", {"vendor": story.codes["acme"]})
    percent = ("demand", "percent", {"percent": Decimal(100)})
    later = ("lead_time", "lead_time", {"vendor": story.codes["acme"], "more_days": 50})
    for at, changes in enumerate(((out,), (percent,), (out, percent), (later, percent))):
        scenario = made(story, f"Told at once {at}", *changes)
        told = ask(scenario_preview, story.buyer, scenario_id=scenario)
        [side] = ask(comparison, story.buyer, scenario_ids=(scenario,)).sides
        was, now = side.base_figures, side.figures
        assert told == Preview(
            items=1,
            lines=now["plan_lines"] - was["plan_lines"],
            late_lines=now["late_lines"] - was["late_lines"],
            cost=Decimal(now["cost"]) - Decimal(was["cost"]),
        )
    item = {"item": story.codes["frame"], "warehouse": story.codes["main"], "quantity": Decimal(1), "needed_on": NEEDED}
    wide = made(story, "Too wide", ("demand", "extra", item))
    told = ask(scenario_preview, story.buyer, scenario_id=wide)
    [side] = ask(comparison, story.buyer, scenario_ids=(wide,)).sides
    assert told is not None
    assert (told.items, told.is_in_full) == (1, True)
    assert told.cost == Decimal(side.figures["cost"]) - Decimal(side.base_figures["cost"])
    assert preview_says(told, "EUR", "en_GB").startswith(
        "Planned in full, as these changes reach everything: 1 item ordered"
    )
    monkeypatch.setattr("buyside.queries.scenario_preview.MOST_IN_FULL", 0)
    assert ask(scenario_preview, story.buyer, scenario_id=wide) is None
    rope = {
        "variant": story.codes["rope"],
        "warehouse": story.codes["main"],
        "quantity": Decimal(1),
        "needed_on": NEEDED,
    }
    lost = made(story, "Nothing answers it", ("demand", "extra", rope), calculated=False)
    told = ask(scenario_preview, story.buyer, scenario_id=lost)
    assert told is not None
    assert (told.items, told.unmapped, told.dead_ends, told.is_in_full) == (0, 1, 0, False)
    assert "nothing would be ordered otherwise, 1 more sales line that nothing can be ordered for" in preview_says(
        told, "EUR", "en"
    )
