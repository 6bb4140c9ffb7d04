"""The sequential steps as compiled loops over dense integers; each has a slow, obvious twin in the tests' oracle.

Everything is int64. Days count from the as-of date. A factor (quantity per × (1 + scrap)) has twelve decimals and is kept
twice: as `whole` × 10^-6 + `micro` × 10^-12, and as `narrow` × 1/unit, where `unit` is the smallest common denominator of
all factors of the run. A cell collects quantity × factor exactly, either as one number at 10^-6/unit (narrow), or, where that
could overflow, as `cells` × 10^-6 plus `rests` × 10^-18 (wide). It is rounded once, half up, when it is complete.
"""

from collections import namedtuple
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]

MICRO = 1_000_000
REST = 1_000_000_000_000  # rests per 10^-6 unit

BUY, MAKE, PHANTOM = 0, 1, 2

# Parts of a structure: rows of one source are ptr[s]..ptr[s + 1]. `first` and `last` bound the days on which a row counts.
Edges = namedtuple("Edges", "ptr component whole micro narrow first last")
# Rules in order of application. `key` groups them by their first condition (the last group has none).
Rules = namedtuple("Rules", "key_ptr key_rule cond_ptr cond product variant edge structural")
# Demand lines of one run: `own` source, `fallback` source where no own row counts, -1 for none.
Demand = namedtuple("Demand", "quantity day valid_day product variant own fallback option_ptr option")
# Items in order of low-level codes, in one warehouse.
Stock = namedtuple("Stock", "supply on_hand safety held lead receipt_ptr receipt_day receipt receipt_overdue")


@njit(cache=True, nogil=True)
def group_positions(group: Ints, groups: int) -> tuple[Ints, Ints]:
    """Stable counting sort: pointers per group, and the row numbers in order of group. Negative groups are left out."""
    ptr = np.zeros(groups + 1, np.int64)
    for g in group:
        if g >= 0:
            ptr[g + 1] += 1
    for g in range(groups):
        ptr[g + 1] += ptr[g]
    rows = np.empty(ptr[groups], np.int64)
    nxt = ptr[:-1].copy()
    for i in range(group.size):
        g = group[i]
        if g >= 0:
            rows[nxt[g]] = i
            nxt[g] += 1
    return ptr, rows


@njit(cache=True, nogil=True)
def look_up(keys: Ints, low: int, table: Ints) -> Ints:
    """Position of each key by a table that starts at `low`; -1 where there is none."""
    out = np.empty(keys.size, np.int64)
    for i in range(keys.size):
        k = keys[i] - low
        out[i] = table[k] if 0 <= k < table.size else -1
    return out


@njit(cache=True, nogil=True)
def has_repeats(ptr: Ints, value: Ints) -> bool:
    """Whether any group has one value twice."""
    for g in range(ptr.size - 1):
        for i in range(ptr[g], ptr[g + 1]):
            for j in range(ptr[g], i):
                if value[i] == value[j]:
                    return True
    return False


@njit(cache=True, nogil=True)
def listed_in_order(ids: Ints, named: Ints, value: Ints) -> tuple[bool, Ints, Ints]:
    """The values that are not negative of rows that name ascending ids: pointers per id, and values in order of the rows.

    Rows that name no such id are left out. False where rows do not stand in order of what they name: the rest then says nothing.
    """
    ptr = np.zeros(ids.size + 1, np.int64)
    listed = np.empty(named.size, np.int64)
    n, at = 0, 0
    for i in range(named.size):
        if i and named[i] < named[i - 1]:
            return False, ptr, listed
        while at < ids.size and ids[at] < named[i]:
            at += 1
            ptr[at] = n
        if at < ids.size and ids[at] == named[i] and value[i] >= 0:
            listed[n] = value[i]
            n += 1
    ptr[at + 1 :] = n
    return True, ptr, listed[:n]


@njit(cache=True, nogil=True)
def repeat_into(values: Ints, counts: Ints, out: Ints) -> None:
    """Each value as often as its count says, one after another."""
    at = 0
    for i in range(values.size):
        value, stop = values[i], at + counts[i]
        while at < stop:
            out[at] = value
            at += 1


@njit(cache=True, nogil=True)
def in_groups_order(ptr: Ints, rows: Ints, groups: Ints) -> Ints:
    """The columns of `rows`, group by group in another order of the groups."""
    out = np.empty_like(rows)
    for row in range(rows.shape[0]):
        at = 0
        for g in groups:
            for k in range(ptr[g], ptr[g + 1]):
                out[row, at] = rows[row, k]
                at += 1
    return out


@njit(cache=True, nogil=True)
def cover(ptr: Ints, rows: Ints, day: Ints, approved: Ints, quantity: Ints, stock: Ints, covered: Ints) -> None:
    """Serve each group's rows from its stock by day, then approval, then their given order; rows come sorted by day."""
    for g in range(stock.size):
        left = stock[g]
        first = ptr[g]
        while first < ptr[g + 1] and left > 0:
            stop = first
            total = 0
            while stop < ptr[g + 1] and day[rows[stop]] == day[rows[first]]:
                total += quantity[rows[stop]]
                stop += 1
            turn = rows[first:stop]
            if total > left:  # only the day on which stock runs out needs its order
                turn = turn[np.argsort(approved[turn], kind="mergesort")]
            for i in turn:
                covered[i] = min(quantity[i], left)
                left -= covered[i]
            first = stop


@njit(cache=True, nogil=True)
def low_level_codes(ptr: Ints, component: Ints, n: int) -> tuple[Ints, int]:
    """Longest path from any root to each item, and how many items could be placed (fewer than n: a circle)."""
    waits = np.zeros(n, np.int64)
    for c in component:
        waits[c] += 1
    level = np.zeros(n, np.int64)
    queue = np.empty(n, np.int64)
    tail = 0
    for i in range(n):
        if waits[i] == 0:
            queue[tail] = i
            tail += 1
    head = 0
    while head < tail:
        p = queue[head]
        head += 1
        for e in range(ptr[p], ptr[p + 1]):
            c = component[e]
            level[c] = max(level[c], level[p] + 1)
            waits[c] -= 1
            if waits[c] == 0:
                queue[tail] = c
                tail += 1
    return level, tail


@njit(cache=True, nogil=True)
def upper_bounds(edges: Any, supply: Ints, extra: Ints, bound: NDArray[np.float64]) -> None:
    """Carry bounds of what each item can need in all (never netted) down the levels, in place."""
    for p in range(supply.size):
        if supply[p] != BUY:
            for e in range(edges.ptr[p], edges.ptr[p + 1]):
                factor = edges.whole[e] / MICRO + edges.micro[e] / REST
                bound[edges.component[e]] += (bound[p] + extra[p]) * factor


@njit(cache=True, nogil=True, inline="always")
def _holds(rules: Any, demand: Any, r: int, i: int) -> bool:
    """Whether rule r, whose first condition line i has, holds for the line altogether."""
    if rules.product[r] >= 0 and rules.product[r] != demand.product[i]:
        return False
    if rules.variant[r] >= 0 and rules.variant[r] != demand.variant[i]:
        return False
    for c in range(rules.cond_ptr[r] + 1, rules.cond_ptr[r + 1]):
        chosen = False
        for j in range(demand.option_ptr[i], demand.option_ptr[i + 1]):
            if demand.option[j] == rules.cond[c]:
                chosen = True
        if not chosen:
            return False
    return True


@njit(cache=True, nogil=True)
def structural_rules(demand: Any, rules: Any) -> tuple[Ints, Ints]:
    """Per line the rules that remove, replace or scale something on it, in order of application."""
    n = demand.quantity.size
    ptr = np.zeros(n + 1, np.int64)
    found = np.empty(0, np.int64)
    for fill in range(2):
        for i in range(n):
            count = ptr[i]
            if demand.quantity[i] > 0:
                for j in range(demand.option_ptr[i], demand.option_ptr[i + 1] + 1):
                    key = demand.option[j] if j < demand.option_ptr[i + 1] else rules.key_ptr.size - 2
                    for k in range(rules.key_ptr[key], rules.key_ptr[key + 1]):
                        r = rules.key_rule[k]
                        if rules.structural[r] and _holds(rules, demand, r, i):
                            if fill:
                                found[count] = r
                            count += 1
            if fill:
                found[ptr[i] : count] = np.sort(found[ptr[i] : count])
            else:
                ptr[i + 1] = count - ptr[i]
        if fill == 0:
            for i in range(n):
                ptr[i + 1] += ptr[i]
            found = np.empty(ptr[n], np.int64)
    return ptr, found


@njit(cache=True, nogil=True, inline="always")
def _source(demand: Any, edges: Any, i: int) -> int:
    """The source of a line's BOM rows: its own where a row of it counts on the day, else the fallback; -1 for none."""
    day = demand.valid_day[i]
    for source in (demand.own[i], demand.fallback[i]):
        if source >= 0:
            for e in range(edges.ptr[source], edges.ptr[source + 1]):
                if edges.first[e] <= day <= edges.last[e]:
                    return int(source)
    return -1


@njit(cache=True, nogil=True)
def _rows_of_keys(key_ptr: Ints, key_rule: Ints, structural: NDArray[np.bool_], simple: NDArray[np.bool_]) -> Ints:
    """Numbers for the keys whose rules all add, and hold for every line that has the key; -1 for others.

    What lines ask by such a key is added up once, then given to each of its rules.
    """
    row = np.full(key_ptr.size - 1, -1, np.int64)
    rows = 0
    for key in range(row.size):
        alike = key_ptr[key] < key_ptr[key + 1]
        for k in range(key_ptr[key], key_ptr[key + 1]):
            alike &= simple[key_rule[k]] and not structural[key_rule[k]]
        if alike:
            row[key] = rows
            rows += 1
    return row


@njit(cache=True, nogil=True)
def gather_lines(
    lines: Ints,
    demand: Any,
    edges: Any,
    rules: Any,
    plain: NDArray[np.bool_],
    mapped: NDArray[np.bool_],
    asked: Ints,
    days: int,
) -> None:
    """Add the quantities of `lines` to a flat block of sources, and behind them of edges without a source, by day.

    `plain` marks sources with a row that always counts. Lines that had any BOM row or rule are marked as `mapped`.
    """
    quantity, day, own = demand.quantity, demand.day, demand.own
    option_ptr, option = demand.option_ptr, demand.option
    key_ptr, key_rule, structural, rule_edge = rules.key_ptr, rules.key_rule, rules.structural, rules.edge
    simple = (rules.product < 0) & (rules.variant < 0) & (np.diff(rules.cond_ptr) <= 1)
    sources = edges.ptr.size - 1
    behind = edges.ptr[sources]
    keys = key_ptr.size - 1
    row = _rows_of_keys(key_ptr, key_rule, structural, simple)
    by_key = np.zeros((row.max() + 1) * days, np.int64)
    for i in lines:
        source = own[i]
        if source < 0 or not plain[source]:
            source = _source(demand, edges, i)
        if source >= 0:
            mapped[i] = True
            asked[source * days + day[i]] += quantity[i]
        for j in range(option_ptr[i], option_ptr[i + 1] + 1):
            key = option[j] if j < option_ptr[i + 1] else keys - 1
            if row[key] >= 0:
                mapped[i] = True
                by_key[row[key] * days + day[i]] += quantity[i]
                continue
            for k in range(key_ptr[key], key_ptr[key + 1]):
                r = key_rule[k]
                if not structural[r] and (simple[r] or _holds(rules, demand, r, i)):
                    mapped[i] = True
                    asked[(sources + rule_edge[r] - behind) * days + day[i]] += quantity[i]
    for key in range(keys):
        if row[key] >= 0:
            for k in range(key_ptr[key], key_ptr[key + 1]):
                base = (sources + rule_edge[key_rule[k]] - behind) * days
                for d in range(days):
                    asked[base + d] += by_key[row[key] * days + d]


@njit(cache=True, nogil=True)
def list_components(
    lines: Ints, demand: Any, edges: Any, rules: Any, mapped: NDArray[np.bool_], wanted: NDArray[np.bool_]
) -> tuple[Ints, Ints]:
    """The same as a list: (line, edge) for every component that is `wanted`."""
    total = 0
    line = np.empty(0, np.int64)
    edge = np.empty(0, np.int64)
    for fill in range(2):
        at = 0
        for i in lines:
            valid_day = demand.valid_day[i]
            source = _source(demand, edges, i)
            if source >= 0:
                mapped[i] = True
                for e in range(edges.ptr[source], edges.ptr[source + 1]):
                    if edges.first[e] <= valid_day <= edges.last[e] and wanted[edges.component[e]]:
                        if fill:
                            line[at], edge[at] = i, e
                        at += 1
            for j in range(demand.option_ptr[i], demand.option_ptr[i + 1] + 1):
                key = demand.option[j] if j < demand.option_ptr[i + 1] else rules.key_ptr.size - 2
                for k in range(rules.key_ptr[key], rules.key_ptr[key + 1]):
                    r = rules.key_rule[k]
                    if not rules.structural[r] and _holds(rules, demand, r, i):
                        mapped[i] = True
                        e = rules.edge[r]
                        if wanted[edges.component[e]]:
                            if fill:
                                line[at], edge[at] = i, e
                            at += 1
        if fill == 0:
            total = at
            line = np.empty(total, np.int64)
            edge = np.empty(total, np.int64)
    return line, edge
