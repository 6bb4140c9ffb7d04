"""One item: its data edited in place, its stock and prices over time, who sells it, what comes, what it is for, what happened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.item_sheets import ITEM_SHEET
from buyside.domain.words import SUPPLY_MODE_WORDS, YES_NO_WORDS, Kind, Tone
from buyside.pages import routes
from buyside.pages.family import family_tabs
from buyside.pages.item_parts import contracts_and_uses, open_orders, prices_over_time, stock_over_time, vendor_grids
from buyside.pages.kit.dialog import confirm, dialog
from buyside.pages.kit.history import history_table
from buyside.pages.kit.in_place import in_place
from buyside.pages.kit.parts import (
    button,
    columns,
    empty_state,
    facts,
    link_button,
    section,
    status,
    tile,
    tiles,
)
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
_UNITS = {
    **dict.fromkeys(("safety_stock", "reorder_point", "order_up_to"), Item.unit),
    **dict.fromkeys(("period_days", "make_lead_days", "goods_in_days"), "days"),
    "over_receipt_percent": "%",
    "standard_cost": Item.own_currency,
}
_NUMBERS = frozenset({Kind.NUMBER, Kind.QUANTITY, Kind.MONEY, Kind.PRICE, Kind.PERCENT})


def _pairs(words: Any) -> list[dict[str, str]]:
    return [{"value": value, "label": word} for value, (word, _) in words.items()]


def _field(name: str) -> tuple[str, rx.Component]:
    """A field's label and its value: edited in place by those who may, text for all others."""
    column = ITEM_SHEET.column(name)
    assert column is not None
    more: dict[str, Any] = {}
    if column.words is not None or column.kind is Kind.FLAG:
        more = {"kind": "choice", "options": _pairs(column.words or YES_NO_WORDS)}
    elif name in Item.references:
        more = {"kind": "choice", "options": Item.choices[name]}
    elif column.kind in _NUMBERS:
        more = {"kind": "number"}
    elif name == "description":
        more = {"kind": "area"}
    edited = in_place(
        column.title,
        Item.fields[name],
        on_save=lambda value: Item.save(name, value),
        version=Item.edition,
        refused=Item.refused[name],
        placeholder="–",
        **more,
    )
    read = rx.cond(Item.shown_fields[name] != "", Item.shown_fields[name], "–")
    unit = _UNITS.get(name, "")
    value = rx.cond(can(Permission.ITEM_EDIT), edited, rx.el.span(read))
    shown = rx.el.span(value, rx.el.span(unit, class_name="unit"), class_name="with-unit") if name in _UNITS else value
    return column.title, shown


def _data() -> rx.Component:
    def group(title: str, names: Sequence[str]) -> rx.Component:
        return section(title, facts(*[_field(name) for name in names]))

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
        columns(*[group(title, names) for title, names in _DATA], least="300px"),
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
    return tiles(
        tile("On hand", Item.on_hand, Item.unit, to=Item.paths["stock"]),
        tile("On order", Item.on_order, rx.cond(Item.next_due != "", Item.next_due, Item.unit)),
        tile(
            "Below safety stock",
            rx.cond(Item.first_below != "", Item.first_below, "–"),
            rx.cond(Item.first_below != "", "without the plan, in " + Item.place_code, "not in sight"),
            to=Item.paths["requirements"],
        ),
        tile("Best price today", rx.cond(Item.best_price != "", Item.best_price, "–"), Item.best_vendor),
    )


def _conflict() -> rx.Component:
    """Two people at one field: what each of them set."""
    return dialog(
        "Somebody else changed “" + Item.conflict["label"] + "”",
        facts(("Yours", Item.conflict["yours"]), ("Theirs, now", Item.conflict["theirs"])),
        rx.el.div(
            button("Keep theirs", Item.keep_theirs),
            button("Save mine", Item.save_mine, look="primary"),
            class_name="dialog-foot",
        ),
        is_open=Item.conflict["field"] != "",
        on_close=Item.keep_theirs,
        says=Item.conflict["says"],
    )


@page(routes.ITEM, on_load=Item.load, title=Item.code, is_flush=True)
def item() -> rx.Component:
    """All about one item, or that there is none of that code."""
    missing = empty_state(
        rx.cond(Item.asked != "", "There is no item " + Item.asked, "There is no such item"),
        "It may have another code now, or was never here.",
        link_button("All items", routes.ITEMS.path),
    )
    shown = rx.el.div(
        _head(),
        _tiles(),
        _data(),
        columns(stock_over_time(), prices_over_time(), least="520px"),
        vendor_grids(),
        open_orders(),
        contracts_and_uses(),
        section("History", history_table(Item, "History of the item")),
        _conflict(),
        class_name="page item-page",
    )
    return rx.el.div(
        family_tabs(routes.ITEM),
        rx.cond(Item.missing, missing, rx.cond(Item.found, shown, rx.fragment())),
        class_name="stacked",
    )
