"""Schedules of the planning: the list, the form of one, and a run that somebody wants now."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypedDict

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.locales import shown_days, shown_instant, shown_number
from buyside.domain.plans import RunOrigin, RunState
from buyside.domain.refusals import Refused, SeveralRefused, refuse_all
from buyside.domain.schedules import WEEKDAYS, Planned, weekdays_said
from buyside.domain.words import RUN_WORDS
from buyside.operations.plans import start_run
from buyside.operations.schedules import (
    add_schedule,
    change_schedule,
    claim_schedule,
    pause_schedule,
    remove_schedule,
    resume_schedule,
    tell_of_schedule,
)
from buyside.queries.schedule_checks import check_schedule
from buyside.queries.schedules import ScheduleRow, schedules
from buyside.state.base import handler, me, now, say, warn
from buyside.state.calculations import CalculationState
from buyside.state.forms import Reading, flag, maybe_whole, text


class Shown(TypedDict):
    """A schedule as the list shows it."""

    id: int
    name: str
    when: str
    scope: str
    runs_as: str
    next: str
    last: str
    is_active: bool
    paused: str
    result: str
    tone: str
    says: str
    run_path: str


class SchedulesState(CalculationState, rx.State):
    """The list, the schedule that is being written, and the run of one that somebody wants now."""

    loaded: bool = False
    rows: list[Shown] = []
    zone: str = ""
    is_editing: bool = False
    editing: int = 0
    """The schedule in the form; zero: a new one."""
    form_serial: int = 0
    values: dict[str, str] = {}
    days: dict[str, bool] = {}
    pausing: int = 0
    removing: int = 0
    about: str = ""
    running: int = 0
    """The schedule whose run somebody wants now, while it is calculated."""
    _found: dict[int, tuple[int, Planned]] = {}

    @handler(Permission.PLAN_VIEW)
    async def load(self) -> None:
        """Read the list."""
        self.is_editing, self.pausing, self.removing = False, 0, 0
        await self._read()

    @handler(Permission.PLAN_RUN)
    def ask_add(self) -> None:
        """Open the form of a new schedule."""
        self._edit(0, Planned("", "06:00"))

    @handler(Permission.PLAN_RUN)
    def ask_change(self, schedule_id: int) -> None:
        """Open the form of a schedule."""
        if schedule_id in self._found:
            self._edit(schedule_id, self._found[schedule_id][1])

    @handler(Permission.PLAN_RUN)
    def ask_pause(self, schedule_id: int) -> None:
        """Ask why a schedule is to stand still."""
        self.pausing, self.about = schedule_id, self._name(schedule_id)

    @handler(Permission.PLAN_RUN)
    def ask_remove(self, schedule_id: int) -> None:
        """Ask before a schedule is removed."""
        self.removing, self.about = schedule_id, self._name(schedule_id)

    @handler(Permission.PLAN_RUN)
    def stop_asking(self) -> None:
        """Close form and questions."""
        self.is_editing, self.pausing, self.removing = False, 0, 0

    @handler(Permission.PLAN_RUN)
    async def save(self, form: dict[str, Any]) -> Any:
        """Make or change the schedule of the form."""
        planned = await self._planned(form)
        if self.editing:
            version = self._version(self.editing)
            saved = await self._do(
                change_schedule, schedule_id=self.editing, version=version, planned=planned, at=now()
            )
        else:
            saved = await self._do(add_schedule, planned=planned, at=now())
        self.is_editing = False
        await self._read()
        if saved.next_at is None:
            return say(f"“{saved.name}” is saved, and stands still.")
        return say(f"“{saved.name}” runs next at {shown_instant(saved.next_at, me().locale, self.zone)}.")

    @handler(Permission.PLAN_RUN)
    async def pause(self, form: dict[str, Any]) -> None:
        """Let a schedule stand still."""
        because = text(form, "because")
        await self._do(
            pause_schedule,
            schedule_id=self.pausing,
            version=self._version(self.pausing),
            because=because,
            at=now(),
        )
        self.pausing = 0
        await self._read()

    @handler(Permission.PLAN_RUN)
    async def resume(self, schedule_id: int) -> Any:
        """Let a schedule run again, as the person."""
        saved = await self._do(resume_schedule, schedule_id=schedule_id, version=self._version(schedule_id), at=now())
        await self._read()
        return say(f"“{saved.name}” runs again, in your name.")

    @handler(Permission.PLAN_RUN)
    async def remove(self) -> Any:
        """Forget a schedule."""
        schedule_id, self.removing = self.removing, 0
        name = await self._do(remove_schedule, schedule_id=schedule_id, version=self._version(schedule_id))
        await self._read()
        return say(f"“{name}” is removed. Its runs stay.")

    @handler(Permission.PLAN_RUN)
    async def run_now(self, schedule_id: int) -> Any:
        """Begin the run of a schedule before its time."""
        if self.running:
            return None
        at = now()
        claimed = await self._do(claim_schedule, schedule_id=schedule_id, at=at, is_asked_for=True)
        if claimed is None:
            return None
        try:
            begun = await self._do(
                start_run,
                as_of=claimed.as_of,
                warehouse_codes=claimed.warehouse_codes,
                group_codes=claimed.group_codes,
                horizon_days=claimed.horizon_days,
                origin=RunOrigin.SCHEDULE,
                at=at,
            )
        except Refused as refusal:
            await self._do(tell_of_schedule, schedule_id=schedule_id, problem=str(refusal))
            await self._read()
            return warn(str(refusal))
        await self._do(tell_of_schedule, schedule_id=schedule_id, run_id=begun.run_id)
        self.running = schedule_id
        await self._read()
        return self._begin(begun.run_id)

    async def _planned(self, form: dict[str, Any]) -> Planned:
        """The schedule of the form. Refuses every field that cannot be read, and with them what else is wrong."""
        reading = Reading(form)
        planned = Planned(
            name=reading.take(text, "name", needed=True) or "",
            at_time=reading.take(text, "at_time", needed=True) or "",
            weekdays=tuple(number for number, name in enumerate(WEEKDAYS) if flag(form, name)),
            warehouse_codes=_codes(reading.take(text, "warehouse") or ""),
            group_codes=_codes(reading.take(text, "group") or ""),
            horizon_days=reading.take(maybe_whole, "horizon_days"),
        )
        if not reading.refused:
            return planned
        try:
            await self._ask(check_schedule, planned=planned)
        except SeveralRefused as several:
            refuse_all([*reading.refused, *several.refusals])
        except Refused as refusal:
            refuse_all([*reading.refused, refusal])
        refuse_all(reading.refused)
        return planned

    async def _ended(self) -> None:
        self.running = 0
        await self._read()

    def _edit(self, schedule_id: int, planned: Planned) -> None:
        self.editing, self.is_editing = schedule_id, True
        self.form_serial += 1
        self.values = {
            "name": planned.name,
            "at_time": planned.at_time,
            "warehouse": ", ".join(planned.warehouse_codes or ()),
            "group": ", ".join(planned.group_codes or ()),
            "horizon_days": "" if planned.horizon_days is None else str(planned.horizon_days),
        }
        self.days = {name: not planned.weekdays or day in planned.weekdays for day, name in enumerate(WEEKDAYS)}

    def _version(self, schedule_id: int) -> int:
        return self._found[schedule_id][0] if schedule_id in self._found else 0

    def _name(self, schedule_id: int) -> str:
        return self._found[schedule_id][1].name if schedule_id in self._found else ""

    async def _read(self) -> None:
        found = await self._ask(schedules, at=now())
        self.zone = me().dates_zone
        self._found = {
            each.schedule_id: (
                each.version,
                Planned(
                    name=each.name,
                    at_time=each.at_time,
                    weekdays=each.weekdays,
                    warehouse_codes=each.warehouse_codes or None,
                    group_codes=each.group_codes or None,
                    horizon_days=each.horizon_days,
                ),
            )
            for each in found
        }
        self.rows = [_shown(each, me().locale, self.zone) for each in found]
        self.loaded = True


def _codes(written: str) -> tuple[str, ...] | None:
    codes = tuple(each for part in written.split(",") if (each := part.strip()))
    return codes or None


def _shown(row: ScheduleRow, locale: str, zone: str) -> Shown:
    scope = [
        ", ".join(row.warehouse_codes) or "All warehouses",
        *(
            [f"{'group' if len(row.group_codes) == 1 else 'groups'} {', '.join(row.group_codes)}"]
            if row.group_codes
            else []
        ),
        *([f"{shown_days(row.horizon_days)} ahead"] if row.horizon_days is not None else []),
    ]
    word, tone, says = _result(row, locale)
    return Shown(
        id=row.schedule_id,
        name=row.name,
        when=f"{weekdays_said(row.weekdays)} at {row.at_time}",
        scope=" · ".join(scope),
        runs_as=row.runs_as,
        next=shown_instant(row.next_at, locale, zone) if row.next_at else "Paused",
        last=shown_instant(row.last_started_at, locale, zone) if row.last_started_at else "Never yet",
        is_active=row.is_active,
        paused=row.paused_because,
        result=word,
        tone=tone,
        says=says,
        run_path=f"/plan?run={row.run_id}" if row.run_state == RunState.DONE else "",
    )


def _result(row: ScheduleRow, locale: str) -> tuple[str, str, str]:
    """What became of the last run: a word, its tone, and what more there is to say."""
    if row.problem:
        return "Did not begin", "bad", row.problem
    if not row.run_state:
        return "", "neutral", ""
    word, tone = RUN_WORDS[row.run_state]

    def number(name: str) -> str:
        return shown_number(Decimal(row.run_counts.get(name) or 0), locale)

    says = row.run_problem
    if row.run_state == RunState.DONE:
        lines = "plan line" if row.run_counts.get("plan_lines") == 1 else "plan lines"
        says = f"{number('plan_lines')} {lines}, {number('late_lines')} late"
    return word, tone.value, says
