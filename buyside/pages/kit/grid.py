"""The grid: a source of rows (described in `queries`), and how a page shows its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import reflex as rx

from buyside.domain.words import YES_NO_WORDS, Kind, Words
from buyside.pages.kit.base import label_of

_JS = rx.asset("server_grid.jsx", shared=True)
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
    is_pinned: bool = False
    is_hidden: bool = False
    is_sortable: bool = True
    is_filterable: bool = True


@dataclass(frozen=True)
class View:
    """A filter with a name, one press away. `filter` is by column: `one_of("draft")`, `before_today()`, `is_true()`, …"""

    label: str
    filter: Mapping[str, Any] = field(default_factory=dict)


def one_of(*values: str) -> dict[str, Any]:
    """Keeps rows whose column has one of these stored values."""
    return {"filterType": "set", "type": "in", "values": list(values)}


def is_true() -> dict[str, Any]:
    """Keeps rows whose flag is set."""
    return one_of("true")


def before_today() -> dict[str, Any]:
    """Keeps rows whose date has passed."""
    return {"filterType": "date", "type": "lessThan", "dateFrom": "today"}


def until_today() -> dict[str, Any]:
    """Keeps rows whose date has come."""
    return {"filterType": "date", "type": "lessThanOrEqual", "dateFrom": "today"}


def within_days(days: int) -> dict[str, Any]:
    """Keeps rows whose date is one of the next `days`, today among them."""
    return {"filterType": "date", "type": "inRange", "dateFrom": "today", "dateTo": f"today+{days - 1}"}


def within_last_days(days: int) -> dict[str, Any]:
    """Keeps rows of the last `days`, today among them."""
    return {"filterType": "date", "type": "inRange", "dateFrom": f"today-{days - 1}", "dateTo": "today"}


def above(number: str) -> dict[str, Any]:
    """Keeps rows whose number is greater."""
    return {"filterType": "number", "type": "greaterThan", "filter": number}


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
    answer: rx.Var[dict[str, str]]
    chosen: rx.Var[str]
    row_href: rx.Var[str]
    selectable: rx.Var[bool]
    quick_hint: rx.Var[str]
    empty_title: rx.Var[str]
    empty_says: rx.Var[str]
    can_export: rx.Var[bool]
    on_open: rx.EventHandler[lambda row_id: [row_id]]
    on_edit: rx.EventHandler[lambda edit: [edit]]
    on_select: rx.EventHandler[lambda row_ids: [row_ids]]


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
    can_export: Any = False,
    actions: Sequence[rx.Component] = (),
) -> rx.Component:
    """A grid over `source`.

    label      what it is, for screen readers: "Purchase orders"
    noun       what the count counts: "orders"
    state      the page's state where it has `GridState`: brings `changed`, `answer` and `chosen`
    on_open    event of a row (click, Enter), gets its key as text; or `row_href`, an address with {column}s
    on_edit    event of an edited cell, gets a `CellEdit`
    on_select  makes rows selectable; gets the list of keys
    scope      fixes columns to values: {"order_id": State.order_id}; the source must name them in `scopes`
    can_export whether to offer the filtered rows as CSV: `can(Permission.DATA_EXPORT)` of the shell
    """
    kinds = {each.name: each.kind for each in source.columns}
    sorts = dict(source.order)
    props: dict[str, Any] = {}
    if state is not None:
        props |= {"changed": state.changed, "answer": state.answer, "chosen": state.chosen}
    events = {"on_open": on_open, "on_edit": on_edit, "on_select": on_select}
    props |= {name: event for name, event in events.items() if event is not None}
    return ServerGrid.create(
        *actions,
        key=source.name,  # two grids that take each other's place share nothing
        url=f"/api/grid/{source.name}",
        label=label,
        noun=noun,
        columns=[_described(each, kinds, sorts) for each in columns],
        views=[
            {"key": str(place), "label": each.label, "filter": dict(each.filter)} for place, each in enumerate(views)
        ],
        scope={} if scope is None else scope,
        row_href=row_href,
        selectable=on_select is not None,
        quick_hint=quick_hint,
        empty_title=empty[0],
        empty_says=empty[1],
        can_export=can_export,
        **props,
    )


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
        "pinned": column.is_pinned,
        "hidden": column.is_hidden,
        "sortable": column.is_sortable,
        "filterable": column.is_filterable,
        "sort": sorts.get(column.name, ""),
        "sort_place": list(sorts).index(column.name) if column.name in sorts else 0,
    }
    always = {"name", "label", "kind", "sortable", "filterable"}
    return {name: value for name, value in described.items() if value or name in always}
