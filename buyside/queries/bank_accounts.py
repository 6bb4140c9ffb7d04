"""Reading vendors' bank accounts: the list and one account, numbers masked always (ACC-7)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, bindparam, case, func, or_, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from buyside.db.bank import VendorBankAccount
from buyside.db.people import AppUser, Organisation
from buyside.db.vendors import Currency, Vendor, VendorContact
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.bank import END_ASKED, BankAccountState, doubts_about, holder_doubts
from buyside.domain.refusals import NotFound
from buyside.domain.words import Kind
from buyside.queries.answers import columns, each_as, one_as
from buyside.queries.bank_numbers import numbers_elsewhere, numbers_of, same_numbers
from buyside.queries.rows import GridSource, RowColumn

ADDRESSES_LOOKED_BACK = timedelta(days=90)
"""A vendor's e-mail address that changed within this time is told beside an account: whoever sends a false account has often
changed the address first."""
_MOST_CHANGES = 20

_Enterer = aliased(AppUser)
_Decider = aliased(AppUser)
_EndAsker = aliased(AppUser)
_Ender = aliased(AppUser)
_Old = aliased(VendorBankAccount)
_S = BankAccountState


def _is_end_asked() -> ColumnElement[bool]:
    return and_(col(VendorBankAccount.end_asked_by).is_not(None), col(VendorBankAccount.state) == _S.CURRENT.value)


def account_status() -> ColumnElement[str]:
    """An account's state, or that its end waits for approval."""
    return case((_is_end_asked(), END_ASKED), else_=col(VendorBankAccount.state))


def account_waits() -> ColumnElement[bool]:
    """Whether something about an account waits for approval."""
    return or_(col(VendorBankAccount.state) == _S.PROPOSED.value, _is_end_asked())


def _accounts() -> Select[Any]:
    account = VendorBankAccount
    return (
        columns(
            id=col(account.id),
            version=col(account.version),
            vendor_code=col(Vendor.code),
            vendor=col(Vendor.name),
            currency=col(account.currency_code),
            account=col(account.shown),
            holder=col(account.holder),
            bank=col(account.bank_name),
            country=col(account.country_code),
            status=account_status(),
            waits=account_waits(),
            replaces=func.coalesce(col(_Old.shown), ""),
            entered_by=case((_is_end_asked(), col(_EndAsker.name)), else_=col(_Enterer.name)),
            entered_at=case((_is_end_asked(), col(account.end_asked_at)), else_=col(account.entered_at)),
            decided_by=func.coalesce(col(_Ender.name), col(_Decider.name), ""),
            decided_at=func.coalesce(col(account.ended_at), col(account.decided_at)),
        )
        .select_from(account)
        .join(Vendor, col(Vendor.id) == col(account.vendor_id))
        .join(_Enterer, col(_Enterer.id) == col(account.entered_by))
        .join(_Decider, col(_Decider.id) == col(account.decided_by), isouter=True)
        .join(_EndAsker, col(_EndAsker.id) == col(account.end_asked_by), isouter=True)
        .join(_Ender, col(_Ender.id) == col(account.ended_by), isouter=True)
        .join(_Old, col(_Old.id) == col(account.replaces_id), isouter=True)
    )


BANK_ACCOUNT_ROWS = GridSource(
    "bank-accounts",
    Permission.VENDOR_VIEW,
    lambda _actor: _accounts(),
    columns=(
        RowColumn("id", Kind.KEY, required=True),
        RowColumn("version", Kind.KEY, required=True),
        RowColumn("vendor_code", searched=True, required=True),
        RowColumn("vendor", searched=True, required=True),
        RowColumn("currency", required=True),
        RowColumn("account", searched=True, required=True),
        RowColumn("holder", searched=True, required=True),
        RowColumn("bank", searched=True, required=True),
        RowColumn("country", required=True),
        RowColumn("status", Kind.STATUS, required=True),
        RowColumn("waits", Kind.FLAG, required=True),
        RowColumn("replaces", required=True),
        RowColumn("entered_by", required=True),
        RowColumn("entered_at", Kind.INSTANT, required=True),
        RowColumn("decided_by", required=True),
        RowColumn("decided_at", Kind.INSTANT),
    ),
    order=(("waits", "desc"), ("entered_at", "desc")),
    scopes=("vendor_code",),
)


@dataclass(frozen=True, slots=True)
class AccountShown:
    """What may be seen of an account's place: its number masked, whose it is, and where."""

    account_id: int
    shown: str
    holder: str
    bank: str
    country_code: str


@dataclass(frozen=True, slots=True)
class KnownAddress:
    """Where a vendor can be written to. `name` is the person's, or empty for the address of its order forms."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class AddressChange:
    """That an e-mail address of a vendor changed lately; `before` may be empty."""

    at: datetime
    who: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class AccountDetail:
    """One account with all that somebody needs who decides on it."""

    account_id: int
    version: int
    vendor_id: int
    vendor_code: str
    vendor: str
    currency: str
    status: str
    account: AccountShown
    old: AccountShown | None
    """The account that is paid to now, or was when this one was decided on."""
    is_same_number: bool
    """The whole number is the same as the old one's; what differs is around it."""
    is_stale: bool
    """It waits, and another account is current than the one that was when it was entered."""
    reason: str
    entered_by: int
    entered_name: str
    entered_at: datetime
    decided_name: str
    decided_at: datetime | None
    decision: str
    end_reason: str
    end_asked_by: int | None
    end_asked_name: str
    end_asked_at: datetime | None
    ended_name: str
    ended_at: datetime | None
    doubts: tuple[str, ...]
    addresses: tuple[KnownAddress, ...]
    address_changes: tuple[AddressChange, ...]
    company: str

    @property
    def waits(self) -> bool:
        """Whether something about it waits for approval."""
        return self.status in {_S.PROPOSED, END_ASKED}

    @property
    def asked_by(self) -> int | None:
        """Who asked for what waits, and so cannot decide on it."""
        return self.end_asked_by if self.status == END_ASKED else self.entered_by


@needs(Permission.VENDOR_VIEW)
def account_detail(session: Session, actor: Actor, /, *, account_id: int, at: datetime) -> AccountDetail:
    """One account beside the one that it replaces; numbers masked. Refuses: NotFound."""
    row = session.execute(
        select(VendorBankAccount, Vendor, *(_name(each) for each in (_Enterer, _Decider, _EndAsker, _Ender)))
        .join(Vendor, col(Vendor.id) == col(VendorBankAccount.vendor_id))
        .join(_Enterer, col(_Enterer.id) == col(VendorBankAccount.entered_by))
        .join(_Decider, col(_Decider.id) == col(VendorBankAccount.decided_by), isouter=True)
        .join(_EndAsker, col(_EndAsker.id) == col(VendorBankAccount.end_asked_by), isouter=True)
        .join(_Ender, col(_Ender.id) == col(VendorBankAccount.ended_by), isouter=True)
        .where(VendorBankAccount.id == account_id)
    ).one_or_none()
    if row is None:
        raise NotFound(kind="bank account")
    account, vendor, entered, decided, end_asked, ended = row
    status = END_ASKED if account.end_asked_by is not None and account.state == _S.CURRENT else account.state
    current = session.exec(
        select(VendorBankAccount).where(
            VendorBankAccount.vendor_id == vendor.id,
            VendorBankAccount.currency_code == account.currency_code,
            VendorBankAccount.state == _S.CURRENT.value,
        )
    ).one_or_none()
    is_waiting = account.state == _S.PROPOSED
    before = current if is_waiting else _of(session, account.replaces_id)
    numbers = numbers_of(session, account.id)
    doubts = (
        *doubts_about(iban=numbers.iban, bic=numbers.bic),
        *holder_doubts(account.holder, (vendor.name, vendor.legal_name)),
        *numbers_elsewhere(session, vendor.id, numbers),
    )
    return AccountDetail(
        account_id=account.id,
        version=account.version,
        vendor_id=vendor.id,
        vendor_code=vendor.code,
        vendor=vendor.name,
        currency=account.currency_code,
        status=status,
        account=_shown(account),
        old=_shown(before) if before is not None and before.id != account.id else None,
        is_same_number=before is not None and before.id in same_numbers(session, numbers),
        is_stale=is_waiting and (current.id if current else None) != account.replaces_id,
        reason=account.reason,
        entered_by=account.entered_by,
        entered_name=entered,
        entered_at=account.entered_at,
        decided_name=decided or "",
        decided_at=account.decided_at,
        decision=account.decision,
        end_reason=account.end_reason,
        end_asked_by=account.end_asked_by,
        end_asked_name=end_asked or "",
        end_asked_at=account.end_asked_at,
        ended_name=ended or "",
        ended_at=account.ended_at,
        doubts=doubts,
        addresses=_addresses(session, vendor),
        address_changes=_address_changes(session, vendor.id, at - ADDRESSES_LOOKED_BACK),
        company=session.exec(select(Organisation.name).where(Organisation.id == 1)).one_or_none() or "",
    )


def _name(person: Any) -> Any:
    return col(person.name)


def _of(session: Session, account_id: int | None) -> VendorBankAccount | None:
    return None if account_id is None else session.get(VendorBankAccount, account_id)


def _shown(account: VendorBankAccount) -> AccountShown:
    return AccountShown(account.id, account.shown, account.holder, account.bank_name, account.country_code)


def _addresses(session: Session, vendor: Vendor) -> tuple[KnownAddress, ...]:
    """Where a vendor is written to, each address once: that of its order forms, then its contacts'."""
    contacts = session.exec(
        select(VendorContact.name, VendorContact.email)
        .where(VendorContact.vendor_id == vendor.id, VendorContact.email != "")
        .order_by(col(VendorContact.name), col(VendorContact.id))
    ).all()
    found: dict[str, KnownAddress] = {}
    for name, email in [("", vendor.email), *contacts]:
        if email:
            found.setdefault(email.lower(), KnownAddress(name, email))
    return tuple(found.values())


_ADDRESS_CHANGES = text(
    """
    SELECT event.at, event.actor_name AS who, change -> 'before' ->> 'email' AS before, change -> 'after' ->> 'email' AS after
    FROM audit_event AS event, jsonb_array_elements(event.changes) AS change
    WHERE event.at >= :since
      AND event.id IN (
        SELECT event_id FROM audit_subject
        WHERE (kind = 'vendor' AND record_id = :vendor) OR (kind = 'vendor_contact' AND record_id = ANY(:contacts)))
      AND ((change ->> 'kind' = 'vendor' AND change ->> 'id' = CAST(CAST(:vendor AS bigint) AS text))
        OR (change ->> 'kind' = 'vendor_contact' AND change ->> 'id' = ANY(CAST(:contacts AS text[]))))
      AND change -> 'before' ->> 'email' IS NOT NULL
      AND change -> 'after' ->> 'email' IS DISTINCT FROM change -> 'before' ->> 'email'
      AND change -> 'after' ->> 'email' IS NOT NULL
    ORDER BY event.id DESC LIMIT :most
    """
).bindparams(bindparam("contacts", type_=ARRAY(BigInteger)))


def _address_changes(session: Session, vendor_id: int, since: datetime) -> tuple[AddressChange, ...]:
    """How e-mail addresses of a vendor and its contacts changed since a moment, the latest first."""
    contacts = session.exec(select(VendorContact.id).where(VendorContact.vendor_id == vendor_id)).all()
    asked = _ADDRESS_CHANGES.bindparams(since=since, vendor=vendor_id, contacts=list(contacts), most=_MOST_CHANGES)
    return tuple(each_as(session, AddressChange, asked))


@dataclass(frozen=True, slots=True)
class VendorAccount:
    """One account in a vendor's list of those that count: current ones, and what waits."""

    account_id: int
    currency: str
    shown: str
    holder: str
    bank: str
    status: str


@needs(Permission.VENDOR_VIEW)
def accounts_of_vendor(session: Session, actor: Actor, /, *, vendor_id: int) -> list[VendorAccount]:
    """The accounts that a vendor is paid to and those that wait for approval, by currency; numbers masked."""
    chosen = columns(
        account_id=col(VendorBankAccount.id),
        currency=col(VendorBankAccount.currency_code),
        shown=col(VendorBankAccount.shown),
        holder=col(VendorBankAccount.holder),
        bank=col(VendorBankAccount.bank_name),
        status=account_status(),
    ).where(
        col(VendorBankAccount.vendor_id) == vendor_id,
        col(VendorBankAccount.state).in_([_S.CURRENT.value, _S.PROPOSED.value]),
    )
    order = (col(VendorBankAccount.currency_code), col(VendorBankAccount.state), col(VendorBankAccount.id))
    return each_as(session, VendorAccount, chosen.order_by(*order))


@dataclass(frozen=True, slots=True)
class PaidVendor:
    """A vendor for whom an account can be entered; `holder` is the name that it signs with."""

    id: int
    code: str
    name: str
    holder: str
    currency: str


@needs(Permission.BANK_ENTER)
def find_vendor(session: Session, actor: Actor, /, *, code: str) -> PaidVendor | None:
    """The vendor of a code, or None."""
    legal = func.coalesce(func.nullif(Vendor.legal_name, ""), Vendor.name)
    chosen = columns(
        id=col(Vendor.id),
        code=col(Vendor.code),
        name=col(Vendor.name),
        holder=legal,
        currency=col(Vendor.currency_code),
    )
    return one_as(session, PaidVendor, chosen.where(col(Vendor.code) == code))


@needs(Permission.BANK_ENTER)
def paid_vendors(session: Session, actor: Actor, /) -> list[tuple[str, str]]:
    """Vendors to choose from, (code, name) by name."""
    found = session.exec(select(Vendor.code, Vendor.name).order_by(col(Vendor.name), col(Vendor.id))).all()
    return [(code, name) for code, name in found]


@needs(Permission.BANK_ENTER)
def currency_codes(session: Session, actor: Actor, /) -> list[str]:
    """Currencies to choose from."""
    return list(session.exec(select(Currency.code).order_by(col(Currency.code))).all())
