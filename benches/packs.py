"""How long a pack takes to come in and to go out, against the server's own COPY of the same files.

`python -m benches.packs [--lines 1000000] [--rounds 3]` makes a company, then loads it by `COPY` into bare tables of
text and by `import pack` into an empty database, and writes it out both ways, turn by turn, on a server of its own. It
prints ratios: seconds depend on the machine, ratios hardly. What was imported is compared with the files.
"""

import csv
import random
import resource
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
from psycopg import sql

from benches.ground import RUN, Ratio, fresh_database, options, tell, timed  # first: it turns the settings
from buyside.db import engine, ready
from buyside.domain.access import OPERATOR
from buyside.operations.packs import import_pack
from buyside.operations.run import perform
from buyside.queries.packs import export_pack
from buyside.queries.read import ask

AT = datetime(2026, 3, 1, tzinfo=UTC)
TODAY = date(2026, 3, 1)
TABLES = (
    "warehouse unit item vendor vendor_item price_break product variant product_option bom_row option_rule sales_order "
    "sales_order_line sales_order_line_option stock_balance purchase_order purchase_order_line"
)


def make_company(folder: Path, lines: int) -> None:
    """A pack of `lines` sales order lines, half of them with two options, and what belongs to so many."""
    folder.mkdir()
    chance = random.Random(1)

    def write(name: str, columns: str, rows: Iterable[Iterable[object]]) -> None:
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(columns.split())
            writer.writerows(rows)

    items, products, vendors = max(lines // 50, 100), max(lines // 1000, 10), max(lines // 2000, 5)
    made, buys = items // 4, lines // 20
    bought = range(made, items)
    write("warehouses", "code name", [("MAIN", "Main")])
    write("units", "code name category factor digits", [("EA", "Each", "count", 1, 0), ("BOX", "Box", "box", 1, 0)])
    kinds = ("make", "buy")
    write(
        "items",
        "code name unit kind supply safety_stock",
        ((f"I{n}", f"Item {n}", "EA", "inventory", kinds[n >= made], n % 40) for n in range(items)),
    )
    write("vendors", "code name currency status", ((f"V{n}", f"Vendor {n}", "EUR", "active") for n in range(vendors)))
    sold_by = [(f"V{(n * 7 + k) % vendors}", f"I{n}") for n in bought for k in range(2)]
    write(
        "vendor_items",
        "vendor item purchase_unit unit_factor lead_days moq",
        ((*pair, "BOX", 12, 5 + n % 60, 1) for n, pair in enumerate(sold_by)),
    )
    write(
        "price_breaks",
        "vendor item from_qty unit_price currency",
        ((*pair, low, f"{chance.uniform(1, 99):.4f}", "EUR") for pair in sold_by for low in (0, 10)),
    )
    write("products", "code name", ((f"P{n}", f"Product {n}") for n in range(products)))
    write(
        "variants", "sku product name", ((f"P{n}-{k}", f"P{n}", f"Type {k}") for n in range(products) for k in range(5))
    )
    values = [("colour", "red"), ("colour", "blue"), ("colour", "green"), ("finish", "matt"), ("finish", "gloss")]
    write("options", "product group value", ((f"P{n}", *each) for n in range(products) for each in values))
    inner = (
        ("item", f"I{n}", f"I{made + (n * 13 + k * 101) % (items - made)}", 1 + k)
        for n in range(made)
        for k in range(5)
    )
    outer = (("product", f"P{n}", f"I{(n * 17 + k * 31) % items}", 1 + k) for n in range(products) for k in range(3))
    write("bom", "parent_kind parent component qty", [*inner, *outer])
    write(
        "rules",
        "code product when behaviour component qty",
        ((f"R{n}", f"P{n}", "colour=red", "add", f"I{items - 1 - n % 50}", "0.25") for n in range(products)),
    )
    write(
        "sales_orders",
        "number customer status approved_at warehouse",
        ((f"S{n}", f"Customer {n % 9999}", "approved", "2026-01-05T08:00:00Z", "MAIN") for n in range(lines // 4)),
    )
    colours, finishes = ("red", "blue", "green"), ("matt", "gloss")
    write(
        "sales_order_lines",
        "order line sku qty needed_by options fulfilled_qty",
        (
            (
                f"S{n // 4}",
                1 + n % 4,
                f"P{chance.randrange(products)}-{n % 5}",
                1 + n % 9,
                TODAY + timedelta(days=n % 90),
                f"colour={colours[n % 3]};finish={finishes[n % 2]}" if n % 2 else "",
                n % 2,
            )
            for n in range(lines)
        ),
    )
    write(
        "stock",
        "warehouse kind code qty unit_cost date",
        (("MAIN", "item", f"I{n}", n % 500 + 1, "2.5", TODAY) for n in range(items)),
    )
    states = ("closed", "partly_received")
    write(
        "purchase_orders",
        "number vendor currency status warehouse ordered_on",
        ((f"B{n}", f"V{n % vendors}", "EUR", states[n % 2], "MAIN", TODAY) for n in range(buys)),
    )
    write(
        "purchase_order_lines",
        "order line item qty unit_price received_qty expected_on",
        (
            (f"B{n}", k, f"I{made + (n * 3 + k) % (items - made)}", 10 + k, "12.345", 4, TODAY)
            for n in range(buys)
            for k in (1, 2, 3)
        ),
    )


def copy_in(folder: Path) -> None:
    """The files as they are, into temporary tables of text."""
    with psycopg.connect(engine.app_url()) as connection:
        for path in sorted(folder.glob("*.csv")):
            with path.open("rb") as stream:
                columns = stream.readline().decode().strip().split(",")
                table = sql.Identifier(path.stem)
                typed = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(each)) for each in columns)
                connection.execute(sql.SQL("CREATE TEMPORARY TABLE {} ({})").format(table, typed))
                with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN (FORMAT csv)").format(table)) as copy:
                    while chunk := stream.read(1 << 20):
                        copy.write(chunk)


def copy_out(folder: Path) -> None:
    """The tables as they are, to files."""
    folder.mkdir()
    with psycopg.connect(engine.app_url()) as connection:
        for table in TABLES.split():
            statement = sql.SQL("COPY {} TO STDOUT (FORMAT csv)").format(sql.Identifier(table))
            with (folder / table).open("wb") as target, connection.cursor().copy(statement) as copy:
                for chunk in copy:
                    target.write(chunk)


def check(lines: int) -> None:
    """That everything is there, balances equal the ledger, and orders their lines."""
    with psycopg.connect(engine.app_url()) as connection:
        found = connection.execute(
            "SELECT (SELECT count(*) FROM sales_order_line), (SELECT count(*) FROM sales_order_line_option), "
            "(SELECT sum(quantity) FROM stock_entry) = (SELECT sum(on_hand) FROM stock_balance), "
            "(SELECT sum(total) FROM purchase_order) = (SELECT sum(total) FROM purchase_order_line)"
        ).fetchone()
    assert found == (lines, lines // 2 * 2, True, True), found


def main() -> None:
    """Measure, and print ratios."""
    given = options("A pack in and out, against COPY of the same files.")
    pack = RUN / "pack"
    make_company(pack, given.lines)
    size = sum(each.stat().st_size for each in pack.iterdir())
    print(f"{given.lines:,} sales order lines, {size / 1e6:.0f} MB of files", flush=True)
    took: dict[str, list[float]] = {name: [] for name in ("COPY in", "import", "COPY out", "export", "import again")}
    with ready.database():
        for number in range(given.rounds):
            fresh_database(number)
            took["COPY in"].append(timed(lambda: copy_in(pack)))
            took["import"].append(timed(lambda: perform(import_pack, OPERATOR, source=pack, at=AT)))
            check(given.lines)
            took["COPY out"].append(timed(lambda n=number: copy_out(RUN / f"copied-{n}")))
            took["export"].append(timed(lambda n=number: ask(export_pack, OPERATOR, folder=RUN / f"written-{n}")))
            took["import again"].append(timed(lambda: perform(import_pack, OPERATOR, source=pack, at=AT)))
            print("  ".join(f"{name} {each[-1]:.2f} s" for name, each in took.items()), flush=True)
        engine.dispose_engines()
    into, out = "COPY of the files into bare tables of text", "COPY of the bare tables"
    tell(
        given,
        [
            Ratio.of("import a pack", took["import"], into, took["COPY in"]),
            Ratio.of("import it again", took["import again"], into, took["COPY in"]),
            Ratio.of("export a pack", took["export"], out, took["COPY out"]),
        ],
    )
    print(f"most memory of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
