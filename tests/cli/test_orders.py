"""`buyside order` and `buyside stock`: the same operations as the screens, with exit statuses."""

import json

import pytest
from sqlmodel import select

from buyside.cli import main
from buyside.db.stock import Warehouse
from tests.conftest import Database
from tests.world import World

Out = pytest.CaptureFixture[str]


@pytest.fixture
def number(database: Database) -> str:
    """The number of a draft order of 10 packs of 100 bolts and 4 nuts, for a warehouse HALL."""
    with World.open() as world:
        world.organisation()
        hall = world.session.exec(select(Warehouse)).first() or world.warehouse("Hall", code="HALL")
        bolt, nut = world.item("Bolt"), world.item("Nut")
        acme = world.vendor("Acme").supplies(bolt, pack=100).supplies(nut)
        order, _ = world.order(acme, hall, (bolt, 10, 12), (nut, 4, "0.5"))
        return order.number


def run(capsys: Out, *arguments: str) -> tuple[int, str, str]:
    status = main.run(list(arguments))
    said = capsys.readouterr()
    return status, said.out, said.err


def test_an_order_is_issued_received_and_seen_in_stock(number: str, capsys: Out) -> None:
    code = "HALL"
    status, _, error = run(capsys, "order", "receive", number, "--warehouse", code)
    assert (status, "is draft" in error) == (main.REFUSED, True)
    status, said, _ = run(capsys, "order", "issue", number)
    assert (status, f"{number} is issued" in said) == (main.DONE, True)
    assert run(capsys, "order", "issue", number)[0] == main.REFUSED
    status, said, _ = run(capsys, "order", "receive", number, "--warehouse", code, "1=2.5", "2=1", "--json")
    assert (status, json.loads(said)["order_state"]) == (main.DONE, "partly_received")
    status, said, _ = run(capsys, "order", "receive", number, "--warehouse", code)
    assert (status, f"{number} is received" in said) == (main.DONE, True)
    status, said, _ = run(capsys, "stock", "balances", "--warehouse", code, "--json")
    assert [each["on_hand"] for each in json.loads(said)] == ["1000.000000", "4.000000"]
    assert run(capsys, "stock", "balances", "--as-of", "2020-01-01") == (main.DONE, "No stock.\n", "")


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (("issue", "nothing"), main.REFUSED, "no such purchase order"),
        (("receive", "NUMBER", "--warehouse", "nowhere"), main.REFUSED, "no such warehouse"),
        (("receive", "NUMBER", "--warehouse", "nowhere", "7=1"), main.REFUSED, "has no line 7. It has: 1, 2"),
        (("receive", "NUMBER", "--warehouse", "nowhere", "1=many"), main.WRONG_USAGE, "such as 1=2.5"),
        (("receive", "NUMBER", "--warehouse", "nowhere", "1=1", "1=2"), main.WRONG_USAGE, "stands there twice"),
        (("receive", "NUMBER", "--warehouse", "HALL", "1=NaN"), main.REFUSED, "NaN cannot be kept exactly"),
        (("receive", "NUMBER", "--warehouse", "HALL", "1=1e15"), main.REFUSED, "cannot be kept exactly"),
        (("receive", "NUMBER"), main.WRONG_USAGE, "--warehouse"),
    ],
)
def test_what_cannot_be_done_is_said(
    number: str, capsys: Out, arguments: tuple[str, ...], status: int, says: str
) -> None:
    ended, _, error = run(capsys, "order", *(number if each == "NUMBER" else each for each in arguments))
    assert ended == status
    assert says in " ".join(error.replace("│", " ").split())


def test_stock_of_an_unknown_warehouse_is_refused(number: str, capsys: Out) -> None:
    assert run(capsys, "stock", "balances", "--warehouse", "nowhere") == (
        main.REFUSED,
        "",
        "There is no such warehouse.\n",
    )
