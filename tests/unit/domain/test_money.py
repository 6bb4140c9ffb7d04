"""Exact money: half up, no cent lost."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from buyside.domain.money import rounded, rounded_up, spread
from buyside.domain.orders import LineTerms, price_order

amounts = some.decimals(min_value=0, max_value=1_000_000, places=2)


@pytest.mark.rule("PO-4")
@pytest.mark.parametrize(
    ("exact", "shown"), [("0.125", "0.13"), ("0.124999", "0.12"), ("-0.125", "-0.13"), ("2.5", "2.50")]
)
def test_money_is_rounded_half_up(exact, shown):
    assert rounded(Decimal(exact), 2) == Decimal(shown)


@pytest.mark.rule("ITM-7")
def test_what_is_ordered_is_rounded_up_to_the_units_digits():
    assert rounded_up(Decimal("3.001"), 0) == 4
    assert rounded_up(Decimal("3.000"), 0) == 3


@pytest.mark.rule("PO-4")
@given(total=amounts, weights=some.lists(amounts, min_size=1, max_size=12))
def test_a_spread_discount_adds_up_to_itself_and_follows_the_weights(total, weights):
    shares = spread(total, weights, 2)
    assert sum(shares) == total
    whole = sum(weights)
    for share, weight in zip(shares, weights, strict=True):
        exact = total * weight / whole if whole else total / len(weights)
        assert abs(share - exact) < Decimal("0.01") + Decimal("0.000001")


@pytest.mark.rule("PO-4")
def test_a_worked_order_adds_up():
    order = price_order(
        [
            LineTerms(quantity=Decimal(3), unit_price=Decimal("19.995"), tax_percent=Decimal(19)),
            LineTerms(quantity=Decimal(10), unit_price=Decimal("4.10"), discount_percent=Decimal("12.5")),
        ],
        header_discount=Decimal("5.00"),
        shipping=Decimal("7.90"),
    )
    first, second = order.lines
    # 3 × 19.995 = 59.985 → 59.99; 41.00 − 5.13 (5.125 half up) = 35.87; 5.00 spread over 59.99 : 35.87 → 3.13 : 1.87
    assert (first.subtotal, first.header_discount, first.tax, first.total) == tuple(
        map(Decimal, ("59.99", "3.13", "10.80", "67.66"))
    )
    assert (second.subtotal, second.discount, second.header_discount, second.total) == tuple(
        map(Decimal, ("41.00", "5.13", "1.87", "34.00"))
    )
    assert (order.subtotal, order.discount, order.tax, order.total) == tuple(
        map(Decimal, ("100.99", "10.13", "10.80", "109.56"))
    )


terms = some.builds(
    LineTerms,
    quantity=some.decimals(min_value="0.001", max_value=10_000, places=3),
    unit_price=some.decimals(min_value=0, max_value=1_000, places=4),
    discount_percent=some.decimals(min_value=0, max_value=100, places=2),
    tax_percent=some.decimals(min_value=0, max_value=30, places=1),
)


@pytest.mark.rule("PO-4")
@given(
    lines=some.lists(terms, min_size=1, max_size=8),
    header_discount=amounts,
    shipping=amounts,
    digits=some.integers(0, 3),
)
def test_the_foot_is_the_sum_of_the_lines_always(lines, header_discount, shipping, digits):
    order = price_order(lines, header_discount=header_discount, shipping=shipping, digits=digits)
    assert order.total == sum(line.total for line in order.lines) + order.shipping
    assert order.total == order.subtotal - order.discount + order.tax + order.shipping
    assert sum(line.header_discount for line in order.lines) == rounded(header_discount, digits)
