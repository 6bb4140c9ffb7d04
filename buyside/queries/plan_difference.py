"""Two runs side by side: what the later one wants to buy that the earlier did not, and the other way round (PLAN-11)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Numeric, Select, String, and_, case, cast, func, literal, or_, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from buyside.db.items import Item, Unit, VendorItem
from buyside.db.plans import PlanLine, PlanningRun
from buyside.db.stock import Warehouse
from buyside.db.vendors import Vendor
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.plans import PlanLineState, RunOrigin
from buyside.domain.words import Kind
from buyside.ledgers.exchange_rates import rates_of
from buyside.queries.answers import each_as
from buyside.queries.plan_origin import is_a_plan
from buyside.queries.rows import GridSource, RowColumn

_PRICE = Numeric(24, 6)


def _suggested(run: Any, name: str) -> Any:
    """What a run suggests, by item and warehouse: stock units, first date, vendors, value in the first currency by its code."""
    line, mapping, vendor = aliased(PlanLine), aliased(VendorItem), aliased(Vendor)
    value = col(line.suggested_quantity_packs) * col(line.suggested_unit_price)
    return (
        select(
            col(line.item_id),
            col(line.warehouse_id),
            func.sum(line.suggested_quantity_packs * func.coalesce(mapping.unit_factor, 1)).label("quantity"),
            func.min(line.suggested_needed_on).label("needed_on"),
            func.coalesce(
                func.string_agg(col(vendor.name).distinct(), aggregate_order_by(literal(", "), col(vendor.name))), ""
            ).label("vendors"),
            func.sum(value).label("value"),
            func.coalesce(func.min(line.currency_code), "").label("currency"),
        )
        .join(mapping, col(mapping.id) == col(line.suggested_vendor_item_id), isouter=True)
        .join(vendor, col(vendor.id) == col(mapping.vendor_id), isouter=True)
        .where(col(line.run_id) == run.id, col(line.suggested_quantity_packs) > 0)
        .group_by(col(line.item_id), col(line.warehouse_id))
        .correlate(run)
        .subquery(name)
    )


def _ordered_between(before: Any, after: Any) -> Any:
    """What was ordered of plans from one run until another, by item and warehouse, in stock units."""
    line, run = aliased(PlanLine), aliased(PlanningRun)
    return (
        select(
            col(line.item_id),
            col(line.warehouse_id),
            func.sum(line.quantity_packs * line.unit_factor).label("quantity"),
        )
        .join(run, col(run.id) == col(line.run_id))
        .where(
            col(line.state) == PlanLineState.CONVERTED.value,
            col(run.id) >= before.id,
            col(run.id) < after.id,
            col(run.origin) != RunOrigin.SCENARIO.value,
        )
        .group_by(col(line.item_id), col(line.warehouse_id))
        .correlate(before, after)
        .subquery("ordered")
    )


def differences_in_reach(_actor: Actor) -> Select[Any]:
    """Items and warehouses whose suggestion of two runs is not the same. Quantities in stock units.

    `before` is what the earlier run suggested, less what was ordered meanwhile: an order that was made of it is no difference.
    """
    after, before = aliased(PlanningRun, name="run_after"), aliased(PlanningRun, name="run_before")
    new, old = _suggested(after, "new_lines"), _suggested(before, "old_lines")
    ordered = _ordered_between(before, after)
    item_id = func.coalesce(new.c.item_id, old.c.item_id)
    warehouse_id = func.coalesce(new.c.warehouse_id, old.c.warehouse_id)
    was = func.greatest(func.coalesce(old.c.quantity, 0) - func.coalesce(ordered.c.quantity, 0), 0)
    both = (
        select(
            item_id.label("item_id"),
            warehouse_id.label("warehouse_id"),
            was.label("was"),
            func.coalesce(old.c.quantity, 0).label("suggested_before"),
            func.coalesce(ordered.c.quantity, 0).label("ordered"),
            func.coalesce(new.c.quantity, 0).label("now"),
            old.c.needed_on.label("was_needed_on"),
            new.c.needed_on.label("needed_on"),
            func.coalesce(old.c.vendors, "").label("was_vendors"),
            func.coalesce(new.c.vendors, "").label("vendors"),
            old.c.value.label("was_value"),
            new.c.value.label("value"),
            func.coalesce(func.nullif(old.c.currency, ""), new.c.currency, "").label("was_currency"),
            func.coalesce(func.nullif(new.c.currency, ""), old.c.currency, "").label("currency"),
        )
        .select_from(
            new.join(
                old, and_(new.c.item_id == old.c.item_id, new.c.warehouse_id == old.c.warehouse_id), full=True
            ).join(
                ordered,
                and_(ordered.c.item_id == item_id, ordered.c.warehouse_id == warehouse_id),
                isouter=True,
            )
        )
        .correlate(before, after)
        .lateral("both")
    )
    remains = and_(both.c.was > 0, both.c.now > 0)
    amount = case(
        (both.c.was == both.c.now, "same"), (both.c.was == 0, "added"), (both.c.now == 0, "gone"), (both.c.now > both.c.was, "more"),
        (both.c.now < both.c.was, "less"), else_="same",
    )  # fmt: skip
    moved = case(
        (and_(remains, both.c.needed_on < both.c.was_needed_on, both.c.ordered == 0), "earlier"),
        (and_(remains, both.c.needed_on > both.c.was_needed_on, both.c.ordered == 0), "later"),
        else_="same",
    )
    other_vendor = and_(remains, both.c.vendors != both.c.was_vendors)
    share = case((both.c.suggested_before > 0, both.c.was / both.c.suggested_before), else_=0)
    was_value = cast(both.c.was_value * share, _PRICE)
    same_currency = both.c.currency == both.c.was_currency
    return (
        select(
            (cast(both.c.item_id, String) + literal("-") + cast(both.c.warehouse_id, String)).label("id"),
            col(after.id).label("run_id"),
            col(before.id).label("before_id"),
            both.c.item_id.label("item_id"),
            col(Item.code).label("item"),
            col(Item.name).label("name"),
            col(Warehouse.code).label("warehouse"),
            col(Unit.code).label("unit"),
            amount.label("amount"),
            moved.label("moved"),
            other_vendor.label("is_other_vendor"),
            both.c.was.label("was"),
            both.c.now.label("now"),
            (both.c.now - both.c.was).label("more"),
            both.c.ordered.label("ordered"),
            both.c.was_needed_on.label("was_needed_on"),
            both.c.needed_on.label("needed_on"),
            (both.c.needed_on - both.c.was_needed_on).label("days"),
            both.c.was_vendors.label("was_vendors"),
            both.c.vendors.label("vendors"),
            was_value.label("was_value"),
            both.c.value.label("value"),
            both.c.was_currency.label("was_currency"),
            both.c.currency.label("currency"),
            case((same_currency, func.coalesce(both.c.value, 0) - func.coalesce(was_value, 0))).label("more_value"),
        )
        .select_from(after)
        .join(before, true())
        .join(both, true())
        .join(Item, col(Item.id) == both.c.item_id)
        .join(Unit, col(Unit.id) == col(Item.unit_id))
        .join(Warehouse, col(Warehouse.id) == both.c.warehouse_id)
        .where(or_(amount != "same", moved != "same", other_vendor))
    )


DIFFERENCE_ROWS = GridSource(
    "plan-difference",
    Permission.PLAN_VIEW,
    differences_in_reach,
    columns=(
        *(RowColumn(name, Kind.KEY) for name in ("id", "run_id", "before_id", "item_id")),
        RowColumn("item", searched=True, required=True),
        RowColumn("name", searched=True, required=True),
        RowColumn("warehouse", required=True),
        RowColumn("unit", required=True),
        RowColumn("amount", Kind.STATUS, required=True),
        RowColumn("moved", Kind.STATUS, required=True),
        RowColumn("is_other_vendor", Kind.FLAG, required=True),
        RowColumn("was", Kind.QUANTITY, required=True),
        RowColumn("now", Kind.QUANTITY, required=True),
        RowColumn("more", Kind.QUANTITY, required=True),
        RowColumn("ordered", Kind.QUANTITY, required=True),
        RowColumn("was_needed_on", Kind.DATE),
        RowColumn("needed_on", Kind.DATE),
        RowColumn("days", Kind.NUMBER),
        RowColumn("was_vendors", searched=True, required=True),
        RowColumn("vendors", searched=True, required=True),
        RowColumn("was_value", Kind.MONEY, currency="was_currency"),
        RowColumn("value", Kind.MONEY, currency="currency"),
        RowColumn("was_currency", required=True),
        RowColumn("currency", required=True),
        RowColumn("more_value", Kind.MONEY, currency="currency"),
    ),
    order=(("item", "asc"), ("warehouse", "asc")),
    scopes=("run_id", "before_id"),
    scopes_needed=("run_id", "before_id"),
)


@dataclass(frozen=True, slots=True)
class DifferenceTotal:
    """What two runs come to in one currency: the values that are not the same in both, before and now."""

    currency: str
    was: Decimal
    now: Decimal


@dataclass(frozen=True, slots=True)
class PlanDifference:
    """Two runs in figures: how many items of a warehouse are added, gone, more, less, earlier, later, with another vendor."""

    run_id: int
    before_id: int
    counts: dict[str, int]
    totals: tuple[DifferenceTotal, ...]
    in_own: DifferenceTotal | None
    """Their sum in the organisation's currency at the rates of the later run's day; None where one is not known."""


@needs(Permission.PLAN_VIEW)
def plan_difference(session: Session, actor: Actor, *, run_id: int, before_id: int) -> PlanDifference:
    """The figures above the list of differences between two runs."""
    rows = differences_in_reach(actor).subquery("rows")
    own = (rows.c.run_id == run_id, rows.c.before_id == before_id)
    tallies = {
        **{name: rows.c.amount == name for name in ("added", "gone", "more", "less")},
        **{name: rows.c.moved == name for name in ("earlier", "later")},
        "other_vendor": rows.c.is_other_vendor,
    }
    counted = session.execute(
        select(*(func.count().filter(each).label(name) for name, each in tallies.items())).where(*own)
    ).mappings()
    sides = (
        select(rows.c.was_currency.label("currency"), rows.c.was_value.label("was"), literal(0).label("now"))
        .where(*own)
        .union_all(select(rows.c.currency, literal(0), rows.c.value).where(*own))
        .subquery("sides")
    )
    totals = (
        select(
            sides.c.currency,
            func.coalesce(func.sum(sides.c.was), 0).label("was"),
            func.coalesce(func.sum(sides.c.now), 0).label("now"),
        )
        .where(sides.c.currency != "")
        .group_by(sides.c.currency)
        .order_by(sides.c.currency)
    )
    found = tuple(each_as(session, DifferenceTotal, totals))
    run = session.get(PlanningRun, run_id)
    in_own = None if run is None else _in_own(session, found, run.as_of)
    return PlanDifference(run_id, before_id, dict(counted.one()), found, in_own)


def _in_own(session: Session, totals: tuple[DifferenceTotal, ...], day: date) -> DifferenceTotal | None:
    rates = rates_of(session, [each.currency for each in totals])
    known = [(each, rate) for each in totals if (rate := rates.on(each.currency, day)) is not None]
    if len(known) < len(totals):
        return None
    was, now = (sum((getattr(each, name) * rate.rate for each, rate in known), Decimal(0)) for name in ("was", "now"))
    return DifferenceTotal(rates.own, was, now)


@needs(Permission.PLAN_VIEW)
def run_before(session: Session, actor: Actor, *, run_id: int) -> int | None:
    """What a run is compared with first: the plan that it followed, else the one made before it; None for the first."""
    run = session.get(PlanningRun, run_id)
    if run is None:
        return None
    if run.follows_run_id is not None:
        return run.follows_run_id
    wanted = select(func.max(col(PlanningRun.id))).where(
        col(PlanningRun.id) < run_id, col(PlanningRun.state) == "done", is_a_plan()
    )
    before: int | None = session.execute(wanted).scalar_one()
    return before
