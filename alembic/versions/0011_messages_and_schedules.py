"""Action messages are found by their cause whatever became of them; schedules tell from when they count and what went wrong."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("action_message_cause", "action_message", ["cause", "id"])
    op.add_column(
        "planning_schedule",
        sa.Column("counts_from", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.alter_column("planning_schedule", "counts_from", server_default=None)
    op.add_column("planning_schedule", sa.Column("paused_because", sa.Text(), server_default="", nullable=False))
    op.add_column("planning_schedule", sa.Column("problem", sa.Text(), server_default="", nullable=False))
    op.create_check_constraint(op.f("planning_schedule_named_check"), "planning_schedule", "name <> ''")


def downgrade() -> None:
    op.drop_constraint(op.f("planning_schedule_named_check"), "planning_schedule", type_="check")
    for name in ("problem", "paused_because", "counts_from"):
        op.drop_column("planning_schedule", name)
    op.drop_index("action_message_cause", "action_message")
