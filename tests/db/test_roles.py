"""The three roles, on the embedded server and on a server of somebody else's."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from buyside.config import settings
from buyside.db import engine, ready, roles
from tests.conftest import Database

pytestmark = pytest.mark.usefixtures("database")


def ask(url: str, question: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(question).fetchall()  # type: ignore[arg-type]


@pytest.mark.parametrize("login", ["app_url", "portal_url"])
def test_running_processes_are_neither_owner_nor_superuser(database: Database, login: str) -> None:
    [rights] = ask(
        getattr(database, login),
        "select rolsuper, rolcreatedb, rolcreaterole, rolbypassrls, pg_has_role('buyside_owner', 'member'),"
        " (select count(*) from pg_class where relowner = r.oid) from pg_roles r where rolname = current_user",
    )
    assert rights == (False, False, False, False, False, 0)


@pytest.mark.parametrize("login", ["app_url", "portal_url"])
@pytest.mark.parametrize("statement", ["create table mine (n int)", "create schema mine", "drop table currency"])
def test_running_processes_cannot_change_tables(database: Database, login: str, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(getattr(database, login), statement)


def test_migrations_run_as_the_owner(database: Database) -> None:
    assert ask(database.owner_url, "select current_user::text") == [("buyside_owner",)]
    assert ask(
        database.owner_url,
        "select distinct tableowner::text from pg_tables where schemaname = 'public'",
    ) == [("buyside_owner",)]


def test_the_tables_are_current_after_an_upgrade_and_a_second_one_changes_nothing(database: Database) -> None:
    assert ready.is_current(database.owner_url)
    ready.upgrade(database.owner_url)
    assert ready.is_current(database.owner_url)


@pytest.fixture
def elsewhere(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """BUYSIDE_DATABASE_URL names a login that may make roles but is no superuser, on an empty database of its own."""
    base = engine.with_database(engine.administrator_url(), "postgres")
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute("create role hoster login createrole password 'h'")
        connection.execute("create database hosted owner hoster")
        for role in (engine.OWNER, engine.APP, engine.PORTAL):
            connection.execute(sql.SQL("grant {} to hoster with admin option").format(sql.Identifier(role)))
    url = engine.with_database(engine.with_login(base, "hoster", "h"), "hosted")
    monkeypatch.setenv("BUYSIDE_DATABASE_URL", url)
    settings.cache_clear()
    yield url
    engine.dispose_engines()
    monkeypatch.undo()
    settings.cache_clear()
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute("drop database hosted with (force)")
        connection.execute("drop role hoster")
    roles.prepare(
        engine.administrator_url(),
        {role: engine.password(role) for role in (engine.APP, engine.PORTAL)},
        owner_signs_in=True,
    )


def test_one_setting_moves_everything_to_another_server(elsewhere: str) -> None:
    with ready.database():
        ready.upgrade()
        assert ready.is_current()
        assert ask(engine.owner_url(), "select current_user::text, session_user::text") == [("buyside_owner", "hoster")]
        assert ask(engine.app_url(), "select current_user::text, current_database()::text") == [
            ("buyside_app", "hosted")
        ]
        assert ask(engine.app_url(), "select count(*) > 0 from currency") == [(True,)]
    with ready.database():
        assert ready.is_current()


def test_a_login_that_may_do_nothing_is_told_what_an_administrator_has_to_do(database: Database) -> None:
    base = engine.administrator_url()
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute("create role guest login password 'g'")
    try:
        with pytest.raises(roles.DatabaseProblem, match="grant buyside_owner to guest;"):
            roles.prepare(engine.with_login(base, "guest", "g"), {}, owner_signs_in=False)
    finally:
        with psycopg.connect(base, autocommit=True) as connection:
            connection.execute("drop role guest")


def test_a_server_that_does_not_answer_is_told_in_a_sentence() -> None:
    with pytest.raises(roles.DatabaseProblem, match="The database cannot be reached"):
        roles.prepare("postgresql://nobody@127.0.0.1:1/nothing", {}, owner_signs_in=False)


def test_an_old_server_is_refused(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roles, "OLDEST_POSTGRESQL", 99)
    with pytest.raises(roles.DatabaseProblem, match="runs PostgreSQL 18; Buyside needs 99 or newer"):
        roles.prepare(engine.administrator_url(), {}, owner_signs_in=True)
