"""A planning run and its purchase orders against Tryton 8.2, on the same data, with the same answer.

`python -m benches.peer --tryton PYTHON [--items 1000] [--orders 10000] [--without-orders]` wants a Python that has the packages
trytond_stock_supply, trytond_stock_supply_production, proteus and psycopg[binary,pool]; Tryton is no dependency of ours. A flat
company (bought items, one vendor each, ten orders an item) and one with structures of three levels, a tenth of its size in
items, are made in both, on one server: planned by both, drafted as purchase orders by both. Ours reads PostgreSQL and writes
the plan there; Tryton is called in its own process without the client's protocol. Tryton runs once, for minutes; ours, which
takes fractions of a second, some times, of which the middle counts and the spread is told. What both want to buy must be the
same in item, date, vendor and quantity.

Ours is told twice: the whole run, which keeps inputs, requirements, coverage and messages too, and pegs where there are no more
than 20,000 demand lines (of more they are divided when they are looked at), and the part of it that Tryton does as well: one call
that reads, calculates and writes the lines to buy, up to its commit. Drafting purchases takes Tryton far longer than planning
them: `--without-orders` leaves it out on both sides.
"""

import argparse
import csv
import json
import random
import statistics
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import text
from sqlalchemy.engine import make_url

from benches.ground import RUN, Ratio, fresh_database, table, timed  # first: it turns the settings
from buyside.config import ROOT
from buyside.db import engine, ready
from buyside.db.copy_in import copy_in
from buyside.db.engine import sessions
from buyside.domain.access import OPERATOR
from buyside.operations.packs import import_pack
from buyside.operations.plan_conversion import convert_plan
from buyside.operations.plans import run_plan, start_run
from buyside.operations.run import perform
from buyside.queries import plan_results
from buyside.queries.read import ask

PERIOD_DAYS = 365
"""One purchase serves a year: both then buy an item once."""
LEAD_DAYS, FIRST_DAY, DAYS = 5, 10, 90
MAKE_DAYS = 1
"""Tryton makes things on the day before they are needed."""
_BOUGHT = (
    "SELECT item.code, line.needed_on, vendor.code, (line.quantity_packs * line.unit_factor)::int8 FROM plan_line AS line "
    "JOIN item ON item.id = line.item_id JOIN vendor_item ON vendor_item.id = line.vendor_item_id "
    "JOIN vendor ON vendor.id = vendor_item.vendor_id WHERE line.run_id = :run ORDER BY line.id"
)


@dataclass
class World:
    """Items (code, whether it is made, vendor, lead days), the components of what is made, and (item, quantity, day) of the rest."""

    vendors: list[str]
    items: list[tuple[str, bool, str, int]]
    structure: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    stock: list[tuple[str, int, int]] = field(default_factory=list)
    receipts: list[tuple[str, int, int]] = field(default_factory=list)
    demand: list[tuple[str, int, int]] = field(default_factory=list)
    period_days: int = PERIOD_DAYS


def flat(items: int, orders: int) -> World:
    """Bought items alone: some stock, three open receipts for ten demands."""
    chance = random.Random(1)
    vendors = [f"V{n}" for n in range(max(items // 50, 1))]
    codes = [f"I{n}" for n in range(items)]
    made = World(vendors, [(code, False, chance.choice(vendors), LEAD_DAYS) for code in codes])
    made.demand = [
        (chance.choice(codes), chance.randint(1, 20), FIRST_DAY + chance.randrange(DAYS)) for _ in range(orders)
    ]
    made.receipts = [(chance.choice(codes), chance.randint(1, 30), 0) for _ in range(orders * 3 // 10)]
    made.stock = [(code, chance.randint(1, 60), 0) for code in codes]
    return made


def deep(items: int, orders: int) -> World:
    """Three levels: a third is sold and made of the second third and of the last, the second of the last."""
    chance = random.Random(2)
    third = max(items // 3, 1)
    sold, inner, bought = ([f"{level}{n}" for n in range(third)] for level in "ABC")
    vendors = [f"V{n}" for n in range(max(items // 50, 1))]
    made = World(
        vendors,
        [(code, True, "", 0) for code in (*sold, *inner)]
        + [(code, False, chance.choice(vendors), LEAD_DAYS) for code in bought],
    )
    made.structure = {code: [(inner[n], 2), (bought[n * 7 % third], 1)] for n, code in enumerate(sold)} | {
        code: [(bought[n * 3 % third], 3)] for n, code in enumerate(inner)
    }
    made.demand = [
        (chance.choice(sold), chance.randint(1, 20), FIRST_DAY + chance.randrange(DAYS)) for _ in range(orders)
    ]
    made.receipts = [(chance.choice(bought), chance.randint(1, 30), 0) for _ in range(orders // 10)]
    made.stock = [(code, chance.randint(1, 60), 0) for code, *_ in made.items]
    return made


def write_pack(folder: Path, world: World, today: date) -> None:
    """The world as our files; what is sold is a variant that consists of its item."""
    folder.mkdir(parents=True)

    def write(name: str, columns: str, rows: Iterable[Iterable[object]]) -> None:
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(columns.split())
            writer.writerows(rows)

    def orders() -> Iterator[tuple[int, str, int, int]]:
        for n, (code, quantity, day) in enumerate(world.receipts):
            yield n, code, quantity, day

    bought = {code: vendor for code, made, vendor, _ in world.items if not made}
    sold = sorted({code for code, _, _ in world.demand})
    write("warehouses", "code name", [("WH", "Warehouse")])
    write("units", "code name category factor digits", [("EA", "Each", "count", 1, 0)])
    write(
        "items",
        "code name unit kind supply lot_policy period_days make_lead_days",
        (
            (code, code, "EA", "inventory", *(("make", "lot_for_lot", "", MAKE_DAYS) if made else ("buy", "period", world.period_days, 0)))
            for code, made, _, _ in world.items
        ),
    )  # fmt: skip
    write("vendors", "code name currency status", ((each, each, "EUR", "active") for each in world.vendors))
    write(
        "vendor_items",
        "vendor item purchase_unit unit_factor lead_days",
        ((vendor, code, "EA", 1, lead) for code, made, vendor, lead in world.items if not made),
    )
    write(
        "price_breaks",
        "vendor item from_qty unit_price currency",
        ((vendor, code, 0, "1.00", "EUR") for code, vendor in bought.items()),
    )
    write("products", "code name", ((f"P-{code}", code) for code in sold))
    write("variants", "sku product name", ((f"S-{code}", f"P-{code}", code) for code in sold))
    inner = (
        ("item", parent, component, many) for parent, parts in world.structure.items() for component, many in parts
    )
    write("bom", "parent_kind parent component qty", [*(("product", f"P-{code}", code, 1) for code in sold), *inner])
    write(
        "sales_orders",
        "number customer status approved_at warehouse",
        (
            (f"O{n}", "Customer", "approved", f"{today - timedelta(days=9)}T08:00:00Z", "WH")
            for n in range(len(world.demand))
        ),
    )
    write(
        "sales_order_lines",
        "order line sku qty needed_by",
        ((f"O{n}", 1, f"S-{code}", many, today + timedelta(days=day)) for n, (code, many, day) in enumerate(world.demand)),
    )  # fmt: skip
    write(
        "stock",
        "warehouse kind code qty unit_cost date",
        (("WH", "item", code, many, "1.00", today) for code, many, _ in world.stock),
    )
    write(
        "purchase_orders",
        "number vendor currency status warehouse ordered_on",
        ((f"B{n}", bought[code], "EUR", "issued", "WH", today - timedelta(days=9)) for n, code, _, _ in orders()),
    )
    write(
        "purchase_order_lines",
        "order line item qty unit_price received_qty expected_on",
        ((f"B{n}", 1, code, many, "1.00", 0, today + timedelta(days=day)) for n, code, many, day in orders()),
    )


def write_lines(run_id: int) -> None:
    """Read, calculate and write the lines to buy of a run once more, to the commit: nothing else is stored."""
    with patch.object(plan_results, "PEGS_STORED_TO", -1):
        found = ask(plan_results.calculate, OPERATOR, run_id=run_id)
    lines = next(each for each in found.streams if each.table == "plan_line")
    with sessions()() as session:
        copy_in(session, lines.table, lines.columns, lines.chunks)
        session.commit()


def ours(
    folder: Path, number: int, today: date, rounds: int, with_orders: bool
) -> tuple[dict[str, list[float]], list[list[Any]], int]:
    """Seconds of planning and of ordering, what is bought, and how many orders it took. The first run compiles and warms."""
    at = datetime(today.year, today.month, today.day, 12, tzinfo=UTC)
    fresh_database(number)
    perform(import_pack, OPERATOR, source=folder, at=at)
    seconds: dict[str, list[float]] = {"plan": [], "lines": []}
    run_ids = list[int]()

    def run() -> None:
        run_ids.append(perform(start_run, OPERATOR, as_of=today, at=at).run_id)
        perform(run_plan, OPERATOR, run_id=run_ids[-1])

    run()
    for _ in range(rounds):
        seconds["plan"].append(timed(run))
    run_id = run_ids[-1]
    with engine.engine(engine.owner_url()).connect() as connection:
        rows = connection.execute(text(_BOUGHT), {"run": run_id}).all()
        last = connection.execute(text("SELECT max(id) FROM plan_line")).scalar_one()
        line_ids = connection.execute(
            text("SELECT id FROM plan_line WHERE run_id = :run AND vendor_item_id IS NOT NULL"), {"run": run_id}
        )
        lines = tuple(line_ids.scalars())
    for _ in range(rounds):
        seconds["lines"].append(timed(lambda: write_lines(run_id)))
        with sessions()() as session:  # out again, aside from the clock
            session.execute(text("DELETE FROM plan_line WHERE id > :last"), {"last": last})
            session.commit()
    bought, orders = [[code, day.isoformat(), vendor, int(many)] for code, day, vendor, many in rows], 0
    if with_orders:
        given: dict[str, Any] = {"line_ids": lines, "despite_drift": True, "despite_minimum": True, "at": at}
        done = list[Any]()
        seconds["order"] = [timed(lambda: done.append(perform(convert_plan, OPERATOR, run_id=run_id, **given)))]
        orders = len(done[0].orders)
    return seconds, bought, orders


def theirs(python: str, world: World, name: str, with_orders: bool) -> dict[str, Any]:
    """Tryton's answer."""
    path = RUN / f"{name}.json"
    path.write_text(json.dumps({each: getattr(world, each) for each in World.__dataclass_fields__}))
    given = make_url(engine.administrator_url())
    uri = given._replace(database="").render_as_string(hide_password=False)
    done = subprocess.run(
        [python, str(ROOT / "benches" / "peer_tryton.py"), str(path), uri, f"peer_{name}", str(int(with_orders))],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def main() -> None:
    """Measure, compare, and print ratios."""
    reader = argparse.ArgumentParser(description="A planning run and its purchase orders against Tryton.")
    reader.add_argument("--tryton", required=True, metavar="PYTHON", help="a Python that has Tryton's packages")
    reader.add_argument("--items", type=int, default=1_000)
    reader.add_argument("--orders", type=int, default=10_000)
    reader.add_argument("--rounds", type=int, default=9, help="how often ours runs; the middle counts")
    reader.add_argument("--without-orders", action="store_true", help="plan only: drafting takes Tryton many minutes")
    reader.add_argument("only", nargs="*", default=["flat", "deep"], help="flat or deep; both if none is named")
    given = reader.parse_args()
    today, ratios = datetime.now(UTC).date(), []  # Tryton plans as of its own today
    with ready.database():
        for number, name in enumerate(given.only):
            world = {"flat": flat, "deep": deep}[name](
                *((given.items, given.orders) if name == "flat" else (given.items * 6 // 10, given.orders * 3 // 10))
            )
            write_pack(RUN / name, world, today)
            with_orders = not given.without_orders
            mine, bought, orders = ours(RUN / name, number, today, given.rounds, with_orders)
            engine.dispose_engines()
            peer = theirs(given.tryton, world, name, with_orders)
            a, b = ({tuple(each) for each in found} for found in (bought, peer["found"]))
            drafted = (
                f"drafted as {orders} purchase orders here, {peer['orders']} there" if with_orders else "not drafted"
            )
            print(
                f"{name}: {len(world.items):,} items, {len(world.demand):,} orders; {len(bought):,} lines to buy here, "
                f"{len(peer['found']):,} there ({peer['makes']:,} orders to make), the same {len(a & b):,}; {drafted}",
                flush=True,
            )
            for only, which in ((a - b, "here"), (b - a, "there")):
                print(f"  only {which}: {sorted(only)[:5]}") if only else None
            for step, what, part in (
                ("plan", "planning run", "plan"),
                ("plan", "planning run", "lines"),
                *([("order", "purchase orders", "order")] if with_orders else []),
            ):
                which = "ours: read, calculate, write lines" if part == "lines" else "ours, beside it"
                ratios.append(
                    Ratio.of(
                        f"{name}: {what}, Tryton 8.2", [peer["seconds"][step]] * len(mine[part]), which, mine[part]
                    )
                )
            told = (
                f"{step} {statistics.median(took):.3f} s ({min(took):.3f}-{max(took):.3f})"
                for step, took in mine.items()
            )
            print(f"  Tryton: plan {peer['seconds']['plan']:.1f} s; ours: " + ", ".join(told), flush=True)
    print(table(ratios))


if __name__ == "__main__":
    main()
