"""What the pages of orders, receiving and stock read beyond the other queries."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlmodel import Session

from buyside.domain.access import Role
from buyside.domain.refusals import Unreadable
from buyside.operations.run import within
from buyside.operations.stock import adjust_stock
from buyside.queries.order_choices import currency_choices, head_choices, vendor_choices
from buyside.queries.orders import ORDER_ROWS
from buyside.queries.rows import RowsWanted, grid_page
from buyside.queries.stock import PAST_BALANCE_ROWS
from tests.world import NOW, TODAY, World


@pytest.mark.rule("STK-7")
def test_balances_of_a_past_day_hold_what_had_moved_by_then(session: Session) -> None:
    world = World(session)
    keeper, main, bolt = world.user(Role.RECEIVER), world.warehouse(), world.item("Bolt")
    for days, quantity in ((10, 30), (4, -12)):
        within(
            session,
            adjust_stock,
            keeper,
            warehouse_id=main.id,
            item_id=bolt.id,
            quantity=Decimal(quantity),
            unit_cost=Decimal(2),
            reason="counted",
            at=NOW,
            effective_on=TODAY - timedelta(days=days),
        )

    def on_hand(days_ago: int) -> list[str]:
        scope = {"day": (TODAY - timedelta(days=days_ago)).isoformat(), "warehouse": main.code}
        page = grid_page(session, keeper, source=PAST_BALANCE_ROWS, wanted=RowsWanted(scope=scope), today=TODAY)
        return [row["on_hand"] for row in page.rows]

    assert (on_hand(11), on_hand(10), on_hand(5), on_hand(4), on_hand(0)) == ([], ["30"], ["30"], ["18"], ["18"])


@pytest.mark.rule("PO-10")
def test_an_order_shows_what_is_still_to_come_of_it_and_how_late_that_is(session: Session) -> None:
    world = World(session)
    bolt, main = world.item("Bolt"), world.warehouse()
    order, [line] = world.order(
        world.vendor(), main, (bolt, 10, "2.50"), issued=True, expected_on=TODAY - timedelta(days=3)
    )
    line.received_quantity = Decimal(4)
    world.add(line)
    page = grid_page(session, world.user(Role.BUYER), source=ORDER_ROWS, wanted=RowsWanted(), today=TODAY)
    [row] = [each for each in page.rows if each["number"] == order.number]
    assert Decimal(row["open_value"]) == Decimal(15)
    assert row["late_days"] >= 3


@pytest.mark.rule("VEN-2")
def test_only_active_vendors_can_be_chosen_for_a_new_order(session: Session) -> None:
    world = World(session)
    buyer, active, held = world.user(Role.BUYER), world.vendor("Open"), world.vendor("Held", status="on_hold")
    chosen = {each.id for each in vendor_choices(session, buyer)}
    assert active.id in chosen
    assert held.id not in chosen
    assert "EUR" in currency_choices(session, buyer)
    assert head_choices(session, buyer, vendor_id=active.id).pick_up == ()


@pytest.mark.parametrize(("asked", "found"), [("today+2", True), ("today-1", False), ("today+x", None)])
def test_a_view_may_count_days_from_today(session: Session, asked: str, *, found: bool | None) -> None:
    world = World(session)
    order, _ = world.order(world.vendor(), world.warehouse(), (world.item(), 1))
    order.order_by = TODAY + timedelta(days=1)
    world.add(order)
    session.flush()
    wanted = RowsWanted(filters={"order_by": {"type": "lessThanOrEqual", "dateFrom": asked}}, quick=order.number)
    buyer = world.user(Role.BUYER)
    if found is None:
        with pytest.raises(Unreadable):
            grid_page(session, buyer, source=ORDER_ROWS, wanted=wanted, today=TODAY)
    else:
        page = grid_page(session, buyer, source=ORDER_ROWS, wanted=wanted, today=TODAY)
        assert bool(page.rows) is found
