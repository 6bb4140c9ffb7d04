"""What an item or a vendor's offers cost over time, in the words and numbers of the person who looks: rows of tables, points of charts."""

from __future__ import annotations

from datetime import date
from typing import TypedDict

from buyside.domain.locales import PRICE_DIGITS, shown_date, shown_number, shown_price
from buyside.queries.item_prices import ItemPrices, PaidPrice, PriceStep, VendorPrices
from buyside.state.base import me
from buyside.state.item_words import NOTHING, Mark, Point, day_number, order_path

_COLOURS = ("var(--accent-9)", "var(--jade-10)", "var(--amber-10)", "var(--plum-9)", "var(--red-9)", "var(--cyan-10)")
_LOOKS = ("solid", "dashed", "dotted")


class Offered(TypedDict):
    """A step of a vendor's price."""

    vendor: str
    since: str
    price: str
    for_quantity: str
    rate: str
    compared: str


class Paid(TypedDict):
    """What an order paid."""

    order: str
    path: str
    vendor: str
    day: str
    quantity: str
    price: str
    rate: str
    compared: str


def _rate(step: PriceStep | PaidPrice) -> str:
    """The rate that a price was compared at: "0.92 of 1 Mar 2026"."""
    if step.rate is None or step.rate.valid_from is None:
        return ""
    locale = me().locale
    rate = shown_number(step.rate.rate, locale, PRICE_DIGITS)
    return f"{rate} since {shown_date(step.rate.valid_from, locale)}"


def offers_in_words(prices: ItemPrices) -> list[Offered]:
    """Every step of every vendor's price, the latest of each first."""
    locale = me().locale
    return [
        Offered(
            vendor=f"{each.vendor_code} {each.vendor}",
            since=shown_date(step.since, locale),
            price=_price(step, each.currency),
            for_quantity="" if step.unit_price is None else f"{shown_number(step.quantity, locale)} {step.unit}",
            rate=_rate(step),
            compared=NOTHING if step.comparable is None else shown_number(step.comparable, locale, PRICE_DIGITS),
        )
        for each in prices.offers
        for step in reversed(each.steps)
    ]


def _price(step: PriceStep, currency: str) -> str:
    if step.unit_price is None:
        return "not offered"
    return f"{shown_price(step.unit_price, currency, me().locale)} / {step.unit}"


def paid_in_words(prices: ItemPrices) -> list[Paid]:
    """What orders paid, the latest first."""
    locale = me().locale
    return [
        Paid(
            order=each.order_number,
            path=order_path(each.order_number),
            vendor=f"{each.vendor_code} {each.vendor}",
            day=shown_date(each.ordered_on, locale),
            quantity=f"{shown_number(each.quantity, locale)} {each.unit}",
            price=f"{shown_price(each.net_price, each.currency, locale)} / {each.unit}",
            rate=_rate(each),
            compared=NOTHING if each.comparable is None else shown_number(each.comparable, locale, PRICE_DIGITS),
        )
        for each in prices.paid
    ]


def price_marks(prices: ItemPrices) -> list[Mark]:
    """One line for each vendor and currency, and points for what was paid."""
    lines = [
        Mark(
            key=f"offer{place}",
            name=f"{each.vendor} ({each.currency})" if prices.is_converted else each.vendor,
            colour=_COLOURS[place % len(_COLOURS)],
            look=_LOOKS[place // len(_COLOURS) % len(_LOOKS)],
        )
        for place, each in enumerate(prices.offers)
        if any(step.comparable is not None for step in each.steps)
    ]
    paid = [Mark(key="paid", name="Paid", colour="var(--gray-12)", look="points")] if prices.paid else []
    return [*lines, *paid]


def price_points(prices: ItemPrices) -> list[Point]:
    """The chart of prices. A line ends where nothing is offered, so its last day is a point as well."""
    days = {edge for each in prices.offers for step in each.steps for edge in (step.since, step.until)}
    points: list[Point] = []
    for day in sorted(days):
        point: Point = {"t": day_number(day)}
        for place, each in enumerate(prices.offers):
            point[f"offer{place}"] = _drawn(each, day)
        points.append(point)
    points += [
        {"t": day_number(each.ordered_on), "paid": float(each.comparable)} | _offers_on(prices, each.ordered_on)
        for each in prices.paid
        if each.comparable is not None
    ]
    return sorted(points, key=lambda point: point["t"])


def _offers_on(prices: ItemPrices, day: date) -> Point:
    return {f"offer{place}": _drawn(each, day) for place, each in enumerate(prices.offers)}


def _drawn(offer: VendorPrices, day: date) -> float | None:
    """What a line shows on a day, or nothing."""
    for step in reversed(offer.steps):
        if step.since <= day:
            return None if step.comparable is None else float(step.comparable)
    return None
