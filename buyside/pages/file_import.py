"""The steps of an import from its check on: what would become of each row, taking it in, and what came of it."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.domain.files import OUTCOME_WORDS
from buyside.domain.sheet_changes import Outcome
from buyside.domain.words import Tone, Words
from buyside.pages.file_steps import step
from buyside.pages.kit.base import link
from buyside.pages.kit.grid import Column, grid
from buyside.pages.kit.parts import button, file_link, link_button, notice
from buyside.state.files import FilesState as Files

_OUTCOMES: Words = {
    Outcome.CREATED.value: ("New", OUTCOME_WORDS[Outcome.CREATED.value][1]),
    Outcome.CHANGED.value: ("Changed", OUTCOME_WORDS[Outcome.CHANGED.value][1]),
    Outcome.UNCHANGED.value: ("As it is", OUTCOME_WORDS[Outcome.UNCHANGED.value][1]),
    Outcome.REFUSED.value: ("Refused", OUTCOME_WORDS[Outcome.REFUSED.value][1]),
}
_AHEAD = (
    (
        "How it was read",
        "Encoding, decimal mark and order of dates are recognised and shown; what could be read in two ways is asked.",
    ),
    (
        "What goes where",
        "Columns of the file are matched by name, and moved by hand; the same header is known the next time.",
    ),
    ("Check", "Every row is tried: what would be new, what would change from what to what, what is refused and why."),
    ("Take in", "All rows or none, unless you say otherwise."),
)
_SHOWN_OUTCOMES = (
    ("", "All", "all"),
    (Outcome.CREATED.value, "New", Outcome.CREATED.value),
    (Outcome.CHANGED.value, "Changed", Outcome.CHANGED.value),
    (Outcome.UNCHANGED.value, "As they are", Outcome.UNCHANGED.value),
    (Outcome.REFUSED.value, "Refused", Outcome.REFUSED.value),
)
_ROW = Column("row", width=92, help="The line of the file.")
_KEY = Column("record", "Row's key", width=180)
_COLUMNS = {
    "": (
        _ROW,
        Column("outcome", "What", width=112, words=_OUTCOMES),
        Column("record", "Row's key", width=160),
        Column("column", width=140),
        Column("before", width=130),
        Column("value", "After, or refused value", grow=3, least=190),
        Column("reason", grow=4, least=220),
    ),
    Outcome.CREATED.value: (_ROW, _KEY, Column("value", "What the new row holds", grow=5, least=300)),
    Outcome.CHANGED.value: (
        *(_ROW, _KEY, Column("column", width=170)),
        *(Column("before", grow=2, least=160), Column("value", "After", grow=2, least=160)),
    ),
    Outcome.UNCHANGED.value: (_ROW, Column("record", "Row's key", grow=2)),
    Outcome.REFUSED.value: (
        *(_ROW, _KEY, Column("column", width=150)),
        *(Column("value", "Refused value", grow=1, least=140), Column("reason", grow=3, least=320)),
    ),
}
"""What is shown of rows, by outcome; "" for all together."""


def _progress() -> rx.Component:
    return rx.el.div(
        rx.el.div(rx.el.strong(Files.doing), rx.el.span(Files.done_says, class_name="quiet"), class_name="files-doing"),
        rx.el.progress(value=Files.done_percent.to_string(), max="100", aria_label="Progress of the import"),
        button(rx.cond(Files.is_stopping, "Stopping…", "Cancel"), Files.cancel, disabled=Files.is_stopping),
        class_name="running",
        role="status",
    )


def _pill(outcome: str, word: str, count: str) -> rx.Component:
    return rx.el.button(
        rx.el.strong(Files.counts[count]),
        f" {word}",
        type="button",
        class_name="rows-view pill",
        aria_pressed=rx.cond(Files.outcome == outcome, "true", "false"),
        on_click=Files.show_outcome(outcome),
        data_outcome=outcome,
    )


def _lines(outcome: str) -> rx.Component:
    """The rows with one outcome, in the columns that say something of it."""
    shown = grid(
        Files.lines,
        _COLUMNS[outcome],
        label="Rows of the file",
        noun="entries",
        state=Files,
        scope=Files.scope,
        quick_hint="Key, value or reason",
        empty=("No rows of this kind", "Every row of the file has another outcome."),
    )
    return rx.el.div(shown, key=f"rows-{outcome}")


def _rows() -> rx.Component:
    """What the file would do, or did, row by row."""
    return rx.el.div(
        rx.el.div(
            rx.el.div(
                *[_pill(*each) for each in _SHOWN_OUTCOMES],
                class_name="files-links",
                role="group",
                aria_label="Rows by what becomes of them",
            ),
            rx.cond(
                Files.has_refused & (Files.file_id > 0),
                file_link(
                    "Refused rows as CSV",
                    rx.Var.create("/api/imports/") + Files.run_id.to_string() + "/refused.csv",
                    look="",
                ),
                rx.fragment(),
            ),
            class_name="files-pills",
        ),
        rx.el.div(
            rx.match(Files.outcome, *[(outcome, _lines(outcome)) for outcome in _COLUMNS if outcome], _lines("")),
            class_name="files-rows",
        ),
    )


def check() -> rx.Component:
    """Step 4: what the file would do."""
    waits = rx.cond(
        Files.questions.length() > 0,
        "Answer the question about how the file was read first.",
        rx.cond(
            Files.is_ready,
            "Every row is tried; nothing is written.",
            "Say what fills the columns that are still needed.",
        ),
    )
    ask = rx.el.div(
        button("Check the file", Files.check, look="primary", disabled=~Files.is_ready),
        rx.el.span(waits, class_name="quiet"),
        class_name="form-foot",
    )
    again = button("Check again", Files.check, look="plain")
    is_checking = Files.is_working & ~Files.is_taking
    counted = Files.is_checked | Files.is_done | Files.is_taking
    return step(
        4,
        "Check",
        rx.cond(Files.is_checked, "Nothing is written yet.", ""),
        rx.cond(is_checking, _progress(), rx.fragment()),
        rx.cond((Files.run_id == 0) & (Files.file_id > 0), ask, rx.fragment()),
        rx.cond(counted, _rows(), rx.fragment()),
        is_done=counted,
        actions=(rx.cond(Files.is_checked & Files.is_ready, again, rx.fragment()),),
    )


def _way(value: str, title: Any, says: Any, *, is_chosen: Any) -> rx.Component:
    return rx.el.label(
        rx.el.input(type="radio", name="way", value=value, checked=is_chosen, on_change=Files.choose_way(value)),
        rx.el.span(rx.el.strong(title), rx.el.span(says, class_name="quiet")),
        class_name="files-way",
    )


def take() -> rx.Component:
    """Step 5: take it in, and what came of it."""
    ways = rx.cond(
        Files.has_refused,
        rx.el.fieldset(
            rx.el.legend("How to go on with rows that are refused", class_name="only-read"),
            _way(
                "all",
                "All rows or nothing",
                "Nothing can be taken in while a row is refused. Correct the file and give it again in step 1.",
                is_chosen=~Files.only_good,
            ),
            _way("good", "The good rows only", Files.good_says, is_chosen=Files.only_good),
            class_name="plain-set files-ways",
        ),
        rx.fragment(),
    )
    ready = rx.fragment(
        ways,
        rx.cond(
            Files.nothing_new,
            rx.cond(
                Files.has_refused,
                rx.el.p("No row of the file is good."),
                notice("Every row of the file is there already, just as it says. There is nothing to take in."),
            ),
            rx.el.div(
                button(
                    rx.fragment("Take in ", Files.to_write),
                    Files.run,
                    look="primary",
                    disabled=Files.has_refused & ~Files.only_good,
                ),
                class_name="form-foot",
            ),
        ),
    )
    done = rx.el.div(
        notice(rx.el.strong(Files.result_says), " ", rx.el.span(Files.done_says, class_name="quiet"), tone=Tone.GOOD),
        rx.el.div(
            link_button(rx.fragment("Look at the ", Files.many), Files.shown_path, look="primary"),
            button("Take in another file", Files.start_over),
            class_name="form-foot",
        ),
        rx.cond(
            Files.what_next.length() > 0,
            rx.el.p(
                "What refers to ",
                Files.many,
                " can be taken in now: ",
                rx.foreach(
                    Files.what_next, lambda each: link(each["label"], to=each["value"], class_name="files-next")
                ),
                class_name="quiet",
            ),
            rx.fragment(),
        ),
        class_name="section",
    )
    ended = rx.el.div(
        notice(
            rx.el.strong(Files.result_says),
            rx.cond(Files.run_says != "", rx.fragment(" ", Files.run_says), rx.fragment()),
            tone=Tone.BAD,
        ),
        rx.cond(
            Files.is_ready,
            rx.el.div(button("Check the file again", Files.check), class_name="form-foot"),
            rx.fragment(),
        ),
        class_name="section",
    )
    return step(
        5,
        "Take in",
        "",
        rx.cond(
            Files.is_working,
            _progress(),
            rx.cond(Files.is_checked, ready, rx.cond(Files.is_done, done, ended)),
        ),
        is_done=Files.is_done,
    )


def ahead() -> rx.Component:
    """What comes after the file, for who has not given one yet."""
    return rx.fragment(
        *[
            rx.el.li(
                rx.el.span(str(number), class_name="step-mark", aria_hidden="true"),
                rx.el.div(rx.el.strong(title), rx.el.span(says, class_name="quiet"), class_name="step-ahead"),
                class_name="step",
                data_done="later",
            )
            for number, (title, says) in enumerate(_AHEAD, 2)
        ]
    )
