"""The columns of plan lines, written line by line in one compiled loop: dates, quantities, prices, whom from and why."""

from collections import namedtuple
from typing import Any

import numpy as np
from numba import njit

from buyside.planning.kernels import Ints

# Lots of the groups from `ptr` on; days count from the as-of date, `steps` are of the purchase unit.
Sized = namedtuple("Sized", "day need by_shortage steps brings")
# The same of groups that share or draw on contracts, with the candidate of each line, its agreed price (-1: none) and part.
Bound = namedtuple("Bound", "ptr day need by_shortage steps brings candidate agreed part")
# Per item: its id, whether its groups are bound, its chosen candidate row (-1: none), goods-in days, step of its stock unit.
Wanted = namedtuple("Wanted", "item bound chosen goods_in step")
# Per candidate row: what a line says of it, its step; its prices stand from price_ptr on.
Offers = namedtuple("Offers", "vendor_item vendor preference lead_days reason candidates step price_ptr")
# The prices, ascending by quantity within a candidate row; currencies by number.
Breaks = namedtuple("Breaks", "from_quantity unit_price currency")
# One array per column. Empty ones are not written. What depends on a vendor or a price is anything where there is none.
Columns = namedtuple(
    "Columns",
    "item warehouse needed_on part order_by late_days arrives_on shortage by_shortage vendor_item vendor quantity "
    "stock_quantity unit_price currency reason candidates preference lead_days has_vendor has_price",
)


@njit(cache=True, nogil=True, inline="always")
def break_at(quantity: int, first: int, stop: int, from_quantity: Ints) -> int:
    """Row of the highest of some breaks at or below a quantity; -1 where there is none."""
    found = -1
    for k in range(first, stop):
        if from_quantity[k] > quantity:
            break
        found = k
    return found


@njit(cache=True, nogil=True)
def price_breaks(candidate: Ints, quantity: Ints, ptr: Ints, from_quantity: Ints) -> Ints:
    """Row of the highest break at or below each quantity; -1 where there is none."""
    out = np.empty(candidate.size, np.int64)
    for i in range(candidate.size):
        out[i] = break_at(quantity[i], ptr[candidate[i]], ptr[candidate[i] + 1], from_quantity)
    return out


@njit(cache=True, nogil=True, inline="always")
def _larger_breaks(at: int, c: int, quantity: int, price: int, stop: int, breaks: Any, near: Ints, many: int) -> Any:
    """Add (line, break, candidate, price) wherever a break above the quantity could cost less; near misses included."""
    now = float(quantity) * breaks.unit_price[price] * (1 + 1e-9)
    for k in range(price + 1, stop):
        if breaks.from_quantity[k] > quantity and float(breaks.from_quantity[k]) * breaks.unit_price[k] < now:
            if many == near.shape[1]:
                more = np.empty((4, 2 * many), np.int64)
                more[:, :many] = near
                near = more
            near[0, many], near[1, many], near[2, many], near[3, many] = at, k, c, price
            many += 1
    return near, many


@njit(cache=True, nogil=True)
def write_lines(
    first: int, stop: int, groups: Ints, ptr: Ints, start: int, sized: Any, bound: Any, wanted: Any, warehouse: Ints,
    offers: Any, breaks: Any, epoch: int, out: Any,
) -> Ints:  # fmt: skip
    """Write the lines of the groups at places `first` to `stop`, whose lots stand from `start` on; `epoch` is the as-of date.

    Answers with the larger orders that could cost less: rows of line, break, candidate and price that holds.
    """
    items = wanted.item.size
    near, many = np.empty((4, 64), np.int64), 0
    c, at = -1, ptr[first]
    vendor_item = vendor = preference = lead_days = reason = candidates = price_first = price_stop = 0
    for place in range(first, stop):
        p, w = groups[place] % items, groups[place] // items
        is_bound = wanted.bound[p]
        k = bound.ptr[place] if is_bound else start
        if not is_bound:
            start += ptr[place + 1] - ptr[place]
        reload = True
        step, agreed, part = wanted.step[p], -1, 1
        for at in range(ptr[place], ptr[place + 1]):
            if is_bound:
                today, need, by_shortage = bound.day[k], bound.need[k], bound.by_shortage[k]
                steps, brings, agreed, part = bound.steps[k], bound.brings[k], bound.agreed[k], bound.part[k]
                reload = reload or c != bound.candidate[k]
                c = bound.candidate[k]
            else:
                today, need, by_shortage = sized.day[k], sized.need[k], sized.by_shortage[k]
                steps, brings = sized.steps[k], sized.brings[k]
                c = wanted.chosen[p]
            k += 1
            if reload:
                reload = False
                step, lead_days, reason, candidates, price_first, price_stop = wanted.step[p], 0, 0, 0, 0, 0
                if c >= 0:
                    step, lead_days, reason, candidates = (
                        offers.step[c], offers.lead_days[c], offers.reason[c], offers.candidates[c],
                    )  # fmt: skip
                    vendor_item, vendor, preference = offers.vendor_item[c], offers.vendor[c], offers.preference[c]
                    price_first, price_stop = offers.price_ptr[c], offers.price_ptr[c + 1]
            quantity = steps * step
            latest = today - lead_days - wanted.goods_in[p]
            out.item[at] = wanted.item[p]
            if out.warehouse.size:
                out.warehouse[at] = warehouse[w]
            if out.part.size:
                out.part[at] = part
            if out.by_shortage.size:
                out.by_shortage[at] = by_shortage
            out.needed_on[at], out.order_by[at] = epoch + today, epoch + latest
            out.arrives_on[at] = epoch + max(0, latest) + lead_days + wanted.goods_in[p]
            out.late_days[at] = max(0, -latest)
            out.shortage[at], out.quantity[at], out.stock_quantity[at] = need, quantity, brings
            out.vendor_item[at], out.vendor[at], out.preference[at] = vendor_item, vendor, preference
            out.lead_days[at], out.reason[at], out.candidates[at], out.has_vendor[at] = (
                lead_days, reason, candidates, c >= 0,
            )  # fmt: skip
            price = -1
            if agreed < 0:
                price = break_at(quantity, price_first, price_stop, breaks.from_quantity)
            out.has_price[at] = price >= 0 or agreed >= 0
            out.unit_price[at], out.currency[at] = agreed, 0
            if price >= 0:
                out.unit_price[at], out.currency[at] = breaks.unit_price[price], breaks.currency[price]
                if price + 1 < price_stop:
                    near, many = _larger_breaks(at, c, quantity, price, price_stop, breaks, near, many)
    return near[:, :many]
