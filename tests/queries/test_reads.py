"""Every read of orders, receipts, stock and demand, over one small story."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session, select

from buyside.db.audit import AuditEvent, AuditSubject
from buyside.db.receipts import Receipt
from buyside.domain.access import OPERATOR, Role
from buyside.domain.refusals import NotAllowed, NotFound, Unreadable
from buyside.operations.orders import cancel_order, issue_order, save_order
from buyside.operations.receipts import receive_order, void_receipt
from buyside.operations.run import within
from buyside.queries.checks import Checked, all_checks
from buyside.queries.demand import sales_order_detail
from buyside.queries.grids import GRIDS
from buyside.queries.order_history import order_references, order_timeline
from buyside.queries.orders import order_detail, order_id_of, orders_to_watch
from buyside.queries.receipts import expected_order, receipt_detail
from buyside.queries.rows import GridSource, RowsPage, RowsWanted, grid_page
from buyside.queries.start import start_page
from buyside.queries.stock import balances_on, stock_card, warehouse_choices
from tests.world import NOW, TODAY, World


class Story:
    """An order of 1,000 bolts for a customer's bike, issued, received partly, half of that voided."""

    def __init__(self, session: Session) -> None:
        self.session = session
        world = self.world = World(session)
        world.organisation()
        self.main, self.bolt, self.bike = world.warehouse(), world.item("Bolt"), world.variant("Bike")
        world.stock(self.main, self.bike, 3, unit_cost=100)
        self.demand, [self.wanted] = world.sales_order(self.main, (self.bike, 5, TODAY + timedelta(days=10)))
        acme = world.vendor("Acme").supplies(self.bolt, pack=100, price="12.00")
        self.order, [self.line] = world.order(
            acme,
            self.main,
            (self.bolt, 10, "12.00"),
            expected_on=TODAY + timedelta(days=20),
            pegs=((self.wanted.id, Decimal(400)),),
        )
        self.buyer, self.receiver = world.user(Role.BUYER, name="Bea"), world.user(Role.RECEIVER, name="Ron")
        within(session, issue_order, self.buyer, order_id=self.order.id, at=NOW)
        self.first = self._receive(2)
        self.second = self._receive(3)
        within(session, void_receipt, self.receiver, receipt_id=self.second, reason="wrong pallet", at=NOW)

    def _receive(self, packs: int) -> int:
        return within(
            self.session,
            receive_order,
            self.receiver,
            order_id=self.order.id,
            warehouse_id=self.main.id,
            lines={self.line.id: Decimal(packs)},
            at=NOW,
        ).receipt_id

    def page(self, source: GridSource, **wanted: Any) -> RowsPage:
        return grid_page(self.session, OPERATOR, source=source, wanted=RowsWanted(**wanted), today=TODAY)


@pytest.fixture
def story(session: Session) -> Story:
    return Story(session)


@pytest.mark.parametrize("source", GRIDS, ids=lambda source: source.name)
def test_every_grid_reads_sorts_and_searches_by_every_column(story: Story, source: GridSource) -> None:
    scope = {name: {"day": TODAY.isoformat(), "run_id": 1, "before_id": 1}[name] for name in source.scopes_needed}
    page = story.page(source, scope=scope)
    assert page.total == len(page.rows)
    for column in source.columns:
        for direction in ("asc", "desc"):
            assert story.page(source, scope=scope, sort=((column.name, direction),)).total == page.total
        if column.required:
            assert all(row[column.name] is not None for row in page.rows), column.name
    assert story.page(source, scope=scope, quick="no such thing anywhere").total == 0


@pytest.mark.parametrize("source", [each for each in GRIDS if each.scopes_needed], ids=lambda source: source.name)
def test_a_grid_that_means_nothing_without_its_scope_is_not_read_without(story: Story, source: GridSource) -> None:
    with pytest.raises(Unreadable):
        story.page(source)


def test_an_order_issued_here_without_its_snapshot_is_told_and_one_taken_in_is_not(story: Story) -> None:
    def frozen() -> Checked:
        return next(each for each in all_checks(story.session, OPERATOR) if each.name == "issued-orders-are-frozen")

    order, _ = story.world.order(story.world.vendor("Ajax"), story.main, (story.bolt, 1, "12.00"), issued=True)
    order.issued_at = NOW
    story.session.flush()
    assert frozen().holds
    issue = story.world.add(AuditEvent(at=NOW, operation="issue_order", changes=[]))
    story.world.add(AuditSubject(event_id=issue.id, kind="purchase_order", record_id=order.id))
    assert frozen().examples == (order.number,)


def test_the_order_as_its_paper_needs_it(story: Story) -> None:
    detail = order_detail(story.session, story.buyer, number=story.order.number)
    assert (detail.state, detail.revision, detail.total) == ("partly_received", 1, Decimal(120))
    assert detail.paper["ordered_on"] == TODAY.isoformat()
    assert detail.paper["bill_to"]["address"] == "1 Works Road\n10115 Berlin"
    [line] = detail.lines
    assert (line.received_quantity, line.open_quantity, line.pegged, line.unit) == (2, 8, 400, "pcs")
    assert detail.snapshot_sha256 == detail.snapshot_sha256.lower() != ""


def test_an_unknown_order_is_not_found(story: Story) -> None:
    for query in (order_detail, order_id_of):
        with pytest.raises(NotFound):
            query(story.session, story.buyer, number="nothing")


@pytest.mark.rule("PO-10")
def test_the_timeline_tells_everything_in_words(story: Story) -> None:
    events = order_timeline(story.session, story.buyer, order_id=story.order.id)
    said = [(each.who, each.says) for each in events]
    number = story.order.number
    assert said == [
        ("Ron", f"Receipt voided {number}-R2-VOID"),
        ("Ron", f"Goods received {number}-R2"),
        ("Ron", f"Goods received {number}-R1"),
        ("Bea", "Issued"),
    ]
    assert events[0].reason == "wrong pallet"
    assert ("state", "draft", "issued") in events[-1].changes


@pytest.mark.rule("PO-10")
def test_a_change_of_a_draft_shows_before_and_after(story: Story) -> None:
    draft, _ = story.world.order(story.world.vendor(), story.main)
    head = {"title": "Spring"}
    within(story.session, save_order, story.buyer, order_id=draft.id, version=1, head=head, at=NOW)
    within(story.session, cancel_order, story.buyer, order_id=draft.id, reason="not needed", at=NOW)
    cancelled, changed = order_timeline(story.session, story.buyer, order_id=draft.id)
    assert changed.changes == (("title", "", "Spring"),)
    assert (cancelled.says, cancelled.reason) == ("Cancelled", "not needed")


@pytest.mark.rule("PLAN-17")
def test_the_references_name_receipts_and_endangered_customers(story: Story) -> None:
    found = order_references(story.session, story.buyer, order_id=story.order.id)
    assert [(each.lines, bool(each.reverses), bool(each.voided_by)) for each in found.receipts] == [
        (1, True, False),
        (1, False, True),
        (1, False, False),
    ]
    [served] = found.demand
    assert (served.sales_order, served.quantity, served.is_endangered) == (story.demand.number, 400, True)


@pytest.mark.rule("PLAN-14")
def test_a_sales_order_names_the_orders_that_serve_it(story: Story) -> None:
    detail = sales_order_detail(story.session, story.buyer, number=story.demand.number)
    [line] = detail.lines
    assert line.open == 5
    [supply] = line.supply
    assert (supply.order_number, supply.quantity, supply.is_endangered) == (story.order.number, 400, True)


def test_the_receiving_desk_sees_what_is_open_and_no_prices(story: Story) -> None:
    desk = expected_order(story.session, story.receiver, order_id=story.order.id)
    [line] = desk.lines
    assert (line.received, line.open, line.most) == (2, 8, 8)
    assert not any("price" in name or "total" in name for name in type(line).__dataclass_fields__)


def test_a_receipt_shows_whether_it_can_be_voided(story: Story) -> None:
    void = story.session.exec(select(Receipt.id).where(Receipt.reverses_id == story.second)).one()
    can = [
        receipt_detail(story.session, story.receiver, receipt_id=each).can_void
        for each in (story.first, story.second, void)
    ]
    assert can == [True, False, False]
    assert receipt_detail(story.session, story.receiver, receipt_id=void).lines[0].stock_quantity == -300


@pytest.mark.rule("STK-7")
def test_balances_now_and_as_of_a_past_day(story: Story) -> None:
    now = {each.code: each for each in balances_on(story.session, story.receiver)}
    assert (now[story.bolt.code].on_hand, now[story.bolt.code].value) == (200, 24)
    assert (now[story.bike.sku].kind, now[story.bike.sku].on_hand) == ("variant", 3)
    assert balances_on(story.session, story.receiver, day=TODAY) == balances_on(story.session, story.receiver)
    assert balances_on(story.session, story.receiver, day=TODAY - timedelta(days=1)) == []
    assert balances_on(story.session, story.receiver, warehouse="nowhere") == []


@pytest.mark.rule("STK-7")
def test_the_card_of_an_item_runs_up_to_its_balance(story: Story) -> None:
    card = stock_card(story.session, story.receiver, code=story.bolt.code)
    assert [each.balance for each in card.entries] == [200, 500, 200]
    [balance] = card.balances
    assert (balance.on_hand, balance.on_order, balance.average_cost) == (200, 800, Decimal("0.12"))
    [supply] = card.supply
    assert (supply.order_number, supply.open) == (story.order.number, 800)
    assert stock_card(story.session, story.receiver, code=story.bike.sku, kind="variant").entries[0].quantity == 3
    assert [each.code for each in warehouse_choices(story.session, story.receiver)] == [story.main.code]


@pytest.mark.rule("PO-10")
def test_the_start_page_counts_what_each_role_may_see(story: Story) -> None:
    counts = {each.name: each.count for each in start_page(story.session, story.buyer).attention}
    assert counts["late"] == 1
    assert {"to-issue", "overdue-demand", "on-hold"} <= counts.keys()
    assert start_page(story.session, story.world.user(Role.REQUESTER)).attention == ()
    receiver = {each.name for each in start_page(story.session, story.receiver).attention}
    assert receiver == {"late", "today", "inspection"}
    assert [each.number for each in orders_to_watch(story.session, story.buyer, why="late")] == [story.order.number]
    for why in ("to-issue", "old-draft"):
        assert orders_to_watch(story.session, story.buyer, why=why) == []


@pytest.mark.rule("ACC-3")
def test_nobody_reads_what_the_roles_do_not_grant(story: Story) -> None:
    requester = story.world.user(Role.REQUESTER)
    for query, arguments in (
        (order_detail, {"number": story.order.number}),
        (expected_order, {"order_id": story.order.id}),
        (balances_on, {}),
        (sales_order_detail, {"number": story.demand.number}),
        (all_checks, {}),
    ):
        with pytest.raises(NotAllowed):
            query(story.session, requester, **arguments)


def test_every_invariant_holds_after_the_story(story: Story) -> None:
    checks = all_checks(story.session, OPERATOR)
    assert [each for each in checks if not each.holds] == []
    looked_at = {each.name: each.looked_at for each in checks}
    assert looked_at["receipts-equal-ledger"] == 3
    assert looked_at["snapshots-untouched"] == 1
