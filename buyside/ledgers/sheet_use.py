"""Who uses a row: every reference of the database to it, counted, in words."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, Column, Select, Table, bindparam, func, literal, select, true
from sqlmodel import Session, SQLModel

from buyside.db import tables
from buyside.domain.all_sheets import SHEETS
from buyside.domain.records import kind_word
from buyside.ledgers.sheet_kept import chunks

assert tables.MODULES  # every reference is known

MOST_COUNTED = 1000
"""References of one kind that are counted; beyond, it is "more than" that."""
_OWN_PARTS = frozenset({"option_rule_condition.rule_id"})
"""References of what is part of a row and goes with it."""
_SHEETS = {each.table: each for each in SHEETS}


@dataclass(frozen=True, slots=True)
class Use:
    """How many rows of one table refer to a row, at most MOST_COUNTED + 1."""

    table: str
    count: int

    def __str__(self) -> str:
        many = f"more than {MOST_COUNTED:,}" if self.count > MOST_COUNTED else f"{self.count:,}"
        if self.table in _SHEETS:
            sheet = _SHEETS[self.table]
            return f"{many} {sheet.one if self.count == 1 else sheet.many}"
        word = kind_word(self.table)
        return f"{many} × {word[:1].lower()}{word[1:]}"


def told(found: Sequence[Use]) -> str:
    """Uses in words, the most first."""
    words = [str(each) for each in sorted(found, key=lambda each: (-each.count, each.table))]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def references_to(table: str, only: Collection[str] | None = None) -> Iterator[tuple[Table, Column[int]]]:
    """The columns of all tables that refer to the rows of one, or those `only`, named "table.column"."""
    for other in SQLModel.metadata.sorted_tables:
        for column in other.columns:
            name = f"{other.name}.{column.name}"
            refers = any(key.column.table.name == table for key in column.foreign_keys)
            if refers and name not in _OWN_PARTS and (only is None or name in only):
                yield other, column


def uses(
    session: Session, table: str, keys: Collection[str], *, only: Collection[str] | None = None
) -> dict[str, tuple[Use, ...]]:
    """By id, as text, of the rows that something refers to: by what, and how often. Those that nothing refers to are left out."""
    found: dict[str, dict[str, int]] = {}
    for other, column in references_to(table, only):
        is_number = column.type.python_type is int
        for piece in chunks(sorted(keys)):
            values = [int(each) for each in piece if each.isdigit()] if is_number else list(piece)
            for key, count in session.execute(_counted(column, values)):
                of_key = found.setdefault(str(key), {})
                of_key[other.name] = of_key.get(other.name, 0) + count
    return {key: tuple(Use(name, count) for name, count in of_key.items()) for key, of_key in found.items()}


def _counted(column: Column[int], values: Sequence[object]) -> Select[tuple[object, int]]:
    """How many rows refer to each value: counted one value at a time, and none further than it is told."""
    given = bindparam(None, values, type_=ARRAY(column.type))
    wanted = func.unnest(given).table_valued("value").render_derived(name="wanted")
    some = select(literal(1)).where(column == wanted.c.value).limit(MOST_COUNTED + 1).correlate(wanted).lateral("some")
    return select(wanted.c.value, func.count()).select_from(wanted.join(some, true())).group_by(wanted.c.value)
