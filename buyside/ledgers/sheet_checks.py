"""What must hold between the cells of a row, between the rows of a sheet, and with what refers to them.

Each check looks at a whole batch, reads what it needs at once, and tells of every row that breaks its rule; the row that it
clashes with is named.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlmodel import Session

from buyside.domain.sheet_cells import canonical
from buyside.domain.sheet_changes import CellProblem
from buyside.domain.sheets import Sheet
from buyside.ledgers.sheet_batch import Batch, BatchRow, Check, problem
from buyside.ledgers.sheet_item_checks import (
    items_in_order,
    stock_units_stay,
    supply_fits_structure,
    units_in_use_stay,
)
from buyside.ledgers.sheet_kept import period_parts, rows_like
from buyside.ledgers.sheet_structure import check_behaviours, check_circles, check_options, check_parents
from buyside.ledgers.sheet_term_checks import (
    currencies_are_known,
    events_within_the_whole,
    rates_of_other_currencies,
    stock_not_below_zero,
)
from buyside.ledgers.sheet_vendor_checks import (
    closing_days_of_a_year,
    prices_inside_their_terms,
    quantities_of_the_unit,
    reasons_given,
    shares_within_the_whole,
)

_EVER, _OPEN = "0000", "9999"  # before and after every date, as texts


def validity_in_order(_session: Session, _sheet: Sheet, batch: Batch) -> Iterator[CellProblem]:
    """No row is valid to a day before the one that it is valid from."""
    for row in batch.touched:
        begins, ends = row.after["valid_from"], row.after["valid_to"]
        if begins and ends and ends < begins:
            yield problem(
                row, "valid_to", "sheets.validity-reversed", f"It ends on {ends}, before it begins on {begins}."
            )


@dataclass(frozen=True, slots=True)
class _Span:
    begins: str
    ends: str
    row: BatchRow | None

    def __str__(self) -> str:
        return f"{self.begins if self.begins != _EVER else 'ever'} to {self.ends if self.ends != _OPEN else 'open'}"


def validity_apart(session: Session, sheet: Sheet, batch: Batch) -> Iterator[CellProblem]:
    """Rows alike in the sheet's `period` are not valid on one day (VEN-3, ITM-4); the row that another clashes with is named."""
    parts = period_parts(sheet)
    watched = (*sheet.period, "valid_from", "valid_to")
    moving = [row for row in batch.touched if row.is_new or row.moves(*watched)]
    spans: dict[tuple[str | None, ...], list[_Span]] = {}
    for row in moving:
        alike = tuple(row.stored.get(each.stored) or None for each in parts)
        spans.setdefault(alike, []).append(_span(row.after["valid_from"], row.after["valid_to"], row))
    if not spans:
        return
    moved = {row.key for row in moving if row.key}
    labels, sure = [each.label for each in parts], [each.is_sure for each in parts]
    for kept in rows_like(session, sheet, labels, sure, spans.keys(), ("valid_from", "valid_to")):
        alike = tuple(canonical(kept[each]) or None for each in labels)
        if alike in spans and str(kept["id"]) not in moved:
            spans[alike].append(_span(canonical(kept["valid_from"]), canonical(kept["valid_to"]), None))
    for its_spans in spans.values():
        yield from _overlaps(sheet, its_spans)


def _span(begins: str, ends: str, row: BatchRow | None) -> _Span:
    return _Span(begins or _EVER, ends or _OPEN, row)


def _overlaps(sheet: Sheet, spans: list[_Span]) -> Iterator[CellProblem]:
    latest: _Span | None = None
    for span in sorted(spans, key=lambda each: (each.begins, each.ends)):
        if latest is not None and span.begins <= latest.ends:
            told, other = (span, latest) if span.row is not None else (latest, span)
            if told.row is not None and other.row is not None and told.row.number < other.row.number:
                told, other = other, told
            if told.row is not None:
                which = f"row {other.row.number}" if other.row else f"the {sheet.one} that is there"
                says = f"Its validity overlaps that of {which}, {other}."
                yield problem(told.row, "valid_from", "sheets.overlap", says)
        if latest is None or span.ends > latest.ends:
            latest = span


CHECKS: dict[str, tuple[Check, ...]] = {
    "vendors": (reasons_given,),
    "vendor-closing-days": (closing_days_of_a_year,),
    "vendor-items": (validity_in_order, validity_apart, quantities_of_the_unit, shares_within_the_whole),
    "price-breaks": (validity_in_order, validity_apart, prices_inside_their_terms),
    "items": (items_in_order, stock_units_stay, supply_fits_structure),
    "units": (units_in_use_stay,),
    "payment-term-events": (events_within_the_whole,),
    "currencies": (currencies_are_known,),
    "exchange-rates": (rates_of_other_currencies,),
    "warehouses": (stock_not_below_zero,),
    "bom-rows": (check_parents, validity_in_order, validity_apart, check_circles),
    "option-rules": (check_behaviours, check_options),
}
"""By sheet. A later check looks only at rows that an earlier one did not refuse."""


def check_batch(session: Session, batch: Batch) -> None:
    """Run the checks of the batch's sheet; what they find stands in its rows then."""
    by_number = {row.number: row for row in batch.rows}
    for check in CHECKS.get(batch.sheet.name, ()):
        for found in list(check(session, batch.sheet, batch)):
            by_number[found.row].problems.append(found)
