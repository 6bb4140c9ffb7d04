"""Several people at the same line, order or vendor at the same moment: real threads, a connection each."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import Session, select

from buyside.db.engine import sessions
from buyside.db.orders import PurchaseOrder, PurchaseOrderLine, PurchaseOrderSnapshot
from buyside.db.receipts import Receipt
from buyside.db.stock import StockBalance
from buyside.domain.access import OPERATOR, Actor, Role
from buyside.domain.refusals import Refused
from buyside.operations.orders import issue_order, save_order
from buyside.operations.receipts import receive_order, void_receipt
from buyside.operations.run import perform
from buyside.operations.stock import adjust_stock, transfer_stock
from buyside.queries.checks import all_checks
from buyside.queries.read import ask
from tests.conftest import Database
from tests.world import NOW, World

PEOPLE = 8


class Setup:
    """An order of 100 bolts that tolerates 5 more, committed; eight receivers."""

    def __init__(self) -> None:
        with World.open() as world:
            world.organisation()
            self.main, self.north = world.warehouse("Main"), world.warehouse("North")
            self.bolt = world.item("Bolt", over_receipt_percent=Decimal(5))
            self.acme = world.vendor("Acme").supplies(self.bolt)
            self.order, [self.line] = world.order(self.acme, self.main, (self.bolt, 100))
            self.buyer = world.user(Role.BUYER)
            self.receivers = [world.user(Role.RECEIVER) for _ in range(PEOPLE)]

    def issue(self) -> None:
        perform(issue_order, self.buyer, order_id=self.order.id, at=NOW)


@pytest.fixture
def setup(database: Database) -> Iterator[Setup]:
    yield Setup()
    assert [each for each in ask(all_checks, OPERATOR) if not each.holds] == []


def at_once(people: list[Actor], act: Callable[[Actor], Any]) -> tuple[list[Any], list[str]]:
    """Let everybody act at the same moment. Answers, and the codes of refusals."""
    ready = Barrier(len(people))

    def go(actor: Actor) -> Any:
        ready.wait(timeout=30)
        try:
            return act(actor)
        except Refused as refusal:
            return refusal

    with ThreadPoolExecutor(len(people)) as threads:
        ended = list(threads.map(go, people))
    codes = [each.code for each in ended if isinstance(each, Refused)]
    return [each for each in ended if not isinstance(each, Refused)], codes


def fresh(table: type, **where: Any) -> list[Any]:
    with sessions()() as session:
        return list(session.exec(select(table).filter_by(**where)).all())


def of_line(setup: Setup) -> PurchaseOrderLine:
    [line] = fresh(PurchaseOrderLine, id=setup.line.id)
    return line


@pytest.mark.rule("STK-2")
def test_eight_receivers_never_take_more_than_the_tolerance(setup: Setup) -> None:
    setup.issue()

    def receive(actor: Actor) -> Any:
        return perform(
            receive_order,
            actor,
            order_id=setup.order.id,
            warehouse_id=setup.main.id,
            lines={setup.line.id: Decimal(15)},
            at=NOW,
        )

    done, refused = at_once(setup.receivers, receive)
    assert len(done) == 7
    assert set(refused) <= {"receipts.over-receipt", "lifecycle.wrong-state"}
    assert of_line(setup).received_quantity == 105
    [balance] = fresh(StockBalance, item_id=setup.bolt.id)
    assert balance.on_hand == 105
    assert len({each.number for each in done}) == 7


@pytest.mark.rule("STK-1")
def test_one_press_sent_eight_times_posts_once(setup: Setup) -> None:
    setup.issue()
    request_id = uuid4()
    presses = [setup.receivers[0]] * PEOPLE
    done, refused = at_once(
        presses,
        lambda actor: perform(
            receive_order, actor, request_id=request_id, order_id=setup.order.id, warehouse_id=setup.main.id, at=NOW
        ),
    )
    assert (len(set(done)), refused) == (1, [])
    assert len(fresh(Receipt, order_id=setup.order.id)) == 1


@pytest.mark.rule("PO-6")
def test_two_who_issue_freeze_one_snapshot(setup: Setup) -> None:
    done, refused = at_once(
        [setup.buyer] * 2, lambda actor: perform(issue_order, actor, order_id=setup.order.id, at=NOW)
    )
    assert (len(done), refused) == (1, ["lifecycle.wrong-state"])
    assert len(fresh(PurchaseOrderSnapshot, order_id=setup.order.id)) == 1


@pytest.mark.rule("PO-6")
def test_numbers_are_drawn_once(setup: Setup) -> None:
    head = {"vendor_id": setup.acme.id, "warehouse_id": setup.main.id, "currency_code": "EUR"}
    done, refused = at_once(
        [setup.buyer] * PEOPLE, lambda actor: [perform(save_order, actor, head=head, at=NOW).number for _ in range(5)]
    )
    numbers = [number for each in done for number in each]
    assert (len(set(numbers)), refused) == (PEOPLE * 5, [])


def test_of_two_who_save_the_same_version_one_is_told(setup: Setup) -> None:
    done, refused = at_once(
        [setup.buyer] * 2,
        lambda actor: perform(save_order, actor, order_id=setup.order.id, version=1, head={"title": "Mine"}, at=NOW),
    )
    assert (len(done), refused) == (1, ["general.stale"])
    [order] = fresh(PurchaseOrder, id=setup.order.id)
    assert order.version == 2


@pytest.mark.rule("STK-4")
def test_a_receipt_is_voided_once_however_many_try(setup: Setup) -> None:
    setup.issue()
    posted = perform(receive_order, setup.receivers[0], order_id=setup.order.id, warehouse_id=setup.main.id, at=NOW)
    done, refused = at_once(
        setup.receivers,
        lambda actor: perform(void_receipt, actor, receipt_id=posted.receipt_id, reason="wrong", at=NOW),
    )
    assert (len(done), set(refused)) == (1, {"receipts.already-void"})
    assert of_line(setup).received_quantity == 0


@pytest.mark.rule("STK-6")
def test_the_last_goods_are_taken_by_one(setup: Setup) -> None:
    with World.open() as world:
        world.stock(setup.main, setup.bolt, 10)

    def take(actor: Actor) -> Any:
        arguments: dict[str, Any] = {"item_id": setup.bolt.id, "reason": "scrapped", "at": NOW}
        return perform(adjust_stock, actor, warehouse_id=setup.main.id, quantity=Decimal(-6), **arguments)

    done, refused = at_once(setup.receivers, take)
    assert (len(done), set(refused)) == (1, {"stock.negative"})


@pytest.mark.rule("STK-6")
def test_transfers_both_ways_at_once_neither_block_nor_lose(setup: Setup) -> None:
    with World.open() as world:
        for warehouse in (setup.main, setup.north):
            world.stock(warehouse, setup.bolt, 100)

    def move(actor: Actor) -> Any:
        there, back = setup.main.id, setup.north.id
        if setup.receivers.index(actor) % 2:
            there, back = back, there
        for _ in range(5):
            perform(
                transfer_stock,
                actor,
                from_warehouse_id=there,
                to_warehouse_id=back,
                item_id=setup.bolt.id,
                quantity=Decimal(3),
                at=NOW,
            )

    _, refused = at_once(setup.receivers, move)
    assert refused == []
    assert sum(each.on_hand for each in fresh(StockBalance, item_id=setup.bolt.id)) == 200


def test_a_session_of_ones_own(database: Database) -> None:
    """The threads above really use connections of their own: two sessions, two backends."""
    with sessions()() as one, sessions()() as other:
        assert _backend(one) != _backend(other)


def _backend(session: Session) -> int:
    from sqlalchemy import text

    return int(session.execute(text("SELECT pg_backend_pid()")).scalar_one())
