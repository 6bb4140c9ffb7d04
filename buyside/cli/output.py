"""What commands say: sentences and tables for people, one JSON document for programs. Progress goes to standard error."""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
"""The option `--json` of a command that prints data."""


def say(sentence: str) -> None:
    """Print one sentence to standard output."""
    Console(highlight=False, soft_wrap=True).print(sentence, markup=False)


def complain(sentence: str) -> None:
    """Print one sentence to standard error."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(sentence, markup=False)


def show(rows: Sequence[Mapping[str, object]], *, title: str, as_json: bool, empty: str = "Nothing.") -> None:
    """Print rows of equal keys as a table, or as a JSON array."""
    if as_json:
        show_json(rows)
        return
    if not rows:
        say(empty)
        return
    table = Table(title=title, title_justify="left", header_style="bold")
    for name in rows[0]:
        values = [row[name] for row in rows]
        is_number = all(isinstance(value, int | Decimal | None) for value in values)
        table.add_column(name.replace("_", " "), justify="right" if is_number else "left")
    for row in rows:
        table.add_row(*(_words(value) for value in row.values()))
    Console(highlight=False).print(table)


def show_json(document: object) -> None:
    """Print one JSON document; decimals as strings, so that no reader rounds them, and dates as ISO 8601."""
    json.dump(document, sys.stdout, indent=2, ensure_ascii=False, default=_plain)
    sys.stdout.write("\n")


def progress(*, quiet: bool = False) -> Progress:
    """A progress display on standard error; nothing where that is no terminal."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=quiet or not sys.stderr.isatty(),
    )


def _words(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _plain(value: Any) -> object:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)
