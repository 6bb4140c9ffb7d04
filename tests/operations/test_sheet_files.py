"""Imports of files: all or nothing, told row by row, cancelled, interrupted, two at once, remembered, and never by who may not."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from buyside.db.audit import AuditEvent
from buyside.db.engine import app_engine, sessions
from buyside.db.files import ImportFile, ImportOutcome, ImportRun
from buyside.db.items import Unit
from buyside.domain.access import OPERATOR, Actor, Role
from buyside.domain.all_sheets import SHEETS
from buyside.domain.files import ImportState
from buyside.domain.refusals import Refused
from buyside.ledgers import import_runs
from buyside.operations import sheet_files
from buyside.operations.run import perform
from buyside.operations.sheet_files import (
    ImportDone,
    cancel_import,
    check_import,
    keep_file,
    read_file_as,
    run_import,
    start_import,
)
from buyside.queries.read import ask
from buyside.queries.rows import RowsWanted, grid_page
from buyside.queries.sheet_files import (
    IMPORT_OUTCOME_ROWS,
    IMPORT_ROWS,
    import_run,
    importable,
    kept_file,
    mapping_doubts,
    suggested_mapping,
)
from tests.world import NOW, World

COLUMNS = ("code", "name", "category", "factor")


@pytest.fixture(scope="module")
def people(database: object) -> dict[Role, Actor]:
    with World.open() as world:
        return {role: world.user(role) for role in (Role.BUYER, Role.MANAGER, Role.FINANCE, Role.ADMIN)}


def keep(actor: Actor, *rows: str, header: str = ",".join(COLUMNS), name: str = "units.csv") -> int:
    content = "\n".join([header, *rows]).encode()
    return perform(keep_file, actor, name=name, content=content, at=NOW).file_id


def begin(actor: Actor, *rows: str, sheet: str = "units", columns: tuple[str, ...] = COLUMNS) -> int:
    file_id = keep(actor, *rows, header=",".join(columns), name=f"{sheet}.csv")
    mapping = dict(enumerate(columns))
    return perform(start_import, actor, file_id=file_id, sheet=sheet, mapping=mapping, at=NOW).run_id


def run(actor: Actor, *rows: str, only_good: bool = False) -> ImportDone:
    return perform(run_import, actor, run_id=begin(actor, *rows), only_good=only_good, at=NOW)


def counts(done: Any) -> tuple[int, int, int, int]:
    return done.created, done.changed, done.unchanged, done.refused


def units() -> dict[str, str]:
    with sessions()() as session:
        return {each.code: each.name for each in session.exec(select(Unit))}


def told(run_id: int, actor: Actor = OPERATOR) -> list[tuple[Any, ...]]:
    wanted = RowsWanted(end=500, scope={"run_id": run_id})
    found = ask(grid_page, actor, source=IMPORT_OUTCOME_ROWS, wanted=wanted, today=NOW.date()).rows
    names = ("row", "outcome", "record", "column", "before", "value", "reason")
    return [tuple(each[name] for name in names) for each in found]


@pytest.mark.rule("VEN-5")
def test_a_dry_run_tells_what_each_row_would_be_and_writes_nothing(people: dict[Role, Actor]) -> None:
    buyer = people[Role.BUYER]
    assert counts(run(buyer, "DR1,Dry one,dry,1", "DR2,Dry two,dry,2")) == (2, 0, 0, 0)
    before = units()
    checked = begin(buyer, "DR1,Dry one,dry,1", "DR2,Dry second,dry,3", "DR3,Dry three,dry,3", "DR4,,dry,none")
    assert counts(perform(check_import, buyer, run_id=checked)) == (1, 1, 1, 1)
    assert units() == before
    assert told(checked) == [
        (2, "unchanged", "DR1", "", "", "", ""),
        (3, "changed", "DR2", "Name", "Dry two", "Dry second", ""),
        (3, "changed", "DR2", "Factor", "2", "3", ""),
        (4, "created", "DR3", "", "", "Code: DR3 · Name: Dry three · Category: dry · Factor: 3", ""),
        (5, "refused", "DR4", "Factor", "", "none", "“none” is not a number with a decimal point."),
    ]
    assert ask(import_run, buyer, run_id=checked).state == "checked"


@pytest.mark.rule("VEN-5")
def test_one_bad_row_refuses_all_unless_the_good_ones_are_asked_for(people: dict[Role, Actor]) -> None:
    buyer, before = people[Role.BUYER], units()
    rows = ("AN1,One,any,1", "AN2,Two,any,-1", "AN1,Again,any,1", "AN3,Three,any,1")
    refused = run(buyer, *rows)
    assert (refused.state, units()) == ("refused", before)
    assert [(each[0], each[3]) for each in told(refused.run_id) if each[1] == "refused"] == [(3, "Factor"), (4, "Code")]
    done = perform(run_import, buyer, run_id=refused.run_id, only_good=True, at=NOW)
    assert (done.state, counts(done)) == ("done", (2, 0, 0, 2))
    assert {code for code in units() if code.startswith("AN")} == {"AN1", "AN3"}
    with pytest.raises(Refused) as again:
        perform(run_import, buyer, run_id=refused.run_id, at=NOW)
    assert again.value.code == "files.not-open"


@pytest.mark.rule("VEN-5")
def test_a_second_run_of_the_same_file_changes_nothing(people: dict[Role, Actor]) -> None:
    rows = ("SR1,One,again,1", "SR2,Two,again,1.50")
    assert counts(run(people[Role.BUYER], *rows)) == (2, 0, 0, 0)
    with sessions()() as session:
        versions = {each.code: each.version for each in session.exec(select(Unit))}
    assert counts(run(people[Role.BUYER], *rows)) == (0, 0, 2, 0)
    with sessions()() as session:
        assert {each.code: each.version for each in session.exec(select(Unit))} == versions


@pytest.mark.rule("ACC-6")
def test_an_import_leaves_one_entry_with_every_row_before_and_after_and_a_refused_one_tells_of_none(
    people: dict[Role, Actor],
) -> None:
    buyer = people[Role.BUYER]
    run(buyer, "AU1,One,audit,1")
    done = run(buyer, "AU1,First,audit,1", "AU2,Two,audit,1")
    refused = run(buyer, "AU1,Third,audit,1", "AU3,Three,audit,none")
    with sessions()() as session:
        entries = session.exec(select(AuditEvent).where(AuditEvent.operation == "run_import")).all()
    by_run = {change["id"]: entry for entry in entries for change in entry.changes if change["kind"] == "import_run"}
    changes = [each for each in by_run[done.run_id].changes if each["kind"] == "unit"]
    assert {(each["before"] and each["before"]["name"], each["after"]["name"]) for each in changes} == {
        ("One", "First"),
        (None, "Two"),
    }
    assert by_run[done.run_id].user_id == buyer.user_id
    assert {each["kind"] for each in by_run[refused.run_id].changes} == {"import_run"}


@pytest.mark.rule("VEN-5")
def test_a_cancelled_import_leaves_nothing_and_is_told_so(
    people: dict[Role, Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelled by somebody else between its last row and its end, when everything was written already."""
    buyer, before = people[Role.BUYER], units()
    run_id = begin(buyer, "CA1,One,cancel,1", "CA2,Two,cancel,1")
    stored = sheet_files.Outcomes.store

    def cancelled(self: Any, session: Any, run: int) -> None:
        perform(cancel_import, people[Role.BUYER], run_id=run, at=NOW)
        stored(self, session, run)

    monkeypatch.setattr(sheet_files.Outcomes, "store", cancelled)
    with pytest.raises(Refused) as refused:
        perform(run_import, buyer, run_id=run_id, at=NOW)
    assert refused.value.code == "files.cancelled"
    assert units() == before
    assert told(run_id) == []
    assert ask(import_run, buyer, run_id=run_id).state == "cancelled"


def test_a_cancelled_import_stops_before_its_next_rows(
    people: dict[Role, Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    buyer = people[Role.BUYER]
    run_id = begin(buyer, "CB1,One,cancel,1")
    planned = []

    def planning(*given: Any, **named: Any) -> Any:
        planned.append(True)
        perform(cancel_import, buyer, run_id=run_id, at=NOW)
        return plan(*given, **named)

    from buyside.ledgers import import_rows

    plan = import_rows.plan_rows
    monkeypatch.setattr(import_runs, "_TOLD_EVERY", 0.0)
    monkeypatch.setattr(import_rows, "plan_rows", planning)
    with pytest.raises(Refused) as refused:
        perform(check_import, buyer, run_id=run_id)
    assert (refused.value.code, planned) == ("files.cancelled", [True])
    waiting = begin(buyer, "CB2,Two,cancel,1")
    assert perform(cancel_import, buyer, run_id=waiting, at=NOW).state == "cancelled"
    with pytest.raises(Refused):
        perform(cancel_import, buyer, run_id=waiting, at=NOW)


def test_an_import_whose_process_died_is_told_as_interrupted_and_can_be_begun_anew(people: dict[Role, Actor]) -> None:
    buyer = people[Role.BUYER]
    run_id = begin(buyer, "IN1,One,interrupt,1")
    with app_engine().begin() as connection:
        connection.execute(text("UPDATE import_run SET state = 'running' WHERE id = :id"), {"id": run_id})
    seen = ask(import_run, buyer, run_id=run_id)
    assert (seen.state, "Nothing of it was written" in seen.says) == ("interrupted", True)
    wanted = RowsWanted(filters={"state": {"type": "in", "values": ["interrupted"]}})
    assert [
        int(each["id"]) for each in ask(grid_page, buyer, source=IMPORT_ROWS, wanted=wanted, today=NOW.date()).rows
    ] == [run_id]
    with app_engine().connect() as alive:
        alive.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": import_runs.LOCKS + run_id})
        assert ask(import_run, buyer, run_id=run_id).state == "running"
        with pytest.raises(Refused) as refused:
            perform(run_import, buyer, run_id=run_id, at=NOW)
        assert refused.value.code == "files.not-open"
        alive.rollback()
        alive.execute(text("SELECT pg_advisory_unlock_all()"))
    begin(buyer, "IN2,Two,interrupt,1")
    with sessions()() as session:
        buried = session.get(ImportRun, run_id)
        assert buried is not None
        assert (buried.state, buried.problem) == (ImportState.INTERRUPTED, import_runs.INTERRUPTED)
    assert perform(run_import, buyer, run_id=run_id, at=NOW).state == "done"


def test_what_goes_wrong_is_written_to_the_import_and_leaves_nothing(
    people: dict[Role, Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    buyer, before = people[Role.BUYER], units()
    run_id = begin(buyer, "FA1,One,fail,1")

    def broken(*_: Any) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(sheet_files.Outcomes, "store", broken)
    with pytest.raises(RuntimeError):
        perform(run_import, buyer, run_id=run_id, at=NOW)
    assert (ask(import_run, buyer, run_id=run_id).state, units()) == ("failed", before)
    with sessions()() as session:
        [entry] = [
            each
            for each in session.exec(select(AuditEvent).where(AuditEvent.operation == "run_import"))
            if any(change["id"] == run_id and change["kind"] == "import_run" for change in each.changes)
        ]
    assert entry.changes[0]["after"]["state"] == "failed"


@pytest.mark.rule("VEN-5")
def test_two_imports_of_the_same_rows_at_once_make_each_row_once(people: dict[Role, Actor]) -> None:
    buyer = people[Role.BUYER]
    rows = [f"TW{n},Two {n},twice,1" for n in range(300)]
    runs = [begin(buyer, *rows), begin(buyer, *rows)]
    answers: list[Any] = []
    start = threading.Barrier(2)

    def work(run_id: int) -> None:
        start.wait()
        try:
            answers.append(perform(run_import, buyer, run_id=run_id, at=NOW))
        except Exception as error:
            answers.append(error)

    threads = [threading.Thread(target=work, args=[each]) for each in runs]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert all(isinstance(each, ImportDone) for each in answers), answers
    assert len([code for code in units() if code.startswith("TW")]) == 300
    created = sorted(each.created for each in answers if each.state == "done")
    assert created in ([0, 300], [300])  # the later one found them there, or was refused as a whole
    with sessions()() as session:
        assert {each.version for each in session.exec(select(Unit).where(col(Unit.code).like("TW%")))} == {1}


@pytest.mark.rule("ACC-2")
def test_only_who_may_edit_a_sheet_imports_into_it_and_nobody_reads_anothers_file(people: dict[Role, Actor]) -> None:
    buyer, finance, manager = people[Role.BUYER], people[Role.FINANCE], people[Role.MANAGER]
    assert {each.name for each in importable(buyer)} == {each.name for each in SHEETS}
    assert "vendors" not in {each.name for each in importable(finance)}
    assert importable(manager) == ()
    with pytest.raises(Refused) as refused:
        keep(manager, "A,B,C,1")
    assert refused.value.code == "access.not-allowed"
    mine = keep(finance, "A,B,C,1")
    for act in (
        lambda: ask(kept_file, buyer, file_id=mine),
        lambda: perform(read_file_as, buyer, file_id=mine, choices={}),
        lambda: perform(start_import, buyer, file_id=mine, sheet="units", mapping=dict(enumerate(COLUMNS)), at=NOW),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "access.not-found"
    with pytest.raises(Refused) as refused:
        perform(start_import, finance, file_id=mine, sheet="vendors", mapping={0: "code"}, at=NOW)
    assert refused.value.code == "access.not-allowed"
    theirs = begin(buyer, "V1,Vendor,EUR", sheet="vendors", columns=("code", "name", "currency"))
    for operation in (run_import, cancel_import):
        with pytest.raises(Refused) as refused:
            perform(operation, finance, run_id=theirs, at=NOW)
        assert refused.value.code == "access.not-allowed"
    items = begin(buyer, "I1,Item", sheet="items", columns=("code", "name"))
    with pytest.raises(Refused) as refused:
        ask(import_run, finance, run_id=items)  # finance does not see items
    assert refused.value.code == "access.not-found"
    assert told(items, finance) == []


@pytest.mark.rule("ITM-2")
def test_what_comes_from_the_sell_side_arrives_by_file(people: dict[Role, Actor]) -> None:
    buyer = people[Role.BUYER]
    for sheet, columns, row in (
        ("products", ("code", "name"), "BIKE,Bike"),
        ("variants", ("sku", "product", "name"), "BIKE-S,BIKE,Bike small"),
        ("options", ("product", "group", "value"), "BIKE,colour,red"),
    ):
        for expected in ((1, 0, 0, 0), (0, 0, 1, 0)):
            done = perform(run_import, buyer, run_id=begin(buyer, row, sheet=sheet, columns=columns), at=NOW)
            assert counts(done) == expected, told(done.run_id)
    with pytest.raises(Refused):
        begin(people[Role.ADMIN], "P,Product", sheet="products", columns=("code", "name"))


@pytest.mark.rule("VEN-5")
def test_a_mapping_is_remembered_for_the_person_and_the_header(people: dict[Role, Actor]) -> None:
    buyer, admin = people[Role.BUYER], people[Role.ADMIN]
    header = "Kürzel,What it is,Family,Ignored"
    file_id = keep(buyer, "RM1,One,memory,x", header=header)
    suggested = ask(suggested_mapping, buyer, file_id=file_id, sheet="units")
    assert [each.column for each in suggested] == ["", "", "", ""]
    mapping = {0: "code", 1: "name", 2: "category"}
    perform(start_import, buyer, file_id=file_id, sheet="units", mapping=mapping, at=NOW)
    again = keep(buyer, "RM2,Two,memory,x", header=header.upper())
    suggested = ask(suggested_mapping, buyer, file_id=again, sheet="units")
    assert [(each.column, each.why) for each in suggested] == [
        *((name, "remembered") for name in ("code", "name", "category")),
        ("", ""),
    ]
    others = keep(admin, "RM3,Three,memory,x", header=header)
    assert [each.column for each in ask(suggested_mapping, admin, file_id=others, sheet="units")] == ["", "", "", ""]


def test_columns_are_suggested_by_what_they_are_called_elsewhere(people: dict[Role, Actor]) -> None:
    header = "Supplier,Article Number,MOQ,Lead Time,Supplier Part Number,Valid_From,LeadDayz,Colour"
    file_id = keep(people[Role.BUYER], "A,B,1,2,C,2026-01-01,3,red", header=header)
    suggested = ask(suggested_mapping, people[Role.BUYER], file_id=file_id, sheet="vendor-items")
    assert [each.column for each in suggested] == [
        *("vendor", "item", "minimum_quantity", "lead_days", "vendor_part", "valid_from", "", "")
    ]


@pytest.mark.rule("VEN-5")
@pytest.mark.parametrize(
    ("mapping", "code"),
    [
        ({0: "code", 1: "code"}, "files.column-twice"),
        ({1: "name"}, "files.key-missing"),
        ({0: "code", 9: "name"}, "files.not-a-column"),
        ({0: "code", 1: "nothing"}, "files.not-a-column"),
    ],
)
def test_a_mapping_that_cannot_be_meant_is_refused(
    mapping: dict[int, str], code: str, people: dict[Role, Actor]
) -> None:
    file_id = keep(people[Role.BUYER], "A,B,C,1")
    with pytest.raises(Refused) as refused:
        perform(start_import, people[Role.BUYER], file_id=file_id, sheet="units", mapping=mapping, at=NOW)
    assert refused.value.code == code


@pytest.mark.rule("VEN-5")
@pytest.mark.rule("INT-3")
def test_a_doubt_is_decided_before_anything_is_imported_and_only_where_it_matters(people: dict[Role, Actor]) -> None:
    buyer = people[Role.BUYER]
    content = b"code;name;category;factor\nDB1;1.500;doubt;1.250\n"
    file_id = perform(keep_file, buyer, name="units.csv", content=content, at=NOW).file_id
    mapping = dict(enumerate(COLUMNS))
    assert [each.name for each in ask(mapping_doubts, buyer, file_id=file_id, sheet="units", mapping=mapping)] == [
        "decimal_mark"
    ]
    with pytest.raises(Refused) as refused:
        perform(start_import, buyer, file_id=file_id, sheet="units", mapping=mapping, at=NOW)
    assert refused.value.code == "files.doubt"
    without = {place: name for place, name in mapping.items() if name != "factor"}
    assert ask(mapping_doubts, buyer, file_id=file_id, sheet="units", mapping=without) == ()
    perform(read_file_as, buyer, file_id=file_id, choices={"decimal_mark": ","})
    run_id = perform(start_import, buyer, file_id=file_id, sheet="units", mapping=mapping, at=NOW).run_id
    assert perform(run_import, buyer, run_id=run_id, at=NOW).state == "done"
    with sessions()() as session:
        made = session.exec(select(Unit).where(Unit.code == "DB1")).one()
    assert (made.name, made.factor) == ("1.500", 1250)


def test_files_go_after_a_while_and_what_was_done_with_them_stays(people: dict[Role, Actor]) -> None:
    buyer = people[Role.BUYER]
    old_file = keep(buyer, "OLD,Old,old,1")
    mapping = dict(enumerate(COLUMNS))
    run_id = perform(start_import, buyer, file_id=old_file, sheet="units", mapping=mapping, at=NOW).run_id
    later = NOW + timedelta(days=31)
    perform(keep_file, buyer, name="new.csv", content=b"code,name\nA,B\n", at=later)
    for act in (
        lambda: perform(start_import, buyer, file_id=old_file, sheet="units", mapping=mapping, at=later),
        lambda: perform(run_import, buyer, run_id=run_id, at=later),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "files.gone"
    assert not ask(kept_file, buyer, file_id=old_file).can_be_read
    for _ in range(25):
        perform(keep_file, buyer, name="again.csv", content=b"code,name\nA,B\n", at=later)
    with sessions()() as session:
        files = session.exec(select(ImportFile.id, ImportFile.name).where(ImportFile.user_id == buyer.user_id)).all()
        used = set(session.exec(select(ImportRun.file_id)).all())
    assert len([each for each, _ in files if each not in used]) <= 21
    assert old_file in {each for each, _ in files}


def test_an_import_of_a_file_without_rows_does_nothing(people: dict[Role, Actor]) -> None:
    done = run(people[Role.BUYER])
    assert (done.state, counts(done)) == ("done", (0, 0, 0, 0))
    with sessions()() as session:
        assert session.exec(select(ImportOutcome).where(ImportOutcome.run_id == done.run_id)).all() == []
