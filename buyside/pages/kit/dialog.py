"""Dialogs: one that holds a form, and one that asks before something cannot be undone."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.pages.kit.base import Text
from buyside.pages.kit.parts import button

_REMEMBERS: rx.Var[Any] = rx.Var("(event) => { event.currentTarget.openedFrom = document.activeElement; }")
_RETURNS: rx.Var[Any] = rx.Var(
    "(event) => { const from = event.currentTarget.openedFrom; event.preventDefault();"
    ' (from?.isConnected && from !== document.body ? from : document.getElementById("content"))?.focus(); }'
)
"""A dialog that the state opens knows no trigger: whoever had the focus gets it back, else the page's content does."""


def dialog(
    title: Text, *children: Any, is_open: Any, on_close: Any, says: Text = "", is_wide: bool = False
) -> rx.Component:
    """A dialog over the page while `is_open`; Escape, the background and `on_close` close it. Focus stays inside, and goes
    back to where it was."""
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title(title, class_name="dialog-title", size="3"),
            rx.dialog.description(says, class_name="dialog-says", size="2"),
            *children,
            class_name="dialog wide" if is_wide else "dialog",
            custom_attrs={"onOpenAutoFocus": _REMEMBERS, "onCloseAutoFocus": _RETURNS},
        ),
        open=is_open,
        on_open_change=lambda _: on_close,
    )


def confirm(
    trigger: rx.Component, title: Text, says: Text, *, action: str, on_confirm: Any, is_danger: bool = False
) -> rx.Component:
    """`trigger` opens a question; `action` names what will happen, in the verb of the button that was pressed."""
    return rx.alert_dialog.root(
        rx.alert_dialog.trigger(trigger),
        rx.alert_dialog.content(
            rx.alert_dialog.title(title, class_name="dialog-title", size="3"),
            rx.alert_dialog.description(says, class_name="dialog-says", size="2"),
            rx.el.div(
                rx.alert_dialog.cancel(button("Back")),
                rx.alert_dialog.action(button(action, on_confirm, look="danger" if is_danger else "primary")),
                class_name="dialog-foot",
            ),
            class_name="dialog",
        ),
    )
