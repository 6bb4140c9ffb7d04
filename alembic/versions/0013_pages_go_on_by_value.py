"""A page of requirements goes on from any place by value too; plan lines are stored without entries for what hardly any of them has."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_SELDOM = ("split_from", "carried_from")


def upgrade() -> None:
    op.execute(
        "CREATE INDEX planning_item_total_value ON planning_item_total (run_id, (-order_value), item_id, warehouse_id)"
    )
    for name in _SELDOM:
        op.execute(f"CREATE INDEX plan_line_{name} ON plan_line ({name}_id) WHERE {name}_id IS NOT NULL")
        op.execute(f"DROP INDEX plan_line_{name}_id_idx")


def downgrade() -> None:
    for name in _SELDOM:
        op.execute(f"CREATE INDEX plan_line_{name}_id_idx ON plan_line ({name}_id)")
        op.execute(f"DROP INDEX plan_line_{name}")
    op.execute("DROP INDEX planning_item_total_value")
