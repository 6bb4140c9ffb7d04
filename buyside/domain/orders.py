"""Purchase orders: their states, their life, and the arithmetic of the paper (PO-4, PO-5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from enum import StrEnum

from buyside.domain.lifecycle import Lifecycle
from buyside.domain.money import ZERO, rounded, spread


class OrderState(StrEnum):
    DRAFT = "draft"
    IN_APPROVAL = "in_approval"
    APPROVED = "approved"
    ISSUED = "issued"
    PARTLY_CONFIRMED = "partly_confirmed"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    PARTLY_RECEIVED = "partly_received"
    RECEIVED = "received"
    CLOSED = "closed"
    CANCELLED = "cancelled"


_S = OrderState
AWAITING_GOODS = frozenset({_S.ISSUED, _S.PARTLY_CONFIRMED, _S.CONFIRMED, _S.PARTLY_RECEIVED})
"""States in which open quantities are supply for planning and may be received."""
BEFORE_ISSUE = frozenset({_S.DRAFT, _S.IN_APPROVAL, _S.APPROVED})
"""States of an order that the vendor has not got yet."""
ENDED = frozenset({_S.CLOSED, _S.CANCELLED})
_LEAST_QUANTITY = Decimal("0.000001")

ORDER: Lifecycle[OrderState] = Lifecycle(
    "purchase order",
    {
        "edit": ({_S.DRAFT}, _S.DRAFT),
        "issue": ({_S.DRAFT, _S.APPROVED}, _S.ISSUED),
        "receive_part": (AWAITING_GOODS, _S.PARTLY_RECEIVED),
        "receive_all": (AWAITING_GOODS, _S.RECEIVED),
        "void_part_of_receipts": ({_S.PARTLY_RECEIVED, _S.RECEIVED}, _S.PARTLY_RECEIVED),
        "void_all_receipts": ({_S.PARTLY_RECEIVED, _S.RECEIVED}, _S.ISSUED),
        "close": ({_S.RECEIVED}, _S.CLOSED),
        "close_short": ({_S.PARTLY_RECEIVED}, _S.CLOSED),
        "cancel": ({_S.DRAFT, _S.IN_APPROVAL, _S.APPROVED, _S.ISSUED, _S.REJECTED}, _S.CANCELLED),
    },
)


@dataclass(frozen=True, slots=True)
class LineTerms:
    """What the price of one line is made of: quantity in the ordered unit, price per that unit, percents 0-100."""

    quantity: Decimal
    unit_price: Decimal
    discount_percent: Decimal = ZERO
    discount_amount: Decimal = ZERO
    tax_percent: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class LineAmounts:
    """A line's money, each rounded to the currency's digits; `total` = subtotal - discount - share + tax."""

    subtotal: Decimal
    discount: Decimal
    header_discount: Decimal
    tax: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True)
class OrderAmounts:
    """The foot of an order: always the sum of its lines, plus the shipping costs."""

    lines: tuple[LineAmounts, ...]
    subtotal: Decimal
    discount: Decimal
    tax: Decimal
    shipping: Decimal
    total: Decimal


def receivable(quantity: Decimal, tolerance_percent: Decimal) -> Decimal:
    """The most that may ever be received of a line: what was ordered and its tolerance, rounded down to six decimals."""
    return (quantity * (1 + tolerance_percent / 100)).quantize(_LEAST_QUANTITY, rounding=ROUND_FLOOR)


def price_plain(
    quantities: Iterable[Decimal], unit_prices: Iterable[Decimal], *, digits: int = 2
) -> tuple[list[Decimal], OrderAmounts]:
    """What price_order says of lines without discount and tax: what each comes to, and the foot, which names no lines."""
    step, nothing = Decimal(1).scaleb(-digits), rounded(ZERO, digits)
    totals = [
        (quantity * price).quantize(step, rounding=ROUND_HALF_UP)
        for quantity, price in zip(quantities, unit_prices, strict=True)
    ]
    total = sum(totals, ZERO)
    none = nothing if totals else ZERO
    return totals, OrderAmounts((), total, none, none, nothing, total + nothing)


def price_order(
    lines: Sequence[LineTerms], *, header_discount: Decimal = ZERO, shipping: Decimal = ZERO, digits: int = 2
) -> OrderAmounts:
    """Price every line and the foot, exactly (PO-4).

    Subtotal is quantity times price rounded half up; a line's discount is its percent of that, rounded, plus its
    amount; the header discount is spread over the lines by their value; tax is per line on what is left.
    """
    subtotals = [rounded(line.quantity * line.unit_price, digits) for line in lines]
    discounts = [
        rounded(subtotal * line.discount_percent / 100, digits) + rounded(line.discount_amount, digits)
        for line, subtotal in zip(lines, subtotals, strict=True)
    ]
    after_discount = [subtotal - discount for subtotal, discount in zip(subtotals, discounts, strict=True)]
    shares = (
        spread(rounded(header_discount, digits), after_discount, digits) if header_discount else [ZERO] * len(lines)
    )
    amounts = []
    for line, subtotal, discount, share in zip(lines, subtotals, discounts, shares, strict=True):
        net = subtotal - discount - share
        tax = rounded(net * line.tax_percent / 100, digits)
        amounts.append(LineAmounts(subtotal, discount, share, tax, net + tax))
    shipping = rounded(shipping, digits)
    return OrderAmounts(
        lines=tuple(amounts),
        subtotal=sum((each.subtotal for each in amounts), ZERO),
        discount=sum((each.discount + each.header_discount for each in amounts), ZERO),
        tax=sum((each.tax for each in amounts), ZERO),
        shipping=shipping,
        total=sum((each.total for each in amounts), ZERO) + shipping,
    )
