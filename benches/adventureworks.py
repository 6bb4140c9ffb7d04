"""Planning the bicycle maker's open demand, against the slow, obvious calculation that tests trust.

`python -m benches.adventureworks [--rounds 3]` imports the tables on a server of its own. Both plan the same inputs, turn by
turn, and must find the same plan. The plain calculation knows every rule that planning knows, in exact fractions and plain
loops, and nothing of speed: how much less than it planning takes is what its arrays and compiled loops are for.
"""

from datetime import UTC, date, datetime
from decimal import Decimal

from benches.ground import (  # first: it turns the settings
    ADVENTUREWORKS,
    RUN,
    Ratio,
    fresh_database,
    options,
    tell,
    timed,
)
from buyside.db import engine, ready
from buyside.domain.access import OPERATOR
from buyside.integrations.adventureworks.factors import Factors
from buyside.integrations.adventureworks.pack import write_pack
from buyside.operations.packs import import_pack
from buyside.operations.plans import run_plan, start_run
from buyside.operations.run import perform
from buyside.planning.run import PlanResults, plan
from buyside.queries import planning
from buyside.queries.read import ask
from tests.oracles import PlanningAnswer, planned
from tests.properties.planning_worlds import world_from
from tests.properties.test_planning_against_oracle import found

AS_OF = date(2014, 5, 1)
AT = datetime(2014, 5, 1, 8, tzinfo=UTC)


def main() -> None:
    """Measure, and print ratios; without the tables, say so."""
    given = options("Planning AdventureWorks, against the plain calculation of the tests.")
    if not ADVENTUREWORKS.is_dir():
        print(f"left out: the AdventureWorks tables are not in {ADVENTUREWORKS}")
        return
    pack = RUN / "pack"
    pack.mkdir()
    write_pack(ADVENTUREWORKS, pack, open_from=AS_OF, factors=Factors(assumed=Decimal(1)))
    with ready.database():
        fresh_database(0)
        perform(import_pack, OPERATOR, source=pack, at=AT)
        inputs = ask(planning.planning_inputs, OPERATOR)
        world = world_from(inputs, AS_OF)
        plan(inputs, AS_OF, with_pegs=True)  # compiles
        ours: list[PlanResults] = []
        plain: list[PlanningAnswer] = []
        took: dict[str, list[float]] = {"plan": [], "plain": [], "run": []}
        for _ in range(given.rounds):
            took["plan"].append(timed(lambda: ours.append(plan(inputs, AS_OF, with_pegs=True))))
            took["plain"].append(timed(lambda: plain.append(planned(world))))
            took["run"].append(timed(_run))
        answer = found(ours[-1])
        for name in PlanningAnswer.__dataclass_fields__:
            assert getattr(answer, name) == getattr(plain[-1], name), f"{name} differs from the plain calculation"
        engine.dispose_engines()
    tell(
        given,
        [
            Ratio.of("plan AdventureWorks, in memory", took["plan"], "plain exact loops", took["plain"]),
            Ratio.of("plan AdventureWorks, run and stored", took["run"], "the same in memory", took["plan"]),
        ],
    )


def _run() -> None:
    started = perform(start_run, OPERATOR, as_of=AS_OF, at=AT)
    perform(run_plan, OPERATOR, run_id=started.run_id)


if __name__ == "__main__":
    main()
