"""The order of a plan line and the run that saw a message last are there, whoever writes them, and stay."""

from dataclasses import dataclass
from decimal import Decimal

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from buyside.db.plans import ActionMessage, PlanLine, PlanningRun
from tests.conftest import Database
from tests.world import NOW, TODAY, World

NOTHING = 987_654_321
KEYS = [
    pytest.param("plan_line", "purchase_order_line_id", marks=pytest.mark.rule("PLAN-12"), id="plan_line"),
    pytest.param("action_message", "last_run_id", marks=pytest.mark.rule("PLAN-16"), id="action_message"),
]
TARGETS = {"plan_line": "purchase_order_line", "action_message": "planning_run"}


@dataclass(frozen=True)
class Story:
    """By table: the row that refers, what it refers to, and what nothing refers to."""

    rows: dict[str, int]
    used: dict[str, int]
    free: dict[str, int]


def _told(world: World) -> Story:
    main, bolt, acme = world.warehouse(), world.item(), world.vendor()
    mapped = acme.supplies(bolt)
    ordered = [world.order(mapped, main, (bolt, 3))[1][0] for _ in range(2)]
    runs = [
        world.add(PlanningRun(as_of=TODAY, scope={}, state="done", counts={}, started_at=NOW, finished_at=NOW))
        for _ in range(3)
    ]
    given = dict.fromkeys(("suggested_quantity_packs", "quantity_packs", "shortage"), Decimal(3))
    line = PlanLine(
        run_id=runs[0].id, item_id=bolt.id, warehouse_id=main.id, unit_id=bolt.unit_id, needed_on=TODAY, order_by=TODAY,
        suggested_needed_on=TODAY, state="converted", purchase_order_line_id=ordered[0].id, **given,
    )  # fmt: skip
    message = ActionMessage(
        kind="order", cause=f"order/{bolt.id}/{main.id}", item_id=bolt.id, warehouse_id=main.id, quantity=Decimal(3),
        due_on=TODAY, first_run_id=runs[0].id, last_run_id=runs[1].id, opened_at=NOW,
    )  # fmt: skip
    return Story(
        {"plan_line": world.add(line).id, "action_message": world.add(message).id},
        {"plan_line": ordered[0].id, "action_message": runs[1].id},
        {"plan_line": ordered[1].id, "action_message": runs[2].id},
    )


@pytest.fixture
def story(session: Session) -> Story:
    return _told(World(session))


def _refused(error: IntegrityError) -> str | None:
    assert isinstance(error.orig, psycopg.errors.ForeignKeyViolation)
    return error.orig.diag.constraint_name


@pytest.mark.parametrize(("table", "column"), KEYS)
def test_a_reference_changes_to_what_is_there_and_to_nothing_else(
    session: Session, story: Story, table: str, column: str
) -> None:
    change = text(f"UPDATE {table} SET {column} = :value WHERE id = :id RETURNING 1")
    assert session.execute(change, {"value": story.free[table], "id": story.rows[table]}).scalar_one() == 1
    with pytest.raises(IntegrityError) as refused:
        session.execute(change, {"value": NOTHING, "id": story.rows[table]})
    assert _refused(refused.value) == f"{table}_{column}_fkey"


@pytest.mark.parametrize(("table", "column"), KEYS)
def test_a_row_that_comes_with_a_reference_to_nothing_is_refused(
    session: Session, story: Story, table: str, column: str
) -> None:
    again = text(
        f"INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, to_jsonb(kept) || jsonb_build_object("
        f"'id', kept.id + 1000000, 'cause', 'another', '{column}', CAST(:value AS int8)))).* FROM {table} AS kept "
        "WHERE id = :id RETURNING id"
    )
    made = session.execute(again, {"value": story.free[table], "id": story.rows[table]}).scalar_one()
    session.execute(text(f"DELETE FROM {table} WHERE id = :id"), {"id": made})
    with pytest.raises(IntegrityError) as refused:
        session.execute(again, {"value": NOTHING, "id": story.rows[table]})
    assert _refused(refused.value) == f"{table}_{column}_fkey"


@pytest.mark.parametrize(("table", "column"), KEYS)
def test_what_is_referred_to_stays_and_what_is_not_goes(
    session: Session, story: Story, table: str, column: str
) -> None:
    gone = text(f"DELETE FROM {TARGETS[table]} WHERE id = :id RETURNING 1")
    assert session.execute(gone, {"id": story.free[table]}).scalar_one() == 1
    with pytest.raises(IntegrityError) as refused:
        session.execute(gone, {"id": story.used[table]})
    assert _refused(refused.value) == f"{table}_{column}_fkey"


def test_a_decision_that_changes_no_reference_asks_for_none(database: Database) -> None:
    """Who holds a run or an order line keeps nobody from what leaves the reference to it alone."""
    with World.open() as world:
        story = _told(world)
    with psycopg.connect(database.app_url) as one, psycopg.connect(database.app_url) as two:
        two.execute("SET lock_timeout = '2s'")
        for table, target in TARGETS.items():
            one.execute(f"SELECT FROM {target} WHERE id = %s FOR UPDATE", (story.used[table],))
            done = two.execute(f"UPDATE {table} SET version = version + 1 WHERE id = %s", (story.rows[table],))
            assert done.rowcount == 1
