"""The requirements board over plain HTTP, through the gate and its door."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from buyside.config import settings
from buyside.domain.access import OPERATOR, Role
from buyside.identity.cookies import cookie_name
from buyside.operations.plans import run_plan, start_run
from buyside.operations.run import perform
from buyside.web import requirement_board
from buyside.web.gate import Gate
from tests.logins import open_login
from tests.world import NOW, TODAY, World

Asked = Callable[..., Any]


@pytest.fixture(scope="module")
def people(database: Any) -> dict[str, str]:
    """Cookies of a buyer, of a receiver and of a manager, in a company with a plan: one bolt is short by a third of one."""
    with World.open() as world:
        main, bolt, bike = world.warehouse(), world.item("Bolt", safety_stock=Decimal(2)), world.variant("Bike")
        world.bom(bike, bolt, "1.3333335")
        world.stock(main, bolt, 3)
        world.sales_order(main, (bike, 1, TODAY + timedelta(days=9)), (bike, 1, TODAY - timedelta(days=4)))
        found = {}
        for role in (Role.BUYER, Role.RECEIVER):
            user = world.user(role)
            assert user.user_id is not None
            found[role.value] = open_login(world.session, user_id=user.user_id)
    started = perform(start_run, OPERATOR, as_of=TODAY, at=NOW)
    perform(run_plan, OPERATOR, run_id=started.run_id)
    return found | {"run": str(started.run_id)}


@pytest.fixture(scope="module")
def ask(people: dict[str, str]) -> Asked:
    """Asks for the board as somebody."""
    client = TestClient(Gate(Starlette(routes=requirement_board.routes())), base_url=settings().public_url)

    def asked(path: str = "", who: str = "buyer", **parameters: str) -> Any:
        cookies = {"Cookie": f"{cookie_name()}={people[who]}"} if who else {}
        given = {"run": people["run"], **parameters}
        headers = {"Accept": "application/json", **cookies}
        return client.get(f"/api/requirements{path}", params=given, headers=headers)

    return asked


def test_rows_are_texts_of_the_reader_and_say_in_words_what_is_wrong(ask: Asked) -> None:
    answer = ask(by="day").json()
    (row,) = answer["rows"]
    assert (answer["total"], answer["total_text"], answer["after"], answer["is_first"]) == (1, "1", "", True)
    assert (row["on_hand"], row["safety"], row["gross"], row["shortage"]) == ("3", "2", "2.667", "1.667")
    today, later = row["cells"]
    assert (today["c"], today["projected"], today["projected_mark"]) == (0, "1.667", "low")
    assert (later["c"], later["projected"], later["projected_stays"]) == (9, "0.333", "low")
    assert answer["columns"][0]["head"] == "Today"
    assert answer["columns"][9]["says"].endswith("2026")


def test_choices_places_and_files_are_answered_beside_it(ask: Asked, people: dict[str, str]) -> None:
    assert len(ask("/choices").json()["places"]) == 1
    key = ask().json()["rows"][0]["id"].split("-")
    assert ask("/place", item_id=key[0], warehouse_id=key[1]).json() == {"place": 0}
    assert ask("/place", item_id="1", warehouse_id="987654321").json() == {"place": None}
    file = ask(".csv", measure="gross")
    assert file.headers["content-type"].startswith("text/csv")
    assert "2.666668" in file.text


@pytest.mark.parametrize(
    "parameters",
    [
        {"by": "year"}, {"from": "tomorrow"}, {"view": "none"}, {"sort": "'; drop table item; --"}, {"start": "-1"},
        {"limit": "201"}, {"limit": "x"}, {"after": "[1]"}, {"after": '["x", 1, 2]'}, {"run": "1.5"},
    ],
)  # fmt: skip
def test_what_means_nothing_is_refused(ask: Asked, parameters: dict[str, str]) -> None:
    answer = ask(**parameters)
    assert (answer.status_code, answer.json()["code"]) == (400, "general.unreadable")


@pytest.mark.rule("ACC-3")
def test_the_board_is_shown_to_those_who_may_see_plans(ask: Asked) -> None:
    for path in ("", "/choices", "/place"):
        assert ask(path, who="receiver").json()["code"] == "access.not-allowed"
        assert ask(path, who="").status_code == 401
    assert ask(run="987654321").json()["code"] == "access.not-found"
