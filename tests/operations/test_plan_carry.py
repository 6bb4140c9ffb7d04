"""A new run of the same scope keeps what was locked in the plan before (PLAN-11)."""

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from buyside.db.engine import sessions
from buyside.db.items import VendorItem
from buyside.db.plans import PlanLine, PlanningRun
from buyside.domain.access import Actor, Role
from buyside.domain.plan_carry import Suggested, continued
from buyside.domain.refusals import Refused
from buyside.operations.plan_conversion import convert_plan
from buyside.operations.plan_line_sets import SetAct, decide_plan_lines
from buyside.operations.plan_lines import change_plan_line, mark_drift
from buyside.operations.plan_splits import LinePart, split_plan_line
from buyside.operations.plans import run_plan, start_run
from buyside.operations.run import perform
from buyside.queries.plan_board_cards import board_card
from buyside.queries.plan_board_texts import card_shown
from buyside.queries.plan_line_rows import PLAN_LINE_ROWS
from buyside.queries.read import ask
from buyside.queries.rows import RowsWanted, grid_page
from tests.world import NOW, TODAY, World

BUYER = Actor(user_id=None, name="buyer", roles=frozenset({Role.BUYER}))
NEEDED = TODAY + timedelta(days=30)
LATER = TODAY + timedelta(days=60)


@dataclass
class Works:
    """A warehouse that sells bikes of one frame each: 10 in a month, 20 in two. Acme sells frames in ones, Best in fives."""

    code: str
    acme: int
    best: int
    sold: tuple[int, ...]

    def run(self, **scope: Any) -> int:
        started = perform(start_run, BUYER, as_of=TODAY, warehouse_codes=(self.code,), at=NOW, **scope)
        perform(run_plan, BUYER, run_id=started.run_id)
        return started.run_id

    def sell(self, place: int, quantity: int) -> None:
        """The sold line now asks for as much."""
        with sessions()() as session, session.begin():
            session.execute(
                text("UPDATE sales_order_line SET quantity = :many, cancelled_quantity = :none WHERE id = :line"),
                {"many": quantity or 1, "none": 0 if quantity else 1, "line": self.sold[place]},
            )


@pytest.fixture
def works(database: object) -> Works:
    with World.open() as world:
        main, frame, bike = world.warehouse(), world.item("Frame"), world.variant()
        world.bom(bike, frame)
        world.vendor("Acme").supplies(frame, price="80", breaks={15: "70"})
        world.vendor("Best").supplies(frame, price="90", multiple=5, preference=2)
        _, sold = world.sales_order(main, (bike, 10, NEEDED), (bike, 20, LATER))
        acme, best = world.session.exec(
            select(VendorItem.id).where(VendorItem.item_id == frame.id).order_by(col(VendorItem.id))
        ).all()
        return Works(main.code, acme, best, tuple(each.id for each in sold))


def lines_of(run_id: int) -> list[PlanLine]:
    with sessions()() as session:
        wanted = select(PlanLine).where(PlanLine.run_id == run_id)
        return list(session.exec(wanted.order_by(col(PlanLine.suggested_needed_on), col(PlanLine.id))))


def lock(*lines: PlanLine) -> None:
    perform(decide_plan_lines, BUYER, line_ids=tuple(each.id for each in lines), act=SetAct.LOCK)


@pytest.mark.rule("PLAN-11")
def test_a_locked_decision_goes_on_beside_what_the_new_run_suggests(works: Works) -> None:
    first, second = lines_of(works.run())
    perform(change_plan_line, BUYER, line_id=first.id, version=1, quantity_packs=Decimal(15), vendor_item_id=works.best)
    perform(change_plan_line, BUYER, line_id=second.id, version=1, quantity_packs=Decimal(33))
    lock(first)
    works.sell(0, 12)
    run_id = works.run()
    kept, fresh = lines_of(run_id)
    assert (kept.suggested_quantity_packs, kept.quantity_packs, kept.vendor_item_id) == (12, 15, works.best)
    assert (kept.is_locked, kept.carried_from_id, kept.unit_price, kept.trigger) == (True, first.id, 90, "shortage")
    assert (fresh.quantity_packs, fresh.carried_from_id) == (20, None)  # what was not locked is suggested anew
    with sessions()() as session:
        run = session.get_one(PlanningRun, run_id)
        assert (run.follows_run_id, run.counts["carried"]) == (first.run_id, 1)


@pytest.mark.rule("PLAN-12")
def test_what_moved_and_what_was_locked_at_are_told_in_the_readers_numbers_and_the_stock_unit(works: Works) -> None:
    first, _ = lines_of(works.run())
    perform(change_plan_line, BUYER, line_id=first.id, version=1, quantity_packs=Decimal(1500))
    lock(first)
    works.sell(0, 1200)
    run_id = works.run()
    works.sell(0, 3200)
    perform(mark_drift, BUYER, run_id=run_id)
    german = replace(BUYER, locale="de_DE")
    wanted = RowsWanted(scope={"run_id": run_id, "item_id": first.item_id})
    row, _ = ask(grid_page, german, source=PLAN_LINE_ROWS, wanted=wanted, today=TODAY).rows
    assert row["drift"] == "Locked at 1500, suggested now 1200; Demand +2000"  # as files have it
    assert row["shown"]["drift"] == "Locked at 1.500 pcs, suggested now 1.200 pcs; Demand +2.000 pcs"
    card = ask(board_card, german, line_id=int(row["id"]))
    assert card is not None
    assert card_shown(card, german.locale, TODAY)["drift"] == row["shown"]["drift"]


@pytest.mark.rule("PLAN-11")
def test_a_locked_line_that_nothing_asks_for_any_more_stands_alone(works: Works) -> None:
    _, second = lines_of(works.run())
    lock(second)
    works.sell(0, 0)
    works.sell(1, 0)
    [alone] = lines_of(works.run())
    assert (alone.trigger, alone.suggested_quantity_packs, alone.shortage) == ("carried", 0, 0)
    assert (alone.quantity_packs, alone.needed_on, alone.carried_from_id) == (20, LATER, second.id)
    [again] = lines_of(works.run())
    assert (again.carried_from_id, again.is_locked) == (alone.id, True)


@pytest.mark.rule("PLAN-11")
def test_a_locked_part_stays_a_part_and_the_line_that_goes_on_orders_that_much_less(works: Works) -> None:
    _, second = lines_of(works.run())
    split = perform(
        split_plan_line, BUYER, line_id=second.id, version=1,
        parts=(LinePart(Decimal(15)), LinePart(Decimal(5), works.best)),
    )  # fmt: skip
    with sessions()() as session:
        part = session.get_one(PlanLine, split.lines[1].line_id)
    lock(part)
    works.sell(1, 22)
    _, fresh, carried = lines_of(works.run())
    assert (fresh.suggested_quantity_packs, fresh.quantity_packs, fresh.unit_price) == (22, 17, 70)
    assert (carried.split_from_id, carried.quantity_packs, carried.vendor_item_id) == (fresh.id, 5, works.best)
    assert carried.suggested_needed_on == fresh.suggested_needed_on


@pytest.mark.rule("PLAN-11")
@pytest.mark.rule("PLAN-10")
def test_what_is_locked_goes_on_in_the_first_plan_whose_scope_it_lies_in_and_what_was_ordered_stays_behind(
    works: Works,
) -> None:
    first, second = lines_of(works.run())
    lock(first, second)
    near = works.run(horizon_days=45)  # its days end between the two
    [carried] = lines_of(near)
    assert (carried.carried_from_id, carried.is_locked) == (first.id, True)
    perform(convert_plan, BUYER, run_id=near, line_ids=(carried.id,), despite_drift=True, despite_minimum=True, at=NOW)
    whole = works.run()
    assert [each.carried_from_id for each in lines_of(whole)] == [second.id]
    with sessions()() as session:
        follows = [session.get_one(PlanningRun, each).follows_run_id for each in (near, whole)]
    assert follows == [None, first.run_id], "a plan is compared with the one before it of the same scope"


@pytest.mark.rule("PLAN-10")
@pytest.mark.rule("PLAN-13")
def test_a_plan_of_the_coming_weeks_leaves_what_is_needed_later_to_be_ordered_from_the_one_before(works: Works) -> None:
    first, _ = lines_of(works.run())
    near = works.run(horizon_days=45)
    order_all = partial(perform, convert_plan, BUYER, despite_drift=True, despite_minimum=True, at=NOW)
    done = order_all(run_id=first.run_id)
    assert [each.line_id for each in done.not_converted] == [first.id]
    assert [each.state for each in lines_of(first.run_id)] == ["open", "converted"]
    with pytest.raises(Refused) as refused:
        order_all(run_id=first.run_id, line_ids=(first.id,))
    assert refused.value.code == "plans.superseded"
    assert order_all(run_id=near).lines == 1


@pytest.mark.rule("PLAN-11")
def test_a_lock_that_was_let_go_in_a_later_plan_is_not_found_again_in_the_one_before(works: Works) -> None:
    first, _ = lines_of(works.run())
    lock(first)
    [kept] = [each for each in lines_of(works.run(horizon_days=45)) if each.carried_from_id == first.id]
    perform(decide_plan_lines, BUYER, line_ids=(kept.id,), act=SetAct.UNLOCK)
    assert [each.carried_from_id for each in lines_of(works.run())] == [None, None]


@pytest.mark.rule("PLAN-11")
def test_the_nearest_date_goes_on_and_each_line_has_one_partner() -> None:
    def line(line_id: int, day: int, vendor: int = 1, item: int = 1) -> Suggested:
        return Suggested(line_id, (item, 1), TODAY + timedelta(days=day), vendor)

    kept = [line(1, 10), line(2, 12), line(3, 40, item=2)]
    assert continued(kept, [line(11, 11), line(12, 30)]) == {1: 11, 2: 12}
    assert continued(kept, [line(11, 10, vendor=2), line(12, 10, vendor=1)]) == {1: 12, 2: 11}
    assert continued(kept, []) == {}
