"""The chosen vendor's purchase orders: what was ordered, when it is expected, and how much of it has arrived."""

from __future__ import annotations

import reflex as rx

from buyside.domain.orders import AWAITING_GOODS, OrderState
from buyside.domain.portal import PORTAL_ORDER_WORDS
from buyside.pages.kit.grid import Column, View, before_today, grid, one_of
from buyside.pages.portal import routes
from buyside.pages.portal.shell import of_vendor, page
from buyside.state.portal.orders import PortalOrdersState as Orders
from buyside.state.portal.shell import PortalShellState as Shell

_AWAITING = sorted(each.value for each in AWAITING_GOODS)
_DOCUMENT = "/orders/{number}?vendor={vendor}"
_PROGRESS = (("received_percent", "Percent received", "from-stock"), ("open_percent", "percent to come", "to-come"))


@page(routes.ORDERS, is_flush=True)
def orders() -> rx.Component:
    """The list, newest issue first."""
    return of_vendor(
        grid(
            Orders.rows,
            (
                Column("number", width=156, href=_DOCUMENT, is_pinned=True),
                Column("revision", width=94, help="Of the latest paper; earlier ones are on the order's page"),
                Column("issued_on", width=120, help="When the latest paper was issued"),
                Column("title", grow=2, least=190),
                Column("state", "Status", width=138, words=PORTAL_ORDER_WORDS),
                Column("expected_on", "Expected", width=120, help="The next delivery that is still to come"),
                Column("total", width=136, unit_from="currency"),
                Column("received_percent", "Received", width=96, unit="%"),
                Column("open_percent", "Progress", width=100, parts=_PROGRESS),
            ),
            label="Purchase orders",
            noun="orders",
            scope={"vendor": Shell.vendor},
            row_href=_DOCUMENT,
            views=(
                View("All"),
                View("Open", {"state": one_of(*_AWAITING)}),
                View("Overdue", {"expected_on": before_today()}),
                View("Delivered", {"state": one_of(OrderState.RECEIVED.value, OrderState.CLOSED.value)}),
            ),
            quick_hint="Number or title",
            empty=("No purchase orders yet", "An order stands here as soon as it is issued to you, with its paper."),
        )
    )
