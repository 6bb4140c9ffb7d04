"""Pegging as the order pages show it: what serves a customer's line, and who waits for a line that was bought."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TypedDict
from urllib.parse import quote, urlencode

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.locales import shown_date, shown_days, shown_number
from buyside.domain.refusals import NotFound
from buyside.queries.orders import order_detail
from buyside.queries.pegging import LineServing, SupplyPart, order_serving
from buyside.queries.pegging_supplies import SupplyServes, Waiting, order_line_serves
from buyside.state.base import handler, me, today
from buyside.state.roles import BuyerState, SalesState


class LineLink(TypedDict):
    """A line of the order that can be looked at."""

    label: str
    path: str
    is_open: bool


class ServedPart(TypedDict):
    """A part of what a line needs, in words."""

    item: str
    name: str
    item_path: str
    needed: str
    quantity: str
    unit: str
    says: str
    more: str
    path: str
    order: str
    tone: str
    there: str
    expected: str
    late: str


class WaitingLine(TypedDict):
    """A customer's line that waits for a supply, in words."""

    order: str
    path: str
    customer: str
    sold: str
    quantity: str
    needed: str
    promised: str
    standing: str
    tone: str


def line_asked_for(text: str) -> int:
    """The number of a line out of an address; 0 where it names none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0


def _links(pages: str, number: str, codes: Mapping[int, str], chosen: int) -> list[LineLink]:
    """To each line of the order, by its number and what it is about."""
    address = f"{pages}{quote(number, safe='')}?line="
    return [
        LineLink(label=f"Line {line} · {code}", path=f"{address}{line}", is_open=line == chosen)
        for line, code in codes.items()
    ]


class LineServingState(SalesState, rx.State):
    """What serves each line of a customer's order, and in full the one that the address names, or its first open one."""

    lines: list[LineLink] = []
    line: int = 0
    says: str = ""
    needed: str = ""
    expected: str = ""
    standing: str = ""
    tone: str = ""
    from_stock: str = ""
    to_supply: str = ""
    parts: list[ServedPart] = []
    empty: str = ""
    _told: list[LineServing] = []

    @handler(Permission.DEMAND_VIEW)
    async def load(self) -> None:
        """Look at the lines, and at one of them."""
        self.line, self.lines, self.parts = 0, [], []
        number = str(self.sales_order_number)  # type: ignore[attr-defined]
        self._told = await self._ask(order_serving, number=number)
        known = {each.line_number: each for each in self._told}
        if not known:
            return
        asked = line_asked_for(str(self.router.url.query_parameters.get("line", "")))
        chosen = asked if asked in known else next((n for n, each in known.items() if each.open > 0), min(known))
        self.lines = _links("/sales-orders/", number, {n: each.sku for n, each in known.items()}, chosen)
        self._show(known[chosen], me().locale)

    def _show(self, found: LineServing, locale: str) -> None:
        self.line = found.line_number
        self.says = f"as the plan of {shown_date(found.as_of, locale)} divides it today" if found.as_of else ""
        self.needed = shown_date(found.needed_by, locale)
        self.expected = shown_date(found.expected_on, locale) if found.expected_on else "Not known"
        self.standing, self.tone = standing_of(found)
        self.from_stock = shown_number(found.covered_from_stock, locale)
        self.to_supply = shown_number(found.exploded, locale)
        self.parts = [_part(each, found, locale) for each in found.parts]
        self.empty = _why_nothing(found)


class OrderServesState(BuyerState, rx.State):
    """Who waits for the line of a purchase order that the address names, or for its first one."""

    lines: list[LineLink] = []
    line: int = 0
    item: str = ""
    says: str = ""
    there: str = ""
    quantity: str = ""
    spare: str = ""
    standing: str = ""
    tone: str = ""
    waiting: list[WaitingLine] = []

    @handler(Permission.ORDER_VIEW)
    async def load(self) -> None:
        """Look at a line."""
        self.line, self.lines, self.waiting = 0, [], []
        number = str(self.order_number)  # type: ignore[attr-defined]
        try:
            order = await self._ask(order_detail, number=number)
        except NotFound:
            return
        known = {each.line_number: each for each in order.lines}
        if not known:
            return
        asked = line_asked_for(str(self.router.url.query_parameters.get("line", "")))
        chosen = asked if asked in known else min(known)
        found = await self._ask(order_line_serves, number=number, line=chosen)
        self.lines = _links("/orders/", number, {n: each.item_code for n, each in known.items()}, chosen)
        self.line = chosen
        self._show(found, me().locale)

    def _show(self, found: SupplyServes, locale: str) -> None:
        self.item = f"{found.item} {found.name}"
        self.says = (
            f"by the needs of the plan of {shown_date(found.as_of, locale)}" if found.as_of else "not planned yet"
        )
        word = "promised" if found.promised_on else "expected"
        self.there = f"{shown_date(found.available_on, locale)}, {word}" if found.available_on else "–"
        self.quantity = f"{shown_number(found.quantity, locale)} {found.unit}"
        self.spare = f"{shown_number(found.spare, locale)} {found.unit}"
        self.standing, self.tone = endangered_in_words(found, today(), locale)
        self.waiting = [_waiting(each, found.unit, locale) for each in found.waiting]


def standing_of(found: LineServing) -> tuple[str, str]:
    """How a line will be served, in words with their tone."""
    if found.open == 0:
        return "Nothing open", "neutral"
    if found.problem:
        return ("No structure" if found.problem == "unmapped" else "Rules contradict"), "bad"
    if found.run_id is None:
        return "Not planned yet", "neutral"
    if found.unserved:
        return "Nothing serves a part of it yet", "bad"
    if found.late_days:
        return f"{shown_days(found.late_days)} late", "warn"
    return "In time", "good"


def endangered_in_words(found: SupplyServes, today: date, locale: str) -> tuple[str, str]:
    """Whose orders a supply comes too late for, in words with their tone."""
    late = found.endangered
    if not late:
        is_overdue = found.available_on is not None and found.available_on < today
        if not found.waiting:
            return ("Overdue, but nobody waits for it", "warn") if is_overdue else ("Nobody waits for it", "neutral")
        if is_overdue:
            first = max(today, min(each.needed_on for each in found.waiting))
            return f"Overdue: in time for all who wait if it comes by {shown_date(first, locale)}", "warn"
        return "In time for all who wait", "good"
    orders = sorted({each.sales_order for each in late})
    many = f"{len(orders)} customers' orders" if len(orders) > 1 else "a customer's order"
    return f"Endangers {many}, by up to {shown_days(max(each.late_days for each in late))}", "warn"


def _why_nothing(found: LineServing) -> str:
    if found.open == 0:
        return "All of it was delivered or cancelled."
    if found.run_id is None:
        return "No plan has counted this line yet. Run the plan, and it is told here."
    if found.problem:
        return "The plan could not tell what this line consists of: see unmapped demand."
    if found.exploded == 0:
        return "All of it is in stock, ready made."
    return "It needs no component."


def _part(each: SupplyPart, found: LineServing, locale: str) -> ServedPart:
    drill = urlencode({"run": found.run_id or "", "item": each.item, "warehouse": found.warehouse})
    says, more, path, tone = "", "", "", ""
    if each.kind == "stock":
        says, tone = "Stock", "good"
    elif each.kind == "make":
        says, tone = "To be made", "active"
    elif each.kind == "plan":
        says, more, tone = "Planned, not ordered", each.vendor, "active"
        path = "/plan?" + urlencode({"run": found.run_id or "", "item": each.item})
    elif each.kind == "order":
        says, tone = "On order", "active"
        more = each.vendor + (", promised" if each.promised_on else ", expected")
        path = f"/orders/{quote(each.order_number, safe='')}?line={each.order_line}"
    else:
        says, tone = "Nothing yet", "bad"
    return ServedPart(
        item=each.item,
        name=each.name,
        item_path="/requirements?" + drill,
        needed=shown_date(each.needed_on, locale),
        quantity=shown_number(each.quantity, locale),
        unit=each.unit,
        says=says,
        more=more,
        path=path,
        order=f"{each.order_number}, line {each.order_line}" if each.kind == "order" else "Plan line",
        tone=tone,
        there=shown_date(each.available_on, locale) if each.available_on else "–",
        expected=shown_date(each.expected_on, locale) if each.expected_on else "Not known",
        late=f"{shown_days(each.late_days)} late" if each.late_days else "",
    )


def _waiting(each: Waiting, unit: str, locale: str) -> WaitingLine:
    return WaitingLine(
        order=f"{each.sales_order}, line {each.line_number}" if each.sales_order else "",
        path=f"/sales-orders/{quote(each.sales_order, safe='')}?line={each.line_number}" if each.sales_order else "",
        customer=each.customer or "Stock itself",
        sold=f"{each.sku} {each.variant}".strip(),
        quantity=f"{shown_number(each.quantity, locale)} {unit}",
        needed=shown_date(each.needed_on, locale),
        promised=shown_date(each.needed_by, locale) if each.needed_by else "–",
        standing=f"{shown_days(each.late_days)} late" if each.late_days else "In time",
        tone="warn" if each.late_days else "good",
    )
