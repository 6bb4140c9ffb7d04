"""Vendor, lot, date and price of what is short."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from buyside.planning import frames
from buyside.planning.frames import Misfit
from buyside.planning.lot_kernels import ceiling
from buyside.planning.reasons import reason_text
from buyside.planning.run import PlanInputs, plan
from tests.unit.planning.shop import Shop, day, ordered, units


def short(*needs: tuple[int, int | str], **item: Any) -> Shop:
    """A shop that needs so much of item 1 on so many days."""
    shop = Shop().item(1, **item).row("variant 1", 1)
    for on, quantity in needs:
        shop.sell(quantity, on=on)
    return shop


@pytest.mark.rule("PLAN-8")
@pytest.mark.parametrize(
    ("need", "terms", "packs", "brings"),
    [
        (7, {}, 7, 7),
        (7, {"minimum": 10}, 10, 10),
        (7, {"minimum": 10, "multiple": 4}, 12, 12),
        (13, {"multiple": 5}, 15, 15),
        (25, {"unit_factor": 12}, 3, 36),
        (25, {"unit_factor": 12, "multiple": 2}, 4, 48),
        ("2.1", {"unit_factor": "0.7"}, 3, "2.1"),
        ("1", {"unit_factor": 3, "unit_digits": 2}, "0.34", "1.02"),
        (1, {"unit_factor": 1, "multiple": "2.5"}, 5, 5),
        ("0.000001", {"unit_factor": "0.333333", "unit_digits": 6}, "0.000004", "0.000001"),
    ],
)
def test_a_lot_covers_the_need_in_the_purchase_unit_up_to_minimum_and_multiple(
    need: int | str, terms: dict[str, Any], packs: int | str, brings: int | str
) -> None:
    row = short((10, need)).vendor(1, 1, **terms).plan().plan_lines.row(0, named=True)
    assert (row["quantity"], row["stock_quantity"], row["shortage"]) == (units(packs), units(brings), units(need))


@pytest.mark.rule("PLAN-8")
def test_what_a_lot_brings_beyond_the_shortage_carries_forward() -> None:
    results = short((1, 4), (2, 4), (3, 4)).vendor(1, 1, multiple=10).plan()
    assert ordered(results, 1) == {1: 10, 3: 10}
    assert results.plan_lines["shortage"].to_list() == [units(4), units(2)]


@pytest.mark.rule("PLAN-8")
def test_one_order_covers_a_period() -> None:
    results = short((1, 4), (7, 4), (8, 4), lot_policy="period", period_days=7).vendor(1, 1).plan()
    assert ordered(results, 1) == {1: 8, 8: 4}


@pytest.mark.rule("PLAN-6")
def test_reaching_the_reorder_point_replenishes_to_the_order_up_to_level() -> None:
    shop = short((3, 4), (5, 1), reorder_point=6, order_up_to=20).stock(1, 10).vendor(1, 1)
    results = shop.plan()
    assert ordered(results, 1) == {3: 14}
    assert results.plan_lines["trigger"].to_list() == ["reorder_point"]
    assert results.requirements["shortage"].to_list() == [0, 0], "order points shape plan lines only"
    assert ordered(Shop().item(1, reorder_point=6, order_up_to=20).stock(1, 6).vendor(1, 1).plan(), 1) == {0: 14}


@pytest.mark.rule("PLAN-9")
def test_an_order_date_already_past_is_shown_late_with_the_days() -> None:
    row = short((10, 1), goods_in_days=2).vendor(1, 1, lead_days=15).plan().plan_lines.row(0, named=True)
    assert (row["needed_on"], row["order_by"], row["late_days"]) == (day(10), day(-7), 7)
    assert row["order_by"] == row["needed_on"] - timedelta(days=17)


@pytest.mark.rule("PLAN-7")
@pytest.mark.parametrize(
    ("vendors", "chosen", "reason"),
    [
        ([{"preference": 2}, {"preference": 1, "lead_days": 90}], 2, "preferred"),
        ([{"lead_days": 9}, {"lead_days": 3}], 2, "fastest"),
        ([{"prices": {0: 5}}, {"prices": {0: 40}, "unit_factor": 10}], 2, "cheapest"),
        ([{"prices": {0: 5}}, {"prices": {0: 4}, "currency": "USD"}], 1, "no_rate"),
        ([{}, {"prices": {0: 5}}], 2, "priced"),
        ([{}, {}], 1, "first"),
        ([{}, {"preference": 0, "is_usable": False}], 1, "only"),
        ([{}, {"preference": 0, "until": -1}], 1, "only"),
        ([{}, {"preference": 0, "since": 1}], 1, "only"),
    ],
)
def test_preference_then_lead_time_then_price_then_vendor(
    vendors: list[dict[str, Any]], chosen: int, reason: str
) -> None:
    shop = short((10, 1))
    for number, terms in enumerate(vendors, 1):
        shop.vendor(number, 1, **terms)
    row = shop.plan().plan_lines.row(0, named=True)
    assert (row["vendor"], row["reason"]) == (chosen, reason)
    assert reason_text(row)


@pytest.mark.rule("PLAN-7")
def test_a_shortage_without_a_vendor_is_told() -> None:
    row = short((10, "1.5")).plan().plan_lines.row(0, named=True)
    assert (row["vendor_item"], row["quantity"], row["reason"]) == (None, None, "no_vendor")
    assert row["stock_quantity"] == units(2), "to the digits of the stock unit"
    assert reason_text(row) == "No vendor can be ordered from"


@pytest.mark.rule("VEN-4")
@pytest.mark.parametrize(("need", "price"), [(9, "5"), (10, "4"), (99, "4"), (100, "3.5")])
def test_the_price_is_that_of_the_highest_break_at_or_below_the_quantity(need: int, price: str) -> None:
    row = short((10, need)).vendor(1, 1, prices={0: 5, 10: 4, 100: "3.5"}).plan().plan_lines.row(0, named=True)
    assert (row["unit_price"], row["currency"]) == (units(price), "EUR")


@pytest.mark.rule("VEN-4")
def test_below_the_lowest_break_there_is_no_price() -> None:
    assert short((10, 4)).vendor(1, 1, prices={5: 5}).plan().plan_lines["unit_price"].to_list() == [None]


@pytest.mark.rule("PLAN-8")
def test_a_larger_order_that_costs_less_in_all_is_told() -> None:
    row = short((10, 9)).vendor(1, 1, prices={0: 5, 10: 4}).plan().plan_lines.row(0, named=True)
    assert (row["better_quantity"], row["better_price"], row["saving"]) == (units(10), units(4), units(5))
    same = short((10, 8)).vendor(1, 1, prices={0: 5, 10: 4}).plan().plan_lines.row(0, named=True)
    assert same["saving"] is None, "40 for 8 is not more than 40 for 10"


def test_a_purchase_unit_of_nothing_is_our_mistake() -> None:
    with pytest.raises(Misfit):
        short((10, 1)).vendor(1, 1, unit_factor=0).plan()


@pytest.mark.parametrize("warehouses", [[], [1], [1, 2]])
def test_a_company_without_items_has_an_empty_plan(warehouses: list[int]) -> None:
    places = pl.DataFrame({"warehouse": warehouses}, schema=frames.WAREHOUSES.schema)
    results = plan(PlanInputs.of(warehouses=places), date(2026, 3, 2), with_pegs=True)
    assert (results.requirements.height, results.plan_lines.height) == (0, 0)
    assert results.pegs is not None
    assert results.pegs.height == 0


@pytest.mark.rule("PLAN-8")
def test_rounding_up_by_a_product_is_dividing() -> None:
    """Around every multiple that is near the limits of what a product of rounded numbers can tell."""
    divisors = [1, 2, 3, 7, 12, 999_983, 1_000_000, 12_000_000, 10**12 + 39, (1 << 49) - 1, 1 << 50, 1 << 61]
    for divisor in divisors:
        for near in (0, divisor, 3 * divisor, 1 << 31, (1 << 50) // divisor * divisor, 1 << 50, 1 << 61):
            for number in range(max(0, near - 3), near + 4):
                assert ceiling(number, divisor, 1.0 / divisor) == -(-number // divisor), (number, divisor)
