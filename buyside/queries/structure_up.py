"""Up a bill of material: what uses places of its tree."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import ColumnElement, and_, exists, func, literal, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from buyside.db.items import Item
from buyside.db.structure import BomRow, OptionRule, Variant
from buyside.domain.items import SupplyMode
from buyside.queries.answers import columns, each_as
from buyside.queries.structure_rules import RuleRow, rules_where
from buyside.queries.structure_ways import (
    Place,
    Way,
    factor_of,
    path_below,
    row_columns,
    rule_place,
    six,
    valid_on,
    ways_by,
)


def rows_above(session: Session, ways: Sequence[Way], counts: ColumnElement[bool], on: date) -> None:
    by_item = ways_by(ways, "item")
    if not by_item:
        return
    component = aliased(Item)
    statement = row_columns(col(BomRow.component_id).in_(by_item), counts, on, component, more=literal(True)).order_by(
        "parent_kind", "parent", col(BomRow.valid_from).nulls_first(), col(BomRow.id)
    )
    for row in session.execute(statement).mappings():
        for way in by_item[row["component_id"]]:
            factor = way.factor * factor_of(row["quantity_per"], row["scrap_percent"])
            idle = row["parent_supply"] == SupplyMode.BUY
            way.places.append(
                Place(
                    path=path_below(way, f"r{row['row_id']}"),
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
                    cumulated=six(factor),
                    valid_from=row["valid_from"],
                    valid_to=row["valid_to"],
                    counts=row["counts"],
                    says="is bought, so this row plays no part" if idle else "",
                    has_more=row["parent_kind"] != "variant",
                )
            )


def variants_above(session: Session, ways: Sequence[Way], on: date) -> None:
    """The variants of a product that have no row of their own on the day, and so take their product's."""
    by_product = ways_by(ways, "product")
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
                    path_below(way, f"v{id_}"),
                    "variant",
                    sku,
                    name,
                    cumulated=six(way.factor),
                    says="through its product",
                )
            )


def rules_above(session: Session, ways: Sequence[Way]) -> None:
    by_item = ways_by(ways, "item")
    if not by_item:
        return
    statement = rules_where(or_(col(OptionRule.component_id).in_(by_item), col(OptionRule.replacement_id).in_(by_item)))
    rules: list[RuleRow] = each_as(session, RuleRow, statement)
    for rule in rules:
        for item_id in {rule.component_id, rule.replacement_id} & by_item.keys():
            for way in by_item[item_id or 0]:
                scope = f"for variant {rule.variant}" if rule.variant else ""
                scope = scope or (f"for product {rule.product}" if rule.product else "for all products")
                way.places.append(replace(rule_place(way, rule), says=scope, has_more=False))


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
