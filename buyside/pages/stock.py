"""Stock: balances now and on any past day, one article's card, the whole ledger, and movements by hand."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.stock import StockPlace
from buyside.domain.words import STOCK_REASON_WORDS, Tone, words
from buyside.pages import routes
from buyside.pages.kit import form
from buyside.pages.kit.base import link
from buyside.pages.kit.dialog import dialog
from buyside.pages.kit.grid import Column, View, above, grid, one_of
from buyside.pages.kit.parts import amount, button, facts, panel, section, split, status, switch, table
from buyside.pages.shell import can, page, when_allowed
from buyside.state.stock import StockState as Stock

_KINDS = {"item": ("Item", Tone.NEUTRAL), "variant": ("Variant", Tone.NEUTRAL)}
_PLACES = words(StockPlace, {StockPlace.INSPECTION: Tone.PARTIAL})


def _choices(*, with_day: bool) -> list[rx.Component]:
    day = rx.el.label(
        "As of",
        rx.el.input(
            type="date",
            default_value=rx.cond(Stock.as_of != "", Stock.as_of, Stock.today),
            max=Stock.today,
            on_change=Stock.choose_day,
            class_name="input small-input",
        ),
        class_name="bar-choice",
    )
    where = rx.el.select(
        rx.el.option("All warehouses", value=""),
        rx.foreach(Stock.warehouses, lambda each: rx.el.option(each["label"], value=each["value"])),
        value=Stock.warehouse_filter,
        on_change=Stock.choose_warehouse,
        class_name="input small-input",
        aria_label="Warehouse",
    )

    by = switch("List", Stock.by, (("balances", "Balances"), ("ledger", "Ledger")), Stock.show_by)
    return [*([day] if with_day else []), where, by]


def _balances() -> rx.Component:
    return grid(
        Stock.balances,
        (
            Column("warehouse", width=110),
            Column("code", width=150),
            Column("name", grow=3, least=170),
            Column("kind", width=90, words=_KINDS),
            Column("on_hand", width=116, unit_from="unit"),
            Column("in_inspection", width=122, unit_from="unit"),
            Column("reserved", width=100, unit_from="unit"),
            Column("available", width=116, unit_from="unit"),
            Column("on_order", width=116, unit_from="unit"),
            Column("next_due_on", "Next expected", width=128),
            Column("average_cost", width=112),
            Column("value", width=136, unit_from="currency"),
        ),
        label="Balances",
        noun="balances",
        state=Stock,
        on_open=Stock.open,
        scope=Stock.scope,
        views=(
            View("All"),
            View("In stock", {"on_hand": above("0")}),
            View("In inspection", {"in_inspection": above("0")}),
            View("On order", {"on_order": above("0")}),
            View("Items", {"kind": one_of("item")}),
            View("Variants", {"kind": one_of("variant")}),
        ),
        quick_hint="Code or name",
        empty=("No stock yet", "Receive a delivery, or import opening stock with a pack."),
        can_export=can(Permission.DATA_EXPORT),
        actions=_choices(with_day=True),
    )


def _past() -> rx.Component:
    return grid(
        Stock.past,
        (
            Column("warehouse", width=110),
            Column("code", width=150),
            Column("name", grow=3, least=170),
            Column("kind", width=90, words=_KINDS),
            Column("on_hand", width=130, unit_from="unit"),
            Column("in_inspection", width=130, unit_from="unit"),
            Column("average_cost", width=120),
            Column("value", width=146, unit_from="currency"),
        ),
        label="Balances of a past day",
        noun="balances",
        scope=Stock.past_scope,
        views=(
            View("All"),
            View("Items", {"kind": one_of("item")}),
            View("Variants", {"kind": one_of("variant")}),
        ),
        quick_hint="Code or name",
        empty=("Nothing lay there", "The ledger holds no stock at the end of that day."),
        can_export=can(Permission.DATA_EXPORT),
        actions=_choices(with_day=True),
    )


def _ledger() -> rx.Component:
    return grid(
        Stock.ledger,
        (
            Column("effective_on", "Date", width=122),
            Column("warehouse", width=110),
            Column("code", width=150),
            Column("name", grow=2, least=150),
            Column("reason", width=140, words=STOCK_REASON_WORDS),
            Column("quantity", width=116, unit_from="unit"),
            Column("unit_cost", width=104),
            Column("value", width=136, unit_from="currency"),
            Column("source", width=190),
            Column("note", grow=2, least=140),
            Column("who", width=140),
            Column("place", width=110, words=_PLACES),
            Column("recorded_at", "Recorded", width=150),
        ),
        label="Ledger",
        noun="entries",
        scope=Stock.scope,
        views=(
            View("All"),
            View("Receipts", {"reason": one_of("receipt", "receipt_void")}),
            View("By hand", {"reason": one_of("adjustment", "transfer_out", "transfer_in", "count")}),
        ),
        quick_hint="Code, name, receipt or note",
        empty=("No movements yet", "Every receipt, transfer and correction stands here, for good."),
        can_export=can(Permission.DATA_EXPORT),
        actions=_choices(with_day=False),
    )


def _chart() -> rx.Component:
    chart = Stock.chart
    return rx.el.figure(
        rx.el.svg(
            rx.el.path(d=chart["area"], class_name="balance-area"),
            rx.el.line(x1="0", x2="560", y1=chart["zero"], y2=chart["zero"], class_name="balance-axis"),
            rx.el.path(d=chart["line"], class_name="balance-line"),
            view_box="0 -2 560 100",
            custom_attrs={"preserveAspectRatio": "none", "aria-label": chart["says"]},
            role="img",
        ),
        rx.el.figcaption(
            rx.el.span(chart["first"]),
            rx.el.span("at most ", chart["most"], " ", Stock.unit),
            rx.el.span(chart["last"]),
            class_name="balance-legend",
        ),
        class_name="balance-chart",
    )


def _order(number: Any) -> rx.Component:
    return rx.cond(can(Permission.ORDER_VIEW), link(number, to="/orders/" + number.to(str)), rx.el.span(number))


def _movement(each: Any) -> tuple[Any, ...]:
    return (
        rx.el.div(rx.el.div(each["day"]), rx.el.div(each["who"], class_name="quiet"), class_name="no-wrap"),
        rx.el.div(
            rx.el.div(each["reason"]),
            rx.cond(each["note"] != "", rx.el.div(each["note"], class_name="quiet"), rx.fragment()),
        ),
        rx.cond(
            each["order"] != "",
            rx.cond(
                can(Permission.ORDER_VIEW),
                link(each["source"], to="/orders/" + each["order"].to(str)),
                rx.el.span(each["source"]),
            ),
            rx.el.span(each["source"]),
        ),
        amount(each["quantity"]),
        amount(each["balance"]),
        amount(each["cost"]),
        amount(each["value"]),
    )


def _card() -> rx.Component:
    return panel(
        Stock.code + " in " + Stock.warehouse,
        rx.el.div(
            rx.el.div(rx.el.span(Stock.name, class_name="strong"), class_name="card-name"),
            when_allowed(
                Permission.STOCK_ADJUST,
                rx.el.div(
                    button("Adjust", Stock.ask("adjust"), icon_name="pencil-line", aria_haspopup="dialog"),
                    button("Transfer", Stock.ask("transfer"), icon_name="arrow-left-right", aria_haspopup="dialog"),
                    class_name="actions",
                ),
            ),
            class_name="card-head",
        ),
        rx.el.div(
            facts(
                ("On hand", amount(Stock.on_hand, Stock.unit)),
                ("In inspection", amount(Stock.in_inspection, Stock.unit)),
                ("Available", amount(Stock.available, Stock.unit)),
                figures=True,
            ),
            facts(
                ("On order", amount(Stock.on_order, Stock.unit)),
                ("Average cost", amount(Stock.average_cost, Stock.currency)),
                ("Value", amount(Stock.value, Stock.currency)),
                figures=True,
            ),
            class_name="card-figures",
        ),
        rx.cond(Stock.elsewhere != "", rx.el.p("Elsewhere: ", Stock.elsewhere, class_name="quiet"), rx.fragment()),
        rx.cond(Stock.chart["line"] != "", _chart(), rx.fragment()),
        rx.cond(
            Stock.coming.length() > 0,
            section(
                "On order",
                table(
                    "On order",
                    ("Order", "Vendor", "Open", "Expected"),
                    Stock.coming,
                    lambda each: (
                        _order(each["order"]),
                        each["vendor"],
                        amount(each["open"], Stock.unit),
                        rx.el.span(
                            each["due"],
                            " ",
                            rx.cond(each["late"] != "", status(each["late"], tone=Tone.WARN), rx.fragment()),
                        ),
                    ),
                    numbers=("Open",),
                ),
            ),
            rx.fragment(),
        ),
        section(
            "Movements",
            table(
                "Movements",
                ("Date, by", "Reason", "Source", "Quantity", "Balance", "Unit cost", "Value"),
                Stock.movements,
                _movement,
                numbers=("Quantity", "Balance", "Unit cost", "Value"),
            ),
            says=Stock.movements_says,
        ),
        on_close=Stock.close,
        label="Stock card",
    )


def _dialogs() -> rx.Component:
    when = form.date("effective_on", "On", value=Stock.today, needed=True)
    adjust = dialog(
        "Adjust " + Stock.code + " in " + Stock.warehouse,
        form.form(
            "Adjust stock",
            form.row(
                form.number("quantity", "Change by", unit=Stock.unit, needed=True, help="Below zero takes stock off."),
                form.number("unit_cost", "Unit cost", unit=Stock.currency, help="Empty: the average cost."),
                when,
            ),
            form.area("reason", needed=True),
            on_submit=Stock.adjust,
            errors=Stock.errors,
            submit="Adjust stock",
            show_title=False,
            actions=[button("Back", Stock.leave)],
        ),
        is_open=Stock.asking == "adjust",
        on_close=Stock.leave,
        says=rx.el.span("On hand now: ", amount(Stock.on_hand, Stock.unit)),
    )
    transfer = dialog(
        "Transfer " + Stock.code + " from " + Stock.warehouse,
        form.form(
            "Transfer stock",
            form.row(
                form.number("quantity", unit=Stock.unit, needed=True),
                form.choice("to_warehouse_id", Stock.warehouses, "To warehouse", needed=True),
                when,
            ),
            form.area("reason"),
            on_submit=Stock.transfer,
            errors=Stock.errors,
            submit="Transfer stock",
            show_title=False,
            actions=[button("Back", Stock.leave)],
        ),
        is_open=Stock.asking == "transfer",
        on_close=Stock.leave,
        says=rx.el.span("On hand now: ", amount(Stock.on_hand, Stock.unit)),
    )
    return rx.fragment(adjust, transfer)


@page(routes.STOCK, on_load=Stock.load, is_flush=True)
def stock() -> rx.Component:
    """The balances, or the ledger, with the card of one article beside it."""
    now = split(_balances(), _card(), is_open=Stock.chosen != "", width="640px")
    return rx.fragment(
        rx.cond(Stock.by == "ledger", _ledger(), rx.cond(Stock.as_of != "", _past(), now)),
        _dialogs(),
    )
