"""The lists of master data: one state class for each sheet that may be written, made from its resource.

A class has one handler, which asks for the sheet's own permission; a sheet that is only read has no class and so nothing to call.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

import reflex as rx

from buyside.domain.locales import shown_instant
from buyside.domain.refusals import Refused
from buyside.domain.sheet_changes import RowChange, RowSaved, RowsRefused
from buyside.domain.sheets import Family, Sheet
from buyside.operations.sheets import remove_rows, save_rows
from buyside.queries.rows import GridSource
from buyside.queries.sheets import SHEET_ROWS
from buyside.queries.structure_place import structure_notes
from buyside.resources.all import RESOURCES
from buyside.resources.resource import Resource
from buyside.state.base import handler, in_thread, me, now, our_mistake, today, warn
from buyside.state.grid import GridSave, SheetGridState
from buyside.state.sheet_texts import for_people, read_changes

_Save = Callable[[Any, GridSave], Awaitable[Any]]


def _save_of(sheet: Sheet) -> _Save:
    """The handler of a sheet's saves."""
    assert sheet.edit is not None

    @handler(sheet.edit)
    async def save(self: Any, save: GridSave) -> Any:
        """Save, make or remove rows; the grid is told what became of it, cell by cell."""
        saved = await _answer(self, sheet, save)
        keys = tuple(each.key for each in saved) if save.act != "remove" else ()
        if sheet.family is not Family.STRUCTURE or not keys:
            return None
        return [warn(each) for each in await self._ask(structure_notes, sheet=sheet.name, keys=keys, today=today())]

    return cast("_Save", save)


async def _answer(state: SheetGridState, sheet: Sheet, save: GridSave) -> tuple[RowSaved, ...]:
    """Tell the grid; answers with what was saved."""
    actor = me()
    try:
        saved = await _saved(state, sheet, save)
        state._answer_save(save, saved=saved)
        return saved
    except RowsRefused as refused:
        problems = for_people(sheet, refused.problems, actor.locale)
        state._answer_save(save, problems=problems, at_text=lambda at: shown_instant(at, actor.locale, actor.time_zone))
    except Refused as refusal:
        state._answer_save(save, says=str(refusal))
    except Exception as mistake:  # cells must not wait for ever
        state._answer_save(save, says=our_mistake(mistake))
    return ()


async def _saved(state: SheetGridState, sheet: Sheet, save: GridSave) -> tuple[RowSaved, ...]:
    """What was saved, in the order of the changes. Refuses: RowsRefused, and what the operations refuse."""
    if save.act == "remove":
        rows = tuple((each.key, each.version) for each in save.changes)
        removed = await state._do(remove_rows, sheet=sheet.name, rows=rows, at=now())
        return tuple(RowSaved(key, version, dict(row)) for (key, version), row in zip(rows, removed, strict=True))
    changes = await in_thread(_read, sheet, save, me().locale)
    return await state._do(save_rows, sheet=sheet.name, changes=changes, at=now())


def _read(sheet: Sheet, save: GridSave, locale: str) -> tuple[RowChange, ...]:
    """The changes in canonical text. Refuses: RowsRefused, with every cell that could not be read."""
    changes, unread = read_changes(sheet, save, locale)
    if unread:
        raise RowsRefused(unread)
    return changes


def sheet_state(resource: Resource) -> type[SheetGridState]:
    """The state class of a sheet that may be written. Its name is the sheet's: `VendorItemsSheetState`."""
    words = "".join(part.capitalize() for part in resource.sheet.name.split("-"))
    name = f"{words}SheetState"
    members = {
        "__module__": __name__,
        "__qualname__": name,
        "__doc__": f"The list of {resource.sheet.many}.",
        "save": _save_of(resource.sheet),
    }
    made = type(name, (SheetGridState, rx.State), members)
    return cast("type[SheetGridState]", made)


@dataclass(frozen=True, slots=True)
class SheetList:
    """What a page needs of a sheet: its description, its source of rows, and the state that writes, if any does."""

    resource: Resource
    rows: GridSource
    state: Any


SHEET_LISTS: tuple[SheetList, ...] = tuple(
    SheetList(each, SHEET_ROWS[each.sheet.name], sheet_state(each) if each.sheet.edit is not None else None)
    for each in RESOURCES
)
