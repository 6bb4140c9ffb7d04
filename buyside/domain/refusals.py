"""Foreseen answers of "no": each says what is wrong and what to do, and carries a code that tests assert."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from string import Formatter
from typing import Any, ClassVar


class Plain(Formatter):
    """Fills a template in with values as machines write them: numbers without trailing zeros, and without exponent while short."""

    longest = 30

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, Decimal) and not format_spec and self._is_short(value):
            return f"{value.normalize():f}"
        return str(super().format_field(value, format_spec))

    def _is_short(self, value: Decimal) -> bool:
        return value.is_finite() and abs(value.adjusted()) < self.longest


PLAIN = Plain()


class Refused(Exception):
    """A foreseen no. Nothing has been written when it reaches the caller.

    `code` is stable and machine-readable; `says` is a template filled from the keyword arguments; `field` names the
    form field that it stands at, or is empty for a notice about the whole. Quantities, amounts and days are given as values:
    they are written for whoever asked where that is known (`domain.telling`).
    """

    code: ClassVar[str] = "refused"
    says: ClassVar[str] = "This is not possible."
    field: str = ""

    def __init__(self, *, field: str | None = None, **details: Any) -> None:
        if field is not None:
            self.field = field
        self.details = details
        super().__init__(PLAIN.format(self.says, **details))


class SeveralRefused(Refused):
    """Several fields of a form are refused, each for a reason of its own, which is told at it."""

    code = "general.several"
    says = "{told}"

    def __init__(self, refusals: Sequence[Refused]) -> None:
        self.refusals = tuple(refusals)
        super().__init__(field=self.refusals[0].field, told=Sayings(self.refusals))


class Sayings(tuple[Refused, ...]):
    """What several refusals say, one after the other, with the values of each already as its reader writes them."""

    __slots__ = ()

    def __format__(self, format_spec: str) -> str:
        return " ".join(map(str, self))


def refuse_all(refusals: Sequence[Refused]) -> None:
    """Refuse what was found, if anything was: one thing as itself, several at once."""
    if len(refusals) > 1:
        raise SeveralRefused(refusals)
    if refusals:
        raise refusals[0]


class NotAllowed(Refused):
    code = "access.not-allowed"
    says = "Your roles do not include “{act}”. Ask an administrator if you need it."


class NotFound(Refused):
    """Also the answer for what exists but is out of reach, so that absence and reach look alike."""

    code = "access.not-found"
    says = "There is no such {kind}."


class WrongState(Refused):
    code = "lifecycle.wrong-state"
    says = "This {kind} is {state}; “{move}” needs it to be {needed}."


class Stale(Refused):
    code = "general.stale"
    says = "This {kind} changed since you opened it. The fresh version is shown now; look again and repeat your change."


class RequestReused(Refused):
    code = "general.request-reused"
    says = "This request was already used for something else. Reload the page and try again."


class NotPositive(Refused):
    code = "general.not-positive"
    says = "Enter a number above zero."


class OutOfRange(Refused):
    code = "general.out-of-range"
    says = "{what} must be {range}."


class NotANumber(Refused):
    code = "general.not-a-number"
    says = "{value} cannot be kept exactly: a number has at most 12 digits before the point and {decimals} after it."


class DateOutOfReach(Refused):
    code = "general.date-out-of-reach"
    says = "{day} cannot be meant: dates lie between {first} and {last}."


class TooLarge(Refused):
    code = "general.too-large"
    says = "The numbers entered multiply to more than can be kept. Nothing was saved."


class ReasonMissing(Refused):
    code, field = "general.reason-missing", "reason"
    says = "Say why."


class Unreadable(Refused):
    """Input that is not of the form asked for. Raised by the readers of forms and files, before any operation."""

    code = "general.unreadable"
    says = "“{value}” is not {wanted}."
