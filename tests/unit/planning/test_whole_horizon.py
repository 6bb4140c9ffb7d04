"""Netting over the whole horizon: late supply is expedited, never ordered a second time. The numbers are made by hand."""

from fractions import Fraction

import polars as pl
import pytest

from buyside.planning.explain import arithmetic
from tests.unit.planning.shop import Shop, day, gross, ordered, shortage, to_order, units


def sold(*needs: tuple[int, int], **item: int | str) -> Shop:
    """A shop that needs so much of item 1 on so many days, and can buy it."""
    shop = Shop().item(1, **item).row("variant 1", 1).vendor(1, 1)
    for on, quantity in needs:
        shop.sell(quantity, on=on)
    return shop


@pytest.mark.rule("PLAN-16")
def test_late_supply_never_causes_a_second_order() -> None:
    results = sold((3, 5), (12, 2)).arriving(1, 5, on=9).plan()
    assert shortage(results, 1) == {3: 5}, "on the third day there is nothing yet"
    assert to_order(results, 1) == {12: 2}, "5 come for the first need, if late; nobody brings the 2"
    assert ordered(results, 1) == {12: 2}


@pytest.mark.rule("PLAN-16")
def test_supply_that_comes_after_every_need_is_not_ordered_again_either() -> None:
    results = sold((3, 5)).arriving(1, 5, on=90).plan()
    assert (shortage(results, 1), to_order(results, 1), results.plan_lines.height) == ({3: 5}, {}, 0)
    assert ordered(sold((3, 5)).arriving(1, 4, on=90).plan(), 1) == {3: 1}, "only what nobody brings"


@pytest.mark.rule("PLAN-16")
def test_the_date_of_an_order_is_the_first_day_that_all_open_supply_together_does_not_reach() -> None:
    results = sold((5, 10), (8, 10)).arriving(1, 10, on=7).plan()
    assert shortage(results, 1) == {5: 10}, "the 10 of day 7 are there on day 8"
    assert to_order(results, 1) == {8: 10}, "expedite the 10 to day 5, and order 10 more for day 8"
    assert ordered(results, 1) == {8: 10}


@pytest.mark.rule("PLAN-16")
def test_a_safety_stock_that_late_supply_refills_is_short_and_not_ordered() -> None:
    results = Shop().item(1, safety_stock=5).stock(1, 1).arriving(1, 3, on=40).vendor(1, 1).plan()
    assert (shortage(results, 1), to_order(results, 1), ordered(results, 1)) == ({0: 4}, {0: 1}, {0: 1})


@pytest.mark.rule("PLAN-5")
@pytest.mark.rule("PLAN-16")
def test_a_balance_of_exactly_nothing_needs_no_order_and_the_next_piece_does() -> None:
    assert ordered(sold((2, 5)).stock(1, 5).plan(), 1) == {}, "its lowest balance is 0, its minimum is 0"
    results = sold((2, 5), (4, 3)).stock(1, 5).plan()
    assert (shortage(results, 1), to_order(results, 1), ordered(results, 1)) == ({4: 3}, {4: 3}, {4: 3})


@pytest.mark.rule("PLAN-6")
def test_a_reorder_point_of_nothing_is_a_reorder_point() -> None:
    """Elsewhere a minimum of 0 is taken for none, and where the lowest balance is exactly 0 too little is ordered."""
    shop = sold((2, 5), (4, 3), reorder_point=0, order_up_to=10).stock(1, 5)
    assert ordered(shop.plan(), 1) == {2: 10}
    assert ordered(sold((2, 5), (4, 3), order_up_to=10).stock(1, 5).plan(), 1) == {4: 3}


@pytest.mark.rule("PLAN-6")
@pytest.mark.rule("PLAN-16")
def test_the_reorder_point_looks_at_what_is_on_order_too() -> None:
    shop = sold((3, 4), reorder_point=6, order_up_to=20).stock(1, 10)
    assert ordered(shop.plan(), 1) == {3: 14}
    assert ordered(shop.arriving(1, 1, on=60).plan(), 1) == {}, "10 + 1 - 4 = 7 is above 6"
    enough = sold((3, 4), (5, 2), reorder_point=6, order_up_to=20).stock(1, 10).arriving(1, 1, on=60)
    assert ordered(enough.plan(), 1) == {5: 15}, "7 - 2 = 5, so up to 20"


@pytest.mark.rule("PLAN-8")
@pytest.mark.rule("PLAN-16")
def test_an_order_for_a_period_sums_the_needs_in_its_window_beyond_all_open_supply() -> None:
    shop = sold((1, 4), (7, 4), (8, 4), lot_policy="period", period_days=7).arriving(1, 2, on=30)
    assert to_order(shop.plan(), 1) == {1: 2, 7: 4, 8: 4}
    assert ordered(shop.plan(), 1) == {1: 6, 8: 4}


@pytest.mark.rule("PLAN-3")
@pytest.mark.rule("PLAN-16")
@pytest.mark.parametrize("cells", [50_000_000, 0], ids=["block", "events"])
def test_a_made_item_asks_its_components_only_for_what_no_order_brings(
    cells: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from buyside.planning import explosion

    monkeypatch.setitem(explosion.explode.__kwdefaults__, "cells", cells)
    shop = Shop().item(1, "make", make_lead_days=2).item(2).row("variant 1", 1).row("item 1", 2, per=3)
    results = shop.sell(10, on=10).sell(5, on=20).arriving(1, 12, on=15).plan()
    assert shortage(results, 1) == {10: 10}, "had they been supplied, the 12 would serve the 5"
    assert to_order(results, 1) == {20: 3}, "12 cover the 10 and 2 of the 5"
    assert gross(results, 2) == {18: 9}
    assert results.pegs is not None
    asked = results.pegs.filter(pl.col("item") == 2).select("date", "line", "quantity").rows()
    assert asked == [(day(18), 2, units(9))], "the second line is the one that is left"


@pytest.mark.rule("PLAN-10")
def test_demand_behind_the_horizon_is_left_out_and_supply_behind_it_counts() -> None:
    shop = sold((3, 5), (10, 4), (11, 9)).arriving(1, 5, on=90)
    near = shop.plan(horizon_days=10)
    assert (gross(near, 1), ordered(near, 1)) == ({3: 5, 10: 4, 90: 0}, {10: 4})
    assert near.coverage["line"].to_list() == [1, 2]
    assert ordered(shop.plan(), 1) == {10: 4, 11: 9}


@pytest.mark.rule("PLAN-10")
def test_a_run_for_some_groups_calculates_all_and_tells_of_their_items() -> None:
    shop = (
        Shop().item(1, "make", group=1).item(2, group=2).item(3).row("variant 1", 1).row("item 1", 2).row("item 1", 3)
    )
    results = shop.stock(1, 4).sell(10).plan(groups=[2])
    assert set(results.requirements["item"]) == set(results.plan_lines["item"]) == {2}
    assert gross(results, 2) == {10: 6}, "4 of the made item are in stock, though nothing is told of it"
    assert results.pegs is not None
    assert set(results.pegs["item"]) == {2}
    assert shop.plan(groups=[]).requirements.is_empty()


@pytest.mark.rule("PLAN-14")
@pytest.mark.rule("PLAN-16")
def test_the_arithmetic_of_an_item_shows_its_position_and_what_is_to_be_ordered() -> None:
    results = sold((3, 5), (12, 4)).stock(1, 1).arriving(1, 5, on=9).plan()
    shown = arithmetic(results.requirements, results.plan_lines, item=1, warehouse=1, on_hand=units(1))
    numbers = shown.select(pl.col("projected", "position", "shortage", "to_order", "planned") // 10**6)
    assert numbers.rows() == [(-4, 1, 4, 0, 0), (1, 1, 0, 0, 0), (-3, -3, 0, 3, 3)]
    assert [Fraction(each, 10**6) for each in shown["opening"]] == [1, -4, 1]
