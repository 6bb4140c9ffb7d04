"""`buyside import sheet` and `buyside export sheet`: what they print, and how they end."""

import json
from pathlib import Path

import openpyxl
import pytest

from buyside.cli import main
from tests.conftest import Database

Said = pytest.CaptureFixture[str]


def _file(folder: Path, name: str, text: str, encoding: str = "utf-8") -> str:
    path = folder / name
    path.write_text(text, encoding=encoding)
    return str(path)


@pytest.mark.rule("VEN-5")
def test_a_list_goes_in_and_comes_out_as_csv_and_as_a_workbook(
    database: Database, tmp_path: Path, capsys: Said
) -> None:
    units = _file(tmp_path, "units.csv", "Unit;Description;category;factor\nPCE;Piece;count;1\nDZN;Dozen;count;12,5\n")
    options = ["--mapping", "Unit=code", "--mapping", "Description=name"]
    assert main.run(["import", "sheet", "units", units, *options, "--dry-run"]) == main.DONE
    assert "nothing was written" in capsys.readouterr().out
    assert main.run(["import", "sheet", "units", units, *options, "--json"]) == main.DONE
    told = json.loads(capsys.readouterr().out)
    assert (told["state"], told["created"], told["columns"]["Unit"]) == ("done", 2, "code")
    for ending in ("csv", "xlsx"):
        written = tmp_path / f"out.{ending}"
        assert main.run(["export", "sheet", "units", str(written)]) == main.DONE
        assert main.run(["export", "sheet", "units", str(written)]) == main.WRONG_USAGE  # it is there already
        capsys.readouterr()
        assert main.run(["import", "sheet", "units", str(written), "--json"]) == main.DONE
        told = json.loads(capsys.readouterr().out)
        assert (told["created"], told["changed"], told["unchanged"]) == (0, 0, 2)
    assert openpyxl.load_workbook(tmp_path / "out.xlsx").active["A2"].value in {"PCE", "DZN"}  # type: ignore[index]


@pytest.mark.rule("VEN-5")
def test_bad_rows_refuse_all_and_are_named_unless_the_good_ones_are_asked_for(
    database: Database, tmp_path: Path, capsys: Said
) -> None:
    text = "code,name,category,factor,digits\nGOOD,Good,count,1,0\nBAD,Bad,count,none,9\n"
    units = _file(tmp_path, "units.csv", text)
    assert main.run(["import", "sheet", "units", units, "--json"]) == main.REFUSED
    told = json.loads(capsys.readouterr().out)
    assert (told["state"], told["refused"]) == ("refused", 1)
    assert [(each["row"], each["column"], each["value"]) for each in told["problems"]] == [
        (3, "Factor", "none"),
        (3, "Digits", "9"),
    ]
    assert main.run(["import", "sheet", "units", units]) == main.REFUSED
    said = capsys.readouterr()
    assert "Factor" in said.out
    assert "--good-rows" in said.err
    assert main.run(["import", "sheet", "units", units, "--good-rows", "--json"]) == main.DONE
    told = json.loads(capsys.readouterr().out)
    assert (told["state"], told["created"], told["refused"]) == ("done", 1, 1)


@pytest.mark.rule("VEN-5")
def test_what_can_be_read_in_two_ways_is_asked_and_never_guessed(
    database: Database, tmp_path: Path, capsys: Said
) -> None:
    text = "code;name;category;factor\nBIG;Größe;count;1.234\n"
    units = _file(tmp_path, "units.csv", text, "cp1252")
    assert main.run(["import", "sheet", "units", units]) == main.REFUSED
    said = capsys.readouterr().err
    assert "--read-as decimal_mark=." in said
    assert "--read-as encoding=cp1252" in said
    read_as = ["--read-as", "encoding=cp1252", "--read-as", "decimal_mark=,"]
    assert main.run(["import", "sheet", "units", units, *read_as]) == main.DONE
    assert main.run(["export", "sheet", "units", str(tmp_path / "out.csv")]) == main.DONE
    assert "BIG,Größe,count,1234,0" in (tmp_path / "out.csv").read_text(encoding="utf-8")


def test_what_is_no_list_no_file_and_no_column_is_refused(database: Database, tmp_path: Path, capsys: Said) -> None:
    units = _file(tmp_path, "units.csv", "code,name,category\nA,B,C\n")
    assert main.run(["import", "sheet", "nothing", units]) == main.REFUSED
    assert main.run(["import", "sheet", "units", str(tmp_path / "none.csv")]) == main.WRONG_USAGE
    assert main.run(["import", "sheet", "units", units, "--mapping", "Nothing=code"]) == main.WRONG_USAGE
    assert main.run(["import", "sheet", "units", units, "--mapping", "code=nothing"]) == main.REFUSED
    assert main.run(["import", "sheet", "units", units, "--mapping", "code="]) == main.REFUSED
    assert main.run(["export", "sheet", "units", str(tmp_path / "out.pdf")]) == main.WRONG_USAGE
