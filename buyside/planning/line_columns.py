"""From lots to plan lines: every column is written once, in place, and stays where it was written (PLAN-6 to PLAN-9)."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from buyside.planning import line_kernels
from buyside.planning.advice import better_orders
from buyside.planning.blocks import in_blocks, still
from buyside.planning.choice import REASONS, Choice
from buyside.planning.dense import ints
from buyside.planning.frames import PERCENT_SCALE
from buyside.planning.kernels import Ints
from buyside.planning.line_kernels import Bound, Breaks, Columns, Offers, Sized, Wanted
from buyside.planning.netting import Netted
from buyside.planning.order_calendar import Calendars
from buyside.planning.scan import Made, own_steps, taken
from buyside.planning.scan_kernels import Terms
from buyside.planning.structure import Structure

_BY_VENDOR = ("vendor_item", "vendor", "quantity", "preference", "lead_days")
_BOUND = ("split_need", "share_percent", "contract", "contract_amount_left", "contract_quantity_left")
_BETTER = ("better_quantity", "better_price", "saving")
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class LineLots:
    """The lots of all plan lines: `sized`, those of each of `blocks` from its start on, and `made`, in order of their groups.

    `ptr` is where the lines of each group, in order of the netting, begin; `all_short`: none came of a reorder point alone.
    """

    blocks: list[tuple[int, int]]
    starts: dict[int, int]
    ptr: Ints
    sized: Any
    made: Made
    all_short: bool


def line_columns(
    structure: Structure,
    netted: Netted,
    choice: Choice,
    terms: Terms,
    found: LineLots,
    calendars: Calendars,
    as_of: date,
) -> pl.DataFrame:
    """The columns of PLAN_LINES, in an order of their own."""
    made = found.made
    parted = bool((made.part > 1).any())
    columns = _unwritten(int(found.ptr[-1]), len(netted.warehouses) != 1, parted, found.all_short)
    begins = np.concatenate([[0], np.cumsum(np.bincount(made.place, minlength=netted.order.size))])
    near = _write(structure, netted, choice, terms, found, begins, (as_of - _EPOCH).days, columns)
    rows = found.ptr[made.place] - begins[made.place] + np.arange(made.place.size)
    bound, has_currency, room = _bind(
        columns, rows, made, choice, netted.order[made.place] % max(1, choice.chosen.size)
    )
    latest = pl.Series(columns.order_by).cast(pl.Date)
    if calendars.vendors.size:
        columns = _on_order_days(columns, calendars, as_of)
    plain = ("item", "late_days", "shortage", "stock_quantity", "candidates", "unit_price", *_BY_VENDOR)
    written = pl.DataFrame(
        {
            **{name: getattr(columns, name) for name in (*plain, "has_vendor", "has_price")},
            **{
                name: pl.Series(getattr(columns, name)).cast(pl.Date)
                for name in ("needed_on", "order_by", "arrives_on")
            },
            "latest_order_on": latest,
            "reason": pl.Series(REASONS).gather(pl.Series(columns.reason)),
            "currency": pl.Series([*choice.currencies, ""]).gather(pl.Series(columns.currency)),
            "has_currency": has_currency,
        }
    )
    return written.with_columns(
        *(pl.when("has_vendor").then(name).alias(name) for name in _BY_VENDOR),
        pl.when("has_price").then("unit_price").alias("unit_price"),
        pl.when("has_currency").then("currency").alias("currency"),
        _or_all(columns.warehouse, netted.warehouses).alias("warehouse"),
        _or_all(columns.part, [1]).alias("part"),
        _trigger(columns).alias("trigger"),
        *bound,
        *_better(near, columns, terms.step * terms.multiple, room, choice),
    )


def _unwritten(lines: int, many_warehouses: bool, parted: bool, all_short: bool) -> Any:
    """Columns with room for the lines; those that are the same in every line stay empty."""
    kinds: dict[str, Any] = dict.fromkeys(Columns._fields, np.int64)
    kinds |= dict.fromkeys(("needed_on", "order_by", "arrives_on"), np.int32)
    kinds |= dict.fromkeys(("reason", "currency"), np.uint32)
    kinds |= dict.fromkeys(("has_vendor", "has_price", "by_shortage"), np.bool_)
    same = {"warehouse": not many_warehouses, "part": not parted, "by_shortage": all_short}
    return Columns(*(np.empty(0 if same.get(name) else lines, kind) for name, kind in kinds.items()))


def _write(
    structure: Structure,
    netted: Netted,
    choice: Choice,
    terms: Terms,
    found: LineLots,
    begins: Ints,
    epoch: int,
    columns: Any,
) -> Ints:
    """Write the columns; larger orders that could cost less, as better_orders() takes them. Contracts are not told yet."""
    made, price, rows = found.made, choice.contracts.options.price, choice.candidates
    agreed = np.where(made.option >= 0, taken(price, made.option), -1)
    of_made = Sized(
        *still(made.day.astype(np.int32), made.need, made.by_shortage.astype(np.bool_), made.steps, made.brings)
    )
    bound_from, candidate, bound_price, part = still(begins, made.candidate, agreed, made.part)
    bound = Bound(bound_from, of_made, candidate, bound_price, part)
    sized = Sized(*still(*found.sized))
    wanted = Wanted(
        *still(
            structure.at.ids,
            choice.scanned,
            choice.chosen,
            ints(structure.items["goods_in_days"]),
            own_steps(structure),
        )
    )
    said = [ints(rows[name]) for name in ("vendor_item", "vendor", "preference", "lead_days")]
    offers = Offers(*still(*said, choice.reason, choice.rivals, terms.step, choice.price_ptr))
    prices = choice.prices
    breaks = Breaks(*still(ints(prices["from_quantity"]), ints(prices["unit_price"]), choice.currency))
    groups, ptr, warehouses = still(netted.order, found.ptr, np.array(netted.warehouses, np.int64))
    near = in_blocks(
        lambda first, stop: line_kernels.write_lines(
            first, stop, groups, ptr, found.starts[first], sized, bound, wanted, warehouses, offers, breaks, epoch,
            columns,
        ),
        found.blocks,
    )  # fmt: skip
    return np.concatenate([np.empty((4, 0), np.int64), *near], axis=1)


def _bind(
    columns: Any, rows: Ints, made: Made, choice: Choice, item: Ints
) -> tuple[list[pl.Expr | pl.Series], NDArray[np.bool_], Ints | None]:
    """Tell the lines at `rows` which contract they draw on, at which price, and what is left of it, and their part of a need.

    Answers with the columns for it, with which lines have a currency, and with how much more can be ordered (-1: no limit).
    """
    if not rows.size:
        return [pl.lit(None, pl.Int64).alias(name) for name in _BOUND], columns.has_price, None
    contracts, drawn = choice.contracts, made.option >= 0
    option = made.option[drawn]
    columns.reason[rows[made.share >= 0]] = REASONS.index("share")
    columns.reason[rows[drawn]] = REASONS.index("contract")
    columns.currency[rows[drawn]] = contracts.options.currency[option]
    has_currency, room = columns.has_price.copy(), np.full(columns.item.size, -1, np.int64)
    has_currency[rows[drawn]] = True
    room[rows] = made.quantity_left
    contract = np.full(rows.size, -1, np.int64)
    contract[drawn] = contracts.ids[contracts.options.contract[option]]
    values = (made.whole, _percents(choice, made.share, item), contract, made.amount_left, made.quantity_left)
    known = (made.whole >= 0, made.share >= 0, drawn, made.amount_left >= 0, made.quantity_left >= 0)
    return (
        [
            _at(rows[has], each[has], columns.item.size).alias(name)
            for name, each, has in zip(_BOUND, values, known, strict=True)
        ],
        has_currency,
        room,
    )


def _percents(choice: Choice, share: Ints, item: Ints) -> Ints:
    """The part of all shares of its item that each line's vendor has, at PERCENT_SCALE, rounded half up; -1 without."""
    if not choice.share_row.size:
        return share
    percent = ints(choice.candidates["share_percent"])[choice.share_row]
    so_far = np.concatenate([[0], np.cumsum(percent)])
    total = so_far[choice.share_ptr[item + 1]] - so_far[choice.share_ptr[item]]
    whole = 100 * PERCENT_SCALE
    return np.where(share >= 0, (2 * percent[share] * whole + total) // np.maximum(1, 2 * total), -1)


def _on_order_days(columns: Any, calendars: Calendars, as_of: date) -> Any:
    """The columns with the days on which vendors with a calendar take orders."""
    epoch = (as_of - _EPOCH).days
    number = np.where(columns.has_vendor, calendars.of_each(columns.vendor), -1)
    rows = np.flatnonzero(number >= 0)
    order_by = columns.order_by.copy()
    latest = columns.order_by[rows].astype(np.int64) - epoch
    lead = columns.arrives_on[rows] - epoch - np.maximum(latest, 0)
    goes_out, arrives = calendars.order_days(number[rows], latest, lead, as_of)
    order_by[rows], columns.arrives_on[rows] = goes_out + epoch, arrives + epoch
    columns.late_days[rows] = np.maximum(0, -goes_out)
    return columns._replace(order_by=order_by)


def _better(near: Ints, columns: Any, lot: Ints, room: Ints | None, choice: Choice) -> list[pl.Expr | pl.Series]:
    best = better_orders(near, columns.quantity, lot, room, choice) if near.size else None
    if best is None or not best.height:
        return [pl.lit(None, pl.Int64).alias(name) for name in _BETTER]
    return [_at(ints(best["line"]), ints(best[name]), columns.item.size).alias(name) for name in _BETTER]


def _trigger(columns: Any) -> pl.Expr | pl.Series:
    words = ("reorder_point", "shortage")
    if not columns.by_shortage.size:
        return pl.lit(words[1])
    return pl.Series(words).gather(pl.Series(columns.by_shortage).cast(pl.UInt32))


def _or_all(column: Ints, same: list[int]) -> pl.Expr | pl.Series:
    """A column, or what all lines have where none was written."""
    return pl.Series(column) if column.size or len(same) != 1 else pl.lit(same[0], pl.Int64)


def _at(rows: Ints, values: Ints, lines: int) -> pl.Series:
    """A column that has these values at these rows, and nothing elsewhere."""
    column, has = np.zeros(lines, np.int64), np.zeros(lines, np.bool_)
    column[rows], has[rows] = values, True
    return pl.select(pl.when(pl.Series(has)).then(pl.Series(column))).to_series()
