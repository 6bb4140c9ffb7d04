"""On which days a vendor takes orders, and what follows for dates (VEN-6, PLAN-9)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buyside.domain.order_days import LONGEST_SEARCH, WEEKDAYS, OrderDays

pytestmark = pytest.mark.rule("VEN-6")
MONDAY = date(2026, 3, 2)


def test_a_vendor_without_weekdays_and_closings_takes_orders_on_any_day() -> None:
    days = OrderDays.of("")
    assert all(days.takes(MONDAY + timedelta(days=each)) for each in range(400))


def test_order_weekdays_are_kept_and_the_next_and_last_order_day_follow() -> None:
    days = OrderDays.of("tue,fri")
    assert [days.takes(MONDAY + timedelta(days=each)) for each in range(7)] == [
        False, True, False, False, True, False, False,
    ]  # fmt: skip
    assert days.next_from(MONDAY) == date(2026, 3, 3)
    assert days.next_from(date(2026, 3, 3)) == date(2026, 3, 3)
    assert days.last_until(MONDAY) == date(2026, 2, 27)


def test_a_closing_over_the_new_year_closes_both_ends_of_it() -> None:
    days = OrderDays.of("", [("12-24", "01-02")])
    assert days.next_from(date(2026, 12, 24)) == date(2027, 1, 3)
    assert days.last_until(date(2027, 1, 2)) == date(2026, 12, 23)
    assert days.takes(date(2026, 12, 23))
    assert days.takes(date(2027, 1, 3))


def test_a_closing_of_one_day_comes_again_every_year_and_the_leap_day_only_in_leap_years() -> None:
    days = OrderDays.of("", [("02-29", "02-29")])
    assert not days.takes(date(2028, 2, 29))
    assert days.takes(date(2027, 2, 28))
    assert days.takes(date(2027, 3, 1))


def test_a_vendor_that_never_opens_is_answered_with_the_plain_days() -> None:
    days = OrderDays.of("", [("01-01", "12-31")])
    assert days.next_from(MONDAY) == days.last_until(MONDAY) == MONDAY
    assert days.order_by(MONDAY + timedelta(days=30), 7) == MONDAY + timedelta(days=23)
    assert days.arrives_on(MONDAY + timedelta(days=3), 7, MONDAY) == MONDAY + timedelta(days=7)


@pytest.mark.rule("PLAN-9")
def test_what_is_needed_is_ordered_on_the_last_order_day_before_lead_and_goods_in() -> None:
    days = OrderDays.of("mon")
    assert days.order_by(date(2026, 3, 20), 7) == date(2026, 3, 9)
    assert days.arrives_on(date(2026, 3, 20), 7, MONDAY) == date(2026, 3, 16)
    late = date(2026, 3, 5)  # too late for Monday the second: the next one is the ninth
    assert days.order_by(late, 2) == MONDAY
    assert days.arrives_on(late, 2, date(2026, 3, 3)) == date(2026, 3, 11)


_masks = st.integers(0, 127)
_of_year = st.dates(date(2028, 1, 1), date(2028, 12, 31)).map(lambda day: day.month * 100 + day.day)
_closings = st.lists(st.tuples(_of_year, _of_year), max_size=3).map(tuple)


@given(_masks, _closings, st.dates(date(2020, 1, 1), date(2040, 12, 31)))
def test_next_and_last_are_the_nearest_days_that_the_vendor_takes(
    mask: int, closings: tuple[tuple[int, int], ...], day: date
) -> None:
    days = OrderDays(mask, closings)
    for found, step in ((days.next_from(day), 1), (days.last_until(day), -1)):
        ahead = [day + timedelta(days=each * step) for each in range(LONGEST_SEARCH + 1)]
        assert found == next(filter(days.takes, ahead), day)


def test_weekdays_are_bits_from_monday_on() -> None:
    assert [OrderDays.of(each).weekdays for each in WEEKDAYS] == [1, 2, 4, 8, 16, 32, 64]
    assert OrderDays.of("mon,wed").weekdays == 5
