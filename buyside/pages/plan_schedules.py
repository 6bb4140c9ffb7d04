"""Schedules: when the planning runs by itself, when next, and what became of the last run (PLAN-6)."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.schedules import WEEKDAY_WORDS, WEEKDAYS
from buyside.pages import routes
from buyside.pages.kit import form
from buyside.pages.kit.base import link
from buyside.pages.kit.dialog import dialog
from buyside.pages.kit.lookup import reference
from buyside.pages.kit.parts import button, empty_state, status, table
from buyside.pages.plan_runs import plan_tabs, progress
from buyside.pages.shell import page, when_allowed
from buyside.state.plan_runs import PlanRunState as Run
from buyside.state.plan_schedules import SchedulesState as Schedules


def _row(each: Any) -> tuple[Any, ...]:
    result = rx.cond(
        each["result"] != "",
        rx.fragment(
            status(each["result"], tone=each["tone"]),
            " ",
            rx.cond(each["run_path"] != "", link(each["says"], to=each["run_path"]), each["says"]),
        ),
        rx.fragment(),
    )
    acts = rx.el.div(
        button(
            rx.cond(Schedules.running == each["id"], "Running", "Run now"),
            Schedules.run_now(each["id"]),
            disabled=Schedules.running > 0,
        ),
        button("Change", Schedules.ask_change(each["id"]), look="plain"),
        rx.cond(
            each["is_active"],
            button("Pause", Schedules.ask_pause(each["id"]), look="plain"),
            button("Resume", Schedules.resume(each["id"]), look="plain"),
        ),
        button("Remove", Schedules.ask_remove(each["id"]), look="plain"),
        class_name="actions row-acts",
        role="group",
        aria_label=each["name"],
    )
    return (
        rx.el.div(rx.el.strong(each["name"]), rx.el.div(each["scope"], class_name="quiet")),
        each["when"],
        rx.el.div(
            each["next"], rx.cond(each["paused"] != "", rx.el.div(each["paused"], class_name="quiet"), rx.fragment())
        ),
        rx.el.div(each["last"], rx.el.div(result)),
        each["runs_as"],
        when_allowed(Permission.PLAN_RUN, acts),
    )


def _codes(name: str, sheet: str, label: str) -> rx.Component:
    """Codes with commas between, found while typing."""
    return reference(
        name,
        sheet,
        label,
        form="Schedule",
        errors=Schedules.errors,
        value=Schedules.values[name],
        says="All if empty; commas between.",
        needed=False,
        is_several=True,
    )


def _dialogs() -> rx.Component:
    values = Schedules.values
    days = rx.el.fieldset(
        rx.el.legend("On"),
        rx.el.div(
            *[
                form.draw(
                    form.check(name, WEEKDAY_WORDS[name], value=Schedules.days[name]), "schedule", Schedules.errors
                )
                for name in WEEKDAYS
            ],
            class_name="weekdays",
        ),
        class_name="field",
    )
    edit = dialog(
        rx.cond(Schedules.editing > 0, "Change the schedule", "New schedule"),
        form.form(
            "Schedule",
            form.text("name", value=values["name"], help="Such as “Every morning”."),
            form.text(
                "at_time", "At", value=values["at_time"], help="As 06:00, on the clock of " + Schedules.zone + "."
            ),
            days,
            rx.el.div(
                _codes("warehouse", "warehouses", "Warehouses"),
                _codes("group", "item-groups", "Item groups"),
                class_name="form-row",
            ),
            form.number(
                "horizon_days",
                "Days ahead",
                value=values["horizon_days"],
                help="Demand needed later is left out; nothing is if empty.",
                needed=False,
            ),
            on_submit=Schedules.save,
            errors=Schedules.errors,
            key=Schedules.form_serial.to_string(),
            show_title=False,
            actions=[button("Back", Schedules.stop_asking)],
        ),
        is_open=Schedules.is_editing,
        on_close=Schedules.stop_asking,
        says="The plan is calculated at this time by itself, in your name, and its action messages are brought up to date.",
    )
    pause = dialog(
        "Pause “" + Schedules.about + "”",
        form.form(
            "Pause the schedule",
            form.text("because", "Why", needed=False, help="Stands with the schedule."),
            on_submit=Schedules.pause,
            errors=Schedules.errors,
            submit="Pause",
            show_title=False,
            key=Schedules.pausing.to_string(),
            actions=[button("Back", Schedules.stop_asking)],
        ),
        is_open=Schedules.pausing > 0,
        on_close=Schedules.stop_asking,
        says="It stands still until somebody resumes it. What it misses meanwhile is not made up for.",
    )
    remove = dialog(
        "Remove “" + Schedules.about + "”",
        rx.el.div(
            button("Back", Schedules.stop_asking),
            button("Remove schedule", Schedules.remove, look="danger"),
            class_name="dialog-foot",
        ),
        is_open=Schedules.removing > 0,
        on_close=Schedules.stop_asking,
        says="The planning no longer runs by it. The runs that it made stay.",
    )
    return rx.fragment(edit, pause, remove)


@page(routes.PLAN_SCHEDULES, on_load=[Run.load, Schedules.load], is_flush=True)
def plan_schedules() -> rx.Component:
    """The list of schedules."""
    new = when_allowed(Permission.PLAN_RUN, button("New schedule", Schedules.ask_add, look="primary", icon_name="plus"))
    none_yet = empty_state(
        "The planning runs when somebody asks for it",
        "A schedule runs it by itself, so that each morning begins with a fresh plan and with messages of what to do.",
        new,
    )
    listed = table(
        "Schedules of the planning",
        ("Schedule", "When", "Next", "Last run", "Runs as", ""),
        Schedules.rows,
        _row,
    )
    head = rx.el.div(
        rx.el.span("Times are those of the organisation, " + Schedules.zone, class_name="page-says"),
        rx.el.div(new, class_name="actions"),
        class_name="page-head run-head",
    )
    found = rx.cond(Schedules.loaded, rx.cond(Schedules.rows.length() > 0, listed, none_yet), rx.fragment())
    shown = rx.el.div(
        _dialogs(),
        head,
        plan_tabs(routes.PLAN_SCHEDULES),
        rx.el.div(found, class_name="page parts scrolls"),
        class_name="stacked",
    )
    return rx.fragment(progress(Schedules, "plan"), shown)
