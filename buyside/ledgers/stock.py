"""The warehouse ledger: movements are posted here and nowhere else; the database folds them into balances (STK-5)."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from sqlalchemy import BigInteger, any_, cast, func, or_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session, col, select

from buyside.db.stock import StockBalance, StockEntry, Warehouse
from buyside.domain.access import Actor
from buyside.domain.money import ZERO, rounded
from buyside.domain.refusals import Refused
from buyside.domain.stock import StockPlace, StockReason

_COST_DIGITS = 6


class NegativeStock(Refused):
    code = "stock.negative"
    says = "Only {left} are left there; {asked} were to be taken."


@dataclass(frozen=True, slots=True)
class Movement:
    """One line to post: stock units, in or (negative) out, of one item or one sold variant.

    `unit_cost` is what a unit came in for, in the organisation's currency; None takes the moving average.
    `value` overrides it where a reversal must give back exactly what was posted.
    """

    warehouse_id: int
    quantity: Decimal
    reason: StockReason
    effective_on: date
    item_id: int | None = None
    variant_id: int | None = None
    place: StockPlace = StockPlace.ON_HAND
    unit_cost: Decimal | None = None
    value: Decimal | None = None
    source_kind: str = ""
    source_id: int | None = None
    reverses_id: int | None = None
    note: str = ""

    @property
    def key(self) -> tuple[int, int, int]:
        """Warehouse and article, in the one order in which balances are locked."""
        return (self.warehouse_id, self.item_id or 0, self.variant_id or 0)


def lock_balance(
    session: Session, *, warehouse_id: int, item_id: int | None = None, variant_id: int | None = None
) -> StockBalance | None:
    """The balance of one article in one warehouse, locked until the transaction ends; None where nothing was posted."""
    return session.exec(
        select(StockBalance)
        .where(
            StockBalance.warehouse_id == warehouse_id,
            col(StockBalance.item_id).is_not_distinct_from(item_id),
            col(StockBalance.variant_id).is_not_distinct_from(variant_id),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def post(session: Session, actor: Actor, movements: Sequence[Movement]) -> list[StockEntry]:
    """Post movements in one statement, balances locked in one order.

    Movements out are valued at the moving average: the balance's value over its quantity, and all of the value when
    all of the quantity goes. Refuses: NegativeStock.
    """
    now = datetime.now(UTC)
    entries: list[StockEntry] = []
    left = _standing(session, {movement.key for movement in movements})
    for movement in sorted(movements, key=lambda each: each.key):
        quantity, value, places, may_be_negative = left[movement.key]
        unit_cost, moved = _valued(movement, quantity, value)
        place_left = places[movement.place.value]
        if place_left + movement.quantity < 0 and movement.quantity < 0 and not may_be_negative:
            raise NegativeStock(left=place_left, asked=-movement.quantity)
        places[movement.place.value] = place_left + movement.quantity
        left[movement.key] = (quantity + movement.quantity, value + moved, places, may_be_negative)
        entries.append(
            StockEntry(
                warehouse_id=movement.warehouse_id,
                item_id=movement.item_id,
                variant_id=movement.variant_id,
                place=movement.place.value,
                quantity=movement.quantity,
                unit_cost=unit_cost,
                value=moved,
                reason=movement.reason.value,
                note=movement.note,
                source_kind=movement.source_kind,
                source_id=movement.source_id,
                reverses_id=movement.reverses_id,
                user_id=actor.user_id,
                effective_on=movement.effective_on,
                recorded_at=now,
            )
        )
    session.add_all(entries)
    session.flush()
    return entries


_IDS = ARRAY(BigInteger)  # one array, so that the statement is the same however many articles move
_Key = tuple[int, int, int]
_Left = tuple[Decimal, Decimal, dict[str, Decimal], bool]


def _standing(session: Session, keys: Set[_Key]) -> dict[_Key, _Left]:
    """Quantity, value, quantity by place and whether it may be negative, of each article; locked in the order of keys."""
    if not keys:
        return {}
    item_id, variant_id = func.coalesce(col(StockBalance.item_id), 0), func.coalesce(col(StockBalance.variant_id), 0)
    warehouses = sorted({warehouse_id for warehouse_id, _, _ in keys})
    left: dict[_Key, _Left] = {}
    for warehouse_id in warehouses:
        items = [item for place, item, _ in keys if place == warehouse_id and item]
        variants = [variant for place, _, variant in keys if place == warehouse_id and variant]
        balances = session.exec(
            select(StockBalance)
            .where(
                StockBalance.warehouse_id == warehouse_id,
                or_(
                    col(StockBalance.item_id) == any_(cast(items, _IDS)),
                    col(StockBalance.variant_id) == any_(cast(variants, _IDS)),
                ),
            )
            .order_by(item_id, variant_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        for each in balances:
            places = {StockPlace.ON_HAND.value: each.on_hand, StockPlace.INSPECTION.value: each.in_inspection}
            key = (warehouse_id, each.item_id or 0, each.variant_id or 0)
            left[key] = (each.on_hand + each.in_inspection, each.value, places, each.allows_negative)
    for key in keys - left.keys():
        warehouse = session.get_one(Warehouse, key[0])
        left[key] = (ZERO, ZERO, {place.value: ZERO for place in StockPlace}, warehouse.allows_negative)
    return left


def _valued(movement: Movement, quantity: Decimal, value: Decimal) -> tuple[Decimal, Decimal]:
    """The unit cost and the value of a movement, given what the balance holds before it."""
    if movement.value is not None:
        return rounded(movement.value / movement.quantity, _COST_DIGITS), movement.value
    if movement.unit_cost is not None:
        return movement.unit_cost, rounded(movement.quantity * movement.unit_cost, _COST_DIGITS)
    average = rounded(value / quantity, _COST_DIGITS) if quantity > 0 else ZERO
    if movement.quantity == -quantity:
        return average, -value
    return average, rounded(movement.quantity * average, _COST_DIGITS)
