"""Time-phased netting."""

import polars as pl
import pytest

from tests.unit.planning.shop import Shop, gross, shortage, units


@pytest.mark.rule("PLAN-5")
def test_shortage_is_what_earlier_shortages_have_not_supplied() -> None:
    shop = (
        Shop()
        .item(1, safety_stock=5)
        .row("variant 1", 1)
        .stock(1, 8)
        .sell(4, on=2)
        .sell(4, on=3)
        .arriving(1, 10, on=4)
        .sell(3, on=5)
    )
    results = shop.plan()
    assert shortage(results, 1) == {2: 1, 3: 4}
    assert results.requirements["projected"].to_list() == [units(4), units(0), units(10), units(7)]


@pytest.mark.rule("PLAN-5")
def test_overdue_supply_counts_as_today_and_is_flagged() -> None:
    results = Shop().item(1).row("variant 1", 1).arriving(1, 3, on=-9).arriving(1, 2, on=0).sell(5, on=0).plan()
    row = results.requirements.row(0, named=True)
    assert (row["scheduled_receipts"], row["overdue_receipts"], row["shortage"]) == (units(5), units(3), 0)


@pytest.mark.rule("PLAN-16")
def test_late_supply_never_causes_a_second_shortage_later() -> None:
    results = Shop().item(1).row("variant 1", 1).sell(5, on=3).arriving(1, 5, on=9).sell(2, on=12).plan()
    assert shortage(results, 1) == {3: 5}, "what comes too late still serves what comes later"


@pytest.mark.rule("PLAN-5")
def test_an_opening_balance_below_safety_stock_is_short_today() -> None:
    results = Shop().item(1, safety_stock=5).stock(1, -2).plan()
    assert results.requirements.select("gross", "projected", "shortage").rows() == [(0, units(-2), units(7))]


@pytest.mark.rule("PLAN-5")
def test_safety_stock_holds_where_an_item_is_kept() -> None:
    everywhere = (
        Shop((1, 2, 3)).item(1, safety_stock=5, warehouse=2).stock(1, 9, warehouse=1).item(2, safety_stock=5).plan()
    )
    assert everywhere.requirements.select("item", "warehouse", "shortage").rows() == [(1, 2, units(5))]
    assert shortage(Shop().item(1, safety_stock=5).plan(), 1) == {0: 5}, "the only warehouse keeps every item"


@pytest.mark.rule("PLAN-5")
def test_warehouses_never_help_each_other() -> None:
    results = Shop((1, 2)).item(1).row("variant 1", 1).stock(1, 100, warehouse=2).sell(4).plan()
    assert shortage(results, 1) == {10: 4}
    assert results.requirements.filter(pl.col("warehouse") == 2).is_empty()


@pytest.mark.rule("PLAN-5")
def test_a_made_item_keeps_its_safety_stock_too() -> None:
    shop = Shop().item(1, "make", safety_stock=4).item(2).row("variant 1", 1).row("item 1", 2).stock(1, 1).sell(10)
    results = shop.plan()
    assert shortage(results, 1) == {0: 3, 10: 10}
    assert gross(results, 2) == {0: 3, 10: 10}


@pytest.mark.rule("PLAN-5")
def test_safety_stock_holds_wherever_an_item_is_demanded_or_arrives_too() -> None:
    """Warehouse 2 has neither a stock row nor a default, and its first movement makes it a place that keeps the item."""
    asked = Shop((1, 2)).item(1, safety_stock=5, warehouse=1).row("variant 1", 1).stock(1, 9)
    demanded = asked.sell(4, on=3, warehouse=2).plan()
    assert demanded.requirements.filter(pl.col("warehouse") == 2).select("gross", "projected", "shortage").rows() == [
        (0, 0, units(5)),
        (units(4), units(-4), units(4)),
    ], "the as-of date refills, the day of the demand covers it"
    arriving = Shop((1, 2)).item(1, safety_stock=5, warehouse=1).stock(1, 9).arriving(1, 2, on=6, warehouse=2).plan()
    assert arriving.requirements.select("warehouse", "scheduled_receipts", "shortage").rows() == [
        (2, 0, units(5)),
        (2, units(2), 0),
    ]
    assert Shop((1, 2)).item(1, safety_stock=5).plan().requirements.is_empty(), "nobody says where it is kept"
