"""What the demo's OpenID provider grants to whom: clients, codes, sessions and tokens. Authlib checks the protocol.

Authorization code with PKCE and nothing else. A code works once, for a minute, for the client, address and challenge that
it was made for. Everything but the signing key lives in this process's memory.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any
from uuid import uuid4

import httpx
from authlib.oauth2.rfc6749 import AuthorizationServer, InvalidRequestError, OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc9207 import IssuerParameter
from authlib.oidc.core.errors import LoginRequiredError, RequestNotSupportedError, RequestURINotSupportedError
from authlib.oidc.core.grants import OpenIDCode
from authlib.oidc.rpinitiated import EndSessionEndpoint
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from buyside.config import Surface
from buyside.identity.demo_people import Person
from buyside.web.demo_provider_clients import AUTH_METHODS, Answer, Asked, Client, Code, SignIn

ALGORITHM = "RS256"
CODE_SECONDS = 60
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_ID_TOKEN_SECONDS = 600
_LOGOUT_TOKEN_SECONDS = 120
_BACK_CHANNEL_SECONDS = 3.0
_MOST = 1000
_log = logging.getLogger(__name__)


class Provider(AuthorizationServer):  # type: ignore[misc]
    """The provider of one issuer. `tell(address, token)` sends a logout token; `clock` is in seconds since the epoch."""

    def __init__(
        self,
        issuer: str,
        clients: Iterable[Client],
        key: RSAKey,
        *,
        tell: Callable[[str, str], None] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self.issuer, self.key, self.clock = issuer, key, clock
        self.clients = {each.client_id: each for each in clients}
        self._tell = tell or _post
        self._codes: OrderedDict[str, Code] = OrderedDict()
        self._sign_ins: OrderedDict[str, SignIn] = OrderedDict()
        self._lock = threading.Lock()
        self.register_token_generator("default", BearerTokenGenerator(_opaque, expires_generator=_ID_TOKEN_SECONDS))
        self.register_grant(_CodeGrant, [_Demands(), _Challenge(), _IdToken(self)])
        self.register_endpoint(_EndSession)
        self._named = _Issuer(issuer)
        self._named(self)

    def query_client(self, client_id: str) -> Client | None:
        return self.clients.get(client_id)

    def save_token(self, token: dict[str, Any], request: OAuth2Request) -> None:
        """Nothing to keep: an access token opens nothing here."""

    def send_signal(self, name: str, *words: Any, **named: Any) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: Asked) -> Asked:
        return request

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> Answer:
        status = 303 if status == 302 else status  # after a form, only this makes every browser go on without the form
        return Answer(body or None, status, headers=dict(headers) | {"Cache-Control": "no-store"})

    def wish(self, asked: Asked, sign_in: SignIn | None) -> _CodeGrant:
        """The checked wish of a client to have somebody signed in; `sign_in` is who is already. Raises `OAuth2Error`."""
        if asked.payload.response_type != "code":  # Authlib's message would repeat it, whatever characters it has
            client, address = self.query_client(asked.payload.client_id), asked.payload.redirect_uri
            raise OAuth2Error(
                error="unsupported_response_type",
                redirect_uri=address if client is not None and client.check_redirect_uri(address) else None,
                state=asked.payload.state,
            )
        checked: _CodeGrant = self.get_consent_grant(asked, end_user=sign_in)
        return checked

    def granted(self, asked: Asked, wish: _CodeGrant, sign_in: SignIn) -> Answer:
        """Send the browser back to the client with a code."""
        answer: Answer = self.create_authorization_response(asked, grant_user=sign_in, grant=wish)
        return answer

    def refused(self, asked: Asked, error: OAuth2Error) -> Answer:
        """Send the browser back to the client with an error, or answer with it where there is no address to trust."""
        answer: Answer = self.handle_error_response(asked, error)
        self._named.add_issuer_parameter(self, answer)
        return answer

    def sign_in(self, person: Person, surface: Surface, browser: str) -> SignIn:
        """Note that a person signed in just now; the same person in the same browser keeps their session."""
        with self._lock:
            for each in self._sign_ins.values():
                if each.browser == browser and each.surface == surface and each.person.subject == person.subject:
                    each.at = int(self.clock())
                    return each
            made = SignIn(uuid4().hex, browser, person, surface, int(self.clock()))
            self._sign_ins[made.sid] = made
            _shorten(self._sign_ins)
            return made

    def sign_ins(self, browser: str) -> list[SignIn]:
        """Who is signed in, in one browser, the latest last."""
        with self._lock:
            found = [each for each in self._sign_ins.values() if browser and each.browser == browser]
        return sorted(found, key=lambda each: each.at)

    def end(self, sid: str, browser: str) -> bool:
        """Sign somebody out and tell every client; only in the browser that they signed in with. Answers whether they were."""
        with self._lock:
            found = self._sign_ins.get(sid)
            if found is None or not browser or found.browser != browser:
                return False
            del self._sign_ins[sid]
            for code in [code for code, each in self._codes.items() if each.sign_in is found]:
                del self._codes[code]
        for client_id in sorted(found.client_ids):
            client = self.clients[client_id]
            try:
                self._tell(client.back_channel_uri, self._logout_token(client, found))
            except httpx.HTTPError as error:
                _log.warning("%s was not told of a sign-out: %s", client.surface, error)
        return True

    def _logout_token(self, client: Client, ended: SignIn) -> str:
        now = int(self.clock())
        claims = {
            "iss": self.issuer,
            "aud": client.client_id,
            "sub": ended.person.subject,
            "sid": ended.sid,
            "iat": now,
            "exp": now + _LOGOUT_TOKEN_SECONDS,
            "jti": uuid4().hex,
            "events": {LOGOUT_EVENT: {}},
        }
        return jwt.encode({"typ": "logout+jwt", "alg": ALGORITHM, "kid": self.key.kid}, claims, self.key, [ALGORITHM])

    def keep_code(self, code: str, meant: Code) -> None:
        """Keep what a new code stands for, and forget those that nobody came for."""
        with self._lock:
            for old in [old for old, each in self._codes.items() if each.expires_at <= self.clock()]:
                del self._codes[old]
            self._codes[code] = meant
            _shorten(self._codes)

    def take_code(self, code: str, client_id: str) -> Code | None:
        """What a code stands for, once: whoever comes first with it uses it up, even with a wrong verifier."""
        with self._lock:
            found = self._codes.pop(code, None)
            if found is None or found.client_id != client_id or found.expires_at <= self.clock():
                return None
            found.sign_in.client_ids.add(client_id)
            return found


class _CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = list(AUTH_METHODS)

    @staticmethod
    def validate_authorization_redirect_uri(request: OAuth2Request, client: Client) -> str:
        """The exact address, and always given. Authlib's own message repeats it, whatever characters it has."""
        if not client.check_redirect_uri(request.payload.redirect_uri):
            raise InvalidRequestError("This redirect_uri is not registered for the client.")
        return client.redirect_uri

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        values, sign_in = request.payload.data, request.user
        self.server.keep_code(
            code,
            Code(
                client_id=request.client.client_id,
                redirect_uri=request.client.redirect_uri,
                scope=request.scope,
                nonce=values.get("nonce"),
                code_challenge=values["code_challenge"],
                code_challenge_method=values["code_challenge_method"],
                sign_in=sign_in,
                auth_time=sign_in.at,
                expires_at=self.server.clock() + CODE_SECONDS,
            ),
        )

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        found: Code | None = self.server.take_code(code, client.client_id)
        return found

    def delete_authorization_code(self, authorization_code: Code) -> None:
        """Gone already: it was taken out when it was looked at."""

    def authenticate_user(self, authorization_code: Code) -> SignIn:
        return authorization_code.sign_in


class _Demands:
    """What the specification leaves to a provider, and what ours does not offer."""

    def __call__(self, grant: _CodeGrant) -> None:
        grant.register_hook("after_validate_authorization_request_payload", self._check)

    def _check(self, grant: _CodeGrant, _redirect_uri: str) -> None:
        values = grant.request.payload.data
        if "request" in values:
            raise RequestNotSupportedError
        if "request_uri" in values:
            raise RequestURINotSupportedError
        if values.get("response_mode", "query") != "query":
            raise InvalidRequestError("Only the response_mode query is offered.")
        sign_in, longest = grant.request.user, values.get("max_age", "")
        is_silent = values.get("prompt") == "none" and sign_in is not None
        if is_silent and longest.isdecimal() and grant.server.clock() - sign_in.at > int(longest):
            raise LoginRequiredError


class _Challenge(CodeChallenge):  # type: ignore[misc]
    """PKCE with S256, for every client: Authlib alone would take a request without any challenge."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]

    def validate_code_challenge(self, grant: _CodeGrant, redirect_uri: str) -> None:
        values = grant.request.payload.data
        if not values.get("code_challenge") or values.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE is required, with the code_challenge_method S256.")
        super().validate_code_challenge(grant, redirect_uri)


class _IdToken(OpenIDCode):  # type: ignore[misc]
    def __init__(self, provider: Provider) -> None:
        super().__init__()
        self._provider = provider

    def exists_nonce(self, _nonce: str, _request: OAuth2Request) -> bool:
        """False: a nonce is the client's own check; here the code works once."""
        return False

    def resolve_client_private_key(self, _client: Client) -> RSAKey:
        return self._provider.key

    def get_client_algorithm(self, _client: Client) -> str:
        return ALGORITHM

    def get_encode_header(self, _client: Client) -> dict[str, Any]:
        return {"alg": ALGORITHM, "kid": self._provider.key.kid}

    def get_client_claims(self, client: Client) -> dict[str, Any]:
        now = int(self._provider.clock())
        return {"iss": self._provider.issuer, "aud": client.client_id, "iat": now, "exp": now + _ID_TOKEN_SECONDS}

    def generate_user_info(self, user: SignIn, scope: str) -> dict[str, Any]:
        told: dict[str, Any] = {"sub": user.person.subject, "sid": user.sid}
        if "email" in scope.split():
            told |= {"email": user.person.email, "email_verified": True}
        if "profile" in scope.split():
            told["name"] = user.person.name
        return told


class _Issuer(IssuerParameter):  # type: ignore[misc]
    def __init__(self, issuer: str) -> None:
        self._issuer = issuer

    def get_issuer(self) -> str:
        return self._issuer


class _EndSession(EndSessionEndpoint):  # type: ignore[misc]
    def get_server_jwks(self) -> KeySet:
        return KeySet([self.server.key])

    def get_algorithms(self) -> list[str]:
        return [ALGORITHM]

    def end_session(self, end_session_request: Any) -> None:
        claims, browser = end_session_request.id_token_claims or {}, end_session_request.request.browser
        self.server.end(str(claims.get("sid", "")), browser)


def _opaque(**_: Any) -> str:
    return secrets.token_urlsafe(32)


def _shorten(held: OrderedDict[str, Any]) -> None:
    while len(held) > _MOST:
        held.popitem(last=False)


def _post(address: str, logout_token: str) -> None:
    """Send a logout token. Never by a proxy: both ends are this machine."""
    with httpx.Client(trust_env=False, timeout=_BACK_CHANNEL_SECONDS) as client:
        client.post(address, data={"logout_token": logout_token}).raise_for_status()
