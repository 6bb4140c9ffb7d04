"""Structure: what is made of what as a tree, and what uses an item as the same tree upside down."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.domain.access import Permission
from buyside.pages import routes
from buyside.pages.family import family_tabs
from buyside.pages.kit import form
from buyside.pages.kit.address import address
from buyside.pages.kit.base import link
from buyside.pages.kit.dialog import confirm
from buyside.pages.kit.lookup import finder, reference
from buyside.pages.kit.parts import button, facts, link_button, notice, panel, section, split, switch
from buyside.pages.kit.tree_grid import tree_grid
from buyside.pages.shell import can, page, when_allowed
from buyside.state.structure import StructureState as Tree

_LISTS = (("products", "Product"), ("variants", "Variant"), ("items", "Item"))


def _head() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            finder(
                "Find a product, variant or item", _LISTS, on_take=Tree.find, placeholder="Product, variant or item"
            ),
            class_name="tree-find",
        ),
        rx.cond(
            Tree.root_kind != "",
            rx.fragment(
                rx.el.span(rx.el.strong(Tree.root_code), " ", Tree.root_name, class_name="page-says clip"),
                button("All products", Tree.show_all, look="plain"),
            ),
            rx.el.span("All products", class_name="page-says"),
        ),
        rx.cond(
            Tree.root_kind == "item",
            switch("Direction", Tree.mode, (("parts", "Made of"), ("uses", "Used in")), Tree.show),
            rx.fragment(),
        ),
        rx.el.div(
            rx.el.label(
                rx.el.span("Valid on", class_name="quiet"),
                rx.el.input(type="date", value=Tree.on, on_change=Tree.look_at, class_name="input", key=Tree.on),
                class_name="run-choice",
            ),
            rx.el.label(
                rx.el.input(type="checkbox", checked=Tree.all_days, on_change=Tree.with_all_days),
                "Also rows of other days",
                class_name="check",
            ),
            class_name="actions",
        ),
        class_name="page-head tree-tools",
    )


def _tree() -> rx.Component:
    return rx.el.div(
        _head(),
        rx.cond(Tree.missing != "", notice(Tree.missing, tone="warn"), rx.fragment()),
        tree_grid(
            "Bill of material",
            ("What", "Quantity per", "Scrap", "Cumulated", "Valid", "Supply"),
            roots=Tree.roots,
            start=Tree.start,
            stamp=Tree.stamp,
            answer=Tree.answer,
            chosen=Tree.chosen,
            can_edit=can(Permission.STRUCTURE_EDIT),
            on_levels=Tree.levels,
            on_choose=Tree.choose,
            on_act=Tree.act,
            empty="No products yet. They arrive by import, or from the platform that takes orders.",
        ),
        class_name="stacked",
    )


def _row_fields(title: str, cells: Any) -> tuple[Any, ...]:
    return (
        reference("component", "items", "Component", form=title, errors=Tree.errors, value=cells["component"]),
        form.row(
            form.number("quantity_per", "Quantity per", value=cells["quantity_per"], help="In its stock unit"),
            form.number("scrap_percent", "Scrap", value=cells["scrap_percent"], unit="%", needed=False),
        ),
        form.row(
            form.date("valid_from", "Valid from", value=cells["valid_from"], needed=False),
            form.date("valid_to", "Valid to", value=cells["valid_to"], needed=False),
        ),
    )


def _adding() -> rx.Component:
    title = "Add a component"
    empty = dict.fromkeys(("component", "quantity_per", "scrap_percent", "valid_from", "valid_to"), "")
    return form.form(
        title,
        *_row_fields(title, empty),
        on_submit=Tree.add,
        errors=Tree.errors,
        submit="Add component",
        actions=[button("Back", Tree.stop_adding)],
        key="add" + Tree.form_key,
    )


def _changing() -> rx.Component:
    title = "Change the row"
    return form.form(
        title,
        *_row_fields(title, Tree.cells),
        on_submit=Tree.save,
        errors=Tree.errors,
        submit="Save row",
        actions=[
            confirm(
                button("Remove row", look="danger", id="remove-row"),
                "Remove " + Tree.cells["component"] + " from " + Tree.parent,
                "The row leaves the bill of material of "
                + Tree.parent
                + " for all days. The next plan no longer asks for it. "
                "To end it on a day instead, set its last day in “Valid to”.",
                action="Remove row",
                on_confirm=Tree.remove,
                is_danger=True,
            )
        ],
        key="change" + Tree.form_key,
    )


def _row_facts() -> rx.Component:
    return facts(
        ("Component of", Tree.parent_kind + " " + Tree.parent),
        ("Quantity per", Tree.cells["quantity_per"] + " " + Tree.unit),
        ("Scrap", Tree.cells["scrap_percent"] + " %"),
        ("Valid", Tree.days),
    )


def _about() -> rx.Component:
    of_item = rx.fragment(
        facts(
            ("Supply", Tree.supply_says),
            ("Stock unit", Tree.unit),
            ("Contained in", rx.el.span(Tree.variants, " sold variants on ", Tree.on_shown)),
        ),
        rx.el.div(
            button("Used in", Tree.begin_here("uses"), icon_name="arrow-up"),
            rx.cond(
                Tree.takes_rows, button("Made of", Tree.begin_here("parts"), icon_name="arrow-down"), rx.fragment()
            ),
            rx.cond(can(Permission.ITEM_VIEW), link_button("Open item", "/items/" + Tree.code), rx.fragment()),
            class_name="actions",
        ),
    )
    shown = rx.match(
        Tree.kind,
        ("item", of_item),
        (
            "rule",
            rx.el.div(
                rx.el.p(Tree.name),
                link("All rules", to="/option-rules?quick=" + Tree.code),
                class_name="parts",
            ),
        ),
        (
            "variant",
            rx.el.div(
                button("Only this variant", Tree.begin_here("parts")),
                link_button("Try options", "/configurator?variant=" + Tree.code),
                class_name="actions",
            ),
        ),
        rx.el.div(button("Only this product", Tree.begin_here("parts")), class_name="actions"),
    )
    return rx.fragment(shown)


def _panel() -> rx.Component:
    edits = can(Permission.STRUCTURE_EDIT)
    add = when_allowed(
        Permission.STRUCTURE_EDIT,
        rx.cond(
            Tree.takes_rows & ~Tree.is_adding,
            rx.el.div(button("Add component", Tree.begin_adding, icon_name="plus"), class_name="actions"),
            rx.fragment(),
        ),
    )
    return panel(
        Tree.code + " · " + Tree.name,
        _about(),
        rx.cond(Tree.says != "", notice(Tree.says), rx.fragment()),
        rx.cond(Tree.refused != "", notice(Tree.refused, tone="bad"), rx.fragment()),
        rx.cond(Tree.is_adding, _adding(), add),
        rx.cond(
            (Tree.row_id > 0) & ~Tree.is_adding,
            rx.cond(
                edits,
                rx.el.div(
                    rx.el.p("Component of ", Tree.parent_kind, " ", rx.el.strong(Tree.parent), class_name="quiet"),
                    _changing(),
                    class_name="parts",
                ),
                section("Its row", _row_facts()),
            ),
            rx.fragment(),
        ),
        on_close=Tree.close,
        label="Place in the structure",
    )


@page(routes.STRUCTURE, on_load=Tree.load, is_flush=True)
def structure() -> rx.Component:
    """The tree, and one place of it in full."""
    return rx.el.div(
        family_tabs(routes.STRUCTURE),
        address(Tree.address, focus=Tree.focus),
        split(_tree(), _panel(), is_open=Tree.chosen != "", width="400px"),
        class_name="stacked",
    )
