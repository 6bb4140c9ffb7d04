"""What any configuration explodes into, and which row or rule put each component there (ITM-6).

Calculated by the planning itself, as if the configuration were the only line sold and nothing were in stock: the levels by what
explains a line of a plan, the totals, contradictions and gaps by a run over that one line.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from buyside.db.items import Item, Unit
from buyside.db.structure import BomRow, OptionValue, Product, ProductOption, Variant
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.refusals import NotFound, NotPositive, Refused
from buyside.queries.answers import columns, each_as
from buyside.queries.structure_rules import RuleRow, rules_of
from buyside.queries.structure_ways import parent_kind

if TYPE_CHECKING:  # the engine is loaded by the first configuration, not by whoever may try one
    import polars as pl

    from buyside.planning.run import PlanInputs

_LINE, _WAREHOUSE = 1, 1
_READ = ("items", "bom", "rules", "rule_conditions")
MOST_QUANTITY = Decimal(1_000_000)
LINES_LIMIT = 2_000
"""Lines that are listed of one configuration; its totals count all of them."""


class OptionNotOffered(Refused):
    code, field = "structure.option-not-offered", "options"
    says = "{product} does not offer {option}."


class QuantityTooLarge(Refused):
    code, field = "structure.quantity-too-large", "quantity"
    says = "Try at most {most} at once."


@dataclass(frozen=True, slots=True)
class Offer:
    """An option value that a product offers."""

    id: int
    group: str
    value: str


@dataclass(frozen=True, slots=True)
class Sellable:
    """A variant with what its product offers, in order of group and value."""

    variant_id: int
    sku: str
    name: str
    product: str
    product_name: str
    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class ItemName:
    """An item as lists show it."""

    id: int
    code: str
    name: str
    supply: str
    unit: str


@dataclass(frozen=True, slots=True)
class RowName:
    """A row of a bill of material by what it belongs to; quantities in stock units."""

    id: int
    parent_kind: str
    parent: str
    quantity_per: Decimal
    scrap_percent: Decimal
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class ExplodedLine:
    """One component on one level. `per_unit` and `quantity` in stock units: of one sold, and of all."""

    place: int
    parent_place: int | None
    depth: int
    item: ItemName
    row: RowName | None
    rules: tuple[RuleRow, ...]
    needed_on: date
    per_unit: Decimal
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class ItemTotal:
    """What all of the configuration takes of one bought or made item, rounded once per date as a run does."""

    item: ItemName
    quantity: Decimal
    first_needed_on: date


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two rules that hold at once and want different things of one component: a run blocks such a line."""

    component: str
    rule: RuleRow
    other: RuleRow


@dataclass(frozen=True, slots=True)
class ExplodedConfiguration:
    """A configuration exploded. With contradictions there are neither lines nor totals: the planning would not guess."""

    sku: str
    name: str
    quantity: Decimal
    needed_on: date
    chosen: tuple[Offer, ...]
    lines: tuple[ExplodedLine, ...]
    is_cut: bool
    """There are more lines than are listed."""
    totals: tuple[ItemTotal, ...]
    holding: tuple[RuleRow, ...]
    """Every rule that holds, in order of application; those that remove leave no line behind."""
    contradictions: tuple[Contradiction, ...]
    uncovered: tuple[Offer, ...]
    """Chosen values that no rule asks about."""
    is_unmapped: bool
    dead_ends: tuple[ItemName, ...]
    """Made and phantom items in it that have no row on their day."""


@needs(Permission.STRUCTURE_VIEW)
def sellable(session: Session, actor: Actor, *, sku: str) -> Sellable:
    """A variant and the values that it may be sold with. Refuses: NotFound."""
    found = session.execute(
        columns(
            variant_id=col(Variant.id), product_id=col(Product.id), sku=col(Variant.sku), name=col(Variant.name),
            product=col(Product.code), product_name=col(Product.name),
        )
        .join(Product, col(Product.id) == col(Variant.product_id))
        .where(col(Variant.sku) == sku)
    ).mappings().one_or_none()  # fmt: skip
    if found is None:
        raise NotFound(kind="variant")
    named = {name: value for name, value in found.items() if name != "product_id"}
    return Sellable(**named, offers=tuple(_offers(session, found["product_id"])))


@needs(Permission.STRUCTURE_VIEW)
def first_variant(session: Session, actor: Actor, *, product: str) -> str:
    """The SKU of a product's first variant; empty where there is none."""
    found = session.execute(
        select(func.min(Variant.sku))
        .join(Product, col(Product.id) == col(Variant.product_id))
        .where(col(Product.code) == product)
    ).scalar_one()
    return found or ""


def _offers(session: Session, product_id: int) -> list[Offer]:
    return each_as(
        session,
        Offer,
        columns(id=col(OptionValue.id), group=col(OptionValue.group_name), value=col(OptionValue.value))
        .join(ProductOption, col(ProductOption.option_value_id) == col(OptionValue.id))
        .where(col(ProductOption.product_id) == product_id)
        .order_by(col(OptionValue.group_name), col(OptionValue.value)),
    )


@needs(Permission.STRUCTURE_VIEW)
def explode_configuration(
    session: Session,
    actor: Actor,
    *,
    sku: str,
    options: tuple[int, ...],
    quantity: Decimal,
    needed_on: date,
    today: date,
) -> ExplodedConfiguration:
    """Explode `quantity` of a variant with some option values, needed on a day, as planned today.

    Sees what is committed. Refuses: NotFound, NotPositive, QuantityTooLarge, OptionNotOffered, BomInCircle, NumbersTooLarge.
    """
    from buyside.planning.explain import structure_of
    from buyside.planning.frames import Cycle, Headroom
    from buyside.planning.run import plan
    from buyside.queries.plan_results import BomInCircle, NumbersTooLarge

    sold = sellable(session, actor, sku=sku)
    if quantity <= 0:
        raise NotPositive(field="quantity")
    if quantity > MOST_QUANTITY:
        raise QuantityTooLarge(most=f"{MOST_QUANTITY:,}")
    offered = {each.id: each for each in sold.offers}
    for number in options:
        if number not in offered:
            raise OptionNotOffered(product=sold.product, option=_option_name(session, number))
    chosen = tuple(offered[number] for number in sorted(set(options)))
    product_id = session.execute(select(col(Variant.product_id)).where(col(Variant.id) == sold.variant_id)).scalar_one()
    inputs = _inputs(session, sold.variant_id, product_id, [each.id for each in chosen], quantity, needed_on)
    try:
        found = plan(inputs, today)
        clashes = found.contradictions.rows(named=True)
        levels = (
            []
            if clashes
            else structure_of(
                inputs.lines, inputs.line_options, inputs.items, inputs.bom, inputs.rules, inputs.rule_conditions,
                line=_LINE, as_of=today, most=LINES_LIMIT + 1,
            ).rows(named=True)
        )  # fmt: skip
    except Cycle as circle:
        names = items_of(session, circle.path)
        raise BomInCircle(path=" › ".join(names[each].code for each in circle.path)) from None
    except Headroom as problem:
        raise NumbersTooLarge(what=str(problem)) from None
    totals = [] if clashes else _totals(found.requirements)
    dead = sorted(set(found.dead_ends["item"].to_list()))
    holding = _holding(inputs, product_id, sold.variant_id, {each.id for each in chosen})
    names = items_of(session, {*(each["component"] for each in levels), *(each[0] for each in totals), *dead})
    rows = rows_of(session, {each["row"] for each in levels if each["row"] is not None})
    rules = rules_of(session, {*holding, *(each[name] for each in clashes for name in ("rule", "other_rule"))})
    components = items_of(session, {each["component"] for each in clashes})
    return ExplodedConfiguration(
        sku=sold.sku,
        name=sold.name,
        quantity=quantity,
        needed_on=needed_on,
        chosen=chosen,
        lines=tuple(
            ExplodedLine(
                place=each["place"],
                parent_place=each["parent_place"],
                depth=each["depth"],
                item=names[each["component"]],
                row=rows.get(each["row"] or 0),
                rules=tuple(rules[number] for number in each["rules"]),
                needed_on=each["needed_on"],
                per_unit=_units(each["per_unit"]),
                quantity=_units(each["quantity"]),
            )
            for each in levels[:LINES_LIMIT]
        ),
        is_cut=len(levels) > LINES_LIMIT,
        totals=tuple(
            sorted(
                (ItemTotal(names[item], _units(gross), first) for item, gross, first in totals),
                key=lambda each: each.item.code,
            )
        ),
        holding=tuple(rules[number] for number in holding),
        contradictions=tuple(
            Contradiction(components[each["component"]].code, rules[each["rule"]], rules[each["other_rule"]])
            for each in clashes
        ),
        uncovered=tuple(each for each in chosen if each.id in set(found.uncovered_options["option_value"])),
        is_unmapped=found.unmapped.height > 0,
        dead_ends=tuple(names[each] for each in dead),
    )


def _option_name(session: Session, number: int) -> str:
    value = session.get(OptionValue, number)
    return f"{value.group_name}={value.value}" if value else "this option"


def _units(quantity: int) -> Decimal:
    return Decimal(quantity).scaleb(-6)


def _inputs(
    session: Session, variant_id: int, product_id: int, options: list[int], quantity: Decimal, needed_on: date
) -> PlanInputs:
    """One line as if it were all that is sold, nothing in stock and no stock policy."""
    import polars as pl

    from buyside.planning.frames import LINE_OPTIONS, LINES, WAREHOUSES
    from buyside.planning.run import PlanInputs
    from buyside.queries.arrow_reader import arrow_reader
    from buyside.queries.planning import read_inputs

    with arrow_reader(session) as reader:
        read = read_inputs(reader, only=_READ)
    line = {
        "line": _LINE, "product": product_id, "variant": variant_id, "warehouse": _WAREHOUSE,
        "quantity": int((quantity * 1_000_000).to_integral_value()), "needed_on": needed_on,
        "approved_at": datetime(2000, 1, 1, tzinfo=UTC),
    }  # fmt: skip
    nothing = pl.lit(None, pl.Int64())
    return PlanInputs.of(
        warehouses=pl.DataFrame({"warehouse": [_WAREHOUSE]}, schema=WAREHOUSES.schema),
        lines=pl.DataFrame([line], schema=LINES.schema),
        line_options=pl.DataFrame(
            [{"line": _LINE, "option_value": each} for each in options], schema=LINE_OPTIONS.schema
        ),
        items=read.items.with_columns(
            warehouse=nothing, reorder_point=nothing, order_up_to=nothing, safety_stock=pl.lit(0, pl.Int64())
        ),
        bom=read.bom,
        rules=read.rules,
        rule_conditions=read.rule_conditions,
    )


def _totals(requirements: pl.DataFrame) -> list[tuple[int, int, date]]:
    """(item, gross, first date) of everything that is needed."""
    import polars as pl

    needed = requirements.filter(pl.col("gross") > 0)
    grouped = needed.group_by("item").agg(pl.col("gross").sum(), pl.col("date").min())
    return [(item, gross, on) for item, gross, on in grouped.select("item", "gross", "date").iter_rows()]


def _holding(inputs: PlanInputs, product_id: int, variant_id: int, chosen: set[int]) -> list[int]:
    """Ids of the rules that hold for the line, in order of application."""
    from buyside.planning.explain import holding_rules

    sold = {"product": product_id, "variant": variant_id}
    return [rule.rule for rule in holding_rules(inputs.rules, inputs.rule_conditions, sold, chosen)]


def items_of(session: Session, item_ids: Iterable[int]) -> dict[int, ItemName]:
    """Items by id, for lists; no statement where nothing is asked for."""
    wanted = set(item_ids)
    if not wanted:
        return {}
    statement = columns(
        id=col(Item.id), code=col(Item.code), name=col(Item.name), supply=col(Item.supply), unit=col(Unit.code)
    ).join(Unit, col(Unit.id) == col(Item.unit_id))
    return {each.id: each for each in each_as(session, ItemName, statement.where(col(Item.id).in_(wanted)))}


def rows_of(session: Session, row_ids: Iterable[int]) -> dict[int, RowName]:
    """Rows of bills of material by id, with the name of their parent."""
    wanted = set(row_ids)
    if not wanted:
        return {}
    statement: Any = (
        columns(
            id=col(BomRow.id),
            parent_kind=parent_kind(),
            parent=func.coalesce(Variant.sku, Product.code, Item.code),
            quantity_per=col(BomRow.quantity_per),
            scrap_percent=col(BomRow.scrap_percent),
            valid_from=col(BomRow.valid_from),
            valid_to=col(BomRow.valid_to),
        )
        .select_from(BomRow)
        .join(Variant, col(Variant.id) == col(BomRow.variant_id), isouter=True)
        .join(Product, col(Product.id) == col(BomRow.product_id), isouter=True)
        .join(Item, col(Item.id) == col(BomRow.item_id), isouter=True)
    )
    return {each.id: each for each in each_as(session, RowName, statement.where(col(BomRow.id).in_(wanted)))}
