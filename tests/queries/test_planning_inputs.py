"""What planning reads: which demand counts, which supply is open, whom one can order from (PLAN-1, PLAN-5, PLAN-7)."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session

from buyside.db.engine import sessions
from buyside.domain.access import Actor, Role
from buyside.domain.orders import OrderState
from buyside.queries.planning import planning_inputs
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


def test_nothing_is_rounded_on_the_way(session: Session, database: object) -> None:
    with World.open() as world:
        tube, main = world.item(safety_stock=Decimal("0.000001")), world.warehouse()
        world.stock(main, tube, "999999999999.999999")
        item = tube.id
    found = read()
    assert [row["on_hand"] for row in found.item_stock.iter_rows(named=True) if row["item"] == item] == [10**18 - 1]
    assert [row["safety_stock"] for row in found.items.iter_rows(named=True) if row["item"] == item] == [1]
