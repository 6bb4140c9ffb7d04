"""Reading demand: customers' orders, their lines, and the supply that will serve them (PLAN-14, PLAN-17)."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, union
from sqlmodel import Session, col

from buyside.db.demand import SalesOrder, SalesOrderLine, SalesOrderLineOption
from buyside.db.items import Item, Unit
from buyside.db.orders import PurchaseOrder, PurchaseOrderLine, PurchaseOrderPeg
from buyside.db.plans import PlanningRun
from buyside.db.stock import Warehouse
from buyside.db.structure import OptionValue, Variant
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.demand import SalesOrderStatus
from buyside.domain.plans import RunState
from buyside.domain.refusals import NotFound
from buyside.domain.words import Kind
from buyside.queries.answers import columns, each_as
from buyside.queries.orders import due_on, is_open
from buyside.queries.plan_origin import is_a_plan
from buyside.queries.rows import ESCAPE, GridSource, RowColumn


def open_demand() -> ColumnElement[Decimal]:
    """What of a sales order line is neither fulfilled nor cancelled."""
    line = SalesOrderLine
    return func.greatest(col(line.quantity) - col(line.fulfilled_quantity) - col(line.cancelled_quantity), 0)


def _of_lines(value: ColumnElement[Any], *where: ColumnElement[bool]) -> ColumnElement[Any]:
    of_order = col(SalesOrderLine.order_id) == col(SalesOrder.id)
    return select(value).where(of_order, *where).correlate(SalesOrder).scalar_subquery()


def sales_orders_in_reach(actor: Actor) -> Select[Any]:
    """Every customer's order. Each has its warehouse; joined from outside it costs nothing where nobody looks."""
    return (
        columns(
            id=col(SalesOrder.id),
            number=col(SalesOrder.number),
            customer=col(SalesOrder.customer),
            status=col(SalesOrder.status),
            approved_at=col(SalesOrder.approved_at),
            warehouse=col(Warehouse.code),
            lines=_of_lines(func.count()),
            open_quantity=func.coalesce(_of_lines(func.sum(open_demand())), 0),
            needed_by=_of_lines(func.min(SalesOrderLine.needed_by), open_demand() > 0),
        )
        .select_from(SalesOrder)
        .join(Warehouse, col(Warehouse.id) == col(SalesOrder.warehouse_id), isouter=True)
    )


SALES_ORDER_ROWS = GridSource(
    "sales-orders",
    Permission.DEMAND_VIEW,
    sales_orders_in_reach,
    columns=(
        RowColumn("id", Kind.KEY, required=True),
        RowColumn("number", searched=True, required=True),
        RowColumn("customer", searched=True, required=True),
        RowColumn("status", Kind.STATUS, required=True),
        RowColumn("approved_at", Kind.INSTANT),
        RowColumn("warehouse", required=True),
        RowColumn("lines", Kind.NUMBER, required=True),
        RowColumn("open_quantity", Kind.QUANTITY, required=True),
        RowColumn("needed_by", Kind.DATE),
    ),
    order=(("number", "desc"),),
    scopes=("status", "warehouse"),
)


def sales_lines_in_reach(actor: Actor) -> Select[Any]:
    """Every line of every customer's order.

    Every line has its order, variant and warehouse. They are joined from outside all the same, so that the database leaves
    out those that a sort, a filter or a count does not look at.
    """
    return (
        columns(
            id=col(SalesOrderLine.id),
            order_number=col(SalesOrder.number),
            line_number=col(SalesOrderLine.line_number),
            customer=col(SalesOrder.customer),
            status=col(SalesOrder.status),
            sku=col(Variant.sku),
            name=col(Variant.name),
            quantity=col(SalesOrderLine.quantity),
            fulfilled=col(SalesOrderLine.fulfilled_quantity),
            cancelled=col(SalesOrderLine.cancelled_quantity),
            open=open_demand(),
            needed_by=col(SalesOrderLine.needed_by),
            warehouse=col(Warehouse.code),
        )
        .select_from(SalesOrderLine)
        .join(SalesOrder, col(SalesOrder.id) == col(SalesOrderLine.order_id), isouter=True)
        .join(Variant, col(Variant.id) == col(SalesOrderLine.variant_id), isouter=True)
        .join(Warehouse, col(Warehouse.id) == col(SalesOrder.warehouse_id), isouter=True)
    )


def _lines_found(pattern: ColumnElement[str]) -> Select[Any]:
    """The keys of the lines whose order or variant a pattern of the quick filter finds.

    A union without repeats: the database then knows how many keys come out, and does not look each up by itself.
    """
    line = SalesOrderLine

    def of(table: type[SalesOrder] | type[Variant], key: Any, *searched: Any) -> Select[Any]:
        found = select(col(table.id)).where(or_(*(col(each).ilike(pattern, escape=ESCAPE) for each in searched)))
        return select(col(line.id).label("id")).where(col(key).in_(found))

    either = union(
        of(SalesOrder, line.order_id, SalesOrder.number, SalesOrder.customer),
        of(Variant, line.variant_id, Variant.sku, Variant.name),
    ).subquery("found")
    return select(either.c.id)


SALES_LINE_ROWS = GridSource(
    "sales-order-lines",
    Permission.DEMAND_VIEW,
    sales_lines_in_reach,
    columns=(
        RowColumn("id", Kind.KEY, required=True),
        RowColumn("order_number", searched=True, required=True),
        RowColumn("line_number", Kind.NUMBER, required=True),
        RowColumn("customer", searched=True, required=True),
        RowColumn("status", Kind.STATUS, required=True),
        RowColumn("sku", searched=True, required=True),
        RowColumn("name", searched=True, required=True),
        RowColumn("quantity", Kind.QUANTITY, required=True),
        RowColumn("fulfilled", Kind.QUANTITY, required=True),
        RowColumn("cancelled", Kind.QUANTITY, required=True),
        RowColumn("open", Kind.QUANTITY, required=True),
        RowColumn("needed_by", Kind.DATE, required=True),
        RowColumn("warehouse", required=True),
    ),
    order=(("needed_by", "asc"),),
    scopes=("order_number", "sku", "status", "warehouse"),
    keys_first=True,
    keys_found=_lines_found,
)


@dataclass(frozen=True, slots=True)
class SupplyOfLine:
    """A purchase order line that serves a sales order line, in stock units of the item."""

    sales_line_id: int
    order_number: str
    order_line: int
    state: str
    item_code: str
    item_name: str
    quantity: Decimal
    unit: str
    due_on: date | None
    is_open: bool
    is_endangered: bool
    """It is still to come, and comes after the line is needed."""


@dataclass(frozen=True, slots=True)
class SalesLineDetail:
    """A sold configuration, and what was bought for it. How it will be served is told by order_serving()."""

    id: int
    line_number: int
    sku: str
    name: str
    quantity: Decimal
    fulfilled: Decimal
    cancelled: Decimal
    open: Decimal
    needed_by: date
    is_direct_purchase: bool
    options: tuple[str, ...]
    supply: tuple[SupplyOfLine, ...]


@dataclass(frozen=True, slots=True)
class SalesOrderDetail:
    """A customer's order."""

    id: int
    number: str
    customer: str
    status: str
    approved_at: datetime | None
    warehouse: str
    lines: tuple[SalesLineDetail, ...]


def latest_run(session: Session) -> PlanningRun | None:
    """The latest finished run that is a plan."""
    return session.scalars(
        select(PlanningRun)
        .where(col(PlanningRun.state) == RunState.DONE.value, is_a_plan())
        .order_by(col(PlanningRun.id).desc())
        .limit(1)
    ).one_or_none()


@needs(Permission.DEMAND_VIEW)
def sales_order_detail(session: Session, actor: Actor, *, number: str) -> SalesOrderDetail:
    """A customer's order by number, each line with the orders that were made for it. Refuses: NotFound."""
    found = session.execute(
        select(SalesOrder, col(Warehouse.code))
        .join(Warehouse, col(Warehouse.id) == col(SalesOrder.warehouse_id))
        .where(col(SalesOrder.number) == number)
    ).one_or_none()
    if found is None:
        raise NotFound(kind="sales order")
    order, warehouse = found
    return SalesOrderDetail(
        id=order.id,
        number=order.number,
        customer=order.customer,
        status=order.status,
        approved_at=order.approved_at,
        warehouse=warehouse,
        lines=tuple(_lines(session, order.id)),
    )


def _lines(session: Session, order_id: int) -> list[SalesLineDetail]:
    line = SalesOrderLine
    rows = session.execute(
        columns(
            id=col(line.id),
            line_number=col(line.line_number),
            sku=col(Variant.sku),
            name=col(Variant.name),
            quantity=col(line.quantity),
            fulfilled=col(line.fulfilled_quantity),
            cancelled=col(line.cancelled_quantity),
            open=open_demand(),
            needed_by=col(line.needed_by),
            is_direct_purchase=col(line.is_direct_purchase),
        )
        .select_from(line)
        .join(Variant, col(Variant.id) == col(line.variant_id))
        .where(col(line.order_id) == order_id)
        .order_by(col(line.line_number))
    ).mappings()
    options = _options(session, order_id)
    supply = _supply(session, order_id)
    return [
        SalesLineDetail(**row, options=tuple(options.get(row["id"], ())), supply=tuple(supply.get(row["id"], ())))
        for row in rows
    ]


def _options(session: Session, order_id: int) -> dict[int, list[str]]:
    chosen: dict[int, list[str]] = {}
    for line_id, group, value in session.execute(
        columns(
            line_id=col(SalesOrderLineOption.line_id), group=col(OptionValue.group_name), value=col(OptionValue.value)
        )
        .join(OptionValue, col(OptionValue.id) == col(SalesOrderLineOption.option_value_id))
        .join(SalesOrderLine, col(SalesOrderLine.id) == col(SalesOrderLineOption.line_id))
        .where(col(SalesOrderLine.order_id) == order_id)
        .order_by(col(OptionValue.group_name), col(OptionValue.value))
    ):
        chosen.setdefault(line_id, []).append(f"{group}: {value}")
    return chosen


def _supply(session: Session, order_id: int) -> dict[int, list[SupplyOfLine]]:
    serving: dict[int, list[SupplyOfLine]] = {}
    statement = (
        columns(
            sales_line_id=col(SalesOrderLine.id),
            order_number=col(PurchaseOrder.number),
            order_line=col(PurchaseOrderLine.line_number),
            state=col(PurchaseOrder.state),
            item_code=col(Item.code),
            item_name=col(Item.name),
            quantity=col(PurchaseOrderPeg.quantity),
            unit=col(Unit.code),
            due_on=due_on(),
            is_open=is_open(),
            is_endangered=func.coalesce(and_(is_open(), due_on() > col(SalesOrderLine.needed_by)), False),
        )
        .select_from(PurchaseOrderPeg)
        .join(SalesOrderLine, col(SalesOrderLine.id) == col(PurchaseOrderPeg.sales_order_line_id))
        .join(PurchaseOrderLine, col(PurchaseOrderLine.id) == col(PurchaseOrderPeg.order_line_id))
        .join(PurchaseOrder, col(PurchaseOrder.id) == col(PurchaseOrderLine.order_id))
        .join(Item, col(Item.id) == col(PurchaseOrderLine.item_id))
        .join(Unit, col(Unit.id) == col(Item.unit_id))
        .where(col(SalesOrderLine.order_id) == order_id)
        .order_by(due_on(), col(PurchaseOrderPeg.id))
    )
    for each in each_as(session, SupplyOfLine, statement):
        serving.setdefault(each.sales_line_id, []).append(each)
    return serving


def is_demand() -> ColumnElement[bool]:
    """Whether a sales order line counts as demand (PLAN-1)."""
    line = SalesOrderLine
    return and_(
        col(SalesOrder.status) == SalesOrderStatus.APPROVED.value,
        # In the words of the index of open lines, which without them is not used.
        col(line.quantity) > col(line.fulfilled_quantity) + col(line.cancelled_quantity),
        ~col(SalesOrderLine.is_direct_purchase),
    )
