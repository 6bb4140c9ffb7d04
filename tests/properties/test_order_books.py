"""Random histories of orders, receipts, voids, adjustments and transfers: the books always add up."""

from collections import defaultdict
from contextlib import ExitStack
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import text
from sqlmodel import Session, select

from buyside.db.engine import app_engine
from buyside.db.orders import PurchaseOrder, PurchaseOrderLine
from buyside.db.stock import StockBalance
from buyside.domain.access import OPERATOR, Role
from buyside.domain.refusals import Refused
from buyside.ledgers.stock import NegativeStock
from buyside.operations.orders import issue_order
from buyside.operations.receipts import AlreadyVoid, GoodsGone, OverReceipt, receive_order, void_receipt
from buyside.operations.run import within
from buyside.operations.stock import adjust_stock, transfer_stock
from buyside.queries.checks import all_checks
from tests.conftest import Database
from tests.world import NOW, World

quantities = st.decimals(min_value="0.001", max_value="12", places=3)
PACK = {"Bolt": Decimal(100), "Gauge": Decimal(1), "Oil": Decimal("0.333333")}


class Books(RuleBasedStateMachine):
    """Drives the operations beside a plain count of what should lie where."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        connection = self.stack.enter_context(app_engine().connect())
        transaction = connection.begin()
        self.stack.callback(transaction.rollback)
        self.session = self.stack.enter_context(Session(bind=connection, join_transaction_mode="create_savepoint"))
        world = self.world = World(self.session)
        world.organisation(over_receipt_percent=Decimal(10))
        unit = world.unit("kg", digits=3)
        self.items = [
            world.item("Bolt", unit=unit),
            world.item("Gauge", unit=unit, inspection_required=True),
            world.item("Oil", unit=unit, over_receipt_percent=Decimal(0)),
        ]
        self.acme = world.vendor()
        for item in self.items:
            self.acme.supplies(item, pack=PACK[item.name])
        self.warehouses = [world.warehouse("Main"), world.warehouse("North")]
        self.buyer, self.receiver = world.user(Role.BUYER), world.user(Role.RECEIVER)
        self.orders: list[tuple[PurchaseOrder, list[PurchaseOrderLine]]] = []
        self.receipts: list[tuple[int, int, dict[int, Decimal]]] = []
        self.voided: set[int] = set()
        self.lying: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
        self.received: dict[int, Decimal] = defaultdict(Decimal)

    def teardown(self) -> None:
        try:
            assert [each for each in all_checks(self.session, OPERATOR) if not each.holds] == []
        finally:
            self.stack.close()

    def attempt(self, operation: Any, actor: Any, **arguments: Any) -> Any:
        """Run an operation; a refusal leaves nothing behind and is handed back."""
        try:
            with self.session.begin_nested():
                return within(self.session, operation, actor, at=NOW, **arguments)
        except Refused as refusal:
            self.session.expire_all()
            return refusal

    @rule(ordered=st.lists(quantities, min_size=1, max_size=3), price=st.decimals("0", "99", places=4))
    def order(self, ordered: list[Decimal], price: Decimal) -> None:
        lines = [(item, quantity, price) for item, quantity in zip(self.items, ordered, strict=False)]
        order, written = self.world.order(self.acme, self.warehouses[0], *lines)
        assert not isinstance(self.attempt(issue_order, self.buyer, order_id=order.id), Refused)
        self.orders.append((order, written))

    @precondition(lambda self: self.orders)
    @rule(choice=st.data(), part=st.lists(quantities, min_size=1, max_size=3), where=st.integers(0, 1))
    def receive(self, choice: st.DataObject, part: list[Decimal], where: int) -> None:
        order, lines = choice.draw(st.sampled_from(self.orders), label="order")
        wanted = {line.id: quantity for line, quantity in zip(lines, part, strict=False)}
        assume(order.state in {"issued", "partly_received"})
        self._receive(order, lines, wanted, where)

    @precondition(lambda self: self.orders)
    @rule(choice=st.data(), where=st.integers(0, 1))
    def receive_all(self, choice: st.DataObject, where: int) -> None:
        order, lines = choice.draw(st.sampled_from(self.orders), label="order")
        assume(order.state in {"issued", "partly_received"})
        self._receive(order, lines, None, where)

    def _receive(
        self, order: PurchaseOrder, lines: list[PurchaseOrderLine], wanted: dict[int, Decimal] | None, where: int
    ) -> None:
        limits = {line.id: line.receivable_quantity for line in lines}
        still_open = {line.id: line.quantity - line.received_quantity for line in lines}
        arriving = wanted or {line_id: quantity for line_id, quantity in still_open.items() if quantity > 0}
        fits = all(self.received[line_id] + quantity <= limits[line_id] for line_id, quantity in arriving.items())
        warehouse = self.warehouses[where]
        done = self.attempt(receive_order, self.receiver, order_id=order.id, warehouse_id=warehouse.id, lines=wanted)
        if not fits:
            assert isinstance(done, OverReceipt)
            return
        assert not isinstance(done, Refused), done
        for line in lines:
            if line.id in arriving:
                self.received[line.id] += arriving[line.id]
                stock = (arriving[line.id] * line.unit_factor).quantize(Decimal("0.000001"), rounding="ROUND_HALF_UP")
                self.lying[warehouse.id, line.item_id] += stock
        self.receipts.append((done.receipt_id, where, arriving))

    @precondition(lambda self: self.receipts)
    @rule(choice=st.data())
    def void(self, choice: st.DataObject) -> None:
        receipt_id, where, arrived = choice.draw(st.sampled_from(self.receipts), label="receipt")
        done = self.attempt(void_receipt, self.receiver, receipt_id=receipt_id, reason="wrong")
        if receipt_id in self.voided:
            assert isinstance(done, AlreadyVoid)
            return
        if isinstance(done, GoodsGone):
            return
        assert not isinstance(done, Refused), done
        self.voided.add(receipt_id)
        for line_id, quantity in arrived.items():
            line = self.session.get_one(PurchaseOrderLine, line_id)
            self.received[line_id] -= quantity
            stock = (quantity * line.unit_factor).quantize(Decimal("0.000001"), rounding="ROUND_HALF_UP")
            self.lying[self.warehouses[where].id, line.item_id] -= stock

    @rule(which=st.integers(0, 2), where=st.integers(0, 1), quantity=quantities, is_less=st.booleans())
    def adjust(self, which: int, where: int, quantity: Decimal, is_less: bool) -> None:
        item, warehouse = self.items[which], self.warehouses[where]
        moved = -quantity if is_less else quantity
        done = self.attempt(
            adjust_stock,
            self.receiver,
            warehouse_id=warehouse.id,
            item_id=item.id,
            quantity=moved,
            reason="counted",
        )
        if isinstance(done, Refused):
            assert is_less
            assert isinstance(done, NegativeStock)
            return
        self.lying[warehouse.id, item.id] += moved

    @rule(which=st.integers(0, 2), where=st.integers(0, 1), quantity=quantities)
    def transfer(self, which: int, where: int, quantity: Decimal) -> None:
        item, start, end = self.items[which], self.warehouses[where], self.warehouses[1 - where]
        done = self.attempt(
            transfer_stock,
            self.receiver,
            from_warehouse_id=start.id,
            to_warehouse_id=end.id,
            item_id=item.id,
            quantity=quantity,
        )
        if isinstance(done, Refused):
            assert isinstance(done, NegativeStock)
            return
        self.lying[start.id, item.id] -= quantity
        self.lying[end.id, item.id] += quantity

    @invariant()
    def balances_are_the_count_and_the_ledger(self) -> None:
        kept = self.session.exec(select(StockBalance).execution_options(populate_existing=True)).all()
        counted = {key: quantity for key, quantity in self.lying.items() if quantity}
        assert {
            (each.warehouse_id, each.item_id): each.on_hand + each.in_inspection
            for each in kept
            if each.on_hand + each.in_inspection
        } == counted
        ledger = self.session.execute(
            text("SELECT warehouse_id, item_id, sum(quantity), sum(value) FROM stock_entry GROUP BY 1, 2")
        ).all()
        assert {(a, b): (quantity, value) for a, b, quantity, value in ledger} == {
            (each.warehouse_id, each.item_id): (each.on_hand + each.in_inspection, each.value) for each in kept
        }

    @invariant()
    def received_is_the_count_and_never_more_than_may_be(self) -> None:
        lines = self.session.exec(select(PurchaseOrderLine).execution_options(populate_existing=True)).all()
        for line in lines:
            assert line.received_quantity == self.received[line.id] <= line.receivable_quantity


def drive(*, examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Books,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


@pytest.mark.rule("STK-2")
@pytest.mark.rule("STK-5")
@pytest.mark.rule("STK-6")
def test_the_books_add_up_after_any_history(database: Database) -> None:
    drive(examples=12, steps=20)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_the_books_add_up_after_any_long_history(database: Database) -> None:
    drive(examples=400, steps=60)
