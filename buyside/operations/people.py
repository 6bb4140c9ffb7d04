"""Users and their roles, and the organisation that buys (ACC-1, PO-2)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from sqlmodel import Session, col, select

from buyside.db.people import AppUser, Organisation, OrganisationAddress, UserRole
from buyside.db.stock import StockEntry
from buyside.db.vendors import Currency
from buyside.domain.access import Actor, Permission, Role, needs
from buyside.domain.refusals import NotFound, OutOfRange, Refused, Stale


class NoRole(Refused):
    code, field = "people.no-role", "roles"
    says = "Give {name} at least one role; without one there is nothing to do or to see."


class VendorAndInternal(Refused):
    code, field = "people.vendor-and-internal", "roles"
    says = "{name} can be a vendor's user or hold internal roles, never both: here also {others}."


class IdentityTaken(Refused):
    code, field = "people.identity-taken", "subject"
    says = "{name} signs in with this identity already."


class NameMissing(Refused):
    code, field = "people.name-missing", "name"
    says = "Enter a name."


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
    """A user as added."""

    user_id: int
    name: str
    roles: tuple[str, ...]


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
) -> AddedUser:
    """Add a person with any set of internal roles, or as a vendor's user; never both (ACC-1).

    `issuer` and `subject` are the identity of the sign-in; without them only the demo sign-in lets the person in.
    Refuses, in this order: NameMissing, NoRole, VendorAndInternal, UnknownLocale, UnknownTimeZone, NotFound,
    IdentityTaken.
    """
    name = name.strip()
    if not name:
        raise NameMissing
    if not roles:
        raise NoRole(name=name)
    if Role.VENDOR in roles and len(set(roles)) > 1:
        raise VendorAndInternal(name=name, others=", ".join(sorted(set(roles) - {Role.VENDOR})))
    _check_locale(locale)
    _check_time_zone(time_zone)
    if manager_id is not None and session.get(AppUser, manager_id) is None:
        raise NotFound(kind="user", field="manager_id")
    if subject is not None:
        known = select(AppUser).where(col(AppUser.issuer) == issuer, col(AppUser.subject) == subject)
        if taken := session.exec(known).first():
            raise IdentityTaken(name=taken.name)
    user = AppUser(
        issuer=issuer,
        subject=subject,
        email=email.strip(),
        name=name,
        locale=locale,
        time_zone=time_zone,
        manager_id=manager_id,
    )
    session.add(user)
    session.flush()
    held = tuple(sorted({role.value for role in roles}))
    session.add_all(UserRole(user_id=user.id, role=role) for role in held)
    session.flush()
    return AddedUser(user.id, user.name, held)


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
    _check_time_zone(time_zone)
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


def _check_locale(locale: str) -> None:
    try:
        Locale.parse(locale)
    except (ValueError, UnknownLocaleError):
        raise UnknownLocale(locale=locale) from None


def _check_time_zone(time_zone: str) -> None:
    try:
        ZoneInfo(time_zone)
    except (ValueError, ZoneInfoNotFoundError):
        raise UnknownTimeZone(time_zone=time_zone) from None
