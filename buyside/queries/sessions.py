"""Reading sessions: who is signed in, on which surface, by which browser, since when (ACC-4)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, Select, Text, and_, case, cast, func, literal
from sqlmodel import col

from buyside.db.people import AppUser, UserSession
from buyside.domain.access import Actor, Permission
from buyside.domain.people import IDLE_FOR, SessionStatus
from buyside.domain.words import Kind
from buyside.queries.answers import columns
from buyside.queries.rows import GridSource, RowColumn

OWN = "own"
"""Marks the session of whoever asks."""

# What a browser says of itself, first match first: most of them claim to be others too.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("FxiOS", "Firefox"),
    ("Firefox", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Chromium", "Chromium"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def _word(marks: Sequence[tuple[str, str]]) -> ColumnElement[str]:
    said = col(UserSession.browser)
    return case(*((said.contains(mark, autoescape=True), word) for mark, word in marks), else_="")


def _browser() -> ColumnElement[str]:
    """The browser in words; what is not known is told as it is, shortened."""
    browser, system = _word(_BROWSERS), _word(_SYSTEMS)
    return case(
        (and_(browser != "", system != ""), browser + " on " + system),
        (browser != "", browser),
        else_=func.left(col(UserSession.browser), 60, type_=Text()),
    )


def _ends_at() -> ColumnElement[Any]:
    """When a session ends or ended, if nothing more happens in it."""
    idles_at = col(UserSession.last_seen_at) + IDLE_FOR
    return func.coalesce(UserSession.ended_at, func.least(UserSession.expires_at, idles_at))


def is_live() -> ColumnElement[bool]:
    """Whether a session carries its person still, as far as the session itself goes."""
    return and_(
        col(UserSession.ended_at).is_(None),
        col(UserSession.expires_at) > func.now(),
        col(UserSession.last_seen_at) > func.now() - IDLE_FOR,
    )


def _status() -> ColumnElement[str]:
    return case(
        (col(UserSession.ended_at).is_not(None), SessionStatus.ENDED.value),
        (col(UserSession.expires_at) <= func.now(), SessionStatus.EXPIRED.value),
        (col(UserSession.last_seen_at) <= func.now() - IDLE_FOR, SessionStatus.IDLE.value),
        else_=SessionStatus.LIVE.value,
    )


def _sessions(actor: Actor) -> Select[Any]:
    own = literal(bytes.fromhex(actor.proof), LargeBinary())
    return (
        columns(
            id=cast(col(UserSession.id), Text),
            user_id=col(UserSession.user_id),
            person=col(AppUser.name),
            email=col(AppUser.email),
            surface=col(UserSession.surface),
            browser=_browser(),
            created_at=col(UserSession.created_at),
            last_seen_at=col(UserSession.last_seen_at),
            ends_at=_ends_at(),
            status=_status(),
            because=col(UserSession.ended_because),
            whose=case((col(UserSession.token_sha256) == own, OWN)),
        )
        .select_from(UserSession)
        .join(AppUser, col(AppUser.id) == col(UserSession.user_id))
    )


SESSION_ROWS = GridSource(
    "sessions",
    Permission.SESSION_VIEW,
    _sessions,
    columns=(
        RowColumn("id", Kind.KEY, required=True),
        RowColumn("user_id", Kind.KEY, required=True),
        RowColumn("person", searched=True, required=True),
        RowColumn("email", searched=True, required=True),
        RowColumn("surface", Kind.STATUS, required=True),
        RowColumn("browser", searched=True, required=True),
        RowColumn("created_at", Kind.INSTANT, required=True),
        RowColumn("last_seen_at", Kind.INSTANT, required=True),
        RowColumn("ends_at", Kind.INSTANT, required=True),
        RowColumn("status", Kind.STATUS, required=True),
        RowColumn("because", required=True),
        RowColumn("whose", Kind.STATUS),
    ),
    order=(("last_seen_at", "desc"),),
    scopes=("user_id",),
)
