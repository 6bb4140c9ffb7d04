"""Frames from the database: rows travel as Arrow, all of them from one moment."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import polars as pl
from sqlalchemy import Engine
from sqlmodel import Session

from buyside.db.arrow import snapshot
from buyside.db.engine import libpq
from buyside.planning.frames import Frame


@contextmanager
def arrow_reader(session: Session, *, connections: int = 1) -> Iterator["ArrowReader"]:
    """What reads frames as the session's login over connections of its own, all from one moment of the committed database."""
    bind = session.get_bind()
    engine = bind if isinstance(bind, Engine) else bind.engine
    with snapshot(libpq(engine.url), connections=connections) as cursors:
        yield ArrowReader(cursors)


class ArrowReader:
    """Reads selects as frames, at a time as many as it has connections. `seen`: what was read and may be asked for again."""

    def __init__(self, cursors: Sequence[Any], seen: dict[Hashable, pl.DataFrame] | None = None) -> None:
        self.seen = {} if seen is None else seen
        self._cursor = cursors[0]
        self.each = (self, *(ArrowReader([other], self.seen) for other in cursors[1:]))
        """A reader for each connection."""

    def frame(self, select: str, schema: Frame | None = None) -> pl.DataFrame:
        """The rows of a select; with `schema`, in its types (text and whole numbers come as they are)."""
        self._cursor.execute(select)
        found = pl.from_arrow(self._cursor.fetch_arrow_table())
        assert isinstance(found, pl.DataFrame)
        if schema is None or (types := schema.schema) == dict(found.schema):
            return found
        return found.cast(dict(types))  # type: ignore[arg-type]

    def frames(self, reads: Mapping[str, Callable[["ArrowReader"], pl.DataFrame]]) -> dict[str, pl.DataFrame]:
        """What several reads find, by name. Each connection takes the next one that nobody has taken."""
        waiting, found = iter(reads.items()), dict[str, pl.DataFrame]()

        def take(reader: ArrowReader) -> None:
            for name, read in waiting:
                found[name] = read(reader)

        if len(self.each) == 1:
            take(self)
        else:
            with ThreadPoolExecutor(len(self.each) - 1, thread_name_prefix="reading") as pool:
                others = [pool.submit(take, reader) for reader in self.each[1:]]
                take(self)
                for other in others:
                    other.result()
        return {name: found[name] for name in reads}
