"""What a scenario changes item by item and line by line, beside the plan that it started from (PLAN-15)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
from sqlalchemy import Select, func, select, true
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from buyside.db.demand import SalesOrder, SalesOrderLine
from buyside.db.items import Item, Unit
from buyside.db.people import Organisation
from buyside.db.plans import (
    PlanningItemTotal,
    PlanningRequirement,
    PlanningRun,
    PlanningRunInput,
    PlanningScenario,
    PlanningScenarioItem,
)
from buyside.db.stock import Warehouse
from buyside.db.vendors import Vendor
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.plans import RunState
from buyside.domain.refusals import NotFound
from buyside.domain.words import Kind
from buyside.queries.answers import columns
from buyside.queries.plan_stored import units, unpacked
from buyside.queries.rows import GridSource, RowColumn
from buyside.queries.scenario_inputs import kept_plan_lines
from buyside.queries.scenarios import MOST_COMPARED, NotCalculated

_LATE_SHOWN = 50


@dataclass(frozen=True, slots=True)
class LateLine:
    """A sales order line that a scenario serves later or sooner; days late, None where no vendor delivers what it takes."""

    order_number: str
    line_number: int
    customer: str
    needed_by: date
    base_days: int | None
    days: int | None


@needs(Permission.PLAN_VIEW)
def late_lines(session: Session, actor: Actor, *, scenario_id: int) -> tuple[tuple[LateLine, ...], int]:
    """The lines whose lateness a scenario's result changes, the worst changes first, and how many there are in all.

    Demand that nobody ordered is told by the figures alone. Refuses: NotFound, NotCalculated.
    """
    scenario = session.get(PlanningScenario, scenario_id)
    if scenario is None:
        raise NotFound(kind="scenario")
    if scenario.result_run_id is None:
        raise NotCalculated(name=scenario.name)
    kept = {
        name: unpacked(content)
        for name, content in session.execute(
            select(col(PlanningRunInput.name), col(PlanningRunInput.content)).where(
                col(PlanningRunInput.run_id) == scenario.result_run_id,
                col(PlanningRunInput.name).in_(("late_demand", "base_late_demand")),
            )
        )
    }
    there = pl.lit(True)
    after = kept["late_demand"].with_columns(there.alias("is_late"))
    before = kept["base_late_demand"].rename({"late_days": "base_days"}).with_columns(there.alias("was_late"))
    both = after.join(before, on="line", how="full", coalesce=True).filter(
        (pl.col("line") > 0)
        & (pl.col("late_days").ne_missing(pl.col("base_days")) | pl.col("is_late").ne_missing(pl.col("was_late")))
    )
    never = 1 << 20
    worse = pl.when(pl.col("is_late")).then(pl.col("late_days").fill_null(never)).otherwise(0)
    was = pl.when(pl.col("was_late")).then(pl.col("base_days").fill_null(never)).otherwise(0)
    ranked = both.with_columns((worse - was).abs().alias("moved")).sort(["moved", "line"], descending=[True, False])
    shown = ranked.head(_LATE_SHOWN)
    named = {
        row.pop("id"): row
        for row in map(
            dict,
            session.execute(
                columns(
                    id=col(SalesOrderLine.id),
                    order_number=col(SalesOrder.number),
                    line_number=col(SalesOrderLine.line_number),
                    customer=col(SalesOrder.customer),
                    needed_by=col(SalesOrderLine.needed_by),
                )
                .join(SalesOrder, col(SalesOrder.id) == col(SalesOrderLine.order_id))
                .where(col(SalesOrderLine.id).in_(shown["line"].to_list()))
            ).mappings(),
        )
    }
    told = []
    for row in shown.iter_rows(named=True):
        if row["line"] in named:
            base_days = row["base_days"] if row["was_late"] else 0
            days = row["late_days"] if row["is_late"] else 0
            told.append(LateLine(**named[row["line"]], base_days=base_days, days=days))
    return tuple(told), both.height


@dataclass(frozen=True, slots=True)
class Balance:
    """What lies in stock from a day on, all that is planned included, by run: the base's first. Stock units."""

    on_date: date
    balances: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class Outlook:
    """One item in one warehouse: the balance of the plan and of each scenario over time."""

    item: str
    name: str
    unit: str
    warehouse: str
    days: tuple[Balance, ...]


@needs(Permission.PLAN_VIEW)
def scenario_outlook(
    session: Session, actor: Actor, *, run_ids: tuple[int, ...], item_id: int, warehouse_id: int
) -> Outlook:
    """The projected balance of an item under several runs, the plan's own orders coming when they really would.

    Refuses: NotFound.
    """
    item, warehouse = session.get(Item, item_id), session.get(Warehouse, warehouse_id)
    if item is None or warehouse is None:
        raise NotFound(kind="item" if item is None else "warehouse")
    chosen = run_ids[: MOST_COMPARED + 1]
    by_run = [_balances(session, run_id, item_id, warehouse_id) for run_id in chosen]
    dates = sorted({on for balances in by_run for on in balances})
    days, held = [], [Decimal(0)] * len(by_run)
    for on in dates:
        held = [balances.get(on, before) for balances, before in zip(by_run, held, strict=True)]
        days.append(Balance(on, tuple(held)))
    unit = session.get_one(Unit, item.unit_id).code
    return Outlook(item.code, item.name, unit, warehouse.code, tuple(days))


def _balances(session: Session, run_id: int, item_id: int, warehouse_id: int) -> dict[date, Decimal]:
    run = session.get(PlanningRun, run_id)
    if run is None or run.state != RunState.DONE:
        raise NotFound(kind="planning run")
    place = (item_id, warehouse_id)
    on_hand = session.scalars(
        select(col(PlanningItemTotal.on_hand)).where(
            col(PlanningItemTotal.run_id) == run_id,
            col(PlanningItemTotal.item_id) == place[0],
            col(PlanningItemTotal.warehouse_id) == place[1],
        )
    ).one_or_none()
    moves: dict[date, Decimal] = {run.as_of: on_hand or Decimal(0)}
    need = PlanningRequirement
    for on, came, gross in session.execute(
        select(col(need.on_date), col(need.scheduled_receipts), col(need.gross)).where(
            col(need.run_id) == run_id, col(need.item_id) == place[0], col(need.warehouse_id) == place[1]
        )
    ):
        moves[on] = moves.get(on, Decimal(0)) + came - gross
    planned = kept_plan_lines(session, run_id).filter(
        (pl.col("item") == place[0]) & (pl.col("warehouse") == place[1]) & pl.col("vendor").is_not_null()
    )
    for on, quantity in planned.select("arrives_on", "stock_quantity").iter_rows():
        moves[on] = moves.get(on, Decimal(0)) + units(quantity)
    balance, balances = Decimal(0), {}
    for on in sorted(moves):
        balance += moves[on]
        balances[on] = balance
    return balances


def scenario_items_in_reach(_actor: Actor) -> Select[Any]:
    """What scenarios order of each item otherwise than their base."""
    row, base_vendor, vendor = PlanningScenarioItem, aliased(Vendor), aliased(Vendor)
    nothing = Decimal(0)
    return (
        columns(
            id=func.concat(row.run_id, "-", row.item_id, "-", row.warehouse_id),
            run_id=col(row.run_id),
            item_id=col(row.item_id),
            warehouse_id=col(row.warehouse_id),
            differs=col(row.differs),
            item=col(Item.code),
            name=col(Item.name),
            warehouse=col(Warehouse.code),
            unit=col(Unit.code),
            base_quantity=col(row.base_quantity),
            quantity=col(row.quantity),
            quantity_change=col(row.quantity) - col(row.base_quantity),
            base_value=col(row.base_value),
            value=col(row.value),
            value_change=func.coalesce(col(row.value), nothing) - func.coalesce(col(row.base_value), nothing),
            base_late_days=col(row.base_late_days),
            late_days=col(row.late_days),
            late_change=col(row.late_days) - col(row.base_late_days),
            base_needed_on=col(row.base_needed_on),
            needed_on=col(row.needed_on),
            base_vendor=func.coalesce(base_vendor.code, ""),
            vendor=func.coalesce(vendor.code, ""),
            currency=col(Organisation.currency_code),
        )
        .select_from(row)
        .join(Item, col(Item.id) == col(row.item_id))
        .join(Unit, col(Unit.id) == col(Item.unit_id))
        .join(Warehouse, col(Warehouse.id) == col(row.warehouse_id))
        .join(Organisation, true())
        .join(base_vendor, col(base_vendor.id) == col(row.base_vendor_id), isouter=True)
        .join(vendor, col(vendor.id) == col(row.vendor_id), isouter=True)
    )


SCENARIO_ITEM_ROWS = GridSource(
    "scenario-items",
    Permission.PLAN_VIEW,
    scenario_items_in_reach,
    columns=(
        *(RowColumn(name, Kind.KEY) for name in ("id", "run_id", "item_id", "warehouse_id")),
        RowColumn("differs", Kind.STATUS, required=True),
        RowColumn("item", searched=True, required=True),
        RowColumn("name", searched=True, required=True),
        RowColumn("warehouse", required=True),
        RowColumn("unit", required=True),
        RowColumn("base_quantity", Kind.QUANTITY, required=True),
        RowColumn("quantity", Kind.QUANTITY, required=True),
        RowColumn("quantity_change", Kind.QUANTITY, required=True),
        RowColumn("base_value", Kind.MONEY),
        RowColumn("value", Kind.MONEY),
        RowColumn("value_change", Kind.MONEY, required=True),
        RowColumn("base_late_days", Kind.NUMBER, required=True),
        RowColumn("late_days", Kind.NUMBER, required=True),
        RowColumn("late_change", Kind.NUMBER, required=True),
        RowColumn("base_needed_on", Kind.DATE),
        RowColumn("needed_on", Kind.DATE),
        RowColumn("base_vendor", searched=True, required=True),
        RowColumn("vendor", searched=True, required=True),
        RowColumn("currency", required=True),
    ),
    order=(("value_change", "desc"), ("item", "asc")),
    scopes=("run_id",),
    scopes_needed=("run_id",),
)
