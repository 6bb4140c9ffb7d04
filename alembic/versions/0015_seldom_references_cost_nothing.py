"""Two more references are checked for all that a statement writes: the order of a plan line, and the run that saw a message last.

An enforced key asks for every row that is inserted, also where it refers to nothing: a plan is stored with tens of thousands of
lines that are no orders yet. And every run writes itself to every message that it saw. As with those of 0014 the keys stay
declared, errors and locks are theirs, and what is referred to stays by the same triggers.
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_EACH_WITH = "AFTER INSERT ON {table} FOR EACH ROW WHEN (NEW.{column} IS NOT NULL)"
_TOGETHER = "AFTER INSERT ON {table} REFERENCING NEW TABLE AS written FOR EACH STATEMENT"
_CHANGED = "AFTER UPDATE ON {table} REFERENCING OLD TABLE AS replaced NEW TABLE AS written FOR EACH STATEMENT"
KEYS = (
    ("plan_line", "purchase_order_line_id", "purchase_order_line", _EACH_WITH),  # hardly any line is written with one
    ("action_message", "last_run_id", "planning_run", _TOGETHER),
)
"""Table, column, what it refers to, and when that is asked for rows that are inserted."""

# What was referred to before the statement is there: a decision that leaves its reference alone waits for nobody.
# What is there and could not be shared was put back by somebody meanwhile, and is asked for again.
WRITTEN = """
CREATE FUNCTION {table}_refers_by_{column}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    keys int8[];
    shared bigint;
    missing text;
BEGIN
    IF TG_LEVEL = 'ROW' THEN
        keys = ARRAY[NEW.{column}];
    ELSIF TG_OP = 'UPDATE' THEN
        keys = ARRAY(SELECT {column} FROM written WHERE {column} IS NOT NULL EXCEPT SELECT {column} FROM replaced);
    ELSE
        keys = ARRAY(SELECT DISTINCT {column} FROM written WHERE {column} IS NOT NULL);
    END IF;
    WHILE cardinality(keys) > 0 LOOP
        SELECT count(*) INTO shared FROM (
            SELECT FROM public.{target} AS one WHERE one.id = ANY (keys) ORDER BY one.id FOR KEY SHARE
        ) AS one;
        EXIT WHEN shared = cardinality(keys);
        SELECT ref INTO missing FROM unnest(keys) AS ref
        WHERE NOT EXISTS (SELECT FROM public.{target} AS one WHERE one.id = ref) LIMIT 1;
        IF FOUND THEN
            RAISE foreign_key_violation USING
                MESSAGE = 'insert or update on table "{table}" violates foreign key constraint "{table}_{column}_fkey"',
                DETAIL = format('Key ({column})=(%s) is not present in table "{target}".', missing),
                SCHEMA = TG_TABLE_SCHEMA, TABLE = '{table}', CONSTRAINT = '{table}_{column}_fkey';
        END IF;
    END LOOP;
    RETURN NULL;
END
$$
"""


def upgrade() -> None:
    for table, column, target, inserted in KEYS:
        named = {"table": table, "column": column}
        checks = f"{table}_refers_by_{column}()"
        op.execute(f"ALTER TABLE {table} ALTER CONSTRAINT {table}_{column}_fkey NOT ENFORCED")
        op.execute(WRITTEN.format(**named, target=target))
        op.execute(f"REVOKE ALL ON FUNCTION {checks} FROM PUBLIC")
        for event, when in {"insert": inserted, "update": _CHANGED}.items():
            op.execute(f"CREATE TRIGGER {table}_{column}_{event} {when.format(**named)} EXECUTE FUNCTION {checks}")


def downgrade() -> None:
    for table, column, _target, _inserted in KEYS:
        for event in ("insert", "update"):
            op.execute(f"DROP TRIGGER {table}_{column}_{event} ON {table}")
        op.execute(f"DROP FUNCTION {table}_refers_by_{column}()")
        op.execute(f"ALTER TABLE {table} ALTER CONSTRAINT {table}_{column}_fkey ENFORCED")
