"""The cells of one warehouse, kept exactly, and what a difference in some of them does to all below (PLAN-3, PLAN-5).

Only made and phantom items that a difference reaches are netted again; what they then ask more or less goes on to their
components, until nothing changes any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from buyside.planning import explosion, explosion_kernels, kernels, resident_kernels
from buyside.planning.configuration import Configured
from buyside.planning.dense import FOREVER, Positions
from buyside.planning.explosion import Gross
from buyside.planning.frames import Misfit
from buyside.planning.kernels import BUY, Edges, Ints, Stock
from buyside.planning.netting import Netted
from buyside.planning.structure import Structure

Events = tuple[Ints, Ints, Ints, Ints]
"""(item position, day, units at 10^-6, rest at 10^-18): differences, in no order."""
NOTHING: Events = (np.zeros(0, np.int64),) * 4
LAYERS = 6
TO_ORDER = 6
"""Row of a netting that says what is to be ordered."""


def joined(parts: Sequence[Events]) -> Events:
    """Differences one after another."""
    if len(parts) == 1:
        return parts[0]
    item, day, units, rest = (np.concatenate(column) for column in zip(NOTHING, *parts, strict=True))
    return item, day, units, rest


def picked(events: Events, some: np.ndarray) -> Events:
    """Some of the differences."""
    item, day, units, rest = events
    return item[some], day[some], units[some], rest[some]


def negative(events: Events) -> Events:
    """The opposite differences, rests never negative."""
    item, day, units, rest = events
    borrowed = rest > 0
    return item, day, -units - borrowed, np.where(borrowed, kernels.REST - rest, 0)


@dataclass(frozen=True)
class Cells:
    """The exact cells of one warehouse: those of a full run, and the differences since, one layer per change.

    `rows` are day, gross and what the exact sum has beyond it; a layer is pointers per item, days, units and rests.
    """

    ptr: Ints
    rows: Ints
    layers: tuple[Events, ...] = ()

    @property
    def nbytes(self) -> int:
        """Bytes of all, shared ones too."""
        return self.ptr.nbytes + self.rows.nbytes + sum(column.nbytes for layer in self.layers for column in layer)

    def take(self, items: Ints) -> tuple[Ints, Ints]:
        """Pointers and rows of some items, in their order."""
        ptr = np.concatenate([[0], np.cumsum(self.ptr[items + 1] - self.ptr[items])]).astype(np.int64)
        rows = np.empty((3, int(ptr[-1])), np.int64)
        resident_kernels.take_rows(self.ptr, self.rows, items, ptr, rows)
        for layer in self.layers:
            ptr, rows = resident_kernels.changed_cells(ptr, rows, items, *layer)
        return ptr, rows

    def spans(self, items: Ints) -> tuple[Ints, Ints, Ints]:
        """The same as begins, ends and rows, not copied where nothing has changed since the full run."""
        if not self.layers:
            return self.ptr[items], self.ptr[items + 1], self.rows
        ptr, rows = self.take(items)
        return ptr[:-1], ptr[1:], rows

    def plus(self, events: Events) -> "Cells":
        """The cells after a change."""
        if not events[0].size:
            return self
        layer = resident_kernels.grouped(events[0], self.ptr.size - 1, *events[1:])
        other = Cells(self.ptr, self.rows, (*self.layers, layer))
        if len(other.layers) <= LAYERS:
            return other
        return Cells(*other.take(np.arange(self.ptr.size - 1)))


def part_of(stock: Stock, items: Ints) -> Stock:
    """The stock of some items, numbered in their order."""
    first, count = stock.receipt_ptr[items], np.diff(stock.receipt_ptr)[items]
    ptr = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    rows = np.arange(ptr[-1]) + np.repeat(first - ptr[:-1], count)
    return Stock(
        stock.supply[items], stock.on_hand[items], stock.safety[items], stock.held[items], stock.lead[items], ptr,
        stock.receipt_day[rows], stock.receipt[rows], stock.receipt_overdue[rows],
    )  # fmt: skip


def patched(stock: Stock, items: Ints, part: Stock) -> Stock:
    """A stock with that of some items (ascending) replaced; what is not replaced is shared."""
    same = all(
        np.array_equal(one, other) for one, other in zip(part_of(stock, items)[5:], part[5:], strict=True)
    )  # receipts
    columns = []
    for one, other in zip(stock[:5], part[:5], strict=True):
        if np.array_equal(one[items], other):
            columns.append(one)
        else:
            columns.append(one.copy())
            columns[-1][items] = other
    if same:
        return Stock._make([*columns, *stock[5:]])
    count = np.diff(stock.receipt_ptr)
    count[items] = np.diff(part.receipt_ptr)
    ptr = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    receipts = []
    for one, other in zip(stock[6:], part[6:], strict=True):
        pieces, done = [], 0
        for k, p in enumerate(items.tolist()):
            pieces += [one[done : stock.receipt_ptr[p]], other[part.receipt_ptr[k] : part.receipt_ptr[k + 1]]]
            done = stock.receipt_ptr[p + 1]
        receipts.append(np.concatenate([*pieces, one[done:]]))
    return Stock._make([*columns, ptr, *receipts])


def kept_cells(
    structure: Structure, sold: Configured, lines: Ints, stock: Stock, gross: Gross, netted: Netted, warehouse: int
) -> tuple[Cells, np.ndarray]:
    """Every cell of one warehouse as a run found it: rows of day, gross, and what the exact sum has beyond the gross.

    Beside them, about how much the lines themselves ask of each item.

    Holds  the gross is that of the run, which has been calculated in another way
    Refuses Misfit where it is not.
    """
    n = structure.supply.size
    days, key, units, rests = explosion.asked_by_lines(structure, sold, lines, stock)
    first_ptr = np.searchsorted(key // days, np.arange(n + 1)).astype(np.int64)
    edges = structure.edges
    into_ptr, into_edge = kernels.group_positions(edges.component, n)
    parent = np.repeat(np.arange(n), np.diff(edges.ptr))
    w = netted.warehouses.index(warehouse)
    here = slice(w * n, (w + 1) * n)
    asks = resident_kernels.asked_of_components(
        structure.supply, gross.ptr, gross.day, gross.quantity, netted.start[here], netted.count[here],
        netted.rows[0], netted.rows[TO_ORDER],
    )  # fmt: skip
    ptr, rows = resident_kernels.exact_cells(
        first_ptr, key % days, units, rests, into_ptr, into_edge, parent[into_edge], edges, stock.lead, *asks, days
    )
    again = resident_kernels.with_gross(ptr, rows)
    if not all(np.array_equal(*pair) for pair in zip(again, (gross.ptr, gross.day, gross.quantity), strict=True)):
        raise Misfit("the cells of a run are not what its requirements say")
    return Cells(ptr, rows), np.bincount(key // days, units + 1.0, n)


@dataclass(frozen=True)
class Spread:
    """Where differences led: the cells afterwards, and the items that could have another gross or stock (ascending)."""

    cells: Cells
    items: Ints


def spread(structure: Structure, cells: Cells, before: Stock, after: Stock, events: Events, moved: Ints) -> Spread:
    """Carry differences of cells, and of the stock of the items `moved`, down the levels of one warehouse."""
    n = structure.supply.size
    waiting, done = [events], []
    reached = np.zeros(n, np.bool_)
    reached[moved] = True
    restocked = reached.copy()
    for first, stop in zip(structure.level_ptr[:-1].tolist(), structure.level_ptr[1:].tolist(), strict=True):
        everything = joined(waiting)
        now = everything[0] < stop
        here = picked(everything, now)
        waiting = [] if now.all() else [picked(everything, ~now)]
        done.append(here)
        reached[here[0]] = True
        some = np.flatnonzero(reached[first:stop] & (structure.supply[first:stop] != BUY)) + first
        if some.size:
            layer = resident_kernels.grouped(here[0], n, *here[1:])
            waiting += _asked_more(structure, cells, before, after, layer, some[~restocked[some]])
            waiting += _asked_otherwise(structure, cells, before, after, layer, some[restocked[some]])
        if not waiting and not reached[stop:].any():
            break
    return Spread(cells.plus(joined(done)), np.flatnonzero(reached))


def _asked_more(
    structure: Structure, cells: Cells, before: Stock, after: Stock, layer: Events, items: Ints
) -> list[Events]:
    """What made and phantom items with another gross, and the stock that they had, ask of their components more."""
    if not items.size:
        return []
    receipts = np.diff(before.receipt_ptr)[items]
    on_order = np.zeros(items.size, np.int64)
    some = np.flatnonzero(receipts)
    on_order[some] = [
        before.receipt[before.receipt_ptr[p] : before.receipt_ptr[p + 1]].sum() for p in items[some].tolist()
    ]
    item, day, quantity = resident_kernels.order_changes(
        items, *cells.spans(items), *layer, structure.supply[items], before.on_hand[items] + on_order,
        before.safety[items], before.held[items] | (receipts > 0),
    )  # fmt: skip
    return [resident_kernels.components(item, day, quantity, after.lead[item], structure.edges)]


def _asked_otherwise(
    structure: Structure, cells: Cells, before: Stock, after: Stock, layer: Events, items: Ints
) -> list[Events]:
    """The same for items with another stock or lead time: all that they ask now, less all that they asked."""
    if not items.size:
        return []
    ptr, rows = cells.take(items)
    old = _asks(ptr, rows, part_of(before, items))
    new = _asks(*resident_kernels.changed_cells(ptr, rows, items, *layer), part_of(after, items))
    where, day, quantity, lead = resident_kernels.differences(*old, before.lead[items], *new, after.lead[items])
    return [resident_kernels.components(items[where], day, quantity, lead, structure.edges)]


def _asks(ptr: Ints, rows: Ints, stock: Stock) -> tuple[Ints, Ints, Ints]:
    """What items ask of their components: pointers, days, quantities."""
    gross_ptr, day, gross = resident_kernels.with_gross(ptr, rows)
    start, count, netted = netted_rows(gross_ptr, day, gross, stock)
    return resident_kernels.asked_of_components(
        stock.supply, gross_ptr, day, gross, start, count, netted[0], netted[TO_ORDER]
    )


def netted_rows(ptr: Ints, day: Ints, gross: Ints, stock: Stock) -> tuple[Ints, Ints, Ints]:
    """The rows of net_row() of all items of a stock: where each item's begin, how many they are, and the rows."""
    n = stock.supply.size
    count, nothing = np.zeros(n, np.int64), np.empty((7, 0), np.int64)
    explosion_kernels.net_rows(ptr, day, gross, stock, 0, n, count, count, nothing, False)
    start = (np.cumsum(count) - count).astype(np.int64)
    rows = np.empty((7, int(count.sum())), np.int64)
    explosion_kernels.net_rows(ptr, day, gross, stock, 0, n, start, count, rows, True)
    return start, count, rows


def gross_of(taken: tuple[Ints, Ints]) -> tuple[Ints, Ints, Ints]:
    """Pointers, days and gross of kept cells."""
    return resident_kernels.with_gross(*taken)


def most_needed(structure: Structure, asked: np.ndarray, extra: np.ndarray) -> np.ndarray:
    """More than any item can be asked for in all, from what lines ask of items and their stock policies add; never netted."""
    bound = asked.copy()
    kernels.upper_bounds(structure.edges, structure.supply, extra, bound)
    return bound


def policies(stock: Stock) -> np.ndarray:
    """What an item can need beyond its gross."""
    most: np.ndarray = np.maximum(stock.safety, 0) + np.abs(stock.on_hand).astype(np.float64)
    return most


def part_of_structure(structure: Structure, items: Ints, edges: Edges | None = None) -> Structure:
    """Some items (positions, ascending), with nothing between them unless `edges` says what."""
    nothing = np.zeros(0, np.int64)
    none = Edges(np.zeros(items.size + 1, np.int64), nothing, nothing, nothing, nothing, nothing, nothing)
    level = structure.level[items]
    return Structure(
        structure.items[items], Positions(structure.at.ids[items]), structure.supply[items],
        none if edges is None else edges, nothing, level, np.searchsorted(level, np.arange(int(level.max(initial=0)) + 2)),
    )  # fmt: skip


def validity_of(edges: Edges, items: Ints) -> Edges:
    """The days on which the BOM rows of some items count, and nothing else of them."""
    first, count = edges.ptr[items], np.diff(edges.ptr)[items]
    ptr = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    rows = np.arange(ptr[-1]) + np.repeat(first - ptr[:-1], count)
    nothing = np.zeros(0, np.int64)
    return Edges(ptr, nothing, nothing, nothing, nothing, edges.first[rows], edges.last[rows])


def without_rows_at_times(structure: Structure) -> np.ndarray:
    """Which made and phantom items have no BOM row that counts on every day: only they can be dead ends."""
    always = (structure.edges.first == -FOREVER) & (structure.edges.last == FOREVER)
    parent = np.repeat(np.arange(structure.supply.size), np.diff(structure.edges.ptr))
    found: np.ndarray = structure.supply != BUY
    found[parent[always]] = False
    return found
