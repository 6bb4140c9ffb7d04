"""The planning run that the Requirements and Plan pages show, and the way to make a new one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.locales import shown_date, shown_days, shown_instant, shown_number
from buyside.domain.plans import RunState
from buyside.operations.plans import start_run
from buyside.queries.plans import RunRow, find_run, group_choices, latest_run, runs
from buyside.queries.stock import warehouse_choices
from buyside.state.base import handler, me, now, today
from buyside.state.calculations import CalculationState
from buyside.state.forms import day, flag, key, maybe_whole


class PlanRunState(CalculationState, rx.State):
    """One run in view. Zero: there is none yet."""

    run_id: int = 0
    as_of: str = ""
    scope: str = ""
    made: str = ""
    says: str = ""
    choices: list[dict[str, str]] = []
    warehouses: list[dict[str, str]] = []
    groups: list[dict[str, str]] = []
    is_asking: bool = False
    suggested_day: str = ""
    loaded: bool = False

    @handler(Permission.PLAN_VIEW)
    async def load(self) -> None:
        """Show the run that the address names, else the newest."""
        self.is_asking = False
        wanted = self.router.url.query_parameters.get("run", "")
        found = await self._ask(find_run, run_id=key(wanted)) if key(wanted) else None
        if found is None or found.state != RunState.DONE:
            found = await self._ask(latest_run)
        await self._show(found)

    @handler(Permission.PLAN_VIEW)
    async def choose(self, run_id: str) -> None:
        """Show another run."""
        found = await self._ask(find_run, run_id=key(run_id)) if key(run_id) else None
        if found is not None:
            await self._show(found)

    @handler(Permission.PLAN_RUN)
    async def ask_for_run(self) -> None:
        """Open the question for a new run."""
        found = await self._ask(warehouse_choices)
        self.warehouses = [{"value": each.code, "label": f"{each.code} {each.name}"} for each in found]
        self.groups = [
            {"value": each.code, "label": f"{each.code} {each.name}" if each.name != each.code else each.code}
            for each in await self._ask(group_choices)
        ]
        self.suggested_day = self.suggested_day or today().isoformat()
        self.is_asking = True

    @handler(Permission.PLAN_RUN)
    def stop_asking(self) -> None:
        """Close the question."""
        self.is_asking = False

    @handler(Permission.PLAN_RUN)
    async def start(self, form: dict[str, Any]) -> Any:
        """Begin a run, and calculate it beside the page."""
        as_of = day(form, "as_of")
        begun = await self._do(
            start_run,
            as_of=as_of,
            warehouse_codes=_ticked(form, "warehouse"),
            group_codes=_ticked(form, "group"),
            horizon_days=maybe_whole(form, "horizon_days"),
            at=now(),
        )
        self.suggested_day = as_of.isoformat()
        self.is_asking = False
        return self._begin(begun.run_id)

    async def _calculated(self, run_id: int) -> str:
        found = await self._ask(find_run, run_id=run_id)
        choices = await self._ask(runs)
        async with self:
            self._fill(found, choices)
        return "The plan is calculated."

    async def _show(self, found: RunRow | None) -> None:
        self._fill(found, await self._ask(runs))

    def _fill(self, found: RunRow | None, choices: list[RunRow]) -> None:
        locale, zone = me().locale, me().time_zone
        self.choices = [
            {
                "value": str(each.run_id),
                "label": f"{shown_date(each.as_of, locale)} · {shown_instant(each.started_at, locale, zone)}{_limits(each)}",
            }
            for each in choices
            if each.state == RunState.DONE
        ]
        self.loaded = True
        if found is None:
            self.run_id = 0
            return
        self.run_id = found.run_id
        self.as_of = shown_date(found.as_of, locale)
        self.scope = _scope(found)
        self.made = shown_instant(found.started_at, locale, zone)
        self.says = _counted(found, locale)


def _ticked(form: dict[str, Any], stem: str) -> tuple[str, ...] | None:
    """The codes of the boxes that were ticked; None where none was, which is all of them."""
    codes = tuple(name.removeprefix(f"{stem}:") for name in form if name.startswith(f"{stem}:") and flag(form, name))
    return codes or None


def _limits(run: RunRow) -> str:
    """What a limited run is limited to, behind its dates in a list."""
    return f" · {_scope(run)}" if run.warehouses or run.groups or run.horizon_days is not None else ""


def _scope(run: RunRow) -> str:
    """What a run is limited to, in words."""
    parts = [", ".join(run.warehouses) or "All warehouses"]
    if run.groups:
        parts.append(", ".join(run.groups))
    if run.horizon_days is not None:
        parts.append(f"{shown_days(run.horizon_days)} ahead")
    return " · ".join(parts)


def _counted(run: RunRow, locale: str) -> str:
    """A run in numbers."""
    counts = run.counts

    def number(name: str) -> str:
        return shown_number(Decimal(counts.get(name) or 0), locale)

    demand = shown_number(Decimal((counts.get("inputs") or {}).get("lines") or 0), locale)
    parts = [f"{demand} open sales lines", f"{number('shortages')} shortages", f"{number('plan_lines')} plan lines"]
    if counts.get("late_lines"):
        parts.append(f"{number('late_lines')} late")
    if counts.get("carried"):
        parts.append(f"{number('carried')} carried over")
    unmapped = (counts.get("unmapped") or 0) + (counts.get("contradictions") or 0)
    if unmapped:
        parts.append(f"{shown_number(Decimal(unmapped), locale)} unmapped")
    return " · ".join(parts)
