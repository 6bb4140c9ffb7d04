"""How every write is run: one transaction, one audit entry, safe to repeat."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar, cast, get_type_hints
from uuid import UUID

from psycopg import errors
from pydantic import TypeAdapter
from pydantic_core import to_jsonable_python
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session
from tenacity import retry, retry_if_exception, stop_after_attempt, wait_random_exponential

from buyside.db import tables
from buyside.db.audit import AnsweredRequest
from buyside.db.engine import prove, sessions
from buyside.domain.access import Actor, permission_of
from buyside.domain.refusals import DateOutOfReach, NotANumber, RequestReused, TooLarge
from buyside.domain.telling import told_to
from buyside.ledgers import audit

Answer = TypeVar("Answer")
assert tables.MODULES  # a write needs every table known, whatever the process imported besides

_TOO_MUCH, _MOST_DECIMALS = Decimal(10) ** 12, 6  # what numeric(18, 6) holds
_DECIMALS_OF = dict.fromkeys(
    (
        *("discount_percent", "tax_percent", "over_receipt_percent"),
        *("discount_amount", "header_discount", "shipping_costs"),
    ),
    4,
)
_FIRST_DAY, _LAST_DAY = date(1970, 1, 1), date(2199, 12, 31)  # lead times added or taken stay in the calendar
_WHAT_LINES_HOLD = "quantity"  # a mapping from lines holds their quantities


def _lost_a_race(error: BaseException) -> bool:
    return isinstance(error, DBAPIError) and isinstance(
        error.orig, errors.DeadlockDetected | errors.SerializationFailure
    )


@retry(
    retry=retry_if_exception(_lost_a_race),
    stop=stop_after_attempt(5),
    wait=wait_random_exponential(multiplier=0.05, max=1),
    reraise=True,
)
def perform(
    operation: Callable[..., Answer], actor: Actor, /, *, request_id: UUID | None = None, **arguments: Any
) -> Answer:
    """Run one operation in a transaction of its own, and tell the audit trail what it changed.

    A `request_id` that was answered before gets the same answer again and changes nothing. A refusal, or any error,
    leaves nothing behind; the loser of a deadlock is run again. Refuses: what the operation refuses,
    RequestReused, NotANumber, DateOutOfReach, TooLarge; with their values as the actor writes them.
    """
    with sessions()() as session, session.begin():
        prove(session, actor.proof)
        return within(session, operation, actor, request_id=request_id, **arguments)


def within(
    session: Session,
    operation: Callable[..., Answer],
    actor: Actor,
    /,
    *,
    request_id: UUID | None = None,
    **arguments: Any,
) -> Answer:
    """The same inside a transaction that the caller has begun and will end."""
    if permission_of(operation) is None:
        raise TypeError(f"{operation.__qualname__} declares no permission, so nobody may call it")
    with told_to(actor.locale):
        return _run(session, operation, actor, request_id, arguments)


def _run(
    session: Session,
    operation: Callable[..., Answer],
    actor: Actor,
    request_id: UUID | None,
    arguments: dict[str, Any],
) -> Answer:
    for name, value in arguments.items():
        _check_value(name, value)
    body = _fingerprint(arguments)
    if request_id is not None:
        found, answer = _answered_before(session, operation, actor, request_id=request_id, body=body)
        if found:
            return cast("Answer", answer)
    with audit.followed(session) as trail:
        try:
            answer = operation(session, actor, **arguments)
            session.flush()
        except (DBAPIError, InvalidOperation) as error:
            if isinstance(getattr(error, "orig", error), errors.NumericValueOutOfRange | InvalidOperation):
                raise TooLarge from error
            raise
    now = datetime.now(UTC)
    audit.write(session, actor, operation=operation.__name__, request_id=request_id, trail=trail, at=now)
    if request_id is not None:
        session.add(
            AnsweredRequest(
                request_id=request_id,
                operation=operation.__name__,
                user_id=actor.user_id,
                arguments_sha256=body,
                answer={"answer": to_jsonable_python(answer)},
                at=now,
            )
        )
    session.flush()
    return answer


def _check_value(name: str, value: Any) -> None:
    """Let no decimal in that the database would round or could not hold, and no day that nobody can mean.

    Refuses, at `name`: NotANumber, DateOutOfReach.
    """
    if isinstance(value, Decimal):
        decimals = _DECIMALS_OF.get(name, _MOST_DECIMALS)
        if not value.is_finite() or abs(value) >= _TOO_MUCH or value != round(value, decimals):
            raise NotANumber(value=value, decimals=decimals, field=name)
    elif isinstance(value, date) and not isinstance(value, datetime):
        if not _FIRST_DAY <= value <= _LAST_DAY:
            raise DateOutOfReach(day=value, first=_FIRST_DAY, last=_LAST_DAY, field=name)
    elif isinstance(value, Mapping):
        for key, each in value.items():
            _check_value(key if isinstance(key, str) else _WHAT_LINES_HOLD, each)


def _fingerprint(arguments: dict[str, Any]) -> bytes:
    """SHA-256 of the arguments; moments are left out, as a repeated click comes later than the first."""
    steady = {
        name: hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else value
        for name, value in arguments.items()
        if not isinstance(value, datetime)
    }
    plain = to_jsonable_python(steady, fallback=repr)
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).digest()


def _answered_before(
    session: Session, operation: Callable[..., Answer], actor: Actor, *, request_id: UUID, body: bytes
) -> tuple[bool, Any]:
    """Whether a request was answered, and how. Two of the same id wait for each other here. Refuses: RequestReused."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:id, 0))"), {"id": str(request_id)})
    before = session.get(AnsweredRequest, request_id)
    if before is None:
        return False, None
    if (before.operation, before.user_id, before.arguments_sha256) != (operation.__name__, actor.user_id, body):
        raise RequestReused
    returns = get_type_hints(getattr(operation, "__wrapped__", operation))["return"]
    return True, TypeAdapter(returns).validate_python((before.answer or {})["answer"])
