"""How a row of a grid goes to the browser: raw values, and beside them what the reader sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from buyside.domain.access import Actor
from buyside.domain.locales import (
    MONEY_DIGITS,
    PERCENT_DIGITS,
    PRICE_DIGITS,
    QUANTITY_DIGITS,
    money_writer,
    number_writer,
    price_writer,
    shown_date,
    shown_instant,
)
from buyside.domain.words import NUMERIC, Kind
from buyside.queries.grid_sources import GridSource

_DIGITS = {
    Kind.NUMBER: (0, 0),
    Kind.QUANTITY: QUANTITY_DIGITS,
    Kind.MONEY: MONEY_DIGITS,
    Kind.PRICE: PRICE_DIGITS,
    Kind.PERCENT: PERCENT_DIGITS,
}
_VALUES = {Kind.MONEY: money_writer, Kind.PRICE: price_writer}


def _plain(value: Decimal) -> str:
    """A decimal without exponent and trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def raw(value: Any) -> Any:
    """A value as it travels to the browser, as machines write it."""
    if isinstance(value, Decimal):
        return _plain(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | bool | list) else str(value)


def row_writer(source: GridSource, actor: Actor) -> Callable[[Mapping[Any, Any]], dict[str, Any]]:
    """A function that turns a database row into what the browser gets: raw values, and `shown` texts beside them."""
    writers = {each.name: writer for each in source.columns if (writer := _shown(each.kind, actor))}
    names = [column.name for column in source.columns if not column.only_in_files]
    valued = [(each.name, each.currency, _VALUES[each.kind]) for each in source.columns if each.currency]
    worded = [(each.name, each.written) for each in source.columns if each.written is not None]

    def write(row: Mapping[Any, Any]) -> dict[str, Any]:
        sent = {name: raw(row[name]) for name in names}
        sent["id"] = str(row[source.key])
        sent["shown"] = {name: by(row[name]) for name, by in writers.items() if row[name] is not None}
        for name, currency, writer in valued:
            if row[name] is not None:
                sent["shown"][name] = writer(actor.locale, row[currency])(row[name])
        sent["shown"] |= {name: words(row, actor.locale) for name, words in worded if row[name]}
        return sent

    return write


def _shown(kind: Kind, actor: Actor) -> Callable[[Any], str] | None:
    """How a kind of value is written for the actor; None where the raw value is what one reads."""
    if kind in NUMERIC:
        number = number_writer(actor.locale, *_DIGITS[kind])
        return lambda value: number(Decimal(value))
    if kind is Kind.DATE:
        return lambda value: shown_date(value, actor.locale)
    if kind is Kind.INSTANT:
        return lambda value: shown_instant(value, actor.locale, actor.time_zone)
    return None
