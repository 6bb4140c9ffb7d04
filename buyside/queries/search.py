"""One search over everything that a person may look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, literal, or_, select
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from buyside.db.demand import SalesOrder
from buyside.db.items import Item, VendorItem
from buyside.db.orders import PurchaseOrder
from buyside.db.structure import Variant
from buyside.db.vendors import Vendor
from buyside.domain.access import Actor, Permission, needs

_EACH = 6
_Chosen = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Found:
    """One thing found: `kind` is "order", "sales order", "item", "vendor" or "variant"; `name` is what people know it by."""

    kind: str
    name: str
    says: str


@needs(Permission.SEARCH_USE)
def find_anything(session: Session, actor: Actor, /, *, text: str) -> tuple[Found, ...]:
    """The closest few of each kind whose number, code or name holds `text`, items by a vendor's part number too; exact and leading matches first."""
    found: list[Found] = []
    for kind, permission, chosen in _kinds(text):
        if actor.may(permission):
            found += [Found(kind, name, says) for name, says in session.execute(chosen)]
    return tuple(found)


def _kinds(text: str) -> tuple[tuple[str, Permission, _Chosen], ...]:
    order_number, customer_number = col(PurchaseOrder.number), col(SalesOrder.number)
    orders = select(order_number, col(Vendor.name)).join(Vendor, col(Vendor.id) == col(PurchaseOrder.vendor_id))
    sales_orders = select(customer_number, col(SalesOrder.customer))
    items = select(col(Item.code), col(Item.name))
    by_part = select(col(VendorItem.item_id)).where(col(VendorItem.vendor_part).icontains(text, autoescape=True))
    vendors = select(col(Vendor.code), col(Vendor.name))
    variants = select(col(Variant.sku), col(Variant.name))
    return (
        ("order", Permission.ORDER_VIEW, _closest(orders, text, order_number)),
        ("sales order", Permission.DEMAND_VIEW, _closest(sales_orders, text, customer_number)),
        (
            "item",
            Permission.ITEM_VIEW,
            _closest(items, text, col(Item.code), col(Item.name), also=col(Item.id).in_(by_part)),
        ),
        ("vendor", Permission.VENDOR_VIEW, _closest(vendors, text, col(Vendor.code), col(Vendor.name))),
        ("variant", Permission.STOCK_VIEW, _closest(variants, text, col(Variant.sku), col(Variant.name))),
    )


def _closest(
    chosen: _Chosen, text: str, first: Mapped[str], *others: Mapped[str], also: ColumnElement[bool] | None = None
) -> _Chosen:
    named = [each.icontains(text, autoescape=True) for each in (first, *others)]
    matches = or_(*named) if also is None else or_(*named, also)
    rank = first.istartswith(text, autoescape=True).desc()
    return chosen.where(matches).order_by((first == literal(text)).desc(), rank, first).limit(_EACH)
