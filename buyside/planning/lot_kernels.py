"""Lot sizes as compiled loops: what is ordered, when, in which steps of the purchase unit.

A step is the smallest quantity that the purchase unit knows (one unit at 0 digits, 0.01 at 2); per_step / per_base 10^-6 stock
units make one, in lowest terms, so that conversion and rounding are exact.
"""

from collections import namedtuple
from typing import Any

import numpy as np
from numba import njit

from buyside.planning.kernels import Ints

# Per item; minimum and multiple in steps, the levels in 10^-6 stock units.
Lots = namedtuple("Lots", "per_step per_base minimum multiple reorder_point order_up_to period")


@njit(cache=True, nogil=True, inline="always")
def ceiling(number: int, divisor: int, inverse: float) -> int:
    """The smallest whole number of `divisor` that `number` goes into, neither negative; `inverse` is about 1 / divisor.

    Dividing integers takes the machine longer than all the rest of a lot: below 2^50 the product is off by less than one.
    """
    if number >= 1 << 50:
        return -(-number // divisor)
    guess = int(number * inverse)
    rest = number - guess * divisor
    if rest > divisor:
        return guess + 2
    return guess + 1 if rest > 0 else guess if rest > -divisor else guess - 1


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
def size_lots(
    first: int, stop: int, groups: Ints, start: Ints, count: Ints, day: Ints, gross: Ints, position: Ints, ordered: Any,
    safety: Ints, lots: Any, at: int, lines: Ints, out: Any,
) -> bool:  # fmt: skip
    """Order for every group at places `first` to `stop` that is `ordered`, into `out` from `at` on; `lines` gets how many each.

    The balance is the position: on hand and all open supply, however late, less the gross so far. What an order brings beyond
    its need stands in the balance of later days. Answers whether any was triggered by its reorder point alone.
    """
    items = safety.size
    by_point = False
    for place in range(first, stop):
        g = groups[place]
        if not ordered[g]:
            continue
        p, begun = g % items, at
        balance = position[g]
        safe, point, up_to, period = safety[p], lots.reorder_point[p], lots.order_up_to[p], lots.period[p]
        per_step, multiple, simple = lots.per_step[p], lots.multiple[p], lots.per_base[p] == 1
        by_step, by_multiple = 1.0 / per_step, 1.0 / multiple
        k, last = start[g], start[g] + count[g]
        opening = k == last or day[k] > 0
        while opening or k < last:
            today = 0 if opening else day[k]
            if not opening:
                balance -= gross[k]
                k += 1
            opening = False
            need = need_of(balance, safe, point, up_to, period, today, k, last, day, gross)
            if need > 0:
                if simple:
                    steps = (
                        ceiling(max(ceiling(need, per_step, by_step), lots.minimum[p]), multiple, by_multiple)
                        * multiple
                    )
                    brings = steps * per_step
                else:
                    steps = steps_of(need, lots, p)
                    brings = stock_units_of(steps, lots, p)
                out.day[at], out.need[at], out.steps[at], out.brings[at] = today, need, steps, brings
                out.by_shortage[at] = balance < safe
                by_point |= balance >= safe
                balance += brings
                at += 1
        lines[place] = at - begun
    return by_point


@njit(cache=True, nogil=True)
def largest_balances(start: Ints, count: Ints, projected: Ints, items: int) -> Ints:
    """Per item the balance that is farthest from zero, in any warehouse."""
    out = np.zeros(items, np.int64)
    for g in range(start.size):
        for k in range(start[g], start[g] + count[g]):
            out[g % items] = max(out[g % items], abs(projected[k]))
    return out
