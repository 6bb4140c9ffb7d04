"""Planning runs through the operations that screens and the command line call."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from buyside.db.engine import sessions
from buyside.db.plans import (
    PlanLine,
    PlanningCoverage,
    PlanningPeg,
    PlanningProblem,
    PlanningRequirement,
    PlanningRun,
    PlanningRunInput,
)
from buyside.domain.access import Actor, Role
from buyside.domain.refusals import Refused
from buyside.operations.plans import RunDone, cancel_run, run_plan, start_run
from buyside.operations.run import perform
from tests.world import NOW, TODAY, World

BUYER = Actor(user_id=None, name="buyer", roles=frozenset({Role.BUYER}))
NEEDED = TODAY + timedelta(days=30)


@dataclass(frozen=True)
class Story:
    """A bike of one frame and two wheels with three spokes' packs each; wheels are made, the rest is bought."""

    warehouse: int
    code: str
    frame: int
    wheel: int
    spoke: int
    lines: tuple[int, ...]


@pytest.fixture(scope="module")
def story(database: object) -> Story:
    with World.open() as world:
        main = world.warehouse("Main")
        frame, spoke = world.item("Frame"), world.item("Spoke", safety_stock=Decimal(10))
        wheel = world.item("Wheel", supply="make", make_lead_days=5)
        bike = world.variant("Bike")
        world.bom(bike, frame, 1)
        world.bom(bike, wheel, 2)
        world.bom(wheel, spoke, "3.5", scrap_percent=Decimal("2.5"))
        world.vendor("Acme").supplies(frame, price="99.50", lead_days=7, minimum=4, multiple=2)
        world.vendor("Spokes").supplies(spoke, pack=100, price="1.20", lead_days=40)
        world.stock(main, bike, 1)
        world.stock(main, spoke, 12)
        _, lines = world.sales_order(main, (bike, 2, NEEDED), (bike, 3, NEEDED + timedelta(days=10)))
        empty = world.variant("Mystery")
        _, unmapped = world.sales_order(main, (empty, 1, NEEDED))
        world.sales_order(main, (bike, 50, NEEDED), status="draft")
        world.sales_order(main, (bike, 50, NEEDED), status="cancelled")
        ids = tuple(each.id for each in (*lines, *unmapped))
        return Story(main.id, main.code, frame.id, wheel.id, spoke.id, ids)


def planned(as_of: date = TODAY, **arguments: object) -> RunDone:
    started = perform(start_run, BUYER, as_of=as_of, at=NOW, **arguments)
    return perform(run_plan, BUYER, run_id=started.run_id)


@pytest.mark.rule("PLAN-10")
def test_a_run_stores_requirements_coverage_pegs_and_the_draft_plan(story: Story) -> None:
    done = planned()
    with sessions()() as session:
        run = session.get_one(PlanningRun, done.run_id)
        assert (run.state, run.step, run.problem) == ("done", "", "")
        assert run.counts["inputs"]["lines"] == 3
        assert run.result_sha256 is not None
        assert run.result_sha256.hex() == done.result_sha256
        rows = session.exec(
            select(PlanningRequirement)
            .where(PlanningRequirement.run_id == done.run_id)
            .order_by(col(PlanningRequirement.item_id), col(PlanningRequirement.on_date))
        ).all()
        found = {(row.item_id, row.on_date): (row.gross, row.projected, row.shortage) for row in rows}
        # One of two bikes comes from stock; 1 and 3 explode. A wheel takes 3.5 x 1.025 spokes, five days earlier.
        later, early = NEEDED + timedelta(days=10), NEEDED - timedelta(days=5)
        assert found == {
            (story.frame, NEEDED): (Decimal(1), Decimal(-1), Decimal(1)),
            (story.frame, later): (Decimal(3), Decimal(-4), Decimal(3)),
            (story.wheel, NEEDED): (Decimal(2), Decimal(-2), Decimal(2)),
            (story.wheel, later): (Decimal(6), Decimal(-8), Decimal(6)),
            (story.spoke, early): (Decimal("7.175"), Decimal("4.825"), Decimal("5.175")),
            (story.spoke, early + timedelta(days=10)): (Decimal("21.525"), Decimal("-16.7"), Decimal("21.525")),
        }
        coverage = session.exec(select(PlanningCoverage).where(PlanningCoverage.run_id == done.run_id)).all()
        assert {(row.sales_order_line_id, row.covered_from_stock, row.exploded, row.problem) for row in coverage} == {
            (story.lines[0], Decimal(1), Decimal(1), ""),
            (story.lines[1], Decimal(0), Decimal(3), ""),
            (story.lines[2], Decimal(0), Decimal(1), "unmapped"),
        }
        lines = session.exec(
            select(PlanLine)
            .where(PlanLine.run_id == done.run_id)
            .order_by(col(PlanLine.item_id), col(PlanLine.needed_on))
        ).all()
        told = [(row.item_id, row.needed_on, row.quantity_packs, row.unit_factor, row.order_by) for row in lines]
        assert told == [
            (story.frame, NEEDED, Decimal(4), Decimal(1), NEEDED - timedelta(days=7)),
            (story.spoke, early, Decimal(1), Decimal(100), early - timedelta(days=40)),
        ]
        assert [row.late_days for row in lines] == [0, 15]
        assert all(row.suggested_quantity_packs == row.quantity_packs and row.reason for row in lines)


@pytest.mark.rule("PLAN-4")
def test_pegs_add_up_to_each_requirement_exactly(story: Story) -> None:
    done = planned()
    with sessions()() as session:
        apart = session.execute(
            text(
                "SELECT count(*) FROM planning_requirement AS need LEFT JOIN (SELECT run_id, item_id, warehouse_id, on_date, "
                "sum(quantity) AS pegged FROM planning_peg GROUP BY 1, 2, 3, 4) AS pegs "
                "USING (run_id, item_id, warehouse_id, on_date) WHERE run_id = :run AND coalesce(pegged, 0) <> gross"
            ),
            {"run": done.run_id},
        ).scalar_one()
        assert apart == 0
        pegs = session.exec(select(PlanningPeg).where(PlanningPeg.run_id == done.run_id)).all()
        assert {each.sales_order_line_id for each in pegs} == set(story.lines[:2])


@pytest.mark.rule("ITM-8")
def test_a_sold_variant_without_a_bom_row_stands_in_the_queue_and_blocks_only_its_own_line(story: Story) -> None:
    done = planned()
    assert done.unmapped == 1
    with sessions()() as session:
        problems = session.exec(select(PlanningProblem).where(PlanningProblem.run_id == done.run_id)).all()
        assert [(each.kind, each.sales_order_line_id, each.quantity) for each in problems] == [
            ("unmapped", story.lines[2], Decimal(1))
        ]


@pytest.mark.rule("PLAN-10")
def test_the_same_inputs_give_the_same_result_to_the_last_digit(story: Story) -> None:
    assert planned().result_sha256 == planned().result_sha256


def test_a_run_of_an_unknown_warehouse_is_refused(story: Story) -> None:
    with pytest.raises(Refused) as refused:
        perform(start_run, BUYER, as_of=TODAY, warehouse_codes=("NOWHERE",), at=NOW)
    assert refused.value.code == "plans.unknown-warehouse"


@pytest.mark.rule("PLAN-10")
def test_a_run_is_limited_to_its_warehouses(story: Story) -> None:
    with World.open() as world:
        other = world.warehouse("Other")
        code = other.code
    done = planned(warehouse_codes=(code,))
    assert (done.requirements, done.plan_lines) == (0, 0)
    assert planned(warehouse_codes=(story.code,)).requirements == planned().requirements


def test_a_cancelled_run_stops_before_its_next_step_and_stores_nothing(story: Story) -> None:
    started = perform(start_run, BUYER, as_of=TODAY, at=NOW)

    def cancel_at_net(step: str) -> None:
        if step == "net":
            perform(cancel_run, BUYER, run_id=started.run_id, at=NOW)

    with pytest.raises(Refused) as refused:
        perform(run_plan, BUYER, run_id=started.run_id, on_step=cancel_at_net)
    assert refused.value.code == "plans.run-cancelled"
    with sessions()() as session:
        assert session.get_one(PlanningRun, started.run_id).state == "cancelled"
        assert not session.exec(select(PlanningRequirement).where(PlanningRequirement.run_id == started.run_id)).all()
        assert not session.exec(select(PlanningRunInput).where(PlanningRunInput.run_id == started.run_id)).all()


def test_steps_are_seen_by_others_while_a_run_is_calculated(story: Story) -> None:
    started = perform(start_run, BUYER, as_of=TODAY, at=NOW)
    heard, seen = [], []

    def look(step: str) -> None:
        with sessions()() as session:
            seen.append(session.get_one(PlanningRun, started.run_id).step)
        heard.append(step)

    perform(run_plan, BUYER, run_id=started.run_id, on_step=look)
    assert heard == ["read", "cover", "explode", "net", "choose", "peg", "prepare", "store"]
    assert seen == ["waiting", *heard[:-1]]


def test_what_goes_wrong_is_written_to_the_run(story: Story) -> None:
    started = perform(start_run, BUYER, as_of=TODAY, at=NOW)

    def break_down(step: str) -> None:
        if step == "store":
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        perform(run_plan, BUYER, run_id=started.run_id, on_step=break_down)
    with sessions()() as session:
        run = session.get_one(PlanningRun, started.run_id)
        assert (run.state, run.problem) == ("failed", "OSError")


def test_a_run_whose_worker_died_is_marked_failed_by_the_next_start(story: Story) -> None:
    dead = perform(start_run, BUYER, as_of=TODAY, at=NOW - timedelta(hours=1))
    perform(start_run, BUYER, as_of=TODAY, at=NOW)
    with sessions()() as session:
        assert session.get_one(PlanningRun, dead.run_id).state == "failed"


def test_a_run_is_calculated_once(story: Story) -> None:
    done = planned()
    with pytest.raises(Refused) as refused:
        perform(run_plan, BUYER, run_id=done.run_id)
    assert refused.value.code == "plans.not-running"


@pytest.mark.rule("ACC-2")
def test_a_manager_runs_no_plan(story: Story) -> None:
    with pytest.raises(Refused) as refused:
        perform(start_run, Actor(None, "manager", frozenset({Role.MANAGER})), as_of=TODAY, at=NOW)
    assert refused.value.code == "access.not-allowed"


@pytest.mark.rule("ITM-4")
@pytest.mark.rule("ACC-6")
def test_a_bill_of_materials_in_a_circle_is_refused_with_its_path(database: object) -> None:
    with World.open() as world:
        first, second = world.item("Ring", supply="make"), world.item("Band", supply="make")
        forward, back = world.bom(first, second), world.bom(second, first)
        codes, rows = {first.code, second.code}, (forward.id, back.id)
    started = perform(start_run, BUYER, as_of=TODAY, at=NOW)
    try:
        with pytest.raises(Refused) as refused:
            perform(run_plan, BUYER, run_id=started.run_id)
    finally:
        with sessions()() as session, session.begin():
            session.execute(text("DELETE FROM bom_row WHERE id = ANY(:rows)"), {"rows": list(rows)})
    assert refused.value.code == "plans.bom-in-circle"
    assert all(code in str(refused.value) for code in codes)
    with sessions()() as session:
        told = session.execute(
            text(
                "SELECT operation, changes FROM audit_event AS event JOIN audit_subject ON event_id = event.id "
                "WHERE kind = 'planning_run' AND record_id = :run ORDER BY event.id"
            ),
            {"run": started.run_id},
        ).all()
    assert [each.operation for each in told] == ["start_run", "run_plan"]
    assert told[1].changes[0]["before"] == {"state": "running"}
    assert told[1].changes[0]["after"]["state"] == "failed"
