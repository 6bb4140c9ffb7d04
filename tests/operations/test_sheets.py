"""Master data by hand: new rows, changed rows, taken back, removed, retired; and what the audit trail tells of it."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlmodel import Session, col, select

from buyside.db.audit import AuditEvent, AuditSubject
from buyside.db.items import Item, PriceBreak, Unit, VendorItem
from buyside.db.stock import StockBalance
from buyside.db.structure import BomRow, OptionRuleCondition
from buyside.db.vendors import Vendor
from buyside.domain.access import OPERATOR, Role
from buyside.domain.all_sheets import SHEETS
from buyside.domain.items import VendorPolicy
from buyside.domain.refusals import NotAllowed, NotFound
from buyside.domain.sheet_changes import RowChange, RowsRefused
from buyside.operations.run import within
from buyside.operations.sheets import MOST_ROWS, NotRetired, ReadOnly, TooManyRows, save_rows
from buyside.queries.offers import offer_of
from tests.sheet_acts import Sheets, begun
from tests.world import NOW, TODAY, World

NEW_ROWS: dict[str, dict[str, str]] = {
    "currencies": {"code": "BWP"},
    "exchange-rates": {"currency": "USD", "valid_from": "2026-01-01", "rate": "0.91"},
    "payment-terms": {"code": "NET60", "name": "60 days"},
    "payment-term-events": {"payment_terms": "NET30", "share_percent": "100", "trigger": "invoice", "days": "30"},
    "tax-codes": {"code": "V19", "name": "Full", "rate_percent": "19"},
    "cost-centers": {"code": "4711", "name": "Assembly"},
    "warehouses": {"code": "NORTH", "name": "North"},
    "units": {"code": "box", "category": "count", "factor": "6"},
    "item-groups": {"code": "SEATS", "name": "Seats", "vendor_policy": "share", "contracts_first": "false"},
    "items": {"code": "NUT", "name": "Nut", "unit": "pcs", "safety_stock": "2.5"},
    "vendors": {
        "code": "CORK",
        "name": "Cork",
        "currency": "USD",
        "order_weekdays": "mon,wed",
        "order_cutoff": "11:30",
    },
    "vendor-contacts": {"vendor": "ACME", "name": "Ines", "email": "ines@acme.example"},
    "vendor-addresses": {"vendor": "ACME", "purpose": "pick_up", "name": "Dock 4", "country": "DE"},
    "vendor-closing-days": {"vendor": "ACME", "from_day": "12-24", "to_day": "01-02", "name": "Winter"},
    "vendor-items": {"vendor": "BOND", "item": "BOLT", "lead_days": "3", "vendor_part": "B-7"},
    "price-breaks": {"vendor": "ACME", "item": "BOLT", "unit_price": "1.25", "currency": "EUR"},
    "bom-rows": {"parent_kind": "item", "parent": "FRAME", "component": "BOLT", "quantity_per": "4"},
    "option-rules": {
        "code": "R1",
        "when": "size=L;colour=red",
        "behaviour": "add",
        "component": "BOLT",
        "quantity": "2",
    },
}
CHANGES: dict[str, tuple[str, str]] = {
    "currencies": ("name", "Pula"),
    "exchange-rates": ("rate", "0.92"),
    "payment-terms": ("name", "Sixty days"),
    "payment-term-events": ("days", "31"),
    "tax-codes": ("rate_percent", "19.5"),
    "cost-centers": ("name", "Final assembly"),
    "warehouses": ("address", "1 North Road\nBerlin"),
    "units": ("name", "Box of six"),
    "item-groups": ("vendor_policy", "fastest"),
    "items": ("reorder_point", "10"),
    "vendors": ("freight_free_value", "500"),
    "vendor-contacts": ("phone", "+49 30 1"),
    "vendor-addresses": ("lines", "Dock Road"),
    "vendor-closing-days": ("to_day", "01-06"),
    "vendor-items": ("order_multiple", "50"),
    "price-breaks": ("unit_price", "1.3"),
    "bom-rows": ("scrap_percent", "2.5"),
    "option-rules": ("when", "colour=red"),
}


@pytest.fixture
def sheets(session: Session) -> Sheets:
    world = World(session)
    world.organisation()
    made = begun(session)
    product = world.variant().product_id
    world.option(product, "colour", "red")
    world.option(product, "size", "L")
    return made


def test_every_sheet_that_is_edited_here_is_tried_here() -> None:
    editable = {each.name for each in SHEETS if each.edit is not None}
    assert editable == set(NEW_ROWS) == set(CHANGES)


@pytest.mark.rule("PLAN-7")
def test_a_group_says_nothing_unusual_until_somebody_does_and_knows_its_policies(sheets: Sheets) -> None:
    made = sheets.cells("item-groups", sheets.one("item-groups", code="SEATS"))
    assert (made["vendor_policy"], made["contracts_first"]) == ("preference", "true")
    for policy in VendorPolicy:
        sheets.one("item-groups", code=policy.value.upper(), vendor_policy=policy.value)
    [told] = sheets.refused("item-groups", {"code": "X", "vendor_policy": "dearest"})
    assert (told.column, told.code) == ("vendor_policy", "general.unreadable")


@pytest.mark.rule("VEN-1", "VEN-3", "VEN-6", "ITM-1", "ITM-4", "ITM-7")
@pytest.mark.parametrize("sheet", NEW_ROWS)
def test_a_row_is_made_changed_taken_back_removed_and_made_again(sheets: Sheets, sheet: str) -> None:
    untouched = sheets.everything()
    made = sheets.one(sheet, **NEW_ROWS[sheet])
    cells = sheets.cells(sheet, made)
    assert made.before == {}
    assert made.version == 1
    assert {name: cells[name] for name in NEW_ROWS[sheet] if name != "when"} == {
        name: text for name, text in NEW_ROWS[sheet].items() if name != "when"
    }

    column, text = CHANGES[sheet]
    changed = sheets.change(sheet, made, **{column: text})
    assert sheets.cells(sheet, changed) == cells | {column: text}
    assert (changed.version, changed.before) == (2, {column: cells[column]})

    back = sheets.change(sheet, changed, **changed.before)
    assert sheets.cells(sheet, back) == cells
    assert back.version == 3

    [gone] = sheets.remove(sheet, back)
    assert sheets.everything() == untouched
    again = sheets.one(sheet, **gone)
    assert sheets.cells(sheet, again) == cells


def test_saving_what_is_so_already_changes_no_version_and_tells_the_trail_nothing(sheets: Sheets) -> None:
    session = sheets.session
    bolt = sheets.one("items", code="NUT", name="Nut", unit="pcs")
    last = session.exec(select(AuditEvent.id).order_by(col(AuditEvent.id).desc())).first()
    assert sheets.change("items", bolt, name=" Nut ", safety_stock="0.000") == type(bolt)(bolt.key, 1, {})
    assert session.exec(select(AuditEvent.id).order_by(col(AuditEvent.id).desc())).first() == last


def test_a_new_row_takes_what_a_new_row_begins_with(sheets: Sheets) -> None:
    row = sheets.session.exec(select(Item).where(Item.code == "BOLT")).one()
    assert (row.kind, row.supply, row.lot_policy, row.safety_stock) == ("inventory", "buy", "lot_for_lot", 0)
    assert (row.reorder_point, row.is_active, row.is_orderable, row.version) == (None, True, False, 1)
    vendor = sheets.session.exec(select(Vendor).where(Vendor.code == "ACME")).one()
    assert (vendor.status, vendor.language, vendor.takes_generic_items, vendor.allows_pick_up) == (
        *("active", "en"),
        *(True, False),
    )


def test_cells_are_read_as_people_write_them(sheets: Sheets) -> None:
    made = sheets.one("items", code=" NUT ", name="Nut", unit="pcs", supply="Phantom", inspection_required="Yes")
    cells = sheets.cells("items", made)
    assert (cells["code"], cells["supply"], cells["inspection_required"]) == ("NUT", "phantom", "true")


def test_rows_swap_their_codes_in_one_request(sheets: Sheets) -> None:
    a, b = sheets.save("item-groups", {"code": "A", "name": "a"}, {"code": "B", "name": "b"})
    sheets.save("item-groups", (a, {"code": "B"}), (b, {"code": "A"}))
    assert [sheets.cells("item-groups", each)["code"] for each in (a, b)] == ["B", "A"]


def test_closing_days_and_rates_swap_their_days(sheets: Sheets) -> None:
    rows = [{"vendor": "ACME", "from_day": day, "to_day": day} for day in ("01-01", "05-01")]
    a, b = sheets.save("vendor-closing-days", *rows)
    sheets.save("vendor-closing-days", (a, {"from_day": "05-01"}), (b, {"from_day": "01-01"}))
    assert [sheets.cells("vendor-closing-days", each)["from_day"] for each in (a, b)] == ["05-01", "01-01"]
    a, b = sheets.save(
        "exchange-rates", *({"currency": "USD", "valid_from": f"2026-0{n}-01", "rate": "1"} for n in (1, 2))
    )
    sheets.save("exchange-rates", (a, {"valid_from": "2026-02-01"}), (b, {"valid_from": "2026-01-01"}))
    assert [sheets.cells("exchange-rates", each)["valid_from"] for each in (a, b)] == ["2026-02-01", "2026-01-01"]


@pytest.mark.rule("VEN-3")
def test_days_pass_from_one_vendor_item_to_the_next_in_one_request(sheets: Sheets) -> None:
    first = sheets.one("vendor-items", vendor="BOND", item="BOLT", lead_days="5", valid_to="2026-06-30")
    second = sheets.one("vendor-items", vendor="BOND", item="BOLT", lead_days="9", valid_from="2026-07-01")
    sheets.save("vendor-items", (first, {"valid_to": "2026-08-31"}), (second, {"valid_from": "2026-09-01"}))
    sheets.save(
        "vendor-items",
        (type(first)(first.key, 2, {}), {"valid_to": "2026-03-31"}),
        (type(first)(second.key, 2, {}), {"valid_from": "2026-04-01"}),
    )
    rows = sheets.session.exec(select(VendorItem).where(col(VendorItem.id).in_([int(first.key), int(second.key)])))
    assert sorted((row.valid_from or date.min, row.valid_to) for row in rows) == [
        (date.min, date(2026, 3, 31)),
        (date(2026, 4, 1), None),
    ]


_JOINS = ("hashjoin", "mergejoin", "nestloop")


@pytest.mark.rule("VEN-3")
@pytest.mark.parametrize("join", _JOINS)
def test_vendor_items_that_orders_and_prices_refer_to_swap_all_their_days(sheets: Sheets, join: str) -> None:
    for each in _JOINS:  # whichever way the database joins what let go with what takes
        sheets.session.execute(text(f"SET LOCAL enable_{each} = {'on' if each == join else 'off'}"))
    first = sheets.one("vendor-items", vendor="BOND", item="BOLT", lead_days="5", valid_to="2026-06-30")
    second = sheets.one("vendor-items", vendor="BOND", item="BOLT", lead_days="9", valid_from="2026-07-01")
    price = sheets.one(
        "price-breaks", vendor="BOND", item="BOLT", unit_price="1", currency="EUR", valid_to="2026-06-30"
    )
    sheets.save(
        "vendor-items",
        (first, {"valid_from": "2026-07-01", "valid_to": ""}),
        (second, {"valid_from": "", "valid_to": "2026-06-30", "lead_days": "8"}),
    )
    now = [sheets.cells("vendor-items", each) for each in (first, second)]
    assert [(each["valid_from"], each["valid_to"], each["lead_days"]) for each in now] == [
        ("2026-07-01", "", "5"),
        ("", "2026-06-30", "8"),
    ]
    assert sheets.session.get_one(PriceBreak, int(price.key)).vendor_item_id == int(first.key)


def test_prices_swap_their_quantities_in_one_request(sheets: Sheets) -> None:
    price = {"vendor": "ACME", "item": "BOLT", "currency": "EUR", "unit_price": "1"}
    a, b = sheets.save("price-breaks", {**price, "from_quantity": "1"}, {**price, "from_quantity": "2"})
    sheets.save("price-breaks", (a, {"from_quantity": "2"}), (b, {"from_quantity": "1"}))
    assert [sheets.cells("price-breaks", each)["from_quantity"] for each in (a, b)] == ["2", "1"]


@pytest.mark.rule("ITM-7")
def test_an_empty_purchase_unit_is_the_stock_unit_and_an_empty_factor_follows_exactly(sheets: Sheets) -> None:
    row = sheets.session.exec(select(VendorItem)).one()
    assert row.unit_factor == 1
    assert row.purchase_unit_id == sheets.session.exec(select(Unit.id).where(Unit.code == "pcs")).one()
    dozens = sheets.one("vendor-items", vendor="BOND", item="BOLT", lead_days="5", purchase_unit="doz")
    assert sheets.cells("vendor-items", dozens)["unit_factor"] == "12"
    loose = sheets.change("vendor-items", dozens, purchase_unit="")
    cells = sheets.cells("vendor-items", loose)
    assert (cells["purchase_unit"], cells["unit_factor"]) == ("pcs", "1")
    assert loose.before == {"purchase_unit": "doz", "unit_factor": "12"}
    weighed = sheets.change("vendor-items", loose, purchase_unit="kg", unit_factor="87.5")
    assert sheets.cells("vendor-items", weighed)["unit_factor"] == "87.5"


@pytest.mark.rule("VEN-4", "VEN-3")
def test_prices_entered_here_are_those_of_the_highest_break_valid_on_the_day(sheets: Sheets) -> None:
    price = {"vendor": "ACME", "item": "BOLT", "currency": "EUR"}
    sheets.save(
        "price-breaks",
        {**price, "unit_price": "1.00", "valid_to": "2026-02-28"},
        {**price, "unit_price": "1.10", "valid_from": "2026-03-01"},
        {**price, "unit_price": "0.90", "from_quantity": "100"},
    )
    ids = {
        "vendor_id": sheets.session.exec(select(Vendor.id).where(Vendor.code == "ACME")).one(),
        "item_id": sheets.session.exec(select(Item.id).where(Item.code == "BOLT")).one(),
    }
    offer = offer_of(sheets.session, OPERATOR, **ids, currency_code="EUR", on=TODAY)
    assert [offer.price_of(Decimal(each)) for each in (1, 99, 100)] == [
        Decimal("1.10"),
        Decimal("1.10"),
        Decimal("0.9"),
    ]
    earlier = offer_of(sheets.session, OPERATOR, **ids, currency_code="EUR", on=date(2026, 2, 28))
    assert earlier.price_of(Decimal(99)) == 1


@pytest.mark.rule("VEN-3")
def test_a_price_belongs_to_the_vendor_item_that_holds_on_its_first_day(sheets: Sheets) -> None:
    old = sheets.one("vendor-items", vendor="BOND", item="BOLT", lead_days="5", valid_to="2026-06-30")
    new = sheets.one("vendor-items", vendor="BOND", item="BOLT", lead_days="9", valid_from="2026-07-01")
    price = {"vendor": "BOND", "item": "BOLT", "currency": "EUR", "unit_price": "1"}
    rows = sheets.save(
        "price-breaks",
        {**price, "valid_to": "2026-06-30"},
        {**price, "valid_from": "2026-07-01"},
        {**price, "from_quantity": "10", "mapping_from": "2026-07-01"},
    )
    found = [sheets.session.get_one(PriceBreak, int(each.key)).vendor_item_id for each in rows]
    assert found == [int(old.key), int(new.key), int(new.key)]
    assert [sheets.cells("price-breaks", each)["mapping_from"] for each in rows] == ["", "2026-07-01", "2026-07-01"]


@pytest.mark.rule("ITM-4")
def test_a_parent_is_a_variant_a_product_or_an_item(sheets: Sheets) -> None:
    variant = World(sheets.session).variant("Bike")
    parents = {"variant": variant.sku, "product": sheets.rows("products")[0]["code"], "item": "FRAME"}
    rows = sheets.save(
        "bom-rows",
        *(
            {"parent_kind": kind, "parent": code, "component": "BOLT", "quantity_per": "1"}
            for kind, code in parents.items()
        ),
    )
    stored = [sheets.session.get_one(BomRow, int(each.key)) for each in rows]
    assert stored[0].variant_id == variant.id
    assert [(each.variant_id, each.product_id, each.item_id).count(None) for each in stored] == [2, 2, 2]
    assert [sheets.cells("bom-rows", each)["parent"] for each in rows] == list(parents.values())


def test_conditions_of_a_rule_follow_its_cell(sheets: Sheets) -> None:
    rule = sheets.one("option-rules", **NEW_ROWS["option-rules"])
    assert sheets.cells("option-rules", rule)["when"] == "colour=red;size=L"
    sheets.change("option-rules", rule, when="size=L")
    held = sheets.session.exec(select(OptionRuleCondition).where(OptionRuleCondition.rule_id == int(rule.key))).all()
    assert len(held) == 1


@pytest.mark.rule("VEN-2")
def test_who_is_no_longer_on_hold_keeps_no_reason_of_it(sheets: Sheets) -> None:
    vendor = sheets.one("vendors", code="DALE", name="Dale", currency="EUR")
    held = sheets.change("vendors", vendor, status="on_hold", status_reason="Late three times")
    freed = sheets.change("vendors", held, status="active")
    assert sheets.cells("vendors", freed)["status_reason"] == ""
    assert freed.before == {"status": "on_hold", "status_reason": "Late three times"}
    again = sheets.change("vendors", freed, **freed.before)
    assert sheets.cells("vendors", again)["status_reason"] == "Late three times"


def test_a_currency_knows_its_name_and_digits(sheets: Sheets) -> None:
    assert sheets.cells("currencies", sheets.one("currencies", code="BHD")) == {
        "code": "BHD",
        "name": "Bahraini Dinar",
        "digits": "3",
    }


def test_balances_know_when_their_warehouse_may_go_below_zero(sheets: Sheets) -> None:
    world = World(sheets.session)
    main = world.warehouse("Deep")
    balance = world.stock(main, sheets.session.exec(select(Item).where(Item.code == "BOLT")).one(), 5)
    assert not balance.allows_negative
    [row] = [each for each in sheets.rows("warehouses") if each["code"] == main.code]
    change = RowChange(row["id"], row["version"], {"allows_negative": "true"})
    within(sheets.session, save_rows, OPERATOR, sheet="warehouses", changes=(change,), at=NOW)
    sheets.session.expire_all()
    assert sheets.session.get_one(StockBalance, balance.id).allows_negative


def test_what_is_in_use_is_retired(sheets: Sheets) -> None:
    [bolt] = [each for each in sheets.rows("items") if each["code"] == "BOLT"]
    row = type(sheets.one("item-groups", code="X"))(bolt["id"], bolt["version"], {})
    with pytest.raises(RowsRefused) as refusal:
        sheets.remove("items", row)
    [told] = refusal.value.problems
    assert told.code == "sheets.in-use"
    assert "1 vendor item refer" in told.says
    [retired] = sheets.retire("items", row)
    assert retired.before == {"is_active": "true"}
    assert sheets.cells("items", row)["is_active"] == "false"
    with pytest.raises(NotRetired):
        sheets.retire("vendors", row)


def test_removing_one_that_is_in_use_removes_none(sheets: Sheets) -> None:
    free = sheets.one("units", code="pair", category="count", factor="2")
    used = type(free)(next(each["id"] for each in sheets.rows("units") if each["code"] == "pcs"), 1, {})
    before = sheets.everything()
    with pytest.raises(RowsRefused), sheets.session.begin_nested():
        sheets.remove("units", free, used)
    assert sheets.everything() == before


def test_a_currency_that_anything_is_in_stays(sheets: Sheets) -> None:
    with pytest.raises(RowsRefused) as refusal:
        sheets.remove("currencies", type(sheets.one("units", code="m", category="length"))("EUR", 1, {}))
    assert [(each.key, each.code) for each in refusal.value.problems] == [("EUR", "sheets.in-use")]


def test_a_request_that_is_sent_again_is_answered_again_and_changes_nothing(sheets: Sheets) -> None:
    change = (RowChange("", 0, {"code": "A"}),)
    again = {"request_id": uuid4(), "sheet": "item-groups", "changes": change, "at": NOW}
    answers = [within(sheets.session, save_rows, OPERATOR, **again) for _ in range(2)]
    assert answers[0] == answers[1]
    assert sheets.cells("item-groups", answers[1][0])["code"] == "A"


@pytest.mark.rule("ACC-6")
def test_the_trail_tells_each_row_before_and_after(sheets: Sheets) -> None:
    rows = sheets.save("items", *({"code": f"N{n}", "name": f"Nut {n}", "unit": "pcs"} for n in range(3)))
    sheets.save("items", *((each, {"safety_stock": "5", "name": "Nut"}) for each in rows))
    entry = sheets.session.exec(select(AuditEvent).order_by(col(AuditEvent.id).desc())).first()
    assert entry is not None
    assert entry.operation == "save_rows"
    told: dict[int, dict[str, Any]] = {each["id"]: each for each in entry.changes}
    assert set(told) == {int(each.key) for each in rows}
    for number, row in enumerate(rows):
        one = told[int(row.key)]
        assert one["before"] == {"name": f"Nut {number}", "safety_stock": "0", "version": 1}
        assert one["after"] == {"name": "Nut", "safety_stock": "5", "version": 2}
    subjects = sheets.session.exec(select(AuditSubject).where(AuditSubject.event_id == entry.id)).all()
    assert {(each.kind, each.record_id) for each in subjects} == {("item", int(each.key)) for each in rows}
    sheets.remove("items", type(rows[0])(rows[0].key, 2, {}))
    last = sheets.session.exec(select(AuditEvent).order_by(col(AuditEvent.id).desc())).first()
    assert last is not None
    [change] = last.changes
    assert (change["kind"], change["after"], change["before"]["code"]) == ("item", None, "N0")


def test_who_may_not_edit_a_sheet_is_refused(sheets: Sheets) -> None:
    world = World(sheets.session)
    change = (RowChange("", 0, NEW_ROWS["items"]),)
    for role, sheet in ((Role.MANAGER, "items"), (Role.FINANCE, "vendors"), (Role.BUYER, "no-such")):
        with pytest.raises(NotFound if sheet == "no-such" else NotAllowed):
            within(sheets.session, save_rows, world.user(role), sheet=sheet, changes=change, at=NOW)
    for sheet in ("products", "variants", "options"):
        with pytest.raises(ReadOnly):
            sheets.save(sheet, {"code": "X"})
    with pytest.raises(TooManyRows):
        sheets.save("units", *({"code": f"u{n}", "category": "c"} for n in range(MOST_ROWS + 1)))
