"""An order in words: the texts of its sheet, its lines and its margin, made from what the queries answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, TypedDict
from urllib.parse import quote

from buyside.domain.access import Actor
from buyside.domain.locales import PRICE_DIGITS, shown_date, shown_instant, shown_number
from buyside.domain.orders import AWAITING_GOODS
from buyside.domain.payment import events_in_words
from buyside.queries.order_history import OrderEvent, ServedDemand, ServedRun
from buyside.queries.orders import OrderDetail, OrderLineDetail
from buyside.queries.receipts import ReceiptHead
from buyside.state.receipts import days_late


class Sheet(TypedDict):
    """Head and foot. What can be edited stands under its column's name, as its field takes it."""

    buyer: str
    vendor: str
    vendor_code: str
    vendor_address: str
    vendor_contact: str
    vendor_tax_id: str
    delivery_terms: str
    title: str
    order_by: str
    order_by_shown: str
    ordered_on: str
    currency: str
    contract: str
    warehouse_id: str
    warehouse: str
    bill_to_account: str
    bill_to_address: str
    bill_to_contact: str
    payment_term_id: str
    payment: str
    payment_events: str
    ship_to_account: str
    ship_to_address: str
    ship_to_contact: str
    shipping_account: str
    shipping_method: str
    pick_up_address_id: str
    pick_up: str
    fulfil_all_at_once: str
    all_at_once: str
    subtotal: str
    header_discount: str
    discount: str
    shipping_costs: str
    tax: str
    total: str
    notes: str
    internal_notes: str


class SheetLine(TypedDict):
    """One line, as fields take it and as the paper shows it."""

    id: int
    number: str
    code: str
    name: str
    vendor_part: str
    description: str
    quantity: str
    unit: str
    in_stock_units: str
    unit_price: str
    subtotal: str
    discount_percent: str
    discount: str
    tax_percent: str
    tax: str
    total: str
    needed_on: str
    needed: str
    expected_on: str
    expected: str
    promised: str
    received: str
    received_share: str
    open: str
    late: str


class Mention(TypedDict):
    """A record that refers to the order."""

    name: str
    path: str
    says: str
    warning: str


class ReceiptMention(TypedDict):
    """A receipt of the order."""

    id: int
    number: str
    says: str
    mark: str
    can_void: bool


class Happened(TypedDict):
    """One entry of the timeline."""

    says: str
    more: list[str]
    when: str


EMPTY = Sheet(**dict.fromkeys(Sheet.__annotations__, ""))  # type: ignore[typeddict-item]


def _day(value: date | str | None, locale: str) -> str:
    if not value:
        return ""
    return shown_date(date.fromisoformat(value) if isinstance(value, str) else value, locale)


def _iso(value: date | None) -> str:
    return value.isoformat() if value else ""


def sheet_of(order: OrderDetail, locale: str) -> Sheet:
    """Head and foot: of an issued order as frozen, of a draft as it stands."""
    paper = order.paper
    digits = (order.currency_digits, order.currency_digits)
    terms, foot = paper["terms"], paper["foot"]

    def money(value: Decimal | str) -> str:
        return shown_number(Decimal(value), locale, digits)

    contacts = paper["vendor"]["contacts"]
    contract = paper["contract"]
    return Sheet(
        buyer=paper["buyer"]["name"],
        vendor=paper["vendor"]["legal_name"] or paper["vendor"]["name"],
        vendor_code=paper["vendor"]["code"],
        vendor_address=paper["vendor"]["address"],
        vendor_contact=" · ".join(filter(None, (contacts[0]["name"], contacts[0]["email"]))) if contacts else "",
        vendor_tax_id=paper["vendor"]["tax_id"],
        delivery_terms=paper["vendor"]["delivery_terms"],
        title=paper["title"],
        order_by=_iso(order.order_by),
        order_by_shown=_day(paper["order_by"], locale),
        ordered_on=_day(paper["ordered_on"], locale),
        currency=paper["currency"]["code"],
        contract=f"{contract['number']} {contract['title']}".strip() if contract else "",
        warehouse_id=str(order.warehouse_id),
        warehouse=f"{paper['ship_to']['warehouse']['code']} · {paper['ship_to']['warehouse']['name']}",
        bill_to_account=paper["bill_to"]["account"],
        bill_to_address=paper["bill_to"]["address"],
        bill_to_contact=paper["bill_to"]["contact"],
        payment_term_id=str(order.payment_term_id or ""),
        payment=terms["payment"]["name"] or terms["payment"]["code"] if terms["payment"] else "",
        payment_events=events_in_words(terms["payment"], locale),
        ship_to_account=paper["ship_to"]["account"],
        ship_to_address=paper["ship_to"]["address"],
        ship_to_contact=paper["ship_to"]["contact"],
        shipping_account=terms["shipping_account"],
        shipping_method=terms["shipping_method"],
        pick_up_address_id=str(order.pick_up_address_id or ""),
        pick_up=terms["pick_up"],
        fulfil_all_at_once="on" if order.fulfil_all_at_once else "off",
        all_at_once="Yes, no partial shipments"
        if terms["fulfil_all_at_once"]
        else "No, partial shipments are accepted",
        subtotal=money(foot["subtotal"]),
        header_discount=money(foot["header_discount"]),
        discount=("−" if Decimal(foot["discount"]) else "") + money(foot["discount"]),
        shipping_costs=money(foot["shipping_costs"]),
        tax=money(foot["tax"]),
        total=money(foot["total"]),
        notes=paper["notes"],
        internal_notes=order.internal_notes,
    )


def lines_of_sheet(order: OrderDetail, locale: str) -> list[SheetLine]:
    """The lines of the paper, each with how far its delivery is."""
    frozen = {each["line"]: each for each in order.paper["lines"]}
    return [_line(each, frozen[each.line_number], order, locale) for each in order.lines if each.line_number in frozen]


def _line(line: OrderLineDetail, frozen: Mapping[str, Any], order: OrderDetail, locale: str) -> SheetLine:
    digits = (order.currency_digits, order.currency_digits)

    def number(name: str, how: tuple[int, int] = (0, 6)) -> str:
        return shown_number(Decimal(frozen[name]), locale, how)

    discount, factor = Decimal(frozen["discount"]), Decimal(frozen["unit_factor"])
    share = min(Decimal(100), 100 * line.received_quantity / line.quantity)
    is_awaited = order.state in AWAITING_GOODS
    return SheetLine(
        id=line.id,
        number=str(line.line_number),
        code=frozen["item"]["code"],
        name=frozen["item"]["name"],
        vendor_part=frozen["vendor_part"],
        description=frozen["description"],
        quantity=number("quantity"),
        unit=frozen["unit"],
        in_stock_units=""
        if factor == 1
        else f"= {shown_number(Decimal(frozen['quantity']) * factor, locale)} {frozen['item']['unit']}",
        unit_price=number("unit_price", PRICE_DIGITS),
        subtotal=number("subtotal", digits),
        discount_percent=number("discount_percent"),
        discount=shown_number(discount, locale, digits) if discount else "",
        tax_percent=number("tax_percent"),
        tax=number("tax", digits),
        total=number("total", digits),
        needed_on=_iso(line.needed_on),
        needed=_day(frozen["needed_on"], locale),
        expected_on=_iso(line.expected_on),
        expected=_day(frozen["expected_on"], locale),
        promised=_day(line.promised_on, locale),
        received=shown_number(line.received_quantity, locale),
        received_share=f"{int(share)}%",
        open=shown_number(line.open_quantity, locale) if is_awaited else "",
        late=days_late(line.late_days),
    )


def runs_in_words(runs: tuple[ServedRun, ...], locale: str) -> list[Mention]:
    """The plans that lines came from."""
    return [
        Mention(
            name=f"Plan of {_day(each.as_of, locale)}",
            path=f"/plan?run={each.run_id}",
            says=f"{each.lines} line{'' if each.lines == 1 else 's'} of this order",
            warning="",
        )
        for each in runs
    ]


def demand_in_words(demand: tuple[ServedDemand, ...], locale: str, *, most: int = 30) -> list[Mention]:
    """The customers' lines that the order serves, the first to be needed first."""
    return [
        Mention(
            name=each.sales_order,
            path="/sales-orders/" + quote(each.sales_order, safe=""),
            says=f"{each.customer}: {shown_number(each.quantity, locale)} {each.unit} of {each.item_code}, "
            f"needed {_day(each.needed_by, locale)}",
            warning=f"arrives {_day(each.due_on, locale)}" if each.is_endangered else "",
        )
        for each in demand[:most]
    ]


def receipts_in_words(receipts: tuple[ReceiptHead, ...], locale: str, *, may_void: bool) -> list[ReceiptMention]:
    """The receipts, the latest first."""
    return [
        ReceiptMention(
            id=each.id,
            number=each.number,
            says=", ".join(
                filter(
                    None,
                    (
                        _day(each.effective_on, locale),
                        f"into {each.warehouse}",
                        f"by {each.received_by}" if each.received_by else "",
                        f"note {each.delivery_note}" if each.delivery_note else "",
                        each.void_reason,
                    ),
                )
            ),
            mark=receipt_mark(each),
            can_void=may_void and not each.reverses and not each.voided_by,
        )
        for each in receipts
    ]


def receipt_mark(receipt: ReceiptHead) -> str:
    """Whether a receipt was voided, or voids another; or nothing."""
    if receipt.voided_by:
        return "Voided"
    return f"Reverse of {receipt.reverses}" if receipt.reverses else ""


def timeline_in_words(events: list[OrderEvent], actor: Actor) -> list[Happened]:
    """What happened, the latest first."""
    return [
        Happened(
            says=f"{each.says}: {each.reason}" if each.reason else each.says,
            more=[_change(*change, locale=actor.locale) for change in each.changes[:6]],
            when=f"{shown_instant(each.at, actor.locale, actor.time_zone)} · {each.who}",
        )
        for each in events
    ]


def _change(what: str, before: str, after: str, *, locale: str) -> str:
    name = what[:1].upper() + what[1:]
    before, after = _day_in_words(before, locale), _day_in_words(after, locale)
    if before and after:
        return f"{name}: {before} → {after}"
    return f"{name}: {after}" if after else f"{name}: {before} removed"


def _day_in_words(value: str, locale: str) -> str:
    """A date of the audit trail as people write it; anything else as it is."""
    try:
        return shown_date(date.fromisoformat(value), locale)
    except ValueError:
        return value
