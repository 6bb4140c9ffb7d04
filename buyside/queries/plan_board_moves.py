"""What moving a card of the planning board would mean, and what it meant: quantity, price, dates, the item's balance (PLAN-11)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlmodel import Session, col, select

from buyside.db.audit import AuditEvent, AuditSubject
from buyside.db.items import Item, Unit, VendorItem
from buyside.db.plans import PlanLine, PlanningRequirement, PlanningRun
from buyside.db.stock import Warehouse
from buyside.db.vendors import Vendor, VendorClosingDay
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.money import ZERO
from buyside.domain.order_days import OrderDays
from buyside.domain.plans import PlanLineState, lot_size, off_the_lot
from buyside.domain.refusals import NotFound
from buyside.domain.vendors import VendorStatus
from buyside.queries.plan_board import By, monday_of, weeks_of
from buyside.queries.plan_lines import Source, sources_of

LOCKED = "This line is locked. Unlock it to move it."


@dataclass(frozen=True, slots=True)
class Target:
    """What a line would be in another column, or why it cannot go there. Quantity in the purchase unit of the vendor there.

    `key` is the column's. `later_days` is how much later the goods would be there than the suggestion wanted them; negative:
    earlier. `remark` is what the vendor may mind.
    """

    key: str
    title: str
    is_here: bool
    why_not: str
    vendor_item_id: int | None
    quantity: Decimal
    unit: str
    unit_price: Decimal | None
    currency: str
    needed_on: date
    order_by: date
    late_days: int
    arrives_on: date | None
    later_days: int
    remark: str

    @property
    def total(self) -> Decimal | None:
        """Quantity times price; None without a price."""
        return None if self.unit_price is None else self.quantity * self.unit_price


@dataclass(frozen=True, slots=True)
class Targets:
    """Where one line could go. Columns that are not among the targets do not take it: their vendor does not sell the item."""

    line_id: int
    version: int
    item: str
    why_not: str
    """Why the line cannot be moved at all; empty if it can."""
    targets: tuple[Target, ...]


@needs(Permission.PLAN_VIEW)
def board_targets(session: Session, actor: Actor, *, line_id: int, by: By) -> Targets:
    """What each column would make of a line: every vendor of its item, or every week of its run. Refuses: NotFound."""
    line = session.get(PlanLine, line_id)
    if line is None:
        raise NotFound(kind="plan line")
    run = session.get_one(PlanningRun, line.run_id)
    item = session.get_one(Item, line.item_id)
    sources = sources_of(session, on=run.as_of, item_ids=[line.item_id])
    days = order_days_of(session, {each.vendor_id for each in sources})
    if by is By.VENDORS:
        found = _vendors(session, line, run, sources, days)
    else:
        source = next((each for each in sources if each.vendor_item_id == line.vendor_item_id), None)
        unit = session.get_one(Unit, line.unit_id).code
        taken = days[source.vendor_id] if source else OrderDays()
        found = [_week(line, run, item, source, taken, unit, each) for each in weeks_of(session, run)]
    why_not = LOCKED if line.is_locked else "" if line.state == PlanLineState.OPEN else "This line is decided already."
    return Targets(line.id, line.version, item.code, why_not, tuple(found))


def order_days_of(session: Session, vendor_ids: set[int]) -> dict[int, OrderDays]:
    """The order days of some vendors, by vendor."""
    closings: dict[int, list[tuple[str, str]]] = {}
    for row in session.exec(select(VendorClosingDay).where(col(VendorClosingDay.vendor_id).in_(vendor_ids))):
        closings.setdefault(row.vendor_id, []).append((row.from_day, row.to_day))
    rows = session.exec(select(Vendor.id, Vendor.order_weekdays).where(col(Vendor.id).in_(vendor_ids)))
    return {vendor_id: OrderDays.of(weekdays, closings.get(vendor_id, ())) for vendor_id, weekdays in rows}


def handed_over(line: PlanLine, source: Source) -> Decimal:
    """How much of a line's item another vendor would bring, in its lots: the need, or what was decided in its place."""
    is_as_suggested = (
        line.quantity_packs == line.suggested_quantity_packs and line.vendor_item_id == line.suggested_vendor_item_id
    )
    return lot_size(line.shortage if is_as_suggested else line.quantity_packs * line.unit_factor, source.lots)


def _vendors(
    session: Session, line: PlanLine, run: PlanningRun, sources: list[Source], days: dict[int, OrderDays]
) -> list[Target]:
    """One target per vendor of the item: its usable mapping, else one that says why it is not."""
    of_vendor: dict[int, Source] = {}
    for each in sources:  # usable ones first
        if each.vendor_item_id == line.vendor_item_id or each.vendor_id not in of_vendor:
            of_vendor[each.vendor_id] = each
    found = []
    for source in of_vendor.values():
        is_here = source.vendor_item_id == line.vendor_item_id
        quantity = line.quantity_packs if is_here else handed_over(line, source)
        price = source.price_of(quantity, run.as_of)
        listed = price.unit_price if price else None
        found.append(
            _target(
                line,
                run,
                source,
                days[source.vendor_id],
                key=str(source.vendor_id),
                title=source.vendor_name,
                is_here=is_here,
                why_not="" if is_here or source.is_usable else _why_unusable(session, source, run.as_of),
                quantity=quantity,
                unit_price=line.unit_price if is_here else listed,
                currency=(line.currency_code if is_here else None) or source.currency_code,
                needed_on=line.needed_on,
            )
        )
    return found


def _why_unusable(session: Session, source: Source, on: date) -> str:
    vendor = session.get_one(Vendor, source.vendor_id)
    if vendor.status != VendorStatus.ACTIVE:
        return f"{vendor.name} takes no new orders: {vendor.status.replace('_', ' ')}."
    mapping = session.get_one(VendorItem, source.vendor_item_id)
    if not mapping.is_active:
        return f"{vendor.name} no longer offers it."
    return f"The offer of {vendor.name} does not hold on {on.isoformat()}."


def _target(
    line: PlanLine,
    run: PlanningRun,
    source: Source,
    days: OrderDays,
    *,
    key: str,
    title: str,
    is_here: bool,
    why_not: str,
    quantity: Decimal,
    unit_price: Decimal | None,
    currency: str,
    needed_on: date,
) -> Target:
    lead = source.lead_days + source.goods_in_days
    order_by = days.order_by(needed_on, lead)
    arrives = days.arrives_on(needed_on, lead, run.as_of)
    remarks = [off_the_lot(quantity, source.lots), "" if unit_price is not None else "No price for this quantity."]
    return Target(
        key=key,
        title=title,
        is_here=is_here,
        why_not=why_not,
        vendor_item_id=source.vendor_item_id,
        quantity=quantity,
        unit=source.unit_code,
        unit_price=unit_price,
        currency=currency,
        needed_on=needed_on,
        order_by=order_by,
        late_days=max(0, (run.as_of - order_by).days),
        arrives_on=arrives,
        later_days=(max(arrives, needed_on) - line.suggested_needed_on).days,
        remark=" ".join(filter(None, remarks)),
    )


def day_in_week(line: PlanLine, monday: date, as_of: date) -> date:
    """When a line would be needed in a week: on the day that was suggested if it lies there, else on the same weekday as now.

    Not before the as-of day.
    """
    if monday_of(line.suggested_needed_on) == monday:
        return line.suggested_needed_on
    return max(as_of, monday + timedelta(days=line.needed_on.weekday()))


def _week(
    line: PlanLine, run: PlanningRun, item: Item, source: Source | None, days: OrderDays, unit: str, monday: date
) -> Target:
    is_here = monday_of(line.needed_on) == monday
    why_not = "" if is_here or monday + timedelta(days=6) >= run.as_of else "That week is over."
    needed_on = line.needed_on if is_here or why_not else day_in_week(line, monday, run.as_of)
    if source is not None:
        return _target(
            line,
            run,
            source,
            days,
            key=monday.isoformat(),
            title="",
            is_here=is_here,
            why_not=why_not,
            quantity=line.quantity_packs,
            unit_price=line.unit_price,
            currency=line.currency_code or source.currency_code,
            needed_on=needed_on,
        )
    order_by = needed_on - timedelta(days=item.goods_in_days)
    return Target(
        key=monday.isoformat(),
        title="",
        is_here=is_here,
        why_not=why_not,
        vendor_item_id=None,
        quantity=line.quantity_packs,
        unit=unit,
        unit_price=line.unit_price,
        currency=line.currency_code or "",
        needed_on=needed_on,
        order_by=order_by,
        late_days=max(0, (run.as_of - order_by).days),
        arrives_on=None,
        later_days=(needed_on - line.suggested_needed_on).days,
        remark="It has no vendor yet.",
    )


@dataclass(frozen=True, slots=True)
class ItemBalance:
    """The projected balance of an item in a warehouse with the plan as decided, in stock units, from date to date.

    A plan line counts from the day on which it really comes, not from the day on which it is wanted.
    """

    item: str
    name: str
    unit: str
    warehouse: str
    safety_stock: Decimal
    points: tuple[tuple[date, Decimal], ...]
    lowest: Decimal
    lowest_on: date
    below_on: date | None
    """The first day below the safety stock."""


@needs(Permission.PLAN_VIEW)
def item_balance(session: Session, actor: Actor, *, run_id: int, item_id: int, warehouse_id: int) -> ItemBalance | None:
    """What a run projected, and what the plan brings as it is decided now. None where the run has no requirement."""
    rows = session.exec(
        select(PlanningRequirement)
        .where(
            PlanningRequirement.run_id == run_id,
            PlanningRequirement.item_id == item_id,
            PlanningRequirement.warehouse_id == warehouse_id,
        )
        .order_by(col(PlanningRequirement.on_date))
    ).all()
    if not rows:
        return None
    lines = session.exec(
        select(PlanLine).where(
            PlanLine.run_id == run_id,
            PlanLine.item_id == item_id,
            PlanLine.warehouse_id == warehouse_id,
            PlanLine.state != PlanLineState.LEFT_OUT.value,
        )
    ).all()
    changes: dict[date, Decimal] = {}
    projected = rows[0].projected - rows[0].scheduled_receipts + rows[0].gross
    balance = projected
    for row in rows:
        changes[row.on_date], projected = row.projected - projected, row.projected
    for line in lines:
        there = max(line.needed_on, line.arrives_on or line.needed_on)
        changes[there] = changes.get(there, ZERO) + line.quantity_packs * line.unit_factor
    points = []
    for on in sorted(changes):
        balance += changes[on]
        points.append((on, balance))
    item = session.get_one(Item, item_id)
    lowest_on, lowest = min(points, key=lambda point: (point[1], point[0]))
    return ItemBalance(
        item=item.code,
        name=item.name,
        unit=session.get_one(Unit, item.unit_id).code,
        warehouse=session.get_one(Warehouse, warehouse_id).code,
        safety_stock=item.safety_stock,
        points=tuple(points),
        lowest=lowest,
        lowest_on=lowest_on,
        below_on=next((on for on, left in points if left < item.safety_stock), None),
    )


@dataclass(frozen=True, slots=True)
class LastChange:
    """Who changed a line last, and when."""

    who: str
    at: datetime


@needs(Permission.PLAN_VIEW)
def last_change(session: Session, actor: Actor, *, line_id: int) -> LastChange | None:
    """The newest entry of the audit trail about a plan line; None before the first decision on it."""
    found = session.exec(
        select(AuditEvent.actor_name, AuditEvent.at)
        .join(AuditSubject, col(AuditSubject.event_id) == col(AuditEvent.id))
        .where(AuditSubject.kind == PlanLine.__tablename__, AuditSubject.record_id == line_id)
        .order_by(col(AuditEvent.id).desc())
        .limit(1)
    ).first()
    return LastChange(*found) if found else None
