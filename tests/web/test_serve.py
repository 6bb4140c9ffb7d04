"""The supervisor: starts things in order, stops them all, and survives being killed."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import pytest

from buyside.config import ROOT
from buyside.db import server

Start = Callable[[], "subprocess.Popen[str]"]


@pytest.fixture
def home() -> Iterator[Path]:
    with TemporaryDirectory(prefix="buyside-serve-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)
        server.stop(Path(folder) / "postgres")


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def start(home: Path, port: int) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def begin() -> "subprocess.Popen[str]":
        clean = {name: value for name, value in os.environ.items() if not name.startswith("BUYSIDE_")}
        supervisor = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("supervised.py")), str(home / "worker.json")],
            cwd=ROOT,
            env=clean | {"PYTHONPATH": str(ROOT), "BUYSIDE_HOME": str(home), "BUYSIDE_PORT": str(port)},
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
    with_group(home, os.killpg)


def with_group(home: Path, act: Callable[[int, int], None]) -> None:
    record = home / "serve-internal.json"
    if record.exists():
        act(json.loads(record.read_text())["group"], signal.SIGKILL)


def read_until(supervisor: "subprocess.Popen[str]", words: str) -> str:
    assert supervisor.stdout is not None
    said = ""
    for line in supervisor.stdout:
        said += line
        if words in line:
            return said
    raise AssertionError(f"ended with {supervisor.wait()} after saying: {said}")


def worker(home: Path) -> dict[str, Any]:
    return dict(json.loads((home / "worker.json").read_text()))


def page(port: int) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
        return bytes(answer.read())


def running_servers(home: Path) -> list[int]:
    return [p.pid for p in psutil.process_iter(["cmdline"]) if str(home / "postgres") in (p.info["cmdline"] or [])]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_stop_and_leaves_nothing_running(
    start: Start, home: Path, port: int, how: signal.Signals
) -> None:
    supervisor = start()
    read_until(supervisor, f"http://localhost:{port}")
    assert page(port) == b"page"
    supervisor.send_signal(how)
    read_until(supervisor, "Stopped.")
    assert supervisor.wait(10) == 0
    assert not psutil.pid_exists(worker(home)["pid"])
    assert running_servers(home) == []


def test_the_serving_process_knows_one_login_and_not_the_secret(start: Start, home: Path, port: int) -> None:
    read_until(start(), "Ctrl-C")
    known = worker(home)["environment"]
    assert known["BUYSIDE_APP_DATABASE_URL"].startswith("postgresql://buyside_app:")
    assert "BUYSIDE_DATABASE_URL" not in known
    assert "BUYSIDE_PORTAL_DATABASE_URL" not in known
    assert "buyside_owner" not in str(known)
    assert (home / "secret").read_text().strip() not in str(known)


def test_a_second_one_is_refused_while_the_first_runs(start: Start, port: int) -> None:
    read_until(start(), "Ctrl-C")
    second = start()
    said, _ = second.communicate(timeout=30)
    assert second.returncode == 2
    assert "runs already" in said
    assert page(port) == b"page"


def test_a_port_in_use_is_told_in_a_sentence(start: Start, home: Path, port: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        supervisor = start()
        said, _ = supervisor.communicate(timeout=30)
    assert supervisor.returncode == 2
    assert f"Port {port} of 127.0.0.1 is in use" in said
    assert running_servers(home) == []


def test_a_killed_supervisor_leaves_nothing_that_the_next_start_cannot_clear(
    start: Start, home: Path, port: int
) -> None:
    first = start()
    read_until(first, "Ctrl-C")
    left = worker(home)["pid"]
    first.kill()
    first.wait()
    assert page(port) == b"page", "the stand-in serves on, as nobody told it"
    read_until(start(), "Ctrl-C")
    assert page(port) == b"page"
    assert worker(home)["pid"] != left
    assert not psutil.pid_exists(left)


def test_everything_killed_at_once_starts_again(start: Start, home: Path, port: int) -> None:
    first = start()
    read_until(first, "Ctrl-C")
    for number in (first.pid, worker(home)["pid"], int((home / "postgres/postmaster.pid").read_text().split()[0])):
        os.kill(number, signal.SIGKILL)
    first.wait()
    read_until(start(), "Ctrl-C")
    assert page(port) == b"page"


def test_a_serving_process_that_ends_by_itself_ends_everything(start: Start, home: Path) -> None:
    supervisor = start()
    read_until(supervisor, "Ctrl-C")
    os.kill(worker(home)["pid"], signal.SIGKILL)
    read_until(supervisor, "ended by itself")
    assert supervisor.wait(20) == 1
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
    assert "Ctrl-C stops it" not in said
    assert supervisor.wait(20) == 0
    assert running_servers(home) == []
    read_until(start(), "Ctrl-C")
    assert page(port) == b"page"
