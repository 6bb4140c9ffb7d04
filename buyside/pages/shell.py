"""The frame of every page: navigation by permission, top bar with search and the person, and the page itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from itertools import groupby
from typing import Any

import reflex as rx

from buyside.domain.access import Permission
from buyside.pages.kit import frame as kit
from buyside.pages.kit.base import Text, slug
from buyside.pages.kit.frame import Page
from buyside.pages.kit.missing import missing_page, missing_route
from buyside.pages.kit.palette import palette
from buyside.pages.kit.parts import empty_state, link_button
from buyside.pages.kit.route import Route
from buyside.pages.routes import ROUTES, START
from buyside.state.shell import ShellState

PAGES: list[Page] = []


def page(
    route: Route, *, on_load: Any = None, title: Text = "", is_flush: bool = False
) -> Callable[[Callable[[], rx.Component]], Callable[[], rx.Component]]:
    """Put a function's layout into the frame, at a route of the table.

    title      stands in the top bar in place of the route's label: `OrderState.order_number`
    is_flush   no padding around the content: for pages that are one grid or a split of grid and panel
    """

    def place(content: Callable[[], rx.Component]) -> Callable[[], rx.Component]:
        def framed() -> rx.Component:
            return frame(route, content(), title=title, is_flush=is_flush)

        framed.__name__ = content.__name__
        events = on_load if isinstance(on_load, list) else [on_load] if on_load is not None else []
        PAGES.append(Page(route, framed, [ShellState.enter, *events]))
        return content

    return place


def missing() -> Page:
    """The page of every address that no page has."""
    route = missing_route(START.permission)
    return Page(route, lambda: frame(route, missing_page("Go to the start page", START.path)), [ShellState.enter])


def can(permission: Permission) -> Any:
    """Whether the person holds a permission, to show or hide what needs it. Courtesy: the lock is the operation's own."""
    return ShellState.may.contains(permission.value)


def when_allowed(permission: Permission, component: rx.Component) -> rx.Component:
    """The component, for those who hold the permission."""
    return rx.cond(can(permission), component, rx.fragment())


def frame(route: Route, content: rx.Component, *, title: Text = "", is_flush: bool = False) -> rx.Component:
    """Navigation, top bar and content."""
    refused = empty_state(
        "Not for your roles", "Your roles do not include this page.", link_button("Go to the start page", START.path)
    )
    shown = rx.cond(can(route.permission), content, refused)
    return kit.frame(_navigation(route), _top(route, title), shown, is_ready=ShellState.ready, is_flush=is_flush)


def _navigation(current: Route) -> rx.Component:
    here = current.parent or current
    return kit.navigation(*_entries([each for each in ROUTES if each.icon], here), home=START.path)


def _entries(routes: Sequence[Route], here: Route) -> list[rx.Component]:
    """The entries in the order of the table; neighbours of one group stand under its heading."""
    drawn: list[rx.Component] = []
    for name, neighbours in groupby(routes, key=lambda each: each.group):
        grouped = list(neighbours)
        entries = [_entry(each, each == here) for each in grouped]
        drawn += [_group(name, grouped, entries)] if name else entries
    return drawn


def _group(name: str, routes: Sequence[Route], entries: Sequence[rx.Component]) -> rx.Component:
    """Entries under a heading, for those who may open one of them."""
    id_ = f"nav-{slug(name)}"
    group = rx.el.div(
        rx.el.div(name, id=id_, class_name="nav-head"),
        *entries,
        role="group",
        aria_labelledby=id_,
        class_name="nav-group",
    )
    opens = [can(each.permission) for each in routes]
    return rx.cond(reduce(lambda one, other: one | other, opens), group, rx.fragment())


def _entry(route: Route, is_here: bool) -> rx.Component:
    return rx.cond(can(route.permission), kit.entry(route, is_here=is_here), rx.fragment())


def _top(route: Route, title: Text) -> rx.Component:
    return kit.top(route, title, rx.cond(can(Permission.SEARCH_USE), _search(), rx.fragment()), _person())


def _search() -> rx.Component:
    return palette(
        ROUTES,
        label="Search items, vendors and orders",
        may=ShellState.may,
        hits=ShellState.hits,
        sought=ShellState.sought,
        on_find=ShellState.find,
    )


def _person() -> rx.Component:
    return kit.person_menu(ShellState.name, ShellState.initials, ShellState.roles, _menu_entries())


def _menu_entries() -> list[rx.Component]:
    """The pages that stand in the person's menu."""
    listed = [each for each in ROUTES if each.in_menu]
    entries = [
        rx.cond(
            can(each.permission), rx.dropdown_menu.item(each.label, on_select=rx.redirect(each.path)), rx.fragment()
        )
        for each in listed
    ]
    return [rx.dropdown_menu.separator(), *entries] if entries else []
