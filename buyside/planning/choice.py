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

from buyside.planning.dense import Positions, ints
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
    same_item = _same_as_next(usable, "item")
    same_rank = same_item & _same_as_next(usable, "preference")
    same_speed = same_rank & _same_as_next(usable, "lead_days")
    valid = PRICES.check(prices).filter(valid_on(as_of))
    order, by_price = _ranked_by_price(usable, same_speed, valid)
    usable = usable[order] if (order != np.arange(order.size)).any() else usable
    item = structure.at.find(ints(usable["item"]))
    first = np.concatenate([[True], ~same_item[:-1]])[: item.size]
    chosen = np.full(structure.supply.size, -1, np.int64)
    chosen[item[first]] = np.flatnonzero(first)
    decided = np.select([~same_item, ~same_rank, ~same_speed, by_price], [0, 1, 2, 3], 4)
    counts = np.bincount(item, minlength=structure.supply.size)[item]
    candidates = usable.with_columns(
        pl.Series("candidates", counts.astype(np.int64)),
        pl.Series(["only", "preferred", "fastest", "cheapest", "first"]).gather(decided).alias("reason"),
    )
    row = Positions(ints(candidates["vendor_item"].filter(pl.Series(first)))).find(ints(valid["vendor_item"]))
    kept = (
        valid.with_columns(pl.Series("candidate", np.flatnonzero(first)[row] if first.any() else row))
        .filter(pl.Series(row >= 0))
        .sort("candidate", "from_quantity", "valid_from", "unit_price", nulls_last=False)
    )
    per_row = np.bincount(ints(kept["candidate"]), minlength=candidates.height)
    return Choice(candidates, chosen, kept, np.concatenate([[0], np.cumsum(per_row)]).astype(np.int64))


def _same_as_next(frame: pl.DataFrame, name: str) -> np.ndarray:
    column = ints(frame[name])
    return np.concatenate([column[1:] == column[:-1], [False]])[: column.size]


def _ranked_by_price(usable: pl.DataFrame, same_speed: np.ndarray, prices: pl.DataFrame) -> tuple[Ints, np.ndarray]:
    """The order of the candidates with equals sorted by price, and where the price has decided on the first of them."""
    order, by_price = np.arange(usable.height), np.zeros(usable.height, np.bool_)
    tied = same_speed | np.concatenate([[False], same_speed[:-1]])[: same_speed.size]
    if not tied.any():
        return order, by_price
    group = np.cumsum(~np.concatenate([[False], same_speed[:-1]]))
    contested = (
        usable.select("vendor_item", "minimum", "unit_factor")
        .with_columns(pl.Series("group", group))
        .with_row_index("at")
    )
    contested = contested.filter(pl.Series(tied))
    breaks = _breaks_of(prices, contested["vendor_item"])
    for _, rows in groupby(contested.iter_rows(), key=lambda row: row[4]):
        equals = list(rows)
        offers = [_first_price(breaks.get(row[1], ()), row[2], row[3]) for row in equals]
        known = [offer for offer in offers if offer]
        if len(known) < len(offers) or len({currency for _, currency in known}) != 1:
            continue
        ranked = sorted(range(len(equals)), key=lambda k: (known[k][0], k))
        start = equals[0][0]
        order[start : start + len(equals)] = [equals[k][0] for k in ranked]
        by_price[start] = known[ranked[0]] != known[ranked[1]]
    return order, by_price


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
