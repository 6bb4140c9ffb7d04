"""The document of one purchase order: its sheet, what can be done with it, and what refers to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypedDict
from urllib.parse import quote
from uuid import UUID, uuid4

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.locales import shown_instant
from buyside.domain.orders import ENDED, OrderState
from buyside.domain.refusals import NotFound, Refused, Stale
from buyside.operations.order_lines import add_line, change_line, remove_line
from buyside.operations.orders import cancel_order, close_order, hold_order, issue_order, save_order
from buyside.queries.offers import orderable_items
from buyside.queries.order_choices import head_choices
from buyside.queries.order_history import order_references, order_timeline
from buyside.queries.orders import OrderDetail, order_detail
from buyside.queries.stock import warehouse_choices
from buyside.state.base import handler, me, now, say, today, warn
from buyside.state.forms import decimal, flag, maybe_day, maybe_decimal, maybe_whole, text, whole
from buyside.state.order_sheet import (
    EMPTY,
    Happened,
    Mention,
    ReceiptMention,
    Sheet,
    SheetLine,
    demand_in_words,
    lines_of_sheet,
    receipts_in_words,
    runs_in_words,
    sheet_of,
    timeline_in_words,
)
from buyside.state.receipts import Choice, ReceiveState
from buyside.state.roles import BuyerState

_Reader = Callable[[Mapping[str, Any], str], Any]
_HEAD: Mapping[str, _Reader] = {
    **dict.fromkeys(
        ("title", "bill_to_account", "bill_to_address", "bill_to_contact", "notes", "internal_notes"), text
    ),
    **dict.fromkeys(("ship_to_account", "ship_to_address", "ship_to_contact", "shipping_account"), text),
    "shipping_method": text,
    "order_by": maybe_day,
    "warehouse_id": whole,
    "payment_term_id": maybe_whole,
    "pick_up_address_id": maybe_whole,
    "fulfil_all_at_once": flag,
    "header_discount": decimal,
    "shipping_costs": decimal,
}
_LINE: Mapping[str, _Reader] = {
    "vendor_part": text,
    "description": text,
    "quantity": decimal,
    "unit_price": decimal,
    "discount_percent": decimal,
    "tax_percent": decimal,
    "needed_on": maybe_day,
    "expected_on": maybe_day,
}


class ItemHit(TypedDict):
    """An item that can stand on the order."""

    id: int
    code: str
    name: str
    says: str


class OrderPageState(ReceiveState, BuyerState, rx.State):
    """One order as its document. Everything shown is text; ids and versions that count stay on the server."""

    found: bool = False
    missing: bool = False
    number: str = ""
    status: str = ""
    version: int = 0
    on_hold: bool = False
    sheet: Sheet = EMPTY
    lines: list[SheetLine] = []
    issued_says: str = ""
    paper_address: str = ""
    owner: str = ""
    order_type: str = ""
    created: str = ""
    changed: str = ""
    can_edit: bool = False
    can_issue: bool = False
    can_receive: bool = False
    can_close: bool = False
    can_cancel: bool = False
    can_hold: bool = False
    is_short: bool = False
    refused: dict[str, str] = {}
    """Why a field's last text was not taken: by "title", or "12.quantity" for a line."""
    asking: str = ""
    """The dialog that is open: "receive", "cancel", "close", "hold" or none."""
    runs: list[Mention] = []
    demand: list[Mention] = []
    demand_count: int = 0
    receipts: list[ReceiptMention] = []
    timeline: list[Happened] = []
    payment_terms: list[Choice] = []
    pick_up_places: list[Choice] = []
    item_hits: list[ItemHit] = []
    item_sought: str = ""
    item_id: int = 0
    item_label: str = ""
    adding: str = ""
    """Changes when the form of a new line starts anew."""
    _order_id: int = 0
    _vendor_id: int = 0
    _add_id: UUID | None = None
    _issue_id: UUID | None = None

    @handler(Permission.ORDER_VIEW)
    async def load(self) -> None:
        """Show the order that the address names."""
        self.found = self.missing = False
        self.refused, self.asking, self.voiding = {}, "", ""
        try:
            await self._show(str(self.order_number))  # type: ignore[attr-defined]
        except NotFound:
            self.missing = True
            return
        if self.can_edit:
            await self._show_choices()
            self._begin_line()

    async def _show(self, number: str) -> None:
        """Read the order anew, whole."""
        order = await self._ask(order_detail, number=number)
        actor = me()
        self.number, self.status, self.version, self.on_hold = (
            order.number,
            order.state,
            order.version,
            order.is_on_hold,
        )
        self.sheet, self.lines = sheet_of(order, actor.locale), lines_of_sheet(order, actor.locale)
        self.owner, self.order_type = order.owner, order.order_type
        self.created = _stamp(shown_instant(order.created_at, actor.locale, actor.time_zone), order.created_by)
        self.changed = _stamp(shown_instant(order.changed_at, actor.locale, actor.time_zone), order.changed_by)
        self.issued_says = (
            f"Revision {order.revision}, frozen as {order.snapshot_sha256[:12]}" if order.revision else ""
        )
        self.paper_address = f"/api/orders/{quote(order.number, safe='')}/paper.pdf"
        self._offer_moves(order)
        references = await self._ask(order_references, order_id=order.id)
        self.runs = runs_in_words(references.runs, actor.locale)
        self.demand = demand_in_words(references.demand, actor.locale)
        self.demand_count = len(references.demand)
        may_void = actor.may(Permission.RECEIPT_VOID) and order.state in {"partly_received", "received"}
        self.receipts = receipts_in_words(references.receipts, actor.locale, may_void=may_void)
        self.timeline = timeline_in_words(await self._ask(order_timeline, order_id=order.id), actor)
        self._order_id, self._vendor_id = order.id, order.vendor_id
        self._issue_id = uuid4()
        self.found = True

    def _offer_moves(self, order: OrderDetail) -> None:
        """Buttons for moves that are open and permitted; the locks are the operations' own."""
        may, moves = me().may, set(order.moves)
        self.can_edit = "edit" in moves and may(Permission.ORDER_EDIT)
        self.can_issue = "issue" in moves and may(Permission.ORDER_ISSUE) and not order.is_on_hold
        self.can_receive = "receive_part" in moves and may(Permission.RECEIPT_POST) and not order.is_on_hold
        self.is_short = "close_short" in moves
        self.can_close = bool(moves & {"close", "close_short"}) and may(Permission.ORDER_CANCEL)
        self.can_cancel = "cancel" in moves and may(Permission.ORDER_CANCEL)
        self.can_hold = OrderState(order.state) not in ENDED and may(Permission.ORDER_EDIT)

    async def _show_choices(self) -> None:
        choices = await self._ask(head_choices, vendor_id=self._vendor_id)
        none = Choice(value="", label="None")
        self.payment_terms = [none, *(Choice(value=str(each.id), label=each.name) for each in choices.payment_terms)]
        self.pick_up_places = [none, *(Choice(value=str(each.id), label=each.name) for each in choices.pick_up)]
        self.warehouses = [
            Choice(value=str(each.id), label=f"{each.code} · {each.name}")
            for each in await self._ask(warehouse_choices)
        ]

    async def _write(self, key: str, operation: Callable[..., Any], **arguments: Any) -> Any:
        """Run a change of the draft; a refusal stands at the field `key`, and a newer version is shown at once."""
        try:
            await self._do(operation, order_id=self._order_id, version=self.version, at=now(), **arguments)
        except Stale as stale:
            self.refused = {}
            await self._show(self.number)
            return warn(str(stale))
        except Refused as refusal:
            self.refused = {**self.refused, key: str(refusal)}
            return None
        self._accept(key)
        await self._show(self.number)
        return None

    def _accept(self, key: str) -> None:
        self.refused = {name: says for name, says in self.refused.items() if name != key}

    @handler(Permission.ORDER_EDIT)
    async def save_head(self, field: str, value: str) -> Any:
        """Keep one field of the head or foot."""
        if field not in _HEAD:
            return None
        if value == dict(self.sheet).get(field):
            return self._accept(field)
        try:
            head = {field: _HEAD[field]({field: value}, field)}
        except Refused as refusal:
            self.refused = {**self.refused, field: str(refusal)}
            return None
        return await self._write(field, save_order, head=head)

    @handler(Permission.ORDER_EDIT)
    async def save_line(self, line_id: int, field: str, value: str) -> Any:
        """Keep one field of one line."""
        line = next((each for each in self.lines if each["id"] == line_id), None)
        if field not in _LINE or line is None:
            return None
        key = f"{line_id}.{field}"
        if value == dict(line).get(field):
            return self._accept(key)
        try:
            changes = {field: _LINE[field]({field: value}, field)}
        except Refused as refusal:
            self.refused = {**self.refused, key: str(refusal)}
            return None
        return await self._write(key, change_line, line_id=line_id, changes=changes)

    @handler(Permission.ORDER_EDIT)
    async def remove(self, line_id: int) -> Any:
        """Take a line off the draft."""
        told = await self._write("lines", remove_line, line_id=line_id)
        return told or (warn(self.refused["lines"]) if "lines" in self.refused else say("Line removed."))

    @handler(Permission.ORDER_EDIT, supersedes=True)
    async def find_item(self, typed: str) -> None:
        """Items that the vendor sells, then all others, by part of code, name or vendor part."""
        if self.item_id:  # picked while the last letters were still on their way
            return
        self.item_sought = " ".join(typed.split())[:80].replace("\0", "")
        found = await self._ask(orderable_items, vendor_id=self._vendor_id, on=today(), text=self.item_sought, limit=12)
        self.item_hits = [
            ItemHit(
                id=each.item_id,
                code=each.code,
                name=each.name,
                says=f"{each.vendor_part or 'sold'} per {each.unit_code}"
                if each.is_mapped
                else "not sold by this vendor",
            )
            for each in found
        ]

    @handler(Permission.ORDER_EDIT)
    def pick_item(self, item_id: int) -> Any:
        """Take one of the items found."""
        for each in self.item_hits:
            if each["id"] == item_id:
                self.item_id, self.item_label = item_id, f"{each['code']} {each['name']}"
                self.item_hits, self.item_sought = [], ""
                return rx.set_focus("add-line-quantity")
        return None

    @handler(Permission.ORDER_EDIT)
    def forget_item(self) -> Any:
        """Choose another item."""
        self._begin_line()

    @handler(Permission.ORDER_EDIT)
    async def add(self, form: dict[str, Any]) -> Any:
        """Append a line; the vendor's price and lead time are taken where none is entered."""
        if not self.item_id or self._add_id is None:
            self.errors = {"item_id": "Choose an item."}
            return None
        try:
            await self._do(
                add_line,
                request_id=self._add_id,
                order_id=self._order_id,
                version=self.version,
                item_id=self.item_id,
                quantity=decimal(form, "quantity"),
                unit_price=maybe_decimal(form, "unit_price"),
                needed_on=maybe_day(form, "needed_on"),
                at=now(),
            )
        except Stale as stale:
            await self._show(self.number)
            return warn(str(stale))
        self._begin_line()
        await self._show(self.number)
        return rx.set_focus("add-line-item")

    def _begin_line(self) -> None:
        self.item_id, self.item_label, self.item_hits, self.item_sought = 0, "", [], ""
        self._add_id = uuid4()
        self.adding = str(self._add_id)

    @handler(Permission.ORDER_ISSUE)
    async def issue(self) -> Any:
        """Issue the order: from here on its paper is frozen."""
        request_id, self._issue_id = self._issue_id, None
        if request_id is None:
            return None
        return await self._move(issue_order, "{number} is issued. Its paper is frozen.", request_id=request_id)

    @handler(Permission.ORDER_VIEW)
    async def ask(self, what: str) -> None:
        """Open a dialog of this page."""
        if what == "receive" and self.can_receive:
            await self._show_arriving(self._order_id)
        self.asking = what if what in {"receive", "cancel", "close", "hold"} else ""

    @handler(Permission.ORDER_VIEW)
    def leave(self) -> None:
        """Close the dialog; nothing happened."""
        self.asking = ""

    @handler(Permission.ORDER_CANCEL)
    async def cancel(self, form: dict[str, Any]) -> Any:
        """End the order before anything has arrived."""
        return await self._move(cancel_order, "{number} is cancelled.", form=form, reason=text(form, "reason"))

    @handler(Permission.ORDER_CANCEL)
    async def close(self, form: dict[str, Any]) -> Any:
        """End the order, complete or short."""
        return await self._move(close_order, "{number} is closed.", form=form, reason=text(form, "reason"))

    @handler(Permission.ORDER_EDIT)
    async def hold(self, form: dict[str, Any]) -> Any:
        """Put the order on hold."""
        reason = text(form, "reason")
        return await self._move(hold_order, "{number} is on hold.", form=form, is_on_hold=True, reason=reason)

    @handler(Permission.ORDER_EDIT)
    async def release(self) -> Any:
        """Let a held order go on."""
        return await self._move(hold_order, "{number} goes on.", is_on_hold=False)

    async def _move(
        self,
        operation: Callable[..., Any],
        says: str,
        *,
        form: Mapping[str, Any] | None = None,
        request_id: UUID | None = None,
        **arguments: Any,
    ) -> Any:
        """Run one move of the order's life and show the order after it. Refuses what stands at a field of `form`."""
        try:
            await self._do(
                operation, request_id=request_id, order_id=self._order_id, version=self.version, at=now(), **arguments
            )
        except Refused as refusal:
            if form is not None and refusal.field in form:
                raise
            self.asking = ""
            await self._show(self.number)
            return warn(str(refusal))
        self.asking, self.refused = "", {}
        await self._show(self.number)
        return say(says.format(number=self.number))

    async def _show_goods_moved(self) -> None:
        self.asking = ""
        await self._show(self.number)


def _stamp(when: str, who: str) -> str:
    return f"{when} by {who}" if who else when
