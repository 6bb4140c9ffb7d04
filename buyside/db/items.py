"""Procurement items, their units, and who sells them at what price."""

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import SQLModel

from buyside.db.base import (
    code_column,
    currency_column,
    flag_column,
    found_by_code,
    found_by_words,
    identity,
    may_refer_to,
    one_of,
    percent_column,
    price_column,
    quantity_column,
    refers_to,
    searched,
    text_column,
    version_column,
)
from buyside.domain.items import ItemKind, LotPolicy, SupplyMode, VendorPolicy


class Unit(SQLModel, table=True):
    """A unit of measure: `factor` of it make one base unit's worth of its category; ordered in `digits` decimals."""

    __tablename__ = "unit"
    __table_args__ = (
        CheckConstraint("factor > 0", name="factor_positive"),
        CheckConstraint("digits BETWEEN 0 AND 6", name="digits_in_range"),
    )
    id: int = identity()
    code: str = code_column()
    name: str = text_column()
    category: str = text_column()
    factor: Decimal = quantity_column(Decimal(1))
    digits: int = 0
    version: int = version_column()


class ItemGroup(SQLModel, table=True):
    """A group of items that are planned and bought alike: whose vendor goes first, and whether a contract does (PLAN-7)."""

    __tablename__ = "item_group"
    __table_args__ = (CheckConstraint(one_of("vendor_policy", VendorPolicy), name="known_vendor_policy"),)
    id: int = identity()
    code: str = code_column()
    name: str = text_column()
    vendor_policy: str = text_column(VendorPolicy.PREFERENCE.value)
    contracts_first: bool = flag_column(True)
    version: int = version_column()


class Item(SQLModel, table=True):
    """What is bought, made on the way, or passed through (ITM-1). Thresholds are in stock units."""

    __tablename__ = "item"
    __table_args__ = (
        searched("item", "code"),
        searched("item", "name"),
        *found_by_code("item", "code"),
        found_by_words("item", "name"),
        CheckConstraint(one_of("kind", ItemKind), name="known_kind"),
        CheckConstraint(one_of("supply", SupplyMode), name="known_supply"),
        CheckConstraint(one_of("lot_policy", LotPolicy), name="known_lot_policy"),
        CheckConstraint("safety_stock >= 0", name="safety_stock_not_negative"),
        CheckConstraint("order_up_to >= reorder_point", name="order_up_to_above_reorder_point"),
        CheckConstraint("lot_policy <> 'period' OR coalesce(period_days, 0) > 0", name="period_has_days"),
        CheckConstraint("make_lead_days >= 0 AND goods_in_days >= 0", name="days_not_negative"),
        CheckConstraint("over_receipt_percent >= 0", name="tolerance_not_negative"),
    )
    id: int = identity()
    code: str = code_column()
    name: str = text_column()
    description: str = text_column()
    group_id: int | None = may_refer_to("item_group.id")
    unit_id: int = refers_to("unit.id")
    kind: str = text_column(ItemKind.INVENTORY.value)
    supply: str = text_column(SupplyMode.BUY.value)
    safety_stock: Decimal = quantity_column(Decimal(0))
    reorder_point: Decimal | None = quantity_column(None)
    order_up_to: Decimal | None = quantity_column(None)
    lot_policy: str = text_column(LotPolicy.LOT_FOR_LOT.value)
    period_days: int | None = None
    make_lead_days: int = 0
    goods_in_days: int = 0
    inspection_required: bool = False
    over_receipt_percent: Decimal | None = percent_column(None)
    standard_cost: Decimal | None = price_column(None)
    default_warehouse_id: int | None = may_refer_to("warehouse.id")
    planner: str = text_column()
    is_orderable: bool = False
    is_active: bool = True
    version: int = 1


class VendorItem(SQLModel, table=True):
    """That a vendor sells an item (VEN-3). Minimum and multiple are in the purchase unit.

    `unit_factor` is how many stock units one purchase unit holds.
    """

    __tablename__ = "vendor_item"
    __table_args__ = (
        searched("vendor_item", "vendor_part"),
        *found_by_code("vendor_item", "vendor_part"),
        CheckConstraint("unit_factor > 0", name="unit_factor_positive"),
        CheckConstraint("lead_days >= 0", name="lead_days_not_negative"),
        CheckConstraint("minimum_quantity >= 0", name="minimum_not_negative"),
        CheckConstraint("order_multiple > 0", name="multiple_positive"),
        CheckConstraint("valid_to >= valid_from", name="validity_in_order"),
        CheckConstraint("share_percent BETWEEN 0 AND 100", name="share_in_range"),
        ExcludeConstraint(
            (sql("vendor_id"), "="),
            (sql("item_id"), "="),
            (sql("daterange(valid_from, valid_to, '[]')"), "&&"),
            name="vendor_item_no_overlap",
            using="gist",
        ),
    )
    id: int = identity()
    vendor_id: int = refers_to("vendor.id")
    item_id: int = refers_to("item.id")
    vendor_part: str = text_column()
    description: str = text_column()
    purchase_unit_id: int = refers_to("unit.id", index=False)
    unit_factor: Decimal = quantity_column(Decimal(1))
    lead_days: int = 0
    minimum_quantity: Decimal = quantity_column(Decimal(0))
    order_multiple: Decimal | None = quantity_column(None)
    preference: int = 1
    share_percent: Decimal | None = percent_column(None)
    valid_from: date | None = None
    valid_to: date | None = None
    is_active: bool = True
    version: int = 1


class PriceBreak(SQLModel, table=True):
    """From this quantity on, this price: both per purchase unit (VEN-3, VEN-4)."""

    __tablename__ = "price_break"
    __table_args__ = (
        CheckConstraint("from_quantity >= 0", name="from_quantity_not_negative"),
        CheckConstraint("unit_price >= 0", name="unit_price_not_negative"),
        CheckConstraint("valid_to >= valid_from", name="validity_in_order"),
        ExcludeConstraint(
            (sql("vendor_item_id"), "="),
            (sql("from_quantity"), "="),
            (sql("currency_code"), "="),
            (sql("daterange(valid_from, valid_to, '[]')"), "&&"),
            name="price_break_no_overlap",
            using="gist",
        ),
    )
    id: int = identity()
    vendor_item_id: int = refers_to("vendor_item.id")
    from_quantity: Decimal = quantity_column(Decimal(0))
    unit_price: Decimal = price_column()
    currency_code: str = currency_column()
    valid_from: date | None = None
    valid_to: date | None = None
    version: int = version_column()
