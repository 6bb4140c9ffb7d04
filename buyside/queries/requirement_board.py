"""The requirements board: items by warehouse down, days, weeks or months across (PLAN-5, PLAN-14).

Which rows, in which order and how many is answered by the sums that each run keeps per item (`planning_item_total`); days are
read for the rows of one page alone. A page goes on from where the last one ended, or at a number of rows from the top.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, and_, exists, func, or_, select, tuple_
from sqlmodel import Session, col

from buyside.db.items import Item, ItemGroup, Unit, VendorItem
from buyside.db.people import Organisation
from buyside.db.plans import PlanLine, PlanningItemTotal, PlanningRequirement, PlanningRun
from buyside.db.stock import Warehouse
from buyside.db.vendors import Vendor
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.items import SupplyMode
from buyside.domain.money import ZERO
from buyside.domain.plans import PlanLineState, RunState
from buyside.domain.refusals import NotFound, Unreadable
from buyside.queries.answers import columns
from buyside.queries.requirement_pivot import Bucket, Cell, NeedDay, Step, buckets, pivot
from buyside.queries.rows import ESCAPE, escaped

MOST_ROWS = 200
"""Rows of one page."""
_WORDS = 6  # of a text that is looked for
_SIX = Decimal("0.000001")


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


@dataclass(frozen=True, slots=True)
class BoardRow:
    """An item in a warehouse: its sums over the horizon, and the columns in which anything happens. Stock units."""

    item_id: int
    warehouse_id: int
    item: str
    name: str
    unit: str
    supply: str
    warehouse: str
    planner: str
    on_hand: Decimal
    safety_stock: Decimal
    covered: Decimal | None
    """What finished goods in stock made needless; None: not kept by the run."""
    gross: Decimal
    receipts: Decimal
    overdue: Decimal
    shortage: Decimal
    to_order: Decimal
    planned: Decimal
    """What lines of the plan bring that are not left out, as they are decided now."""
    late_days: int
    """Of the latest of them."""
    lowest: Decimal
    order_value: Decimal | None
    """What the run suggested to buy, in the organisation's currency."""
    short_on: date | None
    order_on: date | None
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class BoardPage:
    """Some rows, how many there are in all, and where the next page goes on; empty: there is none."""

    as_of: date
    last_on: date
    """The last day on which anything happens in the run."""
    columns: tuple[Bucket, ...]
    rows: tuple[BoardRow, ...]
    total: int
    after: str
    currency: str
    """The organisation's: what values are in."""


@needs(Permission.PLAN_VIEW)
def board_page(session: Session, actor: Actor, *, wanted: BoardWanted) -> BoardPage:
    """A page of the board of a run that is done. Refuses: NotFound, Unreadable (a place to go on from that is none)."""
    run = _run(session, wanted.run_id)
    last_on = _last_on(session, run)
    across = buckets(run.as_of, wanted.step, since=wanted.since, until=last_on)
    keys = _keys(session, wanted)
    total = wanted.counted if wanted.after else None
    if total is None:
        total = session.execute(_filtered(wanted, func.count())).scalar_one()
    more = len(keys) > wanted.limit
    keys = keys[: wanted.limit]
    return BoardPage(
        as_of=run.as_of,
        last_on=last_on,
        columns=tuple(across),
        rows=tuple(_rows(session, run.id, across, [(each[-2], each[-1]) for each in keys])),
        total=total,
        after=_written(keys[-1]) if more else "",
        currency=session.get_one(Organisation, 1).currency_code,
    )


@needs(Permission.PLAN_VIEW)
def board_place(session: Session, actor: Actor, *, wanted: BoardWanted, item_id: int, warehouse_id: int) -> int | None:
    """How many rows stand before an item's in what is wanted; None: it is not among them."""
    order = _order(wanted.sort)
    own = _filtered(wanted, *order).where(
        col(PlanningItemTotal.item_id) == item_id, col(PlanningItemTotal.warehouse_id) == warehouse_id
    )
    here = session.execute(own).one_or_none()
    if here is None:
        return None
    after = _filtered(wanted, func.count()).where(_goes_on(wanted.sort, tuple(here)))
    return int(session.execute(_filtered(wanted, func.count())).scalar_one() - session.execute(after).scalar_one() - 1)


@dataclass(frozen=True, slots=True)
class BoardChoices:
    """What the board of a run can be limited to: (code, name) of groups and warehouses, names of planners."""

    groups: tuple[tuple[str, str], ...]
    places: tuple[tuple[str, str], ...]
    planners: tuple[str, ...]


@needs(Permission.PLAN_VIEW)
def board_choices(session: Session, actor: Actor, *, run_id: int) -> BoardChoices:
    """Groups of items, planners, and the warehouses of a run's scope. Refuses: NotFound."""
    run = _run(session, run_id)
    scope = run.scope.get("warehouses")
    places = select(col(Warehouse.code), col(Warehouse.name)).order_by(col(Warehouse.code))
    groups = select(col(ItemGroup.code), col(ItemGroup.name)).order_by(col(ItemGroup.code))
    planners = select(col(Item.planner)).where(col(Item.planner) != "").distinct().order_by(col(Item.planner))
    if scope is not None:
        places = places.where(col(Warehouse.id).in_(scope))
    return BoardChoices(
        groups=tuple((code, name) for code, name in session.execute(groups)),
        places=tuple((code, name) for code, name in session.execute(places)),
        planners=tuple(session.execute(planners).scalars()),
    )


def _run(session: Session, run_id: int) -> PlanningRun:
    run = session.get(PlanningRun, run_id)
    if run is None or run.state != RunState.DONE:
        raise NotFound(kind="finished planning run")
    return run


def _last_on(session: Session, run: PlanningRun) -> date:
    """The last day on which the run needs, gets or plans anything; runs that did not keep it are searched."""
    kept = run.counts.get("last_on")
    needed = (
        date.fromisoformat(kept)
        if kept
        else session.execute(
            select(func.max(PlanningRequirement.on_date)).where(col(PlanningRequirement.run_id) == run.id)
        ).scalar_one()
    )
    planned = session.execute(
        select(col(PlanLine.needed_on))
        .where(col(PlanLine.run_id) == run.id)
        .order_by(col(PlanLine.needed_on).desc())
        .limit(1)
    ).scalar_one_or_none()
    return max(each for each in (run.as_of, needed, planned) if each is not None)


# --- which rows, in which order -------------------------------------------------------------------------------------------
def _filtered(wanted: BoardWanted, *selected: Any) -> Select[Any]:
    """Sums of the run that are wanted. Tables beside them are joined only where a filter or the order asks."""
    total = PlanningItemTotal
    statement: Select[Any] = select(*selected).select_from(total).where(col(total.run_id) == wanted.run_id)
    by_supply = wanted.view in {BoardView.SHORT, BoardView.ORDER, BoardView.MADE}
    if wanted.text or wanted.group or wanted.planner or by_supply or wanted.sort is BoardSort.CODE:
        statement = statement.join(Item, col(Item.id) == col(total.item_id))
    if wanted.group:
        statement = statement.join(ItemGroup, col(ItemGroup.id) == col(Item.group_id))
    if wanted.place:
        statement = statement.join(Warehouse, col(Warehouse.id) == col(total.warehouse_id))
    return statement.where(*_conditions(wanted))


def _conditions(wanted: BoardWanted) -> list[Any]:
    total = PlanningItemTotal
    where: list[Any] = []
    for word in wanted.text.split()[:_WORDS]:
        pattern = f"%{escaped(word)}%"
        where.append(or_(col(Item.code).ilike(pattern, escape=ESCAPE), col(Item.name).ilike(pattern, escape=ESCAPE)))
    if wanted.group:
        where.append(col(ItemGroup.code) == wanted.group)
    if wanted.planner:
        where.append(col(Item.planner) == wanted.planner)
    if wanted.place:
        where.append(col(Warehouse.code) == wanted.place)
    if wanted.vendor:
        where.append(
            col(total.item_id).in_(
                select(col(VendorItem.item_id))
                .join(Vendor, col(Vendor.id) == col(VendorItem.vendor_id))
                .where(col(Vendor.code) == wanted.vendor)
            )
        )
    shown: dict[BoardView, list[Any]] = {
        BoardView.SHORT: [col(total.short_on).is_not(None), col(Item.supply) == SupplyMode.BUY.value],
        BoardView.ORDER: [col(total.order_on).is_not(None), col(Item.supply) == SupplyMode.BUY.value],
        BoardView.LATE: [
            exists().where(
                col(PlanLine.item_id) == col(total.item_id),
                col(PlanLine.run_id) == wanted.run_id,
                col(PlanLine.warehouse_id) == col(total.warehouse_id),
                col(PlanLine.state) == PlanLineState.OPEN.value,
                col(PlanLine.late_days) > 0,
            )
        ],
        BoardView.OVERDUE: [col(total.overdue_receipts) > 0],
        BoardView.MADE: [col(Item.supply) == SupplyMode.MAKE.value],
        BoardView.ALL: [],
    }
    return where + shown[wanted.view]


def _order(sort: BoardSort) -> tuple[Any, ...]:
    """What rows stand in order of; item and warehouse last, so that no two are equal."""
    total = PlanningItemTotal
    first = {BoardSort.SHORT: total.short_on, BoardSort.VALUE: total.order_value, BoardSort.CODE: Item.code}[sort]
    return col(first), col(total.item_id), col(total.warehouse_id)


def _goes_on(sort: BoardSort, end: tuple[Any, ...]) -> Any:
    """Whether a row comes after one, by that one's values of the order."""
    first, item, warehouse = _order(sort)
    rest = tuple_(item, warehouse) > tuple_(end[1], end[2])
    if end[0] is None:
        return and_(first.is_(None), rest)
    if sort is BoardSort.VALUE:
        return or_(first < end[0], and_(first == end[0], rest), first.is_(None))
    return or_(tuple_(first, item, warehouse) > tuple_(*end), first.is_(None))


def _keys(session: Session, wanted: BoardWanted) -> list[tuple[Any, ...]]:
    """The values of the order of one page's rows, and of one row more where there is one.

    Rows without the first value come last, and are asked for apart: each part then follows an index from where it begins.
    """
    first, item, warehouse = order = _order(wanted.sort)
    limit = wanted.limit + 1
    end = _read(wanted.after, wanted.sort) if wanted.after else None
    found: list[tuple[Any, ...]] = []
    skip = 0 if end else wanted.start
    if end is None or end[0] is not None:
        direction = first.desc() if wanted.sort is BoardSort.VALUE else first
        filled = _filtered(wanted, *order).where(first.is_not(None)).order_by(direction, item, warehouse)
        if end is not None:
            descending = or_(first < end[0], and_(first == end[0], tuple_(item, warehouse) > tuple_(end[1], end[2])))
            filled = filled.where(
                descending if wanted.sort is BoardSort.VALUE else tuple_(first, item, warehouse) > tuple_(*end)
            )
        found = [tuple(row) for row in session.execute(filled.offset(skip).limit(limit))]
        if skip and len(found) < limit:
            counted = session.execute(_filtered(wanted, func.count()).where(first.is_not(None))).scalar_one()
            skip = max(0, skip - counted)
    if len(found) < limit:
        empty = _filtered(wanted, *order).where(first.is_(None)).order_by(item, warehouse)
        if end is not None and end[0] is None:
            empty = empty.where(tuple_(item, warehouse) > tuple_(end[1], end[2]))
        found += [tuple(row) for row in session.execute(empty.offset(skip).limit(limit - len(found)))]
    return found


def _written(end: tuple[Any, ...]) -> str:
    return json.dumps([None if end[0] is None else str(end[0]), end[1], end[2]])


def _read(after: str, sort: BoardSort) -> tuple[Any, ...]:
    """Refuses: Unreadable."""
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


# --- what stands in them --------------------------------------------------------------------------------------------------
def _rows(session: Session, run_id: int, across: Sequence[Bucket], keys: list[tuple[int, int]]) -> list[BoardRow]:
    if not keys:
        return []
    total = PlanningItemTotal
    head = (
        columns(
            item_id=col(total.item_id),
            warehouse_id=col(total.warehouse_id),
            item=col(Item.code),
            name=col(Item.name),
            unit=col(Unit.code),
            supply=col(Item.supply),
            warehouse=col(Warehouse.code),
            planner=col(Item.planner),
            on_hand=col(total.on_hand),
            safety_stock=col(total.safety_stock),
            covered=col(total.covered),
            gross=col(total.gross),
            receipts=col(total.scheduled_receipts),
            overdue=col(total.overdue_receipts),
            shortage=col(total.shortage),
            to_order=col(total.to_order),
            lowest=col(total.lowest),
            order_value=col(total.order_value),
            short_on=col(total.short_on),
            order_on=col(total.order_on),
        )
        .join(Item, col(Item.id) == col(total.item_id))
        .join(Unit, col(Unit.id) == col(Item.unit_id))
        .join(Warehouse, col(Warehouse.id) == col(total.warehouse_id))
        .where(col(total.run_id) == run_id, tuple_(col(total.item_id), col(total.warehouse_id)).in_(keys))
    )
    heads = {(each["item_id"], each["warehouse_id"]): each for each in session.execute(head).mappings()}
    days = _days(session, run_id, keys)
    planned, late = _planned(session, run_id, keys)
    return [
        BoardRow(
            **heads[key],
            planned=sum(planned.get(key, {}).values(), ZERO),
            late_days=late.get(key, 0),
            cells=tuple(pivot(across, heads[key]["on_hand"], days.get(key, ()), planned.get(key, {}))),
        )
        for key in keys
    ]


def _days(session: Session, run_id: int, keys: list[tuple[int, int]]) -> dict[tuple[int, int], list[NeedDay]]:
    need = PlanningRequirement
    statement = (
        select(
            col(need.item_id),
            col(need.warehouse_id),
            *(col(need.on_date), col(need.gross), col(need.scheduled_receipts), col(need.overdue_receipts)),
            *(col(need.projected), col(need.shortage), col(need.to_order)),
        )
        .where(col(need.run_id) == run_id, tuple_(col(need.item_id), col(need.warehouse_id)).in_(keys))
        .order_by(col(need.item_id), col(need.warehouse_id), col(need.on_date))
    )
    found: dict[tuple[int, int], list[NeedDay]] = {}
    for item, warehouse, *day in session.execute(statement):
        found.setdefault((item, warehouse), []).append(NeedDay(*day))
    return found


def _planned(
    session: Session, run_id: int, keys: list[tuple[int, int]]
) -> tuple[dict[tuple[int, int], dict[date, Decimal]], dict[tuple[int, int], int]]:
    """What plan lines bring by the day that needs it, and the days by which the latest open one is late."""
    line = PlanLine
    statement = select(
        col(line.item_id),
        col(line.warehouse_id),
        col(line.needed_on),
        (col(line.quantity_packs) * col(line.unit_factor)).label("quantity"),
        col(line.late_days),
        col(line.state),
    ).where(
        col(line.run_id) == run_id,
        col(line.item_id).in_({item for item, _ in keys}),
        col(line.state) != PlanLineState.LEFT_OUT.value,
    )
    wanted = set(keys)
    brought: dict[tuple[int, int], dict[date, Decimal]] = {}
    late: dict[tuple[int, int], int] = {}
    for item, warehouse, day, quantity, late_days, state in session.execute(statement):
        key = (item, warehouse)
        if key not in wanted:
            continue
        by_day = brought.setdefault(key, {})
        by_day[day] = by_day.get(day, ZERO) + quantity.quantize(_SIX)
        if state == PlanLineState.OPEN:
            late[key] = max(late.get(key, 0), late_days)
    return brought, late
