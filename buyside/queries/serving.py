"""Needs of the plan against what is there today: who is served by what, and when (PLAN-14, PLAN-17).

The needs are the pegs of a run, less what was delivered or cancelled since; stock, open orders and their promises are those
of this moment. Frames end here.
"""

from collections.abc import Collection
from datetime import date
from decimal import Decimal

import polars as pl
from sqlalchemy import text
from sqlmodel import Session

from buyside.db.plans import PlanningRun
from buyside.planning.explain import structure_of
from buyside.planning.frames import NEEDS, QUANTITY_SCALE, SOURCES
from buyside.planning.serving import serve
from buyside.queries.plan_pegs import pegs_of_items
from buyside.queries.plan_stored import inputs_of, units
from buyside.queries.planning import supply_select
from buyside.queries.served_parts import Part

_BEFORE_ALL, _BEHIND_ALL = -1, 1 << 60  # turns of a debt of the stock, and of a stock policy
_QUEUE = """
    SELECT line.id, line.needed_by, sold.approved_at, coverage.ordered AS planned,
           CASE WHEN sold.status = 'approved'
                THEN greatest(line.quantity - line.fulfilled_quantity - line.cancelled_quantity, 0) ELSE 0 END AS open
    FROM sales_order_line AS line JOIN sales_order AS sold ON sold.id = line.order_id
    JOIN planning_coverage AS coverage ON coverage.run_id = :run AND coverage.sales_order_line_id = line.id
    WHERE line.id = ANY(:lines) ORDER BY line.needed_by, sold.approved_at, line.id
"""
_STOCK = "SELECT item_id, on_hand FROM stock_balance WHERE warehouse_id = :place AND item_id = ANY(:items)"
_SUPPLY = "SELECT order_line, item, quantity, arrives_on FROM ({supply}) AS open WHERE item = ANY(:items)"
_TO_MAKE = """
    SELECT need.item_id, greatest(need.on_date, CAST(:as_of AS date) + item.make_lead_days), sum(need.to_order)
    FROM planning_requirement AS need JOIN item ON item.id = need.item_id AND item.supply = 'make'
    WHERE need.run_id = :run AND need.warehouse_id = :place AND need.item_id = ANY(:items) AND need.to_order > 0
    GROUP BY 1, 2
"""
_PLANNED = """
    SELECT id, item_id, coalesce(arrives_on, needed_on + late_days), quantity_packs * unit_factor
    FROM plan_line WHERE run_id = :run AND warehouse_id = :place AND item_id = ANY(:items) AND state = 'open'
"""


def parts_served(session: Session, run: PlanningRun, warehouse_id: int, item_ids: Collection[int]) -> list[Part]:
    """Every need of some items in a warehouse, in parts by what serves it; needs in order of date and queue."""
    items = sorted(item_ids)
    served = serve(
        _needs(session, run, warehouse_id, items),
        _sources(session, run, warehouse_id, items),
    ).drop("warehouse")
    return [
        Part(item, needed, line, kind, source, available, units(quantity))
        for item, needed, line, kind, source, available, quantity in served.iter_rows()
    ]


def items_asked_for(session: Session, run: PlanningRun, sales_lines: Collection[int]) -> list[int]:
    """The items that some lines can ask for: their pegs, or their structure where a run is too large to store them."""
    if run.counts.get("pegs") is None:
        kept = inputs_of(session, run.id)
        shown = [
            structure_of(
                kept.lines, kept.line_options, kept.items, kept.bom, kept.rules, kept.rule_conditions,
                line=line, as_of=run.as_of,
            )["component"]
            for line in sales_lines
        ]  # fmt: skip
        return sorted({item for each in shown for item in each.to_list()})
    found = session.execute(
        text(
            "SELECT DISTINCT item_id FROM planning_peg WHERE run_id = :run AND sales_order_line_id = ANY(:lines) ORDER BY 1"
        ),
        {"run": run.id, "lines": list(sales_lines)},
    )
    return list(found.scalars())


def _needs(session: Session, run: PlanningRun, warehouse_id: int, items: list[int]) -> pl.DataFrame:
    pegs = [each for each in pegs_of_items(session, run.id, items) if each.warehouse_id == warehouse_id]
    asking = sorted({each.sales_order_line_id for each in pegs if each.sales_order_line_id is not None})
    queue = session.execute(text(_QUEUE), {"run": run.id, "lines": asking}).all()
    turns = {row.id: turn for turn, row in enumerate(queue)}
    left = {row.id: min(Decimal(1), row.open / row.planned) if row.planned else Decimal(0) for row in queue}
    rows: list[tuple[int, int, date, int | None, int, int]] = []
    for peg in pegs:
        line = peg.sales_order_line_id
        if line is None:
            rows.append((peg.item_id, warehouse_id, peg.on_date, None, _BEHIND_ALL, _scaled(peg.quantity)))
        elif line in left:
            rows.append((peg.item_id, warehouse_id, peg.on_date, line, turns[line], _scaled(peg.quantity * left[line])))
    for item, on_hand in session.execute(text(_STOCK), {"place": warehouse_id, "items": items}):
        if on_hand < 0:
            rows.append((item, warehouse_id, run.as_of, None, _BEFORE_ALL, _scaled(-on_hand)))
    return pl.DataFrame(rows, schema=NEEDS.schema, orient="row")


def _sources(session: Session, run: PlanningRun, warehouse_id: int, items: list[int]) -> pl.DataFrame:
    asked = {"run": run.id, "place": warehouse_id, "items": items, "as_of": run.as_of}
    rows: list[tuple[int, int, str, int, date, int]] = []
    for item, on_hand in session.execute(text(_STOCK), asked):
        rows.append((item, warehouse_id, "stock", 0, run.as_of, _scaled(on_hand)))
    supply = _SUPPLY.replace("{supply}", supply_select([warehouse_id]))
    for line, item, quantity, arrives_on in session.execute(text(supply), asked):
        rows.append((item, warehouse_id, "order", line, max(run.as_of, arrives_on), quantity))
    for item, made_on, quantity in session.execute(text(_TO_MAKE), asked):
        rows.append((item, warehouse_id, "make", 0, made_on, _scaled(quantity)))
    for line, item, arrives_on, quantity in session.execute(text(_PLANNED), asked):
        rows.append((item, warehouse_id, "plan", line, arrives_on, _scaled(quantity)))
    return pl.DataFrame(rows, schema=SOURCES.schema, orient="row")


def _scaled(quantity: Decimal) -> int:
    """At QUANTITY_SCALE, rounded half up."""
    return int((quantity * QUANTITY_SCALE + Decimal("0.5")) // 1)
