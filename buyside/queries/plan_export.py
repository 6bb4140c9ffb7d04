"""The result files of a run, whenever they are asked for (PACK, "Result files")."""

from dataclasses import replace
from pathlib import Path

from sqlalchemy import select
from sqlmodel import Session, col

from buyside.db.plans import PlanningRun, PlanningRunInput
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.plans import RunState
from buyside.domain.refusals import NotFound
from buyside.planning.frames import PLAN_LINES
from buyside.queries.arrow_reader import arrow_reader
from buyside.queries.plan_files import (
    LINE_CODES,
    coverage_file,
    csv_bytes,
    pegs_file,
    plan_lines_file,
    read_codes,
    requirements_file,
)
from buyside.queries.plan_results import with_reasons
from buyside.queries.plan_stored import as_declared, pegs_again, unpacked

_LINES_OF_RUN = """
    FROM planning_coverage AS covered
    JOIN sales_order_line AS line ON line.id = covered.sales_order_line_id
    JOIN sales_order AS ordered ON ordered.id = line.order_id
    JOIN variant ON variant.id = line.variant_id
    WHERE covered.run_id = {run}
"""
_REQUIREMENTS = """
    SELECT item_id AS item, warehouse_id AS warehouse, on_date AS date, (gross * 1000000)::int8 AS gross,
           (scheduled_receipts * 1000000)::int8 AS scheduled_receipts, (projected * 1000000)::int8 AS projected,
           (shortage * 1000000)::int8 AS shortage
    FROM planning_requirement WHERE run_id = {run}
"""
_COVERAGE = """
    SELECT sales_order_line_id AS line, (ordered * 1000000)::int8 AS ordered,
           (covered_from_stock * 1000000)::int8 AS covered, (exploded * 1000000)::int8 AS exploded
    FROM planning_coverage WHERE run_id = {run}
"""
_PEGS = """
    SELECT item_id AS item, warehouse_id AS warehouse, on_date AS date, nullif(sales_order_line_id, 0) AS line,
           (quantity * 1000000)::int8 AS quantity
    FROM planning_peg WHERE run_id = {run}
"""


@needs(Permission.PLAN_VIEW)
def write_result_files(session: Session, actor: Actor, /, *, run_id: int, folder: Path) -> None:
    """Write the result files of a run that is done into a folder, which is made if it is missing. Refuses: NotFound."""
    run = session.get(PlanningRun, run_id)
    if run is None or run.state != RunState.DONE:
        raise NotFound(kind="finished planning run")
    kept = session.execute(
        select(col(PlanningRunInput.content)).where(
            col(PlanningRunInput.run_id) == run_id, col(PlanningRunInput.name) == "plan_lines"
        )
    ).scalar_one()
    with arrow_reader(session) as reader:
        codes = replace(
            read_codes(reader, ()), lines=reader.frame(LINE_CODES + _LINES_OF_RUN.replace("{run}", str(run.id)))
        )
        requirements = reader.frame(_REQUIREMENTS.replace("{run}", str(run.id)))
        coverage = reader.frame(_COVERAGE.replace("{run}", str(run.id)))
        pegs = reader.frame(_PEGS.replace("{run}", str(run.id))) if run.counts["pegs"] is not None else None
    plan_lines = with_reasons(as_declared(PLAN_LINES, unpacked(kept)), codes)
    if pegs is None:
        pegs = pegs_again(session, run)
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in (
        ("requirements.csv", requirements_file(requirements, codes)),
        ("coverage.csv", coverage_file(coverage, codes)),
        ("pegs.csv", pegs_file(pegs, codes)),
        ("plan_lines.csv", plan_lines_file(plan_lines, codes)),
    ):
        (folder / name).write_bytes(csv_bytes(frame))
