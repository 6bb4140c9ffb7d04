"""The gate: stands before everything that is served. No session, no page, no rows, no socket.

Pure ASGI, so that it sees websockets too. Sessions are looked up anew for each request (ACC-4); only hashed assets, which
are the same for everybody, pass on a lookup a few seconds old. Both surfaces stand behind one, each with its own cookie.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from posixpath import normpath
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit
from uuid import UUID

from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from buyside.config import settings
from buyside.domain.access import Permission
from buyside.domain.files import LONGEST_FILE
from buyside.identity.cookies import REACH_HEADER, is_https, state_key, token_in, who_is
from buyside.identity.logins import Login
from buyside.web.plain_pages import refusal_page

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
BACK_CHANNEL_LOGOUT = "/auth/back-channel-logout"
"""Where the identity provider's own server posts that a session has ended. No page sends it, so it carries no origin."""
_OPEN = ("/auth/", "/fonts/")
_OPEN_EXACTLY = frozenset({"/ping", "/favicon.svg"})
_CLOSED = ("/_upload", "/_health", "/_all_routes", "/auth-codespace", "/_event")  # events come over websockets only
_ASSET_SECONDS = 5.0
_REMEMBERED = 1000
_LONGEST_BODY, _LONGEST_BODY_BEFORE_SIGN_IN = 1024 * 1024, 64 * 1024
_TAKES_FILES = "/api/files"
_LONGEST_TOKEN = 200
_MESSAGES_PER_SECOND, _BURST = 20.0, 60.0
_SOCKETS_OF_A_SESSION = 100
_POLICY_VIOLATION = 1008
_log = logging.getLogger(__name__)

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
            await self._answered(scope, receive, _with_headers(scope["path"], send))
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _answered(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, whatever happens: a mistake of ours, or a database that is away, leaves a reference and no trace."""
        began = False

        async def sending(message: Message) -> None:
            nonlocal began
            began = True
            await send(message)

        try:
            await self._http(scope, receive, sending)
        except _TooLongError:
            await _too_long()(scope, receive, send)
        except Exception:
            reference = secrets.token_hex(3).upper()
            _log.exception("unexpected error, reference %s", reference)
            if began:
                raise
            says = f"Something went wrong. Reference {reference}."
            await JSONResponse({"says": says, "code": "error"}, 500)(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers, path = _headers(scope), self._page(scope)
        if answer := self._outside(scope["method"], path, headers):
            return await answer(scope, receive, send)
        receive = _limited(receive, _longest_body(path))
        if path in _OPEN_EXACTLY or path.startswith(_OPEN):
            return await self._open(scope, receive, send, headers)
        login = await self._login(headers.get("cookie", ""), is_asset=path.startswith("/assets/"))
        if login is None:
            return await _unknown(scope, headers)(scope, receive, send)
        needed = self.doors(path.removesuffix("index.html"))
        if needed is not None and not login.actor.may(needed):
            page = refusal_page(
                "Not for your roles", "Your roles do not include this page.", "/", "Go to the start page"
            )
            return await HTMLResponse(page, 403)(scope, receive, send)
        scope = {**scope, "path": path, "state": {**scope.get("state", {}), "login": login}}
        return await self.app(scope, receive, send)

    def _page(self, scope: Scope) -> str:
        """A request's path; of a page of ours with whatever its parts stand for kept in one part each.

        Codes may hold what divides addresses: the page of the item "4/7" is asked for as /items/4%2F7, which is decoded to three
        parts. Only the browser reads which item it is; here the page is what counts.
        """
        parts = scope.get("raw_path", b"").decode("latin-1").split("/")
        page = "/".join(re.sub(r"[/\\]", "_", unquote(each)) for each in parts)
        is_page = page != scope["path"] and self.doors(page) is not None and not _is_crooked(page)
        return page if is_page else str(scope["path"])

    async def _open(self, scope: Scope, receive: Receive, send: Send, headers: dict[str, str]) -> None:
        """What needs no session. Where nothing is, a page of ours says so: the app's own would want to be signed in."""
        is_missing = False

        async def sending(message: Message) -> None:
            nonlocal is_missing
            is_missing = is_missing or (message["type"] == "http.response.start" and message["status"] == 404)
            if not is_missing:
                await send(message)

        await self.app(scope, receive, sending)
        if is_missing:
            await _no_page(headers)(scope, receive, send)

    def _outside(self, method: str, path: str, headers: dict[str, str]) -> Response | None:
        """What needs no session to be refused or sent elsewhere."""
        public = urlsplit(settings().public_url)
        if path == "/ping":
            return None
        if headers.get("host", "") != public.netloc:
            if method in SAFE and "text/html" in headers.get("accept", "") and not _is_crooked(path):
                return RedirectResponse(settings().public_url + quote(path), 307)
            return JSONResponse({"says": "This server is known by another name."}, 421)
        if path.startswith(_CLOSED) or _is_crooked(path):
            return _no_page(headers)
        is_from_provider = method == "POST" and path == BACK_CHANNEL_LOGOUT
        if method not in SAFE and not is_from_provider and headers.get("origin") != settings().public_url:
            return JSONResponse({"says": "This request came from another site."}, 403)
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length[:20]) > _longest_body(path):
            return _too_long()
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
        login = await run_in_threadpool(_who, cookie) if known else None
        query = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=20)
        tokens = query.get("token", [])
        refused = login is None or len(tokens) != 1 or len(tokens[0]) > _LONGEST_TOKEN
        if login is None or refused or len(_open_sockets.get(login.session_id, ())) >= _SOCKETS_OF_A_SESSION:
            await receive()
            return await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        query["token"] = [state_key(cookie, f"{tokens[0]} {login.reach}")]
        reach = (REACH_HEADER.encode(), login.reach.encode())
        told = [each for each in scope["headers"] if each[0].lower() != reach[0]]
        scope = {**scope, "query_string": urlencode(query, doseq=True).encode(), "headers": [*told, reach]}
        socket = _Socket(login.session_id, cookie, receive, send)
        try:
            if login.session_id in _recently_closed and await run_in_threadpool(_who, cookie) is None:
                socket.close()  # it ended while it was looked up
            await self.app(scope, socket.receive, socket.send)
        finally:
            await socket.forget()


class _Socket:
    """One open socket: too many messages close it, and so does the end of its session."""

    def __init__(self, session_id: UUID, cookie: str, receive: Receive, send: Send) -> None:
        self.cookie = cookie
        self._receive, self._send = receive, send
        self._session_id = session_id
        self._ended = asyncio.Event()
        self._is_open = True
        self._waiting: asyncio.Task[Message] | None = None
        self._ending = asyncio.create_task(self._ended.wait())
        self._tokens, self._refilled = _BURST, time.monotonic()
        _open_sockets.setdefault(session_id, set()).add(self)
        if _on_opened is not None:
            _on_opened()

    def close(self) -> None:
        """Let the application see a disconnect, and the browser a closed socket."""
        self._ended.set()

    async def forget(self) -> None:
        self._ending.cancel()
        if self._waiting is not None:
            self._waiting.cancel()
        mine = _open_sockets.get(self._session_id, set())
        mine.discard(self)
        if not mine:
            _open_sockets.pop(self._session_id, None)
        if self._ended.is_set() and self._is_open:
            await self.send({"type": "websocket.close", "code": _POLICY_VIOLATION})

    async def send(self, message: Message) -> None:
        if self._ended.is_set() and message["type"] == "websocket.send":
            return  # what was on its way when the session ended stays here
        if message["type"] == "websocket.close":
            self._is_open = False
            if self._waiting is not None:  # Granian sends no close while a message is waited for
                self._waiting.cancel()
                await asyncio.wait({self._waiting})
        await self._send(message)

    async def receive(self) -> Message:
        if self._waiting is None:
            self._waiting = asyncio.create_task(self._next())
        await asyncio.wait({self._waiting, self._ending}, return_when=asyncio.FIRST_COMPLETED)
        if self._ended.is_set():
            return {"type": "websocket.disconnect", "code": _POLICY_VIOLATION}
        message = self._waiting.result()
        self._waiting = None
        if message["type"] == "websocket.disconnect":
            self._is_open = False
        if message["type"] == "websocket.receive" and not self._may_speak():
            _log.warning("closed a socket of session %s: too many messages", self._session_id)
            self.close()
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


_open_sockets: dict[UUID, set[_Socket]] = {}
_recently_closed: OrderedDict[UUID, None] = OrderedDict()
_on_opened: Callable[[], None] | None = None


def close_sockets(session_id: UUID) -> None:
    """Close this process's sockets of a session that has ended. Call it in the event loop."""
    _recently_closed[session_id] = None
    _recently_closed.move_to_end(session_id)
    while len(_recently_closed) > _REMEMBERED:
        _recently_closed.popitem(last=False)
    for socket in tuple(_open_sockets.get(session_id, ())):
        socket.close()


def cookies_of_sockets() -> dict[UUID, str]:
    """The sessions that have open sockets in this process, each with its Cookie header."""
    return {session_id: next(iter(sockets)).cookie for session_id, sockets in tuple(_open_sockets.items()) if sockets}


def when_one_opens(call: Callable[[], None] | None) -> None:
    """Have something called whenever a socket opens; None to stop."""
    global _on_opened
    _on_opened = call


def _who(cookie: str) -> Login | None:
    try:
        return who_is(cookie)
    except Exception:
        _log.exception("nobody could be looked up for a socket")
        return None


def _headers(scope: Scope) -> dict[str, str]:
    """Header values by name. Repeated ones are joined as the framework joins them, so that nobody reads another value."""
    found: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        found[name] = f"{found[name]}{'; ' if name == 'cookie' else ', '}{value}" if name in found else value
    return found


def _is_crooked(path: str) -> bool:
    """Whether a path is written so that a file server behind us could read it as another path."""
    straight = normpath(path)
    ends_plainly = path in {straight, straight + "/"}
    return not ends_plainly or path.startswith("//") or "\\" in path or any(ord(each) < 32 for each in path)


def _longest_body(path: str) -> int:
    if path == _TAKES_FILES:
        return LONGEST_FILE + _LONGEST_BODY  # the door says itself that a file is too long
    return _LONGEST_BODY_BEFORE_SIGN_IN if path.startswith(_OPEN) else _LONGEST_BODY


def _limited(receive: Receive, longest: int) -> Receive:
    """Ends a request whose body goes on for too long, whatever length it had announced."""
    received = 0

    async def limited() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > longest:
            raise _TooLongError
        return message

    return limited


class _TooLongError(Exception):
    """A request's body went on beyond its limit."""


def _too_long() -> Response:
    return JSONResponse({"says": "This is too long."}, 413)


def _no_page(headers: dict[str, str]) -> Response:
    """Where nothing is, for a person and for a program."""
    says = "There is no page at this address"
    if "text/html" not in headers.get("accept", ""):
        return JSONResponse({"says": f"{says}."}, 404)
    page = refusal_page(says, "It may be mistyped, or from an earlier version.", "/", "Go to the start page")
    return HTMLResponse(page, 404)


def _unknown(scope: Scope, headers: dict[str, str]) -> Response:
    """To the sign-in page for a person who opens a page, a plain 401 for everything else."""
    path = scope["path"]
    if scope["method"] in SAFE and "text/html" in headers.get("accept", "") and not path.startswith("/api/"):
        asked = quote(path, safe="/:@!$&'()*+,;=~") + (
            f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
        )
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
