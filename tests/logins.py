"""Sessions for tests that are not about signing in."""

import secrets
from datetime import UTC, datetime
from uuid import uuid4

from sqlmodel import Session

from buyside.db.people import AppUser, UserSession
from buyside.identity.logins import LONGEST, token_digest


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
