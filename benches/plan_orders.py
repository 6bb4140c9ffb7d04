"""Plan lines into purchase orders, as a buyer presses the button, from start to committed orders.

`python -m benches.plan_orders [--lines 1000000] [--rounds 3]` plans a generated company of a tenth of the lines, and converts a
part of its draft plan in each round: headers, lines, pegs and their audit entry, in one transaction. Beside it the bare
statement: the same number of rows inserted into a table of the same columns without keys, in one go.
"""

import gc
import time
from datetime import UTC, date, datetime

from sqlalchemy import text

from benches.ground import RUN, Ratio, fresh_database, options, tell  # first: it turns the settings
from benches.packs import make_company
from buyside.db import engine, ready
from buyside.domain.access import OPERATOR
from buyside.operations.packs import import_pack
from buyside.operations.plan_conversion import convert_plan
from buyside.operations.plans import run_plan, start_run
from buyside.operations.run import perform

AS_OF, AT = date(2026, 3, 1), datetime(2026, 3, 1, tzinfo=UTC)
MOST = 5_000
TRYTON = 0.027
"""Seconds that Tryton 8.2 takes for a purchase request, measured in its process: quoted, not run here."""


def open_lines(run_id: int, most: int) -> tuple[int, ...]:
    """Some lines of a draft plan that have a vendor and are not ordered yet."""
    with engine.engine(engine.owner_url()).connect() as connection:
        found = connection.execute(
            text(
                "SELECT id FROM plan_line WHERE run_id = :run AND state = 'open' AND vendor_item_id IS NOT NULL "
                "AND unit_price IS NOT NULL ORDER BY id LIMIT :most"
            ),
            {"run": run_id, "most": most},
        )
        return tuple(found.scalars())


def bare_insert(lines: int) -> float:
    """Seconds that the rows of so many order lines take in a table without keys."""
    with engine.engine(engine.owner_url()).begin() as connection:
        connection.execute(text("CREATE TEMPORARY TABLE bare AS SELECT * FROM purchase_order_line WITH NO DATA"))
        begun = time.perf_counter()
        connection.execute(
            text("INSERT INTO bare SELECT * FROM purchase_order_line ORDER BY id DESC LIMIT :n"), {"n": lines}
        )
        took = time.perf_counter() - begun
        connection.execute(text("DROP TABLE bare"))
    return took


def main() -> None:
    """Measure, and print ratios."""
    given = options("Plan lines into purchase orders.")
    pack = RUN / "pack"
    make_company(pack, max(1_000, given.lines // 10))
    took: dict[str, list[float]] = {"ours": [], "Tryton": [], "bare": []}
    gc.collect()
    gc.freeze()  # as a server does when it has started
    with ready.database():
        fresh_database(0)
        perform(import_pack, OPERATOR, source=pack, at=AT)
        run_id = perform(start_run, OPERATOR, as_of=AS_OF, at=datetime.now(UTC)).run_id
        perform(run_plan, OPERATOR, run_id=run_id)
        share = min(MOST, len(open_lines(run_id, MOST * given.rounds)) // given.rounds)
        for _ in range(given.rounds):
            line_ids = open_lines(run_id, share)
            begun = time.perf_counter()
            done = perform(
                convert_plan,
                OPERATOR,
                run_id=run_id,
                line_ids=line_ids,
                despite_drift=True,
                despite_minimum=True,
                at=AT,
            )
            took["ours"].append(time.perf_counter() - begun)
            took["Tryton"].append(TRYTON * done.lines)
            took["bare"].append(bare_insert(done.lines))
            rate = done.lines / took["ours"][-1]
            print(f"{done.lines:,} lines into {len(done.orders):,} orders: {rate:,.0f} lines a second", flush=True)
        engine.dispose_engines()
    tell(
        given,
        [
            Ratio.of("plan lines into orders", took["ours"], "Tryton 8.2 at 27 ms a request (quoted)", took["Tryton"]),
            Ratio.of("plan lines into orders", took["ours"], "one INSERT of the order lines", took["bare"]),
        ],
    )


if __name__ == "__main__":
    main()
