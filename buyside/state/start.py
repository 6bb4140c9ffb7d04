"""The start page: what needs attention today, for the roles of whoever looks."""

from __future__ import annotations

from decimal import Decimal
from typing import TypedDict

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.locales import shown_date, shown_number
from buyside.queries.orders import orders_to_watch
from buyside.queries.start import start_page
from buyside.state.base import SignedInState, handler, me


class Thing(TypedDict):
    """One thing to look at."""

    title: str
    says: str
    count: str
    path: str
    tone: str


class Watched(TypedDict):
    """An order to look after."""

    number: str
    path: str
    vendor: str
    on: str
    days: str


class StartState(SignedInState, rx.State):
    """Counts, worst first, and the orders behind the worst."""

    loaded: bool = False
    today: str = ""
    as_of: str = ""
    waiting: list[Thing] = []
    clear: list[Thing] = []
    late: list[Watched] = []
    to_issue: list[Watched] = []

    @handler(Permission.START_VIEW)
    async def load(self) -> None:
        """Count again."""
        found = await self._ask(start_page)
        locale = me().locale
        self.today = shown_date(found.today, locale)
        self.as_of = shown_date(found.run_as_of, locale) if found.run_as_of else ""
        things = [
            Thing(
                title=each.title,
                says=each.says,
                count=shown_number(Decimal(each.count), locale),
                path=each.path,
                tone=each.tone,
            )
            for each in found.attention
        ]
        self.waiting = [each for each, of in zip(things, found.attention, strict=True) if of.count]
        self.clear = [each for each, of in zip(things, found.attention, strict=True) if not of.count]
        if me().may(Permission.ORDER_VIEW):
            self.late = await self._watched("late")
            self.to_issue = await self._watched("to-issue")
        self.loaded = True

    async def _watched(self, why: str) -> list[Watched]:
        found = await self._ask(orders_to_watch, why=why, limit=10)
        return [
            Watched(
                number=each.number,
                path=f"/orders/{each.number}",
                vendor=each.vendor,
                on=shown_date(each.on, me().locale) if each.on else "–",
                days=str(each.days),
            )
            for each in found
        ]
