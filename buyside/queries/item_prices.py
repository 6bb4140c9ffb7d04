"""What an item costs over time: each vendor's valid prices as steps, and what was really paid on issued orders (VEN-4, INT-3)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, select
from sqlmodel import Session, col

from buyside.db.items import PriceBreak, Unit, VendorItem
from buyside.db.orders import PurchaseOrder, PurchaseOrderLine
from buyside.db.vendors import Vendor
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.money import rounded
from buyside.domain.orders import BEFORE_ISSUE, OrderState
from buyside.domain.plans import Price, price_of
from buyside.domain.rates import Rate, Rates
from buyside.ledgers.exchange_rates import rates_of
from buyside.queries.answers import columns

MOST_POINTS = 200
"""Points that one chart is made of."""
_MOST_PAID = 100
_MOST_SERIES = 20
_LEAST_PAST = timedelta(days=365)
_MOST_PAST = timedelta(days=3 * 365)
_LEAST_AHEAD = timedelta(days=60)
_MOST_AHEAD = timedelta(days=365)
_DIGITS = 6
_NOT_BOUGHT = tuple(sorted({*BEFORE_ISSUE, OrderState.REJECTED, OrderState.CANCELLED}))


@dataclass(frozen=True, slots=True)
class PriceStep:
    """A vendor's price from a day on. Without a price nothing is offered from then on."""

    since: date
    until: date
    """The last day of it that is looked at."""
    unit_price: Decimal | None
    """For one ordered unit, in the vendor's currency."""
    unit: str
    unit_factor: Decimal
    quantity: Decimal
    """The quantity whose price it is, in the ordered unit: one, or the vendor's minimum."""
    rate: Rate | None
    comparable: Decimal | None
    """For one stock unit, in the currency of the comparison, rounded to six decimals; None without a price or a rate."""


@dataclass(frozen=True, slots=True)
class VendorPrices:
    """What one vendor asks for an item over time, in one currency."""

    vendor_code: str
    vendor: str
    currency: str
    steps: tuple[PriceStep, ...]


@dataclass(frozen=True, slots=True)
class PaidPrice:
    """What an issued order pays, after the line's own discounts."""

    order_number: str
    line_number: int
    vendor_code: str
    vendor: str
    ordered_on: date
    quantity: Decimal
    unit: str
    unit_price: Decimal
    """For one ordered unit as the order has it, before discounts."""
    net_price: Decimal
    """The same after the line's discounts, rounded to six decimals."""
    currency: str
    rate: Rate | None
    comparable: Decimal | None


@dataclass(frozen=True, slots=True)
class ItemPrices:
    """Prices of an item made comparable: for one stock unit, in one currency."""

    currency: str
    """That all are compared in: the only one there is, else the organisation's."""
    is_converted: bool
    since: date
    until: date
    offers: tuple[VendorPrices, ...]
    paid: tuple[PaidPrice, ...]
    without_rate: tuple[str, ...]
    """Currencies of which some price is from a day before their first rate: such prices are told and not compared."""


@needs(Permission.VENDOR_VIEW)
def item_prices(session: Session, actor: Actor, /, *, item_id: int, today: date) -> ItemPrices:
    """Prices of an item from the past years to the coming months, at the smallest quantity that each vendor sells.

    What was paid is told to those who may see orders.
    """
    mappings = _mappings(session, item_id)
    prices = _prices(session, [mapping.id for mapping, *_ in mappings])
    paid = list(session.execute(_paid(item_id, today - _MOST_PAST))) if actor.may(Permission.ORDER_VIEW) else []
    currencies = {each.currency_code for known in prices.values() for each in known} | {row.currency for row in paid}
    rates = rates_of(session, currencies) if len(currencies) > 1 else None
    in_currency = rates.own if rates else next(iter(currencies), "")
    since, until = _window(
        today, [row.ordered_on for row in paid], [each for known in prices.values() for each in known]
    )
    offers = _offers(mappings, prices, rates, since, until)
    compared = tuple(_paid_price(row, rates) for row in paid if row.ordered_on >= since)
    lost = {
        each.currency
        for each in offers
        for step in each.steps
        if step.unit_price is not None and step.comparable is None
    }
    lost |= {each.currency for each in compared if each.comparable is None}
    return ItemPrices(
        currency=in_currency,
        is_converted=rates is not None,
        since=since,
        until=until,
        offers=offers,
        paid=compared,
        without_rate=tuple(sorted(lost)),
    )


_Mapping = tuple[VendorItem, str, str, str]
"""A vendor item, its vendor's code and name, its purchase unit's code."""


def _mappings(session: Session, item_id: int) -> list[_Mapping]:
    found = session.execute(
        select(VendorItem, col(Vendor.code), col(Vendor.name), col(Unit.code))
        .join(Vendor, col(Vendor.id) == col(VendorItem.vendor_id))
        .join(Unit, col(Unit.id) == col(VendorItem.purchase_unit_id))
        .where(col(VendorItem.item_id) == item_id, col(VendorItem.is_active))
        .order_by(col(VendorItem.preference), col(Vendor.code), col(VendorItem.valid_from).nulls_first())
    )
    return [(mapping, code, name, unit) for mapping, code, name, unit in found]


def _prices(session: Session, mapping_ids: list[int]) -> dict[int, list[Price]]:
    found: dict[int, list[Price]] = {}
    if mapping_ids:
        rows = session.execute(select(PriceBreak).where(col(PriceBreak.vendor_item_id).in_(mapping_ids))).scalars()
        for row in rows:
            price = Price(row.from_quantity, row.unit_price, row.currency_code, row.valid_from, row.valid_to)
            found.setdefault(row.vendor_item_id, []).append(price)
    return found


def _paid(item_id: int, since: date) -> Select[Any]:
    line = PurchaseOrderLine
    return (
        columns(
            order_number=col(PurchaseOrder.number),
            line_number=col(line.line_number),
            vendor_code=col(Vendor.code),
            vendor=col(Vendor.name),
            ordered_on=col(PurchaseOrder.ordered_on),
            quantity=col(line.quantity),
            unit=col(Unit.code),
            unit_factor=col(line.unit_factor),
            unit_price=col(line.unit_price),
            net=col(line.subtotal) - col(line.discount),
            subtotal=col(line.subtotal),
            currency=col(PurchaseOrder.currency_code),
        )
        .select_from(line)
        .join(PurchaseOrder, col(PurchaseOrder.id) == col(line.order_id))
        .join(Vendor, col(Vendor.id) == col(PurchaseOrder.vendor_id))
        .join(Unit, col(Unit.id) == col(line.unit_id))
        .where(
            col(line.item_id) == item_id,
            col(PurchaseOrder.state).not_in(_NOT_BOUGHT),
            col(PurchaseOrder.ordered_on) >= since,
        )
        .order_by(col(PurchaseOrder.ordered_on).desc(), col(line.id).desc())
        .limit(_MOST_PAID)
    )


def _window(today: date, bought: Iterable[date], prices: Iterable[Price]) -> tuple[date, date]:
    """What is looked at: a year back and two months ahead, further where something is known, at most three and one."""
    edges = [*bought]
    for each in prices:
        edges += [day for day in (each.valid_from, each.valid_to) if day]
    first = min([today - _LEAST_PAST, *edges])
    last = max([today + _LEAST_AHEAD, *(day + timedelta(days=30) for day in edges)])
    return max(first, today - _MOST_PAST), min(last, today + _MOST_AHEAD)


def _offers(
    mappings: list[_Mapping], prices: dict[int, list[Price]], rates: Rates | None, since: date, until: date
) -> tuple[VendorPrices, ...]:
    """One series for each vendor and currency, in the order of preference."""
    of_vendor: dict[tuple[str, str, str], list[_Mapping]] = {}
    for each in mappings:
        for currency in sorted({price.currency_code for price in prices.get(each[0].id, [])}):
            of_vendor.setdefault((each[1], each[2], currency), []).append(each)
    kept = list(of_vendor.items())[:_MOST_SERIES]
    most = max(
        2, (MOST_POINTS - _MOST_PAID) // 2 // max(1, len(kept))
    )  # each step is drawn from its first to its last day
    offers = (
        VendorPrices(code, name, currency, _steps(own, prices, currency, rates, since, until, most))
        for (code, name, currency), own in kept
    )
    return tuple(each for each in offers if each.steps)


def _steps(
    mappings: list[_Mapping],
    prices: dict[int, list[Price]],
    currency: str,
    rates: Rates | None,
    since: date,
    until: date,
    most: int,
) -> tuple[PriceStep, ...]:
    """Where a vendor's price changes between two days, and what it is from there on; the latest `most` of them."""
    next_day = timedelta(days=1)
    known = {
        mapping.id: [each for each in prices.get(mapping.id, []) if each.currency_code == currency]
        for mapping, *_ in mappings
    }
    edges = {since}
    valid: list[VendorItem | Price] = [mapping for mapping, *_ in mappings]
    for each in [*valid, *(price for own in known.values() for price in own)]:
        edges |= {each.valid_from} if each.valid_from else set()
        edges |= {each.valid_to + next_day} if each.valid_to else set()
    changes = [day for day in (rates.days(currency) if rates else ()) if since <= day <= until]
    edges |= set(changes[:: 1 + 2 * len(changes) // most])  # rates may change daily
    days = sorted(each for each in edges if since <= each <= until)
    steps: list[PriceStep] = []
    for day, following in zip(days, [*days[1:], until + next_day], strict=True):
        step = _step(day, following - next_day, mappings, known, currency, rates)
        if steps and replace(step, since=steps[-1].since, until=steps[-1].until) == steps[-1]:
            steps[-1] = replace(steps[-1], until=step.until)
        else:
            steps.append(step)
    return tuple(steps[-most:]) if any(each.unit_price is not None for each in steps[-most:]) else ()


def _step(
    day: date,
    until: date,
    mappings: list[_Mapping],
    known: dict[int, list[Price]],
    currency: str,
    rates: Rates | None,
) -> PriceStep:
    rate = rates.on(currency, day) if rates else None
    for mapping, _, _, unit in mappings:
        quantity = max(Decimal(1), mapping.minimum_quantity)
        is_valid = (mapping.valid_from or day) <= day <= (mapping.valid_to or day)
        price = price_of(quantity, known[mapping.id], day) if is_valid else None
        if price is not None:
            compared = _compared(price.unit_price, mapping.unit_factor, rate, is_foreign=rates is not None)
            return PriceStep(day, until, price.unit_price, unit, mapping.unit_factor, quantity, rate, compared)
    return PriceStep(day, until, None, "", Decimal(1), Decimal(1), None, None)


def _compared(price: Decimal, unit_factor: Decimal, rate: Rate | None, *, is_foreign: bool) -> Decimal | None:
    """A price per ordered unit as one per stock unit, at a rate where currencies are compared."""
    if not is_foreign:
        return rounded(price / unit_factor, _DIGITS)
    return None if rate is None else rounded(price * rate.rate / unit_factor, _DIGITS)


def _paid_price(row: object, rates: Rates | None) -> PaidPrice:
    each = row._mapping  # type: ignore[attr-defined]
    rate = rates.on(each["currency"], each["ordered_on"]) if rates else None
    # Without a discount the price is as agreed, whatever rounding the amount of the line went through.
    net = each["unit_price"] if each["net"] == each["subtotal"] else each["net"] / each["quantity"]
    return PaidPrice(
        order_number=each["order_number"],
        line_number=each["line_number"],
        vendor_code=each["vendor_code"],
        vendor=each["vendor"],
        ordered_on=each["ordered_on"],
        quantity=each["quantity"],
        unit=each["unit"],
        unit_price=each["unit_price"],
        net_price=rounded(net, _DIGITS),
        currency=each["currency"],
        rate=rate,
        comparable=_compared(net, each["unit_factor"], rate, is_foreign=rates is not None),
    )
