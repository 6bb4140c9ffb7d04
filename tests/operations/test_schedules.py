"""The planning runs by itself: at its times, once, as whoever may (PLAN-6)."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlmodel import col, delete, select

from buyside.db.engine import sessions
from buyside.db.people import AppUser, UserRole
from buyside.db.plans import PlanningRun, PlanningSchedule
from buyside.domain.access import OPERATOR, Role
from buyside.domain.refusals import Refused, SeveralRefused
from buyside.domain.schedules import Planned
from buyside.operations.run import perform
from buyside.operations.schedules import (
    add_schedule,
    change_schedule,
    claim_schedule,
    pause_schedule,
    remove_schedule,
    resume_schedule,
)
from buyside.queries.read import ask
from buyside.queries.schedules import ScheduleRow, schedules
from buyside.web import schedules as clock
from tests.conftest import Database
from tests.world import World

SUNDAY = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class House:
    """A maker in Berlin with a planner and a little to plan."""

    def __init__(self) -> None:
        with World.open() as world:
            world.organisation(time_zone="Europe/Berlin")
            self.planner, self.other = world.user(Role.BUYER), world.user(Role.BUYER)
            self.main = world.warehouse()
            bolt, bike = world.item(), world.variant()
            world.vendor().supplies(bolt)
            world.bom(bike, bolt, 2)
            world.sales_order(self.main, (bike, 3))

    def add(self, at_time: str = "06:00", *weekdays: int, **planned: Any) -> int:
        given = Planned(name="Mornings", at_time=at_time, weekdays=weekdays, **planned)
        return perform(add_schedule, self.planner, planned=given, at=SUNDAY).schedule_id

    def row(self, at: datetime = SUNDAY) -> ScheduleRow:
        [row] = ask(schedules, self.planner, at=at)
        return row

    def runs(self) -> list[PlanningRun]:
        with sessions()() as session:
            found = select(PlanningRun).where(PlanningRun.origin == "schedule").order_by(col(PlanningRun.id))
            return list(session.exec(found).all())


@pytest.fixture
def house(database: Database) -> Iterator[House]:
    yield House()
    with sessions()() as session, session.begin():
        session.exec(delete(PlanningSchedule))
        for run in session.exec(select(PlanningRun).where(PlanningRun.origin == "schedule")):
            run.origin = "person"
            session.add(run)


@pytest.mark.rule("PLAN-6")
def test_it_runs_at_its_time_once_as_who_made_it(house: House) -> None:
    schedule = house.add()
    assert house.row().next_at == utc("2026-03-02 05:00")
    assert clock.run_due(utc("2026-03-02 04:59")) == []
    [ran] = clock.run_due(utc("2026-03-02 05:00"))
    [run] = house.runs()
    assert (ran.schedule_id, ran.run_id, ran.problem) == (schedule, run.id, "")
    assert (run.state, run.as_of, run.user_id) == ("done", date(2026, 3, 2), house.planner.user_id)
    assert clock.run_due(utc("2026-03-02 05:01")) == []
    row = house.row(utc("2026-03-02 05:01"))
    assert (row.run_id, row.run_state, row.next_at) == (run.id, "done", utc("2026-03-03 05:00"))


@pytest.mark.rule("PLAN-6")
def test_the_day_of_a_run_is_the_organisations(house: House) -> None:
    house.add("00:30")
    clock.run_due(utc("2026-03-02 23:45"))  # a quarter to one in Berlin, on the next day
    assert house.runs()[0].as_of == date(2026, 3, 3)


@pytest.mark.rule("PLAN-6")
def test_what_was_missed_is_made_up_for_once(house: House) -> None:
    house.add()
    late = utc("2026-03-12 17:00")
    assert len(clock.run_due(late)) == 1
    assert clock.run_due(late + timedelta(seconds=20)) == []
    assert len(house.runs()) == 1


@pytest.mark.rule("PLAN-6")
def test_nothing_is_made_up_for_before_it_was_made_changed_or_resumed(house: House) -> None:
    schedule = house.add()
    tuesday = utc("2026-03-03 12:00")
    saved = perform(
        change_schedule, house.planner, schedule_id=schedule, version=1,
        planned=Planned("Evenings", "18:00"), at=tuesday,
    )  # fmt: skip
    assert saved.next_at == utc("2026-03-03 17:00")
    assert clock.run_due(tuesday) == []
    saved = perform(pause_schedule, house.planner, schedule_id=schedule, because="stocktaking", at=tuesday)
    assert clock.run_due(utc("2026-03-05 12:00")) == []
    assert (house.row().next_at, house.row().paused_because) == (None, "stocktaking")
    saved = perform(
        resume_schedule, house.planner, schedule_id=schedule, version=saved.version, at=utc("2026-03-05 12:00")
    )
    assert clock.run_due(utc("2026-03-05 16:59")) == []
    assert len(clock.run_due(utc("2026-03-05 17:00"))) == 1


@pytest.mark.rule("PLAN-6")
def test_processes_that_look_at_the_same_moment_run_it_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    schedule = house.add()
    monday, ready = utc("2026-03-02 05:00"), Barrier(4)

    def look(_process: int) -> int:
        ready.wait(30)
        return len(clock.run_due(monday))

    with ThreadPoolExecutor(4) as processes:
        assert sum(processes.map(look, range(4))) == 1
    assert len(house.runs()) == 1

    # Each claims for itself, as if nothing kept them from looking at the same time.
    def claim(_process: int) -> bool:
        ready.wait(30)
        return perform(claim_schedule, house.planner, schedule_id=schedule, at=monday + timedelta(days=1)) is not None

    with ThreadPoolExecutor(4) as processes:
        assert sum(processes.map(claim, range(4))) == 1


@pytest.mark.rule("PLAN-6")
@pytest.mark.parametrize("what", ["disabled", "role gone"])
def test_who_may_no_longer_run_plans_has_none_run_in_their_name(house: House, what: str) -> None:
    schedule = house.add()
    with sessions()() as session, session.begin():
        user = session.get_one(AppUser, house.planner.user_id)
        if what == "disabled":
            user.is_active = False
            session.add(user)
        else:
            session.exec(delete(UserRole).where(col(UserRole.user_id) == user.id))
    [told] = clock.run_due(utc("2026-03-02 05:00"))
    assert (told.run_id, house.runs()) == (None, [])
    row = ask(schedules, house.other, at=SUNDAY)[0]
    assert not row.is_active
    assert house.planner.name in row.paused_because
    perform(resume_schedule, house.other, schedule_id=schedule, version=row.version, at=utc("2026-03-02 12:00"))
    clock.run_due(utc("2026-03-03 05:00"))
    assert [run.user_id for run in house.runs()] == [house.other.user_id]


@pytest.mark.rule("PLAN-6")
def test_a_run_that_cannot_begin_is_told_and_keeps_no_other_from_running(house: House) -> None:
    with World.open() as world:
        closing = world.warehouse("Closing")
    house.add(warehouse_codes=(closing.code,))
    with sessions()() as session, session.begin():
        session.delete(session.get_one(type(closing), closing.id))
    second = house.add(warehouse_codes=(house.main.code,))
    told = clock.run_due(utc("2026-03-02 05:00"))
    assert [each.run_id is None for each in told] == [True, False]
    assert closing.code in told[0].problem
    failed, done = sorted(ask(schedules, house.planner, at=SUNDAY), key=lambda each: each.schedule_id)
    assert closing.code in failed.problem
    assert (done.schedule_id, done.run_state, done.problem) == (second, "done", "")


@pytest.mark.rule("PLAN-6")
def test_a_run_that_fails_says_so_at_its_schedule(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.add()

    def broken(*_given: Any, **_named: Any) -> None:
        raise RuntimeError("no room left")

    monkeypatch.setattr("buyside.queries.plan_results.calculate", broken)
    [told] = clock.run_due(utc("2026-03-02 05:00"))
    assert told.problem == "RuntimeError"
    row = house.row()
    assert (row.run_state, row.run_problem) == ("failed", "RuntimeError")
    assert row.is_active


@pytest.mark.rule("PLAN-6")
def test_what_makes_no_schedule_is_refused(house: House) -> None:
    def code(**planned: Any) -> str:
        given = {"name": "Mornings", "at_time": "06:00"} | planned
        with pytest.raises(Refused) as refused:
            perform(add_schedule, house.planner, planned=Planned(**given), at=SUNDAY)
        return refused.value.code

    assert code(name="  ") == "schedules.name-missing"
    assert code(at_time="25:00") == "general.unreadable"
    assert code(weekdays=(7,)) == "general.unreadable"
    assert code(warehouse_codes=("NOWHERE",)) == "schedules.unknown-scope"
    assert code(group_codes=("NOTHING",)) == "schedules.unknown-scope"
    assert code(horizon_days=-1) == "general.out-of-range"
    everything = Planned(" ", "6 o'clock", (), ("NOWHERE",), ("NOTHING",), 99_999)
    with pytest.raises(SeveralRefused) as several:
        perform(add_schedule, house.planner, planned=everything, at=SUNDAY)
    told = [(each.field, each.code) for each in several.value.refusals]
    assert told == [
        ("name", "schedules.name-missing"), ("at_time", "general.unreadable"), ("warehouse", "schedules.unknown-scope"),
        ("group", "schedules.unknown-scope"), ("horizon_days", "general.out-of-range"),
    ]  # fmt: skip
    assert "There is no warehouse NOWHERE. There is no item group NOTHING." in str(several.value)
    schedule = house.add()
    with pytest.raises(Refused) as refused:
        perform(remove_schedule, house.planner, schedule_id=schedule, version=7)
    assert refused.value.code == "general.stale"
    assert perform(remove_schedule, house.planner, schedule_id=schedule, version=1) == "Mornings"
    with pytest.raises(Refused) as refused:
        perform(claim_schedule, house.planner, schedule_id=schedule, at=SUNDAY, is_asked_for=True)
    assert refused.value.code == "access.not-found"
    assert perform(claim_schedule, OPERATOR, schedule_id=schedule, at=SUNDAY) is None
