"""Lines of the draft plan as operations need them: locked, with the terms of who may deliver (VEN-2, VEN-3, VEN-4)."""

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal

from sqlmodel import Session, col, select

from buyside.db.items import Item, PriceBreak, Unit, VendorItem
from buyside.db.plans import PlanLine, PlanningRun
from buyside.db.vendors import Vendor
from buyside.domain.access import Actor
from buyside.domain.order_days import OrderDays
from buyside.domain.plan_decisions import Terms
from buyside.domain.plans import LotTerms, Price, RunOrigin
from buyside.domain.refusals import NotFound, Stale
from buyside.domain.sourcing import Source, why_not_usable
from buyside.ledgers.order_days import order_days_of
from buyside.queries.contract_balances import agreements_of

__all__ = ("Source", "lock_plan_line", "lock_plan_lines", "order_days_of", "sources_of", "terms_of")


def lock_plan_line(session: Session, actor: Actor, line_id: int, version: int | None) -> tuple[PlanLine, PlanningRun]:
    """A line of a draft plan, locked, and its run. `version`: what the actor saw. Refuses: NotFound, Stale."""
    line = session.exec(
        select(PlanLine).where(PlanLine.id == line_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if line is None:
        raise NotFound(kind="plan line")
    if version is not None and line.version != version:
        raise Stale(kind="plan line")
    return line, _plan_of(session, line)


def lock_plan_lines(
    session: Session, actor: Actor, line_ids: Collection[int]
) -> tuple[dict[int, PlanLine], PlanningRun | None]:
    """Lines of one draft plan, locked in order of id, and its run; None without lines. Refuses: NotFound."""
    wanted = set(line_ids)
    lines = session.exec(
        select(PlanLine)
        .where(col(PlanLine.id).in_(wanted))
        .order_by(col(PlanLine.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    if len(lines) < len(wanted) or len({each.run_id for each in lines}) > 1:
        raise NotFound(kind="plan line")
    return {each.id: each for each in lines}, _plan_of(session, lines[0]) if lines else None


def _plan_of(session: Session, line: PlanLine) -> PlanningRun:
    """The run of a line that somebody decides on. Nobody decides on lines of a scenario. Refuses: NotFound."""
    run = session.get_one(PlanningRun, line.run_id)
    if run.origin == RunOrigin.SCENARIO:
        raise NotFound(kind="plan line")
    return run


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
    days = order_days_of(session, {vendor.id: vendor.order_weekdays for _, vendor, *_ in found})
    sources = [_source(*row, lists.get(row[0].id, []), days[row[1].id], on) for row in found]
    return sorted(sources, key=lambda each: (not each.is_usable, each.preference, each.lead_days, each.vendor_code))


def terms_of(session: Session, run: PlanningRun, lines: Sequence[PlanLine], also: Collection[int] = ()) -> Terms:
    """What stands behind decisions on some lines of a run: everybody who sells their items, and the contracts for them.

    `also` are vendor items that were asked for, whatever they are of. Of a contract's balance, what other open lines of the run draw is taken off too.
    """
    item_ids = {each.item_id for each in lines}
    units = {each.id: (each.code, each.digits) for each in session.exec(select(Unit))}
    items = session.exec(select(Item.id, Item.unit_id, Item.goods_in_days).where(col(Item.id).in_(item_ids)))
    sources = {each.vendor_item_id: each for each in sources_of(session, on=run.as_of, item_ids=item_ids)}
    if strange := set(also) - sources.keys():
        sources |= {each.vendor_item_id: each for each in sources_of(session, on=run.as_of, vendor_item_ids=strange)}
    agreements = agreements_of(session, item_ids=item_ids, on=run.as_of, run_id=run.id, but={each.id for each in lines})
    return Terms(
        as_of=run.as_of,
        sources=sources,
        agreements={(each.contract_id, each.item_id): each for each in agreements},
        items={item_id: (unit_id, goods_in_days) for item_id, unit_id, goods_in_days in items},
        units=units,
    )


def _source(
    mapping: VendorItem, vendor: Vendor, item: Item, unit: Unit, prices: list[PriceBreak], days: OrderDays, on: date
) -> Source:
    offered = {each.currency_code for each in prices}
    currency = vendor.currency_code if vendor.currency_code in offered or not offered else min(offered)
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
        why_not=why_not_usable(
            vendor.status,
            is_active=mapping.is_active,
            valid_from=mapping.valid_from,
            valid_to=mapping.valid_to,
            on=on,
        ),
        order_days=days,
    )
