"""The draft plan by vendor and currency: against minimum order value and free freight, what fits, and the way to orders."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypedDict
from urllib.parse import urlencode
from uuid import UUID, uuid4

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.locales import shown_date, shown_money, shown_number
from buyside.operations.plan_conversion import BelowMinimum, PlanDrifted, convert_plan
from buyside.operations.plan_lines import change_plan_line
from buyside.queries.plan_vendor_groups import Fitting, VendorGroup, fitting_lines, vendor_groups
from buyside.state import plan_limits
from buyside.state.base import handler, me, now, say, today, warn
from buyside.state.plan_runs import PlanRunState
from buyside.state.plan_words import Made, made_of, not_made_of
from buyside.state.roles import BuyerState

NONE = "–"


class Group(TypedDict):
    """What the plan asks of one vendor in one currency."""

    key: str
    vendor_id: int
    name: str
    lines: str
    late: str
    moved: str
    total: str
    orders: str
    minimum_says: str
    minimum_tone: str
    minimum_of: str
    """What is asked of each order, behind what is missing to it."""
    freight: str
    freight_tone: str
    freight_of: str
    order_day: str
    cutoff: str
    contracts: str
    fits: str
    unready: str
    no_fit: str
    """Why nothing of others fits, where nothing does."""
    board_path: str
    lines_path: str
    late_path: str
    moved_path: str
    can_convert: bool


class Order(TypedDict):
    """One order that the open lines would make."""

    warehouse: str
    contract: str
    lines: str
    total: str
    says: str
    tone: str


class Fit(TypedDict):
    """A line of another vendor that could come."""

    line_id: int
    item: str
    name: str
    whence: str
    quantity: str
    adds: str
    difference: str
    says: str
    tone: str


class PlanVendorsState(BuyerState, rx.State):
    """The groups of the run in view, and the one that stands open."""

    groups: list[Group] = []
    loaded: bool = False
    chosen: str = ""
    open_group: Group = {}  # type: ignore[typeddict-item]
    orders: list[Order] = []
    fitting: list[Fit] = []
    is_converting: bool = False
    convert_says: str = ""
    doubts: list[str] = []
    made: list[Made] = []
    not_made: list[dict[str, str]] = []
    is_made: bool = False
    _found: dict[str, VendorGroup] = {}
    _fitting: dict[int, Fitting] = {}
    _vendor_id: int = 0
    _despite: frozenset[str] = frozenset()
    _request_id: UUID | None = None

    @handler(Permission.PLAN_VIEW)
    async def load(self) -> None:
        """Show the plan by vendor."""
        self.is_converting = self.is_made = False
        await self._read()
        if self.chosen not in self._found:
            self.chosen = ""
        await self._open(self.chosen)

    @handler(Permission.PLAN_VIEW)
    async def open(self, key: str) -> None:
        """Show one vendor's orders and what fits."""
        await self._open(key)

    @handler(Permission.PLAN_VIEW)
    def close(self) -> None:
        """Close the panel."""
        self.chosen = ""

    @handler(Permission.PLAN_EDIT)
    async def take(self, line_id: int) -> Any:
        """Move a line that fits to the vendor that stands open."""
        fits = self._fitting.get(line_id)
        if fits is None:
            return None
        decided = await self._do(
            change_plan_line, line_id=line_id, version=fits.version, vendor_item_id=fits.vendor_item_id
        )
        await self._read()
        await self._open(self.chosen)
        return warn(" ".join(decided.remarks)) if decided.remarks else say(f"{fits.item} comes from here now.")

    @handler(Permission.PLAN_CONVERT)
    def ask_convert(self, vendor_id: int, name: str) -> None:
        """Ask before the open lines of a vendor become orders."""
        self._vendor_id, self._despite, self.doubts = vendor_id, frozenset(), []
        self.convert_says = f"All open lines of {name[:80]}"
        self._request_id, self.is_converting = uuid4(), True

    @handler(Permission.PLAN_CONVERT)
    def stop_converting(self) -> None:
        """Close the question."""
        self.is_converting = False

    @handler(Permission.PLAN_CONVERT)
    async def convert(self) -> Any:
        """Make draft orders, once however often it is pressed; what was doubted and confirmed is done all the same."""
        if self._request_id is None or not self._vendor_id:
            return None
        run = await self.get_state(PlanRunState)
        try:
            done = await self._do(
                convert_plan,
                request_id=self._request_id,
                run_id=run.run_id,
                vendor_id=self._vendor_id,
                despite_drift=PlanDrifted.code in self._despite,
                despite_minimum=BelowMinimum.code in self._despite,
                at=now(),
            )
        except (PlanDrifted, BelowMinimum) as doubt:
            self.doubts = [*self.doubts, str(doubt)]
            self._despite |= {doubt.code}
            self._request_id = uuid4()  # ordering all the same is another request
            return None
        self.is_converting, self._request_id = False, None
        locale = me().locale
        self.made = [made_of(each, locale) for each in done.orders]
        self.not_made, self.is_made = not_made_of(done, locale), True
        await self._read()
        await self._open(self.chosen if self.chosen in self._found else "")
        return say(f"{len(done.orders)} draft order{'s' if len(done.orders) != 1 else ''} made.")

    @handler(Permission.PLAN_CONVERT)
    def close_made(self) -> None:
        """Close the list of the orders that were made."""
        self.is_made = False

    async def _read(self) -> None:
        run = await self.get_state(PlanRunState)
        found = await self._ask(vendor_groups, run_id=run.run_id, today=today()) if run.run_id else []
        self._found = {_key(each): each for each in found}
        self.groups = [_group(each, run.run_id, me().locale) for each in found]
        self.loaded = True

    async def _open(self, key: str) -> None:
        group = self._found.get(key)
        if group is None:
            self.chosen = ""
            return
        run, locale = await self.get_state(PlanRunState), me().locale
        fits: list[Fitting] = []
        if group.vendor_id is not None:
            fits = await self._ask(
                fitting_lines, run_id=run.run_id, vendor_id=group.vendor_id, currency=group.currency, today=today()
            )
        self._fitting = {each.line_id: each for each in fits}
        self.chosen, self.open_group = key, _group(group, run.run_id, locale)
        self.orders = [_order(each, group, locale) for each in group.orders]
        self.fitting = [_fit(each, group, locale) for each in fits]


def _key(group: VendorGroup) -> str:
    return f"{group.vendor_id or 0}-{group.currency}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _group(group: VendorGroup, run_id: int, locale: str) -> Group:
    def money(amount: Decimal) -> str:
        return shown_money(amount, group.unit, locale)

    each_order = "" if sum(1 for each in group.orders if each.lines) == 1 else " for each order"

    def of(threshold: Decimal | None, missing: Decimal, reached: str) -> str:
        """What it is missing to, or what was reached."""
        if threshold is None or not group.orders:
            return ""
        asked = money(threshold) + each_order
        return f"of {asked}" if missing else reached.format(asked=asked)

    minimum_says, minimum_tone = NONE, "neutral"
    if group.minimum is not None and group.orders:
        is_short = group.missing > 0
        minimum_says = f"{money(group.missing)} missing" if is_short else "Reached"
        minimum_tone = "warn" if is_short else "good"
    freight, freight_tone = NONE, "neutral"
    if group.freight_free is not None and group.orders:
        is_short = group.missing_to_freight_free > 0
        freight = f"{money(group.missing_to_freight_free)} missing" if is_short else "Free"
        freight_tone = "neutral" if is_short else "good"
    contracts = sorted({each.contract for each in group.orders if each.contract})
    helping = group.helping
    board = {"run": run_id, "vendor": group.code} if group.code else {"run": run_id}
    own = urlencode(
        {"run": run_id, "vendor": group.code or plan_limits.NONE, "currency": group.currency or plan_limits.NONE}
    )
    return Group(
        key=_key(group),
        vendor_id=group.vendor_id or 0,
        name=group.name or "No vendor",
        lines=shown_number(Decimal(group.lines), locale),
        late=shown_number(Decimal(group.late), locale) if group.late else NONE,
        moved=shown_number(Decimal(group.drifted), locale) if group.drifted else NONE,
        total=shown_money(group.total, group.currency, locale) if group.currency else "No price",
        orders=_count(len(group.orders), "order"),
        minimum_says=minimum_says,
        minimum_tone=minimum_tone,
        minimum_of=of(group.minimum, group.missing, "{asked}"),
        freight=freight,
        freight_tone=freight_tone,
        freight_of=of(group.freight_free, group.missing_to_freight_free, "from {asked} on"),
        order_day=_order_day(group, locale),
        cutoff=f"until {group.cutoff}" if group.cutoff else "",
        contracts=", ".join(contracts) or NONE,
        fits=f"{_count(helping.lines, 'line')}: +{shown_money(helping.amount, group.currency, locale)}"
        if helping.lines
        else NONE,
        unready=f"{_count(group.unready, 'line')} without a price or quantity" if group.unready else "",
        no_fit=_no_fit(group),
        board_path="/plan/board?" + urlencode(board),
        lines_path=f"/plan?{own}",
        late_path=f"/plan?{own}&view=late",
        moved_path=f"/plan?{own}&view=moved",
        can_convert=group.vendor_id is not None and group.unready < group.lines,
    )


def _no_fit(group: VendorGroup) -> str:
    if group.missing > 0 or group.missing_to_freight_free > 0:
        return "No open line of another vendor could come here."
    if group.minimum is None and group.freight_free is None:
        return "Nothing is asked of an order here, so nothing has to come."
    return "What is asked of an order here is reached: nothing has to come."


def _order_day(group: VendorGroup, locale: str) -> str:
    if group.next_order_on is None:
        return NONE
    return "Today" if group.takes_orders_today else shown_date(group.next_order_on, locale)


def _order(each: Any, group: VendorGroup, locale: str) -> Order:
    says, tone = ("", "neutral")
    if group.minimum is not None:
        is_short = each.missing > 0
        says = f"{shown_money(each.missing, group.unit, locale)} below minimum" if is_short else "Above minimum"
        tone = "warn" if is_short else "good"
    return Order(
        warehouse=each.warehouse,
        contract=each.contract or NONE,
        lines=shown_number(Decimal(each.lines), locale),
        total=shown_money(each.total, group.currency, locale),
        says=says,
        tone=tone,
    )


def _fit(each: Fitting, group: VendorGroup, locale: str) -> Fit:
    difference = NONE
    if each.difference is not None:
        sign = "+" if each.difference > 0 else "−" if each.difference < 0 else "±"
        difference = sign + shown_money(abs(each.difference), group.currency, locale)
    if each.later_days > 0:
        says, tone = f"{_count(each.later_days, 'day')} later", "warn"
    elif each.later_days < 0:
        says, tone = f"{_count(-each.later_days, 'day')} earlier", "good"
    else:
        says, tone = "As soon as now", "good"
    if each.leaves_short > 0:
        says, tone = f"{says}; {each.from_vendor} falls below its minimum", "warn"
    return Fit(
        line_id=each.line_id,
        item=each.item,
        name=each.name,
        whence=each.from_vendor or "No vendor",
        quantity=f"{shown_number(each.quantity, locale)} {each.unit}",
        adds="+" + shown_money(each.amount, group.currency, locale),
        difference=difference,
        says=says,
        tone=tone,
    )
