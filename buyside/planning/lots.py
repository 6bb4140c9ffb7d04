"""What to order for each shortage: from whom, how much, when, at what price (PLAN-6 to PLAN-9, VEN-4)."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from buyside.planning import lot_kernels
from buyside.planning.blocks import blocks_of, in_blocks, still
from buyside.planning.choice import Choice
from buyside.planning.dense import ROOM, ints
from buyside.planning.frames import PLAN_LINES, Headroom, Misfit
from buyside.planning.kernels import BUY, Ints, Stock
from buyside.planning.line_columns import LineLots, line_columns
from buyside.planning.line_kernels import Sized
from buyside.planning.lot_kernels import Lots
from buyside.planning.netting import Netted
from buyside.planning.order_calendar import Calendars
from buyside.planning.scan import NOTHING_MADE, Made, Opening, own_steps, scan, taken
from buyside.planning.scan_kernels import Terms
from buyside.planning.structure import Structure

NEVER = -ROOM
POLICIES = ("lot_for_lot", "fixed_multiple", "period")


def plan_lines(
    structure: Structure,
    netted: Netted,
    stocks: Mapping[int, Stock],
    choice: Choice,
    *,
    vendors: pl.DataFrame,
    vendor_closings: pl.DataFrame,
    as_of: date,
) -> pl.DataFrame:
    """Order what no open supply brings, however late, in lots; what a lot brings beyond its need is carried forward.

    A lot is the need in the purchase unit, rounded up to its digits, at least the minimum, up to the multiple; under the
    policy period it covers the needs of so many days. An inventory item whose position, with earlier plan lines,
    is at or below its reorder point goes up to its order-up-to level (to the reorder point itself if it has none).
    A contract that suffices goes first, then come shares, then the chosen vendor; an agreed price goes before a list price.

    In     VENDORS, VENDOR_CLOSINGS
    Out    PLAN_LINES, sorted by item, warehouse, date and part
    Holds  with the plan lines' stock quantities no position (on hand and all on order less gross so far) is below safety
           stock; order_by is the last order day up to needed_on - lead days - goods-in days; late_days ==
           max(0, as_of - order_by); arrives_on is never before the as-of date
    Refuses Misfit, Headroom.
    """
    calendars = Calendars.of(vendors, vendor_closings)
    terms = _terms(choice)
    lots = _lots(structure, choice, terms)
    _refuse_large_orders(structure, netted, choice, lots, terms)
    opening = Opening.of(structure, stocks)
    made = scan(structure, netted, opening, choice, lots, terms) if choice.scanned.any() else NOTHING_MADE
    found = _all_lots(structure, netted, opening, choice, lots, made)
    return PLAN_LINES.check(line_columns(structure, netted, choice, terms, found, calendars, as_of))


def _all_lots(
    structure: Structure, netted: Netted, opening: Opening, choice: Choice, lots: Lots, made: Made
) -> LineLots:
    """The lots of all items: those of the fast loop, and how many each group has of them or of those that were scanned."""
    groups = netted.order
    ends = np.cumsum(
        netted.count[groups] + 1
    )  # more lots than that there cannot be: what is not written takes no memory
    blocks, most = blocks_of(ends), int(ends[-1]) if ends.size else 0
    starts = {first: int(ends[first - 1]) if first else 0 for first, _ in blocks}
    sized = Sized(
        np.empty(most, np.int32), *(np.empty(most, kind) for kind in (np.int64, np.bool_, np.int64, np.int64))
    )
    lines = np.bincount(made.place, minlength=groups.size)
    ordered = opening.held | (netted.count > 0)
    ordered &= np.tile((structure.supply == BUY) & ~choice.scanned, len(netted.warehouses))
    turn, start, count, day, gross, position, ordered, safety = still(
        groups, netted.start, netted.count, netted.rows[0], netted.rows[1], opening.position, ordered,
        ints(structure.items["safety_stock"]),
    )  # fmt: skip
    lots = Lots(*still(*lots))
    by_point = in_blocks(
        lambda first, stop: lot_kernels.size_lots(
            first, stop, turn, start, count, day, gross, position, ordered, safety, lots, starts[first], lines, sized
        ),
        blocks,
    )
    all_short = not any(by_point) and bool(made.by_shortage.all())
    return LineLots(blocks, starts, np.concatenate([[0], np.cumsum(lines)]), sized, made, all_short)


def _terms(choice: Choice) -> Terms:
    """Lot terms of every candidate."""
    rows = choice.candidates
    digits, factor = ints(rows["unit_digits"]), ints(rows["unit_factor"])
    step, parts = 10 ** (6 - digits), 10**digits
    shared = np.gcd(factor, parts)
    multiple = ints(rows["multiple"])
    multiple = np.where(multiple > 0, np.lcm(multiple, step) // step, 1)
    return Terms(factor // shared, parts // shared, -(-ints(rows["minimum"]) // step), multiple, step)


def _lots(structure: Structure, choice: Choice, terms: Terms) -> Lots:
    """Lot terms of each item with its chosen vendor, or in its stock unit, and its policies."""
    items, chosen = structure.items, choice.chosen
    if items.filter(~pl.col("lot_policy").is_in(list(POLICIES)) | ~pl.col("unit_digits").is_between(0, 6)).height:
        raise Misfit("ITEMS has an unknown lot policy, or digits outside 0 to 6")

    def of_vendor(column: Ints, otherwise: Ints | int) -> Ints:
        return np.where(chosen >= 0, taken(column, chosen), otherwise)

    digits = ints(items["unit_digits"])
    inventory = (items["kind"] == "inventory").to_numpy()
    point = np.where(inventory, ints(items["reorder_point"].fill_null(NEVER)), NEVER)
    up_to = items.select(pl.coalesce("order_up_to", "reorder_point", pl.lit(NEVER)))
    by_period = (items["lot_policy"] == "period").to_numpy()
    period = np.where(by_period, ints(items["period_days"].fill_null(1)), 1)
    return Lots(
        of_vendor(terms.per_step, 10 ** (6 - digits)), of_vendor(terms.per_base, 1), of_vendor(terms.minimum, 0),
        of_vendor(terms.multiple, 1), point, ints(up_to.to_series()), period,
    )  # fmt: skip


def _refuse_large_orders(structure: Structure, netted: Netted, choice: Choice, lots: Lots, terms: Terms) -> None:
    """Raises Headroom where an order in purchase units, or on the way to them, could leave the exact range."""
    n = structure.supply.size
    step = np.where(choice.chosen >= 0, taken(terms.step, choice.chosen), own_steps(structure)).astype(np.float64)
    options = choice.contracts.options
    rows = np.concatenate([choice.share_row, options.candidate])
    used = Terms(*(column[rows] for column in terms)) if rows.size else None
    of_rows = np.concatenate([np.repeat(np.arange(n), np.diff(ptr)) for ptr in (choice.share_ptr, options.ptr)])

    def inside(balance: NDArray[np.float64] | float) -> bool:
        need = balance + ints(structure.items["safety_stock"]) + np.maximum(lots.order_up_to, 0).astype(np.float64)
        return _fits(need, lots, step) and (used is None or _fits(need[of_rows], used, used.step))

    projected = netted.rows[4]
    farthest = max(float(projected.max(initial=0)), -float(projected.min(initial=0)))
    if inside(farthest):  # as if every item were as far from zero as the one that is farthest
        return
    balances = lot_kernels.largest_balances(netted.start, netted.count, projected, n)
    if not inside(balances.astype(np.float64)):
        raise Headroom("an order quantity could leave the exact range")


def _fits(need: NDArray[np.float64], lots: Lots | Terms, step: NDArray[Any]) -> bool:
    steps = need * lots.per_base / lots.per_step + 1 + lots.minimum + lots.multiple
    worst = float((steps * np.maximum(step, lots.per_step / lots.per_base)).max(initial=0))
    inside = float((2.0 * lots.per_step * lots.per_base).max(initial=0))
    return max(worst, inside) < ROOM
