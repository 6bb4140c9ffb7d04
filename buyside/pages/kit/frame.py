"""The frame around every page: navigation, top bar, content. Each surface's shell says what stands in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import reflex as rx
from reflex.style import set_color_mode

from buyside.pages.kit.base import Text, icon, link
from buyside.pages.kit.route import Route

_SIGN_OUT = "buysideSignOut()"  # in assets/buyside.js


@dataclass(frozen=True)
class Page:
    """A page as `buyside.py` adds it to the app."""

    route: Route
    component: Callable[[], rx.Component]
    on_load: list[Any]


def frame(
    navigation: rx.Component, top: rx.Component, content: Any, *, is_ready: Any, is_flush: bool = False
) -> rx.Component:
    """A whole page. `content` shows once `is_ready`; `is_flush` leaves out the padding around it."""
    shown = rx.el.div(content, class_name="page flush" if is_flush else "page")
    return rx.el.div(
        rx.el.a("Skip to content", href="#content", class_name="skip"),
        navigation,
        top,
        rx.el.main(
            rx.cond(is_ready, shown, rx.el.p("Loading…", class_name="waiting", role="status")),
            id="content",
            class_name="main",
            tab_index=-1,
        ),
        class_name="frame",
    )


def navigation(*entries: rx.Component, home: Text, foot: Sequence[rx.Component] = ()) -> rx.Component:
    """The list of pages at the left, under the mark, which leads `home`; `foot` stands at the bottom."""
    mark = link(
        rx.el.img(src="/favicon.svg", width="18", height="18", alt=""),
        rx.el.span("Buyside"),
        to=home,
        class_name="nav-brand",
    )
    return rx.el.nav(mark, rx.el.div(*entries, class_name="nav-list"), *foot, aria_label="Main", class_name="nav")


def entry(route: Route, *, is_here: bool, to: Text = "") -> rx.Component:
    """A page in the navigation. `to` is its address where that is more than the route's path."""
    marks = {"aria_current": "page"} if is_here else {}
    return link(
        icon(route.icon),
        rx.el.span(route.label),
        rx.el.span(f"g {route.shortcut}", class_name="nav-key", aria_hidden="true"),
        to=to if isinstance(to, rx.Var) else to or route.path,
        class_name="nav-link",
        title=f"{route.label} (g, then {route.shortcut})",
        data_key=route.shortcut,
        **marks,
    )


def top(route: Route, title: Text, *tools: rx.Component, list_path: Text = "") -> rx.Component:
    """The bar above the content: where one is, and tools at the right. `list_path` as `to` of `entry`, for the parent."""
    crumb = []
    if route.parent:
        target = list_path if isinstance(list_path, rx.Var) else list_path or route.parent.path
        crumb = [link(route.parent.label, to=target, class_name="crumb")]
    has_title = isinstance(title, rx.Var) or bool(title)
    heading = rx.el.h1(title if has_title else route.label)
    return rx.el.header(*crumb, heading, rx.el.div(class_name="top-space"), *tools, class_name="top")


def person_menu(name: Any, initials: Any, says: Any, more: Sequence[rx.Component] = ()) -> rx.Component:
    """Who is signed in, with the choice of colours, `more`, and the way out."""
    return rx.dropdown_menu.root(
        rx.dropdown_menu.trigger(
            rx.el.button(
                rx.el.span(initials, class_name="who-mark", aria_hidden="true"),
                rx.el.span(name, class_name="who-name", id="who"),
                rx.el.span("Your menu", class_name="only-read"),
                icon("chevron-down", 14),
                type="button",
                class_name="who",
            )
        ),
        rx.dropdown_menu.content(
            rx.el.div(says, class_name="menu-says"),
            rx.dropdown_menu.separator(),
            rx.dropdown_menu.item("Light", on_click=set_color_mode("light")),
            rx.dropdown_menu.item("Dark", on_click=set_color_mode("dark")),
            rx.dropdown_menu.item("As this computer", on_click=set_color_mode("system")),
            *more,
            rx.dropdown_menu.separator(),
            rx.dropdown_menu.item("Sign out", on_select=rx.call_script(_SIGN_OUT)),
            size="1",
            align="end",
        ),
    )
