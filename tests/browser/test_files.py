"""A buyer takes files in: reads, maps, checks, corrects and runs them, by pointer or by keyboard alone; and takes lists out."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlmodel import col, func, select

from buyside.db.engine import sessions
from buyside.db.items import Item
from buyside.db.vendors import Vendor
from buyside.domain.access import Role
from tests.world import World

_HEADER = "AccountNumber;Name;Currency;Purchasing minimum;PurchasingWebServiceURL"
_VENDORS = (
    ("AUSTRALI0001", "Australia Bike Retailer"),
    ("ALLENSON0001", "Allenson Cycles"),
    ("ADVANCED0001", "Advanced Bicycles"),
    ("TRIKES0001", "Trikes, Inc."),
    ("MORGANB0001", "Morgan Bike Accessories"),
    ("CYCLING0001", "Cycling Master"),
)


@pytest.fixture(scope="module")
def company(database: Any) -> None:
    """An own works with one unit and one vendor that a file will change."""
    with World.open() as world:
        world.organisation(name="Own Works")
        world.unit("EA")
        world.vendor("Trikes", code="TRIKES0001")


def _vendors(tmp_path: Path, *, last_currency: str) -> Path:
    """Vendors as the sample company's table has them, written by a spreadsheet of a country with decimal commas."""
    rows = [f"{code};{name};EUR;1.500;" for code, name in _VENDORS[:-1]]
    code, name = _VENDORS[-1]
    file = tmp_path / "vendors.csv"
    file.write_text("\r\n".join([_HEADER, *rows, f"{code};{name};{last_currency};2.250;"]) + "\r\n", encoding="utf-8")
    return file


def _give(page: Page, file: Path) -> None:
    page.locator("input[type=file]").set_input_files(file)
    expect(page.locator(".files-given")).to_contain_text(file.name)


def _answer(page: Page, choice: str) -> None:
    page.get_by_role("radio", name=choice).click()
    expect(page.get_by_role("radio", name=choice)).to_have_count(0)


def _check(page: Page) -> None:
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("group", name="Rows by what becomes of them")).to_be_visible()


def _pill(page: Page, text: str) -> Locator:
    return page.get_by_role("group", name="Rows by what becomes of them").get_by_role("button", name=text, exact=True)


def _cell(page: Page, row: int, column: str) -> Locator:
    return page.locator(f"[row-index='{row}'] [col-id='{column}']")


def _drag(page: Page, handle: Locator, target: Locator) -> None:
    target.scroll_into_view_if_needed()
    start, end = handle.bounding_box(), target.bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + 12, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=4)
    expect(page.locator(".map-ghost")).to_be_visible()
    page.mouse.up()


def _codes(table: Any) -> Sequence[str]:
    with sessions()() as session:
        return list(session.exec(select(col(table.code)).order_by(col(table.code))))


@pytest.mark.rule("VEN-5")
def test_a_buyer_takes_vendors_in_corrects_what_is_refused_and_a_second_run_changes_nothing(
    company: None, visit: Callable[..., Any], tmp_path: Path
) -> None:
    window = visit(Role.BUYER)
    page = window.page

    # the address says what it is; the header is the sample company's, so the key has to be said by choice
    window.open("/files?sheet=vendors")
    expect(page.get_by_label("What the file holds")).to_have_value("vendors")
    _give(page, _vendors(tmp_path, last_currency="EUX"))
    expect(page.get_by_text("semicolon between columns")).to_be_visible()
    expect(page.get_by_role("table", name="The first rows of the file")).to_contain_text("Australia Bike Retailer")
    expect(page.get_by_label("What fills Name")).to_have_value("1")
    expect(page.get_by_text("Still needed:")).to_be_visible()
    page.get_by_label("What fills Code").select_option(label="AccountNumber")
    expect(page.get_by_text("Still needed:")).to_have_count(0)
    expect(page.get_by_role("button", name="Check the file")).to_be_enabled()

    # the minimum goes to its column by drag; now it matters whether 1.500 is a thousand
    expect(page.get_by_text("Not taken from the file")).to_be_visible()
    _drag(
        page,
        page.locator(".map-chip", has_text="Purchasing minimum"),
        page.locator("[data-map-to='minimum_order_value']"),
    )
    expect(page.get_by_label("What fills Minimum order value")).to_have_value("3")
    expect(page.get_by_role("button", name="Check the file")).to_be_disabled()
    expect(page.get_by_text("can be 1500 or 1.5")).to_be_visible()
    for theme in ("light", "dark"):
        assert window.violations(theme) == []
    _answer(page, "1.500 is 1500")
    expect(page.locator("[data-map-to='minimum_order_value']")).to_contain_text("1,500")

    # the dry run: one row is refused, so nothing can be taken in as a whole
    _check(page)
    for pill in ("4 New", "1 Changed", "1 Refused"):
        expect(_pill(page, pill)).to_be_visible()
    expect(_cell(page, 0, "reason")).to_contain_text("EUX")
    expect(_cell(page, 0, "row")).to_have_text("7")
    _pill(page, "1 Changed").click()
    expect(page.locator("[col-id='before']", has_text="Trikes")).to_be_visible()
    expect(page.locator("[col-id='value']", has_text="Trikes, Inc.")).to_be_visible()
    assert "CYCLING0001" not in _codes(Vendor)
    for theme in ("light", "dark"):
        assert window.violations(theme) == []
    with page.expect_download() as fetched:
        page.get_by_role("link", name="Refused rows as CSV").click()
    refused = fetched.value.path().read_text(encoding="utf-8-sig")
    assert "CYCLING0001" in refused
    assert "EUX" in refused
    assert "ADVANCED0001" not in refused
    expect(page.get_by_role("button", name="Take in 5 vendors")).to_be_disabled()

    # corrected and given again: the columns are known, and all of it goes in
    _give(page, _vendors(tmp_path, last_currency="EUR"))
    expect(page.get_by_label("What fills Code")).to_have_value("0")
    expect(page.get_by_label("What fills Minimum order value")).to_have_value("3")
    _answer(page, "1.500 is 1500")
    _check(page)
    page.get_by_role("button", name="Take in 6 vendors").click()
    expect(page.locator(".notice").get_by_text("Vendors: 5 created, 1 changed.")).to_be_visible()
    assert list(_codes(Vendor)) == sorted(code for code, _ in _VENDORS)
    look = page.get_by_role("link", name="Look at the vendors")
    expect(look).to_have_attribute("href", re.compile(r"/vendors\?filter=.*CYCLING0001"))
    expect(page.get_by_role("link", name="Vendor items")).to_have_attribute("href", "/files?sheet=vendor-items")

    # the same file once more changes nothing, and says so
    page.get_by_role("button", name="Take in another file").click()
    expect(page.locator(".files-given")).to_have_count(0)
    page.get_by_label("What the file holds").select_option("vendors")
    _give(page, tmp_path / "vendors.csv")
    _answer(page, "1.500 is 1500")
    _check(page)
    expect(_pill(page, "6 As they are")).to_be_visible()
    expect(page.get_by_text("There is nothing to take in.")).to_be_visible()
    assert window.problems == []


@pytest.mark.rule("VEN-5")
def test_good_rows_alone_are_an_explicit_choice_and_the_import_stands_in_the_list(
    company: None, visit: Callable[..., Any], tmp_path: Path
) -> None:
    window = visit(Role.BUYER)
    page = window.page
    file = tmp_path / "some items.csv"
    file.write_text("code,name,unit\nGOOD-1,Good,EA\nBAD-1,Bad,no such unit\n", encoding="utf-8")
    window.open("/files")
    _give(page, file)
    expect(page.get_by_label("What the file holds")).to_have_value("items")  # by its header
    _check(page)
    expect(page.get_by_role("button", name="Take in 1 item")).to_be_disabled()
    page.get_by_role("radio", name="The good rows only").click()
    expect(page.get_by_text("1 item is taken in. 1 row is left out and must be given again.")).to_be_visible()
    page.get_by_role("button", name="Take in 1 item").click()
    expect(page.locator(".notice").get_by_text("Items: 1 created, 1 left out.")).to_be_visible()
    assert [each for each in _codes(Item) if each in {"GOOD-1", "BAD-1"}] == ["GOOD-1"]

    page.get_by_role("button", name="Past imports").click()
    expect(_cell(page, 0, "file")).to_have_text("some items.csv")
    expect(_cell(page, 0, "state")).to_contain_text("Done")
    for theme in ("light", "dark"):
        assert window.violations(theme) == []
    _cell(page, 0, "file").click()
    expect(_pill(page, "1 Refused")).to_be_visible()
    expect(page.locator(".notice").get_by_text("Items: 1 created, 1 left out.")).to_be_visible()


def _tab_to(page: Page, target: Locator) -> None:
    for _ in range(200):
        if target.evaluate("each => each === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("the keyboard does not reach it")


@pytest.mark.rule("VEN-5")
def test_items_are_taken_in_with_the_keyboard_alone(company: None, visit: Callable[..., Any], tmp_path: Path) -> None:
    window = visit(Role.BUYER)
    page = window.page
    file = tmp_path / "Product.csv"
    rows = ("AR-5381;Adjustable Race;EA;1.250", "BA-8327;Bearing Ball;EA;1.125")
    file.write_text("\n".join(["ProductNo;Product;UnitMeasureCode;SafetyStockLevel", *rows]), encoding="utf-8")
    window.open("/files")
    page.locator("#content").focus()
    _tab_to(page, page.get_by_label("What the file holds"))
    page.keyboard.type("Items")
    expect(page.get_by_label("What the file holds")).to_have_value("items")
    _tab_to(page, page.locator("input[type=file]"))
    _give(page, file)  # the system's own dialog, which no page can drive
    expect(page.get_by_label("What fills Safety stock")).to_have_value("3")
    answer = page.get_by_role("radio", name="1.250 is 1250")
    page.get_by_label("What the file holds").focus()
    _tab_to(page, answer)
    page.keyboard.press("Space")
    expect(answer).to_have_count(0)
    for column, header in (("Code", "ProductNo"), ("Name", "Product"), ("Unit", "UnitMeasureCode")):
        control = page.get_by_label(f"What fills {column}", exact=True)
        _tab_to(page, control)
        if control.evaluate("each => each.selectedOptions[0].text") != header:
            page.keyboard.type(header)
            expect(control.locator("option:checked")).to_have_text(header)
    _tab_to(page, page.get_by_role("button", name="Check the file"))
    page.keyboard.press("Enter")
    take = page.get_by_role("button", name="Take in 2 items")
    expect(take).to_be_enabled()
    _tab_to(page, take)
    page.keyboard.press("Enter")
    expect(page.locator(".notice").get_by_text("Items: 2 created.")).to_be_visible()
    with sessions()() as session:
        kept = session.exec(select(Item).where(col(Item.code) == "AR-5381")).one()
        assert kept.safety_stock == 1250
    assert window.problems == []


@pytest.mark.rule("VEN-5")
def test_an_import_that_is_cancelled_leaves_nothing(company: None, visit: Callable[..., Any], tmp_path: Path) -> None:
    window = visit(Role.BUYER)
    page = window.page
    file = tmp_path / "many.csv"
    lines = (f"MANY-{number},Many of them {number},EA" for number in range(60_000))
    file.write_text("\n".join(["code,name,unit", *lines]), encoding="utf-8")
    window.open("/files?sheet=items")
    _give(page, file)
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("progressbar", name="Progress of the import")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled. Nothing was written.")).to_be_visible()
    with sessions()() as session:
        many = select(func.count()).select_from(Item).where(col(Item.code).startswith("MANY-"))
        assert session.exec(many).one() == 0
    expect(page.get_by_role("button", name="Check the file again")).to_be_visible()


def test_what_is_no_table_is_refused_where_it_was_given(
    company: None, visit: Callable[..., Any], tmp_path: Path
) -> None:
    window = visit(Role.BUYER)
    page = window.page
    window.open("/files")
    given = page.locator("input[type=file]")
    for name, content, says in (
        ("picture.png", b"\x89PNG", "is not a CSV or Excel file"),
        ("empty.csv", b"", "is empty"),
        ("book.xlsx", b"PK\x03\x04 not a workbook", "cannot be read"),
    ):
        file = tmp_path / name
        file.write_bytes(content)
        given.set_input_files(file)
        expect(page.get_by_role("alert").filter(has_text=says)).to_be_visible()
    expect(page.locator(".files-given")).to_have_count(0)


def test_lists_and_empty_templates_are_taken_out(company: None, visit: Callable[..., Any]) -> None:
    window = visit(Role.BUYER)
    page = window.page
    window.open("/files?part=out")
    for theme in ("light", "dark"):
        assert window.violations(theme) == []
    for name, file in (
        ("CSV of all vendors", r"vendors-.*\.csv"),
        ("Excel of all vendors", r"vendors(-.*)?\.xlsx"),
        ("CSV template for items", r"items\.csv"),
        ("Excel template for items", r"items\.xlsx"),
    ):
        with page.expect_download() as fetched:
            page.get_by_role("link", name=name, exact=True).click()
        assert re.fullmatch(file, fetched.value.suggested_filename)


def test_people_see_the_lists_that_they_may_change(company: None, visit: Callable[..., Any]) -> None:
    window = visit(Role.FINANCE)
    window.open("/files")
    offered = window.page.get_by_label("What the file holds").locator("option").all_inner_texts()
    assert "Currencies" in offered
    assert "Vendors" not in offered
