"""What is made of what, level by level: down from what is sold, and up from an item to all that uses it (ITM-4).

A place in the tree is a path of parts: `p3` a product, `v12` a variant, `i7` an item, `r55` a row of a bill of material, `o9` a
rule. Down, a row stands for its component; up, for its parent. A path is only a way to a place: whatever it names is read anew,
and the quantities along it are those of the rows it passes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, literal, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from buyside.db.items import Item, Unit
from buyside.db.structure import BomRow, OptionRule, Product, Variant
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.items import RuleBehaviour, SupplyMode
from buyside.domain.refusals import Unreadable
from buyside.queries.answers import columns, each_as
from buyside.queries.rows import ESCAPE
from buyside.queries.structure_rules import RuleRow, rules_where

LEVEL_LIMIT = 300
"""Places of one level that come at once; the next come with the path and "~" and how many are there already."""
MOST_LEVELS = 100
_DEEPEST = 60
_PATH = re.compile(r"(?:[pvi]\d{1,18}(?:/[rvo]\d{1,18}){0,60})?(?:~\d{1,6})?")
_FOUND = 8


@dataclass(frozen=True, slots=True)
class Place:
    """One line of the tree. Quantities in stock units: `quantity_per` of one parent, `cumulated` of one of the tree's root."""

    path: str
    kind: str
    """product, variant, item or rule."""
    code: str
    name: str
    supply: str = ""
    unit: str = ""
    row_id: int = 0
    """The row of a bill of material that puts it there; 0 where none does."""
    version: int = 0
    parent_kind: str = ""
    """What the row's parent is: variant, product or item."""
    parent: str = ""
    quantity_per: Decimal | None = None
    scrap_percent: Decimal | None = None
    cumulated: Decimal | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    counts: bool = True
    """Whether its row counts on the day."""
    says: str = ""
    has_more: bool = False
    """Whether there is anything below it."""


@dataclass(frozen=True, slots=True)
class Level:
    """What is directly below a place; `left` more are there than came."""

    places: tuple[Place, ...]
    left: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """Something that a tree can begin with."""

    kind: str
    code: str
    name: str
    supply: str = ""


@dataclass(slots=True)
class _Way:
    """A path read: its parts and where its last one leads."""

    path: str
    start: int
    parts: list[tuple[str, int]]
    factor: Fraction = Fraction(1)
    product: int = 0
    variant: int = 0
    item: int = 0
    places: list[Place] = field(default_factory=list)


@needs(Permission.STRUCTURE_VIEW)
def structure_levels(
    session: Session,
    actor: Actor,
    *,
    paths: tuple[str, ...],
    on: date,
    uses: bool = False,
    all_days: bool = False,
) -> dict[str, Level]:
    """What is directly below each of some places on a day; the empty path asks for all products.

    `uses`: upwards, from items to what uses them. `all_days`: also rows that do not count on the day. The number of
    statements does not depend on how much is asked for. Refuses: Unreadable (no path, or too many of them).
    """
    ways = [_way(path) for path in dict.fromkeys(paths)]
    if len(ways) > MOST_LEVELS:
        raise Unreadable(value=str(len(ways)), wanted=f"at most {MOST_LEVELS} levels at once")
    _follow(session, ways, uses=uses)
    counts = or_(literal(all_days), valid_on(on))
    if uses:
        _rows_above(session, ways, counts, on)
        _variants_above(session, ways, on)
        _rules_above(session, ways)
    else:
        _products(session, [way for way in ways if not way.parts])
        _variants(session, ways)
        _rows_below(session, ways, counts, on)
        _rules_below(session, ways)
    return {way.path: _cut(way) for way in ways}


@needs(Permission.STRUCTURE_VIEW)
def structure_root(session: Session, actor: Actor, *, kind: str, code: str, on: date) -> Place | None:
    """The place that a tree of one product, variant or item begins with; None where there is none."""
    if kind == "item":
        row = session.execute(
            select(Item, col(Unit.code)).join(Unit, col(Unit.id) == col(Item.unit_id)).where(col(Item.code) == code)
        ).one_or_none()
        if row is None:
            return None
        item, unit = row
        return Place(
            f"i{item.id}", "item", item.code, item.name, item.supply, unit, cumulated=Decimal(1), has_more=True
        )
    table: Any = Variant if kind == "variant" else Product
    found = session.scalars(select(table).where((table.sku if kind == "variant" else table.code) == code)).one_or_none()
    if found is None:
        return None
    if kind == "variant":
        return Place(f"v{found.id}", "variant", found.sku, found.name, cumulated=Decimal(1), has_more=True)
    return Place(f"p{found.id}", "product", found.code, found.name, cumulated=Decimal(1), has_more=True)


@needs(Permission.STRUCTURE_VIEW)
def find_in_structure(
    session: Session, actor: Actor, *, text: str, kinds: tuple[str, ...] = ("product", "variant", "item")
) -> tuple[Found, ...]:
    """Products, variants and items whose code or name holds a text; codes that begin with it first."""
    words = text.strip()
    if not words:
        return ()
    inside = "%" + re.sub(r"([%_\\])", r"\\\1", words) + "%"
    found: list[Found] = []
    for kind, code, name, supply in (
        ("product", col(Product.code), col(Product.name), literal("")),
        ("variant", col(Variant.sku), col(Variant.name), literal("")),
        ("item", col(Item.code), col(Item.name), col(Item.supply)),
    ):
        if kind not in kinds:
            continue
        begins = case((func.lower(code) == words.lower(), 0), (code.ilike(inside[1:], escape=ESCAPE), 1), else_=2)
        statement = (
            columns(kind=literal(kind), code=code, name=name, supply=supply)
            .where(or_(code.ilike(inside, escape=ESCAPE), name.ilike(inside, escape=ESCAPE)))
            .order_by(begins, code)
            .limit(_FOUND)
        )
        found += each_as(session, Found, statement)
    return tuple(found)


def valid_on(on: date, table: Any = BomRow) -> ColumnElement[bool]:
    """Whether a row of a bill of material counts on a day."""
    return and_(
        or_(col(table.valid_from).is_(None), col(table.valid_from) <= on),
        or_(col(table.valid_to).is_(None), col(table.valid_to) >= on),
    )


def parent_kind() -> ColumnElement[str]:
    """What the parent of a row of a bill of material is."""
    return case(
        (col(BomRow.variant_id).is_not(None), "variant"), (col(BomRow.product_id).is_not(None), "product"), else_="item"
    )


# --- ways ----------------------------------------------------------------------------------------------------------------
def _way(path: str) -> _Way:
    if not _PATH.fullmatch(path):
        raise Unreadable(value=path[:40], wanted="a place in a bill of material")
    plain, _, start = path.partition("~")
    return _Way(path, int(start or 0), [(part[0], int(part[1:])) for part in plain.split("/")] if plain else [])


def _follow(session: Session, ways: Sequence[_Way], *, uses: bool) -> None:
    """Read what the paths pass: where each leads, and how many of it one of its root takes."""
    row_ids = {number for way in ways for kind, number in way.parts if kind == "r"}
    rows = (
        {row.id: row for row in session.scalars(select(BomRow).where(col(BomRow.id).in_(row_ids)))} if row_ids else {}
    )
    rule_ids = {number for way in ways for kind, number in way.parts if kind == "o"}
    rules = (
        {rule.id: rule for rule in session.scalars(select(OptionRule).where(col(OptionRule.id).in_(rule_ids)))}
        if rule_ids
        else {}
    )
    for way in ways:
        for kind, number in way.parts:
            row, rule = rows.get(number) if kind == "r" else None, rules.get(number) if kind == "o" else None
            way.product, way.variant, way.item = (number if kind == each else 0 for each in "pvi")
            if row is not None:
                way.factor *= _factor(row.quantity_per, row.scrap_percent)
                way.item = (row.item_id or 0) if uses else row.component_id
                way.product = (row.product_id or 0) if uses else 0
            elif rule is not None and rule.behaviour == RuleBehaviour.ADD and not uses:
                way.factor *= Fraction(rule.quantity or 0)
                way.item = rule.component_id or 0


def _factor(quantity_per: Decimal, scrap_percent: Decimal) -> Fraction:
    return Fraction(quantity_per) * (1 + Fraction(scrap_percent) / 100)


def _six(value: Fraction) -> Decimal:
    """Rounded half up to the six decimals of stock units."""
    exact = value * 1_000_000
    return Decimal((2 * exact.numerator + exact.denominator) // (2 * exact.denominator)).scaleb(-6)


def _below(way: _Way, part: str) -> str:
    here = way.path.partition("~")[0]
    return f"{here}/{part}" if here else part


def _cut(way: _Way) -> Level:
    if len(way.parts) > _DEEPEST:
        return Level(())
    found = way.places[way.start : way.start + LEVEL_LIMIT]
    return Level(tuple(found), max(0, len(way.places) - way.start - LEVEL_LIMIT))


def _ways_by(ways: Iterable[_Way], name: str) -> dict[int, list[_Way]]:
    found: dict[int, list[_Way]] = {}
    for way in ways:
        if number := getattr(way, name):
            found.setdefault(number, []).append(way)
    return found


# --- down ----------------------------------------------------------------------------------------------------------------
def _products(session: Session, ways: Sequence[_Way]) -> None:
    if not ways:
        return
    for way in ways:
        listed = session.execute(
            columns(id=col(Product.id), code=col(Product.code), name=col(Product.name), total=func.count().over())
            .order_by(col(Product.code))
            .offset(way.start)
            .limit(LEVEL_LIMIT)
        ).all()
        places = [
            Place(f"p{id_}", "product", code, name, cumulated=Decimal(1), has_more=True)
            for id_, code, name, _ in listed
        ]
        unseen = (listed[0].total if listed else 0) - way.start - len(places)
        way.places = [*([_NOWHERE] * way.start), *places, *([_NOWHERE] * unseen)]


_NOWHERE = Place("", "", "", "")


def _variants(session: Session, ways: Sequence[_Way]) -> None:
    by_product = _ways_by(ways, "product")
    if not by_product:
        return
    statement = (
        columns(
            id=col(Variant.id),
            product_id=col(Variant.product_id),
            sku=col(Variant.sku),
            name=col(Variant.name),
            own=exists().where(col(BomRow.variant_id) == col(Variant.id)),
        )
        .where(col(Variant.product_id).in_(by_product))
        .order_by(col(Variant.sku))
    )
    for id_, product_id, sku, name, own in session.execute(statement):
        for way in by_product[product_id]:
            says = "" if own else "as its product"
            way.places.append(
                Place(_below(way, f"v{id_}"), "variant", sku, name, cumulated=Decimal(1), has_more=True, says=says)
            )


def _rows_below(session: Session, ways: Sequence[_Way], counts: ColumnElement[bool], on: date) -> None:
    """The rows of each place; of a variant without a row that counts, those of its product stand in (ITM-4)."""
    by_item, by_product = _ways_by(ways, "item"), _ways_by(ways, "product")
    by_variant = _ways_by(ways, "variant")
    if not (by_item or by_product or by_variant):
        return
    product_of = (
        dict(
            session.execute(
                select(col(Variant.id), col(Variant.product_id)).where(col(Variant.id).in_(by_variant))
            ).all()
        )
        if by_variant
        else {}
    )
    parents = or_(
        col(BomRow.item_id).in_(by_item),
        col(BomRow.product_id).in_({*by_product, *product_of.values()}),
        col(BomRow.variant_id).in_(by_variant),
    )
    rows: dict[tuple[str, int], list[Mapping[str, Any]]] = {}
    deeper = aliased(BomRow)
    statement = _row_columns(
        parents, counts, on, Item, more=exists().where(col(deeper.item_id) == col(Item.id))
    ).order_by(col(Item.code), col(BomRow.valid_from).nulls_first(), col(BomRow.id))
    for row in session.execute(statement).mappings():
        rows.setdefault((row["parent_kind"], row["parent_id"]), []).append(dict(row))
    for item_id, at in by_item.items():
        _put(at, rows.get(("item", item_id), ()))
    for product_id, at in by_product.items():
        _put(at, rows.get(("product", product_id), ()), says="where a variant has no rows of its own")
    for variant_id, at in by_variant.items():
        own = rows.get(("variant", variant_id), [])
        if any(row["counts"] for row in own):
            _put(at, own)
        else:
            _put(at, [*own, *rows.get(("product", product_of.get(variant_id, 0)), ())], of_product=True)


def _row_columns(
    parents: ColumnElement[bool], counts: ColumnElement[bool], on: date, shown: Any, *, more: ColumnElement[bool]
) -> Any:
    """Rows with the item `shown`, which is joined from outside: their component, or the parent that is an item."""
    owner = aliased(Item)
    return (
        columns(
            row_id=col(BomRow.id),
            version=col(BomRow.version),
            parent_kind=parent_kind(),
            parent_id=func.coalesce(BomRow.variant_id, BomRow.product_id, BomRow.item_id),
            parent=func.coalesce(Variant.sku, Product.code, owner.code),
            parent_name=func.coalesce(Variant.name, Product.name, owner.name),
            parent_supply=func.coalesce(owner.supply, ""),
            component_id=col(BomRow.component_id),
            code=col(shown.code),
            name=col(shown.name),
            supply=col(shown.supply),
            unit=col(Unit.code),
            quantity_per=col(BomRow.quantity_per),
            scrap_percent=col(BomRow.scrap_percent),
            valid_from=col(BomRow.valid_from),
            valid_to=col(BomRow.valid_to),
            counts=valid_on(on),
            more=more,
        )
        .select_from(BomRow)
        .join(shown, col(shown.id) == col(BomRow.component_id))
        .join(Unit, col(Unit.id) == col(shown.unit_id))
        .join(Variant, col(Variant.id) == col(BomRow.variant_id), isouter=True)
        .join(Product, col(Product.id) == col(BomRow.product_id), isouter=True)
        .join(owner, col(owner.id) == col(BomRow.item_id), isouter=True)
        .where(parents, counts)
    )


def _put(ways: Sequence[_Way], rows: Sequence[Mapping[str, Any]], *, says: str = "", of_product: bool = False) -> None:
    for way in ways:
        for row in rows:
            fallback = of_product and row["parent_kind"] == "product"
            way.places.append(
                Place(
                    path=_below(way, f"r{row['row_id']}"),
                    kind="item",
                    code=row["code"],
                    name=row["name"],
                    supply=row["supply"],
                    unit=row["unit"],
                    row_id=row["row_id"],
                    version=row["version"],
                    parent_kind=row["parent_kind"],
                    parent=row["parent"],
                    quantity_per=row["quantity_per"],
                    scrap_percent=row["scrap_percent"],
                    cumulated=_six(way.factor * _factor(row["quantity_per"], row["scrap_percent"])),
                    valid_from=row["valid_from"],
                    valid_to=row["valid_to"],
                    counts=row["counts"],
                    says=f"from product {row['parent']}" if fallback else says,
                    has_more=row["more"] and row["supply"] != SupplyMode.BUY,
                )
            )


def _rules_below(session: Session, ways: Sequence[_Way]) -> None:
    by_product, by_variant = _ways_by(ways, "product"), _ways_by(ways, "variant")
    if not (by_product or by_variant):
        return
    own_product = select(col(Variant.product_id)).where(col(Variant.id).in_(by_variant))
    product_of = (
        dict(
            session.execute(
                select(col(Variant.id), col(Variant.product_id)).where(col(Variant.id).in_(by_variant))
            ).all()
        )
        if by_variant
        else {}
    )
    statement = rules_where(
        or_(
            col(OptionRule.product_id).in_(by_product),
            col(OptionRule.product_id).in_(own_product),
            col(OptionRule.variant_id).in_(by_variant),
        )
    )
    rules: list[RuleRow] = each_as(session, RuleRow, statement)
    for rule in rules:
        places = [*by_product.get(rule.product_id or 0, ()), *by_variant.get(rule.variant_id or 0, ())]
        places += [
            way for variant, at in by_variant.items() if product_of.get(variant) == rule.product_id for way in at
        ]
        for way in places:
            way.places.append(_rule_place(way, rule))


def _rule_place(way: _Way, rule: RuleRow) -> Place:
    adds = rule.behaviour == RuleBehaviour.ADD
    return Place(
        path=_below(way, f"o{rule.id}"),
        kind="rule",
        code=rule.code,
        name=rule.says,
        unit=rule.unit if adds else "",
        quantity_per=rule.quantity if adds else None,
        cumulated=_six(way.factor * Fraction(rule.quantity or 0)) if adds else None,
        says=f"only with these options; priority {rule.priority}" if rule.when else f"priority {rule.priority}",
        has_more=adds,
    )


# --- up ------------------------------------------------------------------------------------------------------------------
def _rows_above(session: Session, ways: Sequence[_Way], counts: ColumnElement[bool], on: date) -> None:
    by_item = _ways_by(ways, "item")
    if not by_item:
        return
    component = aliased(Item)
    statement = _row_columns(col(BomRow.component_id).in_(by_item), counts, on, component, more=literal(True)).order_by(
        "parent_kind", "parent", col(BomRow.valid_from).nulls_first(), col(BomRow.id)
    )
    for row in session.execute(statement).mappings():
        for way in by_item[row["component_id"]]:
            factor = way.factor * _factor(row["quantity_per"], row["scrap_percent"])
            idle = row["parent_supply"] == SupplyMode.BUY
            way.places.append(
                Place(
                    path=_below(way, f"r{row['row_id']}"),
                    kind=row["parent_kind"],
                    code=row["parent"],
                    name=row["parent_name"],
                    supply=row["parent_supply"],
                    unit=row["unit"],
                    row_id=row["row_id"],
                    version=row["version"],
                    parent_kind=row["parent_kind"],
                    parent=row["parent"],
                    quantity_per=row["quantity_per"],
                    scrap_percent=row["scrap_percent"],
                    cumulated=_six(factor),
                    valid_from=row["valid_from"],
                    valid_to=row["valid_to"],
                    counts=row["counts"],
                    says="is bought, so this row plays no part" if idle else "",
                    has_more=row["parent_kind"] != "variant",
                )
            )


def _variants_above(session: Session, ways: Sequence[_Way], on: date) -> None:
    """The variants of a product that have no row of their own on the day, and so take their product's."""
    by_product = _ways_by(ways, "product")
    if not by_product:
        return
    own = exists().where(col(BomRow.variant_id) == col(Variant.id), valid_on(on))
    statement = (
        columns(id=col(Variant.id), product_id=col(Variant.product_id), sku=col(Variant.sku), name=col(Variant.name))
        .where(col(Variant.product_id).in_(by_product), ~own)
        .order_by(col(Variant.sku))
    )
    for id_, product_id, sku, name in session.execute(statement):
        for way in by_product[product_id]:
            way.places.append(
                Place(
                    _below(way, f"v{id_}"), "variant", sku, name, cumulated=_six(way.factor), says="through its product"
                )
            )


def _rules_above(session: Session, ways: Sequence[_Way]) -> None:
    by_item = _ways_by(ways, "item")
    if not by_item:
        return
    statement = rules_where(or_(col(OptionRule.component_id).in_(by_item), col(OptionRule.replacement_id).in_(by_item)))
    rules: list[RuleRow] = each_as(session, RuleRow, statement)
    for rule in rules:
        for item_id in {rule.component_id, rule.replacement_id} & by_item.keys():
            for way in by_item[item_id or 0]:
                scope = f"for variant {rule.variant}" if rule.variant else ""
                scope = scope or (f"for product {rule.product}" if rule.product else "for all products")
                way.places.append(replace(_rule_place(way, rule), says=scope, has_more=False))


def variants_using(session: Session, item_ids: Collection[int], on: date) -> int:
    """How many sold variants contain some items on a day, at any depth, by rows of bills of material."""
    row, up = BomRow, aliased(BomRow)
    tree = (
        select(col(row.item_id), col(row.product_id), col(row.variant_id))
        .where(col(row.component_id).in_(item_ids), valid_on(on))
        .cte(recursive=True)
    )
    tree = tree.union(
        select(col(up.item_id), col(up.product_id), col(up.variant_id))
        .join(tree, tree.c.item_id == col(up.component_id))
        .where(valid_on(on, up))
    )
    own = exists().where(col(BomRow.variant_id) == col(Variant.id), valid_on(on))
    counted = (
        select(func.count())
        .where(
            or_(
                col(Variant.id).in_(select(tree.c.variant_id)),
                and_(col(Variant.product_id).in_(select(tree.c.product_id)), ~own),
            )
        )
        .select_from(Variant)
    )
    return int(session.execute(counted).scalar_one())
