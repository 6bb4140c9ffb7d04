"""A need divided by shares: whole lots, nothing lost, and what is left over goes where rounding cut most (PLAN-8, PLAN-11)."""

from decimal import Decimal
from random import Random

import pytest

from buyside.domain.plan_parts import PartEmpty, divided
from buyside.domain.plans import LotTerms
from buyside.domain.refusals import Refused

PIECE = LotTerms(Decimal(1), 0)


def parts(whole: str, shares: str, *lots: LotTerms) -> list[str]:
    percents = [Decimal(each) for each in shares.split()]
    found = divided(Decimal(whole), percents, lots if len(lots) > 1 else (lots or (PIECE,)) * len(percents))
    return [f"{each:f}" for each in found]


@pytest.mark.rule("PLAN-11")
@pytest.mark.parametrize(
    ("whole", "shares", "lots", "found"),
    [
        ("10", "33 33 33", PIECE, ["4", "3", "3"]),  # all are cut by a third: the first is given the piece
        ("10", "33 67", PIECE, ["3", "7"]),
        ("10", "36 64", PIECE, ["4", "6"]),
        ("7", "50 50", PIECE, ["4", "3"]),
        ("7", "33.3 33.3 33.4", PIECE, ["2", "2", "3"]),  # the last is cut by most
        ("40", "33 33 33", LotTerms(Decimal(1), 0, multiple=Decimal(5)), ["15", "15", "10"]),
        ("12", "50 50", LotTerms(Decimal(1), 0, multiple=Decimal(5)), ["7", "5"]),  # two fit no lot of five
        ("100", "33 67", LotTerms(Decimal(12), 0), ["3", "6"]),  # a hundred is no number of dozens: rounded up
        ("1", "33 33 33", LotTerms(Decimal(1), 2), ["0.34", "0.33", "0.33"]),
        ("2.5", "50 50", LotTerms(Decimal("0.5"), 0), ["3", "2"]),
    ],
)
def test_parts_are_whole_lots_and_together_the_whole(whole: str, shares: str, lots: LotTerms, found: list[str]) -> None:
    assert parts(whole, shares, lots) == found


@pytest.mark.rule("PLAN-11")
def test_vendors_with_units_of_their_own_take_lots_of_their_own() -> None:
    assert parts("100", "50 50", LotTerms(Decimal(12), 0), PIECE) == ["4", "52"]
    assert parts("100", "50 50", LotTerms(Decimal(12), 0), LotTerms(Decimal(10), 0)) == ["5", "5"]


@pytest.mark.rule("PLAN-11")
def test_nothing_is_lost_and_no_part_is_a_lot_from_its_share() -> None:
    chance = Random(7)
    for _ in range(500):
        multiple = chance.choice([0, 1, 5, 12])
        lots = LotTerms(Decimal(chance.choice([1, 2, 12])), chance.choice([0, 1, 2]), multiple=Decimal(multiple))
        count = chance.randint(2, 6)
        cuts = sorted(chance.sample(range(1, 100), count - 1))
        shares = [Decimal(b - a) for a, b in zip([0, *cuts], [*cuts, 100], strict=True)]
        packs = Decimal(chance.randint(1, 5000)).scaleb(-lots.digits)
        try:
            found = divided(packs * lots.factor, shares, [lots] * count)
        except PartEmpty:
            continue
        assert sum(found) == packs
        lot = max(lots.multiple, Decimal(1).scaleb(-lots.digits))
        assert all(abs(each - packs * share / 100) < 2 * lot for each, share in zip(found, shares, strict=True))
        odd = [each for each in found if lots.multiple and each % lots.multiple]
        assert len(odd) <= 1, "one part alone is off the lot, and only where the whole is"


@pytest.mark.parametrize(
    ("shares", "code"),
    [
        ("50 48", "plans.shares-not-whole"),
        ("99 1 1", ""),
        ("60 60", "plans.shares-not-whole"),
        ("99 1", "plans.part-empty"),
    ],
)
def test_shares_that_come_to_something_else_are_refused_unless_each_was_rounded(shares: str, code: str) -> None:
    if code:
        with pytest.raises(Refused) as refused:
            parts("10", shares)
        assert refused.value.code == code
    else:
        assert parts("1000", shares) == ["980", "10", "10"]
