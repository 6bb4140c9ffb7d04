"""What a new plan takes over from those before it: the locked lines in its scope that are not ordered yet (PLAN-11)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, and_, select, text
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from buyside.db.items import Item
from buyside.db.plans import PlanLine, PlanningRun
from buyside.domain.money import ZERO
from buyside.domain.plan_carry import Suggested, continued
from buyside.domain.plans import SCOPE, PlanLineState, RunOrigin, lot_size
from buyside.domain.sourcing import Source
from buyside.queries.answers import each_as
from buyside.queries.plan_lines import sources_of
from buyside.queries.plan_standing import is_in_scope, is_plan, is_whole_in_scope

_FRESH = text(
    "SELECT line.id AS line_id, line.item_id, line.warehouse_id, line.suggested_needed_on, line.vendor_item_id, "
    "line.contract_id, line.quantity_packs, line.quantity_packs * line.unit_factor AS stock_quantity, line.unit_price "
    "FROM plan_line AS line JOIN unnest(CAST(:items AS int8[]), CAST(:places AS int8[])) AS kept (item, place) "
    "ON kept.item = line.item_id AND kept.place = line.warehouse_id WHERE line.run_id = :run ORDER BY line.id"
)


@dataclass(frozen=True, slots=True)
class _Locked:
    line_id: int
    item_id: int
    warehouse_id: int
    suggested_needed_on: date
    needed_on: date
    order_by: date
    vendor_item_id: int | None
    split_from_id: int | None
    stock_quantity: Decimal


@dataclass(frozen=True, slots=True)
class _Fresh:
    line_id: int
    item_id: int
    warehouse_id: int
    suggested_needed_on: date
    vendor_item_id: int | None
    contract_id: int | None
    quantity_packs: Decimal
    stock_quantity: Decimal
    unit_price: Decimal | None


@dataclass(frozen=True, slots=True)
class Carried:
    """A locked line and what becomes of it: the decision of `onto_id`, or a line of its own, a part of `part_of_id` if it is one."""

    line_id: int
    onto_id: int | None
    part_of_id: int | None
    suggested_on: date
    order_by: date
    late_days: int
    arrives_on: date | None


@dataclass(frozen=True, slots=True)
class Lowered:
    """A line of the new plan that orders less, because locked parts bring some of it. Quantity in its purchase unit."""

    line_id: int
    quantity_packs: Decimal
    unit_price: Decimal | None


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What a run takes over from those before it; it follows none where it is the first of its scope."""

    follows_run_id: int | None
    lines: tuple[Carried, ...] = ()
    lowered: tuple[Lowered, ...] = ()


def taken_over(session: Session, run: PlanningRun) -> TakenOver:
    """The locked lines that this run is the first to take over, held until the transaction ends, and where they go on in it.

    They are those of earlier plans that lie in its scope and that no plan since has taken over: a plan of the next thirty days
    takes on what is locked in them and leaves the rest to the next plan of the whole. A line goes on in the suggestion of its item
    and warehouse that is nearest in date; without one it stands alone. A locked part stays a part: the line that continues the
    one it came from orders that much less. `follows_run_id` is the newest plan of the same scope.
    """
    if run.origin == RunOrigin.SCENARIO:
        return TakenOver(None)
    before = _before(session, run)
    locked = _locked(session, run)
    if not locked:
        return TakenOver(before)
    places = sorted({(each.item_id, each.warehouse_id) for each in locked})
    asked = {"run": run.id, "items": [item for item, _ in places], "places": [place for _, place in places]}
    fresh = {each.line_id: each for each in each_as(session, _Fresh, _FRESH.bindparams(**asked))}
    named = [*(each.vendor_item_id for each in locked), *(each.vendor_item_id for each in fresh.values())]
    mappings = {each for each in named if each is not None}
    sources = {
        each.vendor_item_id: each for each in sources_of(session, on=run.as_of, vendor_item_ids=mappings - {None})
    }
    onto = _continued(locked, fresh)
    lines = tuple(_carried(each, onto, fresh, sources, run.as_of) for each in locked)
    return TakenOver(before, lines, tuple(_lowered(locked, lines, fresh, sources, run.as_of)))


def _before(session: Session, run: PlanningRun) -> int | None:
    """The newest plan of the same scope before this run."""
    done = session.execute(
        select(col(PlanningRun.id), col(PlanningRun.scope))
        .where(is_plan(PlanningRun), col(PlanningRun.id) < run.id)
        .order_by(col(PlanningRun.id).desc())
    )
    ours = [run.scope.get(part) for part in SCOPE]
    return next((run_id for run_id, scope in done if [scope.get(part) for part in SCOPE] == ours), None)


def _locked(session: Session, run: PlanningRun) -> list[_Locked]:
    """What is locked and open in earlier plans, lies in the scope of this run, and was taken over by no plan between."""
    this, before, since, over = (aliased(PlanningRun, name=name) for name in ("this", "before", "since", "over"))

    def between(other: Any) -> Any:
        return and_(is_plan(other), col(other.id) > col(before.id), col(other.id) != run.id)

    # Most plans of the past are whole within a later one: of those no line is looked at.
    standing = (
        select(col(before.id))
        .where(is_plan(before), col(before.id) < run.id)
        .where(~select(col(since.id)).where(between(since), is_whole_in_scope(since, before)).exists())
    )
    earlier = list(session.execute(standing).scalars())
    if not earlier:
        return []
    locked: Select[*tuple[Any, ...]] = (
        select(
            col(PlanLine.id).label("line_id"),
            col(PlanLine.item_id),
            col(PlanLine.warehouse_id),
            col(PlanLine.suggested_needed_on),
            col(PlanLine.needed_on),
            col(PlanLine.order_by),
            col(PlanLine.vendor_item_id),
            col(PlanLine.split_from_id),
            (col(PlanLine.quantity_packs) * PlanLine.unit_factor).label("stock_quantity"),
        )
        .join(Item, col(Item.id) == col(PlanLine.item_id))
        .join(before, col(before.id) == col(PlanLine.run_id))
        .join(this, col(this.id) == run.id)
        .where(
            col(PlanLine.run_id).in_(earlier),
            col(PlanLine.is_locked),
            col(PlanLine.state) == PlanLineState.OPEN.value,
            is_in_scope(this, PlanLine, Item),
            ~select(col(over.id)).where(between(over), is_in_scope(over, PlanLine, Item)).exists(),
        )
        .order_by(col(PlanLine.id))
        .with_for_update(of=PlanLine)
    )
    return each_as(session, _Locked, locked)


def _continued(locked: list[_Locked], fresh: dict[int, _Fresh]) -> dict[int, int]:
    """By line, or by the line that locked parts came off, the fresh line that continues it."""
    families: dict[int, Suggested] = {}
    for each in sorted(locked, key=lambda one: (one.split_from_id is not None, one.line_id)):
        root = each.split_from_id or each.line_id
        place = (each.item_id, each.warehouse_id)
        families.setdefault(root, Suggested(root, place, each.suggested_needed_on, each.vendor_item_id))
    new = [
        Suggested(each.line_id, (each.item_id, each.warehouse_id), each.suggested_needed_on, each.vendor_item_id)
        for each in fresh.values()
    ]
    return continued(families.values(), new)


def _carried(
    line: _Locked, onto: dict[int, int], fresh: dict[int, _Fresh], sources: dict[int, Source], as_of: date
) -> Carried:
    source = sources.get(line.vendor_item_id or 0)
    order_by = source.order_by(line.needed_on) if source else line.order_by
    is_part = line.split_from_id is not None
    target = onto.get(line.split_from_id or line.line_id)
    return Carried(
        line_id=line.line_id,
        onto_id=None if is_part else target,
        part_of_id=target if is_part else None,
        suggested_on=fresh[target].suggested_needed_on if target is not None else line.suggested_needed_on,
        order_by=order_by,
        late_days=max(0, (as_of - order_by).days),
        arrives_on=source.arrives_on(line.needed_on, as_of) if source else None,
    )


def _lowered(
    locked: list[_Locked],
    lines: tuple[Carried, ...],
    fresh: dict[int, _Fresh],
    sources: dict[int, Source],
    as_of: date,
) -> list[Lowered]:
    """Fresh lines that keep their own decision while parts of theirs are carried."""
    decided = {each.onto_id for each in lines if each.onto_id is not None}
    brought: dict[int, Decimal] = {}
    for line, each in zip(locked, lines, strict=True):
        if each.part_of_id is not None and each.part_of_id not in decided:
            brought[each.part_of_id] = brought.get(each.part_of_id, ZERO) + line.stock_quantity
    lowered = []
    for line_id, stock_quantity in sorted(brought.items()):
        own = fresh[line_id]
        left = max(ZERO, own.stock_quantity - stock_quantity)
        source = sources.get(own.vendor_item_id or 0)
        quantity = left if source is None else lot_size(left, source.lots) if left else ZERO
        price = own.unit_price
        if source is not None and own.contract_id is None and quantity:
            found = source.price_of(quantity, as_of)
            price = found.unit_price if found else None
        lowered.append(Lowered(line_id, quantity, price))
    return lowered
