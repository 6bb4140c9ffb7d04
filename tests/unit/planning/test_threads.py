"""Work that is shared out among threads gives what one alone gives, to the last digit."""

from dataclasses import fields

import numpy as np
import polars as pl
import pytest

from buyside.planning import threads
from buyside.planning.run import PlanResults, plan
from tests.properties.planning_worlds import inputs_of, scope_of, world_of


@pytest.fixture(autouse=True)
def _small_work_is_shared_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "ENOUGH", 1)


@pytest.mark.rule("PLAN-10")
@pytest.mark.parametrize("seed", range(12))
def test_the_plan_is_the_same_at_any_number_of_threads(seed: int) -> None:
    world = world_of(seed)
    inputs, scope = inputs_of(world), scope_of(seed)
    alone = plan(inputs, world.as_of, **scope, with_pegs=True, threads=1)
    for count in (2, 3, 7):
        together = plan(inputs, world.as_of, **scope, with_pegs=True, threads=count)
        for each in fields(PlanResults):
            one, other = getattr(alone, each.name), getattr(together, each.name)
            assert one.equals(other) if isinstance(one, pl.DataFrame) else one == other, each.name


@pytest.mark.parametrize("rows", [[], [0], [0, 0, 0], [5], [1, 0, 0, 9], [3] * 40, [1_000, *[0] * 30, 1]])
@pytest.mark.parametrize("count", [None, 1, 2, 5])
def test_every_piece_of_work_is_done_once(rows: list[int], count: int | None) -> None:
    done = np.zeros(len(rows), np.int64)

    def work(first: int, stop: int) -> None:
        done[first:stop] += 1

    threads.shared_out(work, np.array(rows, np.int64), count)
    assert done.tolist() == [1] * len(rows)


def test_what_one_of_them_raises_is_raised() -> None:
    def work(first: int, _stop: int) -> None:
        raise ValueError(first)

    with pytest.raises(ValueError, match="0"):
        threads.shared_out(work, np.ones(9, np.int64), 3)
