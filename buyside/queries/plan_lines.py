"""Lines of the draft plan as operations need them: locked, with the terms of who may deliver (VEN-2, VEN-3, VEN-4)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlmodel import Session, col, select

from buyside.db.items import Item, PriceBreak, Unit, VendorItem
from buyside.db.plans import PlanLine, PlanningRun
from buyside.db.vendors import Vendor
from buyside.domain.access import Actor
from buyside.domain.plans import LotTerms, Price, price_of
from buyside.domain.refusals import NotFound, Stale
from buyside.domain.vendors import VendorStatus


@dataclass(frozen=True, slots=True)
class Source:
    """A vendor item with what a decision about a plan line asks of it. `digits` and `unit_id` are its purchase unit's."""

    vendor_item_id: int
    item_id: int
    vendor_id: int
    vendor_code: str
    vendor_name: str
    vendor_part: str
    unit_id: int
    unit_code: str
    lots: LotTerms
    lead_days: int
    goods_in_days: int
    preference: int
    currency_code: str
    prices: tuple[Price, ...]
    is_usable: bool

    def price_of(self, quantity: Decimal, on: date) -> Price | None:
        """The price of a quantity in the purchase unit on an order date, in the currency that the list is read in."""
        return price_of(quantity, self.prices, on)

    def order_by(self, needed_on: date) -> date:
        """The last day on which ordering brings the goods in time (PLAN-9)."""
        return needed_on - timedelta(days=self.lead_days + self.goods_in_days)


def lock_plan_line(session: Session, actor: Actor, line_id: int, version: int | None) -> tuple[PlanLine, PlanningRun]:
    """A line of a draft plan, locked, and its run. `version`: what the actor saw. Refuses: NotFound, Stale."""
    line = session.exec(
        select(PlanLine).where(PlanLine.id == line_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if line is None:
        raise NotFound(kind="plan line")
    if version is not None and line.version != version:
        raise Stale(kind="plan line")
    return line, session.get_one(PlanningRun, line.run_id)


def sources_of(
    session: Session,
    *,
    on: date,
    item_ids: Collection[int] | None = None,
    vendor_item_ids: Collection[int] | None = None,
) -> list[Source]:
    """Vendor items of some items, or some vendor items, usable ones first, by preference, lead time and vendor.

    Usable are mappings that are active and valid on the day, of active vendors.
    """
    wanted = (
        col(VendorItem.item_id).in_(item_ids) if item_ids is not None else col(VendorItem.id).in_(vendor_item_ids or ())
    )
    found = session.exec(
        select(VendorItem, Vendor, Item, Unit)
        .join(Vendor, col(Vendor.id) == col(VendorItem.vendor_id))
        .join(Item, col(Item.id) == col(VendorItem.item_id))
        .join(Unit, col(Unit.id) == col(VendorItem.purchase_unit_id))
        .where(wanted)
    ).all()
    lists: dict[int, list[PriceBreak]] = {}
    for row in session.exec(
        select(PriceBreak).where(col(PriceBreak.vendor_item_id).in_([mapping.id for mapping, *_ in found]))
    ):
        lists.setdefault(row.vendor_item_id, []).append(row)
    sources = [_source(*row, lists.get(row[0].id, []), on) for row in found]
    return sorted(sources, key=lambda each: (not each.is_usable, each.preference, each.lead_days, each.vendor_code))


def _source(mapping: VendorItem, vendor: Vendor, item: Item, unit: Unit, prices: list[PriceBreak], on: date) -> Source:
    offered = {each.currency_code for each in prices}
    currency = vendor.currency_code if vendor.currency_code in offered or not offered else min(offered)
    is_valid = (mapping.valid_from or on) <= on <= (mapping.valid_to or on)
    return Source(
        vendor_item_id=mapping.id,
        item_id=item.id,
        vendor_id=vendor.id,
        vendor_code=vendor.code,
        vendor_name=vendor.name,
        vendor_part=mapping.vendor_part,
        unit_id=unit.id,
        unit_code=unit.code,
        lots=LotTerms(mapping.unit_factor, unit.digits, mapping.minimum_quantity, mapping.order_multiple or Decimal(0)),
        lead_days=mapping.lead_days,
        goods_in_days=item.goods_in_days,
        preference=mapping.preference,
        currency_code=currency,
        prices=tuple(
            Price(each.from_quantity, each.unit_price, each.currency_code, each.valid_from, each.valid_to)
            for each in prices
            if each.currency_code == currency
        ),
        is_usable=mapping.is_active and is_valid and vendor.status == VendorStatus.ACTIVE,
    )
