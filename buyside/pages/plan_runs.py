"""What the Requirements and Plan pages share: the run in view, a new run, and how far it is."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.domain.access import Permission
from buyside.pages import routes
from buyside.pages.kit import form
from buyside.pages.kit.base import link
from buyside.pages.kit.dialog import dialog
from buyside.pages.kit.parts import button, empty_state
from buyside.pages.kit.route import Route
from buyside.pages.shell import when_allowed
from buyside.state.calculations import STEPS
from buyside.state.plan_runs import PlanRunState as Run

_TABS = (
    ("/plan", "Lines"),
    ("/plan/board", "Board"),
    ("/plan/vendors", "Vendors"),
    ("/plan/difference", "Difference"),
    ("/plan/schedules", "Schedules"),
)
"""The ways to look at a plan, in their order; those whose page stands in the table of routes are shown."""


def plan_tabs(route: Route) -> rx.Component:
    """Links between the pages of a plan, for those who may open them; `route` is the page that they stand on."""
    by_path = {each.path: each for each in routes.ROUTES}
    shown = [_tab(by_path[path], word, path == route.path) for path, word in _TABS if path in by_path]
    return rx.el.nav(*shown, aria_label="Plan", class_name="family")


def _tab(route: Route, word: str, is_here: bool) -> rx.Component:
    """The run in view goes along, so that every tab speaks of the same plan."""
    marks = {"aria_current": "page"} if is_here else {}
    to = rx.cond(Run.run_id > 0, f"{route.path}?run=" + Run.run_id.to_string(), route.path)
    return when_allowed(route.permission, link(word, to=to, class_name="family-tab", **marks))


def run_head(*actions: rx.Component) -> rx.Component:
    """The run in view at the left, what can be done at the right."""
    return rx.el.div(
        rx.el.label(
            rx.el.span("As of", class_name="quiet"),
            rx.el.select(
                rx.foreach(Run.choices, lambda each: rx.el.option(each["label"], value=each["value"])),
                value=Run.run_id.to_string(),
                on_change=Run.choose,
                class_name="input",
                aria_label="Planning run",
            ),
            class_name="run-choice",
        ),
        rx.el.span(Run.scope, class_name="page-says"),
        rx.el.span(Run.says, class_name="page-says clip"),
        rx.el.div(*actions, new_run(look=""), class_name="actions"),
        class_name="page-head run-head",
    )


def new_run(*, look: str = "primary") -> rx.Component:
    """The button that asks for a new run."""
    return when_allowed(
        Permission.PLAN_RUN, button("Run plan", Run.ask_for_run, look=look, icon_name="play", disabled=Run.is_running)
    )


def run_dialogs() -> rx.Component:
    """The question for a new run, and the progress of one."""
    ask = dialog(
        "Run the plan",
        form.form(
            "Run the plan",
            form.date(
                "as_of", "As of", value=Run.suggested_day, help="Past-due demand and overdue supply count on this day."
            ),
            form.text(
                "horizon_days",
                "Horizon in days",
                needed=False,
                help="Demand needed later is left out; empty plans all of it.",
                input_mode="numeric",
            ),
            _ticks("Warehouses", "All of them, unless some are ticked.", "warehouse", Run.warehouses),
            rx.cond(
                Run.groups.length() > 0,
                _ticks("Item groups", "All of them, unless some are ticked.", "group", Run.groups),
                rx.fragment(),
            ),
            on_submit=Run.start,
            errors=Run.errors,
            submit="Run plan",
            key=Run.is_asking.to_string(),
            show_title=False,
        ),
        is_open=Run.is_asking,
        on_close=Run.stop_asking,
        says="Demand, stock and supply are read as they stand now. Plans made before stay as they are; "
        "what is locked in one goes on in the first plan after it that covers the same items, warehouses and days.",
    )
    return rx.fragment(ask, progress(Run, "plan"))


def planned_in_full(what: Any) -> rx.Component:
    """How it was found what moved since the run, where `what` changed that everything stands on; nothing where it is empty."""
    told = rx.el.p(
        "Since this run ",
        rx.el.strong(what),
        " changed. That reaches everything, so the marks “Moved since” come from planning all of it again as it is today; "
        "the quantities suggested here are those of the run.",
        class_name="board-in-full",
        role="status",
    )
    return rx.cond(what != "", told, rx.fragment())


def progress(state: Any, what: str) -> rx.Component:
    """How far the calculation of a state is, and the way to stop it; nothing while there is none."""
    shown = rx.el.div(
        rx.el.div(rx.el.strong(f"Calculating the {what}"), rx.el.span(state.step, class_name="quiet")),
        rx.el.progress(
            value=state.steps_done.to_string(), max=str(len(STEPS) - 1), aria_label=f"Progress of the {what}"
        ),
        button("Cancel", state.cancel),
        class_name="running",
        role="status",
    )
    return rx.cond(state.is_running, shown, rx.fragment())


def _ticks(label: str, says: str, stem: str, choices: Any) -> rx.Component:
    """Boxes to limit a run to some of a kind; none ticked is all of them."""

    def tick(each: Any) -> rx.Component:
        return rx.el.label(
            rx.el.input(type="checkbox", name=stem + ":" + each["value"]), rx.el.span(each["label"]), class_name="tick"
        )

    return rx.el.fieldset(
        rx.el.legend(label, rx.el.span(says, class_name="field-help")),
        rx.el.div(rx.foreach(choices, tick), class_name="ticks"),
        class_name="field ticks-field",
    )


def with_run(shown: Any) -> rx.Component:
    """What is shown of a run, or how to make the first."""
    none_yet = empty_state(
        "No plan yet",
        "A run turns approved sales orders into requirements, nets them against stock and open orders, and drafts what to buy.",
        new_run(),
    )
    return rx.fragment(run_dialogs(), rx.cond(Run.loaded, rx.cond(Run.run_id > 0, shown, none_yet), rx.fragment()))
