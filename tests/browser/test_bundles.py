"""What lies in the built pages, which every browser gets: nothing of the other surface, no secret, no value of the database."""

import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from buyside.config import ROOT, settings


@cache
def walked(surface: str) -> dict[str, list[dict[str, str]]]:
    finished = subprocess.run(
        [sys.executable, "-m", "tests.house.walk"],
        cwd=ROOT,
        env=os.environ | {"BUYSIDE_SURFACE": surface},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, list[dict[str, str]]] = json.loads(finished.stdout)
    return found


def bundle(surface: str) -> str:
    """Every text that the built page of a surface consists of."""
    folder = Path(settings().of_surface(surface).web_folder) / "build" / "client"
    kinds = {".js", ".html", ".css", ".json", ".txt", ".map"}
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in folder.rglob("*") if path.suffix in kinds]
    assert len(texts) > 20
    return "\n".join(texts)


def own_states(surface: str) -> set[str]:
    """Names of the state classes that a surface registers of its own."""
    return {
        match[0]
        for each in walked(surface)["handlers"]
        if (match := re.search(r"buyside___state___\w+____\w+", each["name"]))
    }


@pytest.mark.rule("ACC-5")
def test_no_page_of_a_surface_knows_a_state_an_event_or_a_page_of_the_other(
    internal_built: None, portal_built: None
) -> None:
    texts = {surface: bundle(surface) for surface in ("internal", "portal")}
    for surface, other in (("internal", "portal"), ("portal", "internal")):
        own, foreign = own_states(surface), own_states(other)
        assert {each for each in own if each in texts[surface]} == own  # what is looked for would be found
        assert {each for each in foreign if each in texts[other]} == foreign
        assert {each for each in foreign if each in texts[surface]} == set()
    pages = {path for path in walked("internal")["pages"] if path.count("/") > 1 or path in {"/plan", "/requirements"}}
    whole = [re.compile(rf"[\"'`]{re.escape(path)}[\"'`/?]") for path in pages if "[" not in path]
    assert [each.pattern for each in whole if each.search(texts["internal"])]
    assert [each.pattern for each in whole if each.search(texts["portal"])] == []
    inside = {"internal_notes", "Audit trail", "Requirements", "Receiving"}
    assert {each for each in inside if each in texts["internal"]} == inside
    assert {each for each in inside if each in texts["portal"]} == set()


@pytest.mark.rule("POR-3")
def test_no_secret_and_no_login_lies_in_a_page(internal_built: None, portal_built: None) -> None:
    given = settings()
    secrets = {
        given.key("anything").hex(),
        given.local_key("anything").hex(),
        "postgresql://",
        "BUYSIDE_SECRET",
        "buyside_owner",
    }
    secrets |= {given.secret} if given.secret else set()
    for surface in ("internal", "portal"):
        text = bundle(surface)
        assert {each for each in secrets if each and each in text} == set()
