"""Whose demand a plan line covers, when it becomes an order (PLAN-13, PLAN-17)."""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from sqlalchemy import text
from sqlmodel import Session

from buyside.domain.money import ZERO, spread
from buyside.queries.plan_orders import OrderableLine
from buyside.queries.plan_pegs import StoredPeg, pegs_of_items

Shares = tuple[tuple[int | None, Decimal], ...]
_DIGITS = 6
_NEEDS = text(
    "SELECT item_id, warehouse_id, on_date, to_order FROM planning_requirement "
    "WHERE run_id = :run AND item_id = ANY(:items) AND to_order > 0 ORDER BY item_id, warehouse_id, on_date"
)
_STARTS = text(
    "SELECT item_id, warehouse_id, array_agg(DISTINCT suggested_needed_on ORDER BY suggested_needed_on) FROM plan_line "
    "WHERE run_id = :run AND item_id = ANY(:items) GROUP BY item_id, warehouse_id"
)
_ORDERED = text(
    "SELECT item_id, warehouse_id, suggested_needed_on, sum(quantity_packs * unit_factor) FROM plan_line "
    "WHERE run_id = :run AND item_id = ANY(:items) AND state = 'converted' GROUP BY 1, 2, 3"
)


class LinePegs:
    """What each plan line covers, by who asks for it.

    A line covers the needs from its own suggested date up to the next line of its item, in order of date, as far as its
    quantity goes. Several lines of one suggested date (parts, shares) follow each other: those that are ordered already, then
    as they are asked for here. Of a date's need no more than the gross was asked for by demand, in proportion to the pegs;
    what is left refills stock and belongs to nobody.
    """

    def __init__(self, session: Session, run_id: int, item_ids: Iterable[int]) -> None:
        items = sorted(set(item_ids))
        asked = {"run": run_id, "items": items}
        self._pegs: dict[tuple[int, int, date], list[StoredPeg]] = {}
        for peg in pegs_of_items(session, run_id, items):
            self._pegs.setdefault((peg.item_id, peg.warehouse_id, peg.on_date), []).append(peg)
        self._needs: dict[tuple[int, int], list[tuple[date, Decimal]]] = {}
        for item_id, warehouse_id, on, need in session.execute(_NEEDS, asked):
            self._needs.setdefault((item_id, warehouse_id), []).append((on, need))
        self._starts = {(item, place): list(starts) for item, place, starts in session.execute(_STARTS, asked)}
        self._given: dict[tuple[int, int, date], list[Decimal]] = {}
        self._taken = {(item, place, on): taken for item, place, on, taken in session.execute(_ORDERED, asked)}

    def take(self, line: OrderableLine) -> Shares:
        """(sales order line, stock units) of one line, each once, in order of id, nobody last; what it takes is gone for the next."""
        place, start = line.place, line.suggested_needed_on
        starts = self._starts[place]
        after = bisect_right(starts, start)
        end = starts[after] if after < len(starts) else date.max
        passed = self._taken.get((*place, start), ZERO)
        left = line.stock_quantity
        self._taken[*place, start] = passed + left
        shares: dict[int | None, Decimal] = {}
        for on, need in self._needs.get(place, ()):
            if on < start:
                continue
            if on >= end or left <= 0:
                break
            before = min(passed, need)
            passed -= before
            covered = min(need - before, left)
            if covered <= 0:
                continue
            left -= covered
            for asks, quantity in self._asked((*place, on), before, covered):
                shares[asks] = shares.get(asks, ZERO) + quantity
        ordered = sorted(shares.items(), key=lambda share: (share[0] is None, share[0] or 0))
        return tuple((asks, quantity) for asks, quantity in ordered if quantity > 0)

    def _asked(self, at: tuple[int, int, date], before: Decimal, covered: Decimal) -> Shares:
        """Who asks for the part of a date's need that begins after `before`: demand first, then nobody.

        Each peg gets in proportion to what it has not got yet, so that several lines together give none more than it asks for.
        """
        pegs = self._pegs.get(at, [])
        weights = [each.quantity for each in pegs]
        demand = sum(weights, ZERO)
        if at not in self._given:
            self._given[at] = spread(min(before, demand), weights, _DIGITS) if before else [ZERO] * len(pegs)
        given = self._given[at]
        open_weights = [weight - has for weight, has in zip(weights, given, strict=True)]
        by_demand = min(covered, sum(open_weights, ZERO))
        parts = spread(by_demand, open_weights, _DIGITS) if by_demand else [ZERO] * len(pegs)
        self._given[at] = [has + part for has, part in zip(given, parts, strict=True)]
        asking = [(peg.sales_order_line_id, part) for peg, part in zip(pegs, parts, strict=True)]
        return (*asking, (None, covered - by_demand))
