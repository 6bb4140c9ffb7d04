"""One row of a sheet on a page of its own: its fields in groups, edited in place, and two people at one field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.words import YES_NO_WORDS, Kind
from buyside.pages.family import family_tabs
from buyside.pages.kit.base import Text
from buyside.pages.kit.dialog import dialog
from buyside.pages.kit.in_place import in_place
from buyside.pages.kit.parts import button, empty_state, facts, link_button, section
from buyside.pages.kit.route import Route
from buyside.pages.shell import can

_NUMBERS = frozenset({Kind.NUMBER, Kind.QUANTITY, Kind.MONEY, Kind.PRICE, Kind.PERCENT})


def field_groups(
    state: Any,
    groups: Sequence[tuple[str, Sequence[str]]],
    *,
    may_edit: Permission,
    units: Mapping[str, Text],
    areas: Sequence[str] = (),
) -> list[rx.Component]:
    """A section for each group of fields of a `SheetRecordState`; `areas` are the fields of several lines."""
    return [
        section(title, facts(*[_field(state, name, may_edit, units.get(name), name in areas) for name in names]))
        for title, names in groups
    ]


def _field(state: Any, name: str, may_edit: Permission, unit: Text | None, is_area: bool) -> tuple[str, rx.Component]:
    """A field's label and its value: edited in place by those who may, text for all others."""
    column = state.sheet.column(name)
    more: dict[str, Any] = {}
    if column.words is not None or column.kind is Kind.FLAG:
        words = column.words or YES_NO_WORDS
        more = {"kind": "choice", "options": [{"value": value, "label": word} for value, (word, _) in words.items()]}
    elif name in state.references:
        more = {"kind": "choice", "options": state.choices[name]}
    elif column.kind in _NUMBERS:
        more = {"kind": "number"}
    elif is_area:
        more = {"kind": "area"}
    edited = in_place(
        column.title,
        state.fields[name],
        on_save=lambda value: state.save(name, value),
        version=state.edition,
        refused=state.refused[name],
        placeholder="–",
        **more,
    )
    read = rx.el.span(rx.cond(state.shown_fields[name] != "", state.shown_fields[name], "–"))
    value = rx.cond(can(may_edit), edited, read)
    if unit is None:
        return column.title, value
    return column.title, rx.el.span(value, rx.el.span(unit, class_name="unit"), class_name="with-unit")


def conflict_dialog(state: Any) -> rx.Component:
    """Two people at one field of a `SheetRecordState`: what each of them set."""
    return dialog(
        "Somebody else changed “" + state.conflict["label"] + "”",
        facts(("Yours", state.conflict["yours"]), ("Theirs, now", state.conflict["theirs"])),
        rx.el.div(
            button("Keep theirs", state.keep_theirs),
            button("Save mine", state.save_mine, look="primary"),
            class_name="dialog-foot",
        ),
        is_open=state.conflict["field"] != "",
        on_close=state.keep_theirs,
        says=state.conflict["says"],
    )


def record_page(state: Any, route: Route, all_of_them: Route, noun: str, *parts: rx.Component) -> rx.Component:
    """The page of one row under the tabs of its family, or that there is none of the code that was asked for."""
    missing = empty_state(
        rx.cond(state.asked != "", f"There is no {noun} " + state.asked, f"There is no such {noun}"),
        "It may have another code now, or was never here.",
        link_button(f"All {noun}s", all_of_them.path),
    )
    shown = rx.el.div(*parts, class_name="page item-page")
    return rx.el.div(
        family_tabs(route),
        rx.cond(state.missing, missing, rx.cond(state.found, shown, rx.fragment())),
        class_name="stacked",
    )
