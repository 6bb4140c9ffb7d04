"""One vendor: where it stands, its data edited in place, what it sells and at what price, what comes, who acts for it, what happened."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.words import VENDOR_WORDS, Tone
from buyside.pages import routes
from buyside.pages.kit import form
from buyside.pages.kit.dialog import dialog
from buyside.pages.kit.history import history_table
from buyside.pages.kit.parts import (
    button,
    columns,
    link_button,
    notice,
    section,
    status,
    tabs,
    tile,
    tiles,
)
from buyside.pages.sheet_grid import sheet_grid
from buyside.pages.sheet_record import conflict_dialog, field_groups, record_page
from buyside.pages.shell import page, when_allowed
from buyside.pages.vendor_parts import agreements, bank_accounts, members, open_orders, prices_over_time
from buyside.state.vendor import VendorPageState as Vendor

_DATA: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Vendor", ("code", "name", "legal_name", "tax_id", "language", "email")),
    (
        "Terms",
        ("currency", "payment_terms", "delivery_terms", "shipping_account", "shipping_method", "over_receipt_percent"),
    ),
    ("Order constraints", ("minimum_order_value", "freight_free_value", "order_weekdays", "order_cutoff")),
    (
        "Order settings",
        (
            *("takes_catalogue_items", "takes_generic_items", "sends_order_form", "allows_pick_up"),
            "registers_receipt",
        ),
    ),
)
_UNITS: dict[str, Any] = {
    **dict.fromkeys(("minimum_order_value", "freight_free_value"), Vendor.fields["currency"]),
    "over_receipt_percent": "%",
}
_MOVES = {"activate": "Set active", "hold": "Put on hold", "close": "Set inactive"}
_MOVE_SAYS = {
    "activate": "New orders can be issued to it again.",
    "hold": "Open orders go on; new ones are not issued until it is active again.",
    "close": "It receives no orders, and its portal closes for everybody who acts for it. Open orders stay.",
}


def _data() -> rx.Component:
    about, terms, *orders = field_groups(Vendor, _DATA, may_edit=Permission.VENDOR_EDIT, units=_UNITS)
    how = rx.el.div(*orders, class_name="vendor-terms")
    return rx.el.div(columns(about, terms, how, least="290px"), class_name="item-data")


def _head() -> rx.Component:
    def move(name: str) -> rx.Component:
        asked = button(_MOVES[name], Vendor.ask_to_move(name), aria_haspopup="dialog")
        return rx.cond(Vendor.moves.contains(name), asked, rx.fragment())

    reason = rx.cond(Vendor.status_reason != "", rx.fragment(" Why: ", Vendor.status_reason), rx.fragment())
    return rx.el.div(
        rx.el.h2(Vendor.code, " ", rx.el.span(Vendor.name, class_name="item-name")),
        status(Vendor.status, VENDOR_WORDS),
        rx.el.span(Vendor.status_says, reason, class_name="page-says"),
        rx.el.div(
            when_allowed(Permission.VENDOR_EDIT, rx.fragment(*[move(name) for name in _MOVES])),
            when_allowed(Permission.ORDER_VIEW, link_button("All orders", Vendor.paths["orders"])),
            class_name="actions",
        ),
        class_name="page-head",
    )


def _tiles() -> rx.Component:
    def of_sum(each: Any) -> rx.Component:
        return rx.fragment(
            rx.el.div(
                rx.el.span("Still to come", class_name="tile-label"),
                rx.el.span(each["open"], class_name="tile-figure"),
                rx.el.span(each["open_orders"], class_name="tile-says"),
                class_name="tile",
            ),
            rx.el.div(
                rx.el.span("Ordered in a year", class_name="tile-label"),
                rx.el.span(each["ordered"], class_name="tile-figure"),
                rx.el.span(each["orders"], " since ", Vendor.since, class_name="tile-says"),
                class_name="tile",
            ),
        )

    return tiles(
        tile("Items sold", Vendor.items, "offered today"),
        when_allowed(
            Permission.ORDER_VIEW,
            rx.fragment(
                rx.foreach(Vendor.sums, of_sum),
                tile("On time", Vendor.on_time, Vendor.on_time_says),
            ),
        ),
    )


def _grids() -> rx.Component:
    def of(name: str) -> rx.Component:
        return rx.el.div(
            sheet_grid(name, scope=Vendor.scope, but=("vendor",), after_save=Vendor.read_again), class_name="grid-inset"
        )

    return tabs(
        "What belongs to the vendor",
        ("Vendor items", of("vendor-items")),
        ("Prices", of("price-breaks")),
        ("Contacts", of("vendor-contacts")),
        ("Addresses and pick-up", of("vendor-addresses")),
        ("Closing days", of("vendor-closing-days")),
    )


def _move_dialog() -> rx.Component:
    return dialog(
        rx.match(Vendor.moving, *_MOVES.items(), ""),
        form.form(
            "Change status",
            form.area("reason", "Why", needed=True),
            on_submit=Vendor.move,
            errors=Vendor.errors,
            submit=rx.match(Vendor.moving, *_MOVES.items(), "Save"),
            show_title=False,
            actions=[button("Back", Vendor.leave)],
        ),
        is_open=Vendor.moving != "",
        on_close=Vendor.leave,
        says=rx.match(Vendor.moving, *_MOVE_SAYS.items(), ""),
    )


@page(routes.VENDOR, on_load=Vendor.load, title=Vendor.code, is_flush=True)
def vendor() -> rx.Component:
    """All about one vendor, or that there is none of that code."""
    return record_page(
        Vendor,
        routes.VENDOR,
        routes.VENDORS,
        "vendor",
        _head(),
        rx.cond(
            Vendor.is_late,
            notice("Something of this vendor is late: see its open orders.", tone=Tone.WARN),
            rx.fragment(),
        ),
        _tiles(),
        _data(),
        _grids(),
        open_orders(),
        columns(prices_over_time(), agreements(), least="480px"),
        columns(bank_accounts(), members(), least="480px"),
        section("History", history_table(Vendor, "History of the vendor")),
        _move_dialog(),
        conflict_dialog(Vendor),
    )
