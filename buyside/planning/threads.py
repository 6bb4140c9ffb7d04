"""Work of compiled loops shared out among threads: they let go of the interpreter, so that blocks of items run side by side.

Who does which block is left to chance; what a block writes is its own, so the answer is the same at any number of threads.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np

from buyside.planning.kernels import Ints

MOST = 4
ENOUGH = 200_000  # rows that are worth a thread
_PER_THREAD = 4  # blocks, so that nobody waits long for the last one


def available() -> int:
    """Threads that a run takes if nobody says how many: the processors that this process may use, up to MOST."""
    return min(MOST, len(os.sched_getaffinity(0)))


def shared_out(work: Callable[[int, int], None], rows: Ints, threads: int | None = None) -> None:
    """Call `work` with ranges (first, stop) that together are all of `rows`, which say how much there is to do for each.

    Small work, or `threads` of 1, is one call.
    """
    so_far = np.concatenate([[0], np.cumsum(rows)])
    total = int(so_far[-1])
    threads = worth_it(total, threads)
    parts = threads * _PER_THREAD if threads > 1 else 1
    bounds = [0, *np.searchsorted(so_far[1:], total * np.arange(1, parts) // parts).tolist(), rows.size]
    side_by_side(work, list(pairwise(bounds)), threads)


def worth_it(rows: int, threads: int | None) -> int:
    """The threads that so much work is worth, of those allowed."""
    return 1 if rows < ENOUGH else available() if threads is None else threads


def side_by_side(work: Callable[..., None], parts: Sequence[tuple[int, ...]], threads: int) -> None:
    """Call `work` with the numbers of each part, `threads` at a time; raises what the first of them raised."""
    if len(parts) == 1:
        work(*parts[0])
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="planning") as pool:
        for done in [pool.submit(work, *part) for part in parts]:
            done.result()
