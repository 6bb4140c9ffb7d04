"""The planning board's rows over plain HTTP, through the gate and their door."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from buyside.config import settings
from buyside.domain.access import Role
from buyside.identity.cookies import cookie_name
from buyside.queries.plan_board import monday_of
from buyside.web import plan_board
from buyside.web.gate import Gate
from tests.logins import open_login
from tests.plan_world import a_draft
from tests.world import TODAY, World

Asked = Callable[..., Any]


@dataclass(frozen=True)
class Story:
    cookies: dict[str, str]
    run: str
    acme: str
    best: str
    bolt: str
    line: str


@pytest.fixture(scope="module")
def story(database: Any) -> Story:
    """Three bolts of Acme, the second one late; Best sells them too, in tens; Cold is on hold."""
    with World.open() as world:
        main, bolt = world.warehouse("Main"), world.item("Bolt", code="BOLT", planner="Ann", group="STEEL")
        acme = world.vendor("Acme", minimum_order_value=Decimal(100)).supplies(bolt, price="2", lead_days=5)
        best = world.vendor("Best").supplies(bolt, pack=10, price="15", lead_days=40)
        world.vendor("Cold", status="on_hold").supplies(bolt)
        draft = a_draft(world)
        first = draft.line(bolt, main, acme, 25, price=Decimal(2))
        draft.line(bolt, main, acme, 5, price=Decimal(2), needed_on=TODAY, drift="Demand +5")
        draft.line(bolt, main, None, 7)
        cookies = {}
        for role in (Role.BUYER, Role.MANAGER, Role.RECEIVER):
            user = world.user(role)
            assert user.user_id is not None
            cookies[role.value] = open_login(world.session, user_id=user.user_id)
        return Story(cookies, str(draft.run.id), str(acme.id), str(best.id), str(bolt.id), str(first.id))


@pytest.fixture(scope="module")
def ask(story: Story) -> Asked:
    """Asks the board as somebody."""
    client = TestClient(Gate(Starlette(routes=plan_board.routes())), base_url=settings().public_url)

    def asked(path: str, who: str = "buyer", **parameters: str) -> Any:
        cookies = {"Cookie": f"{cookie_name()}={story.cookies[who]}"} if who else {}
        headers = {"Accept": "application/json", **cookies}
        return client.get(f"/api/plan-board/{path}", params=parameters, headers=headers)

    return asked


def test_columns_come_with_counts_sums_what_vendors_ask_and_what_can_be_filtered(ask: Asked, story: Story) -> None:
    told = ask("columns", run=story.run).json()
    assert [(each["title"], each["lines"], each["late"], each["total"]) for each in told["columns"]] == [
        ("No vendor", 1, 0, "–"),
        ("Acme", 2, 1, "60.00 EUR"),
    ]
    assert told["columns"][1]["says"] == "40.00 EUR below minimum"
    assert told["choices"]["planners"] == [["Ann", "Ann"]]
    assert [each["lines"] for each in ask("columns", run=story.run, late="1").json()["columns"]] == [1]
    weeks = ask("columns", run=story.run, by="weeks").json()["columns"]
    assert weeks[0]["key"] == monday_of(TODAY).isoformat()
    assert weeks[0]["title"].startswith("Week ")


def test_cards_come_in_pages_and_say_everything_in_words(ask: Asked, story: Story) -> None:
    told = ask("cards", run=story.run, column=story.acme, limit="1").json()
    assert told["total"] == 2
    card = told["cards"][0]
    assert (card["item"], card["quantity"], card["value"], card["late"]) == ("BOLT", "5 pcs", "10.00 EUR", 5)
    assert card["drift"] == "Demand +5 pcs"
    rest = ask("cards", run=story.run, column=story.acme, start="1").json()["cards"]
    assert [each["line"] for each in rest] == [int(story.line)]


def test_a_lifted_card_is_told_where_it_could_go_and_why_not_elsewhere(ask: Asked, story: Story) -> None:
    told = ask("targets", line=story.line).json()
    by_title = {each["title"]: each for each in told["targets"]}
    assert set(by_title) == {"Acme", "Best", "Cold"}
    assert by_title["Cold"]["why_not"] == "Cold takes no new orders: on hold."
    there = by_title["Best"]
    assert (there["key"], there["quantity"], there["total"], there["change"]) == (
        story.best, "3 pcs", "45.00 EUR", "−5.00 EUR",
    )  # fmt: skip
    assert (there["late"], there["lateness"]) == (10, "10 days after the suggestion")
    assert told["otherwise"] == "does not sell BOLT."
    weeks = ask("targets", line=story.line, by="weeks").json()
    assert sum(each["is_here"] for each in weeks["targets"]) == 1


def test_the_place_of_a_card_is_its_column_and_how_many_stand_before_it(ask: Asked, story: Story) -> None:
    assert ask("place", line=story.line).json() == {"column": story.acme, "ahead": 1}
    assert ask("place", line=story.line, drifted="1").json() == {"column": story.acme, "ahead": None}


@pytest.mark.rule("ACC-3")
def test_only_those_who_may_see_plans_see_the_board(ask: Asked, story: Story) -> None:
    for path, parameters in (
        ("columns", {"run": story.run}),
        ("cards", {"run": story.run, "column": story.acme}),
        ("place", {"line": story.line}),
        ("targets", {"line": story.line}),
    ):
        assert ask(path, "manager", **parameters).status_code == 200
        assert ask(path, "receiver", **parameters).json()["code"] == "access.not-allowed"
        assert ask(path, "", **parameters).status_code == 401


@pytest.mark.parametrize(
    ("path", "parameters", "status"),
    [
        ("columns", {"run": "1; drop"}, 400),
        ("columns", {"run": "999999"}, 404),
        ("columns", {"by": "x", "run": "1"}, 400),
        ("cards", {"run": "1", "column": "'"}, 400),
        ("cards", {"run": "1", "column": "0", "limit": "9999"}, 400),
        ("cards", {"run": "1", "column": "2026-13-01", "by": "weeks"}, 400),
        ("targets", {"line": "999999"}, 404),
        ("place", {"line": "9" * 40}, 400),
        ("columns", {"run": "1", "text": "%_\\' or 1=1 --"}, 200),
    ],
)
def test_what_cannot_be_meant_is_refused(
    ask: Asked, story: Story, path: str, parameters: dict[str, str], status: int
) -> None:
    asked = {**parameters, "run": story.run} if parameters.get("run") == "1" else parameters
    assert ask(path, **asked).status_code == status
