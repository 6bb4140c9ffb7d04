"""Reading the audit trail: the list of what was done, and one entry told in the words of the field (ACC-6)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from urllib.parse import quote
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    Select,
    Text,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session, SQLModel, col

from buyside.db.audit import AuditEvent, AuditSubject
from buyside.db.people import AppUser
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.locales import shown_date
from buyside.domain.records import RECORDS, kind_word
from buyside.domain.refusals import NotFound, Unreadable
from buyside.domain.words import Kind
from buyside.queries.audit_fields import FieldChange, Names, field_changes, references
from buyside.queries.rows import ESCAPE, GridSource, RowColumn

MOST_TOLD = 40
"""Records of one entry that are told field by field; of more, the rest is told in numbers."""
_MOST_BY_NAME = 500
_RANKED = tuple(RECORDS)
_DAY = re.compile(r"(?<!\S)\d{4}-\d\d-\d\d(?!\S)")
_COUNTS = "counts"
"""What the trail calls the numbers that stand for changes too many to write."""


def _main(wanted: Any) -> ColumnElement[Any]:
    """Something of the record that an entry is about: of all it touched, the one whose kind comes first."""
    rank = func.array_position(literal(list(_RANKED), ARRAY(Text)), col(AuditSubject.kind))
    return (
        select(wanted)
        .where(col(AuditSubject.event_id) == col(AuditEvent.id))
        .order_by(func.coalesce(rank, len(_RANKED) + 1), col(AuditSubject.record_id))
        .limit(1)
        .correlate(AuditEvent)
        .scalar_subquery()
    )


def _names() -> dict[str, tuple[ColumnElement[Any], ColumnElement[str]]]:
    """Kinds of records that are known by columns of their own, with the key and the name of each."""
    found: dict[str, tuple[ColumnElement[Any], ColumnElement[str]]] = {}
    for kind, record in RECORDS.items():
        table = SQLModel.metadata.tables.get(kind)
        if table is not None and "id" in table.c and not any(table.c[each].foreign_keys for each in record.named_by):
            found[kind] = (table.c.id, func.concat_ws(" · ", *(table.c[each] for each in record.named_by)))
    return found


def _name_now() -> ColumnElement[str]:
    """The name that a touched record has now."""
    cases = [
        (
            col(AuditSubject.kind) == kind,
            select(name).where(key == col(AuditSubject.record_id)).correlate(AuditSubject).scalar_subquery(),
        )
        for kind, (key, name) in _names().items()
    ]
    return case(*cases, else_="")


@cache
def _dated() -> frozenset[str]:
    """Kinds of records that are known by a day among others. Not found before all tables are."""
    tables = SQLModel.metadata.tables
    return frozenset(
        kind for kind in _names() if any(isinstance(tables[kind].c[each].type, Date) for each in RECORDS[kind].named_by)
    )


def _record_in_words(row: Mapping[Any, Any], locale: str) -> str:
    """The name of the record in a row, with the days in it as the reader writes days."""
    name = str(row["record"])
    if row["kind"] not in _dated():
        return name
    return _DAY.sub(lambda found: shown_date(date.fromisoformat(found[0]), locale), name)


def _rows(_actor: Actor) -> Select[Any]:
    return select(
        col(AuditEvent.id).label("id"),
        col(AuditEvent.at).label("at"),
        col(AuditEvent.user_id).label("user_id"),
        col(AuditEvent.actor_name).label("who"),
        col(AuditEvent.operation).label("operation"),
        _main(col(AuditSubject.kind)).label("kind"),
        func.coalesce(_main(_name_now()), "").label("record"),
        cast(col(AuditEvent.changes), Text).label("changes"),
    )


def _of_kinds(event_id: ColumnElement[Any], kinds: list[str]) -> ColumnElement[bool]:
    return select(1).where(col(AuditSubject.event_id) == event_id, col(AuditSubject.kind).in_(kinds)).exists()


def _of_records(event_id: ColumnElement[Any], records: list[str]) -> ColumnElement[bool]:
    """Entries that touched records, each written as "kind:key". Refuses: Unreadable."""
    touched = []
    for each in records:
        kind, _, key = each.partition(":")
        if not key.isdecimal() or len(key) > 18:
            raise Unreadable(value=each, wanted="a record")
        touched.append((col(AuditSubject.kind) == kind) & (col(AuditSubject.record_id) == int(key)))
    return event_id.in_(select(col(AuditSubject.event_id)).where(or_(*touched)))


def _found(pattern: ColumnElement[str]) -> Select[Any]:
    """Entries that say a word beginning like the typed one, or that touched a record whose name holds it now."""
    typed = str(pattern.value).strip("%").replace(ESCAPE, "") if isinstance(pattern, BindParameter) else ""
    spoken = cast(func.plainto_tsquery(text("'simple'"), typed), Text)
    words = func.to_tsquery(text("'simple'"), func.nullif(spoken, "") + ":*")
    # Found by itself: put together with the rest, it would be sought entry by entry in the order of the list.
    said = (
        select(col(AuditEvent.id).label("id"))
        .where(col(AuditEvent.words).op("@@")(words))
        .cte()
        .prefix_with("MATERIALIZED")
    )
    named: list[Select[Any]] = [
        select(col(AuditSubject.event_id).label("id")).where(
            col(AuditSubject.kind) == kind,
            col(AuditSubject.record_id).in_(select(key).where(name.ilike(pattern, escape=ESCAPE)).limit(_MOST_BY_NAME)),
        )
        for kind, (key, name) in _names().items()
    ]
    return select(union_all(select(said.c.id), *named).subquery("found").c.id)


AUDIT_ROWS = GridSource(
    "audit",
    Permission.AUDIT_VIEW,
    _rows,
    columns=(
        RowColumn("id", Kind.KEY, required=True),
        RowColumn("user_id", Kind.KEY),
        RowColumn("at", Kind.INSTANT, required=True),
        RowColumn("who", searched=True, required=True),
        RowColumn("operation", Kind.STATUS, required=True),
        RowColumn("kind", Kind.STATUS, found_by=_of_kinds),
        RowColumn("record", found_by=_of_records, written=_record_in_words),
        RowColumn("changes", only_in_files=True),
    ),
    order=(("at", "desc"),),
    scopes=("user_id", "kind", "record"),
    keys_first=True,
    keys_found=_found,
)


@dataclass(frozen=True, slots=True)
class RecordChange:
    """What an entry did to one record."""

    kind: str
    did: str
    """ "added", "changed" or "removed"."""
    record_id: int | None
    name: str
    path: str
    """The record's page, where it has one that the reader may open."""
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry of the trail: who did what and when, and what changed by it."""

    event_id: int
    at: datetime
    who: str
    user_id: int | None
    operation: str
    request_id: UUID | None
    records: tuple[RecordChange, ...]
    numbers: tuple[tuple[str, int], ...]
    """How many records of each kind changed, the most first."""
    is_cut: bool
    """More changed than `records` tells."""


@needs(Permission.AUDIT_VIEW)
def audit_entry(session: Session, actor: Actor, *, event_id: int) -> AuditEntry:
    """One entry with before and after. Refuses: NotFound."""
    event = session.get(AuditEvent, event_id)
    if event is None:
        raise NotFound(kind="entry")
    changes = [each for each in event.changes if each["kind"] != _COUNTS]
    counted = next((each["after"] for each in event.changes if each["kind"] == _COUNTS), None)
    once = each_once(changes)
    numbers = counted or Counter(str(each["kind"]) for each in once)
    told = sorted(once, key=lambda each: _rank(each["kind"]))[:MOST_TOLD]
    names = Names(session, actor)
    wanted: dict[str, set[int]] = {}
    for each in told:
        if isinstance(each["id"], int):
            wanted.setdefault(each["kind"], set()).add(each["id"])
        for values in (each["before"], each["after"]):
            for kind, key in references(each["kind"], values):
                wanted.setdefault(kind, set()).add(key)
    for kind, keys in wanted.items():
        names.learn(kind, keys)
    return AuditEntry(
        event_id=event.id,
        at=event.at,
        who=event.actor_name,
        user_id=event.user_id,
        operation=event.operation,
        request_id=event.request_id,
        records=tuple(_record(each, names, actor) for each in told),
        numbers=tuple(sorted(((kind_word(kind), int(count)) for kind, count in numbers.items()), key=lambda n: -n[1])),
        is_cut=sum(numbers.values()) > len(told),
    )


def each_once(changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The changes with each record once: what several writes of one operation did to it, from the first before to the last after."""
    found: dict[Any, dict[str, Any]] = {}
    for position, each in enumerate(changes):
        place = (each["kind"], each["id"]) if each["kind"] in SQLModel.metadata.tables and each["id"] else position
        known = found.get(place)
        if known is None:
            found[place] = dict(each)
        elif each["after"] is None:
            known["after"] = None
            known["before"] = None if known["before"] is None else {**(each["before"] or {}), **known["before"]}
        else:
            known["after"] = {**(known["after"] or {}), **each["after"]}
            if known["before"] is not None:
                known["before"] = {**(each["before"] or {}), **known["before"]}
    return list(found.values())


def _rank(kind: str) -> int:
    return _RANKED.index(kind) if kind in RECORDS else len(_RANKED)


def _record(change: dict[str, Any], names: Names, actor: Actor) -> RecordChange:
    kind, key, before, after = change["kind"], change["id"], change["before"], change["after"]
    parts = names.parts_of(kind, key) or tuple(names.parts(kind, {**(before or {}), **(after or {})}))
    known = RECORDS.get(kind)
    path = ""
    if known is not None and known.path and parts and known.permission is not None and actor.may(known.permission):
        path = known.path.format(name=quote(parts[0], safe=""), id=key)
    return RecordChange(
        kind=kind_word(kind),
        did="added" if before is None else "removed" if after is None else "changed",
        record_id=key if isinstance(key, int) else None,
        name=" · ".join(parts),
        path=path,
        fields=field_changes(kind, before, after, names=names, actor=actor),
    )


@needs(Permission.AUDIT_VIEW)
def record_name(session: Session, actor: Actor, *, kind: str, record_id: int) -> str:
    """What people call a record now: its kind, and its name or number."""
    names = Names(session, actor)
    names.learn(kind, [record_id])
    return f"{kind_word(kind)} {names.of(kind, record_id)}"


@needs(Permission.AUDIT_VIEW)
def user_name(session: Session, actor: Actor, *, user_id: int) -> str:
    """The name of a user. Refuses: NotFound."""
    user = session.get(AppUser, user_id)
    if user is None:
        raise NotFound(kind="user")
    return user.name
