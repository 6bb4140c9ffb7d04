"""Ways through bills of material: a place, the path that leads to it, and what the path multiplies (ITM-4).

A place in the tree is a path of parts: `p3` a product, `v12` a variant, `i7` an item, `r55` a row of a bill of material, `o9` a
rule. Down, a row stands for its component; up, for its parent. A path is only a way to a place: whatever it names is read anew,
and the quantities along it are those of the rows it passes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from buyside.db.items import Item, Unit
from buyside.db.structure import BomRow, OptionRule, Product, Variant
from buyside.domain.items import RuleBehaviour
from buyside.domain.refusals import Unreadable
from buyside.queries.answers import columns
from buyside.queries.structure_rules import RuleRow

LEVEL_LIMIT = 300
"""Places of one level that come at once; the next come with the path and "~" and how many are there already."""
_DEEPEST = 60
_PATH = re.compile(r"(?:[pvi]\d{1,18}(?:/[rvo]\d{1,18}){0,60})?(?:~\d{1,6})?")


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


@dataclass(slots=True)
class Way:
    """A path read: its parts and where its last one leads."""

    path: str
    start: int
    parts: list[tuple[str, int]]
    factor: Fraction = Fraction(1)
    product: int = 0
    variant: int = 0
    item: int = 0
    places: list[Place] = field(default_factory=list)


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


def read_way(path: str) -> Way:
    if not _PATH.fullmatch(path):
        raise Unreadable(value=path[:40], wanted="a place in a bill of material")
    plain, _, start = path.partition("~")
    return Way(path, int(start or 0), [(part[0], int(part[1:])) for part in plain.split("/")] if plain else [])


def follow(session: Session, ways: Sequence[Way], *, uses: bool) -> None:
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
                way.factor *= factor_of(row.quantity_per, row.scrap_percent)
                way.item = (row.item_id or 0) if uses else row.component_id
                way.product = (row.product_id or 0) if uses else 0
            elif rule is not None and rule.behaviour == RuleBehaviour.ADD and not uses:
                way.factor *= Fraction(rule.quantity or 0)
                way.item = rule.component_id or 0


def factor_of(quantity_per: Decimal, scrap_percent: Decimal) -> Fraction:
    return Fraction(quantity_per) * (1 + Fraction(scrap_percent) / 100)


def six(value: Fraction) -> Decimal:
    """Rounded half up to the six decimals of stock units."""
    exact = value * 1_000_000
    return Decimal((2 * exact.numerator + exact.denominator) // (2 * exact.denominator)).scaleb(-6)


def path_below(way: Way, part: str) -> str:
    here = way.path.partition("~")[0]
    return f"{here}/{part}" if here else part


def cut(way: Way) -> Level:
    if len(way.parts) > _DEEPEST:
        return Level(())
    found = way.places[way.start : way.start + LEVEL_LIMIT]
    return Level(tuple(found), max(0, len(way.places) - way.start - LEVEL_LIMIT))


def ways_by(ways: Iterable[Way], name: str) -> dict[int, list[Way]]:
    found: dict[int, list[Way]] = {}
    for way in ways:
        if number := getattr(way, name):
            found.setdefault(number, []).append(way)
    return found


def row_columns(
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


def rule_place(way: Way, rule: RuleRow) -> Place:
    adds = rule.behaviour == RuleBehaviour.ADD
    return Place(
        path=path_below(way, f"o{rule.id}"),
        kind="rule",
        code=rule.code,
        name=rule.says,
        unit=rule.unit if adds else "",
        quantity_per=rule.quantity if adds else None,
        cumulated=six(way.factor * Fraction(rule.quantity or 0)) if adds else None,
        says=f"only with these options; priority {rule.priority}" if rule.when else f"priority {rule.priority}",
        has_more=adds,
    )
