"""What serves whom, and when: stock and receipts, as they become available, serve the needs in order of their date (PLAN-14).

It is divided anew with every answer and binds nobody: a warehouse gives what it has to whoever is next in line.
"""

import polars as pl

from buyside.planning.dense import refuse_beyond
from buyside.planning.frames import NEEDS, SERVED, SOURCES, Misfit

KINDS = ("stock", "order", "make", "plan")
"""In the order in which sources of one day serve."""

_PLACE = ("item", "warehouse")


def serve(needs: pl.DataFrame, sources: pl.DataFrame) -> pl.DataFrame:
    """Divide the sources of each item and warehouse among its needs, first come, first served.

    Needs stand in a queue by date and turn; sources by the day on which they are available, then kind, then id. The first
    unit of the one gets the first unit of the other, and so on: a late source serves whoever is still unserved by then.

    In     NEEDS, SOURCES
    Out    SERVED, sorted by item, warehouse, date, turn of the need, and then as its sources come
    Holds  what serves a need adds up to it exactly; no source gives more than it has; nothing is unserved while a source
           has something left; no need is served later than one behind it in the queue; row order never matters
    Refuses Misfit, Headroom.
    """
    needs, sources = NEEDS.check(needs), SOURCES.check(sources)
    if not sources["kind"].is_in(list(KINDS)).all():
        raise Misfit("SOURCES has an unknown kind")
    for rows, what in ((needs, "what is needed"), (sources, "what is there")):
        refuse_beyond(float(rows["quantity"].abs().cast(pl.Float64).sum()), what)
    rank = pl.col("kind").replace_strict(dict(zip(KINDS, range(len(KINDS)), strict=True)), return_dtype=pl.Int64)
    asked = _in_line(needs, ("date", "turn", "line"))
    given = _in_line(sources.with_columns(rank=rank), ("available_on", "rank", "source"))
    cuts = (
        pl.concat([asked.select(*_PLACE, "until"), given.select(*_PLACE, "until")])
        .unique()
        .sort(*_PLACE, "until")
        .with_columns(quantity=pl.col("until") - pl.col("until").shift(1, fill_value=0).over(_PLACE))
        .sort("until")
    )
    parts = _holding(cuts, asked, ("date", "line", "turn")).filter(pl.col("turn").is_not_null())
    parts = _holding(parts, given, ("kind", "source", "available_on"))
    served = parts.sort(*_PLACE, "until").with_columns(pl.col("kind").fill_null("none"), pl.col("source").fill_null(0))
    return SERVED.check(served)


def _in_line(rows: pl.DataFrame, order: tuple[str, ...]) -> pl.DataFrame:
    """Rows in their order, each up to which unit of its item and warehouse it reaches."""
    return (
        rows.filter(pl.col("quantity") > 0)
        .sort(*_PLACE, *order, nulls_last=True)
        .with_columns(until=pl.col("quantity").cum_sum().over(_PLACE))
        .drop("quantity")
    )


def _holding(parts: pl.DataFrame, rows: pl.DataFrame, names: tuple[str, ...]) -> pl.DataFrame:
    """Each part with the row that it lies in, empty behind the last one."""
    return parts.join_asof(
        rows.select(*_PLACE, "until", *names).sort("until"),
        on="until",
        by=list(_PLACE),
        strategy="forward",
        check_sortedness=False,
    )
