"""Between what a person types in a cell, or pastes into it, and the canonical text of a sheet; and back, to be read (INT-3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation

from buyside.domain.locales import (
    MONEY_DIGITS,
    PERCENT_DIGITS,
    PRICE_DIGITS,
    QUANTITY_DIGITS,
    read_date,
    read_number,
    shown_date,
    shown_number,
)
from buyside.domain.pack import Form
from buyside.domain.refusals import Unreadable
from buyside.domain.sheet_cells import plain_number
from buyside.domain.sheet_changes import CellProblem, RowChange
from buyside.domain.sheets import Sheet, SheetColumn
from buyside.domain.words import YES_NO_WORDS
from buyside.state.grid import GridSave

_DIGITS = {
    Form.WHOLE: (0, 0),
    Form.QUANTITY: QUANTITY_DIGITS,
    Form.PRICE: PRICE_DIGITS,
    Form.MONEY: MONEY_DIGITS,
    Form.PERCENT: PERCENT_DIGITS,
}


def read_changes(sheet: Sheet, save: GridSave, locale: str) -> tuple[tuple[RowChange, ...], tuple[CellProblem, ...]]:
    """The changes of a save in canonical text, and what in them could not be read. An undo sends canonical text already."""
    changes: list[RowChange] = []
    problems: list[CellProblem] = []
    for place, change in enumerate(save.changes):
        cells = dict(change.cells)
        if save.act != "undo":
            for name, typed in change.cells.items():
                column = sheet.column(name)
                if column is None:
                    continue  # refused as a column of no sheet, further down
                try:
                    cells[name] = canonical(column, typed, locale)
                except Unreadable as refusal:
                    problems.append(
                        CellProblem(
                            row=place, key=change.key, column=name, value=typed, code=refusal.code, says=str(refusal)
                        )
                    )
        changes.append(RowChange(key=change.key, version=change.version, cells=cells))
    return tuple(changes), tuple(problems)


def canonical(column: SheetColumn, typed: str, locale: str) -> str:
    """What was typed into a cell, as machines write it. Refuses: Unreadable.

    Only what people of different locales write differently (numbers, dates, weekdays) is read here; words, codes and texts pass as they are.
    """
    text = typed.strip()
    if not text:
        return ""
    if column.form in _DIGITS:
        number = text.removesuffix("%").rstrip() if column.form is Form.PERCENT else text
        return plain_number(read_number(number, locale))
    if column.form is Form.DATE:
        return read_date(text, locale).isoformat()
    return column.wording.read(text, locale) if column.wording else text


def for_people(sheet: Sheet, problems: Sequence[CellProblem], locale: str) -> tuple[CellProblem, ...]:
    """The same problems, with what somebody else's cells hold written for the person who has to choose."""
    return tuple(replace(each, theirs=_shown_row(sheet, each.theirs, locale)) for each in problems)


def _shown_row(sheet: Sheet, cells: Mapping[str, str], locale: str) -> dict[str, str]:
    return {
        name: shown(column, text, locale) if (column := sheet.column(name)) else text for name, text in cells.items()
    }


def shown(column: SheetColumn, text: str, locale: str) -> str:
    """A canonical text as people of `locale` read it."""
    if not text:
        return ""
    try:
        if column.form in _DIGITS:
            return shown_number(Decimal(text), locale, _DIGITS[column.form])
        if column.form is Form.DATE:
            return shown_date(date.fromisoformat(text), locale)
    except (ValueError, InvalidOperation):
        return text
    if column.wording:
        return column.wording.write(text, locale)
    words = YES_NO_WORDS if column.form is Form.FLAG else column.words or {}
    return words[text][0] if text in words else text
