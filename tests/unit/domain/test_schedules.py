"""Moments of a timetable on the organisation's clock, also where the clock changes (PLAN-6, INT-3)."""

import locale
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from buyside.domain.schedules import WEEKDAYS, Timetable, read_weekdays, weekdays_said, written_weekdays
from buyside.planning.reasons import day_text


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def berlin(at: str, days: str = "") -> Timetable:
    return Timetable.of(days, at, "Europe/Berlin")


@pytest.mark.rule("PLAN-6")
@pytest.mark.parametrize(
    ("after", "next_moment"),
    [
        ("2026-03-02 04:59", "2026-03-02 05:00"),
        ("2026-03-02 05:00", "2026-03-03 05:00"),
        ("2026-03-28 12:00", "2026-03-29 04:00"),  # summer time has begun in the night
        ("2026-10-24 12:00", "2026-10-25 05:00"),  # and has ended
    ],
)
def test_six_in_the_morning_is_six_on_the_organisations_clock(after: str, next_moment: str) -> None:
    assert berlin("06:00").next(utc(after)) == utc(next_moment)


@pytest.mark.rule("PLAN-6")
def test_a_time_that_the_clock_skips_comes_once_that_day() -> None:
    moments = [berlin("02:30").next(utc("2026-03-28 12:00"))]
    moments.append(berlin("02:30").next(moments[-1]))
    assert moments == [utc("2026-03-29 01:30"), utc("2026-03-30 00:30")]


@pytest.mark.rule("PLAN-6")
def test_a_time_that_the_clock_shows_twice_comes_once_that_day() -> None:
    first = berlin("02:30").next(utc("2026-10-24 12:00"))
    assert first == utc("2026-10-25 00:30")
    assert berlin("02:30").next(first) == utc("2026-10-26 01:30")
    assert not berlin("02:30").is_due(utc("2026-10-25 02:00"), since=first)


@pytest.mark.rule("PLAN-6")
def test_each_day_of_two_years_has_one_moment_whatever_the_time() -> None:
    for zone in ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"):
        for at in ("00:00", "02:00", "02:30", "23:59"):
            timetable, moment = Timetable.of("", at, zone), utc("2025-12-31 00:00")
            days = []
            while moment < utc("2028-01-02 00:00"):
                moment = timetable.next(moment)
                days.append(moment)
            gaps = {later - earlier for earlier, later in pairwise(days)}
            assert len(days) in {732, 733}
            assert timedelta(hours=22) < min(gaps)
            assert max(gaps) < timedelta(hours=26)


@pytest.mark.rule("PLAN-6")
def test_several_missed_times_are_due_once() -> None:
    monday = utc("2026-03-02 05:00")
    timetable = berlin("06:00", "mon,wed,fri")
    assert timetable.is_due(utc("2026-03-13 12:00"), since=monday)
    assert timetable.last(utc("2026-03-13 12:00")) == utc("2026-03-13 05:00")
    assert not timetable.is_due(utc("2026-03-03 12:00"), since=monday)
    assert timetable.next(monday) == utc("2026-03-04 05:00")


@pytest.mark.rule("PLAN-6")
def test_weekdays_are_written_in_their_order_and_all_of_them_as_every_day() -> None:
    assert written_weekdays([4, 0, 0]) == "mon,fri"
    assert written_weekdays(range(7)) == ""
    assert read_weekdays(" Fri,mon ") == [0, 4]
    with pytest.raises(ValueError, match="someday"):
        read_weekdays("mon,someday")


@pytest.mark.rule("PLAN-6")
@pytest.mark.parametrize("text", ["24:00", "6", "06:60", "aa:bb", "", "6:5", "006:00"])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Timetable.of("", text, "UTC")


@pytest.fixture
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process whose locale is German, where the machine can make that locale."""
    made = shutil.which("localedef")
    if (
        made is None
        or subprocess.run([made, "-i", "de_DE", "-f", "UTF-8", tmp_path / "de_DE.UTF-8"], check=False).returncode
    ):
        pytest.skip("this machine has no sources of locales")
    before = locale.setlocale(locale.LC_ALL)
    monkeypatch.setenv("LOCPATH", str(tmp_path))
    locale.setlocale(locale.LC_ALL, "de_DE.UTF-8")
    yield
    locale.setlocale(locale.LC_ALL, before)


@pytest.mark.usefixtures("german")
def test_weekdays_are_in_the_language_of_the_application_whatever_the_machine_speaks() -> None:
    monday = date(2024, 1, 1)
    assert f"{monday:%a}" == "Mo", "the locale is German"
    assert [weekdays_said([day]) for day in range(len(WEEKDAYS))] == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert day_text(date(2026, 5, 3), beside=date(2026, 5, 4)) == "Sunday 3 May"
    assert day_text(date(2026, 12, 31), beside=date(2027, 1, 1)) == "Thursday 31 December 2026"


def test_weekdays_are_told_in_the_order_of_the_week() -> None:
    assert weekdays_said([4, 0]) == "Mon, Fri"
    assert weekdays_said([]) == "Every day"
