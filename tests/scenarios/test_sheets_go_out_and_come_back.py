"""Every list of master data goes out as a file and comes back to the same state, in an empty company too (VEN-5)."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import openpyxl
import pytest
from psycopg import sql

from buyside.config import settings
from buyside.db import engine
from buyside.documents.table_writes import write_workbook
from buyside.domain.access import OPERATOR
from buyside.domain.all_sheets import SHEETS, sheet_named
from buyside.operations.packs import import_pack
from buyside.operations.run import perform
from buyside.operations.sheet_files import ImportDone, InDoubt, keep_file, read_file_as, run_import, start_import
from buyside.queries.grids import GRIDS
from buyside.queries.read import ask
from buyside.queries.rows import RowsWanted, by_name, grid_csv, grid_page, grid_xlsx
from buyside.queries.sheet_files import IMPORT_OUTCOME_ROWS, suggested_mapping
from tests import conftest
from tests.conftest import Database
from tests.pack_samples import write_pack

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOSTILE = [
    "=1+1",
    "'=1+1",
    "+49 30",
    "-",
    "@SUM(A1)",
    "a, b; c",
    'say "no"',
    "two\nlines",
    "'",
    "🚲 Größe",
    "＝1",
    "1.234",
    "x" * 9999,
]
"""Texts that spreadsheets and careless readers change."""
BESIDE = {
    "exchange-rates": "currency,valid_from,rate\nUSD,2026-01-01,0.92\nUSD,2026-02-01,0.915\n",
    "payment-terms": "code,name\nNET30,30 days net\n2-14,2 % within 14 days\n",
    "payment-term-events": (
        "payment_terms,position,share_percent,trigger,days\nNET30,1,100,invoice,30\n2-14,1,30.5,order,0\n2-14,2,69.5,receipt,14\n"
    ),
    "tax-codes": "code,name,rate_percent,is_active\nVAT19,Standard,19,true\nVAT7,Reduced,7.5,false\n",
    "cost-centers": "code,name,is_active\nCC-1,Assembly,true\n007,Quality,false\n",
    "item-groups": "code,name\nHOSTILE,Texts\n",
    "vendors": "code,status_reason\nTUBES,late twice\n",
    "vendor-contacts": "vendor,name,purpose,email,phone\nACME,Ms Bolt,orders,bolt@acme.example,+49 30 1\n",
    "vendor-addresses": (
        'vendor,purpose,name,lines,country,email\nACME,order_form,Sales,"Street 1\nTown",DE,sales@acme.example\n'
        "ACME,pick_up,Ramp,Street 2,DE,\n"
    ),
    "vendor-closing-days": "vendor,from_day,to_day,name\nACME,12-24,01-02,Holidays\nACME,05-01,05-01,Day of work\n",
}
"""What the sample of a pack has no file for."""


def taken(sheet: str, content: bytes, name: str) -> ImportDone:
    """Take a file in as it is suggested; where it is in doubt, it is read as machines write it."""
    file_id = perform(keep_file, OPERATOR, name=name, content=content, at=AT).file_id
    mapping = {each.place: each.column for each in ask(suggested_mapping, OPERATOR, file_id=file_id, sheet=sheet)}
    wanted = {each.name for each in sheet_named(sheet).written}
    assert {each for each in mapping.values() if each} <= wanted
    begin = {"file_id": file_id, "sheet": sheet, "mapping": mapping, "at": AT}
    try:
        run = perform(start_import, OPERATOR, **begin)
    except InDoubt as doubt:
        machine = {"decimal_mark": ".", "thousands_mark": "", "percents": "as_written"}
        choices = {each.name: machine[each.name] for each in doubt.doubts}
        perform(read_file_as, OPERATOR, file_id=file_id, choices=choices)
        run = perform(start_import, OPERATOR, **begin)
    done: ImportDone = perform(run_import, OPERATOR, run_id=run.run_id, at=AT)
    wanted_rows = RowsWanted(scope={"run_id": run.run_id}, filters={"outcome": {"type": "in", "values": ["refused"]}})
    told = ask(grid_page, OPERATOR, source=IMPORT_OUTCOME_ROWS, wanted=wanted_rows, today=AT.date()).rows
    assert done.state == "done", [(each["row"], each["column"], each["value"][:60], each["reason"]) for each in told]
    return done


def written(sheet: str, query: Any) -> bytes:
    with ask(query, OPERATOR, source=by_name(GRIDS, sheet), wanted=RowsWanted(), today=AT.date()) as file:
        content: bytes = file.read()
    return content


@pytest.fixture(scope="module")
def company(database: Database, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A company with rows in every list, some of them hostile; its lists as CSV."""
    perform(import_pack, OPERATOR, source=write_pack(tmp_path_factory.mktemp("p") / "pack"), at=AT)
    for sheet, text in BESIDE.items():
        taken(sheet, text.encode(), f"{sheet}.csv")
    rows = [[f"H{n:02}", text[:200], text, "HOSTILE", "EA"] for n, text in enumerate(HOSTILE)]
    content = io.BytesIO()
    write_workbook(content, "Items", ["code", "name", "description", "group", "unit"], rows)
    taken("items", content.getvalue(), "items.xlsx")
    return {each.name: written(each.name, grid_csv) for each in SHEETS}


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


@pytest.mark.rule("VEN-5")
@pytest.mark.parametrize("sheet", [each.name for each in SHEETS])
@pytest.mark.parametrize("query", [grid_csv, grid_xlsx], ids=["csv", "xlsx"])
def test_what_goes_out_comes_back_unchanged(sheet: str, query: Any, company: dict[str, bytes]) -> None:
    rows = rows_of(company[sheet])
    assert rows, "every list has rows here"
    done = taken(sheet, written(sheet, query), f"{sheet}.{'csv' if query is grid_csv else 'xlsx'}")
    assert (done.created, done.changed, done.unchanged, done.refused) == (0, 0, len(rows), 0)
    assert written(sheet, grid_csv) == company[sheet]


@pytest.mark.rule("VEN-5")
def test_no_cell_of_any_file_is_a_formula(company: dict[str, bytes]) -> None:
    texts = formulas = 0
    for sheet in SHEETS:
        assert not [
            cell
            for row in csv.reader(io.StringIO(company[sheet.name].decode(), newline=""))
            for cell in row
            if cell[:1] in "=+@\t\r" and cell
        ]
        book = openpyxl.load_workbook(io.BytesIO(written(sheet.name, grid_xlsx)))
        cells = [cell for row in book.active.iter_rows() for cell in row]  # type: ignore[union-attr]
        formulas += sum(cell.data_type == "f" for cell in cells)
        texts += sum(str(cell.value).startswith(("=", "'=")) for cell in cells)
    assert formulas == 0
    assert texts >= 4  # they are there, as texts


@contextmanager
def another_company() -> Iterator[None]:
    """An empty database of its own for the length of a `with`."""
    here, name = settings().database_name, "comes_back"
    template = sql.Identifier(conftest._TEMPLATE)
    conftest._administer(sql.SQL("create database {} template {}").format(sql.Identifier(name), template))
    conftest._use_database(name)
    try:
        yield
    finally:
        engine.dispose_engines()
        conftest._use_database(here)
        conftest._administer(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.mark.rule("VEN-5")
def test_the_files_of_one_company_make_the_same_company_from_nothing(company: dict[str, bytes]) -> None:
    with another_company():
        for sheet in SHEETS:
            done = taken(sheet.name, company[sheet.name], f"{sheet.name}.csv")
            assert done.created + done.changed + done.unchanged == len(rows_of(company[sheet.name]))
        for sheet in SHEETS:
            assert written(sheet.name, grid_csv).decode() == company[sheet.name].decode()
