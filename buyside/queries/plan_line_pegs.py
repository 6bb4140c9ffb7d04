"""Whose demand plan lines cover, when they become orders: reckoned for all of them in one go (PLAN-13, PLAN-17)."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sqlalchemy import text
from sqlmodel import Session

from buyside.db.copy_in import as_array
from buyside.db.plans import PlanningRun
from buyside.domain.money import ZERO, spread
from buyside.planning.copy_stream import Wire, binary_copy
from buyside.planning.frames import QUANTITY_SCALE
from buyside.planning.run import pegging_of
from buyside.queries.plan_orders import OrderableLine
from buyside.queries.plan_stored import Pegging, kept_inputs, scope_of

_NOBODY = 0
"""Stands where no sales order line asks, as in the pegs that a run stores."""
_NEEDS = text(
    "SELECT item_id, warehouse_id, array_agg(on_date ORDER BY on_date), "
    "array_agg(CAST(to_order * :scale AS int8) ORDER BY on_date) FROM planning_requirement "
    "WHERE run_id = :run AND item_id = ANY(:items) AND to_order > 0 GROUP BY item_id, warehouse_id"
)
_STARTS = text(
    "SELECT item_id, warehouse_id, array_agg(DISTINCT suggested_needed_on ORDER BY suggested_needed_on) FROM plan_line "
    "WHERE run_id = :run AND item_id = ANY(:items) GROUP BY item_id, warehouse_id"
)
_ORDERED = text(
    "SELECT item_id, warehouse_id, suggested_needed_on, sum(trunc(quantity_packs * unit_factor * :scale)) "
    "FROM plan_line WHERE run_id = :run AND item_id = ANY(:items) AND state = 'converted' GROUP BY 1, 2, 3"
)
_STORED = text(
    """
    SELECT coalesce(array_agg(day), '{}'), coalesce(array_agg(asks), '{}'), coalesce(array_agg(quantity), '{}')
    FROM (
        SELECT given.day - 1 AS day, peg.sales_order_line_id AS asks, CAST(peg.quantity * :scale AS int8) AS quantity
        FROM unnest(CAST(:items AS int8[]), CAST(:places AS int8[]), CAST(:dates AS date[]))
             WITH ORDINALITY AS given (item_id, warehouse_id, on_date, day)
        JOIN planning_peg AS peg USING (item_id, warehouse_id, on_date)
        WHERE peg.run_id = :run ORDER BY given.day, peg.sales_order_line_id
    ) AS asked
    """
)
_NO_NEEDS: tuple[list[date], list[int]] = ([], [])
_WIRES = {"order_line_id": Wire.INT8, "sales_order_line_id": Wire.INT8, "quantity": Wire.NUMERIC}

Ints = NDArray[np.int64]
Day = tuple[int, int, date]
"""Item, warehouse and date of a requirement."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What a run needs and suggests at the places of some lines, and what was ordered there already. Quantities at QUANTITY_SCALE."""

    needs: dict[tuple[int, int], tuple[list[date], list[int]]]
    """By place, dates with something to order, and how much."""
    starts: dict[tuple[int, int], list[date]]
    ordered: dict[Day, int]


class _Parts(NamedTuple):
    """What lines cover of one day's need each, after what others covered of it before. Quantities at QUANTITY_SCALE."""

    line: Ints
    day: Ints
    before: Ints
    covered: Ints


class LinePegs:
    """What each of some plan lines of a run covers, by who asks for it, in the order in which they are ordered.

    A line covers the needs from its own suggested date up to the next line of its item, in order of date, as far as its
    quantity goes. Several lines of one suggested date (parts, shares) follow each other: those that are ordered already, then
    as they are asked for here. Of a date's need no more than the gross was asked for by demand, in proportion to the pegs;
    what is left refills stock and belongs to nobody.

    A run that kept no pegs is calculated again, as far as this does not depend on the lines, from the start on. What lines
    need is read at once and divided aside, while the database takes the order lines in.
    """

    columns = tuple(_WIRES)
    """Of an order line's pegs."""

    def __init__(self, session: Session, run_id: int) -> None:
        self._run = session.get_one(PlanningRun, run_id)
        self._aside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pegs")
        self._again: Future[Pegging] | None = None
        if self._run.counts.get("pegs") is None:
            kept, scope = kept_inputs(session, run_id), scope_of(self._run)
            self._again = self._aside.submit(lambda: pegging_of(kept(), self._run.as_of, **scope))

    def divide(self, session: Session, lines: Sequence[OrderableLine]) -> None:
        """Begin to divide what the lines cover, in the order in which they are ordered. Once."""
        read, again = _read(session, self._run.id, lines), self._again
        if again is None:
            parts, days = _covered(lines, read)
            self._shares = self._aside.submit(_shares, parts, _stored(session, self._run.id, days), len(days))
        else:
            self._shares = self._aside.submit(lambda: _divided_again(lines, read, again.result()))
        self._aside.shutdown(wait=False)

    def stream(self, order_lines: Sequence[int]) -> Iterator[bytes]:
        """Pegs of the order lines that came of the lines, as a binary COPY of `columns`: by line, each asker once, nobody last."""
        asks = pl.col("asks")
        shares = self._shares.result()
        named = shares.select(
            pl.Series(order_lines, dtype=pl.Int64).gather(shares["line"]).alias("order_line_id"),
            pl.when(asks != _NOBODY).then(asks).alias("sales_order_line_id"),
            "quantity",
        )
        return binary_copy(named, _WIRES)

    def told(self, lines: int) -> Iterator[dict[str, str]]:
        """Of each of the first lines, its stock units by who asks for them, in words."""
        quantity, asks = pl.col("quantity"), pl.col("asks")
        whole, rest = quantity // QUANTITY_SCALE, quantity % QUANTITY_SCALE
        said = (
            self._shares.result()
            .filter(pl.col("line") < lines)
            .select(
                "line",
                pl.when(asks != _NOBODY).then(asks.cast(pl.String)).otherwise(pl.lit(str(None))).alias("asks"),
                pl.format("{}.{}", whole, rest.cast(pl.String).str.zfill(6)).alias("quantity"),
            )
        )
        ends = np.searchsorted(said["line"].to_numpy(), np.arange(lines), side="right").tolist()
        names, quantities = said["asks"].to_list(), said["quantity"].to_list()
        for start, end in zip([0, *ends], ends, strict=False):
            yield dict(zip(names[start:end], quantities[start:end], strict=True))


def _divided_again(lines: Sequence[OrderableLine], read: _Read, again: Pegging) -> pl.DataFrame:
    """The shares by the pegs of a run that kept none: calculated again for what is ordered."""
    parts, days = _covered(lines, read)
    return _shares(parts, _calculated(again, days), len(days))


def _read(session: Session, run_id: int, lines: Sequence[OrderableLine]) -> _Read:
    asked = {"run": run_id, "items": sorted({each.item_id for each in lines}), "scale": QUANTITY_SCALE}
    return _Read(
        {(item, place): (dates, needed) for item, place, dates, needed in session.execute(_NEEDS, asked)},
        {(item, place): starts for item, place, starts in session.execute(_STARTS, asked)},
        {(item, place, on): int(units) for item, place, on, units in session.execute(_ORDERED, asked)},
    )


def _covered(lines: Sequence[OrderableLine], read: _Read) -> tuple[_Parts, list[Day]]:
    """What lines cover of which days, and those days."""
    taken = dict(read.ordered)
    parts: list[int] = []
    days: dict[Day, int] = {}
    for line, each in enumerate(lines):
        place, start = (each.item_id, each.warehouse_id), each.suggested_needed_on
        starts = read.starts[place]
        after = bisect_right(starts, start)
        left = int(each.stock_quantity * QUANTITY_SCALE)
        passed = taken.get((*place, start), 0)
        taken[*place, start] = passed + left
        dates, needed = read.needs.get(place, _NO_NEEDS)
        until = bisect_left(dates, starts[after]) if after < len(starts) else len(dates)
        for at in range(bisect_left(dates, start), until):
            before = min(passed, needed[at])
            passed -= before
            covered = min(needed[at] - before, left)
            if covered > 0:
                left -= covered
                parts += line, days.setdefault((*place, dates[at]), len(days)), before, covered
            if left <= 0:
                break
    return _Parts(*np.array(parts, np.int64).reshape(-1, 4).T), list(days)


def _stored(session: Session, run_id: int, days: Sequence[Day]) -> tuple[Ints, Ints, Ints]:
    """The pegs that a run kept of some days: position of the day, who asks, and how much, sorted by the first two."""
    items, places, dates = ([day[at] for day in days] for at in range(3))
    arrays = {"items": as_array(items), "places": as_array(places), "dates": as_array(dates)}
    found = session.execute(_STORED, {**arrays, "run": run_id, "scale": QUANTITY_SCALE}).one()
    return np.array(found[0], np.int64), np.array(found[1], np.int64), np.array(found[2], np.int64)


def _calculated(again: Pegging, days: Sequence[Day]) -> tuple[Ints, Ints, Ints]:
    """The same of a run that kept none."""
    wanted = pl.DataFrame(
        days, schema={"item": pl.Int64, "warehouse": pl.Int64, "date": pl.Date}, orient="row"
    ).with_row_index("day")
    divided = (
        again(wanted["item"].unique().to_list())
        .join(wanted, on=["item", "warehouse", "date"])
        .select(pl.col("day").cast(pl.Int64), pl.col("line").fill_null(_NOBODY).alias("asks"), "quantity")
        .sort("day", "asks")
    )
    return divided["day"].to_numpy(), divided["asks"].to_numpy(), divided["quantity"].to_numpy()


def _shares(parts: _Parts, pegs: tuple[Ints, Ints, Ints], days: int) -> pl.DataFrame:
    """By line and who asks, stock units at QUANTITY_SCALE. Where one line alone covers all that demand asks of a day, nothing is
    divided: its pegs are the day's."""
    peg_day, asks, quantity = pegs
    line, day, before, covered = parts
    ends = np.searchsorted(peg_day, np.arange(days + 1))
    demand = np.zeros(days, np.int64)
    np.add.at(demand, peg_day, quantity)
    whole = (np.bincount(day, minlength=days)[day] == 1) & (before == 0) & (covered >= demand[day])
    line_of = np.full(days, -1, np.int64)
    line_of[day[whole]] = line[whole]
    kept = line_of[peg_day] >= 0
    rest = covered[whole] - demand[day[whole]]
    found = [
        (line_of[peg_day[kept]], asks[kept], quantity[kept]),
        (line[whole], np.full(rest.size, _NOBODY, np.int64), rest),
        _divided(_Parts(*(each[~whole] for each in parts)), asks, quantity, ends),
    ]
    shares = pl.DataFrame(
        {
            name: np.concatenate(each)
            for name, each in zip(("line", "asks", "quantity"), zip(*found, strict=True), strict=True)
        }
    )
    nobody = pl.col("asks") == _NOBODY
    summed = shares.group_by("line", "asks").agg(pl.col("quantity").sum()).filter(pl.col("quantity") > 0)
    return summed.sort("line", nobody, "asks")


def _divided(parts: _Parts, asks: Ints, quantity: Ints, ends: Ints) -> tuple[Ints, Ints, Ints]:
    """Shares of days that several lines, or none wholly, cover: demand first, then nobody.

    Each peg gets in proportion to what it has not got yet, so that several lines together give none more than it asks for.
    """
    given: dict[int, list[Decimal]] = {}
    lines, asking, shares = list[int](), list[int](), list[int]()
    for line, day, passed, covered in zip(*(each.tolist() for each in parts), strict=True):
        start, end = ends[day], ends[day + 1]
        weights = list(map(Decimal, quantity[start:end].tolist()))
        if day not in given:
            given[day] = _in_proportion(min(Decimal(passed), sum(weights, ZERO)), weights)
        left = [weight - has for weight, has in zip(weights, given[day], strict=True)]
        got = _in_proportion(min(Decimal(covered), sum(left, ZERO)), left)
        given[day] = [has + part for has, part in zip(given[day], got, strict=True)]
        mine = [*map(int, got)]
        lines += [line] * (len(mine) + 1)
        asking += [*asks[start:end].tolist(), _NOBODY]
        shares += [*mine, covered - sum(mine)]
    return np.array(lines, np.int64), np.array(asking, np.int64), np.array(shares, np.int64)


def _in_proportion(total: Decimal, weights: list[Decimal]) -> list[Decimal]:
    """The total in proportion to weights that come to as much at least. All of it is the weights themselves."""
    if not total:
        return [ZERO] * len(weights)
    return weights if total == sum(weights, ZERO) else spread(total, weights, 0)
