"""One need, several orders: a plan line is split over vendors or dates, and joined again (PLAN-11)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlmodel import Session, col, exists, select

from buyside.db.plans import PlanLine, PlanningRun
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.money import ZERO
from buyside.domain.plan_decisions import Asked, Decided, LineLocked, decide, drawn, plain, typed_price
from buyside.domain.plans import PLAN_LINE, LotTerms, PlanLineState, lot_size
from buyside.domain.refusals import DateOutOfReach, NotANumber, NotPositive, Refused
from buyside.ledgers.plan_lines import PlanLineDecided, answer_of, write_decision
from buyside.queries.plan_lines import lock_plan_line, terms_of

MOST_PARTS = 50
_TOO_MUCH, _DECIMALS = Decimal(10) ** 12, 6  # what numeric(18, 6) holds
_FIRST_DAY, _LAST_DAY = date(1970, 1, 1), date(2199, 12, 31)


class NotParts(Refused):
    code, field = "plans.not-parts", "parts"
    says = "A line is split into at least two parts, and at most {most}."


class NotSplit(Refused):
    code = "plans.not-split"
    says = "This line has no open part to join it with."


class PartCarried(Refused):
    code = "plans.part-carried"
    says = "A newer plan took a part of this line over. Decide there."


@dataclass(frozen=True, slots=True)
class LinePart:
    """A part of a line. What is None is as the line has it; the quantity is in the purchase unit of the part's vendor.

    Without a price, the contract's or the list's. `contract_id` 0: on no contract.
    """

    quantity_packs: Decimal
    vendor_item_id: int | None = None
    needed_on: date | None = None
    unit_price: Decimal | None = None
    contract_id: int | None = None


@dataclass(frozen=True, slots=True)
class LineSplit:
    """The line, now its first part, and the parts that came off it. `remarks`: what parts bring more or less than it did."""

    lines: tuple[PlanLineDecided, ...]
    remarks: tuple[str, ...]


@needs(Permission.PLAN_EDIT)
def split_plan_line(
    session: Session, actor: Actor, *, line_id: int, version: int, parts: tuple[LinePart, ...]
) -> LineSplit:
    """Split an open line: the first part stays on it, each other becomes a line without a suggestion of its own.

    Together the parts should bring what the line did; where they bring more or less, that is remarked and the buyer's to
    decide. Refuses: NotFound, Stale, WrongState, LineLocked, NotParts, NotANumber, DateOutOfReach, and for each part what
    change_plan_line refuses.
    """
    if not 2 <= len(parts) <= MOST_PARTS:
        raise NotParts(most=MOST_PARTS)
    line, run = _open_line(session, actor, line_id, version)
    for part in parts:
        _refuse_unmeant(part)
    terms = terms_of(session, run, [line], [each.vendor_item_id for each in parts if each.vendor_item_id])
    before, typed = line.quantity_packs * line.unit_factor, typed_price(line, terms)
    pieces = [line, *(_off(line) for _ in parts[1:])]
    decided: list[Decided] = []
    remarks: list[str] = []
    for piece, part in zip(pieces, parts, strict=True):
        price = typed if part.unit_price is None and _stays(line, part) else part.unit_price
        asked = Asked(part.quantity_packs, part.vendor_item_id, part.needed_on, price, part.contract_id)
        found = decide(piece, asked, terms)
        terms = drawn(terms, line.item_id, found.decision)
        decided.append(found)
        remarks.extend(found.remarks)
    for piece, found in zip(pieces, decided, strict=True):
        write_decision(piece, found.decision)
        session.add(piece)
    line.version += 1
    session.flush()
    more = sum((each.decision.stock_quantity for each in decided), ZERO) - before
    if more:
        remarks.append(
            f"The parts bring {plain(abs(more))} {'more' if more > 0 else 'less'} than the line did, in stock units."
        )
    return LineSplit(
        tuple(answer_of(piece, found.remarks) for piece, found in zip(pieces, decided, strict=True)),
        tuple(dict.fromkeys(remarks)),
    )


@needs(Permission.PLAN_EDIT)
def join_plan_line(
    session: Session, actor: Actor, *, line_id: int, version: int, quantity_packs: Decimal | None = None
) -> PlanLineDecided:
    """Join a line that was split with its open parts again; they go. `line_id` may be any of them.

    The line keeps its vendor, date, price and contract, and brings what all of them brought, up to a whole purchase unit;
    or `quantity_packs`, as before a split that changed the total. Parts that are ordered, left out or locked stay.
    Refuses: NotFound, Stale, WrongState, LineLocked, NotSplit, PartCarried, and what change_plan_line refuses.
    """
    asked_of, run = lock_plan_line(session, actor, line_id, version)
    root_id = asked_of.split_from_id or asked_of.id
    family = session.exec(
        select(PlanLine)
        .where((col(PlanLine.id) == root_id) | (col(PlanLine.split_from_id) == root_id))
        .order_by(col(PlanLine.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    root = next(each for each in family if each.id == root_id)
    _refuse_closed(root)
    parts = [each for each in family if each.id != root_id and each.state == PlanLineState.OPEN and not each.is_locked]
    if not parts:
        raise NotSplit
    ids = [each.id for each in parts]
    if session.exec(select(exists().where(col(PlanLine.carried_from_id).in_(ids)))).one():
        raise PartCarried
    brought = sum((each.quantity_packs * each.unit_factor for each in (root, *parts)), ZERO)
    for part in parts:
        session.delete(part)
    session.flush()
    terms = terms_of(session, run, [root])
    _, digits = terms.units[root.unit_id]
    quantity = quantity_packs if quantity_packs is not None else lot_size(brought, LotTerms(root.unit_factor, digits))
    found = decide(root, Asked(quantity, unit_price=typed_price(root, terms)), terms)
    write_decision(root, found.decision)
    root.version += 1
    session.add(root)
    session.flush()
    return answer_of(root, found.remarks)


def _open_line(session: Session, actor: Actor, line_id: int, version: int) -> tuple[PlanLine, PlanningRun]:
    line, run = lock_plan_line(session, actor, line_id, version)
    _refuse_closed(line)
    return line, run


def _refuse_closed(line: PlanLine) -> None:
    PLAN_LINE.after("change", PlanLineState(line.state))
    if line.is_locked:
        raise LineLocked


def _stays(line: PlanLine, part: LinePart) -> bool:
    return part.vendor_item_id in {None, line.vendor_item_id} and part.contract_id in {None, line.contract_id}


def _off(line: PlanLine) -> PlanLine:
    """A line that comes off another: nothing was suggested of it, and nothing needs it by itself."""
    return PlanLine(
        run_id=line.run_id,
        item_id=line.item_id,
        warehouse_id=line.warehouse_id,
        suggested_needed_on=line.suggested_needed_on,
        suggested_vendor_item_id=None,
        suggested_quantity_packs=ZERO,
        suggested_unit_price=None,
        shortage=ZERO,
        reason="Split off by hand.",
        needed_on=line.needed_on,
        order_by=line.order_by,
        vendor_item_id=line.vendor_item_id,
        contract_id=line.contract_id,
        currency_code=line.currency_code,
        unit_price=line.unit_price,
        unit_id=line.unit_id,
        unit_factor=line.unit_factor,
        quantity_packs=ZERO,
        drift=line.drift,
        trigger=line.trigger,
        split_from_id=line.split_from_id or line.id,
    )


def _refuse_unmeant(part: LinePart) -> None:
    """Refuses: NotPositive, NotANumber, DateOutOfReach."""
    for name, number in (("quantity_packs", part.quantity_packs), ("unit_price", part.unit_price)):
        if number is None:
            continue
        if not number.is_finite() or abs(number) >= _TOO_MUCH or number != round(number, _DECIMALS):
            raise NotANumber(value=number, decimals=_DECIMALS, field=name)
    if part.quantity_packs <= 0:
        raise NotPositive(field="quantity_packs")
    if part.needed_on is not None and not _FIRST_DAY <= part.needed_on <= _LAST_DAY:
        raise DateOutOfReach(day=part.needed_on.isoformat(), first=_FIRST_DAY, last=_LAST_DAY, field="needed_on")
