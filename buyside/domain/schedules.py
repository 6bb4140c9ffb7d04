"""When the planning runs by itself: weekdays and a time of day on the organisation's clock (PLAN-6, INT-3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEKDAY_WORDS = dict(zip(WEEKDAYS, ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), strict=True))
"""What people read for each, in the language of the application: a library's would be in that of the machine."""
LONGEST_HORIZON = 3_650
"""Days ahead that a scheduled run may look, at most."""
_WEEK = 7


@dataclass(frozen=True, slots=True)
class Planned:
    """When and for what: `weekdays` by number from Monday = 0, none for every day; `at_time` as "06:00" on the organisation's
    clock. Codes of warehouses and item groups limit the run, None does not; `horizon_days` leaves out later demand."""

    name: str
    at_time: str
    weekdays: tuple[int, ...] = ()
    warehouse_codes: tuple[str, ...] | None = None
    group_codes: tuple[str, ...] | None = None
    horizon_days: int | None = None


@dataclass(frozen=True, slots=True)
class Timetable:
    """The moments at which something is to begin. `weekdays`: 0 is Monday; none of them means every day.

    A time that the clock skips in spring is the moment as far after the change as it would have been; of a time that it shows
    twice in autumn the first counts. So each day of the timetable has one moment.
    """

    weekdays: frozenset[int]
    at: time
    zone: ZoneInfo

    @classmethod
    def of(cls, weekdays: str, at_time: str, zone: str) -> Timetable:
        """From what is stored: "mon,wed" and "06:00". Raises ValueError for anything else."""
        return cls(frozenset(read_weekdays(weekdays)), read_time(at_time), ZoneInfo(zone))

    def last(self, until: datetime) -> datetime | None:
        """The latest moment at or before `until`."""
        today = until.astimezone(self.zone).date()
        moments = (self._on(today - timedelta(days=back)) for back in range(_WEEK + 2))
        return next((each for each in moments if each is not None and each <= until), None)

    def next(self, after: datetime) -> datetime:
        """The first moment after `after`."""
        today = after.astimezone(self.zone).date()
        moments = (self._on(today + timedelta(days=ahead)) for ahead in range(-1, _WEEK + 2))
        return next(each for each in moments if each is not None and each > after)

    def is_due(self, now: datetime, *, since: datetime) -> bool:
        """Whether a moment came after `since` and until now. However many did, it is due once."""
        last = self.last(now)
        return last is not None and last > since

    def _on(self, day: date) -> datetime | None:
        if self.weekdays and day.weekday() not in self.weekdays:
            return None
        return datetime.combine(day, self.at, self.zone).astimezone(UTC)


def weekdays_said(weekdays: Iterable[int]) -> str:
    """Days in words; no day at all means every one of them."""
    return ", ".join(WEEKDAY_WORDS[WEEKDAYS[day]] for day in sorted(set(weekdays))) or "Every day"


def read_weekdays(text: str) -> list[int]:
    """Numbers of the days in "mon,wed", in the order of the week; none for an empty text. Raises ValueError."""
    names = [each.strip().lower() for each in text.split(",") if each.strip()]
    if unknown := set(names) - set(WEEKDAYS):
        raise ValueError(f"no weekday: {', '.join(sorted(unknown))}")
    return sorted({WEEKDAYS.index(each) for each in names})


def written_weekdays(days: Iterable[int]) -> str:
    """As it is stored; all seven are every day, and so none."""
    chosen = sorted(set(days))
    return "" if len(chosen) == _WEEK else ",".join(WEEKDAYS[each] for each in chosen)


def read_time(text: str) -> time:
    """A time of day in hours and minutes. Raises ValueError."""
    hours, colon, minutes = text.strip().partition(":")
    if not colon or not (hours.isdecimal() and minutes.isdecimal()) or len(minutes) != 2 or len(hours) > 2:
        raise ValueError(f"no time of day: {text}")
    return time(int(hours), int(minutes))
