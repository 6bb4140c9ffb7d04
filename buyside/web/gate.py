"""The gate: stands before everything that is served. No session, no page, no rows, no socket.

Pure ASGI, so that it sees websockets too. Sessions are looked up anew for each request (ACC-4); only hashed assets, which
are the same for everybody, pass on a lookup a few seconds old.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit
from uuid import UUID

from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from buyside.config import settings
from buyside.domain.access import Permission
from buyside.identity.cookies import is_https, state_key, token_in, who_is
from buyside.identity.logins import Login
from buyside.web.plain_pages import refusal_page

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OPEN = ("/auth/", "/fonts/")
_OPEN_EXACTLY = frozenset({"/ping", "/favicon.svg"})
_CLOSED = ("/_upload", "/_health", "/_all_routes", "/auth-codespace")
_ASSET_SECONDS = 5.0
_REMEMBERED = 1000
_MESSAGES_PER_SECOND, _BURST = 20.0, 60.0
_POLICY_VIOLATION = 1008

Doors = Callable[[str], Permission | None]
"""From a page's path to the permission that opens it; None where the path is no page."""


class Gate:
    """Wraps the whole application."""

    def __init__(self, app: ASGIApp, doors: Doors = lambda _: None) -> None:
        self.app = app
        self.doors = doors
        self._recent: OrderedDict[str, tuple[float, Login]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, _with_headers(scope["path"], send))
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers, path = _headers(scope), scope["path"]
        if answer := self._outside(scope["method"], path, headers):
            return await answer(scope, receive, send)
        if path in _OPEN_EXACTLY or path.startswith(_OPEN):
            return await self.app(scope, receive, send)
        login = await self._login(headers.get("cookie", ""), is_asset=path.startswith("/assets/"))
        if login is None:
            return await _unknown(path, scope, headers)(scope, receive, send)
        needed = self.doors(path)
        if needed is not None and not login.actor.may(needed):
            page = refusal_page(
                "Not for your roles", "Your roles do not include this page.", "/", "Go to the start page"
            )
            return await HTMLResponse(page, 403)(scope, receive, send)
        scope = {**scope, "state": {**scope.get("state", {}), "login": login}}
        return await self.app(scope, receive, send)

    def _outside(self, method: str, path: str, headers: dict[str, str]) -> Response | None:
        """What needs no session to be refused or sent elsewhere."""
        public = urlsplit(settings().public_url)
        if path == "/ping":
            return None
        if headers.get("host", "") != public.netloc:
            if method in SAFE and "text/html" in headers.get("accept", ""):
                return RedirectResponse(settings().public_url + quote(path), 307)
            return JSONResponse({"says": "This server is known by another name."}, 421)
        if path.startswith(_CLOSED):
            return JSONResponse({"says": "There is no such page."}, 404)
        if method not in SAFE and headers.get("origin") != settings().public_url:
            return JSONResponse({"says": "This request came from another site."}, 403)
        return None

    async def _login(self, cookie: str, *, is_asset: bool) -> Login | None:
        token = token_in(cookie)
        if token is None:
            return None
        if is_asset and (kept := self._recent.get(token)) and time.monotonic() - kept[0] < _ASSET_SECONDS:
            return kept[1]
        login = await run_in_threadpool(who_is, cookie)
        if login is None:
            self._recent.pop(token, None)
            return None
        self._recent[token] = (time.monotonic(), login)
        self._recent.move_to_end(token)
        while len(self._recent) > _REMEMBERED:
            self._recent.popitem(last=False)
        return login

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _headers(scope)
        public = settings().public_url
        known = headers.get("origin") == public and headers.get("host") == urlsplit(public).netloc
        cookie = headers.get("cookie", "")
        login = await run_in_threadpool(who_is, cookie) if known else None
        query = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=20)
        tokens = query.get("token", [])
        if login is None or len(tokens) != 1:
            await receive()
            return await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        query["token"] = [state_key(cookie, tokens[0])]
        scope = {**scope, "query_string": urlencode(query, doseq=True).encode()}
        socket = _Socket(login.session_id, receive)
        try:
            await self.app(scope, socket.receive, send)
        finally:
            socket.forget()


class _Socket:
    """One open socket: too many messages close it, and so does the end of its session."""

    def __init__(self, session_id: UUID, receive: Receive) -> None:
        self._receive = receive
        self._session_id = session_id
        self._ended = asyncio.Event()
        self._waiting: asyncio.Task[Message] | None = None
        self._ending = asyncio.create_task(self._ended.wait())
        self._tokens, self._refilled = _BURST, time.monotonic()
        _open_sockets.setdefault(session_id, set()).add(self._ended)

    def forget(self) -> None:
        self._ending.cancel()
        if self._waiting is not None:
            self._waiting.cancel()
        mine = _open_sockets.get(self._session_id, set())
        mine.discard(self._ended)
        if not mine:
            _open_sockets.pop(self._session_id, None)

    async def receive(self) -> Message:
        if self._waiting is None:
            self._waiting = asyncio.create_task(self._next())
        await asyncio.wait({self._waiting, self._ending}, return_when=asyncio.FIRST_COMPLETED)
        if self._ended.is_set():
            return {"type": "websocket.disconnect", "code": _POLICY_VIOLATION}
        message = self._waiting.result()
        self._waiting = None
        if message["type"] == "websocket.receive" and not self._may_speak():
            return {"type": "websocket.disconnect", "code": _POLICY_VIOLATION}
        return message

    async def _next(self) -> Message:
        return await self._receive()

    def _may_speak(self) -> bool:
        now = time.monotonic()
        self._tokens = min(_BURST, self._tokens + (now - self._refilled) * _MESSAGES_PER_SECOND)
        self._refilled = now
        self._tokens -= 1
        return self._tokens >= 0


_open_sockets: dict[UUID, set[asyncio.Event]] = {}


def close_sockets(session_id: UUID) -> None:
    """Close this process's sockets of a session that has ended. Call it in the event loop."""
    for ended in _open_sockets.get(session_id, set()):
        ended.set()


def _headers(scope: Scope) -> dict[str, str]:
    pairs: Iterable[tuple[bytes, bytes]] = scope["headers"]
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in pairs}


def _unknown(path: str, scope: Scope, headers: dict[str, str]) -> Response:
    """To the sign-in page for a person who opens a page, a plain 401 for everything else."""
    if scope["method"] in SAFE and "text/html" in headers.get("accept", "") and not path.startswith("/api/"):
        asked = path + (f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else "")
        return RedirectResponse(f"/auth/sign-in?next={quote(asked, safe='')}", 303)
    return JSONResponse({"says": "Sign in first."}, 401)


def _with_headers(path: str, send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            ours = _response_headers(path, message["status"])
            kept = [(name, value) for name, value in message.get("headers", []) if name.lower() not in ours]
            message = {**message, "headers": [*kept, *ours.items()]}
        await send(message)

    return sending


def _response_headers(path: str, status: int) -> dict[bytes, bytes]:
    public = urlsplit(settings().public_url)
    socket = f"{'wss' if is_https() else 'ws'}://{public.netloc}"
    policy = (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        f"img-src 'self' data:; font-src 'self' data:; connect-src 'self' {socket}; object-src 'none'; "
        "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    )
    found: dict[bytes, Any] = {
        b"content-security-policy": policy,
        b"x-content-type-options": "nosniff",
        b"referrer-policy": "same-origin",  # not stricter: form posts would carry no origin
        b"cross-origin-opener-policy": "same-origin",
        b"permissions-policy": "camera=(), microphone=(), geolocation=()",
    }
    if is_https():
        found[b"strict-transport-security"] = "max-age=31536000"
    if path.startswith("/assets/") and status < 400:
        found[b"cache-control"] = "private, max-age=31536000, immutable"
    elif path.startswith("/fonts/") and status < 400:
        found[b"cache-control"] = "public, max-age=604800"
    else:
        found[b"cache-control"] = "no-cache" if not path.startswith(("/api/", "/auth/")) else "no-store"
    return {name: value.encode() for name, value in found.items()}
