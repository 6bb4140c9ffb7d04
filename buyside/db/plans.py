"""Planning runs, what they found, and the draft plan that a buyer decides on."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from buyside.db.base import (
    currency_column,
    document_column,
    identity,
    instant_column,
    key_of,
    may_refer_to,
    one_of,
    price_column,
    quantity_column,
    refers_to,
    text_column,
)
from buyside.domain.plans import PlanLineState, RunState


class PlanningRun(SQLModel, table=True):
    """One calculation as of one day: scope, inputs counted, results (PLAN-10)."""

    __tablename__ = "planning_run"
    __table_args__ = (CheckConstraint(one_of("state", RunState), name="known_state"),)
    id: int = identity()
    as_of: date
    scope: dict[str, Any] = document_column()
    state: str = text_column(RunState.RUNNING.value)
    step: str = text_column()
    counts: dict[str, Any] = document_column()
    problem: str = text_column()
    result_sha256: bytes | None = None
    started_at: datetime = instant_column()
    finished_at: datetime | None = instant_column(None)
    user_id: int | None = may_refer_to("app_user.id", index=False)


class PlanningRequirement(SQLModel, table=True):
    """What one item needs in one warehouse on one day, netted (PLAN-4, PLAN-5). Stock units."""

    __tablename__ = "planning_requirement"
    run_id: int = key_of("planning_run.id")
    item_id: int = key_of("item.id")
    warehouse_id: int = key_of("warehouse.id")
    on_date: date = Field(primary_key=True)
    gross: Decimal = quantity_column()
    scheduled_receipts: Decimal = quantity_column()
    projected: Decimal = quantity_column()
    shortage: Decimal = quantity_column()


class PlanningCoverage(SQLModel, table=True):
    """How one sales order line is served: from stock of finished goods, and the rest exploded (PLAN-2)."""

    __tablename__ = "planning_coverage"
    run_id: int = key_of("planning_run.id")
    sales_order_line_id: int = key_of("sales_order_line.id")
    ordered: Decimal = quantity_column()
    covered_from_stock: Decimal = quantity_column()
    exploded: Decimal = quantity_column()
    problem: str = text_column()


class PlanningPeg(SQLModel, table=True):
    """How much of a requirement one demand line asks for; no line where a stock policy asks (PLAN-4)."""

    __tablename__ = "planning_peg"
    __table_args__ = (
        Index("planning_peg_requirement", "run_id", "item_id", "warehouse_id", "on_date"),
        Index("planning_peg_line", "run_id", "sales_order_line_id"),
    )
    id: int = identity()
    run_id: int = refers_to("planning_run.id", index=False)
    item_id: int = refers_to("item.id", index=False)
    warehouse_id: int = refers_to("warehouse.id", index=False)
    on_date: date
    sales_order_line_id: int | None = may_refer_to("sales_order_line.id", index=False)
    quantity: Decimal = quantity_column()


class PlanLine(SQLModel, table=True):
    """A suggestion of a run, and beside it the buyer's decision (PLAN-11).

    Columns `suggested_…` never change after the run; the others start as their copy. `quantity_packs` is in the
    purchase unit; `unit_factor` stock units make one. `shortage` is in stock units.
    """

    __tablename__ = "plan_line"
    __table_args__ = (
        CheckConstraint(one_of("state", PlanLineState), name="known_state"),
        CheckConstraint("state <> 'left_out' OR left_out_reason <> ''", name="left_out_has_reason"),
        CheckConstraint("(state = 'converted') = (purchase_order_line_id IS NOT NULL)", name="converted_has_order"),
        CheckConstraint("quantity_packs >= 0", name="quantity_not_negative"),
        Index("plan_line_run", "run_id", "needed_on", "id"),
    )
    id: int = identity()
    run_id: int = refers_to("planning_run.id", index=False)
    item_id: int = refers_to("item.id")
    warehouse_id: int = refers_to("warehouse.id", index=False)
    suggested_needed_on: date
    suggested_vendor_item_id: int | None = may_refer_to("vendor_item.id", index=False)
    suggested_quantity_packs: Decimal = quantity_column()
    suggested_unit_price: Decimal | None = price_column(None)
    shortage: Decimal = quantity_column()
    reason: str = text_column()
    needed_on: date
    order_by: date
    late_days: int = 0
    vendor_item_id: int | None = may_refer_to("vendor_item.id")
    unit_id: int = refers_to("unit.id", index=False)
    unit_factor: Decimal = quantity_column(Decimal(1))
    quantity_packs: Decimal = quantity_column()
    unit_price: Decimal | None = price_column(None)
    currency_code: str | None = currency_column(None)
    contract_id: int | None = may_refer_to("contract.id", index=False)
    is_locked: bool = False
    state: str = text_column(PlanLineState.OPEN.value)
    left_out_reason: str = text_column()
    purchase_order_line_id: int | None = may_refer_to("purchase_order_line.id", unique=True, index=False)
    version: int = 1
