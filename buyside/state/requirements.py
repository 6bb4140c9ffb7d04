"""Requirements: items by warehouse, and the one whose arithmetic stands open."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, TypedDict
from urllib.parse import quote

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.locales import shown_date, shown_number
from buyside.queries.plan_explanations import ArithmeticRow, PegRow, pegs_of_requirement, requirement_arithmetic
from buyside.queries.plans import REQUIREMENT_ROWS
from buyside.queries.rows import GridSource, RowsWanted, grid_page
from buyside.state.base import handler, me, today
from buyside.state.forms import day, key
from buyside.state.grid import GridState
from buyside.state.plan_runs import PlanRunState
from buyside.state.roles import BuyerState

_MOST_PEGS = 200


class Step(TypedDict):
    """One date of the arithmetic in words."""

    iso: str
    day: str
    opening: str
    gross: str
    receipts: str
    overdue: str
    projected: str
    shortage: str
    planned: str
    with_plan: str
    is_short: bool
    is_below: bool


class Peg(TypedDict):
    """Who asks."""

    order: str
    path: str
    line: str
    customer: str
    sold: str
    day: str
    needed_by: str
    quantity: str


class RequirementsState(GridState, BuyerState, rx.State):
    """The grid, and the panel of one item in one warehouse."""

    rows: ClassVar[GridSource] = REQUIREMENT_ROWS
    item: str = ""
    item_id: str = ""
    item_path: str = ""
    name: str = ""
    unit: str = ""
    supply: str = ""
    warehouse: str = ""
    on_hand: str = ""
    safety: str = ""
    safety_level: int = 0
    steps: list[Step] = []
    points: list[dict[str, Any]] = []
    pegs: list[Peg] = []
    pegs_more: int = 0
    picked: str = ""
    picked_day: str = ""

    @handler(Permission.PLAN_VIEW)
    async def load(self) -> None:
        """Open the panel of the item that the address names."""
        self.chosen = ""
        code = str(self.router.url.query_parameters.get("item", ""))[:80]
        run = await self.get_state(PlanRunState)
        if not code or not run.run_id:
            return
        wanted = RowsWanted(quick=code, scope={"run_id": run.run_id}, end=50)
        page = await self._ask(grid_page, source=REQUIREMENT_ROWS, wanted=wanted, today=today())
        exact = [row for row in page.rows if _shown(row["item"]) == code]
        if exact:
            await self._open(str(exact[0]["id"]))

    @handler(Permission.PLAN_VIEW)
    async def open(self, row_id: str) -> None:
        """Show how an item's requirement comes about."""
        await self._open(row_id)

    @handler(Permission.PLAN_VIEW)
    async def pick(self, iso: str) -> None:
        """Show the demand of one date, or of all again."""
        self.picked = "" if iso == self.picked else day({"day": iso}, "day").isoformat()
        if self.chosen:
            await self._read_pegs()

    @handler(Permission.PLAN_VIEW)
    def close(self) -> None:
        """Close the panel."""
        self.chosen = ""

    async def _open(self, row_id: str) -> None:
        item_id, _, warehouse_id = row_id.partition("-")
        run = await self.get_state(PlanRunState)
        found = await self._ask(
            requirement_arithmetic, run_id=run.run_id, item_id=key(item_id), warehouse_id=key(warehouse_id)
        )
        locale = me().locale
        self.item_id, self.item_path = item_id, "/items/" + quote(found.item, safe="")
        self.item, self.name, self.unit, self.supply = found.item, found.name, found.unit, found.supply
        self.warehouse, self.on_hand = found.warehouse, shown_number(found.on_hand, locale)
        self.safety, self.safety_level = shown_number(found.safety_stock, locale), round(found.safety_stock)
        self.steps = [_step(row, locale, below=row.projected_with_plan < found.safety_stock) for row in found.rows]
        self.points = [_point(row, locale) for row in found.rows]
        self.chosen, self.picked = row_id, ""
        await self._read_pegs()

    async def _read_pegs(self) -> None:
        item_id, _, warehouse_id = self.chosen.partition("-")
        run = await self.get_state(PlanRunState)
        found = await self._ask(
            pegs_of_requirement,
            run_id=run.run_id,
            item_id=key(item_id),
            warehouse_id=key(warehouse_id),
            on_date=date.fromisoformat(self.picked) if self.picked else None,
        )
        locale = me().locale
        self.picked_day = shown_date(date.fromisoformat(self.picked), locale) if self.picked else ""
        self.pegs = [_peg(each, locale) for each in found[:_MOST_PEGS]]
        self.pegs_more = max(0, len(found) - _MOST_PEGS)


def _shown(cell: Any) -> str:
    return str(cell[1] if isinstance(cell, list) else cell)


def _step(row: ArithmeticRow, locale: str, *, below: bool) -> Step:
    def number(value: Any) -> str:
        return shown_number(value, locale) if value else "–"

    return Step(
        iso=row.on_date.isoformat(),
        day=shown_date(row.on_date, locale),
        opening=shown_number(row.opening, locale),
        gross=number(row.gross),
        receipts=number(row.receipts),
        overdue=number(row.overdue_receipts) if row.overdue_receipts else "",
        projected=shown_number(row.projected, locale),
        shortage=number(row.shortage),
        planned=number(row.planned),
        with_plan=shown_number(row.projected_with_plan, locale),
        is_short=row.shortage > 0,
        is_below=below,
    )


def _point(row: ArithmeticRow, locale: str) -> dict[str, Any]:
    """One date as a chart draws it: pixels need no exact decimals, the table beside it has them."""
    return {
        "day": shown_date(row.on_date, locale),
        "gross": float(row.gross),
        "receipts": float(row.receipts),
        "projected": float(row.projected),
        "with_plan": float(row.projected_with_plan),
    }


def _peg(each: PegRow, locale: str) -> Peg:
    return Peg(
        order=each.sales_order or "Stock policy",
        path="/sales-orders/" + quote(each.sales_order, safe="") if each.sales_order else "",
        line=str(each.line_number or ""),
        customer=each.customer,
        sold=each.sku,
        day=shown_date(each.on_date, locale),
        needed_by=shown_date(each.needed_by, locale) if each.needed_by else "",
        quantity=shown_number(each.quantity, locale),
    )
