"""Cells as lists of (item × days + day, quantity) events, as compiled loops: where a dense block would be too large."""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from buyside.planning.kernels import REST, Ints


@njit(cache=True, nogil=True)
def add_up(key: Ints, order: Ints, cells: Ints, rests: Ints) -> tuple[Ints, Ints]:
    """Sums of equal keys, rounded half up once each; `order` sorts the keys."""
    keys = np.empty(order.size, np.int64)
    sums = np.empty(order.size, np.int64)
    count = 0
    rest = 0
    for i in order:
        if count == 0 or keys[count - 1] != key[i]:
            if count:
                sums[count - 1] += 2 * rest >= REST
            keys[count], sums[count], rest = key[i], 0, 0
            count += 1
        rest += rests[i]
        sums[count - 1] += cells[i] + rest // REST
        rest %= REST
    if count:
        sums[count - 1] += 2 * rest >= REST
    return keys[:count].copy(), sums[:count].copy()


@njit(cache=True, nogil=True)
def add_exactly(key: Ints, order: Ints, cells: Ints, rests: Ints) -> tuple[Ints, Ints, Ints]:
    """Sums of equal keys, not rounded; `order` sorts the keys."""
    keys = np.empty(order.size, np.int64)
    sums = np.zeros(order.size, np.int64)
    left = np.zeros(order.size, np.int64)
    at = -1
    for i in order:
        if at < 0 or keys[at] != key[i]:
            at += 1
            keys[at] = key[i]
        rest = left[at] + rests[i]
        sums[at] += cells[i] + rest // REST
        left[at] = rest % REST
    return keys[: at + 1].copy(), sums[: at + 1].copy(), left[: at + 1].copy()


@njit(cache=True, nogil=True)
def expand_cells(
    ptr: Ints, day: Ints, short: Ints, items: Ints, lead: Ints, edges: Any, dead: NDArray[np.bool_]
) -> tuple[Ints, Ints, Ints, Ints]:
    """The components of the cells of some items as a list: component, day, edge and parent cell."""
    component = np.empty(0, np.int64)
    needed = np.empty(0, np.int64)
    edge = np.empty(0, np.int64)
    cell = np.empty(0, np.int64)
    for fill in range(2):
        at = 0
        for p in items:
            for k in range(ptr[p], ptr[p + 1]):
                if short[k] == 0:
                    continue
                before = at
                for e in range(edges.ptr[p], edges.ptr[p + 1]):
                    if edges.first[e] <= day[k] <= edges.last[e]:
                        if fill:
                            component[at], needed[at] = edges.component[e], max(day[k] - lead[p], 0)
                            edge[at], cell[at] = e, k
                        at += 1
                if at == before:
                    dead[p] = True
        if fill == 0:
            component = np.empty(at, np.int64)
            needed = np.empty(at, np.int64)
            edge = np.empty(at, np.int64)
            cell = np.empty(at, np.int64)
    return component, needed, edge, cell
