"""Behind a number of the requirements board: who asks, what is on order, what the plan does about it (PLAN-14, PLAN-17)."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import and_, exists, func, or_, select
from sqlmodel import Session, col

from buyside.db.demand import SalesOrderLineOption
from buyside.db.items import Item, Unit, VendorItem
from buyside.db.orders import PurchaseOrder, PurchaseOrderLine
from buyside.db.plans import PlanLine, PlanningCoverage, PlanningItemTotal
from buyside.db.stock import Warehouse
from buyside.db.vendors import Vendor
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.orders import BEFORE_ISSUE
from buyside.queries.answers import columns, each_as, organisation_date
from buyside.queries.orders import AWAITING, due_on, open_quantity
from buyside.queries.plan_explanations import PegRow, pegs_of_requirement

_SIX = Decimal("0.000001")
_TO_ISSUE = tuple(sorted(BEFORE_ISSUE))


@needs(Permission.PLAN_VIEW)
def find_requirement(
    session: Session, actor: Actor, *, run_id: int, item: str, warehouse: str = ""
) -> tuple[int, int] | None:
    """Item and warehouse of a run's row by their codes; without a warehouse the one that is short first."""
    total = PlanningItemTotal
    statement = (
        select(col(total.item_id), col(total.warehouse_id))
        .join(Item, col(Item.id) == col(total.item_id))
        .join(Warehouse, col(Warehouse.id) == col(total.warehouse_id))
        .where(col(total.run_id) == run_id, col(Item.code) == item)
        .order_by(col(total.short_on), col(Warehouse.code))
        .limit(1)
    )
    if warehouse:
        statement = statement.where(col(Warehouse.code) == warehouse)
    found = session.execute(statement).one_or_none()
    return None if found is None else (found[0], found[1])


@dataclass(frozen=True, slots=True)
class Asking:
    """A demand line behind a requirement, and how much of it finished goods serve (sold units); None for a stock policy.

    `options` are the ids of its chosen option values: with them the configuration can be exploded by itself.
    """

    peg: PegRow
    ordered: Decimal | None
    covered: Decimal | None
    options: tuple[int, ...]


@needs(Permission.PLAN_VIEW)
def demand_behind(
    session: Session,
    actor: Actor,
    *,
    run_id: int,
    item_id: int,
    warehouse_id: int,
    first: date | None = None,
    last: date | None = None,
) -> list[Asking]:
    """Who asks for an item in a warehouse from a day to another, both included; None: from ever, for ever."""
    pegs = [
        each
        for each in pegs_of_requirement(
            session, actor, run_id=run_id, item_id=item_id, warehouse_id=warehouse_id, on_date=None
        )
        if (first is None or first <= each.on_date) and (last is None or each.on_date <= last)
    ]
    lines = {each.sales_order_line_id for each in pegs if each.sales_order_line_id}
    served, options = _served(session, run_id, lines), _options(session, lines)
    asking = []
    for each in pegs:
        line = each.sales_order_line_id or 0
        ordered, covered = served.get(line, (None, None))
        asking.append(Asking(each, ordered, covered, options[line]))
    return asking


def _options(session: Session, lines: Collection[int]) -> defaultdict[int, tuple[int, ...]]:
    option = SalesOrderLineOption
    chosen: defaultdict[int, tuple[int, ...]] = defaultdict(tuple)
    for line, value in session.execute(
        select(col(option.line_id), col(option.option_value_id))
        .where(col(option.line_id).in_(lines))
        .order_by(col(option.line_id), col(option.option_value_id))
    ):
        chosen[line] += (value,)
    return chosen


def _served(session: Session, run_id: int, lines: Collection[int]) -> dict[int, tuple[Decimal, Decimal]]:
    covered = PlanningCoverage
    rows = session.execute(
        select(col(covered.sales_order_line_id), col(covered.ordered), col(covered.covered_from_stock)).where(
            col(covered.run_id) == run_id, col(covered.sales_order_line_id).in_(lines)
        )
    )
    return {line: (ordered, served) for line, ordered, served in rows}


@dataclass(frozen=True, slots=True)
class Coming:
    """An open order line of an item as it stands now, in stock units. `is_overdue`: it was to arrive before the as-of day."""

    order_number: str
    line_number: int
    vendor: str
    state: str
    arrives_on: date
    quantity: Decimal
    is_overdue: bool


@needs(Permission.PLAN_VIEW)
def orders_behind(
    session: Session, actor: Actor, *, run_id: int, item_id: int, warehouse_id: int, as_of: date
) -> list[Coming]:
    """What is on order now that planning counts, by arrival, without what the run's own plan lines became."""
    line, order = PurchaseOrderLine, PurchaseOrder
    of_plan = exists().where(col(PlanLine.purchase_order_line_id) == col(line.id))
    of_run = exists().where(col(PlanLine.purchase_order_line_id) == col(line.id), col(PlanLine.run_id) == run_id)
    arrives_on = func.coalesce(due_on(), order.ordered_on, organisation_date(col(order.created_at)))
    statement = (
        select(
            col(order.number),
            col(line.line_number),
            col(Vendor.name),
            col(order.state),
            arrives_on.label("arrives_on"),
            (open_quantity() * col(line.unit_factor)).label("quantity"),
        )
        .select_from(line)
        .join(order, col(order.id) == col(line.order_id))
        .join(Vendor, col(Vendor.id) == col(order.vendor_id))
        .where(
            col(line.item_id) == item_id,
            col(order.warehouse_id) == warehouse_id,
            col(line.quantity) > col(line.received_quantity),
            or_(col(order.state).in_(AWAITING), and_(col(order.state).in_(_TO_ISSUE), of_plan)),
            ~of_run,
        )
        .order_by(arrives_on, col(line.id))
    )
    return [
        Coming(number, position, vendor, state, arrives, quantity.quantize(_SIX), arrives < as_of)
        for number, position, vendor, state, arrives, quantity in session.execute(statement)
    ]


@dataclass(frozen=True, slots=True)
class Planned:
    """A line of the plan for an item; `quantity` in stock units, `quantity_packs` of `unit`."""

    line_id: int
    needed_on: date
    order_by: date
    late_days: int
    arrives_on: date | None
    vendor: str
    quantity: Decimal
    quantity_packs: Decimal
    unit: str
    state: str
    reason: str
    shortage: Decimal
    order_number: str


@needs(Permission.PLAN_VIEW)
def plan_behind(session: Session, actor: Actor, *, run_id: int, item_id: int, warehouse_id: int) -> list[Planned]:
    """What the run's plan does about an item in a warehouse, by the day that needs it; also what was left out."""
    line = PlanLine
    statement = (
        columns(
            line_id=col(line.id),
            needed_on=col(line.needed_on),
            order_by=col(line.order_by),
            late_days=col(line.late_days),
            arrives_on=col(line.arrives_on),
            vendor=func.coalesce(Vendor.name, ""),
            quantity=func.round(col(line.quantity_packs) * col(line.unit_factor), 6),
            quantity_packs=col(line.quantity_packs),
            unit=col(Unit.code),
            state=col(line.state),
            reason=col(line.reason),
            shortage=col(line.shortage),
            order_number=func.coalesce(PurchaseOrder.number, ""),
        )
        .select_from(line)
        .join(Unit, col(Unit.id) == col(line.unit_id))
        .join(VendorItem, col(VendorItem.id) == col(line.vendor_item_id), isouter=True)
        .join(Vendor, col(Vendor.id) == col(VendorItem.vendor_id), isouter=True)
        .join(PurchaseOrderLine, col(PurchaseOrderLine.id) == col(line.purchase_order_line_id), isouter=True)
        .join(PurchaseOrder, col(PurchaseOrder.id) == col(PurchaseOrderLine.order_id), isouter=True)
        .where(col(line.run_id) == run_id, col(line.item_id) == item_id, col(line.warehouse_id) == warehouse_id)
        .order_by(col(line.needed_on), col(line.id))
    )
    return each_as(session, Planned, statement)
