"""The rule tester: any configuration exploded, each line with the row or rule that put it there."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.pages import routes
from buyside.pages.family import family_tabs
from buyside.pages.kit import form
from buyside.pages.kit.address import address
from buyside.pages.kit.base import link
from buyside.pages.kit.lookup import finder
from buyside.pages.kit.parts import amount, empty_state, notice, table, tabs
from buyside.pages.shell import page
from buyside.state.configurator import ConfiguratorState as Tester

_TITLE = "Configuration"


def _group(group: Any) -> rx.Component:
    return rx.el.label(
        rx.el.span(group["name"]),
        rx.el.select(
            rx.foreach(
                group["options"].to(list[dict[str, str]]),
                lambda each: rx.el.option(each["label"], value=each["value"]),
            ),
            name=group["field"],
            default_value=group["chosen"],
            class_name="input",
        ),
        class_name="field",
    )


def _chooser() -> rx.Component:
    return form.form(
        _TITLE,
        rx.el.div(
            rx.foreach(Tester.groups, _group),
            form.draw(form.number("quantity", value=Tester.quantity), "configuration", Tester.errors),
            form.draw(form.date("needed_on", "Needed by", value=Tester.needed_on), "configuration", Tester.errors),
            class_name="options-form",
        ),
        on_submit=Tester.try_it,
        errors=Tester.errors,
        submit="Explode",
        show_title=False,
        key=Tester.form_key,
    )


def _why(why: Any) -> rx.Component:
    return link(why["says"], to=why["path"])


def _line(line: Any) -> tuple[Any, ...]:
    return (
        line["level"],
        rx.el.span(
            link(line["code"], to=line["path"]),
            rx.el.span(line["name"], class_name="quiet"),
            class_name="code-name level-code",
            style={"--depth": line["depth"]},
        ),
        rx.el.div(rx.foreach(line["why"].to(list[dict[str, str]]), _why), class_name="why"),
        line["supply"],
        rx.el.span(line["needed_on"], class_name="day"),
        amount(line["per_unit"]),
        amount(line["quantity"]),
    )


def _total(total: Any) -> tuple[Any, ...]:
    return (
        rx.el.span(
            link(total["code"], to=total["path"]), rx.el.span(total["name"], class_name="quiet"), class_name="code-name"
        ),
        total["supply"],
        rx.el.span(total["needed_on"], class_name="day"),
        amount(total["quantity"]),
    )


def _clash(clash: Any) -> rx.Component:
    return rx.el.p(
        rx.el.strong("About ", clash["component"], ": "),
        link(clash["one"], to=clash["one_path"]),
        "; ",
        link(clash["other"], to=clash["other_path"]),
        ".",
    )


def _result() -> rx.Component:
    contradicted = notice(
        rx.el.strong("Two rules contradict each other, so a plan would report this line and not guess."),
        rx.foreach(Tester.clashes, _clash),
        rx.el.p(
            "Give one of the two a lower priority number, so that it goes first and the other works on its result."
        ),
        tone="bad",
    )
    told = rx.fragment(
        rx.cond(
            Tester.is_unmapped,
            notice(
                "No row of a bill of material and no rule gives this variant a component: a plan would block the line. ",
                link("Fix it under Unmapped demand", to=routes.UNMAPPED.path),
                tone="bad",
            ),
            rx.fragment(),
        ),
        rx.cond(
            Tester.uncovered != "",
            notice(
                "No rule asks about ", Tester.uncovered, ". What it may need is not planned. ",
                link("Decide it under Unmapped demand", to=routes.UNMAPPED.path), tone="warn",
            ),
            rx.fragment(),
        ),
        rx.cond(
            Tester.dead_ends != "",
            notice("Nothing says what these are made of on their day: ", Tester.dead_ends, ".", tone="warn"),
            rx.fragment(),
        ),
    )  # fmt: skip
    levels = rx.el.div(
        rx.el.div(
            table(
                "Every level",
                ("Level", "Component", "Put there by", "Supply", "Needed", "Per unit", "Quantity"),
                Tester.lines,
                _line,
                numbers=("Per unit", "Quantity"),
                empty="It takes nothing.",
            ),
            class_name="levels",
        ),
        rx.cond(Tester.lines_left != "", rx.el.p(Tester.lines_left, class_name="quiet"), rx.fragment()),
        rx.cond(
            Tester.taken_out.length() > 0,
            rx.el.div(
                rx.el.p("Rules that hold and leave no line of their own:", class_name="quiet"),
                rx.el.div(rx.foreach(Tester.taken_out, _why), class_name="why"),
            ),
            rx.fragment(),
        ),
        class_name="parts",
    )
    totals = rx.el.div(
        table(
            "Totals per item",
            ("Item", "Supply", "First needed", "Total"),
            Tester.totals,
            _total,
            numbers=("Total",),
            empty="It takes nothing.",
        ),
    )
    return rx.el.div(
        rx.el.p(
            Tester.summary,
            "; as if nothing were in stock, totals rounded once per item and date as in a plan",
            class_name="quiet",
            role="status",
        ),
        rx.cond(
            Tester.clashes.length() > 0,
            contradicted,
            rx.fragment(told, tabs("Result", ("Every level", levels), ("Totals per item", totals))),
        ),
        class_name="parts",
    )


@page(routes.CONFIGURATOR, on_load=Tester.load, is_flush=True)
def configurator() -> rx.Component:
    """What to try, and what it comes to."""
    head = rx.el.div(
        rx.el.div(
            finder(
                "Find a variant or product",
                (("variants", "Variant"), ("products", "Product")),
                on_take=Tester.find,
                placeholder="Variant or product",
            ),
            class_name="tree-find",
        ),
        rx.cond(
            Tester.sku != "",
            rx.el.span(
                rx.el.strong(Tester.sku), " ", Tester.name, rx.el.span(" · ", Tester.product, class_name="quiet"),
                class_name="page-says clip",
            ),
            rx.fragment(),
        ),
        class_name="page-head",
    )  # fmt: skip
    begin = empty_state(
        "Try what is sold",
        "Choose a variant, its options, a quantity and a date: every component it takes is shown, "
        "with the row or rule that put it there, exactly as a plan would see it.",
    )
    content = rx.el.div(
        head,
        rx.cond(Tester.missing != "", notice(Tester.missing, tone="warn"), rx.fragment()),
        rx.cond(Tester.sku != "", _chooser(), begin),
        rx.cond(Tester.is_tried, _result(), rx.fragment()),
        class_name="page parts scrolls",
    )
    return rx.el.div(family_tabs(routes.CONFIGURATOR), address(Tester.address), content, class_name="stacked")
