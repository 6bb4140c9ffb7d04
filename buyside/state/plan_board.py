"""The planning board: moves of its cards, what they led to, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import reflex as rx
from pydantic import BaseModel, ConfigDict, Field

from buyside.domain.access import Permission
from buyside.domain.locales import shown_instant
from buyside.domain.plan_decisions import NOTHING
from buyside.domain.refusals import Refused, Stale
from buyside.operations.plan_lines import change_plan_line, lock_line, mark_drift
from buyside.queries.plan_board import By, monday_of
from buyside.queries.plan_board_cards import BoardCard, board_card
from buyside.queries.plan_board_moves import Target, board_targets, item_balance, last_change
from buyside.queries.plan_board_texts import balance_shown, card_shown, week_shown
from buyside.state.base import handler, me, today
from buyside.state.plan_runs import PlanRunState
from buyside.state.roles import BuyerState

MOST_MOVES = 50
"""Moves that can be taken back, the last ones."""


class NoWayThere(Refused):
    code = "plans.no-way-there"
    says = "{why}"


class BoardMove(BaseModel):
    """One card dropped on one column, as the board sends it: nothing in it is believed before it is looked up."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    serial: int
    line: int
    version: int
    by: By = Field(strict=False)
    column: str = Field(max_length=20)


class BoardLock(BaseModel):
    """One card to lock or unlock."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    serial: int
    line: int
    version: int
    locked: bool


@dataclass(frozen=True)
class _Made:
    """A move that can be taken back: the line as it was before, and its version since."""

    before: BoardCard
    version: int


class PlanBoardState(BuyerState, rx.State):
    """What the board needs of the server beside its rows: the answer to the last move, and the moves so far."""

    answer: dict[str, Any] = {}
    undoable: int = 0
    marked: int = 0
    """Grows when cards were marked anew."""
    in_full: str = ""
    """What changed so widely since the run that all was planned again to find what moved."""
    _moves: list[_Made] = []

    @handler(Permission.PLAN_VIEW)
    async def load(self) -> None:
        """Begin without moves to take back, and mark what moved since the run."""
        self.answer, self.undoable, self._moves, self.in_full = {}, 0, [], ""
        run = await self.get_state(PlanRunState)
        if run.run_id and me().may(Permission.PLAN_EDIT):
            found = await self._do(mark_drift, run_id=run.run_id)
            self.in_full = found.in_full
            self.marked += found.marked != found.before

    @handler(Permission.PLAN_EDIT)
    async def move(self, wanted: BoardMove) -> None:
        """Give a line to the vendor of a column, or to its week."""
        before = await self._ask(board_card, line_id=wanted.line)
        try:
            target = await self._target(wanted)
            change = (
                {"vendor_item_id": target.vendor_item_id}
                if wanted.by is By.VENDORS
                else {"needed_on": target.needed_on}
            )
            decided = await self._do(change_plan_line, line_id=wanted.line, version=wanted.version, **change)
        except Refused as refusal:
            await self._refuse(wanted.serial, wanted.line, refusal)
            return
        if before is not None:
            self._moves = [*self._moves, _Made(before, decided.version)][-MOST_MOVES:]
        place = week_shown(target.key, me().locale)[0] if wanted.by is By.WEEKS else target.title
        await self._tell(wanted.serial, wanted.line, before, f"Moved to {place.rstrip('.')}.", decided.remarks)

    @handler(Permission.PLAN_EDIT)
    async def undo(self, serial: int) -> None:
        """Take the last move back, as long as nobody decided on the line since."""
        if not self._moves:
            return
        made = self._moves[-1]
        self._moves = self._moves[:-1]
        before = made.before
        was = await self._ask(board_card, line_id=before.line_id)
        try:
            decided = await self._do(
                change_plan_line,
                line_id=before.line_id,
                version=made.version,
                vendor_item_id=before.vendor_item_id or NOTHING,
                contract_id=before.contract_id or NOTHING,
                quantity_packs=before.quantity if before.quantity > 0 else None,
                unit_price=before.unit_price,
                needed_on=before.needed_on,
            )
        except Refused as refusal:
            await self._refuse(serial, before.line_id, refusal)
            return
        self._moves = [
            _Made(each.before, decided.version) if each.before.line_id == before.line_id else each
            for each in self._moves
        ]
        await self._tell(serial, before.line_id, was, "Taken back.", decided.remarks)

    @handler(Permission.PLAN_EDIT)
    async def lock(self, wanted: BoardLock) -> None:
        """Lock the decision on a line, or unlock it."""
        try:
            decided = await self._do(lock_line, line_id=wanted.line, version=wanted.version, locked=wanted.locked)
        except Refused as refusal:
            await self._refuse(wanted.serial, wanted.line, refusal)
            return
        self._moves = [
            _Made(each.before, decided.version) if each.before.line_id == wanted.line else each for each in self._moves
        ]
        await self._tell(wanted.serial, wanted.line, None, "Locked." if wanted.locked else "Unlocked.")

    async def _target(self, wanted: BoardMove) -> Target:
        """What the column makes of the line. Refuses: NotFound, NoWayThere."""
        found = await self._ask(board_targets, line_id=wanted.line, by=wanted.by)
        if found.why_not:
            raise NoWayThere(why=found.why_not)
        target = next((each for each in found.targets if each.key == wanted.column), None)
        if target is None:
            raise NoWayThere(
                why=f"This vendor does not sell {found.item}."
                if wanted.by is By.VENDORS
                else "That week is not part of this plan."
            )
        if target.why_not:
            raise NoWayThere(why=target.why_not)
        return target

    async def _tell(
        self, serial: int, line_id: int, was: BoardCard | None, says: str, remarks: tuple[str, ...] = ()
    ) -> None:
        """Tell what came of it: the card as it is now, the columns that it left and reached, and its item's balance."""
        card = await self._ask(board_card, line_id=line_id)
        self.undoable = len(self._moves)
        self.answer = {
            "serial": serial,
            "line": line_id,
            "ok": True,
            "says": " ".join([says, *remarks]),
            "columns": _columns_of(was) + _columns_of(card),
            "card": card_shown(card, me().locale, today()) if card else None,
            "balance": await self._balance(card) if card else None,
        }

    async def _refuse(self, serial: int, line_id: int, refusal: Refused) -> None:
        """Tell why the card stays where it is; if somebody was faster, who it was."""
        card = await self._ask(board_card, line_id=line_id)
        says = str(refusal)
        if isinstance(refusal, Stale):
            last = await self._ask(last_change, line_id=line_id)
            if last is not None:
                when = shown_instant(last.at, me().locale, me().time_zone)
                says = f"{last.who} changed this line on {when}. It is shown as it is now; move it again if it still should."
        self.undoable = len(self._moves)
        self.answer = {
            "serial": serial,
            "line": line_id,
            "ok": False,
            "says": says,
            "code": refusal.code,
            "columns": _columns_of(card),
            "card": card_shown(card, me().locale, today()) if card else None,
            "balance": None,
        }

    async def _balance(self, card: BoardCard) -> dict[str, Any] | None:
        found = await self._ask(item_balance, run_id=card.run_id, item_id=card.item_id, warehouse_id=card.warehouse_id)
        return balance_shown(found, me().locale) if found else None


def _columns_of(card: BoardCard | None) -> list[str]:
    """The columns that a card stands in, of vendors and of weeks."""
    return [str(card.vendor_id), monday_of(card.needed_on).isoformat()] if card else []
