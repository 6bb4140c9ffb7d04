"""The whole chain: from sold configurations to purchase orders, receipts and the warehouse ledger.

Beside the tables this makes what the database guarantees by itself: append-only books, balances that only the ledger
can move, and grants that leave the running application neither owner nor able to rewrite history.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = (
    "audit_event",
    "audit_subject",
    "stock_entry",
    "receipt",
    "receipt_line",
    "purchase_order_snapshot",
)

CURRENCIES = (
    ("AUD", "Australian dollar", 2),
    ("BGN", "Bulgarian lev", 2),
    ("BRL", "Brazilian real", 2),
    ("CAD", "Canadian dollar", 2),
    ("CHF", "Swiss franc", 2),
    ("CNY", "Chinese yuan", 2),
    ("CZK", "Czech koruna", 2),
    ("DKK", "Danish krone", 2),
    ("EUR", "Euro", 2),
    ("GBP", "Pound sterling", 2),
    ("HKD", "Hong Kong dollar", 2),
    ("HUF", "Hungarian forint", 2),
    ("IDR", "Indonesian rupiah", 2),
    ("ILS", "Israeli new shekel", 2),
    ("INR", "Indian rupee", 2),
    ("JPY", "Japanese yen", 0),
    ("KRW", "South Korean won", 0),
    ("KWD", "Kuwaiti dinar", 3),
    ("MXN", "Mexican peso", 2),
    ("MYR", "Malaysian ringgit", 2),
    ("NOK", "Norwegian krone", 2),
    ("NZD", "New Zealand dollar", 2),
    ("PHP", "Philippine peso", 2),
    ("PLN", "Polish zloty", 2),
    ("RON", "Romanian leu", 2),
    ("SEK", "Swedish krona", 2),
    ("SGD", "Singapore dollar", 2),
    ("THB", "Thai baht", 2),
    ("TND", "Tunisian dinar", 3),
    ("TRY", "Turkish lira", 2),
    ("TWD", "New Taiwan dollar", 2),
    ("UAH", "Ukrainian hryvnia", 2),
    ("USD", "US dollar", 2),
    ("VND", "Vietnamese dong", 0),
    ("ZAR", "South African rand", 2),
)

REFUSE_REWRITING = """
CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    RAISE EXCEPTION 'Rows of % are history: they are added to, never changed. Post the opposite instead.', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$
"""

# A proposed row is checked before its conflict is seen, so one that takes something out claims to be allowed; the row that
# is kept never does, and one that did not exist before is put right, and thereby checked, at the end.
FOLD_STOCK = """
CREATE FUNCTION fold_stock() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    INSERT INTO public.stock_balance AS kept
        (warehouse_id, item_id, variant_id, on_hand, in_inspection, value, allows_negative)
    SELECT warehouse_id, item_id, variant_id, on_hand, in_inspection, value,
           allows_negative OR on_hand < 0 OR in_inspection < 0
    FROM (
        SELECT moved.warehouse_id, moved.item_id, moved.variant_id,
               coalesce(sum(moved.quantity) FILTER (WHERE moved.place = 'on_hand'), 0) AS on_hand,
               coalesce(sum(moved.quantity) FILTER (WHERE moved.place = 'inspection'), 0) AS in_inspection,
               sum(moved.value) AS value, bool_or(warehouse.allows_negative) AS allows_negative
        FROM posted AS moved JOIN public.warehouse ON warehouse.id = moved.warehouse_id
        GROUP BY moved.warehouse_id, moved.item_id, moved.variant_id
    ) AS folded
    ORDER BY warehouse_id, item_id, variant_id
    ON CONFLICT (warehouse_id, item_id, variant_id) DO UPDATE SET
        on_hand = kept.on_hand + excluded.on_hand,
        in_inspection = kept.in_inspection + excluded.in_inspection,
        value = kept.value + excluded.value,
        allows_negative = (SELECT allows_negative FROM public.warehouse WHERE id = kept.warehouse_id);
    IF EXISTS (SELECT FROM posted WHERE quantity < 0) THEN
        UPDATE public.stock_balance AS kept SET allows_negative = warehouse.allows_negative
        FROM public.warehouse, (SELECT DISTINCT warehouse_id, item_id, variant_id FROM posted WHERE quantity < 0) AS moved
        WHERE kept.warehouse_id = moved.warehouse_id
          AND (kept.item_id = moved.item_id OR kept.variant_id = moved.variant_id)
          AND warehouse.id = kept.warehouse_id AND kept.allows_negative AND NOT warehouse.allows_negative;
    END IF;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.execute("CREATE EXTENSION IF NOT EXISTS unaccent")
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    create_tables()
    guard_history()
    grant()
    seed()


def guard_history() -> None:
    op.execute(REFUSE_REWRITING)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_is_history BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()"
        )
    op.execute(FOLD_STOCK)
    op.execute("REVOKE ALL ON FUNCTION fold_stock() FROM PUBLIC")
    op.execute("ALTER TABLE stock_balance SET (fillfactor = 50)")
    op.execute(
        "CREATE TRIGGER stock_entry_folds AFTER INSERT ON stock_entry REFERENCING NEW TABLE AS posted "
        "FOR EACH STATEMENT EXECUTE FUNCTION fold_stock()"
    )


def grant() -> None:
    op.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    op.execute("GRANT USAGE ON SCHEMA public TO buyside_app, buyside_portal")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO buyside_app")
    for table in APPEND_ONLY:
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM buyside_app")
    op.execute("REVOKE UPDATE, TRUNCATE ON answered_request FROM buyside_app")
    op.execute("REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON stock_balance FROM buyside_app")
    op.execute(
        "GRANT UPDATE (allows_negative) ON stock_balance TO buyside_app"
    )  # follows its warehouse; lets postings lock


def seed() -> None:
    currency = sa.table("currency", sa.column("code"), sa.column("name"), sa.column("digits"))
    op.bulk_insert(currency, [{"code": code, "name": name, "digits": digits} for code, name, digits in CURRENCIES])
    op.execute(
        "INSERT INTO organisation (id, name, currency_code, time_zone, over_receipt_percent, version) "
        "VALUES (1, 'Own organisation', 'EUR', 'UTC', 0, 1)"
    )
    op.execute("INSERT INTO order_type (code, name, is_default) VALUES ('standard', 'Standard order', true)")


def create_tables() -> None:
    op.create_table(
        "app_user",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("locale", sa.Text(), server_default="en_GB", nullable=False),
        sa.Column("time_zone", sa.Text(), server_default="UTC", nullable=False),
        sa.Column("manager_id", sa.BigInteger(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["manager_id"], ["app_user.id"], name=op.f("app_user_manager_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("app_user_pkey")),
    )
    op.create_index(
        "app_user_identity",
        "app_user",
        ["issuer", "subject"],
        unique=True,
        postgresql_where=sa.text("subject IS NOT NULL"),
    )
    op.create_index(op.f("app_user_manager_id_idx"), "app_user", ["manager_id"], unique=False)
    op.create_table(
        "currency",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("digits", sa.Integer(), nullable=False),
        sa.CheckConstraint("digits BETWEEN 0 AND 4", name=op.f("currency_digits_in_range_check")),
        sa.PrimaryKeyConstraint("code", name=op.f("currency_pkey")),
    )
    op.create_table(
        "item_group",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("item_group_pkey")),
        sa.UniqueConstraint("code", name=op.f("item_group_code_key")),
    )
    op.create_table(
        "option_value",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("group_name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("option_value_pkey")),
        sa.UniqueConstraint("group_name", "value", name=op.f("option_value_group_name_value_key")),
    )
    op.create_table(
        "order_type",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("order_type_pkey")),
        sa.UniqueConstraint("code", name=op.f("order_type_code_key")),
    )
    op.create_index(
        "order_type_one_default", "order_type", ["is_default"], unique=True, postgresql_where=sa.text("is_default")
    )
    op.create_table(
        "organisation_address",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account", sa.Text(), server_default="", nullable=False),
        sa.Column("lines", sa.Text(), server_default="", nullable=False),
        sa.Column("contact_name", sa.Text(), server_default="", nullable=False),
        sa.Column("contact_email", sa.Text(), server_default="", nullable=False),
        sa.Column("contact_phone", sa.Text(), server_default="", nullable=False),
        sa.Column("is_bill_to", sa.Boolean(), nullable=False),
        sa.Column("is_ship_to", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("organisation_address_pkey")),
    )
    op.create_index(
        "organisation_address_one_bill_to",
        "organisation_address",
        ["is_bill_to"],
        unique=True,
        postgresql_where=sa.text("is_bill_to"),
    )
    op.create_index(
        "organisation_address_one_ship_to",
        "organisation_address",
        ["is_ship_to"],
        unique=True,
        postgresql_where=sa.text("is_ship_to"),
    )
    op.create_table(
        "payment_term",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("payment_term_pkey")),
        sa.UniqueConstraint("code", name=op.f("payment_term_code_key")),
    )
    op.create_table(
        "product",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("covers_from_stock", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("product_pkey")),
        sa.UniqueConstraint("code", name=op.f("product_code_key")),
    )
    op.create_table(
        "unit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("category", sa.Text(), server_default="", nullable=False),
        sa.Column("factor", sa.Numeric(precision=18, scale=6), server_default="1", nullable=False),
        sa.Column("digits", sa.Integer(), nullable=False),
        sa.CheckConstraint("digits BETWEEN 0 AND 6", name=op.f("unit_digits_in_range_check")),
        sa.CheckConstraint("factor > 0", name=op.f("unit_factor_positive_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("unit_pkey")),
        sa.UniqueConstraint("code", name=op.f("unit_code_key")),
    )
    op.create_table(
        "warehouse",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("allows_negative", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("warehouse_pkey")),
        sa.UniqueConstraint("code", name=op.f("warehouse_code_key")),
    )
    op.create_table(
        "answered_request",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("operation", sa.Text(), server_default="", nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("arguments_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("answer", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("answered_request_user_id_fkey")),
        sa.PrimaryKeyConstraint("request_id", name=op.f("answered_request_pkey")),
    )
    op.create_table(
        "audit_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("actor_name", sa.Text(), server_default="", nullable=False),
        sa.Column("operation", sa.Text(), server_default="", nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("audit_event_user_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("audit_event_pkey")),
    )
    op.create_index("audit_event_at", "audit_event", ["at"], unique=False)
    op.create_index(op.f("audit_event_user_id_idx"), "audit_event", ["user_id"], unique=False)
    op.create_table(
        "item",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=True),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="inventory", nullable=False),
        sa.Column("supply", sa.Text(), server_default="buy", nullable=False),
        sa.Column("safety_stock", sa.Numeric(precision=18, scale=6), server_default="0", nullable=False),
        sa.Column("reorder_point", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("order_up_to", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("lot_policy", sa.Text(), server_default="lot_for_lot", nullable=False),
        sa.Column("period_days", sa.Integer(), nullable=True),
        sa.Column("make_lead_days", sa.Integer(), nullable=False),
        sa.Column("goods_in_days", sa.Integer(), nullable=False),
        sa.Column("inspection_required", sa.Boolean(), nullable=False),
        sa.Column("over_receipt_percent", sa.Numeric(precision=9, scale=4), nullable=True),
        sa.Column("standard_cost", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("default_warehouse_id", sa.BigInteger(), nullable=True),
        sa.Column("is_orderable", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('inventory', 'catalogue', 'generic')", name=op.f("item_known_kind_check")),
        sa.CheckConstraint(
            "lot_policy <> 'period' OR coalesce(period_days, 0) > 0", name=op.f("item_period_has_days_check")
        ),
        sa.CheckConstraint(
            "lot_policy IN ('lot_for_lot', 'fixed_multiple', 'period')", name=op.f("item_known_lot_policy_check")
        ),
        sa.CheckConstraint("supply IN ('buy', 'make', 'phantom')", name=op.f("item_known_supply_check")),
        sa.CheckConstraint("make_lead_days >= 0 AND goods_in_days >= 0", name=op.f("item_days_not_negative_check")),
        sa.CheckConstraint("order_up_to >= reorder_point", name=op.f("item_order_up_to_above_reorder_point_check")),
        sa.CheckConstraint("over_receipt_percent >= 0", name=op.f("item_tolerance_not_negative_check")),
        sa.CheckConstraint("safety_stock >= 0", name=op.f("item_safety_stock_not_negative_check")),
        sa.ForeignKeyConstraint(
            ["default_warehouse_id"], ["warehouse.id"], name=op.f("item_default_warehouse_id_fkey")
        ),
        sa.ForeignKeyConstraint(["group_id"], ["item_group.id"], name=op.f("item_group_id_fkey")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("item_unit_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("item_pkey")),
        sa.UniqueConstraint("code", name=op.f("item_code_key")),
    )
    op.create_index(
        "item_code_trigram",
        "item",
        ["code"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"code": "gin_trgm_ops"},
    )
    op.create_index(op.f("item_default_warehouse_id_idx"), "item", ["default_warehouse_id"], unique=False)
    op.create_index(op.f("item_group_id_idx"), "item", ["group_id"], unique=False)
    op.create_index(
        "item_name_trigram",
        "item",
        ["name"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"name": "gin_trgm_ops"},
    )
    op.create_index(op.f("item_unit_id_idx"), "item", ["unit_id"], unique=False)
    op.create_table(
        "organisation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("currency_code", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), server_default="UTC", nullable=False),
        sa.Column("over_receipt_percent", sa.Numeric(precision=9, scale=4), server_default="0", nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("organisation_only_one_check")),
        sa.ForeignKeyConstraint(["currency_code"], ["currency.code"], name=op.f("organisation_currency_code_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("organisation_pkey")),
    )
    op.create_table(
        "payment_term_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("payment_term_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("share_percent", sa.Numeric(precision=9, scale=4), nullable=False),
        sa.Column("trigger", sa.Text(), server_default="", nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "trigger IN ('order', 'shipment', 'receipt', 'acceptance', 'invoice')",
            name=op.f("payment_term_event_known_trigger_check"),
        ),
        sa.CheckConstraint("days >= 0", name=op.f("payment_term_event_days_not_negative_check")),
        sa.CheckConstraint(
            "share_percent > 0 AND share_percent <= 100", name=op.f("payment_term_event_share_in_range_check")
        ),
        sa.ForeignKeyConstraint(
            ["payment_term_id"], ["payment_term.id"], name=op.f("payment_term_event_payment_term_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("payment_term_event_pkey")),
    )
    op.create_index(
        op.f("payment_term_event_payment_term_id_idx"), "payment_term_event", ["payment_term_id"], unique=False
    )
    op.create_table(
        "planning_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("scope", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), server_default="running", nullable=False),
        sa.Column("step", sa.Text(), server_default="", nullable=False),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.Column("result_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('running', 'done', 'failed', 'cancelled')", name=op.f("planning_run_known_state_check")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("planning_run_user_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("planning_run_pkey")),
    )
    op.create_table(
        "product_option",
        sa.Column("product_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("option_value_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["option_value_id"], ["option_value.id"], name=op.f("product_option_option_value_id_fkey")
        ),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("product_option_product_id_fkey")),
        sa.PrimaryKeyConstraint("product_id", "option_value_id", name=op.f("product_option_pkey")),
    )
    op.create_table(
        "sales_order",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("customer", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), server_default="draft", nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("warehouse_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "status <> 'approved' OR approved_at IS NOT NULL", name=op.f("sales_order_approved_has_time_check")
        ),
        sa.CheckConstraint("status IN ('draft', 'approved', 'cancelled')", name=op.f("sales_order_known_status_check")),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouse.id"], name=op.f("sales_order_warehouse_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("sales_order_pkey")),
        sa.UniqueConstraint("number", name=op.f("sales_order_number_key")),
    )
    op.create_index(
        "sales_order_customer_trigram",
        "sales_order",
        ["customer"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"customer": "gin_trgm_ops"},
    )
    op.create_index(
        "sales_order_number_trigram",
        "sales_order",
        ["number"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"number": "gin_trgm_ops"},
    )
    op.create_index(op.f("sales_order_warehouse_id_idx"), "sales_order", ["warehouse_id"], unique=False)
    op.create_table(
        "user_role",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "role IN ('requester', 'buyer', 'approver', 'receiver', 'manager', 'sales', 'finance', 'admin', 'vendor')",
            name=op.f("user_role_known_role_check"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("user_role_user_id_fkey")),
        sa.PrimaryKeyConstraint("user_id", "role", name=op.f("user_role_pkey")),
    )
    op.create_table(
        "user_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("browser", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("user_session_user_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("user_session_pkey")),
        sa.UniqueConstraint("token_sha256", name=op.f("user_session_token_sha256_key")),
    )
    op.create_index(op.f("user_session_user_id_idx"), "user_session", ["user_id"], unique=False)
    op.create_table(
        "variant",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("variant_product_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("variant_pkey")),
        sa.UniqueConstraint("sku", name=op.f("variant_sku_key")),
    )
    op.create_index(
        "variant_name_trigram",
        "variant",
        ["name"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"name": "gin_trgm_ops"},
    )
    op.create_index(op.f("variant_product_id_idx"), "variant", ["product_id"], unique=False)
    op.create_index(
        "variant_sku_trigram",
        "variant",
        ["sku"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"sku": "gin_trgm_ops"},
    )
    op.create_table(
        "vendor",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("legal_name", sa.Text(), server_default="", nullable=False),
        sa.Column("tax_id", sa.Text(), server_default="", nullable=False),
        sa.Column("currency_code", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), server_default="en", nullable=False),
        sa.Column("payment_term_id", sa.BigInteger(), nullable=True),
        sa.Column("delivery_terms", sa.Text(), server_default="", nullable=False),
        sa.Column("shipping_account", sa.Text(), server_default="", nullable=False),
        sa.Column("shipping_method", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("status_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("over_receipt_percent", sa.Numeric(precision=9, scale=4), nullable=True),
        sa.Column("minimum_order_value", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "status IN ('prospect', 'active', 'on_hold', 'inactive')", name=op.f("vendor_known_status_check")
        ),
        sa.ForeignKeyConstraint(["currency_code"], ["currency.code"], name=op.f("vendor_currency_code_fkey")),
        sa.ForeignKeyConstraint(["payment_term_id"], ["payment_term.id"], name=op.f("vendor_payment_term_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("vendor_pkey")),
        sa.UniqueConstraint("code", name=op.f("vendor_code_key")),
    )
    op.create_index(
        "vendor_code_trigram",
        "vendor",
        ["code"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"code": "gin_trgm_ops"},
    )
    op.create_index(
        "vendor_name_trigram",
        "vendor",
        ["name"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"name": "gin_trgm_ops"},
    )
    op.create_index(op.f("vendor_payment_term_id_idx"), "vendor", ["payment_term_id"], unique=False)
    op.create_table(
        "audit_subject",
        sa.Column("event_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["audit_event.id"], name=op.f("audit_subject_event_id_fkey")),
        sa.PrimaryKeyConstraint("event_id", "kind", "record_id", name=op.f("audit_subject_pkey")),
    )
    op.create_index("audit_subject_record", "audit_subject", ["kind", "record_id"], unique=False)
    op.create_table(
        "bom_row",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), nullable=True),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        sa.Column("item_id", sa.BigInteger(), nullable=True),
        sa.Column("component_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity_per", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("scrap_percent", sa.Numeric(precision=9, scale=4), server_default="0", nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("item_id <> component_id", name=op.f("bom_row_not_of_itself_check")),
        sa.CheckConstraint("num_nonnulls(variant_id, product_id, item_id) = 1", name=op.f("bom_row_one_parent_check")),
        sa.CheckConstraint("quantity_per > 0", name=op.f("bom_row_quantity_per_positive_check")),
        sa.CheckConstraint("scrap_percent >= 0", name=op.f("bom_row_scrap_not_negative_check")),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("bom_row_validity_in_order_check")),
        sa.ForeignKeyConstraint(["component_id"], ["item.id"], name=op.f("bom_row_component_id_fkey")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("bom_row_item_id_fkey")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("bom_row_product_id_fkey")),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("bom_row_variant_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("bom_row_pkey")),
    )
    op.create_index(op.f("bom_row_component_id_idx"), "bom_row", ["component_id"], unique=False)
    op.create_index(op.f("bom_row_item_id_idx"), "bom_row", ["item_id"], unique=False)
    op.create_index(op.f("bom_row_product_id_idx"), "bom_row", ["product_id"], unique=False)
    op.create_index(op.f("bom_row_variant_id_idx"), "bom_row", ["variant_id"], unique=False)
    op.create_table(
        "contract",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("currency_code", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "status IN ('draft', 'active', 'suspended', 'expired', 'closed')", name=op.f("contract_known_status_check")
        ),
        sa.CheckConstraint("amount >= 0", name=op.f("contract_amount_not_negative_check")),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("contract_validity_in_order_check")),
        sa.ForeignKeyConstraint(["currency_code"], ["currency.code"], name=op.f("contract_currency_code_fkey")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("contract_vendor_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("contract_pkey")),
        sa.UniqueConstraint("number", name=op.f("contract_number_key")),
    )
    op.create_index(op.f("contract_vendor_id_idx"), "contract", ["vendor_id"], unique=False)
    op.create_table(
        "option_rule",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        sa.Column("variant_id", sa.BigInteger(), nullable=True),
        sa.Column("behaviour", sa.Text(), nullable=False),
        sa.Column("component_id", sa.BigInteger(), nullable=False),
        sa.Column("replacement_id", sa.BigInteger(), nullable=True),
        sa.Column("quantity", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(behaviour = 'replace') = (replacement_id IS NOT NULL)",
            name=op.f("option_rule_replacement_where_it_belongs_check"),
        ),
        sa.CheckConstraint(
            "behaviour IN ('add', 'remove', 'replace', 'scale')", name=op.f("option_rule_known_behaviour_check")
        ),
        sa.CheckConstraint(
            "behaviour NOT IN ('add', 'scale') OR quantity > 0",
            name=op.f("option_rule_quantity_where_it_belongs_check"),
        ),
        sa.CheckConstraint("num_nonnulls(variant_id, product_id) <= 1", name=op.f("option_rule_one_scope_check")),
        sa.ForeignKeyConstraint(["component_id"], ["item.id"], name=op.f("option_rule_component_id_fkey")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("option_rule_product_id_fkey")),
        sa.ForeignKeyConstraint(["replacement_id"], ["item.id"], name=op.f("option_rule_replacement_id_fkey")),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("option_rule_variant_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("option_rule_pkey")),
        sa.UniqueConstraint("code", name=op.f("option_rule_code_key")),
    )
    op.create_index(op.f("option_rule_component_id_idx"), "option_rule", ["component_id"], unique=False)
    op.create_index(op.f("option_rule_product_id_idx"), "option_rule", ["product_id"], unique=False)
    op.create_index(op.f("option_rule_replacement_id_idx"), "option_rule", ["replacement_id"], unique=False)
    op.create_index(op.f("option_rule_variant_id_idx"), "option_rule", ["variant_id"], unique=False)
    op.create_table(
        "planning_run_input",
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["planning_run.id"], name=op.f("planning_run_input_run_id_fkey")),
        sa.PrimaryKeyConstraint("run_id", "name", name=op.f("planning_run_input_pkey")),
    )
    op.execute("ALTER TABLE planning_run_input ALTER content SET STORAGE EXTERNAL")  # it is compressed already
    op.create_table(
        "planning_problem",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("sales_order_line_id", sa.BigInteger(), nullable=True),
        sa.Column("variant_id", sa.BigInteger(), nullable=True),
        sa.Column("option_value_id", sa.BigInteger(), nullable=True),
        sa.Column("item_id", sa.BigInteger(), nullable=True),
        sa.Column("warehouse_id", sa.BigInteger(), nullable=True),
        sa.Column("on_date", sa.Date(), nullable=True),
        sa.Column("quantity", sa.Numeric(precision=18, scale=6), server_default="0", nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("rules", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "kind IN ('unmapped', 'contradiction', 'uncovered_option', 'dead_end')",
            name=op.f("planning_problem_known_kind_check"),
        ),
        sa.ForeignKeyConstraint(["run_id"], ["planning_run.id"], name=op.f("planning_problem_run_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("planning_problem_pkey")),
    )
    op.create_index("planning_problem_run", "planning_problem", ["run_id", "kind", "id"], unique=False)
    op.create_table(
        "planning_requirement",
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("item_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("warehouse_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("gross", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("scheduled_receipts", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("overdue_receipts", sa.Numeric(precision=18, scale=6), server_default="0", nullable=False),
        sa.Column("projected", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("shortage", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "item_id", "warehouse_id", "on_date", name=op.f("planning_requirement_pkey")),
    )
    op.create_table(
        "sales_order_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("line_number", sa.Integer(), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("needed_by", sa.Date(), nullable=False),
        sa.Column("fulfilled_quantity", sa.Numeric(precision=18, scale=6), server_default="0", nullable=False),
        sa.Column("cancelled_quantity", sa.Numeric(precision=18, scale=6), server_default="0", nullable=False),
        sa.Column("is_direct_purchase", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "fulfilled_quantity >= 0 AND cancelled_quantity >= 0",
            name=op.f("sales_order_line_progress_not_negative_check"),
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("sales_order_line_quantity_positive_check")),
        sa.ForeignKeyConstraint(["order_id"], ["sales_order.id"], name=op.f("sales_order_line_order_id_fkey")),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("sales_order_line_variant_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("sales_order_line_pkey")),
        sa.UniqueConstraint("order_id", "line_number", name=op.f("sales_order_line_order_id_line_number_key")),
    )
    op.create_index("sales_order_line_needed_by", "sales_order_line", ["needed_by", "id"], unique=False)
    op.create_index(
        "sales_order_line_open",
        "sales_order_line",
        ["needed_by", "order_id"],
        unique=False,
        postgresql_where=sa.text("quantity > fulfilled_quantity + cancelled_quantity"),
    )
    op.create_index(op.f("sales_order_line_variant_id_idx"), "sales_order_line", ["variant_id"], unique=False)
    op.create_table(
        "stock_balance",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("warehouse_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=True),
        sa.Column("variant_id", sa.BigInteger(), nullable=True),
        sa.Column("on_hand", sa.Numeric(precision=18, scale=6), server_default="0", nullable=False),
        sa.Column("in_inspection", sa.Numeric(precision=18, scale=6), server_default="0", nullable=False),
        sa.Column("value", sa.Numeric(precision=18, scale=6), server_default="0", nullable=False),
        sa.Column("allows_negative", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "allows_negative OR (on_hand >= 0 AND in_inspection >= 0)", name=op.f("stock_balance_not_negative_check")
        ),
        sa.CheckConstraint("num_nonnulls(item_id, variant_id) = 1", name=op.f("stock_balance_one_article_check")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("stock_balance_item_id_fkey")),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("stock_balance_variant_id_fkey")),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouse.id"], name=op.f("stock_balance_warehouse_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("stock_balance_pkey")),
        sa.UniqueConstraint(
            "warehouse_id",
            "item_id",
            "variant_id",
            name=op.f("stock_balance_warehouse_id_item_id_variant_id_key"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(op.f("stock_balance_item_id_idx"), "stock_balance", ["item_id"], unique=False)
    op.create_index(op.f("stock_balance_variant_id_idx"), "stock_balance", ["variant_id"], unique=False)
    op.create_table(
        "stock_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("warehouse_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=True),
        sa.Column("variant_id", sa.BigInteger(), nullable=True),
        sa.Column("place", sa.Text(), server_default="on_hand", nullable=False),
        sa.Column("quantity", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("unit_cost", sa.Numeric(precision=18, scale=6), server_default="0", nullable=False),
        sa.Column("value", sa.Numeric(precision=18, scale=6), server_default="0", nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("source_kind", sa.Text(), server_default="", nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=True),
        sa.Column("reverses_id", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("place IN ('on_hand', 'inspection')", name=op.f("stock_entry_known_place_check")),
        sa.CheckConstraint(
            "reason IN ('opening', 'receipt', 'receipt_void', 'vendor_return', 'inspection_accept', 'inspection_reject', 'issue', 'transfer_out', 'transfer_in', 'adjustment', 'count', 'fulfilment', 'unfulfilment', 'make')",
            name=op.f("stock_entry_known_reason_check"),
        ),
        sa.CheckConstraint("num_nonnulls(item_id, variant_id) = 1", name=op.f("stock_entry_one_article_check")),
        sa.CheckConstraint("quantity <> 0", name=op.f("stock_entry_moves_something_check")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("stock_entry_item_id_fkey")),
        sa.ForeignKeyConstraint(["reverses_id"], ["stock_entry.id"], name=op.f("stock_entry_reverses_id_fkey")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("stock_entry_user_id_fkey")),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("stock_entry_variant_id_fkey")),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouse.id"], name=op.f("stock_entry_warehouse_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("stock_entry_pkey")),
        sa.UniqueConstraint("reverses_id", name=op.f("stock_entry_reverses_id_key")),
    )
    op.create_index("stock_entry_item", "stock_entry", ["item_id", "warehouse_id", "effective_on"], unique=False)
    op.create_index("stock_entry_source", "stock_entry", ["source_kind", "source_id"], unique=False)
    op.create_index("stock_entry_variant", "stock_entry", ["variant_id", "warehouse_id", "effective_on"], unique=False)
    op.create_index(op.f("stock_entry_warehouse_id_idx"), "stock_entry", ["warehouse_id"], unique=False)
    op.create_table(
        "vendor_address",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("lines", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "purpose IN ('order_form', 'bill_from', 'pick_up')", name=op.f("vendor_address_known_purpose_check")
        ),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("vendor_address_vendor_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("vendor_address_pkey")),
    )
    op.create_index(op.f("vendor_address_vendor_id_idx"), "vendor_address", ["vendor_id"], unique=False)
    op.create_table(
        "vendor_contact",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("phone", sa.Text(), server_default="", nullable=False),
        sa.Column("purpose", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("vendor_contact_vendor_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("vendor_contact_pkey")),
    )
    op.create_index(op.f("vendor_contact_vendor_id_idx"), "vendor_contact", ["vendor_id"], unique=False)
    op.create_table(
        "vendor_item",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_part", sa.Text(), server_default="", nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("purchase_unit_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_factor", sa.Numeric(precision=18, scale=6), server_default="1", nullable=False),
        sa.Column("lead_days", sa.Integer(), nullable=False),
        sa.Column("minimum_quantity", sa.Numeric(precision=18, scale=6), server_default="0", nullable=False),
        sa.Column("order_multiple", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("preference", sa.Integer(), nullable=False),
        sa.Column("share_percent", sa.Numeric(precision=9, scale=4), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.text("vendor_id"), "="),
            (sa.text("item_id"), "="),
            (sa.text("daterange(valid_from, valid_to, '[]')"), "&&"),
            using="gist",
            name="vendor_item_no_overlap",
        ),
        sa.CheckConstraint("lead_days >= 0", name=op.f("vendor_item_lead_days_not_negative_check")),
        sa.CheckConstraint("minimum_quantity >= 0", name=op.f("vendor_item_minimum_not_negative_check")),
        sa.CheckConstraint("order_multiple > 0", name=op.f("vendor_item_multiple_positive_check")),
        sa.CheckConstraint("share_percent BETWEEN 0 AND 100", name=op.f("vendor_item_share_in_range_check")),
        sa.CheckConstraint("unit_factor > 0", name=op.f("vendor_item_unit_factor_positive_check")),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("vendor_item_validity_in_order_check")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("vendor_item_item_id_fkey")),
        sa.ForeignKeyConstraint(["purchase_unit_id"], ["unit.id"], name=op.f("vendor_item_purchase_unit_id_fkey")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("vendor_item_vendor_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("vendor_item_pkey")),
    )
    op.create_index(op.f("vendor_item_item_id_idx"), "vendor_item", ["item_id"], unique=False)
    op.create_index(op.f("vendor_item_vendor_id_idx"), "vendor_item", ["vendor_id"], unique=False)
    op.create_index(
        "vendor_item_vendor_part_trigram",
        "vendor_item",
        ["vendor_part"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"vendor_part": "gin_trgm_ops"},
    )
    op.create_table(
        "vendor_series",
        sa.Column("vendor_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("vendor_series_vendor_id_fkey")),
        sa.PrimaryKeyConstraint("vendor_id", "year", name=op.f("vendor_series_pkey")),
    )
    op.create_table(
        "contract_item",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("contract_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("unit_price", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.CheckConstraint("quantity >= 0", name=op.f("contract_item_quantity_not_negative_check")),
        sa.CheckConstraint("unit_price >= 0", name=op.f("contract_item_unit_price_not_negative_check")),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("contract_item_contract_id_fkey")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("contract_item_item_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("contract_item_pkey")),
        sa.UniqueConstraint("contract_id", "item_id", name=op.f("contract_item_contract_id_item_id_key")),
    )
    op.create_index(op.f("contract_item_item_id_idx"), "contract_item", ["item_id"], unique=False)
    op.create_table(
        "option_rule_condition",
        sa.Column("rule_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("option_value_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["option_value_id"], ["option_value.id"], name=op.f("option_rule_condition_option_value_id_fkey")
        ),
        sa.ForeignKeyConstraint(["rule_id"], ["option_rule.id"], name=op.f("option_rule_condition_rule_id_fkey")),
        sa.PrimaryKeyConstraint("rule_id", "option_value_id", name=op.f("option_rule_condition_pkey")),
    )
    op.create_index("option_rule_condition_value", "option_rule_condition", ["option_value_id"], unique=False)
    op.create_table(
        "planning_coverage",
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sales_order_line_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ordered", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("covered_from_stock", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("exploded", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("run_id", "sales_order_line_id", name=op.f("planning_coverage_pkey")),
    )
    op.create_table(
        "planning_peg",
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("item_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("warehouse_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("sales_order_line_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("quantity", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.PrimaryKeyConstraint(
            "run_id", "item_id", "warehouse_id", "on_date", "sales_order_line_id", name=op.f("planning_peg_pkey")
        ),
    )
    op.create_index("planning_peg_line", "planning_peg", ["run_id", "sales_order_line_id"], unique=False)
    op.create_table(
        "price_break",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("vendor_item_id", sa.BigInteger(), nullable=False),
        sa.Column("from_quantity", sa.Numeric(precision=18, scale=6), server_default="0", nullable=False),
        sa.Column("unit_price", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("currency_code", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.text("vendor_item_id"), "="),
            (sa.text("from_quantity"), "="),
            (sa.text("currency_code"), "="),
            (sa.text("daterange(valid_from, valid_to, '[]')"), "&&"),
            using="gist",
            name="price_break_no_overlap",
        ),
        sa.CheckConstraint("from_quantity >= 0", name=op.f("price_break_from_quantity_not_negative_check")),
        sa.CheckConstraint("unit_price >= 0", name=op.f("price_break_unit_price_not_negative_check")),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("price_break_validity_in_order_check")),
        sa.ForeignKeyConstraint(["currency_code"], ["currency.code"], name=op.f("price_break_currency_code_fkey")),
        sa.ForeignKeyConstraint(["vendor_item_id"], ["vendor_item.id"], name=op.f("price_break_vendor_item_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("price_break_pkey")),
    )
    op.create_index(op.f("price_break_vendor_item_id_idx"), "price_break", ["vendor_item_id"], unique=False)
    op.create_table(
        "purchase_order",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("order_type_id", sa.BigInteger(), nullable=False),
        sa.Column("warehouse_id", sa.BigInteger(), nullable=False),
        sa.Column("contract_id", sa.BigInteger(), nullable=True),
        sa.Column("currency_code", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("is_on_hold", sa.Boolean(), nullable=False),
        sa.Column("order_by", sa.Date(), nullable=True),
        sa.Column("ordered_on", sa.Date(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bill_to_account", sa.Text(), server_default="", nullable=False),
        sa.Column("bill_to_address", sa.Text(), server_default="", nullable=False),
        sa.Column("bill_to_contact", sa.Text(), server_default="", nullable=False),
        sa.Column("payment_term_id", sa.BigInteger(), nullable=True),
        sa.Column("ship_to_account", sa.Text(), server_default="", nullable=False),
        sa.Column("ship_to_address", sa.Text(), server_default="", nullable=False),
        sa.Column("ship_to_contact", sa.Text(), server_default="", nullable=False),
        sa.Column("shipping_account", sa.Text(), server_default="", nullable=False),
        sa.Column("shipping_method", sa.Text(), server_default="", nullable=False),
        sa.Column("pick_up_address_id", sa.BigInteger(), nullable=True),
        sa.Column("fulfil_all_at_once", sa.Boolean(), nullable=False),
        sa.Column("header_discount", sa.Numeric(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column("shipping_costs", sa.Numeric(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column("subtotal", sa.Numeric(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column("discount", sa.Numeric(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column("tax", sa.Numeric(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column("total", sa.Numeric(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column("notes", sa.Text(), server_default="", nullable=False),
        sa.Column("internal_notes", sa.Text(), server_default="", nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('draft', 'in_approval', 'approved', 'issued', 'partly_confirmed', 'confirmed', 'rejected', 'partly_received', 'received', 'closed', 'cancelled')",
            name=op.f("purchase_order_known_state_check"),
        ),
        sa.CheckConstraint(
            "shipping_costs >= 0 AND header_discount >= 0", name=op.f("purchase_order_costs_not_negative_check")
        ),
        sa.ForeignKeyConstraint(["changed_by"], ["app_user.id"], name=op.f("purchase_order_changed_by_fkey")),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("purchase_order_contract_id_fkey")),
        sa.ForeignKeyConstraint(["created_by"], ["app_user.id"], name=op.f("purchase_order_created_by_fkey")),
        sa.ForeignKeyConstraint(["currency_code"], ["currency.code"], name=op.f("purchase_order_currency_code_fkey")),
        sa.ForeignKeyConstraint(["order_type_id"], ["order_type.id"], name=op.f("purchase_order_order_type_id_fkey")),
        sa.ForeignKeyConstraint(["owner_id"], ["app_user.id"], name=op.f("purchase_order_owner_id_fkey")),
        sa.ForeignKeyConstraint(
            ["payment_term_id"], ["payment_term.id"], name=op.f("purchase_order_payment_term_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["pick_up_address_id"], ["vendor_address.id"], name=op.f("purchase_order_pick_up_address_id_fkey")
        ),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("purchase_order_vendor_id_fkey")),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouse.id"], name=op.f("purchase_order_warehouse_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("purchase_order_pkey")),
        sa.UniqueConstraint("number", name=op.f("purchase_order_number_key")),
    )
    op.create_index(op.f("purchase_order_contract_id_idx"), "purchase_order", ["contract_id"], unique=False)
    op.create_index(
        "purchase_order_number_trigram",
        "purchase_order",
        ["number"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"number": "gin_trgm_ops"},
    )
    op.create_index("purchase_order_changed_at", "purchase_order", ["changed_at", "id"], unique=False)
    op.create_index("purchase_order_ordered_on", "purchase_order", ["ordered_on", "id"], unique=False)
    op.create_index("purchase_order_state", "purchase_order", ["state", "id"], unique=False)
    op.create_index(op.f("purchase_order_vendor_id_idx"), "purchase_order", ["vendor_id"], unique=False)
    op.create_index(op.f("purchase_order_warehouse_id_idx"), "purchase_order", ["warehouse_id"], unique=False)
    op.create_table(
        "sales_order_line_option",
        sa.Column("line_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("option_value_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["line_id"], ["sales_order_line.id"], name=op.f("sales_order_line_option_line_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["option_value_id"], ["option_value.id"], name=op.f("sales_order_line_option_option_value_id_fkey")
        ),
        sa.PrimaryKeyConstraint("line_id", "option_value_id", name=op.f("sales_order_line_option_pkey")),
    )
    op.create_table(
        "purchase_order_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("line_number", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_item_id", sa.BigInteger(), nullable=True),
        sa.Column("vendor_part", sa.Text(), server_default="", nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("quantity", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_factor", sa.Numeric(precision=18, scale=6), server_default="1", nullable=False),
        sa.Column("unit_price", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("discount_percent", sa.Numeric(precision=9, scale=4), server_default="0", nullable=False),
        sa.Column("discount_amount", sa.Numeric(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column("tax_percent", sa.Numeric(precision=9, scale=4), server_default="0", nullable=False),
        sa.Column("subtotal", sa.Numeric(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column("discount", sa.Numeric(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column("header_discount", sa.Numeric(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column("tax", sa.Numeric(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column("total", sa.Numeric(precision=18, scale=4), server_default="0", nullable=False),
        sa.Column("needed_on", sa.Date(), nullable=True),
        sa.Column("expected_on", sa.Date(), nullable=True),
        sa.Column("promised_on", sa.Date(), nullable=True),
        sa.Column("receivable_quantity", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("received_quantity", sa.Numeric(precision=18, scale=6), server_default="0", nullable=False),
        sa.Column("rejected_quantity", sa.Numeric(precision=18, scale=6), server_default="0", nullable=False),
        sa.Column("returned_quantity", sa.Numeric(precision=18, scale=6), server_default="0", nullable=False),
        sa.CheckConstraint("discount_amount >= 0", name=op.f("purchase_order_line_discount_amount_not_negative_check")),
        sa.CheckConstraint(
            "discount_percent BETWEEN 0 AND 100", name=op.f("purchase_order_line_discount_percent_in_range_check")
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("purchase_order_line_quantity_positive_check")),
        sa.CheckConstraint(
            "received_quantity <= receivable_quantity", name=op.f("purchase_order_line_not_over_received_check")
        ),
        sa.CheckConstraint("received_quantity >= 0", name=op.f("purchase_order_line_received_not_negative_check")),
        sa.CheckConstraint(
            "rejected_quantity >= 0 AND returned_quantity >= 0 AND rejected_quantity <= received_quantity",
            name=op.f("purchase_order_line_rejected_within_received_check"),
        ),
        sa.CheckConstraint("tax_percent >= 0", name=op.f("purchase_order_line_tax_percent_not_negative_check")),
        sa.CheckConstraint("unit_factor > 0", name=op.f("purchase_order_line_unit_factor_positive_check")),
        sa.CheckConstraint("unit_price >= 0", name=op.f("purchase_order_line_unit_price_not_negative_check")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("purchase_order_line_item_id_fkey")),
        sa.ForeignKeyConstraint(["order_id"], ["purchase_order.id"], name=op.f("purchase_order_line_order_id_fkey")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("purchase_order_line_unit_id_fkey")),
        sa.ForeignKeyConstraint(
            ["vendor_item_id"], ["vendor_item.id"], name=op.f("purchase_order_line_vendor_item_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("purchase_order_line_pkey")),
        sa.UniqueConstraint("order_id", "line_number", name=op.f("purchase_order_line_order_id_line_number_key")),
    )
    op.create_index(op.f("purchase_order_line_item_id_idx"), "purchase_order_line", ["item_id"], unique=False)
    op.create_index(
        op.f("purchase_order_line_vendor_item_id_idx"), "purchase_order_line", ["vendor_item_id"], unique=False
    )
    op.create_table(
        "purchase_order_snapshot",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["issued_by"], ["app_user.id"], name=op.f("purchase_order_snapshot_issued_by_fkey")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["purchase_order.id"], name=op.f("purchase_order_snapshot_order_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("purchase_order_snapshot_pkey")),
        sa.UniqueConstraint("order_id", "revision", name=op.f("purchase_order_snapshot_order_id_revision_key")),
    )
    op.create_table(
        "receipt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("warehouse_id", sa.BigInteger(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_by", sa.BigInteger(), nullable=True),
        sa.Column("delivery_note", sa.Text(), server_default="", nullable=False),
        sa.Column("reverses_id", sa.BigInteger(), nullable=True),
        sa.Column("void_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("is_history", sa.Boolean(), nullable=False),
        sa.CheckConstraint("reverses_id <> id", name=op.f("receipt_not_of_itself_check")),
        sa.ForeignKeyConstraint(["order_id"], ["purchase_order.id"], name=op.f("receipt_order_id_fkey")),
        sa.ForeignKeyConstraint(["received_by"], ["app_user.id"], name=op.f("receipt_received_by_fkey")),
        sa.ForeignKeyConstraint(["reverses_id"], ["receipt.id"], name=op.f("receipt_reverses_id_fkey")),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouse.id"], name=op.f("receipt_warehouse_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("receipt_pkey")),
        sa.UniqueConstraint("number", name=op.f("receipt_number_key")),
        sa.UniqueConstraint("reverses_id", name=op.f("receipt_reverses_id_key")),
    )
    op.create_index(op.f("receipt_order_id_idx"), "receipt", ["order_id"], unique=False)
    op.create_index(op.f("receipt_warehouse_id_idx"), "receipt", ["warehouse_id"], unique=False)
    op.create_table(
        "plan_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("warehouse_id", sa.BigInteger(), nullable=False),
        sa.Column("suggested_needed_on", sa.Date(), nullable=False),
        sa.Column("suggested_vendor_item_id", sa.BigInteger(), nullable=True),
        sa.Column("suggested_quantity_packs", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("suggested_unit_price", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("shortage", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("needed_on", sa.Date(), nullable=False),
        sa.Column("order_by", sa.Date(), nullable=False),
        sa.Column("late_days", sa.Integer(), nullable=False),
        sa.Column("vendor_item_id", sa.BigInteger(), nullable=True),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_factor", sa.Numeric(precision=18, scale=6), server_default="1", nullable=False),
        sa.Column("quantity_packs", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("unit_price", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("currency_code", sa.Text(), nullable=True),
        sa.Column("contract_id", sa.BigInteger(), nullable=True),
        sa.Column("is_locked", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("left_out_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("drift", sa.Text(), server_default="", nullable=False),
        sa.Column("purchase_order_line_id", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'converted') = (purchase_order_line_id IS NOT NULL)",
            name=op.f("plan_line_converted_has_order_check"),
        ),
        sa.CheckConstraint(
            "state <> 'left_out' OR left_out_reason <> ''", name=op.f("plan_line_left_out_has_reason_check")
        ),
        sa.CheckConstraint("state IN ('open', 'left_out', 'converted')", name=op.f("plan_line_known_state_check")),
        sa.CheckConstraint("quantity_packs >= 0", name=op.f("plan_line_quantity_not_negative_check")),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("plan_line_contract_id_fkey")),
        sa.ForeignKeyConstraint(["currency_code"], ["currency.code"], name=op.f("plan_line_currency_code_fkey")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("plan_line_item_id_fkey")),
        sa.ForeignKeyConstraint(
            ["purchase_order_line_id"], ["purchase_order_line.id"], name=op.f("plan_line_purchase_order_line_id_fkey")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["planning_run.id"], name=op.f("plan_line_run_id_fkey")),
        sa.ForeignKeyConstraint(
            ["suggested_vendor_item_id"], ["vendor_item.id"], name=op.f("plan_line_suggested_vendor_item_id_fkey")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("plan_line_unit_id_fkey")),
        sa.ForeignKeyConstraint(["vendor_item_id"], ["vendor_item.id"], name=op.f("plan_line_vendor_item_id_fkey")),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouse.id"], name=op.f("plan_line_warehouse_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("plan_line_pkey")),
        sa.UniqueConstraint("purchase_order_line_id", name=op.f("plan_line_purchase_order_line_id_key")),
    )
    op.create_index(op.f("plan_line_item_id_idx"), "plan_line", ["item_id"], unique=False)
    op.create_index("plan_line_run", "plan_line", ["run_id", "needed_on", "id"], unique=False)
    op.create_index(op.f("plan_line_vendor_item_id_idx"), "plan_line", ["vendor_item_id"], unique=False)
    op.create_table(
        "purchase_order_peg",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_line_id", sa.BigInteger(), nullable=False),
        sa.Column("sales_order_line_id", sa.BigInteger(), nullable=True),
        sa.Column("quantity", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["purchase_order_line.id"], name=op.f("purchase_order_peg_order_line_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["sales_order_line_id"], ["sales_order_line.id"], name=op.f("purchase_order_peg_sales_order_line_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("purchase_order_peg_pkey")),
    )
    op.create_index(op.f("purchase_order_peg_order_line_id_idx"), "purchase_order_peg", ["order_line_id"], unique=False)
    op.create_index(
        op.f("purchase_order_peg_sales_order_line_id_idx"), "purchase_order_peg", ["sales_order_line_id"], unique=False
    )
    op.create_table(
        "receipt_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("receipt_id", sa.BigInteger(), nullable=False),
        sa.Column("order_line_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("stock_quantity", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("rejected_quantity", sa.Numeric(precision=18, scale=6), server_default="0", nullable=False),
        sa.CheckConstraint("quantity <> 0", name=op.f("receipt_line_moves_something_check")),
        sa.CheckConstraint(
            "sign(quantity) * rejected_quantity >= 0", name=op.f("receipt_line_rejected_has_the_same_sign_check")
        ),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["purchase_order_line.id"], name=op.f("receipt_line_order_line_id_fkey")
        ),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"], name=op.f("receipt_line_receipt_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("receipt_line_pkey")),
    )
    op.create_index(op.f("receipt_line_order_line_id_idx"), "receipt_line", ["order_line_id"], unique=False)
    op.create_index(op.f("receipt_line_receipt_id_idx"), "receipt_line", ["receipt_id"], unique=False)


def downgrade() -> None:
    raise RuntimeError("The first migration is not undone: restore a backup instead.")
