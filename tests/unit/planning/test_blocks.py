"""Plan lines are written block by block, on as many threads as there are: nobody can tell from what comes out."""

import numpy as np
import pytest

from buyside.planning import blocks
from buyside.planning.run import plan
from tests.properties.planning_worlds import inputs_of, world_of


@pytest.mark.rule("PLAN-10")
def test_blocks_are_all_groups_once_and_in_order() -> None:
    for rows in (1, 3, 1000):
        for ends in ([], [2], [1, 1, 1], [1, 2, 9, 9, 10, 30]):
            found = blocks.blocks_of(np.array(ends, np.int64), rows)
            assert [group for first, stop in found for group in range(first, stop)] == list(range(len(ends)))
            assert all(first < stop for first, stop in found)
    assert len(blocks.blocks_of(np.arange(1, 101), 10)) == 10


@pytest.mark.rule("PLAN-10")
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_plan_lines_are_the_same_at_any_number_of_threads(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = 0
    for seed in range(52_000, 52_040):
        world = world_of(seed)
        inputs = inputs_of(world)
        monkeypatch.setattr(blocks, "ROWS", 1 << 18)
        expected = plan(inputs, world.as_of).plan_lines
        monkeypatch.setattr(blocks, "ROWS", 3)
        monkeypatch.setattr(blocks, "cores", lambda: threads)
        found = plan(inputs, world.as_of).plan_lines
        assert found.equals(expected), f"world {seed}"
        lines += found.height
    assert lines > 100
