"""Posting receipts and taking them back, wherever a page offers it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypedDict
from uuid import UUID, uuid4

from buyside.domain.access import Permission
from buyside.domain.locales import PRICE_DIGITS, shown_date, shown_days, shown_number
from buyside.domain.refusals import NotPositive
from buyside.operations.receipts import OverReceipt, PostedReceipt, receive_order, void_receipt
from buyside.queries.receipts import ExpectedLine, ExpectedOrder, expected_order
from buyside.queries.stock import warehouse_choices
from buyside.state.base import SignedInState, handler, me, now, say, today
from buyside.state.forms import decimal, maybe_day, text, whole


class Choice(TypedDict):
    """One entry of a list to choose from."""

    value: str
    label: str


class ArrivingLine(TypedDict):
    """An order line as a field of the receive form; numbers as the reader writes them."""

    field: str
    line: str
    code: str
    name: str
    ordered: str
    received: str
    open: str
    unit: str
    due: str
    late: str
    inspected: bool


class ReceiveState(SignedInState, mixin=True):
    """The receive form of one order. Pages say what follows in `_show_goods_moved`."""

    arriving: list[ArrivingLine] = []
    arriving_order: str = ""
    arriving_state: str = ""
    arriving_warehouse: str = ""
    arriving_day: str = ""
    arriving_key: str = ""
    arriving_says: str = ""
    """Why nothing can be received, or nothing."""
    warehouses: list[Choice] = []
    voiding: str = ""
    """Number of the receipt that is about to be voided."""
    _arriving_id: int = 0
    _voiding_id: int = 0
    _receive_id: UUID | None = None
    _void_id: UUID | None = None

    async def _show_arriving(self, order_id: int) -> None:
        """Fill the form with what is open, and draw the request that its press will be."""
        expected = await self._ask(expected_order, order_id=order_id)
        self.warehouses = [
            Choice(value=str(each.id), label=f"{each.code} · {each.name}" if each.name else each.code)
            for each in await self._ask(warehouse_choices)
        ]
        still_open = [each for each in expected.lines if each.open > 0]
        self.arriving = [_arriving(each, me().locale) for each in still_open]
        self.arriving_order, self.arriving_state = expected.number, expected.state
        self.arriving_warehouse, self.arriving_day = str(expected.warehouse_id), today().isoformat()
        self.arriving_says = _why_not(expected, is_open=bool(still_open))
        self._arriving_id, self._receive_id = order_id, uuid4()
        self.arriving_key = str(self._receive_id)

    @handler(Permission.RECEIPT_POST)
    async def receive(self, form: dict[str, Any]) -> Any:
        """Post what the form says has arrived. A second press of the same form posts nothing."""
        if self._receive_id is None:
            return None
        lines = _quantities(form)
        try:
            posted = await self._do(
                receive_order,
                request_id=self._receive_id,
                order_id=self._arriving_id,
                warehouse_id=whole(form, "warehouse_id"),
                lines=lines,
                effective_on=maybe_day(form, "effective_on"),
                delivery_note=text(form, "delivery_note"),
                at=now(),
            )
        except OverReceipt as refusal:
            at_line = {each["line"]: each["field"] for each in self.arriving}
            self.errors = {at_line.get(str(refusal.details["line"]), "quantity"): str(refusal)}
            return None
        self._receive_id = None
        await self._show_goods_moved()
        done = " The order is complete." if posted.order_state == "received" else ""
        return say(f"{posted.number} posted into {posted.warehouse_code}.{done}{_valued_at(posted)}")

    @handler(Permission.RECEIPT_VOID)
    def ask_void(self, receipt_id: int, number: str) -> None:
        """Ask why a receipt is to be voided."""
        self.voiding, self._voiding_id, self._void_id = number, receipt_id, uuid4()

    @handler(Permission.RECEIPT_VOID)
    def keep_receipt(self) -> None:
        """Leave the receipt as it is."""
        self.voiding = ""

    @handler(Permission.RECEIPT_VOID)
    async def void(self, form: dict[str, Any]) -> Any:
        """Post the reverse of the receipt."""
        if self._void_id is None:
            return None
        posted = await self._do(
            void_receipt,
            request_id=self._void_id,
            receipt_id=self._voiding_id,
            reason=text(form, "reason"),
            at=now(),
        )
        self._void_id, self.voiding = None, ""
        await self._show_goods_moved()
        return say(f"{posted.number} posted: the goods are taken back, the order is open for them again.")

    async def _show_goods_moved(self) -> None:
        """What a page shows after a receipt or its void."""


def _valued_at(posted: PostedReceipt) -> str:
    """At what rate goods of another currency were valued, or that none was known."""
    if posted.is_estimated:
        return f" Its value is estimated: no rate of {posted.currency} is known for that day."
    if posted.rate is None or posted.rate_from is None:
        return ""
    locale = me().locale
    rate = shown_number(posted.rate, locale, PRICE_DIGITS)
    return f" Valued at {rate} for one {posted.currency}, the rate since {shown_date(posted.rate_from, locale)}."


def _quantities(form: Mapping[str, Any]) -> dict[int, Decimal]:
    """What arrived, by order line; lines left empty or at zero did not. Refuses: Unreadable, NotPositive."""
    found: dict[int, Decimal] = {}
    for name in form:
        line_id = name.removeprefix("line_")
        if line_id == name or not line_id.isdecimal() or len(line_id) > 18 or not text(form, name):
            continue
        quantity = decimal(form, name)
        if quantity < 0:
            raise NotPositive(field=name)
        if quantity:
            found[int(line_id)] = quantity
    return found


def _arriving(line: ExpectedLine, locale: str) -> ArrivingLine:
    return ArrivingLine(
        field=f"line_{line.line_id}",
        line=str(line.line_number),
        code=line.item_code,
        name=line.item_name,
        ordered=shown_number(line.quantity, locale),
        received=shown_number(line.received, locale),
        open=shown_number(line.open, locale),
        unit=line.unit,
        due=shown_date(line.due_on, locale) if line.due_on else "–",
        late=days_late(line.late_days),
        inspected=line.needs_inspection,
    )


def days_late(days: int) -> str:
    """ "3 days late", or nothing."""
    return f"{shown_days(days)} late" if days > 0 else ""


def _why_not(expected: ExpectedOrder, *, is_open: bool) -> str:
    if expected.is_on_hold:
        return f"{expected.number} is on hold. Release it before goods are received."
    return "" if is_open else "Nothing is open on this order."
