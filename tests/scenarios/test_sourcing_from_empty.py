"""A buyer fills an empty company with the bicycle maker's sourcing data, file by file, through the same operations as the page."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from buyside.config import ROOT
from buyside.db.engine import sessions
from buyside.domain.access import OPERATOR, Actor, Role
from buyside.integrations.adventureworks.factors import Factors
from buyside.integrations.adventureworks.pack import write_pack
from buyside.operations.packs import import_pack
from buyside.operations.run import perform
from buyside.operations.sheet_files import ImportDone, check_import, keep_file, run_import, start_import
from buyside.queries.read import ask
from buyside.queries.sheet_files import import_run, mapping_doubts, suggested_mapping
from tests.conftest import Database
from tests.world import World

SOURCE = ROOT.parent / "shared" / "data" / "adventureworks"
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)

pytestmark = [
    pytest.mark.skipif(not SOURCE.is_dir(), reason="the AdventureWorks tables are not beside the project"),
    pytest.mark.timeout(600),
]

# sheet, file of the pack, what the buyer assigns by hand where the names alone do not say it
FILES: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("warehouses", "warehouses", {}),
    ("units", "units", {}),
    ("item-groups", "item_groups", {}),
    (
        "items",
        "items",
        {
            "inspection": "inspection_required",
            "over_receipt_pct": "over_receipt_percent",
            "warehouse": "default_warehouse",
            "active": "is_active",
        },
    ),
    ("vendors", "vendors", {}),
    (
        "vendor-items",
        "vendor_items",
        {"moq": "minimum_quantity", "multiple": "order_multiple", "share_pct": "share_percent"},
    ),
    ("price-breaks", "price_breaks", {"from_qty": "from_quantity"}),
    ("products", "products", {"cover_from_stock": "covers_from_stock"}),
    ("variants", "variants", {}),
    ("bom-rows", "bom", {"qty": "quantity_per", "scrap_pct": "scrap_percent"}),
)
OFFERS = 460  # rows of ProductVendor.csv


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sourcing data as files: the pack without demand, history and stock."""
    folder = tmp_path_factory.mktemp("sourcing")
    write_pack(SOURCE, folder, open_from=date(2014, 5, 1), factors=Factors(assumed=Decimal(1)))
    kept = {f"{name}.csv" for _, name, _ in FILES}
    for each in folder.iterdir():
        if each.name not in kept:
            each.unlink()
    return folder


@pytest.fixture
def buyer(database: Database) -> Actor:
    with sessions()() as session, session.begin():
        session.execute(text("DELETE FROM warehouse"))
        return World(session).user(Role.BUYER)


def _content(pack: Path, name: str) -> bytes:
    """A file as the buyer brings it: groups gathered from the items, and a reason where a vendor is out of use."""
    if name == "vendors":
        with (pack / "vendors.csv").open(encoding="utf-8", newline="") as vendors:
            rows = list(csv.DictReader(vendors))
        told = [each | {"status_reason": "" if each["status"] == "active" else "No longer used"} for each in rows]
        written = io.StringIO()
        writer = csv.DictWriter(written, told[0])
        writer.writeheader()
        writer.writerows(told)
        return written.getvalue().encode()
    if name != "item_groups":
        return (pack / f"{name}.csv").read_bytes()
    with (pack / "items.csv").open(encoding="utf-8", newline="") as items:
        groups = sorted({each["group"] for each in csv.DictReader(items)} - {""})
    lines = io.StringIO()
    csv.writer(lines).writerows([["code"], *([each] for each in groups)])
    return lines.getvalue().encode()


@pytest.mark.rule("VEN-5")
def test_what_a_buyer_builds_from_empty_is_what_the_pack_says(buyer: Actor, pack: Path) -> None:
    for sheet, name, by_hand in FILES:
        content = _content(pack, name)
        first = _taken_in(buyer, sheet, name, content, by_hand)
        assert first.refused == first.changed == 0, (sheet, first)
        assert first.created == len(list(csv.DictReader(io.StringIO(content.decode())))) > 0, (sheet, first)
        again = _taken_in(buyer, sheet, name, content, {})  # what was assigned by hand is remembered
        assert (again.created, again.changed, again.refused) == (0, 0, 0), (sheet, again)
        assert again.unchanged == first.created
    done = perform(import_pack, OPERATOR, source=pack, at=AT)
    assert done.is_unchanged, done
    assert {each.file: each.rows for each in done.files}["vendor_items.csv"] == OFFERS


def _taken_in(actor: Actor, sheet: str, name: str, content: bytes, by_hand: dict[str, str]) -> ImportDone:
    """One file through keeping, assigning, checking and taking in. Answers with what became of its rows."""
    kept = perform(keep_file, actor, name=f"{name}.csv", content=content, at=AT)
    suggested = ask(suggested_mapping, actor, file_id=kept.file_id, sheet=sheet)
    mapping = {each.place: by_hand.get(each.header, each.column) for each in suggested}
    mapping = {place: column for place, column in mapping.items() if column}
    assert ask(mapping_doubts, actor, file_id=kept.file_id, sheet=sheet, mapping=mapping) == ()
    begun = perform(start_import, actor, file_id=kept.file_id, sheet=sheet, mapping=mapping, at=AT)
    told = perform(check_import, actor, run_id=begun.run_id)
    done = perform(run_import, actor, run_id=begun.run_id, at=AT)
    assert (done.created, done.changed, done.unchanged) == (told.created, told.changed, told.unchanged)
    assert ask(import_run, actor, run_id=begun.run_id).state == "done", _refused(begun.run_id)
    return done


def _refused(run_id: int) -> list[tuple[object, ...]]:
    """The first rows that were not taken, with why."""
    with sessions()() as session:
        found = session.execute(
            text("SELECT * FROM import_outcome WHERE run_id = :run AND outcome = 'refused' LIMIT 5"), {"run": run_id}
        )
        return [tuple(each) for each in found]
