"""One PostgreSQL server for the whole run, started by the first test that asks for a database; a fresh, migrated database
for every module that asks; a transaction that leaves nothing behind for every test."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# A test never sees the settings or the data of the person who runs it. Set before anything reads them.
for _name in [each for each in os.environ if each.startswith("BUYSIDE_")]:
    del os.environ[_name]
_RUN = Path(tempfile.mkdtemp(prefix=f"buyside-tests-{os.getpid()}-"))
_RUN.chmod(0o711)  # as root the server is another user, and has to pass
os.environ["BUYSIDE_HOME"] = str(_RUN / "home")
# Processes that share the tests serve side by side: the first on the usual ports, each other one ten further up.
_NUMBER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
if _NUMBER:
    os.environ["BUYSIDE_PORT"] = str(8300 + 10 * _NUMBER)

import psutil  # noqa: E402
import psycopg  # noqa: E402
import pytest  # noqa: E402
from psycopg import sql  # noqa: E402
from sqlmodel import Session  # noqa: E402

from buyside.config import settings  # noqa: E402
from buyside.db import engine, ready, server  # noqa: E402
from tests.serving import internal_built, portal, portal_built, portal_served, portal_sign_in, served, sign_in  # noqa: E402, F401

_TEMPLATE = "buyside_template"
"""What every module's database is copied from. Nobody can connect to it: a copy is refused while anybody does."""
_BETWEEN = "buyside_between"
"""What the settings point to while no module has a database of its own. The served pages go on listening there, and looking."""


@dataclass(frozen=True)
class Database:
    """A migrated database of one test module. The process's settings point to it, and so do those of its children."""

    name: str
    app_url: str
    owner_url: str
    portal_url: str


def _use_database(name: str) -> None:
    os.environ["BUYSIDE_DATABASE_NAME"] = name
    settings.cache_clear()


def _administer(statement: sql.Composed) -> None:
    url = engine.with_database(engine.administrator_url(), "postgres")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def _sweep_killed_runs() -> None:
    """Stop the servers of runs that were killed, and remove their folders."""
    for folder in Path(tempfile.gettempdir()).glob("buyside-tests-*"):
        if not psutil.pid_exists(int(folder.name.split("-")[2])):
            server.stop(folder / "home" / "postgres")
            shutil.rmtree(folder, ignore_errors=True)


_SERVE_PAGES = ("tests/browser/", "tests/hostile/")
_LONG = ("tests/cli/", "tests/concurrency/", "tests/house/", "tests/properties/", "tests/scenarios/")
"""Few tests of many seconds each: what comes last should be short, so that nobody waits for another's last file."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files in which much waits for a browser or a clock lie evenly between those that calculate, long ones first.

    Several processes take the files in this order (`--no-loadscope-reorder`), and two of them rarely calculate at once then.
    """
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.nodeid.partition("::")[0], []).append(item)
    longest = sorted(files, key=lambda name: (not name.startswith(_LONG), -len(files[name])))
    place: dict[str, float] = {}
    for serves_pages in (True, False):
        kind = [name for name in longest if name.startswith(_SERVE_PAGES) is serves_pages]
        place |= {name: (n if serves_pages else n + 0.5) / len(kind) for n, name in enumerate(kind)}
    items[:] = [item for name in sorted(files, key=place.__getitem__) for item in files[name]]


def pytest_unconfigure() -> None:
    """The process that only hands out the tests made a folder too."""
    shutil.rmtree(_RUN, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def _run_folder() -> Iterator[None]:
    yield
    shutil.rmtree(_RUN, ignore_errors=True)


@pytest.fixture(scope="session")
def database_server() -> Iterator[None]:
    """A server with a migrated template database, and a copy of it to look at."""
    _sweep_killed_runs()
    _use_database(_TEMPLATE)
    with ready.database(durable=False):
        ready.upgrade()
        engine.dispose_engines()
        template, between = sql.Identifier(_TEMPLATE), sql.Identifier(_BETWEEN)
        _administer(sql.SQL("alter database {} allow_connections false").format(template))
        _administer(sql.SQL("create database {} template {}").format(between, template))
        # Who writes without asking for a database of their own is told at once, and not by the next module's wrong counts.
        _administer(sql.SQL("alter database {} set default_transaction_read_only = on").format(between))
        _use_database(_BETWEEN)
        yield


@pytest.fixture(scope="module")
def database(database_server: None, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A migrated database of the module's own. What a test commits stays for the module's other tests."""
    stem = "".join(each if each.isalnum() else "_" for each in request.path.stem.lower())
    name = f"{stem[:40]}_{os.urandom(4).hex()}"
    _administer(sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(_TEMPLATE)))
    _use_database(name)
    yield Database(name, engine.app_url(), engine.owner_url(), engine.portal_url())
    engine.dispose_engines()
    _administer(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
    _use_database(_BETWEEN)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A session as the application's login, in a transaction that is rolled back. Its commits are savepoints."""
    with engine.app_engine().connect() as connection:
        transaction = connection.begin()
        with Session(bind=connection, join_transaction_mode="create_savepoint") as opened:
            yield opened
        transaction.rollback()
