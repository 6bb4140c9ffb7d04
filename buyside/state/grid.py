"""What a page with a grid keeps: which row is open, what the server said of an edited cell, which rows changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from buyside.domain.refusals import Refused
from buyside.state.base import SignedInState, our_mistake


class CellEdit(BaseModel):
    """One edited cell, as the grid sends it: nothing in it is believed before it is read and looked up."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    id: str = Field(max_length=200)
    version: int
    field: str = Field(max_length=60)
    value: str = Field(max_length=4000)

    @property
    def form(self) -> dict[str, str]:
        """The edit as a form of one field, for the readers of `state.forms`."""
        return {self.field: self.value}

    @property
    def row(self) -> int:
        """The row's id where keys are whole numbers; 0, which no row has, where it is none."""
        return int(self.id) if self.id.isdecimal() and len(self.id) <= 18 else 0


MOST_ROWS = 2000
"""Rows that one save of a grid reaches."""
_MOST_CELLS = 60
_MOST_COLUMNS = 100
_MOST_FILTER_VALUES = 102  # an operator and as many values as `queries.row_filters` takes, or two bounds
_Name = Annotated[str, Field(max_length=60)]
_Cell = Annotated[str, Field(max_length=4000)]
_Word = Annotated[str, Field(max_length=200)]


class GridChange(BaseModel):
    """What a save does to one row: the version that the person saw, and the new texts of some of its cells."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    key: str = Field(max_length=200)
    """The row's id in the grid; "" for a row that is to be made."""
    version: int = Field(ge=0)
    cells: dict[_Name, _Cell] = Field(max_length=_MOST_CELLS)


class GridSave(BaseModel):
    """One save as the grid sends it: nothing in it is believed before it is read and looked up.

    Cells hold what was typed, in the person's locale, but those of an undo: they are canonical texts, as they came as `before`.
    A removal has no cells.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    request: str = Field(max_length=40)
    """The grid's own number of this save, for the answer to name."""
    act: Literal["edit", "bulk", "paste", "new", "remove", "undo"]
    changes: list[GridChange] = Field(min_length=1, max_length=MOST_ROWS)


class KeptColumn(BaseModel):
    """How a saved view shows one column."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    name: _Name
    width: int = Field(default=0, ge=0, le=4000)
    """Pixels; 0 leaves it to the page."""
    is_hidden: bool = False
    pinned: Literal["", "left", "right"] = ""


class ViewContent(BaseModel):
    """What a saved view brings back. Names in it are compared with the page's columns when it is opened, not before."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    view: _Name = ""
    """Which of the page's own views it starts from."""
    filter: dict[_Name, Annotated[list[_Word], Field(min_length=1, max_length=_MOST_FILTER_VALUES)]] = Field(
        default_factory=dict, max_length=_MOST_CELLS
    )
    """By column: the operator, then its values."""
    sort: list[Annotated[list[_Name], Field(min_length=2, max_length=2)]] = Field(default_factory=list, max_length=3)
    """[column, "asc" or "desc"], the most important first."""
    columns: list[KeptColumn] = Field(default_factory=list, max_length=_MOST_COLUMNS)
    quick: _Word = ""


class KeptView(BaseModel):
    """A view that a person keeps under a name."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    name: str = Field(min_length=1, max_length=80)
    is_first: bool
    """The list opens with it."""
    content: ViewContent


class SavedRow(Protocol):
    """A row that was saved, with what its changed cells held before, in canonical text."""

    @property
    def key(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def before(self) -> Mapping[str, str]: ...


class SaveProblem(Protocol):
    """Why a cell, or with an empty `column` a row, was not saved. `row` is its place in the changes."""

    @property
    def row(self) -> int: ...
    @property
    def key(self) -> str: ...
    @property
    def column(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def says(self) -> str: ...
    @property
    def theirs(self) -> Mapping[str, str]: ...
    @property
    def by(self) -> str: ...
    @property
    def at(self) -> datetime | None: ...


class GridState(SignedInState, mixin=True):
    """Mixin of states behind a grid."""

    chosen: str = ""
    """Key of the row whose panel is open."""
    changed: str = ""
    """Tells the grid which rows to fetch again: "serial:id,id", or "serial:*" for all."""
    released: str = ""
    """Tells the grid which rows are chosen no longer, in the same form."""
    answer: dict[str, str] = {}
    """What became of the last edited cell."""
    _serial: int = 0

    def _changed_rows(self, *ids: object) -> None:
        """Make the grid fetch these rows again, or all of them."""
        self._serial += 1
        self.changed = f"{self._serial}:{','.join(str(each) for each in ids) or '*'}"

    def _release_rows(self, *ids: object) -> None:
        """Take these rows, or all of them, out of what is chosen in the grid: they are done with."""
        self._serial += 1
        self.released = f"{self._serial}:{','.join(str(each) for each in ids) or '*'}"

    def _answer_edit(self, edit: CellEdit, says: str = "") -> None:
        """Answer an edited cell: saved, or why not. Either way the grid shows what the server has."""
        self._serial += 1
        self.answer = {"serial": str(self._serial), "id": edit.id, "field": edit.field, "says": says}

    async def _save_edit(
        self,
        edit: CellEdit,
        operation: Callable[..., Any],
        readers: Mapping[str, Callable[[Mapping[str, Any], str], Any]],
        **arguments: Any,
    ) -> bool:
        """Save one cell: read its value by the reader of its field, run the operation, answer in the cell.

        `readers` names the fields that may be edited, so a browser cannot write any other. Answers whether it was saved.
        """
        try:
            if edit.field not in readers:
                raise Refused
            value = readers[edit.field](edit.form, edit.field)
            await self._do(operation, **{edit.field: value}, **arguments)
        except Refused as refusal:
            self._answer_edit(edit, str(refusal))
            return False
        except Exception as mistake:  # a cell must not wait for ever
            self._answer_edit(edit, our_mistake(mistake))
            return False
        self._answer_edit(edit)
        return True


class SheetGridState(GridState, mixin=True):
    """Mixin of states behind a grid whose rows are written: whole saves, answered at once or refused cell by cell."""

    outcome: dict[str, Any] = {}
    """What became of the last save, for the grid that sent it."""

    def _answer_save(
        self,
        save: GridSave,
        *,
        saved: Iterable[SavedRow] = (),
        problems: Iterable[SaveProblem] = (),
        says: str = "",
        at_text: Callable[[datetime], str] = datetime.isoformat,
    ) -> None:
        """Answer a save: with the rows saved, in the order of its changes; or with what stands against it, and nothing saved.

        `says` refuses it as a whole; `at_text` writes for the person when somebody else changed a row.
        """
        self._serial += 1
        self.outcome = {
            "serial": str(self._serial),
            "request": save.request,
            "saved": [{"key": each.key, "version": each.version, "before": dict(each.before)} for each in saved],
            "problems": [
                {
                    "row": each.row,
                    "key": each.key,
                    "column": each.column,
                    "code": each.code,
                    "says": each.says,
                    "theirs": dict(each.theirs),
                    "by": each.by,
                    "at": "" if each.at is None else at_text(each.at),
                }
                for each in problems
            ],
            "says": says,
        }
