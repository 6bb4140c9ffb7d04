"""The compiled part of action messages: where a line of supply meets the needs of its item and warehouse."""

from typing import NamedTuple

import numpy as np
from numba import njit

from buyside.planning.kernels import Ints

NEVER = -1
"""Stands for the day of what never comes."""


class Needs(NamedTuple):
    """Requirements in order of item, warehouse and day: of each place its first row and its end, of each row day and sum.

    `asked` runs on over all places; what one place asked for up to a row is the difference to the row before its first.
    """

    start: Ints
    end: Ints
    day: Ints
    asked: Ints
    on_hand: Ints


class Lines(NamedTuple):
    """Lines of supply: place, what earlier lines of it bring, quantity, the day they come, and the policy of their item.

    `point` and `up_to` are those of a stock policy, `keeps` is 1 where there is one.
    """

    place: Ints
    served: Ints
    quantity: Ints
    expected: Ints
    safety: Ints
    keeps: Ints
    point: Ints
    up_to: Ints


@njit(cache=True, nogil=True)
def _first(asked: Ints, base: int, start: int, end: int, level: int) -> int:
    """The first row of a place on which it has asked for `level` or more; `end` where none."""
    low, high = start, end
    while low < high:
        middle = (low + high) // 2
        if asked[middle] - base >= level:
            high = middle
        else:
            low = middle + 1
    return low


@njit(cache=True, nogil=True)
def _part(until: int, served: int, quantity: int) -> int:
    """How much of a line lies below a level of all that is served."""
    return min(max(until - served, 0), quantity)


@njit(cache=True, nogil=True)
def match(needs: Needs, lines: Lines) -> Ints:
    """Four rows, a column for each line: needed, missing before it comes, day first needed, day refilled (NEVER: none)."""
    found = np.empty((4, lines.place.size), np.int64)
    for n in range(lines.place.size):
        place, served, quantity = lines.place[n], lines.served[n], lines.quantity[n]
        start, end = needs.start[place], needs.end[place]
        base = needs.asked[start - 1] if start else 0
        lacks = lines.safety[n] - needs.on_hand[place]
        total = needs.asked[end - 1] - base
        needed_on = refilled_on = NEVER
        level = served - lacks + 1
        if level <= 0:
            needed_on = 0
        else:
            row = _first(needs.asked, base, start, end, level)
            if row < end:
                needed_on = needs.day[row]
        needed = _part(lacks + total, served, quantity)
        missing = 0
        if needed_on != NEVER and needed_on < lines.expected[n]:
            low, high = start, end
            while low < high:
                middle = (low + high) // 2
                if needs.day[middle] < lines.expected[n]:
                    low = middle + 1
                else:
                    high = middle
            before = needs.asked[low - 1] - base if low > start else 0
            missing = _part(lacks + before, served, quantity)
        if lines.keeps[n]:
            level = served + needs.on_hand[place] - lines.point[n]
            if level <= 0:
                refilled_on = 0
            else:
                row = _first(needs.asked, base, start, end, level)
                if row < end:
                    refilled_on = needs.day[row]
            if refilled_on != NEVER:
                needed = max(needed, _part(lines.up_to[n] - needs.on_hand[place] + total, served, quantity))
        found[0, n], found[1, n], found[2, n], found[3, n] = needed, missing, needed_on, refilled_on
    return found
