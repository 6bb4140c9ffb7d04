"""Runs, requirements and draft plans as screens show them (PLAN-4, PLAN-10, PLAN-11)."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlmodel import Session, col

from buyside.db.demand import SalesOrder, SalesOrderLine
from buyside.db.items import Item, ItemGroup, VendorItem
from buyside.db.people import AppUser
from buyside.db.plans import PlanLine, PlanningProblem, PlanningRun
from buyside.db.stock import Warehouse
from buyside.db.structure import OptionValue, Variant
from buyside.db.vendors import Vendor
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.plans import PlanLineState, RunState
from buyside.domain.words import Kind
from buyside.queries.answers import each_as, one_as
from buyside.queries.plan_origin import is_a_plan
from buyside.queries.rows import GridSource, RowColumn


@dataclass(frozen=True, slots=True)
class RunRow:
    """A planning run in a list. `counts` are rows: inputs, requirements, shortages, plan_lines, late_lines and more."""

    run_id: int
    as_of: date
    warehouses: tuple[str, ...]
    """Codes of its scope; none: all of them."""
    groups: tuple[str, ...]
    """Codes of the item groups that it is limited to; none: all of them."""
    horizon_days: int | None
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
    return (
        select(
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
        )
        .join(AppUser, col(AppUser.id) == col(PlanningRun.user_id), isouter=True)
        .where(is_a_plan())
    )


def _run_row(**columns: Any) -> RunRow:
    scope = columns.pop("warehouses")
    return RunRow(
        warehouses=tuple(scope.get("codes", ())),
        groups=tuple(scope.get("group_codes", ())),
        horizon_days=scope.get("horizon_days"),
        **columns,
    )


@dataclass(frozen=True, slots=True)
class GroupChoice:
    """A group of items that a run may be limited to."""

    code: str
    name: str


@needs(Permission.PLAN_VIEW)
def group_choices(session: Session, actor: Actor) -> list[GroupChoice]:
    """All item groups, by code."""
    wanted = select(col(ItemGroup.code), col(ItemGroup.name)).order_by(col(ItemGroup.code))
    return each_as(session, GroupChoice, wanted)


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
    """A run, also while it is calculated. None where there is none."""
    return one_as(session, _run_row, _runs().where(col(PlanningRun.id) == run_id))


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run is."""

    state: str
    step: str


@needs(Permission.PLAN_VIEW)
def run_progress(session: Session, actor: Actor, *, run_id: int) -> RunProgress | None:
    """How far a run is, a plan's or a scenario's; None where it is gone."""
    run = session.get(PlanningRun, run_id)
    return None if run is None else RunProgress(run.state, run.step)


# --- the draft plan ------------------------------------------------------------------------------------------------------
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
