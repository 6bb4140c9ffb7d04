"""The warehouse ledger and the balances that the database keeps from it (STK-5, STK-6, STK-7)."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from buyside.db.base import (
    code_column,
    identity,
    instant_column,
    may_refer_to,
    one_of,
    price_column,
    quantity_column,
    refers_to,
    text_column,
)
from buyside.domain.stock import StockPlace, StockReason


class Warehouse(SQLModel, table=True):
    """Where stock lies."""

    __tablename__ = "warehouse"
    id: int = identity()
    code: str = code_column()
    name: str = text_column()
    address: str = text_column()
    allows_negative: bool = False
    version: int = 1


class StockEntry(SQLModel, table=True):
    """One movement of one item or sold variant in one warehouse. Append-only.

    Quantity in stock units, `value` its money in the organisation's currency; both negative on the way out.
    """

    __tablename__ = "stock_entry"
    __table_args__ = (
        CheckConstraint("num_nonnulls(item_id, variant_id) = 1", name="one_article"),
        CheckConstraint("quantity <> 0", name="moves_something"),
        CheckConstraint(one_of("reason", StockReason), name="known_reason"),
        CheckConstraint(one_of("place", StockPlace), name="known_place"),
        Index("stock_entry_item", "item_id", "warehouse_id", "effective_on"),
        Index("stock_entry_variant", "variant_id", "warehouse_id", "effective_on"),
        Index("stock_entry_source", "source_kind", "source_id"),
    )
    id: int = identity()
    warehouse_id: int = refers_to("warehouse.id")
    item_id: int | None = may_refer_to("item.id", index=False)
    variant_id: int | None = may_refer_to("variant.id", index=False)
    place: str = text_column(StockPlace.ON_HAND.value)
    quantity: Decimal = quantity_column()
    unit_cost: Decimal = price_column(Decimal(0))
    value: Decimal = price_column(Decimal(0))
    reason: str = text_column(...)
    note: str = text_column()
    source_kind: str = text_column()
    source_id: int | None = Field(default=None, sa_type=BigInteger)
    reverses_id: int | None = may_refer_to("stock_entry.id", unique=True, index=False)
    user_id: int | None = may_refer_to("app_user.id", index=False)
    effective_on: date
    recorded_at: datetime = instant_column()


class StockBalance(SQLModel, table=True):
    """What the ledger adds up to. Written by the database alone, in the statement that posts."""

    __tablename__ = "stock_balance"
    __table_args__ = (
        UniqueConstraint("warehouse_id", "item_id", "variant_id", postgresql_nulls_not_distinct=True),
        CheckConstraint("allows_negative OR (on_hand >= 0 AND in_inspection >= 0)", name="not_negative"),
        CheckConstraint("num_nonnulls(item_id, variant_id) = 1", name="one_article"),
    )
    id: int = identity()
    warehouse_id: int = refers_to("warehouse.id", index=False)
    item_id: int | None = may_refer_to("item.id")
    variant_id: int | None = may_refer_to("variant.id")
    on_hand: Decimal = quantity_column(Decimal(0))
    in_inspection: Decimal = quantity_column(Decimal(0))
    value: Decimal = price_column(Decimal(0))
    allows_negative: bool = False
