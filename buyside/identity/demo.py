"""Demo sign-in: pick a person. Exists only in demo mode, which settings refuse on anything but a loopback address (ACC-8)."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from sqlmodel import col, select

from buyside.config import settings
from buyside.db.engine import sessions
from buyside.db.people import AppUser, UserRole, UserSession
from buyside.domain.access import INTERNAL_ROLES, Role
from buyside.domain.refusals import NotFound
from buyside.identity.logins import LONGEST, token_digest

_ORDER = tuple(Role)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may be picked."""

    user_id: int
    name: str
    roles: tuple[Role, ...]


def people() -> list[Person]:
    """Active users with an internal role, in the order of their first role. Refuses: NotFound outside demo mode."""
    _only_in_demo()
    with sessions()() as session:
        rows = session.exec(
            select(AppUser.id, AppUser.name, UserRole.role)
            .join(UserRole, col(UserRole.user_id) == col(AppUser.id))
            .where(col(AppUser.is_active), col(UserRole.role).in_([role.value for role in INTERNAL_ROLES]))
        ).all()
    roles: dict[tuple[int, str], list[Role]] = {}
    for user_id, name, role in rows:
        roles.setdefault((user_id, name), []).append(Role(role))
    found = [Person(user_id, name, tuple(sorted(held, key=_ORDER.index))) for (user_id, name), held in roles.items()]
    return sorted(found, key=lambda person: (_ORDER.index(person.roles[0]), person.name))


def sign_in_as(user_id: int, *, browser: str) -> str:
    """Open a session for a person of the list; answers with the cookie's value. Refuses: NotFound."""
    if user_id not in {person.user_id for person in people()}:
        raise NotFound(kind="person")
    with sessions()() as session, session.begin():
        token, now = secrets.token_urlsafe(32), datetime.now(UTC)
        session.add(
            UserSession(
                id=uuid4(),
                user_id=user_id,
                surface="internal",
                token_sha256=token_digest(token),
                created_at=now,
                last_seen_at=now,
                expires_at=now + LONGEST,
                browser=browser[:200],
            )
        )
        return token


def _only_in_demo() -> None:
    given = settings()
    if not given.demo or not given.is_loopback:
        raise NotFound(kind="page")
