"""The demo's own provider as the process that it is, and the same sign-in routes as for any other."""

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from buyside.config import ROOT, Settings
from buyside.web.environments import of_demo_provider
from tests.conftest import Database
from tests.providers.house import Browser, Surface, free_port, identity_of, invite, surface_served, wait_until

pytestmark = pytest.mark.rule("ACC-8")


@dataclass(frozen=True)
class Demo:
    """The provider at work, and the surface that signs in there."""

    issuer: str
    surface: Surface
    address: str
    database: Database

    def sign_in(self, name: str, browser: Browser | None = None) -> Browser:
        """From the surface to the provider's list, a click on somebody, and back."""
        browser = browser or Browser(self.address)
        browser.go(f"{self.address}/auth/sign-in?next=/&now=1")
        assert str(browser.page.url).startswith(f"{self.issuer}/authorize"), browser.page.text
        browser.submit(person=subject_of(name, browser.page.text))
        return browser


def subject_of(name: str, page: str) -> str:
    """What stands behind a person's button."""
    found = re.search(rf'value="([^"]*)"><span class="name">{re.escape(name)}<', page)
    assert found, page
    return found[1]


@pytest.fixture(scope="module", params=["internal", "portal"])
def demo(request: pytest.FixtureRequest, database: Database) -> Iterator[Demo]:
    surface: Surface = request.param
    given = Settings(
        demo=True, port=free_port(), portal_port=free_port(), demo_provider_port=free_port()
    ).with_demo_provider()
    own = given.of_surface(surface)
    assert own.oidc is not None
    command = [sys.executable, "-m", "buyside.web.demo_provider"]
    knows = of_demo_provider(given)
    with subprocess.Popen(command, cwd=ROOT, env=knows, stdin=subprocess.PIPE) as process:
        try:
            wait_until(f"{given.demo_issuer}/ping")
            with surface_served(
                surface,
                port=own.port,
                discovery_url=own.oidc.discovery_url,
                client_id=own.oidc.client_id,
                client_secret=own.oidc.client_secret,
            ):
                yield Demo(given.demo_issuer, surface, own.public_url, database)
        finally:
            assert process.stdin is not None
            process.stdin.close()  # as when the supervisor ends, in whatever way
            assert process.wait(20) in {0, -15}


def test_an_invited_person_is_shown_as_such_and_bound_by_the_click(demo: Demo) -> None:
    name = f"ada.{demo.surface}"
    user_id = invite(demo.database, demo.surface, name)
    browser = demo.sign_in(name)
    assert browser.page.text == "the start page"
    assert browser.name() == name
    assert identity_of(demo.database, user_id) == (demo.issuer, f"invited-{user_id}")
    assert demo.sign_in(name).name() == name


def test_signing_out_here_signs_out_there_and_comes_back(demo: Demo) -> None:
    name = f"ben.{demo.surface}"
    invite(demo.database, demo.surface, name)
    browser = demo.sign_in(name)
    browser.sign_out()
    assert browser.path[-1] == f"{demo.address}/auth/signed-out"
    assert "Nobody is signed in" in browser.go(demo.issuer).text


def test_signing_out_there_signs_out_here(demo: Demo) -> None:
    name = f"cleo.{demo.surface}"
    invite(demo.database, demo.surface, name)
    browser, other = demo.sign_in(name), demo.sign_in(name)
    page = browser.go(demo.issuer).text
    assert browser.name() == name
    found = re.search(r'name="sid" value="(\w+)"', page)
    assert found
    browser.submit(sid=found[1])
    assert browser.name() is None
    assert other.name() == name


def test_one_browser_may_change_whom_it_is(demo: Demo) -> None:
    first, second = f"dora.{demo.surface}", f"emil.{demo.surface}"
    for each in (first, second):
        invite(demo.database, demo.surface, each)
    browser = demo.sign_in(first)
    assert demo.sign_in(second, browser).name() == second
