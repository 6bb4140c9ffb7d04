"""Files of master data that people and programs get wrong: a bad one leaves no row and says where, a good one loads (SECURITY: T14)."""

import csv
import io
import random
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import openpyxl
import psycopg
import pytest

from buyside.domain.access import OPERATOR
from buyside.domain.all_sheets import sheet_named
from buyside.domain.pack import Form
from buyside.domain.refusals import Refused
from buyside.domain.sheet_cells import NUMBERS
from buyside.domain.sheets import Sheet, SheetColumn
from buyside.operations.run import perform
from buyside.operations.sheet_files import ImportDone, InDoubt, keep_file, read_file_as, run_import, start_import
from buyside.queries.read import ask
from buyside.queries.rows import RowsWanted, grid_page
from buyside.queries.sheet_files import IMPORT_OUTCOME_ROWS, suggested_mapping
from tests.conftest import Database
from tests.sheet_samples import Rows, as_csv, sample_rows

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
BAD, GOOD = 60, 12
NIGHTLY_BAD, NIGHTLY_GOOD = 500, 60
_ROWS = 20
_NUMBERS = ["1e9", "0x10", "NaN", "Infinity", "--1", "½", "1234567890123456", "1.2345678", "=1+1", "1,2,3", "12.34.56"]
_DATES = ["2026-02-31", "31/02/2026", "2026-13-01", "tomorrow", "0000-01-01", "01/02/26", "2026-01-05T08:00:00Z", "1e9"]
_ORPHANS = ["no such code", "'; DROP TABLE item; --", "%s", "{0}", "=HYPERLINK(1)"]


def _answer(content: bytes, name: str, sheet: str, choices: dict[str, str] | None = None) -> ImportDone:
    """Keep a file, take its columns as they are suggested, and run it: all or nothing."""
    kept = perform(keep_file, OPERATOR, name=name, content=content, at=AT)
    if choices:
        perform(read_file_as, OPERATOR, file_id=kept.file_id, choices=choices)
    suggested = ask(suggested_mapping, OPERATOR, file_id=kept.file_id, sheet=sheet)
    mapping = {each.place: each.column for each in suggested}
    run = perform(start_import, OPERATOR, file_id=kept.file_id, sheet=sheet, mapping=mapping, at=AT).run_id
    done: ImportDone = perform(run_import, OPERATOR, run_id=run, at=AT)
    return done


def _told(run_id: int) -> list[dict[str, Any]]:
    wanted = RowsWanted(end=500, scope={"run_id": run_id}, filters={"outcome": {"type": "in", "values": ["refused"]}})
    return ask(grid_page, OPERATOR, source=IMPORT_OUTCOME_ROWS, wanted=wanted, today=AT.date()).rows


def _state(url: str) -> list[Any]:
    """Every row of master data, as one digest for each table."""
    tables = (
        "unit",
        "vendor",
        "item",
        "item_group",
        "vendor_item",
        "price_break",
        "bom_row",
        "currency",
        "payment_term",
    )
    with psycopg.connect(url) as connection:
        return [
            connection.execute(
                f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {each} AS t"
            ).fetchone()  # type: ignore[arg-type]
            for each in tables
        ]


@pytest.fixture(scope="module")
def laid(database: Database, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rows]:
    """The bicycle maker's master data, loaded by files, each of them valid."""
    found = sample_rows(tmp_path_factory.mktemp("pack"))
    warehouses = sorted({row[found["items"].header.index("default_warehouse")] for row in found["items"].rows} - {""})
    _load("warehouses", as_csv(["code", "name"], [[each, each] for each in warehouses or ["MAIN"]]))
    groups = {row[found["items"].header.index("group")] for row in found["items"].rows} - {""}
    if groups:
        _load("item-groups", as_csv(["code", "name"], [[each, each] for each in sorted(groups)]))
    terms = {row[found["vendors"].header.index("payment_terms")] for row in found["vendors"].rows} - {""}
    if terms:
        _load("payment-terms", as_csv(["code", "name"], [[each, each] for each in sorted(terms)]))
    for sheet, rows in found.items():
        if sheet != "bom-rows":
            _load(sheet, as_csv(rows.header, rows.rows))
    return found


def _load(sheet: str, content: bytes) -> None:
    try:
        done = _answer(content, f"{sheet}.csv", sheet)
    except InDoubt as doubt:
        done = _answer(content, f"{sheet}.csv", sheet, {each.name: each.choices[0][0] for each in doubt.doubts})
    assert done.state == "done", [
        (each["row"], each["column"], each["value"], each["reason"]) for each in _told(done.run_id)
    ][:5]


@dataclass
class _File:
    """Rows of one sheet that would all be made, before something is done to them."""

    sheet: Sheet
    header: list[str]
    rows: list[list[str]]

    def column(self, place: int) -> SheetColumn:
        column = self.sheet.column(self.header[place])
        assert column is not None
        return column


def _fresh(chance: random.Random, laid: dict[str, Rows], number: int) -> _File:
    """Twenty rows of real data that do not exist yet."""
    name = chance.choice(["units", "vendors", "items", "items", "vendor-items", "price-breaks"])
    sheet, source = sheet_named(name), laid[name]
    picked = [list(each) for each in chance.sample(source.rows, min(_ROWS, len(source.rows)))]
    place = {column: source.header.index(column) for column in source.header}
    for each, row in enumerate(picked):
        if name in ("units", "vendors", "items"):
            row[place["code"]] = f"{row[place['code']][:20]}-{number}-{each}"
        elif name == "vendor-items":
            row[place["valid_from"]], row[place["valid_to"]] = f"{2027 + number // 300}-01-01", ""
            row[place["item"]] = f"F-{number}-{each}"
        else:
            row[place["from_quantity"]] = str(1000 + number)
    if name == "vendor-items":
        codes = [[row[place["item"]], "Made for a file", "EA"] for row in picked]
        _load("items", as_csv(["code", "name", "unit"], codes))
    return _File(sheet, list(source.header), picked)


def _bad_value(chance: random.Random, column: SheetColumn) -> str | None:
    """A value that no cell of the column may hold; None where there is none."""
    if column.form in NUMBERS:
        return chance.choice(_NUMBERS)
    if column.form is Form.DATE:
        return chance.choice(_DATES)
    if column.form in (Form.WORD, Form.FLAG):
        return chance.choice(["?", "TRUE?", "=cmd()", "🚲", "x" * 300])
    if column.refers:
        return chance.choice(_ORPHANS)
    if column.form is Form.CODE:
        return chance.choice(["", "A\tB", "x" * 300])
    if column.pattern:
        return "§ none ="
    return "" if column.is_required else None


Expected = tuple[int, str] | None
"""The row and the column (by its title) that must be named; None where only a row can be told, or the file as a whole."""


def _break_cell(chance: random.Random, file: _File) -> tuple[bytes, Expected]:
    while True:
        row, place = chance.randrange(len(file.rows)), chance.randrange(len(file.header))
        column = file.column(place)
        value = _bad_value(chance, column)
        if value is not None and value != file.rows[row][place]:
            break
    file.rows[row][place] = value
    return as_csv(file.header, file.rows), (row + 2, column.title)


def _break_twice(chance: random.Random, file: _File) -> tuple[bytes, Expected]:
    _break_cell(chance, file)
    return _break_cell(chance, file)


def _break_key(chance: random.Random, file: _File) -> tuple[bytes, Expected]:
    """One row again, in other words beside its key."""
    row = chance.randrange(len(file.rows))
    file.rows.append(list(file.rows[row]))
    key = file.sheet.column(file.sheet.key[0])
    assert key is not None
    return as_csv(file.header, file.rows), (len(file.rows) + 1, key.title)


def _break_workbook(chance: random.Random, file: _File) -> tuple[bytes, Expected]:
    """A workbook whose cell is a formula without a result, a time where a code belongs, or that is no workbook any more."""
    book, content = openpyxl.Workbook(), io.BytesIO()
    sheet: Any = book.active
    for line in [file.header, *file.rows]:
        sheet.append(line)
    row, how = chance.randrange(len(file.rows)), chance.randrange(5)
    expected: Expected = None
    if how == 0:
        sheet.cell(row + 2, 1).value = "=1+1"
    elif how == 1:
        sheet.cell(row + 2, 1).value = datetime(2026, 1, 31, 12)  # noqa: DTZ001 - as workbooks hold them
        expected = (row + 2, file.column(0).title)
    elif how == 2:
        sheet.cell(1_048_576, 16_384).value = "far"
    book.save(content)
    written = content.getvalue()
    if how == 3:
        written = written[: len(written) * 2 // 3]
    if how == 4:
        written = _claiming(written)
    return written, expected


def _claiming(content: bytes) -> bytes:
    """A workbook that says a row stands a thousand million rows down."""
    source, target = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in source.namelist():
            packed.writestr(name, source.read(name).replace(b'<row r="2"', b'<row r="1000000000"'))
    return target.getvalue()


def _break_bytes(chance: random.Random, file: _File) -> tuple[bytes, Expected]:
    lines = as_csv(file.header, file.rows).splitlines(keepends=True)
    at = chance.randrange(1, len(lines))
    line, how = lines[at], chance.randrange(7)
    if how == 0:
        lines[at] = line.rstrip(b"\n") + b",extra\n"
    elif how == 1:
        lines[at] = line.rsplit(b",", 1)[0] + b"\n"
    elif how == 2:
        lines[at] = line[:3] + b"\xff\xfe" + line[3:]
    elif how == 3:
        lines[at] = line[:2] + b"\0" + line[2:]
    elif how == 4:
        lines[at] = b'"' + line
    elif how == 5:
        lines[at] = line[:2] + b"\r" + line[2:]
    else:
        lines[0] = lines[0].replace(file.sheet.key[0].encode(), b"surprise")
    return b"".join(lines), None


def _tried(content: bytes, name: str, sheet: str) -> ImportDone | Refused:
    try:
        return _answer(content, name, sheet)
    except Refused as refused:
        return refused


def refuse_bad_files(database: Database, laid: dict[str, Rows], *, files: int, seed: int) -> None:
    chance = random.Random(seed)
    ways: list[Callable[[random.Random, _File], tuple[bytes, Expected]]]
    ways = [
        _break_cell,
        _break_cell,
        _break_cell,
        _break_twice,
        _break_key,
        _break_bytes,
        _break_bytes,
        _break_workbook,
    ]
    for number in range(files):
        file = _fresh(chance, laid, number)
        before = _state(database.owner_url)
        way = chance.choice(ways)
        content, expected = way(chance, file)
        name = f"{file.sheet.name}.{'xlsx' if content.startswith(b'PK') else 'csv'}"
        done = _tried(content, name, file.sheet.name)
        if isinstance(done, InDoubt):
            assert all(each.says and each.choices for each in done.doubts)
            assert way in (_break_bytes, _break_cell, _break_twice), (way, done.doubts, content[:3000])
        elif isinstance(done, Refused):
            assert done.code in {"files.unreadable", "files.key-missing"}, done
            assert way in (_break_bytes, _break_workbook)
            assert any(word in str(done) for word in ("row", "cell", "damaged", "column")), done
        else:
            assert done.state == "refused", (way, content[:3000])
            told = _told(done.run_id)
            assert all(each["row"] and each["reason"] and each["code"] for each in told)
            assert all(each["column"] or each["value"] for each in told)
            if expected is not None:
                assert expected in [(each["row"], each["column"]) for each in told], (expected, told, content[:3000])
        assert _state(database.owner_url) == before, (way, content[:3000])


@pytest.mark.rule("VEN-5")
def test_bad_files_leave_nothing_and_say_where(database: Database, laid: dict[str, Rows]) -> None:
    refuse_bad_files(database, laid, files=BAD, seed=20261122)


@pytest.mark.nightly
@pytest.mark.rule("VEN-5")
@pytest.mark.timeout(3600)
def test_ten_thousand_rows_in_bad_files_leave_nothing_and_say_where(database: Database, laid: dict[str, Rows]) -> None:
    refuse_bad_files(database, laid, files=NIGHTLY_BAD, seed=20261123)


def _as_somebody_sends_it(chance: random.Random, file: _File) -> tuple[bytes, str, dict[str, str]]:
    """A valid file in another convention, and what has to be decided about it."""
    order = list(range(len(file.header)))
    chance.shuffle(order)
    header = [file.column(each).title if chance.random() < 0.3 else file.header[each] for each in order]
    rows = [[row[each] for each in order] for row in file.rows]
    columns = [file.column(each) for each in order]
    if chance.random() < 0.3:  # a workbook
        book, content = openpyxl.Workbook(), io.BytesIO()
        sheet: Any = book.active
        sheet.append(header)
        for row in rows:
            sheet.append([_typed(column, text) for column, text in zip(columns, row, strict=True)])
        book.save(content)
        return content.getvalue(), "xlsx", {"percents": "as_written", "decimal_mark": "."}
    delimiter = chance.choice([",", ";", "\t", "|"])
    comma = delimiter != "," and chance.random() < 0.6
    day_first = chance.random() < 0.4
    for row in rows:
        for place, column in enumerate(columns):
            if column.form in NUMBERS and comma:
                row[place] = row[place].replace(".", ",")
            if column.form is Form.DATE and day_first and row[place]:
                row[place] = ".".join(reversed(row[place].split("-")))
            if column.form is Form.FLAG and row[place]:
                row[place] = chance.choice({"true": ["yes", "1", "WAHR"], "false": ["no", "0", "falsch"]}[row[place]])
    if chance.random() < 0.3:
        header.append("Remarks of nobody")
        rows = [[*row, "=1+1"] for row in rows]
    encoding = chance.choice(["utf-8", "utf-8-sig", "utf-16", "utf-8"])
    content_csv = as_csv(
        header, rows, delimiter=delimiter, encoding=encoding, ending=chance.choice(["\n", "\r\n"]),
        quoting=chance.choice([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    )  # fmt: skip
    return content_csv, "csv", {"decimal_mark": "," if comma else ".", "thousands_mark": "", "delimiter": delimiter}


def _typed(column: SheetColumn, text: str) -> Any:
    if not text:
        return None
    if column.form in NUMBERS:
        return float(text)
    if column.form is Form.DATE:
        return datetime.fromisoformat(text)
    return text == "true" if column.form is Form.FLAG else text


def take_good_files(laid: dict[str, Rows], *, files: int, seed: int, first: int) -> None:
    chance = random.Random(seed)
    for number in range(first, first + files):
        file = _fresh(chance, laid, number)
        content, ending, choices = _as_somebody_sends_it(chance, file)
        name = f"{file.sheet.name}.{ending}"
        try:
            done = _answer(content, name, file.sheet.name)
        except InDoubt as doubt:
            decided = {each.name: choices[each.name] for each in doubt.doubts}
            done = _answer(content, name, file.sheet.name, decided)
        else:
            decided = {}
        assert (done.state, done.created) == ("done", len(file.rows)), (_told(done.run_id)[:3], content[:2000])
        again = _answer(content, name, file.sheet.name, decided)
        assert (again.created, again.changed, again.unchanged) == (0, 0, len(file.rows)), content[:2000]


@pytest.mark.rule("VEN-5")
@pytest.mark.rule("INT-3")
def test_good_files_load_in_whatever_convention_and_a_second_time_change_nothing(laid: dict[str, Rows]) -> None:
    take_good_files(laid, files=GOOD, seed=5, first=5000)


@pytest.mark.nightly
@pytest.mark.rule("VEN-5")
@pytest.mark.timeout(1800)
def test_sixty_good_files_load_in_whatever_convention(laid: dict[str, Rows]) -> None:
    take_good_files(laid, files=NIGHTLY_GOOD, seed=6, first=6000)
