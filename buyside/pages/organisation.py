"""The own organisation: who buys, and the addresses that orders are written with."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.pages import routes
from buyside.pages.kit import form
from buyside.pages.kit.dialog import confirm, dialog
from buyside.pages.kit.parts import button, empty_state, section
from buyside.pages.shell import page
from buyside.state.organisation import OrganisationState as Organisation


def _head() -> rx.Component:
    return form.form(
        "Organisation",
        form.text("name", value=Organisation.name, help="Stands at the head of every order."),
        form.row(
            form.choice(
                "currency_code",
                Organisation.currencies,
                "Currency",
                value=Organisation.currency,
                help=rx.cond(Organisation.is_valued, "Stock is valued in it, so it stays.", "Stock is valued in it."),
                disabled=Organisation.is_valued,
            ),
            form.choice(
                "time_zone",
                Organisation.time_zones,
                "Time zone",
                value=Organisation.time_zone,
                help="Says which day it is on orders and plans.",
            ),
        ),
        form.number(
            "over_receipt_percent",
            "Over-receipt tolerance",
            value=Organisation.tolerance,
            unit="%",
            help="Where neither item nor vendor says otherwise.",
        ),
        on_submit=Organisation.save,
        errors=Organisation.errors,
        show_title=False,
        key=Organisation.version,
    )


def _address(each: Any) -> rx.Component:
    mark = {"class_name": "address-mark"}
    return rx.el.li(
        rx.el.div(
            rx.el.h3(each["account"]),
            rx.cond(each["bills"] != "", rx.el.span("Bills", **mark), rx.fragment()),
            rx.cond(each["goods"] != "", rx.el.span("Goods", **mark), rx.fragment()),
            class_name="address-head",
        ),
        rx.el.p(each["lines"], class_name="address-lines"),
        rx.cond(each["contact"] != "", rx.el.p(each["contact"], class_name="page-says"), rx.fragment()),
        rx.el.div(
            button("Change", Organisation.ask(each["place"]), icon_name="pencil", aria_haspopup="dialog"),
            confirm(
                button("Remove", icon_name="x"),
                "Remove the address?",
                "Orders keep the copy that they were written with.",
                action="Remove",
                on_confirm=Organisation.remove_address(each["place"]),
                is_danger=True,
            ),
            class_name="actions",
        ),
        class_name="address",
    )


def _addresses() -> rx.Component:
    new = button("New address", Organisation.ask("new"), look="primary", icon_name="plus", aria_haspopup="dialog")
    return section(
        "Addresses",
        rx.cond(
            Organisation.addresses.length() > 0,
            rx.el.ul(rx.foreach(Organisation.addresses, _address), class_name="addresses"),
            empty_state(
                "No address yet",
                "Orders need one that bills go to and one that goods go to before they can be issued.",
            ),
        ),
        actions=[new],
    )


def _dialog() -> rx.Component:
    address = Organisation.address
    return dialog(
        rx.cond(address["account"] != "", "Change address", "New address"),
        form.form(
            "Address",
            form.text("account", value=address["account"], help="How it is called, such as the company or the site."),
            form.area("lines", "Address", value=address["lines"], help="As on an envelope."),
            form.row(
                form.text("contact_name", "Contact", value=address["contact_name"], needed=False),
                form.text("contact_phone", "Phone", value=address["contact_phone"], needed=False),
            ),
            form.text("contact_email", "E-mail", value=address["contact_email"], needed=False),
            form.check("is_bill_to", "Bills go here by default", value=address["bills"] != ""),
            form.check("is_ship_to", "Goods go here by default", value=address["goods"] != ""),
            on_submit=Organisation.save_address,
            errors=Organisation.errors,
            show_title=False,
            actions=[button("Back", Organisation.leave)],
            key=address["place"],
        ),
        is_open=Organisation.is_asking,
        on_close=Organisation.leave,
    )


@page(routes.ORGANISATION, on_load=Organisation.load)
def organisation() -> rx.Component:
    return rx.el.div(section("Who buys", _head()), _addresses(), _dialog(), class_name="organisation")
