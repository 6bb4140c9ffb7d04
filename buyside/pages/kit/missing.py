"""What stands where an address leads nowhere: the same on both surfaces, whatever was asked for."""

from __future__ import annotations

import reflex as rx

from buyside.domain.access import Permission
from buyside.pages.kit.base import Text
from buyside.pages.kit.parts import empty_state, link_button
from buyside.pages.kit.route import Route

SLUG = "404"
"""Where Reflex looks for the page of every address that no page has."""


def missing_route(permission: Permission) -> Route:
    """The page as a frame wants it; it stands in no table of routes, so that no address leads to it."""
    return Route(SLUG, "No such page", permission)


def missing_page(label: str, home: Text) -> rx.Component:
    """What to do next: an address may be mistyped or old. Says nothing of whether something stands there for others."""
    return empty_state(
        "There is no page at this address",
        "It may be mistyped, or from an earlier version. The menu leads to everything that is yours.",
        link_button(label, home),
    )
