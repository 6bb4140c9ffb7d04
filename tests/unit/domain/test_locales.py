"""Numbers and dates are written and read as the reader's locale does."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from buyside.domain.locales import (
    MONEY_DIGITS,
    PRICE_DIGITS,
    read_date,
    read_number,
    shown_date,
    shown_instant,
    shown_money,
    shown_number,
)
from buyside.domain.refusals import Unreadable


@pytest.mark.rule("INT-3")
@pytest.mark.parametrize(
    ("locale", "text"),
    [("en_GB", "1,234,567.5"), ("de_DE", "1.234.567,5"), ("fr_FR", "1\u202f234\u202f567,5"), ("en_IN", "12,34,567.5")],
)
def test_a_number_is_grouped_and_pointed_as_the_locale_does(locale: str, text: str) -> None:
    assert shown_number(Decimal("1234567.500000"), locale) == text


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        ("100", (0, 6), "100"),
        ("0.001", (0, 6), "0.001"),
        ("1E+3", (0, 6), "1,000"),
        ("12.1", PRICE_DIGITS, "12.10"),
        ("12.123456", PRICE_DIGITS, "12.123456"),
        ("2.345", MONEY_DIGITS, "2.35"),
        ("-0.000", MONEY_DIGITS, "0.00"),
        ("-0.001", MONEY_DIGITS, "0.00"),
        ("-1234.5", MONEY_DIGITS, "-1,234.50"),
    ],
)
def test_decimals_are_kept_where_they_say_something(value: str, digits: tuple[int, int], text: str) -> None:
    assert shown_number(Decimal(value), "en_GB", digits) == text


def test_money_carries_its_currency_and_all_its_digits() -> None:
    assert shown_money(Decimal("1234.5"), "EUR", "en_IN") == "1,234.50 EUR"
    assert shown_money(Decimal("1234.5"), "JPY", "en_GB") == "1,235 JPY"


@pytest.mark.parametrize("locale", ["en_GB", "de_DE", "fr_FR", "pl_PL", "en_IN"])
@pytest.mark.parametrize("value", ["0", "12", "1234.5", "1234567.000001", "-3.25"])
def test_what_is_shown_reads_back_exactly(locale: str, value: str) -> None:
    assert read_number(shown_number(Decimal(value), locale), locale) == Decimal(value)


@pytest.mark.parametrize("typed", ["", "  ", "abc", "1.2.3", "NaN", "1e400", "Infinity", "9" * 50, "12;drop"])
def test_what_is_no_number_is_refused_at_its_field(typed: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_number(typed, "en_GB", field="quantity")
    assert (refused.value.code, refused.value.field) == ("general.unreadable", "quantity")


def test_dates_name_their_month_and_read_back_as_browsers_send_them() -> None:
    assert shown_date(date(2026, 11, 3), "en_GB") == "3 Nov 2026"
    assert read_date("2026-11-03", "en_GB") == date(2026, 11, 3)
    assert read_date("03/11/2026", "en_GB") == date(2026, 11, 3)
    with pytest.raises(Unreadable):
        read_date("31/02/2026", "en_GB")


def test_instants_stand_on_the_readers_clock() -> None:
    assert shown_instant(datetime(2026, 6, 30, 22, 30, tzinfo=UTC), "en_GB", "Europe/Lisbon") == "30 Jun 2026, 23:30"
    assert shown_instant(datetime(2026, 6, 30, 22, 30, tzinfo=UTC), "en_GB", "Asia/Tokyo") == "1 Jul 2026, 07:30"
