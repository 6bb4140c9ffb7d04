"""Pegging from a supply up: which customers wait for an order or a plan line, and whom its date endangers (PLAN-14, PLAN-17)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlmodel import Session, col

from buyside.db.demand import SalesOrder, SalesOrderLine
from buyside.db.orders import PurchaseOrder, PurchaseOrderLine
from buyside.db.plans import PlanLine, PlanningRequirement, PlanningRun
from buyside.db.stock import Warehouse
from buyside.db.structure import Variant
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.money import ZERO
from buyside.domain.refusals import NotFound
from buyside.queries.orders import open_quantity
from buyside.queries.pegging import days_late, newest_runs
from buyside.queries.pegging_names import items_by_id
from buyside.queries.served_parts import Part


@dataclass(frozen=True, slots=True)
class Waiting:
    """Who waits for how much of a supply, in stock units. Without a sales order it is a stock policy, or a debt of the stock.

    `needed_on` is when the item is needed for it, `needed_by` what the customer was told; `late_days`: by how many days the
    supply comes too late for it, 0 if it does not. `kind` and `available_on` tell the supply.
    """

    sales_line_id: int | None
    sales_order: str
    line_number: int
    customer: str
    sku: str
    variant: str
    needed_by: date | None
    needed_on: date
    quantity: Decimal
    kind: str
    available_on: date | None
    late_days: int


@dataclass(frozen=True, slots=True)
class SupplyServes:
    """What a supply serves, in stock units. `spare` serves nobody: it refills stock. `run_id`: whose needs they are."""

    item: str
    name: str
    unit: str
    warehouse: str
    run_id: int | None
    as_of: date | None
    quantity: Decimal
    available_on: date | None
    promised_on: date | None
    spare: Decimal
    waiting: tuple[Waiting, ...]

    @property
    def endangered(self) -> tuple[Waiting, ...]:
        """Customers' needs that it comes too late for."""
        return tuple(each for each in self.waiting if each.late_days and each.sales_line_id is not None)


@needs(Permission.ORDER_VIEW)
def order_line_serves(session: Session, actor: Actor, *, number: str, line: int) -> SupplyServes:
    """Which customers wait for a purchase order line, and whom its date endangers. Refuses: NotFound."""
    found = session.execute(
        select(PurchaseOrderLine, PurchaseOrder, open_quantity())
        .join(PurchaseOrder, col(PurchaseOrder.id) == col(PurchaseOrderLine.order_id))
        .where(col(PurchaseOrder.number) == number, col(PurchaseOrderLine.line_number) == line)
    ).one_or_none()
    if found is None:
        raise NotFound(kind="line of a purchase order")
    bought, order, left = found
    due = bought.promised_on or bought.expected_on or bought.needed_on
    return _serves(
        session,
        bought.item_id,
        order.warehouse_id,
        "order",
        bought.id,
        left * bought.unit_factor,
        due,
        bought.promised_on,
    )


@needs(Permission.PLAN_VIEW)
def plan_line_serves(session: Session, actor: Actor, *, line_id: int) -> SupplyServes:
    """Which customers a line of the draft plan is for, as supplies come and needs stand in line. Refuses: NotFound."""
    line = session.get(PlanLine, line_id)
    if line is None:
        raise NotFound(kind="plan line")
    due = line.arrives_on or line.needed_on + timedelta(days=line.late_days)
    if line.purchase_order_line_id is not None:
        bought = session.get_one(PurchaseOrderLine, line.purchase_order_line_id)
        number = session.get_one(PurchaseOrder, bought.order_id).number
        return order_line_serves(session, actor, number=number, line=bought.line_number)
    run = session.get_one(PlanningRun, line.run_id)
    brings = line.quantity_packs * line.unit_factor
    return _serves(session, line.item_id, line.warehouse_id, "plan", line.id, brings, due, None, run)


@needs(Permission.PLAN_VIEW)
def requirement_serving(
    session: Session, actor: Actor, *, run_id: int, item_id: int, warehouse_id: int, on_date: date | None = None
) -> list[Waiting]:
    """The needs of an item in a warehouse, or those of one day, with what serves each. Refuses: NotFound."""
    run = session.get(PlanningRun, run_id)
    if run is None:
        raise NotFound(kind="planning run")
    from buyside.queries.serving import parts_served

    parts = parts_served(session, run, warehouse_id, [item_id])
    return _waiting(session, [each for each in parts if on_date in {None, each.needed_on}])


def newest_run(session: Session, knows: Callable[[int], bool]) -> PlanningRun | None:
    """The newest finished plan that knows something; one that tells of all items goes before one of some groups."""
    return next((run for run in newest_runs(session) if knows(run.id)), None)


def _serves(
    session: Session,
    item_id: int,
    warehouse_id: int,
    kind: str,
    source: int,
    quantity: Decimal,
    available_on: date | None,
    promised_on: date | None,
    run: PlanningRun | None = None,
) -> SupplyServes:
    def knows(run_id: int) -> bool:
        asked = select(col(PlanningRequirement.run_id)).where(
            col(PlanningRequirement.run_id) == run_id,
            col(PlanningRequirement.item_id) == item_id,
            col(PlanningRequirement.warehouse_id) == warehouse_id,
        )
        return session.execute(asked.limit(1)).first() is not None

    run = run or newest_run(session, knows)
    parts: list[Part] = []
    if run is not None:
        from buyside.queries.serving import parts_served

        whole = parts_served(session, run, warehouse_id, [item_id])
        parts = [each for each in whole if (each.kind, each.source) == (kind, source)]
    item = items_by_id(session, {item_id})[item_id]
    return SupplyServes(
        item=item.code,
        name=item.name,
        unit=item.unit,
        warehouse=session.get_one(Warehouse, warehouse_id).code,
        run_id=run.id if run else None,
        as_of=run.as_of if run else None,
        quantity=quantity,
        available_on=available_on,
        promised_on=promised_on,
        spare=quantity - sum((each.quantity for each in parts), ZERO),
        waiting=tuple(_waiting(session, parts)),
    )


def _waiting(session: Session, parts: list[Part]) -> list[Waiting]:
    lines = {
        line.id: (line, order, sku, name)
        for line, order, sku, name in session.execute(
            select(SalesOrderLine, SalesOrder, col(Variant.sku), col(Variant.name))
            .join(SalesOrder, col(SalesOrder.id) == col(SalesOrderLine.order_id))
            .join(Variant, col(Variant.id) == col(SalesOrderLine.variant_id))
            .where(col(SalesOrderLine.id).in_({each.sales_line_id for each in parts if each.sales_line_id}))
        )
    }
    told = []
    for each in parts:
        line, order, sku, name = lines.get(each.sales_line_id or 0, (None, None, "", ""))
        told.append(
            Waiting(
                sales_line_id=each.sales_line_id,
                sales_order=order.number if order else "",
                line_number=line.line_number if line else 0,
                customer=order.customer if order else "",
                sku=sku,
                variant=name,
                needed_by=line.needed_by if line else None,
                needed_on=each.needed_on,
                quantity=each.quantity,
                kind=each.kind,
                available_on=each.available_on,
                late_days=days_late(each),
            )
        )
    return told
