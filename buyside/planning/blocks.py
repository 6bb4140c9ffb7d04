"""Work on rows that do not touch each other, block by block on all cores; what comes out never depends on how many there are."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from buyside.planning.kernels import Ints

T = TypeVar("T")
AnyArray = NDArray[Any]
ROWS = 1 << 18  # of one block: enough that starting it costs nothing beside it


def cores() -> int:
    """How many threads can really run at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def blocks_of(ends: Ints, rows: int | None = None) -> list[tuple[int, int]]:
    """Groups in blocks of about so many `rows` (ROWS), (first, stop) each; `ends` are the rows up to the end of each group."""
    rows = rows or ROWS
    cuts = np.searchsorted(ends, np.arange(rows, int(ends[-1]) if ends.size else 0, rows))
    bounds = np.unique(np.concatenate([[0], cuts, [ends.size]])).tolist()
    return list(pairwise(bounds))


def in_blocks(work: Callable[[int, int], T], blocks: list[tuple[int, int]]) -> list[T]:
    """`work(first, stop)` of every block, answers in order of the blocks. It has to let go of the interpreter by itself."""
    threads = min(cores(), len(blocks))
    if threads < 2:
        return [work(first, stop) for first, stop in blocks]
    with ThreadPoolExecutor(threads, thread_name_prefix="planning") as pool:
        return list(pool.map(work, *zip(*blocks, strict=True)))


@contextmanager
def aside() -> Iterator[Callable[[Callable[[], T]], Callable[[], T]]]:
    """Lets work begin on another core: `begin(work)` answers with what waits for its answer, or for what it raised.

    On one core the work is done when its answer is waited for. What was begun has ended when the context is left.
    """
    if cores() < 2:
        yield cache
        return
    with ThreadPoolExecutor(1, thread_name_prefix="planning") as pool:
        yield lambda work: pool.submit(work).result


def still(*arrays: AnyArray) -> Any:
    """Views that nobody can write to. Compiled code is made once for them, not once for every mixture of those that can be."""
    views = [np.ascontiguousarray(each).view() for each in arrays]
    for view in views:
        view.flags.writeable = False
    return views
