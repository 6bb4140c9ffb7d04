"""The frame of every page: navigation by permission, top bar with search and the person, and the page itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import groupby
from typing import Any

import reflex as rx
from reflex.style import set_color_mode

from buyside.domain.access import Permission
from buyside.pages.kit.base import Text, icon, link, slug
from buyside.pages.kit.parts import empty_state, link_button
from buyside.pages.routes import ROUTES, START, Route
from buyside.state.shell import ShellState

_SIGN_OUT = "fetch('/auth/sign-out', {method: 'POST'}).finally(() => window.location.replace('/auth/sign-in'))"


@dataclass(frozen=True)
class Page:
    """A page as `buyside.py` adds it to the app."""

    route: Route
    component: Callable[[], rx.Component]
    on_load: list[Any]


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
    shown = rx.el.div(content, class_name="page flush" if is_flush else "page")
    return rx.el.div(
        rx.el.a("Skip to content", href="#content", class_name="skip"),
        _navigation(route),
        _top(route, title),
        rx.el.main(
            rx.cond(
                ShellState.ready,
                rx.cond(can(route.permission), shown, refused),
                rx.el.p("Loading…", class_name="waiting", role="status"),
            ),
            id="content",
            class_name="main",
            tab_index=-1,
        ),
        class_name="frame",
    )


def _navigation(current: Route) -> rx.Component:
    here = current.parent or current
    return rx.el.nav(
        link(
            rx.el.img(src="/favicon.svg", width="18", height="18", alt=""),
            rx.el.span("Buyside"),
            to=START.path,
            class_name="nav-brand",
        ),
        rx.el.div(*_entries([each for each in ROUTES if each.icon], here), class_name="nav-list"),
        aria_label="Main",
        class_name="nav",
    )


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
    marks = {"aria_current": "page"} if is_here else {}
    entry = link(
        icon(route.icon),
        rx.el.span(route.label),
        rx.el.span(f"g {route.shortcut}", class_name="nav-key", aria_hidden="true"),
        to=route.path,
        class_name="nav-link",
        title=f"{route.label} (g, then {route.shortcut})",
        data_key=route.shortcut,
        **marks,
    )
    return rx.cond(can(route.permission), entry, rx.fragment())


def _top(route: Route, title: Text) -> rx.Component:
    crumb = [link(route.parent.label, to=route.parent.path, class_name="crumb")] if route.parent else []
    has_title = isinstance(title, rx.Var) or bool(title)
    return rx.el.header(
        *crumb,
        rx.el.h1(title if has_title else route.label),
        rx.el.div(class_name="top-space"),
        rx.cond(can(Permission.SEARCH_USE), _search(), rx.fragment()),
        _person(),
        class_name="top",
    )


def _search() -> rx.Component:
    return rx.el.div(
        icon("search", 14),
        rx.el.input(
            type="search",
            class_name="find-field",
            placeholder="Search",
            aria_label="Search items, vendors and orders",
            auto_complete="off",
            on_change=ShellState.find.debounce(200),
        ),
        rx.el.kbd("/", aria_hidden="true"),
        rx.cond(
            ShellState.sought != "",
            rx.el.div(
                rx.cond(
                    ShellState.hits.length() > 0,
                    rx.fragment(rx.foreach(ShellState.hits, _hit)),
                    rx.el.p("Nothing found for “", ShellState.sought, "”.", class_name="find-none", role="status"),
                ),
                class_name="find-list",
            ),
            rx.fragment(),
        ),
        class_name="find",
        role="search",
    )


def _hit(hit: Any) -> rx.Component:
    return link(
        rx.el.span(hit["kind"], class_name="find-kind"),
        rx.el.span(hit["name"], class_name="find-name"),
        rx.el.span(hit["says"], class_name="find-more clip"),
        to=hit["path"],
        class_name="find-hit",
    )


def _person() -> rx.Component:
    return rx.dropdown_menu.root(
        rx.dropdown_menu.trigger(
            rx.el.button(
                rx.el.span(ShellState.initials, class_name="who-mark", aria_hidden="true"),
                rx.el.span(ShellState.name, class_name="who-name", id="who"),
                rx.el.span("Your menu", class_name="only-read"),
                icon("chevron-down", 14),
                type="button",
                class_name="who",
            )
        ),
        rx.dropdown_menu.content(
            rx.el.div(ShellState.roles, class_name="menu-says"),
            rx.dropdown_menu.separator(),
            rx.dropdown_menu.item("Light", on_click=set_color_mode("light")),
            rx.dropdown_menu.item("Dark", on_click=set_color_mode("dark")),
            rx.dropdown_menu.item("As this computer", on_click=set_color_mode("system")),
            *_menu_entries(),
            rx.dropdown_menu.separator(),
            rx.dropdown_menu.item("Sign out", on_select=rx.call_script(_SIGN_OUT)),
            size="1",
            align="end",
        ),
    )


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
