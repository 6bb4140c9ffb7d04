"""The built page, served in this process on the port that it was built for, and Chromium to look at it.

The page is built once for unchanged code; what a module's tests see is the module's own database.
"""

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import anyio
import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from sqlmodel import col, select

from buyside.config import settings
from buyside.db.engine import sessions
from buyside.db.people import AppUser, UserRole
from buyside.domain.access import Role
from buyside.identity.cookies import cookie_name
from buyside.web import build
from tests.logins import open_login

_START_SECONDS = 60
# anyio loads its parts when first used, and pytest rewrites them then: too deep in the stack of a server's thread.
_LOADED = (anyio.open_file, anyio.to_thread)
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_SWITCHES = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run", "--disable-quic", "--disable-dev-shm-usage",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(600))  # the first one may build the page


@pytest.fixture(scope="session")
def served(database_server: None) -> Iterator[str]:
    """The address of the running app. Its requests go to whatever database the running module uses."""
    given = settings()
    with socket.socket() as probe:
        if probe.connect_ex((given.host, given.port)) == 0:
            pytest.fail(f"Port {given.port} is in use, and the page is built for it. Stop what runs there.")
    build.build(given)
    os.environ |= build.environment(given)
    os.environ |= {
        "__REFLEX_SKIP_COMPILE": "1",
        "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "1",
        "REFLEX_ENV_MODE": "prod",
    }
    from buyside.buyside import app

    server = uvicorn.Server(uvicorn.Config(app(), host=given.host, port=given.port, ws="wsproto", log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + _START_SECONDS
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        assert time.monotonic() < end, "the server did not start in time"
        time.sleep(0.02)
    yield given.public_url
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, as the system has it."""
    found = next(filter(None, (shutil.which(name) for name in _CHROMIUM)), None)
    if found is None:
        pytest.fail("Chromium is not installed; on Debian and Ubuntu: apt-get install chromium")
    expect.set_options(timeout=20_000)  # a busy machine is slow, not wrong
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=list(_SWITCHES))
        yield opened
        opened.close()


@dataclass(frozen=True)
class SignedIn:
    """A session of one role, as a browser would hold it."""

    user_id: int
    cookie: str


@pytest.fixture(scope="module")
def sign_in(database: Any, served: str) -> Callable[[Role | str], SignedIn]:
    """Opens a session for a person of a role; the module has one person per role."""

    def open_session(role: Role | str) -> SignedIn:
        wanted = Role(role)
        with sessions()() as session, session.begin():
            user = session.exec(
                select(AppUser)
                .join(UserRole, col(UserRole.user_id) == col(AppUser.id))
                .where(col(UserRole.role) == wanted.value, col(AppUser.is_active))
                .order_by(col(AppUser.id))
            ).first()
            if user is None:
                user = AppUser(name=f"{wanted.value.capitalize()} Person", is_vendor=wanted is Role.VENDOR)
                session.add(user)
                session.flush()
                session.add(UserRole(user_id=user.id, role=wanted.value))
                session.flush()
            return SignedIn(user.id, open_login(session, user_id=user.id, browser="a test"))

    return open_session


@dataclass
class Visitor:
    """A browser window of one person."""

    page: Page
    address: str
    problems: list[str]

    def open(self, path: str) -> None:
        """Go to a page and wait until it is alive: its frame knows who looks."""
        self.page.goto(self.address + path)
        self.page.wait_for_selector("#who:not(:empty)", state="attached")
        self.page.wait_for_load_state("networkidle")

    def violations(self, theme: str) -> list[str]:
        """What axe finds serious or critical in a theme."""
        self.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        self.page.wait_for_timeout(150)
        found = Axe().run(self.page).response["violations"]
        return [
            f"{each['id']}: {node['html'][:160]}"
            for each in found
            if each["impact"] in {"serious", "critical"}
            for node in each["nodes"]
        ]


@pytest.fixture
def visit(browser: Browser, served: str, sign_in: Callable[[Role | str], SignedIn]) -> Iterator[Callable[..., Visitor]]:
    """Opens a window of a person of a role: `visit("buyer").open("/orders")`."""
    contexts: list[BrowserContext] = []

    def open_window(role: Role | str, *, width: int = 1440, height: int = 900, **options: Any) -> Visitor:
        context = browser.new_context(viewport={"width": width, "height": height}, locale="en-GB", **options)
        contexts.append(context)
        context.add_cookies([{"name": cookie_name(), "value": sign_in(role).cookie, "url": served, "httpOnly": True}])
        context.set_default_timeout(20_000)
        page = context.new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
        return Visitor(page, served, problems)

    yield open_window
    for context in contexts:
        context.close()
