"""What to order for each shortage: from whom, how much, when, at what price (PLAN-6 to PLAN-9, VEN-4)."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from buyside.planning import kernels, lot_kernels
from buyside.planning.advice import better_orders, row_numbers
from buyside.planning.choice import Choice
from buyside.planning.dense import ROOM, dates, ints
from buyside.planning.frames import PERCENT_SCALE, PLAN_LINES, Headroom, Misfit
from buyside.planning.kernels import Ints, Stock
from buyside.planning.lot_kernels import Lots
from buyside.planning.netting import Netted, ids_of
from buyside.planning.order_calendar import order_days
from buyside.planning.scan import Made, scan
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
    terms = _terms(choice)
    lots = _lots(structure, choice, terms)
    _refuse_large_orders(structure, netted, choice, lots, terms)
    made = _all_lots(structure, netted, stocks, choice, lots, terms)
    group = netted.order[made.place]
    at = group % max(1, structure.supply.size)
    candidate, has = made.candidate, made.candidate >= 0
    step = np.where(has, _taken(terms.step, candidate), 10 ** (6 - ints(structure.items["unit_digits"])[at]))
    quantity = made.steps * step
    agreed = np.where(made.option >= 0, _taken(choice.contracts.options.price, made.option), -1)
    price = lot_kernels.price_breaks(
        np.where(agreed >= 0, -1, candidate), quantity, choice.price_ptr, ints(choice.prices["from_quantity"])
    )
    item, warehouse = ids_of(structure, netted.warehouses, group)
    lead = np.where(has, _taken(ints(choice.candidates["lead_days"]), candidate), 0)
    lead = lead + ints(structure.items["goods_in_days"])[at]
    vendor = np.where(has, _taken(ints(choice.candidates["vendor"]), candidate), -1)
    order_by, arrives = order_days(
        vendors, vendor_closings, vendor=vendor, latest=made.day - lead, lead=lead, as_of=as_of
    )
    picked = choice.candidates.select("vendor_item", "vendor", "reason", "candidates", "preference", "lead_days")
    lines = (
        pl.DataFrame(
            {
                "item": item,
                "warehouse": warehouse,
                "needed_on": dates(made.day, as_of),
                "part": made.part,
                "order_by": dates(order_by, as_of),
                "latest_order_on": dates(made.day - lead, as_of),
                "late_days": np.maximum(0, -order_by),
                "arrives_on": dates(arrives, as_of),
                "shortage": made.need,
                "trigger": pl.Series(["reorder_point", "shortage"]).gather(made.by_shortage),
                "quantity": quantity,
                "stock_quantity": made.brings,
            }
        )
        .hstack(picked.select(pl.all().gather(row_numbers(candidate))))
        .hstack(choice.prices.select(pl.col("unit_price", "currency").gather(row_numbers(price))))
        .with_columns(
            pl.when(pl.col("vendor_item").is_not_null()).then("quantity").alias("quantity"),
            pl.col("reason").fill_null("no_vendor"),
            pl.col("candidates").fill_null(0),
        )
    )
    lot = step * np.where(has, _taken(terms.multiple, candidate), 1)
    room = made.quantity_left if choice.scanned.any() else None
    better = better_orders(candidate, quantity, price, lot, room, choice)
    return PLAN_LINES.check(_with_contracts_and_shares(lines, choice, made, agreed, at).hstack(better))


def _with_contracts_and_shares(
    lines: pl.DataFrame, choice: Choice, made: Made, agreed: Ints, item: Ints
) -> pl.DataFrame:
    """The lines with the contract that each draws on, its price and what is left of it, and with the part of a split need."""
    if not choice.scanned.any():
        names = ("split_need", "share_percent", "contract", "contract_amount_left", "contract_quantity_left")
        return lines.with_columns(pl.lit(None, pl.Int64).alias(name) for name in names)
    options, contracts, has = choice.contracts.options, choice.contracts, made.option >= 0
    number = row_numbers(np.where(has, _taken(options.contract, made.option), -1))
    currency = row_numbers(np.where(has, _taken(options.currency, made.option), -1))
    return lines.with_columns(
        _or_nothing(made.whole).alias("split_need"),
        _or_nothing(_percents(choice, made.share, item)).alias("share_percent"),
        pl.Series(contracts.ids).gather(number).alias("contract"),
        _or_nothing(made.amount_left).alias("contract_amount_left"),
        _or_nothing(made.quantity_left).alias("contract_quantity_left"),
        pl.coalesce(_or_nothing(agreed), "unit_price").alias("unit_price"),
        pl.coalesce(pl.Series(contracts.currencies, dtype=pl.String).gather(currency), "currency").alias("currency"),
        pl.when(pl.Series(has))
        .then(pl.lit("contract"))
        .when(pl.Series(made.share >= 0))
        .then(pl.lit("share"))
        .otherwise("reason")
        .alias("reason"),
    )


def _all_lots(
    structure: Structure, netted: Netted, stocks: Mapping[int, Stock], choice: Choice, lots: Lots, terms: Terms
) -> Made:
    """The lots of all items, in order of item, warehouse, day and part: those of the fast loop among those of the scan."""
    n = structure.supply.size
    ptrs, found, lines = [np.zeros(1, np.int64)], [np.empty((5, 0), np.int64)], 0
    for w, stock in enumerate(stocks.values()):
        here = slice(w * n, (w + 1) * n)
        ptr, rows = lot_kernels.size_lots(
            netted.start[here], netted.count[here], netted.rows[0], netted.rows[1], stock, lots
        )
        ptrs.append(ptr[1:] + lines)
        found.append(rows)
        lines += rows.shape[1]
    ptr = np.concatenate(ptrs)
    place = np.repeat(np.arange(netted.order.size), np.diff(ptr)[netted.order])
    day, need, by_shortage, steps, brings = kernels.in_groups_order(ptr, np.concatenate(found, axis=1), netted.order)
    nothing = np.full(place.size, -1, np.int64)
    fast = Made(
        place=place, day=day, need=need, by_shortage=by_shortage, steps=steps, brings=brings,
        candidate=choice.chosen[netted.order[place] % max(1, n)], option=nothing, share=nothing,
        part=np.ones_like(place), whole=nothing, amount_left=nothing, quantity_left=nothing,
    )  # fmt: skip
    if not choice.scanned.any():
        return fast
    scanned = scan(structure, netted, stocks, choice, lots, terms)
    both = {each.name: np.concatenate([getattr(fast, each.name), getattr(scanned, each.name)]) for each in fields(fast)}
    order = np.lexsort((both["part"], both["day"], both["place"]))
    return Made(**{name: column[order] for name, column in both.items()})


def _percents(choice: Choice, share: Ints, item: Ints) -> Ints:
    """The part of all shares of its item that each line's vendor has, at PERCENT_SCALE, rounded half up; -1 without."""
    if not choice.share_row.size:
        return share
    percent = ints(choice.candidates["share_percent"])[choice.share_row]
    so_far = np.concatenate([[0], np.cumsum(percent)])
    total = so_far[choice.share_ptr[item + 1]] - so_far[choice.share_ptr[item]]
    whole = 100 * PERCENT_SCALE
    return np.where(share >= 0, (2 * percent[share] * whole + total) // np.maximum(1, 2 * total), -1)


def _or_nothing(values: Ints) -> pl.Series:
    """The values, null for -1."""
    return pl.select(pl.when(pl.lit(pl.Series(values)) >= 0).then(pl.lit(pl.Series(values)))).to_series()


def _taken(column: Ints, rows: Ints) -> Ints:
    """The values of some rows; anything for row -1."""
    return column[rows] if column.size else np.zeros_like(rows)


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
        return np.where(chosen >= 0, _taken(column, chosen), otherwise)

    digits = ints(items["unit_digits"])
    inventory = (items["kind"] == "inventory").to_numpy()
    point = np.where(inventory, ints(items["reorder_point"].fill_null(NEVER)), NEVER)
    up_to = items.select(pl.coalesce("order_up_to", "reorder_point", pl.lit(NEVER)))
    by_period = (items["lot_policy"] == "period").to_numpy()
    period = np.where(by_period, ints(items["period_days"].fill_null(1)), 1)
    return Lots(
        of_vendor(terms.per_step, 10 ** (6 - digits)), of_vendor(terms.per_base, 1), of_vendor(terms.minimum, 0),
        of_vendor(terms.multiple, 1), point, ints(up_to.to_series()), period, choice.scanned,
    )  # fmt: skip


def _refuse_large_orders(structure: Structure, netted: Netted, choice: Choice, lots: Lots, terms: Terms) -> None:
    """Raises Headroom where an order in purchase units, or on the way to them, could leave the exact range."""
    n = structure.supply.size
    need = lot_kernels.largest_balances(netted.start, netted.count, netted.rows[4], n).astype(np.float64)
    need += ints(structure.items["safety_stock"]) + np.maximum(lots.order_up_to, 0).astype(np.float64)
    step = 10.0 ** (6 - ints(structure.items["unit_digits"]))
    _refuse_beyond(need, lots, np.where(choice.chosen >= 0, _taken(terms.step, choice.chosen), step))
    options = choice.contracts.options
    rows = np.concatenate([choice.share_row, options.candidate])
    counts = [np.repeat(np.arange(n), np.diff(ptr)) for ptr in (choice.share_ptr, options.ptr)]
    if rows.size:
        used = Terms(*(column[rows] for column in terms))
        _refuse_beyond(need[np.concatenate(counts)], used, used.step)


def _refuse_beyond(need: NDArray[np.float64], lots: Lots | Terms, step: NDArray[Any]) -> None:
    steps = need * lots.per_base / lots.per_step + 1 + lots.minimum + lots.multiple
    worst = float((steps * np.maximum(step, lots.per_step / lots.per_base)).max(initial=0))
    inside = float((2.0 * lots.per_step * lots.per_base).max(initial=0))
    if max(worst, inside) >= ROOM:
        raise Headroom("an order quantity could leave the exact range")
