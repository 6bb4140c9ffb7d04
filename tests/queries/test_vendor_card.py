"""All about one vendor: spend, punctuality, open orders, contracts, people (VEN-1)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session, select

from buyside.db.contracts import Contract
from buyside.db.orders import PurchaseOrderLine
from buyside.db.people import VendorMembership
from buyside.domain.access import Actor, Role
from buyside.domain.refusals import NotAllowed, NotFound
from buyside.operations.receipts import receive_order, void_receipt
from buyside.operations.run import within
from buyside.queries.bank_accounts import accounts_of_vendor
from buyside.queries.vendor_card import (
    Deliveries,
    OrderedIn,
    contracts_of_vendor,
    members_of_vendor,
    open_orders_of_vendor,
    sold_items,
    vendor_figures,
    vendor_head,
)
from tests.world import NOW, TODAY, World

pytestmark = pytest.mark.rule("VEN-1")

BUYER = Actor(user_id=None, name="buyer", roles=frozenset({Role.BUYER}))
RECEIVER = Actor(user_id=None, name="receiver", roles=frozenset({Role.RECEIVER}))
ADMIN = Actor(user_id=None, name="admin", roles=frozenset({Role.ADMIN}))


class Shop:
    """A vendor that sells bolts, and a warehouse."""

    def __init__(self, session: Session) -> None:
        self.session, self.world = session, World(session)
        self.world.organisation()
        self.bolt, self.main = self.world.item(), self.world.warehouse()
        self.acme = self.world.vendor("Acme").supplies(self.bolt)

    @property
    def args(self) -> dict[str, Any]:
        return {"vendor_id": self.acme.id, "today": TODAY}

    def orders(self, quantity: int, *, due: int | None, **more: Any) -> Any:
        """An issued order of so many bolts, due in so many days from today."""
        day = None if due is None else TODAY + timedelta(days=due)
        given = {"issued": True, "at": NOW - timedelta(days=30)} | more
        order, [line] = self.world.order(self.acme, self.main, (self.bolt, quantity), expected_on=day, **given)
        if due is None:
            line.expected_on = line.needed_on = None
            self.world.add(line)
        return order

    def arrives(self, order: Any, *, on: int, quantity: int | None = None) -> int:
        """Goods of an order, or so many of them, so many days from today (at most today)."""
        line = self.session.exec(select(PurchaseOrderLine.id).where(PurchaseOrderLine.order_id == order.id)).one()
        lines = None if quantity is None else {line: Decimal(quantity)}
        day = TODAY + timedelta(days=on)
        receive = {"order_id": order.id, "warehouse_id": self.main.id, "lines": lines, "effective_on": day}
        receipt_id: int = within(self.session, receive_order, BUYER, **receive, at=NOW).receipt_id
        return receipt_id

    def deliveries(self) -> Deliveries:
        return vendor_figures(self.session, BUYER, **self.args).deliveries


@pytest.fixture
def shop(session: Session) -> Shop:
    return Shop(session)


def test_a_vendor_is_found_by_its_code_alone(shop: Shop) -> None:
    head = vendor_head(shop.session, BUYER, code=shop.acme.row.code, today=TODAY)
    assert (head.vendor_id, head.items, head.has_account) == (shop.acme.id, 1, False)
    with pytest.raises(NotFound):
        vendor_head(shop.session, BUYER, code="no such code", today=TODAY)
    with pytest.raises(NotAllowed):
        vendor_head(shop.session, ADMIN, code=shop.acme.row.code, today=TODAY)


def test_a_vendor_that_was_never_due_has_no_share(shop: Shop) -> None:
    assert shop.deliveries() == Deliveries(due=0, on_time=0, late=0, missing=0, without_date=0)
    shop.orders(1, due=5)
    assert shop.deliveries().due == 0


def test_on_time_is_whole_and_by_its_date(shop: Shop) -> None:
    shop.arrives(shop.orders(10, due=-5), on=-5)
    shop.arrives(shop.orders(10, due=-5), on=-4)
    shop.orders(10, due=-5)
    in_parts = shop.orders(10, due=-5)
    shop.arrives(in_parts, on=-7, quantity=4)
    shop.arrives(in_parts, on=-3, quantity=6)
    half = shop.orders(10, due=-5)
    shop.arrives(half, on=-7, quantity=4)
    assert shop.deliveries() == Deliveries(due=5, on_time=1, late=2, missing=2, without_date=0)


def test_a_line_due_today_has_the_day_to_arrive(shop: Shop) -> None:
    waiting = shop.orders(10, due=0)
    assert shop.deliveries().due == 0
    shop.arrives(waiting, on=0)
    assert shop.deliveries() == Deliveries(due=1, on_time=1, late=0, missing=0, without_date=0)


def test_a_voided_receipt_is_no_arrival(shop: Shop) -> None:
    order = shop.orders(10, due=-5)
    receipt = shop.arrives(order, on=-6)
    assert shop.deliveries().on_time == 1
    within(shop.session, void_receipt, BUYER, receipt_id=receipt, reason="wrong", at=NOW)
    assert shop.deliveries() == Deliveries(due=1, on_time=0, late=0, missing=1, without_date=0)


def test_lines_without_a_date_and_orders_that_are_none_are_left_out(shop: Shop) -> None:
    shop.orders(10, due=None)
    shop.orders(10, due=-5, issued=False)
    cancelled = shop.orders(10, due=-5)
    cancelled.state = "cancelled"
    shop.world.add(cancelled)
    shop.orders(10, due=-500, at=NOW - timedelta(days=600))
    assert shop.deliveries() == Deliveries(due=0, on_time=0, late=0, missing=0, without_date=1)


def test_what_was_ordered_is_told_by_currency(shop: Shop) -> None:
    shop.arrives(shop.orders(10, due=-5), on=-5, quantity=4)
    shop.orders(5, due=9, currency="USD")
    shop.orders(7, due=9, issued=False)
    shop.orders(3, due=9, at=NOW - timedelta(days=500))
    figures = vendor_figures(shop.session, BUYER, **shop.args)
    assert figures.ordered == (
        OrderedIn("EUR", 1, Decimal(10), 2, Decimal(9)),
        OrderedIn("USD", 1, Decimal(5), 1, Decimal(5)),
    )
    with pytest.raises(NotAllowed):
        vendor_figures(shop.session, RECEIVER, **shop.args)


def test_open_orders_come_by_their_next_day_and_drafts_last(shop: Shop) -> None:
    draft, later, late = shop.orders(1, due=3, issued=False), shop.orders(2, due=8), shop.orders(3, due=-2)
    shop.arrives(shop.orders(4, due=-2), on=-2)
    found = open_orders_of_vendor(shop.session, BUYER, **shop.args)
    assert [(each.number, each.late_days, each.lines) for each in found] == [
        (late.number, 2, 1),
        (later.number, 0, 1),
        (draft.number, 0, 1),
    ]


def test_of_a_contract_stands_what_is_left(shop: Shop) -> None:
    valid = {"vendor_id": shop.acme.id, "currency_code": "EUR", "valid_from": TODAY, "valid_to": TODAY}
    frame = shop.world.add(Contract(number="C-1", title="Frame", amount=Decimal(100), **valid))
    shop.world.add(Contract(number="C-2", status="draft", **valid))
    for order in (shop.orders(30, due=3), shop.orders(50, due=3, issued=False), shop.orders(9, due=3, currency="USD")):
        order.contract_id = frame.id
        shop.world.add(order)
    one, other = contracts_of_vendor(shop.session, BUYER, **shop.args)
    assert (one.number, one.is_valid, one.ordered, one.left, one.orders) == ("C-1", True, 30, 70, 1)
    assert (other.number, other.is_valid, other.ordered, other.left) == ("C-2", False, 0, None)


def test_people_of_a_vendor_are_told_with_where_they_stand(shop: Shop) -> None:
    vera = shop.world.user(Role.VENDOR, name="Vera")
    begins = NOW - timedelta(days=400)
    shop.world.add(VendorMembership(vendor_id=shop.acme.id, user_id=vera.user_id, begins_at=begins))
    [member] = members_of_vendor(shop.session, BUYER, vendor_id=shop.acme.id)
    assert (member.name, member.status, member.begins_on, member.ends_on) == ("Vera", "active", begins.date(), None)
    shop.acme.row.status = "inactive"
    shop.session.flush()
    assert members_of_vendor(shop.session, BUYER, vendor_id=shop.acme.id)[0].status == "vendor_inactive"


def test_items_come_by_what_was_spent_on_them(shop: Shop) -> None:
    frame = shop.world.item("Frame")
    shop.acme.supplies(frame)
    shop.world.order(shop.acme, shop.main, (frame, 3), issued=True)
    found = sold_items(shop.session, BUYER, vendor_id=shop.acme.id)
    assert [each.item_id for each in found] == [frame.id, shop.bolt.id]


def test_the_page_of_a_vendor_takes_a_fixed_number_of_statements(shop: Shop) -> None:
    for due in range(-6, 6):
        order = shop.orders(4, due=due)
        if due < 0:
            shop.arrives(order, on=due, quantity=2)
    statements: list[str] = []
    event.listen(shop.session.connection(), "before_cursor_execute", lambda *args: statements.append(args[2]))
    head = vendor_head(shop.session, BUYER, code=shop.acme.row.code, today=TODAY)
    vendor_figures(shop.session, BUYER, **shop.args)
    open_orders_of_vendor(shop.session, BUYER, **shop.args)
    contracts_of_vendor(shop.session, BUYER, **shop.args)
    members_of_vendor(shop.session, BUYER, vendor_id=head.vendor_id)
    accounts_of_vendor(shop.session, BUYER, vendor_id=head.vendor_id)
    sold_items(shop.session, BUYER, vendor_id=head.vendor_id)
    assert len(statements) <= 10
