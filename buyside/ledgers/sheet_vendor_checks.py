"""Rules of vendors and of what they offer, for batches of their sheets (VEN-2, VEN-3, VEN-6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import func, select
from sqlmodel import Session, col

from buyside.db.items import Unit, VendorItem
from buyside.db.vendors import Vendor
from buyside.domain.sheet_cells import canonical, plain_number
from buyside.domain.sheet_changes import CellProblem
from buyside.domain.sheets import Sheet
from buyside.ledgers.sheet_batch import Batch, BatchRow, problem
from buyside.ledgers.sheet_filling import REASONED
from buyside.ledgers.sheet_kept import chunks

_WHOLE = Decimal(100)
_EVER, _OPEN = date.min, date.max


def reasons_given(_session: Session, _sheet: Sheet, batch: Batch) -> Iterator[CellProblem]:
    """Nobody is on hold or inactive without a reason (VEN-2)."""
    for row in batch.touched:
        if row.after["status"] in REASONED and not row.after["status_reason"]:
            status = "on hold" if row.after["status"] == "on_hold" else "inactive"
            yield problem(row, "status_reason", "general.reason-missing", f"Say why the vendor is {status}.")


def closing_days_of_a_year(_session: Session, _sheet: Sheet, batch: Batch) -> Iterator[CellProblem]:
    """Both days stand in a calendar; the 29th of February is one, in leap years (VEN-6)."""
    for row in batch.touched:
        for column in ("from_day", "to_day"):
            month, _, day = row.after[column].partition("-")
            try:
                date(2024, int(month), int(day))
            except ValueError:
                says = f"No year has a day {row.after[column]}."
                yield problem(row, column, "general.unreadable", says)


def quantities_of_the_unit(session: Session, _sheet: Sheet, batch: Batch) -> Iterator[CellProblem]:
    """Minimum and multiple can be ordered: they have no more decimals than the purchase unit (ITM-7)."""
    watched = ("purchase_unit", "minimum_quantity", "order_multiple")
    moving = [row for row in batch.touched if row.is_new or row.moves(*watched)]
    if not moving:
        return
    digits = {each.code: each.digits for each in session.scalars(select(Unit))}
    for row in moving:
        unit = row.after["purchase_unit"]
        for column in ("minimum_quantity", "order_multiple"):
            if row.after[column] and _decimals(row.after[column]) > digits[unit]:
                most = f"in {digits[unit]} decimals" if digits[unit] else "whole"
                says = f"{row.after[column]} cannot be ordered: {unit} are ordered {most}."
                yield problem(row, column, "vendor-items.beyond-unit", says)


def _decimals(text: str) -> int:
    return len(text.partition(".")[2])


class _Share(NamedTuple):
    begins: date
    ends: date
    percent: Decimal
    vendor: str
    row: BatchRow | None


def shares_within_the_whole(session: Session, _sheet: Sheet, batch: Batch) -> Iterator[CellProblem]:
    """The shares of an item's vendors are at most the whole of it on every day; inactive rows have none (VEN-3)."""
    watched = ("share_percent", "valid_from", "valid_to", "is_active")
    moving = [row for row in batch.touched if (row.is_new or row.moves(*watched)) and row.after["share_percent"]]
    moving = [row for row in moving if row.after["is_active"] == "true"]
    if not moving:
        return
    shares: dict[str, list[_Share]] = {}
    for row in batch.rows:  # also those that keep their share: they are as they will be
        if row.after and not row.problems and row.after["share_percent"] and row.after["is_active"] == "true":
            begins, ends = row.after["valid_from"], row.after["valid_to"]
            share = _Share(
                date.fromisoformat(begins) if begins else _EVER,
                date.fromisoformat(ends) if ends else _OPEN,
                Decimal(row.after["share_percent"]),
                row.after["vendor"],
                row,
            )
            shares.setdefault(row.stored["item_id"] or "", []).append(share)
    mine = batch.keys
    for piece in chunks(sorted({int(row.stored["item_id"] or 0) for row in moving})):
        kept = (
            select(VendorItem, col(Vendor.code))
            .join(Vendor, col(Vendor.id) == col(VendorItem.vendor_id))
            .where(col(VendorItem.item_id) == func.any(list(piece)))
            .where(col(VendorItem.is_active), col(VendorItem.share_percent).is_not(None))
        )
        for row, vendor in session.execute(kept):
            if str(row.id) not in mine:
                share = _Share(row.valid_from or _EVER, row.valid_to or _OPEN, row.share_percent, vendor, None)
                shares.setdefault(str(row.item_id), []).append(share)
    later = {row.number for row in moving}
    for row in moving:
        later.discard(row.number)
        yield from _beyond_the_whole(row, shares[row.stored["item_id"] or ""], later)


def _beyond_the_whole(row: BatchRow, shares: list[_Share], later: set[int]) -> Iterator[CellProblem]:
    own = next(each for each in shares if each.row is row)
    meeting = [each for each in shares if each.begins <= own.ends and own.begins <= each.ends]
    for day in sorted({max(each.begins, own.begins) for each in meeting}):
        there = [each for each in meeting if each.begins <= day <= each.ends]
        total = sum((each.percent for each in there), Decimal(0))
        # Of rows that exceed the whole together the last one is told, as the others hold without it.
        is_last = all(each.row is None or each.row.number not in later for each in there)
        if total > _WHOLE and is_last:
            others = ", ".join(f"{each.vendor} {plain_number(each.percent)} %" for each in there if each.row is not row)
            when = f" on {day}" if day > _EVER + timedelta(days=1) else ""
            says = f"The shares add up to {plain_number(total)} %{when}: {others} beside this one."
            yield problem(row, "share_percent", "vendor-items.shares-above-whole", says)
            return


def prices_inside_their_terms(session: Session, _sheet: Sheet, batch: Batch) -> Iterator[CellProblem]:
    """A price begins on a day on which its vendor item is valid (VEN-3)."""
    moving = [row for row in batch.touched if row.after["valid_from"] and (row.is_new or row.moves("valid_from"))]
    spans: dict[str, tuple[str, str]] = {}
    for piece in chunks(sorted({int(row.stored["vendor_item_id"] or 0) for row in moving})):
        chosen = select(col(VendorItem.id), col(VendorItem.valid_from), col(VendorItem.valid_to))
        for key, begins, ends in session.execute(chosen.where(col(VendorItem.id) == func.any(list(piece)))):
            spans[str(key)] = (canonical(begins), canonical(ends))
    for row in moving:
        begins, ends = spans[row.stored["vendor_item_id"] or ""]
        first = row.after["valid_from"]
        if (begins and first < begins) or (ends and first > ends):
            says = f"Its vendor item is valid from {begins or 'ever'} to {ends or 'open'}, and not on {first}."
            yield problem(row, "valid_from", "price-breaks.outside-terms", says)
