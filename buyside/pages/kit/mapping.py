"""Which column of a file fills which column of a sheet: chosen in lists, or dragged."""

from __future__ import annotations

from typing import Any

import reflex as rx

_JS = rx.asset("mapping.jsx", shared=True)


class ColumnMapping(rx.Component):
    """The React component in mapping.jsx; use `column_mapping`."""

    library = _JS.importable_path
    tag = "ColumnMapping"
    label: rx.Var[str]
    columns: rx.Var[list[dict[str, Any]]]
    file: rx.Var[list[dict[str, Any]]]
    mapping: rx.Var[dict[str, str]]
    read: rx.Var[dict[str, list[dict[str, Any]]]]
    on_map: rx.EventHandler[lambda column, place: [column, place]]


def column_mapping(label: str, columns: Any, file: Any, mapping: Any, *, read: Any, on_map: Any) -> rx.Component:
    """A list of columns to fill, and what is left over of the file.

    columns  what is filled: {"name", "label", "required", "says", "empty"}; `empty` says what stands there if nothing does
    file     what there is: {"place", "header", "samples"}
    mapping  from a column's name to the place in the file that fills it, "" for none
    read     how the samples of a filled column are read: {column: [{"raw", "read", "bad"}]}
    on_map   event of a change: the column's name, and the place or ""
    """
    return ColumnMapping.create(label=label, columns=columns, file=file, mapping=mapping, read=read, on_map=on_map)
