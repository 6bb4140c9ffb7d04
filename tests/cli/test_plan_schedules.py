"""`buyside plan schedule`: made, listed, paused, resumed, run when due (PLAN-6)."""

import json
from typing import Any

import pytest

from buyside.cli import main
from tests.conftest import Database


def buyside(*arguments: str) -> int:
    return main.run(["plan", "schedule", *arguments])


@pytest.mark.rule("PLAN-6")
def test_a_schedule_is_made_paused_and_resumed_at_the_command_line(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert buyside("list") == main.DONE
    assert "does not run by itself" in capsys.readouterr().out
    assert buyside("add", "Mornings", "--at", "06:00", "--days", "mon,fri", "--json") == main.DONE
    made: dict[str, Any] = json.loads(capsys.readouterr().out)
    number = str(made["schedule_id"])
    assert buyside("pause", number, "--because", "holidays") == main.DONE
    assert buyside("pause", number) == main.REFUSED
    capsys.readouterr()
    assert buyside("list", "--json") == main.DONE
    [row] = json.loads(capsys.readouterr().out)
    assert (row["name"], row["days"], row["next"], row["result"]) == ("Mornings", "mon, fri", None, "holidays")
    assert buyside("resume", number) == main.DONE
    assert "runs next at" in capsys.readouterr().out
    assert buyside("run-due", "--json") == main.DONE
    assert json.loads(capsys.readouterr().out) == []
    assert buyside("add", "Nights", "--at", "25:00") == main.REFUSED
    assert buyside("add", "Nights", "--at", "05:00", "--days", "someday") == main.WRONG_USAGE
    assert buyside("resume", "999") == main.REFUSED
