"""`buyside plan`: calculate a draft plan, and make orders of it."""

from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from buyside.cli.opened import opened_database
from buyside.cli.output import Json, progress, say, show, show_json
from buyside.cli.schedules import app as schedule_app
from buyside.domain.access import OPERATOR
from buyside.domain.refusals import NotFound

app = typer.Typer(help="Plan purchasing, and order what was planned.", no_args_is_help=True)
app.add_typer(schedule_app, name="schedule")

_STEPS = {
    "read": "Reading demand, stock and supply",
    "cover": "Covering from finished goods",
    "explode": "Exploding structures",
    "net": "Netting",
    "choose": "Choosing vendors and lots",
    "peg": "Pegging demand",
    "prepare": "Preparing the plan",
    "store": "Storing the run",
}


@app.command("run")
def run(
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="The day to plan from, as YYYY-MM-DD.")],
    warehouse: Annotated[
        list[str] | None, typer.Option("--warehouse", metavar="CODE", help="Plan only this one; may be repeated.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write the result files into this folder.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Calculate requirements and a draft plan, and store them as a run."""
    from buyside.operations.plans import run_plan, start_run
    from buyside.operations.run import perform
    from buyside.queries.read import ask

    day = _day(as_of)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)  # tells of a folder that cannot be before a run is stored
    with opened_database(), progress(quiet=as_json) as bar:
        started = perform(
            start_run,
            OPERATOR,
            as_of=day,
            warehouse_codes=tuple(warehouse) if warehouse else None,
            at=datetime.now(UTC),
        )
        task = bar.add_task("Starting", total=len(_STEPS))

        def on_step(name: str) -> None:
            bar.update(task, description=_STEPS.get(name, name), completed=list(_STEPS).index(name))

        done = perform(run_plan, OPERATOR, run_id=started.run_id, on_step=on_step)
        if out is not None:
            from buyside.queries.plan_export import write_result_files

            bar.update(task, description="Writing result files", completed=len(_STEPS))
            ask(write_result_files, OPERATOR, run_id=done.run_id, folder=out)
    if as_json:
        show_json(asdict(done) | {"as_of": day, "out": out})
        return
    say(
        f"Run {done.run_id} as of {day}: {done.plan_lines} plan lines for {done.shortages} shortages in "
        f"{done.requirements} requirements. {done.late_lines} are late, {done.without_vendor} have no vendor."
    )
    if done.unmapped:
        say(
            f"{done.unmapped} sales order lines are not mapped to anything that can be bought; they stand in no requirement."
        )
    if out is not None:
        say(f"Result files: {out}")


@app.command()
def convert(
    run_id: Annotated[int, typer.Argument(metavar="RUN", help="Number of the planning run.")],
    vendor: Annotated[
        str | None, typer.Option("--vendor", metavar="CODE", help="Only what this vendor delivers.")
    ] = None,
    despite_drift: Annotated[
        bool, typer.Option("--despite-drift", help="Order as planned although something moved since.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make draft orders of a plan's open lines, each line once."""
    from buyside.operations.plan_conversion import convert_plan
    from buyside.operations.run import perform
    from buyside.queries.plans import vendor_totals
    from buyside.queries.read import ask

    with opened_database():
        vendor_id = None
        if vendor is not None:
            found = {each.vendor_code: each.vendor_id for each in ask(vendor_totals, OPERATOR, run_id=run_id)}
            vendor_id = found.get(vendor)
            if vendor_id is None:
                raise NotFound(kind=f"vendor {vendor} in run {run_id}")
        done = perform(
            convert_plan,
            OPERATOR,
            run_id=run_id,
            vendor_id=vendor_id,
            despite_drift=despite_drift,
            at=datetime.now(UTC),
        )
    if as_json:
        show_json(asdict(done))
        return
    orders: list[dict[str, Any]] = [
        {
            "order": each.number,
            "vendor": each.vendor_name,
            "lines": each.lines,
            "total": each.total,
            "currency": each.currency_code,
        }
        for each in done.orders
    ]
    show(orders, title=f"{done.lines} lines ordered", as_json=False)
    left = [{"item": each.item_code, "needed_on": each.needed_on, "why": each.why} for each in done.not_converted]
    if left:
        show(left, title=f"{len(left)} lines not ordered", as_json=False)


def _day(given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise typer.BadParameter(f"“{given}” is not a date as YYYY-MM-DD.", param_hint="--as-of") from None
