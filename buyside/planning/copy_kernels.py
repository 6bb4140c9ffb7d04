"""Rows as PostgreSQL's binary COPY writes them, by one compiled loop. Format: PostgreSQL manual, "COPY", Binary Format."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from buyside.planning.kernels import MICRO, Ints

FLAG, INT4, INT8, DATE, NUMERIC, WORD = range(6)

Bytes = NDArray[np.uint8]
_EPOCH = 10_957  # days from 1970-01-01 to 2000-01-01, where PostgreSQL counts from
_GROUP = 10_000  # a digit of numeric
_NULL = -1


@njit(cache=True, nogil=True, inline="always")
def _put(into: Bytes, at: int, value: int, size: int) -> int:
    """The low bytes of a whole number, the highest of them first; where the next goes."""
    for i in range(size):
        into[at + i] = (value >> (8 * (size - 1 - i))) & 0xFF
    return at + size


@njit(cache=True, nogil=True)
def _put_numeric(into: Bytes, at: int, value: int, digit: Ints) -> int:
    """A number at QUANTITY_SCALE with six decimals: its length, then as many digits of base 10000 as it has.

    `digit` has room for seven: five before the point, of which int64 needs four, and two after it.
    """
    size = -value if value < 0 else value
    whole, part = size // MICRO, size % MICRO
    digit[5], digit[6] = part // 100, part % 100 * 100
    for i in range(4, -1, -1):
        digit[i] = whole % _GROUP
        whole //= _GROUP
    first, last = 0, 7
    while first < last and digit[first] == 0:
        first += 1
    while last > first and digit[last - 1] == 0:
        last -= 1
    at = _put(into, at, 8 + 2 * (last - first), 4)
    at = _put(into, at, last - first, 2)
    at = _put(into, at, 4 - first if last > first else 0, 2)
    at = _put(into, at, 0x4000 if value < 0 else 0, 2)
    at = _put(into, at, 6, 2)
    for i in range(first, last):
        at = _put(into, at, digit[i], 2)
    return at


@njit(cache=True, nogil=True)
def write_rows(
    into: Bytes, kinds: Ints, values: Ints, absent: NDArray[np.bool_], word_base: Ints, word_ptr: Ints, words: Bytes
) -> int:
    """Write all rows and answer how many bytes they take; `into` must have room for the longest.

    `values` and `absent` have a row for each column and a column for each row. The value of a word is its number among those
    of its column, which begin at `word_base`; word n is words[word_ptr[n]:word_ptr[n + 1]].
    """
    at = 0
    digit = np.zeros(7, np.int64)
    for row in range(values.shape[1]):
        at = _put(into, at, kinds.size, 2)
        for column in range(kinds.size):
            kind, value = kinds[column], values[column, row]
            if absent[column, row]:
                at = _put(into, at, _NULL, 4)
            elif kind == NUMERIC:
                at = _put_numeric(into, at, value, digit)
            elif kind == INT8:
                at = _put(into, at, 8, 4)
                at = _put(into, at, value, 8)
            elif kind == DATE:
                at = _put(into, at, 4, 4)
                at = _put(into, at, value - _EPOCH, 4)
            elif kind == INT4:
                at = _put(into, at, 4, 4)
                at = _put(into, at, value, 4)
            elif kind == FLAG:
                at = _put(into, at, 1, 4)
                at = _put(into, at, value, 1)
            else:
                word = word_base[column] + value
                length = word_ptr[word + 1] - word_ptr[word]
                at = _put(into, at, length, 4)
                into[at : at + length] = words[word_ptr[word] : word_ptr[word + 1]]
                at += length
    return at
