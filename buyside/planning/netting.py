"""Time-phased netting per item and warehouse (PLAN-5), over the whole horizon (PLAN-16)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from buyside.planning import explosion_kernels
from buyside.planning.dense import Positions, dates, day_numbers, ints
from buyside.planning.explosion import Gross
from buyside.planning.frames import ITEM_STOCK, REQUIREMENTS, SUPPLY, WAREHOUSES, Misfit
from buyside.planning.kernels import MAKE, Ints, Stock
from buyside.planning.structure import Structure


@dataclass(frozen=True)
class Netted:
    """The seven rows of net_row() for all warehouses, in order of item id, warehouse and day.

    Group w × items + p is item p (in order of the structure) in warehouse w: its columns are `count` many from `start`
    on; `order` is the order in which the groups stand.
    """

    warehouses: list[int]
    order: Ints
    start: Ints
    count: Ints
    rows: Ints

    def groups(self) -> Ints:
        """The group of each column."""
        return np.repeat(self.order, self.count[self.order])


def stock_by_warehouse(
    structure: Structure,
    warehouses: pl.DataFrame,
    item_stock: pl.DataFrame,
    supply: pl.DataFrame,
    as_of: date,
    scope: Collection[int] | None,
) -> dict[int, Stock]:
    """What each warehouse in scope has and gets.

    An item is kept in a warehouse that has a stock row of it or is its default; one without a default is kept in the only
    warehouse there is. Its safety stock and reorder point hold there, and wherever it is demanded or arrives.

    In     WAREHOUSES (all of them), ITEM_STOCK, SUPPLY (overdue rows count as today), `scope` or None for all
    Refuses Misfit.
    """
    everywhere = ints(WAREHOUSES.check_key(warehouses)["warehouse"])
    item_stock, supply = ITEM_STOCK.check_key(item_stock), SUPPLY.check_key(supply)
    places = Positions(everywhere)
    items = structure.items
    n = items.height
    stock_at = places.find_all(ints(item_stock["warehouse"]), "ITEM_STOCK")
    stock_item = structure.at.find_all(ints(item_stock["item"]), "ITEM_STOCK")
    stock_quantity = ints(item_stock["on_hand"])
    arrives_at = places.find_all(ints(supply["warehouse"]), "SUPPLY")
    arriving_item = structure.at.find_all(ints(supply["item"]), "SUPPLY")
    arrival, arriving = day_numbers(supply["arrives_on"], as_of), ints(supply["quantity"])
    if arriving.size and arriving.min() < 0:
        raise Misfit("SUPPLY has a negative open quantity")
    default = ints(items["warehouse"].fill_null(int(everywhere[0]) if everywhere.size == 1 else -1))
    lead = np.where(structure.supply == MAKE, ints(items["make_lead_days"]), 0)  # a phantom takes no time
    answer = {}
    for w in np.argsort(everywhere, kind="stable"):
        warehouse = int(everywhere[w])
        if scope is not None and warehouse not in scope:
            continue
        held = default == warehouse
        on_hand = np.zeros(n, np.int64)
        here = stock_at == w
        on_hand[stock_item[here]] = stock_quantity[here]
        held[stock_item[here]] = True
        order = np.flatnonzero(arrives_at == w)
        order = order[np.lexsort((arrival[order], arriving_item[order]))]
        ptr = np.searchsorted(arriving_item[order], np.arange(n + 1)).astype(np.int64)
        answer[warehouse] = Stock(
            structure.supply, on_hand, ints(items["safety_stock"]), held, lead, ptr,
            np.maximum(arrival[order], 0), arriving[order], np.where(arrival[order] < 0, arriving[order], 0),
        )  # fmt: skip
    return answer


def net(structure: Structure, gross: Mapping[int, Gross], stocks: Mapping[int, Stock]) -> Netted:
    """Net every bought and made item in every warehouse over the whole horizon.

    Holds  projected == on hand + receipts - gross, all up to the date; shortage == max(0, safety - (projected + the
           shortages of earlier dates)); to order up to a date == max(0, safety - position) at its worst so far, where the
           position is on hand + all receipts, however late - gross up to the date; a row wherever gross, receipts,
           shortage or to order is not zero
    """
    n = structure.supply.size
    by_id = np.argsort(structure.at.ids, kind="stable")
    order = (by_id[:, None] + np.arange(len(stocks)) * n).ravel()
    start, count = np.zeros(n * len(stocks), np.int64), np.zeros(n * len(stocks), np.int64)
    rows = np.empty((7, 0), np.int64)
    for fill in (False, True):
        for w, (warehouse, stock) in enumerate(stocks.items()):
            cells, here = gross[warehouse], slice(w * n, (w + 1) * n)
            explosion_kernels.net_rows(
                cells.ptr, cells.day, cells.quantity, stock, 0, n, start[here], count[here], rows, fill
            )
        if not fill:
            start[order] = np.cumsum(count[order]) - count[order]
            rows = np.empty((7, int(count.sum())), np.int64)
    return Netted(list(stocks), order, start, count, rows)


def ids_of(structure: Structure, warehouses: Sequence[int], groups: Ints) -> tuple[Ints, Ints]:
    """Item and warehouse ids of groups."""
    n = max(1, structure.supply.size)
    places = np.array([*warehouses, -1], np.int64)
    return structure.at.ids[groups % n], places[groups // n]


def requirements(structure: Structure, netted: Netted, as_of: date) -> pl.DataFrame:
    """REQUIREMENTS of a netting, sorted by item, warehouse and date."""
    item, warehouse = ids_of(structure, netted.warehouses, netted.order)
    counts, rows = netted.count[netted.order], netted.rows
    names = ("gross", "scheduled_receipts", "overdue_receipts", "projected", "shortage", "to_order")
    return REQUIREMENTS.check(
        pl.DataFrame(
            {
                "item": np.repeat(item, counts),
                "warehouse": np.repeat(warehouse, counts),
                "date": dates(rows[0], as_of),
                **{name: rows[k] for k, name in enumerate(names, 1)},
            }
        )
    )
