"""Demand: sales orders as the sell-side platform reports them."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import SQLModel

from buyside.db.base import (
    code_column,
    found_by_code,
    found_by_words,
    identity,
    instant_column,
    key_of,
    one_of,
    quantity_column,
    refers_to,
    searched,
    text_column,
)
from buyside.domain.demand import SalesOrderStatus


class SalesOrder(SQLModel, table=True):
    """A customer's order. Only approved ones are demand (PLAN-1)."""

    __tablename__ = "sales_order"
    __table_args__ = (
        searched("sales_order", "number"),
        searched("sales_order", "customer"),
        *found_by_code("sales_order", "number"),
        found_by_words("sales_order", "customer"),
        CheckConstraint(one_of("status", SalesOrderStatus), name="known_status"),
        CheckConstraint("status <> 'approved' OR approved_at IS NOT NULL", name="approved_has_time"),
    )
    id: int = identity()
    number: str = code_column()
    customer: str = text_column()
    status: str = text_column(SalesOrderStatus.DRAFT.value)
    approved_at: datetime | None = instant_column(None)
    warehouse_id: int = refers_to("warehouse.id")
    version: int = 1


class SalesOrderLine(SQLModel, table=True):
    """A sold configuration: variant, quantity, needed-by date; its options stand beside it (ITM-3)."""

    __tablename__ = "sales_order_line"
    __table_args__ = (
        UniqueConstraint("order_id", "line_number"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("fulfilled_quantity >= 0 AND cancelled_quantity >= 0", name="progress_not_negative"),
        Index("sales_order_line_needed_by", "needed_by", "id"),
        Index(
            "sales_order_line_open",
            "needed_by",
            "order_id",
            postgresql_where=text("quantity > fulfilled_quantity + cancelled_quantity"),
        ),
    )
    id: int = identity()
    order_id: int = refers_to("sales_order.id", index=False)
    line_number: int
    variant_id: int = refers_to("variant.id")
    quantity: Decimal = quantity_column()
    needed_by: date
    fulfilled_quantity: Decimal = quantity_column(Decimal(0))
    cancelled_quantity: Decimal = quantity_column(Decimal(0))
    is_direct_purchase: bool = False


class SalesOrderLineOption(SQLModel, table=True):
    """An option value chosen on a line."""

    __tablename__ = "sales_order_line_option"
    line_id: int = key_of("sales_order_line.id")
    option_value_id: int = key_of("option_value.id")
