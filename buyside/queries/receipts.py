"""Reading expected deliveries and receipts (STK-1)."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from buyside.db.items import Item, Unit
from buyside.db.orders import PurchaseOrder, PurchaseOrderLine
from buyside.db.people import AppUser
from buyside.db.receipts import Receipt, ReceiptLine
from buyside.db.stock import Warehouse
from buyside.db.vendors import Vendor
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.refusals import NotFound
from buyside.domain.words import Kind
from buyside.queries.answers import columns, each_as, one_as
from buyside.queries.orders import due_on, is_open, late_days, open_quantity
from buyside.queries.rows import GridSource, RowColumn


def expected_in_reach(actor: Actor) -> Select[Any]:
    """Every line of an issued order that is still to come, in the ordered unit."""
    return _joined(
        columns(
            id=col(PurchaseOrderLine.id),
            order_id=col(PurchaseOrder.id),
            order_number=col(PurchaseOrder.number),
            line_number=col(PurchaseOrderLine.line_number),
            vendor=col(Vendor.name),
            item_code=col(Item.code),
            item_name=col(Item.name),
            vendor_part=col(PurchaseOrderLine.vendor_part),
            quantity=col(PurchaseOrderLine.quantity),
            received=col(PurchaseOrderLine.received_quantity),
            open=open_quantity(),
            unit=col(Unit.code),
            due_on=due_on(),
            late_days=func.nullif(late_days(), 0),
            warehouse=col(Warehouse.code),
            state=col(PurchaseOrder.state),
            is_on_hold=col(PurchaseOrder.is_on_hold),
            needs_inspection=col(Item.inspection_required),
        )
    ).where(is_open())


def _joined(statement: Select[Any]) -> Select[Any]:
    return (
        statement.select_from(PurchaseOrderLine)
        .join(PurchaseOrder, col(PurchaseOrder.id) == col(PurchaseOrderLine.order_id))
        .join(Vendor, col(Vendor.id) == col(PurchaseOrder.vendor_id))
        .join(Warehouse, col(Warehouse.id) == col(PurchaseOrder.warehouse_id))
        .join(Item, col(Item.id) == col(PurchaseOrderLine.item_id))
        .join(Unit, col(Unit.id) == col(PurchaseOrderLine.unit_id))
    )


EXPECTED_ROWS = GridSource(
    "expected-deliveries",
    Permission.EXPECTED_DELIVERY_VIEW,
    expected_in_reach,
    columns=(
        RowColumn("id", Kind.KEY, required=True),
        RowColumn("order_id", Kind.KEY),
        RowColumn("order_number", searched=True, required=True),
        RowColumn("line_number", Kind.NUMBER, required=True),
        RowColumn("vendor", searched=True, required=True),
        RowColumn("item_code", searched=True, required=True),
        RowColumn("item_name", searched=True, required=True),
        RowColumn("vendor_part", searched=True, required=True),
        RowColumn("quantity", Kind.QUANTITY, required=True),
        RowColumn("received", Kind.QUANTITY, required=True),
        RowColumn("open", Kind.QUANTITY, required=True),
        RowColumn("unit", required=True),
        RowColumn("due_on", Kind.DATE),
        RowColumn("late_days", Kind.NUMBER),
        RowColumn("warehouse", required=True),
        RowColumn("state", Kind.STATUS, required=True),
        RowColumn("is_on_hold", Kind.FLAG, required=True),
        RowColumn("needs_inspection", Kind.FLAG, required=True),
    ),
    order=(("due_on", "asc"),),
    scopes=("order_id", "warehouse"),
)


@dataclass(frozen=True, slots=True)
class ExpectedLine:
    """A line of an order at the receiving desk; quantities in the ordered unit. `most`: what the tolerance still takes."""

    line_id: int
    line_number: int
    item_code: str
    item_name: str
    vendor_part: str
    quantity: Decimal
    received: Decimal
    open: Decimal
    most: Decimal
    unit: str
    due_on: date | None
    late_days: int
    needs_inspection: bool


@dataclass(frozen=True, slots=True)
class ExpectedOrder:
    """An order at the receiving desk: no prices, all its lines."""

    order_id: int
    number: str
    vendor: str
    state: str
    is_on_hold: bool
    warehouse_id: int
    fulfil_all_at_once: bool
    lines: tuple[ExpectedLine, ...]


@needs(Permission.EXPECTED_DELIVERY_VIEW)
def expected_order(session: Session, actor: Actor, *, order_id: int) -> ExpectedOrder:
    """What is ordered, received and open of one order, by its key. Refuses: NotFound."""
    found = session.execute(
        select(PurchaseOrder, col(Vendor.name))
        .join(Vendor, col(Vendor.id) == col(PurchaseOrder.vendor_id))
        .where(col(PurchaseOrder.id) == order_id)
    ).one_or_none()
    if found is None:
        raise NotFound(kind="purchase order")
    order, vendor = found
    line = PurchaseOrderLine
    lines = _joined(
        columns(
            line_id=col(line.id),
            line_number=col(line.line_number),
            item_code=col(Item.code),
            item_name=col(Item.name),
            vendor_part=col(line.vendor_part),
            quantity=col(line.quantity),
            received=col(line.received_quantity),
            open=open_quantity(),
            most=func.greatest(col(line.receivable_quantity) - col(line.received_quantity), 0),
            unit=col(Unit.code),
            due_on=due_on(),
            late_days=late_days(),
            needs_inspection=col(Item.inspection_required),
        )
    )
    return ExpectedOrder(
        order_id=order.id,
        number=order.number,
        vendor=vendor,
        state=order.state,
        is_on_hold=order.is_on_hold,
        warehouse_id=order.warehouse_id,
        fulfil_all_at_once=order.fulfil_all_at_once,
        lines=tuple(
            each_as(session, ExpectedLine, lines.where(col(line.order_id) == order_id).order_by(col(line.line_number)))
        ),
    )


@dataclass(frozen=True, slots=True)
class ReceiptHead:
    """One receipt of a list. `reverses` and `voided_by` are numbers, empty where there is none."""

    id: int
    number: str
    order_id: int
    order_number: str
    vendor: str
    warehouse: str
    effective_on: date
    received_at: datetime
    received_by: str
    delivery_note: str
    reverses: str
    voided_by: str
    void_reason: str
    is_history: bool
    lines: int


def receipt_heads() -> Select[Any]:
    """Receipts, the latest first."""
    original, void = aliased(Receipt), aliased(Receipt)
    lines: ColumnElement[int] = (
        select(func.count()).where(col(ReceiptLine.receipt_id) == col(Receipt.id)).correlate(Receipt).scalar_subquery()
    )
    return (
        columns(
            id=col(Receipt.id),
            number=col(Receipt.number),
            order_id=col(Receipt.order_id),
            order_number=col(PurchaseOrder.number),
            vendor=col(Vendor.name),
            warehouse=col(Warehouse.code),
            effective_on=col(Receipt.effective_on),
            received_at=col(Receipt.received_at),
            received_by=func.coalesce(AppUser.name, ""),
            delivery_note=col(Receipt.delivery_note),
            reverses=func.coalesce(original.number, ""),
            voided_by=func.coalesce(void.number, ""),
            void_reason=col(Receipt.void_reason),
            is_history=col(Receipt.is_history),
            lines=lines,
        )
        .select_from(Receipt)
        .join(PurchaseOrder, col(PurchaseOrder.id) == col(Receipt.order_id))
        .join(Vendor, col(Vendor.id) == col(PurchaseOrder.vendor_id))
        .join(Warehouse, col(Warehouse.id) == col(Receipt.warehouse_id))
        .join(AppUser, col(AppUser.id) == col(Receipt.received_by), isouter=True)
        .join(original, col(original.id) == col(Receipt.reverses_id), isouter=True)
        .join(void, col(void.reverses_id) == col(Receipt.id), isouter=True)
        .order_by(col(Receipt.id).desc())
    )


RECEIPT_ROWS = GridSource(
    "receipts",
    Permission.EXPECTED_DELIVERY_VIEW,
    lambda _actor: receipt_heads().order_by(None),
    columns=(
        RowColumn("id", Kind.KEY, required=True),
        RowColumn("number", searched=True, required=True),
        RowColumn("order_id", Kind.KEY),
        RowColumn("order_number", searched=True, required=True),
        RowColumn("vendor", searched=True, required=True),
        RowColumn("warehouse", required=True),
        RowColumn("effective_on", Kind.DATE, required=True),
        RowColumn("received_at", Kind.INSTANT, required=True),
        RowColumn("received_by", required=True),
        RowColumn("delivery_note", searched=True, required=True),
        RowColumn("reverses", required=True),
        RowColumn("voided_by", required=True),
        RowColumn("void_reason", required=True),
        RowColumn("is_history", Kind.FLAG, required=True),
        RowColumn("lines", Kind.NUMBER, required=True),
    ),
    order=(("received_at", "desc"),),
    scopes=("order_id", "warehouse"),
)


@dataclass(frozen=True, slots=True)
class ReceiptLineDetail:
    """One line of a receipt; negative on a reversal."""

    line_number: int
    item_code: str
    item_name: str
    quantity: Decimal
    unit: str
    stock_quantity: Decimal
    stock_unit: str
    rejected: Decimal


@dataclass(frozen=True, slots=True)
class ReceiptDetail:
    """One receipt with its lines. `can_void`: it is no reversal and was not reversed."""

    head: ReceiptHead
    can_void: bool
    lines: tuple[ReceiptLineDetail, ...]


@needs(Permission.EXPECTED_DELIVERY_VIEW)
def receipt_detail(session: Session, actor: Actor, *, receipt_id: int) -> ReceiptDetail:
    """One receipt. Refuses: NotFound."""
    head = one_as(session, ReceiptHead, receipt_heads().where(col(Receipt.id) == receipt_id))
    if head is None:
        raise NotFound(kind="receipt")
    stock_unit = aliased(Unit)
    lines = (
        columns(
            line_number=col(PurchaseOrderLine.line_number),
            item_code=col(Item.code),
            item_name=col(Item.name),
            quantity=col(ReceiptLine.quantity),
            unit=col(Unit.code),
            stock_quantity=col(ReceiptLine.stock_quantity),
            stock_unit=col(stock_unit.code),
            rejected=col(ReceiptLine.rejected_quantity),
        )
        .select_from(ReceiptLine)
        .join(PurchaseOrderLine, col(PurchaseOrderLine.id) == col(ReceiptLine.order_line_id))
        .join(Item, col(Item.id) == col(PurchaseOrderLine.item_id))
        .join(Unit, col(Unit.id) == col(PurchaseOrderLine.unit_id))
        .join(stock_unit, col(stock_unit.id) == col(Item.unit_id))
        .where(col(ReceiptLine.receipt_id) == receipt_id)
        .order_by(col(PurchaseOrderLine.line_number), col(ReceiptLine.id))
    )
    return ReceiptDetail(head, not (head.reverses or head.voided_by), tuple(each_as(session, ReceiptLineDetail, lines)))
