"""The order-by date of a draft order, while its lines change: the plan's own, on the vendor's order days (PLAN-9, VEN-6)."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session

from buyside.db.items import Item
from buyside.db.orders import PurchaseOrder
from buyside.db.vendors import VendorClosingDay
from buyside.domain.access import Actor, Role
from buyside.operations.order_lines import add_line, change_line, remove_line
from buyside.operations.orders import save_order
from buyside.operations.plan_conversion import convert_plan
from buyside.operations.plan_lines import change_plan_line
from buyside.operations.run import within
from tests.plan_world import a_draft
from tests.world import NOW, TODAY, AVendor, World

BUYER = Actor(user_id=None, name="buyer", roles=frozenset({Role.BUYER}))


class Monday:
    """A vendor that takes orders on Mondays, not on that of 16 March, and brings a frame in seven days and two of goods-in."""

    def __init__(self, session: Session) -> None:
        self.session, self.world = session, World(session)
        self.main = self.world.warehouse("Main")
        self.frame: Item = self.world.item("Frame", goods_in_days=2)
        self.bell: Item = self.world.item("Bell")
        self.acme: AVendor = self.world.vendor("Acme", order_weekdays="mon")
        self.acme.supplies(self.frame, price="80", lead_days=7).supplies(self.bell, price="2", lead_days=1)
        self.world.add(VendorClosingDay(vendor_id=self.acme.id, from_day="03-14", to_day="03-17"))
        self.order, [self.line] = self.world.order(self.acme, self.main, (self.frame, 10, 80))

    def act(self, operation: Any, **asked: Any) -> date | None:
        given = {"order_id": self.order.id, "version": self.order.version, "at": NOW}
        within(self.session, operation, BUYER, **given, **asked)
        return self.order.order_by

    def move(self, needed_on: date | None) -> date | None:
        return self.act(change_line, line_id=self.line.id, changes={"needed_on": needed_on})


@pytest.fixture
def monday(session: Session) -> Monday:
    return Monday(session)


@pytest.mark.rule("PLAN-9")
@pytest.mark.rule("VEN-6")
@pytest.mark.parametrize(
    ("needed_on", "order_by"),
    [
        (date(2026, 4, 1), date(2026, 3, 23)),  # nine days before is that Monday
        (date(2026, 3, 31), date(2026, 3, 9)),  # the Sunday before it; and the sixteenth is closed
        (date(2026, 3, 11), date(2026, 3, 2)),
        (date(2026, 3, 10), date(2026, 2, 23)),  # past, and said so
    ],
)
def test_a_line_that_moves_takes_the_order_by_date_along_to_a_day_on_which_the_vendor_takes_orders(
    monday: Monday, needed_on: date, order_by: date
) -> None:
    assert monday.move(needed_on) == order_by


@pytest.mark.rule("PLAN-9")
def test_a_plan_line_and_the_order_that_it_becomes_and_that_is_edited_say_the_same_day(monday: Monday) -> None:
    draft = a_draft(monday.world)
    line = draft.line(monday.frame, monday.main, monday.acme, 5, price=Decimal(80))
    for days in range(20, 60, 3):
        on = TODAY + timedelta(days=days)
        planned = within(monday.session, change_plan_line, BUYER, line_id=line.id, version=line.version, needed_on=on)
        assert monday.move(on) == planned.order_by
    [made] = within(monday.session, convert_plan, BUYER, run_id=draft.run.id, despite_drift=True, at=NOW).orders
    assert monday.session.get_one(PurchaseOrder, made.order_id).order_by == line.order_by == monday.order.order_by


@pytest.mark.rule("PLAN-9")
def test_the_most_urgent_line_says_the_day_and_it_goes_with_that_line(monday: Monday) -> None:
    monday.move(date(2026, 4, 1))
    assert monday.act(add_line, item_id=monday.bell.id, quantity=Decimal(1), needed_on=date(2026, 3, 11)) == date(
        2026, 3, 9
    )
    assert monday.act(change_line, line_id=monday.line.id, changes={"quantity": Decimal(4)}) == date(2026, 3, 9)
    last = monday.act(remove_line, line_id=monday.line.id)
    assert last == date(2026, 3, 9), "the bell is what is left"


def test_a_day_that_somebody_entered_stays_until_it_is_emptied(monday: Monday) -> None:
    monday.act(save_order, head={"order_by": date(2026, 3, 5)})
    assert monday.move(date(2026, 4, 1)) == date(2026, 3, 5)
    monday.act(save_order, head={"order_by": None})
    assert monday.move(date(2026, 4, 2)) == date(2026, 3, 23)


def test_lines_without_a_date_leave_no_day(monday: Monday) -> None:
    monday.move(date(2026, 4, 1))
    assert monday.move(None) is None
