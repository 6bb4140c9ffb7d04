"""The book of action messages: what a run found is opened, brought up to date, or gone; nothing is told twice (PLAN-16)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, select

from buyside.db.plans import ActionMessage, PlanningRun
from buyside.domain.messages import MESSAGE
from buyside.domain.plans import SCOPE, MessageState, RunOrigin, RunState
from buyside.ledgers import audit

_LOCK = 0x6D657373  # one book: who writes many of its rows does so after the other

_STAGE = (
    "CREATE TEMPORARY TABLE staged_message (kind text, item_id int8, warehouse_id int8, purchase_order_line_id int8, "
    "quantity numeric(18, 6), to_quantity numeric(18, 6), from_on date, to_on date, due_on date, "
    "cause text GENERATED ALWAYS AS (CASE WHEN purchase_order_line_id IS NULL "
    "THEN kind || '/' || item_id::text || '/' || warehouse_id::text "
    "ELSE kind || '/' || purchase_order_line_id::text END) STORED) ON COMMIT DROP"
)

# A day on which something was needed already moves on with the as-of day; that alone is no news.
_SAME = (
    "({was}.quantity, {was}.to_quantity, {was}.from_on, greatest({was}.to_on, CAST(:as_of AS date))) "
    "IS NOT DISTINCT FROM (found.quantity, found.to_quantity, found.from_on, greatest(found.to_on, CAST(:as_of AS date)))"
)

# What lies in the scope of a run. Where demand beyond a horizon was left out, only what is needed within it can be missed.
_IN_SCOPE = (
    "message.state = 'open' AND message.last_run_id <= :run "
    "AND (CAST(:warehouses AS int8[]) IS NULL OR message.warehouse_id = ANY (CAST(:warehouses AS int8[]))) "
    "AND (CAST(:groups AS int8[]) IS NULL OR EXISTS (SELECT FROM item WHERE item.id = message.item_id "
    "AND item.group_id = ANY (CAST(:groups AS int8[])))) "
    "AND (CAST(:horizon AS date) IS NULL OR message.to_on <= CAST(:horizon AS date) "
    "OR NOT EXISTS (SELECT FROM purchase_order_line AS line JOIN purchase_order AS ordered ON ordered.id = line.order_id "
    "WHERE line.id = message.purchase_order_line_id AND line.quantity > line.received_quantity "
    "AND ordered.state NOT IN ('received', 'closed', 'cancelled', 'rejected')) AND message.purchase_order_line_id IS NOT NULL)"
)
_GONE = (
    "UPDATE action_message AS message SET state = 'gone', closed_at = :at, closed_by = NULL, last_run_id = :run, "
    "version = message.version + 1 WHERE {in_scope} "
    "AND NOT EXISTS (SELECT FROM staged_message AS found WHERE found.cause = message.cause)"
).replace("{in_scope}", _IN_SCOPE)
_IS_NEWS = "NOT ({same} AND (found.kind NOT IN ('order', 'increase') OR found.due_on = message.due_on))".replace(
    "{same}", _SAME.replace("{was}", "message")
)
# A run that looked at everything has seen whatever is open after it: it writes to what changed alone. One of less says what it saw.
_WRITTEN = "({is_news} OR (:is_limited AND message.last_run_id < :run))"
# What may be written to is held in the order in which people's own decisions on several lock it.
_HOLD = (
    "WITH held AS (SELECT FROM action_message AS message LEFT JOIN staged_message AS found ON found.cause = message.cause "
    "WHERE message.state = 'open' AND (found.cause IS NULL OR {written}) ORDER BY message.id FOR UPDATE OF message) "
    "SELECT (SELECT count(*) FROM held) AS held, EXISTS (SELECT FROM staged_message AS found WHERE NOT EXISTS "
    "(SELECT FROM action_message AS message WHERE message.cause = found.cause AND message.state = 'open')) AS is_more"
).replace("{written}", _WRITTEN.replace("{is_news}", _IS_NEWS))
# One statement writes each message once, whether it changed or was only seen again.
_UPDATE = (
    "WITH compared AS ("
    "SELECT message.id, found.kind, found.quantity, found.to_quantity, found.from_on, found.to_on, found.due_on, "
    "{is_news} AS is_news FROM action_message AS message JOIN staged_message AS found ON found.cause = message.cause "
    "WHERE message.state = 'open' AND message.last_run_id <= :run"
    "), written AS ("
    "UPDATE action_message AS message SET last_run_id = :run, version = message.version + found.is_news::int, "
    "quantity = found.quantity, to_quantity = found.to_quantity, from_on = found.from_on, "
    "to_on = CASE WHEN NOT found.is_news OR found.to_on = :as_of AND message.to_on <= :as_of THEN message.to_on "
    "ELSE found.to_on END, "
    "due_on = CASE WHEN found.is_news AND found.kind IN ('order', 'increase') THEN found.due_on ELSE message.due_on END "
    "FROM compared AS found WHERE message.id = found.id AND {written} "
    "RETURNING found.is_news) SELECT count(*) FROM written WHERE is_news"
)
_UPDATE = _UPDATE.replace("{is_news}", _IS_NEWS).replace("{written}", _WRITTEN.replace("{is_news}", "found.is_news"))
_OPEN = (
    "INSERT INTO action_message (kind, cause, item_id, warehouse_id, purchase_order_line_id, quantity, to_quantity, from_on, "
    "to_on, due_on, owner_id, first_run_id, last_run_id, opened_at) "
    "SELECT found.kind, found.cause, found.item_id, found.warehouse_id, found.purchase_order_line_id, found.quantity, "
    "found.to_quantity, found.from_on, found.to_on, found.due_on, planner.owner_id, :run, :run, :at "
    "FROM staged_message AS found JOIN item ON item.id = found.item_id "
    "LEFT JOIN (SELECT DISTINCT ON (named.planner) named.planner, person.id AS owner_id "
    "FROM (SELECT DISTINCT planner FROM item WHERE planner <> '') AS named "
    "JOIN app_user AS person ON person.is_active AND NOT person.is_vendor "
    "AND (lower(person.email) = lower(named.planner) OR person.name = named.planner) "
    "ORDER BY named.planner, lower(person.email) = lower(named.planner) DESC, person.id) AS planner "
    "ON planner.planner = item.planner "
    "WHERE NOT EXISTS (SELECT FROM action_message AS message WHERE message.cause = found.cause AND message.state = 'open') "
    "AND NOT EXISTS (SELECT FROM action_message AS dismissed WHERE dismissed.cause = found.cause "
    "AND dismissed.state = 'dismissed' AND {same} "
    "AND NOT EXISTS (SELECT FROM action_message AS later WHERE later.cause = found.cause AND later.id > dismissed.id)) "
    "ORDER BY found.due_on, found.kind, found.item_id, found.warehouse_id, found.purchase_order_line_id "
    "ON CONFLICT (cause) WHERE state = 'open' DO NOTHING"
).replace("{same}", _SAME.replace("{was}", "dismissed"))


@dataclass(frozen=True, slots=True)
class Synchronised:
    """What a run made of the book, in messages."""

    opened: int
    changed: int
    gone: int


def lock_book(session: Session) -> None:
    """Wait until nobody else writes many messages, and keep the book until the transaction ends."""
    session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def synchronise(session: Session, run: PlanningRun, fill: Callable[[], None], *, at: datetime) -> Synchronised:
    """Bring the book to what a run found: `fill` copies its messages into the table staged_message.

    A message of a new cause is opened, for the planner of its item; an open one takes over quantities and dates; an open one in
    the run's scope whose cause was not found is gone. What somebody dismissed stays closed until its quantity or date changes.
    A newer run of the same or a wider scope has the better knowledge: what an older one says after it is left out. Done
    twice, the second time changes nothing. A run of limited scope writes itself to every message that it saw; one of everything
    to those that it changed.
    """
    session.execute(text("DROP TABLE IF EXISTS staged_message"))
    session.execute(text(_STAGE))
    fill()
    lock_book(session)
    if any(_covers(newer.scope, run.scope) for newer in _newer_runs(session, run)):
        return Synchronised(0, 0, 0)
    days = run.scope.get("horizon_days")
    given: dict[str, Any] = {
        "run": run.id,
        "as_of": run.as_of,
        "at": at,
        "warehouses": run.scope.get("warehouses"),
        "groups": run.scope.get("groups"),
        "horizon": None if days is None else run.as_of + timedelta(days=days),
        "is_limited": any(run.scope.get(part) is not None for part in SCOPE),
    }

    def rows(statement: str) -> int:
        return int(getattr(session.execute(text(statement), given), "rowcount", 0))

    held, is_more = session.execute(text(_HOLD), given).one()
    gone = rows(_GONE) if held else 0
    changed = int(session.execute(text(_UPDATE), given).scalar_one()) if held else 0
    done = Synchronised(opened=rows(_OPEN) if is_more else 0, changed=changed, gone=gone)
    if done != Synchronised(0, 0, 0):
        told = {"run_id": run.id, "opened": done.opened, "changed": done.changed, "gone": done.gone}
        audit.note(session, ActionMessage.__tablename__, None, after=told)
    return done


def forget_line(session: Session, line_id: int, *, at: datetime) -> None:
    """An order line is about to be taken off its draft: what was asked about it is gone, and keeps its history without it."""
    about = select(ActionMessage).where(ActionMessage.purchase_order_line_id == line_id).order_by(col(ActionMessage.id))
    for message in session.exec(about.with_for_update()).all():
        message.purchase_order_line_id = None
        if message.state == MessageState.OPEN:
            message.state, message.closed_at = MESSAGE.after("vanish", MessageState.OPEN).value, at
        message.version += 1
        session.add(message)
    session.flush()


def _newer_runs(session: Session, run: PlanningRun) -> list[PlanningRun]:
    """Runs begun after this one that were done before it."""
    return list(
        session.exec(
            select(PlanningRun).where(
                col(PlanningRun.id) > run.id,
                PlanningRun.state == RunState.DONE.value,
                PlanningRun.origin != RunOrigin.SCENARIO.value,
            )
        )
    )


def _covers(wider: dict[str, Any], scope: dict[str, Any]) -> bool:
    """Whether a run of one scope looked at everything that one of another looks at."""

    def within(name: str) -> bool:
        return wider.get(name) is None or (scope.get(name) is not None and set(scope[name]) <= set(wider[name]))

    far, near = wider.get("horizon_days"), scope.get("horizon_days")
    return within("warehouses") and within("groups") and (far is None or (near is not None and near <= far))
