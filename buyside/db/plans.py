"""Planning runs, what they found, and the draft plan that a buyer decides on."""

from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, Numeric, Text
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

from buyside.db.base import (
    currency_column,
    document_column,
    flag_column,
    identity,
    instant_column,
    key_of,
    may_refer_to,
    one_of,
    price_column,
    quantity_column,
    refers_to,
    text_column,
    version_column,
)
from buyside.domain.plan_decisions import Decision
from buyside.domain.plans import (
    ChangeKind,
    MessageKind,
    MessageState,
    PlanLineState,
    ProblemKind,
    RunOrigin,
    RunState,
)


def _key() -> Any:
    """A part of the key that names a record of another table without binding it."""
    return Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})


def _total(default: Any = ...) -> Any:
    """A sum of quantities or of values, which may leave the range of what is summed."""
    return Field(default=default, sa_type=Numeric(24, 6))


class PlanningRun(SQLModel, table=True):
    """One calculation as of one day: scope, inputs counted, results (PLAN-10).

    `scope` may limit warehouses, item groups and the horizon in days. A run of a scenario is nobody's plan: it is compared,
    never converted. `follows_run_id` is the plan that this one took over from: what was locked there stands here.
    """

    __tablename__ = "planning_run"
    __table_args__ = (
        CheckConstraint(one_of("state", RunState), name="known_state"),
        CheckConstraint(one_of("origin", RunOrigin), name="known_origin"),
    )
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
    origin: str = text_column(RunOrigin.PERSON.value)
    follows_run_id: int | None = may_refer_to("planning_run.id", index=False)


class PlanningRunInput(SQLModel, table=True):
    """One frame that a run was calculated from, as a compressed Arrow file: the run can be explained ever after."""

    __tablename__ = "planning_run_input"
    run_id: int = key_of("planning_run.id")
    name: str = Field(primary_key=True, sa_type=Text)
    row_count: int = Field(sa_type=BigInteger)
    content: bytes


class PlanningInputWrite(SQLModel, table=True):
    """A transaction that wrote something that runs read, by its number; written by the database itself, read by PLAN-12's marks."""

    __tablename__ = "planning_input_write"
    xid: int = Field(
        primary_key=True,
        sa_type=BigInteger,
        sa_column_kwargs={"autoincrement": False, "server_default": sql("(pg_current_xact_id()::text)::bigint")},
    )


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
    to_order: Decimal = quantity_column(Decimal(0))
    """New supply that no open order brings, however late: late supply is expedited, not ordered twice (PLAN-16)."""


class PlanningItemTotal(SQLModel, table=True):
    """A run's requirements of one item in one warehouse, summed over the whole horizon (PLAN-5). Stock units.

    Written with the run, so that lists of requirements sort, filter and count without adding up all of its dates. `covered`
    is what finished goods in stock made needless; None in runs from before it was kept. `lowest` is the least projected
    balance; `order_value` what the run suggests to buy, in the organisation's currency at the rate of its day, None without a
    price; `short_on` and `order_on` the first dates with a shortage and with something to order.
    """

    __tablename__ = "planning_item_total"
    __table_args__ = (
        Index("planning_item_total_short", "run_id", "short_on", "item_id", "warehouse_id"),
        Index("planning_item_total_value", "run_id", sql("(-order_value)"), "item_id", "warehouse_id"),
    )
    run_id: int = _key()
    item_id: int = _key()
    warehouse_id: int = _key()
    on_hand: Decimal = quantity_column()
    safety_stock: Decimal = quantity_column()
    reorder_point: Decimal | None = quantity_column(None)
    covered: Decimal | None = quantity_column(None)
    gross: Decimal = _total()
    scheduled_receipts: Decimal = _total()
    overdue_receipts: Decimal = _total()
    shortage: Decimal = _total()
    to_order: Decimal = _total()
    lowest: Decimal = _total()
    order_value: Decimal | None = _total(None)
    short_on: date | None = None
    order_on: date | None = None


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
    since the run (PLAN-12). `arrives_on` is when the goods are available if the vendor's next order day is used.
    `better_…` is a larger order that costs `saving` less in all (PLAN-8). A part that was split off names the line it came
    from and has no suggestion of its own; a line that was locked in the plan before names the line that it continues.
    """

    __tablename__ = "plan_line"
    __table_args__ = (
        CheckConstraint(one_of("state", PlanLineState), name="known_state"),
        CheckConstraint("state <> 'left_out' OR left_out_reason <> ''", name="left_out_has_reason"),
        CheckConstraint("(state = 'converted') = (purchase_order_line_id IS NOT NULL)", name="converted_has_order"),
        CheckConstraint("quantity_packs >= 0", name="quantity_not_negative"),
        CheckConstraint("trigger IN ('shortage', 'reorder_point', 'carried')", name="known_trigger"),
        Index("plan_line_run", "run_id", "needed_on"),
        Index("plan_line_item", "run_id", "item_id"),
        Index("plan_line_locked", "run_id", postgresql_where=sql("is_locked")),
        Index("plan_line_drift", "run_id", postgresql_where=sql("drift <> ''")),
        Index(
            "plan_line_purchase_order_line_id_key",
            "purchase_order_line_id",
            unique=True,
            postgresql_where=sql("purchase_order_line_id IS NOT NULL"),
        ),
        Index("plan_line_split_from", "split_from_id", postgresql_where=sql("split_from_id IS NOT NULL")),
        Index("plan_line_carried_from", "carried_from_id", postgresql_where=sql("carried_from_id IS NOT NULL")),
    )
    id: int = identity()
    run_id: int = refers_to("planning_run.id", index=False)
    item_id: int = refers_to("item.id", index=False)
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
    vendor_item_id: int | None = may_refer_to("vendor_item.id", index=False)
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
    purchase_order_line_id: int | None = may_refer_to("purchase_order_line.id", index=False)
    version: int = 1
    trigger: str = text_column("shortage")
    suggested_contract_id: int | None = may_refer_to("contract.id", index=False)
    arrives_on: date | None = None
    better_quantity_packs: Decimal | None = quantity_column(None)
    better_unit_price: Decimal | None = price_column(None)
    saving: Decimal | None = price_column(None)
    split_from_id: int | None = may_refer_to("plan_line.id", index=False)
    carried_from_id: int | None = may_refer_to("plan_line.id", index=False)

    @property
    def decision(self) -> Decision:
        """What is decided of it now."""
        return Decision(**{each.name: getattr(self, each.name) for each in fields(Decision)})


class ActionMessage(SQLModel, table=True):
    """Something to do about an item, kept until it is done or its cause is gone (PLAN-16).

    `cause` tells one cause from another across runs; only one message of a cause is open. Quantities in stock units: `quantity`
    is what it is about, `to_quantity` what the open order should be instead; `from_on` and `to_on` the same for its date.
    `last_run_id` is the run that wrote to it last; a plan of everything saw what is open since, without writing to each.
    """

    __tablename__ = "action_message"
    __table_args__ = (
        CheckConstraint(one_of("kind", MessageKind), name="known_kind"),
        CheckConstraint(one_of("state", MessageState), name="known_state"),
        CheckConstraint("state <> 'dismissed' OR closing_reason <> ''", name="dismissed_with_reason"),
        CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed_at_some_time"),
        Index("action_message_one_open", "cause", unique=True, postgresql_where=sql("state = 'open'")),
        Index("action_message_work", "state", "due_on", "id"),
        Index("action_message_cause", "cause", "id"),
        {
            "postgresql_with": {"fillfactor": 50}
        },  # a run of some scope writes to every message that it saw: there is room beside each
    )
    id: int = identity()
    kind: str = text_column()
    cause: str = text_column()
    state: str = text_column(MessageState.OPEN.value)
    item_id: int = refers_to("item.id")
    warehouse_id: int = refers_to("warehouse.id", index=False)
    purchase_order_line_id: int | None = may_refer_to("purchase_order_line.id")
    quantity: Decimal = quantity_column()
    to_quantity: Decimal | None = quantity_column(None)
    from_on: date | None = None
    to_on: date | None = None
    due_on: date
    owner_id: int | None = may_refer_to("app_user.id")
    snoozed_until: date | None = None
    closing_reason: str = text_column()
    first_run_id: int = refers_to("planning_run.id", index=False)
    last_run_id: int = refers_to("planning_run.id", index=False)
    opened_at: datetime = instant_column()
    closed_at: datetime | None = instant_column(None)
    closed_by: int | None = may_refer_to("app_user.id", index=False)
    version: int = version_column()


class PlanningScenario(SQLModel, table=True):
    """What would be if: changes to a copy of a run's inputs, compared with that run (PLAN-15)."""

    __tablename__ = "planning_scenario"
    id: int = identity()
    name: str = text_column()
    base_run_id: int = refers_to("planning_run.id")
    result_run_id: int | None = may_refer_to("planning_run.id", unique=True, index=False)
    note: str = text_column()
    is_kept: bool = flag_column(False)
    created_at: datetime = instant_column()
    created_by: int | None = may_refer_to("app_user.id")
    version: int = version_column()


class PlanningScenarioChange(SQLModel, table=True):
    """One change of a scenario; `content` holds what its kind needs, ids and canonical values."""

    __tablename__ = "planning_scenario_change"
    __table_args__ = (CheckConstraint(one_of("kind", ChangeKind), name="known_kind"),)
    id: int = identity()
    scenario_id: int = refers_to("planning_scenario.id")
    position: int
    kind: str = text_column()
    content: dict[str, Any] = document_column()


class PlanningScenarioItem(SQLModel, table=True):
    """What a scenario's run orders of an item in a warehouse otherwise than its base run (PLAN-15).

    Quantities in stock units, values in the organisation's currency (None where a line has no price or rate), `late_days` the
    most of its lines, `needed_on` the first need; the vendor is that of the first line. `differs` is the main thing in a word.
    """

    __tablename__ = "planning_scenario_item"
    run_id: int = _key()
    item_id: int = _key()
    warehouse_id: int = _key()
    differs: str = text_column()
    base_lines: int = Field(sa_type=BigInteger)
    lines: int = Field(sa_type=BigInteger)
    base_quantity: Decimal = _total()
    quantity: Decimal = _total()
    base_value: Decimal | None = _total(None)
    value: Decimal | None = _total(None)
    base_late_days: int = Field(sa_type=BigInteger)
    late_days: int = Field(sa_type=BigInteger)
    base_needed_on: date | None = None
    needed_on: date | None = None
    base_vendor_id: int | None = Field(default=None, sa_type=BigInteger)
    vendor_id: int | None = Field(default=None, sa_type=BigInteger)


class PlanningSchedule(SQLModel, table=True):
    """When the planning runs by itself, and for what (PLAN-6). `weekdays` as in "mon,wed", empty for every day; `at_time`
    is of the organisation's clock.

    Only times after `counts_from` count: what lies before it was made, changed or resumed is never made up for.
    `paused_because` says why it stands still, `problem` what kept its last run from beginning.
    """

    __tablename__ = "planning_schedule"
    __table_args__ = (
        CheckConstraint("at_time ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'", name="time_of_day"),
        CheckConstraint("name <> ''", name="named"),
    )
    id: int = identity()
    name: str = text_column()
    weekdays: str = text_column()
    at_time: str = text_column()
    scope: dict[str, Any] = document_column()
    is_active: bool = flag_column(True)
    counts_from: datetime = instant_column()
    paused_because: str = text_column()
    problem: str = text_column()
    last_started_at: datetime | None = instant_column(None)
    last_run_id: int | None = may_refer_to("planning_run.id", index=False)
    created_by: int | None = may_refer_to("app_user.id", index=False)
    version: int = version_column()
