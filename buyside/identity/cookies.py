"""The session cookie: its name, how it is read from a request, and who it stands for at this moment."""

import hmac
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from buyside.config import settings
from buyside.db.engine import sessions
from buyside.identity.logins import LONGEST, Login, find_login

REACH_HEADER = "x-buyside-reach"
"""In which the gate tells the application behind it what reach a socket was opened with; nobody else can set it."""
_LONGEST_TOKEN = 200


def is_https() -> bool:
    """Whether people reach us over https, so that cookies can be bound to it."""
    return urlsplit(settings().public_url).scheme == "https"


def cookie_name() -> str:
    """`__Host-` binds the cookie to this very host over https; browsers refuse such a name over plain http.

    Each surface has a name of its own: on one host browsers send both cookies to both, whatever the port.
    """
    name = "buyside-portal" if settings().surface == "portal" else "buyside"
    return f"__Host-{name}" if is_https() else name


def cookie_header(token: str) -> str:
    """The Set-Cookie value that begins a session in the browser; an empty token ends it."""
    age = int(LONGEST.total_seconds()) if token else 0
    parts = [f"{cookie_name()}={token}", "Path=/", f"Max-Age={age}", "HttpOnly", "SameSite=Lax"]
    return "; ".join([*parts, "Secure"] if is_https() else parts)


def token_in(header: str) -> str | None:
    """The session token in a Cookie header, if there is one."""
    try:
        found = SimpleCookie(header).get(cookie_name())
    except CookieError:
        return None
    return found.value if found is not None and 0 < len(found.value) <= _LONGEST_TOKEN else None


def who_is(header: str) -> Login | None:
    """The living session behind a Cookie header, looked up now (ACC-4)."""
    token = token_in(header)
    if token is None:
        return None
    with sessions()() as session, session.begin():
        return find_login(session, token)


def state_key(header: str, client_token: str) -> str:
    """The key of a browser tab's state: bound to the session, so that a tab's own token is worth nothing elsewhere."""
    token = token_in(header) or ""
    return hmac.new(token.encode(), client_token.encode(), "sha256").hexdigest()[:32]
