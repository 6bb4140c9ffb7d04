"""Two runs side by side: what the one in view wants otherwise than an earlier one."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, TypedDict

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.locales import shown_money, shown_number
from buyside.domain.words import Tone
from buyside.queries.plan_difference import DIFFERENCE_ROWS, PlanDifference, plan_difference, run_before
from buyside.queries.rows import GridSource
from buyside.state.base import handler, me
from buyside.state.forms import key
from buyside.state.plan_runs import PlanRunState
from buyside.state.roles import BuyerState

_CURRENCIES = 2  # more are told as one sum
_SAYS = {
    "added": "added",
    "gone": "gone",
    "more": "more",
    "less": "less",
    "earlier": "earlier",
    "later": "later",
    "other_vendor": "from another vendor",
}


class Total(TypedDict):
    """What the differences come to in one currency."""

    was: str
    now: str
    more: str
    tone: str


class PlanDifferenceState(BuyerState, rx.State):
    """The run in view, and the one that it is compared with."""

    rows: ClassVar[GridSource] = DIFFERENCE_ROWS
    before_id: int = 0
    choices: list[dict[str, str]] = []
    says: str = ""
    totals: list[Total] = []
    is_read: bool = False
    """Whether there may be nothing to compare with, or nothing was looked at yet."""
    _compared: int = 0

    @handler(Permission.PLAN_VIEW)
    async def load(self) -> None:
        """Compare the run in view with the one that the address names, else with the plan before it."""
        run = await self.get_state(PlanRunState)
        self.before_id = key(str(self.router.url.query_parameters.get("before", ""))[:20])
        await self._read(run)

    @handler(Permission.PLAN_VIEW)
    async def follow(self) -> None:
        """Another run came into view: compare that one, with the plan before it."""
        run = await self.get_state(PlanRunState)
        if self._compared != run.run_id:
            self.before_id = 0
            await self._read(run)

    @handler(Permission.PLAN_VIEW)
    async def compare(self, run_id: str) -> None:
        """Compare with another run."""
        self.before_id = key(run_id)
        await self._read(await self.get_state(PlanRunState))

    async def _read(self, run: PlanRunState) -> None:
        self.choices = [each for each in run.choices if each["value"] != str(run.run_id)]
        self.says, self.totals, self._compared = "", [], run.run_id
        known = {key(each["value"]) for each in self.choices}
        if self.before_id not in known:
            found = await self._ask(run_before, run_id=run.run_id) if run.run_id else None
            self.before_id = found if found in known else 0
        self.is_read = True
        if not self.before_id:
            return
        found_difference = await self._ask(plan_difference, run_id=run.run_id, before_id=self.before_id)
        locale, totals, in_all = me().locale, found_difference.totals, ""
        self.says = _counted(found_difference, locale)
        if len(totals) > _CURRENCIES and found_difference.in_own is not None:
            in_all, totals = f" in {len(totals)} currencies", (found_difference.in_own,)
        self.totals = [
            Total(
                was=shown_money(each.was, each.currency, locale),
                now=shown_money(each.now, each.currency, locale),
                more=("+" if each.now > each.was else "")
                + shown_money(each.now - each.was, each.currency, locale)
                + in_all,
                tone=(Tone.WARN if each.now > each.was else Tone.GOOD).value,
            )
            for each in totals
        ]


def _counted(found: PlanDifference, locale: str) -> str:
    parts = [
        f"{shown_number(Decimal(found.counts[name]), locale)} {word}"
        for name, word in _SAYS.items()
        if found.counts[name]
    ]
    return " · ".join(parts) or "Nothing differs"
