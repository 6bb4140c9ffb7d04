"""Bad packs: each is refused with the file, the row as a reader counts it, the column, the value and the rule."""

import zipfile
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from sqlmodel import Session

from buyside.db import bulk
from buyside.db.bulk import UnreadablePack
from buyside.domain.access import OPERATOR, Actor, Role
from buyside.domain.pack import Fault
from buyside.domain.refusals import NotAllowed
from buyside.operations.packs import PackRefused, import_pack
from tests.pack_samples import SAMPLE, write_pack

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALL_TABLES = [
    "warehouse",
    "unit",
    "item",
    "vendor",
    "vendor_item",
    "price_break",
    "product",
    "variant",
    "option_value",
    "product_option",
    "bom_row",
    "option_rule",
    "sales_order",
    "sales_order_line",
    "stock_entry",
    "stock_balance",
    "contract",
    "purchase_order",
    "purchase_order_line",
    "receipt",
    "audit_event",
]


def rows_in(session: Session) -> int:
    connection = bulk.driver(session)
    return sum(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ALL_TABLES)


def faults_of(session: Session, folder: Path) -> list[Fault]:
    """The faults of a pack that must be refused, and must leave nothing."""
    nothing = rows_in(session)
    with pytest.raises(PackRefused) as refused, session.begin_nested():
        import_pack(session, OPERATOR, source=folder, at=AT)
    assert refused.value.code == "packs.bad-rows"
    assert refused.value.total >= len(refused.value.faults) > 0
    assert rows_in(session) == nothing
    return list(refused.value.faults)


def changed(name: str, old: str, new: str) -> dict[str, str | bytes]:
    assert old in SAMPLE[name]
    return {name: SAMPLE[name].replace(old, new, 1)}


CASES: list[tuple[str, str, str, int, str, str, str]] = [
    # file, what stands there, what is put there, row, column, value, part of the rule
    ("items", "EA,inventory,buy,fasteners,10", "EA,inventory,buy,fasteners,1e9", 2, "safety_stock", "1e9", "decimal"),
    ("items", ",10,20,200", ',"1,234.56",20,200', 2, "safety_stock", "1,234.56", "decimal"),
    ("items", "inventory,buy,fasteners", "inventory,borrow,fasteners", 2, "supply", "borrow", "none of: buy"),
    ("items", "BOLT,", ",", 2, "code", "", "is empty"),
    ("items", "FRAME,Frame,EA", "FRAME,Frame,KG", 4, "unit", "KG", "none of the units"),
    ("items", "10,20,200", "10,20,19", 2, "order_up_to", "19", "below reorder_point"),
    ("items", "period,7", "period,", 3, "period_days", "", "needed by"),
    ("items", "10,20,200", "-1,20,200", 2, "safety_stock", "-1", "below 0"),
    ("items", "LABEL,", "BOLT,", 7, "code", "BOLT", "same code as row 2"),
    ("items", ",MAIN,true", ",MAIN,maybe", 2, "active", "maybe", "neither true nor false"),
    ("vendors", "ACME,Acme,EUR", "ACME,Acme,XXX", 2, "currency", "XXX", "none of the currencies"),
    ("vendor_items", ",,2026-06-30\n", ",,2026-07-01\n", 3, "valid_from", "2026-07-01", "overlaps that of row 2"),
    ("vendor_items", "TUBES,TUBE,,CM,,14", "TUBES,TUBE,,BOX,,14", 4, "unit_factor", "", "not of one category"),
    ("vendor_items", ",60,,", ",100.5,,", 2, "share_pct", "100.5", "above 100"),
    ("price_breaks", "TUBES,TUBE,0.5", "TUBES,BOLT,0.5", 5, "item", "BOLT", "not an item of this vendor"),
    ("price_breaks", "2026-07-01,", "2026-06-30,", 4, "valid_from", "2026-06-30", "overlaps that of row 2"),
    ("options", "bell,yes", "bell,y;s", 4, "value", "y;s", "holds ;"),
    ("bom", "item,FRAME,TUBE,2.2,", "item,FRAME,TUBE,0,", 5, "qty", "0", "not above 0"),
    ("bom", "2026-07-01,", "2026-02-31,", 5, "valid_from", "2026-02-31", "calendar"),
    ("bom", "product,BIKE,", "product,CAR,", 3, "parent", "CAR", "no product"),
    ("bom", "item,KIT,BOLT", "item,PAINT,BOLT", 6, "parent", "PAINT", "bought"),
    ("rules", "colour=red,add", "colour=mauve,add", 2, "when", "colour=mauve", "no product offers"),
    ("rules", "colour=red,add", "colour,add", 2, "when", "colour", "group=value"),
    ("rules", ",,0.2,", ",,,", 2, "qty", "", "needed by"),
    ("rules", "replace,KIT,FRAME", "replace,KIT,", 3, "replacement", "", "with “replace”"),
    ("sales_orders", "2026-03-01T08:00:00Z", "2026-03-01 08:00", 2, "approved_at", "2026-03-01 08:00", "RFC 3339"),
    ("sales_orders", "2026-03-01T08:00:00Z", "", 2, "approved_at", "", "approved"),
    ("sales_order_lines", "S-2,1,TRIKE-1,5", "S-9,1,TRIKE-1,5", 4, "order", "S-9", "none of the sales_orders"),
    ("sales_order_lines", "5,2026-05-01,colour=red", "5,2026-05-01,colour=blue", 4, "options", "colour=blue", "TRIKE"),
    ("sales_order_lines", "bell=yes,1\n", "bell=yes,4\n", 2, "fulfilled_qty", "4", "more than was ordered"),
    ("sales_order_lines", "S-1,2,", "S-1,1,", 3, "line", "1", "same order, line as row 2"),
    ("stock", "MAIN,item,BOLT,500", "MAIN,item,BOLT,-500", 2, "qty", "-500", "below zero"),
    ("stock", "variant,BIKE-S", "variant,BIKE-XL", 5, "code", "BIKE-XL", "no variant"),
    ("contracts", "2026-12-31", "2025-12-31", 2, "valid_to", "2025-12-31", "before valid_from"),
    ("purchase_orders", "P-2,TUBES,USD,issued", "P-2,TUBES,USD,sent", 3, "status", "sent", "none of: draft"),
    ("purchase_orders", "P-1,ACME", "P-1,YEN", 2, "contract", "C-1", "another vendor"),
    ("purchase_order_lines", "1.3,21,", "1.3,21.01,", 6, "received_qty", "21.01", "ordered plus tolerance (21)"),
    ("purchase_order_lines", "40,2,", "40,41,", 2, "rejected_qty", "41", "more than was received"),
    ("purchase_order_lines", "0.0315,,,2026-03-10,", "0.0315,,,,", 4, "expected_on", "", "awaits goods"),
    ("purchase_order_lines", "1200.5,,", "1200.5,1,", 5, "received_qty", "1", "not issued"),
    ("purchase_order_lines", "P-1,2,PAINT,3,", "P-1,2,PAINT,999999999999,", 3, "qty", "999999999999", ""),
]


@pytest.mark.rule("VEN-5")
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[4]}-{case[5] or 'empty'}")
def test_a_bad_value_is_named_with_row_column_value_and_rule(
    session: Session, tmp_path: Path, case: tuple[str, str, str, int, str, str, str]
) -> None:
    file, old, new, row, column, value, rule = case
    if column == "qty" and value == "999999999999":
        new = new + "999.5,"
        old = old + "12.005,"
    found = faults_of(session, write_pack(tmp_path / "pack", changed(file, old, new)))
    assert any(
        (each.file, each.row, each.column, each.value) == (f"{file}.csv", row, column, value) and rule in each.rule
        for each in found
    ), [str(each) for each in found]


@pytest.mark.rule("ITM-4")
def test_a_cycle_is_refused_with_its_path(session: Session, tmp_path: Path) -> None:
    bom = SAMPLE["bom"] + "item,KIT,FRAME,1,,,\nitem,FRAME,KIT,1,,,\n"
    found = faults_of(session, write_pack(tmp_path / "pack", {"bom": bom}))
    assert [(each.row, each.column) for each in found] == [(9, "component")]
    assert "FRAME → KIT → FRAME" in found[0].rule


MALFORMED: list[tuple[str, bytes, int, str]] = [
    ("a quote in the middle", b'code,name\nA,6" bolt\nB,6" nut\n', 2, "quote"),
    ("a quote never closed", b'code,name\nA,"x\nB,y\n', 2, "never closed"),
    ("text after a closing quote", b'code,name\nA,"x"y\n', 2, "quote"),
    ("too many cells", b"code,name\nA,x\nB,y,z\n", 3, "3 cells where the header has 2"),
    ("too few cells", b"code,name\nA\n", 2, "1 cells"),
    ("an empty line", b"code,name\nA,x\n\n", 3, "1 cells"),
    ("NUL", b"code,name\nA,x\0\n", 2, "NUL"),
    ("Latin-1", "code,name\nA,Größe\n".encode("latin-1"), 2, "UTF-8"),
    ("UTF-16", "code,name\nA,x\n".encode("utf-16"), 1, ""),
    ("mixed line ends", b"code,name\nA,x\nB,y\r\n", 3, "line"),
    ("a lone carriage return", b"code,name\nA,x\rB,y\n", 2, "carriage return"),
    ("old line ends", b"code,name\rA,x\r", 1, "header"),
    ("the end mark of COPY", b"code,name\nA,x\n\\.\nB,y\n", 3, "1 cells"),
    ("nothing", b"", 1, "no header"),
    ("an unknown column", b"code,name,colour\nA,x,red\n", 1, "not a column"),
    ("a missing column", b"code\nA\n", 1, "missing"),
    ("a column twice", b"code,name,name\nA,x,y\n", 1, "twice"),
]


@pytest.mark.parametrize("case", MALFORMED, ids=lambda case: case[0])
def test_what_is_no_csv_is_told_by_row(session: Session, tmp_path: Path, case: tuple[str, bytes, int, str]) -> None:
    _, content, row, rule = case
    (tmp_path / "warehouses.csv").write_bytes(content)
    found = faults_of(session, tmp_path)
    assert any(each.file == "warehouses.csv" and each.row == row and rule in each.rule for each in found), found


def test_every_bad_row_is_counted_and_the_first_thousand_are_named(session: Session, tmp_path: Path) -> None:
    lines = "".join(f"W{n},x,perhaps\n" for n in range(3000))
    (tmp_path / "warehouses.csv").write_text("code,name,allow_negative\n" + lines)
    with pytest.raises(PackRefused) as refused, session.begin_nested():
        import_pack(session, OPERATOR, source=tmp_path, at=AT)
    assert (refused.value.total, len(refused.value.faults)) == (3000, 1000)
    assert [each.row for each in refused.value.faults] == list(range(2, 1002))


def test_faults_of_several_files_are_told_at_once(session: Session, tmp_path: Path) -> None:
    files = changed("items", "10,20,200", "ten,20,200") | changed("vendors", "active", "busy")
    files |= changed("purchase_order_lines", "40,2,", "140,2,")
    assert [each.file for each in faults_of(session, write_pack(tmp_path / "pack", files))] == [
        "items.csv",
        "vendors.csv",
        "purchase_order_lines.csv",
    ]


@pytest.mark.parametrize("dressed", [b"\xef\xbb\xbf", b"\r\n", b"quoted"], ids=["byte order mark", "CRLF", "quoted"])
def test_other_ways_to_write_the_same_csv_load(session: Session, tmp_path: Path, dressed: bytes) -> None:
    folder = write_pack(tmp_path / "pack")
    for path in folder.iterdir():
        plain = path.read_bytes()
        if dressed == b"\r\n":
            path.write_bytes(plain.replace(b"\n", b"\r\n"))
        elif dressed == b"quoted" and b'"' not in plain:
            rows = plain.decode().splitlines()
            path.write_text("".join(",".join(f'"{cell}"' for cell in row.split(",")) + "\n" for row in rows))
        else:
            path.write_bytes(b"\xef\xbb\xbf" + plain)
    import_pack(session, OPERATOR, source=folder, at=AT)
    assert import_pack(session, OPERATOR, source=write_pack(tmp_path / "plain"), at=AT).is_unchanged


def test_a_zip_loads_like_its_folder(session: Session, tmp_path: Path) -> None:
    folder = write_pack(tmp_path / "pack")
    with zipfile.ZipFile(tmp_path / "pack.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in folder.iterdir():
            archive.write(path, f"pack/{path.name}")
    import_pack(session, OPERATOR, source=tmp_path / "pack.zip", at=AT)
    assert import_pack(session, OPERATOR, source=folder, at=AT).is_unchanged


def test_a_zip_bomb_and_a_damaged_zip_are_refused(session: Session, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("items.csv", "w") as member:
        for _ in range(110):
            member.write(b"0" * (1 << 20))
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(bomb.read_bytes()[:-60])
    for path in (bomb, damaged, tmp_path / "missing"):
        with pytest.raises(UnreadablePack) as refused:
            import_pack(session, OPERATOR, source=path, at=AT)
        assert refused.value.code == "packs.unreadable"


def test_a_dry_run_says_the_same_and_leaves_nothing(session: Session, tmp_path: Path) -> None:
    folder = write_pack(tmp_path / "pack")
    nothing = rows_in(session)
    trial = import_pack(session, OPERATOR, source=folder, at=AT, dry_run=True)
    assert rows_in(session) == nothing
    assert trial.files == import_pack(session, OPERATOR, source=folder, at=AT).files


def test_nobody_imports_without_the_permission(session: Session, tmp_path: Path) -> None:
    requester = Actor(user_id=None, name="requester", roles=frozenset({Role.REQUESTER}))
    with pytest.raises(NotAllowed):
        import_pack(session, requester, source=tmp_path, at=AT)


def test_what_only_the_database_finds_is_a_refusal_too(session: Session, tmp_path: Path) -> None:
    import_pack(session, OPERATOR, source=write_pack(tmp_path / "pack"), at=AT)
    forbidding = {"warehouses": "code,name,allow_negative\nYARD,Yard,false\n"}
    folder = write_pack(tmp_path / "second", forbidding, leave_out=set(SAMPLE) - {"warehouses"})
    with pytest.raises(PackRefused) as refused, session.begin_nested():
        import_pack(session, OPERATOR, source=folder, at=AT)
    assert "not_negative" in refused.value.faults[0].rule
    assert isinstance(refused.value.__cause__, psycopg.IntegrityError)
