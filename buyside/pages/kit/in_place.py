"""Values that are edited where they stand, on documents that look like the paper they become."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.pages.kit.base import Text

_JS = rx.asset("in_place.jsx", shared=True)


class InPlace(rx.Component):
    """The React component in in_place.jsx; use `in_place`."""

    library = _JS.importable_path
    tag = "InPlace"
    label: rx.Var[str]
    value: rx.Var[str]
    version: rx.Var[int]
    kind: rx.Var[str]
    options: rx.Var[list[dict[str, str]]]
    refused: rx.Var[str]
    placeholder: rx.Var[str]
    on_save: rx.EventHandler[lambda value: [value]]


def in_place(
    label: Text,
    value: Any,
    *,
    on_save: Any,
    version: Any,
    refused: Any,
    kind: str = "text",
    options: Any = None,
    placeholder: str = "",
) -> rx.Component:
    """One value, edited in place.

    kind      "text", "area" (several lines, Ctrl-Enter saves), "number", "date" (YYYY-MM-DD), "choice" (of `options`,
              each {"value", "label"})
    on_save   event that gets the text when it was changed and left
    version   changes with every answer of the server, so that the field shows what was kept
    refused   why the last text was not taken, or nothing
    """
    props: dict[str, Any] = {} if options is None else {"options": options}
    return InPlace.create(
        label=label,
        value=value,
        version=version,
        kind=kind,
        refused=refused,
        placeholder=placeholder,
        on_save=on_save,
        **props,
    )
