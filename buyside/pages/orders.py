"""All purchase orders: what to issue, what is open, what is late."""

from __future__ import annotations

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.orders import AWAITING_GOODS
from buyside.domain.words import ORDER_WORDS
from buyside.pages import routes
from buyside.pages.kit import form
from buyside.pages.kit.dialog import dialog
from buyside.pages.kit.grid import Column, View, grid, is_true, one_of, until_today
from buyside.pages.kit.parts import button
from buyside.pages.shell import can, page, when_allowed
from buyside.state.orders import OrdersState as Orders

_AWAITING = sorted(each.value for each in AWAITING_GOODS)


def _new_order() -> rx.Component:
    return dialog(
        "New order",
        form.form(
            "New order",
            form.choice("vendor_id", Orders.vendors, "Vendor", value=Orders.first_vendor, needed=True),
            form.text("title", help="Stands on the paper, for people to recognise the order by."),
            form.row(
                form.choice("warehouse_id", Orders.warehouses, "Ship to warehouse", needed=True),
                form.choice("currency_code", Orders.currencies, "Currency", needed=True),
            ),
            on_submit=Orders.write,
            errors=Orders.errors,
            submit="Write draft",
            show_title=False,
            actions=[button("Back", Orders.leave)],
        ),
        is_open=Orders.is_writing,
        on_close=Orders.leave,
        says="The draft gets its number and the vendor's terms; lines come next.",
    )


@page(routes.ORDERS, on_load=Orders.load, is_flush=True)
def orders() -> rx.Component:
    """The list, newest change first."""
    only_vendor = rx.cond(
        Orders.vendor != "",
        button(
            rx.fragment("Only vendor ", Orders.vendor, " ×"), Orders.show_all, title="Show the orders of all vendors"
        ),
        rx.fragment(),
    )
    rows = grid(
        Orders.rows,
        (
            Column("number", width=146, href="/orders/{number}", is_pinned=True),
            Column("title", grow=2, least=150),
            Column("vendor", grow=2, least=150, href="/vendors/{vendor_code}"),
            Column("state", "Status", width=132, words=ORDER_WORDS),
            Column("order_by", width=118),
            Column("ordered_on", width=118),
            Column("next_due_on", "Next expected", width=128),
            Column("late_days", "Days late", width=98),
            Column("lines", width=78),
            Column("total", width=142, unit_from="currency"),
            Column("open_value", width=132, unit_from="currency", help="What is still to come is worth, with tax"),
            Column("warehouse", width=108),
            Column("owner", width=130),
            Column("changed_at", "Changed", width=148),
        ),
        label="Purchase orders",
        noun="orders",
        state=Orders,
        row_href="/orders/{number}",
        scope=Orders.scope,
        views=(
            View("All"),
            View("Drafts", {"state": one_of("draft")}),
            View("To issue", {"state": one_of("draft", "approved"), "order_by": until_today()}),
            View("Open", {"state": one_of(*_AWAITING)}),
            View("Late", {"is_late": is_true()}),
            View("Received", {"state": one_of("received", "closed")}),
        ),
        quick_hint="Number, title or vendor",
        empty=("No purchase orders yet", "Convert lines of a plan, or write an order yourself: both stand here then."),
        can_export=can(Permission.DATA_EXPORT),
        actions=[
            only_vendor,
            when_allowed(Permission.ORDER_EDIT, button("New order", Orders.begin, look="primary", icon_name="plus")),
        ],
    )
    return rx.fragment(rows, _new_order())
