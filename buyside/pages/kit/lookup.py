"""A field whose choices are looked up while somebody types: codes and names of one list of master data or of several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import reflex as rx

from buyside.pages.kit.base import Text, slug

_JS = rx.asset("lookup.jsx", shared=True)


class Lookup(rx.Component):
    """The React component in lookup.jsx; use `finder` or `reference`."""

    library = _JS.importable_path
    tag = "Lookup"
    lists: rx.Var[list[dict[str, str]]]
    name: rx.Var[str]
    input_id: rx.Var[str]
    label: rx.Var[str]
    value: rx.Var[str]
    placeholder: rx.Var[str]
    refused: rx.Var[bool]
    described_by: rx.Var[str]
    is_find: rx.Var[bool]
    is_several: rx.Var[bool]
    of: rx.Var[str]
    without: rx.Var[str]
    on_take: rx.EventHandler[lambda hit: [hit]]


def finder(label: str, lists: Sequence[tuple[str, str]], *, on_take: Any, placeholder: str = "") -> rx.Component:
    """A box that finds something: `lists` are (sheet, word for one of it); `on_take` gets {"list", "code"}."""
    listed = [{"name": name, "label": word} for name, word in lists]
    return Lookup.create(lists=listed, label=label, placeholder=placeholder, is_find=True, on_take=on_take)


def reference(
    name: str,
    sheet: str,
    label: str,
    *,
    form: str,
    errors: Any,
    value: Text = "",
    says: Text = "",
    needed: bool = True,
    is_several: bool = False,
    of: str = "",
    without: str = "",
) -> rx.Component:
    """A field of a form that holds a code of a sheet, or several with commas between.

    form     the form's title; `errors` the state's
    of       the field of the form to whose value the choices belong, if they do; `without`: what is said while it is empty
    """
    id_ = f"{slug(form)}-{name}"
    error = errors[name]
    return rx.el.div(
        rx.el.label(label, *([] if needed else [rx.el.span(" optional", class_name="needed")]), html_for=id_),
        Lookup.create(
            lists=[{"name": sheet, "label": label}],
            name=name,
            input_id=id_,
            label=label,
            value=value,
            refused=rx.cond(error, True, False),
            described_by=f"{id_}-help {id_}-error",
            is_find=False,
            is_several=is_several,
            of=of,
            without=without,
        ),
        rx.el.span(says, id=f"{id_}-help", class_name="field-help"),
        rx.cond(error, rx.el.span(error, id=f"{id_}-error", class_name="field-error", role="alert"), rx.fragment()),
        class_name="field",
    )
