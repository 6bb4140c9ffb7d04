"""Bank accounts of vendors: one person enters, another approves, and each look at a whole number is recorded (ACC-7)."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr
from sqlmodel import Session, col, select

from buyside.db.bank import VendorBankAccount, VendorBankNumber
from buyside.db.vendors import Currency, Vendor
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.bank import BANK_ACCOUNT, BankAccountState, BankDetails, check_account, holder_doubts
from buyside.domain.refusals import NotFound, ReasonMissing, Refused, Stale
from buyside.ledgers import audit
from buyside.queries.bank_numbers import numbers_elsewhere, numbers_of, same_numbers


class NeedsPerson(Refused):
    code = "bank.needs-person"
    says = "Two people answer for a bank account, so it takes somebody who is signed in."


class SamePerson(Refused):
    code = "bank.same-person"
    says = "You entered this yourself. Somebody else has to decide on it; you can withdraw it."


class NotYours(Refused):
    code = "bank.not-yours"
    says = "Somebody else entered this. You can reject it, if your roles include that, but not withdraw it."


class HolderMissing(Refused):
    code, field = "bank.holder-missing", "holder"
    says = "Enter whose account it is, as the bank writes the name."


class CurrentAlready(Refused):
    code, field = "bank.current-already", "iban"
    says = "{vendor} is paid to this account in {currency} already."


class ProposedAlready(Refused):
    code, field = "bank.proposed-already", "iban"
    says = "This account waits for approval already, for {vendor} in {currency}."


class Doubtful(Refused):
    code, field = "bank.doubtful", "is_checked"
    says = "Look again: {doubts} Confirm that you compared the numbers with the vendor's own paper."


class StaleProposal(Refused):
    code = "bank.stale-proposal"
    says = (
        "The account that is paid to changed since this one was entered, so it would replace another than its enterer saw. "
        "Reject it, and have it entered again if it still holds."
    )


class EndAskedAlready(Refused):
    code = "bank.end-asked-already"
    says = "The end of this account waits for approval already."


@dataclass(frozen=True, slots=True)
class AccountSaved:
    """An account after a step of its life; `shown` is its number masked."""

    account_id: int
    vendor_code: str
    vendor: str
    currency_code: str
    shown: str
    state: BankAccountState
    version: int


@dataclass(frozen=True, slots=True)
class AccountNumbers:
    """The whole numbers of an account. Wrapped, so that no log, stored answer or trace writes them out."""

    iban: SecretStr
    bic: SecretStr
    account_number: SecretStr
    routing_number: SecretStr


@needs(Permission.BANK_ENTER)
def propose_account(
    session: Session,
    actor: Actor,
    /,
    *,
    vendor_id: int,
    currency_code: str,
    holder: str,
    reason: str,
    at: datetime,
    iban: str = "",
    bic: str = "",
    country: str = "",
    account_number: str = "",
    routing_number: str = "",
    is_checked: bool = False,
) -> AccountSaved:
    """Enter an account that a vendor wants to be paid to in a currency. It is paid to once another person approved it.

    `is_checked`: the actor compared doubtful numbers with the vendor's paper. Refuses, in this order: NeedsPerson, NotFound,
    HolderMissing, what `check_account` refuses, ReasonMissing, CurrentAlready, ProposedAlready, Doubtful.
    """
    person = _person(actor)
    vendor = _lock_vendor(session, vendor_id)
    if session.get(Currency, currency_code) is None:
        raise NotFound(kind="currency", field="currency_code")
    if not holder.strip():
        raise HolderMissing
    details = check_account(
        iban=iban, bic=bic, country=country, account_number=account_number, routing_number=routing_number
    )
    if not reason.strip():
        raise ReasonMissing
    current = _current(session, vendor.id, currency_code)
    _not_known_yet(session, vendor, currency_code, current, details)
    doubts = (
        *details.doubts,
        *holder_doubts(holder, (vendor.name, vendor.legal_name)),
        *numbers_elsewhere(session, vendor.id, details),
    )
    if doubts and not is_checked:
        raise Doubtful(doubts=" ".join(doubts))
    account = VendorBankAccount(
        vendor_id=vendor.id,
        currency_code=currency_code,
        holder=holder.strip(),
        country_code=details.country_code,
        bank_name=details.bank_name,
        shown=details.shown,
        replaces_id=current.id if current else None,
        reason=reason.strip(),
        entered_by=person,
        entered_at=at,
    )
    session.add(account)
    session.flush()
    session.add(
        VendorBankNumber(
            account_id=account.id,
            iban=details.iban,
            bic=details.bic,
            account_number=details.account_number,
            routing_number=details.routing_number,
        )
    )
    session.flush()
    return _saved(account, vendor)


@needs(Permission.BANK_ENTER)
def propose_end(
    session: Session, actor: Actor, /, *, account_id: int, version: int, reason: str, at: datetime
) -> AccountSaved:
    """Ask that a current account be paid to no more. It stands until another person approves that.

    Refuses, in this order: NeedsPerson, NotFound, WrongState, Stale, EndAskedAlready, ReasonMissing.
    """
    person = _person(actor)
    vendor, account = _lock(session, account_id)
    BANK_ACCOUNT.after("end", BankAccountState(account.state))
    _seen(account, version)
    if account.end_asked_by is not None:
        raise EndAskedAlready
    if not reason.strip():
        raise ReasonMissing
    account.end_asked_by, account.end_asked_at, account.end_reason = person, at, reason.strip()
    return _written(session, account, vendor)


@needs(Permission.BANK_APPROVE)
def approve_account(session: Session, actor: Actor, /, *, account_id: int, version: int, at: datetime) -> AccountSaved:
    """Approve what another person asked for: an account, which takes the place of the current one of its vendor and
    currency, or the end of a current account.

    Refuses, in this order: NeedsPerson, NotFound, WrongState, Stale, SamePerson, StaleProposal.
    """
    person = _person(actor)
    vendor, account = _lock(session, account_id)
    if account.end_asked_by is not None:
        after = BANK_ACCOUNT.after("end", BankAccountState(account.state))
        _seen(account, version)
        if account.end_asked_by == person:
            raise SamePerson
        account.state, account.ended_by, account.ended_at = after.value, person, at
        return _written(session, account, vendor)
    after = BANK_ACCOUNT.after("approve", BankAccountState(account.state))
    _seen(account, version)
    if account.entered_by == person:
        raise SamePerson
    current = _current(session, vendor.id, account.currency_code)
    if (current.id if current else None) != account.replaces_id:
        raise StaleProposal
    if current is not None:
        current.state = BANK_ACCOUNT.after("replace", BankAccountState(current.state)).value
        current.ended_at = at
        _forget_asked_end(current)
        _written(session, current, vendor)  # before the other, so that there are never two
    account.state, account.decided_by, account.decided_at = after.value, person, at
    return _written(session, account, vendor)


@needs(Permission.BANK_APPROVE)
def reject_account(
    session: Session, actor: Actor, /, *, account_id: int, version: int, reason: str, at: datetime
) -> AccountSaved:
    """Say no to what another person asked for; what was current stays so.

    Refuses, in this order: NeedsPerson, NotFound, WrongState, Stale, SamePerson, ReasonMissing.
    """
    person = _person(actor)
    vendor, account = _lock(session, account_id)
    is_end = account.end_asked_by is not None
    after = BANK_ACCOUNT.after("end" if is_end else "reject", BankAccountState(account.state))
    _seen(account, version)
    if person == (account.end_asked_by if is_end else account.entered_by):
        raise SamePerson
    if not reason.strip():
        raise ReasonMissing
    if is_end:
        audit.note(session, "vendor_bank_account", account.id, after={"reason": reason.strip()})
        _forget_asked_end(account)
    else:
        account.state, account.decided_by, account.decided_at = after.value, person, at
        account.decision = reason.strip()
    return _written(session, account, vendor)


@needs(Permission.BANK_ENTER)
def withdraw_account(session: Session, actor: Actor, /, *, account_id: int, version: int, at: datetime) -> AccountSaved:
    """Take back what one asked for oneself: an account, or the end of one.

    Refuses, in this order: NeedsPerson, NotFound, WrongState, Stale, NotYours.
    """
    person = _person(actor)
    vendor, account = _lock(session, account_id)
    is_end = account.end_asked_by is not None
    after = BANK_ACCOUNT.after("end" if is_end else "withdraw", BankAccountState(account.state))
    _seen(account, version)
    if person != (account.end_asked_by if is_end else account.entered_by):
        raise NotYours
    if is_end:
        _forget_asked_end(account)
    else:
        account.state, account.decided_by, account.decided_at = after.value, person, at
    return _written(session, account, vendor)


@needs(Permission.BANK_REVEAL)
def reveal_account(session: Session, actor: Actor, /, *, account_id: int) -> AccountNumbers:
    """Look at the whole numbers of an account. The look itself stands in the audit trail. Refuses: NotFound."""
    numbers = numbers_of(session, account_id)
    audit.note(
        session, "vendor_bank_account", account_id, before={"numbers": "masked"}, after={"numbers": "seen whole"}
    )
    return AccountNumbers(
        iban=SecretStr(numbers.iban),
        bic=SecretStr(numbers.bic),
        account_number=SecretStr(numbers.account_number),
        routing_number=SecretStr(numbers.routing_number),
    )


def _person(actor: Actor) -> int:
    """Who answers for a step. Refuses: NeedsPerson."""
    if actor.user_id is None:
        raise NeedsPerson
    return actor.user_id


def _lock_vendor(session: Session, vendor_id: int) -> Vendor:
    """A vendor whose accounts nobody else changes until the transaction ends; its orders go on. Refuses: NotFound."""
    vendor = session.exec(select(Vendor).where(Vendor.id == vendor_id).with_for_update(key_share=True)).one_or_none()
    if vendor is None:
        raise NotFound(kind="vendor", field="vendor_id")
    return vendor


def _lock(session: Session, account_id: int) -> tuple[Vendor, VendorBankAccount]:
    """An account and its vendor, locked and fresh. Refuses: NotFound."""
    found = session.exec(select(VendorBankAccount.vendor_id).where(VendorBankAccount.id == account_id)).one_or_none()
    if found is None:
        raise NotFound(kind="bank account")
    vendor = _lock_vendor(session, found)
    account = session.exec(
        select(VendorBankAccount)
        .where(VendorBankAccount.id == account_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    return vendor, account


def _current(session: Session, vendor_id: int, currency_code: str) -> VendorBankAccount | None:
    """The account that a vendor is paid to in a currency, locked; its vendor is locked before."""
    return session.exec(
        select(VendorBankAccount)
        .where(
            VendorBankAccount.vendor_id == vendor_id,
            VendorBankAccount.currency_code == currency_code,
            VendorBankAccount.state == BankAccountState.CURRENT.value,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def _seen(account: VendorBankAccount, version: int) -> None:
    if account.version != version:
        raise Stale(kind="bank account")


def _not_known_yet(
    session: Session, vendor: Vendor, currency_code: str, current: VendorBankAccount | None, details: BankDetails
) -> None:
    """Pass if the vendor has no such account in the currency. Refuses: CurrentAlready, ProposedAlready."""
    named = {"vendor": vendor.name, "currency": currency_code}
    field = "iban" if details.iban else "account_number"
    if current is not None and current.id in same_numbers(session, details):
        raise CurrentAlready(field=field, **named)
    waiting = session.exec(
        select(VendorBankAccount.id).where(
            VendorBankAccount.vendor_id == vendor.id,
            VendorBankAccount.currency_code == currency_code,
            VendorBankAccount.state == BankAccountState.PROPOSED.value,
            col(VendorBankAccount.id).in_(same_numbers(session, details)),
        )
    ).first()
    if waiting is not None:
        raise ProposedAlready(field=field, **named)


def _forget_asked_end(account: VendorBankAccount) -> None:
    account.end_asked_by, account.end_asked_at, account.end_reason = None, None, ""


def _written(session: Session, account: VendorBankAccount, vendor: Vendor) -> AccountSaved:
    account.version += 1
    session.add(account)
    session.flush()
    return _saved(account, vendor)


def _saved(account: VendorBankAccount, vendor: Vendor) -> AccountSaved:
    return AccountSaved(
        account.id,
        vendor.code,
        vendor.name,
        account.currency_code,
        account.shown,
        BankAccountState(account.state),
        account.version,
    )
