"""Runs everything: database, tables, page, and the one process that serves them on one port.

The supervisor holds the owner's login and does nothing with the network; the process it starts is the other way round.
It is stopped by Ctrl-C or SIGTERM, in the reverse order of the start. After a kill of any of them the next start finds
what is left, ends it or uses it, and goes on.
"""

import errno
import fcntl
import http.client
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import psutil

from buyside.config import ROOT, Settings, settings
from buyside.db import ready
from buyside.db.engine import app_url, dispose_engines, portal_url
from buyside.web.build import build, environment, is_built, stop_building, without_logins

_log = logging.getLogger(__name__)

_START_SECONDS = 90
_STOP_SECONDS = 10


class CannotServe(Exception):
    """Something outside stands in the way; the message says what, in a sentence."""


class WorkerEnded(Exception):
    """The serving process ended without being told to."""


def serve(report: Callable[[str], None], *, fill: Callable[[Callable[[], bool]], None] | None = None) -> None:
    """Start everything, serve until Ctrl-C or SIGTERM, stop everything.

    `report` is given a sentence per step. `fill` is called when the tables are ready and before anybody is served; what it
    is given tells whether to give up. Raises `CannotServe`, `WorkerEnded`, `build.BuildFailed`, `server.ServerProblem`,
    `roles.DatabaseProblem`.
    """
    given = settings()
    stopping = threading.Event()
    with _only_one(given), _stopped_by_signals(stopping), ThreadPoolExecutor(1) as aside:
        _end_orphans(given)
        _check_port(given)
        if not is_built(given):
            report("Building the page. This happens once and takes about half a minute.")
        page = aside.submit(build, given)
        try:
            with ready.database():
                if not ready.is_current():
                    report("Making the tables.")
                    ready.upgrade()
                if fill is not None and not stopping.is_set():
                    fill(stopping.is_set)
                while not page.done() and not stopping.wait(0.05):
                    pass
                dispose_engines()
                if not stopping.is_set():
                    page.result()
                    _serve(given, stopping, report)
        finally:
            while not page.done():
                stop_building()
                time.sleep(0.1)
    report("Stopped.")


def _serve(given: Settings, stopping: threading.Event, report: Callable[[str], None]) -> None:
    logins = {"BUYSIDE_APP_DATABASE_URL": app_url()}
    if given.surface == "portal":
        logins = {"BUYSIDE_PORTAL_DATABASE_URL": portal_url()}
    worker = subprocess.Popen(
        _worker_command(),
        cwd=ROOT,
        env=_worker_environment(given) | logins,
        stdin=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C reaches the supervisor alone, which then stops things in order
    )
    _record(given).write_text(json.dumps({"group": worker.pid, "since": psutil.Process(worker.pid).create_time()}))
    try:
        if _wait_for_answer(given, worker, stopping):
            report(f"Buyside is at {given.public_url}. Ctrl-C stops it.")
        while not stopping.wait(0.5):
            if worker.poll() is not None:
                raise WorkerEnded(f"The serving process ended by itself, with status {worker.returncode}.")
    finally:
        _end_group(worker.pid, worker)
        _record(given).unlink(missing_ok=True)


def _worker_command() -> list[str]:
    return [sys.executable, "-m", "buyside.web.worker"]


def _worker_environment(given: Settings) -> dict[str, str]:
    """What the serving process may know: one login, keys derived from the secret, and not the secret itself."""
    return without_logins(os.environ) | environment(given) | {
        "BUYSIDE_HOST": given.host,
        "BUYSIDE_PORT": str(given.port),
        "BUYSIDE_PUBLIC_URL": given.public_url,
        "BUYSIDE_SURFACE": given.surface,
        "BUYSIDE_DEMO": "1" if given.demo else "0",
        "BUYSIDE_SECRET": given.key("serving process").hex(),
        "REFLEX_ENV_MODE": "prod",
        # Reflex's own switches for serving a page that is built already, from the same port and without Node.
        "__REFLEX_SKIP_COMPILE": "1",
        "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "1",
    }  # fmt: skip


def _wait_for_answer(given: Settings, worker: "subprocess.Popen[bytes]", stopping: threading.Event) -> bool:
    deadline = time.monotonic() + _START_SECONDS
    while not stopping.wait(0.05):
        if worker.poll() is not None:
            raise WorkerEnded(f"The serving process ended while it started, with status {worker.returncode}.")
        if time.monotonic() > deadline:
            raise WorkerEnded(f"The serving process does not answer after {_START_SECONDS} seconds.")
        connection = http.client.HTTPConnection(_reachable(given.host), given.port, timeout=5)
        try:
            connection.request("GET", "/ping")
            connection.getresponse()
        except OSError:
            continue
        finally:
            connection.close()
        return True
    return False


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound


def _check_port(given: Settings) -> None:
    family = socket.AF_INET6 if ":" in given.host else socket.AF_INET
    with socket.socket(family) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((given.host, given.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CannotServe(
                    f"Port {given.port} of {given.host} is in use by another program. Stop that, or set BUYSIDE_PORT."
                ) from None
            raise CannotServe(f"{given.host}:{given.port} cannot be listened on: {error.strerror}.") from None


@contextmanager
def _only_one(given: Settings) -> Iterator[None]:
    given.home.mkdir(parents=True, exist_ok=True)
    with (given.home / f"serve-{given.surface}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotServe(f"Buyside runs already, from {given.home}. Stop it first, or set BUYSIDE_HOME.") from None
        yield


@contextmanager
def _stopped_by_signals(stopping: threading.Event) -> Iterator[None]:
    """Ctrl-C and SIGTERM set the event and do nothing else: raised in the middle of a start, they would leave it half done."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _record(given: Settings) -> Path:
    return given.home / f"serve-{given.surface}.json"


def _end_orphans(given: Settings) -> None:
    """End a serving process whose supervisor was killed. We hold the lock, so it belongs to nobody."""
    try:
        left = json.loads(_record(given).read_text())
        leader = psutil.Process(left["group"])
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return
    if abs(leader.create_time() - left["since"]) < 1:  # else the number belongs to another process by now
        _log.warning("ending a serving process that was left over")
        _end_group(leader.pid, leader)


def _end_group(group: int, leader: "subprocess.Popen[bytes] | psutil.Process") -> None:
    """End a process group: ask first, then force."""
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired, psutil.TimeoutExpired):
        leader.wait(_STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired, psutil.TimeoutExpired):
        leader.wait(_STOP_SECONDS)
