"""The command `buyside`: its groups, and what its exit status tells.

0 done; 2 wrong usage, or a setting or database that cannot be used; 3 refused, with the reason; 1 our mistake, with the
trace. A new group is a module here with `app = typer.Typer()` and one line in `GROUPS`.
"""

import logging
import os
import sys
import traceback
from importlib import import_module
from importlib.util import find_spec

import psycopg
import typer
from sqlalchemy.exc import DBAPIError

from buyside.cli.output import complain
from buyside.config import WrongSettings, settings
from buyside.db.roles import DatabaseProblem
from buyside.db.server import ServerProblem
from buyside.domain.refusals import Refused
from buyside.web.build import BuildFailed
from buyside.web.processes import CannotServe, ProcessEnded

DONE, OUR_MISTAKE, WRONG_USAGE, REFUSED = 0, 1, 2, 3

GROUPS: list[tuple[str | None, str, str]] = [
    # name on the command line (None: commands of their own), module in this room, attribute
    (None, "serve", "app"),
    (None, "demo", "app"),
    ("db", "db", "app"),
    ("import", "data", "import_app"),
    ("export", "data", "export_app"),
    ("plan", "plan", "app"),
    ("order", "orders", "app"),
    ("stock", "stock", "app"),
    ("user", "users", "app"),
]


def application() -> typer.Typer:
    """The whole command line. Modules keep heavy imports inside their functions, so that this stays quick."""
    app = typer.Typer(
        name="buyside",
        help="The buying side of a maker of configured products.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,  # `run` tells every ending in its own way
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for name, module, attribute in GROUPS:
        if find_spec(f"buyside.cli.{module}") is not None:
            group = getattr(import_module(f"buyside.cli.{module}"), attribute)
            app.add_typer(group, name=name)
    return app


def run(arguments: list[str]) -> int:
    """Run one command line, say how it ended, and answer its exit status."""
    try:
        settings()
        application()(arguments, prog_name="buyside")
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else OUR_MISTAKE
    except Refused as refusal:
        complain(str(refusal))
        return REFUSED
    except (WrongSettings, ServerProblem, DatabaseProblem, CannotServe, BuildFailed) as problem:
        complain(str(problem))
        return WRONG_USAGE
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, FileExistsError, PermissionError) as problem:
        complain(f"{problem.filename} cannot be used: {problem.strerror}.")
        return WRONG_USAGE
    except ProcessEnded as ended:
        complain(f"{ended} What it said last stands above.")
        return OUR_MISTAKE
    except Exception as error:
        if lost := _lost_connection(error):
            complain(f"The database cannot be reached: {lost}")
            return WRONG_USAGE
        reference = os.urandom(4).hex()
        traceback.print_exc()
        complain(f"Something went wrong, and it is Buyside's mistake. Reference {reference}.")
        return OUR_MISTAKE
    return DONE


def _lost_connection(error: Exception) -> str:
    """What libpq says where there is no connection to the database, or none any more; empty for every other mistake."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, psycopg.OperationalError) or not (cause.sqlstate or "08").startswith(("08", "28", "57P")):
        return ""
    return (str(cause).strip() or type(cause).__name__).splitlines()[-1]


def main() -> None:
    """Entry point of the installed command."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    sys.exit(run(sys.argv[1:]))
