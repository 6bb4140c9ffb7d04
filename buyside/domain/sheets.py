"""Master data as sheets: what rows a kind of record has, said once for the grid, the file, the check and the audit trail.

A cell is a text here, written as for machines (decimals with a point, dates as YYYY-MM-DD, true or false, words of closed lists,
codes of other sheets), exactly as in the data pack; whoever reads a person's locale turns it into that first. Empty means nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from buyside.domain.access import Permission
from buyside.domain.pack import Form
from buyside.domain.records import field_label
from buyside.domain.words import Kind, Words

KIND_OF_FORM: dict[Form, Kind] = {
    Form.CODE: Kind.TEXT,
    Form.TEXT: Kind.TEXT,
    Form.WHOLE: Kind.NUMBER,
    Form.QUANTITY: Kind.QUANTITY,
    Form.PRICE: Kind.PRICE,
    Form.MONEY: Kind.MONEY,
    Form.PERCENT: Kind.PERCENT,
    Form.DATE: Kind.DATE,
    Form.INSTANT: Kind.INSTANT,
    Form.FLAG: Kind.FLAG,
    Form.WORD: Kind.STATUS,
    Form.CHOICES: Kind.TEXT,
}


class Family(StrEnum):
    """Sheets that are looked at together."""

    VENDORS = "vendors"
    ITEMS = "items"
    STRUCTURE = "structure"
    TERMS = "terms"


@dataclass(frozen=True, slots=True)
class Wording:
    """How a kept text stands before a reader, and how what a reader types is read back; both are given the text and the locale.

    What cannot be read passes as it was typed, and is refused where the cell's form is checked.
    """

    write: Callable[[str, str], str]
    read: Callable[[str, str], str]


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """One column. `name` is its header in files, its key in grids and, unless `stored` says otherwise, the table's column.

    `least` is allowed itself, `above` is not. `is_fixed`: said when the row is made and never changed after, for it is part of
    what the row is. `is_read_only`: shown and exported, never taken in. `pattern` is a regular expression for the whole cell.
    """

    name: str
    form: Form = Form.TEXT
    stored: str = ""
    label: str = ""
    is_required: bool = False
    refers: str = ""
    """The sheet whose single key column stands here."""
    words: Words | None = None
    least: Decimal | None = None
    above: Decimal | None = None
    most: Decimal | None = None
    default: str = ""
    is_fixed: bool = False
    is_read_only: bool = False
    pattern: str = ""
    wanted: str = ""
    """What `pattern` asks for, as the end of "… is not": "days such as mon,wed"."""
    says: str = ""
    wording: Wording | None = None

    @property
    def title(self) -> str:
        """What heads it on a screen."""
        return self.label or field_label(self.name)

    @property
    def kind(self) -> Kind:
        return KIND_OF_FORM[self.form]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One kind of master data. `key`: the columns that tell its rows apart in files; a row of a file with the key of an existing
    one changes that, any other makes a new one.

    `period`: rows alike in these columns must not be valid on the same day (`valid_from`, `valid_to`).
    `edit` is None where rows come from elsewhere and are only read here. `flag`: the column that is unset when a row that is in
    use is to be used no more; without one such a row cannot go.
    """

    name: str
    one: str
    many: str
    table: str
    family: Family
    columns: tuple[SheetColumn, ...]
    key: tuple[str, ...]
    view: Permission
    edit: Permission | None
    order: tuple[str, ...] = ()
    period: tuple[str, ...] = ()
    flag: str = ""
    says: str = ""

    @property
    def path(self) -> str:
        """Where its grid stands."""
        return f"/{self.name}"

    @property
    def written(self) -> tuple[SheetColumn, ...]:
        """The columns that people and files may write."""
        return tuple(each for each in self.columns if not each.is_read_only)

    def column(self, name: str) -> SheetColumn | None:
        """The column of that name, or None."""
        return next((each for each in self.columns if each.name == name), None)
