"""What a run makes of open orders: read beside its inputs, turned into action messages on their way to the table (PLAN-16)."""

from collections.abc import Callable

import polars as pl

from buyside.db.plans import PlanningRun
from buyside.domain.orders import BEFORE_ISSUE
from buyside.domain.plans import RunOrigin
from buyside.planning.copy_stream import Wire
from buyside.planning.message_frames import OPEN_ORDERS
from buyside.planning.messages import action_messages
from buyside.planning.run import PlanInputs, PlanResults
from buyside.queries.arrow_reader import ArrowReader

_OPEN_ORDERS = """
    SELECT line.id AS order_line, ordered.vendor_id AS vendor, ordered.state NOT IN ({to_issue}) AS is_issued,
           EXISTS (SELECT FROM purchase_order_peg AS peg
                   JOIN sales_order_line AS sold ON sold.id = peg.sales_order_line_id
                   WHERE peg.order_line_id = line.id AND sold.is_direct_purchase) AS is_direct,
           (line.received_quantity * line.unit_factor * 1000000)::int8 AS received,
           (line.unit_factor * 1000000)::int8 AS unit_factor, unit.digits::int8 AS unit_digits,
           (coalesce(mapping.minimum_quantity, 0) * 1000000)::int8 AS minimum,
           (coalesce(mapping.order_multiple, 0) * 1000000)::int8 AS multiple
    FROM purchase_order_line AS line
    JOIN purchase_order AS ordered ON ordered.id = line.order_id
    JOIN unit ON unit.id = line.unit_id
    LEFT JOIN vendor_item AS mapping ON mapping.id = line.vendor_item_id
    WHERE line.quantity > line.received_quantity
""".replace("{to_issue}", ", ".join(f"'{state.value}'" for state in sorted(BEFORE_ISSUE)))
MESSAGE_WIRES: dict[str, Wire] = {
    "kind": Wire.WORD,
    **dict.fromkeys(("item_id", "warehouse_id", "purchase_order_line_id"), Wire.INT8),
    **dict.fromkeys(("quantity", "to_quantity"), Wire.NUMERIC),
    **dict.fromkeys(("from_on", "to_on", "due_on"), Wire.DATE),
}
"""The columns of the staging table, in order."""


def read_open_orders(reader: ArrowReader) -> pl.DataFrame:
    """OPEN_ORDERS of every open order line, from the moment that the reader sees."""
    return reader.frame(_OPEN_ORDERS, OPEN_ORDERS)


def messages_of(
    run: PlanningRun, inputs: PlanInputs, results: PlanResults, orders: pl.DataFrame
) -> Callable[[], pl.DataFrame] | None:
    """What makes the messages of a run, by the columns of MESSAGE_WIRES. None for a scenario's: what would be asks nobody to act.

    It asks nothing of the database.
    """
    if run.origin == RunOrigin.SCENARIO:
        return None
    as_of, is_bounded = run.as_of, run.scope.get("horizon_days") is not None
    return lambda: action_messages(inputs, results, orders, as_of, is_bounded=is_bounded).select(
        "kind",
        pl.col("item").alias("item_id"),
        pl.col("warehouse").alias("warehouse_id"),
        pl.col("order_line").alias("purchase_order_line_id"),
        *("quantity", "to_quantity", "from_on", "to_on", "due_on"),
    )
