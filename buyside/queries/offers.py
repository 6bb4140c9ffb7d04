"""What a vendor offers: who sells an item on a day, and for how much (VEN-3, VEN-4)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import ColumnElement, Executable, and_, func, or_, select
from sqlmodel import Session, col

from buyside.db.items import Item, PriceBreak, Unit, VendorItem
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.refusals import NotFound
from buyside.queries.answers import each_as


@dataclass(frozen=True, slots=True)
class Offer:
    """How an item is ordered from a vendor: one ordered unit holds `unit_factor` stock units.

    `vendor_item_id` is None where the vendor has no mapping of the item on that day: it is ordered in its stock unit.
    """

    vendor_item_id: int | None
    vendor_part: str
    description: str
    unit_id: int
    unit_code: str
    unit_digits: int
    unit_factor: Decimal
    lead_days: int
    minimum_quantity: Decimal
    order_multiple: Decimal | None
    prices: tuple[tuple[Decimal, Decimal], ...]
    """(from quantity, price per ordered unit) in the currency asked for, ascending."""

    def price_of(self, quantity: Decimal) -> Decimal | None:
        """The price of the highest break at or below `quantity`; None where no break covers it (VEN-4)."""
        return next((price for at_least, price in reversed(self.prices) if at_least <= quantity), None)


def valid_on(day: date, columns: type[VendorItem] | type[PriceBreak]) -> ColumnElement[bool]:
    """The condition that a dated row holds on `day`; both ends count, open ends are always."""
    return and_(
        or_(col(columns.valid_from).is_(None), col(columns.valid_from) <= day),
        or_(col(columns.valid_to).is_(None), col(columns.valid_to) >= day),
    )


@needs(Permission.ORDER_EDIT)
def offer_of(session: Session, actor: Actor, *, vendor_id: int, item_id: int, currency_code: str, on: date) -> Offer:
    """How an item is ordered from a vendor on a day, with its prices in a currency. Refuses: NotFound."""
    found = session.execute(
        select(VendorItem, Unit)
        .join(Unit, col(Unit.id) == col(VendorItem.purchase_unit_id))
        .where(
            col(VendorItem.vendor_id) == vendor_id,
            col(VendorItem.item_id) == item_id,
            col(VendorItem.is_active),
            valid_on(on, VendorItem),
        )
        .order_by(col(VendorItem.preference), col(VendorItem.id))
    ).first()
    if found is None:
        return _unmapped(session, item_id)
    mapping, unit = found
    prices = session.execute(
        select(col(PriceBreak.from_quantity), col(PriceBreak.unit_price))
        .where(
            col(PriceBreak.vendor_item_id) == mapping.id,
            col(PriceBreak.currency_code) == currency_code,
            valid_on(on, PriceBreak),
        )
        .order_by(col(PriceBreak.from_quantity))
    ).all()
    return Offer(
        vendor_item_id=mapping.id,
        vendor_part=mapping.vendor_part,
        description=mapping.description,
        unit_id=unit.id,
        unit_code=unit.code,
        unit_digits=unit.digits,
        unit_factor=mapping.unit_factor,
        lead_days=mapping.lead_days,
        minimum_quantity=mapping.minimum_quantity,
        order_multiple=mapping.order_multiple,
        prices=tuple((at_least, price) for at_least, price in prices),
    )


def _unmapped(session: Session, item_id: int) -> Offer:
    found = session.execute(
        select(Item, Unit).join(Unit, col(Unit.id) == col(Item.unit_id)).where(col(Item.id) == item_id)
    ).one_or_none()
    if found is None:
        raise NotFound(kind="item", field="item_id")
    _, unit = found
    return Offer(None, "", "", unit.id, unit.code, unit.digits, Decimal(1), 0, Decimal(0), None, ())


@dataclass(frozen=True, slots=True)
class OrderableItem:
    """An item as a choice for an order line of one vendor."""

    item_id: int
    code: str
    name: str
    vendor_part: str
    unit_code: str
    is_mapped: bool


@needs(Permission.ORDER_EDIT)
def orderable_items(
    session: Session, actor: Actor, *, vendor_id: int, on: date, text: str = "", limit: int = 20
) -> list[OrderableItem]:
    """Items that can stand on an order to a vendor, those that it is known to sell first, matching part of a text."""
    pattern = f"%{text.strip()}%"
    mapping = and_(
        col(VendorItem.item_id) == col(Item.id),
        col(VendorItem.vendor_id) == vendor_id,
        col(VendorItem.is_active),
        valid_on(on, VendorItem),
    )
    is_mapped = col(VendorItem.id).is_not(None)
    statement: Executable = (
        select(
            col(Item.id).label("item_id"),
            col(Item.code),
            col(Item.name),
            func.coalesce(VendorItem.vendor_part, "").label("vendor_part"),
            col(Unit.code).label("unit_code"),
            is_mapped.label("is_mapped"),
        )
        .join(VendorItem, mapping, isouter=True)
        .join(Unit, col(Unit.id) == func.coalesce(VendorItem.purchase_unit_id, Item.unit_id))
        .where(
            col(Item.is_active),
            or_(
                col(Item.code).ilike(pattern), col(Item.name).ilike(pattern), col(VendorItem.vendor_part).ilike(pattern)
            ),
        )
        .order_by(is_mapped.desc(), col(Item.code))
        .limit(limit)
    )
    return each_as(session, OrderableItem, statement)
