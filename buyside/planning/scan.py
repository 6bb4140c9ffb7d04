"""The items whose needs are split by share or drawn from contracts, ordered together in order of date (PLAN-7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from buyside.planning import scan_kernels as kernel
from buyside.planning.choice import Choice
from buyside.planning.dense import ints
from buyside.planning.kernels import Ints, Stock
from buyside.planning.netting import Netted
from buyside.planning.scan_kernels import Events, Left, Prices, Shares, Terms
from buyside.planning.structure import Structure


@dataclass(frozen=True)
class Made:
    """Lots that are ordered: `place` is the group's in netted.order, `need`, `brings` and `whole` are in stock units.

    `option` and `share` point into the contracts' options and into choice.share_row, -1 where neither serves.
    """

    place: Ints
    day: Ints
    need: Ints
    by_shortage: Ints
    steps: Ints
    brings: Ints
    candidate: Ints
    option: Ints
    share: Ints
    part: Ints
    whole: Ints
    amount_left: Ints
    quantity_left: Ints


def scan(
    structure: Structure, netted: Netted, stocks: Mapping[int, Stock], choice: Choice, lots: Any, terms: Terms
) -> Made:
    """Order what the scanned items need: a contract first that suffices for the whole lot, else by share, else as ranked.

    Each part of a share is a lot of its vendor's; what it brings beyond its part lowers what the next ones get, and the last
    takes the rest. Contracts are drawn in order of needed date, item, warehouse.

    Holds  the parts of a need cover it; no balance of a contract falls below zero
    """
    n = structure.supply.size
    held = np.concatenate([stock.held for stock in stocks.values()])[netted.order]
    places = np.flatnonzero(choice.scanned[netted.order % n] & (held | (netted.count[netted.order] > 0)))
    groups = netted.order[places]
    day, gross = netted.rows[0], netted.rows[1]
    start, count = netted.start[groups], netted.count[groups]
    opens = count == 0
    opens[~opens] = day[start[~opens]] > 0
    length = count + opens
    group = np.repeat(np.arange(groups.size), length)
    step = np.arange(group.size) - np.repeat(np.cumsum(length) - length, length)
    opening = (step == 0) & opens[group]
    row = start[group] + np.maximum(0, step - opens[group])
    on = np.zeros(group.size, np.int64)
    on[~opening] = day[row[~opening]]
    turn = np.argsort(on, kind="stable")  # groups stand in order of item and warehouse already
    events = Events(group[turn], row[turn], opening[turn], groups[group[turn]] % n, start + count)
    contracts = choice.contracts
    prices = Prices(
        choice.price_ptr,
        ints(choice.prices["from_quantity"]),
        ints(choice.prices["unit_price"]),
        contracts.currency_numbers(choice.prices["currency"]),
    )
    percents = ints(choice.candidates["share_percent"])
    shares = Shares(choice.share_ptr, choice.share_row, percents[choice.share_row])
    left = Left(_positions(stocks, n)[groups], contracts.amount_left.copy(), contracts.quantity_left.copy())
    found = kernel.scan_lots(
        events, day, gross, ints(structure.items["safety_stock"]), lots, choice.chosen, terms, shares, contracts.options,
        prices, left,
    )  # fmt: skip
    at = found[kernel.EVENT]
    return Made(
        places[events.group[at]],
        on[turn][at],
        *(
            found[name]
            for name in (
                kernel.NEED, kernel.BY_SHORTAGE, kernel.STEPS, kernel.BRINGS, kernel.CANDIDATE, kernel.OPTION, kernel.SHARE,
                kernel.PART, kernel.WHOLE, kernel.AMOUNT_LEFT, kernel.QUANTITY_LEFT,
            )
        ),
    )  # fmt: skip


def _positions(stocks: Mapping[int, Stock], n: int) -> Ints:
    """What each item has in each warehouse, with all that is on order however late."""
    found = []
    for stock in stocks.values():
        so_far = np.concatenate([[0], np.cumsum(stock.receipt)])
        found.append(stock.on_hand + so_far[stock.receipt_ptr[1 : n + 1]] - so_far[stock.receipt_ptr[:n]])
    return np.concatenate(found)
