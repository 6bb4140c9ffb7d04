"""`buyside demo`: everything, with a made-up company to look at and a sign-in without passwords."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Annotated

import typer
from sqlmodel import Session, col, select

from buyside.cli.opened import opened_database
from buyside.cli.output import say
from buyside.config import ROOT, settings
from buyside.db.engine import app_engine
from buyside.db.people import AppUser, UserRole

app = typer.Typer()


@app.command()
def demo(
    load: Annotated[bool, typer.Option("--load", help="Only load the demo company into the empty database.")] = False,
) -> None:
    """Serve on this machine only, with the demo company if the database is empty, and say who can sign in."""
    if load:
        with opened_database():
            load_here()
        return
    from buyside.web.serve import serve as serve_until_stopped

    os.environ["BUYSIDE_DEMO"] = "1"
    settings.cache_clear()
    settings()  # tells at once if this machine is to be reached from elsewhere
    serve_until_stopped(say, fill=_fill)


def load_here() -> None:
    """Fill the empty database, with all of the company or nothing."""
    from buyside.cli import demo_data

    demo_data.load()


def _fill(is_stopping: Callable[[], bool]) -> None:
    if not _people():
        say("Loading the demo company. This happens once.")
        load_aside(is_stopping)
        if is_stopping():
            return
    say("Sign in as one of:")
    for name, roles in _people():
        say(f"  {name} ({', '.join(roles)})")


def load_aside(is_stopping: Callable[[], bool]) -> None:
    """Load in a process of its own: planning and importing need a memory that the supervisor would keep for ever."""
    load = subprocess.Popen([sys.executable, "-m", "buyside", "demo", "--load"], cwd=ROOT, start_new_session=True)
    while load.poll() is None:
        if is_stopping():
            load.kill()  # its transaction goes with it
            load.wait()
            return
        time.sleep(0.1)
    if load.returncode:
        raise typer.Exit(load.returncode)  # it has said why


def _people() -> list[tuple[str, list[str]]]:
    """Active people and their roles, by name."""
    found: dict[str, list[str]] = {}
    with Session(app_engine()) as session:
        rows = session.exec(
            select(AppUser.name, UserRole.role)
            .join(UserRole, col(UserRole.user_id) == col(AppUser.id))
            .where(col(AppUser.is_active))
            .order_by(AppUser.name, UserRole.role)
        )
        for name, role in rows:
            found.setdefault(name, []).append(str(role))
    return list(found.items())
