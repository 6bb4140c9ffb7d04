"""From a sales order line to the supply that will serve it, and when (PLAN-14, PLAN-17)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Executable, func, literal, select
from sqlmodel import Session, col

from buyside.db.items import Item, Unit
from buyside.db.orders import PurchaseOrder, PurchaseOrderLine, PurchaseOrderPeg
from buyside.db.plans import PlanningCoverage, PlanningPeg, PlanningRun
from buyside.db.vendors import Vendor
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.money import ZERO
from buyside.queries.answers import each_as
from buyside.queries.plan_origin import is_a_plan


@dataclass(frozen=True, slots=True)
class SupplyRow:
    """Something bought that serves a sales order line, in stock units. `order_number` is empty while it is only planned."""

    item: str
    name: str
    unit: str
    quantity: Decimal
    on_date: date | None
    """Promised, else expected; of a plan line the needed date."""
    vendor: str
    order_number: str
    state: str


@dataclass(frozen=True, slots=True)
class LineSupply:
    """How a sales order line is served: from stock of the sold variant, and by what is bought for it (PLAN-14)."""

    run_id: int | None
    ordered: Decimal
    covered_from_stock: Decimal
    exploded: Decimal
    problem: str
    requirements: tuple[SupplyRow, ...]
    """What the newest run asks for because of this line, at the requirement's date."""
    orders: tuple[SupplyRow, ...]
    """Order lines that were made for it."""


@needs(Permission.DEMAND_VIEW)
def supply_of_line(session: Session, actor: Actor, *, sales_order_line_id: int) -> LineSupply:
    """What will serve a sales order line, and when, by the newest run that knows it and by the orders made for it.

    A run too large to store its pegs tells the coverage, and no requirements.
    """
    coverage = session.execute(
        select(PlanningCoverage)
        .join(PlanningRun, col(PlanningRun.id) == col(PlanningCoverage.run_id))
        .where(col(PlanningCoverage.sales_order_line_id) == sales_order_line_id, is_a_plan())
        .order_by(col(PlanningCoverage.run_id).desc())
        .limit(1)
    ).scalar_one_or_none()
    orders: Executable = (
        select(
            col(Item.code).label("item"),
            col(Item.name).label("name"),
            col(Unit.code).label("unit"),
            col(PurchaseOrderPeg.quantity).label("quantity"),
            func.coalesce(PurchaseOrderLine.promised_on, PurchaseOrderLine.expected_on).label("on_date"),
            col(Vendor.name).label("vendor"),
            col(PurchaseOrder.number).label("order_number"),
            col(PurchaseOrder.state).label("state"),
        )
        .join(PurchaseOrderLine, col(PurchaseOrderLine.id) == col(PurchaseOrderPeg.order_line_id))
        .join(PurchaseOrder, col(PurchaseOrder.id) == col(PurchaseOrderLine.order_id))
        .join(Vendor, col(Vendor.id) == col(PurchaseOrder.vendor_id))
        .join(Item, col(Item.id) == col(PurchaseOrderLine.item_id))
        .join(Unit, col(Unit.id) == col(Item.unit_id))
        .where(col(PurchaseOrderPeg.sales_order_line_id) == sales_order_line_id)
        .order_by(col(Item.code), col(PurchaseOrder.number))
    )
    return LineSupply(
        run_id=coverage.run_id if coverage else None,
        ordered=coverage.ordered if coverage else ZERO,
        covered_from_stock=coverage.covered_from_stock if coverage else ZERO,
        exploded=coverage.exploded if coverage else ZERO,
        problem=coverage.problem if coverage else "",
        requirements=tuple(_asked_for(session, coverage.run_id, sales_order_line_id)) if coverage else (),
        orders=tuple(each_as(session, SupplyRow, orders)),
    )


def _asked_for(session: Session, run_id: int, sales_order_line_id: int) -> list[SupplyRow]:
    statement: Executable = (
        select(
            col(Item.code).label("item"),
            col(Item.name).label("name"),
            col(Unit.code).label("unit"),
            col(PlanningPeg.quantity).label("quantity"),
            col(PlanningPeg.on_date).label("on_date"),
            literal("").label("vendor"),
            literal("").label("order_number"),
            col(Item.supply).label("state"),
        )
        .join(Item, col(Item.id) == col(PlanningPeg.item_id))
        .join(Unit, col(Unit.id) == col(Item.unit_id))
        .where(col(PlanningPeg.run_id) == run_id, col(PlanningPeg.sales_order_line_id) == sales_order_line_id)
        .order_by(col(PlanningPeg.on_date), col(Item.code))
    )
    return each_as(session, SupplyRow, statement)
