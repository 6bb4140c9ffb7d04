"""Many drafts at once: orders, their lines and pegs, each kind written by one statement (PLAN-13)."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, select

from buyside.db.orders import OrderType, PurchaseOrder
from buyside.db.people import OrganisationAddress
from buyside.db.stock import Warehouse
from buyside.db.vendors import Currency, Vendor
from buyside.domain.access import Actor
from buyside.domain.lifecycle import in_words
from buyside.domain.orders import LineTerms, OrderAmounts, OrderState, price_order, receivable
from buyside.domain.refusals import NotFound
from buyside.domain.vendors import VendorStatus
from buyside.ledgers import audit
from buyside.ledgers.orders import AmountTooLarge, DraftLine, VendorNotActive, day_of

_LARGEST_AMOUNT = Decimal(10) ** 14  # what numeric(18, 4) holds
_SERIAL_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Draft:
    """An order to be drafted. `tolerances` say, line by line, how many percent more may come."""

    vendor_id: int
    warehouse_id: int
    currency_code: str
    lines: Sequence[DraftLine]
    tolerances: Sequence[Decimal]
    title: str = ""
    contract_id: int | None = None
    order_by: date | None = None


@dataclass(frozen=True, slots=True)
class Drafted:
    """An order that was drafted, the ids of its lines in their order, and its total in the currency's digits."""

    order: PurchaseOrder
    line_ids: tuple[int, ...]
    total: Decimal


def write_drafts(session: Session, actor: Actor, drafts: Sequence[Draft], *, at: datetime) -> list[Drafted]:
    """Write draft orders with their lines in the given order, numbered, with their defaults (PO-2), priced.

    The same as write_draft for each of them, in as many statements as for one. Refuses: NotFound, VendorNotActive, AmountTooLarge.
    """
    if not drafts:
        return []
    vendors = _active_vendors(session, {each.vendor_id for each in drafts})
    found = session.exec(select(Warehouse).where(col(Warehouse.id).in_({each.warehouse_id for each in drafts}))).all()
    warehouses = {each.id: each for each in found}
    currencies = {each.code: each for each in session.exec(select(Currency))}
    for draft in drafts:
        if draft.warehouse_id not in warehouses:
            raise NotFound(kind="warehouse", field="warehouse_id")
        if draft.currency_code not in currencies:
            raise NotFound(kind="currency", field="currency_code")
    numbers = _draw_numbers(session, [vendors[each.vendor_id] for each in drafts], day_of(session, at).year)
    order_type_id = session.exec(select(OrderType.id).where(OrderType.is_default)).one()
    amounts = [_amounts(each, currencies[each.currency_code].digits) for each in drafts]
    orders = []
    addresses = session.exec(select(OrganisationAddress)).all()
    for draft, number, priced in zip(drafts, numbers, amounts, strict=True):
        vendor = vendors[draft.vendor_id]
        order = PurchaseOrder(
            number=number,
            title=draft.title,
            vendor_id=vendor.id,
            order_type_id=order_type_id,
            warehouse_id=draft.warehouse_id,
            contract_id=draft.contract_id,
            currency_code=draft.currency_code,
            state=OrderState.DRAFT.value,
            order_by=draft.order_by,
            payment_term_id=vendor.payment_term_id,
            shipping_account=vendor.shipping_account,
            shipping_method=vendor.shipping_method,
            subtotal=priced.subtotal,
            discount=priced.discount,
            tax=priced.tax,
            total=priced.total,
            owner_id=actor.user_id,
            created_at=at,
            created_by=actor.user_id,
            changed_at=at,
            changed_by=actor.user_id,
        )
        _address(order, addresses, warehouses[draft.warehouse_id])
        orders.append(order)
    session.add_all(orders)
    session.flush()
    return _write_lines(session, orders, drafts, amounts)


def _active_vendors(session: Session, ids: Collection[int]) -> dict[int, Vendor]:
    """Vendors that may receive orders, their rows shared until the transaction ends. Refuses: NotFound, VendorNotActive."""
    found = session.exec(
        select(Vendor)
        .where(col(Vendor.id).in_(ids))
        .order_by(col(Vendor.id))
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    ).all()
    if len(found) < len(set(ids)):
        raise NotFound(kind="vendor", field="vendor_id")
    for vendor in found:
        if vendor.status != VendorStatus.ACTIVE:
            raise VendorNotActive(vendor=vendor.name, status=in_words(VendorStatus(vendor.status)))
    return {each.id: each for each in found}


def _draw_numbers(session: Session, vendors: Sequence[Vendor], year: int) -> list[str]:
    """A number for each order, in their order: year, vendor, serial of the vendor in that year (PO-6).

    The rows of the series are drawn on in order of vendor and stay locked until the transaction ends. Numbers that imported
    orders already carry are passed over.
    """
    wanted: dict[int, int] = {}
    codes = {each.id: each.code for each in vendors}
    for each in vendors:
        wanted[each.id] = wanted.get(each.id, 0) + 1
    drawn: dict[int, list[str]] = {each: [] for each in wanted}
    while wanted:
        ids = sorted(wanted)
        rows = session.execute(
            text(
                "INSERT INTO vendor_series AS series (vendor_id, year, last) "
                "SELECT vendor, :year, many FROM unnest(CAST(:ids AS int8[]), CAST(:many AS int4[])) AS asked (vendor, many) "
                "ORDER BY vendor ON CONFLICT (vendor_id, year) DO UPDATE SET last = series.last + excluded.last "
                "RETURNING vendor_id, last"
            ),
            {"year": year, "ids": ids, "many": [wanted[each] for each in ids]},
        ).all()
        numbers = {
            vendor_id: [
                f"{year}-{codes[vendor_id]}-{serial:0{_SERIAL_DIGITS}d}"
                for serial in range(last - wanted[vendor_id] + 1, last + 1)
            ]
            for vendor_id, last in rows
        }
        every = [number for fresh in numbers.values() for number in fresh]
        used = set(session.exec(select(PurchaseOrder.number).where(col(PurchaseOrder.number).in_(every))))
        for vendor_id, fresh in numbers.items():
            drawn[vendor_id] += [number for number in fresh if number not in used]
        wanted = {
            vendor_id: missing
            for vendor_id in numbers
            if (missing := sum(number in used for number in numbers[vendor_id]))
        }
    given: dict[int, Iterator[str]] = {vendor_id: iter(each) for vendor_id, each in drawn.items()}
    return [next(given[each.id]) for each in vendors]


def _amounts(draft: Draft, digits: int) -> OrderAmounts:
    terms = [
        LineTerms(each.quantity, each.unit_price, each.discount_percent, each.discount_amount, each.tax_percent)
        for each in draft.lines
    ]
    amounts = price_order(terms, digits=digits)
    if max(amounts.subtotal, amounts.total) >= _LARGEST_AMOUNT:
        raise AmountTooLarge(limit=f"{_LARGEST_AMOUNT:f}")
    return amounts


def _address(order: PurchaseOrder, addresses: Sequence[OrganisationAddress], warehouse: Warehouse) -> None:
    """Goods go to the warehouse's own address, and where it has none to the organisation's flagged one."""
    for each in addresses:
        contact = "\n".join(filter(None, (each.contact_name, each.contact_email, each.contact_phone)))
        if each.is_bill_to:
            order.bill_to_account, order.bill_to_address, order.bill_to_contact = each.account, each.lines, contact
        if each.is_ship_to:
            order.ship_to_account, order.ship_to_address, order.ship_to_contact = each.account, each.lines, contact
    order.ship_to_address = warehouse.address or order.ship_to_address


_KINDS = {
    "order_id": "int8", "line_number": "int4", "item_id": "int8", "vendor_item_id": "int8", "vendor_part": "text",
    "description": "text", "quantity": "numeric", "unit_id": "int8", "unit_factor": "numeric", "unit_price": "numeric",
    "subtotal": "numeric", "discount": "numeric", "header_discount": "numeric", "tax": "numeric", "total": "numeric",
    "needed_on": "date", "expected_on": "date", "receivable_quantity": "numeric",
}  # fmt: skip
_INSERT = text(
    f"INSERT INTO purchase_order_line ({', '.join(_KINDS)}) "  # noqa: S608 - our own names
    f"SELECT {', '.join(f'given.{name}' for name in _KINDS)} "
    f"FROM unnest({', '.join(f'CAST(:{name} AS {kind}[])' for name, kind in _KINDS.items())}) "
    f"WITH ORDINALITY AS given ({', '.join(_KINDS)}, position) ORDER BY position RETURNING id, order_id, line_number"
)
_PEGS = text(
    "INSERT INTO purchase_order_peg (order_line_id, sales_order_line_id, quantity) SELECT given.line, given.asks, given.quantity "
    "FROM unnest(CAST(:line AS int8[]), CAST(:asks AS int8[]), CAST(:quantity AS numeric[])) "
    "WITH ORDINALITY AS given (line, asks, quantity, position) ORDER BY position"
)


def _write_lines(
    session: Session, orders: Sequence[PurchaseOrder], drafts: Sequence[Draft], amounts: Sequence[OrderAmounts]
) -> list[Drafted]:
    rows: list[dict[str, Any]] = []
    lines: list[DraftLine] = []
    for order, draft, priced in zip(orders, drafts, amounts, strict=True):
        parts = zip(draft.lines, priced.lines, draft.tolerances, strict=True)
        for number, (line, each, tolerance) in enumerate(parts, start=1):
            lines.append(line)
            rows.append(
                {
                    "order_id": order.id, "line_number": number, "item_id": line.item_id,
                    "vendor_item_id": line.vendor_item_id, "vendor_part": line.vendor_part, "description": line.description,
                    "quantity": line.quantity, "unit_id": line.unit_id, "unit_factor": line.unit_factor,
                    "unit_price": line.unit_price, "subtotal": each.subtotal, "discount": each.discount,
                    "header_discount": each.header_discount, "tax": each.tax, "total": each.total,
                    "needed_on": line.needed_on, "expected_on": line.expected_on,
                    "receivable_quantity": receivable(line.quantity, tolerance),
                }
            )  # fmt: skip
    written = session.execute(_INSERT, {name: [each[name] for each in rows] for name in _KINDS})
    ids = {(order_id, number): line_id for line_id, order_id, number in written}
    line_ids = [ids[each["order_id"], each["line_number"]] for each in rows]
    pegs = [
        (line_id, asks, quantity) for line_id, line in zip(line_ids, lines, strict=True) for asks, quantity in line.pegs
    ]
    if pegs:
        line_of, asks, quantities = zip(*pegs, strict=True)
        session.execute(_PEGS, {"line": list(line_of), "asks": list(asks), "quantity": list(quantities)})
    for line_id, row, line in zip(line_ids, rows, lines, strict=True):
        told = {"order_id", "line_number", "item_id", "quantity", "unit_price", "total", "needed_on"}
        after = {name: row[name] for name in _KINDS if name in told} | {"pegs": dict(line.pegs)}
        audit.note(session, "purchase_order_line", line_id, after=after)
    drafted = []
    for order, draft, priced in zip(orders, drafts, amounts, strict=True):
        own, line_ids = line_ids[: len(draft.lines)], line_ids[len(draft.lines) :]
        drafted.append(Drafted(order, tuple(own), priced.total))
    return drafted
