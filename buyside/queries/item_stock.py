"""One item's stock over time: what the ledger says of the past, and what orders and the newest plan say of the future (PLAN-5)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

from sqlalchemy import ScalarSelect, and_, exists, func, or_, select
from sqlmodel import Session, col

from buyside.db.items import Item
from buyside.db.orders import PurchaseOrder, PurchaseOrderLine
from buyside.db.plans import PlanLine, PlanningRequirement, PlanningRun
from buyside.db.stock import StockBalance, StockEntry, Warehouse
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.money import ZERO
from buyside.domain.orders import BEFORE_ISSUE
from buyside.domain.plans import PlanLineState, RunState
from buyside.domain.refusals import NotFound
from buyside.domain.stock import StockPlace
from buyside.queries.answers import columns, each_as, organisation_date
from buyside.queries.orders import AWAITING, due_on, open_quantity
from buyside.queries.plan_origin import is_a_plan

MOST_POINTS = 200
"""Days that one chart is made of."""
_PAST = timedelta(days=183)
_TO_ISSUE = tuple(sorted(BEFORE_ISSUE))


@dataclass(frozen=True, slots=True)
class ItemPlace:
    """What lies in a warehouse of an item and what is to come, in stock units."""

    warehouse_id: int
    warehouse: str
    name: str
    on_hand: Decimal
    in_inspection: Decimal
    on_order: Decimal
    """Of orders that await goods."""
    next_due_on: date | None
    is_planned: bool
    """The newest run speaks of the item there."""


@needs(Permission.STOCK_VIEW)
def places_of_item(session: Session, actor: Actor, /, *, item_id: int) -> list[ItemPlace]:
    """Every warehouse that has or had the item, waits for it, or needs it by the newest run; by code."""
    awaited = (
        select(
            col(PurchaseOrder.warehouse_id),
            func.sum(open_quantity() * col(PurchaseOrderLine.unit_factor)).label("quantity"),
            func.min(due_on()).label("next_due_on"),
        )
        .join(PurchaseOrder, col(PurchaseOrder.id) == col(PurchaseOrderLine.order_id))
        .where(
            col(PurchaseOrderLine.item_id) == item_id,
            col(PurchaseOrder.state).in_(AWAITING),
            col(PurchaseOrderLine.quantity) > col(PurchaseOrderLine.received_quantity),
        )
        .group_by(col(PurchaseOrder.warehouse_id))
        .subquery("awaited")
    )
    planned = exists().where(
        col(PlanningRequirement.run_id) == _newest_run(),
        col(PlanningRequirement.item_id) == item_id,
        col(PlanningRequirement.warehouse_id) == col(Warehouse.id),
    )
    may_plan = actor.may(Permission.PLAN_VIEW)
    is_planned = planned if may_plan else col(Warehouse.id) < 0
    of_item = and_(col(StockBalance.warehouse_id) == col(Warehouse.id), col(StockBalance.item_id) == item_id)
    statement = (
        columns(
            warehouse_id=col(Warehouse.id),
            warehouse=col(Warehouse.code),
            name=col(Warehouse.name),
            on_hand=func.coalesce(StockBalance.on_hand, 0),
            in_inspection=func.coalesce(StockBalance.in_inspection, 0),
            on_order=func.coalesce(awaited.c.quantity, 0),
            next_due_on=awaited.c.next_due_on,
            is_planned=is_planned,
        )
        .select_from(Warehouse)
        .join(StockBalance, of_item, isouter=True)
        .join(awaited, awaited.c.warehouse_id == col(Warehouse.id), isouter=True)
        .where(or_(col(StockBalance.id).is_not(None), awaited.c.warehouse_id.is_not(None), is_planned))
        .order_by(col(Warehouse.code))
    )
    return each_as(session, ItemPlace, statement)


@dataclass(frozen=True, slots=True)
class PastDay:
    """A day on which stock moved, and what lay there at its end."""

    on_date: date
    moved: Decimal
    balance: Decimal


@dataclass(frozen=True, slots=True)
class Arrival:
    """An open order line, in stock units. `is_overdue`: it was to arrive before today and counts as today."""

    order_number: str
    on_date: date
    quantity: Decimal
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class ComingDay:
    """A day on which something is needed or arrives: opening - demand + receipts = projected."""

    on_date: date
    demand: Decimal
    receipts: Decimal
    projected: Decimal
    planned: Decimal
    """What open lines of the plan bring, which is no order yet."""
    with_plan: Decimal
    by_run: Decimal | None
    """What the run projected for that day, where it speaks of it: another number says that something moved since."""
    arrivals: tuple[Arrival, ...]


@dataclass(frozen=True, slots=True)
class StockOverTime:
    """An item in one warehouse: what lay there, what lies there, what will. Stock units."""

    warehouse_id: int
    warehouse: str
    today: date
    since: date
    opening: Decimal
    """What lay there before the first of the past days."""
    on_hand: Decimal
    safety_stock: Decimal
    reorder_point: Decimal | None
    run_id: int | None
    """The newest run, whose demand this is; None where there is none or its scope leaves the warehouse out."""
    as_of: date | None
    past: tuple[PastDay, ...]
    coming: tuple[ComingDay, ...]


@needs(Permission.STOCK_VIEW)
def stock_over_time(
    session: Session, actor: Actor, /, *, item_id: int, warehouse_id: int, today: date
) -> StockOverTime:
    """The balance of the past half year from the ledger, and the projection from today on.

    The projection is today's stock and today's open orders, less the demand that the newest run found; overdue orders and
    demand of days gone by count as today, as in planning itself (PLAN-5). Demand and plan are told to those who may see plans.
    Refuses: NotFound.
    """
    item, warehouse = session.get(Item, item_id), session.get(Warehouse, warehouse_id)
    if item is None or warehouse is None:
        raise NotFound(kind="item" if item is None else "warehouse")
    on_hand = session.execute(
        select(func.coalesce(func.sum(StockBalance.on_hand), 0)).where(
            col(StockBalance.item_id) == item_id, col(StockBalance.warehouse_id) == warehouse_id
        )
    ).scalar_one()
    since = today - _PAST
    past = _past(session, item_id, warehouse_id, on_hand, since, today)
    run = _run_of(session, warehouse_id) if actor.may(Permission.PLAN_VIEW) else None
    run_id = run.id if run else None
    return StockOverTime(
        warehouse_id=warehouse.id,
        warehouse=warehouse.code,
        today=today,
        since=since,
        opening=past[0].balance - past[0].moved if past else on_hand,
        on_hand=on_hand,
        safety_stock=item.safety_stock,
        reorder_point=item.reorder_point,
        run_id=run_id,
        as_of=run.as_of if run else None,
        past=past,
        coming=_coming(session, run_id, item_id, warehouse_id, on_hand, today),
    )


def _newest_run() -> ScalarSelect[int]:
    done = select(func.max(PlanningRun.id)).where(col(PlanningRun.state) == RunState.DONE.value, is_a_plan())
    return done.scalar_subquery()


def _run_of(session: Session, warehouse_id: int) -> PlanningRun | None:
    """The newest run, where it plans the warehouse."""
    run = session.execute(select(PlanningRun).where(col(PlanningRun.id) == _newest_run())).scalar_one_or_none()
    scope = run.scope.get("warehouses") if run else None
    return run if run and (not scope or warehouse_id in scope) else None


def _past(
    session: Session, item_id: int, warehouse_id: int, on_hand: Decimal, since: date, today: date
) -> tuple[PastDay, ...]:
    """Days on which stock moved, reckoned back from what lies there now; what is dated ahead moved today."""
    day = func.least(StockEntry.effective_on, today)
    moved = session.execute(
        select(day.label("day"), func.sum(StockEntry.quantity).label("quantity"))
        .where(
            col(StockEntry.item_id) == item_id,
            col(StockEntry.warehouse_id) == warehouse_id,
            col(StockEntry.place) == StockPlace.ON_HAND.value,
            col(StockEntry.effective_on) >= since,
        )
        .group_by(day)
        .order_by(day.desc())
    )
    days, balance = [], on_hand
    for row in moved:
        days.append(PastDay(row.day, row.quantity, balance))
        balance -= row.quantity
    return tuple(reversed(days))


def _coming(
    session: Session, run_id: int | None, item_id: int, warehouse_id: int, on_hand: Decimal, today: date
) -> tuple[ComingDay, ...]:
    demand, by_run = _demand(session, run_id, item_id, warehouse_id, today)
    arrivals = _arrivals(session, item_id, warehouse_id, today)
    planned = _planned(session, run_id, item_id, warehouse_id, today)
    days, balance, brought = [], on_hand, ZERO
    for day in sorted({*demand, *by_run, *planned, *(each.on_date for each in arrivals)}):
        here = tuple(each for each in arrivals if each.on_date == day)
        received = sum((each.quantity for each in here), ZERO)
        balance += received - demand.get(day, ZERO)
        brought += planned.get(day, ZERO)
        days.append(
            ComingDay(
                on_date=day,
                demand=demand.get(day, ZERO),
                receipts=received,
                projected=balance,
                planned=planned.get(day, ZERO),
                with_plan=balance + brought,
                by_run=by_run.get(day),
                arrivals=here,
            )
        )
    return tuple(days)


def _demand(
    session: Session, run_id: int | None, item_id: int, warehouse_id: int, today: date
) -> tuple[dict[date, Decimal], dict[date, Decimal]]:
    """What the run needs by day, and what it projected: of days gone by the last word counts, as today's."""
    rows = session.execute(
        select(col(PlanningRequirement.on_date), col(PlanningRequirement.gross), col(PlanningRequirement.projected))
        .where(
            col(PlanningRequirement.run_id) == run_id,
            col(PlanningRequirement.item_id) == item_id,
            col(PlanningRequirement.warehouse_id) == warehouse_id,
        )
        .order_by(col(PlanningRequirement.on_date))
    )
    demand: dict[date, Decimal] = {}
    projected: dict[date, Decimal] = {}
    for on_date, gross, balance in rows if run_id else ():
        day = max(on_date, today)
        projected[day] = balance
        demand[day] = demand.get(day, ZERO) + gross
    return demand, projected


def _arrivals(session: Session, item_id: int, warehouse_id: int, today: date) -> list[Arrival]:
    """Open order lines by the day on which planning counts them: also those of orders that a plan drafted."""
    is_from_plan = exists().where(col(PlanLine.purchase_order_line_id) == col(PurchaseOrderLine.id))
    arrives_on = func.coalesce(due_on(), PurchaseOrder.ordered_on, organisation_date(col(PurchaseOrder.created_at)))
    rows = session.execute(
        select(
            col(PurchaseOrder.number),
            arrives_on.label("arrives_on"),
            (open_quantity() * col(PurchaseOrderLine.unit_factor)).label("quantity"),
        )
        .select_from(PurchaseOrderLine)
        .join(PurchaseOrder, col(PurchaseOrder.id) == col(PurchaseOrderLine.order_id))
        .where(
            col(PurchaseOrderLine.item_id) == item_id,
            col(PurchaseOrder.warehouse_id) == warehouse_id,
            col(PurchaseOrderLine.quantity) > col(PurchaseOrderLine.received_quantity),
            or_(
                col(PurchaseOrder.state).in_(AWAITING),
                and_(col(PurchaseOrder.state).in_(_TO_ISSUE), is_from_plan),
            ),
        )
        .order_by(arrives_on, col(PurchaseOrderLine.id))
    )
    return [
        Arrival(number, max(arrives, today), quantity.quantize(Decimal("0.000001")), arrives < today)
        for number, arrives, quantity in rows
    ]


def _planned(session: Session, run_id: int | None, item_id: int, warehouse_id: int, today: date) -> dict[date, Decimal]:
    """What open lines of the run's plan bring, by the day on which it is needed; what became an order counts as that."""
    if run_id is None:
        return {}
    rows = session.execute(
        select(col(PlanLine.needed_on), func.sum(PlanLine.quantity_packs * PlanLine.unit_factor))
        .where(
            col(PlanLine.run_id) == run_id,
            col(PlanLine.item_id) == item_id,
            col(PlanLine.warehouse_id) == warehouse_id,
            col(PlanLine.state) == PlanLineState.OPEN.value,
        )
        .group_by(col(PlanLine.needed_on))
    )
    planned: dict[date, Decimal] = {}
    for needed_on, quantity in rows:
        day = max(needed_on, today)
        planned[day] = planned.get(day, ZERO) + quantity.quantize(Decimal("0.000001"))
    return planned


Day = TypeVar("Day", PastDay, ComingDay)


def thinned(days: Sequence[Day], most: int, balance: Callable[[Day], Decimal]) -> list[Day]:
    """At most `most` of some days, in order: of each stretch the last, and the one with the least, so that no dip is lost."""
    if len(days) <= most:
        return list(days)
    size = -(-len(days) * 2 // most)
    kept: dict[date, Day] = {}
    for start in range(0, len(days), size):
        stretch = days[start : start + size]
        for each in (min(stretch, key=balance), stretch[-1]):
            kept[each.on_date] = each
    return sorted(kept.values(), key=lambda each: each.on_date)
