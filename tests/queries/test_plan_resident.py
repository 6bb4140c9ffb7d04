"""Residents of runs, kept in the process: one answer for all, dropped when they are too many, never altered."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import polars as pl
import pytest

from buyside.domain.access import Actor, Role
from buyside.domain.refusals import Refused
from buyside.operations.plans import run_plan, start_run
from buyside.operations.run import perform
from buyside.planning.resident import Resident
from buyside.planning.run import plan
from buyside.queries.plan_resident import KEPT, Kept, requirements_since, resident_of
from buyside.queries.planning import planning_inputs
from buyside.queries.read import ask
from tests.world import NOW, TODAY, World

BUYER = Actor(user_id=None, name="buyer", roles=frozenset({Role.BUYER}))


@pytest.fixture(scope="module")
def run(database: object) -> int:
    """Two bicycles are wanted, of two items each."""
    with World.open() as world:
        main = world.warehouse("Main")
        frame, gem, bike = world.item("Frame", safety_stock=Decimal(2)), world.item("Gem"), world.variant("Bike")
        world.bom(bike, frame)
        world.bom(bike, gem)
        world.vendor("Acme").supplies(frame, pack=4, price="80", lead_days=7)
        world.sales_order(main, (bike, 2, TODAY + timedelta(days=20)))
    KEPT.clear()
    started = perform(start_run, BUYER, as_of=TODAY, at=NOW)
    perform(run_plan, BUYER, run_id=started.run_id)
    return started.run_id


@pytest.mark.rule("PLAN-12")
def test_a_run_is_kept_and_what_moved_since_is_as_a_full_run_finds_it(run: int) -> None:
    resident = ask(resident_of, BUYER, run_id=run)
    assert ask(resident_of, BUYER, run_id=run) is resident
    inputs = ask(planning_inputs, BUYER)
    since = ask(requirements_since, BUYER, run_id=run, now=inputs)
    assert since.before.height == since.after.height == 0
    more = inputs.lines.with_columns(quantity=pl.col("quantity") + 1_000_000)
    now = type(inputs)(**{name: getattr(inputs, name) for name in inputs.__dataclass_fields__} | {"lines": more})
    since = ask(requirements_since, BUYER, run_id=run, now=now)
    assert since.before.equals(plan(inputs, TODAY).requirements)
    assert since.after.equals(plan(now, TODAY).requirements)
    assert not since.before.equals(since.after)
    assert since.in_full == ""


@pytest.mark.rule("PLAN-12")
def test_what_is_too_wide_for_a_resident_is_calculated_in_full_and_says_so(run: int) -> None:
    inputs = ask(planning_inputs, BUYER)
    doubled = inputs.bom.with_columns(quantity_per=pl.col("quantity_per") * 2)
    now = type(inputs)(**{name: getattr(inputs, name) for name in inputs.__dataclass_fields__} | {"bom": doubled})
    since = ask(requirements_since, BUYER, run_id=run, now=now)
    assert since.after.equals(plan(now, TODAY).requirements)
    assert since.in_full == "the structure"


def test_several_people_ask_one_resident_at_once(run: int) -> None:
    KEPT.clear()

    def answer(units: int) -> tuple[Resident, int]:
        resident = ask(resident_of, BUYER, run_id=run)
        lines = resident.inputs.lines.with_columns(quantity=pl.lit(units * 1_000_000, pl.Int64))
        gross = resident.change(lines=lines).requirements_after["gross"].to_list()
        return resident, max(gross)

    with ThreadPoolExecutor(4) as people:
        answers = list(people.map(answer, range(3, 11)))
    assert len({id(resident) for resident, _ in answers}) == 1, "it was made more than once"
    assert [gross for _, gross in answers] == [units * 1_000_000 for units in range(3, 11)]


def test_only_so_many_are_kept_and_the_one_asked_for_longest_ago_goes_first(run: int) -> None:
    resident = ask(resident_of, BUYER, run_id=run)
    kept = Kept(most=2, most_bytes=10 * resident.nbytes)
    for key in ("one", "two"):
        kept.keep(key, resident)
    assert kept.get("one") is resident
    kept.keep("three", resident)
    assert [key for key in ("one", "two", "three") if kept.get(key)] == ["one", "three"]
    small = Kept(most=9, most_bytes=2 * resident.nbytes)
    for key in ("one", "two", "three"):
        small.keep(key, resident)
    assert [key for key in ("one", "two", "three") if small.get(key)] == ["two", "three"]


def test_an_unknown_run_has_no_resident(run: int) -> None:
    for query, more in ((resident_of, {}), (requirements_since, {"now": ask(planning_inputs, BUYER)})):
        with pytest.raises(Refused) as refused:
            ask(query, BUYER, run_id=run + 999, **more)
        assert refused.value.code == "access.not-found"
