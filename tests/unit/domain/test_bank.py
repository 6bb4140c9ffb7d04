"""Which numbers can be an account, and what is shown of them (ACC-7)."""

import pytest
from schwifty import IBAN

from buyside.domain.bank import (
    check_account,
    compact,
    countries_without_iban,
    holder_doubts,
    masked,
    notice_of_account,
    uses_iban,
)
from buyside.domain.refusals import Refused

pytestmark = pytest.mark.rule("ACC-7")

GERMAN, BRITISH = "DE89370400440532013000", "GB29NWBK60161331926819"
COUNTRIES = ("AT", "BE", "CH", "DE", "ES", "FR", "GB", "IT", "NL", "NO", "PL", "SE")
US = {"country": "US", "account_number": "000123456789", "routing_number": "021000021"}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"iban": "DE89370400440532013001"}, "bank.no-such-iban"),
        ({"iban": "DE89370400440532031000"}, "bank.no-such-iban"),
        ({"iban": GERMAN[:-1]}, "bank.no-such-iban"),
        ({"iban": "GB29NWBK6016133192681X"}, "bank.no-such-iban"),
        ({"iban": "US64SVBKUS6S3300958879"}, "bank.no-such-iban"),
        ({"iban": "ZZ89370400440532013000"}, "bank.no-such-iban"),
        ({"iban": "my account"}, "bank.no-such-iban"),
        ({"iban": "1" * 5000}, "bank.no-such-iban"),
        ({}, "bank.no-such-iban"),
        ({"iban": GERMAN, "bic": "COBADE"}, "bank.no-such-bic"),
        ({"iban": GERMAN, "bic": "COBAZZFF"}, "bank.no-such-bic"),
        ({"iban": GERMAN, "bic": "COBA!EFF"}, "bank.no-such-bic"),
        ({"iban": GERMAN, "bic": "BNPAFRPP"}, "bank.bic-elsewhere"),
        ({"iban": GERMAN, **US}, "bank.two-numbers"),
        ({**US, "country": "XY"}, "bank.no-such-country"),
        ({**US, "country": "DE"}, "bank.iban-needed"),
        ({**US, "account_number": "1"}, "bank.no-such-account-number"),
        ({**US, "account_number": "12#45"}, "bank.no-such-account-number"),
        ({**US, "routing_number": "021000012"}, "bank.no-such-bank-code"),
        ({**US, "routing_number": "02100002"}, "bank.no-such-bank-code"),
        ({**US, "routing_number": ""}, "bank.no-such-bank-code"),
        ({**US, "country": "IN", "routing_number": "SBIN1005943"}, "bank.no-such-bank-code"),
        ({**US, "bic": "COBADEFF"}, "bank.bic-elsewhere"),
    ],
)
def test_what_is_no_account_is_refused_without_repeating_it(given: dict[str, str], code: str) -> None:
    with pytest.raises(Refused) as refusal:
        check_account(**given)
    assert refusal.value.code == code
    assert not any(len(each) > 3 and each in f"{refusal.value}{refusal.value.details}" for each in given.values())


@pytest.mark.parametrize("country", COUNTRIES)
def test_ibans_of_many_countries_pass_and_one_wrong_digit_does_not(country: str) -> None:
    for _ in range(20):
        number = str(IBAN.random(country_code=country))
        assert check_account(iban=number).iban == number
        wrong = number[:-1] + str((int(number[-1]) + 1) % 10) if number[-1].isdecimal() else number[:-1]
        with pytest.raises(Refused):
            check_account(iban=wrong)


@pytest.mark.parametrize(
    "written", ["DE89 3704 0044 0532 0130 00", " de89-3704-0044-0532-0130-00 ", "DE89.3704.0044.0532.0130.00"]
)
def test_an_iban_is_kept_compact_however_it_was_written(written: str) -> None:
    kept = check_account(iban=written, bic="cobadeff")
    assert (kept.iban, kept.bic, kept.bank_name, kept.shown) == (GERMAN, "COBADEFF", "Commerzbank", "DE89 … 3000")
    assert kept.doubts == ()
    assert GERMAN not in repr(kept)


def test_a_bank_that_nobody_lists_or_that_the_bic_does_not_name_is_a_doubt() -> None:
    assert check_account(iban=GERMAN, bic="DEUTDEFF").doubts != ()
    assert check_account(iban=GERMAN, bic="ZZZZDEFF").doubts != ()
    assert check_account(iban=BRITISH, bic="NWBKGB2L").doubts == ()


@pytest.mark.parametrize(
    ("iban", "bic"),
    [(BRITISH, "NWBKJESH"), ("XK051212012345678906", "NCBVXKPR"), ("FR1420041010050500013M02606", "PSSTRERR")],
)
def test_territories_and_kosovo_use_codes_of_their_own(iban: str, bic: str) -> None:
    assert check_account(iban=iban, bic=bic).bic == bic


def test_countries_to_choose_from_are_those_without_iban() -> None:
    codes = {code for code, _ in countries_without_iban()}
    assert {"US", "CN", "JP", "IN", "AU", "CA"} <= codes
    assert not any(uses_iban(code) for code in codes)
    assert codes.isdisjoint({"DE", "GB", "JE", "EU", "ZZ"})
    assert check_account(**US).shown == "US … 6789"


@pytest.mark.parametrize(
    ("number", "lead", "shown"),
    [(GERMAN, 4, "DE89 … 3000"), ("1234567", 0, "… 67"), ("123", 0, "… 23"), ("12345678", 0, "… 5678")],
)
def test_of_a_number_little_is_shown(number: str, lead: int, shown: str) -> None:
    assert masked(number, lead=lead) == shown


def test_a_holder_of_another_name_is_a_doubt() -> None:
    assert holder_doubts("ACME Works GmbH", ("Acme", "Acme Works GmbH")) == ()
    assert holder_doubts("Works Acme", ("Acme Works GmbH",)) == ()
    assert holder_doubts("J. Smith", ("Acme", "")) == ("“J. Smith” is not the name of the vendor, Acme.",)


@pytest.mark.parametrize(("old", "new"), [("", "DE89 … 3000"), ("NL91 … 4300", "DE89 … 3000"), ("NL91 … 4300", "")])
@pytest.mark.parametrize("is_current", [True, False])
def test_the_notice_names_ends_of_numbers_and_asks_for_a_call(old: str, new: str, *, is_current: bool) -> None:
    letter = notice_of_account(
        vendor="Acme", company="Own Works", currency="EUR", old=old, new=new, is_current=is_current, sender="Ada"
    )
    assert all(each in letter.text for each in (old, new, "EUR", "Own Works", "Ada", "call"))
    assert compact("a-b c") == "ABC"
