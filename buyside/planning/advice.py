"""Larger orders that cost less in all, because a higher price break is reached (PLAN-8)."""

import polars as pl

from buyside.planning.choice import Choice
from buyside.planning.dense import ints
from buyside.planning.frames import QUANTITY_SCALE
from buyside.planning.kernels import Ints
from buyside.planning.line_kernels import price_breaks


def better_orders(near: Ints, quantity: Ints, lot: Ints, room: Ints | None, choice: Choice) -> pl.DataFrame:
    """Larger orders at a higher price break that cost less in all: the cheapest, then the smallest, per line.

    `near` are those that could: line, the higher break, candidate row and the price that holds. Orders come in multiples of
    `lot`, per candidate row; `quantity` and `room` are per line: what is ordered and how much more can be, where a contract
    limits it (-1: as much as one likes); all of them in purchase units. Lines come ascending, each once, as `line`.
    """
    line, row, candidate, price = near
    prices, ordered = choice.prices, quantity[line]
    larger = -(-ints(prices["from_quantity"])[row] // lot[candidate]) * lot[candidate]
    if room is not None:
        fits = (room[line] < 0) | (larger - ordered <= room[line])
        line, candidate, price, larger, ordered = (each[fits] for each in (line, candidate, price, larger, ordered))
    row = price_breaks(candidate, larger, choice.price_ptr, ints(prices["from_quantity"]))
    exact = pl.DataFrame(
        {
            "line": line,
            "better_quantity": larger,
            "better_price": prices["unit_price"].gather(row),
            "same": choice.currency[row] == choice.currency[price],
            "now": pl.Series(ordered).cast(pl.Int128) * prices["unit_price"].gather(price).cast(pl.Int128),
        }
    ).with_columns(
        less=pl.col("now") - pl.col("better_quantity").cast(pl.Int128) * pl.col("better_price").cast(pl.Int128)
    )
    return (
        exact.filter(pl.col("same") & (pl.col("less") > 0))
        .sort("line", pl.col("less"), "better_quantity", descending=[False, True, False])
        .unique("line", keep="first", maintain_order=True)
        .select(
            "line",
            "better_quantity",
            "better_price",
            ((pl.col("less") + QUANTITY_SCALE // 2) // QUANTITY_SCALE).cast(pl.Int64).alias("saving"),
        )
    )
