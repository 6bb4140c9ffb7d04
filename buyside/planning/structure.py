"""Items in order of their low-level codes, and the BOM rows between them (PLAN-3)."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from buyside.planning import kernels
from buyside.planning.dense import FOREVER, Positions, ascending, day_numbers, factors, ints, make_edges
from buyside.planning.frames import BOM, ITEMS, Cycle, Misfit
from buyside.planning.kernels import BUY, MAKE, PHANTOM, Edges, Ints

SUPPLY = {"buy": BUY, "make": MAKE, "phantom": PHANTOM}


@dataclass(frozen=True)
class Structure:
    """Items by low-level code, then id: every parent stands before its components.

    `items` are ITEMS in that order; `edges` the rows of made and phantom items, `rows` their BOM row ids; `level_ptr`
    where each level begins.
    """

    items: pl.DataFrame
    at: Positions
    supply: Ints
    edges: Edges
    rows: Ints
    level: Ints
    level_ptr: Ints


def order_items(items: pl.DataFrame, bom: pl.DataFrame, as_of: date) -> Structure:
    """Give every item its low-level code, over all rows whether they count today or not.

    In     ITEMS, BOM (rows of variants and products and of bought items play no part)
    Holds  a component's code is above its parents'; row order never matters
    Refuses Misfit (an unknown item or word), Cycle (with its path).
    """
    items, bom = ITEMS.check_key(items), BOM.check_key(bom)
    if not ascending(items["item"]):
        items = items.sort("item")
    strange = items.filter(~pl.col("supply").is_in(list(SUPPLY)))
    if strange.height:
        raise Misfit(f"ITEMS has the supply mode {strange['supply'][0]!r}")
    supply = ints(items["supply"].replace_strict(SUPPLY, return_dtype=pl.Int64))
    at = Positions(ints(items["item"]))
    at.find_all(ints(bom["component"].unique()), "BOM")
    rows = bom.filter(pl.col("parent_kind") == "item")
    if not ascending(rows["row"]):
        rows = rows.sort("row")
    parent = at.find_all(ints(rows["parent"]), "BOM")
    exploding = supply[parent] != BUY
    rows, parent = rows.filter(pl.Series(exploding)), parent[exploding]
    component = at.find(ints(rows["component"]))
    ptr, order = kernels.group_positions(parent, items.height)
    level, placed = kernels.low_level_codes(ptr, component[order], items.height)
    if placed < items.height:
        raise Cycle(tuple(int(at.ids[p]) for p in _circle(ptr, component[order], items.height)))
    by_code = np.argsort(level, kind="stable")
    new = np.empty_like(by_code)
    new[by_code] = np.arange(by_code.size)
    whole, micro = factors(rows["quantity_per"], rows["scrap_percent"])
    first = day_numbers(rows["valid_from"], as_of, empty=-FOREVER)
    last = day_numbers(rows["valid_to"], as_of, empty=FOREVER)
    edges = make_edges(new[parent], items.height, new[component], whole, micro, first, last)
    _, order = kernels.group_positions(new[parent], items.height)
    items, level = items[by_code], level[by_code]
    level_ptr = np.searchsorted(level, np.arange(int(level.max(initial=0)) + 2))
    return Structure(
        items, Positions(ints(items["item"])), supply[by_code], edges, ints(rows["row"])[order], level, level_ptr
    )


def _circle(ptr: Ints, component: Ints, n: int) -> list[int]:
    """A path of items that ends where it began: what is left when all that can be placed has been taken away."""
    waits = np.bincount(component, minlength=n)
    ready = [p for p in range(n) if waits[p] == 0]
    while ready:
        p = ready.pop()
        for c in component[ptr[p] : ptr[p + 1]]:
            waits[c] -= 1
            if waits[c] == 0:
                ready.append(int(c))
    left = waits > 0
    parent_of: dict[int, int] = {}
    for p in np.flatnonzero(left)[::-1]:
        for c in component[ptr[p] : ptr[p + 1]]:
            if left[c]:
                parent_of[int(c)] = int(p)
    path = [int(np.argmax(left))]
    while path[-1] not in path[:-1]:
        path.append(parent_of[path[-1]])
    return path[path.index(path[-1]) :][::-1]
