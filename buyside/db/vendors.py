"""Vendors and the words of money that documents share."""

from decimal import Decimal

from sqlalchemy import CheckConstraint, Text
from sqlmodel import Field, SQLModel

from buyside.db.base import (
    code_column,
    currency_column,
    identity,
    may_refer_to,
    money_column,
    one_of,
    percent_column,
    refers_to,
    searched,
    text_column,
)
from buyside.domain.vendors import AddressPurpose, BillingTrigger, VendorStatus


class Currency(SQLModel, table=True):
    """A currency by its ISO 4217 code, with the digits that amounts are rounded to."""

    __tablename__ = "currency"
    __table_args__ = (CheckConstraint("digits BETWEEN 0 AND 4", name="digits_in_range"),)
    code: str = Field(primary_key=True, sa_type=Text)
    name: str = text_column()
    digits: int = 2


class PaymentTerm(SQLModel, table=True):
    """Agreed terms of payment; their billing events say how much falls due when (PO-3)."""

    __tablename__ = "payment_term"
    id: int = identity()
    code: str = code_column()
    name: str = text_column()


class PaymentTermEvent(SQLModel, table=True):
    """One billing event: a share of the total, what triggers it, days until due."""

    __tablename__ = "payment_term_event"
    __table_args__ = (
        CheckConstraint(one_of("trigger", BillingTrigger), name="known_trigger"),
        CheckConstraint("share_percent > 0 AND share_percent <= 100", name="share_in_range"),
        CheckConstraint("days >= 0", name="days_not_negative"),
    )
    id: int = identity()
    payment_term_id: int = refers_to("payment_term.id")
    position: int = 1
    share_percent: Decimal = percent_column()
    trigger: str = text_column()
    days: int = 0


class Vendor(SQLModel, table=True):
    """Who sells to us (VEN-1). Only active vendors receive new orders (VEN-2)."""

    __tablename__ = "vendor"
    __table_args__ = (
        searched("vendor", "code"),
        searched("vendor", "name"),
        CheckConstraint(one_of("status", VendorStatus), name="known_status"),
    )
    id: int = identity()
    code: str = code_column()
    name: str = text_column()
    legal_name: str = text_column()
    tax_id: str = text_column()
    currency_code: str = currency_column()
    language: str = text_column("en")
    payment_term_id: int | None = may_refer_to("payment_term.id")
    delivery_terms: str = text_column()
    shipping_account: str = text_column()
    shipping_method: str = text_column()
    status: str = text_column(VendorStatus.ACTIVE.value)
    status_reason: str = text_column()
    email: str = text_column()
    over_receipt_percent: Decimal | None = percent_column(None)
    minimum_order_value: Decimal | None = money_column(None)
    version: int = 1


class VendorAddress(SQLModel, table=True):
    """Where a vendor's order form goes, who bills, where goods are picked up."""

    __tablename__ = "vendor_address"
    __table_args__ = (CheckConstraint(one_of("purpose", AddressPurpose), name="known_purpose"),)
    id: int = identity()
    vendor_id: int = refers_to("vendor.id")
    purpose: str = text_column()
    name: str = text_column()
    lines: str = text_column()


class VendorContact(SQLModel, table=True):
    """A person at a vendor."""

    __tablename__ = "vendor_contact"
    id: int = identity()
    vendor_id: int = refers_to("vendor.id")
    name: str = text_column()
    email: str = text_column()
    phone: str = text_column()
    purpose: str = text_column()
