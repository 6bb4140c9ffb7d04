"""When somebody was faster: who wrote a row last, when, and what it holds now."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from buyside.db.audit import AuditEvent, AuditSubject
from buyside.domain.sheet_changes import CellProblem
from buyside.domain.sheets import Sheet
from buyside.ledgers.audit import NO_KEY
from buyside.ledgers.sheet_batch import BatchRow, problem
from buyside.ledgers.sheet_selects import stored_name

_LOOKED_AT = 50
"""Entries of the audit trail, from the last one back, that are looked through for what happened to a row."""


def told_stale(session: Session, sheet: Sheet, row: BatchRow, seen: int) -> CellProblem:
    """That a row is no longer of the version that somebody saw, with what they would overwrite and what else changed since.

    Anybody is told who changes a row that changed meanwhile, in whichever cells: what they did not look at may be the reason
    to think again.
    """
    by, at, moved = _since(session, sheet, row.key, seen)
    theirs = {name: row.before[name] for name, text in row.given.items() if row.before.get(name, "") != text}
    for column in sheet.columns:
        if stored_name(column) in moved:
            theirs[column.name] = row.before[column.name]
    says = f"{by or 'Somebody'} changed this {sheet.one} since you opened it."
    return replace(problem(row, "", "general.stale", says), theirs=theirs, by=by, at=at)


def _since(session: Session, sheet: Sheet, key: str, seen: int) -> tuple[str, datetime | None, set[str]]:
    """Who changed a row last, when, and the table's columns that changed after the version that was seen."""
    record = int(key) if key.isdigit() else NO_KEY
    entries = (
        select(col(AuditEvent.actor_name), col(AuditEvent.at), col(AuditEvent.changes))
        .join(AuditSubject, col(AuditSubject.event_id) == col(AuditEvent.id))
        .where(col(AuditSubject.kind) == sheet.table, col(AuditSubject.record_id) == record)
        .order_by(col(AuditEvent.id).desc())
        .limit(_LOOKED_AT)
    )
    by, last, moved = "", None, set[str]()
    for name, at, changes in session.execute(entries):
        mine = [each for each in changes if each["kind"] == sheet.table and str(each["id"]) == key]
        if (mine or record != NO_KEY) and last is None:
            by, last = name, at
        for change in mine:
            after: dict[str, Any] = change["after"] or {}
            if after.get("version", 0) <= seen:
                return by, last, moved
            moved |= set(after) - {"version"} if change["before"] else set()
    return by, last, moved
