"""Sheets as people look at them: lists, codes to choose from, rows as they are now."""

import pytest
from sqlmodel import Session

from buyside.domain.access import OPERATOR, Role
from buyside.domain.all_sheets import SHEETS
from buyside.domain.refusals import NotAllowed, NotFound
from buyside.queries.grids import GRIDS
from buyside.queries.rows import RowsWanted, grid_page
from buyside.queries.sheets import SHEET_ROWS, current_rows, reference_choices
from tests.sheet_acts import Sheets, begun
from tests.world import TODAY, World


@pytest.fixture
def sheets(session: Session) -> Sheets:
    World(session).organisation()
    made = begun(session)
    made.one("price-breaks", vendor="ACME", item="BOLT", unit_price="1", currency="EUR")
    made.one("bom-rows", parent_kind="item", parent="FRAME", component="BOLT", quantity_per="4")
    return made


def found(sheets: Sheets, sheet: str, **wanted: object) -> list[str]:
    page = grid_page(
        sheets.session,
        OPERATOR,
        source=SHEET_ROWS[sheet],
        wanted=RowsWanted(**wanted),  # type: ignore[arg-type]
        today=TODAY,
    )
    return [
        str(row.get("code") or f"{row.get('vendor') or row.get('parent')}/{row.get('item') or row.get('component')}")
        for row in page.rows
    ]


def test_every_sheet_is_a_list_of_its_columns_by_name(sheets: Sheets) -> None:
    assert set(SHEET_ROWS) == {each.name for each in SHEETS} <= {each.name for each in GRIDS}
    for sheet in SHEETS:
        source = SHEET_ROWS[sheet.name]
        names = {each.name for each in source.columns}
        assert {"id", "version", *(each.name for each in sheet.columns)} <= names
        assert source.permission is sheet.view
        kinds = {each.name: each.kind for each in source.columns}
        assert all(kinds[each.name] is each.kind for each in sheet.columns)


@pytest.mark.parametrize("sheet", SHEET_ROWS)
def test_a_list_is_sorted_by_any_column_and_searched(sheets: Sheets, sheet: str) -> None:
    for column in SHEET_ROWS[sheet].columns:
        if column.found_by is None:
            for direction in ("asc", "desc"):
                found(sheets, sheet, sort=((column.name, direction),))
    assert found(sheets, sheet, quick="nothing like this") == []


@pytest.mark.parametrize(
    ("sheet", "quick", "there"),
    [
        ("items", "fram", ["FRAME"]),
        ("vendors", "acm", ["ACME"]),
        ("vendor-items", "bolt", ["ACME/BOLT"]),
        ("vendor-items", "acme bo", ["ACME/BOLT"]),
        ("price-breaks", "acme", ["ACME/BOLT"]),
        ("bom-rows", "frame", ["FRAME/BOLT"]),
        ("bom-rows", "bolt", ["FRAME/BOLT"]),
        ("items", "100%", []),
    ],
)
def test_the_quick_filter_finds_by_code_and_name_of_what_is_referred_to(
    sheets: Sheets, sheet: str, quick: str, there: list[str]
) -> None:
    assert found(sheets, sheet, quick=quick) == there


def test_a_list_is_fixed_to_what_it_refers_to(sheets: Sheets) -> None:
    assert found(sheets, "vendor-items", scope={"vendor": "ACME"}) == ["ACME/BOLT"]
    assert found(sheets, "vendor-items", scope={"vendor": "BOND"}) == []
    assert found(sheets, "bom-rows", scope={"parent_kind": "item", "parent": "FRAME"}) == ["FRAME/BOLT"]
    assert found(sheets, "items", scope={"unit": "kg"}) == []


def test_choices_begin_with_the_code_itself_and_leave_out_what_is_retired(sheets: Sheets) -> None:
    for code, name in (("A-BOLT", "Anchor"), ("BOLT-2", "Second"), ("NUT", "Nut for a bolt")):
        sheets.one("items", code=code, name=name, unit="pcs")
    old = sheets.one("items", code="BOLT-OLD", name="Old", unit="pcs")
    sheets.retire("items", old)
    codes = [code for code, _ in reference_choices(sheets.session, OPERATOR, sheet="items", text="bolt")]
    assert codes == ["BOLT", "BOLT-2", "A-BOLT", "NUT"]
    assert reference_choices(sheets.session, OPERATOR, sheet="items", text="bolt anch") == (("A-BOLT", "Anchor"),)
    assert reference_choices(sheets.session, OPERATOR, sheet="items", text="%") == ()
    assert len(reference_choices(sheets.session, OPERATOR, sheet="currencies", text="", limit=3)) == 3
    assert reference_choices(sheets.session, OPERATOR, sheet="variants", text="x") == ()


def test_rows_are_read_as_canonical_texts_and_those_gone_left_out(sheets: Sheets) -> None:
    [row] = sheets.rows("bom-rows")
    [(key, cells)] = current_rows(sheets.session, OPERATOR, sheet="bom-rows", keys=[row["id"], "0", "x", ""]).items()
    assert key == row["id"]
    assert cells == {
        "version": "1",
        "parent_kind": "item",
        "parent": "FRAME",
        "component": "BOLT",
        "quantity_per": "4",
        "scrap_percent": "0",
        "valid_from": "",
        "valid_to": "",
    }
    assert current_rows(sheets.session, OPERATOR, sheet="currencies", keys=["EUR"])["EUR"]["digits"] == "2"


def test_who_may_not_see_a_sheet_reads_nothing_of_it(sheets: Sheets) -> None:
    requester = World(sheets.session).user(Role.REQUESTER)
    with pytest.raises(NotAllowed):
        reference_choices(sheets.session, requester, sheet="items", text="")
    with pytest.raises(NotAllowed):
        current_rows(sheets.session, requester, sheet="vendors", keys=["1"])
    with pytest.raises(NotFound):
        reference_choices(sheets.session, OPERATOR, sheet="secrets", text="")
