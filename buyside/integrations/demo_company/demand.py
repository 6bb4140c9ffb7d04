"""What customers ordered from the demo company: a year that was delivered, and what is open today."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from buyside.integrations.demo_company.products import ALWAYS, NEW_COLOUR, OFFERS, UNMAPPED_VARIANT, VARIANTS

CUSTOMERS = (
    "Radhaus Lindental", "Velokontor Westend", "Zweirad am Anger", "Die Lastenradler eG", "Radwerkstatt Siebenbuchen",
    "Stadtwerke Hainfelde", "Kita-Verbund Morgenland", "Gärtnerei Rosenhag", "Paketdienst Flinke Kette",
    "Bakkerij De Zoete Molen", "Fietsenhuis Oosterkade", "Bakfietscentrum Lage Weide", "Groenploeg Waterwijk",
    "Vélos du Vieux Port", "Coursiers de la Loire", "Atelier Deux Roues et Demie", "La Boîte à Vélo de Brumes",
    "Ciclos Plaza Mayor", "Reparto Verde Cooperativa", "Bici e Bottega Fontanella", "Corrieri del Naviglio",
    "Cykelhuset Norrgatan", "Lastcykel Søndermark", "Byens Bud ApS", "Brookmere Parks Department", "Pedal Parcel Co-op",
    "Harbour Lane Cycles", "The Kindling Nursery", "Millrace Delivery Ltd", "Kolo Servis U Mostu", "Rowerownia Nadrzeczna",
    "Fahrradgenossenschaft Seeblick", "Velo Edelweiss AG", "Apotheke zum Alten Tor", "Hofladen Krähenwinkel",
    "Catering Tafelspitz", "Leihrad Nordufer", "Campus Hohenfeld", "Stadt Birkenau, Bauhof", "Schornsteinfeger Rußmann & Sohn",
)  # fmt: skip
SITE = {"TR": "WEST", "CP": "WEST", "AC": "SERV"}
"""Where a product is built and shipped from; all others at MAIN."""

_POPULAR = {"LH": 26, "PT": 20, "KO": 16, "UT": 14, "TR": 12, "CP": 12, "TL": 9, "AC": 9}
_OFTEN = {"Drive": 0.3, "Seating": 0.35, "Cover": 0.4, "Extras": 0.45, "Tyres": 0.1, "Drive unit": 0.2}
_FLEETS = frozenset({"CP", "TL", "AC"})


@dataclass(slots=True)
class Line:
    """A sold configuration."""

    sku: str
    quantity: int
    needed_by: date
    options: tuple[tuple[str, str], ...]
    fulfilled: int = 0

    @property
    def product(self) -> str:
        return self.sku.split("-")[0]


@dataclass(slots=True)
class Order:
    """A sales order; `approved_on` is empty for drafts."""

    number: str
    customer: str
    status: str
    approved_on: date | None
    warehouse: str
    lines: list[Line] = field(default_factory=list)


def weekday(day: date) -> date:
    """`day`, or the Friday before where it falls on a weekend."""
    return day - timedelta(days=max(0, day.weekday() - 4))


def _options(product: str, rng: Random) -> tuple[tuple[str, str], ...]:
    chosen = []
    for group, by_product in OFFERS.items():
        values = tuple(value for value in by_product.get(product, ()) if value != NEW_COLOUR)
        if values and (group in ALWAYS or rng.random() < _OFTEN[group]):
            first = min(int(rng.random() ** 1.6 * len(values)), len(values) - 1)  # the first values sell best
            chosen.append((group, values[first]))
    return tuple(chosen)


def _line(site: str, needed_by: date, rng: Random) -> Line:
    products = [product for product in _POPULAR if SITE.get(product, "MAIN") == site]
    product = rng.choices(products, [_POPULAR[each] for each in products])[0]
    sku = rng.choice([row[0] for row in VARIANTS if row[0].split("-")[0] == product])
    quantity = rng.choices((1, 2, 3, 4, 5, 6), (30, 24, 16, 12, 8, 6))[0]
    if product in _FLEETS and rng.random() < 0.25:
        quantity += rng.choice((6, 8, 10, 14))
    return Line(sku, quantity, needed_by, _options(product, rng))


def sales_orders(today: date, start: date, rng: Random) -> list[Order]:
    """Every sales order from `start` on, oldest first; what was due is delivered but for a few that are late."""
    orders: list[Order] = []
    day = start - timedelta(days=28)
    serial = 0
    while day <= today:
        if day.weekday() < 5:
            for _ in range(_orders_of(day, today, rng)):
                serial += 1
                orders.append(_order(f"SO-{day.year % 100:02d}-{serial:05d}", day, start, rng))
        day += timedelta(days=1)
    _fulfil(orders, today, rng)
    _withdraw(orders, today, rng)
    _unmapped(orders, today, rng)
    return orders


def _orders_of(day: date, today: date, rng: Random) -> int:
    """How many orders come in on a day: business grows, and the season before today was good."""
    return rng.choice((3, 4, 5)) if (today - day).days < 65 else rng.choice((1, 2, 3))


def _order(number: str, day: date, start: date, rng: Random) -> Order:
    site = rng.choices(("MAIN", "WEST", "SERV"), (64, 28, 8))[0]
    order = Order(number, rng.choice(CUSTOMERS), "approved", day, site)
    wished = day + timedelta(days=rng.choice((17, 21, 24, 28, 33, 38, 45, 52, 60, 68)))
    needed_by = max(wished, start + timedelta(days=14))
    for _ in range(rng.choices((1, 2, 3), (50, 34, 16))[0]):
        order.lines.append(_line(site, weekday(needed_by), rng))
    return order


def _fulfil(orders: list[Order], today: date, rng: Random) -> None:
    for order in orders:
        for line in order.lines:
            days_over = (today - line.needed_by).days
            if days_over > 21 or (days_over >= 0 and rng.random() > 0.3):
                line.fulfilled = line.quantity
            elif days_over >= -7 and line.quantity > 2 and rng.random() < 0.2:
                line.fulfilled = line.quantity // 2


def _withdraw(orders: list[Order], today: date, rng: Random) -> None:
    """The newest orders are partly drafts still; a few older ones were cancelled before anything was delivered."""
    untouched = [order for order in orders if not any(line.fulfilled for line in order.lines)]
    ages = [(order, (today - order.approved_on).days) for order in untouched if order.approved_on]
    for order, age in ages:
        if age <= 7 and rng.random() < 0.55:
            order.status, order.approved_on = "draft", None
    for order in rng.sample([order for order, age in ages if age > 7], 8):
        order.status = "cancelled"


def _unmapped(orders: list[Order], today: date, rng: Random) -> None:
    """Three open lines in a colour without a rule, and two of a product without a structure (ITM-8)."""
    open_orders = [each for each in orders if each.status == "approved" and each.warehouse == "MAIN"]
    later = [line for each in open_orders for line in each.lines if line.needed_by > today and not line.fulfilled]
    coloured = [line for line in later if any(group == "Colour" for group, _ in line.options)]
    for line in rng.sample(coloured, 3):
        line.options = (("Colour", NEW_COLOUR), *(each for each in line.options if each[0] != "Colour"))
    for order in rng.sample([each for each in open_orders if each.lines[-1].needed_by > today], 2):
        order.lines.append(Line(UNMAPPED_VARIANT, 2, order.lines[-1].needed_by, (("Colour", "Anthracite"),)))
