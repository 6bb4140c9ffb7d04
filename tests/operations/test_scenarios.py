"""What-if scenarios through the operations that the page calls (PLAN-15)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from buyside.db.demand import SalesOrder, SalesOrderLine
from buyside.db.engine import sessions
from buyside.db.plans import PlanLine, PlanningRequirement, PlanningRun, PlanningScenario
from buyside.domain.access import Actor, Role
from buyside.domain.plans import RunOrigin
from buyside.domain.refusals import Refused
from buyside.operations.plan_conversion import convert_plan
from buyside.operations.plan_lines import change_plan_line, leave_out_line, lock_line, mark_drift
from buyside.operations.plans import RunDone, cancel_run, run_plan, start_run
from buyside.operations.run import perform
from buyside.operations.scenarios import (
    ScenarioSaved,
    add_change,
    calculate_scenario,
    copy_scenario,
    create_scenario,
    discard_scenario,
    keep_scenario,
    move_change,
    remove_change,
    rename_scenario,
    set_change,
)
from buyside.queries.demand import latest_run as newest_plan
from buyside.queries.item_stock import stock_over_time
from buyside.queries.pegging import line_serving
from buyside.queries.plans import find_run, latest_run, runs
from buyside.queries.read import ask
from tests.world import NOW, TODAY, World

BUYER = Actor(user_id=None, name="buyer", roles=frozenset({Role.BUYER}))
NEEDED = TODAY + timedelta(days=30)
OF_A_RUN = (
    *("planning_requirement", "planning_item_total", "planning_coverage", "planning_peg", "planning_problem"),
    *("planning_run_input", "plan_line", "planning_scenario_item"),
)


@dataclass(frozen=True)
class Story:
    """Bikes of one frame and two made wheels with four spokes each; Acme sells frames, Spokes Ltd spokes."""

    codes: dict[str, str]
    ids: dict[str, int]
    run_id: int


@pytest.fixture(scope="module")
def story(database: object) -> Story:
    with World.open() as world:
        world.organisation()
        main = world.warehouse("Main")
        frame = world.item("Frame", group="FRAMES", standard_cost=Decimal(50))
        spoke = world.item("Spoke", safety_stock=Decimal(10), group="SMALL")
        wheel = world.item("Wheel", supply="make", make_lead_days=5)
        bike = world.variant("Bike")
        red = world.option(bike.product_id, "colour", "red")
        world.bom(bike, frame, 1)
        world.bom(bike, wheel, 2)
        world.bom(wheel, spoke, 4)
        acme = world.vendor("Acme").supplies(frame, price="40", lead_days=10)
        cheap = world.vendor("Cheap").supplies(frame, price="30", lead_days=60, preference=2)
        spokes = world.vendor("Spokes").supplies(spoke, pack=100, price="12", lead_days=5)
        order, [line, later] = world.sales_order(main, (bike, 2, NEEDED), (bike, 3, NEEDED + timedelta(days=10)))
        bought, _ = world.order(acme, main, (frame, 1), issued=True, expected_on=TODAY + timedelta(days=3))
        world.stock(main, spoke, 30)
        codes = {
            "warehouse": main.code, "frame": frame.code, "spoke": spoke.code, "wheel": wheel.code, "bike": bike.sku,
            "acme": acme.row.code, "cheap": cheap.row.code, "spokes": spokes.row.code, "line": f"{order.number}/1",
            "later": f"{order.number}/2", "order_line": f"{bought.number}/1",
        }  # fmt: skip
        ids = {"frame": frame.id, "spoke": spoke.id, "red": red.id, "line": line.id, "later": later.id, "main": main.id}
    return Story(codes, ids, planned().run_id)


def planned() -> RunDone:
    return perform(run_plan, BUYER, run_id=perform(start_run, BUYER, as_of=TODAY, at=NOW).run_id)


def made(story: Story, name: str = "What if", *changes: tuple[str, str, dict[str, Any]]) -> ScenarioSaved:
    saved = perform(create_scenario, BUYER, run_id=story.run_id, name=name, at=NOW)
    for kind, act, said in changes:
        saved = perform(
            add_change, BUYER, scenario_id=saved.scenario_id, version=saved.version, kind=kind, act=act, said=said
        )
    return saved


def calculated(scenario_id: int) -> RunDone:
    return perform(run_plan, BUYER, run_id=perform(calculate_scenario, BUYER, scenario_id=scenario_id, at=NOW).run_id)


def refusal(call: Callable[[], Any]) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.code


def lines_of(run_id: int) -> list[tuple[Any, ...]]:
    with sessions()() as session:
        rows = session.exec(
            select(PlanLine).where(PlanLine.run_id == run_id).order_by(col(PlanLine.item_id), col(PlanLine.needed_on))
        ).all()
        return [(row.item_id, row.needed_on, row.quantity_packs, row.unit_price, row.late_days) for row in rows]


def frames_after(story: Story, saved: ScenarioSaved) -> Decimal:
    """Frames that the scenario orders, calculated anew."""
    lines = lines_of(calculated(saved.scenario_id).run_id)
    return sum((line[2] for line in lines if line[0] == story.ids["frame"]), Decimal(0))


def dump() -> dict[str, list[Any]]:
    """Every row of every table but those that tell of scenarios and of what was done."""
    with sessions()() as session:
        tables = session.execute(
            text(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' "
                "AND has_table_privilege(format('%I.%I', schemaname, tablename), 'SELECT') ORDER BY tablename"
            )
        ).scalars()
        found = {}
        for table in tables:
            if not table.startswith(("audit_", "planning_", "answered_", "alembic")):
                where = " WHERE run_id NOT IN (SELECT id FROM planning_run WHERE origin = 'scenario')"
                rows = session.execute(
                    text(
                        f"SELECT to_jsonb(t)::text FROM {table} AS t{where if table == 'plan_line' else ''} ORDER BY 1"
                    )
                )
                found[table] = list(rows.scalars())
        return found


LONGER = ("lead_time", "lead_time", {"days": 40})


@pytest.mark.rule("PLAN-15")
def test_a_longer_lead_time_makes_lines_late_in_the_scenario_and_nowhere_else(story: Story) -> None:
    before = dump()
    saved = made(story, "Acme slow", ("lead_time", "lead_time", {"vendor": story.codes["acme"], "days": 40}))
    done = calculated(saved.scenario_id)
    base, after = lines_of(story.run_id), lines_of(done.run_id)
    assert [line[:4] for line in base] == [line[:4] for line in after]
    assert [line[4] for line in base] == [0, 0, 0]
    assert [line[4] for line in after] == [10, 0, 0]
    with sessions()() as session:
        run = session.get_one(PlanningRun, done.run_id)
        assert (run.origin, run.as_of, run.state) == (RunOrigin.SCENARIO, TODAY, "done")
        assert session.get_one(PlanningScenario, saved.scenario_id).result_run_id == done.run_id
        told, was = run.counts["figures"], run.counts["base_figures"]
    assert (was["late_lines"], told["late_lines"]) == (0, 1)
    assert (was["late_demand"], told["late_demand"], told["late_demand_days"]) == (0, 1, 10)
    assert {name: told[name] for name in was if was[name] != told[name]} == {
        "late_lines": 1, "late_days": 10, "late_demand": 1, "late_demand_days": 10,
    }  # fmt: skip
    assert dump() == before


@pytest.mark.rule("PLAN-15")
def test_the_same_inputs_give_no_difference_at_all(story: Story) -> None:
    """A change and its inverse: to the last digit the plan that the scenario started from."""
    there = (
        "stock",
        "stock",
        {"item": story.codes["spoke"], "warehouse": story.codes["warehouse"], "more": Decimal(7)},
    )
    back = (*there[:2], there[2] | {"more": Decimal(-7)})
    done = calculated(made(story, "There and back", there, back).scenario_id)
    with sessions()() as session:
        run, base = session.get_one(PlanningRun, done.run_id), session.get_one(PlanningRun, story.run_id)
        assert run.result_sha256 == base.result_sha256
        assert run.counts["figures"] == run.counts["base_figures"]
        for table in OF_A_RUN:
            if table != "planning_run_input":
                rows = f"SELECT to_jsonb(t) - 'id' - 'run_id' FROM {table} AS t WHERE run_id = "
                moved = f"SELECT count(*) FROM (({rows}:one) EXCEPT ({rows}:other)) AS moved"
                assert session.execute(text(moved), {"one": done.run_id, "other": base.id}).scalar_one() == 0, table


@pytest.mark.rule("PLAN-15")
def test_a_scenario_stands_on_what_its_base_read_however_much_time_has_passed(story: Story) -> None:
    calm = ("vendor_policy", "sourcing", {"contracts_first": True})  # says what holds already
    saved = made(story, "Later", calm)
    with World.open() as world:
        world.sales_order(world.warehouse(), (world.variant("Trike"), 999))
    assert lines_of(calculated(saved.scenario_id).run_id) == lines_of(story.run_id)


@pytest.mark.rule("PLAN-15")
@pytest.mark.parametrize(
    ("kind", "act", "said", "cost"),
    [
        ("demand", "percent", {"percent": Decimal(100)}, "372.00"),
        ("demand", "line", {"line": "line", "is_cancelled": True}, "92.00"),
        ("demand", "line", {"line": "later", "quantity": Decimal(1)}, "92.00"),
        (
            "demand",
            "extra",
            {"item": "frame", "warehouse": "warehouse", "quantity": Decimal(5), "needed_on": NEEDED},
            "372.00",
        ),
        (
            "demand",
            "extra",
            {"variant": "bike", "warehouse": "warehouse", "quantity": Decimal(1), "needed_on": NEEDED},
            "212.00",
        ),
        ("stock", "stock", {"item": "frame", "warehouse": "warehouse", "on_hand": Decimal(3)}, "52.00"),
        ("vendor", "price", {"vendor": "acme", "percent": Decimal(10)}, "188.00"),
        ("vendor", "out", {"vendor": "acme", "is_out": True}, "132.00"),
        ("vendor_policy", "sourcing", {"group": "FRAMES", "policy": "cheapest"}, "132.00"),
        ("stock_policy", "levels", {"group": "FRAMES", "safety_stock": Decimal(2)}, "252.00"),
        ("supply", "supply", {"order_line": "order_line", "is_cancelled": True}, "212.00"),
    ],
)
def test_each_kind_of_change_moves_the_cost_as_it_must(
    story: Story, kind: str, act: str, said: dict[str, Any], cost: str
) -> None:
    """The base orders four frames at 40 and one pack of spokes at 12."""
    named = {name: story.codes.get(value, value) if isinstance(value, str) else value for name, value in said.items()}
    done = calculated(made(story, f"{kind} {act}", (kind, act, named)).scenario_id)
    with sessions()() as session:
        counts = session.get_one(PlanningRun, done.run_id).counts
    assert counts["base_figures"]["cost"] == "172.00"
    assert counts["figures"]["cost"] == cost
    assert counts["figures"]["costs"] == [["EUR", done.plan_lines, cost]]


@pytest.mark.rule("PLAN-15")
def test_calculating_again_takes_the_place_of_the_result_before(story: Story) -> None:
    saved = made(story, "Twice", ("vendor", "out", {"vendor": story.codes["acme"]}))
    first = calculated(saved.scenario_id).run_id
    second = calculated(saved.scenario_id).run_id
    with sessions()() as session:
        assert session.get(PlanningRun, first) is None
        for table in OF_A_RUN:
            left = session.execute(text(f"SELECT count(*) FROM {table} WHERE run_id = :run"), {"run": first})
            assert left.scalar_one() == 0
    perform(discard_scenario, BUYER, scenario_id=saved.scenario_id, version=saved.version)
    with sessions()() as session:
        assert session.get(PlanningScenario, saved.scenario_id) is None
        assert session.get(PlanningRun, second) is None
        assert session.get(PlanningRun, story.run_id) is not None
        for table in OF_A_RUN:
            left = session.execute(text(f"SELECT count(*) FROM {table} WHERE run_id = :run"), {"run": second})
            assert left.scalar_one() == 0


@pytest.mark.rule("PLAN-15")
def test_a_calculation_is_cancelled_and_leaves_the_result_before(story: Story) -> None:
    saved = made(story, "Cancelled", ("vendor", "out", {"vendor": story.codes["acme"]}))
    first = calculated(saved.scenario_id).run_id
    begun = perform(calculate_scenario, BUYER, scenario_id=saved.scenario_id, at=NOW).run_id

    def stop(step: str) -> None:
        if step == "net":
            perform(cancel_run, BUYER, run_id=begun, at=NOW)

    assert refusal(lambda: perform(run_plan, BUYER, run_id=begun, on_step=stop)) == "plans.run-cancelled"
    with sessions()() as session:
        assert session.get_one(PlanningScenario, saved.scenario_id).result_run_id == first
        assert session.exec(select(PlanningRequirement).where(PlanningRequirement.run_id == begun)).first() is None
    last = perform(calculate_scenario, BUYER, scenario_id=saved.scenario_id, at=NOW).run_id
    again = perform(calculate_scenario, BUYER, scenario_id=saved.scenario_id, at=NOW).run_id
    assert refusal(lambda: perform(run_plan, BUYER, run_id=last)) == "plans.not-running"
    perform(run_plan, BUYER, run_id=again)


@pytest.mark.rule("PLAN-15")
def test_changes_are_changed_moved_and_taken_out(story: Story) -> None:
    percent = ("demand", "percent", {"percent": Decimal(50)})
    fixed = ("demand", "line", {"line": story.codes["line"], "quantity": Decimal(10)})
    saved = made(story, "Order counts", percent, fixed)
    # 10 bikes set after the percentage stay 10; set before it they become 15. Half of 3 more is 4.5 either way.
    assert frames_after(story, saved) == 14
    moved = perform(move_change, BUYER, change_id=saved.change_id, version=saved.version, place=1)
    assert frames_after(story, saved) == 19
    set_ = perform(
        set_change, BUYER, change_id=saved.change_id, version=moved.version, kind="demand", act="line",
        said={"line": story.codes["line"], "is_cancelled": True},
    )  # fmt: skip
    assert frames_after(story, saved) == 4
    removed = perform(remove_change, BUYER, change_id=saved.change_id, version=set_.version)
    named = perform(
        rename_scenario, BUYER, scenario_id=saved.scenario_id, version=removed.version, name="  A  b ", note=" n "
    )
    kept = perform(keep_scenario, BUYER, scenario_id=saved.scenario_id, version=named.version)
    copied = perform(copy_scenario, BUYER, scenario_id=saved.scenario_id, name="Copy", at=NOW)
    with sessions()() as session:
        scenario, copy = (session.get_one(PlanningScenario, each.scenario_id) for each in (kept, copied))
        assert (scenario.name, scenario.note, scenario.is_kept) == ("A b", "n", True)
        assert (copy.name, copy.note, copy.is_kept, copy.result_run_id) == ("Copy", "n", False, None)


@pytest.mark.rule("PLAN-15")
@pytest.mark.parametrize(
    ("kind", "act", "said", "code"),
    [
        ("lead_time", "lead_time", {"days": 5}, "scenarios.nothing-changes"),
        ("lead_time", "lead_time", {"vendor": "acme", "days": 5, "more_days": 2}, "scenarios.not-both"),
        ("lead_time", "lead_time", {"vendor": "acme", "days": -1}, "general.out-of-range"),
        ("lead_time", "lead_time", {"vendor": "NOBODY", "days": 5}, "scenarios.unknown"),
        ("lead_time", "lead_time", {"vendor": "acme", "item": "spoke", "days": 5}, "scenarios.not-in-run"),
        ("demand", "percent", {"percent": Decimal(-101)}, "scenarios.percent-out-of-range"),
        ("demand", "percent", {"percent": Decimal(0)}, "scenarios.nothing-changes"),
        ("demand", "line", {"line": "line", "needed_on": TODAY - timedelta(days=1)}, "scenarios.before-as-of"),
        ("demand", "line", {"line": "line", "quantity": Decimal(0)}, "general.not-positive"),
        ("demand", "line", {"line": "line"}, "scenarios.nothing-changes"),
        ("demand", "line", {"line": "SO-0/77", "quantity": Decimal(1)}, "scenarios.unknown"),
        ("demand", "line", {"quantity": Decimal(1)}, "scenarios.lacking"),
        ("demand", "extra", {"warehouse": "warehouse", "quantity": Decimal(1), "needed_on": NEEDED}, "scenarios.nothing-changes"),
        (
            "demand", "extra",
            {"variant": "bike", "option_value_ids": (999,), "warehouse": "warehouse", "quantity": Decimal(1), "needed_on": NEEDED},
            "scenarios.not-offered",
        ),
        ("stock", "stock", {"item": "frame", "warehouse": "warehouse", "on_hand": Decimal(-1)}, "general.out-of-range"),
        ("vendor", "price", {"vendor": "acme", "percent": "ten"}, "general.unreadable"),
        ("vendor", "explode", {"vendor": "acme"}, "general.unreadable"),
        ("vendor_policy", "sourcing", {"policy": "random"}, "general.out-of-range"),
        ("stock_policy", "levels", {"item": "frame", "reorder_point": Decimal(5), "order_up_to": Decimal(4)}, "scenarios.levels-in-disorder"),
        ("stock_policy", "levels", {"item": "frame", "lot_policy": "period"}, "scenarios.period-without-days"),
        ("supply", "supply", {"order_line": "order_line", "arrives_on": TODAY - timedelta(days=1)}, "scenarios.before-as-of"),
        ("supply", "supply", {"order_line": "order_line", "more_days": 2, "is_cancelled": True}, "scenarios.not-both"),
    ],
)  # fmt: skip
def test_a_change_that_cannot_be_meant_is_refused_and_leaves_nothing(
    story: Story, kind: str, act: str, said: dict[str, Any], code: str
) -> None:
    saved = made(story)
    named = {name: story.codes.get(value, value) if isinstance(value, str) else value for name, value in said.items()}
    arguments = {"scenario_id": saved.scenario_id, "version": saved.version, "kind": kind, "act": act, "said": named}
    assert refusal(lambda: perform(add_change, BUYER, **arguments)) == code
    with sessions()() as session:
        assert session.get_one(PlanningScenario, saved.scenario_id).version == saved.version
    assert refusal(lambda: calculated(saved.scenario_id)) == "scenarios.no-change"


@pytest.mark.rule("PLAN-15")
def test_a_record_that_the_base_did_not_read_is_not_in_the_scenario(story: Story) -> None:
    saved = made(story)
    with World.open() as world:
        young = world.vendor("Young").supplies(world.item("New"))
        warehouse = world.warehouse("Far")
    arguments: dict[str, Any] = {"scenario_id": saved.scenario_id, "version": saved.version}
    out = {"kind": "vendor", "act": "out", "said": {"vendor": young.row.code}}
    assert refusal(lambda: perform(add_change, BUYER, **arguments, **out)) == "scenarios.not-in-run"
    said = {"item": story.codes["frame"], "warehouse": warehouse.code, "on_hand": Decimal(1)}
    stock = {"kind": "stock", "act": "stock", "said": said}
    assert refusal(lambda: perform(add_change, BUYER, **arguments, **stock)) == "scenarios.not-in-run"


@pytest.mark.rule("PLAN-15")
def test_of_two_who_change_a_scenario_the_second_is_told(story: Story) -> None:
    saved = made(story)
    arguments: dict[str, Any] = {"scenario_id": saved.scenario_id, "version": saved.version, "name": "x", "note": ""}
    perform(rename_scenario, BUYER, **arguments)
    assert refusal(lambda: perform(rename_scenario, BUYER, **arguments)) == "general.stale"
    assert refusal(lambda: perform(rename_scenario, BUYER, **arguments | {"scenario_id": 0})) == "access.not-found"
    assert refusal(lambda: perform(create_scenario, BUYER, run_id=0, name="x", at=NOW)) == "scenarios.no-plan"
    assert (
        refusal(lambda: perform(create_scenario, BUYER, run_id=story.run_id, name=" ", at=NOW))
        == "scenarios.name-missing"
    )
    sales = Actor(user_id=None, name="sales", roles=frozenset({Role.SALES}))
    assert (
        refusal(lambda: perform(create_scenario, sales, run_id=story.run_id, name="x", at=NOW)) == "access.not-allowed"
    )


@pytest.mark.rule("PLAN-15")
def test_no_scenario_starts_from_a_scenario(story: Story) -> None:
    done = calculated(made(story, "One", ("vendor", "out", {"vendor": story.codes["acme"]})).scenario_id)
    assert refusal(lambda: perform(create_scenario, BUYER, run_id=done.run_id, name="x", at=NOW)) == "scenarios.no-plan"


@pytest.mark.rule("PLAN-15")
def test_no_query_and_no_operation_takes_a_scenario_for_a_plan(story: Story) -> None:
    """Newest of all runs, it is still nobody's plan: not shown, not decided on, not ordered, in nobody's way."""
    out = ("vendor", "out", {"vendor": story.codes["cheap"]})
    done = calculated(made(story, "Newest", out).scenario_id)
    with sessions()() as session:
        newest = session.exec(select(col(PlanningRun.id)).order_by(col(PlanningRun.id).desc())).first()
        assert newest == done.run_id
        found = newest_plan(session)
        assert found is not None
        base = found.id
        assert session.get_one(PlanningRun, base).origin == RunOrigin.PERSON
        line = session.exec(select(PlanLine).where(PlanLine.run_id == done.run_id)).first()
        assert line is not None
        sold = session.get_one(SalesOrderLine, story.ids["line"])
        number = session.get_one(SalesOrder, sold.order_id).number
        supply = line_serving(session, BUYER, number=number, line=sold.line_number)
        outlook = stock_over_time(
            session, BUYER, item_id=story.ids["frame"], warehouse_id=story.ids["main"], today=TODAY
        )
    assert supply.run_id != done.run_id
    assert outlook.run_id != done.run_id
    assert ask(latest_run, BUYER).run_id == base
    assert done.run_id not in {each.run_id for each in ask(runs, BUYER)}
    assert ask(find_run, BUYER, run_id=done.run_id) is None
    decisions: list[Callable[[], Any]] = [
        lambda: perform(change_plan_line, BUYER, line_id=line.id, version=line.version, quantity_packs=Decimal(9)),
        lambda: perform(leave_out_line, BUYER, line_id=line.id, version=line.version, reason="no"),
        lambda: perform(lock_line, BUYER, line_id=line.id, version=line.version, locked=True),
        lambda: perform(mark_drift, BUYER, run_id=done.run_id),
    ]
    assert [refusal(each) for each in decisions] == ["access.not-found"] * 4
    assert refusal(lambda: perform(convert_plan, BUYER, run_id=done.run_id, at=NOW)) == "plans.only-a-scenario"
    with sessions()() as session:
        told = text("SELECT count(*) FROM action_message WHERE first_run_id = :run OR last_run_id = :run")
        assert session.execute(told, {"run": done.run_id}).scalar_one() == 0
