"""Frames are what they are declared to be."""

import polars as pl
import pytest

from buyside.planning import frames
from buyside.planning.frames import LINES, Misfit
from tests.unit.planning.shop import Shop


def test_an_empty_world_gives_an_empty_plan() -> None:
    results = Shop().plan()
    assert results.plan_lines.is_empty()
    assert results.requirements.schema == frames.REQUIREMENTS.schema


@pytest.mark.parametrize(
    "wrong",
    [
        LINES.empty().drop("variant"),
        LINES.empty().with_columns(pl.col("quantity").cast(pl.Float64)),
        pl.DataFrame({name: [None] for name in LINES.columns}, schema=LINES.schema),
    ],
)
def test_a_misfit_is_told(wrong: pl.DataFrame) -> None:
    with pytest.raises(Misfit):
        LINES.check(wrong)


def test_two_rows_of_one_key_are_told() -> None:
    shop = Shop().item(1).item(1)
    with pytest.raises(Misfit, match="ITEMS has two rows"):
        shop.plan()


def test_columns_beyond_the_declared_ones_are_left_out() -> None:
    assert LINES.check(LINES.empty().with_columns(note=pl.lit(""))).columns == list(LINES.columns)


def test_names_that_lead_nowhere_are_told() -> None:
    with pytest.raises(Misfit, match="BOM names 5"):
        Shop().item(1).row("variant 1", 5).sell(1).plan()
    with pytest.raises(Misfit, match="warehouse"):
        Shop().item(1).row("variant 1", 1).sell(1, warehouse=8).plan()


@pytest.mark.rule("PLAN-10")
def test_a_run_tells_its_steps_and_can_be_stopped() -> None:
    heard: list[str] = []
    Shop().plan(on_step=heard.append)
    assert heard == ["cover", "explode", "net", "choose", "peg"]

    class Stopped(Exception):
        pass

    def stop(step: str) -> None:
        if step == "net":
            raise Stopped

    with pytest.raises(Stopped):
        Shop().plan(on_step=stop)
