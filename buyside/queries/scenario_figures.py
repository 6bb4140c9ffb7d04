"""The numbers that plans are compared by, kept with a scenario's run as texts: its own and those of its base (PLAN-15)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import polars as pl
from sqlmodel import Session

from buyside.db.plans import PlanningRun
from buyside.domain.plans import RunOrigin
from buyside.planning.copy_stream import Wire
from buyside.planning.run import PlanInputs, PlanResults, pegs_of
from buyside.planning.scenario_differences import item_differences
from buyside.planning.scenario_figures import VALUES, Figures, figures, item_values, last_day
from buyside.queries.arrow_reader import arrow_reader
from buyside.queries.plan_stored import PlanScope, packed, scope_of
from buyside.queries.scenario_inputs import kept_inputs, kept_plan_lines

_CENT = Decimal("0.01")
_VENDORS_KEPT = 500
_NEEDS = """
    SELECT item_id AS item, warehouse_id AS warehouse, on_date AS date, (gross * 1000000)::int8 AS gross,
           (scheduled_receipts * 1000000)::int8 AS scheduled_receipts
    FROM planning_requirement WHERE run_id = {run}
"""
_COSTS = "SELECT id AS item, (standard_cost * 1000000)::int8 AS value FROM item WHERE standard_cost > 0"


@dataclass(frozen=True)
class ScenarioFigures:
    """What is kept with a scenario's run beside what every run keeps."""

    counts: dict[str, Any]
    frames: tuple[tuple[str, int, bytes], ...]
    tables: tuple[tuple[str, pl.DataFrame, dict[str, Wire]], ...]
    """Table, rows, and how each column travels there."""


def figures_of(session: Session, *, run_id: int, inputs: PlanInputs, results: PlanResults) -> ScenarioFigures:
    """The figures of a scenario's run and of its base, valued alike; nothing for any other run."""
    run = session.get_one(PlanningRun, run_id)
    if run.origin != RunOrigin.SCENARIO:
        return ScenarioFigures({}, (), ())
    base = session.get_one(PlanningRun, run.scope["base_run_id"])
    scope, as_of = scope_of(base), base.as_of
    before, lines = kept_inputs(session, base), kept_plan_lines(session, base.id)
    with arrow_reader(session) as reader:
        needs = reader.frame(_NEEDS.replace("{run}", str(int(base.id))))
        costs = reader.frame(_COSTS)
    until = last_day(needs, lines, as_of)
    values = item_values(before, VALUES.check(costs), as_of)

    def told(
        of: PlanInputs, requirements: pl.DataFrame, plan_lines: pl.DataFrame, pegs: pl.DataFrame | None
    ) -> Figures:
        return figures(of, requirements, plan_lines, _pegs(of, pegs, as_of, scope), values, as_of, until)

    own = told(inputs, results.requirements, results.plan_lines, results.pegs)
    theirs = told(before, needs, lines, None)
    kept = (("late_demand", own.late_demand), ("base_late_demand", theirs.late_demand))
    return ScenarioFigures(
        {"figures": _texts(own), "base_figures": _texts(theirs)},
        tuple((name, frame.height, packed(frame)) for name, frame in kept),
        (_items(run_id, item_differences(before, lines, inputs, results.plan_lines, as_of)),),
    )


def _items(run_id: int, differences: pl.DataFrame) -> tuple[str, pl.DataFrame, dict[str, Wire]]:
    whole = ("run_id", "item_id", "warehouse_id", "base_lines", "lines", "base_late_days", "late_days")
    wires = dict.fromkeys((*whole, "base_vendor_id", "vendor_id"), Wire.INT8) | {"differs": Wire.WORD}
    wires |= dict.fromkeys(("base_quantity", "quantity", "base_value", "value"), Wire.NUMERIC)
    wires |= dict.fromkeys(("base_needed_on", "needed_on"), Wire.DATE)
    named = {name: f"{name}_id" for name in ("item", "warehouse", "base_vendor", "vendor")}
    rows = differences.rename(named).with_columns(pl.lit(run_id, pl.Int64).alias("run_id"))
    return "planning_scenario_item", rows, wires


def _pegs(
    inputs: PlanInputs, pegs: pl.DataFrame | None, as_of: date, scope: PlanScope
) -> Callable[[list[int]], pl.DataFrame]:
    def of(items: list[int]) -> pl.DataFrame:
        if pegs is not None:
            return pegs.filter(pl.col("item").is_in(items))
        return pegs_of(inputs, as_of, items=items, **scope)

    return of


def _texts(told: Figures) -> dict[str, Any]:
    """Figures as a document; money as text with two decimals, rounded half up once."""
    own = [each.own for each in told.costs]
    waits = told.late_demand["late_days"]
    return {
        "costs": [[each.currency, each.lines, _money(each.cost, 12)] for each in told.costs],
        "cost": None if None in own else _money(sum(each for each in own if each is not None), 18),
        "plan_lines": told.plan_lines,
        "unpriced_lines": told.unpriced_lines,
        "without_vendor": told.without_vendor,
        "orders": told.orders,
        "late_lines": told.late_lines,
        "late_days": told.late_days,
        "late_demand": waits.len() - waits.null_count(),
        "late_demand_days": int(waits.sum()),
        "endless_demand": waits.null_count(),
        "days": told.days,
        "stock_average": _money(told.stock_days // told.days, 12),
        "stock_end": _money(told.stock_end, 12),
        "vendors": [[each.vendor, each.lines, _money(each.own, 18)] for each in told.vendors[:_VENDORS_KEPT]],
    }


def _money(amount: int, digits: int) -> str:
    return str(Decimal(amount).scaleb(-digits).quantize(_CENT, ROUND_HALF_UP))
