"""The rows of every sheet as one select each: the grid, the check and the file read the same.

Every select has `id`, `version` and the sheet's columns by name, references as codes with the name of what they refer to beside
them (`vendor`, `vendor_name`), and as `raw_…` what the table itself holds of a reference. What is joined is joined from outside
on a key, so that the database leaves it away where nobody looks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from sqlalchemy import BigInteger, ColumnElement, FromClause, Select, Table, Text, case, func, literal, select
from sqlalchemy import cast as as_type
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlmodel import SQLModel, col

from buyside.db import tables
from buyside.db.structure import OptionRuleCondition, OptionValue
from buyside.db.vendors import PaymentTermEvent
from buyside.domain.all_sheets import sheet_named
from buyside.domain.sheets import Sheet, SheetColumn
from buyside.domain.structure_sheets import ParentKind

assert tables.MODULES  # a sheet finds its table by name

RAW = "raw_"
"""Goes before a table's column that a sheet shows as a code."""
NAME = "_name"
"""Goes after a sheet's column for the name of what it refers to."""

_Labels = dict[str, ColumnElement[Any]]
_Built = tuple[_Labels, FromClause]


def table_of(sheet: Sheet) -> Table:
    """The table that holds a sheet's rows."""
    return SQLModel.metadata.tables[sheet.table]


def stored_name(column: SheetColumn) -> str:
    """The table's column, if it is not one of those that a sheet writes in a way of its own."""
    return column.stored or column.name


def code_column_of(sheet: Sheet) -> str:
    """The one column that tells a sheet's rows apart for those who refer to them."""
    return sheet.key[0]


def sheet_select(sheet: Sheet) -> Select[Any]:
    """All rows of a sheet, unordered."""
    labels, source = _BUILT_BY_ITSELF.get(sheet.name, _built)(sheet)
    chosen = select(*(each.label(name) for name, each in labels.items()))
    return cast("Select[Any]", chosen.select_from(source))


def _built(sheet: Sheet) -> _Built:
    table = table_of(sheet)
    labels, source = _beginning(table), cast("FromClause", table)
    for column in sheet.columns:
        if sheet.name == "payment-terms" and column.name == "total_percent":
            labels[column.name] = _total_percent(table)
        elif sheet.name == "option-rules" and column.name == "when":
            labels[column.name] = _when(table)
        elif column.refers:
            source = _refer(labels, source, column, table.c[stored_name(column)])
        else:
            labels[column.name] = table.c[stored_name(column)]
    return labels, source


def _beginning(table: Table) -> _Labels:
    key = table.c.id if "id" in table.c else table.c.code
    return {"id": key, "version": table.c.version if "version" in table.c else literal(0)}


def _refer(labels: _Labels, source: FromClause, column: SheetColumn, key: ColumnElement[Any]) -> FromClause:
    """Join what a column refers to, and label its code and name."""
    other = sheet_named(column.refers)
    named = table_of(other).alias(f"of_{column.name}")
    on_code = "id" not in named.c
    labels[column.name] = key if on_code else named.c[code_column_of(other)]
    labels[column.name + NAME] = func.coalesce(named.c.name, "", type_=Text())
    labels.setdefault(RAW + stored_name(column), key)
    return source.join(named, (named.c.code if on_code else named.c.id) == key, isouter=True)


def _total_percent(terms: Table) -> ColumnElement[Any]:
    shares = select(func.coalesce(func.sum(col(PaymentTermEvent.share_percent)), 0))
    return shares.where(col(PaymentTermEvent.payment_term_id) == terms.c.id).scalar_subquery()


def _when(rules: Table) -> ColumnElement[Any]:
    # In the order of code points, as the cell is written anew from what somebody typed.
    group, value = col(OptionValue.group_name).collate("C"), col(OptionValue.value).collate("C")
    pair = col(OptionValue.group_name) + "=" + col(OptionValue.value)
    listed = select(func.coalesce(func.string_agg(pair, aggregate_order_by(literal(";"), group, value)), ""))
    listed = listed.join(OptionRuleCondition, col(OptionRuleCondition.option_value_id) == col(OptionValue.id))
    return listed.where(col(OptionRuleCondition.rule_id) == rules.c.id).scalar_subquery()


def _price_breaks(sheet: Sheet) -> _Built:
    table, mapping = table_of(sheet), table_of(sheet_named("vendor-items"))
    labels = _beginning(table) | {f"{RAW}vendor_item_id": table.c.vendor_item_id}
    source: FromClause = table.join(mapping, mapping.c.id == table.c.vendor_item_id, isouter=True)
    own = {"vendor": mapping.c.vendor_id, "item": mapping.c.item_id, "currency": table.c.currency_code}
    for column in sheet.columns:
        if column.name in own:
            source = _refer(labels, source, column, own[column.name])
        else:
            labels[column.name] = mapping.c.valid_from if column.name == "mapping_from" else table.c[column.name]
    return labels, source


_PARENTS = ("variants", "products", "items")


def _bom_rows(sheet: Sheet) -> _Built:
    table = table_of(sheet)
    variant, product, item = (table_of(sheet_named(each)).alias(f"of_{each}") for each in _PARENTS)
    labels, source = _beginning(table), cast("FromClause", table)
    for kind, parent in zip(ParentKind, (variant, product, item), strict=True):
        labels[f"{RAW}{kind.value}_id"] = table.c[f"{kind.value}_id"]
        source = source.join(parent, parent.c.id == table.c[f"{kind.value}_id"], isouter=True)
    for column in sheet.columns:
        if column.name == "parent_kind":
            kinds = ((table.c[f"{kind.value}_id"].is_not(None), kind.value) for kind in ParentKind)
            labels["parent_kind"] = case(*kinds)
        elif column.name == "parent":
            labels["parent"] = func.coalesce(variant.c.sku, product.c.code, item.c.code, type_=Text())
            labels["parent_name"] = func.coalesce(variant.c.name, product.c.name, item.c.name, "", type_=Text())
        elif column.refers:
            source = _refer(labels, source, column, table.c[stored_name(column)])
        else:
            labels[column.name] = table.c[stored_name(column)]
    return labels, source


def _options(sheet: Sheet) -> _Built:
    table, value = table_of(sheet), cast("Table", OptionValue.__table__)  # type: ignore[attr-defined]
    key = as_type(table.c.product_id, Text) + "-" + as_type(table.c.option_value_id, Text)
    labels: _Labels = {"id": key, "version": literal(0)}
    source = _refer(labels, table, sheet.columns[0], table.c.product_id)
    source = source.join(value, value.c.id == table.c.option_value_id)
    labels |= {"group": value.c.group_name, "value": value.c.value}
    labels[f"{RAW}option_value_id"] = as_type(table.c.option_value_id, BigInteger)
    return labels, source


_BUILT_BY_ITSELF: dict[str, Callable[[Sheet], _Built]] = {
    "price-breaks": _price_breaks,
    "bom-rows": _bom_rows,
    "options": _options,
}
