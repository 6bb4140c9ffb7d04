"""Sales orders: demand as a list of sold lines or of whole orders."""

from __future__ import annotations

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.words import SALES_ORDER_WORDS
from buyside.pages import routes
from buyside.pages.kit.grid import Column, View, above, before_today, grid, one_of
from buyside.pages.kit.parts import switch
from buyside.pages.shell import can, page
from buyside.state.sales_orders import SalesOrdersState as Demand

_NONE_YET = (
    "No sales orders yet",
    "They arrive approved from the selling side: by import of a pack, or from the platform that takes orders.",
)


def _by() -> rx.Component:
    return switch("List", Demand.by, (("lines", "By line"), ("orders", "By order")), Demand.show_by)


@page(routes.SALES_ORDERS, is_flush=True)
def sales_orders() -> rx.Component:
    """All demand, open lines first."""
    lines = grid(
        Demand.lines,
        (
            Column("order_number", "Order", width=120, href="/sales-orders/{order_number}"),
            Column("line_number", "Line", width=72),
            Column("customer", grow=2, least=150),
            Column("sku", "Sold", width=150),
            Column("name", grow=3, least=180),
            Column("needed_by", width=124),
            Column("quantity", "Ordered", width=104),
            Column("fulfilled", width=104),
            Column("open", width=104),
            Column("status", width=120, words=SALES_ORDER_WORDS),
            Column("warehouse", width=120),
        ),
        label="Lines of sales orders",
        noun="lines",
        row_href="/sales-orders/{order_number}",
        views=(
            View("Open", {"open": above("0"), "status": one_of("approved")}),
            View("Past due", {"open": above("0"), "status": one_of("approved"), "needed_by": before_today()}),
            View("All"),
        ),
        quick_hint="Order, customer or product",
        empty=_NONE_YET,
        can_export=can(Permission.DATA_EXPORT),
        actions=[_by()],
    )
    orders = grid(
        Demand.orders,
        (
            Column("number", "Order", width=130, href="/sales-orders/{number}"),
            Column("customer", grow=3, least=180),
            Column("status", width=130, words=SALES_ORDER_WORDS),
            Column("approved_at", "Approved", width=180),
            Column("needed_by", "Next needed", width=130, is_sortable=False, is_filterable=False),
            Column("lines", width=90, is_sortable=False, is_filterable=False),
            Column("open_quantity", "Open", width=120, is_sortable=False, is_filterable=False),
            Column("warehouse", width=130),
        ),
        label="Sales orders",
        noun="orders",
        row_href="/sales-orders/{number}",
        views=(
            View("All"),
            View("Approved", {"status": one_of("approved")}),
            View("Draft", {"status": one_of("draft")}),
        ),
        quick_hint="Order or customer",
        empty=_NONE_YET,
        can_export=can(Permission.DATA_EXPORT),
        actions=[_by()],
    )
    return rx.cond(Demand.by == "lines", lines, orders)
