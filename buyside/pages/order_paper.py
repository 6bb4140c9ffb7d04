"""The sheet of a purchase order, as the paper that it becomes; in a draft every value is edited where it stands."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.domain.words import Tone
from buyside.pages.kit import form
from buyside.pages.kit.base import link
from buyside.pages.kit.dialog import confirm
from buyside.pages.kit.in_place import in_place
from buyside.pages.kit.parts import button, icon_button, status
from buyside.state.order import OrderPageState as Order

_YES_NO = [
    {"value": "off", "label": "No, partial shipments are accepted"},
    {"value": "on", "label": "Yes, no partial shipments"},
]


def _of_sheet(name: str) -> Any:
    sheet: Any = Order.sheet
    return sheet[name]


def edited(name: str, label: str, shown: Any = None, *, kind: str = "text", **more: Any) -> rx.Component:
    """A value of the head: edited in place in a draft, plain text on the issued paper."""
    field = in_place(
        label,
        _of_sheet(name),
        kind=kind,
        version=Order.version,
        refused=Order.refused[name],
        on_save=Order.save_head(name),
        **more,
    )
    value = _of_sheet(name) if shown is None else shown
    plain = rx.el.span(value, class_name="paper-text")
    return rx.cond(Order.can_edit, field, plain)


def _block(title: str, *pairs: tuple[str, rx.Component]) -> rx.Component:
    return rx.el.section(
        rx.el.h3(title),
        rx.el.dl(*[each for label, value in pairs for each in (rx.el.dt(label), rx.el.dd(value))]),
        class_name="paper-block",
    )


def _head() -> rx.Component:
    sheet = Order.sheet
    return rx.el.header(
        rx.el.div(
            rx.el.p(sheet["buyer"], class_name="paper-buyer"),
            rx.el.h2("Purchase order ", rx.el.span(Order.number, class_name="paper-number")),
            rx.el.div(edited("title", "Title", placeholder="Title"), class_name="paper-title"),
            class_name="paper-names",
        ),
        rx.el.div(
            rx.el.h3("Vendor"),
            rx.el.p(
                sheet["vendor"],
                " ",
                link(sheet["vendor_code"], to="/vendors/" + sheet["vendor_code"].to(str)),
                class_name="strong",
            ),
            rx.el.p(sheet["vendor_address"], class_name="paper-lines"),
            rx.el.p(sheet["vendor_contact"], class_name="quiet"),
            rx.cond(
                sheet["vendor_tax_id"] != "",
                rx.el.p("Tax id ", sheet["vendor_tax_id"], class_name="quiet"),
                rx.fragment(),
            ),
            class_name="paper-vendor",
        ),
        rx.el.dl(
            rx.el.dt("Date ordered"),
            rx.el.dd(
                rx.cond(sheet["ordered_on"] != "", sheet["ordered_on"], rx.el.span("when issued", class_name="quiet"))
            ),
            rx.el.dt("Order by"),
            rx.el.dd(edited("order_by", "Order by", sheet["order_by_shown"], kind="date")),
            rx.el.dt("Currency"),
            rx.el.dd(sheet["currency"]),
            *_when(sheet["contract"], "Contract"),
            class_name="paper-dates",
        ),
        class_name="paper-head",
    )


def _when(value: Any, label: str) -> tuple[rx.Component, ...]:
    """A pair that stands only where there is something to say."""
    return (
        rx.cond(value != "", rx.el.dt(label), rx.fragment()),
        rx.cond(value != "", rx.el.dd(value), rx.fragment()),
    )


def _parties() -> rx.Component:
    sheet = Order.sheet
    return rx.el.div(
        _block(
            "Billing",
            ("Bill to", edited("bill_to_account", "Bill-to account")),
            ("Address", edited("bill_to_address", "Bill-to address", kind="area")),
            ("Contact", edited("bill_to_contact", "Bill-to contact", kind="area")),
            (
                "Payment",
                rx.fragment(
                    edited(
                        "payment_term_id", "Payment terms", sheet["payment"], kind="choice", options=Order.payment_terms
                    ),
                    rx.el.span(sheet["payment_events"], class_name="quiet paper-more"),
                ),
            ),
        ),
        _block(
            "Fulfilment",
            ("Ship to", edited("ship_to_account", "Ship-to account")),
            (
                "Warehouse",
                edited("warehouse_id", "Warehouse", sheet["warehouse"], kind="choice", options=Order.warehouses),
            ),
            ("Address", edited("ship_to_address", "Ship-to address", kind="area")),
            ("Contact", edited("ship_to_contact", "Ship-to contact", kind="area")),
        ),
        _block(
            "Shipping",
            ("Method", edited("shipping_method", "Shipping method")),
            ("Account", edited("shipping_account", "Shipping account")),
            (
                "Pick-up",
                edited(
                    "pick_up_address_id",
                    "Pick-up location",
                    sheet["pick_up"],
                    kind="choice",
                    options=Order.pick_up_places,
                ),
            ),
            (
                "All at once",
                edited(
                    "fulfil_all_at_once", "Fulfil all at once", sheet["all_at_once"], kind="choice", options=_YES_NO
                ),
            ),
            ("Terms", rx.el.span(sheet["delivery_terms"], class_name="paper-text")),
        ),
        class_name="paper-blocks",
    )


def _cell(line: Any, name: str, label: str, shown: Any, *, kind: str = "text") -> rx.Component:
    """A value of a line: edited in place in a draft."""
    field = in_place(
        label + " of line " + line["number"].to(str),
        line[name],
        kind=kind,
        version=Order.version,
        refused=Order.refused[line["id"].to_string() + "." + name],
        on_save=Order.save_line(line["id"], name),
    )
    return rx.cond(Order.can_edit, field, rx.el.span(shown))


def _percent(line: Any, name: str, label: str, amount: str) -> rx.Component:
    shown = rx.cond(line[name] != "0", line[name].to(str) + " %", "")
    return rx.fragment(
        rx.el.div(
            _cell(line, name, label, shown, kind="number"),
            rx.cond(Order.can_edit, rx.el.span("%", class_name="unit"), rx.fragment()),
            class_name="paper-pair",
        ),
        rx.cond(line[amount] != "", rx.el.div(line[amount], class_name="quiet"), rx.fragment()),
    )


def _line(line: Any) -> rx.Component:
    number = "number"
    return rx.el.tr(
        rx.el.td(line["number"], class_name="quiet"),
        rx.el.td(
            rx.el.div(line["code"], class_name="strong"),
            _cell(line, "vendor_part", "Vendor part", line["vendor_part"]),
        ),
        rx.el.td(_cell(line, "description", "Description", line["description"], kind="area"), class_name="paper-wide"),
        rx.el.td(
            rx.el.div(
                _cell(line, "quantity", "Quantity", line["quantity"], kind="number"),
                rx.el.span(line["unit"], class_name="unit"),
                class_name="paper-pair",
            ),
            rx.el.div(line["in_stock_units"], class_name="quiet"),
            class_name=number,
        ),
        rx.el.td(_cell(line, "unit_price", "Unit price", line["unit_price"], kind="number"), class_name=number),
        rx.el.td(line["subtotal"], class_name=number),
        rx.el.td(_percent(line, "discount_percent", "Discount", "discount"), class_name=number),
        rx.el.td(_percent(line, "tax_percent", "Tax", "tax"), class_name=number),
        rx.el.td(line["total"], class_name="number strong"),
        rx.el.td(
            rx.el.div(
                _cell(line, "needed_on", "Needed date", rx.cond(line["needed"] != "", line["needed"], "–"), kind="date")
            ),
            rx.el.div(_cell(line, "expected_on", "Expected date", line["expected"], kind="date")),
            rx.cond(line["promised"] != "", rx.el.div("promised ", line["promised"]), rx.fragment()),
            class_name="paper-days",
        ),
        rx.el.td(rx.cond(Order.can_edit, _remove(line), _progress(line)), class_name="paper-screen"),
        id="line-" + line["number"].to(str),
    )


def _remove(line: Any) -> rx.Component:
    return confirm(
        icon_button("trash-2", "Remove line"),
        "Remove line " + line["number"].to(str) + "?",
        line["quantity"].to(str)
        + " "
        + line["unit"].to(str)
        + " of "
        + line["code"].to(str)
        + " leave this order. What it was to serve is open again.",
        action="Remove line",
        on_confirm=Order.remove(line["id"]),
        is_danger=True,
    )


def _progress(line: Any) -> rx.Component:
    says = line["received"].to(str) + " of " + line["quantity"].to(str)
    return rx.el.div(
        rx.el.span(says, class_name="number"),
        rx.el.span(
            rx.el.i(class_name="from-stock", style={"width": line["received_share"]}),
            class_name="coverage",
            role="img",
            aria_label="Received " + says,
        ),
        rx.cond(line["late"] != "", status(line["late"], tone=Tone.WARN), rx.fragment()),
        class_name="paper-progress",
    )


_LINE_HEADS = (
    ("#", ""),
    ("Part", ""),
    ("Description", ""),
    ("Quantity", "number"),
    ("Unit price", "number"),
    ("Subtotal", "number"),
    ("Discount", "number"),
    ("Tax", "number"),
    ("Total", "number"),
    ("Needed / expected", ""),
)


def _lines() -> rx.Component:
    heads = [rx.el.th(label, scope="col", class_name=look) for label, look in _LINE_HEADS]
    last = rx.el.th(
        rx.cond(Order.can_edit, rx.el.span("Remove", class_name="only-read"), "Received"),
        scope="col",
        class_name="paper-screen",
    )
    none = rx.el.p("No lines yet. Add the first one below.", class_name="quiet paper-none")
    return rx.el.div(
        rx.cond(
            Order.lines.length() > 0,
            rx.el.table(
                rx.el.caption("Lines", class_name="only-read"),
                rx.el.thead(rx.el.tr(*heads, last)),
                rx.el.tbody(rx.foreach(Order.lines, _line)),
                class_name="paper-table",
            ),
            none,
        ),
        class_name="paper-scroll",
        tab_index=0,
        role="region",
        aria_label="Lines of the order",
    )


def _item_field() -> rx.Component:
    error = Order.errors["item_id"]
    picked = rx.el.div(
        rx.el.span(Order.item_label, class_name="strong clip"),
        icon_button("x", "Choose another item", Order.forget_item),
        class_name="picked",
    )
    search = rx.el.div(
        rx.el.input(
            id="add-line-item",
            name="item_id",
            type="search",
            class_name="input find-field plain-field",
            placeholder="Code, name or vendor part",
            auto_complete="off",
            on_change=Order.find_item.debounce(180),
            on_focus=Order.find_item(""),
        ),
        rx.cond(
            Order.item_hits.length() > 0,
            rx.el.div(rx.foreach(Order.item_hits, _item_hit), class_name="find-list"),
            rx.cond(
                Order.item_sought != "",
                rx.el.div(rx.el.p("No item matches.", class_name="find-none", role="status"), class_name="find-list"),
                rx.fragment(),
            ),
        ),
        class_name="find find-item",
    )
    return rx.el.div(
        rx.el.label("Item", html_for="add-line-item"),
        rx.cond(Order.item_id > 0, picked, search),
        rx.cond(error, rx.el.span(error, class_name="field-error", role="alert"), rx.fragment()),
        class_name="field field-item",
    )


def _item_hit(hit: Any) -> rx.Component:
    return rx.el.button(
        rx.el.span(hit["code"], class_name="find-name"),
        rx.el.span(hit["name"], class_name="clip"),
        rx.el.span(hit["says"], class_name="find-more"),
        type="button",
        class_name="find-hit",
        on_click=Order.pick_item(hit["id"]),
    )


def _add_line() -> rx.Component:
    fields = (
        form.number("quantity", needed=True, id="add-line-quantity"),
        form.number("unit_price", help="Empty: the vendor's price"),
        form.date("needed_on", "Needed on"),
    )
    return rx.el.form(
        _item_field(),
        *[form.draw(each, "add-line", Order.errors) for each in fields],
        button("Add line", kind="submit", icon_name="plus"),
        on_submit=Order.add,
        key=Order.adding,
        no_validate=True,
        aria_label="Add a line",
        class_name="add-line paper-screen",
    )


def _foot() -> rx.Component:
    sheet = Order.sheet

    def sum_row(label: str, value: Any, look: str = "") -> tuple[rx.Component, rx.Component]:
        return rx.el.dt(label, class_name=look), rx.el.dd(value, class_name=look)

    return rx.el.footer(
        rx.el.div(
            rx.el.h3("Notes"),
            edited("notes", "Notes", kind="area", placeholder="Stands on the paper that the vendor gets"),
            class_name="paper-notes",
        ),
        rx.el.dl(
            *sum_row("Subtotal", sheet["subtotal"]),
            *sum_row("Discounts", sheet["discount"]),
            *sum_row("on the whole order", edited("header_discount", "Discount on the whole order", kind="number")),
            *sum_row("Shipping costs", edited("shipping_costs", "Shipping costs", kind="number")),
            *sum_row("Tax", sheet["tax"]),
            *sum_row("Total", rx.fragment(sheet["total"], rx.el.span(sheet["currency"], class_name="unit")), "total"),
            class_name="paper-sums",
        ),
        class_name="paper-foot",
    )


def paper() -> rx.Component:
    """The whole sheet of the order that the page shows."""
    return rx.el.article(
        _head(),
        _parties(),
        _lines(),
        rx.cond(Order.can_edit, _add_line(), rx.fragment()),
        _foot(),
        class_name=rx.cond(Order.can_edit, "paper draft", "paper"),
        aria_label="Order sheet",
    )
