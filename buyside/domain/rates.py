"""Dated exchange rates: what one of a currency is worth in the organisation's own, from a day until the next rate (INT-3)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate and the day since which it holds. The organisation's own currency has the rate 1 and no day."""

    currency_code: str
    rate: Decimal
    valid_from: date | None


class Rates:
    """The rates of some currencies over time."""

    def __init__(self, own: str, rates: Iterable[Rate] = ()) -> None:
        self.own = own
        """The organisation's currency."""
        self._known: dict[str, list[Rate]] = {}
        for each in sorted(rates, key=lambda each: each.valid_from or date.min):
            self._known.setdefault(each.currency_code, []).append(each)

    def on(self, currency_code: str, day: date) -> Rate | None:
        """The rate that holds on a day; None where the first one known is younger, or none is known."""
        if currency_code == self.own:
            return Rate(currency_code, Decimal(1), None)
        known = self._known.get(currency_code, [])
        place = bisect_right(known, day, key=lambda each: each.valid_from or date.min)
        return known[place - 1] if place else None

    def days(self, currency_code: str) -> tuple[date, ...]:
        """The days on which a currency's rate changed."""
        return tuple(each.valid_from for each in self._known.get(currency_code, []) if each.valid_from)
