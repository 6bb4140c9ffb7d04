"""Working off action messages: taken, snoozed, done, dismissed with a reason, opened again; one or many at once (PLAN-16)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from buyside.db.people import AppUser
from buyside.db.plans import ActionMessage
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.messages import MESSAGE, MOST_AT_ONCE
from buyside.domain.plans import MessageState
from buyside.domain.refusals import NotFound, ReasonMissing, Refused, Stale
from buyside.ledgers.action_messages import lock_book


class TooManyMessages(Refused):
    code = "messages.too-many"
    says = "At most {most} messages are decided on at once; {chosen} are chosen."


class NobodyChosen(Refused):
    code, field = "messages.nobody", "owner_id"
    says = "The operator at the command line cannot take messages. Say who shall."


class NotAPlanner(Refused):
    code, field = "messages.not-a-planner", "owner_id"
    says = "{name} cannot work on messages: the account is switched off, or is a vendor's."


class NotLater(Refused):
    code, field = "messages.not-later", "until"
    says = "Choose a day after today, {today}."


class OpenAlready(Refused):
    code = "messages.open-already"
    says = "A newer message about the same stands open. Work on that one."


@dataclass(frozen=True, slots=True)
class MessagesDecided:
    """How many messages were decided on, and the version of each now."""

    count: int
    versions: Mapping[int, int]


@needs(Permission.PLAN_EDIT)
def take_messages(
    session: Session,
    actor: Actor,
    /,
    *,
    message_ids: tuple[int, ...],
    owner_id: int | None = None,
    versions: Mapping[int, int] | None = None,
) -> MessagesDecided:
    """Make somebody the owner of open messages: the actor, or who is named.

    As in all that decides on messages: all of them or none, and `versions` says, of those it names, which state the actor saw.
    Refuses, in this order: NobodyChosen, NotFound, NotAPlanner, TooManyMessages, NotFound, Stale, WrongState.
    """
    wanted = actor.user_id if owner_id is None else owner_id
    if wanted is None:
        raise NobodyChosen
    person = session.get(AppUser, wanted)
    if person is None:
        raise NotFound(kind="user", field="owner_id")
    if person.is_vendor or not person.is_active:
        raise NotAPlanner(name=person.name)
    found = _locked(session, message_ids, versions, "take")
    for message in found:
        message.owner_id = wanted
    return _written(session, found)


@needs(Permission.PLAN_EDIT)
def snooze_messages(
    session: Session,
    actor: Actor,
    /,
    *,
    message_ids: tuple[int, ...],
    until: date | None,
    today: date,
    versions: Mapping[int, int] | None = None,
) -> MessagesDecided:
    """Put open messages aside until a day, or, with None, wake them up.

    Their causes are followed meanwhile; on the day they stand in the list again. Refuses, in this order: NotLater,
    TooManyMessages, NotFound, Stale, WrongState.
    """
    if until is not None and until <= today:
        raise NotLater(today=today)
    found = _locked(session, message_ids, versions, "snooze")
    for message in found:
        message.snoozed_until = until
    return _written(session, found)


@needs(Permission.PLAN_EDIT)
def finish_messages(
    session: Session,
    actor: Actor,
    /,
    *,
    message_ids: tuple[int, ...],
    at: datetime,
    versions: Mapping[int, int] | None = None,
) -> MessagesDecided:
    """Say that what messages asked for was done. If the next run finds the cause still, it tells of it anew.

    Refuses, in this order: TooManyMessages, NotFound, Stale, WrongState.
    """
    found = _locked(session, message_ids, versions, "finish")
    for message in found:
        _close(message, actor, "finish", "", at)
    return _written(session, found)


@needs(Permission.PLAN_EDIT)
def dismiss_messages(
    session: Session,
    actor: Actor,
    /,
    *,
    message_ids: tuple[int, ...],
    reason: str,
    at: datetime,
    versions: Mapping[int, int] | None = None,
) -> MessagesDecided:
    """Close messages without doing what they ask. They stay quiet until their quantity or date changes.

    Refuses, in this order: ReasonMissing, TooManyMessages, NotFound, Stale, WrongState.
    """
    why = " ".join(reason.split())
    if not why:
        raise ReasonMissing
    found = _locked(session, message_ids, versions, "dismiss")
    for message in found:
        _close(message, actor, "dismiss", why, at)
    return _written(session, found)


@needs(Permission.PLAN_EDIT)
def reopen_messages(
    session: Session,
    actor: Actor,
    /,
    *,
    message_ids: tuple[int, ...],
    versions: Mapping[int, int] | None = None,
) -> MessagesDecided:
    """Open messages again that somebody closed. Refuses, in this order: TooManyMessages, NotFound, Stale, WrongState, OpenAlready."""
    lock_book(session)  # a run may be about to open one of the same cause
    found = _locked(session, message_ids, versions, "reopen")
    causes = [message.cause for message in found]
    standing = select(ActionMessage.id).where(
        col(ActionMessage.cause).in_(causes), ActionMessage.state == MessageState.OPEN.value
    )
    if len(set(causes)) < len(causes) or session.exec(standing.limit(1)).first() is not None:
        raise OpenAlready
    for message in found:
        message.state = MESSAGE.after("reopen", MessageState(message.state)).value
        message.closing_reason, message.closed_at, message.closed_by, message.snoozed_until = "", None, None, None
    return _written(session, found)


def _locked(
    session: Session, message_ids: tuple[int, ...], versions: Mapping[int, int] | None, move: str
) -> list[ActionMessage]:
    """The messages, locked in the order that everybody locks them in, each open to a move."""
    wanted = sorted(set(message_ids))
    if len(wanted) > MOST_AT_ONCE:
        raise TooManyMessages(most=MOST_AT_ONCE, chosen=len(wanted))
    found = session.exec(
        select(ActionMessage)
        .where(col(ActionMessage.id).in_(wanted))
        .order_by(col(ActionMessage.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    if len(found) < len(wanted) or not wanted:
        raise NotFound(kind="action message")
    if any((versions or {}).get(message.id, message.version) != message.version for message in found):
        raise Stale(kind="action message")
    for message in found:
        MESSAGE.after(move, MessageState(message.state))
    return list(found)


def _close(message: ActionMessage, actor: Actor, move: str, reason: str, at: datetime) -> None:
    message.state = MESSAGE.after(move, MessageState(message.state)).value
    message.closing_reason, message.closed_at, message.closed_by = reason, at, actor.user_id
    message.snoozed_until = None


def _written(session: Session, found: list[ActionMessage]) -> MessagesDecided:
    for message in found:
        message.version += 1
        session.add(message)
    session.flush()
    return MessagesDecided(len(found), {message.id: message.version for message in found})
