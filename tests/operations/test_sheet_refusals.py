"""Each reason for which a row of master data cannot be as somebody wants it: by code, at its cell, leaving nothing behind."""

from typing import Any

import pytest
from sqlmodel import Session, col, select

from buyside.db.items import Item
from buyside.domain.access import Role
from buyside.domain.sheet_changes import RowSaved
from buyside.ledgers import sheet_rows
from tests.sheet_acts import Sheets, begun
from tests.world import World

VENDOR_ITEM = {"vendor": "BOND", "item": "BOLT", "lead_days": "5"}
PRICE = {"vendor": "ACME", "item": "BOLT", "unit_price": "1", "currency": "EUR"}
ITEM = {"code": "NUT", "name": "Nut", "unit": "pcs"}
VENDOR = {"code": "DALE", "name": "Dale", "currency": "EUR"}
EVENT = {"payment_terms": "NET30", "trigger": "invoice"}
BOM = {"parent_kind": "item", "parent": "FRAME", "component": "BOLT", "quantity_per": "1"}

WRONG_ROWS: list[tuple[str, dict[str, str], str, str]] = [
    # What a cell looks like
    ("items", {**ITEM, "code": "N\x07UT"}, "code", "general.unreadable"),
    ("items", {**ITEM, "code": "N" * 201}, "code", "general.unreadable"),
    ("items", {**ITEM, "name": "Nu\x00t"}, "name", "general.unreadable"),
    ("items", {**ITEM, "name": "\ud800"}, "name", "general.unreadable"),
    ("items", {**ITEM, "description": "x" * 10_001}, "description", "general.unreadable"),
    ("items", {**ITEM, "safety_stock": "1,5"}, "safety_stock", "general.unreadable"),
    ("items", {**ITEM, "safety_stock": "1e3"}, "safety_stock", "general.unreadable"),
    ("items", {**ITEM, "safety_stock": "NaN"}, "safety_stock", "general.unreadable"),
    ("items", {**ITEM, "safety_stock": "0.1234567"}, "safety_stock", "general.unreadable"),
    ("items", {**ITEM, "safety_stock": "1234567890123"}, "safety_stock", "general.unreadable"),
    ("items", {**ITEM, "make_lead_days": "1.5"}, "make_lead_days", "general.unreadable"),
    ("items", {**ITEM, "is_active": "maybe"}, "is_active", "general.unreadable"),
    ("items", {**ITEM, "supply": "steal"}, "supply", "general.unreadable"),
    ("vendor-items", {**VENDOR_ITEM, "valid_from": "2026-02-30"}, "valid_from", "general.unreadable"),
    ("vendor-items", {**VENDOR_ITEM, "valid_from": "30.01.2026"}, "valid_from", "general.unreadable"),
    ("vendor-items", {**VENDOR_ITEM, "valid_from": "1023-01-01"}, "valid_from", "general.date-out-of-reach"),
    ("vendors", {**VENDOR, "email": "no address"}, "email", "general.unreadable"),
    ("vendors", {**VENDOR, "language": "English"}, "language", "general.unreadable"),
    ("vendors", {**VENDOR, "order_weekdays": "mon, someday"}, "order_weekdays", "general.unreadable"),
    ("vendors", {**VENDOR, "order_cutoff": "25:00"}, "order_cutoff", "general.unreadable"),
    (
        "vendor-addresses",
        {"vendor": "ACME", "purpose": "pick_up", "name": "x", "country": "Germany"},
        "country",
        "general.unreadable",
    ),
    (
        "vendor-closing-days",
        {"vendor": "ACME", "from_day": "02-30", "to_day": "03-01"},
        "from_day",
        "general.unreadable",
    ),
    ("option-rules", {"code": "R", "when": "colour", "behaviour": "add"}, "when", "general.unreadable"),
    # How large a number is
    ("items", {**ITEM, "safety_stock": "-1"}, "safety_stock", "general.out-of-range"),
    ("items", {**ITEM, "period_days": "0"}, "period_days", "general.out-of-range"),
    ("units", {"code": "x", "category": "c", "factor": "0"}, "factor", "general.out-of-range"),
    ("units", {"code": "x", "category": "c", "digits": "7"}, "digits", "general.out-of-range"),
    ("vendor-items", {**VENDOR_ITEM, "order_multiple": "0"}, "order_multiple", "general.out-of-range"),
    ("vendor-items", {**VENDOR_ITEM, "share_percent": "101"}, "share_percent", "general.out-of-range"),
    ("price-breaks", {**PRICE, "unit_price": "-0.01"}, "unit_price", "general.out-of-range"),
    # What is needed, known, told apart
    ("items", {"code": "NUT", "name": " ", "unit": "pcs"}, "name", "sheets.required"),
    ("vendor-items", {"vendor": "BOND", "item": "BOLT"}, "lead_days", "sheets.required"),
    ("items", {**ITEM, "colour": "red"}, "colour", "sheets.no-such-column"),
    ("items", {**ITEM, "unit": "pieces"}, "unit", "sheets.unknown-reference"),
    ("vendors", {**VENDOR, "currency": "DEM"}, "currency", "sheets.unknown-reference"),
    ("price-breaks", {**PRICE, "item": "BOLTS"}, "item", "sheets.unknown-reference"),
    ("bom-rows", {**BOM, "parent": "FRAMES"}, "parent", "sheets.unknown-reference"),
    ("items", {**ITEM, "code": "BOLT"}, "code", "sheets.duplicate"),
    ("vendor-items", {**VENDOR_ITEM, "vendor": "ACME"}, "vendor", "sheets.duplicate"),
    # What must hold
    ("items", {**ITEM, "reorder_point": "10", "order_up_to": "9.99"}, "order_up_to", "items.level-below-point"),
    ("items", {**ITEM, "lot_policy": "period"}, "period_days", "items.period-missing"),
    ("vendors", {**VENDOR, "status": "on_hold"}, "status_reason", "general.reason-missing"),
    ("vendors", {**VENDOR, "status": "inactive"}, "status_reason", "general.reason-missing"),
    (
        "vendor-items",
        {**VENDOR_ITEM, "valid_from": "2026-02-01", "valid_to": "2026-01-31"},
        "valid_to",
        "sheets.validity-reversed",
    ),
    (
        "vendor-items",
        {**VENDOR_ITEM, "vendor": "ACME", "valid_from": "2027-01-01"},
        "valid_from",
        "sheets.overlap",
    ),
    ("vendor-items", {**VENDOR_ITEM, "purchase_unit": "kg"}, "unit_factor", "vendor-items.factor-missing"),
    ("vendor-items", {**VENDOR_ITEM, "order_multiple": "2.5"}, "order_multiple", "vendor-items.beyond-unit"),
    ("vendor-items", {**VENDOR_ITEM, "minimum_quantity": "0.5"}, "minimum_quantity", "vendor-items.beyond-unit"),
    ("price-breaks", {**PRICE, "vendor": "BOND"}, "item", "price-breaks.no-vendor-item"),
    ("price-breaks", {**PRICE, "mapping_from": "2026-01-01"}, "mapping_from", "price-breaks.no-vendor-item"),
    ("currencies", {"code": "ZZZ"}, "code", "currencies.unknown"),
    ("currencies", {"code": "eur"}, "code", "general.unreadable"),
    (
        "exchange-rates",
        {"currency": "EUR", "valid_from": "2026-01-01", "rate": "1"},
        "currency",
        "exchange-rates.own-currency",
    ),
]


@pytest.fixture
def sheets(session: Session) -> Sheets:
    World(session).organisation()
    return begun(session)


@pytest.mark.rule("VEN-1", "VEN-2", "VEN-3", "ITM-1", "ITM-7")
@pytest.mark.parametrize(("sheet", "cells", "column", "code"), WRONG_ROWS)
def test_a_new_row_is_refused_at_its_cell(
    sheets: Sheets, sheet: str, cells: dict[str, str], column: str, code: str
) -> None:
    assert (0, column, code) in sheets.codes(sheet, cells)


def test_every_problem_of_every_row_is_told_at_once(sheets: Sheets) -> None:
    good = {"code": "GOOD", "name": "Good", "unit": "pcs"}
    wrong = {"code": "BAD", "unit": "pieces", "safety_stock": "x"}
    assert sheets.codes("items", good, wrong, {**good, "code": "BOLT"}) == [
        (1, "safety_stock", "general.unreadable"),
        (1, "unit", "sheets.unknown-reference"),
        (1, "name", "sheets.required"),
        (2, "code", "sheets.duplicate"),
    ]


def test_an_unknown_code_is_told_with_those_that_were_perhaps_meant(sheets: Sheets) -> None:
    sheets.one("vendors", code="MOUNTAIN-01", name="Mountain", currency="EUR")
    [told] = sheets.refused("vendor-contacts", {"vendor": "MOUNTAIN-1", "name": "x"})
    assert told.says == "There is no vendor “MOUNTAIN-1”. Did you mean “MOUNTAIN-01”?"


def test_two_rows_of_one_request_with_one_key_are_told_apart_by_number(sheets: Sheets) -> None:
    [told] = sheets.refused("item-groups", {"code": "A"}, {"code": "A"})
    assert (told.row, told.column, told.code) == (1, "code", "sheets.duplicate")
    assert "row 0" in told.says


def test_what_a_row_is_cannot_change(sheets: Sheets) -> None:
    [row] = sheets.rows("vendor-items")
    kept = RowSaved(row["id"], row["version"], {})
    assert sheets.codes("vendor-items", (kept, {"item": "FRAME"})) == [(0, "item", "sheets.fixed")]
    price = sheets.one("price-breaks", **PRICE)
    assert sheets.codes("price-breaks", (price, {"vendor": "BOND"})) == [(0, "vendor", "sheets.fixed")]
    assert sheets.codes("currencies", (RowSaved("USD", 1, {}), {"code": "BWP"})) == [(0, "code", "sheets.fixed")]


def test_a_row_that_is_gone_is_told(sheets: Sheets) -> None:
    group = sheets.one("item-groups", code="A")
    sheets.remove("item-groups", group)
    for key in (group.key, "0", "x", "99999999999999999999", "-1"):
        assert sheets.codes("item-groups", (RowSaved(key, 1, {}), {"name": "x"})) == [(0, "", "sheets.gone")]


@pytest.mark.rule("VEN-3")
def test_an_overlap_names_the_row_that_it_clashes_with_and_its_dates(sheets: Sheets) -> None:
    sheets.one("vendor-items", **VENDOR_ITEM, valid_from="2026-03-01", valid_to="2026-03-31")
    [told] = sheets.refused("vendor-items", {**VENDOR_ITEM, "valid_from": "2026-03-31"})
    assert told.code == "sheets.overlap"
    assert "the vendor item that is there, 2026-03-01 to 2026-03-31" in told.says
    sheets.one("price-breaks", **PRICE, valid_to="2026-06-30")
    [told] = sheets.refused("price-breaks", {**PRICE, "valid_from": "2026-06-30"})
    assert "the price that is there, ever to 2026-06-30" in told.says
    sheets.one("price-breaks", **PRICE, valid_from="2026-07-01")
    sheets.one("price-breaks", **PRICE, from_quantity="10", valid_from="2026-06-01")
    rows = [{**VENDOR_ITEM, "valid_from": each} for each in ("2027-01-01", "2026-05-01")]
    [told] = sheets.refused("vendor-items", *rows)
    assert (told.row, told.code) == (1, "sheets.overlap")
    assert "row 0, 2027-01-01 to open" in told.says


@pytest.mark.rule("VEN-3")
def test_shares_of_vendors_stay_within_the_whole_on_every_day(sheets: Sheets) -> None:
    [acme] = sheets.rows("vendor-items")
    kept = sheets.change("vendor-items", RowSaved(acme["id"], 1, {}), share_percent="60")
    [told] = sheets.refused("vendor-items", {**VENDOR_ITEM, "share_percent": "40.0001"})
    assert (told.column, told.code) == ("share_percent", "vendor-items.shares-above-whole")
    assert "100.0001 %" in told.says
    assert "ACME 60 %" in told.says
    bond = sheets.one("vendor-items", **VENDOR_ITEM, share_percent="40")
    assert sheets.codes("vendor-items", (kept, {"share_percent": "61"})) == [
        (0, "share_percent", "vendor-items.shares-above-whole")
    ]
    sheets.save("vendor-items", (kept, {"share_percent": "70"}), (bond, {"share_percent": "30"}))
    cork = {"code": "CORK", "name": "Cork", "currency": "EUR"}
    sheets.save("vendors", cork)
    sheets.one("vendor-items", vendor="CORK", item="BOLT", lead_days="1", share_percent="100", is_active="false")


@pytest.mark.rule("VEN-3")
def test_a_price_without_a_day_is_asked_for_one_where_terms_follow_each_other(sheets: Sheets) -> None:
    sheets.one("vendor-items", **VENDOR_ITEM, valid_from="2026-01-01", valid_to="2026-06-30")
    sheets.one("vendor-items", **VENDOR_ITEM, valid_from="2026-07-01")
    price = {**PRICE, "vendor": "BOND"}
    assert sheets.codes("price-breaks", price) == [(0, "valid_from", "price-breaks.which-vendor-item")]
    assert sheets.codes("price-breaks", {**price, "valid_from": "2025-12-31"}) == [
        (0, "valid_from", "price-breaks.no-vendor-item")
    ]
    made = sheets.one("price-breaks", **price, valid_from="2026-02-01", valid_to="2026-03-01")
    assert sheets.codes("price-breaks", (made, {"valid_from": "2025-12-01"})) == [
        (0, "valid_from", "price-breaks.outside-terms")
    ]


@pytest.mark.rule("ITM-7")
def test_a_factor_that_cannot_be_exact_is_asked_for(sheets: Sheets) -> None:
    sheets.one("units", code="gross", category="count", factor="144")
    sheets.one("units", code="seven", category="count", factor="7")
    sheets.one("items", code="SEVENS", name="Sevens", unit="seven")
    row = {"vendor": "BOND", "item": "SEVENS", "lead_days": "1", "purchase_unit": "gross"}
    [told] = sheets.refused("vendor-items", row)
    assert (told.column, told.code) == ("unit_factor", "vendor-items.factor-missing")
    assert "144 ÷ 7" in told.says
    assert sheets.one("vendor-items", **row, unit_factor="20.571429").version == 1


@pytest.mark.rule("ITM-7")
def test_units_that_something_is_counted_in_stay(sheets: Sheets) -> None:
    units = {row["code"]: RowSaved(row["id"], row["version"], {}) for row in sheets.rows("units")}
    used, free = units["pcs"], units["kg"]
    for column, text in (("category", "weight"), ("factor", "2")):
        assert sheets.codes("units", (used, {column: text})) == [(0, column, "units.in-use")]
    more = sheets.change("units", used, digits="2")
    assert sheets.codes("units", (more, {"digits": "1"})) == [(0, "digits", "units.in-use")]
    assert sheets.change("units", free, category="mass", factor="1000", digits="0").version == 2


@pytest.mark.rule("ITM-7", "ITM-1")
def test_the_stock_unit_of_an_item_in_use_stays(sheets: Sheets) -> None:
    [bolt] = [RowSaved(row["id"], row["version"], {}) for row in sheets.rows("items") if row["code"] == "BOLT"]
    [told] = sheets.refused("items", (bolt, {"unit": "doz"}))
    assert (told.column, told.code) == ("unit", "items.unit-in-use")
    assert "1 vendor item" in told.says
    world = World(sheets.session)
    nut = sheets.one("items", **ITEM)
    assert sheets.change("items", nut, unit="doz").version == 2
    world.stock(world.warehouse(), sheets.session.get_one(Item, int(nut.key)), 3)
    assert sheets.codes("items", (RowSaved(nut.key, 2, {}), {"unit": "pcs"})) == [(0, "unit", "items.unit-in-use")]


@pytest.mark.rule("ITM-4")
def test_what_has_components_is_not_bought(sheets: Sheets) -> None:
    sheets.one("bom-rows", **BOM)
    [frame] = [RowSaved(row["id"], row["version"], {}) for row in sheets.rows("items") if row["code"] == "FRAME"]
    [told] = sheets.refused("items", (frame, {"supply": "buy"}))
    assert (told.column, told.code) == ("supply", "items.bought-with-components")
    assert "1 row of a bill of material" in told.says
    assert sheets.change("items", frame, supply="phantom").version == 2


@pytest.mark.rule("ITM-4")
def test_rows_of_one_component_are_not_valid_on_one_day(sheets: Sheets) -> None:
    sheets.one("bom-rows", **BOM, valid_to="2026-06-30")
    assert sheets.codes("bom-rows", {**BOM, "valid_from": "2026-06-30"}) == [(0, "valid_from", "sheets.overlap")]
    assert sheets.one("bom-rows", **BOM, valid_from="2026-07-01").version == 1


def test_billing_events_bill_the_whole_at_most_and_show_what_they_bill(sheets: Sheets) -> None:
    first = sheets.one("payment-term-events", **EVENT, share_percent="30")
    second = sheets.one("payment-term-events", **EVENT, position="2", share_percent="60")
    [terms] = sheets.rows("payment-terms")
    assert terms["total_percent"] == "90"
    [told] = sheets.refused("payment-term-events", {**EVENT, "position": "3", "share_percent": "10.5"})
    assert (told.column, told.code) == ("share_percent", "payment-terms.above-whole")
    assert "10 % is left" in told.says
    sheets.save("payment-term-events", (first, {"share_percent": "50"}), (second, {"share_percent": "50"}))
    assert sheets.rows("payment-terms")[0]["total_percent"] == "100"


def test_a_warehouse_with_stock_below_zero_may_go_there_still(sheets: Sheets) -> None:
    world = World(sheets.session)
    deep = world.warehouse("Deep", allows_negative=True)
    world.stock(deep, sheets.session.exec(select(Item).where(col(Item.code) == "BOLT")).one(), -5)
    kept = RowSaved(str(deep.id), deep.version, {})
    assert sheets.codes("warehouses", (kept, {"allows_negative": "false"})) == [
        (0, "allows_negative", "warehouses.below-zero")
    ]


def test_a_currency_in_use_loses_no_decimals(sheets: Sheets) -> None:
    assert sheets.codes("currencies", (RowSaved("EUR", 1, {}), {"digits": "0"})) == [(0, "digits", "currencies.in-use")]
    assert sheets.change("currencies", RowSaved("JPY", 1, {}), digits="2").version == 2


def test_who_was_slower_is_told_by_whom_and_sees_the_difference(sheets: Sheets) -> None:
    world = World(sheets.session)
    group = sheets.one("item-groups", code="A", name="Old")
    faster = Sheets(sheets.session, world.user(Role.BUYER, name="Faye Faster"))
    faster.change("item-groups", group, name="New")
    for cells in ({"name": "Newer"}, {"code": "B"}):
        [told] = sheets.refused("item-groups", (group, cells))
        assert (told.column, told.code) == ("", "general.stale")
        assert told.by == "Faye Faster"
        assert told.at is not None
        assert told.theirs["name"] == "New"
    faster.one("item-groups", code="C")
    currency = sheets.change("currencies", RowSaved("USD", 1, {}), name="Dollar")
    [told] = sheets.refused("currencies", (RowSaved("USD", 1, {}), {"name": "Buck"}))
    assert (told.code, told.theirs, told.by) == ("general.stale", {"name": "Dollar"}, "operator")
    assert currency.version == 2


def test_what_only_the_database_finds_is_a_problem_of_a_row_too(sheets: Sheets, monkeypatch: Any) -> None:
    monkeypatch.setattr(sheet_rows, "check_batch", lambda *_: None)
    monkeypatch.setattr(sheet_rows, "_check_keys", lambda *_: None)
    good = {"code": "GOOD", "name": "Good", "unit": "pcs"}
    assert sheets.codes("items", good, {**good, "code": "BOLT"})[0][2] == "sheets.duplicate"
    assert sheets.codes("items", {**ITEM, "reorder_point": "3", "order_up_to": "2"})[0][2] == "sheets.rule-broken"
    assert sheets.codes("vendor-items", {**VENDOR_ITEM, "vendor": "ACME", "valid_from": "2026-01-01"})[0][2] == (
        "sheets.duplicate"
    )


def test_what_somebody_made_in_the_same_moment_is_found_by_looking_again(sheets: Sheets, monkeypatch: Any) -> None:
    looks = iter([lambda *_: None, sheet_rows._check_keys])

    def look(*given: Any) -> None:
        next(looks)(*given)

    monkeypatch.setattr(sheet_rows, "_check_keys", look)
    good = {"code": "GOOD", "name": "Good", "unit": "pcs"}
    [told] = sheets.refused("items", good, {**good, "code": "BOLT"})
    assert (told.row, told.key, told.column, told.code) == (1, "", "code", "sheets.duplicate")
    assert told.says == "Another item has this code: BOLT."
