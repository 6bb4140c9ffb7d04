"""`buyside db`: bring the tables up to date, save and bring back the database, recompute what must hold."""

import os
import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import psycopg
import typer

from buyside.cli.opened import opened_database
from buyside.cli.output import Json, progress, say, show, show_json
from buyside.db import ready, server
from buyside.db.engine import owner_url
from buyside.domain.access import OPERATOR
from buyside.domain.refusals import Refused
from buyside.queries.read import ask

app = typer.Typer(help="Upgrade, back up, restore and check the database.", no_args_is_help=True)


class NotEmpty(Refused):
    code = "database.not-empty"
    says = "The database already holds {tables} tables. A backup is restored into an empty one; nothing was changed."


class FileExists(Refused):
    code = "database.file-exists"
    says = "{path} exists already; a backup never overwrites one."


class NoSuchFile(Refused):
    code = "database.no-such-file"
    says = "There is no file {path}."


class Unreadable(Refused):
    code = "database.unreadable-backup"
    says = "{path} could not be read as a backup, and nothing was restored: {reason}"


class NotSaved(Refused):
    code = "database.not-saved"
    says = "The backup was not made: {reason}"


class NoProgram(Refused):
    code = "database.no-program"
    says = "The server runs PostgreSQL {version}, and its program {program} is not on this machine. Install it first."


class ChecksFailed(Refused):
    code = "database.checks-failed"
    says = "{failed} of {total} checks failed."


@app.command()
def upgrade() -> None:
    """Bring the tables to this version. All of the steps happen, or none."""
    with ready.database():
        before = ready.is_current()
        ready.upgrade()
    say("The tables were up to date." if before else "The tables are up to date now.")


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="File to write; it must not exist.")]) -> None:
    """Save the whole database as one file, while it is in use."""
    if file.exists():
        raise FileExists(path=file)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    with ready.database():
        draft.touch(mode=0o600)
        try:
            # Row security holds for the owner too, who is shown every row; pg_dump has to be told that this is meant.
            finished = _run("pg_dump", "--format=custom", "--no-owner", "--enable-row-security", f"--file={draft}")
            if finished.returncode:
                raise NotSaved(reason=finished.stderr.strip())
            draft.rename(file)
        finally:
            draft.unlink(missing_ok=True)
    say(f"The database was saved to {file} ({file.stat().st_size / 1e6:.1f} MB).")


@app.command()
def restore(file: Annotated[Path, typer.Argument(help="A file that `buyside db backup` made.")]) -> None:
    """Bring a saved database back into an empty one, all of it or nothing, and upgrade it to this version."""
    if not file.is_file():
        raise NoSuchFile(path=file)
    with ready.database():
        with psycopg.connect(owner_url()) as connection:
            row = connection.execute("select count(*) from pg_tables where schemaname = 'public'").fetchone()
        if row is not None and row[0]:
            raise NotEmpty(tables=row[0])
        finished = _run("pg_restore", "--exit-on-error", "--single-transaction", "--no-owner", str(file))
        if finished.returncode:
            raise Unreadable(path=file, reason=finished.stderr.strip())
        ready.upgrade()
    say(f"The database was restored from {file}.")


@app.command()
def check(as_json: Json = False) -> None:
    """Recompute everything that must hold: balances equal ledgers, totals equal lines, received equals receipts."""
    from buyside.queries.checks import all_checks

    with opened_database(), progress(quiet=as_json) as bar:
        task = bar.add_task("Checking", total=None)
        results = ask(all_checks, OPERATOR, on_check=lambda name: bar.update(task, advance=1, description=name))
    if as_json:
        show_json([asdict(each) for each in results])
    else:
        rows = [
            {"check": each.says, "records": each.looked_at, "broken": each.broken, "examples": "\n".join(each.examples)}
            for each in results
        ]
        show(rows, title="Checks", as_json=False)
    failed = sum(not each.holds for each in results)
    if failed:
        raise ChecksFailed(failed=failed, total=len(results))


def _run(program: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's programs on our database. The password goes by the environment: others see the words."""
    with psycopg.connect(owner_url()) as connection:
        needed = connection.info.server_version // 10_000
    # The embedded server's programs serve every older server too.
    found = str(server.programs() / program) if needed <= server.major_version() else shutil.which(program)
    if found is None:
        raise NoProgram(program=program, version=needed)
    given = psycopg.conninfo.conninfo_to_dict(owner_url())
    secret = str(given.pop("password", ""))
    target = "--dbname=" + psycopg.conninfo.make_conninfo(**given)  # type: ignore[arg-type]
    return subprocess.run(
        [found, target, *words], env=os.environ | {"PGPASSWORD": secret}, capture_output=True, text=True, check=False
    )
