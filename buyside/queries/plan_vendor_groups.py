"""The draft plan by vendor and currency: what it comes to against minimum order value and free freight, and what would help (VEN-6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from buyside.db.contracts import Contract
from buyside.db.items import Item, VendorItem
from buyside.db.plans import PlanLine, PlanningRun
from buyside.db.stock import Warehouse
from buyside.db.vendors import Vendor
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.money import ZERO, rounded
from buyside.domain.order_days import OrderDays
from buyside.domain.plan_decisions import Asked, Decision, Terms, decide
from buyside.domain.plans import PlanLineState
from buyside.domain.rates import Rates
from buyside.domain.refusals import NotFound, Refused
from buyside.domain.sourcing import Source
from buyside.ledgers.exchange_rates import rates_of
from buyside.queries.plan_line_columns import is_moved
from buyside.queries.plan_lines import order_days_of, terms_of

_MONEY_DIGITS = 2


@dataclass(frozen=True, slots=True)
class WouldBeOrder:
    """One order that the open lines of a vendor would make now: per warehouse and contract."""

    warehouse: str
    contract: str
    lines: int
    total: Decimal
    missing: Decimal
    """What it is below the vendor's minimum order value, in the vendor's currency; zero where that is reached."""


@dataclass(frozen=True, slots=True)
class Helping:
    """Lines of other vendors that could be moved here, and what they would add."""

    lines: int = 0
    amount: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class VendorGroup:
    """The open lines of one vendor in one currency; `vendor_id` is None for lines without a vendor. Amounts without tax.

    Minimum, free freight and what is missing to them are in `unit`, the vendor's own currency; lines in another are compared at
    the day's rate, and not at all without one.
    """

    vendor_id: int | None
    code: str
    name: str
    currency: str
    lines: int
    late: int
    drifted: int
    locked: int
    unready: int
    """Lines that cannot become an order: without a price, or of nothing."""
    total: Decimal
    orders: tuple[WouldBeOrder, ...]
    unit: str
    minimum: Decimal | None
    missing: Decimal
    freight_free: Decimal | None
    missing_to_freight_free: Decimal
    next_order_on: date | None
    """The next day on which the vendor takes orders; None without a vendor."""
    takes_orders_today: bool
    cutoff: str
    """Until when an order counts for its day, on the organisation's clock; empty: until its end."""
    helping: Helping
    """What fits, where something is missing."""


@dataclass(frozen=True, slots=True)
class Fitting:
    """An open line of another vendor that this one sells too: what it would be here, and is now."""

    line_id: int
    version: int
    vendor_item_id: int
    item: str
    name: str
    warehouse: str
    from_vendor: str
    quantity: Decimal
    unit: str
    amount: Decimal
    """What it adds here."""
    difference: Decimal | None
    """That less what it costs now; None if that is in another currency or unknown."""
    late_days: int
    later_days: int
    """How much later it would be there than where it is now; negative: earlier."""
    leaves_short: Decimal
    """What the other vendor's order would then be below its minimum, if it is not yet."""


@dataclass
class _Group:
    """`rate` is what one of its currency is worth in the vendor's own; None if that is not known."""

    vendor: Vendor | None
    currency: str
    rate: Decimal | None
    counts: dict[str, int] = field(default_factory=dict)
    orders: dict[tuple[str, str], list[Any]] = field(default_factory=dict)


@needs(Permission.PLAN_VIEW)
def vendor_groups(session: Session, actor: Actor, *, run_id: int, today: date) -> list[VendorGroup]:
    """The open lines of a run by vendor and currency, by name; those without a vendor last. Refuses: NotFound."""
    run = session.get(PlanningRun, run_id)
    if run is None:
        raise NotFound(kind="planning run")
    groups = _grouped(session, run_id, today)
    days = order_days_of(session, {each.vendor.id: each.vendor.order_weekdays for each in groups if each.vendor})
    short = {(each.vendor.id, each.currency): _short_places(each) for each in groups if each.vendor}
    fitting = _fitting(session, run, {key: places for key, places in short.items() if places}, groups)
    return [_answer(each, days, fitting, today) for each in groups]


@needs(Permission.PLAN_VIEW)
def fitting_lines(
    session: Session, actor: Actor, *, run_id: int, vendor_id: int, currency: str, today: date, limit: int = 200
) -> list[Fitting]:
    """Open lines of other vendors that this one sells too and that its short orders could take: in time first, then those that
    cost least more.

    Locked lines and lines that draw on a contract stay where they are. Refuses: NotFound.
    """
    run = session.get(PlanningRun, run_id)
    if run is None or session.get(Vendor, vendor_id) is None:
        raise NotFound(kind="planning run" if run is None else "vendor")
    groups = _grouped(session, run_id, today)
    own = next(
        (each for each in groups if each.vendor and (each.vendor.id, each.currency) == (vendor_id, currency)), None
    )
    places = _short_places(own) if own else set()
    found = _fitting(session, run, {(vendor_id, currency): places} if places else {}, groups)
    return sorted(found.get((vendor_id, currency), []), key=_rank)[:limit]


def _rank(each: Fitting) -> tuple[Any, ...]:
    dearer = each.difference if each.difference is not None else Decimal("Infinity")
    return max(0, each.later_days), each.leaves_short > 0, dearer, each.item, each.line_id


def _grouped(session: Session, run_id: int, today: date) -> list[_Group]:
    """The groups of a run's open lines with the orders that each would make."""
    line = PlanLine
    is_ready = col(line.unit_price).is_not(None) & (col(line.quantity_packs) > 0)
    rows = session.execute(
        select(
            func.coalesce(VendorItem.vendor_id, 0).label("vendor_id"),
            func.coalesce(line.currency_code, "").label("currency"),
            col(Warehouse.code).label("warehouse"),
            func.coalesce(Contract.number, "").label("contract"),
            func.count().label("lines"),
            func.count().filter(is_ready).label("ready"),
            func.count().filter(col(line.late_days) > 0).label("late"),
            func.count().filter(is_moved()).label("drifted"),
            func.count().filter(col(line.is_locked)).label("locked"),
            func.coalesce(func.sum(col(line.quantity_packs) * col(line.unit_price)), 0).label("total"),
        )
        .select_from(line)
        .join(Warehouse, col(Warehouse.id) == col(line.warehouse_id))
        .join(VendorItem, col(VendorItem.id) == col(line.vendor_item_id), isouter=True)
        .join(Contract, col(Contract.id) == col(line.contract_id), isouter=True)
        .where(col(line.run_id) == run_id, col(line.state) == PlanLineState.OPEN.value)
        .group_by(VendorItem.vendor_id, line.currency_code, Warehouse.code, Contract.number)  # type: ignore[arg-type]
    ).all()
    ids = {row.vendor_id for row in rows}
    vendors = {each.id: each for each in session.execute(select(Vendor).where(col(Vendor.id).in_(ids))).scalars()}
    rates = rates_of(session, {row.currency for row in rows} | {each.currency_code for each in vendors.values()})
    groups: dict[tuple[int, str], _Group] = {}
    for row in rows:
        vendor = vendors.get(row.vendor_id)
        rate = _rate(row.currency, vendor.currency_code, rates, today) if vendor else None
        group = groups.setdefault((row.vendor_id, row.currency), _Group(vendor, row.currency, rate))
        for name in ("lines", "ready", "late", "drifted", "locked"):
            group.counts[name] = group.counts.get(name, 0) + getattr(row, name)
        group.orders[row.warehouse, row.contract] = [row.ready, row.total]
    return sorted(
        groups.values(),
        key=lambda each: (each.vendor is None, each.vendor.name.casefold() if each.vendor else "", each.currency),
    )


def _rate(currency: str, wanted: str, rates: Rates, today: date) -> Decimal | None:
    """What one of a currency is worth in another today."""
    if currency == wanted:
        return Decimal(1)
    of, into = rates.on(currency, today), rates.on(wanted, today)
    return of.rate / into.rate if of and into else None


def _missing(group: _Group) -> Decimal:
    """What the orders of a group are below the vendor's minimum, each by itself, in all."""
    return sum((_below(total, group) for lines, total in group.orders.values() if lines), ZERO)


def _below(total: Decimal, group: _Group) -> Decimal:
    """What an order is below the vendor's minimum, in the vendor's currency."""
    return _short(total, group, group.vendor.minimum_order_value if group.vendor else None)


def _to_freight_free(group: _Group) -> Decimal:
    threshold = group.vendor.freight_free_value if group.vendor else None
    return sum((_short(total, group, threshold) for lines, total in group.orders.values() if lines), ZERO)


def _short(total: Decimal, group: _Group, threshold: Decimal | None) -> Decimal:
    if threshold is None or group.rate is None:
        return ZERO
    return rounded(max(ZERO, threshold - total * group.rate), _MONEY_DIGITS)


def _short_places(group: _Group) -> set[str]:
    """The warehouses whose order, without a contract, is below the minimum or not free of freight."""
    vendor = group.vendor
    thresholds = (vendor.minimum_order_value, vendor.freight_free_value) if vendor else ()
    return {
        warehouse
        for (warehouse, contract), (lines, total) in group.orders.items()
        if lines and not contract and any(_short(total, group, each) for each in thresholds)
    }


def _answer(
    group: _Group, days: Mapping[int, OrderDays], fitting: Mapping[tuple[int, str], list[Fitting]], today: date
) -> VendorGroup:
    vendor, counts = group.vendor, group.counts
    is_compared = vendor is not None and group.rate is not None
    taken = days[vendor.id] if vendor else OrderDays()
    found = fitting.get((vendor.id, group.currency), []) if vendor else []
    return VendorGroup(
        vendor_id=vendor.id if vendor else None,
        code=vendor.code if vendor else "",
        name=vendor.name if vendor else "",
        currency=group.currency,
        lines=counts["lines"],
        late=counts["late"],
        drifted=counts["drifted"],
        locked=counts["locked"],
        unready=counts["lines"] - counts["ready"],
        total=sum((total for _, total in group.orders.values()), ZERO),
        orders=tuple(
            WouldBeOrder(warehouse, contract, lines, total, _below(total, group))
            for (warehouse, contract), (lines, total) in sorted(group.orders.items())
            if lines
        ),
        unit=vendor.currency_code if vendor else group.currency,
        minimum=vendor.minimum_order_value if vendor and is_compared else None,
        missing=_missing(group),
        freight_free=vendor.freight_free_value if vendor and is_compared else None,
        missing_to_freight_free=_to_freight_free(group),
        next_order_on=taken.next_from(today) if vendor else None,
        takes_orders_today=vendor is not None and taken.takes(today),
        cutoff=vendor.order_cutoff if vendor else "",
        helping=Helping(len(found), sum((each.amount for each in found), ZERO)),
    )


def _fitting(
    session: Session, run: PlanningRun, wanted: Mapping[tuple[int, str], set[str]], groups: Sequence[_Group]
) -> dict[tuple[int, str], list[Fitting]]:
    """For each vendor and currency asked for, the lines of others for some warehouses that it could take in that currency."""
    if not wanted:
        return {}
    line = PlanLine
    sold = select(col(VendorItem.item_id)).where(col(VendorItem.vendor_id).in_({vendor_id for vendor_id, _ in wanted}))
    movable = (
        col(line.run_id) == run.id,
        col(line.state) == PlanLineState.OPEN.value,
        ~col(line.is_locked),
        col(line.contract_id).is_(None),
    )
    lines = session.execute(
        select(line, Item, Warehouse, Vendor)
        .join(Item, col(Item.id) == col(line.item_id))
        .join(Warehouse, col(Warehouse.id) == col(line.warehouse_id))
        .join(VendorItem, col(VendorItem.id) == col(line.vendor_item_id), isouter=True)
        .join(Vendor, col(Vendor.id) == col(VendorItem.vendor_id), isouter=True)
        .where(*movable, col(line.item_id).in_(sold))
        .order_by(col(line.id))
    ).all()
    terms = terms_of(session, run, [each.PlanLine for each in lines])
    offered: dict[int, dict[int, Source]] = {}
    for source in terms.sources.values():
        if source.is_usable and (source.vendor_id, source.currency_code) in wanted:
            offered.setdefault(source.item_id, {}).setdefault(source.vendor_id, source)
    standing = {(each.vendor.id, each.currency): each for each in groups if each.vendor}
    found: dict[tuple[int, str], list[Fitting]] = {}
    for row in lines:
        for source in offered.get(row.Item.id, {}).values():
            key = (source.vendor_id, source.currency_code)
            if row.Warehouse.code in wanted[key] and (row.Vendor is None or row.Vendor.id != source.vendor_id):
                fits = _fit(row, source, terms, standing)
                if fits is not None:
                    found.setdefault(key, []).append(fits)
    return found


def _fit(row: Any, source: Source, terms: Terms, standing: Mapping[tuple[int, str], _Group]) -> Fitting | None:
    line: PlanLine = row.PlanLine
    try:
        after = decide(line, Asked(vendor_item_id=source.vendor_item_id), terms).decision
    except Refused:
        return None
    if after.unit_price is None:
        return None
    amount = after.quantity_packs * after.unit_price
    now = None if line.unit_price is None else line.quantity_packs * line.unit_price
    here = decide(line, Asked(), terms).decision
    own = standing.get((row.Vendor.id, line.currency_code or "")) if row.Vendor else None
    return Fitting(
        line_id=line.id,
        version=line.version,
        vendor_item_id=source.vendor_item_id,
        item=row.Item.code,
        name=row.Item.name,
        warehouse=row.Warehouse.code,
        from_vendor=row.Vendor.name if row.Vendor else "",
        quantity=after.quantity_packs,
        unit=source.unit_code,
        amount=amount,
        difference=amount - now if now is not None and line.currency_code == after.currency_code else None,
        late_days=after.late_days,
        later_days=(_there(after) - _there(here)).days,
        leaves_short=_left_short(own, row.Warehouse.code, now) if own and now else ZERO,
    )


def _left_short(group: _Group, warehouse: str, amount: Decimal) -> Decimal:
    """What the order that a line leaves would be below its minimum, if it is not yet and something stays on it."""
    _, total = group.orders.get((warehouse, ""), (0, ZERO))
    return ZERO if total <= amount or _below(total, group) else _below(total - amount, group)


def _there(decision: Decision) -> date:
    """When the goods of a decision can be used."""
    return max(decision.needed_on, decision.arrives_on or decision.needed_on)
