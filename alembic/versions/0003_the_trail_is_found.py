"""The trail is found by operation and by its words, and by kinds of records that have no number of their own.

Entries of a bulk load, and rows told apart by what they refer to, named no record to be found by; each gets its kind now,
with the key 0, as the trail writes them from here on.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Kept in a column and not in the index alone: for a word that very many entries have the planner reads the entries, and
# would take each apart again. A tsvector holds a megabyte, a load may say more: only the beginning of an entry is kept.
WORDS = """
CREATE FUNCTION audit_words(actor_name text, operation text, changes jsonb) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = ''
RETURN to_tsvector(
    'pg_catalog.simple'::regconfig,
    actor_name || ' ' || replace(operation, '_', ' ') || ' ' || "left"(replace(changes::text, '\\n', ' '), 20000)
)
"""


def upgrade() -> None:
    op.create_index("audit_event_operation_at", "audit_event", ["operation", "at"], unique=False)
    op.execute(WORDS)
    op.execute("REVOKE ALL ON FUNCTION audit_words(text, text, jsonb) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION audit_words(text, text, jsonb) TO buyside_app")
    words = sa.Computed("audit_words(actor_name, operation, changes)", persisted=True)
    op.add_column("audit_event", sa.Column("words", postgresql.TSVECTOR(), words, nullable=False))
    op.create_index("audit_event_words", "audit_event", ["words"], unique=False, postgresql_using="gin")
    op.execute(
        """
        INSERT INTO audit_subject (event_id, kind, record_id)
        SELECT DISTINCT event.id, change ->> 'kind', 0
        FROM audit_event AS event CROSS JOIN LATERAL jsonb_array_elements(event.changes) AS change
        WHERE jsonb_typeof(change -> 'id') IS DISTINCT FROM 'number' AND change ->> 'kind' <> 'counts'
        ON CONFLICT DO NOTHING
        """
    )


def downgrade() -> None:
    op.drop_index("audit_event_words", table_name="audit_event", postgresql_using="gin")
    op.drop_column("audit_event", "words")
    op.execute("DROP FUNCTION audit_words(text, text, jsonb)")
    op.drop_index("audit_event_operation_at", table_name="audit_event")
