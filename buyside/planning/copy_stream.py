"""Frames as PostgreSQL's binary COPY stream, in the order of their rows.

Quantities at QUANTITY_SCALE become numeric with six decimals without a decimal object in between; a text is encoded once,
however many rows say it. Format: PostgreSQL manual, "COPY", section Binary Format.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import polars as pl

from buyside.planning import copy_kernels as kernels
from buyside.planning.frames import Misfit
from buyside.planning.kernels import Ints

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = (-1).to_bytes(2, "big", signed=True)
_ROWS = 5_000  # of one chunk: about a megabyte, so that the server takes one in while the next is written


class Wire(StrEnum):
    """How a column travels."""

    INT4 = "int4"
    INT8 = "int8"
    DATE = "date"
    FLAG = "bool"
    NUMERIC = "numeric"
    """From Int64 at QUANTITY_SCALE."""
    WORD = "text"
    """From a text; each different one is kept in memory once."""


_KINDS = {
    Wire.INT4: kernels.INT4,
    Wire.INT8: kernels.INT8,
    Wire.DATE: kernels.DATE,
    Wire.FLAG: kernels.FLAG,
    Wire.NUMERIC: kernels.NUMERIC,
    Wire.WORD: kernels.WORD,
}
_LONGEST = {Wire.INT4: 4, Wire.INT8: 8, Wire.DATE: 4, Wire.FLAG: 1, Wire.NUMERIC: 22}
"""Bytes of a value, its length left out."""


def binary_copy(frame: pl.DataFrame, wires: Mapping[str, Wire]) -> Iterator[bytes]:
    """The columns of `wires`, in that order, as chunks of one stream. Raises Misfit where one cannot travel so."""
    for name, wire in wires.items():
        if (frame.schema[name] == pl.String) != (wire is Wire.WORD):
            raise Misfit(f"{name} is {frame.schema[name]} and cannot travel as {wire}")
    yield _HEADER
    kinds = np.array([_KINDS[wire] for wire in wires.values()], np.int64)
    columns, words = _physical(frame, wires)
    longest = 2 + sum(4 + _LONGEST.get(wire, words.longest) for wire in wires.values())
    for start in range(0, frame.height, _ROWS):
        rows = min(_ROWS, frame.height - start)
        values = np.empty((len(columns), rows), np.int64)
        absent = np.zeros((len(columns), rows), np.bool_)
        for number, column in enumerate(columns):
            part = column.slice(start, rows)
            if part.null_count():
                absent[number] = part.is_null().to_numpy()
                part = part.fill_null(0)
            values[number] = part.to_numpy()
        into = np.empty(longest * rows, np.uint8)
        size = kernels.write_rows(into, kinds, values, absent, words.base, words.ptr, words.text)
        yield into[:size].tobytes()
    yield _TRAILER


class _Words(NamedTuple):
    """The texts of all columns, each once; those of a column begin with number `base`."""

    base: Ints
    ptr: Ints
    text: kernels.Bytes
    longest: int


def _physical(frame: pl.DataFrame, wires: Mapping[str, Wire]) -> tuple[list[pl.Series], _Words]:
    """The columns as whole numbers: dates as days, texts as their place among the different ones of their column."""
    columns, told, base = [], list[bytes](), []
    for name, wire in wires.items():
        base.append(len(told))
        column = frame[name]
        if wire is Wire.WORD:
            different = column.drop_nulls().unique(maintain_order=True)
            told += [each.encode() for each in different]
            column = column.cast(pl.Enum(different))
        columns.append(column.to_physical())
    ptr = np.cumsum([0, *(len(each) for each in told)], dtype=np.int64)
    text = np.frombuffer(b"".join(told), np.uint8)
    return columns, _Words(np.array(base, np.int64), ptr, text, max(map(len, told), default=0))
