"""Time-phased netting per item and warehouse (PLAN-5), over the whole horizon (PLAN-16)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from buyside.planning import explosion_kernels, kernels
from buyside.planning.blocks import blocks_of, in_blocks
from buyside.planning.dense import Positions, dates, day_numbers, ints, mostly_zero
from buyside.planning.explosion import Block, Gross
from buyside.planning.frames import ITEM_STOCK, REQUIREMENTS, SUPPLY, WAREHOUSES, Misfit
from buyside.planning.kernels import MAKE, Ints, Stock
from buyside.planning.structure import Structure


@dataclass(frozen=True)
class Netted:
    """The seven rows of net_row() for all warehouses, in order of item id, warehouse and day.

    Group w × items + p is item p (in order of the structure) in warehouse w: its columns are `count` many from `start`
    on; `order` is the order in which the groups stand. Each row is an array of its own: days (int32), then quantities.
    """

    warehouses: list[int]
    order: Ints
    start: Ints
    count: Ints
    rows: tuple[NDArray[Any], ...]

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
    by_day = np.argsort(arrival, kind="stable")
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
        ptr, rows = kernels.group_positions(np.where(arrives_at == w, arriving_item, -1)[by_day], n)
        order = by_day[rows]
        answer[warehouse] = Stock(
            structure.supply, on_hand, ints(items["safety_stock"]), held, lead, ptr,
            np.maximum(arrival[order], 0), arriving[order], np.where(arrival[order] < 0, arriving[order], 0),
        )  # fmt: skip
    return answer


def net(structure: Structure, gross: Mapping[int, Gross | Block], stocks: Mapping[int, Stock]) -> Netted:
    """Net every bought and made item in every warehouse over the whole horizon.

    Holds  projected == on hand + receipts - gross, all up to the date; shortage == max(0, safety - (projected + the
           shortages of earlier dates)); to order up to a date == max(0, safety - position) at its worst so far, where the
           position is on hand + all receipts, however late - gross up to the date; a row wherever gross, receipts,
           shortage or to order is not zero
    """
    n = structure.supply.size
    by_id = np.argsort(structure.at.ids, kind="stable")
    order = (by_id[:, None] + np.arange(len(stocks)) * n).ravel()
    count = np.concatenate([np.zeros(0, np.int64), *(_rows_of(gross[w], stock) for w, stock in stocks.items())])
    start = np.empty_like(count)
    start[order] = np.cumsum(count[order]) - count[order]
    total = int(count.sum())
    # numpy asks the system for large pages, which are there in a fraction of the time; compiled loops do not
    gross_of_day, projected, shortage, to_order = (np.empty(total, np.int64) for _ in range(4))
    columns = gross_of_day, mostly_zero(total), mostly_zero(total), projected, shortage, to_order
    days = np.empty(total, np.int32)
    for w, (warehouse, stock) in enumerate(stocks.items()):
        here = slice(w * n, (w + 1) * n)
        _net_one(gross[warehouse], stock, start[here], count[here], days, columns)
    return Netted(list(stocks), order, start, count, (days, *columns))


def _net_one(
    cells: Gross | Block,
    stock: Stock,
    start: Ints,
    count: Ints,
    days: NDArray[np.int32],
    columns: tuple[Ints, ...],
) -> None:
    """Net one warehouse into its rows of the columns."""
    nothing = np.zeros(0, np.int64)
    listed = Gross(nothing, nothing, nothing) if isinstance(cells, Block) else cells
    block, width = (cells.cells, cells.days) if isinstance(cells, Block) else (nothing, 0)

    def work(first: int, stop: int) -> None:
        explosion_kernels.net_into(
            listed.ptr, listed.day, listed.quantity, block, width, stock, first, stop, start, count, days, columns
        )

    in_blocks(work, blocks_of(np.cumsum(count)))


def _rows_of(cells: Gross | Block, stock: Stock) -> Ints:
    """How many rows each item has in a warehouse."""
    if isinstance(cells, Block):
        return cells.rows
    count, nothing = np.zeros(stock.supply.size, np.int64), np.empty((7, 0), np.int64)
    explosion_kernels.net_rows(
        cells.ptr, cells.day, cells.quantity, stock, 0, count.size, count, count, nothing, False
    )  # fmt: skip
    return count


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
    frame = pl.DataFrame(
        {
            "item": _repeated(item, counts),
            "date": dates(rows[0], as_of),
            **{name: rows[k] for k, name in enumerate(names, 1)},
        }
    )
    if len(netted.warehouses) == 1:  # a literal takes no memory
        return REQUIREMENTS.check(frame.with_columns(pl.lit(netted.warehouses[0], pl.Int64).alias("warehouse")))
    return REQUIREMENTS.check(frame.with_columns(pl.Series("warehouse", _repeated(warehouse, counts))))


def _repeated(values: Ints, counts: Ints) -> Ints:
    out = np.empty(int(counts.sum()), np.int64)
    kernels.repeat_into(values, counts, out)
    return out
