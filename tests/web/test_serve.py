"""The supervisor: starts things in order, stops them all, survives being killed, and tells each process its own only."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import psutil
import pytest

from buyside.config import ROOT
from buyside.db import server

SURFACES = ("internal", "portal")
Supervisor = subprocess.Popen[str]


class Start(Protocol):
    """Starts a supervisor with options and with variables of its own."""

    def __call__(self, *options: str, **variables: str) -> Supervisor: ...


@pytest.fixture
def home() -> Iterator[Path]:
    with TemporaryDirectory(prefix="buyside-serve-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)
        server.stop(Path(folder) / "postgres")


@pytest.fixture
def port() -> int:
    """The first of three free ports in a row."""
    for _ in range(100):
        with socket.socket() as free, socket.socket() as second, socket.socket() as third:
            free.bind(("127.0.0.1", 0))
            first = int(free.getsockname()[1])
            with suppress(OSError, OverflowError):
                second.bind(("127.0.0.1", first + 1))
                third.bind(("127.0.0.1", first + 2))
                return first
    raise AssertionError("no three free ports in a row")


@pytest.fixture
def start(home: Path, port: int) -> Iterator[Start]:
    started: list[Supervisor] = []

    def begin(*options: str, **variables: str) -> Supervisor:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("BUYSIDE_")}
        own = {"PYTHONPATH": str(ROOT), "BUYSIDE_HOME": str(home), "BUYSIDE_PORT": str(port)}
        supervisor = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("supervised.py")), str(home), *options],
            cwd=ROOT,
            env=clean | own | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(supervisor)
        return supervisor

    yield begin
    for each in started:
        if each.poll() is None:
            each.terminate()
        each.communicate(timeout=30)
    for record in home.glob("serve-*.json"):
        with suppress(ProcessLookupError):
            os.killpg(json.loads(record.read_text())["group"], signal.SIGKILL)


def read_until(supervisor: Supervisor, words: str) -> str:
    assert supervisor.stdout is not None
    said = ""
    for line in supervisor.stdout:
        said += line
        if words in line:
            return said
    raise AssertionError(f"ended with {supervisor.wait()} after saying: {said}")


def notes(home: Path, name: str) -> dict[str, Any]:
    """What a stand-in wrote down."""
    return dict(json.loads((home / f"{name}.json").read_text()))


def knows(home: Path, name: str) -> dict[str, str]:
    """What a stand-in was told."""
    return {name: str(value) for name, value in notes(home, name)["environment"].items()}


def page(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
        return bytes(answer.read()).decode()


def running_servers(home: Path) -> list[int]:
    return [p.pid for p in psutil.process_iter(["cmdline"]) if str(home / "postgres") in (p.info["cmdline"] or [])]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_both_surfaces_until_it_is_told_to_stop_and_leaves_nothing_running(
    start: Start, home: Path, port: int, how: signal.Signals
) -> None:
    supervisor = start()
    said = read_until(supervisor, "Ctrl-C")
    assert f"http://localhost:{port}," in said
    assert f"http://localhost:{port + 1}." in said
    assert [page(port), page(port + 1)] == ["internal", "portal"]
    supervisor.send_signal(how)
    read_until(supervisor, "Stopped.")
    assert supervisor.wait(10) == 0
    assert not any(psutil.pid_exists(notes(home, name)["pid"]) for name in SURFACES)
    assert running_servers(home) == []
    assert not list(home.glob("serve-*.json"))


@pytest.mark.rule("ACC-5")
def test_each_process_knows_the_login_of_its_surface_and_nothing_of_the_other(
    start: Start, home: Path, port: int
) -> None:
    discovery = "https://login.example.com/.well-known/openid-configuration"
    provider = {"DISCOVERY_URL": discovery, "CLIENT_ID": "staff", "CLIENT_SECRET": "of-the-staff"}
    clients = {f"BUYSIDE_OIDC_{name}": value for name, value in provider.items()}
    clients |= {"BUYSIDE_PORTAL_OIDC_CLIENT_ID": "vendors", "BUYSIDE_PORTAL_OIDC_CLIENT_SECRET": "of-the-vendors"}
    read_until(start(**clients, BACKUP_PASSWORD="of-the-operator", PGPASSWORD="of-the-operator"), "Ctrl-C")
    internal, portal = knows(home, "internal"), knows(home, "portal")
    assert internal["BUYSIDE_APP_DATABASE_URL"].startswith("postgresql://buyside_app:")
    assert internal["BUYSIDE_OIDC_CLIENT_SECRET"] == "of-the-staff"
    assert internal["BUYSIDE_PORTAL_PUBLIC_URL"] == f"http://localhost:{port + 1}", (
        "invitations tell vendors where to go"
    )
    assert {name: value for name, value in portal.items() if name.startswith("BUYSIDE_")} == {
        "BUYSIDE_HOME": str(home / "portal"),
        "BUYSIDE_HOST": "127.0.0.1",
        "BUYSIDE_PORT": str(port + 1),
        "BUYSIDE_PUBLIC_URL": f"http://localhost:{port + 1}",
        "BUYSIDE_SURFACE": "portal",
        "BUYSIDE_DEMO": "0",
        "BUYSIDE_SECRET": portal["BUYSIDE_SECRET"],
        "BUYSIDE_PORTAL_DATABASE_URL": portal["BUYSIDE_PORTAL_DATABASE_URL"],
        "BUYSIDE_OIDC_DISCOVERY_URL": discovery,
        "BUYSIDE_OIDC_CLIENT_ID": "vendors",
        "BUYSIDE_OIDC_CLIENT_SECRET": "of-the-vendors",
    }
    assert portal["BUYSIDE_PORTAL_DATABASE_URL"].startswith("postgresql://buyside_portal:")
    assert "buyside_app" not in str(portal)
    assert "of-the-staff" not in str(portal)
    assert "buyside_portal" not in str(internal)
    assert "of-the-vendors" not in str(internal)
    assert internal["BUYSIDE_SECRET"] != portal["BUYSIDE_SECRET"]
    for each in (internal, portal):
        assert "buyside_owner" not in str(each)
        assert "of-the-operator" not in str(each)
        assert (home / "secret").read_text().strip() not in str(each)
        assert not (Path(each["BUYSIDE_HOME"]) / "secret").exists()


@pytest.mark.parametrize(("surface", "offset"), [("internal", 0), ("portal", 1)])
def test_one_surface_can_be_served_alone_and_the_other_beside_it(
    start: Start, home: Path, port: int, surface: str, offset: int
) -> None:
    said = read_until(start("--surface", surface), "Ctrl-C stops it")
    assert f"http://localhost:{port + offset}." in said
    assert page(port + offset) == surface
    other, *_ = {*SURFACES} - {surface}
    with pytest.raises(OSError):
        page(port + 1 - offset)
    read_until(start("--surface", other), "Ctrl-C stops it")
    assert [page(port), page(port + 1)] == ["internal", "portal"]


def test_the_demo_brings_a_provider_that_each_surface_is_a_client_of(start: Start, home: Path, port: int) -> None:
    read_until(start(BUYSIDE_DEMO="1"), "Ctrl-C")
    assert page(port + 2) == "provider"
    provider, internal, portal = (knows(home, name) for name in ("provider", *SURFACES))
    assert internal["BUYSIDE_OIDC_DISCOVERY_URL"] == portal["BUYSIDE_OIDC_DISCOVERY_URL"]
    assert internal["BUYSIDE_OIDC_DISCOVERY_URL"].startswith(f"http://localhost:{port + 2}/")
    assert internal["BUYSIDE_OIDC_CLIENT_ID"] != portal["BUYSIDE_OIDC_CLIENT_ID"]
    assert internal["BUYSIDE_OIDC_CLIENT_SECRET"] not in str(portal)
    for part in ("DISCOVERY_URL", "CLIENT_ID", "CLIENT_SECRET"):
        assert provider[f"BUYSIDE_OIDC_{part}"] == internal[f"BUYSIDE_OIDC_{part}"]
        assert provider[f"BUYSIDE_PORTAL_OIDC_{part}"] == portal[f"BUYSIDE_OIDC_{part}"]
    assert (home / "secret").read_text().strip() not in str(provider)


def test_the_demo_brings_no_provider_where_one_is_set(start: Start, home: Path) -> None:
    given = {
        "BUYSIDE_OIDC_DISCOVERY_URL": "https://login.example.com/.well-known/openid-configuration",
        "BUYSIDE_OIDC_CLIENT_ID": "staff",
        "BUYSIDE_OIDC_CLIENT_SECRET": "secret",
    }
    read_until(start(BUYSIDE_DEMO="1", **given), "Ctrl-C")
    assert not (home / "provider.json").exists()
    assert knows(home, "portal")["BUYSIDE_OIDC_CLIENT_ID"] == "staff"


def test_a_second_one_is_refused_while_the_first_runs(start: Start, port: int) -> None:
    read_until(start(), "Ctrl-C")
    for options in ([], ["--surface", "portal"]):
        second = start(*options)
        said, _ = second.communicate(timeout=30)
        assert second.returncode == 2
        assert "runs already" in said
    assert page(port) == "internal"


@pytest.mark.parametrize(
    ("offset", "setting"), [(0, "BUYSIDE_PORT"), (1, "BUYSIDE_PORTAL_PORT"), (2, "BUYSIDE_DEMO_PROVIDER_PORT")]
)
def test_a_port_in_use_is_told_in_a_sentence(start: Start, home: Path, port: int, offset: int, setting: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port + offset))
        other.listen()
        supervisor = start(BUYSIDE_DEMO="1")
        said, _ = supervisor.communicate(timeout=30)
    assert supervisor.returncode == 2
    assert f"Port {port + offset} of 127.0.0.1 is in use" in said
    assert f"set {setting}." in said
    assert running_servers(home) == []


def test_a_server_without_the_owners_login_needs_that_of_its_surface(start: Start, home: Path) -> None:
    alone = start(BUYSIDE_PORTAL_DATABASE_URL="postgresql://buyside_portal:x@localhost:1/buyside")
    said, _ = alone.communicate(timeout=30)
    assert alone.returncode == 2
    assert "The internal application has no login: set BUYSIDE_APP_DATABASE_URL" in said


def test_a_portal_alone_needs_its_own_login_only(start: Start, home: Path, port: int) -> None:
    url = "postgresql://buyside_portal:x@localhost:1/buyside"
    read_until(start("--surface", "portal", BUYSIDE_PORTAL_DATABASE_URL=url), "Ctrl-C stops it")
    assert page(port + 1) == "portal"
    assert knows(home, "portal")["BUYSIDE_PORTAL_DATABASE_URL"] == url
    assert running_servers(home) == []


def test_which_surface_a_supervisor_serves_is_no_setting(start: Start) -> None:
    supervisor = start(BUYSIDE_SURFACE="portal")
    said, _ = supervisor.communicate(timeout=30)
    assert supervisor.returncode == 2
    assert "choose with --surface" in said


def test_a_killed_supervisor_leaves_nothing_that_the_next_start_cannot_clear(
    start: Start, home: Path, port: int
) -> None:
    first = start(BUYSIDE_DEMO="1")
    read_until(first, "Ctrl-C")
    names = ("provider", *SURFACES)
    left = [notes(home, name)["pid"] for name in names]
    first.kill()
    first.wait()
    assert page(port) == "internal", "the stand-in serves on, as nobody told it"
    read_until(start(BUYSIDE_DEMO="1"), "Ctrl-C")
    assert [page(port), page(port + 1), page(port + 2)] == ["internal", "portal", "provider"]
    assert not {notes(home, name)["pid"] for name in names} & {*left}
    assert not any(psutil.pid_exists(pid) for pid in left)


def test_everything_killed_at_once_starts_again(start: Start, home: Path, port: int) -> None:
    first = start()
    read_until(first, "Ctrl-C")
    postgres = int((home / "postgres/postmaster.pid").read_text().split()[0])
    for number in (first.pid, *(notes(home, name)["pid"] for name in SURFACES), postgres):
        os.kill(number, signal.SIGKILL)
    first.wait()
    read_until(start(), "Ctrl-C")
    assert [page(port), page(port + 1)] == ["internal", "portal"]


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("internal", "the internal application"),
        ("portal", "the vendor portal"),
        ("provider", "the demo's sign-in"),
    ],
)
def test_a_process_that_ends_by_itself_ends_everything(start: Start, home: Path, name: str, title: str) -> None:
    supervisor = start(BUYSIDE_DEMO="1")
    read_until(supervisor, "Ctrl-C")
    os.kill(notes(home, name)["pid"], signal.SIGKILL)
    said = read_until(supervisor, "ended by itself")
    assert title in said
    assert supervisor.wait(20) == 1
    assert not any(psutil.pid_exists(notes(home, each)["pid"]) for each in ("provider", *SURFACES))
    deadline = time.monotonic() + 5
    while running_servers(home) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert running_servers(home) == []


@pytest.mark.parametrize("moment", ["secret", "postgres.start.lock", "postgres.log", "postgres/postmaster.pid"])
def test_it_can_be_told_to_stop_while_it_starts(start: Start, home: Path, port: int, moment: str) -> None:
    supervisor = start()
    deadline = time.monotonic() + 20
    while not (home / moment).exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    supervisor.send_signal(signal.SIGTERM)
    said = read_until(supervisor, "Stopped.")
    assert "Ctrl-C" not in said
    assert supervisor.wait(20) == 0
    assert running_servers(home) == []
    read_until(start(), "Ctrl-C")
    assert page(port) == "internal"
