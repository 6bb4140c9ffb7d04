"""The draft plan by vendor: what it comes to against minimum order value and free freight, and what would fit."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.words import Tone
from buyside.pages import routes
from buyside.pages.kit.base import link
from buyside.pages.kit.dialog import dialog
from buyside.pages.kit.parts import amount, button, facts, link_button, notice, panel, section, split, status, table
from buyside.pages.plan_parts import made_dialog
from buyside.pages.plan_runs import plan_tabs, run_head, with_run
from buyside.pages.shell import page, when_allowed
from buyside.state.plan_runs import PlanRunState as Run
from buyside.state.plan_vendors import NONE
from buyside.state.plan_vendors import PlanVendorsState as Vendors

_HEADS = (
    "Vendor",
    "Lines",
    "Late",
    "Moved since",
    "Open value",
    "Minimum order",
    "Freight",
    "Next order day",
    "Could join",
    "",
)


def _row(each: Any) -> tuple[Any, ...]:
    return (
        rx.el.button(each["name"], type="button", class_name="link", on_click=Vendors.open(each["key"])),
        amount(link(each["lines"], to=each["lines_path"])),
        amount(_count(each["late"], each["late_path"])),
        amount(_count(each["moved"], each["moved_path"])),
        amount(each["total"]),
        _stacked(each["minimum_says"], each["minimum_tone"], each["minimum_of"]),
        _stacked(each["freight"], each["freight_tone"], each["freight_of"]),
        rx.el.span(each["order_day"], rx.el.span(each["cutoff"], class_name="unit"), class_name="whole"),
        each["fits"],
        when_allowed(
            Permission.PLAN_CONVERT,
            rx.cond(
                each["can_convert"],
                button("Make orders", Vendors.ask_convert(each["vendor_id"], each["name"])),
                rx.fragment(),
            ),
        ),
    )


def _count(number: Any, path: Any) -> rx.Component:
    """A number that leads to its lines; a dash leads nowhere."""
    return rx.cond(number == NONE, number, link(number, to=path))


def _state(says: Any, tone: Any) -> rx.Component:
    """A word with its tone; a dash where nothing is asked."""
    return rx.cond(tone == "neutral", says, status(says, tone=tone))


def _list() -> rx.Component:
    return rx.el.div(
        table(
            "The plan by vendor",
            _HEADS,
            Vendors.groups,
            _row,
            numbers=("Lines", "Late", "Moved since", "Open value"),
            empty="This plan asks nothing of any vendor.",
            picked=lambda each: each["key"] == Vendors.chosen,
        ),
        class_name="page scrolls",
    )


def _panel() -> rx.Component:
    group = Vendors.open_group
    orders = table(
        "Orders that the open lines would make",
        ("Warehouse", "Contract", "Lines", "Value", "Minimum"),
        Vendors.orders,
        lambda each: (
            each["warehouse"],
            each["contract"],
            amount(each["lines"]),
            amount(each["total"]),
            rx.cond(each["says"] != "", status(each["says"], tone=each["tone"]), rx.fragment()),
        ),
        numbers=("Lines", "Value"),
        empty="None: no line has a price and a quantity.",
    )
    fitting = table(
        "Lines of other vendors that could come",
        ("Item", "From", "Here", "Adds", "Costs more", "", " "),
        Vendors.fitting,
        lambda each: (
            rx.el.span(rx.el.strong(each["item"]), " ", rx.el.span(each["name"], class_name="quiet")),
            each["whence"],
            amount(each["quantity"]),
            amount(each["adds"]),
            amount(each["difference"]),
            status(each["says"], tone=each["tone"]),
            when_allowed(
                Permission.PLAN_EDIT,
                button("Move here", Vendors.take(each["line_id"]), aria_label="Move " + each["item"] + " here"),
            ),
        ),
        numbers=("Here", "Adds", "Costs more"),
        empty=group["no_fit"],
    )
    return panel(
        group["name"],
        facts(
            ("Open value", rx.el.span(group["total"], rx.el.span(group["orders"], class_name="unit"))),
            ("Minimum order", _against(group["minimum_says"], group["minimum_tone"], group["minimum_of"])),
            ("Freight", _against(group["freight"], group["freight_tone"], group["freight_of"])),
            ("Takes orders", rx.el.span(group["order_day"], rx.el.span(group["cutoff"], class_name="unit"))),
            ("Contracts", group["contracts"]),
        ),
        rx.cond(
            group["unready"] != "", notice(group["unready"] + ": not part of any order.", tone=Tone.WARN), rx.fragment()
        ),
        rx.el.div(
            link_button("Show its lines", group["lines_path"]),
            link_button("Show on the board", group["board_path"]),
            class_name="actions",
        ),
        section("Orders it would make", orders),
        section("What fits", fitting, says="open lines of others that this vendor sells too"),
        on_close=Vendors.close,
        label="One vendor of the plan",
    )


def _against(says: Any, tone: Any, of: Any) -> rx.Component:
    """What is missing, or reached, and of what."""
    return rx.el.span(_state(says, tone), rx.cond(of != "", rx.el.span(of, class_name="unit"), rx.fragment()))


def _stacked(says: Any, tone: Any, of: Any) -> rx.Component:
    """The same, one below the other."""
    return rx.el.div(
        rx.el.div(_state(says, tone)),
        rx.cond(of != "", rx.el.div(of, class_name="quiet"), rx.fragment()),
        class_name="whole",
    )


def _dialogs() -> rx.Component:
    convert = dialog(
        "Make purchase orders",
        rx.foreach(Vendors.doubts, lambda each: notice(each, tone=Tone.WARN)),
        rx.el.div(
            button("Back", Vendors.stop_converting),
            button(
                rx.cond(Vendors.doubts.length() > 0, "Order all the same", "Make orders"),
                Vendors.convert,
                look="primary",
            ),
            class_name="dialog-foot",
        ),
        is_open=Vendors.is_converting,
        on_close=Vendors.stop_converting,
        says=Vendors.convert_says + " become draft orders, one per warehouse and contract. Nothing is sent yet.",
    )
    return rx.fragment(convert, made_dialog(Vendors))


@page(routes.PLAN_VENDORS, on_load=Run.load, is_flush=True)
def plan_vendors() -> rx.Component:
    """The run in view by vendor; another run in view reads it anew."""
    shown = split(
        rx.cond(Vendors.loaded, _list(), rx.fragment()), _panel(), is_open=Vendors.chosen != "", width="620px"
    )
    return with_run(
        rx.el.div(
            _dialogs(),
            run_head(),
            plan_tabs(routes.PLAN_VENDORS),
            shown,
            class_name="stacked",
            key=Run.run_id.to_string(),
            on_mount=Vendors.load,
        )
    )
