"""From the draft plan to purchase orders: asked first, what stands against it said, made once, and shown."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import reflex as rx

from buyside.domain.access import Permission
from buyside.operations.plan_conversion import BelowMinimum, PlanDrifted, convert_plan
from buyside.queries.plan_line_rows import closed_lines
from buyside.state.base import handler, me, now, say
from buyside.state.forms import key
from buyside.state.plan import PlanState
from buyside.state.plan_runs import PlanRunState
from buyside.state.plan_words import Made, made_of, not_made_of
from buyside.state.roles import BuyerState


class PlanConvertState(BuyerState, rx.State):
    """The question, and the orders that were made."""

    is_converting: bool = False
    convert_says: str = ""
    convert_sum: str = ""
    """What those lines come to."""
    drift_says: str = ""
    minimum_says: str = ""
    made: list[Made] = []
    not_made: list[dict[str, str]] = []
    is_made: bool = False
    _line_ids: list[int] = []
    _request_id: UUID | None = None
    _despite_drift: bool = False
    _despite_minimum: bool = False

    @handler(Permission.PLAN_VIEW)
    def load(self) -> None:
        """Close what a link inside a dialog left open."""
        self.is_converting = self.is_made = False

    @handler(Permission.PLAN_CONVERT)
    async def ask(self) -> None:
        """Ask before the ticked lines, or all open ones, become orders."""
        plan = await self.get_state(PlanState)
        self._line_ids = [key(each) for each in plan.selected]
        count = len(self._line_ids)
        ticked = "1 chosen line becomes" if count == 1 else f"{count} chosen lines become"
        self.convert_says = ticked if count else "All open lines of this plan become"
        self.convert_sum = plan.ticked_totals if count else plan.totals
        self.drift_says = self.minimum_says = ""
        self._despite_drift = self._despite_minimum = False
        self._request_id, self.is_converting = uuid4(), True

    @handler(Permission.PLAN_CONVERT)
    def stop(self) -> None:
        """Close the question."""
        self.is_converting = False

    @handler(Permission.PLAN_CONVERT)
    async def convert(self, is_sure: bool) -> Any:
        """Make draft orders, once however often it is pressed; `is_sure` of what was said against it."""
        if self._request_id is None:
            return None
        if is_sure:
            self._despite_drift = self._despite_drift or bool(self.drift_says)
            self._despite_minimum = self._despite_minimum or bool(self.minimum_says)
        run = await self.get_state(PlanRunState)
        try:
            done = await self._do(
                convert_plan,
                request_id=self._request_id,
                run_id=run.run_id,
                line_ids=tuple(self._line_ids) or None,
                despite_drift=self._despite_drift,
                despite_minimum=self._despite_minimum,
                at=now(),
            )
        except (PlanDrifted, BelowMinimum) as refusal:
            if isinstance(refusal, PlanDrifted):
                self.drift_says = str(refusal)
            else:
                self.minimum_says = str(refusal)
            self._request_id = uuid4()  # ordering all the same is another request
            return None
        locale = me().locale
        self.is_converting, self._request_id = False, None
        self.made = [made_of(each, locale) for each in done.orders]
        self.not_made, self.is_made = not_made_of(done, locale), True
        plan = await self.get_state(PlanState)
        plan._changed_rows()
        ticked = tuple(key(each) for each in plan.selected)
        plan._let_go([str(each) for each in await self._ask(closed_lines, line_ids=ticked)])
        await plan._read_moved()
        if plan.chosen:
            await plan._open(key(plan.chosen))
        return say(f"{len(done.orders)} draft order{'s' if len(done.orders) != 1 else ''} made.")

    @handler(Permission.PLAN_CONVERT)
    def close_made(self) -> None:
        """Close the list of the orders that were made."""
        self.is_made = False
