"""Rows on their way into a table, taken apart again as the manual of PostgreSQL describes its binary COPY."""

import struct
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buyside.planning import copy_stream
from buyside.planning.copy_stream import Wire, binary_copy
from buyside.planning.frames import Misfit

_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)


def _numeric(field: bytes) -> Decimal:
    digits, weight, sign, scale = struct.unpack(">hhHh", field[:8])
    groups = struct.unpack(f">{digits}h", field[8:])
    assert scale == 6
    assert not groups or (groups[0] and groups[-1]), "a digit too much"
    size = sum((Decimal(each) * Decimal(10_000) ** (weight - n) for n, each in enumerate(groups)), Decimal(0))
    return -size if sign == 0x4000 else size


_READ: dict[Wire, Any] = {
    Wire.INT4: lambda field: struct.unpack(">i", field)[0],
    Wire.INT8: lambda field: struct.unpack(">q", field)[0],
    Wire.DATE: lambda field: date(2000, 1, 1) + timedelta(days=struct.unpack(">i", field)[0]),
    Wire.FLAG: lambda field: field != b"\0",
    Wire.NUMERIC: _numeric,
    Wire.WORD: bytes.decode,
}


def _rows(stream: bytes, wires: Mapping[str, Wire]) -> Iterator[tuple[Any, ...]]:
    assert stream.startswith(_SIGNATURE)
    at = len(_SIGNATURE)
    while (fields := struct.unpack_from(">h", stream, at)[0]) != -1:
        assert fields == len(wires)
        at, row = at + 2, []
        for wire in wires.values():
            length = struct.unpack_from(">i", stream, at)[0]
            at += 4
            row.append(None if length == -1 else _READ[wire](stream[at : at + length]))
            at += max(length, 0)
        yield tuple(row)
    assert at + 2 == len(stream)


_SCHEMA = {
    Wire.INT4: pl.Int32,
    Wire.INT8: pl.Int64,
    Wire.DATE: pl.Date,
    Wire.FLAG: pl.Boolean,
    Wire.NUMERIC: pl.Int64,
    Wire.WORD: pl.String,
}
_VALUES: dict[Wire, st.SearchStrategy[Any]] = {
    Wire.INT4: st.integers(-(2**31), 2**31 - 1),
    Wire.INT8: st.integers(-(2**63), 2**63 - 1),
    Wire.DATE: st.dates(date(1900, 1, 1), date(2200, 1, 1)),
    Wire.FLAG: st.booleans(),
    Wire.NUMERIC: st.one_of(st.integers(-(2**62), 2**62), st.integers(-20, 20).map(lambda n: n * 10**6)),
    Wire.WORD: st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=9),
}
_ROW = st.tuples(*(st.none() | _VALUES[wire] for wire in Wire))
_WIRES = {wire.name: wire for wire in Wire}


def _frame(rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, {wire.name: _SCHEMA[wire] for wire in Wire}, orient="row")


@settings(deadline=None, max_examples=60)
@given(st.lists(_ROW, max_size=9))
def test_what_is_written_is_read_again_row_by_row(rows: list[tuple[Any, ...]]) -> None:
    at = list(_WIRES).index("NUMERIC")
    found = list(_rows(b"".join(binary_copy(_frame(rows), _WIRES)), _WIRES))
    told = [
        tuple(None if each is None else Decimal(each).scaleb(-6) if n == at else each for n, each in enumerate(row))
        for row in rows
    ]
    assert found == told


def test_chunks_go_on_where_the_one_before_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copy_stream, "_ROWS", 2)
    wires = {"item": Wire.INT8, "why": Wire.WORD}
    rows = [(1, "late"), (2, None), (3, ""), (4, "late"), (5, "short")]
    frame = pl.DataFrame(rows, {"item": pl.Int64, "why": pl.String}, orient="row")
    chunks = list(binary_copy(frame, wires))
    assert len(chunks) == 2 + 3
    assert list(_rows(b"".join(chunks), wires)) == rows


@pytest.mark.parametrize(("values", "wire"), [(["a"], Wire.INT8), ([1], Wire.WORD)])
def test_a_text_travels_as_a_text_and_nothing_else_does(values: list[Any], wire: Wire) -> None:
    with pytest.raises(Misfit):
        list(binary_copy(pl.DataFrame({"name": values}), {"name": wire}))
