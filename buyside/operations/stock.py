"""Moving stock by hand: adjustments with their reason, transfers between warehouses (STK-6)."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlmodel import Session

from buyside.db.items import Item
from buyside.db.stock import StockEntry, Warehouse
from buyside.db.structure import Variant
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.items import ItemKind
from buyside.domain.refusals import NotFound, NotPositive, OutOfRange, ReasonMissing, Refused
from buyside.domain.stock import StockReason
from buyside.ledgers import stock
from buyside.ledgers.orders import day_of


class NothingMoved(Refused):
    code, field = "stock.nothing-moved", "quantity"
    says = "Enter by how much the stock changes: above zero for more, below zero for less."


class SameWarehouse(Refused):
    code, field = "stock.same-warehouse", "to_warehouse_id"
    says = "Choose another warehouse: the goods are in {warehouse} already."


class NotStocked(Refused):
    code, field = "stock.not-stocked", "item_id"
    says = "{item} is no inventory item; no stock of it is kept."


class DayToCome(Refused):
    code, field = "stock.day-to-come", "effective_on"
    says = "{day} is still to come. Stock moves today or did so earlier."


@dataclass(frozen=True, slots=True)
class PostedStock:
    """What was posted, and what lies there now (stock units, organisation's currency)."""

    entry_ids: tuple[int, ...]
    on_hand: Decimal
    value: Decimal


@needs(Permission.STOCK_ADJUST)
def adjust_stock(
    session: Session,
    actor: Actor,
    *,
    warehouse_id: int,
    quantity: Decimal,
    reason: str,
    at: datetime,
    item_id: int | None = None,
    variant_id: int | None = None,
    unit_cost: Decimal | None = None,
    effective_on: date | None = None,
) -> PostedStock:
    """Correct the stock on hand of an item or a sold variant by `quantity` stock units, up or (negative) down.

    `unit_cost` values what comes in, in the organisation's currency; None takes the moving average, or the item's standard
    cost where there is no stock yet. What goes out goes at the moving average.
    Refuses: NotFound, NotStocked, ReasonMissing, NothingMoved, OutOfRange, DayToCome, NegativeStock.
    """
    _warehouse(session, warehouse_id, "warehouse_id")
    item = _article(session, item_id, variant_id)
    if not reason.strip():
        raise ReasonMissing
    if quantity == 0:
        raise NothingMoved
    if unit_cost is not None and unit_cost < 0:
        raise OutOfRange(what="The cost of a unit", range="zero or more", field="unit_cost")
    if quantity < 0:
        unit_cost = None
    elif unit_cost is None and item is not None:
        balance = stock.lock_balance(session, warehouse_id=warehouse_id, item_id=item_id)
        if balance is None or balance.on_hand + balance.in_inspection <= 0:
            unit_cost = item.standard_cost
    movement = stock.Movement(
        warehouse_id=warehouse_id,
        quantity=quantity,
        reason=StockReason.ADJUSTMENT,
        effective_on=_day(session, at, effective_on),
        item_id=item_id,
        variant_id=variant_id,
        unit_cost=unit_cost,
        note=reason.strip(),
    )
    return _posted(session, movement, stock.post(session, actor, [movement]))


@needs(Permission.STOCK_ADJUST)
def transfer_stock(
    session: Session,
    actor: Actor,
    *,
    from_warehouse_id: int,
    to_warehouse_id: int,
    quantity: Decimal,
    at: datetime,
    item_id: int | None = None,
    variant_id: int | None = None,
    reason: str = "",
    effective_on: date | None = None,
) -> PostedStock:
    """Move stock on hand from one warehouse to another: both movements or neither, at the value that it left with.

    Answers with what lies in the second warehouse. Refuses: NotFound, NotStocked, SameWarehouse, NotPositive, DayToCome,
    NegativeStock.
    """
    start = _warehouse(session, from_warehouse_id, "from_warehouse_id")
    _warehouse(session, to_warehouse_id, "to_warehouse_id")
    _article(session, item_id, variant_id)
    if from_warehouse_id == to_warehouse_id:
        raise SameWarehouse(warehouse=start.code)
    if quantity <= 0:
        raise NotPositive(field="quantity")
    day = _day(session, at, effective_on)
    for warehouse_id in sorted((from_warehouse_id, to_warehouse_id)):  # the one order in which balances are locked
        stock.lock_balance(session, warehouse_id=warehouse_id, item_id=item_id, variant_id=variant_id)
    out = stock.Movement(
        warehouse_id=from_warehouse_id,
        quantity=-quantity,
        reason=StockReason.TRANSFER_OUT,
        effective_on=day,
        item_id=item_id,
        variant_id=variant_id,
        source_kind="transfer",
        source_id=to_warehouse_id,
        note=reason.strip(),
    )
    [left] = stock.post(session, actor, [out])
    arriving = stock.Movement(
        warehouse_id=to_warehouse_id,
        quantity=quantity,
        reason=StockReason.TRANSFER_IN,
        effective_on=day,
        item_id=item_id,
        variant_id=variant_id,
        value=-left.value,
        source_kind="stock_entry",
        source_id=left.id,
        note=reason.strip(),
    )
    return _posted(session, arriving, [left, *stock.post(session, actor, [arriving])])


def _warehouse(session: Session, warehouse_id: int, field: str) -> Warehouse:
    warehouse = session.get(Warehouse, warehouse_id)
    if warehouse is None:
        raise NotFound(kind="warehouse", field=field)
    return warehouse


def _article(session: Session, item_id: int | None, variant_id: int | None) -> Item | None:
    """The item of a movement, or None where it is about a sold variant."""
    if (item_id is None) == (variant_id is None):
        raise NotFound(kind="item or variant", field="item_id")
    if item_id is None:
        if session.get(Variant, variant_id) is None:
            raise NotFound(kind="variant", field="variant_id")
        return None
    item = session.get(Item, item_id)
    if item is None:
        raise NotFound(kind="item", field="item_id")
    if item.kind != ItemKind.INVENTORY:
        raise NotStocked(item=item.code)
    return item


def _day(session: Session, at: datetime, effective_on: date | None) -> date:
    today = day_of(session, at)
    if effective_on is not None and effective_on > today:
        raise DayToCome(day=effective_on)
    return effective_on or today


def _posted(session: Session, movement: stock.Movement, entries: list[StockEntry]) -> PostedStock:
    balance = stock.lock_balance(
        session, warehouse_id=movement.warehouse_id, item_id=movement.item_id, variant_id=movement.variant_id
    )
    assert balance is not None  # something was just posted there
    return PostedStock(
        entry_ids=tuple(each.id for each in entries),
        on_hand=balance.on_hand,
        value=balance.value,
    )
