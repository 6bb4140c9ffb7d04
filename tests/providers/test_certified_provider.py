"""The same code with another provider: one that the OpenID Foundation has certified, by configuration only.

It is installed by npm from a lock of its own, into a folder that is thrown away.
"""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from buyside.identity.cookies import cookie_name
from buyside.web.build import node_folder
from tests.conftest import Database
from tests.providers.house import Browser, Surface, free_port, identity_of, invite, surface_served, wait_until

pytestmark = [pytest.mark.nightly, pytest.mark.rule("ACC-8")]

SOURCE = Path(__file__).with_name("certified")
CLIENT_ID, CLIENT_SECRET = "what they know us as", "a secret: with % and + in it"


@dataclass(frozen=True)
class Certified:
    """The provider at work, and the surface that signs in there."""

    issuer: str
    surface: Surface
    address: str
    database: Database
    log: Path

    def sign_in(self, name: str) -> Browser:
        """A fresh browser: from the surface to the provider, through its pages, and back."""
        browser = Browser(self.address)
        browser.go(f"{self.address}/auth/sign-in?next=/")
        assert str(browser.page.url).startswith(f"{self.issuer}/interaction/"), browser.page.text
        browser.submit(login=name, password="anything")
        browser.submit()  # yes, the application may know who I am
        return browser


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The provider's package, installed from the lock."""
    folder = tmp_path_factory.mktemp("certified")
    for each in SOURCE.iterdir():
        shutil.copy(each, folder)
    npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(npm, cwd=folder, env=with_node(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"the provider cannot be installed:\n{done.stdout}{done.stderr}"
    return folder


def with_node() -> dict[str, str]:
    return os.environ | {"PATH": f"{node_folder()}{os.pathsep}{os.environ['PATH']}"}


@pytest.fixture(scope="module", params=["internal", "portal"])
def certified(
    request: pytest.FixtureRequest, installed: Path, database: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Certified]:
    surface: Surface = request.param
    port, own_port = free_port(), free_port()
    issuer, address = f"http://localhost:{port}", f"http://localhost:{own_port}"
    told = {
        "issuer": issuer,
        "port": port,
        "clients": [
            {
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
                "redirect_uris": [f"{address}/auth/callback"],
                "post_logout_redirect_uris": [f"{address}/auth/signed-out"],
                "backchannel_logout_uri": f"{address}/auth/back-channel-logout",
                "backchannel_logout_session_required": True,
            }
        ],
        "people": {
            f"{stem}.{surface}": {
                "email": f"{stem}.{surface}@example.org",
                "email_verified": stem != "eve",
                "name": f"{stem}.{surface}",
            }
            for stem in ("ada", "ben", "cleo", "dora", "eve", "nobody")
        },
    }
    log = tmp_path_factory.mktemp("log") / "provider.log"
    with log.open("w") as output:
        node = subprocess.Popen(
            ["node", "provider.mjs", json.dumps(told)],
            cwd=installed,
            env=with_node(),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        discovery_url = f"{issuer}/.well-known/openid-configuration"
        wait_until(discovery_url)
        with surface_served(
            surface, port=own_port, discovery_url=discovery_url, client_id=CLIENT_ID, client_secret=CLIENT_SECRET
        ):
            yield Certified(issuer, surface, address, database, log)
    finally:
        os.killpg(node.pid, signal.SIGTERM)
        node.wait(10)


def test_an_invited_person_signs_in_and_is_bound(certified: Certified) -> None:
    name = f"ada.{certified.surface}"
    user_id = invite(certified.database, certified.surface, name)
    browser = certified.sign_in(name)
    assert browser.page.text == "the start page"
    assert browser.name() == name
    assert identity_of(certified.database, user_id) == (certified.issuer, name)
    again = certified.sign_in(name)
    assert again.name() == name
    assert browser.client.cookies[cookie_name()] != again.client.cookies[cookie_name()]


def test_who_is_signed_in_there_comes_in_without_being_asked_again(certified: Certified) -> None:
    name = f"ben.{certified.surface}"
    invite(certified.database, certified.surface, name)
    browser = certified.sign_in(name)
    browser.client.cookies.delete(
        next(each for each in browser.client.cookies if each in {"buyside", "buyside-portal"})
    )
    assert browser.name() is None
    browser.go(f"{certified.address}/auth/sign-in?next=/")
    assert browser.name() == name


def test_signing_out_here_signs_out_there(certified: Certified) -> None:
    name = f"cleo.{certified.surface}"
    invite(certified.database, certified.surface, name)
    browser = certified.sign_in(name)
    browser.sign_out()
    assert "xsrf" in browser.page.text  # it asks whether to
    browser.submit(logout="yes")
    assert browser.page.status_code == 200
    assert browser.path[-1] == f"{certified.address}/auth/signed-out"
    browser.go(f"{certified.address}/auth/sign-in?now=1")
    assert 'name="login"' in browser.page.text
    assert browser.name() is None


def test_signing_out_there_signs_out_here(certified: Certified) -> None:
    name = f"dora.{certified.surface}"
    invite(certified.database, certified.surface, name)
    browser = certified.sign_in(name)
    other = certified.sign_in(name)
    browser.go(f"{certified.issuer}/session/end")
    assert browser.name() == name
    browser.submit(logout="yes")
    assert browser.name() is None, certified.log.read_text()
    assert other.name() == name  # another session of theirs: another browser
    assert "back channel told" in certified.log.read_text()


@pytest.mark.parametrize("is_invited", [False, True], ids=["unknown", "under an address that is not verified"])
def test_whom_the_house_does_not_know_is_not_let_in(certified: Certified, *, is_invited: bool) -> None:
    name = f"{'eve' if is_invited else 'nobody'}.{certified.surface}"
    if is_invited:
        invite(certified.database, certified.surface, name)
    browser = certified.sign_in(name)
    assert browser.page.status_code == 403
    assert browser.name() is None
