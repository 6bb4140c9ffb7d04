"""The requirements board over plain HTTP: `GET /api/requirements` in pages, `/api/requirements/choices` for its filters.

Numbers go out as texts in the reader's locale; columns with their heads. What is zero is left out.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any, TypeVar

from babel.dates import format_skeleton
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute

from buyside.domain.access import Actor, Permission
from buyside.domain.locales import shown_date, shown_number
from buyside.domain.refusals import Unreadable
from buyside.queries.read import ask
from buyside.queries.requirement_board import MOST_ROWS, BoardRow, board_choices, board_page, board_place
from buyside.queries.requirement_files import MEASURES, board_csv
from buyside.queries.requirement_keys import BoardSort, BoardView, BoardWanted
from buyside.queries.requirement_pivot import Bucket, Cell, Span, Step, mark_of, window_before
from buyside.web.doors import door
from buyside.web.rows import CSV_TYPE, chunks

_LONGEST = 200
_THREE = Decimal("0.001")
_MOVES = ("gross", "receipts", "overdue", "shortage", "to_order", "planned")

Word = TypeVar("Word", bound=StrEnum)


def _number(request: Request, name: str, default: int, most: int) -> int:
    text = request.query_params.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,18}", text) or int(text) > most:
        raise Unreadable(value=text[:60], wanted="a number")
    return int(text)


def _word(request: Request, name: str, words: type[Word], default: Word) -> Word:
    text = request.query_params.get(name, default.value)
    try:
        return words(text)
    except ValueError:
        raise Unreadable(value=text[:60], wanted=f"one of {', '.join(words)}") from None


def _date(request: Request, name: str) -> date | None:
    text = request.query_params.get(name, "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Unreadable(value=text[:60], wanted="a date") from None


def _text(request: Request, name: str) -> str:
    return request.query_params.get(name, "").replace("\0", "")[:_LONGEST]


def _wanted(request: Request) -> BoardWanted:
    return BoardWanted(
        run_id=_number(request, "run", 0, 2**62),
        step=_word(request, "by", Step, Step.WEEK),
        since=_date(request, "from"),
        view=_word(request, "view", BoardView, BoardView.ALL),
        sort=_word(request, "sort", BoardSort, BoardSort.SHORT),
        text=_text(request, "text"),
        vendor=_text(request, "vendor"),
        group=_text(request, "group"),
        place=_text(request, "place"),
        planner=_text(request, "planner"),
        start=_number(request, "start", 0, 10**9),
        limit=max(1, _number(request, "limit", 50, MOST_ROWS)),
        after=_text(request, "after"),
        counted=_number(request, "counted", 0, 10**9) if "counted" in request.query_params else None,
    )


def _board(request: Request, actor: Actor) -> Response:
    wanted = _wanted(request)
    page = ask(board_page, actor, wanted=wanted)
    locale = actor.locale
    steps = [each for each in page.columns if each.span is Span.STEP]
    first = page.columns[0]
    earlier = window_before(page.as_of, wanted.step, steps[0].first) if first.span is Span.BEFORE and steps else None
    later = next((each.first for each in page.columns if each.span is Span.LATER), None)
    return JSONResponse(
        {
            "as_of": shown_date(page.as_of, locale),
            "columns": [_head(each, wanted.step, locale) for each in page.columns],
            "rows": [_row(each, locale) for each in page.rows],
            "total": page.total,
            "total_text": shown_number(Decimal(page.total), locale),
            "after": page.after,
            "currency": page.currency,
            "is_first": first.span is Span.DUE,
            "earlier": earlier.isoformat() if earlier else "",
            "later": later.isoformat() if later else "",
        }
    )


def _head(column: Bucket, step: Step, locale: str) -> dict[str, str]:
    """What a column is called: in short above it, in full for whoever hears it."""
    day, last = column.first, column.last

    def written(skeleton: str, on: date) -> str:
        return str(format_skeleton(skeleton, on, locale=locale))

    if column.span is Span.DUE:
        head, under, says = "Today", "past due", f"{shown_date(day, locale)} and past due"
    elif column.span is Span.LATER:
        head, under = "Later", f"from {written('MMMd', day)}"
        says = f"From {shown_date(day, locale)} on"
    elif last is None or column.span is Span.BEFORE:
        until = shown_date(last or day, locale)
        head, under, says = "Before", f"until {written('MMMd', last or day)}", f"Past due and until {until}"
    elif step is Step.DAY:
        head, under, says = written("MMMd", day), written("E", day), written("yMMMEd", day)
    elif step is Step.WEEK:
        week = day.isocalendar().week
        head, under = written("MMMd", day), f"week {week}"
        says = f"Week {week}, {shown_date(day, locale)} to {shown_date(last, locale)}"
    else:
        head, under, says = written("MMM", day), written("y", day), written("yMMMM", day)
    return {
        "first": day.isoformat(),
        "last": last.isoformat() if last else "",
        "span": column.span.value,
        "head": head,
        "under": under,
        "says": says,
    }


def _short(value: Decimal, locale: str) -> str:
    """A quantity in at most three decimals, for room is scarce on a board; what would round to nothing is written out."""
    near = value.quantize(_THREE, rounding=ROUND_HALF_UP)
    return shown_number(near or value, locale)


def _row(row: BoardRow, locale: str) -> dict[str, Any]:
    def number(value: Decimal | None) -> str:
        return "" if value is None else _short(value, locale)

    def on(day: date | None) -> str:
        return str(format_skeleton("MMMd", day, locale=locale)) if day else ""

    return {
        "id": f"{row.item_id}-{row.warehouse_id}",
        "item": row.item,
        "name": row.name,
        "unit": row.unit,
        "supply": row.supply,
        "warehouse": row.warehouse,
        "planner": row.planner,
        "on_hand": number(row.on_hand),
        "safety": number(row.safety_stock) if row.safety_stock else "",
        "covered": number(row.covered) if row.covered else "",
        "gross": number(row.gross),
        "receipts": number(row.receipts) if row.receipts else "",
        "overdue": number(row.overdue) if row.overdue else "",
        "shortage": number(row.shortage) if row.shortage else "",
        "to_order": number(row.to_order) if row.to_order else "",
        "planned": number(row.planned) if row.planned else "",
        "late_days": row.late_days,
        "lowest": number(row.lowest),
        "lowest_mark": mark_of(row.lowest, row.safety_stock).value,
        "value": number(row.order_value.quantize(Decimal(1)) if row.order_value else None),
        "short_on": on(row.short_on),
        "order_on": on(row.order_on),
        "cells": [_cell(each, row.safety_stock, locale) for each in row.cells],
    }


def _cell(cell: Cell, safety: Decimal, locale: str) -> dict[str, Any]:
    """What moves in a column. `mark` is of the lowest balance in it, `stays` of its end, which holds in the empty columns after."""
    told: dict[str, Any] = {"c": cell.column}
    for name in _MOVES:
        if value := getattr(cell, name):
            told[name] = _short(value, locale)
    for name, balance, lowest in (
        ("projected", cell.projected, cell.lowest),
        ("with_plan", cell.with_plan, cell.lowest_with_plan),
    ):
        told[name] = _short(balance, locale)
        mark, stays = mark_of(lowest, safety), mark_of(balance, safety)
        if mark:
            told[f"{name}_mark"] = mark.value
        if stays:
            told[f"{name}_stays"] = stays.value
        if lowest != balance and mark is not stays:
            told[f"{name}_lowest"] = _short(lowest, locale)
    return told


def _place(request: Request, actor: Actor) -> Response:
    item, warehouse = (_number(request, name, 0, 2**62) for name in ("item_id", "warehouse_id"))
    return JSONResponse(
        {"place": ask(board_place, actor, wanted=_wanted(request), item_id=item, warehouse_id=warehouse)}
    )


def _choices(request: Request, actor: Actor) -> Response:
    found = ask(board_choices, actor, run_id=_number(request, "run", 0, 2**62))
    return JSONResponse({"groups": found.groups, "places": found.places, "planners": found.planners})


def _file(request: Request, actor: Actor) -> Response:
    measure = _text(request, "measure") or MEASURES[0]
    content = ask(board_csv, actor, wanted=_wanted(request), measure=measure)
    name = f"requirements-{measure.replace('_', '-')}-{actor.today().isoformat()}.csv"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(chunks(content), media_type=CSV_TYPE, headers=headers)


def routes() -> list[BaseRoute]:
    """The routes, for those who may see plans; the file for those of them who may take data out."""
    return [
        door("/api/requirements.csv", Permission.DATA_EXPORT, _file),
        door("/api/requirements/choices", Permission.PLAN_VIEW, _choices),
        door("/api/requirements/place", Permission.PLAN_VIEW, _place),
        door("/api/requirements", Permission.PLAN_VIEW, _board),
    ]
