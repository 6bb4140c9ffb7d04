"""Frames as PostgreSQL's binary COPY stream, built by whole columns.

Quantities at QUANTITY_SCALE become numeric with six decimals without a decimal object in between. Format: PostgreSQL manual,
"COPY", section Binary Format; numeric as base-10000 digits (leading zero digits are dropped by the server).
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from buyside.planning.frames import QUANTITY_SCALE, Misfit

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = (-1).to_bytes(2, "big", signed=True)
_ROWS = 100_000  # of one chunk: bounds the memory of the stream to some ten megabytes
_EPOCH = 10_957  # days from 1970-01-01 to 2000-01-01, where PostgreSQL counts from
_NULL = -1


class Wire(StrEnum):
    """How a column travels."""

    INT4 = "int4"
    INT8 = "int8"
    DATE = "date"
    FLAG = "bool"
    NUMERIC = "numeric"
    """From Int64 at QUANTITY_SCALE."""
    WORD = "text"
    """Text of few different values: rows are sent grouped by it."""


_NUMERIC = np.dtype(
    [("digits", ">i2"), ("weight", ">i2"), ("sign", ">u2"), ("scale", ">i2")] + [(f"d{n}", ">i2") for n in range(6)]
)
_TYPES: dict[Wire, np.dtype[Any]] = {
    Wire.INT4: np.dtype(">i4"),
    Wire.INT8: np.dtype(">i8"),
    Wire.DATE: np.dtype(">i4"),
    Wire.FLAG: np.dtype("u1"),
}


def binary_copy(frame: pl.DataFrame, wires: Mapping[str, Wire]) -> Iterator[bytes]:
    """The columns of `wires`, in that order, as chunks of one stream. Rows of one pattern of nulls and words go together."""
    for name, wire in wires.items():
        if frame.schema[name] == pl.String and wire is not Wire.WORD:
            raise Misfit(f"{name} is text and cannot travel as {wire}")
    yield _HEADER
    grouped = [name for name, wire in wires.items() if wire is Wire.WORD]
    nullable = [name for name in wires if name not in grouped and frame[name].null_count()]
    keys = [*(pl.col(name) for name in grouped), *(pl.col(name).is_null().alias(f"no {name}") for name in nullable)]
    parts = (
        frame.with_columns(keys[len(grouped) :]).partition_by(
            [*grouped, *(f"no {name}" for name in nullable)], maintain_order=True
        )
        if keys
        else [frame]
    )
    for part in parts:
        absent = {name for name in nullable if part[f"no {name}"][0]} if part.height else set()
        for start in range(0, part.height, _ROWS):
            yield _rows(part.slice(start, _ROWS), wires, absent)
    yield _TRAILER


def _rows(part: pl.DataFrame, wires: Mapping[str, Wire], absent: set[str]) -> bytes:
    fields: list[tuple[str, object]] = [("fields", ">i2")]
    words = {name: part[name][0] for name, wire in wires.items() if wire is Wire.WORD}
    for name, wire in wires.items():
        fields.append((f"length {name}", ">i4"))
        if wire is Wire.WORD:
            encoded = b"" if words[name] is None else words[name].encode()
            if encoded:
                fields.append((name, f"S{len(encoded)}"))
        elif name not in absent:
            fields.append((name, _NUMERIC if wire is Wire.NUMERIC else _TYPES[wire]))
    rows = np.zeros(part.height, np.dtype(fields))
    rows["fields"] = len(wires)
    for name, wire in wires.items():
        if wire is Wire.WORD:
            word = words[name]
            rows[f"length {name}"] = _NULL if word is None else len(word.encode())
            if word:
                rows[name] = word.encode()
        elif name in absent:
            rows[f"length {name}"] = _NULL
        elif wire is Wire.NUMERIC:
            rows[f"length {name}"] = _NUMERIC.itemsize
            _fill_numeric(rows[name], part[name].to_numpy())
        else:
            rows[f"length {name}"] = _TYPES[wire].itemsize
            values = part[name].to_physical().to_numpy()
            rows[name] = values - _EPOCH if wire is Wire.DATE else values
    return rows.tobytes()


def _fill_numeric(into: NDArray[np.void], values: NDArray[np.int64]) -> None:
    """Six base-10000 digits: four before the point, two (of which six decimals count) after it."""
    whole, parts = np.divmod(np.abs(values), QUANTITY_SCALE)
    into["digits"], into["weight"], into["scale"] = 6, 3, 6
    into["sign"] = np.where(values < 0, 0x4000, 0)
    for position in range(3, -1, -1):
        whole, digit = np.divmod(whole, 10_000)
        into[f"d{position}"] = digit
    into["d4"], rest = np.divmod(parts, 100)
    into["d5"] = rest * 100
