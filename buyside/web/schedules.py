"""Runs the planning when its schedules say so, inside the process that serves the pages (PLAN-6).

However many processes serve: one of them looks at a time, by a lock of the database, and each time of a schedule is claimed in
its row before it runs. A time that nobody served is made up for when somebody does again, once.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import text

from buyside.db.engine import app_engine
from buyside.domain.access import OPERATOR, Actor, Permission
from buyside.domain.plans import RunOrigin
from buyside.domain.refusals import Refused
from buyside.operations.plans import RunCancelled, run_plan, start_run
from buyside.operations.run import perform
from buyside.operations.schedules import Claimed, claim_schedule, pause_schedule, tell_of_schedule
from buyside.queries.read import ask
from buyside.queries.schedules import DueSchedule, due_schedules

CLOCK = replace(OPERATOR, name="planning schedule")
"""Who looks at schedules, and pauses those that nobody is left to run as. What is due runs as the person behind it."""
LOOK_SECONDS = 20.0
_LOCK = 0x73636864
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a schedule whose time had come. `run_id` is None where no run began; `problem` says what went wrong."""

    schedule_id: int
    name: str
    run_id: int | None
    problem: str = ""


def run_due(at: datetime, *, on_step: Callable[[str], None] | None = None) -> list[Ran]:
    """Run every schedule that is due at a moment, one after the other. Nothing where another process is at it.

    A run that fails is told at its schedule and does not keep the next one from running.
    """
    with app_engine().connect().execution_options(isolation_level="AUTOCOMMIT") as keeper:
        if not keeper.execute(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _LOCK}).scalar_one():
            return []
        try:
            told = [_run_one(each, at, on_step) for each in ask(due_schedules, CLOCK, at=at)]
        finally:
            keeper.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
    return [each for each in told if each is not None]


def _run_one(due: DueSchedule, at: datetime, on_step: Callable[[str], None] | None) -> Ran | None:
    if due.person is None or not due.person.may(Permission.PLAN_RUN):
        why = "is switched off" if due.person is None else "may no longer run the planning"
        because = f"{due.person_name}, whom it ran as, {why}. Whoever resumes it runs it from then on."
        perform(pause_schedule, CLOCK, schedule_id=due.schedule_id, because=because, at=at)
        return Ran(due.schedule_id, due.name, None, because)
    claimed = perform(claim_schedule, due.person, schedule_id=due.schedule_id, at=at)
    return None if claimed is None else _begin(claimed, due.person, at, on_step)


def _begin(claimed: Claimed, person: Actor, at: datetime, on_step: Callable[[str], None] | None) -> Ran:
    try:
        begun = perform(
            start_run,
            person,
            as_of=claimed.as_of,
            warehouse_codes=claimed.warehouse_codes,
            group_codes=claimed.group_codes,
            horizon_days=claimed.horizon_days,
            origin=RunOrigin.SCHEDULE,
            at=at,
        )
    except Refused as refusal:
        perform(tell_of_schedule, person, schedule_id=claimed.schedule_id, problem=str(refusal))
        return Ran(claimed.schedule_id, claimed.name, None, str(refusal))
    perform(tell_of_schedule, person, schedule_id=claimed.schedule_id, run_id=begun.run_id)
    try:
        perform(run_plan, person, run_id=begun.run_id, on_step=on_step)
    except RunCancelled as refusal:
        return Ran(claimed.schedule_id, claimed.name, begun.run_id, str(refusal))
    except Exception as problem:  # the run says what went wrong; the next schedule still wants to run
        if not isinstance(problem, Refused):
            _log.exception("the scheduled run %s failed", begun.run_id)
        says = str(problem) if isinstance(problem, Refused) else type(problem).__name__
        return Ran(claimed.schedule_id, claimed.name, begun.run_id, says)
    return Ran(claimed.schedule_id, claimed.name, begun.run_id)


async def keep() -> None:
    """Look every few seconds for as long as the application runs. A run that is under way when it ends stops at its next step."""
    stopping = threading.Event()

    def stop_soon(_step: str) -> None:
        if stopping.is_set():
            raise RunCancelled

    while True:
        await asyncio.sleep(LOOK_SECONDS)
        look = asyncio.ensure_future(asyncio.to_thread(_look, stop_soon))
        try:
            await asyncio.shield(look)
        except asyncio.CancelledError:
            stopping.set()
            await look  # a thread cannot be ended, only asked
            raise


def _look(on_step: Callable[[str], None]) -> None:
    try:
        run_due(datetime.now(UTC), on_step=on_step)
    except Exception:  # a database that is away for a while comes back
        _log.warning("not looking at schedules of the planning this time", exc_info=True)
