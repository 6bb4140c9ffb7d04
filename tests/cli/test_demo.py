"""`buyside demo`: loads once and stays on this machine."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest
import typer
from sqlmodel import Session

from buyside.cli import demo, main
from buyside.config import settings
from buyside.db.engine import app_engine
from buyside.db.people import AppUser, UserRole
from buyside.domain.access import Role
from tests.conftest import Database

START = subprocess.Popen


@pytest.fixture
def loads(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """How often the company was loaded; here it is one person."""
    made: list[str] = []

    def load(_is_stopping: Callable[[], bool]) -> None:
        made.append("load")
        with Session(app_engine()) as session:
            ada = AppUser(name="Ada Byrne", email="ada@example.org")
            session.add(ada)
            session.flush()
            session.add(UserRole(user_id=ada.id, role=Role.BUYER))
            session.commit()

    monkeypatch.setattr(demo, "load_aside", load)
    monkeypatch.setenv("BUYSIDE_DEMO", "1")
    settings.cache_clear()
    yield made
    monkeypatch.undo()
    settings.cache_clear()


def test_an_empty_database_is_filled_once_and_says_who_can_sign_in(
    loads: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    demo._fill(lambda: False)
    demo._fill(lambda: False)
    assert loads == ["load"]
    said = capsys.readouterr().out
    assert "Ada Byrne (buyer)" in said
    assert settings().portal_public_url in said


def test_beside_another_provider_nobody_gets_an_identity_here(
    loads: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BUYSIDE_OIDC_DISCOVERY_URL", "https://login.example.com/.well-known/openid-configuration")
    monkeypatch.setenv("BUYSIDE_OIDC_CLIENT_ID", "buyside")
    monkeypatch.setenv("BUYSIDE_OIDC_CLIENT_SECRET", "kept")
    settings.cache_clear()
    demo._fill(lambda: False)
    assert "Sign in" not in capsys.readouterr().out


def test_the_demo_is_refused_where_others_can_reach_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BUYSIDE_HOST", "0.0.0.0")
    settings.cache_clear()
    try:
        assert main.run(["demo"]) == main.WRONG_USAGE
    finally:
        monkeypatch.undo()
        os.environ.pop("BUYSIDE_DEMO", None)  # the command sets it for its children
        settings.cache_clear()
    assert "on this machine only" in capsys.readouterr().err


def test_a_load_that_fails_ends_the_demo_with_its_status(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo.sys, "executable", "false")
    with pytest.raises(typer.Exit) as ended:
        demo.load_aside(lambda: False)
    assert ended.value.exit_code == 1


def endless() -> "subprocess.Popen[bytes]":
    return START(["sleep", "60"])


def test_a_load_can_be_told_to_stop(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo.subprocess, "Popen", lambda *_words, **_named: endless())
    begun = time.monotonic()
    demo.load_aside(lambda: time.monotonic() > begun + 0.2)
    assert time.monotonic() < begun + 5
