"""Rows for grids: each grid is described once as data; this module pages, sorts, filters, counts and exports it.

Column names and operators come from closed lists, values travel as parameters, and every order ends in the row's own key,
so that no row shows twice or never. A grid's select starts from what the actor may see, as every query does.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from threading import Lock
from typing import IO, Any

from sqlalchemy import ColumnElement, Select, String, Subquery, and_, cast, func, literal, or_, select, text, tuple_
from sqlmodel import Session

from buyside.domain.access import Actor, Permission, Role, needs
from buyside.domain.refusals import NotAllowed, NotFound, Unreadable
from buyside.domain.words import Kind
from buyside.queries.grid_sources import GridSource, RowColumn
from buyside.queries.row_filters import chosen_values, condition, python_value
from buyside.queries.row_texts import raw, row_writer

__all__ = (
    "GridSource", "RowColumn", "RowsPage", "RowsWanted", "by_name", "escaped", "grid_csv", "grid_page", "grid_rows", "grid_xlsx",
    "portal_grid_page", "portal_grid_rows",
)  # fmt: skip

SCROLL_LIMIT = 500_000
"""Rows that one grid scrolls over; browsers paint columns out of line beyond (16 million pixels)."""
PAGE_LIMIT = 500
IDS_LIMIT = 200
EXPORT_LIMIT = 1_000_000
_DEEP = 1000  # from here on the keys are found first and the rows joined to them
_SORTS = 3
_WORDS = 6
ESCAPE = "\\"
"""Goes before what would be a wildcard in a pattern of the quick filter."""
_DEAR_COUNT = 0.02  # seconds: a count that took longer is not taken again by every first page
_COUNT_KEPT = 30.0  # seconds
_COUNTS = 500
_SEARCH_MEMORY = "SET LOCAL work_mem = '64MB'"
"""A word that stands in very many rows of a long table is found from its index alone, if what was found fits in memory."""


@dataclass(frozen=True, slots=True)
class RowsWanted:
    """What a browser asked for, still unchecked but for its outer shape."""

    start: int = 0
    end: int = 100
    sort: tuple[tuple[str, str], ...] = ()
    filters: Mapping[str, Any] = field(default_factory=dict)
    quick: str = ""
    scope: Mapping[str, Any] = field(default_factory=dict)
    after: str = ""
    """Where the page before this one ended, as that page's answer said."""


@dataclass(frozen=True, slots=True)
class RowsPage:
    """Rows as the browser takes them; `total` is at most SCROLL_LIMIT."""

    rows: list[dict[str, Any]]
    total: int
    has_more: bool
    after: str = ""


@dataclass(frozen=True, slots=True)
class _Parts:
    base: Subquery
    where: tuple[ColumnElement[bool], ...]
    order: tuple[tuple[ColumnElement[Any], str, RowColumn | None], ...]


@needs(Permission.SHELL_USE)
def grid_page(session: Session, actor: Actor, /, *, source: GridSource, wanted: RowsWanted, today: date) -> RowsPage:
    """One page of a grid. Refuses: NotAllowed, Unreadable."""
    return _page(session, actor, source, wanted, today)


@needs(Permission.PORTAL_USE)
def portal_grid_page(
    session: Session, actor: Actor, /, *, source: GridSource, wanted: RowsWanted, today: date
) -> RowsPage:
    """The same for a vendor's user. Refuses: NotAllowed, Unreadable."""
    return _page(session, actor, source, wanted, today)


def _page(session: Session, actor: Actor, source: GridSource, wanted: RowsWanted, today: date) -> RowsPage:
    _allowed(source, actor)
    if not 0 <= wanted.start <= wanted.end <= SCROLL_LIMIT + PAGE_LIMIT or wanted.end - wanted.start > PAGE_LIMIT:
        raise Unreadable(value=f"{wanted.start}-{wanted.end}", wanted="a page of rows")
    parts = _parts(source, actor, wanted, today)
    if wanted.quick and source.keys_found is not None:
        session.execute(text(_SEARCH_MEMORY))
    limit = wanted.end - wanted.start
    found = session.execute(_page_select(source, parts, wanted, limit)).mappings().all()
    if len(found) < limit and (found or not wanted.start):
        total = wanted.start + len(found)
    else:
        total = _count(session, source, actor, wanted, parts)
    write = row_writer(source, actor)
    return RowsPage(
        rows=[write(row) for row in found],
        total=min(total, SCROLL_LIMIT),
        has_more=total > SCROLL_LIMIT,
        after=_after(source, parts, found[-1]) if len(found) == limit and found else "",
    )


@needs(Permission.SHELL_USE)
def grid_rows(
    session: Session, actor: Actor, /, *, source: GridSource, ids: tuple[str, ...], scope: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Some rows of a grid again, by key, in no order; those gone or out of reach are left out. Refuses: NotAllowed, Unreadable."""
    return _again(session, actor, source, ids, scope)


@needs(Permission.PORTAL_USE)
def portal_grid_rows(
    session: Session, actor: Actor, /, *, source: GridSource, ids: tuple[str, ...], scope: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The same for a vendor's user. Refuses: NotAllowed, Unreadable."""
    return _again(session, actor, source, ids, scope)


def _again(
    session: Session, actor: Actor, source: GridSource, ids: tuple[str, ...], scope: Mapping[str, Any]
) -> list[dict[str, Any]]:
    _allowed(source, actor)
    if len(ids) > IDS_LIMIT:
        raise Unreadable(value=str(len(ids)), wanted=f"at most {IDS_LIMIT} rows")
    base = source.rows(actor).subquery(source.name.replace("-", "_"))
    key = base.c[source.key]
    chosen = _listed(source, base).where(
        key.in_([python_value(key, each) for each in ids]), *_scoped(source, base, scope)
    )
    write = row_writer(source, actor)
    return [write(row) for row in session.execute(chosen).mappings()]


@needs(Permission.DATA_EXPORT)
def grid_csv(session: Session, actor: Actor, /, *, source: GridSource, wanted: RowsWanted, today: date) -> IO[bytes]:
    """All rows of a filter as CSV (RFC 4180, UTF-8), in a temporary file that is the caller's to close.

    Numbers and dates are written for machines; a text that a spreadsheet would run as a formula starts with an apostrophe.
    Refuses: NotAllowed, Unreadable.
    """
    from buyside.documents.table_writes import csv_cell, csv_lines

    names, rows = _exported(session, actor, source, wanted, today)
    texts = (map(csv_cell, row) for row in chain([names], rows))
    return _file(lambda target: target.writelines(csv_lines(texts)))


@needs(Permission.DATA_EXPORT)
def grid_xlsx(session: Session, actor: Actor, /, *, source: GridSource, wanted: RowsWanted, today: date) -> IO[bytes]:
    """The same as a workbook: texts as texts, numbers as numbers, dates as dates, and nothing as a formula.

    Refuses: NotAllowed, Unreadable.
    """
    from buyside.documents.table_writes import write_workbook

    names, rows = _exported(session, actor, source, wanted, today)
    return _file(lambda target: write_workbook(target, source.name, names, rows))


def _exported(
    session: Session, actor: Actor, source: GridSource, wanted: RowsWanted, today: date
) -> tuple[list[str], Iterable[Any]]:
    """The columns that a file has, and its rows as they come. Refuses: NotAllowed, Unreadable."""
    _allowed(source, actor)
    parts = _parts(source, actor, wanted, today)
    names = [each.name for each in source.columns if each.kind is not Kind.KEY]
    ordered = select(*(parts.base.c[name] for name in names)).where(*parts.where).limit(EXPORT_LIMIT)
    ordered = ordered.order_by(*_ordering(parts.order))
    return names, session.execute(ordered.execution_options(yield_per=5000))


def _file(write: Callable[[IO[bytes]], Any]) -> IO[bytes]:
    target = tempfile.TemporaryFile()  # noqa: SIM115 - handed to the caller
    try:
        write(target)
        target.seek(0)
    except BaseException:
        target.close()
        raise
    return target


def _allowed(source: GridSource, actor: Actor) -> None:
    if not actor.may(source.permission):
        raise NotAllowed(act=source.permission.value)


def _parts(source: GridSource, actor: Actor, wanted: RowsWanted, today: date) -> _Parts:
    base = source.rows(actor).subquery(source.name.replace("-", "_"))
    where = [*_scoped(source, base, wanted.scope)]
    for name, model in wanted.filters.items():
        column = source.column(name)
        if column.found_by is not None:
            where.append(column.found_by(base.c[source.key], chosen_values(model)))
            continue
        where.append(condition(base.c[name], column.kind, model, today=today, time_zone=actor.time_zone))
    where += [_found(source, base, literal(f"%{escaped(word)}%")) for word in wanted.quick.split()[:_WORDS]]
    order: list[tuple[ColumnElement[Any], str, RowColumn | None]] = []
    for name, direction in wanted.sort[:_SORTS] or source.order:
        if direction not in {"asc", "desc"}:
            raise Unreadable(value=direction, wanted="asc or desc")
        known = source.column(name)
        order.append((base.c[name], direction, known))
    order.append((base.c[source.key], order[-1][1] if order else "asc", None))
    return _Parts(base, tuple(where), tuple(order))


def _found(source: GridSource, base: Subquery, pattern: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether the quick filter finds `pattern` in a row."""
    if source.keys_found is not None:
        return base.c[source.key].in_(source.keys_found(pattern))
    searched = (cast(base.c[each.name], String) for each in source.columns if each.searched)
    return or_(*(column.ilike(pattern, escape=ESCAPE) for column in searched))


def _scoped(source: GridSource, base: Subquery, scope: Mapping[str, Any]) -> Iterator[ColumnElement[bool]]:
    for name in source.scopes_needed:
        if name not in scope:
            raise Unreadable(value="", wanted=f"the {name} of {source.name}")
    for name, value in scope.items():
        if name not in source.scopes:
            raise Unreadable(value=name, wanted=f"a scope of {source.name}")
        known = next((each for each in source.columns if each.name == name and each.found_by), None)
        if known is not None and known.found_by is not None:
            yield known.found_by(base.c[source.key], chosen_values({"type": "in", "values": [value]}))
        else:
            yield base.c[name] == python_value(base.c[name], value)


def escaped(word: str) -> str:
    """`word` for a pattern, so that nothing in it is a wildcard."""
    return word.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")


def _ordering(order: tuple[tuple[ColumnElement[Any], str, RowColumn | None], ...]) -> list[ColumnElement[Any]]:
    return [_ordered(column, direction, _sure(known)) for column, direction, known in order]


def _ordered(column: ColumnElement[Any], direction: str, sure: bool) -> ColumnElement[Any]:
    """Ascending or descending; empty values last either way, said only where there can be any (indexes are plain)."""
    directed = column.asc() if direction == "asc" else column.desc()
    return directed if sure or direction == "asc" else directed.nulls_last()


def _sure(column: RowColumn | None) -> bool:
    """Whether the column is never null: the row's key (None) or declared so."""
    return column is None or column.required


def _is_plain(parts: _Parts) -> bool:
    """Whether a comparison of rows finds the next page, of which an index can make use: no nulls, one direction."""
    return all(_sure(known) for _, _, known in parts.order) and len({direction for _, direction, _ in parts.order}) == 1


def _behind(parts: _Parts, last: Sequence[Any]) -> ColumnElement[bool]:
    """What comes behind the last row of a page, in the order of `_ordering`: empty values last."""
    here = [column for column, _, _ in parts.order]
    there = [literal(value, column.type) for value, column in zip(last, here, strict=True)]
    if _is_plain(parts):
        is_up = parts.order[0][1] == "asc"
        # An index of the first column alone finds where the page begins; a comparison of several tables' columns cannot.
        begins = here[0] >= there[0] if is_up else here[0] <= there[0]
        return and_(begins, tuple_(*here) > tuple_(*there) if is_up else tuple_(*here) < tuple_(*there))
    found: list[ColumnElement[bool]] = []
    same: list[ColumnElement[bool]] = []
    for value, own, (column, direction, known) in zip(last, there, parts.order, strict=True):
        if value is not None:
            further = column > own if direction == "asc" else column < own
            found.append(and_(*same, further if _sure(known) else or_(further, column.is_(None))))
        same.append(column.is_(None) if value is None else column == own)
    return or_(*found)


def _page_select(source: GridSource, parts: _Parts, wanted: RowsWanted, limit: int) -> Select[Any]:
    ordering = _ordering(parts.order)
    key = parts.base.c[source.key]
    is_continued = bool(wanted.after)
    by_key = source.keys_first or not (is_continued or wanted.start < _DEEP)
    page = (select(key) if by_key else _listed(source, parts.base)).where(*parts.where).order_by(*ordering).limit(limit)
    page = page.where(_behind(parts, _read_after(parts, wanted.after))) if is_continued else page.offset(wanted.start)
    if not by_key:
        return page
    return _listed(source, parts.base).where(key.in_(select(page.subquery("keys")))).order_by(*ordering)


def _listed(source: GridSource, base: Subquery) -> Select[Any]:
    """What a list shows of its rows."""
    names = {each.name: None for each in source.columns if not each.only_in_files} | {source.key: None}
    return select(*(base.c[name] for name in names))


def _after(source: GridSource, parts: _Parts, row: Mapping[Any, Any]) -> str:
    return json.dumps([raw(row[known.name if known else source.key]) for _, _, known in parts.order])


def _read_after(parts: _Parts, after: str) -> list[Any]:
    try:
        values = json.loads(after)
        if not isinstance(values, list) or len(values) != len(parts.order):
            raise ValueError
        json.dumps(values, ensure_ascii=False).encode()  # half a pair of surrogates is no text
    except ValueError:
        raise Unreadable(value=after, wanted="the end of a page") from None
    return [
        None if value is None and not _sure(known) else python_value(column, value)
        for value, (column, _, known) in zip(values, parts.order, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Counted:
    at: float
    total: int
    is_dear: bool


_counts: OrderedDict[tuple[Any, ...], _Counted] = OrderedDict()
_counts_lock = Lock()


def _count(session: Session, source: GridSource, actor: Actor, wanted: RowsWanted, parts: _Parts) -> int:
    """How many rows a filter finds, at most one beyond the limit.

    Counted anew by each first page; pages further down, and first pages if the count is dear, believe one of half a minute.
    """
    asked = json.dumps([wanted.filters, wanted.quick, wanted.scope], sort_keys=True, default=str)
    known = (source.name, actor.user_id, actor.roles, actor.vendor_ids, asked)
    now = time.monotonic()
    with _counts_lock:
        kept = _counts.get(known)
    is_vendor = Role.VENDOR in actor.roles  # whose reach may have ended since
    if kept and not is_vendor and now - kept.at < _COUNT_KEPT and (kept.is_dear or wanted.start):
        return kept.total
    bounded = (
        select(parts.base.c[source.key]).where(and_(True, *parts.where)).limit(SCROLL_LIMIT + 1).subquery("bounded")
    )
    total: int = session.execute(select(func.count()).select_from(bounded)).scalar_one()
    ended = time.monotonic()
    with _counts_lock:
        _counts[known] = _Counted(ended, total, is_dear=ended - now > _DEAR_COUNT)
        _counts.move_to_end(known)
        while len(_counts) > _COUNTS:
            _counts.popitem(last=False)
    return total


def by_name(sources: tuple[GridSource, ...], name: str) -> GridSource:
    """The grid of that name. Refuses: NotFound."""
    for each in sources:
        if each.name == name:
            return each
    raise NotFound(kind="list")
