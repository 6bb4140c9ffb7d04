"""One action message in full, and the customers who wait behind it (PLAN-16, PLAN-17)."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, func, literal, select, true
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from buyside.db.demand import SalesOrder, SalesOrderLine
from buyside.db.items import Item, Unit, VendorItem
from buyside.db.orders import PurchaseOrder, PurchaseOrderLine, PurchaseOrderPeg
from buyside.db.people import AppUser
from buyside.db.plans import ActionMessage, PlanningRun
from buyside.db.stock import Warehouse
from buyside.db.vendors import Vendor
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.money import ZERO
from buyside.domain.plans import MessageKind
from buyside.domain.refusals import NotFound
from buyside.queries.answers import each_as, one_as
from buyside.queries.messages import is_overdue, planned_vendor, seen_run
from buyside.queries.plan_pegs import pegs_of_items

_FIRST_WAITING = 5
_MOST_READ = 500
_NEW_SUPPLY = (MessageKind.ORDER.value, MessageKind.INCREASE.value)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A customer's order line that waits for what a message is about. `quantity` in stock units of the message's item."""

    number: str
    line_number: int
    customer: str
    needed_by: date
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class MessageDetail:
    """One action message in full. Quantities in stock units; `open_quantity` is what is still to come of the order line."""

    message_id: int
    version: int
    kind: str
    state: str
    item: str
    name: str
    unit: str
    planner: str
    warehouse: str
    quantity: Decimal
    to_quantity: Decimal | None
    from_on: date | None
    to_on: date | None
    due_on: date
    is_overdue: bool
    owner_id: int | None
    owner: str
    snoozed_until: date | None
    closing_reason: str
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str
    run_id: int
    """The newest run that found it, or no longer did."""
    run_as_of: date
    order_number: str
    line_number: int | None
    order_state: str
    vendor_code: str
    vendor: str
    """Of the order; where there is none yet, whom the plan suggests."""
    vendor_language: str
    vendor_part: str
    open_quantity: Decimal | None
    ordered_unit: str
    unit_factor: Decimal | None
    """Stock units of one ordered unit."""
    waiting: tuple[Waiting, ...] = ()
    """The first customers' lines behind it, by date."""
    waiting_lines: int = 0
    waiting_quantity: Decimal = ZERO
    """Of all of them, in stock units."""


@needs(Permission.PLAN_VIEW)
def message_detail(session: Session, actor: Actor, *, message_id: int) -> MessageDetail:
    """A message, and the customers' order lines behind it. Refuses: NotFound.

    Behind supply that is late are those who need the item from the day on which it is missing until it comes; behind a new
    order those whom its quantity serves first. Of other messages, those that the order was made for.
    """
    message = ActionMessage
    owner, closer, suggested, planned = aliased(AppUser), aliased(AppUser), aliased(Vendor), planned_vendor()
    ordered = aliased(Unit)
    open_packs = col(PurchaseOrderLine.quantity) - col(PurchaseOrderLine.received_quantity)
    statement: Select[*tuple[Any, ...]] = (
        select(
            col(message.id).label("message_id"),
            col(message.version),
            col(message.kind),
            col(message.state),
            col(Item.code).label("item"),
            col(Item.name).label("name"),
            col(Unit.code).label("unit"),
            col(Item.planner),
            col(Warehouse.code).label("warehouse"),
            *(col(getattr(message, name)) for name in ("quantity", "to_quantity", "from_on", "to_on", "due_on")),
            is_overdue().label("is_overdue"),
            col(message.owner_id),
            func.coalesce(owner.name, "").label("owner"),
            *(col(getattr(message, name)) for name in ("snoozed_until", "closing_reason", "opened_at", "closed_at")),
            func.coalesce(closer.name, "").label("closed_by"),
            seen_run().label("run_id"),
            col(PlanningRun.as_of).label("run_as_of"),
            func.coalesce(PurchaseOrder.number, "").label("order_number"),
            col(PurchaseOrderLine.line_number),
            func.coalesce(PurchaseOrder.state, "").label("order_state"),
            func.coalesce(Vendor.code, suggested.code, "").label("vendor_code"),
            func.coalesce(Vendor.name, suggested.name, "").label("vendor"),
            func.coalesce(Vendor.language, suggested.language, "").label("vendor_language"),
            func.coalesce(func.nullif(PurchaseOrderLine.vendor_part, ""), VendorItem.vendor_part, "").label(
                "vendor_part"
            ),
            (open_packs * col(PurchaseOrderLine.unit_factor)).label("open_quantity"),
            func.coalesce(ordered.code, "").label("ordered_unit"),
            col(PurchaseOrderLine.unit_factor),
        )
        .join(Item, col(Item.id) == col(message.item_id))
        .join(Unit, col(Unit.id) == col(Item.unit_id))
        .join(Warehouse, col(Warehouse.id) == col(message.warehouse_id))
        .join(PlanningRun, col(PlanningRun.id) == seen_run())
        .join(PurchaseOrderLine, col(PurchaseOrderLine.id) == col(message.purchase_order_line_id), isouter=True)
        .join(PurchaseOrder, col(PurchaseOrder.id) == col(PurchaseOrderLine.order_id), isouter=True)
        .join(VendorItem, col(VendorItem.id) == col(PurchaseOrderLine.vendor_item_id), isouter=True)
        .join(Vendor, col(Vendor.id) == col(PurchaseOrder.vendor_id), isouter=True)
        .join(ordered, col(ordered.id) == col(PurchaseOrderLine.unit_id), isouter=True)
        .join(planned, true(), isouter=True)
        .join(suggested, col(suggested.id) == planned.c.vendor_id, isouter=True)
        .join(owner, col(owner.id) == col(message.owner_id), isouter=True)
        .join(closer, col(closer.id) == col(message.closed_by), isouter=True)
        .where(col(message.id) == message_id)
    )
    waiting = _waiting(session, message_id) if actor.may(Permission.DEMAND_VIEW) else []

    def filled(**columns: Any) -> MessageDetail:
        return MessageDetail(
            **columns,
            waiting=tuple(waiting[:_FIRST_WAITING]),
            waiting_lines=len(waiting),
            waiting_quantity=sum((each.quantity for each in waiting), ZERO),
        )

    found = one_as(session, filled, statement)
    if found is None:
        raise NotFound(kind="action message")
    return found


def _waiting(session: Session, message_id: int) -> list[Waiting]:
    message = session.get(ActionMessage, message_id)
    if message is None:
        return []
    pegs = _pegged(session, message) if message.to_on is not None and message.kind != MessageKind.DEFER else []
    if pegs or message.purchase_order_line_id is None:
        return pegs
    made_for: Select[*tuple[Any, ...]] = _customers(col(PurchaseOrderPeg.quantity)).join(
        PurchaseOrderPeg, col(PurchaseOrderPeg.sales_order_line_id) == col(SalesOrderLine.id)
    )
    return each_as(
        session,
        Waiting,
        made_for.where(col(PurchaseOrderPeg.order_line_id) == message.purchase_order_line_id)
        .order_by(col(SalesOrderLine.needed_by), col(SalesOrder.number), col(SalesOrderLine.line_number))
        .limit(_MOST_READ),
    )


def _pegged(session: Session, message: ActionMessage) -> list[Waiting]:
    """Who asks for the item from the day of need on, by the run that saw the message last: until it comes, or as far as it serves."""
    since, until = message.to_on, None
    if since is None:
        return []
    if message.kind == MessageKind.EXPEDITE and message.from_on is not None and message.from_on > since:
        until = message.from_on
    run_id = session.execute(select(seen_run()).where(col(ActionMessage.id) == message.id)).scalar_one()
    pegs = [
        each
        for each in pegs_of_items(session, run_id, [message.item_id])
        if each.warehouse_id == message.warehouse_id
        and each.sales_order_line_id is not None
        and each.on_date >= since
        and (until is None or each.on_date < until)
    ]
    asked: dict[int, Decimal] = {}
    left = message.quantity
    for each in sorted(pegs, key=lambda peg: (peg.on_date, peg.sales_order_line_id)):
        if message.kind in _NEW_SUPPLY and left <= ZERO:
            break
        line_id = each.sales_order_line_id or 0
        asked[line_id] = asked.get(line_id, ZERO) + each.quantity
        left -= each.quantity
    lines = _customers(literal(ZERO)).add_columns(col(SalesOrderLine.id).label("line_id"))
    found = session.execute(lines.where(col(SalesOrderLine.id).in_(list(asked)[:_MOST_READ]))).mappings()
    waiting = [
        Waiting(
            **{name: row[name] for name in ("number", "line_number", "customer", "needed_by")},
            quantity=asked[row["line_id"]],
        )
        for row in found
    ]
    return sorted(waiting, key=lambda each: (each.needed_by, each.number, each.line_number))


def _customers(quantity: Any) -> Select[Any]:
    statement: Select[*tuple[Any, ...]] = select(
        col(SalesOrder.number).label("number"),
        col(SalesOrderLine.line_number).label("line_number"),
        col(SalesOrder.customer).label("customer"),
        col(SalesOrderLine.needed_by).label("needed_by"),
        quantity.label("quantity"),
    ).join(SalesOrder, col(SalesOrder.id) == col(SalesOrderLine.order_id))
    return statement
