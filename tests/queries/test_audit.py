"""The audit trail as administrators read it: found by who, what, which record, when and by words; told in words."""

import csv
import io
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session, SQLModel, col, select

from buyside.db import tables
from buyside.db.audit import AuditEvent
from buyside.domain.access import GRANTS, OPERATOR, Actor, Permission, Role, needs
from buyside.domain.records import RECORDS, field_label
from buyside.domain.refusals import NotAllowed, NotFound, Unreadable
from buyside.domain.sheet_changes import RowChange
from buyside.ledgers import audit
from buyside.operations.orders import save_order
from buyside.operations.plans import start_run
from buyside.operations.run import within
from buyside.operations.sheets import save_rows
from buyside.operations.stock import adjust_stock
from buyside.queries.audit import AUDIT_ROWS, MOST_TOLD, AuditEntry, audit_entry, record_name, user_name
from buyside.queries.audit_fields import written
from buyside.queries.rows import RowsPage, RowsWanted, grid_csv, grid_page
from buyside.queries.sheets import SHEET_ROWS, current_rows
from tests.world import NOW, TODAY, World

assert tables.MODULES
ADMIN = Actor(user_id=None, name="admin", roles=frozenset({Role.ADMIN}))
BOTH = Actor(
    user_id=None, name="both", roles=frozenset({Role.ADMIN, Role.BUYER}), locale="de_DE", time_zone="Asia/Tokyo"
)


def listed(session: Session, **wanted: Any) -> RowsPage:
    return grid_page(session, ADMIN, source=AUDIT_ROWS, wanted=RowsWanted(**wanted), today=datetime.now(UTC).date())


def told(session: Session, actor: Actor = ADMIN) -> AuditEntry:
    """The newest entry."""
    newest = session.exec(select(AuditEvent.id).order_by(col(AuditEvent.id).desc())).first()
    assert newest is not None
    return audit_entry(session, actor, event_id=newest)


@pytest.fixture
def story(session: Session) -> dict[str, Any]:
    """A buyer writes an order and changes its head; a receiver corrects a stock."""
    world = World(session)
    acme, main, bolt = world.vendor("Acme"), world.warehouse(), world.item()
    acme.supplies(bolt)
    buyer, receiver = world.user(Role.BUYER), world.user(Role.RECEIVER)
    head = {"vendor_id": acme.id, "warehouse_id": main.id, "currency_code": "EUR"}
    order = within(session, save_order, buyer, head=head, at=NOW)
    changed = {"title": "=Spokes for spring", "shipping_costs": Decimal("1234.5"), "order_by": TODAY}
    within(session, save_order, buyer, order_id=order.order_id, version=order.version, head=changed, at=NOW)
    within(
        session, adjust_stock, receiver, warehouse_id=main.id, item_id=bolt.id, quantity=Decimal(3), unit_cost=Decimal(2),
        reason="found behind the shelf", at=NOW, effective_on=TODAY,
    )  # fmt: skip
    return {"order": order, "buyer": buyer, "receiver": receiver, "vendor": acme, "item": bolt}


@pytest.mark.rule("ACC-6")
def test_the_list_says_who_did_what_to_which_record(session: Session, story: dict[str, Any]) -> None:
    rows = listed(session, end=3).rows
    assert [row["operation"] for row in rows] == ["adjust_stock", "save_order", "save_order"]
    assert [row["kind"] for row in rows] == ["stock_entry", "purchase_order", "purchase_order"]
    assert rows[1]["record"] == story["order"].number
    assert rows[1]["who"] == story["buyer"].name
    assert "changes" not in rows[1]  # may be very long: stands in files alone


@pytest.mark.rule("ACC-6")
@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"scope": {"record": "purchase_order:{order}"}}, 2),
        ({"scope": {"kind": "purchase_order"}}, 2),
        ({"scope": {"user_id": "{buyer}"}}, 2),
        ({"filters": {"kind": {"type": "in", "values": ["stock_entry"]}}}, 1),
        ({"filters": {"operation": {"type": "in", "values": ["adjust_stock"]}}}, 1),
        ({"filters": {"at": {"type": "inRange", "dateFrom": "today", "dateTo": "today"}}}, 3),
        ({"filters": {"at": {"type": "lessThan", "dateFrom": "today"}}}, 0),
        ({"quick": "shelf"}, 1),
        ({"quick": "spok"}, 1),
        ({"quick": "{number}"}, 2),
        ({"quick": "adjust stock"}, 1),
        ({"quick": "shelf spokes"}, 0),
        ({"quick": "shelf", "scope": {"user_id": "{buyer}"}}, 0),
        ({"quick": "%"}, 0),
        ({"quick": "' & | ! :*"}, 0),
    ],
)
def test_entries_are_found(session: Session, story: dict[str, Any], wanted: dict[str, Any], found: int) -> None:
    before = {"order": story["order"].order_id, "buyer": story["buyer"].user_id, "number": story["order"].number}
    own = {"user_id": [story["buyer"].user_id, story["receiver"].user_id]}
    filled = {
        name: value.format(**before) if isinstance(value, str)
        else {key: each.format(**before) if isinstance(each, str) else each for key, each in value.items()}
        for name, value in wanted.items()
    }  # fmt: skip
    rows = [row for row in listed(session, **filled).rows if row["user_id"] in own["user_id"]]
    assert len(rows) == found


@pytest.mark.parametrize(
    "scope", [{"record": "purchase_order"}, {"record": "purchase_order:x"}, {"record": 7}, {"kind": None}, {"at": "x"}]
)
def test_a_record_that_nobody_can_mean_is_refused(session: Session, scope: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        listed(session, scope=scope)


@pytest.mark.rule("ACC-6")
def test_an_entry_tells_before_and_after_in_the_words_of_the_reader(session: Session, story: dict[str, Any]) -> None:
    event = listed(session, quick="spokes").rows[0]
    entry = audit_entry(session, BOTH, event_id=int(event["id"]))
    [order] = [each for each in entry.records if each.kind == "Purchase order"]
    assert (order.did, order.name, order.path) == ("changed", story["order"].number, f"/orders/{story['order'].number}")
    fields = {each.label: (each.before, each.after) for each in order.fields}
    assert fields["Title"] == ("–", "=Spokes for spring")
    assert fields["Shipping costs"] == ("0,00", "1.234,50")
    assert fields["Order by"][1].endswith(str(TODAY.year))
    assert not {"Version", "Id", "Changed at", "Changed by"} & set(fields)


@pytest.mark.rule("INT-3")
def test_a_planning_run_is_listed_by_its_day_as_the_reader_writes_days(session: Session) -> None:
    buyer = World(session).user(Role.BUYER)
    within(session, start_run, buyer, as_of=date(2026, 11, 22), at=NOW)
    wanted = RowsWanted(end=1)
    shown = [
        grid_page(session, reader, source=AUDIT_ROWS, wanted=wanted, today=TODAY).rows[0]["shown"]["record"]
        for reader in (replace(ADMIN, locale="en_US"), BOTH)
    ]
    assert shown == ["Nov 22, 2026", "22. Nov. 2026"]


@pytest.mark.rule("INT-3")
def test_numbers_and_days_inside_documents_are_written_for_the_reader() -> None:
    counts, said = SQLModel.metadata.tables["planning_run"].c.counts, BOTH.locale
    assert [written(counts, each, BOTH) for each in (25813, "2026-11-22", "R-1")] == [
        "25.813",
        "22. Nov. 2026",
        "R-1",
    ], said


@pytest.mark.rule("VEN-6")
def test_order_days_are_told_by_their_names(session: Session) -> None:
    world = World(session)
    vendor, buyer = world.vendor("Acme"), world.user(Role.BUYER)
    [row] = current_rows(session, buyer, sheet="vendors", keys=[str(vendor.id)]).values()
    change = RowChange(str(vendor.id), int(row["version"]), {"order_weekdays": "mon,thu"})
    within(session, save_rows, buyer, sheet="vendors", changes=(change,), at=NOW)
    [record] = told(session, BOTH).records
    assert [(each.label, each.after) for each in record.fields] == [("Order weekdays", "Mo, Do")]
    source = SHEET_ROWS["vendors"]
    page = grid_page(session, BOTH, source=source, wanted=RowsWanted(quick=row["code"]), today=TODAY)
    assert [(each["order_weekdays"], each["shown"]["order_weekdays"]) for each in page.rows] == [("mon,thu", "Mo, Do")]


@pytest.mark.rule("ACC-6")
def test_references_are_told_by_name(session: Session, story: dict[str, Any]) -> None:
    entry = told(session)
    [posted] = entry.records
    fields = {each.label: each.after for each in posted.fields}
    assert fields["Item"].startswith(story["item"].code)
    assert fields["Reason"] == "adjustment"
    assert fields["Quantity"] == "3"
    assert posted.did == "added"
    assert posted.path == ""


@needs(Permission.STOCK_ADJUST)
def load_much(session: Session, actor: Actor, *, count: int) -> None:
    for number in range(count):
        audit.note(session, "item", number, after={"name": f"Item {number}"})
    audit.note(session, "pack", None, after={"name": "big", "files": {"items.csv": {"created": count}}})


def test_a_large_entry_is_told_in_numbers(session: Session) -> None:
    within(session, load_much, OPERATOR, count=audit.MOST_CHANGES + 7)
    entry = told(session)
    assert len(entry.records) == MOST_TOLD
    assert entry.numbers == (("Item", audit.MOST_CHANGES + 7), ("Data pack", 1))
    assert entry.is_cut
    rows = [row["id"] for row in listed(session, scope={"kind": "pack"}).rows]
    assert str(entry.event_id) in rows  # what has no number is found by its kind


@pytest.mark.rule("ACC-2")
def test_the_trail_is_for_those_who_may_read_it(session: Session, story: dict[str, Any]) -> None:
    event_id = told(session).event_id
    for role in Role:
        actor = Actor(user_id=None, name=role.value, roles=frozenset({role}))
        if Permission.AUDIT_VIEW in GRANTS[role]:
            assert audit_entry(session, actor, event_id=event_id)
            continue
        for act, arguments in (
            (audit_entry, {"event_id": event_id}),
            (record_name, {"kind": "item", "record_id": 1}),
            (user_name, {"user_id": 1}),
            (grid_page, {"source": AUDIT_ROWS, "wanted": RowsWanted(), "today": TODAY}),
            (grid_csv, {"source": AUDIT_ROWS, "wanted": RowsWanted(), "today": TODAY}),
        ):
            with pytest.raises(NotAllowed):
                act(session, actor, **arguments)  # type: ignore[operator]


def test_what_is_not_there_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        audit_entry(session, ADMIN, event_id=10**15)
    with pytest.raises(NotFound):
        user_name(session, ADMIN, user_id=10**15)
    assert record_name(session, ADMIN, kind="purchase_order", record_id=10**15) == f"Purchase order no. {10**15}"


@pytest.mark.rule("ACC-6")
def test_the_file_holds_what_the_filter_finds_with_before_and_after_and_no_formulas(
    session: Session, story: dict[str, Any]
) -> None:
    world = World(session)
    spy = world.user(Role.RECEIVER, name="=cmd()")
    within(
        session, adjust_stock, spy, warehouse_id=world.warehouse().id, item_id=world.item().id, quantity=Decimal(1),
        unit_cost=Decimal(1), reason="@SUM", at=NOW, effective_on=TODAY,
    )  # fmt: skip
    wanted = RowsWanted(filters={"operation": {"type": "in", "values": ["adjust_stock"]}})
    with grid_csv(session, ADMIN, source=AUDIT_ROWS, wanted=wanted, today=TODAY) as file:
        rows = list(csv.DictReader(io.StringIO(file.read().decode())))
    assert {row["operation"] for row in rows} == {"adjust_stock"}
    assert "found behind the shelf" in rows[-1]["changes"] + rows[0]["changes"]
    assert "'=cmd()" in {row["who"] for row in rows}
    assert not [cell for row in rows for cell in row.values() if cell[:1] in {"=", "+", "-", "@"}]


@pytest.mark.rule("ACC-6")
def test_every_kind_that_the_trail_follows_has_a_word_and_a_name() -> None:
    followed = {name for name in SQLModel.metadata.tables if name not in audit.NOT_FOLLOWED}
    assert followed <= set(RECORDS)
    for name in followed:
        assert set(RECORDS[name].named_by) <= set(SQLModel.metadata.tables[name].c.keys()), name
    assert all(bool(each.path) == (each.permission is not None) for each in RECORDS.values())


def test_labels_have_no_underscores_and_begin_with_a_capital() -> None:
    labels = {field_label(column.name) for table in SQLModel.metadata.tables.values() for column in table.columns}
    assert all(re.fullmatch(r"[A-Z][^_]*", label) for label in labels), labels


def test_pages_deep_in_the_trail_are_the_same_by_cursor_and_by_position(session: Session) -> None:
    for _ in range(12):
        within(session, load_much, OPERATOR, count=1)
    first = listed(session, end=5)
    by_cursor = listed(session, start=5, end=10, after=first.after)
    by_position = listed(session, start=5, end=10)
    assert [row["id"] for row in by_cursor.rows] == [row["id"] for row in by_position.rows]
    assert not {row["id"] for row in first.rows} & {row["id"] for row in by_cursor.rows}
