"""Files are taken in: what was sent, how it is read, and what became of it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STATES = ("waiting", "checking", "checked", "running", "done", "refused", "cancelled", "failed", "interrupted")
OUTCOMES = ("created", "changed", "unchanged", "refused")
NEW = ("import_file", "import_run", "import_outcome", "import_mapping")


def upgrade() -> None:
    op.create_table(
        "import_file",
        _id(),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        _text("name", has_default=False),
        *(_whole("size"), sa.Column("sha256", sa.LargeBinary(), nullable=False)),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        *(_document("recognised"), _document("choices")),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("import_file_user_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("import_file_pkey")),
    )
    op.create_index(op.f("import_file_user_id_idx"), "import_file", ["user_id"])
    op.execute("ALTER TABLE import_file ALTER COLUMN content SET STORAGE EXTERNAL")  # zipped already, or read once
    op.create_table(
        "import_run",
        *(_id(), sa.Column("file_id", sa.BigInteger(), nullable=False)),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        *(_text("sheet", has_default=False), _document("reading"), _document("mapping")),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        _text("step"),
        sa.Column("only_good", sa.Boolean(), server_default="false", nullable=False),
        *(_whole(name) for name in ("rows_total", "rows_done", "created", "changed", "unchanged", "refused")),
        _text("problem"),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(_one_of("state", STATES), name=op.f("import_run_known_state_check")),
        sa.ForeignKeyConstraint(["file_id"], ["import_file.id"], name=op.f("import_run_file_id_fkey")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("import_run_user_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("import_run_pkey")),
    )
    op.create_index(op.f("import_run_file_id_idx"), "import_run", ["file_id"])
    op.create_index("import_run_started", "import_run", ["started_at"])
    op.create_table(
        "import_outcome",
        *(_id(), sa.Column("run_id", sa.BigInteger(), nullable=False), _whole("row_number")),
        _text("outcome", has_default=False),
        *(_text(name) for name in ("record", "column_name", "before", "value", "reason", "code")),
        sa.CheckConstraint(_one_of("outcome", OUTCOMES), name=op.f("import_outcome_known_outcome_check")),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name=op.f("import_outcome_run_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("import_outcome_pkey")),
    )
    op.create_index("import_outcome_row", "import_outcome", ["run_id", "row_number", "id"])
    op.create_table(
        "import_mapping",
        *(_id(), sa.Column("user_id", sa.BigInteger(), nullable=False), _text("sheet", has_default=False)),
        *(sa.Column("header_sha256", sa.LargeBinary(), nullable=False), _document("mapping")),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("import_mapping_user_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("import_mapping_pkey")),
        sa.UniqueConstraint(
            "user_id", "sheet", "header_sha256", name=op.f("import_mapping_user_id_sheet_header_sha256_key")
        ),
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(NEW)} TO buyside_app")


def downgrade() -> None:
    for table in ("import_mapping", "import_outcome", "import_run", "import_file"):
        op.drop_table(table)


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _text(name: str, *, has_default: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="" if has_default else None, nullable=False)


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _document(name: str) -> sa.Column[object]:
    return sa.Column(name, postgresql.JSONB(), nullable=False)


def _one_of(column: str, words: tuple[str, ...]) -> str:
    members = ", ".join(f"'{word}'" for word in words)
    return f"{column} IN ({members})"
