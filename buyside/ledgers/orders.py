"""Drafts of purchase orders: how one is written, numbered and priced, whoever asks for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import exists, text
from sqlmodel import Session, col, select

from buyside.db.items import Item, VendorItem
from buyside.db.orders import OrderType, PurchaseOrder, PurchaseOrderLine, PurchaseOrderPeg
from buyside.db.people import Organisation, OrganisationAddress
from buyside.db.stock import Warehouse
from buyside.db.vendors import Currency, Vendor
from buyside.domain.access import Actor
from buyside.domain.lifecycle import in_words
from buyside.domain.money import ZERO
from buyside.domain.orders import LineAmounts, LineTerms, OrderAmounts, OrderState, price_order, receivable
from buyside.domain.refusals import NotFound, Refused
from buyside.domain.telling import Amount
from buyside.domain.vendors import VendorStatus
from buyside.ledgers.order_days import order_days_of

_LARGEST_AMOUNT = Decimal(10) ** 14  # what numeric(18, 4) holds
_SERIAL_DIGITS = 4


class VendorNotActive(Refused):
    code, field = "orders.vendor-not-active", "vendor_id"
    says = "{vendor} is {status}; only active vendors receive new orders."


class DiscountTooHigh(Refused):
    code = "orders.discount-too-high"
    says = "A discount of {discount} is more than the {value} that it is taken from."


class AmountTooLarge(Refused):
    code = "orders.amount-too-large"
    says = "The amounts of this order are too large: no order may reach {limit}."


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A line to be drafted. Quantity and price per ordered unit, of which each holds `unit_factor` stock units.

    `pegs` name the sales order lines that it serves, with stock units; None is a stock policy (PLAN-17).
    """

    item_id: int
    quantity: Decimal
    unit_id: int
    unit_factor: Decimal
    unit_price: Decimal
    needed_on: date | None
    expected_on: date | None
    vendor_item_id: int | None = None
    vendor_part: str = ""
    description: str = ""
    discount_percent: Decimal = ZERO
    discount_amount: Decimal = ZERO
    tax_percent: Decimal = ZERO
    pegs: tuple[tuple[int | None, Decimal], ...] = ()


def day_of(session: Session, at: datetime) -> date:
    """The organisation's date at a moment (INT-3)."""
    return at.astimezone(ZoneInfo(session.get_one(Organisation, 1).time_zone)).date()


def active_vendor(session: Session, vendor_id: int) -> Vendor:
    """A vendor that may receive orders, its row shared until the transaction ends. Refuses: NotFound, VendorNotActive."""
    vendor = session.exec(
        select(Vendor)
        .where(Vendor.id == vendor_id)
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if vendor is None:
        raise NotFound(kind="vendor", field="vendor_id")
    if vendor.status != VendorStatus.ACTIVE:
        raise VendorNotActive(vendor=vendor.name, status=in_words(VendorStatus(vendor.status)))
    return vendor


def draw_number(session: Session, vendor: Vendor, year: int) -> str:
    """The next number of a vendor: year, vendor, serial of the vendor in that year (PO-6).

    The series' row stays locked until the transaction ends, so no two orders draw the same. Numbers that imported
    orders already carry are passed over.
    """
    draw = text(
        "INSERT INTO vendor_series AS series (vendor_id, year, last) VALUES (:vendor_id, :year, 1) "
        "ON CONFLICT (vendor_id, year) DO UPDATE SET last = series.last + 1 RETURNING last"
    )
    while True:
        serial = session.execute(draw, {"vendor_id": vendor.id, "year": year}).scalar_one()
        number = f"{year}-{vendor.code}-{serial:0{_SERIAL_DIGITS}d}"
        if not session.execute(select(exists().where(col(PurchaseOrder.number) == number))).scalar_one():
            return number


def write_draft(
    session: Session,
    actor: Actor,
    *,
    vendor_id: int,
    warehouse_id: int,
    currency_code: str,
    lines: Sequence[DraftLine],
    at: datetime,
    title: str = "",
    order_type_id: int | None = None,
    contract_id: int | None = None,
) -> tuple[PurchaseOrder, list[PurchaseOrderLine]]:
    """Write a draft order with its lines in the given order, numbered, with its defaults (PO-2), priced.

    Goods go to the warehouse's own address, and where it has none to the organisation's flagged one. The order-by date is
    the one of its lines. Refuses: NotFound, VendorNotActive, DiscountTooHigh,
    AmountTooLarge.
    """
    vendor = active_vendor(session, vendor_id)
    warehouse = session.get(Warehouse, warehouse_id)
    if warehouse is None:
        raise NotFound(kind="warehouse", field="warehouse_id")
    if session.get(Currency, currency_code) is None:
        raise NotFound(kind="currency", field="currency_code")
    if order_type_id is None:
        order_type_id = session.exec(select(OrderType.id).where(OrderType.is_default)).one()
    order = PurchaseOrder(
        number=draw_number(session, vendor, day_of(session, at).year),
        title=title,
        vendor_id=vendor.id,
        order_type_id=order_type_id,
        warehouse_id=warehouse.id,
        contract_id=contract_id,
        currency_code=currency_code,
        state=OrderState.DRAFT.value,
        payment_term_id=vendor.payment_term_id,
        shipping_account=vendor.shipping_account,
        shipping_method=vendor.shipping_method,
        owner_id=actor.user_id,
        created_at=at,
        created_by=actor.user_id,
        changed_at=at,
        changed_by=actor.user_id,
    )
    _address(session, order, warehouse)
    session.add(order)
    session.flush()
    written = add_lines(session, order, lines)
    order.order_by = latest_order_date(session, written)
    reprice(session, order)
    return order, written


def _address(session: Session, order: PurchaseOrder, warehouse: Warehouse) -> None:
    flagged = session.exec(
        select(OrganisationAddress).where(OrganisationAddress.is_bill_to | OrganisationAddress.is_ship_to)
    ).all()
    for address in flagged:
        contact = "\n".join(filter(None, (address.contact_name, address.contact_email, address.contact_phone)))
        if address.is_bill_to:
            order.bill_to_account, order.bill_to_address, order.bill_to_contact = (
                address.account,
                address.lines,
                contact,
            )
        if address.is_ship_to:
            order.ship_to_account, order.ship_to_address, order.ship_to_contact = (
                address.account,
                address.lines,
                contact,
            )
    order.ship_to_address = default_ship_to(session, warehouse)


def default_ship_to(session: Session, warehouse: Warehouse) -> str:
    """Where goods for a warehouse go: to its own address, and where it has none to the organisation's flagged one."""
    flagged = session.exec(select(OrganisationAddress).where(OrganisationAddress.is_ship_to)).one_or_none()
    return warehouse.address or (flagged.lines if flagged else "")


def add_lines(session: Session, order: PurchaseOrder, lines: Sequence[DraftLine]) -> list[PurchaseOrderLine]:
    """Append lines and their pegs to a draft. The caller reprices."""
    last = max((each.line_number for each in lines_of(session, order.id)), default=0)
    tolerances = tolerances_of(session, order.vendor_id, [each.item_id for each in lines])
    written = [
        PurchaseOrderLine(
            order_id=order.id,
            line_number=position,
            item_id=each.item_id,
            vendor_item_id=each.vendor_item_id,
            vendor_part=each.vendor_part,
            description=each.description,
            quantity=each.quantity,
            unit_id=each.unit_id,
            unit_factor=each.unit_factor,
            unit_price=each.unit_price,
            discount_percent=each.discount_percent,
            discount_amount=each.discount_amount,
            tax_percent=each.tax_percent,
            needed_on=each.needed_on,
            expected_on=each.expected_on,
            receivable_quantity=receivable(each.quantity, tolerances[each.item_id]),
        )
        for position, each in enumerate(lines, start=last + 1)
    ]
    session.add_all(written)
    session.flush()
    session.add_all(
        PurchaseOrderPeg(order_line_id=line.id, sales_order_line_id=asked_by, quantity=quantity)
        for line, each in zip(written, lines, strict=True)
        for asked_by, quantity in each.pegs
    )
    return written


def lines_of(session: Session, order_id: int) -> list[PurchaseOrderLine]:
    """The lines of an order, in their order."""
    return list(
        session.exec(
            select(PurchaseOrderLine)
            .where(PurchaseOrderLine.order_id == order_id)
            .order_by(col(PurchaseOrderLine.line_number))
        )
    )


def tolerances_of(session: Session, vendor_id: int, item_ids: Sequence[int]) -> dict[int, Decimal]:
    """By item, how many percent more than ordered may come: the item's word, else the vendor's, else the organisation's."""
    vendor = session.get_one(Vendor, vendor_id)
    general = vendor.over_receipt_percent
    if general is None:
        general = session.get_one(Organisation, 1).over_receipt_percent
    own = session.exec(
        select(col(Item.id), col(Item.over_receipt_percent)).where(col(Item.id).in_(set(item_ids)))
    ).all()
    return {item_id: general if percent is None else percent for item_id, percent in own}


def latest_order_date(session: Session, lines: Sequence[PurchaseOrderLine]) -> date | None:
    """The last day on which ordering still brings every line in time; None without dates (PLAN-9).

    As in a plan it is a day on which the vendor takes orders (VEN-6): the needed date less lead time and goods-in days, and from
    there back to the vendor's order day before.
    """
    vendor_items = {each.vendor_item_id for each in lines if each.vendor_item_id is not None and each.needed_on}
    if not vendor_items:
        return None
    found = session.exec(
        select(VendorItem.id, VendorItem.lead_days + Item.goods_in_days, Vendor.id, Vendor.order_weekdays)
        .join(Item, col(Item.id) == col(VendorItem.item_id))
        .join(Vendor, col(Vendor.id) == col(VendorItem.vendor_id))
        .where(col(VendorItem.id).in_(vendor_items))
    ).all()
    taken = order_days_of(session, {vendor: weekdays for _, _, vendor, weekdays in found})
    terms = {vendor_item: (taken[vendor], days) for vendor_item, days, vendor, _ in found}
    days_out = []
    for each in lines:
        if each.needed_on and each.vendor_item_id is not None:
            order_days, days = terms[each.vendor_item_id]
            days_out.append(order_days.order_by(each.needed_on, days))
    return min(days_out, default=None)


def follows_its_lines(session: Session, order: PurchaseOrder) -> bool:
    """Whether the order-by date of an order is that of its lines, and not one that somebody entered."""
    return order.order_by is None or order.order_by == latest_order_date(session, lines_of(session, order.id))


def reprice(session: Session, order: PurchaseOrder) -> None:
    """Compute the amounts of every line and the foot anew (PO-4). Refuses: DiscountTooHigh, AmountTooLarge."""
    session.flush()
    lines = lines_of(session, order.id)
    amounts = priced(session, order, lines)
    _reasonable(order, amounts)
    for line, each in zip(lines, amounts.lines, strict=True):
        line.subtotal, line.discount, line.header_discount = each.subtotal, each.discount, each.header_discount
        line.tax, line.total = each.tax, each.total
    order.subtotal, order.discount, order.tax, order.total = (
        amounts.subtotal,
        amounts.discount,
        amounts.tax,
        amounts.total,
    )
    session.add_all([order, *lines])
    session.flush()


def priced(session: Session, order: PurchaseOrder, lines: Sequence[PurchaseOrderLine]) -> OrderAmounts:
    """What an order and its lines amount to by its own terms. Refuses: AmountTooLarge."""
    terms = [
        LineTerms(each.quantity, each.unit_price, each.discount_percent, each.discount_amount, each.tax_percent)
        for each in lines
    ]
    digits = session.get_one(Currency, order.currency_code).digits
    try:
        return price_order(terms, header_discount=order.header_discount, shipping=order.shipping_costs, digits=digits)
    except InvalidOperation:
        raise AmountTooLarge(limit=Amount(_LARGEST_AMOUNT, order.currency_code)) from None


def _reasonable(order: PurchaseOrder, amounts: OrderAmounts) -> None:
    def after_discount(line: LineAmounts) -> Decimal:
        return line.subtotal - line.discount

    says = partial(Amount, currency=order.currency_code)
    for line in amounts.lines:
        if line.discount > line.subtotal:
            raise DiscountTooHigh(discount=says(line.discount), value=says(line.subtotal), field="discount_amount")
    value = sum(map(after_discount, amounts.lines), ZERO)
    if amounts.lines and order.header_discount > value:
        raise DiscountTooHigh(discount=says(order.header_discount), value=says(value), field="header_discount")
    if max(amounts.subtotal, amounts.total) >= _LARGEST_AMOUNT:
        raise AmountTooLarge(limit=Amount(_LARGEST_AMOUNT, order.currency_code))


@dataclass(frozen=True, slots=True)
class SavedOrder:
    """An order after a change: `version` is what the next change must name. `line_id`: the line that was touched."""

    order_id: int
    number: str
    state: str
    version: int
    total: Decimal
    currency_code: str
    line_id: int | None = None


def saved(
    session: Session,
    actor: Actor,
    order: PurchaseOrder,
    *,
    at: datetime,
    line_id: int | None = None,
    is_new: bool = False,
    redates: bool = False,
) -> SavedOrder:
    """Reprice an order that was changed and stamp the change. With `redates` its order-by date is that of its lines.

    Refuses: DiscountTooHigh, AmountTooLarge.
    """
    reprice(session, order)
    if redates:
        order.order_by = latest_order_date(session, lines_of(session, order.id))
    return touched(session, actor, order, at=at, line_id=line_id, is_new=is_new)


def touched(
    session: Session,
    actor: Actor,
    order: PurchaseOrder,
    *,
    at: datetime,
    line_id: int | None = None,
    is_new: bool = False,
) -> SavedOrder:
    """Stamp a change of an order: when, by whom, and the next version."""
    order.changed_at, order.changed_by = at, actor.user_id
    if not is_new:
        order.version += 1
    session.add(order)
    session.flush()
    return SavedOrder(order.id, order.number, order.state, order.version, order.total, order.currency_code, line_id)


def release_pegs(session: Session, line_ids: list[int]) -> None:
    """Take the pegs off order lines: the demand behind them is served by somebody else."""
    for peg in session.exec(select(PurchaseOrderPeg).where(col(PurchaseOrderPeg.order_line_id).in_(line_ids))).all():
        session.delete(peg)
    session.flush()
