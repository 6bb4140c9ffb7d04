"""Every page of the table: who may open it, that it comes alive without errors, and that everybody can use it."""

from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import expect

from buyside.domain.access import GRANTS, INTERNAL_ROLES, Role
from buyside.identity.cookies import cookie_name
from buyside.pages.routes import ROUTES, SHEET_ROUTES, Route

_THEMES = ("light", "dark")
_ROLES = sorted(INTERNAL_ROLES)


def _address(route: Route) -> str:
    return route.to("unknown")


def _status(address: str, cookie: str) -> int:
    request = Request(address, headers={"Cookie": f"{cookie_name()}={cookie}", "Accept": "text/html"})
    try:
        with urlopen(request) as answer:
            return int(answer.status)
    except HTTPError as refused:
        return refused.code


def test_every_route_has_its_page(served: str) -> None:
    from buyside.pages.shell import PAGES

    assert {page.route for page in PAGES} == set(ROUTES)


@pytest.mark.rule("ACC-2")
@pytest.mark.parametrize("role", _ROLES)
def test_a_page_opens_for_those_who_hold_its_permission(role: Role, served: str, sign_in: Callable[..., Any]) -> None:
    cookie = sign_in(role).cookie
    for route in ROUTES:
        expected = 200 if route.permission in GRANTS[role] else 403
        assert _status(served + _address(route), cookie) == expected, (role, route.path)


@pytest.mark.parametrize("role", _ROLES)
def test_the_navigation_names_what_a_role_may_open(role: Role, visit: Callable[..., Any]) -> None:
    window = visit(role)
    window.open("/")
    shown = window.page.get_by_role("navigation", name="Main").locator(".nav-link").all_inner_texts()
    expected = [route.label for route in ROUTES if route.icon and route.permission in GRANTS[role]]
    assert [text.splitlines()[0] for text in shown] == expected


_LISTS = set(SHEET_ROUTES.values())
_LOOKED_AT = [
    *((Role.BUYER, route) for route in ROUTES),
    *((Role.RECEIVER, route) for route in ROUTES if route not in _LISTS),  # who may only read sees the same grid
]


@pytest.mark.parametrize(("role", "route"), _LOOKED_AT, ids=lambda each: getattr(each, "path", each))
def test_a_page_is_usable_by_everybody_in_light_and_dark(
    role: Role, route: Route, standing: Callable[[Role], Any]
) -> None:
    window = standing(next(each for each in (role, Role.MANAGER, Role.ADMIN) if route.permission in GRANTS[each]))
    window.open(_address(route))
    assert window.page.get_by_role("heading", level=1).count() == 1
    for theme in _THEMES:
        assert window.violations(theme) == [], theme
    assert window.problems == []


def test_what_not_everybody_could_use_would_be_found(standing: Callable[[Role], Any]) -> None:
    window = standing(Role.BUYER)
    window.open("/")
    window.page.evaluate("""() => {
        const pale = Object.assign(document.createElement("p"), {textContent: "Pale", style: "color: #777; background: #888"});
        document.querySelector("main").append(document.createElement("img"), pale);
    }""")
    for theme in _THEMES:
        assert {found.partition(":")[0] for found in window.violations(theme)} == {"image-alt", "color-contrast"}, theme


def test_a_page_fits_a_narrow_screen(visit: Callable[..., Any]) -> None:
    windows = {role: visit(role, width=800) for role in (Role.BUYER, Role.ADMIN)}
    for route in ROUTES:
        if route.icon or route.in_menu:
            window = next(windows[role] for role in windows if route.permission in GRANTS[role])
            window.open(route.path)
            wide = window.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= 800, route.path


def test_signing_out_ends_every_window_of_the_session(visit: Callable[..., Any]) -> None:
    window = visit(Role.BUYER)
    window.open("/")
    second = window.page.context.new_page()
    second.goto(window.address + "/")
    second.wait_for_selector("#who:not(:empty)", state="attached")
    window.page.locator(".who").click()
    window.page.get_by_role("menuitem", name="Sign out").click()
    window.page.wait_for_url("**/auth/signed-out")
    second.reload()
    assert "/auth/sign-in" in second.url


def test_keys_lead_to_search_and_to_pages(visit: Callable[..., Any]) -> None:
    window = visit(Role.BUYER)
    window.open("/")
    window.page.keyboard.press("/")
    expect(window.page.locator(".find-field")).to_be_focused()
    window.page.keyboard.press("Escape")
    window.page.keyboard.press("g")
    window.page.keyboard.press("k")
    window.page.wait_for_url("**/stock**")
