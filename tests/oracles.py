"""Slow, obvious versions of what the house computes fast; they share no code with it.

A world is plain: lists of dicts with Fraction or int quantities in natural units, dates, None where nothing is said.
"""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from math import ceil, floor
from typing import Any

Row = dict[str, Any]
SMALLEST = Fraction(1, 10**6)
BEHAVIOURS = ["remove", "replace", "scale", "add"]


@dataclass
class PlanningWorld:
    """What a planning run reads. Names are those of the planning frames."""

    as_of: date
    warehouses: list[int] = field(default_factory=list)
    lines: list[Row] = field(default_factory=list)
    line_options: list[tuple[int, int]] = field(default_factory=list)
    products: list[Row] = field(default_factory=list)
    variant_stock: list[Row] = field(default_factory=list)
    items: list[Row] = field(default_factory=list)
    bom: list[Row] = field(default_factory=list)
    rules: list[Row] = field(default_factory=list)
    rule_conditions: list[tuple[int, int]] = field(default_factory=list)
    item_stock: list[Row] = field(default_factory=list)
    supply: list[Row] = field(default_factory=list)
    vendor_items: list[Row] = field(default_factory=list)
    prices: list[Row] = field(default_factory=list)
    vendors: list[Row] = field(default_factory=list)
    vendor_closings: list[Row] = field(default_factory=list)
    contracts: list[Row] = field(default_factory=list)
    contract_balances: list[Row] = field(default_factory=list)
    rates: list[Row] = field(default_factory=list)


@dataclass
class PlanningAnswer:
    """What the run must find."""

    coverage: dict[int, tuple[Fraction, Fraction]]  # line: covered, exploded
    requirements: dict[tuple[int, int, date], tuple[Fraction, ...]]  # as netted() gives them
    pegs: dict[tuple[int, int, date, int | None], Fraction]
    plan_lines: dict[tuple[int, int, date, int], Row]  # item, warehouse, day, part
    unmapped: set[int]
    blocked: set[int]
    dead_ends: dict[tuple[int, int, date], Fraction]


def half_up(value: Fraction) -> Fraction:
    """To six decimals."""
    return floor(value / SMALLEST + Fraction(1, 2)) * SMALLEST


def up_to(value: Fraction, step: Fraction) -> Fraction:
    """The smallest multiple of step that is not below value."""
    return ceil(value / step) * step


def counts_on(row: Row, day: date) -> bool:
    """Whether a row with valid_from and valid_to, both included, counts on a day."""
    return (row["valid_from"] is None or row["valid_from"] <= day) and (
        row["valid_to"] is None or day <= row["valid_to"]
    )


def in_turn(line: Row) -> tuple[Any, ...]:
    """Who is served first (PLAN-2)."""
    return line["needed_on"], line["approved_at"], line["line"]


def cover(world: PlanningWorld) -> dict[int, tuple[Fraction, Fraction]]:
    """Stock of sold variants goes to lines, one after the other."""
    stock = {(row["warehouse"], row["variant"]): max(Fraction(0), row["on_hand"]) for row in world.variant_stock}
    opted_in = {row["product"] for row in world.products if row["covers_from_stock"]}
    answer = {}
    for line in sorted(world.lines, key=in_turn):
        free = (
            stock.get((line["warehouse"], line["variant"]), Fraction(0)) if line["product"] in opted_in else Fraction(0)
        )
        taken = min(free, line["quantity"])
        if taken:
            stock[line["warehouse"], line["variant"]] -= taken
        answer[line["line"]] = taken, line["quantity"] - taken
    return answer


def rules_for(world: PlanningWorld, line: Row) -> list[Row]:
    """Rules that hold for a line, in order of application."""
    chosen = {value for number, value in world.line_options if number == line["line"]}
    holding = [
        rule
        for rule in world.rules
        if rule["behaviour"] != "nothing"
        and rule["product"] in (None, line["product"])
        and rule["variant"] in (None, line["variant"])
        and {value for number, value in world.rule_conditions if number == rule["rule"]} <= chosen
    ]
    return sorted(holding, key=lambda rule: (BEHAVIOURS.index(rule["behaviour"]), rule["priority"], rule["rule"]))


def components_of(world: PlanningWorld, line: Row) -> tuple[list[tuple[int, Fraction]] | None, bool]:
    """Components per sold unit (None: unmapped), and whether rules contradict each other."""
    own = [row for row in world.bom if row["parent_kind"] == "variant" and row["parent"] == line["variant"]]
    general = [row for row in world.bom if row["parent_kind"] == "product" and row["parent"] == line["product"]]
    rows = [row for row in own if counts_on(row, line["needed_on"])]
    rows = rows or [row for row in general if counts_on(row, line["needed_on"])]
    parts = [(row["component"], row["quantity_per"] * (1 + row["scrap_percent"] / 100)) for row in rows]
    rules = rules_for(world, line)
    if not rows and not any(rule["behaviour"] == "add" for rule in rules):
        return ([] if needs_nothing(world, line) else None), False
    for behaviour in (
        "replace",
        "scale",
        "remove",
        "add",
    ):  # contradictions first: is any pair at odds when its turn comes?
        for priority in sorted({rule["priority"] for rule in rules if rule["behaviour"] == behaviour}):
            before = [
                rule
                for rule in rules
                if (BEHAVIOURS.index(rule["behaviour"]), rule["priority"]) < (BEHAVIOURS.index(behaviour), priority)
            ]
            there = {component for component, _ in changed(parts, before)}
            now = [rule for rule in rules if (rule["behaviour"], rule["priority"]) == (behaviour, priority)]
            for component in there:
                results = {(r["replacement"], r["quantity"]) for r in now if r["component"] == component}
                if behaviour in ("replace", "scale") and len(results) > 1:
                    return [], True
    return changed(parts, rules), False


def needs_nothing(world: PlanningWorld, line: Row) -> bool:
    """Whether somebody decided that the line's variant or product takes no component."""
    asking = {number for number, _ in world.rule_conditions}
    return any(
        rule["behaviour"] == "nothing"
        and rule["rule"] not in asking
        and (rule["variant"] == line["variant"] or (rule["variant"] is None and rule["product"] == line["product"]))
        for rule in world.rules
    )


def changed(parts: list[tuple[int, Fraction]], rules: list[Row]) -> list[tuple[int, Fraction]]:
    """The parts after some rules, one after the other."""
    for rule in rules:
        if rule["behaviour"] == "remove":
            parts = [part for part in parts if part[0] != rule["component"]]
        elif rule["behaviour"] == "replace":
            parts = [
                (rule["replacement"], quantity if rule["quantity"] is None else rule["quantity"])
                if component == rule["component"]
                else (component, quantity)
                for component, quantity in parts
            ]
        elif rule["behaviour"] == "scale":
            parts = [(c, quantity * rule["quantity"] if c == rule["component"] else quantity) for c, quantity in parts]
        else:
            parts = [*parts, (rule["component"], rule["quantity"])]
    return parts


def by_depth(world: PlanningWorld) -> list[Row]:
    """Items, every parent before its components."""
    supply = {item["item"]: item["supply"] for item in world.items}
    parents = defaultdict(set)
    for row in world.bom:
        if row["parent_kind"] == "item" and supply[row["parent"]] != "buy":
            parents[row["component"]].add(row["parent"])

    def depth(item: int) -> int:
        return 1 + max((depth(parent) for parent in parents[item]), default=0)

    return sorted(world.items, key=lambda item: (depth(item["item"]), item["item"]))


def divide(shares: dict[int | None, Fraction], whole: Fraction) -> dict[int | None, Fraction]:
    """Largest remainder: whole millionths that add up; ties to the lowest line, the stock policy last."""
    down = {line: floor(share / SMALLEST) * SMALLEST for line, share in shares.items()}
    missing = (whole - sum(down.values())) / SMALLEST
    ranked = sorted(shares, key=lambda line: (down[line] - shares[line], line is None, line or 0))
    for line in ranked[: int(missing)]:
        down[line] += SMALLEST
    return down


def kept_in(world: PlanningWorld, item: Row, warehouse: int) -> bool:
    """Whether the item's stock policy holds there without any demand or supply."""
    return (
        any(row["item"] == item["item"] and row["warehouse"] == warehouse for row in world.item_stock)
        or item["warehouse"] == warehouse
        or (item["warehouse"] is None and len(world.warehouses) == 1)
    )


Shares = dict[tuple[int, int], dict[date, dict[int | None, Fraction]]]  # item and warehouse: day: line: exact quantity


def planned(world: PlanningWorld, groups: list[int] | None = None, horizon_days: int | None = None) -> PlanningAnswer:
    """The whole run, or what it tells of some item groups, of demand up to a horizon."""
    if horizon_days is not None:
        last = world.as_of + timedelta(days=horizon_days)
        world = replace(world, lines=[line for line in world.lines if line["needed_on"] <= last])
    answer = everything(world)
    if groups is not None:
        told = {item["item"] for item in world.items if item["group"] in groups}
        for part in (answer.requirements, answer.pegs, answer.plan_lines, answer.dead_ends):
            for key in [key for key in part if key[0] not in told]:
                del part[key]
    return answer


def everything(world: PlanningWorld) -> PlanningAnswer:
    """All that a run finds."""
    answer = PlanningAnswer(cover(world), {}, {}, {}, set(), set(), {})
    shares = asked_by_lines(world, answer)
    for item in by_depth(world):
        for warehouse in world.warehouses:
            short = one_item(world, item, warehouse, shares, answer)
            if item["supply"] != "buy":
                ask_of_components(world, item, warehouse, short, shares, answer)
    from tests.ordering_oracle import order_all  # it stands on this module

    order_all(world, answer)
    return answer


def asked_by_lines(world: PlanningWorld, answer: PlanningAnswer) -> Shares:
    """What the sold lines themselves ask for."""
    shares: Shares = defaultdict(lambda: defaultdict(lambda: defaultdict(Fraction)))
    for line in world.lines:
        rest = answer.coverage[line["line"]][1]
        if not rest:
            continue
        parts, at_odds = components_of(world, line)
        if at_odds:
            answer.blocked.add(line["line"])
        elif parts is None:
            answer.unmapped.add(line["line"])
        else:
            for component, factor in parts:
                day = max(world.as_of, line["needed_on"])
                shares[component, line["warehouse"]][day][line["line"]] += rest * factor
    return shares


def one_item(
    world: PlanningWorld, item: Row, warehouse: int, shares: Shares, answer: PlanningAnswer
) -> dict[date, dict[int | None, Fraction]]:
    """Round, peg, net and order one item in one warehouse; per day what is short, and whose it is."""
    turn = {line["line"]: in_turn(line) for line in world.lines}
    cells = shares[item["item"], warehouse]
    gross = {day: half_up(sum(cells[day].values(), Fraction(0))) for day in sorted(cells)}
    gross = {day: quantity for day, quantity in gross.items() if quantity}
    pegs = {day: divide(cells[day], gross[day]) for day in gross}
    if item["supply"] == "phantom":
        return pegs
    rows = netted(world, item, warehouse, gross)
    for day, row in rows.items():
        answer.requirements[item["item"], warehouse, day] = row
        for line, quantity in pegs.get(day, {}).items():
            if quantity:
                answer.pegs[item["item"], warehouse, day, line] = quantity
    return {day: short_of(pegs.get(day, {}), row[5], turn) for day, row in rows.items() if row[5]}


def ask_of_components(
    world: PlanningWorld,
    item: Row,
    warehouse: int,
    short: dict[date, dict[int | None, Fraction]],
    shares: Shares,
    answer: PlanningAnswer,
) -> None:
    """What a made or phantom item asks of its components, and when."""
    lead = timedelta(days=item["make_lead_days"] if item["supply"] == "make" else 0)
    rows = [row for row in world.bom if row["parent_kind"] == "item" and row["parent"] == item["item"]]
    for day, asked in short.items():
        below = [row for row in rows if counts_on(row, day)]
        if not below:
            answer.dead_ends[item["item"], warehouse, day] = sum(asked.values(), Fraction(0))
        for row in below:
            cell = shares[row["component"], warehouse][max(world.as_of, day - lead)]
            for line, quantity in asked.items():
                if quantity:
                    cell[line] += quantity * row["quantity_per"] * (1 + row["scrap_percent"] / 100)


def short_of(
    pegs: dict[int | None, Fraction], short: Fraction, turn: dict[int, tuple[Any, ...]]
) -> dict[int | None, Fraction]:
    """Whose demand a shortage is: stock serves who comes first; what no demand asks for is the stock policy's."""
    served = max(Fraction(0), sum(pegs.values(), Fraction(0)) - short)
    left: dict[int | None, Fraction] = {}
    for line in sorted(pegs, key=lambda line: (line is None, turn[line] if line is not None else ())):
        taken = min(served, pegs[line])
        served -= taken
        left[line] = pegs[line] - taken
    left[None] = left.get(None, Fraction(0)) + short - sum(left.values(), Fraction(0))
    return left


def netted(
    world: PlanningWorld, item: Row, warehouse: int, gross: dict[date, Fraction]
) -> dict[date, tuple[Fraction, ...]]:
    """gross, receipts, overdue, projected, shortage, to order on every day on which one of them is not zero."""
    today = world.as_of
    arriving = [row for row in world.supply if (row["item"], row["warehouse"]) == (item["item"], warehouse)]
    on_hand = sum(
        (row["on_hand"] for row in world.item_stock if (row["item"], row["warehouse"]) == (item["item"], warehouse)),
        Fraction(0),
    )
    if not gross and not arriving and not kept_in(world, item, warehouse):
        return {}
    answer: dict[date, tuple[Fraction, ...]] = {}
    supplied = Fraction(0)
    days = sorted({today, *gross, *(max(today, row["arrives_on"]) for row in arriving)})
    at_some_time = on_hand + sum((r["quantity"] for r in arriving), Fraction(0))

    missing: list[Fraction] = []  # by day, of everything asked so far, if all that is on order were there already
    for day in days:
        receipts = sum((r["quantity"] for r in arriving if max(today, r["arrives_on"]) == day), Fraction(0))
        overdue = sum((r["quantity"] for r in arriving if day == today and r["arrives_on"] < today), Fraction(0))
        projected = (
            on_hand
            + sum((r["quantity"] for r in arriving if max(today, r["arrives_on"]) <= day), Fraction(0))
            - sum((quantity for when, quantity in gross.items() if when <= day), Fraction(0))
        )
        shortage = max(Fraction(0), item["safety_stock"] - (projected + supplied))
        supplied += shortage
        asked = sum((quantity for when, quantity in gross.items() if when <= day), Fraction(0))
        missing.append(item["safety_stock"] - (at_some_time - asked))
        to_order = max(Fraction(0), *missing) - max(Fraction(0), *missing[:-1], Fraction(0))
        if gross.get(day) or receipts or shortage or to_order:
            answer[day] = gross.get(day, Fraction(0)), receipts, overdue, projected, shortage, to_order
    return answer


def served(needs: list[Row], sources: list[Row], kinds: tuple[str, ...]) -> list[Row]:
    """Who gets what: each need in its turn takes from whatever is there first."""
    answer = []
    left = {id(each): max(Fraction(0), each["quantity"]) for each in sources}
    for need in sorted(
        needs, key=lambda n: (n["item"], n["warehouse"], n["date"], n["turn"], n["line"] is None, n["line"] or 0)
    ):
        here = [s for s in sources if (s["item"], s["warehouse"]) == (need["item"], need["warehouse"])]
        missing = need["quantity"]
        told = {name: need[name] for name in ("item", "warehouse", "date", "line")}
        for each in sorted(here, key=lambda s: (s["available_on"], kinds.index(s["kind"]), s["source"])):
            taken = min(missing, left[id(each)])
            if taken > 0:
                left[id(each)] -= taken
                missing -= taken
                answer.append(
                    told | {name: each[name] for name in ("kind", "source", "available_on")} | {"quantity": taken}
                )
        if missing > 0:
            answer.append(told | {"kind": "none", "source": 0, "available_on": None, "quantity": missing})
    return answer
