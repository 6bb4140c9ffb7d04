"""Everything is found: codes from their beginning, names by their words, and both in spite of a slip of the finger.

Accents and case do not matter: what people look for is compared in its folded form. The words of all names are kept once
each, so that a word that nobody wrote can be turned into one that somebody did; words stay when their names go.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# unaccent is only stable, because its dictionary could be changed; ours is the one that comes with it.
FOLDED = """
CREATE FUNCTION folded(text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT SET search_path = ''
RETURN lower(public.unaccent('public.unaccent'::regdictionary, $1))
"""
# In the order of the words, so that two loads never wait for each other.
KEEP_WORDS = """
CREATE FUNCTION keep_search_words() RETURNS trigger
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    EXECUTE format(
        'INSERT INTO public.search_word (word)
         SELECT DISTINCT word
         FROM written, unnest(tsvector_to_array(to_tsvector(''pg_catalog.simple'', public.folded(written.%I)))) AS word
         WHERE length(word) BETWEEN 3 AND 40
           AND NOT EXISTS (SELECT FROM public.search_word AS kept WHERE kept.word = word.word)',
        TG_ARGV[0]
    );
    RETURN NULL;
END
$$
"""
CODES = (
    *(("item", "code"), ("vendor_item", "vendor_part"), ("vendor", "code"), ("variant", "sku")),
    *(("purchase_order", "number"), ("sales_order", "number")),
)
NAMES = (("item", "name"), ("vendor", "name"), ("variant", "name"), ("sales_order", "customer"))
FORCED = {"item", "vendor"}
"""Tables whose rows forced row security hides from their owner."""


def upgrade() -> None:
    op.execute(FOLDED)
    op.execute("REVOKE ALL ON FUNCTION folded(text) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION folded(text) TO buyside_app")
    op.create_table(
        "search_word",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("search_word_pkey")),
    )
    op.execute("GRANT SELECT, INSERT ON search_word TO buyside_app")
    op.create_index(op.f("search_word_word_idx"), "search_word", ["word"])
    _trigram("search_word_word_trigram", "search_word", "word")
    for table, column in CODES:
        op.create_index(
            f"{table}_{column}_beginning",
            table,
            [sa.text(f"folded({column}) text_pattern_ops")],
        )
        _trigram(f"{table}_{column}_alike", table, f"folded({column})")
    op.execute(KEEP_WORDS)
    op.execute("REVOKE ALL ON FUNCTION keep_search_words() FROM PUBLIC")
    for table, column in NAMES:
        op.create_index(
            f"{table}_{column}_words",
            table,
            [sa.text(f"to_tsvector('simple'::regconfig, folded({column}))")],
            postgresql_using="gin",
        )
        for event, says in (("inserted", "INSERT"), ("updated", "UPDATE")):
            op.execute(
                f"CREATE TRIGGER {table}_{event}_words AFTER {says} ON {table} REFERENCING NEW TABLE AS written "
                f"FOR EACH STATEMENT EXECUTE FUNCTION keep_search_words('{column}')"
            )
        _words_of_what_there_is(table, column)


def _words_of_what_there_is(table: str, column: str) -> None:
    if table in FORCED:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(
        f"INSERT INTO search_word (word) SELECT DISTINCT word FROM {table}, "
        f"unnest(tsvector_to_array(to_tsvector('simple'::regconfig, folded({column})))) AS word "
        "WHERE length(word) BETWEEN 3 AND 40 "
        "AND NOT EXISTS (SELECT FROM search_word AS kept WHERE kept.word = word.word)"
    )
    if table in FORCED:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    for table, column in NAMES:
        for event in ("inserted", "updated"):
            op.execute(f"DROP TRIGGER {table}_{event}_words ON {table}")
        op.drop_index(f"{table}_{column}_words", table_name=table)
    op.execute("DROP FUNCTION keep_search_words()")
    for table, column in CODES:
        op.drop_index(f"{table}_{column}_alike", table_name=table)
        op.drop_index(f"{table}_{column}_beginning", table_name=table)
    op.drop_table("search_word")
    op.execute("DROP FUNCTION folded(text)")


def _trigram(name: str, table: str, expression: str) -> None:
    op.execute(f"CREATE INDEX {name} ON {table} USING gin ({expression} gin_trgm_ops)")
