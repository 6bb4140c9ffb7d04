"""The field in the top bar that finds records, and goes to pages by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import reflex as rx

from buyside.pages.kit.route import Route

_JS = rx.asset("palette.jsx", shared=True)


class Palette(rx.Component):
    """The React component in palette.jsx; use `palette`."""

    library = _JS.importable_path
    tag = "Palette"
    label: rx.Var[str]
    pages: rx.Var[list[dict[str, str]]]
    may: rx.Var[list[str]]
    hits: rx.Var[list[dict[str, str]]]
    sought: rx.Var[str]
    on_find: rx.EventHandler[lambda typed: [typed]]


def palette(routes: Iterable[Route], *, label: str, may: Any, hits: Any, sought: Any, on_find: Any) -> rx.Component:
    """The field. `routes` are the pages to go to, of which those show whose permission is among `may`; `on_find` gets what was typed
    and fills `hits` (kind, name, says, path, guess) and `sought`, what they were found for."""
    pages = [
        {
            "label": each.label,
            "path": each.path,
            "permission": each.permission.value,
            "keys": each.shortcut,
            "group": each.group or (each.parent.label if each.parent else ""),
        }
        for each in routes
        if "[" not in each.path
    ]
    return Palette.create(label=label, pages=pages, may=may, hits=hits, sought=sought, on_find=on_find)
