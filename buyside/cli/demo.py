"""`buyside demo`: everything, with a made-up company to look at and a sign-in without passwords."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Annotated

import typer
from sqlmodel import select

from buyside.cli.opened import opened_database
from buyside.cli.output import say
from buyside.config import ROOT, settings
from buyside.db.engine import sessions
from buyside.db.people import AppUser
from buyside.identity.demo_people import people

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
    from buyside.cli import demo_people

    if not _has_people():
        say("Loading the demo company. This happens once.")
        load_aside(is_stopping)
        if is_stopping():
            return
    given = settings().with_demo_provider()
    if given.oidc is None or given.oidc.issuer != given.demo_issuer:
        return  # another provider is set, and knows its people itself
    demo_people.people_can_sign_in()
    say(f"Sign in at {given.public_url} as one of:")
    for person in people("internal", issuer=given.demo_issuer):
        say(f"  {person.name} ({', '.join(person.roles)})")
    say(f"and at the vendor portal, {given.portal_public_url}, as one of:")
    for person in people("portal", issuer=given.demo_issuer):
        say(f"  {person.name} ({', '.join(person.vendors) or 'no vendor at the moment'})")


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


def _has_people() -> bool:
    with sessions()() as session:
        return session.exec(select(AppUser.id).limit(1)).first() is not None
