"""Work that is done in blocks on several cores gives what one alone gives, to the last digit."""

from dataclasses import fields

import numpy as np
import polars as pl
import pytest

from buyside.planning import blocks
from buyside.planning.run import PlanResults, plan
from tests.properties.planning_worlds import inputs_of, scope_of, world_of


@pytest.mark.rule("PLAN-10")
@pytest.mark.parametrize("seed", range(12))
def test_the_plan_is_the_same_on_any_number_of_cores(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    world = world_of(seed)
    inputs, scope = inputs_of(world), scope_of(seed)
    alone = plan(inputs, world.as_of, **scope, with_pegs=True)
    for rows, cores in ((1, 2), (2, 3), (5, 7), (1, 1)):
        monkeypatch.setattr(blocks, "ROWS", rows)
        monkeypatch.setattr(blocks, "cores", lambda count=cores: count)
        together = plan(inputs, world.as_of, **scope, with_pegs=True)
        for each in fields(PlanResults):
            one, other = getattr(alone, each.name), getattr(together, each.name)
            assert one.equals(other) if isinstance(one, pl.DataFrame) else one == other, (each.name, rows, cores)


@pytest.mark.parametrize("rows", [[], [0], [0, 0, 0], [5], [1, 0, 0, 9], [3] * 40, [1_000, *[0] * 30, 1]])
@pytest.mark.parametrize("cores", [1, 2, 5])
def test_every_piece_of_work_is_done_once(rows: list[int], cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "cores", lambda: cores)
    done = np.zeros(len(rows), np.int64)

    def work(first: int, stop: int) -> None:
        done[first:stop] += 1

    blocks.in_blocks(work, blocks.blocks_of(np.cumsum(np.array(rows, np.int64)), 4))
    assert done.tolist() == [1] * len(rows)


def test_what_one_of_them_raises_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "cores", lambda: 3)

    def work(first: int, _stop: int) -> None:
        raise ValueError(first)

    with pytest.raises(ValueError, match="0"):
        blocks.in_blocks(work, [(0, 4), (4, 9)])
