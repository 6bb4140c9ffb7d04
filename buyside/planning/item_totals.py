"""What a run says of each item in each warehouse over the whole horizon: what lists sort and filter by (PLAN-5, PLAN-14)."""

from datetime import date
from types import MappingProxyType

import numpy as np
import polars as pl

from buyside.planning.configuration import configure
from buyside.planning.dense import ints
from buyside.planning.explosion import explode
from buyside.planning.frames import DATE, NUMBER, PRICE_SCALE, QUANTITY_SCALE, Column, Frame
from buyside.planning.netting import stock_by_warehouse
from buyside.planning.run import PlanInputs
from buyside.planning.structure import order_items

ITEM_TOTALS = Frame(
    "ITEM_TOTALS",
    ("item", "warehouse"),
    MappingProxyType(
        {
            "item": Column(NUMBER, "item with a requirement or a plan line"),
            "warehouse": Column(NUMBER, "warehouse"),
            "on_hand": Column(NUMBER, "stock as of the run, stock units, at QUANTITY_SCALE"),
            "safety_stock": Column(NUMBER, "safety stock that was kept, at QUANTITY_SCALE"),
            "reorder_point": Column(NUMBER, "reorder point that was kept, at QUANTITY_SCALE", nullable=True),
            "covered": Column(NUMBER, "what finished goods in stock made needless, at QUANTITY_SCALE"),
            "gross": Column(NUMBER, "sum over all dates, at QUANTITY_SCALE"),
            "scheduled_receipts": Column(NUMBER, "sum over all dates, at QUANTITY_SCALE"),
            "overdue_receipts": Column(NUMBER, "of these, due before the as-of date"),
            "shortage": Column(NUMBER, "sum over all dates, at QUANTITY_SCALE"),
            "to_order": Column(NUMBER, "sum over all dates, at QUANTITY_SCALE"),
            "lowest": Column(NUMBER, "least projected balance, on hand included, at QUANTITY_SCALE"),
            "order_value": Column(
                NUMBER, "what is suggested to buy, in the organisation's currency, at PRICE_SCALE", nullable=True
            ),
            "short_on": Column(DATE, "first date with a shortage", nullable=True),
            "order_on": Column(DATE, "first date with something to order", nullable=True),
        }
    ),
)
_KEY = ("item", "warehouse")
_SUMS = ("gross", "scheduled_receipts", "overdue_receipts", "shortage", "to_order")


def item_totals(
    inputs: PlanInputs, requirements: pl.DataFrame, plan_lines: pl.DataFrame, coverage: pl.DataFrame, as_of: date
) -> pl.DataFrame:
    """Totals of a run per item and warehouse.

    In     the run's inputs; REQUIREMENTS, PLAN_LINES and COVERAGE of it
    Out    ITEM_TOTALS, sorted by key: an item and warehouse wherever there is a requirement or a plan line
    Holds  sums are those of REQUIREMENTS; lowest <= on_hand; order_value is None where no plan line has a price, or where
           it leaves the range of its column
    """
    by_date = (
        requirements.sort(*_KEY, "date")
        .group_by(_KEY, maintain_order=True)
        .agg(
            *(pl.col(name).sum() for name in _SUMS),
            pl.col("projected").min().alias("lowest"),
            pl.col("date").filter(pl.col("shortage") > 0).first().alias("short_on"),
            pl.col("date").filter(pl.col("to_order") > 0).first().alias("order_on"),
        )
    )
    keys = pl.concat([by_date.select(_KEY), plan_lines.select(_KEY)]).unique()
    stock = inputs.item_stock.select(*_KEY, "on_hand")
    kept = inputs.items.select("item", "safety_stock", "reorder_point")
    found = (
        keys.join(by_date, on=_KEY, how="left")
        .join(stock, on=_KEY, how="left")
        .join(kept, on="item", how="left")
        .join(covered_by_finished_goods(inputs, coverage, as_of), on=_KEY, how="left")
        .join(_order_values(plan_lines, inputs.rates, as_of), on=_KEY, how="left")
        .with_columns(pl.col("on_hand", "covered", *_SUMS).fill_null(0))
        .with_columns(pl.min_horizontal("lowest", "on_hand").alias("lowest"))
    )
    return ITEM_TOTALS.check_key(found).sort(_KEY)


def covered_by_finished_goods(inputs: PlanInputs, coverage: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """What lines would ask of each item for the part that stock of finished goods covers: item, warehouse, covered.

    Made items are taken as if none of them were in stock: it is what the finished goods hold of each item.
    """
    served = coverage.filter(pl.col("covered") > 0).select("line", "covered")
    if not served.height:
        return pl.DataFrame(schema={"item": NUMBER, "warehouse": NUMBER, "covered": NUMBER})
    lines = inputs.lines.join(served, on="line").sort("line")
    covered, lines = np.array(ints(lines["covered"])), lines.drop("covered")
    bare = inputs.items.with_columns(
        pl.lit(0, pl.Int64).alias("safety_stock"),
        pl.lit(None, pl.Int64).alias("reorder_point"),
        pl.lit(None, pl.Int64).alias("order_up_to"),
    )
    structure = order_items(bare, inputs.bom, as_of)
    sold = configure(
        lines, covered, inputs.line_options, inputs.bom, inputs.rules, inputs.rule_conditions, structure.at, as_of
    )
    places = set(lines["warehouse"].unique())
    nothing = stock_by_warehouse(
        structure, inputs.warehouses, inputs.item_stock.clear(), inputs.supply.clear(), as_of, places
    )
    parts = []
    for warehouse, gross in explode(structure, sold, ints(lines["warehouse"]), nothing).gross.items():
        item = np.repeat(structure.at.ids, np.diff(gross.ptr))
        parts.append(pl.DataFrame({"item": item, "covered": gross.quantity}).with_columns(warehouse=pl.lit(warehouse)))
    return pl.concat(parts).group_by(_KEY).agg(pl.col("covered").sum())


def _order_values(plan_lines: pl.DataFrame, rates: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Quantity × price of the lines with a price, at the rate of the as-of day, rounded half up once per line."""
    valid = (
        rates.filter(pl.col("valid_from").is_null() | (pl.col("valid_from") <= as_of))
        .sort("currency", "valid_from", nulls_last=False)
        .group_by("currency", maintain_order=True)
        .agg(pl.col("rate").last())
    )
    one = pl.lit(QUANTITY_SCALE, pl.Int128) * PRICE_SCALE
    amount = pl.col("quantity").cast(pl.Int128) * pl.col("unit_price")
    value = (amount * pl.col("rate").cast(pl.Int128) + one // 2) // one
    return (
        plan_lines.filter(pl.col("unit_price").is_not_null() & pl.col("quantity").is_not_null())
        .join(valid, on="currency")
        .group_by(_KEY)
        .agg(value.sum().cast(pl.Int64, strict=False).alias("order_value"))
    )
