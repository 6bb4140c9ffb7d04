"""Which vendor serves an item, and why (PLAN-7, policy preference first).

Other policies rank the same candidates by another key; the rest of the run only sees the chosen row of each item.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import groupby

import numpy as np
import polars as pl

from buyside.planning.dense import ints
from buyside.planning.frames import PRICES, VENDOR_ITEMS, Misfit
from buyside.planning.kernels import Ints
from buyside.planning.structure import Structure

WORDS: Mapping[str, str] = {
    "only": "the only vendor for it",
    "preferred": "preferred before {others} other vendors",
    "fastest": "fastest of the equally preferred among {candidates} vendors",
    "cheapest": "cheapest of the equally preferred and fast among {candidates} vendors",
    "first": "first of {candidates} vendors that are equal in preference, lead time and price",
    "no_vendor": "no vendor can be ordered from",
}


@dataclass(frozen=True)
class Choice:
    """The ranked candidates of all items, the row chosen per item (-1: none) and the prices that count today.

    `prices` are sorted by candidate row, then quantity; `price_ptr` groups them by candidate row.
    """

    candidates: pl.DataFrame
    chosen: Ints
    prices: pl.DataFrame
    price_ptr: Ints


def valid_on(day: date) -> pl.Expr:
    """Rows that count on the day; both ends included."""
    return (pl.col("valid_from").fill_null(day) <= day) & (pl.col("valid_to").fill_null(day) >= day)


def choose_vendors(structure: Structure, vendor_items: pl.DataFrame, prices: pl.DataFrame, as_of: date) -> Choice:
    """Rank the vendor items of each item: preference, then lead time, then price, then vendor.

    Candidates are usable and valid on the as-of date, which is the order date. The price compared is that of the smallest
    order (or the lowest break, where that is higher) per stock unit; candidates in several currencies, or without a
    price, are not compared by it.

    In     VENDOR_ITEMS, PRICES
    Out    candidates: VENDOR_ITEMS in order of rank within items, with `reason` and `candidates`
    Holds  row order never matters
    Refuses Misfit.
    """
    vendor_items = VENDOR_ITEMS.check_key(vendor_items)
    if vendor_items.filter((pl.col("unit_factor") <= 0) | ~pl.col("unit_digits").is_between(0, 6)).height:
        raise Misfit("VENDOR_ITEMS has a unit factor that is not positive, or digits outside 0 to 6")
    structure.at.find_all(ints(vendor_items["item"].unique()), "VENDOR_ITEMS")
    usable = vendor_items.filter(pl.col("is_usable") & valid_on(as_of))
    usable = usable.sort("item", "preference", "lead_days", "vendor", "vendor_item")
    tied = usable.with_columns(pl.len().over("item", "preference", "lead_days").alias("tied")).with_row_index("at")
    valid = PRICES.check(prices).filter(valid_on(as_of))
    order = np.arange(usable.height)
    by_price = np.zeros(usable.height, np.bool_)
    contested = tied.filter(pl.col("tied") > 1)
    if contested.height:
        columns = ("at", "item", "preference", "lead_days", "vendor_item", "minimum", "unit_factor")
        breaks = _breaks_of(valid, contested["vendor_item"])
        for _, group in groupby(contested.select(columns).iter_rows(), key=lambda row: row[1:4]):
            rows = list(group)
            offers = [_first_price(breaks.get(row[4], ()), row[5], row[6]) for row in rows]
            if None in offers or len({offer[1] for offer in offers if offer}) != 1:
                continue
            ranked = sorted(range(len(rows)), key=lambda k: (offers[k][0], k))  # type: ignore[index]  # none is None
            start = rows[0][0]
            order[start : start + len(rows)] = [rows[k][0] for k in ranked]
            by_price[start] = offers[ranked[0]] != offers[ranked[1]]
    ranked_frame = (
        usable[order]
        .with_columns(pl.Series("by_price", by_price))
        .with_columns(
            pl.len().over("item").cast(pl.Int64).alias("candidates"),
            *(pl.col(name).shift(-1).over("item").alias(f"next_{name}") for name in ("preference", "lead_days")),
        )
        .with_columns(
            pl.when(pl.col("candidates") == 1)
            .then(pl.lit("only"))
            .when(pl.col("preference") != pl.col("next_preference"))
            .then(pl.lit("preferred"))
            .when(pl.col("lead_days") != pl.col("next_lead_days"))
            .then(pl.lit("fastest"))
            .when("by_price")
            .then(pl.lit("cheapest"))
            .otherwise(pl.lit("first"))
            .alias("reason")
        )
    )
    chosen = np.full(structure.supply.size, -1, np.int64)
    item = structure.at.find(ints(ranked_frame["item"]))
    first = np.concatenate([[True], item[1:] != item[:-1]])[: item.size]
    chosen[item[first]] = np.flatnonzero(first)
    kept = (
        valid.join(ranked_frame.select("vendor_item").with_row_index("candidate"), on="vendor_item")
        .with_columns(pl.col("candidate").cast(pl.Int64))
        .sort("candidate", "from_quantity", "valid_from", "unit_price", nulls_last=False)
    )
    counts = np.bincount(ints(kept["candidate"]), minlength=ranked_frame.height)
    return Choice(ranked_frame, chosen, kept, np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))


def _breaks_of(prices: pl.DataFrame, vendor_items: pl.Series) -> dict[int, list[tuple[int, int, str]]]:
    found: dict[int, list[tuple[int, int, str]]] = {}
    rows = prices.join(vendor_items.unique().to_frame(), on="vendor_item", how="semi")
    for row in rows.sort("vendor_item", "from_quantity", "valid_from", "unit_price").iter_rows(named=True):
        found.setdefault(row["vendor_item"], []).append((row["from_quantity"], row["unit_price"], row["currency"]))
    return found


def _first_price(
    breaks: list[tuple[int, int, str]] | tuple[()], minimum: int, unit_factor: int
) -> tuple[Fraction, str] | None:
    """Price per stock unit of the smallest order, and its currency."""
    if not breaks:
        return None
    reached = [row for row in breaks if row[0] <= minimum]
    _, unit_price, currency = reached[-1] if reached else breaks[0]
    return Fraction(unit_price, unit_factor), currency
