"""What is checked of a provider's tokens beyond what Authlib checks, and what is read from them.

Signatures have been verified before anything here is called.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from buyside.domain.refusals import Refused
from buyside.identity.logins import VerifiedIdentity

LEEWAY_SECONDS = 30
"""How far the provider's clock and ours may be apart."""
LOGOUT_SECONDS = 300
"""How old a logout token may be."""
_LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_LOGOUT_TYPES = ("logout+jwt", "application/logout+jwt")
_LONGEST_NAME = 255
_LONGEST_TEXT = 320
_LONGEST_HINT = 6000


class ForAnotherApplication(Refused):
    code = "sign-in.audience"
    says = "The sign-in service answered for another application. Ask whoever runs this server."


class TokenRefused(Refused):
    """A token whose content is wrong; `why` is for the log."""

    code = "sign-in.token"
    says = "The answer of the sign-in service cannot be trusted. Sign in again; if that does not help, ask whoever runs this server."


class LogoutTokenRefused(Refused):
    """A logout token that ends nothing; `why` is for the log."""

    code = "sign-out.token"
    says = "This logout token is refused."


def check_audience(claims: Mapping[str, Any], client_id: str) -> None:
    """The token is for us, and if it is for others too, it was issued to us (OpenID Connect Core 3.1.3.7).

    Authlib takes a token for others as long as `azp` names us. Refuses: ForAnotherApplication.
    """
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if client_id not in audiences:
        raise ForAnotherApplication
    if (len(audiences) > 1 or "azp" in claims) and claims.get("azp") != client_id:
        raise ForAnotherApplication


def identity_of(claims: Mapping[str, Any], id_token: str) -> VerifiedIdentity:
    """Who the claims of a verified ID token speak of. Refuses: TokenRefused."""
    return VerifiedIdentity(
        issuer=claims["iss"],
        subject=_key(claims, "sub"),
        email=_text(claims, "email"),
        email_verified=is_verified(claims),
        name=_text(claims, "name"),
        issuer_session=_key(claims, "sid") if "sid" in claims else None,
        id_token=id_token if len(id_token) <= _LONGEST_HINT else None,
    )


def is_verified(claims: Mapping[str, Any]) -> bool:
    """Whether the provider vouches for the e-mail address: true, and nothing that merely looks like it."""
    return claims.get("email_verified") is True


def _key(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not _is_text(value, _LONGEST_NAME):
        raise TokenRefused(why=name)
    return str(value)


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return str(value) if _is_text(value, _LONGEST_TEXT) else ""


def _is_text(value: object, longest: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= longest and value.isprintable()


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """What a checked logout token says: whom the provider signed out, of one of their sessions or of all."""

    issuer: str
    token_id: str
    subject: str | None
    issuer_session: str | None
    expires_at: datetime
    """From when on the same token would be refused for its age."""


def logged_out(header: Mapping[str, Any], claims: Mapping[str, Any], *, issuer: str, client_id: str) -> LoggedOut:
    """Check a logout token (OpenID Connect Back-Channel Logout 1.0, section 2.6).

    The specification recommends its type and does not demand it. We demand it: no ID token, and no token of any other
    kind, can then stand in for one, and the providers that log out over the back channel send it.
    Refuses: LogoutTokenRefused.
    """
    kind = header.get("typ")
    if not isinstance(kind, str) or kind.lower() not in _LOGOUT_TYPES:
        raise LogoutTokenRefused(why="typ")
    if claims.get("iss") != issuer:
        raise LogoutTokenRefused(why="iss")
    audience = claims.get("aud")
    if client_id not in (audience if isinstance(audience, list) else [audience]):
        raise LogoutTokenRefused(why="aud")
    now = time.time()
    issued, expires = _instant(claims, "iat"), _instant(claims, "exp")
    if not now - LOGOUT_SECONDS - LEEWAY_SECONDS < issued <= now + LEEWAY_SECONDS:
        raise LogoutTokenRefused(why="iat")
    if expires <= now - LEEWAY_SECONDS:
        raise LogoutTokenRefused(why="exp")
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(_LOGOUT_EVENT), dict):
        raise LogoutTokenRefused(why="events")
    if "nonce" in claims:
        raise LogoutTokenRefused(why="nonce")
    named = {name: claims[name] for name in ("sub", "sid") if name in claims}
    if not named or not all(_is_text(value, _LONGEST_NAME) for value in [*named.values(), claims.get("jti")]):
        raise LogoutTokenRefused(why="sub, sid or jti")
    until = datetime.fromtimestamp(issued, UTC) + timedelta(seconds=LOGOUT_SECONDS + 2 * LEEWAY_SECONDS)
    return LoggedOut(issuer, claims["jti"], named.get("sub"), named.get("sid"), until)


def _instant(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1 << 40:
        raise LogoutTokenRefused(why=name)
    return float(value)
