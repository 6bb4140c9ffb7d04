"""Whom an item can be ordered from, who goes first, and why (PLAN-7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from buyside.planning.contracts import Contracts, contract_options
from buyside.planning.dense import FOREVER, Positions, day_numbers, ints
from buyside.planning.frames import PRICES, VENDOR_ITEMS, Misfit
from buyside.planning.kernels import BUY, Ints
from buyside.planning.ranking import DECIDED, SHARE, in_order, rank_vendors, valid_on
from buyside.planning.structure import Structure

WORDS: Mapping[str, str] = {
    "only": "the only vendor for it",
    "preferred": "preferred before {others}",
    "fastest": "fastest of the equally preferred among {candidates} vendors",
    "cheapest": "cheapest of the equally preferred and fast among {candidates} vendors",
    "priced": "the one of the equals among {candidates} vendors whose price can be compared",
    "no_rate": "first of {candidates} vendors, equals in currencies without an exchange rate",
    "lowest_price": "cheapest of {candidates} vendors",
    "lowest_price_fastest": "fastest of the equally cheap among {candidates} vendors",
    "lowest_price_preferred": "preferred of the equally cheap and fast among {candidates} vendors",
    "no_price_fastest": "fastest of {candidates} vendors, none of which has a price",
    "no_price_preferred": "preferred of the equally fast among {candidates} vendors, none of which has a price",
    "shortest_time": "fastest of {candidates} vendors",
    "shortest_time_preferred": "preferred of the equally fast among {candidates} vendors",
    "shortest_time_cheapest": "cheapest of the equally fast and preferred among {candidates} vendors",
    "first": "first of {candidates} vendors that are equal in preference, lead time and price",
    "share": "split by share: {percent} % of {need} {unit}",
    "contract": "contract {contract} first",
    "no_vendor": "no vendor can be ordered from",
}
REASONS = ("no_vendor", *(word for word in WORDS if word != "no_vendor"))
"""The words by number."""
_CANDIDATE = (
    "vendor_item", "vendor", "item", "unit_digits", "unit_factor", "lead_days", "minimum", "multiple", "preference",
    "share_percent",
)  # fmt: skip
_EPOCH = date(1970, 1, 1)
_DECIDED = np.array([REASONS.index(word) for word in DECIDED])


@dataclass(frozen=True)
class Choice:
    """The ranked candidates of all items, the row chosen per item (-1: none) and the prices that count today.

    `reason` is what decided, a row of REASONS, and holds for the first candidate of each item; `rivals` how many each has.
    `share_row` are the candidates that share the needs of an item, in order of rank, from `share_ptr[p]` on. `prices` are sorted
    by candidate row, then quantity; `price_ptr` groups them by candidate row, `currency` is that of each, as a row of
    `currencies`, which begin with those of the contracts. `scanned` are the items that share or have a
    contract: their orders are decided in one scan over all of them, in order of date.
    """

    candidates: pl.DataFrame
    reason: Ints
    rivals: Ints
    chosen: Ints
    share_ptr: Ints
    share_row: Ints
    contracts: Contracts
    scanned: NDArray[np.bool_]
    prices: pl.DataFrame
    price_ptr: Ints
    currency: Ints
    currencies: list[str]


def choose_vendors(
    structure: Structure,
    *,
    vendor_items: pl.DataFrame,
    prices: pl.DataFrame,
    rates: pl.DataFrame,
    contracts: pl.DataFrame,
    contract_balances: pl.DataFrame,
    as_of: date,
) -> Choice:
    """Rank the vendor items of each item by the policy of its group, and say which contracts and shares come before.

    Candidates are usable and valid on the as-of date, which is the order date.

    In     VENDOR_ITEMS, PRICES, RATES, CONTRACTS, CONTRACT_BALANCES
    Out    candidates: what a line says of VENDOR_ITEMS and is sized by, in order of rank within items
    Holds  row order never matters
    Refuses Misfit.
    """
    vendor_items = VENDOR_ITEMS.check_key(vendor_items)
    if vendor_items.filter((pl.col("unit_factor") <= 0) | ~pl.col("unit_digits").is_between(0, 6)).height:
        raise Misfit("VENDOR_ITEMS has a unit factor that is not positive, or digits outside 0 to 6")
    structure.at.find_all(ints(vendor_items["item"].unique()), "VENDOR_ITEMS")
    valid = PRICES.check(prices).filter(valid_on(as_of))
    usable = vendor_items.filter(pl.col("is_usable") & valid_on(as_of)).select(*_CANDIDATE)
    item = structure.at.find(ints(usable["item"]))
    policy = structure.items["vendor_policy"].gather(pl.Series(item))
    ranked = rank_vendors(usable, item, policy, valid, rates, as_of)
    candidates, item = usable[ranked.rows], item[ranked.rows]
    n = structure.supply.size
    first = np.concatenate([[True], item[1:] != item[:-1]])[: item.size]
    chosen = np.full(n, -1, np.int64)
    chosen[item[first]] = np.flatnonzero(first)
    sharing = (policy == SHARE).to_numpy()[ranked.rows] & (candidates["share_percent"] > 0).to_numpy()
    agreed = contract_options(structure, candidates, contracts, contract_balances, as_of)
    scanned = (np.bincount(item[sharing], minlength=n) + np.diff(agreed.options.ptr) > 0) & (structure.supply == BUY)
    counts = first | sharing
    counts[agreed.options.candidate] = True
    kept, ptr = _prices_of(candidates, np.flatnonzero(counts), valid)
    return Choice(
        candidates,
        _DECIDED[ranked.decided],
        np.bincount(item, minlength=n)[item],
        chosen,
        np.concatenate([[0], np.cumsum(np.bincount(item[sharing], minlength=n))]).astype(np.int64),
        np.flatnonzero(sharing),
        agreed,
        scanned,
        kept,
        ptr,
        *_currencies(kept["currency"], agreed.currencies),
    )


def _currencies(column: pl.Series, first: list[str]) -> tuple[Ints, list[str]]:
    """The number of each currency, and the currencies by number; some come first, in their order."""
    names = [*first, *sorted(set(column.unique()).difference(first))]
    if len(names) < 2:
        return np.zeros(column.len(), np.int64), names
    return ints(column.replace_strict(names, list(range(len(names))), return_dtype=pl.Int64)), names


def _prices_of(candidates: pl.DataFrame, rows: Ints, valid: pl.DataFrame) -> tuple[pl.DataFrame, Ints]:
    """The prices of some candidate rows, sorted by row, then quantity, and where those of each row begin."""
    at = Positions(ints(candidates["vendor_item"].gather(pl.Series(rows)))).find(ints(valid["vendor_item"]))
    candidate = np.where(at >= 0, rows[at], -1) if rows.size else at
    turn = [
        ints(valid["from_quantity"]),
        day_numbers(valid["valid_from"], _EPOCH, empty=-FOREVER),
        ints(valid["unit_price"]),
    ]
    ptr, order = in_order(candidate, candidates.height, np.stack(turn))
    return valid.select("from_quantity", "unit_price", "currency")[order], ptr
