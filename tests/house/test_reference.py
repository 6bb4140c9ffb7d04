"""The reference pages say what the code says, and leave nothing out."""

import pytest

from buyside.config import ROOT, Settings
from buyside.domain.access import GRANTS, Permission, Role
from buyside.domain.pack import FILES
from buyside.queries.permissions import all_doors
from docs.write import FOLDER, PAGES, pack_page, permissions_page, settings_page


@pytest.mark.parametrize("name", PAGES)
def test_a_reference_page_is_what_the_code_would_write_now(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name](), "run `make docs`"


def test_nothing_else_lies_among_the_written_pages() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(PAGES)


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
