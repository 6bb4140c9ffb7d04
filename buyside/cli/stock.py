"""`buyside stock`: what lies where."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from buyside.cli.opened import opened_database
from buyside.cli.output import Json, show
from buyside.domain.access import OPERATOR
from buyside.domain.refusals import NotFound
from buyside.queries.read import ask
from buyside.queries.stock import balances_on, warehouse_choices

app = typer.Typer(help="Look at stock.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Look at stock."""


@app.command()
def balances(
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="At the end of that day; now where it is left out.")
    ] = None,
    warehouse: Annotated[str, typer.Option(help="Code of the only warehouse to show.")] = "",
    as_json: Json = False,
) -> None:
    """Balances of items and sold variants per warehouse, with their value in the organisation's currency."""
    day = as_of.date() if as_of else None
    with opened_database():
        if warehouse and warehouse not in {each.code for each in ask(warehouse_choices, OPERATOR)}:
            raise NotFound(kind="warehouse")
        found = ask(balances_on, OPERATOR, day=day, warehouse=warehouse)
    show(
        [asdict(each) for each in found],
        title=f"Stock at the end of {day}" if day else "Stock now",
        as_json=as_json,
        empty="No stock.",
    )
