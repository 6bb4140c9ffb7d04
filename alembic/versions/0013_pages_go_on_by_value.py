"""A page of requirements goes on from any place by value too; a plan is stored by fewer and more orderly entries.

Plan lines are stored without entries for what hardly any of them has; those by item stand in the order in which a run writes them,
and those by date are short. What is locked is found without reading whole plans. Every run writes that it saw a message: half-empty pages take that in
beside the row, without an entry in any index. What a run kept of its inputs is compressed already.
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_SELDOM = ("split_from", "carried_from")
_OF_A_RUN = {"run": "needed_on", "item": "item_id"}


def upgrade() -> None:
    op.execute(
        "CREATE INDEX planning_item_total_value ON planning_item_total (run_id, (-order_value), item_id, warehouse_id)"
    )
    for name in _SELDOM:
        op.execute(f"CREATE INDEX plan_line_{name} ON plan_line ({name}_id) WHERE {name}_id IS NOT NULL")
        op.execute(f"DROP INDEX plan_line_{name}_id_idx")
    for name, column in _OF_A_RUN.items():
        op.execute(f"DROP INDEX plan_line_{name}")
        op.execute(f"CREATE INDEX plan_line_{name} ON plan_line (run_id, {column})")
    op.execute("CREATE INDEX plan_line_locked ON plan_line (run_id) WHERE is_locked")
    op.execute("ALTER TABLE action_message SET (fillfactor = 50)")
    op.execute("ALTER TABLE planning_run_input ALTER COLUMN content SET STORAGE EXTERNAL")


def downgrade() -> None:
    op.execute("ALTER TABLE planning_run_input ALTER COLUMN content SET STORAGE EXTENDED")
    op.execute("ALTER TABLE action_message RESET (fillfactor)")
    op.execute("DROP INDEX plan_line_locked")
    for name, columns in {"run": "run_id, needed_on, id", "item": "item_id, run_id"}.items():
        op.execute(f"DROP INDEX plan_line_{name}")
        op.execute(f"CREATE INDEX plan_line_{name} ON plan_line ({columns})")
    for name in _SELDOM:
        op.execute(f"CREATE INDEX plan_line_{name}_id_idx ON plan_line ({name}_id)")
        op.execute(f"DROP INDEX plan_line_{name}")
    op.execute("DROP INDEX planning_item_total_value")
