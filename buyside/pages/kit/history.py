"""The history of one record: when, who, what was done, each field before and after, and why."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.pages.kit.base import Text
from buyside.pages.kit.parts import button, table


def _field(field: Any, has_before: Any) -> rx.Component:
    return rx.el.li(
        rx.el.span(field["label"], class_name="quiet"),
        " ",
        rx.cond(
            has_before, rx.fragment(rx.el.del_(field["before"]), rx.el.span(" → ", aria_hidden="true")), rx.fragment()
        ),
        rx.el.ins(field["after"]),
    )


def _row(each: Any) -> tuple[Any, ...]:
    return (
        rx.el.span(each["at"], class_name="number"),
        each["who"],
        rx.el.div(
            each["says"],
            rx.cond(each["source"] != "", rx.el.div(each["source"], class_name="quiet"), rx.fragment()),
        ),
        rx.el.div(
            rx.cond(each["record"] != "", rx.el.div(each["record"]), rx.fragment()),
            rx.el.ul(
                rx.foreach(each["fields"].to(list[dict[str, str]]), lambda field: _field(field, each["has_before"])),
                class_name="history-fields",
            ),
            rx.cond(each["more"] != "", rx.el.div(each["more"], class_name="quiet"), rx.fragment()),
        ),
        each["reason"],
    )


def history_table(state: Any, label: Text = "History") -> rx.Component:
    """The changes that a state with `HistoryState` read, and a button for older ones."""
    return rx.fragment(
        table(
            label,
            ("When", "Who", "What", "Changed", "Why"),
            state.history,
            _row,
            empty="Nothing changed since it was loaded.",
        ),
        rx.cond(
            state.history_older > 0,
            button("Older changes", state.older_history, look="plain"),
            rx.fragment(),
        ),
    )
