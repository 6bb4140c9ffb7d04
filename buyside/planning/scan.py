"""The items whose needs are split by share or drawn from contracts, ordered together in order of date (PLAN-7)."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from buyside.planning import scan_kernels as kernel
from buyside.planning.blocks import still
from buyside.planning.choice import Choice
from buyside.planning.contracts import Options
from buyside.planning.dense import ints
from buyside.planning.kernels import Ints, Stock
from buyside.planning.lot_kernels import Lots
from buyside.planning.netting import Netted
from buyside.planning.scan_kernels import Events, Left, Prices, Shares, Terms
from buyside.planning.structure import Structure


@dataclass(frozen=True)
class Made:
    """Lots that are ordered, by place, day and part: `place` is the group's in netted.order, `need`, `brings` and `whole` are
    in stock units.

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


NOTHING_MADE = Made(**{each.name: np.zeros(0, np.int64) for each in fields(Made)})


@dataclass(frozen=True)
class Opening:
    """What each group begins with: whether its warehouse keeps the item, and what there is and on order, however late."""

    held: NDArray[np.bool_]
    position: Ints

    @classmethod
    def of(cls, structure: Structure, stocks: Mapping[int, Stock]) -> "Opening":
        """The groups of a netting of these stocks."""
        n = structure.supply.size
        held, position = [np.zeros(0, np.bool_)], [np.zeros(0, np.int64)]
        for stock in stocks.values():
            so_far = np.concatenate([[0], np.cumsum(stock.receipt)])
            held.append(stock.held)
            position.append(stock.on_hand + so_far[stock.receipt_ptr[1 : n + 1]] - so_far[stock.receipt_ptr[:n]])
        return cls(np.concatenate(held), np.concatenate(position))


def taken(column: Ints, rows: Ints) -> Ints:
    """The values of some rows; anything for row -1."""
    return column[rows] if column.size else np.zeros_like(rows)


def own_steps(structure: Structure) -> Ints:
    """The 10^-6 units of the smallest quantity that the stock unit of each item knows."""
    return 10 ** (6 - ints(structure.items["unit_digits"]))


def scan(structure: Structure, netted: Netted, opening: Opening, choice: Choice, lots: Lots, terms: Terms) -> Made:
    """Order what the scanned items need: a contract first that suffices for the whole lot, else by share, else as ranked.

    Each part of a share is a lot of its vendor's; what it brings beyond its part lowers what the next ones get, and the last
    takes the rest. Contracts are drawn in order of needed date, item, warehouse.

    Holds  the parts of a need cover it; no balance of a contract falls below zero
    """
    n = structure.supply.size
    kept = (opening.held | (netted.count > 0))[netted.order]
    places = np.flatnonzero(choice.scanned[netted.order % n] & kept)
    groups = netted.order[places]
    day, gross = netted.rows[0], netted.rows[1]
    start, count = netted.start[groups], netted.count[groups]
    opens = count == 0
    opens[~opens] = day[start[~opens]] > 0
    length = count + opens
    group = np.repeat(np.arange(groups.size), length)
    step = np.arange(group.size) - np.repeat(np.cumsum(length) - length, length)
    first = (step == 0) & opens[group]
    row = start[group] + np.maximum(0, step - opens[group])
    on = np.zeros(group.size, np.int64)
    on[~first] = day[row[~first]]
    turn = np.argsort(on, kind="stable")  # groups stand in order of item and warehouse already
    events = Events(*still(group[turn], row[turn], first[turn], groups[group[turn]] % n, start + count))
    contracts, prices = choice.contracts, choice.prices
    offered = Prices(
        *still(choice.price_ptr, ints(prices["from_quantity"]), ints(prices["unit_price"]), choice.currency)
    )
    percents = ints(choice.candidates["share_percent"])
    shares = Shares(*still(choice.share_ptr, choice.share_row, percents[choice.share_row]))
    left = Left(opening.position[groups], contracts.amount_left.copy(), contracts.quantity_left.copy())
    safety, chosen, day, gross = still(ints(structure.items["safety_stock"]), choice.chosen, day, gross)
    options, lots, terms = Options(*still(*contracts.options)), Lots(*still(*lots)), Terms(*still(*terms))
    found = kernel.scan_lots(events, day, gross, safety, lots, chosen, terms, shares, options, offered, left)
    at = found[kernel.EVENT]
    place, when = places[events.group[at]], on[turn][at]
    order = np.lexsort((found[kernel.PART], when, place))
    return Made(
        place[order],
        when[order],
        *(
            found[name][order]
            for name in (
                kernel.NEED, kernel.BY_SHORTAGE, kernel.STEPS, kernel.BRINGS, kernel.CANDIDATE, kernel.OPTION, kernel.SHARE,
                kernel.PART, kernel.WHOLE, kernel.AMOUNT_LEFT, kernel.QUANTITY_LEFT,
            )
        ),
    )  # fmt: skip
