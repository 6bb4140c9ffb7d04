"""What to do about open orders, and what to order now: action messages of a run (PLAN-16). No database, no clock."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from buyside.planning.dense import dates, day_numbers, ints
from buyside.planning.frames import ITEMS, PLAN_LINES, QUANTITY_SCALE, REQUIREMENTS, SUPPLY, Misfit
from buyside.planning.message_frames import MESSAGES, OPEN_ORDERS
from buyside.planning.message_kernels import NEVER, Lines, Needs, match
from buyside.planning.run import PlanInputs, PlanResults

DEFER_TOLERANCE_DAYS = 7
"""Goods that come at most so much earlier than they are needed are left alone."""
ORDER_WINDOW_DAYS = 3
"""A plan line is to be ordered from so many days before its order-by date on."""

_KEY = ("item", "warehouse")


def action_messages(
    inputs: PlanInputs, results: PlanResults, orders: pl.DataFrame, as_of: date, *, is_bounded: bool = False
) -> pl.DataFrame:
    """What to do about the open supply that a run counted on, and about its plan lines that are due.

    The open supply of an item and warehouse, in order of arrival, serves what stock leaves of its needs in order of date: a unit
    is needed on the first day on which the balance would fall below safety stock without it. A line of supply is to be
    expedited as far as it is needed before it comes (overdue, it comes tomorrow at the earliest), deferred where its first unit
    is needed more than DEFER_TOLERANCE_DAYS later, decreased by what nothing needs, as far as its vendor's lots let it,
    cancelled where nothing needs any of it. What a stock policy keeps, up to its order-up-to level, counts as needed, from
    the day on which the position falls to the reorder point. A plan line whose vendor has a draft order of ours
    that arrives for it increases that order; the others are to be ordered when their day comes.

    `orders` tells of every line of SUPPLY (OPEN_ORDERS). `is_bounded`: the run left out demand beyond a horizon; what
    nothing needs cannot be known then.

    Out    MESSAGES, sorted by its key, of items and warehouses that have a requirement
    Holds  a unit of supply stands in one message at most; expedited quantity <= what is needed before the line arrives;
           an item is ordered or increased only where a plan line of it stands
    Refuses Misfit.
    """
    lines = _matched(inputs, results.requirements, orders, as_of)
    plan_lines = PLAN_LINES.check(results.plan_lines).with_row_index("plan_line")
    more = _absorbed(lines, plan_lines)
    parts = [
        *_about_supply(lines, as_of, is_bounded=is_bounded),
        _increased(lines, more),
        _to_order(plan_lines.join(more, on="plan_line", how="anti"), as_of),
    ]
    found = [MESSAGES.check(each.with_columns(_typed(each))) for each in parts]
    return pl.concat(found).sort(MESSAGES.key, nulls_last=True)


def _typed(part: pl.DataFrame) -> list[pl.Expr]:
    """What a part has not, as empty columns."""
    return [pl.lit(None, dtype).alias(name) for name, dtype in MESSAGES.schema.items() if name not in part.columns]


def _matched(inputs: PlanInputs, requirements: pl.DataFrame, orders: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Each line of supply: from where on it serves, how much of it is needed, when first, and how much before it comes."""
    needs, places = _needs(REQUIREMENTS.check(requirements), as_of)
    inventory = pl.col("kind") == "inventory"
    policies = ITEMS.check(inputs.items).select(
        "item",
        inventory.alias("is_inventory"),
        "safety_stock",
        (inventory & pl.col("reorder_point").is_not_null()).alias("keeps"),
        pl.col("reorder_point").fill_null(0).alias("point"),
        pl.coalesce("order_up_to", "reorder_point", pl.lit(0)).alias("up_to"),
    )
    today, tomorrow = pl.lit(as_of), pl.lit(as_of + timedelta(days=1))
    supply = SUPPLY.check(inputs.supply).filter(pl.col("quantity") > 0).join(places, on=_KEY)
    known = OPEN_ORDERS.check_key(orders)
    if not supply["order_line"].is_in(known["order_line"].implode()).all():
        raise Misfit("OPEN_ORDERS lacks a line of SUPPLY")
    lines = (
        supply.join(policies, on="item")
        .join(known, on="order_line")
        .with_columns(
            pl.max_horizontal("arrives_on", today).alias("arrival"),
            pl.when(pl.col("arrives_on") < today).then(tomorrow).otherwise("arrives_on").alias("expected"),
        )
        .sort(*_KEY, "arrival", "order_line")
        .with_columns((pl.col("quantity").cum_sum().over(_KEY) - pl.col("quantity")).alias("served"))
    )
    found = match(
        needs,
        Lines(
            place=ints(lines["place"]),
            served=ints(lines["served"]),
            quantity=ints(lines["quantity"]),
            expected=day_numbers(lines["expected"], as_of),
            safety=ints(lines["safety_stock"]),
            keeps=ints(lines["keeps"]),
            point=ints(lines["point"]),
            up_to=ints(lines["up_to"]),
        ),
    )

    def day(row: int, name: str) -> pl.Expr:
        number = pl.Series(name, found[row])
        return pl.when(pl.lit(number) != NEVER).then(pl.lit(dates(found[row], as_of))).alias(name)

    return lines.with_columns(
        pl.Series("needed", found[0]),
        pl.Series("missing", found[1]),
        day(2, "needed_on"),
        day(3, "refilled_on"),
    )


def _needs(requirements: pl.DataFrame, as_of: date) -> tuple[Needs, pl.DataFrame]:
    """Requirements as the kernel takes them, and the number of each item and warehouse there."""
    item, warehouse = ints(requirements["item"]), ints(requirements["warehouse"])
    day = day_numbers(requirements["date"], as_of)
    same_item, same_place = np.diff(item) == 0, np.diff(warehouse) == 0
    stands = np.diff(item) > 0
    stands |= same_item & ((np.diff(warehouse) > 0) | (same_place & (np.diff(day) > 0)))
    if not stands.all():
        return _needs(requirements.sort(*_KEY, "date"), as_of)
    start = np.concatenate([[0], np.flatnonzero(~(same_item & same_place)) + 1])[: max(1, item.size)].astype(np.int64)
    start = start[: item.size]
    end = np.append(start[1:], item.size)[: start.size].astype(np.int64)
    gross = ints(requirements["gross"])
    opening = ints(requirements["projected"]) - ints(requirements["scheduled_receipts"]) + gross
    places = pl.DataFrame(
        {"item": item[start], "warehouse": warehouse[start], "place": np.arange(start.size)},
        schema_overrides={"item": pl.Int64, "warehouse": pl.Int64, "place": pl.Int64},
    )
    return Needs(start, end, day, np.cumsum(gross), opening[start]), places


def _about_supply(lines: pl.DataFrame, as_of: date, *, is_bounded: bool) -> list[pl.DataFrame]:
    """Expedite, defer, decrease, cancel."""
    movable = pl.col("is_inventory") & ~pl.col("is_direct")
    judged = lines.filter(~pl.col("is_direct"))
    judged = judged.with_columns(pl.Series("less", _surplus(judged)))
    judged = judged.with_columns(pl.when(movable & pl.lit(not is_bounded)).then("less").otherwise(0).alias("less"))
    first = pl.min_horizontal("needed_on", "refilled_on")
    is_needed, is_missing = pl.col("needed") > 0, pl.col("missing") > 0
    waits = first > pl.col("arrival") + pl.duration(days=DEFER_TOLERANCE_DAYS)
    place = (*_KEY, "order_line", pl.col("arrives_on").alias("from_on"), pl.lit(as_of).alias("due_on"))
    nothing = pl.lit(0, pl.Int64)

    def told(kind: str, which: pl.Expr, **columns: pl.Expr) -> pl.DataFrame:
        chosen = [value.alias(name) for name, value in columns.items()]
        return judged.filter(which).select(pl.lit(kind).alias("kind"), *place, *chosen)

    never = movable & ~is_needed & pl.lit(not is_bounded)
    return [
        told("expedite", is_missing, quantity=pl.col("missing"), to_on=pl.col("needed_on")),
        told(
            "defer",
            movable & is_needed & ~is_missing & waits,
            quantity=pl.col("quantity") - pl.col("less"),
            to_on=first,
        ),
        told(
            "decrease",
            is_needed & (pl.col("less") > 0),
            quantity=pl.col("less"),
            to_quantity=pl.col("quantity") - pl.col("less"),
        ),
        told("cancel", never, quantity=pl.col("quantity"), to_quantity=nothing),
    ]


def _surplus(lines: pl.DataFrame) -> pl.Series:
    """What a line could be ordered less, in stock units: what nothing needs, as far as the vendor's lots let it (PLAN-8)."""
    step = 10 ** (6 - ints(lines["unit_digits"]))
    multiple = ints(lines["multiple"])
    each = np.where(multiple > 0, np.lcm(np.maximum(multiple, 1), step) // step, 1)
    wide = {name: pl.col(name).cast(pl.Int128) for name in ("needed", "received", "unit_factor", "quantity")}
    keep = wide["needed"] + wide["received"]

    def up(value: pl.Expr, unit: pl.Expr) -> pl.Expr:
        return (value + unit - 1) // unit

    steps = pl.max_horizontal(
        up(keep * pl.col("steps_per_unit").cast(pl.Int128), wide["unit_factor"]),
        up(pl.col("minimum").cast(pl.Int128), pl.col("step").cast(pl.Int128)),
    )
    lot = up(steps, pl.col("each").cast(pl.Int128)) * pl.col("each").cast(pl.Int128) * pl.col("step").cast(pl.Int128)
    kept = up(lot * wide["unit_factor"], pl.lit(QUANTITY_SCALE, pl.Int128))
    less = pl.max_horizontal(wide["received"] + wide["quantity"] - kept, pl.lit(0, pl.Int128))
    return (
        lines.with_columns(
            pl.Series("step", step), pl.Series("each", each), pl.Series("steps_per_unit", QUANTITY_SCALE // step)
        )
        .select(pl.when(pl.col("needed") > 0).then(less).otherwise(0).cast(pl.Int64).alias("less"))
        .to_series()
    )


def _absorbed(lines: pl.DataFrame, plan_lines: pl.DataFrame) -> pl.DataFrame:
    """Plan lines that a draft order of the same vendor can bring, with that order's line: the one that arrives last in time."""
    drafts = lines.filter(~pl.col("is_issued") & ~pl.col("is_direct")).select(
        *_KEY, "vendor", "order_line", "arrival", pl.col("quantity").alias("open")
    )
    reach = pl.col("needed_on") + pl.duration(days=pl.col("late_days"))
    in_its_window = pl.col("arrival").is_between(
        pl.col("needed_on") - timedelta(days=DEFER_TOLERANCE_DAYS), reach, closed="both"
    )
    return (
        plan_lines.filter(pl.col("vendor").is_not_null())
        .join(drafts, on=[*_KEY, "vendor"])
        .filter(in_its_window)
        .sort("plan_line", "arrival", "order_line", descending=[False, True, False])
        .unique("plan_line", keep="first", maintain_order=True)
    )


def _increased(lines: pl.DataFrame, absorbed: pl.DataFrame) -> pl.DataFrame:
    more = absorbed.group_by(*_KEY, "order_line").agg(
        pl.col("stock_quantity").sum().alias("quantity"),
        (pl.col("stock_quantity").sum() + pl.col("open").first()).alias("to_quantity"),
        pl.col("needed_on").min().alias("to_on"),
        pl.col("order_by").min().alias("due_on"),
    )
    stands = lines.select("order_line", pl.col("arrives_on").alias("from_on"))
    return more.join(stands, on="order_line").with_columns(pl.lit("increase").alias("kind"))


def _to_order(plan_lines: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """One message for all that is due of an item in a warehouse."""
    return (
        plan_lines.filter(pl.col("order_by") <= as_of + timedelta(days=ORDER_WINDOW_DAYS))
        .group_by(_KEY)
        .agg(
            pl.col("stock_quantity").sum().alias("quantity"),
            pl.col("needed_on").min().alias("to_on"),
            pl.col("order_by").min().alias("due_on"),
        )
        .with_columns(pl.lit("order").alias("kind"))
    )
