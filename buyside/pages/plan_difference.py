"""Two runs side by side, by item and warehouse: added, gone, more, less, earlier, later, from another vendor."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.words import Tone
from buyside.pages import routes
from buyside.pages.kit.grid import Column, View, grid, is_true, one_of
from buyside.pages.kit.parts import amount, empty_state, status
from buyside.pages.plan_runs import plan_tabs, run_head, with_run
from buyside.pages.shell import can, page
from buyside.state.plan_difference import PlanDifferenceState as Difference
from buyside.state.plan_runs import PlanRunState as Run

_AMOUNT = {
    "added": ("Added", Tone.ACTIVE.value),
    "gone": ("Gone", Tone.NEUTRAL.value),
    "more": ("More", Tone.WARN.value),
    "less": ("Less", Tone.GOOD.value),
    "same": ("As before", Tone.NEUTRAL.value),
}
_MOVED = {
    "earlier": ("Earlier", Tone.WARN.value),
    "later": ("Later", Tone.GOOD.value),
    "same": ("As before", Tone.NEUTRAL.value),
}


def _words(named: dict[str, tuple[str, str]]) -> dict[str, tuple[str, Tone]]:
    return {value: (word, Tone(tone)) for value, (word, tone) in named.items()}


def _rows() -> rx.Component:
    return grid(
        Difference.rows,
        (
            Column("item", width=128, is_pinned=True, href="/plan?run={run_id}&item={item}"),
            Column("name", grow=2, least=150),
            Column("warehouse", width=128),
            Column("amount", "Quantity is", width=118, words=_words(_AMOUNT)),
            Column(
                "was", "Before", width=120, unit_from="unit", help="Suggested before, less what was ordered meanwhile."
            ),
            Column("now", width=120, unit_from="unit"),
            Column("more", "Difference", width=120, unit_from="unit"),
            Column("ordered", "Ordered meanwhile", width=140, unit_from="unit"),
            Column("moved", "First date is", width=118, words=_words(_MOVED)),
            Column("was_needed_on", "Needed before", width=128),
            Column("needed_on", "Needed now", width=118),
            Column("days", "Days", width=80),
            Column("was_vendors", "Vendor before", grow=1, least=130),
            Column("vendors", "Vendor now", grow=1, least=130),
            Column("was_value", "Value before", width=130, unit_from="was_currency"),
            Column("value", "Value now", width=130, unit_from="currency"),
            Column("more_value", "Difference in value", width=140, unit_from="currency"),
        ),
        label="Differences of two plans",
        noun="differences",
        scope={"run_id": Run.run_id, "before_id": Difference.before_id},
        views=(
            View("All"),
            View("Added", {"amount": one_of("added")}),
            View("Gone", {"amount": one_of("gone")}),
            View("More", {"amount": one_of("more")}),
            View("Less", {"amount": one_of("less")}),
            View("Earlier", {"moved": one_of("earlier")}),
            View("Later", {"moved": one_of("later")}),
            View("Other vendor", {"is_other_vendor": is_true()}),
        ),
        quick_hint="Item or vendor",
        empty=("Nothing differs", "Both plans suggest the same of every item."),
        can_export=can(Permission.DATA_EXPORT),
    )


def _total(each: Any) -> rx.Component:
    return rx.el.span(
        amount(each["was"]),
        " → ",
        amount(each["now"]),
        " ",
        status(each["more"], tone=each["tone"]),
        class_name="plan-total",
    )


def _compared() -> rx.Component:
    return rx.el.div(
        rx.el.label(
            rx.el.span("Compared with", class_name="quiet"),
            rx.el.select(
                rx.foreach(Difference.choices, lambda each: rx.el.option(each["label"], value=each["value"])),
                value=Difference.before_id.to_string(),
                on_change=Difference.compare,
                class_name="input",
                aria_label="Plan to compare with",
            ),
            class_name="run-choice",
        ),
        rx.el.span(Difference.says, class_name="page-says"),
        rx.foreach(Difference.totals, _total),
        class_name="plan-acts",
    )


@page(routes.PLAN_DIFFERENCE, on_load=[Run.load, Difference.load], is_flush=True)
def plan_difference() -> rx.Component:
    """What the run in view wants otherwise than an earlier one."""
    none = empty_state(
        "Nothing to compare with", "This is the first plan. Run it again after something changed, and see what differs."
    )
    return with_run(
        rx.el.div(
            run_head(),
            plan_tabs(routes.PLAN_DIFFERENCE),
            rx.cond(
                Difference.before_id > 0,
                rx.fragment(_compared(), _rows()),
                rx.cond(Difference.is_read, none, rx.fragment()),
            ),
            on_mount=Difference.follow,
            key=Run.run_id.to_string(),
            class_name="stacked",
        )
    )
