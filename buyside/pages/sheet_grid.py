"""A list of master data on the page of one record: the rows of a sheet that belong to it."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from typing import Any

import reflex as rx

from buyside.domain.access import Permission
from buyside.pages.kit.grid import grid
from buyside.pages.sheets import columns_of, writing_of
from buyside.pages.shell import can
from buyside.state.sheets import SHEET_LISTS


def sheet_grid(
    name: str, *, scope: Any, but: Container[str] = (), after_save: Any = None, empty: tuple[str, str] | None = None
) -> rx.Component:
    """The rows of a sheet that have the values of `scope`, edited as in the sheet's own list.

    but         columns that the page says already; they stay hidden
    after_save  event that follows each save
    """
    each = next(one for one in SHEET_LISTS if one.resource.sheet.name == name)
    resource, sheet = each.resource, each.resource.sheet
    shown = [
        replace(column, is_hidden=column.is_hidden or column.name.removesuffix("_name") in but, is_pinned=False)
        for column in columns_of(resource, is_written=sheet.edit is not None)
    ]
    more = writing_of(each)
    if "on_save" in more and after_save is not None:
        more["on_save"] = [more["on_save"], after_save]
    return grid(
        each.rows,
        shown,
        label=resource.title,
        noun=sheet.many,
        one=sheet.one,
        scope=scope,
        row_href=resource.row_href,
        quick_hint=resource.quick_hint,
        empty=empty or resource.empty,
        can_export=can(Permission.DATA_EXPORT),
        has_excel=True,
        **more,
    )
