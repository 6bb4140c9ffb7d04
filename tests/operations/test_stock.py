"""Adjustments and transfers, and books that nobody rewrites."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from buyside.db.stock import StockEntry
from buyside.domain.access import Role
from buyside.domain.refusals import NotAllowed, Refused
from buyside.ledgers.stock import NegativeStock
from buyside.operations.run import within
from buyside.operations.stock import adjust_stock, transfer_stock
from buyside.queries.stock import balances_on
from tests.conftest import Database
from tests.world import NOW, TODAY, World


class Setup:
    """Ten bolts worth 20 in the main warehouse, an empty one in the north."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.world = World(session)
        self.main, self.north = self.world.warehouse("Main"), self.world.warehouse("North")
        self.bolt = self.world.item("Bolt", standard_cost=Decimal(5))
        self.world.stock(self.main, self.bolt, 10, unit_cost=2)
        self.receiver = self.world.user(Role.RECEIVER)

    def adjust(self, quantity: str, **arguments: Any) -> Any:
        wanted = {"warehouse_id": self.main.id, "item_id": self.bolt.id, "reason": "counted", **arguments}
        return within(self.session, adjust_stock, self.receiver, quantity=Decimal(quantity), at=NOW, **wanted)

    def transfer(self, quantity: str, **arguments: Any) -> Any:
        wanted = {"from_warehouse_id": self.main.id, "to_warehouse_id": self.north.id, "item_id": self.bolt.id}
        return within(
            self.session, transfer_stock, self.receiver, quantity=Decimal(quantity), at=NOW, **{**wanted, **arguments}
        )

    def entries(self) -> int:
        return len(self.session.exec(select(StockEntry)).all())


@pytest.fixture
def setup(session: Session) -> Setup:
    return Setup(session)


@pytest.mark.rule("STK-6")
@pytest.mark.parametrize(("quantity", "value"), [("5", "30"), ("-4", "12"), ("-10", "0"), ("0.001", "20.002")])
def test_an_adjustment_moves_quantity_and_value_at_the_average(setup: Setup, quantity: str, value: str) -> None:
    done = setup.adjust(quantity)
    assert (done.on_hand, done.value) == (10 + Decimal(quantity), Decimal(value))
    entry = setup.session.get_one(StockEntry, done.entry_ids[0])
    assert (entry.reason, entry.note, entry.user_id) == ("adjustment", "counted", setup.receiver.user_id)


@pytest.mark.rule("STK-7")
def test_the_last_goods_take_all_of_the_value_with_them(setup: Setup) -> None:
    assert setup.adjust("3", warehouse_id=setup.north.id, unit_cost=Decimal("3.333334")).value == Decimal("10.000002")
    assert setup.adjust("-1", warehouse_id=setup.north.id).value == Decimal("6.666668")
    assert setup.adjust("0.7", warehouse_id=setup.north.id, unit_cost=Decimal(1)).value == Decimal("7.366668")
    done = setup.adjust("-2.7", warehouse_id=setup.north.id)
    assert (done.on_hand, done.value) == (0, 0)


def test_what_comes_in_is_valued_as_said_else_at_standard_cost_where_nothing_lies(setup: Setup) -> None:
    assert setup.adjust("1", unit_cost=Decimal(8)).value == 28
    assert setup.adjust("1", warehouse_id=setup.north.id).value == 5


@pytest.mark.rule("STK-5")
def test_variants_are_adjusted_like_items(setup: Setup) -> None:
    bike = setup.world.variant()
    assert setup.adjust("3", item_id=None, variant_id=bike.id, unit_cost=Decimal(100)).on_hand == 3


@pytest.mark.parametrize(
    ("quantity", "arguments", "code"),
    [
        ("1", {"reason": "  "}, "general.reason-missing"),
        ("0", {}, "stock.nothing-moved"),
        ("-10.000001", {}, "stock.negative"),
        ("1", {"unit_cost": Decimal(-1)}, "general.out-of-range"),
        ("1", {"effective_on": TODAY + timedelta(days=1)}, "stock.day-to-come"),
        ("1", {"warehouse_id": -1}, "access.not-found"),
        ("1", {"item_id": -1}, "access.not-found"),
        ("1", {"item_id": None}, "access.not-found"),
        ("1", {"variant_id": 1}, "access.not-found"),
        ("1", {"item_id": None, "variant_id": -1}, "access.not-found"),
    ],
)
def test_an_adjustment_that_cannot_be_is_refused(
    setup: Setup, quantity: str, arguments: dict[str, Any], code: str
) -> None:
    before = setup.entries()
    with pytest.raises(Refused) as refused:
        setup.adjust(quantity, **arguments)
    assert refused.value.code == code
    assert setup.entries() == before


def test_no_stock_of_a_service_is_kept(setup: Setup) -> None:
    with pytest.raises(Refused) as refused:
        setup.adjust("1", item_id=setup.world.item("Service", kind="generic").id)
    assert refused.value.code == "stock.not-stocked"


@pytest.mark.rule("ACC-2")
def test_a_buyer_adjusts_nothing(setup: Setup) -> None:
    setup.receiver = setup.world.user(Role.BUYER)
    with pytest.raises(NotAllowed):
        setup.adjust("1")


@pytest.mark.rule("STK-6")
def test_a_transfer_moves_both_sides_at_one_value(setup: Setup) -> None:
    done = setup.transfer("4", reason="for assembly")
    assert (done.on_hand, done.value) == (4, 8)
    left = setup.world.balance(setup.main, setup.bolt)
    assert (left.on_hand, left.value) == (6, 12)
    out, arrived = [setup.session.get_one(StockEntry, each) for each in done.entry_ids]
    assert (out.reason, arrived.reason, arrived.source_id) == ("transfer_out", "transfer_in", out.id)
    assert out.value + arrived.value == 0


@pytest.mark.rule("STK-6")
@pytest.mark.parametrize(
    ("quantity", "arguments", "code"),
    [
        ("11", {}, "stock.negative"),
        ("0", {}, "general.not-positive"),
        ("-1", {}, "general.not-positive"),
        ("1", {"to_warehouse_id": None}, "stock.same-warehouse"),
        ("1", {"to_warehouse_id": -1}, "access.not-found"),
        ("1", {"effective_on": TODAY + timedelta(days=1)}, "stock.day-to-come"),
    ],
)
def test_a_transfer_that_cannot_be_moves_neither_side(
    setup: Setup, quantity: str, arguments: dict[str, Any], code: str
) -> None:
    if "to_warehouse_id" in arguments and arguments["to_warehouse_id"] is None:
        arguments = {"to_warehouse_id": setup.main.id}
    before = setup.entries()
    with pytest.raises(Refused) as refused:
        setup.transfer(quantity, **arguments)
    assert refused.value.code == code
    assert setup.entries() == before


@pytest.mark.rule("STK-6")
def test_the_database_itself_refuses_stock_below_zero(setup: Setup) -> None:
    entry = {"warehouse_id": setup.north.id, "item_id": setup.bolt.id, "quantity": Decimal(-1), "reason": "issue"}
    with pytest.raises(Exception, match="stock_balance_not_negative_check"):
        setup.world.add(StockEntry(**entry, effective_on=TODAY, recorded_at=NOW))


@pytest.mark.rule("STK-6")
def test_a_balance_cannot_be_told_to_go_below_zero_where_its_warehouse_forbids_it(setup: Setup) -> None:
    with setup.session.begin_nested():
        setup.session.execute(text("UPDATE stock_balance SET allows_negative = true"))
    entry = {"warehouse_id": setup.main.id, "item_id": setup.bolt.id, "quantity": Decimal(-11), "reason": "issue"}
    with pytest.raises(IntegrityError, match="stock_balance_not_negative_check"), setup.session.begin_nested():
        setup.world.add(StockEntry(**entry, effective_on=TODAY, recorded_at=NOW))
    assert setup.world.balance(setup.main, setup.bolt).on_hand == 10


@pytest.mark.rule("STK-5")
@pytest.mark.rule("STK-7")
def test_the_balance_of_any_past_day_is_the_sum_of_its_ledger_however_late_entries_come(setup: Setup) -> None:
    chance = Random(7)
    moved: list[tuple[date, Decimal]] = [(TODAY, Decimal(10))]
    for _ in range(40):
        day = TODAY - timedelta(days=chance.randrange(12))
        quantity = Decimal(chance.randrange(1, 5000)) / 1000
        if chance.random() < 0.4 and sum(each for _, each in moved) > quantity:
            quantity = -quantity
        setup.adjust(str(quantity), effective_on=day)
        moved.append((day, quantity))
    for back in range(14):
        day = TODAY - timedelta(days=back)
        held = sum((quantity for on, quantity in moved if on <= day), Decimal(0))
        found = {each.code: each.on_hand for each in balances_on(setup.session, setup.receiver, day=day)}
        assert found.get(setup.bolt.code, Decimal(0)) == held, day
    now = {each.code: (each.on_hand, each.value) for each in balances_on(setup.session, setup.receiver)}
    last = {each.code: (each.on_hand, each.value) for each in balances_on(setup.session, setup.receiver, day=TODAY)}
    assert now == last


@pytest.mark.rule("STK-6")
def test_a_refused_movement_takes_the_whole_posting_with_it(setup: Setup) -> None:
    setup.transfer("10")
    with pytest.raises(NegativeStock):
        setup.adjust("-1")
    ordered = setup.session.exec(select(StockEntry.reason).order_by(col(StockEntry.id))).all()
    assert list(ordered) == ["opening", "transfer_out", "transfer_in"]


@pytest.mark.rule("ACC-6")
@pytest.mark.parametrize(
    "table",
    ["stock_entry", "receipt", "receipt_line", "purchase_order_snapshot", "audit_event", "audit_subject"],
)
@pytest.mark.parametrize("rewriting", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
@pytest.mark.parametrize("login", ["app", "owner"])
def test_history_is_rewritten_by_nobody(database: Database, table: str, rewriting: str, login: str) -> None:
    statement = rewriting.format(table).replace("id = id", "kind = kind" if table == "audit_subject" else "id = id")
    expected: tuple[type[Exception], ...] = (psycopg.errors.InsufficientPrivilege,)
    if login == "owner":
        expected = (psycopg.errors.RestrictViolation,)
    with psycopg.connect(getattr(database, f"{login}_url")) as connection, pytest.raises(expected):
        connection.execute(statement)


@pytest.mark.rule("STK-5")
def test_a_balance_is_written_by_the_ledger_alone(database: Database) -> None:
    for statement in (
        "UPDATE stock_balance SET on_hand = 1",
        "INSERT INTO stock_balance (warehouse_id, item_id) VALUES (1, 1)",
        "DELETE FROM stock_balance",
    ):
        with psycopg.connect(database.app_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)
