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
from buyside.planning.resident import Replanned, Resident
from buyside.planning.resident_inputs import TooWide
from buyside.planning.run import PlanResults, plan
from buyside.planning.scenario import changed
from buyside.planning.scenario_differences import item_differences
from buyside.planning.scenario_figures import rates_on
from buyside.queries.plan_resident import resident_of
from buyside.queries.plan_stored import scope_of
from buyside.queries.scenario_inputs import kept_inputs

MOST_IN_FULL = 100_000
"""Demand lines up to which a change too wide for a kept plan is planned in full while somebody waits: about half a second."""
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Preview:
    """The difference to the plan: items ordered otherwise, plan lines and late lines more or less, cost in the organisation's
    currency (None where a line has no rate); sales lines that nothing answers, and dead ends of the structure, more or less.

    `is_in_full`: the changes concern what everything stands on, so all was planned again and not only what they reach.
    """

    items: int
    lines: int
    late_lines: int
    cost: Decimal | None
    unmapped: int = 0
    dead_ends: int = 0
    is_in_full: bool = False


@dataclass(frozen=True)
class _Side:
    """The plan, or what would become of it."""

    plan_lines: pl.DataFrame
    lost: int
    dead_ends: int


@needs(Permission.PLAN_RUN)
def scenario_preview(session: Session, actor: Actor, /, *, scenario_id: int) -> Preview | None:
    """What the changes of a scenario come to, without a run. None where they reach too far to be told at once: everything, in a
    plan of more than MOST_IN_FULL demand lines.

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
    resident, is_in_full = resident_of(session, actor, run_id=base.id), False
    try:
        sides = _of_change(resident.change_to(after))
    except TooWide:
        if after.lines.height > MOST_IN_FULL:
            return None
        sides, is_in_full = _in_full(resident, plan(after, base.as_of, **scope_of(base))), True
    except Headroom:
        return None
    one, other = (side.plan_lines for side in sides)
    rates = rates_on(before.rates, base.as_of)
    costs = [_cost(lines, rates) for lines in (one, other)]
    return Preview(
        items=item_differences(before, one, after, other, base.as_of).height,
        lines=other.height - one.height,
        late_lines=_late(other) - _late(one),
        cost=None if costs[0] is None or costs[1] is None else _money(costs[1] - costs[0]),
        unmapped=sides[1].lost - sides[0].lost,
        dead_ends=sides[1].dead_ends - sides[0].dead_ends,
        is_in_full=is_in_full,
    )


def _of_change(found: Replanned) -> tuple[_Side, _Side]:
    return (
        _Side(found.plan_lines_before, _lost(found.before), found.dead_ends_before.height),
        _Side(found.plan_lines_after, _lost(found.after), found.dead_ends_after.height),
    )


def _in_full(before: Resident, after: PlanResults) -> tuple[_Side, _Side]:
    items = before.structure.at.ids.tolist()
    return (
        _Side(before.plan_lines(items), _lost(before), before.dead_ends(items).height),
        _Side(after.plan_lines, _lost(after), after.dead_ends.height),
    )


def _lost(found: Resident | PlanResults) -> int:
    """Lines that stand in no requirement: without structure, or with rules that contradict each other."""
    return found.unmapped.height + found.contradictions["line"].n_unique()


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
