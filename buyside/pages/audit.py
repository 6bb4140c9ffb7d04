"""The audit trail: who did what and when, and before and after of every record that it changed."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.records import RECORD_WORDS
from buyside.pages import routes
from buyside.pages.kit.base import link
from buyside.pages.kit.grid import Column, View, grid, within_last_days
from buyside.pages.kit.parts import button, notice, panel, split, status
from buyside.pages.shell import can, page
from buyside.state.audit import AuditState as Audit


def _list() -> rx.Component:
    only = rx.cond(
        Audit.only != "",
        button(rx.fragment("Only ", Audit.only, " ×"), Audit.show_all, title="Show everything"),
        rx.fragment(),
    )
    return grid(
        Audit.rows,
        (
            Column("at", "When", width=148),
            Column("who", "Who", width=130, is_sortable=False),
            Column("operation", "What", width=150, words=Audit.operations),
            Column(
                "kind",
                "Of",
                width=150,
                words=RECORD_WORDS,
                is_sortable=False,
                help="What it was about. The filter finds every entry that touched such a record.",
            ),
            Column("record", "Record", grow=2, least=150, is_sortable=False, is_filterable=False),
        ),
        label="Audit trail",
        noun="entries",
        state=Audit,
        on_open=Audit.open,
        scope=Audit.scope,
        views=(
            View("All"),
            View("Today", {"at": within_last_days(1)}),
            View("Last 7 days", {"at": within_last_days(7)}),
            View("Last 30 days", {"at": within_last_days(30)}),
        ),
        quick_hint="A word, a number, a name",
        empty=("Nothing happened yet", "Whatever anybody changes stands here, for good."),
        can_export=can(Permission.DATA_EXPORT),
        actions=[only],
    )


def _field(field: Any, has_before: Any) -> rx.Component:
    return rx.fragment(
        rx.el.dt(field["label"]),
        rx.el.dd(
            rx.cond(
                has_before,
                rx.fragment(
                    rx.el.del_(field["before"]),
                    rx.el.span(" → ", aria_hidden="true"),
                ),
                rx.fragment(),
            ),
            rx.el.ins(field["after"]),
        ),
    )


def _record(record: Any) -> rx.Component:
    name = rx.cond(record["path"] != "", link(record["name"], to=record["path"]), rx.el.span(record["name"]))
    return rx.el.section(
        rx.el.h3(
            status(record["did"], tone=record["tone"]), " ", record["kind"], " ", name, class_name="difference-head"
        ),
        rx.el.dl(
            rx.foreach(record["fields"].to(list[dict[str, str]]), lambda each: _field(each, record["has_before"])),
            class_name="facts difference",
        ),
        class_name="section",
    )


def _entry() -> rx.Component:
    return panel(
        Audit.operation,
        rx.el.p(Audit.says, class_name="quiet"),
        rx.el.p(Audit.numbers),
        rx.foreach(Audit.records, _record),
        rx.cond(Audit.rest != "", notice(Audit.rest), rx.fragment()),
        rx.cond(
            Audit.request != "",
            rx.el.p("Request ", Audit.request, class_name="quiet difference-request"),
            rx.fragment(),
        ),
        on_close=Audit.close,
        label="Entry of the audit trail",
    )


@page(routes.AUDIT, on_load=Audit.load, is_flush=True)
def audit() -> rx.Component:
    """The list, newest first, with one entry beside it."""
    return split(_list(), _entry(), is_open=Audit.chosen != "", width="520px")
