"""The receive form and the question before a void, as pages of orders and of receiving show them."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.pages.kit import form
from buyside.pages.kit.dialog import dialog
from buyside.pages.kit.parts import amount, button, notice, status


def receive_form(state: Any) -> rx.Component:
    """What arrives, line by line, with what is open filled in: one press receives everything."""
    return rx.cond(
        state.arriving_says != "",
        notice(state.arriving_says, tone="warn"),
        form.form(
            "Receive goods",
            form.row(
                form.choice(
                    "warehouse_id", state.warehouses, "Into warehouse", value=state.arriving_warehouse, needed=True
                ),
                form.date("effective_on", "Arrived on", value=state.arriving_day, needed=True),
                form.text("delivery_note", "Delivery note"),
            ),
            rx.el.div(
                rx.el.div(
                    rx.el.span("Line"),
                    rx.el.span("Item"),
                    rx.el.span("Open", class_name="number"),
                    rx.el.span("Arrived", class_name="number"),
                    class_name="arriving-row arriving-head",
                    aria_hidden="true",
                ),
                rx.foreach(state.arriving, lambda line: _line(line, state.errors)),
                class_name="arriving",
            ),
            on_submit=state.receive,
            errors=state.errors,
            submit="Receive",
            show_title=False,
            key=state.arriving_key,
            actions=[rx.el.span("Lines left empty did not arrive.", class_name="quiet")],
        ),
    )


def _line(line: Any, errors: Any) -> rx.Component:
    error = errors[line["field"]]
    describes = line["field"].to(str) + "-error"
    return rx.el.div(
        rx.el.span(line["line"], class_name="quiet"),
        rx.el.div(
            rx.el.div(rx.el.span(line["code"], class_name="strong"), " ", line["name"], class_name="clip"),
            rx.el.div(
                rx.el.span(line["received"], " of ", line["ordered"], " received", class_name="quiet"),
                rx.cond(line["late"] != "", status(line["late"], tone="warn"), rx.fragment()),
                rx.cond(line["inspected"], status("To inspection", tone="neutral"), rx.fragment()),
                class_name="arriving-more",
            ),
        ),
        amount(line["open"], line["unit"]),
        rx.el.input(
            type="text",
            name=line["field"],
            default_value=line["open"],
            input_mode="decimal",
            auto_complete="off",
            class_name="input number",
            aria_label="Arrived of line " + line["line"].to(str) + ", " + line["code"].to(str),
            aria_invalid=rx.cond(error, "true", "false"),
            aria_describedby=describes,
        ),
        rx.cond(error, rx.el.span(error, id=describes, class_name="field-error", role="alert"), rx.fragment()),
        class_name="arriving-row",
    )


def void_dialog(state: Any) -> rx.Component:
    """Asks why, and says what will happen."""
    return dialog(
        "Void receipt " + state.voiding,
        form.form(
            "Void receipt",
            form.area("reason", "Reason", needed=True),
            on_submit=state.void,
            errors=state.errors,
            submit="Void receipt",
            look="danger",
            show_title=False,
            key=state.voiding,
            actions=[button("Keep it", state.keep_receipt)],
        ),
        is_open=state.voiding != "",
        on_close=state.keep_receipt,
        says="The exact reverse is posted: the goods leave the stock, and the order waits for them again. "
        "Both receipts stay in the ledger.",
    )
