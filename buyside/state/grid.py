"""What a page with a grid keeps: which row is open, what the server said of an edited cell, which rows changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

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


class GridState(SignedInState, mixin=True):
    """Mixin of states behind a grid."""

    chosen: str = ""
    """Key of the row whose panel is open."""
    changed: str = ""
    """Tells the grid which rows to fetch again: "serial:id,id", or "serial:*" for all."""
    answer: dict[str, str] = {}
    """What became of the last edited cell."""
    _serial: int = 0

    def _changed_rows(self, *ids: object) -> None:
        """Make the grid fetch these rows again, or all of them."""
        self._serial += 1
        self.changed = f"{self._serial}:{','.join(str(each) for each in ids) or '*'}"

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
