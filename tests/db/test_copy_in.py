"""Much at once on its way to PostgreSQL: what is made ahead comes in order, each stream whole."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import text
from sqlmodel import Session

from buyside.db.copy_in import copy_all, read_ahead

_HEADER, _TRAILER = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"


@dataclass(frozen=True)
class Given:
    table: str
    columns: tuple[str, ...]
    chunks: Iterator[bytes]


def _row(number: int) -> bytes:
    return b"\0\1\0\0\0\4" + number.to_bytes(4)


def test_what_is_made_ahead_comes_in_order_and_breaks_off_where_the_making_does() -> None:
    def made() -> Iterator[bytes]:
        yield from (b"a", b"b")
        raise ValueError("the third")

    coming = read_ahead(made())
    assert [next(coming), next(coming)] == [b"a", b"b"]
    with pytest.raises(ValueError, match="the third"):
        next(coming)
    assert list(read_ahead(iter([]))) == []


def test_no_more_is_made_than_is_told() -> None:
    made = list[int]()
    far = threading.Event()

    def numbers() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            if number == 2:
                far.set()
            yield number

    coming = read_ahead(numbers(), most=3)
    assert next(coming) == 0
    assert far.wait(5)
    coming.close()  # type: ignore[attr-defined]
    assert max(made) <= 4


def test_streams_fill_their_tables_one_after_the_other(session: Session) -> None:
    for name in ("first", "second"):
        session.execute(text(f"CREATE TEMPORARY TABLE {name} (number int4) ON COMMIT DROP"))
    copy_all(
        session,
        [
            Given("first", ("number",), iter([_HEADER, *map(_row, range(20)), _TRAILER])),
            Given("second", ("number",), iter([_HEADER, _TRAILER])),
            Given("first", ("number",), iter([_HEADER, _row(20), _TRAILER])),
        ],
    )
    assert session.scalar(text("SELECT array_agg(number) FROM first")) == list(range(21))
    assert session.scalar(text("SELECT count(*) FROM second")) == 0
