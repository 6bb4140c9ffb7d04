"""Pegging from a customer's order down: what serves each of its lines, and when all of it can be there (PLAN-14, PLAN-17)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlmodel import Session, col

from buyside.db.demand import SalesOrder, SalesOrderLine
from buyside.db.plans import PlanningCoverage, PlanningRun
from buyside.db.stock import Warehouse
from buyside.db.structure import Variant
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.money import ZERO
from buyside.domain.plans import RunState
from buyside.domain.refusals import NotFound
from buyside.queries.pegging_names import days_above, items_by_id, order_lines_by_id, plan_vendors_by_id
from buyside.queries.plan_origin import is_a_plan
from buyside.queries.served_parts import Part

_RUNS_LOOKED_AT = 20


@dataclass(frozen=True, slots=True)
class SupplyPart:
    """A part of what a sales order line needs, in stock units, and what serves it.

    `kind` is stock, order, make, plan or none; of an order `promised_on` is the vendor's word, if there is one. `expected_on` is
    when the line as a whole can have it: the day it is there and the days of making above it. None: nothing serves it.
    """

    item_id: int
    item: str
    name: str
    unit: str
    needed_on: date
    quantity: Decimal
    kind: str
    available_on: date | None
    late_days: int
    expected_on: date | None
    order_number: str
    order_line: int
    vendor: str
    promised_on: date | None
    plan_line_id: int


@dataclass(frozen=True, slots=True)
class LineServing:
    """How a sales order line is served. `expected_on`: when all of it can be; None while that is not known.

    Quantities are sold units. `run_id` is None where no plan counted the line. `ready` is all from stock of finished goods.
    """

    sales_line_id: int
    sales_order: str
    line_number: int
    customer: str
    sku: str
    needed_by: date
    open: Decimal
    run_id: int | None
    as_of: date | None
    warehouse: str
    covered_from_stock: Decimal
    exploded: Decimal
    problem: str
    expected_on: date | None
    late_days: int
    unserved: int
    parts: tuple[SupplyPart, ...]


@needs(Permission.DEMAND_VIEW)
def line_serving(session: Session, actor: Actor, *, number: str, line: int) -> LineServing:
    """What serves a line of a customer's order, component by component, and when all of it can be there. Refuses: NotFound."""
    found = _servings(session, number, line)
    if not found:
        raise NotFound(kind="line of a sales order")
    return found[0]


@needs(Permission.DEMAND_VIEW)
def order_serving(session: Session, actor: Actor, *, number: str) -> list[LineServing]:
    """The same of every line of a customer's order, by line, in as many statements as of one. An unknown order has none."""
    return _servings(session, number)


def _servings(session: Session, number: str, line: int | None = None) -> list[LineServing]:
    asked = (
        select(SalesOrderLine, SalesOrder, col(Variant.sku), col(Warehouse.code))
        .join(SalesOrder, col(SalesOrder.id) == col(SalesOrderLine.order_id))
        .join(Variant, col(Variant.id) == col(SalesOrderLine.variant_id))
        .join(Warehouse, col(Warehouse.id) == col(SalesOrder.warehouse_id))
        .where(col(SalesOrder.number) == number)
        .order_by(col(SalesOrderLine.line_number))
    )
    sold = session.execute(asked if line is None else asked.where(col(SalesOrderLine.line_number) == line)).all()
    counted = _counted(session, [row[0].id for row in sold])
    served: dict[int, list[SupplyPart]] = {}
    for run in {run.id: run for run, _ in counted.values()}.values():
        mine = [
            row[0]
            for row in sold
            if row[0].id in counted
            and counted[row[0].id][0] is run
            and counted[row[0].id][1].exploded > 0
            and _open(row[0])
        ]
        if mine:
            served |= _parts_of_lines(session, run, mine, sold[0][1].warehouse_id)
    return [
        _serving(asking, order, sku, warehouse, counted.get(asking.id), tuple(served.get(asking.id, ())))
        for asking, order, sku, warehouse in sold
    ]


def _open(line: SalesOrderLine) -> Decimal:
    return max(ZERO, line.quantity - line.fulfilled_quantity - line.cancelled_quantity)


def _serving(
    asking: SalesOrderLine,
    order: SalesOrder,
    sku: str,
    warehouse: str,
    counted: tuple[PlanningRun, PlanningCoverage] | None,
    parts: tuple[SupplyPart, ...],
) -> LineServing:
    run, coverage = counted or (None, None)
    open_now = _open(asking)
    unserved = sum(each.expected_on is None for each in parts)
    expected_on = None
    if run and coverage and not coverage.problem and not unserved and open_now > 0:
        expected_on = max((each.expected_on for each in parts if each.expected_on), default=run.as_of)
    return LineServing(
        sales_line_id=asking.id,
        sales_order=order.number,
        line_number=asking.line_number,
        customer=order.customer,
        sku=sku,
        needed_by=asking.needed_by,
        open=open_now,
        run_id=run.id if run else None,
        as_of=run.as_of if run else None,
        warehouse=warehouse,
        covered_from_stock=coverage.covered_from_stock if coverage else ZERO,
        exploded=coverage.exploded if coverage else ZERO,
        problem=coverage.problem if coverage else "",
        expected_on=expected_on,
        late_days=max(0, (expected_on - asking.needed_by).days) if expected_on else 0,
        unserved=unserved,
        parts=parts,
    )


def _counted(session: Session, lines: Collection[int]) -> dict[int, tuple[PlanningRun, PlanningCoverage]]:
    """Of each line the newest plan that counted it, and what it found."""
    runs = newest_runs(session)
    rows = session.scalars(
        select(PlanningCoverage).where(
            col(PlanningCoverage.run_id).in_([each.id for each in runs]),
            col(PlanningCoverage.sales_order_line_id).in_(lines),
        )
    )
    found = {(row.run_id, row.sales_order_line_id): row for row in rows}
    told: dict[int, tuple[PlanningRun, PlanningCoverage]] = {}
    for line in lines:
        knowing = next((run for run in runs if (run.id, line) in found), None)
        if knowing is not None:
            told[line] = knowing, found[knowing.id, line]
    return told


def newest_runs(session: Session) -> list[PlanningRun]:
    """The newest finished plans; those that tell of all items go before those of some groups."""
    runs = session.scalars(
        select(PlanningRun)
        .where(col(PlanningRun.state) == RunState.DONE.value, is_a_plan())
        .order_by(col(PlanningRun.id).desc())
        .limit(_RUNS_LOOKED_AT)
    )
    return sorted(runs, key=lambda each: each.scope.get("groups") is not None)


def _parts_of_lines(
    session: Session, run: PlanningRun, lines: Sequence[SalesOrderLine], warehouse_id: int
) -> dict[int, list[SupplyPart]]:
    """What serves each of some lines of one warehouse, by item and day."""
    from buyside.queries.serving import items_asked_for, parts_served

    sold = {line.id: line for line in lines}
    items = items_asked_for(session, run, sold)
    parts = [each for each in parts_served(session, run, warehouse_id, items) if each.sales_line_id in sold]
    named = items_by_id(session, {each.item_id for each in parts})
    orders = order_lines_by_id(session, {each.source for each in parts if each.kind == "order"})
    plans = plan_vendors_by_id(session, {each.source for each in parts if each.kind == "plan"})
    made = {each.item_id for each in parts if named[each.item_id].supply == "make"}
    above = days_above(session, {each.item_id for each in parts if each.needed_on <= run.as_of}, made)
    told: dict[int, list[SupplyPart]] = {}
    for each in sorted(parts, key=lambda part: (named[part.item_id].code, part.needed_on)):
        item = named[each.item_id]
        number, order_line, vendor, promised = orders.get(each.source if each.kind == "order" else 0, ("", 0, "", None))
        # What is needed by today at the latest is squeezed: the days of making above it are told by the structure.
        asking = sold[each.sales_line_id or 0]
        days = max(0, (max(run.as_of, asking.needed_by) - each.needed_on).days, above.get(each.item_id, 0))
        part = SupplyPart(
            item_id=each.item_id,
            item=item.code,
            name=item.name,
            unit=item.unit,
            needed_on=each.needed_on,
            quantity=each.quantity,
            kind=each.kind,
            available_on=each.available_on,
            late_days=days_late(each),
            expected_on=each.available_on + timedelta(days=days) if each.available_on else None,
            order_number=number,
            order_line=order_line,
            vendor=plans.get(each.source, "") if each.kind == "plan" else vendor,
            promised_on=promised,
            plan_line_id=each.source if each.kind == "plan" else 0,
        )
        told.setdefault(asking.id, []).append(part)
    return told


def days_late(part: Part) -> int:
    """By how many days what serves a need comes too late for it."""
    return max(0, (part.available_on - part.needed_on).days) if part.available_on else 0
