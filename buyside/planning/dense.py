"""From ids and dates to dense positions and day numbers, and back."""

from collections.abc import Sequence
from datetime import date, timedelta
from mmap import mmap
from typing import cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from buyside.planning import kernels
from buyside.planning.frames import PERCENT_SCALE, QUANTITY_SCALE, Headroom, Misfit
from buyside.planning.kernels import MICRO, REST, Edges, Ints

FOREVER = 1 << 40  # a day number that no date reaches
ROOM = 1 << 62  # no sum of quantities may reach this
WHOLE_ROOM = 4_500_000 * MICRO  # a larger factor could overflow inside one wide product
_EPOCH = date(1970, 1, 1)
_ALL = 100 * PERCENT_SCALE
_TOO_LARGE = "a BOM row's quantity per parent is negative or above 4.5 million"


def ints(column: pl.Series) -> Ints:
    """A column without nulls as int64."""
    return cast("Ints", np.ascontiguousarray(column.to_numpy(), dtype=np.int64))


def mostly_zero(size: int) -> Ints:
    """Zeros of which only the (small) pages that are written to take memory."""
    return np.frombuffer(mmap(-1, size * 8), np.int64) if size else np.zeros(0, np.int64)


def ascending(column: pl.Series) -> bool:
    """Whether each id is above the one before: they are sorted, and none stands twice."""
    return bool((np.diff(ints(column)) > 0).all())


def day_numbers(column: pl.Series, as_of: date, *, empty: int = 0) -> Ints:
    """Days since `as_of`; `empty` stands for null."""
    missing = column.null_count()
    if missing == column.len():
        return np.full(missing, empty, np.int64)
    number = ints(column.to_physical().fill_null(0) if missing else column.to_physical()) - (as_of - _EPOCH).days
    if missing:
        number[column.is_null().to_numpy()] = empty
    return number


def dates(days: Ints | NDArray[np.int32], as_of: date) -> pl.Series:
    """The dates of day numbers."""
    number = np.empty(days.size, np.int32)
    np.add(days, (as_of - _EPOCH).days, out=number, casting="unsafe")
    return pl.Series(number).cast(pl.Date)


def date_of(day: int, as_of: date) -> date:
    """The date of one day number."""
    return as_of + timedelta(days=day)


class Positions:
    """Where each of some distinct ids stands."""

    def __init__(self, ids: Ints) -> None:
        self.ids = ids
        self._low = int(ids.min()) if ids.size else 0
        span = int(ids.max()) - self._low + 1 if ids.size else 0
        self._table: Ints | None = None
        if span <= 16 * ids.size + 1_000_000:  # a table beats hashing as long as ids are not scattered far apart
            self._table = np.full(span, -1, np.int64)
            self._table[ids - self._low] = np.arange(ids.size)
        else:
            self._order = np.argsort(ids, kind="stable")
            self._sorted = ids[self._order]

    def find(self, keys: Ints) -> Ints:
        """The position of each key, -1 where it is none of the ids."""
        if self._table is not None:
            return kernels.look_up(keys, self._low, self._table)
        at = np.minimum(np.searchsorted(self._sorted, keys), self.ids.size - 1)
        return np.where(self._sorted[at] == keys, self._order[at], -1)

    def find_all(self, keys: Ints, what: str) -> Ints:
        """The same, raising Misfit for a key that is none of the ids."""
        found = self.find(keys)
        if found.size and found.min() < 0:
            raise Misfit(f"{what} names {int(keys[np.argmin(found)])}, which is not there")
        return found


def factors(quantity_per: pl.Series, scrap_percent: pl.Series) -> tuple[Ints, Ints]:
    """quantity per × (1 + scrap) as (whole at 10^-6, micro at 10^-12), exact."""
    per, percent = ints(quantity_per), ints(scrap_percent)
    wide = (float(np.abs(per).max(initial=0)) * (float(np.abs(percent).max(initial=0)) + _ALL)) >= ROOM
    if wide or (per.size and per.min() < 0):  # only numbers that are refused below, or scrap far above 100 %
        exact = quantity_per.cast(pl.Int128).to_frame("per").with_columns(scrap_percent.cast(pl.Int128).alias("scrap"))
        scaled = pl.col("per") * (pl.col("scrap") + _ALL) * (QUANTITY_SCALE // _ALL)
        split = exact.select(whole=scaled // MICRO, micro=scaled % MICRO)
        if split.filter((pl.col("whole") < 0) | (pl.col("whole") > WHOLE_ROOM)).height:
            raise Headroom(_TOO_LARGE)
        return ints(split["whole"].cast(pl.Int64)), ints(split["micro"].cast(pl.Int64))
    whole, micro = np.divmod(per * (percent + _ALL) * (QUANTITY_SCALE // _ALL), MICRO)
    if whole.size and (whole.min() < 0 or whole.max() > WHOLE_ROOM):
        raise Headroom(_TOO_LARGE)
    return whole, micro


def make_edges(source: Ints, sources: int, component: Ints, whole: Ints, micro: Ints, first: Ints, last: Ints) -> Edges:
    """Rows grouped by source in their given order; rows of source -1 stand behind all groups."""
    ptr, rows = kernels.group_positions(source, sources)
    rows = np.concatenate([rows, np.flatnonzero(source < 0)])
    narrow = np.zeros(0, np.int64)
    return Edges(ptr, component[rows], whole[rows], micro[rows], narrow, first[rows], last[rows])


def with_common_unit(parts: Sequence[Edges]) -> tuple[list[Edges], int]:
    """The same edges with `narrow` factors at a small common denominator, and that denominator (1 to 10^12).

    A factor that has no room at it becomes zero; a run whose bounds allow the narrow form never meets it.
    """
    shared = int(np.gcd.reduce(np.concatenate([edges.micro for edges in parts]), initial=MICRO))
    if shared == MICRO:  # no factor has more than six decimals
        shared *= int(np.gcd.reduce(np.concatenate([edges.whole for edges in parts]), initial=MICRO))
    unit = REST // shared
    done = []
    for edges in parts:
        fits = (edges.whole + 1.0) * (unit / MICRO) < ROOM
        if shared >= MICRO:
            narrow = edges.whole // (shared // MICRO)
        else:
            narrow = np.where(fits, edges.whole, 0) * (MICRO // shared) + edges.micro // shared
        done.append(edges._replace(narrow=np.where(fits, narrow, 0)))
    return done, unit


def refuse_beyond(bound: float, what: str) -> None:
    """Raises Headroom where a sum of quantities could leave the exact range."""
    if bound >= ROOM:
        raise Headroom(
            f"{what} could reach {bound / QUANTITY_SCALE:.3g} units; the limit is {ROOM // QUANTITY_SCALE:.3g}"
        )
