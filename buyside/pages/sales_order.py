"""One customer's order: what was sold, and the supply that will serve it."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.words import ORDER_WORDS, SALES_ORDER_WORDS
from buyside.pages import routes
from buyside.pages.kit.base import link
from buyside.pages.kit.parts import amount, empty_state, facts, link_button, section, status, table
from buyside.pages.serving import line_panel
from buyside.pages.shell import can, page
from buyside.state.sales_orders import SalesOrderState as Order
from buyside.state.serving import LineServingState as Line


def _sold(line: Any) -> tuple[Any, ...]:
    return (
        link(line["line"], to=line["path"], aria_label="What serves line " + line["line"].to(str)),
        rx.el.div(
            rx.el.div(line["sku"], " ", rx.el.span(line["name"], class_name="quiet")),
            rx.cond(line["options"] != "", rx.el.div(line["options"], class_name="quiet"), rx.fragment()),
            rx.el.div(*_beside(line), class_name="quiet where-narrow"),
            class_name="sold",
        ),
        amount(line["ordered"]),
        amount(line["fulfilled"]),
        amount(line["open"]),
        amount(line["from_stock"]),
        amount(line["to_buy"]),
        rx.el.span(line["needed_by"], class_name="day"),
        rx.el.span(line["expected"], class_name="day"),
        status(line["says"], tone=line["tone"]),
    )


def _beside(line: Any) -> list[Any]:
    """What narrow screens have no columns for, in a line under what was sold."""
    return [
        "Fulfilled ", line["fulfilled"], " · from stock ", line["from_stock"], " · to supply ", line["to_buy"],
    ]  # fmt: skip


def _supply(each: Any) -> tuple[Any, ...]:
    return (
        each["line"],
        rx.cond(can(Permission.ORDER_VIEW), link(each["order"], to=each["path"]), rx.el.span(each["order"])),
        status(each["state"], ORDER_WORDS),
        rx.el.span(each["item"], " ", rx.el.span(each["item_name"], class_name="quiet")),
        amount(each["quantity"], each["unit"]),
        rx.cond(each["is_endangered"], status(each["due"], tone="warn"), rx.el.span(each["due"])),
    )


@page(routes.SALES_ORDER, on_load=[Line.load, Order.load], title=Order.number)
def sales_order() -> rx.Component:
    """The order, its lines, and the purchase orders behind them."""
    missing = empty_state(
        "There is no such sales order",
        "It may carry another number on the selling side.",
        link_button("All sales orders", routes.SALES_ORDERS.path),
    )
    shown = rx.el.div(
        facts(
            ("Customer", Order.customer),
            ("Status", status(Order.status, SALES_ORDER_WORDS)),
            ("Approved", Order.approved),
            ("Ships from", Order.warehouse),
        ),
        section(
            "Lines",
            rx.el.div(
                table(
                    "Lines",
                    (
                        "Line",
                        "Sold",
                        "Ordered",
                        "Fulfilled",
                        "Open",
                        "From stock",
                        "To supply",
                        "Needed by",
                        "Expected",
                        "Standing",
                    ),
                    Order.sold,
                    _sold,
                    numbers=("Ordered", "Fulfilled", "Open", "From stock", "To supply"),
                ),
                class_name="sold-lines",
            ),
            says=rx.cond(Order.as_of != "", "needs of the plan of " + Order.as_of + ", stock and promises of now", ""),
        ),
        line_panel(),
        section(
            "Bought for it",
            table(
                "Purchase orders that serve these lines",
                ("For line", "Purchase order", "Status", "Item", "Quantity", "Arrives"),
                Order.supply,
                _supply,
                numbers=("Quantity",),
                empty="No purchase order serves these lines yet. Convert the lines of a plan, and they are linked here.",
            ),
        ),
        class_name="parts",
    )
    return rx.cond(Order.missing, missing, rx.cond(Order.found, shown, rx.fragment()))
