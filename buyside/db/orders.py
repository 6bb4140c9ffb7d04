"""Purchase orders, their lines, their frozen snapshots, and the demand that they serve."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

from buyside.db.base import (
    code_column,
    currency_column,
    document_column,
    document_from,
    found_by_code,
    identity,
    instant_column,
    key_of,
    may_refer_to,
    money_column,
    one_of,
    percent_column,
    price_column,
    quantity_column,
    refers_to,
    searched,
    text_column,
)
from buyside.domain.orders import OrderState


class OrderType(SQLModel, table=True):
    """How a kind of order is processed (ORD-1). One default exists from the start."""

    __tablename__ = "order_type"
    __table_args__ = (Index("order_type_one_default", "is_default", unique=True, postgresql_where=sql("is_default")),)
    id: int = identity()
    code: str = code_column()
    name: str = text_column()
    is_default: bool = False


class VendorSeries(SQLModel, table=True):
    """The last serial drawn for a vendor's orders in a year; numbers are never drawn twice (PO-6)."""

    __tablename__ = "vendor_series"
    vendor_id: int = key_of("vendor.id")
    year: int = Field(primary_key=True)
    last: int


class PurchaseOrder(SQLModel, table=True):
    """The head and foot of an order (PO-1). Amounts are the sum of the lines, in the order's currency."""

    __tablename__ = "purchase_order"
    __table_args__ = (
        searched("purchase_order", "number"),
        *found_by_code("purchase_order", "number"),
        CheckConstraint(one_of("state", OrderState), name="known_state"),
        CheckConstraint("shipping_costs >= 0 AND header_discount >= 0", name="costs_not_negative"),
        Index("purchase_order_state", "state", "id"),
        Index("purchase_order_changed_at", "changed_at", "id"),
        Index("purchase_order_ordered_on", "ordered_on", "id"),
    )
    id: int = identity()
    number: str = code_column()
    title: str = text_column()
    vendor_id: int = refers_to("vendor.id")
    order_type_id: int = refers_to("order_type.id", index=False)
    warehouse_id: int = refers_to("warehouse.id")
    contract_id: int | None = may_refer_to("contract.id")
    currency_code: str = currency_column()
    state: str = text_column(OrderState.DRAFT.value)
    is_on_hold: bool = False
    order_by: date | None = None
    ordered_on: date | None = None
    issued_at: datetime | None = instant_column(None)
    bill_to_account: str = text_column()
    bill_to_address: str = text_column()
    bill_to_contact: str = text_column()
    payment_term_id: int | None = may_refer_to("payment_term.id", index=False)
    ship_to_account: str = text_column()
    ship_to_address: str = text_column()
    ship_to_contact: str = text_column()
    shipping_account: str = text_column()
    shipping_method: str = text_column()
    pick_up_address_id: int | None = may_refer_to("vendor_address.id", index=False)
    fulfil_all_at_once: bool = False
    header_discount: Decimal = money_column(Decimal(0))
    shipping_costs: Decimal = money_column(Decimal(0))
    subtotal: Decimal = money_column(Decimal(0))
    discount: Decimal = money_column(Decimal(0))
    tax: Decimal = money_column(Decimal(0))
    total: Decimal = money_column(Decimal(0))
    notes: str = text_column()
    internal_notes: str = text_column()
    owner_id: int | None = may_refer_to("app_user.id", index=False)
    created_at: datetime = instant_column()
    created_by: int | None = may_refer_to("app_user.id", index=False)
    changed_at: datetime = instant_column()
    changed_by: int | None = may_refer_to("app_user.id", index=False)
    version: int = 1


class PurchaseOrderLine(SQLModel, table=True):
    """One ordered item. Quantities are in the ordered unit, `unit_factor` stock units each.

    `received_quantity` and its companions are sums of receipts, kept under the line's lock and proven by the checks.
    """

    __tablename__ = "purchase_order_line"
    __table_args__ = (
        UniqueConstraint("order_id", "line_number"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("unit_factor > 0", name="unit_factor_positive"),
        CheckConstraint("unit_price >= 0", name="unit_price_not_negative"),
        CheckConstraint("discount_percent BETWEEN 0 AND 100", name="discount_percent_in_range"),
        CheckConstraint("discount_amount >= 0", name="discount_amount_not_negative"),
        CheckConstraint("tax_percent >= 0", name="tax_percent_not_negative"),
        CheckConstraint("received_quantity >= 0", name="received_not_negative"),
        CheckConstraint(
            "rejected_quantity >= 0 AND returned_quantity >= 0 AND rejected_quantity <= received_quantity",
            name="rejected_within_received",
        ),
        CheckConstraint("received_quantity <= receivable_quantity", name="not_over_received"),
    )
    id: int = identity()
    order_id: int = refers_to("purchase_order.id", index=False)
    line_number: int
    item_id: int = refers_to("item.id")
    vendor_item_id: int | None = may_refer_to("vendor_item.id")
    vendor_part: str = text_column()
    description: str = text_column()
    quantity: Decimal = quantity_column()
    unit_id: int = refers_to("unit.id", index=False)
    unit_factor: Decimal = quantity_column(Decimal(1))
    unit_price: Decimal = price_column()
    discount_percent: Decimal = percent_column(Decimal(0))
    discount_amount: Decimal = money_column(Decimal(0))
    tax_percent: Decimal = percent_column(Decimal(0))
    subtotal: Decimal = money_column(Decimal(0))
    discount: Decimal = money_column(Decimal(0))
    header_discount: Decimal = money_column(Decimal(0))
    tax: Decimal = money_column(Decimal(0))
    total: Decimal = money_column(Decimal(0))
    needed_on: date | None = None
    expected_on: date | None = None
    promised_on: date | None = None
    receivable_quantity: Decimal = quantity_column()
    received_quantity: Decimal = quantity_column(Decimal(0))
    rejected_quantity: Decimal = quantity_column(Decimal(0))
    returned_quantity: Decimal = quantity_column(Decimal(0))


class PurchaseOrderPeg(SQLModel, table=True):
    """Which sales order line an order line serves, in stock units (PLAN-17).

    A conversion writes tens of thousands: the database checks what they refer to once a statement, by triggers that stand in
    for the foreign keys (migration 0014), and its own key finds them by order line.
    """

    __tablename__ = "purchase_order_peg"
    order_line_id: int = key_of("purchase_order_line.id")
    id: int = identity()
    sales_order_line_id: int | None = may_refer_to("sales_order_line.id")
    quantity: Decimal = quantity_column()


class PurchaseOrderSnapshot(SQLModel, table=True):
    """The order as it was issued: parties, terms, prices, lines, totals (PO-6). Append-only.

    `vendor_copy` is the part of the content that the vendor may read: what the paper says, and no more.
    """

    __tablename__ = "purchase_order_snapshot"
    __mapper_args__ = {"eager_defaults": False}  # nobody who issues an order reads the vendor's copy back
    __table_args__ = (UniqueConstraint("order_id", "revision"),)
    id: int = identity()
    order_id: int = refers_to("purchase_order.id", index=False)
    revision: int = 1
    content: dict[str, Any] = document_column()
    content_sha256: bytes
    issued_at: datetime = instant_column()
    issued_by: int | None = may_refer_to("app_user.id", index=False)
    vendor_copy: dict[str, Any] = document_from("vendor_copy(content)")
