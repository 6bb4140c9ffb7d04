"""Master data is kept by hand: every row says how often it was written, vendors say how they take orders, and rates, taxes, cost
centres and people's own views get tables.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

VERSIONED = (
    *("unit", "item_group", "price_break", "currency", "payment_term", "payment_term_event"),
    *("vendor_address", "vendor_contact", "bom_row", "option_rule"),
)
VENDOR_FLAGS = {
    "takes_catalogue_items": True,
    "takes_generic_items": True,
    "sends_order_form": True,
    "allows_pick_up": False,
    "registers_receipt": True,
}
DAY_OF_YEAR = "^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
NEW = ("exchange_rate", "tax_code", "cost_center", "vendor_closing_day", "saved_view")


def upgrade() -> None:
    for table in VERSIONED:
        op.add_column(table, _version())
    op.add_column("vendor", sa.Column("freight_free_value", sa.Numeric(18, 4), nullable=True))
    for name in ("order_weekdays", "order_cutoff"):
        op.add_column("vendor", _text(name))
    for name, value in VENDOR_FLAGS.items():
        op.add_column("vendor", _flag(name, value))
    for name in ("country_code", "email"):
        op.add_column("vendor_address", _text(name))
    op.create_table(
        "exchange_rate",
        _id(),
        sa.Column("currency_code", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("rate", sa.Numeric(18, 6), nullable=False),
        _version(),
        sa.CheckConstraint("rate > 0", name=op.f("exchange_rate_rate_positive_check")),
        sa.ForeignKeyConstraint(["currency_code"], ["currency.code"], name=op.f("exchange_rate_currency_code_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("exchange_rate_pkey")),
        sa.UniqueConstraint("currency_code", "valid_from", name=op.f("exchange_rate_currency_code_valid_from_key")),
    )
    op.create_table(
        "tax_code",
        *(_id(), _text("code", has_default=False), _text("name")),
        sa.Column("rate_percent", sa.Numeric(9, 4), nullable=False),
        *(sa.Column("is_active", sa.Boolean(), nullable=False), _version()),
        sa.CheckConstraint("rate_percent >= 0", name=op.f("tax_code_rate_not_negative_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("tax_code_pkey")),
        sa.UniqueConstraint("code", name=op.f("tax_code_code_key")),
    )
    op.create_table(
        "cost_center",
        *(_id(), _text("code", has_default=False), _text("name")),
        *(sa.Column("is_active", sa.Boolean(), nullable=False), _version()),
        sa.PrimaryKeyConstraint("id", name=op.f("cost_center_pkey")),
        sa.UniqueConstraint("code", name=op.f("cost_center_code_key")),
    )
    op.create_table(
        "vendor_closing_day",
        _id(),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        *(_text("from_day", has_default=False), _text("to_day", has_default=False), _text("name"), _version()),
        sa.CheckConstraint(
            f"from_day ~ '{DAY_OF_YEAR}' AND to_day ~ '{DAY_OF_YEAR}'",
            name=op.f("vendor_closing_day_days_of_a_year_check"),
        ),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("vendor_closing_day_vendor_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("vendor_closing_day_pkey")),
        sa.UniqueConstraint("vendor_id", "from_day", name=op.f("vendor_closing_day_vendor_id_from_day_key")),
    )
    op.create_table(
        "saved_view",
        _id(),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        *(_text("grid", has_default=False), _text("name", has_default=False)),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        *(_flag("is_first", False), _version()),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("saved_view_user_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("saved_view_pkey")),
        sa.UniqueConstraint("user_id", "grid", "name", name=op.f("saved_view_user_id_grid_name_key")),
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(NEW)} TO buyside_app")


def downgrade() -> None:
    for table in reversed(NEW):
        op.drop_table(table)
    for name in ("country_code", "email"):
        op.drop_column("vendor_address", name)
    for name in ("freight_free_value", "order_weekdays", "order_cutoff", *VENDOR_FLAGS):
        op.drop_column("vendor", name)
    for table in VERSIONED:
        op.drop_column(table, "version")


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _version() -> sa.Column[int]:
    return sa.Column("version", sa.Integer(), server_default="1", nullable=False)


def _text(name: str, *, has_default: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="" if has_default else None, nullable=False)


def _flag(name: str, value: bool) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default="true" if value else "false", nullable=False)
