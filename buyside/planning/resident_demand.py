"""What sold lines ask of items, exactly, for the few lines that a change touches (PLAN-3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import numpy as np
import polars as pl

from buyside.planning import explosion_kernels, kernels
from buyside.planning.configuration import Configured, configure
from buyside.planning.dense import ints
from buyside.planning.explosion import fine_parts
from buyside.planning.kernels import REST, Ints
from buyside.planning.resident_cells import Events, joined, negative
from buyside.planning.structure import Structure

Fine = Mapping[tuple[int, int], Fraction]
"""By item position and day, what the lines' factors with more than twelve decimals add, in 10^-18 units."""


@dataclass(frozen=True)
class Asked:
    """What lines ask of the items of one warehouse: differences, fine parts, and upper bounds of what is added."""

    parts: tuple[Events, ...]
    fine: Fine
    added: tuple[tuple[Ints, np.ndarray], ...]

    def plus(self, other: "Asked", sign: int) -> "Asked":
        """Together with what others ask, or less it."""
        fine = dict(self.fine)
        for key, more in other.fine.items():
            fine[key] = fine.get(key, Fraction(0)) + sign * more
        if sign < 0:
            return Asked((*self.parts, *map(negative, other.parts)), fine, self.added)
        return Asked((*self.parts, *other.parts), fine, (*self.added, *other.added))

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


def asked_by(
    structure: Structure, lines: pl.DataFrame, options: pl.DataFrame, bom: pl.DataFrame, rules: pl.DataFrame,
    conditions: pl.DataFrame, as_of: date,
) -> dict[int, Asked]:  # fmt: skip
    """What some lines ask of items, by warehouse.

    In     LINES with `exploded`, sorted by line; LINE_OPTIONS of them; the BOM rows of sold things; RULES, RULE_CONDITIONS
    """
    if not lines.height:
        return {}
    rules, conditions = _rules_for(lines, options, rules, conditions)
    bom = bom.filter(
        ((pl.col("parent_kind") == "variant") & pl.col("parent").is_in(lines["variant"].unique().implode()))
        | ((pl.col("parent_kind") == "product") & pl.col("parent").is_in(lines["product"].unique().implode()))
    )
    exploded = np.array(ints(lines["exploded"]))
    sold = configure(lines, exploded, options, bom, rules, conditions, structure.at, as_of)
    wanted, mapped = np.ones(structure.supply.size, np.bool_), sold.mapped.copy()
    at = ints(lines["warehouse"])
    answer = {}
    for warehouse in np.unique(at).tolist():
        some = np.flatnonzero((at == warehouse) & (sold.demand.quantity > 0))
        line, edge = kernels.list_components(some, sold.demand, sold.edges, sold.rules, mapped, wanted)
        item, day = sold.edges.component[edge], sold.demand.day[line]
        units, rests = explosion_kernels.multiply(sold.demand.quantity[line], edge, sold.edges)
        answer[warehouse] = Asked(((item, day, units, rests),), fine_cells(sold, some), ((item, units + 1.0),))
    return answer


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
