"""The rows of a pack inside the database: staged as text, checked cell by cell, and turned into typed rows.

For every file of the pack there is a temporary table `pack_<file>` then: its columns typed, unreadable cells null, each
row beside the number that a reader of the file counts. What is wrong is collected in `pack_fault`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from psycopg import sql

from buyside.db.bulk import Connection, Source, run, stage
from buyside.domain.pack import FILES, LONGEST_TEXT, SPELLINGS, Column, Fault, Form, PackFile

_ENTITY_TABLES = {  # of files that others refer to: the file's key column, the table, its column
    "warehouses": ("code", "warehouse", "code"),
    "units": ("code", "unit", "code"),
    "items": ("code", "item", "code"),
    "vendors": ("code", "vendor", "code"),
    "products": ("code", "product", "code"),
    "variants": ("sku", "variant", "sku"),
    "sales_orders": ("number", "sales_order", "number"),
    "contracts": ("number", "contract", "number"),
    "purchase_orders": ("number", "purchase_order", "number"),
}


@dataclass(slots=True)
class Rows:
    """A pack whose rows stand in temporary tables."""

    connection: Connection
    headers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def names(self, file: str, column: str) -> bool:
        """Whether the header of `file` names `column`."""
        return column in self.headers[file]


def read_rows(connection: Connection, source: Source, on_step: Callable[[str], None]) -> Rows:
    """Stage, check the cells of, and type every file of a pack."""
    rows = Rows(connection)
    run(connection, "DROP TABLE IF EXISTS pg_temp.pack_fault")
    run(
        connection,
        "CREATE TEMPORARY TABLE pack_fault (file text, row bigint, col text, value text, rule text) ON COMMIT DROP",
    )
    for stranger in source.strangers:
        tell(connection, Fault(stranger, 0, "", "", "is not a file of the pack"))
    for file in FILES:
        if file.name in source.opened:
            on_step(f"reading {file.file_name}")
        header, faults = stage(connection, file, source.opened.get(file.name))
        for fault in faults:
            tell(connection, fault)
        rows.headers[file.name] = header
        _type(connection, file, header)
        found = run(connection, "SELECT count(*) FROM pg_temp.{t}", t=f"pack_{file.name}").fetchone()
        rows.counts[file.name] = int(found[0]) if found else 0
    return rows


def tell(connection: Connection, fault: Fault) -> None:
    """Add one fault to the list."""
    connection.execute(
        "INSERT INTO pg_temp.pack_fault VALUES (%s, %s, %s, %s, %s)",
        (fault.file, fault.row, fault.column, fault.value, fault.rule),
    )


def faults(connection: Connection, most: int) -> tuple[tuple[Fault, ...], int]:
    """The first `most` faults in the order of files and rows, and how many there are in all."""
    order = [each.file_name for each in FILES]
    found = connection.execute(
        "SELECT file, row, col, coalesce(left(value, 200), ''), rule FROM pg_temp.pack_fault "
        "ORDER BY coalesce(array_position(%s::text[], file), 0), row, array_position(%s::text[], col), rule LIMIT %s",
        (order, [column.name for file in FILES for column in file.columns], most),
    ).fetchall()
    total = connection.execute("SELECT count(*) FROM pg_temp.pack_fault").fetchone()
    return tuple(Fault(*each) for each in found), int(total[0]) if total else 0


def drop(connection: Connection) -> None:
    """Let the temporary tables go before the transaction ends."""
    run(connection, "DROP TABLE IF EXISTS pg_temp.pack_fault")
    for file in FILES:
        run(connection, "DROP TABLE IF EXISTS pg_temp.{t}", t=f"pack_{file.name}")


def _type(connection: Connection, file: PackFile, header: tuple[str, ...]) -> None:
    raw, table = f"raw_{file.name}", f"pack_{file.name}"
    if header:
        run(connection, "ANALYZE pg_temp.{raw}", raw=raw)
    typed = []
    for column in file.columns:
        becomes = sql.SQL(SPELLINGS[column.form].becomes)
        if column.name not in header:
            typed.append(sql.SQL("NULL::{} AS {}").format(becomes, sql.Identifier(column.name)))
            continue
        misspelt = _check_cells(connection, file, column)
        value: sql.Composable = sql.Identifier(column.name)
        if column.form is Form.FLAG:
            value = sql.SQL("(lower({}) IN ('true', 'yes', '1'))").format(value)
        if misspelt:
            value = sql.SQL("CASE WHEN {} THEN {} END").format(_well_spelt(column), value)
        typed.append(sql.SQL("({})::{} AS {}").format(value, becomes, sql.Identifier(column.name)))
    run(connection, "DROP TABLE IF EXISTS pg_temp.{t}", t=table)
    run(
        connection,
        "CREATE TEMPORARY TABLE {t} ON COMMIT DROP AS SELECT row, {typed} FROM pg_temp.{raw}",
        t=table,
        raw=raw,
        typed=sql.SQL(", ").join(typed),
    )
    run(connection, "DROP TABLE pg_temp.{raw}", raw=raw)
    if header and file.name in _ENTITY_TABLES:
        run(connection, "CREATE INDEX ON pg_temp.{t} ({key})", t=table, key=_ENTITY_TABLES[file.name][0])
    if header:
        run(connection, "ANALYZE pg_temp.{t}", t=table)
        for column in file.columns:
            _check_range(connection, file, column)


def _well_spelt(column: Column) -> sql.Composable:
    """The SQL of whether a text is of the column's form."""
    cell, spelling = sql.Identifier(column.name), SPELLINGS[column.form]
    if column.form is Form.WORD:
        return sql.SQL("{} IN ({})").format(cell, sql.SQL(", ").join(sql.Literal(each) for each in column.words))
    if column.form is Form.TEXT:
        return sql.SQL("length({}) <= {}").format(cell, sql.Literal(LONGEST_TEXT))
    tested = sql.SQL("lower({})").format(cell) if column.form is Form.FLAG else cell
    matches = sql.SQL("{} ~ {}").format(tested, sql.Literal(spelling.pattern))
    if column.form in (Form.DATE, Form.INSTANT):
        return sql.SQL("({} AND pg_input_is_valid({}, {}))").format(matches, cell, sql.Literal(spelling.becomes))
    return matches


def _check_cells(connection: Connection, file: PackFile, column: Column) -> bool:
    """Tell of empty and misspelt cells; answers with whether any is misspelt.

    Different values are few where rows are many, so it is the values that are looked at, and rows only if one is wrong.
    """
    raw = f"raw_{file.name}"
    if column.required:
        run(
            connection,
            "INSERT INTO pg_temp.pack_fault SELECT %s, row, %s, '', 'is empty' FROM pg_temp.{raw} WHERE {c} IS NULL",
            (file.file_name, column.name),
            raw=raw,
            c=column.name,
        )
    if column.form is Form.CODE and column.refers:
        return False
    found = run(
        connection,
        "SELECT EXISTS (SELECT FROM (SELECT DISTINCT {c} FROM pg_temp.{raw}) AS v WHERE NOT {ok})",
        raw=raw,
        c=column.name,
        ok=_well_spelt(column),
    ).fetchone()
    if found is None or not found[0]:
        return False
    wanted = f"is none of: {', '.join(column.words)}" if column.words else f"is {SPELLINGS[column.form].wanted}"
    run(
        connection,
        "INSERT INTO pg_temp.pack_fault SELECT {file}, row, {name}, {c}, {rule} FROM pg_temp.{raw} WHERE NOT {ok}",
        file=sql.Literal(file.file_name),
        name=sql.Literal(column.name),
        rule=sql.Literal(wanted),
        raw=raw,
        c=column.name,
        ok=_well_spelt(column),
    )
    return True


def _check_range(connection: Connection, file: PackFile, column: Column) -> None:
    limits = (
        ("<", column.least, "is below {}"),
        ("<=", column.above, "is not above {}"),
        (">", column.most, "is above {}"),
    )
    for beyond, limit, rule in limits:
        if limit is not None:
            run(
                connection,
                "INSERT INTO pg_temp.pack_fault SELECT {file}, row, {name}, {c}::text, {rule} "
                "FROM pg_temp.{t} WHERE {c} {beyond} {limit}",
                file=sql.Literal(file.file_name),
                name=sql.Literal(column.name),
                rule=sql.Literal(rule.format(limit)),
                t=f"pack_{file.name}",
                c=column.name,
                beyond=sql.SQL(beyond),
                limit=sql.Literal(limit),
            )


def check_references(connection: Connection, file: PackFile) -> None:
    """Tell of codes that exist neither in the pack nor in the database."""
    for column in file.columns:
        if not column.refers:
            continue
        key, table, code = _ENTITY_TABLES.get(column.refers, ("", "currency", "code"))
        unknown = sql.SQL(
            "{c} IS NOT NULL AND NOT EXISTS (SELECT FROM public.{table} AS kept WHERE kept.{code} = s.{c})"
        ).format(c=sql.Identifier(column.name), table=sql.Identifier(table), code=sql.Identifier(code))
        if key:
            unknown += sql.SQL(" AND NOT EXISTS (SELECT FROM pg_temp.{other} AS o WHERE o.{key} = s.{c})").format(
                other=sql.Identifier(f"pack_{column.refers}"), key=sql.Identifier(key), c=sql.Identifier(column.name)
            )
        found = run(
            connection,
            "SELECT array_agg({c}) FROM (SELECT DISTINCT {c} FROM pg_temp.{t}) AS s WHERE {unknown}",
            t=f"pack_{file.name}",
            c=column.name,
            unknown=unknown,
        ).fetchone()
        if found and found[0]:
            missing = "the database does not know" if not key else "stands neither in the pack nor in the database"
            run(
                connection,
                "INSERT INTO pg_temp.pack_fault SELECT %s, row, %s, {c}, %s FROM pg_temp.{t} WHERE {c} = ANY(%s)",
                (file.file_name, column.name, f"is none of the {column.refers}: {missing} it", found[0]),
                t=f"pack_{file.name}",
                c=column.name,
            )


def check_keys(connection: Connection, file: PackFile) -> None:
    """Tell of rows whose key an earlier row of the file has."""
    key = sql.SQL(", ").join(sql.Identifier(each) for each in file.key)
    first_column = file.column(file.key[-1] if file.key[-1] != "valid_from" else file.key[1])
    found = run(
        connection,
        "SELECT EXISTS (SELECT FROM pg_temp.{t} GROUP BY {key} HAVING count(*) > 1)",
        t=f"pack_{file.name}",
        key=key,
    ).fetchone()
    if found is None or not found[0]:
        return
    known = sql.SQL(" AND ").join(
        sql.SQL("{} IS NOT NULL").format(sql.Identifier(each)) for each in file.key if file.column(each).required
    )
    run(
        connection,
        "INSERT INTO pg_temp.pack_fault SELECT {file}, row, {name}, {c}::text, "
        "'has the same ' || {words} || ' as row ' || first FROM (SELECT *, min(row) OVER (PARTITION BY {key}) AS first "
        "FROM pg_temp.{t} WHERE {known}) AS s WHERE row > first",
        file=sql.Literal(file.file_name),
        name=sql.Literal(first_column.name),
        c=first_column.name,
        words=sql.Literal(", ".join(file.key)),
        key=key,
        t=f"pack_{file.name}",
        known=known,
    )
