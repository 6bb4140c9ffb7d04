"""Who asks for a requirement: pegs of a run, stored or divided on demand (PLAN-4, PLAN-14)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlmodel import Session, col, select

from buyside.db.plans import PlanningPeg, PlanningRun


@dataclass(frozen=True, slots=True)
class StoredPeg:
    """How much of a requirement one sales order line asks for, in stock units; no line: a stock policy."""

    item_id: int
    warehouse_id: int
    on_date: date
    sales_order_line_id: int | None
    quantity: Decimal


def pegs_of_items(session: Session, run_id: int, item_ids: Sequence[int]) -> list[StoredPeg]:
    """The pegs of some items of a run, by item, warehouse, date and line."""
    if session.get_one(PlanningRun, run_id).counts.get("pegs") is None:
        from buyside.queries.plan_stored import divided_pegs

        return divided_pegs(session, run_id, list(item_ids))
    peg = PlanningPeg
    return [
        StoredPeg(item_id, warehouse_id, on, asks or None, quantity)
        for item_id, warehouse_id, on, asks, quantity in session.execute(
            select(  # type: ignore[call-overload]
                col(peg.item_id),
                col(peg.warehouse_id),
                col(peg.on_date),
                col(peg.sales_order_line_id),
                col(peg.quantity),
            )
            .where(PlanningPeg.run_id == run_id, col(PlanningPeg.item_id).in_(item_ids))
            .order_by(
                col(PlanningPeg.item_id),
                col(PlanningPeg.warehouse_id),
                col(PlanningPeg.on_date),
                col(PlanningPeg.sales_order_line_id),
            )
        )
    ]
