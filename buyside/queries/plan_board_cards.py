"""The cards of the planning board: pages of a column, one card, and where a card stands (PLAN-11)."""

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, func, select, tuple_
from sqlmodel import Session, col

from buyside.db.items import Item, Unit
from buyside.db.plans import PlanLine
from buyside.db.stock import Warehouse
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.refusals import NotFound, Unreadable
from buyside.queries.answers import each_as
from buyside.queries.plan_board import BoardFilters, By, conditions, in_column, joined, monday_of
from buyside.queries.plan_line_columns import line_columns

PAGE_LIMIT = 200


@dataclass(frozen=True, slots=True)
class BoardCard:
    """One open plan line. Quantity in the purchase unit, value without tax."""

    line_id: int
    version: int
    run_id: int
    item_id: int
    warehouse_id: int
    vendor_item_id: int | None
    vendor_id: int
    item: str
    name: str
    warehouse: str
    vendor: str
    quantity: Decimal
    unit: str
    stock_unit: str
    unit_price: Decimal | None
    currency: str
    needed_on: date
    suggested_on: date
    order_by: date
    late_days: int
    arrives_on: date | None
    is_locked: bool
    is_part: bool
    """It was split off another line, or others were split off it."""
    is_changed: bool
    drift: str
    contract_id: int | None
    contract: str

    @property
    def value(self) -> Decimal | None:
        """Quantity times price; None without a price."""
        return None if self.unit_price is None else self.quantity * self.unit_price


@dataclass(frozen=True, slots=True)
class BoardPage:
    """Some cards of a column, how many it has in all, and where the next page goes on; empty at the end of the column."""

    cards: tuple[BoardCard, ...]
    total: int
    after: str = ""


@needs(Permission.PLAN_VIEW)
def board_cards(
    session: Session,
    actor: Actor,
    *,
    run_id: int,
    by: By,
    column: str,
    filters: BoardFilters | None = None,
    start: int = 0,
    after: str = "",
    limit: int = 50,
) -> BoardPage:
    """Some cards of one column, by order-by date, item and line: those behind the card where a page ended, as that page said
    (`after`), whatever came and went before it; without it they are counted from `start`. Refuses: Unreadable.
    """
    if start < 0 or not 0 < limit <= PAGE_LIMIT:
        raise Unreadable(value=f"{start}+{limit}", wanted="a page of cards")
    where = (*conditions(run_id, filters or BoardFilters()), in_column(by, column))
    wanted = _cards().where(*where).order_by(*_order()).limit(limit)
    wanted = wanted.where(tuple_(*_order()) > tuple_(*_read(after))) if after else wanted.offset(start)
    cards = each_as(session, BoardCard, wanted)
    if not after and len(cards) < limit and (cards or not start):
        total = start + len(cards)
    else:
        total = session.execute(joined(select(func.count()).select_from(PlanLine)).where(*where)).scalar_one()
    return BoardPage(tuple(cards), total, _written(cards[-1]) if len(cards) == limit else "")


def _written(card: BoardCard) -> str:
    return json.dumps([card.order_by.isoformat(), card.item, card.line_id], ensure_ascii=False)


def _read(after: str) -> tuple[date, str, int]:
    """The place of a card in the order. Refuses: Unreadable."""
    try:
        order_by, item, line_id = json.loads(after)
        if type(line_id) is not int or not isinstance(item, str) or "\0" in item or abs(line_id) >= 1 << 63:
            raise TypeError
        return date.fromisoformat(order_by), item, line_id
    except (ValueError, TypeError, RecursionError):
        raise Unreadable(value=after[:60], wanted="a place in a column") from None


@needs(Permission.PLAN_VIEW)
def board_card(session: Session, actor: Actor, *, line_id: int) -> BoardCard | None:
    """The card of one line as it is now, whatever its state; None if there is no such line."""
    found = each_as(session, BoardCard, _cards().where(col(PlanLine.id) == line_id))
    return found[0] if found else None


@needs(Permission.PLAN_VIEW)
def board_place(
    session: Session, actor: Actor, *, line_id: int, by: By, filters: BoardFilters | None = None
) -> tuple[str, int | None]:
    """In which column of the board a line stands, and behind how many cards; None if the filters leave it out.

    Refuses: NotFound.
    """
    card = board_card(session, actor, line_id=line_id)
    if card is None:
        raise NotFound(kind="plan line")
    column = monday_of(card.needed_on).isoformat() if by is By.WEEKS else str(card.vendor_id)
    where = (*conditions(card.run_id, filters or BoardFilters()), in_column(by, column))
    is_shown = session.execute(
        joined(select(func.count()).select_from(PlanLine)).where(*where, col(PlanLine.id) == line_id)
    ).scalar_one()
    before = tuple_(*_order()) < tuple_(card.order_by, card.item, card.line_id)
    ahead = session.execute(joined(select(func.count()).select_from(PlanLine)).where(*where, before)).scalar_one()
    return column, ahead if is_shown else None


def _order() -> tuple[Any, ...]:
    return col(PlanLine.order_by), col(Item.code), col(PlanLine.id)


def _cards() -> Select[Any]:
    line = PlanLine
    statement: Select[*tuple[Any, ...]] = select(
        *line_columns(),
        col(line.id).label("line_id"),
        col(line.quantity_packs).label("quantity"),
        col(line.suggested_needed_on).label("suggested_on"),
    ).select_from(line)
    known = joined(statement).join(Warehouse, col(Warehouse.id) == col(line.warehouse_id))
    return known.join(Unit, col(Unit.id) == col(line.unit_id))
