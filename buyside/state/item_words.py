"""What is known of an item, in the words and numbers of the person who looks: rows of tables and points of charts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, TypedDict
from urllib.parse import quote

from buyside.domain.locales import (
    PERCENT_DIGITS,
    shown_date,
    shown_money,
    shown_number,
    shown_price,
)
from buyside.domain.words import VENDOR_POLICY_WORDS
from buyside.queries.item_card import ContractOfItem, ItemUses, OpenLine
from buyside.queries.item_stock import MOST_POINTS, ComingDay, ItemPlace, StockOverTime, thinned
from buyside.state.base import me

_EPOCH = date(1970, 1, 1)
NOTHING = "–"

Point = dict[str, Any]
"""A day of a chart as a number under "t", and numbers for drawing: pixels need no exact decimals."""


def day_number(day: date) -> int:
    """A day as charts count them."""
    return (day - _EPOCH).days


def sourcing_in_words(group: str, policy: str, *, contracts_first: bool) -> str:
    """Whose vendor item a plan takes first (PLAN-7), as in "Group BRAKES: cheapest first; contracts do not go before that."."""
    first = VENDOR_POLICY_WORDS[policy][0]
    said = f"Group {group}: {first[0].lower()}{first[1:]}" if group else f"{first}, as no group says otherwise"
    contracts = "a contract with enough left goes before that" if contracts_first else "contracts do not go before that"
    return f"{said}; {contracts}."


class Place(TypedDict):
    """What lies in a warehouse."""

    id: str
    warehouse: str
    name: str
    on_hand: str
    in_inspection: str
    on_order: str
    next_due: str


class Mark(TypedDict):
    """What a chart draws."""

    key: str
    name: str
    colour: str
    look: str


class Coming(TypedDict):
    """A day of the projection."""

    day: str
    demand: str
    receipts: str
    orders: list[dict[str, str]]
    is_overdue: bool
    projected: str
    is_below: bool
    planned: str
    with_plan: str
    by_run: str
    moved: bool


class Past(TypedDict):
    """A day on which stock moved."""

    day: str
    moved: str
    balance: str


class OrderLine(TypedDict):
    """An open order line."""

    order: str
    path: str
    line: str
    status: str
    on_hold: bool
    vendor: str
    vendor_path: str
    warehouse: str
    open: str
    unit: str
    stock: str
    """What is open in stock units, where the ordered unit is another one."""
    price: str
    promised: str
    due: str
    late: str


class Agreement(TypedDict):
    """A contract that covers the item."""

    number: str
    title: str
    vendor: str
    covers: str
    terms: str
    valid: str
    status: str
    is_valid: bool


class Use(TypedDict):
    """A parent of the item."""

    kind: str
    code: str
    path: str
    name: str
    quantity: str
    valid: str


def order_path(number: str) -> str:
    """The page of an order."""
    return "/orders/" + quote(number, safe="")


def vendor_path(code: str) -> str:
    """The page of a vendor."""
    return "/vendors/" + quote(code, safe="")


def _number(value: Decimal) -> str:
    return shown_number(value, me().locale) if value else NOTHING


def _day(day: date | None) -> str:
    return shown_date(day, me().locale) if day else ""


def places_in_words(places: Iterable[ItemPlace]) -> list[Place]:
    """Balances by warehouse."""
    locale = me().locale
    return [
        Place(
            id=str(each.warehouse_id),
            warehouse=each.warehouse,
            name=each.name,
            on_hand=shown_number(each.on_hand, locale),
            in_inspection=_number(each.in_inspection),
            on_order=_number(each.on_order),
            next_due=_day(each.next_due_on),
        )
        for each in places
    ]


def coming_in_words(told: StockOverTime) -> list[Coming]:
    """The projection, day by day."""
    locale = me().locale
    return [
        Coming(
            day=shown_date(each.on_date, locale),
            demand=_number(each.demand),
            receipts=_number(each.receipts),
            orders=[{"number": one.order_number, "path": order_path(one.order_number)} for one in each.arrivals[:5]],
            is_overdue=any(one.is_overdue for one in each.arrivals),
            projected=shown_number(each.projected, locale),
            is_below=each.projected < told.safety_stock,
            planned=_number(each.planned),
            with_plan=shown_number(each.with_plan, locale),
            by_run="" if each.by_run is None else shown_number(each.by_run, locale),
            moved=each.by_run is not None and each.by_run != each.projected,
        )
        for each in thinned(told.coming, MOST_POINTS // 2, lambda each: each.projected)
    ]


def past_in_words(told: StockOverTime) -> list[Past]:
    """The ledger's days, the latest first."""
    locale = me().locale
    return [
        Past(
            day=shown_date(each.on_date, locale),
            moved=("+" if each.moved > 0 else "") + shown_number(each.moved, locale),
            balance=shown_number(each.balance, locale),
        )
        for each in reversed(thinned(told.past, MOST_POINTS // 2, lambda each: each.balance))
    ]


BALANCE, PROJECTED, WITH_PLAN = "balance", "projected", "with_plan"
STOCK_MARKS = [
    Mark(key=BALANCE, name="Balance", colour="var(--gray-10)", look="solid"),
    Mark(key=PROJECTED, name="Projected", colour="var(--accent-9)", look="solid"),
    Mark(key=WITH_PLAN, name="With the plan", colour="var(--jade-10)", look="dashed"),
]


def stock_points(told: StockOverTime) -> tuple[list[Point], int, int]:
    """The chart of stock: its points, its first and its last day."""
    past = thinned(told.past, MOST_POINTS // 2 - 4, lambda each: each.balance)
    coming: list[ComingDay] = thinned(told.coming, MOST_POINTS // 2 - 4, lambda each: each.projected)
    now, start = day_number(told.today), day_number(told.since)
    end = max(now + 28, *(day_number(each.on_date) + 7 for each in coming)) if coming else now + 28
    points: list[Point] = [{"t": start, BALANCE: float(told.opening)}]
    points += [{"t": day_number(each.on_date), BALANCE: float(each.balance)} for each in past]
    here = float(told.on_hand)
    points.append({"t": now, BALANCE: here, PROJECTED: here, WITH_PLAN: here})
    points += [
        {"t": day_number(each.on_date), PROJECTED: float(each.projected), WITH_PLAN: float(each.with_plan)}
        for each in coming
    ]
    points.append({**points[-1], "t": end})
    if not coming:
        points[-1].pop(BALANCE, None)
    return points, start, end


def stock_levels(told: StockOverTime) -> list[dict[str, Any]]:
    """What is marked across: safety stock and reorder point, where there are any."""
    locale = me().locale
    levels = []
    if told.safety_stock > 0:
        says = f"Safety stock {shown_number(told.safety_stock, locale)}"
        levels.append({"value": float(told.safety_stock), "says": says, "colour": "var(--amber-9)"})
    if told.reorder_point is not None and told.reorder_point > 0:
        says = f"Reorder point {shown_number(told.reorder_point, locale)}"
        levels.append({"value": float(told.reorder_point), "says": says, "colour": "var(--red-9)"})
    return levels


def lines_in_words(lines: Iterable[OpenLine]) -> list[OrderLine]:
    """Open order lines."""
    locale = me().locale
    return [
        OrderLine(
            order=each.order_number,
            path=order_path(each.order_number),
            line=str(each.line_number),
            status=each.state,
            on_hold=each.is_on_hold,
            vendor=each.vendor,
            vendor_path=vendor_path(each.vendor_code),
            warehouse=each.warehouse,
            open=shown_number(each.open, locale),
            unit=each.unit,
            stock=shown_number(each.open_stock_units, locale) if each.open_stock_units != each.open else "",
            price=shown_price(each.unit_price, each.currency, locale),
            promised=_day(each.promised_on),
            due=_day(each.due_on),
            late=f"{each.late_days} d late" if each.late_days else "",
        )
        for each in lines
    ]


def contracts_in_words(contracts: Iterable[ContractOfItem]) -> list[Agreement]:
    """Contracts with what they agree."""
    locale = me().locale
    told = []
    for each in contracts:
        terms = []
        if each.unit_price is not None:
            terms.append(shown_price(each.unit_price, each.currency, locale))
        if each.quantity is not None:
            terms.append(shown_number(each.quantity, locale))
        if each.amount is not None:
            terms.append(shown_money(each.amount, each.currency, locale))
        told.append(
            Agreement(
                number=each.number,
                title=each.title,
                vendor=f"{each.vendor_code} {each.vendor}",
                covers="This item" if each.is_by_name else "All of the vendor's items",
                terms=" · ".join(terms),
                valid=f"{shown_date(each.valid_from, locale)} – {shown_date(each.valid_to, locale)}",
                status=each.status,
                is_valid=each.is_valid,
            )
        )
    return told


def uses_in_words(uses: ItemUses) -> list[Use]:
    """Direct parents."""
    locale = me().locale
    return [
        Use(
            kind=each.kind,
            code=each.code,
            path=f"/structure?{each.kind}={quote(each.code, safe='')}",
            name=each.name,
            quantity=shown_number(each.quantity_per, locale)
            + (f" + {shown_number(each.scrap_percent, locale, PERCENT_DIGITS)} %" if each.scrap_percent else ""),
            valid=" – ".join([_day(each.valid_from), _day(each.valid_to)]) if each.valid_from or each.valid_to else "",
        )
        for each in uses.rows
    ]
