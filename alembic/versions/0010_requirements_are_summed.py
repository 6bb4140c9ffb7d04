"""Requirements of a run are summed per item and warehouse when it is stored; lines of a plan are found by item and run."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_SUMS = ("gross", "scheduled_receipts", "overdue_receipts", "shortage", "to_order", "lowest")

# What runs before told: the safety stock is told by the first shortage where there is one (it is what is needed to get back
# to it), else by the item of today. Of finished goods nothing was kept per item.
_FILL = """
    INSERT INTO planning_item_total (run_id, item_id, warehouse_id, on_hand, safety_stock, reorder_point, gross,
        scheduled_receipts, overdue_receipts, shortage, to_order, lowest, order_value, short_on, order_on)
    SELECT total.run_id, total.item_id, total.warehouse_id, total.on_hand,
           coalesce(total.kept, item.safety_stock), item.reorder_point, total.gross, total.scheduled_receipts,
           total.overdue_receipts, total.shortage, total.to_order, least(total.lowest, total.on_hand),
           suggested.order_value, total.short_on, total.order_on
    FROM (
        SELECT run_id, item_id, warehouse_id, sum(gross) AS gross, sum(scheduled_receipts) AS scheduled_receipts,
               sum(overdue_receipts) AS overdue_receipts, sum(shortage) AS shortage, sum(to_order) AS to_order,
               min(projected) AS lowest, min(on_date) FILTER (WHERE shortage > 0) AS short_on,
               min(on_date) FILTER (WHERE to_order > 0) AS order_on,
               (array_agg(projected - scheduled_receipts + gross ORDER BY on_date))[1] AS on_hand,
               (array_agg(projected + shortage ORDER BY on_date) FILTER (WHERE shortage > 0))[1] AS kept
        FROM planning_requirement GROUP BY run_id, item_id, warehouse_id
    ) AS total
    JOIN item ON item.id = total.item_id
    LEFT JOIN (
        SELECT line.run_id, line.item_id, line.warehouse_id,
               sum(round(line.suggested_quantity_packs * line.suggested_unit_price * coalesce(rate.rate, 1), 6))
                   FILTER (WHERE rate.rate IS NOT NULL OR line.currency_code = organisation.currency_code) AS order_value
        FROM plan_line AS line
        JOIN planning_run AS run ON run.id = line.run_id
        JOIN organisation ON organisation.id = 1
        LEFT JOIN LATERAL (
            SELECT dated.rate FROM exchange_rate AS dated
            WHERE dated.currency_code = line.currency_code AND dated.valid_from <= run.as_of
            ORDER BY dated.valid_from DESC LIMIT 1
        ) AS rate ON line.currency_code <> organisation.currency_code
        GROUP BY line.run_id, line.item_id, line.warehouse_id
    ) AS suggested USING (run_id, item_id, warehouse_id)
"""


def upgrade() -> None:
    op.create_table(
        "planning_item_total",
        *[
            sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)
            for name in ("run_id", "item_id", "warehouse_id")
        ],
        *[sa.Column(name, sa.Numeric(18, 6), nullable=False) for name in ("on_hand", "safety_stock")],
        *[sa.Column(name, sa.Numeric(18, 6), nullable=True) for name in ("reorder_point", "covered")],
        *[sa.Column(name, sa.Numeric(24, 6), nullable=False) for name in _SUMS],
        sa.Column("order_value", sa.Numeric(24, 6), nullable=True),
        *[sa.Column(name, sa.Date(), nullable=True) for name in ("short_on", "order_on")],
        sa.PrimaryKeyConstraint("run_id", "item_id", "warehouse_id", name=op.f("planning_item_total_pkey")),
    )
    op.execute(_FILL)
    op.create_index(
        "planning_item_total_short", "planning_item_total", ["run_id", "short_on", "item_id", "warehouse_id"]
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON planning_item_total TO buyside_app")
    op.drop_index(op.f("plan_line_item_id_idx"), table_name="plan_line")
    op.create_index("plan_line_item", "plan_line", ["item_id", "run_id"])


def downgrade() -> None:
    op.drop_index("plan_line_item", table_name="plan_line")
    op.create_index(op.f("plan_line_item_id_idx"), "plan_line", ["item_id"])
    op.drop_table("planning_item_total")
