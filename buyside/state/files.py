"""Files in and out: one import from its file to its end, kept as numbers and a few rows; what became of each row is in the database."""

from __future__ import annotations

from typing import Any, ClassVar

import reflex as rx

from buyside.documents.table_files import resolved
from buyside.domain.access import Permission
from buyside.domain.all_sheets import sheet_named
from buyside.domain.files import ImportState
from buyside.domain.refusals import NotFound
from buyside.operations.sheet_files import read_file_as, start_import
from buyside.queries.rows import GridSource
from buyside.queries.sheet_files import (
    IMPORT_OUTCOME_ROWS,
    IMPORT_ROWS,
    import_run,
    importable,
    kept_file,
    suggested_mapping,
    suggested_sheets,
)
from buyside.state.base import handler, me, now
from buyside.state.file_reading import (
    FileColumn,
    Option,
    Question,
    Reading,
    SampleCell,
    Setting,
    Target,
    counted,
    in_rows,
    in_short,
    named_like,
    questions_of,
    readings_of,
    remarks_of,
    sample_of,
    settings_of,
    sized,
    targets_of,
    title_of,
)
from buyside.state.file_runs import FILES_PATH, LIVE, ImportRunState
from buyside.state.forms import key
from buyside.state.roles import BuyerState

_SURE = 50  # percent of likeness from which a sheet is chosen for somebody
_SUGGESTED = 3


class FilesState(ImportRunState, BuyerState, rx.State):
    """The page of files. Zero: no file, no import."""

    imports: ClassVar[GridSource] = IMPORT_ROWS
    lines: ClassVar[GridSource] = IMPORT_OUTCOME_ROWS

    part: str = "in"
    sheet: str = ""
    sheet_says: str = ""
    suggestions: list[Option] = []
    file_id: int = 0
    file_name: str = ""
    file_says: str = ""
    serial: int = 0
    """Counts the files and starts, so that an error of the last one goes."""

    read_says: str = ""
    remarks: list[str] = []
    settings: list[Setting] = []
    questions: list[Question] = []
    header: list[str] = []
    sample: list[list[SampleCell]] = []

    targets: list[Target] = []
    file_columns: list[FileColumn] = []
    mapping: dict[str, str] = {}
    readings: dict[str, list[Reading]] = {}
    map_says: str = ""
    key_missing: str = ""
    new_missing: str = ""
    unread: str = ""
    is_ready: bool = False

    _by_hand: bool = False

    @handler(Permission.DATA_IMPORT)
    async def load(self) -> Any:
        """Begin where the address says: with a sheet, with an import of before, or with another part of the page."""
        asked = self.router.url.query_parameters
        self.address = ""
        known = importable(me())
        self.sheets = [Option(value=each.name, label=title_of(each.many)) for each in known]
        part = str(asked.get("part", ""))
        self.part = part if part in {"out", "past"} else "in"
        run_id, wanted = key(str(asked.get("run", ""))), str(asked.get("sheet", ""))
        if run_id and run_id != self.run_id:
            return await self._open_run(run_id)
        if any(each.name == wanted for each in known) and (wanted != self.sheet or self.is_done):
            self._forget_file()
            self._by_hand = True
            await self._choose(wanted)
        return None

    @handler(Permission.DATA_IMPORT)
    def show_part(self, part: str) -> None:
        """Take in, take out, or what was taken in before."""
        self.part = part if part in {"in", "out", "past"} else "in"

    @handler(Permission.DATA_IMPORT)
    async def choose_sheet(self, sheet: str) -> None:
        """Say what the file holds; an empty word leaves it to the file."""
        if sheet and sheet not in {each["value"] for each in self.sheets}:
            raise NotFound(kind="sheet")
        self._by_hand = bool(sheet)
        self._forget_run()
        await self._choose(sheet)

    @handler(Permission.DATA_IMPORT)
    async def take_file(self, file_id: int) -> None:
        """A file has arrived: find out what it holds and how it is written."""
        found = await self._ask(kept_file, file_id=file_id)
        likely = await self._ask(suggested_sheets, file_id=file_id) or named_like(found.name, importable(me()))
        self._forget_run()
        self.serial += 1
        self.file_id, self.file_name = file_id, found.name
        self.file_says = f"{sized(found.size, me().locale)} · {in_rows(found.recognised, me().locale)}"
        self.suggestions = [
            Option(value=name, label=title_of(sheet_named(name).many)) for name, score in likely[:_SUGGESTED] if score
        ]
        best = likely[0][0] if likely and likely[0][1] >= _SURE else ""
        await self._choose(self.sheet if self._by_hand else best)
        self._keep_address()

    @handler(Permission.DATA_IMPORT)
    async def read_as(self, name: str, value: str) -> None:
        """Say how the file is written where it was read otherwise, or could be read in two ways."""
        found = await self._ask(kept_file, file_id=self.file_id)
        how = await self._do(read_file_as, file_id=self.file_id, choices={**found.choices, name: value})
        self._forget_run()
        self.file_says = f"{sized(found.size, me().locale)} · {in_rows(how, me().locale)}"
        if how.header != found.recognised.header:
            await self._choose(self.sheet)
        else:
            await self._look_again()

    @handler(Permission.DATA_IMPORT)
    async def map_column(self, column: str, place: str) -> None:
        """Fill a column of the sheet from a place in the file, or from none; a place fills one column."""
        places = {each["place"] for each in self.file_columns}
        if column not in {each["name"] for each in self.targets} or (place and place not in places):
            raise NotFound(kind="column")
        self._forget_run()
        kept = {name: each for name, each in self.mapping.items() if name != column and each != place}
        self.mapping = {**kept, column: place} if place else kept
        await self._look_again()

    @handler(Permission.DATA_IMPORT)
    def unfold(self) -> None:
        """Show the steps before the check again, to change something."""
        self.is_folded = not self.is_folded

    @handler(Permission.DATA_IMPORT)
    async def check(self) -> Any:
        """Try the whole file without writing anything."""
        if self.is_working or not self.is_ready:
            return None
        begun = await self._do(start_import, file_id=self.file_id, sheet=self.sheet, mapping=self._by_place(), at=now())
        self.run_id, self.run_state, self._job = begun.run_id, ImportState.WAITING.value, "check"
        self.scope = {"run_id": str(begun.run_id)}
        self._keep_address()
        self._begin("Checking")
        return FilesState.work

    @handler(Permission.DATA_IMPORT)
    def start_over(self) -> Any:
        """Begin with another file."""
        self._forget_file()
        self.sheet, self._by_hand, self.targets, self.address = "", False, [], ""
        return rx.redirect(FILES_PATH)

    @handler(Permission.DATA_IMPORT)
    async def open_import(self, row_id: str) -> Any:
        """Show an import of before."""
        follows = await self._open_run(key(row_id))
        self._keep_address()
        return follows

    async def _open_run(self, run_id: int) -> Any:
        seen = await self._ask(import_run, run_id=run_id)
        self._forget_file()
        self.part, self._by_hand, self.file_name = "in", True, seen.file_name
        try:
            found = await self._ask(kept_file, file_id=seen.file_id)
            self.file_id = seen.file_id if found.can_be_read else 0
            self.file_says = f"{sized(found.size, me().locale)} · {in_rows(found.recognised, me().locale)}"
        except NotFound:  # somebody else's, or no longer kept
            self.file_says = f"Given by {seen.who}"
        await self._choose(seen.sheet)
        if self.file_id:
            self.mapping = {name: str(place) for place, name in seen.mapping}
            await self._look_again()
        self.run_id, self.is_folded = run_id, True
        self.scope = {"run_id": str(run_id)}
        if seen.state in LIVE:
            self.is_working = True
            self._progress(seen)
            return FilesState.follow
        self._fill(seen)
        self._lead_on(seen, await self._records(seen))
        return None

    async def _choose(self, sheet: str) -> None:
        """Set the sheet, and map the file to it anew."""
        self.sheet = sheet
        self.mapping, self.readings, self.file_columns, self.targets = {}, {}, [], []
        self.one = self.many = self.sheet_says = self.map_says = self.key_missing = self.new_missing = ""
        if sheet:
            known = sheet_named(sheet)
            self.one, self.many, self.sheet_says = known.one, known.many, known.says
            self.targets = targets_of(known)
        if self.file_id and sheet:
            found = await self._ask(suggested_mapping, file_id=self.file_id, sheet=sheet)
            self.file_columns = [
                FileColumn(place=str(each.place), header=each.header, samples=list(each.samples)) for each in found
            ]
            self.mapping = {each.column: str(each.place) for each in found if each.column}
        if self.file_id:
            await self._look_again()

    async def _look_again(self) -> None:
        """Tell anew how the file is read, what is in doubt and what is missing."""
        found = await self._ask(kept_file, file_id=self.file_id)
        how, doubts, actor = found.recognised, found.recognised.about_file, me()
        if self.sheet:  # only what goes in has to be beyond doubt
            sheet = sheet_named(self.sheet)
            filled = {int(place): sheet.column(name) for name, place in self.mapping.items()}
            forms = {place: column.form for place, column in filled.items() if column is not None}
            how = resolved(how, forms, found.choices)
            doubts = how.doubts
            self.readings = readings_of(sheet, self.mapping, self.file_columns, how, actor)
        self.read_says, self.remarks = in_short(how, actor.locale), remarks_of(how, actor.locale)
        self.settings, self.questions = settings_of(how, doubts), questions_of(doubts)
        self.header, self.sample = list(how.header), sample_of(how, doubts)
        self._tell_mapping()

    def _tell_mapping(self) -> None:
        """What goes in, what is left, and what is missing."""
        locale = me().locale
        empty = [each for each in self.targets if not self.mapping.get(each["name"])]
        filled, left = len(self.targets) - len(empty), len(self.file_columns) - len(self.mapping)
        self.map_says = f"{counted(filled, locale)} of {counted(len(self.targets), locale)} columns filled"
        if left:
            self.map_says += f" · {counted(left, locale)} of the file left out"
        self.key_missing = ", ".join(each["label"] for each in empty if each["required"])
        self.new_missing = ", ".join(each["label"] for each in empty if each["wanted"])
        bad = {name for name, cells in self.readings.items() if any(each["bad"] for each in cells)}
        self.unread = ", ".join(each["label"] for each in self.targets if each["name"] in bad)
        self.is_ready = bool(self.sheet and self.mapping and not self.questions and not self.key_missing)

    def _by_place(self) -> dict[int, str]:
        return {int(place): name for name, place in self.mapping.items() if place}

    def _forget_file(self) -> None:
        self._forget_run()
        self.serial += 1
        self.file_id, self.file_name, self.file_says = 0, "", ""
        self.suggestions, self.settings, self.questions, self.header, self.sample = [], [], [], [], []
        self.mapping, self.readings, self.file_columns = {}, {}, []
        self.read_says, self.remarks, self.is_ready = "", [], False
