"""Rows of a sheet on their way into the database: as they are, as they will be, and what is wrong with each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sqlmodel import Session

from buyside.domain.sheet_changes import CellProblem, Outcome
from buyside.domain.sheets import Sheet


@dataclass(frozen=True, slots=True)
class GivenRow:
    """What somebody wants a row to be, in canonical or nearly canonical texts.

    `key`: the row's id, "" for a new row, None where the sheet's own key columns say which row it is, as in files. Columns
    that `cells` leaves out stay as they are, and take their defaults in a new row. A `version` other than 0 must still be
    the row's.
    """

    number: int
    cells: Mapping[str, str]
    key: str | None = None
    version: int | None = None


@dataclass(slots=True)
class BatchRow:
    """One row. `before` and `after` hold canonical texts by column, `stored` texts by the table's columns as it takes them
    (ids of references, None for nothing), `was_stored` those of the row as it is.
    """

    number: int
    key: str = ""
    version: int = 0
    given: dict[str, str] = field(default_factory=dict)
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)
    was_stored: dict[str, str | None] = field(default_factory=dict)
    stored: dict[str, str | None] = field(default_factory=dict)
    problems: list[CellProblem] = field(default_factory=list)

    @property
    def is_new(self) -> bool:
        return not self.before

    @property
    def changed(self) -> dict[str, tuple[str, str]]:
        """By column that changes, how it is and how it will be."""
        if not self.before:
            return {name: ("", text) for name, text in self.after.items() if text}
        return {
            name: (self.before.get(name, ""), text)
            for name, text in self.after.items()
            if text != self.before.get(name, "")
        }

    def moves(self, *columns: str) -> bool:
        """Whether an existing row changes in one of these columns."""
        return bool(self.before) and any(self.after.get(each, "") != self.before.get(each, "") for each in columns)

    @property
    def outcome(self) -> Outcome:
        if self.problems:
            return Outcome.REFUSED
        if not self.before:
            return Outcome.CREATED
        return Outcome.UNCHANGED if self.after == self.before else Outcome.CHANGED


@dataclass(slots=True)
class Batch:
    """Rows that are checked, and then written, together."""

    sheet: Sheet
    rows: list[BatchRow]
    given: list[GivenRow]

    @property
    def touched(self) -> Iterator[BatchRow]:
        """The rows without a problem so far that are new or change."""
        return (each for each in self.rows if each.outcome in (Outcome.CREATED, Outcome.CHANGED))

    @property
    def keys(self) -> set[str]:
        """The ids of the existing rows of the batch that may be written."""
        return {each.key for each in self.rows if each.before and not each.problems}

    @property
    def problems(self) -> list[CellProblem]:
        return [problem for row in self.rows for problem in row.problems]

    @property
    def is_refused(self) -> bool:
        return any(each.problems for each in self.rows)

    def counts(self) -> dict[Outcome, int]:
        """How many rows come to what."""
        found = Counter(each.outcome for each in self.rows)
        return {each: found[each] for each in Outcome}


Check = Callable[[Session, Sheet, Batch], Iterable[CellProblem]]
"""Looks at the touched rows of a batch and tells of what must not be; rows that had a problem before are left out."""

Progress = Callable[[int, int], None]
"""Is told how many rows of how many are done, between chunks; may raise to stop everything."""


def silent(_done: int, _total: int) -> None:
    """Progress that nobody looks at."""


def problem(row: BatchRow, column: str, code: str, says: str) -> CellProblem:
    """That a cell of a row (or with "" the row) cannot be as it was asked for."""
    value = row.given.get(column, row.after.get(column, "")) if column else ""
    return CellProblem(row.number, row.key, column, value, code, says)
