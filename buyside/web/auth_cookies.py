"""The two short-lived cookies around signing in, beside the session's own."""

from __future__ import annotations

import re
import secrets
from http.cookies import CookieError, SimpleCookie

from buyside.identity.cookies import cookie_name, is_https

ATTEMPT_SECONDS = 600
"""How long a person may take at the provider, and how long a browser remembers that it signed out."""
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def attempt_cookie() -> str:
    """The name of the cookie that binds a sign-in to the browser that began it."""
    return f"{cookie_name()}-sign-in"


def signed_out_cookie() -> str:
    """The name of the cookie by which a browser that signed out is asked before it signs in again."""
    return f"{cookie_name()}-signed-out"


def browser_in(header: str) -> str:
    """The attempt cookie's value in a Cookie header; empty without a well-formed one."""
    value = _value(header, attempt_cookie())
    return value if _TOKEN.fullmatch(value) else ""


def new_browser() -> str:
    """A value for the attempt cookie."""
    return secrets.token_urlsafe(32)


def has_signed_out(header: str) -> bool:
    """Whether the browser signed out a short while ago."""
    return bool(_value(header, signed_out_cookie()))


def set_cookie(name: str, value: str) -> str:
    """A Set-Cookie value for a short while; an empty value ends the cookie."""
    age = ATTEMPT_SECONDS if value else 0
    parts = [f"{name}={value}", "Path=/", f"Max-Age={age}", "HttpOnly", "SameSite=Lax"]
    return "; ".join([*parts, "Secure"] if is_https() else parts)


def _value(header: str, name: str) -> str:
    try:
        found = SimpleCookie(header).get(name)
    except CookieError:
        return ""
    return found.value if found is not None else ""
