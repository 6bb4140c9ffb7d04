"""What a vendor reads behind row security, against the same statements with the vendor written into them by hand.

`python -m benches.boundary [--lines 880000] [--rounds 5]` writes 40,000 orders of 104 vendors on a server of its own. Ours
runs as the portal's login, with the proof of a session; the reference as the application's, which every row is open to.
Both begin and end a transaction each time, run turn by turn, and must find the same rows.
"""

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import text
from sqlmodel import Session

from benches.ground import Ratio, fresh_database, options, tell, timed  # first: it turns the settings
from buyside.db import engine, ready
from buyside.identity.logins import find_login, token_digest

VENDORS, LINES_AN_ORDER, CALLS = 104, 22, 15
TOKEN = "the cookie of somebody who belongs to one vendor"

_GROUND = """
    INSERT INTO unit (code, digits) VALUES ('pcs', 0);
    INSERT INTO item (code, unit_id, make_lead_days, goods_in_days, inspection_required, is_orderable, is_active, version)
    VALUES ('I', 1, 0, 0, false, true, true, 1);
    INSERT INTO warehouse (code, allows_negative, version) VALUES ('MAIN', false, 1);
    INSERT INTO vendor (code, name, currency_code, version) SELECT 'V' || v, 'Vendor ' || v, 'EUR', 1
    FROM generate_series(1, {vendors}) AS v;
    INSERT INTO purchase_order (
        number, vendor_id, order_type_id, warehouse_id, currency_code, state, is_on_hold, fulfil_all_at_once, ordered_on,
        issued_at, created_at, changed_at, version)
    SELECT 'P' || n, 1 + n % {vendors}, 1, 1, 'EUR', 'issued', false, false, date '2026-01-01' + n % 300, now(), now(), now(), 1
    FROM generate_series(1, {orders}) AS n;
    INSERT INTO purchase_order_line (order_id, line_number, item_id, quantity, unit_id, unit_price, total, receivable_quantity)
    SELECT o.id, l, 1, l, 1, 2, 2 * l, l FROM purchase_order AS o, generate_series(1, {each}) AS l;
    INSERT INTO app_user (name, is_vendor, is_active, version) VALUES ('Vera', true, true, 1);
    INSERT INTO user_role VALUES (1, 'vendor');
    INSERT INTO vendor_membership (vendor_id, user_id, begins_at) VALUES (7, 1, now());
    INSERT INTO user_session (id, user_id, surface, token_sha256, created_at, last_seen_at, expires_at)
    VALUES (gen_random_uuid(), 1, 'portal', '\\x{token}', now(), now(), now() + interval '12 hours');
"""


@dataclass(frozen=True)
class Case:
    """Two statements that find the same: as the portal writes it, and with what row security adds written by hand."""

    name: str
    asked: str
    by_hand: str


_NEWEST = "SELECT number, state, total FROM purchase_order {} ORDER BY ordered_on DESC, id DESC LIMIT 100"
_ONE = (
    "SELECT l.line_number, l.quantity, l.total FROM purchase_order AS o JOIN purchase_order_line AS l ON l.order_id = o.id "
    "WHERE o.number = '{}' {} ORDER BY 1"
)
_SUM = "SELECT count(*), sum(l.total) FROM purchase_order_line AS l JOIN purchase_order AS o ON o.id = l.order_id {}"
CASES = (
    Case("newest hundred orders", _NEWEST.format(""), _NEWEST.format("WHERE vendor_id = 7 AND issued_at IS NOT NULL")),
    Case(
        "every order counted",
        "SELECT count(*) FROM purchase_order",
        "SELECT count(*) FROM purchase_order WHERE vendor_id = 7",
    ),
    Case("one order and its lines", _ONE.format("P110", ""), _ONE.format("P110", "AND o.vendor_id = 7")),
    Case("another vendor's order", _ONE.format("P111", ""), _ONE.format("P111", "AND o.vendor_id = 7")),
    Case("every line summed up", _SUM.format(""), _SUM.format("WHERE o.vendor_id = 7")),
)


def measure(case: Case, rounds: int) -> Ratio:
    """Ours and the reference, turn by turn."""
    found: dict[str, list[Any]] = {}
    proof = text("SELECT set_config('app.session', :proof, true)").bindparams(proof=token_digest(TOKEN).hex())

    def reading(name: str, url: str, statement: str) -> Callable[[], None]:
        def read() -> None:
            with Session(engine.engine(url)) as session:
                if name == "ours":
                    session.execute(proof)
                found[name] = list(session.execute(text(statement)).all())

        return read

    ours, theirs = reading("ours", engine.portal_url(), case.asked), reading("by hand", engine.app_url(), case.by_hand)
    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds + 1):
        calls = [(timed(ours), timed(theirs)) for _ in range(CALLS)]
        for kept, each in zip(took, zip(*calls, strict=True), strict=True):
            kept.append(statistics.median(each))
        assert found["ours"] == found["by hand"], f"{case.name}: other rows than by hand"
    return Ratio.of(f"vendor: {case.name}", took[0][1:], "filtered by hand", took[1][1:])  # the first warmed up


def session_lookup(rounds: int) -> Ratio:
    """What every event pays to know whose it is, against reading one row by its key."""

    def ours() -> None:
        with Session(engine.engine(engine.portal_url())) as session, session.begin():
            assert find_login(session, TOKEN)

    def theirs() -> None:
        with Session(engine.engine(engine.app_url())) as session, session.begin():
            session.execute(text("SELECT * FROM app_user WHERE id = 1")).one()

    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds + 1):
        calls = [(timed(ours), timed(theirs)) for _ in range(4 * CALLS)]
        for kept, each in zip(took, zip(*calls, strict=True), strict=True):
            kept.append(statistics.median(each))
    return Ratio.of("session looked up", took[0][1:], "one row by its key", took[1][1:])


def main() -> None:
    """Write, measure, and print ratios."""
    given = options("What a vendor reads, against a filter by hand.", lines=880_000, rounds=5)
    orders = max(given.lines // LINES_AN_ORDER, VENDORS * 2)
    ground = _GROUND.format(vendors=VENDORS, orders=orders, each=LINES_AN_ORDER, token=token_digest(TOKEN).hex())
    with ready.database():
        fresh_database(0)
        with psycopg.connect(engine.owner_url()) as owner:
            owner.execute(ground)  # type: ignore[arg-type]
        with psycopg.connect(engine.owner_url(), autocommit=True) as owner:
            owner.execute("VACUUM (ANALYZE)")
        ratios = [measure(case, given.rounds) for case in CASES] + [session_lookup(given.rounds)]
        engine.dispose_engines()
    tell(given, ratios)


if __name__ == "__main__":
    main()
