"""What production reports to the warehouse: components used, goods finished, goods shipped (STK-6)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from sqlmodel import Session

from buyside.db.stock import Warehouse
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.money import ZERO
from buyside.domain.refusals import NotFound, NotPositive, Refused
from buyside.domain.stock import StockReason
from buyside.ledgers import stock
from buyside.ledgers.orders import day_of

_SOURCE = "production"


class DayToCome(Refused):
    code, field = "production.day-to-come", "effective_on"
    says = "{day} is still to come. Report what was made, on the day it was made."


@dataclass(frozen=True, slots=True)
class Used:
    """Stock units of one item that went into production."""

    item_id: int
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Finished:
    """Sold units of one variant that were finished, what one cost, and how many of them left for customers the same day."""

    variant_id: int
    quantity: Decimal
    unit_cost: Decimal
    shipped: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class PostedProduction:
    """How many movements were posted."""

    movements: int


@needs(Permission.STOCK_ADJUST)
def post_production(
    session: Session,
    actor: Actor,
    *,
    warehouse_id: int,
    effective_on: date,
    at: datetime,
    used: Sequence[Used],
    finished: Sequence[Finished] = (),
) -> PostedProduction:
    """Post a period of production in one step: issues at the moving average, finished goods at their cost, shipments.

    Refuses: NotFound, DayToCome, NotPositive, NegativeStock.
    """
    if session.get(Warehouse, warehouse_id) is None:
        raise NotFound(kind="warehouse", field="warehouse_id")
    if effective_on > day_of(session, at):
        raise DayToCome(day=effective_on)
    if any(each.quantity <= 0 for each in used) or any(each.quantity <= 0 for each in finished):
        raise NotPositive(field="quantity")
    here = stock.Movement(warehouse_id, ZERO, StockReason.ISSUE, effective_on, source_kind=_SOURCE)
    movements = [replace(here, quantity=-each.quantity, item_id=each.item_id) for each in used]
    for each in finished:
        goods = replace(here, variant_id=each.variant_id)
        movements.append(replace(goods, quantity=each.quantity, reason=StockReason.MAKE, unit_cost=each.unit_cost))
        if each.shipped:
            movements.append(replace(goods, quantity=-each.shipped, reason=StockReason.FULFILMENT))
    return PostedProduction(len(stock.post(session, actor, movements)))
