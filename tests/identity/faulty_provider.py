"""An OpenID provider with faults, for tests: honest until a test says what it does wrong.

It answers over real sockets, so that what a relying party sends, follows and believes is what happens in production. People
approve by a call (`authorize`) instead of a page; everything else is HTTP.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jws
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey


@dataclass
class Person:
    """Somebody who can approve a sign-in at the provider."""

    subject: str
    email: str = ""
    email_verified: Any = True
    name: str = "Somebody"
    session: str = field(default_factory=lambda: secrets.token_hex(8))


@dataclass
class Granted:
    """What a code stands for."""

    asked: dict[str, str]
    person: Person
    is_redeemed: bool = False


class FaultyProvider:
    """State of the provider. Attributes named after a fault are None or False while it behaves."""

    def __init__(self, clients: dict[str, str]) -> None:
        self.clients = clients
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.server.daemon_threads = True
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        self.rsa: dict[str, RSAKey] = {}
        self.honest()
        self.rotate("first")

    def honest(self) -> None:
        """Drop every fault and everything remembered."""
        self.change_claims: Callable[[dict[str, Any]], None] = lambda claims: None
        self.change_header: Callable[[dict[str, Any]], None] = lambda header: None
        self.change_discovery: Callable[[dict[str, Any]], None] = lambda document: None
        self.change_answer: Callable[[dict[str, str]], None] = lambda answer: None
        self.change_token_answer: Callable[[dict[str, Any]], None] = lambda answer: None
        self.sign: Callable[[dict[str, Any], dict[str, Any]], str] | None = None
        self.raw: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}
        self.keys: list[dict[str, Any]] | None = None
        self.redeems_twice = False
        self.granted: dict[str, Granted] = {}
        self.requests: list[tuple[str, dict[str, str], dict[str, str]]] = []

    def rotate(self, kid: str, *, keep: bool = False) -> None:
        """Sign with a new key from now on. The old one leaves the published set unless it is kept."""
        if not keep:
            self.rsa = {}
        self.rsa[kid] = _rsa(kid)
        self.kid = kid

    def discovery(self) -> dict[str, Any]:
        document: dict[str, Any] = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "end_session_endpoint": f"{self.issuer}/end",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "authorization_response_iss_parameter_supported": True,
        }
        self.change_discovery(document)
        return document

    def published(self) -> list[dict[str, Any]]:
        return self.keys if self.keys is not None else KeySet(list(self.rsa.values())).as_dict(private=False)["keys"]  # type: ignore[return-value]

    def authorize(self, asked: dict[str, str], person: Person) -> str:
        """A person approves a request. Answers with the address that their browser is sent to."""
        code = secrets.token_urlsafe(16)
        self.granted[code] = Granted(asked, person)
        answer = {"code": code, "state": asked["state"], "iss": self.issuer}
        self.change_answer(answer)
        return f"{asked['redirect_uri']}?{urlencode(answer)}"

    def redeem(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """The token endpoint."""
        kind, _, pair = authorization.partition(" ")
        client_id, _, secret = base64.b64decode(pair).decode().partition(":") if kind == "Basic" else ("", "", "")
        granted = self.granted.get(form.get("code", ""))
        if self.clients.get(client_id) != secret or form.get("grant_type") != "authorization_code":
            return 401, {"error": "invalid_client"}
        if (
            granted is None
            or granted.asked["client_id"] != client_id
            or form.get("redirect_uri") != granted.asked["redirect_uri"]
        ):
            return 400, {"error": "invalid_grant"}
        if granted.is_redeemed and not self.redeems_twice:
            return 400, {"error": "invalid_grant"}
        challenge = granted.asked.get("code_challenge")
        if challenge is not None and challenge != challenge_of(form.get("code_verifier", "")):
            return 400, {"error": "invalid_grant", "error_description": "PKCE"}
        granted.is_redeemed = True
        answer = {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer", "expires_in": 60}
        answer["id_token"] = self.id_token(granted)
        self.change_token_answer(answer)
        return (400 if "error" in answer else 200), answer

    def id_token(self, granted: Granted) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": granted.person.subject,
            "aud": granted.asked["client_id"],
            "exp": now + 300,
            "iat": now,
            "nonce": granted.asked["nonce"],
            "sid": granted.person.session,
            "email": granted.person.email,
            "email_verified": granted.person.email_verified,
            "name": granted.person.name,
        }
        self.change_claims(claims)
        return self.signed(claims)

    def logout_token(self, client_id: str, **changed: Any) -> str:
        """A logout token; a claim that is given as None is left out."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": client_id,
            "iat": now,
            "exp": now + 120,
            "jti": secrets.token_hex(8),
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        } | changed
        return self.signed({name: value for name, value in claims.items() if value is not None}, typ="logout+jwt")

    def signed(self, claims: dict[str, Any], typ: str = "JWT") -> str:
        header = {"alg": "RS256", "kid": self.kid, "typ": typ}
        self.change_header(header)
        if self.sign is not None:
            return self.sign(header, claims)
        return sign_with(self.rsa[self.kid], header, claims)


def sign_with(key: RSAKey | ECKey | OctKey, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A token signed by any algorithm, whatever its header and claims are."""
    text = f"{encoded(header)}.{encoded(claims)}"
    signature = jws.JWSRegistry.algorithms[header["alg"]].sign(text.encode(), key)
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def unsigned(header: dict[str, Any], claims: dict[str, Any], signature: str = "") -> str:
    """A token whose signature is whatever is given."""
    return f"{encoded(header)}.{encoded(claims)}.{signature}"


def encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


_made: dict[str, RSAKey] = {}


def _rsa(kid: str) -> RSAKey:
    if kid not in _made:
        _made[kid] = RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})
    return _made[kid]


def _handler(provider: FaultyProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True  # head and body are two packets: the second would wait for the first's receipt

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            provider.requests.append((path, {}, lowered(self.headers)))
            if path in provider.raw:
                return provider.raw[path](self)
            if path == "/.well-known/openid-configuration":
                return send_json(self, 200, provider.discovery())
            if path == "/keys":
                return send_json(self, 200, {"keys": provider.published()})
            return send_json(self, 404, {"error": "not here"})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            provider.requests.append((self.path, form, lowered(self.headers)))
            if self.path in provider.raw:
                return provider.raw[self.path](self)
            if self.path == "/token":
                return send_json(self, *provider.redeem(form, self.headers.get("authorization", "")))
            return send_json(self, 404, {"error": "not here"})

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


def lowered(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def send_json(handler: BaseHTTPRequestHandler, status: int, body: Any) -> None:
    send(handler, status, json.dumps(body).encode(), {"content-type": "application/json"})


def send(handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str]) -> None:
    handler.send_response(status)
    for name, value in (headers | {"content-length": str(len(body))}).items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def start(clients: dict[str, str]) -> FaultyProvider:
    """A provider that answers on a port of its own until `server.shutdown()`."""
    provider = FaultyProvider(clients)
    threading.Thread(target=provider.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return provider
