"""What must not be between rows of bills of material and rules of configuration (ITM-4, ITM-5).

A circle is refused whatever the dates of its rows: components are needed earlier than what is made of them, so rows that are
never valid on the same day can still feed each other, and the planning puts all items in one order for all days.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import pairwise

from sqlalchemy import ARRAY, BigInteger, bindparam, func, select
from sqlmodel import Session, col

from buyside.db.items import Item
from buyside.db.structure import BomRow, OptionValue, ProductOption, Variant
from buyside.domain.items import RuleBehaviour, SupplyMode
from buyside.domain.option_rules import WANTS, split_choices
from buyside.domain.sheet_changes import CellProblem
from buyside.domain.sheets import Sheet
from buyside.ledgers.sheet_batch import Batch, BatchRow, problem

MOST_CIRCLES = 100
"""Circles of one batch that are told with their path; a file with more is told of the rest in short."""

Edges = dict[int, dict[int, list[BatchRow]]]
"""By parent item its component items, each with the rows of the batch that say so; without any it is a row that is kept."""


def check_parents(session: Session, _sheet: Sheet, batch: Batch) -> Iterator[CellProblem]:
    """Only what is made or phantom has components (PLAN-3)."""
    rows = [row for row in batch.touched if row.stored.get("item_id")]
    parents = {int(row.stored["item_id"] or 0) for row in rows}
    bought = set(
        session.scalars(
            select(col(Item.id)).where(
                col(Item.id) == func.any(sorted(parents)), col(Item.supply) == SupplyMode.BUY.value
            )
        )
        if parents
        else ()
    )
    for row in rows:
        if int(row.stored["item_id"] or 0) in bought:
            says = (
                f"{row.after['parent']} is bought: only items that are made or phantom have components. "
                "Change its supply mode first."
            )
            yield problem(row, "parent", "bom-rows.bought-parent", says)


def check_circles(session: Session, _sheet: Sheet, batch: Batch) -> Iterator[CellProblem]:
    """No item may contain itself (ITM-4). Of rows of one batch that close a circle together, the last one is refused."""
    rows = [row for row in batch.touched if row.stored.get("item_id") and row.stored.get("component_id")]
    if not rows:
        return
    edges = _kept_edges(session, rows, {int(key) for key in batch.keys if key.isdecimal()})
    for row in rows:
        below = edges.setdefault(int(row.stored["item_id"] or 0), {})
        below.setdefault(int(row.stored["component_id"] or 0), []).append(row)
    circles = list(_circles(edges))
    codes = _codes(session, {item for path, _ in circles for item in path})
    for path, row in circles:
        words = " › ".join(codes[item] for item in path)
        own = (int(row.stored["item_id"] or 0), int(row.stored["component_id"] or 0))
        others = [step for step in pairwise(path) if step != own and edges.get(step[0], {}).get(step[1])]
        named = ", ".join(f"{codes[parent]} › {codes[component]}" for parent, component in others)
        together = f" Saved with it: {named}." if named else ""
        yield problem(row, "component", "bom-rows.circle", f"This makes a circle: {words}.{together}")


def _codes(session: Session, items: set[int]) -> dict[int, str]:
    if not items:
        return {}
    chosen = select(col(Item.id), col(Item.code)).where(col(Item.id) == func.any(sorted(items)))
    return dict(session.execute(chosen).all())


def _kept_edges(session: Session, rows: Iterable[BatchRow], written: set[int]) -> Edges:
    """What the components of some rows are made of, all the way down, by rows that the batch does not write."""
    start = {int(row.stored["component_id"] or 0) for row in rows}
    down = select(func.unnest(bindparam(None, sorted(start), type_=ARRAY(BigInteger))).label("item")).cte(
        "down", recursive=True
    )
    down = down.union(select(col(BomRow.component_id)).join(down, down.c.item == col(BomRow.item_id)))
    statement = select(col(BomRow.item_id), col(BomRow.component_id), col(BomRow.id)).where(
        col(BomRow.item_id).in_(select(down.c.item))
    )
    edges: Edges = {}
    for parent, component, key in session.execute(statement):
        if key not in written:
            edges.setdefault(parent, {})[component] = []
    return edges


def _circles(edges: Edges) -> Iterator[tuple[list[int], BatchRow]]:
    """Each circle as items, the first repeated at the end, with the row to refuse; edges are taken away as it goes."""
    left, told = edges, 0
    while True:
        knots = _knots(left)
        left = {
            parent: {to: rows for to, rows in components.items() if knots.get(to, -1) == knots[parent]}
            for parent, components in left.items()
            if parent in knots
        }
        closing = [
            (max(row.number for row in rows), parent, component, rows)
            for parent, components in left.items()
            for component, rows in components.items()
            if rows
        ]
        if not closing:
            return
        # The last row of each knot goes first: what stands before it may be all right without it.
        seen: set[int] = set()
        for _, parent, component, rows in sorted(closing, key=lambda each: -each[0]):
            knot = knots[parent]
            if knot in seen and told < MOST_CIRCLES:
                continue
            seen.add(knot)
            told += 1
            path = [parent, *_way(left, component, parent)]
            yield from ((path, row) for row in rows)
            del left[parent][component]


def _knots(edges: Edges) -> dict[int, int]:
    """By item that lies on a circle, the number of what it is knotted up with (strongly connected parts, by Tarjan)."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    waiting: list[int] = []
    on_stack: set[int] = set()
    knots: dict[int, int] = {}
    for start in edges:
        if start in index:
            continue
        work = [(start, iter(edges.get(start, ())))]
        index[start] = low[start] = len(index)
        waiting.append(start)
        on_stack.add(start)
        while work:
            item, below = work[-1]
            step = next(below, None)
            if step is not None:
                if step not in index:
                    index[step] = low[step] = len(index)
                    waiting.append(step)
                    on_stack.add(step)
                    work.append((step, iter(edges.get(step, ()))))
                elif step in on_stack:
                    low[item] = min(low[item], index[step])
                continue
            work.pop()
            if work:
                low[work[-1][0]] = min(low[work[-1][0]], low[item])
            if low[item] == index[item]:
                part: list[int] = []
                while not part or part[-1] != item:
                    part.append(waiting.pop())
                    on_stack.discard(part[-1])
                if len(part) > 1 or item in edges.get(item, ()):
                    knots |= dict.fromkeys(part, index[item])
    return knots


def _way(edges: Edges, start: int, goal: int) -> list[int]:
    """The shortest way down from one item to another, both included; only the two where a row before has cut it."""
    came: dict[int, int] = {start: start}
    queue = deque([start])
    while queue and goal not in came:
        item = queue.popleft()
        for below in edges.get(item, ()):
            if below not in came:
                came[below] = item
                queue.append(below)
    if goal not in came:
        return [start, goal]
    path = [goal]
    while path[-1] != start:
        path.append(came[path[-1]])
    return path[::-1]


def check_behaviours(_session: Session, _sheet: Sheet, batch: Batch) -> Iterator[CellProblem]:
    """Each behaviour has what it needs and nothing that it would ignore."""
    for row in batch.touched:
        cells = row.after
        if cells["product"] and cells["variant"]:
            says = "A rule is for a product or for a variant; leave one of the two empty."
            yield problem(row, "variant", "option-rules.two-scopes", says)
        wants = WANTS[cells["behaviour"]]
        for name in ("component", "replacement", "quantity"):
            if name in wants.needed and not cells[name]:
                says = f"{name.capitalize()} is needed: {wants.why}."
                yield problem(row, name, "option-rules.needed", says)
            elif cells[name] and name not in (*wants.needed, *wants.taken):
                says = f"Leave {name} empty: {wants.why}."
                yield problem(row, name, "option-rules.not-taken", says)
        if cells["behaviour"] == RuleBehaviour.REPLACE and cells["component"] == cells["replacement"] != "":
            says = f"{cells['component']} would be replaced by itself."
            yield problem(row, "replacement", "option-rules.replaced-by-itself", says)
        is_whole = cells["behaviour"] == RuleBehaviour.NOTHING and (cells["product"] or cells["variant"])
        if not cells["when"] and not is_whole:
            says = (
                "Say for which options, as in Colour=Red;Seat=Leather. Only “nothing” may stand without any, "
                "for a whole product or variant."
            )
            yield problem(row, "when", "option-rules.no-options", says)


def check_options(session: Session, _sheet: Sheet, batch: Batch) -> Iterator[CellProblem]:
    """A rule asks for options that can be chosen: of its product, of its variant's product, or of any (ITM-3)."""
    rows = [row for row in batch.touched if row.after["when"]]
    if not rows:
        return
    groups = {group for row in rows for group, _ in split_choices(row.after["when"])}
    product_of = _products_of_variants(session, rows)
    products = {int(row.stored["product_id"] or 0) for row in rows if row.stored.get("product_id")}
    products |= set(product_of.values())
    offered, anywhere = _offers(session, groups, products)
    for row in rows:
        own = int(row.stored.get("product_id") or product_of.get(int(row.stored.get("variant_id") or 0), 0))
        who = row.after["product"] or (f"The product of {row.after['variant']}" if row.after["variant"] else "")
        for choice in split_choices(row.after["when"]):
            option = "=".join(choice)
            if choice not in anywhere:
                says = f"No product offers {option}."
                yield problem(row, "when", "option-rules.unknown-option", says)
            elif own and (own, *choice) not in offered:
                says = f"{who} does not offer {option}, so the rule would never hold."
                yield problem(row, "when", "option-rules.not-offered", says)


def _products_of_variants(session: Session, rows: Iterable[BatchRow]) -> dict[int, int]:
    variants = {int(row.stored["variant_id"] or 0) for row in rows if row.stored.get("variant_id")}
    if not variants:
        return {}
    chosen = select(col(Variant.id), col(Variant.product_id)).where(col(Variant.id) == func.any(sorted(variants)))
    return dict(session.execute(chosen).all())


def _offers(
    session: Session, groups: set[str], products: set[int]
) -> tuple[set[tuple[int, str, str]], set[tuple[str, str]]]:
    """What each of some products offers in some groups, and what any product does."""
    statement = (
        select(col(ProductOption.product_id), col(OptionValue.group_name), col(OptionValue.value))
        .join(OptionValue, col(OptionValue.id) == col(ProductOption.option_value_id))
        .where(col(OptionValue.group_name) == func.any(sorted(groups)))
    )
    offered, anywhere = set(), set()
    for product, group, value in session.execute(statement):
        anywhere.add((group, value))
        if product in products:
            offered.add((product, group, value))
    return offered, anywhere
