"""Cells of sheets: what people write becomes one canonical text, and what is none is told in words."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buyside.domain.all_sheets import SHEETS, sheet_named
from buyside.domain.pack import Form
from buyside.domain.refusals import NotFound
from buyside.domain.sheet_cells import WrongCell, canonical, choices_of, choices_text, plain_number, read_cell
from buyside.domain.sheets import SheetColumn
from buyside.domain.words import VENDOR_WORDS

PERCENT = SheetColumn("share", Form.PERCENT, least=Decimal(0), most=Decimal(100))


def column(form: Form, **more: object) -> SheetColumn:
    return SheetColumn("cell", form, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("form", "text", "becomes"),
    [
        (Form.CODE, "  A B-1 ", "A B-1"),
        (Form.CODE, "Ä" * 200, "Ä" * 200),
        (Form.TEXT, "one\r\ntwo\rthree", "one\ntwo\nthree"),
        (Form.WHOLE, "007", "7"),
        (Form.WHOLE, "-0", "0"),
        (Form.QUANTITY, "1.500000", "1.5"),
        (Form.QUANTITY, "-0.000", "0"),
        (Form.PRICE, "12.340000000", "12.34"),
        (Form.MONEY, "100", "100"),
        (Form.PERCENT, "2.5000", "2.5"),
        (Form.DATE, "2024-02-29", "2024-02-29"),
        (Form.INSTANT, "2026-01-31T08:30:00Z", "2026-01-31T08:30:00+00:00"),
        (Form.FLAG, "YES", "true"),
        (Form.FLAG, "0", "false"),
        (Form.CHOICES, " size = L ;colour=red", "colour=red;size=L"),
    ],
)
def test_a_cell_becomes_its_canonical_text(form: Form, text: str, becomes: str) -> None:
    assert read_cell(column(form), text) == becomes
    assert read_cell(column(form), becomes) == becomes


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (Form.CODE, "A\nB"),
        (Form.CODE, "x" * 201),
        (Form.TEXT, "bell\x07"),
        (Form.WHOLE, "1.0"),
        (Form.WHOLE, "1234567890"),
        (Form.WHOLE, "١٢"),
        (Form.QUANTITY, "1,5"),
        (Form.QUANTITY, ".5"),
        (Form.QUANTITY, "٣"),
        (Form.QUANTITY, "Infinity"),
        (Form.DATE, "2025-02-29"),
        (Form.DATE, "20250201"),
        (Form.DATE, "2025-2-1"),
        (Form.INSTANT, "2026-13-31T08:30:00Z"),
        (Form.FLAG, "2"),
        (Form.CHOICES, "colour"),
        (Form.CHOICES, "a=1;a=1"),
    ],
)
def test_what_is_no_cell_of_a_form_is_told(form: Form, text: str) -> None:
    with pytest.raises(WrongCell) as wrong:
        read_cell(column(form), text)
    assert wrong.value.code == "general.unreadable"


def test_an_empty_cell_is_the_default() -> None:
    assert read_cell(column(Form.QUANTITY, default="0"), "  ") == "0"
    assert read_cell(column(Form.DATE), "") == ""


def test_words_are_taken_as_screens_show_them() -> None:
    status = column(Form.WORD, words=VENDOR_WORDS)
    assert [read_cell(status, each) for each in ("on_hold", "On hold", "ON HOLD")] == ["on_hold"] * 3


@pytest.mark.parametrize("text", ["-0.0001", "100.0001"])
def test_limits_are_told_with_the_name_of_the_column(text: str) -> None:
    with pytest.raises(WrongCell, match="Share must be at ") as wrong:
        read_cell(PERCENT, text)
    assert wrong.value.code == "general.out-of-range"
    assert [read_cell(PERCENT, each) for each in ("0", "100.0000")] == ["0", "100"]


@pytest.mark.parametrize("text", ["1969-12-31", "2200-01-01"])
def test_a_day_that_nobody_can_mean_is_told(text: str) -> None:
    with pytest.raises(WrongCell) as wrong:
        read_cell(column(Form.DATE), text)
    assert wrong.value.code == "general.date-out-of-reach"


def test_a_long_wrong_cell_is_told_shortened() -> None:
    with pytest.raises(WrongCell) as wrong:
        read_cell(column(Form.WHOLE), "x" * 5000)
    assert len(wrong.value.says) < 200


@given(st.decimals("-999999999999", "999999999999", places=6))
def test_a_stored_number_reads_as_itself(value: Decimal) -> None:
    text = canonical(value)
    assert read_cell(column(Form.QUANTITY), text) == text == plain_number(value)
    assert Decimal(text) == value


@given(st.text(max_size=30))
def test_any_text_is_read_or_told(text: str) -> None:
    for form in Form:
        known = column(form, words=VENDOR_WORDS if form is Form.WORD else None)
        try:
            read = read_cell(known, text)
        except WrongCell:
            continue
        assert read_cell(known, read) == read
        read.encode()
        assert "\x00" not in read


def test_stored_values_have_one_text_each() -> None:
    values = [None, "", True, Decimal("1.50"), date(2026, 1, 2), datetime(2026, 1, 2, tzinfo=UTC), 7]
    assert [canonical(each) for each in values] == [
        "",
        "",
        "true",
        "1.5",
        "2026-01-02",
        "2026-01-02T00:00:00+00:00",
        "7",
    ]


def test_options_are_written_in_one_order() -> None:
    assert choices_text(choices_of("b=2;a=1;a=0")) == "a=0;a=1;b=2"
    assert choices_of("") == []


def test_defaults_of_every_sheet_are_cells_themselves() -> None:
    for sheet in SHEETS:
        for each in sheet.columns:
            assert not each.default or read_cell(each, each.default) == each.default, (sheet.name, each.name)


def test_every_sheet_says_what_tells_its_rows_apart_and_refers_to_sheets_that_are() -> None:
    for sheet in SHEETS:
        names = {each.name for each in sheet.columns}
        assert set(sheet.key) | set(sheet.order) | set(sheet.period) <= names
        assert not sheet.flag or sheet.flag in names
        assert all(not each.refers or len(sheet_named(each.refers).key) == 1 for each in sheet.columns)
    with pytest.raises(NotFound):
        sheet_named("no-such")
