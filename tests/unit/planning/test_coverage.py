"""Finished goods cover first."""

from datetime import UTC, datetime

import pytest

from buyside.planning.run import PlanResults
from tests.unit.planning.shop import Shop, units


def covered(results: PlanResults) -> list[int]:
    return results.coverage["covered"].to_list()


@pytest.mark.rule("PLAN-2")
def test_the_earliest_needed_by_date_is_served_first_and_partly_if_it_must() -> None:
    shop = Shop().item(1).row("variant 1", 1).sell(4, on=9).sell(4, on=5).sell(4, on=7).finished(6)
    assert covered(shop.plan()) == [0, units(4), units(2)]


@pytest.mark.rule("PLAN-2")
def test_on_one_day_the_earlier_approval_goes_first_then_the_lower_line() -> None:
    same = datetime(2026, 1, 9, tzinfo=UTC)
    shop = Shop().item(1).row("variant 1", 1).sell(4, approved_at=same).sell(4, approved_at=same)
    shop.sell(4, approved_at=datetime(2026, 1, 1, tzinfo=UTC)).finished(6)
    assert covered(shop.plan()) == [units(2), 0, units(4)]


@pytest.mark.rule("PLAN-2")
def test_only_the_rest_explodes() -> None:
    results = Shop().item(1).row("variant 1", 1).sell("4.5").finished("1.25").plan()
    assert results.requirements["gross"].to_list() == [units("3.25")]
    assert results.coverage["exploded"].to_list() == [units("3.25")]


@pytest.mark.rule("PLAN-2")
def test_a_product_that_opts_out_and_negative_stock_cover_nothing() -> None:
    opted_out = Shop().item(1).row("variant 1", 1).sell(4).finished(9)
    opted_out.world.products[0]["covers_from_stock"] = False
    assert covered(opted_out.plan()) == [0]
    assert covered(Shop().item(1).row("variant 1", 1).sell(4).finished(-9).plan()) == [0]


@pytest.mark.rule("PLAN-2")
def test_stock_of_another_variant_or_warehouse_covers_nothing() -> None:
    shop = Shop((1, 2)).item(1).row("variant 1", 1).sell(4, warehouse=2).finished(9).finished(9, variant=2)
    assert covered(shop.plan()) == [0]
