"""Signing in and out as a person does it: in Chromium, at the demo's provider, and at the application as it is in use."""

import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import uvicorn
from joserfc.jwk import RSAKey
from playwright.sync_api import Browser, Page, expect

from buyside.config import settings
from buyside.db.engine import sessions
from buyside.db.people import AppUser, UserRole
from buyside.domain.access import Role
from buyside.identity.cookies import cookie_name
from buyside.identity.demo_people import Person
from buyside.web.demo_provider import application
from buyside.web.demo_provider_server import Client, Provider
from tests.conftest import Database


@pytest.fixture(scope="module")
def provider(database: Database, served: str) -> Iterator[str]:
    """The demo's provider with one person who may come in and one whom nobody here knows; its address."""
    issuer = settings().demo_issuer
    known = Person("ada", "Ada Byrne", "ada@example.org", (Role.BUYER,))
    stranger = Person("mallory", "Mallory Unknown", "mallory@example.org", (Role.BUYER,))
    with sessions()() as session, session.begin():
        user = AppUser(name=known.name, email=known.email, issuer=issuer, subject=known.subject)
        session.add(user)
        session.flush()
        session.add(UserRole(user_id=user.id, role=Role.BUYER.value))
    client = Client("internal", "buyside", "known-to-both", served)
    made = Provider(issuer, [client], RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True))
    app = application(made, lambda surface: [known, stranger])
    server = uvicorn.Server(uvicorn.Config(app, port=urlsplit(issuer).port or 0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the provider did not start"
        time.sleep(0.02)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("BUYSIDE_OIDC_DISCOVERY_URL", f"{issuer}/.well-known/openid-configuration")
        environment.setenv("BUYSIDE_OIDC_CLIENT_ID", client.client_id)
        environment.setenv("BUYSIDE_OIDC_CLIENT_SECRET", client.client_secret)
        settings.cache_clear()
        yield issuer
    settings.cache_clear()
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def page(browser: Browser, provider: str) -> Iterator[Page]:
    """A window of a browser that nobody is signed in with."""
    context = browser.new_context(locale="en-GB")
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


@pytest.mark.rule("ACC-8")
def test_a_person_signs_in_where_they_wanted_to_go_and_out_of_every_window(
    page: Page, served: str, provider: str
) -> None:
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{served}/orders")
    assert page.url.startswith(provider)
    page.get_by_role("button", name="Ada Byrne").click()
    page.wait_for_url(f"{served}/orders**")
    page.wait_for_selector("#who:not(:empty)", state="attached")
    held = {cookie["name"]: cookie for cookie in page.context.cookies(served)}
    assert held[cookie_name()]["httpOnly"]
    assert held[cookie_name()]["sameSite"] == "Lax"
    assert f"{cookie_name()}-sign-in" not in held
    assert page.evaluate("document.cookie").find(cookie_name()) < 0
    second = page.context.new_page()
    second.goto(f"{served}/orders")
    second.wait_for_selector("#who:not(:empty)", state="attached")

    page.bring_to_front()
    page.locator(".who").click()
    page.get_by_role("menuitem", name="Sign out").click()
    page.wait_for_url(f"{served}/auth/signed-out**")
    expect(page.get_by_role("heading", name="Signed out")).to_be_visible()
    second.get_by_role("heading", name="Signed out").wait_for(timeout=15_000)  # by itself, and it stays there
    assert second.url.startswith(f"{served}/auth/sign-in")

    page.get_by_role("link", name="Sign in").click()
    page.wait_for_url(f"{provider}/**")  # the provider has forgotten, too
    page.get_by_role("button", name="Ada Byrne").click()
    page.wait_for_url(f"{served}/**")
    page.wait_for_selector("#who:not(:empty)", state="attached")
    assert problems == []


@pytest.mark.rule("ACC-8")
def test_who_is_unknown_here_is_told_so_and_may_come_as_somebody_else(page: Page, served: str, provider: str) -> None:
    page.goto(served)
    page.get_by_role("button", name="Mallory Unknown").click()
    page.get_by_role("heading", name="You cannot sign in here").wait_for()
    assert "Reference: identity.unknown-person" in page.inner_text("main")
    page.get_by_role("link", name="Sign in as somebody else").click()
    page.wait_for_url(f"{served}/auth/signed-out**")
    page.get_by_role("link", name="Sign in").click()
    page.get_by_role("button", name="Ada Byrne").click()
    page.wait_for_selector("#who:not(:empty)", state="attached")
