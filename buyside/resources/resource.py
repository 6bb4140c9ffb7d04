"""How a sheet of master data is shown: a frozen description beside the sheet's own, with no hooks and no inheritance.

A sheet says what rows are; a resource says which of its columns stand in the list at first, how wide, under which named views, and
where a row leads. What needs an `if` beyond that becomes a page of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from buyside.domain.sheets import Sheet, SheetColumn


@dataclass(frozen=True, slots=True)
class Shown:
    """One column that stands in the list at first; the others of the list are there to be chosen.

    `name` is that of a column of the sheet, or of `Resource.names`.
    """

    name: str
    width: int = 0
    """Pixels; 0 shares the room that is left, by `grow`."""
    grow: int = 1
    least: int = 130
    label: str = ""
    """Where the list says it shorter than the sheet."""
    is_pinned: bool = False
    href: str = ""
    """Makes the cell a link: "/items/{item}", where names in braces are columns of the row."""
    unit_from: str = ""
    """The column whose code stands behind the number."""


@dataclass(frozen=True, slots=True)
class NamedView:
    """A filter with a name, one press away; by column, from `domain.filters`."""

    label: str
    filter: Mapping[str, Any] = field(default_factory=dict)


ALL = NamedView("All")


@dataclass(frozen=True, slots=True)
class Resource:
    """A sheet as a list."""

    sheet: Sheet
    shown: tuple[Shown, ...]
    views: tuple[NamedView, ...] = ()
    row_href: str = ""
    quick_hint: str = "Filter"
    empty: tuple[str, str] = ("Nothing here yet", "")
    """What is missing, and what to do next."""
    noun: tuple[str, str] = ("", "")
    """One row and several, where the list says it shorter than the sheet."""

    @property
    def names(self) -> dict[str, SheetColumn]:
        """Columns of the list beside the sheet's own: what the code in a column, here by such a name, is called (queries.sheets)."""
        return {f"{each.name}_name": each for each in self.sheet.columns if each.refers or each.name == "parent"}

    @property
    def title(self) -> str:
        """The list by name: "Vendor items"."""
        return self.sheet.many[:1].upper() + self.sheet.many[1:]

    @property
    def one(self) -> str:
        """One row: "vendor item"."""
        return self.noun[0] or self.sheet.one

    @property
    def many(self) -> str:
        """What the count counts: "vendor items"."""
        return self.noun[1] or self.sheet.many
