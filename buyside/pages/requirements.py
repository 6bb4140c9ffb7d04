"""Requirements: what each item needs over time, how it is covered, and the arithmetic behind any of it."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.words import LATE_WORDS, SUPPLY_MODE_WORDS
from buyside.pages import routes
from buyside.pages.kit.base import link
from buyside.pages.kit.chart import time_chart
from buyside.pages.kit.grid import Column, View, above, grid, is_true, one_of
from buyside.pages.kit.parts import amount, coverage_key, facts, link_button, panel, section, split, status, table
from buyside.pages.plan_runs import run_head, with_run
from buyside.pages.shell import can, page, when_allowed
from buyside.state.plan_runs import PlanRunState as Run
from buyside.state.requirements import RequirementsState as Needs

_COVERAGE = (
    ("from_stock_share", "From stock", "from-stock"),
    ("on_order_share", "On order", "on-order"),
    ("short_share", "Short", "short"),
)


def _grid() -> rx.Component:
    return grid(
        Needs.rows,
        (
            Column("item", width=132, is_pinned=True),
            Column("name", grow=3, least=170),
            Column("from_stock_share", "Coverage", width=128, parts=_COVERAGE),
            Column("gross", "Gross", width=112, unit_from="unit"),
            Column("on_hand", width=112, unit_from="unit"),
            Column("on_order", width=112, unit_from="unit"),
            Column("shortage", width=112, unit_from="unit"),
            Column("short_on", "Short on", width=118),
            Column("planned", width=112, unit_from="unit"),
            Column("late_days", "Late", width=84, unit="d"),
            Column("supply", width=104, words=SUPPLY_MODE_WORDS),
            Column("warehouse", width=112),
            Column("is_late", "On time", width=110, words=LATE_WORDS, is_hidden=True),
        ),
        label="Requirements",
        noun="items",
        state=Needs,
        on_open=Needs.open,
        scope={"run_id": Run.run_id},
        views=(
            View("Short", {"shortage": above("0"), "supply": one_of("buy")}),
            View("Late", {"is_late": is_true()}),
            View("Made", {"supply": one_of("make")}),
            View("All"),
        ),
        quick_hint="Item code or name",
        empty=("Nothing is short", "Demand in this run is covered by stock and open orders."),
        can_export=can(Permission.DATA_EXPORT),
        actions=[coverage_key()],
    )


def _step(row: Any) -> tuple[Any, ...]:
    return (
        rx.el.button(
            row["day"],
            type="button",
            class_name="link",
            aria_pressed=rx.cond(Needs.picked == row["iso"], "true", "false"),
        ),
        amount(row["opening"]),
        amount(row["gross"]),
        rx.cond(
            row["overdue"] != "",
            rx.el.span(amount(row["receipts"]), " ", status("overdue", tone="warn")),
            amount(row["receipts"]),
        ),
        amount(row["projected"]),
        rx.cond(row["is_short"], rx.el.strong(amount(row["shortage"]), class_name="short"), amount(row["shortage"])),
        amount(row["planned"]),
        rx.cond(row["is_below"], rx.el.span(amount(row["with_plan"]), class_name="short"), amount(row["with_plan"])),
    )


def _peg(each: Any) -> tuple[Any, ...]:
    return (
        rx.cond(
            each["path"] != "",
            link(each["order"], " / ", each["line"], to=each["path"]),
            rx.el.span(each["order"], class_name="quiet"),
        ),
        rx.el.span(each["customer"], class_name="clip"),
        each["sold"],
        each["day"],
        amount(each["quantity"]),
    )


def _panel() -> rx.Component:
    return panel(
        Needs.item + " · " + Needs.name,
        facts(
            ("Warehouse", Needs.warehouse),
            ("On hand", amount(Needs.on_hand, Needs.unit)),
            ("Safety stock", amount(Needs.safety, Needs.unit)),
        ),
        section(
            "Over time",
            time_chart(
                "Demand, receipts and balance over time",
                Needs.points,
                bars=(("gross", "Gross", "var(--gray-8)"), ("receipts", "Receipts", "var(--jade-9)")),
                lines=(
                    ("projected", "Projected", "var(--red-9)"),
                    ("with_plan", "With the plan", "var(--accent-9)"),
                ),
                level=Needs.safety_level,
            ),
            table(
                "Arithmetic by date",
                ("Date", "Opening", "− Gross", "+ Receipts", "= Projected", "Short", "Planned", "With plan"),
                Needs.steps,
                _step,
                numbers=("Opening", "− Gross", "+ Receipts", "= Projected", "Short", "Planned", "With plan"),
                on_pick=lambda row: Needs.pick(row["iso"]),
                picked=lambda row: rx.cond(Needs.picked == row["iso"], "true", "false"),
            ),
            says="in " + Needs.unit,
            actions=[
                when_allowed(Permission.ITEM_VIEW, link_button("Item", Needs.item_path, look="plain")),
                link_button("Plan lines", "/plan?item=" + Needs.item_id),
            ],
        ),
        section(
            "Demand behind it",
            table(
                "Demand behind the requirement",
                ("Sales order", "Customer", "Sold", "Required", "Quantity"),
                Needs.pegs,
                _peg,
                numbers=("Quantity",),
                empty="No demand on this date: what moves here is supply or stock policy.",
            ),
            rx.cond(
                Needs.pegs_more > 0,
                rx.el.p("and ", Needs.pegs_more, " more: choose a date to see its demand", class_name="quiet"),
                rx.fragment(),
            ),
            says=rx.cond(Needs.picked_day != "", "of " + Needs.picked_day, "of all dates; choose a date above"),
        ),
        on_close=Needs.close,
        label="Requirement",
    )


@page(routes.REQUIREMENTS, on_load=[Run.load, Needs.load], is_flush=True)
def requirements() -> rx.Component:
    """The run in view, its requirements, and one of them in full."""
    return with_run(
        rx.el.div(
            run_head(link_button("Open the plan", routes.PLAN.path)),
            split(_grid(), _panel(), is_open=Needs.chosen != "", width="680px"),
            class_name="stacked",
        )
    )
