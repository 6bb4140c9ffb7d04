"""What-if scenarios: made of a plan, changed, calculated beside it, kept or discarded (PLAN-15). Live data is never touched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from buyside.db.plans import PlanningRun, PlanningScenario, PlanningScenarioChange
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.plans import RunOrigin, RunState
from buyside.domain.refusals import NotFound, Refused, Stale
from buyside.domain.scenarios import Change, change_of, content_of
from buyside.ledgers.scenarios import remove_run, runs_of
from buyside.queries.scenario_inputs import is_plan, refuse_misfits
from buyside.queries.scenario_records import change_said

LONGEST_NAME = 120
LONGEST_NOTE = 2000
MOST_CHANGES = 100


class NoPlan(Refused):
    code = "scenarios.no-plan"
    says = "A scenario starts from a finished plan. Run the plan first, or choose one that is finished."


class NameMissing(Refused):
    code, field = "scenarios.name-missing", "name"
    says = "Give the scenario a name of at most {most} characters."


class NoteTooLong(Refused):
    code, field = "scenarios.note-too-long", "note"
    says = "A note has at most {most} characters."


class TooManyChanges(Refused):
    code = "scenarios.too-many-changes"
    says = "A scenario has at most {most} changes. Copy it, and try the others there."


class NoChange(Refused):
    code = "scenarios.no-change"
    says = "Nothing is changed in this scenario yet, so it would be the plan itself. Add a change first."


@dataclass(frozen=True, slots=True)
class ScenarioSaved:
    """A scenario as it stands now; `change_id` is the change that was written, where one was."""

    scenario_id: int
    version: int
    change_id: int | None = None


@dataclass(frozen=True, slots=True)
class ScenarioRun:
    """A run that waits for its worker, `operations.plans.run_plan`."""

    scenario_id: int
    run_id: int


@needs(Permission.PLAN_RUN)
def create_scenario(
    session: Session, actor: Actor, /, *, run_id: int, name: str, note: str = "", at: datetime
) -> ScenarioSaved:
    """Start a scenario from a plan. Refuses: NoPlan, NameMissing, NoteTooLong."""
    if not is_plan(session.get(PlanningRun, run_id)):
        raise NoPlan
    named, noted = _named(name, note)
    return _added(session, actor, PlanningScenario(name=named, note=noted, base_run_id=run_id, created_at=at))


@needs(Permission.PLAN_RUN)
def copy_scenario(session: Session, actor: Actor, /, *, scenario_id: int, name: str, at: datetime) -> ScenarioSaved:
    """The same changes under another name, not calculated yet. Refuses: NotFound, NameMissing."""
    scenario = _lock(session, scenario_id, None)
    named, noted = _named(name, scenario.note)
    made = _added(
        session, actor, PlanningScenario(name=named, note=noted, base_run_id=scenario.base_run_id, created_at=at)
    )
    for each in _changes(session, scenario_id):
        session.add(
            PlanningScenarioChange(
                scenario_id=made.scenario_id, position=each.position, kind=each.kind, content=each.content
            )
        )
    return made


@needs(Permission.PLAN_RUN)
def rename_scenario(
    session: Session, actor: Actor, /, *, scenario_id: int, version: int, name: str, note: str
) -> ScenarioSaved:
    """Another name and note. Refuses: NotFound, Stale, NameMissing, NoteTooLong."""
    scenario = _lock(session, scenario_id, version)
    scenario.name, scenario.note = _named(name, note)
    return _saved(session, scenario)


@needs(Permission.PLAN_RUN)
def keep_scenario(
    session: Session, actor: Actor, /, *, scenario_id: int, version: int, is_kept: bool = True
) -> ScenarioSaved:
    """Keep a scenario for everybody to compare with, or no longer. Refuses: NotFound, Stale."""
    scenario = _lock(session, scenario_id, version)
    scenario.is_kept = is_kept
    return _saved(session, scenario)


@needs(Permission.PLAN_RUN)
def discard_scenario(session: Session, actor: Actor, /, *, scenario_id: int, version: int) -> str:
    """Remove a scenario and everything that was calculated for it; answers with its name. Refuses: NotFound, Stale."""
    runs = runs_of(session, scenario_id)
    scenario = _lock(session, scenario_id, version)
    scenario.result_run_id = None
    session.add(scenario)
    session.flush()
    for each in _changes(session, scenario_id):
        session.delete(each)
    session.flush()
    session.delete(scenario)
    session.flush()
    for run_id in runs:
        remove_run(session, run_id)
    return scenario.name


@needs(Permission.PLAN_RUN)
def add_change(
    session: Session, actor: Actor, /, *, scenario_id: int, version: int, kind: str, act: str, said: Mapping[str, Any]
) -> ScenarioSaved:
    """One more change, behind the others.

    `said` names records by code (vendor, item, group, product, variant, warehouse; line and order_line as "NUMBER/LINE") and
    holds the values of the change's own fields, as `domain.scenarios` declares them. Refuses, in this order: NotFound, Stale,
    TooManyChanges, Unreadable, Unknown, NotOffered, what the change's check refuses, NotInRun, LevelsInDisorder,
    PeriodWithoutDays, BaseTooOld.
    """
    scenario = _lock(session, scenario_id, version)
    rows = _changes(session, scenario_id)
    if len(rows) >= MOST_CHANGES:
        raise TooManyChanges(most=MOST_CHANGES)
    change = change_said(session, kind, act, said)
    _check(session, scenario, [*map(_read, rows), change], change)
    row = PlanningScenarioChange(
        scenario_id=scenario.id,
        position=rows[-1].position + 1 if rows else 1,
        kind=change.kind.value,
        content=content_of(change),
    )
    session.add(row)
    session.flush()
    return _saved(session, scenario, row.id)


@needs(Permission.PLAN_RUN)
def set_change(
    session: Session, actor: Actor, /, *, change_id: int, version: int, kind: str, act: str, said: Mapping[str, Any]
) -> ScenarioSaved:
    """Another change in the place of one; `version` is the scenario's. Refuses as add_change does."""
    scenario, row = _lock_change(session, change_id, version)
    change = change_said(session, kind, act, said)
    changes = [change if each.id == row.id else _read(each) for each in _changes(session, scenario.id)]
    _check(session, scenario, changes, change)
    row.kind, row.content = change.kind.value, content_of(change)
    session.add(row)
    return _saved(session, scenario, row.id)


@needs(Permission.PLAN_RUN)
def remove_change(session: Session, actor: Actor, /, *, change_id: int, version: int) -> ScenarioSaved:
    """Take one change out; `version` is the scenario's. Refuses: NotFound, Stale, and what the changes left refuse without it."""
    scenario, row = _lock_change(session, change_id, version)
    left = [_read(each) for each in _changes(session, scenario.id) if each.id != row.id]
    _check(session, scenario, left, _read(row))
    session.delete(row)
    return _saved(session, scenario)


@needs(Permission.PLAN_RUN)
def move_change(session: Session, actor: Actor, /, *, change_id: int, version: int, place: int) -> ScenarioSaved:
    """Put a change at a place among the others, the first being 1: changes are made in their order.

    Refuses: NotFound, Stale, and what the changes refuse in the new order.
    """
    scenario, row = _lock_change(session, change_id, version)
    others = [each for each in _changes(session, scenario.id) if each.id != row.id]
    at = max(0, min(place - 1, len(others)))
    ordered = [*others[:at], row, *others[at:]]
    _check(session, scenario, [_read(each) for each in ordered], _read(row))
    for position, each in enumerate(ordered, start=1):
        if each.position != position:
            each.position = position
            session.add(each)
    return _saved(session, scenario, row.id)


@needs(Permission.PLAN_RUN)
def calculate_scenario(session: Session, actor: Actor, /, *, scenario_id: int, at: datetime) -> ScenarioRun:
    """Open a run of the scenario as it stands: on what its base run read, as of that run's day, with its changes.

    `operations.plans.run_plan` calculates it, everybody sees how far it is, `cancel_run` stops it. When it is done it takes the
    place of the result before; a calculation of the same scenario that still runs is cancelled. Refuses: NotFound, NoChange.
    """
    earlier = runs_of(session, scenario_id)
    scenario = _lock(session, scenario_id, None)
    changes = _changes(session, scenario_id)
    if not changes:
        raise NoChange
    for run_id in earlier:
        begun = session.get_one(PlanningRun, run_id)
        if begun.state == RunState.RUNNING:
            begun.state, begun.finished_at = RunState.CANCELLED.value, at
            session.add(begun)
        elif run_id != scenario.result_run_id:
            remove_run(session, run_id)
    base = session.get_one(PlanningRun, scenario.base_run_id)
    run = PlanningRun(
        as_of=base.as_of,
        scope=dict(base.scope)
        | {
            "scenario_id": scenario.id,
            "base_run_id": base.id,
            "changes": [[each.kind, each.content] for each in changes],
        },
        state=RunState.RUNNING.value,
        step="waiting",
        counts={},
        started_at=at,
        user_id=actor.user_id,
        origin=RunOrigin.SCENARIO.value,
    )
    session.add(run)
    session.flush()
    return ScenarioRun(scenario.id, run.id)


def _lock(session: Session, scenario_id: int, version: int | None) -> PlanningScenario:
    """A scenario, locked. Without a version it is taken as it stands. Refuses: NotFound, Stale."""
    scenario = session.get(PlanningScenario, scenario_id, with_for_update=True, populate_existing=True)
    if scenario is None:
        raise NotFound(kind="scenario")
    if version is not None and scenario.version != version:
        raise Stale(kind="scenario")
    return scenario


def _lock_change(session: Session, change_id: int, version: int) -> tuple[PlanningScenario, PlanningScenarioChange]:
    row = session.get(PlanningScenarioChange, change_id)
    if row is None:
        raise NotFound(kind="change")
    scenario = _lock(session, row.scenario_id, version)
    session.refresh(row)
    return scenario, row


def _changes(session: Session, scenario_id: int) -> Sequence[PlanningScenarioChange]:
    return session.exec(
        select(PlanningScenarioChange)
        .where(PlanningScenarioChange.scenario_id == scenario_id)
        .order_by(col(PlanningScenarioChange.position), col(PlanningScenarioChange.id))
    ).all()


def _read(row: PlanningScenarioChange) -> Change:
    return change_of(row.kind, row.content)


def _check(session: Session, scenario: PlanningScenario, changes: Sequence[Change], about: Change) -> None:
    refuse_misfits(session, session.get_one(PlanningRun, scenario.base_run_id), changes, about.kind)


def _named(name: str, note: str) -> tuple[str, str]:
    """Name and note as they are kept. Refuses: NameMissing, NoteTooLong."""
    name, note = " ".join(name.split()), note.strip()
    if not 0 < len(name) <= LONGEST_NAME:
        raise NameMissing(most=LONGEST_NAME)
    if len(note) > LONGEST_NOTE:
        raise NoteTooLong(most=LONGEST_NOTE)
    return name, note


def _added(session: Session, actor: Actor, scenario: PlanningScenario) -> ScenarioSaved:
    scenario.created_by = actor.user_id
    session.add(scenario)
    session.flush()
    return ScenarioSaved(scenario.id, scenario.version)


def _saved(session: Session, scenario: PlanningScenario, change_id: int | None = None) -> ScenarioSaved:
    scenario.version += 1
    session.add(scenario)
    session.flush()
    return ScenarioSaved(scenario.id, scenario.version, change_id)
