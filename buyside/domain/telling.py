"""Sentences with numbers in them, told to whoever reads: refusals, and what may be minded about a decision (INT-3).

Whoever says "no" knows the values and not the reader. So values travel as they are, and become texts where it is known who asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from buyside.domain.locales import QUANTITY_DIGITS, shown_date, shown_money, shown_number
from buyside.domain.refusals import PLAIN, Plain, Refused, SeveralRefused

_GROUPED = ","


@dataclass(frozen=True, slots=True)
class Amount:
    """So much of a currency, by its code."""

    value: Decimal
    currency: str

    def __str__(self) -> str:
        return PLAIN.format("{} {}", self.value, self.currency)


@dataclass(frozen=True, slots=True)
class Measure:
    """So much in a unit, by its code."""

    value: Decimal
    unit: str

    def __str__(self) -> str:
        return PLAIN.format("{} {}", self.value, self.unit)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence whose values are filled in for its reader; `says` is a template, as of a refusal."""

    says: str
    details: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return PLAIN.format(self.says, **self.details)

    def to(self, locale: str) -> str:
        """The sentence with its values as people of `locale` write them."""
        return _Writer(locale).format(self.says, **self.details)


def told_all(sentences: Sequence[Sentence], locale: str) -> tuple[str, ...]:
    """Several sentences for one reader."""
    return tuple(each.to(locale) for each in sentences)


def said(refusal: Refused, locale: str) -> str:
    """What a refusal says, with its amounts, quantities and days as people of `locale` write them."""
    return _Writer(locale).format(refusal.says, **refusal.details)


@contextmanager
def told_to(locale: str) -> Iterator[None]:
    """Whatever is refused in here is refused in the words of `said`."""
    try:
        yield
    except Refused as refusal:
        for each in refusal.refusals if isinstance(refusal, SeveralRefused) else ():
            each.args = (said(each, locale),)
        refusal.args = (said(refusal, locale),)
        raise


class _Writer(Plain):
    def __init__(self, locale: str) -> None:
        self._locale = locale

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, Sentence):
            return value.to(self._locale)
        if isinstance(value, Amount):
            return shown_money(value.value, value.currency, self._locale)
        if isinstance(value, Measure):
            return f"{self._number(value.value)} {value.unit}"
        if isinstance(value, Decimal) or (isinstance(value, int) and format_spec == _GROUPED):
            return self._number(Decimal(value))
        if isinstance(value, date) and not isinstance(value, datetime):
            return shown_date(value, self._locale)
        return super().format_field(value, format_spec)

    def _number(self, value: Decimal) -> str:
        """All of its digits; what could not be kept as a number stands there as it came."""
        if not self._is_short(value) or value != round(value, QUANTITY_DIGITS[1]):
            return super().format_field(value, "")
        return shown_number(value, self._locale)
