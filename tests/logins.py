"""Sessions for tests that are not about signing in; people who are invited, and the two logins in turn, for those that are."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import text
from sqlmodel import Session

from buyside.db import engine
from buyside.db.people import AppUser, UserInvitation, UserSession, VendorMembership
from buyside.domain.access import Role
from buyside.identity.logins import LONGEST, VerifiedIdentity, token_digest
from tests.world import World

ISSUER = "https://id.example"
SURFACES = {"app": Role.BUYER, "portal": Role.VENDOR}
"""The login of each surface, and a role that belongs there."""


def open_login(session: Session, *, user_id: int, browser: str = "") -> str:
    """Begin a session on the surface of the user's kind. Answers with the cookie's value."""
    token = secrets.token_urlsafe(32)
    now = datetime.now(UTC)
    user = session.get_one(AppUser, user_id)
    session.add(
        UserSession(
            id=uuid4(),
            user_id=user_id,
            surface="portal" if user.is_vendor else "internal",
            token_sha256=token_digest(token),
            created_at=now,
            last_seen_at=now,
            expires_at=now + LONGEST,
            browser=browser,
        )
    )
    session.flush()
    return token


Stand = Callable[[str], Session]
"""Gives the session as one of our logins."""


@contextmanager
def in_turn() -> Iterator[Stand]:
    """One transaction, rolled back, in which the login changes: `stand("portal")`, `stand("app")`, or `stand("owner")`."""
    with engine.engine(engine.administrator_url()).connect() as connection:
        transaction = connection.begin()
        with Session(bind=connection, join_transaction_mode="create_savepoint") as opened:

            def as_login(name: str) -> Session:
                opened.flush()
                opened.expire_all()
                opened.execute(text(f"SET LOCAL SESSION AUTHORIZATION buyside_{name}"))
                return opened

            yield as_login
        transaction.rollback()


def invite(
    stand: Stand, role: Role, *, email: str = "vera@works.example", member: bool = True, **columns: Any
) -> AppUser:
    """Somebody who was invited a day ago; a vendor's user with a membership unless said otherwise."""
    session = stand("app")
    world, now = World(session), datetime.now(UTC)
    user_id = world.user(role).user_id
    user: AppUser = session.get_one(AppUser, user_id)
    given = {"invited_at": now - timedelta(days=1), "expires_at": now + timedelta(days=6), **columns}
    world.add(UserInvitation(user_id=user.id, email=email, **given))
    if role is Role.VENDOR and member:
        world.add(VendorMembership(vendor_id=world.vendor().id, user_id=user.id, begins_at=now - timedelta(days=1)))
    return user


def verified(subject: str = "s-1", **parts: Any) -> VerifiedIdentity:
    known = {"email": "vera@works.example", "email_verified": True, "issuer_session": "sid-1", "id_token": "a.b.c"}
    return VerifiedIdentity(issuer=ISSUER, subject=subject, **(known | parts))


def add_alone(session: Session, row: Any) -> None:
    """Write one row, or leave the transaction as it was."""
    with session.begin_nested():
        session.add(row)
        session.flush()
