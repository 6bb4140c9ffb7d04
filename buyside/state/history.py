"""The history of one record as a page tells it: the latest changes, and older ones when asked for."""

from __future__ import annotations

from decimal import Decimal
from typing import TypedDict

from buyside.domain.access import Permission
from buyside.domain.locales import shown_instant, shown_number
from buyside.queries.history import Change, record_history
from buyside.state.base import SignedInState, handler, me


class HistoryField(TypedDict):
    """One field that changed."""

    label: str
    before: str
    after: str


class HistoryEntry(TypedDict):
    """What happened to one record, in words."""

    key: str
    at: str
    who: str
    says: str
    record: str
    fields: list[HistoryField]
    has_before: bool
    reason: str
    source: str
    more: str


class HistoryState(SignedInState, mixin=True):
    """Mixin of states of pages that tell a record's history; `history_table` of the kit shows it."""

    history: list[HistoryEntry] = []
    history_older: int = 0
    """Where older changes begin; 0 where there are none."""
    _history_kind: str = ""
    _history_id: int = 0

    @handler(Permission.SHELL_USE)
    async def older_history(self) -> None:
        """Tell older changes too."""
        if self._history_id and self.history_older:
            await self._add_history(self.history_older)

    async def _read_history(self, kind: str, record_id: int) -> None:
        """Tell the latest changes of a record and of what belongs to it. Refuses: NotAllowed, NotFound."""
        self._history_kind, self._history_id = kind, record_id
        self.history = []
        await self._add_history(0)

    async def _add_history(self, before: int) -> None:
        found = await self._ask(record_history, kind=self._history_kind, record_id=self._history_id, before=before)
        start = len(self.history)
        told = [_entry(each, start + place) for place, each in enumerate(found.changes)]
        self.history = [*self.history, *told]
        self.history_older = found.older


_DID = {"added": "added", "removed": "removed", "changed": ""}


def _entry(change: Change, place: int) -> HistoryEntry:
    actor = me()
    of = " ".join(filter(None, [change.kind if change.record else "", change.record]))
    more = f"and {shown_number(Decimal(change.more), actor.locale)} records more" if change.more else ""
    return HistoryEntry(
        key=f"{change.event_id}-{place}",
        at=shown_instant(change.at, actor.locale, actor.time_zone),
        who=change.who,
        says=change.operation,
        record=" ".join(filter(None, [of, _DID[change.did]])),
        fields=[HistoryField(label=each.label, before=each.before, after=each.after) for each in change.fields],
        has_before=change.did == "changed",
        reason=change.reason,
        source=change.source,
        more=more,
    )
