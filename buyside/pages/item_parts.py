"""The parts of an item's page that gather what other areas know of it: stock, prices, vendors, orders, contracts, structure."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.words import CONTRACT_WORDS, ORDER_WORDS
from buyside.pages.kit.base import link
from buyside.pages.kit.parts import amount, chart_numbers, columns, section, status, table, tabs
from buyside.pages.kit.time_series import time_series
from buyside.pages.sheet_grid import sheet_grid
from buyside.pages.shell import when_allowed
from buyside.state.item import ItemPageState as Item

OPEN_ORDERS = "open-orders"
"""Where the page tells of them."""
_KINDS = {"variant": "Variant", "product": "Product", "item": "Item"}


# --- stock ------------------------------------------------------------------------------------------------------------
def _place(each: Any) -> tuple[Any, ...]:
    choose = rx.el.button(
        each["warehouse"],
        type="button",
        class_name="link",
        aria_pressed=rx.cond(Item.place == each["id"], "true", "false"),
    )
    return (
        choose,
        amount(each["on_hand"]),
        amount(each["in_inspection"]),
        amount(each["on_order"]),
        each["next_due"],
    )


def _coming(each: Any) -> tuple[Any, ...]:
    orders = rx.foreach(
        each["orders"].to(list[dict[str, str]]), lambda one: rx.fragment(" ", link(one["number"], to=one["path"]))
    )
    return (
        each["day"],
        rx.cond(
            each["demand"] != "–", link(amount(each["demand"]), to=Item.paths["requirements"]), amount(each["demand"])
        ),
        rx.el.span(
            amount(each["receipts"]), orders, rx.cond(each["is_overdue"], status("overdue", tone="warn"), rx.fragment())
        ),
        rx.cond(
            each["is_below"], rx.el.strong(amount(each["projected"]), class_name="short"), amount(each["projected"])
        ),
        amount(each["planned"]),
        amount(each["with_plan"]),
        rx.cond(each["moved"], status(each["by_run"], tone="warn"), amount(each["by_run"])),
    )


def stock_over_time() -> rx.Component:
    """Stock by warehouse; of one warehouse the balance of the past months and the projection from today on."""
    numbers = chart_numbers(
        table(
            "Projection by day",
            ("Date", "− Demand", "+ Receipts", "= Projected", "Planned", "With plan", "By the run"),
            Item.coming,
            _coming,
            numbers=("− Demand", "+ Receipts", "= Projected", "Planned", "With plan", "By the run"),
            empty="Nothing is needed and nothing is to come.",
        ),
        table(
            "Balance by day",
            ("Date", "Moved", "Balance"),
            Item.past,
            lambda each: (
                each["day"],
                link(amount(each["moved"]), to=Item.paths["stock"]),
                amount(each["balance"]),
            ),
            numbers=("Moved", "Balance"),
            empty="Nothing moved in the past half year.",
        ),
    )
    chart = rx.fragment(
        time_series(
            "Stock of " + Item.code + " in " + Item.place_code + " over time",
            Item.stock_rows,
            Item.stock_marks,
            start=Item.stock_start,
            end=Item.stock_end,
            today=Item.today,
            locale=Item.locale,
            levels=Item.stock_levels,
            unit=Item.unit,
        ),
        rx.cond(
            Item.moved,
            rx.el.p(
                "Stock or orders moved since the plan was made: its own projection stands in the last column.",
                class_name="quiet",
            ),
            rx.fragment(),
        ),
        numbers,
    )
    return when_allowed(
        Permission.STOCK_VIEW,
        section(
            "Stock over time",
            rx.cond(
                Item.places.length() > 0,
                rx.fragment(
                    chart,
                    table(
                        "Stock by warehouse",
                        ("Warehouse", "On hand", "In inspection", "On order", "Next expected"),
                        Item.places,
                        _place,
                        numbers=("On hand", "In inspection", "On order"),
                        on_pick=lambda each: Item.choose_place(each["id"]),
                        picked=lambda each: rx.cond(Item.place == each["id"], "true", "false"),
                    ),
                ),
                rx.el.p("No stock, no orders and no demand anywhere.", class_name="table-none"),
            ),
            says=rx.cond(Item.place_code != "", "in " + Item.place_code + ", " + Item.unit + " · " + Item.run_says, ""),
        ),
    )


# --- prices -----------------------------------------------------------------------------------------------------------
def prices_over_time() -> rx.Component:
    """What vendors ask and what was paid, for one stock unit in one currency."""
    numbers = chart_numbers(
        table(
            "Prices of vendors",
            ("Vendor", "From", "Price", "At", "Rate", "Compared"),
            Item.offers,
            lambda each: (
                each["vendor"],
                each["since"],
                each["price"],
                each["for_quantity"],
                each["rate"],
                amount(each["compared"]),
            ),
            numbers=("Compared",),
            empty="No vendor has a price.",
        ),
        table(
            "Prices paid",
            ("Order", "Vendor", "Ordered", "Quantity", "Price", "Rate", "Compared"),
            Item.paid,
            lambda each: (
                link(each["order"], to=each["path"]),
                each["vendor"],
                each["day"],
                each["quantity"],
                each["price"],
                each["rate"],
                amount(each["compared"]),
            ),
            numbers=("Compared",),
            empty="Nothing was ordered yet.",
        ),
    )
    return when_allowed(
        Permission.VENDOR_VIEW,
        section(
            "Prices over time",
            rx.cond(
                Item.price_rows.length() > 0,
                rx.fragment(
                    time_series(
                        "Prices of " + Item.code + " over time",
                        Item.price_rows,
                        Item.price_marks,
                        start=Item.price_start,
                        end=Item.price_end,
                        today=Item.today,
                        locale=Item.locale,
                        unit=Item.price_unit,
                        from_zero=False,
                    ),
                    numbers,
                ),
                rx.el.p("No vendor has a price, and nothing was ordered yet.", class_name="table-none"),
            ),
            says=Item.price_says,
        ),
    )


def vendor_grids() -> rx.Component:
    """Who sells the item, and for how much: rows of the sheets, limited to it."""
    return when_allowed(
        Permission.VENDOR_VIEW,
        tabs(
            "Vendors",
            ("Vendor items", rx.fragment(rx.el.p(Item.sourcing, class_name="quiet"), _grid("vendor-items"))),
            ("Prices", _grid("price-breaks")),
        ),
    )


def _grid(name: str) -> rx.Component:
    return rx.el.div(
        sheet_grid(name, scope=Item.scope, but=("item", "item_name"), after_save=Item.read_prices),
        class_name="grid-inset",
    )


# --- orders, contracts, structure -------------------------------------------------------------------------------------
def _line(each: Any) -> tuple[Any, ...]:
    return (
        link(each["order"], " / ", each["line"], to=each["path"]),
        rx.el.span(
            status(each["status"], ORDER_WORDS), rx.cond(each["on_hold"], status("On hold", tone="warn"), rx.fragment())
        ),
        link(each["vendor"], to=each["vendor_path"]),
        each["warehouse"],
        rx.el.span(
            amount(each["open"], each["unit"]),
            rx.cond(each["stock"] != "", rx.el.span(" = ", each["stock"], " ", Item.unit, class_name="quiet"), ""),
        ),
        amount(each["price"]),
        each["promised"],
        rx.cond(
            each["late"] != "", rx.el.span(each["due"], " ", status(each["late"], tone="warn")), rx.el.span(each["due"])
        ),
    )


def open_orders() -> rx.Component:
    """Order lines that are still to come."""
    return when_allowed(
        Permission.ORDER_VIEW,
        section(
            "Open orders",
            table(
                "Open orders",
                ("Order", "Status", "Vendor", "Warehouse", "Open", "Price", "Promised", "Expected"),
                Item.lines,
                _line,
                numbers=("Open", "Price"),
                empty="Nothing is on order.",
            ),
            says=Item.orders_say,
            anchor=OPEN_ORDERS,
        ),
    )


def _contract(each: Any) -> tuple[Any, ...]:
    return (
        rx.el.span(each["number"], " ", rx.el.span(each["title"], class_name="quiet")),
        each["vendor"],
        each["covers"],
        amount(each["terms"]),
        each["valid"],
        rx.cond(each["is_valid"], status("Valid", tone="good"), status(each["status"], CONTRACT_WORDS)),
    )


def _use(each: Any) -> tuple[Any, ...]:
    return (
        rx.match(each["kind"], *_KINDS.items(), each["kind"]),
        rx.cond(
            each["kind"] == "item",
            link(each["code"], to="/items/" + each["code"].to(str)),
            link(each["code"], to=each["path"]),
        ),
        each["name"],
        amount(each["quantity"]),
        each["valid"],
    )


def contracts_and_uses() -> rx.Component:
    """Contracts that cover the item, and what has it in its bill of material."""
    contracts = section(
        "Contracts",
        table(
            "Contracts",
            ("Contract", "Vendor", "Covers", "Agreed", "Valid", "Status"),
            Item.agreements,
            _contract,
            numbers=("Agreed",),
            empty="No contract covers it.",
        ),
    )
    uses = section(
        "Where used",
        table(
            "Where used",
            ("Kind", "Code", "Name", "Quantity", "Valid"),
            Item.uses,
            _use,
            numbers=("Quantity",),
            empty="Nothing has it in its bill of material.",
        ),
        rx.cond(
            Item.uses_count > Item.uses.length(),
            rx.el.p("and ", Item.uses_count - Item.uses.length(), " more in the structure", class_name="quiet"),
            rx.fragment(),
        ),
        rx.cond(
            Item.rules > 0,
            rx.el.p(Item.rules, " rules of configuration name it as well.", class_name="quiet"),
            rx.fragment(),
        ),
        says=rx.cond(Item.components > 0, Item.components.to(str) + " components of its own", ""),
        actions=[link("Structure and where used", to=Item.paths["uses"])],
    )
    return columns(
        when_allowed(Permission.ORDER_VIEW, contracts), when_allowed(Permission.STRUCTURE_VIEW, uses), least="520px"
    )
