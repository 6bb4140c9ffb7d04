"""Runs everything: database, tables, both pages, and a process for each surface; in the demo a sign-in provider too.

The supervisor holds the owner's login and does nothing with the network; the processes it starts are the other way round, and
each knows what its own surface needs and nothing of the other. It is stopped by Ctrl-C or SIGTERM, in the reverse order of the
start. After a kill of any of them the next start finds what is left, ends it or uses it, and goes on.
"""

import fcntl
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from types import FrameType

from buyside.config import Settings, Surface, settings
from buyside.db import ready
from buyside.db.engine import dispose_engines, is_embedded
from buyside.web.build import build, is_built, stop_building
from buyside.web.environments import of_demo_provider, of_worker
from buyside.web.processes import (
    CannotServe,
    Part,
    check_port,
    check_still_running,
    end_left_over,
    running,
    wait_for_answer,
)

_TITLES: dict[Surface, str] = {"internal": "the internal application", "portal": "the vendor portal"}
_PORT_SETTINGS: dict[Surface, str] = {"internal": "BUYSIDE_PORT", "portal": "BUYSIDE_PORTAL_PORT"}
_PROVIDER = "provider"


def serve(
    report: Callable[[str], None],
    *,
    surface: Surface | None = None,
    fill: Callable[[Callable[[], bool]], None] | None = None,
) -> None:
    """Start everything, serve until Ctrl-C or SIGTERM, stop everything.

    `surface`: serve this one only; None serves both. `report` is given a sentence per step. `fill` is called when the tables are
    ready and before anybody is served; what it is given tells whether to give up. Raises `CannotServe`,
    `processes.ProcessEnded`, `build.BuildFailed`, `server.ServerProblem`, `roles.DatabaseProblem`.
    """
    given = settings().with_demo_provider()
    if given.surface == "portal":
        raise CannotServe("BUYSIDE_SURFACE is for the processes that serve one. Unset it, and choose with --surface.")
    chosen: tuple[Surface, ...] = ("internal", "portal") if surface is None else (surface,)
    own = [given.of_surface(each) for each in chosen]
    _check_logins(given, chosen)
    stopping = threading.Event()
    with ExitStack() as held, _stopped_by_signals(stopping), ThreadPoolExecutor(1) as aside:
        for each in chosen:
            held.enter_context(_only_one(given, each))
        parts = _parts(given, own)
        for part in parts:
            end_left_over(part.name, given.home)
        for part in parts:
            check_port(part)
        if missing := sum(not is_built(each) for each in own):
            report(_building(missing))
        pages = aside.submit(_build, own)
        try:
            with ready.database():
                if _owns_database(given) and not ready.is_current():
                    report("Making the tables.")
                    ready.upgrade()
                if fill is not None and not stopping.is_set():
                    fill(stopping.is_set)
                while not pages.done() and not stopping.wait(0.05):
                    pass
                dispose_engines()
                if not stopping.is_set():
                    pages.result()
                    _serve(parts, given, stopping, lambda: report(_welcome(own)))
        finally:
            while not pages.done():
                stop_building()
                time.sleep(0.1)
    report("Stopped.")


def _serve(parts: Sequence[Part], given: Settings, stopping: threading.Event, is_ready: Callable[[], None]) -> None:
    with ExitStack() as started:
        processes = [(part, started.enter_context(running(part, given.home))) for part in parts]
        if all(wait_for_answer(part, process, stopping) for part, process in processes):
            is_ready()
        while not stopping.wait(0.5):
            for part, process in processes:
                check_still_running(part, process)


def _parts(given: Settings, own: Sequence[Settings]) -> list[Part]:
    """The processes in the order of their start."""
    parts = []
    if _brings_provider(given) and own[0].surface == "internal":
        title, port = "the demo's sign-in", given.demo_provider_port
        command, knows = _command(_PROVIDER), of_demo_provider(given)
        parts.append(Part(_PROVIDER, title, command, knows, given.host, port, "BUYSIDE_DEMO_PROVIDER_PORT"))
    for each in own:
        command, knows = _command(each.surface), of_worker(given, each)
        title, setting = _TITLES[each.surface], _PORT_SETTINGS[each.surface]
        parts.append(Part(each.surface, title, command, knows, each.host, each.port, setting))
    return parts


def _brings_provider(given: Settings) -> bool:
    return given.demo and given.oidc is not None and given.oidc.issuer == given.demo_issuer


def _command(name: str) -> list[str]:
    module = "buyside.web.demo_provider" if name == _PROVIDER else "buyside.web.worker"
    return [sys.executable, "-m", module]


def _build(own: Sequence[Settings]) -> None:
    """One after the other: both write the one lock of packages, and the second takes what the first has installed."""
    for each in own:
        build(each)


def _building(missing: int) -> str:
    return (
        "Building the page. This happens once and takes about half a minute."
        if missing == 1
        else "Building both pages. This happens once and takes about a minute."
    )


def _welcome(own: Sequence[Settings]) -> str:
    at = {each.surface: each.public_url for each in own}
    if len(own) == 1:
        return f"{'The vendor portal' if 'portal' in at else 'Buyside'} is at {own[0].public_url}. Ctrl-C stops it."
    return f"Buyside is at {at['internal']}, its vendor portal at {at['portal']}. Ctrl-C stops both."


def _owns_database(given: Settings) -> bool:
    """Whether this server may make tables; one that has the login of a surface only finds them made."""
    return is_embedded() or given.database_url is not None


def _check_logins(given: Settings, chosen: Sequence[Surface]) -> None:
    if _owns_database(given):
        return
    logins = {"internal": given.app_database_url, "portal": given.portal_database_url}
    names = {"internal": "BUYSIDE_APP_DATABASE_URL", "portal": "BUYSIDE_PORTAL_DATABASE_URL"}
    for each in chosen:
        if logins[each] is None:
            raise CannotServe(
                f"{_TITLES[each].capitalize()} has no login: set {names[each]}, or BUYSIDE_DATABASE_URL to let Buyside keep the "
                "logins itself, or serve the other surface alone with --surface."
            )


@contextmanager
def _only_one(given: Settings, surface: Surface) -> Iterator[None]:
    given.home.mkdir(parents=True, exist_ok=True)
    with (given.home / f"serve-{surface}.lock").open("w") as lock:
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
