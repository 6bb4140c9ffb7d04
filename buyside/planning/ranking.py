"""In which order the vendors of an item come, by the policy of its group, and what decided on the first (PLAN-7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import lcm

import numpy as np
import polars as pl
from numba import njit
from numpy.typing import NDArray

from buyside.planning import kernels
from buyside.planning.dense import Positions, ints
from buyside.planning.frames import RATES, Misfit
from buyside.planning.kernels import Ints

Flags = NDArray[np.bool_]
PREFERENCE, CHEAPEST, FASTEST, SHARE = "preference", "cheapest", "fastest", "share"
DECIDED = (
    "only", "shortest_time", "preferred", "shortest_time_preferred", "fastest", "priced", "no_rate", "lowest_price",
    "shortest_time_cheapest", "cheapest", "no_price_fastest", "lowest_price_fastest", "no_price_preferred",
    "lowest_price_preferred", "first",
)  # fmt: skip
_EQUAL, _CHEAPER, _PRICED, _NO_RATE, _NO_PRICE = range(5)
_COMPARED, _UNRATED, _UNPRICED = range(3)
_MANY = 200  # rows of one group: from there on another way of sorting is quicker


@dataclass(frozen=True)
class Ranked:
    """The rows of the candidates by item, in order of rank within it, and what decided, which holds for the first of each.

    `decided` are rows of DECIDED.
    """

    rows: Ints
    decided: Ints


def valid_on(day: date) -> pl.Expr:
    """Rows that count on the day; both ends included."""
    return (pl.col("valid_from").fill_null(day) <= day) & (pl.col("valid_to").fill_null(day) >= day)


def rank_vendors(
    candidates: pl.DataFrame,
    item: Ints,
    policy: pl.Series,
    prices: pl.DataFrame,
    rates: pl.DataFrame,
    as_of: date,
) -> Ranked:
    """Rank the candidates of each item, `item` is the number of each, by the vendor policy of its group.

    preference (and share): preference, lead time, price. cheapest: price, lead time, preference. fastest: lead time,
    preference, price. Then vendor, then mapping. The price is that of the smallest order (or of the lowest break, where that
    is higher) per stock unit, in the organisation's currency by the rate of the as-of day. Whose currency has no rate
    stands behind, compared within its currency; whoever has no price stands last.

    In     VENDOR_ITEMS that can be ordered from, PRICES that count today, RATES
    Holds  row order never matters
    Refuses Misfit (an unknown policy).
    """
    cheapest, fastest = (policy == CHEAPEST).to_numpy(), (policy == FASTEST).to_numpy()
    if not ((policy == PREFERENCE) | (policy == SHARE)).to_numpy()[~(cheapest | fastest)].all():
        raise Misfit("ITEMS has an unknown vendor policy")
    vendor, vendor_item = ints(candidates["vendor"]), ints(candidates["vendor_item"])
    keys = _keys(ints(candidates["preference"]), ints(candidates["lead_days"]), cheapest, fastest)
    _, rows = in_order(item, int(item.max(initial=-1)) + 1, np.stack([*keys, vendor, vendor_item]))
    same_item = _same_as_next(item[rows])
    same_first = same_item & _same_as_next(keys[0][rows])
    tied = same_first & _same_as_next(keys[1][rows])
    by_price = np.zeros(rows.size, np.int64)
    if tied.any():
        rows, by_price = _ranked_by_price(candidates, rows, tied, prices, _rates_on(rates, as_of))
    cheapest, fastest = cheapest[rows], fastest[rows]
    same_time, same_rank = _same_as_next(keys[2][rows]), _same_as_next(keys[3][rows])
    none_priced = by_price == _NO_PRICE
    decided = np.select(
        [
            ~same_item, ~same_first & fastest, ~same_first, ~tied & fastest, ~tied, by_price == _PRICED, by_price == _NO_RATE,
            (by_price == _CHEAPER) & cheapest, (by_price == _CHEAPER) & fastest, by_price == _CHEAPER,
            cheapest & ~same_time & none_priced, cheapest & ~same_time, cheapest & ~same_rank & none_priced,
            cheapest & ~same_rank,
        ],
        list(range(14)), 14,
    )  # fmt: skip
    return Ranked(rows, decided)


def _keys(preference: Ints, lead: Ints, cheapest: Flags, fastest: Flags) -> tuple[Ints, Ints, Ints, Ints]:
    """What is looked at before the price and after it under the policy of each row, zero where that is nothing."""
    return (
        np.where(cheapest, 0, np.where(fastest, lead, preference)),
        np.where(cheapest, 0, np.where(fastest, preference, lead)),
        np.where(cheapest, lead, 0),
        np.where(cheapest, preference, 0),
    )


def in_order(group: Ints, groups: int, keys: Ints) -> tuple[Ints, Ints]:
    """Where the rows of each group begin, and the rows by group, then by keys; without those of negative groups."""
    ptr, rows = kernels.group_positions(group, groups)
    if np.diff(ptr).max(initial=0) > _MANY:
        turn = np.lexsort((*keys[::-1], group))
        return ptr, turn[turn.size - rows.size :]
    sort_groups(ptr, rows, keys)
    return ptr, rows


@njit(cache=True, nogil=True)
def sort_groups(ptr: Ints, rows: Ints, keys: Ints) -> None:
    """Sort the rows of each group by their keys, in place; made for small groups."""
    for g in range(ptr.size - 1):
        for i in range(ptr[g] + 1, ptr[g + 1]):
            row, k = rows[i], i
            while k > ptr[g]:
                other, first = rows[k - 1], 0
                while first < keys.shape[0] - 1 and keys[first, row] == keys[first, other]:
                    first += 1
                if keys[first, other] <= keys[first, row]:
                    break
                rows[k] = other
                k -= 1
            rows[k] = row


def _same_as_next(column: Ints) -> Flags:
    return np.concatenate([column[1:] == column[:-1], [False]])[: column.size]


def _rates_on(rates: pl.DataFrame, as_of: date) -> dict[str, int]:
    """What one of each currency is worth in the organisation's on a day, at PRICE_SCALE."""
    counting = RATES.check_key(rates).filter(pl.col("valid_from").fill_null(as_of) <= as_of)
    latest = counting.sort("currency", "valid_from", nulls_last=False).unique("currency", keep="last")
    return dict(latest.select("currency", "rate").iter_rows())


def _ranked_by_price(
    candidates: pl.DataFrame, ranked: Ints, tied: Flags, prices: pl.DataFrame, rates: Mapping[str, int]
) -> tuple[Ints, Ints]:
    """The rows of the candidates with equals sorted by price, and how the price decided on the first of each group."""
    behind = np.concatenate([[False], tied[:-1]])
    at = np.flatnonzero(tied | behind)
    group, rows = np.cumsum(~behind)[at], ranked[at]
    factor = ints(candidates["unit_factor"])[rows]
    offers = _first_prices(prices, ints(candidates["vendor_item"])[rows], ints(candidates["minimum"])[rows])
    names = sorted({offer[1] for offer in offers if offer is not None})
    unrated = {name: number for number, name in enumerate(names) if name not in rates}
    # About what each costs; only who is as good as equal in that has to be compared exactly.
    kind, currency, worth = np.zeros(at.size, np.int64), np.zeros(at.size, np.int64), np.zeros(at.size)
    for k, offer in enumerate(offers):
        if offer is None:
            kind[k] = _UNPRICED
        else:
            worth[k] = float(offer[0]) * rates.get(offer[1], 1)
            if offer[1] in unrated:
                kind[k], currency[k] = _UNRATED, unrated[offer[1]]
    worth = worth / factor
    turn = np.lexsort((worth, currency, kind, group))
    group, kind, currency, worth = group[turn], kind[turn], currency[turn], worth[turn]
    same_group = _same_as_next(group)
    next_kind, next_currency, next_worth = (np.roll(each, -1) for each in (kind, currency, worth))
    how = np.where(next_currency != currency, _NO_RATE, _CHEAPER)
    how = np.where(kind == _UNPRICED, _NO_PRICE, np.where(next_kind != kind, _PRICED, how))
    close = (
        same_group & (how == _CHEAPER) & (next_worth - worth <= 1e-9 * np.maximum(np.abs(worth), np.abs(next_worth)))
    )
    order, decided = ranked.copy(), np.zeros(ranked.size, np.int64)
    order[at] = rows[turn]
    first = np.concatenate([[True], ~same_group[:-1]])
    decided[at[first]] = how[first]
    for start in np.flatnonzero(first & np.isin(group, group[close])):
        equals = np.sort(turn[start : np.searchsorted(group, group[start], side="right")])
        keys = _price_keys([(offers[k], int(factor[k])) for k in equals], rates)
        best = sorted(range(len(keys)), key=keys.__getitem__)
        order[at[equals]] = rows[equals[best]]
        decided[at[start]] = _how(keys[best[0]], keys[best[1]])
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


def _first_prices(prices: pl.DataFrame, vendor_item: Ints, minimum: Ints) -> list[tuple[int, str] | None]:
    """Price of the smallest order of each vendor item, and its currency; the lowest break where that is higher."""
    at = Positions(vendor_item).find(ints(prices["vendor_item"]))
    breaks = prices.select("from_quantity", "unit_price", "currency", "valid_from", at=pl.Series(at)).filter(
        pl.Series(at >= 0)
    )
    breaks = breaks.sort("at", "from_quantity", "valid_from", "unit_price")
    at = ints(breaks["at"])
    ends = np.cumsum(np.bincount(at, minlength=vendor_item.size))
    reached = np.bincount(at[ints(breaks["from_quantity"]) <= minimum[at]], minlength=vendor_item.size)
    begins = np.concatenate([[0], ends])[:-1]
    row = begins + np.maximum(reached - 1, 0)
    known = list(breaks.select("unit_price", "currency").iter_rows())
    return [known[k] if k < end else None for k, end in zip(row.tolist(), ends.tolist(), strict=True)]
