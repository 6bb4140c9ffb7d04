"""`buyside import` and `buyside export`: data packs, what is turned into one, and single lists of master data."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from buyside.cli.opened import opened_database
from buyside.cli.output import Json, progress, say, show, show_json
from buyside.cli.sheets import take_sheet, write_sheet
from buyside.domain.access import OPERATOR

import_app = typer.Typer(help="Take data in: all of it, or nothing with every bad row named.", no_args_is_help=True)
export_app = typer.Typer(help="Write data out.", no_args_is_help=True)
import_app.command("sheet")(take_sheet)
export_app.command("sheet")(write_sheet)

DryRun = Annotated[bool, typer.Option("--dry-run", help="Do all of it and take it back; say what would have happened.")]

_FAULTS_SHOWN = 50


@contextmanager
def _steps(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    with progress(quiet=quiet) as shown:
        task = shown.add_task("starting", total=None)
        yield lambda step: shown.update(task, description=step)


@import_app.command("pack")
def take_pack(
    pack: Annotated[Path, typer.Argument(help="Folder or zip file of CSV files.")],
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Load a data pack. Nothing is deleted; the same pack a second time changes nothing."""
    with opened_database():
        _load(pack, dry_run=dry_run, as_json=as_json)


@import_app.command("adventureworks")
def take_adventureworks(
    folder: Annotated[
        Path, typer.Argument(help="Folder of AdventureWorks tables as CSV files, packed with gzip or not.")
    ],
    open_from: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="Sales orders from this day on are open demand; earlier ones are fulfilled."
        ),
    ] = None,
    factors: Annotated[
        Path | None, typer.Option(help="CSV file of vendor,item,unit,factor: stock units in one purchase unit.")
    ] = None,
    assume_factor: Annotated[
        str | None,
        typer.Option(help="Stock units in one purchase unit, wherever the units differ and no factor is given."),
    ] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Turn AdventureWorks tables into a pack, load it, and report what was found and decided."""
    from buyside.integrations.adventureworks import pack
    from buyside.integrations.adventureworks.factors import Factors, FactorsNeeded, read_factors

    given = read_factors(factors) if factors else Factors()
    if assume_factor is not None:
        try:
            assumed = Decimal(assume_factor)
        except ArithmeticError:
            raise typer.BadParameter("is not a number", param_hint="--assume-factor") from None
        if not assumed.is_finite() or assumed <= 0:
            raise typer.BadParameter("is not above zero", param_hint="--assume-factor")
        given = replace(given, assumed=assumed)
    with tempfile.TemporaryDirectory(prefix="buyside-pack-") as target:
        try:
            told = pack.write_pack(
                folder, Path(target), open_from=open_from.date() if open_from else None, factors=given
            )
        except FactorsNeeded as refusal:
            rows = [dict(zip(("vendor", "item", "unit", "stock_unit"), pair, strict=True)) for pair in refusal.pairs]
            show(rows, title="Factors that are needed", as_json=as_json)
            raise
        with opened_database():
            is_named = not dry_run and _name_the_cycles()
            _load(Path(target), dry_run=dry_run, as_json=as_json, report=None if not as_json else asdict(told))
    if not as_json:
        show(
            [
                {
                    "file": each.file,
                    "rows": each.rows,
                    "became": ", ".join(f"{n:,} {part}" for part, n in each.parts.items()),
                }
                for each in told.accounts
            ],
            title="What became of every row",
            as_json=False,
        )
        for sentence in told.findings:
            say(sentence)
        if is_named:
            say("Nobody had said who buys: orders name Adventure Works Cycles in Bothell, and stock is valued in USD.")


@export_app.command("pack")
def write_pack(
    folder: Annotated[Path, typer.Argument(help="New or empty folder to write into.")], as_json: Json = False
) -> None:
    """Write a data pack that imports again to the same state."""
    from buyside.queries.packs import export_pack
    from buyside.queries.read import ask

    with opened_database(), _steps(quiet=as_json) as on_step:
        written = ask(export_pack, OPERATOR, folder=folder, on_step=on_step)
    if as_json:
        show_json(asdict(written))
        return
    show([{"file": name, "rows": rows} for name, rows in written.rows.items()], title="Written", as_json=False)


def _name_the_cycles() -> bool:
    """Where nobody has said who buys, say that the sample's company does: its orders need addresses, its prices are in USD."""
    from buyside.operations.people import Address, set_organisation
    from buyside.operations.run import perform
    from buyside.queries.organisation import is_unnamed
    from buyside.queries.read import ask

    if not ask(is_unnamed, OPERATOR):
        return False
    name = "Adventure Works Cycles"
    site = Address(account=name, lines=f"{name}\nBothell, WA\nUnited States", is_bill_to=True, is_ship_to=True)
    perform(
        set_organisation, OPERATOR, name=name, currency_code="USD", time_zone="America/Los_Angeles", addresses=[site]
    )
    return True


def _load(pack: Path, *, dry_run: bool, as_json: bool, report: dict[str, object] | None = None) -> None:
    from buyside.operations.packs import PackRefused, import_pack
    from buyside.operations.run import perform

    try:
        with _steps(quiet=as_json) as on_step:
            done = perform(import_pack, OPERATOR, source=pack, at=datetime.now(UTC), dry_run=dry_run, on_step=on_step)
    except PackRefused as refusal:
        rows = [asdict(each) for each in refusal.faults]
        if as_json:
            show_json({"refused": refusal.code, "total": refusal.total, "faults": rows})
        else:
            show(rows[:_FAULTS_SHOWN], title=f"Wrong ({refusal.total:,} in all)", as_json=False)
        raise
    if as_json:
        show_json(asdict(done) | ({} if report is None else {"report": report}))
        return
    show(
        [
            {**asdict(each), "unchanged": each.rows - each.created - each.changed}
            for each in done.files
            if each.rows or each.created
        ],
        title="Would be imported" if dry_run else "Imported",
        as_json=False,
        empty="The pack holds no rows.",
    )
    if dry_run:
        say("This was a dry run: nothing was written.")
