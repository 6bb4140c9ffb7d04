"""The draft plan: lines to decide on, one of them open beside the list, and the way to purchase orders."""

from __future__ import annotations

from typing import Any, ClassVar, TypedDict
from urllib.parse import quote
from uuid import UUID, uuid4

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.locales import PRICE_DIGITS, shown_date, shown_money, shown_number
from buyside.domain.refusals import Refused
from buyside.operations.plan_conversion import Converted, PlanDrifted, convert_plan
from buyside.operations.plan_lines import (
    PlanLineDecided,
    change_plan_line,
    leave_out_line,
    lock_line,
    mark_drift,
    take_back_line,
)
from buyside.queries.plan_explanations import Alternative, PlanLineDetail, plan_line_detail
from buyside.queries.plan_line_rows import PLAN_LINE_ROWS
from buyside.queries.plans import PROBLEM_ROWS, VendorTotal, vendor_totals
from buyside.queries.rows import GridSource
from buyside.state.base import handler, me, now, say, warn
from buyside.state.forms import day, decimal, key, text
from buyside.state.grid import CellEdit, GridState
from buyside.state.plan_runs import PlanRunState
from buyside.state.roles import BuyerState

_EDITED = {"quantity_packs": decimal, "needed_on": day, "unit_price": decimal}


class Vendor(TypedDict):
    """What the plan asks of one vendor."""

    vendor_id: int
    name: str
    lines: str
    late: str
    moved: str
    total: str
    can_convert: bool


class Other(TypedDict):
    """Who else could deliver."""

    vendor_item_id: int
    vendor: str
    quantity: str
    unit: str
    price: str
    total: str
    lead: str
    order_by: str
    says: str
    tone: str
    can_take: bool


class Made(TypedDict):
    """A draft order that came out of the plan."""

    number: str
    path: str
    vendor: str
    lines: str
    total: str


class PlanState(GridState, BuyerState, rx.State):
    """The lines, and the one that stands open."""

    lines: ClassVar[GridSource] = PLAN_LINE_ROWS
    problems: ClassVar[GridSource] = PROBLEM_ROWS
    by: str = "lines"
    item_id: int = 0
    """The one item whose lines are listed; zero: all."""
    selected: list[str] = []
    vendors: list[Vendor] = []
    facts: dict[str, str] = {}
    state: str = ""
    is_locked: bool = False
    others: list[Other] = []
    is_leaving_out: bool = False
    is_converting: bool = False
    convert_says: str = ""
    drift_says: str = ""
    made: list[Made] = []
    not_made: list[dict[str, str]] = []
    is_made: bool = False
    _version: int = 0
    _line_ids: list[int] = []
    _vendor_id: int = 0
    _request_id: UUID | None = None

    @handler(Permission.PLAN_VIEW)
    async def load(self) -> None:
        """Mark what moved since the run, and show the plan."""
        self.chosen, self.selected, self.by = "", [], "lines"
        self.is_leaving_out = self.is_converting = self.is_made = False  # left open by a link inside a dialog
        wanted = str(self.router.url.query_parameters.get("item", ""))
        self.item_id = key(wanted)
        run = await self.get_state(PlanRunState)
        if run.run_id and me().may(Permission.PLAN_EDIT):
            await self._do(mark_drift, run_id=run.run_id)
        await self._read_vendors()
        self._changed_rows()

    @handler(Permission.PLAN_VIEW)
    async def show_by(self, by: str) -> None:
        """List lines, vendors, or what could not be planned."""
        self.by = by if by in {"lines", "vendors", "unmapped"} else "lines"
        self.selected = []
        if self.by == "vendors":
            await self._read_vendors()

    @handler(Permission.PLAN_VIEW)
    def show_all_items(self) -> None:
        """List the lines of every item again."""
        self.item_id = 0

    @handler(Permission.PLAN_VIEW)
    async def open(self, row_id: str) -> None:
        """Show one line with its reasons."""
        await self._open(key(row_id))

    @handler(Permission.PLAN_VIEW)
    def close(self) -> None:
        """Close the panel."""
        self.chosen = ""

    @handler(Permission.PLAN_VIEW)
    def select(self, row_ids: list[str]) -> None:
        """Remember which lines are ticked."""
        self.selected = [each for each in row_ids if key(each)]

    @handler(Permission.PLAN_EDIT)
    async def edit(self, cell: CellEdit) -> Any:
        """Decide another quantity, date or price in the grid."""
        if cell.field not in _EDITED:
            self._answer_edit(cell, "This cannot be changed here.")
            return None
        try:
            change: dict[str, Any] = {cell.field: _EDITED[cell.field](cell.form, cell.field)}
            decided = await self._do(change_plan_line, line_id=cell.row, version=cell.version, **change)
        except Refused as refusal:
            self._answer_edit(cell, str(refusal))
            return None
        self._answer_edit(cell)
        self._changed_rows(cell.id)
        if self.chosen == cell.id:
            await self._open(cell.row)
        return _remarks(decided)

    @handler(Permission.PLAN_EDIT)
    async def take_vendor(self, vendor_item_id: int) -> Any:
        """Give the open line to another vendor."""
        decided = await self._do(
            change_plan_line, line_id=key(self.chosen), version=self._version, vendor_item_id=vendor_item_id
        )
        await self._refresh()
        return _remarks(decided)

    @handler(Permission.PLAN_EDIT)
    async def lock(self, locked: bool) -> None:
        """Lock the decision on the open line, or unlock it."""
        await self._do(lock_line, line_id=key(self.chosen), version=self._version, locked=locked)
        await self._refresh()

    @handler(Permission.PLAN_EDIT)
    def ask_leave_out(self) -> None:
        """Ask why the open line is left out."""
        self.is_leaving_out = True

    @handler(Permission.PLAN_EDIT)
    def stop_leaving_out(self) -> None:
        """Close the question."""
        self.is_leaving_out = False

    @handler(Permission.PLAN_EDIT)
    async def leave_out(self, form: dict[str, Any]) -> None:
        """Leave the open line out, with the reason."""
        reason = text(form, "reason", needed=True)
        await self._do(leave_out_line, line_id=key(self.chosen), version=self._version, reason=reason)
        self.is_leaving_out = False
        await self._refresh()

    @handler(Permission.PLAN_EDIT)
    async def take_back(self) -> None:
        """Put the open line back into the plan."""
        await self._do(take_back_line, line_id=key(self.chosen), version=self._version)
        await self._refresh()

    @handler(Permission.PLAN_CONVERT)
    def ask_convert(self) -> None:
        """Ask before the ticked lines, or all open ones, become orders."""
        self._line_ids, self._vendor_id = [key(each) for each in self.selected], 0
        count = len(self._line_ids)
        self._ask_to_convert(
            f"{count} ticked line{'s' if count != 1 else ''}" if count else "All open lines of this plan"
        )

    @handler(Permission.PLAN_CONVERT)
    def ask_convert_vendor(self, vendor_id: int, name: str) -> None:
        """Ask before the open lines of one vendor become an order."""
        self._line_ids, self._vendor_id = [], vendor_id
        self._ask_to_convert(f"All open lines of {name[:80]}")

    @handler(Permission.PLAN_CONVERT)
    def stop_converting(self) -> None:
        """Close the question."""
        self.is_converting = False

    @handler(Permission.PLAN_CONVERT)
    async def convert(self, despite_drift: bool) -> Any:
        """Make draft orders, once however often it is pressed."""
        if self._request_id is None:
            return None
        run = await self.get_state(PlanRunState)
        try:
            done = await self._do(
                convert_plan,
                request_id=self._request_id,
                run_id=run.run_id,
                line_ids=tuple(self._line_ids) or None,
                vendor_id=self._vendor_id or None,
                despite_drift=despite_drift,
                at=now(),
            )
        except PlanDrifted as drift:
            self.drift_says = str(drift)
            self._request_id = uuid4()  # ordering all the same is another request
            return None
        self.is_converting, self._request_id, self.selected = False, None, []
        self._tell_made(done)
        self._changed_rows()
        await self._read_vendors()
        if self.chosen:
            await self._open(key(self.chosen))
        return say(f"{len(done.orders)} draft order{'s' if len(done.orders) != 1 else ''} made.")

    @handler(Permission.PLAN_CONVERT)
    def close_made(self) -> None:
        """Close the list of the orders that were made."""
        self.is_made = False

    def _ask_to_convert(self, says: str) -> None:
        self.convert_says, self.drift_says = says, ""
        self._request_id, self.is_converting = uuid4(), True

    def _tell_made(self, done: Converted) -> None:
        locale = me().locale
        self.made = [
            Made(
                number=each.number,
                path="/orders/" + quote(each.number, safe=""),
                vendor=each.vendor_name,
                lines=str(each.lines),
                total=shown_money(each.total, each.currency_code, locale),
            )
            for each in done.orders
        ]
        self.not_made = [
            {"item": each.item_code, "day": shown_date(each.needed_on, locale), "why": each.why}
            for each in done.not_converted
        ]
        self.is_made = True

    async def _refresh(self) -> None:
        self._changed_rows(self.chosen)
        await self._open(key(self.chosen))

    async def _read_vendors(self) -> None:
        run = await self.get_state(PlanRunState)
        found = await self._ask(vendor_totals, run_id=run.run_id) if run.run_id else []
        self.vendors = [_vendor(each, me().locale) for each in found]

    async def _open(self, line_id: int) -> None:
        found = await self._ask(plan_line_detail, line_id=line_id)
        locale = me().locale
        self.chosen, self._version = str(line_id), found.version
        self.state, self.is_locked = found.state, found.is_locked
        self.facts = _facts(found, locale)
        self.others = [_other(each, locale, is_open=found.state == "open") for each in found.alternatives]


def _remarks(decided: PlanLineDecided) -> Any:
    return warn(" ".join(decided.remarks)) if decided.remarks else None


def _vendor(each: VendorTotal, locale: str) -> Vendor:
    return Vendor(
        vendor_id=each.vendor_id or 0,
        name=each.vendor or "No vendor",
        lines=f"{each.open_lines} of {each.lines}",
        late=str(each.late_lines or "–"),
        moved=str(each.drifted_lines or "–"),
        total=shown_money(each.open_total, each.currency, locale) if each.currency else "–",
        can_convert=each.vendor_id is not None and each.convertible_lines > 0,
    )


def _facts(line: PlanLineDetail, locale: str) -> dict[str, str]:
    def priced(value: Any) -> str:
        return f"{shown_number(value, locale, PRICE_DIGITS)} {line.currency}" if value is not None else "–"

    return {
        "title": f"{line.item} · {line.name}",
        "item": line.item,
        "path": "/requirements?item=" + quote(line.item, safe=""),
        "warehouse": line.warehouse,
        "reason": line.reason,
        "lot": line.lot,
        "drift": line.drift,
        "left_out_reason": line.left_out_reason,
        "order": line.order_number,
        "order_path": "/orders/" + quote(line.order_number, safe=""),
        "late": f"{line.late_days} days late" if line.late_days else "",
        "vendor": line.vendor or "No vendor",
        "suggested_vendor": line.suggested_vendor or "No vendor",
        "quantity": f"{shown_number(line.quantity_packs, locale)} {line.unit}",
        "suggested_quantity": f"{shown_number(line.suggested_quantity, locale)}",
        "needed_on": shown_date(line.needed_on, locale),
        "suggested_needed_on": shown_date(line.suggested_needed_on, locale),
        "order_by": shown_date(line.order_by, locale),
        "price": priced(line.unit_price),
        "suggested_price": priced(line.suggested_unit_price),
        "total": shown_money(line.total, line.currency, locale) if line.total is not None else "–",
    }


def _other(each: Alternative, locale: str, *, is_open: bool) -> Other:
    says, tone = ("", "neutral")
    if each.is_chosen:
        says, tone = "Chosen", "active"
    elif not each.is_usable:
        says, tone = "Not usable now", "neutral"
    elif each.late_days:
        says, tone = f"{each.late_days} d late", "warn"
    return Other(
        vendor_item_id=each.vendor_item_id,
        vendor=each.vendor,
        quantity=shown_number(each.quantity_packs, locale),
        unit=each.unit,
        price=shown_number(each.unit_price, locale, PRICE_DIGITS) if each.unit_price is not None else "–",
        total=shown_money(each.total, each.currency, locale) if each.total is not None else "–",
        lead=f"{each.lead_days} d",
        order_by=shown_date(each.order_by, locale),
        says=says,
        tone=tone,
        can_take=is_open and each.is_usable and not each.is_chosen,
    )
