"""Rows of a file on their way into a sheet: read by its convention, planned in batches, written, and told row by row (VEN-5)."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

from sqlmodel import Session

from buyside.db.bulk import driver
from buyside.documents.table_cells import Cell, shown
from buyside.documents.table_files import Recognised, canonical, read_rows
from buyside.domain.pack import Form
from buyside.domain.sheet_cells import WrongCell
from buyside.domain.sheet_changes import CellProblem, Outcome, RowsRefused
from buyside.domain.sheets import Family, Sheet, SheetColumn
from buyside.ledgers.sheet_batch import Batch, BatchRow, GivenRow, Progress
from buyside.ledgers.sheet_rows import plan_rows
from buyside.ledgers.sheet_writes import write_rows

BATCH = 10_000
"""Rows that are planned and written together, where no rule reaches further."""
_KNOWN_CELLS = 20_000  # different cells of a column that are remembered while a file is read
_LONGEST_SHOWN = 500
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Wrong:
    """A cell that is not of the file's own convention, or (without column) a row that is no row."""

    column: str
    value: str
    code: str
    says: str


@dataclass(frozen=True, slots=True)
class FileRow:
    """One row of a file: its number, its cells in the order of the columns that are taken in, and what is wrong with them."""

    number: int
    cells: tuple[str, ...]
    wrong: tuple[Wrong, ...] = ()


@dataclass(frozen=True, slots=True)
class FileRows:
    """The rows of a file as canonical cells of the columns that they are mapped to."""

    sheet: Sheet
    columns: tuple[SheetColumn, ...]
    rows: list[FileRow]

    def batches(self) -> Iterator[list[FileRow]]:
        """The rows in batches that no rule between rows reaches across: rows that share the codes of a key stay together.

        Structure is one batch: a circle, or a contradiction, can go through all of it.
        """
        if self.sheet.family is Family.STRUCTURE or len(self.rows) <= BATCH:
            yield self.rows
            return
        told_by = [
            place
            for place, column in enumerate(self.columns)
            if column.name in self.sheet.key and column.form in (Form.CODE, Form.TEXT)
        ]

        def group(row: FileRow) -> tuple[str, ...]:
            return tuple(row.cells[place].strip() for place in told_by)

        batch: list[FileRow] = []
        last: tuple[str, ...] | None = None
        for row in sorted(self.rows, key=lambda each: (group(each), each.number)):
            if len(batch) >= BATCH and group(row) != last:
                yield batch
                batch = []
            batch.append(row)
            last = group(row)
        if batch:
            yield batch


def file_rows(content: bytes, how: Recognised, sheet: Sheet, mapping: Mapping[int, str]) -> FileRows:
    """Read a file into cells of a sheet. Refuses: FileUnreadable."""
    places = sorted(mapping)
    columns = tuple(column for place in places if (column := sheet.column(mapping[place])) is not None)
    readers = [_Reader(column, how) for column in columns]
    width = len(how.header)
    rows: list[FileRow] = []
    for number, cells in read_rows(content, how):
        wrong = _wrong_width(cells, width) if how.kind == "csv" else ()
        texts: list[str] = []
        for place, reader in zip(places, readers, strict=True):
            cell = cells[place] if place < len(cells) else ""
            text = reader.read(cell)
            if isinstance(text, Wrong):
                wrong = (*wrong, text)
                text = shown(cell).replace("\0", "␀")
            texts.append(text)
        rows.append(FileRow(number, tuple(texts), wrong))
    return FileRows(sheet, columns, rows)


class _Reader:
    """Reads the cells of one column; what was read once is known."""

    def __init__(self, column: SheetColumn, how: Recognised) -> None:
        self._column, self._how = column, how
        self._known: dict[Cell, str | Wrong] = {}

    def read(self, cell: Cell) -> str | Wrong:
        kind = type(cell)
        found = self._known.get(cell) if kind is str else None  # 1 and True are one key, and not one cell
        if found is None:
            found = self._read(cell)
            if kind is str and len(self._known) < _KNOWN_CELLS:
                self._known[cell] = found
        return found

    def _read(self, cell: Cell) -> str | Wrong:
        try:
            return canonical(cell, self._column.form, self._how)
        except WrongCell as wrong:
            return Wrong(self._column.name, shown(cell).replace("\0", "␀"), wrong.code, wrong.says)


def _wrong_width(cells: Sequence[Cell], width: int) -> tuple[Wrong, ...]:
    if len(cells) == width or (len(cells) > width and all(each == "" for each in cells[width:])):
        return ()
    line = ",".join(map(shown, cells))[:_LONGEST_SHOWN].replace("\0", "␀")
    says = f"The row has {len(cells)} cells where the header has {width}."
    return (Wrong("", line, "files.wrong-width", says),)


@dataclass(slots=True)
class Outcomes:
    """What became of the rows: counted here, told line by line in a temporary file until it is stored."""

    sheet: Sheet
    counts: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))
    _titles: dict[str, str] = field(default_factory=dict)
    _lines: IO[str] = field(
        default_factory=lambda: io.TextIOWrapper(tempfile.TemporaryFile(), encoding="utf-8", newline="")  # noqa: SIM115
    )

    def __post_init__(self) -> None:
        self._titles |= {each.name: each.title for each in self.sheet.columns}

    def add(self, row: BatchRow) -> None:
        """Tell what becomes of a row."""
        outcome = row.outcome
        self.counts[outcome] += 1
        record = " · ".join(text for name in self.sheet.key if (text := row.after.get(name) or row.given.get(name, "")))
        start = [row.number, outcome.value, record]
        lines: list[list[object]] = []
        if outcome is Outcome.REFUSED:
            lines = [[*start, self._title(each.column), "", each.value, each.says, each.code] for each in row.problems]
        elif outcome is Outcome.CHANGED:
            changed = row.changed or {"": ("", "")}
            lines = [[*start, self._title(name), before, after, "", ""] for name, (before, after) in changed.items()]
        elif outcome is Outcome.CREATED:
            told = (f"{self._title(name)}: {text}" for name, text in row.given.items() if text)
            lines = [[*start, "", "", " · ".join(told), "", ""]]
        else:
            lines = [[*start, "", "", "", "", ""]]
        writer = csv.writer(self._lines, quoting=csv.QUOTE_ALL)
        writer.writerows([_short(each) for each in line] for line in lines)

    def _title(self, name: str) -> str:
        return self._titles.get(name, name)

    def store(self, session: Session, run_id: int) -> None:
        """Write the lines to the table of outcomes, in place of those of an earlier look at the same import."""
        connection = driver(session)
        connection.execute("DELETE FROM import_outcome WHERE run_id = %s", [run_id])
        connection.execute("DROP TABLE IF EXISTS pg_temp.told_outcome")
        connection.execute(
            "CREATE TEMPORARY TABLE told_outcome (row_number int, outcome text, record text, column_name text, "
            "before text, value text, reason text, code text) ON COMMIT DROP"
        )
        self._lines.flush()
        self._lines.seek(0)
        with (
            connection.cursor() as cursor,
            cursor.copy("COPY told_outcome FROM STDIN (FORMAT csv, ENCODING 'UTF8')") as copy,
        ):
            while chunk := self._lines.read(_CHUNK):
                copy.write(chunk)
        connection.execute(
            "INSERT INTO import_outcome (run_id, row_number, outcome, record, column_name, before, value, reason, code) "
            "SELECT %s, row_number, outcome, record, column_name, before, value, reason, code FROM told_outcome "
            "ORDER BY row_number",
            [run_id],
        )
        connection.execute("DROP TABLE pg_temp.told_outcome")

    def close(self) -> None:
        """Let the temporary file go."""
        self._lines.close()


def _short(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = value.replace("\0", "␀")
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def take_in(
    session: Session, given: FileRows, outcomes: Outcomes, *, write: bool, only_good: bool, on_progress: Progress
) -> bool:
    """Plan all rows, and with `write` write them batch by batch; answers whether everything that may be written was.

    Without `only_good` nothing more is written after the first refused row, and the caller takes back what was.
    `on_progress` is told rows done of all, and may raise to stop.
    """
    total, done = len(given.rows), 0
    is_refused = False
    share = 0.5 if write else 1.0
    for given_rows in given.batches():
        rows, first, length = given_rows, done, len(given_rows)

        def planned(part: int, whole: int, first: int = first, length: int = length) -> None:
            on_progress(first + int(share * length * part / max(whole, 1)), total)

        def written(part: int, whole: int, first: int = first, length: int = length) -> None:
            on_progress(first + int(length * (0.5 + part / max(whole, 1) / 2)), total)

        lock = write and (only_good or not is_refused)
        batch = _planned(session, given, rows, lock=lock, on_progress=planned)
        refused: list[BatchRow] = []
        while lock and (only_good or not batch.is_refused):
            if not batch.is_refused and _written(session, batch, written):
                break
            if not only_good:
                break
            refused += [each for each in batch.rows if each.problems]
            left = {each.number for each in refused}
            rows = [each for each in rows if each.number not in left]
            batch = _planned(session, given, rows, lock=lock, on_progress=planned)
        is_refused = is_refused or batch.is_refused
        for row in sorted((*refused, *batch.rows), key=lambda each: each.number):
            outcomes.add(row)
        done += length
        on_progress(done, total)
    return not is_refused


def _written(session: Session, batch: Batch, on_progress: Progress) -> bool:
    """Write a batch; what only the database finds then stands in its rows, and nothing of the batch was written."""
    try:
        write_rows(session, batch, on_progress=on_progress)
    except RowsRefused as refusal:
        by_number = {row.number: row for row in batch.rows}
        for problem in refusal.problems:
            by_number[problem.row].problems.append(problem)
        return False
    return True


def _planned(session: Session, given: FileRows, rows: Sequence[FileRow], *, lock: bool, on_progress: Progress) -> Batch:
    names = [each.name for each in given.columns]
    batch = plan_rows(
        session,
        given.sheet,
        [GivenRow(each.number, dict(zip(names, each.cells, strict=True))) for each in rows],
        lock=lock,
        on_progress=on_progress,
    )
    for row, read in zip(batch.rows, rows, strict=True):
        if read.wrong:
            told = {each.column for each in read.wrong}
            problems = [
                CellProblem(row.number, row.key, each.column, each.value, each.code, each.says) for each in read.wrong
            ]
            row.problems = [*problems, *(each for each in row.problems if each.column not in told)]
    return batch
