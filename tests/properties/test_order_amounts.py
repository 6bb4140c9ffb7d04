"""The arithmetic of the paper, against what it says (PO-4): exact, no cent lost, the foot the sum of the lines."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buyside.domain.money import rounded, rounded_up, spread
from buyside.domain.orders import LineTerms, price_order, price_plain, receivable

digits = st.integers(0, 4)
amounts = st.decimals("0", "99999999", places=4)
quantities = st.decimals("0.000001", "999999", places=6)
lines = st.lists(
    st.builds(
        LineTerms,
        quantity=quantities,
        unit_price=st.decimals("0", "99999", places=6),
        discount_percent=st.decimals("0", "100", places=4),
        discount_amount=st.just(Decimal(0)),
        tax_percent=st.decimals("0", "100", places=4),
    ),
    max_size=8,
)


def half_up(value: Fraction, places: int) -> Fraction:
    """Rounding by whole numbers alone: the slow, obvious version."""
    scaled = abs(value) * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Fraction(whole if value >= 0 else -whole, 10**places)


@pytest.mark.rule("PO-4")
@given(lines=lines, share=st.decimals("0", "1", places=4), shipping=amounts, digits=digits)
def test_every_line_and_the_foot_are_exact(
    lines: list[LineTerms], share: Decimal, shipping: Decimal, digits: int
) -> None:
    value = sum((each.subtotal - each.discount for each in price_order(lines, digits=digits).lines), Decimal(0))
    discount = rounded(value * share, digits)
    priced = price_order(lines, header_discount=discount, shipping=shipping, digits=digits)
    for line, each in zip(lines, priced.lines, strict=True):
        subtotal = half_up(Fraction(line.quantity) * Fraction(line.unit_price), digits)
        assert Fraction(each.subtotal) == subtotal
        assert Fraction(each.discount) == half_up(subtotal * Fraction(line.discount_percent) / 100, digits)
        net = subtotal - Fraction(each.discount) - Fraction(each.header_discount)
        assert net >= 0
        assert Fraction(each.tax) == half_up(net * Fraction(line.tax_percent) / 100, digits)
        assert Fraction(each.total) == net + Fraction(each.tax)
    assert priced.total == sum((each.total for each in priced.lines), Decimal(0)) + rounded(shipping, digits)
    assert priced.subtotal - priced.discount + priced.tax + priced.shipping == priced.total
    if lines:
        assert sum((each.header_discount for each in priced.lines), Decimal(0)) == discount


@pytest.mark.rule("PO-4")
@given(terms=st.lists(st.builds(LineTerms, quantity=quantities, unit_price=amounts), max_size=8), digits=digits)
def test_lines_without_discount_and_tax_come_to_the_same_when_priced_at_once(
    terms: list[LineTerms], digits: int
) -> None:
    totals, foot = price_plain([each.quantity for each in terms], [each.unit_price for each in terms], digits=digits)
    slow = price_order(terms, digits=digits)
    assert (
        list(map(str, totals))
        == [str(each.subtotal) for each in slow.lines]
        == [str(each.total) for each in slow.lines]
    )
    assert not any((each.discount, each.header_discount, each.tax) != (0, 0, 0) for each in slow.lines)
    assert str(replace(foot, lines=())) == str(replace(slow, lines=()))


@pytest.mark.rule("PO-4")
@given(
    total=st.decimals("-99999999", "99999999", places=4),
    weights=st.lists(amounts, min_size=1, max_size=12),
    digits=digits,
)
def test_what_is_spread_adds_up_and_stays_within_a_step_of_its_part(
    total: Decimal, weights: list[Decimal], digits: int
) -> None:
    total = rounded(total, digits)
    shares = spread(total, weights, digits)
    assert sum(shares, Decimal(0)) == total
    step, whole = Fraction(1, 10**digits), sum(map(Fraction, weights))
    for share, weight in zip(shares, weights, strict=True):
        part = Fraction(total) * (Fraction(weight) / whole if whole else Fraction(1, len(weights)))
        assert abs(Fraction(share) - part) < step
        assert share == rounded(share, digits)


@given(quantity=quantities, digits=st.integers(0, 6))
def test_what_is_ordered_is_never_less_than_what_is_needed(quantity: Decimal, digits: int) -> None:
    assert 0 <= rounded_up(quantity, digits) - quantity < Decimal(1).scaleb(-digits)


@pytest.mark.rule("STK-2")
@given(quantity=quantities, tolerance=st.decimals("0", "100", places=4))
def test_tolerance_is_rounded_down_and_never_below_what_was_ordered(quantity: Decimal, tolerance: Decimal) -> None:
    most = Fraction(receivable(quantity, tolerance))
    exact = Fraction(quantity) * (1 + Fraction(tolerance) / 100)
    assert quantity <= most <= exact
    assert exact - most < Fraction(1, 10**6)
