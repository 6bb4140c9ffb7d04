"""Residents of runs, kept in this process: a plan that answers one change at once instead of being calculated anew.

A resident is made from the inputs that were stored with its run, so it can be dropped at any time. It is immutable: whoever
got one keeps it, whatever leaves the cache meanwhile, and nobody waits for another's question.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from threading import Lock

import polars as pl
from sqlalchemy import Engine
from sqlmodel import Session

from buyside.db.plans import PlanningRun
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.refusals import NotFound
from buyside.planning.resident import Resident
from buyside.planning.resident_inputs import TooWide
from buyside.planning.run import PlanInputs, plan
from buyside.queries.plan_stored import inputs_of, scope_of

MOST_KEPT = 4
MOST_BYTES = 1 << 30
"""One of a million demand lines takes about 400 MiB."""


@dataclass
class Kept:
    """Residents by key, the one that was asked for last at the end; at most so many, of at most so many bytes together."""

    most: int = MOST_KEPT
    most_bytes: int = MOST_BYTES
    _found: OrderedDict[Hashable, tuple[Resident, int]] = field(default_factory=OrderedDict)
    _making: dict[Hashable, Lock] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def get(self, key: Hashable) -> Resident | None:
        """The resident of a key, if it is kept."""
        with self._lock:
            if key not in self._found:
                return None
            self._found.move_to_end(key)
            return self._found[key][0]

    def making(self, key: Hashable) -> Lock:
        """Held by who makes the resident of a key, so that two who ask for it make it once; other keys do not wait."""
        with self._lock:
            return self._making.setdefault(key, Lock())

    def keep(self, key: Hashable, resident: Resident) -> None:
        """Keep a resident, and let go of those that were not asked for longest."""
        size = resident.nbytes
        with self._lock:
            self._making.pop(key, None)
            self._found[key] = resident, size
            while self._found and (
                len(self._found) > self.most or sum(each for _, each in self._found.values()) > self.most_bytes
            ):
                self._found.popitem(last=False)

    def clear(self) -> None:
        """Let go of all."""
        with self._lock:
            self._found.clear()


KEPT = Kept()

IN_FULL = {
    "bom": "the structure",
    "rules": "the rules of options",
    "rule_conditions": "the rules of options",
    "products": "the products",
    "warehouses": "the warehouses",
    "rates": "the exchange rates",
    "items": "the items",
    "lines": "more demand than a kept plan has room for",
}
"""What a change can concern that everything stands on, so that all is planned again, as people call it."""


@dataclass(frozen=True)
class Since:
    """REQUIREMENTS of a run as they were and as they are with other inputs. `in_full`: what made a full run of it, or nothing."""

    before: pl.DataFrame
    after: pl.DataFrame
    in_full: str = ""


@needs(Permission.PLAN_VIEW)
def resident_of(session: Session, actor: Actor, /, *, run_id: int, kept: Kept = KEPT) -> Resident:
    """The resident of a run, from its stored inputs; made if it is not at hand. Refuses: NotFound."""
    run = session.get(PlanningRun, run_id)
    if run is None:
        raise NotFound(kind="planning run")
    bind = session.get_bind()
    engine = bind if isinstance(bind, Engine) else bind.engine
    key = engine.url.render_as_string(), run.id, run.started_at
    if found := kept.get(key):
        return found
    with kept.making(key):
        if found := kept.get(key):
            return found
        resident = Resident.of(inputs_of(session, run_id), run.as_of, **scope_of(run))
        kept.keep(key, resident)
    return resident


@needs(Permission.PLAN_VIEW)
def requirements_since(session: Session, actor: Actor, /, *, run_id: int, now: PlanInputs) -> Since:
    """What other inputs make of a run's requirements, without items that are the same in both.

    Items that other inputs cannot have reached are in neither. Changes too wide for the resident are calculated in full.
    Refuses: NotFound.
    """
    resident = resident_of(session, actor, run_id=run_id)
    try:
        done = resident.change_to(now)
    except TooWide as wide:
        run = session.get_one(PlanningRun, run_id)
        after = plan(now, run.as_of, **scope_of(run)).requirements
        return Since(resident.requirements(resident.structure.at.ids.tolist()), after, IN_FULL[wide.frame])
    return Since(done.requirements_before, done.requirements_after)
