"""One surface's own sign-in routes, served for real, and a browser that goes from there to any provider and back."""

import contextlib
import re
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Literal
from urllib.parse import urljoin

import httpx
import pytest
import uvicorn
from sqlmodel import Session
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from buyside.config import settings
from buyside.db.engine import engine
from buyside.db.people import AppUser, UserInvitation, UserRole, VendorMembership
from buyside.db.vendors import Vendor
from buyside.domain.access import Role
from buyside.web import auth
from buyside.web.gate import Gate
from tests.conftest import Database

Surface = Literal["internal", "portal"]
_START_SECONDS = 30
_MOST_REDIRECTS = 12


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(url: str) -> None:
    """Wait until somebody answers there."""
    end = time.monotonic() + _START_SECONDS
    while True:
        try:
            return httpx.get(url, trust_env=False).raise_for_status() and None
        except httpx.HTTPError:
            assert time.monotonic() < end, f"{url} does not answer"
            time.sleep(0.1)


@dataclass
class Browser:
    """Follows redirects and sends forms, as a person's browser does, with one jar of cookies for every server."""

    at: str
    """The address of the surface that it signs in to."""
    client: httpx.Client = field(default_factory=lambda: httpx.Client(trust_env=False, timeout=10))
    page: httpx.Response = field(init=False)
    path: list[str] = field(default_factory=list)

    def go(self, url: str) -> httpx.Response:
        return self._follow(self.client.get(url, headers={"accept": "text/html"}))

    def submit(self, **fields: str) -> httpx.Response:
        """Send the page's form with its hidden fields and some more."""
        form = re.search(r"<form[^>]*>", self.page.text)
        assert form, self.page.text
        action = re.search(r'action="([^"]*)"', form[0])
        assert action
        hidden = {
            unescape(found["name"]): unescape(found["value"])
            for found in re.finditer(
                r'<input type="hidden" name="(?P<name>[^"]*)" value="(?P<value>[^"]*)"', self.page.text
            )
        }
        target = urljoin(str(self.page.url), unescape(action[1]))
        origin = {"origin": f"{self.page.url.scheme}://{self.page.url.netloc.decode()}"}
        return self._follow(self.client.post(target, data=hidden | fields, headers=origin))

    def _follow(self, answer: httpx.Response) -> httpx.Response:
        for _ in range(_MOST_REDIRECTS):
            self.path.append(f"{answer.url.copy_with(query=None)}")
            if not answer.is_redirect:
                self.page = answer
                return answer
            answer = self.client.get(
                urljoin(str(answer.url), answer.headers["location"]), headers={"accept": "text/html"}
            )
        raise AssertionError(f"no end of redirects: {self.path}")

    def name(self) -> str | None:
        """Who is signed in to the surface here, as it says itself."""
        answer = self.client.get(f"{self.at}/auth/me")
        return str(answer.json()["name"]) if answer.status_code == 200 else None

    def sign_out(self) -> httpx.Response:
        """Sign out on the surface, and go where it says."""
        answer = self.client.post(f"{self.at}/auth/sign-out", headers={"origin": self.at})
        assert answer.status_code == 200
        assert self.name() is None  # before the provider hears of it
        return self.go(urljoin(self.at, answer.json()["next"]))


@contextlib.contextmanager
def surface_served(
    surface: Surface, *, port: int, discovery_url: str, client_id: str, client_secret: str
) -> Iterator[str]:
    """The surface's sign-in behind the gate, configured as an operator would; answers with its address."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BUYSIDE_SURFACE", surface)
        patch.setenv("BUYSIDE_PORT", str(port))
        patch.setenv("BUYSIDE_OIDC_DISCOVERY_URL", discovery_url)
        patch.setenv("BUYSIDE_OIDC_CLIENT_ID", client_id)
        patch.setenv("BUYSIDE_OIDC_CLIENT_SECRET", client_secret)
        settings.cache_clear()
        home = Route("/", lambda _request: PlainTextResponse("the start page"))
        app = Gate(Starlette(routes=[*auth.routes(), home]))
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        address = settings().public_url
        wait_until(f"{address}/auth/signed-out")
        yield address
        server.should_exit = True
        thread.join(10)
    settings.cache_clear()


def invite(database: Database, surface: Surface, name: str, *, email: str = "") -> int:
    """Somebody of a surface who is invited and has not come yet."""
    with Session(engine(database.app_url)) as session:
        user = AppUser(name=name, email=email or f"{name}@example.org", is_vendor=surface == "portal")
        session.add(user)
        session.flush()
        now = datetime.now(UTC)
        session.add(UserRole(user_id=user.id, role=Role.VENDOR if user.is_vendor else Role.BUYER))
        session.add(
            UserInvitation(user_id=user.id, email=user.email, invited_at=now, expires_at=now + timedelta(days=1))
        )
        if user.is_vendor:
            vendor = Vendor(code=f"V-{name}", name=f"Vendor of {name}", currency_code="EUR", status="active")
            session.add(vendor)
            session.flush()
            session.add(VendorMembership(vendor_id=vendor.id, user_id=user.id, begins_at=now - timedelta(days=1)))
        session.commit()
        return user.id


def identity_of(database: Database, user_id: int) -> tuple[str | None, str | None]:
    """Issuer and subject of a person."""
    with Session(engine(database.app_url)) as session:
        user = session.get_one(AppUser, user_id)
        return user.issuer, user.subject
