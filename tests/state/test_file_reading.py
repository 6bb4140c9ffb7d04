"""How a file was read, in words for the page."""

import pytest

from buyside.documents.table_files import Recognised, recognise, resolved
from buyside.domain.access import OPERATOR
from buyside.domain.all_sheets import SHEETS, sheet_named
from buyside.domain.pack import Form
from buyside.state.file_reading import (
    FileColumn,
    in_short,
    named_like,
    questions_of,
    readings_of,
    remarks_of,
    sample_of,
    settings_of,
    sized,
    targets_of,
)

_PRICES = "code;name;unit;standard_cost;inspection_required\r\nA-1;Bolt;EA;1.250;ja\r\nA-2;Nut;EA;2.125;vielleicht\r\n"


def _read(text: str = _PRICES, **choices: str) -> Recognised:
    return resolved(recognise(text.encode(), "items.csv", choices), {3: Form.PRICE}, choices)


def test_a_doubt_is_a_question_and_stands_out_in_the_settings_and_the_sample() -> None:
    how = _read()
    [question] = questions_of(how.doubts)
    assert question["name"] == "decimal_mark"
    assert {each["label"] for each in question["options"]} == {"1.250 is 1250", "1.250 is 1.25"}
    settings = {each["name"]: each for each in settings_of(how, how.doubts)}
    assert settings["decimal_mark"]["is_doubt"]
    assert not settings["delimiter"]["is_doubt"]
    assert settings["delimiter"]["value"] == ";"
    for each in settings.values():
        assert each["value"] in {option["value"] for option in each["options"]}, each["name"]
    looks = [cell["look"] for cell in sample_of(how, how.doubts)[0]]
    assert looks == ["", "", "", "doubtful", ""]
    columns = [FileColumn(place="3", header="standard_cost", samples=["1.250"])]
    assert readings_of(sheet_named("items"), {"standard_cost": "3"}, columns, how, OPERATOR) == {}  # not guessed
    assert "decimal" not in in_short(how, "en_GB")


def test_an_answer_settles_it_and_the_samples_are_read_so() -> None:
    how = _read(decimal_mark=",")
    assert questions_of(how.doubts) == []
    columns = [
        FileColumn(place="3", header="standard_cost", samples=["1.250", "2.125"]),
        FileColumn(place="4", header="inspection_required", samples=["ja", "vielleicht"]),
    ]
    read = readings_of(
        sheet_named("items"), {"standard_cost": "3", "inspection_required": "4", "name": "1"}, columns, how, OPERATOR
    )
    assert [(each["raw"], each["read"], each["bad"]) for each in read["standard_cost"]] == [
        ("1.250", "1,250", False),
        ("2.125", "2,125", False),
    ]
    assert [each["bad"] for each in read["inspection_required"]] == [False, True]
    assert "name" not in read  # taken as it stands
    assert in_short(how, "en_GB") == "2 rows · 5 columns · Unicode (UTF-8) · semicolon between columns · decimal comma"


def test_what_tells_rows_apart_is_required_and_what_only_new_rows_need_is_not() -> None:
    targets = {each["name"]: each for each in targets_of(sheet_named("items"))}
    assert targets["code"]["required"]
    assert not targets["name"]["required"]
    assert targets["name"]["wanted"]
    assert targets["safety_stock"]["empty"] == "Stays as it is; new ones get 0"
    assert targets["inspection_required"]["empty"] == "Stays as it is; new ones get No"
    assert "without it no new item can be made" in targets["unit"]["empty"]


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_every_list_says_what_its_columns_take(sheet: object) -> None:
    for each in targets_of(sheet):  # type: ignore[arg-type]
        assert each["label"]
        assert each["empty"]


@pytest.mark.parametrize(
    ("file", "found"),
    [
        ("Vendor.csv", ["vendors"]),
        ("vendors 2024-05.xlsx", ["vendors"]),
        ("PaymentTerms.csv", ["payment-terms"]),
        ("export.csv", []),
    ],
)
def test_a_file_s_name_suggests_a_list_and_never_decides(file: str, found: list[str]) -> None:
    likely = named_like(file, SHEETS)
    assert [name for name, _ in likely] == found
    assert all(score < 50 for _, score in likely)


def test_empty_rows_are_told() -> None:
    how = recognise(b"code,name,unit\nA,Bolt,EA\n,,\nB,Nut,EA\n", "items.csv")
    assert remarks_of(how, "en_GB") == ["1 empty row is passed over."]


@pytest.mark.parametrize(("size", "shown"), [(12, "12 bytes"), (2048, "2 KB"), (5 * 1024 * 1024 + 300_000, "5.3 MB")])
def test_sizes_are_written_for_people(size: int, shown: str) -> None:
    assert sized(size, "en_GB") == shown
