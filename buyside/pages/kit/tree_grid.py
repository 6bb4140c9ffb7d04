"""A tree of any size as a grid with columns: levels come from the server when they are opened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import reflex as rx

_JS = rx.asset("tree_grid.jsx", shared=True)


class TreeGrid(rx.NoSSRComponent):
    """The React component in tree_grid.jsx; use `tree_grid`."""

    library = _JS.importable_path
    tag = "TreeGrid"
    label: rx.Var[str]
    heads: rx.Var[list[str]]
    roots: rx.Var[list[dict[str, Any]]]
    start: rx.Var[str]
    stamp: rx.Var[str]
    answer: rx.Var[dict[str, Any]]
    chosen: rx.Var[str]
    can_edit: rx.Var[bool]
    empty: rx.Var[str]
    on_levels: rx.EventHandler[lambda paths, request: [paths, request]]
    on_choose: rx.EventHandler[lambda row: [row]]
    on_act: rx.EventHandler[lambda act: [act]]


def tree_grid(
    label: str,
    heads: Sequence[str],
    *,
    roots: Any,
    start: Any,
    stamp: Any,
    answer: Any,
    chosen: Any,
    can_edit: Any,
    on_levels: Any,
    on_choose: Any,
    on_act: Any,
    empty: str = "Nothing here.",
) -> rx.Component:
    """A tree with columns.

    heads     the tree's own column first, then quantity, scrap, cumulated, days and supply
    roots     what it begins with, each {"path", "kind", "code", "name", "says", "has_more", "row_id", "per", "scrap",
              "cumulated", "days", "supply_says", "counts"}; `start` "levels" asks for them as the level of the empty path
    stamp     changes when everything that is open is to be asked for anew; empty: nothing is asked for yet
    answer    {"serial", "request", "levels": {path: {"places": as roots, "left": how many more}}} to
              `on_levels(paths, request)`, whose number it names; of a level
              that came in part, the next part is asked for by its path, "~" and how many are there
    on_choose gets {"path", "kind", "code", "row"} of a row; `on_act` then "edit", "add" or "remove" where a key asked for it
    """
    return TreeGrid.create(
        label=label,
        heads=list(heads),
        roots=roots,
        start=start,
        stamp=stamp,
        answer=answer,
        chosen=chosen,
        can_edit=can_edit,
        empty=empty,
        on_levels=on_levels,
        on_choose=on_choose,
        on_act=on_act,
    )
