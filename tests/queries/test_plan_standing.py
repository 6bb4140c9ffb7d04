"""What a newer plan takes over of an older one, and what stands: by warehouse, by item group, by day (PLAN-10, PLAN-13)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

import pytest
from sqlalchemy.orm import aliased
from sqlmodel import Session, select

from buyside.db.items import Item
from buyside.db.plans import PlanLine, PlanningRun
from buyside.domain.access import Actor, Role
from buyside.queries.plan_standing import is_in_scope, is_whole_in_scope, superseded, taken_over_by
from tests.plan_world import ADraft, a_draft
from tests.world import TODAY, World

BUYER = Actor(user_id=None, name="buyer", roles=frozenset({Role.BUYER}))


@dataclass
class Older:
    """A plan of everything: steel in two warehouses, wood and what is in no group in one, on three days."""

    world: World
    draft: ADraft
    named: dict[str, PlanLine]
    ids: dict[str, int]

    def newer(self, *, days: int = 0, **columns: Any) -> PlanningRun:
        return a_draft(self.world, as_of=TODAY + timedelta(days=days), **columns).run

    def scope(self, **named: Any) -> dict[str, Any]:
        """A scope of names, as a run stores one."""
        return {
            key: [self.ids[each] for each in value] if isinstance(value, list) else value
            for key, value in named.items()
        }

    def gone(self) -> set[str]:
        found = superseded(self.world.session, run_id=self.draft.run.id)
        return {name for name, line in self.named.items() if line.id in found}


@pytest.fixture
def older(session: Session) -> Older:
    world = World(session)
    main, north = world.warehouse("Main"), world.warehouse("North")
    bar, plank, bell = world.item("Bar", group="STEEL"), world.item("Plank", group="WOOD"), world.item("Bell")
    draft = a_draft(world)
    places = {"bar": (bar, main, 10), "far bar": (bar, main, 60), "north bar": (bar, north, 10)}
    places |= {"plank": (plank, main, 30), "bell": (bell, main, 31)}
    named = {
        name: draft.line(item, place, None, 5, needed_on=TODAY + timedelta(days=days))
        for name, (item, place, days) in places.items()
    }
    ids = {"Main": main.id, "North": north.id, "STEEL": bar.group_id, "WOOD": plank.group_id}
    return Older(world, draft, named, ids)  # type: ignore[arg-type]


SCOPES: list[tuple[dict[str, Any], set[str]]] = [
    ({}, {"bar", "far bar", "north bar", "plank", "bell"}),
    ({"horizon_days": 30}, {"bar", "north bar", "plank"}),
    ({"horizon_days": 31}, {"bar", "north bar", "plank", "bell"}),
    ({"horizon_days": 0}, set()),
    ({"warehouses": ["North"]}, {"north bar"}),
    ({"groups": ["STEEL"]}, {"bar", "far bar", "north bar"}),
    ({"groups": ["STEEL", "WOOD"], "warehouses": ["Main"], "horizon_days": 30}, {"bar", "plank"}),
]


@pytest.mark.rule("PLAN-10")
@pytest.mark.rule("PLAN-13")
@pytest.mark.parametrize(("scope", "gone"), SCOPES)
def test_a_newer_plan_takes_over_what_its_scope_speaks_of_and_nothing_else(
    older: Older, scope: dict[str, Any], gone: set[str]
) -> None:
    assert older.gone() == set()
    newer = older.newer(scope=older.scope(**scope))
    assert older.gone() == gone
    told = taken_over_by(older.world.session, BUYER, run_id=older.draft.run.id)
    assert [(each.run_id, each.lines) for each in told] == ([(newer.id, len(gone))] if gone else [])


@pytest.mark.rule("PLAN-10")
def test_the_horizon_counts_from_the_newer_plans_day_and_from_the_day_that_was_suggested(older: Older) -> None:
    older.named["bar"].needed_on = TODAY + timedelta(days=99)  # the demand behind it is where it was
    older.world.add(older.named["bar"])
    older.newer(days=2, scope={"horizon_days": 28})
    assert older.gone() == {"bar", "north bar", "plank"}
    assert set(superseded(older.world.session, run_id=older.draft.run.id).values()) == {TODAY + timedelta(days=2)}


@pytest.mark.rule("PLAN-15")
@pytest.mark.parametrize("columns", [{"origin": "scenario"}, {"state": "failed"}, {"state": "running"}])
def test_what_is_no_plan_takes_nothing_over(older: Older, columns: dict[str, Any]) -> None:
    older.newer(**columns)
    assert older.gone() == set()


def test_of_several_plans_the_newest_counts_and_only_what_is_asked_for_is_answered(older: Older) -> None:
    older.newer(days=1)
    near = older.newer(days=2, scope={"horizon_days": 10})
    session, run_id = older.world.session, older.draft.run.id
    bar, bell = older.named["bar"].id, older.named["bell"].id
    assert superseded(session, run_id=run_id, line_ids=[bar, bell]) == {
        bar: TODAY + timedelta(days=2),
        bell: TODAY + timedelta(days=1),
    }
    assert [(each.run_id == near.id, each.lines) for each in taken_over_by(session, BUYER, run_id=run_id)] == [
        (True, 2),
        (False, 3),
    ]


def test_a_scope_that_holds_another_whole_holds_every_line_of_it(older: Older) -> None:
    """What a new plan takes over is sought in the plans that none since holds whole: none may be held by mistake."""
    session = older.world.session
    scopes = [older.scope(**scope) for scope, _ in SCOPES]
    runs = {older.newer(days=days, scope=scope).id: scope for scope in scopes for days in (0, 5)}
    one, other = cast("Any", aliased(PlanningRun)), cast("Any", aliased(PlanningRun))
    held = session.execute(
        select(one.id, other.id).join(other, is_whole_in_scope(one, other)).where(one.id.in_(runs))
    ).all()
    assert {(run, run) for run in runs} <= {tuple(each) for each in held}
    spoken_of = (
        select(one.id, PlanLine.id)
        .join(Item, Item.id == PlanLine.item_id)
        .join(one, is_in_scope(one, PlanLine, Item))
        .where(PlanLine.run_id == older.draft.run.id)
    )
    lines: dict[int, set[int]] = {}
    for run_id, line_id in session.execute(spoken_of):
        lines.setdefault(run_id, set()).add(line_id)
    for holder, inner in held:
        assert lines.get(inner, set()) <= lines.get(holder, set())
    assert len(held) > len(runs) * 2
