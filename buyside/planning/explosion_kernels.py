"""Explosion and netting as compiled loops: cells of items × days, or lists of them, one level after the other.

Kernels that call each other stay in one file: numba's cache on disk does not notice a change in another one.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from buyside.planning.kernels import BUY, MAKE, MICRO, PHANTOM, REST, Ints

_EXACT = 1 << 52  # below it every whole number is a float


@njit(cache=True, nogil=True, inline="always")
def _deposit_wide(cells: Ints, rests: Ints, at: int, quantity: int, whole: int, micro: int) -> None:
    """Add quantity × (whole × 10^-6 + micro × 10^-12), exactly."""
    units, micros = quantity // MICRO, quantity % MICRO
    middle = units * micro + micros * whole
    rest = rests[at] + (middle % MICRO) * MICRO + micros * micro
    cells[at] += units * whole + middle // MICRO + rest // REST
    rests[at] = rest % REST


@njit(cache=True, nogil=True)
def explode_sources(asked: Ints, width: int, edges: Any, cells: Ints, rests: Ints, days: int, wide: bool) -> None:
    """Turn quantities of sources and of edges without a source, `width` days each, into quantities of their components."""
    sources = edges.ptr.size - 1
    behind = edges.ptr[sources]
    for row in range(asked.size // width):
        low, high = 0, width - 1
        while low < width and asked[row * width + low] == 0:
            low += 1
        while high > low and asked[row * width + high] == 0:
            high -= 1
        if low < width:
            first, stop = behind + row - sources, behind + row - sources + 1
            if row < sources:
                first, stop = edges.ptr[row], edges.ptr[row + 1]
            for e in range(first, stop):
                _add_component(
                    e, asked, row * width, low, high, 0, edges, cells, rests, edges.component[e] * days, wide
                )


@njit(cache=True, nogil=True, inline="always")
def _add_component(
    e: int, asked: Ints, row: int, low: int, high: int, lead: int, edges: Any, cells: Ints, rests: Ints, base: int, wide: bool
) -> None:  # fmt: skip
    """Add to the cells from `base` on what the days low..high of `asked` from `row` on need of edge e.

    It is needed `lead` days earlier, but never before today.
    """
    low, high = max(low, edges.first[e]), min(high, edges.last[e])
    if wide:
        whole, micro = edges.whole[e], edges.micro[e]
        for d in range(low, high + 1):
            if asked[row + d]:
                _deposit_wide(cells, rests, base + max(d - lead, 0), asked[row + d], whole, micro)
        return
    factor = edges.narrow[e]
    for d in range(low, min(lead, high + 1)):  # days that would fall before today
        cells[base] += asked[row + d] * factor
    low = max(low, lead)
    if low <= high:
        quantity, cell = asked[row + low : row + high + 1], cells[base + low - lead : base + high + 1 - lead]
        for k in range(quantity.size):
            cell[k] += quantity[k] * factor


@njit(cache=True, nogil=True)
def multiply(quantity: Ints, edge: Ints, edges: Any) -> tuple[Ints, Ints]:
    """quantity × factor per row, in wide form: 10^-6 units and the rest in 10^-18."""
    cells = np.zeros(quantity.size, np.int64)
    rests = np.zeros(quantity.size, np.int64)
    for i in range(quantity.size):
        _deposit_wide(cells, rests, i, quantity[i], edges.whole[edge[i]], edges.micro[edge[i]])
    return cells, rests


@njit(cache=True, nogil=True)
def net_row(
    day: Ints,
    gross: Ints,
    j: int,
    j_end: int,
    receipt_day: Ints,
    receipt: Ints,
    overdue: Ints,
    k: int,
    k_end: int,
    on_hand: int,
    safety: int,
    held: bool,
    out: Ints,
) -> int:
    """Net one item in one warehouse, time-phased: gross rows j..j_end and receipts k..k_end, each by day.

    Fills out[0..6] (day, gross, receipts, of these overdue, projected, shortage, to order), one column per day on which
    anything happens, and returns how many. What is to be ordered looks at all receipts, however late: the position.
    """
    if j == j_end and k == k_end and not held:
        return 0
    balance = on_hand
    position = on_hand
    for r in range(k, k_end):
        position += receipt[r]
    supplied = 0  # shortages of earlier dates
    ordered = 0  # orders of earlier dates
    n = 0
    opening = balance < safety
    while j < j_end or k < k_end or opening:
        today = 0
        if not opening:
            today = day[j] if j < j_end else receipt_day[k]
            if k < k_end and receipt_day[k] < today:
                today = receipt_day[k]
        opening = False
        asked = 0
        if j < j_end and day[j] == today:
            asked = gross[j]
            j += 1
        arrives = 0
        late = 0
        while k < k_end and receipt_day[k] == today:
            arrives += receipt[k]
            late += overdue[k]
            k += 1
        balance += arrives - asked
        position -= asked
        short = max(0, safety - (balance + supplied))
        supplied += short
        order = max(0, safety - (position + ordered))
        ordered += order
        if asked or arrives or short or order:
            out[0, n], out[1, n], out[2, n], out[3, n] = today, asked, arrives, late
            out[4, n], out[5, n], out[6, n] = balance, short, order
            n += 1
    return n


@njit(cache=True, nogil=True)
def _round_row(cells: Ints, rests: Ints, p: int, days: int, unit: int, wide: bool, day: Ints, gross: Ints) -> int:
    """The complete row of item p, each cell rounded half up; non-zero ones are listed in `day` and `gross`."""
    n = 0
    row = cells[p * days : p * days + days]
    if wide:
        for d in range(days):
            row[d] += 2 * rests[p * days + d] >= REST
    elif unit > 1:
        part = 1.0 / unit
        for d in range(days):
            q = row[d]
            if q < _EXACT:  # the product is then off by less than one: a division takes several times as long
                full = int(q * part)
                rest = q - full * unit
                full += (rest >= unit) - (rest < 0)
                rest = q - full * unit
            else:
                full = q // unit
                rest = q - full * unit
            row[d] = full + (2 * rest >= unit)
    for d in range(days):
        if row[d]:
            day[n], gross[n] = d, row[d]
            n += 1
    return n


@njit(cache=True, nogil=True)
def _any_uncounted(day: Ints, count: int, first: int, stop: int, edges: Any) -> bool:
    """Whether none of the edges first..stop counts on some of the days, which ascend."""
    for e in range(first, stop):
        if edges.first[e] <= day[0] and edges.last[e] >= day[count - 1]:
            return False
    for k in range(count):
        counts = False
        for e in range(first, stop):
            counts |= edges.first[e] <= day[k] <= edges.last[e]
        if not counts:
            return True
    return False


@njit(cache=True, nogil=True, inline="always")
def _rows_of(
    day: Ints, j: int, j_end: int, receipt_day: Ints, receipt: Ints, k: int, k_end: int, below: bool, held: bool
) -> int:
    """How many rows net_row() fills: days with gross or receipts, and the first one if the item begins `below` its safety stock."""
    n = 0
    opening = below and (j < j_end or k < k_end or held)
    while j < j_end or k < k_end:
        today = day[j] if j < j_end else receipt_day[k]
        if k < k_end and receipt_day[k] < today:
            today = receipt_day[k]
        moves = j < j_end and day[j] == today
        if moves:
            j += 1
        arrives = 0
        while k < k_end and receipt_day[k] == today:
            arrives += receipt[k]
            k += 1
        if moves or arrives:
            n += 1
            opening = opening and today > 0
    return n + opening


@njit(cache=True, nogil=True)
def inward_edges(edges: Any) -> tuple[Ints, Ints, Ints]:
    """The edges that lead to each item: pointers per item, edges and the parents that they come from."""
    n = edges.ptr.size - 1
    ptr = np.zeros(n + 1, np.int64)
    for e in range(edges.ptr[n]):
        ptr[edges.component[e] + 1] += 1
    for p in range(n):
        ptr[p + 1] += ptr[p]
    edge = np.empty(ptr[n], np.int64)
    parent = np.empty(ptr[n], np.int64)
    to = ptr[:n].copy()
    for p in range(n):
        for e in range(edges.ptr[p], edges.ptr[p + 1]):
            at = to[edges.component[e]]
            edge[at], parent[at] = e, p
            to[edges.component[e]] += 1
    return ptr, edge, parent


@njit(cache=True, nogil=True)
def explode_items(
    first: int, stop: int, stock: Any, edges: Any, inward: Any, slot: Ints, asking: Any, cells: Ints, rests: Ints, days: int,
    unit: int, wide: bool, dead: NDArray[np.bool_], rows: Ints,
) -> None:  # fmt: skip
    """Collect in the dense block what parents ask of the items first..stop, round it, and set what these ask in turn.

    Parents must be done; other items are not written to. `asking` are the quantities of the items with a slot by day, the
    first day on which each asks for something, and the last. Sets in `rows` how many rows net_row() has for each item.
    `dead` marks items that had something to explode and no row that counted on the day.
    """
    receipt_ptr, receipt_day, receipt, overdue = (
        stock.receipt_ptr,
        stock.receipt_day,
        stock.receipt,
        stock.receipt_overdue,
    )
    on_hand, safety, held, lead = stock.on_hand, stock.safety, stock.held, stock.lead
    inward_ptr, inward_edge, inward_parent = inward
    asked, low, high = asking
    most = 0
    for p in range(first, stop):
        most = max(most, receipt_ptr[p + 1] - receipt_ptr[p])
    day = np.empty(days, np.int64)
    gross = np.empty(days, np.int64)
    out = np.empty((7, days + most + 1), np.int64)
    for p in range(first, stop):
        for i in range(inward_ptr[p], inward_ptr[p + 1]):
            q = inward_parent[i]
            s = slot[q]
            if low[s] <= high[s]:
                _add_component(
                    inward_edge[i], asked, s * days, low[s], high[s], lead[q], edges, cells, rests, p * days, wide
                )
        count = _round_row(cells, rests, p, days, unit, wide, day, gross)
        k, k_end = receipt_ptr[p], receipt_ptr[p + 1]
        if stock.supply[p] == BUY:
            rows[p] = _rows_of(day, 0, count, receipt_day, receipt, k, k_end, on_hand[p] < safety[p], held[p])
            continue
        events = count
        if stock.supply[p] == MAKE:
            rows[p] = net_row(
                day, gross, 0, count, receipt_day, receipt, overdue, k, k_end, on_hand[p], safety[p], held[p], out
            )
            events = 0
            for r in range(rows[p]):
                if out[6, r]:
                    day[events], gross[events] = out[0, r], out[6, r]
                    events += 1
        s = slot[p]
        if s >= 0:
            low[s], high[s] = 0, -1
            asked[s * days : s * days + days] = 0
        if events:
            dead[p] = _any_uncounted(day, events, edges.ptr[p], edges.ptr[p + 1], edges)
            if s >= 0:
                low[s], high[s] = day[0], day[events - 1]
                for j in range(events):
                    asked[s * days + day[j]] = gross[j]


@njit(cache=True, nogil=True)
def cells_of(cells: Ints, days: int) -> tuple[Ints, Ints, Ints]:
    """The cells of a dense block that are not zero: pointers per item, days and quantities."""
    n = cells.size // days
    ptr = np.zeros(n + 1, np.int64)
    for p in range(n):
        count = 0
        for at in range(p * days, p * days + days):
            count += cells[at] != 0
        ptr[p + 1] = ptr[p] + count
    day = np.empty(ptr[n], np.int64)
    quantity = np.empty(ptr[n], np.int64)
    for p in range(n):
        to = ptr[p]
        for d in range(days):
            if cells[p * days + d]:
                day[to], quantity[to] = d, cells[p * days + d]
                to += 1
    return ptr, day, quantity


@njit(cache=True, nogil=True)
def net_rows(
    ptr: Ints,
    day: Ints,
    gross: Ints,
    stock: Any,
    first: int,
    stop: int,
    start: Ints,
    count: Ints,
    out: Ints,
    fill: bool,
) -> None:
    """Net the items first..stop: without `fill` only set how many rows each has, with it write them from `start` on.

    The gross cells are those that are not zero.
    """
    receipt_ptr, receipt_day, receipt, overdue = (
        stock.receipt_ptr,
        stock.receipt_day,
        stock.receipt,
        stock.receipt_overdue,
    )
    on_hand, safety, held, supply = stock.on_hand, stock.safety, stock.held, stock.supply
    for p in range(first, stop):
        if supply[p] == PHANTOM:
            continue
        j, j_end, k, k_end = ptr[p], ptr[p + 1], receipt_ptr[p], receipt_ptr[p + 1]
        if not fill:
            below = on_hand[p] < safety[p]
            count[p] = _rows_of(day, j, j_end, receipt_day, receipt, k, k_end, below, held[p])
        else:
            rows = out[:, start[p] : start[p] + count[p]]
            net_row(
                day, gross, j, j_end, receipt_day, receipt, overdue, k, k_end, on_hand[p], safety[p], held[p], rows
            )  # fmt: skip


@njit(cache=True, nogil=True)
def net_into(
    ptr: Ints, day: Ints, gross: Ints, cells: Ints, days: int, stock: Any, first: int, stop: int, start: Ints, count: Ints,
    out_day: NDArray[np.int32], out: tuple[Ints, ...],
) -> None:  # fmt: skip
    """Net the items first..stop into columns, from `start` on: days, and the six quantities of net_row() (both receipts zero before).

    Gross cells are lists of those that are not zero, or, where there are `days`, a dense block. `count` is what net_rows()
    or explode_items() counted.
    """
    receipt_ptr, receipt_day, receipt, overdue = (
        stock.receipt_ptr,
        stock.receipt_day,
        stock.receipt,
        stock.receipt_overdue,
    )
    on_hand, safety, held = stock.on_hand, stock.safety, stock.held
    most = 0
    for p in range(first, stop):
        most = max(most, count[p])
    rows = np.empty((7, most + 1), np.int64)
    if days:
        day, gross = np.empty(days, np.int64), np.empty(days, np.int64)
    for p in range(first, stop):
        if count[p] == 0:
            continue
        if days:
            j, j_end = 0, 0
            for d in range(days):
                quantity = cells[p * days + d]
                day[j_end], gross[j_end] = d, quantity
                j_end += quantity != 0
        else:
            j, j_end = ptr[p], ptr[p + 1]
        k, k_end = receipt_ptr[p], receipt_ptr[p + 1]
        n = net_row(
            day, gross, j, j_end, receipt_day, receipt, overdue, k, k_end, on_hand[p], safety[p], held[p], rows
        )  # fmt: skip
        at = start[p]
        for r in range(n):
            out_day[at + r] = rows[0, r]
            if rows[2, r]:  # hardly ever: what is not written stays zero
                out[1][at + r], out[2][at + r] = rows[2, r], rows[3, r]
        for column in (0, 3, 4, 5):
            out[column][at : at + n] = rows[column + 1, :n]
