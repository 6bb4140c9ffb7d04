"""Drafts, issuing, cancelling, closing, holding: what changes, and every no."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlmodel import Session, col, select

from buyside.db.audit import AuditEvent
from buyside.db.orders import PurchaseOrder, PurchaseOrderLine, PurchaseOrderPeg, PurchaseOrderSnapshot
from buyside.db.people import OrganisationAddress
from buyside.db.plans import PlanLine, PlanningRun
from buyside.domain.access import Role
from buyside.domain.refusals import NotAllowed, NotFound, Refused, Stale, WrongState
from buyside.ledgers.order_snapshots import content_digest
from buyside.ledgers.orders import SavedOrder
from buyside.operations.order_lines import add_line, change_line, remove_line
from buyside.operations.orders import cancel_order, close_order, hold_order, issue_order, save_order
from buyside.operations.run import within
from buyside.queries.orders import order_detail
from tests.world import NOW, TODAY, World


class Setup:
    """A buyer; Acme sells bolts in packs of 100: 12.00 a pack, 10.00 from ten packs on."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.world = World(session)
        self.world.organisation()
        self.main, self.bolt, self.nut = self.world.warehouse(), self.world.item("Bolt"), self.world.item("Nut")
        self.acme = self.world.vendor("Acme").supplies(
            self.bolt, pack=100, price="12.00", breaks={10: "10.00"}, lead_days=5, part="AC-1"
        )
        self.buyer = self.world.user(Role.BUYER)

    def do(self, operation: Any, **arguments: Any) -> Any:
        return within(self.session, operation, self.buyer, at=NOW, **arguments)

    def draft(self) -> SavedOrder:
        head = {"vendor_id": self.acme.id, "warehouse_id": self.main.id, "currency_code": "EUR", "title": "Spring"}
        saved: SavedOrder = self.do(save_order, head=head)
        return saved

    def with_line(self, quantity: str = "3", **arguments: Any) -> SavedOrder:
        draft = self.draft()
        saved: SavedOrder = self.do(
            add_line,
            order_id=draft.order_id,
            version=draft.version,
            item_id=self.bolt.id,
            quantity=Decimal(quantity),
            **arguments,
        )
        return saved

    def change(self, saved: SavedOrder, **changes: Any) -> SavedOrder:
        changed: SavedOrder = self.do(
            change_line, order_id=saved.order_id, version=saved.version, line_id=saved.line_id, changes=changes
        )
        return changed

    def line(self, saved: SavedOrder) -> PurchaseOrderLine:
        return self.session.get_one(PurchaseOrderLine, saved.line_id)

    def traces(self) -> tuple[int, ...]:
        tables = (PurchaseOrder, PurchaseOrderLine, PurchaseOrderSnapshot, AuditEvent)
        return tuple(len(self.session.exec(select(table)).all()) for table in tables)


@pytest.fixture
def setup(session: Session) -> Setup:
    return Setup(session)


@pytest.mark.rule("PO-1")
def test_the_first_save_gives_the_number_and_later_ones_keep_it(setup: Setup) -> None:
    draft = setup.draft()
    assert (draft.number, draft.state, draft.version) == (f"2026-{setup.acme.row.code}-0001", "draft", 1)
    head = {"title": "Summer", "notes": "Ring first", "fulfil_all_at_once": True, "order_by": date(2026, 4, 1)}
    again = setup.do(save_order, order_id=draft.order_id, version=1, head=head)
    assert (again.number, again.version) == (draft.number, 2)
    order = setup.session.get_one(PurchaseOrder, draft.order_id)
    assert (order.title, order.notes, order.fulfil_all_at_once) == ("Summer", "Ring first", True)
    assert (order.owner_id, order.changed_by, order.ordered_on) == (setup.buyer.user_id, setup.buyer.user_id, None)


def test_whoever_saves_an_old_version_is_told(setup: Setup) -> None:
    draft = setup.draft()
    setup.do(save_order, order_id=draft.order_id, version=1, head={"title": "Mine"})
    before = setup.traces()
    with pytest.raises(Stale) as refused:
        setup.do(save_order, order_id=draft.order_id, version=1, head={"title": "Theirs"})
    assert refused.value.code == "general.stale"
    assert setup.traces() == before


@pytest.mark.parametrize(
    ("head", "code"),
    [
        ({"vendor_id": -1}, "orders.vendor-fixed"),
        ({"warehouse_id": -1}, "access.not-found"),
        ({"payment_term_id": -1}, "access.not-found"),
        ({"pick_up_address_id": -1}, "access.not-found"),
        ({"currency_code": "XXX"}, "access.not-found"),
        ({"shipping_costs": Decimal(-1)}, "general.out-of-range"),
        ({"header_discount": Decimal("-0.01")}, "general.out-of-range"),
    ],
)
def test_a_head_that_cannot_be_is_refused(setup: Setup, head: dict[str, Any], code: str) -> None:
    draft = setup.draft()
    before = setup.traces()
    with pytest.raises(Refused) as refused:
        setup.do(save_order, order_id=draft.order_id, version=1, head=head)
    assert refused.value.code == code
    assert setup.traces() == before


def test_the_currency_of_priced_lines_stays(setup: Setup) -> None:
    saved = setup.with_line()
    with pytest.raises(Refused) as refused:
        setup.do(save_order, order_id=saved.order_id, version=saved.version, head={"currency_code": "USD"})
    assert refused.value.code == "orders.currency-fixed"


def test_another_warehouse_brings_its_address(setup: Setup) -> None:
    draft = setup.draft()
    north = setup.world.warehouse("North", address="9 North Street")
    setup.do(save_order, order_id=draft.order_id, version=1, head={"warehouse_id": north.id})
    assert setup.session.get_one(PurchaseOrder, draft.order_id).ship_to_address == "9 North Street"


@pytest.mark.rule("VEN-4")
def test_a_line_takes_unit_part_price_and_date_from_the_vendor(setup: Setup) -> None:
    saved = setup.with_line("3")
    line = setup.line(saved)
    assert (line.unit_factor, line.vendor_part, line.unit_price, line.expected_on) == (
        100,
        "AC-1",
        12,
        TODAY + timedelta(days=5),
    )
    assert saved.total == 36


@pytest.mark.rule("VEN-4")
@pytest.mark.parametrize(("quantity", "price"), [("9", "12"), ("10", "10"), ("11", "10")])
def test_the_price_is_that_of_the_highest_break_at_or_below(setup: Setup, quantity: str, price: str) -> None:
    assert setup.line(setup.with_line(quantity)).unit_price == Decimal(price)


@pytest.mark.rule("VEN-4")
def test_a_new_quantity_takes_its_break_unless_somebody_entered_a_price(setup: Setup) -> None:
    saved = setup.with_line("3")
    saved = setup.change(saved, quantity=Decimal(20))
    assert (setup.line(saved).unit_price, saved.total) == (10, 200)
    saved = setup.change(saved, unit_price=Decimal("9.50"))
    saved = setup.change(saved, quantity=Decimal(1))
    assert (setup.line(saved).unit_price, saved.total) == (Decimal("9.5"), Decimal("9.5"))


def test_another_item_takes_its_own_terms_and_releases_the_pegs(setup: Setup) -> None:
    saved = setup.with_line()
    _, [demand] = setup.world.sales_order(setup.main, (setup.world.variant(), 1))
    peg = PurchaseOrderPeg(order_line_id=saved.line_id, sales_order_line_id=demand.id, quantity=Decimal(1))
    setup.world.add(peg)
    with pytest.raises(Refused) as refused:
        setup.change(saved, item_id=setup.nut.id)
    assert refused.value.code == "orders.no-price"
    saved = setup.change(saved, item_id=setup.nut.id, unit_price=Decimal(2), quantity=Decimal(5))
    line = setup.line(saved)
    assert (line.unit_factor, line.vendor_part, line.description, saved.total) == (1, "", "Nut", 10)
    assert setup.session.exec(select(PurchaseOrderPeg)).all() == []


@pytest.mark.rule("PLAN-17")
def test_a_lowered_quantity_releases_the_latest_pegs(setup: Setup) -> None:
    saved = setup.with_line("3")
    _, [first, second] = setup.world.sales_order(setup.main, (setup.world.variant(), 1), (setup.world.variant(), 1))
    for demand, quantity in ((first, 150), (second, 100)):
        setup.world.add(
            PurchaseOrderPeg(order_line_id=saved.line_id, sales_order_line_id=demand.id, quantity=Decimal(quantity))
        )
    saved = setup.change(saved, quantity=Decimal(2))
    pegs = setup.session.exec(select(PurchaseOrderPeg).order_by(col(PurchaseOrderPeg.id))).all()
    assert [each.quantity for each in pegs] == [150, 50]
    setup.change(saved, quantity=Decimal(1))
    assert [each.quantity for each in setup.session.exec(select(PurchaseOrderPeg)).all()] == [100]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"quantity": Decimal(0)}, "general.not-positive"),
        ({"quantity": Decimal("1.5")}, "orders.too-fine"),
        ({"unit_price": Decimal(-1)}, "general.out-of-range"),
        ({"discount_percent": Decimal(101)}, "general.out-of-range"),
        ({"discount_amount": Decimal(-1)}, "general.out-of-range"),
        ({"discount_amount": Decimal(37)}, "orders.discount-too-high"),
        ({"tax_percent": Decimal(-1)}, "general.out-of-range"),
        ({"item_id": -1}, "access.not-found"),
    ],
)
def test_a_line_that_cannot_be_is_refused(setup: Setup, arguments: dict[str, Any], code: str) -> None:
    draft = setup.draft()
    wanted = {"item_id": setup.bolt.id, "quantity": Decimal(3), **arguments}
    before = setup.traces()
    with pytest.raises(Refused) as refused, setup.session.begin_nested():
        setup.do(add_line, order_id=draft.order_id, version=1, **wanted)
    assert refused.value.code == code
    assert setup.traces() == before


def test_an_item_that_is_no_longer_bought_is_refused(setup: Setup) -> None:
    setup.bolt.is_active = False
    with pytest.raises(Refused) as refused:
        setup.with_line()
    assert refused.value.code == "orders.item-not-active"


def test_a_line_is_removed_and_the_others_keep_their_numbers(setup: Setup) -> None:
    first = setup.with_line()
    second = setup.do(
        add_line, order_id=first.order_id, version=first.version, item_id=setup.bolt.id, quantity=Decimal(1)
    )
    done = setup.do(remove_line, order_id=first.order_id, version=second.version, line_id=first.line_id)
    assert done.total == 12
    [left] = setup.session.exec(select(PurchaseOrderLine).where(PurchaseOrderLine.order_id == first.order_id)).all()
    assert left.line_number == 2
    with pytest.raises(NotFound):
        setup.do(remove_line, order_id=first.order_id, version=done.version, line_id=first.line_id)


@pytest.mark.rule("PLAN-13")
def test_removing_a_converted_line_opens_its_plan_line_again(setup: Setup) -> None:
    saved = setup.with_line()
    run = setup.world.add(PlanningRun(as_of=TODAY, scope={}, state="done", counts={}, started_at=NOW))
    planned = setup.world.add(
        PlanLine(
            run_id=run.id,
            item_id=setup.bolt.id,
            warehouse_id=setup.main.id,
            suggested_needed_on=TODAY,
            suggested_quantity_packs=Decimal(3),
            shortage=Decimal(300),
            needed_on=TODAY,
            order_by=TODAY,
            unit_id=setup.bolt.unit_id,
            quantity_packs=Decimal(3),
            state="converted",
            purchase_order_line_id=saved.line_id,
        )
    )
    setup.do(remove_line, order_id=saved.order_id, version=saved.version, line_id=saved.line_id)
    assert (planned.state, planned.purchase_order_line_id) == ("open", None)


@pytest.mark.rule("PO-6")
def test_an_issued_paper_reads_the_same_after_every_change_of_master_data(setup: Setup) -> None:
    saved = setup.with_line(tax_percent=Decimal(19))
    issued = setup.do(issue_order, order_id=saved.order_id, version=saved.version)
    before = order_detail(setup.session, setup.buyer, number=issued.number)
    for statement in (
        "UPDATE vendor SET name = 'Renamed', legal_name = 'Renamed Ltd', email = 'new@acme.example', language = 'fr'",
        "UPDATE vendor_address SET name = 'Elsewhere', lines = 'Elsewhere'",
        "UPDATE organisation SET name = 'Renamed', over_receipt_percent = 90",
        "UPDATE organisation_address SET account = 'Renamed', lines = 'Elsewhere'",
        "UPDATE warehouse SET name = 'Renamed', address = 'Elsewhere'",
        "UPDATE item SET name = 'Renamed', code = code || '-NEW', over_receipt_percent = 90",
        "UPDATE unit SET code = code || '-NEW', name = 'Renamed'",
        "UPDATE vendor_item SET vendor_part = 'NEW', description = 'New', unit_factor = 7",
        "UPDATE price_break SET unit_price = 99",
        "UPDATE payment_term SET name = 'Renamed'",
        "UPDATE currency SET name = 'Renamed', digits = 3",
    ):
        setup.session.execute(text(statement))
    setup.session.expire_all()
    after = order_detail(setup.session, setup.buyer, number=issued.number)
    assert after.paper == before.paper
    assert after.snapshot_sha256 == before.snapshot_sha256 == issued.sha256 == content_digest(after.paper).hex()
    assert (after.vendor_name, after.currency_digits, after.total) == (
        before.vendor_name,
        before.currency_digits,
        before.total,
    )
    for line, same in zip(after.lines, before.lines, strict=True):
        for name in (
            "description",
            "vendor_part",
            "quantity",
            "unit_price",
            "unit_factor",
            "total",
            "receivable_quantity",
        ):
            assert getattr(line, name) == getattr(same, name), name


@pytest.mark.rule("PO-6")
def test_issuing_dates_the_order_and_freezes_what_master_data_says_now(setup: Setup) -> None:
    saved = setup.with_line(tax_percent=Decimal(19))
    setup.bolt.over_receipt_percent = Decimal(10)
    issued = setup.do(issue_order, order_id=saved.order_id, version=saved.version)
    assert (issued.state, issued.revision, issued.ordered_on) == ("issued", 1, TODAY)
    snapshot = setup.session.exec(select(PurchaseOrderSnapshot)).one()
    paper = snapshot.content
    assert content_digest(paper).hex() == issued.sha256
    assert (paper["vendor"]["name"], paper["bill_to"]["account"]) == ("Acme", "Own Works Ltd")
    [line] = paper["lines"]
    assert (line["quantity"], line["unit_price"], line["tax"], line["receivable_quantity"]) == (
        "3",
        "12",
        "6.84",
        "3.3",
    )
    assert paper["foot"]["total"] == "42.84"
    setup.acme.row.name, setup.bolt.name = "Renamed", "Renamed"
    setup.bolt.over_receipt_percent = Decimal(50)
    setup.session.flush()
    setup.session.expire_all()
    assert setup.session.exec(select(PurchaseOrderSnapshot)).one().content == paper
    assert setup.line(saved).receivable_quantity == Decimal("3.3")
    assert "internal" not in str(paper)


@pytest.mark.rule("PO-5")
def test_the_refusal_says_all_that_is_missing(setup: Setup) -> None:
    for address in setup.session.exec(select(OrganisationAddress)).all():
        setup.session.delete(address)
    setup.session.flush()
    draft = setup.draft()
    before = setup.traces()
    with pytest.raises(Refused) as refused:
        setup.do(issue_order, order_id=draft.order_id)
    assert refused.value.code == "orders.incomplete"
    assert str(refused.value).endswith("at least one line, the address to bill to, the address to ship to.")
    assert setup.traces() == before


@pytest.mark.rule("VEN-2")
def test_an_order_to_a_vendor_on_hold_is_not_issued(setup: Setup) -> None:
    saved = setup.with_line()
    setup.acme.row.status = "on_hold"
    setup.world.add(setup.acme.row)
    with pytest.raises(Refused) as refused:
        setup.do(issue_order, order_id=saved.order_id)
    assert refused.value.code == "orders.vendor-not-active"


@pytest.mark.rule("PO-5")
def test_an_issued_order_is_neither_edited_nor_issued_again(setup: Setup) -> None:
    saved = setup.with_line()
    issued = setup.do(issue_order, order_id=saved.order_id)
    again = {"order_id": saved.order_id, "version": issued.version}
    for operation, arguments in (
        (save_order, {"head": {"title": "Late"}}),
        (add_line, {"item_id": setup.bolt.id, "quantity": Decimal(1)}),
        (change_line, {"line_id": saved.line_id, "changes": {"quantity": Decimal(1)}}),
        (remove_line, {"line_id": saved.line_id}),
        (issue_order, {}),
    ):
        with pytest.raises(WrongState) as refused:
            setup.do(operation, **again, **arguments)
        assert refused.value.code == "lifecycle.wrong-state"


@pytest.mark.rule("PO-6")
def test_the_same_request_issues_once_and_answers_the_same(setup: Setup) -> None:
    saved = setup.with_line()
    request_id = uuid4()
    first = setup.do(issue_order, order_id=saved.order_id, request_id=request_id)
    assert setup.do(issue_order, order_id=saved.order_id, request_id=request_id) == first
    assert len(setup.session.exec(select(PurchaseOrderSnapshot)).all()) == 1


@pytest.mark.rule("PO-9")
def test_cancelling_needs_a_reason_and_releases_the_pegs(setup: Setup) -> None:
    saved = setup.with_line()
    setup.world.add(PurchaseOrderPeg(order_line_id=saved.line_id, quantity=Decimal(300)))
    with pytest.raises(Refused) as refused:
        setup.do(cancel_order, order_id=saved.order_id, reason=" ")
    assert refused.value.code == "general.reason-missing"
    done = setup.do(cancel_order, order_id=saved.order_id, reason="not needed")
    assert done.state == "cancelled"
    assert setup.session.exec(select(PurchaseOrderPeg)).all() == []
    with pytest.raises(WrongState):
        setup.do(cancel_order, order_id=saved.order_id, reason="again")


@pytest.mark.rule("PO-9")
def test_only_what_was_received_is_closed_and_short_with_a_reason(setup: Setup) -> None:
    saved = setup.with_line()
    setup.do(issue_order, order_id=saved.order_id)
    with pytest.raises(WrongState):
        setup.do(close_order, order_id=saved.order_id)
    order = setup.session.get_one(PurchaseOrder, saved.order_id)
    order.state = "partly_received"
    with pytest.raises(Refused) as refused:
        setup.do(close_order, order_id=saved.order_id)
    assert refused.value.code == "general.reason-missing"
    assert setup.do(close_order, order_id=saved.order_id, reason="rest discontinued").state == "closed"
    order.state = "received"
    assert setup.do(close_order, order_id=saved.order_id).state == "closed"


@pytest.mark.rule("PO-5")
def test_an_order_on_hold_is_not_issued_until_it_is_released(setup: Setup) -> None:
    saved = setup.with_line()
    setup.do(hold_order, order_id=saved.order_id, is_on_hold=True, reason="price query")
    with pytest.raises(Refused) as refused:
        setup.do(issue_order, order_id=saved.order_id)
    assert refused.value.code == "orders.on-hold"
    setup.do(hold_order, order_id=saved.order_id, is_on_hold=False)
    assert setup.do(issue_order, order_id=saved.order_id).state == "issued"
    cancelled = setup.draft()
    setup.do(cancel_order, order_id=cancelled.order_id, reason="no")
    with pytest.raises(WrongState):
        setup.do(hold_order, order_id=cancelled.order_id, is_on_hold=True, reason="no")


@pytest.mark.rule("ACC-2")
@pytest.mark.parametrize("role", [Role.MANAGER, Role.RECEIVER, Role.FINANCE, Role.SALES, Role.ADMIN])
def test_only_buyers_write_and_issue(setup: Setup, role: Role) -> None:
    saved = setup.with_line()
    setup.buyer = setup.world.user(role)
    for operation, arguments in ((issue_order, {}), (cancel_order, {"reason": "x"}), (save_order, {"head": {}})):
        with pytest.raises(NotAllowed):
            setup.do(operation, order_id=saved.order_id, **arguments)


@pytest.mark.rule("ACC-6")
def test_the_audit_trail_tells_who_issued_and_what_it_was_before(setup: Setup) -> None:
    saved = setup.with_line()
    setup.do(issue_order, order_id=saved.order_id)
    event = setup.session.exec(select(AuditEvent).order_by(col(AuditEvent.id).desc())).first()
    assert event is not None
    assert (event.operation, event.user_id) == ("issue_order", setup.buyer.user_id)
    changes = [each for each in event.changes if each["kind"] == "purchase_order" and "state" in (each["after"] or {})]
    assert (changes[0]["before"]["state"], changes[0]["after"]["state"]) == ("draft", "issued")
