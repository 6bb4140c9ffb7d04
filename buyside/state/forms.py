"""Readers of what a form sent: text in, exact values out, or a sentence at the field (Unreadable)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from buyside.domain.locales import read_date, read_number
from buyside.domain.refusals import Refused, Unreadable
from buyside.state.base import me

Answer = TypeVar("Answer")

_LONGEST_TEXT = 4000
_LONGEST_KEY = 18


class Needed(Refused):
    code = "form.needed"
    says = "This is needed."


def text(form: Mapping[str, Any], name: str, *, needed: bool = False) -> str:
    """A text without outer blanks. Refuses: Needed, Unreadable (far too long, or with a null character)."""
    value = str(form.get(name) or "").strip()
    if needed and not value:
        raise Needed(field=name)
    if len(value) > _LONGEST_TEXT or "\0" in value:
        raise Unreadable(value=value[:20] + "…", wanted=f"a text of at most {_LONGEST_TEXT} characters", field=name)
    return value


def decimal(form: Mapping[str, Any], name: str) -> Decimal:
    """A number as the person's locale writes it. Refuses: Needed, Unreadable."""
    return read_number(text(form, name, needed=True), me().locale, field=name)


def maybe_decimal(form: Mapping[str, Any], name: str) -> Decimal | None:
    """The same, or None where the field was left empty. Refuses: Unreadable."""
    return decimal(form, name) if text(form, name) else None


def whole(form: Mapping[str, Any], name: str) -> int:
    """A whole number, such as the id behind a choice. Refuses: Needed, Unreadable."""
    value = text(form, name, needed=True)
    if not value.lstrip("-").isdecimal() or len(value) > 18:
        raise Unreadable(value=value[:20], wanted="a whole number", field=name)
    return int(value)


def maybe_whole(form: Mapping[str, Any], name: str) -> int | None:
    """The same, or None where the field was left empty. Refuses: Unreadable."""
    return whole(form, name) if text(form, name) else None


def day(form: Mapping[str, Any], name: str) -> date:
    """A date. Refuses: Needed, Unreadable."""
    return read_date(text(form, name, needed=True), me().locale, field=name)


def maybe_day(form: Mapping[str, Any], name: str) -> date | None:
    """The same, or None where the field was left empty. Refuses: Unreadable."""
    return day(form, name) if text(form, name) else None


class Reading:
    """Reads the fields of a form and keeps what is refused of them, so that all of it is told at once."""

    def __init__(self, form: Mapping[str, Any]) -> None:
        self._form = form
        self.refused: list[Refused] = []

    def take(self, read: Callable[..., Answer], name: str, **more: Any) -> Answer | None:
        """A field, read by one of the functions of this module; None where that refuses it."""
        try:
            return read(self._form, name, **more)
        except Refused as refusal:
            self.refused.append(refusal)
            return None


def key(text: str) -> int:
    """The id that stands in an address or a row's key; 0, which no row has, where none does."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_KEY else 0


def flag(form: Mapping[str, Any], name: str) -> bool:
    """Whether a box was ticked: browsers send nothing for one that was not."""
    return form.get(name) in {"on", "true", True}
