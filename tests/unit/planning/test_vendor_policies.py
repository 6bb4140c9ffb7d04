"""Whose vendor goes first by the policy of an item's group, and how needs are shared (PLAN-7)."""

from fractions import Fraction
from typing import Any

import pytest

from buyside.planning.frames import Misfit
from tests.unit.planning.shop import Shop, day, units

pytestmark = pytest.mark.rule("PLAN-7")


def asked(quantity: int | str = 10, policy: str = "preference", on: int = 30) -> Shop:
    """A shop that needs so much of item 1."""
    return Shop().item(1).row("variant 1", 1).sell(quantity, on=on).policy(1, policy).rate("EUR", 1)


def decided(shop: Shop) -> tuple[int, str]:
    row = shop.plan().plan_lines.row(0, named=True)
    return row["vendor"], row["reason"]


SLOW_CHEAP: dict[str, Any] = {"prices": {0: 4}, "lead_days": 20, "preference": 2}
QUICK_DEAR: dict[str, Any] = {"prices": {0: 9}, "lead_days": 2, "preference": 3}
PREFERRED: dict[str, Any] = {"prices": {0: 6}, "lead_days": 9, "preference": 1}


@pytest.mark.parametrize(
    ("policy", "vendor", "reason"),
    [("cheapest", 1, "lowest_price"), ("fastest", 2, "shortest_time"), ("preference", 3, "preferred")],
)
def test_each_policy_has_its_own_first_vendor(policy: str, vendor: int, reason: str) -> None:
    shop = asked(policy=policy).vendor(1, 1, **SLOW_CHEAP).vendor(2, 1, **QUICK_DEAR).vendor(3, 1, **PREFERRED)
    assert decided(shop) == (vendor, reason)


@pytest.mark.parametrize(
    ("policy", "one", "two", "vendor", "reason"),
    [
        ("cheapest", {"prices": {0: 4}, "lead_days": 9}, {"prices": {0: 4}, "lead_days": 3}, 2, "lowest_price_fastest"),
        ("cheapest", {"prices": {0: 4}, "preference": 2}, {"prices": {0: 4}}, 2, "lowest_price_preferred"),
        ("cheapest", {"prices": {0: 4}}, {"prices": {0: 4}}, 1, "first"),
        ("cheapest", {"lead_days": 9}, {"lead_days": 3}, 2, "no_price_fastest"),
        ("cheapest", {"preference": 2}, {}, 2, "no_price_preferred"),
        ("cheapest", {"lead_days": 1}, {"prices": {0: 99}, "lead_days": 9}, 2, "priced"),
        ("fastest", {"preference": 2}, {}, 2, "shortest_time_preferred"),
        ("fastest", {"prices": {0: 4}}, {"prices": {0: 3}}, 2, "shortest_time_cheapest"),
        ("fastest", {}, {"prices": {0: 3}}, 2, "priced"),
        ("share", {"preference": 2}, {}, 2, "preferred"),
    ],
)
def test_equals_are_told_apart_by_what_comes_next(
    policy: str, one: dict[str, Any], two: dict[str, Any], vendor: int, reason: str
) -> None:
    assert decided(asked(policy=policy).vendor(1, 1, **one).vendor(2, 1, **two)) == (vendor, reason)


def test_the_cheapest_is_found_per_stock_unit_of_the_smallest_order() -> None:
    shop = asked(policy="cheapest").vendor(1, 1, prices={0: 3, 100: 1})
    shop.vendor(2, 1, prices={0: 28, 50: 20}, unit_factor=10, minimum=5).vendor(3, 1, prices={0: 40}, unit_factor=20)
    assert decided(shop) == (3, "lowest_price"), "3 each, 2.8 each below the break, 2 each"


@pytest.mark.parametrize(("rate", "vendor"), [("0.5", 2), ("0.75", 1), ("0.9", 1)])
def test_prices_in_other_currencies_compare_by_the_rate_of_the_day(rate: str, vendor: int) -> None:
    shop = asked(policy="cheapest").rate("USD", "0.01", since=-90).rate("USD", rate, since=0).rate("USD", 9, since=1)
    shop.vendor(1, 1, prices={0: "0.75"}).vendor(2, 1, prices={0: 1}, currency="USD")
    found = decided(shop)
    assert found == (vendor, "first" if rate == "0.75" else "lowest_price")


def test_prices_that_a_rounded_number_cannot_tell_apart_are_compared_exactly() -> None:
    dear, cheap = "8999999999.999999", "8999999999.999998"
    shop = (
        asked(policy="cheapest")
        .vendor(1, 1, prices={0: dear}, unit_factor=7)
        .vendor(2, 1, prices={0: cheap}, unit_factor=7)
    )
    assert decided(shop) == (2, "lowest_price")
    assert decided(shop.vendor(3, 1, prices={0: cheap}, unit_factor=7)) == (2, "first")


def test_hundreds_of_vendors_of_one_item_are_ranked_as_few_are() -> None:
    shop = asked()
    for vendor in range(1, 260):
        shop.vendor(vendor, 1, prices={0: 5 + vendor % 7}, preference=1 + vendor % 3, lead_days=9 - vendor % 5)
    # preference 1: vendors divisible by 3; least lead time, 5: by 5 remainder 4; then the price: by 7 without remainder
    assert decided(shop) == (84, "first")


def test_without_a_rate_a_price_stands_behind_those_that_compare_and_before_none_at_all() -> None:
    shop = asked(policy="cheapest").vendor(1, 1).vendor(2, 1, prices={0: 1}, currency="USD")
    assert decided(shop) == (2, "priced")
    assert decided(shop.vendor(3, 1, prices={0: 99})) == (3, "priced")
    two = (
        asked(policy="cheapest").vendor(1, 1, prices={0: 9}, currency="USD").vendor(2, 1, prices={0: 1}, currency="CHF")
    )
    assert decided(two) == (2, "no_rate"), "by currency, and told that nothing else could tell them apart"


def test_prices_without_a_rate_still_compare_within_their_currency() -> None:
    shop = (
        asked(policy="cheapest").vendor(1, 1, prices={0: 9}, currency="USD").vendor(2, 1, prices={0: 8}, currency="USD")
    )
    assert decided(shop) == (2, "lowest_price")


def parts(shop: Shop) -> list[tuple[int, Fraction, Fraction]]:
    rows = shop.plan().plan_lines
    assert rows["part"].to_list() == list(range(1, rows.height + 1))
    return [
        (vendor, Fraction(need, 10**6), Fraction(brings, 10**6))
        for vendor, need, brings in rows.select("vendor", "shortage", "stock_quantity").iter_rows()
    ]


def test_a_need_is_divided_by_share_in_the_order_of_preference() -> None:
    shop = asked(100, "share").vendor(1, 1, share_percent=60).vendor(2, 1, share_percent=40, preference=0)
    assert parts(shop) == [(2, 40, 40), (1, 60, 60)]
    row = shop.plan().plan_lines.row(0, named=True)
    assert (row["reason"], row["split_need"], row["share_percent"]) == ("share", units(100), 400_000)


def test_shares_need_not_add_up_to_a_hundred_and_the_last_takes_the_rest() -> None:
    shop = asked(100, "share")
    for vendor in (1, 2, 3):
        shop.vendor(vendor, 1, share_percent=20, unit_digits=6)
    third = Fraction(33_333_333, 10**6)
    assert parts(shop) == [(1, third, third), (2, third, third), (3, 100 - 2 * third, 100 - 2 * third)]


def test_what_a_lot_brings_beyond_its_part_lowers_what_the_next_ones_get() -> None:
    shop = asked(100, "share").vendor(1, 1, share_percent=50, multiple=40).vendor(2, 1, share_percent=50)
    assert parts(shop) == [(1, 50, 80), (2, 20, 20)]
    whole = asked(100, "share").vendor(1, 1, share_percent=50, minimum=200).vendor(2, 1, share_percent=50)
    assert parts(whole) == [(1, 50, 200)], "nothing is left for the second"


def test_vendors_without_a_share_get_nothing_while_another_has_one() -> None:
    shop = asked(100, "share").vendor(1, 1).vendor(2, 1, share_percent=10, preference=5)
    assert parts(shop) == [(2, 100, 100)]


def test_a_group_without_shares_follows_preference_and_shares_mean_nothing_to_other_groups() -> None:
    assert decided(asked(policy="share").vendor(1, 1).vendor(2, 1, preference=0)) == (2, "preferred")
    assert decided(asked().vendor(1, 1, share_percent=10).vendor(2, 1, preference=0)) == (2, "preferred")


def test_what_parts_bring_too_much_carries_forward() -> None:
    shop = asked(10, "share", on=5).sell(10, on=9)
    shop.vendor(1, 1, share_percent=50, multiple=4).vendor(2, 1, share_percent=50, multiple=4)
    lines = shop.plan().plan_lines.select("needed_on", "vendor", "shortage", "stock_quantity").rows()
    assert lines == [
        (day(5), 1, units(5), units(8)), (day(5), 2, units(2), units(4)),
        (day(9), 1, units(4), units(4)), (day(9), 2, units(4), units(4)),
    ]  # fmt: skip


def test_an_unknown_policy_is_our_mistake() -> None:
    with pytest.raises(Misfit):
        asked(policy="dearest").vendor(1, 1).plan()
