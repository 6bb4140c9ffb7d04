"""From a browser's filter of one column to a condition, through closed lists of operators; values are only parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, not_, or_

from buyside.domain.refusals import Unreadable
from buyside.domain.words import NUMERIC, Kind

TODAY = "today"
"""Stands for the organisation's date, so that a view such as "late" needs no new address each morning; "today+6" is six days on."""
_FROM_TODAY = re.compile(rf"{TODAY}([+-]\d{{1,3}})?")
_LONGEST_TEXT = 200
_MOST_VALUES = 100

_Compare = Callable[[ColumnElement[Any], Any], ColumnElement[bool]]
_COMPARISONS: dict[str, _Compare] = {
    "equals": lambda column, value: column == value,
    "notEqual": lambda column, value: or_(column != value, column.is_(None)),
    "lessThan": lambda column, value: column < value,
    "lessThanOrEqual": lambda column, value: column <= value,
    "greaterThan": lambda column, value: column > value,
    "greaterThanOrEqual": lambda column, value: column >= value,
}
_TEXTS: dict[str, _Compare] = {
    "contains": lambda column, value: column.icontains(value, autoescape=True),
    "notContains": lambda column, value: or_(not_(column.icontains(value, autoescape=True)), column.is_(None)),
    "startsWith": lambda column, value: column.istartswith(value, autoescape=True),
    "endsWith": lambda column, value: column.iendswith(value, autoescape=True),
    "equals": lambda column, value: column == value,
    "notEqual": lambda column, value: or_(column != value, column.is_(None)),
}


def condition(
    column: ColumnElement[Any], kind: Kind, model: Any, *, today: date, time_zone: str
) -> ColumnElement[bool]:
    """The condition that `model` (a filter as the grid sends it) puts on `column`. Refuses: Unreadable."""
    if not isinstance(model, Mapping):
        raise Unreadable(value=str(model)[:_LONGEST_TEXT], wanted="a filter")
    operator = str(model.get("type", ""))
    if operator == "blank":
        return or_(column.is_(None), column == "") if kind is Kind.TEXT else column.is_(None)
    if operator == "notBlank":
        return and_(column.is_not(None), column != "") if kind is Kind.TEXT else column.is_not(None)
    if operator == "in":
        return _one_of(column, model.get("values"))
    if kind in NUMERIC:
        return _number(column, operator, model)
    if kind is Kind.DATE:
        return _date(column, operator, model, today)
    if kind is Kind.INSTANT:
        return _instant(column, operator, model, today, ZoneInfo(time_zone))
    if kind is Kind.TEXT and operator in _TEXTS:
        text = model.get("filter")
        if not isinstance(text, str) or len(text) > _LONGEST_TEXT or "\0" in text:
            raise Unreadable(value=str(text)[:_LONGEST_TEXT], wanted="a text to look for")
        return _TEXTS[operator](column, text)
    raise Unreadable(value=operator, wanted=f"a filter of a {kind.value} column")


def python_value(column: ColumnElement[Any], value: Any) -> Any:
    """`value`, as a browser sent it, in the type of `column`. Refuses: Unreadable."""
    wanted = column.type.python_type
    if wanted is object:
        wanted = str  # the type of an SQL function that SQLAlchemy knows nothing about
    try:
        if value is None or isinstance(value, dict | list):
            raise ValueError
        if wanted is bool:
            return {"true": True, "false": False}[str(value).lower()]
        if wanted is date:
            return date.fromisoformat(str(value))
        if wanted is datetime:
            return datetime.fromisoformat(str(value))
        if wanted is Decimal:
            return _decimal(value)
        if wanted is str and (len(str(value)) > _LONGEST_TEXT or "\0" in str(value)):
            raise ValueError
        read = wanted(str(value))
        if wanted is int and not -(2**63) <= read < 2**63:
            raise ValueError
    except (ValueError, KeyError, TypeError):
        raise Unreadable(value=str(value)[:_LONGEST_TEXT], wanted=f"of type {wanted.__name__}") from None
    return read


def chosen_values(model: Any) -> list[str]:
    """The values of a filter that keeps rows with one of some. Refuses: Unreadable."""
    values = model.get("values") if isinstance(model, Mapping) and model.get("type") == "in" else None
    if not all(isinstance(each, str) and len(each) <= _LONGEST_TEXT and "\0" not in each for each in _some(values)):
        raise Unreadable(value=str(values)[:_LONGEST_TEXT], wanted="a list of words")
    return list(_some(values))


def _some(values: Any) -> list[Any]:
    if not isinstance(values, list) or not 0 < len(values) <= _MOST_VALUES:
        raise Unreadable(value=str(values)[:_LONGEST_TEXT], wanted="a list of values")
    return values


def _one_of(column: ColumnElement[Any], values: Any) -> ColumnElement[bool]:
    return column.in_([python_value(column, value) for value in _some(values)])


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError  # noqa: TRY004 - answered as unreadable by the caller
    try:
        read = Decimal(value)
    except InvalidOperation:
        raise ValueError from None
    if not read.is_finite() or read.adjusted() > 20:  # beyond every column
        raise ValueError
    return read


def _bounds(
    model: Mapping[str, Any], first: str, last: str, read: Callable[[Any], Any], wanted: str
) -> tuple[Any, Any]:
    try:
        lower = read(model.get(first))
        return lower, read(model.get(last)) if model.get("type") == "inRange" else None
    except (ValueError, TypeError):
        raise Unreadable(value=str(model.get(first))[:_LONGEST_TEXT], wanted=wanted) from None


def _number(column: ColumnElement[Any], operator: str, model: Mapping[str, Any]) -> ColumnElement[bool]:
    lower, upper = _bounds(model, "filter", "filterTo", _decimal, "a number")
    if operator == "inRange":
        return and_(column >= lower, column <= upper)
    if operator not in _COMPARISONS:
        raise Unreadable(value=operator, wanted="a comparison of numbers")
    return _COMPARISONS[operator](column, lower)


def _day(today: date) -> Callable[[Any], date]:
    def read(value: Any) -> date:
        if from_today := _FROM_TODAY.fullmatch(str(value)):
            return today + timedelta(days=int(from_today[1] or 0))
        return date.fromisoformat(str(value)[:10])

    return read


def _date(column: ColumnElement[Any], operator: str, model: Mapping[str, Any], today: date) -> ColumnElement[bool]:
    lower, upper = _bounds(model, "dateFrom", "dateTo", _day(today), "a date")
    if operator == "inRange":
        return and_(column >= lower, column <= upper)
    if operator not in _COMPARISONS:
        raise Unreadable(value=operator, wanted="a comparison of dates")
    return _COMPARISONS[operator](column, lower)


def _instant(
    column: ColumnElement[Any], operator: str, model: Mapping[str, Any], today: date, zone: ZoneInfo
) -> ColumnElement[bool]:
    """Days on the reader's clock: an instant equals a day when it lies in it."""
    lower, upper = _bounds(model, "dateFrom", "dateTo", _day(today), "a date")
    opens = datetime.combine(lower, time(), zone)
    closes = datetime.combine((upper or lower) + timedelta(days=1), time(), zone)
    match operator:
        case "equals" | "inRange":
            return and_(column >= opens, column < closes)
        case "notEqual":
            return or_(column < opens, column >= closes, column.is_(None))
        case "lessThan":
            return column < opens
        case "lessThanOrEqual":
            return column < closes
        case "greaterThan":
            return column >= closes
        case "greaterThanOrEqual":
            return column >= opens
        case _:
            raise Unreadable(value=operator, wanted="a comparison of dates")
