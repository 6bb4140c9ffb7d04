"""Down a bill of material: what is directly below places of its tree."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from buyside.db.items import Item
from buyside.db.structure import BomRow, OptionRule, Product, Variant
from buyside.domain.items import SupplyMode
from buyside.queries.answers import columns, each_as
from buyside.queries.structure_rules import RuleRow, rules_where
from buyside.queries.structure_ways import (
    LEVEL_LIMIT,
    Place,
    Way,
    factor_of,
    path_below,
    row_columns,
    rule_place,
    six,
    ways_by,
)


def products(session: Session, ways: Sequence[Way]) -> None:
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


def variants(session: Session, ways: Sequence[Way]) -> None:
    by_product = ways_by(ways, "product")
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
                Place(path_below(way, f"v{id_}"), "variant", sku, name, cumulated=Decimal(1), has_more=True, says=says)
            )


def _products_of(session: Session, variants: Collection[int]) -> dict[int, int]:
    """The product of each variant; asks nothing where there are none."""
    if not variants:
        return {}
    wanted = select(col(Variant.id), col(Variant.product_id)).where(col(Variant.id).in_(variants))
    return dict(session.execute(wanted).all())


def rows_below(session: Session, ways: Sequence[Way], counts: ColumnElement[bool], on: date) -> None:
    """The rows of each place; of a variant without a row that counts, those of its product stand in (ITM-4)."""
    by_item, by_product = ways_by(ways, "item"), ways_by(ways, "product")
    by_variant = ways_by(ways, "variant")
    if not (by_item or by_product or by_variant):
        return
    product_of = _products_of(session, by_variant)
    parents = or_(
        col(BomRow.item_id).in_(by_item),
        col(BomRow.product_id).in_({*by_product, *product_of.values()}),
        col(BomRow.variant_id).in_(by_variant),
    )
    rows: dict[tuple[str, int], list[Mapping[str, Any]]] = {}
    deeper = aliased(BomRow)
    statement = row_columns(
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


def _put(ways: Sequence[Way], rows: Sequence[Mapping[str, Any]], *, says: str = "", of_product: bool = False) -> None:
    for way in ways:
        for row in rows:
            fallback = of_product and row["parent_kind"] == "product"
            way.places.append(
                Place(
                    path=path_below(way, f"r{row['row_id']}"),
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
                    cumulated=six(way.factor * factor_of(row["quantity_per"], row["scrap_percent"])),
                    valid_from=row["valid_from"],
                    valid_to=row["valid_to"],
                    counts=row["counts"],
                    says=f"from product {row['parent']}" if fallback else says,
                    has_more=row["more"] and row["supply"] != SupplyMode.BUY,
                )
            )


def rules_below(session: Session, ways: Sequence[Way]) -> None:
    by_product, by_variant = ways_by(ways, "product"), ways_by(ways, "variant")
    if not (by_product or by_variant):
        return
    own_product = select(col(Variant.product_id)).where(col(Variant.id).in_(by_variant))
    product_of = _products_of(session, by_variant)
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
            way.places.append(rule_place(way, rule))
