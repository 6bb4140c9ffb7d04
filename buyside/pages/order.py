"""One purchase order: it looks like the paper that it becomes, and is edited in place while it is a draft."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.words import ORDER_WORDS, Tone
from buyside.pages import routes
from buyside.pages.kit import form
from buyside.pages.kit.base import link
from buyside.pages.kit.dialog import confirm, dialog
from buyside.pages.kit.parts import button, empty_state, facts, file_link, link_button, section, status, timeline
from buyside.pages.order_paper import edited, paper
from buyside.pages.receipts import receive_form, void_dialog
from buyside.pages.serving import waiting_panel
from buyside.pages.shell import can, page
from buyside.state.order import OrderPageState as Order
from buyside.state.serving import OrderServesState as Bought


def _moves() -> rx.Component:
    issue = confirm(
        button("Issue order", look="primary", icon_name="send"),
        "Issue " + Order.number + "?",
        "To "
        + Order.sheet["vendor"].to(str)
        + ", for "
        + Order.sheet["total"].to(str)
        + " "
        + Order.sheet["currency"].to(str)
        + ". The order is dated today and its paper is frozen: nothing on it can be changed afterwards.",
        action="Issue order",
        on_confirm=Order.issue,
    )

    def opens(what: str, label: str, **look: Any) -> rx.Component:
        return button(label, Order.ask(what), aria_haspopup="dialog", **look)

    return rx.el.div(
        status(Order.status, ORDER_WORDS),
        rx.cond(Order.on_hold, status("On hold", tone=Tone.WARN), rx.fragment()),
        rx.el.div(
            rx.cond(Order.can_cancel, opens("cancel", "Cancel order", look="plain"), rx.fragment()),
            rx.cond(
                Order.can_hold,
                rx.cond(
                    Order.on_hold,
                    button("Release from hold", Order.release),
                    opens("hold", "Put on hold", look="plain"),
                ),
                rx.fragment(),
            ),
            rx.cond(
                Order.can_close,
                rx.cond(Order.is_short, opens("close", "Close short", look="plain"), opens("close", "Close order")),
                rx.fragment(),
            ),
            file_link("PDF", Order.paper_address, icon_name="file-down"),
            rx.cond(
                Order.can_receive,
                opens("receive", "Receive goods", look="primary", icon_name="package-check"),
                rx.fragment(),
            ),
            rx.cond(Order.can_issue, issue, rx.fragment()),
            class_name="actions",
        ),
        class_name="page-head",
    )


def _reason_dialog(
    what: str, title: Any, says: Any, submit: str, on_submit: Any, *, look: str, needed: bool = True
) -> rx.Component:
    return dialog(
        title,
        form.form(
            submit,
            form.area("reason", "Reason", needed=needed),
            on_submit=on_submit,
            errors=Order.errors,
            submit=submit,
            look=look,
            show_title=False,
            actions=[button("Back", Order.leave)],
        ),
        is_open=Order.asking == what,
        on_close=Order.leave,
        says=says,
    )


def _dialogs() -> rx.Component:
    return rx.fragment(
        _reason_dialog(
            "cancel",
            "Cancel " + Order.number + "?",
            "The order ends. What it was to serve is planned anew.",
            "Cancel order",
            Order.cancel,
            look="danger",
        ),
        rx.cond(
            Order.is_short,
            _reason_dialog(
                "close",
                "Close " + Order.number + " short?",
                "What has not arrived is no longer expected.",
                "Close short",
                Order.close,
                look="danger",
            ),
            _reason_dialog(
                "close",
                "Close " + Order.number + "?",
                "Everything has arrived. Nothing more can be received or voided.",
                "Close order",
                Order.close,
                look="primary",
                needed=False,
            ),
        ),
        _reason_dialog(
            "hold",
            "Put " + Order.number + " on hold?",
            "On hold it is neither issued nor received until it is released.",
            "Put on hold",
            Order.hold,
            look="primary",
        ),
        dialog(
            "Receive " + Order.arriving_order,
            receive_form(Order),
            is_open=Order.asking == "receive",
            on_close=Order.leave,
            says="What is open is filled in. Change it to what the delivery holds.",
            is_wide=True,
        ),
        void_dialog(Order),
    )


def _mention(each: Any) -> rx.Component:
    return rx.el.li(
        link(each["name"], to=each["path"]),
        rx.el.span(each["says"], class_name="quiet"),
        rx.cond(each["warning"] != "", status(each["warning"], tone=Tone.WARN), rx.fragment()),
    )


def _receipt(each: Any) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.span(each["number"], class_name="strong"),
            rx.cond(each["mark"] != "", status(each["mark"], tone=Tone.NEUTRAL), rx.fragment()),
            rx.cond(
                each["can_void"],
                button(
                    "Void",
                    Order.ask_void(each["id"], each["number"]),
                    look="plain small",
                    aria_label="Void " + each["number"].to(str),
                ),
                rx.fragment(),
            ),
            class_name="mention-head",
        ),
        rx.el.span(each["says"], class_name="quiet"),
    )


def _margin() -> rx.Component:
    return rx.el.aside(
        facts(
            ("Number", Order.number),
            ("Owner", rx.cond(Order.owner != "", Order.owner, "–")),
            ("Type", Order.order_type),
            ("Created", Order.created),
            ("Changed", Order.changed),
            ("Paper", rx.cond(Order.issued_says != "", Order.issued_says, "Not frozen yet")),
        ),
        section(
            "Internal notes",
            rx.cond(
                Order.can_edit | (Order.sheet["internal_notes"] != ""),
                rx.el.div(
                    edited("internal_notes", "Internal notes", kind="area", placeholder="Never leaves the house"),
                    class_name="boxed",
                ),
                rx.el.p("None.", class_name="quiet"),
            ),
        ),
        section(
            "Receipts",
            rx.cond(
                Order.receipts.length() > 0,
                rx.el.ul(rx.foreach(Order.receipts, _receipt), class_name="mentions"),
                rx.el.p("Nothing has arrived.", class_name="quiet"),
            ),
        ),
        rx.cond(
            Order.demand.length() > 0,
            section(
                "Serves sales orders",
                rx.el.ul(rx.foreach(Order.demand, _mention), class_name="mentions"),
                says=rx.cond(Order.demand_count > Order.demand.length(), f"the first of {Order.demand_count}", ""),
            ),
            rx.fragment(),
        ),
        rx.cond(
            can(Permission.PLAN_VIEW) & (Order.runs.length() > 0),
            section("Planned by", rx.el.ul(rx.foreach(Order.runs, _mention), class_name="mentions")),
            rx.fragment(),
        ),
        section(
            "What happened",
            timeline(
                "Timeline",
                Order.timeline,
                lambda each: (
                    rx.fragment(
                        each["says"],
                        rx.foreach(
                            each["more"].to(list[str]),
                            lambda more: rx.el.div(more, class_name="quiet clip", title=more),
                        ),
                    ),
                    each["when"],
                ),
            ),
        ),
        class_name="margin",
        aria_label="About this order",
    )


@page(
    routes.ORDER, on_load=[Order.load, Bought.load], title=rx.cond(Order.number != "", Order.number, "Purchase order")
)
def order() -> rx.Component:
    """The sheet, what can be done with it, and what refers to it."""
    missing = empty_state(
        "There is no such purchase order",
        "Its number may be mistyped, or it was never saved.",
        link_button("All purchase orders", routes.ORDERS.path),
    )
    shown = rx.el.div(
        _moves(),
        rx.el.div(paper(), _margin(), class_name="document"),
        waiting_panel(),
        _dialogs(),
        class_name="document-page",
    )
    return rx.cond(Order.missing, missing, rx.cond(Order.found, shown, rx.fragment()))
