"""What moved since a run (PLAN-12): the run's requirements against those of today, calculated the same way.

Orders that came out of the plan itself, and what was received on them, are no drift: they are the plan at work.

What was found is kept in this process with the snapshot that it was found in, and holds as long as no transaction that wrote
an input is seen now and was not seen then. Such transactions leave their numbers in planning_input_write.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from decimal import Decimal
from threading import Lock

import polars as pl
from sqlalchemy import Engine, text
from sqlmodel import Session

from buyside.db.plans import PlanningRun
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.drift import drift_kept
from buyside.domain.refusals import NotFound
from buyside.planning.run import PlanInputs
from buyside.queries.arrow_reader import ArrowReader, arrow_reader
from buyside.queries.plan_resident import requirements_since, resident_of
from buyside.queries.plan_stored import scope_of, units
from buyside.queries.planning import read_inputs

_OWN_LINES = """
    SELECT purchase_order_line_id AS order_line FROM plan_line WHERE run_id = {run} AND state = 'converted'
"""
_OWN_RECEIPTS = """
    SELECT receipt.warehouse_id AS warehouse, planned.item_id AS item, (sum(line.stock_quantity) * 1000000)::int8 AS came
    FROM plan_line AS planned
    JOIN receipt_line AS line ON line.order_line_id = planned.purchase_order_line_id
    JOIN receipt ON receipt.id = line.receipt_id
    WHERE planned.run_id = {run} AND planned.state = 'converted'
    GROUP BY 1, 2
"""
# Of the numbers only the oldest are ever forgotten: as far back as the first that is left, all are known.
_NOTHING_NEW = text(
    """
    SELECT NOT EXISTS (
        SELECT FROM planning_input_write WHERE xid >= since.oldest AND NOT pg_visible_in_snapshot(xid::text::xid8, since.moment)
    ) AND coalesce((SELECT min(xid) FROM planning_input_write) <= since.oldest, true)
    FROM (SELECT CAST(:moment AS pg_snapshot) AS moment,
                 CAST(CAST(pg_snapshot_xmin(CAST(:moment AS pg_snapshot)) AS text) AS int8) AS oldest) AS since
    """
)
_MOST_KEPT = 8
_KEY = ("item", "warehouse")
_MEASURES = ("gross", "scheduled_receipts", "projected", "shortage", "to_order")


@dataclass(frozen=True, slots=True)
class Drifted:
    """An item in a warehouse whose requirement is not what it was. Differences in stock units, today less then."""

    item_id: int
    warehouse_id: int
    demand: Decimal
    on_hand: Decimal
    on_order: Decimal

    @property
    def says(self) -> str:
        """The differences in words, as they are kept."""
        return drift_kept(self.demand, self.on_hand, self.on_order)


@dataclass(frozen=True, slots=True)
class Drift:
    """Every item and warehouse that moved since a run, by its keys. `in_full`: what changed so widely that all was planned again."""

    moved: tuple[Drifted, ...]
    in_full: str = ""


class _Kept:
    """What moved since the runs that were asked for last, and the snapshots in which their inputs were read."""

    def __init__(self) -> None:
        self._found = OrderedDict[Hashable, tuple[str, Drift]]()
        self._lock = Lock()

    def get(self, session: Session, key: Hashable) -> Drift | None:
        """What was found, if nothing was written since that the session sees."""
        with self._lock:
            found = self._found.get(key)
        if found is None:
            return None
        moment, drift = found
        return drift if session.execute(_NOTHING_NEW, {"moment": moment}).scalar_one() else None

    def keep(self, key: Hashable, moment: str, drift: Drift) -> None:
        with self._lock:
            self._found[key] = moment, drift
            self._found.move_to_end(key)
            while len(self._found) > _MOST_KEPT:
                self._found.popitem(last=False)


_KEPT = _Kept()


@needs(Permission.PLAN_VIEW)
def drifted(session: Session, actor: Actor, *, run_id: int) -> list[Drifted]:
    """Every item and warehouse that moved since a run, by its keys. Sees what is committed. Refuses: NotFound."""
    return list(drift_since(session, actor, run_id=run_id).moved)


@needs(Permission.PLAN_VIEW)
def drift_since(session: Session, actor: Actor, *, run_id: int) -> Drift:
    """The same, and how it was found. Sees what is committed. Refuses: NotFound."""
    run = session.get(PlanningRun, run_id)
    if run is None:
        raise NotFound(kind="planning run")
    bind = session.get_bind()
    engine = bind if isinstance(bind, Engine) else bind.engine
    key = engine.url.render_as_string(), run.id, run.finished_at
    if (known := _KEPT.get(session, key)) is not None:
        return known
    with arrow_reader(session, connections=2) as reader:
        moment = str(reader.frame("SELECT pg_current_snapshot()::text AS moment").item())
        now = _without_own_orders(reader, run_id, read_inputs(reader, scope_of(run)["warehouses"]))
    drift = _found(session, actor, run_id, now)
    _KEPT.keep(key, moment, drift)
    return drift


def _found(session: Session, actor: Actor, run_id: int, now: PlanInputs) -> Drift:
    """What moved between the inputs of a run and those of now."""
    since = requirements_since(session, actor, run_id=run_id, now=now)
    before, after = since.before, since.after
    changed = _changed(before, after)
    if not changed.height:
        return Drift((), since.in_full)
    then = resident_of(session, actor, run_id=run_id).inputs
    on_hand = _moved(then.item_stock, now.item_stock, "on_hand")
    on_order = _moved(then.supply, now.supply, "quantity")
    demand = _moved(before, after, "gross")
    rows = (
        changed.join(demand, on=_KEY, how="left")
        .join(on_hand, on=_KEY, how="left")
        .join(on_order, on=_KEY, how="left")
        .with_columns(pl.col("gross", "on_hand", "quantity").fill_null(0))
        .sort(_KEY)
    )
    return Drift(
        tuple(
            Drifted(item, warehouse, units(gross), units(stock), units(supply))
            for item, warehouse, gross, stock, supply in rows.select(*_KEY, "gross", "on_hand", "quantity").iter_rows()
        ),
        since.in_full,
    )


def _without_own_orders(reader: ArrowReader, run_id: int, now: PlanInputs) -> PlanInputs:
    """Today's inputs as if nothing of the run had been ordered: without its order lines, and without what came of them."""
    run = str(int(run_id))
    lines = reader.frame(_OWN_LINES.replace("{run}", run))
    if not lines.height:
        return now
    came = reader.frame(_OWN_RECEIPTS.replace("{run}", run))
    stock = (
        now.item_stock.join(came, on=_KEY, how="left")
        .with_columns((pl.col("on_hand") - pl.col("came").fill_null(0)).alias("on_hand"))
        .drop("came")
    )
    frames = {name: getattr(now, name) for name in now.__dataclass_fields__}
    supply = now.supply.filter(~pl.col("order_line").is_in(lines["order_line"].implode()))
    return PlanInputs.of(**(frames | {"item_stock": stock, "supply": supply}))


def _changed(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Items and warehouses with any date whose row is not the same."""
    keys = [*_KEY, "date", *_MEASURES]
    gone = before.select(keys).join(after.select(keys), on=keys, how="anti")
    came = after.select(keys).join(before.select(keys), on=keys, how="anti")
    return pl.concat([gone, came]).select(_KEY).unique()


def _moved(then: pl.DataFrame, now: pl.DataFrame, name: str) -> pl.DataFrame:
    """Per item and warehouse, what a quantity adds up to now less what it did."""
    both = pl.concat([now.select(*_KEY, name), then.select(*_KEY, (-pl.col(name)).alias(name))])
    return both.group_by(_KEY).agg(pl.col(name).sum())
