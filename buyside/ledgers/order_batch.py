"""Draft orders of plan lines, many at once: headers, lines and pegs, each kind written by one statement (PLAN-13)."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, repeat
from typing import Any, NamedTuple, Protocol

from sqlalchemy import text
from sqlmodel import Session, col, select

from buyside.db.copy_in import as_array, copy_in
from buyside.db.orders import OrderType, PurchaseOrder
from buyside.db.people import OrganisationAddress
from buyside.db.plans import PlanLine
from buyside.db.stock import Warehouse
from buyside.db.vendors import Currency, Vendor
from buyside.domain.access import Actor
from buyside.domain.lifecycle import in_words
from buyside.domain.orders import OrderAmounts, OrderState, price_plain, receivable
from buyside.domain.plans import PLAN_LINE, PlanLineState
from buyside.domain.refusals import NotFound
from buyside.domain.telling import Amount
from buyside.domain.vendors import VendorStatus
from buyside.ledgers import audit
from buyside.ledgers.orders import AmountTooLarge, VendorNotActive, day_of

_LARGEST_AMOUNT = Decimal(10) ** 14  # what numeric(18, 4) holds
_SERIAL_DIGITS = 4


class DraftedLine(NamedTuple):
    """A locked, open plan line and what its order line says beside it. Quantity and price per ordered unit."""

    plan_line_id: int
    item_id: int
    quantity: Decimal
    unit_price: Decimal
    needed_on: date
    expected_on: date
    tolerance_percent: Decimal
    """How many percent more than ordered may come."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An order to be drafted of lines of a plan."""

    vendor_id: int
    warehouse_id: int
    currency_code: str
    lines: Sequence[DraftedLine]
    title: str = ""
    contract_id: int | None = None
    order_by: date | None = None


@dataclass(frozen=True, slots=True)
class Drafted:
    """An order that was drafted, and its total in the currency's digits."""

    order: PurchaseOrder
    total: Decimal


class Pegs(Protocol):
    """Whose demand the lines of all drafts serve, one after another."""

    columns: tuple[str, ...]

    def stream(self, order_lines: Sequence[int]) -> Iterable[bytes]:
        """Rows of `columns` of the pegs of these order lines, as a binary COPY."""

    def told(self, lines: int) -> Iterator[dict[str, str]]:
        """Of each of the first lines, its stock units by who asks for them, in words."""


def write_drafts(session: Session, actor: Actor, drafts: Sequence[Draft], pegs: Pegs, *, at: datetime) -> list[Drafted]:
    """Write draft orders with their lines in the given order, numbered, with their defaults (PO-2), priced; mark the plan lines
    as converted.

    Orders are as write_draft would make each of them, in as many statements as for one. Refuses: NotFound, VendorNotActive,
    AmountTooLarge.
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
    priced_lines, amounts = _amounts(drafts, currencies)
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
    line_ids = _write_lines(session, orders, drafts, priced_lines)
    _copy_and_tell(session, orders, drafts, priced_lines, line_ids, pegs)
    return [Drafted(order, priced.total) for order, priced in zip(orders, amounts, strict=True)]


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


def _amounts(drafts: Sequence[Draft], currencies: Mapping[str, Currency]) -> tuple[list[Decimal], list[OrderAmounts]]:
    """What each line of all drafts comes to, one after another, and the feet. Refuses: AmountTooLarge."""
    lines, feet = list[Decimal](), list[OrderAmounts]()
    for draft in drafts:
        totals, foot = price_plain(
            [each.quantity for each in draft.lines],
            [each.unit_price for each in draft.lines],
            digits=currencies[draft.currency_code].digits,
        )
        if max(foot.subtotal, foot.total) >= _LARGEST_AMOUNT:
            raise AmountTooLarge(limit=Amount(_LARGEST_AMOUNT, draft.currency_code))
        lines += totals
        feet.append(foot)
    return lines, feet


def _address(order: PurchaseOrder, addresses: Sequence[OrganisationAddress], warehouse: Warehouse) -> None:
    """Goods go to the warehouse's own address, and where it has none to the organisation's flagged one."""
    for each in addresses:
        contact = "\n".join(filter(None, (each.contact_name, each.contact_email, each.contact_phone)))
        if each.is_bill_to:
            order.bill_to_account, order.bill_to_address, order.bill_to_contact = each.account, each.lines, contact
        if each.is_ship_to:
            order.ship_to_account, order.ship_to_address, order.ship_to_contact = each.account, each.lines, contact
    order.ship_to_address = warehouse.address or order.ship_to_address


_GIVEN = {
    "plan_line": "int8", "order_id": "int8", "line_number": "int4", "expected_on": "date", "receivable": "numeric",
    "total": "numeric",
}  # fmt: skip
_WRITE = text(
    f"""
    WITH given AS (
        SELECT * FROM unnest({", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in _GIVEN.items())})
                 WITH ORDINALITY AS given ({", ".join(_GIVEN)}, position)
    ), written AS (
        INSERT INTO purchase_order_line (
            order_id, line_number, item_id, vendor_item_id, vendor_part, description, quantity, unit_id, unit_factor,
            unit_price, subtotal, total, needed_on, expected_on, receivable_quantity
        )
        SELECT given.order_id, given.line_number, line.item_id, line.vendor_item_id, coalesce(mapping.vendor_part, ''),
               item.name, line.quantity_packs, line.unit_id, line.unit_factor, line.unit_price, given.total, given.total,
               line.needed_on, given.expected_on, given.receivable
        FROM given JOIN plan_line AS line ON line.id = given.plan_line
        JOIN item ON item.id = line.item_id
        LEFT JOIN vendor_item AS mapping ON mapping.id = line.vendor_item_id
        ORDER BY given.position RETURNING id, order_id, line_number
    ), marked AS (
        UPDATE plan_line AS line SET state = :state, purchase_order_line_id = written.id, version = line.version + 1
        FROM given JOIN written USING (order_id, line_number) WHERE line.id = given.plan_line
        RETURNING given.position, written.id
    )
    SELECT array_agg(id ORDER BY position) FROM marked
    """  # noqa: S608 - our own names
)


def _write_lines(
    session: Session, orders: Sequence[PurchaseOrder], drafts: Sequence[Draft], totals: Sequence[Decimal]
) -> list[int]:
    """The order lines, and the plan lines' state, in one statement. Answers with the ids of the order lines."""
    lines = list(_lines_of(drafts))
    columns: list[Iterable[object]] = [
        [each.plan_line_id for each in lines],
        chain.from_iterable(repeat(order.id, len(draft.lines)) for order, draft in zip(orders, drafts, strict=True)),
        chain.from_iterable(range(1, len(draft.lines) + 1) for draft in drafts),
        [each.expected_on for each in lines],
        [receivable(each.quantity, each.tolerance_percent) for each in lines],
        totals,
    ]
    given = {name: as_array(values) for name, values in zip(_GIVEN, columns, strict=True)}
    written: list[int] = session.execute(_WRITE, {**given, "state": _CONVERTED}).scalar_one()
    if len(written) != len(lines):
        raise RuntimeError("a plan line that was locked did not become an order line")
    for row in session.identity_map.values():
        if isinstance(row, PlanLine):
            session.expire(row)
    return written


_CONVERTED = PLAN_LINE.after("convert", PlanLineState.OPEN).value


def _lines_of(drafts: Sequence[Draft]) -> Iterator[DraftedLine]:
    return chain.from_iterable(draft.lines for draft in drafts)


def _copy_and_tell(
    session: Session,
    orders: Sequence[PurchaseOrder],
    drafts: Sequence[Draft],
    totals: Sequence[Decimal],
    line_ids: Sequence[int],
    pegs: Pegs,
) -> None:
    """Copy the pegs in. While the database takes them, the trail is told: aside, as that asks nothing of the database."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="told") as aside:
        told = aside.submit(_tell, session, orders, drafts, totals, line_ids, pegs)
        copy_in(session, "purchase_order_peg", pegs.columns, pegs.stream(line_ids))
    told.result()


def _tell(
    session: Session,
    orders: Sequence[PurchaseOrder],
    drafts: Sequence[Draft],
    totals: Sequence[Decimal],
    line_ids: Sequence[int],
    pegs: Pegs,
) -> None:
    """Tell the audit trail of what SQL wrote by itself."""

    def order_lines() -> Iterator[audit.Change]:
        served, total = pegs.told(audit.MOST_CHANGES), iter(totals)
        for order, draft in zip(orders, drafts, strict=True):
            for number, line in enumerate(draft.lines, start=1):
                after: dict[str, Any] = {
                    "order_id": order.id, "line_number": number, "item_id": line.item_id, "quantity": line.quantity,
                    "unit_price": line.unit_price, "total": next(total), "needed_on": line.needed_on, "pegs": next(served),
                }  # fmt: skip
                yield None, after

    before = {"state": PlanLineState.OPEN.value}
    audit.note_all(session, "purchase_order_line", line_ids, order_lines())
    plan_lines = [line.plan_line_id for line in _lines_of(drafts)]
    marks = ((before, {"state": _CONVERTED, "purchase_order_line_id": each}) for each in line_ids)
    audit.note_all(session, "plan_line", plan_lines, marks)
