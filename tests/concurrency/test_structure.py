"""Two people who each save one half of a circle at the same moment: one of them is refused."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import col, select

from buyside.db.engine import sessions
from buyside.db.items import Item
from buyside.db.structure import BomRow
from buyside.domain.access import OPERATOR
from buyside.domain.sheet_changes import RowChange, RowsRefused
from buyside.ledgers import sheet_rows
from buyside.operations.run import within
from buyside.operations.sheets import save_rows
from tests.conftest import Database
from tests.world import NOW, World

_LONG_ENOUGH = 0.5  # seconds in which somebody who need not wait has long been through


def _row(parent: str, component: str) -> RowChange:
    return RowChange("", 0, {"parent_kind": "item", "parent": parent, "component": component, "quantity_per": "1"})


def _halves(parent: str, component: str) -> list[str]:
    """One saves parent › component, and before that is committed another component › parent; codes of what was refused."""

    def other() -> str:
        try:
            with sessions()() as session, session.begin():
                within(session, save_rows, OPERATOR, sheet="bom-rows", changes=(_row(component, parent),), at=NOW)
        except RowsRefused as refused:
            return refused.problems[0].code
        return ""

    with ThreadPoolExecutor(1) as thread, sessions()() as session, session.begin():
        within(session, save_rows, OPERATOR, sheet="bom-rows", changes=(_row(parent, component),), at=NOW)
        later = thread.submit(other)
        end = time.monotonic() + _LONG_ENOUGH
        while not later.done() and time.monotonic() < end:
            time.sleep(0.01)
        session.commit()
        return [code for code in [later.result(timeout=30)] if code]


@pytest.fixture
def items(database: Database) -> tuple[str, str]:
    """Two made items that do not know each other yet."""
    with World.open() as world:
        one, other = world.item("Left", supply="make"), world.item("Right", supply="make")
        return one.code, other.code


def _rows_of(items: tuple[str, str]) -> int:
    with sessions()() as session:
        of_them = select(Item.id).where(col(Item.code).in_(items))
        return len(session.exec(select(BomRow).where(col(BomRow.item_id).in_(of_them))).all())


@pytest.mark.rule("ITM-4")
def test_two_halves_of_a_circle_leave_one(items: tuple[str, str]) -> None:
    assert _halves(*items) == ["bom-rows.circle"]
    assert _rows_of(items) == 1


@pytest.mark.rule("ITM-4")
def test_without_the_lock_both_halves_would_be_saved(items: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_rows, "lock_sheet", lambda *_positional, **_named: None)
    assert _halves(*items) == []
    assert _rows_of(items) == 2
    with sessions()() as session, session.begin():  # the database is used by others after this
        of_them = select(Item.id).where(col(Item.code).in_(items))
        for each in session.exec(select(BomRow).where(col(BomRow.item_id).in_(of_them))).all():
            session.delete(each)
