"""The search over a million items and what belongs to them, against one row read by its key in the same database.

`python -m benches.search [--lines 1000000] [--rounds 5]` writes items with names of common and rare words, a part number of a vendor
for every third, and orders, on a server of its own. Each question is asked through the query that the page asks, as a buyer with
every place open to them; the reference is that transaction with one item read by its code. Both run turn by turn.
"""

import random
import statistics
from collections.abc import Callable
from functools import partial

import psycopg
from sqlalchemy import text
from sqlmodel import Session

from benches.ground import Ratio, fresh_database, options, tell, timed  # first: it turns the settings
from buyside.db import engine, ready
from buyside.domain.access import INTERNAL_ROLES, Actor
from buyside.queries.search import find_anything

CALLS = 9
_NOUNS = [
    "bolt",
    "nut",
    "washer",
    "screw",
    "bearing",
    "frame",
    "wheel",
    "chain",
    "saddle",
    "pedal",
    "crank",
    "fork",
    "rim",
    "spoke",
    "hub",
    "brake",
    "lever",
    "cable",
    "housing",
    "grip",
    "bar",
    "stem",
    "seat",
    "post",
    "tire",
    "tube",
    "valve",
    "rotor",
    "caliper",
    "disc",
    "cassette",
    "derailleur",
    "shifter",
    "rear",
    "front",
    "left",
    "right",
    "black",
    "silver",
    "red",
    "blue",
    "steel",
    "alloy",
    "carbon",
    "rubber",
    "hex",
    "flat",
    "round",
    "long",
    "short",
    "metal",
    "plate",
    "lock",
    "sheet",
]
_SYLLABLES = [
    one + two
    for one in ["b", "c", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "st", "br", "tr", "kl"]
    for two in ["a", "e", "i", "o", "u", "ar", "en", "ol", "it", "um"]
]


def main() -> None:
    """Write, ask, print."""
    given = options("Searching a million records.", rounds=5)
    fresh_database(1)
    with ready.database():
        _write(given.lines)
        actor = Actor(user_id=None, name="a buyer", roles=INTERNAL_ROLES)
        with Session(engine.app_engine()) as session:
            middle = _code(given.lines // 2).lower()
            asked = {
                "the beginning of many codes": "a",
                "the beginning of a code": middle[:6],
                "a part of a code": middle[3:8],
                "a word of every sixth name": "bolt",
                "two common words, the last unfinished": "hex bo",
                "three common words, unfinished": "ste bol m1",
                "a word of few names": "stedit",
                "a part number": "p313",
                "a code with two figures swapped": middle[:4] + middle[5] + middle[4] + middle[6:],
                "a word with a slip": "derialleur",
                "a word with two slips": "derallieur",
                "nothing like it": "zzqqyyxx",
            }
            ask = partial(find_anything, session, actor)
            one = partial(_one, session, middle.upper())
            ratios = [_compared(what, partial(ask, text=words), one, given.rounds) for what, words in asked.items()]
        tell(given, ratios)


def _compared(what: str, ours: Callable[[], object], one: Callable[[], object], rounds: int) -> Ratio:
    answers, reference = [], []
    for _ in range(rounds):
        answers.append(statistics.median(timed(ours) for _ in range(CALLS)))
        reference.append(statistics.median(timed(one) for _ in range(CALLS)))
    return Ratio.of(f"search: {what}", answers, "an item by its code", reference)


def _one(session: Session, code: str) -> object:
    return session.execute(text("SELECT id, name FROM item WHERE code = :code"), {"code": code}).all()


def _code(number: int) -> str:
    letters = "".join(chr(65 + number // 26**place % 26) for place in range(2))
    return f"{letters}-{number * 7919 % 100_000:05d}-{number % 97:02d}{number // 2_600_000 or ''}"


def _write(items: int) -> None:
    """Items, a vendor's part number for every third, orders for every fifth."""
    chance = random.Random(7)
    made = sorted({"".join(chance.choice(_SYLLABLES) for _ in range(chance.randint(2, 4))) for _ in range(8000)})
    chance.shuffle(made)
    vocabulary = [*_NOUNS, *made]
    weights = [1 / (place + 3) for place in range(len(vocabulary))]
    words = chance.choices(vocabulary, weights, k=4 * items)
    url = engine.with_database(engine.administrator_url(), "bench_1")  # COPY is closed to whom row security holds
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("INSERT INTO unit (code, digits) VALUES ('pcs', 0)")
        copy = (
            "COPY item (code, name, unit_id, make_lead_days, goods_in_days, inspection_required, is_orderable, is_active, version) "
            "FROM STDIN"
        )
        with connection.cursor().copy(copy) as rows:
            for number in range(items):
                name = " ".join(words[4 * number : 4 * number + 4]).capitalize()
                rows.write_row((_code(number), f"{name} M{number % 30}", 1, 0, 0, False, False, True, 1))
        connection.execute(
            """
            INSERT INTO vendor (code, name, currency_code, version)
            SELECT 'V' || v, 'Vendor ' || v || ' Björk', 'EUR', 1 FROM generate_series(1, 3000) AS v;
            INSERT INTO vendor_item (vendor_id, item_id, vendor_part, purchase_unit_id, lead_days, preference, is_active, version)
            SELECT 1 + id % 3000, id, 'P' || id * 31337 % 10000000 || '-' || id % 13, 1, 5, 1, true, 1 FROM item WHERE id % 3 = 0;
            INSERT INTO warehouse (code, allows_negative, version) VALUES ('MAIN', false, 1);
            INSERT INTO purchase_order (
                number, vendor_id, order_type_id, warehouse_id, currency_code, is_on_hold, fulfil_all_at_once, created_at,
                changed_at, version)
            SELECT '2026-V' || 1 + id % 3000 || '-' || lpad(id::text, 7, '0'), 1 + id % 3000, 1, 1, 'EUR', false, false, now(),
                now(), 1
            FROM item WHERE id % 5 = 0;
            """
        )
        connection.execute("VACUUM ANALYZE")


if __name__ == "__main__":
    main()
