"""Runs, requirements and draft plans as screens show them (PLAN-4, PLAN-10, PLAN-11)."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Numeric, Select, String, and_, case, cast, func, literal, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from buyside.db.demand import SalesOrder, SalesOrderLine
from buyside.db.items import Item, Unit, VendorItem
from buyside.db.orders import PurchaseOrder, PurchaseOrderLine
from buyside.db.people import AppUser
from buyside.db.plans import PlanLine, PlanningProblem, PlanningRequirement, PlanningRun
from buyside.db.stock import Warehouse
from buyside.db.structure import OptionValue, Variant
from buyside.db.vendors import Vendor
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.plans import PlanLineState, RunState
from buyside.domain.words import Kind
from buyside.queries.answers import each_as, one_as
from buyside.queries.plan_origin import is_a_plan
from buyside.queries.rows import GridSource, RowColumn

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class RunRow:
    """A planning run in a list. `counts` are rows: inputs, requirements, shortages, plan_lines, late_lines and more."""

    run_id: int
    as_of: date
    warehouses: tuple[str, ...]
    """Codes of its scope; none: all of them."""
    state: str
    step: str
    problem: str
    counts: dict[str, Any]
    started_at: datetime
    finished_at: datetime | None
    started_by: str
    open_lines: int
    """Lines of its draft plan that are not decided yet."""


def _runs() -> Select[Any]:
    """Runs that are plans: those of scenarios stand beside one, on a page of their own."""
    open_lines = (
        select(func.count())
        .select_from(PlanLine)
        .where(col(PlanLine.run_id) == col(PlanningRun.id), col(PlanLine.state) == PlanLineState.OPEN.value)
        .scalar_subquery()
    )
    return select(
        col(PlanningRun.id).label("run_id"),
        col(PlanningRun.as_of),
        col(PlanningRun.scope).label("warehouses"),
        col(PlanningRun.state),
        col(PlanningRun.step),
        col(PlanningRun.problem),
        col(PlanningRun.counts),
        col(PlanningRun.started_at),
        col(PlanningRun.finished_at),
        func.coalesce(AppUser.name, "").label("started_by"),
        open_lines.label("open_lines"),
    ).join(AppUser, col(AppUser.id) == col(PlanningRun.user_id), isouter=True).where(is_a_plan())


def _run_row(**columns: Any) -> RunRow:
    scope = columns.pop("warehouses")
    return RunRow(warehouses=tuple(scope.get("codes", ())), **columns)


@needs(Permission.PLAN_VIEW)
def runs(session: Session, actor: Actor, *, limit: int = 20) -> list[RunRow]:
    """The newest runs first, whatever their state."""
    return each_as(session, _run_row, _runs().order_by(col(PlanningRun.id).desc()).limit(limit))


@needs(Permission.PLAN_VIEW)
def latest_run(session: Session, actor: Actor) -> RunRow | None:
    """The newest run that has a plan; None before the first."""
    done = _runs().where(col(PlanningRun.state) == RunState.DONE.value)
    return one_as(session, _run_row, done.order_by(col(PlanningRun.id).desc()).limit(1))


@needs(Permission.PLAN_VIEW)
def find_run(session: Session, actor: Actor, *, run_id: int) -> RunRow | None:
    """A run, also while it is calculated: its state and step say how far it is. None where there is none."""
    return one_as(session, _run_row, _runs().where(col(PlanningRun.id) == run_id))


# --- requirements: one row per item and warehouse ---------------------------------------------------------------------
def requirements_in_reach(_actor: Actor) -> Select[Any]:
    """Totals over the horizon of a run. Shares of the gross: from stock, from orders on their way, short; 100 in all."""
    need = PlanningRequirement
    by_date = col(need.on_date)
    opening = col(need.projected) - col(need.scheduled_receipts) + col(need.gross)
    totals = (
        select(
            col(need.run_id),
            col(need.item_id),
            col(need.warehouse_id),
            func.sum(need.gross).label("gross"),
            func.sum(need.shortage).label("shortage"),
            func.sum(need.scheduled_receipts).label("on_order"),
            func.sum(need.overdue_receipts).label("overdue"),
            func.min(case((col(need.shortage) > 0, by_date))).label("short_on"),
            func.array_agg(aggregate_order_by(opening, by_date))[1].label("on_hand"),
        )
        .group_by(col(need.run_id), col(need.item_id), col(need.warehouse_id))
        .subquery("totals")
    )
    planned = (
        select(
            col(PlanLine.run_id),
            col(PlanLine.item_id),
            col(PlanLine.warehouse_id),
            func.sum(case((col(PlanLine.state) != "left_out", PlanLine.quantity_packs * PlanLine.unit_factor))).label(
                "planned"
            ),
            func.max(PlanLine.late_days).label("late_days"),
        )
        .group_by(col(PlanLine.run_id), col(PlanLine.item_id), col(PlanLine.warehouse_id))
        .subquery("planned")
    )
    gross, short = totals.c.gross, func.least(totals.c.shortage, totals.c.gross)
    from_stock = func.least(func.greatest(totals.c.on_hand, _NOTHING), gross - short)

    def share(part: Any) -> Any:
        return cast(func.coalesce(part * 100 / func.nullif(gross, 0), 0), Numeric(9, 4))

    late_days = func.coalesce(planned.c.late_days, 0)
    key = cast(totals.c.item_id, String) + literal("-") + cast(totals.c.warehouse_id, String)
    return (
        select(
            key.label("id"),
            totals.c.run_id.label("run_id"),
            totals.c.item_id.label("item_id"),
            totals.c.warehouse_id.label("warehouse_id"),
            col(Item.code).label("item"),
            col(Item.name).label("name"),
            col(Item.supply).label("supply"),
            col(Unit.code).label("unit"),
            col(Warehouse.code).label("warehouse"),
            gross.label("gross"),
            totals.c.on_hand.label("on_hand"),
            totals.c.on_order.label("on_order"),
            totals.c.overdue.label("overdue"),
            totals.c.shortage.label("shortage"),
            totals.c.short_on.label("short_on"),
            share(from_stock).label("from_stock_share"),
            share(gross - short - from_stock).label("on_order_share"),
            share(short).label("short_share"),
            func.coalesce(planned.c.planned, 0).label("planned"),
            late_days.label("late_days"),
            (late_days > 0).label("is_late"),
        )
        .join(Item, col(Item.id) == totals.c.item_id)
        .join(Unit, col(Unit.id) == col(Item.unit_id))
        .join(Warehouse, col(Warehouse.id) == totals.c.warehouse_id)
        .join(
            planned,
            and_(
                planned.c.run_id == totals.c.run_id,
                planned.c.item_id == totals.c.item_id,
                planned.c.warehouse_id == totals.c.warehouse_id,
            ),
            isouter=True,
        )
    )


REQUIREMENT_ROWS = GridSource(
    "requirements",
    Permission.PLAN_VIEW,
    requirements_in_reach,
    columns=(
        RowColumn("id", Kind.KEY),
        RowColumn("run_id", Kind.KEY),
        RowColumn("item_id", Kind.KEY),
        RowColumn("warehouse_id", Kind.KEY),
        RowColumn("item", searched=True, required=True),
        RowColumn("name", searched=True, required=True),
        RowColumn("supply", Kind.STATUS, required=True),
        RowColumn("unit", required=True),
        RowColumn("warehouse", required=True),
        RowColumn("gross", Kind.QUANTITY, required=True),
        RowColumn("on_hand", Kind.QUANTITY, required=True),
        RowColumn("on_order", Kind.QUANTITY, required=True),
        RowColumn("overdue", Kind.QUANTITY, required=True),
        RowColumn("shortage", Kind.QUANTITY, required=True),
        RowColumn("short_on", Kind.DATE),
        RowColumn("from_stock_share", Kind.PERCENT, required=True),
        RowColumn("on_order_share", Kind.PERCENT, required=True),
        RowColumn("short_share", Kind.PERCENT, required=True),
        RowColumn("planned", Kind.QUANTITY, required=True),
        RowColumn("late_days", Kind.NUMBER, required=True),
        RowColumn("is_late", Kind.FLAG, required=True),
    ),
    order=(("short_on", "asc"),),
    scopes=("run_id",),
    scopes_needed=("run_id",),
)


# --- the draft plan ------------------------------------------------------------------------------------------------------
def plan_lines_in_reach(_actor: Actor) -> Select[Any]:
    """Lines of draft plans: the suggestion and the decision side by side."""
    line = PlanLine
    suggested_mapping, suggested_vendor = aliased(VendorItem), aliased(Vendor)
    is_changed = (
        (col(line.quantity_packs) != col(line.suggested_quantity_packs))
        | col(line.vendor_item_id).is_distinct_from(col(line.suggested_vendor_item_id))
        | (col(line.needed_on) != col(line.suggested_needed_on))
        | col(line.unit_price).is_distinct_from(col(line.suggested_unit_price))
    )
    statement: Select[*tuple[Any, ...]] = (
        select(
            col(line.id).label("id"),
            col(line.version).label("version"),
            col(line.run_id).label("run_id"),
            col(line.item_id).label("item_id"),
            col(line.warehouse_id).label("warehouse_id"),
            col(line.vendor_item_id).label("vendor_item_id"),
            func.coalesce(VendorItem.vendor_id, 0).label("vendor_id"),
            col(Item.code).label("item"),
            col(Item.name).label("name"),
            col(Warehouse.code).label("warehouse"),
            col(line.needed_on).label("needed_on"),
            col(line.order_by).label("order_by"),
            col(line.late_days).label("late_days"),
            (col(line.late_days) > 0).label("is_late"),
            col(line.shortage).label("shortage"),
            func.coalesce(Vendor.name, "").label("vendor"),
            func.coalesce(VendorItem.vendor_part, "").label("vendor_part"),
            func.coalesce(suggested_vendor.name, "").label("suggested_vendor"),
            col(line.suggested_quantity_packs).label("suggested_quantity"),
            col(line.quantity_packs).label("quantity_packs"),
            col(Unit.code).label("unit"),
            col(line.unit_factor).label("unit_factor"),
            col(line.unit_price).label("unit_price"),
            (col(line.quantity_packs) * col(line.unit_price)).label("total"),
            func.coalesce(line.currency_code, "").label("currency"),
            col(line.state).label("state"),
            (col(line.state) == PlanLineState.OPEN.value).label("is_open"),
            ((col(line.state) == PlanLineState.OPEN.value) & ~col(line.is_locked)).label("is_editable"),
            col(line.is_locked).label("is_locked"),
            is_changed.label("is_changed"),
            col(line.drift).label("drift"),
            col(line.left_out_reason).label("left_out_reason"),
            col(line.reason).label("reason"),
            func.coalesce(PurchaseOrder.number, "").label("order_number"),
        )
        .join(Item, col(Item.id) == col(line.item_id))
        .join(Warehouse, col(Warehouse.id) == col(line.warehouse_id))
        .join(Unit, col(Unit.id) == col(line.unit_id))
        .join(VendorItem, col(VendorItem.id) == col(line.vendor_item_id), isouter=True)
        .join(Vendor, col(Vendor.id) == col(VendorItem.vendor_id), isouter=True)
        .join(suggested_mapping, col(suggested_mapping.id) == col(line.suggested_vendor_item_id), isouter=True)
        .join(suggested_vendor, col(suggested_vendor.id) == col(suggested_mapping.vendor_id), isouter=True)
        .join(PurchaseOrderLine, col(PurchaseOrderLine.id) == col(line.purchase_order_line_id), isouter=True)
        .join(PurchaseOrder, col(PurchaseOrder.id) == col(PurchaseOrderLine.order_id), isouter=True)
    )
    return statement


PLAN_LINE_ROWS = GridSource(
    "plan-lines",
    Permission.PLAN_VIEW,
    plan_lines_in_reach,
    columns=(
        *(RowColumn(name, Kind.KEY) for name in ("id", "version", "run_id", "item_id", "warehouse_id")),
        *(RowColumn(name, Kind.KEY) for name in ("vendor_item_id", "vendor_id")),
        RowColumn("item", searched=True, required=True),
        RowColumn("name", searched=True, required=True),
        RowColumn("warehouse", required=True),
        RowColumn("needed_on", Kind.DATE, required=True),
        RowColumn("order_by", Kind.DATE, required=True),
        RowColumn("late_days", Kind.NUMBER, required=True),
        RowColumn("is_late", Kind.FLAG, required=True),
        RowColumn("shortage", Kind.QUANTITY, required=True),
        RowColumn("vendor", searched=True, required=True),
        RowColumn("vendor_part", searched=True, required=True),
        RowColumn("suggested_vendor", required=True),
        RowColumn("suggested_quantity", Kind.QUANTITY, required=True),
        RowColumn("quantity_packs", Kind.QUANTITY, required=True),
        RowColumn("unit", required=True),
        RowColumn("unit_factor", Kind.QUANTITY, required=True),
        RowColumn("unit_price", Kind.PRICE),
        RowColumn("total", Kind.MONEY),
        RowColumn("currency", required=True),
        RowColumn("state", Kind.STATUS, required=True),
        *(RowColumn(name, Kind.FLAG, required=True) for name in ("is_open", "is_editable", "is_locked", "is_changed")),
        RowColumn("drift", required=True),
        RowColumn("left_out_reason", required=True),
        RowColumn("reason", required=True),
        RowColumn("order_number", searched=True, required=True),
    ),
    order=(("needed_on", "asc"), ("item", "asc")),
    scopes=("run_id", "vendor_id", "item_id"),
)


@dataclass(frozen=True, slots=True)
class VendorTotal:
    """What a run's draft plan asks of one vendor in one currency; `vendor_id` is None for lines without a vendor."""

    vendor_id: int | None
    vendor_code: str
    vendor: str
    currency: str
    lines: int
    open_lines: int
    convertible_lines: int
    """Open, with a vendor and a price."""
    late_lines: int
    drifted_lines: int
    open_total: Decimal
    """Value of its open lines."""


@needs(Permission.PLAN_VIEW)
def vendor_totals(session: Session, actor: Actor, *, run_id: int) -> list[VendorTotal]:
    """The draft plan by vendor and currency, largest open value first."""
    is_open = col(PlanLine.state) == PlanLineState.OPEN.value
    open_total = func.coalesce(func.sum(case((is_open, col(PlanLine.quantity_packs) * col(PlanLine.unit_price)))), 0)
    statement = (
        select(
            col(Vendor.id).label("vendor_id"),
            func.coalesce(Vendor.code, "").label("vendor_code"),
            func.coalesce(Vendor.name, "").label("vendor"),
            func.coalesce(PlanLine.currency_code, "").label("currency"),
            func.count().label("lines"),
            func.count().filter(is_open).label("open_lines"),
            func.count()
            .filter(is_open, col(PlanLine.unit_price).is_not(None), col(Vendor.id).is_not(None))
            .label("convertible_lines"),
            func.count().filter(is_open, col(PlanLine.late_days) > 0).label("late_lines"),
            func.count().filter(is_open, col(PlanLine.drift) != "").label("drifted_lines"),
            open_total.label("open_total"),
        )
        .select_from(PlanLine)
        .join(VendorItem, col(VendorItem.id) == col(PlanLine.vendor_item_id), isouter=True)
        .join(Vendor, col(Vendor.id) == col(VendorItem.vendor_id), isouter=True)
        .where(col(PlanLine.run_id) == run_id)
        .group_by(col(Vendor.id), col(PlanLine.currency_code))
        .order_by(open_total.desc(), func.coalesce(Vendor.code, ""))
    )
    return each_as(session, VendorTotal, statement)


# --- what could not be mapped ------------------------------------------------------------------------------------------
def problems_in_reach(_actor: Actor) -> Select[Any]:
    """What a run could not map (ITM-8), with the names of what it is about."""
    problem = PlanningProblem
    statement: Select[*tuple[Any, ...]] = (
        select(
            col(problem.id).label("id"),
            col(problem.run_id).label("run_id"),
            col(problem.kind).label("kind"),
            func.coalesce(Variant.sku, Item.code, "").label("about"),
            func.coalesce(Variant.name, Item.name, "").label("name"),
            func.coalesce(SalesOrder.number, "").label("sales_order"),
            col(SalesOrderLine.line_number).label("line_number"),
            func.coalesce(SalesOrder.customer, "").label("customer"),
            func.coalesce(OptionValue.group_name + "=" + OptionValue.value, "").label("option"),
            func.coalesce(Warehouse.code, "").label("warehouse"),
            func.coalesce(problem.on_date, SalesOrderLine.needed_by).label("on_date"),
            col(problem.quantity).label("quantity"),
            col(problem.lines).label("lines"),
            col(problem.rules).label("rules"),
        )
        .join(SalesOrderLine, col(SalesOrderLine.id) == col(problem.sales_order_line_id), isouter=True)
        .join(SalesOrder, col(SalesOrder.id) == col(SalesOrderLine.order_id), isouter=True)
        .join(Variant, col(Variant.id) == func.coalesce(problem.variant_id, SalesOrderLine.variant_id), isouter=True)
        .join(OptionValue, col(OptionValue.id) == col(problem.option_value_id), isouter=True)
        .join(Item, col(Item.id) == col(problem.item_id), isouter=True)
        .join(
            Warehouse,
            col(Warehouse.id) == func.coalesce(problem.warehouse_id, SalesOrder.warehouse_id),
            isouter=True,
        )
    )
    return statement


PROBLEM_ROWS = GridSource(
    "unmapped-demand",
    Permission.PLAN_VIEW,
    problems_in_reach,
    columns=(
        RowColumn("id", Kind.KEY),
        RowColumn("run_id", Kind.KEY),
        RowColumn("kind", Kind.STATUS, required=True),
        RowColumn("about", searched=True, required=True),
        RowColumn("name", searched=True, required=True),
        RowColumn("sales_order", searched=True, required=True),
        RowColumn("line_number", Kind.NUMBER),
        RowColumn("customer", searched=True, required=True),
        RowColumn("option", searched=True, required=True),
        RowColumn("warehouse", required=True),
        RowColumn("on_date", Kind.DATE),
        RowColumn("quantity", Kind.QUANTITY, required=True),
        RowColumn("lines", Kind.NUMBER, required=True),
        RowColumn("rules", required=True),
    ),
    order=(("kind", "asc"), ("about", "asc")),
    scopes=("run_id", "kind"),
)
