"""A refusal is told with its amounts, quantities and days as the person writes them, and kept without loss."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from buyside.domain.refusals import NotANumber, Refused
from buyside.domain.telling import Amount, Measure, Sentence, said, told_to


class Drained(Refused):
    code = "test.drained"
    says = "Of {much} {left} are left."


GERMAN = "de_DE"


@pytest.mark.parametrize(
    ("value", "plain", "english", "german"),
    [
        (Amount(Decimal("1234.5"), "EUR"), "1234.5 EUR", "1,234.50 EUR", "1.234,50 EUR"),
        (Amount(Decimal("1234.50"), "JPY"), "1234.5 JPY", "1,235 JPY", "1.235 JPY"),
        (Measure(Decimal("1200.250"), "m"), "1200.25 m", "1,200.25 m", "1.200,25 m"),
        (Decimal("1E+3"), "1000", "1,000", "1.000"),
        (Decimal("0.0000001"), "0.0000001", "0.0000001", "0.0000001"),
        (date(2026, 11, 3), "2026-11-03", "3 Nov 2026", "3. Nov. 2026"),
        (Sentence("nothing until {day}", {"day": date(2026, 11, 3)}), "nothing until 2026-11-03", "nothing until 3 Nov 2026",
         "nothing until 3. Nov. 2026"),
        (4711, "4711", "4711", "4711"),
        ("C-1.5", "C-1.5", "C-1.5", "C-1.5"),
    ],
)  # fmt: skip
def test_a_value_is_told_as_its_reader_writes_it(value: Any, plain: str, english: str, german: str) -> None:
    refusal = Drained(much="all", left=value)
    assert str(refusal) == f"Of all {plain} are left."
    assert said(refusal, "en_GB") == f"Of all {english} are left."
    assert said(refusal, GERMAN) == f"Of all {german} are left."


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), Decimal("1E+40000"), Decimal("1.23456789")])
def test_a_number_that_cannot_be_kept_is_told_as_it_came(value: Decimal) -> None:
    assert said(NotANumber(value=value, decimals=6), GERMAN).startswith(f"{value} cannot be kept exactly")


def test_whatever_is_refused_inside_is_told_and_nothing_else_of_it_changes() -> None:
    with pytest.raises(Drained) as refused, told_to(GERMAN):
        raise Drained(much=Decimal(2000), left=Decimal("0.5"), field="quantity")
    assert str(refused.value) == "Of 2.000 0,5 are left."
    assert (refused.value.code, refused.value.field) == ("test.drained", "quantity")
    assert refused.value.details == {"much": Decimal(2000), "left": Decimal("0.5")}


def test_a_moment_keeps_its_own_form_and_counts_are_grouped() -> None:
    class Many(Refused):
        says = "{count:,} rows since {at}."

    at = datetime(2026, 11, 3, 12, 30, tzinfo=UTC)
    assert said(Many(count=12345, at=at), GERMAN) == "12.345 rows since 2026-11-03 12:30:00+00:00."
    assert str(Many(count=12345, at=at)) == "12,345 rows since 2026-11-03 12:30:00+00:00."
