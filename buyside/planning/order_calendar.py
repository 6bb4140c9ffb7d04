"""On which day an order goes out and on which day it is there, by the days on which its vendor takes orders (PLAN-9, VEN-6)."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from buyside.domain.order_days import LONGEST_SEARCH
from buyside.planning.dense import Positions, date_of, ints
from buyside.planning.frames import VENDOR_CLOSINGS, VENDORS, Misfit
from buyside.planning.kernels import Ints

_ANY_DAY = (1 << 7) - 1
_Calendar = tuple[int, tuple[tuple[int, int], ...]]


@dataclass(frozen=True)
class Calendars:
    """The vendors that do not take orders on every day, which of the different calendars each has, and these.

    A calendar is the weekdays on which orders are taken (0: any) and the closings, from and to a day of every year.
    """

    vendors: Ints
    number: Ints
    different: tuple[_Calendar, ...]

    @classmethod
    def of(cls, vendors: pl.DataFrame, closings: pl.DataFrame) -> "Calendars":
        """In VENDORS, VENDOR_CLOSINGS. Refuses Misfit."""
        vendors, closings = VENDORS.check_key(vendors), VENDOR_CLOSINGS.check_key(closings)
        closed: dict[int, list[tuple[int, int]]] = {}
        for owner, first, last in closings.select("vendor", "from_day", "to_day").iter_rows():
            closed.setdefault(owner, []).append((first, last))
        if closed or (ints(vendors["order_weekdays"]) != 0).any():
            bound = vendors.filter((pl.col("order_weekdays") != 0) | pl.col("vendor").is_in(list(closed)))
        else:
            bound = vendors.clear()
        known: dict[_Calendar, int] = {}
        number = []
        for vendor, mask in bound.select("vendor", "order_weekdays").iter_rows():
            calendar = (mask, tuple(sorted(closed.pop(vendor, ()))))
            number.append(known.setdefault(calendar, len(known)))
        if closed:
            raise Misfit(f"VENDOR_CLOSINGS names the vendor {min(closed)}, which is not there")
        return cls(ints(bound["vendor"]), np.array(number, np.int64), tuple(known))

    def of_each(self, vendor: Ints) -> Ints:
        """The number of the calendar of each vendor, -1 for one that takes orders on any day."""
        found = Positions(self.vendors).find(vendor)
        return np.where(found >= 0, self.number[found], -1)

    def order_days(self, number: Ints, latest: Ints, lead: Ints, as_of: date) -> tuple[Ints, Ints]:
        """When each of some orders has to go out, and when it is there; days count from the as-of date.

        It goes out on the last day up to `latest` on which its vendor, whose calendar has this `number`, takes orders. It is
        there `lead` days after the first such day that is neither past nor before that. A vendor that takes none for more than
        a year has the plain days.
        """
        if not number.size:
            return latest, lead
        low = int(latest.min())
        days = np.arange(low, int(latest.max()) + 1)
        tables = [_nearest_days(mask, closings, days, as_of) for mask, closings in self.different]
        at = number * days.size + latest - low
        order_by, goes_out = (np.concatenate(column)[at] for column in zip(*tables, strict=True))
        return order_by, goes_out + lead


def _nearest_days(
    mask: int, closings: tuple[tuple[int, int], ...], latest: Ints, as_of: date
) -> tuple[Ints, Ints]:  # fmt: skip
    """The last day up to each on which the vendor takes orders, and the first from that or the as-of date on."""
    low = int(latest.min()) - LONGEST_SEARCH
    high = max(0, int(latest.max())) + LONGEST_SEARCH
    days = np.arange(low, high + 1)
    taken = _takes(mask, closings, days, as_of)
    before = np.maximum.accumulate(np.where(taken, days, low - LONGEST_SEARCH - 1))
    after = np.minimum.accumulate(np.where(taken, days, high + LONGEST_SEARCH + 1)[::-1])[::-1]
    last = before[latest - low]
    order_by = np.where(latest - last <= LONGEST_SEARCH, last, latest)
    plain = np.maximum(order_by, 0)
    first = after[plain - low]
    return order_by, np.where(first - plain <= LONGEST_SEARCH, first, plain)


def _takes(mask: int, closings: tuple[tuple[int, int], ...], days: Ints, as_of: date) -> NDArray[np.bool_]:
    """Whether orders are taken, day by day."""
    taken = (mask or _ANY_DAY) >> ((days + as_of.weekday()) % 7) & 1 == 1
    when = np.datetime64(date_of(0, as_of), "D") + days
    month = when.astype("datetime64[M]")
    number = (month.astype(np.int64) % 12 + 1) * 100 + (when - month.astype("datetime64[D]")).astype(np.int64) + 1
    for first, last in closings:
        inside = (number >= first) & (number <= last) if first <= last else (number >= first) | (number <= last)
        taken &= ~inside
    return np.asarray(taken)
