"""Ending other people's sessions: the next event of any page of theirs is refused (ACC-4)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col

from buyside.db.people import UserSession
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.refusals import NotFound, Refused
from buyside.ledgers.sessions import end_sessions
from buyside.queries.people_locks import lock_user

_BECAUSE = "ended by an administrator"


class EndedAlready(Refused):
    code = "sessions.ended-already"
    says = "This session has ended already."


@dataclass(frozen=True, slots=True)
class EndedSessions:
    """Whose sessions ended, and which."""

    user_id: int
    name: str
    session_ids: tuple[UUID, ...]


@needs(Permission.SESSION_END)
def end_session(session: Session, actor: Actor, *, session_id: UUID, at: datetime) -> EndedSessions:
    """End one session, of whoever it is. Refuses, in this order: NotFound, EndedAlready."""
    found = session.get(UserSession, session_id)
    if found is None:
        raise NotFound(kind="session")
    user = lock_user(session, found.user_id)
    ended = end_sessions(session, col(UserSession.id) == session_id, user_id=user.id, because=_BECAUSE, at=at)
    if not ended:
        raise EndedAlready
    return EndedSessions(user.id, user.name, tuple(ended))


@needs(Permission.SESSION_END)
def end_sessions_of_user(session: Session, actor: Actor, *, user_id: int, at: datetime) -> EndedSessions:
    """End all sessions of a person; none left is fine too. Refuses: NotFound."""
    user = lock_user(session, user_id)
    ended = end_sessions(session, user_id=user.id, because=_BECAUSE, at=at)
    return EndedSessions(user.id, user.name, tuple(ended))
