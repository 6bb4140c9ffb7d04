"""Forms: fields are described, the form draws them with label, help and the error that the state holds for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import reflex as rx

from buyside.pages.kit.base import Text, label_of, slug
from buyside.pages.kit.parts import button


@dataclass(frozen=True)
class Field:
    """One field of a form."""

    name: str
    label: str
    control: str
    """"number", "text", "area", "date", "choice", "check" or "hidden"."""
    value: Any = ""
    help: Text = ""
    unit: Text = ""
    needed: bool = True
    options: Any = field(default_factory=list)
    props: dict[str, Any] = field(default_factory=dict)


def number(name: str, label: str = "", **more: Any) -> Field:
    """A number, written in the reader's locale; `unit` stands behind it."""
    return _field(name, label, "number", more)


def text(name: str, label: str = "", **more: Any) -> Field:
    """One line of text."""
    return _field(name, label, "text", more)


def area(name: str, label: str = "", **more: Any) -> Field:
    """Several lines of text."""
    return _field(name, label, "area", more)


def date(name: str, label: str = "", **more: Any) -> Field:
    """A date; `value` is YYYY-MM-DD."""
    return _field(name, label, "date", more)


def choice(name: str, options: Any, label: str = "", **more: Any) -> Field:
    """One of `options`: a list variable of {"value", "label"}, or literal (value, label) pairs."""
    return _field(name, label, "choice", {**more, "options": options})


def check(name: str, label: str = "", **more: Any) -> Field:
    """A box to tick; `value` says whether it is ticked at first."""
    return _field(name, label, "check", more)


def hidden(name: str, value: Any) -> Field:
    """Goes along unseen. Nothing secret: the browser holds it."""
    return _field(name, "", "hidden", {"value": value})


def _field(name: str, label: str, control: str, more: dict[str, Any]) -> Field:
    known = {each: more.pop(each) for each in ("value", "help", "unit", "needed", "options") if each in more}
    return Field(name, label or label_of(name), control, props=more, **known)


def row(*fields: Field) -> tuple[Field, ...]:
    """Fields side by side."""
    return fields


def form(
    title: str,
    *children: Any,
    on_submit: Any,
    errors: Any,
    submit: Text = "Save",
    actions: Sequence[rx.Component] = (),
    show_title: bool = True,
    look: str = "primary",
    **props: Any,
) -> rx.Component:
    """A form of fields, rows of fields (`row`), and other components in between.

    `errors` is the state's `errors`. Give `key=State.something` where the same form serves one record after another, so
    that its fields start anew.
    """
    base = slug(title)
    drawn: list[Any] = []
    for child in children:
        if isinstance(child, Field):
            drawn.append(draw(child, base, errors))
        elif isinstance(child, tuple):
            drawn.append(rx.el.div(*[draw(each, base, errors) for each in child], class_name="form-row"))
        else:
            drawn.append(child)
    head = [rx.el.h2(title)] if show_title else []
    return rx.el.form(
        *head,
        *drawn,
        rx.el.div(button(submit, kind="submit", look=look), *actions, class_name="form-foot"),
        on_submit=on_submit,
        class_name="form",
        aria_label=title,
        no_validate=True,
        **props,
    )


def draw(item: Field, base: str, errors: Any) -> rx.Component:
    """A field with its label, help and error. `base` keeps ids of several forms on a page apart."""
    if item.control == "hidden":
        return rx.el.input(type="hidden", name=item.name, value=item.value)
    id_ = f"{base}-{item.name}"
    error = errors[item.name]
    describes = f"{id_}-help {id_}-error"
    common = {"id": id_, "name": item.name, "aria_describedby": describes, **item.props}
    below = [
        rx.el.span(item.help, id=f"{id_}-help", class_name="field-help"),
        rx.cond(error, rx.el.span(error, id=f"{id_}-error", class_name="field-error", role="alert"), rx.fragment()),
    ]
    if item.control == "check":
        ticked = {"default_checked": item.value} if not isinstance(item.value, str) else {}
        box = rx.el.div(
            rx.el.input(type="checkbox", **ticked, **common), rx.el.label(item.label, html_for=id_), class_name="check"
        )
        return rx.el.div(box, *below, class_name="field")
    common["aria_invalid"] = rx.cond(error, "true", "false")
    common["aria_required"] = "true" if item.needed else "false"
    return rx.el.div(
        rx.el.label(item.label, *([] if item.needed else [rx.el.span(" optional", class_name="needed")]), html_for=id_),
        rx.el.div(_control(item, common), class_name="field-line"),
        *below,
        class_name="field",
    )


def _control(item: Field, common: dict[str, Any]) -> rx.Component:
    if item.control == "choice":
        return _choice(item, common)
    if item.control == "area":
        return rx.el.textarea(default_value=item.value, class_name="input", **common)
    if item.control == "date":
        return rx.el.input(type="date", default_value=item.value, class_name="input", **common)
    has_unit = isinstance(item.unit, rx.Var) or bool(item.unit)
    look = ["input", *(["number"] if item.control == "number" else []), *(["with-unit"] if has_unit else [])]
    mode = {"input_mode": "decimal"} if item.control == "number" else {}
    box = rx.el.input(
        type="text", default_value=item.value, class_name=" ".join(look), auto_complete="off", **mode, **common
    )
    return rx.fragment(box, rx.el.span(item.unit, class_name="field-unit")) if has_unit else box


def _choice(item: Field, common: dict[str, Any]) -> rx.Component:
    if isinstance(item.options, rx.Var):
        options: rx.Component = rx.foreach(item.options, lambda each: rx.el.option(each["label"], value=each["value"]))
        common["key"] = item.options.length().to_string()  # options that arrive later must find their default again
    else:
        options = rx.fragment(*[rx.el.option(label, value=value) for value, label in item.options])
    return rx.el.select(options, default_value=item.value, class_name="input", **common)
