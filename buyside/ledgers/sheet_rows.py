"""Rows of a sheet against the rows that exist: what would be made, changed, left or refused, for one row or a hundred thousand.

Nothing is written here. Everything is looked up set by set, so that a batch costs a few statements however long it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import text
from sqlmodel import Session

from buyside.domain.pack import Form
from buyside.domain.sheet_cells import WrongCell, read_cell
from buyside.domain.sheet_changes import Outcome
from buyside.domain.sheets import Sheet, SheetColumn
from buyside.ledgers.sheet_batch import Batch, BatchRow, GivenRow, Progress, problem, silent
from buyside.ledgers.sheet_checks import check_batch
from buyside.ledgers.sheet_conflicts import told_stale
from buyside.ledgers.sheet_filling import FILLED, PLACED, SPECIAL
from buyside.ledgers.sheet_kept import Kept, find_by_keys, key_of, load_rows, lock_rows
from buyside.ledgers.sheet_references import References
from buyside.ledgers.sheet_selects import stored_name, table_of

_CHUNK = 5000
_ALONE = frozenset(
    {
        *("vendor-items", "price-breaks", "bom-rows", "option-rules"),
        *("payment-term-events", "vendor-contacts", "vendor-addresses"),
    }
)
"""Sheets with rules between rows that the database cannot hold by itself: one writes at a time."""


def lock_sheet(session: Session, sheet: Sheet, *, alone: bool) -> None:
    """Wait until nobody writes the sheet in a way that this would disturb; holds until the transaction ends."""
    how = "pg_advisory_xact_lock" if alone or sheet.name in _ALONE else "pg_advisory_xact_lock_shared"
    session.execute(text(f"SELECT {how}(hashtextextended(:name, 0))"), {"name": f"sheet {sheet.name}"})


def plan_rows(
    session: Session,
    sheet: Sheet,
    given: Sequence[GivenRow],
    *,
    lock: bool = False,
    on_progress: Progress = silent,
) -> Batch:
    """What becomes of rows that somebody gives: read, placed beside those that exist, filled up, checked.

    With `lock` the existing ones are held until the transaction ends, for who writes then. Problems stand in the rows.
    """
    if lock:
        lock_sheet(session, sheet, alone=len(given) > _CHUNK)
    batch = Batch(sheet, [BatchRow(each.number, each.key or "") for each in given], list(given))
    _read(batch, on_progress)
    references = References(session)
    by_key = [(row, each) for row, each in zip(batch.rows, batch.given, strict=True) if each.key]
    kept = _load(session, sheet, [row.key for row, _ in by_key], lock=lock)
    first: dict[str, int] = {}
    for row, each in by_key:
        _join(batch, row, kept.get(row.key))
        if first.setdefault(row.key, row.number) != row.number:
            says = f"Row {first[row.key]} changes the same {sheet.one}."
            row.problems.append(problem(row, "", "sheets.duplicate", says))
        if row.before and each.version is not None and each.version != row.version:
            row.problems.append(told_stale(session, sheet, row, each.version))
    _store(batch.rows, sheet, references)
    _place_others(session, batch, references, lock=lock)
    _check_fixed(batch)
    if fill := FILLED.get(sheet.name):
        fill(session, batch, references)
    _check_required(batch)
    check_again(session, batch)
    return batch


def check_again(session: Session, batch: Batch) -> None:
    """Hold a batch against what is there by now: somebody may have been faster where nothing could be held."""
    _check_keys(session, batch)
    check_batch(session, batch)


def good_rows(session: Session, batch: Batch, *, lock: bool = False, on_progress: Progress = silent) -> Batch:
    """The batch without its refused rows, planned anew until none is refused: what is left holds without the others."""
    while batch.is_refused:
        kept = [given for row, given in zip(batch.rows, batch.given, strict=True) if not row.problems]
        batch = plan_rows(session, batch.sheet, kept, lock=lock, on_progress=on_progress)
    return batch


def _read(batch: Batch, on_progress: Progress) -> None:
    """The canonical text of every cell that was given. Equal cells of a column are read once."""
    columns = {each.name: each for each in batch.sheet.columns}
    known: dict[str, dict[str, str | WrongCell]] = {name: {} for name in columns}
    total = len(batch.rows)
    for done, (row, given) in enumerate(zip(batch.rows, batch.given, strict=True)):
        if done % _CHUNK == 0:
            on_progress(done, total)
        for name, cell in given.cells.items():
            if name not in columns:
                says = f"{batch.sheet.many.capitalize()} have no column “{name}”."
                row.problems.append(problem(row, name, "sheets.no-such-column", says))
                continue
            if columns[name].is_read_only:
                continue
            read = known[name].get(cell)
            if read is None:
                read = known[name][cell] = _read_cell(columns[name], cell)
            if isinstance(read, WrongCell):
                row.given[name] = cell.strip()
                row.problems.append(problem(row, name, read.code, read.says))
            else:
                row.given[name] = read
    on_progress(total, total)


def _read_cell(column: SheetColumn, cell: str) -> str | WrongCell:
    try:
        return read_cell(column, cell)
    except WrongCell as wrong:
        return wrong


def _load(session: Session, sheet: Sheet, keys: Sequence[str], *, lock: bool) -> dict[str, Kept]:
    if lock and keys:
        lock_rows(session, sheet, keys)
    return load_rows(session, sheet, keys)


def _join(batch: Batch, row: BatchRow, kept: Kept | None) -> None:
    """Lay what was given over the row as it exists."""
    if kept is None:
        row.problems.append(problem(row, "", "sheets.gone", f"This {batch.sheet.one} is no more."))
        return
    row.key, row.version = kept.key, kept.version
    row.before, row.was_stored = kept.cells, kept.stored
    row.after = kept.cells | row.given


def _store(rows: Sequence[BatchRow], sheet: Sheet, references: References) -> None:
    """What the table takes for the cells that were given, and for the defaults of rows without one that exists."""
    special = SPECIAL.get(sheet.name, frozenset())
    defaults = {each.name: each.default for each in sheet.written}
    for row in rows:
        if not row.before and not row.key:
            row.after = defaults | row.given
    for column in sheet.written:
        if column.refers:
            references.load(column.refers, {each.given.get(column.name, "") for each in rows})
    table = table_of(sheet)
    plain = [each for each in sheet.written if each.name not in special]
    writers = [
        (each, stored_name(each), _storing(each, references, bool(table.c[stored_name(each)].nullable)))
        for each in plain
    ]
    for row in rows:
        row.stored = dict(row.was_stored)
        cells = row.given if row.before else row.after
        wrong = {each.column for each in row.problems}
        for column, name, store in writers:
            if column.name in cells and column.name not in wrong:
                row.stored[name] = store(row, cells[column.name])


def _storing(column: SheetColumn, references: References, nullable: bool) -> Callable[[BatchRow, str], str | None]:
    def store(row: BatchRow, cell: str) -> str | None:
        if not cell:
            return None if nullable or column.form not in (Form.TEXT, Form.CODE) else ""
        if not column.refers:
            return cell
        found = references.find(column.refers, cell)
        if found is None:
            says = references.unknown(column.refers, cell)
            row.problems.append(problem(row, column.name, "sheets.unknown-reference", says))
        return found

    return store


def _place_others(session: Session, batch: Batch, references: References, *, lock: bool) -> None:
    """Find the rows that are told by their key columns, and leave the others new."""
    sheet = batch.sheet
    if place := PLACED.get(sheet.name):
        place(session, [each for each in batch.rows if not each.before and not each.problems], references)
    open_rows = [
        (row, key)
        for row, given in zip(batch.rows, batch.given, strict=True)
        if given.key is None and not row.before and (key := key_of(sheet, row.stored)) is not None
    ]
    found = find_by_keys(session, sheet, {key for _, key in open_rows})
    kept = _load(session, sheet, [each for keys in found.values() for each in keys], lock=lock)
    special = SPECIAL.get(sheet.name, frozenset())
    plain = [(each.name, stored_name(each)) for each in sheet.written if each.name not in special]
    for row, key in open_rows:
        ids = found.get(key, [])
        if len(ids) > 1:
            says = f"There are {len(ids)} {sheet.many} with this {_key_words(sheet)}; which is meant cannot be told."
            row.problems.append(problem(row, sheet.key[0], "sheets.ambiguous", says))
        elif ids and not row.problems:
            stored = {place: row.stored[place] for name, place in plain if name in row.given and place in row.stored}
            _join(batch, row, kept.get(ids[0]))
            row.stored = row.was_stored | stored


def _check_fixed(batch: Batch) -> None:
    fixed = [each for each in batch.sheet.written if each.is_fixed]
    for row in batch.rows if fixed else ():
        for column in fixed:
            if row.moves(column.name):
                says = f"{column.title} says which {batch.sheet.one} it is and cannot change. Make a new one."
                row.problems.append(problem(row, column.name, "sheets.fixed", says))


def _check_required(batch: Batch) -> None:
    required = [each for each in batch.sheet.written if each.is_required]
    for row in batch.rows:
        if row.problems and not row.after:
            continue
        for column in required:
            if not row.after.get(column.name) and all(each.column != column.name for each in row.problems):
                row.problems.append(problem(row, column.name, "sheets.required", f"{column.title} is needed."))


def _key_words(sheet: Sheet) -> str:
    titles = [column.title.lower() for name in sheet.key if (column := sheet.column(name))]
    return titles[0] if len(titles) == 1 else f"{', '.join(titles[:-1])} and {titles[-1]}"


def _check_keys(session: Session, batch: Batch) -> None:
    """No two rows with one key: neither two of the batch nor one of it and another that exists."""
    sheet, seen = batch.sheet, dict[tuple[str | None, ...], BatchRow]()
    moved: dict[tuple[str | None, ...], BatchRow] = {}
    for row in batch.rows:
        key = None if row.problems else key_of(sheet, row.stored)
        if key is None:
            continue
        if key in seen:
            says = f"It has the same {_key_words(sheet)} as row {seen[key].number}."
            row.problems.append(problem(row, sheet.key[0], "sheets.duplicate", says))
            continue
        seen[key] = row
        if row.outcome is not Outcome.UNCHANGED and key != key_of(sheet, row.was_stored):
            moved[key] = row
    there = find_by_keys(session, sheet, set(moved))
    going = {each.key for each in seen.values()}
    for key, ids in there.items():
        row = moved[key]
        if others := [each for each in ids if each not in going]:
            other = load_rows(session, sheet, others[:1])[others[0]]
            named = " · ".join(other.cells[each] for each in sheet.key if other.cells[each])
            says = f"Another {sheet.one} has this {_key_words(sheet)}: {named}."
            row.problems.append(problem(row, sheet.key[0], "sheets.duplicate", says))
