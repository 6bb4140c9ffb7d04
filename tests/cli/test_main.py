"""What the exit status tells, and what is said."""

import json
import subprocess
import sys
from decimal import Decimal

import pytest
import typer

from buyside.cli import main, output
from buyside.config import ROOT, settings
from buyside.domain.refusals import NotFound


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    """A command line whose commands end badly."""
    app = typer.Typer()

    @app.command()
    def refuse() -> None:
        raise NotFound(kind="vendor")

    @app.command()
    def err() -> None:
        raise RuntimeError("a bolt is loose")

    monkeypatch.setattr(main, "application", lambda: app)
    return app


def test_help_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["--help"]) == main.DONE
    assert "Usage" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["nothing"], ["db", "nothing"], ["db", "backup"], ["db", "check", "--nothing"]])
def test_wrong_usage_is_told_apart(words: list[str]) -> None:
    assert main.run(words) == main.WRONG_USAGE


def test_a_refusal_gives_its_reason(failing: typer.Typer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["refuse"]) == main.REFUSED
    assert capsys.readouterr().err == "There is no such vendor.\n"


def test_our_mistake_gives_a_reference_and_the_trace(failing: typer.Typer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["err"]) == main.OUR_MISTAKE
    said = capsys.readouterr().err
    assert "a bolt is loose" in said
    assert "Reference" in said


def test_a_wrong_setting_is_wrong_usage(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("BUYSIDE_PORT", "harbour")
    settings.cache_clear()
    try:
        assert main.run(["db", "upgrade"]) == main.WRONG_USAGE
    finally:
        monkeypatch.undo()
        settings.cache_clear()
    assert capsys.readouterr().err == "BUYSIDE_PORT is 'harbour', but must be a whole number from 1 to 65535.\n"


def test_the_package_runs_as_a_program() -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "buyside", "nothing"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert finished.returncode == main.WRONG_USAGE
    assert "No such command" in finished.stderr


def test_numbers_leave_as_json_without_losing_digits(capsys: pytest.CaptureFixture[str]) -> None:
    output.show([{"item": "bolt", "quantity": Decimal("0.100000")}], title="Stock", as_json=True)
    assert json.loads(capsys.readouterr().out) == [{"item": "bolt", "quantity": "0.100000"}]


def test_rows_are_shown_as_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    output.show([{"item": "bolt", "quantity": Decimal("12.5")}], title="Stock", as_json=False)
    said = capsys.readouterr().out
    assert "bolt" in said
    assert "12.5" in said


def test_no_rows_are_told_in_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    output.show([], title="Stock", as_json=False, empty="There is no stock.")
    assert capsys.readouterr().out == "There is no stock.\n"
