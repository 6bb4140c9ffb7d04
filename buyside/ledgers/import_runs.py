"""Imports while they are worked on: everybody sees how far one is, its worker can be told to stop, and a dead one is recognised.

A worker holds an advisory lock of the database as long as it lives, and shows its progress through a connection of its own, for
what it writes stands in a transaction that nobody sees before it ends.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection, Engine, text
from sqlmodel import Session

from buyside.domain.access import Actor
from buyside.domain.files import MAY_BE_CHECKED, WORKED_ON, ImportState
from buyside.domain.refusals import Refused

LOCKS = 0x696D706F << 32
"""Our range of advisory locks; the low half is the import's id."""
_TOLD_EVERY = 0.25  # seconds
INTERRUPTED = "The import stopped with the process that worked on it. Nothing of it was written."


class NotOpen(Refused):
    code = "files.not-open"
    says = "This import is {state}. Begin a new one from the file."


class ImportCancelled(Refused):
    code = "files.cancelled"
    says = "The import was cancelled. Nothing of it was written."


class Worker:
    """Who works on an import: says how far it is, and hears that it is to stop."""

    def __init__(self, keeper: Connection, run_id: int) -> None:
        self._keeper, self._run_id = keeper, run_id
        self._told_at = 0.0

    def begin(self, state: ImportState, step: str) -> None:
        """Enter a state that is worked on. Refuses: NotOpen."""
        open_states = [each.value for each in (MAY_BE_CHECKED | WORKED_ON | {ImportState.INTERRUPTED})]
        taken = self._keeper.execute(
            text(
                "UPDATE import_run SET state = :state, step = :step, rows_done = 0, problem = '', ended_at = NULL "
                "WHERE id = :run AND state = ANY(:open) RETURNING id"
            ),
            {"state": state.value, "step": step, "run": self._run_id, "open": open_states},
        ).first()
        if taken is None:
            raise NotOpen(state=self._state())

    def tell(self, done: int, total: int) -> None:
        """Show how many rows are done, a few times a second. Refuses: ImportCancelled."""
        now = time.monotonic()
        if now - self._told_at < _TOLD_EVERY and done < total:
            return
        self._told_at = now
        going_on = self._keeper.execute(
            text(
                "UPDATE import_run SET rows_done = :done, rows_total = :total "
                "WHERE id = :run AND state = ANY(:states) RETURNING id"
            ),
            {"done": done, "total": total, "run": self._run_id, "states": [each.value for each in WORKED_ON]},
        ).first()
        if going_on is None:
            raise ImportCancelled

    def fail(self, actor: Actor, operation: str, problem: str, at: datetime) -> None:
        """Write to the import, and to the audit trail, that it failed: one statement, as this connection commits each by itself."""
        self._keeper.execute(
            text(
                "WITH failed AS (UPDATE import_run SET state = 'failed', problem = :problem, ended_at = :at "
                "WHERE id = :run AND state = ANY(:states) RETURNING id), "
                "told AS (INSERT INTO audit_event (at, user_id, actor_name, operation, changes) "
                "SELECT :at, :user, :name, :operation, jsonb_build_array(jsonb_build_object('kind', 'import_run', 'id', id, "
                "'before', jsonb_build_object('state', 'running'), "
                "'after', jsonb_build_object('state', 'failed', 'problem', CAST(:problem AS text)))) FROM failed RETURNING id) "
                "INSERT INTO audit_subject (event_id, kind, record_id) SELECT id, 'import_run', :run FROM told"
            ),
            {
                "problem": problem,
                "at": at,
                "run": self._run_id,
                "operation": operation,
                "user": actor.user_id,
                "name": actor.name,
                "states": [each.value for each in WORKED_ON],
            },
        )

    def _state(self) -> str:
        found = self._keeper.execute(text("SELECT state FROM import_run WHERE id = :run"), {"run": self._run_id})
        return str(found.scalar_one())


@contextmanager
def worker(session: Session, run_id: int) -> Iterator[Worker]:
    """Work on an import, alone. Refuses: NotOpen."""
    bind = session.get_bind()
    engine = bind if isinstance(bind, Engine) else bind.engine
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as keeper:
        lock = {"lock": LOCKS + run_id}
        if not keeper.execute(text("SELECT pg_try_advisory_lock(:lock)"), lock).scalar_one():
            raise NotOpen(state="being worked on by somebody else")
        try:
            yield Worker(keeper, run_id)
        finally:
            keeper.execute(text("SELECT pg_advisory_unlock(:lock)"), lock)


def bury_dead(session: Session, at: datetime) -> None:
    """Mark imports interrupted whose worker is gone: said to be worked on, and nobody holds their lock."""
    session.execute(
        text(
            "UPDATE import_run SET state = 'interrupted', problem = :problem, ended_at = :at "
            "WHERE state = ANY(:states) AND pg_try_advisory_xact_lock(:locks + id)"
        ),
        {
            "problem": INTERRUPTED,
            "at": at,
            "locks": LOCKS,
            "states": [each.value for each in WORKED_ON],
        },
    )
