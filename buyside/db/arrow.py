"""Connections that rows travel over as Arrow: for reading only, kept warm for whoever reads next.

A new connection costs more than what a small plan reads through it: the driver learns the server's types, and the server
the catalogue. So a few stay open, idle and outside of any transaction. One that broke meanwhile is found by the statement
that begins its transaction, before anything was read, and replaced; one that sat idle for long is not tried at all, as a
network may have forgotten it without telling. What raised while it read is closed, in whatever state it was.
"""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # loaded by whoever reads first
    from adbc_driver_postgresql.dbapi import Connection, Cursor

MOST_IDLE = 2
"""Connections of a login that stay open: what one plan reads over."""
LONGEST_IDLE = 300.0
"""Seconds."""


@dataclass
class ArrowConnections:
    """Those of one login and process."""

    url: str
    _idle: list[tuple[float, "Connection"]] = field(default_factory=list)
    _busy: list["Connection"] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)
    _is_closed: bool = False

    @contextmanager
    def begun(self) -> Iterator["Cursor"]:
        """A cursor in a transaction that sees one moment of the committed database and writes nothing."""
        connection, cursor = self._begin()
        try:
            yield cursor
            cursor.execute("ROLLBACK")
            cursor.close()
        except BaseException:
            self._let_go(connection, keep=False)
            raise
        self._let_go(connection, keep=True)

    def close(self) -> None:
        """Close what is idle now, and what is busy as soon as it is given back."""
        with self._lock:
            self._is_closed = True
            left, self._idle = self._idle, []
        for _, connection in left:
            connection.close()

    def _begin(self) -> tuple["Connection", "Cursor"]:
        from adbc_driver_postgresql import dbapi

        while (connection := self._warm()) is not None:
            try:
                return connection, _begun(connection)
            except dbapi.Error:
                self._let_go(connection, keep=False)
        connection = self._connect()
        try:
            return connection, _begun(connection)
        except BaseException:
            self._let_go(connection, keep=False)
            raise

    def _warm(self) -> "Connection | None":
        """The connection that was used last, if it is not idle for too long."""
        now = time.monotonic()
        with self._lock:
            old = [each for since, each in self._idle if now - since > LONGEST_IDLE]
            self._idle = [(since, each) for since, each in self._idle if now - since <= LONGEST_IDLE]
            found = self._idle.pop()[1] if self._idle else None
            if found is not None:
                self._busy.append(found)
        for each in old:
            each.close()
        return found

    def _connect(self) -> "Connection":
        """A new connection; what another one knows of the server's types is not asked for again."""
        from adbc_driver_postgresql import dbapi

        with self._lock:
            known = [*self._busy, *(each for _, each in self._idle)]
        made = None
        for each in known:
            try:
                made = each.adbc_clone()
                made.adbc_connection.set_autocommit(True)
                break
            except (dbapi.Error, RuntimeError, ValueError):  # it broke, or was closed this moment
                if made is not None:
                    made.close()
                    made = None
        if made is None:
            made = dbapi.connect(self.url, autocommit=True)
        with self._lock:
            self._busy.append(made)
        return made

    def _let_go(self, connection: "Connection", *, keep: bool) -> None:
        with self._lock:
            self._busy = [each for each in self._busy if each is not connection]
            keep = keep and not self._is_closed and len(self._idle) < MOST_IDLE
            if keep:
                self._idle.append((time.monotonic(), connection))
        if not keep:
            connection.close()


def _begun(connection: "Connection") -> "Cursor":
    cursor = connection.cursor()
    try:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    except BaseException:
        cursor.close()
        raise
    return cursor


_connections: dict[tuple[int, str], ArrowConnections] = {}
_lock = Lock()


@contextmanager
def snapshot(url: str, *, connections: int = 1) -> Iterator[list["Cursor"]]:
    """Cursors on so many connections of a login, all of which see the same moment of the committed database.

    `url`: in libpq's spelling. Each cursor may be used by a thread of its own.
    """
    name = (os.getpid(), url)  # a forked process must not share its parent's connections
    with _lock:
        pool = _connections.setdefault(name, ArrowConnections(url))
    with ExitStack() as stack:
        cursors = [stack.enter_context(pool.begun())]
        if connections > 1:
            cursors[0].execute("SELECT pg_export_snapshot()")
            (moment,) = cursors[0].fetchone() or ("",)
            for _ in range(connections - 1):
                cursors.append(stack.enter_context(pool.begun()))
                cursors[-1].execute(f"SET TRANSACTION SNAPSHOT '{moment}'")
        yield cursors


def dispose() -> None:
    """Close this process's connections."""
    with _lock:
        own = [_connections.pop(name) for name in [*_connections] if name[0] == os.getpid()]
    for each in own:
        each.close()
