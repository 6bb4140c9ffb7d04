"""Bank accounts take two: one person enters, another approves. What was entered cannot be changed, only decided on."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STATES = "'proposed', 'current', 'replaced', 'ended', 'rejected', 'withdrawn'"
BY_ANOTHER = "state IN ('proposed', 'withdrawn') OR (decided_by IS NOT NULL AND decided_by <> entered_by)"
ENDED_BY_ANOTHER = (
    "state <> 'ended' OR (end_asked_by IS NOT NULL AND ended_by IS NOT NULL AND ended_by <> end_asked_by)"
)
DECIDED = (
    *("state", "decided_by", "decided_at", "decision"),
    *("end_asked_by", "end_asked_at", "end_reason", "ended_by", "ended_at", "version"),
)
REFERS_TO_PEOPLE = ("entered_by", "decided_by", "end_asked_by", "ended_by")


def upgrade() -> None:
    op.create_table(
        "vendor_bank_account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        *(_text("currency_code", False), _text("holder", False), _text("country_code", False), _text("bank_name")),
        *(_text("shown", False), sa.Column("state", sa.Text(), server_default="proposed", nullable=False)),
        sa.Column("replaces_id", sa.BigInteger(), nullable=True),
        _text("reason"),
        *(sa.Column("entered_by", sa.BigInteger(), nullable=False), _instant("entered_at", nullable=False)),
        *(sa.Column("decided_by", sa.BigInteger(), nullable=True), _instant("decided_at"), _text("decision")),
        *(sa.Column("end_asked_by", sa.BigInteger(), nullable=True), _instant("end_asked_at"), _text("end_reason")),
        *(sa.Column("ended_by", sa.BigInteger(), nullable=True), _instant("ended_at")),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        _check(f"state IN ({STATES})", "known_state"),
        _check(BY_ANOTHER, "decided_by_another"),
        _check(ENDED_BY_ANOTHER, "ended_by_another"),
        _check("state <> 'rejected' OR decision <> ''", "rejected_with_reason"),
        _check("(end_asked_by IS NULL) = (end_asked_at IS NULL)", "end_asked_by_somebody"),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("vendor_bank_account_vendor_id_fkey")),
        sa.ForeignKeyConstraint(
            ["currency_code"], ["currency.code"], name=op.f("vendor_bank_account_currency_code_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["vendor_bank_account.id"], name=op.f("vendor_bank_account_replaces_id_fkey")
        ),
        *[
            sa.ForeignKeyConstraint([name], ["app_user.id"], name=op.f(f"vendor_bank_account_{name}_fkey"))
            for name in REFERS_TO_PEOPLE
        ],
        sa.PrimaryKeyConstraint("id", name=op.f("vendor_bank_account_pkey")),
    )
    for name in ("vendor_id", "replaces_id", *REFERS_TO_PEOPLE):
        op.create_index(op.f(f"vendor_bank_account_{name}_idx"), "vendor_bank_account", [name])
    op.create_index(
        "vendor_bank_account_one_current",
        "vendor_bank_account",
        ["vendor_id", "currency_code"],
        unique=True,
        postgresql_where=sa.text("state = 'current'"),
    )
    op.create_table(
        "vendor_bank_number",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        *(_text("iban"), _text("bic"), _text("account_number"), _text("routing_number")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["vendor_bank_account.id"], name=op.f("vendor_bank_number_account_id_fkey")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("vendor_bank_number_pkey")),
    )
    op.execute("GRANT SELECT, INSERT ON vendor_bank_account, vendor_bank_number TO buyside_app")
    op.execute(f"GRANT UPDATE ({', '.join(DECIDED)}) ON vendor_bank_account TO buyside_app")


def downgrade() -> None:
    op.drop_table("vendor_bank_number")
    op.drop_table("vendor_bank_account")


def _text(name: str, has_default: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="" if has_default else None, nullable=False)


def _instant(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _check(condition: str, name: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"vendor_bank_account_{name}_check"))
