"""The draft plan: lines to decide on, one or many at once, one of them open beside the list."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, ClassVar
from uuid import uuid4

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.locales import shown_date, shown_number
from buyside.domain.refusals import NotAllowed, Refused
from buyside.domain.sheet_changes import RowChange, RowsRefused
from buyside.operations.plan_line_sets import SetAct, decide_plan_lines
from buyside.operations.plan_lines import (
    PlanLineDecided,
    change_plan_line,
    change_plan_lines,
    mark_drift,
    take_better_offer,
)
from buyside.operations.plan_splits import LineSplit, join_plan_line, split_plan_line
from buyside.queries.plan_explanations import plan_line_detail
from buyside.queries.plan_line_marks import line_marks
from buyside.queries.plan_line_rows import PLAN_LINE_ROWS, moved_lines
from buyside.queries.plan_standing import taken_over_by
from buyside.queries.plan_totals import plan_totals
from buyside.queries.plans import PROBLEM_ROWS
from buyside.queries.rows import GridSource
from buyside.state.base import handler, me, our_mistake, say, today, warn
from buyside.state.forms import key, text
from buyside.state.grid import GridSave, SheetGridState
from buyside.state.plan_limits import limits_of
from buyside.state.plan_runs import PlanRunState
from buyside.state.plan_words import (
    OnContract,
    Other,
    Piece,
    changes_of,
    come_to,
    contracts_of,
    facts_of,
    for_person,
    lines_said,
    other_of,
    pieces_of,
    plain,
)
from buyside.state.roles import BuyerState

_MOST_UNDO = 20
_DONE = {
    SetAct.LOCK: ("locked", "locking"),
    SetAct.UNLOCK: ("unlocked", "unlocking"),
    SetAct.LEAVE_OUT: ("left out", "leaving out"),
    SetAct.TAKE_BACK: ("taken back", "taking back"),
}
"""What was done to lines, and what the doing is called."""
_INVERSE = {
    SetAct.LOCK: SetAct.UNLOCK,
    SetAct.UNLOCK: SetAct.LOCK,
    SetAct.LEAVE_OUT: SetAct.TAKE_BACK,
    SetAct.TAKE_BACK: SetAct.LEAVE_OUT,
}
_BY_BUTTON = {each.value: each for each in (SetAct.LOCK, SetAct.UNLOCK, SetAct.TAKE_BACK)}


class PlanState(SheetGridState, BuyerState, rx.State):
    """The lines, and the one that stands open."""

    lines: ClassVar[GridSource] = PLAN_LINE_ROWS
    problems: ClassVar[GridSource] = PROBLEM_ROWS
    by: str = "lines"
    limits: dict[str, int | str] = {}
    """What the list is limited to, as of one item or one vendor."""
    limits_say: str = ""
    selected: list[str] = []
    facts: dict[str, str] = {}
    state: str = ""
    is_locked: bool = False
    others: list[Other] = []
    contracts: list[OnContract] = []
    pieces: list[Piece] = []
    is_leaving_out: bool = False
    leaving_out: str = ""
    moved: int = 0
    """Open lines that moved since the run."""
    in_full: str = ""
    """What changed so widely since the run that all was planned again to find them."""
    newer_id: int = 0
    newer_says: str = ""
    """A newer plan that took open lines of this one over, and how many."""
    totals: str = ""
    ticked_totals: str = ""
    """What the open lines come to, and the ticked ones of them."""
    acts: list[dict[str, str]] = []
    """What was decided outside of the cells and can be taken back, oldest first, for the grid to put among its own."""
    _shown: int = 0
    _version: int = 0
    _leaving: list[int] = []
    _undo: dict[str, list[dict[str, Any]]] = {}
    """By act, the steps that take it back."""

    @handler(Permission.PLAN_VIEW)
    async def load(self) -> None:
        """Mark what moved since the run, and show the plan."""
        self.chosen, self.selected, self.by = "", [], "lines"
        self.is_leaving_out = False  # left open by a link inside a dialog
        self._forget_acts()
        self.limits, self.limits_say = await limits_of(self.router.url.query_parameters, self._ask)
        await self._mark_moved()

    @handler(Permission.PLAN_VIEW)
    async def follow(self) -> None:
        """Another run came into view: what was open and ticked is of the one before."""
        run = await self.get_state(PlanRunState)
        if self._shown != run.run_id:
            self.chosen, self.selected = "", []
            self._forget_acts()
            await self._mark_moved()

    @handler(Permission.PLAN_VIEW)
    def show_by(self, by: str) -> None:
        """List lines, or what could not be planned."""
        self.by = by if by in {"lines", "unmapped"} else "lines"
        self.selected, self.ticked_totals = [], ""

    @handler(Permission.PLAN_VIEW)
    async def show_all(self) -> Any:
        """List all lines again."""
        self.limits, self.limits_say = {}, ""
        run = await self.get_state(PlanRunState)
        return rx.redirect(f"/plan?run={run.run_id}", replace=True)

    @handler(Permission.PLAN_VIEW)
    async def open(self, row_id: str) -> None:
        """Show one line with its reasons."""
        await self._open(key(row_id))

    @handler(Permission.PLAN_VIEW)
    def close(self) -> None:
        """Close the panel."""
        self.chosen = ""

    @handler(Permission.PLAN_VIEW)
    async def select(self, row_ids: list[str]) -> None:
        """Remember which lines are ticked, and tell what they come to."""
        self.selected = [each for each in row_ids if key(each)]
        await self._read_ticked()

    @handler(Permission.PLAN_EDIT)
    async def save(self, save: GridSave) -> Any:
        """Decide otherwise in cells: quantity, vendor, date, price, contract; all of a save or nothing of it."""
        locale = me().locale
        try:
            if save.act in {"new", "remove"}:
                raise NotAllowed(act="make or remove plan lines by hand")
            done = await self._do(change_plan_lines, changes=changes_of(save, locale))
        except RowsRefused as refused:
            self._answer_save(save, problems=for_person(refused.problems, locale))
            return None
        except Refused as refusal:
            self._answer_save(save, says=str(refusal))
            return None
        except Exception as mistake:  # a cell must not wait for ever
            self._answer_save(save, says=our_mistake(mistake))
            return None
        self._answer_save(save, saved=done.saved)
        await self._read_totals()
        if self.chosen in {each.key for each in done.saved}:
            await self._open(key(self.chosen))
        return warn(" ".join(done.remarks)) if done.remarks else None

    @handler(Permission.PLAN_EDIT)
    async def take_vendor(self, vendor_item_id: int) -> Any:
        """Give the open line to another vendor."""
        return await self._change("vendor", vendor_item_id=vendor_item_id)

    @handler(Permission.PLAN_EDIT)
    async def take_contract(self, contract_id: int, vendor_item_id: int) -> Any:
        """Put the open line on a contract, with its vendor."""
        return await self._change("contract", contract_id=contract_id, vendor_item_id=vendor_item_id)

    @handler(Permission.PLAN_EDIT)
    async def leave_contract(self) -> Any:
        """Take the open line off its contract."""
        return await self._change("contract", contract_id=0)

    @handler(Permission.PLAN_EDIT)
    async def take_offer(self) -> Any:
        """Order as much of the open line as costs less in all."""
        return await self._change("larger order", take_better_offer)

    @handler(Permission.PLAN_EDIT)
    async def join(self) -> Any:
        """Join the open line with its parts again."""
        done = await self._do(join_plan_line, line_id=key(self.chosen), version=self._version)
        line = done.line
        before = {each["line_id"] for each in self.pieces} - {str(line.line_id)}
        self._changed_rows()
        await self._open(line.line_id)
        self._did(
            f"joining {len(done.was)} parts of {self.facts['item']}",
            [line.line_id],
            [{"line_id": line.line_id, "version": line.version, "parts": done.was}],
        )
        self._let_go(before - {each["line_id"] for each in self.pieces})
        await self._read_totals()
        return _remarks(line) or say("Joined again.")

    @handler(Permission.PLAN_EDIT)
    async def decide(self, act: str) -> Any:
        """Lock, unlock or take back the open line."""
        return await self._set(_BY_BUTTON[act], [key(self.chosen)]) if act in _BY_BUTTON else None

    @handler(Permission.PLAN_EDIT)
    async def decide_ticked(self, act: str) -> Any:
        """The same for all ticked lines that it can be done to."""
        return await self._set(_BY_BUTTON[act], [key(each) for each in self.selected]) if act in _BY_BUTTON else None

    @handler(Permission.PLAN_EDIT)
    def ask_leave_out(self, ticked: bool) -> None:
        """Ask why the ticked lines, or the open one, are left out."""
        self._leaving = [key(each) for each in self.selected] if ticked else [key(self.chosen)]
        count = len(self._leaving)
        self.leaving_out = "It stays" if count == 1 else f"{count} lines stay"
        self.is_leaving_out = count > 0

    @handler(Permission.PLAN_EDIT)
    def stop_leaving_out(self) -> None:
        """Close the question."""
        self.is_leaving_out = False

    @handler(Permission.PLAN_EDIT)
    async def leave_out(self, form: dict[str, Any]) -> Any:
        """Leave the lines out, with one reason."""
        told = await self._set(SetAct.LEAVE_OUT, self._leaving, reason=text(form, "reason", needed=True))
        self.is_leaving_out = False
        return told

    @handler(Permission.PLAN_EDIT)
    async def undo(self) -> Any:
        """Do the inverse of what was decided last outside the cells."""
        if not self.acts:
            return None
        *self.acts, last = self.acts
        told = []
        for step in self._undo.pop(last["serial"], []):
            if "act" in step:
                done = await self._do(decide_plan_lines, **step)
                told += [done.cannot_says] if done.cannot_says else []
                self._let_go([str(each) for each in done.closed])
            elif "parts" in step:
                await self._do(split_plan_line, **step)
            elif "as_was" in step:
                self.chosen = str(
                    (await self._do(join_plan_line, **step)).line.line_id
                )  # a part that stood open is gone
                self._let_go([str(each) for each, _ in step["seen"]])
            else:
                await self._do(change_plan_lines, changes=(RowChange(**step),))
        self._changed_rows()
        await self._read_moved()
        if self.chosen:
            await self._open(key(self.chosen))
        return warn(" ".join(["Taken back, but not all:", *told])) if told else say("Taken back.")

    async def _set(self, act: SetAct, line_ids: list[int], reason: str = "") -> Any:
        done = await self._do(decide_plan_lines, line_ids=tuple(line_ids), act=act, reason=reason)
        by_reason: dict[str, list[int]] = {}
        for each in done.line_ids:
            by_reason.setdefault(done.reasons.get(each, ""), []).append(each)
        inverse = _INVERSE[act]
        count = len(done.line_ids)
        (is_done, doing), lines = _DONE[act], lines_said(count, me().locale)
        if count:
            self._did(
                f"{doing} {lines}",
                done.line_ids,
                [
                    {"line_ids": tuple(ids), "act": inverse.value, "reason": why or "Left out again."}
                    for why, ids in by_reason.items()
                ],
            )
        back = done.line_ids if act is SetAct.TAKE_BACK else ()  # they leave the list of what is left out
        self._let_go([str(each) for each in (*done.closed, *back)])
        self._changed_rows()  # they may have left the view, or come into it
        await self._read_moved()
        if self.chosen:
            await self._open(key(self.chosen))
        if done.cannot:
            return warn(f"{lines} {is_done}, {done.cannot} not. {done.cannot_says}")
        return say(f"{lines} {is_done}.") if count else None

    def _did(self, label: str, line_ids: Iterable[int], back: list[dict[str, Any]]) -> None:
        """Something was decided outside of the cells, once on each line; `back` are the steps that take it back."""
        serial = uuid4().hex
        act = {"serial": serial, "label": label, "rows": ",".join(map(str, line_ids))}
        self.acts = [*self.acts, act][-_MOST_UNDO:]
        kept = {each["serial"] for each in self.acts}
        self._undo = {each: steps for each, steps in self._undo.items() if each in kept} | {serial: back}

    def _forget_acts(self) -> None:
        self.acts, self._undo = [], {}

    async def _change(self, what: str, operation: Any = change_plan_line, **change: Any) -> Any:
        line_id = key(self.chosen)
        before = await self._ask(plan_line_detail, line_id=line_id)
        marks = await self._ask(line_marks, line_id=line_id)
        done = await self._do(operation, line_id=line_id, version=self._version, **change)
        cells = {
            "vendor": before.vendor if before.vendor_item_id else "",
            "contract": marks.contract,
            "quantity_packs": plain(before.quantity_packs),
            "unit_price": "" if before.unit_price is None else plain(before.unit_price),
        }
        self._did(
            f"{what} of {before.item}", [line_id], [{"key": str(line_id), "version": done.version, "cells": cells}]
        )
        await self._read_totals()
        self._changed_rows(line_id)
        await self._open(line_id)
        return _remarks(done)

    def _let_go(self, lines: Iterable[str]) -> None:
        """Ticked lines that are done with, as they were ordered, left out or joined, are ticked no longer."""
        done = set(lines)
        gone = [each for each in self.selected if each in done]
        self.selected = [each for each in self.selected if each not in done]
        if gone:
            self._release_rows(*(gone if self.selected else ()))

    async def _was_split(self, done: LineSplit) -> None:
        """Show the first part of a line that was split, and remember the way back."""
        first, *others = done.lines
        seen = tuple((each.line_id, each.version) for each in others)
        self._changed_rows()
        await self._read_totals()
        await self._open(first.line_id)
        back = {"line_id": first.line_id, "version": first.version, "as_was": done.was, "seen": seen}
        self._did(f"split of {self.facts['item']}", [first.line_id], [back])

    async def _mark_moved(self) -> None:
        run = await self.get_state(PlanRunState)
        self.in_full = ""
        if run.run_id and me().may(Permission.PLAN_EDIT):
            self.in_full = (await self._do(mark_drift, run_id=run.run_id)).in_full
        await self._read_moved()
        self._changed_rows()

    async def _read_moved(self) -> None:
        run = await self.get_state(PlanRunState)
        self._shown = run.run_id
        self.moved = await self._ask(moved_lines, run_id=run.run_id) if run.run_id else 0
        await self._read_totals()
        newer = await self._ask(taken_over_by, run_id=run.run_id) if run.run_id else []
        self.newer_id, self.newer_says = 0, ""
        if newer:
            locale, count = me().locale, sum(each.lines for each in newer)
            lines, day = shown_number(Decimal(count), locale), shown_date(newer[0].as_of, locale)
            self.newer_id = newer[0].run_id
            self.newer_says = (
                f"A newer plan, of {day}, has taken {lines} open {'line' if count == 1 else 'lines'} over. "
            )

    async def _read_totals(self) -> None:
        run = await self.get_state(PlanRunState)
        self.totals = (
            come_to(await self._ask(plan_totals, run_id=run.run_id, today=today()), me().locale) if run.run_id else ""
        )
        await self._read_ticked()

    async def _read_ticked(self) -> None:
        self.ticked_totals = ""
        run = await self.get_state(PlanRunState)
        if self.selected and run.run_id:
            ids = [key(each) for each in self.selected]
            found = await self._ask(plan_totals, run_id=run.run_id, today=today(), line_ids=ids)
            self.ticked_totals = f"Chosen: {come_to(found, me().locale)}"

    async def _open(self, line_id: int) -> None:
        found = await self._ask(plan_line_detail, line_id=line_id)
        marks = await self._ask(line_marks, line_id=line_id)
        locale = me().locale
        is_editable = found.state == "open" and not found.is_locked
        self.chosen, self._version = str(line_id), found.version
        self.state, self.is_locked = found.state, found.is_locked
        self.facts = facts_of(found, marks, locale)
        drawn = next((each.number for each in marks.contracts if each.is_chosen and each.unit_price is not None), "")
        self.others = [other_of(each, locale, is_editable=is_editable, contract=drawn) for each in found.alternatives]
        self.contracts = contracts_of(marks, locale, is_editable=is_editable)
        self.pieces = pieces_of(marks, line_id, locale)


def _remarks(decided: PlanLineDecided) -> Any:
    return warn(" ".join(decided.remarks)) if decided.remarks else None
