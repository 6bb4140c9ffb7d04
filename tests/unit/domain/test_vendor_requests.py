"""What a vendor is asked about an order is in the vendor's language (PLAN-16, VEN-1, INT-3)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from buyside.domain.plans import MessageKind
from buyside.domain.vendor_requests import ASKED_OF_VENDORS, LANGUAGES, Request, request_text

ASKED = Request(
    kind=MessageKind.EXPEDITE, order="PO-7", line=3, item="FRAME", name="Frame 54", vendor_part="R-9", quantity=Decimal("1250.5"),
    unit="pcs", ordered_unit="pcs", unit_factor=Decimal(1), comes=date(2026, 5, 20), needed=date(2026, 5, 4),
)  # fmt: skip


@pytest.mark.rule("PLAN-16")
def test_a_vendor_reads_its_own_language_with_its_own_numbers_and_dates() -> None:
    german = request_text(ASKED, "de")
    assert german.startswith(
        "Guten Tag,\n\nes geht um unsere Bestellung PO-7, Position 3: FRAME Frame 54 (Ihre Artikelnummer R-9)"
    )
    assert "Bitte liefern Sie 1.250,5 pcs bis zum 4. Mai 2026 statt am 20. Mai 2026." in german
    assert "1’250.5 pcs" in request_text(ASKED, "de_CH")
    assert "le 4 mai 2026 au lieu du 20 mai 2026" in request_text(ASKED, "fr")
    assert "Please deliver 1,250.5 pcs by May 4, 2026 instead of May 20, 2026." in request_text(ASKED, "en")
    overdue = request_text(replace(ASKED, comes=date(2026, 5, 2), is_overdue=True), "de")
    assert "Auf 1.250,5 pcs, fällig am 2. Mai 2026, warten wir noch. Bitte liefern Sie bis zum 4. Mai 2026." in overdue


@pytest.mark.rule("PLAN-8")
def test_a_vendor_reads_the_unit_that_the_order_is_in() -> None:
    packed = replace(ASKED, quantity=Decimal(500), ordered_unit="c100", unit_factor=Decimal(100))
    assert "deliver 5 c100 (= 500 pcs) by" in request_text(packed, "en")
    assert "deliver 501 pcs by" in request_text(replace(packed, quantity=Decimal(501), unit_factor=Decimal(7)), "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_overdue_is_waited_for_and_not_asked_for_before_a_day_that_is_past(language: str) -> None:
    late = replace(ASKED, comes=date(2026, 5, 2), is_overdue=True)
    says = request_text(late, language)
    assert says != request_text(replace(late, is_overdue=False), language)
    assert all(each in says for each in ("PO-7", "250", "2026"))
    deferred = replace(late, kind=MessageKind.DEFER)
    assert request_text(deferred, language) == request_text(replace(deferred, is_overdue=False), language)


@pytest.mark.parametrize("language", ["", "ja", "xx", "de_ZZ9", "english"])
def test_a_language_without_words_is_answered_in_english(language: str) -> None:
    assert request_text(ASKED, language) == request_text(ASKED, "en")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", MessageKind)
def test_every_language_says_all_of_it_and_nothing_of_what_a_vendor_does_not_know(
    language: str, kind: MessageKind
) -> None:
    says = request_text(replace(ASKED, kind=kind, vendor_part=""), language)
    assert bool(says) == (kind in ASKED_OF_VENDORS)
    assert "{" not in says
    if says:
        assert all(each in says for each in ("PO-7", "FRAME Frame 54", "250", "2026"))
        assert "()" not in says
        assert ("4" in says.split("2026")[0]) or kind in {MessageKind.DECREASE, MessageKind.CANCEL}
