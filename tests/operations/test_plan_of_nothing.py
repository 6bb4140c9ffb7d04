"""A plan before there is anything to plan."""

from buyside.domain.access import OPERATOR
from buyside.operations.plans import run_plan, start_run
from buyside.operations.run import perform
from tests.world import NOW, TODAY, World


def test_a_company_that_has_nothing_yet_gets_an_empty_plan(database: object) -> None:
    with World.open() as world:
        world.warehouse("East")
        world.warehouse("West")
    started = perform(start_run, OPERATOR, as_of=TODAY, at=NOW)
    done = perform(run_plan, OPERATOR, run_id=started.run_id)
    assert (done.requirements, done.plan_lines, done.unmapped) == (0, 0, 0)
