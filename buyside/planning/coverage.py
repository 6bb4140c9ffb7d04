"""Finished goods first: stock of the sold variant covers demand before anything is exploded (PLAN-2)."""

import numpy as np
import polars as pl

from buyside.planning import kernels
from buyside.planning.dense import Positions, ints, refuse_beyond
from buyside.planning.frames import COVERAGE, LINES, PRODUCTS, VARIANT_STOCK, Misfit


def cover_finished_goods(lines: pl.DataFrame, products: pl.DataFrame, variant_stock: pl.DataFrame) -> pl.DataFrame:
    """Serve sales lines from stock of their variant, per warehouse, by needed-by date, approval time and line id.

    In     LINES, PRODUCTS (one that opts out covers nothing), VARIANT_STOCK (negative stock covers nothing)
    Out    COVERAGE, sorted by line; sold units
    Holds  covered + exploded == ordered; 0 <= covered; covered in all <= stock; nobody is served while someone
           earlier in line at the same warehouse and variant is short; row order never matters
    Refuses Headroom where the demand in all leaves the exact range.
    """
    lines, products, stock = LINES.check(lines), PRODUCTS.check(products), VARIANT_STOCK.check_key(variant_stock)
    ordered = ints(lines["quantity"])
    if ordered.size and ordered.min() < 0:
        raise Misfit("LINES has a negative open quantity")
    refuse_beyond(float(ordered.sum(dtype=np.float64)), "demand in all")
    covered = np.zeros(ordered.size, np.int64)
    stock = stock.filter(pl.col("on_hand") > 0)
    if stock.height and ordered.size:
        warehouses = np.unique(ints(stock["warehouse"]))
        variants = np.unique(ints(stock["variant"]))
        place, sold = Positions(warehouses), Positions(variants)
        on_hand = np.zeros(warehouses.size * variants.size, np.int64)
        on_hand[place.find(ints(stock["warehouse"])) * variants.size + sold.find(ints(stock["variant"]))] = ints(
            stock["on_hand"]
        )
        at, what = place.find(ints(lines["warehouse"])), sold.find(ints(lines["variant"]))
        opted_in = Positions(np.unique(ints(products.filter("covers_from_stock")["product"])))
        group = at * variants.size + what
        group[(at < 0) | (what < 0)] = -1
        if opted_in.ids.size < products.height:
            group[opted_in.find(ints(lines["product"])) < 0] = -1
        rows = np.flatnonzero((group >= 0) & (on_hand[group] > 0))
        queue = (
            pl.DataFrame({"row": rows, "line": lines["line"].gather(rows)})
            .with_columns(lines["needed_on"].gather(rows), lines["approved_at"].gather(rows))
            .sort("needed_on", "approved_at", "line")
        )
        kernels.cover(ints(queue["row"]), group, ordered, on_hand, covered)
    answer = pl.DataFrame(
        {"line": lines["line"], "ordered": ordered, "covered": covered, "exploded": ordered - covered}
    )
    return COVERAGE.check(answer.sort("line"))
