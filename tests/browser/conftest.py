"""Chromium, and windows of people of either surface to look at the running application with."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from buyside.domain.access import Role
from buyside.identity.cookies import cookie_name
from tests.serving import SignedIn

_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_SWITCHES = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run", "--disable-quic", "--disable-dev-shm-usage",
)  # fmt: skip

_STILL = """() => document.getAnimations().every(
    each => each.playState !== "running" || each.effect.getComputedTiming().endTime === Infinity)"""

_HAS_AXE = "() => 'axe' in window"
# All that a rule finds has the rule's own impact: those that can only find less are not run.
_LOOK = """part => axe.run(part ?? document, {
    resultTypes: ["violations"],
    rules: Object.fromEntries(axe._audit.rules
        .filter(rule => ["minor", "moderate"].includes(rule.impact)).map(rule => [rule.id, {enabled: false}])),
}).then(found => found.violations)"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(600))  # the first one may build the page


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, as the system has it."""
    found = next(filter(None, (shutil.which(name) for name in _CHROMIUM)), None)
    if found is None:
        pytest.fail("Chromium is not installed; on Debian and Ubuntu: apt-get install chromium")
    expect.set_options(timeout=40_000)  # a busy machine is slow, not wrong
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=list(_SWITCHES))
        yield opened
        opened.close()


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

    def violations(self, theme: str, part: str | None = None) -> list[str]:
        """What axe finds serious or critical in a theme, on the whole page or in a part of it (a selector).

        What fades in or out stands still, for half a fade has no colour of its own.
        """
        self.page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
        self.page.wait_for_timeout(150)
        self.page.wait_for_function(_STILL)
        if not self.page.evaluate(_HAS_AXE):
            self.page.evaluate(AXE_SCRIPT)
        found = self.page.evaluate(_LOOK, part)
        return [
            f"{each['id']}: {node['html'][:160]}"
            for each in found
            if each["impact"] in {"serious", "critical"}
            for node in each["nodes"]
        ]


@contextmanager
def _windows(browser: Browser) -> Iterator[Callable[..., Visitor]]:
    contexts: list[BrowserContext] = []

    def opened(
        address: str, cookie: tuple[str, str], *, width: int = 1440, height: int = 900, **options: Any
    ) -> Visitor:
        context = browser.new_context(viewport={"width": width, "height": height}, locale="en-GB", **options)
        contexts.append(context)
        context.add_cookies([{"name": cookie[0], "value": cookie[1], "url": address, "httpOnly": True}])
        context.set_default_timeout(40_000)
        page = context.new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
        return Visitor(page, address, problems)

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def open_window(browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Opens a window that holds a session's cookie."""
    with _windows(browser) as opened:
        yield opened


@pytest.fixture(scope="module")
def standing(
    browser: Browser, served: str, sign_in: Callable[[Role | str], SignedIn]
) -> Iterator[Callable[[Role], Visitor]]:
    """The window of a role that goes from page to page, test after test, as people's do: it has the scripts already."""
    windows: dict[Role, Visitor] = {}

    def of(role: Role) -> Visitor:
        if role not in windows:
            windows[role] = opened(served, (cookie_name(), sign_in(role).cookie))
        windows[role].problems.clear()
        return windows[role]

    with _windows(browser) as opened:
        yield of


@pytest.fixture
def visit(
    open_window: Callable[..., Visitor], served: str, sign_in: Callable[[Role | str], SignedIn]
) -> Callable[..., Visitor]:
    """Opens a window of a person of a role: `visit("buyer").open("/orders")`."""

    def opened(role: Role | str, **options: Any) -> Visitor:
        return open_window(served, (cookie_name(), sign_in(role).cookie), **options)

    return opened


@pytest.fixture
def visit_portal(
    open_window: Callable[..., Visitor], portal_served: str, portal_sign_in: Callable[[int], SignedIn]
) -> Callable[..., Visitor]:
    """Opens a window of a vendor's user on the portal: `visit_portal(user_id).open("/")`."""

    def opened(user_id: int, **options: Any) -> Visitor:
        return open_window(portal_served, ("buyside-portal", portal_sign_in(user_id).cookie), **options)

    return opened
