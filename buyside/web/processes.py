"""Processes that the supervisor starts and ends: each is a group of its own, and told in a file that the next start reads."""

import errno
import http.client
import json
import logging
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from buyside.config import ROOT

_log = logging.getLogger(__name__)

_START_SECONDS = 90
_STOP_SECONDS = 10


class CannotServe(Exception):
    """Something outside stands in the way; the message says what, in a sentence."""


class ProcessEnded(Exception):
    """A process ended without being told to."""


@dataclass(frozen=True)
class Part:
    """One process to run, and the port where it answers `GET /ping` when it is ready."""

    name: str
    """One word, for its file: internal, portal, provider."""
    title: str
    """How a sentence calls it: `the internal application`."""
    command: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)
    host: str
    port: int
    port_setting: str
    """The setting that gives it another port."""


@contextmanager
def running(part: Part, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The process of a part, for the length of a `with`; told in a file of `folder` meanwhile.

    Its standard input is a pipe that nobody writes to: it ends with this process, however that ends, and tells the child.
    """
    process = subprocess.Popen(
        part.command,
        cwd=ROOT,
        env=dict(part.environment),
        stdin=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C reaches the supervisor alone, which then stops things in order
    )
    record = _record(folder, part.name)
    try:
        record.write_text(json.dumps({"group": process.pid, "since": psutil.Process(process.pid).create_time()}))
        yield process
    finally:
        _end_group(process.pid, process)
        record.unlink(missing_ok=True)


def wait_for_answer(part: Part, process: "subprocess.Popen[bytes]", stopping: threading.Event) -> bool:
    """Wait until a part is ready. False if we are told to stop before. Raises `ProcessEnded`."""
    deadline = time.monotonic() + _START_SECONDS
    while not stopping.is_set():
        if process.poll() is not None:
            raise ProcessEnded(f"The process of {part.title} ended while it started, with status {process.returncode}.")
        if time.monotonic() > deadline:
            raise ProcessEnded(f"The process of {part.title} does not answer after {_START_SECONDS} seconds.")
        if _answers(part):
            return True
        stopping.wait(0.05)
    return False


def _answers(part: Part) -> bool:
    connection = http.client.HTTPConnection(_reachable(part.host), part.port, timeout=5)
    try:
        connection.request("GET", "/ping")
        connection.getresponse()
    except OSError:
        return False
    finally:
        connection.close()
    return True


def check_still_running(part: Part, process: "subprocess.Popen[bytes]") -> None:
    """Raises `ProcessEnded` if a process ended by itself."""
    if process.poll() is not None:
        raise ProcessEnded(f"The process of {part.title} ended by itself, with status {process.returncode}.")


def check_port(part: Part) -> None:
    """Raises `CannotServe` if a part could not listen where it should."""
    family = socket.AF_INET6 if ":" in part.host else socket.AF_INET
    with socket.socket(family) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((part.host, part.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CannotServe(
                    f"Port {part.port} of {part.host} is in use by another program, and {part.title} needs it. "
                    f"Stop that program, or set {part.port_setting}."
                ) from None
            raise CannotServe(f"{part.host}:{part.port} cannot be listened on: {error.strerror}.") from None


def end_left_over(name: str, folder: Path) -> None:
    """End a process of this name whose supervisor was killed. Ask for the lock first: then it belongs to nobody."""
    try:
        left = json.loads(_record(folder, name).read_text())
        leader = psutil.Process(left["group"])
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return
    if abs(leader.create_time() - left["since"]) < 1:  # else the number belongs to another process by now
        _log.warning("ending a process that was left over")
        _end_group(leader.pid, leader)


def _record(folder: Path, name: str) -> Path:
    return folder / f"serve-{name}.json"


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound


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
