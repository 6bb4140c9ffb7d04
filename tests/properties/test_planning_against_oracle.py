"""The planning run against its slow twin, on generated worlds: `make test` a few hundred, `make nightly` thousands."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any

import polars as pl
import pytest

from buyside.planning import explosion
from buyside.planning.frames import Headroom
from buyside.planning.run import PlanResults, pegs_of, plan
from tests.oracles import PlanningAnswer, PlanningWorld, planned
from tests.properties.planning_worlds import (
    beside,
    inputs_of,
    scope_beside,
    scope_of,
    together,
    world_from,
    world_of,
)

WORLDS, NIGHTLY_WORLDS, BATCH = 300, 20_000, 50
ALONE, TOGETHER = 5, 15
"""Of a nightly batch so many worlds are planned one by one, the others so many at once: a run of little data costs as much as
one of much, and what a world needs must not depend on which others stand beside it."""
LARGE = 10**6


def exact(value: int | None) -> Fraction | None:
    return None if value is None else Fraction(value, 10**6)


def by_key(frame: pl.DataFrame, *key: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    rows = {tuple(row[name] for name in key): row for row in frame.iter_rows(named=True)}
    assert len(rows) == frame.height
    return rows


def found(results: PlanResults) -> PlanningAnswer:
    """Results in natural units, as the oracle gives them."""
    money = (
        "unit_price",
        "better_quantity",
        "better_price",
        "saving",
        "shortage",
        "stock_quantity",
        "quantity",
        "split_need",
    )
    money += ("contract_amount_left", "contract_quantity_left")
    same = ("order_by", "late_days", "trigger", "vendor_item", "vendor", "currency", "reason", "candidates", "contract")
    same += ("latest_order_on", "arrives_on")
    names = ("gross", "scheduled_receipts", "overdue_receipts", "projected", "shortage", "to_order")
    assert results.pegs is not None
    return PlanningAnswer(
        coverage={
            k[0]: (exact(r["covered"]), exact(r["exploded"])) for k, r in by_key(results.coverage, "line").items()
        },
        requirements={
            k: tuple(exact(r[name]) for name in names)
            for k, r in by_key(results.requirements, "item", "warehouse", "date").items()
        },
        pegs={k: exact(r["quantity"]) for k, r in by_key(results.pegs, "item", "warehouse", "date", "line").items()},
        plan_lines={
            k: {name: exact(r[name]) for name in money}
            | {name: r[name] for name in same}
            | {"share_percent": None if r["share_percent"] is None else Fraction(r["share_percent"], 10**4)}
            for k, r in by_key(results.plan_lines, "item", "warehouse", "needed_on", "part").items()
        },
        unmapped=set(results.unmapped["line"].to_list()),
        blocked=set(results.contradictions["line"].to_list()),
        dead_ends={k: exact(r["quantity"]) for k, r in by_key(results.dead_ends, "item", "warehouse", "date").items()},
    )


def assert_agrees(world: PlanningWorld, results: PlanResults, what: str, **scope: Any) -> None:
    answer, expected = found(results), planned(world, **scope)
    for name in PlanningAnswer.__dataclass_fields__:
        assert getattr(answer, name) == getattr(expected, name), f"{what}: {name}"


def is_large(world: PlanningWorld) -> bool:
    return any(line["quantity"] > LARGE for line in world.lines)


def agree_on(seeds: Sequence[int], most_refused: int | None = None) -> None:
    too_large = 0
    for seed in seeds:
        world, scope = world_of(seed), scope_of(seed)
        try:
            results = plan(inputs_of(world), world.as_of, with_pegs=True, **scope)
        except Headroom:  # nothing is rounded or wrapped: a world of millions of units through many levels is refused
            assert is_large(world), f"world {seed}"
            too_large += 1
        else:
            assert_agrees(world, results, f"world {seed}", **scope)
    assert too_large <= (len(seeds) // 10 if most_refused is None else most_refused)


def agree_together(seeds: list[int]) -> None:
    """The same for worlds that are planned in one run: each finds what it finds alone."""
    worlds = [beside(world_of(seed), place) for place, seed in enumerate(seeds)]
    scope, whole = scope_beside(scope_of(seeds[0]), len(seeds)), together(worlds)
    answer = found(plan(inputs_of(whole), whole.as_of, with_pegs=True, **scope))
    answers = [planned(world, **scope) for world in worlds]
    for name in PlanningAnswer.__dataclass_fields__:
        parts = [getattr(each, name) for each in answers]
        if isinstance(parts[0], set):
            expected: Any = {each for part in parts for each in part}
        else:
            expected = {key: value for part in parts for key, value in part.items()}
        assert len(expected) == sum(map(len, parts))
        assert getattr(answer, name) == expected, f"worlds {seeds}: {name}"


def agree_on_thousands(seeds: range) -> None:
    """Some alone, and those that may be refused; the others in company."""
    alone = [seed for seed in seeds if seed < seeds.start + ALONE or is_large(world_of(seed))]
    agree_on(alone, most_refused=len(seeds) // 10)
    others = [seed for seed in seeds if seed not in alone]
    for start in range(0, len(others), TOGETHER):
        agree_together(others[start : start + TOGETHER])


@pytest.mark.rule("PLAN-2")
@pytest.mark.rule("PLAN-3")
@pytest.mark.rule("PLAN-4")
@pytest.mark.rule("PLAN-5")
@pytest.mark.rule("PLAN-6")
@pytest.mark.rule("PLAN-8")
@pytest.mark.rule("PLAN-9")
@pytest.mark.rule("PLAN-10")
@pytest.mark.rule("PLAN-16")
@pytest.mark.rule("ITM-4")
@pytest.mark.rule("ITM-5")
@pytest.mark.parametrize("start", range(0, WORLDS, BATCH))
def test_the_run_finds_what_the_oracle_finds(start: int) -> None:
    agree_on(range(start, start + BATCH))


@pytest.mark.nightly
@pytest.mark.parametrize("start", range(100_000, 100_000 + NIGHTLY_WORLDS, BATCH))
def test_the_run_finds_what_the_oracle_finds_in_thousands_of_worlds(start: int) -> None:
    agree_on_thousands(range(start, start + BATCH))


@pytest.mark.nightly
@pytest.mark.parametrize("start", range(200_000, 200_000 + NIGHTLY_WORLDS // 4, BATCH))
def test_sorted_events_find_the_same_in_thousands_of_worlds(start: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(explosion.explode.__kwdefaults__, "cells", 0)
    agree_on_thousands(range(start, start + BATCH))


@pytest.mark.rule("PLAN-3")
def test_sorted_events_find_what_the_dense_block_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(explosion.explode.__kwdefaults__, "cells", 0)
    agree_on(range(10_000, 10_000 + WORLDS // 8))


@pytest.mark.rule("PLAN-10")
def test_worlds_in_company_find_what_they_find_alone() -> None:
    agree_on_thousands(range(50_000, 50_000 + BATCH))


@pytest.mark.rule("PLAN-10")
def test_the_order_of_input_rows_changes_nothing() -> None:
    for seed in range(20_000, 20_000 + WORLDS // 10):
        world = world_of(seed)
        first = plan(inputs_of(world), world.as_of, with_pegs=True)
        again = plan(inputs_of(world, shuffle=seed), world.as_of, with_pegs=True)
        for name in PlanResults.__dataclass_fields__:
            one, other = getattr(first, name), getattr(again, name)
            assert one == other if isinstance(one, date) else one.equals(other), f"world {seed}: {name}"


def test_a_world_survives_the_way_into_frames_and_back() -> None:
    for seed in range(25):
        world = world_of(seed)
        assert world_from(inputs_of(world), world.as_of) == world


@pytest.mark.rule("PLAN-4")
def test_pegs_of_one_item_are_its_part_of_all_pegs() -> None:
    for seed in range(30_000, 30_000 + WORLDS // 10):
        world = world_of(seed)
        inputs = inputs_of(world)
        whole = plan(inputs, world.as_of, with_pegs=True).pegs
        assert whole is not None
        for item in world.items[:3]:
            assert pegs_of(inputs, world.as_of, items=[item["item"]]).equals(
                whole.filter(pl.col("item") == item["item"])
            )


@pytest.mark.rule("PLAN-10")
def test_pegs_of_a_run_in_scope_are_those_that_the_run_would_have_stored() -> None:
    for seed in range(35_000, 35_000 + WORLDS // 20):
        world = world_of(seed)
        inputs, scope = inputs_of(world), {"groups": [1, 3], "horizon_days": 20}
        whole = plan(inputs, world.as_of, with_pegs=True, **scope).pegs
        assert whole is not None
        assert pegs_of(inputs, world.as_of, **scope).equals(whole)
        some = [item["item"] for item in world.items[:4]]
        assert pegs_of(inputs, world.as_of, items=some, **scope).equals(whole.filter(pl.col("item").is_in(some)))


@pytest.mark.rule("PLAN-10")
def test_a_run_for_one_warehouse_is_its_part_of_the_run_for_all() -> None:
    for seed in range(40_000, 40_000 + WORLDS // 10):
        world = world_of(seed)
        world.contracts = []  # what one warehouse draws is missing in another
        inputs = inputs_of(world)
        whole = plan(inputs, world.as_of)
        for warehouse in world.warehouses:
            part = plan(inputs, world.as_of, warehouses=[warehouse])
            for name in ("requirements", "plan_lines", "dead_ends"):
                assert getattr(part, name).equals(getattr(whole, name).filter(pl.col("warehouse") == warehouse)), (
                    f"world {seed}"
                )
