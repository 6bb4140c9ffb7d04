"""What-if: a plan's inputs with some changes in them (PLAN-15). Frames in, frames out; what is stored is never touched."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from buyside.domain import scenarios as change
from buyside.domain.items import LotPolicy, SupplyMode
from buyside.domain.scenarios import Change, LevelsInDisorder, NotInRun, PeriodWithoutDays
from buyside.planning.frames import LINES, QUANTITY_SCALE, Headroom
from buyside.planning.run import PlanInputs

EXTRA = -1000
"""Keys of records that only a scenario has lie below, where the database has none (-1 is somewhere a mark for nothing)."""
_HUNDRED = 1_000_000  # percent at four decimals: 100 % = 1_000_000


@dataclass(frozen=True)
class _At:
    """Where a change stands: the day, the warehouses that the run looks at, and a number that no other change has."""

    as_of: date
    warehouses: frozenset[int] | None
    number: int


def changed(
    inputs: PlanInputs, changes: Sequence[Change], as_of: date, *, warehouses: Collection[int] | None = None
) -> PlanInputs:
    """The inputs with the changes made, one after the other: a later one works on what earlier ones left.

    A demand that nobody ordered is a line of a key below EXTRA, by the place of its change; one of an item is sold as a
    product of that key that takes one of the item. `warehouses`: those of the run, None for all.
    Holds  no change leaves every frame as it was; frames that a change does not speak of are the same objects
    Refuses what Change.check refuses, NotInRun, LevelsInDisorder, PeriodWithoutDays. Raises Headroom.
    """
    among = None if warehouses is None else frozenset(warehouses)
    for number, each in enumerate(changes, start=1):
        each.check(as_of)
        try:
            inputs = _STEPS[type(each)](inputs, each, _At(as_of, among, number))
        except pl.exceptions.InvalidOperationError as beyond:
            raise Headroom(f"change {number} of the scenario") from beyond
    return inputs


# --- the kinds of changes ---------------------------------------------------------------------------------------------
def _lead_time(inputs: PlanInputs, said: change.LeadTime, _at: _At) -> PlanInputs:
    sold = pl.lit(True)
    if said.vendor_id is not None:
        sold &= pl.col("vendor") == said.vendor_id
    if said.item_id is not None:
        sold &= pl.col("item") == said.item_id
    own = pl.lit(False)
    if said.vendor_id is None:
        own = (pl.col("item") == said.item_id) & (pl.col("supply") == SupplyMode.MAKE.value)
    is_own = _has(inputs.items, own)
    is_sold = _has(inputs.vendor_items, sold)
    if not is_sold and not is_own:
        raise NotInRun(what="this item from this vendor" if said.vendor_id and said.item_id else "a lead time of it")

    def days(name: str) -> pl.Expr:
        new = (
            pl.lit(said.days, pl.Int64)
            if said.days is not None
            else pl.max_horizontal(pl.col(name) + said.more_days, 0)
        )
        return new.cast(pl.Int64)

    if is_sold:
        inputs = replace(inputs, vendor_items=_set(inputs.vendor_items, sold, lead_days=days("lead_days")))
    if is_own:
        inputs = replace(inputs, items=_set(inputs.items, own, make_lead_days=days("make_lead_days")))
    return inputs


def _line(inputs: PlanInputs, said: change.LineDemand, _at: _At) -> PlanInputs:
    which = pl.col("line") == said.line_id
    _needs(inputs.lines, which, "this sales order line as open demand")
    if said.is_cancelled:
        return _without_lines(inputs, which)
    new: dict[str, Any] = {}
    if said.quantity is not None:
        new["quantity"] = pl.lit(_micro(said.quantity), pl.Int64)
    if said.needed_on is not None:
        new["needed_on"] = pl.lit(said.needed_on, pl.Date)
    return replace(inputs, lines=_set(inputs.lines, which, **new))


def _demand_percent(inputs: PlanInputs, said: change.DemandPercent, _at: _At) -> PlanInputs:
    which, what = pl.lit(True), "any demand"
    if said.variant_id is not None:
        which, what = pl.col("variant") == said.variant_id, "demand of this variant"
    elif said.product_id is not None:
        which, what = pl.col("product") == said.product_id, "demand of this product"
    _needs(inputs.lines, which, what)
    scaled = _set(inputs.lines, which, quantity=_scaled("quantity", said.percent))
    gone = which & (pl.col("quantity") <= 0)
    return _without_lines(replace(inputs, lines=scaled), gone) if _has(scaled, gone) else replace(inputs, lines=scaled)


def _extra(inputs: PlanInputs, said: change.ExtraDemand, at: _At) -> PlanInputs:
    _needs_warehouse(inputs, said.warehouse_id, at)
    key = EXTRA - at.number
    variant = product = key
    if said.variant_id is not None:
        assert said.product_id is not None  # the change was checked
        variant, product = said.variant_id, said.product_id
        _needs(inputs.products, pl.col("product") == product, "this product")
    else:
        _needs(inputs.items, pl.col("item") == said.item_id, "this item")
        row = {
            "row": key,
            "parent_kind": "variant",
            "parent": key,
            "component": said.item_id,
            "quantity_per": QUANTITY_SCALE,
        }
        inputs = replace(
            inputs,
            products=_with(inputs.products, {"product": key, "covers_from_stock": False}),
            bom=_with(inputs.bom, row | {"scrap_percent": 0, "valid_from": None, "valid_to": None}),
        )
    line = {
        "line": key,
        "product": product,
        "variant": variant,
        "warehouse": said.warehouse_id,
        "quantity": _micro(said.quantity),
        "needed_on": said.needed_on,
        # Behind every order that somebody approved: what is in stock covers those first.
        "approved_at": datetime.combine(at.as_of + timedelta(days=1), time(), UTC),
    }
    chosen = pl.DataFrame(
        {"line": [key] * len(said.option_value_ids), "option_value": list(said.option_value_ids)},
        schema=inputs.line_options.schema,
    )
    lines = pl.concat([pl.DataFrame([line], schema=LINES.schema), LINES.check(inputs.lines)])
    return replace(inputs, lines=lines, line_options=pl.concat([inputs.line_options, chosen]))


def _stock(inputs: PlanInputs, said: change.StockLevel, at: _At) -> PlanInputs:
    _needs_warehouse(inputs, said.warehouse_id, at)
    name, article, key = ("item_stock", "item", said.item_id)
    if said.variant_id is not None:
        name, article, key = "variant_stock", "variant", said.variant_id
    else:
        _needs(inputs.items, pl.col("item") == said.item_id, "this item")
    stock: pl.DataFrame = getattr(inputs, name)
    which = (pl.col("warehouse") == said.warehouse_id) & (pl.col(article) == key)
    amount = said.on_hand if said.on_hand is not None else said.more
    assert amount is not None
    new = pl.lit(_micro(amount), pl.Int64)
    if _has(stock, which):
        found = _set(stock, which, on_hand=new if said.on_hand is not None else pl.col("on_hand") + new)
    else:
        found = _with(stock, {"warehouse": said.warehouse_id, article: key, "on_hand": _micro(amount)})
    return replace(inputs, **{name: found})


def _vendor_out(inputs: PlanInputs, said: change.VendorOut, _at: _At) -> PlanInputs:
    which = pl.col("vendor") == said.vendor_id
    _needs(inputs.vendor_items, which, "anything that this vendor sells")
    return replace(inputs, vendor_items=_set(inputs.vendor_items, which, is_usable=pl.lit(not said.is_out)))


def _vendor_price(inputs: PlanInputs, said: change.VendorPrice, _at: _At) -> PlanInputs:
    mine = inputs.vendor_items.filter(pl.col("vendor") == said.vendor_id)["vendor_item"]
    which = pl.col("vendor_item").is_in(mine.implode())
    _needs(inputs.prices, which, "a price of this vendor")
    return replace(inputs, prices=_set(inputs.prices, which, unit_price=_scaled("unit_price", said.percent)))


def _sourcing(inputs: PlanInputs, said: change.Sourcing, _at: _At) -> PlanInputs:
    which = pl.lit(True) if said.group_id is None else pl.col("group") == said.group_id
    _needs(inputs.items, which, "an item of this group")
    new: dict[str, pl.Expr] = {}
    if said.policy is not None:
        new["vendor_policy"] = pl.lit(said.policy)
    if said.contracts_first is not None:
        new["contracts_first"] = pl.lit(said.contracts_first)
    return replace(inputs, items=_set(inputs.items, which, **new))


def _stock_policy(inputs: PlanInputs, said: change.StockPolicy, _at: _At) -> PlanInputs:
    which, what = pl.lit(True), "any item"
    if said.item_id is not None:
        which, what = pl.col("item") == said.item_id, "this item"
    elif said.group_id is not None:
        which, what = pl.col("group") == said.group_id, "an item of this group"
    _needs(inputs.items, which, what)
    new: dict[str, pl.Expr] = {}
    for name in ("safety_stock", "reorder_point", "order_up_to"):
        level = getattr(said, name)
        if said.percent is not None:
            new[name] = _scaled(name, said.percent)
        elif level is not None:
            new[name] = pl.lit(_micro(level), pl.Int64)
    if said.lot_policy is not None:
        new["lot_policy"] = pl.lit(said.lot_policy)
    if said.period_days is not None:
        new["period_days"] = pl.lit(said.period_days, pl.Int64)
    items = _set(inputs.items, which, **new)
    # A level that is empty counts as the other one, so only two that are set can be in disorder.
    if _has(items, which & (pl.col("order_up_to") < pl.col("reorder_point"))):
        raise LevelsInDisorder(field="order_up_to")
    if _has(
        items, which & (pl.col("lot_policy") == LotPolicy.PERIOD.value) & (pl.col("period_days").fill_null(0) <= 0)
    ):
        raise PeriodWithoutDays
    return replace(inputs, items=items)


def _open_supply(inputs: PlanInputs, said: change.OpenSupply, at: _At) -> PlanInputs:
    which = pl.col("order_line") == said.order_line_id
    _needs(inputs.supply, which, "this purchase order line as open supply")
    if said.is_cancelled:
        return replace(inputs, supply=inputs.supply.filter(~which))
    new: dict[str, pl.Expr] = {}
    today = pl.lit(at.as_of, pl.Date)
    if said.arrives_on is not None:
        new["arrives_on"] = pl.lit(said.arrives_on, pl.Date)
    elif said.more_days is not None:
        expected = pl.max_horizontal(pl.col("arrives_on"), today)
        new["arrives_on"] = pl.max_horizontal(expected + pl.duration(days=said.more_days), today)
    if said.quantity is not None:
        new["quantity"] = pl.lit(_micro(said.quantity), pl.Int64)
    return replace(inputs, supply=_set(inputs.supply, which, **new))


_STEPS: dict[type[Change], Callable[[PlanInputs, Any, _At], PlanInputs]] = {
    change.LeadTime: _lead_time,
    change.LineDemand: _line,
    change.DemandPercent: _demand_percent,
    change.ExtraDemand: _extra,
    change.StockLevel: _stock,
    change.VendorOut: _vendor_out,
    change.VendorPrice: _vendor_price,
    change.Sourcing: _sourcing,
    change.StockPolicy: _stock_policy,
    change.OpenSupply: _open_supply,
}


# --- frames -----------------------------------------------------------------------------------------------------------
def _set(frame: pl.DataFrame, which: pl.Expr, **new: pl.Expr) -> pl.DataFrame:
    """The frame with new values in the rows meant; its types stay."""
    return frame.with_columns(
        pl.when(which).then(value).otherwise(pl.col(name)).cast(frame.schema[name]).alias(name)
        for name, value in new.items()
    )


def _with(frame: pl.DataFrame, row: dict[str, Any]) -> pl.DataFrame:
    return pl.concat([frame, pl.DataFrame([row], schema=frame.schema)])


def _has(frame: pl.DataFrame, which: pl.Expr) -> bool:
    return frame.height > 0 and bool(frame.select(which.fill_null(False).any()).item())


def _needs(frame: pl.DataFrame, which: pl.Expr, what: str) -> None:
    if not _has(frame, which):
        raise NotInRun(what=what)


def _needs_warehouse(inputs: PlanInputs, warehouse: int, at: _At) -> None:
    if at.warehouses is not None and warehouse not in at.warehouses:
        raise NotInRun(what="this warehouse in its scope", field="warehouse")
    _needs(inputs.warehouses, pl.col("warehouse") == warehouse, "this warehouse")


def _without_lines(inputs: PlanInputs, which: pl.Expr) -> PlanInputs:
    return replace(inputs, lines=inputs.lines.filter(~which))


def _scaled(name: str, percent: Decimal) -> pl.Expr:
    """A column more by so many percent, rounded half up to its last digit; beyond 64 bits it is refused by the cast."""
    factor = _HUNDRED + int(percent.scaleb(4))
    return ((pl.col(name).cast(pl.Int128) * factor + _HUNDRED // 2) // _HUNDRED).cast(pl.Int64)


def _micro(quantity: Decimal) -> int:
    return int(quantity.scaleb(6).to_integral_value())
