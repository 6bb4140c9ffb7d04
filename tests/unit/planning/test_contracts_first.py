"""A contract with enough left goes first, and is drawn down in order of date over all items (PLAN-7)."""

from fractions import Fraction
from typing import Any

import polars as pl
import pytest

from tests.unit.planning.shop import Shop, day, units

pytestmark = pytest.mark.rule("PLAN-7")


def asked(*needs: tuple[int, int | str], **item: Any) -> Shop:
    """A shop that needs so much of item 1 on some days; vendor 1 is preferred, vendor 2 has the contracts."""
    shop = Shop().item(1, **item).row("variant 1", 1)
    for on, quantity in needs:
        shop.sell(quantity, on=on)
    return shop.vendor(1, 1, prices={0: 5}).vendor(2, 1, prices={0: 8, 100: 7}, preference=2)


def drawn(shop: Shop) -> list[tuple[int, int | None, int | None]]:
    """Per plan line its vendor, its contract and its price."""
    found = shop.plan().plan_lines.with_columns(pl.col("unit_price") // 10**6)
    return found.select("vendor", "contract", "unit_price").rows()


def test_a_contract_goes_before_the_vendor_that_would_be_chosen() -> None:
    shop = asked((10, 4)).contract(7, 2, 1, amount=100, price=6)
    assert drawn(shop) == [(2, 7, 6)]
    row = shop.plan().plan_lines.row(0, named=True)
    assert (row["reason"], row["contract_amount_left"], row["contract_quantity_left"]) == ("contract", units(76), None)
    assert row["currency"] == "EUR"


def test_needs_are_served_by_date_until_the_contract_does_not_suffice_and_smaller_ones_may_follow() -> None:
    shop = asked((10, 4), (20, 5), (30, 2)).contract(7, 2, 1, amount=40, price=6)
    assert drawn(shop) == [(2, 7, 6), (1, None, 5), (2, 7, 6)], "24 of 40, 30 is too much, 12 fits"


def test_a_quantity_is_drawn_as_an_amount_is() -> None:
    shop = asked((10, 4), (20, 4), (30, 2)).contract(7, 2, 1, quantity=6)
    assert drawn(shop) == [(2, 7, 8), (1, None, 5), (2, 7, 8)]
    left = shop.plan().plan_lines["contract_quantity_left"].to_list()
    assert left == [units(2), None, units(0)]


def test_the_whole_lot_must_fit_not_only_the_need() -> None:
    shop = asked((10, 4))
    shop.world.vendor_items[1]["minimum"] = Fraction(10)
    assert drawn(shop.contract(7, 2, 1, quantity=9)) == [(1, None, 5)]
    assert drawn(shop.contract(8, 2, 1, quantity=10)) == [(2, 8, 8)]


def test_the_earlier_need_of_another_item_draws_first() -> None:
    shop = Shop().item(1).item(2).row("variant 1", 1).row("variant 2", 2)
    shop.sell(5, on=20).sell(5, on=10, variant=2)
    for item in (1, 2):
        shop.vendor(1, item, prices={0: 5}).vendor(2, item, preference=2).contract(7, 2, item, price=6)
    shop.world.contract_balances.append({"contract": 7, "amount_left": Fraction(30)})
    lines = shop.plan().plan_lines.select("item", "vendor", "contract").rows()
    assert lines == [(1, 1, None), (2, 2, 7)]


def test_on_one_day_the_lower_item_draws_first_and_warehouses_follow() -> None:
    shop = Shop((5, 3)).item(2, warehouse=5, safety_stock=5).stock(2, 0, 3).stock(2, 0, 5)
    shop.vendor(2, 2).contract(7, 2, 2, quantity=5)
    lines = shop.plan().plan_lines.select("warehouse", "contract").rows()
    assert lines == [(3, 7), (5, None)]


def test_contracts_are_tried_in_the_rank_of_their_vendors_then_by_contract() -> None:
    shop = asked((10, 4)).contract(3, 2, 1, price=1).contract(9, 1, 1, price=4).contract(8, 1, 1, price=6)
    assert drawn(shop) == [(1, 8, 6)]
    assert drawn(shop.policy(1, "cheapest")) == [(1, 8, 6)], "by list price: the agreed one is what the contract brings"


@pytest.mark.parametrize(
    "terms",
    [
        {"is_usable": False},
        {"until": -1},
        {"since": 1},
        {"amount": 23},
        {"quantity": 3},
        {"currency": "USD", "price": None},
    ],
)
def test_a_contract_that_does_not_hold_or_suffice_is_passed_over(terms: dict[str, Any]) -> None:
    assert drawn(asked((10, 4)).contract(7, 2, 1, **({"price": 6} | terms))) == [(1, None, 5)]


def test_a_contract_of_a_vendor_that_cannot_be_ordered_from_is_passed_over() -> None:
    shop = asked((10, 4)).contract(7, 3, 1, price=6)
    assert drawn(shop) == [(1, None, 5)]
    assert drawn(shop.vendor(3, 1, preference=9, is_usable=False)) == [(1, None, 5)]


def test_a_group_may_say_that_contracts_do_not_go_first() -> None:
    shop = asked((10, 4)).contract(7, 2, 1, price=6)
    assert drawn(shop.policy(1, "preference", contracts_first=False)) == [(1, None, 5)]


def test_an_amount_needs_a_price_and_a_quantity_does_not() -> None:
    shop = asked((10, 4)).vendor(3, 1, preference=3)
    assert drawn(shop.contract(7, 3, 1, amount=1000)) == [(1, None, 5)], "nobody knows what it would draw"
    found = shop.contract(8, 3, 1, quantity=4).plan().plan_lines.row(0, named=True)
    assert (found["vendor"], found["contract"], found["unit_price"], found["currency"]) == (3, 8, None, "EUR")


def test_what_is_overdrawn_has_nothing_left_and_is_not_drawn_further() -> None:
    assert drawn(asked((10, 4)).contract(7, 2, 1, amount=-5, price=0, quantity=-3)) == [(1, None, 5)]


def test_an_agreed_price_takes_no_advice_and_a_list_price_only_as_far_as_the_contract_reaches() -> None:
    shop = asked((10, 95)).contract(7, 2, 1, price=8)
    assert shop.plan().plan_lines["saving"].to_list() == [None]
    listed = asked((10, 95)).contract(7, 2, 1, quantity=99)
    assert listed.plan().plan_lines["saving"].to_list() == [None]
    enough = asked((10, 95)).contract(7, 2, 1, quantity=100).plan().plan_lines.row(0, named=True)
    assert (enough["better_quantity"], enough["saving"]) == (units(100), units(60))


def test_amounts_of_many_decimals_are_rounded_once_per_line() -> None:
    shop = asked((10, "1.5"), unit_digits=6).contract(7, 2, 1, amount="0.000002", price="0.000001")
    shop.world.vendor_items[1]["unit_digits"] = 6
    row = shop.plan().plan_lines.row(0, named=True)
    assert (row["contract"], row["contract_amount_left"]) == (7, 0), "1.5 millionths are two"


def test_what_no_contract_can_be_worth_is_not_drawn_wrongly() -> None:
    shop = asked((10, 4_000_000)).contract(7, 2, 1, amount=4_000_000_000_000, price=4_000_000)
    assert drawn(shop) == [(1, None, 5)]
    assert drawn(asked((10, 1)).contract(7, 2, 1, amount=4_000_000_000_000, price=4_000_000)) == [(2, 7, 4_000_000)]


def test_a_contract_goes_before_shares_and_shares_serve_what_it_cannot() -> None:
    shop = asked((10, 4), (20, 4)).policy(1, "share").contract(7, 2, 1, quantity=4)
    for row in shop.world.vendor_items:
        row["share_percent"] = 50
    assert drawn(shop) == [(2, 7, 8), (1, None, 5), (2, None, 8)]


def test_a_period_of_needs_is_one_lot_of_the_contract() -> None:
    shop = asked((1, 4), (5, 4), lot_policy="period", period_days=7).contract(7, 2, 1, quantity=8)
    found = shop.plan().plan_lines.select("needed_on", "contract", "stock_quantity").rows()
    assert found == [(day(1), 7, units(8))]
