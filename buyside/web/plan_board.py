"""The planning board over plain HTTP: `GET /api/plan-board/columns`, `cards` in pages, `targets` of one line."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from buyside.domain.access import Actor, Permission
from buyside.domain.refusals import NotFound, Unreadable
from buyside.queries.plan_board import BoardFilters, By, board_columns
from buyside.queries.plan_board_cards import board_card, board_cards, board_place
from buyside.queries.plan_board_choices import board_choices
from buyside.queries.plan_board_moves import board_targets
from buyside.queries.plan_board_texts import card_shown, choices_shown, columns_shown, targets_shown
from buyside.queries.plan_vendor_groups import vendor_groups
from buyside.queries.read import ask
from buyside.web.doors import door

_PAGE = 50
_LONGEST = 400


def _number(request: Request, name: str, default: str = "") -> int:
    text = request.query_params.get(name, default)
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise Unreadable(value=text[:60], wanted=f"a number for {name}")
    return int(text)


def _text(request: Request, name: str) -> str:
    text = request.query_params.get(name, "").replace("\0", "")[:_LONGEST]
    return text.encode(errors="replace").decode()  # half a pair of surrogates is no text


def _by(request: Request) -> By:
    text = _text(request, "by") or By.VENDORS
    if text not in set(By):
        raise Unreadable(value=text[:60], wanted="vendors or weeks")
    return By(text)


def _filters(request: Request) -> BoardFilters:
    return BoardFilters(
        vendor=_text(request, "vendor"),
        group=_text(request, "group"),
        planner=_text(request, "planner"),
        late=_text(request, "late") == "1",
        drifted=_text(request, "drifted") == "1",
        text=_text(request, "text"),
    )


def _columns(request: Request, actor: Actor) -> Response:
    run_id, by, filters = _number(request, "run"), _by(request), _filters(request)
    found = ask(board_columns, actor, run_id=run_id, by=by, today=actor.today(), filters=filters)
    groups = ask(vendor_groups, actor, run_id=run_id, today=actor.today()) if by is By.VENDORS else []
    choices = ask(board_choices, actor, run_id=run_id)
    return JSONResponse({"columns": columns_shown(found, groups, by, actor.locale), "choices": choices_shown(choices)})


def _cards(request: Request, actor: Actor) -> Response:
    page = ask(
        board_cards,
        actor,
        run_id=_number(request, "run"),
        by=_by(request),
        column=_text(request, "column"),
        filters=_filters(request),
        start=_number(request, "start", "0"),
        after=_text(request, "after"),
        limit=_number(request, "limit", str(_PAGE)),
    )
    cards = [card_shown(each, actor.locale, actor.today()) for each in page.cards]
    return JSONResponse({"cards": cards, "total": page.total, "after": page.after})


def _place(request: Request, actor: Actor) -> Response:
    column, ahead = ask(
        board_place, actor, line_id=_number(request, "line"), by=_by(request), filters=_filters(request)
    )
    return JSONResponse({"column": column, "ahead": ahead})


def _targets(request: Request, actor: Actor) -> Response:
    line_id, by = _number(request, "line"), _by(request)
    now = ask(board_card, actor, line_id=line_id)
    if now is None:
        raise NotFound(kind="plan line")
    found = ask(board_targets, actor, line_id=line_id, by=by)
    return JSONResponse(targets_shown(found, now, by, actor.locale))


def routes() -> list[BaseRoute]:
    """The routes, for those who may see plans."""
    return [
        door("/api/plan-board/columns", Permission.PLAN_VIEW, _columns),
        door("/api/plan-board/cards", Permission.PLAN_VIEW, _cards),
        door("/api/plan-board/place", Permission.PLAN_VIEW, _place),
        door("/api/plan-board/targets", Permission.PLAN_VIEW, _targets),
    ]
