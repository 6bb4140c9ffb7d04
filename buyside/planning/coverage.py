"""Finished goods first: stock of the sold variant covers demand before anything is exploded (PLAN-2)."""

import numpy as np
import polars as pl

from buyside.planning import kernels
from buyside.planning.dense import Positions, ascending, ints, refuse_beyond
from buyside.planning.frames import COVERAGE, LINES, PRODUCTS, VARIANT_STOCK, Misfit


def cover_finished_goods(lines: pl.DataFrame, products: pl.DataFrame, variant_stock: pl.DataFrame) -> pl.DataFrame:
    """Serve sales lines from stock of their variant, per warehouse, by needed-by date, approval time and line id.

    In     LINES, PRODUCTS (one that opts out covers nothing), VARIANT_STOCK (negative stock covers nothing)
    Out    COVERAGE, sorted by line; sold units
    Holds  covered + exploded == ordered; 0 <= covered; covered in all <= stock; nobody is served while someone
           earlier in line at the same warehouse and variant is short; row order never matters
    Refuses Headroom where the demand in all leaves the exact range.
    """
    lines, products = LINES.check(lines), PRODUCTS.check_key(products)
    stock = VARIANT_STOCK.check_key(variant_stock).filter(pl.col("on_hand") > 0)
    if not ascending(lines["line"]):
        lines = lines.sort("line")
    ordered = ints(lines["quantity"])
    if ordered.size and ordered.min() < 0:
        raise Misfit("LINES has a negative open quantity")
    refuse_beyond(float(ordered.sum(dtype=np.float64)), "demand in all")
    covered = np.zeros(ordered.size, np.int64)
    if stock.height and ordered.size:
        warehouses, variants = (np.unique(ints(stock[name])) for name in ("warehouse", "variant"))
        place, sold = Positions(warehouses), Positions(variants)
        on_hand = np.zeros(warehouses.size * variants.size, np.int64)
        on_hand[place.find(ints(stock["warehouse"])) * variants.size + sold.find(ints(stock["variant"]))] = ints(
            stock["on_hand"]
        )
        at, what = place.find(ints(lines["warehouse"])), sold.find(ints(lines["variant"]))
        group = np.where((at < 0) | (what < 0), -1, at * variants.size + what)
        opted_in = Positions(np.unique(ints(products.filter("covers_from_stock")["product"])))
        if opted_in.ids.size < products.height:
            group[opted_in.find(ints(lines["product"])) < 0] = -1
        day = ints(lines["needed_on"].to_physical())
        by_day = kernels.group_positions(day - day.min(), int(day.max() - day.min()) + 1)[1]
        ptr, rows = kernels.group_positions(group[by_day], on_hand.size)
        kernels.cover(ptr, by_day[rows], day, ints(lines["approved_at"].to_physical()), ordered, on_hand, covered)
    return COVERAGE.check(
        pl.DataFrame({"line": lines["line"], "ordered": ordered, "covered": covered, "exploded": ordered - covered})
    )
