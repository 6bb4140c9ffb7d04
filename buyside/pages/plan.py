"""The draft plan: suggestion and decision side by side, one line or many at once, on its way to purchase orders."""

from __future__ import annotations

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.plans import ProblemKind
from buyside.domain.words import PLAN_LINE_WORDS, Tone, words
from buyside.pages import routes
from buyside.pages.kit.grid import Column, View, grid, is_true, one_of
from buyside.pages.kit.parts import button, link_button, notice, split, switch
from buyside.pages.plan_parts import convert_dialogs, leave_out_dialog, line_panel, split_dialog
from buyside.pages.plan_runs import new_run, plan_tabs, planned_in_full, run_head, with_run
from buyside.pages.shell import can, page, when_allowed
from buyside.state.plan import PlanState as Plan
from buyside.state.plan_convert import PlanConvertState as Convert
from buyside.state.plan_runs import PlanRunState as Run

_PROBLEM_WORDS = words(
    ProblemKind,
    {
        ProblemKind.UNMAPPED: Tone.BAD,
        ProblemKind.CONTRADICTION: Tone.BAD,
        ProblemKind.UNCOVERED_OPTION: Tone.WARN,
        ProblemKind.DEAD_END: Tone.BAD,
    },
)


def _by() -> rx.Component:
    ways = (("lines", "Lines"), ("unmapped", "Unmapped"))
    return switch("Show the plan", Plan.by, ways, Plan.show_by)


def _lines() -> rx.Component:
    is_open = {"state": one_of("open")}
    decided = {"editable": True, "editable_if": "is_editable"}
    return grid(
        Plan.lines,
        (
            Column("item", width=128, is_pinned=True),
            Column("name", grow=2, least=150),
            Column("needed_on", "Needed", width=118, **decided),
            Column("order_by", width=118),
            Column("late_days", "Late", width=80, unit="d"),
            Column("arrives_on", "Arrives", width=118),
            Column("suggested_quantity", "Suggested", width=110),
            Column("quantity_packs", "Order", width=118, unit_from="unit", **decided),
            Column("vendor", grow=2, least=140, choices_from="vendor_choices", **decided),
            Column("unit_price", "Price", width=104, **decided),
            Column("total", width=128, unit_from="currency"),
            Column("contract", width=120, choices_from="contract_choices", **decided),
            Column(
                "saving",
                "Saves if more",
                width=124,
                unit_from="currency",
                help="What a larger order would cost less in all; open the line to take it.",
            ),
            Column("state", "Status", width=118, words=PLAN_LINE_WORDS),
            Column("marks", grow=1, least=110),
            Column("drift", "Moved since", grow=1, least=130),
            Column("warehouse", width=110),
            Column("order_number", "Ordered with", width=150, href="/orders/{order_number}"),
            Column("left_out_reason", "Left out because", width=160, is_hidden=True),
            Column("suggested_vendor", width=160, is_hidden=True),
            Column("offer_more", "More to save", width=120, unit_from="unit", is_hidden=True),
        ),
        label="Lines of the draft plan",
        noun="lines",
        state=Plan,
        on_open=Plan.open,
        on_save=Plan.save,
        on_select=Plan.select,
        acts=Plan.acts,
        on_undo=Plan.undo,
        is_editable=can(Permission.PLAN_EDIT),
        scope=rx.Var.create({"run_id": Run.run_id}).to(dict[str, int | str]).merge(Plan.limits),
        links=True,
        views=(
            View("Open", is_open),
            View("Late", {**is_open, "is_late": is_true()}),
            View("Moved", {**is_open, "is_moved": is_true()}),
            View("Cheaper", {"has_offer": is_true()}),
            View("Changed", {"is_changed": is_true()}),
            View("Locked", {**is_open, "is_locked": is_true()}),
            View("Left out", {"state": one_of("left_out")}),
            View("Ordered", {"state": one_of("converted")}),
            View("All"),
        ),
        quick_hint="Item, vendor, contract or order",
        empty=("Nothing to buy", "Stock and open orders cover the demand of this run."),
        can_export=can(Permission.DATA_EXPORT),
        actions=[
            rx.cond(
                Plan.limits_say != "",
                rx.fragment(
                    rx.el.span("Only ", rx.el.strong(Plan.limits_say), class_name="quiet"),
                    button("Show all lines", Plan.show_all),
                ),
                rx.fragment(),
            ),
            _by(),
        ],
    )


def _unmapped() -> rx.Component:
    return grid(
        Plan.problems,
        (
            Column("kind", "What", width=170, words=_PROBLEM_WORDS),
            Column("about", "Sold or item", width=160),
            Column("name", grow=2, least=160),
            Column("option", grow=1, least=140),
            Column("sales_order", width=130, href="/sales-orders/{sales_order}"),
            Column("line_number", "Line", width=80),
            Column("customer", grow=1, least=140),
            Column("on_date", "Needed", width=118),
            Column("quantity", width=110),
            Column("lines", "Lines", width=90),
        ),
        label="Demand that could not be planned",
        noun="findings",
        scope={"run_id": Run.run_id},
        quick_hint="Product, option or order",
        empty=("Everything sold is mapped", "Each sold line of this run led to what must be bought or made."),
        can_export=can(Permission.DATA_EXPORT),
        actions=[
            when_allowed(
                routes.UNMAPPED.permission, link_button("Work on unmapped demand", routes.UNMAPPED.path, look="plain")
            ),
            _by(),
        ],
    )


def _banner() -> rx.Component:
    """What a newer plan took over, or moved since the run: said before anything of it is ordered."""
    newer = notice(
        Plan.newer_says,
        "They are ordered there, so that nothing is ordered twice. ",
        button("Show that plan", Run.choose(Plan.newer_id.to_string()), look="plain"),
        tone=Tone.NEUTRAL,
    )
    lines = rx.cond(Plan.moved == 1, "1 open line", Plan.moved.to_string() + " open lines")
    moved = notice(
        lines,
        " moved since this plan was calculated: demand, stock or supply is not what it was. ",
        new_run(look="plain"),
        tone=Tone.WARN,
    )
    return rx.fragment(
        rx.cond(Plan.newer_id > 0, rx.el.div(newer, class_name="plan-banner"), rx.fragment()),
        planned_in_full(Plan.in_full),
        rx.cond(Plan.moved > 0, rx.el.div(moved, class_name="plan-banner"), rx.fragment()),
    )


def _ticked() -> rx.Component:
    """What the lines come to, and what is done to all ticked ones at once."""
    acts = rx.cond(
        Plan.selected.length() > 0,
        rx.el.div(
            button("Lock", Plan.decide_ticked("lock"), icon_name="lock"),
            button("Unlock", Plan.decide_ticked("unlock"), icon_name="lock-open"),
            button("Leave out…", Plan.ask_leave_out(True)),
            button("Take back", Plan.decide_ticked("take_back")),
            class_name="actions",
            role="group",
            aria_label="Decide on the chosen lines",
        ),
        rx.fragment(),
    )
    totals = rx.el.span(
        rx.cond(Plan.ticked_totals != "", Plan.ticked_totals, Plan.totals), class_name="plan-total", role="status"
    )
    decided = when_allowed(Permission.PLAN_EDIT, acts)
    return rx.cond(
        (Plan.by == "lines") & (Plan.totals != ""),
        rx.el.div(totals, decided, class_name="plan-acts"),
        rx.fragment(),
    )


@page(routes.PLAN, on_load=[Run.load, Convert.load, Plan.load], is_flush=True)
def plan() -> rx.Component:
    """The run in view, its draft plan, and one line of it in full."""
    count = Plan.selected.length()
    ticked = rx.cond(count == 1, "Make orders of 1 line", "Make orders of " + count.to_string() + " lines")
    convert = when_allowed(
        Permission.PLAN_CONVERT, button(rx.cond(count > 0, ticked, "Make orders"), Convert.ask, look="primary")
    )
    return with_run(
        rx.el.div(
            leave_out_dialog(),
            split_dialog(),
            convert_dialogs(),
            run_head(convert),
            plan_tabs(routes.PLAN),
            _banner(),
            _ticked(),
            split(
                rx.match(Plan.by, ("unmapped", _unmapped()), _lines()),
                line_panel(),
                is_open=(Plan.chosen != "") & (Plan.by == "lines"),
                width="560px",
            ),
            on_mount=Plan.follow,
            key=Run.run_id.to_string(),
            class_name="stacked",
        )
    )
