"""The pieces of a page: heads, sections, tiles, facts, tables, statuses, notices. Layout only, no state of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import reflex as rx

from buyside.domain.words import Tone, Words
from buyside.pages.kit.base import Text, icon, link, slug


def button(
    label: Text,
    on_click: Any = None,
    *,
    look: str = "",
    icon_name: str = "",
    disabled: Any = False,
    kind: str = "button",
    **props: Any,
) -> rx.Component:
    """A button. `look`: "primary" (one per screen), "danger", "plain", or "" for the usual outline."""
    if on_click is not None:
        props["on_click"] = on_click
    content = [icon(icon_name, 14)] if icon_name else []
    return rx.el.button(*content, label, type=kind, disabled=disabled, class_name=f"button {look}".strip(), **props)


def icon_button(icon_name: str, label: str, on_click: Any = None, **props: Any) -> rx.Component:
    """A button of an icon alone; `label` is what screen readers say and the pointer shows."""
    if on_click is not None:
        props["on_click"] = on_click
    return rx.el.button(
        icon(icon_name), type="button", class_name="button plain square", aria_label=label, title=label, **props
    )


def link_button(label: Text, to: Text, *, look: str = "") -> rx.Component:
    """A link that looks like a button."""
    return link(label, to=to, class_name=f"button {look}".strip())


def file_link(label: Text, href: Text, *, icon_name: str = "download", look: str = "plain") -> rx.Component:
    """A link that looks like a button and fetches a file of ours, from the server and not from the pages in the browser."""
    return link(
        icon(icon_name, 14), label, to=href, download=True, reload_document=True, class_name=f"button {look}".strip()
    )


def page_head(*says: Any, actions: Sequence[rx.Component] = (), title: Text = "") -> rx.Component:
    """The row under the top bar: a line about the page at the left, its actions at the right."""
    return rx.el.div(
        *([rx.el.h2(title)] if isinstance(title, rx.Var) or title else []),
        *[rx.el.span(each, class_name="page-says") if isinstance(each, str | rx.Var) else each for each in says],
        rx.el.div(*actions, class_name="actions"),
        class_name="page-head",
    )


def section(
    title: Text, *children: Any, says: Text = "", actions: Sequence[rx.Component] = (), anchor: str = ""
) -> rx.Component:
    """A titled part of a page or panel; `anchor` is what an address of the page names it by."""
    return rx.el.section(
        rx.el.div(
            rx.el.h2(title),
            rx.el.span(says, class_name="quiet"),
            rx.el.div(*actions, class_name="actions"),
            class_name="section-head",
        ),
        *children,
        class_name="section",
        **({"id": anchor} if anchor else {}),
    )


def columns(*children: rx.Component, least: str = "340px") -> rx.Component:
    """Children side by side where there is room, each at least `least` wide."""
    return rx.el.div(*children, class_name="columns", style={"--column": least})


def status(value: Text, words: Words | None = None, *, tone: Text | Tone = Tone.NEUTRAL) -> rx.Component:
    """A status as word, shape and colour: a stored value with its `words`, or a ready word with a `tone`."""
    if words is None:
        return rx.el.span(value, class_name="status", data_tone=tone)
    if not isinstance(value, rx.Var):
        word, known = words[value]
        return rx.el.span(word, class_name="status", data_tone=known.value)
    word_of = rx.match(value, *[(each, word) for each, (word, _) in words.items()], value)
    tone_of = rx.match(value, *[(each, known.value) for each, (_, known) in words.items()], Tone.NEUTRAL.value)
    return rx.el.span(word_of, class_name="status", data_tone=tone_of)


def amount(text: Text, unit: Text = "") -> rx.Component:
    """A number, already written for the reader, with its unit; digits line up under each other."""
    return rx.el.span(text, rx.el.span(unit, class_name="unit"), class_name="number")


def chart_numbers(*tables: rx.Component) -> rx.Component:
    """The exact numbers behind a chart, one press away."""
    return rx.el.details(rx.el.summary("Numbers"), *tables, class_name="numbers")


def tiles(*children: rx.Component) -> rx.Component:
    """A row of figures."""
    return rx.el.div(*children, class_name="tiles")


def tile(label: str, figure: Text, says: Text = "", to: Text = "") -> rx.Component:
    """One figure with what it counts; leads to the rows behind it where `to` is given."""
    parts = (
        rx.el.span(label, class_name="tile-label"),
        rx.el.span(figure, class_name="tile-figure"),
        rx.el.span(says, class_name="tile-says"),
    )
    leads = isinstance(to, rx.Var) or to
    return link(*parts, to=to, class_name="tile") if leads else rx.el.div(*parts, class_name="tile")


def facts(*pairs: tuple[str, Any], figures: bool = False, total: str = "") -> rx.Component:
    """Labels with their values, one below the other. `figures` sets values right; the pair labelled `total` stands out."""
    shown: list[rx.Component] = []
    for label, value in pairs:
        look = "total" if total and label == total else ""
        shown += [rx.el.dt(label, class_name=look), rx.el.dd(value, class_name=look)]
    return rx.el.dl(*shown, class_name="facts figures" if figures else "facts")


def table(
    label: str,
    heads: Sequence[str],
    rows: Any,
    row: Callable[[Any], Sequence[Any]],
    *,
    numbers: Sequence[str] = (),
    empty: str = "Nothing here yet.",
    on_pick: Callable[[Any], Any] | None = None,
    picked: Callable[[Any], Any] | None = None,
    foot: Sequence[Any] = (),
) -> rx.Component:
    """A short table of rows that the state holds (a few dozen at most; more belong in a grid).

    `row` gives the cells of one row; heads named in `numbers` are set right. `on_pick(row)` is the event of a row, which
    needs a button or link in a cell for the keyboard.
    """

    def cells(each: Any) -> rx.Component:
        props: dict[str, Any] = {}
        if on_pick is not None:
            props |= {"on_click": on_pick(each), "data_pick": "true"}
        if picked is not None:
            props["aria_selected"] = picked(each)
        return rx.el.tr(
            *[
                rx.el.td(cell, class_name="number" if head in numbers else "")
                for head, cell in zip(heads, row(each), strict=True)
            ],
            **props,
        )

    below = [rx.el.tfoot(rx.el.tr(*[rx.el.td(each, class_name="number") for each in foot]))] if foot else []
    return rx.el.div(
        rx.cond(
            rows.length() > 0,
            rx.el.table(
                rx.el.caption(label, class_name="only-read"),
                rx.el.thead(
                    rx.el.tr(
                        *[rx.el.th(head, scope="col", class_name="number" if head in numbers else "") for head in heads]
                    )
                ),
                rx.el.tbody(rx.foreach(rows, cells)),
                *below,
                class_name="table",
            ),
            rx.el.p(empty, class_name="table-none"),
        ),
        class_name="table-wrap",
        tab_index=0,
        role="region",
        aria_label=label,
    )


def empty_state(title: Text, says: Text, *actions: rx.Component) -> rx.Component:
    """Where there is nothing yet: what would be here, and what to do next."""
    return rx.el.div(
        rx.el.p(title, class_name="empty-title"), rx.el.p(says, class_name="empty-says"), *actions, class_name="empty"
    )


def notice(*children: Any, tone: Text | Tone = Tone.NEUTRAL) -> rx.Component:
    """A sentence that should not be missed, in place."""
    return rx.el.div(rx.el.div(*children), class_name="notice", data_tone=tone, role="status")


def timeline(label: str, events: Any, event: Callable[[Any], tuple[Any, Any]]) -> rx.Component:
    """What happened, newest first. `event` gives what is said of one event, and when and by whom it was."""

    def one(each: Any) -> rx.Component:
        says, when = event(each)
        return rx.el.li(rx.el.div(rx.el.div(says), rx.el.div(when, class_name="when")))

    return rx.el.ol(rx.foreach(events, one), class_name="timeline", aria_label=label)


def tabs(label: str, *items: tuple[str, Any], first: str = "") -> rx.Component:
    """Parts of a page that share a place: (title, content) each. Switching asks nothing of the server."""
    start = slug(first or items[0][0])
    return rx.tabs.root(
        rx.tabs.list(*[rx.tabs.trigger(title, value=slug(title)) for title, _ in items], size="1", aria_label=label),
        *[rx.tabs.content(rx.el.div(content, class_name="tab-panel"), value=slug(title)) for title, content in items],
        default_value=start,
        class_name="tabs-root",
    )


def switch(
    label: str, chosen: Any, choices: Sequence[tuple[str, str]], on_choose: Callable[[str], Any]
) -> rx.Component:
    """A few ways to show the same place, one of them pressed: (value, label) each. `on_choose(value)` is the event."""

    def choice(value: str, word: str) -> rx.Component:
        return rx.el.button(
            word,
            type="button",
            class_name="rows-view",
            aria_pressed=rx.cond(chosen == value, "true", "false"),
            on_click=on_choose(value),
        )

    return rx.el.div(
        *[choice(value, word) for value, word in choices], class_name="rows-views", role="group", aria_label=label
    )


def split(list_part: Any, panel: Any, *, is_open: Any, width: str = "400px") -> rx.Component:
    """A list with a panel at its right while `is_open`; the panel lies over the list on narrow screens."""
    return rx.el.div(
        rx.el.div(list_part, class_name="split-list"),
        rx.cond(is_open, panel, rx.fragment()),
        class_name=rx.cond(is_open, "split open", "split"),
        style={"--panel": width},
    )


def panel(title: Text | rx.Component, *children: Any, on_close: Any, label: str = "Details") -> rx.Component:
    """The panel of a `split`: a head with a way to close it, and what it shows."""
    return rx.el.aside(
        rx.el.div(
            rx.el.h2(title, **({} if isinstance(title, rx.Component) else {"title": title})),
            rx.el.button(
                icon("x"),
                type="button",
                class_name="button plain square",
                aria_label="Close",
                title="Close",
                on_click=on_close,
            ),
            class_name="panel-head",
        ),
        rx.el.div(*children, class_name="panel-body", tab_index=0, role="group", aria_label=label),
        class_name="split-panel",
        aria_label=label,
    )
