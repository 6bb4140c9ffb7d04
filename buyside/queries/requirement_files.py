"""The requirements board as a file: the rows that are wanted, and a measure in the columns of time that are shown."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import IO, Any

from sqlmodel import Session

from buyside.domain.access import Actor, Permission, needs
from buyside.domain.money import ZERO
from buyside.domain.refusals import NotAllowed, Unreadable
from buyside.queries.requirement_board import MOST_ROWS, BoardPage, BoardRow, board_page
from buyside.queries.requirement_keys import BoardWanted
from buyside.queries.requirement_pivot import Bucket

MEASURES = ("projected", "with_plan", "gross", "receipts", "shortage", "to_order", "planned")
_BALANCES = {"projected", "with_plan"}
_OWN = (
    *(
        "item",
        "name",
        "warehouse",
        "unit",
        "supply",
        "planner",
        "on_hand",
        "safety_stock",
        "covered",
        "gross",
        "receipts",
    ),
    *("overdue", "shortage", "short_on", "to_order", "order_on", "planned", "late_days", "lowest", "order_value"),
)


@needs(Permission.DATA_EXPORT)
def board_csv(session: Session, actor: Actor, *, wanted: BoardWanted, measure: str) -> IO[bytes]:
    """All rows of a board as CSV (RFC 4180, UTF-8), in a temporary file that is the caller's to close.

    Sums first, then `measure` by column, headed by its first day. Numbers are exact and written for machines; a text that a
    spreadsheet would run as a formula starts with an apostrophe. Refuses: NotAllowed, NotFound, Unreadable.
    """
    from buyside.documents.table_writes import csv_cell, csv_lines

    if not actor.may(Permission.PLAN_VIEW):
        raise NotAllowed(act=Permission.PLAN_VIEW.value)
    if measure not in MEASURES:
        raise Unreadable(value=measure[:60], wanted=f"one of {', '.join(MEASURES)}")
    first = board_page(session, actor, wanted=replace(wanted, start=0, after="", limit=MOST_ROWS))
    head = [*_OWN, *(_headed(each, measure) for each in first.columns)]
    rows = (
        [*(getattr(row, name) for name in _OWN), *_across(row, len(first.columns), measure)]
        for page in _pages(session, actor, wanted, first)
        for row in page.rows
    )
    target = tempfile.TemporaryFile()  # noqa: SIM115 - handed to the caller
    try:
        target.writelines(csv_lines(map(csv_cell, row) for row in chain([head], rows)))
        target.seek(0)
    except BaseException:
        target.close()
        raise
    return target


def _pages(session: Session, actor: Actor, wanted: BoardWanted, first: BoardPage) -> Iterator[BoardPage]:
    page = first
    yield page
    while page.after:
        page = board_page(
            session, actor, wanted=replace(wanted, after=page.after, limit=MOST_ROWS, counted=first.total)
        )
        yield page


def _headed(column: Bucket, measure: str) -> str:
    return f"{measure} {column.first}" + (f" to {column.last}" if column.last != column.first else "")


def _across(row: BoardRow, columns: int, measure: str) -> list[Any]:
    """The measure in every column; a balance holds where nothing happens."""
    by_column = {each.column: getattr(each, measure) for each in row.cells}
    across, last = [], by_column[0]
    for place in range(columns):
        last = by_column.get(place, last)
        across.append(last if measure in _BALANCES else by_column.get(place, ZERO))
    return across
