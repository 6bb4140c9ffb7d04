"""A plan line tells in the reader's words and numbers why it orders so much, by such a day and at such a price."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from buyside.db import engine
from buyside.db.items import Item
from buyside.domain.access import Actor, Role
from buyside.domain.drift import drift_kept, drift_shown
from buyside.domain.locales import shown_date
from buyside.operations.plan_lines import change_plan_line
from buyside.operations.plans import run_plan, start_run
from buyside.operations.run import perform
from buyside.queries.plan_explanations import PlanLineDetail, plan_line_detail
from buyside.queries.plan_line_marks import LineMarks, line_marks
from buyside.queries.read import ask
from buyside.state.plan_reasons import in_locale, lot_in_words, order_day_in_words, price_in_words
from tests.conftest import Database
from tests.world import NOW, TODAY, World

BUYER = Actor(user_id=None, name="buyer", roles=frozenset({Role.BUYER}))
NEEDED = TODAY + timedelta(days=40)
GERMAN = "de_DE"


def planned(world: World, item: Item) -> tuple[PlanLineDetail, LineMarks]:
    """The first line of a plan for an item."""
    item_id = item.id
    world.session.commit()
    started = perform(start_run, BUYER, as_of=TODAY, at=NOW)
    perform(run_plan, BUYER, run_id=started.run_id)
    with engine.sessions()() as session:
        line_id = session.execute(
            text("SELECT min(id) FROM plan_line WHERE run_id = :run AND item_id = :item"),
            {"run": started.run_id, "item": item_id},
        ).scalar_one()
    return ask(plan_line_detail, BUYER, line_id=line_id), ask(line_marks, BUYER, line_id=line_id)


@pytest.mark.parametrize(
    ("kept", "read"),
    [
        ("Split by share: 33.5 % of 29.245 m.", "Split by share: 33,5 % of 29,245 m."),
        ("Contract 2026.5 first: 1200.25 EUR and 3.5 box left after it.", "Contract 2026.5 first: 1.200,25 EUR and 3,5 box left after it."),
        ("Contract C-1.5 first: 12 box left after it.", "Contract C-1.5 first: 12 box left after it."),
        ("The only vendor for it.", "The only vendor for it."),
    ],
)  # fmt: skip
def test_amounts_of_a_kept_reason_are_read_in_the_readers_numbers(kept: str, read: str) -> None:
    assert in_locale(kept, GERMAN) == read


@pytest.mark.rule("PLAN-12")
def test_what_moved_is_read_in_the_readers_numbers() -> None:
    kept = drift_kept(Decimal("1234.5000"), Decimal(-3), Decimal(0))
    assert kept == "Demand +1234.5, on hand -3"
    assert drift_shown(kept, "pcs", GERMAN) == "Demand +1.234,5 pcs, on hand -3 pcs"
    nothing = drift_kept(Decimal(0), Decimal(0), Decimal(0))
    assert drift_shown(nothing, "pcs", GERMAN) == nothing == "Dates moved"


@pytest.mark.rule("PLAN-14", "PLAN-8")
def test_what_is_ordered_together_for_a_period_says_until_when_and_in_whose_numbers(database: Database) -> None:
    with World.open() as world:
        tube = world.item("Tube", unit=world.unit("m", digits=3), lot_policy="period", period_days=14)
        bar = world.unit("bar6")
        world.vendor("Acme").supplies(tube, pack=6, unit=bar, minimum=2, multiple=2)
        bike, main = world.variant("Bike"), world.warehouse("Main")
        world.bom(bike, tube, Decimal("1.5"))
        world.sales_order(main, (bike, 5, NEEDED), (bike, 6, NEEDED + timedelta(days=13)))
        world.sales_order(main, (bike, 1, NEEDED + timedelta(days=90)))
        line, _ = planned(world, tube)
    last = shown_date(NEEDED + timedelta(days=13), GERMAN)
    assert lot_in_words(line, GERMAN) == (
        f"Short of 16,5 m: what is short until {last} is ordered together, as the item says (14 days); "
        "1 bar6 holds 6 m; at least 2 bar6; in multiples of 2 bar6; so 4 bar6, which is 24 m."
    )


@pytest.mark.rule("PLAN-14", "PLAN-8")
@pytest.mark.parametrize(
    ("needed", "minimum", "multiple", "told"),
    [
        (3, 2, 1, "at least 2 pcs; so 3 pcs."),
        (1, 2, 1, "at least 2 pcs; so 2 pcs."),
        (8, 10, 4, "at least 10 pcs; in multiples of 4 pcs; so 12 pcs."),
        (7, 2, 4, "at least 2 pcs; in multiples of 4 pcs; so 8 pcs."),
    ],
)
def test_a_multiple_is_a_reason_only_where_it_rounds_up(
    database: Database, needed: int, minimum: int, multiple: int, told: str
) -> None:
    with World.open() as world:
        bolt, bike, main = world.item("Bolt"), world.variant("Bike"), world.warehouse("Main")
        world.vendor("Acme").supplies(bolt, minimum=minimum, multiple=multiple)
        world.bom(bike, bolt)
        world.sales_order(main, (bike, needed, NEEDED))
        line, _ = planned(world, bolt)
    assert lot_in_words(line, GERMAN) == f"Short of {needed} pcs; {told}"


@pytest.mark.rule("PLAN-14", "PLAN-9")
def test_an_order_day_is_told_by_its_days_and_a_price_by_its_break(database: Database) -> None:
    with World.open() as world:
        bolt = world.item("Bolt", goods_in_days=1)
        day_before = (NEEDED - timedelta(days=9)).strftime("%a").lower()
        world.vendor("Acme", order_weekdays=day_before).supplies(
            bolt, price="2.50", breaks={10: "2.25", 100: "2"}, lead_days=7
        )
        bike, main = world.variant("Bike"), world.warehouse("Main")
        world.bom(bike, bolt)
        world.sales_order(main, (bike, 12, NEEDED))
        line, marks = planned(world, bolt)
    needed, latest, order_by = (shown_date(NEEDED - timedelta(days=each), GERMAN) for each in (0, 8, 9))
    assert order_day_in_words(line, GERMAN) == (
        f"Needed {needed}, less 7 days of delivery and 1 day of goods-in: {latest}. "
        f"The vendor's last order day until then is {order_by}."
    )
    assert price_in_words(line, marks, GERMAN) == (
        "The price is the vendor's list price from 10 pcs on: 12 pcs at 2,25 EUR."
    )
    assert lot_in_words(line, GERMAN) == "Short of 12 pcs; so 12 pcs."
    perform(change_plan_line, BUYER, line_id=line.line_id, version=line.version, unit_price=Decimal("1.9"))
    decided = ask(plan_line_detail, BUYER, line_id=line.line_id)
    assert price_in_words(decided, marks, GERMAN) == "The price was decided in this plan."
