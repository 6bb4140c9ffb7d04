"""One purchase order as its vendor got it: the paper, its earlier revisions, and how far its delivery is."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.domain.portal import PORTAL_ORDER_WORDS
from buyside.domain.words import Tone
from buyside.pages.kit.base import link
from buyside.pages.kit.parts import empty_state, file_link, link_button, notice, section, status
from buyside.pages.portal import routes
from buyside.pages.portal.shell import at_vendor, page
from buyside.state.portal.order import PortalOrderState as Order


def _if_any(value: Any, *shown: rx.Component) -> tuple[rx.Component, ...]:
    """Parts that stand only where there is something to say."""
    return tuple(rx.cond(value != "", each, rx.fragment()) for each in shown)


def _pair(label: str, value: Any) -> tuple[rx.Component, ...]:
    return _if_any(value, rx.el.dt(label), rx.el.dd(value, class_name="paper-text"))


def _head() -> rx.Component:
    sheet = Order.sheet
    return rx.el.header(
        rx.el.div(
            rx.el.p(sheet["buyer"], class_name="paper-buyer"),
            rx.el.h2("Purchase order ", rx.el.span(Order.number, class_name="paper-number")),
            rx.el.p(sheet["title"], class_name="paper-title"),
            class_name="paper-names",
        ),
        rx.el.div(
            rx.el.h3("Vendor"),
            rx.el.p(sheet["vendor"], " ", rx.el.span(sheet["vendor_code"], class_name="quiet"), class_name="strong"),
            rx.el.p(sheet["vendor_address"], class_name="paper-lines"),
            rx.el.p(sheet["vendor_contact"], class_name="quiet"),
            *_if_any(sheet["vendor_tax_id"], rx.el.p("Tax id ", sheet["vendor_tax_id"], class_name="quiet")),
            class_name="paper-vendor",
        ),
        rx.el.dl(
            *_pair("Date ordered", sheet["ordered_on"]),
            *_pair("Revision", Order.revision),
            *_pair("Currency", sheet["currency"]),
            *_pair("Contract", sheet["contract"]),
            class_name="paper-dates",
        ),
        class_name="paper-head",
    )


def _block(title: str, *pairs: tuple[rx.Component, ...]) -> rx.Component:
    return rx.el.section(
        rx.el.h3(title), rx.el.dl(*[part for pair in pairs for part in pair]), class_name="paper-block"
    )


def _parties() -> rx.Component:
    sheet = Order.sheet
    return rx.el.div(
        _block(
            "Billing",
            _pair("Bill to", sheet["bill_to_account"]),
            _pair("Address", sheet["bill_to_address"]),
            _pair("Contact", sheet["bill_to_contact"]),
            _pair("Payment", sheet["payment"]),
            _pair("Due", sheet["payment_events"]),
        ),
        _block(
            "Delivery",
            _pair("Ship to", sheet["ship_to_account"]),
            _pair("Warehouse", sheet["warehouse"]),
            _pair("Address", sheet["ship_to_address"]),
            _pair("Contact", sheet["ship_to_contact"]),
        ),
        _block(
            "Shipping",
            _pair("Method", sheet["shipping_method"]),
            _pair("Account", sheet["shipping_account"]),
            _pair("Pick-up", sheet["pick_up"]),
            _pair("All at once", sheet["all_at_once"]),
            _pair("Terms", sheet["delivery_terms"]),
        ),
        class_name="paper-blocks",
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
    ("Expected", ""),
)


def _lines() -> rx.Component:
    heads = [rx.el.th(label, scope="col", class_name=look) for label, look in _LINE_HEADS]
    received = rx.cond(
        Order.is_replaced, rx.fragment(), rx.el.th("Received", scope="col", class_name="number paper-screen")
    )
    return rx.el.div(
        rx.el.table(
            rx.el.caption("Lines", class_name="only-read"),
            rx.el.thead(rx.el.tr(*heads, received)),
            rx.el.tbody(rx.foreach(Order.lines, _line)),
            class_name="paper-table",
        ),
        class_name="paper-scroll",
        tab_index=0,
        role="region",
        aria_label="Lines of the order",
    )


def _line(line: Any) -> rx.Component:
    number = "number"
    return rx.el.tr(
        rx.el.td(line["number"], class_name="quiet"),
        rx.el.td(
            rx.el.div(line["part"], class_name="strong"),
            *_if_any(line["code"], rx.el.div(line["code"], class_name="quiet", title="The buyer's own number")),
        ),
        rx.el.td(line["description"], class_name="paper-wide"),
        rx.el.td(
            rx.el.div(line["quantity"], rx.el.span(line["unit"], class_name="unit")),
            *_if_any(line["in_stock_units"], rx.el.div(line["in_stock_units"], class_name="quiet")),
            class_name=number,
        ),
        rx.el.td(line["unit_price"], class_name=number),
        rx.el.td(line["subtotal"], class_name=number),
        rx.el.td(line["discount"], class_name=number),
        rx.el.td(line["tax"], class_name=number),
        rx.el.td(line["total"], class_name="number strong"),
        rx.el.td(
            line["expected"],
            *_if_any(line["promised"], rx.el.div("promised ", line["promised"], class_name="quiet")),
        ),
        rx.cond(Order.is_replaced, rx.fragment(), rx.el.td(_progress(line), class_name="paper-screen")),
    )


def _progress(line: Any) -> rx.Component:
    says = line["received"].to(str) + " of " + line["quantity"].to(str)
    rejected = rx.el.span(line["rejected"], " rejected", class_name="status", data_tone=Tone.WARN)
    return rx.cond(
        line["received"] != "",
        rx.el.div(
            rx.el.span(says, class_name="number"),
            rx.el.span(
                rx.el.i(class_name="from-stock", style={"width": line["received_share"]}),
                class_name="coverage",
                role="img",
                aria_label="Received " + says,
            ),
            *_if_any(line["rejected"], rejected),
            class_name="paper-progress",
        ),
        rx.fragment(),
    )


def _foot() -> rx.Component:
    sheet = Order.sheet

    def row(label: str, value: Any, look: str = "") -> tuple[rx.Component, rx.Component]:
        return rx.el.dt(label, class_name=look), rx.el.dd(value, class_name=look)

    total = rx.fragment(sheet["total"], rx.el.span(sheet["currency"], class_name="unit"))
    return rx.el.footer(
        rx.el.div(
            *_if_any(
                sheet["notes"], rx.el.h3("Notes"), rx.el.p(sheet["notes"], class_name="paper-text", id="paper-notes")
            ),
            class_name="paper-notes",
        ),
        rx.el.dl(
            *row("Subtotal", sheet["subtotal"]),
            *_if_any(sheet["discount"], *row("Discounts", sheet["discount"])),
            *_if_any(sheet["header_discount"], *row("of these on the whole order", sheet["header_discount"])),
            *_if_any(sheet["shipping_costs"], *row("Shipping costs", sheet["shipping_costs"])),
            *row("Tax", sheet["tax"]),
            *row("Total", total, "total"),
            class_name="paper-sums",
        ),
        class_name="paper-foot",
    )


def _revision(each: Any) -> rx.Component:
    return rx.el.li(
        rx.cond(
            each["is_shown"],
            rx.el.span(each["label"], class_name="strong", aria_current="page"),
            link(each["label"], to=each["path"]),
        ),
        rx.el.span("issued ", each["says"], class_name="quiet"),
    )


def _margin() -> rx.Component:
    none = rx.el.p("Issued before papers were kept here: it shows as the order stands.", class_name="quiet")
    return rx.el.aside(
        section(
            "Revisions",
            rx.cond(Order.has_paper, rx.el.ul(rx.foreach(Order.revisions, _revision), class_name="mentions"), none),
        ),
        *_if_any(
            Order.contract_path,
            section("Contract", rx.el.p(link(Order.sheet["contract"], to=Order.contract_path))),
        ),
        class_name="margin",
        aria_label="About this order",
    )


def _actions() -> rx.Component:
    paper = file_link("Paper as PDF", Order.paper_path, look="primary")
    return rx.el.div(
        status(Order.status, PORTAL_ORDER_WORDS),
        rx.el.div(rx.cond(Order.has_paper, paper, rx.fragment()), class_name="actions"),
        class_name="page-head",
    )


def _replaced() -> rx.Component:
    return notice(
        "A later revision replaces this paper. ",
        link("Show the latest", to=Order.latest_path, class_name="button small"),
        tone=Tone.WARN,
    )


@page(routes.ORDER, on_load=Order.load, title=rx.cond(Order.number != "", Order.number, "Purchase order"))
def order() -> rx.Component:
    """The paper and what belongs to it."""
    missing = empty_state(
        "There is no such purchase order",
        "Its number may be mistyped, or it was not issued to you.",
        link_button("Your purchase orders", at_vendor(routes.ORDERS.path)),
    )
    paper = rx.el.article(_head(), _parties(), _lines(), _foot(), class_name="paper", aria_label="Order paper")
    shown = rx.el.div(
        _actions(),
        rx.cond(Order.is_replaced, _replaced(), rx.fragment()),
        rx.el.div(paper, _margin(), class_name="document"),
        class_name="document-page",
    )
    return rx.cond(Order.missing, missing, rx.cond(Order.found, shown, rx.fragment()))
