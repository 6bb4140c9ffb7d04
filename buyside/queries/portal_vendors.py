"""Who a vendor's user acts for, and who buys (POR-1)."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from buyside.db.people import Organisation
from buyside.db.vendors import Vendor
from buyside.domain.access import Actor, Permission, needs
from buyside.queries.answers import columns, each_as


@dataclass(frozen=True, slots=True)
class OwnVendor:
    """A vendor that the user acts for."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class PortalReach:
    """Who buys, and for which vendors the user acts, by name."""

    buyer: str
    vendors: tuple[OwnVendor, ...]


def is_own(actor: Actor, vendor_id: Mapped[int]) -> ColumnElement[bool]:
    """Whether a row belongs to a vendor of the actor. The database's own policy says the same once more (ACC-5)."""
    return vendor_id.in_(sorted(actor.vendor_ids))


def can_be_a_number(text: str) -> bool:
    """Whether a document's number can read like this at all: the database takes no null character and no half of a pair."""
    return "\0" not in text and not any("\ud800" <= each <= "\udfff" for each in text)


@needs(Permission.PORTAL_USE)
def portal_reach(session: Session, actor: Actor) -> PortalReach:
    """What the frame of every page of the portal says."""
    buyer = session.execute(select(col(Organisation.name)).where(col(Organisation.id) == 1)).scalar_one_or_none()
    own = columns(code=col(Vendor.code), name=col(Vendor.name)).where(is_own(actor, col(Vendor.id)))
    return PortalReach(
        buyer=buyer or "", vendors=tuple(each_as(session, OwnVendor, own.order_by(col(Vendor.name), col(Vendor.code))))
    )
