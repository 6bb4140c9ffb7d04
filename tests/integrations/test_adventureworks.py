"""The bicycle maker's real-shaped data, all the way in: every row loaded or named, nothing counted twice."""

import gzip
import json
import shutil
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from buyside.cli import main
from buyside.config import ROOT
from buyside.db import engine
from buyside.domain.access import OPERATOR
from buyside.integrations.adventureworks.factors import Factors, FactorsNeeded, read_factors
from buyside.integrations.adventureworks.pack import write_pack
from buyside.integrations.adventureworks.source import UnreadableSource
from buyside.operations.packs import import_pack
from buyside.operations.run import perform
from buyside.queries.packs import export_pack
from buyside.queries.read import ask
from tests.conftest import Database

SOURCE = ROOT.parent / "shared" / "data" / "adventureworks"
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
pytestmark = pytest.mark.skipif(not SOURCE.is_dir(), reason=f"the AdventureWorks tables are not in {SOURCE.name}")

ROWS = {
    "Product.csv": 504,
    "Vendor.csv": 104,
    "ProductVendor.csv": 460,
    "BillOfMaterials.csv": 2_679,
    "SalesOrderHeader.csv": 31_465,
    "SalesOrderDetail.csv": 121_317,
    "PurchaseOrderHeader.csv": 4_012,
    "PurchaseOrderDetail.csv": 8_845,
    "ProductInventory.csv": 1_069,
}


def test_factors_are_asked_for_and_never_guessed(tmp_path: Path) -> None:
    with pytest.raises(FactorsNeeded) as refused:
        write_pack(SOURCE, tmp_path / "pack")
    assert refused.value.code == "adventureworks.factors-needed"
    assert len(refused.value.pairs) == 306
    (tmp_path / "factors.csv").write_text(
        "vendor,item,unit,factor\n,,CTN,24\n,,CAN,1\n,,CS,12\n,,DZ,12\n,,PAK,100\n,,GAL,128\n"
    )
    told = write_pack(SOURCE, tmp_path / "pack", factors=read_factors(tmp_path / "factors.csv"))
    assert told.figures["converted_vendor_items"] == 306


def test_a_folder_without_the_tables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource) as refused:
        write_pack(tmp_path, tmp_path / "pack")
    assert refused.value.code == "adventureworks.unreadable"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"unit\nCTN\n", "the columns factor are missing."),
        (b"unit,factor\nCTN\n", "row 2 has not as many cells as the header."),
        (b"unit,factor\nCTN,many\n", "\u201cmany\u201d in factor is not a number."),
        (b"unit,factor\nCTN,0\n", "the factor 0 is not above zero."),
        (b"unit,factor\n\xff,1\n", "it cannot be read"),
        (b'unit,factor\n"CTN,1\n', "it cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_and_named(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "factors.csv").write_bytes(content)
    with pytest.raises(UnreadableSource) as refused:
        read_factors(tmp_path / "factors.csv")
    assert refused.value.code == "adventureworks.unreadable"
    assert str(refused.value).startswith(f"factors.csv: {reason}")


def test_a_table_that_breaks_off_while_it_is_read_is_refused_and_named(tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(SOURCE, source)
    (source / "SalesOrderDetail.csv").unlink(missing_ok=True)
    packed = gzip.compress(b"SalesOrderID,SalesOrderDetailID,OrderQty,ProductID\n" + b"43659,1,1,776\n" * 10_000)
    (source / "SalesOrderDetail.csv.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(UnreadableSource) as refused:
        write_pack(source, tmp_path / "pack", factors=Factors(assumed=Decimal(1)))
    assert str(refused.value).startswith("SalesOrderDetail.csv: it cannot be read")


@pytest.mark.timeout(600)
def test_every_row_is_loaded_or_named_and_comes_back(database: Database, tmp_path: Path) -> None:
    told = write_pack(SOURCE, tmp_path / "pack", open_from=date(2014, 3, 1), factors=Factors(assumed=Decimal(1)))
    accounts = {each.file: each for each in told.accounts}
    for file, rows in ROWS.items():
        assert accounts[file].rows == rows == sum(accounts[file].parts.values())
    assert told.figures["pending_orders_with_receipts"] == 225
    assert told.figures["rejected_orders_with_receipts"] == 86
    assert told.figures["on_order_as_stored"] == 102_414
    assert told.figures["subtotal_stored"] == Decimal("63791994.8380")
    assert told.figures["stock_units"] == 335_974

    perform(import_pack, OPERATOR, source=tmp_path / "pack", at=AT)
    assert perform(import_pack, OPERATOR, source=tmp_path / "pack", at=AT).is_unchanged
    with engine.sessions()() as session:
        counts = session.execute(
            text(
                "SELECT (SELECT count(*) FROM item), (SELECT count(*) FROM variant), (SELECT count(*) FROM vendor), "
                "(SELECT count(*) FROM vendor_item), (SELECT count(*) FROM bom_row), (SELECT count(*) FROM sales_order), "
                "(SELECT count(*) FROM sales_order_line), (SELECT count(*) FROM purchase_order), "
                "(SELECT count(*) FROM purchase_order_line), (SELECT sum(on_hand) FROM stock_balance), "
                "(SELECT sum(total) FROM purchase_order)"
            )
        ).one()
    assert tuple(counts) == (
        406, 295, 104, 460, 2_576 + 197, 31_465, 121_317, 4_012, 8_845, 335_974, told.figures["subtotal_imported"],
    )  # fmt: skip
    ask(export_pack, OPERATOR, folder=tmp_path / "written")
    assert perform(import_pack, OPERATOR, source=tmp_path / "written", at=AT).is_unchanged


def test_the_command_ends_with_three_where_factors_are_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["import", "adventureworks", str(SOURCE), "--json"]) == main.REFUSED
    assert len(json.loads(capsys.readouterr().out)) == 306
