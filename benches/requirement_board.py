"""Pages of the requirements board at 100,000 items and some 900,000 requirements, against the bare SQL for the same rows.

`python -m benches.requirement_board [--lines 1000000] [--rounds 5]` writes a run of `lines / 10` items on a server of its own.
Ours is the query behind `/api/requirements`: rows found, counted, their days read and turned into weeks, ready to be written
in the reader's words. The reference is a keyset SELECT of the same items by hand, and one of their requirements, fetched and
left as they are: no counting, no weeks. Both run turn by turn and must find the same rows.
"""

import statistics
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from benches.ground import Ratio, fresh_database, options, tell, timed  # first: it turns the settings
from buyside.db import engine, ready
from buyside.db.items import Item, VendorItem
from buyside.db.vendors import Vendor
from buyside.domain.access import Actor, Role
from buyside.queries.requirement_board import BoardPage, board_page
from buyside.queries.requirement_keys import BoardSort, BoardView, BoardWanted

AS_OF = date(2026, 3, 1)
BUYER = Actor(user_id=None, name="buyer", roles=frozenset({Role.BUYER}))
PAGE, CALLS = 50, 8
# Nine days of ninety for each item, as a run over ninety days of demand leaves them; two thirds of the items are short.
_WORLD = (
    "INSERT INTO unit (code, name, category, factor, digits) VALUES ('pcs', 'Pieces', 'count', 1, 0)",
    "INSERT INTO warehouse (code, name, allows_negative, version) VALUES ('MAIN', 'Main', false, 1)",
    """INSERT INTO vendor SELECT (jsonb_populate_record(NULL::vendor, CAST(:vendor AS jsonb) || jsonb_build_object(
           'id', n, 'code', 'V' || n, 'name', 'Vendor ' || n))).* FROM generate_series(1, 200) AS n""",
    """INSERT INTO item SELECT (jsonb_populate_record(NULL::item, CAST(:item AS jsonb) || jsonb_build_object(
           'id', n, 'code', 'P' || lpad(((n * 7919) % :items)::text, 7, '0') || '-' || n, 'name', 'Part ' || n,
           'safety_stock', n % 5))).* FROM generate_series(1, :items) AS n""",
    """INSERT INTO vendor_item SELECT (jsonb_populate_record(NULL::vendor_item, CAST(:mapping AS jsonb) || jsonb_build_object(
           'id', n, 'vendor_id', 1 + n % 200, 'item_id', n))).* FROM generate_series(1, :items) AS n""",
    """INSERT INTO planning_run (as_of, scope, state, counts, started_at)
       VALUES (:as_of, '{}', 'done', '{"last_on": "2026-05-30"}', :at)""",
    """INSERT INTO planning_requirement (run_id, item_id, warehouse_id, on_date, gross, scheduled_receipts, projected, shortage,
           to_order)
       SELECT run.id, item.id, place.id, CAST(:as_of AS date) + CAST(k * 10 + item.id % 10 AS int), 3, 0,
              30 + item.id % 3 * 30 - k * 9, CASE WHEN 30 + item.id % 3 * 30 - k * 9 < item.safety_stock THEN 9 ELSE 0 END,
              CASE WHEN 30 + item.id % 3 * 30 - k * 9 < item.safety_stock THEN 9 ELSE 0 END
       FROM planning_run AS run, item, warehouse AS place, generate_series(0, 8) AS k""",
    """INSERT INTO planning_item_total (run_id, item_id, warehouse_id, on_hand, safety_stock, covered, gross, scheduled_receipts,
           overdue_receipts, shortage, to_order, lowest, order_value, short_on, order_on)
       SELECT run_id, item_id, warehouse_id, 33, min(safety_stock), 0, sum(gross), 0, 0, sum(shortage), sum(to_order),
              min(projected), CASE WHEN sum(to_order) > 0 THEN sum(to_order) * (1 + item_id % 97) END,
              min(on_date) FILTER (WHERE shortage > 0), min(on_date) FILTER (WHERE to_order > 0)
       FROM planning_requirement JOIN item ON item.id = item_id GROUP BY run_id, item_id, warehouse_id""",
    """INSERT INTO plan_line (run_id, item_id, warehouse_id, suggested_needed_on, suggested_vendor_item_id,
           suggested_quantity_packs, shortage, reason, needed_on, order_by, late_days, vendor_item_id, unit_id, unit_factor,
           quantity_packs, is_locked, state, version)
       SELECT total.run_id, total.item_id, total.warehouse_id, short_on, mapping.id, total.to_order, total.to_order, '',
              short_on, short_on - 60, greatest(0, :as_of - (short_on - 60)), mapping.id, unit_id, 1, total.to_order, false,
              'open', 1
       FROM planning_item_total AS total JOIN item ON item.id = item_id JOIN vendor_item AS mapping ON mapping.item_id = item.id
       WHERE total.to_order > 0""",
)
_HEAD = """
    SELECT total.*, item.code, item.name, unit.code AS unit, place.code AS place FROM ({keys}) AS page
    JOIN planning_item_total AS total ON total.run_id = :run AND total.item_id = page.item_id
         AND total.warehouse_id = page.warehouse_id
    JOIN item ON item.id = total.item_id JOIN unit ON unit.id = item.unit_id JOIN warehouse AS place ON place.id = total.warehouse_id
    ORDER BY {order}
"""
_DAYS = """
    SELECT item_id, on_date, gross, scheduled_receipts, overdue_receipts, projected, shortage, to_order FROM planning_requirement
    WHERE run_id = :run AND item_id = ANY(:items) ORDER BY item_id, on_date
"""
_SORTS = {
    BoardSort.SHORT: ("short_on", "total.short_on NULLS LAST, total.item_id"),
    BoardSort.VALUE: ("order_value DESC NULLS LAST", "total.order_value DESC NULLS LAST, total.item_id"),
    BoardSort.CODE: ("item.code", "item.code"),
}


@dataclass(frozen=True)
class Case:
    """One way to look at the board, in its own words and as a condition in SQL."""

    name: str
    where: str = "true"
    values: dict[str, Any] = field(default_factory=dict)
    wanted: dict[str, Any] = field(default_factory=dict)
    depth: int = 0
    is_jump: bool = False
    """Reached by its number alone, as a scroll bar does, and not from the page before."""


CASES = (
    Case("as it opens"),
    Case("at 50,000", depth=50_000),
    Case("near the end", depth=95_000),
    Case("jump near the end", depth=95_000, is_jump=True),
    Case("by value", wanted={"sort": BoardSort.VALUE}),
    Case("by value, at 50,000", wanted={"sort": BoardSort.VALUE}, depth=50_000),
    Case("by code", wanted={"sort": BoardSort.CODE}),
    Case("by code, at 50,000", wanted={"sort": BoardSort.CODE}, depth=50_000),
    Case("short", "total.short_on IS NOT NULL AND item.supply = 'buy'", wanted={"view": BoardView.SHORT}),
    Case(
        "late",
        "EXISTS (SELECT FROM plan_line AS line WHERE line.run_id = :run AND line.item_id = total.item_id AND line.late_days > 0)",
        wanted={"view": BoardView.LATE},
    ),
    Case(
        "one vendor",
        "total.item_id IN (SELECT item_id FROM vendor_item JOIN vendor ON vendor.id = vendor_id WHERE vendor.code = 'V42')",
        wanted={"vendor": "V42"},
    ),
    Case("a text", "(item.code ILIKE '%12-3%' OR item.name ILIKE '%12-3%')", wanted={"text": "12-3"}),
)


def measure(session: Session, case: Case, run: int, items: int, rounds: int) -> list[Ratio]:
    """Ours and the reference, turn by turn; both find the same rows. A page further down is also held against the first one."""
    wanted = BoardWanted(run_id=run, limit=PAGE, **case.wanted)
    depth, opening = min(case.depth, items - PAGE), wanted
    if depth and not case.is_jump:
        before = board_page(session, BUYER, wanted=replace(wanted, start=depth - PAGE))
        wanted = replace(wanted, after=before.after, counted=before.total)
    elif depth:
        wanted = replace(wanted, start=depth)
    by, order = _SORTS[wanted.sort]
    keys = (
        f"SELECT total.item_id, warehouse_id FROM planning_item_total AS total JOIN item ON item.id = item_id "
        f"WHERE run_id = :run AND {case.where} ORDER BY {by}, item_id, warehouse_id OFFSET {depth} LIMIT {PAGE}"
    )
    if depth and not case.is_jump and wanted.sort is BoardSort.SHORT:
        last = before.rows[-1]
        beyond = "(short_on, item_id) > (:on, :item)" if last.short_on else "short_on IS NULL AND item_id > :item"
        keys = (
            "SELECT item_id, warehouse_id FROM planning_item_total AS total "
            f"WHERE run_id = :run AND {beyond} ORDER BY short_on, item_id LIMIT {PAGE}"
        )
        case.values.update({"on": last.short_on, "item": last.item_id})
    bare, days = text(_HEAD.format(keys=keys, order=order)), text(_DAYS)
    pages: list[BoardPage] = []
    rows: list[Any] = []

    def ours() -> None:
        pages[:] = [board_page(session, BUYER, wanted=wanted)]

    def reference() -> None:
        rows[:] = session.execute(bare, case.values | {"run": run}).all()
        session.execute(days, {"run": run, "items": [each.item_id for each in rows]}).all()

    def first() -> None:
        board_page(session, BUYER, wanted=opening)

    took: tuple[list[float], ...] = ([], [], [])
    for _ in range(rounds + 1):
        calls = [(timed(ours), timed(reference), timed(first)) for _ in range(CALLS)]
        for kept, each in zip(took, zip(*calls, strict=True), strict=True):
            kept.append(statistics.median(each))
    found = [row.item_id for row in pages[0].rows]
    assert found == [each.item_id for each in rows], f"{case.name}: other rows than the bare SQL's"
    assert len(found) == min(PAGE, pages[0].total - depth) > 0
    print(f"{case.name}: {min(took[0]) * 1000:.1f} ms, by hand {min(took[1]) * 1000:.1f} ms", flush=True)
    ours_took, theirs_took, first_took = (each[1:] for each in took)  # the first warmed up
    ratios = [Ratio.of(f"board: {case.name}", ours_took, "SELECT by hand", theirs_took)]
    if depth and not case.is_jump:
        ratios.append(Ratio.of(f"board: {case.name}", ours_took, "the first page in that order", first_took))
    return ratios


def main() -> None:
    """Write a run, measure, and print ratios."""
    given = options("Pages of the requirements board, against bare SQL.", rounds=5)
    items = given.lines // 10
    rows = {
        "vendor": Vendor(code="", name="", currency_code="EUR"),
        "item": Item(code="", name="", unit_id=1),
        "mapping": VendorItem(vendor_id=1, item_id=1, purchase_unit_id=1),
    }
    values: dict[str, Any] = {name: row.model_dump_json() for name, row in rows.items()}
    values |= {"items": items, "as_of": AS_OF, "at": datetime(2026, 3, 1, tzinfo=UTC)}
    with ready.database():
        fresh_database(0)
        with engine.sessions()() as session, session.begin():
            for each in _WORLD:
                session.execute(text(each), values)
        with engine.engine(engine.owner_url()).connect().execution_options(isolation_level="AUTOCOMMIT") as owner:
            owner.execute(text("VACUUM ANALYZE"))
        with engine.sessions()() as session:
            session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            run, count = session.execute(
                text("SELECT (SELECT id FROM planning_run), (SELECT count(*) FROM planning_requirement)")
            ).one()
            ratios = [each for case in CASES for each in measure(session, case, run, items, given.rounds)]
        engine.dispose_engines()
    print(f"{items:,} items, {count:,} requirements, pages of {PAGE}")
    tell(given, ratios)


if __name__ == "__main__":
    main()
