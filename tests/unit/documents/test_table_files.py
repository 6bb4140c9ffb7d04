"""How files of tables are read: recognised where it can be told, and a doubt with its choices where it cannot."""

import csv
import io
import json
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal

import openpyxl
import pytest

from buyside.documents.table_cells import Cell
from buyside.documents.table_files import Recognised, canonical, read_rows, recognise, resolved
from buyside.documents.table_writes import csv_cell, is_exact, write_workbook
from buyside.domain.pack import Form
from buyside.domain.refusals import Refused
from buyside.domain.sheet_cells import WrongCell
from buyside.domain.table_texts import escaped, unescaped

TEXT = "code;name;qty\nA;Müller;1,5\nB;Größe;2,25\n"


def found(text: str | bytes, **choices: str) -> Recognised:
    """What is recognised, after a journey to the database and back."""
    content = text.encode() if isinstance(text, str) else text
    how = recognise(content, "f.csv", choices, known={"code", "name"})
    assert Recognised.from_document(json.loads(json.dumps(how.as_document()))) == how
    return how


def doubts(how: Recognised) -> list[str]:
    return [each.name for each in how.doubts]


def workbook(rows: list[list[object]], **more: list[list[object]]) -> bytes:
    book, content = openpyxl.Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for name, lines in more.items():
        other = book.create_sheet(name)
        for row in lines:
            other.append(row)
    book.save(content)
    return content.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_is_told_by_its_mark_or_by_its_bytes(encoding: str) -> None:
    how = found(TEXT.encode(encoding))
    assert (how.encoding, how.delimiter, how.header) == (encoding, ";", ("code", "name", "qty"))
    assert (how.rows, how.decimal_mark, how.doubts) == (2, ",", ())
    assert how.sample == (("A", "Müller", "1,5"), ("B", "Größe", "2,25"))


@pytest.mark.rule("VEN-5")
@pytest.mark.parametrize("encoding", ["cp1252", "cp1250", "iso8859-15", "cp850", "mac_roman", "cp1251"])
def test_eight_bits_are_never_sure_and_the_choices_show_what_each_would_read(encoding: str) -> None:
    text = TEXT if encoding != "cp1251" else "code;name;qty\nA;Болт стальной;1,5\nB;Гайка;2,25\n"
    content = text.encode(encoding)
    how = found(content)
    assert doubts(how) == ["encoding"]
    [doubt] = how.doubts
    assert doubt.row == 2
    right = text.splitlines()[1]
    assert right in " ".join(meaning for _, meaning in doubt.choices)
    decided = found(content, encoding=encoding)
    assert decided.doubts == ()
    assert decided.sample[0][1] == right.split(";")[1]


@pytest.mark.rule("VEN-5")
@pytest.mark.parametrize("word", ["Türgriff", "Größe", "Öse", "café"])
def test_one_word_beyond_ascii_is_read_first_as_somebody_would_have_written_it(word: str) -> None:
    how = found(f"code;name;qty\nA;{word};1,5\nB;Bolt;2,25\n".encode("cp1252"))
    assert doubts(how) == ["encoding"]
    assert how.sample[0][1] == word
    assert word in how.doubts[0].choices[0][1]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends_are_told_by_what_divides_all_rows_equally(delimiter: str, ending: str) -> None:
    rows = [["code", "name"], ["A", 'with "quotes", commas; and\ttabs | bars'], ["B", f"two{ending}lines"]]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=ending).writerows(rows)
    how = found(text.getvalue())
    assert (how.delimiter, how.doubts) == (delimiter, ())
    assert [(number, cells) for number, cells in read_rows(text.getvalue().encode(), how)] == [
        (2, rows[1]),
        (3, rows[2]),
    ]


def test_what_stands_in_every_description_is_no_delimiter_but_two_that_divide_the_header_are_a_doubt() -> None:
    assert found("code,name\nA,red; round\nB,blue; flat\n").delimiter == ","
    assert doubts(found("a,b;c\n1,2;3\n4,5;6\n")) == ["delimiter"]


@pytest.mark.rule("INT-3")
@pytest.mark.parametrize(
    ("cells", "mark", "thousands", "open_doubts"),
    [
        (["1.5", "2"], ".", "", []),
        (["1,5", "2"], ",", "", []),
        (["0.125"], ".", "", []),
        (["1234.567"], ".", "", []),
        (["1.234"], ".", "", ["decimal_mark"]),
        (["12,500", "1,000"], ".", ",", ["decimal_mark"]),
        (["1.5", "2,5"], ".", "", ["decimal_mark"]),
        (["1,234.56", "0.5"], ".", ",", []),
        (["1.234,56", "9.999"], ",", ".", []),
        (["1.234.567"], ",", ".", []),
        (["1'234.50"], ".", "'", []),
        (["1’234,50"], ",", "'", []),
        (["1 234,50"], ",", " ", []),
        (["1\u202f234,50", "1\u00a0000"], ",", " ", []),
        (["1,234.56", "12000"], ".", ",", ["thousands_mark"]),
        (["0.5", "12,000"], ".", ",", ["thousands_mark"]),
        (["7", "12"], "", "", []),
    ],
)
def test_decimal_and_thousands_marks(cells: list[str], mark: str, thousands: str, open_doubts: list[str]) -> None:
    how = found("code|qty\n" + "".join(f"A{n}|{each}\n" for n, each in enumerate(cells)))
    assert doubts(how) == open_doubts
    if not open_doubts:
        assert (how.decimal_mark, how.thousands_mark) == (mark, thousands)
    text_only = resolved(how, {0: Form.CODE, 1: Form.TEXT}, {})
    assert text_only.doubts == ()  # what is not taken as a number is in no doubt


@pytest.mark.rule("INT-3")
@pytest.mark.parametrize(
    ("cells", "order", "open_doubts"),
    [
        (["31/12/2026", "01/02/2026"], "dmy", []),
        (["12/31/2026", "01/02/2026"], "mdy", []),
        (["31.12.2026"], "dmy", []),
        (["03.04.2026"], "dmy", []),
        (["2026-12-31", "2026/1/5"], "ymd", []),
        (["05/05/2026"], "dmy", []),
        (["03/04/2026", "05/05/2026"], "", ["date_order"]),
        (["31/12/2026", "12/31/2026"], "", ["date_order"]),
    ],
)
def test_the_order_of_dates(cells: list[str], order: str, open_doubts: list[str]) -> None:
    how = found("code,day\n" + "".join(f"A{n},{each}\n" for n, each in enumerate(cells)))
    assert doubts(how) == open_doubts
    if not open_doubts:
        assert how.date_order == order
    decided = resolved(how, {1: Form.DATE}, {"date_order": "mdy"})
    assert (decided.date_order, decided.doubts) == ("mdy", ())


def test_a_title_above_the_header_and_a_missing_header_are_doubts_and_empty_names_get_one() -> None:
    how = found("Price list,,\n,,\ncode,name,name\nA,x,y\n")
    assert (how.header_row, doubts(how), how.header) == (3, ["header_row"], ("code", "name", "name (2)"))
    decided = found("Price list,,\n,,\ncode,name,name\nA,x,y\n", header_row="1")
    assert (decided.header, decided.rows, decided.blank_rows, decided.doubts) == (("Price list",), 2, 1, ())
    assert found("A,1\nB,2\n", header_row="0").header == ("Column A", "Column B")
    assert found("code,,x\nA,b,c\n").header == ("code", "Column B", "x")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\0\0\n", "empty"),
        (b",,\n,,\n", "no rows"),
        (b'a,b\n"x"y,1\n', "row 2"),
        (b'a,b\n1,2\n"x,1\n', "never closed"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 100, "old kind"),
        (b"PK\x03\x04" + b"x" * 100, "damaged"),
        (b"a," * 300 + b"a\n", "columns"),
        (b"\xef\xbb\xbfa,b\nx\xff,1\n", "encoding"),
    ],
)
def test_what_is_no_table_is_refused_with_the_place(content: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason) as refused:
        found(content)
    assert refused.value.code == "files.unreadable"


@pytest.mark.parametrize("choices", [{"encoding": "rot13"}, {"delimiter": "x"}, {"header_row": "-1"}, {"nothing": "x"}])
def test_only_what_can_be_chosen_is_taken(choices: dict[str, str]) -> None:
    with pytest.raises(Refused) as refused:
        found("a,b\n1,2\n", **choices)
    assert refused.value.code == "files.unreadable"


def cell(value: Cell, form: Form, *, kind: str = "xlsx", **choices: str) -> str:
    how = found("a,b\n1,2\n")
    return canonical(
        value, form, Recognised(**{**{n: getattr(how, n) for n in how.__slots__}, "kind": kind, **choices})
    )


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (5.0, Form.WHOLE, "5"),
        (0.1 + 0.2, Form.PRICE, "0.3"),
        (1e15, Form.QUANTITY, "1000000000000000"),
        (7.0, Form.CODE, "7"),
        (True, Form.FLAG, "true"),
        (date(2026, 1, 31), Form.DATE, "2026-01-31"),
        (datetime(2026, 1, 31), Form.DATE, "2026-01-31"),  # noqa: DTZ001 - as workbooks hold them
        (time(11, 30), Form.TEXT, "11:30"),
        ("31 Jan 2026", Form.DATE, "2026-01-31"),
        ("January 31, 2026", Form.DATE, "2026-01-31"),
        ("20260131", Form.DATE, "2026-01-31"),
        ("2026-01-31 00:00:00", Form.DATE, "2026-01-31"),
        ("WAHR", Form.FLAG, "true"),
        ("non", Form.FLAG, "false"),
        ("5 %", Form.PERCENT, "5"),
        ("−3", Form.QUANTITY, "-3"),
        ("", Form.DATE, ""),
    ],
)
def test_cells_say_what_spreadsheets_and_people_mean_by_them(value: Cell, form: Form, text: str) -> None:
    assert cell(value, form) == text


@pytest.mark.parametrize(
    ("value", "form"),
    [
        *((45000.0, Form.DATE), (date(2026, 1, 31), Form.CODE), (True, Form.WHOLE), (date(2026, 1, 2), Form.QUANTITY)),
        *(("31/02/2026", Form.DATE), ("01/02/26", Form.DATE), ("2026-13-01", Form.DATE), ("31 Foo 2026", Form.DATE)),
        *(("1e9", Form.QUANTITY), ("1,5", Form.QUANTITY), ("1.2.3", Form.QUANTITY), ("NaN", Form.PRICE)),
        *(("½", Form.QUANTITY), ("٣", Form.QUANTITY), ("12,34.5", Form.QUANTITY), ("1\0", Form.TEXT)),
        (datetime(2026, 1, 31, 12), Form.DATE),  # noqa: DTZ001 - as workbooks hold them
    ],
)
def test_cells_that_mean_something_else_are_wrong(value: Cell, form: Form) -> None:
    with pytest.raises(WrongCell):
        cell(value, form, decimal_mark=".", thousands_mark="")


@pytest.mark.rule("VEN-5")
def test_a_share_that_a_workbook_shows_as_percent_is_a_doubt() -> None:
    how = recognise(workbook([["code", "rate_percent"], ["A", 0.05], ["B", 0.19]]), "f.xlsx")
    forms = {1: Form.PERCENT}
    assert doubts(resolved(how, forms, {})) == ["percents"]
    decided = resolved(how, forms, {"percents": "hundredfold"})
    assert (decided.doubts, canonical(0.19, Form.PERCENT, decided)) == ((), "19")
    mixed = recognise(workbook([["code", "rate_percent"], ["A", 0.5], ["B", 19]]), "f.xlsx")
    assert resolved(mixed, forms, {}).doubts == ()


def test_a_worksheet_is_chosen_where_more_than_one_holds_a_table() -> None:
    two = workbook([["code", "name"], ["A", "x"]], Other=[["code", "name"], ["B", "y"]])
    how = recognise(two, "f.xlsx", known={"code"})
    assert (how.worksheet, doubts(how)) == ("Sheet", ["worksheet"])
    decided = recognise(two, "f.xlsx", {"worksheet": "Other"}, {"code"})
    assert (decided.doubts, decided.sample) == ((), (("B", "y"),))
    notes = workbook([["code", "name"], ["A", "x"]], Notes=[["Written by Miller"], ["in spring"]])
    assert recognise(notes, "f.xlsx", known={"code"}).doubts == ()


def _edited(content: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """A workbook whose worksheet was tampered with."""
    source, target = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in source.namelist():
            part = source.read(name)
            packed.writestr(name, change(part) if "worksheets/" in name else part)
    return target.getvalue()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda part: part.replace(b'"B2"', b'"XFD1048576"'), "reach"),
        (lambda part: part.replace(b'"B2"', b"'XFD1048576'").replace(b'r="2"', b"r = '2'"), "reach"),
        (lambda part: part.replace(b'r="2"', b'r="1000000000"'), "reach"),
        (lambda part: part.replace(b"</sheetData>", b"</sheetData>" + b" " * (150 << 20)), "times its size"),
        (lambda part: part.replace(b"<v>2</v>", b"<f>1+1</f><v></v>"), "without its result"),
        (lambda part: b"\xff\xfe" + part, "UTF-8"),
    ],
    ids=["far", "far-quoted", "rows", "bomb", "formula", "wide"],
)
def test_a_workbook_that_would_not_fit_or_cannot_be_known_is_refused_unopened(
    change: Callable[[bytes], bytes], reason: str
) -> None:
    with pytest.raises(Refused, match=reason) as refused:
        recognise(_edited(workbook([["a", "b"], ["x", 2]]), change), "f.xlsx")
    assert refused.value.code == "files.unreadable"


def test_a_claim_about_a_workbooks_size_is_not_believed() -> None:
    content = _edited(workbook([["a", "b"], ["x", 2]]), lambda part: part.replace(b"A1:B2", b"A1:XFD1048576"))
    assert recognise(content, "f.xlsx").rows == 1


TEXTS = [
    "=1+1",
    "'=1+1",
    "''-2",
    "+49 30",
    "-",
    "@x",
    "\tx",
    "\rx",
    "\nx",
    "'",
    "'a",
    "a=1",
    "＝1",
    "a\r\nb",
    " x ",
    "_x0041_",
    "\x01",
]


@pytest.mark.rule("VEN-5")
@pytest.mark.parametrize("text", TEXTS)
def test_a_text_comes_back_as_it_went_out_and_is_no_formula_on_the_way(text: str) -> None:
    assert unescaped(escaped(text)) == text
    assert csv_cell(text)[:1] not in {"=", "+", "-", "@", "\t", "\r", "\n"}
    assert cell(csv_cell(text), Form.TEXT, kind="csv") == text
    content = io.BytesIO()
    write_workbook(content, "Texts", ["text"], [[text]])
    [[written]] = openpyxl.load_workbook(io.BytesIO(content.getvalue())).active.iter_rows(min_row=2)  # type: ignore[union-attr]
    assert written.data_type == "s"
    how = recognise(content.getvalue(), "f.xlsx", {"header_row": "1"})
    [(_, [read])] = read_rows(content.getvalue(), how)
    assert canonical(read, Form.TEXT, how) == text


def test_numbers_of_more_digits_than_a_spreadsheet_holds_go_out_as_texts() -> None:
    assert is_exact(Decimal("123456789012.345"))
    assert not is_exact(Decimal("123456789012.345678"))
    content = io.BytesIO()
    write_workbook(content, "Numbers", ["a", "b"], [[Decimal("123456789012.345678"), Decimal("0.1")]])
    how = recognise(content.getvalue(), "f.xlsx", {"decimal_mark": "."})
    [(_, cells)] = read_rows(content.getvalue(), how)
    assert [canonical(each, Form.QUANTITY, how) for each in cells] == ["123456789012.345678", "0.1"]
