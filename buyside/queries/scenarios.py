"""What-if scenarios as screens show them: the list, one with its changes, several beside their plan (PLAN-15)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from buyside.db.people import AppUser, Organisation
from buyside.db.plans import (
    PlanningRun,
    PlanningScenario,
    PlanningScenarioChange,
)
from buyside.db.vendors import Vendor
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.plans import RunState
from buyside.domain.refusals import NotFound, Refused
from buyside.domain.scenarios import Change, change_of
from buyside.queries.answers import columns, each_as
from buyside.queries.plan_origin import is_a_plan
from buyside.queries.scenario_records import Names, names_of

MOST_COMPARED = 3


class OtherBase(Refused):
    code = "scenarios.other-base"
    says = "“{name}” starts from another plan. Only scenarios of the same plan stand side by side."


class NotCalculated(Refused):
    code = "scenarios.not-calculated"
    says = "“{name}” is not calculated yet."


@dataclass(frozen=True, slots=True)
class ScenarioRow:
    """A scenario in the list. `figures` and `base_figures` are those kept with its result; empty before the first.

    `currency` is the organisation's, in which they stand.
    """

    id: int
    name: str
    note: str
    is_kept: bool
    is_mine: bool
    created_by: str
    created_at: datetime
    base_run_id: int
    base_as_of: date
    changes: int
    result_run_id: int
    figures: Mapping[str, Any]
    base_figures: Mapping[str, Any]
    currency: str


@needs(Permission.PLAN_VIEW)
def scenarios(session: Session, actor: Actor, *, limit: int = 100) -> list[ScenarioRow]:
    """The actor's own scenarios and those that anybody keeps, the newest first."""
    scenario, base, result = PlanningScenario, aliased(PlanningRun), aliased(PlanningRun)
    count = (
        select(func.count())
        .select_from(PlanningScenarioChange)
        .where(col(PlanningScenarioChange.scenario_id) == col(scenario.id))
        .scalar_subquery()
    )
    mine = col(scenario.created_by).is_not_distinct_from(actor.user_id)
    statement = (
        columns(
            id=col(scenario.id),
            name=col(scenario.name),
            note=col(scenario.note),
            is_kept=col(scenario.is_kept),
            is_mine=mine,
            created_by=func.coalesce(AppUser.name, ""),
            created_at=col(scenario.created_at),
            base_run_id=col(base.id),
            base_as_of=col(base.as_of),
            changes=count,
            result_run_id=func.coalesce(result.id, 0),
            figures=func.coalesce(col(result.counts)["figures"], func.jsonb_build_object()),
            base_figures=func.coalesce(col(result.counts)["base_figures"], func.jsonb_build_object()),
            currency=select(col(Organisation.currency_code)).where(col(Organisation.id) == 1).scalar_subquery(),
        )
        .select_from(scenario)
        .join(base, col(base.id) == col(scenario.base_run_id))
        .join(result, col(result.id) == col(scenario.result_run_id), isouter=True)
        .join(AppUser, col(AppUser.id) == col(scenario.created_by), isouter=True)
        .where(or_(mine, col(scenario.is_kept)))
        .order_by(col(scenario.id).desc())
        .limit(limit)
    )
    return each_as(session, ScenarioRow, statement)


@dataclass(frozen=True, slots=True)
class ScenarioDetail:
    """A scenario with its changes in order, each with its key. `names` is what the records in them are called.

    `is_stale`: its result is of other changes. `running_id`: the run that calculates it now, zero without one. `currency` is
    the organisation's.
    """

    id: int
    name: str
    note: str
    version: int
    is_kept: bool
    base_run_id: int
    base_as_of: date
    base_made_at: datetime
    changes: tuple[tuple[int, Change], ...]
    names: Names
    result_run_id: int
    is_stale: bool
    running_id: int
    currency: str


@needs(Permission.PLAN_VIEW)
def scenario_detail(session: Session, actor: Actor, *, scenario_id: int) -> ScenarioDetail:
    """One scenario. Refuses: NotFound."""
    found = session.get(PlanningScenario, scenario_id)
    if found is None:
        raise NotFound(kind="scenario")
    base = session.get_one(PlanningRun, found.base_run_id)
    rows = session.scalars(
        select(PlanningScenarioChange)
        .where(col(PlanningScenarioChange.scenario_id) == scenario_id)
        .order_by(col(PlanningScenarioChange.position), col(PlanningScenarioChange.id))
    ).all()
    changes = tuple((row.id, change_of(row.kind, row.content)) for row in rows)
    result = session.get(PlanningRun, found.result_run_id) if found.result_run_id else None
    running = session.scalars(
        select(col(PlanningRun.id))
        .where(
            col(PlanningRun.state) == RunState.RUNNING.value,
            col(PlanningRun.scope)["scenario_id"].as_integer() == scenario_id,
        )
        .order_by(col(PlanningRun.id).desc())
    ).first()
    return ScenarioDetail(
        id=found.id,
        name=found.name,
        note=found.note,
        version=found.version,
        is_kept=found.is_kept,
        base_run_id=base.id,
        base_as_of=base.as_of,
        base_made_at=base.started_at,
        changes=changes,
        names=names_of(session, [change for _, change in changes]),
        result_run_id=found.result_run_id or 0,
        is_stale=result is not None and result.scope["changes"] != [[row.kind, row.content] for row in rows],
        running_id=running or 0,
        currency=session.get_one(Organisation, 1).currency_code,
    )


@dataclass(frozen=True, slots=True)
class Side:
    """A scenario beside the plan: its figures, as they were kept with its result."""

    scenario_id: int
    name: str
    run_id: int
    figures: Mapping[str, Any]
    base_figures: Mapping[str, Any]
    is_stale: bool
    unmapped: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """A plan and up to three scenarios of it. `vendors`: code and name by key; `currency` is the organisation's."""

    base_run_id: int
    as_of: date
    currency: str
    base_figures: Mapping[str, Any]
    base_unmapped: int
    sides: tuple[Side, ...]
    vendors: Mapping[int, tuple[str, str]]


@needs(Permission.PLAN_VIEW)
def comparison(session: Session, actor: Actor, *, scenario_ids: tuple[int, ...]) -> Comparison:
    """Scenarios of one plan side by side, in the order given. Refuses: NotFound, NotCalculated, OtherBase."""
    details = [
        scenario_detail(session, actor, scenario_id=each) for each in dict.fromkeys(scenario_ids[:MOST_COMPARED])
    ]
    if not details:
        raise NotFound(kind="scenario")
    sides = []
    for each in details:
        if not each.result_run_id:
            raise NotCalculated(name=each.name)
        if each.base_run_id != details[0].base_run_id:
            raise OtherBase(name=each.name)
        counts = session.get_one(PlanningRun, each.result_run_id).counts
        sides.append(
            Side(
                scenario_id=each.id,
                name=each.name,
                run_id=each.result_run_id,
                figures=counts["figures"],
                base_figures=counts["base_figures"],
                is_stale=each.is_stale,
                unmapped=_unmapped(counts),
            )
        )
    base = session.get_one(PlanningRun, details[0].base_run_id)
    keys = {row[0] for side in sides for figures in (side.figures, side.base_figures) for row in figures["vendors"]}
    named = session.execute(select(col(Vendor.id), col(Vendor.code), col(Vendor.name)).where(col(Vendor.id).in_(keys)))
    return Comparison(
        base_run_id=base.id,
        as_of=base.as_of,
        currency=session.get_one(Organisation, 1).currency_code,
        base_figures=sides[0].base_figures,
        base_unmapped=_unmapped(base.counts),
        sides=tuple(sides),
        vendors={key: (code, name) for key, code, name in named},
    )


def _unmapped(counts: Mapping[str, Any]) -> int:
    return int(counts["unmapped"]) + int(counts["contradictions"])


@needs(Permission.PLAN_VIEW)
def plans_to_start_from(session: Session, actor: Actor, *, limit: int = 20) -> Sequence[tuple[int, date, datetime]]:
    """Finished plans, the newest first: key, day, and when it was made."""
    found = session.execute(
        select(col(PlanningRun.id), col(PlanningRun.as_of), col(PlanningRun.started_at))
        .where(col(PlanningRun.state) == RunState.DONE.value, is_a_plan())
        .order_by(col(PlanningRun.id).desc())
        .limit(limit)
    )
    return [(key, as_of, made) for key, as_of, made in found]
