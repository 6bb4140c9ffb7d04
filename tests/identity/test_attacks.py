"""Nobody gets in by any of these ways, and everybody who may still does."""

import pytest

from buyside.identity.cookies import cookie_name
from tests.identity.attacks import ATTACKS, MARKUP, Attack
from tests.identity.conftest import Desk, reference

TRIED = [(attack, surface) for attack in ATTACKS.values() for surface in attack.surfaces]
"""Each once in every run; what was tried inside is tried again on the portal at night: it is the same code on another login."""


def _marks(attack: Attack, surface: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.nightly] if surface == "portal" and "internal" in attack.surfaces else []


@pytest.mark.rule("ACC-8")
@pytest.mark.parametrize(
    ("attack", "surface"),
    [pytest.param(each, at, id=f"{at}: {each.name}", marks=_marks(each, at)) for each, at in TRIED],
)
def test_an_attack_is_refused_and_opens_no_session(
    attack: Attack, surface: str, request: pytest.FixtureRequest
) -> None:
    desk: Desk = request.getfixturevalue("desk" if surface == "internal" else "portal")
    answer = attack.run(desk)
    assert (reference(answer), answer.status_code, desk.opened()) == (attack.refusal, attack.status, 0)
    assert cookie_name() not in answer.cookies
    assert MARKUP not in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_the_list_of_attacks_is_long(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\n{len(ATTACKS)} attacks, {len(TRIED)} of them with the surface they are tried on")
    assert len(ATTACKS) >= 60


def test_the_same_desk_lets_honest_people_in(either: Desk) -> None:
    browser = either.browser()
    assert browser.sign_in(either.person).status_code == 303
    assert (either.opened(), browser.name()) == (1, either.person.subject)
