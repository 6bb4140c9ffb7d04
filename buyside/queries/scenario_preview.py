"""What a scenario's changes would do to its plan, told at once after each edit: only what they reach is planned again (PLAN-15)."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

import polars as pl
from sqlalchemy import select
from sqlmodel import Session, col

from buyside.db.plans import PlanningRun, PlanningScenario, PlanningScenarioChange
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.refusals import NotFound
from buyside.domain.scenarios import change_of
from buyside.planning.frames import Headroom
from buyside.planning.resident_inputs import TooWide
from buyside.planning.scenario import changed
from buyside.planning.scenario_differences import item_differences
from buyside.planning.scenario_figures import rates_on
from buyside.queries.plan_resident import resident_of
from buyside.queries.scenario_inputs import kept_inputs

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Preview:
    """The difference to the plan: items ordered otherwise, plan lines and late lines more or less, cost in the organisation's
    currency (None where a line has no rate)."""

    items: int
    lines: int
    late_lines: int
    cost: Decimal | None


@needs(Permission.PLAN_RUN)
def scenario_preview(session: Session, actor: Actor, /, *, scenario_id: int) -> Preview | None:
    """What the changes of a scenario come to, without a run. None where they reach too far to be told at once.

    Equal to what a run would tell of plan lines. Refuses: NotFound, what changed() refuses, BaseTooOld.
    """
    scenario = session.get(PlanningScenario, scenario_id)
    if scenario is None:
        raise NotFound(kind="scenario")
    base = session.get_one(PlanningRun, scenario.base_run_id)
    rows = session.scalars(
        select(PlanningScenarioChange)
        .where(col(PlanningScenarioChange.scenario_id) == scenario_id)
        .order_by(col(PlanningScenarioChange.position), col(PlanningScenarioChange.id))
    )
    changes = [change_of(row.kind, row.content) for row in rows]
    before = kept_inputs(session, base)
    after = changed(before, changes, base.as_of, warehouses=base.scope.get("warehouses"))
    try:
        planned = resident_of(session, actor, run_id=base.id).change_to(after)
        one, other = planned.plan_lines_before, planned.plan_lines_after
    except (TooWide, Headroom):
        return None
    rates = rates_on(before.rates, base.as_of)
    costs = [_cost(lines, rates) for lines in (one, other)]
    return Preview(
        items=item_differences(before, one, after, other, base.as_of).height,
        lines=other.height - one.height,
        late_lines=_late(other) - _late(one),
        cost=None if costs[0] is None or costs[1] is None else _money(costs[1] - costs[0]),
    )


def _late(lines: pl.DataFrame) -> int:
    return lines.filter(pl.col("late_days") > 0).height


def _cost(lines: pl.DataFrame, rates: pl.DataFrame) -> int | None:
    """What priced lines cost in the organisation's currency, at 10^-18; None where one has no rate."""
    priced = lines.filter(pl.col("unit_price").is_not_null() & pl.col("vendor").is_not_null())
    rated = priced.join(rates, on="currency", how="left")
    if rated["rate"].null_count():
        return None
    exact = pl.col("quantity").cast(pl.Int128) * pl.col("unit_price") * pl.col("rate")
    return int(rated.select(exact.sum()).item() or 0)


def _money(amount: int) -> Decimal:
    return Decimal(amount).scaleb(-18).quantize(_CENT, ROUND_HALF_UP)
