"""`buyside import` and `buyside export`: what they print, and how they end."""

import json
from pathlib import Path

import pytest

from buyside.cli import main
from tests.conftest import Database
from tests.pack_samples import SAMPLE, write_pack


def test_a_pack_goes_in_and_comes_out(database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pack = str(write_pack(tmp_path / "pack"))
    assert main.run(["import", "pack", pack, "--dry-run"]) == main.DONE
    assert "nothing was written" in capsys.readouterr().out
    assert main.run(["import", "pack", pack, "--json"]) == main.DONE
    files = {each["file"]: each for each in json.loads(capsys.readouterr().out)["files"]}
    assert (files["items.csv"]["created"], files["items.csv"]["changed"]) == (6, 0)
    assert main.run(["export", "pack", str(tmp_path / "written"), "--json"]) == main.DONE
    assert json.loads(capsys.readouterr().out)["rows"]["items.csv"] == 6
    assert main.run(["import", "pack", str(tmp_path / "written"), "--json"]) == main.DONE
    assert not any(each["created"] or each["changed"] for each in json.loads(capsys.readouterr().out)["files"])


def test_a_bad_pack_ends_with_three_and_names_the_rows(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack = write_pack(tmp_path / "pack", {"items": SAMPLE["items"].replace("10,20,200", "1e9,20,200")})
    assert main.run(["import", "pack", str(pack), "--json"]) == main.REFUSED
    said = json.loads(capsys.readouterr().out)
    assert (said["refused"], said["total"]) == ("packs.bad-rows", 1)
    assert (said["faults"][0]["row"], said["faults"][0]["column"], said["faults"][0]["value"]) == (
        2,
        "safety_stock",
        "1e9",
    )
    assert main.run(["import", "pack", str(pack)]) == main.REFUSED
    assert "safety_stock" in capsys.readouterr().out


def test_what_is_no_pack_and_what_is_no_empty_folder_is_refused(database: Database, tmp_path: Path) -> None:
    assert main.run(["import", "pack", str(tmp_path / "nothing")]) == main.REFUSED
    (tmp_path / "note.txt").write_text("mine")
    assert main.run(["export", "pack", str(tmp_path)]) == main.REFUSED
    assert [each.name for each in tmp_path.iterdir()] == ["note.txt"]
