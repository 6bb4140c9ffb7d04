"""What can be called: read from the running application, not from its source."""

import inspect
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from buyside.config import ROOT
from buyside.domain.access import GRANTS, Permission, Role


@dataclass(frozen=True)
class Handler:
    """One thing that a socket can name."""

    name: str
    permission: str
    """Empty where nothing ties it to one."""
    arguments: Mapping[str, str]
    """Name to type as written: "str", "int", "dict[str, Any]"; in the handler's order."""
    needed: tuple[str, ...]
    is_ours: bool
    passes_bare: bool
    """One of the framework's own events that pages cannot live without; the guard empties its arguments."""

    def is_granted(self, roles: frozenset[Role]) -> bool:
        """Whether somebody with these roles may call it, by the one table."""
        return bool(self.permission) and any(Permission(self.permission) in GRANTS[role] for role in roles)


def handlers_of(app: Any) -> list[Handler]:
    """Every registered handler of an application in this process, ours and the framework's."""
    from buyside.state import base

    found = []
    for name, registered in sorted(app._registration_context.event_handlers.items()):
        method = registered.handler.fn
        original = inspect.unwrap(method)
        parameters = list(inspect.signature(original).parameters.values())[1:]
        found.append(
            Handler(
                name=name,
                permission=str(getattr(method, "__permission__", "")),
                arguments={each.name: _type(each.annotation) for each in parameters},
                needed=tuple(each.name for each in parameters if each.default is each.empty),
                is_ours=registered.states[0].__module__.split(".")[0] == "buyside" and not name.endswith(".setvar"),
                passes_bare=name in base._framework(),
            )
        )
    return found


def _type(annotation: Any) -> str:
    return annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))


def handlers_of_another_process(environment: Mapping[str, str]) -> list[Handler]:
    """The same of an application that must not be loaded into this process."""
    code = "from buyside.buyside import app; from tests.hostile.registry import printed; printed(app)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=dict(environment),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    rows = json.loads(done.stdout.splitlines()[-1])
    return [Handler(**{**row, "needed": tuple(row["needed"])}) for row in rows]


def printed(app: Any) -> None:
    """Print the handlers of an application as one line of JSON."""
    print(json.dumps([asdict(each) for each in handlers_of(app)]))
