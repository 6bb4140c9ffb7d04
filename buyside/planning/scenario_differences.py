"""What a scenario would order otherwise than the plan that it started from, item by item (PLAN-15)."""

from __future__ import annotations

from datetime import date
from types import MappingProxyType

import polars as pl

from buyside.domain.plans import ScenarioDifference
from buyside.planning.frames import DATE, NUMBER, TEXT, Column, Frame
from buyside.planning.run import PlanInputs
from buyside.planning.scenario_figures import rates_on

_D = ScenarioDifference
_PLACE = ("item", "warehouse")
_SAID = {
    "lines": Column(NUMBER, "plan lines"),
    "quantity": Column(NUMBER, "ordered in all, stock units, at QUANTITY_SCALE"),
    "value": Column(
        NUMBER, "in the organisation's currency, at PRICE_SCALE; empty without price or rate", nullable=True
    ),
    "late_days": Column(NUMBER, "of the latest line"),
    "needed_on": Column(DATE, "first need", nullable=True),
    "vendor": Column(NUMBER, "of the first line", nullable=True),
}
ITEM_DIFFERENCES = Frame(
    "ITEM_DIFFERENCES",
    _PLACE,
    MappingProxyType(
        {
            "item": Column(NUMBER, "item that is not ordered alike"),
            "warehouse": Column(NUMBER, "warehouse"),
            "differs": Column(TEXT, "the main difference, a word of ScenarioDifference"),
        }
        | {f"base_{name}": column for name, column in _SAID.items()}
        | _SAID
    ),
)
_TOLD = (
    *("needed_on", "part", "order_by", "late_days", "arrives_on", "shortage", "vendor_item", "quantity"),
    *("stock_quantity", "contract", "unit_price", "currency"),
)


def item_differences(
    base_inputs: PlanInputs, base_lines: pl.DataFrame, inputs: PlanInputs, lines: pl.DataFrame, as_of: date
) -> pl.DataFrame:
    """Items and warehouses whose plan lines are not the same in every column that says what, when, where from and at what price.

    In     inputs and PLAN_LINES of the base run and of the scenario
    Out    ITEM_DIFFERENCES, sorted by key
    Holds  none for equal PLAN_LINES; every row with a difference stands in it
    """
    told = [*_PLACE, *_TOLD]
    one, other = base_lines.select(told), lines.select(told)
    moved = pl.concat(
        [
            one.join(other, on=told, how="anti", nulls_equal=True).select(_PLACE),
            other.join(one, on=told, how="anti", nulls_equal=True).select(_PLACE),
        ]
    ).unique()
    before = _summed(base_inputs, base_lines.join(moved, on=_PLACE, how="semi"), as_of)
    after = _summed(inputs, lines.join(moved, on=_PLACE, how="semi"), as_of)
    both = (
        moved.join(before.rename({name: f"base_{name}" for name in _SAID}), on=_PLACE, how="left")
        .join(after, on=_PLACE, how="left")
        .with_columns(
            pl.col(prefix + name).fill_null(0)
            for name in ("lines", "quantity", "late_days")
            for prefix in ("base_", "")
        )
    )
    return ITEM_DIFFERENCES.check(both.with_columns(_word().alias("differs")).sort(*_PLACE))


def _word() -> pl.Expr:
    def higher(name: str) -> pl.Expr:
        return pl.col(name) > pl.col(f"base_{name}")

    def lower(name: str) -> pl.Expr:
        return pl.col(name) < pl.col(f"base_{name}")

    return (
        pl.when(pl.col("base_lines") == 0)
        .then(pl.lit(_D.ADDED.value))
        .when(pl.col("lines") == 0)
        .then(pl.lit(_D.GONE.value))
        .when(higher("quantity"))
        .then(pl.lit(_D.MORE.value))
        .when(lower("quantity"))
        .then(pl.lit(_D.LESS.value))
        .when(higher("late_days"))
        .then(pl.lit(_D.LATER.value))
        .when(lower("late_days"))
        .then(pl.lit(_D.SOONER.value))
        .when(pl.col("vendor").ne_missing(pl.col("base_vendor")))
        .then(pl.lit(_D.OTHER_VENDOR.value))
        .when(higher("value"))
        .then(pl.lit(_D.DEARER.value))
        .when(lower("value"))
        .then(pl.lit(_D.CHEAPER.value))
        .otherwise(pl.lit(_D.OTHER_DATES.value))
    )


def _summed(inputs: PlanInputs, lines: pl.DataFrame, as_of: date) -> pl.DataFrame:
    half = 10**12 // 2
    exact = pl.col("quantity").cast(pl.Int128) * pl.col("unit_price") * pl.col("rate")
    return (
        lines.join(rates_on(inputs.rates, as_of), on="currency", how="left")
        .with_columns(exact.alias("exact"))
        .sort("needed_on", "part")
        .group_by(_PLACE)
        .agg(
            pl.len().cast(pl.Int64).alias("lines"),
            pl.col("stock_quantity").sum().alias("quantity"),
            pl.when(pl.col("exact").null_count() == 0)
            .then((pl.col("exact").sum() + half) // 10**12)
            .cast(pl.Int64, strict=False)
            .alias("value"),
            pl.col("late_days").max(),
            pl.col("needed_on").min(),
            pl.col("vendor").first(),
        )
    )
