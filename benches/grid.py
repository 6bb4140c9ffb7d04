"""Pages of the longest grid, sold lines, against the bare SQL that finds the same rows, on one connection.

`python -m benches.grid [--lines 500000] [--rounds 5]` imports a generated company on a server of its own. Ours is the query
that a browser's request ends in: what was asked for is read and checked, the page found, counted and written out in the
reader's words. The reference is one statement written by hand for that very page, keyset and all, whose rows are fetched and
left as they are. Both run turn by turn and must find the same rows. A count is remembered while one scrolls, so it is here.
"""

import json
import statistics
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from benches.ground import RUN, Ratio, fresh_database, options, tell, timed  # first: it turns the settings
from benches.packs import make_company
from buyside.db import engine, ready
from buyside.domain.access import OPERATOR, Actor, Role
from buyside.operations.packs import import_pack
from buyside.operations.run import perform
from buyside.queries.demand import SALES_LINE_ROWS
from buyside.queries.rows import SCROLL_LIMIT, RowsPage, RowsWanted, grid_page

TODAY = date(2026, 3, 1)
BUYER = Actor(user_id=None, name="buyer", roles=frozenset({Role.BUYER}))
PAGE, CALLS = 100, 8
_JOINS = """
    FROM ({keys}) AS page JOIN sales_order_line AS l ON l.id = page.id JOIN sales_order AS o ON o.id = l.order_id
    JOIN variant AS v ON v.id = l.variant_id JOIN warehouse AS w ON w.id = o.warehouse_id
"""
_ROWS = """
    SELECT l.id, o.number AS order_number, l.line_number, o.customer, o.status, v.sku, v.name, l.quantity,
           l.fulfilled_quantity, l.cancelled_quantity, greatest(l.quantity - l.fulfilled_quantity - l.cancelled_quantity, 0),
           l.needed_by, w.code
"""
_IN_EITHER = """id IN (
    SELECT id FROM sales_order_line WHERE order_id IN (SELECT id FROM sales_order WHERE number ILIKE :p OR customer ILIKE :p)
    UNION SELECT id FROM sales_order_line WHERE variant_id IN (SELECT id FROM variant WHERE sku ILIKE :p OR name ILIKE :p))"""


@dataclass(frozen=True)
class Case:
    """One way to look at the grid, in the grid's words and in SQL."""

    name: str
    column: str
    depths: tuple[str, ...] = ("first",)
    where: str = "true"
    values: dict[str, Any] = field(default_factory=dict)
    wanted: dict[str, Any] = field(default_factory=dict)


CASES = (
    Case("as it opens", "needed_by", ("first", "at 100,000", "near the end")),
    Case("by quantity", "quantity", ("first", "at 100,000", "near the end")),
    Case(
        "one customer",
        "needed_by",
        where="order_id IN (SELECT id FROM sales_order WHERE customer ILIKE :p)",
        values={"p": "%Customer 421%"},
        wanted={"filters": {"customer": {"type": "contains", "filter": "Customer 421"}}},
    ),
    Case("quick, rare", "needed_by", where=_IN_EITHER, values={"p": "%P12-3%"}, wanted={"quick": "P12-3"}),
    Case("quick, common", "needed_by", where=_IN_EITHER, values={"p": "%-3%"}, wanted={"quick": "-3"}),
)


def place(session: Session, case: Case, depth: str) -> tuple[int, tuple[Any, int] | None]:
    """Where a page starts, and the sort value and key of the row before it."""
    lines = session.execute(text("SELECT count(*) FROM sales_order_line")).scalar_one()
    start = {"first": 0, "at 100,000": min(100_000, lines // 2), "near the end": min(lines, SCROLL_LIMIT) - 2 * PAGE}[
        depth
    ]
    if not start:
        return 0, None
    before = f"SELECT {case.column}, id FROM sales_order_line ORDER BY 1, 2 OFFSET {start - 1} LIMIT 1"
    value, key = session.execute(text(before)).one()
    return start, (value, key)


def measure(session: Session, case: Case, depth: str, rounds: int) -> Ratio:
    """Ours and the reference, turn by turn; both find the same rows."""
    start, before = place(session, case, depth)
    beyond = f"({case.column}, id) > (:value, :key)" if before else "true"
    keys = f"SELECT id FROM sales_order_line WHERE {case.where} AND {beyond} ORDER BY {case.column}, id LIMIT {PAGE}"
    bare = text(f"{_ROWS} {_JOINS.format(keys=keys)} ORDER BY l.{case.column}, l.id")
    values = case.values | ({"value": before[0], "key": before[1]} if before else {})
    wanted = RowsWanted(
        start=start,
        end=start + PAGE,
        sort=() if case.column == "needed_by" else ((case.column, "asc"),),
        after=json.dumps([str(each) for each in before]) if before else "",
        **case.wanted,
    )
    pages: list[RowsPage] = []
    rows: list[Any] = []

    def ours() -> None:
        pages.append(grid_page(session, BUYER, source=SALES_LINE_ROWS, wanted=wanted, today=TODAY))

    def reference() -> None:
        rows[:] = session.execute(bare, values).all()

    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds + 1):
        calls = [(timed(ours), timed(reference)) for _ in range(CALLS)]
        for kept, each in zip(took, zip(*calls, strict=True), strict=True):
            kept.append(statistics.median(each))
        expected = [(str(row.id), row.order_number, row.sku, f"{row.needed_by}") for row in rows]
        found = [(row["id"], row["order_number"], row["sku"], row["needed_by"]) for row in pages[-1].rows]
        assert found == expected, f"{case.name}, {depth}: other rows than the bare SQL's"
        assert found
    return Ratio.of(f"page: {case.name}, {depth}", took[0][1:], "bare SQL by hand", took[1][1:])  # the first warmed up


def main() -> None:
    """Import, measure, and print ratios."""
    given = options("Pages of the longest grid, against bare SQL.", lines=SCROLL_LIMIT, rounds=5)
    pack = RUN / "pack"
    make_company(pack, min(given.lines, SCROLL_LIMIT))  # no grid scrolls further
    with ready.database():
        fresh_database(0)
        perform(import_pack, OPERATOR, source=pack, at=datetime(2026, 3, 1, tzinfo=UTC))
        with engine.sessions()() as session:
            session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            ratios = [measure(session, case, depth, given.rounds) for case in CASES for depth in case.depths]
        engine.dispose_engines()
    tell(given, ratios)


if __name__ == "__main__":
    main()
