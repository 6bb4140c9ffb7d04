"""The vendor boundary as the catalogue has it, and as the portal's own login meets it, with no application in between."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from buyside.db import engine
from tests.conftest import Database
from tests.db.lint import READABLE, findings

pytestmark = pytest.mark.rule("ACC-5")


@pytest.fixture
def administrator(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """The server's administrator, in a transaction that is rolled back."""
    with psycopg.connect(engine.administrator_url()) as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def portal(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """The portal's login, with no session proven."""
    with psycopg.connect(database.portal_url) as connection:
        yield connection
        connection.rollback()


def test_nothing_is_open_to_the_portal_but_what_is_listed(administrator: psycopg.Connection[Any]) -> None:
    assert findings(administrator) == []


_OWNED = "SET LOCAL ROLE buyside_owner; "
BREACHES = (
    # what somebody might do one day, and what the lint says of it
    ("DROP POLICY purchase_order_portal ON purchase_order", "purchase_order has no policy for the portal"),
    ("DROP POLICY unit_portal ON unit", "unit has no policy for the portal"),
    ("ALTER TABLE vendor NO FORCE ROW LEVEL SECURITY", "vendor does not force row security"),
    ("ALTER TABLE contract DISABLE ROW LEVEL SECURITY", "contract has no row security"),
    ("ALTER POLICY vendor_portal ON vendor USING (true)", "vendor shows the portal rows without asking whose they are"),
    (
        "ALTER POLICY purchase_order_line_portal ON purchase_order_line USING (quantity > 0)",
        "purchase_order_line shows the portal rows without asking whose they are",
    ),
    (
        "ALTER POLICY vendor_portal ON vendor USING (id = ANY (portal_vendors()))",
        "vendor shows the portal rows without asking whose they are",
    ),
    (
        "CREATE POLICY more ON contract FOR SELECT TO buyside_portal USING (true)",
        "contract has 2 policies for the portal, of which one is enough to be let in",
    ),
    ("CREATE POLICY more ON contract FOR SELECT USING (true)", "contract has a policy for everybody"),
    (
        "ALTER POLICY item_portal ON item TO buyside_portal, buyside_app",
        "item has a policy for the portal that is not for reading alone",
    ),
    (
        "CREATE POLICY writes ON vendor FOR UPDATE TO buyside_portal USING (true)",
        "vendor has a policy for the portal that is not for reading alone",
    ),
    ("GRANT SELECT (internal_notes) ON purchase_order TO buyside_portal", "purchase_order.internal_notes is readable"),
    (
        "GRANT SELECT (content) ON purchase_order_snapshot TO buyside_portal",
        "purchase_order_snapshot.content is readable",
    ),
    ("REVOKE SELECT (name) ON vendor FROM buyside_portal", "vendor.name is not readable by the portal"),
    ("GRANT SELECT ON app_user TO buyside_portal", "app_user is readable as a whole by the portal"),
    ("GRANT SELECT ON alembic_version TO buyside_portal", "alembic_version.version_num is readable by the portal"),
    ("GRANT UPDATE (name) ON vendor TO buyside_portal", "vendor is writable by the portal"),
    ("GRANT TRUNCATE ON stock_entry TO buyside_portal", "stock_entry is writable by the portal"),
    ("GRANT SELECT ON SEQUENCE receipt_id_seq TO buyside_portal", "the sequence receipt_id_seq is open to the portal"),
    ("GRANT SELECT ON warehouse TO PUBLIC", "the relation warehouse is open to everybody"),
    ("GRANT SELECT (code) ON warehouse TO PUBLIC", "the column warehouse.code is open to everybody"),
    ("RESET ROLE; GRANT USAGE ON SCHEMA public TO PUBLIC", "the schema public is open to everybody"),
    ("CREATE VIEW orders AS SELECT * FROM purchase_order", "the view orders runs with its owner's rights"),
    (
        "CREATE VIEW orders WITH (security_invoker) AS SELECT id FROM contract; GRANT SELECT ON orders TO buyside_portal",
        "orders.id is readable by the portal",
    ),
    (
        "CREATE MATERIALIZED VIEW orders AS SELECT id FROM contract; GRANT SELECT ON orders TO buyside_portal",
        "orders.id is readable by the portal",
    ),
    (
        "CREATE FUNCTION leak() RETURNS text LANGUAGE sql SECURITY DEFINER RETURN 'all'",
        "the function leak runs with its owner's rights on its caller's search path",
    ),
    ("ALTER FUNCTION portal_vendors() RESET search_path", "the function portal_vendors runs with its owner's rights"),
    ("ALTER FUNCTION sign_in SET search_path = public", "the function sign_in runs with its owner's rights on its"),
    ("GRANT EXECUTE ON FUNCTION open_vendors TO PUBLIC", "the function open_vendors may be called by everybody"),
    ("GRANT EXECUTE ON FUNCTION living_session TO buyside_portal", "the function living_session may be called by"),
    (
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO buyside_portal",
        "what buyside_owner makes later (kind r) is open to buyside_portal",
    ),
    (
        "ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC",
        "functions of later migrations may be called by everybody",
    ),
    (
        "RESET ROLE; ALTER FUNCTION portal_vendors() OWNER TO postgres",
        "the function portal_vendors runs with the rights",
    ),
    ("RESET ROLE; ALTER ROLE buyside_portal BYPASSRLS", "buyside_portal is a privileged role"),
    ("RESET ROLE; ALTER ROLE buyside_app CREATEROLE", "buyside_app is a privileged role"),
    ("RESET ROLE; ALTER ROLE buyside_owner BYPASSRLS", "buyside_owner is above row security"),
    ("RESET ROLE; GRANT buyside_app TO buyside_portal", "buyside_portal is a member of another role"),
    ("RESET ROLE; GRANT pg_read_all_data TO buyside_portal", "buyside_portal is a member of another role"),
    ("RESET ROLE; ALTER TABLE order_type OWNER TO buyside_app", "buyside_app owns something"),
    ("RESET ROLE; GRANT CREATE ON SCHEMA public TO buyside_portal", "buyside_portal may create things"),
)


@pytest.mark.parametrize(
    ("breach", "said"), BREACHES, ids=[each[0].removeprefix("RESET ROLE; ")[:60] for each in BREACHES]
)
def test_the_lint_finds_what_was_opened(breach: str, said: str, administrator: psycopg.Connection[Any]) -> None:
    administrator.execute(_OWNED + breach)  # type: ignore[arg-type]
    administrator.execute("RESET ROLE")
    found = findings(administrator)
    assert any(each.startswith(said) for each in found), found


def test_functions_of_later_migrations_are_nobodys(administrator: psycopg.Connection[Any]) -> None:
    administrator.execute(
        _OWNED + "CREATE FUNCTION later() RETURNS int LANGUAGE sql RETURN 1; CREATE TABLE later (n int)"
    )
    administrator.execute("RESET ROLE")
    assert findings(administrator) == []


def test_the_real_database_lets_nobody_in_but_our_roles(administrator: psycopg.Connection[Any]) -> None:
    """Databases of test modules are copies, which keep no rights of their own; their template has those of a real one."""
    granted = administrator.execute(
        "SELECT g.grantee::regrole::text, g.privilege_type FROM pg_database, aclexplode(datacl) AS g "
        "WHERE datname = 'buyside_template' AND g.grantee <> datdba ORDER BY 1, 2"
    ).fetchall()
    assert granted == [
        *(("buyside_app", right) for right in ("CONNECT", "TEMPORARY")),
        *(("buyside_owner", right) for right in ("CONNECT", "CREATE", "TEMPORARY")),
        ("buyside_portal", "CONNECT"),
    ]


@pytest.mark.parametrize("table", READABLE)
@pytest.mark.parametrize("proof", [None, "", "x", "0" * 64, "A" * 64, "0" * 63 + "\n", "0" * 10_000])
def test_without_a_proof_there_are_no_rows(table: str, proof: str | None, portal: psycopg.Connection[Any]) -> None:
    if proof is not None:
        portal.execute("SELECT set_config('app.session', %s, true)", [proof])
    [column, *_] = READABLE[table]
    asked = sql.SQL("SELECT {} FROM {}").format(sql.Identifier(column), sql.Identifier(table))
    assert portal.execute(asked).fetchall() == []


def test_every_other_table_and_column_is_refused(
    administrator: psycopg.Connection[Any], portal: psycopg.Connection[Any]
) -> None:
    columns = administrator.execute(
        "SELECT c.relname, a.attname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid "
        "WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND NOT a.attisdropped AND a.attnum > 0"
    ).fetchall()
    closed = [(table, column) for table, column in columns if column not in READABLE.get(table, ())]
    assert len(closed) > 300
    for table, column in closed:
        asked = sql.SQL("SELECT {} FROM {}").format(sql.Identifier(column), sql.Identifier(table))
        with pytest.raises(psycopg.errors.InsufficientPrivilege), portal.transaction():
            portal.execute(asked)


@pytest.mark.parametrize("table", READABLE)
@pytest.mark.parametrize(
    "write",
    ["INSERT INTO {} DEFAULT VALUES", "UPDATE {} SET {} = DEFAULT", "DELETE FROM {}", "TRUNCATE {}", "LOCK {} IN SHARE MODE",
     "SELECT {1} FROM {0} FOR UPDATE", "ALTER TABLE {} DISABLE ROW LEVEL SECURITY",
     "DROP POLICY {2} ON {0}"],
)  # fmt: skip
def test_what_the_portal_reads_it_cannot_write(table: str, write: str, portal: psycopg.Connection[Any]) -> None:
    names = [sql.Identifier(each) for each in (table, min(READABLE[table]), f"{table}_portal")]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        portal.execute(sql.SQL(write).format(*names))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "step",
    ["SET ROLE buyside_app", "SET ROLE buyside_owner", "SET SESSION AUTHORIZATION buyside_app",
     "CREATE TABLE mine (n int)", "CREATE SCHEMA mine", "ALTER ROLE buyside_portal BYPASSRLS",
     "CREATE FUNCTION public.portal_vendors() RETURNS bigint[] LANGUAGE sql RETURN ARRAY[1,2,3]::bigint[]",
     "SET row_security = off; SELECT id FROM vendor", "SELECT pg_read_file('PG_VERSION')",
     "COPY (SELECT 1) TO PROGRAM 'cat'", "SELECT open_vendors(1)", "SELECT * FROM living_session('x', 'internal')",
     "SELECT own_surface()", "SELECT vendor_copy('{}')"],
)  # fmt: skip
def test_the_portal_cannot_climb_over(step: str, portal: psycopg.Connection[Any]) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        portal.execute(step)  # type: ignore[arg-type]


_TRAPPED = [
    "text",
    "uuid",
    "jsonb",
    "bytea",
    "bool",
    "int8",
    "int4",
    "timestamptz",
    "record",
    "_int8",
    "_text",
    "app_user",
    "user_session",
    "user_invitation",
]


def _set_a_trap(portal: psycopg.Connection[Any]) -> None:
    portal.execute(
        "CREATE FUNCTION pg_temp.caught() RETURNS boolean LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'caught as %', current_user; END $$"
    )
    for name in _TRAPPED:
        made = sql.SQL("CREATE DOMAIN pg_temp.{} AS pg_catalog.text CHECK (pg_temp.caught())")
        portal.execute(made.format(sql.Identifier(name)))


@pytest.mark.parametrize(
    "call",
    ["portal_vendors()", "find_login('\\x00')", "sign_in('i', 's', 'e@x.example', NULL, NULL, '\\x00', 'b')",
     "end_login('00000000-0000-0000-0000-000000000000', 'x')", "end_logins_of('i', 's', 's', 'x')",
     "sign_out_hint('00000000-0000-0000-0000-000000000000')",
     "keep_attempt('\\x00', '\\x01', '{}', now() + interval '1 minute')", "take_attempt('\\x00', '\\x01')",
     "use_logout_token('i', 'j', now() + interval '1 minute')"],
)  # fmt: skip
def test_types_of_the_callers_own_making_are_not_taken_for_ours(call: str, portal: psycopg.Connection[Any]) -> None:
    """A temporary type is found before every other of its name; its check would run with the owner's rights.

    Copied databases let everybody make temporary things, so that this can be tried at all.
    """
    _set_a_trap(portal)
    with pytest.raises(psycopg.errors.RaiseException, match="caught as buyside_portal"), portal.transaction():
        portal.execute("SELECT 'x'::text")  # the trap works
    portal.execute(f"SELECT count(*) FROM {call}")  # type: ignore[arg-type]
