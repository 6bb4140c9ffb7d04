"""What a plan comes to, in few numbers that stand side by side: cost, orders, lateness, stock, vendors (PLAN-15)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

import polars as pl

from buyside.domain.items import SupplyMode
from buyside.planning.frames import NUMBER, Column, Frame
from buyside.planning.run import PlanInputs

VALUES = Frame(
    "VALUES",
    ("item",),
    MappingProxyType(
        {
            "item": Column(NUMBER, "an item; one that has no row is not valued"),
            "value": Column(NUMBER, "of one stock unit in the organisation's currency, at PRICE_SCALE"),
        }
    ),
)
LATE_DEMAND = Frame(
    "LATE_DEMAND",
    ("line",),
    MappingProxyType(
        {
            "line": Column(NUMBER, "sales order line that waits for something bought"),
            "late_days": Column(
                NUMBER, "days from its need, or the as-of day if later, to the last of it", nullable=True
            ),
        }
    ),
)
_PLACE = ("item", "warehouse")


@dataclass(frozen=True)
class CurrencyCost:
    """What the plan orders in one currency: at 10^-12 of it, exact; `own` the same in the organisation's, at 10^-18."""

    currency: str
    lines: int
    cost: int
    own: int | None


@dataclass(frozen=True)
class VendorCost:
    """What the plan orders from one vendor, priced lines in the organisation's currency at 10^-18."""

    vendor: int
    lines: int
    own: int


@dataclass(frozen=True)
class Figures:
    """A plan in numbers. Stock values are at 10^-12 of the organisation's currency, `stock_days` times days."""

    costs: tuple[CurrencyCost, ...]
    plan_lines: int
    unpriced_lines: int
    without_vendor: int
    orders: int
    late_lines: int
    late_days: int
    late_demand: pl.DataFrame
    days: int
    stock_days: int
    stock_end: int
    vendors: tuple[VendorCost, ...]


def last_day(requirements: pl.DataFrame, plan_lines: pl.DataFrame, as_of: date) -> date:
    """The last day on which a plan sees anything happen: up to it, stock is valued."""
    days = [as_of, requirements["date"].max(), plan_lines["arrives_on"].max()]
    return max(each for each in days if isinstance(each, date))


def figures(
    inputs: PlanInputs,
    requirements: pl.DataFrame,
    plan_lines: pl.DataFrame,
    pegs_of: Callable[[list[int]], pl.DataFrame],
    values: pl.DataFrame,
    as_of: date,
    until: date,
) -> Figures:
    """A plan in numbers.

    In     the inputs; REQUIREMENTS and PLAN_LINES of them; `pegs_of(items)` gives PEGS; VALUES; stock is valued to `until`
    Holds  costs add up to quantity times price of every priced line, exactly; each priced line counts in one currency and
           one vendor; row order never matters; same inputs, same figures
    """
    bought = plan_lines.filter(pl.col("vendor").is_not_null())
    stock_days, stock_end = _stock_value(inputs, requirements, plan_lines, values, as_of, until)
    priced = _priced(inputs, bought, as_of)
    return Figures(
        costs=tuple(
            CurrencyCost(*row)
            for row in priced.group_by("currency")
            .agg(pl.len(), pl.col("cost").sum(), pl.col("own").sum(), pl.col("own").null_count().alias("unrated"))
            .with_columns(pl.when(pl.col("unrated") == 0).then("own"))
            .sort("currency")
            .select("currency", "len", "cost", "own")
            .iter_rows()
        ),
        plan_lines=plan_lines.height,
        unpriced_lines=bought.height - priced.height,
        without_vendor=plan_lines.height - bought.height,
        orders=bought.select("vendor", "currency", "warehouse").n_unique() if bought.height else 0,
        late_lines=plan_lines.filter(pl.col("late_days") > 0).height,
        late_days=int(plan_lines["late_days"].sum()),
        late_demand=late_demand(inputs, requirements, plan_lines, pegs_of, as_of),
        days=(until - as_of).days + 1,
        stock_days=stock_days,
        stock_end=stock_end,
        vendors=tuple(
            VendorCost(*row)
            for row in priced.group_by("vendor")
            .agg(pl.len(), pl.col("own").sum())
            .sort(["own", "vendor"], descending=[True, False])
            .iter_rows()
        ),
    )


def rates_on(rates: pl.DataFrame, day: date) -> pl.DataFrame:
    """RATES of a day: currency and its newest rate that holds then."""
    held = rates.filter(pl.col("valid_from").fill_null(date.min) <= day)
    return held.sort("valid_from", nulls_last=False).group_by("currency").agg(pl.col("rate").last()).sort("currency")


def late_demand(
    inputs: PlanInputs,
    requirements: pl.DataFrame,
    plan_lines: pl.DataFrame,
    pegs_of: Callable[[list[int]], pl.DataFrame],
    as_of: date,
) -> pl.DataFrame:
    """Sales order lines that would be served late, by what is bought for them.

    In     as figures()
    Out    LATE_DEMAND, sorted by line; `late_days` empty where something has no vendor, so that no day can be told
    Holds  what is on hand and every arrival serve needs in order of date; a need is served when all up to it is; a line is
           as late as the latest thing that is bought for it, also below what is made
    """
    bought = inputs.items.filter(pl.col("supply") == SupplyMode.BUY.value)["item"]
    needs = (
        requirements.filter((pl.col("gross") > 0) & pl.col("item").is_in(bought.implode()))
        .sort(*_PLACE, "date")
        .with_columns(pl.col("gross").cum_sum().over(_PLACE).alias("needed"))
    )
    if not needs.height:
        return LATE_DEMAND.empty()
    came = _arrivals(inputs, requirements, plan_lines.filter(pl.col("vendor").is_not_null()), as_of)
    reached = came.with_columns(pl.col("quantity").cum_sum().over(_PLACE, order_by="date").alias("there"))
    waiting = needs.sort("needed").join_asof(
        reached.filter(pl.col("there") > 0)
        .sort("there", "date")
        .select(*_PLACE, "there", pl.col("date").alias("served_on")),
        left_on="needed",
        right_on="there",
        by=list(_PLACE),
        strategy="forward",
        check_sortedness=False,
    )
    late = waiting.filter(pl.col("served_on").is_null() | (pl.col("served_on") > pl.col("date")))
    if not late.height:
        return LATE_DEMAND.empty()
    days = (pl.col("served_on") - pl.col("date")).dt.total_days()
    pegged = pegs_of(sorted(late["item"].unique().to_list())).filter(pl.col("line").is_not_null())
    return (
        pegged.join(late.select(*_PLACE, "date", days.alias("late_days")), on=[*_PLACE, "date"])
        .group_by("line")
        .agg(pl.when(pl.col("late_days").null_count() == 0).then(pl.col("late_days").max()))
        .sort("line")
        .select(*LATE_DEMAND.columns)
    )


def _priced(inputs: PlanInputs, bought: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Lines with a price: vendor, currency, cost at 10^-12, and the same in the organisation's currency at 10^-18."""
    cost = pl.col("quantity").cast(pl.Int128) * pl.col("unit_price")
    return (
        bought.filter(pl.col("unit_price").is_not_null())
        .join(rates_on(inputs.rates, as_of), on="currency", how="left")
        .select("vendor", "currency", cost.alias("cost"), (cost * pl.col("rate")).alias("own"))
    )


def _arrivals(inputs: PlanInputs, requirements: pl.DataFrame, plan_lines: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """What there is as of the day and what comes after it, by item, warehouse and date. Planned lines come when they really do."""
    there = inputs.item_stock.select(*_PLACE, pl.lit(as_of).alias("date"), pl.col("on_hand").alias("quantity"))
    open_supply = requirements.filter(pl.col("scheduled_receipts") != 0)
    return (
        pl.concat(
            [
                there,
                open_supply.select(*_PLACE, "date", pl.col("scheduled_receipts").alias("quantity")),
                plan_lines.select(
                    *_PLACE, pl.col("arrives_on").alias("date"), pl.col("stock_quantity").alias("quantity")
                ),
            ]
        )
        .group_by(*_PLACE, "date")
        .agg(pl.col("quantity").sum())
    )


def _stock_value(
    inputs: PlanInputs,
    requirements: pl.DataFrame,
    plan_lines: pl.DataFrame,
    values: pl.DataFrame,
    as_of: date,
    until: date,
) -> tuple[int, int]:
    """The value of what lies in stock, added up over the days to `until`, and on its end. What is short counts as nothing."""
    used = requirements.filter(pl.col("gross") != 0).select(*_PLACE, "date", (-pl.col("gross")).alias("quantity"))
    moves = pl.concat([_arrivals(inputs, requirements, plan_lines, as_of), used])
    balances = (
        moves.group_by(*_PLACE, "date")
        .agg(pl.col("quantity").sum())
        .filter(pl.col("date") <= until)
        .sort(*_PLACE, "date")
        .with_columns(
            pl.col("quantity").cum_sum().over(_PLACE).clip(lower_bound=0).alias("balance"),
            pl.col("date").shift(-1).over(_PLACE).alias("next"),
        )
        .join(values, on="item")
    )
    if not balances.height:
        return 0, 0
    beyond = pl.lit(until) + pl.duration(days=1)
    held = (pl.col("next").fill_null(beyond) - pl.col("date")).dt.total_days()
    worth = pl.col("balance").cast(pl.Int128) * pl.col("value")
    found = balances.select(
        (worth * held).sum().alias("days"), pl.when(pl.col("next").is_null()).then(worth).sum().alias("end")
    ).row(0)
    return int(found[0] or 0), int(found[1] or 0)


def item_values(inputs: PlanInputs, standard_costs: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """What one stock unit of each item is worth: its standard cost, else the cheapest price of its smallest order.

    In     the inputs; `standard_costs`: VALUES of the items that have one
    Out    VALUES, sorted by item; an item without cost and price has no row
    """
    per_unit = pl.col("unit_price").cast(pl.Int128) * pl.col("rate") // pl.col("unit_factor")
    now = (pl.col("valid_from").fill_null(as_of) <= as_of) & (pl.col("valid_to").fill_null(as_of) >= as_of)
    listed = (
        inputs.prices.filter(now)
        .sort("vendor_item", "from_quantity")
        .group_by("vendor_item")
        .agg(pl.col("unit_price", "currency").first())
        .join(inputs.vendor_items.select("vendor_item", "item", "unit_factor"), on="vendor_item")
        .join(rates_on(inputs.rates, as_of), on="currency")
        .group_by("item")
        .agg(per_unit.min().cast(pl.Int64, strict=False).alias("value"))
        .filter(pl.col("value").is_not_null())
        .join(standard_costs, on="item", how="anti")
    )
    return VALUES.check(
        pl.concat([standard_costs.select("item", "value"), listed.select("item", "value")]).sort("item")
    )
