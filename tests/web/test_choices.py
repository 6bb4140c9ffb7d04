"""Codes to choose from while typing, through the gate and its door."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from buyside.config import settings
from buyside.domain.access import Role
from buyside.identity.cookies import cookie_name
from buyside.web import choices
from buyside.web.gate import Gate
from tests.logins import open_login
from tests.world import World

Asked = Callable[..., Any]


@pytest.fixture(scope="module")
def people(database: Any) -> dict[str, str]:
    """Cookies of a buyer and of somebody of sales, in a company with units, items and a vendor."""
    with World.open() as world:
        for code, name in (("kg", "Kilogram"), ("g", "Gram"), ("pcs", "Pieces")):
            world.unit(code).name = name
        for number in range(30):
            world.item(f"Bolt M{number}", code=f"BOLT-{number:02}")
        world.item("Old bolt", code="BOLT", is_active=False)
        world.vendor("Acme", code="100%_SURE")
        bike = world.variant("Bike")
        bike.sku = "BIKE"
        world.option(bike.product_id, "colour", "red")
        found = {}
        for role in (Role.BUYER, Role.SALES):
            user = world.user(role)
            assert user.user_id is not None
            found[role.value] = open_login(world.session, user_id=user.user_id)
        return found


@pytest.fixture(scope="module")
def ask(people: dict[str, str]) -> Asked:
    """Asks for choices as somebody."""
    client = TestClient(Gate(Starlette(routes=choices.routes())), base_url=settings().public_url)

    def asked(path: str, who: str = "buyer", **parameters: str) -> Any:
        cookies = {"Cookie": f"{cookie_name()}={people[who]}"} if who else {}
        return client.get(f"/api/choices/{path}", params=parameters, headers={"Accept": "application/json", **cookies})

    return asked


def test_choices_are_codes_with_their_names_and_the_code_itself_stands_first(ask: Asked) -> None:
    assert ask("units", text="g").json() == [["g", "Gram"], ["kg", "Kilogram"]]
    assert [code for code, _ in ask("units", text="").json()] == ["g", "kg", "pcs"]


def test_names_are_searched_too_and_what_is_retired_is_no_choice(ask: Asked) -> None:
    assert ask("items", text="m17").json() == [["BOLT-17", "Bolt M17"]]
    assert "BOLT" not in [code for code, _ in ask("items", text="bolt").json()]


def test_so_many_choices_come_as_were_asked_for_and_no_more_than_a_list_can_hold(ask: Asked) -> None:
    assert len(ask("items", text="bolt").json()) == 20
    assert len(ask("items", text="bolt", limit="3").json()) == 3
    assert len(ask("items", text="bolt", limit="999").json()) == 30
    assert ask("items", text="bolt", limit="-1").json()["code"] == "general.unreadable"
    assert ask("items", text="bolt", limit="9" * 40).status_code == 400


def test_what_means_something_in_a_pattern_is_a_text_like_any_other(ask: Asked) -> None:
    assert [code for code, _ in ask("vendors", text="100%_").json()] == ["100%_SURE"]
    assert ask("vendors", text="_").json() == [["100%_SURE", "Acme"]]
    assert ask("items", text="%").json() == []
    assert ask("items", text="\\").json() == []
    assert ask("items", text="\0' or 1=1 --").json() == []


def test_options_are_those_of_a_variants_product(ask: Asked) -> None:
    assert ask("variant-options", of="BIKE", text="red").json() == [["colour=red", ""]]
    assert ask("variant-options", text="red").json() == []
    assert ask("variant-options", "sales", of="BIKE", text="red").status_code in {403, 404}


@pytest.mark.rule("ACC-3")
def test_nobody_chooses_from_what_they_may_not_see(ask: Asked) -> None:
    for sheet in ("units", "items", "vendors"):
        refused = ask(sheet, "sales", text="a")
        assert (refused.status_code, refused.json()["code"]) == (403, "access.not-allowed")
    missing = ask("app_user", text="a")
    assert (missing.status_code, missing.json()["code"]) == (404, "access.not-found")
    assert ask("units", "", text="a").status_code == 401
