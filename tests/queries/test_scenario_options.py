"""Options of a demand that nobody ordered: found among those of its product, and refused by name where it has them not (PLAN-15)."""

from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session

from buyside.db.structure import Variant
from buyside.domain.access import Actor, Role
from buyside.domain.refusals import Refused
from buyside.domain.scenarios import ExtraDemand
from buyside.queries.scenario_options import option_choices
from buyside.queries.scenario_records import change_said
from tests.world import TODAY, World

BUYER = Actor(user_id=None, name="buyer", roles=frozenset({Role.BUYER}))


@pytest.fixture
def bike(session: Session) -> tuple[World, Variant]:
    """A bike in red and green, of two sizes; a boat in blue."""
    world = World(session)
    bike, boat = world.variant("Bike"), world.variant("Boat")
    for group, value in (("colour", "red"), ("colour", "green"), ("size", "L"), ("size", "XL")):
        world.option(bike.product_id, group, value)
    world.option(boat.product_id, "colour", "blue")
    return world, bike


def _extra(world: World, bike: Variant, options: str) -> ExtraDemand:
    said: dict[str, Any] = {
        "variant": bike.sku, "options": options, "warehouse": world.warehouse().code, "quantity": Decimal(1), "needed_on": TODAY,
    }  # fmt: skip
    made = change_said(world.session, "demand", "extra", said)
    assert isinstance(made, ExtraDemand)
    return made


@pytest.mark.rule("PLAN-15")
def test_only_values_that_the_product_offers_are_to_choose_from(session: Session, bike: tuple[World, Variant]) -> None:
    sku = bike[1].sku

    def found(text: str, variant: str = sku, limit: int = 20) -> list[str]:
        return [code for code, _ in option_choices(session, BUYER, variant=variant, text=text, limit=limit)]

    assert found("") == ["colour=green", "colour=red", "size=L", "size=XL"]
    assert found("red") == found("COLOUR RED") == ["colour=red"]
    assert found("size=x") == ["size=XL"]
    assert found("blue") == found("%") == found("", variant="nothing") == []
    assert found("", limit=1) == ["colour=green"]


@pytest.mark.rule("ITM-3")
def test_options_are_read_whatever_their_case_and_refused_by_name(
    session: Session, bike: tuple[World, Variant]
) -> None:
    world, row = bike
    names = dict.fromkeys(_extra(world, row, " Colour = RED , size=XL,").option_value_ids)
    assert len(names) == 2
    for options, code, says in (
        ("colour=red, colour=blue", "scenarios.not-offered", "does not offer colour=blue."),
        ("colour=pink", "scenarios.unknown-option", "no option colour=pink"),
        ("red", "scenarios.unknown-option", "no option red"),
    ):
        with pytest.raises(Refused) as refused:
            _extra(world, row, options)
        assert (refused.value.code, refused.value.field) == (code, "options")
        assert says in str(refused.value)
