"""Columns of plan lines that the list and the board show alike, and how a line stands to its suggestion (PLAN-11)."""

from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, cast, exists, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from buyside.db.contracts import Contract
from buyside.db.items import Item, Unit, VendorItem
from buyside.db.plans import PlanLine
from buyside.db.stock import Warehouse
from buyside.db.vendors import Vendor


def line_columns() -> tuple[ColumnElement[Any], ...]:
    """What a line is of, what is decided of it, and its marks, by the names that answers have for them.

    For selects that join the line's item, warehouse, unit, and from outside its vendor item, vendor and contract.
    """
    line = PlanLine
    own = ("version", "run_id", "item_id", "warehouse_id", "vendor_item_id", "contract_id", "unit_price", "is_locked")
    dates = ("needed_on", "order_by", "late_days", "arrives_on")
    return (
        *(col(getattr(line, name)).label(name) for name in (*own, *dates)),
        func.coalesce(VendorItem.vendor_id, 0).label("vendor_id"),
        col(Item.code).label("item"),
        col(Item.name).label("name"),
        col(Warehouse.code).label("warehouse"),
        func.coalesce(Vendor.name, "").label("vendor"),
        col(Unit.code).label("unit"),
        _stock_unit().label("stock_unit"),
        func.coalesce(line.currency_code, "").label("currency"),
        func.coalesce(Contract.number, "").label("contract"),
        drift_said().label("drift"),
        is_part().label("is_part"),
        (~is_as_suggested() | (col(line.needed_on) != col(line.suggested_needed_on))).label("is_changed"),
    )


def is_as_suggested() -> ColumnElement[bool]:
    """Whether a line orders what was suggested, where it was and at that price; it may be on another day."""
    line = PlanLine
    return and_(
        col(line.quantity_packs) == col(line.suggested_quantity_packs),
        col(line.vendor_item_id).is_not_distinct_from(col(line.suggested_vendor_item_id)),
        col(line.unit_price).is_not_distinct_from(col(line.suggested_unit_price)),
        col(line.contract_id).is_not_distinct_from(col(line.suggested_contract_id)),
    )


def is_part() -> ColumnElement[bool]:
    """Whether a line was split off another, or others were split off it."""
    part = aliased(PlanLine)
    has_parts = exists().where(col(part.split_from_id) == col(PlanLine.id)).correlate(PlanLine)
    return or_(col(PlanLine.split_from_id).is_not(None), has_parts)


def drift_said() -> ColumnElement[str]:
    """What moved since the run, and at what a line is locked beside what is suggested now; quantities in stock units."""
    line = PlanLine
    locked = func.concat(
        "Locked at ", _trimmed(col(line.quantity_packs) * col(line.unit_factor)),
        ", suggested now ", _trimmed(col(line.suggested_quantity_packs) * _suggested_factor()),
    )  # fmt: skip
    return func.concat_ws("; ", case((is_carried_otherwise(), locked)), func.nullif(line.drift, ""))


def is_moved() -> ColumnElement[bool]:
    """Whether there is any of that to say (PLAN-11, PLAN-12)."""
    return or_(col(PlanLine.drift) != "", is_carried_otherwise())


def is_carried_otherwise() -> ColumnElement[bool]:
    """Whether a line was locked in the plan before and brings something else than is suggested now (PLAN-11)."""
    line = PlanLine
    brings = col(line.quantity_packs) * col(line.unit_factor)
    is_other = brings != col(line.suggested_quantity_packs) * _suggested_factor()
    return case((col(line.carried_from_id).is_not(None), is_other), else_=False)  # looked up for those alone


def _suggested_factor() -> ColumnElement[Decimal]:
    suggested = aliased(VendorItem)
    found = select(col(suggested.unit_factor)).where(col(suggested.id) == col(PlanLine.suggested_vendor_item_id))
    return func.coalesce(found.correlate(PlanLine).scalar_subquery(), PlanLine.unit_factor)


def _trimmed(quantity: Any) -> Any:
    return cast(func.trim_scale(quantity), String)


def _stock_unit() -> Any:
    """The code of the unit in which the item is kept, looked up for the rows that are read alone."""
    unit, item = aliased(Unit), aliased(Item)
    found = select(col(unit.code)).join(item, col(item.unit_id) == col(unit.id))
    return found.where(col(item.id) == col(PlanLine.item_id)).correlate(PlanLine).scalar_subquery()
