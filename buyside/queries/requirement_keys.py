"""Which rows of the requirements board are wanted, in which order, and where a page of them goes on (PLAN-5, PLAN-14).

All of it is answered by the sums that each run keeps per item (`planning_item_total`). A page goes on from where the one before
ended, by an index that begins there: a page far down costs what the first does.
"""

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from sqlalchemy import CTE, Select, and_, exists, func, or_, select, tuple_
from sqlmodel import Session, col

from buyside.db.items import Item, ItemGroup, VendorItem
from buyside.db.plans import PlanLine, PlanningItemTotal
from buyside.db.stock import Warehouse
from buyside.db.vendors import Vendor
from buyside.domain.items import SupplyMode
from buyside.domain.plans import PlanLineState
from buyside.domain.refusals import Unreadable
from buyside.queries.requirement_pivot import Step
from buyside.queries.rows import ESCAPE, escaped

_WORDS = 6  # of a text that is looked for
_TOTAL = PlanningItemTotal

Key = tuple[Any, int, int]
"""A row: the value that it stands in order of, its item and its warehouse."""


class BoardView(StrEnum):
    """Which rows are shown."""

    SHORT = "short"
    """Bought items with a shortage."""
    ORDER = "order"
    """Bought items of which more has to be ordered than is."""
    LATE = "late"
    """With a plan line whose order-by date is past."""
    OVERDUE = "overdue"
    """With an open order that was to arrive before the as-of day."""
    MADE = "made"
    ALL = "all"


class BoardSort(StrEnum):
    """In which order; equal ones stand by item and warehouse."""

    SHORT = "short"
    """First shortage first, without one last."""
    VALUE = "value"
    """What the run suggests to buy, the most first."""
    CODE = "code"


@dataclass(frozen=True, slots=True)
class BoardWanted:
    """What is asked of the board. Empty texts filter nothing; `vendor`, `group` and `place` are codes.

    `after` is where the page before ended, as it said; without it rows are counted from `start`.
    """

    run_id: int
    step: Step = Step.WEEK
    since: date | None = None
    view: BoardView = BoardView.ALL
    sort: BoardSort = BoardSort.SHORT
    text: str = ""
    vendor: str = ""
    group: str = ""
    place: str = ""
    planner: str = ""
    start: int = 0
    limit: int = 50
    after: str = ""
    counted: int | None = None
    """How many rows there are in all, where the page before told it: they are not counted again."""


def keys_of(session: Session, wanted: BoardWanted) -> list[Key]:
    """One page's rows in order, and one row more where there is one. Refuses: Unreadable.

    Rows without the value of the order come last, and are asked for apart: each part follows an index from where it begins.
    """
    first, item, warehouse = order = _order(wanted.sort)
    limit = wanted.limit + 1
    end = _read(wanted.after, wanted.sort) if wanted.after else None
    found: list[Key] = []
    skip = 0 if end else wanted.start
    if end is None or end[0] is not None:
        filled = _filtered(wanted, *order).where(first.is_not(None)).order_by(*order)
        if end is not None:
            filled = filled.where(first >= end[0], tuple_(*order) > tuple_(*end))
        found = [(row[0], row[1], row[2]) for row in session.execute(filled.offset(skip).limit(limit))]
        if skip and len(found) < limit:
            skip = max(0, skip - _count(session, wanted, first.is_not(None)))
    if len(found) < limit and wanted.sort is not BoardSort.CODE:
        empty = _filtered(wanted, *order).where(first.is_(None)).order_by(item, warehouse)
        if end is not None and end[0] is None:
            empty = empty.where(tuple_(item, warehouse) > tuple_(end[1], end[2]))
        rest = session.execute(empty.offset(skip).limit(limit - len(found)))
        found += [(row[0], row[1], row[2]) for row in rest]
    return found


def count_of(session: Session, wanted: BoardWanted) -> int:
    """How many rows there are in all."""
    return _count(session, wanted)


def place_of(session: Session, wanted: BoardWanted, item_id: int, warehouse_id: int) -> int | None:
    """How many rows stand before an item's in what is wanted; None: it is not among them."""
    first, item, warehouse = order = _order(wanted.sort)
    here = session.execute(_filtered(wanted, *order).where(item == item_id, warehouse == warehouse_id)).one_or_none()
    if here is None:
        return None
    rest = tuple_(item, warehouse) > tuple_(item_id, warehouse_id)
    after = and_(first.is_(None), rest) if here[0] is None else or_(tuple_(*order) > tuple_(*here), first.is_(None))
    return _count(session, wanted) - _count(session, wanted, after) - 1


def written(end: Key) -> str:
    """A row as a place that a page can go on from."""
    return json.dumps([None if end[0] is None else str(end[0]), end[1], end[2]])


def _read(after: str, sort: BoardSort) -> Key:
    """What written() made. Refuses: Unreadable."""
    try:
        first, item, warehouse = json.loads(after)
        if not (isinstance(item, int) and isinstance(warehouse, int) and isinstance(first, str | None)):
            raise TypeError
        if first is None:
            return None, item, warehouse
        of: dict[BoardSort, Any] = {BoardSort.SHORT: date.fromisoformat, BoardSort.VALUE: Decimal, BoardSort.CODE: str}
        return of[sort](first), item, warehouse
    except (ValueError, TypeError, InvalidOperation):
        raise Unreadable(value=after[:60], wanted="a place in the list") from None


def _order(sort: BoardSort) -> tuple[Any, Any, Any]:
    """What rows stand in ascending order of; item and warehouse last, so that no two are equal."""
    first: dict[BoardSort, Any] = {
        BoardSort.SHORT: col(_TOTAL.short_on),
        BoardSort.VALUE: -col(_TOTAL.order_value),  # as its index has it: one direction for all three
        BoardSort.CODE: col(Item.code),
    }
    return first[sort], col(_TOTAL.item_id), col(_TOTAL.warehouse_id)


def _count(session: Session, wanted: BoardWanted, *more: Any) -> int:
    return int(session.execute(_filtered(wanted, func.count()).where(*more)).scalar_one())


def _filtered(wanted: BoardWanted, *selected: Any) -> Select[Any]:
    """Sums of the run that are wanted. Tables beside them are joined only where a filter or the order asks."""
    statement: Select[Any] = select(*selected).select_from(_TOTAL).where(col(_TOTAL.run_id) == wanted.run_id)
    by_supply = wanted.view in {BoardView.SHORT, BoardView.ORDER, BoardView.MADE}
    if wanted.group or wanted.planner or by_supply or wanted.sort is BoardSort.CODE:
        statement = statement.join(Item, col(Item.id) == col(_TOTAL.item_id))
    if wanted.group:
        statement = statement.join(ItemGroup, col(ItemGroup.id) == col(Item.group_id))
    if wanted.place:
        statement = statement.join(Warehouse, col(Warehouse.id) == col(_TOTAL.warehouse_id))
    return statement.where(*_conditions(wanted))


def _conditions(wanted: BoardWanted) -> list[Any]:
    where: list[Any] = []
    if words := wanted.text.split()[:_WORDS]:
        where.append(col(_TOTAL.item_id).in_(select(_named(words).c.id)))
    if wanted.group:
        where.append(col(ItemGroup.code) == wanted.group)
    if wanted.planner:
        where.append(col(Item.planner) == wanted.planner)
    if wanted.place:
        where.append(col(Warehouse.code) == wanted.place)
    if wanted.vendor:
        where.append(
            col(_TOTAL.item_id).in_(
                select(col(VendorItem.item_id))
                .join(Vendor, col(Vendor.id) == col(VendorItem.vendor_id))
                .where(col(Vendor.code) == wanted.vendor)
            )
        )
    shown: dict[BoardView, list[Any]] = {
        BoardView.SHORT: [col(_TOTAL.short_on).is_not(None), col(Item.supply) == SupplyMode.BUY.value],
        BoardView.ORDER: [col(_TOTAL.order_on).is_not(None), col(Item.supply) == SupplyMode.BUY.value],
        BoardView.LATE: [
            exists().where(
                col(PlanLine.item_id) == col(_TOTAL.item_id),
                col(PlanLine.run_id) == wanted.run_id,
                col(PlanLine.warehouse_id) == col(_TOTAL.warehouse_id),
                col(PlanLine.state) == PlanLineState.OPEN.value,
                col(PlanLine.late_days) > 0,
            )
        ],
        BoardView.OVERDUE: [col(_TOTAL.overdue_receipts) > 0],
        BoardView.MADE: [col(Item.supply) == SupplyMode.MAKE.value],
        BoardView.ALL: [],
    }
    return where + shown[wanted.view]


def _named(words: list[str]) -> CTE:
    """Items with all of the words in their code or name, found before anything else: their trigrams have an index, and a
    plan made for any text does not know that few items have this one."""
    statement = select(col(Item.id))
    for word in words:
        pattern = f"%{escaped(word)}%"
        statement = statement.where(
            or_(col(Item.code).ilike(pattern, escape=ESCAPE), col(Item.name).ilike(pattern, escape=ESCAPE))
        )
    return statement.cte("named").prefix_with("MATERIALIZED", dialect="postgresql")
