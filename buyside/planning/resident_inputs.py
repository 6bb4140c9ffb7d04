"""The inputs of a planned world, grouped by what refers to them, so that a change moves only the rows that it names (PLAN-15)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import polars as pl

from buyside.planning import frames
from buyside.planning.coverage import cover_finished_goods
from buyside.planning.dense import ints
from buyside.planning.kernels import Ints
from buyside.planning.resident_tables import Table
from buyside.planning.run import PlanInputs

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

Rows = Mapping[str, pl.DataFrame]
Without = Mapping[str, Sequence[int] | pl.DataFrame]
Moved = Mapping[str, Ints]
"""By frame, the groups that a change concerns."""


class TooWide(Exception):
    """A change that needs a full run: it concerns a frame that everything stands on, or numbers near the exact range."""

    def __init__(self, frame: str, why: str) -> None:
        super().__init__(f"{frame}: {why}")
        self.frame = frame


@dataclass(frozen=True)
class GroupedInputs:
    """Everything that a run reads, changed group by group; lines out of scope are left out. Immutable.

    `fixed` are the frames that no change can be made in, and `sold_bom`, the BOM rows of what is sold.
    """

    as_of: date
    warehouses: frozenset[int] | None
    horizon_days: int | None
    tables: Mapping[str, Table]
    fixed: Mapping[str, pl.DataFrame]

    @classmethod
    def of(
        cls, inputs: PlanInputs, lines: pl.DataFrame, as_of: date, warehouses: Collection[int] | None, horizon_days: int | None
    ) -> "GroupedInputs":  # fmt: skip
        """The inputs of a run; `lines` are those in its scope."""
        given = {name: getattr(inputs, name) for name in PlanInputs.__dataclass_fields__} | {"lines": lines}
        tables = {
            name: Table(getattr(frames, name.upper()), given[name], by, whole_groups=whole)
            for name, (by, whole) in GROUPED.items()
        }
        fixed = {name: frame for name, frame in given.items() if name not in GROUPED}
        fixed["sold_bom"] = inputs.bom.filter(pl.col("parent_kind") != "item")
        return cls(as_of, None if warehouses is None else frozenset(warehouses), horizon_days, tables, fixed)

    def whole(self) -> PlanInputs:
        """The inputs as they are now."""
        fixed = {name: frame for name, frame in self.fixed.items() if name in PlanInputs.__dataclass_fields__}
        return PlanInputs.of(**fixed, **{name: table.whole() for name, table in self.tables.items()})

    @property
    def nbytes(self) -> int:
        """About how many bytes the rows take."""
        rows = [*self.fixed.values(), *(table.whole() for table in self.tables.values())]
        return int(sum(frame.estimated_size() for frame in rows))

    def differences(self, now: PlanInputs) -> tuple[Rows, Without]:
        """The rows that come or change, and the keys of those that go, on the way to other inputs. Refuses: TooWide."""
        rows: dict[str, pl.DataFrame] = {}
        without: dict[str, pl.DataFrame] = {}
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
        return rows, without

    def changed(self, rows: Rows, without: Without) -> tuple["GroupedInputs", Moved]:
        """Other inputs with rows in the place of those of their keys, and the groups concerned. Refuses: TooWide, Misfit."""
        tables, moved = dict(self.tables), {}
        for name in {*rows, *without}:
            if name not in GROUPED:
                raise TooWide(name, "everything stands on it")
            table = self.tables[name]
            given, gone = rows.get(name), table.keys(without[name]) if name in without else None
            if name == "lines" and given is not None:
                given, gone = self._split_by_scope(frames.LINES.check(given), gone)
            tables[name], moved[name] = table.changed(given, gone)
        return replace(self, tables=tables), moved

    def _in_scope(self, lines: pl.DataFrame) -> pl.DataFrame:
        if self.warehouses is not None:
            lines = lines.filter(pl.col("warehouse").is_in(sorted(self.warehouses)))
        if self.horizon_days is not None:
            lines = lines.filter(pl.col("needed_on") <= self.as_of + timedelta(days=self.horizon_days))
        return lines

    def _split_by_scope(self, given: pl.DataFrame, gone: pl.DataFrame | None) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The lines in scope, and the ids of those that are not and of those that go."""
        inside = self._in_scope(given)
        if not inside["warehouse"].is_in(self.fixed["warehouses"]["warehouse"].implode()).all():
            raise frames.Misfit("LINES names a warehouse that is not there")
        outside = given.join(inside, on="line", how="anti").select("line")
        return inside, outside if gone is None else pl.concat([outside, gone.select("line")])

    def covered(self, variants: Collection[int]) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The lines of some variants with what is left to explode, and their COVERAGE."""
        lines = self.tables["lines"].rows(variants).sort("line")
        coverage = cover_finished_goods(lines, self.fixed["products"], self.tables["variant_stock"].rows(variants))
        return lines.with_columns(coverage["exploded"]), coverage

    def vendors_of(self, items: Sequence[int]) -> PlanInputs:
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

    def sharing_contracts(self, items: Ints) -> Ints:
        """The items (ids), and those that draw on the same contracts, directly or over others; ascending."""
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

    def named_by(self, moved: Moved) -> Iterable[Ints]:
        """Items that a change names without changing what they need: by vendors, and by contracts' balances and prices."""
        if "contract_balances" in moved:
            rows = self.tables["contracts"].whole()
            yield ints(rows.filter(pl.col("contract").is_in(moved["contract_balances"].tolist()))["item"])
        vendors = np.concatenate([moved.get(name, np.zeros(0, np.int64)) for name in ("vendors", "vendor_closings")])
        if vendors.size:
            for name in ("vendor_items", "contracts"):
                rows = self.tables[name].whole()
                yield ints(rows.filter(pl.col("vendor").is_in(vendors.tolist()))["item"])
        if "prices" in moved:
            yield self.tables["vendor_items"].groups_of(moved["prices"])


def named(before: GroupedInputs, after: GroupedInputs, moved: Moved) -> Iterable[Ints]:
    """Items that a change names in what they were or in what they are, whatever they need."""
    for name in ("items", "vendor_items", "contracts"):
        if name in moved:
            yield moved[name]
    yield from before.named_by(moved)
    yield from after.named_by(moved)


def _same_rows(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    one = one.select(other.columns)
    return one.height == other.height and (one.equals(other) or one.sort(one.columns).equals(other.sort(one.columns)))
