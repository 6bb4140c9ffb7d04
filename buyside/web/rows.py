"""Rows for grids over plain HTTP: `GET /api/grid/<name>` in pages, `GET /api/grid/<name>.csv` as a file."""

from __future__ import annotations

import json
import logging
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import IO, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from buyside.domain.access import Actor
from buyside.domain.locales import shown_number
from buyside.domain.refusals import NotAllowed, NotFound, Refused, Unreadable
from buyside.queries.read import ask
from buyside.queries.rows import GridSource, RowsWanted, by_name, grid_csv, grid_page, grid_rows

_LONGEST = 8000
_CHUNK = 256 * 1024
_log = logging.getLogger(__name__)


def _answer(work: Callable[[Request], Response]) -> Callable[[Request], Response]:
    """Answer refusals as JSON with their sentence and code, and our mistakes with a reference."""

    def answered(request: Request) -> Response:
        try:
            return work(request)
        except Refused as refusal:
            status = 403 if isinstance(refusal, NotAllowed) else 404 if isinstance(refusal, NotFound) else 400
            return JSONResponse({"says": str(refusal), "code": refusal.code}, status)
        except Exception:
            reference = secrets.token_hex(3).upper()
            _log.exception("unexpected error, reference %s", reference)
            return JSONResponse({"says": f"Something went wrong. Reference {reference}.", "code": "error"}, 500)

    return answered


def _actor(request: Request) -> Actor:
    actor: Actor = request.state.login.actor
    return actor


def _json(request: Request, name: str, kind: type, default: Any) -> Any:
    text = request.query_params.get(name, "")
    if not text:
        return default
    try:
        value = json.loads(text, parse_float=Decimal, parse_constant=str) if len(text) <= _LONGEST else None
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
    """The two routes of every grid."""
    known = tuple(sources)

    @_answer
    def rows(request: Request) -> Response:
        actor, source = _actor(request), by_name(known, request.path_params["name"])
        if ids := request.query_params.get("ids", ""):
            scope = _json(request, "scope", dict, {})
            return JSONResponse({"rows": ask(grid_rows, actor, source=source, ids=tuple(ids.split(",")), scope=scope)})
        page = ask(grid_page, actor, source=source, wanted=_wanted(request), today=actor.today())
        total = shown_number(Decimal(page.total), actor.locale)
        text = f"{total}+" if page.has_more else total
        return JSONResponse({"rows": page.rows, "total": page.total, "total_text": text, "after": page.after})

    @_answer
    def file(request: Request) -> Response:
        actor, source = _actor(request), by_name(known, request.path_params["name"])
        today = actor.today()
        content = ask(grid_csv, actor, source=source, wanted=_wanted(request), today=today)
        name = f"{source.name}-{today.isoformat()}.csv"
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return StreamingResponse(_chunks(content), media_type="text/csv; charset=utf-8", headers=headers)

    return [
        Route("/api/grid/{name:str}.csv", file, methods=["GET"]),
        Route("/api/grid/{name:str}", rows, methods=["GET"]),
    ]


def _chunks(content: IO[bytes]) -> Iterator[bytes]:
    with content:
        while chunk := content.read(_CHUNK):
            yield chunk
