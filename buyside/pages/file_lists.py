"""Lists to take out, whole, and their empty templates."""

from __future__ import annotations

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.all_sheets import SHEETS
from buyside.domain.sheets import Family, Sheet
from buyside.pages import routes
from buyside.pages.kit.base import link
from buyside.pages.kit.parts import file_link
from buyside.pages.shell import can, when_allowed

_FAMILIES = {
    Family.TERMS: "Reference",
    Family.ITEMS: "Items",
    Family.VENDORS: "Vendors",
    Family.STRUCTURE: "Structure",
}


def _files_of(sheet: Sheet) -> rx.Component:
    title = sheet.many[:1].upper() + sheet.many[1:]

    def fetch(word: str, path: str, says: str) -> rx.Component:
        return file_link(rx.fragment(word, rx.el.span(says, class_name="only-read")), path)

    empty = rx.el.div(
        fetch("Excel", f"/api/sheets/{sheet.name}/template.xlsx", f" template for {sheet.many}"),
        fetch("CSV", f"/api/sheets/{sheet.name}/template.csv", f" template for {sheet.many}"),
        class_name="files-links",
    )
    row = rx.el.tr(
        rx.el.th(link(title, to=routes.SHEET_ROUTES[sheet.name].path), scope="row"),
        rx.el.td(sheet.says, class_name="quiet files-says"),
        rx.el.td(
            rx.cond(
                can(Permission.DATA_EXPORT),
                rx.el.div(
                    fetch("Excel", f"/api/grid/{sheet.name}.xlsx", f" of all {sheet.many}"),
                    fetch("CSV", f"/api/grid/{sheet.name}.csv", f" of all {sheet.many}"),
                    class_name="files-links",
                ),
                rx.fragment(),
            )
        ),
        rx.el.td(empty if sheet.edit is None else when_allowed(sheet.edit, empty)),
    )
    return when_allowed(sheet.view, row)


def take_out() -> rx.Component:
    """Every sheet as a file, and empty templates."""
    bodies = [
        rx.el.tbody(
            rx.el.tr(rx.el.th(word, col_span=4, scope="rowgroup", class_name="files-family")),
            *[_files_of(each) for each in SHEETS if each.family is family],
        )
        for family, word in _FAMILIES.items()
    ]
    return rx.el.div(
        rx.el.p(
            "Whole lists, written for machines: decimals with a point, dates as 2026-11-03. Taken in again they change nothing. "
            "For some rows only, filter the list on its own page and take it out there.",
            class_name="quiet files-intro",
        ),
        rx.el.div(
            rx.el.table(
                rx.el.caption("Lists to take out", class_name="only-read"),
                rx.el.thead(
                    rx.el.tr(
                        *[
                            rx.el.th(each, scope="col")
                            for each in ("List", "What it holds", "All rows", "Empty template")
                        ]
                    )
                ),
                *bodies,
                class_name="table files-out",
            ),
            class_name="table-wrap",
            tab_index=0,
            role="region",
            aria_label="Lists to take out",
        ),
        class_name="page files-page",
    )
