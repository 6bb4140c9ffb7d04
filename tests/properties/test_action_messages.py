"""Action messages against their slow twin, and what always holds of them, on generated worlds (PLAN-16)."""

from collections import defaultdict
from datetime import timedelta

import pytest

from buyside.planning.messages import action_messages
from buyside.planning.run import plan
from tests.message_oracle import messages, open_orders
from tests.properties.planning_worlds import inputs_of, world_of

WORLDS, NIGHTLY_WORLDS, BATCH = 150, 4_000, 50


def agree_on(seeds: range) -> set[str]:
    """Compares, and answers with the kinds that occurred."""
    kinds: set[str] = set()
    for seed in seeds:
        world = world_of(seed)
        inputs = inputs_of(world)
        results = plan(inputs, world.as_of)
        orders = open_orders(inputs, seed)
        is_bounded = seed % 5 == 0
        found = action_messages(inputs, results, orders, world.as_of, is_bounded=is_bounded)
        expected = messages(inputs, results, orders, world.as_of, is_bounded=is_bounded)
        assert set(found.iter_rows()) == expected, f"world {seed}"
        assert found.height == len(expected)
        kinds |= set(found["kind"])
    return kinds


@pytest.mark.rule("PLAN-16")
@pytest.mark.parametrize("start", range(0, WORLDS, BATCH))
def test_the_messages_are_what_handing_out_every_unit_by_hand_gives(start: int) -> None:
    assert {"order", "expedite", "cancel"} <= agree_on(range(start, start + BATCH))


@pytest.mark.nightly
@pytest.mark.parametrize("start", range(300_000, 300_000 + NIGHTLY_WORLDS, BATCH))
def test_many_more_worlds_give_the_same_messages(start: int) -> None:
    agree_on(range(start, start + BATCH))


@pytest.mark.rule("PLAN-16")
@pytest.mark.parametrize("seed", range(40_000, 40_060))
def test_no_unit_stands_in_two_messages_and_none_without_cause(seed: int) -> None:
    world = world_of(seed)
    inputs = inputs_of(world)
    results = plan(inputs, world.as_of)
    found = action_messages(inputs, results, open_orders(inputs, seed), world.as_of)
    supply = {row["order_line"]: row for row in inputs.supply.iter_rows(named=True)}
    safety = {row["item"]: row["safety_stock"] for row in inputs.items.iter_rows(named=True)}
    projected = defaultdict(list)
    for row in results.requirements.iter_rows(named=True):
        projected[row["item"], row["warehouse"]].append((row["date"], row["projected"]))
    planned = {(row["item"], row["warehouse"]) for row in results.plan_lines.iter_rows(named=True)}
    about = defaultdict(int)
    for row in found.iter_rows(named=True):
        place = row["item"], row["warehouse"]
        assert row["quantity"] > 0
        if row["kind"] in {"order", "increase"}:
            assert place in planned
            continue
        line = supply[row["order_line"]]
        about[row["order_line"]] += row["quantity"]
        assert row["from_on"] == line["arrives_on"]
        if row["kind"] == "expedite":
            assert row["to_on"] < line["arrives_on"] or line["arrives_on"] < world.as_of
            if line["arrives_on"] > world.as_of:  # on the day before it comes the balance lacks no less
                lacking = [balance for day, balance in projected[place] if day < line["arrives_on"]][-1]
                assert row["quantity"] <= safety[row["item"]] - lacking
        if row["kind"] == "defer":
            assert row["to_on"] > max(line["arrives_on"], world.as_of) + timedelta(days=7)
    for line_number, quantity in about.items():
        assert quantity <= supply[line_number]["quantity"]


@pytest.mark.rule("PLAN-10")
def test_the_order_of_rows_does_not_matter() -> None:
    for seed in range(20):
        world = world_of(seed)
        plain, shuffled = inputs_of(world), inputs_of(world, shuffle=seed + 1)
        orders = open_orders(plain, seed)
        one = action_messages(plain, plan(plain, world.as_of), orders, world.as_of)
        other = action_messages(shuffled, plan(shuffled, world.as_of), orders.reverse(), world.as_of)
        assert one.equals(other)
