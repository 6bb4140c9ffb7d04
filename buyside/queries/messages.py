"""Action messages as screens show them: the list, their numbers, and who may own them (PLAN-16)."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Executable, Select, and_, case, func, literal, select, true
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from buyside.db.items import Item, ItemGroup, Unit, VendorItem
from buyside.db.orders import PurchaseOrder, PurchaseOrderLine
from buyside.db.people import AppUser, UserRole
from buyside.db.plans import ActionMessage, PlanLine
from buyside.db.stock import Warehouse
from buyside.db.vendors import Vendor
from buyside.domain.access import GRANTS, Actor, Permission, Role, needs
from buyside.domain.plans import MessageState
from buyside.domain.words import Kind
from buyside.queries.answers import each_as, organisation_today
from buyside.queries.plan_standing import newest_whole_plan
from buyside.queries.rows import GridSource, RowColumn


def _is_open() -> ColumnElement[bool]:
    return col(ActionMessage.state) == MessageState.OPEN.value


def is_at_work() -> ColumnElement[bool]:
    """Whether a message waits for somebody now: open, and not put aside."""
    asleep = func.coalesce(ActionMessage.snoozed_until > organisation_today(), False)
    return and_(_is_open(), ~asleep)


def is_overdue() -> ColumnElement[bool]:
    """Whether a message that waits should have been worked off on an earlier day."""
    return and_(is_at_work(), col(ActionMessage.due_on) < organisation_today())


def seen_run() -> ColumnElement[int]:
    """The run that saw a message last. One of everything saw whatever is open since, without writing to each."""
    last = col(ActionMessage.last_run_id)
    return case((_is_open(), func.greatest(last, newest_whole_plan())), else_=last)


def planned_vendor() -> Any:
    """Whom the plan suggests to order from, for messages that are about no order yet: the vendor of the most urgent line."""
    message = ActionMessage
    return (
        select(col(VendorItem.vendor_id))
        .join(PlanLine, col(PlanLine.vendor_item_id) == col(VendorItem.id))
        .where(
            col(PlanLine.run_id) == seen_run(),
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
    planned = planned_vendor()
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
