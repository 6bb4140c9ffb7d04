"""Parts of a vendor's page: prices over time, open orders, contracts, bank accounts, and who acts for it."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.bank import BANK_ACCOUNT_WORDS
from buyside.domain.words import CONTRACT_WORDS, MEMBERSHIP_WORDS, ORDER_WORDS, Tone
from buyside.pages.kit.base import link
from buyside.pages.kit.parts import amount, chart_numbers, link_button, notice, section, status, table
from buyside.pages.kit.time_series import time_series
from buyside.pages.shell import when_allowed
from buyside.state.vendor import VendorPageState as Vendor


# --- prices -----------------------------------------------------------------------------------------------------------
def prices_over_time() -> rx.Component:
    """What the vendor asks for one of its items and what was paid, over time; the exact numbers one press away."""
    numbers = chart_numbers(
        table(
            "Prices of the vendor",
            ("From", "Price", "At"),
            Vendor.offers,
            lambda each: (each["since"], each["price"], each["for_quantity"]),
            empty="No price is kept.",
        ),
        table(
            "Prices paid",
            ("Order", "Ordered", "Quantity", "Price"),
            Vendor.paid,
            lambda each: (link(each["order"], to=each["path"]), each["day"], each["quantity"], each["price"]),
            empty="Nothing was ordered yet.",
        ),
    )
    chart = time_series(
        "Prices over time",
        Vendor.price_rows,
        Vendor.price_marks,
        start=Vendor.price_start,
        end=Vendor.price_end,
        today=Vendor.today,
        locale=Vendor.locale,
        unit=Vendor.price_unit,
    )
    choose = rx.el.select(
        rx.foreach(Vendor.sold, lambda each: rx.el.option(each["label"], value=each["value"])),
        value=Vendor.sold_id,
        on_change=Vendor.choose_item,
        class_name="input choose-item",
        aria_label="Item whose prices are shown",
    )
    none = rx.el.p("No price of this item is kept, and it was not ordered yet.", class_name="table-none")
    return section(
        "Prices over time",
        rx.cond(
            Vendor.sold.length() > 0,
            rx.fragment(choose, rx.cond(Vendor.price_rows.length() > 0, rx.fragment(chart, numbers), none)),
            rx.el.p("It sells nothing yet. Say above which items it sells.", class_name="table-none"),
        ),
        says=rx.cond(Vendor.price_rows.length() > 0, Vendor.price_unit + " for one stock unit", ""),
    )


# --- orders and contracts ---------------------------------------------------------------------------------------------
def _order(each: Any) -> tuple[Any, ...]:
    return (
        link(each["number"], to=each["path"]),
        each["title"],
        rx.el.span(
            status(each["state"], ORDER_WORDS),
            rx.cond(each["on_hold"], status("On hold", tone=Tone.WARN), rx.fragment()),
        ),
        each["ordered"],
        amount(each["lines"]),
        rx.el.span(each["due"], " ", rx.cond(each["late"] != "", status(each["late"], tone=Tone.WARN), rx.fragment())),
        amount(each["open"]),
        amount(each["total"]),
    )


def open_orders() -> rx.Component:
    """Orders that are still to come or to be issued, and how the vendor delivered so far."""
    return when_allowed(
        Permission.ORDER_VIEW,
        section(
            "Open orders",
            table(
                "Open orders",
                ("Order", "Title", "Status", "Ordered", "Lines", "Next due", "Still to come", "Total"),
                Vendor.orders,
                _order,
                numbers=("Lines", "Still to come", "Total"),
                empty="Nothing is on order.",
            ),
            rx.el.p(Vendor.deliveries_say, class_name="quiet"),
        ),
    )


def _agreement(each: Any) -> tuple[Any, ...]:
    left = rx.cond(each["is_over"], rx.el.strong(amount(each["left"]), class_name="short"), amount(each["left"]))
    return (
        rx.el.span(each["number"], " ", rx.el.span(each["title"], class_name="quiet")),
        rx.cond(each["is_valid"], status("Valid", tone=Tone.GOOD), status(each["status"], CONTRACT_WORDS)),
        each["valid"],
        amount(each["amount"]),
        amount(each["ordered"]),
        left,
    )


def agreements() -> rx.Component:
    """Contracts, with what was ordered under them and what is left."""
    return when_allowed(
        Permission.ORDER_VIEW,
        section(
            "Contracts",
            table(
                "Contracts",
                ("Contract", "Status", "Valid", "Agreed", "Ordered", "Left"),
                Vendor.agreements,
                _agreement,
                numbers=("Agreed", "Ordered", "Left"),
                empty="No contract with this vendor.",
            ),
            says="before tax",
        ),
    )


# --- accounts and people ----------------------------------------------------------------------------------------------
def bank_accounts() -> rx.Component:
    """Accounts that are paid to or wait for approval, numbers masked."""
    enter = when_allowed(Permission.BANK_ENTER, link_button("Enter account", Vendor.paths["new_account"]))
    return section(
        "Bank accounts",
        rx.cond(
            Vendor.has_account, rx.fragment(), notice("No approved bank account: nothing can be paid to this vendor.")
        ),
        table(
            "Bank accounts",
            ("Currency", "Account", "Holder", "Bank", "Status"),
            Vendor.accounts,
            lambda each: (
                each["currency"],
                link(each["shown"], to=each["path"]),
                each["holder"],
                each["bank"],
                status(each["status"], BANK_ACCOUNT_WORDS),
            ),
            empty="No bank account yet.",
        ),
        actions=[link_button("All of them", Vendor.paths["bank"]), enter],
    )


def members() -> rx.Component:
    """Who acts for the vendor in its portal."""
    return section(
        "Portal users",
        table(
            "Portal users",
            ("Person", "E-mail", "Status", "From", "To"),
            Vendor.members,
            lambda each: (
                each["name"],
                each["email"],
                status(each["status"], MEMBERSHIP_WORDS),
                each["begins"],
                each["ends"],
            ),
            empty="Nobody acts for this vendor in the portal.",
        ),
        actions=[
            when_allowed(Permission.MEMBERSHIP_EDIT, link_button("Vendor access", Vendor.paths["members"])),
        ],
    )
