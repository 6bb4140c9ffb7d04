"""Who else could deliver what a plan line orders, and what counted when the run chose (PLAN-7, PLAN-14)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache

from sqlmodel import Session

from buyside.db.items import Item, ItemGroup
from buyside.db.plans import PlanLine
from buyside.domain.items import VendorPolicy
from buyside.domain.plans import lot_size
from buyside.domain.rates import Rates
from buyside.domain.telling import Sentence
from buyside.ledgers.exchange_rates import rates_of
from buyside.planning.choice import WORDS
from buyside.queries.plan_lines import Source

_CHEAPEST_OF_ALL = ("lowest_price", "lowest_price_fastest", "lowest_price_preferred")
_CHEAPEST_OF_EQUALS = ("cheapest", "shortest_time_cheapest", "priced", "no_rate", "first")
"""Reasons (planning.choice.WORDS) by which prices were compared: of every vendor, or of those alike in preference and lead time."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another way to get what a plan line is short of: its quantity in the vendor's lots, its price, its dates."""

    vendor_item_id: int
    vendor: str
    vendor_part: str
    preference: int
    lead_days: int
    quantity_packs: Decimal
    unit: str
    unit_factor: Decimal
    unit_price: Decimal | None
    total: Decimal | None
    currency: str
    order_by: date
    late_days: int
    why_not: Sentence | None
    """Why nothing is ordered there, told of the vendor; None where it can be."""
    has_rate: bool
    """Its currency has a rate on the run's day; without one, no plan compares its price with that of others (INT-3)."""
    is_price_asked: bool
    """Its price had a say in whom the run chose."""
    is_chosen: bool
    is_suggested: bool

    @property
    def is_usable(self) -> bool:
        """It can be ordered from."""
        return self.why_not is None


def alternatives_of(
    session: Session, line: PlanLine, item: Item, sources: Mapping[int, Source], as_of: date
) -> tuple[Alternative, ...]:
    """Every vendor of a line's item by what is true on the day of its run, in the order of `sources`."""
    rates = rates_of(session, {each.currency_code for each in sources.values()})
    group = session.get(ItemGroup, item.group_id) if item.group_id is not None else None
    is_by_price = group is not None and group.vendor_policy == VendorPolicy.CHEAPEST
    suggested = sources.get(line.suggested_vendor_item_id or 0)
    return tuple(
        _alternative(
            each, line, as_of, rates, is_price_asked=_is_price_asked(each, suggested, line.reason, is_by_price)
        )
        for each in sources.values()
    )


def _is_price_asked(source: Source, suggested: Source | None, reason: str, is_by_price: bool) -> bool:
    """Whether prices were compared, and this one among them. `is_by_price`: the policy of the item's group looks at it first."""
    if suggested is None or source.why_not is not None:
        return False
    if _says(_CHEAPEST_OF_ALL).match(reason):
        return True
    is_equal = (source.preference, source.lead_days) == (suggested.preference, suggested.lead_days)
    return (is_equal or is_by_price) and _says(_CHEAPEST_OF_EQUALS).match(reason) is not None


@cache
def _says(reasons: tuple[str, ...]) -> re.Pattern[str]:
    """What begins with the words of one of the reasons, as they are kept with a plan line."""
    written = (re.sub(r"\\\{\w+\\\}", r"\\d+", re.escape(WORDS[each])) for each in reasons)
    return re.compile(rf"(?:{'|'.join(written)})(?=[.;]|$)", re.IGNORECASE)


def _alternative(source: Source, line: PlanLine, as_of: date, rates: Rates, *, is_price_asked: bool) -> Alternative:
    quantity = lot_size(line.shortage, source.lots)
    price = source.price_of(quantity, as_of)
    order_by = source.order_by(line.needed_on)
    return Alternative(
        vendor_item_id=source.vendor_item_id,
        vendor=source.vendor_name,
        vendor_part=source.vendor_part,
        preference=source.preference,
        lead_days=source.lead_days,
        quantity_packs=quantity,
        unit=source.unit_code,
        unit_factor=source.lots.factor,
        unit_price=price.unit_price if price else None,
        total=quantity * price.unit_price if price else None,
        currency=source.currency_code,
        order_by=order_by,
        late_days=max(0, (as_of - order_by).days),
        why_not=source.why_not,
        has_rate=rates.on(source.currency_code, as_of) is not None,
        is_price_asked=is_price_asked,
        is_chosen=source.vendor_item_id == line.vendor_item_id,
        is_suggested=source.vendor_item_id == line.suggested_vendor_item_id,
    )
