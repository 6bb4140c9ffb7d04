"""Which lines of a draft plan still stand, and which a newer plan has taken over (PLAN-10, PLAN-13).

A run speaks of the warehouses, the item groups and the days of its scope, and of nothing else. A newer plan therefore takes over
those lines of an older one that lie within its own scope: a plan of the next thirty days leaves what is needed later with the
plan before it, and a plan of one warehouse leaves the others. The day that counts is the one that the older run suggested, as the
demand behind a line does not move with a buyer's decision.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Integer, ScalarSelect, Select, and_, cast, func, not_, or_, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from buyside.db.items import Item
from buyside.db.plans import PlanLine, PlanningRun
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.plans import SCOPE, PlanLineState, RunOrigin, RunState


def is_in_scope(run: Any, line: Any, item: Any) -> ColumnElement[bool]:
    """Whether a run speaks of a line of a plan, whose item is `item`: its warehouse, its group and its day."""
    scope = run.scope
    last_day = col(run.as_of) + cast(scope["horizon_days"].astext, Integer)
    return and_(
        or_(not_(scope.has_key("warehouses")), scope["warehouses"].contains(_json(line.warehouse_id))),
        or_(
            not_(scope.has_key("groups")),
            and_(col(item.group_id).is_not(None), scope["groups"].contains(_json(item.group_id))),
        ),
        or_(not_(scope.has_key("horizon_days")), col(line.suggested_needed_on) <= last_day),
    )


def is_whole_in_scope(run: Any, other: Any) -> ColumnElement[bool]:
    """Whether all that another run may speak of lies in the scope of a run."""
    ours, theirs = run.scope, other.scope
    within = [
        or_(not_(ours.has_key(name)), and_(theirs.has_key(name), ours[name].contains(theirs[name])))
        for name in ("warehouses", "groups")
    ]
    until = [col(each.as_of) + cast(each.scope["horizon_days"].astext, Integer) for each in (run, other)]
    horizon = or_(not_(ours.has_key("horizon_days")), and_(theirs.has_key("horizon_days"), until[0] >= until[1]))
    return and_(*within, horizon)


def is_plan(run: Any) -> ColumnElement[bool]:
    """Whether a run was calculated, and not for a scenario."""
    return and_(col(run.state) == RunState.DONE.value, col(run.origin) != RunOrigin.SCENARIO.value)


def newest_whole_plan() -> ScalarSelect[int | None]:
    """The newest plan that looked at everything; None where every one is limited to some scope."""
    limited = or_(*(col(PlanningRun.scope).bool_op("?")(part) for part in SCOPE))
    return (
        select(col(PlanningRun.id))
        .where(is_plan(PlanningRun), not_(limited))
        .order_by(col(PlanningRun.id).desc())
        .limit(1)
        .scalar_subquery()
    )


def _json(value: Any) -> Any:
    return func.to_jsonb(col(value), type_=JSONB)


@dataclass(frozen=True, slots=True)
class TakenOverBy:
    """A newer plan, and how many open lines of an older one it has taken over."""

    run_id: int
    as_of: date
    lines: int


@needs(Permission.PLAN_VIEW)
def taken_over_by(session: Session, actor: Actor, *, run_id: int) -> list[TakenOverBy]:
    """The newer plans that have taken open lines of a run over, the newest first; each line counts for the newest alone."""
    if not _has_newer(session, run_id):
        return []
    by = _newest_over(run_id).where(col(PlanLine.state) == PlanLineState.OPEN.value).subquery("taken")
    wanted = (
        select(col(PlanningRun.id), col(PlanningRun.as_of), func.count())
        .join(by, by.c.by == col(PlanningRun.id))
        .group_by(col(PlanningRun.id))
        .order_by(col(PlanningRun.id).desc())
    )
    return [TakenOverBy(*row) for row in session.execute(wanted)]


def superseded(session: Session, *, run_id: int, line_ids: Collection[int] | None = None) -> dict[int, date]:
    """Of some lines of a run (None: the open ones), those that a newer plan has taken over, with the newest such plan's day."""
    if not _has_newer(session, run_id):
        return {}
    found = _newest_over(run_id)
    if line_ids is None:
        found = found.where(col(PlanLine.state) == PlanLineState.OPEN.value)
    else:
        found = found.where(col(PlanLine.id) == func.any(sorted(line_ids)))
    taken = found.subquery("taken")
    rows = select(taken.c.line_id, col(PlanningRun.as_of)).join(PlanningRun, col(PlanningRun.id) == taken.c.by)
    return {each.line_id: each.as_of for each in session.execute(rows)}


def _has_newer(session: Session, run_id: int) -> bool:
    newer = select(col(PlanningRun.id)).where(is_plan(PlanningRun), col(PlanningRun.id) > run_id)
    return session.execute(newer.limit(1)).first() is not None


def _newest_over(run_id: int) -> Select[Any]:
    """Lines of a run that newer plans have taken over, and the newest of those plans."""
    newer = aliased(PlanningRun)
    is_over = and_(is_plan(newer), col(newer.id) > run_id, is_in_scope(newer, PlanLine, Item))
    found: Select[*tuple[Any, ...]] = (
        select(col(PlanLine.id).label("line_id"), func.max(newer.id).label("by"))
        .join(Item, col(Item.id) == col(PlanLine.item_id))
        .join(newer, is_over)
        .where(col(PlanLine.run_id) == run_id)
        .group_by(col(PlanLine.id))
    )
    return found
