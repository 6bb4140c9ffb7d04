"""On which day an order goes out and on which day it is there, by the days on which its vendor takes orders (PLAN-9, VEN-6)."""

from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from buyside.domain.order_days import LONGEST_SEARCH
from buyside.planning.dense import date_of
from buyside.planning.frames import VENDOR_CLOSINGS, VENDORS, Misfit
from buyside.planning.kernels import Ints

_ANY_DAY = (1 << 7) - 1


def order_days(
    vendors: pl.DataFrame, closings: pl.DataFrame, *, vendor: Ints, latest: Ints, lead: Ints, as_of: date
) -> tuple[Ints, Ints]:
    """When each of some orders has to go out, and when it is there; days count from the as-of date.

    It goes out on the last day up to `latest` on which its vendor takes orders. It is there `lead` days after the first such day
    that is neither past nor before that. A vendor that takes none for more than a year has the plain days.

    In     VENDORS, VENDOR_CLOSINGS; per order its vendor (-1: none), `latest` day for it, `lead` and goods-in days
    Refuses Misfit.
    """
    order_by, goes_out = latest.copy(), np.maximum(latest, 0)
    weekdays = dict(VENDORS.check_key(vendors).select("vendor", "order_weekdays").iter_rows())
    closed: dict[int, list[tuple[int, int]]] = {}
    for owner, first, last in VENDOR_CLOSINGS.check_key(closings).select("vendor", "from_day", "to_day").iter_rows():
        if owner not in weekdays:
            raise Misfit(f"VENDOR_CLOSINGS names the vendor {owner}, which is not there")
        closed.setdefault(owner, []).append((first, last))
    bound = [each for each, mask in weekdays.items() if mask or each in closed]
    if bound and vendor.size:
        by_vendor = np.argsort(vendor, kind="stable")
        begins = np.searchsorted(vendor[by_vendor], bound)
        ends = np.searchsorted(vendor[by_vendor], bound, side="right")
        for each, begin, end in zip(bound, begins, ends, strict=True):
            rows = by_vendor[begin:end]
            if rows.size:
                out = _nearest_days(weekdays[each], closed.get(each, []), latest[rows], as_of)
                order_by[rows], goes_out[rows] = out
    return order_by, goes_out + lead


def _nearest_days(mask: int, closings: list[tuple[int, int]], latest: Ints, as_of: date) -> tuple[Ints, Ints]:
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


def _takes(mask: int, closings: list[tuple[int, int]], days: Ints, as_of: date) -> NDArray[np.bool_]:
    """Whether orders are taken, day by day."""
    taken = (mask or _ANY_DAY) >> ((days + as_of.weekday()) % 7) & 1 == 1
    when = np.datetime64(date_of(0, as_of), "D") + days
    month = when.astype("datetime64[M]")
    number = (month.astype(np.int64) % 12 + 1) * 100 + (when - month.astype("datetime64[D]")).astype(np.int64) + 1
    for first, last in closings:
        inside = (number >= first) & (number <= last) if first <= last else (number >= first) | (number <= last)
        taken &= ~inside
    return np.asarray(taken)
