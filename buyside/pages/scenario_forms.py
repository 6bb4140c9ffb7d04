"""The form of a scenario's change, one for each kind of change (PLAN-15)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import reflex as rx

from buyside.pages.kit import form
from buyside.pages.kit.lookup import reference
from buyside.pages.kit.parts import button
from buyside.state.scenario_words import ACTS
from buyside.state.scenarios import ScenariosState as What

_TITLE = "Change"
_SHEETS = {
    "vendor": ("vendors", "Vendor"),
    "item": ("items", "Item"),
    "group": ("item-groups", "Item group"),
    "product": ("products", "Product"),
    "variant": ("variants", "Variant"),
    "options": ("variant-options", "Options"),
    "warehouse": ("warehouses", "Warehouse"),
    "line": ("sales-order-lines", "Sales order line"),
    "order_line": ("purchase-order-lines", "Purchase order line"),
}
_AS_IT_IS = ("", "as it is")
_IN_STOCK_UNITS = "In the item's stock unit."


def _of(name: str, says: str = "", *, needed: bool = False, **more: Any) -> rx.Component:
    """A record, found while typing."""
    sheet, label = _SHEETS[name]
    return reference(
        name, sheet, label, form=_TITLE, errors=What.errors, value=What.values[name], says=says, needed=needed, **more
    )


def _draw(field: Callable[..., form.Field], name: str, label: str, **more: Any) -> rx.Component:
    more.setdefault("needed", False)
    return form.draw(field(name, label=label, value=What.values[name], **more), _TITLE.lower(), What.errors)


def _number(name: str, label: str, **more: Any) -> rx.Component:
    return _draw(form.number, name, label, **more)


def _date(name: str, label: str, **more: Any) -> rx.Component:
    return _draw(form.date, name, label, **more)


def _choice(name: str, label: str, *options: tuple[str, str]) -> rx.Component:
    return _draw(form.choice, name, label, options=options)


def _gone(label: str) -> rx.Component:
    return _choice("is_cancelled", label, ("", "No"), ("true", "Yes"))


def _percent(help_: str = "", *, needed: bool = True) -> rx.Component:
    return _number(
        "percent", "Percent more or less", unit="%", help=help_ or "10 is a tenth more, -50 half of it.", needed=needed
    )


_FIELDS: dict[str, Callable[[], tuple[rx.Component, ...]]] = {
    "lead_time/lead_time": lambda: (
        _of("item", "Empty: everything that the vendor sells. An item that is made changes its own days."),
        _of("vendor", "Empty: whoever sells the item."),
        _number("days", "New lead time", unit="days"),
        _number("more_days", "Or days more or less", unit="days", help="Never below zero days."),
    ),
    "demand/line": lambda: (
        _of("line", needed=True),
        _number("quantity", "Open quantity"),
        _date("needed_on", "Needed on"),
        _gone("Cancelled"),
    ),
    "demand/percent": lambda: (
        _percent(),
        _of("product", "Empty, and no variant: all demand."),
        _of("variant"),
    ),
    "demand/extra": lambda: (
        _of("variant", "What is sold …"),
        _of("options", "What its product offers, with commas between.", is_several=True, of="variant", without="Say first what is sold."),
        _of("item", "… or an item itself."),
        _of("warehouse", needed=True),
        _number("quantity", "Quantity", needed=True, help="Pieces of what is sold, or in the item's stock unit."),
        _date("needed_on", "Needed on", needed=True),
    ),
    "stock/stock": lambda: (
        _of("item"),
        _of("variant", "Or finished goods."),
        _of("warehouse", needed=True),
        _number("on_hand", "New stock", help=_IN_STOCK_UNITS),
        _number("more", "Or more or less", help="Negative: less."),
    ),
    "vendor/out": lambda: (
        _of("vendor", needed=True),
        _choice("is_out", "From the plan's day on", ("true", "delivers nothing new"), ("false", "delivers all its items again")),
    ),
    "vendor/price": lambda: (_of("vendor", needed=True), _percent("Prices agreed in contracts stay.")),
    "vendor_policy/sourcing": lambda: (
        _of("group", "Empty: all items."),
        _choice(
            "policy", "Vendor choice", _AS_IT_IS, ("preference", "by preference"), ("cheapest", "the cheapest"),
            ("fastest", "the fastest"), ("share", "split by share"),
        ),
        _choice("contracts_first", "Contracts first", _AS_IT_IS, ("true", "Yes"), ("false", "No")),
    ),
    "stock_policy/levels": lambda: (
        _of("item"),
        _of("group", "Or a group; both empty: all items."),
        _percent("Of the levels that are set.", needed=False),
        _number("safety_stock", "Safety stock", help=_IN_STOCK_UNITS),
        _number("reorder_point", "Reorder point", help=_IN_STOCK_UNITS),
        _number("order_up_to", "Order up to", help=_IN_STOCK_UNITS),
        _choice(
            "lot_policy", "Lots", _AS_IT_IS, ("lot_for_lot", "lot for lot"), ("fixed_multiple", "in the vendor's multiple"),
            ("period", "by period"),
        ),
        _number("period_days", "Days in one order", unit="days"),
    ),
    "supply/supply": lambda: (
        _of("order_line", needed=True),
        _number("more_days", "Days later", unit="days", help="Negative: sooner."),
        _date("arrives_on", "Or comes on"),
        _number("quantity", "Open quantity", help=_IN_STOCK_UNITS),
        _gone("Does not come at all"),
    ),
}  # fmt: skip


def change_form() -> rx.Component:
    """The choice of a kind of change, and the form of the one that is chosen."""
    choice = rx.el.label(
        rx.el.span(rx.cond(What.change_id > 0, "Change it to", "Add a change"), class_name="quiet"),
        rx.el.select(
            rx.el.option("Choose …", value=""),
            *[rx.el.option(label, value=act) for act, label in ACTS],
            value=What.act,
            on_change=What.choose_act,
            class_name="input",
            aria_label="Kind of change",
        ),
        class_name="scenario-kind",
    )
    fields = rx.match(
        What.act,
        *[(act, rx.el.div(*draw(), class_name="scenario-fields")) for act, draw in _FIELDS.items()],
        rx.fragment(),
    )
    shown = form.form(
        _TITLE,
        fields,
        on_submit=What.save,
        errors=What.errors,
        submit=rx.cond(What.change_id > 0, "Save the change", "Add the change"),
        look="",
        actions=[button("Cancel", What.close_form, look="plain")],
        show_title=False,
        key=What.form_key,
    )
    return rx.el.div(choice, rx.cond(What.act != "", shown, rx.fragment()), class_name="scenario-form")
