"""What pegs of order lines refer to is checked once for all that a statement writes, and no longer row by row.

A conversion of a plan brings a dozen pegs a line: checked one by one they were more than half of its work. The foreign keys stay
declared, as not enforced; what they promised is kept by statement triggers, with the same errors and the same locks.
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

KEYS = {"order_line_id": "purchase_order_line", "sales_order_line_id": "sales_order_line"}
# The rows referred to are shared in order of their keys, so that two writers never wait for each other crosswise; whoever would
# delete one waits for the writer, and finds the peg. Each statement in here sees what was committed before it began.
WRITTEN = """
CREATE FUNCTION refuse_pegs_of_nothing() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
    missing bigint;
BEGIN
    EXECUTE format(
        'WITH ids AS MATERIALIZED (SELECT DISTINCT %2$I AS id FROM written WHERE %2$I IS NOT NULL),
         shared AS MATERIALIZED (SELECT one.id FROM public.%1$I AS one JOIN ids USING (id) ORDER BY one.id FOR KEY SHARE OF one)
         SELECT id FROM ids WHERE (SELECT count(*) FROM shared) < (SELECT count(*) FROM ids)
         AND id NOT IN (SELECT id FROM shared) LIMIT 1', TG_ARGV[1], TG_ARGV[0]
    ) INTO missing;
    IF missing IS NOT NULL THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('a peg refers to %s %s, which is not there', TG_ARGV[1], missing),
            TABLE = TG_TABLE_NAME, COLUMN = TG_ARGV[0], CONSTRAINT = format('purchase_order_peg_%s_fkey', TG_ARGV[0]);
    END IF;
    RETURN NULL;
END
$$
"""
GONE = """
CREATE FUNCTION refuse_leaving_pegs() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
    pegged bigint;
BEGIN
    IF TG_LEVEL = 'ROW' THEN
        EXECUTE format('SELECT %1$I FROM public.purchase_order_peg WHERE %1$I = $1 LIMIT 1', TG_ARGV[0]) INTO pegged USING OLD.id;
    ELSE
        EXECUTE format(
            'SELECT gone.id FROM gone WHERE EXISTS (SELECT FROM public.purchase_order_peg AS peg WHERE peg.%1$I = gone.id)
             LIMIT 1', TG_ARGV[0]
        ) INTO pegged;
    END IF;
    IF pegged IS NOT NULL THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('%s %s still has pegs', TG_TABLE_NAME, pegged),
            TABLE = 'purchase_order_peg', COLUMN = TG_ARGV[0], CONSTRAINT = format('purchase_order_peg_%s_fkey', TG_ARGV[0]);
    END IF;
    RETURN NULL;
END
$$
"""


def upgrade() -> None:
    for function in (WRITTEN, GONE):
        op.execute(function)
    op.execute("REVOKE ALL ON FUNCTION refuse_pegs_of_nothing(), refuse_leaving_pegs() FROM PUBLIC")
    for column, table in KEYS.items():
        op.execute(f"ALTER TABLE purchase_order_peg ALTER CONSTRAINT purchase_order_peg_{column}_fkey NOT ENFORCED")
        for event in ("insert", "update"):
            op.execute(
                f"CREATE TRIGGER {column}_is_there_on_{event} AFTER {event} ON purchase_order_peg "
                "REFERENCING NEW TABLE AS written FOR EACH STATEMENT "
                f"EXECUTE FUNCTION refuse_pegs_of_nothing('{column}', '{table}')"
            )
        leaves = f"EXECUTE FUNCTION refuse_leaving_pegs('{column}')"
        op.execute(
            f"CREATE TRIGGER {table}_leaves_no_pegs_on_delete AFTER DELETE ON {table} "
            f"REFERENCING OLD TABLE AS gone FOR EACH STATEMENT {leaves}"
        )
        op.execute(
            f"CREATE TRIGGER {table}_leaves_no_pegs_on_update AFTER UPDATE OF id ON {table} "
            f"FOR EACH ROW WHEN (OLD.id <> NEW.id) {leaves}"
        )


def downgrade() -> None:
    for column, table in KEYS.items():
        for event in ("delete", "update"):
            op.execute(f"DROP TRIGGER {table}_leaves_no_pegs_on_{event} ON {table}")
        for event in ("insert", "update"):
            op.execute(f"DROP TRIGGER {column}_is_there_on_{event} ON purchase_order_peg")
        op.execute(f"ALTER TABLE purchase_order_peg ALTER CONSTRAINT purchase_order_peg_{column}_fkey ENFORCED")
    op.execute("DROP FUNCTION refuse_pegs_of_nothing()")
    op.execute("DROP FUNCTION refuse_leaving_pegs()")
