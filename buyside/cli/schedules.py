"""`buyside plan schedule`: when the planning runs by itself."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from buyside.cli.opened import opened_database
from buyside.cli.output import Json, say, show, show_json
from buyside.domain.access import OPERATOR
from buyside.domain.refusals import NotFound
from buyside.domain.schedules import WEEKDAYS, read_weekdays

app = typer.Typer(help="Let the planning run by itself.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(metavar="SCHEDULE", help="Number of the schedule, as the list shows it.")]


@app.command("list")
def show_list(as_json: Json = False) -> None:
    """Every schedule, the next to come first."""
    from buyside.queries.read import ask
    from buyside.queries.schedules import schedules

    with opened_database():
        found = ask(schedules, OPERATOR, at=datetime.now(UTC))
    rows = [
        {
            "schedule": each.schedule_id,
            "name": each.name,
            "days": ", ".join(WEEKDAYS[day] for day in each.weekdays) or "every day",
            "at": each.at_time,
            "warehouses": ", ".join(each.warehouse_codes) or "all",
            "next": each.next_at,
            "last": each.last_started_at,
            "run": each.run_id,
            "result": each.problem or each.run_problem or each.run_state or each.paused_because,
        }
        for each in found
    ]
    show(rows, title=f"{len(rows)} schedules", as_json=as_json, empty="The planning does not run by itself.")


@app.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What people call it.")],
    at: Annotated[str, typer.Option("--at", metavar="HH:MM", help="Time of day on the organisation's clock.")],
    days: Annotated[
        str, typer.Option("--days", metavar="DAYS", help="Weekdays, as in mon,wed,fri; every day if left out.")
    ] = "",
    warehouse: Annotated[
        list[str] | None, typer.Option("--warehouse", metavar="CODE", help="Plan only this one; may be repeated.")
    ] = None,
    group: Annotated[
        list[str] | None, typer.Option("--group", metavar="CODE", help="Only items of this group; may be repeated.")
    ] = None,
    horizon: Annotated[
        int | None, typer.Option("--horizon", metavar="DAYS", help="Leave out demand needed later than so many days.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Let the planning run by itself from now on."""
    from dataclasses import asdict

    from buyside.domain.schedules import Planned
    from buyside.operations.run import perform
    from buyside.operations.schedules import add_schedule

    try:
        weekdays = tuple(read_weekdays(days))
    except ValueError:
        raise typer.BadParameter(f"“{days}” are not weekdays, as in mon,wed.", param_hint="--days") from None
    planned = Planned(
        name=name,
        at_time=at,
        weekdays=weekdays,
        warehouse_codes=tuple(warehouse) if warehouse else None,
        group_codes=tuple(group) if group else None,
        horizon_days=horizon,
    )
    with opened_database():
        saved = perform(add_schedule, OPERATOR, planned=planned, at=datetime.now(UTC))
    if as_json:
        show_json(asdict(saved))
        return
    say(f"Schedule {saved.schedule_id} “{saved.name}” runs next at {saved.next_at:%Y-%m-%d %H:%M} UTC.")


@app.command()
def pause(
    schedule_id: Number,
    because: Annotated[str, typer.Option("--because", metavar="REASON", help="Stands with the schedule.")] = "",
) -> None:
    """Let a schedule stand still until somebody resumes it."""
    from buyside.operations.run import perform
    from buyside.operations.schedules import pause_schedule

    with opened_database():
        saved = perform(pause_schedule, OPERATOR, schedule_id=schedule_id, because=because, at=datetime.now(UTC))
    say(f"Schedule {saved.schedule_id} “{saved.name}” is paused.")


@app.command()
def resume(schedule_id: Number) -> None:
    """Let a paused schedule run again, as the operator."""
    from buyside.operations.run import perform
    from buyside.operations.schedules import resume_schedule
    from buyside.queries.read import ask
    from buyside.queries.schedules import schedules

    now = datetime.now(UTC)
    with opened_database():
        found = next((each for each in ask(schedules, OPERATOR, at=now) if each.schedule_id == schedule_id), None)
        if found is None:
            raise NotFound(kind="planning schedule")
        saved = perform(resume_schedule, OPERATOR, schedule_id=schedule_id, version=found.version, at=now)
    say(f"Schedule {saved.schedule_id} “{saved.name}” runs next at {saved.next_at:%Y-%m-%d %H:%M} UTC.")


@app.command("run-due")
def run_due_now(as_json: Json = False) -> None:
    """Run what is due now; for a timer of the machine where no server runs all the time."""
    from buyside.web.schedules import run_due

    with opened_database():
        ran = run_due(datetime.now(UTC))
    rows = [
        {"schedule": each.schedule_id, "name": each.name, "run": each.run_id, "problem": each.problem} for each in ran
    ]
    show(rows, title=f"{len(rows)} schedules were due", as_json=as_json, empty="Nothing is due.")
