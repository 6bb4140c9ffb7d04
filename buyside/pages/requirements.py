"""Requirements: items over time, and where any number of them comes from."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.words import ORDER_WORDS, PLAN_LINE_WORDS
from buyside.pages import routes
from buyside.pages.kit.base import link
from buyside.pages.kit.parts import amount, facts, link_button, panel, section, split, status, table
from buyside.pages.kit.time_board import time_board
from buyside.pages.kit.time_series import time_series
from buyside.pages.plan_runs import run_head, with_run
from buyside.pages.shell import can, page, when_allowed
from buyside.state.plan_runs import PlanRunState as Run
from buyside.state.requirements import RequirementsState as Needs


def _balance(value: Any, mark: Any) -> Any:
    """A balance with the shape of what is wrong with it; the word is read out."""
    shape = rx.el.span(
        rx.el.span(mark, class_name="only-read"),
        class_name="status board-mark",
        data_tone=rx.cond(mark == "below zero", "bad", "warn"),
        title=mark,
    )
    return rx.cond(mark != "", rx.el.span(shape, " ", amount(value), class_name="marked"), amount(value))


def _sum(each: Any) -> rx.Component:
    return rx.el.tr(
        rx.el.th(rx.el.span(each["sign"], class_name="sum-sign", aria_hidden="true"), each["label"], scope="row"),
        rx.el.td(amount(each["value"]), class_name="number"),
        rx.el.td(
            rx.cond(
                each["mark"] != "",
                status(each["says"], tone=rx.cond(each["mark"] == "minus", "bad", "warn")),
                each["says"],
            )
        ),
        aria_current=rx.cond(each["is_asked"], "true", "false"),
        data_key=each["key"],
    )


def _sums() -> rx.Component:
    return rx.el.table(
        rx.el.caption("Arithmetic of the number", class_name="only-read"),
        rx.el.tbody(rx.foreach(Needs.sums, _sum)),
        class_name="sums",
    )


def _step(row: Any) -> tuple[Any, ...]:
    return (
        rx.el.button(row["day"], type="button", class_name="link"),
        amount(row["opening"]),
        amount(row["gross"]),
        rx.cond(
            row["overdue"] != "",
            rx.el.span(amount(row["receipts"]), " ", status("overdue", tone="warn")),
            amount(row["receipts"]),
        ),
        _balance(row["projected"], row["mark"]),
        amount(row["shortage"]),
        amount(row["to_order"]),
        amount(row["planned"]),
        _balance(row["with_plan"], row["with_mark"]),
    )


_STEPS = ("Date", "Opening", "− Gross", "+ Receipts", "= Projected", "Short", "To order", "Planned", "With plan")


def _peg(each: Any) -> tuple[Any, ...]:
    return (
        rx.cond(
            each["path"] != "",
            link(each["order"], " / ", each["line"], to=each["path"]),
            rx.el.span(each["order"], class_name="quiet"),
        ),
        rx.el.div(
            rx.el.div(each["customer"], class_name="clip", title=each["customer"]),
            rx.el.div(each["sold"], class_name="quiet"),
        ),
        rx.el.span(each["day"], class_name="day"),
        rx.el.span(each["needed_by"], class_name="day"),
        rx.cond(
            each["made_of"] != "",
            link(amount(each["quantity"]), to=each["made_of"], title="What the sold configuration is made of"),
            amount(each["quantity"]),
        ),
        amount(each["served"]),
    )


def _arriving(each: Any) -> tuple[Any, ...]:
    return (
        link(each["order"], to=each["path"]),
        rx.el.span(each["vendor"], class_name="clip"),
        status(each["state"], ORDER_WORDS),
        rx.cond(each["is_overdue"], rx.el.span(each["day"], " ", status("overdue", tone="warn")), each["day"]),
        amount(each["quantity"]),
    )


def _line(each: Any) -> tuple[Any, ...]:
    ordered = link(each["order"], to=each["order_path"])
    return (
        link(each["day"], to=each["path"]),
        rx.el.span(amount(each["quantity"]), rx.cond(each["lot"] != "", rx.el.span(" = ", each["lot"], class_name="quiet"), "")),
        rx.el.span(each["vendor"], rx.el.span(each["reason"], class_name="line-reason")),
        rx.cond(each["late"] != "", rx.el.span(each["order_by"], " ", status(each["late"], tone="warn")), each["order_by"]),
        rx.cond(each["order"] != "", ordered, status(each["state"], PLAN_LINE_WORDS)),
    )  # fmt: skip


def _stated(value: Any) -> rx.Component:
    """An amount of the item that not every item has."""
    return amount(value, rx.cond(value != "–", Needs.unit, ""))


def _panel() -> rx.Component:
    chart = time_series(
        "Coverage of " + Needs.panel["item"] + " over time; the numbers stand in the table below",
        Needs.points,
        Needs.marks,
        start=Needs.chart_start,
        end=Needs.chart_end,
        today=Needs.chart_today,
        locale=Needs.locale,
        levels=Needs.levels,
        unit=Needs.unit,
        axis=Needs.unit,
        height=240,
    )
    return panel(
        Needs.panel["item"] + " · " + Needs.name,
        facts(
            ("Warehouse", Needs.panel["warehouse"]),
            ("On hand", amount(Needs.on_hand, Needs.unit)),
            ("Safety stock", amount(Needs.safety, Needs.unit)),
            ("Reorder point", _stated(Needs.reorder)),
            ("In finished goods", _stated(Needs.covered)),
        ),
        section(
            "How it adds up",
            _sums(),
            says=Needs.span + ", in " + Needs.unit,
            actions=[
                when_allowed(Permission.ITEM_VIEW, link_button("Item", Needs.item_path, look="plain")),
                link_button("Plan lines", Needs.plan_path),
                when_allowed(Permission.PLAN_RUN, link_button("What if …", Needs.what_if_path)),
            ],
        ),
        section("Over time", chart),
        section(
            "By date",
            table(
                "Arithmetic by date",
                _STEPS,
                Needs.steps,
                _step,
                numbers=_STEPS[1:],
                on_pick=lambda row: Needs.pick(row["iso"]),
                empty="Nothing moves on these days.",
            ),
            rx.cond(
                Needs.steps_more > 0,
                rx.el.p("and ", Needs.steps_more, " more dates: open a column of the board", class_name="quiet"),
                rx.fragment(),
            ),
            says=Needs.span,
            actions=[
                rx.cond(
                    Needs.panel["on"] != "",
                    rx.el.button("All dates", type="button", class_name="button plain", on_click=Needs.pick("")),
                    rx.fragment(),
                )
            ],
        ),
        section(
            "Demand behind it",
            table(
                "Demand behind the requirement",
                ("Sales order", "Sold", "Needed", "Customer's date", "Quantity", "Covered"),
                Needs.pegs,
                _peg,
                numbers=("Quantity", "Covered"),
                empty="No demand on these days: what moves here is supply or stock policy.",
            ),
            rx.cond(
                Needs.pegs_more > 0,
                rx.el.p("and ", Needs.pegs_more, " more: choose a date to see its demand", class_name="quiet"),
                rx.fragment(),
            ),
            says=Needs.span,
        ),
        section(
            "The plan",
            table(
                "Plan lines",
                ("Needed", "Quantity", "Vendor", "Order by", "State"),
                Needs.lines,
                _line,
                numbers=("Quantity",),
                empty="The plan brings nothing on these days.",
            ),
            says=Needs.span,
        ),
        section(
            "On order now",
            table(
                "Open orders",
                ("Order", "Vendor", "State", "Arrives", "Quantity"),
                Needs.arriving,
                _arriving,
                numbers=("Quantity",),
                empty="Nothing is on order.",
            ),
            says="all dates, in " + Needs.unit,
        ),
        on_close=Needs.close,
        label="Requirement",
    )


@page(routes.REQUIREMENTS, on_load=[Run.load, Needs.load], is_flush=True)
def requirements() -> rx.Component:
    """The run in view, its items over time, and one number of them in full."""
    board = time_board(
        Run.run_id.to_string(),
        panel=Needs.panel,
        can_export=can(Permission.DATA_EXPORT),
        on_open=Needs.open,
        on_close=Needs.close,
    )
    return with_run(
        rx.el.div(
            run_head(link_button("Open the plan", routes.PLAN.path)),
            split(board, _panel(), is_open=Needs.panel["id"] != "", width="clamp(560px, 50vw, 720px)"),
            class_name="stacked",
        )
    )
