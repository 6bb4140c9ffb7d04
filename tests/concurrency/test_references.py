"""Two who meet crosswise at what rows refer to: nobody hangs, and the loser of a deadlock is run again (migration 0014)."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import Session, col, select

from buyside.db.engine import sessions
from buyside.db.items import Item
from buyside.db.plans import PlanLine, PlanningRun
from buyside.domain.access import Actor, Permission, Role, needs
from buyside.operations.run import perform
from tests.conftest import Database
from tests.world import NOW, TODAY, World

BUYER = Actor(user_id=None, name="buyer", roles=frozenset({Role.BUYER}))
_SECONDS = 30
"""How long anybody may take: the database looks for a deadlock after one second."""


class Crossing:
    """Two items to which nothing refers, and two transactions that each hold one of them before they ask for the other."""

    def __init__(self) -> None:
        with World.open() as world:
            self.items = (world.item().id, world.item().id)
            run = PlanningRun(as_of=TODAY, scope={}, state="done", counts={}, started_at=NOW, finished_at=NOW)
            self._refers = {
                "run_id": world.add(run).id,
                "warehouse_id": world.warehouse().id,
                "unit_id": world.item().unit_id,
                **dict.fromkeys(("suggested_needed_on", "needed_on", "order_by"), TODAY),
                **dict.fromkeys(("suggested_quantity_packs", "quantity_packs", "shortage"), Decimal(3)),
            }
        self.runs: Counter[str] = Counter()
        self._both_hold_one = Barrier(2)

    def cross(self, who: str, step: Callable[[int], None], items: tuple[int, int]) -> None:
        """Do something with one item, and with the other once somebody else has done so from the other end."""
        self.runs[who] += 1
        step(items[0])
        if self.runs[who] == 1:
            self._both_hold_one.wait(_SECONDS)
        step(items[1])

    def refer(self, session: Session, item: int, rows: int = 3) -> None:
        """Write plan lines of an item, by one statement."""
        session.add_all(PlanLine(item_id=item, **self._refers) for _ in range(rows))
        session.flush()

    def lines(self) -> int:
        with sessions()() as session:
            return len(session.exec(select(PlanLine.id).where(col(PlanLine.item_id).in_(self.items))).all())

    def items_left(self) -> int:
        with sessions()() as session:
            return len(session.exec(select(Item.id).where(col(Item.id).in_(self.items))).all())


@needs(Permission.PLAN_RUN)
def write_lines(session: Session, actor: Actor, /, *, who: str, at: Crossing, items: tuple[int, int]) -> None:
    at.cross(who, lambda item: at.refer(session, item), items)


@needs(Permission.PLAN_RUN)
def delete_items(session: Session, actor: Actor, /, *, who: str, at: Crossing, items: tuple[int, int]) -> None:
    def delete(item: int) -> None:
        session.execute(text("DELETE FROM item WHERE id = :item"), {"item": item})

    at.cross(who, delete, items)


@needs(Permission.PLAN_RUN)
def hold_items(session: Session, actor: Actor, /, *, who: str, at: Crossing, items: tuple[int, int]) -> None:
    def hold(item: int) -> None:
        session.execute(text("SELECT id FROM item WHERE id = :item FOR UPDATE"), {"item": item})

    at.cross(who, hold, items)


@pytest.fixture
def crossing(database: Database) -> Crossing:
    return Crossing()


def met(crossing: Crossing, one: Callable[..., None], other: Callable[..., None]) -> list[BaseException | None]:
    """What two operations end with that take the items from opposite ends at the same time. Raises TimeoutError where one hangs."""

    def run(act: Callable[..., None], who: str, items: Any) -> BaseException | None:
        try:
            perform(act, BUYER, who=who, at=crossing, items=items)
        except DBAPIError as error:
            return error
        return None

    with ThreadPoolExecutor(2) as people:
        first = people.submit(run, one, "one", crossing.items)
        second = people.submit(run, other, "other", crossing.items[::-1])
        return [each.result(timeout=_SECONDS) for each in (first, second)]


@pytest.mark.rule("PLAN-11")
def test_two_who_write_references_to_the_same_rows_from_opposite_ends_both_do_so_at_once(crossing: Crossing) -> None:
    assert met(crossing, write_lines, write_lines) == [None, None]
    assert crossing.runs == {"one": 1, "other": 1}
    assert crossing.lines() == 12


@pytest.mark.rule("PLAN-11")
def test_of_a_writer_and_a_deleter_who_meet_crosswise_one_is_run_again_and_finds_what_the_other_did(
    crossing: Crossing,
) -> None:
    ends = met(crossing, write_lines, delete_items)
    [refused] = [each for each in ends if each is not None]
    assert isinstance(refused, IntegrityError)
    assert getattr(refused.orig, "diag").constraint_name == "plan_line_item_id_fkey"  # noqa: B009
    assert sorted(crossing.runs.values()) == [1, 2]
    loser = "one" if ends[0] is not None else "other"
    assert crossing.runs[loser] == 2
    assert (crossing.lines(), crossing.items_left()) in ((6, 2), (0, 0))


@pytest.mark.rule("PLAN-11")
def test_a_writer_who_meets_somebody_crosswise_that_holds_rows_and_leaves_them_is_done_in_the_end(
    crossing: Crossing,
) -> None:
    assert met(crossing, write_lines, hold_items) == [None, None]
    assert sorted(crossing.runs.values()) == [1, 2]
    assert crossing.lines() == 6
