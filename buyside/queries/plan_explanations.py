"""Every number of a plan explains itself (PLAN-14): the arithmetic, the demand behind it, the lot and its alternatives."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import func, select
from sqlmodel import Session, col

from buyside.db.demand import SalesOrder, SalesOrderLine
from buyside.db.items import Item, Unit
from buyside.db.orders import PurchaseOrder, PurchaseOrderLine
from buyside.db.plans import PlanLine, PlanningItemTotal, PlanningRequirement, PlanningRun
from buyside.db.stock import Warehouse
from buyside.db.structure import Variant
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.items import LotPolicy
from buyside.domain.money import ZERO
from buyside.domain.plans import LotTerms, PlanLineState, Price
from buyside.domain.refusals import NotFound
from buyside.queries.plan_alternatives import Alternative, alternatives_of
from buyside.queries.plan_lines import Source, sources_of
from buyside.queries.plan_pegs import pegs_of_items


@dataclass(frozen=True, slots=True)
class ArithmeticRow:
    """One date of an item in a warehouse, in stock units. `planned` is what open and converted plan lines bring.

    `position` is on hand and all that is on order, however late, less the gross up to the date; `to_order` what it lacks to the
    safety stock beyond what earlier dates had to order already (PLAN-16).
    """

    on_date: date
    opening: Decimal
    gross: Decimal
    receipts: Decimal
    overdue_receipts: Decimal
    projected: Decimal
    shortage: Decimal
    position: Decimal
    to_order: Decimal
    planned: Decimal
    projected_with_plan: Decimal


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """The netting of one item in one warehouse: opening - gross + receipts = projected; short below the safety stock.

    `reorder_point` is the one that the run kept; `covered` what finished goods in stock made needless, None where the run did
    not keep it.
    """

    run_id: int
    item_id: int
    warehouse_id: int
    item: str
    name: str
    unit: str
    supply: str
    warehouse: str
    as_of: date
    on_hand: Decimal
    safety_stock: Decimal
    reorder_point: Decimal | None
    covered: Decimal | None
    rows: tuple[ArithmeticRow, ...]


@needs(Permission.PLAN_VIEW)
def requirement_arithmetic(
    session: Session, actor: Actor, *, run_id: int, item_id: int, warehouse_id: int
) -> Arithmetic:
    """The time-phased netting of a requirement as the run found it, and what the plan does about it. Refuses: NotFound."""
    total = session.get(PlanningItemTotal, (run_id, item_id, warehouse_id))
    if total is None:
        raise NotFound(kind="requirement")
    needs_of = (
        select(PlanningRequirement)
        .where(
            col(PlanningRequirement.run_id) == run_id,
            col(PlanningRequirement.item_id) == item_id,
            col(PlanningRequirement.warehouse_id) == warehouse_id,
        )
        .order_by(col(PlanningRequirement.on_date))
    )
    found = {row.on_date: row for row in session.execute(needs_of).scalars()}
    planned: dict[date, Decimal] = {}
    for on, quantity in session.execute(
        select(col(PlanLine.needed_on), func.sum(PlanLine.quantity_packs * PlanLine.unit_factor))
        .where(
            col(PlanLine.run_id) == run_id,
            col(PlanLine.item_id) == item_id,
            col(PlanLine.warehouse_id) == warehouse_id,
            col(PlanLine.state) != PlanLineState.LEFT_OUT.value,
        )
        .group_by(col(PlanLine.needed_on))
    ):
        planned[on] = _six(quantity)
    item = session.get_one(Item, item_id)
    unit = session.get_one(Unit, item.unit_id)
    return Arithmetic(
        run_id=run_id,
        item_id=item_id,
        warehouse_id=warehouse_id,
        item=item.code,
        name=item.name,
        unit=unit.code,
        supply=item.supply,
        warehouse=session.get_one(Warehouse, warehouse_id).code,
        as_of=session.get_one(PlanningRun, run_id).as_of,
        on_hand=total.on_hand,
        safety_stock=total.safety_stock,
        reorder_point=total.reorder_point,
        covered=total.covered,
        rows=tuple(_arithmetic_rows(found, planned, total.on_hand)),
    )


def _arithmetic_rows(
    found: dict[date, PlanningRequirement], planned: dict[date, Decimal], on_hand: Decimal
) -> list[ArithmeticRow]:
    rows, balance, brought = [], on_hand, ZERO
    position = on_hand + sum((each.scheduled_receipts for each in found.values()), ZERO)
    for on in sorted(found.keys() | planned.keys()):
        need = found.get(on)
        brought += planned.get(on, ZERO)
        opening, balance = balance, need.projected if need else balance
        position -= need.gross if need else ZERO
        rows.append(
            ArithmeticRow(
                on_date=on,
                opening=opening,
                gross=need.gross if need else ZERO,
                receipts=need.scheduled_receipts if need else ZERO,
                overdue_receipts=need.overdue_receipts if need else ZERO,
                projected=balance,
                shortage=need.shortage if need else ZERO,
                position=position,
                to_order=need.to_order if need else ZERO,
                planned=planned.get(on, ZERO),
                projected_with_plan=balance + brought,
            )
        )
    return rows


@dataclass(frozen=True, slots=True)
class PegRow:
    """Who asks for how much of a requirement, in stock units. Without a sales order it is a stock policy."""

    sales_order_line_id: int | None
    sales_order: str
    line_number: int | None
    customer: str
    sku: str
    variant: str
    needed_by: date | None
    on_date: date
    quantity: Decimal


@needs(Permission.PLAN_VIEW)
def pegs_of_requirement(
    session: Session, actor: Actor, *, run_id: int, item_id: int, warehouse_id: int, on_date: date | None = None
) -> list[PegRow]:
    """The demand behind a requirement, or behind one date of it, by date and order."""
    pegs = [
        each
        for each in pegs_of_items(session, run_id, [item_id])
        if each.warehouse_id == warehouse_id and on_date in {None, each.on_date}
    ]
    asking = {each.sales_order_line_id for each in pegs if each.sales_order_line_id is not None}
    lines = {
        line.id: (line, order, variant)
        for line, order, variant in session.execute(
            select(SalesOrderLine, SalesOrder, Variant)
            .join(SalesOrder, col(SalesOrder.id) == col(SalesOrderLine.order_id))
            .join(Variant, col(Variant.id) == col(SalesOrderLine.variant_id))
            .where(col(SalesOrderLine.id).in_(asking))
        )
    }
    rows = []
    for peg in pegs:
        found = lines.get(peg.sales_order_line_id or 0)
        line, order, variant = found or (None, None, None)
        rows.append(
            PegRow(
                sales_order_line_id=peg.sales_order_line_id,
                sales_order=order.number if order else "",
                line_number=line.line_number if line else None,
                customer=order.customer if order else "",
                sku=variant.sku if variant else "",
                variant=variant.name if variant else "",
                needed_by=line.needed_by if line else None,
                on_date=peg.on_date,
                quantity=peg.quantity,
            )
        )
    return sorted(rows, key=lambda row: (row.on_date, not row.sales_order, row.sales_order, row.line_number or 0))


@dataclass(frozen=True, slots=True)
class LotReason:
    """How much a line was suggested to order: what was short, in stock units, and how its vendor sells, in the purchase unit."""

    shortage: Decimal
    gathered_days: int
    """Days from the needed date on whose shortages are ordered together; zero: that date's alone (PLAN-8)."""
    filled_up_to: Decimal | None
    """The order-up-to level, where the position had reached the reorder point (PLAN-6)."""
    quantity: Decimal
    unit: str
    """Empty without a vendor: nothing is rounded up then."""
    lots: LotTerms


@dataclass(frozen=True, slots=True)
class OrderDayReason:
    """How an order-by date comes about, by its vendor's terms of today: needed, less the days, on the last order day (PLAN-9)."""

    lead_days: int
    goods_in_days: int
    latest_on: date
    """Needed, less the days."""
    order_by: date
    """The vendor's last order day until then (VEN-6)."""


@dataclass(frozen=True, slots=True)
class PlanLineDetail:
    """A line of the draft plan with the reasons for it. Quantities in the purchase unit, `shortage` in stock units."""

    line_id: int
    version: int
    run_id: int
    item_id: int
    warehouse_id: int
    item: str
    name: str
    stock_unit: str
    warehouse: str
    state: str
    is_locked: bool
    left_out_reason: str
    drift: str
    reason: str
    lot: LotReason
    order_day: OrderDayReason | None
    listed_price: Price | None
    """What the vendor's list says today for the quantity; None where it says nothing (VEN-4)."""
    shortage: Decimal
    needed_on: date
    suggested_needed_on: date
    order_by: date
    late_days: int
    vendor_item_id: int | None
    vendor: str
    suggested_vendor: str
    unit: str
    unit_factor: Decimal
    quantity_packs: Decimal
    suggested_quantity: Decimal
    unit_price: Decimal | None
    suggested_unit_price: Decimal | None
    currency: str
    total: Decimal | None
    order_number: str
    alternatives: tuple[Alternative, ...]


@needs(Permission.PLAN_VIEW)
def plan_line_detail(session: Session, actor: Actor, *, line_id: int) -> PlanLineDetail:
    """One line of the draft plan, and who else could deliver. Refuses: NotFound."""
    line = session.get(PlanLine, line_id)
    if line is None:
        raise NotFound(kind="plan line")
    run = session.get_one(PlanningRun, line.run_id)
    item = session.get_one(Item, line.item_id)
    sources = {each.vendor_item_id: each for each in sources_of(session, on=run.as_of, item_ids=[line.item_id])}
    chosen, suggested = sources.get(line.vendor_item_id or 0), sources.get(line.suggested_vendor_item_id or 0)
    number = session.execute(
        select(col(PurchaseOrder.number))
        .join(PurchaseOrderLine, col(PurchaseOrderLine.order_id) == col(PurchaseOrder.id))
        .where(col(PurchaseOrderLine.id) == line.purchase_order_line_id)
    ).scalar_one_or_none()
    return PlanLineDetail(
        line_id=line.id,
        version=line.version,
        run_id=line.run_id,
        item_id=item.id,
        warehouse_id=line.warehouse_id,
        item=item.code,
        name=item.name,
        stock_unit=session.get_one(Unit, item.unit_id).code,
        warehouse=session.get_one(Warehouse, line.warehouse_id).code,
        state=line.state,
        is_locked=line.is_locked,
        left_out_reason=line.left_out_reason,
        drift=line.drift,
        reason=line.reason,
        lot=_lot_reason(line, item, suggested),
        order_day=_order_day_reason(line, chosen) if chosen else None,
        listed_price=chosen.price_of(line.quantity_packs, run.as_of) if chosen else None,
        shortage=line.shortage,
        needed_on=line.needed_on,
        suggested_needed_on=line.suggested_needed_on,
        order_by=line.order_by,
        late_days=line.late_days,
        vendor_item_id=line.vendor_item_id,
        vendor=chosen.vendor_name if chosen else "",
        suggested_vendor=suggested.vendor_name if suggested else "",
        unit=session.get_one(Unit, line.unit_id).code,
        unit_factor=line.unit_factor,
        quantity_packs=line.quantity_packs,
        suggested_quantity=line.suggested_quantity_packs,
        unit_price=line.unit_price,
        suggested_unit_price=line.suggested_unit_price,
        currency=line.currency_code or "",
        total=None if line.unit_price is None else line.quantity_packs * line.unit_price,
        order_number=number or "",
        alternatives=alternatives_of(session, line, item, sources, run.as_of),
    )


def _lot_reason(line: PlanLine, item: Item, source: Source | None) -> LotReason:
    is_filled = line.trigger == "reorder_point"
    by_period = item.lot_policy == LotPolicy.PERIOD and not is_filled
    return LotReason(
        shortage=line.shortage,
        gathered_days=item.period_days or 0 if by_period else 0,
        filled_up_to=item.order_up_to if is_filled else None,
        quantity=line.suggested_quantity_packs,
        unit=source.unit_code if source else "",
        lots=source.lots if source else LotTerms(Decimal(1), 0),
    )


def _order_day_reason(line: PlanLine, source: Source) -> OrderDayReason:
    days = source.lead_days + source.goods_in_days
    return OrderDayReason(
        lead_days=source.lead_days,
        goods_in_days=source.goods_in_days,
        latest_on=line.needed_on - timedelta(days=days),
        order_by=source.order_by(line.needed_on),
    )


def _six(quantity: Decimal) -> Decimal:
    return quantity.quantize(Decimal("0.000001"))
