"""Small helpers that the other modules of the kit share."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

Text = str | rx.Var
"""A sentence known when the page is built, or a variable of a state."""


def link(*children: Any, to: Text, class_name: str = "", **props: Any) -> rx.Component:
    """A link to a page of ours; goes there without loading everything again."""
    return ReactRouterLink.create(*children, to=to, class_name=class_name, **props)


def icon(name: str, size: int = 16) -> rx.Component:
    """A decorative icon (Lucide name); screen readers skip it."""
    return rx.icon(name, size=size, aria_hidden="true")


def label_of(name: str) -> str:
    """A field's or column's name as a label: `needed_on` is "Needed on"."""
    words = name.removesuffix("_id").replace("_", " ")
    return words[:1].upper() + words[1:]


def slug(text: str) -> str:
    """A label as part of an element's id."""
    return "-".join("".join(each if each.isalnum() else " " for each in text.lower()).split())
