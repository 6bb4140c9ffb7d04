"""Which line asks for how much."""

import polars as pl
import pytest

from tests.unit.planning.shop import Shop, units


def pegs(shop: Shop, item: int) -> list[tuple[int | None, int]]:
    found = shop.plan().pegs
    assert found is not None
    return found.filter(pl.col("item") == item).select("line", "quantity").rows()


@pytest.mark.rule("PLAN-4")
def test_what_rounding_leaves_goes_to_the_largest_remainder_ties_to_the_lowest_line() -> None:
    shop = Shop().item(1).row("variant 1", 1, per="0.000001").sell("1.4").sell("1.4").sell("1.2")
    assert pegs(shop, 1) == [(1, 2), (2, 1), (3, 1)]


@pytest.mark.rule("PLAN-4")
def test_stock_of_a_made_item_serves_the_earliest_demand_and_the_rest_pegs_down() -> None:
    shop = (
        Shop()
        .item(1, "make")
        .item(2)
        .row("variant 1", 1)
        .row("item 1", 2, per=2)
        .stock(1, 5)
        .sell(4, on=8)
        .sell(4, on=8)
    )
    assert pegs(shop, 1) == [(1, units(4)), (2, units(4))]
    assert pegs(shop, 2) == [(2, units(6))]


@pytest.mark.rule("PLAN-4")
def test_what_refills_safety_stock_is_nobodys() -> None:
    shop = Shop().item(1, "make", safety_stock=3).item(2).row("variant 1", 1).row("item 1", 2).stock(1, 1).sell(4, on=0)
    assert pegs(shop, 2) == [(1, units(4)), (None, units(2))]
