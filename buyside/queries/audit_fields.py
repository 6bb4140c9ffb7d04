"""Before and after of one record, field by field, as people read them: labels, names of referenced records, written values."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Date, DateTime, LargeBinary, Numeric, select
from sqlmodel import Session, SQLModel

from buyside.domain.access import Actor
from buyside.domain.locales import (
    MONEY_DIGITS,
    PERCENT_DIGITS,
    PRICE_DIGITS,
    QUANTITY_DIGITS,
    shown_date,
    shown_day_of_year,
    shown_instant,
    shown_number,
    shown_weekdays,
)
from buyside.domain.records import RECORDS, field_label

NOTHING = "–"
_MOST_FIELDS = 60
_LONGEST_VALUE = 400
_LEFT_OUT = frozenset({"id", "version", "changed_at", "changed_by"})
"""Fields that say what the entry's head says already."""
_WORD = re.compile(r"[a-z]+(_[a-z]+)*")
_WORDS = frozenset(
    {
        *(
            "state",
            "status",
            "kind",
            "supply",
            "lot_policy",
            "place",
            "trigger",
            "behaviour",
            "purpose",
            "role",
            "step",
        ),
        *("surface", "source_kind", "ended_because"),
    }
)
"""Columns that hold one word of a closed list."""
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_DAYS_OF_YEAR = frozenset({"from_day", "to_day"})
_WEEKDAYS = frozenset({"order_weekdays", "weekdays"})
_PRICES = re.compile(r"price|cost|value")
_SHORT_HASH = 12


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field: its label, and what it was and is, written for the reader."""

    label: str
    before: str
    after: str


class Names:
    """What people call records, found by their keys in one query for each kind."""

    def __init__(self, session: Session, actor: Actor) -> None:
        self._session = session
        self._actor = actor
        self._known: dict[str, dict[int, tuple[str, ...]]] = defaultdict(dict)

    def learn(self, kind: str, keys: Iterable[int]) -> None:
        """Look the present names of some records up; those that are gone stay unknown."""
        table, record = SQLModel.metadata.tables.get(kind), RECORDS.get(kind)
        wanted = {each for each in keys if each not in self._known[kind]}
        if table is None or record is None or "id" not in table.c or not record.named_by or not wanted:
            return
        named = select(table.c.id, *(table.c[each] for each in record.named_by))
        rows = self._session.execute(named.where(table.c.id.in_(sorted(wanted)))).all()
        for position, column in enumerate(record.named_by, start=1):
            if target := referred(table.c[column]):
                self.learn(target, {row[position] for row in rows if row[position] is not None})
        for row in rows:
            values = dict(zip(record.named_by, row[1:], strict=True))
            self._known[kind][row[0]] = tuple(self.parts(kind, values))

    def parts(self, kind: str, values: Mapping[str, Any]) -> Iterator[str]:
        """A record's name in parts, from values of the columns that name it."""
        table = SQLModel.metadata.tables.get(kind)
        for column in RECORDS[kind].named_by if kind in RECORDS else ():
            value = values.get(column)
            if value is None or value == "":
                continue
            target = referred(table.c[column]) if table is not None and column in table.c else ""
            if target and isinstance(value, int):
                yield self.of(target, value)
            else:
                yield written(table.c[column] if table is not None and column in table.c else None, value, self._actor)

    def parts_of(self, kind: str, key: Any) -> tuple[str, ...]:
        """The name of a record in parts, or none where nobody knows it any more."""
        return self._known[kind].get(key, ()) if isinstance(key, int) else ()

    def of(self, kind: str, key: int) -> str:
        """The name of a record, or its number where nobody knows it any more."""
        return " · ".join(self.parts_of(kind, key)) or f"no. {key}"


def referred(column: Column[Any]) -> str:
    """The table whose keys a column holds, or nothing."""
    for key in column.foreign_keys:
        if key.column.name == "id":
            return key.column.table.name
    return ""


def references(kind: str, values: Mapping[str, Any] | None) -> Iterator[tuple[str, int]]:
    """The records that a changed record refers to: (kind, key) each."""
    table = SQLModel.metadata.tables.get(kind)
    if table is None or not values:
        return
    for name, value in values.items():
        if name in table.c and isinstance(value, int) and (target := referred(table.c[name])):
            yield target, value


def field_changes(
    kind: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, *, names: Names, actor: Actor
) -> tuple[FieldChange, ...]:
    """What is different, field by field; fields of a new or removed record that say nothing are left out."""
    table = SQLModel.metadata.tables.get(kind)
    old, new = dict(_leaves(before or {})), dict(_leaves(after or {}))
    told = []
    for path in old | new:
        if path[0] in _LEFT_OUT or old.get(path) == new.get(path):
            continue
        column = table.c[path[0]] if table is not None and path[0] in table.c else None

        def said(value: Any, column: Column[Any] | None = column) -> str:
            target = referred(column) if column is not None else ""
            if target and isinstance(value, int):
                return names.of(target, value)
            return written(column, value, actor)

        was, now = said(old.get(path)), said(new.get(path))
        if was == now or ((before is None or after is None) and {was, now} == {NOTHING}):
            continue
        told.append(FieldChange(" · ".join(field_label(str(each)) for each in path), was, now))
    if len(told) > _MOST_FIELDS:
        rest = len(told) - _MOST_FIELDS
        told = [*told[:_MOST_FIELDS], FieldChange(f"{rest} more fields", NOTHING, NOTHING)]
    return tuple(told)


def _leaves(values: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value with where it stands; what stands inside documents has longer places."""
    for name, value in values.items():
        yield from _inside((name,), value)


def _inside(place: tuple[str, ...], value: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict) and value:
        for name, each in value.items():
            yield from _inside((*place, str(name)), each)
    elif isinstance(value, list) and any(isinstance(each, dict | list) for each in value):
        for number, each in enumerate(value, start=1):
            yield from _inside((*place, str(number)), each)
    else:
        yield place, value


def written(column: Column[Any] | None, value: Any, actor: Actor) -> str:
    """A value of the trail as the reader writes such values."""
    if value is None or value in ("", [], {}):
        return NOTHING
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return _clipped(", ".join(str(each) for each in value))
    if column is None or not isinstance(value, str | int | Decimal | date):
        return shown_number(Decimal(value), actor.locale) if isinstance(value, int) else _clipped(str(value))
    try:
        return _typed(column, value, actor)
    except (ValueError, ArithmeticError):
        return _clipped(str(value))


def _typed(column: Column[Any], value: Any, actor: Actor) -> str:
    kind, name = column.type, column.name
    if isinstance(kind, Numeric):
        if name.endswith("_percent"):
            return f"{shown_number(Decimal(value), actor.locale, PERCENT_DIGITS)} %"
        money = kind.scale == 4  # see db/base.py
        digits = (MONEY_DIGITS[0], 4) if money else PRICE_DIGITS if _PRICES.search(name) else QUANTITY_DIGITS
        return shown_number(Decimal(value), actor.locale, digits)
    if isinstance(kind, DateTime):
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return shown_instant(moment, actor.locale, actor.time_zone)
    if isinstance(kind, Date):
        return shown_date(value if isinstance(value, date) else date.fromisoformat(str(value)), actor.locale)
    if isinstance(kind, LargeBinary):
        return f"{str(value)[:_SHORT_HASH]}…"
    if isinstance(kind, Boolean):
        return "Yes" if value else "No"
    if isinstance(kind, JSON) and (isinstance(value, int) or _DAY.fullmatch(str(value))):
        return (
            shown_number(Decimal(value), actor.locale)
            if isinstance(value, int)
            else shown_date(date.fromisoformat(str(value)), actor.locale)
        )
    if name in _DAYS_OF_YEAR:
        return shown_day_of_year(str(value), actor.locale)
    if name in _WEEKDAYS:
        return shown_weekdays(str(value), actor.locale)
    if name in _WORDS and _WORD.fullmatch(str(value)):
        return str(value).replace("_", " ").capitalize()
    return _clipped(str(value))


def _clipped(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
