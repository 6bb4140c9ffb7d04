"""On which days a vendor takes orders: its order weekdays, less the days of every year on which it is closed (VEN-6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LONGEST_SEARCH = 370
"""Days looked at before it is said that a vendor never opens: a year, whatever day it begins on, and a few more."""
_ANY_DAY = (1 << 7) - 1


@dataclass(frozen=True, slots=True)
class OrderDays:
    """The days on which a vendor takes orders.

    `weekdays` is a bit mask, Monday 1 to Sunday 64; zero is any day. `closings` are periods of every year, both ends included,
    each as month x 100 + day; one that ends before it begins runs over the new year.
    """

    weekdays: int = 0
    closings: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, weekdays: str, closings: Iterable[tuple[str, str]] = ()) -> OrderDays:
        """From what is stored of a vendor: "mon,wed" and pairs like ("12-24", "01-02")."""
        mask = sum(1 << WEEKDAYS.index(each) for each in weekdays.split(",") if each in WEEKDAYS)
        return cls(mask, tuple(sorted((_of_year(first), _of_year(last)) for first, last in closings)))

    def takes(self, on: date) -> bool:
        """Whether the vendor takes orders on a day."""
        if not (self.weekdays or _ANY_DAY) >> on.weekday() & 1:
            return False
        day = on.month * 100 + on.day
        return not any(
            first <= day <= last if first <= last else day >= first or day <= last for first, last in self.closings
        )

    def next_from(self, on: date) -> date:
        """The first order day that is not before a day; the day itself for a vendor that never opens."""
        return self._nearest(on, 1)

    def last_until(self, on: date) -> date:
        """The last order day that is not after a day; the day itself for a vendor that never opens."""
        return self._nearest(on, -1)

    def order_by(self, needed_on: date, days: int) -> date:
        """The last day on which ordering brings the goods in time, `days` being lead time and goods-in days (PLAN-9)."""
        return self.last_until(needed_on - timedelta(days=days))

    def arrives_on(self, needed_on: date, days: int, as_of: date) -> date:
        """When the goods are there if they are ordered on the first order day from `as_of` on that is not too early."""
        return self.next_from(max(as_of, self.order_by(needed_on, days))) + timedelta(days=days)

    def _nearest(self, on: date, step: int) -> date:
        if not self.weekdays and not self.closings:
            return on
        for each in range(LONGEST_SEARCH + 1):
            day = on + timedelta(days=each * step)
            if self.takes(day):
                return day
        return on


def _of_year(day: str) -> int:
    month, _, number = day.partition("-")
    return int(month) * 100 + int(number)
