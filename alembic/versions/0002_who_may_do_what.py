"""Who may do what: invitations, memberships, sessions of two surfaces, and the vendor boundary in the database.

Identity is handled by functions alone. They run as the owner and take the surface from the login that calls them, so that
the portal's login neither finds nor makes a session of the own people. Row security shows the portal's login what belongs
to the active memberships of the person whose session a transaction proves, and nothing without such a proof (ACC-5).

Inside functions that run as the owner every name is written with its schema, types too: without that, a caller's temporary
type of the same name would be taken for the one that is meant.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APP, PORTAL, OWNER = "buyside_app", "buyside_portal", "buyside_owner"

# Helpers of the functions below; nobody else calls them.
OWN_SURFACE = """
CREATE FUNCTION own_surface() RETURNS text LANGUAGE sql STABLE SET search_path = ''
RETURN CASE session_user WHEN 'buyside_app' THEN 'internal' WHEN 'buyside_portal' THEN 'portal' END
"""

OPEN_VENDORS = """
CREATE FUNCTION open_vendors(person bigint) RETURNS bigint[] LANGUAGE sql STABLE SET search_path = ''
BEGIN ATOMIC
    SELECT coalesce(array_agg(DISTINCT membership.vendor_id), '{}')
    FROM public.vendor_membership AS membership JOIN public.vendor ON vendor.id = membership.vendor_id
    WHERE membership.user_id = person AND vendor.status <> 'inactive'
      AND membership.begins_at <= clock_timestamp()
      AND (membership.ends_at IS NULL OR membership.ends_at > clock_timestamp());
END
"""

LIVING_SESSION = """
CREATE FUNCTION living_session(digest bytea, on_surface text)
RETURNS TABLE (session_id uuid, user_id bigint, vendor_ids bigint[]) LANGUAGE sql STABLE SET search_path = ''
BEGIN ATOMIC
    SELECT login.id, person.id, vendors.ids
    FROM public.user_session AS login JOIN public.app_user AS person ON person.id = login.user_id
    CROSS JOIN LATERAL (
        SELECT CASE WHEN on_surface = 'portal' THEN public.open_vendors(person.id) ELSE '{}' END AS ids
    ) AS vendors
    WHERE login.token_sha256 = digest AND login.surface = on_surface AND login.ended_at IS NULL
      AND login.expires_at > clock_timestamp() AND login.last_seen_at > clock_timestamp() - interval '90 minutes'
      AND person.is_active AND (on_surface = 'internal' OR cardinality(vendors.ids) > 0);
END
"""

# What row security asks, once per statement.
PORTAL_VENDORS = """
CREATE FUNCTION portal_vendors() RETURNS bigint[] LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
BEGIN ATOMIC
    SELECT coalesce((
        SELECT living.vendor_ids FROM public.living_session(
            decode(
                CASE WHEN current_setting('app.session', true) ~ '^[0-9a-f]{64}$'
                     THEN current_setting('app.session', true) END,
                'hex'
            ), 'portal'
        ) AS living
    ), '{}');
END
"""

FIND_LOGIN = """
CREATE FUNCTION find_login(digest bytea)
RETURNS TABLE (
    session_id uuid, expires_at timestamptz, user_id bigint, name text, locale text, time_zone text, dates_zone text,
    roles text[], vendor_ids bigint[]
) LANGUAGE sql SECURITY DEFINER SET search_path = ''
BEGIN ATOMIC
    UPDATE public.user_session AS login SET last_seen_at = clock_timestamp()
    WHERE login.last_seen_at < clock_timestamp() - interval '1 minute'
      AND login.id = (SELECT living.session_id FROM public.living_session(digest, public.own_surface()) AS living);
    SELECT login.id, login.expires_at, person.id, person.name, person.locale, person.time_zone, organisation.time_zone,
           ARRAY(SELECT held.role FROM public.user_role AS held WHERE held.user_id = person.id ORDER BY held.role),
           living.vendor_ids
    FROM public.living_session(digest, public.own_surface()) AS living
    JOIN public.user_session AS login ON login.id = living.session_id
    JOIN public.app_user AS person ON person.id = living.user_id
    JOIN public.organisation ON organisation.id = 1;
END
"""

SIGN_IN = """
CREATE FUNCTION sign_in(
    proven_issuer text, proven_subject text, proven_email text, provider_session text, proven_by text, digest bytea,
    from_browser text
) RETURNS TABLE (refusal text, session_id uuid) LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    own pg_catalog.text := public.own_surface();
    moment pg_catalog.timestamptz := clock_timestamp();
    person public.app_user;
    invitation public.user_invitation;
    event pg_catalog.int8;
BEGIN
    SELECT known.* INTO person FROM public.app_user AS known
    WHERE known.issuer = proven_issuer AND known.subject = proven_subject;
    IF NOT FOUND THEN
        SELECT asked.* INTO invitation
        FROM public.user_invitation AS asked JOIN public.app_user AS invited ON invited.id = asked.user_id
        WHERE lower(asked.email COLLATE pg_catalog."C") = lower(proven_email COLLATE pg_catalog."C")
          AND asked.accepted_at IS NULL AND asked.revoked_at IS NULL AND asked.expires_at > moment
          AND invited.subject IS NULL AND invited.is_vendor = (own = 'portal')
        FOR UPDATE;
        IF FOUND THEN
            SELECT known.* INTO person FROM public.app_user AS known WHERE known.id = invitation.user_id;
        ELSE  -- the same person in another window may have been faster
            SELECT known.* INTO person FROM public.app_user AS known
            WHERE known.issuer = proven_issuer AND known.subject = proven_subject;
        END IF;
    END IF;
    refusal := CASE
        WHEN own IS NULL OR person.id IS NULL THEN 'unknown-person'
        WHEN person.is_vendor <> (own = 'portal') THEN 'not-on-this-surface'
        WHEN NOT person.is_active THEN 'disabled'
        WHEN own = 'portal' AND cardinality(public.open_vendors(person.id)) = 0 THEN 'no-vendor'
    END;
    IF refusal IS NULL THEN
        IF invitation.id IS NOT NULL THEN
            UPDATE public.app_user AS bound
            SET issuer = proven_issuer, subject = proven_subject, version = bound.version + 1 WHERE bound.id = person.id;
            UPDATE public.user_invitation AS kept SET accepted_at = moment WHERE kept.id = invitation.id;
            INSERT INTO public.audit_event (at, user_id, actor_name, operation, changes)
            VALUES (moment, person.id, person.name, 'accept_invitation', jsonb_build_array(
                jsonb_build_object(
                    'kind', 'app_user', 'id', person.id,
                    'before', jsonb_build_object('issuer', person.issuer, 'subject', NULL, 'version', person.version),
                    'after', jsonb_build_object(
                        'issuer', proven_issuer, 'subject', proven_subject, 'version', person.version + 1
                    )
                ),
                jsonb_build_object(
                    'kind', 'user_invitation', 'id', invitation.id,
                    'before', jsonb_build_object('accepted_at', NULL),
                    'after', jsonb_build_object('accepted_at', moment)
                )
            )) RETURNING id INTO event;
            INSERT INTO public.audit_subject (event_id, kind, record_id)
            VALUES (event, 'app_user', person.id), (event, 'user_invitation', invitation.id);
        END IF;
        session_id := gen_random_uuid();
        INSERT INTO public.user_session (
            id, user_id, surface, token_sha256, created_at, last_seen_at, expires_at, browser,
            issuer, issuer_session, id_token
        ) VALUES (
            session_id, person.id, own, digest, moment, moment, moment + interval '12 hours', from_browser,
            proven_issuer, provider_session, proven_by
        );
        UPDATE public.app_user AS seen SET last_sign_in_at = moment WHERE seen.id = person.id;
    END IF;
    RETURN NEXT;
END $$
"""

# The internal surface may end any session, the portal its own kind.
END_LOGIN = """
CREATE FUNCTION end_login(which uuid, because text) RETURNS uuid LANGUAGE sql SECURITY DEFINER SET search_path = ''
BEGIN ATOMIC
    UPDATE public.user_session AS login
    SET ended_at = clock_timestamp(), ended_because = end_login.because, id_token = NULL
    WHERE login.id = end_login.which AND login.ended_at IS NULL
      AND (public.own_surface() = 'internal' OR login.surface = public.own_surface())
    RETURNING login.id;
END
"""

END_LOGINS_OF = """
CREATE FUNCTION end_logins_of(proven_issuer text, provider_session text, proven_subject text, because text)
RETURNS SETOF uuid LANGUAGE sql SECURITY DEFINER SET search_path = ''
BEGIN ATOMIC
    UPDATE public.user_session AS login
    SET ended_at = clock_timestamp(), ended_because = end_logins_of.because, id_token = NULL
    FROM public.app_user AS person
    WHERE person.id = login.user_id AND login.ended_at IS NULL AND login.surface = public.own_surface()
      AND login.issuer = proven_issuer AND coalesce(provider_session, proven_subject) IS NOT NULL
      AND (provider_session IS NULL OR login.issuer_session = provider_session)
      AND (proven_subject IS NULL OR (person.issuer = proven_issuer AND person.subject = proven_subject))
    RETURNING login.id;
END
"""

SIGN_OUT_HINT = """
CREATE FUNCTION sign_out_hint(which uuid) RETURNS TABLE (issuer text, issuer_session text, id_token text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
BEGIN ATOMIC
    SELECT login.issuer, login.issuer_session, login.id_token FROM public.user_session AS login
    WHERE login.id = which AND login.surface = public.own_surface();
END
"""

# Whoever writes sweeps some of what is over, never waiting for another who does the same.
KEEP_ATTEMPT = """
CREATE FUNCTION keep_attempt(state_digest bytea, browser_digest bytea, held jsonb, until timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = ''
BEGIN ATOMIC
    DELETE FROM public.sign_in_attempt WHERE state_sha256 IN (
        SELECT over.state_sha256 FROM public.sign_in_attempt AS over WHERE over.expires_at < clock_timestamp()
        LIMIT 100 FOR UPDATE SKIP LOCKED
    );
    INSERT INTO public.sign_in_attempt (state_sha256, browser_sha256, surface, content, expires_at)
    VALUES (state_digest, browser_digest, public.own_surface(), held, until);
END
"""

TAKE_ATTEMPT = """
CREATE FUNCTION take_attempt(state_digest bytea, browser_digest bytea) RETURNS jsonb
LANGUAGE sql SECURITY DEFINER SET search_path = ''
BEGIN ATOMIC
    DELETE FROM public.sign_in_attempt AS attempt
    WHERE attempt.state_sha256 = state_digest AND attempt.browser_sha256 = browser_digest
      AND attempt.surface = public.own_surface() AND attempt.expires_at > clock_timestamp()
    RETURNING attempt.content;
END
"""

REMEMBER_LOGOUT = """
CREATE FUNCTION use_logout_token(from_issuer text, token_id text, until timestamptz) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = ''
BEGIN ATOMIC
    DELETE FROM public.used_logout_token WHERE (surface, issuer, jti) IN (
        SELECT over.surface, over.issuer, over.jti FROM public.used_logout_token AS over
        WHERE over.expires_at < clock_timestamp() LIMIT 100 FOR UPDATE SKIP LOCKED
    );
    INSERT INTO public.used_logout_token (surface, issuer, jti, expires_at)
    VALUES (public.own_surface(), from_issuer, token_id, until)
    ON CONFLICT DO NOTHING RETURNING true;
END
"""

# What the vendor may read of a frozen paper is listed; whatever a later form adds stays inside until it is listed too.
VENDOR_COPY = """
CREATE FUNCTION vendor_copy(content jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT coalesce(jsonb_object_agg(part.key, CASE
        WHEN part.key <> 'lines' THEN part.value
        ELSE (
            SELECT coalesce(jsonb_agg((
                SELECT coalesce(jsonb_object_agg(cell.key, cell.value), '{}') FROM jsonb_each(line.value) AS cell
                WHERE cell.key IN (
                    'line', 'item', 'vendor_part', 'description', 'quantity', 'unit', 'unit_factor', 'unit_price',
                    'subtotal', 'discount_percent', 'discount', 'header_discount', 'tax_percent', 'tax', 'total',
                    'expected_on'
                )
            ) ORDER BY line.ordinality), '[]')
            FROM jsonb_array_elements(part.value) WITH ORDINALITY AS line
        ) END
    ), '{}')
    FROM jsonb_each(content) AS part
    WHERE part.key IN (
        'form', 'number', 'revision', 'title', 'ordered_on', 'currency', 'buyer', 'vendor', 'bill_to', 'ship_to',
        'terms', 'contract', 'lines', 'foot', 'notes'
    )
)
"""

HELPERS = {
    "own_surface()": OWN_SURFACE,
    "open_vendors(bigint)": OPEN_VENDORS,
    "living_session(bytea, text)": LIVING_SESSION,
}
CALLED = {
    # function: (who may call it, its making)
    "portal_vendors()": (PORTAL, PORTAL_VENDORS),
    "find_login(bytea)": (f"{APP}, {PORTAL}", FIND_LOGIN),
    "sign_in(text, text, text, text, text, bytea, text)": (f"{APP}, {PORTAL}", SIGN_IN),
    "end_login(uuid, text)": (f"{APP}, {PORTAL}", END_LOGIN),
    "end_logins_of(text, text, text, text)": (f"{APP}, {PORTAL}", END_LOGINS_OF),
    "sign_out_hint(uuid)": (f"{APP}, {PORTAL}", SIGN_OUT_HINT),
    "keep_attempt(bytea, bytea, jsonb, timestamptz)": (f"{APP}, {PORTAL}", KEEP_ATTEMPT),
    "take_attempt(bytea, bytea)": (f"{APP}, {PORTAL}", TAKE_ATTEMPT),
    "use_logout_token(text, text, timestamptz)": (f"{APP}, {PORTAL}", REMEMBER_LOGOUT),
}

# What makes sessions end, or perhaps end: whoever holds a socket of theirs open looks them up again (ACC-4).
ENDINGS = {
    # table: (column, which change of it, which sessions)
    "user_session": ("ended_at", "OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL", "login.id = NEW.id"),
    "app_user": (
        "is_active",
        "OLD.is_active AND NOT NEW.is_active",
        "login.ended_at IS NULL AND login.user_id = NEW.id",
    ),
    "vendor_membership": (
        "ends_at",
        "NEW.ends_at IS NOT NULL AND NEW.ends_at IS DISTINCT FROM OLD.ends_at",
        "login.ended_at IS NULL AND login.user_id = NEW.user_id",
    ),
    "vendor": (
        "status",
        "NEW.status = 'inactive' AND OLD.status <> 'inactive'",
        """login.ended_at IS NULL AND login.user_id IN (
            SELECT held.user_id FROM public.vendor_membership AS held WHERE held.vendor_id = NEW.id)""",
    ),
}

ANY_OWN = "cardinality((SELECT portal_vendors())) > 0"
BOUNDARY = {
    # table: (which rows the portal reads, and which columns of them)
    "vendor": ("id = ANY ((SELECT portal_vendors())::bigint[])", "id, code, name"),
    "purchase_order": (
        "issued_at IS NOT NULL AND vendor_id = ANY ((SELECT portal_vendors())::bigint[])",
        """id, number, title, vendor_id, contract_id, currency_code, state, ordered_on, issued_at,
        bill_to_account, bill_to_address, bill_to_contact, ship_to_account, ship_to_address, ship_to_contact,
        shipping_account, shipping_method, fulfil_all_at_once, header_discount, shipping_costs,
        subtotal, discount, tax, total, notes""",
    ),
    "purchase_order_line": (
        "EXISTS (SELECT FROM purchase_order AS own WHERE own.id = purchase_order_line.order_id)",
        """id, order_id, line_number, vendor_part, description, quantity, unit_id, unit_factor, unit_price,
        discount_percent, discount_amount, tax_percent, subtotal, discount, header_discount, tax, total,
        expected_on, promised_on, received_quantity, rejected_quantity, returned_quantity""",
    ),
    "purchase_order_snapshot": (
        "EXISTS (SELECT FROM purchase_order AS own WHERE own.id = purchase_order_snapshot.order_id)",
        "order_id, revision, vendor_copy, issued_at",
    ),
    "contract": (
        "status <> 'draft' AND vendor_id = ANY ((SELECT portal_vendors())::bigint[])",
        "id, number, vendor_id, title, currency_code, valid_from, valid_to, amount, status",
    ),
    "contract_item": (
        "EXISTS (SELECT FROM contract AS own WHERE own.id = contract_item.contract_id)",
        "id, contract_id, item_id, quantity, unit_price",
    ),
    "item": (
        "EXISTS (SELECT FROM contract_item AS agreed WHERE agreed.item_id = item.id)",
        "id, code, name, unit_id",
    ),
    "unit": (ANY_OWN, "id, code"),
    "currency": (ANY_OWN, "code, name, digits"),
    "organisation": (ANY_OWN, "id, name, currency_code, time_zone"),
}


def upgrade() -> None:
    # A function is nobody's until it is given to somebody, those of later migrations too.
    op.execute("ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC")
    op.execute("REVOKE EXECUTE ON FUNCTION refuse_rewriting(), fold_stock() FROM PUBLIC")
    change_users()
    create_tables()
    for making in HELPERS.values():
        op.execute(making)
    for function, (callers, making) in CALLED.items():
        op.execute(making)
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {callers}")
    announce_endings()
    copy_papers()
    draw_the_boundary()


def change_users() -> None:
    op.add_column("app_user", sa.Column("is_vendor", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.alter_column("app_user", "is_vendor", server_default=None)
    op.add_column("app_user", sa.Column("last_sign_in_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE app_user SET is_vendor = true WHERE id IN (SELECT user_id FROM user_role WHERE role = 'vendor')")
    op.create_unique_constraint(op.f("app_user_id_is_vendor_key"), "app_user", ["id", "is_vendor"])
    op.add_column(
        "user_role",
        sa.Column("is_vendor_role", sa.Boolean(), sa.Computed("role = 'vendor'::text", persisted=True), nullable=False),
    )
    fit_the_kind_of_user("user_role", "is_vendor_role")

    # A session from before says nothing about who opened it and where: everybody signs in anew.
    op.add_column("user_session", sa.Column("ended_because", sa.Text(), server_default="", nullable=False))
    op.execute("UPDATE user_session SET ended_at = now(), ended_because = 'upgrade' WHERE ended_at IS NULL")
    op.add_column("user_session", sa.Column("surface", sa.Text(), nullable=True))
    op.execute(
        "UPDATE user_session SET surface = CASE WHEN is_vendor THEN 'portal' ELSE 'internal' END "
        "FROM app_user WHERE app_user.id = user_session.user_id"
    )
    op.alter_column("user_session", "surface", nullable=False)
    op.create_check_constraint(
        op.f("user_session_known_surface_check"), "user_session", "surface IN ('internal', 'portal')"
    )
    op.add_column(
        "user_session",
        sa.Column(
            "is_on_portal", sa.Boolean(), sa.Computed("surface = 'portal'::text", persisted=True), nullable=False
        ),
    )
    for name in ("issuer", "issuer_session", "id_token"):
        op.add_column("user_session", sa.Column(name, sa.Text(), nullable=True))
    fit_the_kind_of_user("user_session", "is_on_portal")
    op.create_index(
        "user_session_of_issuer",
        "user_session",
        ["issuer", "issuer_session"],
        postgresql_where=sa.text("issuer_session IS NOT NULL"),
    )
    op.execute(f"REVOKE DELETE, TRUNCATE ON user_session FROM {APP}")


def fit_the_kind_of_user(table: str, flag: str) -> None:
    op.create_foreign_key(f"{table}_fits_the_kind_of_user", table, "app_user", ["user_id", flag], ["id", "is_vendor"])


def create_tables() -> None:
    op.create_table(
        "user_invitation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("invited_by", sa.BigInteger(), nullable=True),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("email <> ''", name=op.f("user_invitation_somewhere_check")),
        sa.CheckConstraint("expires_at > invited_at", name=op.f("user_invitation_expires_later_check")),
        sa.CheckConstraint("accepted_at IS NULL OR revoked_at IS NULL", name=op.f("user_invitation_one_end_check")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("user_invitation_user_id_fkey")),
        sa.ForeignKeyConstraint(["invited_by"], ["app_user.id"], name=op.f("user_invitation_invited_by_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("user_invitation_pkey")),
    )
    op.create_index(op.f("user_invitation_user_id_idx"), "user_invitation", ["user_id"], unique=False)
    is_open = sa.text("accepted_at IS NULL AND revoked_at IS NULL")
    op.create_index("user_invitation_one_open", "user_invitation", ["user_id"], unique=True, postgresql_where=is_open)
    op.create_index(
        "user_invitation_one_open_per_email",
        "user_invitation",
        [sa.text('lower(email COLLATE "C")')],
        unique=True,
        postgresql_where=is_open,
    )
    op.create_table(
        "vendor_membership",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("is_vendor_user", sa.Boolean(), sa.Computed("true", persisted=True), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("granted_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("ends_at >= begins_at", name=op.f("vendor_membership_in_order_check")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("vendor_membership_vendor_id_fkey")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("vendor_membership_user_id_fkey")),
        sa.ForeignKeyConstraint(["granted_by"], ["app_user.id"], name=op.f("vendor_membership_granted_by_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("vendor_membership_pkey")),
    )
    fit_the_kind_of_user("vendor_membership", "is_vendor_user")
    op.create_index(op.f("vendor_membership_vendor_id_idx"), "vendor_membership", ["vendor_id"], unique=False)
    op.create_index(op.f("vendor_membership_user_id_idx"), "vendor_membership", ["user_id"], unique=False)
    op.create_index(
        "vendor_membership_one_without_end",
        "vendor_membership",
        ["vendor_id", "user_id"],
        unique=True,
        postgresql_where=sa.text("ends_at IS NULL"),
    )
    op.create_table(
        "sign_in_attempt",
        sa.Column("state_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("browser_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("surface", sa.Text(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("surface IN ('internal', 'portal')", name=op.f("sign_in_attempt_known_surface_check")),
        sa.PrimaryKeyConstraint("state_sha256", name=op.f("sign_in_attempt_pkey")),
    )
    op.create_table(
        "used_logout_token",
        sa.Column("surface", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("jti", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("surface", "issuer", "jti", name=op.f("used_logout_token_pkey")),
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON user_invitation, vendor_membership TO {APP}")


def announce_endings() -> None:
    for table, (column, change, sessions) in ENDINGS.items():
        op.execute(
            f"CREATE FUNCTION announce_endings_by_{table}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER "
            "SET search_path = '' AS $$ BEGIN PERFORM pg_notify('session_ended', login.id::pg_catalog.text) "
            f"FROM public.user_session AS login WHERE {sessions}; RETURN NULL; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_ends_sessions AFTER UPDATE OF {column} ON {table} FOR EACH ROW "
            f"WHEN ({change}) EXECUTE FUNCTION announce_endings_by_{table}()"
        )


def copy_papers() -> None:
    """The rows are written anew as they are, which no trigger sees: history stays what it was."""
    op.execute(VENDOR_COPY)
    op.execute(f"GRANT EXECUTE ON FUNCTION vendor_copy(jsonb) TO {APP}")  # whoever issues writes the copy with it
    op.add_column(
        "purchase_order_snapshot",
        sa.Column(
            "vendor_copy",
            postgresql.JSONB(astext_type=sa.Text()),
            sa.Computed("vendor_copy(content)", persisted=True),
            nullable=False,
        ),
    )


def draw_the_boundary() -> None:
    for table, (_, columns) in BOUNDARY.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY {table}_internal ON {table} TO {APP}, {OWNER} USING (true) WITH CHECK (true)")
        op.execute(f"GRANT SELECT ({columns}) ON {table} TO {PORTAL}")
    for table, (rows, _) in BOUNDARY.items():
        op.execute(f"CREATE POLICY {table}_portal ON {table} FOR SELECT TO {PORTAL} USING ({rows})")


def downgrade() -> None:
    raise RuntimeError("Whose session, invitation and membership it was would be lost: restore a backup instead.")
