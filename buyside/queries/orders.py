"""Reading purchase orders: the list, and one order as its paper needs it (PO-1)."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from buyside.db.items import Item, Unit
from buyside.db.orders import OrderType, PurchaseOrder, PurchaseOrderLine, PurchaseOrderPeg, PurchaseOrderSnapshot
from buyside.db.people import AppUser
from buyside.db.stock import Warehouse
from buyside.db.vendors import Vendor
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.orders import AWAITING_GOODS, ORDER, OrderState
from buyside.domain.refusals import NotFound
from buyside.domain.words import Kind
from buyside.ledgers.order_snapshots import content_of
from buyside.queries.answers import columns, each_as, organisation_date, organisation_today
from buyside.queries.rows import GridSource, RowColumn

AWAITING = tuple(sorted(AWAITING_GOODS))
"""The states of orders whose goods are still to come."""


def due_on() -> ColumnElement[date | None]:
    """When an order line is to arrive: as promised, else as expected."""
    return func.coalesce(PurchaseOrderLine.promised_on, PurchaseOrderLine.expected_on, PurchaseOrderLine.needed_on)


def open_quantity() -> ColumnElement[Decimal]:
    """What is still to come of an order line, in the ordered unit."""
    return func.greatest(col(PurchaseOrderLine.quantity) - col(PurchaseOrderLine.received_quantity), 0)


def open_value() -> ColumnElement[Decimal]:
    """What is still to come of an order line is worth: its share of the line's total, tax and discounts included."""
    return col(PurchaseOrderLine.total) * open_quantity() / col(PurchaseOrderLine.quantity)


def is_open() -> ColumnElement[bool]:
    """Whether an order line, of an order that awaits goods, is still to come."""
    return and_(
        col(PurchaseOrder.state).in_(AWAITING),
        col(PurchaseOrderLine.quantity) > col(PurchaseOrderLine.received_quantity),
    )


def _of_lines(value: ColumnElement[Any], *where: ColumnElement[bool]) -> ColumnElement[Any]:
    of_order = col(PurchaseOrderLine.order_id) == col(PurchaseOrder.id)
    return select(value).where(of_order, *where).correlate(PurchaseOrder).scalar_subquery()


def orders_in_reach(actor: Actor) -> Select[Any]:
    """Every order that the actor may see, with what its lines add up to.

    Every order has its vendor and warehouse; joined from outside they cost nothing where nobody looks, as in a count.
    """
    owner = aliased(AppUser)
    late = exists().where(
        col(PurchaseOrderLine.order_id) == col(PurchaseOrder.id), is_open(), due_on() < organisation_today()
    )
    return (
        columns(
            id=col(PurchaseOrder.id),
            version=col(PurchaseOrder.version),
            number=col(PurchaseOrder.number),
            title=col(PurchaseOrder.title),
            vendor_code=col(Vendor.code),
            vendor=col(Vendor.name),
            state=col(PurchaseOrder.state),
            is_on_hold=col(PurchaseOrder.is_on_hold),
            order_by=col(PurchaseOrder.order_by),
            ordered_on=col(PurchaseOrder.ordered_on),
            next_due_on=_of_lines(func.min(due_on()), is_open()),
            is_late=late.correlate(PurchaseOrder),
            late_days=_of_lines(organisation_today() - func.min(due_on()), is_open(), due_on() < organisation_today()),
            lines=_of_lines(func.count()),
            total=col(PurchaseOrder.total),
            open_value=func.coalesce(_of_lines(func.sum(open_value()), is_open()), 0),
            currency=col(PurchaseOrder.currency_code),
            warehouse=col(Warehouse.code),
            owner=func.coalesce(owner.name, ""),
            changed_at=col(PurchaseOrder.changed_at),
        )
        .select_from(PurchaseOrder)
        .join(Vendor, col(Vendor.id) == col(PurchaseOrder.vendor_id), isouter=True)
        .join(Warehouse, col(Warehouse.id) == col(PurchaseOrder.warehouse_id), isouter=True)
        .join(owner, col(owner.id) == col(PurchaseOrder.owner_id), isouter=True)
    )


ORDER_ROWS = GridSource(
    "orders",
    Permission.ORDER_VIEW,
    orders_in_reach,
    columns=(
        RowColumn("id", Kind.KEY, required=True),
        RowColumn("version", Kind.KEY),
        RowColumn("number", searched=True, required=True),
        RowColumn("title", searched=True, required=True),
        RowColumn("vendor_code", searched=True, required=True),
        RowColumn("vendor", searched=True, required=True),
        RowColumn("state", Kind.STATUS, required=True),
        RowColumn("is_on_hold", Kind.FLAG, required=True),
        RowColumn("order_by", Kind.DATE),
        RowColumn("ordered_on", Kind.DATE),
        RowColumn("next_due_on", Kind.DATE),
        RowColumn("is_late", Kind.FLAG, required=True),
        RowColumn("late_days", Kind.NUMBER),
        RowColumn("lines", Kind.NUMBER, required=True),
        RowColumn("total", Kind.MONEY, required=True, currency="currency"),
        RowColumn("open_value", Kind.MONEY, required=True, currency="currency"),
        RowColumn("currency", required=True),
        RowColumn("warehouse", required=True),
        RowColumn("owner", required=True),
        RowColumn("changed_at", Kind.INSTANT, required=True),
    ),
    order=(("changed_at", "desc"),),
    scopes=("vendor_code", "warehouse"),
)


@dataclass(frozen=True, slots=True)
class OrderLineDetail:
    """A line as the paper and its editor need it. Quantities in the ordered unit, `pegged` in stock units."""

    id: int
    line_number: int
    item_id: int
    item_code: str
    item_name: str
    vendor_part: str
    description: str
    quantity: Decimal
    unit: str
    unit_digits: int
    unit_factor: Decimal
    stock_unit: str
    unit_price: Decimal
    discount_percent: Decimal
    discount_amount: Decimal
    tax_percent: Decimal
    subtotal: Decimal
    discount: Decimal
    header_discount: Decimal
    tax: Decimal
    total: Decimal
    needed_on: date | None
    expected_on: date | None
    promised_on: date | None
    receivable_quantity: Decimal
    received_quantity: Decimal
    rejected_quantity: Decimal
    returned_quantity: Decimal
    open_quantity: Decimal
    late_days: int
    pegged: Decimal


@dataclass(frozen=True, slots=True)
class OrderDetail:
    """One order. `paper` is what stands on it: of an issued order as it was frozen, of a draft as it would be today."""

    id: int
    number: str
    version: int
    title: str
    state: str
    is_on_hold: bool
    moves: tuple[str, ...]
    """Moves of the lifecycle that are open now; what the actor may do of them is for permissions to say."""
    vendor_id: int
    vendor_code: str
    vendor_name: str
    vendor_status: str
    warehouse_id: int
    warehouse_code: str
    warehouse_name: str
    order_type: str
    currency_code: str
    currency_digits: int
    order_by: date | None
    ordered_on: date | None
    issued_at: datetime | None
    bill_to_account: str
    bill_to_address: str
    bill_to_contact: str
    payment_term_id: int | None
    ship_to_account: str
    ship_to_address: str
    ship_to_contact: str
    shipping_account: str
    shipping_method: str
    pick_up_address_id: int | None
    fulfil_all_at_once: bool
    header_discount: Decimal
    shipping_costs: Decimal
    subtotal: Decimal
    discount: Decimal
    tax: Decimal
    total: Decimal
    notes: str
    internal_notes: str
    owner: str
    created_at: datetime
    created_by: str
    changed_at: datetime
    changed_by: str
    revision: int
    """0 for a draft."""
    snapshot_sha256: str
    paper: dict[str, Any]
    lines: tuple[OrderLineDetail, ...]


def find_order(session: Session, actor: Actor, *, number: str) -> PurchaseOrder:
    """An order in reach by its number. Refuses: NotFound."""
    order = session.scalars(select(PurchaseOrder).where(col(PurchaseOrder.number) == number)).one_or_none()
    if order is None:
        raise NotFound(kind="purchase order")
    return order


@needs(Permission.ORDER_VIEW)
def order_id_of(session: Session, actor: Actor, *, number: str) -> int:
    """The key of an order by its number. Refuses: NotFound."""
    return find_order(session, actor, number=number).id


@needs(Permission.ORDER_VIEW)
def order_detail(session: Session, actor: Actor, *, number: str) -> OrderDetail:
    """One order with its lines, by number. Refuses: NotFound."""
    order = find_order(session, actor, number=number)
    vendor = session.get_one(Vendor, order.vendor_id)
    warehouse = session.get_one(Warehouse, order.warehouse_id)
    snapshot = session.execute(
        select(PurchaseOrderSnapshot)
        .where(col(PurchaseOrderSnapshot.order_id) == order.id)
        .order_by(col(PurchaseOrderSnapshot.revision).desc())
        .limit(1)
    ).scalar_one_or_none()
    paper = snapshot.content if snapshot else content_of(session, order, revision=0)
    people = _names(session, order.owner_id, order.created_by, order.changed_by)
    return OrderDetail(
        id=order.id,
        number=order.number,
        version=order.version,
        title=order.title,
        state=order.state,
        is_on_hold=order.is_on_hold,
        moves=ORDER.open_moves(OrderState(order.state)),
        vendor_id=vendor.id,
        vendor_code=vendor.code,
        vendor_name=paper["vendor"]["name"],
        vendor_status=vendor.status,
        warehouse_id=warehouse.id,
        warehouse_code=warehouse.code,
        warehouse_name=warehouse.name,
        order_type=session.get_one(OrderType, order.order_type_id).name,
        currency_code=order.currency_code,
        currency_digits=paper["currency"]["digits"],
        order_by=order.order_by,
        ordered_on=order.ordered_on,
        issued_at=order.issued_at,
        bill_to_account=order.bill_to_account,
        bill_to_address=order.bill_to_address,
        bill_to_contact=order.bill_to_contact,
        payment_term_id=order.payment_term_id,
        ship_to_account=order.ship_to_account,
        ship_to_address=order.ship_to_address,
        ship_to_contact=order.ship_to_contact,
        shipping_account=order.shipping_account,
        shipping_method=order.shipping_method,
        pick_up_address_id=order.pick_up_address_id,
        fulfil_all_at_once=order.fulfil_all_at_once,
        header_discount=order.header_discount,
        shipping_costs=order.shipping_costs,
        subtotal=order.subtotal,
        discount=order.discount,
        tax=order.tax,
        total=order.total,
        notes=order.notes,
        internal_notes=order.internal_notes,
        owner=people.get(order.owner_id, ""),
        created_at=order.created_at,
        created_by=people.get(order.created_by, ""),
        changed_at=order.changed_at,
        changed_by=people.get(order.changed_by, ""),
        revision=snapshot.revision if snapshot else 0,
        snapshot_sha256=snapshot.content_sha256.hex() if snapshot else "",
        paper=paper,
        lines=tuple(_lines(session, order.id)),
    )


def _names(session: Session, *user_ids: int | None) -> dict[int | None, str]:
    known = {each for each in user_ids if each is not None}
    found = session.execute(select(col(AppUser.id), col(AppUser.name)).where(col(AppUser.id).in_(known)))
    return {row.id: row.name for row in found}


def _lines(session: Session, order_id: int) -> list[OrderLineDetail]:
    line, stock_unit = PurchaseOrderLine, aliased(Unit)
    pegged = (
        select(func.coalesce(func.sum(PurchaseOrderPeg.quantity), 0))
        .where(
            col(PurchaseOrderPeg.order_line_id) == col(line.id), col(PurchaseOrderPeg.sales_order_line_id).is_not(None)
        )
        .scalar_subquery()
    )
    same = (
        *("id", "line_number", "item_id", "vendor_part", "description", "quantity", "unit_factor", "unit_price"),
        *("discount_percent", "discount_amount", "tax_percent", "subtotal", "discount", "header_discount", "tax"),
        *("total", "needed_on", "expected_on", "promised_on", "receivable_quantity", "received_quantity"),
        *("rejected_quantity", "returned_quantity"),
    )
    statement = (
        columns(
            **{name: col(getattr(line, name)) for name in same},
            item_code=col(Item.code),
            item_name=col(Item.name),
            unit=col(Unit.code),
            unit_digits=col(Unit.digits),
            stock_unit=col(stock_unit.code),
            open_quantity=open_quantity(),
            late_days=func.coalesce(late_days(), 0),
            pegged=pegged,
        )
        .select_from(line)
        .join(PurchaseOrder, col(PurchaseOrder.id) == col(line.order_id))
        .join(Item, col(Item.id) == col(line.item_id))
        .join(Unit, col(Unit.id) == col(line.unit_id))
        .join(stock_unit, col(stock_unit.id) == col(Item.unit_id))
        .where(col(line.order_id) == order_id)
        .order_by(col(line.line_number))
    )
    return each_as(session, OrderLineDetail, statement)


def late_days() -> ColumnElement[int]:
    """How many days an open order line is overdue; 0 where it is not."""
    return case((is_open(), func.greatest(organisation_today() - due_on(), 0)), else_=0)


@dataclass(frozen=True, slots=True)
class OrderToWatch:
    """An order that wants somebody's attention, and why."""

    number: str
    vendor: str
    state: str
    on: date | None
    days: int


@needs(Permission.ORDER_VIEW)
def orders_to_watch(session: Session, actor: Actor, *, why: str, limit: int = 20) -> list[OrderToWatch]:
    """Orders that want attention: `late` deliveries, `to-issue` by today or overdue, `old-draft` untouched for a week.

    The longest waiting first. Raises KeyError for another `why`.
    """
    today = organisation_today()
    first_due = _of_lines(func.min(due_on()), is_open())
    draft = col(PurchaseOrder.state) == OrderState.DRAFT.value
    changed_on = organisation_date(col(PurchaseOrder.changed_at))
    condition, day = {
        "late": (and_(col(PurchaseOrder.state).in_(AWAITING), first_due < today), first_due),
        "to-issue": (and_(draft, col(PurchaseOrder.order_by) <= today), col(PurchaseOrder.order_by)),
        "old-draft": (and_(draft, changed_on < today - 7), changed_on),
    }[why]
    statement = (
        columns(
            number=col(PurchaseOrder.number),
            vendor=col(Vendor.name),
            state=col(PurchaseOrder.state),
            on=day,
            days=(today - day),
        )
        .join(Vendor, col(Vendor.id) == col(PurchaseOrder.vendor_id))
        .where(condition)
        .order_by(day, col(PurchaseOrder.id))
        .limit(limit)
    )
    return each_as(session, OrderToWatch, statement)
