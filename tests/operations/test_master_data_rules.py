"""What master data must never hold, however it arrives: by a pack, by two packs, or by SQL as the application."""

import ast
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from buyside.config import ROOT
from buyside.db.items import PriceBreak, VendorItem
from buyside.domain.access import OPERATOR
from buyside.domain.pack import Fault
from buyside.operations.packs import PackRefused, import_pack
from tests.pack_samples import SAMPLE, write_pack
from tests.world import World

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
MAPPINGS = "vendor,item,lead_days,valid_from,valid_to\n"
PRICES = "vendor,item,from_qty,unit_price,currency,valid_from,valid_to\n"


def load(session: Session, folder: Path, **files: str) -> None:
    """Load the named files of a pack and no other."""
    import_pack(session, OPERATOR, source=write_pack(folder, dict(files), leave_out=set(SAMPLE) - set(files)), at=AT)


def refused(session: Session, folder: Path, **files: str) -> list[Fault]:
    with pytest.raises(PackRefused) as refusal, session.begin_nested():
        load(session, folder, **files)
    assert refusal.value.code == "packs.bad-rows"
    return list(refusal.value.faults)


@pytest.fixture
def sample(session: Session, tmp_path: Path) -> Session:
    """A session that sees the sample pack loaded."""
    import_pack(session, OPERATOR, source=write_pack(tmp_path / "sample"), at=AT)
    return session


@pytest.mark.rule("VEN-3")
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (",", "2026-01-01,"),
        ("2026-01-01,2026-06-30", "2026-06-30,2026-12-31"),
        (",2026-06-30", "2026-01-01,2026-01-02"),
        ("2026-01-01,", "2026-05-05,2026-05-05"),
        ("2026-01-01,", "2027-01-01,"),
        ("2027-01-01,", ",2027-01-01"),
    ],
)
def test_mappings_of_one_import_that_overlap_name_each_other(
    sample: Session, tmp_path: Path, first: str, second: str
) -> None:
    rows = f"{MAPPINGS}TUBES,PAINT,3,{first}\nTUBES,PAINT,4,{second}\n"
    [fault] = refused(sample, tmp_path / "pack", vendor_items=rows)
    assert (fault.file, fault.row, fault.column) == ("vendor_items.csv", 3, "valid_from")
    assert fault.rule.endswith("overlaps that of row 2")
    alone = f"{MAPPINGS}TUBES,PAINT,3,{first}\n"
    load(sample, tmp_path / "first", vendor_items=alone)
    [fault] = refused(sample, tmp_path / "later", vendor_items=f"{MAPPINGS}TUBES,PAINT,4,{second}\n")
    since, until = (each or word for each, word in zip(first.split(","), ("ever", "open"), strict=True))
    assert fault.row == 2
    assert fault.rule.endswith(f"overlaps that of a row that exists, valid from {since} to {until}")


@pytest.mark.rule("VEN-3")
def test_the_same_mapping_twice_in_one_import_is_refused(sample: Session, tmp_path: Path) -> None:
    [fault] = refused(sample, tmp_path / "pack", vendor_items=MAPPINGS + "TUBES,PAINT,3,,\nTUBES,PAINT,4,,\n")
    assert fault.row == 3
    assert "as row 2" in fault.rule


@pytest.mark.rule("VEN-3")
def test_prices_of_one_break_that_overlap_name_each_other(sample: Session, tmp_path: Path) -> None:
    load(sample, tmp_path / "mapping", vendor_items=MAPPINGS + "TUBES,PAINT,3,,\n")
    good = PRICES + "TUBES,PAINT,0,2,EUR,,2026-06-30\nTUBES,PAINT,10,1,EUR,2026-01-01,\nTUBES,PAINT,0,3,USD,,\n"
    load(sample, tmp_path / "good", price_breaks=good)
    [fault] = refused(sample, tmp_path / "late", price_breaks=PRICES + "TUBES,PAINT,0,4,EUR,2026-06-30,\n")
    assert (fault.row, fault.column) == (2, "valid_from")
    assert fault.rule.endswith("valid from ever to 2026-06-30")
    load(sample, tmp_path / "next", price_breaks=PRICES + "TUBES,PAINT,0,4,EUR,2026-07-01,\n")


@pytest.mark.rule("VEN-3")
def test_the_database_itself_refuses_what_overlaps(session: Session) -> None:
    world = World(session)
    item, vendor = world.item(), world.vendor()
    vendor.supplies(item, valid_from=date(2026, 1, 1), valid_to=date(2026, 6, 30))
    with pytest.raises(IntegrityError, match="exclusion"), session.begin_nested():
        vendor.supplies(item, valid_from=date(2026, 6, 30))
    vendor.supplies(item, valid_from=date(2026, 7, 1))
    mapping = session.execute(
        text("SELECT id FROM vendor_item WHERE vendor_id = :vendor ORDER BY valid_from"), {"vendor": vendor.id}
    ).scalars().all()[0]  # fmt: skip
    with pytest.raises(IntegrityError, match="exclusion"), session.begin_nested():
        world.add(
            PriceBreak(vendor_item_id=mapping, from_quantity=Decimal(0), unit_price=Decimal(9), currency_code="EUR")
        )


@pytest.mark.rule("VEN-3")
@pytest.mark.parametrize(
    "wrong",
    [
        {"unit_factor": Decimal(0)},
        {"lead_days": -1},
        {"minimum_quantity": Decimal(-1)},
        {"order_multiple": Decimal(0)},
        {"share_percent": Decimal("100.0001")},
        {"valid_from": date(2026, 2, 1), "valid_to": date(2026, 1, 31)},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_mapping_out_of_range_is_refused_by_the_database(session: Session, wrong: dict[str, object]) -> None:
    world = World(session)
    item = world.item()
    row = {"vendor_id": world.vendor().id, "item_id": item.id, "purchase_unit_id": item.unit_id, "lead_days": 1} | wrong
    with pytest.raises(IntegrityError, match="check constraint"), session.begin_nested():
        world.add(VendorItem(**row))


@pytest.mark.rule("ITM-1")
@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "toy"},
        {"supply": "steal"},
        {"lot_policy": "monthly"},
        {"lot_policy": "period"},
        {"lot_policy": "period", "period_days": 0},
        {"safety_stock": Decimal("-0.000001")},
        {"reorder_point": Decimal(5), "order_up_to": Decimal(4)},
        {"over_receipt_percent": Decimal(-1)},
        {"make_lead_days": -1},
    ],
    ids=str,
)
def test_an_item_that_contradicts_itself_is_refused_by_the_database(session: Session, wrong: dict[str, object]) -> None:
    with pytest.raises(IntegrityError, match="check constraint"), session.begin_nested():
        World(session).item(**wrong)


@pytest.mark.rule("ITM-1")
def test_every_property_of_an_item_arrives_as_it_was_written(sample: Session) -> None:
    row = sample.execute(
        text(
            "SELECT i.name, u.code AS unit, kind, supply, g.code AS of, safety_stock, reorder_point, order_up_to, lot_policy, "
            "inspection_required, over_receipt_percent, standard_cost, w.code AS at, is_active FROM item AS i "
            "JOIN unit AS u ON u.id = i.unit_id JOIN item_group AS g ON g.id = i.group_id "
            "JOIN warehouse AS w ON w.id = i.default_warehouse_id WHERE i.code = 'BOLT'"
        )
    ).one()
    assert tuple(row) == (
        *('Bolt, 6"', "EA", "inventory", "buy", "fasteners"),
        *(Decimal(10), Decimal(20), Decimal(200), "lot_for_lot", True, Decimal(5), Decimal("0.125"), "MAIN", True),
    )


@pytest.mark.rule("ITM-2")
def test_no_operation_but_the_import_writes_the_catalogue_of_what_is_sold() -> None:
    catalogue = {"Product", "Variant", "OptionValue", "ProductOption", "SalesOrder", "SalesOrderLine"}
    written = [
        (path.name, node.lineno)
        for room in ("operations", "ledgers")
        for path in (ROOT / "buyside" / room).glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in catalogue
    ]
    assert written == []


@pytest.mark.rule("ITM-3")
def test_an_option_that_the_product_does_not_offer_is_refused(sample: Session, tmp_path: Path) -> None:
    lines = "order,line,sku,qty,needed_by,options\nS-3,8,{},1,2026-05-02,{}\n"
    for sku, options, product in (("TRIKE-1", "bell=yes", "TRIKE"), ("BIKE-L", "colour=red;colour=green", "BIKE")):
        [fault] = refused(sample, tmp_path / sku, sales_order_lines=lines.format(sku, options))
        assert (fault.row, fault.column, fault.value) == (2, "options", options.split(";")[-1])
        assert fault.rule == f"is not offered by product {product}"
    load(sample, tmp_path / "good", sales_order_lines=lines.format("BIKE-L", "bell=yes;colour=red"))
    chosen = text(
        "SELECT group_name || '=' || value FROM sales_order_line_option JOIN option_value AS o ON o.id = option_value_id "
        "JOIN sales_order_line AS l ON l.id = line_id JOIN sales_order AS s ON s.id = l.order_id "
        "WHERE s.number = 'S-3' AND line_number = 8 ORDER BY 1"
    )
    assert sample.execute(chosen).scalars().all() == ["bell=yes", "colour=red"]


@pytest.mark.rule("ITM-4")
def test_a_circle_that_closes_through_rows_of_earlier_imports_shows_its_path(sample: Session, tmp_path: Path) -> None:
    bom = "parent_kind,parent,component,qty\n"
    items = "code,name,unit,kind,supply\nAXLE,Axle,EA,inventory,make\nHUB,Hub,EA,inventory,phantom\n"
    load(sample, tmp_path / "items", items=items)
    load(
        sample,
        tmp_path / "rows",
        bom=bom + "item,FRAME,HUB,1\nitem,HUB,KIT,1\nproduct,BIKE,HUB,2\nvariant,BIKE-L,AXLE,1\n",
    )
    [fault] = refused(sample, tmp_path / "closing", bom=bom + "item,AXLE,FRAME,1\nitem,KIT,AXLE,3\n")
    assert (fault.file, fault.column) == ("bom.csv", "component")
    path = fault.rule.removeprefix("makes a cycle: ").split(" → ")
    assert path[0] == path[-1]
    assert set(path) == {"FRAME", "HUB", "KIT", "AXLE"}
    steps = {("FRAME", "HUB"), ("HUB", "KIT"), ("KIT", "AXLE"), ("AXLE", "FRAME")}
    assert set(pairwise(path)) == steps
    assert sample.execute(text("SELECT count(*) FROM bom_row AS b JOIN item AS i ON i.id = b.item_id WHERE i.code = 'AXLE'")).scalar_one() == 0  # fmt: skip
