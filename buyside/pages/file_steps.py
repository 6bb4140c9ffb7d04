"""The steps of an import up to its check: the file, how it was read, and what goes where."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.domain.files import LONGEST_FILE
from buyside.domain.words import Tone
from buyside.pages.kit.file_drop import file_drop
from buyside.pages.kit.mapping import column_mapping
from buyside.pages.kit.parts import button, file_link, notice
from buyside.state.files import FilesState as Files


def step(number: int, title: str, says: Any, *content: Any, is_done: Any, actions: tuple[Any, ...] = ()) -> Any:
    """One step: its number and title, what it came to, and what is done in it."""
    id_ = f"step-{number}"
    return rx.el.li(
        rx.el.span(str(number), class_name="step-mark", aria_hidden="true"),
        rx.el.section(
            rx.el.div(
                rx.el.h2(title, id=id_),
                rx.el.span(says, class_name="quiet"),
                rx.el.div(*actions, class_name="actions"),
                class_name="section-head",
            ),
            *content,
            class_name="section",
            aria_labelledby=id_,
        ),
        class_name="step",
        data_done=rx.cond(is_done, "true", "false"),
    )


def choose() -> rx.Component:
    """Step 1: what it is, and the file."""
    what = rx.el.div(
        rx.el.label("What the file holds", html_for="files-sheet"),
        rx.el.select(
            rx.el.option("Recognise it by its header", value=""),
            rx.foreach(Files.sheets, lambda each: rx.el.option(each["label"], value=each["value"])),
            id="files-sheet",
            value=Files.sheet,
            on_change=Files.choose_sheet,
            class_name="input",
        ),
        rx.el.span(Files.sheet_says, class_name="field-help"),
        rx.cond(
            Files.sheet != "",
            rx.el.div(
                rx.el.span("Empty template:", class_name="quiet"),
                file_link("Excel", rx.Var.create("/api/sheets/") + Files.sheet + "/template.xlsx"),
                file_link("CSV", rx.Var.create("/api/sheets/") + Files.sheet + "/template.csv"),
                class_name="files-links",
            ),
            rx.fragment(),
        ),
        class_name="field",
    )
    unsure = rx.cond(
        (Files.file_id > 0) & (Files.sheet == ""),
        notice("The header does not say which list this is. Say what the file holds.", tone=Tone.WARN),
        rx.fragment(),
    )
    given = rx.cond(
        Files.file_name != "",
        rx.el.div(
            rx.el.strong(Files.file_name, class_name="clip"),
            rx.el.span(Files.file_says, class_name="quiet no-wrap"),
            class_name="files-given",
        ),
        rx.fragment(),
    )
    drop = file_drop(
        rx.cond(Files.file_name != "", "Drop another file here, or choose one", "Drop a file here, or choose one"),
        says="CSV or Excel, up to 64 MB. Nothing is written before you have seen what it would do.",
        accept=".csv,.tsv,.txt,.xlsx",
        url="/api/files",
        most=LONGEST_FILE,
        serial=Files.serial,
        on_sent=Files.take_file,
    )
    seems = rx.cond(
        (Files.file_id > 0) & ~Files.is_folded & (Files.suggestions.length() > rx.cond(Files.sheet == "", 0, 1)),
        rx.el.div(
            rx.el.span("The file looks like", class_name="quiet"),
            rx.foreach(
                Files.suggestions,
                lambda each: rx.el.button(
                    each["label"],
                    type="button",
                    class_name="rows-view pill",
                    aria_pressed=rx.cond(Files.sheet == each["value"], "true", "false"),
                    on_click=Files.choose_sheet(each["value"]),
                ),
            ),
            class_name="files-links",
        ),
        rx.fragment(),
    )
    return step(
        1,
        "File",
        "",
        rx.el.div(what, rx.el.div(given, drop, seems, unsure, class_name="files-file"), class_name="files-choose"),
        is_done=(Files.file_name != "") & (Files.sheet != ""),
        actions=(rx.cond(Files.file_name != "", button("Start over", Files.start_over, look="plain"), rx.fragment()),),
    )


def _fold(what: str) -> rx.Component:
    """Opens the steps before the check, which fold once it is done."""
    return rx.cond(
        (Files.run_id > 0) & ~Files.is_working,
        button(
            rx.cond(Files.is_folded, "Change", "Fold"),
            Files.unfold,
            look="plain",
            aria_expanded=rx.cond(Files.is_folded, "false", "true"),
            aria_label=rx.cond(Files.is_folded, f"Change {what}", f"Fold {what}"),
        ),
        rx.fragment(),
    )


def _question(each: Any) -> rx.Component:
    """A doubt, with what a cell of the file would then be beside each answer."""
    return notice(
        rx.el.fieldset(
            rx.el.legend(rx.el.strong(each["title"]), " ", each["says"]),
            rx.el.div(
                rx.foreach(
                    each["options"].to(list[dict[str, str]]),
                    lambda option: rx.el.label(
                        rx.el.input(
                            type="radio",
                            name=each["name"],
                            value=option["value"],
                            checked=False,
                            on_change=Files.read_as(each["name"], option["value"]),
                        ),
                        option["label"],
                        class_name="check",
                    ),
                ),
                class_name="files-answers",
            ),
            class_name="plain-set",
        ),
        tone=Tone.WARN,
    )


def _setting(each: Any) -> rx.Component:
    return rx.el.label(
        rx.el.span(each["title"]),
        rx.el.select(
            rx.foreach(
                each["options"].to(list[dict[str, str]]),
                lambda option: rx.el.option(option["label"], value=option["value"]),
            ),
            value=each["value"],
            on_change=lambda value: Files.read_as(each["name"], value),
            class_name=rx.cond(each["is_doubt"], "input doubtful", "input"),
        ),
        class_name="field files-setting",
    )


def read() -> rx.Component:
    """Step 2: how it was read, with the first rows as they stand in the file."""
    sample = rx.el.div(
        rx.el.table(
            rx.el.caption("The first rows of the file", class_name="only-read"),
            rx.el.thead(rx.el.tr(rx.foreach(Files.header, lambda each: rx.el.th(each, scope="col")))),
            rx.el.tbody(
                rx.foreach(
                    Files.sample,
                    lambda row: rx.el.tr(
                        rx.foreach(
                            row.to(list[dict[str, str]]), lambda cell: rx.el.td(cell["text"], class_name=cell["look"])
                        )
                    ),
                )
            ),
            class_name="table files-sample",
        ),
        class_name="table-wrap",
        tab_index=0,
        role="region",
        aria_label="The first rows of the file",
    )
    opened = rx.fragment(
        rx.foreach(Files.questions, _question),
        rx.el.div(rx.foreach(Files.settings, _setting), class_name="files-settings"),
        sample,
        rx.foreach(Files.remarks, lambda each: rx.el.p(each, class_name="quiet")),
    )
    return step(
        2,
        "How it was read",
        Files.read_says,
        rx.cond(Files.is_folded, rx.fragment(), opened),
        is_done=Files.questions.length() == 0,
        actions=(_fold("how it was read"),),
    )


def map_columns() -> rx.Component:
    """Step 3: which column goes where."""
    missing = rx.cond(
        Files.key_missing != "",
        notice(rx.el.strong("Still needed: "), Files.key_missing, ". These tell the rows apart.", tone=Tone.WARN),
        rx.cond(
            Files.new_missing != "",
            notice(
                "Nothing fills ",
                rx.el.strong(Files.new_missing),
                rx.fragment(
                    ". Rows that are there already can be changed without; no new ", Files.one, " can be made."
                ),
            ),
            rx.fragment(),
        ),
    )
    unread = rx.cond(
        Files.unread != "",
        notice(
            "Some cells cannot be read as what goes into ",
            rx.el.strong(Files.unread),
            ". Look at how the file is read, or map another column.",
            tone=Tone.WARN,
        ),
        rx.fragment(),
    )
    opened = rx.fragment(
        missing,
        unread,
        column_mapping(
            "Columns",
            Files.targets,
            Files.file_columns,
            Files.mapping,
            read=Files.readings,
            on_map=Files.map_column,
        ),
    )
    return step(
        3,
        "What goes where",
        Files.map_says,
        rx.cond(Files.is_folded, rx.fragment(), opened),
        is_done=Files.is_ready,
        actions=(_fold("what goes where"),),
    )
