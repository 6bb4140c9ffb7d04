"""Turns a login into an actor: sessions are rows, looked up anew for each event (ACC-4).

Every act here is one function of the database. It runs there with rights that no running process has, and takes the surface
from the login of the connection: on the portal there is no way to a session of the own people, whatever this code does.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, LargeBinary, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Session

from buyside.config import settings
from buyside.domain.access import Actor, Role
from buyside.domain.refusals import Refused

LONGEST = timedelta(hours=12)
"""A session ends at the latest this long after it began; the database says so by itself."""
IDLE = timedelta(minutes=90)
"""A session ends when nothing was asked in it for this long; the database says so by itself."""

_LONGEST_BROWSER = 200


class UnknownPerson(Refused):
    code = "identity.unknown-person"
    says = (
        "Nobody here is known by this sign-in. Ask whoever invited you to send a new invitation to the e-mail address that "
        "you signed in with."
    )


class Disabled(Refused):
    code = "identity.disabled"
    says = "This account is switched off. Ask an administrator."


class NotOnThisSurface(Refused):
    code = "identity.not-on-this-surface"
    says = "This account belongs to {other}. Sign in there."


class NoVendor(Refused):
    code = "identity.no-vendor"
    says = "No vendor is open to you at the moment. Ask your contact at the company that buys from you."


_REFUSALS: dict[str, type[Refused]] = {
    "unknown-person": UnknownPerson,
    "disabled": Disabled,
    "not-on-this-surface": NotOnThisSurface,
    "no-vendor": NoVendor,
}


@dataclass(frozen=True, slots=True)
class VerifiedIdentity:
    """Who somebody is by the word of a provider, every check of its token passed. `issuer_session` is the `sid`."""

    issuer: str
    subject: str
    email: str = ""
    email_verified: bool = False
    name: str = ""
    issuer_session: str | None = None
    id_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Login:
    """A living session and the actor behind it."""

    session_id: UUID
    actor: Actor
    expires_at: datetime

    @property
    def reach(self) -> str:
        """A word for what the person may and reaches: it changes when a role or a membership does."""
        held = f"{self.session_id} {sorted(self.actor.roles)} {sorted(self.actor.vendor_ids)}"
        return hashlib.sha256(held.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session as begun. `token` is the cookie's value, which is kept nowhere else."""

    token: str = field(repr=False)
    login: Login


@dataclass(frozen=True, slots=True)
class SignOutHint:
    """What the provider wants to know when somebody signs out there too."""

    issuer: str | None
    issuer_session: str | None
    id_token: str | None = field(repr=False)


def token_digest(token: str) -> bytes:
    """SHA-256 of a cookie's value: what is stored of it, and what proves a session to the database."""
    return hashlib.sha256(token.encode()).digest()


def find_login(session: Session, token: str) -> Login | None:
    """The living session of a cookie's value on this surface.

    None when it ended, expired, idled, its user is disabled, or, on the portal, no vendor is open to the user any more.
    """
    digest = token_digest(token)
    found = session.execute(_FIND, {"digest": digest}).one_or_none()
    if found is None:
        return None
    actor = Actor(
        user_id=found.user_id,
        name=found.name,
        roles=frozenset(Role(role) for role in found.roles),
        vendor_ids=frozenset(found.vendor_ids),
        locale=found.locale,
        time_zone=found.time_zone,
        dates_zone=found.dates_zone,
        proof=digest.hex(),
    )
    return Login(session_id=found.session_id, actor=actor, expires_at=found.expires_at)


def sign_in(session: Session, who: VerifiedIdentity, *, browser: str) -> SignedIn:
    """Begin a session for the user with this identity, or for the user who is invited by this verified e-mail address.

    An invitation binds issuer and subject to its user, once, and tells the audit trail. Refuses, in this order:
    UnknownPerson, NotOnThisSurface, Disabled, NoVendor. A refusal leaves nothing behind.
    """
    token = secrets.token_urlsafe(32)
    refusal, _ = session.execute(
        _SIGN_IN,
        {
            "issuer": who.issuer,
            "subject": who.subject,
            "email": who.email if who.email_verified else None,
            "issuer_session": who.issuer_session,
            "id_token": who.id_token,
            "digest": token_digest(token),
            "browser": browser[:_LONGEST_BROWSER],
        },
    ).one()
    if refusal is not None:
        other = "the company's own site" if settings().surface == "portal" else "the vendor portal"
        raise _REFUSALS[refusal](other=other)
    login = find_login(session, token)
    if login is None:  # a membership or an account that ended in this very moment
        raise UnknownPerson
    return SignedIn(token, login)


def end_login(session: Session, session_id: UUID, *, because: str = "signed out") -> bool:
    """End a session; the next event of any of its pages is refused. Answers whether it still lived.

    The internal surface may end any session, the portal its own kind. What was kept of the ID token is forgotten.
    """
    return session.execute(_END, {"session_id": session_id, "because": because}).scalar() is not None


def end_logins_of(
    session: Session, *, issuer: str, because: str, issuer_session: str | None = None, subject: str | None = None
) -> list[UUID]:
    """End this surface's sessions of a provider's session, of a subject, or, given both, of both. Answers with their ids."""
    if issuer_session is None and subject is None:
        raise ValueError("neither a session of the provider nor a subject is given")
    given = {"issuer": issuer, "issuer_session": issuer_session, "subject": subject, "because": because}
    return list(session.execute(_END_ALL, given).scalars())


def sign_out_hint(session: Session, session_id: UUID) -> SignOutHint | None:
    """What to tell the provider of a session of this surface. To be asked before the session ends."""
    found = session.execute(_HINT, {"session_id": session_id}).one_or_none()
    return None if found is None else SignOutHint(found.issuer, found.issuer_session, found.id_token)


def keep_attempt(
    session: Session, *, state: str, browser: str, content: Mapping[str, Any], expires_at: datetime
) -> None:
    """Keep what belongs to a sign-in that begins: `state` goes to the provider and back, `browser` is a secret of its cookie."""
    given = {
        "state": token_digest(state),
        "browser": token_digest(browser),
        "content": dict(content),
        "until": expires_at,
    }
    session.execute(_KEEP, given)


def take_attempt(session: Session, *, state: str, browser: str) -> dict[str, Any] | None:
    """What was kept, once; None where nothing is, or it expired, or another browser or surface began it."""
    found: dict[str, Any] | None = session.execute(
        _TAKE, {"state": token_digest(state), "browser": token_digest(browser)}
    ).scalar()
    return found


def use_logout_token(session: Session, *, issuer: str, jti: str, expires_at: datetime) -> bool:
    """Remember a logout token until it can no longer be valid. False: it was used before."""
    return session.execute(_USE, {"issuer": issuer, "jti": jti, "until": expires_at}).scalar() is True


_DIGEST, _WHICH = bindparam("digest", type_=LargeBinary), bindparam("session_id", type_=Uuid)
_STATE, _BROWSER = bindparam("state", type_=LargeBinary), bindparam("browser", type_=LargeBinary)
_UNTIL = bindparam("until", type_=DateTime(timezone=True))

_FIND = text("SELECT * FROM public.find_login(:digest)").bindparams(_DIGEST)
_SIGN_IN = text(
    "SELECT refusal, session_id FROM public.sign_in(CAST(:issuer AS text), CAST(:subject AS text), CAST(:email AS text), "
    "CAST(:issuer_session AS text), CAST(:id_token AS text), :digest, CAST(:browser AS text))"
).bindparams(_DIGEST)
_END = text("SELECT public.end_login(:session_id, CAST(:because AS text))").bindparams(_WHICH)
_END_ALL = text(
    "SELECT public.end_logins_of(CAST(:issuer AS text), CAST(:issuer_session AS text), CAST(:subject AS text), "
    "CAST(:because AS text))"
)
_HINT = text("SELECT * FROM public.sign_out_hint(:session_id)").bindparams(_WHICH)
_KEEP = text("SELECT public.keep_attempt(:state, :browser, :content, :until)").bindparams(
    _STATE, _BROWSER, bindparam("content", type_=JSONB), _UNTIL
)
_TAKE = (
    text("SELECT public.take_attempt(:state, :browser) AS content").bindparams(_STATE, _BROWSER).columns(content=JSONB)
)
_USE = text("SELECT public.use_logout_token(CAST(:issuer AS text), CAST(:jti AS text), :until)").bindparams(_UNTIL)
