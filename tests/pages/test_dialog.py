"""A dialog that the state opens gives the focus back to where it was when it closes."""

from __future__ import annotations

import reflex as rx

from buyside.pages.kit.dialog import dialog


def test_a_dialog_remembers_where_it_was_opened_from_and_goes_back_there() -> None:
    shown = str(dialog("Pause", rx.el.p("Why"), is_open=True, on_close=rx.noop()))
    assert "onOpenAutoFocus:(event) => { event.currentTarget.openedFrom = document.activeElement; }" in shown
    assert "onCloseAutoFocus:(event) => { const from = event.currentTarget.openedFrom;" in shown
