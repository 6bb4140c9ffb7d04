"""Reading about the own organisation."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlmodel import Session, col

from buyside.db.people import Organisation, OrganisationAddress
from buyside.db.stock import StockEntry
from buyside.db.vendors import Currency
from buyside.domain.access import Actor, Permission, needs


@dataclass(frozen=True, slots=True)
class OwnAddress:
    """An address of the organisation with its contact; the flags mark the defaults of new orders."""

    account: str
    lines: str
    contact_name: str
    contact_email: str
    contact_phone: str
    is_bill_to: bool
    is_ship_to: bool


@dataclass(frozen=True, slots=True)
class OwnOrganisation:
    """The organisation as it can be changed. `has_stock`: its currency values stock, and stays. Tolerance in percent."""

    name: str
    currency_code: str
    time_zone: str
    over_receipt_percent: Decimal
    version: int
    has_stock: bool
    addresses: tuple[OwnAddress, ...]
    currencies: tuple[tuple[str, str], ...]
    """Codes with names, to choose from."""


@needs(Permission.ORGANISATION_EDIT)
def own_organisation(session: Session, actor: Actor) -> OwnOrganisation:
    """Who buys, with every address, the oldest first."""
    organisation = session.execute(select(Organisation)).scalar_one()
    addresses = session.execute(select(OrganisationAddress).order_by(col(OrganisationAddress.id))).scalars()
    currencies = session.execute(select(col(Currency.code), col(Currency.name)).order_by(col(Currency.code)))
    return OwnOrganisation(
        organisation.name,
        organisation.currency_code,
        organisation.time_zone,
        organisation.over_receipt_percent,
        organisation.version,
        _has_stock(session),
        tuple(
            OwnAddress(
                each.account,
                each.lines,
                each.contact_name,
                each.contact_email,
                each.contact_phone,
                each.is_bill_to,
                each.is_ship_to,
            )
            for each in addresses
        ),
        tuple((code, f"{code} · {name}" if name else code) for code, name in currencies),
    )


@needs(Permission.ORGANISATION_EDIT)
def is_unnamed(session: Session, actor: Actor) -> bool:
    """Whether nobody has said yet who buys: no address, and no stock that would tie the currency."""
    has_address = session.execute(select(OrganisationAddress).limit(1)).first() is not None
    return not has_address and not _has_stock(session)


def _has_stock(session: Session) -> bool:
    return session.execute(select(col(StockEntry.id)).limit(1)).first() is not None
