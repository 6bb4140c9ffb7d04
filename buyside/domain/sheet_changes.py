"""Changes of sheets: what somebody asks for, what came of it, and what stood in the way, cell by cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from buyside.domain.refusals import Refused


class Outcome(StrEnum):
    """What becomes of a row."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RowChange:
    """What one row is to become.

    `key` is the row's id as its grid tells it (the code of a currency), "" for a new row; `version` is the one that the person
    saw, 0 for a new row; `cells` are canonical texts by column, "" empties.
    """

    key: str
    version: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RowSaved:
    """A row that was saved. `before`: the changed cells as they were, so that saving them again takes the change back."""

    key: str
    version: int
    before: dict[str, str]


@dataclass(frozen=True, slots=True)
class CellProblem:
    """Why a cell cannot be as it was asked for; `column` is "" where it is the row as a whole.

    `row` is the place among the changes, or the row of a file. Of code "general.stale": `theirs` are the cells as they are
    now, `by` and `at` say who changed the row last, and when.
    """

    row: int
    key: str
    column: str
    value: str
    code: str
    says: str
    theirs: dict[str, str] = field(default_factory=dict)
    by: str = ""
    at: datetime | None = None


class RowsRefused(Refused):
    """Nothing was written; `problems` says why, in the order of the rows."""

    code = "sheets.refused"
    says = "Nothing was saved: {first}{more}"

    def __init__(self, problems: Sequence[CellProblem]) -> None:
        self.problems = tuple(problems)
        others = len(problems) - 1
        more = f" And {others} more {'problem' if others == 1 else 'problems'}." if others else ""
        super().__init__(first=self.problems[0].says, more=more)
