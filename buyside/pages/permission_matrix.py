"""The permission matrix: who may do what, as every door of the program reads it."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.pages import routes
from buyside.pages.kit.parts import page_head
from buyside.pages.shell import page
from buyside.state.permission_matrix import PermissionMatrixState as Matrix


def _head(role: Any) -> rx.Component:
    return rx.el.th(
        role["role"],
        rx.cond(role["own"], rx.el.span(" (yours)", class_name="only-read"), rx.fragment()),
        scope="col",
        data_own=rx.cond(role["own"], "true", "false"),
        class_name="matrix-role",
    )


def _cell(mark: Any) -> rx.Component:
    held = rx.el.span("●", role="img", aria_label=mark["role"].to(str) + " may")
    return rx.el.td(
        rx.cond(mark["held"], held, rx.fragment()),
        data_own=rx.cond(mark["own"], "true", "false"),
        class_name="matrix-mark",
    )


def _doors(act: Any) -> rx.Component:
    return rx.el.details(
        rx.el.summary(act["count"]),
        rx.el.dl(
            rx.foreach(
                act["doors"].to(list[dict[str, str]]),
                lambda each: rx.fragment(rx.el.dt(each["kind"]), rx.el.dd(each["names"])),
            ),
            class_name="facts",
        ),
    )


def _row(act: Any) -> rx.Component:
    return rx.el.tr(
        rx.el.th(
            rx.el.div(
                rx.el.span(act["act"], class_name="matrix-act"),
                rx.el.span(act["says"], class_name="quiet"),
                rx.cond(act["count"] != "", _doors(act), rx.el.span("Nothing asks for it alone.", class_name="quiet")),
                class_name="matrix-what",
            ),
            scope="row",
        ),
        rx.foreach(act["marks"].to(list[dict[str, Any]]), _cell),
        data_own=rx.cond(act["held"], "true", "false"),
    )


@page(routes.PERMISSIONS, on_load=Matrix.load)
def permission_matrix() -> rx.Component:
    """Rows are acts, columns are roles; the reader's own roles stand out."""
    return rx.fragment(
        page_head(
            "A person may do what any of their roles allows. Every page, list, address, event, operation and query asks for "
            "one of these acts; what asks for none cannot be called. Your own roles stand out."
        ),
        rx.el.div(
            rx.el.table(
                rx.el.caption("Who may do what", class_name="only-read"),
                rx.el.thead(
                    rx.el.tr(rx.el.th("Act", scope="col"), rx.foreach(Matrix.roles, _head)),
                ),
                rx.el.tbody(rx.foreach(Matrix.acts, _row)),
                class_name="table matrix",
            ),
            class_name="table-wrap",
            tab_index=0,
            role="region",
            aria_label="Who may do what",
        ),
    )
