"""Why a plan line is as it is, in words a buyer repeats (PLAN-7, PLAN-9), and the days on which its order can go out."""

from datetime import date
from typing import Any

import pytest

from buyside.planning.choice import WORDS
from buyside.planning.frames import Misfit
from buyside.planning.reasons import reason_text
from tests.unit.planning.shop import Shop, day

MONDAY = date(2026, 3, 2)


def told(reason: str, **more: Any) -> str:
    row = {"reason": reason, "candidates": 3, "trigger": "shortage", "order_by": MONDAY, "latest_order_on": MONDAY}
    return reason_text(row | more)


@pytest.mark.rule("PLAN-7")
def test_the_reason_is_a_sentence() -> None:
    assert told("lowest_price") == "Cheapest of 3 vendors"
    assert told("shortest_time") == "Fastest of 3 vendors"
    assert told("preferred") == "Preferred before 2 other vendors"
    assert told("preferred", candidates=2) == "Preferred before 1 other vendor"
    assert told("only", candidates=1) == "The only vendor for it"


@pytest.mark.rule("PLAN-7")
def test_a_share_tells_its_percent_and_of_what() -> None:
    share = {"share_percent": 600_000, "split_need": 100_000_000, "unit": "pcs"}
    assert told("share", **share) == "Split by share: 60 % of 100 pcs"
    third = {"share_percent": 333_333, "split_need": 1_500_000, "unit": "kg"}
    assert told("share", **third) == "Split by share: 33.3333 % of 1.5 kg"


@pytest.mark.rule("PLAN-7")
def test_a_contract_tells_what_is_left_of_it() -> None:
    contract = {"contract": 12, "contract_number": "C-7", "currency": "EUR", "purchase_unit": "box"}
    assert told("contract", **contract, contract_amount_left=320_000_000) == "Contract C-7 first: 320 EUR left after it"
    both = {"contract_amount_left": 320_500_000, "contract_quantity_left": 0}
    assert told("contract", **contract, **both) == "Contract C-7 first: 320.5 EUR and 0 box left after it"
    assert told("contract", **contract) == "Contract C-7 first", "nothing of it is limited"


@pytest.mark.rule("PLAN-9")
def test_an_order_day_that_was_moved_tells_from_when_to_when() -> None:
    moved = told("lowest_price", latest_order_on=date(2026, 5, 3), order_by=date(2026, 4, 30))
    assert moved == "Cheapest of 3 vendors. Order day moved from Sunday 3 May to Thursday 30 April"
    over = told("only", latest_order_on=date(2027, 1, 1), order_by=date(2026, 12, 23))
    assert over.endswith("from Friday 1 January 2027 to Wednesday 23 December 2026")


@pytest.mark.rule("PLAN-6")
def test_a_reorder_point_is_told() -> None:
    assert told("only", trigger="reorder_point").endswith("ordered because the position reaches the reorder point")


def test_every_word_can_be_said() -> None:
    for reason in WORDS:
        said = told(reason, contract=1)
        assert said[0].isupper(), said
        assert "{" not in said, said
        assert "None" not in said, said


@pytest.mark.rule("PLAN-9")
@pytest.mark.rule("VEN-6")
def test_an_order_goes_out_on_the_last_order_day_and_is_there_after_the_next_one() -> None:
    shop = Shop().item(1, goods_in_days=1).row("variant 1", 1).sell(1, on=15).vendor(4, 1, lead_days=4)
    row = shop.takes_orders(4, "tue").plan().plan_lines.row(0, named=True)
    assert (row["latest_order_on"], row["order_by"]) == (day(10), day(8)), "Thursday becomes Tuesday"
    assert (row["late_days"], row["arrives_on"]) == (0, day(13))


@pytest.mark.rule("PLAN-9")
@pytest.mark.rule("VEN-6")
def test_what_is_late_comes_after_the_first_order_day_from_today() -> None:
    shop = Shop().item(1).row("variant 1", 1).sell(1, on=3).vendor(4, 1, lead_days=4)
    row = shop.takes_orders(4, "wed").plan().plan_lines.row(0, named=True)
    assert (row["latest_order_on"], row["order_by"], row["late_days"]) == (day(-1), day(-5), 5)
    assert row["arrives_on"] == day(6), "ordered on Wednesday"


@pytest.mark.rule("VEN-6")
@pytest.mark.parametrize(
    ("closings", "order_by", "arrives"),
    [
        ([(303, 306)], 0, 1),  # needed on the fifth: the fourth is closed, so the second
        ([(302, 306)], -1, 6),  # ordered on the seventh only
        ([(1224, 302)], 2, 3),
        ([(1224, 304)], -69, 4),  # the day before Christmas Eve
        ([(101, 1231)], 2, 3),  # never open: the plain days
        ([(229, 229)], 2, 3),
    ],
)
def test_closing_days_come_again_every_year_and_may_run_over_its_end(
    closings: list[tuple[int, int]], order_by: int, arrives: int
) -> None:
    shop = Shop().item(1).row("variant 1", 1).sell(1, on=3).vendor(4, 1, lead_days=1)
    row = shop.takes_orders(4, "", *closings).plan().plan_lines.row(0, named=True)
    assert ((row["order_by"] - MONDAY).days, (row["arrives_on"] - MONDAY).days) == (order_by, arrives)


def test_closings_of_nobody_are_our_mistake() -> None:
    shop = Shop().item(1).row("variant 1", 1).sell(1)
    shop.world.vendor_closings.append({"vendor": 4, "from_day": 101, "to_day": 101})
    with pytest.raises(Misfit):
        shop.plan()
