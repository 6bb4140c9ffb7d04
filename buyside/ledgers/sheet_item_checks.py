"""Rules of items and units, for batches of their sheets (ITM-1, ITM-4, ITM-7)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from decimal import Decimal

from sqlmodel import Session

from buyside.domain.items import LotPolicy, SupplyMode
from buyside.domain.sheet_changes import CellProblem
from buyside.domain.sheets import Sheet
from buyside.ledgers.sheet_batch import Batch, problem
from buyside.ledgers.sheet_use import Use, told, uses

_MEASURED_BY_STOCK_UNIT = frozenset(
    {
        *("stock_entry.item_id", "purchase_order_line.item_id", "plan_line.item_id", "planning_requirement.item_id"),
        *("bom_row.component_id", "bom_row.item_id", "option_rule.component_id", "option_rule.replacement_id"),
        *("vendor_item.item_id", "contract_item.item_id"),
    }
)
"""References to an item beside which quantities in its stock unit stand."""


def items_in_order(_session: Session, _sheet: Sheet, batch: Batch) -> Iterator[CellProblem]:
    """An order-up-to level is not below the reorder point, and periods have days (ITM-1)."""
    for row in batch.touched:
        point, level = row.after["reorder_point"], row.after["order_up_to"]
        if point and level and Decimal(level) < Decimal(point):
            says = f"It is below the reorder point of {point}."
            yield problem(row, "order_up_to", "items.level-below-point", says)
        if row.after["lot_policy"] == LotPolicy.PERIOD.value and not row.after["period_days"]:
            says = "Say how many days one order is to cover: the lot policy is “period”."
            yield problem(row, "period_days", "items.period-missing", says)


def stock_units_stay(session: Session, _sheet: Sheet, batch: Batch) -> Iterator[CellProblem]:
    """The stock unit of an item is not changed while quantities in it exist (ITM-7)."""
    moving = [row for row in batch.touched if row.moves("unit")]
    found = _found(session, "item", {row.key for row in moving}, only=_MEASURED_BY_STOCK_UNIT)
    for row in moving:
        if row.key in found:
            says = f"The stock unit cannot change any more: {told(found[row.key])} count in {row.before['unit']}."
            yield problem(row, "unit", "items.unit-in-use", says)


def supply_fits_structure(session: Session, _sheet: Sheet, batch: Batch) -> Iterator[CellProblem]:
    """What is bought has no bill of material: only items that are made or phantom are parents (ITM-4)."""
    moving = [row for row in batch.touched if row.moves("supply") and row.after["supply"] == SupplyMode.BUY.value]
    found = _found(session, "item", {row.key for row in moving}, only={"bom_row.item_id"})
    for row in moving:
        if row.key in found:
            says = f"It is made of components: {told(found[row.key])}. Remove them first, or leave it {row.before['supply']}."
            yield problem(row, "supply", "items.bought-with-components", says)


def units_in_use_stay(session: Session, _sheet: Sheet, batch: Batch) -> Iterator[CellProblem]:
    """A unit that something is counted in keeps category and factor, and loses no decimals (ITM-7)."""
    moving = [row for row in batch.touched if row.moves("category", "factor", "digits")]
    found = _found(session, "unit", {row.key for row in moving})
    for row in moving:
        if row.key not in found:
            continue
        for column in ("category", "factor"):
            if row.moves(column):
                says = f"It cannot change any more: {told(found[row.key])} use this unit. Make another unit."
                yield problem(row, column, "units.in-use", says)
        if int(row.after["digits"]) < int(row.before["digits"]):
            says = f"It cannot have fewer decimals any more: {told(found[row.key])} use this unit."
            yield problem(row, "digits", "units.in-use", says)


def _found(
    session: Session, table: str, keys: Collection[str], only: Collection[str] | None = None
) -> dict[str, tuple[Use, ...]]:
    return uses(session, table, keys, only=only) if keys else {}
