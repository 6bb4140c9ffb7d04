"""What can be chosen while an order is written: vendors, currencies, terms, pick-up locations (PO-2)."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session, col

from buyside.db.vendors import Currency, PaymentTerm, Vendor, VendorAddress
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.vendors import AddressPurpose, VendorStatus
from buyside.queries.answers import columns, each_as


@dataclass(frozen=True, slots=True)
class VendorChoice:
    """A vendor that may receive an order, and the currency that it is paid in."""

    id: int
    code: str
    name: str
    currency_code: str


@dataclass(frozen=True, slots=True)
class OrderChoice:
    """One of a short list: payment terms, or a pick-up location."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class HeadChoices:
    """What the head of one vendor's order can be set to."""

    payment_terms: tuple[OrderChoice, ...]
    pick_up: tuple[OrderChoice, ...]


@needs(Permission.ORDER_EDIT)
def vendor_choices(session: Session, actor: Actor) -> list[VendorChoice]:
    """Active vendors, by name: the others take no new orders (VEN-2)."""
    chosen = columns(
        id=col(Vendor.id), code=col(Vendor.code), name=col(Vendor.name), currency_code=col(Vendor.currency_code)
    )
    active = chosen.where(col(Vendor.status) == VendorStatus.ACTIVE.value)
    return each_as(session, VendorChoice, active.order_by(col(Vendor.name), col(Vendor.id)))


@needs(Permission.ORDER_EDIT)
def currency_choices(session: Session, actor: Actor) -> list[str]:
    """The codes of all currencies."""
    return list(session.scalars(select(col(Currency.code)).order_by(col(Currency.code))))


@needs(Permission.ORDER_EDIT)
def head_choices(session: Session, actor: Actor, *, vendor_id: int) -> HeadChoices:
    """Payment terms, and the vendor's pick-up locations."""
    terms = columns(id=col(PaymentTerm.id), name=col(PaymentTerm.name)).order_by(col(PaymentTerm.name))
    pick_up = (
        columns(id=col(VendorAddress.id), name=col(VendorAddress.name))
        .where(col(VendorAddress.vendor_id) == vendor_id, col(VendorAddress.purpose) == AddressPurpose.PICK_UP.value)
        .order_by(col(VendorAddress.name), col(VendorAddress.id))
    )
    return HeadChoices(
        payment_terms=tuple(each_as(session, OrderChoice, terms)),
        pick_up=tuple(each_as(session, OrderChoice, pick_up)),
    )
