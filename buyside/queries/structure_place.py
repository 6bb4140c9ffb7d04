"""One place of a bill of material in full: what it is, its row as it can be changed, and what follows from adding one below (ITM-4)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from buyside.db.items import Item, Unit
from buyside.db.structure import BomRow, OptionRule, Product, Variant
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.items import SupplyMode
from buyside.domain.option_rules import contradict, may_hold_together, split_choices
from buyside.domain.refusals import NotFound
from buyside.queries.answers import each_as
from buyside.queries.sheets import current_rows
from buyside.queries.structure_rules import RuleRow, rules_where
from buyside.queries.structure_up import variants_using
from buyside.queries.structure_ways import valid_on

NOTES_LIMIT = 20


@dataclass(frozen=True, slots=True)
class PlaceDetail:
    """A product, variant, item or rule of the tree. `row` holds the canonical cells of its row, empty where no row puts it there."""

    kind: str
    code: str
    name: str
    supply: str
    unit: str
    product: str
    """Of a variant."""
    rows: int
    """How many rows it has, of any day."""
    row_id: int
    version: int
    row: dict[str, str]
    takes_rows: bool
    """Whether a component can be added below it."""
    variants: int
    """How many sold variants contain the item on the day."""
    says: str
    """What should be known before a row is added."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two rules that would contradict each other on a line that chooses the options of both."""

    rule: RuleRow
    other: RuleRow

    @property
    def says(self) -> str:
        """As a sentence."""
        return (
            f"{self.rule.code} {self.rule.does}, {self.other.code} {self.other.does}, both with priority "
            f"{self.rule.priority}: a line that both hold for is reported and not planned. Give one a lower number to let it go first."
        )


@needs(Permission.STRUCTURE_VIEW)
def place_detail(session: Session, actor: Actor, *, kind: str, code: str, row_id: int, on: date) -> PlaceDetail:
    """A place by what it is and, where one puts it there, its row. Refuses: NotFound."""
    cells = current_rows(session, actor, sheet="bom-rows", keys=(str(row_id),)).get(str(row_id), {}) if row_id else {}
    row = {name: text for name, text in cells.items() if name != "version"}
    common: dict[str, Any] = {
        "kind": kind, "row_id": row_id if row else 0, "version": int(cells.get("version", 0)), "row": row,
    }  # fmt: skip
    if kind == "item":
        return _item(session, code, on, common)
    if kind == "rule":
        rules = each_as(session, RuleRow, rules_where(col(OptionRule.code) == code))
        if not rules:
            raise NotFound(kind="rule")
        return PlaceDetail(
            code=code, name=rules[0].says, supply="", unit=rules[0].unit, product=rules[0].product, rows=0,
            takes_rows=False, variants=0, says="", **common,
        )  # fmt: skip
    return _sold(session, kind, code, on, common)


def _item(session: Session, code: str, on: date, common: dict[str, Any]) -> PlaceDetail:
    found = session.execute(
        select(Item, col(Unit.code)).join(Unit, col(Unit.id) == col(Item.unit_id)).where(col(Item.code) == code)
    ).one_or_none()
    if found is None:
        raise NotFound(kind="item")
    item, unit = found
    is_bought = item.supply == SupplyMode.BUY
    return PlaceDetail(
        code=item.code,
        name=item.name,
        supply=item.supply,
        unit=unit,
        product="",
        rows=_count(session, BomRow.item_id, item.id),
        takes_rows=not is_bought,
        variants=variants_using(session, (item.id,), on),
        says=f"{item.code} is bought, so it has no components." if is_bought else "",
        **common,
    )


def _sold(session: Session, kind: str, code: str, on: date, common: dict[str, Any]) -> PlaceDetail:
    if kind == "product":
        product = session.scalars(select(Product).where(col(Product.code) == code)).one_or_none()
        if product is None:
            raise NotFound(kind="product")
        variants = session.execute(
            select(func.count()).select_from(Variant).where(col(Variant.product_id) == product.id)
        ).scalar_one()
        return PlaceDetail(
            code=product.code, name=product.name, supply="", unit="", product="",
            rows=_count(session, BomRow.product_id, product.id), takes_rows=True, variants=variants,
            says="Rows of a product count for those of its variants that have no row of their own on the day.", **common,
        )  # fmt: skip
    found = session.execute(
        select(Variant, Product)
        .join(Product, col(Product.id) == col(Variant.product_id))
        .where(col(Variant.sku) == code)
    ).one_or_none()
    if found is None:
        raise NotFound(kind="variant")
    variant, product = found
    own = _count(session, BomRow.variant_id, variant.id)
    return PlaceDetail(
        code=variant.sku, name=variant.name, supply="", unit="", product=product.code, rows=own, takes_rows=True,
        variants=0, says=_fallback(session, variant, product, on), **common,
    )  # fmt: skip


def _fallback(session: Session, variant: Variant, product: Product, on: date) -> str:
    """What the rows of its product mean for a variant on a day."""
    own = _count(session, BomRow.variant_id, variant.id, on)
    general = _count(session, BomRow.product_id, product.id, on)
    if not general:
        return ""
    rows = "1 row" if general == 1 else f"{general} rows"
    if own:
        return f"It has rows of its own on this day, so the {rows} of product {product.code} do not count for it."
    return (
        f"It has no row of its own on this day and is made as product {product.code} says ({rows}). "
        "From its first own row on it is made of its own rows alone."
    )


def _count(session: Session, column: Any, key: int, on: date | None = None) -> int:
    where = [col(column) == key, *([] if on is None else [valid_on(on)])]
    return int(session.execute(select(func.count()).select_from(BomRow).where(*where)).scalar_one())


@needs(Permission.STRUCTURE_VIEW)
def structure_notes(
    session: Session, actor: Actor, *, sheet: str, keys: tuple[str, ...], today: date
) -> tuple[str, ...]:
    """What is worth knowing of rows that were just saved and refused by nothing: of rules, whom they contradict; of rows of
    variants, whose rows they stand in for. At most NOTES_LIMIT sentences; none for other sheets.
    """
    ids = [int(key) for key in keys if key.isascii() and key.isdecimal()]
    if sheet == "option-rules":
        found = contradictions(session, actor, among=ids, limit=NOTES_LIMIT)
        return tuple(each.says for each in found)
    if sheet != "bom-rows" or not ids:
        return ()
    sold = session.execute(
        select(Variant, Product)
        .join(Product, col(Product.id) == col(Variant.product_id))
        .where(col(Variant.id).in_(select(col(BomRow.variant_id)).where(col(BomRow.id).in_(ids))))
        .order_by(col(Variant.sku))
        .limit(NOTES_LIMIT)
    ).all()
    notes = []
    for variant, product in sold:
        if _count(session, BomRow.product_id, product.id, today) and _count(
            session, BomRow.variant_id, variant.id, today
        ):
            notes.append(f"{variant.sku} has rows of its own: those of product {product.code} do not count for it.")
    return tuple(notes)


@needs(Permission.STRUCTURE_VIEW)
def contradictions(
    session: Session, actor: Actor, *, among: Collection[int] | None = None, limit: int = 200
) -> tuple[Conflict, ...]:
    """Pairs of rules that contradict each other on a line for which both hold, as the planning would report it (ITM-5).

    `among`: only pairs with one of these rules. Whether their component is there at all is told by a line's own structure, so
    a pair may never meet; a run reports those that do.
    """
    alike = (OptionRule.behaviour, OptionRule.component_id, OptionRule.priority)
    several = select(*map(col, alike)).group_by(*map(col, alike)).having(func.count() > 1).subquery()
    rules = each_as(
        session,
        RuleRow,
        rules_where(
            col(OptionRule.behaviour).in_(("replace", "scale")),
            col(OptionRule.component_id) == several.c.component_id,
            col(OptionRule.behaviour) == several.c.behaviour,
            col(OptionRule.priority) == several.c.priority,
        ),
    )
    asked = None if among is None else set(among)
    groups: dict[tuple[Any, ...], list[RuleRow]] = {}
    for rule in rules:
        groups.setdefault((rule.behaviour, rule.component_id, rule.priority), []).append(rule)
    product_of = _products(session, [rule.variant_id for rule in rules if rule.variant_id])
    found: list[Conflict] = []
    for group in groups.values():
        for place, rule in enumerate(group):
            for other in group[place + 1 :]:
                if asked is not None and not {rule.id, other.id} & asked:
                    continue
                if contradict(_change(rule), _change(other)) and _meet(rule, other, product_of):
                    found.append(Conflict(rule, other))
                    if len(found) >= limit:
                        return tuple(found)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Change:
    behaviour: str
    component: int | None
    priority: int
    result: tuple[Any, Any]


def _change(rule: RuleRow) -> _Change:
    return _Change(rule.behaviour, rule.component_id, rule.priority, (rule.replacement_id, rule.quantity))


def _products(session: Session, variant_ids: Collection[int]) -> dict[int, int]:
    if not variant_ids:
        return {}
    chosen = select(col(Variant.id), col(Variant.product_id)).where(col(Variant.id).in_(set(variant_ids)))
    return dict(session.execute(chosen).all())


def _meet(rule: RuleRow, other: RuleRow, product_of: dict[int, int]) -> bool:
    """Whether one line can be of the variant and product of both, and choose the options of both."""
    if rule.variant_id and other.variant_id and rule.variant_id != other.variant_id:
        return False
    products = {
        product_of[each.variant_id] if each.variant_id else each.product_id
        for each in (rule, other)
        if each.variant_id or each.product_id
    }
    if len(products) > 1:
        return False
    return may_hold_together(dict(split_choices(rule.when)), dict(split_choices(other.when)))
