"""Drafts: numbers, defaults, prices."""

from datetime import date
from decimal import Decimal

import pytest
from sqlmodel import Session, col, select

from buyside.db.orders import PurchaseOrderPeg
from buyside.domain.access import OPERATOR
from buyside.ledgers.orders import AmountTooLarge, DiscountTooHigh, DraftLine, VendorNotActive, reprice, write_draft
from tests.world import NOW, World


@pytest.mark.rule("PO-6")
def test_numbers_count_per_vendor_and_year_and_pass_over_imported_ones(session: Session) -> None:
    world = World(session)
    acme, bolts, main = world.vendor("Acme", code="ACME"), world.vendor("Bolts", code="BOLTS"), world.warehouse()
    numbers = [world.order(vendor, main)[0].number for vendor in (acme, acme, bolts)]
    assert numbers == ["2026-ACME-0001", "2026-ACME-0002", "2026-BOLTS-0001"]
    imported, _ = world.order(acme, main)
    imported.number = "2026-ACME-0004"
    world.add(imported)
    assert world.order(acme, main)[0].number == "2026-ACME-0005"
    assert world.order(acme, main, at=NOW.replace(year=2027))[0].number == "2027-ACME-0001"


@pytest.mark.rule("INT-3")
def test_the_year_of_a_number_is_the_organisations(session: Session) -> None:
    world = World(session)
    world.organisation(time_zone="Pacific/Auckland")
    order, _ = world.order(
        world.vendor(code="ACME"), world.warehouse(), at=NOW.replace(month=12, day=31, hour=23, year=2026)
    )
    assert order.number == "2027-ACME-0001"


@pytest.mark.rule("PO-2")
def test_a_draft_takes_the_flagged_addresses_and_the_vendors_terms(session: Session) -> None:
    world = World(session)
    world.organisation()
    vendor = world.vendor(shipping_account="DHL-1", shipping_method="road")
    order, _ = world.order(vendor, world.warehouse())
    assert order.bill_to_account == "Own Works Ltd"
    assert order.bill_to_address == "1 Works Road\n10115 Berlin"
    assert order.bill_to_contact == "Accounts\naccounts@own.example"
    assert order.ship_to_address == "Gate 2\n10115 Berlin"
    assert (order.shipping_account, order.shipping_method) == ("DHL-1", "road")
    elsewhere, _ = world.order(vendor, world.warehouse("North", address="9 North Street"))
    assert elsewhere.ship_to_address == "9 North Street"
    assert elsewhere.ship_to_contact == "Goods in"


@pytest.mark.rule("PLAN-9")
def test_the_order_by_date_is_the_earliest_need_less_lead_time_and_goods_in(session: Session) -> None:
    world = World(session)
    bolt, nut = world.item("Bolt", goods_in_days=2), world.item("Nut")
    vendor = world.vendor().supplies(bolt, lead_days=7).supplies(nut, lead_days=1)
    order, _ = world.order(vendor, world.warehouse(), (bolt, 1), (nut, 1), expected_on=date(2026, 4, 20))
    assert order.order_by == date(2026, 4, 11)


@pytest.mark.rule("VEN-2")
@pytest.mark.parametrize("status", ["prospect", "on_hold", "inactive"])
def test_only_active_vendors_receive_orders(session: Session, status: str) -> None:
    world = World(session)
    with pytest.raises(VendorNotActive) as refused:
        world.order(world.vendor(status=status), world.warehouse())
    assert refused.value.code == "orders.vendor-not-active"


@pytest.mark.rule("STK-2")
@pytest.mark.parametrize(
    ("item", "vendor", "organisation", "most"),
    [(None, None, "0", "100"), (None, None, "10", "110"), (None, "5", "10", "105"), ("0", "5", "10", "100")],
)
def test_tolerance_is_the_items_else_the_vendors_else_the_organisations(
    session: Session, item: str | None, vendor: str | None, organisation: str, most: str
) -> None:
    world = World(session)
    world.organisation(over_receipt_percent=Decimal(organisation))
    bolt = world.item(over_receipt_percent=None if item is None else Decimal(item))
    acme = world.vendor(over_receipt_percent=None if vendor is None else Decimal(vendor))
    _, [line] = world.order(acme, world.warehouse(), (bolt, 100))
    assert line.receivable_quantity == Decimal(most)


@pytest.mark.rule("PO-4")
def test_the_foot_is_the_sum_of_the_lines_and_the_header_discount_loses_no_cent(session: Session) -> None:
    world = World(session)
    bolt = world.item()
    order, lines = world.order(world.vendor(), world.warehouse(), (bolt, 3, "0.335"), (bolt, 1, 1), (bolt, 1, 1))
    order.header_discount, order.shipping_costs = Decimal("1.00"), Decimal("4.90")
    lines[0].tax_percent = Decimal(19)
    reprice(session, order)
    assert [line.subtotal for line in lines] == [Decimal("1.01"), 1, 1]
    assert sorted(line.header_discount for line in lines) == [Decimal("0.33"), Decimal("0.33"), Decimal("0.34")]
    assert order.total == sum(line.total for line in lines) + Decimal("4.90")
    assert order.tax == lines[0].tax == Decimal("0.13")


@pytest.mark.rule("PO-4")
def test_amounts_have_the_digits_of_the_currency(session: Session) -> None:
    world = World(session)
    order, [line] = world.order(world.vendor(currency="JPY"), world.warehouse(), (world.item(), 3, "33.5"))
    assert line.subtotal == order.total == 101


def test_no_discount_exceeds_what_it_is_taken_from(session: Session) -> None:
    world = World(session)
    order, [line] = world.order(world.vendor(), world.warehouse(), (world.item(), 10))
    order.header_discount = Decimal("10.01")
    with pytest.raises(DiscountTooHigh) as refused:
        reprice(session, order)
    assert refused.value.field == "header_discount"
    order.header_discount, line.discount_amount = Decimal(0), Decimal("10.01")
    with pytest.raises(DiscountTooHigh) as refused:
        reprice(session, order)
    assert (refused.value.code, refused.value.field) == ("orders.discount-too-high", "discount_amount")


def test_an_order_beyond_every_column_is_refused(session: Session) -> None:
    world = World(session)
    with pytest.raises(AmountTooLarge):
        world.order(world.vendor(), world.warehouse(), (world.item(), 10**11, 10**11))


@pytest.mark.rule("PLAN-17")
def test_pegs_are_kept_with_their_line(session: Session) -> None:
    world = World(session)
    main, bolt = world.warehouse(), world.item()
    _, [demand] = world.sales_order(main, (world.variant(), 4))
    line = DraftLine(
        bolt.id,
        Decimal(10),
        bolt.unit_id,
        Decimal(1),
        Decimal(1),
        None,
        None,
        pegs=((demand.id, Decimal(4)), (None, Decimal(6))),
    )
    _, [written] = write_draft(
        session, OPERATOR, vendor_id=world.vendor().id, warehouse_id=main.id, currency_code="EUR", lines=[line], at=NOW
    )
    pegs = session.exec(select(PurchaseOrderPeg).order_by(col(PurchaseOrderPeg.id))).all()
    assert [(each.order_line_id, each.sales_order_line_id, each.quantity) for each in pegs] == [
        (written.id, demand.id, 4),
        (written.id, None, 6),
    ]
