"""Requirements: the board, and the number of it that is being explained."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.locales import shown_date, shown_number
from buyside.queries.plan_explanations import Arithmetic, requirement_arithmetic
from buyside.queries.requirement_drill import demand_behind, find_requirement, orders_behind, plan_behind
from buyside.queries.requirement_pivot import Bucket, Step, buckets
from buyside.state.base import handler, me
from buyside.state.forms import day, key
from buyside.state.item_words import day_number
from buyside.state.plan_runs import PlanRunState
from buyside.state.requirement_words import (
    Arriving,
    Line,
    Peg,
    Sum,
    arriving_in_words,
    chart_levels,
    chart_rows,
    line_in_words,
    peg_in_words,
    step_in_words,
    sums,
)
from buyside.state.requirement_words import Step as StepInWords
from buyside.state.roles import BuyerState

_MOST_PEGS = 100
_MOST_STEPS = 120
_NO_PANEL = {"id": "", "item": "", "warehouse": "", "on": ""}
MARKS = [
    {"key": "gross", "name": "Gross", "colour": "var(--gray-8)", "look": "bars"},
    {"key": "receipts", "name": "Receipts", "colour": "var(--jade-9)", "look": "bars"},
    {"key": "planned", "name": "Planned", "colour": "var(--accent-6)", "look": "bars"},
    {"key": "projected", "name": "Projected", "colour": "var(--red-9)", "look": "solid"},
    {"key": "with_plan", "name": "With the plan", "colour": "var(--accent-9)", "look": "dashed"},
]


class RequirementsState(BuyerState, rx.State):
    """One item in one warehouse, and one span of days of it or all of them."""

    panel: dict[str, str] = dict(_NO_PANEL)
    name: str = ""
    unit: str = ""
    supply: str = ""
    item_path: str = ""
    what_if_path: str = ""
    plan_path: str = ""
    on_hand: str = ""
    safety: str = ""
    reorder: str = ""
    covered: str = ""
    span: str = ""
    sums: list[Sum] = []
    steps: list[StepInWords] = []
    steps_more: int = 0
    points: list[dict[str, Any]] = []
    levels: list[dict[str, Any]] = []
    marks: list[dict[str, str]] = MARKS
    chart_start: int = 0
    chart_end: int = 0
    chart_today: int = 0
    locale: str = "en"
    pegs: list[Peg] = []
    pegs_more: int = 0
    arriving: list[Arriving] = []
    lines: list[Line] = []
    _measure: str = ""
    _first: str = ""
    _last: str = ""

    @handler(Permission.PLAN_VIEW)
    async def load(self) -> None:
        """Explain the item that the address names, and the day of it."""
        self.panel = dict(_NO_PANEL)
        asked = self.router.url.query_parameters
        code, place, on = (str(asked.get(name, ""))[:80] for name in ("item", "warehouse", "on"))
        run = await self.get_state(PlanRunState)
        if not code or not run.run_id:
            return
        found = await self._ask(find_requirement, run_id=run.run_id, item=code, warehouse=place)
        if found is None:
            return
        self._measure, self._first, self._last = "", "", ""
        with suppress(ValueError):
            wanted = date.fromisoformat(on) if on else None
            since = date.fromisoformat(str(asked.get("from", ""))) if asked.get("from") else None
            step = Step(str(asked.get("by") or Step.WEEK))
            if wanted is not None:
                arithmetic = await self._arithmetic(*found)
                self._keep(_span_of(wanted, arithmetic, step, since))
        await self._show(*found)

    @handler(Permission.PLAN_VIEW)
    async def open(self, what: dict[str, str]) -> None:
        """Explain a number: of which row, of which days (none: the whole horizon), and which one."""
        row, first, last = (str(what.get(name, "")) for name in ("row", "first", "last"))
        item_id, _, warehouse_id = row.partition("-")
        self._measure = str(what.get("measure", ""))[:20]
        self._first = day(what, "first").isoformat() if first else ""
        self._last = day(what, "last").isoformat() if last else ""
        await self._show(key(item_id), key(warehouse_id))

    @handler(Permission.PLAN_VIEW)
    async def pick(self, iso: str) -> None:
        """Explain one date of the item that is open, or the whole horizon again."""
        on = day({"day": iso}, "day").isoformat() if iso else ""
        self._first = self._last = "" if (self._first, self._last) == (on, on) else on
        if self.panel["id"]:
            item_id, _, warehouse_id = self.panel["id"].partition("-")
            await self._show(int(item_id), int(warehouse_id))

    @handler(Permission.PLAN_VIEW)
    def close(self) -> None:
        """Back to the board."""
        self.panel = dict(_NO_PANEL)

    def _keep(self, span: Bucket | None) -> None:
        self._first = span.first.isoformat() if span else ""
        self._last = span.last.isoformat() if span and span.last else ""

    async def _arithmetic(self, item_id: int, warehouse_id: int) -> Arithmetic:
        run = await self.get_state(PlanRunState)
        return await self._ask(requirement_arithmetic, run_id=run.run_id, item_id=item_id, warehouse_id=warehouse_id)

    async def _show(self, item_id: int, warehouse_id: int) -> None:
        found = await self._arithmetic(item_id, warehouse_id)
        where = {"run_id": found.run_id, "item_id": item_id, "warehouse_id": warehouse_id}
        first = date.fromisoformat(self._first) if self._first else None
        last = date.fromisoformat(self._last) if self._last else None
        demand = await self._ask(demand_behind, **where, first=first, last=last)
        orders = await self._ask(orders_behind, **where, as_of=found.as_of)
        plan = await self._ask(plan_behind, **where)
        locale = me().locale
        self._head(found, locale)
        self.span = _span_says(first, last, locale)
        self.sums = sums(found, first, last, self._measure, locale)
        inside = [row for row in found.rows if _within(row.on_date, first, last)]
        self.steps = [step_in_words(row, found.safety_stock, locale) for row in inside[:_MOST_STEPS]]
        self.steps_more = max(0, len(inside) - _MOST_STEPS)
        self.points, self.levels, self.locale = chart_rows(found), chart_levels(found), locale
        self.chart_start, self.chart_today = day_number(found.as_of) - 1, day_number(found.as_of)
        self.chart_end = day_number(max([found.as_of, *(row.on_date for row in found.rows)]) + timedelta(days=7))
        self.pegs = [peg_in_words(each, locale) for each in demand[:_MOST_PEGS]]
        self.pegs_more = max(0, len(demand) - _MOST_PEGS)
        self.arriving = [arriving_in_words(each, locale) for each in orders]
        self.lines = [
            line_in_words(each, found.run_id, found.item, locale)
            for each in plan
            if _within(each.needed_on, first, last)
        ]
        self.panel = {
            "id": f"{item_id}-{warehouse_id}",
            "item": found.item,
            "warehouse": found.warehouse,
            "on": self._first,
        }

    def _head(self, found: Arithmetic, locale: str) -> None:
        self.name, self.unit, self.supply = found.name, found.unit, found.supply
        self.item_path = "/items/" + quote(found.item, safe="")
        self.what_if_path = f"/scenarios?new=1&kind=lead_time&run={found.run_id}&item={quote(found.item, safe='')}"
        self.plan_path = f"/plan?run={found.run_id}&item={quote(found.item, safe='')}"
        self.on_hand, self.safety = shown_number(found.on_hand, locale), shown_number(found.safety_stock, locale)
        self.reorder = shown_number(found.reorder_point, locale) if found.reorder_point is not None else "–"
        self.covered = shown_number(found.covered, locale) if found.covered else "–"


def _within(on: date, first: date | None, last: date | None) -> bool:
    return (first is None or first <= on) and (last is None or on <= last)


def _span_of(on: date, found: Arithmetic, step: Step, since: date | None) -> Bucket | None:
    """The column of the board that a day stands in."""
    until = max([found.as_of, on, *(row.on_date for row in found.rows)])
    across = buckets(found.as_of, step, since=since, until=until)
    return next((each for each in across if _within(on, each.first, each.last)), None)


def _span_says(first: date | None, last: date | None, locale: str) -> str:
    if first is None:
        return "the whole horizon"
    if first == last:
        return shown_date(first, locale)
    return f"{shown_date(first, locale)} to {shown_date(last, locale)}" if last else f"from {shown_date(first, locale)}"
