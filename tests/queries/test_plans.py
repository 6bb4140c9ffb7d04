"""What screens show of a plan, and how its numbers explain themselves."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from buyside.domain.access import Actor, Role
from buyside.domain.refusals import Refused
from buyside.operations.plan_lines import change_plan_line
from buyside.operations.plans import run_plan, start_run
from buyside.operations.run import perform
from buyside.queries import plan_results
from buyside.queries.plan_explanations import pegs_of_requirement, plan_line_detail, requirement_arithmetic
from buyside.queries.plan_line_rows import PLAN_LINE_ROWS
from buyside.queries.plans import (
    PROBLEM_ROWS,
    find_run,
    latest_run,
    runs,
    vendor_totals,
)
from buyside.queries.read import ask
from buyside.queries.rows import GridSource, RowsWanted, grid_page
from tests.world import NOW, TODAY, World

BUYER = Actor(user_id=None, name="buyer", roles=frozenset({Role.BUYER}))
NEEDED, LATER = TODAY + timedelta(days=20), TODAY + timedelta(days=50)


@dataclass(frozen=True)
class Plan:
    run_id: int
    warehouse: int
    frame: int
    gem: int
    best_frame: int
    acme: int
    sold: tuple[int, ...]
    order: str


@pytest.fixture(scope="module")
def plan(database: object) -> Plan:
    """Ten frames on hand, five on order late, safety stock two; six and then twenty are wanted."""
    with World.open() as world:
        main = world.warehouse("Main")
        frame, gem = world.item("Frame", safety_stock=Decimal(2)), world.item("Gem")
        bike = world.variant("Bike")
        world.bom(bike, frame)
        world.bom(bike, gem)
        acme = world.vendor("Acme").supplies(frame, pack=4, price="80", breaks={10: "70"}, lead_days=7)
        best = world.vendor("Best").supplies(frame, price="21", lead_days=60, preference=2, part="B-1")
        world.stock(main, frame, 10)
        world.order(best, main, (frame, 5), issued=True, expected_on=TODAY - timedelta(days=2))
        order, sold = world.sales_order(main, (bike, 6, NEEDED), (bike, 20, LATER), customer="Jane")
        world.sales_order(main, (world.variant("Odd"), 1, NEEDED))
        mapping = world.session.execute(text("SELECT id FROM vendor_item WHERE vendor_part = 'B-1'")).scalar_one()
        ids = (main.id, frame.id, gem.id, mapping, acme.id, tuple(each.id for each in sold), order.number)
    started = perform(start_run, BUYER, as_of=TODAY, at=NOW)
    perform(run_plan, BUYER, run_id=started.run_id)
    return Plan(started.run_id, *ids)


def rows_of(source: GridSource, plan: Plan, **wanted: Any) -> list[dict[str, Any]]:
    asked = RowsWanted(scope={"run_id": plan.run_id}, **wanted)
    return ask(grid_page, BUYER, source=source, wanted=asked, today=TODAY).rows


def test_a_run_is_told_with_its_scope_counts_and_open_lines(plan: Plan) -> None:
    run = ask(latest_run, BUYER)
    assert run is not None
    assert (run.run_id, run.state, run.as_of, run.warehouses) == (plan.run_id, "done", TODAY, ())
    assert (run.counts["plan_lines"], run.counts["unmapped"], run.open_lines) == (3, 1, 3)
    assert ask(runs, BUYER)[0] == run == ask(find_run, BUYER, run_id=plan.run_id)
    assert ask(find_run, BUYER, run_id=0) is None


@pytest.mark.rule("PLAN-14")
def test_the_arithmetic_of_a_requirement_adds_up_date_by_date(plan: Plan) -> None:
    told = ask(requirement_arithmetic, BUYER, run_id=plan.run_id, item_id=plan.frame, warehouse_id=plan.warehouse)
    assert (told.on_hand, told.safety_stock, told.unit) == (Decimal(10), Decimal(2), "pcs")
    assert [(row.on_date, row.gross, row.receipts, row.projected, row.shortage, row.planned) for row in told.rows] == [
        (TODAY, 0, 5, 15, 0, 0),
        (NEEDED, 6, 0, 9, 0, 0),
        (LATER, 20, 0, -11, 13, 16),
    ]
    for row in told.rows:
        assert row.opening - row.gross + row.receipts == row.projected
    assert told.rows[-1].projected_with_plan == 5
    with pytest.raises(Refused) as refused:
        ask(requirement_arithmetic, BUYER, run_id=plan.run_id, item_id=0, warehouse_id=plan.warehouse)
    assert refused.value.code == "access.not-found"


@pytest.mark.rule("PLAN-14")
def test_the_demand_behind_a_requirement_is_named(plan: Plan) -> None:
    pegs = ask(pegs_of_requirement, BUYER, run_id=plan.run_id, item_id=plan.frame, warehouse_id=plan.warehouse)
    assert [(each.sales_order, each.line_number, each.customer, each.needed_by, each.quantity) for each in pegs] == [
        (plan.order, 1, "Jane", NEEDED, Decimal(6)),
        (plan.order, 2, "Jane", LATER, Decimal(20)),
    ]


@pytest.mark.rule("PLAN-14")
def test_a_run_too_large_to_store_its_pegs_divides_them_on_demand(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_results, "PEGS_STORED_TO", 0)
    started = perform(start_run, BUYER, as_of=TODAY, at=NOW)
    done = perform(run_plan, BUYER, run_id=started.run_id)
    assert done.pegs is None
    place = {"item_id": plan.frame, "warehouse_id": plan.warehouse}
    divided = ask(pegs_of_requirement, BUYER, run_id=done.run_id, **place)
    assert divided == ask(pegs_of_requirement, BUYER, run_id=plan.run_id, **place)


def test_a_plan_line_shows_suggestion_and_decision_side_by_side(plan: Plan) -> None:
    line = next(row for row in rows_of(PLAN_LINE_ROWS, plan) if row["item_id"] == plan.frame)
    assert (line["quantity_packs"], line["suggested_quantity"], line["total"], line["is_changed"]) == (
        "4",
        "4",
        "320",
        False,
    )
    perform(change_plan_line, BUYER, line_id=int(line["id"]), version=1, quantity_packs=Decimal(10))
    changed = next(row for row in rows_of(PLAN_LINE_ROWS, plan) if row["item_id"] == plan.frame)
    assert (changed["quantity_packs"], changed["suggested_quantity"], changed["total"]) == ("10", "4", "700")
    assert changed["is_changed"]


@pytest.mark.rule("PLAN-14")
def test_a_plan_line_explains_its_lot_and_names_the_alternatives(plan: Plan) -> None:
    line = next(row for row in rows_of(PLAN_LINE_ROWS, plan) if row["item_id"] == plan.frame)
    told = ask(plan_line_detail, BUYER, line_id=int(line["id"]))
    assert (told.lot.shortage, told.lot.lots.factor, told.lot.quantity, told.lot.unit) == (13, 4, 4, "pcs")
    assert told.order_day is not None
    assert told.order_day.order_by == told.order_by
    assert told.listed_price is not None
    assert told.listed_price.unit_price == told.unit_price
    assert told.reason == "Preferred before 1 other vendor."
    acme, best = told.alternatives
    assert (acme.vendor, acme.quantity_packs, acme.unit_price, acme.late_days) == ("Acme", 4, Decimal(80), 0)
    assert (best.vendor, best.quantity_packs, best.total, best.late_days) == ("Best", 13, Decimal(273), 10)


def test_the_plan_is_summed_by_vendor(plan: Plan) -> None:
    totals = {each.vendor: each for each in ask(vendor_totals, BUYER, run_id=plan.run_id)}
    assert (totals["Acme"].lines, totals["Acme"].convertible_lines, totals["Acme"].currency) == (1, 1, "EUR")
    assert (totals[""].lines, totals[""].convertible_lines, totals[""].vendor_id) == (2, 0, None)


@pytest.mark.rule("ITM-8")
def test_unmapped_demand_is_a_list_that_names_the_order(plan: Plan) -> None:
    found = rows_of(PROBLEM_ROWS, plan)
    assert [(row["kind"], row["name"], row["quantity"], row["customer"]) for row in found] == [
        ("unmapped", "Odd", "1", "Customer")
    ]
