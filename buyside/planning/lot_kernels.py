"""Lot sizes and prices as compiled loops: what is ordered, when, in which steps of the purchase unit.

A step is the smallest quantity that the purchase unit knows (one unit at 0 digits, 0.01 at 2); per_step / per_base 10^-6 stock
units make one, in lowest terms, so that conversion and rounding are exact.
"""

from collections import namedtuple
from typing import Any

import numpy as np
from numba import njit

from buyside.planning.kernels import BUY, Ints

# Per item; minimum and multiple in steps, the levels in 10^-6 stock units. What is scanned is ordered elsewhere.
Lots = namedtuple("Lots", "per_step per_base minimum multiple reorder_point order_up_to period scanned")


@njit(cache=True, nogil=True, inline="always")
def steps_of(need: int, lots: Any, p: int) -> int:
    """Steps of the purchase unit that cover `need` stock units, up to minimum and multiple."""
    full, rest = need // lots.per_step[p], need % lots.per_step[p]
    steps = full * lots.per_base[p] - (-(rest * lots.per_base[p]) // lots.per_step[p])
    return int(-(-max(steps, lots.minimum[p]) // lots.multiple[p]) * lots.multiple[p])


@njit(cache=True, nogil=True, inline="always")
def stock_units_of(steps: int, lots: Any, p: int) -> int:
    """The same in stock units, rounded half up to 10^-6 (never below what it was to cover)."""
    full, rest = steps // lots.per_base[p], steps % lots.per_base[p]
    return int(full * lots.per_step[p] + (2 * rest * lots.per_step[p] + lots.per_base[p]) // (2 * lots.per_base[p]))


@njit(cache=True, nogil=True, inline="always")
def need_of(
    balance: int,
    safety: int,
    point: int,
    up_to: int,
    period: int,
    today: int,
    k: int,
    stop: int,
    day: Ints,
    gross: Ints,
) -> int:
    """What an item needs on a day; its columns from k on follow that day."""
    need = safety - balance
    if need > 0 and period > 1:
        later = balance
        for f in range(k, stop):
            if day[f] >= today + period:
                break
            later -= gross[f]
            need = max(need, safety - later)
    if balance <= point:
        need = max(need, up_to - balance)
    return need


@njit(cache=True, nogil=True)
def size_lots(start: Ints, count: Ints, day: Ints, gross: Ints, stock: Any, lots: Any) -> tuple[Ints, Ints]:
    """Order for every item that is bought: (day, need, triggered by shortage, steps, stock units) per plan line.

    The balance is the position: on hand and all open supply, however late, less the gross so far. What an order brings beyond
    its need stands in the balance of later days.
    """
    n = stock.supply.size
    out_ptr = np.zeros(n + 1, np.int64)
    out = np.empty((5, n + count.sum()), np.int64)  # more than there can be: what is not written takes no memory
    at = 0
    for p in range(n):
        if stock.supply[p] == BUY and not lots.scanned[p] and (stock.held[p] or count[p]):
            balance = stock.on_hand[p]
            for r in range(stock.receipt_ptr[p], stock.receipt_ptr[p + 1]):
                balance += stock.receipt[r]
            safety, point, up_to, period = stock.safety[p], lots.reorder_point[p], lots.order_up_to[p], lots.period[p]
            k, stop = start[p], start[p] + count[p]
            opening = k == stop or day[k] > 0
            while opening or k < stop:
                today = 0 if opening else day[k]
                if not opening:
                    balance -= gross[k]
                    k += 1
                opening = False
                by_shortage = balance < safety
                need = need_of(balance, safety, point, up_to, period, today, k, stop, day, gross)
                if need > 0:
                    steps = steps_of(need, lots, p)
                    brings = stock_units_of(steps, lots, p)
                    balance += brings
                    out[0, at], out[1, at], out[2, at], out[3, at], out[4, at] = today, need, by_shortage, steps, brings
                    at += 1
        out_ptr[p + 1] = at
    return out_ptr, out[:, :at]


@njit(cache=True, nogil=True)
def price_breaks(candidate: Ints, quantity: Ints, ptr: Ints, from_quantity: Ints) -> Ints:
    """Row of the highest break at or below each quantity; -1 where there is none."""
    out = np.full(candidate.size, -1, np.int64)
    for i in range(candidate.size):
        c = candidate[i]
        if c >= 0:
            for k in range(ptr[c], ptr[c + 1]):
                if from_quantity[k] <= quantity[i]:
                    out[i] = k
    return out


@njit(cache=True, nogil=True)
def larger_breaks(
    candidate: Ints, quantity: Ints, price: Ints, ptr: Ints, from_quantity: Ints, unit_price: Ints
) -> tuple[Ints, Ints]:
    """(line, break) wherever a break above the quantity could make the whole order cheaper; near misses included."""
    line = np.empty(0, np.int64)
    row = np.empty(0, np.int64)
    for fill in range(2):
        at = 0
        for i in range(candidate.size):
            if price[i] >= 0:
                now = float(quantity[i]) * unit_price[price[i]] * (1 + 1e-9)
                for k in range(price[i] + 1, ptr[candidate[i] + 1]):
                    if from_quantity[k] > quantity[i] and float(from_quantity[k]) * unit_price[k] < now:
                        if fill:
                            line[at], row[at] = i, k
                        at += 1
        if fill == 0:
            line = np.empty(at, np.int64)
            row = np.empty(at, np.int64)
    return line, row


@njit(cache=True, nogil=True)
def largest_balances(start: Ints, count: Ints, projected: Ints, items: int) -> Ints:
    """Per item the balance that is farthest from zero, in any warehouse."""
    out = np.zeros(items, np.int64)
    for g in range(start.size):
        for k in range(start[g], start[g] + count[g]):
            out[g % items] = max(out[g % items], abs(projected[k]))
    return out
