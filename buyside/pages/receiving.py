"""The receiving desk: expected deliveries with the receive form beside them, and receipts with their void."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.words import ORDER_WORDS, Tone
from buyside.pages import routes
from buyside.pages.kit.base import link
from buyside.pages.kit.grid import Column, View, before_today, grid, one_of, within_days
from buyside.pages.kit.parts import amount, button, facts, panel, split, status, switch, table
from buyside.pages.receipts import receive_form, void_dialog
from buyside.pages.shell import can, page
from buyside.state.receiving import ReceivingState as Desk

_WEEK = 7


def _by() -> rx.Component:
    return switch("List", Desk.by, (("expected", "Expected"), ("receipts", "Receipts")), Desk.show_by)


def _expected() -> rx.Component:
    return grid(
        Desk.expected,
        (
            Column("due_on", "Expected", width=122),
            Column("late_days", "Days late", width=98),
            Column("vendor", grow=2, least=140),
            Column("order_number", "Order", width=146),
            Column("line_number", "Line", width=72),
            Column("item_code", "Item", width=132),
            Column("item_name", "Name", grow=3, least=160),
            Column("open", width=116, unit_from="unit"),
            Column("received", width=108, unit_from="unit"),
            Column("warehouse", width=110),
            Column("state", "Order status", width=132, words=ORDER_WORDS),
        ),
        label="Expected deliveries",
        noun="lines",
        state=Desk,
        on_open=Desk.open,
        views=(
            View("All"),
            View("Late", {"due_on": before_today()}),
            View("Today", {"due_on": within_days(1)}),
            View("This week", {"due_on": within_days(_WEEK)}),
        ),
        quick_hint="Order, vendor, item or vendor part",
        empty=("Nothing is expected", "Lines of issued orders stand here until they have arrived."),
        can_export=can(Permission.DATA_EXPORT),
        actions=[_by()],
    )


def _receipts() -> rx.Component:
    return grid(
        Desk.posted,
        (
            Column("number", "Receipt", width=190),
            Column("effective_on", "Arrived", width=122),
            Column("vendor", grow=2, least=140),
            Column("order_number", "Order", width=146),
            Column("warehouse", width=110),
            Column("lines", width=78),
            Column("delivery_note", grow=1, least=120),
            Column("received_by", "Received by", width=140),
            Column("received_at", "Recorded", width=150),
            Column("voided_by", "Voided by", grow=1, least=130),
            Column("reverses", "Reverse of", grow=1, least=130),
        ),
        label="Receipts",
        noun="receipts",
        state=Desk,
        on_open=Desk.open_receipt,
        views=(
            View("Posted", {"is_history": one_of("false")}),
            View("Today", {"is_history": one_of("false"), "effective_on": within_days(1)}),
            View("With imported ones"),
        ),
        quick_hint="Receipt, order, vendor or delivery note",
        empty=("No receipts yet", "Receive an expected delivery, and its receipt stands here."),
        can_export=can(Permission.DATA_EXPORT),
        actions=[_by()],
    )


def _order_link(number: Any) -> rx.Component:
    return rx.cond(can(Permission.ORDER_VIEW), link(number, to="/orders/" + number.to(str)), rx.el.span(number))


def _receive_panel() -> rx.Component:
    return panel(
        rx.cond(can(Permission.RECEIPT_POST), "Receive " + Desk.arriving_order.to(str), Desk.arriving_order),
        facts(
            ("Order", _order_link(Desk.arriving_order)),
            ("Vendor", Desk.vendor),
            ("Status", status(Desk.arriving_state, ORDER_WORDS)),
        ),
        rx.cond(can(Permission.RECEIPT_POST), receive_form(Desk), _open_lines()),
        on_close=Desk.close,
        label="Receive",
    )


def _open_lines() -> rx.Component:
    return table(
        "Open lines",
        ("Line", "Item", "Open", "Expected"),
        Desk.arriving,
        lambda line: (line["line"], line["code"], amount(line["open"], line["unit"]), line["due"]),
        numbers=("Open",),
    )


def _receipt_panel() -> rx.Component:
    return panel(
        Desk.number,
        rx.cond(Desk.mark != "", status(Desk.mark, tone=Tone.WARN), rx.fragment()),
        facts(
            ("Order", _order_link(Desk.of_order)),
            ("Vendor", Desk.vendor),
            ("Warehouse", Desk.warehouse),
            ("Arrived", Desk.arrived_on),
            ("Recorded", Desk.recorded),
            ("Delivery note", rx.cond(Desk.note != "", Desk.note, "–")),
            ("Reason", rx.cond(Desk.reason != "", Desk.reason, "–")),
        ),
        table(
            "Lines of the receipt",
            ("Line", "Item", "Quantity", "Into stock"),
            Desk.arrived,
            lambda line: (
                line["line"],
                rx.el.span(line["code"], " ", rx.el.span(line["name"], class_name="quiet")),
                amount(line["quantity"], line["unit"]),
                amount(line["into_stock"], line["stock_unit"]),
            ),
            numbers=("Quantity", "Into stock"),
        ),
        rx.cond(
            Desk.can_void,
            rx.el.div(
                button(
                    "Void receipt", Desk.ask_void(Desk.receipt_id, Desk.number), look="danger", aria_haspopup="dialog"
                )
            ),
            rx.fragment(),
        ),
        on_close=Desk.close,
        label="Receipt",
    )


@page(routes.RECEIVING, on_load=Desk.load, is_flush=True)
def receiving() -> rx.Component:
    """What is to come, or what has arrived, with one of it open beside the list."""
    return rx.fragment(
        split(
            rx.cond(Desk.by == "expected", _expected(), _receipts()),
            rx.cond(Desk.by == "expected", _receive_panel(), _receipt_panel()),
            is_open=Desk.chosen != "",
            width="520px",
        ),
        void_dialog(Desk),
    )
