"""Packs that are well: they load by code, come back as they were, and state balances, orders and prices exactly."""

import random
from datetime import UTC, datetime
from decimal import ROUND_FLOOR, Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from buyside.db import engine
from buyside.domain.access import OPERATOR
from buyside.domain.orders import LineAmounts, LineTerms, price_order
from buyside.operations.packs import PackRefused, import_pack
from buyside.operations.run import perform
from buyside.queries.packs import export_pack
from tests.conftest import Database
from tests.pack_samples import SAMPLE, write_pack

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_pack_loads_and_a_second_time_changes_nothing(session: Session, tmp_path: Path) -> None:
    pack = write_pack(tmp_path / "pack")
    done = import_pack(session, OPERATOR, source=pack, at=AT)
    assert all(each.created == each.rows and each.changed == 0 for each in done.files)
    assert import_pack(session, OPERATOR, source=pack, at=AT).is_unchanged


def _contents(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir()}


@pytest.mark.rule("VEN-5")
def test_a_pack_that_was_written_out_comes_back_as_it_was(database: Database, tmp_path: Path) -> None:
    with engine.sessions()() as first:
        import_pack(first, OPERATOR, source=write_pack(tmp_path / "pack"), at=AT)
        written = export_pack(first, OPERATOR, folder=tmp_path / "one")
        first.rollback()
    with engine.sessions()() as second:
        import_pack(second, OPERATOR, source=tmp_path / "one", at=AT)
        export_pack(second, OPERATOR, folder=tmp_path / "two")
        assert import_pack(second, OPERATOR, source=tmp_path / "two", at=AT).is_unchanged
        second.rollback()
    assert _contents(tmp_path / "one") == _contents(tmp_path / "two")
    assert written.rows["sales_order_lines.csv"] == 4


def _one(session: Session, question: str, **given: object) -> Any:
    return session.execute(text(question), given).scalar_one()


@pytest.mark.rule("STK-5")
def test_stated_balances_are_reached_by_postings_and_stay_the_sum_of_them(session: Session, tmp_path: Path) -> None:
    import_pack(session, OPERATOR, source=write_pack(tmp_path / "first"), at=AT)
    changed = SAMPLE["stock"].replace("BOLT,500,0.1", "BOLT,450,0.1").replace("BIKE-S,2,300", "BIKE-S,2,310")
    done = import_pack(session, OPERATOR, source=write_pack(tmp_path / "second", {"stock": changed}), at=AT)
    assert [(each.created, each.changed) for each in done.files if each.file == "stock.csv"] == [(0, 2)]
    wrong = (
        "SELECT count(*) FROM stock_balance AS b WHERE (b.on_hand, b.value) <> (SELECT sum(e.quantity), sum(e.value) "
        "FROM stock_entry AS e WHERE e.warehouse_id = b.warehouse_id AND e.item_id IS NOT DISTINCT FROM b.item_id "
        "AND e.variant_id IS NOT DISTINCT FROM b.variant_id)"
    )
    assert _one(session, wrong) == 0
    balance = "SELECT b.on_hand || '/' || b.value FROM stock_balance AS b JOIN item AS i ON i.id = b.item_id JOIN warehouse AS w ON w.id = b.warehouse_id AND w.code = 'MAIN' WHERE i.code = :code"
    assert _one(session, balance, code="BOLT") == "450.000000/45.000000"
    assert _one(session, balance, code="PAINT") == "0.000000/0.000000"
    assert _one(session, "SELECT value FROM stock_balance WHERE variant_id IS NOT NULL") == 620


@pytest.mark.rule("STK-1")
def test_what_had_been_received_stands_in_one_receipt_of_the_past(session: Session, tmp_path: Path) -> None:
    import_pack(session, OPERATOR, source=write_pack(tmp_path / "pack"), at=AT)
    receipts = session.execute(
        text(
            "SELECT o.number, r.is_history, l.quantity, l.stock_quantity, l.rejected_quantity FROM receipt AS r "
            "JOIN receipt_line AS l ON l.receipt_id = r.id JOIN purchase_order AS o ON o.id = r.order_id ORDER BY 1"
        )
    ).all()
    assert [tuple(each) for each in receipts] == [("P-1", True, 40, 480, 2), ("P-4", True, 21, 252, 0)]
    assert _one(session, "SELECT count(*) FROM stock_entry WHERE reason = 'receipt'") == 0
    line = "SELECT receivable_quantity FROM purchase_order_line AS l JOIN purchase_order AS o ON o.id = l.order_id WHERE o.number = 'P-1' ORDER BY line_number LIMIT 1"
    assert _one(session, line) == 105


@pytest.mark.rule("PO-5")
def test_an_order_that_moved_on_is_not_moved_by_an_import(session: Session, tmp_path: Path) -> None:
    import_pack(session, OPERATOR, source=write_pack(tmp_path / "pack"), at=AT)
    for number, (file, old, new, row) in enumerate(
        [
            ("purchase_orders", "P-2,TUBES,USD,issued", "P-2,TUBES,USD,closed", 3),
            ("purchase_order_lines", "P-1,1,BOLT,100,", "P-1,1,BOLT,101,", 2),
            ("purchase_order_lines", "P-4,1,BOLT", "P-1,3,PAINT,1,1,,,2026-08-20,\nP-4,1,BOLT", 6),
        ]
    ):
        files = {file: SAMPLE[file].replace(old, new)}
        with pytest.raises(PackRefused) as refused:
            import_pack(session, OPERATOR, source=write_pack(tmp_path / str(number), files), at=AT)
        assert [(each.file, each.row) for each in refused.value.faults] == [(f"{file}.csv", row)]
    draft = {"purchase_order_lines": SAMPLE["purchase_order_lines"].replace("P-3,1,PAINT,7,", "P-3,1,PAINT,8,")}
    import_pack(session, OPERATOR, source=write_pack(tmp_path / "draft", draft), at=AT)
    assert _one(session, "SELECT total FROM purchase_order WHERE number = 'P-3'") == 9604


@pytest.mark.rule("PO-4")
def test_amounts_of_imported_orders_are_those_of_the_paper(session: Session, tmp_path: Path) -> None:
    chance = random.Random(4)
    heads, lines, expected = [], [], {}
    for number in range(200):
        digits, currency = chance.choice([(2, "EUR"), (0, "JPY"), (3, "KWD")])
        terms = [
            LineTerms(
                Decimal(chance.randrange(1, 99999)) / chance.choice([1, 10, 1000]),
                Decimal(chance.randrange(0, 999999)) / 10000,
                Decimal(chance.choice([0, 0, 2.5, 33.3333, 100])).quantize(Decimal("0.0001")),
                Decimal(0),
                Decimal(chance.choice([0, 7, 19, 8.875])).quantize(Decimal("0.0001")),
            )
            for _ in range(chance.randrange(1, 7))
        ]
        value = price_order(terms, digits=digits)
        discount = ((value.subtotal - value.discount) * Decimal(chance.choice([0, 0.1, 0.37, 1]))).quantize(
            Decimal("0.0001"), rounding=ROUND_FLOOR
        )
        shipping = Decimal(chance.randrange(0, 9999)) / 100
        expected[f"X{number}"] = price_order(terms, header_discount=discount, shipping=shipping, digits=digits)
        heads.append(f"X{number},YEN,{currency},draft,MAIN,{discount:f},{shipping:f}")
        lines += [
            f"X{number},{position},PAINT,{each.quantity:f},{each.unit_price:f},{each.discount_percent:f},{each.tax_percent:f}"
            for position, each in enumerate(terms, start=1)
        ]
    files = {
        "purchase_orders": "number,vendor,currency,status,warehouse,header_discount,shipping_costs\n"
        + "\n".join(heads)
        + "\n",
        "purchase_order_lines": "order,line,item,qty,unit_price,discount_pct,tax_pct\n" + "\n".join(lines) + "\n",
    }
    import_pack(session, OPERATOR, source=write_pack(tmp_path / "pack", files), at=AT)
    for number, amounts in expected.items():
        found = session.execute(
            text(
                "SELECT l.subtotal, l.discount, l.header_discount, l.tax, l.total FROM purchase_order_line AS l "
                "JOIN purchase_order AS o ON o.id = l.order_id WHERE o.number = :number ORDER BY l.line_number"
            ),
            {"number": number},
        ).all()
        assert [LineAmounts(*each) for each in found] == list(amounts.lines), number
        foot = session.execute(
            text("SELECT subtotal, discount, tax, total FROM purchase_order WHERE number = :number"), {"number": number}
        ).one()
        assert tuple(foot) == (amounts.subtotal, amounts.discount, amounts.tax, amounts.total), number


@pytest.mark.rule("ACC-6")
def test_an_import_is_one_audit_entry_and_one_without_change_none(database: Database, tmp_path: Path) -> None:
    folder = write_pack(tmp_path / "pack")
    question = "SELECT count(*) FROM audit_event WHERE operation = 'import_pack'"
    for _ in range(2):
        perform(import_pack, OPERATOR, source=folder, at=AT)
        with engine.sessions()() as session:
            assert _one(session, question) == 1
    with engine.sessions()() as session:
        (note,) = _one(session, "SELECT changes FROM audit_event WHERE operation = 'import_pack'")
    assert note["after"]["files"]["items.csv"] == {"created": 6, "changed": 0}


@pytest.mark.rule("VEN-5")
def test_what_a_column_does_not_name_stays_and_what_it_leaves_empty_is_reset(
    database: Database, tmp_path: Path
) -> None:
    others = set(SAMPLE) - {"items"}
    with engine.sessions()() as session:
        import_pack(session, OPERATOR, source=write_pack(tmp_path / "pack"), at=AT)
        few = "code,name,unit,kind,supply,reorder_point\nBOLT,Bolt M6,EA,inventory,buy,\n"
        import_pack(session, OPERATOR, source=write_pack(tmp_path / "few", {"items": few}, leave_out=others), at=AT)
        row = session.execute(
            text("SELECT name, safety_stock, reorder_point, version FROM item WHERE code = 'BOLT'")
        ).one()
        assert tuple(row) == ("Bolt M6", 10, None, 2)
        session.rollback()
