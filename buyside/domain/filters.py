"""Filters of one column of a list, as data: what the browser sends, what a saved view keeps, what a named view says."""

from __future__ import annotations

from typing import Any


def one_of(*values: str) -> dict[str, Any]:
    """Keeps rows whose column has one of these stored values."""
    return {"filterType": "set", "type": "in", "values": list(values)}


def is_true() -> dict[str, Any]:
    """Keeps rows whose flag is set."""
    return one_of("true")


def is_false() -> dict[str, Any]:
    """Keeps rows whose flag is not set."""
    return one_of("false")


def is_empty() -> dict[str, Any]:
    """Keeps rows whose text says nothing."""
    return {"filterType": "text", "type": "blank"}


def before_today() -> dict[str, Any]:
    """Keeps rows whose date has passed."""
    return {"filterType": "date", "type": "lessThan", "dateFrom": "today"}


def after_today() -> dict[str, Any]:
    """Keeps rows whose date is still to come."""
    return {"filterType": "date", "type": "greaterThan", "dateFrom": "today"}


def until_today() -> dict[str, Any]:
    """Keeps rows whose date has come."""
    return {"filterType": "date", "type": "lessThanOrEqual", "dateFrom": "today"}


def within_days(days: int) -> dict[str, Any]:
    """Keeps rows whose date is one of the next `days`, today among them."""
    return {"filterType": "date", "type": "inRange", "dateFrom": "today", "dateTo": f"today+{days - 1}"}


def within_last_days(days: int) -> dict[str, Any]:
    """Keeps rows of the last `days`, today among them."""
    return {"filterType": "date", "type": "inRange", "dateFrom": f"today-{days - 1}", "dateTo": "today"}


def above(number: str) -> dict[str, Any]:
    """Keeps rows whose number is greater."""
    return {"filterType": "number", "type": "greaterThan", "filter": number}
