"""The receiving desk: what is to come, the order that is being received, and what has arrived."""

from __future__ import annotations

from typing import ClassVar, TypedDict

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.locales import shown_date, shown_instant, shown_number
from buyside.domain.refusals import NotFound
from buyside.queries.receipts import EXPECTED_ROWS, RECEIPT_ROWS, ReceiptLineDetail, receipt_detail
from buyside.queries.rows import GridSource, grid_rows
from buyside.state.base import handler, me
from buyside.state.grid import GridState
from buyside.state.order_sheet import receipt_mark
from buyside.state.receipts import ReceiveState
from buyside.state.roles import WarehouseState


class ArrivedLine(TypedDict):
    """One line of a receipt in words."""

    line: str
    code: str
    name: str
    quantity: str
    unit: str
    into_stock: str
    stock_unit: str


class ReceivingState(GridState, ReceiveState, WarehouseState, rx.State):
    """Expected deliveries with the receive form beside them, or receipts with what they held."""

    expected: ClassVar[GridSource] = EXPECTED_ROWS
    posted: ClassVar[GridSource] = RECEIPT_ROWS
    by: str = "expected"
    vendor: str = ""
    number: str = ""
    mark: str = ""
    of_order: str = ""
    arrived_on: str = ""
    recorded: str = ""
    warehouse: str = ""
    note: str = ""
    reason: str = ""
    arrived: list[ArrivedLine] = []
    receipt_id: int = 0
    can_void: bool = False

    @handler(Permission.EXPECTED_DELIVERY_VIEW)
    def load(self) -> None:
        """Start with what is to come."""
        self.chosen, self.voiding = "", ""

    @handler(Permission.EXPECTED_DELIVERY_VIEW)
    def show_by(self, by: str) -> None:
        """List what is to come, or what has arrived."""
        self.by = "receipts" if by == "receipts" else "expected"
        self.chosen = ""

    @handler(Permission.EXPECTED_DELIVERY_VIEW)
    async def open(self, row_id: str) -> None:
        """Show the order of an expected line."""
        rows = await self._ask(grid_rows, source=EXPECTED_ROWS, ids=(row_id,), scope={})
        if not rows:
            raise NotFound(kind="expected delivery")
        self.vendor = rows[0]["vendor"]
        await self._show_arriving(rows[0]["order_id"])
        self.chosen = row_id

    @handler(Permission.EXPECTED_DELIVERY_VIEW)
    async def open_receipt(self, row_id: str) -> None:
        """Show what a receipt held."""
        if not row_id.isdecimal() or len(row_id) > 18:
            raise NotFound(kind="receipt")
        found = await self._ask(receipt_detail, receipt_id=int(row_id))
        head, actor = found.head, me()
        self.number, self.of_order, self.vendor = head.number, head.order_number, head.vendor
        self.arrived_on = shown_date(head.effective_on, actor.locale)
        when = shown_instant(head.received_at, actor.locale, actor.time_zone)
        self.recorded = f"{when} by {head.received_by}" if head.received_by else when
        self.warehouse, self.note, self.reason = head.warehouse, head.delivery_note, head.void_reason
        self.mark = receipt_mark(head)
        self.can_void = found.can_void and actor.may(Permission.RECEIPT_VOID)
        self.receipt_id = head.id
        self.arrived = [_arrived(each, actor.locale) for each in found.lines]
        self.chosen = row_id

    @handler(Permission.EXPECTED_DELIVERY_VIEW)
    def close(self) -> None:
        """Close the panel."""
        self.chosen = ""

    async def _show_goods_moved(self) -> None:
        self.chosen = ""
        self._changed_rows()


def _arrived(line: ReceiptLineDetail, locale: str) -> ArrivedLine:
    return ArrivedLine(
        line=str(line.line_number),
        code=line.item_code,
        name=line.item_name,
        quantity=shown_number(line.quantity, locale),
        unit=line.unit,
        into_stock=shown_number(line.stock_quantity, locale),
        stock_unit=line.stock_unit,
    )
