"""Hears of sessions that ended, in whatever process, and closes their open sockets in this one.

The database tells of a sign-out, a disabled user, an ended membership at once. What nobody tells of, because only time passes
(a session that idles out or expires), and what was told while nobody listened, is found by looking.
"""

from __future__ import annotations

import asyncio
import logging
import time
from uuid import UUID

import psycopg
from starlette.concurrency import run_in_threadpool

from buyside.config import settings
from buyside.db.engine import app_url, portal_url, sessions
from buyside.identity.cookies import token_in
from buyside.identity.logins import find_login
from buyside.web.gate import close_sockets, cookies_of_sockets, when_one_opens

CHANNEL = "session_ended"
"""What the database notifies on, with the session's id."""
_LOOK_SECONDS = 20.0
_AGAIN_SECONDS = 1.0
_log = logging.getLogger(__name__)


async def listen() -> None:
    """Listen for as long as the application runs. A connection is held only while sockets are open; a lost one is made again."""
    loop, opened = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        loop.call_soon_threadsafe(opened.set)

    when_one_opens(wake)
    try:
        while True:
            opened.clear()
            if not cookies_of_sockets():
                await opened.wait()
            try:
                await _while_sockets_are_open()
            except (psycopg.Error, OSError) as error:
                _log.warning("not listening for ended sessions: %s", type(error).__name__)
                await asyncio.sleep(_AGAIN_SECONDS)
    finally:
        when_one_opens(None)


async def _while_sockets_are_open() -> None:
    url = portal_url() if settings().surface == "portal" else app_url()
    async with await psycopg.AsyncConnection.connect(url, autocommit=True, connect_timeout=10) as connection:
        await connection.execute(f"listen {CHANNEL}")
        await _look()  # what ended before this
        looked = time.monotonic()
        while cookies_of_sockets():
            async for told in connection.notifies(timeout=_LOOK_SECONDS, stop_after=1):
                _close(told.payload)
            if time.monotonic() - looked >= _LOOK_SECONDS:
                await _look()
                looked = time.monotonic()


def _close(payload: str) -> None:
    try:
        close_sockets(UUID(payload))
    except ValueError:
        _log.warning("something else than a session's id came over %s", CHANNEL)


async def _look() -> None:
    """Close the sockets whose session no longer lives."""
    for session_id, cookie in cookies_of_sockets().items():
        if not await run_in_threadpool(_lives, cookie):
            close_sockets(session_id)


def _lives(cookie: str) -> bool:
    token = token_in(cookie)
    with sessions()() as session:  # rolled back: an open page that nobody uses does not keep its session alive
        return token is not None and find_login(session, token) is not None
