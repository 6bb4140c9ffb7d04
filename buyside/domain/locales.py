"""Numbers, dates and instants as people of a locale write and read them (INT-3). Nothing here is ever sent to a database."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from babel.dates import format_date, format_skeleton, get_day_names, parse_date
from babel.localedata import locale_identifiers
from babel.numbers import (
    NumberFormatError,
    format_decimal,
    get_currency_precision,
    get_decimal_symbol,
    get_group_symbol,
    parse_decimal,
)

from buyside.domain.order_days import WEEKDAYS
from buyside.domain.refusals import Unreadable

QUANTITY_DIGITS = (0, 6)
"""Least and most decimals of a quantity: exact, without trailing zeros."""
PRICE_DIGITS = (2, 6)
MONEY_DIGITS = (2, 2)
PERCENT_DIGITS = (0, 4)
LANGUAGE = "en"
"""The language of the application's own texts, in which it names days too, whatever the machine speaks."""
_WESTERN_GROUPS = (3, 3)
_LONGEST_NUMBER = 40
_TYPED_NUMBER = re.compile(r"[+-]?\d[\d.,'\u2019\s]*")


@lru_cache(maxsize=256)
def number_writer(locale: str, least: int, most: int) -> Callable[[Decimal], str]:
    """A function that writes numbers in `locale` with at least `least` and at most `most` decimals, rounded half up."""
    step = Decimal(1).scaleb(-most)
    known = Locale.parse(locale)
    western = tuple(known.decimal_formats[None].grouping) == _WESTERN_GROUPS
    signs = str.maketrans({",": get_group_symbol(known), ".": get_decimal_symbol(known)})

    def write(value: Decimal) -> str:
        text = f"{value.quantize(step, rounding=ROUND_HALF_UP) + 0:,f}"  # + 0: no negative zero
        if most > least and "." in text:
            whole, _, decimals = text.partition(".")
            decimals = decimals.rstrip("0").ljust(least, "0")
            text = f"{whole}.{decimals}" if decimals else whole
        if western:
            return text.translate(signs)
        whole, point, decimals = text.replace(",", "").partition(".")
        sign = "-" if whole.startswith("-") else ""
        return f"{sign}{format_decimal(int(whole.lstrip('-')), locale=known)}{point.translate(signs)}{decimals}"

    return write


def shown_number(value: Decimal, locale: str, digits: tuple[int, int] = QUANTITY_DIGITS) -> str:
    """`value` as people of `locale` write it."""
    return number_writer(locale, *digits)(value)


def shown_money(amount: Decimal, currency: str, locale: str) -> str:
    """An amount with the code of its currency, and as many decimals as that has: "1,234.50 EUR", "1,235 JPY"."""
    return f"{money_writer(locale, currency)(amount)} {currency}"


def money_writer(locale: str, currency: str) -> Callable[[Decimal], str]:
    """A function that writes amounts without their currency, with as many decimals as it has."""
    digits = get_currency_precision(currency)
    return number_writer(locale, digits, digits)


def price_writer(locale: str, currency: str) -> Callable[[Decimal], str]:
    """The same for prices, which may be finer than what is paid: all of their decimals, at least those of the currency."""
    return number_writer(locale, get_currency_precision(currency), PRICE_DIGITS[1])


def shown_price(price: Decimal, currency: str, locale: str) -> str:
    """A price with the code of its currency: "0.0125 EUR", "300 JPY"."""
    return f"{price_writer(locale, currency)(price)} {currency}"


@lru_cache(maxsize=4096)
def shown_date(day: date, locale: str) -> str:
    """A date with its month as a word, so that no two continents misread it: "3 Nov 2026"."""
    return str(format_skeleton("yMMMd", day, locale=locale))


@lru_cache(maxsize=4096)
def shown_day(day: date, locale: str) -> str:
    """A date without its year, where that goes without saying: "3 Nov"."""
    return str(format_skeleton("MMMd", day, locale=locale))


@lru_cache(maxsize=4096)
def named_day(day: date, *, with_year: bool = False) -> str:
    """A day by its name, within a sentence of the application's: "Sunday 3 May"."""
    return str(format_date(day, "EEEE d MMMM y" if with_year else "EEEE d MMMM", locale=LANGUAGE))


@lru_cache(maxsize=256)
def _short_weekdays(locale: str) -> dict[str, str]:
    """The days of the week from Monday on, by their short names in the order of `WEEKDAYS`: "mon" is "Mo" to a German."""
    names = get_day_names("abbreviated", "stand-alone", locale)
    return {day: str(names[number]) for number, day in enumerate(WEEKDAYS)}


def shown_weekdays(kept: str, locale: str) -> str:
    """Days of the week kept as "mon,thu", as people of `locale` name them for short: "Mon, Thu", "Mo, Do"."""
    names = _short_weekdays(locale)
    return ", ".join(names.get(day, day) for day in kept.split(","))


def read_weekdays(typed: str, locale: str) -> str:
    """Days as a person writes them, by their names in `locale`, in the application's language or as they are kept: "mon,thu".

    What names no day passes as it was typed, for whoever asked for days to refuse.
    """
    known = {day: day for day in WEEKDAYS}
    for each in (LANGUAGE, locale):
        known |= {_bare(name): day for day, name in _short_weekdays(each).items()}
    days = {known.get(_bare(each), "") for each in typed.split(",")}
    return typed if "" in days else ",".join(day for day in WEEKDAYS if day in days)


@lru_cache(maxsize=64)
def _days_of_year(locale: str) -> dict[str, str]:
    """Every day that a year may have, from "12-24" to how people of `locale` write it: "24 Dec"."""
    first = date(2000, 1, 1)  # of a leap year
    days = (first + timedelta(days=each) for each in range(366))
    return {f"{day:%m-%d}": shown_day(day, locale) for day in days}


def shown_day_of_year(kept: str, locale: str) -> str:
    """A day of every year, kept as "12-24", as people of `locale` write it: "24 Dec"."""
    return _days_of_year(locale).get(kept, kept)


def read_day_of_year(typed: str, locale: str) -> str:
    """A day of every year as `shown_day_of_year` writes it, as it is kept; anything else passes as it was typed."""
    return next((kept for kept, shown in _days_of_year(locale).items() if shown.casefold() == typed.casefold()), typed)


def _bare(name: str) -> str:
    return name.strip().rstrip(".").casefold()


def shown_days(days: int) -> str:
    """A number of days within a sentence of the application's: "1 day", "12 days"."""
    return f"{days} {'day' if days == 1 else 'days'}"


def shown_instant(moment: datetime, locale: str, time_zone: str) -> str:
    """A moment on the clock of `time_zone`, to the minute."""
    there = moment.astimezone(ZoneInfo(time_zone))
    return f"{shown_date(there.date(), locale)}, {there:%H:%M}"


def read_number(text: str, locale: str, *, field: str = "") -> Decimal:
    """A number as people of `locale` type it. Refuses: Unreadable."""
    typed = text.strip().replace(" ", "").replace("\N{MINUS SIGN}", "-")
    try:
        if len(typed) > _LONGEST_NUMBER or not _TYPED_NUMBER.fullmatch(typed):
            raise ValueError
        value = Decimal(parse_decimal(typed, locale=locale, strict=True))
    except (NumberFormatError, InvalidOperation, ValueError):
        raise Unreadable(value=text, wanted="a number", field=field) from None
    return value


def read_date(text: str, locale: str, *, field: str = "") -> date:
    """A date as a browser's date field sends it (2026-11-03), or as people of `locale` type it. Refuses: Unreadable."""
    typed = text.strip()
    try:
        return date.fromisoformat(typed)
    except ValueError:
        pass
    try:
        return parse_date(typed, locale=locale, format="short")
    except (ValueError, IndexError, OverflowError):
        raise Unreadable(value=text, wanted="a date", field=field) from None


@lru_cache(maxsize=1)
def known_locales() -> tuple[tuple[str, str], ...]:
    """Languages with their regions to choose from, by name: ("de_DE", "German (Germany)")."""
    found = {}
    for identifier in locale_identifiers():
        locale = Locale.parse(identifier)
        if locale.language and locale.territory and identifier == f"{locale.language}_{locale.territory}":
            found[identifier] = locale.get_display_name("en") or identifier
    return tuple(sorted(found.items(), key=lambda each: each[1]))


@lru_cache(maxsize=1)
def known_time_zones() -> tuple[str, ...]:
    """Time zones to choose from: UTC, and those that are named after places."""
    places = (each for each in available_timezones() if "/" in each and not each.startswith(("Etc/", "SystemV/")))
    return ("UTC", *sorted(places))
