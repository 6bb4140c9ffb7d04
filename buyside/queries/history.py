"""The history of one record, told from the audit trail: who changed what of it and of the records that belong to it, and why (ACC-6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Text, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session, SQLModel, col

from buyside.db.files import ImportFile, ImportRun
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.all_sheets import SHEETS
from buyside.domain.records import RECORDS, kind_word, operation_words
from buyside.domain.refusals import NotAllowed, NotFound
from buyside.queries.audit import each_once
from buyside.queries.audit_fields import FieldChange, Names, field_changes, references

PAGE = 30
"""Entries of the trail that are told at once."""
MOST_TOLD = 40
"""Records of one entry that are told field by field; of more, it is told how many there were."""
IMPORT_RUN = ImportRun.__tablename__
"""What an import calls itself in the trail."""

VIEWS: Mapping[str, Permission] = {
    **{sheet.table: sheet.view for sheet in SHEETS},
    "contract": Permission.ORDER_VIEW,
    "vendor_bank_account": Permission.VENDOR_VIEW,
}
"""Whose history is told here, and who may see such records and so how they came to be."""
_BELONG: Mapping[str, tuple[str, ...]] = {
    "vendor_address": ("vendor_id",),
    "vendor_contact": ("vendor_id",),
    "vendor_closing_day": ("vendor_id",),
    "vendor_bank_account": ("vendor_id",),
    "vendor_item": ("vendor_id", "item_id"),
    "price_break": ("vendor_item_id",),
    "payment_term_event": ("payment_term_id",),
    "bom_row": ("item_id", "variant_id", "product_id"),
}
"""Records that belong to others, by the columns that say to which."""
_REMOVING = ("remove", "removf")
"""Operations that take records away are called "remove_…": what is gone is found through what they noted."""


@dataclass(frozen=True, slots=True)
class Change:
    """What one entry of the trail did to one record."""

    event_id: int
    at: datetime
    who: str
    operation: str
    """In words: "Save rows"."""
    kind: str
    """What kind of record it is, in words."""
    record: str
    """Which record it is, without the name of the one whose history this is; empty for that one itself."""
    did: str
    """ "added", "changed" or "removed"."""
    fields: tuple[FieldChange, ...]
    reason: str
    """Why, where somebody said so."""
    source: str
    """The file that it came from, where it came from one."""
    more: int
    """How many records more the same entry changed that are not told one by one; told with its last record."""


@dataclass(frozen=True, slots=True)
class History:
    """Some changes, the latest first."""

    changes: tuple[Change, ...]
    older: int
    """Ask again with `before` set to this for what happened earlier; 0 where nothing did."""


@needs(Permission.SHELL_USE)
def record_history(
    session: Session, actor: Actor, /, *, kind: str, record_id: int, before: int = 0, limit: int = PAGE
) -> History:
    """What happened to one record and to those that belong to it, `limit` entries of the trail, the latest first.

    `kind`     the record's table, one of `VIEWS`
    `before`   tells entries older than this one only; 0 for the latest

    Whoever may see the record may see its history, and nothing else that the same operations did.
    Refuses: NotFound, NotAllowed.
    """
    if kind not in VIEWS:
        raise NotFound(kind="history")
    if not actor.may(VIEWS[kind]):
        raise NotAllowed(act=VIEWS[kind].value)
    wanted = _with_what_belongs(session, actor, kind, record_id)
    events = _events(session, wanted, before, limit + 1)
    older = events[limit - 1] if len(events) > limit else 0
    entries = _entries(session, events[:limit], wanted)
    names = _names(session, actor, entries, (kind, record_id))
    files = _files(session, [each.run_id for each in entries if each.run_id])
    root = names.parts_of(kind, record_id)
    told: list[Change] = []
    for entry in entries:
        told += _changes(entry, names, actor, (kind, record_id), root, files.get(entry.run_id, ""))
    return History(tuple(told), older)


_Wanted = Mapping[str, frozenset[int]]
"""Keys of records by kind."""


def _with_what_belongs(session: Session, actor: Actor, kind: str, record_id: int) -> _Wanted:
    """The record, and all that belong to it or did before they were removed, as far as the actor may see them."""
    found: dict[str, frozenset[int]] = {kind: frozenset({record_id})}
    for child, columns in _BELONG.items():  # parents stand before what belongs to them
        table = SQLModel.metadata.tables.get(child)
        if table is None or not actor.may(VIEWS[child]):
            continue
        for name in columns:
            [reference] = table.c[name].foreign_keys
            if parents := found.get(reference.column.table.name):
                keys = session.scalars(select(table.c.id).where(table.c[name].in_(parents)))
                found[child] = found.get(child, frozenset()) | frozenset(keys) | _gone(session, child, name, parents)
    return {each: keys for each, keys in found.items() if keys}


_GONE = text(
    """
    SELECT DISTINCT (change ->> 'id')::bigint
    FROM audit_event, jsonb_array_elements(changes) AS change
    WHERE operation >= :first AND operation < :last AND changes @> ANY(CAST(:likely AS jsonb[]))
      AND change ->> 'kind' = :kind AND change -> 'after' = 'null' AND change -> 'before' ->> :column = ANY(:parents)
    """
).bindparams(bindparam("parents", type_=ARRAY(Text)))
_MOST_PARENTS = 200
"""Parents whose removed records are looked for one by one; with more of them every removal is read."""


def _gone(session: Session, child: str, column: str, parents: frozenset[int]) -> frozenset[int]:
    """Keys of removed records that belonged to some of `parents`."""
    keys = sorted(parents)
    likely = [f'[{{"kind": "{child}", "before": {{"{column}": {key}}}}}]' for key in keys[: _MOST_PARENTS + 1]]
    if len(keys) > _MOST_PARENTS:
        likely = [f'[{{"kind": "{child}"}}]']
    given = {
        "first": _REMOVING[0],
        "last": _REMOVING[1],
        "likely": likely,
        "kind": child,
        "column": column,
        "parents": [str(key) for key in keys],
    }
    return frozenset(session.scalars(_GONE, given))


_EVENTS = text(
    """
    SELECT subject.event_id
    FROM unnest(CAST(:kinds AS text[]), CAST(:keys AS bigint[])) AS wanted (kind, record_id)
    JOIN audit_subject AS subject USING (kind, record_id)
    WHERE :before = 0 OR subject.event_id < :before
    GROUP BY subject.event_id ORDER BY subject.event_id DESC LIMIT :most
    """
)


def _events(session: Session, wanted: _Wanted, before: int, most: int) -> list[int]:
    """Keys of the entries that touched any of the wanted records, the latest first."""
    pairs = [(kind, key) for kind, keys in wanted.items() for key in sorted(keys)]
    given = {
        "kinds": [kind for kind, _ in pairs],
        "keys": [key for _, key in pairs],
        "before": before,
        "most": most,
    }
    return list(session.scalars(_EVENTS, given))


@dataclass(slots=True)
class _Entry:
    """An entry of the trail, cut down to what is asked for."""

    event_id: int
    at: datetime
    who: str
    operation: str
    changes: list[dict[str, Any]]
    touched: int
    """How many of the wanted records it touched."""
    reason: str
    run_id: int


_CHANGES = text(
    """
    SELECT event.id, event.at, event.actor_name, event.operation, told.changes,
      (SELECT count(*) FROM audit_subject AS subject
        JOIN unnest(CAST(:kinds AS text[]), CAST(:keys AS bigint[])) AS wanted (kind, record_id) USING (kind, record_id)
        WHERE subject.event_id = event.id) AS touched,
      (SELECT change -> 'after' ->> 'reason' FROM jsonb_array_elements(event.changes) AS change
        WHERE change -> 'after' ->> 'reason' <> ''
          AND (change ->> 'id' IS NULL OR concat(change ->> 'kind', ':', change ->> 'id') = ANY(:places))
        LIMIT 1) AS reason,
      (SELECT subject.record_id FROM audit_subject AS subject
        WHERE subject.event_id = event.id AND subject.kind = :import_run LIMIT 1) AS run_id
    FROM audit_event AS event
    LEFT JOIN LATERAL (
      SELECT jsonb_agg(own.change ORDER BY own.position) AS changes FROM (
        SELECT change, position FROM jsonb_array_elements(event.changes) WITH ORDINALITY AS each (change, position)
        WHERE concat(change ->> 'kind', ':', change ->> 'id') = ANY(:places)
        ORDER BY change ->> 'kind' <> :kind, position LIMIT :most
      ) AS own
    ) AS told ON true
    WHERE event.id = ANY(:events)
    ORDER BY event.id DESC
    """
)
_MOST_READ = 400
"""Changes of one entry that are read: several may be about one record."""


def _entries(session: Session, events: list[int], wanted: _Wanted) -> list[_Entry]:
    """What some entries of the trail did to the wanted records. The rest of them is not read out of the database."""
    pairs = [(kind, key) for kind, keys in wanted.items() for key in sorted(keys)]
    given = {
        "events": events,
        "kinds": [kind for kind, _ in pairs],
        "keys": [key for _, key in pairs],
        "places": [f"{kind}:{key}" for kind, key in pairs],
        "kind": pairs[0][0],
        "import_run": IMPORT_RUN,
        "most": _MOST_READ,
    }
    entries = []
    for row in session.execute(_CHANGES, given):
        changes = [each for each in row.changes or [] if not _is_reason(each)]
        entries.append(
            _Entry(
                event_id=row.id,
                at=row.at,
                who=row.actor_name,
                operation=operation_words(row.operation),
                changes=each_once(changes),
                touched=row.touched,
                reason=row.reason or "",
                run_id=row.run_id or 0,
            )
        )
    return entries


def _is_reason(change: Mapping[str, Any]) -> bool:
    """Whether a change is none, but the sentence why."""
    return change["before"] is None and change["after"] is not None and change["after"].keys() == {"reason"}


def _files(session: Session, run_ids: list[int]) -> dict[int, str]:
    """The names of the files that some imports took in."""
    if not run_ids:
        return {}
    named = select(col(ImportRun.id), col(ImportFile.name)).join(
        ImportFile, col(ImportFile.id) == col(ImportRun.file_id)
    )
    return {row.id: row.name for row in session.execute(named.where(col(ImportRun.id).in_(run_ids)))}


def _names(session: Session, actor: Actor, entries: Iterable[_Entry], root: tuple[str, int]) -> Names:
    """What people call everything that the entries speak of."""
    names = Names(session, actor)
    wanted: dict[str, set[int]] = {root[0]: {root[1]}}
    for entry in entries:
        for change in entry.changes[:MOST_TOLD]:
            if isinstance(change["id"], int):
                wanted.setdefault(change["kind"], set()).add(change["id"])
            for values in (change["before"], change["after"]):
                for kind, key in references(change["kind"], values):
                    wanted.setdefault(kind, set()).add(key)
    for kind, keys in wanted.items():
        names.learn(kind, keys)
    return names


def _changes(
    entry: _Entry, names: Names, actor: Actor, root: tuple[str, int], root_name: tuple[str, ...], source: str
) -> list[Change]:
    ranked = sorted(entry.changes, key=lambda each: ((each["kind"], each["id"]) != root, _rank(each["kind"])))
    told = ranked[:MOST_TOLD]
    rest = max(0, entry.touched - len(told))
    changes = []
    for position, each in enumerate(told, start=1):
        kind, key, before, after = each["kind"], each["id"], each["before"], each["after"]
        is_root = (kind, key) == root
        fields = field_changes(kind, before, after, names=names, actor=actor)
        if not fields and before is not None and after is not None and position < len(told):
            continue  # nothing but a version went up
        parts = names.parts_of(kind, key) or tuple(names.parts(kind, {**(before or {}), **(after or {})}))
        changes.append(
            Change(
                event_id=entry.event_id,
                at=entry.at,
                who=entry.who,
                operation=entry.operation,
                kind=kind_word(kind),
                record="" if is_root else _without(" · ".join(parts), root_name),
                did="added" if before is None else "removed" if after is None else "changed",
                fields=fields,
                reason=entry.reason,
                source=source,
                more=rest if position == len(told) else 0,
            )
        )
    return changes or [
        Change(
            event_id=entry.event_id,
            at=entry.at,
            who=entry.who,
            operation=entry.operation,
            kind=kind_word(root[0]),
            record="",
            did="changed",
            fields=(),
            reason=entry.reason,
            source=source,
            more=rest,
        )
    ]


def _rank(kind: str) -> int:
    return tuple(RECORDS).index(kind) if kind in RECORDS else len(RECORDS)


def _without(name: str, root_name: tuple[str, ...]) -> str:
    """A name without the name of the record whose history is told: everybody knows that one there."""
    rest = name.replace(" · ".join(root_name), "") if root_name else name
    return " · ".join(part for part in (each.strip() for each in rest.split(" · ")) if part.strip("· "))
