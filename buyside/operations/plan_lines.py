"""Decisions on the draft plan: change, leave out, take back, lock; the suggestion stays beside them (PLAN-11)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from sqlalchemy import text
from sqlmodel import Session

from buyside.db.plans import PlanLine, PlanningRun
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.plan_decisions import (
    MOST_LINES,
    NOTHING,
    Asked,
    LineLocked,
    Terms,
    TooManyLines,
    decide,
    drawn,
    plain,
)
from buyside.domain.plans import PLAN_LINE, PlanLineState, RunOrigin, RunState
from buyside.domain.refusals import NotFound, Refused, Stale, Unreadable
from buyside.domain.sheet_changes import CellProblem, RowChange, RowSaved, RowsRefused
from buyside.domain.telling import said, told_all
from buyside.ledgers import audit
from buyside.ledgers.plan_lines import PlanLineDecided, decided, write_decision
from buyside.queries.plan_lines import lock_plan_line, lock_plan_lines, terms_of

__all__ = (
    "DriftMarked",
    "LinesChanged",
    "PlanLineDecided",
    "change_plan_line",
    "change_plan_lines",
    "is_as_advised",
    "leave_out_line",
    "lock_line",
    "mark_drift",
    "take_back_line",
    "take_better_offer",
)
_TOO_MUCH, _DECIMALS = Decimal(10) ** 12, 6  # what numeric(18, 6) holds
_FIRST_YEAR, _LAST_YEAR = 1970, 2199


class ReasonMissing(Refused):
    code, field = "plans.reason-missing", "reason"
    says = "Say why the line is left out."


class RunNotDone(Refused):
    code = "plans.run-not-done"
    says = "This planning run is {state}; there is no plan to decide on."


class NoBetterOffer(Refused):
    code = "plans.no-better-offer"
    says = "No larger order of this line is known to cost less. {why}"


@dataclass(frozen=True, slots=True)
class DriftMarked:
    """How many open lines of a run are marked as moved since, and how many were before.

    `in_full`: what changed so widely that all was planned again to find them, such as the structure; empty where nothing did.
    """

    run_id: int
    marked: int
    before: int
    in_full: str = ""


@dataclass(frozen=True, slots=True)
class LinesChanged:
    """Lines that were decided on as a grid sent them, in its order, and what vendors may mind about it."""

    saved: tuple[RowSaved, ...]
    remarks: tuple[str, ...]


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
    contract_id: int | None = None,
) -> PlanLineDecided:
    """Decide otherwise on an open line; what is None stays. `contract_id` 0 takes the line off its contract.

    Another vendor takes over the quantity in its own lots, unless one is given. A new quantity, vendor or contract takes its
    price from the contract or the vendor's list as of the run's day, unless a price is given. Order-by date, late days and the
    date of arrival follow (PLAN-9). A quantity below the minimum or off the multiple is the buyer's to decide: it is
    remarked, not refused.
    Refuses: NotFound, Stale, WrongState, LineLocked, NotPositive, OtherItem, VendorNotUsable, VendorNeeded, TooFine,
    ContractNotUsable, ContractExhausted.
    """
    line, run = _decidable(session, actor, line_id, version)
    PLAN_LINE.after("change", PlanLineState(line.state))
    asked = Asked(quantity_packs, vendor_item_id, needed_on, unit_price, contract_id)
    found = decide(line, asked, terms_of(session, run, [line], [vendor_item_id] if vendor_item_id else ()))
    write_decision(line, found.decision)
    return decided(session, line, told_all(found.remarks, actor.locale))


@needs(Permission.PLAN_EDIT)
def take_better_offer(session: Session, actor: Actor, *, line_id: int, version: int) -> PlanLineDecided:
    """Order as much as the price-break advice says, at its price: it costs less in all (PLAN-8).

    Refuses: NotFound, Stale, WrongState, LineLocked, NoBetterOffer, and what change_plan_line refuses.
    """
    line, run = _decidable(session, actor, line_id, version)
    PLAN_LINE.after("change", PlanLineState(line.state))
    if line.better_quantity_packs is None:
        raise NoBetterOffer(why="The list has no break that would.")
    if not is_as_advised(line):
        raise NoBetterOffer(why="The advice was for the line as it was suggested.")
    found = decide(
        line, Asked(line.better_quantity_packs, unit_price=line.better_unit_price), terms_of(session, run, [line])
    )
    write_decision(line, found.decision)
    return decided(session, line, told_all(found.remarks, actor.locale))


def is_as_advised(line: PlanLine) -> bool:
    """Whether a line stands as it was when the larger order was advised."""
    return (line.quantity_packs, line.vendor_item_id, line.unit_price, line.contract_id) == (
        line.suggested_quantity_packs,
        line.suggested_vendor_item_id,
        line.suggested_unit_price,
        line.suggested_contract_id,
    )


@needs(Permission.PLAN_EDIT)
def change_plan_lines(session: Session, actor: Actor, *, changes: tuple[RowChange, ...]) -> LinesChanged:
    """Decide on several lines of one plan as a grid sends them, all or none; the answers stand in the order of the changes.

    Cells, in canonical text: quantity_packs, needed_on, unit_price ("" is the list's), vendor (its code; "" is none), contract (its
    number; "" is none). `before` brings every cell back that moved along, so that saving it is the way back.
    Refuses: TooManyLines, NotFound, RowsRefused (each cell that cannot be; general.stale where somebody was faster).
    """
    if len(changes) > MOST_LINES:
        raise TooManyLines(count=len(changes), most=MOST_LINES)
    lines, run = lock_plan_lines(session, actor, [int(each.key) if each.key.isdecimal() else 0 for each in changes])
    if run is None:
        return LinesChanged((), ())
    terms = terms_of(session, run, list(lines.values()))
    saved: list[RowSaved] = []
    problems: list[CellProblem] = []
    remarks: list[str] = []
    for place, change in enumerate(changes):
        line = lines[int(change.key)]
        before = _cells(line, terms)
        try:
            _refuse_undecidable(line, change.version)
            found = decide(line, _asked(line, change.cells, terms), terms)
        except Refused as refusal:
            problems.append(_problem(place, change, refusal, before, actor.locale))
            continue
        remarks += told_all(found.remarks, actor.locale)
        write_decision(line, found.decision)
        line.version += 1
        session.add(line)
        terms = drawn(terms, line.item_id, found.decision)
        after = _cells(line, terms)
        saved.append(
            RowSaved(change.key, line.version, {name: was for name, was in before.items() if after[name] != was})
        )
    if problems:
        raise RowsRefused(problems)
    session.flush()
    return LinesChanged(tuple(saved), tuple(dict.fromkeys(remarks)))


def _cells(line: PlanLine, terms: Terms) -> dict[str, str]:
    """A line's decision as cells, in canonical text."""
    source = terms.sources.get(line.vendor_item_id or NOTHING)
    agreement = terms.agreements.get((line.contract_id or NOTHING, line.item_id))
    return {
        "vendor": source.vendor_code if source else "",
        "contract": agreement.number if agreement else "",
        "quantity_packs": plain(line.quantity_packs),
        "needed_on": line.needed_on.isoformat(),
        "unit_price": "" if line.unit_price is None else plain(line.unit_price),
    }


_FIELDS = {"vendor_item_id": "vendor", "contract_id": "contract"}


def _problem(place: int, change: RowChange, refusal: Refused, now: dict[str, str], locale: str) -> CellProblem:
    column = _FIELDS.get(refusal.field, refusal.field)
    if column not in change.cells:
        column = "" if len(change.cells) != 1 or isinstance(refusal, Stale) else next(iter(change.cells))
    return CellProblem(
        row=place,
        key=change.key,
        column=column,
        value=change.cells.get(column, ""),
        code=refusal.code,
        says=said(refusal, locale),
        theirs=now if isinstance(refusal, Stale) else {},
    )


def _asked(line: PlanLine, cells: Mapping[str, str], terms: Terms) -> Asked:
    """What cells ask of a line. Refuses: Unreadable, NotFound."""
    unknown = cells.keys() - {"quantity_packs", "needed_on", "unit_price", "vendor", "contract"}
    if unknown:
        raise Unreadable(value=min(unknown), wanted="a column that is decided on")
    price = cells.get("unit_price", "").strip()
    return Asked(
        quantity_packs=_number(cells["quantity_packs"], "quantity_packs") if "quantity_packs" in cells else None,
        vendor_item_id=_vendor_item(line, cells["vendor"].strip(), terms) if "vendor" in cells else None,
        needed_on=_day(cells["needed_on"]) if "needed_on" in cells else None,
        unit_price=_number(price, "unit_price") if price else None,
        contract_id=_contract(line, cells["contract"].strip(), terms) if "contract" in cells else None,
        relists="unit_price" in cells and not price,
    )


def _number(written: str, name: str) -> Decimal:
    try:
        number = Decimal(written)
    except InvalidOperation:
        raise Unreadable(value=written, wanted="a number", field=name) from None
    if not number.is_finite() or abs(number) >= _TOO_MUCH or number != round(number, _DECIMALS):
        raise Unreadable(value=written, wanted=f"a number of at most {_DECIMALS} decimals", field=name)
    return number


def _day(written: str) -> date:
    try:
        day = date.fromisoformat(written)
    except ValueError:
        raise Unreadable(value=written, wanted="a date", field="needed_on") from None
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise Unreadable(value=written, wanted=f"a day from {_FIRST_YEAR} to {_LAST_YEAR}", field="needed_on")
    return day


def _vendor_item(line: PlanLine, called: str, terms: Terms) -> int:
    """The vendor item of a vendor by its code or name: the one the line has, else the first that is usable."""
    if not called:
        return NOTHING
    sought = called.casefold()
    found = [
        each
        for each in terms.of_item(line.item_id)
        if sought in {each.vendor_code.casefold(), each.vendor_name.casefold()}
    ]
    if not found:
        raise Unreadable(value=called, wanted="a vendor of this item", field="vendor_item_id")
    has = [each for each in found if each.vendor_item_id == line.vendor_item_id]
    return (has or found)[0].vendor_item_id


def _contract(line: PlanLine, called: str, terms: Terms) -> int:
    if not called:
        return NOTHING
    for each in terms.agreements.values():
        if each.item_id == line.item_id and each.number.casefold() == called.casefold():
            return each.contract_id
    raise Unreadable(value=called, wanted="a contract for this item", field="contract_id")


@needs(Permission.PLAN_EDIT)
def leave_out_line(session: Session, actor: Actor, *, line_id: int, version: int, reason: str) -> PlanLineDecided:
    """Leave a line out of what is ordered. Refuses: NotFound, Stale, WrongState, LineLocked, ReasonMissing."""
    line, _ = _decidable(session, actor, line_id, version)
    state = PLAN_LINE.after("leave_out", PlanLineState(line.state))
    if not reason.strip():
        raise ReasonMissing
    line.state, line.left_out_reason = state.value, reason.strip()
    return decided(session, line)


@needs(Permission.PLAN_EDIT)
def take_back_line(session: Session, actor: Actor, *, line_id: int, version: int) -> PlanLineDecided:
    """Put a line that was left out back into the plan. Refuses: NotFound, Stale, WrongState, LineLocked."""
    line, _ = _decidable(session, actor, line_id, version)
    line.state, line.left_out_reason = PLAN_LINE.after("take_back", PlanLineState(line.state)).value, ""
    return decided(session, line)


@needs(Permission.PLAN_EDIT)
def lock_line(session: Session, actor: Actor, *, line_id: int, version: int, locked: bool) -> PlanLineDecided:
    """Lock the decision on an open line, or unlock it. A locked line can be converted. Refuses: NotFound, Stale, WrongState."""
    line, _ = lock_plan_line(session, actor, line_id, version)
    PLAN_LINE.after("change", PlanLineState(line.state))
    line.is_locked = locked
    return decided(session, line)


@needs(Permission.PLAN_EDIT)
def mark_drift(session: Session, actor: Actor, *, run_id: int) -> DriftMarked:
    """Mark the open lines of a run whose demand, stock or supply moved since, and unmark the others (PLAN-12).

    Refuses: NotFound, RunNotDone.
    """
    run = session.get(PlanningRun, run_id)
    if run is None or run.origin == RunOrigin.SCENARIO:
        raise NotFound(kind="planning run")
    if run.state != RunState.DONE:
        raise RunNotDone(state=run.state)
    from buyside.queries.plan_drift import drift_since

    drift = drift_since(session, actor, run_id=run_id)
    moved = drift.moved
    before = session.execute(
        text("SELECT count(*) FROM plan_line WHERE run_id = :run AND state = 'open' AND drift <> ''"), {"run": run_id}
    ).scalar_one()
    changed = session.execute(
        text(
            "WITH moved AS (SELECT * FROM unnest(CAST(:items AS int8[]), CAST(:warehouses AS int8[]), "
            "CAST(:says AS text[])) AS moved (item_id, warehouse_id, says)), "
            "told AS (SELECT line.id, moved.says FROM moved JOIN plan_line AS line USING (item_id, warehouse_id) "
            "WHERE line.run_id = :run UNION ALL SELECT line.id, '' FROM plan_line AS line WHERE line.run_id = :run "
            "AND line.drift <> '' AND NOT EXISTS (SELECT FROM moved WHERE moved.item_id = line.item_id "
            "AND moved.warehouse_id = line.warehouse_id)) "
            "UPDATE plan_line AS line SET drift = told.says FROM told "
            "WHERE told.id = line.id AND line.state = 'open' AND line.drift <> told.says RETURNING line.id"
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
    return DriftMarked(run_id, marked, before, drift.in_full)


def _decidable(session: Session, actor: Actor, line_id: int, version: int) -> tuple[PlanLine, PlanningRun]:
    line, run = lock_plan_line(session, actor, line_id, version)
    if line.is_locked:
        raise LineLocked
    return line, run


def _refuse_undecidable(line: PlanLine, version: int) -> None:
    if line.version != version:
        raise Stale(kind="plan line")
    PLAN_LINE.after("change", PlanLineState(line.state))
    if line.is_locked:
        raise LineLocked
