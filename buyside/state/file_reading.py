"""How a file was read and what goes where, in words for the page: no state, no database."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TypedDict

from buyside.documents.table_csv import DELIMITERS, ENCODINGS
from buyside.documents.table_doubts import Doubt
from buyside.documents.table_files import (
    DATE_ORDERS,
    DECIMAL_MARKS,
    THOUSANDS_MARKS,
    Recognised,
    canonical,
)
from buyside.domain.access import Actor
from buyside.domain.locales import shown_date, shown_instant, shown_number
from buyside.domain.pack import Form
from buyside.domain.sheet_cells import NUMBERS, WrongCell, read_cell
from buyside.domain.sheets import Sheet, SheetColumn
from buyside.domain.words import NUMERIC

SHOWN_ROWS = 6
_HEADER_ROWS = 20
_SIZES = ((1024 * 1024, "MB"), (1024, "KB"), (1, "bytes"))
_TITLES = {
    "encoding": "Encoding",
    "delimiter": "Columns are separated by",
    "worksheet": "Worksheet",
    "header_row": "Names of the columns stand in",
    "decimal_mark": "Decimal mark",
    "thousands_mark": "Thousands mark",
    "date_order": "Order of dates",
    "percents": "Percentages",
}
_PERCENTS = (("as_written", "As written: 0.05 is 0.05 %"), ("hundredfold", "Shares: 0.05 is 5 %"))
_YEAR_FIRST = ("ymd", "Year, month, day")
_NO_HEADER = ("0", "No row: the file has no header")
_FORM_SAYS = {
    Form.WHOLE: "A whole number",
    Form.QUANTITY: "A number",
    Form.PRICE: "A price",
    Form.MONEY: "An amount",
    Form.PERCENT: "A percentage",
    Form.DATE: "A date",
    Form.INSTANT: "A moment",
    Form.FLAG: "Yes or no",
}
_MOST_WORDS = 4
_BY_NAME = 40  # of a hundred
_KEPT = re.compile(r"-?\d+(\.\d+)?")
"""A number that a spreadsheet keeps, as a sample shows it; texts beside it may be written otherwise."""


class Option(TypedDict):
    """One value of a choice."""

    value: str
    label: str


class Setting(TypedDict):
    """One thing about how a file is read, with what else it could be."""

    name: str
    title: str
    value: str
    options: list[Option]
    is_doubt: bool


class Question(TypedDict):
    """Something about a file that can be read in two ways."""

    name: str
    title: str
    says: str
    options: list[Option]


class SampleCell(TypedDict):
    """A cell of the file as it stands there."""

    text: str
    look: str


class Target(TypedDict):
    """A column of the sheet that a column of the file may fill."""

    name: str
    label: str
    required: bool
    wanted: str
    says: str
    empty: str


class FileColumn(TypedDict):
    """A column of the file, by its place."""

    place: str
    header: str
    samples: list[str]


class Reading(TypedDict):
    """A cell of the file, and what it is taken for."""

    raw: str
    read: str
    bad: bool


def sized(size: int, locale: str) -> str:
    """A number of bytes for people."""
    unit, word = next((each for each in _SIZES if size >= each[0]), _SIZES[-1])
    return f"{shown_number(Decimal(size) / unit, locale, (0, 1 if unit > 1 else 0))} {word}"


def counted(number: int, locale: str) -> str:
    """A count as the reader writes it."""
    return shown_number(Decimal(number), locale)


def in_rows(how: Recognised, locale: str) -> str:
    """How much a file holds."""
    return f"{counted(how.rows, locale)} {'row' if how.rows == 1 else 'rows'}"


def title_of(many: str) -> str:
    """The name of a list, where it begins a line."""
    return many[:1].upper() + many[1:]


def named_like(file_name: str, sheets: Iterable[Sheet]) -> tuple[tuple[str, int], ...]:
    """The sheets whose name the file bears, in one or in many, with how sure that is: never sure enough to be chosen unasked."""
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", file_name.rsplit(".", 1)[0])
    stem = " ".join(words).casefold()
    return tuple((each.name, _BY_NAME) for each in sheets if stem in {each.one.casefold(), each.many.casefold()})


def settings_of(how: Recognised, doubts: Sequence[Doubt]) -> list[Setting]:
    """Everything about how the file is read that may be changed."""
    doubtful = {each.name for each in doubts}
    rows = [(str(row), f"Row {row}") for row in range(1, max(_HEADER_ROWS, how.header_row) + 1)]
    offered: dict[str, tuple[str, Sequence[tuple[str, str]]]] = {}
    if how.kind == "csv":
        offered["encoding"] = (how.encoding, ENCODINGS)
        offered["delimiter"] = (how.delimiter, DELIMITERS)
    elif len(how.worksheets) > 1:
        offered["worksheet"] = (how.worksheet, tuple((each, each) for each in how.worksheets))
    offered["header_row"] = (str(how.header_row), [*rows, _NO_HEADER])
    offered["decimal_mark"] = (how.decimal_mark, DECIMAL_MARKS)
    offered["thousands_mark"] = (how.thousands_mark, THOUSANDS_MARKS)
    offered["date_order"] = (how.date_order, [_YEAR_FIRST, *DATE_ORDERS] if how.date_order == "ymd" else DATE_ORDERS)
    if how.percents:
        offered["percents"] = (how.percents, _PERCENTS)
    return [
        Setting(
            name=name,
            title=_TITLES[name],
            value=value.removesuffix("-sig"),
            options=[Option(value=each, label=label) for each, label in _with(value.removesuffix("-sig"), choices)],
            is_doubt=name in doubtful,
        )
        for name, (value, choices) in offered.items()
    ]


def _with(value: str, choices: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The choices, and what was found where it is none of them."""
    if any(each == value for each, _ in choices):
        return list(choices)
    return [(value, value or "None seen"), *choices]


def questions_of(doubts: Iterable[Doubt]) -> list[Question]:
    """What must be answered."""
    return [
        Question(
            name=each.name,
            title=_TITLES[each.name],
            says=each.says,
            options=[Option(value=value, label=words) for value, words in each.choices],
        )
        for each in doubts
    ]


def sample_of(how: Recognised, doubts: Iterable[Doubt]) -> list[list[SampleCell]]:
    """The first rows as they stand in the file; cells of columns in doubt stand out."""
    doubtful = {place for each in doubts for place in each.places}
    return [
        [SampleCell(text=cell, look="doubtful" if place in doubtful else "") for place, cell in enumerate(row)]
        for row in how.sample[:SHOWN_ROWS]
    ]


def targets_of(sheet: Sheet) -> list[Target]:
    """The sheet's columns: those that tell rows apart must be filled, others only where rows are new."""
    return [
        Target(
            name=each.name,
            label=each.title,
            required=each.name in sheet.key and not each.default and each.is_required,
            wanted="for new rows" if each.is_required and each.name not in sheet.key else "",
            says=_says(each),
            empty=_empty(each, sheet),
        )
        for each in sheet.written
    ]


def _says(column: SheetColumn) -> str:
    parts = []
    if column.words:
        known = [word for word, _ in column.words.values()]
        parts.append(", ".join(known[:_MOST_WORDS]) + (", …" if len(known) > _MOST_WORDS else ""))
    elif column.refers:
        parts.append(f"A code of {column.refers.replace('-', ' ')}")
    elif column.wanted:
        parts.append(column.wanted[:1].upper() + column.wanted[1:])
    elif column.form in _FORM_SAYS:
        parts.append(_FORM_SAYS[column.form])
    return ". ".join([*parts, column.says] if column.says else parts)


def _empty(column: SheetColumn, sheet: Sheet) -> str:
    if column.default:
        return f"Stays as it is; new ones get {_word(column, column.default)}"
    if column.is_required:
        return f"Stays as it is; without it no new {sheet.one} can be made"
    return "Stays as it is"


def _word(column: SheetColumn, value: str) -> str:
    if column.words and value in column.words:
        return column.words[value][0]
    if column.form is Form.FLAG:
        return "Yes" if value == "true" else "No"
    return value


def readings_of(
    sheet: Sheet, mapping: Mapping[str, str], columns: Iterable[FileColumn], how: Recognised, actor: Actor
) -> dict[str, list[Reading]]:
    """What the samples of each filled column are taken for; nothing for columns that are taken as they stand or are in doubt."""
    doubtful = {str(place) for each in how.doubts for place in each.places}
    samples = {each["place"]: each["samples"] for each in columns}
    found = {}
    for name, place in mapping.items():
        column = sheet.column(name)
        if (
            column is None
            or place in doubtful
            or not samples.get(place)
            or (column.form in {Form.CODE, Form.TEXT} and not column.pattern)
        ):
            continue
        found[name] = [_reading(cell, column, how, actor) for cell in samples[place]]
    return found


def _reading(cell: str, column: SheetColumn, how: Recognised, actor: Actor) -> Reading:
    try:
        is_kept = how.kind == "xlsx" and column.form in NUMBERS and _KEPT.fullmatch(cell)
        value = read_cell(column, cell if is_kept else canonical(cell, column.form, how))
        return Reading(raw=cell, read=shown_cell(value, column, actor), bad=False)
    except WrongCell as wrong:
        return Reading(raw=cell, read=wrong.says, bad=True)


def shown_cell(value: str, column: SheetColumn, actor: Actor) -> str:
    """A canonical cell as the reader writes it."""
    if not value:
        return "nothing"
    if column.kind in NUMERIC:
        return shown_number(Decimal(value), actor.locale)
    if column.form is Form.DATE:
        return shown_date(date.fromisoformat(value), actor.locale)
    if column.form is Form.INSTANT:
        return shown_instant(datetime.fromisoformat(value), actor.locale, actor.time_zone)
    return _word(column, value)


def in_short(how: Recognised, locale: str) -> str:
    """How a file was read, in a line."""
    parts = [in_rows(how, locale), f"{len(how.header)} columns"]
    if how.kind == "csv":
        encoding = dict(ENCODINGS).get(how.encoding.removesuffix("-sig"), how.encoding)
        parts += [encoding, f"{dict(DELIMITERS).get(how.delimiter, how.delimiter).lower()} between columns"]
    elif how.worksheet:
        parts.append(f"worksheet {how.worksheet}")
    doubtful = {each.name for each in how.doubts}
    if how.decimal_mark and "decimal_mark" not in doubtful:
        parts.append(f"decimal {'comma' if how.decimal_mark == ',' else 'point'}")
    if how.date_order and "date_order" not in doubtful:
        parts.append(f"dates as {dict([_YEAR_FIRST, *DATE_ORDERS])[how.date_order].lower()}")
    return " · ".join(parts)


def remarks_of(how: Recognised, locale: str) -> list[str]:
    """What else was noticed."""
    said = []
    if how.blank_rows:
        rows = "row is" if how.blank_rows == 1 else "rows are"
        said.append(f"{counted(how.blank_rows, locale)} empty {rows} passed over.")
    if how.formulas:
        cells = "cell holds a formula" if how.formulas == 1 else "cells hold formulas"
        said.append(f"{counted(how.formulas, locale)} {cells}; what the file keeps as the result is taken.")
    return said
