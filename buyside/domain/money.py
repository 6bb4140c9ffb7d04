"""Money and exact arithmetic on documents (PO-4): rounded half up to the currency's digits, no cent lost."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

ZERO = Decimal(0)


def rounded(amount: Decimal, digits: int) -> Decimal:
    """`amount` rounded half up to `digits` decimals."""
    return amount.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def rounded_up(quantity: Decimal, digits: int) -> Decimal:
    """`quantity` rounded up to `digits` decimals: what is ordered is never less than what is needed (ITM-7)."""
    return quantity.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_CEILING)


def spread(total: Decimal, weights: Sequence[Decimal], digits: int) -> list[Decimal]:
    """Share `total` out in proportion to `weights`, to `digits` decimals, adding up to `total` exactly.

    Largest remainder; the earlier position wins a tie. Weights of zero in sum share equally.
    """
    if not weights:
        return []
    whole = sum(weights, ZERO)
    parts = [weight / whole for weight in weights] if whole else [Decimal(1) / len(weights)] * len(weights)
    step = Decimal(1).scaleb(-digits)
    sign = -1 if total < 0 else 1
    exact = [abs(total) * part for part in parts]
    shares = [(each // step) * step for each in exact]
    missing = int((abs(total) - sum(shares, ZERO)) / step)
    by_remainder = sorted(range(len(exact)), key=lambda position: (shares[position] - exact[position], position))
    for position in by_remainder[:missing]:
        shares[position] += step
    return [sign * share for share in shares]
