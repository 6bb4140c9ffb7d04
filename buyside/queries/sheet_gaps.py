"""What rows of master data lack, found by looking into other tables: items that nobody sells, mappings without a price.

Each is a column of its sheet's list that is never shown and only filtered by; the condition is a test of existence, so that the
database may begin with whichever side is shorter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, and_, cast, exists, false, func, or_, select
from sqlmodel import col

from buyside.db.items import Item, PriceBreak, VendorItem
from buyside.db.people import Organisation
from buyside.db.stock import StockBalance
from buyside.db.structure import BomRow, OptionRule, Variant
from buyside.db.vendors import Currency, ExchangeRate, PaymentTermEvent, Vendor, VendorAddress
from buyside.domain.items import RuleBehaviour, SupplyMode
from buyside.domain.vendors import AddressPurpose, VendorStatus
from buyside.domain.words import Kind
from buyside.queries.rows import RowColumn

GAPS = "gaps"
"""The name of the column in every list that has one."""
_WHOLE = 100

_Key = ColumnElement[Any]
_Condition = Callable[[_Key], ColumnElement[bool]]


class Gap(StrEnum):
    """What a row can lack."""

    NO_VENDOR = "no-vendor"
    """An item to be bought that no active vendor offers today."""
    NO_PRICE = "no-price"
    """An item to be bought that somebody offers and nobody has a price for today; a mapping without a price of today."""
    BELOW_REORDER_POINT = "below-reorder-point"
    """An item whose stock in all warehouses together lies below its reorder point."""
    NO_COMPONENTS = "no-components"
    """An item to be made, or a variant, that is made of nothing."""
    NO_ITEMS = "no-items"
    """An active vendor that offers nothing today."""
    NO_ORDER_ADDRESS = "no-order-address"
    """An active vendor that gets order forms and has no e-mail address for them."""
    NO_RATE = "no-rate"
    """A currency other than the organisation's without a rate of today."""
    SHARES_OFF = "shares-off"
    """Terms of payment whose events do not add up to the whole."""


def _today() -> ColumnElement[Any]:
    """The organisation's date now."""
    zone = select(col(Organisation.time_zone)).where(col(Organisation.id) == 1).scalar_subquery()
    return cast(func.timezone(zone, func.now()), Date)


def _valid(row: type[VendorItem] | type[PriceBreak]) -> ColumnElement[bool]:
    """Valid today."""
    today = _today()
    begun = or_(col(row.valid_from).is_(None), col(row.valid_from) <= today)
    return and_(begun, or_(col(row.valid_to).is_(None), col(row.valid_to) >= today))


def _priced() -> ColumnElement[bool]:
    """That the mapping around it has a price of today."""
    return exists().where(col(PriceBreak.vendor_item_id) == col(VendorItem.id), _valid(PriceBreak))


def _offers() -> Select[Any]:
    """The items of mappings that hold today, of vendors that may be ordered from."""
    return (
        select(col(VendorItem.item_id))
        .join(Vendor, col(Vendor.id) == col(VendorItem.vendor_id))
        .where(col(VendorItem.is_active), _valid(VendorItem), col(Vendor.status) == VendorStatus.ACTIVE.value)
    )


def _bought() -> Select[Any]:
    return select(col(Item.id)).where(col(Item.is_active), col(Item.supply) == SupplyMode.BUY.value)


# Sets are taken from each other whole: asked of each item by itself, a hundred thousand of them take seconds.
def _no_vendor(key: _Key) -> ColumnElement[bool]:
    return key.in_(_bought().except_(_offers()))


def _no_price(key: _Key) -> ColumnElement[bool]:
    bought = _offers().where(col(VendorItem.item_id).in_(_bought()))
    return key.in_(bought.except_(_offers().where(_priced())))


def _below_reorder_point(key: _Key) -> ColumnElement[bool]:
    on_hand = (
        select(func.coalesce(func.sum(col(StockBalance.on_hand)), 0))
        .where(col(StockBalance.item_id) == col(Item.id))
        .scalar_subquery()
    )
    below = and_(col(Item.is_active), col(Item.reorder_point).is_not(None), on_hand < col(Item.reorder_point))
    return key.in_(select(col(Item.id)).where(below))


def _made_of_nothing(key: _Key) -> ColumnElement[bool]:
    is_made = and_(col(Item.is_active), col(Item.supply) != SupplyMode.BUY.value)
    return and_(key.in_(select(col(Item.id)).where(is_made)), ~exists().where(col(BomRow.item_id) == key))


def _variant_of_nothing(key: _Key) -> ColumnElement[bool]:
    def none_of(table: type[BomRow] | type[OptionRule], *more: ColumnElement[bool]) -> ColumnElement[bool]:
        of_it = or_(col(table.variant_id) == col(Variant.id), col(table.product_id) == col(Variant.product_id))
        return ~exists().where(of_it, *more)

    decided = col(OptionRule.behaviour).in_([RuleBehaviour.ADD.value, RuleBehaviour.NOTHING.value])
    return key.in_(select(col(Variant.id)).where(none_of(BomRow), none_of(OptionRule, decided)))


def _mapping_without_price(key: _Key) -> ColumnElement[bool]:
    unpriced = select(col(VendorItem.id)).where(col(VendorItem.is_active), _valid(VendorItem), ~_priced())
    return key.in_(unpriced)


def _active_vendor(*more: ColumnElement[bool]) -> Select[Any]:
    return select(col(Vendor.id)).where(col(Vendor.status) == VendorStatus.ACTIVE.value, *more)


def _no_items(key: _Key) -> ColumnElement[bool]:
    offered = exists().where(col(VendorItem.vendor_id) == col(Vendor.id), col(VendorItem.is_active), _valid(VendorItem))
    return key.in_(_active_vendor(~offered))


def _no_order_address(key: _Key) -> ColumnElement[bool]:
    written = exists().where(
        col(VendorAddress.vendor_id) == col(Vendor.id),
        col(VendorAddress.purpose) == AddressPurpose.ORDER_FORM.value,
        col(VendorAddress.email) != "",
    )
    return key.in_(_active_vendor(col(Vendor.sends_order_form).is_(True), col(Vendor.email) == "", ~written))


def _no_rate(key: _Key) -> ColumnElement[bool]:
    own = select(col(Organisation.currency_code)).where(col(Organisation.id) == 1)
    rated = exists().where(
        col(ExchangeRate.currency_code) == col(Currency.code), col(ExchangeRate.valid_from) <= _today()
    )
    used = exists().where(col(Vendor.currency_code) == col(Currency.code))
    return key.in_(select(col(Currency.code)).where(col(Currency.code).not_in(own), used, ~rated))


def _shares_off(key: _Key) -> ColumnElement[bool]:
    shared = (
        select(func.coalesce(func.sum(col(PaymentTermEvent.share_percent)), 0))
        .where(col(PaymentTermEvent.payment_term_id) == key)
        .scalar_subquery()
    )
    return shared != _WHOLE


def _column(conditions: Mapping[Gap, _Condition]) -> RowColumn:
    def found_by(key: _Key, values: list[str]) -> ColumnElement[bool]:
        return or_(false(), *(condition(key) for gap, condition in conditions.items() if gap.value in values))

    return RowColumn(GAPS, Kind.KEY, found_by=found_by)


SHEET_GAPS: dict[str, tuple[RowColumn, ...]] = {
    "vendors": (_column({Gap.NO_ITEMS: _no_items, Gap.NO_ORDER_ADDRESS: _no_order_address}),),
    "items": (
        _column(
            {
                Gap.NO_VENDOR: _no_vendor,
                Gap.NO_PRICE: _no_price,
                Gap.BELOW_REORDER_POINT: _below_reorder_point,
                Gap.NO_COMPONENTS: _made_of_nothing,
            }
        ),
    ),
    "vendor-items": (_column({Gap.NO_PRICE: _mapping_without_price}),),
    "variants": (_column({Gap.NO_COMPONENTS: _variant_of_nothing}),),
    "currencies": (_column({Gap.NO_RATE: _no_rate}),),
    "payment-terms": (_column({Gap.SHARES_OFF: _shares_off}),),
}
"""By sheet. The list's select holds a column of that name, empty: what it means is asked by these conditions alone."""
