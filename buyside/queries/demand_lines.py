"""Demand as planning counts it: the open lines of approved orders, read table by table and put together here (PLAN-1).

The database would join every line to its order and to its variant, which costs more than all else that a plan reads. Keys are
positions here: a look-up in an array each.
"""

from collections.abc import Collection

import polars as pl

from buyside.planning.dense import Positions, ints
from buyside.planning.frames import LINES
from buyside.queries.arrow_reader import ArrowReader

DEMAND = """
    FROM sales_order_line AS line
    JOIN sales_order AS ordered ON ordered.id = line.order_id
    {more}
    WHERE ordered.status = 'approved' AND NOT line.is_direct_purchase
      AND line.quantity - line.fulfilled_quantity - line.cancelled_quantity > 0 {scope}
"""
"""Demand is the open quantity of approved lines (PLAN-1); what is bought directly for its order is not planned."""

_LINES = """
    SELECT line.id AS line, line.order_id AS "order", line.line_number AS number, line.variant_id AS variant,
           ((line.quantity - line.fulfilled_quantity - line.cancelled_quantity) * 1000000)::int8 AS quantity,
           line.needed_by AS needed_on
    FROM sales_order_line AS line
    WHERE NOT line.is_direct_purchase AND line.quantity > line.fulfilled_quantity + line.cancelled_quantity {scope_line}
    ORDER BY line.id
"""
_SCOPE = (
    "AND EXISTS (SELECT FROM sales_order AS ordered WHERE ordered.id = line.order_id AND ordered.warehouse_id IN ({}))"
)
# Orders far older than the oldest with an open line, of which a company has many, are not read.
_ORDERS = """
    SELECT id, warehouse_id AS warehouse, approved_at FROM sales_order
    WHERE status = 'approved' AND id BETWEEN {first} AND {last}
"""
_NUMBERS = "SELECT id, number FROM sales_order WHERE status = 'approved' AND id BETWEEN {first} AND {last}"
_VARIANTS = "SELECT id, product_id AS product, sku FROM variant"


def demand_lines(reader: ArrowReader, warehouses: Collection[int] | None) -> pl.DataFrame:
    """LINES of some warehouses or of all, by line."""
    return LINES.check(_found(reader, warehouses).select(*LINES.columns))


def demand_codes(reader: ArrowReader, warehouses: Collection[int] | None) -> pl.DataFrame:
    """line, order, number and sku: what people call the same lines."""
    found = _found(reader, warehouses)
    numbers = reader.frame(_between(_NUMBERS, found))
    at = _positions(numbers["id"]).find_all(ints(found["order"]), "a line of demand")
    return found.select("line", numbers["number"].gather(at).alias("order"), "number", "sku")


def _found(reader: ArrowReader, warehouses: Collection[int] | None) -> pl.DataFrame:
    """LINES with order, number and sku. A reader sees one moment: what it has read once it need not read again."""
    key = "demand lines", None if warehouses is None else tuple(sorted(warehouses))
    if key not in reader.seen:
        reader.seen[key] = _read(reader, warehouses)
    return reader.seen[key]


def _read(reader: ArrowReader, warehouses: Collection[int] | None) -> pl.DataFrame:
    among = "" if warehouses is None else ", ".join(str(int(each)) for each in sorted(warehouses)) or "NULL"
    lines = reader.frame(_LINES.replace("{scope_line}", _SCOPE.format(among) if among else ""))
    orders, variants = reader.frame(_between(_ORDERS, lines)), reader.frame(_VARIANTS)
    at = _positions(orders["id"]).find(ints(lines["order"]))
    if at.size and at.min() < 0:  # lines of drafts and of cancelled orders
        lines, at = lines.filter(pl.Series(at >= 0)), at[at >= 0]
    sold = _positions(variants["id"]).find_all(ints(lines["variant"]), "a line of demand")
    approved_at = orders["approved_at"].cast(LINES.schema["approved_at"])
    return lines.with_columns(
        variants["product"].gather(sold),
        variants["sku"].gather(sold),
        orders["warehouse"].gather(at),
        approved_at.gather(at),
    )


def _between(select: str, lines: pl.DataFrame) -> str:
    orders = lines["order"]
    first, last = (orders.min(), orders.max()) if orders.len() else (0, -1)
    return select.format(first=first, last=last)


def _positions(ids: pl.Series) -> Positions:
    return Positions(ints(ids))
