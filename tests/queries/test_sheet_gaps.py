"""Lists of master data find what lacks something: nobody sells it, no price, too little stock, nothing that it is made of."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session, col, select

from buyside.db.items import Item, PriceBreak, VendorItem
from buyside.db.structure import OptionRule, Product
from buyside.db.vendors import Currency, ExchangeRate, PaymentTerm, PaymentTermEvent, VendorAddress
from buyside.domain.access import Actor, Role
from buyside.domain.filters import one_of
from buyside.domain.refusals import Refused
from buyside.queries.rows import RowsWanted, grid_page
from buyside.queries.sheet_gaps import GAPS, SHEET_GAPS, Gap
from buyside.queries.sheets import SHEET_ROWS
from tests.world import World

BUYER = Actor(user_id=1, name="Bea", roles=frozenset({Role.BUYER}))
TODAY = date.today()  # noqa: DTZ011 - the conditions go by the database's own clock
YESTERDAY, TOMORROW = TODAY - timedelta(days=2), TODAY + timedelta(days=2)


@pytest.fixture
def world(session: Session) -> World:
    made = World(session)
    made.organisation()
    return made


def found(world: World, sheet: str, *gaps: Gap, column: str = "code") -> list[Any]:
    wanted = RowsWanted(filters={GAPS: one_of(*(each.value for each in gaps))})
    page = grid_page(world.session, BUYER, source=SHEET_ROWS[sheet], wanted=wanted, today=TODAY)
    return sorted(row[column] for row in page.rows)


def test_items_to_be_bought_that_nobody_offers_today(world: World) -> None:
    for code in ("NOBODY", "ONCE", "LATER", "RETIRED-OFFER", "ON-HOLD", "OFFERED", "UNPRICED"):
        world.item(code=code)
    world.item(code="MADE", supply="make")
    world.item(code="GONE", is_active=False)
    item = {each.code: each for each in world.session.exec(select(Item))}
    acme = world.vendor("Acme").supplies(item["OFFERED"]).supplies(item["UNPRICED"], price=None)
    acme.supplies(item["ONCE"], valid_to=YESTERDAY).supplies(item["LATER"], valid_from=TOMORROW)
    acme.supplies(item["RETIRED-OFFER"], is_active=False)
    world.vendor("Held", status="on_hold").supplies(item["ON-HOLD"])
    assert found(world, "items", Gap.NO_VENDOR) == ["LATER", "NOBODY", "ON-HOLD", "ONCE", "RETIRED-OFFER"]


@pytest.mark.rule("VEN-3")
def test_items_and_mappings_without_a_price_of_today(world: World) -> None:
    items = {code: world.item(code=code) for code in ("PRICED", "ENDED", "TO-COME", "NONE", "ONE-OF-TWO", "NOBODY")}
    acme, bolts = world.vendor("Acme"), world.vendor("Bolts")
    for code in ("PRICED", "ENDED", "TO-COME", "ONE-OF-TWO"):
        acme.supplies(items[code], part=f"A-{code}")
    acme.supplies(items["NONE"], price=None, part="A-NONE")
    bolts.supplies(items["ONE-OF-TWO"], price=None, part="B-ONE-OF-TWO")
    bolts.supplies(items["PRICED"], price=None, is_active=False, part="B-PRICED")
    for code, validity in (("ENDED", {"valid_to": YESTERDAY}), ("TO-COME", {"valid_from": TOMORROW})):
        price = world.session.exec(_price_of(f"A-{code}")).one()
        for name, day in validity.items():
            setattr(price, name, day)
        world.session.add(price)
    world.session.flush()
    assert found(world, "items", Gap.NO_PRICE) == ["ENDED", "NONE", "TO-COME"]
    parts = found(world, "vendor-items", Gap.NO_PRICE, column="vendor_part")
    assert parts == ["A-ENDED", "A-NONE", "A-TO-COME", "B-ONE-OF-TWO"]
    assert found(world, "items", Gap.NO_PRICE, Gap.NO_VENDOR) == ["ENDED", "NOBODY", "NONE", "TO-COME"]


def _price_of(part: str) -> Any:
    return select(PriceBreak).join(VendorItem, col(VendorItem.id) == PriceBreak.vendor_item_id).where(
        VendorItem.vendor_part == part
    )  # fmt: skip


def test_items_whose_stock_everywhere_lies_below_their_reorder_point(world: World) -> None:
    main, north = world.warehouse("Main"), world.warehouse("North")
    low = world.item(code="LOW", reorder_point=Decimal(10))
    enough = world.item(code="ENOUGH", reorder_point=Decimal(10))
    world.item(code="EMPTY", reorder_point=Decimal(1))
    world.item(code="NO-POINT")
    world.item(code="ZERO-POINT", reorder_point=Decimal(0))
    world.stock(main, low, 9)
    world.stock(main, enough, 6)
    world.stock(north, enough, 4)
    assert found(world, "items", Gap.BELOW_REORDER_POINT) == ["EMPTY", "LOW"]


@pytest.mark.rule("ITM-8")
def test_what_is_made_of_nothing(world: World) -> None:
    bolt, frame = world.item(code="BOLT"), world.item(code="FRAME", supply="make")
    world.item(code="AIR", supply="phantom")
    world.bom(frame, bolt)
    bike, kit, by_rule, decided = (world.variant(name) for name in ("Bike", "Kit", "By rule", "Decided"))
    bare = world.variant("Bare")
    world.bom(bike, bolt)
    product = world.session.get_one(Product, kit.product_id)
    world.bom(product, bolt)
    world.add(OptionRule(code="R1", variant_id=by_rule.id, behaviour="add", component_id=bolt.id, quantity=Decimal(1)))
    world.add(OptionRule(code="R2", variant_id=decided.id, behaviour="nothing"))
    world.add(OptionRule(code="R3", variant_id=bare.id, behaviour="remove", component_id=bolt.id))
    assert found(world, "items", Gap.NO_COMPONENTS) == ["AIR"]
    assert found(world, "variants", Gap.NO_COMPONENTS, column="sku") == [bare.sku]


def test_active_vendors_that_cannot_be_ordered_from(world: World) -> None:
    bolt = world.item()
    world.vendor("Ready", code="READY", email="orders@ready.example").supplies(bolt)
    world.vendor("Silent", code="SILENT", email="orders@silent.example")
    world.vendor("No address", code="NOWHERE").supplies(bolt)
    world.vendor("By phone", code="PHONE", sends_order_form=False).supplies(bolt)
    desk = world.vendor("Desk", code="DESK").supplies(bolt)
    world.add(VendorAddress(vendor_id=desk.id, purpose="order_form", name="Desk", email="desk@desk.example"))
    world.vendor("Held", code="HELD", status="on_hold")
    assert found(world, "vendors", Gap.NO_ITEMS) == ["SILENT"]
    assert found(world, "vendors", Gap.NO_ORDER_ADDRESS) == ["NOWHERE"]


@pytest.mark.rule("INT-3")
def test_currencies_of_vendors_without_a_rate(world: World) -> None:
    for code in ("SEK", "NOK", "DKK", "ISK"):
        if world.session.get(Currency, code) is None:
            world.add(Currency(code=code))
    for code in ("EUR", "SEK", "NOK", "DKK"):
        world.vendor(code, currency=code)
    world.add(ExchangeRate(currency_code="SEK", valid_from=YESTERDAY, rate=Decimal("0.09")))
    world.add(ExchangeRate(currency_code="NOK", valid_from=TOMORROW, rate=Decimal("0.08")))
    own = world.organisation().currency_code
    assert found(world, "currencies", Gap.NO_RATE) == sorted({"DKK", "EUR", "NOK"} - {own})


def test_terms_whose_shares_do_not_add_up(world: World) -> None:
    for code, shares in (("WHOLE", (30, 70)), ("HALF", (50,)), ("MUCH", (60, 60)), ("NONE", ())):
        terms = world.add(PaymentTerm(code=code))
        for position, share in enumerate(shares, 1):
            world.add(
                PaymentTermEvent(
                    payment_term_id=terms.id, position=position, share_percent=Decimal(share), trigger="receipt"
                )
            )
    assert found(world, "payment-terms", Gap.SHARES_OFF) == ["HALF", "MUCH", "NONE"]


def test_gaps_are_no_part_of_rows_and_files(world: World) -> None:
    world.item(code="BOLT")
    page = grid_page(world.session, BUYER, source=SHEET_ROWS["items"], wanted=RowsWanted(), today=TODAY)
    assert page.rows[0][GAPS] == ""
    with pytest.raises(Refused):
        found(world, "units", Gap.NO_VENDOR)
    assert set(SHEET_GAPS) <= set(SHEET_ROWS)
