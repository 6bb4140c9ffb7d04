"""The page of one vendor: what it is, edited in place; where it stands and why; what it sells, what comes, what it did."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, ClassVar, TypedDict
from urllib.parse import quote

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.locales import shown_date, shown_money, shown_number
from buyside.domain.refusals import NotFound, Stale, WrongState
from buyside.domain.sheets import Sheet
from buyside.domain.vendor_sheets import VENDOR_SHEET
from buyside.domain.vendors import STATUS_SAYS, VENDOR, VendorStatus
from buyside.operations.vendors import move_vendor
from buyside.queries.bank_accounts import accounts_of_vendor
from buyside.queries.item_prices import item_prices
from buyside.queries.vendor_card import (
    Deliveries,
    OpenOrder,
    VendorContract,
    VendorFigures,
    VendorHead,
    contracts_of_vendor,
    members_of_vendor,
    open_orders_of_vendor,
    sold_items,
    vendor_figures,
    vendor_head,
)
from buyside.state.base import handler, me, say, today
from buyside.state.forms import key, text
from buyside.state.history import HistoryState
from buyside.state.item_words import Mark, Point, day_number
from buyside.state.price_words import Offered, Paid, offers_in_words, paid_in_words
from buyside.state.price_words import price_marks as marks_of_prices
from buyside.state.price_words import price_points as points_of_prices
from buyside.state.receipts import Choice
from buyside.state.roles import BuyerState
from buyside.state.sheet_record import SheetRecordState

_LONGEST_CODE = 200
_NOTHING = "–"
_MOVED = {
    VendorStatus.ACTIVE: "receives new orders again",
    VendorStatus.ON_HOLD: "is on hold: open orders go on, new ones are not issued",
    VendorStatus.INACTIVE: "is inactive, and its portal is closed",
}


class Order(TypedDict):
    """An open order in words."""

    number: str
    path: str
    title: str
    state: str
    on_hold: bool
    ordered: str
    lines: str
    due: str
    late: str
    total: str
    open: str


class Agreement(TypedDict):
    """A contract in words; `used` is a share of its amount for a bar, "40%"."""

    number: str
    title: str
    status: str
    is_valid: bool
    valid: str
    amount: str
    ordered: str
    left: str
    is_over: bool
    used: str


class Member(TypedDict):
    """Somebody who acts for the vendor in its portal."""

    name: str
    email: str
    status: str
    begins: str
    ends: str


class BankAccount(TypedDict):
    """A bank account, its number masked."""

    path: str
    currency: str
    shown: str
    holder: str
    bank: str
    status: str


class Sum(TypedDict):
    """What was ordered in a currency, and what of it is still to come."""

    ordered: str
    orders: str
    open: str
    open_orders: str


class VendorPageState(SheetRecordState, HistoryState, BuyerState, rx.State):
    """One vendor. Everything shown is text; ids and versions that count stay on the server."""

    sheet: ClassVar[Sheet] = VENDOR_SHEET
    references: ClassVar[dict[str, str]] = {"currency": "currencies", "payment_terms": "payment-terms"}
    found: bool = False
    missing: bool = False
    asked: str = ""
    code: str = ""
    name: str = ""
    status: str = ""
    status_reason: str = ""
    status_says: str = ""
    moves: list[str] = []
    """Moves of the status that are open now."""
    moving: str = ""
    """The move whose reason is asked for, or none."""
    paths: dict[str, str] = {}
    scope: dict[str, str] = {}
    """What the grids of the page are limited to."""
    items: str = ""
    has_account: bool = True
    locale: str = "en_GB"
    today: int = 0

    sums: list[Sum] = []
    since: str = ""
    on_time: str = ""
    on_time_says: str = ""
    deliveries_say: str = ""
    is_late: bool = False
    orders: list[Order] = []
    agreements: list[Agreement] = []
    members: list[Member] = []
    accounts: list[BankAccount] = []

    sold: list[Choice] = []
    sold_id: str = ""
    price_rows: list[Point] = []
    price_marks: list[Mark] = []
    price_start: int = 0
    price_end: int = 0
    price_unit: str = ""
    offers: list[Offered] = []
    paid: list[Paid] = []

    @handler(Permission.VENDOR_VIEW)
    async def load(self) -> None:
        """Show the vendor that the address names."""
        self.found = self.missing = False
        self.moving, self.sold_id = "", ""
        self.asked = str(self.vendor_code)[:_LONGEST_CODE]  # type: ignore[attr-defined]
        try:
            head = await self._ask(vendor_head, code=self.asked, today=today())
        except NotFound:
            self.missing = True
            return
        self.locale, self.today = me().locale, day_number(today())
        await self._open_record(head.vendor_id)
        self._show_head(head)
        self.found = True
        await self._show_orders()
        await self._show_people()
        await self._show_sold()
        await self._read_history("vendor", head.vendor_id)
        if me().may(Permission.VENDOR_EDIT):
            await self._read_choices()

    # --- who it is, and where it stands ------------------------------------------------------------------------------
    def _show_head(self, head: VendorHead) -> None:
        status = VendorStatus(head.status)
        self.code, self.name, self.status, self.status_reason = head.code, head.name, head.status, head.status_reason
        self.status_says = STATUS_SAYS[status]
        self.moves = list(VENDOR.open_moves(status))
        self.scope = {"vendor": head.code}
        self.items = shown_number(Decimal(head.items), me().locale)
        self.has_account = head.has_account
        self.paths = _paths(head.code)

    async def _read_head(self, code: str) -> None:
        self._show_head(await self._ask(vendor_head, code=code, today=today()))

    @handler(Permission.VENDOR_EDIT)
    async def save(self, field: str, value: str) -> Any:
        """Keep one field, or say at the field why not."""
        return await self._save(field, value)

    async def _save(self, field: str, value: str) -> Any:
        was = self.code
        kept = await self._save_field(field, value)
        code = self.fields.get("code", was)
        await self._read_head(code)
        if kept:
            await self._read_history("vendor", self._record_id)
        return rx.redirect("/vendors/" + quote(code, safe=""), replace=True) if code != was else None

    @handler(Permission.VENDOR_EDIT)
    async def keep_theirs(self) -> None:
        """Leave the field as somebody else set it."""
        self._leave_conflict()

    @handler(Permission.VENDOR_EDIT)
    async def save_mine(self) -> Any:
        """Set the field as one typed it, over what somebody else set."""
        asked = self._leave_conflict()
        return await self._save(asked["field"], asked["yours"]) if asked["field"] else None

    @handler(Permission.VENDOR_EDIT)
    def ask_to_move(self, move: str) -> None:
        """Open the question why the status changes."""
        self.moving = move if move in self.moves else ""

    @handler(Permission.VENDOR_VIEW)
    def leave(self) -> None:
        """Close the question; nothing changed."""
        self.moving = ""

    @handler(Permission.VENDOR_EDIT)
    async def move(self, form: dict[str, Any]) -> Any:
        """Change the status, with the reason given."""
        reason = text(form, "reason")
        try:
            moved = await self._do(
                move_vendor, vendor_id=self._record_id, version=self._version, move=self.moving, reason=reason
            )
        except (Stale, WrongState):
            self.moving = ""
            await self._read_fields()
            await self._read_head(self.fields["code"])
            raise
        self.moving = ""
        await self._read_fields()
        await self._read_head(moved.code)
        await self._show_people()  # whose portal may be closed now
        await self._read_history("vendor", self._record_id)
        return say(f"{moved.name} {_MOVED[moved.status]}.")

    @handler(Permission.VENDOR_EDIT)
    async def read_again(self) -> None:
        """Read what follows from the grids of the page, after something in them was saved."""
        if self._record_id:
            await self._read_head(self.code)
            await self._show_sold()
            await self._read_history("vendor", self._record_id)

    # --- what comes, and how it came ---------------------------------------------------------------------------------
    async def _show_orders(self) -> None:
        self.sums, self.orders, self.agreements, self.on_time = [], [], [], ""
        if not me().may(Permission.ORDER_VIEW):
            return
        asked = {"vendor_id": self._record_id, "today": today()}
        self._show_figures(await self._ask(vendor_figures, **asked))
        self.orders = [_order(each) for each in await self._ask(open_orders_of_vendor, **asked)]
        self.agreements = [_agreement(each) for each in await self._ask(contracts_of_vendor, **asked)]
        self.is_late = any(each["late"] for each in self.orders)

    def _show_figures(self, figures: VendorFigures) -> None:
        locale = me().locale
        self.since = shown_date(figures.since, locale)
        self.sums = [
            Sum(
                ordered=shown_money(each.ordered, each.currency, locale),
                orders=_counted(each.orders, "order"),
                open=shown_money(each.open_value, each.currency, locale),
                open_orders=_counted(each.open_orders, "open order"),
            )
            for each in figures.ordered
        ]
        found = figures.deliveries
        self.on_time = _percent(found.on_time, found.due) if found.due else _NOTHING
        self.on_time_says = (
            f"{_number(found.on_time)} of {_counted(found.due, 'line')}" if found.due else "none was due"
        )
        self.deliveries_say = _deliveries_say(found)

    async def _show_people(self) -> None:
        locale = me().locale
        self.members = [
            Member(
                name=each.name,
                email=each.email or _NOTHING,
                status=each.status,
                begins=shown_date(each.begins_on, locale),
                ends=shown_date(each.ends_on, locale) if each.ends_on else _NOTHING,
            )
            for each in await self._ask(members_of_vendor, vendor_id=self._record_id)
        ]
        self.accounts = [
            BankAccount(
                path=f"/bank-accounts?account={each.account_id}",
                currency=each.currency,
                shown=each.shown,
                holder=each.holder,
                bank=each.bank or _NOTHING,
                status=each.status,
            )
            for each in await self._ask(accounts_of_vendor, vendor_id=self._record_id)
        ]

    # --- what it costs -----------------------------------------------------------------------------------------------
    async def _show_sold(self) -> None:
        found = await self._ask(sold_items, vendor_id=self._record_id)
        self.sold = [Choice(value=str(each.item_id), label=f"{each.code} {each.name}") for each in found]
        known = {each["value"] for each in self.sold}
        await self._show_prices(
            self.sold_id if self.sold_id in known else next(iter(self.sold), {"value": ""})["value"]
        )

    @handler(Permission.VENDOR_VIEW)
    async def choose_item(self, item_id: str) -> None:
        """Show the prices of another item."""
        if item_id in {each["value"] for each in self.sold}:
            await self._show_prices(item_id)

    async def _show_prices(self, item_id: str) -> None:
        self.sold_id = item_id
        self.price_rows, self.price_marks, self.offers, self.paid = [], [], [], []
        if not item_id:
            return
        told = await self._ask(item_prices, item_id=key(item_id), today=today())
        own = replace(
            told,
            offers=tuple(each for each in told.offers if each.vendor_code == self.code),
            paid=tuple(each for each in told.paid if each.vendor_code == self.code),
        )
        self.price_rows, self.price_marks = points_of_prices(own), marks_of_prices(own)
        self.price_start, self.price_end = day_number(told.since), day_number(told.until)
        self.price_unit = told.currency
        self.offers, self.paid = offers_in_words(own), paid_in_words(own)


def _paths(code: str) -> dict[str, str]:
    safe = quote(code, safe="")
    return {
        "orders": f"/orders?vendor={safe}",
        "bank": f"/bank-accounts?vendor={safe}",
        "new_account": f"/bank-accounts?vendor={safe}&new=1",
        "members": "/admin/memberships",
    }


def _number(count: int) -> str:
    return shown_number(Decimal(count), me().locale)


def _counted(count: int, noun: str) -> str:
    return f"{_number(count)} {noun}{'' if count == 1 else 's'}"


def _percent(part: int, whole: int) -> str:
    """A share in whole percents, rounded so that only all is 100 and only none is 0."""
    share = (Decimal(100) * part / whole).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    if 0 < part < whole:
        share = min(max(share, Decimal(1)), Decimal(99))
    return f"{shown_number(share, me().locale)} %"


def _deliveries_say(found: Deliveries) -> str:
    """How the share of punctual deliveries was counted."""
    if not found.due:
        return "No order line was due in the past year."
    parts = [
        f"{_counted(found.due, 'order line')} due in the past year",
        f"{_number(found.on_time)} arrived whole by the promised or expected date",
        f"{_number(found.late)} later",
        f"{_number(found.missing)} not yet or never whole",
    ]
    if found.without_date:
        parts.append(f"{_number(found.without_date)} without a date left out")
    return "; ".join(parts) + "."


def _order(each: OpenOrder) -> Order:
    locale = me().locale
    return Order(
        number=each.number,
        path="/orders/" + quote(each.number, safe=""),
        title=each.title,
        state=each.state,
        on_hold=each.is_on_hold,
        ordered=shown_date(each.ordered_on, locale) if each.ordered_on else _NOTHING,
        lines=_number(each.lines),
        due=shown_date(each.next_due_on, locale) if each.next_due_on else _NOTHING,
        late=f"{_number(each.late_days)} d late" if each.late_days else "",
        total=shown_money(each.total, each.currency, locale),
        open=shown_money(each.open_value, each.currency, locale),
    )


def _agreement(each: VendorContract) -> Agreement:
    locale, left = me().locale, each.left
    share = Decimal(0)
    if each.amount:
        share = min(Decimal(100), (100 * each.ordered / each.amount).quantize(Decimal(1)))
    return Agreement(
        number=each.number,
        title=each.title,
        status=each.status,
        is_valid=each.is_valid,
        valid=f"{shown_date(each.valid_from, locale)} – {shown_date(each.valid_to, locale)}",
        amount=_NOTHING if each.amount is None else shown_money(each.amount, each.currency, locale),
        ordered=shown_money(each.ordered, each.currency, locale),
        left=_NOTHING if left is None else shown_money(left, each.currency, locale),
        is_over=left is not None and left < 0,
        used=f"{share}%",
    )
