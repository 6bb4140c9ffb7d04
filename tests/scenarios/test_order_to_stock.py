"""A buyer orders bolts, the receiver takes them in, one pallet was not theirs, and the books follow."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from buyside.domain.access import OPERATOR, Role
from buyside.domain.refusals import NotAllowed
from buyside.operations.order_lines import add_line, change_line
from buyside.operations.orders import close_order, issue_order, save_order
from buyside.operations.receipts import OverReceipt, receive_order, void_receipt
from buyside.operations.run import perform
from buyside.operations.stock import transfer_stock
from buyside.queries.checks import all_checks
from buyside.queries.order_history import order_references, order_timeline
from buyside.queries.orders import order_detail
from buyside.queries.read import ask
from buyside.queries.receipts import expected_order
from buyside.queries.stock import balances_on, stock_card
from tests.conftest import Database
from tests.world import World

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.rule("PO-1")
@pytest.mark.rule("PO-6")
@pytest.mark.rule("STK-1")
@pytest.mark.rule("STK-2")
@pytest.mark.rule("STK-4")
@pytest.mark.rule("STK-5")
@pytest.mark.rule("STK-7")
def test_from_a_blank_order_to_stock_and_back(database: Database) -> None:
    with World.open() as world:
        world.organisation()
        main, north = world.warehouse("Main", code="MAIN"), world.warehouse("North", code="NORTH")
        bolt = world.item("Bolt", code="BOLT")
        acme = world.vendor("Acme", code="ACME").supplies(
            bolt, pack=100, price="12.00", breaks={10: "10.00"}, lead_days=7
        )
        bea, ron, mia = world.user(Role.BUYER), world.user(Role.RECEIVER), world.user(Role.MANAGER)

    # Bea writes the order: nine packs first, then ten, as ten are cheaper each.
    head = {"vendor_id": acme.id, "warehouse_id": main.id, "currency_code": "EUR", "title": "Bolts for spring"}
    draft = perform(save_order, bea, head=head, at=MONDAY)
    assert draft.number == "2026-ACME-0001"
    line = perform(
        add_line,
        bea,
        order_id=draft.order_id,
        version=draft.version,
        item_id=bolt.id,
        quantity=Decimal(9),
        tax_percent=Decimal(19),
        at=MONDAY,
    )
    assert line.total == Decimal("128.52")
    changed = perform(
        change_line,
        bea,
        order_id=draft.order_id,
        version=line.version,
        line_id=line.line_id,
        changes={"quantity": Decimal(10)},
        at=MONDAY,
    )
    assert changed.total == Decimal("119.00")

    # The manager looks on and changes nothing.
    with pytest.raises(NotAllowed):
        perform(issue_order, mia, order_id=draft.order_id, at=MONDAY)
    issued = perform(issue_order, bea, order_id=draft.order_id, version=changed.version, at=MONDAY)
    assert (issued.state, issued.ordered_on) == ("issued", MONDAY.date())

    # A week later four packs arrive; the receiver's second press changes nothing.
    tuesday = MONDAY + timedelta(days=8)
    [expected] = ask(expected_order, ron, order_id=draft.order_id).lines
    assert (expected.open, expected.due_on) == (10, (MONDAY + timedelta(days=7)).date())
    press = uuid4()
    for _ in range(2):
        first = perform(
            receive_order,
            ron,
            request_id=press,
            order_id=draft.order_id,
            warehouse_id=main.id,
            lines={expected.line_id: Decimal(4)},
            delivery_note="LS-4711",
            at=tuesday,
        )
    assert (first.number, first.order_state) == ("2026-ACME-0001-R1", "partly_received")

    # Seven more would be too many, and leave nothing behind; the rest comes in one click, into the north.
    with pytest.raises(OverReceipt, match="6 of 10 are still open"):
        perform(
            receive_order,
            ron,
            order_id=draft.order_id,
            warehouse_id=north.id,
            lines={expected.line_id: Decimal(7)},
            at=tuesday,
        )
    rest = perform(receive_order, ron, order_id=draft.order_id, warehouse_id=north.id, at=tuesday)
    assert rest.order_state == "received"
    lying = {each.warehouse: (each.on_hand, each.value) for each in ask(balances_on, mia)}
    assert lying == {"MAIN": (400, 40), "NORTH": (600, 60)}

    # The first pallet was somebody else's: it goes, exactly, and the order waits again for its four packs.
    void = perform(void_receipt, ron, receipt_id=first.receipt_id, reason="somebody else's pallet", at=tuesday)
    assert void.order_state == "partly_received"
    assert {each.warehouse: each.on_hand for each in ask(balances_on, mia)} == {"NORTH": 600}
    perform(receive_order, ron, order_id=draft.order_id, warehouse_id=main.id, at=tuesday + timedelta(days=1))
    perform(
        transfer_stock,
        ron,
        from_warehouse_id=north.id,
        to_warehouse_id=main.id,
        item_id=bolt.id,
        quantity=Decimal(100),
        at=tuesday + timedelta(days=1),
    )
    perform(close_order, bea, order_id=draft.order_id, at=tuesday + timedelta(days=2))

    # What the manager sees at the end, and what she would have seen before.
    detail = ask(order_detail, mia, number="2026-ACME-0001")
    assert (detail.state, detail.lines[0].received_quantity) == ("closed", 10)
    assert {each.warehouse: each.on_hand for each in ask(balances_on, mia)} == {"MAIN": 500, "NORTH": 500}
    assert {each.warehouse: each.on_hand for each in ask(balances_on, mia, day=tuesday.date())} == {"NORTH": 600}
    assert ask(balances_on, mia, day=MONDAY.date()) == []
    card = ask(stock_card, mia, code="BOLT")
    assert [each.reason for each in reversed(card.entries)] == [
        *("receipt", "receipt", "receipt_void", "receipt", "transfer_out", "transfer_in")
    ]
    assert [each.number for each in ask(order_references, mia, order_id=draft.order_id).receipts] == [
        *("2026-ACME-0001-R4", "2026-ACME-0001-R1-VOID", "2026-ACME-0001-R2", "2026-ACME-0001-R1")
    ]
    told = [each.says.split(" 2026")[0] for each in reversed(ask(order_timeline, mia, order_id=draft.order_id))]
    assert told == [
        *("Written", "Line added", "Line changed", "Issued", "Goods received", "Goods received", "Receipt voided"),
        *("Goods received", "Closed"),
    ]
    assert [each for each in ask(all_checks, OPERATOR) if not each.holds] == []
