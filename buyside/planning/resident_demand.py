"""What sold lines ask of items, exactly, for the few lines that a change touches, and which of them nothing answers (PLAN-3, ITM-8)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import numpy as np
import polars as pl

from buyside.planning import explosion_kernels, kernels
from buyside.planning.configuration import Configured, configure
from buyside.planning.dense import ints
from buyside.planning.explosion import fine_parts
from buyside.planning.frames import CONTRADICTIONS, COVERAGE, UNMAPPED
from buyside.planning.kernels import REST, Ints
from buyside.planning.resident_cells import Events, joined, negative
from buyside.planning.resident_inputs import GroupedInputs, Moved
from buyside.planning.run import Basis, unmapped_of
from buyside.planning.structure import Structure

Fine = Mapping[tuple[int, int], Fraction]
"""By item position and day, what the lines' factors with more than twelve decimals add, in 10^-18 units."""


@dataclass(frozen=True)
class Asked:
    """What lines ask of the items of one warehouse: differences, fine parts, and upper bounds of what is added."""

    parts: tuple[Events, ...]
    fine: Fine
    added: tuple[tuple[Ints, np.ndarray], ...]

    def events(self, fine: Fine) -> tuple[Events, Fine]:
        """The differences, and the fine parts after them: of these only whole 10^-18 stand in a cell."""
        if not self.fine:
            return joined(self.parts), fine
        now = dict(fine)
        more = []
        for (item, day), difference in self.fine.items():
            before = now.get((item, day), Fraction(0))
            now[item, day] = before + difference
            whole = _floor(now[item, day]) - _floor(before)
            more.append((item, day, whole // REST, whole % REST))
        columns = np.array(more, np.int64).reshape(-1, 4).T
        return joined([*self.parts, (columns[0], columns[1], columns[2], columns[3])]), now


NOTHING_ASKED = Asked((), {}, ())


@dataclass(frozen=True)
class Lost:
    """Lines that stand in no requirement, as a run tells of them: UNMAPPED and CONTRADICTIONS, each sorted."""

    unmapped: pl.DataFrame
    contradictions: pl.DataFrame

    @classmethod
    def of(cls, basis: Basis) -> "Lost":
        """Those of a run."""
        return cls(unmapped_of(basis), basis.sold.contradictions)

    def after(self, lines: pl.Series, now: "Lost") -> "Lost":
        """The same when some lines were asked again."""
        if not lines.len():
            return self

        def changed(before: pl.DataFrame, after: pl.DataFrame, key: list[str]) -> pl.DataFrame:
            left = before.filter(~pl.col("line").is_in(lines.implode()))
            if left.height == before.height and not after.height:
                return before
            return pl.concat([left, after]).sort(key)

        return Lost(
            changed(self.unmapped, now.unmapped, ["line"]),
            changed(self.contradictions, now.contradictions, list(CONTRADICTIONS.columns)),
        )


NOTHING_LOST = Lost(UNMAPPED.empty(), CONTRADICTIONS.empty())


@dataclass(frozen=True)
class Demanded:
    """What a change of lines means: by warehouse what they ask more, their COVERAGE before and after, the ids of lines that ask
    otherwise, and which of those stand in no requirement now."""

    asked: Mapping[int, Asked]
    before: pl.DataFrame
    after: pl.DataFrame
    lines: pl.Series
    lost: Lost


_NO_LINES = pl.Series("line", [], pl.Int64)


def demanded(structure: Structure, before: GroupedInputs, after: GroupedInputs, moved: Moved) -> Demanded:
    """What lines ask of items before and after a change, where it is not the same."""
    reopened = moved.get("line_options", np.zeros(0, np.int64))
    variants = {
        *moved.get("lines", ()), *moved.get("variant_stock", ()),
        *before.tables["lines"].groups_of(reopened), *after.tables["lines"].groups_of(reopened),
    }  # fmt: skip
    if not variants:
        return Demanded({}, COVERAGE.empty(), COVERAGE.empty(), _NO_LINES, NOTHING_LOST)
    sides = [side.covered(variants) for side in (before, after)]
    same = ["line", "product", "variant", "warehouse", "needed_on", "exploded"]
    differing, told = [], []
    for k, side in enumerate((before, after)):
        lines, other = sides[k][0], sides[1 - k][0]
        differs = pl.concat(
            [
                lines.join(other, on=same, how="anti").select("line"),
                lines.select("line").filter(pl.col("line").is_in(reopened.tolist())),
            ]
        )
        told.append(differs["line"])
        lines = lines.join(differs, on="line", how="semi").filter(pl.col("exploded") > 0)
        differing.append((lines, side.tables["line_options"].rows(lines["line"].to_list())))
    fixed = before.fixed
    asked, lost = asked_more(
        structure, differing, fixed["sold_bom"], fixed["rules"], fixed["rule_conditions"], before.as_of
    )
    return Demanded(asked, sides[0][1], sides[1][1], pl.concat(told).unique(), lost)


def asked_more(
    structure: Structure, sides: Sequence[tuple[pl.DataFrame, pl.DataFrame]], bom: pl.DataFrame, rules: pl.DataFrame,
    conditions: pl.DataFrame, as_of: date,
) -> tuple[dict[int, Asked], Lost]:  # fmt: skip
    """What some lines ask of items now more than they did, by warehouse, and which of them ask nothing now.

    In     before and after: LINES with `exploded`, and LINE_OPTIONS of them; the BOM rows of sold things; RULES, RULE_CONDITIONS
    """
    # Both sides go through the configuration together: a line that was is an even number there, one that is an odd one.
    numbered = [[part.with_columns(line=pl.col("line") * 2 + k) for part in side] for k, side in enumerate(sides)]
    lines, options = (pl.concat(parts) for parts in zip(*numbered, strict=True))
    if not lines.height:
        return {}, NOTHING_LOST
    lines = lines.sort("line")
    rules, conditions = _rules_for(lines, options, rules, conditions)
    bom = bom.filter(
        ((pl.col("parent_kind") == "variant") & pl.col("parent").is_in(lines["variant"].unique().implode()))
        | ((pl.col("parent_kind") == "product") & pl.col("parent").is_in(lines["product"].unique().implode()))
    )
    exploded = np.array(ints(lines["exploded"]))
    sold = configure(lines, exploded, options, bom, rules, conditions, structure.at, as_of)
    wanted, mapped = np.ones(structure.supply.size, np.bool_), sold.mapped.copy()
    at, is_new = ints(lines["warehouse"]), (ints(lines["line"]) & 1).astype(np.bool_)
    answer = {}
    for warehouse in np.unique(at).tolist():
        parts: list[Events] = []
        fine: dict[tuple[int, int], Fraction] = {}
        added = []
        for now in (False, True):
            some = np.flatnonzero((at == warehouse) & (is_new == now) & (sold.demand.quantity > 0))
            line, edge = kernels.list_components(some, sold.demand, sold.edges, sold.rules, mapped, wanted)
            item, day = sold.edges.component[edge], sold.demand.day[line]
            units, rests = explosion_kernels.multiply(sold.demand.quantity[line], edge, sold.edges)
            events = item, day, units, rests
            parts.append(events if now else negative(events))
            for key, more in fine_cells(sold, some).items():
                fine[key] = fine.get(key, Fraction(0)) + (more if now else -more)
            if now:
                added.append((item, units + 1.0))
        answer[warehouse] = Asked(tuple(parts), fine, tuple(added))
    return answer, _lost(lines, sold, mapped, is_new)


def _lost(lines: pl.DataFrame, sold: Configured, mapped: np.ndarray, is_new: np.ndarray) -> Lost:
    """Those of the lines as they are now that stand in no requirement."""
    numbered = lines.select(pl.col("line") // 2, "product", "variant", pl.col("exploded").alias("quantity"))
    unmapped = ~mapped & ~sold.blocked & is_new & (sold.demand.quantity > 0)
    contradictions = sold.contradictions.filter(pl.col("line") % 2 == 1).with_columns(pl.col("line") // 2)
    return Lost(UNMAPPED.check(numbered.filter(pl.Series(unmapped))), contradictions)


def _rules_for(
    lines: pl.DataFrame, options: pl.DataFrame, rules: pl.DataFrame, conditions: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rules that could hold for some lines, and their conditions."""
    unmet = conditions.filter(~pl.col("option_value").is_in(options["option_value"].unique().implode()))["rule"]
    some = rules.filter(
        ~pl.col("rule").is_in(unmet.unique().implode())
        & (pl.col("product").is_null() | pl.col("product").is_in(lines["product"].unique().implode()))
        & (pl.col("variant").is_null() | pl.col("variant").is_in(lines["variant"].unique().implode()))
    )
    return some, conditions.filter(pl.col("rule").is_in(some["rule"].implode()))


def _floor(number: Fraction) -> int:
    return number.numerator // number.denominator


def fine_cells(sold: Configured, lines: Ints) -> dict[tuple[int, int], Fraction]:
    """By item and day, what factors with more than twelve decimals add for some lines."""
    exact: dict[tuple[int, int], Fraction] = {}
    for i, edge, rest in fine_parts(sold, lines) if sold.fine else ():
        key = int(sold.edges.component[edge]), int(sold.demand.day[i])
        exact[key] = exact.get(key, Fraction(0)) + int(sold.demand.quantity[i]) * rest * REST
    return exact
