"""Vendors and the words of money that documents share."""

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from buyside.db.base import (
    code_column,
    currency_column,
    flag_column,
    found_by_code,
    found_by_words,
    identity,
    may_refer_to,
    money_column,
    one_of,
    percent_column,
    price_column,
    refers_to,
    searched,
    text_column,
    version_column,
)
from buyside.domain.vendors import AddressPurpose, BillingTrigger, VendorStatus

DAY_OF_YEAR = "^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"


class Currency(SQLModel, table=True):
    """A currency by its ISO 4217 code, with the digits that amounts are rounded to."""

    __tablename__ = "currency"
    __table_args__ = (CheckConstraint("digits BETWEEN 0 AND 4", name="digits_in_range"),)
    code: str = Field(primary_key=True, sa_type=Text)
    name: str = text_column()
    digits: int = 2
    version: int = version_column()


class ExchangeRate(SQLModel, table=True):
    """What one of a currency is worth in the organisation's own, from a date until the next rate (INT-3)."""

    __tablename__ = "exchange_rate"
    __table_args__ = (
        UniqueConstraint("currency_code", "valid_from"),
        CheckConstraint("rate > 0", name="rate_positive"),
    )
    id: int = identity()
    currency_code: str = currency_column()
    valid_from: date
    rate: Decimal = price_column()
    version: int = version_column()


class TaxCode(SQLModel, table=True):
    """A tax that order lines carry, in percent of their discounted amount."""

    __tablename__ = "tax_code"
    __table_args__ = (CheckConstraint("rate_percent >= 0", name="rate_not_negative"),)
    id: int = identity()
    code: str = code_column()
    name: str = text_column()
    rate_percent: Decimal = percent_column()
    is_active: bool = True
    version: int = version_column()


class CostCenter(SQLModel, table=True):
    """Who bears a cost."""

    __tablename__ = "cost_center"
    id: int = identity()
    code: str = code_column()
    name: str = text_column()
    is_active: bool = True
    version: int = version_column()


class PaymentTerm(SQLModel, table=True):
    """Agreed terms of payment; their billing events say how much falls due when (PO-3)."""

    __tablename__ = "payment_term"
    id: int = identity()
    code: str = code_column()
    name: str = text_column()
    version: int = version_column()


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
    version: int = version_column()


class Vendor(SQLModel, table=True):
    """Who sells to us (VEN-1). Only active vendors receive new orders (VEN-2).

    `order_weekdays` are like "mon,wed", empty for any day; `order_cutoff` is "11:30" on the organisation's clock (VEN-6). The
    five flags decide where an order type leaves a setting to the vendor (ORD-2).
    """

    __tablename__ = "vendor"
    __table_args__ = (
        searched("vendor", "code"),
        searched("vendor", "name"),
        *found_by_code("vendor", "code"),
        found_by_words("vendor", "name"),
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
    freight_free_value: Decimal | None = money_column(None)
    order_weekdays: str = text_column()
    order_cutoff: str = text_column()
    takes_catalogue_items: bool = flag_column(True)
    takes_generic_items: bool = flag_column(True)
    sends_order_form: bool = flag_column(True)
    allows_pick_up: bool = flag_column(False)
    registers_receipt: bool = flag_column(True)
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
    country_code: str = text_column()
    email: str = text_column()
    version: int = version_column()


class VendorClosingDay(SQLModel, table=True):
    """Days of every year on which a vendor is closed, each as month and day, "12-24"; a period may run over the new year (VEN-6)."""

    __tablename__ = "vendor_closing_day"
    __table_args__ = (
        UniqueConstraint("vendor_id", "from_day"),
        CheckConstraint(f"from_day ~ '{DAY_OF_YEAR}' AND to_day ~ '{DAY_OF_YEAR}'", name="days_of_a_year"),
    )
    id: int = identity()
    vendor_id: int = refers_to("vendor.id", index=False)
    from_day: str = text_column(...)
    to_day: str = text_column(...)
    name: str = text_column()
    version: int = version_column()


class VendorContact(SQLModel, table=True):
    """A person at a vendor."""

    __tablename__ = "vendor_contact"
    id: int = identity()
    vendor_id: int = refers_to("vendor.id")
    name: str = text_column()
    email: str = text_column()
    phone: str = text_column()
    purpose: str = text_column()
    version: int = version_column()
