"""A database of the first version becomes one of today's: nothing that was written is lost or changed."""

import json
from collections.abc import Iterator

import psycopg
import pytest
from alembic import command
from psycopg import sql

from buyside.db import engine, ready
from buyside.ledgers.order_snapshots import content_digest
from tests.conftest import Database
from tests.db.lint import findings

CONTENT = {
    "form": 1,
    "number": "2025-OLD-0001",
    "order_by": "2025-03-01",
    "lines": [
        {"line": 1, "item": {"code": "X"}, "quantity": "2.5", "receivable_quantity": "3", "needed_on": "2025-04-01"}
    ],
    "notes": "Grüße",
}


@pytest.fixture
def first_version(database: Database) -> Iterator[str]:
    """The owner's address of a database with the tables of the first version, and rows of its time."""
    base = engine.administrator_url()
    name = f"{database.name}_old"
    with psycopg.connect(base, autocommit=True) as administrator:
        administrator.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        administrator.execute(sql.SQL("GRANT CREATE ON DATABASE {} TO buyside_owner").format(sql.Identifier(name)))
    with psycopg.connect(engine.with_database(base, name), autocommit=True) as administrator:
        administrator.execute("GRANT CREATE ON SCHEMA public TO buyside_owner")
    url = engine.with_database(database.owner_url, name)
    command.upgrade(ready.alembic_config(url), "0001")
    with psycopg.connect(url) as owner:
        owner.execute(
            "INSERT INTO app_user (name, is_active, version) VALUES ('Ines', true, 1), ('Vera', true, 1), ('None', true, 1)"
        )
        owner.execute("INSERT INTO user_role VALUES (1, 'buyer'), (1, 'manager'), (2, 'vendor')")
        owner.execute(
            "INSERT INTO user_session (id, user_id, token_sha256, created_at, last_seen_at, expires_at, ended_at) "
            "SELECT gen_random_uuid(), u, sha256(u::text::bytea), now(), now(), now() + interval '1 hour', "
            "CASE u WHEN 3 THEN now() - interval '1 minute' END FROM generate_series(1, 3) AS u"
        )
        owner.execute("INSERT INTO vendor (code, name, currency_code, version) VALUES ('OLD', 'Old', 'EUR', 1)")
        owner.execute("INSERT INTO warehouse (code, allows_negative, version) VALUES ('MAIN', false, 1)")
        owner.execute(
            "INSERT INTO purchase_order (number, vendor_id, order_type_id, warehouse_id, currency_code, is_on_hold, "
            "fulfil_all_at_once, created_at, changed_at, version) VALUES ('2025-OLD-0001', 1, 1, 1, 'EUR', false, false, "
            "now(), now(), 1)"
        )
        owner.execute(
            "INSERT INTO purchase_order_snapshot (order_id, revision, content, content_sha256, issued_at) "
            "VALUES (1, 1, %s, %s, '2025-02-01T08:00:00Z')",
            [json.dumps(CONTENT), content_digest(CONTENT)],
        )
    yield url
    engine.dispose_engines()
    with psycopg.connect(base, autocommit=True) as administrator:
        administrator.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def test_people_sessions_and_papers_of_the_first_version_stand(first_version: str) -> None:
    with psycopg.connect(first_version) as owner:
        before = owner.execute("SELECT id, content, content_sha256, issued_at FROM purchase_order_snapshot")
        papers = before.fetchall()
    ready.upgrade(first_version)
    with psycopg.connect(first_version) as owner:
        people = owner.execute("SELECT name, is_vendor FROM app_user ORDER BY id").fetchall()
        assert people == [("Ines", False), ("Vera", True), ("None", False)]
        sessions = owner.execute(
            "SELECT surface, ended_at IS NOT NULL, ended_because FROM user_session ORDER BY user_id"
        ).fetchall()
        assert sessions == [("internal", True, "upgrade"), ("portal", True, "upgrade"), ("internal", True, "")]
        after = owner.execute("SELECT id, content, content_sha256, issued_at FROM purchase_order_snapshot")
        assert after.fetchall() == papers
        [(content, digest, copy)] = owner.execute(
            "SELECT content, content_sha256, vendor_copy FROM purchase_order_snapshot"
        ).fetchall()
        assert content_digest(content) == digest
        assert copy == {
            "form": 1, "number": "2025-OLD-0001", "notes": "Grüße",
            "lines": [{"line": 1, "item": {"code": "X"}, "quantity": "2.5"}],
        }  # fmt: skip
        for change in (
            "UPDATE purchase_order_snapshot SET content = '{}'",
            "DELETE FROM purchase_order_snapshot",
            "TRUNCATE purchase_order_snapshot",
            "UPDATE purchase_order_snapshot SET vendor_copy = DEFAULT",
        ):
            with pytest.raises(psycopg.errors.RestrictViolation, match="history"), owner.transaction():
                owner.execute(change)  # type: ignore[arg-type]
        owner.commit()
        assert [each for each in findings(owner) if "schema public" not in each] == []  # nobody has closed this one


def test_names_that_were_there_are_found_by_their_words(first_version: str) -> None:
    with psycopg.connect(first_version) as owner:
        owner.execute(
            "INSERT INTO sales_order (number, customer, warehouse_id, version) VALUES ('S-1', 'Kaufhaus Björk', 1, 1)"
        )
    ready.upgrade(first_version)
    with psycopg.connect(first_version) as owner:
        words = {word for (word,) in owner.execute("SELECT word FROM search_word").fetchall()}
        assert {"old", "kaufhaus", "bjork"} <= words  # the vendor's name and the customer's


def test_the_first_version_is_not_gone_back_to(first_version: str) -> None:
    ready.upgrade(first_version)
    with pytest.raises(RuntimeError, match="restore a backup instead"):
        command.downgrade(ready.alembic_config(first_version), "0001")
    assert ready.is_current(first_version)
