"""What each planning step promises in its `Holds` line, on generated worlds."""

from datetime import timedelta
from fractions import Fraction

import polars as pl
import pytest

from buyside.domain.order_days import OrderDays
from buyside.planning.explain import arithmetic, structure_of
from buyside.planning.frames import (
    CONTRADICTIONS,
    COVERAGE,
    DEAD_ENDS,
    PEGS,
    PLAN_LINES,
    REQUIREMENTS,
    UNCOVERED_OPTIONS,
    UNMAPPED,
)
from buyside.planning.run import plan
from tests.properties.planning_worlds import inputs_of, world_of

SEEDS = range(50_000, 50_060)


@pytest.mark.rule("PLAN-2")
def test_coverage_adds_up_and_never_exceeds_stock() -> None:
    for seed in SEEDS:
        world = world_of(seed)
        inputs = inputs_of(world)
        coverage = plan(inputs, world.as_of).coverage
        assert coverage.filter(pl.col("covered") + pl.col("exploded") != pl.col("ordered")).is_empty()
        assert coverage.filter((pl.col("covered") < 0) | (pl.col("exploded") < 0)).is_empty()
        used = coverage.join(inputs.lines, on="line").group_by("warehouse", "variant").agg(pl.col("covered").sum())
        stock = used.join(inputs.variant_stock, on=["warehouse", "variant"], how="left")
        assert stock.filter(pl.col("covered") > pl.max_horizontal(pl.col("on_hand").fill_null(0), 0)).is_empty()


@pytest.mark.rule("PLAN-4")
def test_pegs_add_up_to_the_gross_exactly() -> None:
    for seed in SEEDS:
        world = world_of(seed)
        results = plan(inputs_of(world), world.as_of, with_pegs=True)
        assert results.pegs is not None
        key = ["item", "warehouse", "date"]
        pegged = results.pegs.group_by(key).agg(pl.col("quantity").sum())
        gross = results.requirements.filter(pl.col("gross") != 0).join(pegged, on=key, how="full", coalesce=True)
        assert gross.filter(pl.col("gross").ne_missing(pl.col("quantity"))).is_empty(), f"world {seed}"
        assert results.pegs.filter(pl.col("quantity") <= 0).is_empty()


@pytest.mark.rule("PLAN-5")
@pytest.mark.rule("PLAN-6")
@pytest.mark.rule("PLAN-8")
@pytest.mark.rule("PLAN-16")
def test_with_the_plan_no_position_stays_below_safety_stock() -> None:
    for seed in SEEDS:
        world = world_of(seed)
        inputs = inputs_of(world)
        results = plan(inputs, world.as_of)
        stock = {(row["item"], row["warehouse"]): int(row["on_hand"] * 10**6) for row in world.item_stock}
        safety = {item["item"]: int(item["safety_stock"] * 10**6) for item in world.items if item["supply"] == "buy"}
        for item, warehouse in results.requirements.select("item", "warehouse").unique().iter_rows():
            days = arithmetic(
                results.requirements,
                results.plan_lines,
                item=item,
                warehouse=warehouse,
                on_hand=stock.get((item, warehouse), 0),
            )
            if item in safety:
                covered = days["position"] + days["planned"].cum_sum()
                assert covered.min() >= safety[item], f"world {seed}, item {item}"
                assert days["to_order"].sum() <= days["planned"].sum(), "whatever is to be ordered is ordered"
            whole = results.requirements.filter((pl.col("item") == item) & (pl.col("warehouse") == warehouse))
            same = days.join(whole, on="date").filter(pl.col("projected") != pl.col("projected_right"))
            assert same.is_empty(), "the arithmetic shown is the arithmetic done"


@pytest.mark.rule("PLAN-9")
@pytest.mark.rule("VEN-6")
def test_order_dates_are_order_days_that_are_told_late_and_never_moved_behind_the_need() -> None:
    moved = 0
    for seed in SEEDS:
        world = world_of(seed)
        goods_in = {item["item"]: item["goods_in_days"] for item in world.items}
        weekdays = {row["vendor"]: row["order_weekdays"] for row in world.vendors}
        closed = {(row["vendor"], row["from_day"], row["to_day"]) for row in world.vendor_closings}
        for row in plan(inputs_of(world), world.as_of).plan_lines.iter_rows(named=True):
            days = timedelta((row["lead_days"] or 0) + goods_in[row["item"]])
            takes = OrderDays(
                weekdays.get(row["vendor"], 0), tuple((first, last) for v, first, last in closed if v == row["vendor"])
            )
            assert row["latest_order_on"] == row["needed_on"] - days
            assert row["order_by"] == takes.last_until(row["latest_order_on"]) <= row["latest_order_on"]
            assert row["late_days"] == max(0, (world.as_of - row["order_by"]).days)
            assert row["arrives_on"] == takes.arrives_on(row["needed_on"], days.days, world.as_of) >= world.as_of + days
            moved += row["order_by"] != row["latest_order_on"]
    assert moved > 20


@pytest.mark.rule("PLAN-8")
def test_a_lot_is_never_below_its_need_nor_below_the_minimum_and_is_a_multiple() -> None:
    for seed in SEEDS:
        world = world_of(seed)
        terms = {row["vendor_item"]: row for row in world.vendor_items}
        for row in plan(inputs_of(world), world.as_of).plan_lines.iter_rows(named=True):
            assert row["stock_quantity"] >= row["shortage"] > 0
            if row["vendor_item"] is not None:
                quantity = Fraction(row["quantity"], 10**6)
                of_vendor = terms[row["vendor_item"]]
                assert quantity >= of_vendor["minimum"]
                assert not of_vendor["multiple"] or not quantity % of_vendor["multiple"]


@pytest.mark.rule("PLAN-7")
def test_parts_of_a_share_cover_the_need_and_none_is_needless() -> None:
    seen = 0
    for seed in SEEDS:
        world = world_of(seed)
        lines = plan(inputs_of(world), world.as_of).plan_lines.filter(pl.col("reason") == "share")
        assert lines.filter(pl.col("split_need").is_null()).is_empty()
        for _, parts in lines.group_by("item", "warehouse", "needed_on", maintain_order=True):
            need = parts["split_need"].unique().to_list()
            assert len(need) == 1
            assert parts["part"].to_list() == list(range(1, parts.height + 1))
            assert (
                parts["stock_quantity"].sum() >= need[0] > parts["stock_quantity"].sum() - parts["stock_quantity"][-1]
            )
            assert parts["vendor_item"].n_unique() == parts.height
            seen += parts.height > 1
    assert seen > 5


@pytest.mark.rule("PLAN-7")
def test_no_contract_is_drawn_below_zero() -> None:
    drawn_on = 0
    for seed in range(51_000, 51_150):
        world = world_of(seed)
        if not world.contracts:
            continue
        lines = plan(inputs_of(world), world.as_of).plan_lines.filter(pl.col("contract").is_not_null())
        money = (pl.col("quantity").cast(pl.Int128) * pl.col("unit_price").cast(pl.Int128) + 500_000) // 10**6
        amounts = dict(lines.group_by("contract").agg(money.sum()).iter_rows())
        for row in world.contract_balances:
            if row["amount_left"] is not None and row["contract"] in amounts:
                assert amounts[row["contract"]] <= row["amount_left"] * 10**6, f"world {seed}"
        for row in world.contracts:
            mine = lines.filter((pl.col("contract") == row["contract"]) & (pl.col("item") == row["item"]))
            drawn_on += mine.height
            if row["quantity_left"] is not None and mine.height:
                assert mine["quantity"].sum() <= row["quantity_left"] * 10**6, f"world {seed}"
                assert mine["contract_quantity_left"].min() >= 0
    assert drawn_on > 10


@pytest.mark.rule("PLAN-10")
def test_every_frame_that_comes_out_is_as_declared() -> None:
    declared = (COVERAGE, REQUIREMENTS, PLAN_LINES, UNMAPPED, UNCOVERED_OPTIONS, CONTRADICTIONS, DEAD_ENDS, PEGS)
    for seed in SEEDS[:20]:
        world = world_of(seed)
        results = plan(inputs_of(world), world.as_of, with_pegs=True)
        for frame in declared:
            answer = getattr(results, frame.name.lower())
            assert frame.check_key(answer).equals(answer)


@pytest.mark.rule("ITM-6")
def test_the_structure_of_a_line_explains_all_that_it_asks_for_where_nothing_is_in_stock() -> None:
    looked_at = 0
    for seed in SEEDS:
        world = world_of(seed)
        world.lines, world.variant_stock, world.item_stock, world.supply = world.lines[:1], [], [], []
        for item in world.items:
            item["safety_stock"] = Fraction(0)
        if not world.lines:
            continue
        inputs = inputs_of(world)
        results = plan(inputs, world.as_of)
        if results.contradictions.height:
            continue
        shown = structure_of(
            inputs.lines, inputs.line_options, inputs.items, inputs.bom, inputs.rules, inputs.rule_conditions,
            line=world.lines[0]["line"], as_of=world.as_of,
        )  # fmt: skip
        asked = results.requirements.group_by("item", "date").agg(pl.col("gross").sum())
        expected = shown.group_by("component", "needed_on").agg(pl.col("quantity").sum(), pl.len())
        both = asked.join(expected, left_on=["item", "date"], right_on=["component", "needed_on"], how="left")
        # Cells are rounded on every level, the structure once: apart by what a millionth becomes further down.
        share = (pl.col("gross") - pl.col("quantity")).abs() <= 3 + pl.col("gross") // 1_000
        assert both.filter(~share.fill_null(value=False)).is_empty(), f"world {seed}: {both}"
        looked_at += asked.height
    assert looked_at > 50
