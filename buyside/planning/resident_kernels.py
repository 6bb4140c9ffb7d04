"""Changes of cells as compiled loops: from what a line or a parent asks more or less, to new cells and what they ask in turn.

An exact amount is `units` × 10^-6 plus `rest` × 10^-18, the rest never negative. A kept cell is its gross (rounded half up)
and how far the exact sum is from it, from -half to just below half a unit: so a difference can be added to it exactly.
Nothing here calls a kernel of another file: numba's cache on disk would not notice a change there.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from buyside.planning.kernels import MICRO, PHANTOM, REST, Ints

HALF = REST // 2
FEW = 40


@njit(cache=True, nogil=True)
def take_rows(ptr: Ints, rows: Ints, at: Ints, to: Ints, out: Ints) -> None:
    """Copy the groups `at` of ragged rows to the columns of `out` that begin at `to`."""
    for i in range(at.size):
        first, count = ptr[at[i]], ptr[at[i] + 1] - ptr[at[i]]
        for c in range(rows.shape[0]):
            for k in range(count):
                out[c, to[i] + k] = rows[c, first + k]


@njit(cache=True, nogil=True)
def exact_cells(
    first_ptr: Ints,
    first_day: Ints,
    first_units: Ints,
    first_rests: Ints,
    into_ptr: Ints,
    into_edge: Ints,
    into_parent: Ints,
    edges: Any,
    lead: Ints,
    ask_ptr: Ints,
    ask_day: Ints,
    ask: Ints,
    days: int,
) -> tuple[Ints, Ints]:
    """Every cell of one warehouse, exactly: pointers per item, and rows of day, gross and what the exact sum has beyond it.

    `into_…` lists the edges that lead to each item; `ask_…` what each made or phantom item asks of its components.
    """
    n = into_ptr.size - 1
    ptr = np.zeros(n + 1, np.int64)
    out = np.empty((3, max(1024, 2 * first_day.size)), np.int64)
    units = np.zeros(days, np.int64)
    rests = np.zeros(days, np.int64)
    at = 0
    for p in range(n):
        units[:] = 0
        rests[:] = 0
        for k in range(first_ptr[p], first_ptr[p + 1]):
            units[first_day[k]] = first_units[k]
            rests[first_day[k]] = first_rests[k]
        for j in range(into_ptr[p], into_ptr[p + 1]):
            e, parent = into_edge[j], into_parent[j]
            whole, micro = edges.whole[e], edges.micro[e]
            for k in range(ask_ptr[parent], ask_ptr[parent + 1]):
                day = ask_day[k]
                if edges.first[e] <= day <= edges.last[e]:
                    d = max(day - lead[parent], 0)
                    full, micros = ask[k] // MICRO, ask[k] % MICRO
                    middle = full * micro + micros * whole
                    rest = rests[d] + (middle % MICRO) * MICRO + micros * micro
                    units[d] += full * whole + middle // MICRO + rest // REST
                    rests[d] = rest % REST
        if at + days > out.shape[1]:
            larger = np.empty((3, 2 * out.shape[1] + days), np.int64)
            larger[:, :at] = out[:, :at]
            out = larger
        for d in range(days):
            up = rests[d] >= HALF
            gross = units[d] + up
            rest = rests[d] - (REST if up else 0)
            if gross != 0 or rest != 0:
                out[0, at], out[1, at], out[2, at] = d, gross, rest
                at += 1
        ptr[p + 1] = at
    return ptr, out[:, :at].copy()


@njit(cache=True, nogil=True)
def _by_day(day: Ints, first: int, stop: int, turn: Ints) -> int:
    """Fill `turn` with first..stop in order of their days; how many they are. Most items have few differences."""
    count = stop - first
    if count > FEW:
        turn[:count] = first + np.argsort(day[first:stop])
        return count
    for i in range(count):
        k = i
        while k > 0 and day[turn[k - 1]] > day[first + i]:
            turn[k] = turn[k - 1]
            k -= 1
        turn[k] = first + i
    return count


@njit(cache=True, nogil=True)
def _most_events(items: Ints, event_ptr: Ints) -> int:
    most = 0
    for p in items:
        most = max(most, event_ptr[p + 1] - event_ptr[p])
    return most


@njit(cache=True, nogil=True, inline="always")
def _next_cell(
    rows: Ints, k: int, k_end: int, day: Ints, units: Ints, rests: Ints, turn: Ints, j: int, count: int
) -> tuple[int, int, int, int, int, int]:
    """The next day of kept cells k..k_end and their differences, of which `turn` is the order by day: where it leads, then day,
    gross before, gross now and what the exact sum has beyond it now."""
    gross = rest = 0
    if j == count or (k < k_end and rows[0, k] <= day[turn[j]]):
        today, gross, rest = rows[0, k], rows[1, k], rows[2, k]
        k += 1
    else:
        today = day[turn[j]]
    before = gross
    while j < count and day[turn[j]] == today:
        rest += rests[turn[j]]
        up = (rest + HALF) // REST
        gross += units[turn[j]] + up
        rest -= up * REST
        j += 1
    return k, j, today, before, gross, rest


@njit(cache=True, nogil=True)
def changed_cells(
    ptr: Ints, rows: Ints, items: Ints, event_ptr: Ints, event_day: Ints, event_units: Ints, event_rests: Ints
) -> tuple[Ints, Ints]:
    """Kept cells of some items with their differences added: pointers and rows."""
    n = ptr.size - 1
    most = rows.shape[1]
    for i in range(n):
        most += event_ptr[items[i] + 1] - event_ptr[items[i]]
    out_ptr = np.zeros(n + 1, np.int64)
    out = np.empty((3, most), np.int64)
    turn = np.empty(_most_events(items, event_ptr), np.int64)
    at = 0
    for i in range(n):
        k, k_end, j = ptr[i], ptr[i + 1], 0
        events = _by_day(event_day, event_ptr[items[i]], event_ptr[items[i] + 1], turn)
        while k < k_end or j < events:
            k, j, day, _, gross, rest = _next_cell(rows, k, k_end, event_day, event_units, event_rests, turn, j, events)
            if gross != 0 or rest != 0:
                out[0, at], out[1, at], out[2, at] = day, gross, rest
                at += 1
        out_ptr[i + 1] = at
    return out_ptr, out[:, :at].copy()


@njit(cache=True, nogil=True)
def _any_demand(
    rows: Ints, k: int, k_end: int, day: Ints, units: Ints, rests: Ints, turn: Ints, events: int
) -> tuple[bool, bool]:
    """Whether there is any gross in kept cells, before and with their differences."""
    was_there = is_there = False
    j = 0
    while k < k_end or j < events:
        k, j, _, before, now, _ = _next_cell(rows, k, k_end, day, units, rests, turn, j, events)
        was_there |= before != 0
        is_there |= now != 0
    return was_there, is_there


@njit(cache=True, nogil=True)
def order_changes(
    items: Ints,
    start: Ints,
    stop: Ints,
    rows: Ints,
    event_ptr: Ints,
    event_day: Ints,
    event_units: Ints,
    event_rests: Ints,
    supply: Ints,
    position: Ints,
    safety: Ints,
    always: NDArray[np.bool_],
) -> tuple[Ints, Ints, Ints]:
    """What some made and phantom items ask of their components more than before: (item, day, quantity).

    Their kept cells are start..stop of `rows`; differences come per item. `position` is what is on hand and on order, `always`
    whether the item is looked at even without demand. Gross is never negative, so what is to be ordered of a made item up to
    a day is what its safety stock lacks at the end of it: an item is done when no difference is left and both sides are short.
    """
    most = 0
    for i in range(items.size):
        most += event_ptr[items[i] + 1] - event_ptr[items[i]] + stop[i] - start[i] + 1
    out = np.empty((3, most), np.int64)
    turn = np.empty(_most_events(items, event_ptr), np.int64)
    at = 0
    for i in range(items.size):
        p = items[i]
        events = _by_day(event_day, event_ptr[p], event_ptr[p + 1], turn)
        k, j = start[i], 0
        left = was_left = position[i]  # now and before
        was_there = is_there = True
        less = 0  # what was to be ordered more than before, up to the day looked at
        if not always[i] and supply[i] != PHANTOM:
            was_there, is_there = _any_demand(rows, k, stop[i], event_day, event_units, event_rests, turn, events)
            if (
                was_there != is_there
            ):  # the first demand, or the last, brings or takes the safety stock on the first day
                less = max(0, safety[i] - position[i]) * (1 if is_there else -1)
                out[0, at], out[1, at], out[2, at] = p, 0, less
                at += less != 0
        both = was_there and is_there
        while k < stop[i] or j < events:
            k, j, day, before, now, _ = _next_cell(
                rows, k, stop[i], event_day, event_units, event_rests, turn, j, events
            )
            more = now - before
            if supply[i] != PHANTOM:
                was_left -= before
                left -= now
                due = max(0, safety[i] - left) * is_there - max(0, safety[i] - was_left) * was_there
                more, less = due - less, due
            out[0, at], out[1, at], out[2, at] = p, day, more
            at += more != 0
            if j == events and (supply[i] == PHANTOM or (both and max(left, was_left) < safety[i])):
                break
    return out[0, :at].copy(), out[1, :at].copy(), out[2, :at].copy()


@njit(cache=True, nogil=True)
def grouped(item: Ints, items: int, day: Ints, units: Ints, rests: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Differences by item: pointers, days, units, rests."""
    ptr = np.zeros(items + 1, np.int64)
    for p in item:
        ptr[p + 1] += 1
    for p in range(items):
        ptr[p + 1] += ptr[p]
    at = ptr[:-1].copy()
    out_day = np.empty(item.size, np.int64)
    out_units = np.empty(item.size, np.int64)
    out_rests = np.empty(item.size, np.int64)
    for k in range(item.size):
        to = at[item[k]]
        at[item[k]] += 1
        out_day[to], out_units[to], out_rests[to] = day[k], units[k], rests[k]
    return ptr, out_day, out_units, out_rests


@njit(cache=True, nogil=True)
def with_gross(ptr: Ints, rows: Ints) -> tuple[Ints, Ints, Ints]:
    """The cells whose gross is not zero: pointers, days, gross."""
    out_ptr = np.zeros(ptr.size, np.int64)
    day = np.empty(rows.shape[1], np.int64)
    gross = np.empty(rows.shape[1], np.int64)
    at = 0
    for i in range(ptr.size - 1):
        for k in range(ptr[i], ptr[i + 1]):
            if rows[1, k] != 0:
                day[at], gross[at] = rows[0, k], rows[1, k]
                at += 1
        out_ptr[i + 1] = at
    return out_ptr, day[:at].copy(), gross[:at].copy()


@njit(cache=True, nogil=True)
def asked_of_components(
    supply: Ints, ptr: Ints, day: Ints, gross: Ints, start: Ints, count: Ints, netted_day: Ints, to_order: Ints
) -> tuple[Ints, Ints, Ints]:
    """What each item asks of its components: a phantom its gross, a made item what is to be ordered of it."""
    out_ptr = np.zeros(supply.size + 1, np.int64)
    out_day = np.empty(day.size + netted_day.size, np.int64)
    out = np.empty(day.size + netted_day.size, np.int64)
    at = 0
    for i in range(supply.size):
        if supply[i] == PHANTOM:
            for k in range(ptr[i], ptr[i + 1]):
                out_day[at], out[at] = day[k], gross[k]
                at += 1
        else:
            for k in range(start[i], start[i] + count[i]):
                if to_order[k] != 0:
                    out_day[at], out[at] = netted_day[k], to_order[k]
                    at += 1
        out_ptr[i + 1] = at
    return out_ptr, out_day[:at].copy(), out[:at].copy()


@njit(cache=True, nogil=True)
def differences(
    old_ptr: Ints,
    old_day: Ints,
    old: Ints,
    old_lead: Ints,
    new_ptr: Ints,
    new_day: Ints,
    new: Ints,
    new_lead: Ints,
) -> tuple[Ints, Ints, Ints, Ints]:
    """What is asked now less what was: (position, day, quantity, lead); all of both where the lead is another."""
    most = old.size + new.size
    where = np.empty(most, np.int64)
    day = np.empty(most, np.int64)
    quantity = np.empty(most, np.int64)
    lead = np.empty(most, np.int64)
    at = 0
    for i in range(old_ptr.size - 1):
        j, j_end, k, k_end = old_ptr[i], old_ptr[i + 1], new_ptr[i], new_ptr[i + 1]
        same = old_lead[i] == new_lead[i]
        while j < j_end or k < k_end:
            take_old = k == k_end or (j < j_end and (old_day[j] <= new_day[k] or not same))
            take_new = j == j_end or (k < k_end and new_day[k] <= old_day[j] and same)
            more = 0
            where[at], lead[at] = i, new_lead[i]
            if take_old:
                day[at], lead[at] = old_day[j], old_lead[i]
                more -= old[j]
                j += 1
            if take_new:
                day[at] = new_day[k]
                more += new[k]
                k += 1
            quantity[at] = more
            at += more != 0
    return where[:at].copy(), day[:at].copy(), quantity[:at].copy(), lead[:at].copy()


@njit(cache=True, nogil=True)
def components(item: Ints, day: Ints, quantity: Ints, lead: Ints, edges: Any) -> tuple[Ints, Ints, Ints, Ints]:
    """What differences of items mean to their components: (component, day, units, rest), exactly."""
    most = 0
    for i in range(item.size):
        most += edges.ptr[item[i] + 1] - edges.ptr[item[i]]
    component = np.empty(most, np.int64)
    needed = np.empty(most, np.int64)
    units = np.empty(most, np.int64)
    rests = np.empty(most, np.int64)
    at = 0
    for i in range(item.size):
        full, micros = quantity[i] // MICRO, quantity[i] % MICRO
        for e in range(edges.ptr[item[i]], edges.ptr[item[i] + 1]):
            if edges.first[e] <= day[i] <= edges.last[e]:
                whole, micro = edges.whole[e], edges.micro[e]
                middle = full * micro + micros * whole
                rest = (middle % MICRO) * MICRO + micros * micro
                component[at], needed[at] = edges.component[e], max(day[i] - lead[i], 0)
                units[at] = full * whole + middle // MICRO + rest // REST
                rests[at] = rest % REST
                at += 1
    return component[:at].copy(), needed[:at].copy(), units[:at].copy(), rests[:at].copy()
