"""Two people at the same row, key or rule of master data at the same moment: two connections, the second waits and is told."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, func, select

from buyside.db.engine import sessions
from buyside.db.items import VendorItem
from buyside.db.vendors import PaymentTermEvent, VendorContact
from buyside.domain.access import Actor, Role
from buyside.domain.sheet_changes import CellProblem, RowChange, RowsRefused
from buyside.operations.run import perform, within
from buyside.operations.sheets import save_rows
from tests.conftest import Database
from tests.sheet_acts import begun
from tests.world import NOW, World


class Setup:
    """Master data of one company, and two buyers."""

    def __init__(self) -> None:
        with World.open() as world:
            world.organisation()
            self.first, self.second = world.user(Role.BUYER, name="Ada First"), world.user(Role.BUYER)
            sheets = begun(world.session)
            self.items = {row["code"]: row for row in sheets.rows("items")}


@pytest.fixture(scope="module")
def setup(database: Database) -> Setup:
    return Setup()


@contextmanager
def held(actor: Actor, sheet: str, change: RowChange) -> Iterator[None]:
    """A change that is written and not yet committed while the block runs."""
    with sessions()() as session, session.begin():
        within(session, save_rows, actor, sheet=sheet, changes=(change,), at=NOW)
        yield


def waiting(database: Database) -> bool:
    """Whether somebody waits for a lock of this database."""
    with sessions()() as session:
        found = session.execute(
            text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
        ).scalar_one()
    return bool(found)


def second_of_two(
    database: Database, setup: Setup, sheet: str, first: RowChange, second: RowChange
) -> list[CellProblem]:
    """What the second is told, who saves while the first has not committed; it must have waited."""
    with ThreadPoolExecutor(1) as threads:
        with held(setup.first, sheet, first):
            later: Future[Any] = threads.submit(
                _outcome, lambda: perform(save_rows, setup.second, sheet=sheet, changes=(second,), at=NOW)
            )
            until = monotonic() + 20
            while not waiting(database):
                assert not later.done(), later.result()
                assert monotonic() < until
                sleep(0.01)
        return list(later.result(timeout=20))


def _outcome(act: Callable[[], Any]) -> tuple[CellProblem, ...]:
    try:
        act()
    except RowsRefused as refusal:
        return refusal.problems
    return ()


@pytest.mark.parametrize("cells", [{"name": "Bolt M6"}, {"description": "Zinc"}])
def test_the_second_of_two_at_one_row_is_told_and_sees_the_difference(
    database: Database, setup: Setup, cells: dict[str, str]
) -> None:
    with World.open() as world:
        row = begun_item(world.session, f"I{cells}"[:20])
    [told] = second_of_two(database, setup, "items", RowChange(row, 1, {"name": "Bolt M5"}), RowChange(row, 1, cells))
    assert (told.code, told.by, told.theirs["name"]) == ("general.stale", "Ada First", "Bolt M5")


def begun_item(session: Session, code: str) -> str:
    """The id of a new item."""
    return str(World(session).item("Bolt", code=code).id)


def test_the_second_of_two_new_rows_with_one_code_is_told(database: Database, setup: Setup) -> None:
    new = RowChange("", 0, {"code": "SAME", "name": "Same", "unit": "pcs"})
    [told] = second_of_two(database, setup, "items", new, new)
    assert (told.row, told.key, told.column, told.code) == (0, "", "code", "sheets.duplicate")
    assert told.says == "Another item has this code: SAME."


def test_a_contact_is_not_made_twice_though_no_index_forbids_it(database: Database, setup: Setup) -> None:
    new = RowChange("", 0, {"vendor": "ACME", "name": "Ines"})
    [told] = second_of_two(database, setup, "vendor-contacts", new, new)
    assert told.code == "sheets.duplicate"
    with sessions()() as session:
        assert session.exec(select(func.count()).select_from(VendorContact)).one() == 1


def test_shares_entered_at_once_stay_within_the_whole(database: Database, setup: Setup) -> None:
    new = [
        RowChange("", 0, {"vendor": each, "item": "FRAME", "lead_days": "1", "share_percent": "60"})
        for each in ("ACME", "BOND")
    ]
    [told] = second_of_two(database, setup, "vendor-items", *new)
    assert told.code == "vendor-items.shares-above-whole"
    with sessions()() as session:
        assert session.exec(select(func.sum(VendorItem.share_percent))).one() == 60


def test_events_entered_at_once_bill_the_whole_at_most(database: Database, setup: Setup) -> None:
    event = {"payment_terms": "NET30", "trigger": "invoice", "share_percent": "70"}
    new = [RowChange("", 0, {**event, "position": each}) for each in "12"]
    [told] = second_of_two(database, setup, "payment-term-events", *new)
    assert told.code == "payment-terms.above-whole"
    with sessions()() as session:
        assert session.exec(select(func.sum(PaymentTermEvent.share_percent))).one() == 70


def test_people_at_different_rows_of_a_plain_sheet_do_not_wait(database: Database, setup: Setup) -> None:
    with World.open() as world:
        one, other = (begun_item(world.session, code) for code in ("FREE-1", "FREE-2"))
    with held(setup.first, "items", RowChange(one, 1, {"name": "One"})):
        [saved] = perform(
            save_rows, setup.second, sheet="items", changes=(RowChange(other, 1, {"name": "Other"}),), at=NOW
        )
    assert saved.version == 2


def test_who_refers_to_a_row_does_not_wait_for_who_changes_it(database: Database, setup: Setup) -> None:
    with World.open() as world:
        item = begun_item(world.session, "REFERRED")
    with held(setup.first, "items", RowChange(item, 1, {"name": "Changing"})):
        cells = {"vendor": "ACME", "item": "REFERRED", "lead_days": "2"}
        [made] = perform(save_rows, setup.second, sheet="vendor-items", changes=(RowChange("", 0, cells),), at=NOW)
    assert made.version == 1
