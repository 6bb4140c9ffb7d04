"""Users and their roles, and the organisation that buys (ACC-1, PO-2)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from sqlmodel import Session, col, select

from buyside.db.people import AppUser, Organisation, OrganisationAddress, UserRole
from buyside.db.stock import StockEntry
from buyside.db.vendors import Currency
from buyside.domain.access import Actor, Permission, Role, needs
from buyside.domain.people import checked_roles, email_address
from buyside.domain.refusals import NotFound, OutOfRange, Refused, Stale
from buyside.ledgers.invitations import revoke_open, write_invitation
from buyside.queries.people_locks import lock_user


class IdentityTaken(Refused):
    code, field = "people.identity-taken", "subject"
    says = "{name} signs in with this identity already."


class NameMissing(Refused):
    code, field = "people.name-missing", "name"
    says = "Enter a name."


class ManagerLoop(Refused):
    code, field = "people.manager-loop", "manager_id"
    says = "{name} cannot be the manager of {user}: nobody is above themselves, not even by way of others."


class UnknownLocale(Refused):
    code, field = "people.unknown-locale", "locale"
    says = "“{locale}” is no known language and region, such as de_DE or en_US."


class UnknownTimeZone(Refused):
    code, field = "people.unknown-time-zone", "time_zone"
    says = "“{time_zone}” is no known time zone, such as Europe/Berlin."


class TwoDefaults(Refused):
    code, field = "people.two-defaults", "addresses"
    says = "Only one address can be the default to {what} to."


class CurrencyInUse(Refused):
    code, field = "people.currency-in-use", "currency_code"
    says = "Stock is valued in {currency} already; the currency stays."


@dataclass(frozen=True, slots=True)
class AddedUser:
    """A user as added. `invited_until` is when their invitation expires, None where they were not invited."""

    user_id: int
    name: str
    roles: tuple[str, ...]
    version: int = 1
    invited_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ChangedUser:
    """A user after a change: `version` is what the next change must name."""

    user_id: int
    name: str
    version: int
    is_invitation_revoked: bool


@dataclass(frozen=True, slots=True)
class Address:
    """An address of the own organisation; `lines` as on an envelope. Flags mark the defaults of new orders."""

    account: str
    lines: str
    contact_name: str = ""
    contact_email: str = ""
    contact_phone: str = ""
    is_bill_to: bool = False
    is_ship_to: bool = False


@dataclass(frozen=True, slots=True)
class SavedOrganisation:
    """The organisation after a change: `version` is what the next change must name."""

    name: str
    version: int
    addresses: int


@needs(Permission.USER_EDIT)
def add_user(
    session: Session,
    actor: Actor,
    *,
    name: str,
    roles: Collection[Role],
    email: str = "",
    locale: str = "en_GB",
    time_zone: str = "UTC",
    manager_id: int | None = None,
    issuer: str | None = None,
    subject: str | None = None,
    invite_at: datetime | None = None,
) -> AddedUser:
    """Add a person with any set of internal roles, or as a vendor's user; never both (ACC-1).

    They sign in by an invitation, which `invite_at` opens at that moment, or by the identity that `issuer` and `subject`
    name. Refuses, in this order: NameMissing, NoRole, VendorAndInternal, NoSuchAddress, UnknownLocale, UnknownTimeZone,
    NotFound, IdentityTaken, NoAddress, AddressInvited.
    """
    name = _checked_name(name)
    held = checked_roles(name, roles)
    user = AppUser(
        issuer=issuer,
        subject=subject,
        email=email_address(email) if email.strip() else "",
        name=name,
        locale=_checked_locale(locale),
        time_zone=_checked_time_zone(time_zone),
        manager_id=_checked_manager(session, manager_id, of=None),
        is_vendor=Role.VENDOR in held,
    )
    if subject is not None:
        known = select(AppUser).where(col(AppUser.issuer) == issuer, col(AppUser.subject) == subject)
        if taken := session.exec(known).first():
            raise IdentityTaken(name=taken.name)
    session.add(user)
    session.flush()
    given = tuple(sorted(role.value for role in held))
    session.add_all(UserRole(user_id=user.id, role=role) for role in given)
    session.flush()
    invited = write_invitation(session, actor, user, at=invite_at) if invite_at is not None else None
    return AddedUser(user.id, user.name, given, user.version, invited.expires_at if invited else None)


@needs(Permission.USER_EDIT)
def change_user(
    session: Session,
    actor: Actor,
    *,
    user_id: int,
    version: int,
    name: str,
    email: str,
    locale: str,
    time_zone: str,
    manager_id: int | None = None,
    at: datetime,
) -> ChangedUser:
    """Change what is known of a person. An open invitation to another address than the new one is taken back.

    The identity that signs in stays: see `forget_identity`. Refuses, in this order: NameMissing, NoSuchAddress,
    UnknownLocale, UnknownTimeZone, NotFound, Stale, ManagerLoop.
    """
    name, email = _checked_name(name), email_address(email) if email.strip() else ""
    locale, time_zone = _checked_locale(locale), _checked_time_zone(time_zone)
    user = lock_user(session, user_id, version)
    user.manager_id = _checked_manager(session, manager_id, of=user)
    is_revoked = email != user.email and revoke_open(session, user.id, at=at)
    user.name, user.email, user.locale, user.time_zone = name, email, locale, time_zone
    user.version += 1
    session.add(user)
    session.flush()
    return ChangedUser(user.id, user.name, user.version, is_revoked)


@needs(Permission.ORGANISATION_EDIT)
def set_organisation(
    session: Session,
    actor: Actor,
    *,
    name: str,
    currency_code: str,
    time_zone: str,
    addresses: Sequence[Address],
    over_receipt_percent: Decimal = Decimal(0),
    version: int | None = None,
) -> SavedOrganisation:
    """Say who buys, in which currency stock is valued, and where bills and goods go; `addresses` replace all earlier ones.

    Issued orders keep the addresses that they were issued with. `over_receipt_percent` holds where neither item nor
    vendor says otherwise. Refuses, in this order: NameMissing, UnknownTimeZone, OutOfRange, TwoDefaults, Stale, NotFound,
    CurrencyInUse.
    """
    if not name.strip():
        raise NameMissing
    time_zone = _checked_time_zone(time_zone)
    if over_receipt_percent < 0:
        raise OutOfRange(what="The tolerance", range="zero or more", field="over_receipt_percent")
    for flag, what in (("is_bill_to", "bill"), ("is_ship_to", "ship")):
        if sum(getattr(each, flag) for each in addresses) > 1:
            raise TwoDefaults(what=what)
    organisation = session.exec(select(Organisation).with_for_update()).one()
    if version is not None and version != organisation.version:
        raise Stale(kind="organisation")
    if currency_code != organisation.currency_code:
        if session.get(Currency, currency_code) is None:
            raise NotFound(kind="currency", field="currency_code")
        if session.exec(select(StockEntry.id).limit(1)).first() is not None:
            raise CurrencyInUse(currency=organisation.currency_code)
    organisation.name, organisation.currency_code, organisation.time_zone = name.strip(), currency_code, time_zone
    organisation.over_receipt_percent = over_receipt_percent
    organisation.version += 1
    for earlier in session.exec(select(OrganisationAddress)).all():
        session.delete(earlier)
    session.flush()  # the old flags go before the new ones come: there is one of each at any moment
    session.add_all(
        OrganisationAddress(
            account=each.account,
            lines=each.lines,
            contact_name=each.contact_name,
            contact_email=each.contact_email,
            contact_phone=each.contact_phone,
            is_bill_to=each.is_bill_to,
            is_ship_to=each.is_ship_to,
        )
        for each in addresses
    )
    session.add(organisation)
    session.flush()
    return SavedOrganisation(organisation.name, organisation.version, len(addresses))


def _checked_name(name: str) -> str:
    if not name.strip():
        raise NameMissing
    return name.strip()


def _checked_manager(session: Session, manager_id: int | None, *, of: AppUser | None) -> int | None:
    """The manager, who is one of the staff, and whose own managers are others than the person."""
    above, seen = manager_id, set[int]()
    while above is not None and above not in seen:
        seen.add(above)
        manager = session.get(AppUser, above)
        if manager is None or (above == manager_id and manager.is_vendor):
            raise NotFound(kind="user", field="manager_id")
        if of is not None and manager.id == of.id:
            raise ManagerLoop(name=session.get_one(AppUser, manager_id).name, user=of.name)
        above = manager.manager_id
    return manager_id


def _checked_locale(locale: str) -> str:
    try:
        Locale.parse(locale)
    except (ValueError, UnknownLocaleError):
        raise UnknownLocale(locale=locale) from None
    return locale


def _checked_time_zone(time_zone: str) -> str:
    try:
        ZoneInfo(time_zone)
    except (ValueError, ZoneInfoNotFoundError):
        raise UnknownTimeZone(time_zone=time_zone) from None
    return time_zone
