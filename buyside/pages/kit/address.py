"""What a page keeps outside of itself: its address, so that what is shown can be passed on, and where the next key belongs."""

from __future__ import annotations

from typing import Any

import reflex as rx

_JS = rx.asset("address.jsx", shared=True)


class Address(rx.Component):
    """The React component in address.jsx; use `address`."""

    library = _JS.importable_path
    tag = "Address"
    path: rx.Var[str]
    focus: rx.Var[str]


def address(path: Any, *, focus: Any = "") -> rx.Component:
    """Shows nothing. `path` becomes the page's address without going there, `focus` names what gets the focus next: a number
    that changes each time, a blank, and a selector.
    """
    return Address.create(path=path, focus=focus)
