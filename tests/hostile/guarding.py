"""The guard alone, for those who get no socket: events that could never travel are put before it all the same."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from buyside.config import ROOT

Event = tuple[str, Mapping[str, Any], str]
"""A handler's name, a payload, a Cookie header."""


async def before_guard(events: Sequence[Event]) -> list[str]:
    """What the guard answers to each in this process; "passed" where it lets one through."""
    from reflex.event import Event as FrameworkEvent

    from buyside.buyside import app
    from buyside.state.base import Guard

    answers = []
    for name, payload, cookie in events:
        state: Any = SimpleNamespace(router_data={"headers": {"cookie": cookie}})
        update = await Guard().preprocess(app, state, FrameworkEvent(name=name, payload=dict(payload), router_data={}))
        answers.append("passed" if update is None or update.delta else str(update))
    return answers


def before_guard_of(environment: Mapping[str, str], events: Sequence[Event]) -> list[str]:
    """The same in another process, as another surface."""
    code = "from tests.hostile.guarding import answer; answer()"
    done = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(events), env=dict(environment), cwd=ROOT,
        capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


def answer() -> None:
    """Read events from standard input, put them before the guard, print the answers as one line."""
    sys.set_int_max_str_digits(0)
    answers = asyncio.run(before_guard(json.loads(sys.stdin.read())))
    print(json.dumps(answers), flush=True)
    os._exit(0)  # the pools of threads and connections have nothing to say any more
