"""Cells of sheets, one at a time: from a text to its canonical text, and from a stored value to the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from buyside.domain.pack import LONGEST_TEXT, SPELLINGS, Form
from buyside.domain.sheets import SheetColumn

FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2199, 12, 31)
"""Days that a cell may name; lead times added or taken stay in the calendar."""
NUMBERS = frozenset({Form.WHOLE, Form.QUANTITY, Form.PRICE, Form.MONEY, Form.PERCENT})

_FLAGS = {"true": "true", "yes": "true", "1": "true", "false": "false", "no": "false", "0": "false"}
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_CLASSES = {"[:cntrl:]": r"\x00-\x1f\x7f\ud800-\udfff", "[:space:]": r"\s"}


class WrongCell(Exception):
    """A cell that cannot be taken in: `code` as of refusals, `says` a sentence."""

    def __init__(self, code: str, says: str) -> None:
        self.code, self.says = code, says
        super().__init__(says)


@lru_cache
def _pattern(expression: str) -> re.Pattern[str]:
    for posix, here in _CLASSES.items():
        expression = expression.replace(posix, here)
    return re.compile(expression, re.ASCII if r"\s" not in expression else 0)


def read_cell(column: SheetColumn, text: str) -> str:
    """The canonical text of what somebody wrote into a cell, its default where they wrote nothing.

    Blanks around it go; a word may be written as screens show it. Raises: WrongCell, of code general.unreadable,
    general.out-of-range or general.date-out-of-reach.
    """
    text = text.strip()
    if not text:
        return column.default
    canonical = _READERS[column.form](column, text)
    if column.form in NUMBERS:
        _check_range(column, Decimal(canonical))
    if column.pattern and not _pattern(column.pattern).fullmatch(canonical):
        raise _unreadable(text, column.wanted or "of the form that is wanted here")
    return canonical


def _unreadable(text: str, wanted: str) -> WrongCell:
    shown = text if len(text) <= 80 else f"{text[:80]}…"
    return WrongCell("general.unreadable", f"“{shown}” is not {wanted}.")


def _spelt(column: SheetColumn, text: str) -> str:
    spelling = SPELLINGS[column.form]
    if not _pattern(spelling.pattern).fullmatch(text):
        raise _unreadable(text, spelling.wanted.removeprefix("not "))
    return text


def _text(_column: SheetColumn, text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _UNPRINTABLE.search(text):
        raise _unreadable(_UNPRINTABLE.sub("␀", text), "a text: it holds characters that cannot be shown")
    if len(text) > LONGEST_TEXT:
        raise _unreadable(text, f"a text of at most {LONGEST_TEXT:,} characters")
    return text


def _number(column: SheetColumn, text: str) -> str:
    return plain_number(Decimal(_spelt(column, text)))


def _date(column: SheetColumn, text: str) -> str:
    try:
        day = date.fromisoformat(_spelt(column, text))
    except ValueError:
        raise _unreadable(text, "a date of the calendar") from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise WrongCell(
            "general.date-out-of-reach", f"{day} cannot be meant: dates lie between {FIRST_DAY} and {LAST_DAY}."
        )
    return day.isoformat()


def _instant(column: SheetColumn, text: str) -> str:
    try:
        return datetime.fromisoformat(_spelt(column, text).upper()).isoformat()
    except ValueError:
        raise _unreadable(text, "a moment of the calendar") from None


def _flag(_column: SheetColumn, text: str) -> str:
    if text.lower() not in _FLAGS:
        raise _unreadable(text, "true or false")
    return _FLAGS[text.lower()]


def _word(column: SheetColumn, text: str) -> str:
    known = column.words or {}
    if text in known:
        return text
    for stored, (shown, _tone) in known.items():
        if text.casefold() in (stored.casefold(), shown.casefold()):
            return stored
    raise _unreadable(text, f"one of: {', '.join(known)}")


def _choices(column: SheetColumn, text: str) -> str:
    _text(column, text)
    pairs = choices_of(_spelt(column, text))
    if len(set(pairs)) < len(pairs):
        raise WrongCell("general.unreadable", "It names an option twice.")
    return choices_text(pairs)


def choices_of(text: str) -> list[tuple[str, str]]:
    """The options of a cell `group=value;group=value`."""
    split = (each.partition("=") for each in text.split(";")) if text else ()
    return [(group.strip(), value.strip()) for group, _, value in split]


def choices_text(pairs: list[tuple[str, str]]) -> str:
    """Options as a cell, in the one order in which equal ones are written equally."""
    return ";".join(f"{group}={value}" for group, value in sorted(pairs))


_READERS: dict[Form, Callable[[SheetColumn, str], str]] = {
    Form.CODE: _spelt,
    Form.TEXT: _text,
    **dict.fromkeys(NUMBERS, _number),
    Form.DATE: _date,
    Form.INSTANT: _instant,
    Form.FLAG: _flag,
    Form.WORD: _word,
    Form.CHOICES: _choices,
}


def _check_range(column: SheetColumn, value: Decimal) -> None:
    if column.least is not None and value < column.least:
        wanted = f"at least {column.least}"
    elif column.above is not None and value <= column.above:
        wanted = f"above {column.above}"
    elif column.most is not None and value > column.most:
        wanted = f"at most {column.most}"
    else:
        return
    raise WrongCell("general.out-of-range", f"{column.title} must be {wanted}.")


def plain_number(value: Decimal) -> str:
    """A decimal without exponent, trailing zeros and negative zero."""
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def canonical(value: Any) -> str:
    """A stored value as its canonical text; None is empty."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return plain_number(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)
