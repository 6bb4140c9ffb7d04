"""Reading sheets of master data: a grid of each, codes to choose from while somebody types, and rows as they are now."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, literal, or_, select, union_all
from sqlmodel import Session

from buyside.domain.access import Actor, Permission, needs
from buyside.domain.all_sheets import SHEETS, sheet_named
from buyside.domain.pack import Form
from buyside.domain.refusals import NotAllowed
from buyside.domain.sheet_cells import canonical
from buyside.domain.sheets import Sheet, SheetColumn
from buyside.domain.words import Kind
from buyside.ledgers.sheet_selects import NAME, code_column_of, sheet_select, stored_name, table_of
from buyside.queries.rows import ESCAPE, GridSource, RowColumn, escaped
from buyside.queries.sheet_gaps import SHEET_GAPS

CHOICES_LIMIT = 50
KEYS_LIMIT = 2000
_SEARCHED = frozenset(
    {"code", "name", "sku", "vendor_part", "legal_name", "email", "group", "value", "phone", "category"}
)
_IN_SEVERAL_TABLES = frozenset({"vendor-items", "price-breaks", "bom-rows"})
"""Long tables that people search by texts that stand in others: each is found in its own table, by its own index."""


def _rows_of(sheet: Sheet) -> Callable[[Actor], Select[Any]]:
    empty = [literal("").label(each.name) for each in SHEET_GAPS.get(sheet.name, ())]
    return lambda _actor: sheet_select(sheet).add_columns(*empty)


def _columns(sheet: Sheet) -> tuple[RowColumn, ...]:
    shown = [RowColumn("id", Kind.KEY, required=True), RowColumn("version", Kind.KEY)]
    for column in sheet.columns:
        is_sure = column.is_required and column.name != "parent"
        is_searched, written = _is_searched(sheet, column), _written(column)
        shown.append(RowColumn(column.name, column.kind, searched=is_searched, required=is_sure, written=written))
        if column.refers or column.name == "parent":
            shown.append(RowColumn(column.name + NAME, searched=column.name in sheet.key or column.name == "component"))
    return (*shown, *SHEET_GAPS.get(sheet.name, ()))


def _written(column: SheetColumn) -> Callable[[Mapping[Any, Any], str], str] | None:
    name, wording = column.name, column.wording
    return None if wording is None else lambda row, locale: wording.write(row[name], locale)


def _is_searched(sheet: Sheet, column: SheetColumn) -> bool:
    if column.refers or column.name == "parent":
        return column.name in sheet.key or column.name == "component"
    return column.name in _SEARCHED and column.form in (Form.CODE, Form.TEXT)


def _scopes(sheet: Sheet) -> tuple[str, ...]:
    return tuple(each.name for each in sheet.columns if each.refers or each.name in ("parent_kind", "parent"))


def _source(sheet: Sheet) -> GridSource:
    return GridSource(
        sheet.name,
        sheet.view,
        _rows_of(sheet),
        columns=_columns(sheet),
        order=tuple((name, "asc") for name in sheet.order),
        scopes=_scopes(sheet),
        keys_found=_finder(sheet) if sheet.name in _IN_SEVERAL_TABLES else None,
    )


def _finder(sheet: Sheet) -> Callable[[ColumnElement[str]], Select[Any]]:
    """The keys of the rows in which a pattern occurs, one select for each table that holds what is searched."""

    def found(pattern: ColumnElement[str]) -> Select[Any]:
        items = _found_in("items", pattern, "code", "name")
        vendors = _found_in("vendors", pattern, "code", "name")
        offered = table_of(sheet_named("vendor-items"))
        if sheet.name == "bom-rows":
            rows = table_of(sheet)
            parts = [
                select(rows.c.id).where(or_(rows.c.component_id.in_(items), rows.c.item_id.in_(items))),
                select(rows.c.id).where(rows.c.variant_id.in_(_found_in("variants", pattern, "sku", "name"))),
                select(rows.c.id).where(rows.c.product_id.in_(_found_in("products", pattern, "code", "name"))),
            ]
        else:
            parts = [
                select(offered.c.id).where(offered.c.vendor_part.ilike(pattern, escape=ESCAPE)),
                select(offered.c.id).where(offered.c.item_id.in_(items)),
                select(offered.c.id).where(offered.c.vendor_id.in_(vendors)),
            ]
        keys = union_all(*parts).subquery("found_keys")
        if sheet.name != "price-breaks":
            return select(keys.c.id)
        prices = table_of(sheet)
        return select(prices.c.id).where(prices.c.vendor_item_id.in_(select(keys.c.id)))

    return found


def _found_in(name: str, pattern: ColumnElement[str], *columns: str) -> Select[Any]:
    table = table_of(sheet_named(name))
    return select(table.c.id).where(or_(*(table.c[each].ilike(pattern, escape=ESCAPE) for each in columns)))


SHEET_ROWS: dict[str, GridSource] = {each.name: _source(each) for each in SHEETS}
"""The grid of every sheet, by the sheet's name."""


def _viewed(actor: Actor, name: str) -> Sheet:
    """A sheet that the actor may see. Refuses: NotFound, NotAllowed."""
    sheet = sheet_named(name)
    if not actor.may(sheet.view):
        raise NotAllowed(act=sheet.view.value)
    return sheet


@needs(Permission.SHELL_USE)
def reference_choices(
    session: Session, actor: Actor, /, *, sheet: str, text: str, limit: int = 20
) -> tuple[tuple[str, str], ...]:
    """Code and name of the rows of a sheet that hold `text` in either, the code that is it or begins with it first.

    What is no longer in use (`flag`) is left out. Refuses: NotFound, NotAllowed.
    """
    known = _viewed(actor, sheet)
    table = table_of(known)
    code, name = table.c[stored_name(known.columns[0])], table.c.name
    assert code.name == code_column_of(known)
    words = [f"%{escaped(word)}%" for word in text.split()[:6]]
    begins = f"{escaped(text.strip())}%"
    found = select(code, name).where(
        *(or_(code.ilike(each, escape=ESCAPE), name.ilike(each, escape=ESCAPE)) for each in words)
    )
    if known.flag:
        found = found.where(table.c[known.flag])
    rank = case(
        (func.lower(code) == text.strip().lower(), 0),
        (code.ilike(begins, escape=ESCAPE), 1),
        (name.ilike(begins, escape=ESCAPE), 2),
        else_=3,
    )
    ordered = found.order_by(rank, code).limit(max(1, min(limit, CHOICES_LIMIT)))
    return tuple((str(each[0]), str(each[1] or "")) for each in session.execute(ordered))


@needs(Permission.SHELL_USE)
def current_rows(session: Session, actor: Actor, /, *, sheet: str, keys: Sequence[str]) -> dict[str, dict[str, str]]:
    """Rows as canonical texts by column, with their `version`, by key; those gone are left out. Refuses: NotFound, NotAllowed."""
    known = _viewed(actor, sheet)
    rows = sheet_select(known).subquery()
    wanted = _keys(rows.c.id, keys[:KEYS_LIMIT])
    names = [each.name for each in known.columns]
    chosen = select(rows.c.id, rows.c.version, *(rows.c[name] for name in names)).where(rows.c.id.in_(wanted))
    return {
        str(row["id"]): {name: canonical(row[name]) for name in ("version", *names)}
        for row in session.execute(chosen).mappings()
    }


def _keys(column: ColumnElement[Any], keys: Collection[str]) -> list[Any]:
    if column.type.python_type is not int:
        return list(keys)
    return [int(each) for each in keys if each.isascii() and each.isdigit() and len(each) <= 18]
