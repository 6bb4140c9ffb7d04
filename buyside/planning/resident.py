"""A plan that stays at hand and answers one change by calculating only what the change reaches (PLAN-12, PLAN-15).

A Resident keeps the exact cells of a run and its inputs, grouped by what refers to them. A change takes the lines that it
touches out of their cells and puts them in as they are now, carries the differences down the structure as far as they lead,
and the steps of a run then net, choose and lot the touched items alone. Nothing is altered: a change gives another Resident
that shares whatever it did not touch, so that any number of people can ask one of them at once.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import polars as pl

from buyside.planning import frames, resident_cells
from buyside.planning.coverage import cover_finished_goods
from buyside.planning.dense import ROOM, Positions, ints
from buyside.planning.explosion import Gross
from buyside.planning.kernels import Ints, Stock
from buyside.planning.netting import Netted, net, requirements, stock_by_warehouse
from buyside.planning.resident_cells import Cells, kept_cells, part_of, patched, spread
from buyside.planning.resident_demand import NOTHING_ASKED, Asked, Fine, asked_more, fine_cells
from buyside.planning.resident_tables import Table
from buyside.planning.run import PlanInputs, basis_of, ordered
from buyside.planning.structure import Structure

GROUPED: Mapping[str, tuple[str, bool]] = {
    "lines": ("variant", False),
    "line_options": ("line", True),
    "variant_stock": ("variant", False),
    "items": ("item", False),
    "item_stock": ("item", False),
    "supply": ("item", False),
    "vendor_items": ("item", False),
    "prices": ("vendor_item", True),
    "vendors": ("vendor", False),
    "vendor_closings": ("vendor", True),
    "contracts": ("item", False),
    "contract_balances": ("contract", False),
}
"""The frames that a change can be made in, what their rows are grouped by, and whether rows replace all of their group."""

Without = Mapping[str, Sequence[int] | pl.DataFrame]


class TooWide(Exception):
    """A change that needs a full run: it concerns a frame that everything stands on, or numbers near the exact range."""

    def __init__(self, frame: str, why: str) -> None:
        super().__init__(f"{frame}: {why}")
        self.frame = frame


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


@dataclass(frozen=True)
class Resident:
    """A planned world. Immutable; made by of(), and by changes of another one."""

    as_of: date
    warehouses: frozenset[int] | None
    groups: frozenset[int] | None
    horizon_days: int | None
    structure: Structure
    tables: Mapping[str, Table]
    fixed: Mapping[str, pl.DataFrame]
    stocks: Mapping[int, Stock]
    cells: Mapping[int, Cells]
    fine: Mapping[int, Fine]
    bounds: Mapping[int, np.ndarray]

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
        given = {name: getattr(inputs, name) for name in PlanInputs.__dataclass_fields__}
        tables = {
            name: Table(getattr(frames, name.upper()), basis.lines if name == "lines" else given[name], by, whole_groups=whole)
            for name, (by, whole) in GROUPED.items()
        }  # fmt: skip
        fixed = {name: frame for name, frame in given.items() if name not in GROUPED}
        fixed["sold_bom"] = inputs.bom.filter(pl.col("parent_kind") != "item")
        at = ints(basis.lines["warehouse"])
        cells, fine, bounds = {}, {}, {}
        for warehouse, stock in basis.stocks.items():
            lines = np.flatnonzero((at == warehouse) & (basis.sold.demand.quantity > 0))
            cells[warehouse], asked = kept_cells(
                basis.structure, basis.sold, lines, stock, basis.explosion.gross[warehouse], basis.netted, warehouse
            )
            fine[warehouse] = fine_cells(basis.sold, lines)
            bounds[warehouse] = resident_cells.most_needed(basis.structure, asked, _policies(stock))
        return cls(
            as_of, None if warehouses is None else frozenset(warehouses), None if groups is None else frozenset(groups),
            horizon_days, basis.structure, tables, fixed, basis.stocks, cells, fine, bounds,
        )  # fmt: skip

    @property
    def inputs(self) -> PlanInputs:
        """The inputs as they are now, lines out of scope left out."""
        fixed = {name: frame for name, frame in self.fixed.items() if name in PlanInputs.__dataclass_fields__}
        return PlanInputs.of(**fixed, **{name: table.whole() for name, table in self.tables.items()})

    @property
    def nbytes(self) -> int:
        """About how many bytes it holds, what it shares with others too."""
        arrays = [column for stock in self.stocks.values() for column in stock] + list(self.bounds.values())
        rows = [*self.fixed.values(), *(table.whole() for table in self.tables.values())]
        return int(
            sum(each.nbytes for each in (*arrays, *self.cells.values(), *self.structure.edges))
            + sum(frame.estimated_size() for frame in rows)
        )

    # --- what stands in it --------------------------------------------------------------------------------------------
    def requirements(self, items: Iterable[int]) -> pl.DataFrame:
        """REQUIREMENTS of some items, as plan() would give them. Ids that are no items, or out of scope, have none."""
        structure, _, netted = self._netted(self._shown(items))
        return requirements(structure, netted, self.as_of)

    def plan_lines(self, items: Iterable[int]) -> pl.DataFrame:
        """PLAN_LINES of some items, as plan() would give them."""
        shown = self._shown(items)
        if not shown.size:
            return frames.PLAN_LINES.empty()
        structure, stocks, netted = self._netted(self._positions(self._sharing_contracts(self.structure.at.ids[shown])))
        lines = ordered(structure, netted, stocks, self._vendors_of(structure.at.ids.tolist()), self.as_of)
        if structure.supply.size == shown.size:
            return lines
        return lines.filter(pl.col("item").is_in(self.structure.at.ids[shown].tolist()))

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

    def _netted(self, items: Ints) -> tuple[Structure, dict[int, Stock], Netted]:
        """The steps before the choice of vendors, for some items alone."""
        structure = _part(self.structure, items)
        stocks = {warehouse: part_of(stock, items) for warehouse, stock in self.stocks.items()}
        gross = {w: Gross(*resident_cells.gross_of(cells.take(items))) for w, cells in self.cells.items()}
        return structure, stocks, net(structure, gross, stocks)

    def _vendors_of(self, items: list[int]) -> PlanInputs:
        """The inputs that choose vendors and lots, as far as they concern some items."""
        tables = self.tables
        vendor_items, contracts = tables["vendor_items"].rows(items), tables["contracts"].rows(items)
        vendors = pl.concat([vendor_items["vendor"], contracts["vendor"]]).to_list()
        return PlanInputs.of(
            warehouses=self.fixed["warehouses"],
            vendor_items=vendor_items,
            prices=tables["prices"].rows(vendor_items["vendor_item"].to_list()),
            vendors=tables["vendors"].rows(vendors),
            vendor_closings=tables["vendor_closings"].rows(vendors),
            contracts=contracts,
            contract_balances=tables["contract_balances"].rows(contracts["contract"].to_list()),
            rates=self.fixed["rates"],
        )

    def _sharing_contracts(self, items: Ints) -> Ints:
        """The items, and those that draw on the same contracts, directly or over others."""
        contracts = self.tables["contracts"].whole()
        if not contracts.height:
            return items
        bound = pl.Series(items)
        while True:
            drawn = contracts.filter(pl.col("item").is_in(bound.implode()))["contract"].unique()
            more = contracts.filter(pl.col("contract").is_in(drawn.implode()))["item"].unique()
            wider = pl.concat([bound, more]).unique()
            if wider.len() == bound.len():
                return np.sort(ints(wider))
            bound = wider

    # --- changes ------------------------------------------------------------------------------------------------------
    def with_changes(self, *, without: Without | None = None, **rows: pl.DataFrame) -> "Resident":
        """The Resident after a change."""
        return self.change(without=without, **rows).after

    def change_to(self, now: PlanInputs) -> Replanned:
        """The change that leads to other inputs, whatever differs."""
        without: dict[str, pl.DataFrame] = {}
        rows: dict[str, pl.DataFrame] = {}
        for name in PlanInputs.__dataclass_fields__:
            after = getattr(frames, name.upper()).check(getattr(now, name))
            if name not in GROUPED:
                if not _same_rows(self.fixed[name], after):
                    raise TooWide(name, "it differs")
                continue
            table = self.tables[name]
            before, after = table.whole(), self._in_scope(after) if name == "lines" else after
            if before.equals(after):
                continue
            columns = list(after.columns)
            key = [table.by] if table.whole_groups else list(table.declared.key)
            gone = before.join(after, on=columns, how="anti", nulls_equal=True).select(key)
            came = after.join(before, on=columns, how="anti", nulls_equal=True)
            if table.whole_groups:
                gone = pl.concat([gone, came.select(key)]).unique()
                came = after.join(gone, on=key, how="semi")
            if gone.height:
                without[name] = gone
            if came.height:
                rows[name] = came
        return self.change(without=without, **rows)

    def change(self, *, without: Without | None = None, **rows: pl.DataFrame) -> Replanned:
        """Change rows of the inputs: whole rows of the frames of these names, each in the place of the row of its key.

        `without` names rows that go, by their keys. Of line_options, prices and vendor_closings the rows given replace all of
        the line, the vendor item or the vendor that they name.

        Holds  what it answers equals a full run of the changed inputs, for the items it names; all others are as before
        Refuses TooWide, Misfit, Headroom. The Resident itself is never altered.
        """
        without = without or {}
        for name in (*rows, *without):
            if name not in GROUPED:
                raise TooWide(name, "everything stands on it")
        tables, moved = dict(self.tables), {}
        for name in {*rows, *without}:
            table = self.tables[name]
            given, gone = rows.get(name), table.keys(without[name]) if name in without else None
            if name == "lines" and given is not None:
                given, gone = self._split_by_scope(frames.LINES.check(given), gone)
            tables[name], moved[name] = table.changed(given, gone)
        structure, stocks, seeds = self._restocked(tables, moved)
        demand = self._demanded(tables, moved)
        cells, fine, bounds = {}, {}, {}
        touched = np.zeros(structure.supply.size, np.bool_)
        for ids in _named(tables, self.tables, moved):
            touched[structure.at.find_all(ids, "a change")] = True
        for warehouse, before in self.stocks.items():
            asked = demand.asked.get(warehouse, NOTHING_ASKED)
            events, fine[warehouse] = asked.events(self.fine[warehouse])
            bounds[warehouse] = self._bounded(warehouse, asked, stocks[warehouse], seeds)
            found = spread(structure, self.cells[warehouse], before, stocks[warehouse], events, seeds)
            cells[warehouse] = found.cells
            touched[found.items] = True
        after = replace(self, structure=structure, tables=tables, stocks=stocks, cells=cells, fine=fine, bounds=bounds)
        items = np.sort(structure.at.ids[touched])
        for resident in (self, after):
            items = resident._sharing_contracts(items)
        return Replanned(self, after, items.tolist(), demand.before, demand.after)

    def _in_scope(self, lines: pl.DataFrame) -> pl.DataFrame:
        if self.warehouses is not None:
            lines = lines.filter(pl.col("warehouse").is_in(sorted(self.warehouses)))
        if self.horizon_days is not None:
            lines = lines.filter(pl.col("needed_on") <= self.as_of + timedelta(days=self.horizon_days))
        return lines

    def _split_by_scope(
        self, given: pl.DataFrame, gone: pl.DataFrame | None
    ) -> tuple[pl.DataFrame, pl.DataFrame]:  # fmt: skip
        """The lines in scope, and the ids of those that are not and of those that go."""
        inside = self._in_scope(given)
        if not inside["warehouse"].is_in(self.fixed["warehouses"]["warehouse"].implode()).all():
            raise frames.Misfit("LINES names a warehouse that is not there")
        outside = given.join(inside, on="line", how="anti").select("line")
        return inside, outside if gone is None else pl.concat([outside, gone.select("line")])

    def _restocked(
        self, tables: Mapping[str, Table], moved: Mapping[str, Ints]
    ) -> tuple[Structure, dict[int, Stock], Ints]:
        """The structure and the stocks after a change, and the positions of the items with another one."""
        concerned = [moved[name] for name in ("items", "item_stock", "supply") if name in moved]
        if not concerned:
            return self.structure, dict(self.stocks), np.zeros(0, np.int64)
        structure = self.structure
        ids = np.unique(np.concatenate(concerned))
        if "items" in moved:
            structure = self._with_items(tables["items"].rows(moved["items"].tolist()), moved["items"])
        items = np.sort(structure.at.find_all(ids, "a change"))
        part = _part(structure, items)
        fresh = stock_by_warehouse(
            part, self.fixed["warehouses"], tables["item_stock"].rows(ids), tables["supply"].rows(ids), self.as_of,
            self.warehouses,
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
            extra[seeds] = _policies(stock)[seeds]
            bound = bound + resident_cells.most_needed(self.structure, more, extra)
            worst = float((bound + _policies(stock)).max(initial=0)) * 1.001
            if worst + float(stock.receipt.sum(dtype=np.float64)) >= ROOM:
                raise TooWide("lines", "an item's requirement could leave the exact range")
        return bound

    def _demanded(self, tables: Mapping[str, Table], moved: Mapping[str, Ints]) -> "_Demanded":
        """What lines ask of items before and after a change, where it is not the same."""
        reopened = moved.get("line_options", np.zeros(0, np.int64))
        variants = {
            *moved.get("lines", ()), *moved.get("variant_stock", ()),
            *self.tables["lines"].groups_of(reopened), *tables["lines"].groups_of(reopened),
        }  # fmt: skip
        if not variants:
            return _Demanded({}, frames.COVERAGE.empty(), frames.COVERAGE.empty())
        sides = [self._covered(side, variants) for side in (self.tables, tables)]
        same = ["line", "product", "variant", "warehouse", "needed_on", "exploded"]
        differing = []
        for k, side in enumerate((self.tables, tables)):
            lines, other = sides[k][0], sides[1 - k][0]
            differs = pl.concat(
                [
                    lines.join(other, on=same, how="anti").select("line"),
                    lines.select("line").filter(pl.col("line").is_in(reopened.tolist())),
                ]
            )
            lines = lines.join(differs, on="line", how="semi").filter(pl.col("exploded") > 0)
            differing.append((lines, side["line_options"].rows(lines["line"].to_list())))
        fixed = self.fixed
        asked = asked_more(
            self.structure, differing, fixed["sold_bom"], fixed["rules"], fixed["rule_conditions"], self.as_of
        )
        return _Demanded(asked, sides[0][1], sides[1][1])

    def _covered(self, tables: Mapping[str, Table], variants: Collection[int]) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The lines of some variants with what is left to explode, and their COVERAGE."""
        lines = tables["lines"].rows(variants).sort("line")
        coverage = cover_finished_goods(lines, self.fixed["products"], tables["variant_stock"].rows(variants))
        return lines.with_columns(coverage["exploded"]), coverage


@dataclass(frozen=True)
class _Demanded:
    asked: Mapping[int, Asked]
    before: pl.DataFrame
    after: pl.DataFrame


def _policies(stock: Stock) -> np.ndarray:
    """What an item can need beyond its gross."""
    most: np.ndarray = np.maximum(stock.safety, 0) + np.abs(stock.on_hand).astype(np.float64)
    return most


def _named(after: Mapping[str, Table], before: Mapping[str, Table], moved: Mapping[str, Ints]) -> Iterable[Ints]:
    """Items that a change names without changing what they need: by vendor items, prices, vendors and contracts."""
    for name in ("items", "vendor_items", "contracts"):
        if name in moved:
            yield moved[name]
    for tables in (before, after):
        if "contract_balances" in moved:
            rows = tables["contracts"].whole()
            yield ints(rows.filter(pl.col("contract").is_in(moved["contract_balances"].tolist()))["item"])
        vendors = np.concatenate([moved.get(name, np.zeros(0, np.int64)) for name in ("vendors", "vendor_closings")])
        if vendors.size:
            for name in ("vendor_items", "contracts"):
                rows = tables[name].whole()
                yield ints(rows.filter(pl.col("vendor").is_in(vendors.tolist()))["item"])
        if "prices" in moved:
            yield tables["vendor_items"].groups_of(moved["prices"])


def _part(structure: Structure, items: Ints) -> Structure:
    """Some items (positions, ascending) with nothing between them."""
    level = structure.level[items]
    return Structure(
        structure.items[items], Positions(structure.at.ids[items]), structure.supply[items],
        resident_cells.edges_of_none(items.size), np.zeros(0, np.int64), level,
        np.searchsorted(level, np.arange(int(level.max(initial=0)) + 2)),
    )  # fmt: skip


def _same_rows(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    one = one.select(other.columns)
    return one.height == other.height and (one.equals(other) or one.sort(one.columns).equals(other.sort(one.columns)))
