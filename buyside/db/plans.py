"""Planning runs, what they found, and the draft plan that a buyer decides on."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, Text
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
from buyside.domain.plans import PlanLineState, ProblemKind, RunState


def _key() -> Any:
    """A part of the key that names a record of another table without binding it."""
    return Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})


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


class PlanningRunInput(SQLModel, table=True):
    """One frame that a run was calculated from, as a compressed Arrow file: the run can be explained ever after."""

    __tablename__ = "planning_run_input"
    run_id: int = key_of("planning_run.id")
    name: str = Field(primary_key=True, sa_type=Text)
    row_count: int = Field(sa_type=BigInteger)
    content: bytes


class PlanningRequirement(SQLModel, table=True):
    """What one item needs in one warehouse on one day, netted (PLAN-4, PLAN-5). Stock units.

    Like coverage and pegs it refers to records without binding them: a run is a record of its day, millions of rows
    long, written as a whole under the lock of its run, and must not keep a sales order line from going.
    """

    __tablename__ = "planning_requirement"
    run_id: int = _key()
    item_id: int = _key()
    warehouse_id: int = _key()
    on_date: date = Field(primary_key=True)
    gross: Decimal = quantity_column()
    scheduled_receipts: Decimal = quantity_column()
    overdue_receipts: Decimal = quantity_column(Decimal(0))
    projected: Decimal = quantity_column()
    shortage: Decimal = quantity_column()


class PlanningCoverage(SQLModel, table=True):
    """How one sales order line is served: from stock of finished goods, and the rest exploded (PLAN-2)."""

    __tablename__ = "planning_coverage"
    run_id: int = _key()
    sales_order_line_id: int = _key()
    ordered: Decimal = quantity_column()
    covered_from_stock: Decimal = quantity_column()
    exploded: Decimal = quantity_column()
    problem: str = text_column()


class PlanningPeg(SQLModel, table=True):
    """How much of a requirement one demand line asks for; line 0 where a stock policy asks (PLAN-4)."""

    __tablename__ = "planning_peg"
    __table_args__ = (Index("planning_peg_line", "run_id", "sales_order_line_id"),)
    run_id: int = _key()
    item_id: int = _key()
    warehouse_id: int = _key()
    on_date: date = Field(primary_key=True)
    sales_order_line_id: int = _key()
    quantity: Decimal = quantity_column()


class PlanningProblem(SQLModel, table=True):
    """What a run could not map: it blocks its own line, or nothing, and is never dropped in silence (ITM-8).

    `quantity` in sold units for lines, in stock units for items; `rules` names the rules that contradict each other.
    """

    __tablename__ = "planning_problem"
    __table_args__ = (
        CheckConstraint(one_of("kind", ProblemKind), name="known_kind"),
        Index("planning_problem_run", "run_id", "kind", "id"),
    )
    id: int = identity()
    run_id: int = refers_to("planning_run.id", index=False)
    kind: str = text_column()
    sales_order_line_id: int | None = Field(default=None, sa_type=BigInteger)
    variant_id: int | None = Field(default=None, sa_type=BigInteger)
    option_value_id: int | None = Field(default=None, sa_type=BigInteger)
    item_id: int | None = Field(default=None, sa_type=BigInteger)
    warehouse_id: int | None = Field(default=None, sa_type=BigInteger)
    on_date: date | None = None
    quantity: Decimal = quantity_column(Decimal(0))
    lines: int = 1
    rules: str = text_column()


class PlanLine(SQLModel, table=True):
    """A suggestion of a run, and beside it the buyer's decision (PLAN-11).

    Columns `suggested_…` never change after the run; the others start as their copy. `quantity_packs` is in the
    purchase unit; `unit_factor` stock units make one. `shortage` is in stock units. `drift` says in words what moved
    since the run (PLAN-12).
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
    drift: str = text_column()
    purchase_order_line_id: int | None = may_refer_to("purchase_order_line.id", unique=True, index=False)
    version: int = 1
