"""A year of the demo company's buying, as a script: what was ordered, what arrived, what went into production, and when.

The script is worked out backwards from what the sold bikes needed, so that the balances it leaves are plausible: what is
bought replaces what is used, and the opening stock is just large enough that nothing ever goes below zero.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from random import Random

from buyside.integrations.demo_company.catalogue import BOUGHT, GROUPS
from buyside.integrations.demo_company.demand import Line, Order, weekday
from buyside.integrations.demo_company.products import (
    DISPLAY,
    DISPLAY_KIT,
    ITEMS,
    RULES,
    STRUCTURE,
    UNMAPPED_VARIANT,
    Row,
    Rule,
)
from buyside.integrations.demo_company.sourcing import Offer

ZERO = Decimal(0)
PERIOD = 28
"""Days between two postings of production."""

DRAFTS = 3
"""The newest orders nobody has issued yet."""

Stock = tuple[str, str]
"""Warehouse and item."""


@dataclass(frozen=True, slots=True)
class Production:
    """Components that went into production: item, quantity; and what was finished and shipped: variant, quantity, the
    cost of its material."""

    on: date
    warehouse: str
    issued: tuple[tuple[str, Decimal], ...]
    made: tuple[tuple[str, Decimal, Decimal], ...]


@dataclass(frozen=True, slots=True)
class OrderLine:
    """An ordered line; quantity and price per purchase unit."""

    item: str
    quantity: Decimal
    price: Decimal
    needed_on: date
    expected_on: date


@dataclass(frozen=True, slots=True)
class Ordered:
    """A purchase order, issued on the day or left as a draft."""

    on: date
    key: int
    vendor: str
    warehouse: str
    title: str
    lines: tuple[OrderLine, ...]
    is_issued: bool = True


@dataclass(frozen=True, slots=True)
class Received:
    """An arrival: line numbers and quantities in the ordered unit.

    `refused` is what was typed first and was more than the order allows; `voided` is what was posted first and taken
    back the same day. Both are empty where nothing went wrong.
    """

    on: date
    key: int
    note: str
    lines: tuple[tuple[int, Decimal], ...]
    refused: tuple[tuple[int, Decimal], ...] = ()
    voided: tuple[tuple[int, Decimal], ...] = ()


@dataclass(frozen=True, slots=True)
class Cancelled:
    """An order that was cancelled before anything arrived."""

    on: date
    key: int
    reason: str


@dataclass(frozen=True, slots=True)
class Closed:
    """An order that was closed, some days after the last of it had arrived."""

    on: date
    key: int


Event = Production | Ordered | Received | Cancelled | Closed


@dataclass(slots=True)
class History:
    """The script in the order in which it happened, and where it began and ended."""

    start: date
    events: list[Event] = field(default_factory=list)
    opening: dict[Stock, Decimal] = field(default_factory=dict)
    closing: dict[Stock, Decimal] = field(default_factory=dict)
    use: dict[Stock, Decimal] = field(default_factory=dict)
    """What a week used on average."""


_BELOW: dict[str, list[Row]] = {}
for _row in STRUCTURE:
    _BELOW.setdefault(_row.parent, []).append(_row)
_COSTS = {item.code: item.cost for item in ITEMS}
_IS_BOUGHT = {item.code: item.supply == "buy" for item in ITEMS}
_WHOLE = {item.code for item in BOUGHT if item.unit in {"pcs", "pair", "set", "sheet"}}
_known: dict[str, dict[str, Decimal]] = {}


def components_of(line: Line) -> dict[str, Decimal]:
    """Bought items in one unit of a sold line, as built until today: structure, then rules, exploded to the bottom."""
    parent = line.sku if line.sku in _BELOW else line.product
    parts = [(row.component, row.quantity * (1 + row.scrap / 100)) for row in _BELOW.get(parent, ())]
    chosen = set(line.options)
    holding = [rule for rule in RULES if rule.product in {"", line.product} and set(rule.when) <= chosen]
    total: dict[str, Decimal] = defaultdict(Decimal)
    for code, quantity in _configured(parts, holding):
        for item, each in _exploded(code).items():
            total[item] += each * quantity
    return total


def _configured(parts: list[tuple[str, Decimal]], rules: Sequence[Rule]) -> list[tuple[str, Decimal]]:
    removed = {rule.component for rule in rules if rule.behaviour == "remove"}
    replaced = {rule.component: rule.replacement for rule in rules if rule.behaviour == "replace"}
    scaled = {rule.component: rule.quantity for rule in rules if rule.behaviour == "scale"}
    changed = [
        (replaced.get(code, code), quantity * (scaled.get(code) or 1))
        for code, quantity in parts
        if code not in removed
    ]
    return changed + [(rule.component, rule.quantity or ZERO) for rule in rules if rule.behaviour == "add"]


def _exploded(code: str) -> Mapping[str, Decimal]:
    if code not in _known:
        total: dict[str, Decimal] = defaultdict(Decimal)
        if _IS_BOUGHT[code]:
            total[code] = Decimal(1)
        for row in _BELOW.get(code, ()):
            for item, each in _exploded(row.component).items():
                total[item] += each * row.quantity * (1 + row.scrap / 100)
        if code == DISPLAY_KIT:
            total[DISPLAY] += 1
        _known[code] = total
    return _known[code]


def _units_up(code: str, quantity: Decimal) -> Decimal:
    return quantity.quantize(Decimal(1) if code in _WHOLE else Decimal("0.001"), rounding=ROUND_CEILING)


def write_history(today: date, start: date, orders: Iterable[Order], offers: Sequence[Offer], rng: Random) -> History:
    """The script from `start` to `today` for sales orders that were delivered."""
    history = History(start)
    days = [start + timedelta(days=offset) for offset in range(25, (today - start).days + 1, PERIOD)]
    used, made = _production(orders, days)
    purchases = _purchases(today, start, days, used, offers, rng)
    for position, day in enumerate(days):
        for warehouse in ("MAIN", "SERV", "WEST"):
            issued = [(item, use[position]) for (place, item), use in sorted(used.items()) if place == warehouse]
            finished = sorted(
                (sku, count, (cost / count).quantize(Decimal("0.01")))
                for (at, place, sku), (count, cost) in made.items()
                if (at, place) == (position, warehouse)
            )
            if finished:
                history.events.append(
                    Production(day, warehouse, tuple(each for each in issued if each[1]), tuple(finished))
                )
    history.events += purchases
    history.events.sort(key=lambda event: (event.on, _RANK[type(event)], getattr(event, "key", 0)))
    history.use = {stock: sum(use, ZERO) / (len(days) * PERIOD // 7) for stock, use in used.items()}
    _balance(history, offers, rng)
    return history


_RANK = {Ordered: 0, Received: 1, Cancelled: 2, Closed: 3, Production: 4}


def _production(
    orders: Iterable[Order], days: Sequence[date]
) -> tuple[dict[Stock, list[Decimal]], dict[tuple[int, str, str], tuple[Decimal, Decimal]]]:
    """What was used, by posting day; and by posting day, warehouse and variant what was finished, at which cost."""
    exact: dict[Stock, list[Decimal]] = defaultdict(lambda: [ZERO] * len(days))
    made: dict[tuple[int, str, str], tuple[Decimal, Decimal]] = defaultdict(lambda: (ZERO, ZERO))
    for order in orders:
        for line in order.lines:
            if not line.fulfilled or line.sku == UNMAPPED_VARIANT:
                continue
            position = max(0, sum(day <= line.needed_by for day in days) - 1)
            parts = components_of(line)
            material = sum((each * _COSTS[item] for item, each in parts.items()), ZERO)
            count, cost = made[position, order.warehouse, line.sku]
            made[position, order.warehouse, line.sku] = (count + line.fulfilled, cost + line.fulfilled * material)
            for item, each in parts.items():
                exact[order.warehouse, item][position] += each * line.fulfilled
    used = {stock: [_units_up(stock[1], use) for use in by_day] for stock, by_day in exact.items()}
    return used, made


def _purchases(
    today: date,
    start: date,
    days: Sequence[date],
    used: Mapping[Stock, list[Decimal]],
    offers: Sequence[Offer],
    rng: Random,
) -> list[Event]:
    by_item: dict[str, list[Offer]] = defaultdict(list)
    for offer in offers:
        by_item[offer.item.code].append(offer)
    wanted: dict[tuple[str, str], list[tuple[Stock, list[Offer]]]] = defaultdict(list)
    for stock in sorted(used):
        choices = [each for each in by_item[stock[1]] if each.vendor.status != "inactive"]
        wanted[choices[0].vendor.code, stock[0]].append((stock, choices))
    placed: list[Ordered] = []
    for (_vendor, warehouse), stocks in sorted(wanted.items()):
        placed += _orders_of_vendor(today, start, warehouse, stocks, used, days, rng)
    placed.sort(key=lambda each: each.on)
    placed = [
        replace(order, key=position, is_issued=order.is_issued and position <= len(placed) - DRAFTS)
        for position, order in enumerate(placed, start=1)
    ]
    cancelled = {order.key for order in rng.sample([each for each in placed if (today - each.on).days > 120], 4)}
    events: list[Event] = [*placed]
    for order in placed:
        if order.key in cancelled:
            events.append(
                Cancelled(weekday(order.on + timedelta(days=1)), order.key, "Entered twice; the other order stands.")
            )
        elif order.is_issued:
            events += _arrivals(order, today, rng)
            events += _closing(order, events, today)
    return _something_went_wrong(events, rng)


def _orders_of_vendor(
    today: date,
    start: date,
    warehouse: str,
    stocks: Sequence[tuple[Stock, list[Offer]]],
    used: Mapping[Stock, list[Decimal]],
    days: Sequence[date],
    rng: Random,
) -> list[Ordered]:
    """A vendor's orders for one warehouse: every few weeks, for what production will use once they have arrived."""
    cycle = rng.choice((2, 2, 3)) if warehouse == "MAIN" else rng.choice((3, 4))
    surplus: dict[Stock, Decimal] = defaultdict(Decimal)
    placed = []
    for turn, (position, on) in enumerate(_order_days(today, start, len(days), cycle, stocks, rng)):
        by_vendor: dict[str, list[OrderLine]] = defaultdict(list)
        for stock, choices in stocks:
            offer = (
                choices[1]
                if len(choices) > 1 and turn % 3 == 2 and choices[1].vendor.status == "active"
                else choices[0]
            )
            first = position + -(-offer.lead_days // PERIOD)
            use = used[stock]
            later = sum(use[-3:], ZERO) / 3 * Decimal("0.5")
            period = [use[at] if at < len(use) else later for at in range(first, first + cycle)]
            need = _units_up(stock[1], max(ZERO, sum(period, ZERO) - surplus[stock]))
            surplus[stock] -= sum(period, ZERO)
            if need:
                quantity = offer.lot(need)
                surplus[stock] += quantity * offer.factor
                expected = weekday(on + timedelta(days=offer.lead_days + rng.choice((0, 0, 1))))
                line = OrderLine(
                    stock[1],
                    quantity,
                    offer.price_of(quantity),
                    expected + timedelta(days=3),
                    max(expected, on + timedelta(days=1)),
                )
                by_vendor[offer.vendor.code].append(line)
        for vendor, lines in sorted(by_vendor.items()):
            title = f"{GROUPS[lines[0].item.split('-')[0]]}, week {on.isocalendar().week}"
            placed.append(Ordered(on, 0, vendor, warehouse, title, tuple(lines)))
    return placed


def _order_days(
    today: date, start: date, periods: int, cycle: int, stocks: Sequence[tuple[Stock, list[Offer]]], rng: Random
) -> list[tuple[int, date]]:
    """When a vendor is ordered from, with the period of production that it is in; mostly once more quite lately."""
    turns = [
        (position, weekday(start + timedelta(days=2 + PERIOD * position + rng.randrange(10))))
        for position in range(rng.randrange(cycle), periods + 1, cycle)
    ]
    turns = [(position, on) for position, on in turns if on < today]
    lead = max(choices[0].lead_days for _, choices in stocks)
    lately = weekday(today - timedelta(days=rng.randint(1, max(3, lead))))
    if rng.random() < 0.75 and lately > turns[-1][1] + timedelta(days=10):
        turns.append((periods - (today - lately).days // PERIOD, lately))
    return turns


def _arrivals(order: Ordered, today: date, rng: Random) -> list[Event]:
    """When the goods came: mostly on time, sometimes late, sometimes in two deliveries, and some not yet."""
    late = rng.choices((0, rng.randint(1, 5), rng.randint(6, 18)), (74, 18, 8))[0]
    splits = rng.random() < 0.13
    arrivals: dict[date, list[tuple[int, Decimal]]] = defaultdict(list)
    days = sorted({line.expected_on for line in order.lines})
    for number, line in enumerate(order.lines, start=1):
        day = days[0] if (line.expected_on - days[0]).days <= 4 else line.expected_on  # nearby lines share a lorry
        day = weekday(day + timedelta(days=late + 2)) if late else weekday(day)
        first = line.quantity if not splits or line.quantity < 4 else (line.quantity * 3 // 5)
        arrivals[max(day, order.on + timedelta(days=1))].append((number, first))
        if first < line.quantity:
            arrivals[weekday(day + timedelta(days=9)) + timedelta(days=3)].append((number, line.quantity - first))
    return [
        Received(weekday(day), order.key, f"DN {order.key * 37 + 40000 + count}", tuple(lines))
        for count, (day, lines) in enumerate(sorted(arrivals.items()))
        if weekday(day) <= today
    ]


def _closing(order: Ordered, events: Sequence[Event], today: date) -> list[Event]:
    arrived = [event for event in events if isinstance(event, Received) and event.key == order.key]
    is_complete = sum(quantity for event in arrived for _, quantity in event.lines) == sum(
        line.quantity for line in order.lines
    )
    day = weekday(arrived[-1].on + timedelta(days=16)) if arrived else today
    return [Closed(day, order.key)] if is_complete and day < today else []


def _something_went_wrong(events: list[Event], rng: Random) -> list[Event]:
    """Some arrivals were typed in too high and refused, some posted wrong and voided."""
    receipts = [position for position, event in enumerate(events) if isinstance(event, Received)]
    chosen = rng.sample(receipts, 14)
    for count, position in enumerate(chosen):
        event = events[position]
        assert isinstance(event, Received)
        if count < 7:
            (number, quantity), *rest = event.lines
            events[position] = replace(event, refused=((number, quantity * 10), *rest))
        else:
            events[position] = replace(
                event, voided=tuple((number, max(Decimal(1), quantity // 2)) for number, quantity in event.lines)
            )
    return events


def _balance(history: History, offers: Sequence[Offer], rng: Random) -> None:
    """Choose the opening stock: what keeps every balance above zero, and a little more."""
    factors = {(each.vendor.code, each.item.code): each.factor for each in offers}
    placed = {event.key: event for event in history.events if isinstance(event, Ordered)}
    level: dict[Stock, Decimal] = defaultdict(Decimal)
    lowest: dict[Stock, Decimal] = defaultdict(Decimal)
    for event in history.events:
        if isinstance(event, Received):
            order = placed[event.key]
            for number, quantity in event.lines:
                item = order.lines[number - 1].item
                level[order.warehouse, item] += quantity * factors[order.vendor, item]
        elif isinstance(event, Production):
            for item, quantity in event.issued:
                level[event.warehouse, item] -= quantity
                lowest[event.warehouse, item] = min(lowest[event.warehouse, item], level[event.warehouse, item])
    for stock in sorted(history.use):
        buffer = _units_up(stock[1], history.use[stock] * Decimal(rng.randint(20, 160)) / 100)
        history.opening[stock] = buffer - lowest[stock]
        history.closing[stock] = history.opening[stock] + level[stock]
