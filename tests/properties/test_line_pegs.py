"""Pegs of many order lines, reckoned together, are what they are line by line (PLAN-13, PLAN-17)."""

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

import numpy as np
import polars as pl
import pytest

from buyside.domain.money import ZERO, spread
from buyside.queries.plan_line_pegs import _Parts, _shares

pytestmark = [pytest.mark.rule("PLAN-13"), pytest.mark.rule("PLAN-17")]
MICRO = Decimal("0.000001")
Pegs = list[list[tuple[int, int]]]


class Part(NamedTuple):
    """What one line covers of one day's need, after what others covered of it before."""

    line: int
    day: int
    before: int
    covered: int


def slowly(parts: list[Part], pegs: Pegs) -> Iterator[tuple[int, int, int]]:
    """Line by line in decimals: each takes of a day's pegs in proportion to what they have not got yet, nobody the rest."""
    given: dict[int, list[Decimal]] = {}
    shares: dict[tuple[int, int], Decimal] = {}
    for part in parts:
        weights = [quantity * MICRO for _, quantity in pegs[part.day]]
        demand = sum(weights, ZERO)
        if part.day not in given:
            given[part.day] = spread(min(part.before * MICRO, demand), weights, 6)
        left = [weight - has for weight, has in zip(weights, given[part.day], strict=True)]
        by_demand = min(part.covered * MICRO, sum(left, ZERO))
        got = spread(by_demand, left, 6) if by_demand else [ZERO] * len(left)
        given[part.day] = [has + each for has, each in zip(given[part.day], got, strict=True)]
        asking = [(asks, each) for (asks, _), each in zip(pegs[part.day], got, strict=True)]
        for asks, each in [*asking, (0, part.covered * MICRO - by_demand)]:
            shares[part.line, asks] = shares.get((part.line, asks), ZERO) + each
    for (line, asks), quantity in sorted(shares.items(), key=lambda one: (one[0][0], one[0][1] == 0, one[0][1])):
        if quantity:
            yield line, asks, int(quantity / MICRO)


def a_world(chance: random.Random) -> tuple[list[Part], Pegs]:
    """Days with pegs, more or less than what is needed of them, and lines that cover them: whole, in parts, after others."""
    pegs: Pegs = []
    parts: list[Part] = []
    lines = chance.randint(1, 5)
    for day in range(chance.randint(1, 6)):
        asking = sorted(chance.sample(range(9), chance.randint(0, 5)))
        pegs.append([(asks, chance.choice([1, 7, 10**6, chance.randint(1, 10**9)])) for asks in asking])
        at = chance.choice([0, 0, chance.randint(0, 10**9)])
        demand = sum(quantity for _, quantity in pegs[-1])
        for line in sorted(chance.sample(range(lines), chance.randint(1, min(3, lines)))):
            covered = chance.choice([max(1, demand), demand + 5, chance.randint(1, 10**9)])
            parts.append(Part(line, day, at, covered))
            at += covered
    return sorted(parts, key=lambda each: (each.line, each.day)), pegs


@pytest.mark.parametrize("seed", range(150))
def test_shares_of_many_lines_are_what_they_are_line_by_line(seed: int) -> None:
    parts, pegs = a_world(random.Random(seed))
    flat = np.array([(day, *each) for day, of_day in enumerate(pegs) for each in of_day], np.int64).reshape(-1, 3)
    found = _shares(_Parts(*np.array(parts, np.int64).T), (flat[:, 0], flat[:, 1], flat[:, 2]), len(pegs))
    assert list(found.iter_rows()) == list(slowly(parts, pegs))
    for line in {each.line for each in parts}:
        assert found.filter(pl.col("line") == line)["quantity"].sum() == sum(
            each.covered for each in parts if each.line == line
        )
