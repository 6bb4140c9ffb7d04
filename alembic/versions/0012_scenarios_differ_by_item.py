"""What a scenario would order of each item otherwise than its base is kept with its run, so that it is paged and sorted."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "planning_scenario_item",
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("item_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("warehouse_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("differs", sa.Text(), server_default="", nullable=False),
        *[
            sa.Column(prefix + name, kind, nullable=is_nullable)
            for name, kind, is_nullable in (
                ("lines", sa.BigInteger(), False),
                ("quantity", sa.Numeric(24, 6), False),
                ("value", sa.Numeric(24, 6), True),
                ("late_days", sa.BigInteger(), False),
                ("needed_on", sa.Date(), True),
                ("vendor_id", sa.BigInteger(), True),
            )
            for prefix in ("base_", "")
        ],
        sa.PrimaryKeyConstraint("run_id", "item_id", "warehouse_id", name=op.f("planning_scenario_item_pkey")),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON planning_scenario_item TO buyside_app")


def downgrade() -> None:
    op.drop_table("planning_scenario_item")
