"""One row of a sheet on a page of its own: every field edited in place, refusals at the field, and two people at one field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, TypedDict

from buyside.domain.locales import shown_instant
from buyside.domain.refusals import NotFound, Unreadable
from buyside.domain.sheet_changes import CellProblem, RowChange, RowsRefused
from buyside.domain.sheets import Sheet
from buyside.domain.words import Kind
from buyside.operations.sheets import save_rows
from buyside.queries.sheets import current_rows, reference_choices
from buyside.state.base import SignedInState, me, now
from buyside.state.receipts import Choice
from buyside.state.sheet_texts import canonical, shown

_MOST_CHOICES = 500


class Conflict(TypedDict):
    """A field that somebody else changed meanwhile; `field` is empty while there is none."""

    field: str
    label: str
    yours: str
    theirs: str
    says: str


NO_CONFLICT = Conflict(field="", label="", yours="", theirs="", says="")


class SheetRecordState(SignedInState, mixin=True):
    """Mixin of states of pages that show one row of a sheet. A page's own handlers call `_save_field` with its permission."""

    sheet: ClassVar[Sheet]
    references: ClassVar[Mapping[str, str]] = {}
    """Fields that hold a code of another sheet and may be chosen, with that sheet's name."""

    fields: dict[str, str] = {}
    """Every field as it is edited."""
    shown_fields: dict[str, str] = {}
    """Every field as it is read."""
    refused: dict[str, str] = {}
    edition: int = 0
    """Rises with every answer of the server."""
    conflict: Conflict = NO_CONFLICT
    choices: dict[str, list[Choice]] = {}
    _record_id: int = 0
    _version: int = 0

    async def _open_record(self, record_id: int) -> None:
        """Show the fields of another row."""
        self._record_id = record_id
        self.refused, self.conflict = {}, NO_CONFLICT
        await self._read_fields()

    async def _read_fields(self) -> None:
        """Read every field anew."""
        sheet = self.__class__.sheet
        [row] = (await self._ask(current_rows, sheet=sheet.name, keys=[str(self._record_id)])).values()
        self._version = int(row["version"])
        self.shown_fields = {each.name: shown(each, row[each.name], me().locale) for each in sheet.columns}
        self.fields = {
            each.name: row[each.name] if each.words or each.kind is Kind.FLAG else self.shown_fields[each.name]
            for each in sheet.columns
        }
        self.edition += 1

    async def _read_choices(self) -> None:
        """What references may be set to; what stands there now is among it, in use or not."""
        found: dict[str, list[Choice]] = {}
        for name, sheet in self.__class__.references.items():
            known = await self._ask(reference_choices, sheet=sheet, text="", limit=_MOST_CHOICES)
            options = [Choice(value=code, label=_named(code, title)) for code, title in known]
            here = self.fields.get(name, "")
            if here and here not in {code for code, _ in known}:
                options.insert(0, Choice(value=here, label=here))
            column = self.__class__.sheet.column(name)
            if column is not None and not column.is_required:
                options.insert(0, Choice(value="", label="–"))
            found[name] = options
        self.choices = found

    async def _save_field(self, field: str, value: str, *, reason: str = "") -> bool:
        """Keep one field, or say at the field why not. Answers whether it was kept; `reason` goes into the history.

        Refuses: NotFound, NotAllowed.
        """
        sheet = self.__class__.sheet
        column = sheet.column(field)
        if column is None or column.is_read_only or not self._record_id:
            raise NotFound(kind="field")
        self.refused = {name: says for name, says in self.refused.items() if name != field}
        self.edition += 1
        try:
            cells = {field: canonical(column, value, me().locale)}
            change = RowChange(str(self._record_id), self._version, cells)
            await self._do(save_rows, sheet=sheet.name, changes=(change,), at=now(), reason=reason)
        except RowsRefused as refused:
            return await self._answer_refused(field, value, refused.problems, reason)
        except Unreadable as refusal:
            self.refused = {**self.refused, field: str(refusal)}
            return False
        await self._read_fields()
        return True

    async def _answer_refused(self, field: str, value: str, problems: tuple[CellProblem, ...], reason: str) -> bool:
        """Say why a value was not kept; where somebody was faster at the same field, show both."""
        stale = next((each for each in problems if each.code == "general.stale"), None)
        if stale is None:
            says = next((each.says for each in problems if each.column in {field, ""}), problems[0].says)
            self.refused = {**self.refused, field: says}
            return False
        before = self.fields.get(field, "")
        await self._read_fields()
        if self.fields.get(field, "") == before:  # they changed something else: what one typed can go beside it
            return await self._save_field(field, value, reason=reason)
        actor, column = me(), self.__class__.sheet.column(field)
        at = shown_instant(stale.at, actor.locale, actor.time_zone) if stale.at else ""
        self.conflict = Conflict(
            field=field,
            label=column.title if column else field,
            yours=value,
            theirs=self.shown_fields.get(field, ""),
            says=" ".join(filter(None, [stale.by or "Somebody", "changed this", at])) + ".",
        )
        return False

    def _leave_conflict(self) -> Conflict:
        """Close the question of two people at one field. Answers with what it was about."""
        asked, self.conflict = self.conflict, NO_CONFLICT
        self.edition += 1
        return asked


def _named(code: str, title: str) -> str:
    """A code and what it stands for, which is often the same."""
    return code if title in {"", code} else f"{code} {title}"
