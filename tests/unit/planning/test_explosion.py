"""Components of sold lines, level by level."""

from fractions import Fraction
from itertools import pairwise

import polars as pl
import pytest

from buyside.planning.frames import Cycle, Headroom
from tests.unit.planning.shop import Shop, gross, shortage, units


@pytest.mark.rule("PLAN-3")
def test_quantity_is_parent_times_quantity_per_times_one_plus_scrap() -> None:
    assert gross(Shop().item(1).row("variant 1", 1, per="2.5", scrap="2.5").sell("7").plan(), 1) == {
        10: Fraction("17.9375")
    }


@pytest.mark.rule("PLAN-3")
def test_rounding_happens_once_per_item_warehouse_and_date_and_never_per_line() -> None:
    shop = Shop().item(1).row("variant 1", 1, per="0.000001", scrap=30)
    for _ in range(10):
        shop.sell(1)  # 0.0000013 each: ten lines ask for 0.000013, not for ten times 0.000001
    assert gross(shop.plan(), 1) == {10: Fraction("0.000013")}


@pytest.mark.rule("PLAN-3")
def test_half_a_millionth_rounds_up() -> None:
    assert gross(Shop().item(1).row("variant 1", 1, per="0.000001").sell("0.5").plan(), 1) == {10: Fraction("0.000001")}
    assert gross(Shop().item(1).row("variant 1", 1, per="0.000001").sell("0.499999").plan(), 1) == {}


@pytest.mark.rule("PLAN-3")
def test_half_a_millionth_rounds_up_beside_quantities_that_need_all_the_room_too() -> None:
    shop = (
        Shop()
        .item(1)
        .item(2)
        .row("variant 1", 1, per="123.456789", scrap="12.3457")
        .row("variant 1", 2, per="0.000001")
    )
    results = shop.sell("999999999.999999", on=3).sell("0.5", on=10).sell("0.499999", on=11).plan()
    assert gross(results, 2) == {3: 1000, 10: Fraction("0.000001")}


@pytest.mark.rule("PLAN-3")
def test_a_billion_units_with_every_decimal_that_there_is_are_exact() -> None:
    sold, per, scrap = Fraction("999999999.999999"), Fraction("123.456789"), Fraction("12.3457")
    shop = Shop().item(1).row("variant 1", 1, per="123.456789", scrap="12.3457").sell("999999999.999999")
    exact = sold * per * (1 + scrap / 100)
    assert gross(shop.plan(), 1) == {10: Fraction(int(exact * 10**6 + Fraction(1, 2)), 10**6)}


@pytest.mark.rule("ITM-5")
def test_a_factor_of_more_than_twelve_decimals_is_exact_too() -> None:
    per, scrap, scale = Fraction("0.333333"), Fraction("3.3333"), Fraction("1.333333")
    shop = Shop().item(1).row("variant 1", 1, per="0.333333", scrap="3.3333").rule("scale", 1, quantity="1.333333")
    shop.sell("987654321.123456", options=(1,)).sell("0.000001", options=(1,))
    exact = Fraction("987654321.123457") * per * (1 + scrap / 100) * scale
    assert gross(shop.plan(), 1) == {10: Fraction(int(exact * 10**6 + Fraction(1, 2)), 10**6)}


@pytest.mark.rule("PLAN-3")
def test_phantoms_explode_through_and_stand_in_no_requirement() -> None:
    shop = Shop().item(1, "phantom").item(2).row("variant 1", 1, per=2).row("item 1", 2, per=3).stock(1, 100).sell(5)
    results = shop.plan()
    assert gross(results, 2) == {10: 30}
    assert results.requirements.filter(pl.col("item") == 1).is_empty()


@pytest.mark.rule("PLAN-3")
def test_made_items_use_their_own_stock_and_only_the_shortage_explodes_earlier() -> None:
    shop = (
        Shop()
        .item(1, "make", make_lead_days=4)
        .item(2)
        .row("variant 1", 1)
        .row("item 1", 2, per=2)
        .stock(1, 3)
        .sell(10)
    )
    results = shop.plan()
    assert shortage(results, 1) == {10: 7}
    assert gross(results, 2) == {6: 14}


@pytest.mark.rule("PLAN-3")
def test_components_are_never_needed_before_today_and_past_demand_stands_on_today() -> None:
    shop = (
        Shop()
        .item(1, "make", make_lead_days=30)
        .item(2)
        .row("variant 1", 1)
        .row("item 1", 2)
        .sell(1, on=-3)
        .sell(1, on=5)
    )
    results = shop.plan()
    assert gross(results, 1) == {0: 1, 5: 1}
    assert gross(results, 2) == {0: 2}


@pytest.mark.rule("ITM-4")
def test_rows_count_from_their_first_to_their_last_day_both_included() -> None:
    shop = (
        Shop().item(1).item(2).row("variant 1", 1, until=10).row("variant 1", 2, since=11).sell(1, on=10).sell(1, on=11)
    )
    results = shop.plan()
    assert (gross(results, 1), gross(results, 2)) == ({10: 1}, {11: 1})


@pytest.mark.rule("ITM-4")
def test_past_due_demand_is_built_as_it_was_on_its_own_date() -> None:
    shop = (
        Shop().item(1).item(2).row("variant 1", 1, until=-1).row("variant 1", 2, since=0).sell(1, on=-2).sell(1, on=0)
    )
    results = shop.plan()
    assert (gross(results, 1), gross(results, 2)) == ({0: 1}, {0: 1})


@pytest.mark.rule("ITM-4")
def test_the_product_is_the_fallback_where_no_row_of_the_variant_counts() -> None:
    shop = Shop().item(1).item(2).row("variant 1", 1, since=8).row("product 1", 2).sell(1, on=7).sell(1, on=8)
    results = shop.plan()
    assert (gross(results, 2), gross(results, 1)) == ({7: 1}, {8: 1})


@pytest.mark.rule("ITM-4")
def test_a_circle_is_refused_with_its_path() -> None:
    shop = Shop().item(1, "make").item(2, "phantom").item(3, "make").item(4, "make")
    shop.row("item 4", 1).row("item 1", 2).row("item 2", 3).row("item 3", 1).sell(1)
    with pytest.raises(Cycle) as caught:
        shop.plan()
    path = caught.value.path
    assert path[0] == path[-1]
    assert {(1, 2), (2, 3), (3, 1)} == set(pairwise(path))


@pytest.mark.rule("ITM-8")
def test_a_line_without_any_structure_blocks_itself_only() -> None:
    shop = Shop().item(1).row("variant 1", 1).sell(2).sell(3, variant=9, product=9)
    shop.world.products.append({"product": 9, "covers_from_stock": True})
    results = shop.plan()
    assert results.unmapped.select("line", "variant", "quantity").rows() == [(2, 9, units(3))]
    assert gross(results, 1) == {10: 2}


@pytest.mark.rule("ITM-8")
def test_a_made_item_without_rows_is_told() -> None:
    results = Shop().item(1, "make").row("variant 1", 1).sell(2).plan()
    assert results.dead_ends.select("item", "quantity").rows() == [(1, units(2))]


def test_what_could_overflow_is_refused_and_never_wrapped() -> None:
    shop = Shop().item(1, "make").item(2).row("variant 1", 1, per=1_000_000).row("item 1", 2, per=1_000_000).sell(10**9)
    with pytest.raises(Headroom):
        shop.plan()
    with pytest.raises(Headroom):
        Shop().item(1).row("variant 1", 1, per=5_000_000).sell(1).plan()
