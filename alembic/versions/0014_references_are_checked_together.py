"""What rows written by the thousand refer to is checked once for all that a statement writes, and no longer row by row.

A stored plan has nine references a line, a conversion a dozen pegs a line: checked one by one they were the greater part of the
database's work. Such keys stay declared, as not enforced; what they promised is kept by triggers, with the same errors and the
same locks. Indexes go for the same reason: of plan lines by vendor's item, which only the row-wise check of deletions asked; of
every plan line for the few that became orders; of pegs by customers' line, which the primary key answers for within a run. An order's
pegs are known by their order line and number, in one index instead of two.
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TOGETHER = {
    "purchase_order_peg": {"order_line_id": "purchase_order_line", "sales_order_line_id": "sales_order_line"},
    "plan_line": {
        "run_id": "planning_run",
        "item_id": "item",
        "warehouse_id": "warehouse",
        "suggested_vendor_item_id": "vendor_item",
        "vendor_item_id": "vendor_item",
        "unit_id": "unit",
        "currency_code": "currency",
        "contract_id": "contract",
        "suggested_contract_id": "contract",
        "split_from_id": "plan_line",
        "carried_from_id": "plan_line",
    },
    "purchase_order_line": {
        "order_id": "purchase_order",
        "item_id": "item",
        "vendor_item_id": "vendor_item",
        "unit_id": "unit",
    },
    "audit_subject": {"event_id": "audit_event"},
}
"""Tables, and what their keys refer to. A key that is written by updates alone stays enforced."""
OTHER_KEYS = {"currency": "code"}
"""What a table is referred to by, where it is not its id."""


# What refers to the table of a deletion is found by what the catalog says of it: keys that are declared and not enforced.
KEYS = """
    SELECT c.conname, c.conrelid::regclass AS mine, c.confrelid::regclass AS target, of.relname AS of, part.*
    FROM pg_catalog.pg_constraint AS c JOIN pg_catalog.pg_class AS of ON of.oid = c.conrelid CROSS JOIN LATERAL (
        SELECT string_agg('ref.' || quote_ident(a.attname), ', ' ORDER BY n) AS refs,
               string_agg(quote_ident(b.attname), ', ' ORDER BY n) AS targets,
               string_agg('one.' || quote_ident(b.attname), ', ' ORDER BY n) AS ones,
               string_agg(format('one.%I = ref.%I', b.attname, a.attname), ' AND ' ORDER BY n) AS same,
               string_agg(format('again.%I = one.%1$I', b.attname), ' AND ' ORDER BY n) AS back
        FROM ROWS FROM (unnest(c.conkey), unnest(c.confkey)) WITH ORDINALITY AS pair (a, b, n)
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = pair.a
        JOIN pg_catalog.pg_attribute AS b ON b.attrelid = c.confrelid AND b.attnum = pair.b
    ) AS part WHERE c.contype = 'f' AND NOT c.conenforced
"""
# Run with the owner's rights, as keys are: who adds to the audit trail may lock nothing of it. A function for each table, so that its
# plans are kept; their one plan asks by index, which suits one key as it does thousands.
# The rows referred to are shared in order of their keys, so that two writers never wait for each other crosswise; whoever would
# delete one waits for the writer, and finds the reference. Each statement in here sees what was committed before it began: what
# is there and could not be shared was put back by somebody meanwhile, and is asked for again.
WRITTEN = """
CREATE FUNCTION {table}_refers_to_something() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    {declared};
    shared bigint;
    missing text;
BEGIN
    IF TG_LEVEL = 'ROW' THEN
        CASE TG_ARGV[0]
            {changed}
        END CASE;
    ELSE
        PERFORM FROM written OFFSET 1 LIMIT 1;
        IF FOUND THEN
            {many}
        ELSE
            SELECT {one} INTO {into} FROM written;
        END IF;
    END IF;
{checks}    RETURN NULL;
END
$$
"""
ALIKE = ("plan_line",)
"""Tables whose rows, however many, combine few different keys: what is different is found once, for all columns."""
CHECK = """
    WHILE cardinality({column}s) > 0 LOOP
        SELECT count(*) INTO shared FROM (
            SELECT FROM public.{target} AS one WHERE one.{key} = ANY ({column}s) ORDER BY one.{key} FOR KEY SHARE
        ) AS one;
        EXIT WHEN shared = cardinality({column}s);
        SELECT ref INTO missing FROM unnest({column}s) AS ref
        WHERE NOT EXISTS (SELECT FROM public.{target} AS one WHERE one.{key} = ref) LIMIT 1;
        IF FOUND THEN
            RAISE foreign_key_violation USING
                MESSAGE = 'insert or update on table "{table}" violates foreign key constraint "{table}_{column}_fkey"',
                DETAIL = format('Key ({column})=(%s) is not present in table "{target}".', missing),
                SCHEMA = TG_TABLE_SCHEMA, TABLE = '{table}', CONSTRAINT = '{table}_{column}_fkey';
        END IF;
    END LOOP;
"""
# As with keys, what the same statement puts back has not gone.
GONE = f"""
CREATE FUNCTION refuse_leaving_references() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    source text = CASE TG_LEVEL WHEN 'ROW' THEN '(SELECT ($1).*) AS one' ELSE 'gone AS one' END;
    key record;
    named text;
BEGIN
    FOR key IN {KEYS} AND c.confrelid = TG_RELID ORDER BY c.conname LOOP
        EXECUTE format(
            'SELECT concat_ws('', '', %1$s) FROM %2$s WHERE EXISTS (
                SELECT FROM %3$s AS ref WHERE %4$s AND (%5$s) IS NOT NULL
            ) AND NOT EXISTS (SELECT FROM %6$s AS again WHERE %7$s) LIMIT 1',
            key.ones, source, key.mine, key.same, key.refs, key.target, key.back
        ) INTO named USING OLD;
        IF named IS NOT NULL THEN
            RAISE foreign_key_violation USING
                MESSAGE = format(
                    'update or delete on table "%s" violates foreign key constraint "%s" on table "%s"',
                    TG_TABLE_NAME, key.conname, key.of
                ),
                DETAIL = format('Key (%s)=(%s) is still referenced from table "%s".', key.targets, named, key.of),
                SCHEMA = TG_TABLE_SCHEMA, TABLE = key.of, CONSTRAINT = key.conname;
        END IF;
    END LOOP;
    RETURN NULL;
END
$$
"""


def upgrade() -> None:
    op.execute("DROP INDEX planning_peg_line")
    op.execute("DROP INDEX plan_line_vendor_item_id_idx")
    op.execute("ALTER TABLE purchase_order_peg DROP CONSTRAINT purchase_order_peg_pkey")
    op.execute("DROP INDEX purchase_order_peg_order_line_id_idx")
    op.execute("ALTER TABLE purchase_order_peg ADD CONSTRAINT purchase_order_peg_pkey PRIMARY KEY (order_line_id, id)")
    op.execute("ALTER TABLE plan_line DROP CONSTRAINT plan_line_purchase_order_line_id_key")
    op.execute(
        "CREATE UNIQUE INDEX plan_line_purchase_order_line_id_key ON plan_line (purchase_order_line_id) "
        "WHERE purchase_order_line_id IS NOT NULL"
    )
    op.execute(GONE)
    op.execute("REVOKE ALL ON FUNCTION refuse_leaving_references() FROM PUBLIC")
    for table, keys in TOGETHER.items():
        refers = f"{table}_refers_to_something()"
        op.execute(_written(table, keys))
        op.execute(f"REVOKE ALL ON FUNCTION {refers} FROM PUBLIC")
        op.execute(
            f"CREATE TRIGGER {table}_refers_to_something AFTER INSERT ON {table} "
            f"REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION {refers}"
        )
        for column in keys:
            key = f"{table}_{column}_fkey"
            op.execute(f"ALTER TABLE {table} ALTER CONSTRAINT {key} NOT ENFORCED")
            op.execute(
                f"CREATE TRIGGER {table}_{column}_is_there AFTER UPDATE OF {column} ON {table} FOR EACH ROW "
                f"WHEN (NEW.{column} IS DISTINCT FROM OLD.{column} AND NEW.{column} IS NOT NULL) "
                f"EXECUTE FUNCTION {table}_refers_to_something('{column}')"
            )
    for table in referred_to():
        op.execute(
            f"CREATE TRIGGER {table}_leaves_nothing_on_delete AFTER DELETE ON {table} "
            "REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION refuse_leaving_references()"
        )
        key = OTHER_KEYS.get(table, "id")
        op.execute(
            f"CREATE TRIGGER {table}_leaves_nothing_on_update AFTER UPDATE OF {key} ON {table} "
            f"FOR EACH ROW WHEN (OLD.{key} <> NEW.{key}) EXECUTE FUNCTION refuse_leaving_references()"
        )


def downgrade() -> None:
    for table in referred_to():
        for event in ("delete", "update"):
            op.execute(f"DROP TRIGGER {table}_leaves_nothing_on_{event} ON {table}")
    for table, keys in TOGETHER.items():
        op.execute(f"DROP TRIGGER {table}_refers_to_something ON {table}")
        for column in keys:
            op.execute(f"DROP TRIGGER {table}_{column}_is_there ON {table}")
            op.execute(f"ALTER TABLE {table} ALTER CONSTRAINT {table}_{column}_fkey ENFORCED")
        op.execute(f"DROP FUNCTION {table}_refers_to_something()")
    op.execute("DROP FUNCTION refuse_leaving_references()")
    op.execute("ALTER TABLE purchase_order_peg DROP CONSTRAINT purchase_order_peg_pkey")
    op.execute("ALTER TABLE purchase_order_peg ADD CONSTRAINT purchase_order_peg_pkey PRIMARY KEY (id)")
    op.execute("CREATE INDEX purchase_order_peg_order_line_id_idx ON purchase_order_peg (order_line_id)")
    op.execute("DROP INDEX plan_line_purchase_order_line_id_key")
    op.execute(
        "ALTER TABLE plan_line ADD CONSTRAINT plan_line_purchase_order_line_id_key UNIQUE (purchase_order_line_id)"
    )
    op.execute("CREATE INDEX plan_line_vendor_item_id_idx ON plan_line (vendor_item_id)")
    op.execute("CREATE INDEX planning_peg_line ON planning_peg (run_id, sales_order_line_id)")


def _written(table: str, keys: dict[str, str]) -> str:
    """The function that checks what rows of a table refer to."""
    checks = (
        CHECK.format(table=table, column=column, target=target, key=OTHER_KEYS.get(target, "id"))
        for column, target in keys.items()
    )
    one = ", ".join(f"CASE WHEN {column} IS NOT NULL THEN ARRAY[{column}] END" for column in keys)
    some = ", ".join(f"array_agg(DISTINCT {column}) FILTER (WHERE {column} IS NOT NULL)" for column in keys)
    into = ", ".join(f"{column}s" for column in keys)
    return WRITTEN.format(
        table=table,
        declared=";\n    ".join(
            f"{column}s {'text' if target in OTHER_KEYS else 'bigint'}[]" for column, target in keys.items()
        ),
        changed="\n            ".join(f"WHEN '{column}' THEN {column}s = ARRAY[NEW.{column}];" for column in keys),
        many=f"SELECT {some} INTO {into} FROM (SELECT DISTINCT {', '.join(keys)} FROM written) AS different;"
        if table in ALIKE
        else "\n            ".join(
            f"{column}s = ARRAY(SELECT DISTINCT {column} FROM written WHERE {column} IS NOT NULL);" for column in keys
        ),
        one=one,
        into=into,
        checks="".join(checks),
    )


def referred_to() -> list[str]:
    """Every table that a key checked together refers to."""
    return sorted({target for keys in TOGETHER.values() for target in keys.values()})
