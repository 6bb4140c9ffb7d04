"""What a scenario comes to: its figures beside those of the plan and of other scenarios, late lines, and items over time (PLAN-15)."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar
from urllib.parse import urlencode

from buyside.domain.access import Permission
from buyside.domain.locales import shown_date, shown_number
from buyside.queries.rows import GridSource
from buyside.queries.scenario_items import SCENARIO_ITEM_ROWS, Outlook, late_lines, scenario_outlook
from buyside.queries.scenarios import MOST_COMPARED, Comparison, comparison
from buyside.state.base import handler, me, today
from buyside.state.forms import key
from buyside.state.grid import GridState
from buyside.state.item_words import Mark, day_number
from buyside.state.scenario_rows import Late, late_rows
from buyside.state.scenario_words import FigureRow, figure_rows, vendor_rows

_SERIES = ("base", "one", "two", "three")
_COLOURS = ("var(--gray-11)", "var(--accent-9)", "var(--amber-11)", "var(--grass-11)")
_LOOKS = ("dashed", "solid", "solid", "dotted")


class ScenarioResultState(GridState, mixin=True):
    """Mixin of the page of a scenario: its result, and those of others `beside` it."""

    rows: ClassVar[GridSource] = SCENARIO_ITEM_ROWS
    scenario_id: int = 0
    """The scenario in view; zero: none."""
    result_run_id: int = 0
    others: list[dict[str, str]] = []
    beside: list[str] = []
    heads: list[str] = []
    figures: list[FigureRow] = []
    vendor_parts: list[FigureRow] = []
    late: list[Late] = []
    late_says: str = ""
    item_title: str = ""
    item_path: str = ""
    item_unit: str = ""
    chart_rows: list[dict[str, float | int]] = []
    chart_marks: list[Mark] = []
    chart_table: list[list[str]] = []
    chart_start: int = 0
    chart_end: int = 0
    chart_today: int = 0
    locale: str = "en-GB"
    _base_run_id: int = 0
    _runs: list[int] = []

    @handler(Permission.PLAN_VIEW)
    async def compare(self, scenario_id: str) -> None:
        """Put another scenario of the same plan beside this one, or take it away."""
        beside = [each for each in self.beside if each != scenario_id]
        if len(beside) == len(self.beside):
            known = {each["value"] for each in self.others}
            beside = [each for each in [*beside, scenario_id] if each in known][-(MOST_COMPARED - 1) :]
        self.beside = beside
        await self._compare()

    @handler(Permission.PLAN_VIEW)
    async def open_item(self, row_id: str) -> None:
        """Show the balance of an item over time, under the plan and each scenario."""
        _, _, place = row_id.partition("-")
        item, _, warehouse = place.partition("-")
        found = await self._ask(
            scenario_outlook, run_ids=tuple(self._runs), item_id=key(item), warehouse_id=key(warehouse)
        )
        self.chosen = row_id
        self._show_item(found)

    @handler(Permission.PLAN_VIEW)
    def close_item(self) -> None:
        """Close the panel of the item."""
        self.chosen = ""

    async def _compare(self) -> None:
        self.figures, self.vendor_parts, self.late, self.late_says, self.chosen = [], [], [], "", ""
        if not self.result_run_id:
            return
        ids = (self.scenario_id, *(key(each) for each in self.beside))
        self._tell(await self._ask(comparison, scenario_ids=ids))
        told, count = await self._ask(late_lines, scenario_id=self.scenario_id)
        self.late = late_rows(told, me().locale)
        in_all = shown_number(Decimal(count), me().locale)
        self.late_says = f"{in_all} in all, the largest changes first" if count > len(told) else ""

    def _tell(self, found: Comparison) -> None:
        locale = me().locale
        sides = [{**each.figures, "unmapped": each.unmapped} for each in found.sides]
        bases = [{**each.base_figures, "unmapped": found.base_unmapped} for each in found.sides]
        base = {**found.base_figures, "unmapped": found.base_unmapped}
        self.heads = [each.name for each in found.sides]
        self.figures = figure_rows(base, sides, bases, found.currency, locale)
        self.vendor_parts = vendor_rows(base, sides, bases, found.vendors, locale)
        self._runs = [found.base_run_id, *(each.run_id for each in found.sides)]
        self.chart_today = day_number(today())

    def _show_item(self, found: Outlook) -> None:
        locale = me().locale
        names = ["Plan", *self.heads]
        self.item_title = f"{found.item} in {found.warehouse}"
        self.item_unit = found.unit
        self.item_path = (
            f"/requirements?{urlencode({'run': self._base_run_id, 'item': found.item, 'warehouse': found.warehouse})}"
        )
        self.chart_marks = [
            Mark(key=_SERIES[at], name=name, colour=_COLOURS[at], look=_LOOKS[at]) for at, name in enumerate(names)
        ]
        points: list[dict[str, float | int]] = []
        for each in found.days:
            point: dict[str, float | int] = {"t": day_number(each.on_date)}
            point |= {_SERIES[at]: float(held) for at, held in enumerate(each.balances)}
            points.append(point)
        self.chart_start = int(points[0]["t"]) if points else 0
        self.chart_end = int(points[-1]["t"]) + 7 if points else 0
        self.chart_rows = [*points, {**points[-1], "t": self.chart_end}] if points else []
        self.chart_table = [
            [shown_date(each.on_date, locale), *(shown_number(held, locale) for held in each.balances)]
            for each in found.days[:200]
        ]
