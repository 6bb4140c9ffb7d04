"""Three vendors and their people, as row security shows them to the portal's login: the own rows, of this moment, and no more."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text
from sqlmodel import Session, col, select

from buyside.config import settings
from buyside.db import engine
from buyside.db.contracts import Contract, ContractItem
from buyside.db.people import VendorMembership
from buyside.domain.access import OPERATOR, Actor, Permission, Role, needs
from buyside.domain.refusals import NotAllowed
from buyside.identity.logins import find_login, token_digest
from buyside.operations.orders import cancel_order, issue_order
from buyside.operations.run import perform, within
from buyside.queries.read import ask
from tests.conftest import Database
from tests.db.lint import READABLE
from tests.logins import open_login
from tests.world import NOW, TODAY, World

pytestmark = pytest.mark.rule("ACC-5")
HIDDEN = "CANARY-5d1c"
"""Stands in everything that no vendor may ever read."""
DAY = timedelta(days=1)


@dataclass
class Story:
    """Codes and numbers by vendor, and people's tokens."""

    vendors: dict[str, int] = field(default_factory=dict)
    orders: dict[str, str] = field(default_factory=dict)
    contracts: dict[str, str] = field(default_factory=dict)
    items: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="module")
def story(database: Database) -> Story:
    told = Story()
    with World.open() as world:
        world.organisation()
        main = world.warehouse()
        for name in ("A", "B", "C", "D"):
            item = world.item(f"{name} part")
            vendor = world.vendor(f"{name} Works", code=f"V-{name}-CANARY", status_reason=HIDDEN).supplies(item)
            issued, _ = world.order(vendor, main, (item, 5), (item, 6))
            issued.title, issued.internal_notes = f"{name} issued", HIDDEN
            world.add(issued)
            within(world.session, issue_order, OPERATOR, order_id=issued.id, at=NOW)
            within(
                world.session, cancel_order, OPERATOR, order_id=_copy(world, vendor, main, item).id, reason="no", at=NOW
            )
            draft = _copy(world, vendor, main, item)
            agreed, thought = (
                world.add(
                    Contract(
                        number=f"K-{name}-{status}",
                        vendor_id=vendor.id,
                        title=HIDDEN if status == "draft" else f"{name} agreed",
                        currency_code="EUR",
                        valid_from=TODAY,
                        valid_to=TODAY + DAY,
                        status=status,
                    )
                )
                for status in ("active", "draft")
            )
            world.add(ContractItem(contract_id=agreed.id, item_id=item.id))
            world.add(ContractItem(contract_id=thought.id, item_id=world.item(HIDDEN).id))
            assert draft.state == "draft"
            told.vendors[name], told.orders[name] = vendor.id, issued.number
            told.contracts[name], told.items[name] = agreed.number, item.code
        world.session.execute(text("UPDATE vendor SET status = 'inactive' WHERE id = :id"), {"id": told.vendors["D"]})
        for who, vendors in {"a": "A", "b": "B", "both": "AB", "closed": "D", "half closed": "AD"}.items():
            told.tokens[who] = _person(world, told, *vendors)[1]
        user, token = _person(world, told)
        begins = world.add(VendorMembership(vendor_id=told.vendors["C"], user_id=user, begins_at=_now() + DAY))
        over = world.add(
            VendorMembership(
                vendor_id=told.vendors["C"],
                user_id=user,
                begins_at=_now() - 2 * DAY,
                ends_at=_now() - timedelta(seconds=1),
            )
        )
        assert begins.id != over.id
        told.tokens["not yet or no more"], told.tokens["nobody's"] = token, _person(world, told)[1]
        buyer = world.user(Role.BUYER)
        told.tokens["own people"] = open_login(world.session, user_id=buyer.user_id or 0)
    return told


def _now() -> datetime:
    return datetime.now(UTC)


def _copy(world: World, vendor: Any, main: Any, item: Any) -> Any:
    order, _ = world.order(vendor, main, (item, 1))
    order.title = order.notes = HIDDEN
    return world.add(order)


def _person(world: World, told: Story, *vendors: str) -> tuple[int, str]:
    user = world.user(Role.VENDOR).user_id
    assert user is not None
    for each in vendors:
        world.add(VendorMembership(vendor_id=told.vendors[each], user_id=user, begins_at=_now() - 2 * DAY))
    return user, open_login(world.session, user_id=user)


@contextmanager
def portal(database: Database, token: str | None) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database.portal_url) as connection:
        if token is not None:
            connection.execute("SELECT set_config('app.session', %s, true)", [token_digest(token).hex()])
        yield connection
        connection.rollback()


def everything(connection: psycopg.Connection[Any]) -> dict[str, list[dict[str, Any]]]:
    """Whatever the portal's login can read at this moment, by table."""
    shown = {}
    for table, columns in READABLE.items():
        names = sql.SQL(", ").join(sql.Identifier(each) for each in sorted(columns))
        rows = connection.execute(
            sql.SQL("SELECT to_jsonb(s) FROM (SELECT {} FROM {}) AS s").format(names, sql.Identifier(table))
        )
        shown[table] = [row for (row,) in rows]
    return shown


@pytest.mark.rule("POR-1")
@pytest.mark.parametrize(
    ("who", "vendors"),
    [("a", "A"), ("b", "B"), ("both", "AB"), ("half closed", "A"), ("closed", ""), ("not yet or no more", ""),
     ("nobody's", ""), ("own people", "")],
)  # fmt: skip
def test_people_see_what_belongs_to_their_vendors_and_nothing_else(
    who: str, vendors: str, story: Story, database: Database
) -> None:
    with portal(database, story.tokens[who]) as connection:
        shown = everything(connection)

    def column(table: str, name: str) -> set[Any]:
        return {row[name] for row in shown[table]}

    assert column("vendor", "id") == {story.vendors[each] for each in vendors}
    assert column("purchase_order", "number") == {story.orders[each] for each in vendors}
    assert column("purchase_order_line", "order_id") == column("purchase_order", "id")
    assert len(shown["purchase_order_line"]) == 2 * len(vendors)
    assert {row["vendor_copy"]["number"] for row in shown["purchase_order_snapshot"]} == column(
        "purchase_order", "number"
    )
    assert column("contract", "number") == {story.contracts[each] for each in vendors}
    assert column("contract_item", "contract_id") == column("contract", "id")
    assert column("item", "code") == {story.items[each] for each in vendors}
    for table in ("unit", "currency", "organisation"):
        assert bool(shown[table]) is bool(vendors)
    said = json.dumps(shown)
    assert HIDDEN not in said
    for each in set("ABCD") - set(vendors):
        for foreign in (
            story.orders[each],
            story.contracts[each],
            story.items[each],
            f"{each} Works",
            f"V-{each}-CANARY",
        ):
            assert foreign not in said


def test_a_paper_is_copied_without_what_is_internal(story: Story, database: Database) -> None:
    with portal(database, story.tokens["a"]) as connection:
        [(copy,)] = connection.execute("SELECT vendor_copy FROM purchase_order_snapshot").fetchall()
    with psycopg.connect(database.app_url) as connection:
        [(content,)] = connection.execute(
            "SELECT content FROM purchase_order_snapshot WHERE content ->> 'number' = %s", [story.orders["A"]]
        ).fetchall()
    assert set(content) - set(copy) == {"order_by"}
    assert [each["line"] for each in copy["lines"]] == [1, 2]
    for line, whole in zip(copy["lines"], content["lines"], strict=True):
        assert {name: whole[name] for name in line} == line
        assert set(whole) - set(line) == {"receivable_quantity", "needed_on"}
    assert all(copy[name] == content[name] for name in copy if name != "lines")


def test_what_a_later_form_of_paper_adds_stays_inside_until_it_is_let_out(database: Database) -> None:
    with psycopg.connect(database.app_url) as connection:
        given = {"number": "1", "margin": "9", "lines": [{"line": 1, "margin": "9"}, {"margin": "9"}], "notes": None}
        [copy] = connection.execute("SELECT vendor_copy(%s)", [json.dumps(given)]).fetchone() or ()
    assert copy == {"number": "1", "lines": [{"line": 1}, {}], "notes": None}


ENDS = {
    "the session ended": "UPDATE user_session SET ended_at = now() WHERE user_id = %s",
    "it expired": "UPDATE user_session SET expires_at = now() WHERE user_id = %s",
    "nothing was asked for too long": "UPDATE user_session SET last_seen_at = now() - interval '91 minutes' WHERE user_id = %s",
    "the account was switched off": "UPDATE app_user SET is_active = false WHERE id = %s",
    "the membership ended": "UPDATE vendor_membership SET ends_at = now() WHERE user_id = %s",
    "the membership was put off": "UPDATE vendor_membership SET begins_at = now() + interval '1 hour' WHERE user_id = %s",
    "the vendor was closed": (
        "UPDATE vendor SET status = 'inactive' WHERE id = (SELECT vendor_id FROM vendor_membership WHERE user_id = %s)"
    ),
}


@pytest.mark.rule("ACC-4")
@pytest.mark.parametrize("end", ENDS)
def test_what_ends_a_reach_ends_it_for_the_next_transaction(end: str, story: Story, database: Database) -> None:
    with World.open() as world:
        vendor = world.vendor("Passing")
        user, token = world.user(Role.VENDOR).user_id, ""
        assert user is not None
        world.add(VendorMembership(vendor_id=vendor.id, user_id=user, begins_at=_now() - DAY))
        token = open_login(world.session, user_id=user)
    with portal(database, token) as connection:
        assert [row["id"] for row in everything(connection)["vendor"]] == [vendor.id]
    with psycopg.connect(database.app_url) as connection:
        assert connection.execute(ENDS[end], [user]).rowcount == 1  # type: ignore[arg-type]
    with portal(database, token) as connection:
        assert not any(everything(connection).values())


def test_within_one_statement_after_the_other_an_end_holds_too(story: Story, database: Database) -> None:
    """A transaction that was open before the end sees it at its next statement, where it reads what is committed."""
    with World.open() as world:
        user, token = _person(world, story, "A")
    with portal(database, token) as connection, psycopg.connect(database.app_url, autocommit=True) as app:
        assert connection.execute("SELECT count(*) FROM purchase_order").fetchone() == (1,)
        app.execute("UPDATE vendor_membership SET ends_at = now() WHERE user_id = %s", [user])
        assert connection.execute("SELECT count(*) FROM purchase_order").fetchone() == (0,)


@needs(Permission.PORTAL_ORDER_VIEW)
def own_orders(session: Session, actor: Actor) -> list[str]:
    """Numbers of the orders that the database shows, and under which transaction-local proof."""
    return list(session.execute(text("SELECT number FROM purchase_order ORDER BY number")).scalars())


@needs(Permission.PORTAL_ORDER_VIEW)
def own_orders_counted(session: Session, actor: Actor) -> int:
    return int(session.execute(text("SELECT count(*) FROM purchase_order")).scalar_one())


@pytest.fixture
def on_the_portal(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Actor]]:
    """This process as one of the portal's, with one connection that everybody shares. Answers with who holds a token."""
    monkeypatch.setenv("BUYSIDE_SURFACE", "portal")
    monkeypatch.setenv("BUYSIDE_PORTAL_DATABASE_URL", database.portal_url)
    settings.cache_clear()
    engine.dispose_engines()
    shared = engine.create_engine(
        engine.make_url(database.portal_url).set(drivername="postgresql+psycopg"), pool_size=1
    )
    monkeypatch.setattr(engine, "engine", lambda url: shared)

    def holder(token: str) -> Actor:
        with engine.sessions()() as session, session.begin():
            login = find_login(session, token)
        assert login is not None
        return login.actor

    yield holder
    shared.dispose()
    monkeypatch.undo()
    settings.cache_clear()


def test_reads_and_writes_show_the_database_who_asks(on_the_portal: Callable[[str], Actor], story: Story) -> None:
    actor = on_the_portal(story.tokens["both"])
    assert actor.vendor_ids == {story.vendors["A"], story.vendors["B"]}
    assert ask(own_orders, actor) == sorted([story.orders["A"], story.orders["B"]])
    assert perform(own_orders_counted, actor) == 2
    assert actor.proof not in repr(actor)


def test_the_next_person_on_a_connection_inherits_nothing(on_the_portal: Callable[[str], Actor], story: Story) -> None:
    actor = on_the_portal(story.tokens["a"])

    def left_behind() -> int:
        with engine.sessions()() as session, session.begin():
            return int(session.execute(text("SELECT count(*) FROM purchase_order")).scalar_one())

    for way in (ask, perform):
        assert way(own_orders_counted, actor) == 1
        assert left_behind() == 0
    nobody = Actor(user_id=None, name="nobody", roles=frozenset({Role.VENDOR}))
    assert ask(own_orders_counted, nobody) == 0
    with pytest.raises(NotAllowed):
        ask(own_orders_counted, Actor(user_id=1, name="buyer", roles=frozenset({Role.BUYER}), proof=actor.proof))
    assert left_behind() == 0
    # So it would be if the proof outlived its transaction: the test can see the difference.
    with engine.sessions()() as session, session.begin():
        session.execute(text("SELECT set_config('app.session', :proof, false)"), {"proof": actor.proof})
    assert left_behind() == 1


def test_a_process_of_the_portal_asks_for_no_other_login(on_the_portal: Callable[[str], Actor]) -> None:
    for url in (engine.app_url, engine.owner_url, engine.administrator_url, engine.app_engine):
        with pytest.raises(engine.WrongSurface):
            url()


def test_own_people_read_everything_as_before(story: Story, session: Session) -> None:
    assert len(session.exec(select(Contract)).all()) == 8
    assert session.exec(select(Contract.status).where(col(Contract.vendor_id) == story.vendors["D"])).all()


def test_samples_that_the_planner_keeps_are_not_shown(story: Story, database: Database) -> None:
    with psycopg.connect(engine.administrator_url(), autocommit=True) as connection:
        connection.execute("ANALYZE")
    with portal(database, story.tokens["a"]) as connection:
        shown = connection.execute("SELECT tablename, attname FROM pg_stats WHERE schemaname = 'public'").fetchall()
    assert shown == []


@pytest.mark.parametrize(
    ("table", "column"), [("item", "code"), ("vendor", "name"), ("purchase_order", "number"), ("item", "name")]
)
def test_row_security_takes_no_index_from_the_own_people(table: str, column: str, database: Database) -> None:
    with psycopg.connect(database.app_url) as connection:
        connection.execute("SET enable_seqscan = off")
        asked = sql.SQL("EXPLAIN SELECT id FROM {} WHERE {} ILIKE '%%abcd%%'")
        lines = connection.execute(asked.format(sql.Identifier(table), sql.Identifier(column))).fetchall()
    plan = "\n".join(line for (line,) in lines)
    assert f"{table}_{column}_trigram" in plan
    assert "InitPlan" not in plan


def _calls(story: Story, database: Database, asked: str, *, rows: int, before: str = "") -> tuple[int, Any]:
    """How often one statement of the portal asks for its vendors where a vendor has `rows` orders more, and what it finds."""
    with psycopg.connect(engine.administrator_url()) as connection:
        columns = (
            "vendor_id, order_type_id, warehouse_id, currency_code, state, is_on_hold, fulfil_all_at_once, version"
        )
        connection.execute(
            f"""WITH made AS (
                    INSERT INTO purchase_order (number, created_at, changed_at, issued_at, {columns})
                    SELECT 'M-' || n, now(), now(), now(), {columns} FROM purchase_order, generate_series(1, %s) AS n
                    WHERE purchase_order.number = %s RETURNING id)
                INSERT INTO purchase_order_line (
                    order_id, line_number, item_id, quantity, unit_id, unit_price, receivable_quantity)
                SELECT made.id, 1, item.id, 1, item.unit_id, 1, 1 FROM made, (SELECT * FROM item LIMIT 1) AS item""",
            [rows, story.orders["A"]],
        )
        connection.execute("ANALYZE purchase_order, purchase_order_line")
        if before:
            connection.execute(before)  # type: ignore[arg-type]
        connection.execute("SET LOCAL track_functions = 'all'")
        connection.execute("SET LOCAL SESSION AUTHORIZATION buyside_portal")
        connection.execute("SELECT set_config('app.session', %s, true)", [token_digest(story.tokens["a"]).hex()])
        found = connection.execute(asked).fetchone()  # type: ignore[arg-type]
        connection.execute("RESET SESSION AUTHORIZATION")
        counted = connection.execute(
            "SELECT coalesce(sum(calls), 0) FROM pg_stat_xact_user_functions WHERE funcname = 'portal_vendors'"
        ).fetchone()
        connection.rollback()
    assert counted is not None
    return int(counted[0]), found


@pytest.mark.parametrize(
    ("asked", "rows"),
    [("SELECT count(*) FROM purchase_order", 4001),
     ("SELECT count(*) FROM purchase_order_line", 4002),
     ("SELECT count(*) FROM purchase_order_line AS l JOIN purchase_order AS o ON o.id = l.order_id", 4002),
     ("SELECT count(*) FROM (SELECT id FROM purchase_order ORDER BY id DESC LIMIT 10) AS last", 10)],
)  # fmt: skip
def test_the_database_asks_once_whose_rows_they_are_and_not_for_every_row(
    asked: str, rows: int, story: Story, database: Database
) -> None:
    calls, found = _calls(story, database, asked, rows=4000)
    assert found == (rows,)
    assert 1 <= calls <= 4


def test_a_policy_that_asks_for_every_row_would_be_noticed(story: Story, database: Database) -> None:
    bare = (
        "ALTER POLICY purchase_order_portal ON purchase_order "
        "USING (issued_at IS NOT NULL AND vendor_id = ANY (portal_vendors())); "
        "SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off"
    )
    calls, _ = _calls(story, database, "SELECT count(*) FROM purchase_order", rows=400, before=bare)
    assert calls > 400
