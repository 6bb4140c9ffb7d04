"""What hostile tests share: the ground, the two surfaces in service, and people of nine kinds."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlmodel import text

from buyside.config import settings
from buyside.db import engine
from buyside.db.people import AppUser
from buyside.domain.access import Role
from buyside.identity.cookies import cookie_name
from buyside.identity.logins import end_login, find_login
from buyside.web.environments import of_worker
from tests.hostile import ground
from tests.hostile.campaign import Actor, Target
from tests.hostile.ground import Ground
from tests.hostile.registry import Handler, handlers_of_another_process
from tests.serving import portal_running

_PORTAL_PORT = settings().port + 51
"""Raw clients do without the page, so the portal need not stand where the page was built for."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/hostile" in item.path.as_posix():
            item.add_marker(pytest.mark.timeout(1800 if item.get_closest_marker("nightly") else 600))


@pytest.fixture(scope="module")
def laid(database: Any) -> Ground:
    """Three vendors, their papers and everybody's people, in the module's database."""
    return ground.lay()


@pytest.fixture(scope="module")
def internal(laid: Ground, served: str) -> Target:
    """The internal surface, which runs in this process."""
    return Target(served, cookie_name())


@pytest.fixture
def told(request: pytest.FixtureRequest) -> Any:
    """Prints counts where they are seen even when all is well: at the end of the run, and in a file for the nightly note."""
    reporter = request.config.pluginmanager.getplugin("terminalreporter")

    def tell(lines: str) -> None:
        if reporter is not None:
            reporter.ensure_newline()
            reporter.write_line(lines)

    return tell


def socketless(laid: Ground) -> dict[str, str | None]:
    """Cookies of those who get no socket to the internal surface: six of the nine kinds, revoked in two ways."""
    with ground.internal_sessions() as session:
        gone = {}
        for name in ("logged out", "expired", "idle", "disabled"):
            user = AppUser(name=f"Was {name}")
            session.add(user)
            session.flush()
            session.execute(text("insert into user_role (user_id, role) values (:id, 'buyer')"), {"id": user.id})
            gone[name] = (user.id, ground.open_login(session, user_id=user.id))
        login = find_login(session, gone["logged out"][1])
        assert login is not None
        end_login(session, login.session_id)
    with psycopg.connect(engine.owner_url()) as owner:
        past = datetime.now(UTC) - timedelta(hours=13)
        owner.execute(
            "update user_session set created_at = %s, expires_at = %s where user_id = %s",
            (past - timedelta(hours=1), past, gone["expired"][0]),
        )
        owner.execute("update user_session set last_seen_at = %s where user_id = %s", (past, gone["idle"][0]))
        owner.execute("update app_user set is_active = false where id = %s", (gone["disabled"][0],))
    return {
        "anonymous": None,
        "forged": "A" * 43,
        "logged out": gone["logged out"][1],
        "expired": gone["expired"][1],
        "idle": gone["idle"][1],
        "revoked": gone["disabled"][1],
        "vendor A": laid.a_session(laid.vendor_users["A"]),
        "vendor B": laid.a_session(laid.vendor_users["B"]),
    }


def staff(laid: Ground, *roles: Role) -> list[Actor]:
    """People of the house with a living session, one per role."""
    return [Actor(role.value, frozenset({role}), laid.a_session(laid.staff[role].user_id or 0)) for role in roles]


@dataclass(frozen=True)
class Portal:
    """The portal under fire."""

    target: Target
    handlers: list[Handler]
    log: Path


@pytest.fixture(scope="module")
def vendors(laid: Ground, portal_built: None) -> Iterator[Portal]:
    """The portal, which runs in a process of its own; what can be called there is read from another like it."""
    with portal_running(port=_PORTAL_PORT) as process:
        target = Target(process.address, portal_cookie())
        yield Portal(target, handlers_of_another_process(portal_environment()), process.log)


def portal_environment() -> dict[str, str]:
    """What the process of that portal is given, for another like it."""
    given = settings()
    own = given.of_surface("portal").model_copy(
        update={"port": _PORTAL_PORT, "public_url": f"http://localhost:{_PORTAL_PORT}"}
    )
    return of_worker(given, own)


def portal_cookie() -> str:
    """The name of the portal's cookie over plain http."""
    return "buyside-portal"


def vendor_actor(laid: Ground, name: str) -> Actor:
    """Somebody at a vendor, with what must never be told to them."""
    letters = name.partition("was")[0].strip()
    cookie = laid.a_session(laid.vendor_users[name])
    return Actor(f"vendor {name}", frozenset({Role.VENDOR}), cookie, laid.foreign_canaries(letters))
