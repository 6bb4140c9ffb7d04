"""The frame of every page of the portal: its own navigation, the vendor that is chosen, and the person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import reflex as rx

from buyside.pages.kit import frame as kit
from buyside.pages.kit.base import Text, icon
from buyside.pages.kit.frame import Page
from buyside.pages.kit.missing import missing_page, missing_route
from buyside.pages.kit.parts import empty_state, link_button
from buyside.pages.kit.route import Route
from buyside.pages.portal.routes import ORDERS, ROUTES
from buyside.state.portal.shell import PortalShellState as Shell

PAGES: list[Page] = []


def page(
    route: Route, *, on_load: Any = None, title: Text = "", is_flush: bool = False
) -> Callable[[Callable[[], rx.Component]], Callable[[], rx.Component]]:
    """Put a function's layout into the frame, at a route of the table.

    title      stands in the top bar in place of the route's label
    is_flush   no padding around the content: for pages that are one grid
    """

    def place(content: Callable[[], rx.Component]) -> Callable[[], rx.Component]:
        def framed() -> rx.Component:
            return _frame(route, content(), title=title, is_flush=is_flush)

        framed.__name__ = content.__name__
        PAGES.append(Page(route, framed, [Shell.enter, *([] if on_load is None else [on_load])]))
        return content

    return place


def missing() -> Page:
    """The page of every address that no page has, which are also those of the internal surface."""
    route = missing_route(ORDERS.permission)
    content = missing_page("Your purchase orders", at_vendor(ORDERS.path))
    return Page(route, lambda: _frame(route, content), [Shell.enter])


def _frame(route: Route, content: rx.Component, *, title: Text = "", is_flush: bool = False) -> rx.Component:
    return kit.frame(_navigation(route), _top(route, title), content, is_ready=Shell.ready, is_flush=is_flush)


def at_vendor(path: str) -> Any:
    """The address of a list, for the chosen vendor."""
    return path + Shell.suffix


def of_vendor(content: rx.Component) -> rx.Component:
    """What belongs to the chosen vendor; where the address names none of the person's own, a way back."""
    unknown = empty_state(
        "There is no such vendor among yours",
        "The address names a vendor that you do not act for, or no longer.",
        link_button("Your purchase orders", ORDERS.path),
    )
    return rx.cond(Shell.vendor != "", content, unknown)


def _navigation(current: Route) -> rx.Component:
    here = current.parent or current
    entries = [kit.entry(each, is_here=each == here, to=at_vendor(each.path)) for each in ROUTES if each.icon]
    buyer = rx.cond(Shell.buyer != "", rx.el.div("Purchasing of ", Shell.buyer, class_name="nav-foot"), rx.fragment())
    return kit.navigation(*entries, home=at_vendor(ORDERS.path), foot=[buyer])


def _top(route: Route, title: Text) -> rx.Component:
    list_path = at_vendor(route.parent.path) if route.parent else ""
    person = kit.person_menu(Shell.name, Shell.initials, Shell.says)
    return kit.top(route, title, _vendor(), person, list_path=list_path)


def _vendor() -> rx.Component:
    """Which vendor the page is about; a choice for those who act for several."""
    switch = rx.el.select(
        rx.cond(
            Shell.vendor == "", rx.el.option("Choose a vendor", value="", disabled=True, hidden=True), rx.fragment()
        ),
        rx.foreach(Shell.vendors, lambda each: rx.el.option(each["code"], " · ", each["name"], value=each["code"])),
        value=Shell.vendor,
        on_change=Shell.choose,
        aria_label="Vendor",
        class_name="input",
    )
    only = rx.el.span(Shell.vendor_name, class_name="clip")
    return rx.el.div(icon("factory", 14), rx.cond(Shell.has_choice, switch, only), class_name="vendor-switch")
