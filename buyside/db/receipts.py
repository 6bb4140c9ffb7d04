"""Arrivals of goods. Append-only: a mistake is answered by a reversal."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint
from sqlmodel import SQLModel

from buyside.db.base import code_column, identity, instant_column, may_refer_to, quantity_column, refers_to, text_column


class Receipt(SQLModel, table=True):
    """One arrival for one order into one warehouse, or the exact reverse of one (STK-1, STK-4).

    `is_history` marks receipts that came with imported orders: they explain the received quantities of a past that
    the warehouse ledger does not hold.
    """

    __tablename__ = "receipt"
    __table_args__ = (CheckConstraint("reverses_id <> id", name="not_of_itself"),)
    id: int = identity()
    number: str = code_column()
    order_id: int = refers_to("purchase_order.id")
    warehouse_id: int = refers_to("warehouse.id")
    effective_on: date
    received_at: datetime = instant_column()
    received_by: int | None = may_refer_to("app_user.id", index=False)
    delivery_note: str = text_column()
    reverses_id: int | None = may_refer_to("receipt.id", unique=True, index=False)
    void_reason: str = text_column()
    is_history: bool = False


class ReceiptLine(SQLModel, table=True):
    """How much of one order line arrived: in the ordered unit, and in stock units. Negative on a reversal."""

    __tablename__ = "receipt_line"
    __table_args__ = (
        CheckConstraint("quantity <> 0", name="moves_something"),
        CheckConstraint("sign(quantity) * rejected_quantity >= 0", name="rejected_has_the_same_sign"),
    )
    id: int = identity()
    receipt_id: int = refers_to("receipt.id")
    order_line_id: int = refers_to("purchase_order_line.id")
    quantity: Decimal = quantity_column()
    stock_quantity: Decimal = quantity_column()
    rejected_quantity: Decimal = quantity_column(Decimal(0))
