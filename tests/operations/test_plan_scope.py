"""A run limited to item groups and to a horizon: what it stores, and what is said of it afterwards."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import select

from buyside.db.engine import sessions
from buyside.db.plans import PlanLine, PlanningPeg, PlanningRequirement, PlanningRun
from buyside.domain.access import Actor, Role
from buyside.domain.refusals import Refused
from buyside.operations.plans import run_plan, start_run
from buyside.operations.run import perform
from buyside.queries.plan_drift import drifted
from buyside.queries.plan_pegs import pegs_of_items
from buyside.queries.read import ask
from tests.statements import statements
from tests.world import NOW, TODAY, World

BUYER = Actor(user_id=None, name="buyer", roles=frozenset({Role.BUYER}))
NEAR, FAR = TODAY + timedelta(days=10), TODAY + timedelta(days=90)


@dataclass(frozen=True)
class Shop:
    place: str
    frame: int
    gem: int
    gems: str
    near: int
    far: int

    def run(self, **scope: Any) -> int:
        within = {"warehouse_codes": (self.place,)} | scope
        started = perform(start_run, BUYER, as_of=TODAY, at=NOW, **within).run_id
        perform(run_plan, BUYER, run_id=started)
        return started

    def stored(self, run: int) -> dict[int, list[tuple[Any, Decimal, Decimal]]]:
        with sessions()() as session:
            rows = session.exec(select(PlanningRequirement).where(PlanningRequirement.run_id == run)).all()
            found: dict[int, list[tuple[Any, Decimal, Decimal]]] = {}
            for row in sorted(rows, key=lambda each: each.on_date):
                found.setdefault(row.item_id, []).append((row.on_date, row.gross, row.to_order))
            return found


@pytest.fixture
def shop(database: object) -> Shop:
    """A bike of a frame and two gems; three are wanted soon, five later. Two frames are on order, later still."""
    with World.open() as world:
        main = world.warehouse()
        gems = f"GEMS-{main.id}"
        frame, gem = world.item("Frame", group="FRAMES"), world.item("Gem", group=gems)
        bike = world.variant("Bike")
        world.bom(bike, frame)
        world.bom(bike, gem, 2)
        acme = world.vendor("Acme").supplies(frame).supplies(gem)
        world.order(acme, main, (frame, 2), issued=True, expected_on=FAR + timedelta(days=30))
        _, (near, far) = world.sales_order(main, (bike, 3, NEAR), (bike, 5, FAR))
        return Shop(main.code, frame.id, gem.id, gems, near.id, far.id)


def sell(line: int, quantity: int) -> None:
    with World.open() as world:
        world.session.execute(
            text("UPDATE sales_order_line SET quantity = :quantity WHERE id = :line"),
            {"line": line, "quantity": quantity},
        )


@pytest.mark.rule("PLAN-10")
@pytest.mark.rule("PLAN-16")
def test_a_horizon_leaves_later_demand_out_and_later_supply_in(shop: Shop) -> None:
    near = shop.stored(shop.run(horizon_days=30))
    assert [row for row in near[shop.frame] if row[1]] == [(NEAR, 3, 1)], "two come late, and are not ordered again"
    assert near[shop.gem] == [(NEAR, 6, 6)]
    whole = shop.stored(shop.run())
    assert [row for row in whole[shop.frame] if row[1]] == [(NEAR, 3, 1), (FAR, 5, 5)]


@pytest.mark.rule("PLAN-10")
def test_a_run_for_some_groups_stores_what_concerns_their_items(shop: Shop) -> None:
    run = shop.run(group_codes=(shop.gems,), horizon_days=365)
    with sessions()() as session:
        scope = session.get_one(PlanningRun, run).scope
        lines = session.exec(select(PlanLine.item_id).where(PlanLine.run_id == run)).all()
        pegs = session.exec(select(PlanningPeg.item_id).where(PlanningPeg.run_id == run)).all()
    assert (scope["group_codes"], scope["horizon_days"]) == ([shop.gems], 365)
    assert set(shop.stored(run)) == set(lines) == set(pegs) == {shop.gem}


@pytest.mark.rule("PLAN-12")
def test_drift_and_pegs_keep_to_the_scope_of_their_run(shop: Shop) -> None:
    run = shop.run(group_codes=(shop.gems,), horizon_days=30)
    sell(shop.far, 9)
    assert ask(drifted, BUYER, run_id=run) == [], "what moved lies behind the horizon"
    sell(shop.near, 4)
    assert [(each.item_id, each.demand) for each in ask(drifted, BUYER, run_id=run)] == [(shop.gem, 2)]
    with sessions()() as session:
        stored = pegs_of_items(session, run, [shop.frame, shop.gem])
        session.get_one(PlanningRun, run).counts = {"pegs": None}
        with session.no_autoflush:
            again = pegs_of_items(session, run, [shop.frame, shop.gem])
            with statements(session) as sent:
                of_one = pegs_of_items(session, run, [shop.gem])
    assert [(each.item_id, each.quantity) for each in stored] == [(shop.gem, 6)]
    assert again == stored, "divided anew within the same scope"
    assert (of_one, sent) == (stored, []), "what no item changes is kept"


@pytest.mark.parametrize(
    ("scope", "code"),
    [
        ({"group_codes": ("NONE",)}, "plans.unknown-group"),
        ({"warehouse_codes": ("NONE",)}, "plans.unknown-warehouse"),
        ({"horizon_days": -1}, "plans.horizon-out-of-range"),
        ({"horizon_days": 99_999}, "plans.horizon-out-of-range"),
    ],
)
def test_a_scope_that_is_none_is_refused(shop: Shop, scope: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refused:
        shop.run(**scope)
    assert refused.value.code == code
