"""The page of one item: what it is, edited in place; what it costs, where it lies, what comes, what it is for, what happened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import quote

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.item_sheets import ITEM_SHEET
from buyside.domain.locales import shown_date, shown_number, shown_price
from buyside.domain.money import ZERO
from buyside.domain.orders import AWAITING_GOODS
from buyside.domain.refusals import NotFound
from buyside.domain.sheets import Sheet
from buyside.queries.item_card import (
    MOST_LINES,
    ItemHead,
    OpenLine,
    contracts_of_item,
    item_head,
    open_lines_of_item,
    uses_of_item,
)
from buyside.queries.item_prices import ItemPrices, item_prices
from buyside.queries.item_stock import ItemPlace, places_of_item, stock_over_time
from buyside.state.base import handler, me, say, today
from buyside.state.forms import key
from buyside.state.history import HistoryState
from buyside.state.item_words import (
    STOCK_MARKS,
    Agreement,
    Coming,
    Mark,
    OrderLine,
    Past,
    Place,
    Point,
    Use,
    coming_in_words,
    contracts_in_words,
    day_number,
    lines_in_words,
    past_in_words,
    places_in_words,
    sourcing_in_words,
    stock_levels,
    stock_points,
    uses_in_words,
)
from buyside.state.price_words import Offered, Paid, offers_in_words, paid_in_words, price_marks, price_points
from buyside.state.roles import BuyerState
from buyside.state.sheet_record import SheetRecordState

_LONGEST_CODE = 200
_LONGEST_REASON = 400


class ItemPageState(SheetRecordState, HistoryState, BuyerState, rx.State):
    """One item. Everything shown is text; ids and versions that count stay on the server."""

    sheet: ClassVar[Sheet] = ITEM_SHEET
    references: ClassVar[dict[str, str]] = {
        "group": "item-groups",
        "unit": "units",
        "default_warehouse": "warehouses",
    }

    found: bool = False
    missing: bool = False
    asked: str = ""
    code: str = ""
    name: str = ""
    unit: str = ""
    supply: str = ""
    is_active: bool = True
    paths: dict[str, str] = {}
    """Where else the item is told of."""
    scope: dict[str, str] = {}
    """What the grids of the page are limited to."""
    why: str = ""
    """What the history is to say of the next changes."""
    own_currency: str = ""
    sourcing: str = ""
    """Whose vendor item a plan takes first."""
    locale: str = "en_GB"
    today: int = 0

    places: list[Place] = []
    place: str = ""
    place_code: str = ""
    on_hand: str = ""
    on_order: str = ""
    next_due: str = ""
    stock_rows: list[Point] = []
    stock_marks: list[Mark] = STOCK_MARKS
    stock_levels: list[dict[str, Any]] = []
    stock_start: int = 0
    stock_end: int = 0
    coming: list[Coming] = []
    past: list[Past] = []
    run_says: str = ""
    moved: bool = False
    first_below: str = ""

    price_rows: list[Point] = []
    price_marks: list[Mark] = []
    price_start: int = 0
    price_end: int = 0
    price_currency: str = ""
    price_unit: str = ""
    price_says: str = ""
    best_price: str = ""
    best_vendor: str = ""
    offers: list[Offered] = []
    paid: list[Paid] = []

    lines: list[OrderLine] = []
    orders_say: str = ""
    """What the open lines come to: that of the tile, and what is still to be issued."""
    agreements: list[Agreement] = []
    uses: list[Use] = []
    uses_count: int = 0
    rules: int = 0
    components: int = 0

    @handler(Permission.ITEM_VIEW)
    async def load(self) -> None:
        """Show the item that the address names."""
        self.found = self.missing = False
        self.place, self.why = "", ""
        self.asked = str(self.item_code)[:_LONGEST_CODE]  # type: ignore[attr-defined]
        try:
            head = await self._ask(item_head, code=self.asked)
        except NotFound:
            self.missing, self.code, self._record_id = True, self.asked, 0
            return
        self.scope = {"item": head.code}
        self.locale, self.today = me().locale, day_number(today())
        self._show_head(head)
        await self._open_record(head.item_id)
        self.found = True
        await self._show_stock(head.default_warehouse_id)
        await self._show_prices()
        await self._show_orders()
        await self._show_structure()
        await self._read_history("item", head.item_id)
        if me().may(Permission.ITEM_EDIT):
            await self._read_choices()

    # --- what it is -------------------------------------------------------------------------------------------------
    def _show_head(self, head: ItemHead) -> None:
        self.code, self.name, self.unit = head.code, head.name, head.unit
        self.paths = _paths(head.code)
        self.supply, self.is_active, self.own_currency = head.supply, head.is_active, head.currency
        self.sourcing = sourcing_in_words(head.group, head.vendor_policy, contracts_first=head.contracts_first)

    @handler(Permission.ITEM_EDIT)
    async def save(self, field: str, value: str) -> Any:
        """Keep one field, or say at the field why not."""
        return await self._save(field, value)

    @handler(Permission.ITEM_EDIT)
    def say_why(self, text: str) -> None:
        """Keep the reason of the next changes."""
        self.why = text[:_LONGEST_REASON]

    async def _save(self, field: str, value: str) -> Any:
        kept = await self._save_field(field, value, reason=self.why)
        self._show_head(await self._ask(item_head, code=self.fields["code"]))
        if not kept:
            return None
        if field in {"safety_stock", "reorder_point", "unit"}:
            await self._show_place(key(self.place))
        await self._read_history("item", self._record_id)
        if field == "code":
            return rx.redirect("/items/" + quote(self.code, safe=""), replace=True)
        return None

    @handler(Permission.ITEM_EDIT)
    def keep_theirs(self) -> None:
        """Leave the field as somebody else set it."""
        self._leave_conflict()

    @handler(Permission.ITEM_EDIT)
    async def save_mine(self) -> Any:
        """Set the field as one typed it, over what somebody else set."""
        asked = self._leave_conflict()
        return await self._save(asked["field"], asked["yours"]) if asked["field"] else None

    @handler(Permission.ITEM_EDIT)
    async def retire(self) -> Any:
        """Take the item out of use."""
        answer = await self._save("is_active", "false")
        return answer or (None if self.is_active else say(f"{self.code} is out of use."))

    # --- where it lies ----------------------------------------------------------------------------------------------
    async def _show_stock(self, preferred: int | None) -> None:
        if not me().may(Permission.STOCK_VIEW):
            return
        places = await self._ask(places_of_item, item_id=self._record_id)
        locale = me().locale
        self.places = places_in_words(places)
        self.on_hand = shown_number(sum((each.on_hand for each in places), start=ZERO), locale)
        self.on_order = shown_number(sum((each.on_order for each in places), start=ZERO), locale)
        due = min((each.next_due_on for each in places if each.next_due_on), default=None)
        self.next_due = f"next {shown_date(due, locale)}" if due else ""
        await self._show_place(_first(places, preferred))

    @handler(Permission.STOCK_VIEW)
    async def choose_place(self, warehouse_id: str) -> None:
        """Show the stock over time of another warehouse."""
        if self._record_id and key(warehouse_id) in {key(each["id"]) for each in self.places}:
            await self._show_place(key(warehouse_id))

    async def _show_place(self, warehouse_id: int) -> None:
        self.place = str(warehouse_id) if warehouse_id else ""
        self.stock_rows, self.coming, self.past, self.moved, self.first_below = [], [], [], False, ""
        if not warehouse_id:
            return
        told = await self._ask(stock_over_time, item_id=self._record_id, warehouse_id=warehouse_id, today=today())
        locale = me().locale
        self.place_code = told.warehouse
        self.stock_rows, self.stock_start, self.stock_end = stock_points(told)
        self.stock_levels = stock_levels(told)
        self.coming, self.past = coming_in_words(told), past_in_words(told)
        self.moved = any(each["moved"] for each in self.coming)
        below = next((each.on_date for each in told.coming if each.projected < told.safety_stock), None)
        self.first_below = shown_date(below, locale) if below else ""
        self.run_says = f"Demand of the plan of {shown_date(told.as_of, locale)}" if told.as_of else "No plan yet"

    # --- what it costs ----------------------------------------------------------------------------------------------
    @handler(Permission.VENDOR_VIEW)
    async def read_prices(self) -> None:
        """Read prices anew, after they were changed on this page."""
        if self._record_id:
            await self._show_prices()
            await self._read_history("item", self._record_id)

    async def _show_prices(self) -> None:
        if not me().may(Permission.VENDOR_VIEW):
            return
        told = await self._ask(item_prices, item_id=self._record_id, today=today())
        self.price_rows, self.price_marks = price_points(told), price_marks(told)
        self.price_start, self.price_end = day_number(told.since), day_number(told.until)
        self.price_currency, self.price_unit = told.currency, f"{told.currency} / {self.unit}"
        self.offers, self.paid = offers_in_words(told), paid_in_words(told)
        says = [f"{told.currency} for one {self.unit}"] if told.currency else []
        if told.is_converted:
            says.append("other currencies at the rate of their day")
        if told.without_rate:
            says.append(f"not compared on days without a rate: {', '.join(told.without_rate)}")
        self.price_says = ", ".join(says)
        self._show_best(told)

    def _show_best(self, told: ItemPrices) -> None:
        """The lowest price of today."""
        on, locale = today(), me().locale
        valid = [
            (step.comparable, each.vendor)
            for each in told.offers
            for step in each.steps
            if step.since <= on <= step.until and step.comparable is not None
        ]
        price, vendor = min(valid, default=(None, ""))
        self.best_vendor = vendor
        self.best_price = "" if price is None else shown_price(price, told.currency, locale)

    # --- what comes, and what it is for -----------------------------------------------------------------------------
    async def _show_orders(self) -> None:
        if not me().may(Permission.ORDER_VIEW):
            return
        lines = await self._ask(open_lines_of_item, item_id=self._record_id, today=today())
        self.lines, self.orders_say = lines_in_words(lines), on_order_in_words(lines, self.unit, me().locale)
        found = await self._ask(contracts_of_item, item_id=self._record_id, today=today())
        self.agreements = contracts_in_words(found)

    async def _show_structure(self) -> None:
        if not me().may(Permission.STRUCTURE_VIEW):
            return
        found = await self._ask(uses_of_item, item_id=self._record_id)
        self.uses, self.uses_count = uses_in_words(found), found.count
        self.rules, self.components = found.rules, found.components


def on_order_in_words(lines: Sequence[OpenLine], unit: str, locale: str) -> str:
    """What open order lines of an item come to in its stock unit, as counted on order, and what is not issued yet."""

    def amount(those: Iterable[OpenLine]) -> str:
        return f"{shown_number(sum((each.open_stock_units for each in those), start=ZERO), locale)} {unit}"

    if not lines:
        return ""
    if len(lines) >= MOST_LINES:
        return f"the first {shown_number(Decimal(MOST_LINES), locale)} of them"
    on_order, waiting = (
        [each for each in lines if (each.state in AWAITING_GOODS) is is_issued] for is_issued in (True, False)
    )
    says = f"{amount(on_order)} on order"
    return f"{says}, and {amount(waiting)} of orders that are not issued yet" if waiting else says


def _paths(code: str) -> dict[str, str]:
    named = quote(code, safe="")
    return {
        "stock": f"/stock?article={named}",
        "requirements": f"/requirements?item={named}",
        "structure": f"/structure?item={named}",
        "uses": f"/structure?item={named}&uses=1",
    }


def _first(places: list[ItemPlace], preferred: int | None) -> int:
    """The warehouse to look at first: the item's own where it is there, else one that is planned, has some, or any."""
    own = [each for each in places if each.warehouse_id == preferred]
    chosen = [*own, *(each for each in places if each.is_planned), *(each for each in places if each.on_hand), *places]
    return chosen[0].warehouse_id if chosen else 0
