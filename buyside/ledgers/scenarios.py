"""Runs of scenarios: taken over as a scenario's result, and removed with all that they found (PLAN-15)."""

from sqlalchemy import text
from sqlmodel import Session

from buyside.db.plans import PlanningRun, PlanningScenario
from buyside.domain.plans import RunOrigin
from buyside.ledgers import audit

_OF_A_RUN = (
    *("planning_requirement", "planning_item_total", "planning_coverage", "planning_peg", "planning_problem"),
    *("planning_run_input", "plan_line", "planning_scenario_item"),
)


def take_over(session: Session, run: PlanningRun) -> None:
    """Make a finished run of a scenario its result, in place of the one before, which is removed. Other runs are left alone."""
    if run.origin != RunOrigin.SCENARIO:
        return
    scenario = session.get(PlanningScenario, run.scope["scenario_id"], with_for_update=True, populate_existing=True)
    if scenario is None:
        return
    before, scenario.result_run_id = scenario.result_run_id, run.id
    session.add(scenario)
    session.flush()
    if before is not None:
        remove_run(session, before)


def remove_run(session: Session, run_id: int) -> None:
    """Remove a scenario's run. One of any other origin is never removed."""
    run = session.get(PlanningRun, run_id)
    if run is None or run.origin != RunOrigin.SCENARIO:
        return
    for table in _OF_A_RUN:
        session.execute(text(f"DELETE FROM {table} WHERE run_id = :run"), {"run": run_id})  # noqa: S608 - our own names
    session.execute(text("DELETE FROM planning_run WHERE id = :run"), {"run": run_id})
    session.expunge(run)
    audit.note(session, "planning_run", run_id, before={"state": run.state, "origin": run.origin}, after=None)


def runs_of(session: Session, scenario_id: int) -> list[int]:
    """Every run of a scenario, also those that came to nothing."""
    found = session.execute(
        text(
            "SELECT id FROM planning_run WHERE origin = 'scenario' AND (scope ->> 'scenario_id')::int8 = :scenario "
            "ORDER BY id FOR UPDATE"
        ),
        {"scenario": scenario_id},
    )
    return [int(each) for each in found.scalars()]
