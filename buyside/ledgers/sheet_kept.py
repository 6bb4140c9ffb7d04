"""The rows of a sheet that exist: found by id or by key, held, and read as canonical texts, many at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Subquery, Text, and_, bindparam, func, select
from sqlmodel import Session

from buyside.domain.all_sheets import sheet_named
from buyside.domain.sheet_cells import canonical
from buyside.domain.sheets import Sheet
from buyside.ledgers.sheet_filling import SPECIAL
from buyside.ledgers.sheet_selects import RAW, sheet_select, stored_name, table_of

CHUNK = 20_000
_ABSENT = "\0"
"""No value that anything can have."""
Key = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """A row as it is: canonical texts by column, and by the table's columns what they hold."""

    key: str
    version: int
    cells: dict[str, str]
    stored: dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of what tells rows apart: the table's column, its label in the sheet's select, and whether it is always there."""

    stored: str
    label: str
    is_sure: bool


_PARTS: dict[str, tuple[Part, ...]] = {
    "price-breaks": (
        Part("vendor_item_id", f"{RAW}vendor_item_id", is_sure=True),
        Part("from_quantity", "from_quantity", is_sure=False),
        Part("currency_code", f"{RAW}currency_code", is_sure=True),
        Part("valid_from", "valid_from", is_sure=False),
    ),
    "bom-rows": (
        *(Part(each, f"{RAW}{each}", is_sure=False) for each in ("variant_id", "product_id", "item_id")),
        Part("component_id", f"{RAW}component_id", is_sure=True),
        Part("valid_from", "valid_from", is_sure=False),
    ),
    "options": (
        Part("product_id", f"{RAW}product_id", is_sure=True),
        Part("group", "group", is_sure=True),
        Part("value", "value", is_sure=True),
    ),
}


@cache
def _parts_of(name: str) -> tuple[Part, ...]:
    if name in _PARTS:
        return _PARTS[name]
    sheet = sheet_named(name)
    columns = (column for each in sheet.key if (column := sheet.column(each)))
    return tuple(
        Part(stored_name(each), f"{RAW}{stored_name(each)}" if each.refers else each.name, each.is_required)
        for each in columns
    )


def _parts(sheet: Sheet) -> tuple[Part, ...]:
    return _parts_of(sheet.name)


def period_parts(sheet: Sheet) -> tuple[Part, ...]:
    """What rows are alike in that must not be valid on one day."""
    return tuple(each for each in _parts(sheet) if each.stored != "valid_from")


def key_of(sheet: Sheet, stored: Mapping[str, str | None]) -> Key | None:
    """What tells a row apart, as stored; None where a part that must be there is not known."""
    key = []
    for each in _parts_of(sheet.name):
        value = stored.get(each.stored, _ABSENT) or None
        if value is _ABSENT or (value is None and each.is_sure):
            return None
        key.append(value)
    return tuple(key)


def chunks(values: Sequence[Any], size: int = CHUNK) -> Iterator[Sequence[Any]]:
    """`values` in pieces of at most `size`."""
    return (values[start : start + size] for start in range(0, len(values), size))


def find_by_keys(session: Session, sheet: Sheet, keys: Collection[Key]) -> dict[Key, list[str]]:
    """The ids of the rows that have these keys; keys that no row has are left out."""
    parts = _parts(sheet)
    found: dict[Key, list[str]] = {}
    for row in rows_like(session, sheet, [each.label for each in parts], [each.is_sure for each in parts], keys):
        key = tuple(canonical(row[each.label]) or None for each in parts)
        if key in keys:
            found.setdefault(key, []).append(str(row["id"]))
    return found


def rows_like(
    session: Session,
    sheet: Sheet,
    labels: Sequence[str],
    sure: Sequence[bool],
    keys: Collection[Key],
    more: Sequence[str] = (),
) -> Iterator[Mapping[Any, Any]]:
    """Rows that are like one of `keys` in those of the `labels` that are `sure`: their id, the labels, and `more` of them."""
    rows = sheet_select(sheet).subquery()
    places = [place for place, is_sure in enumerate(sure) if is_sure and _is_listed(rows.c[labels[place]])]
    narrowed = sorted({tuple(key[place] for place in places) for key in keys}, key=str)
    for piece in chunks(narrowed):
        wanted = _table_of(rows, [labels[place] for place in places], piece)
        same = and_(*(rows.c[labels[place]] == wanted.c[f"k{position}"] for position, place in enumerate(places)))
        chosen = select(rows.c.id, *(rows.c[each] for each in (*labels, *more))).join(wanted, same)
        yield from session.execute(chosen).mappings()


def _is_listed(column: ColumnElement[Any]) -> bool:
    return column.type.python_type in (int, str)


def _table_of(rows: Subquery, labels: Sequence[str], keys: Sequence[Key]) -> Any:
    """Keys as a table with the columns k0, k1 …"""
    arrays = []
    for position, label in enumerate(labels):
        is_number = rows.c[label].type.python_type is int
        values = [int(each[position] or 0) if is_number else each[position] for each in keys]
        arrays.append(bindparam(None, values, type_=ARRAY(BigInteger if is_number else Text)))
    names = [f"k{position}" for position in range(len(labels))]
    return func.unnest(*arrays).table_valued(*names).render_derived(name="wanted")


def ids_of(sheet: Sheet, keys: Iterable[str]) -> list[Any]:
    """Ids as their column takes them; what cannot be one is left out."""
    table = table_of(sheet)
    if "id" not in table.c:
        return list(keys)
    return [int(each) for each in keys if each.isascii() and each.isdigit() and len(each) <= 18]


def lock_rows(session: Session, sheet: Sheet, keys: Sequence[str]) -> None:
    """Hold rows until the transaction ends, in the order of their ids; who refers to them need not wait."""
    table = table_of(sheet)
    key = table.c.id if "id" in table.c else table.c.code if "code" in table.c else None
    if key is None:
        return
    for piece in chunks(sorted(ids_of(sheet, keys))):
        held = select(key).where(key == func.any(list(piece))).order_by(key).with_for_update(key_share=True)
        session.execute(held).all()


def load_rows(session: Session, sheet: Sheet, keys: Sequence[str]) -> dict[str, Kept]:
    """Rows as they are, by id as text; those that are no more are left out."""
    rows = sheet_select(sheet).subquery()
    special = SPECIAL.get(sheet.name, frozenset())
    names = [each.name for each in sheet.columns]
    plain = [
        (stored_name(each), f"{RAW}{stored_name(each)}" if each.refers else each.name)
        for each in sheet.written
        if each.name not in special
    ]
    raw = [(each.stored, each.label) for each in _parts(sheet) if each.stored not in dict(plain)]
    if sheet.name == "options":
        raw.append(("option_value_id", f"{RAW}option_value_id"))
    stored = [*plain, *raw]
    wanted = list(dict.fromkeys((*names, *(label for _, label in stored))))
    loaded: dict[str, Kept] = {}
    for piece in chunks(ids_of(sheet, keys)):
        chosen = select(rows.c.id, rows.c.version, *(rows.c[each] for each in wanted))
        for row in session.execute(chosen.where(rows.c.id == func.any(list(piece)))).mappings():
            cells = {name: canonical(row[name]) for name in wanted}
            held = {name: None if row[label] is None else cells[label] for name, label in stored}
            key = str(row["id"])
            loaded[key] = Kept(key, row["version"], {name: cells[name] for name in names}, held)
    return loaded
