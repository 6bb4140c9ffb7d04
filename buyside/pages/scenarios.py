"""What-if: scenarios of a plan, their changes edited in place, and what they come to beside the plan (PLAN-15)."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.words import SCENARIO_DIFFERENCE_WORDS, Tone
from buyside.pages import routes
from buyside.pages.kit import form
from buyside.pages.kit.address import address
from buyside.pages.kit.base import icon, link
from buyside.pages.kit.dialog import confirm, dialog
from buyside.pages.kit.grid import Column, View, grid, one_of
from buyside.pages.kit.in_place import in_place
from buyside.pages.kit.parts import button, empty_state, icon_button, notice, panel, section, split, status, table, tabs
from buyside.pages.kit.time_series import time_series
from buyside.pages.scenario_forms import change_form
from buyside.pages.shell import can, page, when_allowed
from buyside.state.calculations import STEPS
from buyside.state.scenarios import ScenariosState as What


def _naming() -> rx.Component:
    plan = rx.cond(
        What.is_naming == "new",
        form.draw(
            form.choice(
                "plan",
                What.plans,
                "Starts from",
                value=What.suggested_plan,
                help="What that plan read stays as it was: the comparison is of your changes, not of time passed.",
            ),
            "scenario",
            What.errors,
        ),
        rx.fragment(),
    )
    return dialog(
        rx.cond(What.is_naming == "copy", "Copy the scenario", "New scenario"),
        form.form(
            "Scenario",
            form.text("name", value=What.suggested_name),
            plan,
            on_submit=What.make,
            errors=What.errors,
            submit=rx.cond(What.is_naming == "copy", "Copy", "Start"),
            show_title=False,
            key=What.is_naming + What.suggested_name,
            actions=[button("Back", What.stop_asking)],
        ),
        is_open=What.is_naming != "",
        on_close=What.stop_asking,
        says="Nothing in it touches stock, orders, prices or the plan that people work with.",
    )


def _new() -> rx.Component:
    return when_allowed(Permission.PLAN_RUN, button("New scenario", What.ask_new, look="primary", icon_name="plus"))


def _list() -> rx.Component:
    def row(each: Any) -> tuple[Any, ...]:
        calculated = rx.cond(each["is_calculated"], each["cost"], rx.el.span("not calculated", class_name="quiet"))
        return (
            rx.el.span(
                rx.el.button(each["name"], type="button", class_name="link", on_click=What.open_scenario(each["id"])),
                rx.el.span(each["note"], class_name="quiet clip"),
                class_name="code-name scenario-name",
            ),
            rx.el.span(each["plan"], class_name="day"),
            each["changes"],
            calculated,
            each["late"],
            rx.cond(each["is_kept"], status("kept for all", tone=Tone.GOOD), status("draft", tone=Tone.NEUTRAL)),
            each["by"],
            rx.el.span(each["made"], class_name="day"),
        )

    none_yet = empty_state(
        "What if …",
        rx.cond(
            can(Permission.PLAN_RUN),
            "A vendor fails, a customer doubles an order, a lead time grows: change a copy of a plan and see what it would "
            "cost, what would be late and what you would order instead. Nothing of the real plan moves.",
            "Buyers try here what would become of a plan. What one of them keeps for all is listed here.",
        ),
        _new(),
    )
    listed = rx.fragment(
        rx.el.div(rx.el.span("Your own scenarios, and those that somebody keeps.", class_name="page-says"), rx.el.div(_new(), class_name="actions"), class_name="page-head"),
        table(
            "Scenarios",
            ("Scenario", "Plan as of", "Changes", "Cost", "Sales lines not in time", "Status", "By", "Made"),
            What.listed,
            row,
            numbers=("Changes", "Cost", "Sales lines not in time"),
        ),
    )  # fmt: skip
    return rx.cond(What.loaded, rx.cond(What.listed.length() > 0, listed, none_yet), rx.fragment())


def _change(each: Any) -> rx.Component:
    return rx.el.li(
        rx.el.span(each["says"], class_name="scenario-says"),
        when_allowed(
            Permission.PLAN_RUN,
            rx.el.span(
                icon_button("pencil", "Edit", What.edit(each["id"])),
                icon_button(
                    "arrow-up", "Earlier", What.move(each["id"], each["place"] - 1), disabled=each["place"] == 1
                ),
                icon_button(
                    "arrow-down",
                    "Later",
                    What.move(each["id"], each["place"] + 1),
                    disabled=each["place"] == What.changes.length(),
                ),
                icon_button("trash-2", "Take out", What.remove(each["id"])),
                class_name="scenario-acts",
            ),
        ),
        aria_current=rx.cond((What.change_id == each["id"]) & (What.act != ""), "true", "false"),
    )


def _changes() -> rx.Component:
    none_yet = rx.el.p("Nothing is changed yet. Add the first change: what would you like to try?", class_name="quiet")
    return section(
        "Changes",
        rx.cond(
            What.changes.length() > 0,
            rx.el.ol(
                rx.foreach(What.changes, _change), class_name="scenario-changes", aria_label="Changes, in their order"
            ),
            none_yet,
        ),
        rx.cond(What.preview != "", rx.el.p(What.preview, class_name="scenario-preview", role="status"), rx.fragment()),
        when_allowed(Permission.PLAN_RUN, change_form()),
        says="made one after the other",
    )


def _head() -> rx.Component:
    refused = What.errors["name"]
    acts = when_allowed(
        Permission.PLAN_RUN,
        rx.el.div(
            rx.cond(
                What.is_kept,
                button("Keep for me alone", What.keep(False), icon_name="pin-off"),
                button("Keep for all", What.keep(True), icon_name="pin"),
            ),
            button("Copy", What.ask_copy, icon_name="copy"),
            confirm(
                button("Discard", icon_name="trash-2"),
                "Discard this scenario?",
                "Its changes and everything that was calculated for it are removed. The plan stays as it is.",
                action="Discard",
                on_confirm=What.discard,
                is_danger=True,
            ),
            button(
                "Calculate",
                What.start,
                look="primary",
                icon_name="play",
                disabled=What.is_running | (What.changes.length() == 0),
            ),
            class_name="actions",
        ),
    )
    return rx.el.div(
        icon_button("arrow-left", "All scenarios", What.show_list),
        in_place(
            "Name of the scenario",
            What.name,
            on_save=What.rename,
            version=What.version,
            refused=rx.cond(refused, refused, ""),
        ),
        rx.el.span(What.status, class_name="status", data_tone=What.status_tone),
        acts,
        class_name="page-head scenario-head",
    )


def _progress() -> rx.Component:
    return rx.cond(
        What.is_running,
        rx.el.div(
            rx.el.div(rx.el.strong("Calculating"), rx.el.span(What.step, class_name="quiet")),
            rx.el.progress(
                value=What.steps_done.to_string(), max=str(len(STEPS) - 1), aria_label="Progress of the scenario"
            ),
            button("Cancel", What.cancel),
            class_name="running",
            role="status",
        ),
        rx.fragment(),
    )


def _beside() -> rx.Component:
    def other(each: Any) -> rx.Component:
        return rx.el.button(
            rx.cond(What.beside.contains(each["value"]), icon("check", 14), icon("plus", 14)),
            each["label"],
            type="button",
            class_name="button",
            aria_pressed=rx.cond(What.beside.contains(each["value"]), "true", "false"),
            on_click=What.compare(each["value"]),
        )

    return rx.cond(
        What.others.length() > 0,
        rx.el.div(
            rx.el.span("Beside it:", class_name="quiet"),
            rx.foreach(What.others, other),
            class_name="scenario-others",
            role="group",
            aria_label="Other scenarios of this plan, at most two beside it",
        ),
        rx.fragment(),
    )


def _figures(label: str, first: str, rows: Any) -> rx.Component:
    """Rows of figures: the plan, and each scenario with what differs as a word, a shape and a colour."""

    def cell(each: Any) -> rx.Component:
        differs = rx.cond(
            each["differs"] != "",
            rx.el.span(each["differs"], class_name="status", data_tone=each["tone"]),
            rx.el.span("same", class_name="quiet"),
        )
        return rx.el.td(each["says"], rx.el.span(differs, class_name="scenario-differs"), class_name="number")

    def line(each: Any) -> rx.Component:
        return rx.el.tr(
            rx.el.th(each["label"], scope="row", title=each["help"]),
            rx.el.td(each["base"], class_name="number"),
            rx.foreach(each["cells"].to(list[dict[str, str]]), cell),
        )

    return rx.el.div(
        rx.el.table(
            rx.el.caption(label, class_name="only-read"),
            rx.el.thead(
                rx.el.tr(
                    rx.el.th(first, scope="col"),
                    rx.el.th("Plan", scope="col", class_name="number"),
                    rx.foreach(
                        What.heads,
                        lambda head: rx.el.th(
                            rx.el.div(head, class_name="clip", title=head), scope="col", class_name="number"
                        ),
                    ),
                )
            ),
            rx.el.tbody(rx.foreach(rows, line)),
            class_name="table scenario-table",
        ),
        class_name="table-wrap",
        tab_index=0,
        role="region",
        aria_label=label,
    )


def _late(each: Any) -> tuple[Any, ...]:
    return (
        link(each["line"], to=each["path"]),
        each["customer"],
        each["needed_by"],
        each["base"],
        each["days"],
        rx.el.span(each["word"], class_name="status", data_tone=each["tone"]),
    )


def _items() -> rx.Component:
    difference = grid(
        What.rows,
        (
            Column("item", width=140),
            Column("name", grow=2, least=140),
            Column("warehouse", width=104),
            Column("differs", "Difference", width=130, words=SCENARIO_DIFFERENCE_WORDS),
            Column("base_quantity", "Plan orders", width=116, unit_from="unit"),
            Column("quantity", "Scenario orders", width=130, unit_from="unit"),
            Column("value_change", "Value moved", width=126, unit_from="currency"),
            Column("base_late_days", "Plan late", width=96, unit="d"),
            Column("late_days", "Scenario late", width=112, unit="d"),
            Column("base_vendor", "Plan buys from", width=126),
            Column("vendor", "Scenario buys from", width=140),
            Column("quantity_change", "Quantity moved", width=126, unit_from="unit", is_hidden=True),
            Column("late_change", "Days moved", width=110, is_hidden=True),
            Column("base_value", "Plan value", width=120, unit_from="currency", is_hidden=True),
            Column("value", "Scenario value", width=120, unit_from="currency", is_hidden=True),
            Column("base_needed_on", "Plan needs first", width=126, is_hidden=True),
            Column("needed_on", "Scenario needs first", width=126, is_hidden=True),
        ),
        label="Items that would be ordered otherwise",
        noun="items",
        state=What,
        on_open=What.open_item,
        scope={"run_id": What.result_run_id},
        views=(
            View("All differences"),
            View("More to buy", {"differs": one_of("added", "more")}),
            View("Less to buy", {"differs": one_of("gone", "less")}),
            View("Later", {"differs": one_of("later")}),
            View("Other vendor", {"differs": one_of("other_vendor")}),
        ),
        quick_hint="Item or vendor",
        empty=("No difference", "The scenario orders every item exactly as the plan does."),
        can_export=can(Permission.DATA_EXPORT),
    )
    heads = rx.el.tr(
        rx.el.th("Day", scope="col"),
        rx.el.th("Plan", scope="col", class_name="number"),
        rx.foreach(What.heads, lambda head: rx.el.th(head, scope="col", class_name="number")),
    )

    def line(each: Any) -> rx.Component:
        return rx.el.tr(rx.foreach(each.to(list[str]), lambda text: rx.el.td(text, class_name="number")))

    outlook = panel(
        What.item_title,
        time_series(
            "Projected stock of " + What.item_title + " under the plan and each scenario",
            What.chart_rows,
            What.chart_marks,
            start=What.chart_start,
            end=What.chart_end,
            today=What.chart_today,
            locale=What.locale,
            unit=What.item_unit,
            from_zero=False,
        ),
        rx.el.p("With all planned orders, each coming when it really could.", class_name="quiet"),
        rx.el.div(
            rx.el.table(
                rx.el.caption("The same in numbers", class_name="only-read"),
                rx.el.thead(heads),
                rx.el.tbody(rx.foreach(What.chart_table, line)),
                class_name="table",
            ),
            class_name="table-wrap",
            tab_index=0,
            role="region",
            aria_label="Projected stock in numbers",
        ),
        link("Requirements of the plan", to=What.item_path),
        on_close=What.close_item,
        label="Projected stock",
    )
    return rx.el.div(split(difference, outlook, is_open=What.chosen != "", width="460px"), class_name="scenario-grid")


def _result() -> rx.Component:
    late = table(
        "Sales order lines that are served later or sooner",
        ("Line", "Customer", "Needed by", "Plan", "Scenario", "Moved"),
        What.late,
        _late,
        empty="Every sales order line is served as the plan serves it.",
    )
    shown = tabs(
        "Result",
        ("Plan and scenario", rx.el.div(_beside(), _figures("Plan and scenarios side by side", "Figure", What.figures), class_name="parts")),
        ("Items", _items()),
        ("Sales lines", rx.el.div(rx.cond(What.late_says != "", rx.el.p(What.late_says, class_name="quiet"), rx.fragment()), late, class_name="parts")),
        ("Vendors", _figures("Vendors' parts of the cost", "Vendor", What.vendor_parts)),
    )  # fmt: skip
    return rx.cond(What.figures.length() > 0, section("What it comes to", shown), rx.fragment())


def _scenario() -> rx.Component:
    return rx.el.div(
        _head(),
        _progress(),
        rx.el.div(
            rx.el.p("Starts from: ", link(What.plan, to=What.plan_path), class_name="quiet"),
            in_place(
                "What it is for",
                What.note,
                kind="area",
                on_save=What.set_note,
                version=What.version,
                refused=rx.cond(What.errors["note"], What.errors["note"], ""),
                placeholder="What is it for?",
            ),
            class_name="scenario-about",
        ),
        _changes(),
        _result(),
        class_name="parts",
    )


@page(routes.SCENARIOS, on_load=What.load)
def scenario_page() -> rx.Component:
    """The list of scenarios, or one of them."""
    return rx.fragment(
        address(What.address),
        _naming(),
        rx.cond(What.missing != "", notice(What.missing, tone=Tone.WARN), rx.fragment()),
        rx.cond(What.scenario_id > 0, _scenario(), _list()),
    )
