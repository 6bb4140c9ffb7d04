"""Both surfaces' sign-in routes behind the real gate, a provider with faults, and people who may or may not sign in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import psycopg
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from buyside.config import settings
from buyside.db.engine import sessions
from buyside.db.people import AppUser, UserInvitation, UserRole, VendorMembership
from buyside.db.vendors import Vendor
from buyside.identity import oidc
from buyside.identity.cookies import cookie_name
from buyside.web import auth
from buyside.web.gate import Gate
from tests.conftest import Database
from tests.identity.faulty_provider import FaultyProvider, Person, start

CLIENTS = {"internal": ("buyside", "secret-of-the-company"), "portal": ("buyside-portal", "secret-of-the-portal")}
ADDRESSES = {"internal": settings().public_url, "portal": settings().portal_public_url}
ELSEWHERE = "https://former.example"
"""An issuer that somebody here once signed in with, and that is not configured."""


@dataclass
class Browser:
    """One browser with its own cookies at one surface."""

    desk: "Desk"
    client: TestClient = field(init=False)
    begun: httpx.Response = field(init=False)
    """What our server said when the last sign-in began."""

    def __post_init__(self) -> None:
        self.client = TestClient(
            self.desk.app, base_url=self.desk.address, follow_redirects=False, headers={"user-agent": "a test"}
        )

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.client.get(path, headers=headers)

    def post(self, path: str, **given: Any) -> httpx.Response:
        given.setdefault("headers", {"origin": self.desk.address})
        return self.client.post(path, **given)

    def begin(self, after: str = "/") -> dict[str, str]:
        """Begin to sign in. Answers with what the provider is asked."""
        self.begun = self.client.get("/auth/sign-in", params={"next": after, "now": "1"})
        assert self.begun.status_code == 303, self.begun.text
        return dict(parse_qsl(urlsplit(self.begun.headers["location"]).query))

    def sign_in(self, person: Person, after: str = "/") -> httpx.Response:
        """The whole way, through to what our callback answers."""
        return self.get(self.desk.provider.authorize(self.begin(after), person))

    @property
    def session(self) -> str | None:
        """The value of the session cookie, if there is one."""
        return self.client.cookies.get(cookie_name())

    def name(self) -> str | None:
        """Who is signed in here, as the server sees it."""
        answer = self.get("/auth/me")
        return answer.json()["name"] if answer.status_code == 200 else None


@dataclass
class Desk:
    """A surface with its sign-in, as one process."""

    surface: str
    provider: FaultyProvider
    database: Database
    app: Any = field(default_factory=lambda: Gate(Starlette(routes=auth.routes())))
    baseline: int = 0
    address: str = ""

    def __post_init__(self) -> None:
        self.address = ADDRESSES[self.surface]

    @property
    def client_id(self) -> str:
        return CLIENTS[self.surface][0]

    @property
    def person(self) -> Person:
        """Somebody who may sign in on this surface."""
        subject = "ada" if self.surface == "internal" else "vera"
        return Person(subject, f"{subject}@example.com")

    def browser(self) -> Browser:
        return Browser(self)

    def count_from_here(self) -> None:
        """What has happened so far was honest."""
        self.baseline = self.sessions()

    def sessions(self, *, living: bool = False) -> int:
        query = "select count(*) from user_session" + (" where ended_at is null" if living else "")
        return self.ask(query)

    def opened(self) -> int:
        """Sessions made since the last `count_from_here`."""
        return self.sessions() - self.baseline

    def ask(self, query: str) -> Any:
        row = _owner(self.database.owner_url).execute(query).fetchone()  # type: ignore[call-overload]
        return row[0] if row else None


@cache
def _owner(url: str) -> psycopg.Connection:
    """One connection for all that a module asks beside the application."""
    return psycopg.connect(url, autocommit=True)


def reference(answer: httpx.Response) -> str:
    """The code that a refusal's page shows; empty where there is none."""
    found = re.search(r"Reference: ([a-z.-]+)<", answer.text)
    return found[1] if found else ""


@pytest.fixture(scope="module")
def provider() -> Iterator[FaultyProvider]:
    running = start(dict(CLIENTS.values()))
    yield running
    running.server.shutdown()
    running.server.server_close()


@pytest.fixture(scope="module")
def people(database: Database, provider: FaultyProvider) -> None:
    """ada and vera are known by their subjects; everybody else has a reason not to get in, or an invitation."""
    now = datetime.now(UTC)
    with sessions()() as session, session.begin():
        acme = Vendor(code="ACME", name="Acme", currency_code="EUR", status="active")
        gone = Vendor(code="GONE", name="Gone", currency_code="EUR", status="inactive")
        session.add_all([acme, gone])
        session.flush()

        def user(name: str, *, vendor: Vendor | None = None, is_vendor: bool = False, **given: Any) -> AppUser:
            is_vendor = is_vendor or vendor is not None
            made = AppUser(name=name, email=f"{name}@example.com", is_vendor=is_vendor, **given)
            session.add(made)
            session.flush()
            session.add(UserRole(user_id=made.id, role="vendor" if is_vendor else "buyer"))
            session.flush()
            if vendor is not None:
                session.add(VendorMembership(vendor_id=vendor.id, user_id=made.id, begins_at=now - timedelta(days=1)))
            return made

        def known(name: str, **given: Any) -> AppUser:
            return user(name, issuer=provider.issuer, subject=name, **given)

        def invited(name: str, *, days: int = 7, revoked: bool = False, **given: Any) -> None:
            made = user(name, **given)
            begins = now - timedelta(days=8)
            session.add(
                UserInvitation(
                    user_id=made.id,
                    email=made.email,
                    invited_at=begins,
                    expires_at=now + timedelta(days=days),
                    revoked_at=now if revoked else None,
                )
            )

        known("ada")
        known("vera", vendor=acme)
        known("dora", is_active=False)
        known("nora", is_vendor=True)
        known("gina", vendor=gone)
        user("boss", issuer=ELSEWHERE, subject="boss")
        for name in ("iris", "ivan", "ines", "igor"):
            invited(name)
        invited("late", days=-1)
        invited("rene", revoked=True)
        invited("vito", vendor=acme)


def _desk(surface: str, people: None, provider: FaultyProvider, database: Database, patch: pytest.MonkeyPatch) -> Desk:
    client_id, secret = CLIENTS[surface]
    patch.setenv("BUYSIDE_OIDC_DISCOVERY_URL", f"{provider.issuer}/.well-known/openid-configuration")
    patch.setenv("BUYSIDE_OIDC_CLIENT_ID", client_id)
    patch.setenv("BUYSIDE_OIDC_CLIENT_SECRET", secret)
    if surface == "portal":
        patch.setenv("BUYSIDE_SURFACE", "portal")
        patch.setenv("BUYSIDE_PUBLIC_URL", ADDRESSES["portal"])
    settings.cache_clear()
    oidc._provider.cache_clear()
    provider.honest()
    provider.rotate("first")
    desk = Desk(surface, provider, database)
    desk.count_from_here()
    return desk


@pytest.fixture
def _settings_after() -> Iterator[None]:
    """Set up before the environment is changed, so that what follows reads the environment as it was."""
    yield
    settings.cache_clear()
    oidc._provider.cache_clear()


@pytest.fixture
def desk(
    _settings_after: None, people: None, provider: FaultyProvider, database: Database, monkeypatch: pytest.MonkeyPatch
) -> Desk:
    """The internal surface."""
    return _desk("internal", people, provider, database, monkeypatch)


@pytest.fixture
def portal(
    _settings_after: None, people: None, provider: FaultyProvider, database: Database, monkeypatch: pytest.MonkeyPatch
) -> Desk:
    """The vendor portal."""
    return _desk("portal", people, provider, database, monkeypatch)


@pytest.fixture(params=["internal", "portal"])
def either(
    request: pytest.FixtureRequest,
    _settings_after: None,
    people: None,
    provider: FaultyProvider,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> Desk:
    """Each surface in turn."""
    return _desk(request.param, people, provider, database, monkeypatch)
