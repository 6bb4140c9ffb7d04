"""Demand as the screens show it: the list of sold lines, and one customer's order with what will serve it."""

from __future__ import annotations

from typing import ClassVar, TypedDict
from urllib.parse import quote

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.locales import shown_date, shown_instant, shown_number
from buyside.domain.refusals import NotFound
from buyside.queries.demand import (
    SALES_LINE_ROWS,
    SALES_ORDER_ROWS,
    SalesLineDetail,
    SupplyOfLine,
    sales_order_detail,
)
from buyside.queries.rows import GridSource
from buyside.state.base import handler, me
from buyside.state.grid import GridState
from buyside.state.roles import SalesState


class SoldLine(TypedDict):
    """A line of a customer's order in words."""

    line: str
    path: str
    sku: str
    name: str
    options: str
    ordered: str
    fulfilled: str
    open: str
    needed_by: str
    from_stock: str
    to_buy: str
    says: str
    tone: str


class Supply(TypedDict):
    """A purchase order line that serves a line."""

    line: str
    order: str
    path: str
    state: str
    item: str
    item_name: str
    quantity: str
    unit: str
    due: str
    is_endangered: bool


class SalesOrdersState(GridState, SalesState, rx.State):
    """The list of demand, by line or by order."""

    lines: ClassVar[GridSource] = SALES_LINE_ROWS
    orders: ClassVar[GridSource] = SALES_ORDER_ROWS
    by: str = "lines"

    @handler(Permission.DEMAND_VIEW)
    def show_by(self, by: str) -> None:
        """List lines, or whole orders."""
        self.by = "orders" if by == "orders" else "lines"


class SalesOrderState(SalesState, rx.State):
    """One customer's order, and line by line the supply that will serve it."""

    found: bool = False
    missing: bool = False
    number: str = ""
    customer: str = ""
    status: str = ""
    approved: str = ""
    warehouse: str = ""
    as_of: str = ""
    sold: list[SoldLine] = []
    supply: list[Supply] = []

    @handler(Permission.DEMAND_VIEW)
    async def load(self) -> None:
        """Show the order that the address names."""
        self.found = self.missing = False
        self.number = str(self.sales_order_number)  # type: ignore[attr-defined]
        try:
            order = await self._ask(sales_order_detail, number=self.number)
        except NotFound:
            self.missing = True
            return
        locale = me().locale
        self.customer, self.status, self.warehouse = order.customer, order.status, order.warehouse
        self.approved = shown_instant(order.approved_at, locale, me().time_zone) if order.approved_at else "Not yet"
        self.as_of = shown_date(order.run_as_of, locale) if order.run_as_of else ""
        self.sold = [_sold(line, self.number, locale) for line in order.lines]
        self.supply = [_supply(line, each, locale) for line in order.lines for each in line.supply]
        self.found = True


def _sold(line: SalesLineDetail, number: str, locale: str) -> SoldLine:
    says, tone = _standing(line)
    counted = line.covered_from_stock is not None
    return SoldLine(
        line=str(line.line_number),
        path=f"/sales-orders/{quote(number, safe='')}?line={line.line_number}",
        sku=line.sku,
        name=line.name,
        options=" · ".join(line.options),
        ordered=shown_number(line.quantity, locale),
        fulfilled=shown_number(line.fulfilled, locale),
        open=shown_number(line.open, locale),
        needed_by=shown_date(line.needed_by, locale),
        from_stock=shown_number(line.covered_from_stock, locale) if counted and line.covered_from_stock else "–",
        to_buy=shown_number(line.exploded, locale) if counted and line.exploded else "–",
        says=says,
        tone=tone,
    )


def _standing(line: SalesLineDetail) -> tuple[str, str]:
    """How a line stands, in a word or two with its tone."""
    if line.open == 0:
        return ("Cancelled", "neutral") if line.cancelled >= line.quantity else ("Fulfilled", "good")
    if line.problem == "unmapped":
        return "No structure", "bad"
    if line.problem:
        return "Rules contradict", "bad"
    if any(each.is_endangered for each in line.supply):
        return "Endangered", "warn"
    if line.exploded == 0:
        return "From stock", "good"
    if any(each.is_open for each in line.supply):
        return "On order", "active"
    return ("Planned", "active") if line.exploded else ("Not planned yet", "neutral")


def _supply(line: SalesLineDetail, each: SupplyOfLine, locale: str) -> Supply:
    return Supply(
        line=str(line.line_number),
        order=each.order_number,
        path=f"/orders/{quote(each.order_number, safe='')}?line={each.order_line}",
        state=each.state,
        item=each.item_code,
        item_name=each.item_name,
        quantity=shown_number(each.quantity, locale),
        unit=each.unit,
        due=shown_date(each.due_on, locale) if each.due_on else "–",
        is_endangered=each.is_endangered,
    )
