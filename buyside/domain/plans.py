"""Words and states of planning runs and draft plans, and the rules of lots and prices that a decision follows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from math import lcm

from buyside.domain.lifecycle import Lifecycle
from buyside.domain.money import ZERO
from buyside.domain.telling import Sentence


class RunState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class PlanLineState(StrEnum):
    OPEN = "open"
    LEFT_OUT = "left_out"
    CONVERTED = "converted"


class RunOrigin(StrEnum):
    """What asked for a run."""

    PERSON = "person"
    SCHEDULE = "schedule"
    SCENARIO = "scenario"


SCOPE = ("warehouses", "groups", "horizon_days")
"""What limits a run, by its name in PlanningRun.scope; where none is given it looks at everything."""


class MessageKind(StrEnum):
    """What an action message asks to do: with the plan (order), or with an open order (PLAN-16)."""

    ORDER = "order"
    EXPEDITE = "expedite"
    DEFER = "defer"
    INCREASE = "increase"
    DECREASE = "decrease"
    CANCEL = "cancel"


class MessageState(StrEnum):
    """`gone`: its cause disappeared by itself; `done` and `dismissed` were said by somebody, the latter with a reason."""

    OPEN = "open"
    DONE = "done"
    DISMISSED = "dismissed"
    GONE = "gone"


class ChangeKind(StrEnum):
    """What a scenario changes in a copy of the inputs (PLAN-15)."""

    LEAD_TIME = "lead_time"
    DEMAND = "demand"
    STOCK = "stock"
    VENDOR = "vendor"
    VENDOR_POLICY = "vendor_policy"
    STOCK_POLICY = "stock_policy"
    SUPPLY = "supply"


class ScenarioDifference(StrEnum):
    """In what a scenario's orders of an item differ most from those of its base (PLAN-15)."""

    ADDED = "added"
    GONE = "gone"
    MORE = "more"
    LESS = "less"
    LATER = "later"
    SOONER = "sooner"
    OTHER_VENDOR = "other_vendor"
    DEARER = "dearer"
    CHEAPER = "cheaper"
    OTHER_DATES = "other_dates"


class ProblemKind(StrEnum):
    UNMAPPED = "unmapped"
    CONTRADICTION = "contradiction"
    UNCOVERED_OPTION = "uncovered_option"
    DEAD_END = "dead_end"


_S = PlanLineState
PLAN_LINE: Lifecycle[PlanLineState] = Lifecycle(
    "plan line",
    {
        "change": ({_S.OPEN}, _S.OPEN),
        "leave_out": ({_S.OPEN}, _S.LEFT_OUT),
        "take_back": ({_S.LEFT_OUT}, _S.OPEN),
        "convert": ({_S.OPEN}, _S.CONVERTED),
        "reopen": ({_S.CONVERTED}, _S.OPEN),
    },
)


MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class LotTerms:
    """How a vendor sells an item: minimum and multiple in the purchase unit, `factor` stock units in one of it.

    `digits` are the decimals of the purchase unit; a multiple of zero is none.
    """

    factor: Decimal
    digits: int
    minimum: Decimal = ZERO
    multiple: Decimal = ZERO


def lot_size(need: Decimal, terms: LotTerms) -> Decimal:
    """The order quantity, in the purchase unit, that covers `need` stock units (PLAN-8).

    Rounded up to the unit's digits, at least the minimum, up to the multiple.
    """
    steps_per_unit = 10**terms.digits
    step = MICRO // steps_per_unit
    multiple = _micro(terms.multiple)
    each = lcm(multiple, step) // step if multiple else 1
    steps = max(_up(_micro(need) * steps_per_unit, _micro(terms.factor)), _up(_micro(terms.minimum), step))
    return Decimal(_up(steps, each) * each).scaleb(-terms.digits)


def off_the_lot(quantity: Decimal, terms: LotTerms) -> Sentence | None:
    """What a vendor may mind about an order quantity; None where it fits."""
    if quantity < terms.minimum:
        return Sentence("Below the vendor's minimum of {minimum}.", {"minimum": terms.minimum})
    if terms.multiple and quantity % terms.multiple:
        return Sentence("Not a multiple of {multiple}, in which the vendor delivers.", {"multiple": terms.multiple})
    return None


@dataclass(frozen=True, slots=True)
class Price:
    """A price per purchase unit from a quantity on, on the days from `valid_from` to `valid_to`, both included."""

    from_quantity: Decimal
    unit_price: Decimal
    currency_code: str
    valid_from: date | None = None
    valid_to: date | None = None


def price_of(quantity: Decimal, prices: Iterable[Price], on: date) -> Price | None:
    """The highest break at or below the quantity that is valid on the order date (VEN-4); None where there is none."""
    reached = [
        each
        for each in prices
        if each.from_quantity <= quantity and (each.valid_from or on) <= on <= (each.valid_to or on)
    ]
    return max(reached, key=lambda each: each.from_quantity, default=None)


def _micro(quantity: Decimal) -> int:
    return int(quantity.scaleb(6).to_integral_value())


def _up(quantity: int, unit: int) -> int:
    return -(-quantity // unit)
