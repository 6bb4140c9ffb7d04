"""Writing purchase orders: drafts and their lines, issuing, cancelling, closing, holding (PO)."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TypedDict, cast

from sqlmodel import Session, select

from buyside.db.orders import PurchaseOrder, PurchaseOrderLine
from buyside.db.stock import Warehouse
from buyside.db.vendors import Currency, PaymentTerm, VendorAddress
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.lifecycle import in_words
from buyside.domain.money import ZERO
from buyside.domain.orders import ENDED, ORDER, OrderState, receivable
from buyside.domain.refusals import NotFound, OutOfRange, ReasonMissing, Refused, WrongState
from buyside.domain.vendors import AddressPurpose
from buyside.ledgers import audit
from buyside.ledgers.order_snapshots import freeze
from buyside.ledgers.orders import (
    SavedOrder,
    active_vendor,
    day_of,
    default_ship_to,
    release_pegs,
    saved,
    tolerances_of,
    touched,
    write_draft,
)
from buyside.queries.order_locks import lock_draft, lock_lines, lock_order, not_on_hold


class OrderIncomplete(Refused):
    code = "orders.incomplete"
    says = "This order cannot be issued yet. Missing: {missing}."


class VendorFixed(Refused):
    code, field = "orders.vendor-fixed", "vendor_id"
    says = "The vendor is part of the order's number and stays. Write a new order for another vendor."


class CurrencyFixed(Refused):
    code, field = "orders.currency-fixed", "currency_code"
    says = "The lines are priced in {currency}. Remove them before you change the currency."


class HeadChanges(TypedDict, total=False):
    """What a save changes on the head and foot of a draft. A name that is absent stays; None empties where empty is allowed."""

    title: str
    vendor_id: int
    warehouse_id: int
    currency_code: str
    order_by: date | None
    bill_to_account: str
    bill_to_address: str
    bill_to_contact: str
    payment_term_id: int | None
    ship_to_account: str
    ship_to_address: str
    ship_to_contact: str
    shipping_account: str
    shipping_method: str
    pick_up_address_id: int | None
    fulfil_all_at_once: bool
    header_discount: Decimal
    shipping_costs: Decimal
    notes: str
    internal_notes: str


@dataclass(frozen=True, slots=True)
class IssuedOrder:
    """What issuing froze."""

    order_id: int
    number: str
    state: str
    version: int
    revision: int
    sha256: str
    ordered_on: date
    total: Decimal
    currency_code: str


@needs(Permission.ORDER_EDIT)
def save_order(
    session: Session,
    actor: Actor,
    *,
    at: datetime,
    head: HeadChanges,
    order_id: int | None = None,
    version: int | None = None,
) -> SavedOrder:
    """Create a draft with its first save, or change the head of one.

    A new draft needs vendor_id, warehouse_id and currency_code, gets its number and the defaults of PO-2. A change of
    warehouse brings that warehouse's ship-to address unless the same save says another.
    Refuses: NotFound, Stale, WrongState, VendorNotActive, VendorFixed, CurrencyFixed, OutOfRange, DiscountTooHigh.
    """
    if order_id is None:
        order, _ = write_draft(
            session,
            actor,
            vendor_id=head["vendor_id"],
            warehouse_id=head["warehouse_id"],
            currency_code=head["currency_code"],
            lines=(),
            at=at,
        )
    else:
        order = lock_draft(session, actor, order_id, version)
    _change_head(session, order, head, is_new=order_id is None)
    return saved(session, actor, order, at=at, is_new=order_id is None)


@needs(Permission.ORDER_ISSUE)
def issue_order(
    session: Session, actor: Actor, *, order_id: int, at: datetime, version: int | None = None
) -> IssuedOrder:
    """Issue an order: date it, fix what may be received, freeze its numbered snapshot (PO-6).

    Refuses: NotFound, Stale, WrongState, OrderOnHold, VendorNotActive, OrderIncomplete (naming all that is missing),
    DiscountTooHigh.
    """
    order = lock_order(session, actor, order_id, version=version)
    state = ORDER.after("issue", OrderState(order.state))
    not_on_hold(order)
    active_vendor(session, order.vendor_id)
    lines = lock_lines(session, order)
    if missing := _missing(order, lines):
        raise OrderIncomplete(missing=", ".join(missing))
    tolerances = tolerances_of(session, order.vendor_id, [each.item_id for each in lines])
    for line in lines:
        line.receivable_quantity = receivable(line.quantity, tolerances[line.item_id])
    order.state, order.issued_at, order.ordered_on = state.value, at, day_of(session, at)
    after = saved(session, actor, order, at=at)
    snapshot = freeze(session, actor, order, at=at)
    return IssuedOrder(
        order_id=order.id,
        number=order.number,
        state=order.state,
        version=after.version,
        revision=snapshot.revision,
        sha256=snapshot.content_sha256.hex(),
        ordered_on=order.ordered_on,
        total=order.total,
        currency_code=order.currency_code,
    )


@needs(Permission.ORDER_CANCEL)
def cancel_order(
    session: Session, actor: Actor, *, order_id: int, reason: str, at: datetime, version: int | None = None
) -> SavedOrder:
    """End an order of which nothing has arrived; its pegs are released (PO-9). What it was to serve is planned anew.

    Refuses: NotFound, Stale, ReasonMissing, WrongState.
    """
    order = lock_order(session, actor, order_id, version=version)
    state = ORDER.after("cancel", OrderState(order.state))
    _say_why(session, order, reason)
    order.state = state.value
    release_pegs(session, [each.id for each in lock_lines(session, order)])
    return touched(session, actor, order, at=at)


@needs(Permission.ORDER_CANCEL)
def close_order(
    session: Session, actor: Actor, *, order_id: int, at: datetime, reason: str = "", version: int | None = None
) -> SavedOrder:
    """End a received order; or a partly received one short, on purpose, with a reason (PO-9).

    Refuses: NotFound, Stale, WrongState, ReasonMissing.
    """
    order = lock_order(session, actor, order_id, version=version)
    is_short = order.state == OrderState.PARTLY_RECEIVED
    state = ORDER.after("close_short" if is_short else "close", OrderState(order.state))
    if is_short or reason.strip():
        _say_why(session, order, reason)
    order.state = state.value
    return touched(session, actor, order, at=at)


@needs(Permission.ORDER_EDIT)
def hold_order(
    session: Session,
    actor: Actor,
    *,
    order_id: int,
    is_on_hold: bool,
    at: datetime,
    reason: str = "",
    version: int | None = None,
) -> SavedOrder:
    """Put an order on hold, with a reason, or release it: on hold it is neither issued nor received (PO-5).

    Refuses: NotFound, Stale, WrongState for ended orders, ReasonMissing.
    """
    order = lock_order(session, actor, order_id, version=version)
    if order.state in ENDED:
        raise WrongState(kind="purchase order", state=in_words(OrderState(order.state)), move="hold", needed="open")
    if is_on_hold:
        _say_why(session, order, reason)
    order.is_on_hold = is_on_hold
    return touched(session, actor, order, at=at)


def _change_head(session: Session, order: PurchaseOrder, head: HeadChanges, *, is_new: bool) -> None:
    if head.get("vendor_id", order.vendor_id) != order.vendor_id:
        raise VendorFixed
    currency = head.get("currency_code", order.currency_code)
    if currency != order.currency_code:
        if session.exec(select(PurchaseOrderLine.id).where(PurchaseOrderLine.order_id == order.id)).first():
            raise CurrencyFixed(currency=order.currency_code)
        if session.get(Currency, currency) is None:
            raise NotFound(kind="currency", field="currency_code")
    _check_references(session, order, head)
    for name in ("header_discount", "shipping_costs"):
        if cast("dict[str, Decimal]", head).get(name, ZERO) < 0:
            raise OutOfRange(what=name.replace("_", " ").capitalize(), range="zero or more", field=name)
    if not is_new and head.get("warehouse_id", order.warehouse_id) != order.warehouse_id:
        order.ship_to_address = default_ship_to(session, session.get_one(Warehouse, head["warehouse_id"]))
    for name in HeadChanges.__optional_keys__ & head.keys():
        setattr(order, name, cast("dict[str, object]", head)[name])


def _check_references(session: Session, order: PurchaseOrder, head: HeadChanges) -> None:
    if session.get(Warehouse, head.get("warehouse_id", order.warehouse_id)) is None:
        raise NotFound(kind="warehouse", field="warehouse_id")
    terms = head.get("payment_term_id")
    if terms is not None and session.get(PaymentTerm, terms) is None:
        raise NotFound(kind="payment terms", field="payment_term_id")
    pick_up = head.get("pick_up_address_id")
    if pick_up is not None:
        address = session.get(VendorAddress, pick_up)
        if address is None or (address.vendor_id, address.purpose) != (order.vendor_id, AddressPurpose.PICK_UP):
            raise NotFound(kind="pick-up location of this vendor", field="pick_up_address_id")


def _missing(order: PurchaseOrder, lines: list[PurchaseOrderLine]) -> list[str]:
    missing = [] if lines else ["at least one line"]
    if not order.bill_to_address.strip():
        missing.append("the address to bill to")
    if not order.ship_to_address.strip():
        missing.append("the address to ship to")
    missing += [f"the expected date of line {each.line_number}" for each in lines if each.expected_on is None]
    return missing


def _say_why(session: Session, order: PurchaseOrder, reason: str) -> None:
    if not reason.strip():
        raise ReasonMissing
    audit.note(session, "purchase_order", order.id, after={"reason": reason.strip()})
