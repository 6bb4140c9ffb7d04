"""Signing in and out. Plain routes, outside the page's event channel, so that cookies stay out of its reach (ACC-8).

Identity comes from the provider alone. An attempt to sign in is kept in the database, taken once, and only for the browser that
began it; a session gets a new cookie at every sign-in; it ends in the database before the provider hears of it.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote
from uuid import UUID

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from buyside.db.engine import sessions
from buyside.domain.refusals import Refused
from buyside.identity import logins
from buyside.identity.cookies import cookie_header, token_in, who_is
from buyside.identity.logins import SignedIn, SignOutHint, VerifiedIdentity
from buyside.identity.oidc import CALLBACK, SIGNED_OUT, AttemptUnknown, Provider, Returned, provider
from buyside.identity.oidc_discovery import ProviderWrong
from buyside.identity.oidc_http import ProviderUnreachable
from buyside.identity.oidc_tokens import LoggedOut, LogoutTokenRefused
from buyside.web.after_sign_in import safe_path
from buyside.web.auth_cookies import (
    ATTEMPT_SECONDS,
    attempt_cookie,
    browser_in,
    has_signed_out,
    new_browser,
    set_cookie,
    signed_out_cookie,
)
from buyside.web.gate import BACK_CHANNEL_LOGOUT, close_sockets
from buyside.web.plain_pages import refusal_page, signed_out_page

SIGN_IN = "/auth/sign-in"
_LONGEST_QUERY = 8000
_LONGEST_TOKEN = 60_000
_MOST_FIELDS = 20
_NO_STORE = {"cache-control": "no-store"}
_log = logging.getLogger(__name__)


class NoProvider(Refused):
    code = "sign-in.no-provider"
    says = "No way to sign in is configured on this server. Ask whoever runs it."


class AnswerUnreadable(Refused):
    code = "sign-in.answer"
    says = "The sign-in service sent you back in a way that cannot be read. Sign in again."


async def sign_in(request: Request) -> Response:
    """Off to the provider; a page with a button only for who has just signed out, so that no open tab signs in by itself."""
    after, cookies = safe_path(request.query_params.get("next", "/")), request.headers.get("cookie", "")
    is_asked_for = bool({"now", "other"} & set(request.query_params))
    if has_signed_out(cookies) and not is_asked_for:
        return HTMLResponse(signed_out_page(_sign_in_at(after)))
    try:
        begun = await _provider().begin(other_person="other" in request.query_params)
    except Refused as refusal:
        return _refusal(refusal, after)
    browser = browser_in(cookies) or new_browser()
    until = datetime.now(UTC) + timedelta(seconds=ATTEMPT_SECONDS)

    def keep() -> None:
        with sessions()() as session, session.begin():
            content = begun.content | {"after": after}
            logins.keep_attempt(session, state=begun.state, browser=browser, content=content, expires_at=until)

    await run_in_threadpool(keep)
    answer = RedirectResponse(begun.url, 303)
    answer.headers.append("set-cookie", set_cookie(attempt_cookie(), browser))
    return answer


async def callback(request: Request) -> Response:
    """Back from the provider: into a new session, or to a page that says why not."""
    after, who = "/", None
    try:
        asked = _provider()
        returned, state = _returned(request)
        content = await _take_attempt(state, browser_in(request.headers.get("cookie", "")))
        after = safe_path(str(content.get("after", "/")))
        who = await asked.finish(returned, content)
        signed_in, before = await run_in_threadpool(_open_session, who, request)
    except Refused as refusal:
        return await _not_signed_in(refusal, after, who)
    if before is not None:
        close_sockets(before)
    answer = RedirectResponse(after, 303)
    for cookie in (
        cookie_header(signed_in.token),
        set_cookie(attempt_cookie(), ""),
        set_cookie(signed_out_cookie(), ""),
    ):
        answer.headers.append("set-cookie", cookie)
    return answer


async def sign_out(request: Request) -> Response:
    """End the session here, in every open tab of it, and then tell the browser where it ends at the provider too."""
    ended, hint = await run_in_threadpool(_end_session, request.headers.get("cookie", ""))
    if ended is not None:
        close_sockets(ended)
    answer = JSONResponse({"next": await _sign_out_at_provider(hint) or SIGNED_OUT}, headers=_NO_STORE)
    for cookie in (cookie_header(""), set_cookie(attempt_cookie(), ""), set_cookie(signed_out_cookie(), "1")):
        answer.headers.append("set-cookie", cookie)
    return answer


async def signed_out(_request: Request) -> Response:
    """Where the provider sends the browser after signing out. Says nothing that depends on who asks."""
    return HTMLResponse(signed_out_page(_sign_in_at("/")))


async def back_channel_logout(request: Request) -> Response:
    """The provider's own server says that somebody signed out there: their sessions here end (Back-Channel Logout 1.0)."""
    try:
        asked = _provider()
        ended = await run_in_threadpool(_end_logged_out, await asked.read_logout_token(await _logout_token(request)))
    except Refused as refusal:
        _note(refusal)
        return JSONResponse({"error": "invalid_request", "error_description": refusal.code}, 400, _NO_STORE)
    for session_id in ended:
        close_sockets(session_id)
    return Response(status_code=200, headers=_NO_STORE)


async def me(request: Request) -> Response:
    """Whether the browser still has a session: an open page asks when its socket cannot connect."""
    login = await run_in_threadpool(who_is, request.headers.get("cookie", ""))
    return JSONResponse({"name": login.actor.name}) if login else JSONResponse({"says": "Sign in first."}, 401)


def routes() -> list[BaseRoute]:
    """Everything under /auth/."""
    return [
        Route(SIGN_IN, sign_in, methods=["GET"]),
        Route(CALLBACK, callback, methods=["GET"]),
        Route("/auth/sign-out", sign_out, methods=["POST"]),
        Route(SIGNED_OUT, signed_out, methods=["GET"]),
        Route(BACK_CHANNEL_LOGOUT, back_channel_logout, methods=["POST"]),
        Route("/auth/me", me, methods=["GET"]),
    ]


def _provider() -> Provider:
    found = provider()
    if found is None:
        raise NoProvider
    return found


def _sign_in_at(after: str, *, other_person: bool = False) -> str:
    return f"{SIGN_IN}?{'other' if other_person else 'now'}=1&next={quote(after, safe='')}"


def _returned(request: Request) -> tuple[Returned, str]:
    """What the query of the callback says, and its state. Refuses: AnswerUnreadable, AttemptUnknown."""
    query: bytes = request.scope["query_string"]
    if len(query) > _LONGEST_QUERY:
        raise AnswerUnreadable
    try:
        fields = parse_qsl(query.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError as problem:
        raise AnswerUnreadable from problem
    found = dict(fields)
    if len(found) != len(fields) or not all(value.isprintable() for value in found.values()):
        raise AnswerUnreadable
    if not found.get("state"):
        raise AttemptUnknown
    return Returned(found.get("code", ""), found.get("error", ""), found.get("iss")), found["state"]


async def _take_attempt(state: str, browser: str) -> dict[str, object]:
    if not browser:
        raise AttemptUnknown

    def take() -> dict[str, object] | None:
        with sessions()() as session, session.begin():
            return logins.take_attempt(session, state=state, browser=browser)

    content = await run_in_threadpool(take)
    if content is None:
        raise AttemptUnknown
    return content


def _open_session(who: VerifiedIdentity, request: Request) -> tuple[SignedIn, UUID | None]:
    """Begin a session and end the one that the browser had, in one transaction."""
    token = token_in(request.headers.get("cookie", ""))
    with sessions()() as session, session.begin():
        before = logins.find_login(session, token) if token else None
        signed_in = logins.sign_in(session, who, browser=request.headers.get("user-agent", ""))
        if before is not None:
            logins.end_login(session, before.session_id, because="signed in anew")
    return signed_in, before.session_id if before is not None else None


def _end_session(cookies: str) -> tuple[UUID | None, SignOutHint | None]:
    token = token_in(cookies)
    if token is None:
        return None, None
    with sessions()() as session, session.begin():
        login = logins.find_login(session, token)
        if login is None:
            return None, None
        hint = logins.sign_out_hint(session, login.session_id)
        logins.end_login(session, login.session_id)
    return login.session_id, hint


def _end_logged_out(told: LoggedOut) -> list[UUID]:
    """End the sessions that a logout token names, once. Refuses: LogoutTokenRefused."""
    with sessions()() as session, session.begin():
        if not logins.use_logout_token(session, issuer=told.issuer, jti=told.token_id, expires_at=told.expires_at):
            raise LogoutTokenRefused(why="used before")
        return logins.end_logins_of(
            session,
            issuer=told.issuer,
            issuer_session=told.issuer_session,
            subject=told.subject,
            because="signed out at the sign-in service",
        )


async def _sign_out_at_provider(hint: SignOutHint | None) -> str | None:
    try:
        known = hint or SignOutHint(None, None, None)
        return await _provider().sign_out_url(issuer=known.issuer, id_token=known.id_token)
    except Refused as refusal:
        _note(refusal)
        return None


async def _logout_token(request: Request) -> str:
    """The one field of a back-channel logout's form. Refuses: LogoutTokenRefused."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _LONGEST_TOKEN:
            raise LogoutTokenRefused(why="length")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        fields = parse_qsl(body.decode("ascii"), max_num_fields=_MOST_FIELDS)
    except ValueError as problem:
        raise LogoutTokenRefused(why="form") from problem
    tokens = [value for name, value in fields if name == "logout_token"]
    if kind != "application/x-www-form-urlencoded" or len(tokens) != 1:
        raise LogoutTokenRefused(why="form")
    return tokens[0]


async def _not_signed_in(refusal: Refused, after: str, who: VerifiedIdentity | None) -> Response:
    """A refusal's page. Who is known to the provider but has no way in here may sign in there as somebody else."""
    if who is None:
        return _refusal(refusal, after)
    _note(refusal)
    elsewhere = await _sign_out_at_provider(SignOutHint(who.issuer, who.issuer_session, who.id_token))
    target = elsewhere or _sign_in_at(after, other_person=True)
    page = refusal_page("You cannot sign in here", str(refusal), target, "Sign in as somebody else", refusal.code)
    return HTMLResponse(page, 403, _NO_STORE)


def _refusal(refusal: Refused, after: str) -> Response:
    _note(refusal)
    status = 503 if isinstance(refusal, NoProvider | ProviderUnreachable | ProviderWrong) else 400
    page = refusal_page("Sign in", str(refusal), _sign_in_at(after), "Sign in again", refusal.code)
    return HTMLResponse(page, status, _NO_STORE)


def _note(refusal: Refused) -> None:
    why = str(refusal.details.get("why", ""))[:100]
    _log.warning("%s %r", refusal.code, why)
