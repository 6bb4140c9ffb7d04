"""The two panels of pegging: what serves a line of a customer's order, and who waits for a line of a purchase order."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.domain.access import Permission
from buyside.pages.kit.base import link
from buyside.pages.kit.parts import amount, facts, section, status, table
from buyside.pages.shell import can
from buyside.state.serving import LineServingState as Line
from buyside.state.serving import OrderServesState as Bought


def _lines(label: str, lines: Any) -> rx.Component:
    """Which line is looked at, where the order has several."""

    def one(each: Any) -> rx.Component:
        return link(each["label"], to=each["path"], aria_current=rx.cond(each["is_open"], "true", "false"))

    return rx.cond(
        lines.length() > 1,
        rx.el.nav(rx.foreach(lines, one), class_name="line-links", aria_label=label),
        rx.fragment(),
    )


def _source(each: Any) -> rx.Component:
    may = rx.cond(
        each["tone"] == "active", rx.cond(each["more"] != "", rx.el.span(each["more"], class_name="quiet"), ""), ""
    )
    leads = rx.cond(
        each["path"] == "",
        rx.fragment(),
        rx.cond(
            can(Permission.ORDER_VIEW),
            link(each["order"], to=each["path"]),
            rx.el.span(each["order"]),
        ),
    )
    return rx.el.div(status(each["says"], tone=each["tone"]), leads, may, class_name="served-by")


def _part(each: Any) -> tuple[Any, ...]:
    item = rx.cond(
        can(Permission.PLAN_VIEW),
        link(each["item"], to=each["item_path"], class_name="strong"),
        rx.el.span(each["item"], class_name="strong"),
    )
    late = rx.cond(each["late"] != "", status(each["late"], tone="warn"), rx.fragment())
    return (
        rx.el.span(item, " ", rx.el.span(each["name"], class_name="quiet")),
        rx.el.span(each["needed"], class_name="day"),
        amount(each["quantity"], each["unit"]),
        _source(each),
        rx.el.div(rx.el.span(each["there"], class_name="day"), late, class_name="served-by"),
        rx.el.span(each["expected"], class_name="day"),
    )


def line_panel() -> rx.Component:
    """What serves the chosen line of a customer's order, component by component, and when all of it is there."""
    shown = section(
        "What serves line " + Line.line.to_string(),
        _lines("Lines to look at", Line.lines),
        facts(
            ("Needed by", rx.el.span(Line.needed, class_name="day")),
            (
                "Expected",
                rx.el.div(
                    rx.el.span(Line.expected, class_name="day strong"),
                    status(Line.standing, tone=Line.tone),
                    class_name="served-by",
                ),
            ),
            ("Ready in stock", amount(Line.from_stock)),
            ("To supply", amount(Line.to_supply)),
        ),
        rx.cond(
            Line.parts.length() > 0,
            table(
                "What serves each component",
                ("Component", "Needed", "Quantity", "Served by", "There on", "The line can have it"),
                Line.parts,
                _part,
                numbers=("Quantity",),
            ),
            rx.el.div(rx.el.p(Line.empty, class_name="table-none"), class_name="table-wrap"),
        ),
        says=Line.says,
    )
    return rx.cond(Line.line > 0, shown, rx.fragment())


def _waits(each: Any) -> tuple[Any, ...]:
    order = rx.cond(
        (each["path"] != "") & can(Permission.DEMAND_VIEW),
        link(each["order"], to=each["path"], class_name="whole"),
        rx.el.span(rx.cond(each["order"] != "", each["order"], "–"), class_name="whole"),
    )
    return (
        order,
        rx.el.span(each["customer"]),
        rx.el.span(each["sold"], class_name="quiet"),
        rx.el.span(each["quantity"], class_name="number"),
        rx.el.span(each["needed"], class_name="day"),
        rx.el.span(each["promised"], class_name="day"),
        status(each["standing"], tone=each["tone"]),
    )


def waiting_panel() -> rx.Component:
    """Who waits for the chosen line of a purchase order, and whom its date endangers."""
    shown = section(
        "Who waits for line " + Bought.line.to_string(),
        _lines("Lines to look at", Bought.lines),
        facts(
            ("Item", rx.el.span(Bought.item)),
            (
                "There on",
                rx.el.div(
                    rx.el.span(Bought.there, class_name="day strong"),
                    status(Bought.standing, tone=Bought.tone),
                    class_name="served-by",
                ),
            ),
            ("Open", rx.el.span(Bought.quantity, class_name="number")),
            ("For stock", rx.el.span(Bought.spare, class_name="number")),
        ),
        table(
            "Customers' orders that wait for this line",
            ("Sales order", "Customer", "Sold", "Quantity", "Needed", "Customer's date", "Standing"),
            Bought.waiting,
            _waits,
            numbers=("Quantity",),
            empty="Nobody waits for it: it refills stock, or earlier supply serves all there is to serve.",
        ),
        says=Bought.says,
    )
    return rx.cond(Bought.line > 0, rx.el.div(shown, class_name="parts under-document"), rx.fragment())
