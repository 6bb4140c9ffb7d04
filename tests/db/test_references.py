"""What is written by the thousand refers to something that is there, whoever writes: the database checks it once a statement."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from buyside.db.audit import AuditEvent
from buyside.db.contracts import Contract
from buyside.db.items import Item, VendorItem
from buyside.db.plans import PlanLine, PlanningRun
from buyside.db.vendors import Currency
from tests.conftest import Database
from tests.world import NOW, TODAY, World

NOTHING = 987_654_321
MANY = 3
"""Rows of one statement: the keys of a single row are collected in another way."""
TOGETHER = {
    "purchase_order_peg": {"order_line_id": "purchase_order_line", "sales_order_line_id": "sales_order_line"},
    "plan_line": {
        "run_id": "planning_run",
        "item_id": "item",
        "warehouse_id": "warehouse",
        "suggested_vendor_item_id": "vendor_item",
        "vendor_item_id": "vendor_item",
        "unit_id": "unit",
        "currency_code": "currency",
        "contract_id": "contract",
        "suggested_contract_id": "contract",
        "split_from_id": "plan_line",
        "carried_from_id": "plan_line",
    },
    "purchase_order_line": {
        "order_id": "purchase_order",
        "item_id": "item",
        "vendor_item_id": "vendor_item",
        "unit_id": "unit",
    },
    "audit_subject": {"event_id": "audit_event"},
}
SELDOM = {"plan_line_purchase_order_line_id_fkey", "action_message_last_run_id_fkey"}
"""Those of test_seldom_references.py."""
RULES = {
    "purchase_order_peg": "PLAN-17",
    "plan_line": "PLAN-11",
    "purchase_order_line": "PLAN-17",
    "audit_subject": "ACC-6",
}
KEYS = [
    pytest.param(table, column, target, id=f"{table}-{column}", marks=pytest.mark.rule(rule))
    for table, rule in RULES.items()
    for column, target in TOGETHER[table].items()
]
KEYS_THAT_CHANGE = KEYS[:-1]  # the audit trail is written once
UNIQUE = {"audit_subject": ("record_id",), "purchase_order_line": ("id", "line_number")}
Value = int | str
Values = dict[str, dict[str, Value]]
_numbers = count(10_000_000)
_worlds = count(4)


def _again(table: str, given: dict[str, Value]) -> dict[str, Value]:
    """The columns of a further row like another one, but for what is given."""
    return {name: next(_numbers) for name in UNIQUE.get(table, ("id",))} | given


def _copy(session: Session, table: str, column: str, value: Value, *given: dict[str, Value]) -> None:
    """Write rows like the one with this value in a column, each with other values, by one statement."""
    names = session.execute(
        text(
            "SELECT string_agg(attname, ', ') FROM pg_attribute "
            "WHERE attrelid = CAST(:name AS regclass) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''"
        ),
        {"name": table},
    ).scalar_one()
    session.execute(
        text(
            f"INSERT INTO {table} ({names}) SELECT {names} FROM (SELECT (jsonb_populate_record(NULL::{table}, "
            f"to_jsonb(kept) || each)).* FROM (SELECT * FROM {table} WHERE {column} = :value LIMIT 1) AS kept, "
            "jsonb_array_elements(CAST(:given AS jsonb)) AS each) AS rows"
        ),
        {"value": value, "given": json.dumps([_again(table, each) for each in given])},
    )


def _plan_line(world: World, **refers: Any) -> int:
    given = refers | dict.fromkeys(("suggested_needed_on", "needed_on", "order_by"), TODAY)
    given |= dict.fromkeys(("suggested_quantity_packs", "quantity_packs", "shortage"), Decimal(3))
    written: PlanLine = world.add(PlanLine(**given))
    return written.id


def _values(world: World, number: int) -> Values:
    """What rows of these tables may refer to, and nothing else does."""
    main, bolt, acme = world.warehouse(), world.item(), world.vendor()
    _, (sold,) = world.sales_order(main, (world.variant(), 3))
    _, (line,) = world.order(acme.supplies(bolt), main, (bolt, 3))
    empty, _ = world.order(acme, main)
    offers, contracts = list[int](), list[int]()
    for each in range(3):
        nut = world.item()
        acme.supplies(nut, price=None)
        offers.append(world.session.exec(select(VendorItem.id).where(col(VendorItem.item_id) == nut.id)).one())
        agreed = Contract(
            number=f"C-{number}-{each}", vendor_id=acme.id, currency_code="EUR", valid_from=TODAY, valid_to=TODAY
        )
        contracts.append(world.add(agreed).id)
    runs = [
        world.add(PlanningRun(as_of=TODAY, scope={}, state="done", counts={}, started_at=NOW, finished_at=NOW)).id
        for _ in range(2)
    ]
    lines = [
        _plan_line(world, run_id=runs[0], item_id=bolt.id, warehouse_id=main.id, unit_id=bolt.unit_id) for _ in range(2)
    ]
    event = AuditEvent(at=NOW, actor_name="Nobody", operation="nothing", changes=[])
    return {
        "purchase_order_peg": {"order_line_id": line.id, "sales_order_line_id": sold.id},
        "plan_line": {
            "run_id": runs[1],
            "item_id": world.item().id,
            "warehouse_id": world.warehouse().id,
            "suggested_vendor_item_id": offers[0],
            "vendor_item_id": offers[1],
            "unit_id": world.unit(f"crate-{number}").id,
            "currency_code": world.add(Currency(code=f"XX{number}", name="")).code,
            "contract_id": contracts[0],
            "suggested_contract_id": contracts[1],
            "split_from_id": lines[0],
            "carried_from_id": lines[1],
        },
        "purchase_order_line": {
            "order_id": empty.id,
            "item_id": world.item().id,
            "vendor_item_id": offers[2],
            "unit_id": world.unit(f"sack-{number}").id,
        },
        "audit_subject": {"event_id": world.add(event).id},
    }


def _write(world: World, values: Values) -> None:
    """A row of each table that refers to these."""
    _plan_line(world, **values["plan_line"])
    _copy(
        world.session,
        "purchase_order_line",
        "id",
        values["purchase_order_peg"]["order_line_id"],
        values["purchase_order_line"],
    )
    for statement in (
        "INSERT INTO purchase_order_peg (order_line_id, sales_order_line_id, quantity) VALUES (:order_line_id, :sales_order_line_id, 1)",
        "INSERT INTO audit_subject (event_id, kind, record_id) VALUES (:event_id, 'item', 1)",
    ):
        world.session.execute(text(statement), values["purchase_order_peg"] | values["audit_subject"])


@pytest.fixture
def used(session: Session) -> Values:
    """What a peg and a plan line refer to."""
    world = World(session)
    values = _values(world, 1)
    _write(world, values)
    return values


@pytest.fixture
def free(session: Session) -> Values:
    """The same, to which nothing refers."""
    return _values(World(session), 2)


def test_these_keys_are_the_ones_that_are_checked_together(session: Session) -> None:
    found = session.execute(
        text("SELECT conname FROM pg_constraint WHERE contype = 'f' AND NOT conenforced ORDER BY conname")
    )
    together = {f"{table}_{column}_fkey" for table in TOGETHER for column in TOGETHER[table]}
    assert list(found.scalars()) == sorted(together | SELDOM)


@pytest.mark.parametrize("others", [0, MANY])
@pytest.mark.parametrize(("table", "column", "target"), KEYS)
def test_one_new_reference_to_nothing_among_others_is_refused(
    session: Session, used: Values, free: Values, table: str, column: str, target: str, others: int
) -> None:
    right, wrong = {column: free[table][column]}, {column: str(NOTHING) if target == "currency" else NOTHING}
    _copy(session, table, column, used[table][column], right, *[right] * others)
    with pytest.raises(IntegrityError) as refused:
        _copy(session, table, column, used[table][column], *[right, {}] * others, wrong)
    assert _told(refused.value) == (f"{table}_{column}_fkey", table)
    assert f'is not present in table "{target}"' in str(refused.value)


@pytest.mark.parametrize(("table", "column", "target"), KEYS_THAT_CHANGE)
def test_a_reference_that_is_changed_to_nothing_is_refused(
    session: Session, used: Values, free: Values, table: str, column: str, target: str
) -> None:
    change = text(f"UPDATE {table} SET {column} = :value WHERE {column} = :before RETURNING 1")
    before, after = used[table][column], free[table][column]
    assert len(session.execute(change, {"value": after, "before": before}).all()) == 1
    with pytest.raises(IntegrityError) as refused:
        session.execute(change, {"value": str(NOTHING) if target == "currency" else NOTHING, "before": after})
    assert _told(refused.value) == (f"{table}_{column}_fkey", table)


def _told(error: IntegrityError) -> tuple[str | None, str | None]:
    """The constraint and the table that an error of the database names."""
    assert isinstance(error.orig, psycopg.errors.ForeignKeyViolation)
    return error.orig.diag.constraint_name, error.orig.diag.table_name


@pytest.mark.parametrize(("table", "column", "target"), KEYS_THAT_CHANGE)
@pytest.mark.parametrize("change", ["DELETE FROM {target}", "UPDATE {target} SET {key} = {other}"])
def test_what_is_referred_to_stays_and_what_is_not_goes(
    session: Session, used: Values, free: Values, table: str, column: str, target: str, change: str
) -> None:
    key, other = ("code", "code || 'X'") if target == "currency" else ("id", "id + 1000000")
    statement = text(change.format(target=target, key=key, other=other) + f" WHERE {key} = :value RETURNING {key}")
    assert len(session.execute(statement, {"value": free[table][column]}).all()) == 1
    with pytest.raises(IntegrityError) as refused:
        session.execute(statement, {"value": used[table][column]})
    assert _told(refused.value) == (f"{table}_{column}_fkey", table)


def test_what_one_statement_deletes_and_puts_back_stays(session: Session, used: Values) -> None:
    offer = used["plan_line"]["vendor_item_id"]
    names = ", ".join(each.name for each in VendorItem.__table__.columns if each.computed is None)  # type: ignore[attr-defined]
    back = text(
        f"WITH gone AS (DELETE FROM vendor_item WHERE id = :id RETURNING *) INSERT INTO vendor_item ({names}) "
        f"SELECT {names} FROM gone WHERE (SELECT count(*) FROM gone) > 0 RETURNING 1"
    )
    assert len(session.execute(back, {"id": offer}).all()) == 1


@pytest.mark.rule("PLAN-11")
def test_a_decision_that_changes_no_reference_asks_for_none(database: Database) -> None:
    """Who holds what a line refers to, as a run does its own row, keeps nobody from deciding on the line."""
    with World.open() as world:
        values = _values(world, 3)
        _write(world, values)
    with psycopg.connect(database.app_url) as one, psycopg.connect(database.app_url) as two:
        one.execute("SELECT FROM item WHERE id = %s FOR UPDATE", (values["plan_line"]["item_id"],))
        two.execute("SET lock_timeout = '2s'")
        done = two.execute(
            "UPDATE plan_line SET is_locked = true WHERE item_id = %s", (values["plan_line"]["item_id"],)
        )
        assert done.rowcount == 1


@dataclass(frozen=True)
class Meeting:
    """What one writer refers to that nothing refers to yet, and how it writes that: one row, or many by one statement."""

    table: str
    column: str
    used: Values
    free: Values
    rows: int

    @property
    def value(self) -> Value:
        return self.free[self.table][self.column]

    def refer(self, connection: psycopg.Connection) -> None:
        columns = (
            "run_id, item_id, warehouse_id, unit_id, needed_on, suggested_needed_on, order_by, late_days, shortage, "
        )
        columns += "quantity_packs, suggested_quantity_packs, is_locked, version, contract_id"
        if self.table == "purchase_order_peg":
            columns = "order_line_id, sales_order_line_id, quantity"
        read = columns.replace(self.column, "%s")
        connection.execute(
            f"INSERT INTO {self.table} ({columns}) SELECT {read} FROM {self.table}, generate_series(1, {self.rows}) WHERE {self.column} = %s",
            (self.value, self.used[self.table][self.column]),
        )

    def delete(self, connection: psycopg.Connection) -> None:
        connection.execute(f"DELETE FROM {TOGETHER[self.table][self.column]} WHERE id = %s", (self.value,))

    def put_back(self, connection: psycopg.Connection) -> None:
        """Delete and insert what is referred to by one statement, as a file of many changes does."""
        names = ", ".join(each.name for each in Item.__table__.columns if each.computed is None)  # type: ignore[attr-defined]
        connection.execute(
            f"WITH gone AS (DELETE FROM item WHERE id = %s RETURNING *) INSERT INTO item ({names}) "
            f"SELECT {names} FROM gone WHERE (SELECT count(*) FROM gone) > 0",
            (self.value,),
        )


@pytest.fixture(params=[1, MANY], ids=["a row", "many rows"])
def rows(request: pytest.FixtureRequest) -> int:
    """How many rows a writer writes by one statement."""
    return int(request.param)


@pytest.fixture(
    params=[("purchase_order_peg", "sales_order_line_id"), ("plan_line", "item_id")], ids=lambda each: each[0]
)
def meeting(request: pytest.FixtureRequest, database: Database, rows: int) -> Meeting:
    """Two writers are going to meet here. Committed."""
    table, column = request.param
    with World.open() as world:
        used, free = _values(world, next(_worlds)), _values(world, next(_worlds))
        _write(world, used)
    return Meeting(table, column, used, free, rows)


@pytest.mark.parametrize("who_is_first", ["reference", "deletion"])
def test_a_reference_and_the_deletion_of_what_it_names_wait_for_each_other(
    database: Database, meeting: Meeting, who_is_first: str
) -> None:
    acts: list[Callable[[psycopg.Connection], object]] = [meeting.refer, meeting.delete]
    first, second = acts if who_is_first == "reference" else acts[::-1]
    with _two(database) as (one, two), ThreadPoolExecutor(1) as other:
        first(one)
        waiting = other.submit(second, two)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.3)
        one.commit()
        with pytest.raises(psycopg.errors.ForeignKeyViolation) as refused:
            waiting.result(timeout=20)
    assert refused.value.diag.constraint_name == f"{meeting.table}_{meeting.column}_fkey"


@pytest.mark.parametrize("rows", [MANY], indirect=True, ids=["many rows"])
@pytest.mark.parametrize("who_is_first", ["reference", "deletion"])
def test_who_waited_for_what_was_taken_back_goes_on(database: Database, meeting: Meeting, who_is_first: str) -> None:
    acts: list[Callable[[psycopg.Connection], object]] = [meeting.refer, meeting.delete]
    first, second = acts if who_is_first == "reference" else acts[::-1]
    with _two(database) as (one, two), ThreadPoolExecutor(1) as other:
        first(one)
        waiting = other.submit(second, two)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.3)
        one.rollback()
        waiting.result(timeout=20)
        two.rollback()


def test_two_who_refer_to_the_same_do_not_wait_for_each_other(database: Database, meeting: Meeting) -> None:
    with _two(database) as (one, two):
        two.execute("SET lock_timeout = '2s'")
        meeting.refer(one)
        meeting.refer(two)
        one.commit()
        two.commit()
        (found,) = one.execute(
            f"SELECT count(*) FROM {meeting.table} WHERE {meeting.column} = %s", (meeting.value,)
        ).fetchone() or (0,)
    assert found == 2 * meeting.rows


@pytest.mark.parametrize("meeting", [("plan_line", "item_id")], indirect=True, ids=["plan_line"])
def test_a_reference_to_what_was_put_back_meanwhile_is_written(database: Database, meeting: Meeting) -> None:
    with _two(database) as (one, two), ThreadPoolExecutor(1) as other:
        meeting.put_back(one)
        waiting = other.submit(meeting.refer, two)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.3)
        one.commit()
        waiting.result(timeout=20)
        two.commit()


@contextmanager
def _two(database: Database) -> Iterator[tuple[psycopg.Connection, psycopg.Connection]]:
    with psycopg.connect(database.app_url) as one, psycopg.connect(database.app_url) as two:
        yield one, two
