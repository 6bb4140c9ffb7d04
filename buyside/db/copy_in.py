"""Much at once on its way to PostgreSQL, inside the transaction of a session: rows by COPY, numbers as one array."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import Any, Protocol, TypeVar, cast

import psycopg
from sqlmodel import Session

Each = TypeVar("Each")


class Rows(Protocol):
    """Rows on their way into a table, as a binary COPY stream; `chunks` can be read once."""

    @property
    def table(self) -> str: ...
    @property
    def columns(self) -> tuple[str, ...]: ...
    @property
    def chunks(self) -> Iterator[bytes]: ...


def copy_in(session: Session, table: str, columns: Sequence[str], chunks: Iterable[bytes]) -> None:
    """Send a binary COPY stream into columns of a table. The database checks the rows as it does those of an INSERT."""
    driver = cast("psycopg.Connection[Any]", session.connection().connection.dbapi_connection)
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)"
    with driver.cursor() as cursor, cursor.copy(statement) as target:
        for chunk in chunks:
            target.write(chunk)


def copy_all(session: Session, streams: Iterable[Rows]) -> None:
    """Send streams into their tables, one after the other. What follows is made while the database checks what came before."""
    coming = read_ahead((number, each, chunk) for number, each in enumerate(streams) for chunk in each.chunks)
    for (_number, table, columns), chunks in groupby(coming, lambda one: (one[0], one[1].table, one[1].columns)):
        copy_in(session, table, columns, (chunk for _, _, chunk in chunks))


def read_ahead(made: Iterator[Each], most: int = 8) -> Iterator[Each]:
    """The same, none of it None, in its order: up to `most` are made by a thread of their own before they are asked for."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="copy") as maker:
        coming = deque(maker.submit(next, made, None) for _ in range(most))
        while (one := coming.popleft().result()) is not None:
            coming.append(maker.submit(next, made, None))
            yield one


def as_array(values: Iterable[object]) -> str:
    """Numbers or dates as the database reads an array of them: bound as one text, many times quicker than one by one."""
    return f"{{{','.join(map(str, values))}}}"
