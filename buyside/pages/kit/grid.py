"""The grid: a source of rows (described in `queries`), and how a page shows its columns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import reflex as rx

from buyside.domain.filters import (
    above,
    after_today,
    before_today,
    is_empty,
    is_false,
    is_true,
    one_of,
    until_today,
    within_days,
    within_last_days,
)
from buyside.domain.words import YES_NO_WORDS, Kind, Words
from buyside.pages.kit.base import label_of

__all__ = (
    "Column",
    "View",
    "above",
    "after_today",
    "before_today",
    "grid",
    "is_empty",
    "is_false",
    "is_true",
    "one_of",
    "until_today",
    "within_days",
    "within_last_days",
)

_JS = rx.asset("server_grid.jsx", shared=True)
for _part in (
    "columns",
    "editors",
    "filters",
    "address",
    "parts",
    "saving",
    "menus",
    "dialogs",
    "chosen",
    "clipboard",
    "range",
    "look",
    "hooks",
    "edits",
):
    rx.asset(f"grid_{_part}.jsx", shared=True)  # imported by the others, which lie beside it in the build too
_PACKAGES = ["ag-grid-community@36.2.0", "ag-grid-react@36.2.0"]


class RowColumn(Protocol):
    """What a page needs to know of a source's column."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> Kind: ...


class Source(Protocol):
    """What a page needs to know of a source of rows. Pages get theirs from a state: `grid(OrdersState.rows, ...)`."""

    @property
    def name(self) -> str: ...
    @property
    def columns(self) -> Sequence[Any]: ...
    @property
    def order(self) -> Sequence[tuple[str, str]]: ...


@dataclass(frozen=True)
class Column:
    """How one column is shown. Its kind, and so its alignment, filter and format, comes from the source."""

    name: str
    label: str = ""
    width: int = 0
    """Pixels; 0 shares the room that is left, by `grow`."""
    grow: int = 1
    least: int = 120
    help: str = ""
    href: str = ""
    """Makes the cell a link: "/orders/{number}", where names in braces are columns of the row."""
    unit: str = ""
    """Stands behind the number."""
    unit_from: str = ""
    """The same, from another column of the row (unit or currency)."""
    words: Words | None = None
    """For Kind.STATUS and Kind.FLAG."""
    parts: Sequence[tuple[str, str, str]] = ()
    """Makes the cell a coverage bar of other columns: (column, word, "from-stock" | "on-order" | "short")."""
    editable: bool = False
    editable_if: str = ""
    """Column (Kind.FLAG) that says, row by row, whether the cell may be edited."""
    choices: Sequence[tuple[str, str]] = ()
    """Editing picks one of these (value, label)."""
    choices_from: str = ""
    """Column that holds the row's own choices as a list of [value, label] (Kind.KEY)."""
    refers: str = ""
    """The sheet whose codes stand here: edited and filtered by a list that is looked up while typing."""
    is_long: bool = False
    """Edited in a field of several lines."""
    is_fixed: bool = False
    """With `editable`: written when a row is made, and never after."""
    is_required: bool = False
    """A new row must have it."""
    default: str = ""
    """What a new row starts with, as canonical text."""
    is_pinned: bool = False
    is_hidden: bool = False
    is_sortable: bool = True
    is_filterable: bool = True


@dataclass(frozen=True)
class View:
    """A filter with a name, one press away. `filter` is by column: `one_of("draft")`, `before_today()`, `is_true()`, …"""

    label: str
    filter: Mapping[str, Any] = field(default_factory=dict)


class ServerGrid(rx.NoSSRComponent):
    """The React component in server_grid.jsx; use `grid`."""

    library = _JS.importable_path
    tag = "ServerGrid"
    lib_dependencies: list[str] = _PACKAGES
    url: rx.Var[str]
    label: rx.Var[str]
    noun: rx.Var[str]
    columns: rx.Var[list[dict[str, Any]]]
    views: rx.Var[list[dict[str, Any]]]
    scope: rx.Var[dict[str, Any]]
    changed: rx.Var[str]
    released: rx.Var[str]
    answer: rx.Var[dict[str, str]]
    chosen: rx.Var[str]
    row_href: rx.Var[str]
    selectable: rx.Var[bool]
    quick_hint: rx.Var[str]
    empty_title: rx.Var[str]
    empty_says: rx.Var[str]
    empty_link: rx.Var[list[str]]
    can_export: rx.Var[bool]
    has_excel: rx.Var[bool]
    import_href: rx.Var[str]
    one: rx.Var[str]
    is_editable: rx.Var[bool]
    can_add: rx.Var[bool]
    can_remove: rx.Var[bool]
    flag: rx.Var[str]
    links: rx.Var[bool]
    outcome: rx.Var[dict[str, Any]]
    acts: rx.Var[list[dict[str, str]]]
    saved_views: rx.Var[list[dict[str, Any]] | None]
    on_open: rx.EventHandler[lambda row_id: [row_id]]
    on_edit: rx.EventHandler[lambda edit: [edit]]
    on_select: rx.EventHandler[lambda row_ids: [row_ids]]
    on_save: rx.EventHandler[lambda save: [save]]
    on_undo: rx.EventHandler[rx.event.no_args_event_spec]
    on_keep_view: rx.EventHandler[lambda view: [view]]
    on_forget_view: rx.EventHandler[lambda view_id: [view_id]]


def grid(
    source: Source,
    columns: Sequence[Column],
    *,
    label: str,
    noun: str,
    state: Any = None,
    on_open: Any = None,
    row_href: str = "",
    on_edit: Any = None,
    on_select: Any = None,
    views: Sequence[View] = (),
    scope: Any = None,
    quick_hint: str = "Filter",
    empty: tuple[str, str] = ("Nothing here yet", ""),
    empty_link: tuple[str, str] = ("", ""),
    can_export: Any = False,
    has_excel: bool = False,
    import_href: str = "",
    actions: Sequence[rx.Component] = (),
    one: str = "",
    on_save: Any = None,
    acts: Any = None,
    on_undo: Any = None,
    is_editable: Any = True,
    can_add: Any = False,
    can_remove: Any = False,
    flag: str = "",
    saved_views: Any = None,
    on_keep_view: Any = None,
    on_forget_view: Any = None,
    links: bool = False,
) -> rx.Component:
    """A grid over `source`.

    label      what it is, for screen readers: "Purchase orders"
    noun       what the count counts: "orders"
    state      the page's state where it has `GridState`: brings `changed`, `released`, `answer` and `chosen`
    on_open    event of a row (click, Enter), gets its key as text; or `row_href`, an address with {column}s
    on_edit    event of an edited cell, gets a `CellEdit`
    on_select  makes rows selectable; gets the list of keys
    empty_link  (words, address) of what to do where there is nothing yet: shown with `empty` to those who may add rows
    scope      fixes columns to values: {"order_id": State.order_id}; the source must name them in `scopes`
    can_export whether to offer the filtered rows as CSV: `can(Permission.DATA_EXPORT)` of the shell; `has_excel` as XLSX too
    import_href  where a file is taken in
    on_save    event of changed, new and removed rows, gets a `GridSave` and answers in `state.outcome` (`SheetGridState`):
               brings undo, paste, changes of many rows at once, and the dialog of two people at one row
    acts       with `on_save`: what the page itself did to the rows and can take back, oldest first, as [{"serial", "label", "rows"}],
               keys with commas between: it stands among what the grid can undo, and `on_undo` takes the last of it back
    is_editable  whether this person may change anything: a hidden button is courtesy, the handler's permission is the lock
    one        what one row is called: "order"; `can_add`, `can_remove`: whether rows are made and removed here
    flag       the column that retiring a row unsets
    saved_views  the person's own views; None while they are not read yet. `on_keep_view` gets a `KeptView`, `on_forget_view` an id
    links      the address names view, filter, sort and quick filter, and opens them: for one grid of a page
    """
    kinds = {each.name: each.kind for each in source.columns}
    sorts = dict(source.order)
    props: dict[str, Any] = {}
    if state is not None:
        props |= {"changed": state.changed, "answer": state.answer, "chosen": state.chosen, "released": state.released}
        props |= {"outcome": state.outcome} if on_save is not None else {}
    if on_keep_view is not None:
        props["saved_views"] = saved_views
    if acts is not None:
        props["acts"] = acts
    events = {"on_open": on_open, "on_edit": on_edit, "on_select": on_select, "on_save": on_save, "on_undo": on_undo}
    events |= {"on_keep_view": on_keep_view, "on_forget_view": on_forget_view}
    props |= {name: event for name, event in events.items() if event is not None}
    return ServerGrid.create(
        *actions,
        key=source.name,  # two grids that take each other's place share nothing
        url=f"/api/grid/{source.name}",
        label=label,
        noun=noun,
        columns=[_described(each, kinds, sorts) for each in columns],
        views=[{"key": _slug(each.label), "label": each.label, "filter": dict(each.filter)} for each in views],
        scope={} if scope is None else scope,
        row_href=row_href,
        selectable=on_select is not None,
        quick_hint=quick_hint,
        empty_title=empty[0],
        empty_says=empty[1],
        empty_link=list(empty_link),
        can_export=can_export,
        has_excel=has_excel,
        import_href=import_href,
        one=one or (f"{noun[:-3]}y" if noun.endswith("ies") else noun.removesuffix("s")),
        is_editable=is_editable,
        can_add=can_add,
        can_remove=can_remove,
        flag=flag,
        links=links,
        **props,
    )


def _slug(label: str) -> str:
    """How an address names a view: "to-issue"."""
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")


def _described(column: Column, kinds: Mapping[str, Kind], sorts: Mapping[str, str]) -> dict[str, Any]:
    """A column as server_grid.jsx takes it."""
    kind = "coverage" if column.parts else kinds[column.name].value
    words = column.words or (YES_NO_WORDS if kind == Kind.FLAG else None)
    described = {
        "name": column.name,
        "label": column.label or label_of(column.name),
        "kind": kind,
        "width": column.width,
        "grow": column.grow,
        "least": column.least,
        "help": column.help,
        "href": column.href,
        "unit": column.unit,
        "unit_from": column.unit_from,
        "words": {value: [word, tone.value] for value, (word, tone) in words.items()} if words else None,
        "parts": [list(each) for each in column.parts],
        "editable": column.editable,
        "editable_if": column.editable_if,
        "choices": [list(each) for each in column.choices],
        "choices_from": column.choices_from,
        "refers": column.refers,
        "long": column.is_long,
        "fixed": column.is_fixed,
        "required": column.is_required,
        "default": column.default,
        "pinned": column.is_pinned,
        "hidden": column.is_hidden,
        "sortable": column.is_sortable,
        "filterable": column.is_filterable,
        "sort": sorts.get(column.name, ""),
        "sort_place": list(sorts).index(column.name) if column.name in sorts else 0,
    }
    always = {"name", "label", "kind", "sortable", "filterable"}
    return {name: value for name, value in described.items() if value or name in always}
