"""Decisions on the draft plan: change, leave out, take back, lock; the suggestion stays beside them (PLAN-11)."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import text
from sqlmodel import Session

from buyside.db.items import Item, Unit
from buyside.db.plans import PlanLine, PlanningRun
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.plans import PLAN_LINE, PlanLineState, RunState, lot_size, off_the_lot
from buyside.domain.refusals import NotFound, NotPositive, Refused
from buyside.ledgers import audit
from buyside.queries.plan_lines import Source, lock_plan_line, sources_of


class LineLocked(Refused):
    code = "plans.line-locked"
    says = "This line is locked. Unlock it to change it."


class VendorNotUsable(Refused):
    code, field = "plans.vendor-not-usable", "vendor_item_id"
    says = "{vendor} cannot deliver this item: the vendor or its mapping is not active on {on}."


class OtherItem(Refused):
    code, field = "plans.other-item", "vendor_item_id"
    says = "That vendor item is for another item."


class TooFine(Refused):
    code, field = "plans.too-fine", "quantity_packs"
    says = "{unit} is ordered with {digits} decimals at most."


class ReasonMissing(Refused):
    code, field = "plans.reason-missing", "reason"
    says = "Say why the line is left out."


class RunNotDone(Refused):
    code = "plans.run-not-done"
    says = "This planning run is {state}; there is no plan to decide on."


@dataclass(frozen=True, slots=True)
class PlanLineDecided:
    """A plan line after a decision. Quantity in the purchase unit; `remarks` are what a vendor or a date may mind."""

    line_id: int
    version: int
    state: str
    is_locked: bool
    vendor_item_id: int | None
    quantity_packs: Decimal
    unit_price: Decimal | None
    currency_code: str | None
    needed_on: date
    order_by: date
    late_days: int
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DriftMarked:
    """How many open lines of a run are marked as moved since, and how many were before."""

    run_id: int
    marked: int
    before: int


@needs(Permission.PLAN_EDIT)
def change_plan_line(
    session: Session,
    actor: Actor,
    *,
    line_id: int,
    version: int,
    quantity_packs: Decimal | None = None,
    vendor_item_id: int | None = None,
    needed_on: date | None = None,
    unit_price: Decimal | None = None,
) -> PlanLineDecided:
    """Decide otherwise on an open line; what is None stays.

    Another vendor takes over the quantity in its own lots, unless one is given. A new quantity or vendor takes its price from
    the vendor's list as of the run's day, unless a price is given. Order-by date and late days follow (PLAN-9). A quantity
    below the minimum or off the multiple is the buyer's to decide: it is remarked, not refused.
    Refuses: NotFound, Stale, WrongState, LineLocked, NotPositive, OtherItem, VendorNotUsable, TooFine.
    """
    line, run = _decidable(session, actor, line_id, version)
    PLAN_LINE.after("change", PlanLineState(line.state))
    if quantity_packs is not None and quantity_packs <= 0:
        raise NotPositive(field="quantity_packs")
    if unit_price is not None and unit_price < 0:
        raise NotPositive(field="unit_price")
    source = _source_for(session, line, run, vendor_item_id)
    if source is not None and vendor_item_id not in {None, line.vendor_item_id}:
        _hand_over(line, source, quantity_packs)
    if quantity_packs is not None:
        _refuse_too_fine(session, line, quantity_packs)
        line.quantity_packs = quantity_packs
    if unit_price is not None:
        line.unit_price = unit_price
    elif source is not None and (quantity_packs is not None or vendor_item_id is not None):
        price = source.price_of(line.quantity_packs, run.as_of)
        line.unit_price = price.unit_price if price else None
    if needed_on is not None:
        line.needed_on = needed_on
    line.order_by = source.order_by(line.needed_on) if source else _order_by_without_vendor(session, line)
    line.late_days = max(0, (run.as_of - line.order_by).days)
    return _decided(session, line, source)


@needs(Permission.PLAN_EDIT)
def leave_out_line(session: Session, actor: Actor, *, line_id: int, version: int, reason: str) -> PlanLineDecided:
    """Leave a line out of what is ordered. Refuses: NotFound, Stale, WrongState, LineLocked, ReasonMissing."""
    line, _ = _decidable(session, actor, line_id, version)
    state = PLAN_LINE.after("leave_out", PlanLineState(line.state))
    if not reason.strip():
        raise ReasonMissing
    line.state, line.left_out_reason = state.value, reason.strip()
    return _decided(session, line, None)


@needs(Permission.PLAN_EDIT)
def take_back_line(session: Session, actor: Actor, *, line_id: int, version: int) -> PlanLineDecided:
    """Put a line that was left out back into the plan. Refuses: NotFound, Stale, WrongState, LineLocked."""
    line, _ = _decidable(session, actor, line_id, version)
    line.state, line.left_out_reason = PLAN_LINE.after("take_back", PlanLineState(line.state)).value, ""
    return _decided(session, line, None)


@needs(Permission.PLAN_EDIT)
def lock_line(session: Session, actor: Actor, *, line_id: int, version: int, locked: bool) -> PlanLineDecided:
    """Lock the decision on an open line, or unlock it. A locked line can be converted. Refuses: NotFound, Stale, WrongState."""
    line, _ = lock_plan_line(session, actor, line_id, version)
    PLAN_LINE.after("change", PlanLineState(line.state))
    line.is_locked = locked
    return _decided(session, line, None)


@needs(Permission.PLAN_EDIT)
def mark_drift(session: Session, actor: Actor, *, run_id: int) -> DriftMarked:
    """Mark the open lines of a run whose demand, stock or supply moved since, and unmark the others (PLAN-12).

    Refuses: NotFound, RunNotDone.
    """
    run = session.get(PlanningRun, run_id)
    if run is None:
        raise NotFound(kind="planning run")
    if run.state != RunState.DONE:
        raise RunNotDone(state=run.state)
    from buyside.queries.plan_drift import drifted

    moved = drifted(session, actor, run_id=run_id)
    before = session.execute(
        text("SELECT count(*) FROM plan_line WHERE run_id = :run AND state = 'open' AND drift <> ''"), {"run": run_id}
    ).scalar_one()
    changed = session.execute(
        text(
            "UPDATE plan_line AS line SET drift = coalesce(moved.says, '') "
            "FROM plan_line AS self LEFT JOIN unnest(CAST(:items AS int8[]), CAST(:warehouses AS int8[]), "
            "CAST(:says AS text[])) AS moved (item_id, warehouse_id, says) "
            "ON moved.item_id = self.item_id AND moved.warehouse_id = self.warehouse_id "
            "WHERE self.id = line.id AND line.run_id = :run AND line.state = 'open' "
            "AND line.drift <> coalesce(moved.says, '') RETURNING line.id"
        ),
        {
            "run": run_id,
            "items": [each.item_id for each in moved],
            "warehouses": [each.warehouse_id for each in moved],
            "says": [each.says for each in moved],
        },
    ).all()
    marked = session.execute(
        text("SELECT count(*) FROM plan_line WHERE run_id = :run AND state = 'open' AND drift <> ''"), {"run": run_id}
    ).scalar_one()
    if changed:
        audit.note(session, "planning_run", run_id, before={"marked": before}, after={"marked": marked})
    return DriftMarked(run_id, marked, before)


def _decidable(session: Session, actor: Actor, line_id: int, version: int) -> tuple[PlanLine, PlanningRun]:
    line, run = lock_plan_line(session, actor, line_id, version)
    if line.is_locked:
        raise LineLocked
    return line, run


def _source_for(session: Session, line: PlanLine, run: PlanningRun, vendor_item_id: int | None) -> Source | None:
    """Where the line will come from: the vendor item asked for, which has to be usable, or the one it has."""
    wanted = vendor_item_id if vendor_item_id is not None else line.vendor_item_id
    if wanted is None:
        return None
    found = sources_of(session, on=run.as_of, vendor_item_ids=[wanted])
    if not found:
        raise NotFound(kind="vendor item", field="vendor_item_id")
    source = found[0]
    if source.item_id != line.item_id:
        raise OtherItem
    if vendor_item_id is not None and vendor_item_id != line.vendor_item_id and not source.is_usable:
        raise VendorNotUsable(vendor=source.vendor_name, on=run.as_of)
    return source


def _hand_over(line: PlanLine, source: Source, quantity_packs: Decimal | None) -> None:
    """Give the line to another vendor, in its unit and lots: the need, or what was decided instead of the suggestion."""
    is_as_suggested = (
        line.quantity_packs == line.suggested_quantity_packs and line.vendor_item_id == line.suggested_vendor_item_id
    )
    need = line.shortage if is_as_suggested else line.quantity_packs * line.unit_factor
    line.vendor_item_id, line.unit_id, line.unit_factor = source.vendor_item_id, source.unit_id, source.lots.factor
    line.currency_code = source.currency_code
    if quantity_packs is None:
        line.quantity_packs = lot_size(need, source.lots)


def _refuse_too_fine(session: Session, line: PlanLine, quantity: Decimal) -> None:
    unit = session.get_one(Unit, line.unit_id)
    if quantity != round(quantity, unit.digits):
        raise TooFine(unit=unit.code, digits=unit.digits)


def _order_by_without_vendor(session: Session, line: PlanLine) -> date:
    return line.needed_on - timedelta(days=session.get_one(Item, line.item_id).goods_in_days)


def _decided(session: Session, line: PlanLine, source: Source | None) -> PlanLineDecided:
    line.version += 1
    session.add(line)
    session.flush()
    remarks = [off_the_lot(line.quantity_packs, source.lots)] if source else []
    if source is not None and line.unit_price is None:
        remarks.append("The vendor's list has no price for this quantity.")
    return PlanLineDecided(
        line_id=line.id,
        version=line.version,
        state=line.state,
        is_locked=line.is_locked,
        vendor_item_id=line.vendor_item_id,
        quantity_packs=line.quantity_packs,
        unit_price=line.unit_price,
        currency_code=line.currency_code,
        needed_on=line.needed_on,
        order_by=line.order_by,
        late_days=line.late_days,
        remarks=tuple(filter(None, remarks)),
    )
