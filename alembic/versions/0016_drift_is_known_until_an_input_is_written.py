"""What moved since a run is known until an input of planning is written: each transaction that writes one leaves its number.

The number stands in a row of its own, so that writers never wait for each other, and is seen exactly when what was written is
seen: whoever remembers the snapshot in which inputs were read finds there whether anything is new to it. Once for a
transaction, by triggers, so that nothing writes past it. Marked lines are few: an index of theirs finds them.
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

INPUTS = (
    *("organisation", "exchange_rate", "unit", "warehouse", "item_group", "item", "product", "variant", "bom_row"),
    *(
        "option_rule",
        "option_rule_condition",
        "sales_order",
        "sales_order_line",
        "sales_order_line_option",
        "stock_balance",
    ),
    *("vendor", "vendor_item", "vendor_closing_day", "price_break", "contract", "contract_item"),
    *("purchase_order", "purchase_order_line", "receipt", "receipt_line"),
)
"""Every table that a run reads. Of plan lines, which a run reads too, only which of them were ordered counts."""
_WRITTEN = """
CREATE FUNCTION planning_input_was_written() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    INSERT INTO public.planning_input_write DEFAULT VALUES ON CONFLICT DO NOTHING;
    PERFORM set_config('buyside.planning_input', pg_current_xact_id()::text, true);
    RETURN NULL;
END
$$
"""
# What a savepoint takes back takes this back too.
_IS_FIRST = "current_setting('buyside.planning_input', true) IS DISTINCT FROM pg_current_xact_id()::text"
_TOGETHER = f"FOR EACH STATEMENT WHEN ({_IS_FIRST})"
_ORDERED = {
    "insert": f"AFTER INSERT ON plan_line FOR EACH ROW WHEN (NEW.purchase_order_line_id IS NOT NULL AND {_IS_FIRST})",
    "update": f"AFTER UPDATE OF purchase_order_line_id ON plan_line {_TOGETHER}",
    "delete": f"AFTER DELETE ON plan_line {_TOGETHER}",
    "truncate": f"AFTER TRUNCATE ON plan_line {_TOGETHER}",
}


def upgrade() -> None:
    op.execute(
        "CREATE TABLE planning_input_write (xid bigint NOT NULL DEFAULT (pg_current_xact_id()::text)::bigint, "
        "CONSTRAINT planning_input_write_pkey PRIMARY KEY (xid))"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON planning_input_write TO buyside_app")
    op.execute(_WRITTEN)
    op.execute("REVOKE ALL ON FUNCTION planning_input_was_written() FROM PUBLIC")
    for table in INPUTS:
        op.execute(
            f"CREATE TRIGGER {table}_is_planning_input AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} "
            f"{_TOGETHER} EXECUTE FUNCTION planning_input_was_written()"
        )
    for event, when in _ORDERED.items():
        op.execute(f"CREATE TRIGGER plan_line_is_ordered_{event} {when} EXECUTE FUNCTION planning_input_was_written()")
    op.execute("CREATE INDEX plan_line_drift ON plan_line (run_id) WHERE drift <> ''")


def downgrade() -> None:
    op.execute("DROP INDEX plan_line_drift")
    for event in _ORDERED:
        op.execute(f"DROP TRIGGER plan_line_is_ordered_{event} ON plan_line")
    for table in INPUTS:
        op.execute(f"DROP TRIGGER {table}_is_planning_input ON {table}")
    op.execute("DROP FUNCTION planning_input_was_written()")
    op.execute("DROP TABLE planning_input_write")
