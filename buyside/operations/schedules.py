"""Schedules by which the planning runs by itself: made, changed, paused, resumed, removed, claimed when it is time (PLAN-6)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, select

from buyside.db.people import Organisation
from buyside.db.plans import PlanningSchedule
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.refusals import NotFound, Refused, Stale, refuse_all
from buyside.domain.schedules import Planned, Timetable
from buyside.queries.schedule_checks import checked


class PausedAlready(Refused):
    code = "schedules.paused-already"
    says = "“{name}” is paused already."


class RunsAlready(Refused):
    code = "schedules.runs-already"
    says = "“{name}” is not paused."


@dataclass(frozen=True, slots=True)
class ScheduleSaved:
    """A schedule as it stands now; `next_at` is None while it is paused."""

    schedule_id: int
    version: int
    name: str
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Claimed:
    """A run that is to begin now, and that nobody else begins."""

    schedule_id: int
    name: str
    as_of: date
    warehouse_codes: tuple[str, ...] | None
    group_codes: tuple[str, ...] | None
    horizon_days: int | None


@needs(Permission.PLAN_RUN)
def add_schedule(session: Session, actor: Actor, /, *, planned: Planned, at: datetime) -> ScheduleSaved:
    """Let the planning run by itself from now on, as the actor. Refuses: what `schedule_checks.checked` finds."""
    schedule = PlanningSchedule(
        name="", at_time="", weekdays="", scope={}, counts_from=at, created_by=actor.user_id, is_active=True
    )
    _fill(session, schedule, planned)
    session.add(schedule)
    session.flush()
    return _saved(session, schedule, at)


@needs(Permission.PLAN_RUN)
def change_schedule(
    session: Session, actor: Actor, /, *, schedule_id: int, version: int, planned: Planned, at: datetime
) -> ScheduleSaved:
    """Change when or for what; it runs as who changed it last. Times before the change are not made up for.

    Refuses: NotFound, Stale, what `schedule_checks.checked` finds.
    """
    schedule = _locked(session, schedule_id, version)
    _fill(session, schedule, planned)
    schedule.counts_from, schedule.created_by = at, actor.user_id
    return _written(session, schedule, at)


@needs(Permission.PLAN_RUN)
def pause_schedule(
    session: Session, actor: Actor, /, *, schedule_id: int, version: int | None = None, because: str = "", at: datetime
) -> ScheduleSaved:
    """Let it stand still, with the reason. Refuses: NotFound, Stale, PausedAlready."""
    schedule = _locked(session, schedule_id, version)
    if not schedule.is_active:
        raise PausedAlready(name=schedule.name)
    schedule.is_active, schedule.paused_because = False, " ".join(because.split())
    return _written(session, schedule, at)


@needs(Permission.PLAN_RUN)
def resume_schedule(
    session: Session, actor: Actor, /, *, schedule_id: int, version: int, at: datetime
) -> ScheduleSaved:
    """Let it run again, as the actor from now on. What it missed meanwhile is not made up for. Refuses: NotFound, Stale, RunsAlready."""
    schedule = _locked(session, schedule_id, version)
    if schedule.is_active:
        raise RunsAlready(name=schedule.name)
    schedule.is_active, schedule.paused_because, schedule.problem = True, "", ""
    schedule.counts_from, schedule.created_by = at, actor.user_id
    return _written(session, schedule, at)


@needs(Permission.PLAN_RUN)
def remove_schedule(session: Session, actor: Actor, /, *, schedule_id: int, version: int) -> str:
    """Forget a schedule; its runs stay. Answers with its name. Refuses: NotFound, Stale."""
    schedule = _locked(session, schedule_id, version)
    session.delete(schedule)
    return schedule.name


@needs(Permission.PLAN_RUN)
def claim_schedule(
    session: Session, actor: Actor, /, *, schedule_id: int, at: datetime, is_asked_for: bool = False
) -> Claimed | None:
    """Take on the run of a schedule whose time has come; None where it has not, or where somebody else took it on.

    A time that was missed is due until it is taken on, several of them are due once. `is_asked_for`: somebody wants it now,
    whatever the time. Refuses: NotFound, where it is asked for.
    """
    schedule = session.exec(
        select(PlanningSchedule)
        .where(PlanningSchedule.id == schedule_id)
        .with_for_update(skip_locked=not is_asked_for)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if schedule is None and is_asked_for:
        raise NotFound(kind="planning schedule")
    zone = _zone(session)
    if schedule is None or not (is_asked_for or _is_due(schedule, at, zone)):
        return None
    schedule.last_started_at, schedule.problem = at, ""
    session.add(schedule)
    session.flush()
    scope = schedule.scope
    return Claimed(
        schedule_id=schedule.id,
        name=schedule.name,
        as_of=at.astimezone(ZoneInfo(zone)).date(),
        warehouse_codes=_codes(scope.get("codes")),
        group_codes=_codes(scope.get("group_codes")),
        horizon_days=scope.get("horizon_days"),
    )


@needs(Permission.PLAN_RUN)
def tell_of_schedule(
    session: Session, actor: Actor, /, *, schedule_id: int, run_id: int | None = None, problem: str = ""
) -> None:
    """Write down which run a schedule began, or what kept it from beginning. Refuses: NotFound."""
    schedule = _locked(session, schedule_id, None)
    schedule.last_run_id, schedule.problem = run_id, problem
    session.add(schedule)


def _zone(session: Session) -> str:
    """The clock that schedules go by."""
    return session.get_one(Organisation, 1).time_zone


def _is_due(schedule: PlanningSchedule, at: datetime, zone: str) -> bool:
    """Whether a time of the schedule came since it last ran, or since it counts."""
    since = max(filter(None, (schedule.counts_from, schedule.last_started_at)))
    return schedule.is_active and Timetable.of(schedule.weekdays, schedule.at_time, zone).is_due(at, since=since)


def _codes(stored: Iterable[str] | None) -> tuple[str, ...] | None:
    return None if stored is None else tuple(stored)


def _fill(session: Session, schedule: PlanningSchedule, planned: Planned) -> None:
    found, refused = checked(session, planned)
    refuse_all(refused)
    schedule.name, schedule.weekdays, schedule.at_time = found.name, found.weekdays, found.at_time
    schedule.scope = found.scope


def _locked(session: Session, schedule_id: int, version: int | None) -> PlanningSchedule:
    schedule = session.exec(
        select(PlanningSchedule)
        .where(PlanningSchedule.id == schedule_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if schedule is None:
        raise NotFound(kind="planning schedule")
    if version is not None and schedule.version != version:
        raise Stale(kind="planning schedule")
    return schedule


def _written(session: Session, schedule: PlanningSchedule, at: datetime) -> ScheduleSaved:
    schedule.version += 1
    session.add(schedule)
    session.flush()
    return _saved(session, schedule, at)


def _saved(session: Session, schedule: PlanningSchedule, at: datetime) -> ScheduleSaved:
    timetable = Timetable.of(schedule.weekdays, schedule.at_time, _zone(session))
    next_at = timetable.next(at) if schedule.is_active else None
    return ScheduleSaved(schedule.id, schedule.version, schedule.name, next_at)
