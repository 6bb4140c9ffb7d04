"""Orders as they were issued: the book of frozen papers (PO-6). Decimals in it are text, so that its digest never moves."""

import hashlib
import json
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlmodel import Session, col, func, select

from buyside.db.contracts import Contract
from buyside.db.items import Item, Unit
from buyside.db.orders import PurchaseOrder, PurchaseOrderLine, PurchaseOrderSnapshot
from buyside.db.people import Organisation
from buyside.db.stock import Warehouse
from buyside.db.vendors import Currency, PaymentTerm, PaymentTermEvent, Vendor, VendorAddress, VendorContact
from buyside.domain.access import Actor
from buyside.domain.vendors import AddressPurpose
from buyside.ledgers.orders import lines_of

FORM = 1
"""Which form of content this is; a later form leaves the earlier ones readable."""


def content_digest(content: dict[str, Any]) -> bytes:
    """SHA-256 of a snapshot's content in one spelling: sorted names, no spaces, UTF-8."""
    spelled = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(spelled.encode()).digest()


def freeze(session: Session, actor: Actor, order: PurchaseOrder, *, at: datetime) -> PurchaseOrderSnapshot:
    """Write the next snapshot of an order whose row is locked."""
    last = session.exec(
        select(func.max(PurchaseOrderSnapshot.revision)).where(PurchaseOrderSnapshot.order_id == order.id)
    ).one()
    revision = (last or 0) + 1
    content = content_of(session, order, revision=revision)
    snapshot = PurchaseOrderSnapshot(
        order_id=order.id,
        revision=revision,
        content=content,
        content_sha256=content_digest(content),
        issued_at=at,
        issued_by=actor.user_id,
    )
    session.add(snapshot)
    session.flush()
    return snapshot


def _text(value: Decimal) -> str:
    """A decimal without exponent and trailing zeros, as it never changes between reads."""
    plain = f"{value:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def content_of(session: Session, order: PurchaseOrder, *, revision: int) -> dict[str, Any]:
    """Everything that the paper says, from today's master data: parties, terms, lines, amounts. No internal notes."""
    organisation = session.get_one(Organisation, 1)
    currency = session.get_one(Currency, order.currency_code)
    warehouse = session.get_one(Warehouse, order.warehouse_id)
    contract = session.get_one(Contract, order.contract_id) if order.contract_id else None
    return {
        "form": FORM,
        "number": order.number,
        "revision": revision,
        "title": order.title,
        "ordered_on": order.ordered_on.isoformat() if order.ordered_on else None,
        "order_by": order.order_by.isoformat() if order.order_by else None,
        "currency": {"code": currency.code, "digits": currency.digits},
        "buyer": {"name": organisation.name},
        "vendor": _vendor(session, order.vendor_id),
        "bill_to": {
            "account": order.bill_to_account,
            "address": order.bill_to_address,
            "contact": order.bill_to_contact,
        },
        "ship_to": {
            "account": order.ship_to_account,
            "address": order.ship_to_address,
            "contact": order.ship_to_contact,
            "warehouse": {"code": warehouse.code, "name": warehouse.name},
        },
        "terms": _terms(session, order),
        "contract": {"number": contract.number, "title": contract.title} if contract else None,
        "lines": _lines(session, order),
        "foot": {
            "subtotal": _text(order.subtotal),
            "header_discount": _text(order.header_discount),
            "discount": _text(order.discount),
            "shipping_costs": _text(order.shipping_costs),
            "tax": _text(order.tax),
            "total": _text(order.total),
        },
        "notes": order.notes,
    }


def _vendor(session: Session, vendor_id: int) -> dict[str, Any]:
    vendor = session.get_one(Vendor, vendor_id)
    address = session.exec(
        select(VendorAddress)
        .where(VendorAddress.vendor_id == vendor_id, VendorAddress.purpose == AddressPurpose.ORDER_FORM.value)
        .order_by(col(VendorAddress.id))
    ).first()
    contacts = session.exec(
        select(VendorContact).where(VendorContact.vendor_id == vendor_id).order_by(col(VendorContact.id))
    ).all()
    return {
        "code": vendor.code,
        "name": vendor.name,
        "legal_name": vendor.legal_name,
        "tax_id": vendor.tax_id,
        "language": vendor.language,
        "email": vendor.email,
        "address": "\n".join(filter(None, (address.name, address.lines))) if address else "",
        "contacts": [
            {"name": each.name, "email": each.email, "phone": each.phone, "purpose": each.purpose} for each in contacts
        ],
        "delivery_terms": vendor.delivery_terms,
    }


def _terms(session: Session, order: PurchaseOrder) -> dict[str, Any]:
    payment = session.get_one(PaymentTerm, order.payment_term_id) if order.payment_term_id else None
    events = session.exec(
        select(PaymentTermEvent)
        .where(PaymentTermEvent.payment_term_id == order.payment_term_id)
        .order_by(col(PaymentTermEvent.position), col(PaymentTermEvent.id))
    ).all()
    pick_up = session.get_one(VendorAddress, order.pick_up_address_id) if order.pick_up_address_id else None
    return {
        "payment": {
            "code": payment.code,
            "name": payment.name,
            "events": [
                {"share_percent": _text(each.share_percent), "trigger": each.trigger, "days": each.days}
                for each in events
            ],
        }
        if payment
        else None,
        "shipping_account": order.shipping_account,
        "shipping_method": order.shipping_method,
        "pick_up": "\n".join(filter(None, (pick_up.name, pick_up.lines))) if pick_up else "",
        "fulfil_all_at_once": order.fulfil_all_at_once,
    }


def _lines(session: Session, order: PurchaseOrder) -> list[dict[str, Any]]:
    lines = lines_of(session, order.id)
    items = session.exec(select(Item).where(col(Item.id).in_([each.item_id for each in lines]))).all()
    known = {each.id: each for each in items}
    units = {each.id: each.code for each in session.exec(select(Unit)).all()}
    return [_line(line, known[line.item_id], units) for line in lines]


def _line(line: PurchaseOrderLine, item: Item, units: dict[int, str]) -> dict[str, Any]:
    return {
        "line": line.line_number,
        "item": {"code": item.code, "name": item.name, "unit": units[item.unit_id]},
        "vendor_part": line.vendor_part,
        "description": line.description,
        "quantity": _text(line.quantity),
        "unit": units[line.unit_id],
        "unit_factor": _text(line.unit_factor),
        "unit_price": _text(line.unit_price),
        "subtotal": _text(line.subtotal),
        "discount_percent": _text(line.discount_percent),
        "discount": _text(line.discount),
        "header_discount": _text(line.header_discount),
        "tax_percent": _text(line.tax_percent),
        "tax": _text(line.tax),
        "total": _text(line.total),
        "receivable_quantity": _text(line.receivable_quantity),
        "needed_on": line.needed_on.isoformat() if line.needed_on else None,
        "expected_on": line.expected_on.isoformat() if line.expected_on else None,
    }
