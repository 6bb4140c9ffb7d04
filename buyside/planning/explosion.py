"""Components of the sold lines, level by level (PLAN-3).

Every item × warehouse × date is one cell. What its parents ask for is added up exactly and rounded half up once; phantoms are
items and have cells like others. A warehouse whose items × days fit CELLS is a dense block; a larger one runs the same
arithmetic over sorted events.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

import numpy as np

from buyside.planning import blocks, event_kernels, explosion_kernels, kernels
from buyside.planning.configuration import Configured
from buyside.planning.dense import FOREVER, ROOM, refuse_beyond, with_common_unit
from buyside.planning.kernels import MAKE, MICRO, PHANTOM, REST, Edges, Ints, Stock
from buyside.planning.structure import Structure

CELLS = 50_000_000
_SIDE_BY_SIDE = 4
_BLOCK = 8  # times as many cells are read for a block of items as other blocks have rows
_ROUNDING = 4  # to round and net an item takes about as long as to add up so many parents


@dataclass(frozen=True)
class Gross:
    """Gross quantities of one warehouse: non-zero cells by item (in order of the structure) and day."""

    ptr: Ints
    day: Ints
    quantity: Ints


@dataclass(frozen=True)
class Block:
    """The same as a dense block of items × `days`; `rows` is how many rows each item has when it is netted."""

    cells: Ints
    days: int
    rows: Ints

    def listed(self) -> Gross:
        """The cells that are not zero."""
        return Gross(*explosion_kernels.cells_of(self.cells, self.days))


@dataclass(frozen=True)
class Explosion:
    """What explode() found: gross per warehouse, lines without any structure, items without a row on a needed day."""

    cells: Mapping[int, Gross | Block]
    unmapped: np.ndarray
    dead: dict[int, np.ndarray]

    @cached_property
    def gross(self) -> dict[int, Gross]:
        """The cells of each warehouse as lists, made when they are first asked for."""
        return {w: cells if isinstance(cells, Gross) else cells.listed() for w, cells in self.cells.items()}


def explode(
    structure: Structure, sold: Configured, at_warehouse: Ints, stocks: Mapping[int, Stock], *, cells: int = CELLS
) -> Explosion:
    """Turn the lines of each warehouse into gross quantities of items.

    In     the lines with their structures; `at_warehouse` their warehouse ids; the stock of each warehouse in scope
    Holds  gross == the exact sum of parent quantity × factor, rounded half up once; a made item asks for what is
           to be ordered of it only, a phantom for all of it; every component's day = parent's day less its make lead days,
           never below 0
    Refuses Headroom.
    """
    (sold_edges, edges), unit = with_common_unit([sold.edges, structure.edges])
    found: dict[int, Gross | Block] = {}
    dead = {}
    mapped = sold.mapped.copy()
    for warehouse, stock in stocks.items():
        lines = np.flatnonzero((at_warehouse == warehouse) & (sold.demand.quantity > 0))
        bound = _bounds(structure, sold, lines, stock)
        wide = bound * unit >= ROOM or bool(sold.fine)
        days = int(sold.demand.day[lines].max(initial=0)) + 1
        dead[warehouse] = np.zeros(structure.supply.size, np.bool_)
        run = _Run(structure, sold, sold_edges, edges, stock, lines, days, dead[warehouse], mapped)
        dense = (structure.supply.size + run.sources) * days <= cells
        found[warehouse] = run.as_block(unit, wide=wide) if dense else run.as_events()
    unmapped = ~mapped & ~sold.blocked & (sold.demand.quantity > 0)
    return Explosion(found, unmapped, dead)


def asked_by_lines(
    structure: Structure, sold: Configured, lines: Ints, stock: Stock, *, cells: int = CELLS
) -> tuple[int, Ints, Ints, Ints]:
    """What some lines of one warehouse ask of items themselves, exactly: days, then sorted item × days + day, units and rests.

    Units are 10^-6 stock units, rests 10^-18 of one; no sum is rounded.
    """
    days = int(sold.demand.day[lines].max(initial=0)) + 1
    dead, mapped = np.zeros(structure.supply.size, np.bool_), sold.mapped.copy()
    run = _Run(structure, sold, sold.edges, structure.edges, stock, lines, days, dead, mapped)
    if (structure.supply.size + run.sources) * days <= cells:
        units, rests = run.asked_by_lines(wide=True)
        key = np.flatnonzero((units != 0) | (rests != 0))
        return days, key, units[key], rests[key]
    key, units, rests = (np.concatenate(column) for column in zip(*run.asked_in_events(), strict=True))
    return days, *event_kernels.add_exactly(key, np.argsort(key, kind="stable"), units, rests)


def _bounds(structure: Structure, sold: Configured, lines: Ints, stock: Stock) -> float:
    """More than any cell, balance or sum of this warehouse can reach, from totals that are never netted."""
    demand, edges = sold.demand, sold.edges
    factor = edges.whole / MICRO + (edges.micro + 1.0) / REST
    quantity = demand.quantity[lines].astype(np.float64)
    per_source = np.zeros(edges.ptr.size)
    for source in (demand.own[lines], demand.fallback[lines]):
        np.add.at(per_source, source[source >= 0], quantity[source >= 0])
    asked = np.concatenate(
        [np.repeat(per_source[:-1], np.diff(edges.ptr)), np.full(edges.whole.size - int(edges.ptr[-1]), quantity.sum())]
    )
    bound = np.bincount(edges.component, asked * factor, structure.supply.size).astype(np.float64)
    extra = np.maximum(stock.safety, 0) + np.abs(stock.on_hand).astype(np.float64)
    kernels.upper_bounds(structure.edges, structure.supply, extra, bound)
    most = float((bound + extra).max(initial=0)) * 1.001 + float(stock.receipt.sum(dtype=np.float64))
    refuse_beyond(most, "the requirement of an item")
    return most


@dataclass(frozen=True)
class _Run:
    """One warehouse about to be exploded."""

    structure: Structure
    sold: Configured
    sold_edges: Edges
    edges: Edges
    stock: Stock
    lines: Ints
    days: int
    dead: np.ndarray
    mapped: np.ndarray

    @property
    def sources(self) -> int:
        """Sources of BOM rows, and edges without one."""
        return int(self.sold_edges.ptr.size - 1 + self.sold_edges.component.size - self.sold_edges.ptr[-1])

    def as_block(self, unit: int, *, wide: bool) -> Block:
        """Dense block of items × days."""
        cells, rests = self.asked_by_lines(wide=wide)
        structure, days = self.structure, self.days
        rows = np.zeros(structure.supply.size, np.int64)
        inward = explosion_kernels.inward_edges(self.edges)
        exploding = np.diff(self.edges.ptr) > 0
        slot, slots = np.where(exploding, np.cumsum(exploding) - 1, -1), int(np.count_nonzero(exploding))
        asking = np.empty(slots * days, np.int64), np.empty(slots, np.int64), np.empty(slots, np.int64)

        def work(first: int, stop: int) -> None:
            explosion_kernels.explode_items(
                first, stop, self.stock, self.edges, inward, slot, asking, cells, rests, days, unit, wide, self.dead, rows
            )  # fmt: skip

        effort = np.cumsum((np.diff(inward[0]) + _ROUNDING) * days)
        # Items of one level ask nothing of each other: each collects what the levels before ask of it.
        for first, stop in pairwise(structure.level_ptr.tolist()):
            before = int(effort[first - 1]) if first else 0
            parts = blocks.blocks_of(effort[first:stop] - before, _BLOCK * blocks.ROWS)
            blocks.in_blocks(work, [(first + start, first + end) for start, end in parts])
        return Block(cells, days, rows)

    def asked_by_lines(self, *, wide: bool) -> tuple[Ints, Ints]:
        """Dense block of what the lines themselves ask of items, not rounded; `wide`: units and rests."""
        sold, edges, days = self.sold, self.sold_edges, self.days
        cells = np.zeros(self.structure.supply.size * days, np.int64)
        rests = np.zeros(cells.size if wide else 1, np.int64)
        sources = self.sources
        plain = np.zeros(edges.ptr.size - 1, np.bool_)
        of_row = np.repeat(np.arange(plain.size), np.diff(edges.ptr))
        always = (edges.first == -FOREVER) & (edges.last == FOREVER)
        plain[of_row[always[: of_row.size]]] = True
        # Rows count on a line's own date, which for a line that is past due is not the day of its cell: one day at a time.
        needed = sold.demand.valid_day[self.lines]
        late = (needed < 0) & ~always.all()
        for past in np.unique(needed[late]):
            asked = np.zeros(sources, np.int64)
            some = self.lines[needed == past]
            kernels.gather_lines(some, sold.demand, edges, sold.rules, plain, self.mapped, asked, 1)
            counting = edges._replace(first=edges.first - past, last=edges.last - past)
            explosion_kernels.explode_sources(asked, 1, counting, cells, rests, days, wide)
        asked = self._gathered(self.lines if not late.any() else self.lines[~late], plain, sources * days)
        explosion_kernels.explode_sources(asked, days, edges, cells, rests, days, wide)
        for key, more in self._beyond_twelve_decimals().items():
            cells[key], rests[key] = cells[key] + (rests[key] + more) // REST, (rests[key] + more) % REST
        return cells, rests

    def _gathered(self, lines: Ints, plain: np.ndarray, size: int) -> Ints:
        """What lines ask of sources, and behind them of edges without one, by day."""
        parts = min(blocks.cores(), _SIDE_BY_SIDE, lines.size // blocks.ROWS)
        if parts < 2 or size > 4 * lines.size:  # each part is added up in a block of its own
            parts = 1

        def work(first: int, stop: int) -> Ints:
            asked = np.zeros(size, np.int64)
            kernels.gather_lines(
                lines[first:stop],
                self.sold.demand,
                self.sold_edges,
                self.sold.rules,
                plain,
                self.mapped,
                asked,
                self.days,
            )
            return asked

        asked, *others = blocks.in_blocks(work, list(pairwise(lines.size * n // parts for n in range(parts + 1))))
        for other in others:
            asked += other
        return asked

    def as_events(self) -> Gross:
        """The same over sorted (item, day) events, one level after the other."""
        structure, days = self.structure, self.days
        waiting = self.asked_in_events()
        done: list[tuple[Ints, Ints]] = []
        for first, stop in zip(structure.level_ptr[:-1], structure.level_ptr[1:], strict=True):
            key, quantity, rest = (np.concatenate(column) for column in zip(*waiting, strict=True))
            here = key < stop * days  # what stands deeper waits
            waiting = [(key[~here], quantity[~here], rest[~here])]
            key, quantity, rest = key[here], quantity[here], rest[here]
            key, total = event_kernels.add_up(key, np.argsort(key, kind="stable"), quantity, rest)
            key, total = key[total != 0], total[total != 0]
            done.append((key, total))
            waiting += self._components(key, total, int(first), int(stop))
        key, total = (np.concatenate(column) for column in zip(*done, strict=True))
        return Gross(_pointers(key // days, structure.supply.size), key % days, total)

    def asked_in_events(self) -> list[tuple[Ints, Ints, Ints]]:
        """What the lines themselves ask as (item × days + day, units, rests), in no order."""
        sold, days = self.sold, self.days
        wanted = np.ones(self.structure.supply.size, np.bool_)
        line, edge = kernels.list_components(self.lines, sold.demand, self.sold_edges, sold.rules, self.mapped, wanted)
        key = self.sold_edges.component[edge] * days + sold.demand.day[line]
        fine = self._beyond_twelve_decimals()
        return [
            (key, *explosion_kernels.multiply(sold.demand.quantity[line], edge, self.sold_edges)),
            (
                np.fromiter(fine, np.int64, len(fine)),
                np.array([more // REST for more in fine.values()], np.int64),
                np.array([more % REST for more in fine.values()], np.int64),
            ),
        ]

    def _components(self, key: Ints, gross: Ints, first: int, stop: int) -> Sequence[tuple[Ints, Ints, Ints]]:
        """What the cells of one level ask of deeper ones."""
        items = np.arange(first, stop)
        supply = self.structure.supply[first:stop]
        day, ptr = key % self.days, _pointers(key // self.days, self.structure.supply.size)
        count, nothing = np.zeros(ptr.size - 1, np.int64), np.empty((7, 0), np.int64)
        explosion_kernels.net_rows(ptr, day, gross, self.stock, first, stop, count, count, nothing, False)
        net_ptr = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
        net = np.empty((7, int(net_ptr[-1])), np.int64)
        explosion_kernels.net_rows(ptr, day, gross, self.stock, first, stop, net_ptr, count, net, True)
        asked = []
        for at, when, short, which in ((ptr, day, gross, PHANTOM), (net_ptr, net[0], net[6], MAKE)):
            component, needed, edge, cell = event_kernels.expand_cells(
                at, when, short, items[supply == which], self.stock.lead, self.edges, self.dead
            )
            asked.append((component * self.days + needed, *explosion_kernels.multiply(short[cell], edge, self.edges)))
        return asked

    def _beyond_twelve_decimals(self) -> dict[int, int]:
        """By cell, the 10^-18 units that factors with more than twelve decimals add to what the edges say.

        What is left of them beyond 10^-18 is dropped: it cannot change a sum's rounding, all else being whole at 10^-18.
        """
        if not self.sold.fine:
            return {}
        exact: dict[int, Fraction] = {}
        for i, edge, rest in fine_parts(self.sold, self.lines):
            key = int(self.sold_edges.component[edge]) * self.days + int(self.sold.demand.day[i])
            exact[key] = exact.get(key, Fraction(0)) + int(self.sold.demand.quantity[i]) * rest * REST
        return {key: more.numerator // more.denominator for key, more in exact.items()}


def fine_parts(sold: Configured, lines: Ints) -> list[tuple[int, int, Fraction]]:
    """(line position, edge, what its factor has beyond twelve decimals) of the lines whose recipe has such edges."""
    by_source: dict[int, list[int]] = {}
    for edge in sold.fine:
        source = int(np.searchsorted(sold.edges.ptr, edge, side="right")) - 1
        by_source.setdefault(source, []).append(edge)
    return [(int(i), edge, sold.fine[edge]) for i in lines for edge in by_source.get(int(sold.demand.own[i]), ())]


def _pointers(item: Ints, items: int) -> Ints:
    return np.concatenate([[0], np.cumsum(np.bincount(item, minlength=items))]).astype(np.int64)
