"""Ways in that must not be: each one is told in a line, with the refusal that it meets.

An attack leaves the provider as it needs it and answers with what our server said to its last, hostile step. Honest steps
before that one call `count_from_here`.
"""

import gzip
import hashlib
import hmac
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import psycopg
from joserfc.jwk import RSAKey

from tests.identity.conftest import CLIENTS, ELSEWHERE, Browser, Desk
from tests.identity.faulty_provider import FaultyProvider, Person, encoded, send, send_json, sign_with, unsigned

Step = Callable[[Desk], httpx.Response]
MARKUP = "<script>alert(1)</script>"


@dataclass(frozen=True)
class Attack:
    """`refusal` is the code on the page; `surfaces` are those on which it can be tried."""

    name: str
    refusal: str
    run: Step
    surfaces: tuple[str, ...] = ("internal", "portal")

    @property
    def status(self) -> int:
        if self.refusal in {"sign-in.provider", "sign-in.unreachable"}:
            return 503
        return 403 if self.refusal.startswith("identity.") else 400


ATTACKS: dict[str, Attack] = {}


def attack(name: str, refusal: str, *surfaces: str) -> Callable[[Step], Step]:
    def note(run: Step) -> Step:
        assert name not in ATTACKS, name
        ATTACKS[name] = Attack(name, refusal, run, surfaces or ("internal", "portal"))
        return run

    return note


def callback(browser: Browser, **changed: str | None) -> httpx.Response:
    """Sign in honestly up to the callback, and change its query: None leaves a part out."""
    url = urlsplit(browser.desk.provider.authorize(browser.begin(), browser.desk.person))
    query = dict(parse_qsl(url.query)) | changed
    return browser.get(f"{url.path}?{urlencode({name: value for name, value in query.items() if value is not None})}")


# The state, the browser that it belongs to, and the code.


@attack("no state", "sign-in.attempt")
def _(desk: Desk) -> httpx.Response:
    return callback(desk.browser(), state=None)


@attack("an empty state", "sign-in.attempt")
def _(desk: Desk) -> httpx.Response:
    return callback(desk.browser(), state="")


@attack("an invented state", "sign-in.attempt")
def _(desk: Desk) -> httpx.Response:
    return callback(desk.browser(), state="invented")


@attack("a callback that is used twice", "sign-in.attempt")
def _(desk: Desk) -> httpx.Response:
    desk.provider.redeems_twice = True
    browser = desk.browser()
    url = desk.provider.authorize(browser.begin(), desk.person)
    keep = dict(browser.client.cookies)
    assert browser.get(url).status_code == 303
    browser.client.cookies.update(keep)  # as it was before, so that only the state is spent
    desk.count_from_here()
    return browser.get(url)


@attack("a callback in another browser, which has a sign-in of its own", "sign-in.attempt")
def _(desk: Desk) -> httpx.Response:
    url = desk.provider.authorize(desk.browser().begin(), desk.person)
    victim = desk.browser()
    victim.begin()
    return victim.get(url)


@attack("a callback in a browser that began nothing", "sign-in.attempt")
def _(desk: Desk) -> httpx.Response:
    return desk.browser().get(desk.provider.authorize(desk.browser().begin(), desk.person))


@attack("a callback with a made-up browser cookie", "sign-in.attempt")
def _(desk: Desk) -> httpx.Response:
    url = desk.provider.authorize(desk.browser().begin(), desk.person)
    name = "buyside-sign-in" if desk.surface == "internal" else "buyside-portal-sign-in"
    return desk.browser().get(url, cookie=f"{name}={'a' * 43}")


@attack("a callback after eleven minutes", "sign-in.attempt")
def _(desk: Desk) -> httpx.Response:
    browser = desk.browser()
    url = desk.provider.authorize(browser.begin(), desk.person)
    as_owner(desk, "update sign_in_attempt set expires_at = now() - interval '1 minute'")
    return browser.get(url)


@attack("a callback of a sign-in that began on the other surface", "sign-in.attempt")
def _(desk: Desk) -> httpx.Response:
    browser = desk.browser()
    url = desk.provider.authorize(browser.begin(), desk.person)
    as_owner(desk, f"update sign_in_attempt set surface = '{other(desk)}'")
    return browser.get(url)


@attack("a callback of a sign-in that began at another provider", "sign-in.attempt")
def _(desk: Desk) -> httpx.Response:
    browser = desk.browser()
    url = desk.provider.authorize(browser.begin(), desk.person)
    as_owner(desk, f"update sign_in_attempt set content = jsonb_set(content, '{{issuer}}', '\"{ELSEWHERE}\"')")
    return browser.get(url)


for part in ("state", "code", "iss"):

    @attack(f"{part} twice", "sign-in.answer")
    def _(desk: Desk, part: str = part) -> httpx.Response:
        browser = desk.browser()
        return browser.get(f"{desk.provider.authorize(browser.begin(), desk.person)}&{part}=another")


@attack("an endless query", "sign-in.answer")
def _(desk: Desk) -> httpx.Response:
    return callback(desk.browser(), more="a" * 9000)


@attack("control characters in the query", "sign-in.answer")
def _(desk: Desk) -> httpx.Response:
    return callback(desk.browser(), code="a\x00b")


@attack("bytes that are no text in the query", "sign-in.answer")
def _(desk: Desk) -> httpx.Response:
    browser = desk.browser()
    return browser.get(f"{desk.provider.authorize(browser.begin(), desk.person)}&more=%ff%fe")


@attack("a hundred parts in the query", "sign-in.answer")
def _(desk: Desk) -> httpx.Response:
    return callback(desk.browser(), **{f"more{number}": "" for number in range(100)})


@attack("no code", "sign-in.code")
def _(desk: Desk) -> httpx.Response:
    return callback(desk.browser(), code=None)


@attack("an invented code", "sign-in.code")
def _(desk: Desk) -> httpx.Response:
    return callback(desk.browser(), code="invented")


@attack("a code that was redeemed before", "sign-in.code")
def _(desk: Desk) -> httpx.Response:
    stolen = desk.provider.authorize(desk.browser().begin(), desk.person)
    desk.provider.granted[code_of(stolen)].is_redeemed = True
    return callback(desk.browser(), code=code_of(stolen))


@attack("a stolen code of another browser's sign-in", "sign-in.code")
def _(desk: Desk) -> httpx.Response:
    stolen = desk.provider.authorize(desk.browser().begin(), desk.person)
    return callback(desk.browser(), code=code_of(stolen))


@attack("a code that another application was given", "sign-in.code")
def _(desk: Desk) -> httpx.Response:
    browser = desk.browser()
    asked = browser.begin()
    return browser.get(desk.provider.authorize(asked | {"client_id": CLIENTS[other(desk)][0]}, desk.person))


# Errors that the provider sends, or somebody in its name.


@attack("an error with markup", "sign-in.provider-error")
def _(desk: Desk) -> httpx.Response:
    return callback(desk.browser(), code=None, error=MARKUP, error_description=MARKUP, error_uri="javascript:alert(1)")


@attack("an error beside a code", "sign-in.declined")
def _(desk: Desk) -> httpx.Response:
    return callback(desk.browser(), error="access_denied")


@attack("an error without state", "sign-in.attempt")
def _(desk: Desk) -> httpx.Response:
    return callback(desk.browser(), code=None, state=None, error="access_denied", error_description=MARKUP)


@attack("an error of another issuer", "sign-in.issuer")
def _(desk: Desk) -> httpx.Response:
    return callback(desk.browser(), code=None, error="access_denied", iss=ELSEWHERE)


# Who answers (RFC 9207).


@attack("an answer of another issuer", "sign-in.issuer")
def _(desk: Desk) -> httpx.Response:
    return callback(desk.browser(), iss=ELSEWHERE)


@attack("an answer without issuer where one is promised", "sign-in.issuer")
def _(desk: Desk) -> httpx.Response:
    return callback(desk.browser(), iss=None)


@attack("an answer with an empty issuer", "sign-in.issuer")
def _(desk: Desk) -> httpx.Response:
    return callback(desk.browser(), iss="")


@attack("an answer of nearly our issuer", "sign-in.issuer")
def _(desk: Desk) -> httpx.Response:
    return callback(desk.browser(), iss=desk.provider.issuer + "/")


@attack("an answer of another issuer where none is promised", "sign-in.issuer")
def _(desk: Desk) -> httpx.Response:
    desk.provider.change_discovery = lambda document: document.pop("authorization_response_iss_parameter_supported")
    return callback(desk.browser(), iss=ELSEWHERE)


# What the token endpoint answers.


def answers(name: str, refusal: str, change: Callable[[dict[str, Any]], Any]) -> None:
    @attack(name, refusal)
    def _(desk: Desk) -> httpx.Response:
        desk.provider.change_token_answer = change
        return desk.browser().sign_in(desk.person)


answers("no ID token", "sign-in.no-id-token", lambda answer: answer.pop("id_token"))
answers("an ID token that is null", "sign-in.no-id-token", lambda answer: answer.update(id_token=None))
answers(
    "an ID token that is a list", "sign-in.no-id-token", lambda answer: answer.update(id_token=[answer["id_token"]])
)
answers("an empty ID token", "sign-in.signature", lambda answer: answer.update(id_token=""))
answers("an ID token of noise", "sign-in.signature", lambda answer: answer.update(id_token="a.b.c"))
answers("an ID token of five parts", "sign-in.signature", lambda answer: answer.update(id_token="a.b.c.d.e"))
answers("an error in place of tokens", "sign-in.code", lambda answer: answer.update(error="invalid_grant"))
answers(
    "an ID token that was changed after signing",
    "sign-in.signature",
    lambda answer: answer.update(id_token=tampered(answer["id_token"])),
)
answers(
    "an ID token without its signature",
    "sign-in.signature",
    lambda answer: answer.update(id_token=answer["id_token"].rpartition(".")[0] + "."),
)


def endpoint(name: str, refusal: str, path: str, respond: Callable[[BaseHTTPRequestHandler], None]) -> None:
    @attack(name, refusal)
    def _(desk: Desk) -> httpx.Response:
        desk.provider.raw[path] = respond
        if path.startswith("/.well-known"):
            return desk.browser().get("/auth/sign-in")
        return desk.browser().sign_in(desk.person)


def page(handler: BaseHTTPRequestHandler) -> None:
    send(handler, 200, b"<html>come in</html>", {"content-type": "text/html"})


def moved(handler: BaseHTTPRequestHandler) -> None:
    send(handler, 302, b"", {"location": "http://127.0.0.1:9/elsewhere"})


def huge(handler: BaseHTTPRequestHandler) -> None:
    send(handler, 200, b'{"more": "' + b"a" * 400_000 + b'"}', {"content-type": "application/json"})


def bomb(handler: BaseHTTPRequestHandler) -> None:
    send(
        handler, 200, gzip.compress(b" " * 50_000_000), {"content-type": "application/json", "content-encoding": "gzip"}
    )


def nested(handler: BaseHTTPRequestHandler) -> None:
    send(handler, 200, b'{"more": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", {"content-type": "application/json"})


def broken(handler: BaseHTTPRequestHandler) -> None:
    send_json(handler, 503, {})


def cut_off(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("content-length", "1000")
    handler.end_headers()
    handler.wfile.write(b"{")
    handler.close_connection = True


endpoint("a page in place of tokens", "sign-in.code", "/token", page)
endpoint("a token endpoint that has moved", "sign-in.code", "/token", moved)
endpoint("an endless answer of the token endpoint", "sign-in.unreachable", "/token", huge)
endpoint("a token endpoint that is out of order", "sign-in.unreachable", "/token", broken)
endpoint("a token answer that nests without end", "sign-in.code", "/token", nested)
endpoint("keys that are a page", "sign-in.unreachable", "/keys", page)
endpoint("endless keys", "sign-in.unreachable", "/keys", huge)
endpoint("keys that have moved", "sign-in.unreachable", "/keys", moved)
endpoint("keys that are cut off", "sign-in.unreachable", "/keys", cut_off)
_DISCOVERY = "/.well-known/openid-configuration"
endpoint("a description that is a page", "sign-in.unreachable", _DISCOVERY, page)
endpoint("a description that has moved", "sign-in.unreachable", _DISCOVERY, moved)
endpoint("an endless description", "sign-in.unreachable", _DISCOVERY, huge)
endpoint("a small description that unfolds to fifty megabytes", "sign-in.unreachable", _DISCOVERY, bomb)
endpoint("a description that nests without end", "sign-in.unreachable", _DISCOVERY, nested)


# What the provider says of itself.


def described(name: str, change: Callable[[dict[str, Any]], Any]) -> None:
    @attack(f"a description {name}", "sign-in.provider")
    def _(desk: Desk) -> httpx.Response:
        desk.provider.change_discovery = change
        return desk.browser().get("/auth/sign-in")


described("without issuer", lambda document: document.pop("issuer"))
described("with our issuer in capitals", lambda document: document.update(issuer=document["issuer"].upper()))
described("with a path after our issuer", lambda document: document.update(issuer=document["issuer"] + "/more"))
described("with a list of issuers", lambda document: document.update(issuer=[document["issuer"]]))
described("without token endpoint", lambda document: document.pop("token_endpoint"))
described("with a plain token endpoint", lambda document: document.update(token_endpoint="http://evil.example/token"))
described("with plain keys", lambda document: document.update(jwks_uri="http://evil.example/keys"))
described("with keys in a file", lambda document: document.update(jwks_uri="file:///etc/passwd"))
described("with a script to go to", lambda document: document.update(authorization_endpoint="javascript:alert(1)"))
described(
    "with a plain place to sign out", lambda document: document.update(end_session_endpoint="http://evil.example/")
)
described("with a password in an address", lambda document: document.update(token_endpoint="https://a:b@evil.example/"))
described("without PKCE by S256", lambda document: document.update(code_challenge_methods_supported=["plain"]))
described("without PKCE", lambda document: document.update(code_challenge_methods_supported=[]))


@attack("a description of another issuer, and tokens of it", "sign-in.provider", "internal")
def _(desk: Desk) -> httpx.Response:
    def change(document: dict[str, Any]) -> None:
        document["issuer"] = ELSEWHERE

    desk.provider.change_discovery = change
    desk.provider.change_claims = lambda claims: claims.update(iss=ELSEWHERE)
    desk.provider.change_answer = lambda answer: answer.update(iss=ELSEWHERE)
    browser = desk.browser()
    refused = browser.get("/auth/sign-in")
    if refused.status_code != 303:
        return refused
    return browser.sign_in(Person("boss"))


# How the ID token is signed.


def signed(name: str, sign: Callable[[FaultyProvider, dict[str, Any], dict[str, Any]], str], *also: str) -> None:
    """`also` are algorithms that the provider lists beside RS256."""

    @attack(f"an ID token {name}", "sign-in.signature")
    def _(desk: Desk) -> httpx.Response:
        provider = desk.provider
        provider.sign = lambda header, claims: sign(provider, header, claims)
        provider.change_discovery = lambda document: document.update(
            id_token_signing_alg_values_supported=["RS256", *also]
        )
        return desk.browser().sign_in(desk.person)


STRANGER = RSAKey.generate_key(2048, {"kid": "first"})


def by_secret(header: dict[str, Any], claims: dict[str, Any], secret: bytes) -> str:
    text = f"{encoded(header)}.{encoded(claims)}"
    mac = hmac.digest(secret, text.encode(), hashlib.sha256)
    return f"{text}.{urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def own(provider: FaultyProvider) -> RSAKey:
    return provider.rsa[provider.kid]


signed("by nobody", lambda provider, header, claims: unsigned(header | {"alg": "none"}, claims))
signed(
    "by nobody, which is listed", lambda provider, header, claims: unsigned(header | {"alg": "none"}, claims), "none"
)
signed("by nobody and without a key's name", lambda provider, header, claims: unsigned({"alg": "none"}, claims), "none")
signed("by nOnE", lambda provider, header, claims: unsigned(header | {"alg": "nOnE"}, claims), "none", "nOnE")
signed("by no algorithm", lambda provider, header, claims: unsigned({"kid": "first"}, claims, "abcd"))
signed(
    "by a list of algorithms", lambda provider, header, claims: unsigned(header | {"alg": ["RS256"]}, claims, "abcd")
)
signed(
    "by the public key as a secret",
    lambda provider, header, claims: by_secret(header | {"alg": "HS256"}, claims, own(provider).as_pem(private=False)),
    "HS256",
)
signed(
    "by the public key's number as a secret",
    lambda provider, header, claims: by_secret(
        header | {"alg": "HS256"}, claims, str(own(provider).as_dict(private=False)["n"]).encode()
    ),
    "HS256",
)
signed(
    "by our client secret",
    lambda provider, header, claims: by_secret(
        header | {"alg": "HS256"}, claims, provider.clients[claims["aud"]].encode()
    ),
    "HS256",
)
signed(
    "by an algorithm that we do not take", lambda p, h, claims: sign_with(own(p), h | {"alg": "RS512"}, claims), "RS512"
)
signed("by a stranger under the right name", lambda provider, header, claims: sign_with(STRANGER, header, claims))
signed(
    "by a stranger under a name of its own", lambda p, h, claims: sign_with(STRANGER, h | {"kid": "stranger"}, claims)
)
signed(
    "by a stranger who brings the key along",
    lambda provider, header, claims: sign_with(
        STRANGER, header | {"kid": "stranger", "jwk": STRANGER.as_dict(private=False)}, claims
    ),
)
signed(
    "by a stranger who says where the key is",
    lambda p, h, claims: sign_with(STRANGER, h | {"kid": "stranger", "jku": "http://127.0.0.1:9/keys"}, claims),
)
signed(
    "by a stranger whose key's name is a path",
    lambda provider, header, claims: sign_with(STRANGER, header | {"kid": "../../../dev/null"}, claims),
)
signed(
    "with an extension that must be understood",
    lambda p, h, claims: sign_with(own(p), h | {"crit": ["more"], "more": True}, claims),
)
signed("that is no object", lambda provider, header, claims: f"{encoded(header)}.{encoded([])}.abcd")  # type: ignore[arg-type]


@attack("an ID token signed by a key that was withdrawn", "sign-in.signature")
def _(desk: Desk) -> httpx.Response:
    withdrawn = desk.provider.rsa["first"]
    desk.provider.rotate("second")
    desk.provider.sign = lambda header, claims: sign_with(withdrawn, header | {"kid": "first"}, claims)
    return desk.browser().sign_in(desk.person)


@attack("an ID token signed by a key for encryption", "sign-in.signature")
def _(desk: Desk) -> httpx.Response:
    desk.provider.keys = [*desk.provider.published(), STRANGER.as_dict(private=False, kid="enc", use="enc")]
    desk.provider.sign = lambda header, claims: sign_with(STRANGER, header | {"kid": "enc"}, claims)
    return desk.browser().sign_in(desk.person)


@attack("an ID token signed by a secret that is published as a key", "sign-in.signature")
def _(desk: Desk) -> httpx.Response:
    published = {"kty": "oct", "kid": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"}
    desk.provider.keys = [*desk.provider.published(), published]
    desk.provider.change_discovery = lambda document: document.update(id_token_signing_alg_values_supported=["HS256"])
    desk.provider.sign = lambda header, claims: by_secret(
        header | {"alg": "HS256", "kid": "oct"}, claims, b"secret-secret-secret-secret"
    )
    return desk.browser().sign_in(desk.person)


@attack("an ID token when no key is published", "sign-in.signature")
def _(desk: Desk) -> httpx.Response:
    desk.provider.keys = []
    return desk.browser().sign_in(desk.person)


# What the ID token says.


def claims(name: str, refusal: str, *, without: str = "", **changed: Any) -> None:
    """Values may be functions of the claims as they would have been."""

    @attack(f"an ID token {name}", refusal)
    def _(desk: Desk) -> httpx.Response:
        def change(found: dict[str, Any]) -> None:
            found.pop(without, None)
            found.update({key: value(dict(found)) if callable(value) else value for key, value in changed.items()})

        desk.provider.change_claims = change
        return desk.browser().sign_in(desk.person)


def ours(found: dict[str, Any]) -> Any:
    return found["aud"]


def from_now(seconds: int) -> Callable[[dict[str, Any]], int]:
    return lambda _: int(time.time()) + seconds


claims("of another issuer", "sign-in.token", iss=ELSEWHERE)
claims("of nearly our issuer", "sign-in.token", iss=lambda found: found["iss"] + "/")
claims("without issuer", "sign-in.token", without="iss")
claims("for another application", "sign-in.token", aud="another")
claims("for another application, issued to us", "sign-in.audience", aud="another", azp=ours)
claims("for two others, issued to us", "sign-in.audience", aud=["one", "two"], azp=ours)
claims("for us and another", "sign-in.token", aud=lambda found: [found["aud"], "another"])
claims("for us and another, issued to it", "sign-in.token", aud=lambda found: [found["aud"], "another"], azp="another")
claims("for us, issued to another", "sign-in.token", azp="another")
claims("for nobody", "sign-in.token", without="aud")
claims("for an empty list", "sign-in.audience", aud=[])
claims("for an application whose name begins like ours", "sign-in.token", aud=lambda found: found["aud"] + "-more")
claims("for an object", "sign-in.token", aud={"buyside": True})
claims("about nobody", "sign-in.token", without="sub")
claims("about an empty name", "sign-in.token", sub="")
claims("about a number", "sign-in.token", sub=1)
claims("about somebody without end", "sign-in.token", sub="a" * 300)
claims("about somebody with a null in the name", "sign-in.token", sub="ada\x00")
claims("about somebody with half a character", "sign-in.token", sub="ada\ud800")
claims("that expired 31 seconds ago", "sign-in.token", exp=from_now(-31))
claims("that never expires", "sign-in.token", without="exp")
claims("that expires in words", "sign-in.token", exp="tomorrow")
claims("that expires at no number", "sign-in.token", exp=float("nan"))
claims("of the future", "sign-in.token", iat=from_now(60))
claims("of no time", "sign-in.token", without="iat")
claims("for later", "sign-in.token", nbf=from_now(60))
claims("without nonce", "sign-in.token", without="nonce")
claims("with another nonce", "sign-in.token", nonce="another")
claims("with an empty nonce", "sign-in.token", nonce="")
claims("with a nonce that is true", "sign-in.token", nonce=True)
claims("that belongs to another access token", "sign-in.token", at_hash="abcd")
claims("of a session that is a number", "sign-in.token", sid=7)
claims("of a session that is a list", "sign-in.token", sid=["a"])


@attack("an ID token of an earlier sign-in", "sign-in.token")
def _(desk: Desk) -> httpx.Response:
    kept: list[str] = []
    desk.provider.change_token_answer = lambda answer: kept.append(answer["id_token"])
    assert desk.browser().sign_in(desk.person).status_code == 303
    desk.count_from_here()
    desk.provider.change_token_answer = lambda answer: answer.update(id_token=kept[0])
    return desk.browser().sign_in(desk.person)


# Who it is, when everything about the token is right.


def somebody(name: str, refusal: str, person: Person, *surfaces: str) -> None:
    @attack(name, refusal, *surfaces)
    def _(desk: Desk) -> httpx.Response:
        return desk.browser().sign_in(replace(person))


somebody("somebody unknown", "identity.unknown-person", Person("mallory", "mallory@example.com"))
somebody("somebody whose name differs in its case", "identity.unknown-person", Person("ADA", "ada@example.com"))
somebody("somebody whose name has a blank at its end", "identity.unknown-person", Person("ada ", "ada@example.com"))
somebody("a known address under another subject", "identity.unknown-person", Person("ada-2", "ada@example.com"))
somebody(
    "an invited address that nobody verified", "identity.unknown-person", Person("thief", "iris@example.com", False)
)
somebody("an invited address verified in words", "identity.unknown-person", Person("thief", "iris@example.com", "true"))
somebody("an invited address verified by a number", "identity.unknown-person", Person("thief", "iris@example.com", 1))
somebody(
    "an invited address of which nothing is said", "identity.unknown-person", Person("thief", "iris@example.com", None)
)
somebody(
    "an address that only looks like an invited one", "identity.unknown-person", Person("thief", "ıris@example.com")
)
somebody(
    "an invited address with more behind it",
    "identity.unknown-person",
    Person("thief", "iris@example.com.evil.example"),
)
somebody("an empty address", "identity.unknown-person", Person("thief", ""))
somebody("an invitation that ran out", "identity.unknown-person", Person("late", "late@example.com"))
somebody("an invitation that was taken back", "identity.unknown-person", Person("rene", "rene@example.com"))
somebody("a disabled user", "identity.disabled", Person("dora", "dora@example.com"), "internal")
somebody("a vendor's user on the company's own site", "identity.not-on-this-surface", Person("vera"), "internal")
somebody(
    "a vendor's invitation on the company's own site",
    "identity.unknown-person",
    Person("vito", "vito@example.com"),
    "internal",
)
somebody("one of the company's people on the portal", "identity.not-on-this-surface", Person("ada"), "portal")
somebody(
    "an invitation to the company's own site on the portal",
    "identity.unknown-person",
    Person("ivan", "ivan@example.com"),
    "portal",
)
somebody("a vendor's user without a vendor", "identity.no-vendor", Person("nora"), "portal")
somebody("a user of a vendor that is inactive", "identity.no-vendor", Person("gina"), "portal")


@attack("an invitation that somebody else has accepted", "identity.unknown-person", "internal")
def _(desk: Desk) -> httpx.Response:
    if desk.ask("select subject from app_user where name = 'igor'") is None:
        assert desk.browser().sign_in(Person("igor", "igor@example.com")).status_code == 303
    desk.count_from_here()
    return desk.browser().sign_in(Person("igor-2", "igor@example.com"))


def as_owner(desk: Desk, statement: str) -> None:
    with psycopg.connect(desk.database.owner_url) as connection:
        connection.execute(statement)  # type: ignore[call-overload]


def other(desk: Desk) -> str:
    return "portal" if desk.surface == "internal" else "internal"


def code_of(url: str) -> str:
    return dict(parse_qsl(urlsplit(url).query))["code"]


def tampered(token: str) -> str:
    header, payload, signature = token.split(".")
    return f"{header}.{payload[:-4]}{'AAAA' if payload[-4:] != 'AAAA' else 'BBBB'}.{signature}"
