"""A planning run: the steps in order, frames in and frames out. No database, no clock (PLAN-10)."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta

import numpy as np
import polars as pl

from buyside.planning import frames
from buyside.planning.blocks import aside
from buyside.planning.choice import Choice, choose_vendors
from buyside.planning.configuration import Configured, configure, uncovered_lines, uncovered_options
from buyside.planning.coverage import cover_finished_goods
from buyside.planning.dense import ascending, ints
from buyside.planning.explosion import Explosion, explode
from buyside.planning.kernels import Stock
from buyside.planning.lots import plan_lines
from buyside.planning.missing import dead_ends
from buyside.planning.netting import Netted, net, requirements, stock_by_warehouse
from buyside.planning.pegs import peg
from buyside.planning.structure import Structure, order_items

OnStep = Callable[[str], None]
Begin = Callable[[Callable[[], Choice]], Callable[[], Choice]]


@dataclass(frozen=True)
class PlanInputs:
    """Everything that a run reads, one frame each, as frames.py declares them."""

    warehouses: pl.DataFrame
    lines: pl.DataFrame
    line_options: pl.DataFrame
    products: pl.DataFrame
    variant_stock: pl.DataFrame
    items: pl.DataFrame
    bom: pl.DataFrame
    rules: pl.DataFrame
    rule_conditions: pl.DataFrame
    item_stock: pl.DataFrame
    supply: pl.DataFrame
    vendor_items: pl.DataFrame
    prices: pl.DataFrame
    vendors: pl.DataFrame
    vendor_closings: pl.DataFrame
    contracts: pl.DataFrame
    contract_balances: pl.DataFrame
    rates: pl.DataFrame

    @classmethod
    def of(cls, **given: pl.DataFrame) -> "PlanInputs":
        """The frames that are given; the others are empty."""
        return cls(**{f.name: getattr(frames, f.name.upper()).empty() for f in fields(cls)} | given)

    def counts(self) -> dict[str, int]:
        """Rows per frame."""
        return {f.name: getattr(self, f.name).height for f in fields(self)}


@dataclass(frozen=True)
class PlanResults:
    """Everything that a run found, as frames.py declares it; `pegs` only if they were asked for."""

    as_of: date
    coverage: pl.DataFrame
    requirements: pl.DataFrame
    plan_lines: pl.DataFrame
    unmapped: pl.DataFrame
    uncovered_options: pl.DataFrame
    contradictions: pl.DataFrame
    dead_ends: pl.DataFrame
    pegs: pl.DataFrame | None = None


def plan(
    inputs: PlanInputs,
    as_of: date,
    *,
    warehouses: Collection[int] | None = None,
    groups: Collection[int] | None = None,
    horizon_days: int | None = None,
    with_pegs: bool = False,
    on_step: OnStep | None = None,
) -> PlanResults:
    """Plan purchasing as of a day.

    `warehouses` limits the run to some (each plans for itself); `horizon_days` leaves out demand needed more days after the
    as-of date (open supply stays, however late); `groups` limits requirements, plan lines, pegs and dead ends to the items of
    some item groups, calculated as if they were not limited; `on_step` hears the name of each step before it begins
    (cover, explode, net, choose, peg) and cancels the run by raising.
    The same inputs give the same results to the last digit, whatever the order of their rows and the number of cores.
    Refuses Misfit, Cycle, Headroom.
    """
    with aside() as begin:
        return _planned(inputs, as_of, warehouses, groups, horizon_days, with_pegs, on_step or _silent, begin)


def _planned(
    inputs: PlanInputs,
    as_of: date,
    warehouses: Collection[int] | None,
    groups: Collection[int] | None,
    horizon_days: int | None,
    with_pegs: bool,
    say: OnStep,
    begin: Begin,
) -> PlanResults:
    """The same; vendors, which hang on no netting, are chosen beside the steps before."""
    choices: list[Callable[[], Choice]] = []
    basis = basis_of(
        inputs, as_of, warehouses, say, horizon_days,
        lambda structure: choices.append(begin(lambda: chosen(structure, inputs, as_of))),
    )  # fmt: skip
    reported = in_groups(inputs.items, groups)
    structure, netted, stocks, coverage = basis.structure, basis.netted, basis.stocks, basis.coverage
    unmapped, contradictions = unmapped_of(basis), basis.sold.contradictions
    uncovered = uncovered_options(
        basis.lines, ints(coverage["exploded"]), inputs.line_options, inputs.rules, inputs.rule_conditions
    )
    dead = _of_items(dead_ends(structure, basis.explosion, netted, as_of), reported)
    pegging = (basis.sold, basis.lines, basis.explosion) if with_pegs else None
    del (
        basis
    )  # the cells, and all that is known of single lines, are not needed any more: the most memory is taken below
    say("choose")
    lines = _of_items(_sized(structure, netted, stocks, choices[0](), inputs, as_of), reported)
    pegs = None
    if pegging:
        say("peg")
        pegs = peg(structure, *pegging, netted, as_of, reported)
    return PlanResults(
        as_of=as_of,
        coverage=coverage,
        requirements=_of_items(requirements(structure, netted, as_of), reported),
        plan_lines=lines,
        unmapped=unmapped,
        uncovered_options=uncovered,
        contradictions=contradictions,
        dead_ends=dead,
        pegs=pegs,
    )


def ordered(
    structure: Structure, netted: Netted, stocks: Mapping[int, Stock], inputs: PlanInputs, as_of: date
) -> pl.DataFrame:
    """PLAN_LINES of what was netted, all of the items or some of them; `inputs` has what concerns their vendors."""
    return _sized(structure, netted, stocks, chosen(structure, inputs, as_of), inputs, as_of)


def _sized(
    structure: Structure,
    netted: Netted,
    stocks: Mapping[int, Stock],
    choice: Choice,
    inputs: PlanInputs,
    as_of: date,
) -> pl.DataFrame:
    return plan_lines(
        structure, netted, stocks, choice, vendors=inputs.vendors, vendor_closings=inputs.vendor_closings, as_of=as_of
    )


def chosen(structure: Structure, inputs: PlanInputs, as_of: date) -> Choice:
    """The choice of vendors of all items."""
    return choose_vendors(
        structure,
        vendor_items=inputs.vendor_items,
        prices=inputs.prices,
        rates=inputs.rates,
        contracts=inputs.contracts,
        contract_balances=inputs.contract_balances,
        as_of=as_of,
    )


def pegs_of(
    inputs: PlanInputs,
    as_of: date,
    *,
    items: Collection[int] | None = None,
    warehouses: Collection[int] | None = None,
    groups: Collection[int] | None = None,
    horizon_days: int | None = None,
) -> pl.DataFrame:
    """PEGS of some items (None: all) from the inputs of a run, as that run would have given them."""
    return pegging_of(inputs, as_of, warehouses=warehouses, groups=groups, horizon_days=horizon_days)(items)


def pegging_of(
    inputs: PlanInputs,
    as_of: date,
    *,
    warehouses: Collection[int] | None = None,
    groups: Collection[int] | None = None,
    horizon_days: int | None = None,
) -> Callable[[Collection[int] | None], pl.DataFrame]:
    """What gives the same for any items, with all done that does not depend on them."""
    basis = basis_of(inputs, as_of, warehouses, _silent, horizon_days)
    reported = in_groups(inputs.items, groups)

    def of(items: Collection[int] | None) -> pl.DataFrame:
        some = reported if items is None else set(items) if reported is None else reported & set(items)
        return peg(basis.structure, basis.sold, basis.lines, basis.explosion, basis.netted, as_of, some)

    return of


def in_groups(items: pl.DataFrame, groups: Collection[int] | None) -> set[int] | None:
    """The items of some item groups; None where they are not limited."""
    if groups is None:
        return None
    return set(items.filter(pl.col("group").is_in(sorted(groups)))["item"].to_list())


def _of_items(rows: pl.DataFrame, items: Collection[int] | None) -> pl.DataFrame:
    return rows if items is None else rows.filter(pl.col("item").is_in(sorted(items)))


@dataclass(frozen=True)
class Missing:
    """What a run of these inputs could not map, line by line (ITM-8), as frames.py declares it."""

    lines: pl.DataFrame
    unmapped: pl.DataFrame
    uncovered: pl.DataFrame
    contradictions: pl.DataFrame
    dead_ends: pl.DataFrame


def missing(
    inputs: PlanInputs,
    as_of: date,
    *,
    warehouses: Collection[int] | None = None,
    groups: Collection[int] | None = None,
    horizon_days: int | None = None,
) -> Missing:
    """What plan() would report of these inputs, and nothing of what it would order. `lines`: LINES in scope, sorted by line.

    Refuses Misfit, Cycle, Headroom.
    """
    basis = basis_of(inputs, as_of, warehouses, _silent, horizon_days)
    return Missing(
        lines=basis.lines,
        unmapped=unmapped_of(basis),
        uncovered=uncovered_lines(
            basis.lines, ints(basis.coverage["exploded"]), inputs.line_options, inputs.rules, inputs.rule_conditions
        ),
        contradictions=basis.sold.contradictions,
        dead_ends=_of_items(
            dead_ends(basis.structure, basis.explosion, basis.netted, as_of), in_groups(inputs.items, groups)
        ),
    )


@dataclass(frozen=True)
class Basis:
    """What netting found, and what it stands on. `lines` and `coverage` are sorted by line."""

    structure: Structure
    lines: pl.DataFrame
    coverage: pl.DataFrame
    sold: Configured
    stocks: dict[int, Stock]
    explosion: Explosion
    netted: Netted


def unmapped_of(basis: Basis) -> pl.DataFrame:
    """UNMAPPED: the lines with a rest that nothing gives a component to."""
    left = basis.lines.with_columns(basis.coverage["exploded"].alias("quantity"))
    return frames.UNMAPPED.check(left.filter(pl.Series(basis.explosion.unmapped)))


def basis_of(
    inputs: PlanInputs,
    as_of: date,
    warehouses: Collection[int] | None,
    say: OnStep,
    horizon_days: int | None = None,
    on_structure: Callable[[Structure], object] | None = None,
) -> Basis:
    """Everything up to netting; `on_structure` gets the structure as soon as it stands. Refuses Misfit, Cycle, Headroom."""
    say("cover")
    lines = frames.LINES.check(inputs.lines)
    if not ascending(lines["line"]):
        lines = frames.LINES.check_key(lines).sort("line")
    if warehouses is not None:
        lines = lines.filter(pl.col("warehouse").is_in(sorted(warehouses)))
    if horizon_days is not None:
        lines = lines.filter(pl.col("needed_on") <= as_of + timedelta(days=horizon_days))
    if not lines["warehouse"].is_in(inputs.warehouses["warehouse"].implode()).all():
        raise frames.Misfit("LINES names a warehouse that is not there")
    with aside() as begin:
        ordering = begin(lambda: order_items(inputs.items, inputs.bom, as_of))
        coverage = cover_finished_goods(lines, inputs.products, inputs.variant_stock)
        say("explode")
        structure = ordering()
        if on_structure:
            on_structure(structure)
        stocking = begin(
            lambda: stock_by_warehouse(
                structure, inputs.warehouses, inputs.item_stock, inputs.supply, as_of, warehouses
            )
        )
        exploded = np.array(ints(coverage["exploded"]))
        sold = configure(
            lines, exploded, inputs.line_options, inputs.bom, inputs.rules, inputs.rule_conditions, structure.at, as_of
        )
        stocks = stocking()
    explosion = explode(structure, sold, ints(lines["warehouse"]), stocks)
    say("net")
    netted = net(structure, explosion.cells, stocks)
    return Basis(structure, lines, coverage, sold, stocks, explosion, netted)


def _silent(_step: str) -> None:
    """Nobody listens."""
