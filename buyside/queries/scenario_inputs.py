"""The inputs of a scenario's run: those kept with its base run, with the scenario's changes in them (PLAN-15)."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import polars as pl
from sqlalchemy import select
from sqlmodel import Session, col

from buyside.db.plans import PlanningRun, PlanningRunInput
from buyside.domain.plans import ChangeKind, RunOrigin, RunState
from buyside.domain.refusals import Refused
from buyside.domain.scenarios import Change, change_of
from buyside.planning import frames
from buyside.planning.frames import Misfit
from buyside.planning.run import PlanInputs
from buyside.planning.scenario import changed
from buyside.queries.plan_stored import unpacked

_ITEMS = ("items", "warehouses")
_READ: dict[ChangeKind, tuple[str, ...]] = {
    ChangeKind.LEAD_TIME: ("vendor_items", "items"),
    ChangeKind.DEMAND: ("lines", "line_options", "products", "bom", *_ITEMS),
    ChangeKind.STOCK: ("item_stock", "variant_stock", *_ITEMS),
    ChangeKind.VENDOR: ("vendor_items", "prices"),
    ChangeKind.VENDOR_POLICY: ("items",),
    ChangeKind.STOCK_POLICY: ("items",),
    ChangeKind.SUPPLY: ("supply",),
}
"""What each kind of change reads and writes of the inputs."""


class BaseTooOld(Refused):
    code = "scenarios.base-too-old"
    says = "The plan of {as_of} was calculated by an earlier version of the planning. Run the plan again and start from it."


def kept_inputs(session: Session, run: PlanningRun, only: Sequence[str] | None = None) -> PlanInputs:
    """What a run read, in the frames of today. `only`: those frames, the others stay empty. Refuses: BaseTooOld."""
    names = tuple(each.name for each in fields(PlanInputs)) if only is None else tuple(dict.fromkeys(only))
    kept = session.execute(
        select(col(PlanningRunInput.name), col(PlanningRunInput.content)).where(
            col(PlanningRunInput.run_id) == run.id, col(PlanningRunInput.name).in_(names)
        )
    )
    found = {name: unpacked(content) for name, content in kept}
    try:
        if found.keys() != set(names):
            raise Misfit("a frame of it was not kept")
        return PlanInputs.of(**{name: getattr(frames, name.upper()).check(frame) for name, frame in found.items()})
    except Misfit:
        raise BaseTooOld(as_of=run.as_of) from None


def kept_plan_lines(session: Session, run_id: int) -> pl.DataFrame:
    """PLAN_LINES as a run found them, before anybody decided anything."""
    content = session.execute(
        select(col(PlanningRunInput.content)).where(
            col(PlanningRunInput.run_id) == run_id, col(PlanningRunInput.name) == "plan_lines"
        )
    ).scalar_one()
    return frames.PLAN_LINES.check(unpacked(content))


def refuse_misfits(session: Session, base: PlanningRun, changes: Sequence[Change], kind: ChangeKind) -> None:
    """Make the changes of one kind in what the base run read of it, and throw the result away.

    Refuses what Change.check refuses, NotInRun, LevelsInDisorder, PeriodWithoutDays, BaseTooOld.
    """
    inputs = kept_inputs(session, base, _READ[kind])
    changed(
        inputs, [each for each in changes if each.kind is kind], base.as_of, warehouses=base.scope.get("warehouses")
    )


def scenario_inputs(session: Session, run_id: int) -> PlanInputs | None:
    """What a scenario's run is calculated from; None where the run is no scenario's, and reads what stands today.

    Refuses: BaseTooOld, NotInRun.
    """
    run = session.get_one(PlanningRun, run_id)
    if run.origin != RunOrigin.SCENARIO:
        return None
    base = session.get_one(PlanningRun, run.scope["base_run_id"])
    return changed(
        kept_inputs(session, base),
        changes_of(run.scope["changes"]),
        base.as_of,
        warehouses=base.scope.get("warehouses"),
    )


def changes_of(written: Sequence[Sequence[Any]]) -> list[Change]:
    """Changes from (kind, content) pairs as a run keeps them."""
    return [change_of(kind, content) for kind, content in written]


def is_plan(run: PlanningRun | None) -> bool:
    """Whether a run is a finished plan that scenarios can start from."""
    return run is not None and run.state == RunState.DONE and run.origin != RunOrigin.SCENARIO
