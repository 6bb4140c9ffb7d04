"""The planning board: its columns, of vendors or of weeks, with their open plan lines counted and summed by the database (PLAN-11)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, and_, cast, func, or_, select
from sqlmodel import Session, col

from buyside.db.contracts import Contract
from buyside.db.items import Item, ItemGroup, VendorItem
from buyside.db.plans import PlanLine, PlanningRun
from buyside.db.vendors import Vendor
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.money import ZERO
from buyside.domain.plans import PlanLineState
from buyside.domain.rates import Rates
from buyside.domain.refusals import NotFound, Unreadable
from buyside.ledgers.exchange_rates import rates_of
from buyside.queries.plan_line_columns import is_moved
from buyside.queries.rows import ESCAPE, escaped

_WEEKS = 104
"""Weeks in a row that the board has columns for, empty ones too; of later weeks only those with lines."""
_WEEKS_AHEAD = 2
_WORDS = 6


class By(StrEnum):
    """What a column of the board stands for."""

    VENDORS = "vendors"
    WEEKS = "weeks"


@dataclass(frozen=True, slots=True)
class BoardFilters:
    """Which open lines of a run stand on the board; what is empty or false does not filter. Vendor and group by code."""

    vendor: str = ""
    group: str = ""
    planner: str = ""
    late: bool = False
    drifted: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class Total:
    """The value of lines in one currency."""

    currency: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class BoardColumn:
    """One column with what its cards come to. `key` is the vendor's number, "0" for lines without one, or the week's Monday."""

    key: str
    code: str
    """The vendor's code; empty for weeks."""
    title: str
    """The vendor's name; empty for weeks and for lines without a vendor."""
    lines: int
    late: int
    drifted: int
    unpriced: int
    totals: tuple[Total, ...]
    """By currency, the largest first."""
    in_all: Total | None
    """In the organisation's currency at the day's rates; None where one of them is not known."""


@needs(Permission.PLAN_VIEW)
def board_columns(
    session: Session, actor: Actor, *, run_id: int, by: By, today: date, filters: BoardFilters | None = None
) -> list[BoardColumn]:
    """The columns of a run's board: vendors by name, lines without one first; or weeks in a row, from the run's own on.

    Refuses: NotFound.
    """
    run = session.get(PlanningRun, run_id)
    if run is None:
        raise NotFound(kind="planning run")
    line = PlanLine
    keys: tuple[ColumnElement[Any], ...] = (
        (_week(), cast(None, Date), cast(None, Date))
        if by is By.WEEKS
        else (func.coalesce(col(Vendor.id), 0), func.coalesce(Vendor.code, ""), func.coalesce(Vendor.name, ""))
    )
    grouped = keys[:1] if by is By.WEEKS else keys
    counted: Select[*tuple[Any, ...]] = select(
        keys[0].label("key"),
        keys[1].label("code"),
        keys[2].label("title"),
        func.coalesce(line.currency_code, "").label("currency"),
        func.count().label("lines"),
        func.count().filter(col(line.late_days) > 0).label("late"),
        func.count().filter(is_moved()).label("drifted"),
        func.count().filter(col(line.unit_price).is_(None)).label("unpriced"),
        func.coalesce(func.sum(col(line.quantity_packs) * col(line.unit_price)), 0).label("amount"),
    ).select_from(line)
    statement = (
        joined(counted)
        .where(*conditions(run_id, filters or BoardFilters()))
        .group_by(*grouped, col(line.currency_code))
    )
    rows = session.execute(statement).mappings().all()
    rates = rates_of(session, {row["currency"] for row in rows if row["currency"]})
    if by is By.WEEKS:
        found: dict[date, list[Any]] = {}
        for row in rows:
            found.setdefault(row["key"], []).append(row)
        return [_column(week.isoformat(), "", "", found.get(week, []), rates, today) for week in weeks_of(session, run)]
    vendors: dict[tuple[str, str, int], list[Any]] = {}
    for row in rows:
        vendors.setdefault((row["title"].casefold(), row["code"], row["key"]), []).append(row)
    return [
        _column(str(key), code, vendors[title, code, key][0]["title"], vendors[title, code, key], rates, today)
        for title, code, key in sorted(vendors, key=lambda each: (each[2] != 0, each))
    ]


def _column(key: str, code: str, title: str, rows: Sequence[Any], rates: Rates, today: date) -> BoardColumn:
    totals = tuple(
        Total(row["currency"], row["amount"])
        for row in sorted(rows, key=lambda row: (-row["amount"], row["currency"]))
        if row["currency"] and row["lines"] > row["unpriced"]
    )
    return BoardColumn(
        key=key,
        code=code,
        title=title,
        lines=sum(row["lines"] for row in rows),
        late=sum(row["late"] for row in rows),
        drifted=sum(row["drifted"] for row in rows),
        unpriced=sum(row["unpriced"] for row in rows),
        totals=totals,
        in_all=_in_all(totals, rates, today),
    )


def _in_all(totals: Sequence[Total], rates: Rates, today: date) -> Total | None:
    amount = ZERO
    for each in totals:
        rate = rates.on(each.currency, today)
        if rate is None:
            return None
        amount += each.amount * rate.rate
    return Total(rates.own, amount)


def monday_of(day: date) -> date:
    """The first day of a day's week (ISO 8601)."""
    return day - timedelta(days=day.weekday())


def _week() -> ColumnElement[date]:
    return cast(func.date_trunc("week", col(PlanLine.needed_on)), Date)


def weeks_of(session: Session, run: PlanningRun) -> list[date]:
    """The Mondays that the board of a run has columns for, whatever is filtered: in a row from the run's own week on.

    Two weeks more than there are lines, to move lines to; far weeks only where lines stand.
    """
    known = set(session.execute(select(_week()).where(col(PlanLine.run_id) == run.id, _is_open()).distinct()).scalars())
    first = min(known | {monday_of(run.as_of)})
    last = max(known | {first}) + timedelta(weeks=_WEEKS_AHEAD)
    near = {first + timedelta(weeks=each) for each in range(min(_WEEKS, (last - first).days // 7 + 1))}
    return sorted(near | known)


def _is_open() -> ColumnElement[bool]:
    return col(PlanLine.state) == PlanLineState.OPEN.value


def conditions(run_id: int, filters: BoardFilters) -> list[ColumnElement[bool]]:
    """Open lines of a run that a filter leaves; wants the joins of joined()."""
    line = PlanLine
    found: list[ColumnElement[bool]] = [col(line.run_id) == run_id, _is_open()]
    if filters.vendor:
        found.append(col(Vendor.code) == filters.vendor)
    if filters.group:
        groups = select(col(ItemGroup.id)).where(col(ItemGroup.code) == filters.group)
        found.append(col(Item.group_id).in_(groups))
    if filters.planner:
        found.append(col(Item.planner) == filters.planner)
    if filters.late:
        found.append(col(line.late_days) > 0)
    if filters.drifted:
        found.append(is_moved())
    for word in filters.text.split()[:_WORDS]:
        pattern = f"%{escaped(word)}%"
        texts = (Item.code, Item.name, Vendor.name, VendorItem.vendor_part, Contract.number)
        found.append(or_(*(col(each).ilike(pattern, escape=ESCAPE) for each in texts)))
    return found


def in_column(by: By, column: str) -> ColumnElement[bool]:
    """Lines of one column. Refuses: Unreadable."""
    if by is By.VENDORS:
        if not (column.isascii() and column.isdigit() and len(column) <= 18):
            raise Unreadable(value=column[:60], wanted="a column of the board")
        vendor_id = int(column)
        return col(VendorItem.vendor_id) == vendor_id if vendor_id else col(VendorItem.id).is_(None)
    try:
        monday = date.fromisoformat(column)
        sunday = monday + timedelta(days=6)
    except (ValueError, OverflowError):
        raise Unreadable(value=column[:60], wanted="a column of the board") from None
    return and_(col(PlanLine.needed_on) >= monday, col(PlanLine.needed_on) <= sunday)


def joined(statement: Select[Any]) -> Select[Any]:
    """A select of plan lines with the tables that the board's filters look into."""
    return (
        statement.join(Item, col(Item.id) == col(PlanLine.item_id))
        .join(VendorItem, col(VendorItem.id) == col(PlanLine.vendor_item_id), isouter=True)
        .join(Vendor, col(Vendor.id) == col(VendorItem.vendor_id), isouter=True)
        .join(Contract, col(Contract.id) == col(PlanLine.contract_id), isouter=True)
    )
