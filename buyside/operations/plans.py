"""Planning runs: begun, calculated, stored as a whole, cancelled (PLAN-10).

A run is a row that everybody sees while it is calculated. Its worker holds an advisory lock of the database as long as it
lives, so that a run whose worker died is recognised by the lock that is free again, and not by a guess at its age.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, insert, text
from sqlmodel import Session, col, select

from buyside.db.copy_in import copy_all
from buyside.db.items import ItemGroup
from buyside.db.plans import PlanLine, PlanningRun, PlanningRunInput
from buyside.db.stock import Warehouse
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.plans import RunOrigin, RunState
from buyside.domain.refusals import NotFound, Refused
from buyside.ledgers import audit, scenarios
from buyside.ledgers.action_messages import synchronise
from buyside.ledgers.plan_carry import carry_over
from buyside.queries.plan_carry import taken_over

if TYPE_CHECKING:  # the engine is loaded by the first run, not by whoever may start one
    from buyside.queries.plan_results import CalculatedRun

_LOCKS = 0x706C616E << 32  # our range of advisory locks; the low half is the run's id
LONGEST_HORIZON = 3_650
"""Days: ten years of demand; longer is as good as no horizon."""
# Of the transactions that wrote what runs read, and that ended before all that are going on: the last one stands for them all.
_FORGET = text(
    "DELETE FROM planning_input_write WHERE xid < (SELECT max(xid) FROM planning_input_write "
    "WHERE xid < CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS int8))"
)
_BEGINS_WITHIN = 60.0  # seconds from the start of a run to its worker's lock


class UnknownWarehouse(Refused):
    code, field = "plans.unknown-warehouse", "warehouse_codes"
    says = "There is no warehouse {codes}."


class UnknownGroup(Refused):
    code, field = "plans.unknown-group", "group_codes"
    says = "There is no item group {codes}."


class HorizonOutOfRange(Refused):
    code, field = "plans.horizon-out-of-range", "horizon_days"
    says = "A horizon is 0 to {most} days."


class NotRunning(Refused):
    code = "plans.not-running"
    says = "This planning run is {state} already."


class RunCancelled(Refused):
    code = "plans.run-cancelled"
    says = "The planning run was cancelled. Nothing of it was stored."


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run that waits for its worker."""

    run_id: int


@dataclass(frozen=True, slots=True)
class RunDone:
    """A stored run, in numbers of rows; `pegs` is None where the run is so large that pegs are divided on demand."""

    run_id: int
    requirements: int
    shortages: int
    plan_lines: int
    late_lines: int
    without_vendor: int
    pegs: int | None
    unmapped: int
    result_sha256: str
    carried: int = 0
    """Locked lines of the plan before that go on in this one."""


@dataclass(frozen=True, slots=True)
class RunEnded:
    """A run that will not become a plan."""

    run_id: int
    state: str


@needs(Permission.PLAN_RUN)
def start_run(
    session: Session,
    actor: Actor,
    *,
    as_of: date,
    warehouse_codes: tuple[str, ...] | None = None,
    group_codes: tuple[str, ...] | None = None,
    horizon_days: int | None = None,
    origin: RunOrigin = RunOrigin.PERSON,
    at: datetime,
) -> RunStarted:
    """Open a planning run as of a day, for all warehouses or some. `run_plan` calculates it.

    `group_codes` limits what it reports to items of some item groups; `horizon_days` leaves out demand needed more days
    after that day. Runs whose worker died are marked failed on the way, and old marks of what was written are forgotten.
    Refuses: UnknownWarehouse, UnknownGroup, HorizonOutOfRange.
    """
    _bury_dead_runs(session, at)
    session.execute(_FORGET)
    scope: dict[str, Any] = {}
    if warehouse_codes is not None:
        found = session.exec(select(Warehouse).where(col(Warehouse.code).in_(warehouse_codes))).all()
        if missing := sorted(set(warehouse_codes) - {each.code for each in found}):
            raise UnknownWarehouse(codes=", ".join(missing))
        scope |= {"warehouses": sorted(each.id for each in found), "codes": sorted(each.code for each in found)}
    if group_codes is not None:
        groups = session.exec(select(ItemGroup).where(col(ItemGroup.code).in_(group_codes))).all()
        if missing := sorted(set(group_codes) - {each.code for each in groups}):
            raise UnknownGroup(codes=", ".join(missing))
        scope |= {"groups": sorted(each.id for each in groups), "group_codes": sorted(each.code for each in groups)}
    if horizon_days is not None:
        if not 0 <= horizon_days <= LONGEST_HORIZON:
            raise HorizonOutOfRange(most=LONGEST_HORIZON)
        scope |= {"horizon_days": horizon_days}
    run = PlanningRun(
        as_of=as_of,
        scope=scope,
        state=RunState.RUNNING.value,
        step="waiting",
        counts={},
        started_at=at,
        user_id=actor.user_id,
        origin=RunOrigin(origin).value,
    )
    session.add(run)
    session.flush()
    return RunStarted(run.id)


@needs(Permission.PLAN_RUN)
def run_plan(session: Session, actor: Actor, *, run_id: int, on_step: Callable[[str], None] | None = None) -> RunDone:
    """Calculate a run that was started, and store all of it or nothing. What is locked in the plan before goes on in it.

    Everybody sees its step meanwhile (read, cover, explode, net, choose, peg, prepare, store), and `on_step` hears it. A run
    that is cancelled stops before its next step. What goes wrong is written to the run.
    Refuses: NotFound, NotRunning, RunCancelled, BomInCircle, NumbersTooLarge.
    """
    run = session.get(PlanningRun, run_id)
    if run is None:
        raise NotFound(kind="planning run")
    from buyside.queries.plan_results import calculate

    with _worker(session, run_id) as keeper:

        def step(name: str) -> None:
            if on_step is not None:
                on_step(name)
            _say(keeper, run_id, name)

        try:
            found = calculate(session, actor, run_id=run_id, on_step=step)
            step("store")
            return _store(session, run_id, found)
        except (RunCancelled, NotRunning):
            raise
        except BaseException as problem:
            session.rollback()  # lets go of the run's row, so that the keeper can write to it
            told = str(problem) if isinstance(problem, Refused) else f"{type(problem).__name__}"
            _fail(keeper, actor, run_id, told)
            raise


@needs(Permission.PLAN_RUN)
def cancel_run(session: Session, actor: Actor, *, run_id: int, at: datetime) -> RunEnded:
    """Stop a run that is being calculated, before its next step. Refuses: NotFound, NotRunning."""
    run = _lock_run(session, run_id)
    if run.state != RunState.RUNNING:
        raise NotRunning(state=run.state)
    run.state, run.finished_at = RunState.CANCELLED.value, at
    session.add(run)
    return RunEnded(run.id, run.state)


def _lock_run(session: Session, run_id: int) -> PlanningRun:
    run = session.exec(
        select(PlanningRun).where(PlanningRun.id == run_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if run is None:
        raise NotFound(kind="planning run")
    return run


@contextmanager
def _worker(session: Session, run_id: int) -> Iterator[Connection]:
    """The connection that shows how far a run is, and by its lock that the run's worker lives. Refuses: NotRunning."""
    bind = session.get_bind()
    engine = bind if isinstance(bind, Engine) else bind.engine
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as keeper:
        taken = keeper.execute(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _LOCKS + run_id}).scalar_one()
        if not taken:
            raise NotRunning(state="being calculated by somebody else")
        try:
            # A step is seen at once, and worth no wait for the disk.
            keeper.execute(text("SET synchronous_commit = off"))
            state = keeper.execute(text("SELECT state FROM planning_run WHERE id = :run"), {"run": run_id}).scalar_one()
            if state != RunState.RUNNING:
                raise NotRunning(state=state)
            yield keeper
        finally:
            keeper.execute(text("RESET synchronous_commit"))
            keeper.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCKS + run_id})


def _say(keeper: Connection, run_id: int, step: str) -> None:
    """Show a step to everybody. Refuses: RunCancelled."""
    running = keeper.execute(
        text("UPDATE planning_run SET step = :step WHERE id = :run AND state = 'running' RETURNING id"),
        {"step": step, "run": run_id},
    ).first()
    if running is None:
        raise RunCancelled


def _fail(keeper: Connection, actor: Actor, run_id: int, problem: str) -> None:
    """Write to the run, and to the audit trail, that it failed; in one statement, as the keeper commits each by itself."""
    keeper.execute(text("RESET synchronous_commit"))
    keeper.execute(
        text(
            "WITH failed AS (UPDATE planning_run SET state = 'failed', problem = :problem, finished_at = :at "
            "WHERE id = :run AND state = 'running' RETURNING id), "
            "told AS (INSERT INTO audit_event (at, user_id, actor_name, operation, changes) "
            "SELECT :at, :user, :name, 'run_plan', jsonb_build_array(jsonb_build_object('kind', 'planning_run', 'id', id, "
            "'before', jsonb_build_object('state', 'running'), "
            "'after', jsonb_build_object('state', 'failed', 'problem', CAST(:problem AS text)))) FROM failed RETURNING id) "
            "INSERT INTO audit_subject (event_id, kind, record_id) SELECT id, 'planning_run', :run FROM told"
        ),
        {
            "problem": problem,
            "at": datetime.now(UTC),
            "run": run_id,
            "user": actor.user_id,
            "name": actor.name,
        },
    )


def _bury_dead_runs(session: Session, at: datetime) -> None:
    """Mark runs failed whose worker is gone: begun some time ago, and nobody holds their lock."""
    running = session.exec(
        select(PlanningRun)
        .where(PlanningRun.state == RunState.RUNNING.value)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    for run in running:
        if (at - run.started_at).total_seconds() < _BEGINS_WITHIN and run.step == "waiting":
            continue
        free = session.execute(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": _LOCKS + run.id}).scalar_one()
        if free:
            run.state, run.finished_at = RunState.FAILED.value, at
            run.problem = "The run ended without a result: its process stopped."
            session.add(run)


def _store(session: Session, run_id: int, found: "CalculatedRun") -> RunDone:
    run = _lock_run(session, run_id)
    if run.state != RunState.RUNNING:
        raise RunCancelled
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="beside") as beside:
        # What the database does not wait for is made while it takes the rows in.
        saying = None if found.messages is None else beside.submit(found.messages)
        keeping, sealing = beside.submit(found.keep), beside.submit(found.seal)
        copy_all(session, found.streams)
        audit.note(session, PlanLine.__tablename__, None, after={"run_id": run_id, "lines": found.counts["plan_lines"]})
        taken = taken_over(session, run)
        carried = carry_over(session, run_id, taken.lines, taken.lowered)
        session.execute(
            insert(PlanningRunInput),
            [
                {"run_id": run_id, "name": name, "row_count": rows, "content": kept}
                for name, rows, kept in keeping.result()
            ],
        )
        finished_at = datetime.now(UTC)
        if saying is not None:
            messages = saying.result()
            synchronise(session, run, lambda: copy_all(session, [messages]), at=finished_at)
        sha256 = sealing.result()
    run.follows_run_id = taken.follows_run_id
    run.state, run.step, run.finished_at = RunState.DONE.value, "", finished_at
    run.counts, run.result_sha256 = found.counts | {"carried": carried}, sha256
    session.add(run)
    session.flush()
    scenarios.take_over(session, run)
    counts = found.counts
    return RunDone(
        run_id=run_id,
        requirements=counts["requirements"],
        shortages=counts["shortages"],
        plan_lines=counts["plan_lines"],
        late_lines=counts["late_lines"],
        without_vendor=counts["without_vendor"],
        pegs=counts["pegs"],
        unmapped=counts["unmapped"] + counts["contradictions"],
        result_sha256=sha256.hex(),
        carried=carried,
    )
