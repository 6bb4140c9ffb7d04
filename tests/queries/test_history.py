"""The history of one record: its own changes and those of what belongs to it, for those who may see it (ACC-6)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlmodel import Session, select

from buyside.db import tables
from buyside.db.files import ImportFile, ImportRun
from buyside.db.items import Item, PriceBreak, VendorItem
from buyside.db.vendors import Vendor
from buyside.domain.access import Actor, Permission, Role, needs
from buyside.domain.refusals import NotAllowed, NotFound
from buyside.domain.sheet_changes import RowChange
from buyside.ledgers import audit
from buyside.operations import sheets
from buyside.operations.run import within
from buyside.queries.history import VIEWS, Change, record_history
from tests.world import NOW, World

assert tables.MODULES
MANAGER = Actor(user_id=None, name="manager", roles=frozenset({Role.MANAGER}))


@needs(Permission.ITEM_EDIT)
def save_rows(session: Session, actor: Actor, /, *, table: type[Any], changes: dict[int, dict[str, Any]], reason: str = "", at: Any = NOW) -> None:  # fmt: skip
    """Stands for whatever changes rows."""
    for key, values in changes.items():
        row = session.get_one(table, key)
        for name, value in values.items():
            setattr(row, name, value)
    if reason:
        audit.note(session, table.__tablename__, None, after={"reason": reason})


@needs(Permission.ITEM_EDIT)
def remove_rows(session: Session, actor: Actor, /, *, rows: tuple[Any, ...], at: Any = NOW) -> None:
    """Stands for what takes rows away."""
    for each in rows:
        session.delete(each)
        session.flush()


@needs(Permission.ITEM_EDIT)
def make_rows(session: Session, actor: Actor, /, *, rows: tuple[Any, ...], at: Any = NOW) -> None:
    """Stands for what makes rows."""
    for each in rows:
        session.add(each)
        session.flush()


@pytest.fixture
def story(session: Session) -> dict[str, Any]:
    """An item is renamed for a reason, its vendor item gets a price, another item changes in the same act as well."""
    world = World(session)
    acme, bolt, nut = world.vendor("Acme"), world.item("Bolt"), world.item("Nut")
    buyer = world.user(Role.BUYER)
    acme.supplies(bolt, price=None)
    acme.supplies(nut, price="3")
    mapping = session.exec(select(VendorItem).where(VendorItem.item_id == bolt.id)).one()
    price = PriceBreak(vendor_item_id=mapping.id, from_quantity=Decimal(10), unit_price=Decimal("1.5"), currency_code="EUR")  # fmt: skip
    within(
        session, save_rows, buyer, table=Item, changes={bolt.id: {"name": "Bolt M8"}, nut.id: {"name": "Nut M8"}},
        reason="clearer names",
    )  # fmt: skip
    within(session, make_rows, buyer, rows=(price,))
    within(session, save_rows, buyer, table=VendorItem, changes={mapping.id: {"lead_days": 12}})
    return {"buyer": buyer, "acme": acme, "bolt": bolt, "nut": nut, "mapping": mapping, "price": price}


def told(session: Session, story: dict[str, Any], actor: Actor = MANAGER, **wanted: Any) -> tuple[Change, ...]:
    asked = {"kind": "item", "record_id": story["bolt"].id} | wanted
    return record_history(session, actor, **asked).changes


@pytest.mark.rule("ACC-6")
def test_the_history_of_an_item_tells_who_changed_what_from_what_to_what_and_why(
    session: Session, story: dict[str, Any]
) -> None:
    lead, price, name = told(session, story)
    assert [(each.label, each.before, each.after) for each in name.fields] == [("Name", "Bolt", "Bolt M8")]
    assert (name.reason, name.who, name.operation, name.did) == ("clearer names", story["buyer"].name, "Save rows", "changed")  # fmt: skip
    assert name.record == ""
    assert price.did == "added"
    assert price.kind == "Price break"
    assert name.at < price.at < lead.at
    assert ("Unit price", "–", "1.50") in [(each.label, each.before, each.after) for each in price.fields]
    assert [(each.label, each.before, each.after) for each in lead.fields] == [("Lead days", "7", "12")]
    assert lead.record == f"{story['acme'].row.code} · Acme"  # its vendor; that it is this item everybody knows


@pytest.mark.rule("ACC-6")
def test_nothing_of_another_record_of_the_same_act_is_told(session: Session, story: dict[str, Any]) -> None:
    assert "Nut" not in str(told(session, story))
    [nut] = told(session, story, record_id=story["nut"].id)
    assert [each.after for each in nut.fields] == ["Nut M8"]
    assert nut.reason == "clearer names"


@pytest.mark.rule("ACC-6")
def test_what_belonged_to_a_record_is_told_after_it_was_removed(session: Session, story: dict[str, Any]) -> None:
    within(session, remove_rows, story["buyer"], rows=(story["price"], story["mapping"]))
    changes = told(session, story)
    assert [(each.kind, each.did) for each in changes[:2]] == [("Vendor item", "removed"), ("Price break", "removed")]
    assert len(changes) == 5  # and all that happened to them before
    assert not any(each.did == "removed" for each in told(session, story, record_id=story["nut"].id))


@pytest.mark.rule("ACC-6")
def test_rows_of_sheets_that_were_changed_and_removed_are_told(session: Session, story: dict[str, Any]) -> None:
    other = World(session).vendor("Best").supplies(story["bolt"], price=None)
    theirs = session.exec(select(VendorItem).where(VendorItem.vendor_id == other.id)).one()
    changes = (RowChange(str(theirs.id), theirs.version, {"lead_days": "21", "minimum_quantity": "3"}),)
    [saved] = within(
        session, sheets.save_rows, story["buyer"], sheet="vendor-items", changes=changes, at=NOW, reason="longer way"
    )
    within(
        session, sheets.remove_rows, story["buyer"], sheet="vendor-items", rows=((saved.key, saved.version),), at=NOW
    )
    removed, changed, *_ = told(session, story)
    assert (removed.did, removed.reason) == ("removed", "")
    assert (changed.did, changed.reason) == ("changed", "longer way")
    assert sorted((each.label, each.before, each.after) for each in changed.fields) == [
        ("Lead days", "7", "21"), ("Minimum quantity", "0", "3"),
    ]  # fmt: skip
    assert removed.record == f"{other.row.code} · Best"


@pytest.mark.rule("ACC-6")
def test_a_vendor_is_told_with_what_it_sells(session: Session, story: dict[str, Any]) -> None:
    changes = told(session, story, kind="vendor", record_id=story["acme"].id)
    assert [each.kind for each in changes] == ["Vendor item", "Price break"]
    assert changes[0].record == f"{story['bolt'].code} · Bolt M8"


@pytest.mark.rule("ACC-6")
def test_history_comes_in_pages_that_miss_nothing_and_repeat_nothing(session: Session, story: dict[str, Any]) -> None:
    for days in range(20, 26):
        within(session, save_rows, story["buyer"], table=Item, changes={story["bolt"].id: {"make_lead_days": days}})
    found, before = [], 0
    while True:
        page = record_history(session, MANAGER, kind="item", record_id=story["bolt"].id, before=before, limit=2)
        found += [each.event_id for each in page.changes]
        before = page.older
        if not before:
            break
        assert len(page.changes) == 2
    assert found == sorted(set(found), reverse=True)
    assert len(found) == 9


@pytest.mark.rule("ACC-6")
def test_what_a_file_brought_names_the_file(session: Session, story: dict[str, Any]) -> None:
    @needs(Permission.ITEM_EDIT)
    def run_import(opened: Session, actor: Actor, /, *, at: Any) -> None:
        file = ImportFile(
            name="items 2026.xlsx", user_id=actor.user_id, size=1, sha256=b"1", recognised={}, choices={}, kept_at=at
        )
        opened.add(file)
        opened.flush()
        opened.add(
            ImportRun(file_id=file.id, sheet="items", reading={}, mapping=[], user_id=actor.user_id, started_at=at)
        )
        opened.get_one(Item, story["bolt"].id).name = "From a file"

    within(session, run_import, story["buyer"], at=NOW)
    newest, *others = told(session, story)
    assert (newest.source, newest.fields[0].after) == ("items 2026.xlsx", "From a file")
    assert {each.source for each in others} == {""}


@pytest.mark.rule("ACC-2")
def test_the_history_is_for_those_who_may_see_the_record(session: Session, story: dict[str, Any]) -> None:
    sales = replace(MANAGER, roles=frozenset({Role.SALES}))
    with pytest.raises(NotAllowed) as refused:
        told(session, story, sales)
    assert refused.value.code == "access.not-allowed"
    with pytest.raises(NotFound):
        told(session, story, kind="app_user")
    with pytest.raises(NotFound):
        told(session, story, kind="purchase_order; drop")
    # Finance sees vendors and no items: of a vendor it reads what the vendor sells, which is the vendor's.
    finance = replace(MANAGER, roles=frozenset({Role.FINANCE}))
    assert told(session, story, finance, kind="vendor", record_id=story["acme"].id)
    with pytest.raises(NotAllowed):
        told(session, story, finance)


@pytest.mark.rule("ACC-6")
def test_what_nobody_may_read_in_the_trail_stays_withheld(session: Session, story: dict[str, Any]) -> None:
    @needs(Permission.ITEM_EDIT)
    def enter_account(opened: Session, actor: Actor, /, *, at: Any) -> None:
        audit.note(
            opened, "vendor", story["acme"].id, before={"iban": "DE00"}, after={"iban": "DE75512108001245126199"}
        )

    within(session, enter_account, story["buyer"], at=NOW)
    assert "DE75" not in str(told(session, story, kind="vendor", record_id=story["acme"].id))


@pytest.mark.rule("ACC-6")
def test_of_an_act_that_changed_very_much_some_is_told_and_the_rest_counted(
    session: Session, story: dict[str, Any]
) -> None:
    mapping = story["mapping"]
    many = tuple(
        PriceBreak(vendor_item_id=mapping.id, from_quantity=Decimal(each), unit_price=Decimal(1), currency_code="USD")
        for each in range(60)
    )
    within(session, make_rows, story["buyer"], rows=many)
    newest = [each for each in told(session, story) if each.did == "added" and each.kind == "Price break"][:40]
    assert len({each.event_id for each in newest}) == 1
    assert newest[-1].more == 20
    assert not any(each.more for each in newest[:-1])


@pytest.mark.rule("ACC-6")
def test_an_act_too_large_to_be_written_whole_still_stands_in_the_history(
    session: Session, story: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "MOST_CHANGES", 1)
    both = {story["nut"].id: {"name": "Nut"}, story["bolt"].id: {"name": "Bolt"}}
    within(session, save_rows, story["buyer"], table=Item, changes=both)
    newest, other = told(session, story)[0], told(session, story, record_id=story["nut"].id)[0]
    assert newest.event_id == other.event_id
    assert {bool(newest.fields), bool(other.fields)} == {True, False}
    assert {newest.more, other.more} == {0, 1}


def test_a_history_takes_few_statements_and_finds_a_long_trail_by_its_index(
    session: Session, story: dict[str, Any]
) -> None:
    statements: list[str] = []
    event.listen(session.connection(), "before_cursor_execute", lambda *args: statements.append(args[2]))
    told(session, story)
    assert len(statements) <= 14
    session.execute(text("SET LOCAL enable_seqscan = off"))
    found = [each for each in statements if "unnest" in each and "GROUP BY" in each]
    explained = session.connection().exec_driver_sql(
        "EXPLAIN SELECT event_id FROM audit_subject WHERE kind = 'item' AND record_id = 5"
    )
    assert found
    assert "audit_subject_record" in str(list(explained))


def test_every_record_of_a_sheet_has_a_history(session: Session) -> None:
    for kind in VIEWS:
        assert record_history(session, Actor(None, "all", frozenset(Role) - {Role.VENDOR}), kind=kind, record_id=1)
    assert session.exec(select(Vendor)).first() is None
