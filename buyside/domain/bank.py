"""Bank accounts of vendors: which numbers can be an account, how they are shown, and the life of one (ACC-7).

No refusal, doubt or text of this module repeats a number: sentences go to screens and logs, and numbers to neither.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Final

from babel import Locale
from rapidfuzz.fuzz import token_set_ratio
from schwifty import BIC, IBAN, exceptions, registry

from buyside.domain.lifecycle import Lifecycle
from buyside.domain.refusals import Refused
from buyside.domain.words import Tone, Words, words


class BankAccountState(StrEnum):
    """Where an account stands. `CURRENT` is the one that is paid to; a vendor has at most one in each currency."""

    PROPOSED = "proposed"
    CURRENT = "current"
    REPLACED = "replaced"
    ENDED = "ended"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


_S = BankAccountState
BANK_ACCOUNT = Lifecycle(
    "bank account",
    {
        "approve": ({_S.PROPOSED}, _S.CURRENT),
        "reject": ({_S.PROPOSED}, _S.REJECTED),
        "withdraw": ({_S.PROPOSED}, _S.WITHDRAWN),
        "replace": ({_S.CURRENT}, _S.REPLACED),
        "end": ({_S.CURRENT}, _S.ENDED),
    },
)

END_ASKED: Final = "end_asked"
"""How a current account is shown whose end waits for approval."""
BANK_ACCOUNT_WORDS: Words = {
    **words(_S, {_S.PROPOSED: Tone.ACTIVE, _S.CURRENT: Tone.GOOD, _S.REJECTED: Tone.BAD}),
    END_ASKED: ("End proposed", Tone.WARN),
}


class NoSuchIban(Refused):
    code, field = "bank.no-such-iban", "iban"
    says = "This is no IBAN: {why}"


class NoSuchBic(Refused):
    code, field = "bank.no-such-bic", "bic"
    says = "This is no BIC: {why}"


class BicElsewhere(Refused):
    code, field = "bank.bic-elsewhere", "bic"
    says = "The BIC names a bank in {bic_country}, but the account is in {country}."


class NoSuchCountry(Refused):
    code, field = "bank.no-such-country", "country"
    says = "Choose the country of the bank."


class IbanNeeded(Refused):
    code, field = "bank.iban-needed", "iban"
    says = "Accounts in {country} have an IBAN. Enter that."


class NoSuchAccountNumber(Refused):
    code, field = "bank.no-such-account-number", "account_number"
    says = "This is no account number: {why}"


class NoSuchBankCode(Refused):
    code, field = "bank.no-such-bank-code", "routing_number"
    says = "This is no bank code: {why}"


class TwoNumbers(Refused):
    code, field = "bank.two-numbers", "iban"
    says = "Enter an IBAN, or an account number with its bank code, not both."


@dataclass(frozen=True, slots=True)
class BankDetails:
    """An account as it is kept: numbers compact and in capitals, and what may be shown of them.

    `doubts` are sentences about what is not wrong but wants a second look.
    """

    country_code: str
    bank_name: str
    shown: str
    iban: str = field(default="", repr=False)
    bic: str = field(default="", repr=False)
    account_number: str = field(default="", repr=False)
    routing_number: str = field(default="", repr=False)
    doubts: tuple[str, ...] = ()


_LONGEST_TYPED = 80
_SEPARATORS = re.compile(r"[\s.\-\u2010-\u2015/]+")
_ACCOUNT_NUMBER = re.compile(r"[A-Z0-9]{3,34}")  # ISO 20022, GenericAccountIdentification1: at most 34
_BANK_CODE = re.compile(r"[A-Z0-9]{2,35}")  # ISO 20022, ClearingSystemMemberIdentification2: at most 35
_BANK_CODES: Mapping[str, tuple[re.Pattern[str], str]] = {
    "US": (re.compile(r"\d{9}"), "a routing number of the United States has 9 digits."),
    "CA": (re.compile(r"0?\d{8}"), "transit and institution number of Canada together have 8 digits."),
    "AU": (re.compile(r"\d{6}"), "a BSB of Australia has 6 digits."),
    "NZ": (re.compile(r"\d{6}"), "bank and branch of New Zealand together have 6 digits."),
    "IN": (re.compile(r"[A-Z]{4}0[A-Z0-9]{6}"), "an IFSC of India has 4 letters, a zero and 6 letters or digits."),
    "CN": (re.compile(r"\d{12}"), "a CNAPS code of China has 12 digits."),
    "JP": (re.compile(r"\d{7}"), "bank and branch of Japan together have 7 digits."),
    "ZA": (re.compile(r"\d{6}"), "a branch code of South Africa has 6 digits."),
}
"""Countries without IBAN whose domestic bank codes have one known form; elsewhere any code of letters and digits passes."""
_WEIGHTS = (3, 7, 1, 3, 7, 1, 3, 7, 1)  # the check of routing numbers by the American Bankers Association
_TERRITORIES: Mapping[str, frozenset[str]] = {
    "GB": frozenset({"IM", "JE", "GG"}),
    "FR": frozenset({"GF", "GP", "MQ", "RE", "PF", "TF", "YT", "NC", "BL", "MF", "PM", "WF"}),
    "FI": frozenset({"AX"}),
}
"""Territories whose banks have codes of their own and IBANs of the country that they belong to (the IBAN registry's notes)."""
_NO_COUNTRIES = frozenset({"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"})
_KOSOVO = "XK"  # has IBANs and BICs, and no code of ISO 3166
_SHORT_BIC = 8
_ALIKE = 75
"""Percent of likeness, word order and additions such as the legal form left aside, from which two names are taken for one."""
_LEAST_SHOWN, _ENDING, _SHORT_ENDING = 8, 4, 2


def compact(text: str) -> str:
    """A number as it is kept: in capitals, without the blanks and strokes that people write for their eyes."""
    return _SEPARATORS.sub("", text.strip()).upper()


def masked(number: str, *, lead: int = 0) -> str:
    """What may be shown of a number: its end, and `lead` characters of its beginning. "DE89 … 3000"."""
    ending = number[-(_ENDING if len(number) >= _LEAST_SHOWN else _SHORT_ENDING) :]
    return " ".join(filter(None, [number[:lead], "…", ending]))


def country_name(code: str) -> str:
    """A country's name by its two letters."""
    return str(Locale("en").territories.get(code, code))


def uses_iban(country_code: str) -> bool:
    """Whether accounts of a country have IBANs."""
    try:
        return not registry.get_iban_spec(country_code).aspirational
    except exceptions.InvalidCountryCode:
        return False


@lru_cache(maxsize=1)
def countries_without_iban() -> tuple[tuple[str, str], ...]:
    """Countries to choose from where accounts have no IBAN: two letters and name, by name."""
    others = frozenset().union(*_TERRITORIES.values()) | _NO_COUNTRIES
    found = (
        (code, name)
        for code, name in Locale("en").territories.items()
        if len(code) == 2 and code.isalpha() and code not in others
    )
    return tuple(sorted(((code, name) for code, name in found if not uses_iban(code)), key=lambda each: each[1]))


def check_account(
    *, iban: str = "", bic: str = "", country: str = "", account_number: str = "", routing_number: str = ""
) -> BankDetails:
    """What a vendor's account is kept as: an IBAN, its BIC optional; or a country without IBANs, the account number, and the
    bank's code or BIC.

    An IBAN's length, structure and check digits are those of its country (ISO 13616), a BIC is one of ISO 9362 and of the same
    country. Refuses, in this order: TwoNumbers, NoSuchIban, NoSuchCountry, IbanNeeded, NoSuchAccountNumber, NoSuchBankCode,
    NoSuchBic, BicElsewhere.
    """
    if compact(iban):
        if compact(account_number) or compact(routing_number):
            raise TwoNumbers
        return _with_iban(_checked_iban(iban), bic)
    if not compact(account_number) and not compact(routing_number) and not country.strip():
        raise NoSuchIban(why="enter it, or an account number where accounts have none.")
    return _without_iban(country.strip().upper(), account_number, routing_number, bic)


def doubts_about(*, iban: str, bic: str) -> tuple[str, ...]:
    """What wants a second look about numbers that passed: a bank that no list knows, or that the BIC does not name."""
    return (*_iban_doubts(iban, bic), *_bic_doubts(bic))


def holder_doubts(holder: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """What wants a second look about the holder of an account: a name that is not the vendor's."""
    known = [each for each in names if each.strip()]
    if any(token_set_ratio(holder.casefold(), each.casefold()) >= _ALIKE for each in known):
        return ()
    return (f"“{holder.strip()}” is not the name of the vendor, {' or '.join(known)}.",)


def _checked_iban(text: str) -> str:
    number = compact(text)
    country = number[:2]
    if len(text) > _LONGEST_TYPED or not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]+", number):
        raise NoSuchIban(why="it begins with two letters for the country and two check digits, such as DE89.")
    if not uses_iban(country):
        raise NoSuchIban(why=f"{country_name(country)} has none. Enter account number and bank code instead.")
    spec = registry.get_iban_spec(country)
    try:
        IBAN(number)
    except exceptions.InvalidLength:
        raise NoSuchIban(
            why=f"one of {country_name(country)} has {spec.iban_length} characters, this has {len(number)}."
        ) from None
    except exceptions.InvalidChecksumDigits:
        raise NoSuchIban(why="its check digits do not fit. A character is wrong, or two changed places.") from None
    except exceptions.SchwiftyException:
        raise NoSuchIban(why=f"letters and digits do not stand as in {country_name(country)}.") from None
    return number


def _checked_bic(text: str) -> str:
    """A BIC, or nothing where none was entered."""
    code = compact(text)
    if not code:
        return ""
    if len(text) > _LONGEST_TYPED:
        raise NoSuchBic(why="it has 8 or 11 letters and digits.")
    try:
        BIC(code)
    except exceptions.InvalidLength:
        raise NoSuchBic(why=f"it has 8 or 11 letters and digits, this has {len(code)}.") from None
    except exceptions.InvalidCountryCode:
        if code[4:6] != _KOSOVO:
            raise NoSuchBic(why="its fifth and sixth letters name no country.") from None
    except exceptions.SchwiftyException:
        raise NoSuchBic(why="it is four letters for the bank, two for the country, and two or five more.") from None
    return code


def _in_country(bic: str, country: str) -> None:
    """Pass if a BIC is of a country, or of a territory that uses the country's IBANs. Refuses: BicElsewhere."""
    there = bic[4:6]
    if bic and there != country and there not in _TERRITORIES.get(country, ()):
        raise BicElsewhere(bic_country=country_name(there), country=country_name(country))


def _with_iban(number: str, bic_text: str) -> BankDetails:
    bic = _checked_bic(bic_text)
    _in_country(bic, number[:2])
    known = IBAN(number).bank
    return BankDetails(
        country_code=number[:2],
        bank_name=known.name if known else _bank_of(bic),
        shown=masked(number, lead=4),
        iban=number,
        bic=bic,
        doubts=doubts_about(iban=number, bic=bic),
    )


def _without_iban(country: str, account_text: str, bank_text: str, bic_text: str) -> BankDetails:
    if country not in Locale("en").territories or len(country) != 2:
        raise NoSuchCountry
    if uses_iban(country):
        raise IbanNeeded(country=country_name(country))
    number, bank_code = compact(account_text), compact(bank_text)
    if len(account_text) > _LONGEST_TYPED or not _ACCOUNT_NUMBER.fullmatch(number):
        raise NoSuchAccountNumber(why="it has 3 to 34 letters and digits.")
    if bank_code:
        _check_bank_code(country, bank_text, bank_code)
    bic = _checked_bic(bic_text)
    if not bank_code and not bic:
        raise NoSuchBankCode(why="enter it, or the bank's BIC, so that payments find the bank.")
    _in_country(bic, country)
    return BankDetails(
        country_code=country,
        bank_name=_bank_of(bic),
        shown=f"{country} {masked(number)}",
        bic=bic,
        account_number=number,
        routing_number=bank_code,
        doubts=doubts_about(iban="", bic=bic),
    )


def _check_bank_code(country: str, text: str, code: str) -> None:
    if len(text) > _LONGEST_TYPED or not _BANK_CODE.fullmatch(code):
        raise NoSuchBankCode(why="it has 2 to 35 letters and digits.")
    if country in _BANK_CODES:
        form, says = _BANK_CODES[country]
        if not form.fullmatch(code):
            raise NoSuchBankCode(why=says)
    if country == "US" and sum(int(digit) * weight for digit, weight in zip(code, _WEIGHTS, strict=True)) % 10:
        raise NoSuchBankCode(why="its check digit does not fit. A digit is wrong, or two changed places.")


def _bank_of(bic: str) -> str:
    """The bank's name by its BIC, where a list knows it."""
    banks = [*registry.get_banks_by_bic(bic), *registry.get_banks_by_bic(_other_spelling(bic))] if bic else []
    return banks[0].name if banks else ""


def _other_spelling(bic: str) -> str:
    """Eight characters name the head office, which is XXX in eleven."""
    return f"{bic}XXX" if len(bic) == _SHORT_BIC else bic.removesuffix("XXX")


def _iban_doubts(number: str, bic: str) -> tuple[str, ...]:
    if not number:
        return ()
    account, country = IBAN(number), number[:2]
    found: list[str] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", exceptions.NationalChecksumNotVerified)
            account.validate(validate_bban=True)
    except exceptions.SchwiftyException:
        found.append(f"The check digits that banks of {country_name(country)} put into account numbers do not fit.")
    banks = registry.get_banks_by_code(country, str(account.bank_code))
    if not banks and registry.get_banks_by_country(country):
        found.append(f"The list of banks in {country_name(country)} has none with this IBAN's bank code.")
    known = {bank.bic[:4] for bank in banks if bank.bic}
    if bic and known and bic[:4] not in known:
        found.append(f"By its IBAN the account is at {banks[0].name}; the BIC names another bank.")
    return tuple(found)


def _bic_doubts(bic: str) -> tuple[str, ...]:
    if not bic or _bank_of(bic) or not registry.get_banks_by_country(bic[4:6]):
        return ()
    return (f"The list of banks in {country_name(bic[4:6])} has none with this BIC.",)


@dataclass(frozen=True, slots=True)
class Notice:
    """What is written to a vendor about its account; ready to be sent, with masked numbers."""

    subject: str
    text: str


def notice_of_account(
    *, vendor: str, company: str, currency: str, old: str, new: str, is_current: bool, sender: str
) -> Notice:
    """What to write to a vendor's known contact when its bank account is to change or has changed.

    `old` and `new` are masked numbers, either may be empty. It asks for a call to a number that the vendor knows already and
    names none: whoever sent a false account would answer his own.
    """
    was = f"So far we pay to {old}.\n" if old else ""
    if is_current:
        fact = f"From now on we pay to {new}.\n" if new else "From now on we pay to no account in this currency.\n"
        head = f"we changed the bank account to which we pay your invoices in {currency}.\n\n"
        was = f"Before, we paid to {old}.\n" if old else ""
    else:
        fact = f"We were asked to pay to {new} from now on.\n" if new else "We were asked to pay to it no more.\n"
        head = f"we were asked to change the bank account to which we pay your invoices in {currency}.\n\n"
    text = (
        f"Hello {vendor},\n\n{head}{was}{fact}\n"
        "If this did not come from you, call the person at our company whom you know, at the number you have always used. "
        "We show the ends of account numbers only, and never ask for whole ones by mail.\n\n"
        f"{sender}{', ' if sender and company else ''}{company}\n"
    )
    return Notice(f"Your bank account at {company}" if company else "Your bank account", text)
