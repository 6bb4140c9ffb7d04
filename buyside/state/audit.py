"""The audit trail as the page shows it: what the address asks for, and the entry that is open."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from decimal import Decimal
from typing import Any, ClassVar, TypedDict

import reflex as rx

import buyside.operations
from buyside.domain.access import Permission, permission_of
from buyside.domain.locales import shown_instant, shown_number
from buyside.domain.records import RECORDS, operation_words
from buyside.domain.refusals import NotFound
from buyside.domain.words import Tone, Words
from buyside.queries.audit import AUDIT_ROWS, AuditEntry, RecordChange, audit_entry, record_name, user_name
from buyside.queries.rows import GridSource
from buyside.state.base import handler, me
from buyside.state.grid import GridState

_LONGEST_KEY = 18
_BY_THE_DATABASE = ("accept_invitation",)
"""Acts that the database does by itself, while somebody signs in."""
_DID = {"added": ("Added", Tone.GOOD), "changed": ("Changed", Tone.ACTIVE), "removed": ("Removed", Tone.WARN)}


def _operations() -> Words:
    """Every operation there is, in words."""
    names = set(_BY_THE_DATABASE)
    for each in pkgutil.iter_modules(buyside.operations.__path__):
        module = importlib.import_module(f"buyside.operations.{each.name}")
        names |= {
            name
            for name, act in inspect.getmembers(module, inspect.isfunction)
            if act.__module__ == module.__name__ and permission_of(act) is not None
        }
    return {name: (operation_words(name), Tone.NEUTRAL) for name in sorted(names)}


class Difference(TypedDict):
    """One field of a changed record."""

    label: str
    before: str
    after: str


class ChangedRecord(TypedDict):
    """One record that an entry changed."""

    kind: str
    name: str
    path: str
    did: str
    tone: str
    fields: list[Difference]
    has_before: bool


class AuditState(GridState, rx.State):
    """The page of the trail."""

    rows: ClassVar[GridSource] = AUDIT_ROWS
    operations: ClassVar[Words] = _operations()
    scope: dict[str, str] = {}
    only: str = ""
    """What the list is cut down to by the address, in words."""
    operation: str = ""
    says: str = ""
    request: str = ""
    numbers: str = ""
    records: list[ChangedRecord] = []
    rest: str = ""

    @handler(Permission.AUDIT_VIEW)
    async def load(self) -> None:
        """List what the address asks for: everything, a kind of records, one record, or one person's acts."""
        asked = self.router.url.query_parameters
        kind, record, user = (str(asked.get(name, "")) for name in ("kind", "record", "user"))
        self.chosen, self.scope, self.only = "", {}, ""
        if _is_key(user):
            self.scope, self.only = {"user_id": user}, await self._ask(user_name, user_id=int(user))
        elif kind in RECORDS and _is_key(record):
            self.scope = {"record": f"{kind}:{record}"}
            self.only = await self._ask(record_name, kind=kind, record_id=int(record))
        elif kind in RECORDS:
            self.scope, self.only = {"kind": kind}, RECORDS[kind].word

    @handler(Permission.AUDIT_VIEW)
    def show_all(self) -> Any:
        """List everything."""
        self.scope, self.only, self.chosen = {}, "", ""
        return rx.redirect("/admin/audit")

    @handler(Permission.AUDIT_VIEW)
    async def open(self, row_id: str) -> None:
        """Show what an entry changed."""
        if not _is_key(row_id):
            raise NotFound(kind="entry")
        entry = await self._ask(audit_entry, event_id=int(row_id))
        self._show(entry)
        self.chosen = row_id

    @handler(Permission.AUDIT_VIEW)
    def close(self) -> None:
        """Close the entry."""
        self.chosen = ""

    def _show(self, entry: AuditEntry) -> None:
        actor = me()
        self.operation = operation_words(entry.operation)
        self.says = f"{shown_instant(entry.at, actor.locale, actor.time_zone)} · {entry.who}"
        self.request = "" if entry.request_id is None else str(entry.request_id)
        self.numbers = ", ".join(
            f"{shown_number(Decimal(count), actor.locale)} × {kind}" for kind, count in entry.numbers
        )
        self.records = [_in_words(each) for each in entry.records]
        self.rest = "More changed than is told here; the numbers above count all of it." if entry.is_cut else ""


def _is_key(text: str) -> bool:
    return text.isdecimal() and len(text) <= _LONGEST_KEY


def _in_words(change: RecordChange) -> ChangedRecord:
    word, tone = _DID[change.did]
    return ChangedRecord(
        kind=change.kind,
        name=change.name or (f"no. {change.record_id}" if change.record_id else ""),
        path=change.path,
        did=word,
        tone=tone.value,
        fields=[Difference(label=each.label, before=each.before, after=each.after) for each in change.fields],
        has_before=change.did != "added",
    )
