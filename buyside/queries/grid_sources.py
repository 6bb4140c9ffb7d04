"""What a grid is: its select, its columns, its order and what pages may fix, described once as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select

from buyside.domain.access import Actor, Permission
from buyside.domain.refusals import Unreadable
from buyside.domain.words import Kind


@dataclass(frozen=True, slots=True)
class RowColumn:
    """One column of a grid's select, by its label there."""

    name: str
    kind: Kind = Kind.TEXT
    searched: bool = False
    """The quick filter looks into it. Wants a trigram index where the table is long."""
    required: bool = False
    """Never null, so that an index finds where the next page of a sort by it begins."""
    only_in_files: bool = False
    """Too long for a list; stands in exports alone."""
    found_by: Callable[[ColumnElement[Any], list[str]], ColumnElement[bool]] | None = None
    """For values of which a row has several, in other tables: rows, given their key, that have one of some values. Scopes and
    filters of this column then ask this and not the column."""
    currency: str = ""
    """For money and prices, the column that names their currency, which says how many decimals they are written with."""
    written: Callable[[Mapping[Any, Any], str], str] | None = None
    """How a kept text stands before a reader: made of the row and the reader's locale. Files have it as it is kept."""


@dataclass(frozen=True, slots=True)
class GridSource:
    """A grid, as data. `rows` gives a select in reach of the actor, whose labels are the columns' names."""

    name: str
    permission: Permission
    rows: Callable[[Actor], Select[Any]]
    columns: tuple[RowColumn, ...]
    order: tuple[tuple[str, str], ...]
    """Default sort: (column, "asc" or "desc")."""
    key: str = "id"
    """The column that tells rows apart; sent to the browser as `id`."""
    scopes: tuple[str, ...] = ()
    """Columns that a page may fix to one value, such as the order whose lines it shows."""
    scopes_needed: tuple[str, ...] = ()
    """Those of the scopes without which the rows mean nothing and may be without number; who leaves one out is refused."""
    keys_first: bool = False
    """Sorts find the keys of a page before they read its rows: for long tables that are joined from outside, whose joins
    the database then leaves out for all rows but those of the page."""
    keys_found: Callable[[ColumnElement[str]], Select[Any]] | None = None
    """The keys of the rows in which a pattern of the quick filter occurs, for long tables whose searched texts stand in
    several: one select for each table, so that each looks into its own index. None: every searched column is looked at."""

    def column(self, name: str) -> RowColumn:
        """A column by name. Refuses: Unreadable."""
        for each in self.columns:
            if each.name == name:
                return each
        raise Unreadable(value=name, wanted=f"a column of {self.name}")
