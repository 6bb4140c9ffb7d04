"""The portal's process as it runs: what it was told, whom it is in the database, what it has open, what it has imported."""

import json
import socket
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
import pytest

from buyside.config import ROOT, settings
from buyside.db import engine
from buyside.web.environments import of_worker
from tests.conftest import Database
from tests.portal_world import sign_in, write
from tests.serving import PortalProcess, portal_running
from tests.world import World

pytestmark = [pytest.mark.rule("ACC-5"), pytest.mark.timeout(600)]  # it may have to build the page
WRAPPER = Path(__file__).with_name("telling_worker.py")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the process tells what it has imported."""
    return tmp_path_factory.mktemp("told")


@contextmanager
def _found_from_anywhere() -> Iterator[None]:
    """The wrapper lies in a folder of its own, and finds the package by the path that it is given."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        yield


@pytest.fixture(scope="module")
def running(database: Database, portal_built: None, told: Path) -> Iterator[PortalProcess]:
    """A portal that has shown somebody the page, a list and a paper, and so has loaded and connected what it ever does."""
    with World.open() as world:
        story = write(world)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = (sys.executable, str(WRAPPER), str(told))
    with _found_from_anywhere(), portal_running(port=port, command=command) as process:
        cookie = f"buyside-portal={sign_in(story.of_acme)}"
        list_of_orders = "/api/grid/portal-orders?scope=" + quote(json.dumps({"vendor": story.acme}))
        for path in ("/", list_of_orders, f"/api/orders/{quote(story.order)}/paper.pdf"):
            asked = urllib.request.Request(process.address + path, headers={"cookie": cookie})
            with urllib.request.urlopen(asked, timeout=30) as answer:
                assert answer.status == 200, path
        engine.dispose_engines()
        yield process


@pytest.fixture(scope="module")
def processes(running: PortalProcess) -> list[psutil.Process]:
    """The process and its children: granian's own, and the one that serves."""
    leader = psutil.Process(running.pid)
    found = [leader, *leader.children(recursive=True)]
    assert len(found) >= 2
    return found


@pytest.fixture(scope="module")
def modules(processes: list[psutil.Process], told: Path) -> set[str]:
    """What they have imported, all together."""
    (told / "tell").touch()
    files = [told / f"{each.pid}.json" for each in processes]
    deadline = time.monotonic() + 20
    while not all(each.exists() for each in files) and time.monotonic() < deadline:
        time.sleep(0.05)
    imported = [set(json.loads(each.read_text())) for each in files]
    assert any("buyside.buyside" in each for each in imported)
    return set().union(*imported)


def internal_secrets(database: Database, text: str) -> list[str]:
    """What opens the internal side, and stands in a text."""
    given = settings()
    secrets = {
        "the secret": (given.home / "secret").read_text().strip(),
        "the application's login": database.app_url,
        "its password": engine.password(engine.APP),
        "the owner's login": database.owner_url,
        "its password too": engine.password(engine.OWNER),
        "the administrator's login": engine.administrator_url(),
        "the internal process's secret": given.key("serving process of the internal surface").hex(),
    }
    return [name for name, secret in secrets.items() if secret in text]


def test_it_was_told_nothing_that_opens_the_internal_side(
    database: Database, processes: list[psutil.Process], running: PortalProcess
) -> None:
    given = settings()
    for each in processes:
        environment = Path(f"/proc/{each.pid}/environ").read_bytes().decode()
        assert "BUYSIDE_SURFACE=portal" in environment
        assert internal_secrets(database, environment) == []
        names = {line.partition("=")[0] for line in environment.split("\0")}
        assert not names & {"BUYSIDE_DATABASE_URL", "BUYSIDE_APP_DATABASE_URL", "BUYSIDE_DATABASE_NAME"}
        assert [name for name in names if name.startswith("BUYSIDE_") and name.endswith("DATABASE_URL")] == [
            "BUYSIDE_PORTAL_DATABASE_URL"
        ]
        assert f"BUYSIDE_HOME={given.home / 'portal'}" in environment.split("\0")
        assert internal_secrets(database, " ".join(each.cmdline())) == []
    assert not (given.home / "portal" / "secret").exists()
    assert internal_secrets(database, running.log.read_text()) == []


def test_it_is_nobody_but_the_portals_login_in_the_database(
    database: Database, running: PortalProcess, processes: list[psutil.Process]
) -> None:
    with psycopg.connect(engine.administrator_url()) as connection:
        rows = connection.execute(
            "select usename, application_name from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"
        ).fetchall()
    assert rows, "it has shown a list, so it has connected"
    assert {row[0] for row in rows} == {engine.PORTAL}
    assert {row[1] for row in rows} <= {f"buyside {each.pid}" for each in processes}


def test_it_has_nothing_open_that_belongs_to_the_internal_side(
    running: PortalProcess, processes: list[psutil.Process]
) -> None:
    home = settings().home
    for each in processes:
        opened = {Path(file.path) for file in each.open_files()} | {Path(each.cwd())}
        kept = {path for path in opened if path.is_relative_to(home)}
        assert kept <= {running.log}
        assert not any(path.is_relative_to(settings().web_folder) for path in opened)


def test_it_has_imported_no_page_no_state_and_no_act_of_the_internal_side(modules: set[str]) -> None:
    def outside(room: str, *allowed: str) -> set[str]:
        kept = tuple(f"buyside.{room}.{name}" for name in allowed)
        return {
            name
            for name in modules
            if name.startswith(f"buyside.{room}.")
            and not any(name == each or name.startswith(f"{each}.") for each in kept)
        }

    assert {"buyside.pages.portal.orders", "buyside.state.portal.orders"} <= modules
    assert outside("pages", "portal", "kit") == set()
    assert outside("state", "portal", "base") == set()
    assert outside("operations", "run") == set()
    grids = ("rows", "grid_sources", "row_texts", "row_filters")
    assert {name for name in outside("queries", "read", *grids, "answers") if ".portal_" not in name} == set()
    for room in ("planning", "integrations", "cli", "resources"):
        assert outside(room) == set()


def test_it_has_loaded_nothing_that_plans(modules: set[str]) -> None:
    assert modules.isdisjoint({"polars", "numba", "numpy", "pyarrow", "alembic", "buyside.planning"})


def test_the_internal_process_would_be_found_out(database: Database) -> None:
    given = settings()
    told = of_worker(given, given)
    assert internal_secrets(database, str(told)) == [
        "the application's login",
        "its password",
        "the internal process's secret",
    ]


def test_the_portals_page_is_made_of_the_packages_that_are_locked(portal_built: None) -> None:
    """The lock holds for both pages, whichever was built last."""

    def declared(folder: Path) -> dict[str, dict[str, str]]:
        package = json.loads((folder / "package.json").read_text())
        return {kind: package[kind] for kind in ("dependencies", "devDependencies")}

    built = settings().of_surface("portal").web_folder
    assert declared(built) == declared(ROOT / "reflex.lock")
    lock = "package-lock.json"
    assert (built / lock).read_bytes() == (ROOT / "reflex.lock" / lock).read_bytes()
