"""Demand as the screens show it: the list of sold lines, and one customer's order with what will serve it."""

from __future__ import annotations

from typing import ClassVar, TypedDict
from urllib.parse import quote

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.locales import shown_date, shown_instant, shown_number
from buyside.domain.money import ZERO
from buyside.domain.refusals import NotFound
from buyside.queries.demand import (
    SALES_LINE_ROWS,
    SALES_ORDER_ROWS,
    SalesLineDetail,
    SupplyOfLine,
    sales_order_detail,
)
from buyside.queries.pegging import LineServing
from buyside.queries.rows import GridSource
from buyside.state.base import handler, me
from buyside.state.grid import GridState
from buyside.state.roles import SalesState
from buyside.state.serving import LineServingState, standing_of


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
    expected: str
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
        panel = await self.get_state(LineServingState)
        told = {each.sales_line_id: each for each in panel._told}
        days = {each.as_of for each in told.values() if each.as_of and each.open}
        self.as_of = " and ".join(shown_date(each, locale) for each in sorted(days))
        self.sold = [_sold(line, told.get(line.id), self.number, locale) for line in order.lines]
        self.supply = [_supply(line, each, locale) for line in order.lines for each in line.supply]
        self.found = True


def _sold(line: SalesLineDetail, told: LineServing | None, number: str, locale: str) -> SoldLine:
    """A line with the same word on it as the panel says."""
    says, tone = standing_of(told) if told is not None and line.open else closed_in_words(line)
    from_stock, to_supply = (told.covered_from_stock, told.exploded) if told is not None else (ZERO, ZERO)
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
        expected=shown_date(told.expected_on, locale) if told is not None and told.expected_on else "–",
        from_stock=shown_number(from_stock, locale) if from_stock else "–",
        to_buy=shown_number(to_supply, locale) if to_supply else "–",
        says=says,
        tone=tone,
    )


def closed_in_words(line: SalesLineDetail) -> tuple[str, str]:
    """What became of a line of which nothing is open."""
    return ("Cancelled", "neutral") if line.cancelled >= line.quantity else ("Fulfilled", "good")


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
