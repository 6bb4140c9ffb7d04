"""The draft plan: suggestion and decision side by side, by line or by vendor, on its way to purchase orders."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.plans import ProblemKind
from buyside.domain.words import PLAN_LINE_WORDS, Tone, words
from buyside.pages import routes
from buyside.pages.kit import form
from buyside.pages.kit.base import link
from buyside.pages.kit.dialog import dialog
from buyside.pages.kit.grid import Column, View, grid, is_true, one_of
from buyside.pages.kit.parts import amount, button, link_button, notice, panel, section, split, status, switch, table
from buyside.pages.plan_runs import plan_tabs, run_head, with_run
from buyside.pages.shell import can, page, when_allowed
from buyside.state.plan import PlanState as Plan
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
    ways = (("lines", "By line"), ("vendors", "By vendor"), ("unmapped", "Unmapped"))
    return switch("Show the plan", Plan.by, ways, Plan.show_by)


def _lines() -> rx.Component:
    is_open = {"state": one_of("open")}
    return grid(
        Plan.lines,
        (
            Column("item", width=128, is_pinned=True),
            Column("name", grow=2, least=150),
            Column("needed_on", "Needed", width=118, editable_if="is_editable", editable=True),
            Column("order_by", width=118),
            Column("late_days", "Late", width=80, unit="d"),
            Column("vendor", grow=2, least=140),
            Column("suggested_quantity", "Suggested", width=110),
            Column("quantity_packs", "Order", width=118, unit_from="unit", editable=True, editable_if="is_editable"),
            Column("unit_price", "Price", width=104, editable=True, editable_if="is_editable"),
            Column("total", width=128, unit_from="currency"),
            Column("state", "Status", width=118, words=PLAN_LINE_WORDS),
            Column("drift", "Moved since", grow=1, least=120),
            Column("warehouse", width=110),
            Column("order_number", "Ordered with", width=150, href="/orders/{order_number}"),
        ),
        label="Lines of the draft plan",
        noun="lines",
        state=Plan,
        on_open=Plan.open,
        on_edit=Plan.edit,
        on_select=Plan.select,
        scope=rx.cond(Plan.item_id > 0, {"run_id": Run.run_id, "item_id": Plan.item_id}, {"run_id": Run.run_id}),
        views=(
            View("Open", is_open),
            View("Late", {**is_open, "is_late": is_true()}),
            View("Changed", {"is_changed": is_true()}),
            View("Left out", {"state": one_of("left_out")}),
            View("Ordered", {"state": one_of("converted")}),
            View("All"),
        ),
        quick_hint="Item, vendor or order",
        empty=("Nothing to buy", "Stock and open orders cover the demand of this run."),
        can_export=can(Permission.DATA_EXPORT),
        actions=[
            rx.cond(Plan.item_id > 0, button("Show all items", Plan.show_all_items), rx.fragment()),
            _by(),
        ],
    )


def _vendor(each: Any) -> tuple[Any, ...]:
    return (
        each["name"],
        amount(each["lines"]),
        amount(each["late"]),
        amount(each["moved"]),
        amount(each["total"]),
        when_allowed(
            Permission.PLAN_CONVERT,
            rx.cond(
                each["can_convert"],
                button("Make order", Plan.ask_convert_vendor(each["vendor_id"], each["name"])),
                rx.fragment(),
            ),
        ),
    )


def _vendors() -> rx.Component:
    return rx.el.div(
        rx.el.div(_by(), class_name="rows-bar"),
        rx.el.div(
            table(
                "The plan by vendor",
                ("Vendor", "Open lines", "Late", "Moved", "Open value", ""),
                Plan.vendors,
                _vendor,
                numbers=("Open lines", "Late", "Moved", "Open value"),
                empty="This plan asks nothing of any vendor.",
            ),
            class_name="page",
        ),
        class_name="rows",
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
        actions=[_by()],
    )


def _fact(label: str, decided: str, suggested: str = "") -> rx.Component:
    beside = rx.el.span(" suggested ", Plan.facts[suggested], class_name="quiet") if suggested else rx.fragment()
    differs = rx.cond(Plan.facts[decided] != Plan.facts[suggested], beside, rx.fragment()) if suggested else beside
    return rx.fragment(rx.el.dt(label), rx.el.dd(Plan.facts[decided], differs))


def _other(each: Any) -> tuple[Any, ...]:
    return (
        rx.el.span(each["vendor"], class_name="clip"),
        amount(each["quantity"], each["unit"]),
        amount(each["price"]),
        amount(each["total"]),
        amount(each["lead"]),
        rx.cond(each["says"] != "", status(each["says"], tone=each["tone"]), rx.fragment()),
        when_allowed(
            Permission.PLAN_EDIT,
            rx.cond(
                each["can_take"], button("Take", Plan.take_vendor(each["vendor_item_id"]), look="plain"), rx.fragment()
            ),
        ),
    )


def _panel() -> rx.Component:
    return panel(
        Plan.facts["title"],
        rx.cond(
            Plan.facts["drift"] != "",
            notice("Moved since the run: ", Plan.facts["drift"], tone=Tone.WARN),
            rx.fragment(),
        ),
        rx.cond(
            Plan.facts["left_out_reason"] != "",
            notice("Left out: ", Plan.facts["left_out_reason"]),
            rx.fragment(),
        ),
        rx.el.dl(
            rx.el.dt("Status"),
            rx.el.dd(
                status(Plan.state, PLAN_LINE_WORDS),
                rx.cond(Plan.is_locked, rx.el.span(" locked", class_name="quiet"), rx.fragment()),
                rx.cond(
                    Plan.facts["order"] != "",
                    rx.el.span(" ", link(Plan.facts["order"], to=Plan.facts["order_path"])),
                    rx.fragment(),
                ),
            ),
            _fact("Order", "quantity"),
            _fact("Vendor", "vendor", "suggested_vendor"),
            _fact("Needed", "needed_on", "suggested_needed_on"),
            rx.el.dt("Order by"),
            rx.el.dd(
                Plan.facts["order_by"],
                rx.cond(
                    Plan.facts["late"] != "", rx.el.span(" ", status(Plan.facts["late"], tone="warn")), rx.fragment()
                ),
            ),
            _fact("Price", "price", "suggested_price"),
            _fact("Total", "total"),
            _fact("Warehouse", "warehouse"),
            class_name="facts",
        ),
        rx.el.div(
            when_allowed(
                Permission.PLAN_EDIT,
                rx.fragment(
                    rx.cond(
                        Plan.state == "open",
                        rx.fragment(
                            rx.cond(
                                Plan.is_locked,
                                button("Unlock", Plan.lock(False), icon_name="lock-open"),
                                rx.fragment(
                                    button("Lock", Plan.lock(True), icon_name="lock"),
                                    button("Leave out", Plan.ask_leave_out),
                                ),
                            ),
                        ),
                        rx.fragment(),
                    ),
                    rx.cond(Plan.state == "left_out", button("Take back", Plan.take_back), rx.fragment()),
                ),
            ),
            link_button("Requirement", Plan.facts["path"]),
            class_name="actions",
        ),
        section("Why", rx.el.p(Plan.facts["reason"]), rx.el.p(Plan.facts["lot"], class_name="quiet")),
        section(
            "Who could deliver",
            table(
                "Vendors of this item",
                ("Vendor", "Quantity", "Price", "Total", "Lead", "Standing", ""),
                Plan.others,
                _other,
                numbers=("Quantity", "Price", "Total", "Lead"),
                empty="Nobody sells this item to us. Add a vendor item, and run the plan again.",
            ),
        ),
        on_close=Plan.close,
        label="Plan line",
    )


def _dialogs() -> rx.Component:
    leave_out = dialog(
        "Leave the line out",
        form.form(
            "Leave the line out",
            form.text("reason", help="Stands beside the suggestion.", needed=True),
            on_submit=Plan.leave_out,
            errors=Plan.errors,
            submit="Leave out",
            key=Plan.is_leaving_out.to_string(),
            show_title=False,
        ),
        is_open=Plan.is_leaving_out,
        on_close=Plan.stop_leaving_out,
        says="It stays in the plan as left out and is not ordered.",
    )
    convert = dialog(
        "Make purchase orders",
        rx.cond(Plan.drift_says != "", notice(Plan.drift_says, tone=Tone.WARN), rx.fragment()),
        rx.el.div(
            button("Back", Plan.stop_converting),
            rx.cond(
                Plan.drift_says != "",
                button("Order as planned", Plan.convert(True), look="primary"),
                button("Make orders", Plan.convert(False), look="primary"),
            ),
            class_name="dialog-foot",
        ),
        is_open=Plan.is_converting,
        on_close=Plan.stop_converting,
        says=Plan.convert_says + " become draft orders, one per vendor, currency and warehouse. Nothing is sent yet.",
    )
    made = dialog(
        "Draft orders",
        table(
            "Orders made",
            ("Order", "Vendor", "Lines", "Total"),
            Plan.made,
            lambda each: (
                link(each["number"], to=each["path"]),
                each["vendor"],
                amount(each["lines"]),
                amount(each["total"]),
            ),
            numbers=("Lines", "Total"),
        ),
        rx.cond(
            Plan.not_made.length() > 0,
            section(
                "Not ordered",
                table(
                    "Lines that stay in the plan",
                    ("Item", "Needed", "Why"),
                    Plan.not_made,
                    lambda each: (each["item"], each["day"], each["why"]),
                ),
            ),
            rx.fragment(),
        ),
        rx.el.div(button("Close", Plan.close_made, look="primary"), class_name="dialog-foot"),
        is_open=Plan.is_made,
        on_close=Plan.close_made,
        says="They wait in Purchase orders to be looked over and issued.",
    )
    return rx.fragment(leave_out, convert, made)


@page(routes.PLAN, on_load=[Run.load, Plan.load], is_flush=True)
def plan() -> rx.Component:
    """The run in view, its draft plan, and one line of it in full."""
    convert = when_allowed(
        Permission.PLAN_CONVERT,
        button(
            rx.cond(
                Plan.selected.length() > 0,
                "Make orders of " + Plan.selected.length().to_string() + " lines",
                "Make orders",
            ),
            Plan.ask_convert,
            look="primary",
        ),
    )
    shown = rx.match(Plan.by, ("vendors", _vendors()), ("unmapped", _unmapped()), _lines())
    return with_run(
        rx.el.div(
            _dialogs(),
            run_head(convert),
            plan_tabs(routes.PLAN),
            split(shown, _panel(), is_open=(Plan.chosen != "") & (Plan.by == "lines"), width="560px"),
            class_name="stacked",
        )
    )
