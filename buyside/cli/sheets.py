"""`buyside import sheet` and `buyside export sheet`: one list of master data from a file, and to one."""

import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from buyside.cli.opened import opened_database
from buyside.cli.output import Json, complain, progress, say, show, show_json
from buyside.domain.access import OPERATOR

if TYPE_CHECKING:
    from buyside.queries.sheet_files import SuggestedColumn

_SHOWN = 50
_LOOK_EVERY = 0.3  # seconds between looks at how far an import is


def take_sheet(
    name: Annotated[str, typer.Argument(help="The list, as its address says: items, vendor-items, price-breaks …")],
    file: Annotated[Path, typer.Argument(help="CSV file or Excel workbook (.xlsx).")],
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HEADER=COLUMN",
            help="A column of the file and what it is, where names alone do not tell; HEADER= leaves it out.",
        ),
    ] = None,
    read_as: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="How the file is read, where that is in doubt: decimal_mark=, date_order=dmy encoding=cp1252 …",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen to each row, and write nothing.")
    ] = False,
    good_rows: Annotated[
        bool, typer.Option("--good-rows", help="Leave the bad rows out instead of refusing all.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Take a file of master data in: all of it, or nothing with every bad row named. The same file again changes nothing."""
    from buyside.domain.all_sheets import sheet_named
    from buyside.domain.files import ImportState
    from buyside.operations.run import perform
    from buyside.operations.sheet_files import check_import, keep_file, read_file_as, run_import, start_import
    from buyside.queries.read import ask
    from buyside.queries.sheet_files import suggested_mapping

    sheet, choices = sheet_named(name), dict(_pair(each, "--read-as") for each in read_as or ())
    content, now = file.read_bytes(), datetime.now(UTC)
    with opened_database():
        kept = perform(keep_file, OPERATOR, name=file.name, content=content, at=now)
        if choices:
            perform(read_file_as, OPERATOR, file_id=kept.file_id, choices=choices)
        suggested = ask(suggested_mapping, OPERATOR, file_id=kept.file_id, sheet=sheet.name)
        mapped = _mapped(suggested, [_pair(each, "--mapping") for each in mapping or ()])
        run = _started(start_import, file_id=kept.file_id, sheet=sheet.name, mapping=mapped, at=now)
        with _shown(run, quiet=as_json):
            if dry_run:
                done = perform(check_import, OPERATOR, run_id=run)
            else:
                done = perform(run_import, OPERATOR, run_id=run, only_good=good_rows, at=now)
        problems = _problems(run) if done.refused else []
    if as_json:
        told = asdict(done) | {"columns": {each.header: mapped.get(each.place, "") for each in suggested}}
        show_json(told | {"problems": problems})
    else:
        _tell(done, suggested, mapped, problems)
        if dry_run:
            say("This was a dry run: nothing was written.")
    if done.state == ImportState.REFUSED or (dry_run and done.refused):
        if not dry_run:
            complain("Nothing was imported. Correct the rows, or leave them out with --good-rows.")
        raise typer.Exit(3)


def write_sheet(
    name: Annotated[str, typer.Argument(help="The list, as its address says: items, vendor-items, price-breaks …")],
    file: Annotated[Path, typer.Argument(help="New file to write: .csv or .xlsx.")],
) -> None:
    """Write a list of master data to a file that imports again to the same state."""
    from buyside.domain.all_sheets import sheet_named
    from buyside.queries.read import ask
    from buyside.queries.rows import RowsWanted, grid_csv, grid_xlsx
    from buyside.queries.sheets import SHEET_ROWS

    queries = {".csv": grid_csv, ".xlsx": grid_xlsx}
    if file.suffix.lower() not in queries:
        raise typer.BadParameter("must end in .csv or .xlsx", param_hint="FILE")
    source = SHEET_ROWS[sheet_named(name).name]
    with opened_database(), file.open("xb") as target:
        query, today = queries[file.suffix.lower()], OPERATOR.today()
        with ask(query, OPERATOR, source=source, wanted=RowsWanted(), today=today) as content:
            shutil.copyfileobj(content, target)
    say(f"Written: {file}")


def _pair(text: str, option: str) -> tuple[str, str]:
    left, equals, right = text.rpartition("=") if option == "--mapping" else text.partition("=")
    if not equals:
        raise typer.BadParameter(f"“{text}” has no =", param_hint=option)
    return left.strip(), right.strip() if option == "--mapping" else right.replace("tab", "\t")


def _mapped(suggested: "Sequence[SuggestedColumn]", said: Sequence[tuple[str, str]]) -> dict[int, str]:
    """What names tell, and then what was said; a column that was said is taken from where it was only suggested."""
    mapped = {each.place: each.column for each in suggested if each.column}
    places = {each.header.casefold(): each.place for each in suggested}
    for header, column in said:
        if header.casefold() not in places:
            raise typer.BadParameter(f"the file has no column “{header}”", param_hint="--mapping")
        place = places[header.casefold()]
        mapped = {each: known for each, known in mapped.items() if known != column and each != place}
        if column:
            mapped[place] = column
    return mapped


def _started(operation: Any, **arguments: Any) -> int:
    """The import that was begun; where the file is in doubt, each doubt with its choices is told first."""
    from buyside.operations.run import perform
    from buyside.operations.sheet_files import InDoubt

    try:
        return int(perform(operation, OPERATOR, **arguments).run_id)
    except InDoubt as refusal:
        for doubt in refusal.doubts:
            complain(doubt.says)
            for value, meaning in doubt.choices:
                shown = "tab" if value == "\t" else value
                complain(f"  --read-as {doubt.name}={shown}   {meaning}")
        raise


@contextmanager
def _shown(run_id: int, *, quiet: bool) -> Iterator[None]:
    """Show how far an import is while it is worked on."""
    from buyside.queries.read import ask
    from buyside.queries.sheet_files import import_run

    ended = threading.Event()
    with progress(quiet=quiet) as display:
        task = display.add_task("reading", total=None)

        def look() -> None:
            while not ended.wait(_LOOK_EVERY):
                seen = ask(import_run, OPERATOR, run_id=run_id)
                display.update(task, description=seen.state, completed=seen.rows_done, total=seen.rows_total)

        looking = threading.Thread(target=look, daemon=True)
        if not display.disable:
            looking.start()
        try:
            yield
        finally:
            ended.set()
            if looking.is_alive():
                looking.join()


def _problems(run_id: int) -> list[dict[str, Any]]:
    from buyside.domain.filters import one_of
    from buyside.queries.read import ask
    from buyside.queries.rows import RowsWanted, grid_page
    from buyside.queries.sheet_files import IMPORT_OUTCOME_ROWS

    wanted = RowsWanted(end=_SHOWN, filters={"outcome": one_of("refused")}, scope={"run_id": run_id})
    found = ask(grid_page, OPERATOR, source=IMPORT_OUTCOME_ROWS, wanted=wanted, today=OPERATOR.today())
    return [{name: each[name] for name in ("row", "column", "value", "reason")} for each in found.rows]


def _tell(
    done: Any, suggested: "Sequence[SuggestedColumn]", mapped: Mapping[int, str], problems: list[dict[str, Any]]
) -> None:
    show(
        [{"column_of_the_file": each.header, "becomes": mapped.get(each.place, "(left out)")} for each in suggested],
        title="Columns",
        as_json=False,
    )
    if problems:
        show(problems, title=f"Refused ({done.refused:,} rows in all)", as_json=False)
    counts = {name: getattr(done, name) for name in ("created", "changed", "unchanged", "refused")}
    show([counts], title="Rows", as_json=False)
