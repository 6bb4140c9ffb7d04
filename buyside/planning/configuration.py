"""What one sold line is made of: BOM rows of its variant or product, changed by the rules of its options (ITM-4, ITM-5).

Rules that only add need no look at the rest, so they stay with the compiled loops. Rules that remove, replace or scale give a
line a recipe of its own; lines of one structure, one period of validity and the same rules share it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction

import numpy as np
import polars as pl

from buyside.domain.option_rules import ONE_RESULT, contradict
from buyside.planning import kernels
from buyside.planning.dense import FOREVER, WHOLE_ROOM, Positions, day_numbers, factors, ints, make_edges
from buyside.planning.frames import (
    CONTRADICTIONS,
    LINE_OPTIONS,
    LINES,
    QUANTITY_SCALE,
    RULE_CONDITIONS,
    RULES,
    UNCOVERED_LINES,
    UNCOVERED_OPTIONS,
    Headroom,
    Misfit,
)
from buyside.planning.kernels import MICRO, REST, Demand, Edges, Ints, Rules

BEHAVIOURS = ("remove", "replace", "scale", "add")
NOTHING = "nothing"
"""A rule that changes nothing: it says that its values, or without any its product or variant, need no component (ITM-8)."""


@dataclass(frozen=True, slots=True)
class Part:
    """One component of a sold line: item id, exact quantity per sold unit, the BOM row and the rules that put it there."""

    component: int
    factor: Fraction
    row: int | None
    rules: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One configuration rule, as RULES has it."""

    rule: int
    behaviour: str
    component: int
    replacement: int | None
    quantity: int | None
    priority: int

    @property
    def result(self) -> tuple[int | None, int | None]:
        """What it makes of its component: two rules that differ in it contradict each other."""
        return self.replacement, self.quantity


def in_order(rules: Sequence[Rule]) -> list[Rule]:
    """Rules in order of application: remove, replace, scale, add; within a behaviour by priority, then id (ITM-5)."""
    return sorted(rules, key=lambda rule: (BEHAVIOURS.index(rule.behaviour), rule.priority, rule.rule))


def apply_rules(parts: Sequence[Part], rules: Sequence[Rule]) -> tuple[list[Part], list[tuple[Rule, Rule]]]:
    """Change the parts by rules in order of application: remove, replace, scale, add; then priority; then id.

    A replacement takes over the quantity and scrap of what it replaces; with a quantity of its own it takes that and no
    scrap. Two rules that hold at once, replace or scale the same component that is there, with the same priority and
    another result, contradict each other: they come back as pairs, and the parts are then worth nothing.
    """
    now = list(parts)
    clashes: list[tuple[Rule, Rule]] = []
    group: tuple[str, int] | None = None
    seen: dict[int, Rule] = {}
    for rule in in_order(rules):
        if group != (rule.behaviour, rule.priority):
            group, seen, present = (rule.behaviour, rule.priority), {}, {part.component for part in now}
        if rule.behaviour in ONE_RESULT and rule.component in present:
            other = seen.setdefault(rule.component, rule)
            if contradict(other, rule):
                clashes.append((other, rule))
        now = _apply(now, rule)
    return now, clashes


def _apply(parts: list[Part], rule: Rule) -> list[Part]:
    amount = Fraction(rule.quantity, QUANTITY_SCALE) if rule.quantity is not None else None
    if rule.behaviour == "add":
        assert amount is not None
        return [*parts, Part(rule.component, amount, None, (rule.rule,))]
    if rule.behaviour == "remove":
        return [part for part in parts if part.component != rule.component]
    return [_changed(part, rule, amount) if part.component == rule.component else part for part in parts]


def _changed(part: Part, rule: Rule, amount: Fraction | None) -> Part:
    by = (*part.rules, rule.rule)
    if rule.behaviour == "scale":
        assert amount is not None
        return replace(part, factor=part.factor * amount, rules=by)
    assert rule.replacement is not None
    return Part(rule.replacement, part.factor if amount is None else amount, part.row, by)


@dataclass(frozen=True)
class Configured:
    """Sold lines (sorted by id) with everything that the explosion of their first level needs.

    `edges` are of variants, products, recipes and, behind them, of rules that add; `fine` holds, for a recipe's edge
    whose factor has more than twelve decimals, what the edge leaves out. `blocked` lines stand in `contradictions`.
    """

    line: Ints
    demand: Demand
    edges: Edges
    rules: Rules
    mapped: np.ndarray  # lines known to have a structure even if nothing is left of it
    contradictions: pl.DataFrame
    blocked: np.ndarray
    fine: dict[int, Fraction] = field(default_factory=dict)


def configure(
    lines: pl.DataFrame,
    exploded: Ints,
    options: pl.DataFrame,
    bom: pl.DataFrame,
    rules: pl.DataFrame,
    conditions: pl.DataFrame,
    item_at: Positions,
    as_of: date,
) -> Configured:
    """Find each line's source of BOM rows and the rules that hold for it.

    In     LINES sorted by line, `exploded` beside it, LINE_OPTIONS, BOM, RULES, RULE_CONDITIONS
    Holds  a rule holds for a line of its product and variant that has chosen all its values; a variant's own rows that
           count on the needed-by date go first, else its product's; a line whose product or variant needs nothing is mapped
    Refuses Misfit, Headroom.
    """
    lines, options = LINES.check(lines), LINE_OPTIONS.check(options)
    sold = bom.filter(pl.col("parent_kind") != "item").sort("parent_kind", "parent", "row")
    variants = Positions(np.unique(ints(sold.filter(pl.col("parent_kind") == "variant")["parent"])))
    products = Positions(np.unique(ints(sold.filter(pl.col("parent_kind") == "product")["parent"])))
    own, fallback = variants.find(ints(lines["variant"])), products.find(ints(lines["product"]))
    fallback[fallback >= 0] += variants.ids.size
    source = np.where(
        (sold["parent_kind"] == "variant").to_numpy(),
        variants.find(ints(sold["parent"])),
        products.find(ints(sold["parent"])) + variants.ids.size,
    )
    whole, micro = factors(sold["quantity_per"], sold["scrap_percent"])
    rules, conditions, mapped = _without_nothing(lines, rules, conditions)
    book = _RuleBook(rules, conditions, item_at)
    table = _EdgeTable(
        source, item_at.find(ints(sold["component"])), whole, micro,
        day_numbers(sold["valid_from"], as_of, empty=-FOREVER), day_numbers(sold["valid_to"], as_of, empty=FOREVER),
    )  # fmt: skip
    sources = variants.ids.size + products.ids.size
    needed = day_numbers(lines["needed_on"], as_of)
    option_ptr, option = _chosen(lines, options, book)
    demand = Demand(
        exploded,
        np.maximum(needed, 0),
        needed,
        ints(lines["product"]),
        ints(lines["variant"]),
        own,
        fallback,
        option_ptr,
        option,
    )
    shaped = _Recipes(table, sources, ints(sold["row"]), item_at)
    blocked = np.zeros(lines.height, np.bool_)
    clashes: list[tuple[int, int, int, int]] = []
    if book.rules.structural.any():
        found_ptr, found = kernels.structural_rules(demand, book.rules)
        for i in np.flatnonzero(np.diff(found_ptr)):
            recipe = shaped.of(demand, int(i), [book.row[r] for r in found[found_ptr[i] : found_ptr[i + 1]]])
            if recipe.clashes:
                blocked[i] = True
                clashes += [(int(lines["line"][int(i)]), a.rule, b.rule, a.component) for a, b in recipe.clashes]
            elif recipe.has_rows:
                own[i], fallback[i], mapped[i] = recipe.source, -1, True
    exploded[blocked] = 0
    adds = book.add_edges(item_at)
    edges = shaped.edges_with(adds)
    book.rules.edge[:] = np.where(book.rules.edge >= 0, edges.ptr[-1] + book.rules.edge, -1)
    contradictions = CONTRADICTIONS.empty()
    if clashes:
        contradictions = pl.DataFrame(clashes, schema=CONTRADICTIONS.schema, orient="row").unique().sort(pl.all())
    return Configured(
        ints(lines["line"]), demand, edges, book.rules, mapped, contradictions, blocked, shaped.fine_edges()
    )


def _without_nothing(
    lines: pl.DataFrame, rules: pl.DataFrame, conditions: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, np.ndarray]:
    """The rules that change something, their conditions, and which lines are of a product or variant that needs nothing."""
    rules = RULES.check(rules)
    idle = rules if rules.is_empty() else rules.filter(pl.col("behaviour") == NOTHING)
    if idle.is_empty():
        return rules, conditions, np.zeros(lines.height, np.bool_)
    whole = idle.join(conditions, on="rule", how="anti")
    mapped = lines.select(
        pl.col("variant").is_in(whole["variant"].drop_nulls().implode())
        | pl.col("product").is_in(whole.filter(pl.col("variant").is_null())["product"].drop_nulls().implode())
    ).to_series()
    changing = rules.filter(pl.col("behaviour") != NOTHING)
    return changing, conditions.join(idle, on="rule", how="anti"), np.array(mapped.to_numpy(), np.bool_)


def uncovered_lines(
    lines: pl.DataFrame, exploded: Ints, options: pl.DataFrame, rules: pl.DataFrame, conditions: pl.DataFrame
) -> pl.DataFrame:
    """Values chosen on each line that no rule of its variant, of its product or of all asks about (ITM-8).

    In     LINES, `exploded` beside it, LINE_OPTIONS, RULES, RULE_CONDITIONS
    Out    UNCOVERED_LINES, sorted by variant, option value and line
    """
    if options.is_empty():
        return UNCOVERED_LINES.empty()
    asks = conditions.join(rules.select("rule", "product", "variant"), on="rule")
    general = asks.filter(pl.col("product").is_null() & pl.col("variant").is_null())["option_value"].unique()
    open_options = options.filter(~pl.col("option_value").is_in(general.implode()))
    sold = lines.select("line", "product", "variant", quantity=pl.Series(exploded)).filter(pl.Series(exploded > 0))
    return (
        open_options.join(sold, on="line")
        .join(asks.filter(pl.col("variant").is_not_null()), on=["variant", "option_value"], how="anti")
        .join(
            asks.filter(pl.col("variant").is_null() & pl.col("product").is_not_null()),
            on=["product", "option_value"],
            how="anti",
        )
        .unique(["line", "option_value"])
        .sort("variant", "option_value", "line")
        .pipe(UNCOVERED_LINES.check)
    )


def uncovered_options(
    lines: pl.DataFrame, exploded: Ints, options: pl.DataFrame, rules: pl.DataFrame, conditions: pl.DataFrame
) -> pl.DataFrame:
    """The same by variant, with the number of lines.

    Out    UNCOVERED_OPTIONS, sorted by variant and option value
    """
    by_line = uncovered_lines(lines, exploded, options, rules, conditions)
    if by_line.is_empty():
        return UNCOVERED_OPTIONS.empty()
    return (
        by_line.group_by("variant", "option_value")
        .agg(pl.col("line").n_unique().cast(pl.Int64).alias("lines"))
        .sort("variant", "option_value")
        .pipe(UNCOVERED_OPTIONS.check)
    )


@dataclass(frozen=True)
class _EdgeTable:
    """BOM rows of sold things, one array per column."""

    source: Ints
    component: Ints
    whole: Ints
    micro: Ints
    first: Ints
    last: Ints


class _RuleBook:
    """Rules in order of application, as arrays and as rows."""

    def __init__(self, rules: pl.DataFrame, conditions: pl.DataFrame, item_at: Positions) -> None:
        rules, conditions = RULES.check_key(rules), RULE_CONDITIONS.check_key(conditions)
        if rules.height:
            self._refuse_misfits(rules)
        kind = pl.col("behaviour").replace_strict({name: n for n, name in enumerate(BEHAVIOURS)}, return_dtype=pl.Int64)
        self.frame = rules.sort(kind, "priority", "rule") if rules.height else rules
        item_at.find_all(ints(self.frame["component"]), "RULES")
        item_at.find_all(ints(self.frame["replacement"].drop_nulls()), "RULES")
        at = Positions(ints(self.frame["rule"]))
        rule = at.find_all(ints(conditions["rule"]), "RULE_CONDITIONS")
        self.values = Positions(np.unique(ints(conditions["option_value"])))
        value = self.values.find(ints(conditions["option_value"]))
        order = np.lexsort((value, rule))
        ptr, rows = kernels.group_positions(rule[order], self.frame.height)
        condition = value[order][rows]
        has = np.diff(ptr) > 0
        key = np.full(self.frame.height, self.values.ids.size, np.int64)
        key[has] = condition[ptr[:-1][has]]
        key_ptr, key_rule = kernels.group_positions(key, self.values.ids.size + 1)
        behaviour = self.frame["behaviour"].to_numpy()
        adds = behaviour == "add"
        edge = np.where(adds, np.cumsum(adds) - 1, -1)
        self.rules = Rules(
            key_ptr, key_rule, ptr, condition,
            ints(self.frame["product"].fill_null(-1)), ints(self.frame["variant"].fill_null(-1)), edge, ~adds,
        )  # fmt: skip
        names = ("rule", "behaviour", "component", "replacement", "quantity", "priority")
        self.row = [Rule(*row) for row in self.frame.select(names).iter_rows()]

    @staticmethod
    def _refuse_misfits(rules: pl.DataFrame) -> None:
        strange = rules.filter(~pl.col("behaviour").is_in(list(BEHAVIOURS)))
        if strange.height:
            raise Misfit(f"RULES has the behaviour {strange['behaviour'][0]!r}")
        incomplete = rules.filter(
            (pl.col("behaviour").is_in(["add", "scale"]) & pl.col("quantity").is_null())
            | ((pl.col("behaviour") == "replace") & pl.col("replacement").is_null())
            | pl.col("component").is_null()
        )
        if incomplete.height:
            raise Misfit(f"rule {incomplete['rule'][0]} lacks its component, quantity or replacement")
        if rules.filter(pl.col("quantity") < 0).height:
            raise Misfit("RULES has a negative quantity")

    def add_edges(self, item_at: Positions) -> _EdgeTable:
        """One edge per rule that adds, of no source."""
        adds = self.frame.filter(pl.col("behaviour") == "add")
        whole = ints(adds["quantity"])
        if whole.size and whole.max() > WHOLE_ROOM:
            raise Headroom("a rule adds more than 4.5 million units")
        none, always = np.zeros(adds.height, np.int64), np.full(adds.height, FOREVER, np.int64)
        return _EdgeTable(none - 1, item_at.find(ints(adds["component"])), whole, none, -always, always)


def _chosen(lines: pl.DataFrame, options: pl.DataFrame, book: _RuleBook) -> tuple[Ints, Ints]:
    """Per line the chosen values that some rule asks about, as positions."""
    value = book.values.find(ints(options["option_value"]))
    in_order, ptr, chosen = kernels.listed_in_order(ints(lines["line"]), ints(options["line"]), value)
    if not in_order:
        line = Positions(ints(lines["line"])).find(ints(options["line"]))
        line[value < 0] = -1
        ptr, rows = kernels.group_positions(line, lines.height)
        chosen = value[rows]
    if kernels.has_repeats(ptr, chosen):
        raise Misfit("LINE_OPTIONS has an option value twice on one line")
    return ptr, chosen


@dataclass(frozen=True, slots=True)
class _Recipe:
    source: int
    has_rows: bool
    clashes: list[tuple[Rule, Rule]]


class _Recipes:
    """Structures of lines that rules have changed, made once per distinct case."""

    def __init__(self, table: _EdgeTable, sources: int, rows: Ints, item_at: Positions) -> None:
        self._table, self._sources, self._rows, self._item_at = table, sources, rows, item_at
        self._ptr, self._order = kernels.group_positions(table.source, sources)
        bounds = np.concatenate([table.first, table.last + 1])
        self._turns = np.unique(bounds[np.abs(bounds) < FOREVER])
        self._known: dict[tuple[int, int, int, tuple[int, ...]], _Recipe] = {}
        self._parts: list[tuple[int, Part]] = []
        self._fine: list[tuple[int, Fraction]] = []

    def of(self, demand: Demand, i: int, rules: Sequence[Rule]) -> _Recipe:
        """The recipe of line i under these rules."""
        own, fallback, day = int(demand.own[i]), int(demand.fallback[i]), int(demand.valid_day[i])
        epoch = int(np.searchsorted(self._turns, day, side="right"))
        key = own, fallback, epoch, tuple(rule.rule for rule in rules)
        if key not in self._known:
            rows = self._counting(own, day) or self._counting(fallback, day)
            parts, clashes = apply_rules([self._part(e) for e in rows], rules)
            source = self._sources + len(self._known)
            self._known[key] = _Recipe(source, bool(rows), clashes)
            if not clashes:
                self._parts += [(source, part) for part in parts]
        return self._known[key]

    def edges_with(self, adds: _EdgeTable) -> Edges:
        """All edges: of variants and products, of recipes, and behind them those of no source."""
        count = len(self._parts)
        whole, micro = np.zeros(count, np.int64), np.zeros(count, np.int64)
        for n, (_, part) in enumerate(self._parts):
            exact = part.factor * REST
            floor = exact.numerator // exact.denominator
            if floor // MICRO > WHOLE_ROOM:
                raise Headroom("rules make a quantity per sold unit above 4.5 million")
            whole[n], micro[n] = floor // MICRO, floor % MICRO
            if exact != floor:
                self._fine.append((n, (exact - floor) / REST))
        source = np.array([source for source, _ in self._parts], np.int64)
        component = self._item_at.find(np.array([part.component for _, part in self._parts], np.int64))
        always = np.full(count, FOREVER, np.int64)
        own, made = self._table, _EdgeTable(source, component, whole, micro, -always, always)
        columns = [np.concatenate([getattr(t, name) for t in (own, made, adds)]) for name in _EdgeTable.__annotations__]
        return make_edges(columns[0], self._sources + len(self._known), *columns[1:])

    def fine_edges(self) -> dict[int, Fraction]:
        """By edge of a recipe, what its factor has beyond twelve decimals."""
        first_made = self._table.source.size  # sources of recipes are made in ascending order, behind all BOM rows
        return {first_made + n: rest for n, rest in self._fine}

    def _counting(self, source: int, day: int) -> list[int]:
        if source < 0:
            return []
        rows = self._order[self._ptr[source] : self._ptr[source + 1]]
        return [int(e) for e in rows if self._table.first[e] <= day <= self._table.last[e]]

    def _part(self, e: int) -> Part:
        factor = Fraction(int(self._table.whole[e]) * MICRO + int(self._table.micro[e]), REST)
        return Part(int(self._item_at.ids[self._table.component[e]]), factor, int(self._rows[e]))
