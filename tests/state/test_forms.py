"""What a form is refused is told all at once, each at its field."""

from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest
from sqlmodel import Session

from buyside.domain.access import Actor, Role
from buyside.domain.refusals import NotAllowed, NotANumber, NotPositive, Refused, SeveralRefused
from buyside.domain.telling import told_to
from buyside.state import base
from buyside.state.forms import Reading, maybe_whole, text, whole
from buyside.state.plan_schedules import SchedulesState
from tests.loops import in_a_loop

BUYER = Actor(user_id=None, name="buyer", roles=frozenset({Role.BUYER}), locale="de_DE")
Answer = TypeVar("Answer")


def refused_with(refusal: Refused, form: dict[str, str]) -> tuple[dict[str, str], int]:
    """What a handler's state says at its fields when something is refused, and how many events follow."""

    async def save(self: Any, form: dict[str, str]) -> None:
        raise refusal

    async def signed_in() -> int:
        base._login.set(SimpleNamespace(actor=BUYER))  # type: ignore[arg-type]
        return len(await base._telling(save)(state, form))

    state = SimpleNamespace(errors={"gone": "from the last time"})
    events = in_a_loop(signed_in())
    return state.errors, events


def test_every_refused_field_is_told_in_its_place_and_the_rest_as_a_notice() -> None:
    several = SeveralRefused(
        [NotPositive(field="quantity"), NotANumber(value="7x", decimals=2, field="price"), NotAllowed(act="plan.run")]
    )
    assert refused_with(several, {"quantity": "-1", "price": "7x", "name": ""}) == (
        {
            "quantity": "Enter a number above zero.",
            "price": "7x cannot be kept exactly: a number has at most 12 digits before the point and 2 after it.",
        },
        2,
    )
    assert refused_with(NotPositive(field="quantity"), {"quantity": "-1"})[0] == {
        "quantity": "Enter a number above zero."
    }
    assert refused_with(NotPositive(field="quantity"), {"price": "1"}) == ({}, 1)


def test_of_two_reasons_at_one_field_the_first_is_told() -> None:
    several = SeveralRefused([NotPositive(field="price"), NotANumber(value="7", decimals=2, field="price")])
    assert refused_with(several, {"price": "7"})[0] == {"price": "Enter a number above zero."}


@pytest.mark.rule("INT-3")
def test_each_of_several_refusals_is_told_in_the_readers_own_way() -> None:
    one = NotANumber(value=Decimal("1234.5"), decimals=2, field="price")
    with pytest.raises(SeveralRefused) as several, told_to("de_DE"):
        raise SeveralRefused([one, NotPositive(field="quantity")])
    assert str(one).startswith("1.234,5 cannot")
    assert str(several.value) == f"{one} Enter a number above zero."


def test_a_form_is_read_to_its_end_and_what_cannot_be_read_is_kept() -> None:
    reading = Reading({"name": " ", "days": "x", "count": "3"})
    assert [reading.take(text, "name", needed=True), reading.take(maybe_whole, "days"), reading.take(whole, "count")] == [
        None, None, 3,
    ]  # fmt: skip
    assert [(each.field, each.code) for each in reading.refused] == [
        ("name", "form.needed"),
        ("days", "general.unreadable"),
    ]


@pytest.mark.rule("PLAN-6")
def test_a_schedules_form_tells_what_cannot_be_read_together_with_what_is_not_there(session: Session) -> None:
    async def ask(query: Callable[..., Answer], /, **arguments: Any) -> Answer:
        return query(session, BUYER, **arguments)

    def told(**form: str) -> dict[str, str]:
        filled = {"name": "Mornings", "at_time": "06:00", "warehouse": "", "group": "", "horizon_days": ""} | form
        try:
            in_a_loop(SchedulesState._planned(SimpleNamespace(_ask=ask), filled))  # type: ignore[arg-type]
        except SeveralRefused as several:
            return {each.field: each.code for each in reversed(several.refusals)}
        except Refused as refusal:
            return {refusal.field: refusal.code}
        return {}

    assert told() == {}
    assert told(horizon_days="soon") == {"horizon_days": "general.unreadable"}
    assert told(name="", at_time="", warehouse="NOWHERE", group="NOTHING", horizon_days="soon") == {
        "name": "form.needed", "at_time": "form.needed", "warehouse": "schedules.unknown-scope",
        "group": "schedules.unknown-scope", "horizon_days": "general.unreadable",
    }  # fmt: skip
