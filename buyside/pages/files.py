"""Files in and out: an import step by step, each with its result in view; what may be taken out; and what was taken in before."""

from __future__ import annotations

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.all_sheets import SHEETS
from buyside.domain.files import IMPORT_WORDS
from buyside.domain.words import Tone, Words
from buyside.pages import routes
from buyside.pages.file_import import ahead, check, take
from buyside.pages.file_lists import take_out
from buyside.pages.file_steps import choose, map_columns, read
from buyside.pages.kit.address import address
from buyside.pages.kit.grid import Column, View, grid, one_of
from buyside.pages.kit.parts import switch
from buyside.pages.shell import can, page
from buyside.state.files import FilesState as Files

_LISTS: Words = {each.name: (each.many[:1].upper() + each.many[1:], Tone.NEUTRAL) for each in SHEETS}


def _take_in() -> rx.Component:
    has_file = Files.file_id > 0
    return rx.el.ol(
        choose(),
        rx.cond(has_file, read(), rx.fragment()),
        rx.cond(has_file & (Files.sheet != ""), map_columns(), rx.fragment()),
        rx.cond((has_file & (Files.sheet != "")) | (Files.run_id > 0), check(), rx.fragment()),
        rx.cond((Files.run_id > 0) & (~Files.is_working | Files.is_taking), take(), rx.fragment()),
        rx.cond(~has_file & (Files.run_id == 0), ahead(), rx.fragment()),
        class_name="steps",
    )


def _past() -> rx.Component:
    """What was taken in, by whom, and what came of it."""
    return grid(
        Files.imports,
        (
            Column("at", "When", width=160),
            Column("who", "Who", width=140),
            Column("sheet", "Into", width=140, words=_LISTS),
            Column("file", grow=2, least=180),
            Column("state", width=120, words=IMPORT_WORDS),
            Column("created", "New", width=90),
            Column("changed", width=100),
            Column("unchanged", "As they were", width=116),
            Column("refused", width=96),
        ),
        label="Past imports",
        noun="imports",
        state=Files,
        on_open=Files.open_import,
        views=(View("All"), View("Taken in", {"state": one_of("done")}), View("Refused", {"state": one_of("refused")})),
        quick_hint="File, list or person",
        empty=("Nothing was taken in yet", "Every import stands here with who gave it and what came of it."),
        can_export=can(Permission.DATA_EXPORT),
    )


@page(routes.FILES, on_load=Files.load, is_flush=True)
def files() -> rx.Component:
    """Take in, take out, and what was taken in before."""
    return rx.el.div(
        address(Files.address),
        rx.el.div(
            switch(
                "Files", Files.part, (("in", "Take in"), ("out", "Take out"), ("past", "Past imports")), Files.show_part
            ),
            class_name="rows-bar",
        ),
        rx.match(
            Files.part,
            ("out", take_out()),
            ("past", _past()),
            rx.el.div(_take_in(), class_name="page files-page"),
        ),
        class_name="files",
    )
