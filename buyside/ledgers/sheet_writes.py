"""A checked batch into its table: a few statements for thousands of rows, each change told to the audit trail."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql
from sqlmodel import Session

from buyside.db.bulk import Connection, driver, run
from buyside.domain.sheet_cells import choices_of
from buyside.domain.sheet_changes import CellProblem, Outcome, RowsRefused
from buyside.domain.sheets import Sheet
from buyside.ledgers import audit
from buyside.ledgers.sheet_batch import Batch, BatchRow, Progress, problem, silent
from buyside.ledgers.sheet_rows import check_again
from buyside.ledgers.sheet_selects import stored_name, table_of

_CHUNK = 5000
_PARKED = "\x1f"
"""Ends a code while others take it; no code that people write holds it."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows a batch made and changed."""

    created: int
    changed: int


def write_rows(session: Session, batch: Batch, *, on_progress: Progress = silent) -> Counts:
    """Write a batch in which nothing is refused. New rows get their keys, changed ones their next version.

    Refuses: RowsRefused, also for what only the database finds; then nothing is written.
    """
    if batch.is_refused:
        raise RowsRefused(batch.problems)
    created = [row for row in batch.rows if row.outcome is Outcome.CREATED]
    changed = [row for row in batch.rows if row.outcome is Outcome.CHANGED]
    if not created and not changed:
        return Counts(0, 0)
    session.flush()
    connection = driver(session)
    were = [(row, row.key, row.version) for row in (*created, *changed)]
    try:
        with connection.transaction():
            _write(connection, batch.sheet, created, changed, on_progress)
    except (psycopg.IntegrityError, psycopg.DataError) as error:
        for row, key, version in were:
            row.key, row.version = key, version
        check_again(session, batch)
        raise RowsRefused(batch.problems or [_from_database(batch.sheet, [*created, *changed], error)]) from error
    session.expire_all()
    for row in (*created, *changed):
        _note(session, batch.sheet, row)
    return Counts(len(created), len(changed))


def _write(
    connection: Connection,
    sheet: Sheet,
    created: Sequence[BatchRow],
    changed: Sequence[BatchRow],
    on_progress: Progress,
) -> None:
    if sheet.name == "options":
        _write_options(connection, created)
        return
    table = table_of(sheet)
    total = len(created) + len(changed)
    if changed:
        _make_way(connection, sheet, table, changed)
    for start in range(0, len(changed), _CHUNK):
        on_progress(start, total)
        _update(connection, table, changed[start : start + _CHUNK])
    for start in range(0, len(created), _CHUNK):
        on_progress(len(changed) + start, total)
        _insert(connection, table, created[start : start + _CHUNK])
    if after := _AFTER.get(sheet.name):
        after(connection, [*created, *changed])
    on_progress(total, total)


_REWRITTEN = frozenset({"exchange-rates", "vendor-closing-days", "price-breaks"})
"""Sheets whose rows nothing refers to."""


def _make_way(connection: Connection, sheet: Sheet, table: Table, rows: Sequence[BatchRow]) -> None:
    """Before rows take keys and days from each other, let go of what each gives up: the database looks at one after the other."""
    own = [stored_name(column) for name in sheet.key if (column := sheet.column(name)) and not column.refers]
    if "code" in own and "id" in table.c:
        moving = [row for row in rows if row.stored["code"] != row.was_stored["code"]]
        _set(connection, table, moving, {"code": [f"{row.key}{_PARKED}" for row in moving]})
    elif sheet.name in _REWRITTEN:
        names = [name for name in dict.fromkeys((*own, "valid_to")) if name in table.c]
        _rewrite(connection, table, [row for row in rows if _moves(row, names)], names)
    elif sheet.name == "vendor-items":
        _shrink(connection, table, [row for row in rows if _moves(row, _DAYS)])


_DAYS = ("valid_from", "valid_to")


def _moves(row: BatchRow, names: Sequence[str]) -> bool:
    return any(row.stored[name] != row.was_stored[name] for name in names)


def _shrink(connection: Connection, table: Table, rows: Sequence[BatchRow]) -> None:
    """Rows keep only the days that they have before and after; those that have none take all of theirs at once."""
    moving, begins, ends = [], list[str | None](), list[str | None]()
    for row in rows:
        was, will = row.was_stored, row.stored
        begin = max(was["valid_from"] or "", will["valid_from"] or "")
        end = min(was["valid_to"] or "9999", will["valid_to"] or "9999")
        if begin <= end:
            moving.append(row)
            begins.append(begin or None)
            ends.append(None if end == "9999" else end)
    _set(connection, table, moving, {"valid_from": begins, "valid_to": ends})
    shrunk = {row.key for row in moving}
    _rewrite(connection, table, [row for row in rows if row.key not in shrunk], _DAYS)


def _rewrite(connection: Connection, table: Table, rows: Sequence[BatchRow], names: Sequence[str]) -> None:
    """Give columns new values in rows that are taken out and put back in one statement, under their keys.

    So all let go before the first takes: rows taken out are counted, which needs the last of them, before any is put back.
    What refers to a row is only looked for when the statement has ended.
    """
    if not rows:
        return
    given: dict[str, Sequence[str | None]] = {name: [row.stored[name] for row in rows] for name in names}
    given["id"] = [row.key for row in rows]
    source, arrays = _given(table, given)
    columns = [each.name for each in table.columns if each.computed is None]
    values = (sql.SQL("n.{}" if each in names else "gone.{}").format(sql.Identifier(each)) for each in columns)
    connection.execute(
        sql.SQL(
            "WITH gone AS (DELETE FROM {table} WHERE id = ANY(%s) RETURNING *) INSERT INTO {table} ({columns}) "
            "SELECT {values} FROM gone JOIN {source} ON n.id = gone.id "
            "WHERE (SELECT count(*) FROM gone) > 0 ORDER BY n._place"
        ).format(
            table=sql.Identifier(table.name),
            columns=sql.SQL(", ").join(sql.Identifier(each) for each in columns),
            values=sql.SQL(", ").join(values),
            source=source,
        ),
        [[int(row.key) for row in rows], *arrays],
    )


def _type_of(table: Table, name: str) -> sql.SQL:
    return sql.SQL(table.c[name].type.compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]


def _given(table: Table, columns: dict[str, Sequence[str | None]]) -> tuple[sql.Composable, list[Any]]:
    """Columns of texts as a table `n` of typed ones, in their order, and the parameters that it takes."""
    typed = [sql.SQL("u.{c}::{t} AS {c}").format(c=sql.Identifier(c), t=_type_of(table, c)) for c in columns]
    arrays = sql.SQL(", ").join(sql.SQL("%s::text[]") for _ in columns)
    names = sql.SQL(", ").join([*(sql.Identifier(each) for each in columns), sql.Identifier("_place")])
    source = sql.SQL("(SELECT u._place, {typed} FROM unnest({arrays}) WITH ORDINALITY AS u({names})) AS n").format(
        typed=sql.SQL(", ").join(typed), arrays=arrays, names=names
    )
    return source, [list(each) for each in columns.values()]


def _key_column(table: Table) -> str:
    return "id" if "id" in table.c else "code"


def _set(
    connection: Connection, table: Table, rows: Sequence[BatchRow], values: dict[str, Sequence[str | None]]
) -> None:
    """Give columns of existing rows new values."""
    if not rows:
        return
    key = _key_column(table)
    source, arrays = _given(table, {key: [row.key for row in rows], **values})
    sets = sql.SQL(", ").join(sql.SQL("{c} = n.{c}").format(c=sql.Identifier(each)) for each in values)
    statement = sql.SQL("UPDATE {table} AS kept SET {sets} FROM {source} WHERE kept.{key} = n.{key}")
    connection.execute(
        statement.format(table=sql.Identifier(table.name), sets=sets, source=source, key=sql.Identifier(key)), arrays
    )


def _update(connection: Connection, table: Table, rows: Sequence[BatchRow]) -> None:
    key = _key_column(table)
    names = [name for name in rows[0].stored if name in table.c and name != key]
    moved = [name for name in names if any(row.stored[name] != row.was_stored[name] for row in rows)]
    values: dict[str, Sequence[str | None]] = {name: [row.stored[name] for row in rows] for name in moved}
    if "version" in table.c:
        for row in rows:
            row.version += 1
        values["version"] = [str(row.version) for row in rows]
    _set(connection, table, rows, values)


def _insert(connection: Connection, table: Table, rows: Sequence[BatchRow]) -> None:
    """Make rows, which get their keys in their order."""
    names = [name for name in rows[0].stored if name in table.c]
    values: dict[str, Sequence[str | None]] = {name: [row.stored[name] for row in rows] for name in names}
    if "version" in table.c:
        values["version"] = ["1"] * len(rows)
    source, arrays = _given(table, values)
    columns = sql.SQL(", ").join(sql.Identifier(each) for each in values)
    made = connection.execute(
        sql.SQL(
            "INSERT INTO {table} ({columns}) SELECT {values} FROM {source} ORDER BY n._place RETURNING {key}"
        ).format(
            table=sql.Identifier(table.name),
            columns=columns,
            values=sql.SQL(", ").join(sql.SQL("n.{}").format(sql.Identifier(each)) for each in values),
            source=source,
            key=sql.Identifier(_key_column(table)),
        ),
        arrays,
    ).fetchall()
    keys = [row.stored["code"] for row in rows] if "id" not in table.c else sorted(each[0] for each in made)
    for row, key in zip(rows, keys, strict=True):
        row.key, row.version = str(key), 1 if "version" in table.c else 0


def delete_rows(session: Session, batch: Batch) -> None:
    """Remove existing rows, with what is a part of them alone. Refuses: RowsRefused."""
    table = table_of(batch.sheet)
    connection = driver(session)
    key = _key_column(table)
    keys = [row.key for row in batch.rows]
    session.flush()
    try:
        with connection.transaction():
            if batch.sheet.name == "option-rules":
                run(
                    connection,
                    "DELETE FROM option_rule_condition WHERE rule_id = ANY(%s)",
                    ([int(each) for each in keys],),
                )
            values: list[Any] = [int(each) for each in keys] if key == "id" else keys
            run(connection, "DELETE FROM {table} WHERE {key} = ANY(%s)", (values,), table=table.name, key=key)
    except psycopg.IntegrityError as error:
        raise RowsRefused([_from_database(batch.sheet, batch.rows, error)]) from error
    session.expire_all()
    for row in batch.rows:
        gone = _told(table, row.was_stored)
        audit.note(session, batch.sheet.table, _record(table, row), before=gone, after=None)


def _write_conditions(connection: Connection, rows: Sequence[BatchRow]) -> None:
    """The options that rules demand, each a row of its own beside the rule."""
    moving = [row for row in rows if row.is_new or row.moves("when")]
    run(
        connection,
        "DELETE FROM option_rule_condition WHERE rule_id = ANY(%s)",
        ([int(row.key) for row in moving if not row.is_new],),
    )
    pairs = [(int(row.key), group, value) for row in moving for group, value in choices_of(row.after["when"])]
    if pairs:
        run(
            connection,
            "INSERT INTO option_rule_condition (rule_id, option_value_id) SELECT n.rule, o.id "
            "FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS n(rule, grp, val) "
            "JOIN option_value AS o ON o.group_name = n.grp AND o.value = n.val",
            [list(each) for each in zip(*pairs, strict=True)],
        )


def _tell_balances(connection: Connection, rows: Sequence[BatchRow]) -> None:
    """Balances hold by themselves whether their warehouse may go below zero."""
    run(
        connection,
        "UPDATE stock_balance AS b SET allows_negative = w.allows_negative FROM warehouse AS w "
        "WHERE w.id = b.warehouse_id AND b.allows_negative <> w.allows_negative AND w.id = ANY(%s)",
        ([int(row.key) for row in rows],),
    )


_AFTER: dict[str, Callable[[Connection, Sequence[BatchRow]], None]] = {
    "option-rules": _write_conditions,
    "warehouses": _tell_balances,
}


def _write_options(connection: Connection, rows: Sequence[BatchRow]) -> None:
    """Which options products offer; an option that nobody offered before is made."""
    columns = [[row.stored[name] for row in rows] for name in ("product_id", "group", "value")]
    run(
        connection,
        "INSERT INTO option_value (group_name, value) SELECT DISTINCT n.grp, n.val "
        "FROM unnest(%s::text[], %s::text[]) AS n(grp, val) ORDER BY 1, 2 ON CONFLICT (group_name, value) DO NOTHING",
        columns[1:],
    )
    made = run(
        connection,
        "INSERT INTO product_option (product_id, option_value_id) SELECT n.product::bigint, o.id "
        "FROM unnest(%s::text[], %s::text[], %s::text[]) WITH ORDINALITY AS n(product, grp, val, place) "
        "JOIN option_value AS o ON o.group_name = n.grp AND o.value = n.val ORDER BY n.place "
        "RETURNING product_id, option_value_id",
        columns,
    ).fetchall()
    for row, (product, value) in zip(rows, made, strict=True):
        row.key, row.stored["option_value_id"] = f"{product}-{value}", str(value)


def _record(table: Table, row: BatchRow) -> Any:
    if "id" in table.c:
        return int(row.key)
    return row.key if "code" in table.c else int(row.stored["product_id"] or 0)


def _told(table: Table, stored: dict[str, str | None]) -> dict[str, Any]:
    """Stored texts as the audit trail tells values of the table's columns."""
    return {name: _value(table, name, text) for name, text in stored.items() if name in table.c}


def _value(table: Table, name: str, text: str | None) -> Any:
    if text is None:
        return None
    wanted = table.c[name].type.python_type
    return int(text) if wanted is int else text == "true" if wanted is bool else text


def _note(session: Session, sheet: Sheet, row: BatchRow) -> None:
    table = table_of(sheet)
    if row.is_new:
        after = _told(table, row.stored)
        if "version" in table.c:
            after["version"] = row.version
        audit.note(session, sheet.table, _record(table, row), after=after | _beside(row))
        return
    moved = {name for name, text in row.stored.items() if text != row.was_stored[name]}
    before = _told(table, {name: row.was_stored[name] for name in moved})
    after = _told(table, {name: row.stored[name] for name in moved})
    if "version" in table.c:
        before["version"], after["version"] = row.version - 1, row.version
    if row.moves("when"):
        before["when"] = row.before["when"]
        after |= _beside(row)
    audit.note(session, sheet.table, _record(table, row), before=before, after=after)


def _beside(row: BatchRow) -> dict[str, Any]:
    """What a rule demands, which stands in a table beside it."""
    return {"when": row.after["when"]} if "when" in row.after else {}


_FAILING = re.compile(r"Failing row contains \((?P<key>[^,)]*)")


def _from_database(sheet: Sheet, rows: Sequence[BatchRow], error: psycopg.Error) -> CellProblem:
    """What only the database found, at the row and cell that it is about, as far as it tells."""
    told = error.diag
    failing = _FAILING.search(told.message_detail or "")
    row = next((each for each in rows if failing and each.key == failing["key"]), rows[0])
    stored = {told.column_name, *_columns_of(table_of(sheet), told.constraint_name)}
    column = next((each.name for each in sheet.columns if stored_name(each) in stored), "")
    if isinstance(error, psycopg.errors.UniqueViolation | psycopg.errors.ExclusionViolation):
        says = f"It clashes with another {sheet.one}. If rows take something from each other, save them one after the other."
        return problem(row, column, "sheets.duplicate", says)
    if isinstance(error, psycopg.errors.ForeignKeyViolation):
        says = "Something that it refers to is no more, or something refers to it by now."
        return problem(row, column, "sheets.in-use", says)
    rule = (told.constraint_name or told.message_primary or "").removeprefix(f"{sheet.table}_")
    says = f"It breaks a rule of the database: {rule.removesuffix('_check').replace('_', ' ')}."
    return problem(row, column, "sheets.rule-broken", says)


def _columns_of(table: Table, constraint: str | None) -> list[str]:
    """The columns of a constraint, by its name."""
    named = (each for each in table.constraints if each.name == constraint)
    return [column.name for each in named for column in getattr(each, "columns", ())]
