"""Receiving and voiding: what is posted, and every no."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlmodel import Session, col, select

from buyside.db.audit import AuditEvent
from buyside.db.orders import PurchaseOrder, PurchaseOrderLine
from buyside.db.receipts import Receipt, ReceiptLine
from buyside.db.stock import StockEntry, Warehouse
from buyside.db.vendors import ExchangeRate
from buyside.domain.access import OPERATOR, Actor, Role
from buyside.domain.refusals import NotAllowed, NotPositive, ReasonMissing, WrongState
from buyside.operations.receipts import (
    AllAtOnce,
    AlreadyVoid,
    BeforeReceipt,
    GoodsGone,
    IsReversal,
    NothingOpen,
    NotYet,
    OverReceipt,
    PostedReceipt,
    receive_order,
    void_receipt,
)
from buyside.operations.run import within
from buyside.operations.stock import adjust_stock
from buyside.queries.order_history import order_timeline
from buyside.queries.order_locks import OrderOnHold
from tests.world import NOW, TODAY, World


class Setup:
    """Ten packs of 100 bolts at 12.00 and four nuts at 0.50 on one issued order; a receiver."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.world = World(session)
        self.main = self.world.warehouse()
        self.bolt, self.nut = self.world.item("Bolt"), self.world.item("Nut")
        self.acme = self.world.vendor("Acme").supplies(self.bolt, pack=100).supplies(self.nut)
        self.order, [self.bolts, self.nuts] = self.world.order(
            self.acme, self.main, (self.bolt, 10, "12.00"), (self.nut, 4, "0.50"), issued=True
        )
        self.receiver = self.world.user(Role.RECEIVER)

    def receive(self, lines: dict[int, Decimal] | None = None, **arguments: object) -> PostedReceipt:
        return within(
            self.session,
            receive_order,
            self.receiver,
            **{"order_id": self.order.id, "warehouse_id": self.main.id, "lines": lines, "at": NOW, **arguments},
        )

    def void(self, receipt_id: int, reason: str = "wrong pallet", actor: Actor | None = None) -> PostedReceipt:
        return within(self.session, void_receipt, actor or self.receiver, receipt_id=receipt_id, reason=reason, at=NOW)

    def traces(self) -> tuple[int, ...]:
        """How many rows of each kind there are: refused leaves nothing behind."""
        return tuple(
            len(self.session.exec(select(table)).all()) for table in (Receipt, ReceiptLine, StockEntry, AuditEvent)
        )


@pytest.fixture
def setup(session: Session) -> Setup:
    return Setup(session)


@pytest.mark.rule("STK-1")
def test_a_part_is_received_and_the_rest_stays_open(setup: Setup) -> None:
    done = setup.receive({setup.bolts.id: Decimal("2.5")})
    assert (done.number, done.order_state, done.lines) == (f"{setup.order.number}-R1", "partly_received", 1)
    assert setup.bolts.received_quantity == Decimal("2.5")
    balance = setup.world.balance(setup.main, setup.bolt)
    assert (balance.on_hand, balance.value) == (250, 30)
    [entry] = setup.session.exec(select(StockEntry)).all()
    assert (entry.reason, entry.source_kind, entry.source_id, entry.unit_cost) == (
        "receipt",
        "receipt",
        done.receipt_id,
        Decimal("0.12"),
    )
    assert (entry.effective_on, entry.user_id) == (TODAY, setup.receiver.user_id)


@pytest.mark.rule("STK-1")
def test_everything_open_is_received_in_one_step(setup: Setup) -> None:
    setup.receive({setup.bolts.id: Decimal(3)})
    done = setup.receive()
    assert (done.order_state, done.lines, done.number) == ("received", 2, f"{setup.order.number}-R2")
    assert setup.world.balance(setup.main, setup.bolt).on_hand == 1000
    assert setup.world.balance(setup.main, setup.nut).on_hand == 4


@pytest.mark.rule("STK-1")
def test_goods_may_go_to_another_warehouse_than_the_orders(setup: Setup) -> None:
    north = setup.world.warehouse("North")
    setup.receive(warehouse_id=north.id)
    assert setup.world.balance(north, setup.bolt).on_hand == 1000


@pytest.mark.rule("STK-2")
def test_more_than_ordered_is_refused_and_the_refusal_names_what_is_open(setup: Setup) -> None:
    before = setup.traces()
    with pytest.raises(OverReceipt) as refused:
        setup.receive({setup.nuts.id: Decimal(1), setup.bolts.id: Decimal("10.001")})
    assert refused.value.code == "receipts.over-receipt"
    assert "10 of 10 are still open" in str(refused.value)
    assert setup.traces() == before


@pytest.mark.rule("STK-2")
def test_tolerance_is_taken_and_no_more(setup: Setup) -> None:
    setup.bolts.receivable_quantity = Decimal("10.5")
    setup.receive({setup.bolts.id: Decimal(6)})
    with pytest.raises(OverReceipt) as refused:
        setup.receive({setup.bolts.id: Decimal("4.6")})
    assert "it takes 4.5 at most" in str(refused.value)
    setup.receive({setup.bolts.id: Decimal("4.5")})
    assert setup.world.balance(setup.main, setup.bolt).on_hand == 1050


@pytest.mark.rule("STK-3")
def test_what_needs_inspection_arrives_in_inspection_however_it_is_split(setup: Setup) -> None:
    setup.bolt.inspection_required = True
    setup.world.add(setup.bolt)
    for _ in range(3):
        setup.receive({setup.bolts.id: Decimal(1)})
    balance = setup.world.balance(setup.main, setup.bolt)
    assert (balance.on_hand, balance.in_inspection) == (0, 300)


@pytest.mark.rule("PO-11")
def test_an_order_that_is_fulfilled_all_at_once_takes_no_part(setup: Setup) -> None:
    setup.order.fulfil_all_at_once = True
    with pytest.raises(AllAtOnce) as refused:
        setup.receive({setup.bolts.id: Decimal(10), setup.nuts.id: Decimal(3)})
    assert refused.value.code == "receipts.all-at-once"
    assert setup.receive().order_state == "received"


@pytest.mark.parametrize("quantity", ["0", "-1"])
def test_nothing_and_less_is_refused(setup: Setup, quantity: str) -> None:
    with pytest.raises(NotPositive):
        setup.receive({setup.bolts.id: Decimal(quantity)})
    with pytest.raises(NothingOpen):
        setup.receive({})


def test_a_day_to_come_is_refused(setup: Setup) -> None:
    with pytest.raises(NotYet):
        setup.receive(effective_on=TODAY + timedelta(days=1))


@pytest.mark.parametrize("state", ["draft", "received", "closed", "cancelled"])
def test_only_orders_that_await_goods_are_received(setup: Setup, state: str) -> None:
    setup.order.state = state
    with pytest.raises(WrongState):
        setup.receive()


def test_an_order_on_hold_is_not_received(setup: Setup) -> None:
    setup.order.is_on_hold = True
    with pytest.raises(OrderOnHold):
        setup.receive()


@pytest.mark.rule("ACC-2")
def test_a_manager_receives_nothing(setup: Setup) -> None:
    setup.receiver = setup.world.user(Role.MANAGER)
    with pytest.raises(NotAllowed):
        setup.receive()


def test_a_line_of_another_order_is_not_found(setup: Setup) -> None:
    _, [line] = setup.world.order(setup.acme, setup.main, (setup.nut, 1), issued=True)
    with pytest.raises(Exception, match="no such line") as refused:
        setup.receive({line.id: Decimal(1)})
    assert refused.value.code == "access.not-found"


@pytest.mark.rule("STK-5")
def test_the_last_receipt_brings_the_last_cent(setup: Setup) -> None:
    order, [line] = setup.world.order(setup.acme, setup.main, (setup.nut, 3, "3.333333"), issued=True)
    for _ in range(3):
        setup.receive({line.id: Decimal(1)}, order_id=order.id)
    assert setup.world.balance(setup.main, setup.nut).value == pytest.approx(line.subtotal, abs=Decimal("0.000003"))


def test_goods_are_valued_after_discounts_and_without_tax(setup: Setup) -> None:
    order, [line] = setup.world.order(setup.acme, setup.main, (setup.nut, 10, "10.00"), issued=True)
    line.subtotal, line.discount, line.header_discount, line.tax = map(Decimal, (100, 10, 5, 16))
    setup.receive(order_id=order.id)
    assert setup.world.balance(setup.main, setup.nut).value == 85


def _rates(setup: Setup, currency: str, *rates: tuple[int, str]) -> None:
    """Rates of a currency by how many days before today they begin."""
    for days_ago, rate in rates:
        since = TODAY - timedelta(days=days_ago)
        setup.world.add(ExchangeRate(currency_code=currency, valid_from=since, rate=Decimal(rate)))


@pytest.mark.rule("INT-3")
def test_an_order_in_another_currency_is_valued_at_the_rate_of_the_day_of_receipt(setup: Setup) -> None:
    plate = setup.world.item("Plate", standard_cost=Decimal(7))
    _rates(setup, "JPY", (30, "0.007"), (5, "0.006124"), (-1, "99"))
    order, [line] = setup.world.order(setup.acme, setup.main, (plate, 9, "1000"), issued=True, currency="JPY")
    first = setup.receive({line.id: Decimal(3)}, order_id=order.id)
    assert (first.is_estimated, first.rate, first.rate_from) == (False, Decimal("0.006124"), TODAY - timedelta(days=5))
    assert setup.world.balance(setup.main, plate).value == Decimal("18.372")
    newest = order_timeline(setup.session, OPERATOR, order_id=order.id)[0]
    assert newest.says == f"Goods received {first.number}"
    earlier = setup.receive({line.id: Decimal(1)}, order_id=order.id, effective_on=TODAY - timedelta(days=6))
    assert earlier.rate == Decimal("0.007")
    assert setup.world.balance(setup.main, plate).value == Decimal("25.372")
    setup.void(first.receipt_id)  # takes back what it brought, whatever the rate is by then
    assert setup.world.balance(setup.main, plate).value == 7


@pytest.mark.rule("INT-3")
def test_a_value_in_another_currency_is_rounded_once(setup: Setup) -> None:
    plate = setup.world.item("Plate")
    _rates(setup, "JPY", (30, "0.333333"))
    order, [line] = setup.world.order(setup.acme, setup.main, (plate, 7, "100"), issued=True, currency="JPY")
    setup.receive({line.id: Decimal("0.000003")}, order_id=order.id)
    assert setup.world.balance(setup.main, plate).value == Decimal("0.000100")  # 0.0003 of 100 yen, and not 0.00009…


@pytest.mark.rule("INT-3")
def test_an_order_in_another_currency_without_a_rate_is_valued_at_standard_cost_and_says_so(setup: Setup) -> None:
    _rates(setup, "JPY", (-3, "0.0061"))  # not valid yet
    plate = setup.world.item("Plate", standard_cost=Decimal(7))
    order, _ = setup.world.order(setup.acme, setup.main, (plate, 10, "1000"), issued=True, currency="JPY")
    posted = setup.receive(order_id=order.id)
    assert (posted.is_estimated, posted.rate) == (True, None)
    assert setup.world.balance(setup.main, plate).value == 70


def test_a_service_is_received_without_stock(setup: Setup) -> None:
    service = setup.world.item("Service", kind="generic")
    order, _ = setup.world.order(setup.acme, setup.main, (service, 1), issued=True)
    assert setup.receive(order_id=order.id).order_state == "received"
    assert setup.session.exec(select(StockEntry)).all() == []


@pytest.mark.rule("STK-4")
def test_a_void_posts_the_exact_reverse_and_opens_the_order(setup: Setup) -> None:
    setup.receive({setup.bolts.id: Decimal(4)})
    second = setup.receive({setup.bolts.id: Decimal(6), setup.nuts.id: Decimal(4)})
    assert second.order_state == "received"
    done = setup.void(second.receipt_id)
    assert (done.order_state, done.number) == ("partly_received", f"{second.number}-VOID")
    assert (setup.bolts.received_quantity, setup.nuts.received_quantity) == (4, 0)
    assert setup.world.balance(setup.main, setup.bolt).on_hand == 400
    nuts = setup.world.balance(setup.main, setup.nut)
    assert (nuts.on_hand, nuts.value) == (0, 0)
    entries = setup.session.exec(select(StockEntry).order_by(col(StockEntry.id))).all()
    reversed_ones = {each.reverses_id: each for each in entries if each.reverses_id}
    for each in entries:
        if each.source_id == second.receipt_id:
            back = reversed_ones[each.id]
            assert (back.quantity, back.value, back.reason) == (-each.quantity, -each.value, "receipt_void")


@pytest.mark.rule("STK-4")
@pytest.mark.rule("STK-7")
def test_a_void_gives_back_the_value_that_came_in_and_not_the_average(setup: Setup) -> None:
    setup.world.stock(setup.main, setup.nut, 10, unit_cost="3")
    receipt = setup.receive({setup.nuts.id: Decimal(4)})
    assert setup.world.balance(setup.main, setup.nut).value == 32
    setup.void(receipt.receipt_id)
    nuts = setup.world.balance(setup.main, setup.nut)
    assert (nuts.on_hand, nuts.value) == (10, 30)


@pytest.mark.rule("STK-4")
def test_voiding_all_that_came_leaves_the_order_as_issued(setup: Setup) -> None:
    done = setup.void(setup.receive().receipt_id)
    assert done.order_state == "issued"
    assert setup.receive().order_state == "received"


@pytest.mark.rule("STK-4")
def test_a_receipt_is_voided_once_and_a_void_never(setup: Setup) -> None:
    first = setup.receive({setup.nuts.id: Decimal(1)})
    void = setup.void(first.receipt_id)
    with pytest.raises(AlreadyVoid) as refused:
        setup.void(first.receipt_id)
    assert refused.value.code == "receipts.already-void"
    with pytest.raises(IsReversal) as refused:
        setup.void(void.receipt_id)
    assert refused.value.code == "receipts.is-reversal"


def test_a_void_needs_its_reason(setup: Setup) -> None:
    first = setup.receive({setup.nuts.id: Decimal(1)})
    before = setup.traces()
    with pytest.raises(ReasonMissing):
        setup.void(first.receipt_id, reason="  ")
    assert setup.traces() == before


@pytest.mark.rule("STK-4")
@pytest.mark.rule("STK-7")
def test_a_void_never_takes_effect_before_its_receipt(setup: Setup) -> None:
    receipt = setup.receive()
    before = setup.traces()
    yesterday = NOW.date() - timedelta(days=1)
    with pytest.raises(BeforeReceipt), setup.session.begin_nested():
        within(
            setup.session,
            void_receipt,
            setup.receiver,
            receipt_id=receipt.receipt_id,
            reason="wrong pallet",
            at=NOW,
            effective_on=yesterday,
        )
    assert setup.traces() == before


@pytest.mark.rule("STK-6")
def test_goods_that_have_moved_on_cannot_be_voided(setup: Setup) -> None:
    first = setup.receive({setup.nuts.id: Decimal(4)})
    arguments = {"warehouse_id": setup.main.id, "item_id": setup.nut.id, "reason": "lost", "at": NOW}
    within(setup.session, adjust_stock, setup.receiver, quantity=Decimal(-1), **arguments)
    with pytest.raises(GoodsGone) as refused, setup.session.begin_nested():
        setup.void(first.receipt_id)
    assert refused.value.code == "receipts.goods-gone"
    assert setup.world.balance(setup.main, setup.nut).on_hand == 3


@pytest.mark.rule("STK-6")
def test_a_warehouse_that_allows_it_goes_below_zero(setup: Setup) -> None:
    loose = setup.world.warehouse("Loose", allows_negative=True)
    first = setup.receive({setup.nuts.id: Decimal(4)}, warehouse_id=loose.id)
    arguments = {"warehouse_id": loose.id, "item_id": setup.nut.id, "reason": "lost", "at": NOW}
    within(setup.session, adjust_stock, setup.receiver, quantity=Decimal(-1), **arguments)
    setup.void(first.receipt_id)
    assert setup.world.balance(loose, setup.nut).on_hand == -1


@pytest.mark.rule("ACC-6")
def test_the_audit_trail_tells_before_and_after(setup: Setup) -> None:
    setup.receive({setup.bolts.id: Decimal(4)})
    event = setup.session.exec(select(AuditEvent).order_by(col(AuditEvent.id).desc())).first()
    assert event is not None
    assert (event.operation, event.user_id) == ("receive_order", setup.receiver.user_id)
    [line] = [each for each in event.changes if each["kind"] == PurchaseOrderLine.__tablename__]
    assert (line["before"], line["after"]) == ({"received_quantity": "0.000000"}, {"received_quantity": "4.000000"})
    [head] = [each for each in event.changes if each["kind"] == PurchaseOrder.__tablename__]
    assert (head["before"]["state"], head["after"]["state"]) == ("issued", "partly_received")


def test_an_unknown_warehouse_is_not_found(setup: Setup) -> None:
    unknown = max(setup.session.exec(select(Warehouse.id)).all()) + 1
    with pytest.raises(Exception, match="no such warehouse"):
        setup.receive(warehouse_id=unknown)
