"""All about one item: prices over time, stock over time with its projection, open orders, contracts, uses."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlmodel import Session, select

from buyside.db.contracts import Contract, ContractItem
from buyside.db.items import ItemGroup, PriceBreak, VendorItem
from buyside.db.vendors import Currency, ExchangeRate
from buyside.domain.access import Actor, Role
from buyside.domain.refusals import NotAllowed, NotFound
from buyside.domain.stock import StockReason
from buyside.ledgers import stock
from buyside.operations.plan_conversion import convert_plan
from buyside.operations.plans import run_plan, start_run
from buyside.operations.run import perform
from buyside.queries.item_card import contracts_of_item, item_head, open_lines_of_item, uses_of_item
from buyside.queries.item_prices import ItemPrices, item_prices
from buyside.queries.item_stock import PastDay, places_of_item, stock_over_time, thinned
from buyside.queries.plan_explanations import requirement_arithmetic
from buyside.queries.read import ask
from tests.world import NOW, TODAY, World

BUYER = Actor(user_id=None, name="buyer", roles=frozenset({Role.BUYER}))
SALES = Actor(user_id=None, name="sales", roles=frozenset({Role.SALES}))
NEEDED, LATER = TODAY + timedelta(days=20), TODAY + timedelta(days=50)


@dataclass(frozen=True)
class Planned:
    run_id: int
    main: int
    depot: int
    frame: int


@pytest.fixture(scope="module")
def planned(database: object) -> Planned:
    """Frames on hand, an overdue order, one to come, one that is a draft by hand; demand before and after; all planned."""
    with World.open() as world:
        main, depot = world.warehouse("Main"), world.warehouse("Depot")
        frame = world.item("Frame", safety_stock=Decimal(2), default_warehouse_id=main.id)
        bike = world.variant("Bike")
        world.bom(bike, frame)
        best = world.vendor("Best").supplies(frame, pack="2.5", price="21", lead_days=10)
        world.stock(main, frame, "10.125")
        world.order(best, main, (frame, 2), issued=True, expected_on=TODAY - timedelta(days=2))
        world.order(best, main, (frame, 1), issued=True, expected_on=TODAY + timedelta(days=30))
        world.order(best, main, (frame, 400), expected_on=TODAY + timedelta(days=10))
        world.sales_order(main, (bike, 6, NEEDED), (bike, 20, LATER), (bike, 1, TODAY - timedelta(days=3)))
        ids = (main.id, depot.id, frame.id)
    started = perform(start_run, BUYER, as_of=TODAY, at=NOW)
    perform(run_plan, BUYER, run_id=started.run_id)
    return Planned(started.run_id, *ids)


@pytest.mark.rule("PLAN-5")
def test_the_projection_is_the_netting_of_the_newest_run(planned: Planned) -> None:
    told = ask(stock_over_time, BUYER, item_id=planned.frame, warehouse_id=planned.main, today=TODAY)
    found = ask(
        requirement_arithmetic, BUYER, run_id=planned.run_id, item_id=planned.frame, warehouse_id=planned.main
    ).rows
    run = {row.on_date: row for row in found}
    assert told.run_id == planned.run_id
    assert len(told.coming) >= 4
    for day in told.coming:
        if day.on_date in run:
            row = run[day.on_date]
            assert (day.demand, day.receipts, day.projected) == (row.gross, row.receipts, row.projected), day.on_date
            assert day.with_plan == row.projected_with_plan
    assert {each.on_date for each in told.coming} == set(run)
    assert [each.projected for each in told.coming] == [each.by_run or each.projected for each in told.coming]


@pytest.mark.rule("PLAN-5")
def test_overdue_orders_count_as_today_and_are_flagged_and_drafts_by_hand_do_not_count(planned: Planned) -> None:
    told = ask(stock_over_time, BUYER, item_id=planned.frame, warehouse_id=planned.main, today=TODAY)
    first = told.coming[0]
    assert (first.on_date, first.receipts, first.demand) == (TODAY, 5, 1)
    assert [each.is_overdue for each in first.arrivals] == [True]
    assert first.projected == told.on_hand + 5 - 1 == Decimal("14.125")
    assert max(each.receipts for each in told.coming) == 5


@pytest.mark.rule("PLAN-5")
def test_a_later_day_counts_what_has_passed_as_its_own_and_shows_what_the_run_said(planned: Planned) -> None:
    told = ask(
        stock_over_time, BUYER, item_id=planned.frame, warehouse_id=planned.main, today=NEEDED + timedelta(days=1)
    )
    assert (told.coming[0].on_date, told.coming[0].demand) == (NEEDED + timedelta(days=1), 7)
    assert all(each.by_run in {None, each.projected} for each in told.coming)


@pytest.mark.rule("PLAN-5")
def test_what_the_plan_became_counts_once_as_an_order(planned: Planned) -> None:
    before = ask(stock_over_time, BUYER, item_id=planned.frame, warehouse_id=planned.main, today=TODAY)
    with World.open() as world:
        lines = world.session.execute(
            text("SELECT id FROM plan_line WHERE run_id = :run"), {"run": planned.run_id}
        ).scalars()
        line_ids = list(lines)
    buyer = _buyer()
    perform(convert_plan, buyer, run_id=planned.run_id, line_ids=line_ids, at=NOW)
    after = ask(stock_over_time, BUYER, item_id=planned.frame, warehouse_id=planned.main, today=TODAY)
    assert sum(each.planned for each in before.coming) > 0
    assert sum(each.planned for each in after.coming) == 0
    assert after.coming[-1].projected == after.coming[-1].with_plan == before.coming[-1].with_plan
    assert after.coming[-1].by_run == before.coming[-1].projected  # and it shows that something moved since the run


def _buyer() -> Actor:
    with World.open() as world:
        return world.user(Role.BUYER)


def test_a_warehouse_out_of_the_run_has_orders_and_no_demand(planned: Planned) -> None:
    told = ask(stock_over_time, BUYER, item_id=planned.frame, warehouse_id=planned.depot, today=TODAY)
    assert (told.on_hand, told.past, told.coming) == (0, (), ())
    with pytest.raises(NotFound):
        ask(stock_over_time, BUYER, item_id=planned.frame, warehouse_id=0, today=TODAY)


# --- in a transaction that leaves nothing behind -----------------------------------------------------------------------
@pytest.mark.rule("STK-5")
def test_the_past_is_the_ledger_day_by_day(session: Session) -> None:
    world = World(session)
    main, bolt = world.warehouse(), world.item("Bolt")

    def moved(days_ago: int, quantity: str) -> None:
        movement = stock.Movement(
            warehouse_id=main.id, item_id=bolt.id, quantity=Decimal(quantity), reason=StockReason.ADJUSTMENT,
            effective_on=TODAY - timedelta(days=days_ago), unit_cost=Decimal(1), source_kind="opening",
        )  # fmt: skip
        stock.post(session, BUYER, [movement])

    for days_ago, quantity in ((400, "100"), (30, "-12.5"), (30, "2"), (3, "7.000001"), (-5, "-1")):
        moved(days_ago, quantity)
    told = stock_over_time(session, BUYER, item_id=bolt.id, warehouse_id=main.id, today=TODAY)
    assert told.opening == 100
    assert [(TODAY - each.on_date).days for each in told.past] == [30, 3, 0]
    assert [each.balance for each in told.past] == [Decimal("89.5"), Decimal("96.500001"), Decimal("95.500001")]
    assert told.on_hand == Decimal("95.500001")


def test_a_chart_of_very_many_days_keeps_every_dip() -> None:
    days = [PastDay(date(2020, 1, 1) + timedelta(days=n), Decimal(1), Decimal(n % 97)) for n in range(1500)]
    kept = thinned(days, 200, lambda each: each.balance)
    assert len(kept) <= 200
    assert kept[-1] == days[-1]
    assert kept == sorted(kept, key=lambda each: each.on_date)
    assert sum(1 for each in kept if each.balance == 0) == sum(1 for each in days if each.balance == 0)
    assert thinned(days[:200], 200, lambda each: each.balance) == days[:200]


@dataclass(frozen=True)
class Shop:
    world: World
    item_id: int
    code: str
    mapping: VendorItem
    main: Any
    acme: Any
    bolt: Any


@pytest.fixture
def shop(session: Session) -> Shop:
    """Bolts in boxes of ten from Acme: 20.00 until the end of January, 22.00 after; 18.00 from five boxes on."""
    world = World(session)
    main, bolt, acme = world.warehouse(), world.item("Bolt"), world.vendor("Acme")
    acme.supplies(bolt, pack=10, price=None, minimum=2)
    mapping = session.query(VendorItem).filter_by(item_id=bolt.id).one()
    february = date(2026, 2, 1)
    for from_quantity, price, since, until in (
        (0, "20", None, february - timedelta(days=1)),
        (0, "22", february, None),
        (5, "18", None, None),
    ):
        world.add(
            PriceBreak(
                vendor_item_id=mapping.id, from_quantity=Decimal(from_quantity), unit_price=Decimal(price),
                currency_code="EUR", valid_from=since, valid_to=until,
            )
        )  # fmt: skip
    return Shop(world, bolt.id, bolt.code, mapping, main, acme, bolt)


def prices(session: Session, shop: Shop) -> ItemPrices:
    return item_prices(session, BUYER, item_id=shop.item_id, today=TODAY)


@pytest.mark.rule("VEN-4")
def test_prices_step_when_another_break_becomes_valid(session: Session, shop: Shop) -> None:
    told = prices(session, shop)
    [acme] = told.offers
    assert (told.currency, told.is_converted, acme.currency) == ("EUR", False, "EUR")
    assert [(step.unit_price, step.comparable) for step in acme.steps] == [(20, 2), (22, Decimal("2.2"))]
    assert acme.steps[0].until == date(2026, 1, 31)
    assert acme.steps[1].since == date(2026, 2, 1)
    assert acme.steps[0].quantity == 2  # the vendor's minimum
    shop.mapping.minimum_quantity = Decimal(5)
    session.flush()
    [at_minimum] = prices(session, shop).offers
    assert [step.unit_price for step in at_minimum.steps] == [18]  # the price never changed there


@pytest.mark.rule("VEN-4")
def test_where_nothing_is_offered_the_line_breaks_off(session: Session, shop: Shop) -> None:
    shop.mapping.valid_to = TODAY + timedelta(days=10)
    session.flush()
    [acme] = prices(session, shop).offers
    assert acme.steps[-1].unit_price is None
    assert acme.steps[-1].since == TODAY + timedelta(days=11)


@pytest.mark.rule("INT-3")
def test_several_currencies_are_compared_at_the_rates_of_their_days(session: Session, shop: Shop) -> None:
    if session.get(Currency, "USD") is None:
        shop.world.add(Currency(code="USD", name="dollar"))
    best = shop.world.vendor("Best", currency="USD").supplies(shop.bolt, pack=1, price="3")
    for day, rate in ((date(2026, 1, 15), "0.9"), (date(2026, 2, 20), "0.8")):
        shop.world.add(ExchangeRate(currency_code="USD", valid_from=day, rate=Decimal(rate)))
    shop.world.order(best, shop.main, (shop.bolt, 10, "3"), issued=True, at=NOW)
    told = prices(session, shop)
    own = session.execute(text("SELECT currency_code FROM organisation")).scalar_one()
    assert (told.currency, told.is_converted) == (own, True)
    dollars = next(each for each in told.offers if each.currency == "USD")
    assert [(step.comparable, step.rate.rate if step.rate else None) for step in dollars.steps] == [
        (None, None), (Decimal("2.7"), Decimal("0.9")), (Decimal("2.4"), Decimal("0.8")),
    ]  # fmt: skip
    assert told.without_rate == ("USD",)  # nobody knows what a dollar was worth before the first rate
    [paid] = told.paid
    assert (paid.comparable, paid.rate and paid.rate.valid_from) == (Decimal("2.4"), date(2026, 2, 20))


def test_what_was_paid_is_told_after_discounts_and_drafts_and_cancelled_orders_are_not(
    session: Session, shop: Shop
) -> None:
    order, [line] = shop.world.order(shop.acme, shop.main, (shop.bolt, 3, "20"), issued=True)
    line.discount = Decimal("6.00")
    shop.world.order(shop.acme, shop.main, (shop.bolt, 3, "99"))
    cancelled, _ = shop.world.order(shop.acme, shop.main, (shop.bolt, 3, "98"), issued=True)
    cancelled.state = "cancelled"
    session.flush()
    [paid] = prices(session, shop).paid
    assert (paid.order_number, paid.unit_price, paid.net_price) == (order.number, 20, 18)
    assert paid.comparable == Decimal("1.8")


def test_points_of_a_price_chart_are_bounded(session: Session, shop: Shop) -> None:
    for day in range(150):
        shop.world.order(shop.acme, shop.main, (shop.bolt, 1, "20"), issued=True, at=NOW - timedelta(days=day))
        shop.world.add(
            PriceBreak(
                vendor_item_id=shop.mapping.id, from_quantity=Decimal(1), unit_price=Decimal(day + 1), currency_code="EUR",
                valid_from=TODAY - timedelta(days=day), valid_to=TODAY - timedelta(days=day),
            )
        )  # fmt: skip
    told = prices(session, shop)
    assert len(told.paid) + sum(len(each.steps) for each in told.offers) <= 200
    assert told.offers[0].steps[-2].unit_price == 1  # the latest are kept


def test_open_lines_tell_promise_lateness_and_drafts(session: Session, shop: Shop) -> None:
    late, [first] = shop.world.order(shop.acme, shop.main, (shop.bolt, 3), issued=True, expected_on=TODAY)
    first.promised_on, first.received_quantity = TODAY - timedelta(days=4), Decimal(1)
    draft, _ = shop.world.order(shop.acme, shop.main, (shop.bolt, 1), expected_on=TODAY - timedelta(days=9))
    _, [second] = shop.world.order(shop.acme, shop.main, (shop.bolt, 3), issued=True)
    second.received_quantity = Decimal(3)
    session.flush()
    told = open_lines_of_item(session, BUYER, item_id=shop.item_id, today=TODAY)
    assert [each.order_number for each in told] == [late.number, draft.number]
    assert (told[0].open, told[0].open_stock_units, told[0].late_days) == (2, 20, 4)
    assert (told[0].promised_on, told[0].due_on) == (TODAY - timedelta(days=4), TODAY - timedelta(days=4))
    assert told[1].late_days == 0  # nobody promised anything yet
    [place] = places_of_item(session, BUYER, item_id=shop.item_id)
    assert (place.on_order, place.next_due_on, place.on_hand) == (20, TODAY - timedelta(days=4), 0)


def test_contracts_cover_by_name_or_by_everything_of_the_vendor(session: Session, shop: Shop) -> None:
    def contract(number: str, vendor_id: int, **more: Any) -> Contract:
        known = {"currency_code": "EUR", "valid_from": TODAY, "valid_to": TODAY + timedelta(days=90)}
        return shop.world.add(Contract(number=number, vendor_id=vendor_id, **(known | more)))

    named = contract("C-1", shop.acme.id)
    shop.world.add(ContractItem(contract_id=named.id, item_id=shop.item_id, unit_price=Decimal("1.9")))
    contract("C-2", shop.acme.id)
    contract("C-3", shop.acme.id, valid_from=date(2020, 1, 1), valid_to=date(2020, 12, 31))
    contract("C-4", shop.world.vendor("Other").id)
    others = contract("C-5", shop.acme.id)
    shop.world.add(ContractItem(contract_id=others.id, item_id=shop.world.item("Nut").id))
    told = contracts_of_item(session, BUYER, item_id=shop.item_id, today=TODAY)
    assert [(each.number, each.is_valid, each.is_by_name) for each in told] == [
        ("C-1", True, True), ("C-2", True, False), ("C-3", False, False),
    ]  # fmt: skip


def test_uses_name_the_parents_and_count_the_rest(session: Session, shop: Shop) -> None:
    bike = shop.world.variant("Bike")
    frame = shop.world.item("Frame")
    for parent in (bike, frame, shop.world.variant("Trike")):
        shop.world.bom(parent, shop.bolt, "4")
    told = uses_of_item(session, BUYER, item_id=shop.item_id, limit=2)
    assert ([each.kind for each in told.rows], told.count, told.components) == (["item", "variant"], 3, 0)
    assert uses_of_item(session, BUYER, item_id=frame.id).components == 1


@pytest.mark.rule("ACC-2")
def test_each_part_of_the_page_asks_for_its_own_permission(session: Session, shop: Shop) -> None:
    for query, wanted in (
        (item_head, {"code": shop.code}),
        (item_prices, {"item_id": shop.item_id, "today": TODAY}),
        (stock_over_time, {"item_id": shop.item_id, "warehouse_id": shop.main.id, "today": TODAY}),
        (places_of_item, {"item_id": shop.item_id}),
        (open_lines_of_item, {"item_id": shop.item_id, "today": TODAY}),
        (contracts_of_item, {"item_id": shop.item_id, "today": TODAY}),
        (uses_of_item, {"item_id": shop.item_id}),
    ):
        with pytest.raises(NotAllowed):
            query(session, SALES, **wanted)  # type: ignore[operator]
    # A receiver sees stock and orders' arrivals, and nothing of the plan.
    receiver = replace(SALES, roles=frozenset({Role.RECEIVER}))
    assert (
        stock_over_time(session, receiver, item_id=shop.item_id, warehouse_id=shop.main.id, today=TODAY).run_id is None
    )


def test_an_unknown_code_is_told_as_such(session: Session, shop: Shop) -> None:
    with pytest.raises(NotFound):
        item_head(session, BUYER, code="no such code")
    assert item_head(session, BUYER, code=shop.code).item_id == shop.item_id


@pytest.mark.rule("PLAN-7")
def test_an_item_tells_whose_vendor_goes_first_by_its_group(session: Session, shop: Shop) -> None:
    head = item_head(session, BUYER, code=shop.code)
    assert (head.group, head.vendor_policy, head.contracts_first) == ("", "preference", True)
    item = shop.world.item("Brake", group="BRAKES")
    group = session.exec(select(ItemGroup).where(ItemGroup.code == "BRAKES")).one()
    group.vendor_policy, group.contracts_first = "cheapest", False
    shop.world.add(group)
    head = item_head(session, BUYER, code=item.code)
    assert (head.group, head.vendor_policy, head.contracts_first) == ("BRAKES", "cheapest", False)


def test_the_page_of_an_item_takes_a_fixed_number_of_statements(session: Session, shop: Shop) -> None:
    for number in range(6):
        other = shop.world.vendor(f"Vendor {number}", currency="USD" if number % 2 else "EUR")
        other.supplies(shop.bolt, pack=number + 1, price=str(number + 1))
        shop.world.order(other, shop.main, (shop.bolt, 1, "2"), issued=True)
    statements: list[str] = []
    event.listen(session.connection(), "before_cursor_execute", lambda *args: statements.append(args[2]))
    item_head(session, BUYER, code=shop.code)
    item_prices(session, BUYER, item_id=shop.item_id, today=TODAY)
    places_of_item(session, BUYER, item_id=shop.item_id)
    stock_over_time(session, BUYER, item_id=shop.item_id, warehouse_id=shop.main.id, today=TODAY)
    open_lines_of_item(session, BUYER, item_id=shop.item_id, today=TODAY)
    contracts_of_item(session, BUYER, item_id=shop.item_id, today=TODAY)
    uses_of_item(session, BUYER, item_id=shop.item_id)
    assert len(statements) <= 20
