"""The slow twin of planning/messages.py: every unit of open supply is handed out day by day, in plain Python."""

import random
from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction
from math import ceil
from typing import Any

import polars as pl

from buyside.planning.message_frames import OPEN_ORDERS
from buyside.planning.run import PlanInputs, PlanResults

Row = dict[str, Any]
ONE_DAY = timedelta(days=1)


def open_orders(inputs: PlanInputs, seed: int) -> pl.DataFrame:
    """OPEN_ORDERS for the supply of a generated world: issued and not, in lots of all kinds, some partly received."""
    dice = random.Random(seed)

    def order(line: int) -> Row:
        digits = dice.choice([0, 0, 1, 3, 6])
        step = 10 ** (6 - digits)
        return {
            "order_line": line,
            "vendor": dice.randint(1, 4),
            "is_issued": dice.random() < 0.5,
            "is_direct": dice.random() < 0.1,
            "received": dice.choice([0, 0, 0, dice.randint(1, 30) * 10**6]),
            "unit_factor": dice.choice([10**6, 10**6, 12 * 10**6, dice.randint(1, 3 * 10**6)]),
            "unit_digits": digits,
            "minimum": dice.choice([0, 0, dice.randint(1, 20) * 10**6]),
            "multiple": dice.choice([0, 0, dice.randint(1, 10) * step, dice.randint(1, 12) * 10**6]),
        }

    rows = [order(line) for line in sorted(inputs.supply["order_line"].to_list())]
    return pl.DataFrame(rows, schema=OPEN_ORDERS.schema, orient="row")


def messages(
    inputs: PlanInputs, results: PlanResults, orders: pl.DataFrame, as_of: date, *, is_bounded: bool = False
) -> set[tuple[Any, ...]]:
    """(kind, item, warehouse, order line, quantity, to quantity, from, to, due) of every message."""
    items = {row["item"]: row for row in inputs.items.iter_rows(named=True)}
    known = {row["order_line"]: row for row in orders.iter_rows(named=True)}
    gross: dict[tuple[int, int], dict[date, int]] = defaultdict(dict)
    on_hand: dict[tuple[int, int], int] = defaultdict(int)
    for row in inputs.item_stock.iter_rows(named=True):
        on_hand[row["item"], row["warehouse"]] += row["on_hand"]
    for row in results.requirements.iter_rows(named=True):
        gross[row["item"], row["warehouse"]][row["date"]] = row["gross"]
    told: set[tuple[Any, ...]] = set()
    drafts: dict[tuple[int, int], list[Row]] = defaultdict(list)
    for place, asked in gross.items():
        lines = [
            row | known[row["order_line"]]
            for row in inputs.supply.iter_rows(named=True)
            if (row["item"], row["warehouse"]) == place and row["quantity"] > 0
        ]
        lines.sort(key=lambda row: (max(row["arrives_on"], as_of), row["order_line"]))
        drafts[place] = [row for row in lines if not row["is_issued"] and not row["is_direct"]]
        told |= _of_place(items[place[0]], place, lines, asked, on_hand[place], as_of, is_bounded=is_bounded)
    return told | _of_plan(results, drafts, as_of)


def _of_place(  # noqa: C901 - one story, told in one go
    item: Row,
    place: tuple[int, int],
    lines: list[Row],
    asked: dict[date, int],
    on_hand: int,
    as_of: date,
    *,
    is_bounded: bool,
) -> set[tuple[Any, ...]]:
    days = sorted({as_of, *asked})
    given: dict[int, list[tuple[date, int]]] = defaultdict(list)
    handed_out, gone = 0, 0
    for day in days:  # what is needed beyond stock, from the supply that comes first
        gone += asked.get(day, 0)
        needed = item["safety_stock"] + gone - on_hand
        while handed_out < needed:
            before = 0
            for line in lines:
                if before + line["quantity"] > handed_out:
                    take = min(needed, before + line["quantity"]) - handed_out
                    given[line["order_line"]].append((day, take))
                    handed_out += take
                    break
                before += line["quantity"]
            else:
                break
    told = set()
    before = 0
    is_stocked = item["kind"] == "inventory"
    for line in lines:
        quantity, arrives, number = line["quantity"], line["arrives_on"], line["order_line"]
        arrival = max(arrives, as_of)
        parts = given[number]
        needed, first = sum(part for _, part in parts), parts[0][0] if parts else None
        if is_stocked and item["reorder_point"] is not None:
            gone = 0
            for day in days:
                gone += asked.get(day, 0)
                if on_hand + before - gone <= item["reorder_point"]:
                    up_to = item["reorder_point"] if item["order_up_to"] is None else item["order_up_to"]
                    level = up_to - on_hand + sum(asked.values())
                    needed = max(needed, min(quantity, max(0, level - before)))
                    first = day if first is None else min(first, day)
                    break
        before += quantity
        if line["is_direct"]:
            continue
        comes = as_of + ONE_DAY if arrives < as_of else arrives
        missing = sum(part for day, part in parts if day < comes)
        less = 0
        if is_stocked and not is_bounded and needed:
            less = max(0, line["received"] + quantity - _lot(needed + line["received"], line))
        common = (*place, number)
        if missing:
            told.add(("expedite", *common, missing, None, arrives, parts[0][0], as_of))
        elif is_stocked and needed and first is not None and first > arrival + 7 * ONE_DAY:
            told.add(("defer", *common, quantity - less, None, arrives, first, as_of))
        if less:
            told.add(("decrease", *common, less, quantity - less, arrives, None, as_of))
        if is_stocked and not needed and not is_bounded:
            told.add(("cancel", *common, quantity, 0, arrives, None, as_of))
    return told


def _lot(stock: int, line: Row) -> int:
    """The smallest order that brings so much, in stock units at 10^-6."""
    step = Fraction(1, 10 ** line["unit_digits"])
    factor = Fraction(line["unit_factor"], 10**6)
    packs = max(Fraction(stock, 10**6) / factor, Fraction(line["minimum"], 10**6))
    packs = ceil(packs / step) * step
    if line["multiple"]:
        multiple = Fraction(line["multiple"], 10**6)
        while packs % multiple:
            packs += step * ceil((multiple - packs % multiple) / step)
    return ceil(packs * factor * 10**6)


def _of_plan(results: PlanResults, drafts: dict[tuple[int, int], list[Row]], as_of: date) -> set[tuple[Any, ...]]:
    more: dict[int, list[Row]] = defaultdict(list)
    due: dict[tuple[int, int], list[Row]] = defaultdict(list)
    lines: dict[int, Row] = {}
    for plan_line in results.plan_lines.iter_rows(named=True):
        place = plan_line["item"], plan_line["warehouse"]
        reach = plan_line["needed_on"] + plan_line["late_days"] * ONE_DAY
        fitting = [
            line
            for line in drafts[place]
            if line["vendor"] == plan_line["vendor"]
            and plan_line["needed_on"] - 7 * ONE_DAY <= max(line["arrives_on"], as_of) <= reach
        ]
        if fitting:
            last = max(max(line["arrives_on"], as_of) for line in fitting)
            chosen = next(line for line in fitting if max(line["arrives_on"], as_of) == last)
            lines[chosen["order_line"]] = chosen
            more[chosen["order_line"]].append(plan_line)
        elif plan_line["order_by"] <= as_of + 3 * ONE_DAY:
            due[place].append(plan_line)

    def sums(found: list[Row]) -> tuple[int, date, date]:
        return (
            sum(each["stock_quantity"] for each in found),
            min(each["needed_on"] for each in found),
            min(each["order_by"] for each in found),
        )

    told = set()
    for number, found in more.items():
        quantity, needed_on, order_by = sums(found)
        line = lines[number]
        total = line["quantity"] + quantity
        told.add(
            (
                "increase",
                line["item"],
                line["warehouse"],
                number,
                quantity,
                total,
                line["arrives_on"],
                needed_on,
                order_by,
            )
        )
    for place, found in due.items():
        quantity, needed_on, order_by = sums(found)
        told.add(("order", *place, None, quantity, None, None, needed_on, order_by))
    return told
