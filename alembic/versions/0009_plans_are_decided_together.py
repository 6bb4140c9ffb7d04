"""Plans are decided on: policies of vendor choice, parts and carried lines, action messages, scenarios, schedules."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

NEW_TABLES = ("action_message", "planning_scenario", "planning_scenario_change", "planning_schedule")
PLAN_LINE_REFERENCES = {
    "suggested_contract_id": "contract",
    "split_from_id": "plan_line",
    "carried_from_id": "plan_line",
}


def upgrade() -> None:
    _policies()
    _runs_and_lines()
    _messages()
    _scenarios()
    _schedules()
    for table in NEW_TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO buyside_app")


def downgrade() -> None:
    for table in ("planning_schedule", "planning_scenario_change", "planning_scenario", "action_message"):
        op.drop_table(table)
    op.drop_constraint(op.f("plan_line_known_trigger_check"), "plan_line", type_="check")
    for name in PLAN_LINE_REFERENCES:
        op.drop_column("plan_line", name)
    for name in ("trigger", "arrives_on", "better_quantity_packs", "better_unit_price", "saving"):
        op.drop_column("plan_line", name)
    op.drop_column("planning_requirement", "to_order")
    op.drop_column("planning_run", "follows_run_id")
    op.drop_constraint(op.f("planning_run_known_origin_check"), "planning_run", type_="check")
    op.drop_column("planning_run", "origin")
    op.drop_column("item", "planner")
    op.drop_constraint(op.f("item_group_known_vendor_policy_check"), "item_group", type_="check")
    op.drop_column("item_group", "contracts_first")
    op.drop_column("item_group", "vendor_policy")


def _policies() -> None:
    op.add_column("item_group", _text("vendor_policy", "preference"))
    op.add_column("item_group", sa.Column("contracts_first", sa.Boolean(), server_default="true", nullable=False))
    op.create_check_constraint(
        op.f("item_group_known_vendor_policy_check"),
        "item_group",
        "vendor_policy IN ('preference', 'cheapest', 'fastest', 'share')",
    )
    op.add_column("item", _text("planner"))


def _runs_and_lines() -> None:
    op.add_column("planning_run", _text("origin", "person"))
    op.create_check_constraint(
        op.f("planning_run_known_origin_check"), "planning_run", "origin IN ('person', 'schedule', 'scenario')"
    )
    op.add_column("planning_run", sa.Column("follows_run_id", sa.BigInteger(), nullable=True))
    _refers("planning_run", "follows_run_id", "planning_run")
    op.add_column("planning_requirement", _quantity("to_order", server_default="0"))
    # What stood before is one supply that is needed: as of those runs nothing was known of late supply.
    op.execute("UPDATE planning_requirement SET to_order = shortage WHERE shortage <> 0")
    op.add_column("plan_line", _text("trigger", "shortage"))
    op.create_check_constraint(
        op.f("plan_line_known_trigger_check"), "plan_line", "trigger IN ('shortage', 'reorder_point', 'carried')"
    )
    op.add_column("plan_line", sa.Column("arrives_on", sa.Date(), nullable=True))
    for name in ("better_quantity_packs", "better_unit_price", "saving"):
        op.add_column("plan_line", _quantity(name, nullable=True))
    for name, target in PLAN_LINE_REFERENCES.items():
        op.add_column("plan_line", sa.Column(name, sa.BigInteger(), nullable=True))
        _refers("plan_line", name, target)
    op.create_index(op.f("plan_line_split_from_id_idx"), "plan_line", ["split_from_id"])
    op.create_index(op.f("plan_line_carried_from_id_idx"), "plan_line", ["carried_from_id"])


def _messages() -> None:
    references = {
        "item_id": "item",
        "warehouse_id": "warehouse",
        "purchase_order_line_id": "purchase_order_line",
        "owner_id": "app_user",
        "first_run_id": "planning_run",
        "last_run_id": "planning_run",
        "closed_by": "app_user",
    }
    op.create_table(
        "action_message",
        _identity(),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("cause", sa.Text(), server_default="", nullable=False),
        _text("state", "open"),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("warehouse_id", sa.BigInteger(), nullable=False),
        sa.Column("purchase_order_line_id", sa.BigInteger(), nullable=True),
        _quantity("quantity"),
        _quantity("to_quantity", nullable=True),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("snoozed_until", sa.Date(), nullable=True),
        _text("closing_reason"),
        sa.Column("first_run_id", sa.BigInteger(), nullable=False),
        sa.Column("last_run_id", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.BigInteger(), nullable=True),
        _version(),
        _check(
            "action_message",
            "kind IN ('order', 'expedite', 'defer', 'increase', 'decrease', 'cancel')",
            "known_kind",
        ),
        _check("action_message", "state IN ('open', 'done', 'dismissed', 'gone')", "known_state"),
        _check("action_message", "state <> 'dismissed' OR closing_reason <> ''", "dismissed_with_reason"),
        _check("action_message", "(state = 'open') = (closed_at IS NULL)", "closed_at_some_time"),
        *[_foreign("action_message", name, target) for name, target in references.items()],
        sa.PrimaryKeyConstraint("id", name=op.f("action_message_pkey")),
    )
    for name in ("item_id", "purchase_order_line_id", "owner_id"):
        op.create_index(op.f(f"action_message_{name}_idx"), "action_message", [name])
    op.create_index(
        "action_message_one_open", "action_message", ["cause"], unique=True, postgresql_where=sa.text("state = 'open'")
    )
    op.create_index("action_message_work", "action_message", ["state", "due_on", "id"])


def _scenarios() -> None:
    op.create_table(
        "planning_scenario",
        _identity(),
        _text("name"),
        sa.Column("base_run_id", sa.BigInteger(), nullable=False),
        sa.Column("result_run_id", sa.BigInteger(), nullable=True),
        _text("note"),
        sa.Column("is_kept", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        _version(),
        _foreign("planning_scenario", "base_run_id", "planning_run"),
        _foreign("planning_scenario", "result_run_id", "planning_run"),
        _foreign("planning_scenario", "created_by", "app_user"),
        sa.PrimaryKeyConstraint("id", name=op.f("planning_scenario_pkey")),
        sa.UniqueConstraint("result_run_id", name=op.f("planning_scenario_result_run_id_key")),
    )
    for name in ("base_run_id", "created_by"):
        op.create_index(op.f(f"planning_scenario_{name}_idx"), "planning_scenario", [name])
    kinds = "'lead_time', 'demand', 'stock', 'vendor', 'vendor_policy', 'stock_policy', 'supply'"
    op.create_table(
        "planning_scenario_change",
        _identity(),
        sa.Column("scenario_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("content", sa.dialects.postgresql.JSONB(), nullable=False),
        _check("planning_scenario_change", f"kind IN ({kinds})", "known_kind"),
        _foreign("planning_scenario_change", "scenario_id", "planning_scenario"),
        sa.PrimaryKeyConstraint("id", name=op.f("planning_scenario_change_pkey")),
    )
    op.create_index(op.f("planning_scenario_change_scenario_id_idx"), "planning_scenario_change", ["scenario_id"])


def _schedules() -> None:
    op.create_table(
        "planning_schedule",
        _identity(),
        *(_text("name"), _text("weekdays"), _text("at_time")),
        sa.Column("scope", sa.dialects.postgresql.JSONB(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("last_started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_run_id", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        _version(),
        _check("planning_schedule", "at_time ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'", "time_of_day"),
        _foreign("planning_schedule", "last_run_id", "planning_run"),
        _foreign("planning_schedule", "created_by", "app_user"),
        sa.PrimaryKeyConstraint("id", name=op.f("planning_schedule_pkey")),
    )


def _identity() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _version() -> sa.Column[int]:
    return sa.Column("version", sa.Integer(), server_default="1", nullable=False)


def _text(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default=default, nullable=False)


def _quantity(name: str, *, nullable: bool = False, server_default: str | None = None) -> sa.Column[object]:
    kind = sa.Numeric(precision=18, scale=6)
    return sa.Column(name, kind, nullable=nullable, server_default=server_default)


def _check(table: str, rule: str, name: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"{table}_{name}_check"))


def _foreign(table: str, name: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([name], [f"{target}.id"], name=op.f(f"{table}_{name}_fkey"))


def _refers(table: str, name: str, target: str) -> None:
    op.create_foreign_key(op.f(f"{table}_{name}_fkey"), table, target, [name], ["id"])
