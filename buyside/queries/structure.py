"""What is made of what, level by level: down from what is sold, and up from an item to all that uses it (ITM-4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import case, func, literal, or_, select
from sqlmodel import Session, col

from buyside.db.items import Item, Unit
from buyside.db.structure import Product, Variant
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.refusals import Unreadable
from buyside.queries.answers import columns, each_as
from buyside.queries.rows import ESCAPE
from buyside.queries.structure_down import products, rows_below, rules_below, variants
from buyside.queries.structure_up import rows_above, rules_above, variants_above
from buyside.queries.structure_ways import Level, Place, cut, follow, read_way, valid_on

MOST_LEVELS = 100
_FOUND = 8


@dataclass(frozen=True, slots=True)
class Found:
    """Something that a tree can begin with."""

    kind: str
    code: str
    name: str
    supply: str = ""


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
    ways = [read_way(path) for path in dict.fromkeys(paths)]
    if len(ways) > MOST_LEVELS:
        raise Unreadable(value=str(len(ways)), wanted=f"at most {MOST_LEVELS} levels at once")
    follow(session, ways, uses=uses)
    counts = or_(literal(all_days), valid_on(on))
    if uses:
        rows_above(session, ways, counts, on)
        variants_above(session, ways, on)
        rules_above(session, ways)
    else:
        products(session, [way for way in ways if not way.parts])
        variants(session, ways)
        rows_below(session, ways, counts, on)
        rules_below(session, ways)
    return {way.path: cut(way) for way in ways}


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
