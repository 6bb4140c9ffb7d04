"""The same decision on several plan lines at once: lock, unlock, leave out, take back; those that cannot are named (PLAN-11)."""

from dataclasses import dataclass
from enum import StrEnum

from sqlmodel import Session, col, select

from buyside.db.items import Item
from buyside.db.plans import PlanLine
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.locales import shown_date
from buyside.domain.plan_decisions import MOST_LINES, TooManyLines
from buyside.domain.plans import PLAN_LINE, PlanLineState
from buyside.domain.refusals import ReasonMissing, Refused
from buyside.queries.plan_lines import lock_plan_lines

_NAMED = 5


class SetAct(StrEnum):
    """What is done to all of them."""

    LOCK = "lock"
    UNLOCK = "unlock"
    LEAVE_OUT = "leave_out"
    TAKE_BACK = "take_back"


class NoneCan(Refused):
    code = "plans.none-can"
    says = "Nothing was changed. {which}"


@dataclass(frozen=True, slots=True)
class LinesSet:
    """How many lines moved; `line_ids` are those, so that the inverse act finds the same ones."""

    act: str
    line_ids: tuple[int, ...]
    reasons: dict[int, str]
    """Why the lines that were taken back had been left out."""
    cannot: int
    """How many stay as they are, as nothing of the kind can be done to them."""
    cannot_says: str
    """Which those are, and why; empty where there is none."""
    closed: tuple[int, ...]
    """Of all that were asked for, those that nothing can be decided on any more as they are: left out, or ordered."""


@needs(Permission.PLAN_EDIT)
def decide_plan_lines(
    session: Session, actor: Actor, *, line_ids: tuple[int, ...], act: SetAct, reason: str = ""
) -> LinesSet:
    """Lock, unlock, leave out (with a reason) or take back lines of one plan. Lines that are so already stay as they are.

    It is done to those that it can be done to, and the answer names the others: a choice of many lines is not lost over one that
    somebody else ordered meanwhile. Only where it can be done to none of them all is refused. The inverse act on the answered
    ids takes it back. Refuses: TooManyLines, NotFound, ReasonMissing, NoneCan.
    """
    if len(line_ids) > MOST_LINES:
        raise TooManyLines(count=len(line_ids), most=MOST_LINES)
    act = SetAct(act)
    if act is SetAct.LEAVE_OUT and not reason.strip():
        raise ReasonMissing
    lines, _ = lock_plan_lines(session, actor, line_ids)
    asked = [each for each in lines.values() if not _is_so(each, act)]
    cannot = [(each, why) for each in asked if (why := _why_not(each, act))]
    which = _told(session, cannot, actor.locale) if cannot else ""
    if cannot and len(cannot) == len(asked):
        raise NoneCan(which=which)
    kept = {each.id for each, _ in cannot}
    moving = [each for each in asked if each.id not in kept]
    before = {each.id: each.left_out_reason for each in moving if act is SetAct.TAKE_BACK}
    for line in moving:
        if act is SetAct.LEAVE_OUT:
            line.state, line.left_out_reason = PlanLineState.LEFT_OUT.value, reason.strip()
        elif act is SetAct.TAKE_BACK:
            line.state, line.left_out_reason = PlanLineState.OPEN.value, ""
        else:
            line.is_locked = act is SetAct.LOCK
        line.version += 1
    session.add_all(moving)
    session.flush()
    return LinesSet(
        act.value,
        tuple(each.id for each in moving),
        before,
        len(cannot),
        which,
        tuple(each.id for each in lines.values() if each.state != PlanLineState.OPEN),
    )


def _is_so(line: PlanLine, act: SetAct) -> bool:
    if act in {SetAct.LOCK, SetAct.UNLOCK}:
        return line.state == PlanLineState.OPEN and line.is_locked is (act is SetAct.LOCK)
    return line.state == (PlanLineState.LEFT_OUT if act is SetAct.LEAVE_OUT else PlanLineState.OPEN)


def _why_not(line: PlanLine, act: SetAct) -> str:
    if line.state == PlanLineState.CONVERTED:
        return "is ordered already"
    move = "change" if act in {SetAct.LOCK, SetAct.UNLOCK} else act.value
    if not PLAN_LINE.allows(move, PlanLineState(line.state)):
        return "is left out"
    return "is locked" if act is SetAct.LEAVE_OUT and line.is_locked else ""


def _told(session: Session, cannot: list[tuple[PlanLine, str]], locale: str) -> str:
    wanted = select(Item.id, Item.code).where(col(Item.id).in_({each.item_id for each, _ in cannot}))
    codes = dict(session.exec(wanted).all())
    said = [f"{codes[each.item_id]} of {shown_date(each.needed_on, locale)} {why}" for each, why in cannot[:_NAMED]]
    more = f"; and {len(cannot) - _NAMED} more" if len(cannot) > _NAMED else ""
    return "; ".join(said) + more + "."
