"""Whether a purchase order's line comes in time for whoever waits for it, in words."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from buyside.queries.pegging_supplies import SupplyServes, Waiting
from buyside.state.serving import endangered_in_words
from tests.world import TODAY


def _waits(needed_on: date, late_days: int = 0) -> Waiting:
    return Waiting(
        sales_line_id=1, sales_order="SO-1", line_number=1, customer="Otto", sku="BIKE", variant="", needed_by=None,
        needed_on=needed_on, quantity=Decimal(1), kind="order", available_on=None, late_days=late_days,
    )  # fmt: skip


SUPPLY = SupplyServes(
    item="FRAME", name="", unit="pcs", warehouse="MAIN", run_id=1, as_of=TODAY, quantity=Decimal(2),
    available_on=date(2026, 5, 3), promised_on=None, spare=Decimal(0), waiting=(_waits(date(2026, 5, 9)),),
)  # fmt: skip


@pytest.mark.parametrize(
    ("today", "waiting", "told"),
    [
        (date(2026, 5, 3), SUPPLY.waiting, ("In time for all who wait", "good")),
        (
            date(2026, 5, 4),
            SUPPLY.waiting,
            ("Overdue: in time for all who wait if it comes by 9 May 2026", "warn"),
        ),
        (date(2026, 5, 4), (), ("Overdue, but nobody waits for it", "warn")),
        (date(2026, 5, 3), (), ("Nobody waits for it", "neutral")),
        (
            date(2026, 5, 4),
            (_waits(date(2026, 5, 1), late_days=2),),
            ("Endangers a customer's order, by up to 2 days", "warn"),
        ),
    ],
)
def test_a_supply_that_is_overdue_is_in_time_only_until_somebody_needs_it(
    today: date, waiting: tuple[Waiting, ...], told: tuple[str, str]
) -> None:
    assert endangered_in_words(replace(SUPPLY, waiting=waiting), today, "en_GB") == told


def test_what_was_needed_before_today_is_in_time_only_today() -> None:
    supply = replace(SUPPLY, available_on=TODAY - timedelta(days=2), waiting=(_waits(TODAY - timedelta(days=1)),))
    assert "if it comes by" in endangered_in_words(supply, TODAY, "en_GB")[0]
