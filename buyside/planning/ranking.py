"""In which order the vendors of an item come, by the policy of its group, and what decided on the first (PLAN-7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from math import lcm
from typing import cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from buyside.planning.dense import ints
from buyside.planning.frames import RATES, Misfit

Flags = NDArray[np.bool_]
PREFERENCE, CHEAPEST, FASTEST, SHARE = "preference", "cheapest", "fastest", "share"
POLICIES = (PREFERENCE, CHEAPEST, FASTEST, SHARE)
_EQUAL, _CHEAPER, _PRICED, _NO_RATE, _NO_PRICE = range(5)
_COMPARED, _UNRATED, _UNPRICED = range(3)
# What is looked at before the price and after it, by policy; whoever is equal in all of it comes by vendor and mapping.
_BEFORE = {PREFERENCE: ("preference", "lead_days"), FASTEST: ("lead_days", "preference"), CHEAPEST: (None, None)}
_AFTER = {PREFERENCE: (None, None), FASTEST: (None, None), CHEAPEST: ("lead_days", "preference")}


@dataclass(frozen=True)
class Ranked:
    """Candidates in order of rank within their item, and the word of what decided, which holds for the first of each."""

    candidates: pl.DataFrame
    decided: pl.Series


def valid_on(day: date) -> pl.Expr:
    """Rows that count on the day; both ends included."""
    return (pl.col("valid_from").fill_null(day) <= day) & (pl.col("valid_to").fill_null(day) >= day)


def rank_vendors(candidates: pl.DataFrame, prices: pl.DataFrame, rates: pl.DataFrame, as_of: date) -> Ranked:
    """Rank the candidates of each item by its `vendor_policy`, a column beside those of VENDOR_ITEMS.

    preference (and share): preference, lead time, price. cheapest: price, lead time, preference. fastest: lead time,
    preference, price. Then vendor, then mapping. The price is that of the smallest order (or of the lowest break, where that
    is higher) per stock unit, in the organisation's currency by the rate of the as-of day. Whose currency has no rate
    stands behind, compared within its currency; whoever has no price stands last.

    In     VENDOR_ITEMS that can be ordered from, PRICES that count today, RATES
    Holds  row order never matters
    Refuses Misfit (an unknown policy).
    """
    if candidates.filter(~pl.col("vendor_policy").is_in(POLICIES)).height:
        raise Misfit("ITEMS has an unknown vendor policy")
    before, after = _keys(_BEFORE), _keys(_AFTER)
    keyed = candidates.with_columns(k1=before[0], k2=before[1], k3=after[0], k4=after[1])
    keyed = keyed.sort("item", "k1", "k2", "k3", "k4", "vendor", "vendor_item")
    same_item = _same_as_next(keyed, "item")
    same_first = same_item & _same_as_next(keyed, "k1")
    tied = same_first & _same_as_next(keyed, "k2")
    order, by_price = _ranked_by_price(keyed, tied, prices, _rates_on(rates, as_of))
    if (order != np.arange(order.size)).any():
        keyed = keyed[order]
    same_time = _same_as_next(keyed, "k3")
    cheapest = (keyed["vendor_policy"] == CHEAPEST).to_numpy()
    fastest = (keyed["vendor_policy"] == FASTEST).to_numpy()
    none_priced = by_price == _NO_PRICE
    words = pl.Series(
        ["only", "shortest_time", "preferred", "shortest_time_preferred", "fastest", "priced", "no_rate", "lowest_price",
         "shortest_time_cheapest", "cheapest", "no_price_fastest", "lowest_price_fastest", "no_price_preferred",
         "lowest_price_preferred", "first"]
    )  # fmt: skip
    decided = np.select(
        [
            ~same_item, ~same_first & fastest, ~same_first, ~tied & fastest, ~tied, by_price == _PRICED, by_price == _NO_RATE,
            (by_price == _CHEAPER) & cheapest, (by_price == _CHEAPER) & fastest, by_price == _CHEAPER,
            cheapest & ~same_time & none_priced, cheapest & ~same_time,
            cheapest & ~_same_as_next(keyed, "k4") & none_priced, cheapest & ~_same_as_next(keyed, "k4"),
        ],
        list(range(14)), 14,
    )  # fmt: skip
    return Ranked(keyed.drop("k1", "k2", "k3", "k4"), words.gather(decided))


def _keys(names: Mapping[str, tuple[str | None, str | None]]) -> list[pl.Expr]:
    """The two columns that count under the policy of each row, zero where none does."""
    policy = pl.col("vendor_policy")

    def column(name: str | None) -> pl.Expr:
        return pl.lit(0, pl.Int64) if name is None else pl.col(name)

    return [
        pl.when(policy == CHEAPEST)
        .then(column(names[CHEAPEST][k]))
        .when(policy == FASTEST)
        .then(column(names[FASTEST][k]))
        .otherwise(column(names[PREFERENCE][k]))
        for k in range(2)
    ]


def _same_as_next(frame: pl.DataFrame, name: str) -> Flags:
    column = ints(frame[name])
    return np.concatenate([column[1:] == column[:-1], [False]])[: column.size]


def _rates_on(rates: pl.DataFrame, as_of: date) -> dict[str, int]:
    """What one of each currency is worth in the organisation's on a day, at PRICE_SCALE."""
    counting = RATES.check_key(rates).filter(pl.col("valid_from").fill_null(as_of) <= as_of)
    latest = counting.sort("currency", "valid_from", nulls_last=False).unique("currency", keep="last")
    return dict(latest.select("currency", "rate").iter_rows())


def _ranked_by_price(
    keyed: pl.DataFrame, tied: Flags, prices: pl.DataFrame, rates: Mapping[str, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The order of the candidates with equals sorted by price, and how the price decided on the first of each group."""
    order, decided = np.arange(keyed.height), np.zeros(keyed.height, np.int64)
    behind = np.concatenate([[False], tied[:-1]])[: tied.size]
    contested = keyed.select("vendor_item", "minimum", "unit_factor").with_columns(
        at=pl.int_range(keyed.height), group=pl.Series(np.cumsum(~behind))
    )
    contested = contested.filter(pl.Series(tied | behind))
    if not contested.height:
        return order, decided
    breaks = _breaks_of(prices, contested["vendor_item"])
    for _, rows in groupby(contested.iter_rows(), key=lambda row: row[4]):
        equals = list(rows)
        keys = _price_keys([(_first_price(breaks.get(row[0], ()), row[1]), row[2]) for row in equals], rates)
        ranked = sorted(range(len(equals)), key=keys.__getitem__)
        start = equals[0][3]
        order[start : start + len(equals)] = [equals[k][3] for k in ranked]
        decided[start] = _how(keys[ranked[0]], keys[ranked[1]])
    return order, decided


_PriceKey = tuple[int, str, int]


def _price_keys(offers: Sequence[tuple[tuple[int, str] | None, int]], rates: Mapping[str, int]) -> list[_PriceKey]:
    """What sorts (price and its currency, unit factor) by price per stock unit; all of them by one denominator, exactly."""
    shared = lcm(*(factor for _, factor in offers))
    keys: list[_PriceKey] = []
    for offer, factor in offers:
        if offer is None:
            keys.append((_UNPRICED, "", 0))
        else:
            price, currency = offer
            rate = rates.get(currency)
            value = price * (shared // factor)
            keys.append((_UNRATED, currency, value) if rate is None else (_COMPARED, "", value * rate))
    return keys


def _how(first: _PriceKey, second: _PriceKey) -> int:
    if first[0] == _UNPRICED:
        return _NO_PRICE
    if first[0] != second[0]:
        return _PRICED
    if first[1] != second[1]:
        return _NO_RATE
    return _CHEAPER if first[2] != second[2] else _EQUAL


def _breaks_of(prices: pl.DataFrame, vendor_items: pl.Series) -> dict[int, list[tuple[int, int, str]]]:
    found: dict[int, list[tuple[int, int, str]]] = {}
    rows = prices.join(vendor_items.unique().to_frame(), on="vendor_item", how="semi")
    rows = rows.sort("vendor_item", "from_quantity", "valid_from", "unit_price")
    for vendor_item, *price in rows.select("vendor_item", "from_quantity", "unit_price", "currency").iter_rows():
        found.setdefault(vendor_item, []).append(cast("tuple[int, int, str]", tuple(price)))
    return found


def _first_price(breaks: Sequence[tuple[int, int, str]], minimum: int) -> tuple[int, str] | None:
    """Price of the smallest order, and its currency."""
    if not breaks:
        return None
    reached = [row for row in breaks if row[0] <= minimum]
    _, unit_price, currency = reached[-1] if reached else breaks[0]
    return unit_price, currency
