"""What a rule of configuration must say, and which rules contradict each other (ITM-5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from buyside.domain.items import RuleBehaviour

_B = RuleBehaviour
ONE_RESULT = frozenset({_B.REPLACE.value, _B.SCALE.value})
"""Behaviours whose result depends on who comes last: of these, two at once are a question that nobody may guess."""


class Change(Protocol):
    """What a rule does to its component."""

    @property
    def behaviour(self) -> str: ...
    @property
    def component(self) -> Any: ...
    @property
    def priority(self) -> int: ...
    @property
    def result(self) -> tuple[Any, Any]:
        """What it makes of its component."""


def contradict(one: Change, other: Change) -> bool:
    """Whether two rules that hold at once want different things of one component, and no priority decides between them.

    One that removes goes before one that replaces or scales, and each that adds counts: those never contradict.
    """
    return (
        one.behaviour in ONE_RESULT
        and (one.behaviour, one.component, one.priority) == (other.behaviour, other.component, other.priority)
        and one.result != other.result
    )


@dataclass(frozen=True, slots=True)
class Wants:
    """Which cells a behaviour needs; those that it neither needs nor takes must be empty."""

    needed: tuple[str, ...]
    taken: tuple[str, ...] = ()
    why: str = ""


WANTS: Mapping[str, Wants] = {
    _B.ADD.value: Wants(("component", "quantity"), why="“add” puts a quantity of a component in"),
    _B.REMOVE.value: Wants(("component",), why="“remove” takes a component out, all of it"),
    _B.REPLACE.value: Wants(
        ("component", "replacement"), ("quantity",), why="“replace” puts another component in the place of one"
    ),
    _B.SCALE.value: Wants(("component", "quantity"), why="“scale” multiplies a component by a factor"),
    _B.NOTHING.value: Wants((), why="“nothing” says that no component is needed"),
}
"""By behaviour, over the columns component, replacement and quantity."""


def may_hold_together(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether a line can choose the options of both: none of their groups asks for two values."""
    return all(other.get(group, value) == value for group, value in one.items())


def split_choices(text: str) -> tuple[tuple[str, str], ...]:
    """The options of a list such as "Colour=Red;Seat=Leather", as (group, value)."""
    pairs = (each.partition("=") for each in text.split(";") if each.strip())
    return tuple((group.strip(), value.strip()) for group, _, value in pairs)
