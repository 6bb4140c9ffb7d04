"""Files of master data over plain HTTP: one sent, an empty one to fill in, and the rows of one that were refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import IO

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute

from buyside.documents.table_cells import shown
from buyside.documents.table_files import read_rows
from buyside.documents.table_writes import csv_cell, csv_lines, template_csv, template_workbook
from buyside.domain.access import Actor, Permission
from buyside.domain.all_sheets import sheet_named
from buyside.domain.files import LONGEST_FILE, may_import
from buyside.domain.refusals import NotAllowed, NotFound
from buyside.domain.sheets import Sheet
from buyside.operations.run import perform
from buyside.operations.sheet_files import keep_file
from buyside.queries.read import ask
from buyside.queries.sheet_files import RefusedFile, refused_rows
from buyside.web.doors import door, door_for_files
from buyside.web.rows import CSV_TYPE, XLSX_TYPE

REASON_COLUMNS = ("Refused column", "Refused because")
"""Added to refused rows; they are no columns of any sheet, so that the corrected file can be sent as it is."""


def _keep(request: Request, actor: Actor, body: IO[bytes]) -> Response:
    name = request.query_params.get("name", "")[:300]
    kept = perform(keep_file, actor, name=name, content=body.read(), at=datetime.now(UTC))
    return JSONResponse({"file": kept.file_id})


def _refused(request: Request, actor: Actor) -> Response:
    run = request.path_params["run"]
    if not re.fullmatch(r"[0-9]{1,18}", run):
        raise NotFound(kind="import")
    found = ask(refused_rows, actor, run_id=int(run))
    headers = {"content-disposition": f'attachment; filename="refused-{run}.csv"'}
    texts = (map(csv_cell, row) for row in _refused_lines(found))
    lines = csv_lines(texts, found.how.delimiter or ",")
    return StreamingResponse(lines, media_type=CSV_TYPE, headers=headers)


def _refused_lines(found: RefusedFile) -> Iterator[list[str]]:
    """The refused rows as the file had them, each with where it was refused and why."""
    width = len(found.how.header)
    yield [*found.how.header, *REASON_COLUMNS]
    for number, cells in read_rows(found.content, found.how):
        if number in found.reasons:
            texts = [shown(each) for each in cells[:width]]
            columns, reasons = zip(*found.reasons[number], strict=True)
            places = ", ".join(dict.fromkeys(each for each in columns if each))
            yield [*texts, *[""] * (width - len(texts)), places, " ".join(reasons)]


def _sheet(request: Request, actor: Actor) -> Sheet:
    sheet = sheet_named(request.path_params["name"])
    if not may_import(actor, sheet):
        raise NotAllowed(act=(sheet.edit or sheet.view).value)
    return sheet


def _template_csv(request: Request, actor: Actor) -> Response:
    sheet = _sheet(request, actor)
    headers = {"content-disposition": f'attachment; filename="{sheet.name}.csv"'}
    return Response(template_csv(sheet), media_type=CSV_TYPE, headers=headers)


def _template_workbook(request: Request, actor: Actor) -> Response:
    sheet = _sheet(request, actor)
    headers = {"content-disposition": f'attachment; filename="{sheet.name}.xlsx"'}
    return Response(template_workbook(sheet), media_type=XLSX_TYPE, headers=headers)


def routes() -> list[BaseRoute]:
    """The routes, for those who may import; into which sheets is each sheet's own permission."""
    return [
        door_for_files("/api/files", Permission.DATA_IMPORT, _keep, longest=LONGEST_FILE),
        door("/api/imports/{run:str}/refused.csv", Permission.DATA_IMPORT, _refused),
        door("/api/sheets/{name:str}/template.csv", Permission.DATA_IMPORT, _template_csv),
        door("/api/sheets/{name:str}/template.xlsx", Permission.DATA_IMPORT, _template_workbook),
    ]
