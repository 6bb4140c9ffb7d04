"""Both surfaces, served as they are in use: the internal one in this process, the portal as a process of its own.

The pages are built once for unchanged code, for the ports that nobody chose. A process of tests that has other ports serves a
copy that knows them. What a module's tests see is the module's own database.
"""

import os
import shlex
import shutil
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlmodel import col, select

from buyside.config import Settings, settings
from buyside.db.engine import sessions
from buyside.db.people import AppUser, UserRole
from buyside.domain.access import Role
from buyside.web import build, processes
from buyside.web.environments import of_worker
from tests.logins import open_login

_START_SECONDS = 60
BUILT_FOR = {"internal": "http://localhost:8300", "portal": "http://localhost:8301"}
WORKER = (sys.executable, "-m", "buyside.web.worker")


@dataclass(frozen=True)
class SignedIn:
    """A session of one person, as a browser would hold it."""

    user_id: int
    cookie: str


@dataclass(frozen=True)
class PortalProcess:
    """A portal that runs."""

    address: str
    pid: int
    log: Path
    """What it says, on its output and its error output."""


@pytest.fixture(scope="session")
def served(database_server: None) -> Iterator[str]:
    """The address of the running internal application. Its requests go to whatever database the running module uses."""
    import anyio
    import uvicorn

    # anyio loads its parts when first used, and pytest rewrites them then: too deep in the stack of a server's thread.
    assert anyio.open_file and anyio.to_thread  # noqa: PT018
    given = settings()
    with socket.socket() as probe:
        if probe.connect_ex((given.host, given.port)) == 0:
            pytest.fail(f"Port {given.port} is in use, and the page is built for it. Stop what runs there.")
    page = _page_of(given)
    built = _made(page)
    os.environ |= build.environment(given) | {"REFLEX_WEB_WORKDIR": str(page)}
    os.environ |= {
        "__REFLEX_SKIP_COMPILE": "1",
        "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "1",
        "REFLEX_ENV_MODE": "prod",
    }
    from buyside.buyside import app

    serving = uvicorn.Config(
        app(), host=given.host, port=given.port, ws="wsproto", log_level="warning", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(serving)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + _START_SECONDS
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        assert time.monotonic() < end, "the server did not start in time"
        time.sleep(0.02)
    known = _states()
    yield given.public_url
    server.should_exit = True
    thread.join(10)
    assert _made(page) == built, "a test built the page anew while it was served: ask for `internal_built`"
    assert _states() == known, "a test declared states beside those of the page: declare them in a process of their own"


def _made(page: Path) -> int:
    """When a page was built."""
    return (page / "build" / "client" / "index.html").stat().st_mtime_ns


def _states() -> str:
    """What the served page is asked to be of: its tree of states."""
    import reflex as rx

    return rx.State._to_frontend_schema()


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


@pytest.fixture(scope="session")
def internal_built(database_server: None) -> None:
    """The internal page, built. It is served all the while: nobody builds it otherwise."""
    _page_of(settings())


@pytest.fixture(scope="session")
def portal_built(database_server: None) -> None:
    """The portal's page, built."""
    _page_of(settings().of_surface("portal"))


@pytest.fixture(scope="module")
def portal(database: Any, portal_built: None) -> Iterator[PortalProcess]:
    """The portal's own process, on the module's database."""
    with portal_running() as process:
        yield process


@pytest.fixture(scope="module")
def portal_served(portal: PortalProcess) -> str:
    """The address of the running portal."""
    return portal.address


@pytest.fixture(scope="module")
def portal_sign_in(database: Any) -> Callable[[int], SignedIn]:
    """Opens a session of a vendor's user, who is named by id: the tests grant memberships as they need them."""

    def open_session(user_id: int) -> SignedIn:
        with sessions()() as session, session.begin():
            return SignedIn(user_id, open_login(session, user_id=user_id, browser="a test"))

    return open_session


def _page_of(given: Settings) -> Path:
    """The folder of a surface's page, built for its address."""
    usual = given.model_copy(update={"public_url": BUILT_FOR[given.surface]})
    build.build(usual)
    if given.public_url == usual.public_url:
        return usual.web_folder
    copy = given.home / usual.web_folder.name
    if not copy.exists():
        shutil.copytree(usual.web_folder, copy, ignore=shutil.ignore_patterns("node_modules"), symlinks=True)
        # Both kinds of address stand in one script, ws:// beside http://; its packed twin would be served in its place.
        [script] = copy.glob("build/client/assets/reflex-env-*.js")
        before, now = (urlsplit(each.public_url).netloc for each in (usual, given))
        text = script.read_text()
        assert before in text
        script.write_text(text.replace(before, now))
        script.with_name(f"{script.name}.gz").unlink(missing_ok=True)
    return copy


@contextmanager
def portal_running(*, port: int | None = None, command: Sequence[str] = WORKER) -> Iterator[PortalProcess]:
    """A portal on the database that the settings name now, as `buyside serve` would start it.

    `port`: another one than the page is built for, for a second server; raw clients do without the page. Build it before.
    """
    given = settings()
    own = given.of_surface("portal")
    if port is not None:
        own = own.model_copy(update={"port": port, "public_url": f"http://localhost:{port}"})
    log = given.home / f"portal-{own.port}.log"
    told = f"exec {shlex.join(command)} >>{shlex.quote(str(log))} 2>&1"
    variables = of_worker(given, own)
    if port is None:
        variables["REFLEX_WEB_WORKDIR"] = str(_page_of(own))
    part = processes.Part(
        f"portal-{own.port}", "the portal", ["sh", "-c", told], variables, own.host, own.port, "nothing"
    )
    processes.check_port(part)
    with processes.running(part, given.home) as process:
        try:
            processes.wait_for_answer(part, process, threading.Event())
        except processes.ProcessEnded as ended:
            pytest.fail(f"{ended}\n{log.read_text(errors='replace')[-4000:]}")
        yield PortalProcess(own.public_url, process.pid, log)
