"""Unmapped demand: what is sold and cannot be planned, who waits for it, and the fix in place."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.domain.access import Permission
from buyside.pages import routes
from buyside.pages.family import family_tabs
from buyside.pages.kit import form
from buyside.pages.kit.base import link
from buyside.pages.kit.lookup import reference
from buyside.pages.kit.parts import (
    amount,
    button,
    empty_state,
    facts,
    link_button,
    notice,
    panel,
    section,
    split,
    status,
    table,
)
from buyside.pages.plan_runs import new_run, run_dialogs
from buyside.pages.shell import can, page, when_allowed
from buyside.state.unmapped import UnmappedState as Queue

_BEHAVIOURS = (
    ("add", "Adds a component"),
    ("replace", "Replaces a component"),
    ("remove", "Removes a component"),
    ("scale", "Multiplies a component"),
)


def _group(group: Any) -> tuple[Any, ...]:
    return (
        status(group["says"], tone=group["tone"]),
        rx.el.span(
            rx.el.button(group["what"], type="button", class_name="link"),
            rx.el.span(group["name"], class_name="quiet"),
            class_name="code-name",
        ),
        group["variants"],
        amount(group["lines"]),
        amount(group["quantity"]),
        rx.el.span(group["first"], class_name="day"),
        rx.cond(group["blocks"], "Blocked", "Left out"),
    )


def _order(order: Any) -> tuple[Any, ...]:
    name = rx.fragment(order["order"], " / ", order["line"])
    return (
        rx.cond(can(Permission.DEMAND_VIEW), link(name, to=order["path"]), rx.el.span(name)),
        order["customer"],
        order["sku"],
        rx.el.span(order["needed_by"], class_name="day"),
        amount(order["open"]),
    )


def _add_row() -> rx.Component:
    title = "Add a row"
    return section(
        title,
        form.form(
            title,
            *_scope(),
            reference("component", "items", "Component", form=title, errors=Queue.errors),
            form.row(
                form.number("quantity_per", "Quantity per", help="In its stock unit"),
                form.number("scrap_percent", "Scrap", unit="%", needed=False),
            ),
            on_submit=Queue.add_row,
            errors=Queue.errors,
            submit="Add row",
            show_title=False,
            key="row " + Queue.form_key,
        ),
        says="of its bill of material",
    )


def _scope() -> list[Any]:
    return [
        rx.cond(
            Queue.scopes.length() > 0,
            rx.el.label(
                rx.el.span("For"),
                rx.el.select(
                    rx.foreach(Queue.scopes, lambda each: rx.el.option(each["label"], value=each["value"])),
                    name="scope",
                    class_name="input",
                ),
                class_name="field",
            ),
            rx.fragment(),
        )
    ]


def _add_rule() -> rx.Component:
    title = "Add a rule"
    is_ = Queue.behaviour
    replacement = reference("replacement", "items", "By", form=title, errors=Queue.errors)
    quantity = rx.match(
        is_,
        ("add", form.draw(form.number("quantity", "Quantity", help="Stock units per unit sold"), "add-a-rule", Queue.errors)),
        ("scale", form.draw(form.number("quantity", "Factor", help="0.5 halves it"), "add-a-rule", Queue.errors)),
        (
            "replace",
            form.draw(
                form.number("quantity", "Quantity", needed=False, help="Empty: as much as of what it replaces"),
                "add-a-rule",
                Queue.errors,
            ),
        ),
        rx.fragment(),
    )  # fmt: skip
    return section(
        title,
        form.form(
            title,
            *_scope(),
            rx.el.label(
                rx.el.span("What the option does"),
                rx.el.select(
                    *[rx.el.option(word, value=value) for value, word in _BEHAVIOURS],
                    value=is_,
                    on_change=Queue.pick_behaviour,
                    class_name="input",
                ),
                class_name="field",
            ),
            reference("component", "items", "Component", form=title, errors=Queue.errors),
            rx.cond(is_ == "replace", replacement, rx.fragment()),
            rx.fragment(quantity),
            form.row(
                form.text("code", "Code of the rule", value=Queue.suggested),
                form.number("priority", value="0", help="Lowest goes first"),
            ),
            on_submit=Queue.add_rule,
            errors=Queue.errors,
            submit="Add rule",
            show_title=False,
            key="rule " + Queue.form_key,
        ),
        says=rx.cond(Queue.option != "", "where " + Queue.option, ""),
    )


def _needs_nothing() -> rx.Component:
    return section(
        "Or decide that it needs nothing",
        form.form(
            "Needs nothing",
            *_scope(),
            rx.el.p(
                "Kept as a rule of behaviour “nothing”: it stands in the list of rules and in the audit trail, every later plan "
                "respects it, and removing it brings the demand back into this queue.",
                class_name="quiet",
            ),
            on_submit=Queue.needs_nothing,
            errors=Queue.errors,
            submit="Needs nothing",
            look="",
            show_title=False,
            key="none " + Queue.form_key,
        ),
    )


def _priorities() -> rx.Component:
    def rule(each: Any, place: Any) -> rx.Component:
        id_ = "priority-" + place.to_string()
        return rx.el.div(
            rx.el.p(link(each["code"], to=each["path"]), " ", each["says"]),
            rx.el.label("Priority of " + each["code"], html_for=id_),
            rx.el.input(
                id=id_, name=id_, default_value=each["priority"], input_mode="numeric", class_name="input number"
            ),
            class_name="field",
        )

    return section(
        "Decide which goes first",
        form.form(
            "Priorities",
            rx.foreach(Queue.rules, rule),
            on_submit=Queue.set_priorities,
            errors=Queue.errors,
            submit="Save priorities",
            show_title=False,
            key="order " + Queue.form_key,
        ),
        says="the lowest number first; the other works on its result",
    )


def _fixes() -> rx.Component:
    shown = rx.match(
        Queue.gap,
        ("variant", rx.fragment(_add_row(), _needs_nothing())),
        ("option", rx.fragment(_add_rule(), _needs_nothing())),
        ("contradiction", rx.fragment(_priorities())),
        ("item", rx.fragment(_add_row())),
        rx.fragment(),
    )
    return rx.fragment(shown)


def _panel() -> rx.Component:
    return panel(
        rx.cond(Queue.option != "", Queue.option + " of " + Queue.code, Queue.code + " · " + Queue.name),
        facts(
            ("Sold as", rx.cond(Queue.variants != "", Queue.variants, "–")),
            ("Structure", link("Show in the tree", to=Queue.tree_path)),
        ),
        rx.cond(Queue.refused != "", notice(Queue.refused, tone="bad"), rx.fragment()),
        when_allowed(Permission.STRUCTURE_EDIT, _fixes()),
        rx.cond(
            Queue.gap != "item",
            section(
                "Who waits",
                table(
                    "Sales lines that wait",
                    ("Sales order", "Customer", "Sold", "Needed by", "Open"),
                    Queue.orders,
                    _order,
                    numbers=("Open",),
                ),
                rx.cond(Queue.orders_left != "", rx.el.p(Queue.orders_left, class_name="quiet"), rx.fragment()),
            ),
            rx.fragment(),
        ),
        on_close=Queue.close,
        label="Unmapped demand",
    )


def _pairs() -> rx.Component:
    def pair(each: Any) -> rx.Component:
        return rx.el.li(
            each["says"], " ", link(each["one"], to=each["one_path"]), " · ", link(each["other"], to=each["other_path"])
        )

    return rx.cond(
        Queue.pairs.length() > 0,
        section(
            "Rules that may contradict each other",
            rx.el.ul(rx.foreach(Queue.pairs, pair), class_name="waits"),
            says="if somebody orders the options of both",
        ),
        rx.fragment(),
    )


def _list() -> rx.Component:
    head = rx.el.div(
        rx.el.span(Queue.summary, class_name="page-says", role="status"),
        rx.el.div(
            button("Check again", Queue.check_again, icon_name="refresh-cw"), new_run(look=""), class_name="actions"
        ),
        class_name="page-head",
    )
    fixed = rx.cond(
        Queue.fixed != "",
        notice(Queue.fixed, " The next plan counts it. ", rx.el.span(when_allowed(Permission.PLAN_RUN, "Run the plan now, or fix more first.")), tone="good"),
        rx.fragment(),
    )  # fmt: skip
    nothing = empty_state(
        "Nothing waits",
        "Every open sales line of today has a structure, and every chosen option a rule.",
        link_button("Try a configuration", routes.CONFIGURATOR.path),
    )
    waiting = rx.fragment(
        table(
            "Unmapped demand",
            ("Why", "What", "Sold as", "Lines", "Quantity", "First needed by", "Effect"),
            Queue.groups,
            _group,
            numbers=("Lines", "Quantity"),
            on_pick=lambda group: Queue.choose(group["key"]),
            picked=lambda group: rx.cond(Queue.chosen == group["key"], "true", "false"),
        ),
        rx.cond(Queue.left != "", rx.el.p(Queue.left, class_name="quiet"), rx.fragment()),
    )
    return rx.el.div(
        head,
        fixed,
        rx.cond(Queue.is_read, rx.cond(Queue.is_empty, nothing, waiting), rx.fragment()),
        _pairs(),
        class_name="page parts scrolls",
    )


@page(routes.UNMAPPED, on_load=Queue.load, is_flush=True)
def unmapped() -> rx.Component:
    """The queue, and one reason of it with its fix."""
    return rx.el.div(
        family_tabs(routes.UNMAPPED),
        run_dialogs(),
        split(_list(), _panel(), is_open=Queue.chosen != "", width="480px"),
        class_name="stacked",
    )
