"""Contracts with vendors."""

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import SQLModel

from buyside.db.base import (
    code_column,
    currency_column,
    identity,
    money_column,
    one_of,
    price_column,
    quantity_column,
    refers_to,
    text_column,
)
from buyside.domain.contracts import ContractStatus


class Contract(SQLModel, table=True):
    """An agreement with a vendor: validity, currency, an amount (CON-1)."""

    __tablename__ = "contract"
    __table_args__ = (
        CheckConstraint(one_of("status", ContractStatus), name="known_status"),
        CheckConstraint("valid_to >= valid_from", name="validity_in_order"),
        CheckConstraint("amount >= 0", name="amount_not_negative"),
    )
    id: int = identity()
    number: str = code_column()
    vendor_id: int = refers_to("vendor.id")
    title: str = text_column()
    currency_code: str = currency_column()
    valid_from: date
    valid_to: date
    amount: Decimal | None = money_column(None)
    status: str = text_column(ContractStatus.ACTIVE.value)
    version: int = 1


class ContractItem(SQLModel, table=True):
    """An item of a contract: an agreed quantity, an agreed price, either or both."""

    __tablename__ = "contract_item"
    __table_args__ = (
        UniqueConstraint("contract_id", "item_id"),
        CheckConstraint("quantity >= 0", name="quantity_not_negative"),
        CheckConstraint("unit_price >= 0", name="unit_price_not_negative"),
    )
    id: int = identity()
    contract_id: int = refers_to("contract.id", index=False)
    item_id: int = refers_to("item.id")
    quantity: Decimal | None = quantity_column(None)
    unit_price: Decimal | None = price_column(None)
