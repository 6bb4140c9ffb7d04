"""Receiving what was ordered, and voiding what was received by mistake (STK-1, STK-2, STK-4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, localcontext
from typing import Any

from sqlmodel import Session, col, func, select

from buyside.db.items import Item, Unit
from buyside.db.orders import PurchaseOrder, PurchaseOrderLine
from buyside.db.receipts import Receipt, ReceiptLine
from buyside.db.stock import StockEntry, Warehouse
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.items import ItemKind
from buyside.domain.money import ZERO, rounded
from buyside.domain.orders import ORDER, OrderState
from buyside.domain.rates import Rate
from buyside.domain.refusals import NotFound, NotPositive, ReasonMissing, Refused
from buyside.domain.stock import StockPlace, StockReason
from buyside.ledgers import audit, stock
from buyside.ledgers.exchange_rates import rates_of
from buyside.ledgers.orders import day_of, touched
from buyside.queries.order_locks import lock_lines, lock_order, not_on_hold

_STOCK_DIGITS = 6
_EXACT_DIGITS = 80
"""More than the product of an amount, a quantity and a rate can have."""
_SOURCE = "receipt"


class OverReceipt(Refused):
    code, field = "receipts.over-receipt", "quantity"
    says = (
        "Line {line} ({item}): {asked} {unit} are too many. {open} of {ordered} are still open; "
        "with its tolerance it takes {most} at most."
    )


class AllAtOnce(Refused):
    code = "receipts.all-at-once"
    says = "This order is fulfilled all at once. Line {line} ({item}) would still be open with {open} {unit}."


class NothingOpen(Refused):
    code = "receipts.nothing-open"
    says = "Nothing is open on this order."


class NotYet(Refused):
    code, field = "receipts.not-yet", "effective_on"
    says = "{day} is still to come. Goods are received on the day they arrive, or later."


class BeforeReceipt(Refused):
    code, field = "receipts.before-receipt", "effective_on"
    says = "{day} is before the receipt itself, of {received}. What has not come yet cannot go back."


class AlreadyVoid(Refused):
    code = "receipts.already-void"
    says = "Receipt {number} was voided by {by}."


class IsReversal(Refused):
    code = "receipts.is-reversal"
    says = "{number} is itself the reverse of a receipt. Receive the goods again instead."


class GoodsGone(Refused):
    code = "receipts.goods-gone"
    says = "The goods of receipt {number} have moved on: only {left} of {item} are left where {asked} came in."


@dataclass(frozen=True, slots=True)
class PostedReceipt:
    """A receipt as posted.

    `rate`: what the order's price was valued at, in the organisation's currency for one of the order's, valid from `rate_from`;
    None where both are the same. `is_estimated`: the value is not the order's price, for no rate was known on the day of receipt.
    """

    receipt_id: int
    number: str
    order_id: int
    order_number: str
    order_state: str
    order_version: int
    warehouse_code: str
    lines: int
    is_estimated: bool = False
    rate: Decimal | None = None
    rate_from: date | None = None
    currency: str = ""
    """The order's."""


@needs(Permission.RECEIPT_POST)
def receive_order(
    session: Session,
    actor: Actor,
    *,
    order_id: int,
    warehouse_id: int,
    at: datetime,
    lines: Mapping[int, Decimal] | None = None,
    effective_on: date | None = None,
    delivery_note: str = "",
) -> PostedReceipt:
    """Post the arrival of goods of an order into a warehouse, any warehouse, and into its ledger, in one step.

    `lines`: order line to quantity in the ordered unit; None receives all that is open. Items that require inspection
    arrive in inspection, however the receipt is split. Goods are valued at the line's price after discounts, without tax
    and shipping costs; where the order is in another currency, at its rate of the day of receipt (INT-3). Before the first rate
    of that currency they are valued at the item's standard cost, else at the warehouse's moving average, and the answer says so.
    Refuses, in this order: NotFound, WrongState, OrderOnHold, NotYet, NothingOpen, NotPositive, OverReceipt, AllAtOnce.
    """
    order = lock_order(session, actor, order_id)
    ORDER.after("receive_part", OrderState(order.state))
    not_on_hold(order)
    warehouse = session.get(Warehouse, warehouse_id)
    if warehouse is None:
        raise NotFound(kind="warehouse", field="warehouse_id")
    today = day_of(session, at)
    if effective_on is not None and effective_on > today:
        raise NotYet(day=effective_on)
    order_lines = lock_lines(session, order)
    arrived = _arrived(session, order_lines, lines)
    if order.fulfil_all_at_once:
        _check_all_at_once(session, order_lines, arrived)
    receipt = Receipt(
        number=_number(session, order),
        order_id=order.id,
        warehouse_id=warehouse.id,
        effective_on=effective_on or today,
        received_at=at,
        received_by=actor.user_id,
        delivery_note=delivery_note.strip(),
    )
    session.add(receipt)
    session.flush()
    rate = rates_of(session, {order.currency_code}).on(order.currency_code, receipt.effective_on)
    has_goods = _post(session, actor, receipt, arrived, rate)
    if rate is not None and rate.valid_from is not None:
        audit.note(
            session, "receipt", receipt.id, after={"exchange_rate": rate.rate, "rate_valid_from": rate.valid_from}
        )
    is_complete = all(each.received_quantity >= each.quantity for each in order_lines)
    order.state = ORDER.after("receive_all" if is_complete else "receive_part", OrderState(order.state)).value
    return _posted(
        session,
        actor,
        order,
        receipt,
        warehouse,
        lines=len(arrived),
        at=at,
        is_estimated=rate is None and has_goods,
        rate=rate if rate is not None and rate.valid_from is not None else None,
    )


@needs(Permission.RECEIPT_VOID)
def void_receipt(
    session: Session, actor: Actor, *, receipt_id: int, reason: str, at: datetime, effective_on: date | None = None
) -> PostedReceipt:
    """Post the exact reverse of a receipt: its quantities and its values; the order is open again for them (STK-4).

    It takes effect today unless another day is said, so that no past balance changes.
    Refuses, in this order: NotFound, IsReversal, ReasonMissing, AlreadyVoid, WrongState, NotYet, BeforeReceipt, GoodsGone.
    """
    found = session.get(Receipt, receipt_id)
    if found is None:
        raise NotFound(kind="receipt")
    if found.reverses_id is not None:
        raise IsReversal(number=found.number)
    if not reason.strip():
        raise ReasonMissing
    order = lock_order(session, actor, found.order_id)
    earlier = session.exec(select(Receipt.number).where(Receipt.reverses_id == found.id)).first()
    if earlier is not None:
        raise AlreadyVoid(number=found.number, by=earlier)
    ORDER.after("void_part_of_receipts", OrderState(order.state))
    today = day_of(session, at)
    if effective_on is not None and effective_on > today:
        raise NotYet(day=effective_on)
    if effective_on is not None and effective_on < found.effective_on:
        raise BeforeReceipt(day=effective_on, received=found.effective_on)
    order_lines = {each.id: each for each in lock_lines(session, order)}
    reverse = Receipt(
        number=f"{found.number}-VOID",
        order_id=order.id,
        warehouse_id=found.warehouse_id,
        effective_on=effective_on or today,
        received_at=at,
        received_by=actor.user_id,
        reverses_id=found.id,
        void_reason=reason.strip(),
        is_history=found.is_history,
    )
    session.add(reverse)
    session.flush()
    received = session.exec(
        select(ReceiptLine).where(ReceiptLine.receipt_id == found.id).order_by(col(ReceiptLine.id))
    ).all()
    for each in received:
        line = order_lines[each.order_line_id]
        line.received_quantity -= each.quantity
        line.rejected_quantity -= each.rejected_quantity
        session.add(line)
        session.add(
            ReceiptLine(
                receipt_id=reverse.id,
                order_line_id=line.id,
                quantity=-each.quantity,
                stock_quantity=-each.stock_quantity,
                rejected_quantity=-each.rejected_quantity,
            )
        )
    session.flush()
    _take_back(session, actor, found, reverse)
    is_open = all(each.received_quantity == 0 for each in order_lines.values())
    move = "void_all_receipts" if is_open else "void_part_of_receipts"
    order.state = ORDER.after(move, OrderState(order.state)).value
    warehouse = session.get_one(Warehouse, found.warehouse_id)
    return _posted(session, actor, order, reverse, warehouse, lines=len(received), at=at)


def _arrived(
    session: Session, order_lines: Sequence[PurchaseOrderLine], lines: Mapping[int, Decimal] | None
) -> dict[int, tuple[PurchaseOrderLine, Decimal]]:
    """What arrives, by line, checked against what is open."""
    if lines is None:
        lines = {each.id: each.quantity - each.received_quantity for each in order_lines}
        lines = {line_id: still_open for line_id, still_open in lines.items() if still_open > 0}
    known = {each.id: each for each in order_lines}
    if not lines:
        raise NothingOpen
    arrived = {}
    for line_id, quantity in lines.items():
        line = known.get(line_id)
        if line is None:
            raise NotFound(kind="line of this order", field="quantity")
        if quantity <= 0 or rounded(quantity * line.unit_factor, _STOCK_DIGITS) <= 0:
            raise NotPositive(field="quantity")
        if line.received_quantity + quantity > line.receivable_quantity:
            still_open = max(line.quantity - line.received_quantity, ZERO)
            raise OverReceipt(
                **_named(session, line),
                asked=quantity,
                open=still_open,
                ordered=line.quantity,
                most=line.receivable_quantity - line.received_quantity,
            )
        arrived[line_id] = (line, quantity)
    return arrived


def _check_all_at_once(
    session: Session,
    order_lines: Sequence[PurchaseOrderLine],
    arrived: Mapping[int, tuple[PurchaseOrderLine, Decimal]],
) -> None:
    for line in order_lines:
        _, quantity = arrived.get(line.id, (line, ZERO))
        if (still_open := line.quantity - line.received_quantity - quantity) > 0:
            raise AllAtOnce(**_named(session, line), open=still_open)


def _named(session: Session, line: PurchaseOrderLine) -> dict[str, Any]:
    return {
        "line": line.line_number,
        "item": session.get_one(Item, line.item_id).code,
        "unit": session.get_one(Unit, line.unit_id).code,
    }


def _number(session: Session, order: PurchaseOrder) -> str:
    """The order's number and how many receipts it had; counted under the order's lock."""
    position = session.exec(select(func.count(col(Receipt.id))).where(Receipt.order_id == order.id)).one() + 1
    while session.exec(select(Receipt.id).where(Receipt.number == f"{order.number}-R{position}")).first():
        position += 1
    return f"{order.number}-R{position}"


def _post(
    session: Session,
    actor: Actor,
    receipt: Receipt,
    arrived: Mapping[int, tuple[PurchaseOrderLine, Decimal]],
    rate: Rate | None,
) -> bool:
    """Write lines and movements, valued at the rate of the order's currency, where one is known. Answers whether stock moved."""
    items = session.exec(select(Item).where(col(Item.id).in_({line.item_id for line, _ in arrived.values()}))).all()
    known = {each.id: each for each in items}
    movements = []
    for line, quantity in arrived.values():
        item = known[line.item_id]
        stock_quantity = rounded(quantity * line.unit_factor, _STOCK_DIGITS)
        session.add(
            ReceiptLine(receipt_id=receipt.id, order_line_id=line.id, quantity=quantity, stock_quantity=stock_quantity)
        )
        line.received_quantity += quantity
        session.add(line)
        if item.kind != ItemKind.INVENTORY:
            continue  # a service or a catalogue item is received, but no stock of it is kept
        movements.append(
            stock.Movement(
                warehouse_id=receipt.warehouse_id,
                quantity=stock_quantity,
                reason=StockReason.RECEIPT,
                effective_on=receipt.effective_on,
                item_id=item.id,
                place=StockPlace.INSPECTION if item.inspection_required else StockPlace.ON_HAND,
                value=None if rate is None else _value(line, quantity, rate),
                unit_cost=item.standard_cost if rate is None else None,
                source_kind=_SOURCE,
                source_id=receipt.id,
                note=receipt.delivery_note,
            )
        )
    session.flush()
    stock.post(session, actor, movements)
    return bool(movements)


def _value(line: PurchaseOrderLine, quantity: Decimal, rate: Rate) -> Decimal:
    """What `quantity` of a line is worth in the organisation's currency: its share of the line's amount after discounts, without
    tax, rounded once."""
    net = line.subtotal - line.discount - line.header_discount
    with localcontext(prec=_EXACT_DIGITS):
        return rounded(net * quantity * rate.rate / line.quantity, _STOCK_DIGITS)


def _take_back(session: Session, actor: Actor, receipt: Receipt, reverse: Receipt) -> None:
    entries = session.exec(
        select(StockEntry).where(StockEntry.source_kind == _SOURCE, StockEntry.source_id == receipt.id)
    ).all()
    for entry in sorted(entries, key=lambda each: (each.warehouse_id, each.item_id or 0, each.id)):
        movement = stock.Movement(
            warehouse_id=entry.warehouse_id,
            quantity=-entry.quantity,
            reason=StockReason.RECEIPT_VOID,
            effective_on=reverse.effective_on,
            item_id=entry.item_id,
            variant_id=entry.variant_id,
            place=StockPlace(entry.place),
            value=-entry.value,
            source_kind=_SOURCE,
            source_id=reverse.id,
            reverses_id=entry.id,
            note=reverse.void_reason,
        )
        try:
            stock.post(session, actor, [movement])
        except stock.NegativeStock as gone:
            item = session.get_one(Item, entry.item_id)
            raise GoodsGone(number=receipt.number, item=item.code, **gone.details) from None


def _posted(
    session: Session,
    actor: Actor,
    order: PurchaseOrder,
    receipt: Receipt,
    warehouse: Warehouse,
    *,
    lines: int,
    at: datetime,
    is_estimated: bool = False,
    rate: Rate | None = None,
) -> PostedReceipt:
    saved = touched(session, actor, order, at=at)
    return PostedReceipt(
        receipt_id=receipt.id,
        number=receipt.number,
        order_id=order.id,
        order_number=order.number,
        order_state=saved.state,
        order_version=saved.version,
        warehouse_code=warehouse.code,
        lines=lines,
        is_estimated=is_estimated,
        rate=rate.rate if rate else None,
        rate_from=rate.valid_from if rate else None,
        currency=order.currency_code,
    )
