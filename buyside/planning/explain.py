"""Where a number comes from: the arithmetic of one item, the structure of one line, the words of one choice (PLAN-14, ITM-6)."""

from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import polars as pl

from buyside.planning.configuration import NOTHING, Part, Rule, apply_rules, in_order
from buyside.planning.frames import (
    ARITHMETIC,
    BOM,
    ITEMS,
    LINES,
    PERCENT_SCALE,
    PLAN_LINES,
    QUANTITY_SCALE,
    REQUIREMENTS,
    RULE_CONDITIONS,
    RULES,
    STRUCTURE,
    Misfit,
)
from buyside.planning.ranking import valid_on


def arithmetic(
    requirements: pl.DataFrame, plan_lines: pl.DataFrame, *, item: int, warehouse: int, on_hand: int
) -> pl.DataFrame:
    """How one item fares in one warehouse, day by day.

    In     REQUIREMENTS, PLAN_LINES of one run; `on_hand` at its start, at QUANTITY_SCALE
    Out    ARITHMETIC, sorted by date
    Holds  projected == opening - gross + scheduled receipts; opening == projected of the day before;
           position == on hand + all scheduled receipts - gross to date
    """
    here = (pl.col("item") == item) & (pl.col("warehouse") == warehouse)
    days = REQUIREMENTS.check(requirements).filter(here).drop("item", "warehouse", "overdue_receipts", "projected")
    orders = (
        PLAN_LINES.check(plan_lines).filter(here).group_by(date="needed_on").agg(planned=pl.col("stock_quantity").sum())
    )
    moved = (pl.col("scheduled_receipts") - pl.col("gross")).cum_sum() + on_hand
    position = pl.col("scheduled_receipts").sum() - pl.col("gross").cum_sum() + on_hand
    return ARITHMETIC.check(
        days.join(orders, on="date", how="full", coalesce=True)
        .sort("date")
        .with_columns(pl.col("gross", "scheduled_receipts", "shortage", "to_order", "planned").fill_null(0))
        .with_columns(projected=moved, position=position)
        .with_columns(
            opening=pl.col("projected") + pl.col("gross") - pl.col("scheduled_receipts"),
            projected_with_plan=pl.col("projected") + pl.col("planned").cum_sum(),
        )
    )


def structure_of(
    lines: pl.DataFrame, line_options: pl.DataFrame, items: pl.DataFrame, bom: pl.DataFrame, rules: pl.DataFrame,
    rule_conditions: pl.DataFrame, *, line: int, as_of: date, most: int | None = None,
) -> pl.DataFrame:  # fmt: skip
    """Every component of one sold line on every level, as if nothing were in stock, and what put it there.

    In     LINES, LINE_OPTIONS, ITEMS, BOM, RULES, RULE_CONDITIONS
    Out    STRUCTURE, parents before their components; the first `most` rows of it where it is limited, for what is used in many
           places stands in each of them
    Refuses Misfit (no such line). Rules that contradict each other are applied in order: the run blocks such a line.
    """
    sold = LINES.check(lines).row(by_predicate=pl.col("line") == line, named=True) if line in lines["line"] else None
    if sold is None:
        raise Misfit(f"LINES has no line {line}")
    supply = {row["item"]: row for row in ITEMS.check(items).iter_rows(named=True)}
    bom = BOM.check(bom)
    day: date = sold["needed_on"]
    parts = _parts(bom, "variant", sold["variant"], day) or _parts(bom, "product", sold["product"], day)
    parts, _ = apply_rules(parts, holding_rules(rules, rule_conditions, sold, set(_values(line_options, line))))
    found: list[dict[str, Any]] = []
    below: dict[tuple[int, date], list[Part]] = {}
    waiting: list[tuple[Part, Fraction, int | None, int, date]] = [
        (part, part.factor, None, 1, max(as_of, day)) for part in reversed(parts)
    ]
    while waiting and (most is None or len(found) < most):
        part, factor, parent, depth, needed = waiting.pop()
        place = len(found)
        found.append(
            {
                "place": place, "parent_place": parent, "depth": depth, "component": part.component, "row": part.row,
                "rules": list(part.rules), "needed_on": needed, "per_unit": _shown(factor * QUANTITY_SCALE),
                "quantity": _shown(factor * sold["quantity"]),
            }
        )  # fmt: skip
        item = supply[part.component]
        if item["supply"] == "buy":
            continue
        lead = item["make_lead_days"] if item["supply"] == "make" else 0
        if (part.component, needed) not in below:
            below[part.component, needed] = _parts(bom, "item", part.component, needed)
        earlier = max(as_of, needed - timedelta(days=lead))
        waiting += [
            (each, factor * each.factor, place, depth + 1, earlier) for each in reversed(below[part.component, needed])
        ]
    return STRUCTURE.check(pl.DataFrame(found, schema=STRUCTURE.schema))


def _parts(bom: pl.DataFrame, kind: str, parent: int, day: date) -> list[Part]:
    rows = bom.filter((pl.col("parent_kind") == kind) & (pl.col("parent") == parent) & valid_on(day)).sort("row")
    return [
        Part(
            row["component"],
            Fraction(row["quantity_per"], QUANTITY_SCALE) * (1 + Fraction(row["scrap_percent"], 100 * PERCENT_SCALE)),
            row["row"],
        )
        for row in rows.iter_rows(named=True)
    ]


def _values(line_options: pl.DataFrame, line: int) -> list[int]:
    return line_options.filter(pl.col("line") == line)["option_value"].to_list()


def holding_rules(
    rules: pl.DataFrame, conditions: pl.DataFrame, sold: Mapping[str, Any], chosen: set[int]
) -> list[Rule]:
    """The rules that hold for a `product` and `variant` with some chosen values, in order of application.

    In     RULES, RULE_CONDITIONS
    """
    asked = RULE_CONDITIONS.check(conditions).group_by("rule").agg("option_value")
    needs = {rule: set(values) for rule, values in asked.iter_rows()}
    names = ("rule", "behaviour", "component", "replacement", "quantity", "priority")
    holding = [
        Rule(*(row[name] for name in names))
        for row in RULES.check(rules).iter_rows(named=True)
        if row["behaviour"] != NOTHING
        and row["product"] in (None, sold["product"])
        and row["variant"] in (None, sold["variant"])
        and needs.get(row["rule"], set()) <= chosen
    ]
    return in_order(holding)


def _shown(value: Fraction) -> int:
    """Rounded half up."""
    return int((2 * value + 1) // 2)
