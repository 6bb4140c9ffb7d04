"""Demand of today that no row and no rule turns into anything to buy or make: nothing is dropped in silence (ITM-8).

Calculated by the planning over today's demand, stock and structure, so that the queue says what the next run would say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlmodel import Session, col

from buyside.db.demand import SalesOrder, SalesOrderLine
from buyside.db.structure import OptionRule, OptionValue, Product, Variant
from buyside.domain.access import Actor, Permission, needs
from buyside.queries.answers import columns, each_as
from buyside.queries.demand import open_demand
from buyside.queries.structure_explorer import items_of
from buyside.queries.structure_rules import RuleRow, rules_of

if TYPE_CHECKING:  # the engine is loaded by the first look at the queue, not by whoever may look
    from buyside.planning.run import Missing

_READ = (
    *("warehouses", "lines", "line_options", "products", "variant_stock", "items", "bom", "rules", "rule_conditions"),
    *("item_stock", "supply"),
)
LINES_LIMIT = 100


class Gap(StrEnum):
    """Why demand waits."""

    VARIANT = "variant"
    """No row and no rule gives a variant a component: its lines are blocked."""
    OPTION = "option"
    """No rule asks about a chosen value: what it may need is not planned."""
    CONTRADICTION = "contradiction"
    """Two rules hold at once and want different things: the lines are blocked."""
    ITEM = "item"
    """A made or phantom item has no row on the day: what it would take is not planned."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One reason, and the demand that waits for it. Quantity in sold units, for an item in its stock units."""

    key: str
    gap: Gap
    code: str
    """The variant, the product of the option, or the item."""
    name: str
    option: str
    """As in "Colour=Red", for an option."""
    product: str
    rules: tuple[RuleRow, ...]
    """The two that contradict each other, about `component`."""
    component: str
    lines: int
    variants: tuple[str, ...]
    quantity: Decimal
    first_needed_by: date
    blocks: bool
    line_ids: tuple[int, ...]
    """The first of its lines by date, at most LINES_LIMIT."""


@dataclass(frozen=True, slots=True)
class UnmappedQueue:
    """Everything that waits, what blocks first, then by date. `open_lines`: how much demand was looked at."""

    as_of: date
    open_lines: int
    waiting: tuple[Waiting, ...]

    @property
    def blocked_lines(self) -> int:
        """Lines of demand that stand in no requirement, as far as their lines are known."""
        return sum(each.lines for each in self.waiting if each.gap in (Gap.VARIANT, Gap.CONTRADICTION))


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """A sold line that waits; its customer only for those who may see demand."""

    id: int
    sales_order: str
    line_number: int
    customer: str
    sku: str
    open: Decimal
    needed_by: date


@needs(Permission.STRUCTURE_VIEW)
def unmapped_queue(session: Session, actor: Actor, *, today: date) -> UnmappedQueue:
    """What the next run could not map, from all open approved lines as they are committed now.

    Refuses: BomInCircle, NumbersTooLarge.
    """
    from buyside.planning.frames import Cycle, Headroom
    from buyside.planning.run import missing
    from buyside.queries.arrow_reader import arrow_reader
    from buyside.queries.plan_results import BomInCircle, NumbersTooLarge
    from buyside.queries.planning import read_inputs

    with arrow_reader(session) as reader:
        inputs = read_inputs(reader, only=_READ)
    try:
        found = missing(inputs, today)
    except Cycle as circle:
        names = items_of(session, circle.path)
        raise BomInCircle(path=" › ".join(names[each].code for each in circle.path)) from None
    except Headroom as problem:
        raise NumbersTooLarge(what=str(problem)) from None
    groups = [*_variants(session, found), *_options(session, found), *_contradictions(session, found)]
    groups += _items(session, found)
    groups.sort(key=lambda each: (not each.blocks, each.first_needed_by, each.gap, each.code, each.option))
    return UnmappedQueue(today, found.lines.height, tuple(groups))


@needs(Permission.STRUCTURE_VIEW)
def waiting_lines(session: Session, actor: Actor, *, line_ids: tuple[int, ...]) -> tuple[WaitingLine, ...]:
    """Sold lines by id, the first needed first; at most LINES_LIMIT. Without the right to see demand, without the customer."""
    statement = (
        columns(
            id=col(SalesOrderLine.id),
            sales_order=col(SalesOrder.number),
            line_number=col(SalesOrderLine.line_number),
            customer=col(SalesOrder.customer),
            sku=col(Variant.sku),
            open=open_demand(),
            needed_by=col(SalesOrderLine.needed_by),
        )
        .select_from(SalesOrderLine)
        .join(SalesOrder, col(SalesOrder.id) == col(SalesOrderLine.order_id))
        .join(Variant, col(Variant.id) == col(SalesOrderLine.variant_id))
        .where(col(SalesOrderLine.id).in_(line_ids[:LINES_LIMIT]))
        .order_by(col(SalesOrderLine.needed_by), col(SalesOrderLine.id))
    )
    sees = actor.may(Permission.DEMAND_VIEW)

    def made(**row: Any) -> WaitingLine:
        return WaitingLine(**(row if sees else row | {"customer": ""}))

    return tuple(each_as(session, made, statement))


@needs(Permission.STRUCTURE_VIEW)
def free_rule_code(session: Session, actor: Actor, *, stem: str) -> str:
    """A code for a new rule that no rule has: the stem, else the stem with the first free number behind it."""
    taken = set(
        session.scalars(select(col(OptionRule.code)).where(col(OptionRule.code).startswith(stem, autoescape=True)))
    )
    numbered = (f"{stem}-{number}" for number in range(2, len(taken) + 3))
    return next(each for each in (stem, *numbered) if each not in taken)


@dataclass(slots=True)
class _Sum:
    """Lines of one group as they are added up."""

    quantity: int = 0
    lines: list[tuple[date, int]] | None = None
    variants: set[int] | None = None

    def add(self, line: int, variant: int, quantity: int, needed_on: date) -> None:
        self.quantity += quantity
        self.lines = self.lines or []
        self.lines.append((needed_on, line))
        self.variants = (self.variants or set()) | {variant}

    def columns(self, skus: dict[int, str]) -> dict[str, Any]:
        ordered = sorted(self.lines or [])
        return {
            "lines": len(ordered),
            "variants": tuple(sorted(skus[each] for each in self.variants or ())),
            "quantity": Decimal(self.quantity).scaleb(-6),
            "first_needed_by": ordered[0][0],
            "line_ids": tuple(line for _, line in ordered[:LINES_LIMIT]),
        }


def _sums(rows: Iterable[tuple[Any, ...]]) -> dict[Any, _Sum]:
    """By the first of each row: (key, line, variant, quantity, needed on)."""
    sums: dict[Any, _Sum] = defaultdict(_Sum)
    for key, *line in rows:
        sums[key].add(*line)
    return sums


def _skus(session: Session, variant_ids: Iterable[int]) -> dict[int, tuple[str, str, str]]:
    """SKU, name and product of variants."""
    wanted = set(variant_ids)
    if not wanted:
        return {}
    found = session.execute(
        select(col(Variant.id), col(Variant.sku), col(Variant.name), col(Product.code))
        .join(Product, col(Product.id) == col(Variant.product_id))
        .where(col(Variant.id).in_(wanted))
    )
    return {id_: (sku, name, product) for id_, sku, name, product in found}


def _variants(session: Session, found: Missing) -> list[Waiting]:
    rows = found.unmapped.join(found.lines.select("line", "needed_on"), on="line")
    sums = _sums(
        (variant, line, variant, quantity, on)
        for line, variant, quantity, on in rows.select("line", "variant", "quantity", "needed_on").iter_rows()
    )
    names = _skus(session, sums)
    return [
        Waiting(
            key=f"v{variant}", gap=Gap.VARIANT, code=names[variant][0], name=names[variant][1], option="",
            product=names[variant][2], rules=(), component="", blocks=True,
            **sums[variant].columns({variant: names[variant][0]}),
        )
        for variant in sums
    ]  # fmt: skip


def _options(session: Session, found: Missing) -> list[Waiting]:
    rows = found.uncovered.join(found.lines.select("line", "needed_on"), on="line")
    picked = ("product", "option_value", "line", "variant", "quantity", "needed_on")
    sums = _sums(((product, value), *line) for product, value, *line in rows.select(picked).iter_rows())
    if not sums:
        return []
    names = _skus(session, (variant for each in sums.values() for variant in each.variants or ()))
    skus = {variant: name[0] for variant, name in names.items()}
    products = {
        id_: (code, name)
        for id_, code, name in session.execute(
            select(col(Product.id), col(Product.code), col(Product.name)).where(
                col(Product.id).in_({product for product, _ in sums})
            )
        )
    }
    values = {
        id_: f"{group}={value}"
        for id_, group, value in session.execute(
            select(col(OptionValue.id), col(OptionValue.group_name), col(OptionValue.value)).where(
                col(OptionValue.id).in_({value for _, value in sums})
            )
        )
    }
    return [
        Waiting(
            key=f"o{product}-{value}", gap=Gap.OPTION, code=products[product][0], name=products[product][1],
            option=values[value], product=products[product][0], rules=(), component="", blocks=False,
            **each.columns(skus),
        )
        for (product, value), each in sums.items()
    ]  # fmt: skip


def _contradictions(session: Session, found: Missing) -> list[Waiting]:
    rows = found.contradictions.join(found.lines, on="line")
    picked = ("rule", "other_rule", "component", "line", "variant", "quantity", "needed_on")
    sums = _sums(((rule, other, part), *line) for rule, other, part, *line in rows.select(picked).iter_rows())
    rules = rules_of(session, {number for rule, other, _ in sums for number in (rule, other)})
    items = items_of(session, {part for _, _, part in sums})
    names = _skus(session, (variant for each in sums.values() for variant in each.variants or ()))
    skus = {variant: name[0] for variant, name in names.items()}
    return [
        Waiting(
            key=f"c{rule}-{other}-{part}", gap=Gap.CONTRADICTION, code=items[part].code, name=items[part].name,
            option="", product="", rules=(rules[rule], rules[other]), component=items[part].code, blocks=True,
            **each.columns(skus),
        )
        for (rule, other, part), each in sums.items()
    ]  # fmt: skip


def _items(session: Session, found: Missing) -> list[Waiting]:
    quantity: dict[int, int] = defaultdict(int)
    first: dict[int, date] = {}
    for item, on, amount in found.dead_ends.select("item", "date", "quantity").iter_rows():
        quantity[item] += amount
        first[item] = min(on, first.get(item, on))
    names = items_of(session, quantity)
    return [
        Waiting(
            key=f"i{item}", gap=Gap.ITEM, code=names[item].code, name=names[item].name, option="", product="", rules=(),
            component="", lines=0, variants=(), quantity=Decimal(amount).scaleb(-6), first_needed_by=first[item],
            blocks=False, line_ids=(),
        )
        for item, amount in quantity.items()
    ]  # fmt: skip
