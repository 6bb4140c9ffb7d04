"""An import that is checked or taken in: how far it is, what became of its rows, and how to go on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from buyside.domain.access import Permission
from buyside.domain.all_sheets import SHEETS, sheet_named
from buyside.domain.files import MAY_BE_CHECKED, WORKED_ON, ImportState
from buyside.domain.locales import shown_instant
from buyside.domain.refusals import Refused
from buyside.domain.sheet_changes import Outcome
from buyside.operations.sheet_files import cancel_import, check_import, run_import
from buyside.queries.rows import RowsWanted, grid_page
from buyside.queries.sheet_files import IMPORT_OUTCOME_ROWS, ImportSeen, import_run
from buyside.state.base import handler, me, now, say, today, warn
from buyside.state.calculations import LOOK_EVERY, watched
from buyside.state.file_reading import Option, counted, title_of
from buyside.state.grid import GridState

FILES_PATH = "/files"
LIVE = frozenset(each.value for each in WORKED_ON)
"""States of an import that become others without anybody doing anything."""
_LINKED = 100  # records that an address names one by one
_WRITTEN = (Outcome.CREATED.value, Outcome.CHANGED.value)


class ImportRunState(GridState, mixin=True):
    """Mixin of the page of files: the import in view. Zero: there is none."""

    address: str = ""
    """The page's address, which names the import in view."""
    sheets: list[Option] = []
    """What the person may take in."""
    one: str = ""
    many: str = ""
    is_folded: bool = False
    """The steps before the check are shown as one line each."""
    run_id: int = 0
    run_state: str = ""
    run_says: str = ""
    is_working: bool = False
    is_taking: bool = False
    """What is worked on is taken in, not only checked."""
    is_stopping: bool = False
    is_checked: bool = False
    is_done: bool = False
    doing: str = ""
    done_says: str = ""
    done_percent: int = 0
    counts: dict[str, str] = {}
    has_refused: bool = False
    nothing_new: bool = False
    to_write: str = ""
    good_says: str = ""
    outcome: str = ""
    scope: dict[str, str] = {}
    only_good: bool = False
    shown_path: str = ""
    result_says: str = ""
    what_next: list[Option] = []
    _job: str = ""

    def _keep_address(self) -> None:
        """Let the address bar name the import in view, so that it is found again, or none."""
        self.address = f"{FILES_PATH}?run={self.run_id}" if self.run_id else FILES_PATH

    @handler(Permission.DATA_IMPORT)
    def choose_way(self, way: str) -> None:
        """All rows or nothing, or the good rows only."""
        self.only_good = way == "good"

    @handler(Permission.DATA_IMPORT)
    def run(self) -> Any:
        """Take the checked file in."""
        if self.is_working or not self.is_checked:
            return None
        self._job = "run"
        self._begin("Taking in")
        return self.__class__.work

    @handler(Permission.DATA_IMPORT, background=True)
    async def work(self) -> Any:
        """Check or take in what was begun, telling how far it is."""
        async with self:
            run_id, job, only_good, self._job = self.run_id, self._job, self.only_good, ""
        if not run_id or not job:
            return
        asked = (
            self._do(check_import, run_id=run_id)
            if job == "check"
            else self._do(run_import, run_id=run_id, only_good=only_good, at=now())
        )

        async def look() -> None:
            seen = await self._ask(import_run, run_id=run_id)
            async with self:
                if self.run_id == run_id:
                    self._progress(seen)

        refusal, mistake = None, None
        try:
            await watched(asked, look)
        except Refused as told:
            refusal = told
        except Exception as problem:
            mistake = problem
        yield await self._end(run_id, refusal)
        if mistake is not None:
            raise mistake

    @handler(Permission.DATA_IMPORT, background=True)
    async def follow(self) -> Any:
        """Watch an import that somebody else's page, or this one before it was loaded anew, has begun."""
        async with self:
            run_id = self.run_id
        while run_id:
            seen = await self._ask(import_run, run_id=run_id)
            async with self:
                if self.run_id != run_id:
                    return
                self._progress(seen)
                self.is_working = seen.state in LIVE
            if seen.state not in LIVE:
                yield await self._end(run_id, None)
                return
            await asyncio.sleep(2 * LOOK_EVERY)

    @handler(Permission.DATA_IMPORT)
    async def cancel(self) -> None:
        """Stop before the next rows; nothing of it stays."""
        if self.run_id and self.is_working:
            self.is_stopping = True
            await self._do(cancel_import, run_id=self.run_id, at=now())

    @handler(Permission.DATA_IMPORT)
    def show_outcome(self, outcome: str) -> None:
        """Show the rows with one outcome, or all."""
        self.outcome = outcome if outcome in set(Outcome) else ""
        self.scope = {"run_id": str(self.run_id), **({"outcome": self.outcome} if self.outcome else {})}

    def _begin(self, word: str) -> None:
        self.is_working, self.is_stopping, self.is_folded = True, False, True
        self.is_checked = self.is_done = False
        self.is_taking = word == "Taking in"
        self.doing, self.done_says, self.done_percent = word, "", 0
        self.run_says = ""

    def _progress(self, seen: ImportSeen) -> None:
        locale = me().locale
        self.run_state = seen.state
        self.is_taking = self.is_taking or seen.state == ImportState.RUNNING
        self.doing = "Taking in" if self.is_taking else "Checking"
        if seen.rows_total:
            self.done_percent = min(100, 100 * seen.rows_done // seen.rows_total)
            self.done_says = f"{counted(seen.rows_done, locale)} of {counted(seen.rows_total, locale)} rows"

    async def _end(self, run_id: int, refusal: Refused | None) -> Any:
        """Show what became of an import, outside of the state's lock."""
        seen = await self._ask(import_run, run_id=run_id)
        records = await self._records(seen)
        async with self:
            if self.run_id != run_id:
                return None
            self._fill(seen)
            self._lead_on(seen, records)
        if refusal is not None and seen.state not in {ImportState.CANCELLED, ImportState.FAILED}:
            return warn(str(refusal))
        return say(self.result_says) if seen.state == ImportState.DONE else None

    def _fill(self, seen: ImportSeen) -> None:
        locale = me().locale
        self.run_state, self.run_says = seen.state, seen.says
        numbers = {each: int(getattr(seen, each)) for each in Outcome}
        self.counts = {each.value: counted(number, locale) for each, number in numbers.items()}
        self.counts["all"] = counted(sum(numbers.values()), locale)
        self.is_checked = seen.state in MAY_BE_CHECKED and seen.state != ImportState.WAITING
        self.is_done = seen.state == ImportState.DONE
        self.has_refused = numbers[Outcome.REFUSED] > 0
        written = numbers[Outcome.CREATED] + numbers[Outcome.CHANGED]
        self.nothing_new = written == 0
        self.to_write = f"{counted(written, locale)} {self.one if written == 1 else self.many}"
        self.good_says = _left_out(written, numbers[Outcome.REFUSED], self.to_write, locale)
        self.only_good = self.only_good and self.has_refused
        self.is_working = self.is_stopping = self.is_taking = False
        self._changed_rows()
        self.outcome = Outcome.REFUSED.value if self.is_checked and self.has_refused else ""
        self.scope = {"run_id": str(seen.run_id), **({"outcome": self.outcome} if self.outcome else {})}
        self.result_says = _result(seen, numbers, self.many, locale)
        if seen.ended_at is not None:
            when = shown_instant(seen.ended_at, locale, me().time_zone)
            self.done_says = f"{when}, {seen.who}"

    async def _records(self, seen: ImportSeen) -> tuple[str, ...]:
        """The codes that an import wrote, where they are few enough to be named."""
        if seen.state != ImportState.DONE or len(sheet_named(seen.sheet).key) != 1:
            return ()
        wanted = RowsWanted(
            end=_LINKED,
            filters={"outcome": {"filterType": "set", "type": "in", "values": list(_WRITTEN)}},
            scope={"run_id": str(seen.run_id)},
        )
        page = await self._ask(grid_page, source=IMPORT_OUTCOME_ROWS, wanted=wanted, today=today())
        if page.total > _LINKED:
            return ()
        return tuple(dict.fromkeys(str(row["record"]) for row in page.rows))

    def _lead_on(self, seen: ImportSeen, records: tuple[str, ...]) -> None:
        """Where to look at what was written, and what an empty system needs next."""
        sheet = sheet_named(seen.sheet)
        self.shown_path = sheet.path
        if records:
            kept = {sheet.key[0]: ["in", *records]}
            self.shown_path += f"?filter={quote(json.dumps(kept, separators=(',', ':'), ensure_ascii=False))}"
        offered = {each["value"] for each in self.sheets}
        self.what_next = [
            Option(value=f"/files?sheet={each.name}", label=title_of(each.many))
            for each in SHEETS
            if each.name != sheet.name
            and each.name in offered
            and any(column.refers == sheet.name for column in each.columns)
        ]

    def _forget_run(self) -> None:
        self.run_id, self.run_state, self.run_says = 0, "", ""
        self.is_checked = self.is_done = self.is_working = self.is_taking = self.is_folded = self.only_good = False
        self.scope, self.outcome, self.counts = {}, "", {}


def _left_out(written: int, refused: int, to_write: str, locale: str) -> str:
    """What "the good rows only" comes to."""
    goes = "is" if written == 1 else "are"
    rows = "row is" if refused == 1 else "rows are"
    return f"{to_write} {goes} taken in. {counted(refused, locale)} {rows} left out and must be given again."


def _result(seen: ImportSeen, numbers: Mapping[Outcome, int], many: str, locale: str) -> str:
    """What became of an import, in a sentence."""
    if seen.state == ImportState.DONE:
        said = {
            "created": numbers[Outcome.CREATED],
            "changed": numbers[Outcome.CHANGED],
            "as they were": numbers[Outcome.UNCHANGED],
            "left out": numbers[Outcome.REFUSED],
        }
        parts = [f"{counted(number, locale)} {word}" for word, number in said.items() if number]
        return f"{title_of(many)}: {', '.join(parts)}." if parts else "The file holds no rows."
    return {
        ImportState.WAITING: "This import was begun and never checked.",
        ImportState.CANCELLED: "Cancelled. Nothing was written.",
        ImportState.FAILED: "This went wrong. Nothing was written.",
        ImportState.INTERRUPTED: "The server stopped meanwhile. Nothing was written.",
        ImportState.REFUSED: "Nothing was written, because rows are refused.",
    }.get(ImportState(seen.state), "")
