"""What could not be exploded for want of a BOM row: nothing is dropped in silence (ITM-8)."""

from datetime import date

import numpy as np
import polars as pl

from buyside.planning.dense import dates
from buyside.planning.explosion import Explosion
from buyside.planning.frames import DEAD_ENDS
from buyside.planning.kernels import MAKE, Ints
from buyside.planning.netting import Netted
from buyside.planning.structure import Structure


def dead_ends(structure: Structure, explosion: Explosion, netted: Netted, as_of: date) -> pl.DataFrame:
    """Cells of made (what is to be ordered of them) and phantom items (their gross) without a BOM row that counts on the day.

    Out    DEAD_ENDS, sorted by item, warehouse and date
    """
    n = structure.supply.size
    found: list[tuple[int, int, int, int]] = []
    for w, warehouse in enumerate(netted.warehouses):
        for p in np.flatnonzero(explosion.dead[warehouse]):
            if structure.supply[p] == MAKE:
                start = netted.start[w * n + p]
                rows = slice(start, start + netted.count[w * n + p])
                day, quantity = netted.rows[0][rows], netted.rows[6][rows]
            else:
                gross = explosion.gross[warehouse]
                cells = slice(gross.ptr[p], gross.ptr[p + 1])
                day, quantity = gross.day[cells], gross.quantity[cells]
            lost = (quantity > 0) & ~_has_row(structure, int(p), day)
            found += [
                (int(structure.at.ids[p]), warehouse, int(d), int(q))
                for d, q in zip(day[lost], quantity[lost], strict=True)
            ]
    if not found:
        return DEAD_ENDS.empty()
    names = ("item", "warehouse", "day", "quantity")
    frame = pl.DataFrame(found, schema=dict.fromkeys(names, pl.Int64), orient="row")
    frame = frame.with_columns(dates(frame["day"].to_numpy(), as_of).alias("date"))
    return DEAD_ENDS.check(frame.sort("item", "warehouse", "date"))


def _has_row(structure: Structure, p: int, day: Ints) -> np.ndarray:
    rows = slice(structure.edges.ptr[p], structure.edges.ptr[p + 1])
    first, last = structure.edges.first[rows], structure.edges.last[rows]
    return np.asarray(((first <= day[:, None]) & (day[:, None] <= last)).any(axis=1))
