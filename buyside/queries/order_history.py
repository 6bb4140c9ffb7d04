"""What happened to an order, and every record that refers to it (PO-1, PO-10)."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from buyside.db.audit import AuditEvent, AuditSubject
from buyside.db.demand import SalesOrder, SalesOrderLine
from buyside.db.items import Item, Unit
from buyside.db.orders import PurchaseOrder, PurchaseOrderLine, PurchaseOrderPeg
from buyside.db.plans import PlanLine, PlanningRun
from buyside.db.receipts import Receipt
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.lifecycle import in_words
from buyside.domain.orders import OrderState
from buyside.queries.answers import columns, each_as
from buyside.queries.orders import due_on
from buyside.queries.receipts import ReceiptHead, receipt_heads

_SAYS = {
    "save_order": "Changed",
    "add_line": "Line added",
    "change_line": "Line changed",
    "remove_line": "Line removed",
    "issue_order": "Issued",
    "cancel_order": "Cancelled",
    "close_order": "Closed",
    "hold_order": "Put on hold",
    "receive_order": "Goods received",
    "void_receipt": "Receipt voided",
}
_DERIVED = frozenset(
    {
        *("version", "changed_at", "changed_by", "subtotal", "discount", "tax", "total", "header_discount"),
        *("issued_at", "receivable_quantity", "received_quantity", "rejected_quantity", "order_id", "unit_id"),
    }
)
"""Columns that follow from others, or that the sentence says already."""


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """One thing that happened to an order: a sentence, and what changed as (what, before, after)."""

    at: datetime
    who: str
    says: str
    reason: str
    changes: tuple[tuple[str, str, str], ...]


@needs(Permission.ORDER_VIEW)
def order_timeline(session: Session, actor: Actor, *, order_id: int, limit: int = 100) -> list[OrderEvent]:
    """Everything that happened to an order, the latest first."""
    events = session.scalars(
        select(AuditEvent)
        .join(AuditSubject, col(AuditSubject.event_id) == col(AuditEvent.id))
        .where(
            col(AuditSubject.kind) == PurchaseOrder.__tablename__,
            col(AuditSubject.record_id) == order_id,
        )
        .order_by(col(AuditEvent.id).desc())
        .limit(limit)
    )
    return [_event(each, order_id) for each in events]


def _event(event: AuditEvent, order_id: int) -> OrderEvent:
    own = [each for each in event.changes if _is_of(each, order_id)]
    is_written = any(
        each["kind"] == "purchase_order" and each["before"] is None and "number" in each["after"]
        for each in own
        if each["after"]
    )
    says = "Written" if is_written else _SAYS.get(event.operation, event.operation.replace("_", " ").capitalize())
    if event.operation == "hold_order" and any((each["after"] or {}).get("is_on_hold") is False for each in own):
        says = "Released from hold"
    written = [
        each["after"] for each in event.changes if each["kind"] == "receipt" and "number" in (each["after"] or {})
    ]
    receipts = [each["number"] for each in written]
    reasons = [each["after"]["reason"] for each in own if each["after"] and "reason" in each["after"]]
    reasons += [each["void_reason"] for each in written]
    return OrderEvent(
        at=event.at,
        who=event.actor_name,
        says=" ".join([says, *receipts]),
        reason=next(filter(None, reasons), ""),
        changes=() if is_written else tuple(_moved(own)),
    )


def _is_of(change: dict[str, Any], order_id: int) -> bool:
    if change["kind"] == "purchase_order":
        return bool(change["id"] == order_id)
    return bool(change["kind"] == "purchase_order_line")


def _moved(changes: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """What a person changed, in words; a new or removed line by its description and quantity."""
    told = []
    for each in changes:
        before, after = each["before"] or {}, each["after"] or {}
        if each["kind"] == "purchase_order_line" and not (each["before"] and each["after"]):
            line = f"line {(after or before).get('line_number', '')}"
            told.append((line, _line_text(before), _line_text(after)))
            continue
        told += [
            (name.removesuffix("_id").replace("_", " "), _shown(before.get(name)), _shown(after[name]))
            for name in after
            if name not in _DERIVED and name != "reason" and before.get(name) != after[name]
        ]
    return told


def _line_text(line: dict[str, Any]) -> str:
    return f"{_shown(line['quantity'])} × {line['description'] or line['vendor_part']}" if line else ""


def _shown(value: Any) -> str:
    text = "" if value is None else str(value)
    if isinstance(value, str) and "." in text and text.replace(".", "", 1).lstrip("-").isdigit():
        return text.rstrip("0").rstrip(".")
    if text in set(OrderState):
        return in_words(OrderState(text))
    return {"True": "yes", "False": "no"}.get(text, text)


@dataclass(frozen=True, slots=True)
class ServedDemand:
    """A customer's line that an order line serves, with stock units; `is_endangered`: it arrives after it is needed."""

    sales_order: str
    sales_line: int
    customer: str
    order_line: int
    item_code: str
    quantity: Decimal
    unit: str
    needed_by: date
    due_on: date | None
    is_endangered: bool


@dataclass(frozen=True, slots=True)
class ServedRun:
    """A planning run that lines of an order came from."""

    run_id: int
    as_of: date
    lines: int


@dataclass(frozen=True, slots=True)
class OrderReferences:
    """Every record that refers to an order."""

    receipts: tuple[ReceiptHead, ...]
    runs: tuple[ServedRun, ...]
    demand: tuple[ServedDemand, ...]


@needs(Permission.ORDER_VIEW)
def order_references(session: Session, actor: Actor, *, order_id: int) -> OrderReferences:
    """The receipts of an order, the runs that its lines came from, and the customers' lines that they serve (PLAN-17)."""
    return OrderReferences(
        receipts=tuple(each_as(session, ReceiptHead, receipt_heads().where(col(Receipt.order_id) == order_id))),
        runs=tuple(each_as(session, ServedRun, _runs(order_id))),
        demand=tuple(each_as(session, ServedDemand, _demand(order_id))) if actor.may(Permission.DEMAND_VIEW) else (),
    )


def _runs(order_id: int) -> Any:
    return (
        columns(run_id=col(PlanningRun.id), as_of=col(PlanningRun.as_of), lines=func.count())
        .select_from(PlanLine)
        .join(PurchaseOrderLine, col(PurchaseOrderLine.id) == col(PlanLine.purchase_order_line_id))
        .join(PlanningRun, col(PlanningRun.id) == col(PlanLine.run_id))
        .where(col(PurchaseOrderLine.order_id) == order_id)
        .group_by(col(PlanningRun.id))
        .order_by(col(PlanningRun.id).desc())
    )


def _demand(order_id: int) -> Any:
    return (
        columns(
            sales_order=col(SalesOrder.number),
            sales_line=col(SalesOrderLine.line_number),
            customer=col(SalesOrder.customer),
            order_line=col(PurchaseOrderLine.line_number),
            item_code=col(Item.code),
            quantity=col(PurchaseOrderPeg.quantity),
            unit=col(Unit.code),
            needed_by=col(SalesOrderLine.needed_by),
            due_on=due_on(),
            is_endangered=func.coalesce(due_on() > col(SalesOrderLine.needed_by), False),
        )
        .select_from(PurchaseOrderPeg)
        .join(PurchaseOrderLine, col(PurchaseOrderLine.id) == col(PurchaseOrderPeg.order_line_id))
        .join(Item, col(Item.id) == col(PurchaseOrderLine.item_id))
        .join(Unit, col(Unit.id) == col(Item.unit_id))
        .join(SalesOrderLine, col(SalesOrderLine.id) == col(PurchaseOrderPeg.sales_order_line_id))
        .join(SalesOrder, col(SalesOrder.id) == col(SalesOrderLine.order_id))
        .where(col(PurchaseOrderLine.order_id) == order_id)
        .order_by(col(SalesOrderLine.needed_by), col(PurchaseOrderPeg.id))
        .limit(500)
    )
