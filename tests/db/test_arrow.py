"""Connections for reading stay warm, and whoever gets one can rely on it."""

import os
import threading
from collections.abc import Iterator

import pytest
from adbc_driver_postgresql import dbapi
from sqlalchemy import text

from buyside.db import arrow, engine
from buyside.db.arrow import ArrowConnections, snapshot
from tests.conftest import Database


@pytest.fixture
def connections(database: Database) -> Iterator[ArrowConnections]:
    made = ArrowConnections(engine.app_url())
    yield made
    made.close()


def backend(pool: ArrowConnections) -> int:
    with pool.begun() as cursor:
        return one(cursor, "SELECT pg_backend_pid()")


def one(cursor: dbapi.Cursor, query: str) -> int:
    cursor.execute(query)
    row = cursor.fetchone()
    assert row is not None
    return int(row[0])


def open_backends(*states: str) -> list[int]:
    """Of the login's connections for reading."""
    with engine.engine(engine.administrator_url()).connect() as connection:  # others do not see what somebody does
        found = connection.execute(
            text(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND usename = :login "
                "AND application_name = '' AND state = ANY(:states)"
            ),
            {"login": engine.APP, "states": list(states or ("idle", "active", "idle in transaction"))},
        )
        return list(found.scalars())


def terminate(pid: int) -> None:
    with engine.engine(engine.administrator_url()).connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})


def test_the_next_reader_gets_the_connection_of_the_last_one_outside_of_any_transaction(
    connections: ArrowConnections,
) -> None:
    first = backend(connections)
    assert open_backends("idle") == [first]
    assert open_backends("idle in transaction") == []
    assert backend(connections) == first


def test_readers_at_the_same_time_have_a_connection_each_and_so_many_stay(connections: ArrowConnections) -> None:
    with connections.begun() as a, connections.begun() as b, connections.begun() as c:
        three = {one(each, "SELECT pg_backend_pid()") for each in (a, b, c)}
    assert len(three) == 3
    left = open_backends()
    assert len(left) == arrow.MOST_IDLE
    assert set(left) < three


def test_a_connection_that_broke_meanwhile_is_replaced_before_anything_is_read(connections: ArrowConnections) -> None:
    with connections.begun() as a, connections.begun() as b:
        broken = {one(each, "SELECT pg_backend_pid()") for each in (a, b)}
    for pid in broken:
        terminate(pid)
    assert backend(connections) not in broken


def test_what_raised_while_it_read_is_closed(connections: ArrowConnections) -> None:
    def divide() -> None:
        with connections.begun() as cursor:
            one(cursor, "SELECT 1 / 0")

    pid = backend(connections)
    with pytest.raises(dbapi.Error, match="division by zero"):
        divide()
    assert backend(connections) != pid


def test_a_connection_that_sat_idle_for_long_is_closed(
    connections: ArrowConnections, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = backend(connections)
    monkeypatch.setattr(arrow, "LONGEST_IDLE", -1.0)
    assert backend(connections) != pid


def test_nothing_can_be_written(connections: ArrowConnections) -> None:
    def write() -> None:
        with connections.begun() as cursor:
            cursor.execute("DELETE FROM plan_line")

    with pytest.raises(dbapi.Error, match="read-only"):
        write()


def test_with_the_engines_all_are_closed_and_one_that_is_read_from_as_soon_as_that_is_done(database: Database) -> None:
    engine.dispose_engines()
    with snapshot(engine.app_url()) as [reading]:
        with snapshot(engine.app_url()) as [other]:
            idle = one(other, "SELECT pg_backend_pid()")
        busy = one(reading, "SELECT pg_backend_pid()")
        engine.dispose_engines()
        assert idle != busy
        assert one(reading, "SELECT 7") == 7
        gone(idle)
    gone(busy)


def gone(pid: int) -> None:
    """The server notices a moment later that somebody left."""
    ended = threading.Event()
    for _ in range(200):
        if pid not in open_backends():
            return
        ended.wait(0.05)
    raise AssertionError(f"{pid} is still connected")


def test_several_connections_see_one_moment(database: Database) -> None:
    count = "SELECT count(*) FROM exchange_rate"
    with snapshot(engine.app_url(), connections=2) as [first, second]:
        before = one(first, count)
        with engine.engine(engine.owner_url()).begin() as connection:
            connection.execute(
                text("INSERT INTO exchange_rate (currency_code, valid_from, rate) VALUES ('CHF', now(), 1)")
            )
        assert one(second, count) == before
        assert one(first, count) == before
    with snapshot(engine.app_url(), connections=2) as both:
        assert [one(each, count) for each in both] == [before + 1] * 2


def test_a_forked_process_takes_none_of_its_parent(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def now() -> int:
        with snapshot(engine.app_url()) as [cursor]:
            return one(cursor, "SELECT pg_backend_pid()")

    ours = now()
    with monkeypatch.context() as forked:
        forked.setattr(os, "getpid", lambda: -1)
        child = now()
        engine.dispose_engines()
    assert child != ours == now()
