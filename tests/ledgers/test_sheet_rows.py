"""Rows told by their own keys, as files tell them: placed beside those that exist, many at once."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session, col, select

from buyside.db.audit import AuditEvent, AuditSubject
from buyside.db.vendors import Vendor, VendorContact
from buyside.domain.access import OPERATOR
from buyside.domain.all_sheets import sheet_named
from buyside.domain.sheet_changes import Outcome, RowsRefused
from buyside.ledgers import audit
from buyside.ledgers.sheet_batch import Batch, GivenRow
from buyside.ledgers.sheet_rows import good_rows, plan_rows
from buyside.ledgers.sheet_writes import Counts, write_rows
from buyside.operations.packs import import_pack
from tests.pack_samples import SAMPLE, write_pack
from tests.sheet_acts import Sheets, begun
from tests.world import NOW, World

C, M, U, R = Outcome.CREATED, Outcome.CHANGED, Outcome.UNCHANGED, Outcome.REFUSED


@pytest.fixture
def sheets(session: Session) -> Sheets:
    World(session).organisation()
    return begun(session)


def planned(sheets: Sheets, sheet: str, *rows: Mapping[str, str]) -> Batch:
    given = [GivenRow(number, cells) for number, cells in enumerate(rows, start=2)]
    return plan_rows(sheets.session, sheet_named(sheet), given, lock=True)


def outcomes(batch: Batch) -> list[Outcome]:
    return [each.outcome for each in batch.rows]


@pytest.mark.rule("VEN-5")
def test_rows_of_known_keys_change_and_others_are_made_and_a_second_time_nothing_happens(sheets: Sheets) -> None:
    rows = (
        {"code": "BOLT", "name": "Bolt M6"},
        {"code": "FRAME", "name": "Frame"},
        {"code": "NUT", "name": "Nut", "unit": "pcs"},
    )
    batch = planned(sheets, "items", *rows)
    assert outcomes(batch) == [M, U, C]
    assert batch.rows[0].changed == {"name": ("Bolt", "Bolt M6")}
    assert batch.counts() == {C: 1, M: 1, U: 1, R: 0}
    assert write_rows(sheets.session, batch) == Counts(1, 1)
    again = planned(sheets, "items", *rows)
    assert outcomes(again) == [U, U, U]
    assert write_rows(sheets.session, again) == Counts(0, 0)


@pytest.mark.rule("VEN-5")
def test_columns_that_a_file_does_not_have_stay_and_empty_ones_are_reset(sheets: Sheets) -> None:
    sheets.one("items", code="NUT", name="Nut", unit="pcs", reorder_point="5", safety_stock="3", description="Hex")
    batch = planned(sheets, "items", {"code": "NUT", "reorder_point": "", "safety_stock": ""})
    assert batch.rows[0].changed == {"reorder_point": ("5", ""), "safety_stock": ("3", "0")}
    assert batch.rows[0].after["description"] == "Hex"


def test_a_row_is_found_by_a_key_of_several_columns(sheets: Sheets) -> None:
    sheets.one("vendor-items", vendor="BOND", item="BOLT", lead_days="5", valid_to="2026-06-30")
    rows = [{"vendor": "BOND", "item": "BOLT", "lead_days": "6", "valid_from": each} for each in ("", "2026-07-01")]
    assert outcomes(planned(sheets, "vendor-items", *rows)) == [M, C]
    price = {"vendor": "ACME", "item": "BOLT", "unit_price": "1", "currency": "EUR"}
    sheets.one("price-breaks", **price)
    prices = ({**price, "unit_price": "2"}, {**price, "from_quantity": "10.0"})
    batch = planned(sheets, "price-breaks", *prices)
    assert outcomes(batch) == [M, C]
    write_rows(sheets.session, batch)
    assert outcomes(planned(sheets, "price-breaks", *prices)) == [U, U]


def test_a_key_that_two_rows_have_names_neither(sheets: Sheets) -> None:
    vendor = sheets.session.exec(select(Vendor.id).where(col(Vendor.code) == "ACME")).one()
    for phone in "12":
        World(sheets.session).add(VendorContact(vendor_id=vendor, name="Ines", phone=phone))
    [row] = planned(sheets, "vendor-contacts", {"vendor": "ACME", "name": "Ines", "phone": "3"}).rows
    assert [each.code for each in row.problems] == ["sheets.ambiguous"]


def test_good_rows_are_those_that_hold_without_the_others(sheets: Sheets) -> None:
    """The second row needs the days that the first would give up, and the first is refused."""
    sheets.one("vendor-items", vendor="BOND", item="BOLT", lead_days="5")
    rows = (
        {"vendor": "BOND", "item": "BOLT", "lead_days": "-1", "valid_to": "2026-06-30"},
        {"vendor": "BOND", "item": "BOLT", "lead_days": "3", "valid_from": "2026-07-01"},
        {"vendor": "BOND", "item": "FRAME", "lead_days": "3"},
    )
    batch = planned(sheets, "vendor-items", *rows)
    with pytest.raises(RowsRefused):
        write_rows(sheets.session, batch)
    good = good_rows(sheets.session, batch)
    assert [row.number for row in good.rows] == [4]
    assert write_rows(sheets.session, good) == Counts(1, 0)


def test_who_watches_can_stop_it_and_nothing_is_written(sheets: Sheets) -> None:
    class Stopped(Exception):
        pass

    told: list[tuple[int, int]] = []

    def watch(done: int, total: int) -> None:
        told.append((done, total))
        if done == 5000:
            raise Stopped

    batch = planned(sheets, "item-groups", *({"code": f"G{n}"} for n in range(12_000)))
    with pytest.raises(Stopped):
        write_rows(sheets.session, batch, on_progress=watch)
    assert told == [(0, 12_000), (5000, 12_000)]
    assert len(sheets.rows("item-groups")) == 1


@pytest.mark.rule("ACC-6")
def test_of_very_many_rows_the_trail_tells_numbers_and_each_record_finds_it(sheets: Sheets) -> None:
    session = sheets.session
    count = audit.MOST_CHANGES + 10
    batch = planned(sheets, "item-groups", *({"code": f"G{n}"} for n in range(count)))
    with audit.followed(session) as trail:
        write_rows(session, batch)
    entry_id = audit.write(session, OPERATOR, operation="run_import", request_id=None, trail=trail, at=NOW)
    entry = session.get_one(AuditEvent, entry_id)
    assert entry.changes[-1]["after"] == {"item_group": count}
    assert len(entry.changes) == audit.MOST_CHANGES + 1
    subjects = session.exec(select(AuditSubject).where(AuditSubject.event_id == entry_id)).all()
    assert {each.record_id for each in subjects} == {int(row.key) for row in batch.rows}


def test_an_import_of_a_pack_counts_every_version_that_it_writes(session: Session, tmp_path: Path) -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    import_pack(session, OPERATOR, source=write_pack(tmp_path / "first"), at=at)
    changed = {
        "units": SAMPLE["units"].replace("EA,Each", "EA,Piece"),
        "price_breaks": SAMPLE["price_breaks"].replace("1.2345", "1.2346"),
        "bom": SAMPLE["bom"].replace("item,KIT,BOLT,12", "item,KIT,BOLT,13"),
        "rules": SAMPLE["rules"].replace("colour=blue;bell=yes,replace", "bell=yes,replace"),
    }
    import_pack(session, OPERATOR, source=write_pack(tmp_path / "second", changed), at=at)
    for table in ("unit", "price_break", "bom_row", "option_rule"):
        versions = session.execute(text(f"SELECT version, count(*) FROM {table} GROUP BY 1 ORDER BY 1")).all()
        assert [version for version, _ in versions] == [1, 2], table
        assert versions[1][1] == 1, table
    session.rollback()
