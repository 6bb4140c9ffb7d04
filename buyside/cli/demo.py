"""`buyside demo`: everything, with a made-up company to look at and a sign-in without passwords."""

import os

import typer
from sqlmodel import Session, col, select

from buyside.cli.output import say
from buyside.config import settings
from buyside.db.engine import app_engine
from buyside.db.people import AppUser, UserRole

app = typer.Typer()


@app.command()
def demo() -> None:
    """Serve on this machine only, with the demo company if the database is empty, and say who can sign in."""
    from buyside.web.serve import serve as serve_until_stopped

    os.environ["BUYSIDE_DEMO"] = "1"
    settings.cache_clear()
    settings()  # tells at once if this machine is to be reached from elsewhere
    serve_until_stopped(say, fill=_fill)


def _fill() -> None:
    if not _people():
        say("Loading the demo company.")
        load_demo_company()
    say("Sign in as one of:")
    for name, roles in _people():
        say(f"  {name} ({', '.join(roles)})")


def load_demo_company() -> None:
    """Fill the empty database, with all of the company or nothing."""
    from buyside.cli import demo_data

    demo_data.load()


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
