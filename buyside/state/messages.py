"""Action messages: the list of what to do, one of them in full, and what is decided on one or on those that are ticked."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar, TypedDict
from urllib.parse import quote

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.locales import shown_date, shown_instant, shown_number
from buyside.domain.messages import MESSAGE
from buyside.domain.plans import MessageKind, MessageState
from buyside.domain.vendor_requests import Request, request_text
from buyside.operations.messages import (
    dismiss_messages,
    finish_messages,
    reopen_messages,
    snooze_messages,
    take_messages,
)
from buyside.queries.message_detail import MessageDetail, Waiting, message_detail
from buyside.queries.messages import MESSAGE_ROWS, find_item_id, possible_owners
from buyside.queries.rows import GridSource
from buyside.state.base import handler, me, now, say, today
from buyside.state.forms import day, key, maybe_whole, text
from buyside.state.grid import GridState
from buyside.state.roles import BuyerState

_K = MessageKind
_ASKS = {"snooze", "dismiss", "give"}


class Behind(TypedDict):
    """A customer's order line that waits."""

    number: str
    path: str
    customer: str
    needed_by: str
    quantity: str


class MessagesState(GridState, BuyerState, rx.State):
    """The list, the message that stands open, and the question that is being asked."""

    rows: ClassVar[GridSource] = MESSAGE_ROWS
    item_id: int = 0
    """The one item whose messages are listed; zero: all."""
    item_code: str = ""
    selected: list[str] = []
    facts: dict[str, str] = {}
    state: str = ""
    is_snoozed: bool = False
    is_mine: bool = False
    waiting: list[Behind] = []
    vendor_text: str = ""
    vendor_language: str = ""
    asking: str = ""
    """"snooze", "dismiss" or "give" while its question stands open."""
    asking_about: int = 0
    """How many messages the question is about."""
    suggested_day: str = ""
    owners: list[dict[str, str]] = []
    _version: int = 0
    _about_selected: bool = False

    @handler(Permission.PLAN_VIEW)
    async def load(self) -> None:
        """Show the list; of the item, and with the message open, that the address names."""
        self.chosen, self.selected, self.asking = "", [], ""
        given = self.router.url.query_parameters
        self.item_code = str(given.get("item", ""))[:60]
        self.item_id = await self._ask(find_item_id, code=self.item_code) if self.item_code else 0
        if wanted := key(str(given.get("message", ""))):
            await self._open(wanted)
        self._changed_rows()

    @handler(Permission.PLAN_VIEW)
    def show_all_items(self) -> None:
        """List the messages of every item again."""
        self.item_id, self.item_code = 0, ""

    @handler(Permission.PLAN_VIEW)
    async def open(self, row_id: str) -> None:
        """Show one message."""
        await self._open(key(row_id))

    @handler(Permission.PLAN_VIEW)
    def close(self) -> None:
        """Close the panel."""
        self.chosen = ""

    @handler(Permission.PLAN_VIEW)
    def select(self, row_ids: list[str]) -> None:
        """Remember which messages are ticked."""
        self.selected = [each for each in row_ids if key(each)]

    @handler(Permission.PLAN_EDIT)
    async def take(self, ticked: bool) -> Any:
        """Make the person the owner of the open message, or of those that are ticked."""
        return await self._decide(take_messages, ticked, "taken")

    @handler(Permission.PLAN_EDIT)
    async def finish(self, ticked: bool) -> Any:
        """Say that it was done."""
        return await self._decide(finish_messages, ticked, "done", at=now())

    @handler(Permission.PLAN_EDIT)
    async def reopen(self, ticked: bool) -> Any:
        """Open again what somebody closed."""
        return await self._decide(reopen_messages, ticked, "open again")

    @handler(Permission.PLAN_EDIT)
    async def wake(self, ticked: bool) -> Any:
        """End a snooze."""
        return await self._decide(snooze_messages, ticked, "back in the list", until=None, today=today())

    @handler(Permission.PLAN_EDIT)
    async def ask(self, what: str, ticked: bool) -> None:
        """Ask until when, why, or to whom."""
        if what not in _ASKS:
            return
        self._about_selected, self.asking = ticked, what
        self.asking_about = len(self.selected) if ticked else 1
        self.suggested_day = (today() + timedelta(days=7)).isoformat()
        if what == "give":
            found = await self._ask(possible_owners)
            self.owners = [{"value": str(each.user_id), "label": each.name} for each in found]

    @handler(Permission.PLAN_EDIT)
    def stop_asking(self) -> None:
        """Close the question."""
        self.asking = ""

    @handler(Permission.PLAN_EDIT)
    async def snooze(self, form: dict[str, Any]) -> Any:
        """Put messages aside until a day."""
        until = day(form, "until")
        says = f"put aside until {shown_date(until, me().locale)}"
        return await self._decide(snooze_messages, self._about_selected, says, until=until, today=today())

    @handler(Permission.PLAN_EDIT)
    async def dismiss(self, form: dict[str, Any]) -> Any:
        """Close messages with a reason."""
        reason = text(form, "reason", needed=True)
        return await self._decide(dismiss_messages, self._about_selected, "dismissed", reason=reason, at=now())

    @handler(Permission.PLAN_EDIT)
    async def give(self, form: dict[str, Any]) -> Any:
        """Hand messages to somebody."""
        owner = maybe_whole(form, "owner_id")
        return await self._decide(take_messages, self._about_selected, "handed over", owner_id=owner)

    async def _decide(self, operation: Any, ticked: bool, says: str, **arguments: Any) -> Any:
        chosen = key(self.chosen)
        ids = tuple(key(each) for each in self.selected) if ticked else (chosen,)
        versions = {chosen: self._version} if chosen in ids else None
        done = await self._do(operation, message_ids=ids, versions=versions, **arguments)
        self.asking = ""
        if ticked:
            self.selected = []
        self._changed_rows()
        if chosen:
            await self._open(chosen)
        return say(f"{done.count} messages are {says}." if done.count > 1 else f"The message is {says}.")

    async def _open(self, message_id: int) -> None:
        found = await self._ask(message_detail, message_id=message_id)
        locale = me().locale
        self.chosen, self._version, self.state = str(message_id), found.version, found.state
        self.is_snoozed = found.snoozed_until is not None and found.snoozed_until > today()
        self.is_mine = found.owner_id == me().user_id
        self.facts = _facts(found, locale, me().time_zone)
        self.waiting = [_behind(each, found.unit, locale) for each in found.waiting]
        self.vendor_text = _vendor_text(found)
        self.vendor_language = found.vendor_language.replace("_", "-") if self.vendor_text else ""


def _facts(found: MessageDetail, locale: str, zone: str) -> dict[str, str]:
    def amount(value: Decimal | None) -> str:
        return "" if value is None else f"{shown_number(value, locale)} {found.unit}"

    def on(value: date | None) -> str:
        return "" if value is None else shown_date(value, locale)

    item, place = quote(found.item, safe=""), quote(found.warehouse, safe="")
    order = quote(found.order_number, safe="")
    rest = found.waiting_lines - len(found.waiting)
    moves = MESSAGE.open_moves(MessageState(found.state))
    return {
        "title": f"{_WORDS[_K(found.kind)]} {found.item}",
        "name": found.name,
        "says": _sentence(found, amount, on),
        "due": on(found.due_on),
        "overdue": "overdue" if found.is_overdue else "",
        "warehouse": found.warehouse,
        "vendor": found.vendor,
        "vendor_path": f"/vendors/{quote(found.vendor_code, safe='')}" if found.vendor_code else "",
        "order": f"{found.order_number}, line {found.line_number}" if found.order_number else "",
        "order_path": f"/orders/{order}?line={found.line_number}" if found.order_number else "",
        "open_quantity": amount(found.open_quantity),
        "from_on": on(found.from_on),
        "to_on": on(found.to_on),
        "owner": found.owner,
        "planner": found.planner,
        "snoozed_until": on(found.snoozed_until),
        "closing_reason": found.closing_reason,
        "opened": shown_instant(found.opened_at, locale, zone),
        "closed": shown_instant(found.closed_at, locale, zone) if found.closed_at else "",
        "closed_by": found.closed_by,
        "run": shown_date(found.run_as_of, locale),
        "requirement_path": f"/requirements?run={found.run_id}&item={item}&warehouse={place}",
        "plan_path": f"/plan?run={found.run_id}&item={item}" if found.kind == _K.ORDER else "",
        "rest": f"and {shown_number(Decimal(rest), locale)} more" if rest > 0 else "",
        "in_all": f"{amount(found.waiting_quantity)} in all" if found.waiting_lines > 1 else "",
        "can_reopen": "yes" if "reopen" in moves else "",
    }


_WORDS = {
    _K.ORDER: "Order",
    _K.EXPEDITE: "Expedite",
    _K.DEFER: "Defer",
    _K.INCREASE: "Increase the order of",
    _K.DECREASE: "Decrease the order of",
    _K.CANCEL: "Cancel the order of",
}


def _sentence(found: MessageDetail, amount: Any, on: Any) -> str:
    """What to do and why, from the message's own numbers."""
    quantity, comes, needed = amount(found.quantity), on(found.from_on), on(found.to_on)
    match _K(found.kind):
        case _K.ORDER:
            return (
                f"{quantity} are needed from {needed} on, and no open order brings them. Order by {on(found.due_on)}."
            )
        case _K.EXPEDITE:
            brings = f"was to bring them on {comes} and is overdue" if _is_overdue(found) else f"brings them on {comes}"
            return f"{quantity} are needed on {needed}; the order {brings}."
        case _K.DEFER:
            return f"{quantity} come on {comes} and are needed on {needed} at the earliest."
        case _K.INCREASE:
            return (
                f"{quantity} more are needed from {needed} on. The order is not issued yet and arrives on {comes}: "
                f"make it {amount(found.to_quantity)} instead of ordering a second time."
            )
        case _K.DECREASE:
            return (
                f"Nothing needs {quantity} of what comes on {comes}: {amount(found.to_quantity)} would do, and fits the "
                "vendor's lots."
            )
        case _:
            return f"Nothing needs the {quantity} that come on {comes}."


def _is_overdue(found: MessageDetail) -> bool:
    """Whether the day on which the order was to come was past when the plan was made."""
    return found.from_on is not None and found.from_on < found.run_as_of


def _vendor_text(found: MessageDetail) -> str:
    """What can be sent to the vendor, in its language; empty where there is no order yet, or nothing to ask."""
    if not found.order_number or found.line_number is None:
        return ""
    asked = Request(
        kind=_K(found.kind),
        order=found.order_number,
        line=found.line_number,
        item=found.item,
        name=found.name,
        vendor_part=found.vendor_part,
        quantity=found.quantity,
        unit=found.unit,
        ordered_unit=found.ordered_unit,
        unit_factor=found.unit_factor or Decimal(1),
        comes=found.from_on,
        needed=found.to_on,
        is_overdue=_is_overdue(found),
    )
    return request_text(asked, found.vendor_language)


def _behind(each: Waiting, unit: str, locale: str) -> Behind:
    return Behind(
        number=f"{each.number}, line {each.line_number}",
        path=f"/sales-orders/{quote(each.number, safe='')}?line={each.line_number}",
        customer=each.customer,
        needed_by=shown_date(each.needed_by, locale),
        quantity=f"{shown_number(each.quantity, locale)} {unit}",
    )
