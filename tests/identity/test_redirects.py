"""After signing in one lands on a page of ours, whatever the address asked for."""

from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest

from buyside.web.after_sign_in import safe_path
from tests.identity.conftest import Desk

OURS = [
    "/",
    "/orders",
    "/orders/",
    "/orders/2026-7-1?x=1",
    "/plan?view=late#top",
    "/stock/A%20B",
    "/items/caf%C3%A9",
    "/items?find=a%2Fb&sort=%5B%7B%22colId%22%3A%22code%22%7D%5D",
    "/authority",
]
NOT_OURS = [
    "",
    " ",
    "orders",
    "//evil.example",
    "///evil.example",
    "////evil.example/%2e%2e",
    "/orders//evil.example",
    "https://evil.example",
    "HTTPS://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "http://localhost:8300@evil.example/",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/orders\\..\\x",
    "/%2f%2fevil.example",
    "/%2F%2Fevil.example",
    "/%2f/evil.example",
    "/%5cevil.example",
    "/%5C%5Cevil.example",
    "/%252f%252fevil.example",
    "/\tevil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    "/ evil",
    "/\r\nset-cookie: x=1",
    "/%0d%0aset-cookie:%20x=1",
    "/orders?x=%00",
    "/orders?x=%0D%0Aset-cookie",
    "/%09/evil.example",
    "/./orders",
    "/../orders",
    "/orders/../../evil",
    "/%2e%2e/evil",
    "/.%2e/evil",
    "/／evil.example",
    "／／evil.example",
    "/evil。example",
    "/\u200b/evil.example",
    "/@evil.example/<script>",
    "/auth/sign-out",
    "/AUTH/sign-out",
    "/auth",
    "/auth/sign-in?next=//evil.example",
    "/api/grid/orders",
    "/_event",
    "/_upload",
    "/ping",
    "/assets/index.js",
    "/orders?x=<script>",
    '/orders"onload="x',
    "/" + "a" * 600,
]


@pytest.mark.parametrize("asked", OURS)
def test_own_pages_are_gone_to(asked: str) -> None:
    assert safe_path(asked) == asked


@pytest.mark.rule("ACC-8")
@pytest.mark.parametrize("asked", NOT_OURS)
def test_everything_else_leads_to_the_start_page(asked: str) -> None:
    assert safe_path(asked) == "/"


@pytest.mark.rule("ACC-8")
def test_no_target_leads_a_browser_away_after_signing_in(desk: Desk) -> None:
    browser = desk.browser()
    for asked in [*OURS, *NOT_OURS]:
        location = browser.sign_in(desk.person, asked).headers["location"]
        landed = urlsplit(urljoin(f"{desk.address}/auth/callback", location))
        assert f"{landed.scheme}://{landed.netloc}" == desk.address
        assert not landed.path.startswith(("//", "/auth/", "/api/"))
    assert len(NOT_OURS) >= 40


@pytest.mark.parametrize(
    "asked", ["/orders/2026-7-1?x=1", "/stock/A%20B?find=a%2Fb", "/items/caf%C3%A9", "/plan/a:b@c"]
)
def test_an_address_that_was_opened_without_a_session_is_where_one_lands(asked: str, desk: Desk) -> None:
    browser = desk.browser()
    sent = browser.get(asked, accept="text/html").headers["location"]
    begun = browser.get(sent)
    query = dict(parse_qsl(urlsplit(begun.headers["location"]).query))
    assert browser.get(desk.provider.authorize(query, desk.person)).headers["location"] == asked
