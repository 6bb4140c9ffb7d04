"""What the page of one vendor gathers: who it is, what was ordered and how it delivered, open orders, contracts, its people."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Date, and_, case, cast, func, literal, or_, select
from sqlmodel import Session, col

from buyside.db.bank import VendorBankAccount
from buyside.db.contracts import Contract
from buyside.db.items import Item, VendorItem
from buyside.db.orders import PurchaseOrder, PurchaseOrderLine
from buyside.db.people import AppUser, VendorMembership
from buyside.db.receipts import Receipt, ReceiptLine
from buyside.db.vendors import Vendor
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.bank import BankAccountState
from buyside.domain.contracts import ContractStatus
from buyside.domain.orders import BEFORE_ISSUE, OrderState
from buyside.domain.refusals import NotFound
from buyside.queries.answers import columns, each_as, one_as, organisation_date
from buyside.queries.memberships import last_day_of_membership, membership_status
from buyside.queries.orders import AWAITING, due_on, is_open, open_value

MOST_ROWS = 50
"""Open orders, contracts and people of a vendor that its page tells; lists tell all."""
LOOKED_BACK = timedelta(days=365)
"""How far back spend and deliveries are counted."""
_NOT_ORDERED = tuple(sorted({*BEFORE_ISSUE, OrderState.REJECTED, OrderState.CANCELLED}))
_TO_ISSUE = tuple(sorted(BEFORE_ISSUE))


@dataclass(frozen=True, slots=True)
class VendorHead:
    """Which vendor it is, and where it stands."""

    vendor_id: int
    version: int
    code: str
    name: str
    legal_name: str
    status: str
    status_reason: str
    currency: str
    items: int
    """Items that it sells today."""
    has_account: bool
    """Whether there is an approved bank account, in any currency."""


@needs(Permission.VENDOR_VIEW)
def vendor_head(session: Session, actor: Actor, /, *, code: str, today: date) -> VendorHead:
    """A vendor by its code. Refuses: NotFound."""
    sells = (
        select(func.count(func.distinct(col(VendorItem.item_id))))
        .where(
            col(VendorItem.vendor_id) == col(Vendor.id),
            col(VendorItem.is_active),
            or_(col(VendorItem.valid_from).is_(None), col(VendorItem.valid_from) <= today),
            or_(col(VendorItem.valid_to).is_(None), col(VendorItem.valid_to) >= today),
        )
        .correlate(Vendor)
        .scalar_subquery()
    )
    has_account = (
        select(1)
        .where(
            col(VendorBankAccount.vendor_id) == col(Vendor.id),
            col(VendorBankAccount.state) == BankAccountState.CURRENT.value,
        )
        .correlate(Vendor)
        .exists()
    )
    statement = columns(
        vendor_id=col(Vendor.id),
        version=col(Vendor.version),
        code=col(Vendor.code),
        name=col(Vendor.name),
        legal_name=col(Vendor.legal_name),
        status=col(Vendor.status),
        status_reason=col(Vendor.status_reason),
        currency=col(Vendor.currency_code),
        items=sells,
        has_account=has_account,
    ).where(col(Vendor.code) == code)
    found = one_as(session, VendorHead, statement)
    if found is None:
        raise NotFound(kind="vendor")
    return found


@dataclass(frozen=True, slots=True)
class OrderedIn:
    """What was ordered in one currency, taxes and costs included, and what of it is still to come."""

    currency: str
    orders: int
    """Orders of the past year."""
    ordered: Decimal
    open_orders: int
    open_value: Decimal


@dataclass(frozen=True, slots=True)
class Deliveries:
    """How order lines arrived that were due in the past year, by their promised date or else the expected one."""

    due: int
    on_time: int
    """Of which everything had arrived by that date; rejected goods and voided receipts are no arrival."""
    late: int
    """Of which everything arrived, later."""
    missing: int
    """Of which something has not arrived."""
    without_date: int
    """Lines ordered in that year that nobody gave a date, and that are therefore not counted."""


@dataclass(frozen=True, slots=True)
class VendorFigures:
    """A vendor in numbers, from orders and receipts that exist."""

    since: date
    ordered: tuple[OrderedIn, ...]
    deliveries: Deliveries


@needs(Permission.ORDER_VIEW)
def vendor_figures(session: Session, actor: Actor, /, *, vendor_id: int, today: date) -> VendorFigures:
    """What was ordered of a vendor in the past year, and how it delivered."""
    since = today - LOOKED_BACK
    return VendorFigures(
        since=since,
        ordered=_ordered(session, vendor_id, since),
        deliveries=_deliveries(session, vendor_id, since, today),
    )


def _ordered(session: Session, vendor_id: int, since: date) -> tuple[OrderedIn, ...]:
    is_recent = and_(col(PurchaseOrder.ordered_on) >= since, col(PurchaseOrder.state).not_in(_NOT_ORDERED))
    is_awaited = col(PurchaseOrder.state).in_(AWAITING)
    open_ = (
        select(func.coalesce(func.sum(open_value()), 0))
        .where(col(PurchaseOrderLine.order_id) == col(PurchaseOrder.id), is_open())
        .correlate(PurchaseOrder)
        .scalar_subquery()
    )
    statement = (
        columns(
            currency=col(PurchaseOrder.currency_code),
            orders=func.count().filter(is_recent),
            ordered=func.coalesce(func.sum(col(PurchaseOrder.total)).filter(is_recent), 0),
            open_orders=func.count().filter(is_awaited),
            open_value=func.coalesce(func.sum(open_).filter(is_awaited), 0),
        )
        .select_from(PurchaseOrder)
        .where(col(PurchaseOrder.vendor_id) == vendor_id, or_(is_recent, is_awaited))
        .group_by(col(PurchaseOrder.currency_code))
        .order_by(col(PurchaseOrder.currency_code))
    )
    return tuple(each_as(session, OrderedIn, statement))


def _arrived_on() -> ColumnElement[Any]:
    """The day on which the whole of an order line had arrived, or null: the first on which receipts, less what was rejected and
    reversed, add up to what was ordered and stay so."""
    so_far = func.sum(col(ReceiptLine.quantity) - col(ReceiptLine.rejected_quantity)).over(
        order_by=(col(Receipt.effective_on), col(ReceiptLine.id))
    )
    arrivals = (
        select(col(Receipt.effective_on).label("day"), so_far.label("arrived"), col(ReceiptLine.id).label("id"))
        .select_from(ReceiptLine)
        .join(Receipt, col(Receipt.id) == col(ReceiptLine.receipt_id))
        .where(col(ReceiptLine.order_line_id) == col(PurchaseOrderLine.id))
        .correlate(PurchaseOrderLine)
        .subquery("arrivals")
    )
    is_whole = arrivals.c.arrived >= col(PurchaseOrderLine.quantity)
    last_part = select(func.max(arrivals.c.day)).where(~is_whole).correlate(PurchaseOrderLine).scalar_subquery()
    return (
        select(func.min(arrivals.c.day))
        .where(is_whole, or_(last_part.is_(None), arrivals.c.day >= last_part))
        .correlate(PurchaseOrderLine)
        .scalar_subquery()
    )


def _deliveries(session: Session, vendor_id: int, since: date, today: date) -> Deliveries:
    lines = (
        columns(due=due_on(), arrived=_arrived_on(), ordered_on=col(PurchaseOrder.ordered_on))
        .select_from(PurchaseOrderLine)
        .join(PurchaseOrder, col(PurchaseOrder.id) == col(PurchaseOrderLine.order_id))
        .where(
            col(PurchaseOrder.vendor_id) == vendor_id,
            col(PurchaseOrder.state).not_in(_NOT_ORDERED),
            or_(due_on().between(since, today), and_(due_on().is_(None), col(PurchaseOrder.ordered_on) >= since)),
        )
        .subquery("lines")
    )
    # A line that is due today still has the day to arrive.
    is_due = and_(lines.c.due.is_not(None), or_(lines.c.due < today, lines.c.arrived.is_not(None)))
    counted = columns(
        due=func.count().filter(is_due),
        on_time=func.count().filter(is_due, lines.c.arrived <= lines.c.due),
        late=func.count().filter(is_due, lines.c.arrived > lines.c.due),
        missing=func.count().filter(is_due, lines.c.arrived.is_(None)),
        without_date=func.count().filter(lines.c.due.is_(None)),
    ).select_from(lines)
    [found] = each_as(session, Deliveries, counted)
    return found


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An order whose goods are to come, or that is to be issued first."""

    number: str
    title: str
    state: str
    is_on_hold: bool
    ordered_on: date | None
    lines: int
    """Lines that are still to come; of an order to be issued, all."""
    next_due_on: date | None
    late_days: int
    total: Decimal
    open_value: Decimal
    currency: str


@needs(Permission.ORDER_VIEW)
def open_orders_of_vendor(session: Session, actor: Actor, /, *, vendor_id: int, today: date) -> list[OpenOrder]:
    """Orders to a vendor that are still to come, the next one first, then those to be issued."""
    is_awaited = col(PurchaseOrder.state).in_(AWAITING)
    line = PurchaseOrderLine
    open_lines = (
        columns(
            order_id=col(line.order_id),
            lines=func.count(),
            next_due_on=func.min(due_on()),
            open_value=func.sum(open_value()),
        )
        .where(col(line.quantity) > col(line.received_quantity))
        .join(PurchaseOrder, col(PurchaseOrder.id) == col(line.order_id))
        .where(col(PurchaseOrder.vendor_id) == vendor_id)
        .group_by(col(line.order_id))
        .subquery("open_lines")
    )
    late = case(
        (and_(is_awaited, open_lines.c.next_due_on < today), cast(literal(today), Date) - open_lines.c.next_due_on)
    )
    statement = (
        columns(
            number=col(PurchaseOrder.number),
            title=col(PurchaseOrder.title),
            state=col(PurchaseOrder.state),
            is_on_hold=col(PurchaseOrder.is_on_hold),
            ordered_on=col(PurchaseOrder.ordered_on),
            lines=func.coalesce(open_lines.c.lines, 0),
            next_due_on=open_lines.c.next_due_on,
            late_days=func.coalesce(late, 0),
            total=col(PurchaseOrder.total),
            open_value=func.coalesce(open_lines.c.open_value, 0),
            currency=col(PurchaseOrder.currency_code),
        )
        .select_from(PurchaseOrder)
        .join(open_lines, open_lines.c.order_id == col(PurchaseOrder.id), isouter=True)
        .where(col(PurchaseOrder.vendor_id) == vendor_id, or_(is_awaited, col(PurchaseOrder.state).in_(_TO_ISSUE)))
        .order_by(is_awaited.desc(), open_lines.c.next_due_on, col(PurchaseOrder.id))
        .limit(MOST_ROWS)
    )
    return each_as(session, OpenOrder, statement)


@dataclass(frozen=True, slots=True)
class VendorContract:
    """A contract of a vendor. `ordered` is what orders under it come to before tax, in its currency."""

    number: str
    title: str
    status: str
    is_valid: bool
    """Active, and valid today."""
    valid_from: date
    valid_to: date
    currency: str
    amount: Decimal | None
    ordered: Decimal
    orders: int

    @property
    def left(self) -> Decimal | None:
        """What is left of the agreed amount; negative where more was ordered, None where no amount was agreed."""
        return None if self.amount is None else self.amount - self.ordered


@needs(Permission.ORDER_VIEW)
def contracts_of_vendor(session: Session, actor: Actor, /, *, vendor_id: int, today: date) -> list[VendorContract]:
    """Contracts of a vendor, valid ones first."""
    is_valid = and_(
        col(Contract.status) == ContractStatus.ACTIVE.value,
        col(Contract.valid_from) <= today,
        col(Contract.valid_to) >= today,
    )
    ordered = (
        columns(
            contract_id=col(PurchaseOrder.contract_id),
            ordered=func.sum(col(PurchaseOrder.total) - col(PurchaseOrder.tax)),
            orders=func.count(),
        )
        .join(Contract, col(Contract.id) == col(PurchaseOrder.contract_id))
        .where(
            col(Contract.vendor_id) == vendor_id,
            col(Contract.currency_code) == col(PurchaseOrder.currency_code),
            col(PurchaseOrder.state).not_in(_NOT_ORDERED),
        )
        .group_by(col(PurchaseOrder.contract_id))
        .subquery("ordered")
    )
    statement = (
        columns(
            number=col(Contract.number),
            title=col(Contract.title),
            status=col(Contract.status),
            is_valid=is_valid,
            valid_from=col(Contract.valid_from),
            valid_to=col(Contract.valid_to),
            currency=col(Contract.currency_code),
            amount=col(Contract.amount),
            ordered=func.coalesce(ordered.c.ordered, 0),
            orders=func.coalesce(ordered.c.orders, 0),
        )
        .select_from(Contract)
        .join(ordered, ordered.c.contract_id == col(Contract.id), isouter=True)
        .where(col(Contract.vendor_id) == vendor_id)
        .order_by(is_valid.desc(), col(Contract.valid_to).desc(), col(Contract.number))
        .limit(MOST_ROWS)
    )
    return each_as(session, VendorContract, statement)


@dataclass(frozen=True, slots=True)
class VendorMember:
    """Somebody who acts for a vendor in its portal, or will, or did."""

    name: str
    email: str
    status: str
    begins_on: date
    ends_on: date | None


@needs(Permission.VENDOR_VIEW)
def members_of_vendor(session: Session, actor: Actor, /, *, vendor_id: int) -> list[VendorMember]:
    """Who acts for a vendor in its portal, those who do now first."""
    statement = (
        columns(
            name=col(AppUser.name),
            email=col(AppUser.email),
            status=membership_status(),
            begins_on=organisation_date(col(VendorMembership.begins_at)),
            ends_on=last_day_of_membership(),
        )
        .select_from(VendorMembership)
        .join(AppUser, col(AppUser.id) == col(VendorMembership.user_id))
        .join(Vendor, col(Vendor.id) == col(VendorMembership.vendor_id))
        .where(col(VendorMembership.vendor_id) == vendor_id)
        .order_by(membership_status(), col(AppUser.name), col(VendorMembership.id))
        .limit(MOST_ROWS)
    )
    return each_as(session, VendorMember, statement)


@dataclass(frozen=True, slots=True)
class SoldItem:
    """An item of a vendor whose prices can be looked at over time."""

    item_id: int
    code: str
    name: str


@needs(Permission.VENDOR_VIEW)
def sold_items(session: Session, actor: Actor, /, *, vendor_id: int, limit: int = 200) -> list[SoldItem]:
    """Items that a vendor sells or sold, the one with most money ordered first, then by code."""
    bought = (
        columns(item_id=col(PurchaseOrderLine.item_id), spent=func.sum(col(PurchaseOrderLine.total)))
        .join(PurchaseOrder, col(PurchaseOrder.id) == col(PurchaseOrderLine.order_id))
        .where(col(PurchaseOrder.vendor_id) == vendor_id, col(PurchaseOrder.state).not_in(_NOT_ORDERED))
        .group_by(col(PurchaseOrderLine.item_id))
        .subquery("bought")
    )
    sold = select(col(VendorItem.item_id)).where(col(VendorItem.vendor_id) == vendor_id, col(VendorItem.is_active))
    statement = (
        columns(item_id=col(Item.id), code=col(Item.code), name=col(Item.name))
        .join(bought, bought.c.item_id == col(Item.id), isouter=True)
        .where(col(Item.id).in_(sold))
        .order_by(func.coalesce(bought.c.spent, 0).desc(), col(Item.code))
        .limit(limit)
    )
    return each_as(session, SoldItem, statement)
