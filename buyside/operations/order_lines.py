"""Writing the lines of draft orders: what is ordered, how much, at which price (PO-1, PO-4)."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TypedDict

from sqlmodel import Session, col, select

from buyside.db.items import Item, Unit
from buyside.db.orders import PurchaseOrder, PurchaseOrderLine, PurchaseOrderPeg
from buyside.db.plans import PlanLine
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.money import ZERO, rounded_up
from buyside.domain.orders import receivable
from buyside.domain.plans import PLAN_LINE, PlanLineState
from buyside.domain.refusals import NotFound, NotPositive, OutOfRange, Refused
from buyside.ledgers.action_messages import forget_line
from buyside.ledgers.orders import (
    DraftLine,
    SavedOrder,
    add_lines,
    day_of,
    follows_its_lines,
    release_pegs,
    saved,
    tolerances_of,
)
from buyside.queries.offers import Offer, offer_of
from buyside.queries.order_locks import lock_draft, lock_lines


class NoPrice(Refused):
    code, field = "orders.no-price", "unit_price"
    says = "No price of {item} is known for {quantity} {unit} in {currency}. Enter one."


class TooFine(Refused):
    code, field = "orders.too-fine", "quantity"
    says = "{unit} is ordered with {digits} decimals at most; the next quantity above is {next}."


class ItemNotActive(Refused):
    code, field = "orders.item-not-active", "item_id"
    says = "{item} is no longer bought."


class LineChanges(TypedDict, total=False):
    """What a save changes on one line of a draft. A name that is absent stays."""

    item_id: int
    quantity: Decimal
    unit_price: Decimal
    discount_percent: Decimal
    discount_amount: Decimal
    tax_percent: Decimal
    vendor_part: str
    description: str
    needed_on: date | None
    expected_on: date | None


@needs(Permission.ORDER_EDIT)
def add_line(
    session: Session,
    actor: Actor,
    *,
    order_id: int,
    version: int,
    item_id: int,
    quantity: Decimal,
    at: datetime,
    unit_price: Decimal | None = None,
    discount_percent: Decimal = ZERO,
    discount_amount: Decimal = ZERO,
    tax_percent: Decimal = ZERO,
    needed_on: date | None = None,
    expected_on: date | None = None,
    vendor_part: str | None = None,
    description: str | None = None,
) -> SavedOrder:
    """Append a line to a draft; quantity and price per ordered unit.

    The vendor's mapping of the item gives unit, part, description and lead time; its price breaks the price where none is
    entered (VEN-4). The expected date is today and the lead time where none is entered. With each save of a line the order-by
    date follows the lines, unless somebody entered another (PLAN-9). Refuses: NotFound, Stale, WrongState, ItemNotActive,
    NotPositive, TooFine, NoPrice, OutOfRange, DiscountTooHigh.
    """
    order = lock_draft(session, actor, order_id, version)
    follows = follows_its_lines(session, order)
    today = day_of(session, at)
    item, offer = _offered(session, actor, order, item_id, today)
    _check_quantity(offer.unit_code, offer.unit_digits, quantity)
    price = _price(item, offer, order, quantity) if unit_price is None else unit_price
    draft = DraftLine(
        item_id=item_id,
        quantity=quantity,
        unit_id=offer.unit_id,
        unit_factor=offer.unit_factor,
        unit_price=price,
        needed_on=needed_on,
        expected_on=expected_on or today + timedelta(days=offer.lead_days),
        vendor_item_id=offer.vendor_item_id,
        vendor_part=offer.vendor_part if vendor_part is None else vendor_part,
        description=(offer.description or item.name) if description is None else description,
        discount_percent=discount_percent,
        discount_amount=discount_amount,
        tax_percent=tax_percent,
    )
    _check_terms(draft)
    [line] = add_lines(session, order, [draft])
    return saved(session, actor, order, at=at, line_id=line.id, redates=follows)


@needs(Permission.ORDER_EDIT)
def change_line(
    session: Session, actor: Actor, *, order_id: int, version: int, line_id: int, changes: LineChanges, at: datetime
) -> SavedOrder:
    """Change one line of a draft.

    A new quantity takes the price of its break where the line stood at the price of its old one; a price that somebody
    entered stays. Another item takes its own unit, part, description and price, and serves no demand any more. Pegs beyond
    a lowered quantity are released, the latest first. Refuses as add_line does.
    """
    order = lock_draft(session, actor, order_id, version)
    follows = follows_its_lines(session, order)
    line = _line(session, order, line_id)
    today = day_of(session, at)
    item, offer = _offered(session, actor, order, changes.get("item_id", line.item_id), today)
    quantity = changes.get("quantity", line.quantity)
    if item.id != line.item_id:
        _take_offer(line, item, offer, _price(item, offer, order, quantity, entered=changes.get("unit_price")))
        line.expected_on = today + timedelta(days=offer.lead_days)
        release_pegs(session, [line.id])
        _reopen_plan_line(session, line)
    elif "quantity" in changes and line.unit_price == offer.price_of(line.quantity):
        line.unit_price = offer.price_of(quantity) or line.unit_price
    if "quantity" in changes or "item_id" in changes:
        unit = session.get_one(Unit, line.unit_id)
        _check_quantity(unit.code, unit.digits, quantity)
    for name, value in changes.items():
        if name != "item_id":
            setattr(line, name, value)
    _check_terms(line)
    line.receivable_quantity = receivable(
        line.quantity, tolerances_of(session, order.vendor_id, [line.item_id])[line.item_id]
    )
    session.add(line)
    _trim_pegs(session, line)
    return saved(session, actor, order, at=at, line_id=line.id, redates=follows)


@needs(Permission.ORDER_EDIT)
def remove_line(
    session: Session, actor: Actor, *, order_id: int, version: int, line_id: int, at: datetime
) -> SavedOrder:
    """Take a line off a draft. The plan line that it came from is open again, its pegs are released.

    Line numbers of the others stay. Refuses: NotFound, Stale, WrongState, DiscountTooHigh.
    """
    order = lock_draft(session, actor, order_id, version)
    follows = follows_its_lines(session, order)
    line = _line(session, order, line_id)
    release_pegs(session, [line.id])
    _reopen_plan_line(session, line)
    forget_line(session, line.id, at=at)
    session.delete(line)
    return saved(session, actor, order, at=at, redates=follows)


def _line(session: Session, order: PurchaseOrder, line_id: int) -> PurchaseOrderLine:
    for line in lock_lines(session, order):
        if line.id == line_id:
            return line
    raise NotFound(kind="line of this order")


def _offered(session: Session, actor: Actor, order: PurchaseOrder, item_id: int, today: date) -> tuple[Item, Offer]:
    offer = offer_of(
        session, actor, vendor_id=order.vendor_id, item_id=item_id, currency_code=order.currency_code, on=today
    )
    item = session.get_one(Item, item_id)
    if not item.is_active:
        raise ItemNotActive(item=item.code)
    return item, offer


def _price(
    item: Item, offer: Offer, order: PurchaseOrder, quantity: Decimal, *, entered: Decimal | None = None
) -> Decimal:
    price = offer.price_of(quantity) if entered is None else entered
    if price is None:
        raise NoPrice(item=item.code, quantity=quantity, unit=offer.unit_code, currency=order.currency_code)
    return price


def _check_quantity(unit: str, digits: int, quantity: Decimal) -> None:
    if quantity <= 0:
        raise NotPositive(field="quantity")
    if (following := rounded_up(quantity, digits)) != quantity:
        raise TooFine(unit=unit, digits=digits, next=following)


def _check_terms(line: DraftLine | PurchaseOrderLine) -> None:
    if line.unit_price < 0:
        raise OutOfRange(what="The price", range="zero or more", field="unit_price")
    if not 0 <= line.discount_percent <= 100:
        raise OutOfRange(what="The discount", range="from 0 to 100 percent", field="discount_percent")
    if line.discount_amount < 0:
        raise OutOfRange(what="The discount", range="zero or more", field="discount_amount")
    if not 0 <= line.tax_percent < 1000:
        raise OutOfRange(what="The tax", range="from 0 to 999 percent", field="tax_percent")


def _take_offer(line: PurchaseOrderLine, item: Item, offer: Offer, price: Decimal) -> None:
    line.item_id, line.vendor_item_id = item.id, offer.vendor_item_id
    line.unit_id, line.unit_factor, line.unit_price = offer.unit_id, offer.unit_factor, price
    line.vendor_part, line.description = offer.vendor_part, offer.description or item.name


def _trim_pegs(session: Session, line: PurchaseOrderLine) -> None:
    """Release what a line no longer brings: it never promises more stock units than it orders."""
    brings = line.quantity * line.unit_factor
    for peg in session.exec(
        select(PurchaseOrderPeg).where(PurchaseOrderPeg.order_line_id == line.id).order_by(col(PurchaseOrderPeg.id))
    ).all():
        kept = min(peg.quantity, brings)
        brings -= kept
        if kept == 0:
            session.delete(peg)
        elif kept != peg.quantity:
            peg.quantity = kept
            session.add(peg)


def _reopen_plan_line(session: Session, line: PurchaseOrderLine) -> None:
    planned = session.exec(
        select(PlanLine).where(PlanLine.purchase_order_line_id == line.id).with_for_update()
    ).one_or_none()
    if planned is not None:
        planned.state = PLAN_LINE.after("reopen", PlanLineState(planned.state)).value
        planned.purchase_order_line_id = None
        planned.version += 1
        session.add(planned)
        session.flush()
