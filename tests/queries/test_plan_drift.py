"""What moved since a run is found again only after something that runs read was written (PLAN-12)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl
import psycopg
import pytest
from sqlalchemy import text
from sqlmodel import Session

from buyside.db.engine import app_url, owner_url, sessions
from buyside.domain.access import Actor, Role
from buyside.operations.plan_lines import mark_drift
from buyside.operations.plans import run_plan, start_run
from buyside.operations.run import perform
from buyside.planning.frames import Frame
from buyside.queries import plan_drift, planning
from buyside.queries.arrow_reader import ArrowReader
from buyside.queries.plan_drift import drifted
from buyside.queries.read import ask
from tests.conftest import Database
from tests.world import NOW, TODAY, World

BUYER = Actor(user_id=None, name="buyer", roles=frozenset({Role.BUYER}))
EVERY_EVENT = 4 | 8 | 16 | 32
"""Insert, delete, update and truncate, as pg_trigger has them."""
MORE = "UPDATE sales_order_line SET quantity = quantity + 1 WHERE id = %s"


@dataclass
class Shop:
    """A run of one warehouse, and how often its inputs were read since."""

    run_id: int
    bolt: int
    lines: tuple[int, int]
    read: int = 0

    def moved(self) -> list[tuple[int, int]]:
        """Items that moved, and by how much demand."""
        return [(each.item_id, int(each.demand)) for each in ask(drifted, BUYER, run_id=self.run_id)]


@pytest.fixture
def shop(database: Database, monkeypatch: pytest.MonkeyPatch) -> Shop:
    with World.open() as world:
        world.organisation()
        main, bolt, bike = world.warehouse(), world.item(), world.variant()
        world.vendor().supplies(bolt, price="1.00", lead_days=7)
        world.bom(bike, bolt, 1)
        _, lines = world.sales_order(main, (bike, 10, TODAY), (bike, 5, TODAY))
        code, made = main.code, Shop(0, bolt.id, (lines[0].id, lines[1].id))
    made.run_id = perform(start_run, BUYER, as_of=TODAY, warehouse_codes=(code,), at=NOW).run_id
    perform(run_plan, BUYER, run_id=made.run_id)
    read_inputs = planning.read_inputs

    def counted(*given: Any, **named: Any) -> Any:
        made.read += 1
        return read_inputs(*given, **named)

    monkeypatch.setattr(plan_drift, "read_inputs", counted)
    return made


def written(change: Callable[[Session], object]) -> None:
    with sessions()() as session, session.begin():
        change(session)


@pytest.mark.rule("PLAN-12")
def test_inputs_are_read_once_until_one_is_written(shop: Shop) -> None:
    assert (shop.moved(), shop.moved(), shop.read) == ([], [], 1)
    written(
        lambda session: session.execute(
            text("UPDATE plan_line SET left_out_reason = 'x' WHERE run_id = :run"), {"run": shop.run_id}
        )
    )
    perform(start_run, BUYER, as_of=TODAY, at=NOW)
    assert (shop.moved(), shop.read) == ([], 1), "neither decisions nor runs are inputs"
    written(lambda session: session.execute(text(MORE.replace("%s", ":line")), {"line": shop.lines[0]}))
    assert (shop.moved(), shop.moved(), shop.read) == ([(shop.bolt, 1)], [(shop.bolt, 1)], 2)
    assert perform(mark_drift, BUYER, run_id=shop.run_id).marked == 1
    assert (perform(mark_drift, BUYER, run_id=shop.run_id).marked, shop.read) == (1, 2)


@pytest.mark.rule("PLAN-12")
def test_what_began_before_and_ends_after_the_inputs_were_read_counts(shop: Shop) -> None:
    """Transactions end in another order than they begin: the highest number that was seen tells nothing of lower ones."""
    with psycopg.connect(app_url()) as early, psycopg.connect(app_url()) as late:
        early.execute(MORE, [shop.lines[0]])
        late.execute(MORE, [shop.lines[1]])
        late.commit()
        assert (shop.moved(), shop.moved(), shop.read) == ([(shop.bolt, 1)], [(shop.bolt, 1)], 1)
        early.commit()
    assert (shop.moved(), shop.read) == ([(shop.bolt, 2)], 2)


@pytest.mark.rule("PLAN-12")
def test_what_is_taken_back_is_no_change_and_what_follows_in_the_same_transaction_is(shop: Shop) -> None:
    assert shop.moved() == []
    with psycopg.connect(app_url()) as writer:
        writer.execute(MORE, [shop.lines[0]])
        writer.rollback()
        assert (shop.moved(), shop.read) == ([], 1)
        writer.execute("SAVEPOINT before")
        writer.execute(MORE, [shop.lines[0]])
        writer.execute("ROLLBACK TO before")
        writer.execute(MORE, [shop.lines[1]])
        writer.execute(MORE, [shop.lines[1]])
        writer.commit()
    assert (shop.moved(), shop.read) == ([(shop.bolt, 2)], 2)


@pytest.mark.rule("PLAN-12")
def test_what_is_forgotten_is_not_taken_for_what_never_was(shop: Shop) -> None:
    with psycopg.connect(app_url()) as early, psycopg.connect(app_url()) as late:
        early.execute(MORE, [shop.lines[0]])
        late.execute(MORE, [shop.lines[1]])
        late.commit()
        assert shop.moved() == [(shop.bolt, 1)]
        early.commit()
    perform(start_run, BUYER, as_of=TODAY, at=NOW)
    with psycopg.connect(owner_url()) as owner:
        assert owner.execute("SELECT count(*) FROM planning_input_write").fetchone() == (1,)
    assert (shop.moved(), shop.read) == ([(shop.bolt, 2)], 2)
    perform(start_run, BUYER, as_of=TODAY, at=NOW)
    assert (shop.moved(), shop.read) == ([(shop.bolt, 2)], 2), "what is current stays known"


@pytest.mark.rule("PLAN-12")
def test_every_table_that_a_run_reads_tells_that_it_was_written(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [each.replace("{run}", "1") for each in (plan_drift._OWN_LINES, plan_drift._OWN_RECEIPTS)]
    frame = ArrowReader.frame

    def noted(reader: ArrowReader, select: str, schema: Frame | None = None) -> pl.DataFrame:
        asked.append(select)
        return frame(reader, select, schema)

    monkeypatch.setattr(ArrowReader, "frame", noted)
    ask(planning.planning_inputs, BUYER)
    with psycopg.connect(owner_url()) as owner:
        owner.execute("SET enable_indexonlyscan = off")
        read = {
            name for select in asked for name in _relations(owner.execute(f"EXPLAIN (FORMAT JSON) {select}").fetchone())
        }
        events = owner.execute(
            "SELECT tgrelid::regclass::text, bit_or(tgtype) FROM pg_trigger "
            "WHERE tgfoid = 'planning_input_was_written'::regproc GROUP BY 1"
        ).fetchall()
    told = {table for table, types in events if types & EVERY_EVENT == EVERY_EVENT}
    assert len(read) > 20
    assert read <= told


def _relations(plan: Any) -> Iterator[str]:
    """The tables that a plan of the database reads."""
    if isinstance(plan, dict):
        if "Relation Name" in plan:
            yield plan["Relation Name"]
        plan = list(plan.values())
    if isinstance(plan, list | tuple):
        for each in plan:
            yield from _relations(each)
