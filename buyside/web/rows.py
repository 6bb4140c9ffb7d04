"""Rows for grids over plain HTTP: `GET /api/grid/<name>` in pages, `GET /api/grid/<name>.csv` or `.xlsx` as a file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import IO, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute

from buyside.config import settings
from buyside.domain.access import Actor, Permission
from buyside.domain.locales import shown_number
from buyside.domain.refusals import Unreadable
from buyside.queries.read import ask
from buyside.queries.rows import (
    GridSource,
    RowsWanted,
    by_name,
    grid_csv,
    grid_page,
    grid_rows,
    grid_xlsx,
    portal_grid_page,
    portal_grid_rows,
)
from buyside.web.doors import door

_LONGEST = 8000
_CHUNK = 256 * 1024
CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _json(request: Request, name: str, kind: type, default: Any) -> Any:
    text = request.query_params.get(name, "")
    if not text:
        return default
    try:
        value = json.loads(text, parse_float=Decimal, parse_constant=str) if len(text) <= _LONGEST else None
        json.dumps(value, ensure_ascii=False, default=str).encode()  # half a pair of surrogates is no text
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, kind):
        raise Unreadable(value=text[:60], wanted=f"a {name}")
    return value


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not re.fullmatch(r"\d{1,9}", text):
        raise Unreadable(value=text[:60], wanted="a row number")
    return int(text)


def _wanted(request: Request) -> RowsWanted:
    sort = _json(request, "sort", list, [])
    if not all(isinstance(each, dict) for each in sort):
        raise Unreadable(value=str(sort)[:60], wanted="a sort order")
    return RowsWanted(
        start=_number(request, "start", 0),
        end=_number(request, "end", 100),
        sort=tuple((str(each.get("colId", "")), str(each.get("sort", ""))) for each in sort),
        filters=_json(request, "filter", dict, {}),
        quick=request.query_params.get("quick", "")[:200].replace("\0", ""),
        scope=_json(request, "scope", dict, {}),
        after=request.query_params.get("after", "")[:_LONGEST],
    )


def routes(sources: Sequence[GridSource]) -> list[BaseRoute]:
    """The routes of every grid of this surface: rows on both, files for those inside who may take data out.

    The route's own permission lets people ask at all; which grids they may see is each grid's.
    """
    known = tuple(sources)
    is_portal = settings().surface == "portal"
    page_of, rows_of = (portal_grid_page, portal_grid_rows) if is_portal else (grid_page, grid_rows)

    def rows(request: Request, actor: Actor) -> Response:
        source = by_name(known, request.path_params["name"])
        if ids := request.query_params.get("ids", ""):
            scope = _json(request, "scope", dict, {})
            return JSONResponse({"rows": ask(rows_of, actor, source=source, ids=tuple(ids.split(",")), scope=scope)})
        page = ask(page_of, actor, source=source, wanted=_wanted(request), today=actor.today())
        total = shown_number(Decimal(page.total), actor.locale)
        text = f"{total}+" if page.has_more else total
        return JSONResponse({"rows": page.rows, "total": page.total, "total_text": text, "after": page.after})

    def file(request: Request, actor: Actor) -> Response:
        return _as_file(request, actor, grid_csv, "csv", CSV_TYPE)

    def workbook(request: Request, actor: Actor) -> Response:
        return _as_file(request, actor, grid_xlsx, "xlsx", XLSX_TYPE)

    def _as_file(
        request: Request, actor: Actor, query: Callable[..., IO[bytes]], ending: str, media_type: str
    ) -> Response:
        source, today = by_name(known, request.path_params["name"]), actor.today()
        content = ask(query, actor, source=source, wanted=_wanted(request), today=today)
        name = f"{source.name}-{today.isoformat()}.{ending}"
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return StreamingResponse(chunks(content), media_type=media_type, headers=headers)

    if is_portal:
        return [door("/api/grid/{name:str}", Permission.PORTAL_USE, rows)]
    return [
        door("/api/grid/{name:str}.csv", Permission.DATA_EXPORT, file),
        door("/api/grid/{name:str}.xlsx", Permission.DATA_EXPORT, workbook),
        door("/api/grid/{name:str}", Permission.SHELL_USE, rows),
    ]


def chunks(content: IO[bytes]) -> Iterator[bytes]:
    """A file in pieces, closed when the last one is taken."""
    with content:
        while chunk := content.read(_CHUNK):
            yield chunk
