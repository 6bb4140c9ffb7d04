"""From nothing to a database that can be worked with: server, database, roles, tables."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql

from buyside.config import ROOT, settings
from buyside.db import roles, server
from buyside.db.engine import (
    APP,
    OWNER,
    PORTAL,
    administrator_url,
    data_folder,
    dispose_engines,
    engine,
    is_embedded,
    owner_url,
    password,
    with_database,
)


@contextmanager
def database(*, durable: bool = True) -> Iterator[None]:
    """A reachable database with its roles, for the length of a `with`.

    Starts the embedded server if nothing else has, and stops it if nothing else uses it. Raises `server.ServerProblem`
    and `roles.DatabaseProblem`.
    """
    given = settings()
    if not is_embedded():
        if given.database_url is not None:
            roles.prepare(given.database_url, _kept_passwords(), owner_signs_in=False)
        try:
            yield
        finally:
            dispose_engines()
        return
    with server.running(data_folder(), password(server.ADMINISTRATOR), durable=durable):
        _make_database()
        _prepare_embedded()
        try:
            yield
        finally:
            dispose_engines()


def upgrade(url: str | None = None) -> None:
    """Bring the tables to this version. Whoever comes second waits and finds nothing to do. `url`: default `owner_url()`."""
    command.upgrade(alembic_config(url or owner_url()), "head")


def is_current(url: str | None = None) -> bool:
    """Whether the tables are those of this version."""
    heads = set(ScriptDirectory.from_config(alembic_config("")).get_heads())
    with engine(url or owner_url()).connect() as connection:
        return set(MigrationContext.configure(connection).get_current_heads()) == heads


def has_tables(url: str | None = None) -> bool:
    """Whether there are tables of any version. `url`: default `owner_url()`."""
    with engine(url or owner_url()).connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() is not None


def alembic_config(url: str) -> Config:
    """Alembic's configuration for one connection string."""
    config = Config(ROOT / "alembic.ini")
    config.attributes["url"] = url
    return config


def _kept_passwords() -> dict[str, str]:
    """Passwords of the logins that no setting gives."""
    given = settings()
    kept = {}
    if given.app_database_url is None:
        kept[APP] = password(APP)
    if given.portal_database_url is None:
        kept[PORTAL] = password(PORTAL)
    return kept


def _prepare_embedded() -> None:
    roles.prepare(administrator_url(), _kept_passwords() | {OWNER: password(OWNER)}, owner_signs_in=True)


def _make_database() -> None:
    try:
        connection = psycopg.connect(with_database(administrator_url(), "postgres"), autocommit=True)
    except psycopg.OperationalError as error:
        raise server.ServerProblem(
            f"The database of {data_folder()} does not know the secret in {settings().home / 'secret'}: "
            f"the two belong together, and one of them was replaced. ({str(error).strip().splitlines()[-1]})"
        ) from None
    name = settings().database_name
    with connection:
        if connection.execute("select from pg_database where datname = %s", [name]).fetchone() is None:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        # Nobody but our roles: the logins that PostgreSQL lets into a new database by default.
        connection.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(name)))
