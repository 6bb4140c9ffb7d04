"""A planning run that is calculated beside its page: how far it is, what came of it, and the way to stop it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from buyside.domain.access import Permission
from buyside.operations.plans import cancel_run, run_plan
from buyside.queries.plans import run_progress
from buyside.state.base import handler, now, say
from buyside.state.roles import BuyerState

Answer = TypeVar("Answer")

LOOK_EVERY = 0.3  # seconds between looks at how far something is
STEPS = {
    "waiting": "Waiting",
    "read": "Reading demand, stock and supply",
    "cover": "Covering from finished goods",
    "explode": "Exploding structures",
    "net": "Netting over time",
    "choose": "Choosing vendors and lots",
    "peg": "Pegging to demand",
    "prepare": "Preparing the plan",
    "store": "Storing the plan",
}
"""The steps of a run, in order, as people hear of them."""


async def watched(work: Awaitable[Answer], look: Callable[[], Awaitable[None]]) -> Answer:
    """Wait for something long and call `look` every so often meanwhile. Raises what `work` raises."""
    task = asyncio.ensure_future(work)
    while not task.done():
        await asyncio.wait({task}, timeout=LOOK_EVERY)
        if not task.done():
            await look()
    return await task


class CalculationState(BuyerState, mixin=True):
    """Mixin of a page that calculates: `_begin` in a handler, `_calculated` for what it shows in the end."""

    is_running: bool = False
    step: str = ""
    steps_done: int = 0
    _calculating: int = 0

    def _begin(self, run_id: int) -> Any:
        """Take a run that was begun as what is calculated; answers with the handler that does it beside the page."""
        self._calculating, self.is_running = run_id, True
        self.step, self.steps_done = STEPS["waiting"], 0
        return type(self).calculate

    @handler(Permission.PLAN_RUN, background=True)
    async def calculate(self) -> Any:
        """Calculate what was begun, telling each step, and show what came of it."""
        async with self:
            run_id = self._calculating
        if not run_id:
            return

        async def look() -> None:
            found = await self._ask(run_progress, run_id=run_id)
            if found is not None and found.step in STEPS:
                async with self:
                    self.step, self.steps_done = STEPS[found.step], list(STEPS).index(found.step)

        try:
            await watched(self._do(run_plan, run_id=run_id), look)
        finally:
            async with self:
                self.is_running, self._calculating = False, 0
                await self._ended()
        yield say(await self._calculated(run_id))

    @handler(Permission.PLAN_RUN)
    async def cancel(self) -> None:
        """Stop the calculation before its next step."""
        if self._calculating:
            await self._do(cancel_run, run_id=self._calculating, at=now())

    async def _ended(self) -> None:
        """Show that nothing is calculated any more, whatever came of it; within the state's lock."""

    async def _calculated(self, run_id: int) -> str:  # noqa: ARG002
        """Show a run that is done, outside of the state's lock; answers with what the person is told."""
        return "The plan is calculated."
