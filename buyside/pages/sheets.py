"""The lists of master data: every sheet as a page, from its resource."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.sheets import SheetColumn
from buyside.pages import routes
from buyside.pages.family import family_tabs
from buyside.pages.kit.grid import Column, View, grid
from buyside.pages.saved_views import saved_views
from buyside.pages.shell import can, page
from buyside.resources.resource import Resource, Shown
from buyside.state.sheets import SHEET_LISTS, SheetList
from buyside.state.views import ViewsState as Views

_LONG = frozenset({"lines", "address", "description"})
"""Texts of several lines."""


def _column(column: SheetColumn, shown: Shown | None, *, is_written: bool) -> Column:
    """One column of a sheet as the grid shows and edits it. Without a `shown` it waits to be chosen."""
    place = shown or Shown(column.name, width=140)
    return Column(
        column.name,
        place.label or column.title,
        width=place.width,
        grow=place.grow,
        least=place.least,
        help=column.says,
        href=place.href,
        unit_from=place.unit_from,
        words=column.words,
        editable=is_written and not column.is_read_only,
        refers=column.refers,
        is_long=column.name in _LONG,
        is_fixed=column.is_fixed,
        is_required=column.is_required,
        default=column.default,
        is_pinned=place.is_pinned,
        is_hidden=shown is None,
    )


def _name(column: SheetColumn, name: str, shown: Shown | None) -> Column:
    """What the code in a column of a sheet is called, to be read only."""
    place = shown or Shown(name, width=170)
    label = place.label or f"{column.title} name"
    return Column(name, label, width=place.width, grow=place.grow, least=place.least, is_hidden=shown is None)


def columns_of(resource: Resource, *, is_written: bool) -> list[Column]:
    """Every column of a sheet's list: first those that stand in it, then those that can be chosen."""
    shown = {each.name: each for each in resource.shown}
    known = {each.name: each for each in resource.sheet.columns}

    def column(name: str) -> Column:
        place = shown.get(name)
        if name in known:
            return _column(known[name], place, is_written=is_written)
        return _name(resource.names[name], name, place)

    rest = [name for name in (*known, *resource.names) if name not in shown]
    return [column(name) for name in (*shown, *rest)]


def writing_of(each: SheetList) -> dict[str, Any]:
    """The arguments of a grid whose rows are written, for those who may write them."""
    sheet = each.resource.sheet
    if sheet.edit is None:
        return {}
    may = can(sheet.edit)
    return {
        "state": each.state,
        "on_save": each.state.save,
        "is_editable": may,
        "can_add": may,
        "can_remove": may,
        "flag": sheet.flag,
    }


def _list(each: SheetList) -> rx.Component:
    """The grid of a sheet under the tabs of its family."""
    resource, sheet = each.resource, each.resource.sheet
    taken_in = f"{routes.FILES.path}?sheet={sheet.name}"
    may_import = can(Permission.DATA_IMPORT)
    if sheet.edit is not None:
        may_import = may_import & can(sheet.edit)
    rows = grid(
        each.rows,
        columns_of(resource, is_written=sheet.edit is not None),
        label=resource.title,
        noun=resource.many,
        one=resource.one,
        views=[View(view.label, view.filter) for view in resource.views],
        row_href=resource.row_href,
        quick_hint=resource.quick_hint,
        empty=resource.empty,
        empty_link=("Import a file", taken_in),
        can_export=can(Permission.DATA_EXPORT),
        has_excel=True,
        import_href=rx.cond(may_import, taken_in, ""),
        links=True,
        **writing_of(each),
        **saved_views(sheet.name),
    )
    return rx.el.div(family_tabs(routes.SHEET_ROUTES[sheet.name]), rows, class_name="stacked")


def _register(each: SheetList) -> None:
    """Put the list of a sheet into the frame, at its route."""

    def content() -> rx.Component:
        return _list(each)

    name = each.resource.sheet.name
    content.__name__ = name.replace("-", "_")
    page(routes.SHEET_ROUTES[name], title=each.resource.title, on_load=Views.load(name), is_flush=True)(content)


for _each in SHEET_LISTS:
    _register(_each)
