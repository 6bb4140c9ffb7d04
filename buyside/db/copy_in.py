"""Much at once on its way to PostgreSQL, inside the transaction of a session: rows by COPY, numbers as one array."""

from collections.abc import Iterable, Sequence
from typing import Any, cast

import psycopg
from sqlmodel import Session


def copy_in(session: Session, table: str, columns: Sequence[str], chunks: Iterable[bytes]) -> None:
    """Send a binary COPY stream into columns of a table. The database checks the rows as it does those of an INSERT."""
    driver = cast("psycopg.Connection[Any]", session.connection().connection.dbapi_connection)
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)"
    with driver.cursor() as cursor, cursor.copy(statement) as target:
        for chunk in chunks:
            target.write(chunk)


def as_array(values: Iterable[object]) -> str:
    """Numbers or dates as the database reads an array of them: bound as one text, many times quicker than one by one."""
    return f"{{{','.join(map(str, values))}}}"
