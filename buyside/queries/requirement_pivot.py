"""Requirements by day turned into columns of time: days, weeks or months, with what came before and what comes later (PLAN-5)."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from buyside.domain.money import ZERO


class Step(StrEnum):
    """How long a column is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


MOST_COLUMNS = {Step.DAY: 28, Step.WEEK: 26, Step.MONTH: 18}
"""Columns of one window, without what came before it and what comes later."""
_DAY = timedelta(days=1)


class Span(StrEnum):
    """What a column is about."""

    DUE = "due"
    """The as-of day, with everything past due."""
    BEFORE = "before"
    """The as-of day and all after it, up to where the window begins."""
    STEP = "step"
    LATER = "later"
    """All that comes after the window."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """A column: its first and last day, both included. What comes later has no last day."""

    span: Span
    first: date
    last: date | None


def buckets(as_of: date, step: Step, *, since: date | None, until: date) -> list[Bucket]:
    """The columns of a window: what is due or came before it, its steps, and what comes later.

    `since` is any day of its first step, None: the day after `as_of`. `until` is the last day that anything happens on: there
    are no steps after it. Weeks begin on Mondays; the first week and month may be shorter, as they begin after `as_of`.
    """
    opening = as_of + _DAY
    first = max(opening, _first_of(since, step)) if since else opening
    found = [Bucket(Span.DUE if first == opening else Span.BEFORE, as_of, first - _DAY)]
    while len(found) <= MOST_COLUMNS[step] and first <= until:
        last = _last_of(first, step)
        found.append(Bucket(Span.STEP, first, last))
        first = last + _DAY
    if first <= until:
        found.append(Bucket(Span.LATER, first, None))
    return found


def window_before(as_of: date, step: Step, since: date) -> date | None:
    """Where the window before the one that begins at `since` begins; None: at the as-of day."""
    first = _first_of(since, step)
    for _ in range(MOST_COLUMNS[step]):
        first = _first_of(first - _DAY, step)
    return first if first > as_of + _DAY else None


def _first_of(day: date, step: Step) -> date:
    if step is Step.DAY:
        return day
    return day - timedelta(days=day.weekday()) if step is Step.WEEK else day.replace(day=1)


def _last_of(day: date, step: Step) -> date:
    if step is Step.DAY:
        return day
    if step is Step.WEEK:
        return day + timedelta(days=6 - day.weekday())
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - _DAY


@dataclass(frozen=True, slots=True)
class NeedDay:
    """One day of an item in a warehouse as the run netted it, in stock units."""

    on_date: date
    gross: Decimal
    receipts: Decimal
    overdue: Decimal
    projected: Decimal
    shortage: Decimal
    to_order: Decimal


class Mark(StrEnum):
    """What is wrong with a balance."""

    NONE = ""
    LOW = "low"
    """Below the safety stock."""
    MINUS = "minus"
    """Below zero: somebody waits."""


def mark_of(balance: Decimal, safety: Decimal) -> Mark:
    """What is wrong with a balance, given the safety stock."""
    return Mark.MINUS if balance < 0 else Mark.LOW if balance < safety else Mark.NONE


@dataclass(slots=True)
class Cell:
    """One column of an item: sums of what moves, balances at its end and at their lowest in it.

    `planned` is what lines of the plan bring that are not left out; `with_plan` the projected balance and all they brought.
    """

    column: int
    gross: Decimal = ZERO
    receipts: Decimal = ZERO
    overdue: Decimal = ZERO
    shortage: Decimal = ZERO
    to_order: Decimal = ZERO
    planned: Decimal = ZERO
    projected: Decimal = ZERO
    with_plan: Decimal = ZERO
    lowest: Decimal = ZERO
    lowest_with_plan: Decimal = ZERO


def pivot(
    columns: Sequence[Bucket], on_hand: Decimal, days: Iterable[NeedDay], planned: Mapping[date, Decimal]
) -> list[Cell]:
    """The columns of one item in one warehouse in which anything happens, and always the first.

    In     `days` in order of date; `planned` by the day on which plan lines bring it
    Holds  sums are those of the days in the column; a balance is that of its last day, or of the last day before it; where
           nothing happens in a column its balances are those of the cell before it
    """
    starts = [each.first for each in columns[1:]]
    by_day = {each.on_date: each for each in days}
    cells = [Cell(0, projected=on_hand, with_plan=on_hand, lowest=on_hand, lowest_with_plan=on_hand)]
    has_moved = False
    balance, brought = on_hand, ZERO
    for day in sorted(by_day.keys() | planned.keys()):
        column = bisect_right(starts, day)
        if column != cells[-1].column:
            cells.append(Cell(column))
            has_moved = False
        cell, need = cells[-1], by_day.get(day)
        brought += planned.get(day, ZERO)
        cell.planned += planned.get(day, ZERO)
        if need is not None:
            balance = need.projected
            cell.gross += need.gross
            cell.receipts += need.receipts
            cell.overdue += need.overdue
            cell.shortage += need.shortage
            cell.to_order += need.to_order
        cell.projected, cell.with_plan = balance, balance + brought
        cell.lowest = min(cell.lowest, balance) if has_moved else balance
        cell.lowest_with_plan = min(cell.lowest_with_plan, cell.with_plan) if has_moved else cell.with_plan
        has_moved = True
    return cells
