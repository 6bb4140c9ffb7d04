"""The demo's own OpenID Connect provider: people to click on instead of passwords (ACC-8).

A process of its own, on its own port, that both surfaces sign in at by the same path as at any other provider. It lets
anybody in as anybody, so it starts in demo mode and on a loopback address only.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import threading
from base64 import b64encode
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Error
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from buyside.config import ROOT, Settings, Surface, WrongSettings, settings
from buyside.identity.demo_people import Person, people
from buyside.web import worker
from buyside.web.demo_provider_clients import AUTH_METHODS, SCOPES, Asked, Client, SignIn
from buyside.web.demo_provider_pages import choice_page, signed_in_page
from buyside.web.demo_provider_server import ALGORITHM, Provider
from buyside.web.plain_pages import refusal_page

_COOKIE = "buyside-demo-provider"
_KEY_BITS = 2048
_GRACE_SECONDS = 2
_WRONG_USAGE = 2
_SURFACES: tuple[Surface, ...] = ("internal", "portal")

PeopleOf = Callable[[Surface], list[Person]]


class NotHere(Exception):
    """The demo's provider must not run like this; the message says why, in a sentence."""


def check(given: Settings) -> None:
    """Refuse to be what lets anybody in anywhere but in a demo on this machine. Raises `NotHere`."""
    if not given.demo:
        raise NotHere(
            "The demo's sign-in provider lets anybody sign in as anybody, so it starts in demo mode only: `make demo` does it. "
            "For real people name your own provider, by BUYSIDE_OIDC_DISCOVERY_URL."
        )
    if not all(given.of_surface(each).is_loopback for each in _SURFACES):
        raise NotHere(
            "The demo's sign-in provider lets anybody sign in as anybody, so it works on this machine only: BUYSIDE_HOST must be "
            "a loopback address such as 127.0.0.1, and BUYSIDE_PUBLIC_URL and BUYSIDE_PORTAL_PUBLIC_URL must name localhost."
        )


def clients(given: Settings) -> list[Client]:
    """Both surfaces, as clients with the ids and secrets that their processes have. Raises `NotHere`."""
    made = []
    for surface in _SURFACES:
        own = given.of_surface(surface)
        if own.oidc is None or own.oidc.issuer != given.demo_issuer or own.oidc.client_secret is None:
            raise NotHere("Another sign-in provider is set; the demo's own is not needed.")
        made.append(Client(surface, own.oidc.client_id, own.oidc.client_secret, own.public_url))
    return made


def signing_key(home: Path) -> RSAKey:
    """The key kept in the home folder, drawn at first use: what was signed before a restart is still ours after it."""
    path = home / "demo-provider-key.json"
    if path.exists():
        return RSAKey.import_key(json.loads(path.read_text()))
    key = RSAKey.generate_key(_KEY_BITS, {"use": "sig", "alg": ALGORITHM}, auto_kid=True)
    home.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(key.as_dict(private=True)))
    draft.replace(path)
    return key


def application(provider: Provider, people_of: PeopleOf) -> Starlette:
    """The provider's web application."""
    return Starlette(
        routes=_Routes(provider, people_of).all(),
        middleware=[Middleware(_OwnName, host=urlsplit(provider.issuer).netloc)],
    )


def app() -> Starlette:
    """The application of this process's settings. Raises `NotHere`."""
    given = settings()
    check(given)
    provider = Provider(given.demo_issuer, clients(given), signing_key(given.home))
    return application(provider, lambda surface: people(surface, issuer=given.demo_issuer))


def main() -> None:
    """Serve until told to stop, or until the supervisor has ended."""
    try:
        given = settings()
        check(given)
        clients(given)
    except (NotHere, WrongSettings) as refusal:
        sys.stderr.write(f"{refusal}\n")
        sys.exit(_WRONG_USAGE)
    threading.Thread(target=worker.end_with_supervisor, daemon=True).start()
    Granian(
        "buyside.web.demo_provider:app",
        factory=True,
        interface=Interfaces.ASGI,
        address=given.host,
        port=given.demo_provider_port,
        workers=1,  # codes live in this one's memory
        workers_kill_timeout=_GRACE_SECONDS,
        log_level=LogLevels.warning,
    ).serve()


class _OwnName:
    """Answers by its own name only: a page elsewhere could point a name of its own at this port."""

    def __init__(self, app: ASGIApp, host: str) -> None:
        self.app, self.host = app, host.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] != "/ping" and dict(scope["headers"]).get(b"host") != self.host:
            return await PlainTextResponse("There is nothing here.", 421)(scope, receive, send)
        return await self.app(scope, receive, send)


class _Routes:
    def __init__(self, provider: Provider, people_of: PeopleOf) -> None:
        self.provider, self.people_of = provider, people_of

    def all(self) -> list[BaseRoute]:
        return [
            Route("/.well-known/openid-configuration", self.discovery),
            Route("/jwks", self.jwks),
            Route("/authorize", self.authorize, methods=["GET", "POST"]),
            Route("/choose", self.choose, methods=["POST"]),
            Route("/token", self.token, methods=["POST"]),
            Route("/sign-out", self.sign_out, methods=["GET", "POST"]),
            Route("/", self.signed_in),
            Route("/end", self.end, methods=["POST"]),
            Route("/ping", _pong),
            Route("/favicon.svg", _icon),
            Mount("/fonts", StaticFiles(directory=ROOT / "assets" / "fonts")),
        ]

    async def discovery(self, _request: Request) -> Response:
        """What this provider offers and where (OpenID Connect Discovery 1.0, RP-Initiated and Back-Channel Logout 1.0)."""
        at = self.provider.issuer
        return JSONResponse(
            {
                "issuer": at,
                "authorization_endpoint": f"{at}/authorize",
                "token_endpoint": f"{at}/token",
                "jwks_uri": f"{at}/jwks",
                "end_session_endpoint": f"{at}/sign-out",
                "scopes_supported": list(SCOPES),
                "claims_supported": ["sub", "sid", "auth_time", "name", "email", "email_verified"],
                "response_types_supported": ["code"],
                "response_modes_supported": ["query"],
                "grant_types_supported": ["authorization_code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": [ALGORITHM],
                "token_endpoint_auth_methods_supported": list(AUTH_METHODS),
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": True,
                "request_parameter_supported": False,
                "request_uri_parameter_supported": False,
                "claims_parameter_supported": False,
                "backchannel_logout_supported": True,
                "backchannel_logout_session_supported": True,
            }
        )

    async def jwks(self, _request: Request) -> Response:
        return JSONResponse({"keys": [self.provider.key.as_dict(private=False)]})

    async def authorize(self, request: Request) -> Response:
        """A client wants somebody signed in: show whom, unless it wants no page to be shown."""
        return await self._guarded(request, self._authorize)

    def _authorize(self, asked: Asked) -> Response:
        client = self.provider.query_client(asked.payload.client_id)
        known = self._living(client, asked.browser) if client else []
        signed_in = known[-1] if known else None
        wish = self.provider.wish(asked, signed_in)
        if signed_in is not None and asked.form.get("prompt") == "none":
            return self.provider.granted(asked, wish, signed_in)
        surface = wish.client.surface
        return self._page(choice_page(surface, self.people_of(surface), f"/choose?{urlencode(asked.form)}"))

    async def choose(self, request: Request) -> Response:
        """Somebody was clicked on."""
        if request.headers.get("origin") != self.provider.issuer:
            return self._says("Sign in", "This choice was not made on the provider's own page.", 403)
        async with request.form(max_files=0, max_fields=5) as form:
            subject = str(form.get("person", ""))
        browser = request.cookies.get(_COOKIE) or secrets.token_urlsafe(24)
        answer = await self._guarded(request, lambda asked: self._choose(asked, subject, browser), query=True)
        if answer.status_code == 303:
            answer.set_cookie(_COOKIE, browser, httponly=True, samesite="lax", path="/")
        return answer

    def _choose(self, asked: Asked, subject: str, browser: str) -> Response:
        wish = self.provider.wish(asked, None)
        surface = wish.client.surface
        person = next((each for each in self.people_of(surface) if each.subject == subject), None)
        if person is None:
            return self._says("Sign in", "This person cannot sign in here. Go back and choose again.", 404)
        return self.provider.granted(asked, wish, self.provider.sign_in(person, surface, browser))

    async def token(self, request: Request) -> Response:
        """A client brings a code and gets the ID token."""
        try:
            return await run_in_threadpool(self.provider.create_token_response, await self._asked(request))
        except (InvalidRequestError, UnicodeDecodeError) as error:  # the latter: what stands in the header is no text
            refusal = error if isinstance(error, OAuth2Error) else InvalidRequestError()
            return self.provider.handle_error_response(None, refusal)  # type: ignore[no-any-return]

    async def sign_out(self, request: Request) -> Response:
        """A client signed somebody out and sends them here to be signed out everywhere (RP-Initiated Logout 1.0)."""
        return await self._guarded(request, self._sign_out)

    def _sign_out(self, asked: Asked) -> Response:
        try:
            wish = self.provider.validate_endpoint_request("end_session", asked)
        except ValueError as error:  # a hint that is no token at all
            raise InvalidRequestError("This id_token_hint is not from here.") from error
        if wish.needs_confirmation:
            return self._people_here(asked.browser)
        answer: Response | None = self.provider.create_endpoint_response("end_session", wish)
        return answer or self._people_here(asked.browser)

    async def signed_in(self, request: Request) -> Response:
        """Who is signed in at the provider in this browser."""
        return self._people_here(request.cookies.get(_COOKIE, ""))

    async def end(self, request: Request) -> Response:
        """Somebody signs out at the provider."""
        if request.headers.get("origin") != self.provider.issuer:
            return self._says("Sign out", "This was not asked for on the provider's own page.", 403)
        async with request.form(max_files=0, max_fields=5) as form:
            sid = str(form.get("sid", ""))
        await run_in_threadpool(self.provider.end, sid, request.cookies.get(_COOKIE, ""))
        return RedirectResponse("/", 303)

    def _living(self, client: Client, browser: str) -> list[SignIn]:
        """Who of a client's people is signed in here and still one of them."""
        here = {each.subject for each in self.people_of(client.surface)}
        found = [each for each in self.provider.sign_ins(browser) if each.surface == client.surface]
        return [each for each in found if each.person.subject in here]

    def _people_here(self, browser: str) -> Response:
        here = [(each.sid, each.person, each.surface) for each in self.provider.sign_ins(browser)]
        return self._page(signed_in_page(here, "/end"))

    async def _guarded(self, request: Request, answer: Callable[[Asked], Response], *, query: bool = False) -> Response:
        """Answer a browser; what is refused goes back to the client, or is said here where no address can be trusted."""
        try:
            asked = await self._asked(request, query=query)
            return await run_in_threadpool(answer, asked)
        except OAuth2Error as error:
            if error.redirect_uri:
                return self.provider.refused(asked, error)
            description = error.get_error_description() or error.error
            return self._says(
                "Sign in", f"The application asked for something that is not possible: {description}", 400
            )

    async def _asked(self, request: Request, *, query: bool = False) -> Asked:
        """The request as Authlib reads it. No parameter may come twice (RFC 6749, 3.1 and 3.2). Raises `OAuth2Error`."""
        if request.method == "GET" or query:
            items: Iterable[tuple[str, str]] = request.query_params.multi_items()
        else:
            async with request.form(max_files=0, max_fields=50) as form:
                items = [(name, str(value)) for name, value in form.multi_items()]
        values: dict[str, str] = {}
        for name, value in items:
            if name in values:
                raise InvalidRequestError("A parameter was given twice.")
            values[name] = value
        headers = {name.title(): value for name, value in request.headers.items()}
        return Asked(request.method, str(request.url), values, headers, request.cookies.get(_COOKIE, ""))

    def _says(self, title: str, says: str, status: int) -> Response:
        return self._page(refusal_page(title, says, "/", "Who is signed in here"), status)

    def _page(self, html: str, status: int = 200) -> Response:
        # Chromium holds form-action against where a form's answer leads too: the clients' addresses.
        targets = " ".join(each.public_url for each in self.provider.clients.values())
        policy = (
            f"default-src 'none'; style-src '{_style_hash(html)}'; img-src 'self'; font-src 'self'; base-uri 'none'; "
            f"form-action 'self' {targets}; frame-ancestors 'none'"
        )
        headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store", "Referrer-Policy": "same-origin"}
        return HTMLResponse(html, status, headers | {"X-Content-Type-Options": "nosniff"})


def _style_hash(html: str) -> str:
    style = html.partition("<style>")[2].partition("</style>")[0]
    return f"sha256-{b64encode(sha256(style.encode()).digest()).decode()}"


async def _pong(_request: Request) -> Response:
    return PlainTextResponse("pong")


async def _icon(_request: Request) -> Response:
    return FileResponse(ROOT / "assets" / "favicon.svg")


if __name__ == "__main__":
    main()
