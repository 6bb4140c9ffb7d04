"""The requirements board: items by warehouse down, days, weeks or months across (PLAN-5, PLAN-14).

Which rows, in which order and how many is answered by requirement_keys.py; what stands in them is read here, for the rows of
one page alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select, tuple_
from sqlmodel import Session, col

from buyside.db.items import Item, ItemGroup, Unit
from buyside.db.people import Organisation
from buyside.db.plans import PlanLine, PlanningItemTotal, PlanningRequirement, PlanningRun
from buyside.db.stock import Warehouse
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.money import ZERO
from buyside.domain.plans import PlanLineState, RunState
from buyside.domain.refusals import NotFound
from buyside.queries.answers import columns
from buyside.queries.requirement_keys import BoardWanted, count_of, keys_of, place_of, written
from buyside.queries.requirement_pivot import Bucket, Cell, NeedDay, buckets, pivot

MOST_ROWS = 200
"""Rows of one page."""
_SIX = Decimal("0.000001")


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
    keys = keys_of(session, wanted)
    total = wanted.counted if wanted.after else None
    if total is None:
        total = count_of(session, wanted)
    more = len(keys) > wanted.limit
    keys = keys[: wanted.limit]
    return BoardPage(
        as_of=run.as_of,
        last_on=last_on,
        columns=tuple(across),
        rows=tuple(_rows(session, run.id, across, [(each[-2], each[-1]) for each in keys])),
        total=total,
        after=written(keys[-1]) if more else "",
        currency=session.get_one(Organisation, 1).currency_code,
    )


@needs(Permission.PLAN_VIEW)
def board_place(session: Session, actor: Actor, *, wanted: BoardWanted, item_id: int, warehouse_id: int) -> int | None:
    """How many rows stand before an item's in what is wanted; None: it is not among them."""
    return place_of(session, wanted, item_id, warehouse_id)


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
