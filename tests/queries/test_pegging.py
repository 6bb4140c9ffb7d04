"""Pegging in both directions, on a company made by hand."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from buyside.db.stock import Warehouse
from buyside.db.structure import Variant
from buyside.domain.access import Actor, Role
from buyside.domain.refusals import Refused
from buyside.operations.plans import run_plan, start_run
from buyside.operations.run import perform
from buyside.queries import plan_results
from buyside.queries.pegging import LineServing, line_serving, order_serving
from buyside.queries.pegging_supplies import SupplyServes, order_line_serves, plan_line_serves, requirement_serving
from buyside.queries.read import ask
from buyside.state.serving import standing_of
from tests.statements import statements
from tests.world import NOW, TODAY, World

BUYER = Actor(user_id=None, name="buyer", roles=frozenset({Role.BUYER}))


def day(number: int) -> date:
    return TODAY + timedelta(days=number)


@dataclass(frozen=True)
class Company:
    run_id: int
    main: int
    frame: int
    gem: int
    bike: int
    jane: str
    bob: str
    hurry: str
    order: str

    def line(self, number: str, line: int = 1) -> LineServing:
        return ask(line_serving, BUYER, number=number, line=line)

    def bought(self) -> SupplyServes:
        return ask(order_line_serves, BUYER, number=self.order, line=1)


@pytest.fixture
def company(database: object) -> Company:
    """A bike is a frame and a kit; a kit is made in three days of two gems.

    Four frames are there and five come on day 25. Jane wants six bikes on day 20, Bob four on day 30; then somebody wants a
    wheel tomorrow, which is a kit alone, from a warehouse of its own.
    """
    with World.open() as world:
        main, other = world.warehouse("Main"), world.warehouse("Other")
        frame, gem = world.item("Frame"), world.item("Gem")
        kit = world.item("Kit", supply="make", make_lead_days=3)
        bike, wheel = world.variant("Bike"), world.variant("Wheel")
        world.bom(bike, frame)
        world.bom(bike, kit)
        world.bom(wheel, kit)
        world.bom(kit, gem, 2)
        acme = world.vendor("Acme")
        acme.supplies(frame, price="80", lead_days=7)
        acme.supplies(gem, price="2", lead_days=7)
        world.stock(main, frame, 4)
        order, _ = world.order(acme, main, (frame, 5), issued=True, expected_on=day(25))
        jane, _ = world.sales_order(main, (bike, 6, day(20)), customer="Jane")
        bob, _ = world.sales_order(main, (bike, 4, day(30)), customer="Bob")
        hurry, _ = world.sales_order(other, (wheel, 1, day(1)), customer="Hurry")
        ids = (main.id, frame.id, gem.id, bike.id, jane.number, bob.number, hurry.number, order.number)
    return Company(planned(), *ids)


def planned() -> int:
    run = perform(start_run, BUYER, as_of=TODAY, at=NOW).run_id
    perform(run_plan, BUYER, run_id=run)
    return run


def change(statement: str, **values: object) -> None:
    with World.open() as world:
        world.session.execute(text(statement), values)


def parts(told: LineServing, name: str) -> list[tuple[Decimal, str, date | None, int]]:
    return [(each.quantity, each.kind, each.available_on, each.late_days) for each in told.parts if each.name == name]


@pytest.mark.rule("PLAN-14")
@pytest.mark.rule("PLAN-17")
def test_a_sales_order_line_tells_what_serves_each_component_and_when_all_of_it_is_there(company: Company) -> None:
    jane = company.line(company.jane)
    assert parts(jane, "Frame") == [(4, "stock", TODAY, 0), (2, "order", day(25), 5)]
    assert parts(jane, "Kit") == [(6, "make", day(20), 0)]
    assert parts(jane, "Gem") == [(12, "plan", day(17), 0)]
    by_order = next(each for each in jane.parts if each.kind == "order")
    assert (by_order.order_number, by_order.order_line, by_order.vendor) == (company.order, 1, "Acme")
    assert {each.expected_on for each in jane.parts if each.name == "Gem"} == {day(20)}, "three days of making above it"
    assert (jane.expected_on, jane.late_days, jane.unserved) == (day(25), 5, 0)
    bob = company.line(company.bob)
    assert parts(bob, "Frame") == [(3, "order", day(25), 0), (1, "plan", day(30), 0)]
    assert (bob.expected_on, bob.late_days) == (day(30), 0)


@pytest.mark.rule("PLAN-17")
def test_a_purchase_order_line_names_the_customers_who_wait_for_it_and_a_slipped_promise_whom_it_endangers(
    company: Company,
) -> None:
    told = company.bought()
    assert [(each.customer, each.quantity, each.needed_on, each.late_days) for each in told.waiting] == [
        ("Jane", 2, day(20), 5),
        ("Bob", 3, day(30), 0),
    ]
    assert ([each.customer for each in told.endangered], told.spare, told.quantity) == (["Jane"], 0, 5)
    change("UPDATE purchase_order_line SET promised_on = :on WHERE promised_on IS NULL", on=day(40))
    slipped = company.bought()
    assert (slipped.promised_on, slipped.available_on) == (day(40), day(40))
    assert [(each.customer, each.quantity, each.late_days) for each in slipped.endangered] == [
        ("Jane", 1, 20),
        ("Bob", 4, 10),
    ], "the frame that is planned for day 30 goes to Jane, who stands before Bob"
    assert (company.line(company.jane).expected_on, company.line(company.bob).late_days) == (day(40), 10)


@pytest.mark.rule("PLAN-17")
def test_what_was_delivered_since_the_plan_needs_nothing_any_more(company: Company) -> None:
    change(
        "UPDATE sales_order_line SET fulfilled_quantity = quantity FROM sales_order AS sold "
        "WHERE sold.id = order_id AND sold.number = :number",
        number=company.jane,
    )
    jane, bob = company.line(company.jane), company.line(company.bob)
    assert (jane.open, jane.parts, jane.expected_on) == (0, (), None)
    assert parts(bob, "Frame") == [(4, "stock", TODAY, 0)]
    assert (company.bought().waiting, company.bought().spare) == ((), 5)


@pytest.mark.rule("PLAN-14")
def test_what_nothing_serves_is_told_and_has_no_date(company: Company) -> None:
    change(
        "UPDATE plan_line SET state = 'left_out', left_out_reason = 'not now' WHERE item_id = :item", item=company.gem
    )
    jane = company.line(company.jane)
    assert parts(jane, "Gem") == [(12, "none", None, 0)]
    assert (jane.expected_on, jane.late_days, jane.unserved) == (None, 0, 1)


@pytest.mark.rule("PLAN-14")
def test_days_of_making_that_today_has_no_room_for_make_a_line_late(company: Company) -> None:
    hurry = company.line(company.hurry)
    assert parts(hurry, "Gem") == [(2, "plan", day(7), 7)]
    assert (hurry.expected_on, hurry.late_days) == (day(10), 9), "gems on day 7, three days of making: not day 8"


@pytest.mark.rule("PLAN-14")
def test_a_plan_line_and_a_day_of_a_requirement_lead_to_customers(company: Company) -> None:
    with World.open() as world:
        line = world.session.execute(
            text("SELECT id FROM plan_line WHERE run_id = :run AND item_id = :item"),
            {"run": company.run_id, "item": company.frame},
        ).scalar_one()
    told = ask(plan_line_serves, BUYER, line_id=line)
    assert [(each.customer, each.quantity) for each in told.waiting] == [("Bob", 1)]
    place = {"run_id": company.run_id, "item_id": company.frame, "warehouse_id": company.main}
    needed = ask(requirement_serving, BUYER, **place, on_date=day(20))
    assert [(each.customer, each.kind, each.quantity) for each in needed] == [
        ("Jane", "stock", 4),
        ("Jane", "order", 2),
    ]
    assert sum(each.quantity for each in ask(requirement_serving, BUYER, **place)) == 10


@pytest.mark.rule("PLAN-14")
@pytest.mark.rule("PLAN-17")
def test_the_lines_of_an_order_say_together_what_each_says_alone_and_a_slipped_promise_reaches_both(
    company: Company,
) -> None:
    with World.open() as world:
        main = world.session.get_one(Warehouse, company.main)
        bike = world.session.get_one(Variant, company.bike)
        asked = [(bike, 1, day(30 + each)) for each in range(8)]
        order, _ = world.sales_order(main, *asked, customer="Fleet")
        number = order.number
    planned()

    def told() -> list[LineServing]:
        together = ask(order_serving, BUYER, number=number)
        assert together == [company.line(number, each) for each in range(1, 9)]
        return together

    assert {standing_of(each) for each in told()} == {("In time", "good")}
    change("UPDATE purchase_order_line SET promised_on = :day", day=day(70))
    late = {standing_of(each)[0] for each in told()}
    assert any("days late" in each for each in late)
    assert ask(order_serving, BUYER, number="none") == []
    with World.open() as world:
        counts = []
        for each in (company.bob, number):
            with statements(world.session) as sent:
                order_serving(world.session, BUYER, number=each)
            counts.append(len(sent))
        assert counts[0] == counts[1], "an order of many lines asks no more of the database than one of a single line"


@pytest.mark.rule("PLAN-14")
def test_a_run_too_large_to_store_its_pegs_tells_the_same(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    before = company.line(company.jane)
    monkeypatch.setattr(plan_results, "PEGS_STORED_TO", 0)
    again = planned()
    after = company.line(company.jane)
    assert (before.run_id, after.run_id) == (company.run_id, again)
    told = [(each.item, each.quantity, each.kind, each.available_on, each.expected_on) for each in before.parts]
    assert [(each.item, each.quantity, each.kind, each.available_on, each.expected_on) for each in after.parts] == told
    assert [each.customer for each in company.bought().waiting] == ["Jane", "Bob"]


@pytest.mark.rule("PLAN-14")
def test_a_newer_plan_of_some_groups_does_not_hide_what_the_whole_plan_tells(company: Company) -> None:
    with World.open() as world:
        world.item("Odd", group="ODD")
    some = perform(start_run, BUYER, as_of=TODAY, group_codes=("ODD",), at=NOW).run_id
    perform(run_plan, BUYER, run_id=some)
    assert company.line(company.jane).run_id == company.run_id


def test_what_is_not_there_is_refused_and_who_may_not_look_too(company: Company) -> None:
    receiver = Actor(user_id=None, name="receiver", roles=frozenset({Role.RECEIVER}))
    for asked, query, more in (
        ("access.not-found", line_serving, {"number": company.jane, "line": 9}),
        ("access.not-found", order_line_serves, {"number": "none", "line": 1}),
        ("access.not-found", plan_line_serves, {"line_id": 0}),
        ("access.not-found", requirement_serving, {"run_id": 0, "item_id": 1, "warehouse_id": 1}),
    ):
        with pytest.raises(Refused) as refused:
            ask(query, BUYER, **more)
        assert refused.value.code == asked
    with pytest.raises(Refused) as refused:
        ask(line_serving, receiver, number=company.jane, line=1)
    assert refused.value.code == "access.not-allowed"
