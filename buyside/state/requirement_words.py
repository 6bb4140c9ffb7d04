"""A number of the requirements board explained in words: each step of its arithmetic, the days in it, and what stands behind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypedDict
from urllib.parse import quote, urlencode

from buyside.domain.locales import shown_date, shown_number
from buyside.domain.money import ZERO
from buyside.domain.plans import PlanLineState
from buyside.queries.plan_explanations import Arithmetic, ArithmeticRow
from buyside.queries.requirement_drill import Asking, Coming, Planned
from buyside.queries.requirement_pivot import Mark, mark_of
from buyside.state.item_words import day_number
from buyside.state.plan_reasons import in_locale

MARK_WORDS = {Mark.NONE: "", Mark.LOW: "below safety stock", Mark.MINUS: "below zero"}
_DAY = timedelta(days=1)


class Sum(TypedDict):
    """One step of the arithmetic. `mark`: "low" or "minus" where the balance is too low."""

    key: str
    sign: str
    label: str
    value: str
    says: str
    mark: str
    is_asked: bool


class Step(TypedDict):
    """One date of the arithmetic in words."""

    iso: str
    day: str
    opening: str
    gross: str
    receipts: str
    overdue: str
    projected: str
    mark: str
    shortage: str
    to_order: str
    planned: str
    with_plan: str
    with_mark: str


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
    made_of: str
    """Where the sold configuration is exploded by itself; empty for a stock policy."""
    served: str


class Arriving(TypedDict):
    """An open order line."""

    order: str
    path: str
    vendor: str
    state: str
    day: str
    quantity: str
    is_overdue: bool


class Line(TypedDict):
    """A line of the plan."""

    id: str
    path: str
    day: str
    quantity: str
    lot: str
    vendor: str
    order_by: str
    late: str
    state: str
    reason: str
    order: str
    order_path: str


def sums(found: Arithmetic, first: date | None, last: date | None, asked: str, locale: str) -> list[Sum]:
    """From the opening balance of a span of days to the balance with the plan, each step with how it comes about.

    Without days it is the whole horizon.
    """
    rows = [each for each in found.rows if (first is None or each.on_date >= first)]
    inside = [each for each in rows if last is None or each.on_date <= last]
    before = [each for each in found.rows if first is not None and each.on_date < first]
    opening = before[-1].projected if before else found.on_hand
    opening_with = before[-1].projected_with_plan if before else found.on_hand
    end = inside[-1] if inside else None
    projected = end.projected if end else opening
    with_plan = end.projected_with_plan if end else opening_with
    coming = sum((each.receipts for each in found.rows), ZERO)
    needed = sum((each.gross for each in [*before, *inside]), ZERO)
    position = found.on_hand + coming - needed
    gross, receipts = _added(inside, "gross"), _added(inside, "receipts")
    shortage, to_order, planned = _added(inside, "shortage"), _added(inside, "to_order"), _added(inside, "planned")
    overdue = _added(inside, "overdue_receipts")

    def number(value: Decimal) -> str:
        return shown_number(value, locale)

    def on(day: date) -> str:
        return shown_date(day, locale)

    opening_says = f"balance at the end of {on(before[-1].on_date)}" if before else "on hand as of the run"
    overdue_says = f"{number(overdue)} of it overdue: due before {on(found.as_of)}, counted on that day"
    safety = number(found.safety_stock)
    earlier, ordered = _added(before, "shortage"), _added(before, "to_order")
    short_says = f"missing to the safety stock of {safety}"
    short_says += f", beyond {number(earlier)} that were missing before" if earlier else ""
    order_says = f"what the position lacks to the safety stock of {safety}"
    order_says += f", less {number(ordered)} to order before" if ordered else ""
    if shortage > to_order:
        order_says += "; open orders bring the rest, though late: hurry them, do not order twice"

    def line(key: str, sign: str, label: str, value: Decimal, says: str = "", *, mark: Mark = Mark.NONE) -> Sum:
        return Sum(
            key=key, sign=sign, label=label, value=number(value), says=says, mark=mark.value, is_asked=key == asked
        )

    return [
        line("opening", "", "Opening", opening, opening_says),
        line("gross", "−", "Gross", gross, "what demand lines ask for, below"),
        line("receipts", "+", "Receipts", receipts, overdue_says if overdue else "open orders that arrive"),
        line("projected", "=", "Projected", projected, *_balance_says(inside, projected, found.safety_stock, False, locale)),
        line("shortage", "", "Shortage", shortage, short_says if shortage else f"nothing is missing to {safety}"),
        line(
            "position",
            "",
            "Position",
            position,
            f"on hand {number(found.on_hand)} + all on order {number(coming)} − gross up to here {number(needed)}",
        ),
        line("to_order", "", "To order", to_order, order_says if to_order or shortage else "nothing: the position is enough"),
        line("planned", "+", "Planned", planned, _plan_says(planned, _added(before, "planned") - ordered, to_order, locale)),
        line("with_plan", "=", "With the plan", with_plan, *_balance_says(inside, with_plan, found.safety_stock, True, locale)),
    ]  # fmt: skip


def _plan_says(planned: Decimal, ahead: Decimal, to_order: Decimal, locale: str) -> str:
    """What lines of the plan bring, or why they bring nothing though something is to order."""
    if planned:
        return "what lines of the plan bring, below"
    if to_order and ahead > 0:
        return f"earlier lines bring {shown_number(ahead, locale)} more than was to order then"
    return "no line of the plan" if to_order else ""


def _balance_says(
    rows: Sequence[ArithmeticRow], balance: Decimal, safety: Decimal, with_plan: bool, locale: str
) -> tuple[str]:
    """How low a balance is, and its lowest day in the span where that is lower."""
    found = [(each.projected_with_plan if with_plan else each.projected, each.on_date) for each in rows]
    parts = [MARK_WORDS[mark_of(balance, safety)]]
    if found and (lowest := min(found))[0] < balance and mark_of(lowest[0], safety):
        parts.append(f"lowest {shown_number(lowest[0], locale)} on {shown_date(lowest[1], locale)}")
    return ("; ".join(part for part in parts if part),)


def _added(rows: Sequence[ArithmeticRow], name: str) -> Decimal:
    return sum((getattr(each, name) for each in rows), ZERO)


def step_in_words(row: ArithmeticRow, safety: Decimal, locale: str) -> Step:
    """One date of the arithmetic."""

    def number(value: Decimal) -> str:
        return shown_number(value, locale) if value else "–"

    return Step(
        iso=row.on_date.isoformat(),
        day=shown_date(row.on_date, locale),
        opening=shown_number(row.opening, locale),
        gross=number(row.gross),
        receipts=number(row.receipts),
        overdue=number(row.overdue_receipts) if row.overdue_receipts else "",
        projected=shown_number(row.projected, locale),
        mark=MARK_WORDS[mark_of(row.projected, safety)],
        shortage=number(row.shortage),
        to_order=number(row.to_order),
        planned=number(row.planned),
        with_plan=shown_number(row.projected_with_plan, locale),
        with_mark=MARK_WORDS[mark_of(row.projected_with_plan, safety)],
    )


def chart_rows(found: Arithmetic) -> list[dict[str, Any]]:
    """The days as a chart draws them: pixels need no exact decimals, the table beside it has them.

    It begins with what is on hand, so that the first day is a step from there.
    """

    opening = {
        "t": day_number(found.as_of - _DAY),
        "gross": None,
        "receipts": None,
        "planned": None,
        "projected": float(found.on_hand),
        "with_plan": float(found.on_hand),
    }
    return [
        opening,
        *(
            {
                "t": day_number(each.on_date),
                "gross": float(each.gross) or None,
                "receipts": float(each.receipts) or None,
                "planned": float(each.planned) or None,
                "projected": float(each.projected),
                "with_plan": float(each.projected_with_plan),
            }
            for each in found.rows
        ),
    ]


def chart_levels(found: Arithmetic) -> list[dict[str, Any]]:
    """Lines across: safety stock and reorder point, where there are any."""
    levels: list[dict[str, Any]] = []
    if found.safety_stock:
        levels.append({"value": float(found.safety_stock), "says": "Safety stock", "colour": "var(--amber-9)"})
    if found.reorder_point is not None:
        levels.append({"value": float(found.reorder_point), "says": "Reorder point", "colour": "var(--gray-9)"})
    return levels


def peg_in_words(each: Asking, locale: str) -> Peg:
    """Who asks for how much; what finished goods serve of the line in sold units."""
    peg = each.peg
    served = ""
    if each.covered and each.ordered is not None:
        served = f"{shown_number(each.covered, locale)} of {shown_number(each.ordered, locale)}"
    path = f"/sales-orders/{quote(peg.sales_order, safe='')}?line={peg.line_number}" if peg.sales_order else ""
    return Peg(
        order=peg.sales_order or "Stock policy",
        path=path,
        line=str(peg.line_number or ""),
        customer=peg.customer,
        sold=peg.sku,
        day=shown_date(peg.on_date, locale),
        needed_by=shown_date(peg.needed_by, locale) if peg.needed_by else "",
        quantity=shown_number(peg.quantity, locale),
        made_of=_explosion(each),
        served=served or "–",
    )


def _explosion(each: Asking) -> str:
    """The path to what is not served from finished goods, exploded: which rows and rules make up the quantity (ITM-6)."""
    peg = each.peg
    if not peg.sales_order or peg.needed_by is None or each.ordered is None or each.covered is None:
        return ""
    asked = {
        "variant": peg.sku,
        "quantity": f"{(each.ordered - each.covered).normalize():f}",
        "on": peg.needed_by.isoformat(),
    }
    asked |= {"options": ",".join(map(str, each.options))} if each.options else {}
    return f"/configurator?{urlencode(asked)}"


def arriving_in_words(each: Coming, locale: str) -> Arriving:
    """An open order line."""
    return Arriving(
        order=f"{each.order_number} / {each.line_number}",
        path=f"/orders/{quote(each.order_number, safe='')}?line={each.line_number}",
        vendor=each.vendor,
        state=each.state,
        day=shown_date(each.arrives_on, locale),
        quantity=shown_number(each.quantity, locale),
        is_overdue=each.is_overdue,
    )


def line_in_words(each: Planned, run_id: int, item: str, locale: str) -> Line:
    """A line of the plan; `lot` says what is ordered where that is in another unit."""
    packs = f"{shown_number(each.quantity_packs, locale)} {each.unit}"
    return Line(
        id=str(each.line_id),
        path=f"/plan?run={run_id}&item={quote(item, safe='')}",
        day=shown_date(each.needed_on, locale),
        quantity=shown_number(each.quantity, locale),
        lot=packs if each.quantity_packs != each.quantity else "",
        vendor=each.vendor or "No vendor",
        order_by=shown_date(each.order_by, locale),
        late=f"{each.late_days} d late" if each.late_days and each.state == PlanLineState.OPEN else "",
        state=each.state,
        reason=in_locale(each.reason, locale),
        order=each.order_number,
        order_path=f"/orders/{quote(each.order_number, safe='')}" if each.order_number else "",
    )
