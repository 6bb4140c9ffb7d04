"""Plan lines on their way to purchase orders: what an order needs of each, read for many at once (PLAN-13)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import func, text
from sqlmodel import Session, col, select

from buyside.db.copy_in import as_array
from buyside.db.items import VendorItem
from buyside.db.plans import PlanLine
from buyside.db.vendors import Vendor
from buyside.domain.access import Actor
from buyside.domain.order_days import OrderDays
from buyside.domain.plans import PlanLineState
from buyside.domain.refusals import NotFound
from buyside.queries.plan_lines import order_days_of

# In the order of the fields of OrderableLine.
_LINES = text(
    """
    SELECT line.id AS line_id, line.item_id, line.warehouse_id, line.state, line.left_out_reason, line.quantity_packs,
           line.unit_factor, line.unit_price, line.contract_id, line.needed_on, line.order_by, line.suggested_needed_on,
           coalesce(line.currency_code, vendor.currency_code, '') AS currency_code,
           line.carried_from_id IS NOT NULL AND line.quantity_packs * line.unit_factor <>
               line.suggested_quantity_packs * coalesce(suggested.unit_factor, line.unit_factor) AS is_carried_otherwise,
           item.code AS item_code, item.is_active AS is_bought,
           coalesce(item.over_receipt_percent, vendor.over_receipt_percent, organisation.over_receipt_percent)
               AS tolerance_percent,
           coalesce(mapping.lead_days, 0) + item.goods_in_days AS days,
           vendor.id AS vendor_id, coalesce(vendor.name, '') AS vendor_name,
           coalesce(mapping.is_active AND vendor.status = 'active'
                    AND :on BETWEEN coalesce(mapping.valid_from, :on) AND coalesce(mapping.valid_to, :on), false) AS is_usable,
           coalesce(contract.number, '') AS contract,
           coalesce(contract.status = 'active' AND :on BETWEEN contract.valid_from AND contract.valid_to
                    AND contract.vendor_id = vendor.id, true) AS may_draw
    FROM plan_line AS line JOIN item ON item.id = line.item_id
    JOIN organisation ON organisation.id = 1
    LEFT JOIN vendor_item AS mapping ON mapping.id = line.vendor_item_id
    LEFT JOIN vendor ON vendor.id = mapping.vendor_id
    LEFT JOIN vendor_item AS suggested ON suggested.id = line.suggested_vendor_item_id
    LEFT JOIN contract ON contract.id = line.contract_id
    WHERE line.id = ANY(CAST(:lines AS int8[])) ORDER BY line.id
    """
)

# Given when it is executed and not before, as it is sent as a text else, which a plan that reads the whole table takes apart once a row.
_GIVEN = text("plan_line.id = ANY(CAST(:lines AS int8[]))")


class OrderableLine(NamedTuple):
    """A plan line with what its order will say. Quantity and price per purchase unit; `days` are lead time and goods-in."""

    line_id: int
    item_id: int
    warehouse_id: int
    state: str
    left_out_reason: str
    quantity_packs: Decimal
    unit_factor: Decimal
    unit_price: Decimal | None
    contract_id: int | None
    needed_on: date
    order_by: date
    suggested_needed_on: date
    currency_code: str
    is_carried_otherwise: bool
    """It was locked in the plan before, and brings something else than this one suggests."""
    item_code: str
    is_bought: bool
    tolerance_percent: Decimal
    days: int
    vendor_id: int | None
    vendor_name: str
    is_usable: bool
    contract: str
    may_draw: bool
    """Its contract, if it has one, is valid and its vendor's."""

    @property
    def place(self) -> tuple[int, int]:
        """Item and warehouse."""
        return self.item_id, self.warehouse_id

    @property
    def stock_quantity(self) -> Decimal:
        """What it brings, in stock units."""
        return self.quantity_packs * self.unit_factor

    def why_not(self, vendor_id: int | None = None) -> str:
        """Why it cannot be ordered (of one vendor, if one is named); empty where it can."""
        if self.state == PlanLineState.CONVERTED:
            return "It is on an order already."
        if self.state == PlanLineState.LEFT_OUT:
            return f"It was left out: {self.left_out_reason}"
        if self.vendor_id is None:
            return "It has no vendor."
        if vendor_id is not None and self.vendor_id != vendor_id:
            return f"It is for {self.vendor_name}."
        if self.unit_price is None:
            return "It has no price."
        if self.quantity_packs <= 0:
            return "Its quantity is zero."
        if not self.is_bought:
            return f"{self.item_code} is no longer bought."
        if not self.is_usable:
            return f"{self.vendor_name} cannot deliver it any more."
        return "" if self.may_draw else f"Contract {self.contract} cannot be drawn on any more."


def lock_orderable_lines(
    session: Session,
    actor: Actor,
    *,
    run_id: int,
    on: date,
    line_ids: Collection[int] | None = None,
    vendor_id: int | None = None,
) -> list[OrderableLine]:
    """Lines of a run, locked in order of id: whoever comes second sees them as the first one left them.

    The given ones, else those of a vendor, else all of them. `on` is the day whose mappings and contracts count. Refuses: NotFound.
    """
    wanted, given = select(PlanLine.id).where(PlanLine.run_id == run_id), dict[str, str]()
    if line_ids is not None:
        wanted, given = wanted.where(_GIVEN), {"lines": as_array(set(line_ids))}
    elif vendor_id is not None:
        theirs = select(VendorItem.id).where(VendorItem.vendor_id == vendor_id)
        wanted = wanted.where(col(PlanLine.vendor_item_id).in_(theirs))
    each = wanted.order_by(col(PlanLine.id)).with_for_update().subquery("locked")
    locked: list[int] = session.execute(select(func.array_agg(each.c.id)), given).scalar_one() or []
    if line_ids is not None and len(locked) < len(set(line_ids)):
        raise NotFound(kind="plan line")
    return [OrderableLine._make(row) for row in session.execute(_LINES, {"lines": as_array(locked), "on": on})]


@dataclass(frozen=True, slots=True)
class OrderTerms:
    """What a vendor asks of an order as a whole (VEN-6). Values in its currency."""

    vendor_id: int
    code: str
    name: str
    currency_code: str
    minimum_value: Decimal | None
    freight_free_value: Decimal | None
    cutoff: str
    days: OrderDays

    def next_order_day(self, today: date) -> date:
        """The first day from today on which it takes orders; today for one that never opens."""
        return self.days.next_from(today)


def order_terms(session: Session, vendor_ids: Collection[int]) -> dict[int, OrderTerms]:
    """By vendor, what it asks of an order."""
    vendors = session.exec(select(Vendor).where(col(Vendor.id).in_(vendor_ids))).all()
    days = order_days_of(session, {each.id: each.order_weekdays for each in vendors})
    return {
        each.id: OrderTerms(
            each.id,
            each.code,
            each.name,
            each.currency_code,
            each.minimum_order_value,
            each.freight_free_value,
            each.order_cutoff,
            days[each.id],
        )
        for each in vendors
    }
