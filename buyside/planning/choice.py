"""Whom an item can be ordered from, who goes first, and why (PLAN-7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from buyside.planning.contracts import Contracts, contract_options
from buyside.planning.dense import Positions, ints
from buyside.planning.frames import PRICES, VENDOR_ITEMS, Misfit
from buyside.planning.kernels import BUY, Ints
from buyside.planning.ranking import SHARE, rank_vendors, valid_on
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


@dataclass(frozen=True)
class Choice:
    """The ranked candidates of all items, the row chosen per item (-1: none) and the prices that count today.

    `share_row` are the candidates that share the needs of an item, in order of rank, from `share_ptr[p]` on. `prices` are sorted
    by candidate row, then quantity; `price_ptr` groups them by candidate row. `scanned` are the items that share or have a
    contract: their orders are decided in one scan over all of them, in order of date.
    """

    candidates: pl.DataFrame
    chosen: Ints
    share_ptr: Ints
    share_row: Ints
    contracts: Contracts
    scanned: NDArray[np.bool_]
    prices: pl.DataFrame
    price_ptr: Ints


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
    Out    candidates: VENDOR_ITEMS in order of rank within items, with `reason` and `candidates`
    Holds  row order never matters
    Refuses Misfit.
    """
    vendor_items = VENDOR_ITEMS.check_key(vendor_items)
    if vendor_items.filter((pl.col("unit_factor") <= 0) | ~pl.col("unit_digits").is_between(0, 6)).height:
        raise Misfit("VENDOR_ITEMS has a unit factor that is not positive, or digits outside 0 to 6")
    structure.at.find_all(ints(vendor_items["item"].unique()), "VENDOR_ITEMS")
    valid = PRICES.check(prices).filter(valid_on(as_of))
    usable = vendor_items.filter(pl.col("is_usable") & valid_on(as_of))
    policy = structure.items["vendor_policy"].gather(pl.Series(structure.at.find(ints(usable["item"]))))
    ranked = rank_vendors(usable.with_columns(policy.alias("vendor_policy")), valid, rates, as_of)
    n = structure.supply.size
    item = structure.at.find(ints(ranked.candidates["item"]))
    first = np.concatenate([[True], item[1:] != item[:-1]])[: item.size]
    chosen = np.full(n, -1, np.int64)
    chosen[item[first]] = np.flatnonzero(first)
    candidates = ranked.candidates.drop("vendor_policy").with_columns(
        pl.Series("candidates", np.bincount(item, minlength=n)[item].astype(np.int64)), ranked.decided.alias("reason")
    )
    sharing = ((ranked.candidates["vendor_policy"] == SHARE) & (candidates["share_percent"] > 0)).to_numpy()
    agreed = contract_options(structure, candidates, contracts, contract_balances, as_of)
    scanned = (np.bincount(item[sharing], minlength=n) + np.diff(agreed.options.ptr) > 0) & (structure.supply == BUY)
    rows = np.flatnonzero(first | sharing | np.isin(np.arange(item.size), agreed.options.candidate))
    kept, ptr = _prices_of(candidates, rows, valid)
    return Choice(
        candidates,
        chosen,
        np.concatenate([[0], np.cumsum(np.bincount(item[sharing], minlength=n))]).astype(np.int64),
        _by_item(item, np.flatnonzero(sharing)),
        agreed,
        scanned,
        kept,
        ptr,
    )


def _by_item(item: Ints, rows: Ints) -> Ints:
    """Candidate rows in the order of the structure, in order of rank within an item."""
    return rows[np.argsort(item[rows], kind="stable")]


def _prices_of(candidates: pl.DataFrame, rows: Ints, valid: pl.DataFrame) -> tuple[pl.DataFrame, Ints]:
    """The prices of some candidate rows, sorted by row, then quantity, and where those of each row begin."""
    at = Positions(ints(candidates["vendor_item"].gather(pl.Series(rows)))).find(ints(valid["vendor_item"]))
    kept = (
        valid.with_columns(pl.Series("candidate", rows[at] if rows.size else at))
        .filter(pl.Series(at >= 0))
        .sort("candidate", "from_quantity", "valid_from", "unit_price", nulls_last=False)
    )
    per_row = np.bincount(ints(kept["candidate"]), minlength=candidates.height)
    return kept, np.concatenate([[0], np.cumsum(per_row)]).astype(np.int64)
