"""Action messages as screens show them: the list, one of them with who waits behind it, and their numbers (PLAN-16, PLAN-17)."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Executable, Select, and_, func, literal, select, true
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from buyside.db.demand import SalesOrder, SalesOrderLine
from buyside.db.items import Item, ItemGroup, Unit, VendorItem
from buyside.db.orders import PurchaseOrder, PurchaseOrderLine, PurchaseOrderPeg
from buyside.db.people import AppUser, UserRole
from buyside.db.plans import ActionMessage, PlanLine, PlanningRun
from buyside.db.stock import Warehouse
from buyside.db.vendors import Vendor
from buyside.domain.access import GRANTS, Actor, Permission, Role, needs
from buyside.domain.money import ZERO
from buyside.domain.plans import MessageKind, MessageState
from buyside.domain.refusals import NotFound
from buyside.domain.words import Kind
from buyside.queries.answers import each_as, one_as, organisation_today
from buyside.queries.plan_pegs import pegs_of_items
from buyside.queries.rows import GridSource, RowColumn

_FIRST_WAITING = 5
_MOST_READ = 500
_NEW_SUPPLY = (MessageKind.ORDER.value, MessageKind.INCREASE.value)


def _is_open() -> ColumnElement[bool]:
    return col(ActionMessage.state) == MessageState.OPEN.value


def is_at_work() -> ColumnElement[bool]:
    """Whether a message waits for somebody now: open, and not put aside."""
    asleep = func.coalesce(ActionMessage.snoozed_until > organisation_today(), False)
    return and_(_is_open(), ~asleep)


def is_overdue() -> ColumnElement[bool]:
    """Whether a message that waits should have been worked off on an earlier day."""
    return and_(is_at_work(), col(ActionMessage.due_on) < organisation_today())


def _planned() -> Any:
    """Whom the plan suggests to order from, for messages that are about no order yet: the vendor of the most urgent line."""
    message = ActionMessage
    return (
        select(col(VendorItem.vendor_id))
        .join(PlanLine, col(PlanLine.vendor_item_id) == col(VendorItem.id))
        .where(
            col(PlanLine.run_id) == col(message.last_run_id),
            col(PlanLine.item_id) == col(message.item_id),
            col(PlanLine.warehouse_id) == col(message.warehouse_id),
            col(message.purchase_order_line_id).is_(None),
        )
        .order_by(col(PlanLine.order_by), col(PlanLine.id))
        .limit(1)
        .correlate(message)
        .lateral("planned")
    )


def messages_in_reach(actor: Actor) -> Select[Any]:
    """Every action message, with the order that it is about, or the vendor whom the plan suggests."""
    message = ActionMessage
    owner, closer, suggested = aliased(AppUser), aliased(AppUser), aliased(Vendor)
    planned = _planned()
    mine = literal(False) if actor.user_id is None else func.coalesce(col(message.owner_id) == actor.user_id, False)
    statement: Select[*tuple[Any, ...]] = (
        select(
            col(message.id).label("id"),
            col(message.version).label("version"),
            col(message.item_id).label("item_id"),
            col(message.kind).label("kind"),
            col(message.state).label("state"),
            col(Item.code).label("item"),
            col(Item.name).label("name"),
            func.coalesce(ItemGroup.code, "").label("group"),
            col(Item.planner).label("planner"),
            col(Warehouse.code).label("warehouse"),
            func.coalesce(Vendor.name, suggested.name, "").label("vendor"),
            func.coalesce(PurchaseOrder.number, "").label("order_number"),
            col(PurchaseOrderLine.line_number).label("line_number"),
            col(message.quantity).label("quantity"),
            col(Unit.code).label("unit"),
            col(message.to_quantity).label("to_quantity"),
            col(message.from_on).label("from_on"),
            col(message.to_on).label("to_on"),
            col(message.due_on).label("due_on"),
            func.coalesce(owner.name, "").label("owner"),
            mine.label("is_mine"),
            col(message.owner_id).is_(None).label("is_unassigned"),
            is_at_work().label("is_at_work"),
            is_overdue().label("is_overdue"),
            and_(_is_open(), ~is_at_work()).label("is_snoozed"),
            col(message.snoozed_until).label("snoozed_until"),
            col(message.closing_reason).label("closing_reason"),
            col(message.opened_at).label("opened_at"),
            col(message.closed_at).label("closed_at"),
            func.coalesce(closer.name, "").label("closed_by"),
        )
        .join(Item, col(Item.id) == col(message.item_id))
        .join(Unit, col(Unit.id) == col(Item.unit_id))
        .join(ItemGroup, col(ItemGroup.id) == col(Item.group_id), isouter=True)
        .join(Warehouse, col(Warehouse.id) == col(message.warehouse_id))
        .join(PurchaseOrderLine, col(PurchaseOrderLine.id) == col(message.purchase_order_line_id), isouter=True)
        .join(PurchaseOrder, col(PurchaseOrder.id) == col(PurchaseOrderLine.order_id), isouter=True)
        .join(Vendor, col(Vendor.id) == col(PurchaseOrder.vendor_id), isouter=True)
        .join(planned, true(), isouter=True)
        .join(suggested, col(suggested.id) == planned.c.vendor_id, isouter=True)
        .join(owner, col(owner.id) == col(message.owner_id), isouter=True)
        .join(closer, col(closer.id) == col(message.closed_by), isouter=True)
    )
    return statement


MESSAGE_ROWS = GridSource(
    "action-messages",
    Permission.PLAN_VIEW,
    messages_in_reach,
    columns=(
        *(RowColumn(name, Kind.KEY) for name in ("id", "version", "item_id")),
        RowColumn("kind", Kind.STATUS, required=True),
        RowColumn("state", Kind.STATUS, required=True),
        RowColumn("item", searched=True, required=True),
        RowColumn("name", searched=True, required=True),
        RowColumn("group", required=True),
        RowColumn("planner", searched=True, required=True),
        RowColumn("warehouse", required=True),
        RowColumn("vendor", searched=True, required=True),
        RowColumn("order_number", searched=True, required=True),
        RowColumn("line_number", Kind.NUMBER),
        RowColumn("quantity", Kind.QUANTITY, required=True),
        RowColumn("unit", required=True),
        RowColumn("to_quantity", Kind.QUANTITY),
        *(RowColumn(name, Kind.DATE) for name in ("from_on", "to_on")),
        RowColumn("due_on", Kind.DATE, required=True),
        RowColumn("owner", searched=True, required=True),
        *(
            RowColumn(name, Kind.FLAG, required=True)
            for name in ("is_mine", "is_unassigned", "is_at_work", "is_overdue", "is_snoozed")
        ),
        RowColumn("snoozed_until", Kind.DATE),
        RowColumn("closing_reason", required=True),
        RowColumn("opened_at", Kind.INSTANT, required=True),
        RowColumn("closed_at", Kind.INSTANT),
        RowColumn("closed_by", required=True),
    ),
    order=(("due_on", "asc"),),
    scopes=("item_id",),
)


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
    owner, closer, suggested, planned = aliased(AppUser), aliased(AppUser), aliased(Vendor), _planned()
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
            col(message.last_run_id).label("run_id"),
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
        .join(PlanningRun, col(PlanningRun.id) == col(message.last_run_id))
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
    """Who asks for the item from the day of need on, by the run that found the message: until it comes, or as far as it serves."""
    since, until = message.to_on, None
    if since is None:
        return []
    if message.kind == MessageKind.EXPEDITE and message.from_on is not None and message.from_on > since:
        until = message.from_on
    pegs = [
        each
        for each in pegs_of_items(session, message.last_run_id, [message.item_id])
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


@dataclass(frozen=True, slots=True)
class MessageCount:
    """Messages of one kind that wait, and how many of them are overdue."""

    kind: str
    waiting: int
    overdue: int


@needs(Permission.PLAN_VIEW)
def message_counts(session: Session, actor: Actor) -> list[MessageCount]:
    """What waits now, by kind, the kind with most overdue first."""
    overdue = func.count().filter(is_overdue())
    statement: Executable = (
        select(col(ActionMessage.kind).label("kind"), func.count().label("waiting"), overdue.label("overdue"))
        .where(is_at_work())
        .group_by(col(ActionMessage.kind))
        .order_by(overdue.desc(), func.count().desc(), col(ActionMessage.kind))
    )
    return each_as(session, MessageCount, statement)


@dataclass(frozen=True, slots=True)
class OwnerChoice:
    """Somebody who may own messages."""

    user_id: int
    name: str


@needs(Permission.PLAN_VIEW)
def possible_owners(session: Session, actor: Actor) -> list[OwnerChoice]:
    """People of the own organisation who may decide on plans, by name."""
    roles = [role.value for role in Role if Permission.PLAN_EDIT in GRANTS[role]]
    may = select(col(UserRole.user_id)).where(col(UserRole.role).in_(roles))
    statement: Executable = (
        select(col(AppUser.id).label("user_id"), col(AppUser.name).label("name"))
        .where(col(AppUser.is_active), ~col(AppUser.is_vendor), col(AppUser.id).in_(may))
        .order_by(col(AppUser.name), col(AppUser.id))
    )
    return each_as(session, OwnerChoice, statement)


@needs(Permission.PLAN_VIEW)
def find_item_id(session: Session, actor: Actor, *, code: str) -> int:
    """The item of a code; zero where there is none."""
    return session.execute(select(col(Item.id)).where(col(Item.code) == code)).scalar_one_or_none() or 0
