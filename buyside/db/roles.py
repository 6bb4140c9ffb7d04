"""The three database roles and what they may do before any table exists. Tables are granted by the migrations."""

from collections.abc import Mapping

import psycopg
from psycopg import sql

from buyside.db.engine import APP, OWNER, PORTAL, with_login

OLDEST_POSTGRESQL = 16

_LOCK = 0x62757973  # one process at a time prepares a database; the number only has to be ours
_LOGINS = (APP, PORTAL)


class DatabaseProblem(Exception):
    """The database cannot be used as it is; the message says why and what to do, in sentences."""


def prepare(administrator_url: str, passwords: Mapping[str, str], *, owner_signs_in: bool) -> None:
    """Make the roles of a database if they are missing, and let them in. Safe to repeat.

    `passwords` holds one for each login that Buyside keeps itself; a login without one is the operator's own affair.
    `owner_signs_in`: `OWNER` is a login of its own; otherwise the given login acts as `OWNER`. Raises `DatabaseProblem`.
    """
    with _connected(administrator_url) as connection, connection.transaction():
        if connection.info.server_version < OLDEST_POSTGRESQL * 10_000:
            raise DatabaseProblem(
                f"The server runs PostgreSQL {connection.info.server_version // 10_000}; Buyside needs "
                f"{OLDEST_POSTGRESQL} or newer."
            )
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        _make_roles(connection, passwords, owner_signs_in)
        if not owner_signs_in:
            _act_as_owner(connection)
        _let_in(connection)
        _close_to_others(connection)
    for role in _LOGINS:
        if role in passwords:
            _set_password_if_wrong(administrator_url, role, passwords[role])


def _connected(url: str) -> psycopg.Connection[tuple[object, ...]]:
    try:
        return psycopg.connect(url, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise DatabaseProblem(f"The database cannot be reached: {_first_line(error)}") from None


def _make_roles(
    connection: psycopg.Connection[tuple[object, ...]], passwords: Mapping[str, str], owner_signs_in: bool
) -> None:
    wanted = (OWNER, *_LOGINS)
    found = {
        row[0] for row in connection.execute("select rolname from pg_roles where rolname = any(%s)", [list(wanted)])
    }
    missing = [role for role in wanted if role not in found]
    if not missing:
        return
    row = connection.execute(
        "select rolsuper or rolcreaterole, current_user::text from pg_roles where rolname = current_user"
    ).fetchone()
    if row is None or not row[0]:
        statements = [f"create role {role}{'' if role == OWNER else ' login'};" for role in missing]
        raise DatabaseProblem(
            f"The login {row[1] if row else ''} may not create roles. Let an administrator of the server run: "
            f"{' '.join(statements)} grant {OWNER} to {row[1] if row else ''}; and give {APP} and {PORTAL} passwords. Then set "
            f"BUYSIDE_APP_DATABASE_URL and BUYSIDE_PORTAL_DATABASE_URL to their logins."
        )
    for role in missing:
        signs_in = role != OWNER or owner_signs_in
        statement = sql.SQL("create role {} {} nosuperuser nocreatedb nocreaterole noreplication").format(
            sql.Identifier(role), sql.SQL("login" if signs_in else "nologin")
        )
        if signs_in and role in passwords:
            statement += sql.SQL(" password {}").format(sql.Literal(passwords[role]))
        connection.execute(statement)


def _act_as_owner(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    row = connection.execute("select pg_has_role(current_user, %s, 'set'), current_user::text", [OWNER]).fetchone()
    if row is not None and row[0]:
        return
    try:
        with connection.transaction():
            connection.execute(sql.SQL("grant {} to current_user with set true").format(sql.Identifier(OWNER)))
    except psycopg.errors.InsufficientPrivilege:
        raise DatabaseProblem(
            f"The login {row[1] if row else ''} may not act as {OWNER}. Let an administrator of the server run: "
            f"grant {OWNER} to {row[1] if row else ''};"
        ) from None


def _let_in(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Grant what is missing, and only that: an operator may have granted it by hand, to a login that cannot."""
    database = sql.Identifier(connection.info.dbname)
    needs = [
        (OWNER, "has_database_privilege(%s, current_database(), 'create')", "grant create on database {} to {}"),
        (OWNER, "has_schema_privilege(%s, 'public', 'create')", "grant usage, create on schema public to {1}"),
        (
            OWNER,
            "has_database_privilege(%s, current_database(), 'temporary')",
            "grant connect, temporary on database {} to {}",
        ),
        (
            APP,
            "has_database_privilege(%s, current_database(), 'temporary')",
            "grant connect, temporary on database {} to {}",
        ),
        (PORTAL, "has_database_privilege(%s, current_database(), 'connect')", "grant connect on database {} to {}"),
    ]
    for role, question, grant in needs:
        row = connection.execute(f"select {question}", [role]).fetchone()
        if row is not None and row[0]:
            continue
        statement = sql.SQL(grant).format(database, sql.Identifier(role))
        try:
            with connection.transaction():
                connection.execute(statement)
        except psycopg.errors.InsufficientPrivilege:
            raise DatabaseProblem(
                f"The login may not prepare the database. Let its owner run: {statement.as_string(connection)};"
            ) from None


def _close_to_others(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Leave the schema to our roles alone where it is ours to close; PostgreSQL opens it to everybody at first."""
    row = connection.execute(
        "select pg_has_role(nspowner, 'usage') and exists (select from aclexplode(nspacl) where grantee = 0) "
        "from pg_namespace where nspname = 'public'"
    ).fetchone()
    if row is not None and row[0]:
        connection.execute(sql.SQL("grant usage on schema public to {}, {}").format(*map(sql.Identifier, _LOGINS)))
        connection.execute("revoke all on schema public from public")


def _set_password_if_wrong(administrator_url: str, role: str, password: str) -> None:
    """Give a login its derived password if it has another, as after a change of the secret."""
    try:
        psycopg.connect(with_login(administrator_url, role, password), connect_timeout=10).close()
        return
    except psycopg.OperationalError as error:
        cause = _first_line(error)
    with _connected(administrator_url) as connection:
        try:
            connection.execute(
                sql.SQL("alter role {} login password {}").format(sql.Identifier(role), sql.Literal(password))
            )
        except psycopg.errors.InsufficientPrivilege:
            setting = "BUYSIDE_APP_DATABASE_URL" if role == APP else "BUYSIDE_PORTAL_DATABASE_URL"
            raise DatabaseProblem(
                f"The login {role} has a password of its own, and this one may not change it. Set {setting}."
            ) from None
    try:
        psycopg.connect(with_login(administrator_url, role, password), connect_timeout=10).close()
    except psycopg.OperationalError:
        raise DatabaseProblem(f"The login {role} is not let in by the server: {cause}") from None


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
