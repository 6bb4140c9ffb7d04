"""Stock: balances now and as of a past day, the ledger, one article's card, and movements by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, TypedDict
from uuid import UUID, uuid4

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.lifecycle import in_words
from buyside.domain.locales import shown_date, shown_number
from buyside.domain.refusals import NotFound
from buyside.domain.stock import StockReason
from buyside.operations.stock import adjust_stock, transfer_stock
from buyside.queries.rows import GridSource, RowsWanted, grid_page, grid_rows
from buyside.queries.stock import (
    BALANCE_ROWS,
    ENTRY_ROWS,
    PAST_BALANCE_ROWS,
    CardEntry,
    CardSupply,
    StockCard,
    stock_card,
    warehouse_choices,
)
from buyside.state.base import handler, me, now, say, today, warn
from buyside.state.forms import decimal, maybe_day, maybe_decimal, text
from buyside.state.grid import GridState
from buyside.state.receipts import Choice, days_late
from buyside.state.roles import WarehouseState

_LONGEST_CODE = 80
_MOST = 200
_SHOWN = 80
_WIDE, _HIGH = 560, 96
_MONEY, _COST = (2, 2), (2, 4)


class Movement(TypedDict):
    """One entry of the ledger in words."""

    day: str
    reason: str
    note: str
    source: str
    order: str
    quantity: str
    balance: str
    cost: str
    value: str
    who: str


class Coming(TypedDict):
    """An open order line for the article."""

    order: str
    vendor: str
    open: str
    due: str
    late: str


class Chart(TypedDict):
    """The balance over time as a drawing: steps, the area below them, and what stands at the axes."""

    line: str
    area: str
    zero: str
    most: str
    first: str
    last: str
    says: str


class StockState(GridState, WarehouseState, rx.State):
    """The page of stock."""

    balances: ClassVar[GridSource] = BALANCE_ROWS
    past: ClassVar[GridSource] = PAST_BALANCE_ROWS
    ledger: ClassVar[GridSource] = ENTRY_ROWS
    by: str = "balances"
    warehouses: list[Choice] = []
    warehouse_filter: str = ""
    as_of: str = ""
    today: str = ""
    scope: dict[str, str] = {}
    past_scope: dict[str, str] = {}
    code: str = ""
    name: str = ""
    kind: str = ""
    unit: str = ""
    currency: str = ""
    warehouse: str = ""
    on_hand: str = ""
    in_inspection: str = ""
    available: str = ""
    on_order: str = ""
    average_cost: str = ""
    value: str = ""
    elsewhere: str = ""
    movements: list[Movement] = []
    movements_says: str = ""
    coming: list[Coming] = []
    chart: Chart = Chart(line="", area="", zero="", most="", first="", last="", says="")
    asking: str = ""
    """The dialog that is open: "adjust", "transfer" or none."""
    _warehouse_id: int = 0
    _item_id: int | None = None
    _variant_id: int | None = None
    _post_id: UUID | None = None

    @handler(Permission.STOCK_VIEW)
    async def load(self) -> Any:
        """Start with the balances of today, in all warehouses, and with the card of the article that the address names."""
        self.chosen, self.asking, self.as_of, self.warehouse_filter = "", "", "", ""
        self.today = today().isoformat()
        found = await self._ask(warehouse_choices)
        self.warehouses = [Choice(value=each.code, label=f"{each.code} · {each.name}") for each in found]
        self._rescope()
        article = str(self.router.url.query_parameters.get("article", ""))[:_LONGEST_CODE]
        return await self._open_article(article) if article else None

    async def _open_article(self, code: str) -> Any:
        """Open the card of an article in the first warehouse that knows it, or say that none does."""
        self.by = "balances"
        page = await self._ask(grid_page, source=BALANCE_ROWS, wanted=RowsWanted(quick=code), today=today())
        for row in page.rows:
            if row["code"] == code:
                await self._show_card(row)
                self.chosen = str(row["id"])
                return None
        return warn(f"No warehouse has ever had {code}.")

    @handler(Permission.STOCK_VIEW)
    def show_by(self, by: str) -> None:
        """List balances, or all entries."""
        self.by = "ledger" if by == "ledger" else "balances"
        self.chosen = ""

    @handler(Permission.STOCK_VIEW)
    def choose_warehouse(self, code: str) -> None:
        """List one warehouse, or all."""
        self.warehouse_filter = code
        self._rescope()

    @handler(Permission.STOCK_VIEW)
    def choose_day(self, day: str) -> None:
        """List the balances at the end of a past day, or those of now."""
        try:
            chosen = date.fromisoformat(day)
        except ValueError:
            chosen = today()
        self.as_of = day if chosen < today() else ""
        self.chosen = ""
        self._rescope()

    def _rescope(self) -> None:
        self.scope = {"warehouse": self.warehouse_filter} if self.warehouse_filter else {}
        self.past_scope = {**self.scope, "day": self.as_of} if self.as_of else self.scope

    @handler(Permission.STOCK_VIEW)
    async def open(self, row_id: str) -> None:
        """Show the card behind a balance."""
        rows = await self._ask(grid_rows, source=BALANCE_ROWS, ids=(row_id,), scope={})
        if not rows:
            raise NotFound(kind="balance")
        await self._show_card(rows[0])
        self.chosen = row_id

    async def _show_card(self, row: dict[str, Any]) -> None:
        card = await self._ask(stock_card, code=row["code"], kind=row["kind"], limit=_MOST)
        locale, shown = me().locale, row["shown"]
        self.code, self.name, self.kind, self.unit = card.code, card.name, card.kind, card.unit
        self.currency, self.warehouse = row["currency"], row["warehouse"]
        self.on_hand, self.in_inspection = shown["on_hand"], shown["in_inspection"]
        self.available, self.on_order = shown["available"], shown["on_order"]
        self.average_cost, self.value = shown["average_cost"], shown["value"]
        self.elsewhere = _elsewhere(card, self.warehouse, locale)
        here = [each for each in card.entries if each.warehouse == self.warehouse]
        self.movements = [_movement(each, locale) for each in here[:_SHOWN]]
        self.movements_says = f"the latest {_SHOWN}" if len(here) > _SHOWN else ""
        self.coming = [_coming(each, locale) for each in card.supply if each.warehouse == self.warehouse]
        held = Decimal(row["on_hand"]) + Decimal(row["in_inspection"])
        self.chart = _chart(here, held, today(), locale)
        self._warehouse_id, self._item_id, self._variant_id = row["warehouse_id"], row["item_id"], row["variant_id"]

    @handler(Permission.STOCK_VIEW)
    def close(self) -> None:
        """Close the card."""
        self.chosen = ""

    @handler(Permission.STOCK_ADJUST)
    async def ask(self, what: str) -> None:
        """Open a form that moves stock."""
        self.asking = what if what in {"adjust", "transfer"} else ""
        self._post_id = uuid4()

    @handler(Permission.STOCK_VIEW)
    def leave(self) -> None:
        """Close the form; nothing moved."""
        self.asking = ""

    @handler(Permission.STOCK_ADJUST)
    async def adjust(self, form: dict[str, Any]) -> Any:
        """Correct what lies here."""
        if self._post_id is None:
            return None
        await self._do(
            adjust_stock,
            request_id=self._post_id,
            warehouse_id=self._warehouse_id,
            item_id=self._item_id,
            variant_id=self._variant_id,
            quantity=decimal(form, "quantity"),
            unit_cost=maybe_decimal(form, "unit_cost"),
            effective_on=maybe_day(form, "effective_on"),
            reason=text(form, "reason"),
            at=now(),
        )
        return await self._moved("The stock of {code} is corrected.")

    @handler(Permission.STOCK_ADJUST)
    async def transfer(self, form: dict[str, Any]) -> Any:
        """Move some of what lies here to another warehouse."""
        if self._post_id is None:
            return None
        there = text(form, "to_warehouse_id")
        target = next((each.id for each in await self._ask(warehouse_choices) if each.code == there), 0)
        await self._do(
            transfer_stock,
            request_id=self._post_id,
            from_warehouse_id=self._warehouse_id,
            to_warehouse_id=target,
            item_id=self._item_id,
            variant_id=self._variant_id,
            quantity=decimal(form, "quantity"),
            effective_on=maybe_day(form, "effective_on"),
            reason=text(form, "reason"),
            at=now(),
        )
        return await self._moved("{code} is moved to " + there.replace("{", "").replace("}", "") + ".")

    async def _moved(self, says: str) -> Any:
        self._post_id, self.asking = None, ""
        rows = await self._ask(grid_rows, source=BALANCE_ROWS, ids=(self.chosen,), scope={})
        if rows:
            await self._show_card(rows[0])
        self._changed_rows()
        return say(says.format(code=self.code))


def _elsewhere(card: StockCard, here: str, locale: str) -> str:
    return ", ".join(
        f"{each.warehouse} {shown_number(each.on_hand + each.in_inspection, locale)} {card.unit}"
        for each in card.balances
        if each.warehouse != here
    )


def _movement(entry: CardEntry, locale: str) -> Movement:
    return Movement(
        day=shown_date(entry.effective_on, locale),
        reason=in_words(StockReason(entry.reason)).capitalize() + (" (inspection)" if entry.place != "on_hand" else ""),
        note=entry.note,
        source=entry.source,
        order=entry.order_number,
        quantity=("+" if entry.quantity > 0 else "") + shown_number(entry.quantity, locale),
        balance=shown_number(entry.balance, locale),
        cost=shown_number(entry.value / entry.quantity, locale, _COST),
        value=shown_number(entry.value, locale, _MONEY),
        who=entry.who,
    )


def _coming(line: CardSupply, locale: str) -> Coming:
    return Coming(
        order=line.order_number,
        vendor=line.vendor,
        open=shown_number(line.open, locale),
        due=shown_date(line.due_on, locale) if line.due_on else "–",
        late=days_late(line.late_days),
    )


def _chart(entries: Sequence[CardEntry], held: Decimal, until: date, locale: str) -> Chart:
    """The balance by effective date, as steps that end today at what is held."""
    moved = sorted(entries, key=lambda each: (each.effective_on, each.id))
    if not moved:
        return Chart(line="", area="", zero="", most="", first="", last="", says="")
    level = held - sum((each.quantity for each in moved), Decimal(0))
    points = [(moved[0].effective_on, level)]
    for each in moved:
        level += each.quantity
        points.append((each.effective_on, level))
    start, days = points[0][0], max(1, (until - points[0][0]).days)
    high = max(Decimal(1) if held == 0 else Decimal(0), *(value for _, value in points))
    low = min(Decimal(0), *(value for _, value in points))
    span = (high - low) or Decimal(1)

    def x(day: date) -> str:
        return f"{_WIDE * min(max((day - start).days / days, 0), 1):.1f}"

    def y(value: Decimal) -> str:
        return f"{_HIGH - _HIGH * (value - low) / span:.1f}"

    steps = f"M{x(points[0][0])} {y(points[0][1])}" + "".join(f"H{x(day)}V{y(value)}" for day, value in points[1:])
    steps += f"H{_WIDE}"
    return Chart(
        line=steps,
        area=f"{steps}V{y(Decimal(0))}H{x(points[0][0])}Z",
        zero=y(Decimal(0)),
        most=shown_number(high, locale),
        first=shown_date(start, locale),
        last=shown_date(until, locale),
        says=f"From {shown_number(points[0][1], locale)} before {shown_date(start, locale)} to {shown_number(held, locale)} "
        f"now, at most {shown_number(high, locale)}",
    )
