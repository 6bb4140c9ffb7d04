"""One need, several orders: a plan line is split over vendors or dates, and joined again (PLAN-11)."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from sqlmodel import Session, col, exists, select

from buyside.db.plans import PlanLine, PlanningRun
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.money import ZERO
from buyside.domain.plan_decisions import NOTHING, Asked, Decided, LineLocked, Terms, decide, drawn, typed_price
from buyside.domain.plan_parts import divided, lots_of_part
from buyside.domain.plans import PLAN_LINE, LotTerms, PlanLineState, lot_size
from buyside.domain.refusals import DateOutOfReach, NotANumber, NotPositive, Refused, Stale
from buyside.domain.telling import Measure, Sentence, told_all
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


class SharesMixed(Refused):
    code, field = "plans.shares-mixed", "parts"
    says = "Give every part a share in percent, or every part a quantity."


@dataclass(frozen=True, slots=True)
class LinePart:
    """A part of a line. What is None is as the line has it; the quantity is in the purchase unit of the part's vendor.

    Instead of a quantity, a share of the line in percent. Without a price, the contract's or the list's. `vendor_item_id` and
    `contract_id` 0: without a vendor, on no contract.
    """

    quantity_packs: Decimal | None = None
    vendor_item_id: int | None = None
    needed_on: date | None = None
    unit_price: Decimal | None = None
    contract_id: int | None = None
    share_percent: Decimal | None = None


@dataclass(frozen=True, slots=True)
class LineSplit:
    """The line, now its first part, and the parts that came off it. `remarks`: what parts bring more or less than it did.

    `was` is the line before: joining with it takes the split back.
    """

    lines: tuple[PlanLineDecided, ...]
    remarks: tuple[str, ...]
    was: LinePart


@dataclass(frozen=True, slots=True)
class LineJoined:
    """The line with all that its parts brought. `was` are the line and its parts before: splitting into them takes it back."""

    line: PlanLineDecided
    was: tuple[LinePart, ...]


@needs(Permission.PLAN_EDIT)
def split_plan_line(
    session: Session, actor: Actor, *, line_id: int, version: int, parts: tuple[LinePart, ...]
) -> LineSplit:
    """Split an open line: the first part stays on it, each other becomes a line without a suggestion of its own.

    Together the parts should bring what the line did; where they bring more or less, that is remarked and the buyer's to
    decide. Shares in percent are of what the line brings, in whole lots of each part's vendor; what is left over goes to the
    part that rounding cut short most. Refuses: NotFound, Stale, WrongState, LineLocked, NotParts, SharesMixed, SharesNotWhole,
    PartEmpty, NotANumber, DateOutOfReach, and for each part what change_plan_line refuses.
    """
    if not 2 <= len(parts) <= MOST_PARTS:
        raise NotParts(most=MOST_PARTS)
    line, run = _open_line(session, actor, line_id, version)
    for part in parts:
        _refuse_unmeant(part)
    terms = terms_of(session, run, [line], [each.vendor_item_id for each in parts if each.vendor_item_id])
    before, typed, was = line.quantity_packs * line.unit_factor, typed_price(line, terms), _as_it_is(line)
    parts = _in_quantities(line, parts, terms)
    pieces = [line, *(_off(line) for _ in parts[1:])]
    decided: list[Decided] = []
    remarks: list[str] = []
    for piece, part in zip(pieces, parts, strict=True):
        price = typed if part.unit_price is None and _stays(line, part) else part.unit_price
        asked = Asked(part.quantity_packs, part.vendor_item_id, part.needed_on, price, part.contract_id)
        found = decide(piece, asked, terms)
        terms = drawn(terms, line.item_id, found.decision)
        decided.append(found)
        remarks.extend(told_all(found.remarks, actor.locale))
    for piece, found in zip(pieces, decided, strict=True):
        write_decision(piece, found.decision)
        session.add(piece)
    line.version += 1
    session.flush()
    more = sum((each.decision.stock_quantity for each in decided), ZERO) - before
    if more:
        unit, _ = terms.units[terms.items[line.item_id][0]]
        less = f"The parts bring {{much}} {'more' if more > 0 else 'less'} than the line did."
        remarks.append(Sentence(less, {"much": Measure(abs(more), unit)}).to(actor.locale))
    return LineSplit(
        tuple(
            answer_of(piece, told_all(found.remarks, actor.locale))
            for piece, found in zip(pieces, decided, strict=True)
        ),
        tuple(dict.fromkeys(remarks)),
        was,
    )


@needs(Permission.PLAN_EDIT)
def join_plan_line(
    session: Session,
    actor: Actor,
    *,
    line_id: int,
    version: int,
    as_was: LinePart | None = None,
    seen: tuple[tuple[int, int], ...] | None = None,
) -> LineJoined:
    """Join a line that was split with its open parts again; they go. `line_id` may be any of them.

    The line keeps its vendor, date, price and contract, and brings what all of them brought, up to a whole purchase unit; or it
    is `as_was` before it was split. Parts that are ordered, left out or locked stay. With `seen`, each part that goes is named
    with its version, so that nobody's decision on one is lost.
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
    if seen is not None and {(each.id, each.version) for each in parts} != {(part, number) for part, number in seen}:
        raise Stale(kind="plan line")
    ids = [each.id for each in parts]
    if session.exec(select(exists().where(col(PlanLine.carried_from_id).in_(ids)))).one():
        raise PartCarried
    was = tuple(_as_it_is(each) for each in (root, *parts))
    brought = sum((each.quantity_packs * each.unit_factor for each in (root, *parts)), ZERO)
    for part in parts:
        session.delete(part)
    session.flush()
    terms = terms_of(session, run, [root], [as_was.vendor_item_id] if as_was and as_was.vendor_item_id else ())
    if as_was is None:
        _, digits = terms.units[root.unit_id]
        asked = Asked(lot_size(brought, LotTerms(root.unit_factor, digits)), unit_price=typed_price(root, terms))
    else:
        _refuse_unmeant(as_was)
        asked = Asked(
            as_was.quantity_packs, as_was.vendor_item_id, as_was.needed_on, as_was.unit_price, as_was.contract_id
        )
    found = decide(root, asked, terms)
    write_decision(root, found.decision)
    root.version += 1
    session.add(root)
    session.flush()
    return LineJoined(answer_of(root, told_all(found.remarks, actor.locale)), was)


def _as_it_is(line: PlanLine) -> LinePart:
    return LinePart(
        line.quantity_packs,
        line.vendor_item_id or NOTHING,
        line.needed_on,
        line.unit_price,
        line.contract_id or NOTHING,
    )


def _in_quantities(line: PlanLine, parts: tuple[LinePart, ...], terms: Terms) -> tuple[LinePart, ...]:
    """The parts with their shares turned into quantities. Refuses: SharesMixed, SharesNotWhole, PartEmpty, NotFound."""
    shares = [each.share_percent for each in parts if each.share_percent is not None]
    if not shares:
        return parts
    if len(shares) < len(parts):
        raise SharesMixed
    lots = [lots_of_part(line, each.vendor_item_id, terms) for each in parts]
    quantities = divided(line.quantity_packs * line.unit_factor, shares, lots)
    return tuple(
        replace(each, quantity_packs=quantity, share_percent=None)
        for each, quantity in zip(parts, quantities, strict=True)
    )


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
    """Refuses: NotPositive, NotANumber, DateOutOfReach, SharesMixed."""
    numbers = {"quantity_packs": part.quantity_packs, "unit_price": part.unit_price, "parts": part.share_percent}
    for name, number in numbers.items():
        if number is None:
            continue
        if not number.is_finite() or abs(number) >= _TOO_MUCH or number != round(number, _DECIMALS):
            raise NotANumber(value=number, decimals=_DECIMALS, field=name)
    if (part.quantity_packs is None) == (part.share_percent is None):
        raise SharesMixed
    if (part.quantity_packs or part.share_percent or ZERO) <= 0:
        raise NotPositive(field="quantity_packs")
    if part.needed_on is not None and not _FIRST_DAY <= part.needed_on <= _LAST_DAY:
        raise DateOutOfReach(day=part.needed_on, first=_FIRST_DAY, last=_LAST_DAY, field="needed_on")
