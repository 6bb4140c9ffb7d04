"""Signing in and out. Plain routes, outside the page's event channel, so that cookies stay out of its reach."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from buyside.config import settings
from buyside.db.engine import sessions
from buyside.domain.refusals import Refused
from buyside.identity.cookies import cookie_header, who_is
from buyside.identity.demo import people, sign_in_as
from buyside.identity.logins import Login, end_login
from buyside.web.gate import close_sockets
from buyside.web.plain_pages import demo_sign_in_page, refusal_page

_LONGEST_PATH = 500


def safe_path(asked: str) -> str:
    """A path of our own to go to after signing in, or the start page where `asked` could lead elsewhere."""
    plain = asked.startswith("/") and not asked.startswith(("//", "/auth/", "/api/", "/_"))
    lowered = asked.lower()
    tricky = "\\" in asked or "%2f%2f" in lowered or "%5c" in lowered or any(ord(each) < 33 for each in asked)
    return asked if plain and not tricky and len(asked) <= _LONGEST_PATH else "/"


async def sign_in(request: Request) -> Response:
    """The sign-in page."""
    if not settings().demo:
        says = "No way to sign in is configured on this server. Ask whoever runs it."
        return HTMLResponse(refusal_page("Sign in", says, "/auth/sign-in", "Try again"), 503)
    after = safe_path(request.query_params.get("next", "/"))
    return HTMLResponse(demo_sign_in_page(await run_in_threadpool(people), after))


async def demo_sign_in(request: Request) -> Response:
    """Sign in as a person of the demo's list; ends the browser's session before."""
    async with request.form(max_files=0, max_fields=5) as form:
        picked, after = str(form.get("user_id", "")), safe_path(str(form.get("next", "/")))
    try:
        user_id = int(picked) if picked.isdecimal() and len(picked) < 19 else 0
        token = await run_in_threadpool(sign_in_as, user_id, browser=request.headers.get("user-agent", ""))
    except Refused as refusal:
        return HTMLResponse(refusal_page("Sign in", str(refusal), "/auth/sign-in", "Choose again"), 404)
    await _end(await _login(request))
    answer = RedirectResponse(after, 303)
    answer.headers["set-cookie"] = cookie_header(token)
    return answer


async def sign_out(request: Request) -> Response:
    """End the session, here and in every open tab of it."""
    await _end(await _login(request))
    answer = RedirectResponse("/auth/sign-in", 303)
    answer.headers["set-cookie"] = cookie_header("")
    return answer


async def who(request: Request) -> Response:
    """Whether the browser still has a session: an open page asks when its socket cannot connect."""
    login = await _login(request)
    return JSONResponse({"name": login.actor.name}) if login else JSONResponse({"says": "Sign in first."}, 401)


async def _login(request: Request) -> Login | None:
    return await run_in_threadpool(who_is, request.headers.get("cookie", ""))


async def _end(login: Login | None) -> None:
    if login is None:
        return

    def end() -> None:
        with sessions()() as session, session.begin():
            end_login(session, login.session_id)

    await run_in_threadpool(end)
    close_sockets(login.session_id)


def routes() -> list[BaseRoute]:
    """Everything under /auth/."""
    return [
        Route("/auth/sign-in", sign_in, methods=["GET"]),
        Route("/auth/demo", demo_sign_in, methods=["POST"]),
        Route("/auth/sign-out", sign_out, methods=["POST"]),
        Route("/auth/me", who, methods=["GET"]),
    ]
