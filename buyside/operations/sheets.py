"""Master data by hand: rows of sheets saved, removed and retired, all of a request or nothing of it (VEN-1, VEN-3, ITM-1)."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from buyside.domain.access import Actor, Permission, needs
from buyside.domain.all_sheets import sheet_named
from buyside.domain.refusals import NotAllowed, Refused
from buyside.domain.sheet_changes import CellProblem, RowChange, RowSaved, RowsRefused
from buyside.domain.sheets import Sheet
from buyside.ledgers import audit
from buyside.ledgers.sheet_batch import Batch, GivenRow, problem
from buyside.ledgers.sheet_rows import plan_rows
from buyside.ledgers.sheet_use import told, uses
from buyside.ledgers.sheet_writes import delete_rows, write_rows

__all__ = ["CellProblem", "RowChange", "RowSaved", "RowsRefused", "remove_rows", "retire_rows", "save_rows"]

MOST_ROWS = 2000
"""Rows of one request; more of them are a file's."""
_LONGEST_REASON = 400


class TooManyRows(Refused):
    code = "sheets.too-many-rows"
    says = "These are {count:,} rows; at most {most:,} can be changed at once here. Import a file instead."


class ReadOnly(Refused):
    code = "sheets.read-only"
    says = "{many} come from elsewhere and are only read here."


class NotRetired(Refused):
    code = "sheets.not-retired"
    says = "{many} cannot be retired: they are in use or removed."


def _editable(actor: Actor, name: str, count: int) -> Sheet:
    """The sheet, if the actor may change it. Refuses: NotFound, ReadOnly, NotAllowed, TooManyRows."""
    sheet = sheet_named(name)
    if sheet.edit is None:
        raise ReadOnly(many=sheet.many.capitalize())
    if not actor.may(sheet.edit):
        raise NotAllowed(act=sheet.edit.value)
    if count > MOST_ROWS:
        raise TooManyRows(count=count, most=MOST_ROWS)
    return sheet


@needs(Permission.SHELL_USE)
def save_rows(
    session: Session, actor: Actor, /, *, sheet: str, changes: tuple[RowChange, ...], at: datetime, reason: str = ""
) -> tuple[RowSaved, ...]:
    """Make new rows and change existing ones; the answers stand in the order of the changes. `reason` stays in their history.

    Refuses: NotFound, ReadOnly, NotAllowed, TooManyRows, RowsRefused (every cell that cannot be; a row that somebody else
    changed since is of code general.stale, whichever cells they changed).
    """
    known = _editable(actor, sheet, len(changes))
    given = [
        GivenRow(number, each.cells, each.key, each.version if each.key else None)
        for number, each in enumerate(changes)
    ]
    batch = plan_rows(session, known, given, lock=True)
    saved = _written(session, batch)
    if reason.strip() and any(batch.touched):
        audit.note(session, known.table, None, after={"reason": reason.strip()[:_LONGEST_REASON]})
    return saved


def _written(session: Session, batch: Batch) -> tuple[RowSaved, ...]:
    before = [{name: was for name, (was, _) in row.changed.items()} if row.before else {} for row in batch.rows]
    write_rows(session, batch)
    return tuple(RowSaved(row.key, row.version, cells) for row, cells in zip(batch.rows, before, strict=True))


def _held(session: Session, sheet: Sheet, rows: tuple[tuple[str, int], ...], cells: dict[str, str]) -> Batch:
    """Existing rows of the versions that somebody saw, held until the transaction ends. Refuses: RowsRefused."""
    given = [GivenRow(number, cells, key or "?", version) for number, (key, version) in enumerate(rows)]
    batch = plan_rows(session, sheet, given, lock=True)
    if batch.is_refused:
        raise RowsRefused(batch.problems)
    return batch


@needs(Permission.SHELL_USE)
def remove_rows(
    session: Session, actor: Actor, /, *, sheet: str, rows: tuple[tuple[str, int], ...], at: datetime
) -> tuple[dict[str, str], ...]:
    """Remove rows, given as (key, version) each, that nothing refers to. Answers with all their cells: saved as new rows, they
    are there again.

    Refuses: NotFound, ReadOnly, NotAllowed, TooManyRows, RowsRefused (general.stale; sheets.in-use, telling by what).
    """
    known = _editable(actor, sheet, len(rows))
    batch = _held(session, known, rows, {})
    in_use = uses(session, known.table, {row.key for row in batch.rows})
    problems = []
    for row in batch.rows:
        if row.key in in_use:
            instead = " Retire it instead." if known.flag else ""
            says = f"It is in use: {told(in_use[row.key])} refer to it.{instead}"
            problems.append(problem(row, "", "sheets.in-use", says))
    if problems:
        raise RowsRefused(problems)
    delete_rows(session, batch)
    return tuple({each.name: row.before[each.name] for each in known.written} for row in batch.rows)


@needs(Permission.SHELL_USE)
def retire_rows(
    session: Session, actor: Actor, /, *, sheet: str, rows: tuple[tuple[str, int], ...], at: datetime
) -> tuple[RowSaved, ...]:
    """Take rows, given as (key, version) each, out of use: what refers to them goes on, nothing new does.

    Refuses: NotFound, ReadOnly, NotAllowed, TooManyRows, NotRetired, RowsRefused.
    """
    known = _editable(actor, sheet, len(rows))
    if not known.flag:
        raise NotRetired(many=known.many.capitalize())
    return _written(session, _held(session, known, rows, {known.flag: "false"}))
