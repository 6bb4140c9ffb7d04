"""The audit trail: every change of a transaction is followed by itself and written as one entry (ACC-6)."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from pydantic_core import to_json, to_jsonable_python
from sqlalchemy import event, inspect, text
from sqlmodel import Session

from buyside.domain.access import Actor

NOT_FOLLOWED = frozenset(
    {
        *("audit_event", "audit_subject", "answered_request", "user_session", "stock_balance"),
        *("sign_in_attempt", "used_logout_token", "search_word", "planning_input_write"),
        *("planning_requirement", "planning_item_total", "planning_coverage", "planning_peg", "planning_scenario_item"),
    }
)
"""Tables whose rows are no change of state by themselves: the books about changes, the traces of signing in, and what a run
calculated."""

WITHHELD = frozenset(
    {
        *("token", "token_sha256", "id_token", "access_token", "refresh_token", "client_secret", "secret", "password"),
        *("browser_sha256", "state_sha256", "code_verifier", "nonce", "cookie"),
        *("iban", "bic", "bank_account", "account_number", "routing_number"),
    }
)
"""Columns, and keys of documents, whose values nobody ever reads in the trail: it tells that they changed, and not to what."""
WITHHELD_MARK = "(withheld)"

MOST_CHANGES = 5000
"""Of a transaction that changes more rows than this, the rest is told in numbers per table; each record still finds it."""

_AT_ONCE = 100
"""Changes that become text together: few enough that none lives so long that the collector of memory looks for it."""

Change = tuple[dict[str, Any] | None, dict[str, Any] | None]
"""What a record was and what it is; None: it was, or is, not there."""

NO_KEY = 0
"""Stands in the index of records for one that has no number: a load, a document's part."""


@dataclass(slots=True)
class Trail:
    """What a transaction changed so far. Changes are kept as the entry will say them."""

    changes: list[bytes] = field(default_factory=list)
    """JSON of one or more of them, in order."""
    told: int = 0
    """How many that are."""
    counts: dict[str, int] = field(default_factory=dict)
    touched: dict[str, set[int]] = field(default_factory=dict)

    @property
    def room(self) -> int:
        """How many changes the entry can still tell."""
        return max(0, MOST_CHANGES - self.told)

    def add(self, kind: str, record_id: Any, before: dict[str, Any] | None, after: dict[str, Any] | None) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + 1
        self.touched.setdefault(kind, set()).add(record_id if isinstance(record_id, int) else NO_KEY)
        if self.room:
            self.tell([{"kind": kind, "id": record_id, "before": before, "after": after}])

    def tell(self, changes: list[dict[str, Any]]) -> None:
        """Put changes into the entry."""
        if changes:
            self.changes.append(to_json(changes, inf_nan_mode="constants")[1:-1])
            self.told += len(changes)


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = _without_secrets(to_jsonable_python(values, bytes_mode="hex"))
    return plain


def _without_secrets(document: Any) -> Any:
    """The same document, which is nobody else's, with a mark where a withheld value stood."""
    if isinstance(document, list):
        for each in document:
            _without_secrets(each)
    elif isinstance(document, dict):
        for each in [each for each in document.values() if isinstance(each, _NESTED)]:
            _without_secrets(each)
        if not WITHHELD.isdisjoint(map(str.lower, document)):
            for name, each in document.items():
                if name.lower() in WITHHELD and each is not None:
                    document[name] = WITHHELD_MARK
    return document


_NESTED = (dict, list)


def _follow_flush(session: Session, _context: Any) -> None:
    trail: Trail = session.info["trail"]
    for row in (*session.new, *session.dirty, *session.deleted):
        state = inspect(row)
        kind = state.mapper.local_table.name
        if kind in NOT_FOLLOWED:
            continue
        # What the database calculates from the rest is no change by itself, and would have to be read back.
        written = [each.key for each in state.mapper.column_attrs if each.columns[0].computed is None]
        values = {name: getattr(row, name) for name in written}
        key = values.get("id", values.get(state.mapper.primary_key[0].name))
        if row in session.deleted:
            trail.add(kind, key, _plain(values), None)
        elif row in session.new:
            trail.add(kind, key, None, _plain(values))
        else:
            moved = {name: state.attrs[name].history for name in values if state.attrs[name].history.has_changes()}
            if moved:
                before = {name: history.deleted[0] if history.deleted else None for name, history in moved.items()}
                trail.add(kind, key, _plain(before), _plain({name: values[name] for name in moved}))


@contextmanager
def followed(session: Session) -> Iterator[Trail]:
    """Follow every row that the session writes, until the block ends."""
    trail = Trail()
    session.info["trail"] = trail
    event.listen(session, "after_flush", _follow_flush)
    try:
        yield trail
        session.flush()
    finally:
        event.remove(session, "after_flush", _follow_flush)
        del session.info["trail"]


def note(
    session: Session,
    kind: str,
    record_id: int | str | None,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None,
) -> None:
    """Tell the trail of a change that SQL made by itself, such as a bulk load; decimals and dates become text."""
    trail: Trail | None = session.info.get("trail")
    if trail is not None:
        trail.add(kind, record_id, before and _plain(before), after and _plain(after))


def note_all(session: Session, kind: str, record_ids: Sequence[int], changes: Iterable[Change]) -> None:
    """The same of many records in their order. Of `changes` no more is read than an entry has room for."""
    trail: Trail | None = session.info.get("trail")
    if trail is None or not record_ids:
        return
    trail.counts[kind] = trail.counts.get(kind, 0) + len(record_ids)
    trail.touched.setdefault(kind, set()).update(record_ids)
    told = (
        {"kind": kind, "id": record_id, "before": before, "after": after}
        for record_id, (before, after) in zip(record_ids[: trail.room], changes, strict=False)
    )
    while some := list(islice(told, _AT_ONCE)):
        trail.tell(_plain({"told": some})["told"])


def so_far(session: Session) -> Trail | None:
    """What the transaction was told to have changed so far; `back_to` takes it after a part was rolled back."""
    trail: Trail | None = session.info.get("trail")
    return trail and Trail(
        list(trail.changes), trail.told, dict(trail.counts), {kind: set(ids) for kind, ids in trail.touched.items()}
    )


def back_to(session: Session, before: Trail | None) -> None:
    """Forget what a part of the transaction changed that was rolled back."""
    trail: Trail | None = session.info.get("trail")
    if trail is not None and before is not None:
        trail.changes, trail.told = before.changes, before.told
        trail.counts, trail.touched = before.counts, before.touched


def write(
    session: Session, actor: Actor, *, operation: str, request_id: UUID | None, trail: Trail, at: datetime
) -> int | None:
    """Write the one entry of an operation, or nothing where it changed nothing. Answers with the entry's id."""
    if not trail.changes:
        return None
    if sum(trail.counts.values()) > trail.told:
        trail.tell([{"kind": "counts", "id": None, "before": None, "after": trail.counts}])
    touched = {kind: sorted(ids) for kind, ids in sorted(trail.touched.items())}
    event_id: int = session.execute(
        _WRITE,
        {
            "at": at,
            "user": actor.user_id,
            "name": actor.name,
            "operation": operation,
            "request": request_id,
            "changes": (b"[" + b",".join(trail.changes) + b"]").decode(),
            "touched": to_json(touched).decode(),
        },
    ).scalar_one()
    return event_id


# In one statement, as a file of a hundred thousand rows touches as many records.
_WRITE = text(
    """
    WITH event AS (
        INSERT INTO audit_event (at, user_id, actor_name, operation, request_id, changes)
        VALUES (:at, :user, :name, :operation, CAST(:request AS uuid), CAST(:changes AS jsonb)) RETURNING id
    ), subjects AS (
        INSERT INTO audit_subject (event_id, kind, record_id)
        SELECT event.id, kind, CAST(record AS int8)
        FROM event, jsonb_each(CAST(:touched AS jsonb)) AS of_kind (kind, records), jsonb_array_elements_text(records) AS record
    )
    SELECT id FROM event
    """
)
