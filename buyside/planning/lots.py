"""What to order for each shortage: quantity, date, price (PLAN-6, PLAN-8, PLAN-9, VEN-4)."""

from collections.abc import Mapping
from datetime import date

import numpy as np
import polars as pl

from buyside.planning import kernels, lot_kernels
from buyside.planning.choice import Choice
from buyside.planning.dense import ROOM, dates, ints
from buyside.planning.frames import PLAN_LINES, QUANTITY_SCALE, Headroom, Misfit
from buyside.planning.kernels import Ints, Stock
from buyside.planning.lot_kernels import Lots
from buyside.planning.netting import Netted, ids_of
from buyside.planning.structure import Structure

NEVER = -ROOM
POLICIES = ("lot_for_lot", "fixed_multiple", "period")


def plan_lines(
    structure: Structure, netted: Netted, stocks: Mapping[int, Stock], choice: Choice, as_of: date
) -> pl.DataFrame:
    """Order what no open supply brings, however late, from the chosen vendor, in lots; what a lot brings more is carried forward.

    A lot is the need in the purchase unit, rounded up to its digits, at least the minimum, up to the multiple; under the
    policy period it covers the needs of so many days. An inventory item whose position, with earlier plan lines,
    is at or below its reorder point goes up to its order-up-to level (to the reorder point itself if it has none).

    Out    PLAN_LINES, sorted by item, warehouse and date
    Holds  with the plan lines' stock quantities no position (on hand and all on order less gross so far) is below safety
           stock; order_by == needed_on - lead days - goods-in days; late_days == max(0, as_of - order_by)
    Refuses Misfit, Headroom.
    """
    lots, step = _lots(structure, netted, choice)
    n = structure.supply.size
    ptrs, found = [np.zeros(1, np.int64)], [np.empty((5, 0), np.int64)]
    for w, stock in enumerate(stocks.values()):
        ptr, rows = lot_kernels.size_lots(
            netted.start[w * n : (w + 1) * n],
            netted.count[w * n : (w + 1) * n],
            netted.rows[0],
            netted.rows[1],
            stock,
            lots,
        )
        ptrs.append(ptr[1:] + ptrs[-1][-1])
        found.append(rows)
    item, warehouse = ids_of(structure, netted.warehouses, netted.order)
    ptr = np.concatenate(ptrs)
    counts = np.diff(ptr)[netted.order]
    day, need, by_shortage, steps, brings = kernels.in_groups_order(ptr, np.concatenate(found, axis=1), netted.order)
    at = np.repeat(netted.order % max(1, n), counts)
    candidate = choice.chosen[at]
    quantity = steps * step[at]
    price = lot_kernels.price_breaks(candidate, quantity, choice.price_ptr, ints(choice.prices["from_quantity"]))
    vendor = choice.candidates.select("vendor_item", "vendor", "reason", "candidates", "preference", "lead_days")
    picked = vendor.select(pl.all().gather(_row_numbers(candidate)))
    lead_of = np.where(choice.chosen >= 0, _taken(choice.candidates["lead_days"], choice.chosen), 0)
    lead = (lead_of + ints(structure.items["goods_in_days"]))[at]
    trigger = pl.Series(["reorder_point", "shortage"]).gather(by_shortage)
    lines = (
        pl.DataFrame(
            {
                "item": np.repeat(item, counts),
                "warehouse": np.repeat(warehouse, counts),
                "needed_on": dates(day, as_of),
                "part": np.ones(day.size, np.int64),
                "order_by": dates(day - lead, as_of),
                "latest_order_on": dates(day - lead, as_of),
                "late_days": np.maximum(0, lead - day),
                "arrives_on": dates(np.maximum(0, day - lead) + lead, as_of),
                "shortage": need,
                "trigger": trigger,
                "quantity": quantity,
                "stock_quantity": brings,
            }
        )
        .hstack(picked)
        .hstack(choice.prices.select(pl.col("unit_price", "currency").gather(_row_numbers(price))))
        .with_columns(
            pl.when(pl.col("vendor_item").is_not_null()).then("quantity").alias("quantity"),
            pl.col("reason").fill_null("no_vendor"),
            pl.col("candidates").fill_null(0),
        )
    )
    better = _better_orders(candidate, quantity, price, step[at], lots.multiple[at], choice)
    unsaid = ("split_need", "share_percent", "contract", "contract_amount_left", "contract_quantity_left")
    return PLAN_LINES.check(lines.hstack(better).with_columns(pl.lit(None, pl.Int64).alias(name) for name in unsaid))


def _row_numbers(rows: Ints) -> pl.Series:
    """Row numbers to gather by; -1 gathers null."""
    return pl.select(pl.when(pl.lit(pl.Series(rows)) >= 0).then(pl.lit(pl.Series(rows)))).to_series()


def _taken(column: pl.Series, rows: Ints) -> Ints:
    """The values of some rows; anything for row -1."""
    return ints(column)[rows] if column.len() else np.zeros_like(rows)


def _lots(structure: Structure, netted: Netted, choice: Choice) -> tuple[Lots, Ints]:
    """Lot sizes of each item with its chosen vendor, and the size of its step in 10^-6 purchase units."""
    items, chosen = structure.items, choice.chosen
    if items.filter(~pl.col("lot_policy").is_in(list(POLICIES)) | ~pl.col("unit_digits").is_between(0, 6)).height:
        raise Misfit("ITEMS has an unknown lot policy, or digits outside 0 to 6")

    def of_vendor(name: str, otherwise: Ints | int) -> Ints:
        return np.where(chosen >= 0, _taken(choice.candidates[name], chosen), otherwise)

    digits = of_vendor("unit_digits", ints(items["unit_digits"]))
    factor = of_vendor(
        "unit_factor", QUANTITY_SCALE
    )  # 10^-6 stock units per purchase unit; a step is 10^-digits of that
    step, parts = 10 ** (6 - digits), 10**digits
    shared = np.gcd(factor, parts)
    per_step, per_base = factor // shared, parts // shared
    minimum = -(-of_vendor("minimum", 0) // step)
    multiple = of_vendor("multiple", 0)
    multiple = np.where(multiple > 0, np.lcm(multiple, step) // step, 1)
    inventory = (items["kind"] == "inventory").to_numpy()
    point = np.where(inventory, ints(items["reorder_point"].fill_null(NEVER)), NEVER)
    up_to = items.select(pl.coalesce("order_up_to", "reorder_point", pl.lit(NEVER)))
    by_period = (items["lot_policy"] == "period").to_numpy()
    period = np.where(by_period, ints(items["period_days"].fill_null(1)), 1)
    lots = Lots(per_step, per_base, minimum, multiple, point, ints(up_to.to_series()), period)
    _refuse_large_orders(structure, netted, lots, step)
    return lots, step


def _refuse_large_orders(structure: Structure, netted: Netted, lots: Lots, step: Ints) -> None:
    """Raises Headroom where an order in purchase units, or on the way to them, could leave the exact range."""
    n = structure.supply.size
    need = lot_kernels.largest_balances(netted.start, netted.count, netted.rows[4], n).astype(np.float64)
    need += ints(structure.items["safety_stock"]) + np.maximum(lots.order_up_to, 0).astype(np.float64)
    steps = need * lots.per_base / lots.per_step + 1 + lots.minimum + lots.multiple
    worst = float((steps * np.maximum(step, lots.per_step / lots.per_base)).max(initial=0))
    inside = float((2.0 * lots.per_step * lots.per_base).max(initial=0))
    if max(worst, inside) >= ROOM:
        raise Headroom("an order quantity could leave the exact range")


def _better_orders(
    candidate: Ints, quantity: Ints, price: Ints, step: Ints, multiple: Ints, choice: Choice
) -> pl.DataFrame:
    """Larger orders at a higher price break that cost less in all (PLAN-8): the cheapest, then the smallest, per line."""
    prices, ptr = choice.prices, choice.price_ptr
    names = ("better_quantity", "better_price", "saving")
    line, row = lot_kernels.larger_breaks(
        candidate, quantity, price, ptr, ints(prices["from_quantity"]), ints(prices["unit_price"])
    )
    if not line.size:
        return pl.DataFrame({name: pl.repeat(None, candidate.size, dtype=pl.Int64, eager=True) for name in names})
    lot = step[line] * multiple[line]
    larger = -(-ints(prices["from_quantity"])[row] // lot) * lot
    row = lot_kernels.price_breaks(candidate[line], larger, ptr, ints(prices["from_quantity"]))
    exact = pl.DataFrame(
        {
            "at": line,
            "better_quantity": larger,
            "better_price": prices["unit_price"].gather(row),
            "same": prices["currency"].gather(row) == prices["currency"].gather(price[line]),
            "now": pl.Series(quantity[line]).cast(pl.Int128) * prices["unit_price"].gather(price[line]).cast(pl.Int128),
        }
    ).with_columns(
        less=pl.col("now") - pl.col("better_quantity").cast(pl.Int128) * pl.col("better_price").cast(pl.Int128)
    )
    best = (
        exact.filter(pl.col("same") & (pl.col("less") > 0))
        .sort("at", pl.col("less"), "better_quantity", descending=[False, True, False])
        .unique("at", keep="first", maintain_order=True)
        .select(
            "at",
            "better_quantity",
            "better_price",
            ((pl.col("less") + QUANTITY_SCALE // 2) // QUANTITY_SCALE).cast(pl.Int64).alias("saving"),
        )
    )
    found = np.full(candidate.size, -1, np.int64)
    found[ints(best["at"])] = np.arange(best.height)
    return best.select(pl.col(*names).gather(_row_numbers(found)))
