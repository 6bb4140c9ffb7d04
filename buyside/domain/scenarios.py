"""What a scenario may change in a copy of a plan's inputs (PLAN-15): each change a value, checked before it is kept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import MISSING, dataclass, fields
from datetime import date
from decimal import Decimal
from types import NoneType
from typing import Any, ClassVar, get_args, get_type_hints

from buyside.domain.items import LotPolicy, VendorPolicy
from buyside.domain.plans import ChangeKind
from buyside.domain.refusals import NotPositive, OutOfRange, Refused

MOST_DAYS = 3650
_LEAST_PERCENT, _MOST_PERCENT = Decimal(-100), Decimal(10_000)
_PERCENT_DECIMALS = 4


class NothingChanges(Refused):
    code = "scenarios.nothing-changes"
    says = "Say what changes: {what}."


class NotBoth(Refused):
    code = "scenarios.not-both"
    says = "Give {one} or {other}, not both."


class BelowHundred(Refused):
    code, field = "scenarios.percent-out-of-range", "percent"
    says = (
        "A percentage lies between -100 (nothing is left) and 10 000, with at most four decimals; {percent} does not."
    )


class BeforeAsOf(Refused):
    code = "scenarios.before-as-of"
    says = "{day} is before {as_of}, the day that this plan was made as of."


class NotInRun(Refused):
    """The inputs of the base run do not have it: it is unknown, closed, out of the run's scope, or younger than the run."""

    code = "scenarios.not-in-run"
    says = "The plan that this scenario starts from does not have {what}."


class LevelsInDisorder(Refused):
    code = "scenarios.levels-in-disorder"
    says = "After this change an order-up-to level would stand below its reorder point. Change both, or less."


class PeriodWithoutDays(Refused):
    code, field = "scenarios.period-without-days", "period_days"
    says = "The policy “period” needs the days that one order covers."


class Change(ABC):
    """One change; `kind` and `act` tell its class apart in what is stored."""

    __slots__ = ()
    kind: ClassVar[ChangeKind]
    act: ClassVar[str]

    @abstractmethod
    def check(self, as_of: date, /) -> None:
        """Refuses what cannot be meant, whatever records there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadTime(Change):
    """Another lead time: of an item from a vendor, of all that a vendor sells, of an item wherever it comes from.

    An item that is made changes its own days. `days` is the new lead time, `more_days` moves each (never below zero).
    """

    kind: ClassVar[ChangeKind] = ChangeKind.LEAD_TIME
    act: ClassVar[str] = "lead_time"
    vendor_id: int | None = None
    item_id: int | None = None
    days: int | None = None
    more_days: int | None = None

    def check(self, _as_of: date, /) -> None:
        """Refuses: NothingChanges, NotBoth, OutOfRange."""
        if self.vendor_id is None and self.item_id is None:
            raise NothingChanges(
                what="the lead time of a vendor, of an item, or of an item from a vendor", field="vendor"
            )
        _one_of(self.days, self.more_days, "days", "the new days", "the days more or less")
        _days(self.days, 0, "days", "The lead time")
        _days(self.more_days, -MOST_DAYS, "more_days", "The days more or less")


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDemand(Change):
    """Another open quantity or date of a sales order line, or none of it any more. Sold units."""

    kind: ClassVar[ChangeKind] = ChangeKind.DEMAND
    act: ClassVar[str] = "line"
    line_id: int
    quantity: Decimal | None = None
    needed_on: date | None = None
    is_cancelled: bool = False

    def check(self, as_of: date, /) -> None:
        """Refuses: NothingChanges, NotBoth, NotPositive, BeforeAsOf."""
        _cancelled_or(self.is_cancelled, "needed_on", self.quantity, self.needed_on)
        _positive(self.quantity, "quantity")
        _not_past(self.needed_on, as_of, "needed_on")


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandPercent(Change):
    """So many percent more of all sales order lines, or of those of a product or variant; -100 leaves none."""

    kind: ClassVar[ChangeKind] = ChangeKind.DEMAND
    act: ClassVar[str] = "percent"
    percent: Decimal
    product_id: int | None = None
    variant_id: int | None = None

    def check(self, _as_of: date, /) -> None:
        """Refuses: BelowHundred, NothingChanges, NotBoth."""
        _percent(self.percent)
        if self.product_id is not None and self.variant_id is not None:
            raise NotBoth(one="a product", other="a variant", field="variant")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraDemand(Change):
    """A demand that nobody ordered: of a variant with chosen options (sold units), or of an item itself (stock units).

    `product_id` is that of the variant.
    """

    kind: ClassVar[ChangeKind] = ChangeKind.DEMAND
    act: ClassVar[str] = "extra"
    warehouse_id: int
    quantity: Decimal
    needed_on: date
    variant_id: int | None = None
    product_id: int | None = None
    option_value_ids: tuple[int, ...] = ()
    item_id: int | None = None

    def check(self, as_of: date, /) -> None:
        """Refuses: NothingChanges, NotBoth, NotPositive, BeforeAsOf."""
        _one_of(self.variant_id, self.item_id, "variant", "a variant", "an item")
        if self.item_id is not None and self.option_value_ids:
            raise NotBoth(one="options", other="an item", field="item")
        _positive(self.quantity, "quantity")
        _not_past(self.needed_on, as_of, "needed_on")


@dataclass(frozen=True, slots=True, kw_only=True)
class StockLevel(Change):
    """Another stock of an item or variant in a warehouse: `on_hand` is the new one, `more` moves it."""

    kind: ClassVar[ChangeKind] = ChangeKind.STOCK
    act: ClassVar[str] = "stock"
    warehouse_id: int
    item_id: int | None = None
    variant_id: int | None = None
    on_hand: Decimal | None = None
    more: Decimal | None = None

    def check(self, _as_of: date, /) -> None:
        """Refuses: NothingChanges, NotBoth, OutOfRange."""
        _one_of(self.item_id, self.variant_id, "item", "an item", "a variant")
        _one_of(self.on_hand, self.more, "on_hand", "the new stock", "the quantity more or less")
        if self.on_hand is not None and self.on_hand < 0:
            raise OutOfRange(what="The stock", range="zero or more", field="on_hand")


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorOut(Change):
    """A vendor that delivers nothing new from the as-of day on; or, `is_out` false, all of its items usable again."""

    kind: ClassVar[ChangeKind] = ChangeKind.VENDOR
    act: ClassVar[str] = "out"
    vendor_id: int
    is_out: bool = True

    def check(self, _as_of: date, /) -> None:
        """Refuses nothing: either way it says something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorPrice(Change):
    """All list prices of a vendor so many percent higher. Prices that a contract agreed stay."""

    kind: ClassVar[ChangeKind] = ChangeKind.VENDOR
    act: ClassVar[str] = "price"
    vendor_id: int
    percent: Decimal

    def check(self, _as_of: date, /) -> None:
        """Refuses: BelowHundred, NothingChanges."""
        _percent(self.percent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sourcing(Change):
    """Which vendor goes first, and whether contracts do, for an item group or for all items."""

    kind: ClassVar[ChangeKind] = ChangeKind.VENDOR_POLICY
    act: ClassVar[str] = "sourcing"
    group_id: int | None = None
    policy: str | None = None
    contracts_first: bool | None = None

    def check(self, _as_of: date, /) -> None:
        """Refuses: NothingChanges, OutOfRange."""
        if self.policy is None and self.contracts_first is None:
            raise NothingChanges(what="the vendor policy, or whether contracts go first", field="policy")
        _word(self.policy, VendorPolicy, "policy", "The vendor policy")


@dataclass(frozen=True, slots=True, kw_only=True)
class StockPolicy(Change):
    """Other stock levels or another lot policy: of an item, a group or all items. `percent` raises the levels that are set."""

    kind: ClassVar[ChangeKind] = ChangeKind.STOCK_POLICY
    act: ClassVar[str] = "levels"
    item_id: int | None = None
    group_id: int | None = None
    safety_stock: Decimal | None = None
    reorder_point: Decimal | None = None
    order_up_to: Decimal | None = None
    lot_policy: str | None = None
    period_days: int | None = None
    percent: Decimal | None = None

    def check(self, _as_of: date, /) -> None:
        """Refuses: NotBoth, NothingChanges, OutOfRange, BelowHundred, LevelsInDisorder, PeriodWithoutDays."""
        if self.item_id is not None and self.group_id is not None:
            raise NotBoth(one="an item", other="a group", field="group")
        levels = {
            "safety_stock": self.safety_stock,
            "reorder_point": self.reorder_point,
            "order_up_to": self.order_up_to,
        }
        given = any(each is not None for each in levels.values())
        if not given and self.percent is None and self.lot_policy is None and self.period_days is None:
            raise NothingChanges(what="a level, a percentage of the levels, or the lot policy", field="safety_stock")
        if given and self.percent is not None:
            raise NotBoth(one="levels", other="a percentage of them", field="percent")
        for name, level in levels.items():
            if level is not None and level < 0:
                raise OutOfRange(what="A level", range="zero or more", field=name)
        if self.percent is not None:
            _percent(self.percent)
        if None not in (self.reorder_point, self.order_up_to) and self.order_up_to < self.reorder_point:  # type: ignore[operator]
            raise LevelsInDisorder(field="order_up_to")
        _word(self.lot_policy, LotPolicy, "lot_policy", "The lot policy")
        _days(self.period_days, 1, "period_days", "The days that one order covers")
        if self.lot_policy == LotPolicy.PERIOD and self.period_days is None:
            raise PeriodWithoutDays


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSupply(Change):
    """An open purchase order line that comes later, with another open quantity (stock units), or not at all.

    `more_days` counts from the day that the plan expects it on: an overdue one is expected on the as-of day.
    """

    kind: ClassVar[ChangeKind] = ChangeKind.SUPPLY
    act: ClassVar[str] = "supply"
    order_line_id: int
    more_days: int | None = None
    arrives_on: date | None = None
    quantity: Decimal | None = None
    is_cancelled: bool = False

    def check(self, as_of: date, /) -> None:
        """Refuses: NothingChanges, NotBoth, NotPositive, OutOfRange, BeforeAsOf."""
        _cancelled_or(self.is_cancelled, "more_days", self.quantity, self.arrives_on, self.more_days)
        if self.more_days is not None and self.arrives_on is not None:
            raise NotBoth(one="the day of arrival", other="the days later", field="more_days")
        _positive(self.quantity, "quantity")
        _days(self.more_days, -MOST_DAYS, "more_days", "The days later")
        _not_past(self.arrives_on, as_of, "arrives_on")


CHANGES: tuple[type[Change], ...] = (
    *(LeadTime, LineDemand, DemandPercent, ExtraDemand, StockLevel, VendorOut, VendorPrice),
    *(Sourcing, StockPolicy, OpenSupply),
)
_BY_NAME = {(each.kind.value, each.act): each for each in CHANGES}


def class_of(kind: str, act: str) -> type[Change] | None:
    """The class of a kind and act; None where there is none."""
    return _BY_NAME.get((kind, act))


def content_of(change: Change) -> dict[str, Any]:
    """A change as a document: what it says, canonical, without what it leaves as it is."""
    content: dict[str, Any] = {"act": change.act}
    for each in fields(change):  # type: ignore[arg-type]
        value = getattr(change, each.name)
        if value is None or (each.default is not MISSING and value == each.default and value != []):
            continue
        if isinstance(value, Decimal):
            value = f"{value.normalize():f}"
        elif isinstance(value, date):
            value = value.isoformat()
        elif isinstance(value, tuple):
            value = list(value)
        content[each.name] = value
    return content


def change_of(kind: str, content: dict[str, Any]) -> Change:
    """The change that content_of() wrote."""
    made = _BY_NAME[kind, content["act"]]
    hints = get_type_hints(made)
    return made(**{name: _read(hints[name], value) for name, value in content.items() if name != "act"})


def _read(hint: Any, value: Any) -> Any:
    types = {each for each in (get_args(hint) or (hint,)) if each is not NoneType}
    if Decimal in types:
        return Decimal(value)
    if date in types:
        return date.fromisoformat(value)
    return tuple(value) if isinstance(value, list) else value


def _one_of(one: Any, other: Any, field: str, words: str, other_words: str) -> None:
    if one is None and other is None:
        raise NothingChanges(what=f"{words} or {other_words}", field=field)
    if one is not None and other is not None:
        raise NotBoth(one=words, other=other_words, field=field)


def _cancelled_or(is_cancelled: bool, field: str, *values: Any) -> None:
    said = any(each is not None for each in values)
    if is_cancelled and said:
        raise NotBoth(one="that it is cancelled", other="what it becomes", field="is_cancelled")
    if not is_cancelled and not said:
        raise NothingChanges(what="its quantity, its date, or that it is cancelled", field=field)


def _percent(percent: Decimal) -> None:
    if not _LEAST_PERCENT <= percent <= _MOST_PERCENT or round(percent, _PERCENT_DECIMALS) != percent:
        raise BelowHundred(percent=percent)
    if not percent:
        raise NothingChanges(what="a percentage other than zero", field="percent")


def _days(days: int | None, least: int, field: str, what: str) -> None:
    if days is not None and not least <= days <= MOST_DAYS:
        raise OutOfRange(what=what, range=f"between {least} and {MOST_DAYS}", field=field)


def _positive(quantity: Decimal | None, field: str) -> None:
    if quantity is not None and quantity <= 0:
        raise NotPositive(field=field)


def _not_past(day: date | None, as_of: date, field: str) -> None:
    if day is not None and day < as_of:
        raise BeforeAsOf(day=day, as_of=as_of, field=field)


def _word(word: str | None, words: Any, field: str, what: str) -> None:
    if word is not None and word not in {each.value for each in words}:
        raise OutOfRange(what=what, range=" or ".join(each.value for each in words), field=field)
