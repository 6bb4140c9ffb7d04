"""Schedules of the planning: the list with next time and last run, and those whose time has come (PLAN-6)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Executable, Select, func, select
from sqlmodel import Session, col

from buyside.db.people import AppUser, Organisation, UserRole
from buyside.db.plans import PlanningRun, PlanningSchedule
from buyside.domain.access import OPERATOR, Actor, Permission, Role, needs
from buyside.domain.schedules import Timetable, read_weekdays
from buyside.queries.answers import each_as


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """A schedule, when it comes next, and what became of its last run. `weekdays`: 0 is Monday, none is every day."""

    schedule_id: int
    version: int
    name: str
    weekdays: tuple[int, ...]
    at_time: str
    warehouse_codes: tuple[str, ...]
    group_codes: tuple[str, ...]
    horizon_days: int | None
    is_active: bool
    paused_because: str
    runs_as: str
    next_at: datetime | None
    last_started_at: datetime | None
    problem: str
    """What kept the last run from beginning."""
    run_id: int | None
    run_as_of: date | None
    run_state: str
    run_problem: str
    run_counts: dict[str, Any]


@needs(Permission.PLAN_VIEW)
def schedules(session: Session, actor: Actor, *, at: datetime) -> list[ScheduleRow]:
    """Every schedule, the next to come first, those that stand still last."""
    zone = _zone(session)
    table = PlanningSchedule
    statement: Select[*tuple[Any, ...]] = (
        select(
            col(table.id).label("schedule_id"),
            *(col(getattr(table, name)) for name in ("version", "name", "weekdays", "at_time", "scope", "is_active")),
            *(col(getattr(table, name)) for name in ("paused_because", "last_started_at", "problem")),
            func.coalesce(AppUser.name, OPERATOR.name).label("runs_as"),
            col(PlanningRun.id).label("run_id"),
            col(PlanningRun.as_of).label("run_as_of"),
            func.coalesce(PlanningRun.state, "").label("run_state"),
            func.coalesce(PlanningRun.problem, "").label("run_problem"),
            col(PlanningRun.counts).label("run_counts"),
        )
        .join(AppUser, col(AppUser.id) == col(table.created_by), isouter=True)
        .join(PlanningRun, col(PlanningRun.id) == col(table.last_run_id), isouter=True)
        .order_by(col(table.id))
    )

    def row(**columns: Any) -> ScheduleRow:
        scope, written = columns.pop("scope"), columns.pop("weekdays")
        timetable = Timetable.of(written, columns["at_time"], zone)
        return ScheduleRow(
            weekdays=tuple(read_weekdays(written)),
            warehouse_codes=tuple(scope.get("codes") or ()),
            group_codes=tuple(scope.get("group_codes") or ()),
            horizon_days=scope.get("horizon_days"),
            next_at=timetable.next(at) if columns["is_active"] else None,
            **columns | {"run_counts": columns["run_counts"] or {}},
        )

    found = each_as(session, row, statement)
    return sorted(found, key=lambda each: (each.next_at is None, each.next_at or at, each.schedule_id))


@dataclass(frozen=True, slots=True)
class DueSchedule:
    """A schedule whose time has come, and who it runs as: None where nobody is left who it could run as."""

    schedule_id: int
    name: str
    person: Actor | None
    person_name: str


@needs(Permission.PLAN_RUN)
def due_schedules(session: Session, actor: Actor, *, at: datetime) -> list[DueSchedule]:
    """Schedules with a time since they last ran, in the order in which they were made. The roles are those of this moment."""
    zone = _zone(session)
    active = session.scalars(
        select(PlanningSchedule).where(col(PlanningSchedule.is_active)).order_by(col(PlanningSchedule.id))
    ).all()
    due = [
        each
        for each in active
        if Timetable.of(each.weekdays, each.at_time, zone).is_due(
            at, since=max(filter(None, (each.counts_from, each.last_started_at)))
        )
    ]
    return [_due(session, each, zone) for each in due]


def _due(session: Session, schedule: PlanningSchedule, zone: str) -> DueSchedule:
    if schedule.created_by is None:
        return DueSchedule(schedule.id, schedule.name, OPERATOR, OPERATOR.name)
    user = session.get_one(AppUser, schedule.created_by)
    roles: Executable = select(col(UserRole.role)).where(col(UserRole.user_id) == user.id)
    held = frozenset(Role(role) for role in session.execute(roles).scalars())
    person = Actor(
        user_id=user.id,
        name=user.name,
        roles=held,
        locale=user.locale,
        time_zone=user.time_zone,
        dates_zone=zone,
    )
    return DueSchedule(schedule.id, schedule.name, person if user.is_active else None, user.name)


def _zone(session: Session) -> str:
    return session.get_one(Organisation, 1).time_zone
