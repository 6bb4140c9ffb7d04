"""How long files of master data take to come in, against the server's own COPY of the same rows into the same columns.

`python -m benches.sheet_files [--lines 1000000] [--rounds 3]` makes files of a tenth as many rows: items, vendor items and
prices as CSV, items as a workbook too. Each is kept, checked and run into a database of its own, run again, and written out
as a workbook, turn by turn. It prints ratios, and the most memory that the process took.
"""

import csv
import io
import random
import resource
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime

import psycopg
from psycopg import sql

from benches.ground import Ratio, fresh_database, options, tell, timed  # first: it turns the settings
from buyside.db import engine, ready
from buyside.documents.table_writes import write_workbook
from buyside.domain.access import OPERATOR
from buyside.operations.run import perform
from buyside.operations.sheet_files import ImportDone, check_import, keep_file, run_import, start_import
from buyside.queries.read import ask
from buyside.queries.rows import RowsWanted, grid_xlsx
from buyside.queries.sheet_files import suggested_mapping
from buyside.queries.sheets import SHEET_ROWS

AT = datetime(2026, 3, 1, tzinfo=UTC)
Table = tuple[list[str], list[list[object]]]


def tables(rows: int) -> dict[str, Table]:
    """Master data by sheet: `rows` items, as many vendor items, and as many prices."""
    chance = random.Random(1)
    vendors = max(rows // 200, 5)

    def table(columns: str, lines: Iterable[Iterable[object]]) -> Table:
        return columns.split(), [list(each) for each in lines]

    pairs = [(f"V{(n * 7) % vendors}", f"I{n:07}") for n in range(rows)]
    return {
        "units": table(
            "code name category factor digits", [("EA", "Each", "count", 1, 0), ("BOX", "Box", "box", 1, 0)]
        ),
        "vendors": table(
            "code name currency status", ((f"V{n}", f"Vendor {n}", "EUR", "active") for n in range(vendors))
        ),
        "item-groups": table("code name", ((f"G{n}", f"Group {n}") for n in range(20))),
        "items": table(
            "code name description unit kind supply group safety_stock reorder_point order_up_to standard_cost is_active",
            (
                (
                    *(f"I{n:07}", f"Item {n} of steel, {n % 97} mm", f"Made for {n % 31}; keep dry", "EA"),
                    *(
                        "inventory",
                        "buy",
                        f"G{n % 20}",
                        n % 40,
                        n % 90,
                        n % 90 + 100,
                        f"{chance.uniform(1, 99):.4f}",
                        "true",
                    ),
                )
                for n in range(rows)
            ),
        ),
        "vendor-items": table(
            "vendor item vendor_part purchase_unit unit_factor lead_days minimum_quantity preference valid_from",
            ((*pair, f"P-{n}", "BOX", 12, 5 + n % 60, 1, 1 + n % 3, "2026-01-01") for n, pair in enumerate(pairs)),
        ),
        "price-breaks": table(
            "vendor item from_quantity unit_price currency valid_from",
            ((*pair, 0, f"{chance.uniform(1, 99):.4f}", "EUR", "2026-01-01") for pair in pairs),
        ),
    }


def as_csv(table: Table) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([table[0], *table[1]])
    return text.getvalue().encode()


def as_workbook(table: Table) -> bytes:
    content = io.BytesIO()
    write_workbook(content, "Items", table[0], table[1])
    return content.getvalue()


def copied(content: bytes, columns: list[str]) -> None:
    """The rows as they are, into a table of text."""
    with psycopg.connect(engine.app_url()) as connection:
        typed = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(each)) for each in columns)
        connection.execute(sql.SQL("CREATE TEMPORARY TABLE given ({})").format(typed))
        with connection.cursor().copy("COPY given FROM STDIN (FORMAT csv, HEADER)") as copy:
            for start in range(0, len(content), 1 << 20):
                copy.write(content[start : start + (1 << 20)])


def sent(sheet: str, name: str, content: bytes) -> int:
    """Keep a file and begin its import as it is suggested; answers with the import."""
    file = perform(keep_file, OPERATOR, name=name, content=content, at=AT)
    suggested = ask(suggested_mapping, OPERATOR, file_id=file.file_id, sheet=sheet)
    mapping = {each.place: each.column for each in suggested}
    return perform(start_import, OPERATOR, file_id=file.file_id, sheet=sheet, mapping=mapping, at=AT).run_id


def ran(sheet: str, name: str, content: bytes, created: int) -> None:
    done: ImportDone = perform(run_import, OPERATOR, run_id=sent(sheet, name, content), at=AT)
    assert (done.state, done.created, done.refused) == ("done", created, 0), done


def out() -> None:
    asked = {"source": SHEET_ROWS["items"], "wanted": RowsWanted(), "today": date(2026, 3, 1)}
    ask(grid_xlsx, OPERATOR, **asked).close()


def main() -> None:
    """Measure, and print ratios."""
    given = options("Files of master data, against COPY of the same rows.")
    rows = given.lines // 10
    made = tables(rows)
    files = {name: as_csv(table) for name, table in made.items()}
    workbook = as_workbook(made["items"])
    sizes = {name: len(table[1]) for name, table in made.items()}
    headers = {name: table[0] for name, table in made.items()}
    del made  # what is measured is the import's memory
    print(f"{rows:,} rows a file, " + ", ".join(f"{name} {len(each) / 1e6:.1f} MB" for name, each in files.items()))
    took: dict[str, list[float]] = {}
    beside: dict[str, list[float]] = {}

    def measure(what: str, act: Callable[[], object], content: bytes, columns: list[str]) -> None:
        beside.setdefault(what, []).append(timed(lambda: copied(content, columns)))
        took.setdefault(what, []).append(timed(act))
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{what}: {took[what][-1]:.1f} s, at most {memory:.0f} MiB so far", flush=True)

    with ready.database():
        for number in range(given.rounds):
            fresh_database(number)
            for name in ("units", "vendors", "item-groups"):
                ran(name, f"{name}.csv", files[name], sizes[name])
            for name in ("items", "vendor-items", "price-breaks"):
                content, columns = files[name], headers[name]
                look = lambda n=name, c=content: perform(check_import, OPERATOR, run_id=sent(n, f"{n}.csv", c))  # noqa: E731
                measure(f"check {name}", look, content, columns)
                measure(f"import {name}", lambda n=name, c=content: ran(n, f"{n}.csv", c, rows), content, columns)
                measure(f"{name} again", lambda n=name, c=content: ran(n, f"{n}.csv", c, 0), content, columns)
            items, columns = files["items"], headers["items"]
            measure("items as a workbook, again", lambda: ran("items", "items.xlsx", workbook, 0), items, columns)
            measure("items out as a workbook", out, items, columns)
        engine.dispose_engines()
    tell(given, [Ratio.of(what, took[what], "COPY of the rows into a table of text", beside[what]) for what in took])
    print(f"most memory of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
