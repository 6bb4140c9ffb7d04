"""Reads the catalogue of a database and says what is open to the vendor portal that is not meant to be.

What is meant is written down here a second time, on purpose: a migration that opens more fails until somebody agrees.
"""

from collections.abc import Iterator
from typing import Any

import psycopg

PORTAL, APP, OWNER = "buyside_portal", "buyside_app", "buyside_owner"

READABLE: dict[str, frozenset[str]] = {
    table: frozenset(columns.split())
    for table, columns in {
        "vendor": "id code name",
        "purchase_order": (
            "id number title vendor_id contract_id currency_code state ordered_on issued_at bill_to_account bill_to_address "
            "bill_to_contact ship_to_account ship_to_address ship_to_contact shipping_account shipping_method "
            "fulfil_all_at_once header_discount shipping_costs subtotal discount tax total notes"
        ),
        "purchase_order_line": (
            "id order_id line_number vendor_part description quantity unit_id unit_factor unit_price discount_percent "
            "discount_amount tax_percent subtotal discount header_discount tax total expected_on promised_on "
            "received_quantity rejected_quantity returned_quantity"
        ),
        "purchase_order_snapshot": "order_id revision vendor_copy issued_at",
        "contract": "id number vendor_id title currency_code valid_from valid_to amount status",
        "contract_item": "id contract_id item_id quantity unit_price",
        "item": "id code name unit_id",
        "unit": "id code",
        "currency": "code name digits",
        "organisation": "id name currency_code time_zone",
    }.items()
}
"""Columns that the portal's login may read; it may write none."""

_IDENTITY = {
    *("find_login", "sign_in", "end_login", "end_logins_of", "sign_out_hint"),
    *("keep_attempt", "take_attempt", "use_logout_token"),
}
CALLABLE = {PORTAL: _IDENTITY | {"portal_vendors"}, APP: _IDENTITY | {"vendor_copy", "audit_words", "folded"}}
"""Functions that a login may call, beside those of extensions."""

_OURS = "n.nspname !~ '^(pg_|information_schema)'"
_NOT_OF_EXTENSIONS = "NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = {0}.oid AND d.classid = '{1}'::regclass AND d.deptype = 'e')"


def findings(connection: psycopg.Connection[Any]) -> list[str]:
    """Everything that is open and should not be, a sentence each. Raises nothing; an empty list is a clean database."""
    checks = (_columns, _tables, _policies, _views, _functions, _roles, _public, _defaults)
    return [found for check in checks for found in check(connection)]


def _columns(connection: psycopg.Connection[Any]) -> Iterator[str]:
    """The portal reads the listed columns, writes none, and has no right to anything else that holds rows."""
    held = connection.execute(
        f"""SELECT c.relname, array_remove(array_agg(a.attname::text) FILTER (
                       WHERE has_column_privilege(%s, c.oid, a.attnum, 'SELECT')), NULL),
                   bool_or(has_column_privilege(%s, c.oid, a.attnum, 'INSERT, UPDATE, REFERENCES')),
                   has_table_privilege(%s, c.oid, 'SELECT'),
                   has_table_privilege(%s, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER, MAINTAIN')
            FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
            JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {_OURS} GROUP BY c.oid""",
        [PORTAL] * 4,
    ).fetchall()
    assert len(held) > 40
    for table, columns, writes_columns, whole, writes in held:
        meant = READABLE.get(table, frozenset())
        for column in sorted(set(columns or ()) ^ meant):
            yield f"{table}.{column} is {'not ' if column in meant else ''}readable by the portal"
        if whole:
            yield f"{table} is readable as a whole by the portal, with columns that are still to come"
        if writes or writes_columns:
            yield f"{table} is writable by the portal"
    for (sequence,) in connection.execute(
        f"""SELECT c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE {_OURS} AND CASE c.relkind WHEN 'S' THEN has_sequence_privilege(%s, c.oid, 'USAGE, SELECT, UPDATE') END""",
        [PORTAL],
    ):
        yield f"the sequence {sequence} is open to the portal"


def _tables(connection: psycopg.Connection[Any]) -> Iterator[str]:
    for table, enabled, forced in connection.execute(
        "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class WHERE relkind = 'r' "
        "AND relnamespace = 'public'::regnamespace AND relname = any(%s)",
        [list(READABLE)],
    ):
        if not enabled:
            yield f"{table} has no row security"
        if not forced:
            yield f"{table} does not force row security"


def _policies(connection: psycopg.Connection[Any]) -> Iterator[str]:
    """Every readable table has one policy for the portal, for reading, which asks for its vendors or for a row that does."""
    found: dict[str, list[str]] = {}
    for table, roles, command, permissive, rows in connection.execute(
        "SELECT tablename, roles::text[], cmd, permissive, coalesce(qual, 'true') FROM pg_policies"
    ):
        if "public" in roles:
            yield f"{table} has a policy for everybody"
        if PORTAL not in roles:
            continue
        if command != "SELECT" or permissive != "PERMISSIVE" or roles != [PORTAL]:
            yield f"{table} has a policy for the portal that is not for reading alone"
        found.setdefault(table, []).append(rows)
    for table in READABLE:
        rows = found.pop(table, [])
        if not rows:
            yield f"{table} has no policy for the portal"
        elif len(rows) > 1:
            yield f"{table} has {len(rows)} policies for the portal, of which one is enough to be let in"
        # By way of another row, or of the vendors as a subquery of their own: a bare call would be made for every row.
        elif "( SELECT portal_vendors() AS portal_vendors)" not in rows[0] and not any(
            f"FROM {other} " in rows[0]
            for other in READABLE
            if other not in {table, "unit", "currency", "organisation"}
        ):
            yield f"{table} shows the portal rows without asking whose they are"
    for table in found:
        yield f"{table} has a policy for the portal, which may not read it"


def _views(connection: psycopg.Connection[Any]) -> Iterator[str]:
    for view, kind, options in connection.execute(
        f"""SELECT c.relname, c.relkind, coalesce(c.reloptions, '{{}}') FROM pg_class AS c
            JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind IN ('v', 'm') AND {_OURS}"""
    ):
        if kind == "v" and not {"security_invoker=true", "security_invoker=on"} & set(options):
            yield f"the view {view} runs with its owner's rights"
        if kind == "m" and view in READABLE:
            yield f"{view} is a materialized view, which knows no row security"


def _functions(connection: psycopg.Connection[Any]) -> Iterator[str]:
    called: dict[str, set[str]] = {PORTAL: set(), APP: set()}
    for name, of_extension, definer, owner, settings, public, portal, app in connection.execute(
        f"""SELECT p.proname, NOT {_NOT_OF_EXTENSIONS.format("p", "pg_proc")}, p.prosecdef, p.proowner::regrole::text,
                   coalesce(p.proconfig, '{{}}'),
                   EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) WHERE grantee = 0),
                   has_function_privilege(%s, p.oid, 'EXECUTE'), has_function_privilege(%s, p.oid, 'EXECUTE')
            FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE {_OURS}""",
        [PORTAL, APP],
    ):
        if definer and 'search_path=""' not in settings:
            yield f"the function {name} runs with its owner's rights on its caller's search path"
        if definer and (of_extension or owner != OWNER):
            yield f"the function {name} runs with the rights of {owner}"
        if of_extension:
            continue
        if public:
            yield f"the function {name} may be called by everybody"
        called[PORTAL] |= {name} if portal else set()
        called[APP] |= {name} if app else set()
    for role, names in called.items():
        for name in sorted(names ^ CALLABLE[role]):
            yield f"the function {name} may {'' if name in names else 'not '}be called by {role}"


def _roles(connection: psycopg.Connection[Any]) -> Iterator[str]:
    for role, privileged, owned, member, creates in connection.execute(
        """SELECT rolname, rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication,
                  EXISTS (SELECT FROM pg_shdepend AS d WHERE d.refobjid = r.oid AND d.deptype = 'o'),
                  EXISTS (SELECT FROM pg_auth_members AS m WHERE m.member = r.oid),
                  EXISTS (SELECT FROM pg_namespace AS n WHERE n.nspname !~ '^pg_' AND has_schema_privilege(r.oid, n.oid, 'CREATE'))
                      OR has_database_privilege(r.oid, current_database(), 'CREATE')
           FROM pg_roles AS r WHERE rolname = any(%s)""",
        [[APP, PORTAL]],
    ):
        if privileged:
            yield f"{role} is a privileged role"
        if owned:
            yield f"{role} owns something"
        if member:
            yield f"{role} is a member of another role"
        if creates:
            yield f"{role} may create things"
    for (told,) in connection.execute(
        "SELECT rolname FROM pg_roles WHERE rolname = %s AND (rolsuper OR rolbypassrls)", [OWNER]
    ):
        yield f"{told} is above row security"


def _public(connection: psycopg.Connection[Any]) -> Iterator[str]:
    for kind, name in connection.execute(
        f"""SELECT 'relation', c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace,
                   aclexplode(c.relacl) AS g WHERE g.grantee = 0 AND {_OURS} AND {_NOT_OF_EXTENSIONS.format("c", "pg_class")}
            UNION ALL
            SELECT 'column', c.relname || '.' || a.attname FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
            JOIN pg_namespace AS n ON n.oid = c.relnamespace, aclexplode(a.attacl) AS g WHERE g.grantee = 0 AND {_OURS}
            UNION ALL
            SELECT 'schema', n.nspname FROM pg_namespace AS n, aclexplode(n.nspacl) AS g WHERE g.grantee = 0 AND {_OURS}"""
    ):
        yield f"the {kind} {name} is open to everybody"


def _defaults(connection: psycopg.Connection[Any]) -> Iterator[str]:
    """What later migrations make is nobody's either, until they give it to somebody."""
    rows = connection.execute(
        "SELECT d.defaclrole::regrole::text, d.defaclobjtype::text, g.grantee = 0, g.grantee::regrole::text "
        "FROM pg_default_acl AS d LEFT JOIN LATERAL aclexplode(d.defaclacl) AS g ON true"
    ).fetchall()
    if not any(role == OWNER and kind == "f" for role, kind, _, _ in rows):
        yield "functions of later migrations may be called by everybody"
    for role, kind, everybody, grantee in rows:
        if everybody or grantee in {PORTAL, APP}:
            yield f"what {role} makes later (kind {kind}) is open to {'everybody' if everybody else grantee}"
