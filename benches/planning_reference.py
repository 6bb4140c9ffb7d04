"""The bare loops that planning is measured against: prepared dense arrays in, plan lines out, nothing checked or explained.

They know this one world (adding rules only, no phantoms, everything valid, one warehouse, factors of three decimals), so they
are about the least that a machine has to do for it.
"""

import time
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numba import njit
from numpy.typing import NDArray

from buyside.planning.run import PlanInputs

Ints = NDArray[np.int64]
THOUSAND = 1000


@dataclass
class Prepared:
    """The world as arrays; items are numbered by low-level code, days from the as-of date."""

    levels: pl.DataFrame
    columns: dict[str, Ints]
    days: int

    @classmethod
    def of(cls, inputs: PlanInputs, as_of: date) -> "Prepared":
        """Number everything, group everything."""
        items = inputs.items.sort("item").join(inputs.item_stock, on="item", maintain_order="left")
        n = items.height
        bom = inputs.bom.with_columns(
            factor=pl.col("quantity_per") // 1000 * (1_000_000 + pl.col("scrap_percent")) // 1_000_000
        )
        rows = bom.filter(pl.col("parent_kind") == "item").sort("parent", maintain_order=True)
        sold = bom.filter(pl.col("parent_kind") == "variant").sort("parent", maintain_order=True)
        level = np.zeros(n, np.int64)
        parent, component = rows["parent"].to_numpy() - 1, rows["component"].to_numpy() - 1
        for _ in range(20):
            np.maximum.at(level, component, level[parent] + 1)
        start = pl.lit(as_of)
        lines = inputs.lines.sort("line").with_columns(day=(pl.col("needed_on") - start).dt.total_days().clip(0))
        queue = lines.with_row_index("at").sort("variant", "needed_on", "approved_at", "line")
        rules = inputs.rules.join(inputs.rule_conditions, on="rule").sort("option_value", "rule")
        supply = inputs.supply.with_columns(day=(pl.col("arrives_on") - start).dt.total_days().clip(0)).sort(
            "item", "day"
        )
        order = np.argsort(level, kind="stable")
        return cls(
            pl.DataFrame({"item": items["item"], "level": level}),
            {
                "order": order,
                "is_made": (items["supply"] == "make").to_numpy().astype(np.int64),
                "on_hand": items["on_hand"].to_numpy(),
                "safety": items["safety_stock"].to_numpy(),
                "lead": items["make_lead_days"].to_numpy(),
                "edge_ptr": _pointers(parent, n),
                "edge_component": component,
                "edge_factor": rows["factor"].to_numpy(),
                "sold_ptr": _pointers(sold["parent"].to_numpy() - 1, inputs.variant_stock.height),
                "sold_component": sold["component"].to_numpy() - 1,
                "sold_factor": sold["factor"].to_numpy(),
                "queue": queue["at"].to_numpy().astype(np.int64),
                "variant": lines["variant"].to_numpy() - 1,
                "quantity": lines["quantity"].to_numpy(),
                "day": lines["day"].to_numpy(),
                "variant_stock": inputs.variant_stock.sort("variant")["on_hand"].to_numpy(),
                "option": inputs.line_options.sort("line", maintain_order=True)["option_value"].to_numpy() - 1,
                "rule_ptr": _pointers(rules["option_value"].to_numpy() - 1, int(rules["option_value"].max())),
                "rule_component": rules["component"].to_numpy() - 1,
                "rule_factor": rules["quantity"].to_numpy() // 1000,
                "receipt_ptr": _pointers(supply["item"].to_numpy() - 1, n),
                "receipt_day": supply["day"].to_numpy(),
                "receipt": supply["quantity"].to_numpy(),
                **_vendors(inputs, n),
            },
            int(lines["day"].max()) + 1,
        )


def _pointers(group: Ints, groups: int) -> Ints:
    return np.concatenate([[0], np.cumsum(np.bincount(group, minlength=groups))]).astype(np.int64)


def _vendors(inputs: PlanInputs, n: int) -> dict[str, Ints]:
    """The vendor of each item, found as planning must find it: preference, lead time, price of the smallest order, vendor."""
    prices = inputs.prices.sort("vendor_item", "from_quantity")
    first = (
        inputs.vendor_items.join(prices, on="vendor_item")
        .filter(pl.col("from_quantity") <= pl.col("minimum"))
        .sort("vendor_item", "from_quantity")
        .group_by("vendor_item", maintain_order=True)
        .last()
        .with_columns(
            per_sixty=pl.col("unit_price") * 60 // (pl.col("unit_factor") // 1_000_000)
        )  # of 1, 10 or 12: exact
        .sort("item", "preference", "lead_days", "per_sixty", "vendor", "vendor_item")
        .group_by("item", maintain_order=True)
        .first()
    )
    at = first["item"].to_numpy() - 1
    vendor_item = np.zeros(n, np.int64)
    factor, minimum, multiple = np.ones(n, np.int64), np.zeros(n, np.int64), np.ones(n, np.int64)
    vendor_item[at] = first["vendor_item"].to_numpy()
    factor[at] = first["unit_factor"].to_numpy() // 1_000_000
    minimum[at] = first["minimum"].to_numpy() // 1_000_000
    multiple[at] = first["multiple"].to_numpy() // 1_000_000
    return {
        "vendor_item": vendor_item, "factor": factor, "minimum": minimum, "multiple": multiple,
        "price_ptr": _pointers(prices["vendor_item"].to_numpy(), int(prices["vendor_item"].max()) + 1),
        "price_from": prices["from_quantity"].to_numpy(), "price": prices["unit_price"].to_numpy(),
    }  # fmt: skip


class BareRun:
    """One run of the loops; `seconds` per step, and the plan lines as arrays."""

    item: Ints
    day: Ints
    need: Ints
    brings: Ints
    price: Ints

    def __init__(self, prepared: Prepared) -> None:
        self._of, self._days = prepared.columns, prepared.days
        self.seconds: dict[str, float] = {}

    def run(self) -> None:
        """Cover, explode, net, choose."""
        c = self._of
        marks = [time.perf_counter()]
        rest = cover(c["queue"], c["variant"], c["quantity"], c["variant_stock"].copy())
        marks.append(time.perf_counter())
        cells = np.zeros((c["on_hand"].size, self._days), np.int64)
        scatter(
            rest, c["variant"], c["day"], c["option"], c["sold_ptr"], c["sold_component"], c["sold_factor"], c["rule_ptr"],
            c["rule_component"], c["rule_factor"], cells,
        )  # fmt: skip
        explode(
            c["order"], c["is_made"], c["on_hand"], c["safety"], c["lead"], c["edge_ptr"], c["edge_component"], c["edge_factor"],
            c["receipt_ptr"], c["receipt"], cells,
        )  # fmt: skip
        marks.append(time.perf_counter())
        self.netted = net(c["on_hand"], c["safety"], c["receipt_ptr"], c["receipt_day"], c["receipt"], cells)
        marks.append(time.perf_counter())
        self.item, self.day, self.need, self.brings, self.price = choose(
            *self.netted[:4], c["is_made"], c["on_hand"], c["safety"], c["vendor_item"], c["factor"], c["minimum"], c["multiple"],
            c["price_ptr"], c["price_from"], c["price"],
        )  # fmt: skip
        marks.append(time.perf_counter())
        self.seconds = dict(zip(("cover", "explode", "net", "choose"), np.diff(marks).tolist(), strict=True))


@njit(cache=True)
def cover(queue, variant, quantity, stock):
    rest = quantity.copy()
    for i in queue:
        take = min(rest[i], stock[variant[i]])
        rest[i] -= take
        stock[variant[i]] -= take
    return rest


@njit(cache=True)
def scatter(
    rest, variant, day, option, sold_ptr, sold_component, sold_factor, rule_ptr, rule_component, rule_factor, cells
):
    days = cells.shape[1]
    by_variant = np.zeros((sold_ptr.size - 1, days), np.int64)
    by_rule = np.zeros((rule_component.size, days), np.int64)
    for i in range(rest.size):
        by_variant[variant[i], day[i]] += rest[i]
        for j in range(3 * i, 3 * i + 3):
            for r in range(rule_ptr[option[j]], rule_ptr[option[j] + 1]):
                by_rule[r, day[i]] += rest[i]
    for v in range(sold_ptr.size - 1):
        for e in range(sold_ptr[v], sold_ptr[v + 1]):
            for d in range(days):
                cells[sold_component[e], d] += by_variant[v, d] * sold_factor[e]
    for r in range(rule_component.size):
        for d in range(days):
            cells[rule_component[r], d] += by_rule[r, d] * rule_factor[r]


@njit(cache=True)
def explode(order, is_made, on_hand, safety, lead, ptr, component, factor, receipt_ptr, receipt, cells):
    days = cells.shape[1]
    short = np.zeros(days, np.int64)
    for p in order:
        position = on_hand[p]
        for k in range(receipt_ptr[p], receipt_ptr[p + 1]):
            position += receipt[k]
        for d in range(days):
            cells[p, d] = (cells[p, d] + THOUSAND // 2) // THOUSAND
            position -= cells[p, d]
            short[d] = max(0, safety[p] - position)
            position += short[d]
        if is_made[p]:
            for e in range(ptr[p], ptr[p + 1]):
                for d in range(days):
                    cells[component[e], max(d - lead[p], 0)] += short[d] * factor[e]


@njit(cache=True)
def net(on_hand, safety, receipt_ptr, receipt_day, receipt, cells):
    n, days = cells.shape
    most = n * days + receipt.size
    at = 0
    ptr = np.zeros(n + 1, np.int64)
    day, gross, arrives, projected, shortage, to_order = (
        np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64),
        np.empty(most, np.int64),
    )  # fmt: skip
    for p in range(n):
        k = receipt_ptr[p]
        balance = on_hand[p]
        supplied = 0
        position = balance
        ordered = 0
        for r in range(receipt_ptr[p], receipt_ptr[p + 1]):
            position += receipt[r]
        last = days
        if receipt_ptr[p + 1] > k:
            last = max(days, receipt_day[receipt_ptr[p + 1] - 1] + 1)
        for d in range(last):
            comes = 0
            while k < receipt_ptr[p + 1] and receipt_day[k] == d:
                comes += receipt[k]
                k += 1
            asked = cells[p, d] if d < days else 0
            balance += comes - asked
            short = max(0, safety[p] - balance - supplied)
            supplied += short
            position -= asked
            order = max(0, safety[p] - position - ordered)
            ordered += order
            if asked or comes or short or order:
                day[at], gross[at], arrives[at], projected[at], shortage[at] = d, asked, comes, balance, short
                to_order[at] = order
                at += 1
        ptr[p + 1] = at
    return ptr, day[:at], gross[:at], arrives[:at], projected[:at], shortage[:at], to_order[:at]


@njit(cache=True)
def choose(
    ptr,
    day,
    gross,
    arrives,
    is_made,
    on_hand,
    safety,
    vendor_item,
    factor,
    minimum,
    multiple,
    price_ptr,
    price_from,
    price,
):
    most = day.size
    item, when, need, brings, unit_price = (
        np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64),
    )  # fmt: skip
    at = 0
    for p in range(on_hand.size):
        if is_made[p]:
            continue
        balance = on_hand[p]
        for k in range(ptr[p], ptr[p + 1]):
            balance += arrives[k]
        per = factor[p] * 1_000_000
        for k in range(ptr[p], ptr[p + 1]):
            balance -= gross[k]
            short = safety[p] - balance
            if short > 0:
                packs = max(-(-short // per), minimum[p])
                packs = -(-packs // multiple[p]) * multiple[p]
                found = -1
                for b in range(price_ptr[vendor_item[p]], price_ptr[vendor_item[p] + 1]):
                    if price_from[b] <= packs * 1_000_000:
                        found = price[b]
                if vendor_item[p] == 0:
                    found = -1
                item[at], when[at], need[at], brings[at], unit_price[at] = p + 1, day[k], short, packs * per, found
                balance += packs * per
                at += 1
    return item[:at], when[:at], need[:at], brings[:at], unit_price[:at]
