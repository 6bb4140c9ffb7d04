"""What moving a card of the planning board would mean, and what it meant: quantity, price, dates, the item's balance (PLAN-11)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlmodel import Session, col, select

from buyside.db.audit import AuditEvent, AuditSubject
from buyside.db.items import Item, Unit
from buyside.db.plans import PlanLine, PlanningRequirement, PlanningRun
from buyside.db.stock import Warehouse
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.money import ZERO
from buyside.domain.plan_decisions import Asked, Terms, decide
from buyside.domain.plans import PlanLineState
from buyside.domain.refusals import NotFound, Refused
from buyside.domain.sourcing import Source
from buyside.domain.telling import said, told_all
from buyside.queries.plan_board import By, monday_of, weeks_of
from buyside.queries.plan_lines import terms_of

LOCKED = "This line is locked. Unlock it to move it."
DECIDED = "This line is decided already: it was ordered or left out."


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
    terms = terms_of(session, run, [line])
    if by is By.VENDORS:
        found = _vendors(line, terms, actor.locale)
    else:
        found = _weeks(line, terms, weeks_of(session, run), actor.locale)
    why_not = LOCKED if line.is_locked else "" if line.state == PlanLineState.OPEN else DECIDED
    return Targets(line.id, line.version, session.get_one(Item, line.item_id).code, why_not, tuple(found))


def _vendors(line: PlanLine, terms: Terms, locale: str) -> list[Target]:
    """One target per vendor of the item: the vendor item that the line has, else the first usable one, else any."""
    of_vendor: dict[int, Source] = {}
    for each in terms.of_item(line.item_id):
        if each.vendor_item_id == line.vendor_item_id or each.vendor_id not in of_vendor:
            of_vendor[each.vendor_id] = each
    found = []
    for source in of_vendor.values():
        is_here = source.vendor_item_id == line.vendor_item_id
        why_not = ""
        if source.why_not is not None and not is_here:
            why_not = f"{source.vendor_name} {source.why_not.to(locale)}."
        asked = Asked() if is_here or why_not else Asked(vendor_item_id=source.vendor_item_id)
        found.append(_target(line, asked, terms, str(source.vendor_id), source.vendor_name, is_here, why_not, locale))
    return found


def _weeks(line: PlanLine, terms: Terms, mondays: Sequence[date], locale: str) -> list[Target]:
    found = []
    for monday in mondays:
        is_here = monday_of(line.needed_on) == monday
        why_not = "" if is_here or monday + timedelta(days=6) >= terms.as_of else "That week is over."
        asked = Asked() if is_here or why_not else Asked(needed_on=day_in_week(line, monday, terms.as_of))
        found.append(_target(line, asked, terms, monday.isoformat(), "", is_here, why_not, locale))
    return found


def day_in_week(line: PlanLine, monday: date, as_of: date) -> date:
    """When a line would be needed in a week: on the day that was suggested if it lies there, else on the same weekday as now.

    Not before the as-of day.
    """
    if monday_of(line.suggested_needed_on) == monday:
        return line.suggested_needed_on
    return max(as_of, monday + timedelta(days=line.needed_on.weekday()))


def _target(
    line: PlanLine, asked: Asked, terms: Terms, key: str, title: str, is_here: bool, why_not: str, locale: str
) -> Target:
    """What a decision would make of the line: the same arithmetic as the decision itself."""
    after = line.decision
    remarks: tuple[str, ...] = ()
    if not is_here and not why_not:
        try:
            found = decide(line, asked, terms)
            after, remarks = found.decision, told_all(found.remarks, locale)
        except Refused as refusal:
            why_not = said(refusal, locale)
    there = max(after.needed_on, after.arrives_on or after.needed_on)
    return Target(
        key=key,
        title=title,
        is_here=is_here,
        why_not=why_not,
        vendor_item_id=after.vendor_item_id,
        quantity=after.quantity_packs,
        unit=terms.units[after.unit_id][0],
        unit_price=after.unit_price,
        currency=after.currency_code or "",
        needed_on=after.needed_on,
        order_by=after.order_by,
        late_days=after.late_days,
        arrives_on=after.arrives_on,
        later_days=(there - line.suggested_needed_on).days,
        remark=" ".join(remarks),
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
