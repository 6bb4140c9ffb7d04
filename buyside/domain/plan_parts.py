"""One need over several orders by shares: whole lots for each part, and together the need to the last digit (PLAN-8, PLAN-11)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from math import lcm

from buyside.domain.plan_decisions import DecidedLine, Terms
from buyside.domain.plans import LotTerms
from buyside.domain.refusals import NotFound, Refused

_HUNDRED = Decimal(100)
_ROUNDED = Decimal("0.5")
"""How far a percentage may lie from the share that is meant: 33 % are a third."""
_MICRO = 1_000_000


class SharesNotWhole(Refused):
    code, field = "plans.shares-not-whole", "parts"
    says = "The shares come to {total} %, not to 100 %."


class PartEmpty(Refused):
    code, field = "plans.part-empty", "parts"
    says = "Part {number} would be empty: {share} % of it is less than one lot of its vendor."


def divided(whole: Decimal, shares: Sequence[Decimal], lots: Sequence[LotTerms]) -> tuple[Decimal, ...]:
    """How much of `whole` stock units each part orders, in the purchase unit of its own lots, by its share in percent.

    Each part is given as many whole lots (the multiple, else the least step of the unit) as its share holds. What is left goes on in
    lots, one at a time, to the part that was cut short by the largest piece of its lot, of equal ones the earlier. What is less than
    every lot is added in the same order to a part that can hold it exactly; where none can, the part is rounded up. So parts of one
    unit always add up to the whole, if the unit can express it.

    Shares may each be rounded to a percent: thirds are 33, 33 and 33. Refuses: SharesNotWhole, PartEmpty.
    """
    total = sum(shares, Decimal(0))
    if total <= 0 or abs(total - _HUNDRED) > _ROUNDED * len(shares):
        raise SharesNotWhole(total=total)
    wanted = [Fraction(whole) * Fraction(share) / Fraction(total) for share in shares]
    steps = [_lot(each) * Fraction(each.factor) for each in lots]
    taken = [each // step for each, step in zip(wanted, steps, strict=True)]
    left = Fraction(whole) - sum((many * step for many, step in zip(taken, steps, strict=True)), Fraction(0))

    def most_cut(among: Iterable[int]) -> int:
        return max(among, key=lambda at: (wanted[at] / steps[at] - taken[at], -at))

    while fitting := [at for at, step in enumerate(steps) if step <= left]:
        at = most_cut(fitting)
        taken[at] += 1
        left -= steps[at]
    parts = [many * _lot(each) for many, each in zip(taken, lots, strict=True)]
    if left:
        finest = [Fraction(1, 10**each.digits) * Fraction(each.factor) for each in lots]
        at = most_cut([each for each, step in enumerate(finest) if left % step == 0] or range(len(lots)))
        parts[at] += -(-left // finest[at]) * Fraction(1, 10 ** lots[at].digits)
    for number, (part, share) in enumerate(zip(parts, shares, strict=True), start=1):
        if part <= 0:
            raise PartEmpty(number=number, share=share)
    return tuple(_decimal(each) for each in parts)


def lots_of_part(line: DecidedLine, vendor_item_id: int | None, terms: Terms) -> LotTerms:
    """In which lots a part of a line is ordered, whose vendor item is None where it is the line's own. Refuses: NotFound."""
    now = line.decision
    wanted = now.vendor_item_id if vendor_item_id is None else vendor_item_id
    if not wanted:
        unit_id, _ = terms.items[line.item_id]
        return LotTerms(Decimal(1), terms.units[unit_id][1])
    source = terms.sources.get(wanted)
    if source is None:
        raise NotFound(kind="vendor item", field="vendor_item_id")
    if wanted == now.vendor_item_id:
        return replace(source.lots, factor=now.unit_factor)  # as it was when the line was suggested
    return source.lots


def _lot(terms: LotTerms) -> Fraction:
    """The least step in which a vendor's purchase unit is ordered."""
    step = _MICRO // 10**terms.digits
    multiple = int(terms.multiple * _MICRO)
    return Fraction(lcm(multiple, step) if multiple else step, _MICRO)


def _decimal(part: Fraction) -> Decimal:
    """Exact: no part is finer than a millionth."""
    return Decimal(int(part * _MICRO)).scaleb(-6).normalize() + Decimal(0)
