"""From the draft plan to purchase orders: grouped, pegged, and each line once (PLAN-13)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import func
from sqlmodel import Session, col, select

from buyside.db.items import Item
from buyside.db.plans import PlanLine, PlanningRequirement, PlanningRun
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.money import ZERO, spread
from buyside.domain.plans import PLAN_LINE, PlanLineState, RunState
from buyside.domain.refusals import NotFound, Refused
from buyside.ledgers.orders import DraftLine, day_of, write_draft
from buyside.queries.plan_lines import Source, sources_of
from buyside.queries.plan_pegs import StoredPeg, pegs_of_items

_DIGITS = 6


class NothingToConvert(Refused):
    code = "plans.nothing-to-convert"
    says = "None of these lines can be ordered. {why}"


class PlanDrifted(Refused):
    code = "plans.drifted"
    says = "Something moved since the plan was calculated: {what}. Run the plan again, or confirm to order as planned."


class PlanSuperseded(Refused):
    code = "plans.superseded"
    says = "A newer plan of {as_of} covers the same warehouses. Convert that one, so that nothing is ordered twice."


class RunNotDone(Refused):
    code = "plans.run-not-done"
    says = "This planning run is {state}; there is no plan to convert."


@dataclass(frozen=True, slots=True)
class NewOrder:
    """A draft order that came out of a plan."""

    order_id: int
    number: str
    vendor_code: str
    vendor_name: str
    warehouse_id: int
    currency_code: str
    lines: int
    total: Decimal


@dataclass(frozen=True, slots=True)
class NotConverted:
    """A line that was asked for and stays as it is, and why."""

    line_id: int
    item_code: str
    needed_on: date
    why: str


@dataclass(frozen=True, slots=True)
class Converted:
    """What came of a conversion."""

    orders: tuple[NewOrder, ...]
    lines: int
    not_converted: tuple[NotConverted, ...]


@dataclass(frozen=True)
class _Chosen:
    line: PlanLine
    item: Item
    source: Source

    @property
    def place(self) -> tuple[int, int]:
        """Item and warehouse."""
        return self.line.item_id, self.line.warehouse_id


@needs(Permission.PLAN_CONVERT)
def convert_plan(
    session: Session,
    actor: Actor,
    *,
    run_id: int,
    line_ids: tuple[int, ...] | None = None,
    vendor_id: int | None = None,
    despite_drift: bool = False,
    at: datetime,
) -> Converted:
    """Make draft orders of a plan's lines: the given ones, else all open ones, of one vendor if one is named.

    One order per vendor, currency, warehouse and contract. Each line is converted once, by whoever locked it first; a
    line that cannot be is answered with the reason. Pegs go along.
    Refuses: NotFound, RunNotDone, PlanSuperseded, PlanDrifted, NothingToConvert, and what write_draft refuses.
    """
    run = session.exec(select(PlanningRun).where(PlanningRun.id == run_id).with_for_update(read=True)).one_or_none()
    if run is None:
        raise NotFound(kind="planning run")
    if run.state != RunState.DONE:
        raise RunNotDone(state=run.state)
    _refuse_superseded(session, run)
    moved = {} if despite_drift else _moved(session, actor, run_id)
    lines = _lock_lines(session, run_id, line_ids)
    chosen, left = _sort_out(session, run, lines, vendor_id, is_picked=line_ids is not None)
    if not chosen:
        raise NothingToConvert(why=" ".join(f"{each.item_code}: {each.why}" for each in left[:5]))
    if touched := [each for each in chosen if each.place in moved]:
        raise PlanDrifted(what=_named(touched, [moved[each.place] for each in touched]))
    pegs = _Pegs(session, run_id, {each.line.item_id for each in chosen})
    today = day_of(session, at)
    orders = [_order(session, actor, run, group, pegs, at, today) for group in _groups(chosen)]
    return Converted(tuple(orders), len(chosen), tuple(left))


def _moved(session: Session, actor: Actor, run_id: int) -> dict[tuple[int, int], str]:
    """By item and warehouse, what moved since the run (PLAN-12)."""
    from buyside.queries.plan_drift import drifted

    return {(each.item_id, each.warehouse_id): each.says for each in drifted(session, actor, run_id=run_id)}


def _named(lines: Sequence[_Chosen], says: Sequence[str]) -> str:
    words = [f"{each.item.code} ({said.lower()})" for each, said in zip(lines, says, strict=True)]
    unique = list(dict.fromkeys(words))
    return ", ".join(unique[:5]) + (f" and {len(unique) - 5} more" if len(unique) > 5 else "")


def _refuse_superseded(session: Session, run: PlanningRun) -> None:
    """A newer plan over one of the same warehouses has taken this one's open demand over."""
    places = run.scope.get("warehouses")
    newer = session.exec(
        select(PlanningRun)
        .where(PlanningRun.state == RunState.DONE.value, col(PlanningRun.id) > run.id)
        .order_by(col(PlanningRun.id).desc())
    ).all()
    for other in newer:
        theirs = other.scope.get("warehouses")
        if places is None or theirs is None or set(places) & set(theirs):
            raise PlanSuperseded(as_of=other.as_of)


def _lock_lines(session: Session, run_id: int, line_ids: tuple[int, ...] | None) -> list[PlanLine]:
    """The lines, locked in order of id: whoever comes second sees them as the first one left them. Refuses: NotFound."""
    wanted = select(PlanLine).where(PlanLine.run_id == run_id)
    if line_ids is not None:
        wanted = wanted.where(col(PlanLine.id).in_(line_ids))
    lines = session.exec(
        wanted.order_by(col(PlanLine.id)).with_for_update().execution_options(populate_existing=True)
    ).all()
    if line_ids is not None and len(lines) < len(set(line_ids)):
        raise NotFound(kind="plan line")
    return list(lines)


def _sort_out(
    session: Session, run: PlanningRun, lines: Sequence[PlanLine], vendor_id: int | None, *, is_picked: bool
) -> tuple[list[_Chosen], list[NotConverted]]:
    """Lines that can be ordered, and the others with the reason. Lines of other vendors are not asked for."""
    sources = {
        each.vendor_item_id: each
        for each in sources_of(
            session, on=run.as_of, vendor_item_ids={each.vendor_item_id for each in lines if each.vendor_item_id}
        )
    }
    items = {
        each.id: each for each in session.exec(select(Item).where(col(Item.id).in_({each.item_id for each in lines})))
    }
    chosen, left = [], []
    for line in lines:
        source = sources.get(line.vendor_item_id or 0)
        if vendor_id is not None and (source is None or source.vendor_id != vendor_id) and not is_picked:
            continue
        why = _why_not(line, items[line.item_id], source, vendor_id)
        if why:
            left.append(NotConverted(line.id, items[line.item_id].code, line.needed_on, why))
        elif source is not None:
            chosen.append(_Chosen(line, items[line.item_id], source))
    return chosen, left


def _why_not(line: PlanLine, item: Item, source: Source | None, vendor_id: int | None) -> str:
    if line.state == PlanLineState.CONVERTED:
        return "It is on an order already."
    if line.state == PlanLineState.LEFT_OUT:
        return f"It was left out: {line.left_out_reason}"
    if source is None:
        return "It has no vendor."
    if vendor_id is not None and source.vendor_id != vendor_id:
        return f"It is for {source.vendor_name}."
    if line.unit_price is None:
        return "It has no price."
    if line.quantity_packs <= 0:
        return "Its quantity is zero."
    if not item.is_active:
        return f"{item.code} is no longer bought."
    if not source.is_usable:
        return f"{source.vendor_name} cannot deliver it any more."
    return ""


def _groups(chosen: Sequence[_Chosen]) -> Iterable[list[_Chosen]]:
    """One list per order, in a steady order: vendor, currency, warehouse, contract; lines by date and item."""
    groups: dict[tuple[int, str, int, int], list[_Chosen]] = {}
    for each in sorted(chosen, key=lambda one: (one.line.needed_on, one.item.code, one.line.id)):
        currency = each.line.currency_code or each.source.currency_code
        key = (each.source.vendor_id, currency, each.line.warehouse_id, each.line.contract_id or 0)
        groups.setdefault(key, []).append(each)
    return [groups[key] for key in sorted(groups)]


def _order(
    session: Session, actor: Actor, run: PlanningRun, group: list[_Chosen], pegs: "_Pegs", at: datetime, today: date
) -> NewOrder:
    first = group[0]
    order, written = write_draft(
        session,
        actor,
        vendor_id=first.source.vendor_id,
        warehouse_id=first.line.warehouse_id,
        currency_code=first.line.currency_code or first.source.currency_code,
        contract_id=first.line.contract_id,
        title=f"Plan of {run.as_of}",
        at=at,
        lines=[
            DraftLine(
                item_id=each.line.item_id,
                quantity=each.line.quantity_packs,
                unit_id=each.line.unit_id,
                unit_factor=each.line.unit_factor,
                unit_price=each.line.unit_price or ZERO,
                needed_on=each.line.needed_on,
                expected_on=_expected(each, today),
                vendor_item_id=each.source.vendor_item_id,
                vendor_part=each.source.vendor_part,
                description=each.item.name,
                pegs=pegs.of(each.line),
            )
            for each in group
        ],
    )
    for each, line in zip(group, written, strict=True):
        each.line.state = PLAN_LINE.after("convert", PlanLineState(each.line.state)).value
        each.line.purchase_order_line_id = line.id
        each.line.version += 1
        session.add(each.line)
    session.flush()
    return NewOrder(
        order_id=order.id,
        number=order.number,
        vendor_code=first.source.vendor_code,
        vendor_name=first.source.vendor_name,
        warehouse_id=order.warehouse_id,
        currency_code=order.currency_code,
        lines=len(written),
        total=order.total,
    )


def _expected(each: _Chosen, today: date) -> date:
    """When it can be there: as needed, unless lead time and goods-in from today end later."""
    return max(each.line.needed_on, today + timedelta(days=each.source.lead_days + each.source.goods_in_days))


class _Pegs:
    """What each plan line covers, by who asks for it.

    A line covers what is to be ordered from its own suggested date up to the next line of its item, in order of date, as far as
    its quantity goes. Of a date's need no more than the gross was asked for by demand, in proportion to the pegs; what
    is left refills stock and belongs to nobody.
    """

    def __init__(self, session: Session, run_id: int, item_ids: set[int]) -> None:
        self._pegs: dict[tuple[int, int, date], list[StoredPeg]] = {}
        for peg in pegs_of_items(session, run_id, sorted(item_ids)):
            self._pegs.setdefault((peg.item_id, peg.warehouse_id, peg.on_date), []).append(peg)
        self._needs: dict[tuple[int, int], list[tuple[date, Decimal]]] = {}
        for row in session.exec(
            select(PlanningRequirement)
            .where(
                PlanningRequirement.run_id == run_id,
                col(PlanningRequirement.item_id).in_(item_ids),
                col(PlanningRequirement.to_order) > 0,
            )
            .order_by(col(PlanningRequirement.on_date))
        ):
            self._needs.setdefault((row.item_id, row.warehouse_id), []).append((row.on_date, row.to_order))
        self._starts: dict[tuple[int, int], list[date]] = {}
        for item_id, warehouse_id, starts in session.execute(
            select(col(PlanLine.item_id), col(PlanLine.warehouse_id), func.array_agg(col(PlanLine.suggested_needed_on)))
            .where(PlanLine.run_id == run_id, col(PlanLine.item_id).in_(item_ids))
            .group_by(col(PlanLine.item_id), col(PlanLine.warehouse_id))
        ):
            self._starts[item_id, warehouse_id] = sorted(starts)

    def of(self, line: PlanLine) -> tuple[tuple[int | None, Decimal], ...]:
        """(sales order line, stock units), each line once, in order of id, nobody last. At most the line's quantity."""
        place = (line.item_id, line.warehouse_id)
        start = line.suggested_needed_on
        end = min((each for each in self._starts[place] if each > start), default=date.max)
        left = line.quantity_packs * line.unit_factor
        shares: dict[int | None, Decimal] = {}
        for on, to_order in self._needs.get(place, ()):
            if not start <= on < end or left <= 0:
                continue
            covered = min(to_order, left)
            left -= covered
            asked = self._pegs.get((*place, on), [])
            by_demand = min(covered, sum((each.quantity for each in asked), ZERO))
            parts = spread(by_demand, [each.quantity for each in asked], _DIGITS) if by_demand else []
            for peg, part in zip(asked if parts else (), parts, strict=True):
                shares[peg.sales_order_line_id] = shares.get(peg.sales_order_line_id, ZERO) + part
            if covered > by_demand:
                shares[None] = shares.get(None, ZERO) + covered - by_demand
        ordered = sorted(shares.items(), key=lambda share: (share[0] is None, share[0] or 0))
        return tuple((asks, quantity) for asks, quantity in ordered if quantity > 0)
