"""A demo provider at work, a browser of it, and a client's side of a sign-in."""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.testclient import TestClient

from buyside.config import Surface
from buyside.domain.access import Role
from buyside.identity.demo_people import Person
from buyside.web.demo_provider import application
from buyside.web.demo_provider_clients import Client
from buyside.web.demo_provider_server import Provider

ISSUER = "http://localhost:8302"
INTERNAL = Client("internal", "buyside", "kept by the staff's side", "http://localhost:8300")
PORTAL = Client("portal", "buyside-portal", "kept by the vendors' side", "http://localhost:8301")
PEOPLE: dict[Surface, list[Person]] = {
    "internal": [
        Person("ada", "Ada Byrne", "ada@example.org", (Role.BUYER, Role.MANAGER)),
        Person("invited-7", "Ivo <b>", "ivo@example.org", (Role.RECEIVER,), is_invited=True),
    ],
    "portal": [Person("vera", "Vera Lund", "vera@example.org", (Role.VENDOR,), ("Acme", "Bolts & Co"))],
}
KEY = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)


@dataclass
class House:
    """A provider at work, one browser of it, and what it told its clients."""

    provider: Provider
    browser: TestClient
    told: list[tuple[str, str]] = field(default_factory=list)
    now: float = 1_790_000_000.0
    people: dict[Surface, list[Person]] = field(default_factory=lambda: dict(PEOPLE))

    def another_browser(self) -> TestClient:
        return TestClient(self.browser.app, base_url=ISSUER, follow_redirects=False)


def open_house() -> House:
    """A provider with people, whose clients only note what they are told."""
    made: House

    def tell(address: str, token: str) -> None:
        made.told.append((address, token))

    provider = Provider(ISSUER, [INTERNAL, PORTAL], KEY, tell=tell, clock=lambda: made.now)
    app = application(provider, lambda surface: made.people[surface])
    made = House(provider, TestClient(app, base_url=ISSUER, follow_redirects=False))
    return made


@dataclass(frozen=True)
class Attempt:
    """One sign-in as a client begins it."""

    client: Client = INTERNAL
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    state: str = "the state"
    nonce: str = "the nonce"

    @property
    def values(self) -> dict[str, str]:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return {
            "response_type": "code",
            "client_id": self.client.client_id,
            "redirect_uri": self.client.redirect_uri,
            "scope": "openid profile email",
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }

    def begin(self, browser: TestClient, **changed: str | None) -> httpx.Response:
        values = {name: value for name, value in (self.values | changed).items() if value is not None}
        return browser.get("/authorize", params=values)

    def choose(self, browser: TestClient, subject: str, **headers: str) -> httpx.Response:
        """Click on somebody on the page."""
        action = unescape(re.findall(r'action="([^"]*)"', self.begin(browser).text)[0])
        return browser.post(action, data={"person": subject}, headers={"origin": ISSUER} | headers)

    def code(self, browser: TestClient, subject: str) -> str:
        return sent_back(self.choose(browser, subject))["code"]

    def redeem(self, browser: TestClient, code: str, **changed: str | None) -> httpx.Response:
        values: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.client.redirect_uri,
            "code_verifier": self.verifier,
            "client_id": self.client.client_id,
            "client_secret": self.client.client_secret,
        }
        return browser.post("/token", data={name: value for name, value in (values | changed).items() if value})

    def id_token(self, house: House, subject: str, browser: TestClient | None = None) -> str:
        browser = browser or house.browser
        answer = self.redeem(browser, self.code(browser, subject))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id_token"])


def sent_back(answer: httpx.Response) -> dict[str, str]:
    """What the client gets with the browser that is sent back to it."""
    assert answer.status_code == 303, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def claims_of(token: str, house: House) -> dict[str, Any]:
    keys = KeySet.import_key_set(house.browser.get("/jwks").json())
    return dict(jwt.decode(token, keys, ["RS256"]).claims)


def names_on(page: str) -> list[tuple[str, str]]:
    return [
        (unescape(name), unescape(what))
        for name, what in re.findall(r'class="name">(.*?)</span><span class="roles">(.*?)</span>', page)
    ]


def refused(answer: httpx.Response) -> str:
    assert answer.status_code in {400, 401}, answer.text
    assert "id_token" not in answer.text
    return str(answer.json()["error"])
