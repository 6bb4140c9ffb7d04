"""The frames that a run was calculated from, kept with it, and what is calculated from them again."""

import io
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import fields
from decimal import Decimal
from threading import Lock
from typing import TypedDict

import polars as pl
from sqlalchemy import Engine, select
from sqlmodel import Session, col

from buyside.db.plans import PlanningRun, PlanningRunInput
from buyside.planning import frames
from buyside.planning.frames import PEGS, QUANTITY_SCALE, Frame
from buyside.planning.run import PlanInputs, pegging_of, pegs_of
from buyside.queries.plan_pegs import StoredPeg

Pegging = Callable[[Collection[int] | None], pl.DataFrame]
"""PEGS of some items of a run (None: of all)."""


class PlanScope(TypedDict):
    """Keyword arguments of plan() and pegs_of(): warehouse and item group ids, days of demand; None: all of them."""

    warehouses: list[int] | None
    groups: list[int] | None
    horizon_days: int | None


_BEFORE = {
    ("ITEMS", "vendor_policy"): "preference",
    ("ITEMS", "contracts_first"): True,
    ("VENDOR_ITEMS", "share_percent"): 0,
    ("PLAN_LINES", "part"): 1,
}
"""What the values of columns were in effect before they existed; the others were empty."""


_KEPT_TO = 200_000
"""Demand lines of the largest run whose pegging is kept: some 50 MiB."""


class _Peggings:
    """What gives the pegs of runs, by run: the few that were kept or asked for last. Each is immutable."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept = OrderedDict[Hashable, Pegging]()
        self._lock = Lock()

    def get(self, key: Hashable) -> Pegging | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def keep(self, key: Hashable, pegging: Pegging) -> None:
        with self._lock:
            self._kept[key] = pegging
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


_PEGGINGS = _Peggings(most=4)


def packed(frame: pl.DataFrame) -> bytes:
    """A frame as a compressed Arrow file."""
    target = io.BytesIO()
    frame.write_ipc(target, compression="zstd")
    return target.getvalue()


def unpacked(content: bytes) -> pl.DataFrame:
    """What packed() made."""
    return pl.read_ipc(io.BytesIO(content))


def inputs_of(session: Session, run_id: int) -> PlanInputs:
    """Everything that a run read."""
    return kept_inputs(session, run_id)()


def kept_inputs(session: Session, run_id: int) -> Callable[[], PlanInputs]:
    """The same, read now and unpacked when it is asked for: that asks nothing of the database."""
    names = {each.name for each in fields(PlanInputs)}
    kept = session.execute(
        select(col(PlanningRunInput.name), col(PlanningRunInput.content)).where(
            col(PlanningRunInput.run_id) == run_id, col(PlanningRunInput.name).in_(names)
        )
    ).all()
    return lambda: PlanInputs.of(
        **{name: as_declared(getattr(frames, name.upper()), unpacked(content)) for name, content in kept}
    )


def as_declared(declared: Frame, kept: pl.DataFrame) -> pl.DataFrame:
    """A frame that was kept before some of its columns were declared, with what they would have said then."""
    missing = [
        pl.lit(_BEFORE.get((declared.name, name)), column.dtype).alias(name)
        for name, column in declared.columns.items()
        if name not in kept.columns
    ]
    return kept.with_columns(missing)


def pegs_again(session: Session, run: PlanningRun, item_ids: Sequence[int] | None = None) -> pl.DataFrame:
    """PEGS of some items of a run (None: all), as the run would have stored them."""
    return pegs_of(inputs_of(session, run.id), run.as_of, items=item_ids, **scope_of(run))


def scope_of(run: PlanningRun) -> PlanScope:
    """What plan() is told of a run's scope."""
    return PlanScope(
        warehouses=run.scope.get("warehouses"),
        groups=run.scope.get("groups"),
        horizon_days=run.scope.get("horizon_days"),
    )


def divided_pegs(session: Session, run_id: int, item_ids: Sequence[int]) -> list[StoredPeg]:
    """The same as values. What does not depend on the items is kept in this process for the runs that were asked for last."""
    run = session.get_one(PlanningRun, run_id)
    bind = session.get_bind()
    engine = bind if isinstance(bind, Engine) else bind.engine
    key = engine.url.render_as_string(), run.id, run.finished_at
    pegging = _PEGGINGS.get(key)
    if pegging is None:
        inputs = inputs_of(session, run_id)
        pegging = pegging_of(inputs, run.as_of, **scope_of(run))
        if inputs.lines.height <= _KEPT_TO:
            _PEGGINGS.keep(key, pegging)
    found = pegging(item_ids)
    return [
        StoredPeg(item, warehouse, on, line, units(quantity))
        for item, warehouse, on, line, quantity in PEGS.check(found).iter_rows()
    ]


def units(quantity: int) -> Decimal:
    """A quantity at QUANTITY_SCALE as a decimal."""
    return (Decimal(quantity) / QUANTITY_SCALE).quantize(Decimal("0.000001")) if quantity else Decimal(0)
