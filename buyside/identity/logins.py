"""Turns a login into an actor: sessions are rows, looked up anew for each event (ACC-4)."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from sqlmodel import Session, col, select

from buyside.db.people import AppUser, Organisation, UserRole, UserSession
from buyside.domain.access import Actor, Role

LONGEST = timedelta(hours=12)
IDLE = timedelta(minutes=90)
_SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Login:
    """A living session and the actor behind it."""

    session_id: UUID
    actor: Actor
    expires_at: datetime


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def open_login(session: Session, *, user_id: int, browser: str = "") -> str:
    """Begin a session for an active user. Answers with the cookie's value, which is kept nowhere."""
    token = secrets.token_urlsafe(32)
    now = datetime.now(UTC)
    session.add(
        UserSession(
            id=uuid4(),
            user_id=user_id,
            token_sha256=_digest(token),
            created_at=now,
            last_seen_at=now,
            expires_at=now + LONGEST,
            browser=browser[:200],
        )
    )
    session.flush()
    return token


def find_login(session: Session, token: str) -> Login | None:
    """The living session of a cookie's value; None when it ended, expired, idled, or its user is disabled."""
    now = datetime.now(UTC)
    found = session.exec(
        select(UserSession, AppUser, col(Organisation.time_zone))
        .join(AppUser, col(AppUser.id) == col(UserSession.user_id))
        .join(Organisation, col(Organisation.id) == 1)
        .where(
            UserSession.token_sha256 == _digest(token),
            col(UserSession.ended_at).is_(None),
            col(UserSession.expires_at) > now,
            col(UserSession.last_seen_at) > now - IDLE,
            col(AppUser.is_active),
        )
    ).one_or_none()
    if found is None:
        return None
    login, user, dates_zone = found
    if now - login.last_seen_at > _SEEN_EVERY:
        login.last_seen_at = now
        session.add(login)
    roles = session.exec(select(UserRole.role).where(UserRole.user_id == user.id)).all()
    actor = Actor(
        user_id=user.id,
        name=user.name,
        roles=frozenset(Role(role) for role in roles),
        locale=user.locale,
        time_zone=user.time_zone,
        dates_zone=dates_zone,
    )
    return Login(session_id=login.id, actor=actor, expires_at=login.expires_at)


def end_login(session: Session, session_id: UUID) -> None:
    """End a session; the next event of any of its pages is refused."""
    login = session.get(UserSession, session_id)
    if login is not None and login.ended_at is None:
        login.ended_at = datetime.now(UTC)
        session.add(login)
