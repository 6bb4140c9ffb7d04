"""Who is served by what, against a slow twin that gives away one source after the other."""

from datetime import date
from fractions import Fraction
from typing import Any

import polars as pl
import pytest

from buyside.planning.frames import NEEDS, SOURCES
from buyside.planning.run import plan
from buyside.planning.serving import KINDS, serve
from tests.oracles import Row, served
from tests.properties.planning_worlds import inputs_of, world_of

SEEDS = range(60_000, 60_120)


def needs_and_sources(seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The pegs of a world, and everything that is there, on its way or planned."""
    world = world_of(seed)
    inputs = inputs_of(world)
    results = plan(inputs, world.as_of, with_pegs=True)
    assert results.pegs is not None
    queue = inputs.lines.sort("needed_on", "approved_at", "line").select("line", turn=pl.int_range(pl.len()))
    needs = results.pegs.join(queue, on="line", how="left").with_columns(pl.col("turn").fill_null(10**6))
    nowhere = pl.lit(0, pl.Int64)
    today = pl.lit(world.as_of)
    there = inputs.item_stock.select("item", "warehouse", "on_hand").rename({"on_hand": "quantity"})
    coming = inputs.supply.select("item", "warehouse", "quantity", "order_line", "arrives_on")
    planned = results.plan_lines.with_row_index("plan_line").filter(pl.col("plan_line") % 3 != 0)
    parts = [
        there.with_columns(kind=pl.lit("stock"), source=nowhere, available_on=today),
        coming.with_columns(kind=pl.lit("order"), available_on=pl.max_horizontal("arrives_on", today)).rename(
            {"order_line": "source"}
        ),
        planned.select(
            "item", "warehouse", kind=pl.lit("plan"), source=pl.col("plan_line").cast(pl.Int64), available_on="needed_on",
            quantity="stock_quantity",
        ),
    ]  # fmt: skip
    return NEEDS.check(needs), pl.concat([SOURCES.check(part) for part in parts])


def rows_of(frame: pl.DataFrame) -> list[Row]:
    return [row | {"quantity": Fraction(row["quantity"])} for row in frame.iter_rows(named=True)]


@pytest.mark.rule("PLAN-14")
@pytest.mark.rule("PLAN-17")
def test_everybody_is_served_as_the_oracle_says_whatever_the_order_of_rows() -> None:
    kinds: set[str] = set()
    for seed in SEEDS:
        needs, sources = needs_and_sources(seed)
        found = serve(needs, sources)
        assert rows_of(found) == served(rows_of(needs), rows_of(sources), KINDS), f"world {seed}"
        again = serve(
            needs.sample(fraction=1, shuffle=True, seed=seed), sources.sample(fraction=1, shuffle=True, seed=seed)
        )
        assert again.equals(found), f"world {seed}"
        kinds |= set(found["kind"])
    assert kinds == {"stock", "order", "plan", "none"}


@pytest.mark.rule("PLAN-14")
def test_what_serves_a_need_adds_up_to_it_and_no_source_gives_more_than_it_has() -> None:
    key = ["item", "warehouse", "date", "line"]
    of = ["item", "warehouse", "kind", "source", "available_on"]
    for seed in SEEDS[:40]:
        needs, sources = needs_and_sources(seed)
        found = serve(needs, sources)
        sums = found.group_by(key).agg(pl.col("quantity").sum())
        assert sums.sort(key).equals(needs.select(*key, "quantity").sort(key)), f"world {seed}"
        given = found.filter(pl.col("kind") != "none").group_by(of).agg(given=pl.col("quantity").sum())
        had = sources.group_by(of).agg(pl.col("quantity").sum()).join(given, on=of, how="right")
        assert had.filter(pl.col("given") > pl.col("quantity")).is_empty(), f"world {seed}"


def one(quantity: int, on: int, line: int | None, turn: int) -> dict[str, Any]:
    return {"item": 1, "warehouse": 1, "date": date(2026, 3, on), "line": line, "turn": turn, "quantity": quantity}


def source(kind: str, number: int, on: int, quantity: int) -> dict[str, Any]:
    what = {"item": 1, "warehouse": 1, "kind": kind, "source": number}
    return what | {"available_on": date(2026, 3, on), "quantity": quantity}


@pytest.mark.rule("PLAN-2")
@pytest.mark.rule("PLAN-14")
def test_stock_serves_the_first_date_and_on_one_date_the_first_in_the_queue() -> None:
    needs = pl.DataFrame([one(5, 9, 7, 2), one(4, 9, 8, 1), one(3, 2, 9, 3), one(2, 9, None, 99)], schema=NEEDS.schema)
    there = [source("order", 41, 12, 2), source("stock", 0, 1, 6), source("plan", 3, 9, 4), source("order", 40, 9, 1)]
    found = serve(needs, pl.DataFrame(there, schema=SOURCES.schema))
    assert found.select("line", "kind", "source", "quantity").rows() == [
        (9, "stock", 0, 3),
        (8, "stock", 0, 3),
        (8, "order", 40, 1),
        (7, "plan", 3, 4),
        (7, "order", 41, 1),
        (None, "order", 41, 1),
        (None, "none", 0, 1),
    ]
    assert found["available_on"].to_list()[-1] is None
