"""`buyside db`: save, bring back, and refuse to overwrite."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from buyside.cli import main
from buyside.config import settings
from buyside.db import engine, ready
from buyside.domain.access import Permission, needs
from buyside.queries import checks
from tests.conftest import Database


@pytest.fixture
def empty(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The settings point to an empty database."""
    name = f"empty_{os.urandom(4).hex()}"
    monkeypatch.setenv("BUYSIDE_DATABASE_NAME", name)
    settings.cache_clear()
    yield engine.app_url()
    engine.dispose_engines()
    monkeypatch.undo()
    settings.cache_clear()
    with psycopg.connect(engine.with_database(engine.administrator_url(), "postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def count(url: str, table: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(table))).fetchone()
    assert row is not None
    return int(row[0])


def test_an_empty_database_is_upgraded_once(empty: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["db", "upgrade"]) == main.DONE
    assert main.run(["db", "upgrade"]) == main.DONE
    assert capsys.readouterr().out.splitlines() == ["The tables are up to date now.", "The tables were up to date."]
    assert count(empty, "currency") > 0


def test_a_command_makes_the_tables_of_an_empty_embedded_database(
    empty: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(["stock", "balances"]) == main.DONE
    assert capsys.readouterr().out == "No stock.\n"
    assert count(empty, "currency") > 0


def test_an_empty_database_elsewhere_is_left_empty(
    empty: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with ready.database():
        elsewhere = engine.administrator_url()
    monkeypatch.setenv("BUYSIDE_DATABASE_URL", elsewhere)
    settings.cache_clear()
    assert main.run(["stock", "balances"]) == main.REFUSED
    assert capsys.readouterr().err == (
        "The database is empty: there are no tables yet. To make them, run: buyside db upgrade\n"
    )
    with psycopg.connect(elsewhere) as connection:
        assert connection.execute("select from pg_tables where schemaname = 'public'").fetchall() == []


def test_commands_refuse_tables_of_another_version(empty: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["db", "upgrade"]) == main.DONE
    with psycopg.connect(engine.owner_url()) as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    assert main.run(["stock", "balances"]) == main.REFUSED
    assert capsys.readouterr().err == (
        "The database's tables are of another version. Back it up, then run: buyside db upgrade\n"
    )


EVERY_COMMAND = [
    ["db", "upgrade"],
    ["db", "backup", "nowhere/x"],
    ["db", "check"],
    ["import", "pack", "."],
    ["export", "pack", "nowhere"],
    ["plan", "run", "--as-of", "2026-03-02"],
    ["plan", "convert", "1"],
    ["order", "issue", "2026-ACME-0001"],
    ["order", "receive", "2026-ACME-0001", "--warehouse", "MAIN"],
    ["stock", "balances"],
]


@pytest.mark.parametrize("words", EVERY_COMMAND, ids=lambda words: "-".join(words[:2]))
def test_a_database_out_of_reach_is_told_in_a_sentence(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BUYSIDE_DATABASE_URL", "postgresql://buyer@127.0.0.1:1/nowhere?connect_timeout=2")
    settings.cache_clear()
    try:
        assert main.run(words) == main.WRONG_USAGE
    finally:
        monkeypatch.undo()
        settings.cache_clear()
    said = capsys.readouterr().err
    assert said.startswith("The database cannot be reached: ")
    assert "Traceback" not in said


def test_a_backup_brings_everything_back(
    database: Database, empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "all.backup"
    with monkeypatch.context() as there:
        there.setenv("BUYSIDE_DATABASE_NAME", database.name)
        settings.cache_clear()
        assert main.run(["db", "backup", str(file)]) == main.DONE
    settings.cache_clear()
    assert file.stat().st_mode & 0o777 == 0o600
    assert main.run(["db", "restore", str(file)]) == main.DONE, capsys.readouterr().err
    assert count(empty, "currency") == count(database.app_url, "currency")
    with psycopg.connect(empty) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("drop table currency")


def test_a_backup_never_overwrites_a_file(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "precious"
    file.write_text("dear")
    assert main.run(["db", "backup", str(file)]) == main.REFUSED
    assert file.read_text() == "dear"


def test_a_restore_into_a_used_database_is_refused(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "any"
    file.write_text("x")
    before = count(database.app_url, "currency")
    assert main.run(["db", "restore", str(file)]) == main.REFUSED
    assert "already holds" in capsys.readouterr().err
    assert count(database.app_url, "currency") == before


def test_what_is_no_backup_is_refused_and_leaves_nothing(
    empty: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "letter"
    file.write_text("dear")
    assert main.run(["db", "restore", str(file)]) == main.REFUSED
    assert "nothing was restored" in capsys.readouterr().err
    with psycopg.connect(empty) as connection:
        assert connection.execute("select from pg_tables where schemaname = 'public'").fetchall() == []


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert main.run(["db", "restore", str(tmp_path / "nowhere")]) == main.REFUSED


def test_a_new_database_passes_every_check(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["db", "check", "--json"]) == main.DONE
    results = json.loads(capsys.readouterr().out)
    assert len(results) > 5
    assert all(each["holds"] for each in results)


def test_a_broken_invariant_is_a_refusal_that_names_it(
    database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = checks.Checked(
        name="balances", says="Balances are sums.", holds=False, looked_at=3, broken=1, examples=("M1, bolt",)
    )
    monkeypatch.setattr(
        checks, "all_checks", needs(Permission.INVARIANTS_CHECK)(lambda _session, _actor, **_named: [broken])
    )
    assert main.run(["db", "check"]) == main.REFUSED
    said = capsys.readouterr()
    assert "M1, bolt" in said.out
    assert said.err == "1 of 1 checks failed.\n"
