"""One item: its data edited in place, its stock and prices over time, who sells it, what comes, what it is for, what happened."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.words import SUPPLY_MODE_WORDS, Tone
from buyside.pages import routes
from buyside.pages.item_parts import (
    OPEN_ORDERS,
    contracts_and_uses,
    open_orders,
    prices_over_time,
    stock_over_time,
    vendor_grids,
)
from buyside.pages.kit.dialog import confirm
from buyside.pages.kit.history import history_table
from buyside.pages.kit.parts import (
    button,
    columns,
    link_button,
    section,
    status,
    tile,
    tiles,
)
from buyside.pages.sheet_record import conflict_dialog, field_groups, record_page
from buyside.pages.shell import can, page, when_allowed
from buyside.state.item import ItemPageState as Item

_DATA: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Item", ("code", "name", "description", "group", "unit", "kind", "is_active")),
    (
        "Planning",
        (
            "supply",
            "safety_stock",
            "reorder_point",
            "order_up_to",
            "lot_policy",
            "period_days",
            "default_warehouse",
            "planner",
        ),
    ),
    (
        "Buying and receiving",
        (
            *("standard_cost", "make_lead_days", "goods_in_days", "over_receipt_percent"),
            *("inspection_required", "is_orderable"),
        ),
    ),
)
_UNITS: dict[str, Any] = {
    **dict.fromkeys(("safety_stock", "reorder_point", "order_up_to"), Item.unit),
    **dict.fromkeys(("period_days", "make_lead_days", "goods_in_days"), "days"),
    "over_receipt_percent": "%",
    "standard_cost": Item.own_currency,
}


def _data() -> rx.Component:
    groups = field_groups(Item, _DATA, may_edit=Permission.ITEM_EDIT, units=_UNITS, areas=("description",))
    why = rx.el.label(
        "Why",
        rx.el.input(
            on_blur=Item.say_why,
            key=Item.code,
            max_length=400,
            placeholder="optional, kept in the history of your next changes",
            class_name="input",
        ),
        class_name="say-why",
    )
    return rx.el.div(
        columns(*groups, least="300px"),
        when_allowed(Permission.ITEM_EDIT, why),
        class_name="item-data",
    )


def _head() -> rx.Component:
    retire = confirm(
        button("Retire", look="plain"),
        "Retire " + Item.code + "?",
        "It is not planned, ordered or offered any more. Open orders and its history stay; it can be put to use again.",
        action="Retire item",
        on_confirm=Item.retire,
        is_danger=True,
    )
    return rx.el.div(
        rx.el.h2(Item.code, " ", rx.el.span(Item.name, class_name="item-name")),
        status(Item.supply, SUPPLY_MODE_WORDS),
        rx.cond(Item.is_active, status("Active", tone=Tone.GOOD), status("Retired", tone=Tone.WARN)),
        rx.el.div(
            when_allowed(Permission.ITEM_EDIT, rx.cond(Item.is_active, retire, rx.fragment())),
            when_allowed(Permission.STOCK_VIEW, link_button("Stock ledger", Item.paths["stock"])),
            when_allowed(Permission.PLAN_VIEW, link_button("Requirements", Item.paths["requirements"])),
            when_allowed(Permission.STRUCTURE_VIEW, link_button("Structure", Item.paths["structure"])),
            class_name="actions",
        ),
        class_name="page-head",
    )


def _tiles() -> rx.Component:
    on_order = ("On order", Item.on_order, rx.cond(Item.next_due != "", Item.next_due, Item.unit))
    return tiles(
        tile("On hand", Item.on_hand, Item.unit, to=Item.paths["stock"]),
        rx.cond(can(Permission.ORDER_VIEW), tile(*on_order, to="#" + OPEN_ORDERS), tile(*on_order)),
        tile(
            "Below safety stock",
            rx.cond(Item.first_below != "", Item.first_below, "–"),
            rx.cond(Item.first_below != "", "without the plan, in " + Item.place_code, "not in sight"),
            to=Item.paths["requirements"],
        ),
        tile("Best price today", rx.cond(Item.best_price != "", Item.best_price, "–"), Item.best_vendor),
    )


@page(routes.ITEM, on_load=Item.load, title=Item.code, is_flush=True)
def item() -> rx.Component:
    """All about one item, or that there is none of that code."""
    return record_page(
        Item,
        routes.ITEM,
        routes.ITEMS,
        "item",
        _head(),
        _tiles(),
        _data(),
        columns(stock_over_time(), prices_over_time(), least="520px"),
        vendor_grids(),
        open_orders(),
        contracts_and_uses(),
        section("History", history_table(Item, "History of the item")),
        conflict_dialog(Item),
    )
