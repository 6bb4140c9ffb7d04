"""Which demand line asks for how much of each requirement (PLAN-4).

Shares of a cell are exact until the cell is divided: each line gets its share rounded down to 10^-6, and what is missing to
the cell's gross goes to the largest remainders, ties to the lowest line id. In a made item's cell, stock and receipts
serve the lines in order of needed-by date, approval time and id; what is to be ordered belongs to those that are left,
and to nobody (null) as far as it refills safety stock.
"""

from collections.abc import Collection
from datetime import date

import numpy as np
import polars as pl

from buyside.planning import event_kernels, explosion_kernels, kernels
from buyside.planning.configuration import Configured
from buyside.planning.dense import Positions, dates, ints
from buyside.planning.explosion import Explosion, fine_parts
from buyside.planning.frames import LINES, PEGS
from buyside.planning.kernels import BUY, MAKE, PHANTOM, REST, Ints
from buyside.planning.netting import Netted
from buyside.planning.structure import Structure

NOBODY = 1 << 60  # stands behind every line: the stock policy


def peg(
    structure: Structure,
    sold: Configured,
    lines: pl.DataFrame,
    explosion: Explosion,
    netted: Netted,
    as_of: date,
    items: Collection[int] | None = None,
) -> pl.DataFrame:
    """Divide every requirement, or those of some items, among the lines that ask for it.

    In     LINES sorted by line, and what the steps before found
    Out    PEGS, sorted by item, warehouse, date and line
    Holds  pegs of a cell add up to its gross exactly; each is within 10^-6 of its exact share; row order never matters
    """
    lines = LINES.check(lines)
    shown = structure.supply != PHANTOM
    if items is not None:
        some = structure.at.find(np.array(sorted(items), np.int64))
        asked_for = np.zeros(shown.size, np.bool_)
        asked_for[some[some >= 0]] = True
        shown &= asked_for
    run = _Pegging(structure, sold, lines, explosion, netted, _with_parents(structure, shown))
    parts = [run.first_level()]
    done = [parts[0].clear().select("cell", "line", "quantity")]
    for first, stop in zip(structure.level_ptr[:-1], structure.level_ptr[1:], strict=True):
        waiting = pl.concat(parts)
        item = ints(waiting["cell"]) // run.days % max(1, shown.size)
        here = pl.Series((item >= first) & (item < stop))
        level = run.divide(waiting.filter(here))
        done.append(
            level.select("cell", "line", "quantity").filter(
                pl.Series(shown[ints(level["cell"]) // run.days % max(1, shown.size)])
            )
        )
        parts = [waiting.filter(~here), run.components(level, int(first), int(stop))]
    pegs = pl.concat(done)
    group = ints(pegs["cell"]) // run.days
    places = np.array(netted.warehouses, np.int64)
    answer = pl.DataFrame(
        {
            "item": structure.at.ids[group % shown.size] if group.size else group,
            "warehouse": places[group // shown.size] if group.size else group,
            "date": dates(ints(pegs["cell"]) % run.days, as_of),
            "line": pegs["line"],
            "quantity": pegs["quantity"],
        }
    ).with_columns(pl.when(pl.col("line") != NOBODY).then("line"))
    return PEGS.check(answer.sort("item", "warehouse", "date", "line", nulls_last=True))


def _with_parents(structure: Structure, items: np.ndarray) -> np.ndarray:
    """The items and all made and phantom items above them."""
    wanted = items.copy()
    parent = np.repeat(np.arange(items.size), np.diff(structure.edges.ptr))
    for level in range(structure.level_ptr.size - 2, 0, -1):
        below = (structure.level[structure.edges.component] == level) & wanted[structure.edges.component]
        wanted[parent[below]] = True
    return wanted


class _Pegging:
    """Cells of all warehouses by one number: (warehouse × items + item) × days + day."""

    def __init__(
        self,
        structure: Structure,
        sold: Configured,
        lines: pl.DataFrame,
        explosion: Explosion,
        netted: Netted,
        wanted: np.ndarray,
    ) -> None:
        self.structure, self.sold, self.wanted, self.netted = structure, sold, wanted, netted
        self.days = int(sold.demand.day.max(initial=0)) + 1
        n = structure.supply.size
        self.place = Positions(np.array(netted.warehouses, np.int64)).find(ints(lines["warehouse"]))
        queue = lines.select("line", "needed_on", "approved_at").sort("needed_on", "approved_at", "line")
        self.queue = queue.select("line", turn=pl.int_range(pl.len()))
        cells, gross = [], []
        for w, found in enumerate(explosion.gross[warehouse] for warehouse in netted.warehouses):
            item = np.repeat(np.arange(n), np.diff(found.ptr))
            keep = wanted[item]
            cells.append(((w * n + item) * self.days + found.day)[keep])
            gross.append(found.quantity[keep])
        self.gross = pl.DataFrame({"cell": _joined(cells), "gross": _joined(gross)})
        group = netted.groups()
        short = netted.rows[6] > 0
        if n:
            short &= (structure.supply == MAKE)[group % n] & wanted[group % n]
        self.short = pl.DataFrame(
            {"cell": group[short] * self.days + netted.rows[0][short], "short": netted.rows[6][short]}
        ).with_columns(item=pl.col("cell") // self.days % max(n, 1))

    def first_level(self) -> pl.DataFrame:
        """Exact shares of lines in cells: quantity at 10^-6, rest at 10^-18."""
        sold, demand = self.sold, self.sold.demand
        lines = np.flatnonzero((demand.quantity > 0) & (self.place >= 0))
        nothing = np.zeros(demand.quantity.size, np.bool_)
        line, edge = kernels.list_components(lines, demand, sold.edges, sold.rules, nothing, self.wanted)
        quantity, rest = explosion_kernels.multiply(demand.quantity[line], edge, sold.edges)
        fine = [
            (i, e, int(demand.quantity[i]) * part * REST)
            for i, e, part in (fine_parts(sold, lines) if sold.fine else ())
        ]
        fine = [(i, e, exact) for i, e, exact in fine if self.wanted[sold.edges.component[e]]]
        more = np.array([exact.numerator // exact.denominator for _, _, exact in fine], np.int64)
        line = np.concatenate([line, np.array([i for i, _, _ in fine], np.int64)])
        edge = np.concatenate([edge, np.array([e for _, e, _ in fine], np.int64)])
        cell = (self.place[line] * self.structure.supply.size + sold.edges.component[edge]) * self.days + demand.day[
            line
        ]
        quantity, rest = np.concatenate([quantity, more // REST]), np.concatenate([rest, more % REST])
        return pl.DataFrame({"cell": cell, "line": sold.line[line], "quantity": quantity, "rest": rest})

    def divide(self, shares: pl.DataFrame) -> pl.DataFrame:
        """Whole 10^-6 units per cell and line that add up to the cell's gross."""
        summed = shares.group_by("cell", "line").agg(pl.col("quantity").sum(), pl.col("rest").sum())
        return (
            summed.with_columns(pl.col("quantity") + pl.col("rest") // REST, pl.col("rest") % REST)
            .join(self.gross, on="cell")
            .sort("cell", "rest", "line", descending=[False, True, False])
            .with_columns(
                missing=pl.col("gross") - pl.col("quantity").sum().over("cell"),
                turn=pl.int_range(pl.len()).over("cell"),
            )
            .select("cell", "line", pl.col("quantity") + (pl.col("turn") < pl.col("missing")).cast(pl.Int64), "gross")
            .filter(pl.col("quantity") > 0)
        )

    def components(self, level: pl.DataFrame, first: int, stop: int) -> pl.DataFrame:
        """Exact shares that the pegs of one level's made and phantom items have in their components' cells."""
        structure = self.structure
        n = max(1, structure.supply.size)
        level = level.with_columns(item=pl.col("cell") // self.days % n)
        supply = pl.Series(structure.supply)
        phantom = level.filter(supply.gather(level["item"]) == PHANTOM).select("cell", "item", "line", "quantity")
        short = self.short.filter(pl.col("item").is_between(first, stop - 1))
        asked = (
            level.filter(supply.gather(level["item"]) == MAKE)
            .join(short.select("cell", "short"), on="cell")
            .join(self.queue, on="line", how="left")
            .sort("cell", "turn", nulls_last=True)
            .with_columns(served=pl.col("gross") - pl.min_horizontal("short", "gross"))
            .with_columns(left=pl.col("quantity").cum_sum().over("cell") - pl.col("served"))
            .select("cell", "item", "line", quantity=pl.min_horizontal("quantity", "left"))
        )
        policy = (
            short.join(self.gross, on="cell", how="left")
            .select("cell", "item", line=pl.lit(NOBODY, pl.Int64), quantity=pl.col("short") - pl.col("gross").fill_null(0))
        )  # fmt: skip
        rows = pl.concat([phantom, asked, policy]).filter(pl.col("quantity") > 0).sort("item")
        item, quantity = ints(rows["item"]), ints(rows["quantity"])
        ptr = np.searchsorted(item, np.arange(structure.supply.size + 1)).astype(np.int64)
        dead = np.zeros(structure.supply.size, np.bool_)
        day = ints(rows["cell"]) % self.days
        exploding = np.flatnonzero(structure.supply[first:stop] != BUY) + first
        lead = np.where(structure.supply == MAKE, ints(structure.items["make_lead_days"]), 0)
        component, needed, edge, row = event_kernels.expand_cells(
            ptr, day, quantity, exploding, lead, structure.edges, dead
        )
        keep = self.wanted[component]
        component, needed, edge, row = component[keep], needed[keep], edge[keep], row[keep]
        amount, rest = explosion_kernels.multiply(quantity[row], edge, structure.edges)
        warehouse = ints(rows["cell"])[row] // self.days // n
        cell = (warehouse * n + component) * self.days + needed
        return pl.DataFrame({"cell": cell, "line": rows["line"].gather(row), "quantity": amount, "rest": rest})


def _joined(parts: list[Ints]) -> Ints:
    return np.concatenate([np.zeros(0, np.int64), *parts])
