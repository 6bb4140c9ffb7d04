"""The start page: what needs attention today, worst first."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.domain.access import Permission
from buyside.pages import routes
from buyside.pages.kit.base import link
from buyside.pages.kit.parts import amount, columns, empty_state, page_head, section, table
from buyside.pages.shell import page, when_allowed
from buyside.state.start import StartState as Start


def _tile(thing: Any) -> rx.Component:
    return link(
        rx.el.span(thing["title"], class_name="tile-label"),
        rx.el.span(thing["count"], class_name="tile-figure"),
        rx.el.span(thing["says"], class_name="tile-says"),
        to=thing["path"],
        class_name="tile",
        data_tone=thing["tone"],
    )


def _watched(title: str, says: str, orders: Any, empty: str, day: str) -> rx.Component:
    return section(
        title,
        table(
            title,
            ("Order", "Vendor", day, "Days"),
            orders,
            lambda each: (
                link(each["number"], to=each["path"], class_name="whole"),
                each["vendor"],
                rx.el.span(each["on"], class_name="day"),
                amount(each["days"], "d"),
            ),
            numbers=("Days",),
            empty=empty,
        ),
        says=says,
    )


@page(routes.START, on_load=Start.load)
def start() -> rx.Component:
    """Counts that lead to the rows behind them, and the orders that wait longest."""
    nothing = empty_state("Nothing waits for you", "What needs your attention stands here, worst first.")
    orders = when_allowed(
        Permission.ORDER_VIEW,
        columns(
            _watched("Late deliveries", "longest waiting first", Start.late, "Every delivery is on time.", "Was due"),
            _watched(
                "To issue by today",
                "drafts whose order-by date has come",
                Start.to_issue,
                "No draft is due.",
                "Order by",
            ),
            least="440px",
        ),
    )
    quiet = rx.cond(
        Start.clear.length() > 0,
        rx.el.p(
            "All clear: ",
            rx.foreach(Start.clear, lambda each: rx.el.span(each["title"], class_name="clear-thing")),
            class_name="quiet all-clear",
        ),
        rx.fragment(),
    )
    return rx.cond(
        Start.loaded,
        rx.el.div(
            page_head(Start.today, rx.cond(Start.as_of != "", "Latest plan as of " + Start.as_of, "No plan yet")),
            rx.cond(
                Start.waiting.length() > 0, rx.el.div(rx.foreach(Start.waiting, _tile), class_name="tiles"), nothing
            ),
            quiet,
            orders,
            class_name="parts",
        ),
        rx.fragment(),
    )
