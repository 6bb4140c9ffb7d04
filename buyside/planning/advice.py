"""Larger orders that cost less in all, because a higher price break is reached (PLAN-8)."""

import numpy as np
import polars as pl

from buyside.planning import lot_kernels
from buyside.planning.choice import Choice
from buyside.planning.dense import ints
from buyside.planning.frames import QUANTITY_SCALE
from buyside.planning.kernels import Ints


def row_numbers(rows: Ints) -> pl.Series:
    """Row numbers to gather by; -1 gathers null."""
    return pl.select(pl.when(pl.lit(pl.Series(rows)) >= 0).then(pl.lit(pl.Series(rows)))).to_series()


def better_orders(
    candidate: Ints, quantity: Ints, price: Ints, lot: Ints, room: Ints | None, choice: Choice
) -> pl.DataFrame:
    """Larger orders at a higher price break that cost less in all: the cheapest, then the smallest, per line.

    `price` is the row of the price that holds (-1: none, or an agreed one); orders come in multiples of `lot`, both in purchase
    units; `room` is how much more can be ordered, where a contract limits it (-1: as much as one likes).
    """
    prices, ptr = choice.prices, choice.price_ptr
    names = ("better_quantity", "better_price", "saving")
    line, row = lot_kernels.larger_breaks(
        candidate, quantity, price, ptr, ints(prices["from_quantity"]), ints(prices["unit_price"])
    )
    if not line.size:
        return pl.DataFrame({name: pl.repeat(None, candidate.size, dtype=pl.Int64, eager=True) for name in names})
    larger = -(-ints(prices["from_quantity"])[row] // lot[line]) * lot[line]
    if room is not None:
        fits = (room[line] < 0) | (larger - quantity[line] <= room[line])
        line, row, larger = line[fits], row[fits], larger[fits]
    row = lot_kernels.price_breaks(candidate[line], larger, ptr, ints(prices["from_quantity"]))
    exact = pl.DataFrame(
        {
            "at": line,
            "better_quantity": larger,
            "better_price": prices["unit_price"].gather(row),
            "same": prices["currency"].gather(row) == prices["currency"].gather(price[line]),
            "now": pl.Series(quantity[line]).cast(pl.Int128) * prices["unit_price"].gather(price[line]).cast(pl.Int128),
        }
    ).with_columns(
        less=pl.col("now") - pl.col("better_quantity").cast(pl.Int128) * pl.col("better_price").cast(pl.Int128)
    )
    best = (
        exact.filter(pl.col("same") & (pl.col("less") > 0))
        .sort("at", pl.col("less"), "better_quantity", descending=[False, True, False])
        .unique("at", keep="first", maintain_order=True)
        .select(
            "at",
            "better_quantity",
            "better_price",
            ((pl.col("less") + QUANTITY_SCALE // 2) // QUANTITY_SCALE).cast(pl.Int64).alias("saving"),
        )
    )
    found = np.full(candidate.size, -1, np.int64)
    found[ints(best["at"])] = np.arange(best.height)
    return best.select(pl.col(*names).gather(row_numbers(found)))
