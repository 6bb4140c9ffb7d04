"""What planning reads: which demand counts, which supply is open, whom one can order from (PLAN-1, PLAN-5, PLAN-7)."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from sqlmodel import Session, select

from buyside.db.contracts import Contract, ContractItem
from buyside.db.engine import sessions
from buyside.db.items import ItemGroup
from buyside.db.orders import PurchaseOrderLine
from buyside.db.vendors import ExchangeRate, VendorClosingDay
from buyside.domain.access import Actor, Role
from buyside.domain.contracts import ContractStatus
from buyside.domain.orders import OrderState
from buyside.queries.arrow_reader import ArrowReader, arrow_reader
from buyside.queries.planning import planning_inputs, supply_select
from tests.world import TODAY, World

BUYER = Actor(user_id=None, name="buyer", roles=frozenset({Role.BUYER}))


def read() -> Any:
    with sessions()() as session:
        return planning_inputs(session, BUYER)


@pytest.mark.rule("PLAN-1")
def test_demand_is_what_is_open_on_approved_lines_and_nothing_else(database: object) -> None:
    with World.open() as world:
        main, bike = world.warehouse(), world.variant()
        _, [whole, part, done, direct] = world.sales_order(main, *[(bike, Decimal("10.5"))] * 4)
        part.fulfilled_quantity, part.cancelled_quantity = Decimal("3.25"), Decimal("0.000001")
        done.fulfilled_quantity, done.cancelled_quantity = Decimal(10), Decimal("0.5")
        direct.is_direct_purchase = True
        for status in ("draft", "cancelled"):
            world.sales_order(main, (bike, 99), status=status)
        expected = {whole.id: 10_500_000, part.id: 7_249_999}
    assert dict(read().lines.select("line", "quantity").iter_rows()) == expected


@pytest.mark.rule("PLAN-5")
def test_supply_is_what_vendors_still_owe_on_the_date_they_promised(database: object) -> None:
    later = TODAY + timedelta(days=20)
    with World.open() as world:
        main, bolt = world.warehouse(), world.item()
        acme = world.vendor().supplies(bolt, pack="2.5")
        expected: dict[int, tuple[int, date]] = {}
        for state in OrderState:
            order, [promised, partly, received] = world.order(
                acme, main, (bolt, 10), (bolt, 10), (bolt, 10), expected_on=TODAY
            )
            order.state = state.value
            promised.promised_on = later
            partly.received_quantity = Decimal(4)
            received.received_quantity = Decimal(10)
            if state in {
                OrderState.ISSUED,
                OrderState.PARTLY_CONFIRMED,
                OrderState.CONFIRMED,
                OrderState.PARTLY_RECEIVED,
            }:
                expected |= {promised.id: (25_000_000, later), partly.id: (15_000_000, TODAY)}
    found = read().supply.select("order_line", "quantity", "arrives_on")
    assert {line: (quantity, day) for line, quantity, day in found.iter_rows()} == expected


@pytest.mark.rule("PLAN-7")
def test_only_active_mappings_of_active_vendors_can_be_ordered_from(database: object) -> None:
    with World.open() as world:
        bolt = world.item()
        usable = world.vendor().supplies(bolt).id
        for status in ("prospect", "on_hold", "inactive"):
            world.vendor(status=status).supplies(bolt)
        world.vendor().supplies(bolt, is_active=False)
        item = bolt.id
    found = read().vendor_items
    mine = [row for row in found.iter_rows(named=True) if row["item"] == item]
    assert len(mine) == 5
    assert [row["vendor"] for row in mine if row["is_usable"]] == [usable]


@pytest.mark.rule("PLAN-7")
def test_a_group_decides_for_its_items_and_without_one_preference_and_contracts_go_first(database: object) -> None:
    with World.open() as world:
        plain, grouped = world.item(), world.item(group="BRAKES")
        group = world.session.exec(select(ItemGroup).where(ItemGroup.code == "BRAKES")).one()
        group.vendor_policy, group.contracts_first = "share", False
        world.vendor().supplies(grouped, share_percent=Decimal("33.3333"))
        expected = {plain.id: (None, "preference", True), grouped.id: (group.id, "share", False)}
    found = read()
    rows = {row["item"]: (row["group"], row["vendor_policy"], row["contracts_first"]) for row in found.items.to_dicts()}
    assert {item: rows[item] for item in expected} == expected
    shares = dict(found.vendor_items.select("item", "share_percent").iter_rows())
    assert shares[list(expected)[1]] == 333_333


@pytest.mark.rule("VEN-6")
def test_order_days_closings_and_minimum_are_read_of_each_vendor(database: object) -> None:
    with World.open() as world:
        any_day = world.vendor().id
        some = world.vendor(order_weekdays="mon,wed,sun", minimum_order_value=Decimal("250.5"), currency="USD").id
        world.add(VendorClosingDay(vendor_id=some, from_day="12-24", to_day="01-02"))
        rich = world.vendor(minimum_order_value=Decimal(99999999999999)).id
    found = read()
    rows = {row["vendor"]: row for row in found.vendors.to_dicts()}
    assert rows[any_day] == {"vendor": any_day, "order_weekdays": 0, "minimum_value": None, "currency": "EUR"}
    assert rows[some] == {"vendor": some, "order_weekdays": 69, "minimum_value": 250_500_000, "currency": "USD"}
    assert rows[rich]["minimum_value"] == 4 * 10**18, "more than any order can be worth"
    closings = found.vendor_closings.filter(pl.col("vendor") == some).select("from_day", "to_day").rows()
    assert closings == [(1224, 102)]


@pytest.mark.rule("CON-2")
@pytest.mark.rule("PLAN-7")
def test_what_is_left_of_a_contract_is_agreed_less_what_its_orders_drew(database: object) -> None:
    with World.open() as world:
        main, bolt = world.warehouse(), world.item()
        acme = world.vendor().supplies(bolt, pack=10)
        contract = world.add(
            Contract(
                number="C-7",
                vendor_id=acme.id,
                currency_code="EUR",
                valid_from=TODAY,
                valid_to=TODAY,
                amount=Decimal(10_000),
            )
        )
        world.add(
            ContractItem(contract_id=contract.id, item_id=bolt.id, quantity=Decimal(1_000), unit_price=Decimal("2.5"))
        )
        drawn = {}
        for number, state in enumerate(OrderState):
            order, [line] = world.order(acme, main, (bolt, 10 + number, 3))
            order.state, order.contract_id = state.value, contract.id
            line.received_quantity = Decimal(4)
            line.tax = Decimal(5)  # taxes draw nothing
            line.total += 5
            drawn[state] = 4 if state in {OrderState.CLOSED, OrderState.RECEIVED} else 10 + number
        double, [line] = world.order(acme, main, (bolt, 7, 6))
        double.contract_id, line.unit_factor = contract.id, Decimal(20)  # ordered when a pack held twice as many
        others, _ = world.order(acme, main, (bolt, 500, 3))
        others.state = OrderState.ISSUED.value
        number = contract.id
    expected = sum(q for state, q in drawn.items() if state not in {OrderState.CANCELLED, OrderState.REJECTED})
    found = read()
    [row] = found.contracts.filter(pl.col("contract") == number).to_dicts()
    assert row["quantity_left"] == (1_000 - expected - 14) * 10**6
    assert (row["unit_price"], row["currency"], row["is_usable"]) == (2_500_000, "EUR", True)
    [balance] = found.contract_balances.filter(pl.col("contract") == number).to_dicts()
    assert balance["amount_left"] == (10_000 - expected * 3 - 7 * 6) * 10**6


@pytest.mark.rule("CON-1")
@pytest.mark.rule("PLAN-7")
def test_only_an_active_contract_can_be_drawn_and_without_an_amount_it_is_not_limited(database: object) -> None:
    with World.open() as world:
        bolt, acme = world.item(), world.vendor()
        usable = {}
        for status in ContractStatus:
            contract = world.add(
                Contract(
                    number=f"C-{status}", vendor_id=acme.id, currency_code="EUR", valid_from=TODAY, valid_to=TODAY,
                    status=status.value,
                )
            )  # fmt: skip
            world.add(ContractItem(contract_id=contract.id, item_id=bolt.id))
            usable[contract.id] = status is ContractStatus.ACTIVE
    found = read()
    assert dict(found.contracts.select("contract", "is_usable").iter_rows()).items() >= usable.items()
    assert found.contracts.filter(pl.col("contract").is_in(list(usable)))["quantity_left"].null_count() == len(usable)
    limits = found.contract_balances.filter(pl.col("contract").is_in(list(usable)))["amount_left"]
    assert limits.null_count() == len(usable)


@pytest.mark.rule("INT-3")
def test_rates_are_those_into_the_own_currency_which_is_worth_itself(database: object) -> None:
    with World.open() as world:
        own = world.organisation().currency_code
        foreign = "USD" if own != "USD" else "EUR"
        world.add(ExchangeRate(currency_code=foreign, valid_from=TODAY, rate=Decimal("0.912345")))
        world.add(ExchangeRate(currency_code=own, valid_from=TODAY, rate=Decimal(7)))
    rates = read().rates
    assert rates.filter(pl.col("currency") == own).rows() == [(own, None, 1_000_000)], "whatever somebody typed"
    assert (foreign, TODAY, 912_345) in rates.rows()


def test_nothing_is_rounded_on_the_way(session: Session, database: object) -> None:
    with World.open() as world:
        tube, main = world.item(safety_stock=Decimal("0.000001")), world.warehouse()
        world.stock(main, tube, "999999999999.999999")
        item = tube.id
    found = read()
    assert [row["on_hand"] for row in found.item_stock.iter_rows(named=True) if row["item"] == item] == [10**18 - 1]
    assert [row["safety_stock"] for row in found.items.iter_rows(named=True) if row["item"] == item] == [1]


@pytest.mark.rule("PLAN-10")
@pytest.mark.parametrize("connections", [1, 2])
def test_what_arrives_while_a_plan_reads_is_seen_in_all_of_its_frames_or_in_none(
    database: object, connections: int
) -> None:
    with World.open() as world:
        main, bolt = world.warehouse(), world.item()
        _, [line] = world.order(
            world.vendor().supplies(bolt), main, (bolt, 10), issued=True, expected_on=TODAY + timedelta(days=1)
        )
        world.stock(main, bolt, 1)
        bolt_id, line_id = bolt.id, line.id

    def owed(reader: ArrowReader) -> int:
        return int(reader.frame(supply_select()).filter(pl.col("order_line") == line_id)["quantity"].sum())

    def on_hand(reader: ArrowReader) -> int:
        stock = "SELECT item_id, (on_hand * 1000000)::int8 AS on_hand FROM stock_balance WHERE item_id IS NOT NULL"
        held = reader.each[connections - 1].frame(stock)
        return int(held.filter(pl.col("item_id") == bolt_id)["on_hand"].sum())

    with sessions()() as session, arrow_reader(session, connections=connections) as reader:
        before = owed(reader)
        with World.open() as world:  # six of ten arrive
            world.session.get_one(PurchaseOrderLine, line_id).received_quantity = Decimal(6)
            world.stock(main, bolt, 6)
        assert (before, on_hand(reader)) == (10_000_000, 1_000_000)
    with sessions()() as session, arrow_reader(session, connections=connections) as reader:
        assert (owed(reader), on_hand(reader)) == (4_000_000, 7_000_000)
