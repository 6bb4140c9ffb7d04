"""What some sheets say in a way of their own: columns that stand for others in the table, and cells that fill themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from babel.numbers import get_currency_name, get_currency_precision, is_currency
from sqlalchemy import func, select
from sqlmodel import Session, col

from buyside.db.items import Item, Unit, VendorItem
from buyside.domain.sheet_cells import canonical, plain_number
from buyside.domain.structure_sheets import ParentKind
from buyside.domain.vendors import VendorStatus
from buyside.ledgers.sheet_batch import Batch, BatchRow, problem
from buyside.ledgers.sheet_references import References

SPECIAL: dict[str, frozenset[str]] = {
    "price-breaks": frozenset({"vendor", "item", "mapping_from"}),
    "bom-rows": frozenset({"parent_kind", "parent"}),
    "option-rules": frozenset({"when"}),
    "options": frozenset({"group", "value"}),
}
"""Columns of a sheet that are no column of its table."""

REASONED = frozenset({VendorStatus.ON_HOLD.value, VendorStatus.INACTIVE.value})
"""Statuses of a vendor that are not without a reason (VEN-2)."""

_FACTOR_STEP = Decimal("0.000001")
_IDS = 20_000


def _place_prices(session: Session, rows: Sequence[BatchRow], references: References) -> None:
    """The vendor item that each price belongs to: the one named by `mapping_from`, else the one valid on its first day."""
    wanted: dict[tuple[int, int], list[BatchRow]] = {}
    for row in rows:
        ids = []
        for column, sheet in (("vendor", "vendors"), ("item", "items")):
            code = row.after.get(column, "")
            found = references.find(sheet, code)
            if code and found is None:
                row.problems.append(problem(row, column, "sheets.unknown-reference", references.unknown(sheet, code)))
            ids.append(int(found or 0))
        if all(ids):
            wanted.setdefault((ids[0], ids[1]), []).append(row)
    offered = _offers(session, {vendor for vendor, _ in wanted}, {item for _, item in wanted})
    for pair, its_rows in wanted.items():
        for row in its_rows:
            _place_price(row, offered.get(pair, []))


@dataclass(frozen=True, slots=True)
class _Offer:
    id: int
    begins: date | None
    ends: date | None

    def holds_on(self, day: date) -> bool:
        return (self.begins or date.min) <= day <= (self.ends or date.max)

    def __str__(self) -> str:
        return f"{self.begins or 'ever'} to {self.ends or 'open'}"


def _offers(session: Session, vendors: set[int], items: set[int]) -> dict[tuple[int, int], list[_Offer]]:
    found: dict[tuple[int, int], list[_Offer]] = {}
    listed = sorted(items)
    for start in range(0, len(listed), _IDS):
        chosen = select(
            col(VendorItem.vendor_id),
            col(VendorItem.item_id),
            col(VendorItem.id),
            col(VendorItem.valid_from),
            col(VendorItem.valid_to),
        ).where(
            col(VendorItem.vendor_id) == func.any(sorted(vendors)),
            col(VendorItem.item_id) == func.any(listed[start : start + _IDS]),
        )
        for vendor, item, key, begins, ends in session.execute(chosen):
            found.setdefault((vendor, item), []).append(_Offer(key, begins, ends))
    return found


def _place_price(row: BatchRow, offers: list[_Offer]) -> None:
    vendor, item = row.after["vendor"], row.after["item"]
    told = sorted(offers, key=lambda each: each.begins or date.min)
    if not told:
        says = f"{vendor} does not sell {item}: there is no such vendor item."
        row.problems.append(problem(row, "item", "price-breaks.no-vendor-item", says))
        return
    named, first = row.given.get("mapping_from", ""), row.after.get("valid_from", "")
    if any(each.column in ("mapping_from", "valid_from") for each in row.problems):
        return
    if named:
        fitting = [each for each in told if canonical(each.begins) == named]
    elif len(told) == 1 and not first:
        fitting = told
    else:
        day = date.fromisoformat(first) if first else None
        fitting = [each for each in told if (each.holds_on(day) if day else each.begins is None)]
    if fitting:
        row.stored["vendor_item_id"] = str(fitting[0].id)
        row.given["mapping_from"] = row.after["mapping_from"] = canonical(fitting[0].begins)
        return
    terms = "; ".join(str(each) for each in told)
    if named:
        says = f"{vendor} has no terms for {item} from {named} on. Those it has: {terms}."
        row.problems.append(problem(row, "mapping_from", "price-breaks.no-vendor-item", says))
    elif first:
        says = f"{vendor} does not sell {item} on {first}. Its vendor items are valid: {terms}."
        row.problems.append(problem(row, "valid_from", "price-breaks.no-vendor-item", says))
    else:
        says = f"{vendor} sells {item} on several terms ({terms}): say from when the price is valid."
        row.problems.append(problem(row, "valid_from", "price-breaks.which-vendor-item", says))


_PARENTS = {
    ParentKind.VARIANT.value: ("variants", "variant_id"),
    ParentKind.PRODUCT.value: ("products", "product_id"),
    ParentKind.ITEM.value: ("items", "item_id"),
}


def _place_bom_rows(_session: Session, rows: Sequence[BatchRow], references: References) -> None:
    """The one of three columns that a parent stands in."""
    for kind, (sheet, _) in _PARENTS.items():
        references.load(sheet, {row.after["parent"] for row in rows if row.after["parent_kind"] == kind})
    for row in rows:
        row.stored |= {column: None for _, column in _PARENTS.values()}
        if row.after["parent_kind"] in _PARENTS and row.after["parent"]:
            sheet, column = _PARENTS[row.after["parent_kind"]]
            row.stored[column] = references.find(sheet, row.after["parent"])
            if row.stored[column] is None:
                says = references.unknown(sheet, row.after["parent"])
                row.problems.append(problem(row, "parent", "sheets.unknown-reference", says))


def _place_options(_session: Session, rows: Sequence[BatchRow], _references: References) -> None:
    for row in rows:
        row.stored |= {name: row.after[name] for name in ("group", "value")}
        for name, signs in (("group", "=;"), ("value", ";")):
            if any(sign in row.after[name] for sign in signs):
                says = f"It holds “{'” or “'.join(signs)}”, which separates options in lists."
                row.problems.append(problem(row, name, "general.unreadable", says))


PLACED: dict[str, Callable[[Session, Sequence[BatchRow], References], None]] = {
    "price-breaks": _place_prices,
    "bom-rows": _place_bom_rows,
    "options": _place_options,
}
"""By sheet, what turns special columns of rows that are not there yet into those of the table."""


def _fill_vendor_items(session: Session, batch: Batch, _references: References) -> None:
    """An empty purchase unit is the item's stock unit; an empty factor, or that of another unit than before, follows from the
    units' own factors, if it can exactly (ITM-7).
    """
    rows = [
        row
        for row in batch.rows
        if row.after
        and row.stored.get("item_id")
        and not {each.column for each in row.problems} & {"", "item", "purchase_unit", "unit_factor"}
        and not (row.before and not row.moves("purchase_unit", "unit_factor"))
    ]
    if not rows:
        return
    units = {each.id: each for each in session.scalars(select(Unit))}
    stock_units = _stock_units(session, {int(row.stored["item_id"] or 0) for row in rows})
    for row in rows:
        stock = units[stock_units[int(row.stored["item_id"] or 0)]]
        if not row.after.get("purchase_unit"):
            row.after["purchase_unit"], row.stored["purchase_unit_id"] = stock.code, str(stock.id)
        follows = row.moves("purchase_unit") and "unit_factor" not in row.given
        if follows or not row.after.get("unit_factor"):
            _fill_factor(row, units[int(row.stored["purchase_unit_id"] or 0)], stock)


def _stock_units(session: Session, items: set[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    listed = sorted(items)
    for start in range(0, len(listed), _IDS):
        chosen = select(col(Item.id), col(Item.unit_id)).where(col(Item.id) == func.any(listed[start : start + _IDS]))
        found.update((key, unit) for key, unit in session.execute(chosen))
    return found


def _fill_factor(row: BatchRow, purchase: Unit, stock: Unit) -> None:
    if purchase.id == stock.id:
        factor = Decimal(1)
    elif purchase.category != stock.category:
        says = (
            f"Say how many {stock.code} one {purchase.code} holds: the units are of two categories "
            f"({stock.category}, {purchase.category}), so it does not follow from them."
        )
        row.problems.append(problem(row, "unit_factor", "vendor-items.factor-missing", says))
        return
    else:
        factor = (purchase.factor / stock.factor).quantize(_FACTOR_STEP)
        if factor * stock.factor != purchase.factor:
            says = (
                f"One {purchase.code} is not an exact number of {stock.code} in six decimals "
                f"({plain_number(purchase.factor)} ÷ {plain_number(stock.factor)}). Say what it is to be."
            )
            row.problems.append(problem(row, "unit_factor", "vendor-items.factor-missing", says))
            return
    row.after["unit_factor"] = row.stored["unit_factor"] = plain_number(factor)


def _fill_vendors(_session: Session, batch: Batch, _references: References) -> None:
    """Who is no longer on hold or inactive keeps no reason of it, unless another is given in the same breath."""
    for row in batch.rows:
        left = row.before.get("status") in REASONED and row.after.get("status") not in REASONED
        if left and "status_reason" not in row.given:
            row.after["status_reason"] = row.stored["status_reason"] = ""


def _fill_currencies(_session: Session, batch: Batch, _references: References) -> None:
    """A currency is called as in English and rounded as its own, unless somebody says otherwise."""
    for row in batch.rows:
        code = row.after.get("code", "")
        if not is_currency(code):
            continue
        if not row.after.get("digits"):
            row.after["digits"] = row.stored["digits"] = str(min(get_currency_precision(code), 4))
        if not row.after.get("name"):
            row.after["name"] = row.stored["name"] = get_currency_name(code, locale="en")


FILLED: dict[str, Callable[[Session, Batch, References], None]] = {
    "vendor-items": _fill_vendor_items,
    "vendors": _fill_vendors,
    "currencies": _fill_currencies,
}
"""By sheet, what fills cells that somebody left empty."""
