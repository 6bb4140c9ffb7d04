"""Cells of files as people and spreadsheets write them: what each looks like, and what it says once that is settled.

A number with one mark and three digits after it can be a thousand or a thousandth, a date such as 03/04/2026 can lie in March or
in April. Such cells are counted apart from those that can be read in one way only, and nobody decides here in silence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from buyside.domain.pack import Form
from buyside.domain.sheet_cells import NUMBERS, WrongCell, plain_number

Cell = str | int | float | bool | date | datetime | time | timedelta
"""A cell as it was read: a text in CSV; in XLSX also what a spreadsheet keeps apart from texts."""

_EXAMPLES = 3
_LONGEST_EXAMPLE = 40
_SPACES = " \u00a0\u202f"
_APOSTROPHES = "'’"
_LOOKS_LIKE_ONE = re.compile(rf"[-+−]?\d[\d.,/{_APOSTROPHES}{_SPACES}:T%-]*", re.ASCII)
_WHOLE = re.compile(r"[-+−]?(\d+)", re.ASCII)
_ONE_MARK = re.compile(r"[-+−]?(\d+)([.,])(\d+)", re.ASCII)
_GROUPED = re.compile(
    rf"[-+−]?\d{{1,3}}(?P<group>[.,{_SPACES}{_APOSTROPHES}])\d{{3}}(?:(?P=group)\d{{3}})*(?:(?P<mark>[.,])\d+)?",
    re.ASCII,
)
_DAY_FIRST_OR_LAST = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})([./-])(\d{1,2})\2(\d{1,2})", re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_MIDNIGHT = re.compile(r"[T ]00:00(:00(\.0+)?)?Z?$", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAMED = re.compile(
    r"(?:(\d{1,2})[ .-]*([a-z]{3,9})[ .,-]*(\d{4})|([a-z]{3,9})[ .]*(\d{1,2})(?:,? +)(\d{4}))", re.IGNORECASE | re.ASCII
)
_MONTH_WORDS = {
    **{word: number for number, word in enumerate(_MONTHS, 1)},
    **{
        word: number
        for number, word in enumerate(
            (
                *("january", "february", "march", "april", "may", "june"),
                *("july", "august", "september", "october", "november", "december"),
            ),
            1,
        )
    },
    "sept": 9,
}
_YES = frozenset(
    {
        *("true", "yes", "y", "1", "x", "✓"),
        *("wahr", "ja", "j", "vrai", "oui", "verdadero", "sí", "si", "vero", "sì", "waar", "sim", "verdadeiro"),
    }
)
_NO = frozenset(
    {
        *("false", "no", "n", "0"),
        *("falsch", "nein", "faux", "non", "falso", "onwaar", "nee", "não"),
    }
)
_PERCENT_SIGN = re.compile(rf"[{_SPACES}]*%$")


@dataclass(slots=True)
class Profile:
    """What the filled cells of one column look like, counted, with the first few of each as examples.

    `point` and `comma`: numbers that can only be read with that decimal mark; `point_or_group`, `comma_or_group`: those whose
    one mark can also stand between thousands. `grouped`: by mark, numbers whose thousands are surely marked; `plain`: numbers
    of a thousand and more without marks. `day_first`, `month_first`: dates that say it, `day_or_month`: those that do not.
    `fractions`: numbers that a spreadsheet keeps, between 0 and 1; `numbers`: all of them.
    """

    filled: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, cell: Cell) -> None:
        """Look at one more filled cell."""
        self.filled += 1
        for name in _looks(cell) if isinstance(cell, str) else _kept_looks(cell):
            self.counts[name] = self.counts.get(name, 0) + 1
            told = self.examples.setdefault(name, [])
            if len(told) < _EXAMPLES and (text := shown(cell)[:_LONGEST_EXAMPLE]) not in told:
                told.append(text)

    def count(self, *names: str) -> int:
        return sum(self.counts.get(each, 0) for each in names)

    @property
    def is_numeric(self) -> bool:
        """Whether most of it can be a number or a date."""
        return 2 * self.counts.get("like", 0) > self.filled


def _kept_looks(cell: Any) -> tuple[str, ...]:
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return ("numbers", "fractions") if 0 < abs(cell) < 1 else ("numbers",)
    return ()


@lru_cache(maxsize=65536)
def _looks(text: str) -> tuple[str, ...]:
    """What a text can be."""
    text = _PERCENT_SIGN.sub("", text.strip())
    if _LOOKS_LIKE_ONE.fullmatch(text) is None:
        return ()
    found = _number_looks(text) or _date_looks(_MIDNIGHT.sub("", text))
    return (*found, "like") if found else ()


def _number_looks(text: str) -> tuple[str, ...]:
    if whole := _WHOLE.fullmatch(text):
        return ("plain",) if len(whole[1]) > 3 else ("whole",)
    if one := _ONE_MARK.fullmatch(text):
        before, mark, after = one.groups()
        name = "point" if mark == "." else "comma"
        if len(after) == 3 and len(before) <= 3 and not before.startswith("0"):
            return (f"{name}_or_group",)
        return (name, "plain") if len(before) > 3 else (name,)
    if grouped := _GROUPED.fullmatch(text):
        group, mark = grouped["group"], grouped["mark"]
        if mark == group:
            return ()
        decimal = mark or {".": ",", ",": "."}.get(group, "")
        kind = "grouped" + _group_name(group)
        return (kind, {".": "point", ",": "comma"}[decimal]) if decimal else (kind,)
    return ()


def _group_name(mark: str) -> str:
    return " " if mark in _SPACES else "'" if mark in _APOSTROPHES else mark


def _date_looks(text: str) -> tuple[str, ...]:
    if _YEAR_FIRST.fullmatch(text):
        return ("year_first",)
    found = _DAY_FIRST_OR_LAST.fullmatch(text)
    if found is None:
        return ()
    first, second = int(found[1]), int(found[3])
    if found[2] == "." or first > 12:
        return ("day_first",)
    if second > 12:
        return ("month_first",)
    return ("day_or_month",) if first != second else ("same_day",)


@dataclass(frozen=True, slots=True)
class Marks:
    """How numbers and dates are written. `percents`: "hundredfold" where 0.05 is five percent."""

    decimal_mark: str = "."
    thousands_mark: str = ""
    date_order: str = "dmy"
    percents: str = ""


def canonical_cell(cell: Cell, form: Form, marks: Marks) -> str:
    """A cell of a file as sheets write it, as far as its convention goes; whether the column may hold that is asked later.

    Raises: WrongCell, with what is wrong in words.
    """
    if not isinstance(cell, str):
        return _kept_cell(cell, form, marks)
    if "\0" in cell:
        raise _wrong(cell.replace("\0", "␀"), "a cell: it holds the character NUL")
    if form in NUMBERS:
        return _number(cell, form, marks)
    if form is Form.DATE:
        return _date(cell, marks)
    if form is Form.FLAG:
        word = cell.strip().casefold()
        return "true" if word in _YES else "false" if word in _NO else cell
    return cell


def _number(cell: str, form: Form, marks: Marks) -> str:
    text = cell.strip()
    if form is Form.PERCENT:
        text = _PERCENT_SIGN.sub("", text)
    if not text:
        return ""
    if (one := _ONE_MARK.fullmatch(text)) and one[2] == marks.decimal_mark:
        return _machine(text, marks)
    if _WHOLE.fullmatch(text):
        return _machine(text, marks)
    grouped = _GROUPED.fullmatch(text)
    if (
        grouped
        and _group_name(grouped["group"]) == marks.thousands_mark
        and grouped["mark"] in (None, marks.decimal_mark)
    ):
        return _machine(text.replace(grouped["group"], ""), marks)
    mark = "a decimal comma" if marks.decimal_mark == "," else "a decimal point"
    groups = f" and “{marks.thousands_mark}” between thousands" if marks.thousands_mark else ""
    raise _wrong(cell, f"a number with {mark}{groups}")


def _machine(text: str, marks: Marks) -> str:
    return text.replace(marks.decimal_mark, ".").replace("−", "-").removeprefix("+")


def _date(cell: str, marks: Marks) -> str:
    text = _MIDNIGHT.sub("", cell.strip())
    if not text:
        return ""
    parts: tuple[int, int, int] | None = None
    if found := _YEAR_FIRST.fullmatch(text):
        parts = int(found[1]), int(found[3]), int(found[4])
    elif found := _COMPACT.fullmatch(text):
        parts = int(found[1]), int(found[2]), int(found[3])
    elif found := _DAY_FIRST_OR_LAST.fullmatch(text):
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        is_month_first = marks.date_order == "mdy" and found[2] != "."
        parts = (year, first, second) if is_month_first else (year, second, first)
    elif found := _MONTH_NAMED.fullmatch(text):
        day, word, year_text = (found[1], found[2], found[3]) if found[1] else (found[5], found[4], found[6])
        parts = int(year_text), _MONTH_WORDS.get(word.lower(), 0), int(day)
    if parts is None:
        raise _wrong(cell, "a date that is recognised, such as 2026-01-31")
    try:
        return date(*parts).isoformat()
    except ValueError:
        order = "month, day, year" if marks.date_order == "mdy" else "day, month, year"
        raise _wrong(cell, f"a date of the calendar, read as {order if found is not None else 'written'}") from None


def _kept_cell(cell: Any, form: Form, marks: Marks) -> str:
    """A cell that a spreadsheet keeps as a number, a date or a flag."""
    if isinstance(cell, bool):
        if form not in (Form.FLAG, Form.TEXT):
            raise _wrong(str(cell).upper(), "what belongs here: the spreadsheet keeps yes or no in this cell")
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        if form is Form.DATE:
            raise _wrong(shown(cell), "a date: the spreadsheet keeps a number in this cell")
        value = _exact(cell)
        if form is Form.PERCENT and marks.percents == "hundredfold":
            value *= 100
        return plain_number(value)
    if isinstance(cell, datetime | date):
        if form not in (Form.DATE, Form.TEXT):
            raise _wrong(shown(cell), "what belongs here: the spreadsheet keeps a date in this cell")
        if isinstance(cell, datetime):
            if form is Form.DATE and cell.time() != time():
                raise _wrong(shown(cell), "a date: the spreadsheet keeps a time with it")
            return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
        return cell.isoformat()
    if isinstance(cell, time) and form is Form.TEXT:
        return cell.isoformat("minutes") if not cell.second else cell.isoformat()
    raise _wrong(shown(cell), "what belongs here: the spreadsheet keeps a time or a span of time in this cell")


def _exact(number: float) -> Decimal:
    """A spreadsheet's number as people see it: the fifteen digits that it is exact in."""
    return Decimal(number) if isinstance(number, int) else Decimal(f"{number:.15g}")


def shown(cell: Cell) -> str:
    """A cell as a text to look at, and to be kept: no database holds the character NUL."""
    if isinstance(cell, str):
        return cell.replace("\0", "␀")
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, int | float):
        return plain_number(_exact(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def _wrong(cell: str, wanted: str) -> WrongCell:
    short = cell if len(cell) <= 80 else f"{cell[:80]}…"
    return WrongCell("general.unreadable", f"“{short}” is not {wanted}.")
