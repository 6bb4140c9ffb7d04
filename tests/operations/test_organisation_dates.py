"""Dates are the organisation's, whatever the clock of the person or of the server says (INT-3)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlmodel import Session

from buyside.db.people import AppUser
from buyside.domain.access import OPERATOR, Role
from buyside.identity.logins import find_login
from buyside.operations.orders import issue_order
from buyside.operations.receipts import receive_order
from buyside.operations.run import within
from buyside.operations.stock import adjust_stock
from buyside.queries.start import start_page
from tests.logins import open_login
from tests.world import World

EAST, WEST = "Pacific/Kiritimati", "Pacific/Pago_Pago"  # never the same date
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)  # the 2nd of March in the east, the 1st in the west
THERE = date(2026, 3, 2)


@pytest.fixture
def world(session: Session) -> World:
    """An organisation whose day has begun already."""
    world = World(session)
    world.organisation(time_zone=EAST)
    return world


@pytest.mark.rule("INT-3")
def test_a_person_elsewhere_reads_the_organisations_date(session: Session, world: World) -> None:
    user = world.add(AppUser(name="Far away", time_zone=WEST))
    login = find_login(session, open_login(session, user_id=user.id))
    assert login is not None
    now = datetime.now(UTC)
    assert login.actor.today() in {now.astimezone(ZoneInfo(EAST)).date(), datetime.now(ZoneInfo(EAST)).date()}
    assert login.actor.today() != datetime.now(ZoneInfo(WEST)).date()
    assert login.actor.time_zone == WEST
    buyer = world.user(Role.BUYER)
    assert start_page(session, buyer).today == datetime.now(ZoneInfo(EAST)).date()


@pytest.mark.rule("INT-3")
def test_what_is_issued_received_and_moved_is_dated_by_the_organisation(session: Session, world: World) -> None:
    bolt, main = world.item(), world.warehouse()
    order, _ = world.order(world.vendor().supplies(bolt), main, (bolt, 5))
    issued = within(session, issue_order, OPERATOR, order_id=order.id, at=NOON)
    assert issued.ordered_on == THERE
    assert order.issued_at == NOON
    received = within(
        session, receive_order, OPERATOR, order_id=order.id, warehouse_id=main.id, at=NOON, effective_on=THERE
    )
    moved = within(
        session,
        adjust_stock,
        OPERATOR,
        warehouse_id=main.id,
        item_id=bolt.id,
        quantity=Decimal(1),
        reason="found",
        at=NOON,
    )
    days = text("SELECT DISTINCT effective_on FROM stock_entry WHERE item_id = :item")
    assert session.execute(days, {"item": bolt.id}).scalars().all() == [THERE]
    assert received.lines == len(moved.entry_ids) == 1
    with pytest.raises(Exception, match="still to come") as refused:
        within(
            session,
            adjust_stock,
            OPERATOR,
            warehouse_id=main.id,
            item_id=bolt.id,
            quantity=Decimal(1),
            reason="found",
            at=NOON,
            effective_on=THERE + timedelta(days=1),
        )
    assert refused.value.code == "stock.day-to-come"


@pytest.mark.rule("INT-3")
def test_every_moment_is_kept_with_its_zone(session: Session) -> None:
    naive: Any = session.execute(
        text(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' "
            "AND data_type LIKE 'time%' AND data_type <> 'timestamp with time zone'"
        )
    ).all()
    assert naive == []
