"""The columns of plan lines, written line by line in one compiled loop: dates, quantities, prices, whom from and why."""

from collections import namedtuple
from typing import Any

import numpy as np
from numba import njit

from buyside.planning.kernels import Ints

# Lots of groups, one after another; days count from the as-of date, `steps` are of the purchase unit.
Sized = namedtuple("Sized", "day need by_shortage steps brings")
# Those of groups that share or draw on contracts, each from `ptr` on, with the candidate of each line, its agreed price (-1:
# none) and its part.
Bound = namedtuple("Bound", "ptr sized candidate agreed part")
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


@njit(cache=True, nogil=True, inline="always")
def _write_run(
    at: int, stop: int, k: int, c: int, p: int, where: int, sized: Any, wanted: Any, offers: Any, epoch: int, out: Any
) -> None:
    """Write what does not hang on a price for the lines from `at` to `stop`, of one item and candidate; lots begin at `k`.

    Column by column: that many short loops are quicker than one with as many arrays to write to.
    """
    step, lead_days, shift = wanted.step[p], 0, k - at
    if c >= 0:
        step, lead_days = offers.step[c], offers.lead_days[c]
        out.vendor_item[at:stop], out.vendor[at:stop] = offers.vendor_item[c], offers.vendor[c]
        out.preference[at:stop], out.lead_days[at:stop] = offers.preference[c], lead_days
        out.reason[at:stop], out.candidates[at:stop], out.has_vendor[at:stop] = (
            offers.reason[c],
            offers.candidates[c],
            True,
        )
    else:
        out.reason[at:stop], out.candidates[at:stop], out.has_vendor[at:stop] = 0, 0, False
    lead = lead_days + wanted.goods_in[p]
    out.item[at:stop] = wanted.item[p]
    if out.warehouse.size:
        out.warehouse[at:stop] = where
    if out.by_shortage.size:
        out.by_shortage[at:stop] = sized.by_shortage[at + shift : stop + shift]
    out.shortage[at:stop] = sized.need[at + shift : stop + shift]
    out.stock_quantity[at:stop] = sized.brings[at + shift : stop + shift]
    for i in range(at, stop):
        out.quantity[i] = sized.steps[i + shift] * step
    for i in range(at, stop):
        latest = sized.day[i + shift] - lead
        out.needed_on[i], out.order_by[i] = epoch + latest + lead, epoch + latest
        out.arrives_on[i], out.late_days[i] = epoch + max(0, latest) + lead, max(0, -latest)


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
    for place in range(first, stop):
        p, where = groups[place] % items, warehouse[groups[place] // items]
        is_bound = wanted.bound[p]
        at, last = ptr[place], ptr[place + 1]
        k = bound.ptr[place]
        while at < last:
            c, agreed, until = wanted.chosen[p], -1, last
            if is_bound:  # each line of it can have another vendor
                c, agreed, until = bound.candidate[k], bound.agreed[k], at + 1
                if out.part.size:
                    out.part[at] = bound.part[k]
                _write_run(at, until, k, c, p, where, bound.sized, wanted, offers, epoch, out)
                k += 1
            else:
                if out.part.size:
                    out.part[at:until] = 1
                _write_run(at, until, start, c, p, where, sized, wanted, offers, epoch, out)
                start += until - at
            price_stop = offers.price_ptr[c + 1] if c >= 0 else 0
            price_first = offers.price_ptr[c] if c >= 0 and agreed < 0 else price_stop
            for i in range(at, until):
                price = break_at(out.quantity[i], price_first, price_stop, breaks.from_quantity)
                out.has_price[i] = price >= 0 or agreed >= 0
                out.unit_price[i], out.currency[i] = agreed, 0
                if price >= 0:
                    out.unit_price[i], out.currency[i] = breaks.unit_price[price], breaks.currency[price]
                    if price + 1 < price_stop:
                        near, many = _larger_breaks(i, c, out.quantity[i], price, price_stop, breaks, near, many)
            at = until
    return near[:, :many]
