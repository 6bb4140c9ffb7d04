"""A plan that stays at hand and answers one change by calculating only what the change reaches (PLAN-12, PLAN-15).

A Resident keeps the exact cells of a run and its inputs, grouped by what refers to them. A change takes the lines that it
touches out of their cells and puts them in as they are now, carries the differences down the structure as far as they lead,
and the steps of a run then net, choose and lot the touched items alone. Nothing is altered: a change gives another Resident
that shares whatever it did not touch, so that any number of people can ask one of them at once.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import numpy as np
import polars as pl

from buyside.planning import frames, resident_cells
from buyside.planning.dense import ROOM, ints
from buyside.planning.explosion import Explosion, Gross
from buyside.planning.kernels import Edges, Ints, Stock
from buyside.planning.missing import dead_ends
from buyside.planning.netting import Netted, net, requirements, stock_by_warehouse
from buyside.planning.resident_cells import (
    Cells,
    kept_cells,
    part_of,
    part_of_structure,
    patched,
    policies,
    spread,
    validity_of,
)
from buyside.planning.resident_demand import NOTHING_ASKED, Asked, Fine, Lost, demanded, fine_cells
from buyside.planning.resident_inputs import GroupedInputs, Moved, TooWide, Without, named
from buyside.planning.resident_tables import Table
from buyside.planning.run import PlanInputs, basis_of, ordered
from buyside.planning.structure import Structure


@dataclass(frozen=True)
class Replanned:
    """What a change does. `items`: the ids, ascending, of all items whose requirements or plan lines could differ."""

    before: "Resident"
    after: "Resident"
    items: list[int]
    coverage_before: pl.DataFrame
    coverage_after: pl.DataFrame

    @cached_property
    def requirements_before(self) -> pl.DataFrame:
        """REQUIREMENTS of the touched items as they were."""
        return self.before.requirements(self.items)

    @cached_property
    def requirements_after(self) -> pl.DataFrame:
        """REQUIREMENTS of the touched items as they are."""
        return self.after.requirements(self.items)

    @cached_property
    def plan_lines_before(self) -> pl.DataFrame:
        """PLAN_LINES of the touched items as they were."""
        return self.before.plan_lines(self.items)

    @cached_property
    def plan_lines_after(self) -> pl.DataFrame:
        """PLAN_LINES of the touched items as they are."""
        return self.after.plan_lines(self.items)

    @cached_property
    def dead_ends_before(self) -> pl.DataFrame:
        """DEAD_ENDS of the touched items as they were."""
        return self.before.dead_ends(self.items)

    @cached_property
    def dead_ends_after(self) -> pl.DataFrame:
        """DEAD_ENDS of the touched items as they are."""
        return self.after.dead_ends(self.items)


@dataclass(frozen=True)
class Resident:
    """A planned world. Immutable; made by of(), and by changes of another one.

    `dying` are the items that can be dead ends, `lost` the lines that stand in no requirement.
    """

    given: GroupedInputs
    groups: frozenset[int] | None
    structure: Structure
    stocks: Mapping[int, Stock]
    cells: Mapping[int, Cells]
    fine: Mapping[int, Fine]
    bounds: Mapping[int, np.ndarray]
    dying: np.ndarray
    lost: Lost

    @classmethod
    def of(
        cls,
        inputs: PlanInputs,
        as_of: date,
        *,
        warehouses: Collection[int] | None = None,
        groups: Collection[int] | None = None,
        horizon_days: int | None = None,
    ) -> "Resident":
        """Plan in full and keep it. The arguments are those of plan(). Refuses Misfit, Cycle, Headroom."""
        basis = basis_of(inputs, as_of, warehouses, lambda _step: None, horizon_days)
        at = ints(basis.lines["warehouse"])
        cells, fine, bounds = {}, {}, {}
        for warehouse, stock in basis.stocks.items():
            lines = np.flatnonzero((at == warehouse) & (basis.sold.demand.quantity > 0))
            cells[warehouse], asked = kept_cells(
                basis.structure, basis.sold, lines, stock, basis.explosion.gross[warehouse], basis.netted, warehouse
            )
            fine[warehouse] = fine_cells(basis.sold, lines)
            bounds[warehouse] = resident_cells.most_needed(basis.structure, asked, policies(stock))
        return cls(
            GroupedInputs.of(inputs, basis.lines, as_of, warehouses, horizon_days),
            None if groups is None else frozenset(groups), basis.structure, basis.stocks, cells, fine, bounds,
            resident_cells.without_rows_at_times(basis.structure), Lost.of(basis),
        )  # fmt: skip

    @property
    def inputs(self) -> PlanInputs:
        """The inputs as they are now, lines out of scope left out."""
        return self.given.whole()

    @property
    def nbytes(self) -> int:
        """About how many bytes it holds, what it shares with others too."""
        arrays = [column for stock in self.stocks.values() for column in stock] + list(self.bounds.values())
        return self.given.nbytes + int(
            sum(each.nbytes for each in (*arrays, *self.cells.values(), *self.structure.edges))
        )

    # --- what stands in it --------------------------------------------------------------------------------------------
    def requirements(self, items: Iterable[int]) -> pl.DataFrame:
        """REQUIREMENTS of some items, as plan() would give them. Ids that are no items, or out of scope, have none."""
        structure, _, _, netted = self._netted(self._shown(items))
        return requirements(structure, netted, self.given.as_of)

    def plan_lines(self, items: Iterable[int]) -> pl.DataFrame:
        """PLAN_LINES of some items, as plan() would give them."""
        shown = self._shown(items)
        if not shown.size:
            return frames.PLAN_LINES.empty()
        drawing = self.given.sharing_contracts(self.structure.at.ids[shown])
        structure, stocks, _, netted = self._netted(self._positions(drawing))
        concerned = self.given.vendors_of(structure.at.ids.tolist())
        lines = ordered(structure, netted, stocks, concerned, self.given.as_of)
        if structure.supply.size == shown.size:
            return lines
        return lines.filter(pl.col("item").is_in(self.structure.at.ids[shown].tolist()))

    def dead_ends(self, items: Iterable[int]) -> pl.DataFrame:
        """DEAD_ENDS of some items, as plan() would give them."""
        found = self._shown(items)
        found = found[self.dying[found]]
        if not found.size:
            return frames.DEAD_ENDS.empty()
        structure, _, gross, netted = self._netted(found, validity_of(self.structure.edges, found))
        everywhere = {warehouse: np.ones(found.size, np.bool_) for warehouse in gross}
        return dead_ends(structure, Explosion(gross, np.zeros(0, np.bool_), everywhere), netted, self.given.as_of)

    @property
    def unmapped(self) -> pl.DataFrame:
        """UNMAPPED, as plan() would give it."""
        return self.lost.unmapped

    @property
    def contradictions(self) -> pl.DataFrame:
        """CONTRADICTIONS, as plan() would give them."""
        return self.lost.contradictions

    def _positions(self, items: Iterable[int]) -> Ints:
        found = self.structure.at.find(np.unique(np.fromiter(items, np.int64)))
        shown: Ints = np.sort(found[found >= 0])
        return shown

    def _shown(self, items: Iterable[int]) -> Ints:
        found = self._positions(items)
        if self.groups is None:
            return found
        inside = self.structure.items["group"][found].is_in(sorted(self.groups)).fill_null(value=False)
        shown: Ints = found[inside.to_numpy()]
        return shown

    def _netted(
        self, items: Ints, edges: Edges | None = None
    ) -> tuple[Structure, dict[int, Stock], dict[int, Gross], Netted]:
        """The steps before the choice of vendors, for some items alone."""
        structure = part_of_structure(self.structure, items, edges)
        stocks = {warehouse: part_of(stock, items) for warehouse, stock in self.stocks.items()}
        gross = {w: Gross(*resident_cells.gross_of(cells.take(items))) for w, cells in self.cells.items()}
        return structure, stocks, gross, net(structure, gross, stocks)

    # --- changes ------------------------------------------------------------------------------------------------------
    def with_changes(self, *, without: Without | None = None, **rows: pl.DataFrame) -> "Resident":
        """The Resident after a change."""
        return self.change(without=without, **rows).after

    def change_to(self, now: PlanInputs) -> Replanned:
        """The change that leads to other inputs, whatever differs. Refuses as change() does."""
        rows, without = self.given.differences(now)
        return self.change(without=without, **rows)

    def change(self, *, without: Without | None = None, **rows: pl.DataFrame) -> Replanned:
        """Change rows of the inputs: whole rows of the frames of these names, each in the place of the row of its key.

        `without` names rows that go, by their keys. Of line_options, prices and vendor_closings the rows given replace all of
        the line, the vendor item or the vendor that they name.

        Holds  what it answers equals a full run of the changed inputs, for the items it names; all others are as before
        Refuses TooWide, Misfit, Headroom. The Resident itself is never altered.
        """
        given, moved = self.given.changed(rows, without or {})
        structure, stocks, seeds = self._restocked(given.tables, moved)
        demand = demanded(self.structure, self.given, given, moved)
        cells, fine, bounds = {}, {}, {}
        touched = np.zeros(structure.supply.size, np.bool_)
        for ids in named(self.given, given, moved):
            touched[structure.at.find_all(ids, "a change")] = True
        for warehouse, before in self.stocks.items():
            asked = demand.asked.get(warehouse, NOTHING_ASKED)
            events, fine[warehouse] = asked.events(self.fine[warehouse])
            bounds[warehouse] = self._bounded(warehouse, asked, stocks[warehouse], seeds)
            found = spread(structure, self.cells[warehouse], before, stocks[warehouse], events, seeds)
            cells[warehouse] = found.cells
            touched[found.items] = True
        after = replace(
            self, given=given, structure=structure, stocks=stocks, cells=cells, fine=fine, bounds=bounds,
            lost=self.lost.after(demand.lines, demand.lost),
        )  # fmt: skip
        items = np.sort(structure.at.ids[touched])
        for side in (self.given, given):
            items = side.sharing_contracts(items)
        return Replanned(self, after, items.tolist(), demand.before, demand.after)

    def _restocked(self, tables: Mapping[str, Table], moved: Moved) -> tuple[Structure, dict[int, Stock], Ints]:
        """The structure and the stocks after a change, and the positions of the items with another one."""
        concerned = [moved[name] for name in ("items", "item_stock", "supply") if name in moved]
        if not concerned:
            return self.structure, dict(self.stocks), np.zeros(0, np.int64)
        structure = self.structure
        ids = np.unique(np.concatenate(concerned))
        if "items" in moved:
            structure = self._with_items(tables["items"].rows(moved["items"].tolist()), moved["items"])
        items = np.sort(structure.at.find_all(ids, "a change"))
        given = self.given
        fresh = stock_by_warehouse(
            part_of_structure(structure, items), given.fixed["warehouses"], tables["item_stock"].rows(ids),
            tables["supply"].rows(ids), given.as_of, given.warehouses,
        )  # fmt: skip
        return structure, {w: patched(stock, items, fresh[w]) for w, stock in self.stocks.items()}, items

    def _with_items(self, rows: pl.DataFrame, ids: Ints) -> Structure:
        structure = self.structure
        at = structure.at.find(ints(rows["item"]))
        if rows.height < ids.size or (at.size and at.min() < 0):
            raise TooWide("items", "an item comes or goes")
        if not structure.items["supply"].gather(at).equals(rows["supply"]):
            raise TooWide("items", "a supply mode changes")
        turn = np.arange(structure.items.height)
        turn[at] = structure.items.height + np.arange(rows.height)
        return replace(structure, items=pl.concat([structure.items, rows.select(structure.items.columns)])[turn])

    def _bounded(self, warehouse: int, asked: Asked, stock: Stock, seeds: Ints) -> np.ndarray:
        """More than the items can be asked for after a change. Refuses: TooWide."""
        bound = self.bounds[warehouse]
        if asked.added or seeds.size:
            more, extra = np.zeros(bound.size), np.zeros(bound.size)
            for item, quantity in asked.added:
                np.add.at(more, item, quantity)
            extra[seeds] = policies(stock)[seeds]
            bound = bound + resident_cells.most_needed(self.structure, more, extra)
            worst = float((bound + policies(stock)).max(initial=0)) * 1.001
            if worst + float(stock.receipt.sum(dtype=np.float64)) >= ROOM:
                raise TooWide("lines", "an item's requirement could leave the exact range")
        return bound
