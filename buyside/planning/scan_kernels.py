"""Needs that contracts or several vendors serve: one compiled scan over all of them, in order of date (PLAN-7).

A contract is drawn down as the scan goes on, so who comes first gets it: the earlier need, then the lower item, then the
lower warehouse.
"""

from collections import namedtuple
from typing import Any

import numpy as np
from numba import njit

from buyside.planning.kernels import Ints
from buyside.planning.lot_kernels import need_of, steps_of, stock_units_of

# Per candidate row: lot terms as Lots has them, and the 10^-6 purchase units of a step.
Terms = namedtuple("Terms", "per_step per_base minimum multiple step")
# Who shares an item's needs: candidate rows and their percents from ptr[p] on.
Shares = namedtuple("Shares", "ptr row percent")
# Prices that count, by candidate row; currencies as the contracts number them.
Prices = namedtuple("Prices", "ptr from_quantity unit_price currency")
# What can be moved in the scan: the position of each group, then what is left of contracts and of their items.
Left = namedtuple("Left", "position amount quantity")
# Events in order of date: group, its next column, and whether that is only the opening; per group its item and last column.
Events = namedtuple("Events", "group row opening item stop")

EVENT, NEED, BY_SHORTAGE, STEPS, BRINGS, CANDIDATE, OPTION, SHARE, PART, WHOLE, AMOUNT_LEFT, QUANTITY_LEFT = range(12)
COLUMNS = 12
_MOST = 4e18
_MICRO = 1_000_000


@njit(cache=True, nogil=True, inline="always")
def _worth(quantity: int, price: int) -> int:
    """Quantity times price, rounded half up to 10^-6; -1 where it is more than anything can be worth."""
    if float(quantity) / _MICRO * price > _MOST:
        return -1
    whole, rest = quantity // _MICRO, quantity % _MICRO
    return whole * price + rest * (price // _MICRO) + (2 * rest * (price % _MICRO) + _MICRO) // (2 * _MICRO)


@njit(cache=True, nogil=True, inline="always")
def _portion(need: int, percent: int, total: int) -> int:
    """Its part of a need by percent of a total, rounded half up to 10^-6."""
    full, rest = need // total, need % total
    return full * percent + (2 * rest * percent + total) // (2 * total)


@njit(cache=True, nogil=True)
def _option(need: int, p: int, options: Any, terms: Any, prices: Any, left: Any) -> int:
    """The first contract of item p that suffices for a need, which it then serves; -1 where none does."""
    for o in range(options.ptr[p], options.ptr[p + 1]):
        c = options.candidate[o]
        quantity = steps_of(need, terms, c) * terms.step[c]
        limit = left.quantity[options.agreed[o]]
        if 0 <= limit < quantity:
            continue
        price, currency = options.price[o], options.currency[o]
        if price < 0:
            for k in range(prices.ptr[c], prices.ptr[c + 1]):
                if prices.from_quantity[k] <= quantity:
                    price, currency = prices.unit_price[k], prices.currency[k]
        if currency != options.currency[o]:
            continue
        amount = left.amount[options.contract[o]]
        if amount >= 0:
            worth = _worth(quantity, price) if price >= 0 else -1
            if worth < 0 or worth > amount:
                continue
            left.amount[options.contract[o]] -= worth
        if limit >= 0:
            left.quantity[options.agreed[o]] -= quantity
        return int(o)
    return -1


@njit(cache=True, nogil=True)
def scan_lots(
    events: Any, day: Ints, gross: Ints, safety: Ints, lots: Any, chosen: Ints, terms: Any, shares: Any, options: Any,
    prices: Any, left: Any,
) -> Ints:  # fmt: skip
    """The plan lines of all events, one column each, in the rows that COLUMNS names; -1 where something does not apply."""
    out = np.empty((COLUMNS, 1024), np.int64)
    at = 0
    for e in range(events.group.size):
        g = events.group[e]
        p = events.item[g]
        k = events.row[e]
        today = 0
        if not events.opening[e]:
            today = day[k]
            left.position[g] -= gross[k]
            k += 1
        balance = left.position[g]
        need = need_of(
            balance,
            safety[p],
            lots.reorder_point[p],
            lots.order_up_to[p],
            lots.period[p],
            today,
            k,
            events.stop[g],
            day,
            gross,
        )
        if need <= 0:
            continue
        o = _option(need, p, options, terms, prices, left)
        shared = o < 0 and shares.ptr[p] < shares.ptr[p + 1]
        first, last, total = 0, 1, 0
        if shared:
            first, last = shares.ptr[p], shares.ptr[p + 1]
            for s in range(first, last):
                total += shares.percent[s]
        brought, part = 0, 0
        for s in range(first, last):
            c = options.candidate[o] if o >= 0 else chosen[p]
            asked, whole, share = need, -1, -1
            if shared:
                c, share, whole = shares.row[s], s, need
                asked = need - brought
                if s + 1 < last:
                    asked = min(asked, _portion(need, shares.percent[s], total))
                if asked <= 0:
                    continue
            part += 1
            steps = steps_of(asked, terms, c)
            brings = stock_units_of(steps, terms, c)
            brought += brings
            if at == out.shape[1]:
                more = np.empty((COLUMNS, 2 * at), np.int64)
                more[:, :at] = out
                out = more
            out[:, at] = -1
            out[EVENT, at], out[NEED, at], out[BY_SHORTAGE, at] = e, asked, balance < safety[p]
            out[STEPS, at], out[BRINGS, at], out[CANDIDATE, at] = steps, brings, c
            out[OPTION, at], out[SHARE, at], out[PART, at], out[WHOLE, at] = o, share, part, whole
            if o >= 0:
                out[AMOUNT_LEFT, at] = left.amount[options.contract[o]]
                out[QUANTITY_LEFT, at] = left.quantity[options.agreed[o]]
            at += 1
        left.position[g] += brought
    return out[:, :at]
